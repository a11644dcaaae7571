// The client of a self-hosted gateway over a scripted fetch; `tests/gateway` asks a real one.

import assert from "node:assert/strict";
import { test } from "node:test";
import { completion, DONE, event, failure, json, sse } from "./fakes.mjs";
import lakewire from "./package.mjs";

const { GatewayClient } = lakewire;

function gateway(answers, config = {}) {
  const calls = [];
  const fetch = async (url, init) => {
    calls.push({ url, method: init.method, headers: new Headers(init.headers), json: init.body ? JSON.parse(new TextDecoder().decode(init.body)) : undefined });
    return typeof answers === "function" ? answers() : answers.shift();
  };
  return { gateway: new GatewayClient({ host: "http://127.0.0.1:5000", fetch, retry: { maxAttempts: 1 }, ...config }), calls };
}

test("pages are followed to the last one and never in circles", async () => {
  const { gateway: at, calls } = gateway([json({ endpoints: [{ name: "a" }], next_page_token: "t=" }), json({ endpoints: [{ name: "b" }], next_page_token: null })]);
  assert.deepEqual((await at.list()).map(({ name }) => name), ["a", "b"]);
  assert.deepEqual(calls.map(({ url }) => url), ["http://127.0.0.1:5000/api/2.0/endpoints/", "http://127.0.0.1:5000/api/2.0/endpoints/?page_token=t%3D"]);
  await failure(gateway(() => json({ endpoints: [], next_page_token: "t" })).gateway.list(), "Protocol");
});

test("chat, queries and streams go to the gateway's own routes, without a credential or a model in the body", async () => {
  const { gateway: at, calls } = gateway([
    json(completion("hi")), sse([event({ id: "x", object: "chat.completion.chunk", created: 1, model: "m", choices: [{ index: 0, delta: { content: "w" }, finish_reason: "stop" }] }), DONE]),
    json({ data: [] }), sse([event({ a: 1 }), DONE]), json({ id: "v1" }), json({ name: "c" }), json({ status: "OK" }),
  ]);
  const chat = at.chat("chat x", { temperature: 0 });
  assert.equal((await chat.invoke("Hello")).text, "hi");
  for await (const word of await chat.textStream("Hello")) assert.equal(word, "w");
  await at.query("embed", { input: "x" });
  for await (const one of await at.queryStream("c", { prompt: "x" })) assert.deepEqual(one, { a: 1 });
  await at.openai("completions", { model: "c", prompt: "x" });
  await at.get("c");
  await at.health();
  assert.deepEqual(calls.map(({ url }) => url.replace("http://127.0.0.1:5000", "")), [
    "/endpoints/chat%20x/invocations", "/endpoints/chat%20x/invocations", "/endpoints/embed/invocations", "/endpoints/c/invocations", "/v1/completions", "/api/2.0/endpoints/c", "/health",
  ]);
  for (const { headers } of calls) assert.equal(headers.get("authorization"), null);
  assert.deepEqual(calls[0].json, { messages: [{ role: "user", content: "Hello" }], temperature: 0 });
  assert.deepEqual(calls[3].json, { prompt: "x", stream: true });
});

test("a stream ends well without its end mark when every choice has ended, and is an error otherwise", async () => {
  const piece = (finish_reason) => event({ choices: [{ index: 0, delta: { content: "w" }, finish_reason }] });
  const { gateway: at } = gateway([sse([piece(null), piece("stop")]), sse([piece(null)])]);
  const stream = await at.queryStream("c", {});
  let events = 0;
  for await (const _ of stream) events += 1;
  assert.equal(events, 2);
  assert.equal(stream.completeness.noSentinel, true);
  await failure(async () => { for await (const _ of await at.queryStream("c", {})); }, "Truncated");
});

test("the gateway's refusals are typed and say what is wrong", async () => {
  for (const [status, body, kind, words] of [
    [422, { detail: [{ type: "x", loc: ["body", "n"], msg: "Input should be greater", input: 0 }] }, "BadRequest", /body\.n: Input should be greater/],
    [422, { detail: "The parameter 'model' is not permitted" }, "BadRequest", /'model' is not permitted/],
    [404, { detail: "Not Found" }, "NotFound", /Not Found/],
    [429, { error: "Rate limit exceeded: 3 per 1 minute" }, "TooManyRequests", /Rate limit exceeded: 3 per 1 minute/],
    [501, { detail: { error_code: "NOT_IMPLEMENTED", message: "not here" } }, "NotImplemented", /not here/],
    [500, "Internal Server Error", "InternalError", /Internal Server Error/],
  ]) {
    const error = await failure(gateway([json(body, { status })]).gateway.query("c", {}), kind);
    assert.equal(error.status, status);
    assert.match(error.message, words);
  }
});

test("plain http elsewhere is a choice, and takes no credential", async () => {
  await failure(async () => new GatewayClient({ host: "http://gateway.internal:5000" }), "InvalidInput");
  const { gateway: at, calls } = gateway([json({ status: "OK" })], { host: "http://gateway.internal:5000", allowHttp: true });
  await at.health();
  assert.equal(calls[0].url, "http://gateway.internal:5000/health");
  const error = await failure(at.health({ headers: { Authorization: "Bearer canary" } }), "InvalidInput");
  assert.match(error.message, /unencrypted/);
  assert.ok(!error.message.includes("canary"));
  await failure(async () => new GatewayClient({ host: "http://gateway.internal", allowHttp: true, headers: { Cookie: "x" } }), "InvalidInput");
  await failure(async () => new lakewire.WorkspaceClient({ host: "http://workspace.internal", allowHttp: true, token: "dapi" }), "InvalidInput");
  assert.equal(calls.length, 1);
});

test("what is no configuration or request is refused", async () => {
  for (const bad of [undefined, null, {}, "http://127.0.0.1:5000", { host: "http://127.0.0.1:5000", token: "x" }]) await failure(async () => new GatewayClient(bad), "InvalidInput");
  const principal = await failure(async () => new GatewayClient({ host: "http://127.0.0.1:5000", clientId: "id", clientSecret: "s" }), "InvalidInput");
  assert.match(principal.message, /^GatewayClient takes no `clientId`/);
  const { gateway: at, calls } = gateway([]);
  await failure(async () => at.chat(), "InvalidInput");
  await failure(async () => at.chat(".."), "InvalidInput");
  await failure(at.openai("models", { model: "c" }), "InvalidInput");
  await failure(at.openai("completions", {}), "InvalidInput");
  await failure(at.query("c", undefined), "InvalidInput");
  at.close();
  await failure(at.health(), "Closed");
  assert.equal(calls.length, 0);
});
