// @databricks/ai-sdk-provider with the AI SDK's generateText, streamText and tools.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createDatabricksProvider } from "@databricks/ai-sdk-provider";
import { generateText, Output, stepCountIs, streamText, tool } from "ai";
import { z } from "zod";
import { claude, external, host, llama, passage, token } from "./setup.mjs";

const provider = createDatabricksProvider({
  baseURL: `${host}/serving-endpoints`,
  headers: { Authorization: `Bearer ${token}` },
});

const weather = tool({
  description: "Get the weather of a city",
  inputSchema: z.object({ city: z.string().describe("The city") }),
  execute: async ({ city }) => ({ temperature: 21, sky: "clear", city }),
});

for (const endpoint of [llama, claude, external]) {
  const model = provider.chatCompletions(endpoint);
  const settings = { model, maxRetries: 0, system: passage };

  test(`ai-sdk-provider generateText: ${endpoint}`, async () => {
    const answer = await generateText({ ...settings, prompt: "When was Lakewire founded?" });
    assert.match(answer.text, /2019/);
    assert.equal(answer.finishReason, "stop");
    assert.ok(answer.usage.inputTokens > 0 && answer.usage.outputTokens > 0);
  });

  test(`ai-sdk-provider streamText: ${endpoint}`, async () => {
    const stream = streamText({ ...settings, prompt: "What is the office dog called?", onError: () => {} });
    const pieces = [];
    for await (const piece of stream.textStream) pieces.push(piece);
    assert.ok(pieces.length > 3);
    assert.match(pieces.join(""), /Bilbo/);
    assert.equal(await stream.finishReason, "stop");
  });

  test(`ai-sdk-provider generateText with tools: ${endpoint}`, async () => {
    const answer = await generateText({
      model,
      maxRetries: 0,
      prompt: "What is the weather in Paris?",
      tools: { get_weather: weather },
      stopWhen: stepCountIs(4),
    });
    const calls = answer.steps.flatMap((step) => step.toolCalls.map((call) => [call.toolName, call.input]));
    assert.deepEqual(calls, [["get_weather", { city: "Paris" }]]);
    assert.match(answer.text, /21/);
  });

  test(`ai-sdk-provider streamText with tools: ${endpoint}`, async () => {
    const stream = streamText({
      model,
      maxRetries: 0,
      prompt: "What is the weather in Paris?",
      tools: { get_weather: weather },
      stopWhen: stepCountIs(4),
      onError: () => {},
    });
    const kinds = [];
    let text = "";
    for await (const part of stream.fullStream) {
      kinds.push(part.type);
      if (part.type === "text-delta") text += part.text;
      if (part.type === "error") throw part.error;
    }
    assert.ok(kinds.includes("tool-call") && kinds.includes("tool-result"), kinds.join(" "));
    assert.match(text, /21/);
  });
}

test("ai-sdk-provider structured output", async () => {
  const answer = await generateText({
    model: provider.chatCompletions(llama),
    maxRetries: 0,
    prompt: "Ann Lee is 34 years old.",
    output: Output.object({ schema: z.object({ name: z.string(), age: z.number() }) }),
  });
  assert.deepEqual(answer.output, { name: "Ann Lee", age: 34 });
});

test("ai-sdk-provider an error of the service", async () => {
  const model = provider.chatCompletions("no-such-endpoint");
  await assert.rejects(generateText({ model, maxRetries: 0, prompt: "x" }), (error) => {
    assert.equal(error.statusCode, 404);
    assert.match(error.responseBody, /RESOURCE_DOES_NOT_EXIST/);
    return true;
  });
});
