// What the AI SDK's prompts, tools and settings become on the wire, and what the caller is warned of.

import assert from "node:assert/strict";
import { test } from "node:test";
import { completion, json } from "../js/fakes.mjs";
import { CLAUDE, LLAMA, scripted } from "./setup.mjs";

const text = (text, more) => ({ type: "text", text, ...more });
const user = (...content) => ({ role: "user", content });
const PNG = "iVBORw0KGgoAAAANSUhEUg==";
const HI = [user(text("Hi"))];

/** The body of a chat request, and the warnings. */
async function body(options, { endpoint = LLAMA, settings } = {}) {
  const { databricks, sent } = scripted([json(completion())]);
  const { warnings } = await databricks(endpoint, settings).doGenerate({ prompt: HI, ...options });
  return { body: sent[0].body, warnings, url: sent[0].url, headers: sent[0].headers };
}
const messages = async (prompt, more) => (await body({ prompt }, more)).body.messages;

test("a prompt of texts is sent as plain text, to the endpoint's own route", async () => {
  const sent = await body({ prompt: [{ role: "system", content: "Be brief." }, ...HI] });
  assert.equal(sent.url, `https://workspace.example/serving-endpoints/${LLAMA}/invocations`);
  assert.deepEqual(sent.body, { messages: [{ role: "system", content: "Be brief." }, { role: "user", content: "Hi" }] });
  assert.deepEqual(sent.warnings, []);
});

test("instructions that stand together become one message, since endpoints take only one", async () => {
  assert.deepEqual(await messages([{ role: "system", content: "A" }, { role: "system", content: "B" }, ...HI]), [{ role: "system", content: "A\nB" }, { role: "user", content: "Hi" }]);
});

test("images go as data or by address, whichever the AI SDK hands over", async () => {
  const png = (data, mediaType = "image/png", more) => ({ type: "file", data, mediaType, ...more });
  const bytes = Uint8Array.from(atob(PNG), (letter) => letter.charCodeAt(0));
  const content = (await messages([user(
    text("Look"),
    png({ type: "data", data: PNG }),
    png({ type: "data", data: bytes }),
    png({ type: "data", data: PNG }, "image"),
    png({ type: "url", url: new URL("https://example.com/a.png") }, "image/*", { providerOptions: { databricks: { detail: "low" } } }),
  )]))[0].content;
  const url = `data:image/png;base64,${PNG}`;
  assert.deepEqual(content, [
    text("Look"),
    ...[url, url, url].map((url) => ({ type: "image_url", image_url: { url } })),
    { type: "image_url", image_url: { url: "https://example.com/a.png", detail: "low" } },
  ]);
});

test("audio, video, documents and texts each have their part", async () => {
  const file = (mediaType, data, more) => ({ type: "file", mediaType, data: { type: "data", data }, ...more });
  const content = (await messages([user(
    file("audio/wav", "AAAA"), file("audio/mpeg", "AAAA"), file("audio/ogg", "AAAA"),
    file("audio/wav", "AAAA", { providerOptions: { databricks: { as: "audio_url" } } }),
    file("video/mp4", "AAAA"), file("application/pdf", "AAAA", { filename: "a.pdf" }),
    { type: "file", mediaType: "text/plain", data: { type: "text", text: "Words." } },
    { type: "file", mediaType: "application/pdf", data: { type: "reference", reference: { databricks: "file-1" } } },
  )]))[0].content;
  assert.deepEqual(content, [
    { type: "input_audio", input_audio: { data: "AAAA", format: "wav" } },
    { type: "input_audio", input_audio: { data: "AAAA", format: "mp3" } },
    { type: "audio_url", audio_url: { url: "data:audio/ogg;base64,AAAA" } },
    { type: "audio_url", audio_url: { url: "data:audio/wav;base64,AAAA" } },
    { type: "video_url", video_url: { url: "data:video/mp4;base64,AAAA" } },
    { type: "file", file: { filename: "a.pdf", file_data: "data:application/pdf;base64,AAAA" } },
    text("Words."),
    { type: "file", file: { file_id: "file-1" } },
  ]);
});

test("a file whose type is half known is told by its first bytes: of RIFF files there are several", async () => {
  const riff = (kind) => btoa(`RIFF\x24\0\0\0${kind}fmt `);
  const file = (mediaType, data) => ({ type: "file", mediaType, data: { type: "data", data } });
  const content = (await messages([user(file("audio/*", riff("WAVE")), file("image/*", riff("WEBP")))]))[0].content;
  assert.deepEqual(content.map((part) => part.input_audio?.format ?? part.image_url.url.slice(0, 16)), ["wav", "data:image/webp;"]);
  await assert.rejects(messages([user(file("video/*", riff("AVI ")))]), /write the whole type/);
});

test("what cannot be sent is refused before anything is sent", async () => {
  const file = (data, mediaType) => messages([user({ type: "file", data, mediaType })]);
  await assert.rejects(file({ type: "url", url: new URL("https://example.com/a.pdf") }, "application/pdf"), { name: "AI_UnsupportedFunctionalityError" });
  await assert.rejects(file({ type: "data", data: "AAAA" }, "image"), { name: "AI_UnsupportedFunctionalityError", message: /image\/png/ });
  await assert.rejects(file({ type: "reference", reference: { openai: "file-1" } }, "image/png"), { name: "AI_UnsupportedFunctionalityError" });
});

test("tool calls and every kind of result", async () => {
  const kinds = [
    { type: "text", value: "clear" }, { type: "json", value: { sky: "clear" } }, { type: "error-text", value: "no" }, { type: "error-json", value: { code: 7 } },
    { type: "execution-denied", reason: "Not today." }, { type: "execution-denied" }, { type: "content", value: [text("a"), text("b")] },
    { type: "content", value: [text("See"), { type: "file", mediaType: "image/png", data: { type: "data", data: PNG } }] },
  ];
  const call = (_, at) => ({ type: "tool-call", toolCallId: `c${at}`, toolName: "look", input: at === 0 ? '{"at":0}' : { at } });
  const sent = await messages([
    ...HI,
    { role: "assistant", content: kinds.map(call) },
    { role: "tool", content: kinds.map((output, at) => ({ type: "tool-result", toolCallId: `c${at}`, toolName: "look", output })) },
  ]);
  assert.equal(sent.length, 2 + kinds.length);
  assert.equal("content" in sent[1], false, "Claude refuses empty text beside tool calls");
  assert.deepEqual(sent[1].tool_calls.slice(0, 2), [0, 1].map((at) => ({ id: `c${at}`, type: "function", function: { name: "look", arguments: `{"at":${at}}` } })));
  assert.deepEqual(sent.slice(2).map((message) => message.content), [
    "clear", '{"sky":"clear"}', "no", '{"code":7}', "Not today.", "The user did not allow this tool to run.", "a\nb",
    [text("See"), { type: "image_url", image_url: { url: `data:image/png;base64,${PNG}` } }],
  ]);
  assert.deepEqual(sent.slice(2).map((message) => message.tool_call_id), kinds.map((_, at) => `c${at}`));
});

test("thoughts go back to the endpoint they came from, as they came, and to no other", async () => {
  const summary = [{ type: "summary_text", text: "Hm.", signature: "sig" }, { type: "summary_encrypted_text", data: "x" }];
  const turn = (endpoint) => ({ role: "assistant", content: [{ type: "reasoning", text: "Hm.", providerOptions: { databricks: { endpoint, summary } } }, text("4"), text("")] });
  assert.deepEqual((await messages([...HI, turn(CLAUDE)], { endpoint: CLAUDE }))[1], { role: "assistant", content: [{ type: "reasoning", summary }, text("4")] });
  assert.deepEqual((await messages([...HI, turn(CLAUDE)], { endpoint: LLAMA }))[1], { role: "assistant", content: "4" });
  assert.deepEqual(await messages([...HI, { role: "assistant", content: [{ type: "reasoning", text: "foreign" }] }]), [{ role: "user", content: "Hi" }]);
});

test("fields of parts, messages and tools go where they were written", async () => {
  const databricks = { cache_control: { type: "ephemeral" } };
  const providerOptions = { databricks };
  const { body: sent } = await body({
    prompt: [{ role: "system", content: "Long.", providerOptions }, user(text("One", { providerOptions }), text("Two")), { ...user(text("Three")), providerOptions }, { role: "assistant", content: [text("Four")], providerOptions }],
    tools: [{ type: "function", name: "f", inputSchema: { type: "object" }, providerOptions }],
  });
  assert.deepEqual(sent.messages, [
    { role: "system", content: [text("Long.", databricks)] },
    { role: "user", content: [text("One", databricks), text("Two")] },
    { role: "user", content: [text("Three", databricks)] },
    { role: "assistant", content: [text("Four", databricks)] },
  ]);
  assert.deepEqual(sent.tools[0].cache_control, { type: "ephemeral" });
});

test("settings are sent in the service's words; what open-weight endpoints refuse is left out with a warning", async () => {
  const { body: sent, warnings } = await body({ maxOutputTokens: 9, temperature: 0.5, topP: 0.9, topK: 5, stopSequences: ["x"], seed: 1, presencePenalty: 1, frequencyPenalty: 1 });
  assert.deepEqual(sent, { messages: [{ role: "user", content: "Hi" }], max_tokens: 9, temperature: 0.5, top_p: 0.9, top_k: 5, stop: ["x"] });
  assert.deepEqual(warnings.map(({ type, feature }) => [type, feature]), [["unsupported", "seed"], ["unsupported", "presencePenalty"], ["unsupported", "frequencyPenalty"]]);
});

test("providerOptions.databricks goes into the body as it is, but not over what the AI SDK says", async () => {
  const { body: sent } = await body({ temperature: 1, providerOptions: { databricks: { seed: 7, anything: { deep: true }, temperature: 0 }, openai: { user: "x" } } });
  assert.deepEqual(sent, { messages: [{ role: "user", content: "Hi" }], seed: 7, anything: { deep: true }, temperature: 0 });
  await assert.rejects(body({ providerOptions: { databricks: { messages: [] } } }), { kind: "InvalidInput", message: /messages/ });
});

test("options by the names of @databricks/ai-sdk-provider reach the service by its own", async () => {
  const theirs = { reasoningEffort: "low", topK: 3, n: 2, logprobs: true, topLogprobs: 4, parallelToolCalls: false, includeTrace: true, databricks_options: { a: 1 } };
  const { body: sent, warnings } = await body({ reasoning: "high", providerOptions: { databricks: theirs } });
  const { messages: _, ...rest } = sent;
  assert.deepEqual(rest, { reasoning_effort: "low", top_k: 3, n: 2, logprobs: true, top_logprobs: 4, parallel_tool_calls: false, databricks_options: { return_trace: true, a: 1 } });
  assert.deepEqual(warnings, []);
  assert.equal((await body({ providerOptions: { databricks: { topK: 3, top_k: 4 } } })).body.top_k, 4);
});

test("tools: definitions, choice, strictness, and kinds that are not functions", async () => {
  const f = { type: "function", name: "f", description: "Does.", inputSchema: { $schema: "x", type: "object", properties: { a: { type: "number" } } } };
  const g = { type: "function", name: "g", inputSchema: {}, strict: true, inputExamples: [{ input: {} }] };
  const own = { type: "provider", id: "openai.web_search", name: "search", args: {} };
  const { body: sent, warnings } = await body({ tools: [f, g, own], toolChoice: { type: "auto" } });
  assert.deepEqual(sent.tools, [
    { type: "function", function: { name: "f", description: "Does.", parameters: { type: "object", properties: { a: { type: "number" } } } } },
    { type: "function", function: { name: "g", parameters: { type: "object", properties: {} } } },
  ]);
  assert.equal("tool_choice" in sent, false);
  assert.deepEqual(warnings.map((one) => one.feature), ["inputExamples", "strict", "provider-defined tool openai.web_search"]);
  const choice = async (toolChoice) => (await body({ tools: [f], toolChoice })).body.tool_choice;
  assert.equal(await choice({ type: "none" }), "none");
  assert.equal(await choice({ type: "required" }), "required");
  assert.deepEqual(await choice({ type: "tool", toolName: "f" }), { type: "function", function: { name: "f" } });
  const strict = async (endpoint, settings) => (await body({ tools: [g] }, { endpoint, settings })).body.tools[0].function.strict;
  assert.equal(await strict("databricks-gpt-5"), true);
  assert.equal(await strict(LLAMA), undefined);
  assert.equal(await strict("mine", { strictTools: true }), true);
});

test("JSON with a schema, without one, and for endpoints without schemas", async () => {
  const schema = { $schema: "x", type: "object", properties: { a: { type: "number" } }, required: ["a"] };
  const format = async (responseFormat, settings) => { const { body: sent, warnings } = await body({ responseFormat }, { settings }); return [sent.response_format, warnings.length]; };
  const { $schema, ...sent } = schema;
  assert.deepEqual(await format({ type: "text" }), [undefined, 0]);
  assert.deepEqual(await format({ type: "json" }), [{ type: "json_object" }, 0]);
  assert.deepEqual(await format({ type: "json", schema }), [{ type: "json_schema", json_schema: { name: "response", schema: sent, strict: true } }, 0]);
  assert.deepEqual(await format({ type: "json", schema, name: "n", description: "d" }), [{ type: "json_schema", json_schema: { name: "n", description: "d", schema: sent, strict: true } }, 0]);
  assert.deepEqual(await format({ type: "json", schema }, { structuredOutputs: false }), [{ type: "json_object" }, 1]);
  // services refuse a strict schema with a property that is not required, also one within another
  const strict = async (schema, settings) => { const [sent, warned] = await format({ type: "json", schema }, settings); return [sent.json_schema.strict, warned]; };
  const optional = { type: "object", properties: { a: { type: "number" } } };
  assert.deepEqual(await strict(optional), [false, 1]);
  assert.deepEqual(await strict({ type: "object", properties: { list: { type: "array", items: optional } }, required: ["list"] }), [false, 1]);
  assert.deepEqual(await strict({ type: "object", properties: { properties: schema }, required: ["properties"] }), [true, 0]);
  assert.deepEqual(await strict(optional, { strictJsonSchema: true }), [true, 0]);
  assert.deepEqual(await strict(schema, { strictJsonSchema: false }), [false, 0]);
});

test("how hard to think is a word for most and a budget for the Claude class", async () => {
  const think = async (reasoning, endpoint, more) => {
    const { body: { messages, ...sent }, warnings } = await body({ reasoning, ...more }, { endpoint });
    return [sent, warnings.map(({ type }) => type)];
  };
  assert.deepEqual(await think("provider-default", LLAMA), [{}, []]);
  assert.deepEqual(await think("high", LLAMA), [{ reasoning_effort: "high" }, []]);
  assert.deepEqual(await think("xhigh", LLAMA), [{ reasoning_effort: "high" }, ["compatibility"]]);
  assert.deepEqual(await think("none", LLAMA), [{}, ["unsupported"]]);
  assert.deepEqual(await think("low", CLAUDE), [{ thinking: { type: "enabled", budget_tokens: 1024 }, max_tokens: 5120 }, []]);
  assert.deepEqual(await think("high", CLAUDE, { maxOutputTokens: 10_000 }), [{ max_tokens: 10_000, thinking: { type: "enabled", budget_tokens: 8000 } }, []]);
  assert.deepEqual(await think("high", CLAUDE, { maxOutputTokens: 500 }), [{ max_tokens: 500 }, ["unsupported"]]);
  assert.deepEqual(await think("none", CLAUDE), [{}, []]);
  assert.deepEqual((await body({ reasoning: "high" }, { endpoint: CLAUDE, settings: { defaults: { max_tokens: 2000 } } })).body, { messages: [{ role: "user", content: "Hi" }], max_tokens: 2000, thinking: { type: "enabled", budget_tokens: 1600 } });
  const none = (endpoint, defaults) => body({ reasoning: "none" }, { endpoint, settings: { defaults } }).then(({ body: { messages, ...sent }, warnings }) => [sent, warnings.length]);
  assert.deepEqual(await none(CLAUDE, { thinking: { type: "enabled", budget_tokens: 2000 } }), [{}, 0]);
  assert.deepEqual(await none(LLAMA, { reasoning_effort: "high", temperature: 0 }), [{ temperature: 0 }, 1]);
  const own = { providerOptions: { databricks: { thinking: { type: "enabled", budget_tokens: 2000 } } } };
  assert.deepEqual(await think("high", CLAUDE, own), [{ thinking: { type: "enabled", budget_tokens: 2000 } }, []]);
});

test("while the Claude class thinks, what it refuses beside it is left out with a warning", async () => {
  const asked = async (options, more) => {
    const { body: { temperature, top_p: topP, top_k: topK }, warnings } = await body(options, more);
    return [{ temperature, topP, topK }, warnings.map(({ type, feature }) => `${type} ${feature}`)];
  };
  const hot = { temperature: 0.2, topP: 0.9, topK: 5 };
  const told = [{ temperature: undefined, topP: undefined, topK: undefined }, ["unsupported temperature", "unsupported topP", "unsupported topK"]];
  const thinking = { type: "enabled", budget_tokens: 2000 };
  assert.deepEqual(await asked({ reasoning: "low", ...hot }, { endpoint: CLAUDE }), told);
  assert.deepEqual(await asked({ providerOptions: { databricks: { thinking } }, ...hot }, { endpoint: CLAUDE }), told);
  assert.deepEqual(await asked(hot, { endpoint: CLAUDE, settings: { defaults: { thinking } } }), told);
  assert.deepEqual(await asked({ reasoning: "low", temperature: 1, topP: 0.95 }, { endpoint: CLAUDE }), [{ temperature: 1, topP: 0.95, topK: undefined }, []]);
  assert.deepEqual(await asked({ reasoning: "none", ...hot }, { endpoint: CLAUDE, settings: { defaults: { thinking } } }), [hot, []]);
  assert.deepEqual(await asked({ reasoning: "low", ...hot }, { endpoint: LLAMA }), [hot, []]);
});

test("defaults of the model, headers of the call and of the provider", async () => {
  const { databricks, sent } = scripted([json(completion())], { headers: { "x-team": "data" } });
  await databricks(LLAMA, { defaults: { temperature: 0, user: "ann" } }).doGenerate({ prompt: HI, temperature: 1, headers: { "x-call": "1", "x-none": undefined, "user-agent": "ai/7" } });
  assert.deepEqual(sent[0].body, { messages: [{ role: "user", content: "Hi" }], user: "ann", temperature: 1 });
  assert.equal(sent[0].headers.get("x-team"), "data");
  assert.equal(sent[0].headers.get("x-call"), "1");
  assert.equal(sent[0].headers.get("x-none"), null);
  assert.notEqual(sent[0].headers.get("user-agent"), "ai/7");
  assert.equal(sent[0].headers.get("authorization"), "Bearer dapi-secret");
});
