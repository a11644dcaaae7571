// Whole answers: requests as they stand on the wire, and every view of a result. Against the emulator, and scripted.

import assert from "node:assert/strict";
import { inspect } from "node:util";
import { test } from "node:test";
import { ChatAnswer, LakewireError } from "./package.mjs";
import { CLAUDE, emulator, EXTERNAL, GPT_OSS, LLAMA } from "./emulator.mjs";
import { asksFor, completion, failure, json, scripted } from "./fakes.mjs";

const workspace = await emulator();

test("invoke: an answer from the emulator has text, usage, ids and the served model", async () => {
  const { client, seen } = workspace.client();
  const answer = await client.chat(LLAMA).invoke("My name is Ada. What is my name?", { max_tokens: 50 });
  assert.ok(answer instanceof ChatAnswer);
  assert.match(answer.text, /Ada/);
  assert.equal(answer.finishReason, "stop");
  assert.equal(answer.message.role, "assistant");
  assert.ok(answer.usage.total_tokens > 0);
  assert.equal(answer.usage.total_tokens, answer.usage.prompt_tokens + answer.usage.completion_tokens);
  assert.equal(answer.servedModelName, LLAMA);
  assert.equal(answer.attempts, 1);
  const [operation] = await seen();
  assert.equal(answer.requestId, operation.request_id);
  assert.equal(operation.method, "POST");
  assert.equal(operation.path, `/serving-endpoints/${LLAMA}/invocations`);
  assert.equal(operation.authorized, true);
});

test("invoke: what is not set is absent on the wire, so that strict endpoints answer", async () => {
  const { client, seen } = workspace.client();
  const chat = client.chat(LLAMA, { temperature: null, stop: undefined });
  await chat.invoke("Hi", { top_p: null, max_tokens: undefined, tools: [], signal: undefined, headers: undefined });
  const [operation] = await seen();
  assert.deepEqual(operation.body, { messages: [{ role: "user", content: "Hi" }] });
});

test("invoke: every option of the wire table crosses in the service's words", async () => {
  const options = {
    max_tokens: 7, temperature: 0, top_p: 0.5, top_k: 3, stop: ["a", "b"], n: 2, logprobs: true, top_logprobs: 2,
    reasoning_effort: "low", thinking: { type: "enabled", budget_tokens: 1024 }, user: "u-1", presence_penalty: -1,
    frequency_penalty: 1.5, seed: 4, stream_options: { include_usage: true }, databricks_options: { return_trace: true },
    custom_inputs: { a: 1 }, client_request_id: "id-1", usage_context: { team: "x" }, response_format: { type: "json_object" },
    tool_choice: "auto", tools: [{ type: "function", function: { name: "f", parameters: { type: "object", properties: {} } } }],
  };
  const { chat, calls } = scripted(() => json(completion()));
  await chat.invoke("Hi", { ...options, extra_params: { safe_prompt: true } });
  const { messages, ...fields } = calls[0].json;
  assert.deepEqual(fields, { ...options, safe_prompt: true });
});

test("invoke: a call's options win over the handle's, null takes a default back, extra_params merge", async () => {
  const { client, calls } = scripted(() => json(completion()));
  const chat = client.chat("endpoint", { temperature: 0.5, max_tokens: 9, stop: "x", extra_params: { a: 1, b: 2 } });
  await chat.invoke("Hi", { temperature: null, max_tokens: 10, extra_params: { b: 3, c: null } });
  assert.deepEqual(calls[0].json, { messages: [{ role: "user", content: "Hi" }], max_tokens: 10, stop: "x", a: 1, b: 3 });
  await chat.invoke("Hi");
  assert.equal(calls[1].json.temperature, 0.5, "a call changes nothing for the next");
});

for (const [given, expected] of [
  ["auto", "auto"], ["none", "none"], ["required", "required"], ["any", "required"],
  ["add", { type: "function", function: { name: "add" } }],
  [{ type: "function", function: { name: "add" } }, { type: "function", function: { name: "add" } }],
]) {
  test(`invoke: tool_choice ${inspect(given, { breakLength: 200 })} becomes the service's form`, async () => {
    const { chat, calls } = scripted(() => json(completion()));
    await chat.invoke("Hi", { tool_choice: given });
    assert.deepEqual(calls[0].json.tool_choice, expected);
  });
}

test("invoke: headers of client and call are sent, the call's win, names in any case", async () => {
  const { client, calls } = scripted(() => json(completion()), { headers: { "X-One": "a", "X-Two": "b" } });
  await client.chat("endpoint").invoke("Hi", { headers: new Headers({ "x-two": "c" }) });
  await client.chat("endpoint").invoke("Hi", { headers: [["X-Two", "d"]] });
  assert.equal(calls[0].headers.get("x-one"), "a");
  assert.equal(calls[0].headers.get("x-two"), "c");
  assert.equal(calls[1].headers.get("x-two"), "d");
  for (const headers of [{ "bad name": "x" }, { ok: "line\nend" }, { host: "evil.example" }, { authorization: "Bearer x" }]) {
    await failure(() => client.chat("endpoint").invoke("Hi", { headers }), "InvalidInput");
  }
  assert.equal(calls.length, 2);
});

test("invoke: an answer of parts has a text view without reasoning", async () => {
  const { client } = workspace.client();
  const answer = await client.chat(GPT_OSS).invoke("My name is Ada. What is my name?");
  assert.deepEqual([...new Set(answer.parts.map((part) => part.type))], ["reasoning", "text"]);
  assert.match(answer.text, /Ada/);
  assert.equal(answer.text, answer.parts.filter((part) => part.type === "text").map((part) => part.text).join(""));
});

test("invoke: thinking brings signed reasoning, and the next turn takes it back", async () => {
  const { client } = workspace.client();
  const chat = client.chat(CLAUDE, { max_tokens: 2000, thinking: { type: "enabled", budget_tokens: 1024 } });
  const answer = await chat.invoke("My name is Ada. What is my name?");
  assert.equal(answer.parts[0].type, "reasoning");
  assert.ok(answer.parts[0].summary[0].signature);
  const next = await chat.invoke([["user", "My name is Ada. What is my name?"], answer.message, "Say it again."]);
  assert.ok(next.text.length > 0);
});

test("invoke: stop, max_tokens and n are honoured by the endpoint and seen in the views", async () => {
  const { client } = workspace.client();
  const short = await client.chat(LLAMA).invoke("The capital of France is Paris. What is the capital of France?", { max_tokens: 1 });
  assert.equal(short.finishReason, "length");
  const many = await client.chat(EXTERNAL).invoke("My name is Ada. What is my name?", { n: 3 });
  assert.equal(many.choices.length, 3);
  assert.equal(many.text, many.choices[0].message.content);
});

test("F6 H5: unknown finish reasons and fields are kept", async () => {
  const { chat } = scripted([json(completion("x", { finish_reason: "eos_token", odd: { deep: [1] } })), json(completion("x", { finish_reason: null }))]);
  const answer = await chat.invoke("Hi");
  assert.equal(answer.finishReason, "eos_token");
  assert.deepEqual(answer.odd, { deep: [1] });
  assert.equal((await chat.invoke("Hi")).finishReason, undefined);
});

test("G10 G11 G12: tool calls are parsed and raw; arguments that cannot be used say so", async () => {
  const answers = asksFor(["a", { x: 1 }], ["b", ""], ["c", '{"x":'], ["d", "[1]"], ["e", '{"x":1,"x":2}'], ["f", `${'{"a":'.repeat(200)}1${"}".repeat(200)}`]);
  const { chat } = scripted(() => json(answers));
  const { toolCalls, text, finishReason } = await chat.invoke("Hi");
  assert.equal(text, "");
  assert.equal(finishReason, "tool_calls");
  assert.deepEqual(toolCalls[0], { id: "call_1", name: "a", argumentsRaw: '{"x":1}', arguments: { x: 1 } });
  assert.deepEqual(toolCalls[1].arguments, {});
  assert.equal(toolCalls[1].argumentsRaw, "");
  for (const call of toolCalls.slice(2)) {
    assert.ok(call.error instanceof LakewireError, call.name);
    assert.equal(call.error.kind, "InvalidArguments", call.name);
    assert.ok(!("arguments" in call), call.name);
  }
  assert.equal(toolCalls[2].argumentsRaw, '{"x":');
});

test("H12: __proto__ in an answer is plain data", async () => {
  const text = JSON.stringify(completion("x")).replace("{", '{"__proto__":{"polluted":1},');
  const { chat } = scripted(() => json(text));
  const answer = await chat.invoke("Hi");
  assert.equal(answer.text, "x");
  assert.ok(answer instanceof ChatAnswer);
  assert.equal({}.polluted, undefined);
});

test("invoke: logprobs, ids and attempts are views and no part of the data", async () => {
  const completed = completion("x");
  completed.choices[0].logprobs = { content: [{ token: "x", logprob: -0.1 }] };
  const { chat } = scripted(() => json(completed, { headers: { "x-request-id": "req-1", "served-model-name": "m-1" } }));
  const answer = await chat.invoke("Hi");
  assert.deepEqual(answer.logprobs, completed.choices[0].logprobs);
  assert.equal(answer.requestId, "req-1");
  assert.equal(answer.servedModelName, "m-1");
  assert.deepEqual(JSON.parse(JSON.stringify(answer)), completed);
  assert.deepEqual(Object.keys(answer), Object.keys(completed));
  assert.deepEqual(structuredClone({ ...answer }), completed);
});

test("invoke: an answer without choices has empty views and does not throw", async () => {
  const { chat } = scripted(() => json({ id: "x", choices: [] }));
  const answer = await chat.invoke("Hi");
  assert.deepEqual([answer.text, answer.parts, answer.toolCalls, answer.message, answer.finishReason], ["", [], [], undefined, undefined]);
});

test("H4: a body that is no completion is refused instead of handed over", async () => {
  for (const body of ["[]", "7", '"text"', "null"]) {
    const { chat } = scripted(() => json(body), { retry: { maxAttempts: 1 } });
    const error = await failure(() => chat.invoke("Hi").then((answer) => answer.text), "Decode");
    assert.equal(error.maybeProcessed, true, body);
  }
});

test("H2 H6 H9 H10 H14: JSON that JSON does not allow is refused, with a place and without the text", async () => {
  for (const bad of ['{"choices":[1,]}', "{'a':1}", '{"a":NaN}', '{"a":1e400}', '{"a":01}', '{"a":"\\ud800"}', '{"a":1}{"b":2}', '{"a":1} canary', `${"[".repeat(200)}${"]".repeat(200)}`]) {
    const { chat } = scripted(() => json(bad), { retry: { maxAttempts: 1 } });
    const error = await failure(() => chat.invoke("Hi"), "Decode");
    assert.ok(!error.message.includes("canary"), bad);
  }
  const { chat } = scripted(() => json(`\ufeff${JSON.stringify(completion("after a mark"))}`));
  assert.equal((await chat.invoke("Hi")).text, "after a mark");
});

test("invoke: a misspelt option is refused by name", async () => {
  const { chat, calls } = scripted(() => json(completion()));
  assert.match((await failure(() => chat.invoke("Hi", { tempreature: 1 }), "InvalidInput")).message, /tempreature.*extra_params/s);
  assert.match((await failure(() => chat.invoke("Hi", { stream: true }), "InvalidInput")).message, /stream\(\)/);
  assert.equal(calls.length, 0);
});

test("K13: the endpoint's name cannot leave its place in the path", async () => {
  const { client, calls } = scripted(() => json(completion()));
  for (const name of ["../../2.0/secrets/get", "a/b", "a?b", "a#b", "", ".", "..", "%2e%2e", "a b", "ü", "x".repeat(10_000)]) {
    const before = calls.length;
    try {
      await client.chat(name).invoke("Hi");
    } catch (error) {
      assert.equal(error.kind, "InvalidInput", name);
      continue;
    }
    assert.equal(calls.length, before + 1);
    const { origin, pathname } = new URL(calls[before].url);
    assert.equal(origin, "https://workspace.example");
    assert.match(pathname, /^\/serving-endpoints\/[^/]+\/invocations$/, name);
  }
});

test("serving endpoints: list and get answer as the service does, a missing one is NotFound", async () => {
  const { client, seen } = workspace.client();
  const all = await client.servingEndpoints().list();
  const names = all.map((endpoint) => endpoint.name);
  assert.ok(names.includes(LLAMA) && names.includes(EXTERNAL), names.join());
  const one = await client.servingEndpoints().get(LLAMA);
  assert.equal(one.name, LLAMA);
  assert.equal(one.task, "llm/v1/chat");
  assert.equal(one.state.ready, "READY");
  const error = await failure(() => client.servingEndpoints().get("no-such-endpoint"), "NotFound");
  assert.equal(error.status, 404);
  assert.equal(error.errorCode, "RESOURCE_DOES_NOT_EXIST");
  assert.ok(error.requestId);
  assert.deepEqual((await seen()).map((operation) => operation.path), ["/api/2.0/serving-endpoints", `/api/2.0/serving-endpoints/${LLAMA}`, "/api/2.0/serving-endpoints/no-such-endpoint"]);
});
