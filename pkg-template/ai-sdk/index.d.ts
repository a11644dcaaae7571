import type { EmbeddingModelV4, LanguageModelV4, ProviderV4 } from "@ai-sdk/provider";
import type { ChatAgentDefaults, ResponsesDefaults } from "../agents.js";
import type { WorkspaceClientConfig } from "../auth.js";
import type { Chat, ChatDefaults } from "../chat.js";
import type { EmbeddingParams } from "../types.js";

/** What a provider needs of a client: `WorkspaceClient` of `lakewire`, of `lakewire/chat` (chat alone), or one that is observed. */
export interface DatabricksClient {
  /** Chat with a serving endpoint. */
  chat(endpoint: string, defaults?: ChatDefaults): Chat;
}

/**
 * How the workspace is reached, one of: `client`, `relay`, `host` with a way to sign in, or nothing: then the environment tells
 * (`DATABRICKS_HOST`, `DATABRICKS_TOKEN` and all else that `configFromEnv` reads). Without `client` one is made with the first call.
 */
export interface DatabricksOptions extends Partial<Omit<WorkspaceClientConfig, "relay">> {
  /** The client the app has. Beside it, only `headers` can be given. */
  client?: DatabricksClient;
  /** The address of a relay (`lakewire/relay`), such as `/api/lakewire`: in a page, which holds no token. */
  relay?: string;
  /** `host` as other providers write it: the workspace's address with `/serving-endpoints` behind it, and no other path; a bearer token may stand in `headers`. */
  baseURL?: string;
  /** `token` as other providers write it. */
  apiKey?: string;
  /** The provider's name in `model.provider`; `databricks` unless set. Options and metadata stand under `databricks` all the same. */
  name?: string;
  /** Whether all tool calls of Responses endpoints are run by the agent, not by the app. A call whose result the agent sends along is known to be its own anyway. */
  useRemoteToolCalling?: boolean;
}

/** Settings of a chat model. */
export interface DatabricksChatSettings {
  /** Whether images are sent by address. Unset, the AI SDK fetches them and they go as data, which all endpoints with eyes take; the Claude class refuses addresses. */
  remoteImages?: boolean;
  /** Whether `strict: true` of a tool is sent; unset, only to endpoints with `gpt` in their name, since others refuse it. */
  strictTools?: boolean;
  /** Whether a schema is sent with `Output.object()`; set `false` for endpoints that only know JSON mode. */
  structuredOutputs?: boolean;
  /**
   * Whether the model is held strictly to the schema of `Output.object()`. Unset, it is where every property is required: services refuse other
   * schemas as strict ones, so `strict: false` goes with a warning.
   */
  strictJsonSchema?: boolean;
  /** Asks for token counts in streams with `stream_options`. Only for external models that need asking: open-weight endpoints count anyway, and refuse the field. */
  includeUsage?: boolean;
  /** Fields of every request, in the service's words. */
  defaults?: ChatDefaults;
}

/** Settings of a Responses model. */
export interface DatabricksResponsesSettings {
  /** As in `DatabricksChatSettings`. */
  remoteImages?: boolean;
  /** As in `DatabricksChatSettings`. */
  strictTools?: boolean;
  /** As in `DatabricksChatSettings`. */
  strictJsonSchema?: boolean;
  /** As in `DatabricksOptions`, for this model. */
  useRemoteToolCalling?: boolean;
  /** `openai` calls `/serving-endpoints/responses`, which models of OpenAI's need; else the endpoint's own route. */
  route?: "invocations" | "openai";
  /** Fields of every request, in the service's words. */
  defaults?: ResponsesDefaults;
}

/** Settings of a ChatAgent model. */
export interface DatabricksChatAgentSettings {
  /** Fields of every request, in the service's words. */
  defaults?: ChatAgentDefaults;
}

/** Settings of an embedding model. */
export interface DatabricksEmbeddingSettings {
  /** Texts of one request; 100 unless set. `embedMany` cuts longer lists. */
  maxEmbeddingsPerCall?: number;
  /** Fields of every request, such as `instruction`. */
  defaults?: EmbeddingParams;
}

/**
 * Databricks as a provider of the AI SDK (specification v4, `ai` 7).
 *
 * Fields of a request that the AI SDK has no word for go into `providerOptions: { databricks: { … } }` of a call, a message, a part or a
 * tool, as they are; the names of `@databricks/ai-sdk-provider` (`reasoningEffort` …) are translated on a call. Calls fail with `APICallError`, whose `cause` is the `LakewireError`; a stream that breaks off gives an `error` part and then
 * fails, so that its text never passes for a whole one. Repeating failed calls is left to the AI SDK (`maxRetries`).
 */
export interface DatabricksProvider extends ProviderV4 {
  /** A chat endpoint (task `llm/v1/chat` or `agent/v1/chat`). */
  (endpoint: string, settings?: DatabricksChatSettings): LanguageModelV4;
  /** The same. */
  languageModel(endpoint: string, settings?: DatabricksChatSettings): LanguageModelV4;
  /** The same. */
  chat(endpoint: string, settings?: DatabricksChatSettings): LanguageModelV4;
  /** The same, under the name of `@databricks/ai-sdk-provider`. */
  chatCompletions(endpoint: string, settings?: DatabricksChatSettings): LanguageModelV4;
  /** An agent or model that speaks Responses (task `agent/v1/responses`). */
  responses(endpoint: string, settings?: DatabricksResponsesSettings): LanguageModelV4;
  /** An agent of MLflow's ChatAgent form (task `agent/v2/chat`). */
  chatAgent(endpoint: string, settings?: DatabricksChatAgentSettings): LanguageModelV4;
  /** An embeddings endpoint. */
  embeddingModel(endpoint: string, settings?: DatabricksEmbeddingSettings): EmbeddingModelV4;
  /** The same, under its older name. */
  textEmbeddingModel(endpoint: string, settings?: DatabricksEmbeddingSettings): EmbeddingModelV4;
  /** Throws `NoSuchModelError`: serving endpoints have no form for images. */
  imageModel(endpoint: string): never;
  /** Throws `NoSuchModelError`. */
  transcriptionModel(endpoint: string): never;
  /** Throws `NoSuchModelError`. */
  speechModel(endpoint: string): never;
  /** Throws `NoSuchModelError`. */
  rerankingModel(endpoint: string): never;
}

/**
 * Makes a provider. Nothing is sent or loaded before the first call. Throws a `LakewireError` of kind `InvalidInput` for options that
 * contradict each other.
 *
 * ```js
 * import { streamText } from "ai";
 * import { createDatabricks } from "lakewire/ai-sdk";
 *
 * const databricks = createDatabricks({ relay: "/api/lakewire" });
 * const { textStream } = streamText({ model: databricks("databricks-claude-sonnet-4"), prompt: "What is a lakehouse?" });
 * for await (const words of textStream) console.log(words);
 * ```
 */
export function createDatabricks(options?: DatabricksOptions): DatabricksProvider;

/** The options of `@databricks/ai-sdk-provider`. */
export interface DatabricksProviderSettings extends Pick<DatabricksOptions, "headers" | "fetch" | "useRemoteToolCalling"> {
  /** The workspace's address with `/serving-endpoints` behind it. */
  baseURL: string;
  /** The provider's name. */
  provider?: string;
}

/**
 * Makes a provider from the options of `@databricks/ai-sdk-provider`, so that moving over is a changed import line.
 * As there, `responses` asks `/serving-endpoints/responses`; with `{ route: "invocations" }` the endpoint's own address.
 *
 * ```js
 * import { createDatabricksProvider } from "lakewire/ai-sdk";
 *
 * const provider = createDatabricksProvider({
 *   baseURL: "https://my-workspace.cloud.databricks.com/serving-endpoints",
 *   headers: { Authorization: `Bearer ${process.env.DATABRICKS_TOKEN}` },
 * });
 * const model = provider.responses("my-agent");
 * ```
 */
export function createDatabricksProvider(settings: DatabricksProviderSettings): DatabricksProvider;

/** The provider of the environment: reads `DATABRICKS_HOST`, `DATABRICKS_TOKEN` and the like with the first call. */
export const databricks: DatabricksProvider;
