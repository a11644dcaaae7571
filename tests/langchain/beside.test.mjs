// Databricks' own `@databricks/langchainjs`, unmodified, beside ours: the same lines of code but for the import, the same answers.

import assert from "node:assert/strict";
import { test } from "node:test";
import { HumanMessage, SystemMessage, ToolMessage } from "@langchain/core/messages";
import { tool } from "@langchain/core/tools";
import { createAgent } from "langchain";
import { z } from "zod";
import { claude, external, gptOss, host, llama, token } from "./setup.mjs";

// Theirs makes every host `https://<name>`, without a port: this stands where name resolution and TLS would.
const workspace = "https://judged.cloud.databricks.com";
const realFetch = globalThis.fetch;
globalThis.fetch = (input, init) => {
  const url = typeof input === "string" || input instanceof URL ? String(input) : input.url;
  if (!url.startsWith(workspace)) return realFetch(input, init);
  const target = host + url.slice(workspace.length);
  return realFetch(typeof input === "string" || input instanceof URL ? target : new Request(target, input), init);
};

// what it says of system messages is said of every test here
console.warn = () => {};
const { ChatDatabricks: Theirs } = await import("@databricks/langchainjs");
const { ChatDatabricks: Ours } = await import("lakewire/langchain");
const PASSAGE = "Use only this text. Lakewire was founded in 2019 in Oslo. Its office dog is called Bilbo.";
const weather = tool(async ({ city }) => `It is 21 degrees and sunny in ${city}.`, { name: "get_weather", description: "Get the weather of a city", schema: z.object({ city: z.string() }) });

/** The same code with both classes; what it gives must be the same. */
async function both(code) {
  const [theirs, ours] = [await code(Theirs), await code(Ours)];
  assert.deepEqual(ours, theirs);
  return ours;
}
const fields = (model) => ({ model, maxRetries: 0, temperature: 0, maxTokens: 200, auth: { host: workspace, token } });

for (const model of [llama, claude, external, gptOss]) {
  test(`invoke: ${model}`, async () => {
    const found = await both(async (Chat) => (await new Chat(fields(model)).invoke([new SystemMessage(PASSAGE), new HumanMessage("When was Lakewire founded?")])).text);
    assert.match(found, /2019/);
  });

  test(`stream: ${model}`, async () => {
    const found = await both(async (Chat) => {
      let words = "";
      for await (const chunk of await new Chat(fields(model)).stream([new SystemMessage(PASSAGE), new HumanMessage("What is the office dog called?")])) words += chunk.text;
      return words;
    });
    assert.match(found, /Bilbo/);
  });

  test(`tools there and back: ${model}`, async () => {
    await both(async (Chat) => {
      const bound = new Chat(fields(model)).bindTools([weather]);
      const history = [new HumanMessage("What is the weather in Paris?")];
      const first = await bound.invoke(history);
      history.push(first);
      for (const call of first.tool_calls) history.push(new ToolMessage({ content: await weather.invoke(call.args), tool_call_id: call.id }));
      return [first.tool_calls.map((call) => [call.name, call.args]), (await bound.invoke(history)).text];
    });
  });
}

test("batch, the kind of model, and what identifies it", async () => {
  await both(async (Chat) => (await new Chat(fields(llama)).batch(["Say one", "Say two"])).map((answer) => answer.text));
  await both(async (Chat) => [Chat.lc_name(), new Chat(fields(llama))._llmType(), new Chat(fields(llama)).model, new Chat(fields(llama)).lc_aliases]);
});

test("an agent", async () => {
  const found = await both(async (Chat) => {
    const { messages } = await createAgent({ model: new Chat(fields(llama)), tools: [weather] }).invoke({ messages: [{ role: "user", content: "What is the weather in Paris?" }] });
    return messages.map((message) => [message.type, message.text]);
  });
  assert.match(found.at(-1)[1], /21 degrees/);
});

test("a token given by `auth` is written by name", async () => {
  const ours = JSON.stringify(new Ours(fields(llama)));
  assert.doesNotMatch(ours, new RegExp(token));
  assert.deepEqual(JSON.parse(ours).kwargs.token, { lc: 1, type: "secret", id: ["DATABRICKS_TOKEN"] });
});
