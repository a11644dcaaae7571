// What makes spans of calls and sends whole traces; `tracing.js` is its public face.

import { POST, SAFE, operations, pure } from "../data/base.js";
import { MlflowClient } from "./client.js";
import { quietly } from "./context.js";
import { Queue, lastingClient, onHide } from "./queue.js";
import { EVENTS, EVENT_CHARS, LiveSpan, randomId } from "./span.js";
import { uploadTrace } from "./trace-upload.js";
import { bounded } from "./values.js";

/** How many spans a trace keeps. */
const SPANS = 5_000;
/** How many traces may be open at once. */
const OPEN = 1_000;
/** How long a trace whose root has ended waits for spans that go on, such as a stream that is still read, at most. */
const LINGER_MS = 600_000;

/** A trace while it lasts. */
class LiveTrace {
  #wall = Date.now();
  #began = performance.now();

  constructor(id, sampled) {
    this.id = id;
    this.sampled = sampled;
    this.spans = [];
    this.open = 0;
    this.tags = {};
    this.metadata = {};
    this.previews = {};
    /** Whether nothing of it is sent any more. */
    this.over = false;
  }

  /** Lets go of what it held: timers and sockets that began within it may hold its spans for long. */
  release() {
    this.over = true;
    for (const span of this.spans) span.release();
    this.root?.release();
    this.spans = [];
    this.root = undefined;
  }

  /** Wall-clock milliseconds that never go back. */
  now() {
    return this.#wall + (performance.now() - this.#began);
  }

  update({ tags, metadata, session, user, requestPreview, responsePreview, clientRequestId } = {}) {
    const texts = (given) => Object.fromEntries(Object.entries(given ?? {}).filter(([, value]) => value !== undefined && value !== null).map(([key, value]) => [key, `${value}`]));
    Object.assign(this.tags, texts(tags));
    Object.assign(this.metadata, texts(metadata), texts({ "mlflow.trace.session": session, "mlflow.trace.user": user }));
    Object.assign(this.previews, texts({ request_preview: requestPreview, response_preview: responsePreview, client_request_id: clientRequestId }));
  }
}

/** An observer whose observations are spans. */
export class Tracer {
  #settings;
  #at;
  #mlflow;
  #queue;
  #experiment;
  #open = new Set();
  #unhook;
  #closed = false;
  #counts = { unsampled: 0, droppedSpans: 0, droppedTraces: 0, withheld: 0 };

  constructor(client, settings) {
    this.#settings = settings;
    const own = lastingClient(client);
    this.#at = operations(own);
    this.#mlflow = new MlflowClient(own);
    this.#experiment = settings.experimentId;
    this.#queue = new Queue({ limit: settings.maxQueue, work: (trace) => this.#export(trace), onError: settings.onError });
    this.#unhook = onHide(() => {
      this.#settle();
      this.#queue.hurry();
    });
  }

  get propagates() {
    return this.#settings.propagate;
  }

  /** A call that begins, as `observe.js` tells of it. */
  start(call) {
    return this.begin({ name: call.name, type: call.kind, call, place: call.place }, call.parent);
  }

  /** A span beneath another, beneath one elsewhere (`{ traceId, spanId, sampled }`), or the root of a new trace. */
  begin(given, parent) {
    if (this.#closed) return undefined;
    let { trace } = parent ?? {};
    // what begins beneath a span whose trace was sent stands beneath it as beneath one elsewhere
    if (trace === undefined || (trace.sampled && !trace.lost && !this.#open.has(trace))) trace = this.#trace(parent);
    // a span elsewhere is the parent only where both become one trace
    const parentId = parent?.trace === trace || this.#settings.form === "otlp" ? parent?.spanId : undefined;
    const span = new LiveSpan(this, trace, { ...given, parentId });
    trace.root ??= span;
    if (!trace.sampled) return span;
    if (!trace.lost && trace.spans.length < SPANS) trace.spans.push(span);
    else this.#counts.droppedSpans += 1;
    trace.open += 1;
    return span;
  }

  /** A new trace; one that goes on from elsewhere has its id where the server joins spans, else it names the span there. */
  #trace(remote) {
    const { sampling, tags, metadata, runId, form } = this.#settings;
    const joined = remote != null && form === "otlp";
    const trace = new LiveTrace(joined ? remote.traceId : `tr-${randomId(16)}`, remote?.sampled ?? Math.random() < sampling);
    trace.joined = joined;
    if (remote != null) trace.metadata.traceparent = traceparent(remote);
    if (!trace.sampled) {
      this.#counts.unsampled += 1;
      return trace;
    }
    trace.update({ tags, metadata });
    if (runId !== undefined) trace.metadata["mlflow.sourceRun"] = runId;
    // what is never ended must not pile up
    if (this.#open.size >= OPEN) {
      const [oldest] = this.#open;
      if (oldest.root?.isEnded) this.#finish(oldest);
      else this.#lose(oldest);
    }
    this.#open.add(trace);
    return trace;
  }

  /** A span has ended. */
  ended(span) {
    const { trace } = span;
    if (!trace.sampled || trace.over) span.release();
    if (!this.#open.has(trace)) return;
    trace.open -= 1;
    if (!trace.root.isEnded) return;
    if (trace.open <= 0) this.#finish(trace);
    else if (trace.timer === undefined) {
      trace.timer = setTimeout(() => this.#finish(trace), LINGER_MS);
      trace.timer.unref?.();
    }
  }

  #finish(trace) {
    clearTimeout(trace.timer);
    if (this.#open.delete(trace) && !this.#queue.push(trace)) trace.release();
  }

  /** An open trace that will never be sent, nor what is still to begin in it. */
  #lose(trace) {
    clearTimeout(trace.timer);
    this.#open.delete(trace);
    this.#counts.droppedTraces += 1;
    trace.lost = true;
    trace.release();
  }

  /** Traces whose root has ended wait no longer. */
  #settle() {
    for (const trace of this.#open) if (trace.root?.isEnded) this.#finish(trace);
  }

  async #experimentId() {
    if (typeof this.#experiment === "string") return this.#experiment;
    this.#experiment ??= this.#mlflow.experiment(this.#settings.experimentName).then(
      ({ experiment_id: id }) => (this.#experiment = id),
      (thrown) => {
        this.#experiment = undefined;
        throw thrown;
      },
    );
    return this.#experiment;
  }

  /** The trace as the encoders take it. */
  async #text(trace, experimentId) {
    const now = trace.now();
    const spans = [];
    for (const span of [...trace.spans]) {
      // it goes as it is, without its end
      if (!span.isEnded) this.#counts.droppedSpans += 1;
      spans.push(await this.#redacted(span, span.told(this.#settings.maxValueBytes, now)));
    }
    const { id: trace_id, tags, metadata, previews } = trace;
    return JSON.stringify({ trace_id, experiment_id: experimentId, tags, metadata, ...previews, spans });
  }

  async #redacted(span, told) {
    const { redact, maxValueBytes } = this.#settings;
    if (redact === undefined) return told;
    const { inputs, outputs, attributes, events } = told;
    const facts = { name: told.name, type: told.type, spanId: told.span_id, parentId: told.parent_id ?? undefined, traceId: span.traceId };
    try {
      const copy = { span: facts, inputs, outputs, attributes, events, message: told.status.message };
      const given = await redact(copy);
      if (given === null || given === false) return withheld(told);
      const kept = given === undefined || given === true ? copy : given;
      // what the hook gives is as foreign as what calls are given
      const content = (part) => bounded(part, maxValueBytes * 2);
      const status = { ...told.status, message: `${kept.message ?? ""}` };
      return { ...told, inputs: content(kept.inputs), outputs: content(kept.outputs), attributes: fieldsOf(content(kept.attributes)), events: eventsOf(kept.events), status };
    } catch {
      this.#counts.withheld += 1;
      return withheld(told, "failed");
    }
  }

  async #export(trace) {
    let experimentId;
    let text;
    try {
      experimentId = await this.#experimentId();
      text = await this.#text(trace, experimentId);
    } finally {
      trace.release();
    }
    const { form, ucTable, serviceName } = this.#settings;
    if (form === "otlp") {
      const to = ucTable === undefined ? "/v1/traces" : "/api/2.0/otel/v1/traces";
      const headers = ucTable === undefined ? [["x-mlflow-experiment-id", experimentId]] : [["x-databricks-uc-table-name", ucTable]];
      await this.#at.raw([POST, to, pure("tracing.otlp", text, serviceName), SAFE], { headers });
      // the server's own reading of the spans knows no tags, sessions and previews
      // of a trace that began elsewhere that other side tells
      if (ucTable === undefined && !trace.joined) await this.#at.raw([POST, "/api/3.0/mlflow/traces", pure("tracing.info", text), SAFE]);
      return;
    }
    await uploadTrace(this.#at, trace.id, experimentId, text);
  }

  stats() {
    const { unsampled, droppedSpans, droppedTraces, withheld: kept } = this.#counts;
    const { done: exported, failed, dropped, waiting } = this.#queue;
    return { exported, failed, dropped: dropped + droppedTraces, waiting, open: this.#open.size, unsampled, droppedSpans, withheld: kept };
  }

  async flush() {
    // what has just ended says so in a moment
    await new Promise((resolve) => setTimeout(resolve, 0));
    this.#settle();
    await this.#queue.flush();
  }

  async close() {
    this.#closed = true;
    this.#unhook();
    await this.flush();
    // whose end nobody waits for any more
    for (const trace of [...this.#open]) this.#lose(trace);
  }
}

/** A span without its contents. */
function withheld(told, why) {
  const attributes = { "lakewire.redaction": why ?? "withheld" };
  return { ...told, inputs: undefined, outputs: undefined, attributes, events: [], status: { ...told.status, message: "" } };
}

const fieldsOf = (value) => (value !== null && typeof value === "object" && !Array.isArray(value) ? value : {});

/** The events that a hook gives, as the encoders take them. */
function eventsOf(given) {
  const events = Array.isArray(given) ? given.filter((one) => typeof one?.name === "string" && /^\d{1,19}$/.test(one.time_ns)) : [];
  return events.slice(0, EVENTS).map(({ name, time_ns, attributes }) => ({ name, time_ns: `${time_ns}`, attributes: fieldsOf(bounded(attributes, EVENT_CHARS)) }));
}

/** A span as the header `traceparent` names it. */
const traceparent = ({ traceId, spanId, sampled }) => `00-${`${traceId}`.replace(/^tr-/, "")}-${spanId}-${sampled ? "01" : "00"}`;

/** A context that came in a `traceparent` header; nothing when the header is none. */
export function remoteOf(header) {
  const read = typeof header === "string" ? quietly(() => pure("tracing.parent", header)) : undefined;
  if (read === undefined) return undefined;
  const [traceId, spanId, sampled] = read;
  return Object.freeze({ traceId: traceId.startsWith("tr-") ? traceId : `tr-${traceId}`, spanId, sampled: sampled !== undefined });
}
