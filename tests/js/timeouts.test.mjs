// Time limits of answers and streams, and what is not a time-out. Time is the test's own: hours pass at once.

import assert from "node:assert/strict";
import { test } from "node:test";
import { chunk, completion, DONE, event, failure, json, never, refusal, scripted, sse, withClock } from "./fakes.mjs";

const good = () => json(completion("done"));
const words = (...texts) => [...texts.map((content) => event(chunk({ content }))), event(chunk({}, { finish_reason: "stop" })), DONE];
const tick = () => new Promise((resolve) => setImmediate(resolve));

async function collect(stream) {
  const all = [];
  for await (const one of stream) all.push(one);
  return all;
}

test("C1: headers that never come end at the first-byte limit", async () => {
  await withClock(async (clock) => {
    const { chat, calls } = scripted(never);
    const error = await failure(() => chat.invoke("Hi", { timeouts: { firstByteMs: 1500 }, maxAttempts: 1 }), "DeadlineExceeded");
    assert.equal(error.phase, "first_byte");
    assert.equal(error.maybeProcessed, true);
    assert.deepEqual(clock.fired, [1500]);
    assert.ok(calls[0].signal.aborted, "the request is ended");
  });
});

test("C2 C5: a body that stops ends at the idle or the total limit, whichever comes first", async () => {
  for (const [timeouts, phase, ms] of [[{ idleMs: 700 }, "idle", 700], [{ idleMs: 700, totalMs: 300 }, "total", 300]]) {
    await withClock(async (clock) => {
      const cut = () => new Response(new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array([123])) }), { headers: { "content-type": "application/json" } });
      const { chat, calls } = scripted(cut);
      const error = await failure(() => chat.invoke("Hi", { timeouts, maxAttempts: 1 }), "DeadlineExceeded");
      assert.equal(error.phase, phase);
      assert.equal(clock.fired.length, 1);
      assert.ok(Math.abs(clock.fired[0] - ms) <= 1, `${clock.fired}`);
      assert.ok(calls[0].signal.aborted, "the connection is let go");
    });
  }
});

test("C6: a backoff that would pass the deadline is not begun", async () => {
  await withClock(async (clock) => {
    const { chat, calls } = scripted(() => refusal(429, { headers: { "retry-after": "5" } }));
    const error = await failure(() => chat.invoke("Hi", { timeouts: { totalMs: 4000 } }), "TooManyRequests");
    assert.equal(error.retryAfterMs, 5000);
    assert.equal(calls.length, 1);
    assert.deepEqual(clock.fired, []);
  });
});

test("C7: limits that no timer can hold are refused, at the client and at the call", async () => {
  const { client, chat, calls } = scripted(good);
  for (const name of ["firstByteMs", "idleMs", "totalMs"]) {
    for (const value of [0, -1, Number.NaN, Infinity, 1e12, 2 ** 31, "100", {}, true]) {
      await failure(() => chat.invoke("Hi", { timeouts: { [name]: value } }), "InvalidInput");
      await failure(async () => scripted(good, { timeouts: { [name]: value } }), "InvalidInput");
      await failure(() => client.servingEndpoints().list({ timeouts: { [name]: value } }), "InvalidInput");
    }
  }
  assert.equal(calls.length, 0);
  await chat.invoke("Hi", { timeouts: { firstByteMs: 2 ** 31 - 1, idleMs: 0.5, totalMs: undefined } });
});

test("C9 C10: time that passes while nothing is awaited is no time-out", async () => {
  await withClock(async (clock) => {
    const { chat } = scripted(good);
    clock.advance(3_600_000);
    assert.equal((await chat.invoke("Hi", { timeouts: { firstByteMs: 100 } })).text, "done");
    clock.advance(-10_000_000);
    assert.equal((await chat.invoke("Hi", { timeouts: { firstByteMs: 100 } })).text, "done", "a clock that goes back breaks nothing");
  });
});

test("C2 C3 C5: idle and total limits of a stream, with the text so far; what keeps coming keeps it alive", async () => {
  for (const [timeouts, phase, state] of [[{ idleMs: 500 }, "idle", "truncated"], [{ idleMs: 500, totalMs: 1200 }, "total", "truncated"]]) {
    await withClock(async (clock) => {
      let turn = 0;
      const drip = new ReadableStream({
        async pull(controller) {
          turn += 1;
          if (phase === "idle" && turn > 4) return new Promise(() => {});
          await new Promise((resolve) => setTimeout(resolve, 400));
          controller.enqueue(new TextEncoder().encode(turn % 2 ? event(chunk({ content: "a" })) : ": keepalive\n\n"));
        },
      }, { highWaterMark: 0 });
      const { chat, calls } = scripted([new Response(drip, { headers: { "content-type": "text/event-stream" } })]);
      const begin = clock.now;
      const stream = await chat.stream("Hi", { timeouts });
      const error = await failure(() => collect(stream), "DeadlineExceeded");
      assert.equal(error.phase, phase);
      const took = Math.round(clock.now - begin);
      const due = phase === "idle" ? 4 * 400 + 500 : 1200;
      assert.ok(took >= due && took <= due + 2, `${took} ms`);
      assert.match(error.partial.choices[0].message.content, /^a+$/);
      assert.equal(stream.completeness.state, state);
      assert.ok(calls[0].signal.aborted, "the connection is let go");
    });
  }
});

test("C3 C4: comments alone keep a stream alive for ten minutes", async () => {
  await withClock(async (clock) => {
    let turn = 0;
    const drip = new ReadableStream({
      async pull(controller) {
        await new Promise((resolve) => setTimeout(resolve, 59_000));
        turn += 1;
        controller.enqueue(new TextEncoder().encode(turn < 11 ? ": keepalive\n\n" : words("a").join("")));
        if (turn === 11) controller.close();
      },
    }, { highWaterMark: 0 });
    const { chat } = scripted([new Response(drip, { headers: { "content-type": "text/event-stream" } })]);
    const begin = clock.now;
    assert.equal((await collect(await chat.stream("Hi"))).length, 2);
    assert.ok(clock.now - begin > 600_000);
  });
});

test("C9 C10 C11: a reader that sleeps is no time-out; a machine that slept while waiting is", async () => {
  await withClock(async (clock) => {
    const { chat } = scripted(() => sse([words("a")[0] + words("b")[0], ...words("c")]));
    const stream = await chat.stream("Hi", { timeouts: { idleMs: 500 } });
    let count = 0;
    for await (const one of stream) {
      void one;
      count += 1;
      clock.advance(3_600_000);
    }
    assert.equal(count, 4);
  });
  await withClock(async (clock) => {
    let give;
    const slow = new ReadableStream({ pull: (controller) => new Promise((resolve) => (give = () => { controller.enqueue(new TextEncoder().encode(words("a")[0])); resolve(); })) }, { highWaterMark: 0 });
    const { chat } = scripted([new Response(slow, { headers: { "content-type": "text/event-stream" } })]);
    const reading = failure(async () => collect(await chat.stream("Hi", { timeouts: { idleMs: 500 } })), "DeadlineExceeded");
    while (give === undefined) await tick();
    clock.advance(3_600_000);
    give();
    assert.equal((await reading).phase, "idle");
  });
});
