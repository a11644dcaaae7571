import { generateText, streamText, tool, stepCountIs, Output, embedMany, isStepCount } from "ai";
import { z } from "zod";
import { createDatabricks } from "lakewire/ai-sdk";
const host = process.argv[2];
const db = createDatabricks({ host, token: "dapi-emulator" });
const weather = tool({ description: "Get the weather of a city", inputSchema: z.object({ city: z.string().describe("The city") }), execute: async ({ city }) => ({ temperature: 21, sky: "clear", city }) });
for (const m of ["databricks-meta-llama-3-3-70b-instruct", "databricks-claude-sonnet-4", "team-chat", "databricks-gpt-oss-20b"]) {
  const a = await generateText({ model: db(m), prompt: "What is the weather in Paris?", tools: { get_weather: weather }, stopWhen: isStepCount(4), maxRetries: 0, reasoning: m.includes("claude") ? "low" : undefined });
  console.log(m, a.steps.length, a.text, JSON.stringify(a.usage), JSON.stringify(a.warnings));
  const s = streamText({ model: db(m), prompt: "What is the weather in Paris?", tools: { get_weather: weather }, stopWhen: isStepCount(4), maxRetries: 0, reasoning: m.includes("claude") ? "low" : undefined });
  const kinds = []; for await (const p of s.fullStream) { if (kinds.at(-1) !== p.type) kinds.push(p.type); if (p.type === "error") console.log(p.error); }
  console.log(kinds.join(" "), await s.text, await s.finishReason);
}
for (const model of [db.responses("agent-responses"), db.chatAgent("chat-agent")]) {
  const a = await generateText({ model, prompt: "What is 17 times 23?", maxRetries: 0 });
  console.log(a.text, JSON.stringify(a.content), a.finishReason);
  const s = streamText({ model, prompt: "What is 17 times 23?", maxRetries: 0 });
  const kinds = []; for await (const p of s.fullStream) { if (kinds.at(-1) !== p.type) kinds.push(p.type); if (p.type === "error") console.log(p.error); }
  console.log(kinds.join(" "), await s.text, await s.finishReason);
}
{ const a = await generateText({ model: db.responses("agent-responses"), prompt: "What is the weather in Paris?", tools: { get_weather: weather }, stopWhen: isStepCount(4), maxRetries: 0 });
  console.log(a.steps.length, a.text); }
{ const a = await generateText({ model: db.responses("databricks-gpt-5", {route: "openai"}), prompt: "What is the weather in Paris?", reasoning: "low", tools: { get_weather: weather }, stopWhen: isStepCount(4), maxRetries: 0 });
  console.log(a.steps.length, a.text, JSON.stringify(a.reasoning)); }
const o = await generateText({ model: db("databricks-meta-llama-3-3-70b-instruct"), prompt: "Ann Lee is 34 years old.", output: Output.object({ schema: z.object({ name: z.string(), age: z.number() }) }), maxRetries: 0 });
console.log(o.output);
const e = await embedMany({ model: db.embeddingModel("databricks-gte-large-en"), values: ["a lake", "a house"] });
console.log(e.embeddings.length, e.embeddings[0].length, e.usage);
