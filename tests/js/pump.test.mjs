// The stream's two faces, driven by a fetch that gives exactly the bytes a test wants.
// Run after `npm run build`: `node --test --expose-gc tests/js/pump.test.mjs`.

import assert from "node:assert/strict";
import { test } from "node:test";
import { LakewireError, WorkspaceClient } from "../../pkg/dist/index.js";

const encoder = new TextEncoder();
const bytes = (text) => encoder.encode(text);
const event = (value) => `data: ${typeof value === "string" ? value : JSON.stringify(value)}\n\n`;
const delta = (delta, finish_reason = null, rest = {}) => ({
  id: "c1", object: "chat.completion.chunk", created: 1, model: "m", choices: [{ index: 0, delta, finish_reason }], ...rest,
});
const TALK = [
  delta({ role: "assistant", content: "" }),
  ...["Hel", "lo", ", ", "wörld", " \"x\"\n", "😀"].map((content, at) => delta({ content }, null, { usage: { prompt_tokens: 3, completion_tokens: at, total_tokens: null } })),
  delta({}, "stop", { usage: { prompt_tokens: 3, completion_tokens: 6, total_tokens: 9 } }),
];
const SAID = "Hello, wörld \"x\"\n😀";
const SSE = `${TALK.map(event).join("")}data: [DONE]\n\n`;

/** A body that gives these reads and then what `end` says; what happened to it stands in `log`. */
function body(reads, { end = "close", log = {} } = {}) {
  let at = 0;
  log.pulls = 0;
  return new ReadableStream(
    {
      pull(controller) {
        log.pulls += 1;
        if (at < reads.length) {
          controller.enqueue(reads[at++]);
        } else if (end === "close") {
          controller.close();
        } else if (end === "error") {
          controller.error(new TypeError("terminated"));
        } else {
          return new Promise(() => {});
        }
      },
      cancel(reason) {
        log.cancelled = true;
        log.reason = reason;
      },
    },
    { highWaterMark: 0 },
  );
}

function chatOver(stream, { headers = {}, ...config } = {}) {
  const seen = {};
  const fetch = async (_url, init) => {
    seen.signal = init?.signal;
    return new Response(typeof stream === "function" ? stream() : stream, {
      headers: { "content-type": "text/event-stream", "x-request-id": "r-1", "served-model-name": "served", ...headers },
    });
  };
  const client = new WorkspaceClient({ host: "http://127.0.0.1:1", token: "dapi-test", fetch, ...config });
  return { chat: client.chat("e"), client, seen };
}

const collect = async (stream) => {
  const items = [];
  for await (const item of stream) items.push(item);
  return items;
};

async function caught(promise) {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof LakewireError, `${error}`);
    return error;
  }
  assert.fail("it did not fail");
}

test("E1: E3: E25: every object is what JSON.parse gives, however the bytes are cut", async () => {
  const whole = bytes(SSE);
  for (const size of [1, 2, 3, 7, 50, 333, whole.length]) {
    const reads = [];
    for (let at = 0; at < whole.length; at += size) reads.push(whole.slice(at, at + size), new Uint8Array(0));
    const stream = await chatOver(body(reads)).chat.stream("x");
    const chunks = await collect(stream);
    assert.deepEqual(chunks, TALK);
    assert.equal(JSON.stringify(chunks), JSON.stringify(TALK));
    const words = await collect(await chatOver(body(reads)).chat.textStream("x"));
    assert.equal(words.join(""), SAID);
  }
});

test("E6: a piece of text that begins with U+FEFF keeps it", async () => {
  const chunks = ["a", "b", "\ufeffc", "\ufeff"].map((content) => delta({ content }));
  const stream = await chatOver(body(chunks.map((chunk) => bytes(event(chunk))))).chat.stream("x");
  const seen = [];
  await caught((async () => { for await (const chunk of stream) seen.push(chunk); })());
  assert.deepEqual(seen, chunks);
});

test("H12: objects of a known shape are plain, their own, and cannot pollute", async () => {
  const chunks = [1, 2, 3, 4].map((n) => JSON.parse(`{"choices":[{"index":0,"delta":{"content":"${n}"},"tags":["a",{"b":{}}],"__proto__":{"polluted":1}}],"n":${n}}`));
  const stream = await chatOver(body([bytes(chunks.map(event).join("") + event("[DONE]"))])).chat.stream("x");
  const seen = await collect(stream);
  assert.deepEqual(seen, chunks);
  assert.equal({}.polluted, undefined);
  seen[2].choices[0].tags[1].b.mine = true;
  seen[2].choices[0].tags.push("mine");
  assert.deepEqual(seen[3].choices[0].tags, ["a", { b: {} }]);
  assert.equal(Object.getPrototypeOf(seen[3].choices[0].delta), Object.prototype);
});

test("H12: constant parts of a shape are copied for every chunk", async () => {
  const chunks = [1, 2, 3, 4].map((n) => delta({ content: `${n}` }, null, { meta: { list: [1, { deep: {} }] } }));
  const seen = await collect(await chatOver(body([bytes(chunks.map(event).join("") + event("[DONE]"))])).chat.stream("x"));
  seen[2].meta.list[1].deep.mine = true;
  seen[2].meta.list.push(2);
  assert.deepEqual(seen[3], chunks[3]);
});

test("F1: G1: the final completion, its views and facts", async () => {
  const { chat } = chatOver(() => body([bytes(SSE)]));
  const stream = await chat.stream("x");
  assert.equal(stream.requestId, "r-1");
  assert.equal(stream.servedModelName, "served");
  assert.equal(stream.attempts, 1);
  assert.equal(stream.completeness.state, "open");
  const answer = await stream.finalCompletion();
  assert.equal(answer.text, SAID);
  assert.equal(answer.finishReason, "stop");
  assert.deepEqual(answer.usage, { prompt_tokens: 3, completion_tokens: 6, total_tokens: 9 });
  assert.equal(answer.requestId, "r-1");
  assert.deepEqual(stream.completeness, { state: "complete", noSentinel: false, noFinishReason: false, warnings: [] });
  const iterated = await chat.stream("x");
  await collect(iterated);
  assert.deepEqual({ ...(await iterated.finalCompletion()) }, { ...answer });
});

test("F2: F3: F4: F5: the states of an end", async () => {
  const parts = TALK.map(event);
  const over = async (text, options) => (await chatOver(body([bytes(text)], options)).chat.stream("x"));
  const eof = await over(parts.join(""));
  await collect(eof);
  assert.equal(eof.completeness.noSentinel, true);
  const unsaid = await over(`${parts[1]}data: [DONE]\n\n`);
  await collect(unsaid);
  assert.equal(unsaid.completeness.noFinishReason, true);
  const late = await over(parts.join(""), { end: "error" });
  await collect(late);
  assert.deepEqual(late.completeness.warnings, ["broken_after_end"]);
  const cut = await over(parts.slice(0, 4).join(""));
  const truncated = await caught(collect(cut));
  assert.equal(truncated.kind, "Truncated");
  assert.equal(truncated.requestId, "r-1");
  assert.equal(truncated.partial.choices[0].message.content, "Hello, ");
  assert.equal(cut.completeness.state, "truncated");
  assert.equal((await caught(cut.finalCompletion())).kind, "Truncated");
  const broken = await caught(collect(await over(parts.slice(0, 4).join(""), { end: "error" })));
  assert.equal(broken.kind, "Connect");
  assert.ok(broken.isRetryable && broken.cause instanceof TypeError);
  assert.equal(broken.partial.choices[0].message.content, "Hello, ");
});

test("E28: E22: E24: faults come after the good chunks, typed", async () => {
  for (const [bad, kind] of [
    [event({ error_code: "TEMPORARILY_UNAVAILABLE", message: "later" }), "TemporarilyUnavailable"],
    [event("{"), "Decode"],
    [`data: ${"x".repeat(5000)}\n\n`, "EventTooLarge"],
  ]) {
    const log = {};
    const { chat } = chatOver(body([bytes(TALK.slice(0, 4).map(event).join("") + bad + SSE)], { end: "hang", log }), { maxEventBytes: 4096 });
    const seen = [];
    const error = await caught((async () => { for await (const chunk of await chat.stream("x")) seen.push(chunk); })());
    assert.equal(error.kind, kind);
    assert.equal(error.requestId, "r-1");
    assert.deepEqual(seen, TALK.slice(0, 4));
    assert.equal(error.partial.choices[0].message.content, "Hello, ");
    assert.ok(log.cancelled, "the body is let go");
  }
});

test("E19: after the end mark the body is let go", async () => {
  const log = {};
  const { chat, seen } = chatOver(body([bytes(SSE)], { end: "hang", log }));
  assert.equal((await collect(await chat.stream("x"))).length, TALK.length);
  while (!log.cancelled) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.ok(seen.signal.aborted);
});

test("I5: break, throw and return reach the server", async () => {
  for (const leave of [
    async (stream) => { for await (const _ of stream) break; },
    async (stream) => { try { for await (const _ of stream) throw new Error("mine"); } catch (error) { assert.equal(error.message, "mine"); } },
    async (stream) => { const all = stream[Symbol.asyncIterator](); await all.next(); await all.return(); assert.deepEqual(await all.next(), { value: undefined, done: true }); },
    async (stream) => { await stream.cancel("enough"); },
    async (stream) => { const reader = stream.getReader(); await reader.read(); await reader.cancel("enough"); },
    async (stream) => { const all = stream[Symbol.asyncIterator](); const waiting = [all.next(), all.next()]; await waiting[0]; await all.return(); await Promise.allSettled(waiting); },
  ]) {
    const log = {};
    const { chat, seen } = chatOver(body(TALK.slice(0, 3).map((chunk) => bytes(event(chunk))), { end: "hang", log }));
    const stream = await chat.stream("x");
    await leave(stream);
    await stream.finished;
    await new Promise((resolve) => setImmediate(resolve));
    assert.ok(log.cancelled, `the body is cancelled after ${leave}`);
    assert.ok(seen.signal.aborted, "and the request aborted");
    assert.equal((await caught(stream.finalCompletion())).kind, "Cancelled");
  }
});

test("I2: I14: a signal ends a waiting stream, and its reason is kept", async () => {
  const log = {};
  const { chat } = chatOver(body([bytes(event(TALK[1]))], { end: "hang", log }));
  const controller = new AbortController();
  const stream = await chat.stream("x", { signal: controller.signal });
  const all = stream[Symbol.asyncIterator]();
  await all.next();
  const waiting = caught(all.next());
  const reason = new Error("the user left");
  controller.abort(reason);
  const error = await waiting;
  assert.equal(error.kind, "Cancelled");
  assert.equal(error.cause, reason);
  assert.equal(error.partial.choices[0].message.content, "Hel");
  assert.ok(log.cancelled);
});

test("I9: I3: one signal over many streams keeps no listeners", async () => {
  let listeners = 0;
  const controller = new AbortController();
  const { signal } = controller;
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = function (...args) { listeners += 1; return addEventListener.apply(this, args); };
  signal.removeEventListener = function (...args) { listeners -= 1; return removeEventListener.apply(this, args); };
  const { chat } = chatOver(() => body([bytes(SSE)]));
  for (let at = 0; at < 50; at += 1) await collect(await chat.stream("x", { signal }));
  assert.equal(listeners, 0);
  const last = await chat.stream("x", { signal });
  await collect(last);
  controller.abort();
  assert.equal((await last.finalCompletion()).text, SAID);
});

test("I10: I11: one reader at a time, and calls of next that overlap keep their order", async () => {
  const { chat } = chatOver(() => body(TALK.map((chunk) => bytes(event(chunk))).concat(bytes("data: [DONE]\n\n"))));
  const stream = await chat.stream("x");
  const all = stream[Symbol.asyncIterator]();
  assert.throws(() => stream[Symbol.asyncIterator](), { kind: "Closed" });
  const results = await Promise.all(Array.from({ length: TALK.length + 2 }, () => all.next()));
  assert.deepEqual(results.map(({ value }) => value), [...TALK, undefined, undefined]);
  assert.ok(results.at(-1).done);
  const locked = await chat.stream("x");
  locked.getReader();
  assert.throws(() => locked[Symbol.asyncIterator](), { kind: "Closed" });
});

test("C2: C10: idle counts only while waiting on the peer", async () => {
  const { chat } = chatOver(() => body([bytes(event(TALK[1])), bytes(event(TALK[2]))], { end: "hang" }), { timeouts: { idleMs: 60 } });
  const all = (await chat.stream("x"))[Symbol.asyncIterator]();
  await all.next();
  await new Promise((resolve) => setTimeout(resolve, 150));
  assert.equal((await all.next()).value.choices[0].delta.content, "lo");
  const error = await caught(all.next());
  assert.equal(error.kind, "DeadlineExceeded");
  assert.equal(error.phase, "idle");
  assert.equal(error.partial.choices[0].message.content, "Hello");
});

test("J3: reads are asked for one at a time, by the consumer", async () => {
  const log = {};
  const { chat } = chatOver(body(Array.from({ length: 100 }, () => bytes(event(TALK[1]))), { log }));
  const all = (await chat.stream("x"))[Symbol.asyncIterator]();
  await all.next();
  await all.next();
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.ok(log.pulls <= 4, `${log.pulls} reads for two chunks`);
  await all.return();
});

test("it is a ReadableStream: pipes, tees and readers work", async () => {
  const { chat } = chatOver(() => body([bytes(SSE)]));
  const text = (await chat.textStream("x")).pipeThrough(new TextEncoderStream());
  assert.equal(await new Response(text).text(), SAID);
  const [left, right] = (await chat.stream("x")).tee();
  const both = await Promise.all([Array.fromAsync ? Array.fromAsync(left) : collect(left), collect(right)]);
  assert.deepEqual(both, [TALK, TALK]);
  assert.ok((await chat.stream("x")) instanceof ReadableStream);
});

test("M6: E34: E35: bodies no fetch should give are typed errors", async () => {
  const detached = () => { const chunk = bytes("x"); structuredClone(chunk, { transfer: [chunk.buffer] }); return chunk; };
  for (const read of ["data: x", { length: 3 }, new Uint16Array(4), detached(), null]) {
    const stream = await chatOver(body([read])).chat.stream("x").catch((error) => ({ async *[Symbol.asyncIterator]() { throw error; } }));
    const error = await caught(collect(stream));
    assert.ok(["Protocol", "EmptyBody", "Decode"].includes(error.kind), `${error.kind}: ${error.message}`);
  }
});

test("J1: ten thousand chunks leave nothing behind", async () => {
  const many = bytes(Array.from({ length: 10_000 }, (_, at) => event(delta({ content: `word ${at} ` }))).join("") + event("[DONE]"));
  const { chat } = chatOver(() => body([many]));
  let count = 0;
  for await (const _ of await chat.stream("x")) count += 1;
  assert.equal(count, 10_000);
});
