// Responses and ChatAgent endpoints through the AI SDK.

import assert from "node:assert/strict";
import { test } from "node:test";
import { generateText, isStepCount, Output, streamText } from "ai";
import { createDatabricks } from "lakewire/ai-sdk";
import { z } from "zod";
import { event, json, sse } from "../js/fakes.mjs";
import { drain, emulator, fault, scripted, TOKEN, weather } from "./setup.mjs";

const host = await emulator();
const databricks = createDatabricks({ host, token: TOKEN });
const prompt = [{ role: "user", content: [{ type: "text", text: "Hi" }] }];
const tools = { get_weather: weather };
const message = (text, more) => ({ type: "message", id: "m1", role: "assistant", content: [{ type: "output_text", text, annotations: [] }], ...more });
const answer = (output, more) => ({ id: "r1", object: "response", created_at: 1, model: "m", status: "completed", output, usage: { input_tokens: 5, output_tokens: 3, input_tokens_details: { cached_tokens: 2 }, output_tokens_details: { reasoning_tokens: 1 } }, ...more });

async function whole(value) {
  const { databricks, sent } = scripted([json(value)]);
  return { ...(await databricks.responses("agent").doGenerate({ prompt })), sent: sent[0] };
}
async function parts(events, options, settings) {
  const { databricks } = scripted([sse([...events.map(event), "data: [DONE]\n\n"])]);
  const { stream } = await databricks.responses("agent", settings).doStream({ prompt, ...options });
  return drain(stream);
}
const text = ({ parts }) => parts.filter((part) => part.type === "text-delta").map((part) => part.delta).join("");
const kinds = ({ parts }) => parts.map((part) => part.type).filter((type, at, all) => type !== all[at - 1]);

for (const [name, model] of [["a Responses agent", databricks.responses("agent-responses")], ["a ChatAgent", databricks.chatAgent("chat-agent")]]) {
  test(`${name} runs its own tool: call, result and text, whole and streamed`, async () => {
    const settings = { model, maxRetries: 0, prompt: "What is 17 times 23?" };
    const whole = await generateText(settings);
    assert.match(whole.text, /391/);
    assert.equal(whole.finishReason, "stop");
    assert.deepEqual(whole.toolCalls.map((call) => [call.toolName, call.providerExecuted, call.dynamic]), [["calculator", true, true]]);
    assert.deepEqual(whole.toolResults.map((result) => result.output), ["17 * 23 = 391"]);
    assert.equal(whole.steps.length, 1);
    const streamed = streamText(settings);
    assert.equal(await streamed.text, whole.text);
    assert.deepEqual((await streamed.toolResults).map((result) => result.output), ["17 * 23 = 391"]);
    // the conversation goes on with what the agent did
    const next = await generateText({ model, maxRetries: 0, messages: [{ role: "user", content: "What is 17 times 23?" }, ...whole.responseMessages, { role: "user", content: "Say thanks." }] });
    assert.ok(next.text.length > 0);
  });
}

for (const [name, model] of [["an agent", databricks.responses("agent-responses")], ["a model of OpenAI's", databricks.responses("databricks-gpt-5", { route: "openai" })]]) {
  test(`the app's tools over several steps: ${name}`, async () => {
    const settings = { model, maxRetries: 0, reasoning: name === "an agent" ? undefined : "low", prompt: "What is the weather in Paris?", tools, stopWhen: isStepCount(4) };
    const whole = await generateText(settings);
    assert.match(whole.text, /21/);
    assert.equal(whole.steps.length, 2);
    const streamed = streamText(settings);
    assert.equal(await streamed.text, whole.text);
    assert.equal((await streamed.steps)[0].finishReason, "tool-calls");
  });
}

test("an object, and a conversation with reasoning whose ids are too long to be taken back", async () => {
  const model = databricks.responses("databricks-gpt-5", { route: "openai" });
  const found = await generateText({ model, maxRetries: 0, prompt: "Ann Lee is 34 years old.", output: Output.object({ schema: z.object({ name: z.string(), age: z.number() }) }) });
  assert.deepEqual(found.output, { name: "Ann Lee", age: 34 });
  const first = await generateText({ model, maxRetries: 0, reasoning: "low", prompt: "Say hello" });
  assert.ok(first.reasoningText.length > 0);
  const next = await generateText({ model, maxRetries: 0, reasoning: "low", include: { requestBody: true }, messages: [{ role: "user", content: "Say hello" }, ...first.responseMessages, { role: "user", content: "Say thanks." }] });
  assert.deepEqual(next.request.body.input.map((item) => item.type ?? item.role), ["user", "reasoning", "message", "user"]);
});

test("content, counts, facts and reasons of a whole answer", async () => {
  const reasoning = { type: "reasoning", id: "t1", summary: [{ type: "summary_text", text: "One." }, { type: "summary_text", text: "Two." }] };
  const cited = message("See.", { content: [{ type: "output_text", text: "See.", annotations: [{ type: "url_citation", url: "https://example.com/", title: "Example" }, { type: "file_citation", file_id: "f", index: 0 }] }] });
  const call = { type: "function_call", call_id: "c1", name: "f", arguments: "" };
  const { content, usage, finishReason, response } = await whole(answer([reasoning, cited, call]));
  assert.deepEqual(content, [
    { type: "reasoning", text: "One.\n\nTwo.", providerMetadata: { databricks: { endpoint: "agent", item: reasoning } } },
    { type: "text", text: "See." },
    { type: "source", sourceType: "url", id: "m1-0", url: "https://example.com/", title: "Example" },
    { type: "tool-call", toolCallId: "c1", toolName: "f", input: "{}" },
  ]);
  assert.deepEqual([usage.inputTokens, usage.outputTokens], [{ total: 5, noCache: 3, cacheRead: 2, cacheWrite: undefined }, { total: 3, text: 2, reasoning: 1 }]);
  assert.deepEqual(finishReason, { unified: "tool-calls", raw: "completed" });
  assert.equal(response.id, "r1");
  const reason = async (more) => (await whole(answer([message("x")], more))).finishReason;
  assert.deepEqual(await reason({ status: "incomplete", incomplete_details: { reason: "max_output_tokens" } }), { unified: "length", raw: "max_output_tokens" });
  assert.deepEqual(await reason({ status: "incomplete", incomplete_details: { reason: "content_filter" } }), { unified: "content-filter", raw: "content_filter" });
  assert.equal((await reason({ status: undefined })).unified, "stop");
});

test("a prompt as items: files, calls, results, settings and tools", async () => {
  const { databricks, sent } = scripted([json(answer([message("x")]))]);
  const file = (mediaType, data, more) => ({ type: "file", mediaType, data, ...more });
  const { warnings } = await databricks.responses("agent").doGenerate({
    prompt: [
      { role: "system", content: "Be brief." },
      { role: "user", content: [{ type: "text", text: "Look" }, file("image/png", { type: "data", data: "AAAA" }), file("application/pdf", { type: "data", data: "AAAA" }, { filename: "a.pdf" }), file("application/pdf", { type: "url", url: new URL("https://example.com/a.pdf") })] },
      { role: "assistant", content: [{ type: "text", text: "I " }, { type: "text", text: "see." }, { type: "tool-call", toolCallId: "c", toolName: "f", input: { a: 1 } }] },
      { role: "tool", content: [{ type: "tool-result", toolCallId: "c", toolName: "f", output: { type: "content", value: [{ type: "text", text: "See" }, file("image/png", { type: "data", data: "AAAA" })] } }] },
    ],
    maxOutputTokens: 9, temperature: 0.5, topP: 0.9, topK: 3, reasoning: "high",
    tools: [{ type: "function", name: "f", inputSchema: { type: "object", properties: {} } }], toolChoice: { type: "tool", toolName: "f" },
    providerOptions: { databricks: { custom_inputs: { a: 1 } } },
  });
  const image = { type: "input_image", image_url: "data:image/png;base64,AAAA" };
  assert.deepEqual(sent[0].body, {
    input: [
      { role: "system", content: "Be brief." },
      { role: "user", content: [{ type: "input_text", text: "Look" }, image, { type: "input_file", filename: "a.pdf", file_data: "data:application/pdf;base64,AAAA" }, { type: "input_file", file_url: "https://example.com/a.pdf" }] },
      { type: "message", role: "assistant", content: ["I ", "see."].map((text) => ({ type: "output_text", text, annotations: [] })) },
      { type: "function_call", call_id: "c", name: "f", arguments: '{"a":1}' },
      { type: "function_call_output", call_id: "c", output: [{ type: "input_text", text: "See" }, image] },
    ],
    max_output_tokens: 9, temperature: 0.5, top_p: 0.9, reasoning: { effort: "high" },
    tools: [{ type: "function", name: "f", parameters: { type: "object", properties: {} } }], tool_choice: { type: "function", name: "f" },
    custom_inputs: { a: 1 },
  });
  assert.deepEqual(warnings.map((one) => one.feature), ["topK"]);
});

test("every thought goes back once, also those without an id", async () => {
  const { databricks, sent } = scripted([json(answer([]))]);
  const thought = (item) => ({ type: "reasoning", text: "", providerOptions: { databricks: { endpoint: "agent", item: { type: "reasoning", ...item } } } });
  const items = [{ summary: [{ type: "summary_text", text: "One." }] }, { summary: [{ type: "summary_text", text: "Two." }] }, { id: "t", summary: [] }];
  await databricks.responses("agent").doGenerate({ prompt: [{ role: "assistant", content: [...items, items[2]].map(thought) }] });
  assert.deepEqual(sent[0].body.input, items.map((item) => ({ type: "reasoning", ...item })));
});

test("a conversation kept with @databricks/ai-sdk-provider: its notes do not reach the service", async () => {
  const { databricks, sent } = scripted([json(answer([]))]);
  const noted = (part, databricks) => ({ ...part, providerOptions: { databricks } });
  await databricks.responses("agent").doGenerate({ prompt: [
    { role: "user", content: [noted({ type: "text", text: "Hi" }, { itemId: "i" })] },
    { role: "assistant", content: [noted({ type: "tool-call", toolCallId: "a1", toolName: "f", input: {} }, { itemId: "a1", toolName: "f", approvalRequestId: "a1", serverLabel: "s" })] },
  ] });
  assert.deepEqual(sent[0].body.input, [{ role: "user", content: "Hi" }, { type: "mcp_approval_request", id: "a1", server_label: "s", name: "f", arguments: "{}" }]);
});

test("how hard to think, in the words Responses knows", async () => {
  const think = async (reasoning, databricksOptions) => {
    const { databricks, sent } = scripted([json(answer([]))]);
    const { warnings } = await databricks.responses("agent").doGenerate({ prompt: [{ role: "user", content: [{ type: "text", text: "Hi" }] }], reasoning, providerOptions: { databricks: databricksOptions } });
    return [sent[0].body.reasoning, warnings.map(({ type }) => type)];
  };
  assert.deepEqual(await think("medium"), [{ effort: "medium" }, []]);
  assert.deepEqual(await think("max"), [{ effort: "high" }, ["compatibility"]]);
  assert.deepEqual(await think("minimal"), [{ effort: "low" }, ["compatibility"]]);
  assert.deepEqual(await think("none"), [undefined, ["unsupported"]]);
  assert.deepEqual(await think("none", { reasoning: { effort: "none" } }), [{ effort: "none" }, []]);
});

const delta = (delta, more) => ({ type: "response.output_text.delta", item_id: "m1", delta, ...more });
const done = (item) => ({ type: "response.output_item.done", item });
const completed = (output) => ({ type: "response.completed", response: answer(output) });
const STREAMS = {
  "deltas, the item and the whole": [delta("a"), delta("b"), { type: "response.output_text.done", item_id: "m1", text: "ab" }, done(message("ab")), completed([message("ab")])],
  "deltas without an id": [delta("a", { item_id: undefined }), delta("b", { item_id: undefined }), done(message("ab")), completed([message("ab")])],
  "items alone": [done(message("ab"))],
  "the whole alone": [completed([message("ab")])],
  "deltas that miss the end": [delta("a"), done(message("ab")), completed([message("ab")])],
  "another id in the whole": [delta("a"), delta("b"), done(message("ab")), completed([message("ab", { id: "other" })])],
};
for (const [name, events] of Object.entries(STREAMS)) {
  test(`streamed text comes once: ${name}`, async () => {
    const result = await parts(events);
    assert.equal(text(result), "ab");
    assert.equal(result.parts.at(-1).type, "finish");
  });
}

test("two messages are two blocks, thoughts are their own, and calls come whole at the end", async () => {
  const thought = { type: "reasoning", id: "t1", summary: [{ type: "summary_text", text: "Hm." }, { type: "summary_text", text: "So." }] };
  const call = { type: "function_call", id: "f1", call_id: "c1", name: "get_weather", arguments: '{"city":"Paris"}' };
  const summary = (delta, summary_index) => ({ type: "response.reasoning_summary_text.delta", item_id: "t1", summary_index, delta });
  const result = await parts([
    { type: "response.created", response: { id: "r1", model: "m", created_at: 1 } },
    summary("Hm", 0), summary(".", 0), summary("So.", 1), done(thought),
    delta("a"), done(message("a")), delta("b", { item_id: "m2" }), done(message("b", { id: "m2" })),
    { type: "response.output_item.added", item: { ...call, arguments: "" } }, { type: "response.function_call_arguments.delta", item_id: "f1", delta: call.arguments }, done(call),
    completed([thought, message("a"), message("b", { id: "m2" }), call]),
  ], { tools: [{ type: "function", name: "get_weather", inputSchema: {} }] });
  assert.deepEqual(kinds(result), ["stream-start", "response-metadata", "reasoning-start", "reasoning-delta", "reasoning-end", "text-start", "text-delta", "text-end", "text-start", "text-delta", "text-end", "tool-input-start", "tool-input-delta", "tool-input-end", "tool-call", "finish"]);
  assert.equal(result.parts.filter((part) => part.type === "reasoning-delta").map((part) => part.delta).join(""), "Hm.\n\nSo.");
  assert.deepEqual(result.parts.find((part) => part.type === "reasoning-end").providerMetadata.databricks, { endpoint: "agent", item: thought });
  assert.deepEqual(result.parts.find((part) => part.type === "tool-call"), { type: "tool-call", toolCallId: "c1", toolName: "get_weather", input: call.arguments });
});

test("useRemoteToolCalling leaves every call to the agent", async () => {
  const call = { type: "function_call", id: "f1", call_id: "c1", name: "query", arguments: "{}" };
  const result = await parts([done(call), completed([call])], {}, { useRemoteToolCalling: true });
  assert.deepEqual(result.parts.at(-2), { type: "tool-call", toolCallId: "c1", toolName: "query", input: "{}", providerExecuted: true, dynamic: true });
  assert.equal(result.parts.at(-1).finishReason.unified, "stop");
});

test("an agent asks leave for a tool of an MCP server, and goes on with the user's word", async () => {
  const request = { type: "mcp_approval_request", id: "ask_1", name: "drop_table", arguments: '{"table":"t"}', server_label: "uc" };
  const result = { type: "function_call_output", call_id: "ask_1", output: "dropped" };
  const first = answer([message("May I?"), request]);
  const { databricks, sent } = scripted([json(first), sse([event(done(message("May I?"))), event(done(request)), event({ type: "response.completed", response: first }), "data: [DONE]\n\n"]), json(answer([result, message("It is gone.")])), json(answer([message("As you like.")]))]);
  const model = databricks.responses("agent");
  const ask = { model, maxRetries: 0, prompt: "Drop it" };
  const whole = await generateText(ask);
  const streamed = streamText(ask);
  for (const content of [whole.content, await streamed.content]) {
    const [asks] = content.filter((part) => part.type === "tool-approval-request");
    assert.deepEqual([asks.approvalId, asks.toolCall.toolName, asks.toolCall.input, asks.toolCall.providerExecuted], ["ask_1", "drop_table", { table: "t" }, true]);
  }
  const go = (approved, reason) => generateText({ model, maxRetries: 0, messages: [{ role: "user", content: "Drop it" }, ...whole.responseMessages, { role: "tool", content: [{ type: "tool-approval-response", approvalId: "ask_1", approved, reason, providerExecuted: true }] }] });
  const gone = await go(true);
  assert.equal(gone.text, "It is gone.");
  assert.deepEqual(gone.toolResults.map(({ toolName, input, output }) => [toolName, input, output]), [["drop_table", { table: "t" }, "dropped"]]);
  assert.deepEqual(sent[2].body.input.slice(2), [{ ...request }, { type: "mcp_approval_response", approval_request_id: "ask_1", approve: true }]);
  assert.equal((await go(false, "No.")).text, "As you like.");
  assert.deepEqual(sent[3].body.input.at(-1), { type: "mcp_approval_response", approval_request_id: "ask_1", approve: false, reason: "No." });
});

test("a result without an event around it, and sources that only their own events tell", async () => {
  const call = { type: "function_call", id: "f1", call_id: "c1", name: "query", arguments: "{}" };
  const result = await parts([done(call), { type: "function_call_output", call_id: "c1", output: "7" }, delta("7"), { type: "response.output_text.annotation.added", item_id: "m1", annotation_index: 0, annotation: { type: "url_citation", url: "https://example.com/", title: "Example" } }]);
  assert.deepEqual(kinds(result), ["stream-start", "tool-call", "tool-result", "text-start", "text-delta", "source", "text-end", "finish"]);
});

test("what breaks off or fails in a stream is an error, not an end", async () => {
  const failed = await parts([delta("a"), { type: "response.failed", response: { status: "failed", error: { code: "server_error", message: "It broke." } } }]);
  assert.match(failed.error.message, /It broke/);
  const { databricks } = scripted([sse([event(delta("a"))])]);
  const cut = await drain((await databricks.responses("agent").doStream({ prompt })).stream);
  assert.equal(cut.error.cause.kind, "Truncated");
  for (const [model, what] of [[createDatabricks({ host, token: TOKEN }).responses("agent-responses"), { end_after_events: 6 }], [createDatabricks({ host, token: TOKEN }).chatAgent("chat-agent"), { end_after_events: 4 }]]) {
    const answer = streamText({ model, maxRetries: 0, prompt: "What is 17 times 23?", headers: fault(what), onError: () => {} });
    await assert.rejects(Promise.resolve(answer.text), { name: "AI_APICallError" });
  }
});

test("a ChatAgent warns of settings that its form does not have", async () => {
  const { warnings } = await databricks.chatAgent("chat-agent").doGenerate({ prompt, temperature: 1, tools: [{ type: "function", name: "f", inputSchema: {} }], reasoning: "provider-default", stopSequences: [], responseFormat: { type: "text" } });
  assert.deepEqual(warnings.map((one) => one.feature), ["temperature", "tools"]);
});
