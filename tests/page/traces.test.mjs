// How the spans of a trace become the rows of a waterfall, and how signed addresses of a storage are kept from the page.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { connect } from "node:net";
import { after, before, test } from "node:test";
import { createDemoServer } from "../../www/server.mjs";
import { readConfig } from "../../www/server/config.mjs";
import { workspaceRelay } from "../../www/server/relay.mjs";
import { pageModule } from "./modules.mjs";

const { length, waterfall } = await pageModule("traces/waterfall.ts");

const BEGIN = 1_772_360_430_123_000_000n;
const span = (span_id, parent_id, from, to) => ({ span_id, parent_id, start_ns: `${BEGIN + BigInt(from)}`, end_ns: to === undefined ? "0" : `${BEGIN + BigInt(to)}` });
const shape = (spans) => waterfall(spans).map(({ span: { span_id }, depth, from, width }) => [span_id, depth, from, width]);

test("spans stand under their callers, as they began, in their part of the whole", () => {
  assert.deepEqual(shape([span("b", "root", 500, 1000), span("root", null, 0, 1000), span("aa", "a", 100, 200), span("a", "root", 0, 400)]), [
    ["root", 0, 0, 1],
    ["a", 1, 0, 0.4],
    ["aa", 2, 0.1, 0.1],
    ["b", 1, 0.5, 0.5],
  ]);
});

test("nanoseconds beyond what a number holds are told apart", () => {
  const [first, second] = waterfall([span("root", null, 0, 10), span("one", "root", 3, 4)]);
  assert.deepEqual([first.ms, second.from, second.width], [0.00001, 0.3, 0.1]);
});

test("a caller that is not there, one that goes on, a circle and no spans at all break nothing", () => {
  assert.deepEqual(shape([]), []);
  assert.deepEqual(shape([span("lost", "gone", 0, 10)]), [["lost", 0, 0, 1]]);
  assert.deepEqual(shape([span("open", null, 0, undefined)]), [["open", 0, 0, 0]]);
  assert.deepEqual(shape([span("a", "b", 0, 10), span("b", "a", 0, 10)]).map(([id]) => id).sort(), ["a", "b"]);
  assert.deepEqual(shape([span("self", "self", 0, 10)]), [["self", 0, 0, 1]]);
});

test("lengths of time are written for people", () => {
  assert.deepEqual([0.1234, 3.14, 42.4, 1234, 65432].map(length), ["0.12 ms", "3.1 ms", "42 ms", "1.23 s", "65.4 s"]);
});

let storage;
let demo;
const stored = [];
let kind;

before(async () => {
  storage = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    stored.push({ method: request.method, url: request.url, headers: request.headers, body: Buffer.concat(chunks).toString() });
    if (request.url.startsWith("/api/")) {
      const asked = /tr-(\w+)/.exec(request.url)?.[1];
      const signed_uri = asked === "ftp" ? "ftp://127.0.0.1/traces.json" : asked === "far" ? "http://192.0.2.1/traces.json" : `http://127.0.0.1:${storage.address().port}/bucket/traces.json?sig=secret-signature`;
      const info = { type: "AWS_PRESIGNED_URL", signed_uri, headers: [{ name: "x-amz-tagging", value: "a=b" }] };
      response.setHeader("content-type", "application/json");
      return response.end(JSON.stringify({ credential_info: info }));
    }
    response.setHeader("set-cookie", "a=b");
    if (kind !== undefined) response.setHeader("content-type", kind);
    response.end("kept");
  });
  await new Promise((done) => storage.listen(0, "127.0.0.1", done));
  const config = readConfig({ DATABRICKS_HOST: `http://127.0.0.1:${storage.address().port}`, DATABRICKS_TOKEN: "dapi-canary", DATABRICKS_WAREHOUSE_ID: "abc" });
  demo = await createDemoServer(config);
  await new Promise((done) => demo.listen(0, "127.0.0.1", done));
});
after(() => {
  storage.close();
  demo.close();
});

const page = (path, options = {}) => {
  const origin = `http://127.0.0.1:${demo.address().port}`;
  return fetch(path.startsWith("http") ? path : origin + path, { ...options, headers: { origin, "sec-fetch-site": "same-origin", "x-lakewire-relay": "1", ...options.headers } });
};

test("a signed address stays with the server: the page gets one that stands for it, and sends no token there", async () => {
  const text = await (await page("/api/lakewire/api/2.0/mlflow/traces/tr-1/credentials-for-data-upload")).text();
  assert.ok(!text.includes("secret-signature"), text);
  const { credential_info: info } = JSON.parse(text);
  assert.match(info.signed_uri, /^http:\/\/127\.0\.0\.1:\d+\/signed\/[0-9a-f-]{36}$/);
  assert.deepEqual(info.headers, [{ name: "x-amz-tagging", value: "a=b" }]);
  stored.length = 0;
  const put = await page(info.signed_uri, { method: "PUT", body: '{"spans":[]}', headers: { "content-type": "application/json", "x-amz-tagging": "a=b", authorization: "Bearer of-the-page", cookie: "c=d" } });
  assert.deepEqual([put.status, put.headers.get("set-cookie"), await put.text()], [200, null, "kept"]);
  const [{ method, url, headers, body }] = stored;
  assert.deepEqual([method, url, body], ["PUT", "/bucket/traces.json?sig=secret-signature", '{"spans":[]}']);
  assert.deepEqual([headers["content-type"], headers["x-amz-tagging"], headers.authorization, headers.cookie, headers.origin], ["application/json", "a=b", undefined, undefined, undefined]);
});

test("an address that was never given out, another method and another origin get nothing", async () => {
  stored.length = 0;
  const made = "/signed/00000000-0000-4000-8000-000000000000";
  assert.equal((await page(made, { method: "PUT", body: "x" })).status, 403);
  assert.equal((await page("/signed/../api/lakewire/api", { method: "GET" })).status, 404);
  assert.equal((await page(made, { method: "DELETE" })).status, 405);
  assert.equal((await page(made, { method: "PUT", body: "x", headers: { origin: "https://evil.example", "sec-fetch-site": "cross-site" } })).status, 403);
  assert.deepEqual(stored, []);
});

test("an address that is no storage's is never asked, and the server lives on", async () => {
  for (const id of ["tr-ftp", "tr-far"]) assert.equal((await page(`/api/lakewire/api/2.0/mlflow/traces/${id}/credentials-for-data-upload`)).status, 502);
  assert.equal((await page("/api/lakewire/api/2.0/mlflow/traces/tr-1/credentials-for-data-upload")).status, 200);
});

test("a data lake takes a file in three steps, and a self-hosted server by its own path", async () => {
  const { credential_info: info } = await (await page("/api/lakewire/api/2.0/mlflow/traces/tr-1/credentials-for-data-upload")).json();
  stored.length = 0;
  assert.equal((await page(`${info.signed_uri}?resource=file`, { method: "PUT", body: "" })).status, 200);
  assert.equal((await page(`${info.signed_uri}?action=append&position=0`, { method: "PATCH", body: "abc" })).status, 200);
  assert.equal((await page(`${info.signed_uri}?action=flush&position=3`, { method: "PATCH", body: "" })).status, 200);
  assert.equal((await page(`${info.signed_uri}?sig=other`, { method: "PUT", body: "" })).status, 200);
  const bare = "/bucket/traces.json?sig=secret-signature";
  assert.deepEqual(stored.map(({ method, url, body }) => [method, url, body]), [
    ["PUT", `${bare}&resource=file`, ""],
    ["PATCH", `${bare}&action=append&position=0`, "abc"],
    ["PATCH", `${bare}&action=flush&position=3`, ""],
    ["PUT", bare, ""],
  ]);
  stored.length = 0;
  const path = "/api/2.0/mlflow-artifacts/artifacts/1/traces/tr-1/artifacts/traces.json";
  assert.equal((await page(`/api/lakewire${path}`, { method: "PUT", body: '{"spans":[]}', headers: { "content-type": "application/json" } })).status, 200);
  assert.equal((await page("/api/lakewire/api/2.0/mlflow-artifacts/artifacts/1/other.txt", { method: "PUT", body: "{}", headers: { "content-type": "application/json" } })).status, 404);
  assert.deepEqual(stored.map(({ method, url, body }) => [method, url, body]), [["PUT", path, '{"spans":[]}']]);
});

test("what the first answer of all asks, when there is no experiment yet, goes through", async () => {
  const calls = [["GET", "experiments/get-by-name?experiment_name=%2FShared%2Flakewire-demo"], ["POST", "experiments/create"], ["GET", "experiments/get?experiment_id=1"], ["POST", "runs/create"], ["POST", "runs/log-batch"], ["POST", "runs/update"]];
  for (const [method, path] of calls) {
    const { status } = await page(`/api/lakewire/api/2.0/mlflow/${path}`, { method, ...(method === "POST" && { body: "{}", headers: { "content-type": "application/json" } }) });
    assert.notEqual(status, 404, path);
  }
});

test("what reads an address sends no body along, and what a storage answers is never a page of this server", async () => {
  const { credential_info: info } = await (await page("/api/lakewire/api/2.0/mlflow/traces/tr-1/credentials-for-data-upload")).json();
  const path = new URL(info.signed_uri).pathname;
  const said = (lines, body) =>
    new Promise((resolve, reject) => {
      const socket = connect(demo.address().port, "127.0.0.1");
      let text = "";
      socket.setEncoding("latin1").on("data", (more) => (text += more));
      socket.once("error", reject).once("close", () => resolve(text));
      socket.write([`GET ${path} HTTP/1.1`, `host: 127.0.0.1:${demo.address().port}`, "sec-fetch-site: same-origin", "connection: close", ...lines, "", body].join("\r\n"));
    });
  const second = "DELETE /y HTTP/1.1\r\nhost: z\r\n\r\n";
  stored.length = 0;
  assert.match(await said([`content-length: ${second.length}`], second), /^HTTP\/1\.1 400 /);
  assert.match(await said(["transfer-encoding: chunked"], `${second.length.toString(16)}\r\n${second}\r\n0\r\n\r\n`), /^HTTP\/1\.1 400 /);
  assert.deepEqual(stored, []);
  assert.match(await said([], ""), /^HTTP\/1\.1 200 /);
  assert.deepEqual(stored.map(({ method, headers, body }) => [method, headers["content-length"], headers["transfer-encoding"], body]), [["GET", undefined, undefined, ""]]);
  for (const [type, shown] of [["text/html; charset=utf-8", "application/octet-stream"], ["image/svg+xml", "application/octet-stream"], ["application/json", "application/json"]]) {
    kind = type;
    assert.equal((await page(info.signed_uri)).headers.get("content-type"), shown);
  }
});

test("a workspace that cannot say which warehouses it has is asked again, and those it has later are let through", async () => {
  let status = 429;
  let ids = ["first"];
  const workspace = createServer((request, response) => {
    request.resume();
    const list = request.url === "/api/2.0/sql/warehouses";
    response.writeHead(list ? status : 200, { "content-type": "application/json" });
    response.end(JSON.stringify(list ? { warehouses: ids.map((id) => ({ id })) } : { statement_id: "s" }));
  });
  await new Promise((done) => workspace.listen(0, "127.0.0.1", done));
  const config = readConfig({ DATABRICKS_HOST: `http://127.0.0.1:${workspace.address().port}`, DATABRICKS_TOKEN: "dapi-canary" });
  let now = 0;
  const handle = workspaceRelay(config, undefined, () => now);
  const server = createServer((request, response) => void handle(request, response).catch(() => response.writeHead(502).end()));
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const origin = `http://127.0.0.1:${server.address().port}`;
  const run = async (warehouse_id) => {
    const answer = await fetch(`${origin}/api/lakewire/api/2.0/sql/statements`, { method: "POST", headers: { origin, "content-type": "application/json", "x-lakewire-relay": "1" }, body: JSON.stringify({ statement: "SELECT 1", warehouse_id }) });
    await answer.arrayBuffer();
    return answer.status;
  };
  try {
    assert.equal(await run("first"), 502);
    status = 200;
    assert.equal(await run("first"), 200);
    ids = ["first", "later"];
    assert.notEqual(await run("later"), 200);
    now += 60_000;
    assert.equal(await run("later"), 200);
    // what it said before is good while it cannot say
    status = 503;
    now += 60_000;
    assert.equal(await run("later"), 200);
  } finally {
    server.close();
    workspace.close();
  }
});
