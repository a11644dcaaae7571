// Every scenario in Chromium: bundled by esbuild, in a page with a strict content security policy, whose own origin passes
// calls on and adds the token.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, request as ask } from "node:http";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { chromium } from "playwright-core";
import { notInPages, scenarios } from "./scenarios.mjs";
import { host, token } from "./setup.mjs";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".wasm": "application/wasm" };
const POLICY = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'";
let folder, server, browser, page;

/** Serves the folder, and `/databricks/…` from the workspace. */
async function serve() {
  const made = createServer((request, response) => {
    const { pathname } = new URL(request.url, "http://page.example");
    if (pathname.startsWith("/databricks/")) {
      const { origin, referer, ...headers } = request.headers;
      const upstream = ask(host + request.url.slice("/databricks".length), { method: request.method, headers: { ...headers, host: new URL(host).host, authorization: `Bearer ${token}` } }, (answer) => {
        response.writeHead(answer.statusCode, answer.headers);
        answer.on("error", () => response.destroy()).pipe(response);
      });
      upstream.on("error", () => response.destroy());
      response.on("close", () => upstream.destroy());
      request.pipe(upstream);
      return;
    }
    readFile(join(folder, pathname === "/" ? "index.html" : pathname)).then(
      (bytes) => response.writeHead(200, { "content-type": TYPES[extname(pathname)] ?? "text/html; charset=utf-8", "content-security-policy": POLICY }).end(bytes),
      () => response.writeHead(pathname === "/favicon.ico" ? 204 : 404).end(),
    );
  });
  await new Promise((done) => made.listen(0, "127.0.0.1", done));
  return made;
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "lakewire-langchain-"));
  const entry = 'import { scenarios } from "./scenarios.mjs"; globalThis.scenarios = scenarios; globalThis.ready = true;\n';
  await build({ stdin: { contents: entry, resolveDir: HERE }, bundle: true, minify: true, splitting: true, format: "esm", target: "es2022", outdir: folder, entryNames: "page", logLevel: "silent", loader: { ".wasm": "file" } });
  await writeFile(join(folder, "index.html"), '<!doctype html><meta charset="utf-8"><title>LangChain.js</title><script type="module" src="/page.js"></script>\n');
  server = await serve();
  const executablePath = process.env.CHROMIUM ?? (existsSync("/usr/bin/chromium") ? "/usr/bin/chromium" : undefined);
  browser = await chromium.launch({ ...(executablePath && { executablePath }), args: ["--no-sandbox", "--disable-gpu", "--disable-quic"] });
  page = await browser.newPage();
  page.on("pageerror", (error) => process.stderr.write(`page: ${error.message}\n`));
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  await page.waitForFunction(() => globalThis.ready === true, undefined, { timeout: 60_000 });
});

after(async () => {
  await browser?.close();
  server?.closeAllConnections();
  server?.close();
  if (folder) await rm(folder, { recursive: true, force: true });
});

for (const name of Object.keys(scenarios).filter((name) => !notInPages.has(name))) {
  test(`in Chromium: ${name}`, async () => {
    const why = await page.evaluate(async (name) => {
      try {
        await globalThis.scenarios[name]({ host: "/databricks" });
        return "";
      } catch (failure) {
        return failure?.stack ?? String(failure);
      }
    }, name);
    assert.equal(why, "");
  });
}
