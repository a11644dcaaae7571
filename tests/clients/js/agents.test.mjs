// @databricks/ai-sdk-provider against the agents and the Responses form.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createDatabricksProvider } from "@databricks/ai-sdk-provider";
import { generateText, stepCountIs, streamText, tool } from "ai";
import { z } from "zod";
import { host, token } from "./setup.mjs";

const provider = createDatabricksProvider({
  baseURL: `${host}/serving-endpoints`,
  headers: { Authorization: `Bearer ${token}` },
});

const weather = tool({
  description: "Get the weather of a city",
  inputSchema: z.object({ city: z.string().describe("The city") }),
  execute: async ({ city }) => ({ temperature: 21, sky: "clear", city }),
});

const models = {
  "responses of an agent": provider.responses("agent-responses"),
  "responses of a hosted model": provider.responses("databricks-gpt-5"),
  "chat agent": provider.chatAgent("chat-agent"),
};

for (const [name, model] of Object.entries(models)) {
  test(`ai-sdk-provider generateText: ${name}`, async () => {
    const answer = await generateText({ model, maxRetries: 0, prompt: "Say pong" });
    assert.equal(answer.text, "pong");
  });

  test(`ai-sdk-provider streamText: ${name}`, async () => {
    const stream = streamText({ model, maxRetries: 0, prompt: "Say one two three", onError: () => {} });
    const pieces = [];
    for await (const piece of stream.textStream) pieces.push(piece);
    assert.equal(pieces.join(""), "one two three");
    assert.ok(pieces.length > 1);
  });
}

for (const name of ["responses of an agent", "responses of a hosted model"]) {
  test(`ai-sdk-provider tools: ${name}`, async () => {
    const answer = await generateText({
      model: models[name],
      maxRetries: 0,
      prompt: "What is the weather in Paris?",
      tools: { get_weather: weather },
      stopWhen: stepCountIs(4),
    });
    const calls = answer.steps.flatMap((step) => step.toolCalls.map((call) => [call.toolName, call.input]));
    assert.deepEqual(calls, [["get_weather", { city: "Paris" }]]);
    assert.match(answer.text, /21/);
  });
}

test("ai-sdk-provider shows an agent's own tool", async () => {
  const stream = streamText({ model: models["responses of an agent"], maxRetries: 0, prompt: "What is 17 times 23?" });
  const kinds = new Set();
  for await (const part of stream.fullStream) kinds.add(part.type);
  assert.ok(kinds.has("tool-call"), [...kinds].join(" "));
  assert.match(await stream.text, /391/);
});
