// Whole answers and streams as the AI SDK gets them: parts in order, counts, reasons, and every way in which a call fails.

import assert from "node:assert/strict";
import { test } from "node:test";
import { APICallError, generateText, streamText } from "ai";
import { chunk, completion, DONE, event, json, refusal, sse } from "../js/fakes.mjs";
import { drain, LLAMA, scripted } from "./setup.mjs";

const prompt = [{ role: "user", content: [{ type: "text", text: "Hi" }] }];
const once = { maxRetries: 0, prompt: "Hi" };

async function whole(answer) {
  const { databricks } = scripted([json(answer)]);
  return databricks(LLAMA).doGenerate({ prompt });
}

async function parts(pieces, options, { streamOptions, settings } = {}) {
  const { databricks, sent } = scripted([sse(pieces, streamOptions)]);
  const { stream, ...rest } = await databricks(LLAMA, settings).doStream({ prompt, ...options });
  return { ...(await drain(stream)), rest, sent };
}
const deltas = (...all) => [...all.map((delta) => event(chunk(delta))), event(chunk({}, { finish_reason: "stop" })), DONE];
const kinds = ({ parts }) => parts.map((part) => part.type);
const joined = ({ parts }, type) => parts.filter((part) => part.type === type).map((part) => part.delta).join("");

test("a whole answer: text, facts, request and response", async () => {
  const answer = completion("Hello.");
  const { databricks } = scripted([json(answer, { headers: { "x-request-id": "req-1", "served-model-name": "served-a" } })]);
  const result = await databricks(LLAMA).doGenerate({ prompt });
  assert.deepEqual(result.content, [{ type: "text", text: "Hello." }]);
  assert.deepEqual(result.finishReason, { unified: "stop", raw: "stop" });
  assert.deepEqual(result.request.body, { messages: [{ role: "user", content: "Hi" }] });
  assert.deepEqual(result.response, { id: "chatcmpl-1", modelId: "served", timestamp: new Date(1_700_000_000_000), headers: { "x-request-id": "req-1", "served-model-name": "served-a" }, body: answer });
  assert.deepEqual(result.providerMetadata, { databricks: { requestId: "req-1", servedModelName: "served-a" } });
});

test("thoughts, text and tool calls of one answer come in order", async () => {
  const summary = [{ type: "summary_text", text: "Hm.", signature: "s" }, { type: "summary_encrypted_text", data: "x" }];
  const tool_calls = [{ id: "c1", type: "function", function: { name: "f", arguments: '{"a":1}' } }, { id: "c2", type: "function", function: { name: "g", arguments: "" } }];
  const { content, finishReason } = await whole(completion([{ type: "reasoning", summary }, { type: "text", text: "Let me see." }], { message: { tool_calls }, finish_reason: "tool_calls" }));
  assert.deepEqual(content, [
    { type: "reasoning", text: "Hm.", providerMetadata: { databricks: { endpoint: LLAMA, summary } } },
    { type: "text", text: "Let me see." },
    { type: "tool-call", toolCallId: "c1", toolName: "f", input: '{"a":1}' },
    { type: "tool-call", toolCallId: "c2", toolName: "g", input: "{}" },
  ]);
  assert.equal(finishReason.unified, "tool-calls");
  const other = await whole(completion("4", { message: { reasoning_content: "two and two" } }));
  assert.deepEqual(other.content, [{ type: "reasoning", text: "two and two" }, { type: "text", text: "4" }]);
});

test("finish reasons, also those that are missing or say `stop` beside tool calls", async () => {
  const reason = async (finish_reason, message) => (await whole(completion("x", { finish_reason, message }))).finishReason;
  const tool_calls = [{ id: "c", type: "function", function: { name: "f", arguments: "{}" } }];
  assert.deepEqual(await reason("length"), { unified: "length", raw: "length" });
  assert.deepEqual(await reason("content_filter"), { unified: "content-filter", raw: "content_filter" });
  assert.deepEqual(await reason("hologram"), { unified: "other", raw: "hologram" });
  assert.deepEqual(await reason(null), { unified: "other", raw: undefined });
  assert.deepEqual(await reason("stop", { tool_calls }), { unified: "tool-calls", raw: "stop" });
  assert.deepEqual(await reason(null, { tool_calls }), { unified: "tool-calls", raw: undefined });
});

test("token counts of every class, and counts that are absent or null", async () => {
  const usage = async (usage) => { const { inputTokens: i, outputTokens: o } = (await whole(completion("x", { usage }))).usage; return [i.total, i.noCache, i.cacheRead, i.cacheWrite, o.total, o.text, o.reasoning]; };
  const no = undefined;
  assert.deepEqual(await usage({ prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 }), [3, 3, no, no, 2, no, no]);
  assert.deepEqual(await usage({ prompt_tokens: 9, completion_tokens: null, total_tokens: null }), [9, 9, no, no, no, no, no]);
  assert.deepEqual(await usage(undefined), [no, no, no, no, no, no, no]);
  assert.deepEqual(await usage(null), [no, no, no, no, no, no, no]);
  assert.deepEqual(await usage({ prompt_tokens: 9, completion_tokens: 5, prompt_tokens_details: { cached_tokens: 4 }, completion_tokens_details: { reasoning_tokens: 2 } }), [9, 5, 4, no, 5, 3, 2]);
  assert.deepEqual(await usage({ prompt_tokens: 9, completion_tokens: 5, cache_read_input_tokens: 100, cache_creation_input_tokens: 10 }), [119, 9, 100, 10, 5, no, no]);
  assert.deepEqual(await usage({ prompt_tokens: 9, completion_tokens: 5, reasoning_tokens: 1 }), [9, 9, no, no, 5, 4, 1]);
});

test("a stream: text in one block, facts once, the last counts that say something", async () => {
  const counted = (usage, delta = {}, more = {}) => event(chunk(delta, { usage, ...more }));
  const result = await parts([
    counted({ prompt_tokens: 3, completion_tokens: null }, { role: "assistant", content: "" }),
    counted({ prompt_tokens: 3, completion_tokens: null }, { content: "Hel" }),
    counted(null, { content: "lo" }),
    counted({ prompt_tokens: 3, completion_tokens: 2 }, {}, { finish_reason: "stop" }),
    event({ ...chunk({}), choices: [], usage: { prompt_tokens: 4, completion_tokens: 3 } }),
    DONE,
  ], {}, { streamOptions: { headers: { "x-request-id": "req-2" } } });
  assert.deepEqual(result.parts, [
    { type: "stream-start", warnings: [] },
    { type: "response-metadata", id: "chatcmpl-1", modelId: "served", timestamp: new Date(1_700_000_000_000) },
    { type: "text-start", id: "0" },
    { type: "text-delta", id: "0", delta: "Hel" },
    { type: "text-delta", id: "0", delta: "lo" },
    { type: "text-end", id: "0" },
    {
      type: "finish",
      usage: { inputTokens: { total: 4, noCache: 4, cacheRead: undefined, cacheWrite: undefined }, outputTokens: { total: 3, text: undefined, reasoning: undefined }, raw: { prompt_tokens: 4, completion_tokens: 3 } },
      finishReason: { unified: "stop", raw: "stop" },
      providerMetadata: { databricks: { requestId: "req-2" } },
    },
  ]);
  assert.deepEqual(result.rest, { request: { body: { messages: [{ role: "user", content: "Hi" }] } }, response: { headers: { "x-request-id": "req-2" } } });
  assert.equal("stream_options" in result.sent[0].body, false, "open-weight endpoints refuse it");
});

test("counts are asked for where that is wanted", async () => {
  const { sent } = await parts(deltas({ content: "a" }), {}, { settings: { includeUsage: true } });
  assert.deepEqual(sent[0].body.stream_options, { include_usage: true });
});

test("thoughts stream as their own blocks, put together with the signature that closes them", async () => {
  const thought = (...summary) => ({ content: [{ type: "reasoning", summary }] });
  const piece = (text, more) => ({ type: "summary_text", text, ...more });
  const result = await parts(deltas(thought(piece("Let ")), thought(piece("me")), thought(piece("", { signature: "sig" })), thought(piece("Again", { signature: "sig2" })), { content: "4" }, thought({ type: "summary_encrypted_text", data: "x" }), { content: [{ type: "text", text: "2" }] }));
  assert.deepEqual(kinds(result), ["stream-start", "response-metadata", "reasoning-start", "reasoning-delta", "reasoning-delta", "reasoning-delta", "reasoning-end", "text-start", "text-delta", "text-end", "reasoning-start", "reasoning-end", "text-start", "text-delta", "text-end", "finish"]);
  const ends = result.parts.filter((part) => part.type === "reasoning-end").map((part) => part.providerMetadata.databricks.summary);
  assert.deepEqual(ends, [[piece("Let me", { signature: "sig" }), piece("Again", { signature: "sig2" })], [{ type: "summary_encrypted_text", data: "x" }]]);
  assert.equal(joined(result, "reasoning-delta"), "Let meAgain");
  const other = await parts(deltas({ reasoning_content: "two " }, { reasoning_content: "and two" }, { content: "4" }));
  assert.deepEqual([joined(other, "reasoning-delta"), joined(other, "text-delta")], ["two and two", "4"]);
});

test("tool calls stream their arguments; the whole calls come at the end, in every form that deltas have", async () => {
  const call = (index, id, name, args) => ({ tool_calls: [{ index, ...(id ? { id, type: "function" } : {}), function: { ...(name ? { name } : {}), arguments: args } }] });
  const result = await parts([
    event(chunk({ content: "I look." })),
    ...[call(0, "a", "f", ""), call(0, undefined, undefined, '{"x"'), call(1, "b", "g", '{"y":2}'), call(0, undefined, undefined, ":1}"), call(2, "c", "h", null)].map((delta) => event(chunk(delta))),
    event(chunk({}, { finish_reason: "tool_calls" })),
    DONE,
  ]);
  assert.deepEqual(kinds(result), ["stream-start", "response-metadata", "text-start", "text-delta", "text-end", "tool-input-start", "tool-input-delta", "tool-input-start", "tool-input-delta", "tool-input-delta", "tool-input-end", "tool-call", "tool-input-end", "tool-call", "tool-input-start", "tool-input-delta", "tool-input-end", "tool-call", "finish"]);
  assert.deepEqual(result.parts.filter((part) => part.type === "tool-call").map((part) => [part.toolCallId, part.toolName, part.input]), [["a", "f", '{"x":1}'], ["b", "g", '{"y":2}'], ["c", "h", "{}"]]);
  assert.equal(result.parts.at(-1).finishReason.unified, "tool-calls");
});

test("G: odd deltas of tool calls end in the calls that the whole answer has, each begun and ended once", async () => {
  const one = (delta) => ({ tool_calls: [delta] });
  const f = (args, name) => ({ ...(name ? { name } : {}), ...(args === undefined ? {} : { arguments: args }) });
  const forms = {
    "no index": [one({ id: "a", function: f('{"x"', "f") }), one({ id: "a", function: f(":1}") })],
    "no index, and no id after the first": [one({ id: "a", function: f('{"x"', "f") }), one({ function: f(":1}") })],
    "a name in pieces": [one({ index: 0, id: "a", function: f("", "get_") }), one({ index: 0, function: f("", "f") }), one({ index: 0, function: f('{"x":1}') })],
    "the id again in every delta": [one({ index: 0, id: "a", function: f('{"x"', "f") }), one({ index: 0, id: "a", function: f(":1}", "f") })],
    "name before id": [one({ index: 0, function: f('{"x"', "f") }), one({ index: 0, id: "a", function: f(":1}") })],
    "all at once": [{ tool_calls: [{ index: 0, id: "a", function: f('{"x":1}', "f") }] }],
    "no arguments": [one({ index: 0, id: "a", function: f(undefined, "f") })],
    "no id": [one({ index: 0, function: f('{"x":1}', "f") })],
  };
  for (const [name, deltas] of Object.entries(forms)) {
    const { parts: all, error } = await parts([...deltas.map((delta) => event(chunk(delta))), event(chunk({}, { finish_reason: "tool_calls" })), DONE]);
    assert.equal(error, undefined, name);
    const of = (type) => all.filter((part) => part.type === type);
    assert.deepEqual([of("tool-input-start").length, of("tool-input-end").length, of("tool-call").length], [1, 1, 1], name);
    const [call] = of("tool-call");
    assert.ok(call.toolCallId === (name === "no id" ? of("tool-input-start")[0].id : "a") && call.toolCallId !== "", name);
    assert.equal(of("tool-input-delta").map((part) => part.delta).join(""), call.input, name);
    assert.equal(of("tool-input-start")[0].toolName, call.toolName, name);
    assert.deepEqual([call.toolName, call.input, of("tool-input-end")[0].id], [name === "a name in pieces" ? "get_f" : "f", name === "no arguments" ? "{}" : '{"x":1}', call.toolCallId], name);
  }
});

test("raw chunks come before what is made of them, when asked for", async () => {
  const result = await parts(deltas({ content: "a" }), { includeRawChunks: true });
  assert.deepEqual(kinds(result).slice(0, 5), ["stream-start", "raw", "response-metadata", "text-start", "text-delta"]);
  assert.deepEqual(result.parts[1].rawValue, chunk({ content: "a" }));
});

test("F4: a stream that is cut short is an error part and a failed stream, never a finish, and runs no tool", async () => {
  const cut = [event(chunk({ content: "The answer is 4" })), event(chunk({ tool_calls: [{ index: 0, id: "a", type: "function", function: { name: "f", arguments: "{}" } }] }))];
  for (const streamOptions of [undefined, { error: new TypeError("reset") }]) {
    const result = await parts(cut, {}, { streamOptions });
    assert.deepEqual(kinds(result).slice(-2), ["tool-input-delta", "error"]);
    assert.equal(kinds(result).includes("finish") || kinds(result).includes("tool-call"), false);
    assert.equal(result.error, result.parts.at(-1).error);
    assert.ok(APICallError.isInstance(result.error) && result.error.isRetryable);
    assert.equal(result.error.cause.partial.choices[0].message.content, "The answer is 4");
  }
});

test("F4: streamText tells of a cut stream by onError, fullStream, textStream and the promises", async () => {
  const answer = () => sse([event(chunk({ content: "The answer is 4" }))]);
  const { databricks } = scripted([answer(), answer()]);
  const heard = [];
  const ask = () => streamText({ model: databricks(LLAMA), ...once, onError: ({ error }) => heard.push(error) });
  const one = ask();
  await assert.rejects(async () => { for await (const _ of one.textStream); }, { name: "AI_APICallError" });
  await assert.rejects(Promise.resolve(one.text), { name: "AI_APICallError" });
  assert.equal(heard.length, 1);
  const types = [];
  await assert.rejects(async () => { for await (const part of ask().fullStream) types.push(part.type); });
  assert.equal(types.at(-1), "error");
});

test("an error event in the middle of a stream is that error", async () => {
  const result = await parts([event(chunk({ content: "a" })), event({ error: { message: "The model is overloaded.", code: "REQUEST_LIMIT_EXCEEDED" } })]);
  const { error } = result.parts.at(-1);
  assert.match(error.message, /overloaded/);
  assert.equal(result.error, error);
});

test("errors are APICallError with the facts, retryable as they are, and without the token", async () => {
  const { databricks, sent } = scripted([refusal(429, { error_code: "REQUEST_LIMIT_EXCEEDED", message: "Too fast.", headers: { "retry-after": "2", "x-request-id": "req-3" } })]);
  const error = await databricks(LLAMA).doGenerate({ prompt }).catch((thrown) => thrown);
  assert.ok(APICallError.isInstance(error));
  assert.equal(error.statusCode, 429);
  assert.equal(error.isRetryable, true);
  assert.deepEqual(error.responseHeaders, { "x-request-id": "req-3", "retry-after-ms": "2000" });
  assert.match(error.responseBody, /REQUEST_LIMIT_EXCEEDED/);
  assert.match(error.message, /Too fast/);
  assert.equal(error.url, `/serving-endpoints/${LLAMA}/invocations`);
  assert.deepEqual(error.requestBodyValues, { messages: [{ role: "user", content: "Hi" }] });
  assert.equal(error.cause.kind, "TooManyRequests");
  assert.equal(JSON.stringify([error, error.cause, error.message, error.stack]).includes("dapi-secret"), false);
  assert.equal(sent.length, 1, "repeating is the AI SDK's");
  const refused = async (status) => scripted([refusal(status)]).databricks(LLAMA).doStream({ prompt }).catch((thrown) => [thrown.statusCode, thrown.isRetryable]);
  assert.deepEqual(await refused(400), [400, false]);
  assert.deepEqual(await refused(403), [403, false]);
  assert.deepEqual(await refused(503), [503, true]);
});

test("the AI SDK repeats what may succeed later, and waits as it is told to", async () => {
  const { databricks, sent } = scripted([refusal(429, { headers: { "retry-after": "0" } }), json(completion("Hello."))]);
  assert.equal((await generateText({ model: databricks(LLAMA), prompt: "Hi", maxRetries: 1 })).text, "Hello.");
  assert.equal(sent.length, 2);
});

test("a rejected fetch is a retryable failure without a status", async () => {
  const { databricks } = scripted([new TypeError("fetch failed")]);
  const error = await databricks(LLAMA).doGenerate({ prompt }).catch((thrown) => thrown);
  assert.deepEqual([error.name, error.statusCode, error.isRetryable], ["AI_APICallError", undefined, true]);
});

test("I1 I2: an abort before, during the wait and within the stream gives the signal's own reason", async () => {
  const reason = new DOMException("Enough.", "AbortError");
  const before = AbortSignal.abort(reason);
  const never = scripted([]);
  await assert.rejects(never.databricks(LLAMA).doGenerate({ prompt, abortSignal: before }), (error) => error === reason);
  assert.equal(never.sent.length, 0);

  const waiting = new AbortController();
  const { databricks } = scripted([({ signal }) => new Promise((_, reject) => { signal.addEventListener("abort", () => reject(signal.reason)); waiting.abort(reason); })]);
  await assert.rejects(databricks(LLAMA).doGenerate({ prompt, abortSignal: waiting.signal }), (error) => error === reason);

  const within = new AbortController();
  let cancelled = false;
  const slow = scripted([sse([event(chunk({ content: "a" }))], { open: true, onCancel: () => { cancelled = true; } })]);
  const { stream } = await slow.databricks(LLAMA).doStream({ prompt, abortSignal: within.signal });
  const seen = [];
  await assert.rejects(async () => {
    for await (const part of stream) {
      seen.push(part.type);
      if (part.type === "text-delta") within.abort(reason);
    }
  }, (error) => error === reason);
  assert.deepEqual(seen, ["stream-start", "response-metadata", "text-start", "text-delta"]);
  assert.equal(cancelled, true);
});

test("I5: leaving the stream ends it at the server", async () => {
  let cancelled = false;
  const { databricks } = scripted([sse([event(chunk({ content: "a" }))], { open: true, onCancel: () => { cancelled = true; } })]);
  const { stream } = await databricks(LLAMA).doStream({ prompt });
  for await (const part of stream) if (part.type === "text-delta") break;
  assert.equal(cancelled, true);
});

test("nothing is read before it is asked for", async () => {
  let reads = 0;
  const body = new ReadableStream({ pull(controller) { reads += 1; controller.enqueue(new TextEncoder().encode(event(chunk({ content: "a" })))); } }, { highWaterMark: 0 });
  const { databricks } = scripted([new Response(body, { headers: { "content-type": "text/event-stream" } })]);
  const { stream } = await databricks(LLAMA).doStream({ prompt });
  const reader = stream.getReader();
  for (let at = 0; at < 4; at += 1) await reader.read();
  await new Promise((done) => setImmediate(done));
  assert.ok(reads <= 4, `${reads} reads for 4 parts`);
  await reader.cancel();
});
