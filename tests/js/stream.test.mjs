// Streams as they are used: chunks, words, the whole answer, and every way to read and to leave one.

import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { after, test } from "node:test";
import { CLAUDE, emulator, eventually, EXTERNAL, fault, GPT_OSS, LLAMA } from "./emulator.mjs";
import { chunk, DONE, event, failure, refusal, scripted, sse, withClock } from "./fakes.mjs";
import { ChatAnswer, ChatStream } from "./package.mjs";

const workspace = await emulator();
const ask = "My name is Ada. What is my name?";
const words = (...texts) => [...texts.map((content) => event(chunk({ content }))), event(chunk({}, { finish_reason: "stop" })), DONE];
const tick = () => new Promise((resolve) => setImmediate(resolve));

const rejections = [];
process.on("unhandledRejection", (reason) => rejections.push(reason));
after(() => assert.deepEqual(rejections, [], "no unhandled rejections"));

async function collect(stream) {
  const all = [];
  for await (const one of stream) all.push(one);
  return all;
}

for (const endpoint of [LLAMA, GPT_OSS, CLAUDE, EXTERNAL]) {
  test(`stream: ${endpoint} of the emulator gives chunks that fold to the whole answer`, async () => {
    const { client } = workspace.client();
    const options = { max_tokens: 2000, ...(endpoint === CLAUDE && { thinking: { type: "enabled", budget_tokens: 1024 } }), ...(endpoint === EXTERNAL && { stream_options: { include_usage: true } }) };
    const chat = client.chat(endpoint, options);
    const stream = await chat.stream(ask);
    assert.ok(stream instanceof ChatStream && stream instanceof ReadableStream);
    assert.ok(stream.requestId && stream.servedModelName);
    assert.equal(stream.attempts, 1);
    assert.equal(stream.completeness.state, "open");
    const chunks = await collect(stream);
    assert.ok(chunks.length > 2);
    assert.ok(chunks.every((one) => one.object === "chat.completion.chunk" && Array.isArray(one.choices)));
    assert.deepEqual(stream.completeness, { state: "complete", noSentinel: false, noFinishReason: false, warnings: [] });
    const whole = await stream.finalCompletion();
    assert.ok(whole instanceof ChatAnswer);
    assert.match(whole.text, /Ada/);
    assert.equal(whole.finishReason, "stop");
    assert.equal(whole.requestId, stream.requestId);
    assert.equal(whole.servedModelName, stream.servedModelName);
    assert.ok(whole.usage.total_tokens > 0);
    const { stream_options, ...others } = options;
    const invoked = await client.chat(endpoint, others).invoke(ask);
    assert.equal(whole.text, invoked.text);
    assert.deepEqual(whole.parts.map(({ type }) => type), invoked.parts.map(({ type }) => type));
  });
}

test("stream: tool calls come in pieces and fold to calls that can be run", async () => {
  const { client } = workspace.client();
  const tools = [{ type: "function", function: { name: "get_weather", description: "Gets the weather of a city", parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] } } }];
  for (const endpoint of [LLAMA, CLAUDE, EXTERNAL]) {
    const stream = await client.chat(endpoint).stream("What is the weather in Paris?", { tools });
    const whole = await stream.finalCompletion();
    assert.equal(whole.finishReason, "tool_calls");
    assert.deepEqual(whole.toolCalls.map(({ name, arguments: args }) => [name, args]), [["get_weather", { city: "Paris" }]]);
  }
});

test("stream: every chunk is what JSON.parse makes of its line", async () => {
  const lines = [
    chunk({ role: "assistant", content: "" }), ...Array.from({ length: 40 }, (_, place) => chunk({ content: `word ${place} "é\u{1f600}\\\n` })),
    chunk({ content: "u" }, { usage: { prompt_tokens: 1, completion_tokens: 2, odd: [null, true, { a: 1.5e-7 }] } }),
    ...Array.from({ length: 10 }, (_, place) => chunk({ tool_calls: [{ index: 0, id: place ? null : "c1", type: "function", function: { name: place ? undefined : "f", arguments: `{"${place}` } }] })),
    { choices: [] }, chunk({ content: [{ type: "reasoning", summary: [{ type: "summary_text", text: "hm" }] }] }), chunk({}, { finish_reason: "stop" }),
  ].map((one) => JSON.stringify(one));
  lines.splice(5, 0, '{"__proto__":{"polluted":true},"choices":[{"index":0,"delta":{"content":"p","constructor":7},"finish_reason":null}]}', '{"choices":[{"index":0,"delta":{"content":"\\ud83d\\ude00\\u0041"},"finish_reason":null}],"n":-0,"big":12345678901234567890,"choices2":[]}');
  const { chat } = scripted([sse([lines.map((line) => `data: ${line}\n\n`).join(""), DONE])]);
  const chunks = await collect(await chat.stream("Hi"));
  assert.equal(chunks.length, lines.length);
  chunks.forEach((one, place) => {
    assert.deepEqual(one, JSON.parse(lines[place]));
    assert.deepEqual(Object.keys(one), Object.keys(JSON.parse(lines[place])), "the keys keep their order");
  });
  assert.equal({}.polluted, undefined);
  assert.notEqual(chunks[1], chunks[2]);
  chunks[1].choices[0].delta.content = "changed";
  assert.notEqual(chunks[2].choices[0].delta.content, "changed", "chunks share nothing");
});

test("textStream: the words of the first choice and nothing else, with the facts of the answer", async () => {
  const { chat } = scripted(() => sse([event(chunk({ role: "assistant", content: "" })), event(chunk({ content: "Hel" })), event(chunk({ content: "no" }, { index: 1 })),
    event(chunk({ content: [{ type: "reasoning", summary: [] }] })), event(chunk({ content: [{ type: "text", text: "lo" }] })), event(chunk({ content: "\ufeff\u{1f600}" })), event(chunk({}, { finish_reason: "stop" })), DONE], { headers: { "x-request-id": "req-1", "served-model-name": "m-1" } }));
  const stream = await chat.textStream("Hi");
  assert.equal((await collect(stream)).join(""), "Hello\ufeff\u{1f600}");
  assert.deepEqual([stream.requestId, stream.servedModelName, stream.attempts], ["req-1", "m-1", 1]);
  assert.equal(stream.completeness.state, "complete");
  const { client } = workspace.client();
  for (const endpoint of [LLAMA, GPT_OSS]) {
    const text = (await collect(await client.chat(endpoint).textStream(ask))).join("");
    assert.equal(text, (await client.chat(endpoint).invoke(ask)).text);
  }
});

test("finalCompletion: alone, before, during and after reading; twice the same", async () => {
  const { chat } = scripted(() => sse(words("a", "b", "c")));
  assert.equal((await (await chat.stream("Hi")).finalCompletion()).text, "abc");
  const stream = await chat.stream("Hi");
  const early = [];
  for await (const one of stream) {
    early.push(one);
    if (early.length === 1) early.whole = stream.finalCompletion();
  }
  assert.equal(early.length, 4, "asking for the whole answer takes nothing from the reader");
  assert.equal((await early.whole).text, "abc");
  assert.equal(await stream.finalCompletion(), await stream.finalCompletion());
  assert.equal((await (await chat.textStream("Hi")).finalCompletion()).text, "abc");
});

test("stream: a reader, a pipe, tee and values() work as on any ReadableStream", async () => {
  const { chat } = scripted(() => sse(words("a", "b")));
  const reader = (await chat.textStream("Hi")).getReader();
  const read = [];
  for (let next = await reader.read(); !next.done; next = await reader.read()) read.push(next.value);
  assert.equal(read.join(""), "ab");
  await reader.closed;
  const piped = (await chat.textStream("Hi")).pipeThrough(new TextEncoderStream());
  assert.equal(await new Response(piped).text(), "ab");
  const [one, two] = (await chat.textStream("Hi")).tee();
  assert.deepEqual([(await collect(one)).join(""), (await collect(two)).join("")], ["ab", "ab"]);
  assert.equal((await collect((await chat.textStream("Hi")).values())).join(""), "ab");
});

test("I10: a second consumer gets a typed error, the first goes on", async () => {
  const { chat } = scripted(() => sse(words("a", "b")));
  const stream = await chat.stream("Hi");
  const iterator = stream[Symbol.asyncIterator]();
  assert.equal((await iterator.next()).value.choices[0].delta.content, "a");
  await failure(() => collect(stream), "Closed");
  await failure(async () => stream.getReader().read(), "Closed").catch((error) => assert.ok(error instanceof TypeError));
  assert.equal((await iterator.next()).value.choices[0].delta.content, "b");
  await iterator.return();
  const locked = await chat.stream("Hi");
  const reader = locked.getReader();
  await failure(() => collect(locked), "Closed");
  assert.equal((await reader.read()).done, false);
  await reader.cancel();
});

test("I11: overlapping next() calls are answered in order, also past the end", async () => {
  for (const method of ["stream", "textStream"]) {
    const { chat } = scripted([sse(words("a", "b", "c"))]);
    const iterator = (await chat[method]("Hi"))[Symbol.asyncIterator]();
    const results = await Promise.all(Array.from({ length: 8 }, () => iterator.next()));
    const values = results.filter(({ done }) => !done).map(({ value }) => (typeof value === "string" ? value : value.choices[0].delta.content ?? ""));
    assert.equal(values.join(""), "abc");
    assert.equal(results.at(-1).done, true);
    assert.equal((await iterator.next()).done, true);
  }
});

for (const [way, leave] of [
  ["break", async (stream) => { for await (const one of stream) { void one; break; } }],
  ["throw", async (stream) => { await assert.rejects(async () => { for await (const one of stream) { void one; throw new RangeError("mine"); } }, RangeError); }],
  ["return()", async (stream) => { const iterator = stream[Symbol.asyncIterator](); await iterator.next(); assert.equal((await iterator.return("x")).value, "x"); assert.equal((await iterator.next()).done, true); }],
  ["cancel()", async (stream) => { await stream.cancel("enough"); }],
  ["reader.cancel()", async (stream) => { const reader = stream.getReader(); await reader.read(); await reader.cancel("enough"); reader.releaseLock(); }],
  ["abort", async (stream, controller) => { await failure(async () => { for await (const one of stream) { void one; controller.abort(); } }, "Cancelled"); }],
  ["abort while waiting", async (stream, controller) => { const reading = failure(() => collect(stream), "Cancelled"); await tick(); controller.abort(); await reading; }],
  ["close() of the client", async (stream, _, client) => { const reading = failure(() => collect(stream), "Closed"); await tick(); client.close(); await reading; }],
]) {
  test(`I2 I5: ${way} ends the stream at the fetch and at the server, and leaves nothing behind`, async () => {
    let cancelled;
    const { client: own, chat, calls } = scripted([sse(words("a", "b").slice(0, 2), { open: true, onCancel: () => { cancelled = true; } })]);
    const first = new AbortController();
    const fake = await chat.stream("Hi", { signal: first.signal });
    fake.finished.then(() => (fake.over = true));
    await leave(fake, first, own);
    await tick();
    assert.ok(cancelled || calls[0].signal.aborted, "the body is let go");
    assert.ok(fake.over, "finished settles");
    assert.equal(getEventListeners(first.signal, "abort").length, 0);
    assert.equal(fake.completeness.state, "truncated");
    const error = await failure(() => fake.finalCompletion());
    assert.ok(["Cancelled", "Closed"].includes(error.kind));

    const { client, seen } = workspace.client();
    const second = new AbortController();
    const stall = way === "abort while waiting" || way.startsWith("close") ? { stall_after_bytes: 400 } : { repeat_text: 1_000_000 };
    const stream = await client.chat(LLAMA).stream(ask, { signal: second.signal, ...fault(stall) });
    await leave(stream, second, client);
    await eventually(async () => (await seen())[0].outcome === "client_closed", "the close at the server");
    assert.equal(getEventListeners(second.signal, "abort").length, 0);
  });
}

test("I3 I14: an abort with a reason is on the error; after the end it does nothing", async () => {
  const { chat } = scripted(() => sse(words("a")));
  const controller = new AbortController();
  const stream = await chat.stream("Hi", { signal: controller.signal });
  const chunks = await collect(stream);
  controller.abort(new Error("late"));
  assert.equal(chunks.length, 2);
  assert.equal(stream.completeness.state, "complete");
  assert.equal((await stream.finalCompletion()).text, "a");
  const again = new AbortController();
  const open = scripted([sse([words("a")[0]], { open: true })]);
  const reading = failure(async () => collect(await open.chat.stream("Hi", { signal: again.signal })), "Cancelled");
  await tick();
  const reason = { why: 1 };
  again.abort(reason);
  const error = await reading;
  assert.equal(error.cause, reason);
  assert.equal(error.partial.choices[0].message.content, "a");
});

test("I9: 2,000 streams on one signal leave no listener", async () => {
  const { chat } = scripted(() => sse(words("a")));
  const { signal } = new AbortController();
  for (let place = 0; place < 2000; place += 1) {
    const stream = await chat.stream("Hi", { signal });
    if (place % 3 === 0) await collect(stream);
    else if (place % 3 === 1) await stream.cancel();
    else for await (const one of stream) { void one; break; }
  }
  assert.equal(getEventListeners(signal, "abort").length, 0);
});

test("I13: a closed client ends 100 live streams, whoever holds them", async () => {
  const { client, chat, calls } = scripted(() => sse([words("a")[0]], { open: true }));
  const streams = await Promise.all(Array.from({ length: 100 }, () => chat.stream("Hi")));
  const ends = streams.map(async (stream, place) => {
    if (place % 2 === 0) return collect(stream).then(() => "ended", (error) => error.kind);
    const reader = stream.getReader();
    try {
      while (!(await reader.read()).done);
      return "ended";
    } catch (error) {
      return error.kind;
    }
  });
  await tick();
  client.close();
  const kinds = await Promise.all(ends);
  assert.deepEqual([...new Set(kinds)], ["Closed"]);
  await tick();
  assert.ok(calls.every((call) => call.signal.aborted));
});

test("J3 J5: a reader that does not read holds the server back", async () => {
  let pulled = 0;
  const answer = () => new Response(new ReadableStream({ pull(controller) { pulled += 1; controller.enqueue(new TextEncoder().encode(event(chunk({ content: "x".repeat(1000) })))); } }, { highWaterMark: 0 }), { headers: { "content-type": "text/event-stream" } });
  const { chat } = scripted(answer);
  const stream = await chat.stream("Hi");
  const iterator = stream[Symbol.asyncIterator]();
  for (let place = 0; place < 5; place += 1) await iterator.next();
  for (let place = 0; place < 20; place += 1) await tick();
  assert.ok(pulled <= 7, `${pulled} reads for 5 chunks`);
  await iterator.return();
});

test("D1 D9: a refused head of a stream is tried again, a broken body never", async () => {
  await withClock(async () => {
    const { chat, calls } = scripted([refusal(503), refusal(429), sse(words("a"))]);
    const stream = await chat.stream("Hi");
    assert.equal(stream.attempts, 3);
    assert.equal(calls.length, 3);
    assert.ok(calls.every((call) => call.text === calls[0].text && call.json.stream === true));
    await stream.cancel();
    const broken = scripted([sse([words("a")[0]], { error: new Error("reset") })]);
    const error = await failure(async () => collect(await broken.chat.stream("Hi")));
    assert.equal(broken.calls.length, 1);
    assert.equal(error.attempts, 1);
    assert.equal(error.partial.choices[0].message.content, "a");
  }, { random: 0 });
});

test("J2: 1,000 open streams in one instance all end", async () => {
  const gates = [];
  const { chat } = scripted(() => new Response(new ReadableStream({ start: (controller) => gates.push(controller) }), { headers: { "content-type": "text/event-stream" } }));
  const streams = await Promise.all(Array.from({ length: 1000 }, () => chat.textStream("Hi")));
  const ends = streams.map(async (stream) => (await collect(stream)).join(""));
  gates.forEach((gate, place) => { for (const text of words(`${place}`, "!")) gate.enqueue(new TextEncoder().encode(text)); gate.close(); });
  const texts = await Promise.all(ends);
  const expected = new Set(Array.from({ length: 1000 }, (_, place) => `${place}!`));
  assert.deepEqual(new Set(texts), expected);
});
