// Traces of what an app does, kept by MLflow.

import type { CallOptions, WorkspaceClient } from "../chat.js";

/** MLflow's types of spans. */
export type SpanType =
  | "LLM" | "CHAIN" | "AGENT" | "TOOL" | "CHAT_MODEL" | "RETRIEVER" | "PARSER" | "EMBEDDING" | "RERANKER" | "MEMORY" | "UNKNOWN"
  | "WORKFLOW" | "TASK" | "GUARDRAIL" | "EVALUATOR" | (string & {});

/** What redaction sees of a span: copies, as JSON has them. */
export interface SpanContent {
  /** Which span it is. */
  readonly span: { readonly name: string; readonly type: SpanType; readonly spanId: string; readonly parentId: string | undefined; readonly traceId: string };
  inputs: any;
  outputs: any;
  attributes: Record<string, any>;
  events: { name: string; time_ns: string; attributes: Record<string, unknown> }[];
  /** What went wrong, in words. */
  message: string;
}

/** Where traces go, and how. One of `experimentId` and `experimentName` is needed. */
export interface MlflowTracingOptions {
  experimentId?: string | undefined;
  /** An experiment by its name, which is made when there is none; on Databricks a path such as `/Users/me@example.com/traces`. */
  experimentName?: string | undefined;
  /** What part of the traces is kept, from 0 to 1; 1 unless set. The root decides for its whole trace. */
  sampling?: number | undefined;
  /**
   * Changes what is kept of a span: it gets copies and changes them, or gives others; `null` drops inputs, outputs, attributes and
   * events. When it throws they are withheld. It runs when the trace is sent, not during the call.
   */
  redact?: ((content: SpanContent) => Partial<SpanContent> | null | void | Promise<Partial<SpanContent> | null | void>) | undefined;
  /** Tags of every trace. */
  tags?: Record<string, string> | undefined;
  /** Metadata of every trace. */
  metadata?: Record<string, string> | undefined;
  /** The run that the traces come from. */
  runId?: string | undefined;
  /** `artifact` (the default): the trace, then its spans as a file, as MLflow's TypeScript SDK does; `otlp`: to `/v1/traces`. */
  export?: "artifact" | "otlp" | undefined;
  /** With `otlp` on Databricks: the Unity Catalog table, `catalog.schema.table`. */
  ucTable?: string | undefined;
  /** The service's name in OTLP; `lakewire` unless set. */
  serviceName?: string | undefined;
  /**
   * Whether watched requests carry `traceparent`. Unless set: outside of pages and their workers only, where it could need another
   * origin's leave.
   */
  propagate?: boolean | undefined;
  /** How many traces may wait to be sent; 100 unless set. More are dropped and counted. */
  maxQueue?: number | undefined;
  /** About how many characters (not bytes) of a span's inputs, outputs and attributes are kept, each; 1,048,576 unless set. A number counts as eight. */
  maxValueBytes?: number | undefined;
  /** Told of each trace that could not be sent. */
  onError?: ((error: unknown) => void) | undefined;
}

/** A span elsewhere, out of a `traceparent` header. */
export interface RemoteParent {
  readonly traceId: string;
  readonly spanId: string;
  readonly sampled: boolean;
}

/** What can be said of a trace. Tags may change later, metadata not. */
export interface TraceChanges {
  tags?: Record<string, unknown> | undefined;
  metadata?: Record<string, unknown> | undefined;
  /** The conversation: `mlflow.trace.session`. */
  session?: string | undefined;
  /** Who asked: `mlflow.trace.user`. */
  user?: string | undefined;
  requestPreview?: string | undefined;
  responsePreview?: string | undefined;
  clientRequestId?: string | undefined;
}

/** What a span is. */
export interface SpanOptions extends TraceChanges {
  name?: string | undefined;
  /** `UNKNOWN` unless set. */
  type?: SpanType | undefined;
  inputs?: unknown;
  attributes?: Record<string, unknown> | undefined;
  /** The span it stands beneath; else that of the code that runs. `null` begins a trace. */
  parent?: Span | RemoteParent | null | undefined;
}

/** A span while it lasts. After its trace was sent nothing changes it any more; what begins beneath it is a trace of its own. */
export interface Span {
  readonly name: string;
  readonly type: SpanType;
  /** `tr-` and 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly spanId: string;
  /** Whether the trace is kept. */
  readonly sampled: boolean;
  readonly isEnded: boolean;
  /** The span for a request of your own: the value of the header `traceparent`. */
  readonly traceparentHeader: string;
  setInputs(inputs: unknown): this;
  setOutputs(outputs: unknown): this;
  setAttribute(key: string, value: unknown): this;
  setAttributes(attributes: Record<string, unknown>): this;
  addEvent(name: string, attributes?: Record<string, unknown>): this;
  setStatus(code: "OK" | "ERROR" | "UNSET", message?: string): this;
  /** Status `ERROR` and an event `exception`. */
  recordException(error: unknown): this;
  /** Ends it; a second time does nothing. */
  end(outputs?: unknown): void;
  /** Ends it with an error. */
  fail(error: unknown): void;
  /** A client whose calls stand beneath this span, in runtimes that do not follow asynchronous code too. */
  observe<C extends Pick<WorkspaceClient, "chat">>(client: C): C;
  /** Options that say that a call stands beneath this span. */
  options<O extends object = CallOptions>(options?: O): O;
  /** Runs a function beneath this span, which goes on. */
  run<T>(fn: (span: this) => T): T;
  updateTrace(changes: TraceChanges): this;
}

/** What became of the traces. */
export interface TracingStats {
  readonly exported: number;
  /** Those that could not be sent. */
  readonly failed: number;
  /** Those that did not fit the queue, or were never ended. */
  readonly dropped: number;
  /** Those that are being sent or wait for it. */
  readonly waiting: number;
  readonly open: number;
  /** Those that sampling left out. */
  readonly unsampled: number;
  /** Spans beyond 5,000 of a trace, those of traces that were given up, and those that had not ended when their trace was sent. */
  readonly droppedSpans: number;
  /** Spans whose contents were withheld because `redact` failed. */
  readonly withheld: number;
}

/**
 * Makes traces of watched calls and of an app's own functions, and sends each when its root span has ended, beside the calls.
 *
 * ```js
 * const tracing = new MlflowTracing(workspace, { experimentName: "/Users/me@example.com/traces" });
 * const chat = tracing.observe(workspace).chat("my-endpoint");
 * await tracing.withSpan({ name: "ask", session: "42" }, () => chat.invoke("Name a lake."));
 * await tracing.close();
 * ```
 */
export class MlflowTracing {
  /** `client` is the workspace, or a client whose host is an MLflow server. */
  constructor(client: WorkspaceClient, options: MlflowTracingOptions);
  /** A client of the same kind whose calls are traced. */
  observe<C extends Pick<WorkspaceClient, "chat">>(client: C): C;
  /** The span of the code that runs. */
  readonly currentSpan: Span | undefined;
  /** Begins a span. Fails with kind `Closed` after `close()`. */
  startSpan(options?: SpanOptions): Span;
  /** Runs `fn` as a span; what it gives is the output, an error ends the span as one. */
  withSpan<T>(options: SpanOptions, fn: (span: Span) => T): T;
  /**
   * The function as one that is traced: its arguments are the inputs. Promises are waited for, generators followed to their end;
   * a query that runs only when it is awaited is given as it is.
   */
  trace<F extends (...args: any[]) => any>(fn: F, options?: SpanOptions): F;
  /** Changes the trace of the code that runs; says whether there is one. */
  updateCurrentTrace(changes: TraceChanges): boolean;
  /**
   * A parent for spans, out of a request's `traceparent` header. The trace is one of its own whose metadata `traceparent` names the
   * span there; with `export: "otlp"` the spans stand in the other service's trace.
   */
  fromTraceparent(header: string | null | undefined): RemoteParent | undefined;
  stats(): TracingStats;
  /** Waits until every trace that has ended was sent, or could not be. Never fails. */
  flush(): Promise<void>;
  /** Sends what has ended; what comes later is not traced. */
  close(): Promise<void>;
}
