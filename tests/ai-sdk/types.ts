// What TypeScript knows of lakewire/ai-sdk, and what it refuses.

import { embedMany, generateText, streamText, ToolLoopAgent } from "ai";
import type { EmbeddingModel, LanguageModel } from "ai";
import { createDatabricks, createDatabricksProvider, databricks, type DatabricksProvider } from "lakewire/ai-sdk";
import { WorkspaceClient } from "lakewire";
import { WorkspaceClient as ChatClient } from "lakewire/chat";

export const providers: DatabricksProvider[] = [
  databricks,
  createDatabricks(),
  createDatabricks({ relay: "/api/lakewire", headers: { "x-team": "data" } }),
  createDatabricks({ host: "https://workspace.example", token: () => "t", timeouts: { idleMs: 1000 } }),
  createDatabricks({ host: "https://workspace.example", clientId: "a", clientSecret: "b", name: "lake" }),
  createDatabricks({ client: new WorkspaceClient({ host: "/databricks" }) }),
  createDatabricks({ client: new ChatClient({ relay: "/api/lakewire" }) }),
  createDatabricksProvider({ baseURL: "https://workspace.example/serving-endpoints", headers: { Authorization: "Bearer t" }, useRemoteToolCalling: true }),
];

export const models: LanguageModel[] = [
  databricks("a"), databricks.languageModel("a", { remoteImages: true }), databricks.chat("a", { defaults: { temperature: 0 } }), databricks.chatCompletions("a"),
  databricks.responses("a", { route: "openai", useRemoteToolCalling: true }), databricks.chatAgent("a", { defaults: { custom_inputs: {} } }),
];
export const embedders: EmbeddingModel[] = [databricks.embeddingModel("a", { maxEmbeddingsPerCall: 20, defaults: { instruction: "x" } }), databricks.textEmbeddingModel("a")];

export async function calls(): Promise<string> {
  const { text } = await generateText({ model: databricks("a"), prompt: "x", providerOptions: { databricks: { reasoning_effort: "low" } } });
  for await (const words of streamText({ model: databricks("a"), prompt: "x" }).textStream) words.toUpperCase();
  await embedMany({ model: databricks.embeddingModel("a"), values: ["x"] });
  await new ToolLoopAgent({ model: databricks("a") }).generate({ prompt: "x" });
  return text;
}

// @ts-expect-error a misspelt option
createDatabricks({ hots: "https://workspace.example" });
// @ts-expect-error a model needs a name
databricks();
// @ts-expect-error a misspelt setting
databricks("a", { temprature: 1 });
// @ts-expect-error routes are two
databricks.responses("a", { route: "chat" });
// @ts-expect-error what has no chat() is no client
createDatabricks({ client: {} });
// @ts-expect-error formatUrl is not supported
createDatabricksProvider({ baseURL: "https://workspace.example", formatUrl: () => "x" });
export const none: never = databricks.imageModel("x");
