// Chromium: the package without a bundler, and as Vite, webpack and esbuild build it. A small server of the page's own origin
// passes calls on and adds the token, as in production; pages run under a strict content security policy.

import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer, request as ask } from "node:http";
import { createRequire } from "node:module";
import { extname, join, normalize } from "node:path";
import { pathToFileURL } from "node:url";

const FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm", ".css": "text/css" };
const POLICY = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval' 'nonce-map'";

/** Serves `folder`, and `/databricks/…` from the workspace. */
async function serve(folder, host, token) {
  const server = createServer((request, response) => {
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
    const path = normalize(join(folder, pathname));
    if (!path.startsWith(folder)) return void response.writeHead(404).end();
    readFile(path).then(
      (bytes) => response.writeHead(200, { "content-type": TYPES[extname(path)] ?? "application/octet-stream", "content-security-policy": POLICY }).end(bytes),
      () => response.writeHead(pathname === "/favicon.ico" ? 204 : 404).end(),
    );
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => { server.closeAllConnections(); server.close(); } };
}

/** Builds every page; gives `name → path of its HTML`. Each build may fail for itself. */
function builds({ folder, tools, smoke }) {
  const page = (script, head = "") => `<!doctype html><html><head><meta charset="utf-8"><title>lakewire</title>${head}</head><body>${script}</body></html>\n`;
  const entry = join(folder, "page.mjs");
  const tool = async (...path) => import(pathToFileURL(join(tools, ...path)).href);
  const write = async () => {
    await writeFile(join(folder, "smoke.mjs"), await readFile(smoke));
    await writeFile(entry, `import * as lakewire from "lakewire";\nimport { smoke } from "./smoke.mjs";\nsmoke(lakewire, { host: "/databricks" }).then((all) => { globalThis.results = all; }, (error) => { globalThis.results = [["starts", String(error)]]; });\n`);
  };
  const html = async (name, text) => (await mkdir(join(folder, "out", name), { recursive: true }), await writeFile(join(folder, "out", name, "index.html"), text), `/out/${name}/index.html`);
  return {
    "Chromium, no bundler": async () => {
      await write();
      const map = { imports: { lakewire: "/node_modules/lakewire/dist/index.js" } };
      return html("plain", page('<script type="module" src="/page.mjs"></script>', `<script type="importmap" nonce="map">${JSON.stringify(map)}</script>`));
    },
    "Chromium, vite": async () => {
      await write();
      const { build } = await tool("vite", "dist", "node", "index.js");
      await writeFile(join(folder, "index.html"), page('<script type="module" src="./page.mjs"></script>'));
      await build({ root: folder, base: "/out/vite/", logLevel: "silent", configFile: false, build: { outDir: join(folder, "out", "vite"), emptyOutDir: true, modulePreload: { polyfill: false } } });
      return "/out/vite/index.html";
    },
    "Chromium, webpack": async () => {
      await write();
      const webpack = createRequire(join(tools, "x.js"))("webpack");
      const stats = await new Promise((done, fail) => webpack({ mode: "production", context: folder, entry, output: { path: join(folder, "out", "webpack"), filename: "main.js", publicPath: "/out/webpack/" }, performance: false, devtool: false }, (error, result) => (error ? fail(error) : done(result))));
      if (stats.hasErrors() || stats.hasWarnings()) throw new Error(stats.toString({ all: false, errors: true, warnings: true }));
      return html("webpack", page('<script src="/out/webpack/main.js"></script>'));
    },
    "Chromium, esbuild ESM": async () => {
      await write();
      const { build } = await tool("esbuild", "lib", "main.js");
      await build({ entryPoints: [entry], bundle: true, splitting: true, minify: true, format: "esm", outdir: join(folder, "out", "esbuild"), logLevel: "silent", absWorkingDir: folder });
      return html("esbuild", page('<script type="module" src="/out/esbuild/page.js"></script>'));
    },
    "Chromium, esbuild IIFE": async () => {
      await write();
      const { build } = await tool("esbuild", "lib", "main.js");
      await build({ entryPoints: [entry], bundle: true, minify: true, format: "iife", outfile: join(folder, "out", "iife", "page.js"), logLevel: "silent", absWorkingDir: folder });
      return html("iife", page('<script src="/out/iife/page.js"></script>'));
    },
  };
}

/** Opens every page in Chromium and reports through `place`. */
export async function browsers(project, place) {
  const { chromium } = await import("playwright-core");
  const path = process.env.CHROMIUM ?? "/usr/bin/chromium";
  const site = await serve(project.folder, project.host, project.token);
  let browser;
  for (const [name, build] of Object.entries(builds(project))) {
    await place(name, async () => {
      browser ??= await chromium.launch({ ...(existsSync(path) && { executablePath: path }), args: FLAGS });
      const tab = await browser.newPage();
      const complaints = [];
      tab.on("pageerror", (error) => complaints.push(error.message));
      // a refused call is an answer of the workspace: the browser logs it, the page handles it
      tab.on("console", (message) => ["error", "warning"].includes(message.type()) && !message.text().startsWith("Failed to load resource") && complaints.push(message.text()));
      try {
        await tab.goto(site.url + (await build()));
        const results = await tab.waitForFunction(() => globalThis.results, undefined, { timeout: 60_000 }).then((handle) => handle.jsonValue(), (error) => [["runs", `${error.message}; ${complaints.join("; ")}`]]);
        return [...results, ["no complaints in the console, under a strict CSP", complaints.length === 0 ? null : complaints.join("; ")]];
      } finally {
        await tab.close();
      }
    });
  }
  await browser?.close();
  site.close();
}
