// What calls tell whoever watches them.

import type { WorkspaceClient } from "../chat.js";

/** What a call is; `TASK` for SQL statements. */
export type CallKind = "CHAT_MODEL" | "LLM" | "EMBEDDING" | "AGENT" | "TOOL" | "RETRIEVER" | "CHAIN" | "TASK" | (string & {});

/** A call that begins. */
export interface ObservedCall {
  readonly kind: CallKind;
  readonly name: string;
  /**
   * What the call was given. It is read when it is asked for: of what is sent as one text it is that text, read; all else is kept
   * by reference, and shows what its owner does to it.
   */
  readonly inputs: unknown;
  /** The endpoint, for calls of one. */
  readonly endpoint?: string | undefined;
  /** The same observer's observation of the call around. */
  readonly parent: Observation | undefined;
}

/** What an observer is told of one call. Nothing that it throws reaches the call. */
export interface Observation {
  /**
   * Something on the way: `first_piece` when a stream's first read came, `left_early` when its reader went away, and for observers
   * with `tokens: true` a `new_token` `{ token }` for each piece of text (as one when a stream is piped or read whole).
   */
  event?(name: string, data: Record<string, unknown>): void;
  /** What the answer's headers said, and `leftEarly`. */
  set?(facts: { requestId?: string; attempts?: number; servedModelName?: string; leftEarly?: boolean }): void;
  /** The call ended; of streams `outputs` is what they came to. */
  end(outputs: unknown): void;
  /** The call failed; `outputs` is what a stream had given. */
  fail(error: unknown, outputs?: unknown): void;
}

/** Who watches calls. */
export interface Observer {
  /** Whether each piece of a stream's text shall be told. */
  readonly tokens?: boolean;
  /** A call begins; gives what is told of it, or nothing to let it pass. */
  start(call: ObservedCall): Observation | undefined;
}

/**
 * A client of the same kind whose calls are told to observers. Its handles, tool loops, chains with its models, and the rooms of
 * `lakewire/data` that are made over it report too.
 */
export function observed<C extends Pick<WorkspaceClient, "chat">>(client: C, ...observers: Observer[]): C;
