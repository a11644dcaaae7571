// Streams of events that are no chat: every form read whole, byte by byte and cut in two at every byte; how each ends, what
// breaks it, and that ending it ends the call.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { body, DONE, event, failure, json, never, scripted, sse, withClock } from "./fakes.mjs";
import lakewire from "./package.mjs";

const { EventStream, LakewireError } = lakewire;
const utf8 = new TextEncoder();
const once = { retry: { maxAttempts: 1 } };
const tick = () => new Promise((resolve) => setImmediate(resolve));

const rejections = [];
process.on("unhandledRejection", (reason) => rejections.push(reason));
after(() => assert.deepEqual(rejections, [], "no unhandled rejections"));

const delta = (text, fields) => ({ type: "response.output_text.delta", item_id: "m1", delta: text, ...fields });
const message = (text, id = "m1") => ({ type: "message", id, role: "assistant", status: "completed", content: [{ type: "output_text", text, annotations: [] }] });
const done = (item) => ({ type: "response.output_item.done", item });
const completed = (...output) => ({ type: "response.completed", response: { id: "r", object: "response", status: "completed", error: null, output } });
const piece = (content, fields) => ({ delta: { role: "assistant", content, id: "a1" }, ...fields });
const wire = (events) => events.map((one) => (typeof one === "string" ? one : event(one))).join("");

const FORMS = {
  responses: { open: (client) => client.responses("e").stream("x"), words: (client) => client.responses("e").textStream("x"), text: ({ delta: text }) => text, whole: (stream) => stream.finalResponse() },
  agent: { open: (client) => client.chatAgent("e").stream("x"), words: (client) => client.chatAgent("e").textStream("x"), text: ({ delta: one }) => one?.content, whole: (stream) => stream.finalAnswer() },
};

/** What a stream of these reads gives, as events and as words, and how it ends. */
async function outcome(form, pieces, config) {
  const { open, words, whole } = FORMS[form];
  const found = { events: [], words: "" };
  const { client } = scripted([sse(pieces), sse(pieces)], { ...once, ...config });
  try {
    for await (const word of await words(client)) found.words += word;
  } catch (error) {
    found.wordsKind = error.kind;
  }
  try {
    const stream = await open(client);
    for await (const one of stream) found.events.push(one);
    return { ...found, completeness: { ...stream.completeness }, whole: { ...(await whole(stream)) } };
  } catch (error) {
    assert.ok(error instanceof LakewireError);
    return { ...found, kind: error.kind, message: error.message, partial: error.partial };
  }
}

async function everyWay(form, input) {
  const raw = utf8.encode(input);
  const whole = await outcome(form, [raw]);
  assert.deepEqual(await outcome(form, [...raw].map((byte) => Uint8Array.of(byte))), whole, "byte by byte");
  for (let at = 0; at <= raw.length; at += 1) {
    assert.deepEqual(await outcome(form, [raw.slice(0, at), new Uint8Array(0), raw.slice(at)]), whole, `cut at ${at}`);
  }
  return whole;
}

test("F1 E3: a Responses stream gives its events, its words once, and the whole", async () => {
  const events = [delta("Hé"), delta("llo \u{1f600}"), done(message("Héllo \u{1f600}"))];
  const found = await everyWay("responses", wire([...events, DONE]));
  assert.deepEqual(found.events, events);
  assert.equal(found.words, "Héllo \u{1f600}");
  assert.deepEqual(found.completeness, { state: "complete", noSentinel: false, noFinishReason: true, warnings: [] });
  assert.deepEqual(found.whole.output, [message("Héllo \u{1f600}")]);
});

test("F2: a completed answer needs no end mark", async () => {
  const found = await everyWay("responses", wire([delta("a"), completed(message("a"))]));
  assert.deepEqual(found.completeness, { state: "complete", noSentinel: true, noFinishReason: false, warnings: [] });
  assert.equal(found.words, "a");
  assert.equal(found.whole.id, "r");
});

test("F4 B7: a Responses stream that breaks off is truncated, with what came as partial", async () => {
  const found = await everyWay("responses", wire([delta("Hel"), delta("lo")]) + 'data: {"type":');
  assert.equal(found.kind, "Truncated");
  assert.equal(found.wordsKind, "Truncated");
  assert.equal(found.words, "Hello", "what was said is delivered first");
  assert.equal(found.partial.output[0].content[0].text, "Hello");
  assert.equal((await everyWay("responses", "")).kind, "Truncated");
});

test("F1 F2 F4: ChatAgent streams: pieces of one id are one message", async () => {
  const events = [piece("Hel"), piece("lo", { custom_outputs: { a: 1 } }), { delta: { role: "tool", content: "4", id: "t", name: "add", tool_call_id: "c" } }, { delta: { role: "assistant", content: "!", id: "a2" }, finish_reason: "stop" }];
  const found = await everyWay("agent", wire([...events, DONE]));
  assert.deepEqual(found.events, events);
  assert.equal(found.words, "Hello!");
  assert.deepEqual(found.whole, {
    messages: [{ role: "assistant", content: "Hello", id: "a1" }, { role: "tool", content: "4", id: "t", name: "add", tool_call_id: "c" }, { role: "assistant", content: "!", id: "a2" }],
    custom_outputs: { a: 1 },
    finish_reason: "stop",
  });
  assert.equal((await outcome("agent", [wire(events)])).completeness.noSentinel, true);
  const cut = await outcome("agent", [wire(events.slice(0, 2))]);
  assert.equal(cut.kind, "Truncated");
  assert.equal(cut.partial.messages[0].content, "Hello");
});

for (const [name, bad, kind, says] of [
  ["a text", { error: "the tool broke" }, "InternalError", /the tool broke$/],
  ["an object", { error: { message: "slow down", code: "rate_limit_exceeded" } }, "TooManyRequests", /slow down$/],
  ["a code", { error_code: "PERMISSION_DENIED", message: "not yours" }, "PermissionDenied", /not yours$/],
  ["an event of its own", { type: "error", code: null, message: "it broke", param: null }, "InternalError", /it broke$/],
  ["a failed answer", { type: "response.failed", response: { status: "failed", error: { code: "429", message: "later" } } }, "TooManyRequests", /later$/],
  ["the event's name", "event: error\ndata: x\n\n", "InternalError", /did not explain/],
]) {
  test(`E28: an error in the stream as ${name} is the stream's failure, with what came`, async () => {
    const found = await everyWay("responses", wire([delta("Hel"), bad, delta("never"), DONE]));
    assert.equal(found.kind, kind);
    assert.match(found.message, says);
    assert.equal(found.words, "Hel");
    assert.equal(found.partial.output[0].content[0].text, "Hel");
  });
}

test("E20 E22: what is no event names its number and place, and repeats nothing", async () => {
  for (const bad of ["data: [DONE]x\n\n", 'data: ["DONE"]\n\n', "data: secret{\n\n", "data: 7\n\n"]) {
    const found = await everyWay("responses", wire([delta("a")]) + bad);
    assert.equal(found.kind, "Decode");
    assert.match(found.message, /^Event 2 of the stream, at byte \d+, cannot be read: /);
    assert.doesNotMatch(found.message, /secret/);
    assert.equal(found.partial.output[0].content[0].text, "a");
  }
});

test("E30: a whole answer in place of a stream gives the events that say the same", async () => {
  const { client } = scripted(() => json(completed(message("a"), message("b", "m2")).response));
  const stream = await client.responses("e").stream("x");
  const kinds = [];
  for await (const one of stream) kinds.push(one.type);
  assert.deepEqual(kinds, ["response.output_item.done", "response.output_item.done", "response.completed"]);
  assert.equal((await stream.finalResponse()).text, "ab");
  const pretty = scripted(() => json(JSON.stringify({ messages: [{ role: "assistant", content: "x\ny", id: "1" }], finish_reason: "stop" }, null, 2)));
  let words = "";
  for await (const word of await pretty.client.chatAgent("e").textStream("x")) words += word;
  assert.equal(words, "x\ny", "line ends between tokens do not matter");
  const other = scripted(() => json({ choices: [{ index: 0, message: { role: "assistant", content: "x" } }] }));
  const error = await failure(async () => (await other.client.responses("e").stream("x")).finalResponse(), "Decode");
  assert.match(error.message, /client\.chat\(\)/);
});

test("E29: a page in place of a stream is refused before any event", async () => {
  const { client } = scripted(() => new Response("<html>log in</html>", { headers: { "content-type": "text/html" } }), once);
  const error = await client.responses("e").stream("x").then(assert.fail, (thrown) => thrown);
  assert.equal(error.kind, "UnexpectedContentType");
});

test("the facts of the headers, and the stream is an EventStream and a ReadableStream", async () => {
  const { client } = scripted(() => sse(wire([delta("a"), DONE]), { headers: { "x-request-id": "rid", "served-model-name": "m" } }));
  const stream = await client.responses("e").stream("x");
  assert.ok(stream instanceof EventStream && stream instanceof ReadableStream);
  assert.deepEqual([stream.requestId, stream.servedModelName, stream.attempts, stream.completeness.state], ["rid", "m", 1, "open"]);
  const answer = await stream.finalResponse();
  assert.deepEqual([answer.requestId, answer.servedModelName, answer.attempts], ["rid", "m", 1]);
  const reader = (await client.responses("e").stream("x")).getReader();
  assert.deepEqual(await reader.read(), { done: false, value: delta("a") });
  assert.equal((await reader.read()).done, true);
});

test("a stream is read once; the whole can be had beside its events", async () => {
  const { client } = scripted(() => sse(wire([delta("a"), DONE])));
  const stream = await client.responses("e").stream("x");
  const whole = (async () => (await stream.finalResponse()).text)();
  await tick();
  assert.throws(() => stream[Symbol.asyncIterator](), { kind: "Closed" });
  assert.equal(await whole, "a");
});

test("I3 I5: break, cancel, the signal and close each end the call at the server", async () => {
  for (const end of ["break", "cancel", "signal", "close"]) {
    let cancelled = 0;
    const controller = new AbortController();
    const { client, calls } = scripted(() => sse([wire([delta("a")])], { open: true, onCancel: () => (cancelled += 1) }));
    const stream = await client.responses("e").stream("x", { signal: controller.signal });
    const iterator = stream[Symbol.asyncIterator]();
    assert.equal((await iterator.next()).value.delta, "a");
    if (end === "break") await iterator.return();
    if (end === "cancel") await stream.cancel("enough");
    const waiting = ["signal", "close"].includes(end) ? failure(iterator.next(), end === "signal" ? "Cancelled" : "Closed") : undefined;
    if (end === "signal") controller.abort(new Error("left"));
    if (end === "close") client.close();
    const error = await waiting;
    if (end === "signal") assert.equal(error.partial.output[0].content[0].text, "a");
    await stream.finished;
    await tick();
    assert.equal(cancelled, 1, end);
    assert.ok(calls[0].signal.aborted, end);
    assert.equal(stream.completeness.state, "truncated");
  }
});

test("I1: a signal that has fired sends nothing", async () => {
  const { client, calls } = scripted(never);
  const signal = AbortSignal.abort();
  for (const handle of [client.responses("e"), client.chatAgent("e")]) {
    for (const method of ["invoke", "stream", "textStream"]) await failure(() => handle[method]("x", { signal }), "Cancelled");
  }
  assert.equal(calls.length, 0);
});

test("C3: a stream that stalls ends at the idle limit, unless its answer is whole: then soon and well", async () => {
  await withClock(async () => {
    const { client } = scripted(() => sse([wire([delta("a")])], { open: true }));
    const error = await failure(async () => (await client.responses("e").stream("x", { timeouts: { idleMs: 700 } })).finalResponse(), "DeadlineExceeded");
    assert.equal(error.phase, "idle");
    assert.equal(error.partial.output[0].content[0].text, "a");
  });
  await withClock(async (clock) => {
    const { client } = scripted(() => sse([wire([delta("a")]), wire([completed(message("a"))])], { open: true }));
    const from = clock.now;
    const stream = await client.responses("e").stream("x");
    assert.equal((await stream.finalResponse()).text, "a");
    assert.ok(clock.now - from < 10_000, `waited ${clock.now - from} ms, of an idle limit of a minute`);
    assert.deepEqual(stream.completeness.warnings, ["silent_after_end"]);
  });
});

test("C3: a ChatAgent's tool may take longer than the end mark of an answer, and nothing is lost", async () => {
  await withClock(async (clock) => {
    const later = event({ delta: { role: "assistant", content: "5", id: "a2" }, finish_reason: "stop" });
    let pulled = 0;
    const slow = new ReadableStream({
      async pull(controller) {
        pulled += 1;
        if (pulled === 1) {
          controller.enqueue(utf8.encode(event({ delta: { role: "assistant", content: "", id: "a1" }, finish_reason: "tool_calls" })));
        } else if (pulled === 2) {
          await new Promise((resolve) => setTimeout(resolve, 5_000));
          controller.enqueue(utf8.encode(later + DONE));
        } else {
          controller.close();
        }
      },
    }, { highWaterMark: 0 });
    const { client } = scripted(() => new Response(slow, { headers: { "content-type": "text/event-stream" } }), once);
    const from = clock.now;
    const stream = await client.chatAgent("e").stream("x");
    const answer = await stream.finalAnswer();
    assert.ok(clock.now - from >= 5_000, "the tool took its time");
    assert.equal(answer.text, "5");
    assert.deepEqual(stream.completeness, { state: "complete", noSentinel: false, noFinishReason: false, warnings: [] });
  });
});

test("F5: a connection that breaks after the answer is whole breaks nothing", async () => {
  const broken = (...events) => scripted(() => sse([wire(events)], { error: new TypeError("reset") }), once).client.responses("e").stream("x");
  const stream = await broken(delta("a"), completed(message("a")));
  assert.equal((await stream.finalResponse()).text, "a");
  assert.equal(stream.completeness.state, "complete");
  const error = await failure(async () => (await broken(delta("a"))).finalResponse(), "Connect");
  assert.equal(error.partial.output[0].content[0].text, "a");
  assert.equal(error.isRetryable, true);
});

test("E21: what follows the end mark is ignored, and the body is let go", async () => {
  let cancelled = 0;
  const { client } = scripted(() => new Response(body([wire([delta("a"), DONE, delta("b")])], { open: true, onCancel: () => (cancelled += 1) }), { headers: { "content-type": "text/event-stream" } }));
  const words = [];
  for await (const word of await client.responses("e").textStream("x")) words.push(word);
  assert.deepEqual(words, ["a"]);
  while (cancelled === 0) await new Promise((resolve) => setTimeout(resolve, 5));
});

test("E24: an event over the cap ends the stream, with what came", async () => {
  const { client } = scripted(() => sse([wire([delta("a")]), `data: ${"x".repeat(5000)}`], { open: true }), { maxEventBytes: 2000 });
  const error = await failure(async () => (await client.responses("e").stream("x")).finalResponse(), "EventTooLarge");
  assert.equal(error.partial.output[0].content[0].text, "a");
});

test("E25: a read of thousands of events gives them all, in order", async () => {
  const many = Array.from({ length: 5000 }, (_, at) => delta(`${at},`));
  const { client } = scripted(() => sse(wire([...many, DONE])));
  let next = 0;
  for await (const { delta: text } of await client.responses("e").stream("x")) {
    assert.equal(text, `${next},`);
    next += 1;
  }
  assert.equal(next, 5000);
});
