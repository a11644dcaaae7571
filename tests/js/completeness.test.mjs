// When a stream is complete, and what its pieces fold to: choices, finish reasons, usage, tool calls.

import assert from "node:assert/strict";
import { test } from "node:test";
import { chunk, DONE, event, failure, scripted, sse } from "./fakes.mjs";
import { LakewireError, tool } from "./package.mjs";

const stop = event(chunk({}, { finish_reason: "stop" }));
const word = (content, more) => event(chunk({ content }, more));
const calls = (...tool_calls) => event(chunk({ tool_calls }));
const call = (index, id, name, args) => ({ ...(index !== undefined && { index }), ...(id !== undefined && { id }), type: "function", function: { ...(name !== undefined && { name }), ...(args !== undefined && { arguments: args }) } });
const asked = event(chunk({}, { finish_reason: "tool_calls" })) + DONE;

/** Reads a stream to its end; gives its completeness and its whole answer. */
async function read(pieces, options) {
  const { chat } = scripted([sse(pieces, options)], { retry: { maxAttempts: 1 } });
  const stream = await chat.stream("Hi");
  const chunks = [];
  for await (const one of stream) chunks.push(one);
  return { chunks, completeness: stream.completeness, whole: await stream.finalCompletion() };
}

/** The error a stream ends with, the same for chunks, words and the whole answer. */
async function breaks(pieces, kind, options) {
  const ends = [
    async (chat) => { for await (const one of await chat.stream("Hi")) void one; },
    async (chat) => { for await (const one of await chat.textStream("Hi")) void one; },
    async (chat) => { await (await chat.stream("Hi")).finalCompletion(); },
  ];
  let last;
  for (const end of ends) {
    const { chat } = scripted([sse(pieces, options)], { retry: { maxAttempts: 1 } });
    last = await failure(() => end(chat), kind);
  }
  return last;
}

test("F1: a finish reason and the sentinel make a complete answer", async () => {
  const { completeness, whole } = await read([word("a"), stop, DONE]);
  assert.deepEqual(completeness, { state: "complete", noSentinel: false, noFinishReason: false, warnings: [] });
  assert.equal(whole.finishReason, "stop");
});

test("F2: a finish reason without the sentinel is complete, and says so", async () => {
  const { completeness, whole } = await read([word("a"), stop]);
  assert.deepEqual([completeness.state, completeness.noSentinel, completeness.noFinishReason], ["complete", true, false]);
  assert.equal(whole.text, "a");
});

test("F3: the sentinel without a finish reason is complete, and says so", async () => {
  const { completeness, whole } = await read([word("a"), DONE]);
  assert.deepEqual([completeness.state, completeness.noSentinel, completeness.noFinishReason], ["complete", false, true]);
  assert.equal(whole.finishReason, undefined);
  assert.equal(whole.text, "a");
});

test("F4 G13: an end with neither is Truncated, with text, tool fragments and usage so far", async () => {
  const error = await breaks([word("so "), word("far"), calls(call(0, "c1", "f", '{"a":')), event({ choices: [], usage: { total_tokens: 7 } })], "Truncated");
  const [{ message }] = error.partial.choices;
  assert.equal(message.content, "so far");
  assert.equal(message.tool_calls[0].function.arguments, '{"a":');
  assert.equal(error.partial.usage.total_tokens, 7);
  assert.equal(error.maybeProcessed, true);
  for (const pieces of [[], [": comment\n\n"], [word("a")], [word("a").slice(0, -1)]]) await breaks(pieces, pieces.length === 0 ? undefined : "Truncated");
});

test("F4: a connection that breaks is no end, with the text so far", async () => {
  const error = await breaks([word("so far")], undefined, { error: new TypeError("terminated") });
  assert.ok(["Connect", "Truncated"].includes(error.kind), error.kind);
  assert.equal(error.partial.choices[0].message.content, "so far");
});

test("F5: a connection that breaks after the finish reason is complete with a warning", async () => {
  for (const pieces of [[word("a"), stop], [word("a") + stop]]) {
    const { completeness, whole } = await read(pieces, { error: new TypeError("terminated") });
    assert.equal(completeness.state, "complete");
    assert.ok(completeness.warnings.length > 0);
    assert.equal(whole.text, "a");
  }
});

test("F6: finish reasons of every kind are kept as they are", async () => {
  for (const reason of ["length", "content_filter", "tool_calls", "eos", "", 7]) {
    const { chunks, completeness, whole } = await read([word("a"), event(chunk({}, { finish_reason: reason })), DONE]);
    assert.equal(completeness.state, "complete", String(reason));
    assert.equal(chunks[1].choices[0].finish_reason, reason);
    if (reason !== "") assert.equal(String(whole.choices[0].finish_reason), String(reason));
  }
});

test("F7: usage in a last chunk without choices, or running, is the last and never the sum", async () => {
  const last = await read([word("a", { usage: { prompt_tokens: 3, completion_tokens: null, total_tokens: null } }), stop, event({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 } }), DONE]);
  assert.deepEqual(last.whole.usage, { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 });
  const running = await read([1, 2, 3].map((count) => word("a", { usage: { prompt_tokens: 3, completion_tokens: count, total_tokens: 3 + count } })).concat(stop, DONE));
  assert.deepEqual(running.whole.usage, { prompt_tokens: 3, completion_tokens: 3, total_tokens: 6 });
  const none = await read([word("a"), stop, event({ choices: [] }), event({ choices: [], usage: null }), DONE]);
  assert.equal(none.whole.usage ?? undefined, undefined);
});

test("F8: roles repeated or absent and null contents are tolerated", async () => {
  const { whole } = await read([event(chunk({ role: "assistant", content: null })), event(chunk({ role: "assistant", content: "a" })), event(chunk({ role: "assistant" })), event(chunk({ content: null })), word("b"), event({ choices: [{ index: 0, delta: null, finish_reason: null }] }), event({ choices: [{ index: 0, finish_reason: null }] }), stop, DONE]);
  assert.equal(whole.text, "ab");
  assert.equal(whole.message.role, "assistant");
  assert.equal((await read([word("a"), stop, DONE])).whole.message.role, "assistant", "a role nobody named is the assistant's");
});

test("F9: parts fold to typed parts; the text view has the text alone", async () => {
  const thought = (text, more) => event(chunk({ content: [{ type: "reasoning", summary: [{ type: "summary_text", text, ...more }] }] }));
  const { whole } = await read([thought("h"), thought("m"), thought("", { signature: "sig==" }), event(chunk({ content: [{ type: "text", text: "4" }] })), event(chunk({ content: [{ type: "text", text: "2" }] })), stop, DONE]);
  assert.equal(whole.text, "42");
  assert.equal(whole.parts[0].type, "reasoning");
  assert.equal(whole.parts[0].summary.map(({ text }) => text).join(""), "hm");
  assert.equal(whole.parts[0].summary.at(-1).signature ?? whole.parts[0].summary[0].signature, "sig==");
  assert.equal(whole.parts.at(-1).type, "text");
  assert.equal((await read([thought("hm"), word("4"), word("2"), stop, DONE])).whole.text, "42");
});

test("F10: a model, id or created that changes: the last that says something", async () => {
  const { whole, completeness } = await read([word("a", { id: "one", model: "m1", created: 1 }), word("b", { id: "", model: "m2", created: null }), event({ ...chunk({}, { finish_reason: "stop" }), id: "two", model: "", created: 2 }), DONE]);
  assert.deepEqual([whole.id, whole.model, whole.created], ["two", "m2", 2]);
  assert.ok(completeness.warnings.length > 0);
});

test("F11: choices interleave; 127 is the last index; others are Decode errors and pollute nothing", async () => {
  const at = (index, content) => event({ choices: [{ index, delta: { content }, finish_reason: null }] });
  const ends = [0, 1, 127].map((index) => event({ choices: [{ index, delta: {}, finish_reason: "stop" }] })).join("");
  const { whole } = await read([at(1, "x"), at(0, "a"), at(127, "z"), at(1, "y"), at(0, "b"), ends, DONE]);
  assert.deepEqual(whole.choices.map(({ index, message }) => [index, message.content]), [[0, "ab"], [1, "xy"], [127, "z"]]);
  assert.equal(whole.text, "ab");
  for (const index of ["128", "-1", '"0"', "0.5", '"__proto__"', "1e9", "{}", "true"]) {
    const bad = `data: {"choices":[{"index":${index},"delta":{"content":"x"},"finish_reason":null}]}\n\n`;
    const error = await failure(async () => read([word("a"), bad, stop, DONE]), "Decode");
    assert.equal(error.partial.choices[0].message.content, "a", index);
  }
  assert.equal({}.content, undefined);
});

test("F12: what comes for a choice after its finish reason is not added, and flagged", async () => {
  const { whole, completeness } = await read([word("a"), stop, word("late"), DONE]);
  assert.equal(whole.text, "a");
  assert.equal(completeness.state, "complete");
  assert.ok(completeness.warnings.length > 0);
});

/** The tool calls a stream folds to, as `[id, name, raw arguments]`. */
async function folded(...pieces) {
  const { whole, completeness } = await read([...pieces, asked]);
  const all = whole.choices[0].message.tool_calls.map(({ id, function: { name, arguments: args } }) => [id, name, args]);
  return Object.assign(all, { whole, warnings: completeness.warnings });
}

test("G1: interleaved pieces of two calls", async () => {
  assert.deepEqual([...await folded(calls(call(0, "a", "f", "")), calls(call(1, "b", "g", "")), calls(call(0, undefined, undefined, '{"x"')), calls(call(1, undefined, undefined, '{"y"')), calls(call(0, undefined, undefined, ":1}"), call(1, undefined, undefined, ":2}")))], [["a", "f", '{"x":1}'], ["b", "g", '{"y":2}']]);
});

test("G2 G3: without indexes a new id begins a call, no id continues the last", async () => {
  assert.deepEqual([...await folded(calls(call(undefined, "a", "f", '{"x"')), calls(call(undefined, undefined, undefined, ":1}")), calls(call(undefined, "b", "g", "{")), calls(call(undefined, undefined, undefined, "}")))], [["a", "f", '{"x":1}'], ["b", "g", "{}"]]);
  assert.deepEqual([...await folded(calls(call(0, "a", "f", "{")), calls(call(undefined, undefined, undefined, "}")))], [["a", "f", "{}"]]);
});

test("G4 G5: indexes may begin at 1 and come out of order", async () => {
  assert.deepEqual([...await folded(calls(call(1, "b", "g", "{}")))], [["b", "g", "{}"]]);
  assert.deepEqual([...await folded(calls(call(1, "b", "g", "{}")), calls(call(0, "a", "f", "{}")))], [["a", "f", "{}"], ["b", "g", "{}"]]);
});

test("G6: the first id that says something is kept", async () => {
  assert.deepEqual([...await folded(calls(call(0, "a", "f", "{")), calls(call(0, "", undefined, "")), calls(call(0, "a", undefined, "}")), calls(call(0, null, null, "")))], [["a", "f", "{}"]]);
});

test("G7: an id or a name that changes is a Decode error", async () => {
  await breaks([calls(call(0, "a", "f", "{")), calls(call(0, "b", undefined, "}")), asked], "Decode");
});

test("G8: two calls of one id are both kept, and flagged", async () => {
  const two = await folded(calls(call(0, "a", "f", "{}")), calls(call(1, "a", "g", "{}")));
  assert.deepEqual([...two], [["a", "f", "{}"], ["a", "g", "{}"]]);
  assert.ok(two.warnings.length > 0);
});

test("G9: a name in two pieces is put together, a missing one is an error", async () => {
  assert.deepEqual([...await folded(calls(call(0, "a", "get_", "")), calls(call(0, undefined, "weather", "{}")))], [["a", "get_weather", "{}"]]);
  await failure(async () => (await read([calls(call(0, "a", undefined, "{}")), asked])).whole.toolCalls, "Decode");
});

test("G10 G11 G12: arguments that are absent, broken or no object", async () => {
  const { whole } = await folded(calls(call(0, "a", "f")), calls(call(1, "b", "f", '{"x":')), calls(call(2, "c", "f", "[1]")), calls(call(3, "d", "f", '{"x":1,"x":2}')));
  const [empty, ...broken] = whole.toolCalls;
  assert.deepEqual(empty.arguments, {});
  for (const one of broken) assert.ok(one.error instanceof LakewireError && one.error.kind === "InvalidArguments");
});

test("G14: too many calls or too high an index is an error before anything is made for it", async () => {
  for (const index of [128, 1e9, -1]) await breaks([calls(call(index, "a", "f", "{}")), asked], "Decode");
  await breaks([...Array.from({ length: 200 }, (_, place) => calls(call(undefined, `id${place}`, "f", "{}"))), asked], "Decode");
});

test("G15: very many fragments are put together or refused, never without end", async () => {
  const piece = calls(call(0, undefined, undefined, "1"));
  const few = await folded(calls(call(0, "a", "f", '{"x":')), piece.repeat(50_000), calls(call(0, undefined, undefined, "}")));
  assert.equal(few[0][2].length, 50_006);
  await breaks([calls(call(0, "a", "f", '{"x":')), piece.repeat(70_000), asked], "BodyTooLarge");
});

test("G11 G13 G17: the tool loop over streams runs nothing of a broken stream, and tells chunks as they come", async () => {
  let runs = 0;
  const add = tool({ name: "add", execute: ({ a, b }) => ((runs += 1), a + b) });
  const cut = scripted([sse([calls(call(0, "a", "add", '{"a":1,"b"'))])], { retry: { maxAttempts: 1 } });
  await failure(() => cut.chat.runTools("x", { tools: [add], stream: true }), "Truncated");
  assert.equal(runs, 0);
  const events = [];
  const { chat } = scripted([sse([calls(call(0, "a", "add", '{"a":1,')), calls(call(0, undefined, undefined, '"b":2}')), asked]), sse([word("It is "), word("3."), stop, DONE])]);
  const run = await chat.runTools("x", { tools: [add], stream: true, onEvent: (one) => events.push(one.type) });
  assert.equal(run.answer.text, "It is 3.");
  assert.deepEqual(run.messages.map(({ role }) => role), ["user", "assistant", "tool", "assistant"]);
  assert.equal(run.messages[2].content, "3");
  assert.deepEqual(events, ["step", "chunk", "chunk", "chunk", "tool_call", "tool_result", "step", "chunk", "chunk", "chunk"]);
});
