// Declarations beside LangChain's own: this file compiles, and the lines that must not are marked. It is never run.

import type { Embeddings } from "@langchain/core/embeddings";
import type { BaseLanguageModel } from "@langchain/core/language_models/base";
import type { BaseChatModel } from "@langchain/core/language_models/chat_models";
import type { LLM } from "@langchain/core/language_models/llms";
import { ChatPromptTemplate } from "@langchain/core/prompts";
import { StringOutputParser } from "@langchain/core/output_parsers";
import { tool } from "@langchain/core/tools";
import { createAgent } from "langchain";
import { WorkspaceClient } from "lakewire";
import { WorkspaceClient as ChatClient } from "lakewire/chat";
import { ChatDatabricks, Databricks, DatabricksEmbeddings } from "lakewire/langchain";
import { z } from "zod";

const model: BaseChatModel = new ChatDatabricks({ model: "m", temperature: 0, maxTokens: 10, auth: { host: "h", token: "t" } });
const language: BaseLanguageModel = new ChatDatabricks("m", { relay: "/api/lakewire", useResponsesApi: true });
const text: LLM = new Databricks({ endpointName: "e", transformInputFn: ({ prompt }) => ({ prompt }) });
const vectors: Embeddings = new DatabricksEmbeddings({ endpoint: "e", client: new WorkspaceClient({ host: "h" }) });
void [model, language, text, vectors];

const chat = new ChatDatabricks({ endpoint: "m", client: new ChatClient({ host: "h" }) });
const add = tool(({ a, b }) => `${a + b}`, { name: "add", schema: z.object({ a: z.number(), b: z.number() }) });
export const agent = createAgent({ model: chat, tools: [add] });
export const chain = ChatPromptTemplate.fromMessages([["human", "{q}"]]).pipe(chat).pipe(new StringOutputParser());
export const bound = chat.bindTools([add, { type: "function", function: { name: "f", parameters: {} } }], { tool_choice: "any" });
export async function values() {
  const person = await chat.withStructuredOutput(z.object({ name: z.string() })).invoke("Ann");
  const name: string = person.name;
  const { raw, parsed } = await chat.withStructuredOutput(z.object({ name: z.string() }), { includeRaw: true }).invoke("Ann");
  const words: string = (await chat.invoke("Hi", { temperature: 1, signal: AbortSignal.timeout(1), headers: { a: "b" } })).text;
  return [name, raw.text, parsed.name, words];
}

// @ts-expect-error a temperature is a number
new ChatDatabricks({ model: "m", temperature: "warm" });
// @ts-expect-error the APIs have names
new ChatDatabricks({ model: "m", endpointAPI: "soap" });
