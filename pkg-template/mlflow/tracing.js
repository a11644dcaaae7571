// Traces of what an app does, kept by MLflow.

import { fail } from "../errors.js";
import { take } from "../options.js";
import { SPAN, current, quietly } from "./context.js";
import { Place, watched, within } from "./observe.js";
import { Tracer, remoteOf } from "./tracer.js";

const OPTIONS = ["experimentId", "experimentName", "sampling", "redact", "tags", "metadata", "runId", "export", "ucTable", "serviceName", "propagate", "maxQueue", "maxValueBytes", "onError"];
const SPAN_OPTIONS = ["name", "type", "inputs", "attributes", "parent", "tags", "metadata", "session", "user", "requestPreview", "responsePreview", "clientRequestId"];

const invalid = (sentence) => fail("InvalidInput", sentence);

function checked(given) {
  const [options, rest] = take(given, OPTIONS, "The options of MlflowTracing");
  const stranger = Object.keys(rest)[0];
  if (stranger !== undefined) throw invalid(`The options of MlflowTracing have no \`${stranger}\`: they are ${OPTIONS.join(", ")}.`);
  const { experimentId, experimentName, sampling = 1, redact, onError, export: form = "artifact", ucTable, maxQueue = 100, maxValueBytes = 2 ** 20 } = options;
  for (const [name, value] of Object.entries({ experimentId, experimentName, ucTable, runId: options.runId, serviceName: options.serviceName })) {
    if (value !== undefined && (typeof value !== "string" || value === "")) throw invalid(`\`${name}\` must be a text.`);
  }
  if (experimentId === undefined && experimentName === undefined) throw invalid("MlflowTracing needs `experimentId` or `experimentName`: where the traces are kept.");
  if (!(sampling >= 0 && sampling <= 1)) throw invalid("`sampling` must be a number from 0 (no trace) to 1 (every trace).");
  if (form !== "artifact" && form !== "otlp") throw invalid("`export` must be \"artifact\" or \"otlp\".");
  if (ucTable !== undefined && form !== "otlp") throw invalid("`ucTable` goes with `export: \"otlp\"`.");
  for (const [name, value] of Object.entries({ redact, onError })) if (value !== undefined && typeof value !== "function") throw invalid(`\`${name}\` must be a function.`);
  for (const [name, value] of Object.entries({ maxQueue, maxValueBytes })) if (!Number.isInteger(value) || value < 1) throw invalid(`\`${name}\` must be a whole number, 1 or more.`);
  // a header more may need the leave of another origin: a page that sends without asking must not break by being watched
  const propagate = options.propagate ?? globalThis.location === undefined;
  return { ...options, sampling, form, maxQueue, maxValueBytes, propagate: propagate === true, serviceName: options.serviceName ?? "lakewire" };
}

/** Makes traces of watched calls and of an app's own functions, and sends them. */
export class MlflowTracing {
  #tracer;

  constructor(client, options) {
    this.#tracer = new Tracer(client, checked(options));
  }

  /** A client of the same kind whose calls are traced. */
  observe(client) {
    if (typeof client?.chat !== "function") throw invalid("observe() needs a client of lakewire or lakewire/chat.");
    return watched(client, [this.#tracer]);
  }

  /** The span of the code that runs. */
  get currentSpan() {
    for (let at = quietly(current); at !== undefined; at = at.parent) {
      const span = at.seen.get(this.#tracer);
      if (span !== undefined) return span;
    }
    return undefined;
  }

  /** Begins a span, which stands beneath `parent` or the span of the code that runs. End it. */
  startSpan(options) {
    const [given, rest] = take(options, SPAN_OPTIONS, "The options of a span");
    const stranger = Object.keys(rest)[0];
    if (stranger !== undefined) throw invalid(`The options of a span have no \`${stranger}\`: they are ${SPAN_OPTIONS.join(", ")}.`);
    const { name = "span", type, inputs, attributes, parent = this.currentSpan, ...more } = given;
    const around = parent?.[SPAN]?.place ?? quietly(current);
    const place = new Place([], { kind: type ?? "UNKNOWN" }, around);
    const span = this.#tracer.begin({ name, type, inputs, attributes, place }, parent);
    if (span === undefined) throw fail("Closed", "The tracing was closed.");
    place.observers = [this.#tracer];
    place.seen.set(this.#tracer, span);
    span.updateTrace(more);
    return span;
  }

  /** Runs `fn(span)` as a span; what it gives is the span's output, an error ends the span as one. */
  withSpan(options, fn) {
    if (typeof fn !== "function") throw invalid("withSpan() takes options and a function: withSpan({ name }, async (span) => …).");
    return this.#run(options, (span) => fn(span));
  }

  #run(options, work) {
    let span;
    try {
      span = this.startSpan(options);
    } catch (thrown) {
      // an app goes on when its tracing was closed
      if (thrown?.kind === "Closed") return work(OFF);
      throw thrown;
    }
    let result;
    try {
      result = within(span.place, () => work(span));
    } catch (thrown) {
      span.fail(thrown);
      throw thrown;
    }
    return span.until(result);
  }

  /** The function as one that is traced: its arguments are the inputs, what it gives the outputs. */
  trace(fn, options) {
    if (typeof fn !== "function") throw invalid("trace() takes a function.");
    const tracing = this;
    const [given] = take(options, [], "The options of a span").slice(1);
    return function traced(...args) {
      const inputs = args.length === 1 ? args[0] : args;
      return tracing.#run({ name: fn.name || "function", inputs, ...given }, () => fn.apply(this, args));
    };
  }

  /** Changes tags, metadata, session, user and previews of the trace of the code that runs; says whether there is one. */
  updateCurrentTrace(changes) {
    const span = this.currentSpan;
    // what was sent changes no more
    if (span === undefined || span.trace.over) return false;
    span.updateTrace(changes);
    return true;
  }

  /** A parent for spans, out of a `traceparent` header; nothing when the header is none. */
  fromTraceparent(header) {
    return remoteOf(header);
  }

  /** What became of the traces so far. */
  stats() {
    return this.#tracer.stats();
  }

  /** Waits until every trace that has ended was sent, or could not be. */
  flush() {
    return this.#tracer.flush();
  }

  /** Ends the tracing: what has ended is sent, what comes later is not traced. */
  close() {
    return this.#tracer.close();
  }
}

/** What a function gets for a span when nothing is traced any more. */
const OFF = new Proxy(Object.freeze({ sampled: false, isEnded: true }), {
  get(target, name) {
    if (name in target) return target[name];
    if (name === "observe") return (client) => client;
    if (name === "options") return (options) => ({ ...options });
    if (name === "run") return (fn) => fn(OFF);
    return ["setInputs", "setOutputs", "setAttribute", "setAttributes", "addEvent", "setStatus", "recordException", "end", "fail", "updateTrace"].includes(name) ? () => OFF : undefined;
  },
});
