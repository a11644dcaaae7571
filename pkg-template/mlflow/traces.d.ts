// Traces that a server keeps.

import type { CallOptions } from "../chat.js";

/** What a server keeps of a trace besides its spans; as on the wire. */
export interface TraceInfo {
  readonly trace_id: string;
  readonly client_request_id?: string;
  readonly trace_location: { readonly type: string; readonly mlflow_experiment?: { readonly experiment_id: string } };
  readonly request_preview?: string;
  readonly response_preview?: string;
  /** RFC 3339. */
  readonly request_time: string;
  /** Seconds, such as `0.412s`. */
  readonly execution_duration?: string;
  readonly state: "STATE_UNSPECIFIED" | "OK" | "ERROR" | "IN_PROGRESS" | (string & {});
  readonly trace_metadata: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly assessments?: readonly Assessment[];
}

/** A span that was read. Nanoseconds are texts: numbers cannot hold them. */
export interface TraceSpan {
  readonly span_id: string;
  readonly parent_id: string | null;
  readonly name: string;
  readonly type: string;
  readonly start_ns: string;
  readonly end_ns: string;
  readonly status: { readonly code: string; readonly message: string };
  readonly inputs?: any;
  readonly outputs?: any;
  readonly attributes: Readonly<Record<string, any>>;
  readonly events: readonly { readonly name: string; readonly time_ns: string; readonly attributes: Readonly<Record<string, any>> }[];
}

/** What somebody thinks of a trace, or expected of it; as on the wire. */
export interface Assessment {
  readonly assessment_id: string;
  readonly assessment_name: string;
  readonly trace_id: string;
  readonly span_id?: string;
  readonly source: { readonly source_type: string; readonly source_id: string };
  readonly feedback?: { readonly value: any; readonly error?: { readonly error_code?: string; readonly error_message?: string } };
  readonly expectation?: { readonly value?: any; readonly serialized_value?: { readonly serialization_format: string; readonly value: string } };
  readonly rationale?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** An assessment to be logged. */
export interface NewAssessment {
  name: string;
  value?: unknown;
  /** The span it is about; else the trace. */
  spanId?: string | undefined;
  /** Who judges; a human named `default` unless set. */
  source?: { type?: "HUMAN" | "LLM_JUDGE" | "CODE" | undefined; id?: string | undefined } | undefined;
  rationale?: string | undefined;
  metadata?: Record<string, string> | undefined;
  /** The id of the assessment that it takes the place of. */
  overrides?: string | undefined;
}

declare module "./client.js" {
  interface MlflowClient {
    /** A trace with its spans, wherever the server keeps them. */
    getTrace(traceId: string, options?: CallOptions): Promise<{ info: TraceInfo; spans: TraceSpan[] }>;
    /** What is kept of a trace besides its spans. */
    getTraceInfo(traceId: string, options?: CallOptions): Promise<TraceInfo>;
    /** Finds traces of experiments: a filter such as `tags.topic = 'lakes'`, an order such as `timestamp_ms DESC`. */
    searchTraces(
      experimentIds: readonly string[],
      options?: CallOptions & { filter?: string | undefined; orderBy?: readonly string[] | undefined; /** Per page; 100 unless set. */ maxResults?: number | undefined },
    ): AsyncIterable<TraceInfo> & { pages(): AsyncIterable<TraceInfo[]>; all(): Promise<TraceInfo[]> };
    /** Sets a tag of a trace. */
    setTraceTag(traceId: string, key: string, value: unknown, options?: CallOptions): Promise<void>;
    /** Deletes a tag of a trace. */
    deleteTraceTag(traceId: string, key: string, options?: CallOptions): Promise<void>;
    /** Deletes traces of an experiment by their ids, or those before a time; gives how many. */
    deleteTraces(
      experimentId: string,
      options: CallOptions & { traceIds?: readonly string[] | undefined; maxTimestampMillis?: number | undefined; maxTraces?: number | undefined },
    ): Promise<number>;
    /** Says that traces belong to a run. */
    linkTracesToRun(traceIds: readonly string[], runId: string, options?: CallOptions): Promise<void>;
    /** Logs what somebody thinks of a trace; with `error` why there is no value. */
    logFeedback(traceId: string, feedback: NewAssessment & { error?: { error_code?: string; error_message?: string } | undefined }, options?: CallOptions): Promise<Assessment>;
    /** Logs what a trace should have come to. */
    logExpectation(traceId: string, expectation: NewAssessment, options?: CallOptions): Promise<Assessment>;
    /** An assessment. */
    getAssessment(traceId: string, assessmentId: string, options?: CallOptions): Promise<Assessment>;
    /** Changes fields of an assessment; `feedback` and `expectation` are their values. */
    updateAssessment(
      traceId: string, assessmentId: string,
      changes: { name?: string | undefined; feedback?: unknown; expectation?: unknown; rationale?: string | undefined; metadata?: Record<string, string> | undefined },
      options?: CallOptions,
    ): Promise<Assessment>;
    /** Deletes an assessment. */
    deleteAssessment(traceId: string, assessmentId: string, options?: CallOptions): Promise<void>;
  }
}
