import type { BatchResult, CallOptions } from "./chat.js";
import type { EventStream } from "./events.js";
import type { CompletionParams, Usage } from "./types.js";

/**
 * An HTTP app on a cluster's driver node, reached through the driver proxy. It must listen on `0.0.0.0`, not on
 * `127.0.0.1` alone, and the caller needs the permission *Can Attach To* on the cluster.
 */
export interface DriverProxyApp {
  /** The cluster's id, such as `1120-090000-abcd1234`. */
  clusterId: string;
  /** The port the app listens on. */
  clusterDriverPort: number | string;
  /** The workspace's id; `0` unless set, which workspaces with an address of their own take. See `client.orgId()`. */
  orgId?: string | undefined;
  /** A path of the app; its root unless set. */
  path?: string | undefined;
}

/** What answers: a serving endpoint by name, or an app. */
export type CompletionsTarget = string | DriverProxyApp;

/** What a custom model takes beside its input. */
export type ModelParams = Record<string, unknown>;

/** Options of one call; what is set here goes before the handle's. `null` takes a default back. */
export interface CompletionOptions extends CallOptions, CompletionParams {
  /** What a custom model takes beside its input, as `params` on the wire; for all others it is refused. */
  params?: ModelParams | undefined;
}

/** Options of a handle. */
export interface CompletionsOptions extends CompletionParams {
  /** The endpoint's task, such as `llm/v1/completions`; looked up once unless set. An app has none. */
  task?: string | undefined;
  /**
   * How a custom model takes its input: `dataframe_records` unless set. It also says that the endpoint is a custom model:
   * beside a `task` that says otherwise it is refused, and an app has none.
   */
  inputFormat?: "dataframe_records" | "dataframe_split" | "inputs" | "instances" | undefined;
  /** What a custom model takes beside its input, as `params` on the wire; for all others it is refused. */
  params?: ModelParams | undefined;
  /** Changes every request: given `{ prompt, … }`, gives what is sent instead: a custom model's row, or the whole body. */
  transformInput?: ((request: { prompt: string; stop?: string[]; [field: string]: unknown }) => unknown) | undefined;
  /** Reads every answer: given a custom model's first prediction, or the whole answer of all others, gives the text. */
  transformOutput?: ((answer: any) => string | Promise<string>) | undefined;
}

/** A text and the answer it came from. */
export class Generation {
  private constructor();
  /** The text, or the first of several. */
  readonly text: string;
  /** All texts: as many as `n` asked for and the endpoint made. */
  readonly texts: string[];
  /** The answer as the endpoint sent it. */
  readonly raw: unknown;
  /** The tokens used, when the endpoint says so. */
  readonly usage: Usage | undefined;
  /** The id to quote to Databricks support. */
  readonly requestId: string | undefined;
  /** Which served entity answered. */
  readonly servedModelName: string | undefined;
  /** How many requests were sent. */
  readonly attempts: number;
}

/**
 * Text in, text out: endpoints whose task is `llm/v1/completions` or `llm/v1/chat`, custom models, and driver proxy apps.
 * Made by `client.completions(target, options)`.
 *
 * ```js
 * const dolly = client.completions("dolly-v2-12b", { stop: ["### End"] });
 * console.log(await dolly.invoke("How are you?"));
 * ```
 *
 * For those who come from LangChain's `Databricks` class: what is set is sent, to every kind of endpoint; what is not set is
 * not; `model_kwargs` is another name of `extra_params`; an app is asked once unless the call's `maxAttempts` says more.
 */
export class Completions {
  private constructor();
  /** The endpoint's name; nothing for an app. */
  readonly endpoint: string | undefined;
  /** A text. Fails with kind `Decode` when the answer is none, with `TransformFailed` when a function given here fails. */
  invoke(prompt: string, options?: CompletionOptions): Promise<string>;
  /** A text and the answer it came from. */
  generate(prompt: string, options?: CompletionOptions): Promise<Generation>;
  /**
   * A text in pieces: as they come where the endpoint streams (chat and completions); as one piece from all others, and
   * with `transformOutput`.
   */
  stream(prompt: string, options?: CompletionOptions): Promise<EventStream<string>>;
  /** Many texts, at most `maxConcurrency` (4) at once; results in the order of the prompts, failed ones among them. */
  batch(prompts: Iterable<string>, options?: CompletionOptions & { maxConcurrency?: number | undefined }): Promise<BatchResult<string>[]>;
}
