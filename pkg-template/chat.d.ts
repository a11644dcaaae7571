/// <reference lib="es2022" />
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/// <reference lib="dom.asynciterable" />

import type { ChatCompletion, ChatCompletionChunk, ChatParams, ContentPart, FinishReason, Message, Role, Tool } from "./types.js";

export type * from "./types.js";

/** A bearer token with the time it stays good. */
export interface ExpiringToken {
  /** The token. */
  token: string;
  /** Milliseconds from now until it expires. */
  expiresInMs?: number;
}

/** Gives a token; called again before the last one expires and once after a 401. */
export type TokenProvider = () => string | ExpiringToken | Promise<string | ExpiringToken>;

/** Time limits of a call, in milliseconds, above 0 and below 2^31. */
export interface Timeouts {
  /** From sending the request to the answer's headers; 120,000 unless set. */
  firstByteMs?: number;
  /** Between two reads of the answer, waiting on the server; 60,000 unless set. */
  idleMs?: number;
  /** The whole call with its retries; 600,000 unless set, none for streams. */
  totalMs?: number;
}

/** How a client behaves. */
export interface WorkspaceClientConfig {
  /**
   * The workspace, such as `https://my-workspace.cloud.databricks.com`; plain `http` for loopback only.
   * In a page: a path on the page's own server, such as `/databricks`, which adds the token and passes calls on.
   */
  host: string;
  /** For a client whose calls go through a relay, see `RelayedClientConfig`. */
  relay?: undefined;
  /**
   * A personal access token, or a function that gives tokens. Leave it out in a page: a token there can be read by
   * everyone who opens it, and text is refused unless `dangerouslyAllowBrowser` is set.
   */
  token?: string | TokenProvider;
  /** Allows a token in a page. For pages that are yours alone. */
  dangerouslyAllowBrowser?: boolean;
  /** Time limits of every call. */
  timeouts?: Timeouts;
  /** How failed calls are repeated. */
  retry?: {
    /** Requests per call, the first included; 3 unless set. */
    maxAttempts?: number;
    /** What all calls may spend on retries together: a retry costs 5 (10 after a time-out), a success gives 1; 500 unless set. */
    budget?: number;
    /** The longest wait a service may ask for before the call fails instead; 60 s unless set. */
    maxRetryAfterMs?: number;
  };
  /** Headers of every request. */
  headers?: Record<string, string> | Iterable<[string, string]> | Headers;
  /** Follows redirects on the host's own origin, at most five; off unless set. In a page it has no effect, since fetch hides where they lead. */
  followRedirects?: boolean;
  /** The workspace's id, for hosts that serve several; sent with every request. */
  workspaceId?: string;
  /** A fetch to use instead of the platform's, called as `fetch(url, init)`. */
  fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /** The longest stream event, in bytes; 8 MiB unless set. */
  maxEventBytes?: number;
  /** The longest answer, in bytes; 16 MiB unless set. */
  maxBodyBytes?: number;
}

/** How a client behaves whose calls go through a relay, which has the token. */
export interface RelayedClientConfig extends Omit<WorkspaceClientConfig, "host" | "token" | "relay" | "dangerouslyAllowBrowser" | "workspaceId"> {
  /** The relay's address: a path on the page's own server, such as `/api/lakewire`, or `https://app.example.com/api/lakewire`. */
  relay: string;
  /** The relay knows the workspace. */
  host?: undefined;
  /** The relay has the token. */
  token?: undefined;
}

/** What can be set for one call. */
export interface CallOptions {
  /** Ends the call, at the server too. */
  signal?: AbortSignal;
  /** Time limits of this call. */
  timeouts?: Timeouts;
  /** Headers of this call. */
  headers?: Record<string, string> | Iterable<[string, string]> | Headers;
  /** Requests for this call, the first included. */
  maxAttempts?: number;
}

/** A Databricks workspace.
 *
 * ```js
 * const client = new WorkspaceClient({ relay: "/api/lakewire" }); // in a page; elsewhere { host, token }
 * const answer = await client.chat("my-endpoint").invoke("What is a lakehouse?");
 * console.log(answer.text);
 * ```
 */
export class WorkspaceClient {
  /** Throws a `LakewireError` of kind `InvalidInput` for a configuration that cannot work. */
  constructor(config: WorkspaceClientConfig | RelayedClientConfig);
  /** Chat with a serving endpoint. `defaults` apply to every call of the handle; a call's own options win, `null` takes a default back. */
  chat(endpoint: string, defaults?: ChatDefaults): Chat;
  /** Ends every call and stream of this client; later calls fail with kind `Closed`. */
  close(): void;
}

/** What a chat can be asked with: text, `[role, content]` pairs, message objects, or an array that mixes them. */
export type ChatInput = string | Message | readonly (string | Message | readonly [Role, string | ContentPart[]])[];

/** The options of a chat request in the service's words; tools may come from `tool()`. */
export type ChatDefaults = Omit<ChatParams, "tools"> & { tools?: readonly Tool[] | null };

/** The options of one chat call: request fields and call options. */
export type ChatOptions = ChatDefaults & CallOptions;

/** A chat endpoint; made by `client.chat(endpoint, defaults)`. */
export class Chat {
  private constructor();
  /** The endpoint's name. */
  readonly endpoint: string;
  /** Asks for a whole answer. */
  invoke(input: ChatInput, options?: ChatOptions): Promise<ChatAnswer>;
  /** Asks for a streamed answer. `break`, `cancel()` and the signal end it at the server. */
  stream(input: ChatInput, options?: ChatOptions): Promise<ChatStream<ChatCompletionChunk>>;
  /** Asks for a streamed answer and gives just the words of the first choice. */
  textStream(input: ChatInput, options?: ChatOptions): Promise<ChatStream<string>>;
  /** Asks many times, a bounded number at once. Results keep the order; a failed one leaves the others. */
  batch(inputs: Iterable<ChatInput>, options?: ChatOptions & { /** Calls at once; 4 unless set. */ maxConcurrency?: number }): Promise<BatchResult[]>;
  /** Asks, runs the tools the model asks for, tells it the results, and repeats until it answers. */
  runTools(input: ChatInput, options: RunToolsOptions): Promise<ToolRun>;
  /** A handle whose answers fit a schema: a JSON Schema object, or a Standard Schema such as zod's. */
  structuredOutput<S extends StandardSchema<unknown>>(schema: S, options?: StructuredOptions): StructuredChat<InferOutput<S>>;
  structuredOutput<T = unknown>(schema: JsonSchemaObject, options?: StructuredOptions): StructuredChat<T>;
}

/** How one item of a batch ended. */
export type BatchResult<T = ChatAnswer> = { status: "fulfilled"; value: T } | { status: "rejected"; reason: LakewireError };

/** A tool the model asks for. */
export interface RequestedTool {
  /** Which call it is. */
  id: string;
  /** The tool's name. */
  name: string;
  /** The arguments as the model wrote them. */
  argumentsRaw: string;
  /** The arguments, checked; absent when they are no JSON object. */
  arguments?: Record<string, unknown>;
  /** Why the arguments cannot be used. */
  error?: LakewireError;
}

/**
 * A whole answer: the completion as the service sent it, with views on its first choice. Numbers are JavaScript numbers:
 * an integer beyond 2^53 in a field of an endpoint's own loses its last digits.
 */
export interface ChatAnswer extends ChatCompletion {
  /** The message; put it into the next turn as it is. */
  readonly message: Message;
  /** The text, parts that are not text left out. */
  readonly text: string;
  /** The typed parts; empty when the content is plain text. */
  readonly parts: ContentPart[];
  /** The tools the model asks for. */
  readonly toolCalls: RequestedTool[];
  /** Why the answer ended; `undefined` when the service did not say. */
  readonly finishReason: FinishReason | undefined;
  /** Log probabilities, when asked for. */
  readonly logprobs: unknown;
  /** The id to quote to Databricks support. */
  readonly requestId: string | undefined;
  /** Which served entity answered. */
  readonly servedModelName: string | undefined;
  /** How many requests were sent. */
  readonly attempts: number | undefined;
}

/** How a stream ended. */
export interface Completeness {
  /** `open` while it runs; a stream that breaks off throws `Truncated` instead. */
  state: "open" | "complete" | "truncated";
  /** The stream ended without `[DONE]`. */
  noSentinel: boolean;
  /** No choice said why it ended; some gateways leave it out. */
  noFinishReason: boolean;
  /** What was odd, in short words. */
  warnings: string[];
}

/** A streamed answer: a `ReadableStream` that is async-iterable in every runtime. Read it once. */
export class ChatStream<T> extends ReadableStream<T> {
  private constructor();
  [Symbol.asyncIterator](): AsyncIterableIterator<T>;
  /** The id to quote to Databricks support. */
  readonly requestId: string | undefined;
  /** Which served entity answers. */
  readonly servedModelName: string | undefined;
  /** How many requests were sent. */
  readonly attempts: number;
  /** How the stream ended, or that it has not. */
  readonly completeness: Completeness;
  /** Resolves when the stream has ended in any way; never rejects. */
  readonly finished: Promise<void>;
  /** The whole answer; reads the rest of the stream if nobody does. Rejects as the stream does. */
  finalCompletion(): Promise<ChatAnswer>;
}

/** A tool with the code that runs it; as JSON it is the definition alone. */
export interface RunnableTool extends Tool {}

/** The part of the Standard Schema interface that is used (zod, valibot, arktype). */
export interface StandardSchema<Output> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => unknown;
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
  };
}

/** What a Standard Schema's values are. */
export type InferOutput<S> = S extends { readonly "~standard": { readonly types?: { readonly output: infer O } | undefined } } ? O : unknown;

/** A JSON Schema. */
export interface JsonSchemaObject {
  [key: string]: unknown;
}

/** What a tool's code gets besides its arguments. */
export interface ToolContext {
  /** Fires when the call is aborted or the tool takes too long. */
  signal: AbortSignal;
  /** Which call of the model it is. */
  toolCallId: string;
}

/** Makes a tool of a definition and an async function. Arguments are checked by a Standard Schema; a JSON Schema only describes them. */
export function tool<S extends StandardSchema<unknown>>(definition: {
  /** The name the model calls it by. */
  name: string;
  /** What it does and when to use it. */
  description?: string;
  /** The arguments. */
  parameters: S;
  /** Whether arguments must fit exactly (GPT class only). */
  strict?: boolean;
  /** Runs the tool; what it gives or throws is told to the model. */
  execute: (args: InferOutput<S>, context: ToolContext) => unknown;
}): RunnableTool;
export function tool<Args = Record<string, unknown>>(definition: {
  name: string;
  description?: string;
  parameters?: JsonSchemaObject;
  strict?: boolean;
  execute: (args: Args, context: ToolContext) => unknown;
}): RunnableTool;

/** What happens in a tool loop, as it happens. */
export type ToolEvent =
  | { type: "step"; step: number }
  | { type: "chunk"; chunk: ChatCompletionChunk }
  | { type: "tool_call"; step: number; id: string; name: string; argumentsRaw: string }
  | { type: "tool_result"; step: number; id: string; name: string; argumentsRaw: string; arguments?: unknown; result?: unknown; error?: unknown };

/** The options of a tool loop. */
export type RunToolsOptions = Omit<ChatOptions, "tools"> & {
  /** The tools, made by `tool()`. */
  tools: readonly RunnableTool[];
  /** How many times the model may be asked; 8 unless set. */
  maxSteps?: number;
  /** How long one tool may run, in milliseconds; 60,000 unless set. */
  toolTimeoutMs?: number;
  /** Whether every step is streamed; its chunks come as events. */
  stream?: boolean;
  /** Told of everything that happens. */
  onEvent?: (event: ToolEvent) => void;
};

/** How a tool loop ended. */
export interface ToolRun {
  /** The last answer. */
  answer: ChatAnswer;
  /** How many times the model was asked. */
  steps: number;
  /** The whole conversation, the answer included. */
  messages: Message[];
}

/** How structured output is asked for. */
export interface StructuredOptions {
  /** `json_schema` (the service holds the model to it), `json_mode`, or `function_calling`. */
  method?: "json_schema" | "json_mode" | "function_calling";
  /** The schema's name; its `title` unless set. */
  name?: string;
  /** Whether the output must fit exactly. */
  strict?: boolean;
}

/** A chat endpoint that answers with a value; made by `chat.structuredOutput(schema)`. */
export class StructuredChat<T> {
  private constructor();
  /** Asks for a value. Fails with kind `OutputMismatch`, the answer as `completion`, when it does not fit. */
  invoke(input: ChatInput, options?: ChatOptions): Promise<{ value: T; completion: ChatAnswer }>;
}

/** What went wrong, in one word. */
export type ErrorKind =
  | "BadRequest" | "Unauthenticated" | "PermissionDenied" | "NotFound" | "ResourceConflict" | "TooManyRequests"
  | "TemporarilyUnavailable" | "InternalError" | "NotImplemented" | "InvalidInput" | "Decode" | "Connect" | "Tls"
  | "DeadlineExceeded" | "Cancelled" | "Redirect" | "Truncated" | "EventTooLarge" | "BodyTooLarge"
  | "UnexpectedContentType" | "UnsupportedEncoding" | "EmptyBody" | "Protocol" | "TokenProvider" | "TokenEndpoint" | "InvalidArguments"
  | "UnknownTool" | "StepLimit" | "OutputMismatch" | "OperationFailed" | "Closed" | "TransformFailed" | "StatementRefused" | "StatementFailed" | "ResultExpired"
  | "ResultCorrupt" | "ResultTruncated"
  | (string & {});

/** A failed operation. `instanceof` holds across copies of the package. */
export class LakewireError extends Error {
  private constructor();
  /** What went wrong, in one word. */
  readonly kind: ErrorKind;
  /** Which time limit passed, for kind `DeadlineExceeded`. */
  readonly phase?: "connect" | "first_byte" | "idle" | "total" | "tool";
  /** The HTTP status, when the service answered. */
  readonly status?: number;
  /** The service's own code, such as `RESOURCE_DOES_NOT_EXIST`. */
  readonly errorCode?: string;
  /** The id to quote to Databricks support. */
  readonly requestId?: string;
  /** How long the service asked to wait, in milliseconds. */
  readonly retryAfterMs?: number;
  /** The service's structured details. */
  readonly details?: unknown;
  /** Which step of a chain failed, counted from 1. */
  readonly step?: number;
  /** How many requests were sent. */
  readonly attempts: number;
  /** Whether the same call may succeed later. */
  readonly isRetryable: boolean;
  /** Whether the service may have done what was asked although no good answer came. */
  readonly maybeProcessed: boolean;
  /** What a broken stream had given: a completion as far as it came, or an answer of the form that was asked for. */
  readonly partial?: ChatCompletion;
  /** The whole answer, for kinds `OutputMismatch` and `UnknownTool`. */
  readonly completion?: ChatAnswer;
}


