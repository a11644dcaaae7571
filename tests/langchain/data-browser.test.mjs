// The data half of the entry in Chromium: bundled by esbuild, with LangChain.js's own chains and agents beside it, under a
// content security policy. Once through a path of the page's own server that passes everything on and adds the token, and
// once through the relay, which lets through what it names: a model, an index, statements that read.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, request as ask } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { chromium } from "playwright-core";
import { WorkspaceClient } from "lakewire";
import { VectorSearch } from "lakewire/data";
import { host, llama, token, workspace } from "./setup.mjs";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const POLICY = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'";
const PAGE = '<!doctype html><html><head><meta charset="utf-8"><title>lakewire</title></head><body><script type="module" src="/page-data.js"></script></body></html>\n';

/** Passes everything on, and adds the token. */
function passing(request, response) {
  const { origin, referer, authorization, ...headers } = request.headers;
  const upstream = ask(host + request.url.slice("/databricks".length), { method: request.method, headers: { ...headers, host: new URL(host).host, authorization: `Bearer ${token}` } }, (answer) => {
    response.writeHead(answer.statusCode, answer.headers);
    answer.on("error", () => response.destroy()).pipe(response);
  });
  upstream.on("error", () => response.destroy());
  response.on("close", () => upstream.destroy());
  request.pipe(upstream);
}

/** The relay, which refuses what is not named. */
async function relayed(indexName, refused) {
  const [{ createRelay }, { nodeHandler }] = await Promise.all([import("lakewire/relay"), import("lakewire/relay/node")]);
  return nodeHandler(createRelay({
    host, token, path: "/databricks", sameOrigin: true, public: true,
    allow: {
      chat: [llama], embeddings: ["databricks-gte-large-en"], vectorSearch: { indexes: [indexName], write: true },
      sql: { warehouseId: "emulator-warehouse", reading: true }, tables: ["samples.tpch"],
    },
    limits: { rate: { requests: 1000, perMs: 60_000, clients: 10 } },
    onEvent: (event) => event.type === "refused" && refused.push(JSON.stringify(event)),
  }));
}

/** The page's server: its files, and `/databricks/…` from the workspace. */
async function serve(folder, pass) {
  const seen = [];
  const server = createServer((request, response) => {
    if (request.url.startsWith("/databricks/")) {
      seen.push(request.headers.authorization);
      return void pass(request, response);
    }
    if (request.url === "/") return void response.writeHead(200, { "content-type": "text/html; charset=utf-8", "content-security-policy": POLICY }).end(PAGE);
    const name = /^\/([\w-]+\.js)$/.exec(request.url)?.[1];
    if (name === undefined) return void response.writeHead(204).end();
    readFile(join(folder, name)).then((bytes) => response.writeHead(200, { "content-type": "text/javascript" }).end(bytes), () => response.writeHead(404).end());
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return { url: `http://127.0.0.1:${server.address().port}/`, seen, close: () => { server.closeAllConnections(); server.close(); } };
}

const search = new VectorSearch(new WorkspaceClient(workspace));
let folder;
let browser;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "lakewire-langchain-"));
  await build({
    entryPoints: [fileURLToPath(new URL("page-data.mjs", import.meta.url))], bundle: true, splitting: true, minify: true, format: "esm", platform: "browser",
    target: "es2022", outdir: folder, logLevel: "silent", external: ["typeorm"],
  });
  browser = await chromium.launch({ ...(existsSync(CHROMIUM) && { executablePath: CHROMIUM }), args: ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"] });
});
after(async () => {
  await browser?.close();
  await rm(folder, { recursive: true, force: true });
});

/** What the page says of itself, behind a door that `doorOf` gives. */
async function inPage(doorOf, direct) {
  const indexName = `main.default.langchain_${randomUUID().replaceAll("-", "")}`;
  await search.createIndex({
    name: indexName, endpoint_name: "emulator-vs", primary_key: "id", index_type: "DIRECT_ACCESS",
    direct_access_index_spec: { schema_json: { id: "string", body: "string", vec: "array<float>" }, embedding_vector_columns: [{ name: "vec", embedding_dimension: 1024 }] },
  });
  await search.index(indexName).waitUntilReady();
  const site = await serve(folder, await doorOf(indexName));
  const tab = await browser.newPage();
  try {
    const complaints = [];
    tab.on("pageerror", (error) => complaints.push(error.message));
    // a refused call is an answer of the workspace: the browser logs it, the page handles it
    tab.on("console", (message) => ["error", "warning"].includes(message.type()) && !message.text().startsWith("Failed to load resource") && complaints.push(message.text()));
    await tab.goto(site.url);
    await tab.waitForFunction(() => typeof globalThis.begin === "function", undefined, { timeout: 60_000 }).catch((error) => assert.fail(`${error.message}; ${complaints.join("; ")}`));
    const engine = process.env.LAKEWIRE_ENGINE !== undefined;
    const { results, error } = await tab.evaluate((options) => globalThis.begin(options), { indexName, experimentName: `/Users/me@example.com/page-${randomUUID()}`, engine, direct });
    return { results, error, complaints, seen: site.seen, engine, direct };
  } finally {
    await tab.close();
    site.close();
    await search.index(indexName).delete().catch(() => {});
  }
}

function judged({ results, error, complaints, seen, engine, direct }) {
  assert.equal(error, undefined, complaints.join("; "));
  assert.ok(results.written);
  assert.match(results.found, /Bilbo/);
  assert.equal(results.picked, 2);
  assert.match(results.answer, /Bilbo/);
  assert.deepEqual([results.failures, results.traced], [[], direct ? 1 : undefined]);
  assert.deepEqual(results.kinds, ["human", "ai", "tool", "ai"]);
  assert.match(results.agent, /Bilbo/);
  if (engine) {
    assert.deepEqual(results.sql, ["nation, region", true, '[{"n":25}]', true]);
    assert.match(results.tax ?? "", direct ? /120/ : /^$/);
  }
  assert.ok(seen.length > 10 && seen.every((header) => header === undefined), "the page holds no token");
  assert.deepEqual(complaints, []);
}

test("stores, chains, agents, SQL and functions run in a page", { timeout: 180_000 }, async () => {
  judged(await inPage(async () => passing, true));
});

const skip = existsSync(new URL("node_modules/lakewire/dist/relay/node.js", import.meta.url)) ? false : "this package has no relay";
test("they run in a page behind the relay", { timeout: 180_000, skip }, async () => {
  const refused = [];
  // it has no route for OTLP, and lets no statement through that names a function by a text, as those of functions do
  const said = await inPage((indexName) => relayed(indexName, refused), false);
  if (said.error !== undefined) assert.fail(`${said.error}\n${refused.join("\n")}`);
  judged(said);
});
