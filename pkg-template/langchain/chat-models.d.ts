import type { CallbackManagerForLLMRun } from "@langchain/core/callbacks/manager";
import type { BaseLanguageModelInput, StructuredOutputMethodOptions } from "@langchain/core/language_models/base";
import { BaseChatModel, type BaseChatModelCallOptions, type BaseChatModelParams, type BindToolsInput, type LangSmithParams } from "@langchain/core/language_models/chat_models";
import type { ModelProfile } from "@langchain/core/language_models/profile";
import type { AIMessageChunk, BaseMessage, MessageContent } from "@langchain/core/messages";
import type { ChatGenerationChunk, ChatResult } from "@langchain/core/outputs";
import type { Runnable } from "@langchain/core/runnables";
import type { InteropZodType } from "@langchain/core/utils/types";
import type { ReasoningEffort, ResponseFormat } from "../types.js";
import type { DatabricksClientFields } from "./client.js";

/** What a model is asked with, set on the model or for one call; a call's own wins. What is not set is not sent. */
export interface ChatDatabricksOptions {
  /** Randomness, 0 to 2. */
  temperature?: number;
  /** The longest answer, in tokens. */
  maxTokens?: number;
  /** Nucleus sampling, above 0 to 1. */
  topP?: number;
  /** Sample from the k likeliest tokens. */
  topK?: number;
  /** How many answers; more than 1 on provisioned throughput only. A stream gives the first. */
  n?: number;
  /** Where to stop. */
  stop?: string[];
  /** Whether to return log probabilities; they come in `generationInfo` and `response_metadata`. */
  logprobs?: boolean;
  /** How many alternatives per token; needs `logprobs`. */
  topLogprobs?: number;
  /** How much to think (GPT-OSS, GPT-5 and Gemini class). */
  reasoningEffort?: ReasoningEffort;
  /** Extended thinking (Claude class), such as `{ type: "enabled", budget_tokens: 1024 }`. */
  thinking?: { type: string; budget_tokens?: number; [field: string]: unknown };
  /** Whether the model may ask for several tools at once. */
  parallelToolCalls?: boolean;
  /** Who asks, for abuse monitoring. */
  user?: string;
  /** Repeatable sampling (external OpenAI class). */
  seed?: number;
  /** Lower repetition of topics (external OpenAI class). */
  presencePenalty?: number;
  /** Lower repetition of words (external OpenAI class). */
  frequencyPenalty?: number;
  /** The form of the answer; `withStructuredOutput` sets it. */
  responseFormat?: ResponseFormat;
  /** Free input of agent endpoints. */
  customInputs?: Record<string, unknown>;
  /** Options of agent endpoints, such as `{ return_trace: true }`. */
  databricksOptions?: Record<string, unknown>;
  /** An id of yours, recorded in inference and usage tables. */
  clientRequestId?: string;
  /** Strings of yours for usage tracking. */
  usageContext?: Record<string, unknown>;
  /**
   * Sent with streams as `stream_options`. External models count in streams only with `{ include_usage: true }`; open-weight
   * endpoints refuse the field, and count without it.
   */
  streamOptions?: Record<string, unknown>;
  /** Whether a stream's last chunk tells what was used; it does unless `false`. */
  streamUsage?: boolean;
  /** Fields of the endpoint's own, merged into the body's top level. */
  extraParams?: Record<string, unknown>;
}

/** What a chat model is made with. */
export interface ChatDatabricksInput extends BaseChatModelParams, ChatDatabricksOptions, DatabricksClientFields {
  /** The endpoint's name. */
  model?: string;
  /** The same as `model`. */
  endpoint?: string;
  /** Asks by OpenAI's Responses. Needs a client of `lakewire`. */
  useResponsesApi?: boolean;
  /**
   * Where Responses is asked: `openai` is `/serving-endpoints/responses`, which models of OpenAI's need, `invocations` the endpoint's
   * own address, which agents take too. `openai` unless set; with `relay`, which lets endpoints' own addresses through alone, `invocations`.
   */
  responsesRoute?: "openai" | "invocations";
  /**
   * What the endpoint speaks: `chat-completions` unless set; `chat-agent` is MLflow's ChatAgent, which takes `customInputs`,
   * `databricksOptions` and `extraParams`: tools and settings of a model fail with kind `InvalidInput`. Goes before `useResponsesApi`.
   */
  endpointAPI?: "chat-completions" | "responses" | "chat-agent";
  /** How long a call may take with its repeats, in milliseconds. */
  timeout?: number;
  /** Repeats of a failed call; the client's own setting (2) unless set. The client repeats what may be repeated, and waits as the service asks. */
  maxRetries?: number;
  /** What the model can do, for middleware that asks, such as `{ maxInputTokens: 200000 }`. `structuredOutput: true` has `createAgent` use a schema instead of a tool. */
  profile?: ModelProfile;
}

/** The options of one call. */
export interface ChatDatabricksCallOptions extends BaseChatModelCallOptions, Omit<ChatDatabricksOptions, "stop"> {
  /** Tools on offer; `bindTools` sets them. */
  tools?: BindToolsInput[];
  /** Which tool to use: `auto`, `any`, `none`, or a tool's name. */
  toolChoice?: BaseChatModelCallOptions["tool_choice"];
  /** `parallelToolCalls` in the wire's word. */
  parallel_tool_calls?: boolean;
  /** Whether a tool's arguments must fit exactly; sent to models of the GPT class alone. */
  strict?: boolean;
  /** Headers of this call. */
  headers?: Record<string, string>;
}

/**
 * LangChain's chat model over a serving endpoint: a foundation model, an external model, or an agent.
 *
 * Failures are `LakewireError`s with LangChain's `lc_error_code` where it has one; a prompt that is too long is LangChain's
 * `ContextOverflowError`. Thoughts of a model are `reasoning` blocks of the content, which go back with the next turn.
 *
 * ```js
 * import { ChatDatabricks } from "lakewire/langchain";
 * import { createAgent } from "langchain";
 *
 * const model = new ChatDatabricks({ model: "databricks-claude-sonnet-4-5" });
 * const answer = await model.invoke("What is a lakehouse?");
 * const agent = createAgent({ model, tools: [weather] });
 * ```
 *
 * In a page: `new ChatDatabricks({ model, relay: "/api/lakewire" })`.
 */
export class ChatDatabricks extends BaseChatModel<ChatDatabricksCallOptions, AIMessageChunk> {
  static lc_name(): string;
  /** Fails with kind `InvalidInput` without a model, and for fields that exclude each other. */
  constructor(fields: ChatDatabricksInput);
  constructor(model: string, fields?: Omit<ChatDatabricksInput, "model" | "endpoint">);
  lc_serializable: boolean;
  /** The endpoint's name. */
  model: string;
  /** The endpoint's name. */
  get endpoint(): string;
  useResponsesApi?: boolean;
  responsesRoute: "openai" | "invocations";
  endpointAPI?: "chat-completions" | "responses" | "chat-agent";
  temperature?: number;
  maxTokens?: number;
  topP?: number;
  topK?: number;
  n?: number;
  stop?: string[];
  streamUsage?: boolean;
  extraParams?: Record<string, unknown>;
  timeout?: number;
  maxRetries?: number;
  get lc_aliases(): { [key: string]: string };
  get lc_secrets(): { [key: string]: string };
  get profile(): ModelProfile;
  _llmType(): string;
  /** What a call sends besides its messages. */
  invocationParams(options?: this["ParsedCallOptions"]): Record<string, unknown>;
  /** What makes this model another one than its neighbours; no secrets. */
  get identifyingParams(): Record<string, unknown>;
  getLsParams(options: this["ParsedCallOptions"]): LangSmithParams;
  /** An estimate, a token for four letters; nothing is downloaded. */
  getNumTokens(content: MessageContent): Promise<number>;
  _generate(messages: BaseMessage[], options: this["ParsedCallOptions"], runManager?: CallbackManagerForLLMRun): Promise<ChatResult>;
  _streamResponseChunks(messages: BaseMessage[], options: this["ParsedCallOptions"], runManager?: CallbackManagerForLLMRun): AsyncGenerator<ChatGenerationChunk>;
  /**
   * The model with tools: LangChain's, definitions of OpenAI's form, or objects with a name and a schema; with Responses also the
   * service's own, such as `{ type: "web_search" }`, as they are. Fails with kind `InvalidInput` for a tool the endpoint does not take.
   */
  bindTools(tools: BindToolsInput[], kwargs?: Partial<ChatDatabricksCallOptions>): Runnable<BaseLanguageModelInput, AIMessageChunk, ChatDatabricksCallOptions>;
  /**
   * The model with answers of a schema's form. `method` is `functionCalling` unless set, `jsonSchema` (the service holds the
   * model to the schema) or `jsonMode` (any JSON; the prompt must say which).
   */
  withStructuredOutput<RunOutput extends Record<string, any> = Record<string, any>>(schema: InteropZodType<RunOutput> | Record<string, any>, config?: StructuredOutputMethodOptions<false>): Runnable<BaseLanguageModelInput, RunOutput>;
  withStructuredOutput<RunOutput extends Record<string, any> = Record<string, any>>(schema: InteropZodType<RunOutput> | Record<string, any>, config?: StructuredOutputMethodOptions<true>): Runnable<BaseLanguageModelInput, { raw: BaseMessage; parsed: RunOutput }>;
}
