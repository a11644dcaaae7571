// Responses: what is sent, what comes back and what of it can be seen, against the emulator and against scripts.

import assert from "node:assert/strict";
import { test } from "node:test";
import { emulator, fault } from "./emulator.mjs";
import { DONE, event, failure, json, refusal, scripted, sse } from "./fakes.mjs";
import lakewire, { tool } from "./package.mjs";

const { ResponsesAnswer, ResponsesStream } = lakewire;
const workspace = await emulator();
const AGENT = "agent-responses";
const GPT = "databricks-gpt-5";

const message = (text, fields) => ({ type: "message", id: "m1", role: "assistant", status: "completed", content: [{ type: "output_text", text, annotations: [] }], ...fields });
const answer = (output, fields) => json({ id: "r", object: "response", status: "completed", error: null, output, ...fields });
const add = tool({ name: "add", description: "Adds two numbers.", parameters: { type: "object", properties: { a: { type: "number" }, b: { type: "number" } }, required: ["a", "b"] }, execute: ({ a, b }) => a + b });

test("an agent answers: text, usage, what it was given, its trace, and the facts of the headers", async () => {
  const { client } = workspace.client();
  const found = await client.responses(AGENT).invoke("What is 2 + 3?", { custom_inputs: { depth: 2 }, databricks_options: { return_trace: true } });
  assert.ok(found instanceof ResponsesAnswer);
  assert.match(found.text, /\S/);
  assert.equal(found.object, "response");
  assert.ok(found.usage.total_tokens > 0);
  assert.deepEqual(found.customOutputs, { depth: 2 });
  assert.ok(found.trace.info.trace_id);
  assert.match(found.requestId, /\S/);
  assert.equal(found.attempts, 1);
  assert.deepEqual(found.toolCalls, [], "what the agent ran itself is not asked for");
  assert.deepEqual(Object.keys(JSON.parse(JSON.stringify(found))).sort(), Object.keys({ ...found }).sort());
});

test("a model of OpenAI's answers on the route that names it in the body, and its long ids are taken back", async () => {
  const { client, seen } = workspace.client();
  const model = client.responses(GPT, { route: "openai", reasoning: { effort: "low" } });
  const first = await model.invoke("Hello");
  assert.match(first.reasoning, /\S/);
  assert.ok(first.output.some(({ id }) => id.length > 64), "the service gives ids it refuses");
  assert.ok(first.asInput().every(({ id }) => id === undefined || id.length <= 64));
  const second = await model.invoke(first.nextInput("And you?"));
  assert.match(second.text, /\S/);
  assert.deepEqual((await seen()).map(({ path }) => path), ["/serving-endpoints/responses", "/serving-endpoints/responses"]);
});

test("the words of a stream are the text of its whole, on both routes", async () => {
  const { client } = workspace.client();
  for (const handle of [client.responses(AGENT), client.responses(GPT, { route: "openai" })]) {
    const stream = await handle.textStream("What is 2 + 3?");
    assert.ok(stream instanceof ResponsesStream);
    let words = "";
    for await (const word of stream) words += word;
    const whole = await stream.finalResponse();
    assert.equal(words, whole.text);
    assert.match(words, /5/);
    assert.ok(whole.usage.total_tokens > 0);
    assert.equal(stream.completeness.state, "complete");
  }
});

test("an agent's own tools: calls and results are in the output, and the conversation goes on with them", async () => {
  const { client } = workspace.client();
  const agent = client.responses(AGENT);
  const events = await agent.stream("What is 2 + 3?");
  const kinds = new Set();
  for await (const { type } of events) kinds.add(type);
  for (const kind of ["response.created", "response.output_text.delta", "response.output_item.done", "response.completed"]) assert.ok(kinds.has(kind), kind);
  const first = await events.finalResponse();
  assert.deepEqual(first.output.map(({ type }) => type), ["function_call", "function_call_output", "message"]);
  const next = first.nextInput("Thank you.");
  assert.deepEqual(next.map(({ type, role }) => type ?? role), ["user", "function_call", "function_call_output", "message", "user"]);
  assert.match((await agent.invoke(next)).text, /\S/);
});

test("the tool loop, whole and streamed, on both routes", async () => {
  const { client } = workspace.client();
  for (const handle of [client.responses(AGENT), client.responses(GPT, { route: "openai" })]) {
    for (const stream of [false, true]) {
      const happened = [];
      const run = await handle.runTools("Add 17 and 25.", { tools: [add], stream, onEvent: (one) => happened.push(one) });
      assert.match(run.answer.text, /42/);
      assert.equal(run.steps, 2);
      assert.deepEqual(run.items.map(({ type, role }) => type ?? role), ["user", "function_call", "function_call_output", "message"]);
      const result = happened.find(({ type }) => type === "tool_result");
      assert.deepEqual([result.name, result.arguments, result.result], ["add", { a: 17, b: 25 }, 42]);
      assert.equal(happened.some(({ type }) => type === "event"), stream);
    }
  }
});

test("what is refused comes back as a sentence: by the service, and by an endpoint of another task", async () => {
  const { client } = workspace.client();
  const stored = await failure(() => client.responses(GPT, { route: "openai" }).invoke("x", { store: true }), "BadRequest");
  assert.match(stored.message, /store/);
  assert.match((await failure(() => client.chat(AGENT).invoke("x"), "BadRequest")).message, /client\.responses\(\)/);
  assert.match((await failure(() => client.responses("chat-agent").invoke("x"), "BadRequest")).message, /client\.chatAgent\(\)/);
  assert.match((await failure(() => client.responses("databricks-meta-llama-3-3-70b-instruct").invoke("x"), "BadRequest")).message, /client\.chat\(\)/);
  await failure(() => client.responses("nobody").invoke("x"), "NotFound");
});

test("F4 B7: a stream the service ends early or cuts off is an error with what came", async () => {
  for (const [how, kind] of [[{ end_after_bytes: 3000 }, "Truncated"], [{ cut_after_bytes: 3000 }, "Connect"]]) {
    const { client } = workspace.client({ retry: { maxAttempts: 1 } });
    const error = await failure(async () => {
      const stream = await client.responses(AGENT).stream("Tell me about delta tables.", fault(how));
      for await (const one of stream) void one;
    }, kind);
    assert.match(error.partial.output[0].content[0].text, /\S/);
  }
});

test("D1: a call the service put off is sent again, byte for byte", async () => {
  const { client, calls } = scripted([refusal(429, { headers: { "retry-after": "0" } }), answer([message("x")])]);
  const found = await client.responses("e").invoke("Hi", { max_output_tokens: 5 });
  assert.equal(found.attempts, 2);
  assert.equal(calls[0].text, calls[1].text);
  assert.deepEqual(calls[0].json, { input: [{ role: "user", content: "Hi" }], max_output_tokens: 5 });
});

test("every form of input, tools of every form, defaults and what takes them back", async () => {
  const { client, calls } = scripted(() => answer([message("x")]));
  const handle = client.responses("my agent", { temperature: 0, max_output_tokens: 9 });
  await handle.invoke(["Hi", ["assistant", "Yes?"], { role: "user", content: [{ type: "text", text: "a" }] }], {
    temperature: null,
    tools: [add, { type: "function", name: "sub", parameters: { type: "object" } }],
    tool_choice: "add",
    extra_params: { novelty: 1 },
  });
  assert.equal(calls[0].url, "https://workspace.example/serving-endpoints/my%20agent/invocations");
  assert.deepEqual(calls[0].json, {
    input: [{ role: "user", content: "Hi" }, { role: "assistant", content: "Yes?" }, { role: "user", content: [{ type: "input_text", text: "a" }] }],
    max_output_tokens: 9,
    tools: [
      { type: "function", name: "add", description: "Adds two numbers.", parameters: add.function.parameters },
      { type: "function", name: "sub", parameters: { type: "object" } },
    ],
    tool_choice: { type: "function", name: "add" },
    novelty: 1,
  });
});

test("what cannot be sent is refused before anything is", async () => {
  const { client, calls } = scripted(() => answer([]));
  for (const [act, says] of [
    [() => client.responses(), /endpoint's name/],
    [() => client.responses("e", { rout: "openai" }), /`rout` is not a Responses option/],
    [() => client.responses("e", { route: "azure" }), /"openai"/],
    [() => client.responses("e", []), /must be an object/],
    [() => client.responses("e").invoke(), /no input/],
    [() => client.responses("e").invoke([]), /empty/],
    [() => client.responses("e").invoke("x", { max_tokens: 1 }), /`max_tokens`/],
    [() => client.responses("e").invoke("x", { stream: true }), /stream\(\)/],
    [() => client.responses("e").invoke({ role: "tool", content: "4" }), /tool_call_id/],
    [() => client.responses("e").invoke(new Map()), /Map/],
    [() => client.responses("e").runTools("x", {}), /`tools`/],
    [() => client.responses("e").runTools("x", { tools: [add], maxSteps: 0 }), /maxSteps/],
    [() => client.responses("e").runTools("x", { tools: [{ type: "function", function: { name: "f" } }] }), /tool\(\)/],
  ]) {
    assert.match((await failure(async () => act(), "InvalidInput")).message, says);
  }
  assert.equal(calls.length, 0);
});

test("the views: several messages, settings that bear a view's name, tools with bad arguments, approvals", async () => {
  const calls = [
    { type: "function_call", id: "f1", call_id: "c1", name: "add", arguments: '{"a":1}' },
    { type: "function_call", id: "f2", call_id: "c2", name: "sub", arguments: '{"a":' },
    { type: "function_call", id: "f3", call_id: "c3", name: "ran", arguments: "{}" },
    { type: "function_call_output", call_id: "c3", output: "done" },
  ];
  const thought = { type: "reasoning", id: "r", summary: [{ type: "summary_text", text: "hm " }, { type: "summary_text", text: "ok" }], status: "completed" };
  const approval = { type: "mcp_approval_request", id: "ap", name: "drop", server_label: "sql", arguments: "{}" };
  const { client } = scripted(() => answer([thought, message("a"), ...calls, message("b", { id: "m2" }), approval], { text: { format: { type: "text" } }, reasoning: { effort: "low" }, metadata: { k: "v" } }));
  const found = await client.responses("e").invoke("Hi");
  assert.equal(found.text, "ab");
  assert.equal(found.reasoning, "hm ok");
  assert.deepEqual(found.metadata, { k: "v" });
  assert.equal(found.customOutputs, undefined);
  assert.deepEqual(found.toolCalls.map(({ id, name, arguments: args, error }) => [id, name, args, error?.kind]), [["c1", "add", { a: 1 }, undefined], ["c2", "sub", undefined, "InvalidArguments"]]);
  const input = found.asInput();
  assert.deepEqual(input[0], { type: "reasoning", id: "r", summary: thought.summary }, "a thought loses its status");
  assert.deepEqual(input.at(-1), approval);
  assert.deepEqual(found.nextInput().length, input.length + 1);
});

test("H12: keys that would be prototypes stay fields", async () => {
  const { client } = scripted(() => json('{"output":[],"__proto__":{"polluted":1},"constructor":{"x":1}}'));
  const found = await client.responses("e").invoke("Hi");
  assert.equal({}.polluted, undefined);
  assert.equal(found.text, "");
});

test("answers that failed or have another form are errors that say what to do", async () => {
  for (const [body, kind, says] of [
    [{ output: [], status: "failed", error: { code: "rate_limit_exceeded", message: "later" } }, "TooManyRequests", /later$/],
    [{ choices: [] }, "Decode", /client\.chat\(\)/],
    [{ messages: [] }, "Decode", /client\.chatAgent\(\)/],
    [{ hello: 1 }, "Decode", /no `output`/],
  ]) {
    const { client } = scripted(() => json(body));
    let thrown;
    await client.responses("e").invoke("Hi").catch((error) => (thrown = error));
    assert.equal(thrown?.kind, kind);
    assert.match(thrown.message, says);
  }
});

test("G16 G17 G18: strangers, tools that fail, and loops without end", async () => {
  const asks = (name) => answer([{ type: "function_call", id: "f", call_id: "c", name, arguments: "{}" }]);
  const stranger = await failure(() => scripted(() => asks("toString")).client.responses("e").runTools("x", { tools: [add] }), "UnknownTool");
  assert.equal(stranger.completion.output[0].name, "toString");
  await failure(() => scripted(() => asks("add")).client.responses("e").runTools("x", { tools: [add], maxSteps: 2 }), "StepLimit");
  const broken = tool({ name: "add", execute: () => { throw new Error("no luck"); } });
  const { client, calls } = scripted([asks("add"), answer([message("I see.")])]);
  const run = await client.responses("e").runTools("x", { tools: [broken] });
  assert.equal(run.answer.text, "I see.");
  assert.deepEqual(calls[1].json.input.at(-1), { type: "function_call_output", call_id: "c", output: "Error: no luck" });
});

test("G13: tools of a stream that breaks off are not run", async () => {
  let ran = 0;
  const spy = tool({ name: "add", execute: () => (ran += 1) });
  const added = { type: "response.output_item.added", item: { type: "function_call", id: "f", call_id: "c", name: "add", arguments: "" } };
  const begun = { type: "response.function_call_arguments.delta", item_id: "f", delta: '{"a":1' };
  const { client } = scripted(() => sse(event(added) + event(begun)), { retry: { maxAttempts: 1 } });
  const error = await failure(() => client.responses("e").runTools("x", { tools: [spy], stream: true }), "Truncated");
  assert.equal(ran, 0);
  assert.equal(error.partial.output[0].arguments, '{"a":1');
});

test("a batch keeps its order, and a failed one leaves the others", async () => {
  const { client } = scripted((call) => (call.json.input[0].content === "bad" ? refusal(400) : answer([message(call.json.input[0].content)])));
  const results = await client.responses("e").batch(["a", "bad", "b"], { maxConcurrency: 2 });
  assert.deepEqual(results.map(({ status, value, reason }) => value?.text ?? [status, reason.kind]), ["a", ["rejected", "BadRequest"], "b"]);
});

test("I9: a closed client's handles say so", async () => {
  const { client } = scripted(() => sse(DONE));
  const handle = client.responses("e");
  client.close();
  await failure(() => handle.invoke("x"), "Closed");
  await failure(() => handle.stream("x"), "Closed");
});
