// Ending calls: in every phase, by signal or by closing the client, seen by the server, and nothing left behind.

import assert from "node:assert/strict";
import { getEventListeners, setMaxListeners } from "node:events";
import { createServer } from "node:http";
import { after, test } from "node:test";
import { emulator, eventually, fault, LLAMA } from "./emulator.mjs";
import { completion, failure, json, never, refusal, scripted, withClock } from "./fakes.mjs";
import { WorkspaceClient } from "./package.mjs";

const workspace = await emulator();
const tick = () => new Promise((resolve) => setImmediate(resolve));

const rejections = [];
process.on("unhandledRejection", (reason) => rejections.push(reason));
after(() => assert.deepEqual(rejections, [], "no unhandled rejections"));

test("I1: a signal that has fired sends no request", async () => {
  const { client, chat, calls } = scripted(() => json(completion()));
  const signal = AbortSignal.abort(new Error("before"));
  for (const act of [
    () => chat.invoke("Hi", { signal }),
    () => chat.stream("Hi", { signal }),
    () => chat.textStream("Hi", { signal }),
    () => chat.runTools("Hi", { tools: [], signal }),
    () => chat.structuredOutput({ type: "object" }).invoke("Hi", { signal }),
    () => client.servingEndpoints().list({ signal }),
    () => client.servingEndpoints().get("x", { signal }),
  ]) {
    const error = await failure(act, "Cancelled");
    assert.equal(error.attempts, 0);
    assert.equal(error.maybeProcessed, false, "nothing was sent");
    assert.equal(error.cause.message, "before", String(act));
  }
  assert.equal(calls.length, 0);
});

test("I2 I14: an abort while connecting and waiting for headers ends the call; fetch sees it; the reason is kept", async () => {
  for (const method of ["invoke", "stream", "textStream"]) {
    const { chat, calls } = scripted(never);
    const controller = new AbortController();
    const running = failure(() => chat[method]("Hi", { signal: controller.signal }), "Cancelled");
    while (calls.length < 1) await tick();
    const reason = { why: "the user left" };
    controller.abort(reason);
    const error = await running;
    assert.equal(error.cause, reason);
    assert.equal(error.maybeProcessed, true);
    assert.equal(error.isRetryable, false);
    await tick();
    assert.ok(calls[0].signal.aborted);
  }
});

test("I2: an abort while the body of an answer comes ends the call and lets the connection go", async () => {
  const cut = () => new Response(new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array([123])) }), { headers: { "content-type": "application/json" } });
  const { chat, calls } = scripted(cut);
  const controller = new AbortController();
  const running = failure(() => chat.invoke("Hi", { signal: controller.signal }), "Cancelled");
  while (calls.length < 1) await tick();
  await tick();
  controller.abort();
  await running;
  assert.ok(calls[0].signal.aborted);
});

test("I2: an abort during the backoff and during a token refresh", async () => {
  await withClock(async () => {
    const { chat, calls } = scripted(() => refusal(503));
    const controller = new AbortController();
    const running = failure(() => chat.invoke("Hi", { signal: controller.signal }), "Cancelled");
    while (calls.length < 1) await tick();
    controller.abort();
    await running;
    assert.equal(calls.length, 1);
  }, { random: 1 });
  let asked = 0;
  const { chat, calls } = scripted(() => json(completion()), { token: () => ((asked += 1), new Promise(() => {})) });
  const controller = new AbortController();
  const running = failure(() => chat.invoke("Hi", { signal: controller.signal }), "Cancelled");
  while (asked < 1) await tick();
  controller.abort();
  assert.equal((await running).maybeProcessed === true && calls.length > 0, false, "nothing was sent");
  assert.equal(calls.length, 0);
});

test("I4: an abort during a shared token refresh leaves it to the others", async () => {
  let give;
  let asked = 0;
  const { chat } = scripted(() => json(completion()), { token: () => ((asked += 1), new Promise((resolve) => (give = resolve))) });
  const controller = new AbortController();
  const first = failure(() => chat.invoke("a", { signal: controller.signal }), "Cancelled");
  const others = [chat.invoke("b"), chat.invoke("c")];
  while (asked < 1) await tick();
  controller.abort();
  await first;
  give("dapi-late");
  for (const answer of await Promise.all(others)) assert.equal(answer.text, "Hello.");
  assert.equal(asked, 1);
});

test("I2: the server sees the connection close, before headers and within a body", async () => {
  for (const what of [{ stall_before_headers: true }, { stall_after_bytes: 5 }]) {
    const { client, seen } = workspace.client();
    const controller = new AbortController();
    const running = failure(() => client.chat(LLAMA).invoke("Hi", { signal: controller.signal, ...fault(what) }), "Cancelled");
    await eventually(async () => (await seen()).length === 1, "the request");
    if (what.stall_after_bytes) await eventually(async () => (await seen())[0].status === 200, "the headers");
    controller.abort();
    await running;
    await eventually(async () => (await seen())[0].outcome === "client_closed", "the close at the server");
  }
});

test("I2: 200 aborted calls leave no connection at the server", async () => {
  const open = new Set();
  let requests = 0;
  const server = createServer(() => (requests += 1));
  server.on("connection", (socket) => {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const client = new WorkspaceClient({ host: `http://127.0.0.1:${server.address().port}`, token: "dapi-x" });
  const controller = new AbortController();
  setMaxListeners(200, controller.signal);
  const running = Array.from({ length: 200 }, () => failure(() => client.chat("e").invoke("Hi", { signal: controller.signal, maxAttempts: 1 }), "Cancelled"));
  await eventually(() => requests === 200, "200 requests");
  controller.abort();
  await Promise.all(running);
  await eventually(() => open.size === 0, "the connections to close");
  server.close();
});

test("I3: an abort after the end does nothing", async () => {
  const { chat, calls } = scripted(() => json(completion()));
  const controller = new AbortController();
  const answer = await chat.invoke("Hi", { signal: controller.signal });
  controller.abort();
  await tick();
  assert.equal(answer.text, "Hello.");
  assert.equal(calls.length, 1);
});

test("I9: 10,000 calls on one long-lived signal leave no listener, good or bad", async () => {
  let turn = 0;
  const { chat } = scripted(() => ((turn += 1) % 3 === 0 ? refusal(404) : json(completion())));
  const { signal } = new AbortController();
  for (let round = 0; round < 1000; round += 1) {
    await Promise.allSettled(Array.from({ length: 10 }, () => chat.invoke("Hi", { signal })));
  }
  assert.equal(turn, 10_000);
  assert.equal(getEventListeners(signal, "abort").length, 0);
});

test("I9: many calls at once on one client do not make Node warn of a leak", async () => {
  const warnings = [];
  const listen = (warning) => warnings.push(warning.name);
  process.on("warning", listen);
  const { chat } = scripted(async () => (await tick(), json(completion())));
  await Promise.all(Array.from({ length: 100 }, () => chat.invoke("Hi")));
  await tick();
  process.off("warning", listen);
  assert.deepEqual(warnings, []);
});

test("I13: close() ends every call, later calls fail with Closed, closing twice is fine", async () => {
  const { client, chat, calls } = scripted(never);
  const running = Array.from({ length: 100 }, () => failure(() => chat.invoke("Hi")));
  while (calls.length < 100) await tick();
  client.close();
  for (const error of await Promise.all(running)) assert.ok(["Closed", "Cancelled"].includes(error.kind), error.kind);
  await tick();
  assert.ok(calls.every((call) => call.signal.aborted));
  client.close();
  await failure(() => chat.invoke("Hi"), "Closed");
  await failure(() => chat.stream("Hi"), "Closed");
  await failure(async () => client.chat("other"), "Closed");
  await failure(() => client.servingEndpoints().list(), "Closed");
  assert.equal(calls.length, 100);
});

test("I12: `using` semantics: Symbol.dispose closes the client", async () => {
  const { client, chat } = scripted(() => json(completion()));
  client[Symbol.dispose ?? Symbol.for("Symbol.dispose")]();
  await failure(() => chat.invoke("Hi"), "Closed");
});

test("I2: two signals' worth: a time-out signal is a Cancelled with its own reason", async () => {
  const { chat } = scripted(never);
  const error = await failure(() => chat.invoke("Hi", { signal: AbortSignal.timeout(5) }), "Cancelled");
  assert.equal(error.cause.name, "TimeoutError");
});

test("I1: what is no signal is refused", async () => {
  const { chat, calls } = scripted(() => json(completion()));
  for (const signal of [7, "abort", {}, { aborted: false }, null]) {
    await failure(() => chat.invoke("Hi", { signal }), "InvalidInput").catch((error) => {
      // `null` may also mean none
      if (signal !== null) throw error;
    });
  }
  assert.ok(calls.length <= 1);
});
