// What LangChain.js tells of its runs, into MLflow.

import { BaseCallbackHandler } from "@langchain/core/callbacks/base";
import type { MlflowCallbackOptions, MlflowCallbackStats, MlflowFlushOptions } from "../mlflow/callback.js";
import type { MlflowTracing, MlflowTracingOptions } from "../mlflow/tracing.js";
import type { DatabricksClientFields } from "./client.js";

export type { MlflowCallbackStats, MlflowFlushOptions } from "../mlflow/callback.js";

/** Which MLflow. */
export interface MlflowFields extends DatabricksClientFields {
  /** The URL of an MLflow server, or `databricks` (the default) for the workspace. */
  trackingUri?: string | undefined;
  /** The module `lakewire/mlflow` when the app has it; else it is loaded on the first event. */
  mlflow?: object | undefined;
}

/** What the handler takes; names as in Python's `MlflowCallbackHandler`, in camelCase. */
export interface MlflowCallbackHandlerFields extends MlflowFields, MlflowCallbackOptions {}

/**
 * Logs LangChain.js's runs into a run of MLflow: models, chains, tools, agents and retrievers as metrics, files and tables,
 * as LangChain's Python handler does. Nothing here waits for the server, and nothing throws into the run. There is no
 * redaction: prompts and answers are logged as they are. Where they must not be, use `MlflowTracer` and its `redact`.
 *
 * @example
 * const handler = new MlflowCallbackHandler({ client, experiment: "/Users/me@example.com/langchain" });
 * await chain.invoke(input, { callbacks: [handler] });
 * await handler.close();
 */
export class MlflowCallbackHandler extends BaseCallbackHandler {
  constructor(fields?: MlflowCallbackHandlerFields);
  name: string;
  /** The id of the run, which is made when there is none yet. */
  runId(): Promise<string>;
  /** What became of the events. */
  stats(): MlflowCallbackStats;
  /** Logs the tables and waits until everything was sent, or could not be; the server's errors are in `stats()` and `onError`. */
  flushTracker(options?: MlflowFlushOptions): Promise<MlflowCallbackStats>;
  /** Flushes and ends the run; what comes later is not logged. */
  close(options?: Pick<MlflowFlushOptions, "status">): Promise<MlflowCallbackStats>;
}

/** What `MlflowTracer.create()` takes: where the traces go, and how; `tokens` for an event of each piece of an answer. */
export interface MlflowTracerFields extends MlflowFields, MlflowTracingOptions {
  tokens?: boolean | undefined;
}

/**
 * Traces LangChain.js's runs into MLflow: each run is a span beneath the one that began it, a root run is a trace. Inputs,
 * outputs, tools and token usage stand where MLflow looks for them; the `thread_id` of a run's metadata is the session.
 * Runs inside `tracing.withSpan()` stand beneath that span. Use it with a client that no `MlflowTracing` observes, or
 * model calls stand there twice.
 *
 * @example
 * const tracer = await MlflowTracer.create({ client, experimentName: "/Users/me@example.com/traces" });
 * await agent.invoke({ messages }, { callbacks: [tracer] });
 * await tracer.close();
 */
export class MlflowTracer extends BaseCallbackHandler {
  /** Over a tracing that the app has. */
  constructor(fields: { tracing: MlflowTracing; tokens?: boolean | undefined });
  /** With a tracing of its own. */
  static create(fields: MlflowTracerFields): Promise<MlflowTracer>;
  name: string;
  /** The tracing that the spans go to. */
  readonly tracing: MlflowTracing;
  /** Waits until every trace that has ended was sent, or could not be. Never fails. */
  flush(): Promise<void>;
  /**
   * Sends what has ended; what comes later is not traced. LangChain.js tells of no end when a stream is left or aborted:
   * runs that are still open here end now, with an event `left_early`.
   */
  close(): Promise<void>;
}
