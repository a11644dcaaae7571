// Tokens: given as text or by a function, refreshed once for all, never sent elsewhere, refused in a page.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { emulator, LLAMA, TOKEN } from "./emulator.mjs";
import { completion, failure, HOST, json, refusal, scripted, withClock } from "./fakes.mjs";
import { entry, WorkspaceClient } from "./package.mjs";

const workspace = await emulator();
const good = () => json(completion());
const bearer = (call) => call.headers.get("authorization");

test("K7 K8: a good static token is sent as Bearer; a wrong one is refused once, without a retry", async () => {
  const { client, seen } = workspace.client();
  await client.chat(LLAMA).invoke("Hi");
  assert.equal((await seen())[0].authorized, true);
  const wrong = workspace.client({ token: "dapi-wrong" });
  const error = await failure(() => wrong.client.chat(LLAMA).invoke("Hi"), "PermissionDenied");
  assert.equal(error.status, 403);
  assert.equal((await wrong.seen()).length, 1);
  const { chat, calls } = scripted(() => refusal(401));
  await failure(() => chat.invoke("Hi"), "Unauthenticated");
  assert.equal(calls.length, 1, "a static token is not asked for twice");
});

test("K8: a 403 asks for no new token", async () => {
  let asked = 0;
  const { chat, calls } = scripted(() => refusal(403), { token: () => `dapi-${(asked += 1)}` });
  await failure(() => chat.invoke("Hi"), "PermissionDenied");
  assert.deepEqual([asked, calls.length], [1, 1]);
});

test("K5: a 401 once brings a new token and one more request, outside the retry limits", async () => {
  let asked = 0;
  const { chat, calls } = scripted([refusal(401), good()], { token: async () => `dapi-${(asked += 1)}`, retry: { maxAttempts: 1 } });
  assert.equal((await chat.invoke("Hi")).attempts, 2);
  assert.deepEqual(calls.map(bearer), ["Bearer dapi-1", "Bearer dapi-2"]);
});

test("K6: a 401 twice is Unauthenticated after two requests", async () => {
  let asked = 0;
  const { chat, calls } = scripted(() => refusal(401), { token: () => `dapi-${(asked += 1)}` });
  const error = await failure(() => chat.invoke("Hi"), "Unauthenticated");
  assert.equal(error.attempts, 2);
  assert.deepEqual([asked, calls.length], [2, 2]);
});

test("K2: 100 calls share one refresh, at the start and after an expiry", async () => {
  await withClock(async (clock) => {
    let asked = 0;
    const token = async () => {
      asked += 1;
      const value = `dapi-${asked}`;
      await new Promise((resolve) => setImmediate(resolve));
      return { token: value, expiresInMs: 3_600_000 };
    };
    const { chat, calls } = scripted(good, { token });
    await Promise.all(Array.from({ length: 100 }, () => chat.invoke("Hi")));
    assert.equal(asked, 1);
    clock.advance(3_600_000);
    await Promise.all(Array.from({ length: 100 }, () => chat.invoke("Hi")));
    assert.equal(asked, 2);
    assert.deepEqual(new Set(calls.slice(100).map(bearer)), new Set(["Bearer dapi-2"]));
  });
});

test("K2 K5: 100 calls that meet a 401 together refresh once", async () => {
  let asked = 0;
  const { chat } = scripted((call) => (bearer(call) === "Bearer dapi-1" ? refusal(401) : good()), { token: async () => `dapi-${(asked += 1)}` });
  await Promise.all(Array.from({ length: 100 }, () => chat.invoke("Hi")));
  assert.equal(asked, 2);
});

test("K3: a failing refresh is one error for all waiters; later calls ask again", async () => {
  await withClock(async (clock) => {
    let asked = 0;
    const { chat, calls } = scripted(good, { token: async () => { asked += 1; if (asked === 1) throw new Error("canary-of-provider"); return "dapi-good"; } });
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => chat.invoke("Hi")));
    for (const { reason } of results) {
      assert.equal(reason.kind, "TokenProvider");
      assert.ok(!reason.message.includes("canary"));
    }
    assert.deepEqual([asked, calls.length], [1, 0]);
    clock.advance(61_000);
    assert.equal((await chat.invoke("Hi")).text, "Hello.");
    assert.equal(asked, 2);
  });
});

test("K1: a token near its end is renewed ahead of time, beside the call that finds it", async () => {
  await withClock(async (clock) => {
    let asked = 0;
    const { chat, calls } = scripted(good, { token: async () => ({ token: `dapi-${(asked += 1)}`, expiresInMs: 3_600_000 }) });
    await chat.invoke("Hi");
    clock.advance(3_000_000);
    await chat.invoke("Hi");
    assert.equal(bearer(calls[1]), "Bearer dapi-1", "the old one is still good");
    await chat.invoke("Hi");
    assert.equal(bearer(calls[2]), "Bearer dapi-2");
    assert.equal(asked, 2);
  });
});

test("K4: a late answer of an older refresh does not replace a newer token", async () => {
  const gives = [];
  let turn = 0;
  const { chat, calls } = scripted((call) => ((turn += 1), bearer(call) === "Bearer dapi-first" ? refusal(401) : good()), { token: () => new Promise((resolve) => gives.push(resolve)) });
  const first = chat.invoke("Hi");
  while (gives.length < 1) await new Promise((resolve) => setImmediate(resolve));
  gives[0]("dapi-first");
  while (gives.length < 2) await new Promise((resolve) => setImmediate(resolve));
  gives[1]("dapi-second");
  gives[0]("dapi-first");
  await first;
  await chat.invoke("Hi");
  assert.deepEqual(calls.map(bearer), ["Bearer dapi-first", "Bearer dapi-second", "Bearer dapi-second"]);
});

test("K9: odd lifetimes cause no refresh storm", async () => {
  for (const expiresInMs of [0, -1, Number.NaN, Infinity, 1e15, "3600", null, undefined, {}]) {
    let asked = 0;
    const { chat } = scripted(good, { token: () => ({ token: `dapi-${(asked += 1)}`, expiresInMs }) });
    for (let place = 0; place < 10; place += 1) await chat.invoke("Hi");
    assert.ok(asked <= 2, `${expiresInMs}: asked ${asked} times`);
  }
});

test("K11: a redirect never carries the token on", async () => {
  const { chat, calls } = scripted(() => new Response(null, { status: 307, headers: { location: "https://evil.example/" } }));
  await failure(() => chat.invoke("Hi"), "Redirect");
  assert.equal(calls.length, 1);
  assert.equal(new URL(calls[0].url).origin, HOST);
  const { client } = workspace.client();
  const hop = { headers: { "x-lakewire-fault": JSON.stringify({ redirect: `${workspace.url}/api/2.0/serving-endpoints` }) } };
  await failure(() => client.chat(LLAMA).invoke("Hi", hop), "Redirect");
});

test("K14 B8: hosts are parsed strictly; plain http is for this machine only", async () => {
  const make = (host) => new WorkspaceClient({ host, token: TOKEN, fetch: async () => good() });
  for (const host of ["evil.example#.cloud.databricks.com", "user@host.example", "https://user:pass@host.example", "https://a b.example", "https://host.example.", "https://bücher.example", "http://workspace.example", "http://127.0.0.1.evil.example", "http://localhost.evil.example", "ftp://host.example", "https://", "", "https://host.example:0", "https://host.example:99999", "https://host.example\\@evil.example", "javascript:alert(1)", "https://host.example\n", "//host.example"]) {
    await failure(async () => make(host), "InvalidInput");
  }
  for (const host of [7, null, undefined, {}, ["https://x.example"]]) await failure(async () => make(host), "InvalidInput");
  for (const [host, origin] of [["X.cloud.databricks.com", "https://x.cloud.databricks.com"], ["https://x.example/?o=7", "https://x.example"], ["https://x.example:443/", "https://x.example"], ["http://127.0.0.1:8787", "http://127.0.0.1:8787"], ["http://localhost:1", "http://localhost:1"]]) {
    const { chat, calls } = scripted(good, { host });
    await chat.invoke("Hi");
    assert.equal(new URL(calls[0].url).origin, origin);
  }
});

test("K13: what is joined to the host cannot change it", async () => {
  const { client, calls } = scripted(good, { host: "/databricks" });
  await client.chat("endpoint").invoke("Hi");
  assert.equal(calls[0].url, "/databricks/serving-endpoints/endpoint/invocations");
  for (const host of ["//evil.example", "/a/../b", "/a?b", "/a#b", "/a b", "/%2e%2e/x"]) await failure(async () => scripted(good, { host }), "InvalidInput");
});

test("a relay is the same calls under its address, marked as ours", async () => {
  for (const [relay, url] of [
    ["/api/lakewire", "/api/lakewire/serving-endpoints/endpoint/invocations"],
    ["https://App.example:443/api/lakewire", "https://app.example/api/lakewire/serving-endpoints/endpoint/invocations"],
    ["http://127.0.0.1:8787/r", "http://127.0.0.1:8787/r/serving-endpoints/endpoint/invocations"],
  ]) {
    const { client, calls } = scripted(good, { host: undefined, token: undefined, relay, headers: { "x-own": "1" } });
    await client.chat("endpoint").invoke("Hi");
    assert.equal(calls[0].url, url);
    const headers = new Headers(calls[0].headers);
    assert.deepEqual([headers.get("x-lakewire-relay"), headers.get("x-own"), headers.get("authorization")], ["1", "1", null]);
  }
  for (const config of [{ relay: "/api/lakewire", host: "https://x.example" }, { relay: "/api/lakewire", token: "dapi-canary" }, { relay: "/api/lakewire", clientId: "a" }, { relay: 7 }, { relay: "" }, { relay: "/api/" }, { relay: "/a?b" }, { relay: "https://u@x.example/a" }, { relay: "https://x.example" }, { relay: "ftp://x.example/a" }, { relay: "//evil.example" }]) {
    await failure(async () => new WorkspaceClient(config), "InvalidInput");
  }
});

test("a relay elsewhere is not put into links to a storage", async () => {
  const seen = [];
  const fetch = async (url) => (seen.push(url), new Response("{}"));
  const client = new WorkspaceClient({ relay: "https://app.example/api/lakewire", fetch });
  await client[Symbol.for("lakewire.client")].fetch("https://app.example/signed/1");
  assert.deepEqual(seen, ["https://app.example/signed/1"]);
});

test("K17: two clients, two workspaces, and tokens never cross", async () => {
  const make = (name) => scripted(async () => (await new Promise((resolve) => setImmediate(resolve)), good()), { host: `https://${name}.example`, token: async () => `dapi-${name}` });
  const [one, two] = [make("one"), make("two")];
  await Promise.all(Array.from({ length: 50 }, (_, place) => (place % 2 ? one : two).chat.invoke("Hi")));
  for (const [name, { calls }] of [["one", one], ["two", two]]) {
    assert.equal(calls.length, 25);
    for (const call of calls) assert.deepEqual([new URL(call.url).host, bearer(call)], [`${name}.example`, `Bearer dapi-${name}`]);
  }
});

test("K18: a token in a page is refused unless said to be unsafe; a path on the own server is not", async () => {
  const script = `
    globalThis.window = globalThis; globalThis.document = {};
    const { WorkspaceClient } = await import(${JSON.stringify(entry("."))});
    const said = (config) => { try { new WorkspaceClient(config); return "fine"; } catch (error) { return error.kind + ": " + error.message; } };
    console.log(JSON.stringify([
      said({ host: "https://x.example", token: "dapi-canary" }),
      said({ host: "/databricks", token: "dapi-canary" }),
      said({ host: "https://x.example", token: "dapi-canary", dangerouslyAllowBrowser: false }),
      said({ host: "https://x.example", token: "dapi-canary", dangerouslyAllowBrowser: true }),
      said({ host: "/databricks" }),
      said({ host: "https://x.example", token: () => "dapi-canary" }),
    ]));`;
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script]);
  const [page, path, no, yes, relay, provider] = JSON.parse(stdout);
  for (const refused of [page, path, no]) {
    assert.match(refused, /^InvalidInput: .*\/databricks.*dangerouslyAllowBrowser/s);
    assert.ok(!refused.includes("canary"));
  }
  assert.deepEqual([yes, relay, provider], ["fine", "fine", "fine"]);
  assert.ok(!stderr.includes("canary"));
});

test("K16: tokens with spaces, line ends or other characters are refused without repeating them", async () => {
  for (const token of ["dapi-canary\n", " dapi-canary", "dapi canary", "dapi-canäry", "", "dapi-canary\u0000"]) {
    const made = await failure(async () => scripted(good, { token }), "InvalidInput");
    assert.ok(!made.message.includes("canary"));
    const { chat, calls } = scripted(good, { token: () => token });
    const asked = await failure(() => chat.invoke("Hi"), "TokenProvider");
    assert.ok(!asked.message.includes("canary"));
    assert.equal(calls.length, 0);
  }
});

test("K18: without a token no Authorization is sent, and one of the caller's own is", async () => {
  const { client, calls } = scripted(good, { token: undefined });
  await client.chat("e").invoke("Hi");
  await client.chat("e").invoke("Hi", { headers: { authorization: "Bearer own" } });
  assert.deepEqual(calls.map(bearer), [null, "Bearer own"]);
});
