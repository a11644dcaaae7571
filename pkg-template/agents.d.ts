import type { BatchResult, CallOptions, RequestedTool, RunnableTool, ToolEvent } from "./chat.js";
import { EventStream } from "./events.js";
import type {
  ChatAgentChunk, ChatAgentMessage, ChatAgentParams, ChatAgentResponse, Message, ResponseEvent, ResponseItem, ResponseMessage, ResponseObject,
  ResponsesParams, ResponsesTool, Tool,
} from "./types.js";

/** One thing that goes into a Responses call: an item, a message with or without a type, or a chat message. */
export type ResponsesInputItem = ResponseItem | ResponseMessage | Message | { type: string; [key: string]: unknown };

/** What a Responses endpoint can be asked with: text, an item, or an array that mixes texts, `[role, content]` pairs and items. */
export type ResponsesInput = string | ResponsesInputItem | readonly (string | readonly [role: string, content: string] | ResponsesInputItem)[];

/** The options of a Responses request in the service's words; tools may be flat, in chat's form, or come from `tool()`. */
export type ResponsesDefaults = Omit<ResponsesParams, "tools"> & { tools?: readonly (ResponsesTool | Tool)[] | null };

/** The options of one call: request fields and call options. */
export type ResponsesOptions = ResponsesDefaults & CallOptions;

/** A Responses endpoint; made by `client.responses(endpoint, defaults)`. */
export class Responses {
  private constructor();
  /** The endpoint's name. */
  readonly endpoint: string;
  /** Asks for a whole answer. */
  invoke(input: ResponsesInput, options?: ResponsesOptions): Promise<ResponsesAnswer>;
  /** Asks for a streamed answer. Events of types this version does not know come as they are. */
  stream(input: ResponsesInput, options?: ResponsesOptions): Promise<ResponsesStream<ResponseEvent>>;
  /** Asks for a streamed answer and gives just the words of the assistant, each once. */
  textStream(input: ResponsesInput, options?: ResponsesOptions): Promise<ResponsesStream<string>>;
  /** Asks many times, a bounded number at once. Results keep the order; a failed one leaves the others. */
  batch(inputs: Iterable<ResponsesInput>, options?: ResponsesOptions & { /** Calls at once; 4 unless set. */ maxConcurrency?: number }): Promise<BatchResult<ResponsesAnswer>[]>;
  /** Asks, runs the tools the model asks for, and repeats until it answers. Tools that an agent runs itself are not run again. */
  runTools(input: ResponsesInput, options: RunResponsesToolsOptions): Promise<ResponsesRun>;
}

/**
 * A whole answer as the service sent it, with views on its output. `text` and `reasoning` are views: the settings of these
 * names that models of OpenAI's repeat in their answers are left out.
 */
export interface ResponsesAnswer extends ResponseObject {
  /** All text of the assistant, in order. */
  readonly text: string;
  /** The tools the answer asks for; a call whose result stands in the answer was run by the agent itself and is left out. */
  readonly toolCalls: RequestedTool[];
  /** What may be read of the thought behind the answer. */
  readonly reasoning: string;
  /** Free output of the agent. */
  readonly customOutputs: Record<string, unknown> | undefined;
  /** The trace, when `databricks_options: { return_trace: true }` asked for it. */
  readonly trace: unknown;
  /** The output as items for the next turn: ids the service would refuse are cut, thoughts are kept. */
  asInput(): ResponseItem[];
  /** The input of the next turn: what was sent, what came out of it, and more. */
  nextInput(more?: ResponsesInput): ResponseItem[];
  /** The id to quote to Databricks support. */
  readonly requestId: string | undefined;
  /** Which served entity answered. */
  readonly servedModelName: string | undefined;
  /** How many requests were sent. */
  readonly attempts: number | undefined;
}

/** A streamed Responses answer. */
export class ResponsesStream<T> extends EventStream<T> {
  private constructor();
  /** The whole answer; reads the rest of the stream if nobody does. Rejects as the stream does. */
  finalResponse(): Promise<ResponsesAnswer>;
}

/** The options of a tool loop of Responses. */
export type RunResponsesToolsOptions = Omit<ResponsesOptions, "tools"> & {
  /** The tools, made by `tool()`. */
  tools: readonly RunnableTool[];
  /** How many times the model may be asked; 8 unless set. */
  maxSteps?: number;
  /** How long one tool may run, in milliseconds; 60,000 unless set. */
  toolTimeoutMs?: number;
  /** Whether every step is streamed; its events come to `onEvent`. */
  stream?: boolean;
  /** Told of everything that happens. */
  onEvent?: (event: Exclude<ToolEvent, { type: "chunk" }> | { type: "event"; event: ResponseEvent }) => void;
};

/** How a tool loop ended. */
export interface ResponsesRun {
  /** The last answer. */
  answer: ResponsesAnswer;
  /** How many times the model was asked. */
  steps: number;
  /** The whole conversation as items, the answer's output included. */
  items: ResponseItem[];
}

/** A message for an agent, or a text, which is the user's. */
export type ChatAgentInput = string | ChatAgentMessage | readonly (string | readonly [role: string, content: string] | ChatAgentMessage)[];

/** The options of a ChatAgent request in the service's words. */
export type ChatAgentDefaults = ChatAgentParams;

/** The options of one call: request fields and call options. */
export type ChatAgentOptions = ChatAgentDefaults & CallOptions;

/** A ChatAgent endpoint; made by `client.chatAgent(endpoint, defaults)`. */
export class ChatAgent {
  private constructor();
  /** The endpoint's name. */
  readonly endpoint: string;
  /** Asks for a whole answer. A message without an id gets one; a tool's message needs `name` and `tool_call_id`. */
  invoke(messages: ChatAgentInput, options?: ChatAgentOptions): Promise<ChatAgentAnswer>;
  /** Asks for a streamed answer. Deltas with the same id are pieces of one message. */
  stream(messages: ChatAgentInput, options?: ChatAgentOptions): Promise<ChatAgentStream<ChatAgentChunk>>;
  /** Asks for a streamed answer and gives just the words of the assistant's messages. */
  textStream(messages: ChatAgentInput, options?: ChatAgentOptions): Promise<ChatAgentStream<string>>;
  /** Asks many times, a bounded number at once. Results keep the order; a failed one leaves the others. */
  batch(inputs: Iterable<ChatAgentInput>, options?: ChatAgentOptions & { /** Calls at once; 4 unless set. */ maxConcurrency?: number }): Promise<BatchResult<ChatAgentAnswer>[]>;
}

/** A whole answer of an agent as it was sent, with views. */
export interface ChatAgentAnswer extends ChatAgentResponse {
  /** The assistant's last message. */
  readonly message: ChatAgentMessage | undefined;
  /** The text of the assistant's last message. */
  readonly text: string;
  /** Why the answer ended. */
  readonly finishReason: string | undefined;
  /** Free output of the agent. */
  readonly customOutputs: Record<string, unknown> | undefined;
  /** The trace, when `databricks_options: { return_trace: true }` asked for it. */
  readonly trace: unknown;
  /** The id to quote to Databricks support. */
  readonly requestId: string | undefined;
  /** Which served entity answered. */
  readonly servedModelName: string | undefined;
  /** How many requests were sent. */
  readonly attempts: number | undefined;
}

/** A streamed ChatAgent answer. */
export class ChatAgentStream<T> extends EventStream<T> {
  private constructor();
  /** The whole answer; reads the rest of the stream if nobody does. Rejects as the stream does. */
  finalAnswer(): Promise<ChatAgentAnswer>;
}
