// The data half of the entry in Chromium: bundled by esbuild, with LangChain.js's own chains and agents beside it, through a
// path of the page's own server that passes calls on and adds the token, under a content security policy.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, request as ask } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { chromium } from "playwright-core";
import { WorkspaceClient } from "lakewire";
import { VectorSearch } from "lakewire/data";
import { host, token, workspace } from "./setup.mjs";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const POLICY = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'";
const PAGE = '<!doctype html><html><head><meta charset="utf-8"><title>lakewire</title></head><body><script type="module" src="/page-data.js"></script></body></html>\n';

/** The page's server: its files, and `/databricks/…` from the workspace. */
async function serve(folder) {
  const seen = [];
  const server = createServer((request, response) => {
    if (request.url.startsWith("/databricks/")) {
      seen.push(request.headers.authorization);
      const { origin, referer, authorization, ...headers } = request.headers;
      const upstream = ask(host + request.url.slice("/databricks".length), { method: request.method, headers: { ...headers, host: new URL(host).host, authorization: `Bearer ${token}` } }, (answer) => {
        response.writeHead(answer.statusCode, answer.headers);
        answer.on("error", () => response.destroy()).pipe(response);
      });
      upstream.on("error", () => response.destroy());
      response.on("close", () => upstream.destroy());
      return void request.pipe(upstream);
    }
    const name = request.url === "/" ? undefined : /^\/([\w-]+\.js)$/.exec(request.url)?.[1];
    if (request.url === "/") return void response.writeHead(200, { "content-type": "text/html; charset=utf-8", "content-security-policy": POLICY }).end(PAGE);
    if (name === undefined) return void response.writeHead(204).end();
    readFile(join(folder, name)).then((bytes) => response.writeHead(200, { "content-type": "text/javascript" }).end(bytes), () => response.writeHead(404).end());
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return { url: `http://127.0.0.1:${server.address().port}/`, seen, close: () => { server.closeAllConnections(); server.close(); } };
}

test("stores, chains, agents, SQL and functions run in a page", { timeout: 180_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "lakewire-langchain-"));
  const search = new VectorSearch(new WorkspaceClient(workspace));
  const indexName = `main.default.langchain_${randomUUID().replaceAll("-", "")}`;
  let site;
  let browser;
  try {
    await build({
      entryPoints: [fileURLToPath(new URL("page-data.mjs", import.meta.url))], bundle: true, splitting: true, minify: true, format: "esm", platform: "browser",
      target: "es2022", outdir: folder, logLevel: "silent", external: ["typeorm"],
    });
    await search.createIndex({
      name: indexName, endpoint_name: "emulator-vs", primary_key: "id", index_type: "DIRECT_ACCESS",
      direct_access_index_spec: { schema_json: { id: "string", body: "string", vec: "array<float>" }, embedding_vector_columns: [{ name: "vec", embedding_dimension: 1024 }] },
    });
    await search.index(indexName).waitUntilReady();
    site = await serve(folder);
    browser = await chromium.launch({ ...(existsSync(CHROMIUM) && { executablePath: CHROMIUM }), args: ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"] });
    const tab = await browser.newPage();
    const complaints = [];
    tab.on("pageerror", (error) => complaints.push(error.message));
    // a refused call is an answer of the workspace: the browser logs it, the page handles it
    tab.on("console", (message) => ["error", "warning"].includes(message.type()) && !message.text().startsWith("Failed to load resource") && complaints.push(message.text()));
    await tab.goto(site.url);
    await tab.waitForFunction(() => typeof globalThis.begin === "function", undefined, { timeout: 60_000 }).catch((error) => assert.fail(`${error.message}; ${complaints.join("; ")}`));
    const engine = process.env.LAKEWIRE_ENGINE !== undefined;
    const { results, error } = await tab.evaluate((options) => globalThis.begin(options), { indexName, experimentName: `/Users/me@example.com/page-${randomUUID()}`, engine });
    assert.equal(error, undefined, complaints.join("; "));
    assert.ok(results.written);
    assert.match(results.found, /Bilbo/);
    assert.equal(results.picked, 2);
    assert.match(results.answer, /Bilbo/);
    assert.deepEqual([results.failures, results.traces.exported], [[], 1]);
    assert.deepEqual(results.kinds, ["human", "ai", "tool", "ai"]);
    assert.match(results.agent, /Bilbo/);
    if (engine) {
      assert.deepEqual(results.sql, ["nation, region", true, '[{"n":25}]', true]);
      assert.match(results.tax, /120/);
    }
    assert.ok(site.seen.length > 10 && site.seen.every((header) => header === undefined), "the page holds no token");
    assert.deepEqual(complaints, []);
  } finally {
    await browser?.close();
    site?.close();
    await search.index(indexName).delete().catch(() => {});
    await rm(folder, { recursive: true, force: true });
  }
});
