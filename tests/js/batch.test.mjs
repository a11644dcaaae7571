// Many calls at once: order, bound, and one failure that leaves the others.

import assert from "node:assert/strict";
import { test } from "node:test";
import { LakewireError } from "./package.mjs";
import { emulator, fault, LLAMA } from "./emulator.mjs";
import { completion, failure, json, never, refusal, scripted } from "./fakes.mjs";

const workspace = await emulator();

test("batch: results keep the order, whatever order the answers come in", async () => {
  const waiting = [];
  const { chat } = scripted((call) => new Promise((resolve) => waiting.push(() => resolve(json(completion(call.json.messages[0].content))))));
  const results = chat.batch(["a", "b", "c", "d"]);
  while (waiting.length < 4) await new Promise((resolve) => setImmediate(resolve));
  for (const release of waiting.reverse()) release();
  assert.deepEqual((await results).map(({ status, value }) => [status, value.text]), ["a", "b", "c", "d"].map((text) => ["fulfilled", text]));
});

test("batch: against the emulator, every input gets its own answer", async () => {
  const { client, seen } = workspace.client();
  const names = ["Ada", "Grace", "Barbara", "Edsger", "Donald", "Alan"];
  const results = await client.chat(LLAMA).batch(names.map((name) => `My name is ${name}. What is my name?`), { max_tokens: 30, maxConcurrency: 2 });
  results.forEach(({ value }, place) => assert.match(value.text, new RegExp(names[place])));
  assert.equal((await seen()).length, names.length);
});

test("J7: never more calls at once than maxConcurrency, 4 unless set", async () => {
  for (const [options, most] of [[{}, 4], [{ maxConcurrency: 1 }, 1], [{ maxConcurrency: 7 }, 7], [{ maxConcurrency: 100 }, 20]]) {
    let open = 0;
    let peak = 0;
    const { chat } = scripted(async () => {
      open += 1;
      peak = Math.max(peak, open);
      await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
      open -= 1;
      return json(completion());
    });
    await chat.batch(Array.from({ length: 20 }, (_, place) => `input ${place}`), options);
    assert.equal(peak, most);
  }
});

test("batch: one failure leaves the good ones, and is a LakewireError in its place", async () => {
  const { chat } = scripted((call) => (call.json.messages[0].content === "b" ? refusal(404) : json(completion(call.json.messages[0].content))));
  const [first, second, third, fourth] = await chat.batch(["a", "b", "c", [{ content: "no role" }]]);
  assert.equal(first.value.text, "a");
  assert.equal(third.value.text, "c");
  assert.equal(second.status, "rejected");
  assert.ok(second.reason instanceof LakewireError);
  assert.equal(second.reason.kind, "NotFound");
  assert.equal(fourth.reason.kind, "InvalidInput");
});

test("batch: a failure of the emulator stays with its item", async () => {
  const { client } = workspace.client();
  const results = await client.chat(LLAMA).batch(["Hi", "Hello"], { ...fault({ status: 403 }) });
  assert.deepEqual(results.map(({ reason }) => reason.kind), ["PermissionDenied", "PermissionDenied"]);
});

test("J7 I2: a signal ends the running and the waiting calls; nothing more is sent", async () => {
  const { chat, calls } = scripted(never);
  const controller = new AbortController();
  const running = chat.batch(Array.from({ length: 50 }, () => "x"), { signal: controller.signal, maxConcurrency: 3 });
  while (calls.length < 3) await new Promise((resolve) => setImmediate(resolve));
  controller.abort();
  const results = await running;
  assert.equal(results.length, 50);
  assert.ok(results.every(({ status, reason }) => status === "rejected" && reason.kind === "Cancelled"));
  assert.equal(calls.length, 3);
});

test("batch: nothing in, nothing out; any iterable is taken; a bad bound is refused", async () => {
  const { chat, calls } = scripted(() => json(completion()));
  assert.deepEqual(await chat.batch([]), []);
  assert.equal((await chat.batch(new Set(["a", "b"]))).length, 2);
  assert.equal(calls.length, 2);
  for (const maxConcurrency of [0, -1, 1.5, Number.NaN, "2", Infinity]) {
    await failure(() => chat.batch(["a"], { maxConcurrency }), "InvalidInput");
  }
  assert.equal(calls.length, 2);
});

test("batch: a thing that is no list is refused", async () => {
  const { chat, calls } = scripted(() => json(completion()));
  for (const inputs of [undefined, null, 7, {}]) await failure(() => chat.batch(inputs), "InvalidInput");
  assert.equal(calls.length, 0);
});
