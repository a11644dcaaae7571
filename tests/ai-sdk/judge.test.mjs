// The AI SDK itself, unmodified, on lakewire/ai-sdk against the emulator.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  DirectChatTransport, embed, embedMany, extractJsonMiddleware, extractReasoningMiddleware, generateObject, generateText, isStepCount, Output, smoothStream, streamObject, streamText, ToolLoopAgent, wrapLanguageModel,
} from "ai";
import { createDatabricks } from "lakewire/ai-sdk";
import { WorkspaceClient } from "lakewire/chat";
import { z } from "zod";
import { chunk, completion, DONE, event, json, sse } from "../js/fakes.mjs";
import { CLAUDE, emulator, EXTERNAL, fault, GPT_OSS, LLAMA, scripted, TOKEN, weather } from "./setup.mjs";

const host = await emulator();
const databricks = createDatabricks({ host, token: TOKEN });
const passage = "Use only this text. Lakewire was founded in 2019 in Oslo. Its office dog is called Bilbo.";
const person = z.object({ name: z.string(), age: z.number() });
const tools = { get_weather: weather };

for (const endpoint of [LLAMA, CLAUDE, GPT_OSS, EXTERNAL, "chat-model"]) {
  const model = databricks(endpoint);

  test(`generateText: ${endpoint}`, async () => {
    const answer = await generateText({ model, maxRetries: 0, instructions: passage, prompt: "When was Lakewire founded?" });
    assert.match(answer.text, /2019/);
    assert.equal(answer.finishReason, "stop");
    assert.ok(answer.usage.inputTokens > 0 && answer.usage.outputTokens > 0);
    assert.ok(answer.providerMetadata.databricks.requestId);
    assert.deepEqual(answer.warnings ?? [], []);
  });

  test(`streamText: ${endpoint}`, async () => {
    const answer = streamText({ model, maxRetries: 0, instructions: passage, prompt: "What is the office dog called?", experimental_transform: smoothStream({ delayInMs: null }) });
    let text = "";
    for await (const piece of answer.textStream) text += piece;
    assert.match(text, /Bilbo/);
    assert.equal(await answer.text, text);
    assert.equal(await answer.finishReason, "stop");
  });

  if (endpoint === "chat-model") continue;

  test(`tools over several steps, whole and streamed: ${endpoint}`, async () => {
    const settings = { model, maxRetries: 0, prompt: "What is the weather in Paris?", tools, stopWhen: isStepCount(4) };
    const answer = await generateText(settings);
    assert.deepEqual(answer.steps.flatMap((step) => step.toolCalls.map((call) => [call.toolName, call.input])), [["get_weather", { city: "Paris" }]]);
    assert.match(answer.text, /21/);
    const streamed = streamText(settings);
    const seen = new Set();
    for await (const part of streamed.fullStream) {
      if (part.type === "error") throw part.error;
      seen.add(part.type);
    }
    for (const type of ["tool-input-start", "tool-input-delta", "tool-input-end", "tool-call", "tool-result", "text-delta"]) assert.ok(seen.has(type), type);
    assert.equal(await streamed.text, answer.text);
    assert.equal((await streamed.steps).length, 2);
  });
}

test("thinking over tool steps: signed thoughts go back with the next turn, whole and streamed", async () => {
  const settings = { model: databricks(CLAUDE), maxRetries: 0, reasoning: "low", prompt: "What is the weather in Paris?", tools, stopWhen: isStepCount(4), include: { requestBody: true } };
  const answer = await generateText(settings);
  assert.equal(answer.steps.length, 2);
  assert.ok(answer.steps[0].reasoningText.length > 0);
  const replayed = answer.steps[1].request.body.messages.find((message) => message.role === "assistant").content[0];
  assert.equal(replayed.type, "reasoning");
  assert.ok(replayed.summary[0].signature.length > 0);
  const streamed = streamText(settings);
  await streamed.consumeStream();
  const steps = await streamed.steps;
  const again = steps[1].request.body.messages.find((message) => message.role === "assistant").content[0];
  assert.equal(again.summary[0].text, steps[0].reasoningText);
  assert.ok(again.summary[0].signature.length > 0);
  // and a conversation goes on with what came out of it
  const next = await generateText({ ...settings, prompt: undefined, messages: [{ role: "user", content: "What is the weather in Paris?" }, ...answer.responseMessages, { role: "user", content: "Say thanks." }] });
  assert.ok(next.text.length > 0);
});

test("Output.object and generateObject, whole and streamed", async () => {
  const settings = { model: databricks(LLAMA), maxRetries: 0, prompt: "Ann Lee is 34 years old." };
  const ann = { name: "Ann Lee", age: 34 };
  assert.deepEqual((await generateText({ ...settings, output: Output.object({ schema: person }) })).output, ann);
  assert.deepEqual((await generateObject({ ...settings, schema: person })).object, ann);
  const streamed = streamText({ ...settings, output: Output.object({ schema: person }) });
  let last;
  for await (const partial of streamed.partialOutputStream) last = partial;
  assert.deepEqual(last, ann);
  assert.deepEqual(await streamed.output, ann);
  const objects = streamObject({ ...settings, schema: person });
  for await (const partial of objects.partialObjectStream) last = partial;
  assert.deepEqual([last, await objects.object], [ann, ann]);
});

test("an object from a reasoning model is its text, without the thoughts", async () => {
  const answer = await generateText({ model: databricks(GPT_OSS), maxRetries: 0, prompt: "Ann Lee is 34 years old.", output: Output.object({ schema: person }) });
  assert.deepEqual(answer.output, { name: "Ann Lee", age: 34 });
  assert.ok(answer.reasoningText.length > 0);
});

test("embed and embedMany, in order and over several requests", async () => {
  const model = databricks.embeddingModel("databricks-gte-large-en", { maxEmbeddingsPerCall: 2 });
  const values = ["a lake", "a house", "a lakehouse"];
  const { embeddings, usage } = await embedMany({ model, values });
  assert.deepEqual(embeddings.map((one) => one.length), [1024, 1024, 1024]);
  assert.ok(usage.tokens > 0);
  const { embedding } = await embed({ model, value: "a house" });
  assert.deepEqual(embedding, embeddings[1]);
  const short = await embed({ model: databricks.textEmbeddingModel("team-embeddings"), value: "x", providerOptions: { databricks: { dimensions: 16 } } });
  assert.equal(short.embedding.length, 16);
  await assert.rejects(embed({ model: databricks.embeddingModel("no-such"), value: "x", maxRetries: 0 }), { name: "AI_APICallError", statusCode: 404 });
});

test("a ToolLoopAgent, and a chat that runs in one process", async () => {
  const agent = new ToolLoopAgent({ model: databricks(LLAMA), tools, maxRetries: 0 });
  const { text, steps } = await agent.generate({ prompt: "What is the weather in Paris?" });
  assert.match(text, /21/);
  assert.equal(steps.length, 2);
  const transport = new DirectChatTransport({ agent });
  const stream = await transport.sendMessages({ messages: [{ id: "1", role: "user", parts: [{ type: "text", text: "What is the weather in Paris?" }] }] });
  const types = new Set();
  for await (const chunk of stream) types.add(chunk.type);
  for (const type of ["start", "tool-input-available", "tool-output-available", "text-delta", "finish"]) assert.ok(types.has(type), type);
});

test("middleware wraps the model", async () => {
  const says = () => json(completion("<think>It is so.</think>Yes."));
  const { databricks: own } = scripted([says(), sse([event(chunk({ content: "<think>It is" })), event(chunk({ content: " so.</think>Yes." })), event(chunk({}, { finish_reason: "stop" })), DONE])]);
  const model = wrapLanguageModel({ model: own(LLAMA), middleware: extractReasoningMiddleware({ tagName: "think" }) });
  const whole = await generateText({ model, maxRetries: 0, prompt: "x" });
  const streamed = streamText({ model, maxRetries: 0, prompt: "x" });
  assert.deepEqual([whole.text, whole.reasoningText, await streamed.text, await streamed.reasoningText], ["Yes.", "It is so.", "Yes.", "It is so."]);
  const bare = wrapLanguageModel({ model: databricks(LLAMA), middleware: extractJsonMiddleware() });
  assert.deepEqual((await generateText({ model: bare, maxRetries: 0, prompt: "Ann Lee is 34 years old.", output: Output.object({ schema: person }) })).output, { name: "Ann Lee", age: 34 });
});

test("a client of lakewire/chat is enough for chat, and says so of the rest", async () => {
  const client = new WorkspaceClient({ host, token: TOKEN });
  const own = createDatabricks({ client, headers: { "x-team": "data" } });
  assert.ok((await generateText({ model: own(LLAMA), maxRetries: 0, prompt: "Say hello" })).text.length > 0);
  await assert.rejects(generateText({ model: own.responses("agent-responses"), maxRetries: 0, prompt: "x" }), { kind: "InvalidInput", message: /"lakewire"/ });
  await assert.rejects(embed({ model: own.embeddingModel("databricks-gte-large-en"), maxRetries: 0, value: "x" }), { kind: "InvalidInput" });
  client.close();
});

test("the service's refusals: no such endpoint, a wrong token, too many requests", async () => {
  const refused = async (provider, endpoint, headers) => generateText({ model: provider(endpoint), maxRetries: 0, prompt: "x", headers }).catch((error) => [error.name, error.statusCode, error.isRetryable, error.data.errorCode]);
  assert.deepEqual(await refused(databricks, "no-such-endpoint"), ["AI_APICallError", 404, false, "RESOURCE_DOES_NOT_EXIST"]);
  assert.deepEqual((await refused(createDatabricks({ host, token: "dapi-wrong" }), LLAMA)).slice(0, 3), ["AI_APICallError", 403, false]);
  const limited = await refused(databricks, LLAMA, fault({ preset: "rate_limit" }));
  assert.deepEqual(limited.slice(0, 3), ["AI_APICallError", 429, true]);
});

const FAULTS = {
  "F4 a stream that ends early": { end_after_events: 4 },
  "F4 a stream that is cut": { cut_after_bytes: 900 },
  "an error event": { insert_error_event: { after: 3, event: '{"error_code":"INTERNAL_ERROR","message":"broken"}' } },
};
for (const [name, what] of Object.entries(FAULTS)) {
  test(`${name} fails the text, and says so`, async () => {
    const heard = [];
    const answer = streamText({ model: databricks(LLAMA), maxRetries: 0, instructions: passage, prompt: "Repeat all you know of Lakewire.", headers: fault(what), onError: ({ error }) => heard.push(error) });
    await assert.rejects(Promise.resolve(answer.text), { name: "AI_APICallError" });
    assert.equal(heard.length, 1);
  });
}

test("F2 F3 streams without the sentinel or a reason are whole all the same", async () => {
  for (const what of [{ omit_done: true }, { omit_finish_reason: true }]) {
    const answer = streamText({ model: databricks(LLAMA), maxRetries: 0, instructions: passage, prompt: "What is the office dog called?", headers: fault(what) });
    assert.match(await answer.text, /Bilbo/);
  }
});

test("stopping a stream ends it at the server", async () => {
  const stop = new AbortController();
  const nonce = crypto.randomUUID();
  const aborted = [];
  const answer = streamText({ model: databricks(LLAMA), maxRetries: 0, prompt: "Count to 400", headers: { ...fault({ drip_ms: 20 }), "x-lakewire-nonce": nonce }, abortSignal: stop.signal, onAbort: () => aborted.push(true) });
  for await (const part of answer.fullStream) if (part.type === "text-delta") stop.abort();
  assert.deepEqual(aborted, [true]);
  for (let turn = 0; ; turn += 1) {
    const { operations } = await (await fetch(`${host}/_emulator/history`)).json();
    const outcome = operations.find((operation) => operation.nonce === nonce)?.outcome;
    if (outcome === "client_closed") break;
    assert.ok(turn < 200, `the server still says ${outcome}`);
    await new Promise((done) => setTimeout(done, 25));
  }
});
