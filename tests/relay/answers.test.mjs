// What comes back: which headers, which errors, what becomes of redirects and links, and the relay's own token.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { eventually } from "../js/emulator.mjs";
import { ask, chunk, createRelay, events, json, ORIGIN, options, PAGE, refused, relayServer, STREAMED, TOKEN, workspace } from "./lab.mjs";

const completion = { id: "c", object: "chat.completion", created: 1, model: "llama", choices: [{ index: 0, message: { role: "assistant", content: "Hello." }, finish_reason: "stop" }] };

test("P7 P30: of the workspace's headers only known ones pass; nothing may keep an answer", async () => {
  const loud = {
    "set-cookie": ["a=b", "c=d"], "www-authenticate": "Bearer realm=x", server: "databricks", "x-databricks-org-id": "1", location: "https://evil.example/", "access-control-allow-origin": "*", "access-control-allow-credentials": "true",
    "cache-control": "public, max-age=3600", etag: "x", "x-request-id": "req-1", "strict-transport-security": "max-age=1", "content-security-policy": "default-src *", "clear-site-data": "*", refresh: "0; url=https://evil.example", link: "<x>; rel=preload",
  };
  const upstream = await workspace((_, res) => json(res, completion, 200, loud));
  const relay = await relayServer(upstream.host);
  const answer = await ask(relay.port);
  assert.equal(answer.status, 200);
  assert.deepEqual(JSON.parse(answer.text), completion);
  for (const name of ["set-cookie", "www-authenticate", "server", "x-databricks-org-id", "location", "etag", "access-control-allow-credentials", "strict-transport-security", "content-security-policy", "clear-site-data", "refresh", "link"]) {
    assert.equal(answer.headers[name], undefined, name);
  }
  assert.equal(answer.headers["access-control-allow-origin"], ORIGIN);
  assert.match(answer.headers["cache-control"], /no-store/);
  assert.match(answer.headers["cache-control"], /no-transform/);
  assert.match(answer.headers.vary, /origin/i);
  assert.equal(answer.headers["x-request-id"], "req-1");
  // a workspace that names no id: the relay's, which stands in its log
  const plain = await relayServer((await workspace()).host);
  assert.equal((await ask(plain.port)).headers["x-request-id"], plain.told.at(-1).requestId);
  for (const refusedOne of [await ask(relay.port, { path: "/api/lakewire/nothing" }), await ask(relay.port, { headers: {} })]) assert.match(refusedOne.headers["cache-control"], /no-store/);
});

test("P14: redirects are not followed, wherever they lead", async () => {
  const elsewhere = await workspace();
  for (const status of [301, 302, 303, 307, 308]) {
    const upstream = await workspace((_, res) => res.writeHead(status, { location: `${elsewhere.host}/x` }).end());
    const relay = await relayServer(upstream.host);
    const answer = await ask(relay.port);
    refused(answer, 502);
    assert.ok(!answer.text.includes(elsewhere.host));
  }
  assert.equal(elsewhere.seen.length, 0);
  // as browsers show it: an opaque answer
  const opaque = createRelay(options("https://workspace.example", { fetch: async () => ({ type: "opaqueredirect", status: 0, headers: new Headers(), body: null }) }));
  const answer = await opaque(new Request("https://relay.example/api/lakewire/serving-endpoints/llama/invocations", { method: "POST", headers: PAGE, body: "{\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}" }));
  assert.equal(answer.status, 502);
});

test("P15: links pass where the route allows them, and the relay never fetches one", async () => {
  const store = await workspace();
  const link = { manifest: {}, statement_id: "s", status: { state: "SUCCEEDED" }, result: { external_links: [{ external_link: `${store.host}/presigned?sig=x`, chunk_index: 0 }] } };
  const upstream = await workspace((_, res) => json(res, link));
  const relay = await relayServer(upstream.host, { allow: { sql: { warehouseId: "w1", statements: { one: { statement: "SELECT 1", rowLimit: 10 } } } } });
  await ask(relay.port, { path: "/api/lakewire/statements/one", body: "{}" });
  assert.equal(upstream.seen.length, 1);
  for (const path of ["/api/lakewire/presigned?sig=x", `/api/lakewire/${store.host}/presigned`]) assert.ok((await ask(relay.port, { method: "GET", path, body: undefined })).status >= 400);
  // whether links may be asked for at all is the route's to say
  const statement = JSON.stringify({ warehouse_id: "w1", statement: "SELECT 1", disposition: "EXTERNAL_LINKS", format: "ARROW_STREAM" });
  for (const externalLinks of [false, true]) {
    const reading = await relayServer(upstream.host, { allow: { sql: { warehouseId: "w1", reading: true, externalLinks } } });
    const before = upstream.seen.length;
    const answer = await ask(reading.port, { path: "/api/lakewire/api/2.0/sql/statements", body: statement });
    assert.deepEqual([answer.status, upstream.seen.length - before, answer.text.includes("presigned")], externalLinks ? [200, 1, true] : [400, 0, false], answer.text);
  }
  assert.equal(store.seen.length, 0);
});

test("P29: errors of the workspace become small ones with an id; development can see them", async () => {
  const secret = `org 4711 at 10.0.0.7: ${TOKEN} java.lang.NullPointerException at com.databricks.Foo`;
  const seen = {};
  for (const status of [400, 403, 404, 409, 429, 500, 501, 502, 503, 504]) {
    const upstream = await workspace((_, res) => json(res, { error_code: "SOME_CODE", message: secret, stack: secret }, status, status === 429 ? { "retry-after": "7" } : {}));
    const relay = await relayServer(upstream.host);
    const answer = await ask(relay.port);
    const body = refused(answer, answer.status);
    seen[status] = answer.status;
    assert.ok(answer.status >= 400);
    assert.ok(answer.text.length < 600 && !/4711|10\.0\.0\.7|java|stack/.test(answer.text), answer.text);
    assert.equal(typeof body.request_id, "string");
    assert.equal(answer.headers["access-control-allow-origin"], ORIGIN);
    if (status === 429) assert.equal(answer.headers["retry-after"], "7");
    assert.equal(body.request_id, relay.told.at(-1).requestId, "the id of the relay's own log");
  }
  assert.equal(seen[403], 502);
  assert.equal(seen[429], 429);
  assert.ok(seen[500] >= 500 && seen[503] >= 500);
  const upstream = await workspace((_, res) => json(res, { error_code: "RESOURCE_DOES_NOT_EXIST", message: "No such endpoint." }, 404));
  const relay = await relayServer(upstream.host, { errors: "workspace" });
  const answer = await ask(relay.port);
  assert.equal(answer.status, 404);
  assert.deepEqual([JSON.parse(answer.text).error_code, JSON.parse(answer.text).message], ["RESOURCE_DOES_NOT_EXIST", "No such endpoint."]);
});

test("P29: HTML, an endless error and a workspace that is not there are errors of the same form", async () => {
  const html = await workspace((_, res) => res.writeHead(500, { "content-type": "text/html" }).end(`<html>${"x".repeat(1_000_000)}`));
  const endless = await workspace((_, res) => {
    res.writeHead(500, { "content-type": "application/json" });
    const more = () => {
      while (!res.destroyed && res.write("x".repeat(60_000)));
      if (!res.destroyed) res.once("drain", more);
    };
    more();
  });
  const good = await workspace((_, res) => res.writeHead(200, { "content-type": "text/html" }).end("<html>sign in</html>"));
  const gone = await workspace((req) => req.socket.destroy());
  for (const { host } of [html, endless, good, gone, { host: "http://127.0.0.1:1" }]) {
    const answer = await ask((await relayServer(host)).port);
    refused(answer, 502);
    assert.ok(answer.text.length < 600 && !answer.text.includes("127.0.0.1"), answer.text);
  }
  await eventually(() => endless.seen[0].closed, "the endless error to be left");
});

test("P24: one client beyond its rate waits; headers change nothing", async () => {
  const upstream = await workspace();
  const relay = await relayServer(upstream.host, { limits: { rate: { requests: 5, perMs: 60_000, clients: 100 } } });
  const statuses = [];
  let last;
  for (let at = 0; at < 20; at += 1) {
    last = await ask(relay.port, { headers: { ...PAGE, "x-forwarded-for": `10.0.0.${at}`, "x-real-ip": `10.0.1.${at}`, forwarded: `for=10.0.2.${at}`, "cf-connecting-ip": `10.0.3.${at}` } });
    statuses.push(last.status);
  }
  assert.equal(statuses.filter((status) => status === 200).length, 5);
  refused(last, 429);
  assert.ok(Number(last.headers["retry-after"]) >= 1);
  assert.equal(upstream.seen.length, 5);
});

test("P24: users are counted by themselves, and addresses by their network", async () => {
  const upstream = await workspace();
  let user = "ada";
  const limits = { rate: { requests: 2, perMs: 60_000, clients: 1_000 } };
  const byUser = await relayServer(upstream.host, { authorize: () => ({ id: user }), limits });
  const twice = async (port) => [(await ask(port)).status, (await ask(port)).status, (await ask(port)).status];
  assert.deepEqual(await twice(byUser.port), [200, 200, 429]);
  user = "grace";
  assert.deepEqual(await twice(byUser.port), [200, 200, 429]);

  const relay = createRelay(options("https://workspace.example", { fetch: async () => Response.json({}), limits }));
  const from = async (client) => (await relay(new Request("https://relay.example/api/lakewire/serving-endpoints/llama/invocations", { method: "POST", headers: PAGE, body: "{\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}" }), { client })).status;
  assert.deepEqual([await from("2001:db8:1:2::1"), await from("2001:db8:1:2:ffff::2"), await from("2001:0db8:0001:0002:1:2:3:4"), await from("2001:db8:1:3::1")], [200, 200, 429, 200]);
  assert.deepEqual([await from("192.0.2.1"), await from("::ffff:192.0.2.1"), await from("192.0.2.1"), await from("192.0.2.2")], [200, 200, 429, 200]);
});

test("P24: a key of the app's own is a text, soon or late; anything else is refused, and never one rate for all", async () => {
  const made = (clientKey, told = []) => {
    const relay = createRelay(options("https://workspace.example", { fetch: async () => Response.json({}), clientKey, onEvent: (event) => told.push(event), limits: { rate: { requests: 1, perMs: 60_000, clients: 1_000 } } }));
    return async (name) => (await relay(new Request("https://relay.example/api/lakewire/serving-endpoints/llama/invocations", { method: "POST", headers: { ...PAGE, "x-name": name }, body: "{\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}" }))).status;
  };
  const late = made(async (request) => request.headers.get("x-name"));
  assert.deepEqual([await late("ada"), await late("grace"), await late("ada")], [200, 200, 429]);
  for (const wrong of [() => undefined, () => "", () => 7, async () => ({}), () => "x".repeat(1_025), () => Promise.reject(new Error("x"))]) {
    const told = [];
    assert.equal(await made(wrong, told)("ada"), 500);
    assert.match(told.at(-1).reason, /^clientKey /);
  }
});

test("P24: many thousand names cost no memory, and win nobody his share back", async () => {
  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc");
  const relay = createRelay(options("https://workspace.example", { fetch: async () => Response.json({}), clientKey: (request) => request.headers.get("x-name"), limits: { rate: { requests: 2, perMs: 3_600_000, clients: 1_000 } } }));
  const from = async (name) => {
    const answer = await relay(new Request("https://relay.example/api/lakewire/serving-endpoints/llama/invocations", { method: "POST", headers: { ...PAGE, "x-name": name }, body: "{\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}" }));
    await answer.text();
    return answer.status;
  };
  assert.deepEqual([await from("ada"), await from("ada"), await from("ada")], [200, 200, 429]);
  const flood = async (word, count) => {
    for (let at = 0; at < count; at += 1) await from(`${word}-${at}-${"x".repeat(200)}`);
  };
  await flood("warm", 2_000);
  gc();
  const before = process.memoryUsage();
  await flood("flood", 20_000);
  gc();
  const after = process.memoryUsage();
  // the names alone would be four megabytes, as would be whatever was kept with each
  assert.ok(after.heapUsed - before.heapUsed < 3e6, `the heap grew by ${after.heapUsed - before.heapUsed}`);
  assert.ok(after.arrayBuffers + after.external - before.arrayBuffers - before.external < 3e6, "what lies outside it grew");
  assert.equal(await from("ada"), 429);
});

test("P36: a token that is refused is the relay's trouble, never a 401 for the page", async () => {
  const upstream = await workspace((_, res) => json(res, { error_code: "UNAUTHENTICATED", message: "Bad token." }, 401, { "www-authenticate": "Bearer" }));
  const fixed = await relayServer(upstream.host);
  const answer = await ask(fixed.port);
  refused(answer, 502);
  assert.equal(upstream.seen.length, 1, "K7: a fixed token is not tried twice");
  // a function is asked again, once, and told why
  const asked = [];
  const own = await relayServer(upstream.host, { credentials: async ({ refused }) => (asked.push(refused), `t-${asked.length}`) });
  refused(await ask(own.port), 502);
  assert.deepEqual(asked, [false, true]);
  assert.equal(upstream.seen.length, 3);
});

/** A workspace with a token endpoint: `grant(n)` answers the nth request for a token, `act` all others. */
async function principal(grant, act) {
  let asked = 0;
  const upstream = await workspace((req, res, body) => {
    if (req.url.startsWith("/.well-known/")) return json(res, {}, 404);
    if (req.url === "/oidc/.well-known/oauth-authorization-server") return json(res, { authorization_endpoint: `http://${req.headers.host}/oidc/v1/authorize`, token_endpoint: `http://${req.headers.host}/oidc/v1/token` });
    if (req.url === "/oidc/v1/token") return grant(res, (asked += 1), req, body);
    return act(req, res);
  });
  return { ...upstream, tokens: () => asked };
}
const M2M = { clientId: "principal", clientSecret: "dose-canary" };

test("P36: K2 K5 one token for a hundred requests; refused once, it is renewed once and the request sent again", async () => {
  let valid = "t-1";
  const upstream = await principal(
    (res, n, req, body) => {
      assert.equal(req.headers.authorization, `Basic ${btoa("principal:dose-canary")}`);
      assert.equal(body, "grant_type=client_credentials&scope=all-apis");
      json(res, { access_token: `t-${n}`, token_type: "Bearer", expires_in: 3600 });
    },
    (req, res) => (req.headers.authorization === `Bearer ${valid}` ? json(res, completion) : json(res, { error_code: "UNAUTHENTICATED", message: "x" }, 401)),
  );
  const relay = await relayServer(upstream.host, { ...M2M, limits: { openPerClient: 200 } });
  const all = await Promise.all(Array.from({ length: 100 }, () => ask(relay.port)));
  assert.ok(all.every(({ status }) => status === 200));
  assert.equal(upstream.tokens(), 1);
  valid = "t-2";
  const again = await Promise.all(Array.from({ length: 20 }, () => ask(relay.port)));
  assert.ok(again.every(({ status, text }) => status === 200 && text.includes("Hello.")));
  assert.equal(upstream.tokens(), 2);
  valid = "nothing";
  refused(await ask(relay.port), 502);
  assert.equal(upstream.tokens(), 3);
});

test("P36: K10 a token endpoint that fails is a 503 without a word of it, asked again after a pause", async () => {
  for (const grant of [
    (res) => json(res, { error: "invalid_client", error_description: "dose-canary is wrong" }, 401), (res) => res.writeHead(503).end("down"), (res) => res.writeHead(200, { "content-type": "text/html" }).end("<html>"),
    (res) => json(res, { token_type: "Bearer" }), (res) => json(res, { access_token: "a\r\nb" }), (res) => res.writeHead(302, { location: "https://evil.example/" }).end(), (res) => res.destroy(),
  ]) {
    const upstream = await principal(grant, (_, res) => json(res, completion));
    const relay = await relayServer(upstream.host, M2M);
    for (let at = 0; at < 3; at += 1) {
      const answer = await ask(relay.port);
      refused(answer, 503);
      assert.ok(!answer.text.includes("dose-canary"));
    }
    assert.equal(upstream.tokens(), 1, "no storm of requests for tokens");
    assert.ok(!JSON.stringify(relay.told).includes("dose-canary"));
  }
});

test("P36: K8 a 403 with a good token is not tried again; with one whose time is up it is", async () => {
  const good = await principal((res, n) => json(res, { access_token: `t-${n}`, expires_in: 3600 }), (_, res) => json(res, { error_code: "PERMISSION_DENIED", message: "x" }, 403));
  refused(await ask((await relayServer(good.host, M2M)).port), 502);
  assert.equal(good.tokens(), 1);
  const over = await principal((res, n) => json(res, { access_token: `t-${n}`, expires_in: "0" }), (req, res) => (req.headers.authorization === "Bearer t-1" ? json(res, { error_code: "PERMISSION_DENIED", message: "x" }, 403) : json(res, completion)));
  const answer = await ask((await relayServer(over.host, M2M)).port);
  assert.equal(answer.status, 200);
  assert.ok(over.tokens() === 2, `${over.tokens()}`);
});

test("P36: K1 a token that ends while a stream runs ends nothing", async () => {
  let res;
  const upstream = await principal((res, n) => json(res, { access_token: `t-${n}`, expires_in: 1 }), (_, own) => {
    res = own;
    events(own);
    own.write(chunk("one"));
  });
  const relay = await relayServer(upstream.host, M2M);
  const running = ask(relay.port, { body: STREAMED });
  while (res === undefined) await new Promise((resolve) => setTimeout(resolve, 5));
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  res.end(`${chunk("two")}data: [DONE]\n\n`);
  const { status, text, cut } = await running;
  assert.deepEqual([status, cut], [200, false]);
  assert.match(text, /one[^]*two[^]*\[DONE\]/);
});
