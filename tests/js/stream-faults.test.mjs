// The bytes of a stream: everything a server, a proxy or a network can make of them. Each case is read whole, byte by byte,
// and cut in two at every byte with empty reads between, and must give the same events and the same end.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { body, chunk, completion, DONE, event, failure, json, scripted, sse } from "./fakes.mjs";
import { WorkspaceClient } from "./package.mjs";

const utf8 = new TextEncoder();
const bytes = (...parts) => Uint8Array.from(parts.flatMap((part) => [...(typeof part === "string" ? utf8.encode(part) : part)]));
const says = (content) => JSON.stringify(chunk({ content }));
const end = event(chunk({}, { finish_reason: "stop" })) + DONE;
const once = { retry: { maxAttempts: 1 } };

/** What a stream gives: the texts of its chunks, and how it ends. */
async function outcome(pieces, config) {
  const { chat } = scripted([sse(pieces)], { ...once, ...config });
  const texts = [];
  try {
    const stream = await chat.stream("Hi");
    for await (const { choices } of stream) texts.push(choices[0]?.delta.content ?? null);
    return { texts, state: stream.completeness.state };
  } catch (error) {
    return { texts, kind: error.kind, message: error.message, partial: error.partial?.choices?.[0]?.message?.content };
  }
}

/** Reads these bytes in every way and checks that all give the outcome of the whole. */
async function everyWay(input) {
  const raw = typeof input === "string" ? utf8.encode(input) : input;
  const whole = await outcome([raw]);
  assert.deepEqual(await outcome([...raw].map((byte) => Uint8Array.of(byte))), whole, "byte by byte");
  for (let at = 0; at <= raw.length; at += 1) {
    const halves = [raw.slice(0, at), new Uint8Array(0), raw.slice(at)];
    assert.deepEqual(await outcome(halves), whole, `cut at ${at}`);
  }
  return whole;
}

/** A case: these bytes give these texts and the end of a whole stream. */
function gives(name, input, texts) {
  test(name, async () => assert.deepEqual(await everyWay(input), { texts: [...texts, null], state: "complete" }));
}

/** A case: these bytes give these texts and then fail. */
function fails(name, input, kind, texts = []) {
  test(name, async () => {
    const found = await everyWay(input);
    assert.equal(found.kind, kind, found.message);
    assert.deepEqual(found.texts, texts);
  });
}

const ENDS = { LF: "\n", CRLF: "\r\n", CR: "\r" };
for (const [first, one] of Object.entries(ENDS)) {
  for (const [second, two] of Object.entries(ENDS)) {
    if (one + two === "\r\n") continue; // that is one line end, not two
    gives(`E1 E2 E19: lines end with ${first}, events with ${second}`, `data: ${says("a")}${one}${two}data: ${says("b")}${one}${two}data: ${JSON.stringify(chunk({}, { finish_reason: "stop" }))}${one}${two}data: [DONE]${one}${two}`, ["a", "b"]);
  }
}

test("E2: an event that ends with CR is there without waiting for what follows", async () => {
  const { chat } = scripted([sse([`data: ${says("now")}\r\r`], { open: true })]);
  for await (const { choices } of await chat.stream("Hi")) {
    assert.equal(choices[0].delta.content, "now");
    break;
  }
});

gives("E3: characters of two, three and four bytes are split anywhere", `data: ${says("é€\u{1f600}漢")}\n\n${end}`, ["é€\u{1f600}漢"]);
gives("E4: a leading byte order mark is dropped", `\ufeffdata: ${says("a")}\n\n${end}`, ["a"]);
gives("E5: of two marks the second makes the first line an unknown field", `\ufeff\ufeffdata: ${says("a")}\n\ndata: ${says("b")}\n\n${end}`, ["b"]);
gives("E6: a mark at a later line is part of the field's name, one in a text is text", `data: ${says("a\ufeffb")}\n\n\ufeffdata: ${says("lost")}\n\n${end}`, ["a\ufeffb"]);
gives("E7: comments of every form are ignored", `:\n: x\n:\u0000\n::data: x\ndata: ${says("a")}\n: in between\n\n${end}`, ["a"]);
gives("E9 E23: JSON over several data lines is joined by LF", `data: {"choices":[\ndata: {"index":0,"delta":\ndata:   {"content":"a"}}\ndata: ]}\n\n${end}`, ["a"]);
gives("E10: with and without the space after the colon", `data:${says("a")}\n\ndata: ${says("b")}\n\ndata:  ${says("c")}\n\ndata:\t${says("d")}\n\n${end}`, ["a", "b", "c", "d"]);
gives("E11: unknown fields are ignored", `Data: x\n data: x\ndata\u0000: x\nda-ta: x\nfoo\n\ndata: ${says("a")}\nfoo: bar\n\n${end}`, ["a"]);
gives("E12: event names are ignored and reset", `event: delta\ndata: ${says("a")}\n\nevent:\ndata: ${says("b")}\n\ndata: ${says("c")}\n\n${end}`, ["a", "b", "c"]);
gives("E13: an event without data is none", `event: ping\n\nevent: ping\nid: 7\n\ndata: ${says("a")}\n\n${end}`, ["a"]);
gives("E14: ids and retry times dispatch nothing", `id\n\nid: 1\u0000\n\nretry: 1000\n\nretry: 10x\n\nretry: 99999999999999999999\n\ndata: ${says("a")}\n\n${end}`, ["a"]);
gives("E15: other line separators of Unicode are text", `data: ${says("a\u2028b\u2029c\u0085d")}\n\n${end}`, ["a\u2028b\u2029c\u0085d"]);
gives("E16: bytes that are no UTF-8 become replacement characters", bytes(`data: {"choices":[{"index":0,"delta":{"content":"a`, [0xff], "b", [0xe2, 0x82], "c", [0xed, 0xa0, 0x80], `d"}}]}\n\n${end}`), ["a\ufffdb\ufffdc\ufffd\ufffd\ufffdd"]);
gives("E17: a sentinel without a line end counts", `data: ${says("a")}\n\n${event(chunk({}, { finish_reason: "stop" }))}data: [DONE]`, ["a"]);
gives("E19 E21: what comes after the sentinel is ignored", `data:${says("a")}\n\n${end}data: [DONE]\n\ndata: ${says("late")}\n\ndata: {broken\n\n`, ["a"]);
fails("E18 F4: an event without its blank line is not delivered", `data: ${says("a")}\n\ndata: ${says("b")}\n`, "Truncated", ["a"]);
fails("E18 F4: an event without any line end is not delivered", `data: ${says("a")}\n\ndata: ${says("b")}`, "Truncated", ["a"]);
for (const fake of ["[DONE] ", "[DONE]x", '["DONE"]', "[done]"]) fails(`E20: \`${fake}\` is no sentinel`, `data: ${says("a")}\n\ndata: ${fake}\n\n`, "Decode", ["a"]);
fails("E20: a sentinel as the first of two data lines is none", `data: ${says("a")}\n\ndata: [DONE]\ndata: x\n\n`, "Decode", ["a"]);
fails("E8: an event of empty data is no chunk", `data: ${says("a")}\n\ndata\n\n`, "Decode", ["a"]);
fails("E22: an object split over two events", `data: ${says("a")}\n\ndata: {"choices":[{"canary":\n\ndata: 1}]}\n\n`, "Decode", ["a"]);
fails("F11: a chunk that is no object", `data: ${says("a")}\n\ndata: 7\n\n`, "Decode", ["a"]);

test("E22: the error names the event's number and place, not its text", async () => {
  const { message, partial } = await outcome([event(chunk({ content: "a" })), 'data: {"canary": oops}\n\n']);
  assert.match(message, /event 2/i);
  assert.match(message, /byte \d+/);
  assert.ok(!message.includes("canary") && !message.includes("oops"));
  assert.equal(partial, "a");
});

for (const [what, text, kind, code] of [
  ["an error object", 'data: {"error":{"message":"It broke.","code":"c1"}}\n\n', "InternalError", "c1"],
  ["an error text", 'data: {"error":"It broke."}\n\n', "InternalError", undefined],
  ["a Databricks error", 'data: {"error_code":"REQUEST_LIMIT_EXCEEDED","message":"It broke."}\n\n', "TooManyRequests", "REQUEST_LIMIT_EXCEEDED"],
  ["an event named error", 'event: error\ndata: {"message":"It broke.","error_code":"INTERNAL_ERROR"}\n\n', "InternalError", "INTERNAL_ERROR"],
]) {
  test(`E28: ${what} in a stream is a typed error with the text so far, and no chunk`, async () => {
    assert.equal((await everyWay(`data: ${says("so far")}\n\n${text}${end}`)).texts.length, 1);
    const { chat } = scripted([sse([event(chunk({ content: "so far" })), text, end], { headers: { "x-request-id": "req-1" } })]);
    const error = await failure(async () => { for await (const one of await chat.stream("Hi")) void one; }, kind);
    assert.match(error.message, /It broke/);
    assert.equal(error.errorCode, code);
    assert.equal(error.requestId, "req-1");
    assert.equal(error.maybeProcessed, true);
    assert.equal(error.partial.choices[0].message.content, "so far");
  });
}

test("E24: an event beyond the cap is EventTooLarge, the body is let go, the client goes on", async () => {
  for (const lead of ["data: ", `data: ${says("a")}\n\ndata: `]) {
    let reads = 0;
    let cancelled = false;
    const endless = () => new Response(new ReadableStream({
      start: (controller) => controller.enqueue(utf8.encode(lead)),
      pull: (controller) => { reads += 1; controller.enqueue(new Uint8Array(4096).fill(120)); },
      cancel: () => { cancelled = true; },
    }, { highWaterMark: 0 }), { headers: { "content-type": "text/event-stream" } });
    const { chat } = scripted([endless(), json(completion("still usable"))], { maxEventBytes: 100_000 });
    await failure(async () => { for await (const one of await chat.stream("Hi")) void one; }, "EventTooLarge");
    assert.ok(reads <= 30, `${reads} reads of 4 KiB for a cap of 100 kB`);
    assert.ok(cancelled);
    assert.equal((await chat.invoke("Hi")).text, "still usable");
  }
});

test("E7 E24: comments far beyond the cap are not kept", async () => {
  const comment = `: ${"x".repeat(50_000)}`;
  const found = await outcome([...Array.from({ length: 40 }, () => comment), `\n${event(chunk({ content: "a" }))}${end}`], { maxEventBytes: 10_000 });
  assert.deepEqual(found, { texts: ["a", null], state: "complete" });
});

test("E25: of 100,000 events in one read the first is there before the others are looked at", async () => {
  const text = event(chunk({ content: "x" })).repeat(100_000);
  const { chat } = scripted([sse([`${text}data: {broken\n\n`])]);
  let count = 0;
  const error = await failure(async () => { for await (const one of await chat.stream("Hi")) { void one; count += 1; } }, "Decode");
  assert.equal(count, 100_000);
  assert.match(error.message, /100001/);
});

test("E26: one event in very many one-byte reads", async () => {
  const text = "x".repeat(50_000);
  const found = await outcome([...utf8.encode(event(chunk({ content: text })) + end)].map((byte) => Uint8Array.of(byte)));
  assert.deepEqual(found.texts, [text, null]);
});

test("E27: millions of blank lines and comments are no events, and can be cancelled", async () => {
  const blank = utf8.encode("\n\n:\n\r\n".repeat(20_000));
  assert.deepEqual(await outcome([...Array.from({ length: 20 }, () => blank), event(chunk({ content: "a" })), end]), { texts: ["a", null], state: "complete" });
  const controller = new AbortController();
  let reads = 0;
  const endless = new ReadableStream({ async pull(to) { if ((reads += 1) === 50) controller.abort(); await new Promise((resolve) => setImmediate(resolve)); to.enqueue(blank.slice()); } }, { highWaterMark: 0 });
  const { chat } = scripted([new Response(endless, { headers: { "content-type": "text/event-stream" } })]);
  await failure(async () => { for await (const one of await chat.stream("Hi", { signal: controller.signal })) void one; }, "Cancelled");
  assert.ok(reads < 60, `${reads}`);
});

test("E29 E36: a page or another format with status 200 is refused before any chunk", async () => {
  for (const [type, text] of [["text/html", "<html><head><title>Sign in</title></head></html>"], ["text/plain", "hello"], ["application/x-ndjson", '{"a":1}\n{"a":2}\n'], ["application/octet-stream", "data: {}\n\n"]]) {
    const { chat } = scripted([new Response(text + "x".repeat(5000), { headers: { "content-type": type } })], once);
    const error = await chat.stream("Hi").then(assert.fail, (thrown) => thrown);
    assert.equal(error.kind, "UnexpectedContentType");
    assert.ok(error.message.length < 600, error.message);
    assert.ok(error.message.includes(type));
  }
  const lines = await outcome(['{"choices":[]}\n{"choices":[]}\n']);
  assert.ok(["Decode", "Truncated"].includes(lines.kind), lines.kind);
});

test("E30: JSON instead of a stream: an error is one, a completion is a stream of one chunk", async () => {
  const refused = scripted([json({ error_code: "PERMISSION_DENIED", message: "No." })], once);
  await failure(() => refused.chat.stream("Hi"), "PermissionDenied");
  const tool_calls = [{ id: "c1", type: "function", function: { name: "f", arguments: "{}" } }];
  const { chat } = scripted(() => json(completion("Whole.", { message: { tool_calls } })));
  const stream = await chat.stream("Hi");
  const chunks = [];
  for await (const one of stream) chunks.push(one);
  assert.equal(chunks.length, 1);
  assert.equal(chunks[0].choices[0].delta.content, "Whole.");
  assert.equal(stream.completeness.state, "complete");
  const whole = await stream.finalCompletion();
  assert.equal(whole.text, "Whole.");
  assert.equal(whole.toolCalls[0].name, "f");
  assert.deepEqual(whole.usage, completion().usage);
  let words = "";
  for await (const word of await chat.textStream("Hi")) words += word;
  assert.equal(words, "Whole.");
});

test("E31: missing, upper-case and oddly parameterised content types are read as UTF-8", async () => {
  for (const type of [undefined, "text/event-stream; charset=windows-1252", "TEXT/EVENT-STREAM", "text/event-stream;charset=utf-8"]) {
    const headers = new Headers(type === undefined ? {} : { "content-type": type });
    const answer = { status: 200, headers, bodyUsed: false, body: body([event(chunk({ content: "é" })), end]) };
    const { chat } = scripted([answer], once);
    const texts = [];
    for await (const { choices } of await chat.stream("Hi")) texts.push(choices[0].delta.content);
    assert.equal(texts[0], "é", `${type}`);
  }
});

test("E32: gzip that the platform undid is read", async () => {
  const text = event(chunk({ content: "a" })) + end;
  const server = createServer((_, response) => response.writeHead(200, { "content-type": "text/event-stream", "content-encoding": "gzip" }).end(gzipSync(text)));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const chat = new WorkspaceClient({ host: `http://127.0.0.1:${server.address().port}`, token: "dapi-x" }).chat("e");
  const texts = [];
  for await (const { choices } of await chat.stream("Hi")) texts.push(choices[0].delta.content ?? null);
  assert.deepEqual(texts, ["a", null]);
  server.close();
});

test("E32: gzip that nobody undid is refused and never parsed", async () => {
  const raw = scripted([sse([gzipSync(event(chunk({ content: "a" })) + end)], { headers: { "content-encoding": "gzip" } })], once);
  await failure(async () => { for await (const one of await raw.chat.stream("Hi")) void one; }, "UnsupportedEncoding");
});

test("E34 E35: no body, an empty body, a body that is locked or was read", async () => {
  for (const answer of [new Response(null, { status: 200, headers: { "content-type": "text/event-stream" } }), sse([""], { headers: { "content-length": "0" } }), new Response(null, { status: 204 })]) {
    const { chat } = scripted([answer], once);
    await failure(() => chat.stream("Hi"), "EmptyBody");
  }
  const { kind } = await outcome([]);
  assert.ok(["EmptyBody", "Truncated"].includes(kind), kind);
  const locked = sse([end]);
  locked.body.getReader();
  await failure(() => scripted([locked], once).chat.stream("Hi"), "Protocol");
  const used = sse([end]);
  await used.text();
  await failure(() => scripted([used], once).chat.stream("Hi"), "Protocol");
});

test("M6: reads of a stream that are not bytes or were transferred elsewhere are Protocol errors", async () => {
  const detached = utf8.encode(end);
  structuredClone(detached.buffer, { transfer: [detached.buffer] });
  for (const value of ["text", 7, null, undefined, [1], new ArrayBuffer(3), new Uint16Array(2), detached]) {
    const list = [{ done: false, value: utf8.encode(event(chunk({ content: "a" }))) }, { done: false, value }];
    const fake = { locked: false, cancel: async () => {}, getReader: () => ({ read: async () => list.shift() ?? { done: true }, cancel: async () => {}, releaseLock() {} }) };
    const { chat } = scripted([{ status: 200, headers: new Headers({ "content-type": "text/event-stream" }), bodyUsed: false, body: fake }, json(completion("still usable"))], once);
    const error = await failure(async () => { for await (const one of await chat.stream("Hi")) void one; }, "Protocol");
    assert.equal(error.partial?.choices?.[0]?.message?.content, "a");
    assert.equal((await chat.invoke("Hi")).text, "still usable");
  }
});
