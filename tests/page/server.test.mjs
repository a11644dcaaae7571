// The demo's same-origin server: what it passes on, what it refuses, and that the token stays with it. The workspace here
// is a plain server of the test's own, which sees exactly what would have reached Databricks.

import assert from "node:assert/strict";
import { mkdtemp, writeFile } from "node:fs/promises";
import http from "node:http";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { inspect } from "node:util";
import { createDemoServer } from "../../www/server.mjs";
import { readConfig } from "../../www/server/config.mjs";

const TOKEN = "dapi-canary-4b1d";
const CHAT = "/api/lakewire/serving-endpoints/my-chat/invocations";
const HI = '{"messages":[{"role":"user","content":"Hi"}]}';
const WAREHOUSE = "abc";
let workspace;
let server;
let port;
let seen;
let answer;

function listen(one) {
  return new Promise((resolve) => one.listen(0, "127.0.0.1", resolve));
}

before(async () => {
  workspace = http.createServer((request, response) => {
    const record = { method: request.method, url: request.url, headers: request.headers, body: "", closed: false };
    request.on("data", (chunk) => (record.body += chunk));
    response.on("close", () => (record.closed = !response.writableFinished));
    // What the server asks to find out who it talks to is not the page's doing.
    if (request.url === "/_emulator/health") return response.writeHead(404).end();
    seen.push(record);
    request.on("end", () => answer(request, response));
  });
  await listen(workspace);
  const dist = await mkdtemp(join(tmpdir(), "lakewire-page-"));
  await writeFile(join(dist, "index.html"), "<!doctype html><title>page</title>");
  const config = readConfig({ DATABRICKS_HOST: `http://127.0.0.1:${workspace.address().port}`, DATABRICKS_TOKEN: TOKEN, DATABRICKS_WAREHOUSE_ID: WAREHOUSE });
  server = await createDemoServer(config, dist);
  await listen(server);
  port = server.address().port;
});

after(() => {
  for (const one of [server, workspace]) {
    one.close();
    one.closeAllConnections();
  }
});

beforeEach(() => {
  seen = [];
  answer = (_request, response) => response.writeHead(200, { "content-type": "application/json" }).end("{}");
});

const own = () => ({ host: `127.0.0.1:${port}`, origin: `http://127.0.0.1:${port}`, "sec-fetch-site": "same-origin", "x-lakewire-relay": "1" });

/** One request with full control over target and headers: `fetch` would normalise both. */
function send(method, path, { headers = {}, body, onResponse } = {}) {
  return new Promise((resolve, reject) => {
    const all = Object.fromEntries(
      Object.entries({ ...own(), ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers }).filter(
        ([, value]) => value !== undefined,
      ),
    );
    const request = http.request({ host: "127.0.0.1", port, method, path, headers: all, agent: false }, (response) => {
      onResponse?.(request, response);
      let text = "";
      response.on("data", (chunk) => (text += chunk));
      response.on("end", () => resolve({ status: response.statusCode, headers: response.headers, text }));
      response.on("error", (error) => resolve({ status: response.statusCode, headers: response.headers, text, error }));
    });
    request.on("error", reject);
    request.end(body);
  });
}

/** A request as raw bytes; resolves with the status line and what follows. */
function raw(bytes) {
  return new Promise((resolve) => {
    const socket = net.connect(port, "127.0.0.1", () => socket.write(bytes));
    let text = "";
    socket.on("data", (chunk) => (text += chunk));
    socket.on("close", () => resolve(text));
    socket.on("error", () => resolve(text));
    socket.setTimeout(5_000, () => socket.destroy());
  });
}

const until = async (condition) => {
  for (let i = 0; i < 500 && !condition(); i += 1) await new Promise((resolve) => setTimeout(resolve, 10));
  return condition();
};

test("the allowed routes reach the workspace with the token, rebuilt, and nothing of the page's own headers", async () => {
  await send("GET", "/api/lakewire/api/2.0/serving-endpoints");
  await send("GET", "/api/lakewire/api/2.0/serving-endpoints/my.chat_v1-2");
  await send("POST", CHAT, { body: HI });
  await send("POST", "/api/lakewire/api/2.0/serving-endpoints", { body: '{"name":"a","config":{}}' });
  await send("DELETE", "/api/lakewire/api/2.0/serving-endpoints/a");
  assert.deepEqual(
    seen.map(({ method, url }) => `${method} ${url}`),
    [
      "GET /api/2.0/serving-endpoints",
      "GET /api/2.0/serving-endpoints/my.chat_v1-2",
      "POST /serving-endpoints/my-chat/invocations",
      "POST /api/2.0/serving-endpoints",
      "DELETE /api/2.0/serving-endpoints/a",
    ],
  );
  for (const { headers } of seen) assert.equal(headers.authorization, `Bearer ${TOKEN}`);
  assert.deepEqual(JSON.parse(seen[2].body), { ...JSON.parse(HI), max_tokens: 100_000 }, "what a model may write has an end");
});

test("the routes of the views over data reach the workspace, with the parameters they take", async () => {
  const STATEMENT = "/api/2.0/sql/statements/01ef-aa";
  const calls = [
    ["GET", "/api/2.0/vector-search/endpoints"],
    ["GET", "/api/2.0/vector-search/indexes?endpoint_name=emulator-vs"],
    ["POST", "/api/2.0/vector-search/indexes", { name: "main.docs.pages", endpoint_name: "emulator-vs", primary_key: "id", index_type: "DIRECT_ACCESS", direct_access_index_spec: {} }],
    ["GET", "/api/2.0/vector-search/indexes/main.docs.pages?ensure_reranker_compatible=true"],
    ["DELETE", "/api/2.0/vector-search/indexes/main.docs.pages"],
    ["POST", "/api/2.0/vector-search/indexes/main.docs.pages/query", { columns: ["id"], query_text: "x" }],
    ["POST", "/api/2.0/vector-search/indexes/main.docs.pages/upsert-data", { inputs_json: "[]" }],
    ["GET", "/api/2.0/sql/warehouses?page_size=100"],
    ["POST", "/api/2.0/sql/warehouses/abc/start"],
    ["POST", "/api/2.0/sql/statements", { statement: "SELECT 1", warehouse_id: WAREHOUSE }],
    ["GET", STATEMENT],
    ["POST", `${STATEMENT}/cancel`],
    ["GET", `${STATEMENT}/result/chunks/1`],
    ["GET", "/api/2.1/unity-catalog/functions?catalog_name=main&schema_name=tools&page_token=a%3D%3D"],
    ["GET", "/api/2.1/unity-catalog/functions/main.tools.add_tax"],
    ["DELETE", "/api/2.1/unity-catalog/functions/main.tools.add_tax"],
    ["GET", "/api/2.1/unity-catalog/tables/samples.tpch.orders"],
  ];
  for (const [method, path, body] of calls) await send(method, `/api/lakewire${path}`, method === "POST" ? { body: JSON.stringify(body ?? {}) } : {});
  assert.deepEqual(seen.map(({ method, url }) => `${method} ${url}`), calls.map(([method, path]) => `${method} ${path}`));
});

test("P1 P4: a foreign, missing, null or look-alike origin is refused before anything is sent", async () => {
  const cases = [
    { origin: "https://evil.example" },
    { origin: "null" },
    { origin: `http://127.0.0.1:${port}.evil.example` },
    { origin: `http://127.0.0.1:${Number(port) + 1}` },
    { origin: `https://127.0.0.1:${port}` },
    { origin: `HTTP://127.0.0.1:${port}` },
    { origin: undefined, "sec-fetch-site": undefined },
    { origin: undefined, "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
    { "sec-fetch-site": "none" },
  ];
  for (const headers of cases) {
    const { status, headers: given } = await send("POST", CHAT, { headers, body: "{}" });
    assert.equal(status, 403, JSON.stringify(headers));
    assert.equal(given["access-control-allow-origin"], undefined);
  }
  assert.equal((await send("GET", "/workspace.json", { headers: { origin: "https://evil.example" } })).status, 403);
  assert.deepEqual(seen, []);
});

test("R4 P13: a Host that is not this server's own is refused, for the page's files too", async () => {
  for (const host of ["evil.example", `evil.example:${port}`, "127.0.0.1", `127.0.0.1:${Number(port) + 1}`]) {
    for (const path of ["/", "/api/lakewire/api/2.0/serving-endpoints"])
      assert.equal((await send("GET", path, { headers: { host, origin: undefined } })).status, 403, host);
  }
  assert.deepEqual(seen, []);
});

test("P2: a preflight is answered without any permission", async () => {
  const { status, headers } = await send("OPTIONS", CHAT, {
    headers: { origin: "https://evil.example", "access-control-request-method": "POST" },
  });
  assert.equal(status, 403);
  assert.ok(Object.keys(headers).every((name) => !name.startsWith("access-control-")));
});

test("P3: what a form can send is not JSON and goes nowhere", async () => {
  for (const type of [
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/json-patch+json",
    "",
  ]) {
    assert.equal((await send("POST", CHAT, { headers: { "content-type": type }, body: "{}" })).status, 415, type);
  }
  assert.deepEqual(seen, []);
});

test("P6: only accept and content-type travel; the page cannot name a token, a cookie or a fault to a real workspace", async () => {
  await send("POST", CHAT, {
    body: HI,
    headers: {
      accept: "text/event-stream",
      authorization: "Bearer other",
      cookie: "a=b",
      "x-databricks-org-id": "1",
      "x-forwarded-for": "1.2.3.4",
      "x-lakewire-fault": '{"status":500}',
      "x-http-method-override": "DELETE",
    },
  });
  const { headers } = seen[0];
  assert.equal(headers.authorization, `Bearer ${TOKEN}`);
  assert.equal(headers.accept, "application/json", "what the body asks for");
  assert.equal(headers.host, `127.0.0.1:${workspace.address().port}`);
  for (const name of ["cookie", "x-databricks-org-id", "x-forwarded-for", "x-lakewire-fault", "x-http-method-override", "origin"])
    assert.equal(headers[name], undefined, name);
});

test("an emulator is known by its own word alone: the page is told who answers, and may switch faults on", async () => {
  const heard = [];
  const emulator = http.createServer((request, response) => {
    heard.push(request);
    request.resume();
    response.end(request.url === "/_emulator/health" ? '{"status":"ok","model":"upstream"}' : "{}");
  });
  await listen(emulator);
  const dist = await mkdtemp(join(tmpdir(), "lakewire-page-"));
  await writeFile(join(dist, "index.html"), "");
  const host = `127.0.0.1:${emulator.address().port}`;
  const other = await createDemoServer(readConfig({ DATABRICKS_HOST: `http://${host}`, DATABRICKS_TOKEN: TOKEN, DATABRICKS_WAREHOUSE_ID: WAREHOUSE }), dist);
  await listen(other);
  const origin = `http://127.0.0.1:${other.address().port}`;
  assert.deepEqual(await (await fetch(`${origin}/workspace.json`, { headers: { origin } })).json(), {
    host,
    kind: "emulator",
    model: "upstream",
    warehouse: WAREHOUSE,
  });
  await fetch(origin + CHAT, {
    method: "POST",
    headers: { origin, "content-type": "application/json", "x-lakewire-relay": "1", "x-lakewire-fault": '{"status":500}' },
    body: HI,
  });
  assert.equal(heard.at(-1).headers["x-lakewire-fault"], '{"status":500}');
  assert.equal(heard.at(0).headers.authorization, undefined, "asking who it is needs no token");
  assert.deepEqual(JSON.parse((await send("GET", "/workspace.json")).text), {
    host: `127.0.0.1:${workspace.address().port}`,
    kind: "workspace",
    warehouse: WAREHOUSE,
  });
  for (const one of [other, emulator]) {
    one.close();
    one.closeAllConnections();
  }
});

test("P7 P30: only a few headers come back, and no cache keeps the answer", async () => {
  answer = (_request, response) =>
    response
      .writeHead(200, {
        "content-type": "application/json",
        "x-request-id": "r1",
        "served-model-name": "m",
        "set-cookie": "a=b",
        server: "databricks",
        "www-authenticate": "Bearer",
        "x-databricks-org-id": "7",
        location: "/x",
      })
      .end("{}");
  const { headers } = await send("POST", CHAT, { body: HI });
  assert.equal(headers["x-request-id"], "r1");
  assert.equal(headers["served-model-name"], "m");
  assert.equal(headers["cache-control"], "no-store, no-transform");
  for (const name of ["set-cookie", "server", "www-authenticate", "x-databricks-org-id", "location"])
    assert.equal(headers[name], undefined, name);
});

test("P8 P9 P10 P12: paths that climb, encode, double, leave or name another route reach nothing", async () => {
  const name = (value) => `/api/lakewire/serving-endpoints/${value}/invocations`;
  const paths = [
    ...[
      "..",
      ".",
      "%2e%2e",
      ".%2e",
      "%252e%252e",
      "..%2f",
      "..%5c",
      "a%2fb",
      "a;b",
      "%00",
      "%c0%ae%c0%ae",
      "%ef%bc%8e",
      "a%20",
      "a.%20",
      "",
      "x".repeat(129),
      "@evil",
      "a?b",
      "a%3fb",
    ].map(name),
    "/api/lakewire/serving-endpoints/a/../b/invocations",
    "/api/lakewire/serving-endpoints//a/invocations",
    "/api/lakewire/./serving-endpoints/a/invocations",
    "/api/lakewire//evil.example/x",
    "/api/lakewire/\\evil.example",
    "/api/lakewire/serving-endpoints/a/invocations/",
    "/api/lakewire/serving-endpoints/a/invocations?x=1",
    "/api/lakewire/serving-endpoints/chat/completions",
    "/api/lakewire/api/2.0/serving-endpoints/",
    "/api/lakewire/api/2.0/sql/statements/..%2f..",
    "/api/lakewire/api/2.0/sql/statements/a/result/chunks/../0",
    "/api/lakewire/api/2.0/vector-search/indexes/a/delete-data",
    "/api/lakewire/api/2.1/unity-catalog/catalogs",
    "/api/lakewire/api/2.0/secrets/get",
    "/api/lakewire/api/2.0/token/list",
    "/api/lakewire/api/2.0/preview/scim/v2/Me",
    "/api/lakewire/api/2.0/dbfs/read",
    "/api/lakewire/_emulator/history",
    "/api/lakewire/",
  ];
  const bodies = new Set();
  for (const path of paths) {
    for (const method of ["GET", "POST"]) {
      const { status, text } = await send(method, path, method === "POST" ? { body: HI } : {});
      assert.equal(status, 404, `${method} ${path}`);
      bodies.add(JSON.stringify({ ...JSON.parse(text), request_id: undefined }));
    }
  }
  for (const query of ["owner=me", "catalog_name=a&&x", "catalog_name=a/../b", "catalog_name=a?b"]) {
    const { status, text } = await send("GET", `/api/lakewire/api/2.1/unity-catalog/functions?${query}`);
    assert.equal(status, 404, query);
    bodies.add(JSON.stringify({ ...JSON.parse(text), request_id: undefined }));
  }
  assert.equal(bodies.size, 1, "an allowed and an unknown route can be told apart");
  assert.deepEqual(seen, []);
});

test("P9: an absolute-form target goes nowhere", async () => {
  const text = await raw(
    `GET http://evil.example/api/lakewire/api/2.0/serving-endpoints HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\norigin: http://127.0.0.1:${port}\r\nconnection: close\r\n\r\n`,
  );
  assert.match(text, /^HTTP\/1\.1 404 /);
  assert.deepEqual(seen, []);
});

test("P11: a method outside the route's list gets 405 with Allow", async () => {
  for (const [method, path, allow] of [
    ["GET", CHAT, "POST"],
    ["DELETE", CHAT, "POST"],
    ["PUT", "/api/lakewire/api/2.0/serving-endpoints", "GET, POST"],
    ["DELETE", "/api/lakewire/api/2.0/serving-endpoints", "GET, POST"],
    ["PATCH", "/api/lakewire/api/2.0/serving-endpoints/x", "GET, DELETE"],
    ["POST", "/api/lakewire/api/2.0/serving-endpoints/x", "GET, DELETE"],
    ["TRACE", CHAT, "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"],
    ["POST", "/workspace.json", "GET"],
    ["POST", "/", "GET, HEAD"],
  ]) {
    const { status, headers } = await send(method, path);
    assert.equal(status, 405, `${method} ${path}`);
    assert.equal(headers.allow, allow, `${method} ${path}`);
  }
  assert.deepEqual(seen, []);
});

test("P14: a redirect is not followed and its target not told", async () => {
  answer = (_request, response) => response.writeHead(302, { location: "https://evil.example/" }).end();
  const { status, headers, text } = await send("GET", "/api/lakewire/api/2.0/serving-endpoints");
  assert.equal(status, 502);
  assert.equal(headers.location, undefined);
  assert.doesNotMatch(text, /evil/);
  assert.equal(seen.length, 1);
});

test("P16: requests that two servers could read differently are refused", async () => {
  const head = `POST ${CHAT} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\norigin: http://127.0.0.1:${port}\r\ncontent-type: application/json\r\n`;
  for (const lines of [
    "content-length: 2\r\ntransfer-encoding: chunked\r\n",
    "content-length: 2\r\ncontent-length: 3\r\n",
    "content-length: +2\r\n",
    "transfer-encoding: xchunked\r\n",
    "content-length : 2\r\n",
    "x: a\0b\r\ncontent-length: 2\r\n",
  ]) {
    assert.match(await raw(`${head}${lines}\r\n{}`), /^HTTP\/1\.1 400 /, lines);
  }
  assert.deepEqual(seen, []);
});

test("P17: a body over 4 MB, declared or not, and one that is no JSON object never reach the workspace", async () => {
  const big = `{"x":"${"a".repeat(4 * 1024 * 1024)}"}`;
  assert.equal((await send("POST", CHAT, { body: big })).status, 413);
  const chunked = await send("POST", CHAT, { body: big, headers: { "transfer-encoding": "chunked" } }).catch((error) => ({
    status: error.code,
  }));
  assert.ok([413, "EPIPE", "ECONNRESET"].includes(chunked.status), String(chunked.status));
  for (const body of [
    "",
    "[]",
    "null",
    "1",
    "{",
    '{"a":"\u0000'.slice(0, 7),
    Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
  ])
    assert.equal((await send("POST", CHAT, { body })).status, 400, String(body));
  assert.deepEqual(seen, []);
});

test("P20: when the page goes away mid-stream, the request to the workspace ends too", async () => {
  answer = (_request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write("data: {}\n\n");
  };
  await send("POST", CHAT, {
    body: HI,
    onResponse: (request, response) => response.once("data", () => request.destroy()),
  }).catch(() => {});
  assert.ok(await until(() => seen[0]?.closed), "the workspace still streams to nobody");
});

test("P21: when the workspace breaks off, the page is told so by a last event and not by a clean end", async () => {
  answer = (_request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write("data: {}\n\n", () => setTimeout(() => response.destroy(), 20));
  };
  const { text, error } = await send("POST", CHAT, { body: HI });
  assert.equal(error, undefined);
  const [first, last] = text.trim().split(/\n\n+/);
  assert.equal(first, "data: {}");
  assert.equal(JSON.parse(last.slice("data: ".length)).error_code, "TEMPORARILY_UNAVAILABLE");
});

test("P22: a page that does not read holds the workspace back instead of filling memory", async () => {
  let written = 0;
  answer = (_request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    const block = Buffer.alloc(64 * 1024, 0x61);
    const more = () => {
      while (written < 512 * 1024 * 1024) {
        written += block.length;
        if (!response.write(block)) return response.once("drain", more);
      }
      response.end();
    };
    more();
  };
  let request;
  let response;
  void send("POST", CHAT, {
    body: HI,
    onResponse: (q, r) => ((request = q), (response = r), r.pause(), setImmediate(() => r.pause())),
  }).catch(() => {});
  assert.ok(await until(() => response));
  let last = -1;
  // Settled when nothing more was taken for a while; what it settled at is what buffers hold on the way.
  while (last !== written) {
    last = written;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  request.destroy();
  assert.ok(written < 64 * 1024 * 1024, `${written} bytes were taken for a page that reads none`);
});

test("P23: the first bytes pass before the rest exists", async () => {
  let finish;
  answer = (_request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write("data: 1\n\n");
    finish = () => response.end("data: [DONE]\n\n");
  };
  const { text } = await send("POST", CHAT, {
    body: HI,
    // The end comes only once the first event arrived: a buffering server would wait for ever here.
    onResponse: (_request, response) => response.once("data", (chunk) => (assert.equal(String(chunk), "data: 1\n\n"), finish())),
  });
  assert.equal(text, "data: 1\n\ndata: [DONE]\n\n");
});

test("P28: an upgrade is closed unanswered", async () => {
  const text = await raw(
    `GET /api/lakewire/api/2.0/serving-endpoints HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n`,
  );
  assert.equal(text, "");
  assert.deepEqual(seen, []);
});

test("A3: a workspace that cannot be reached is said in a sentence without the token", async () => {
  const config = readConfig({ DATABRICKS_HOST: "http://127.0.0.1:1", DATABRICKS_TOKEN: TOKEN });
  const dist = await mkdtemp(join(tmpdir(), "lakewire-page-"));
  await writeFile(join(dist, "index.html"), "");
  const lonely = await createDemoServer(config, dist);
  await listen(lonely);
  const origin = `http://127.0.0.1:${lonely.address().port}`;
  const response = await fetch(`${origin}${CHAT}`, {
    method: "POST",
    headers: { origin, "content-type": "application/json", "x-lakewire-relay": "1" },
    body: HI,
  });
  const text = await response.text();
  assert.equal(response.status, 502);
  assert.match(JSON.parse(text).message, /could not reach the workspace at 127\.0\.0\.1:1\. Check DATABRICKS_HOST/);
  assert.doesNotMatch(text, new RegExp(TOKEN));
  lonely.close();
  lonely.closeAllConnections();
});

test("P31: a configuration that is missing, insecure or odd is refused with what to do", () => {
  const cases = [
    [{}, /DATABRICKS_HOST is not set/],
    [{ DATABRICKS_HOST: "x.example" }, /DATABRICKS_TOKEN is not set/],
    [{ DATABRICKS_HOST: "http://x.example", DATABRICKS_TOKEN: TOKEN }, /https/],
    [{ DATABRICKS_HOST: "ftp://x.example", DATABRICKS_TOKEN: TOKEN }, /https/],
    [{ DATABRICKS_HOST: "https://u:p@x.example", DATABRICKS_TOKEN: TOKEN }, /user name/],
    [{ DATABRICKS_HOST: "https://x.example/path", DATABRICKS_TOKEN: TOKEN }, /path/],
    [{ DATABRICKS_HOST: "https://", DATABRICKS_TOKEN: TOKEN }, /not an address/],
    [{ DATABRICKS_HOST: "x.example", DATABRICKS_TOKEN: "a\nb" }, /cannot stand in a header/],
  ];
  for (const [env, message] of cases)
    assert.throws(
      () => readConfig(env),
      (error) => message.test(error.message) && !error.message.includes(TOKEN),
      JSON.stringify(env),
    );
  assert.equal(readConfig({ DATABRICKS_HOST: "x.example/", DATABRICKS_TOKEN: TOKEN }).host.href, "https://x.example/");
});

test("L1: the configuration shows no token however it is printed", () => {
  const config = readConfig({ DATABRICKS_HOST: "x.example", DATABRICKS_TOKEN: TOKEN });
  for (const text of [
    inspect(config, { depth: 9, showHidden: true }),
    JSON.stringify(config),
    String(config.token),
    `${config.token}`,
  ])
    assert.doesNotMatch(text, new RegExp(TOKEN));
});

test("P8: files are served from the build's list alone, with the policy on every answer", async () => {
  const page = await send("GET", "/");
  assert.equal(page.status, 200);
  assert.match(page.headers["content-security-policy"], /default-src 'none'; script-src 'self' 'wasm-unsafe-eval';/);
  for (const path of [
    "/../server.mjs",
    "/..%2fserver.mjs",
    "/%2e%2e/package.json",
    "/server.mjs",
    "/index.html/../../package.json",
    "//etc/passwd",
  ]) {
    const { status, headers } = await send("GET", path);
    assert.equal(status, 404, path);
    assert.equal(headers["x-content-type-options"], "nosniff");
  }
});
