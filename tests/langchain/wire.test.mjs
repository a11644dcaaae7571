// What goes over the wire for LangChain's messages, tools and options, and what its answers become, by scripts.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { ContextOverflowError } from "@langchain/core/errors";
import { InMemoryCache } from "@langchain/core/caches";
import { load } from "@langchain/core/load";
import { AIMessage, HumanMessage, SystemMessage, ToolMessage } from "@langchain/core/messages";
import { tool } from "@langchain/core/tools";
import { WorkspaceClient } from "lakewire/chat";
import { WorkspaceClient as WholeClient } from "lakewire";
import * as whole from "lakewire/langchain";
import { observed } from "lakewire/mlflow";
import { z } from "zod";
import { chunk, completion, json, script, sse } from "./fakes.mjs";

const { ChatDatabricks, Databricks } = whole;
const model = "m";
const folded = async (stream) => {
  let sum;
  for await (const piece of await stream) sum = sum ? sum.concat(piece) : piece;
  return sum;
};
const sent = async (messages, fields = {}, call) => {
  const { calls, fields: workspace } = script(completion({ content: "Hi." }));
  await new ChatDatabricks({ ...workspace, model, ...fields }).invoke(messages, call);
  return calls[0].body;
};

test("only what is set is sent, in the wire's words; a call's options go first", async () => {
  assert.deepEqual(await sent("Hi"), { messages: [{ role: "user", content: "Hi" }] });
  const fields = { temperature: 0, maxTokens: 9, topP: 0.5, topK: 3, stop: ["x"], n: 1, seed: 7, reasoningEffort: "low", extraParams: { own: 1 } };
  const { messages: _, ...body } = await sent("Hi", fields, { temperature: 1, stop: ["y"], extraParams: { other: 2 }, max_tokens: 4 });
  assert.deepEqual(body, { temperature: 1, max_tokens: 4, top_p: 0.5, top_k: 3, stop: ["y"], seed: 7, reasoning_effort: "low", own: 1, other: 2 });
});

test("Python's names are taken too, and `endpoint` for `model`", async () => {
  const { calls, fields } = script(completion({ content: "Hi." }));
  const chat = new ChatDatabricks({ ...fields, model: undefined, endpoint: "e1", max_tokens: 3, extra_params: { a: 1 } });
  await chat.invoke("x");
  assert.equal(calls[0].url, "https://workspace.example/serving-endpoints/e1/invocations");
  assert.equal(calls[0].body.max_tokens, 3);
  assert.equal(calls[0].body.a, 1);
  assert.equal(new ChatDatabricks("e2", fields).endpoint, "e2");
  const python = { max_completion_tokens: 9, reasoning_effort: "low", response_format: { type: "json_object" }, presence_penalty: 1, custom_inputs: { b: 1 }, databricks_options: { return_trace: true }, parallel_tool_calls: false, model_kwargs: { c: 1 } };
  const { messages: _, ...body } = await sent("x", python);
  const { max_completion_tokens: most, model_kwargs: more, ...rest } = python;
  assert.deepEqual(body, { ...rest, max_tokens: most, ...more });
  for (const name of ["target_uri", "use_ai_gateway", "use_ai_gateway_native_api"]) {
    assert.throws(() => new ChatDatabricks({ ...fields, model, [name]: true }), { kind: "InvalidInput", message: new RegExp(name) });
  }
});

test("messages: roles, tool calls without empty text, tool results, names", async () => {
  const { messages } = await sent([
    new SystemMessage([{ type: "text", text: "Be" }, { type: "text", text: " brief." }]),
    new HumanMessage({ content: "Hi", name: "ann" }),
    new AIMessage({ content: "", tool_calls: [{ id: "1", name: "f", args: { a: 1 } }] }),
    new ToolMessage({ content: [{ type: "text", text: "one" }, { type: "text", text: "two" }], tool_call_id: "1" }),
    new AIMessage({ content: [{ type: "text", text: "" }, { type: "tool_use", id: "2", name: "f", input: {} }], tool_calls: [{ id: "2", name: "f", args: {} }], name: "agent" }),
    new ToolMessage({ content: "three", tool_call_id: "2", artifact: { secret: 1 } }),
  ]);
  assert.deepEqual(messages, [
    { role: "system", content: "Be brief." },
    { role: "user", content: "Hi", name: "ann" },
    { role: "assistant", tool_calls: [{ id: "1", type: "function", function: { name: "f", arguments: '{"a":1}' } }] },
    { role: "tool", tool_call_id: "1", content: "one\ntwo" },
    { role: "assistant", tool_calls: [{ id: "2", type: "function", function: { name: "f", arguments: "{}" } }] },
    { role: "tool", tool_call_id: "2", content: "three" },
  ]);
});

test("content: images, sounds, films and files of every form LangChain has", async () => {
  const content = [
    { type: "text", text: "Look", cache_control: { type: "ephemeral" } },
    { type: "image_url", image_url: "https://x.example/a.png" },
    { type: "image_url", image_url: { url: "https://x.example/b.png", detail: "low" } },
    { type: "image", url: "https://x.example/c.png" },
    { type: "image", data: "AAAA", mimeType: "image/png" },
    { type: "image", data: new Uint8Array([0, 0, 0]), mimeType: "image/png" },
    { type: "image", source_type: "base64", data: "BBBB", mime_type: "image/jpeg" },
    { type: "image", source: { type: "base64", media_type: "image/gif", data: "CCCC" } },
    { type: "audio", data: "DDDD", mimeType: "audio/wav" },
    { type: "video", url: "https://x.example/d.mp4" },
    { type: "file", data: "EEEE", mimeType: "application/pdf", metadata: { filename: "a.pdf" } },
  ];
  const { messages } = await sent([new HumanMessage({ content })]);
  const image = (url) => ({ type: "image_url", image_url: { url } });
  assert.deepEqual(messages[0].content, [
    { type: "text", text: "Look", cache_control: { type: "ephemeral" } },
    image("https://x.example/a.png"),
    { type: "image_url", image_url: { url: "https://x.example/b.png", detail: "low" } },
    image("https://x.example/c.png"), image("data:image/png;base64,AAAA"), image("data:image/png;base64,AAAA"),
    image("data:image/jpeg;base64,BBBB"), image("data:image/gif;base64,CCCC"),
    { type: "input_audio", input_audio: { data: "DDDD", format: "wav" } },
    { type: "video_url", video_url: { url: "https://x.example/d.mp4" } },
    { type: "file", file: { filename: "a.pdf", file_data: "data:application/pdf;base64,EEEE" } },
  ]);
  await assert.rejects(sent([new HumanMessage({ content: [{ type: "image", fileId: "f1" }] })]), /needs a `url` or `data`/);
});

test("thoughts go back as parts with their signature, and what came as a field does not", async () => {
  const { calls, fields } = script(
    completion({ content: [{ type: "reasoning", summary: [{ type: "summary_text", text: "Hm.", signature: "sig" }] }, { type: "reasoning", summary: [{ type: "summary_encrypted_text", data: "enc" }] }, { type: "text", text: "Yes." }] }),
    completion({ content: "No.", reasoning_content: "Well." }),
    completion({ content: "Done." }),
  );
  const chat = new ChatDatabricks({ ...fields, model });
  const history = [new HumanMessage("Is it?")];
  for (const next of ["Sure?", "Really?"]) history.push(await chat.invoke(history), new HumanMessage(next));
  await chat.invoke(history);
  assert.deepEqual(history[1].contentBlocks, [{ type: "reasoning", reasoning: "Hm.", signature: "sig" }, { type: "reasoning", reasoning: "", encrypted: "enc" }, { type: "text", text: "Yes." }]);
  assert.equal(history[1].text, "Yes.");
  assert.equal(history[3].contentBlocks[0].reasoning, "Well.");
  const { messages } = calls[2].body;
  assert.deepEqual(messages[1].content, [{ type: "reasoning", summary: [{ type: "summary_text", text: "Hm.", signature: "sig" }] }, { type: "reasoning", summary: [{ type: "summary_encrypted_text", data: "enc" }] }, { type: "text", text: "Yes." }]);
  assert.deepEqual(messages[3], { role: "assistant", content: [{ type: "text", text: "No." }] });
});

test("a streamed thought is one block with its signature, and goes back so", async () => {
  const reasoning = (piece) => ({ content: [{ type: "reasoning", summary: [{ type: "summary_text", ...piece }] }] });
  const { calls, fields } = script(
    sse(chunk({ role: "assistant", content: "" }), chunk(reasoning({ text: "Hm" })), chunk(reasoning({ text: "m." })), chunk(reasoning({ text: "", signature: "sig" })), chunk({ content: "Ye" }), chunk({ content: [{ type: "text", text: "s." }] }, { finish_reason: "stop" })),
    completion({ content: "Done." }),
  );
  const chat = new ChatDatabricks({ ...fields, model });
  const answer = await folded(chat.stream("Is it?"));
  assert.deepEqual(answer.content, [{ type: "reasoning", reasoning: "Hmm.", signature: "sig", index: 0 }, { type: "text", text: "Yes.", index: 1 }]);
  await chat.invoke([new HumanMessage("Is it?"), answer, new HumanMessage("Sure?")]);
  assert.deepEqual(calls[1].body.messages[1].content, [{ type: "reasoning", summary: [{ type: "summary_text", text: "Hmm.", signature: "sig" }] }, { type: "text", text: "Yes." }]);
});

test("`reasoning_content` in a stream is a thought too", async () => {
  const { fields } = script(sse(chunk({ reasoning_content: "We" }), chunk({ reasoning_content: "ll." }), chunk({ content: "Yes." }, { finish_reason: "stop" })));
  const answer = await folded(new ChatDatabricks({ ...fields, model }).stream("?"));
  assert.deepEqual(answer.content, [{ type: "reasoning", reasoning: "Well.", index: 0, extras: { field: "reasoning_content" } }, { type: "text", text: "Yes.", index: 1 }]);
});

test("a stream's counts: nulls first, the last one counts, one without choices at the end, `stream_options` only when asked for", async () => {
  const events = [
    chunk({ content: "a" }, { usage: { prompt_tokens: 4, completion_tokens: null, total_tokens: null } }),
    chunk({ content: "b" }, { usage: { prompt_tokens: 4, completion_tokens: 1, total_tokens: 5 }, finish_reason: "stop" }),
    { id: "c1", object: "chat.completion.chunk", created: 1, model: "served", choices: [], usage: { prompt_tokens: 4, completion_tokens: 2, total_tokens: 6, prompt_tokens_details: { cached_tokens: 3 }, completion_tokens_details: { reasoning_tokens: 1 } } },
  ];
  const { calls, fields } = script(sse(...events), sse(...events), sse(...events), completion({ content: "x" }));
  const answer = await folded(new ChatDatabricks({ ...fields, model }).stream("?"));
  assert.deepEqual(answer.usage_metadata, { input_tokens: 4, output_tokens: 2, total_tokens: 6, input_token_details: { cache_read: 3 }, output_token_details: { reasoning: 1 } });
  assert.equal(answer.response_metadata.request_id, "r-1");
  assert.equal(answer.response_metadata.served_model_name, "served");
  assert.equal(answer.id, "c1");
  assert.equal("stream_options" in calls[0].body, false);
  assert.equal((await folded(new ChatDatabricks({ ...fields, model, streamUsage: false }).stream("?"))).usage_metadata, undefined);
  const asking = new ChatDatabricks({ ...fields, model, streamOptions: { include_usage: true } });
  await folded(asking.stream("?"));
  await asking.invoke("?");
  assert.deepEqual(calls[2].body.stream_options, { include_usage: true });
  assert.equal("stream_options" in calls[3].body, false, "a whole answer has no options of streams");
});

test("Claude's counts leave cached input out: LangChain's hold it", async () => {
  const { fields } = script(completion({ content: "x" }, { usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15, cache_read_input_tokens: 100, cache_creation_input_tokens: 20 } }));
  assert.deepEqual((await new ChatDatabricks({ ...fields, model }).invoke("?")).usage_metadata, { input_tokens: 130, output_tokens: 5, total_tokens: 135, input_token_details: { cache_read: 100, cache_creation: 20 } });
});

test("tools: LangChain's, zod's and plain ones; `strict` reaches GPT's alone, a schema's dialect nobody", async () => {
  const add = tool(() => "", { name: "add", description: "Adds.", schema: z.object({ a: z.number() }) });
  const now = tool(() => "", { name: "now", description: "Tells the time.", schema: z.object({}) });
  const given = [add, now, { type: "function", function: { name: "f", strict: true } }, { name: "g", description: "G.", input_schema: { type: "object", properties: { x: { type: "string" } } } }];
  const body = async (name) => {
    const { calls, fields } = script(completion({ content: "Hi." }));
    await new ChatDatabricks({ ...fields, model: name }).bindTools(given, { strict: true, tool_choice: "any" }).invoke("x");
    return calls[0].body;
  };
  const claude = await body("databricks-claude-sonnet-4");
  assert.equal(claude.tool_choice, "required");
  assert.deepEqual(claude.tools.map((one) => one.function.name), ["add", "now", "f", "g"]);
  assert.ok(claude.tools.every((one) => one.type === "function" && one.function.parameters.type === "object" && one.function.parameters.properties));
  assert.doesNotMatch(JSON.stringify(claude), /\$schema|strict/);
  const gpt = await body("databricks-gpt-5");
  assert.ok(gpt.tools.every((one) => one.function.strict === true));
});

test("tool_choice: a name, LangChain's `any`, the object form, and none without tools", async () => {
  const f = { type: "function", function: { name: "f", parameters: { type: "object", properties: {} } } };
  const named = { type: "function", function: { name: "f" } };
  for (const [given, wanted] of [["f", named], ["any", "required"], ["required", "required"], ["auto", "auto"], ["none", "none"], [named, named], [{ type: "tool", name: "f" }, named], [undefined, undefined]]) {
    assert.deepEqual((await sent("x", {}, { tools: [f], tool_choice: given })).tool_choice, wanted);
  }
  assert.equal((await sent("x", {}, { tools: [], tool_choice: "any" })).tool_choice, undefined);
});

test("tool calls of an answer: no arguments, and arguments that cannot be read", async () => {
  const call = (id, args) => ({ id, type: "function", function: { name: "f", arguments: args } });
  const { fields } = script(completion({ content: null, tool_calls: [call("1", ""), call("2", '{"a":'), call("3", "[1]"), call("4", null)] }));
  const answer = await new ChatDatabricks({ ...fields, model }).invoke("x");
  assert.deepEqual(answer.tool_calls.map(({ id, args }) => [id, args]), [["1", {}], ["4", {}]]);
  assert.deepEqual(answer.invalid_tool_calls.map(({ id, args }) => [id, args]), [["2", '{"a":'], ["3", "[1]"]]);
  assert.equal(answer.content, "");
});

test("streamed tool calls: in pieces, with id and name in each, without a place; two at one place fail", async () => {
  const piece = (index, id, name, args) => ({ ...(index !== undefined && { index }), ...(id && { id }), type: "function", function: { ...(name && { name }), arguments: args } });
  const events = [
    [piece(0, "a", "f", '{"x"')], [piece(0, "a", "f", ":1}")], [piece(1, "c", "h", null)],
  ].map((tool_calls) => chunk({ tool_calls }));
  const { fields } = script(sse(...events, chunk({}, { finish_reason: "tool_calls" })), sse(chunk({ tool_calls: [piece(undefined, "d", "i", "{}")] }, { finish_reason: "tool_calls" })));
  const chat = new ChatDatabricks({ ...fields, model });
  assert.deepEqual((await folded(chat.stream("x"))).tool_calls.map(({ id, name, args }) => [id, name, args]), [["a", "f", { x: 1 }], ["c", "h", {}]]);
  assert.deepEqual((await folded(chat.stream("x"))).tool_calls.map(({ id, name }) => [id, name]), [["d", "i"]]);
  const mixed = sse(chunk({ tool_calls: [piece(0, "a", "f", "{}")] }), chunk({ tool_calls: [piece(0, "b", "g", "{}")] }, { finish_reason: "tool_calls" }));
  await assert.rejects(folded(new ChatDatabricks({ ...script(mixed).fields, model }).stream("x")), /changes its id midway/);
});

test("streamed tool calls of every habit: no place, an id or a name that comes late or in pieces, no id at all", async () => {
  const piece = (id, name, args, index) => ({ ...(index !== undefined && { index }), ...(id && { id }), type: "function", function: { ...(name && { name }), ...(args !== undefined && { arguments: args }) } });
  const streamed = async (...deltas) => {
    const events = deltas.map((tool_calls) => chunk({ tool_calls }));
    const { tool_calls: calls, invalid_tool_calls: bad } = await folded(new ChatDatabricks({ ...script(sse(...events, chunk({}, { finish_reason: "tool_calls" }))).fields, model }).stream("x"));
    assert.deepEqual(bad ?? [], []);
    return calls.map(({ id, name, args }) => [id, name, args]);
  };
  const both = [["a", "f", { x: 1 }], ["b", "g", { y: 2 }]];
  assert.deepEqual(await streamed([piece("a", "f", '{"x":1}')], [piece("b", "g", '{"y":2}')]), both);
  assert.deepEqual(await streamed([piece("a", "f", '{"x"')], [piece(undefined, undefined, ":1}")], [piece("b", "g", '{"y"')], [piece("b", undefined, ":2}")]), both);
  assert.deepEqual(await streamed([piece("a", undefined, "", 0)], [piece(undefined, "f", '{"x":1}', 0)], [piece(undefined, "g", "", 3)], [piece("b", undefined, '{"y":2}', 3)]), both);
  assert.deepEqual(await streamed([piece("a", "get_", undefined, 0)], [piece(undefined, "weather", undefined, 0)], [piece(undefined, undefined, "{}", 0)]), [["a", "get_weather", {}]]);
  assert.deepEqual(await streamed([piece("a", "get_", undefined, 0)], [piece(undefined, "time", undefined, 0)]), [["a", "get_time", {}]]);
  const [[id, name, args]] = await streamed([piece(undefined, "f", '{"x"', 0)], [piece(undefined, undefined, ":1}", 0)]);
  assert.match(id, /^call_\w+$/);
  assert.deepEqual([name, args], ["f", { x: 1 }]);
  const whole = await new ChatDatabricks({ ...script(completion({ content: null, tool_calls: [{ type: "function", function: { name: "f", arguments: "{}" } }] })).fields, model }).invoke("x");
  assert.match(whole.tool_calls[0].id, /^call_\w+$/);
});

test("failures in LangChain's words: codes, whether to repeat, a prompt that is too long; no secret in any", async () => {
  const refused = (status, message, headers) => json({ error_code: "CODE", message }, status, headers);
  const failure = async (answer) => new ChatDatabricks({ ...script(answer).fields, model, maxRetries: 0 }).invoke("x").then(() => assert.fail("it should fail"), (thrown) => thrown);
  const retryable = Symbol.for("langchain.errors.retryable");
  for (const [answer, code, again] of [
    [refused(401, "no"), "MODEL_AUTHENTICATION", false], [refused(404, "no"), "MODEL_NOT_FOUND", false], [refused(429, "slow down"), "MODEL_RATE_LIMIT", true],
    [refused(400, "an assistant message with 'tool_calls' must be followed by tool messages"), "INVALID_TOOL_RESULTS", false], [refused(400, "no"), undefined, false],
  ]) {
    const found = await failure(answer);
    assert.equal(found.lc_error_code, code);
    assert.equal(found[retryable], again);
    assert.equal(found.name, "LakewireError");
    assert.doesNotMatch(inspect(found, { depth: 9, showHidden: true }), /dapi-secret/);
  }
  const long = await failure(refused(400, "This model's maximum context length is 8192 tokens"));
  assert.ok(ContextOverflowError.isInstance(long));
  assert.equal(long.cause.status, 400);
});

test("a timer and a signal fail by the names LangChain looks for", async () => {
  const silent = (url, init) => new Promise((_, reject) => init.signal.addEventListener("abort", () => reject(init.signal.reason)));
  const chat = () => new ChatDatabricks({ ...script(silent).fields, model, maxRetries: 0 });
  await assert.rejects(chat().invoke("x", { timeout: 20 }), (failure) => failure.name === "TimeoutError");
  const controller = new AbortController();
  const asked = chat().invoke("x", { signal: controller.signal });
  setTimeout(() => controller.abort(), 20);
  await assert.rejects(asked, (failure) => failure.name === "AbortError" && failure.kind === "Cancelled");
  await assert.rejects(new ChatDatabricks({ ...script(silent).fields, model, timeout: 20, maxRetries: 0 }).invoke("x"), (failure) => failure.kind === "DeadlineExceeded");
});

test("LangChain's standard content: `outputVersion: v1`, whole and streamed, there and back", async () => {
  const thought = { type: "reasoning", summary: [{ type: "summary_text", text: "Hm.", signature: "sig" }] };
  const call = { id: "1", type: "function", function: { name: "f", arguments: "{}" } };
  const { calls, fields } = script(
    completion({ content: [thought, { type: "text", text: "Yes." }], tool_calls: [call] }),
    sse(chunk({ content: [thought] }), chunk({ content: "Yes." }), chunk({ tool_calls: [{ index: 0, ...call }] }, { finish_reason: "tool_calls" })),
    completion({ content: "Done." }), completion({ content: "Done." }),
  );
  const chat = new ChatDatabricks({ ...fields, model, outputVersion: "v1" });
  const whole = await chat.invoke("x");
  const streamed = await folded(chat.stream("x"));
  for (const answer of [whole, streamed]) {
    assert.equal(answer.response_metadata.output_version, "v1");
    // LangChain adds the tool calls to the blocks of a whole answer, not to those of one put together from chunks
    assert.deepEqual(answer.contentBlocks.map((block) => block.type), ["reasoning", "text", ...(answer === whole ? ["tool_call"] : [])]);
    assert.equal(answer.text, "Yes.");
    assert.equal(answer.tool_calls.length, 1);
    await chat.invoke([new HumanMessage({ contentBlocks: [{ type: "text", text: "Look" }, { type: "image", url: "https://x.example/a.png" }] }), answer, new ToolMessage({ content: "r", tool_call_id: "1" })]);
    const { messages } = calls.at(-1).body;
    assert.deepEqual(messages[0].content, [{ type: "text", text: "Look" }, { type: "image_url", image_url: { url: "https://x.example/a.png" } }]);
    assert.deepEqual(messages[1], { role: "assistant", content: [thought, { type: "text", text: "Yes." }], tool_calls: [call] });
  }
});

test("many answers of one call", async () => {
  const choice = (index, content) => ({ index, message: { role: "assistant", content }, finish_reason: "stop" });
  const { calls, fields } = script(json({ id: "c1", object: "chat.completion", created: 1, model: "served", choices: [choice(0, "a"), choice(1, "b")], usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 } }));
  const { generations, llmOutput } = await new ChatDatabricks({ ...fields, model, n: 2 }).generate([[new HumanMessage("x")]]);
  assert.equal(calls[0].body.n, 2);
  assert.deepEqual(generations[0].map(({ text }) => text), ["a", "b"]);
  assert.equal(llmOutput.tokenUsage.totalTokens, 3, "what was used is counted once");
});

test("Databricks: a custom model, and an app behind the driver proxy", async () => {
  const custom = script(json({ name: "dolly", task: null, endpoint_type: null, config: { served_entities: [{ entity_name: "main.m.dolly" }] } }), json({ predictions: ["four"] }));
  assert.equal(await new Databricks({ ...custom.fields, endpointName: "dolly", stop: ["x"] }).invoke("2+2?"), "four");
  assert.deepEqual(custom.calls.at(-1).body, { dataframe_records: [{ prompt: "2+2?", stop: ["x"] }] });
  const app = script(json("five"));
  const model = new Databricks({ ...app.fields, clusterId: "c-1", clusterDriverPort: "7777", modelKwargs: { a: 1 } });
  assert.match(await model.invoke("2+3?"), /five/);
  assert.equal(app.calls[0].url, "https://workspace.example/driver-proxy-api/o/0/c-1/7777");
  assert.deepEqual(app.calls[0].body, { prompt: "2+3?", a: 1 });
  for (const [fields, why] of [[{}, /one of the two/], [{ endpointName: "e", clusterId: "c" }, /one of the two/], [{ clusterId: "c" }, /clusterDriverPort/], [{ endpointName: "e", clusterDriverPort: 1 }, /has no port/], [{ endpointName: "e", modelKwargs: { stop: [] } }, /must not hold `stop`/]]) {
    assert.throws(() => new Databricks({ ...app.fields, ...fields }), why);
  }
});

test("repeats are the client's: `maxRetries` counts them, and no second loop stands around it", async () => {
  const busy = json({ error_code: "TEMPORARILY_UNAVAILABLE", message: "busy" }, 503);
  const { calls, fields } = script(busy, busy, busy, busy);
  await assert.rejects(new ChatDatabricks({ ...fields, model, maxRetries: 1 }).invoke("x"), /busy/);
  assert.equal(calls.length, 2);
});

test("a stream that breaks off fails, also in a chain", async () => {
  const broken = () => new Response(`data: ${JSON.stringify(chunk({ content: "a" }))}\n\n`, { headers: { "content-type": "text/event-stream" } });
  await assert.rejects(folded(new ChatDatabricks({ ...script(broken).fields, model }).stream("x")), (failure) => failure.kind === "Truncated");
});

test("serialised and loaded: the same model, secrets by name; nothing secret is written or shown", async () => {
  const { fields } = script();
  const chat = new ChatDatabricks({ ...fields, model, temperature: 0.5, maxTokens: 7, headers: { "x-secret": "dapi-secret-h" } });
  const text = JSON.stringify(chat);
  assert.doesNotMatch(text + inspect(chat, { depth: 9, showHidden: true }), /dapi-secret/);
  const value = JSON.parse(text);
  assert.deepEqual(value.id, ["langchain", "chat_models", "chat-databricks", "ChatDatabricks"]);
  assert.deepEqual(value.kwargs.token, { lc: 1, type: "secret", id: ["DATABRICKS_TOKEN"] });
  assert.equal(value.kwargs.endpoint, "m");
  const loaded = await load(text, { secretsMap: { DATABRICKS_TOKEN: "t" }, optionalImportsMap: { "langchain/chat_models/chat-databricks": whole } });
  assert.ok(loaded instanceof ChatDatabricks);
  assert.deepEqual([loaded.model, loaded.temperature, loaded.maxTokens], ["m", 0.5, 7]);
  assert.equal(JSON.stringify(loaded), text);
  assert.equal(JSON.parse(JSON.stringify(new Databricks({ ...fields, endpointName: "e" }))).type, "constructor");
  assert.equal(JSON.parse(JSON.stringify(new Databricks({ ...fields, endpointName: "e", transformInputFn: (request) => request }))).type, "not_implemented");
});

test("LangChain's cache tells endpoints and options apart", async () => {
  const { calls, fields } = script(completion({ content: "1" }), completion({ content: "2" }), completion({ content: "3" }));
  const cache = new InMemoryCache();
  for (const [more, wanted] of [[{}, "1"], [{}, "1"], [{ temperature: 1 }, "2"], [{ model: "other" }, "3"]]) {
    assert.equal((await new ChatDatabricks({ ...fields, model, cache, ...more }).invoke("x")).text, wanted);
  }
  assert.equal(calls.length, 3);
});

test("the client the app has is used; one of `lakewire/chat` has no Responses, and says so", async () => {
  const { calls, fields } = script(completion({ content: "Hi." }));
  const client = new WorkspaceClient(fields);
  assert.equal((await new ChatDatabricks({ client, model }).invoke("x")).text, "Hi.");
  assert.equal(calls.length, 1);
  await assert.rejects(new ChatDatabricks({ client, model, useResponsesApi: true }).invoke("x"), /has no responses\(\): give one of the entry `lakewire`/);
  assert.throws(() => new ChatDatabricks({ client, host: "h", model }), /`client` or `host`, not both/);
  assert.throws(() => new ChatDatabricks({ client: {}, model }), /must be a WorkspaceClient/);
  assert.throws(() => new ChatDatabricks({ ...fields }), /needs `model`/);
  assert.throws(() => new ChatDatabricks({ ...fields, model, endpointAPI: "soap" }), /endpointAPI/);
  assert.throws(() => new ChatDatabricks({ model, auth: { profile: "x" } }), /fromProfile/);
});

test("a client that `lakewire/mlflow` observes tells of the calls of every class", async () => {
  const seen = [];
  const observer = { start: ({ kind, endpoint }) => ({ end: () => seen.push([kind, endpoint]), fail: (failure) => seen.push([kind, failure.kind]) }) };
  const { fields } = script(completion({ content: "Hi." }), sse(chunk({ content: "Hi." }, { finish_reason: "stop" })), json({ object: "list", data: [{ object: "embedding", index: 0, embedding: [1] }] }), json({ message: "no" }, 404));
  const client = observed(new WholeClient(fields), observer);
  const chat = new ChatDatabricks({ client, model });
  await chat.invoke("x");
  await folded(chat.stream("x"));
  await new whole.DatabricksEmbeddings({ client, endpoint: "e" }).embedQuery("x");
  await assert.rejects(chat.invoke("x"));
  assert.deepEqual(seen, [["CHAT_MODEL", "m"], ["CHAT_MODEL", "m"], ["EMBEDDING", "e"], ["CHAT_MODEL", "NotFound"]]);
});

test("without fields the environment says where the workspace is, on the first call", async () => {
  const kept = { ...process.env };
  try {
    delete process.env.DATABRICKS_HOST;
    delete process.env.DATABRICKS_TOKEN;
    const { calls, fields } = script(completion({ content: "Hi." }));
    const chat = new ChatDatabricks({ model, fetch: fields.fetch });
    await assert.rejects(chat.invoke("x"), /There is no workspace: give `client`, `relay` or `host`, or set DATABRICKS_HOST/);
    process.env.DATABRICKS_HOST = "https://from.example";
    process.env.DATABRICKS_TOKEN = "t";
    await chat.invoke("x");
    assert.equal(calls[0].url, "https://from.example/serving-endpoints/m/invocations");
    assert.equal(calls[0].headers.get("authorization"), "Bearer t");
  } finally {
    Object.assign(process.env, kept);
    for (const name of ["DATABRICKS_HOST", "DATABRICKS_TOKEN"]) if (!(name in kept)) delete process.env[name];
  }
});

test("Responses: items and options on the wire; what it has no word for is refused", async () => {
  const answer = json({ id: "r1", object: "response", status: "completed", output: [{ type: "reasoning", id: "rs_1", summary: [{ type: "summary_text", text: "Hm." }] }, { type: "message", id: "m1", role: "assistant", content: [{ type: "output_text", text: "Yes.", annotations: [{ type: "url_citation", url: "https://x.example", title: "X" }] }] }], usage: { input_tokens: 3, output_tokens: 2, total_tokens: 5, output_tokens_details: { reasoning_tokens: 1 } } });
  const { calls, fields } = script(answer, answer);
  const chat = new ChatDatabricks({ ...fields, model: "gpt", useResponsesApi: true, maxTokens: 5, reasoningEffort: "low" });
  const first = await chat.invoke([new SystemMessage("Be brief."), new HumanMessage([{ type: "text", text: "Look" }, { type: "image", data: "AA==", mimeType: "image/png" }])]);
  assert.equal(calls[0].url, "https://workspace.example/serving-endpoints/responses");
  assert.equal(calls[0].body.model, "gpt");
  assert.equal(calls[0].body.max_output_tokens, 5);
  assert.deepEqual(calls[0].body.reasoning, { effort: "low" });
  assert.deepEqual(calls[0].body.input[1].content, [{ type: "input_text", text: "Look" }, { type: "input_image", image_url: "data:image/png;base64,AA==" }]);
  assert.deepEqual(first.content.map((block) => block.type), ["reasoning", "text"]);
  assert.deepEqual(first.usage_metadata, { input_tokens: 3, output_tokens: 2, total_tokens: 5, output_token_details: { reasoning: 1 } });
  await chat.invoke([new HumanMessage("?"), first, new AIMessage({ content: "", tool_calls: [{ id: "x".repeat(70), name: "f", args: {} }] }), new ToolMessage({ content: "r", tool_call_id: "x".repeat(70) })]);
  const items = calls[1].body.input.slice(1);
  assert.deepEqual(items.map((item) => item.type), ["reasoning", "message", "function_call", "function_call_output"]);
  assert.equal(items[0].id, "rs_1");
  assert.equal(items[2].call_id, items[3].call_id);
  assert.equal(items[2].call_id.length, 64);
  await assert.rejects(chat.invoke("x", { stop: ["y"] }), /Responses has no `stop`/);
});

test("`parallel_tool_calls` reaches chat and Responses, from the model, from bindTools and from a call", async () => {
  const f = { name: "f", description: "d", schema: { type: "object", properties: {} } };
  const { calls, fields } = script(completion({ content: "a" }), completion({ content: "b" }), json({ id: "r", status: "completed", output: [] }));
  await new ChatDatabricks({ ...fields, model }).bindTools([f], { parallel_tool_calls: false }).invoke("x");
  await new ChatDatabricks({ ...fields, model, extraParams: { own: 1 }, parallelToolCalls: true }).invoke("x", { parallelToolCalls: false });
  await new ChatDatabricks({ ...fields, model, useResponsesApi: true }).bindTools([f], { parallel_tool_calls: false }).invoke("x");
  assert.deepEqual(calls.map(({ body }) => body.parallel_tool_calls), [false, false, false]);
  assert.equal(calls[1].body.own, 1);
});

test("tools of the service's own go to Responses as they are; chat endpoints do not take them", async () => {
  const own = [{ type: "web_search" }, { type: "mcp", server_label: "s", name: "m" }, { type: "custom", name: "c" }];
  const f = tool(() => "", { name: "f", description: "d", schema: z.object({}) });
  const offered = tool(() => "", { name: "g", description: "d", schema: z.object({}), extras: { providerToolDefinition: { type: "code_interpreter" } } });
  const { calls, fields } = script(json({ id: "r", status: "completed", output: [] }));
  await new ChatDatabricks({ ...fields, model, useResponsesApi: true }).bindTools([...own, f, offered], { tool_choice: { type: "mcp", server_label: "s", name: "m" } }).invoke("x");
  const { tools, tool_choice: chosen } = calls[0].body;
  assert.deepEqual(tools.slice(0, 3), own);
  assert.deepEqual([tools[3].type, tools[3].name, tools[4]], ["function", "f", { type: "code_interpreter" }]);
  assert.deepEqual(chosen, { type: "mcp", server_label: "s", name: "m" });
  for (const one of own) assert.throws(() => new ChatDatabricks({ ...fields, model }).bindTools([one]), { kind: "InvalidInput", message: /useResponsesApi/ });
});

test("a ChatAgent refuses what it cannot take, instead of leaving it out", async () => {
  const { calls, fields } = script(json({ messages: [{ role: "assistant", content: "Hi.", id: "1" }] }));
  const chat = new ChatDatabricks({ ...fields, model, endpointAPI: "chat-agent", customInputs: { a: 1 }, extraParams: { context: { user_id: "u" } } });
  const refused = (message) => ({ kind: "InvalidInput", message });
  assert.throws(() => chat.bindTools([{ name: "f", schema: {} }]), refused(/takes no `tools`/));
  assert.throws(() => chat.withStructuredOutput({ title: "t", type: "object", properties: {} }), refused(/schema/));
  await assert.rejects(chat.withStructuredOutput({ title: "t", type: "object", properties: {} }, { method: "jsonSchema" }).invoke("x"), refused(/takes no `response_format`/));
  await assert.rejects(chat.invoke("x", { stop: ["y"] }), refused(/takes no `stop`/));
  await assert.rejects(new ChatDatabricks({ ...fields, model, endpointAPI: "chat-agent", temperature: 0 }).invoke("x"), refused(/takes no `temperature`/));
  assert.equal((await chat.invoke("x")).content, "Hi.");
  assert.deepEqual([calls.length, calls[0].body.custom_inputs, calls[0].body.context], [1, { a: 1 }, { user_id: "u" }]);
});

test("a call whose arguments could not be read goes back with the message that answers it, and not without", async () => {
  const asked = new AIMessage({ content: "", tool_calls: [{ id: "1", name: "f", args: {} }], invalid_tool_calls: [{ id: "2", name: "g", args: '{"a":', error: "e" }, { id: "3", name: "h", args: "[1]", error: "e" }] });
  const told = [new ToolMessage({ content: "one", tool_call_id: "1" }), new ToolMessage({ content: "That was no JSON.", tool_call_id: "2", status: "error" })];
  const { messages } = await sent([new HumanMessage("x"), asked, ...told]);
  assert.deepEqual(messages[1].tool_calls.map((call) => [call.id, call.function]), [["1", { name: "f", arguments: "{}" }], ["2", { name: "g", arguments: '{"a":' }]]);
  const { calls, fields } = script(json({ id: "r", status: "completed", output: [] }));
  await new ChatDatabricks({ ...fields, model, useResponsesApi: true }).invoke([new HumanMessage("x"), asked, ...told]);
  assert.deepEqual(calls[0].body.input.slice(1).map((item) => [item.type, item.call_id]), [["function_call", "1"], ["function_call", "2"], ["function_call_output", "1"], ["function_call_output", "2"]]);
});
