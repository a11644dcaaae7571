import type { CallbackManagerForLLMRun } from "@langchain/core/callbacks/manager";
import { LLM, type BaseLLMCallOptions, type BaseLLMParams } from "@langchain/core/language_models/llms";
import type { GenerationChunk, LLMResult } from "@langchain/core/outputs";
import type { DatabricksClientFields } from "./client.js";

/** What a text model is made with: an endpoint, or an app on a cluster's driver node. */
export interface DatabricksFields extends BaseLLMParams, DatabricksClientFields {
  /** The endpoint's name. */
  endpointName?: string;
  /** The same as `endpointName`. */
  endpoint?: string;
  /** The same as `endpointName`. */
  model?: string;
  /** The cluster of an app behind the driver proxy. */
  clusterId?: string;
  /** The port that app listens on. */
  clusterDriverPort?: number | string;
  /** The workspace's id in the app's address; `0` unless set. */
  orgId?: string;
  /** Randomness, 0 to 2. */
  temperature?: number;
  /** How many texts to make; `generate` gives them all. */
  n?: number;
  /** Where to stop. */
  stop?: string[];
  /** The longest text, in tokens. */
  maxTokens?: number;
  /** Fields of the endpoint's own, merged into the request. */
  extraParams?: Record<string, unknown>;
  /** The older name of `extraParams`. */
  modelKwargs?: Record<string, unknown>;
  /** Changes every request: given `{ prompt, … }`, gives what is sent instead. A model with it is not serialised. */
  transformInputFn?: (request: { prompt: string; stop?: string[]; [field: string]: unknown }) => unknown;
  /** Reads every answer: given a custom model's first prediction, or the whole answer of all others, gives the text. */
  transformOutputFn?: (answer: any) => string | Promise<string>;
  /** The endpoint's task, such as `llm/v1/completions`; looked up once unless set. */
  task?: string;
  /** How a custom model takes its input. */
  inputFormat?: "dataframe_records" | "dataframe_split" | "inputs" | "instances";
  /** What a custom model takes beside its input. */
  params?: Record<string, unknown>;
  /** How long a call may take with its repeats, in milliseconds. */
  timeout?: number;
}

/** The options of one call. */
export interface DatabricksCallOptions extends BaseLLMCallOptions {
  temperature?: number;
  n?: number;
  maxTokens?: number;
  extraParams?: Record<string, unknown>;
}

/**
 * LangChain's LLM: text in, text out, from endpoints whose task is completions or chat, custom models, and apps behind the
 * driver proxy. Needs a client of `lakewire`.
 *
 * ```js
 * import { Databricks } from "lakewire/langchain";
 * const dolly = new Databricks({ endpointName: "dolly-v2-12b", stop: ["### End"] });
 * console.log(await dolly.invoke("How are you?"));
 * ```
 */
export class Databricks extends LLM<DatabricksCallOptions> {
  static lc_name(): string;
  /** Fails with kind `InvalidInput` unless there is an endpoint, or a cluster with a port. */
  constructor(fields: DatabricksFields | string);
  lc_serializable: boolean;
  endpointName?: string;
  clusterId?: string;
  clusterDriverPort?: number | string;
  temperature?: number;
  n?: number;
  stop?: string[];
  maxTokens?: number;
  get lc_secrets(): { [key: string]: string };
  _llmType(): string;
  invocationParams(options?: this["ParsedCallOptions"]): Record<string, unknown>;
  _call(prompt: string, options: this["ParsedCallOptions"], runManager?: CallbackManagerForLLMRun): Promise<string>;
  _generate(prompts: string[], options: this["ParsedCallOptions"], runManager?: CallbackManagerForLLMRun): Promise<LLMResult>;
  _streamResponseChunks(prompt: string, options: this["ParsedCallOptions"], runManager?: CallbackManagerForLLMRun): AsyncGenerator<GenerationChunk>;
}
