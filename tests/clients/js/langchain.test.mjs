// @databricks/langchainjs: ChatDatabricks.

import assert from "node:assert/strict";
import { test } from "node:test";
import { workspace, token, llama, claude, external, gptOss, passage } from "./setup.mjs";

const { ChatDatabricks } = await import("@databricks/langchainjs");
const { HumanMessage, SystemMessage, ToolMessage } = await import("@langchain/core/messages");
const { tool } = await import("@langchain/core/tools");
const { z } = await import("zod");

const chat = (model, more = {}) => new ChatDatabricks({ model, maxRetries: 0, auth: { host: workspace, token }, ...more });

const weather = tool(async ({ city }) => `It is 21 degrees and sunny in ${city}.`, {
  name: "get_weather",
  description: "Get the weather of a city",
  schema: z.object({ city: z.string().describe("The city") }),
});

const words = (content) =>
  typeof content === "string" ? content : content.map((part) => (part.type === "text" ? part.text : "")).join("");

for (const endpoint of [llama, claude, external, gptOss]) {
  test(`langchainjs invoke: ${endpoint}`, async () => {
    const answer = await chat(endpoint).invoke([new SystemMessage(passage), new HumanMessage("When was Lakewire founded?")]);
    assert.match(words(answer.content), /2019/);
  });

  test(`langchainjs stream: ${endpoint}`, async () => {
    const pieces = [];
    let usage;
    for await (const chunk of await chat(endpoint).stream([new SystemMessage(passage), new HumanMessage("What is the office dog called?")])) {
      pieces.push(words(chunk.content));
      usage = chunk.usage_metadata ?? usage;
    }
    // external models count only when asked to, and this client does not ask
    if (endpoint !== external) assert.ok(usage.input_tokens > 0 && usage.output_tokens > 0);
    assert.ok(pieces.length > 3);
    assert.match(pieces.join(""), /Bilbo/);
  });

  test(`langchainjs tools round trip: ${endpoint}`, async () => {
    const model = chat(endpoint).bindTools([weather]);
    const history = [new HumanMessage("What is the weather in Paris?")];
    const first = await model.invoke(history);
    assert.deepEqual(first.tool_calls.map((call) => [call.name, call.args]), [["get_weather", { city: "Paris" }]]);
    history.push(first);
    for (const call of first.tool_calls) {
      history.push(new ToolMessage({ content: await weather.invoke(call.args), tool_call_id: call.id }));
    }
    assert.match(words((await model.invoke(history)).content), /21 degrees/);
  });

  test(`langchainjs tools in a stream: ${endpoint}`, async () => {
    const model = chat(endpoint).bindTools([weather]);
    let whole;
    for await (const chunk of await model.stream("What is the weather in Paris?")) whole = whole ? whole.concat(chunk) : chunk;
    assert.deepEqual(whole.tool_calls.map((call) => [call.name, call.args]), [["get_weather", { city: "Paris" }]]);
  });
}

test("langchainjs parallel tool calls", async () => {
  const model = chat(llama).bindTools([weather]);
  const answer = await model.invoke("What is the weather in Paris and London?");
  assert.deepEqual(answer.tool_calls.map((call) => call.args.city), ["Paris", "London"]);
});

test("langchainjs batch", async () => {
  const answers = await chat(llama).batch(["Say one", "Say two"]);
  assert.deepEqual(answers.map((answer) => answer.content), ["one", "two"]);
});
