// ChatAgent: what is sent, what comes back and what of it can be seen, against the emulator and against scripts.

import assert from "node:assert/strict";
import { test } from "node:test";
import { emulator } from "./emulator.mjs";
import { failure, json, refusal, scripted } from "./fakes.mjs";
import lakewire from "./package.mjs";

const { ChatAgentAnswer, ChatAgentStream } = lakewire;
const workspace = await emulator();
const AGENT = "chat-agent";
const answer = (...messages) => json({ messages, finish_reason: "stop" });

test("an agent answers: its messages, the last of which is the text", async () => {
  const { client } = workspace.client();
  const found = await client.chatAgent(AGENT).invoke("What is 2 + 3?", { custom_inputs: { depth: 2 }, context: { conversation_id: "c1", user_id: "u1" }, databricks_options: { return_trace: true } });
  assert.ok(found instanceof ChatAgentAnswer);
  assert.match(found.text, /5/);
  assert.equal(found.message.content, found.text);
  assert.ok(found.messages.every(({ id }) => id));
  assert.deepEqual(found.customOutputs, { depth: 2 });
  assert.equal(found.finishReason, "stop");
  assert.ok(found.trace.info);
  assert.match(found.requestId, /\S/);
});

test("a stream: pieces of messages, the words, and the whole", async () => {
  const { client } = workspace.client();
  const stream = await client.chatAgent(AGENT).stream("What is 2 + 3?");
  assert.ok(stream instanceof ChatAgentStream);
  const pieces = [];
  for await (const { delta } of stream) if (delta) pieces.push(delta);
  const whole = await stream.finalAnswer();
  assert.equal(stream.completeness.state, "complete");
  assert.deepEqual(new Set(pieces.map(({ id }) => id)), new Set(whole.messages.map(({ id }) => id)));
  assert.match(whole.text, /5/);
  let words = "";
  for await (const word of await client.chatAgent(AGENT).textStream("What is 2 + 3?")) words += word;
  assert.match(words, /5/);
});

test("the conversation goes on with the messages of the answer", async () => {
  const { client } = workspace.client();
  const agent = client.chatAgent(AGENT);
  const question = { role: "user", content: "What is 2 + 3?", id: "q1" };
  const first = await agent.invoke(question);
  const second = await agent.invoke([question, ...first.messages, "Thank you."]);
  assert.match(second.text, /\S/);
});

test("every form of messages; ids are made for those that have none", async () => {
  const { client, calls } = scripted(() => answer({ role: "assistant", content: "x", id: "1" }));
  const agent = client.chatAgent("e", { custom_inputs: { a: 1 } });
  await agent.invoke([["system", "Be brief."], "Hi", { role: "assistant", content: null, tool_calls: [{ id: "c", type: "function", function: { name: "f", arguments: "{}" } }], id: "msg-1" }, { role: "tool", content: "4", name: "f", tool_call_id: "c" }], { custom_inputs: null, context: { user_id: "u" } });
  assert.deepEqual(calls[0].json, {
    messages: [
      { role: "system", content: "Be brief.", id: "msg-2" },
      { role: "user", content: "Hi", id: "msg-3" },
      { role: "assistant", tool_calls: [{ id: "c", type: "function", function: { name: "f", arguments: "{}" } }], id: "msg-1" },
      { role: "tool", content: "4", name: "f", tool_call_id: "c", id: "msg-4" },
    ],
    context: { user_id: "u" },
  });
});

test("what cannot be sent is refused before anything is", async () => {
  const { client, calls } = scripted(() => answer());
  for (const [act, says] of [
    [() => client.chatAgent(7), /endpoint's name/],
    [() => client.chatAgent("e", { temperature: 0 }), /`temperature` is not a ChatAgent option/],
    [() => client.chatAgent("e").invoke([]), /empty/],
    [() => client.chatAgent("e").invoke({ role: "tool", content: "4", tool_call_id: "c" }), /`name` and `tool_call_id`/],
    [() => client.chatAgent("e").invoke({ role: "user" }), /neither content nor tool calls/],
    [() => client.chatAgent("e").invoke({ role: "user", content: [{ type: "text", text: "x" }] }), /custom_inputs/],
    [() => client.chatAgent("e").stream("x", { stream: true }), /stream\(\)/],
  ]) {
    assert.match((await failure(async () => act(), "InvalidInput")).message, says);
  }
  assert.equal(calls.length, 0);
});

test("an answer without an assistant's message has no text; one of another form is an error", async () => {
  const { client } = scripted(() => answer({ role: "tool", content: "4", id: "1", name: "f", tool_call_id: "c" }));
  const found = await client.chatAgent("e").invoke("x");
  assert.deepEqual([found.text, found.message], ["", undefined]);
  const other = scripted(() => json({ output: [], object: "response" }));
  assert.match((await failure(() => other.client.chatAgent("e").invoke("x"), "Decode")).message, /client\.responses\(\)/);
});

test("a batch keeps its order, and a failed one leaves the others", async () => {
  const { client } = scripted((call) => (call.json.messages[0].content === "bad" ? refusal(400) : answer({ role: "assistant", content: call.json.messages[0].content, id: "1" })));
  const results = await client.chatAgent("e").batch(["a", "bad", "b"]);
  assert.deepEqual(results.map(({ value, reason }) => value?.text ?? reason.kind), ["a", "BadRequest", "b"]);
});
