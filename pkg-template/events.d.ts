import type { Completeness } from "./chat.js";

/**
 * A streamed answer: a `ReadableStream` that is async-iterable in every runtime. Read it once; `break`, `cancel()` and the
 * call's signal end it at the server. An answer that breaks off throws, with what had come as the error's `partial`.
 */
export class EventStream<T> extends ReadableStream<T> {
  protected constructor();
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
}
