// What is left behind: forgotten streams, freed clients, thousands of calls. Each in a process of its own that can collect garbage.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { entry } from "./package.mjs";

/** Runs a program with `gc`, and with the core's memory as `memory()`; gives what it put into `out`. */
async function inProcess(text) {
  const script = `
    const { Instance } = WebAssembly;
    let exports;
    WebAssembly.Instance = class extends Instance { constructor(...args) { super(...args); exports = this.exports; } };
    const { WorkspaceClient } = await import(${JSON.stringify(entry("."))});
    const memory = () => Buffer.from(Object.values(exports).find((value) => value instanceof WebAssembly.Memory).buffer);
    const out = {};
    const tick = (ms = 1) => new Promise((resolve) => setTimeout(resolve, ms));
    const collect = async (until) => { for (let turn = 0; turn < 200 && !until(); turn += 1) { gc(); await tick(5); } };
    const completion = JSON.stringify({ choices: [{ index: 0, message: { role: "assistant", content: "good" }, finish_reason: "stop" }] });
    ${text}
    console.log(JSON.stringify(out));
    process.exit(0);`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--expose-gc", "--input-type=module", "-e", script], { timeout: 120_000, maxBuffer: 1 << 26 });
  return JSON.parse(stdout);
}

test("I8: a stream that is forgotten unread or half read lets its connection go", async () => {
  const out = await inProcess(`
    const signals = [];
    const cancelled = new Set();
    const line = new TextEncoder().encode('data: {"choices":[{"index":0,"delta":{"content":"x"},"finish_reason":null}]}\\n\\n');
    const fetch = async (_, { signal }) => { const turn = signals.push(signal); return new Response(new ReadableStream({ pull: (to) => to.enqueue(line), cancel: () => cancelled.add(turn) }, { highWaterMark: 0 }), { headers: { "content-type": "text/event-stream" } }); };
    const chat = new WorkspaceClient({ host: "https://x.example", token: "dapi-x", fetch, timeouts: { idleMs: 3_600_000 } }).chat("e");
    await (async () => {
      for (let place = 0; place < 20; place += 1) {
        const stream = await chat.stream("x");
        if (place % 2) await stream[Symbol.asyncIterator]().next();
      }
    })();
    const gone = () => signals.filter((signal, place) => signal.aborted || cancelled.has(place + 1)).length;
    await collect(() => gone() === 20);
    out.gone = gone();`);
  // a collector promises nothing for the very last one
  assert.ok(out.gone >= 18, `${out.gone} of 20 connections were let go`);
});

test("I8: a chain's stream that is forgotten lets go of the connection and of the caller's signal", async () => {
  const out = await inProcess(`
    const { getEventListeners } = await import("node:events");
    const { pipe, StrOutputParser } = await import(${JSON.stringify(entry("."))});
    const signals = [];
    const cancelled = new Set();
    const line = new TextEncoder().encode('data: {"choices":[{"index":0,"delta":{"content":"x"},"finish_reason":null}]}\\n\\n');
    const fetch = async (_, { signal }) => { const turn = signals.push(signal); return new Response(new ReadableStream({ pull: (to) => to.enqueue(line), cancel: () => cancelled.add(turn) }, { highWaterMark: 0 }), { headers: { "content-type": "text/event-stream" } }); };
    const chat = new WorkspaceClient({ host: "https://x.example", token: "dapi-x", fetch, timeouts: { idleMs: 3_600_000 } }).chat("e");
    const chain = pipe(chat, new StrOutputParser());
    const { signal } = new AbortController();
    const open = async () => {
      for (let place = 0; place < 20; place += 1) {
        const stream = await chain.stream("x", { signal });
        if (place % 2) await stream[Symbol.asyncIterator]().next();
      }
    };
    await open();
    const listening = () => getEventListeners(signal, "abort").length;
    const gone = () => signals.filter((signal, place) => signal.aborted || cancelled.has(place + 1)).length;
    await collect(() => gone() === 20 && listening() === 0);
    out.gone = gone();
    out.listening = listening();
    // one that is read is not forgotten, however long it takes
    const held = (await chain.stream("x", { signal }))[Symbol.asyncIterator]();
    await held.next();
    await collect(() => false);
    out.held = (await held.next()).value;`);
  assert.ok(out.gone >= 18, `${out.gone} of 20 connections were let go`);
  assert.ok(out.listening <= 2, `${out.listening} of 20 still listen to the signal`);
  assert.equal(out.held, "x");
});

test("L9: the token is not in the core's memory once its client is gone", async () => {
  const out = await inProcess(`
    const token = () => ["dapi", "c0ffee", "canary", "0123456789"].join("");
    const count = () => { const bytes = memory(); let found = 0; for (let at = bytes.indexOf(token()); at >= 0; at = bytes.indexOf(token(), at + 1)) found += 1; return found; };
    await (async () => { const clients = Array.from({ length: 5 }, () => new WorkspaceClient({ host: "https://x.example", token: token(), fetch: async () => new Response(completion) })); out.during = count(); void clients; })();
    await collect(() => count() === 0);
    out.after = count();`);
  assert.ok(out.during >= 5, "the scan finds a token that is there");
  assert.equal(out.after, 0);
});

test("J2 I9: 20,000 calls and 2,000 streams do not make the core's memory grow", async () => {
  const out = await inProcess(`
    const stream = 'data: {"choices":[{"index":0,"delta":{"content":"x"},"finish_reason":"stop"}]}\\n\\ndata: [DONE]\\n\\n';
    const fetch = async (_, { body }) => Buffer.from(body).includes('"stream":true') ? new Response(stream, { headers: { "content-type": "text/event-stream" } }) : new Response(completion);
    const chat = new WorkspaceClient({ host: "https://x.example", token: "dapi-x", fetch }).chat("e");
    const round = async () => {
      for (let place = 0; place < 100; place += 1) {
        await Promise.all(Array.from({ length: 100 }, () => chat.invoke("Hi")));
        for (let turn = 0; turn < 10; turn += 1) for await (const one of await chat.stream("Hi")) void one;
      }
      for (let turn = 0; turn < 20; turn += 1) { gc(); await tick(2); }
      return memory().length;
    };
    out.first = await round();
    out.second = await round();`);
  assert.ok(out.second <= out.first, `${out.first} bytes after the first half, ${out.second} after the second`);
});

test("M10: lengths and numbers at their limits are answers or typed errors", async () => {
  const out = await inProcess(`
    const kinds = [];
    for (const headers of [{ "content-length": "18446744073709551616" }, { "content-length": "-1" }, { "content-length": "4294967296" }, { "retry-after-ms": "1e308" }, { "retry-after": "18446744073709551615" }]) {
      for (const status of [200, 429]) {
        const answer = { status, headers: new Headers({ "content-type": "application/json", ...headers }), bodyUsed: false, body: new Response(completion).body };
        const chat = new WorkspaceClient({ host: "https://x.example", token: "dapi-x", fetch: async () => answer, retry: { maxAttempts: 1, budget: 1_000_000 }, maxBodyBytes: 1_000_000_000, timeouts: { totalMs: 2147483647 } }).chat("e");
        kinds.push(await chat.invoke("x").then(({ text }) => text, (error) => error.kind ?? String(error)));
      }
    }
    out.kinds = kinds;`);
  assert.deepEqual([...new Set(out.kinds)].sort(), ["BodyTooLarge", "TooManyRequests", "good"]);
});
