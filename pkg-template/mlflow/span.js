// One span of a trace, while it lasts.

import { Place, followed, watched, within } from "./observe.js";
import { SPAN, quietly } from "./context.js";
import { pure } from "../steps.js";
import { bounded, snapshot } from "./values.js";

/** How many events a span keeps. */
export const EVENTS = 128;
/** How many characters of an event's attributes are kept. */
export const EVENT_CHARS = 16_384;

/** Spans of models: what chains and tools give may hold the tokens of a call beneath them, or a field of that name. */
const COUNTED = new Set(["CHAT_MODEL", "LLM", "EMBEDDING", "AGENT"]);

const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** Random hex digits. */
export const randomId = (bytes) => {
  const id = hex(crypto.getRandomValues(new Uint8Array(bytes)));
  // all zeros means none
  return /[1-9a-f]/.test(id) ? id : randomId(bytes);
};

/** Milliseconds with their fractions as nanoseconds, in digits. */
const nanos = (ms) => `${Math.round(ms * 1000)}000`;

/** A promise, of another realm too. What only has a `then` may be a query that runs when it is asked for: that is the app's to do. */
const isPromise = (value) => value instanceof Promise || Object.prototype.toString.call(value) === "[object Promise]";

/** An iterator of the app's own with all it has, but read through another. */
function asItWas(own, through) {
  return new Proxy(own, {
    get(target, name) {
      if (Object.hasOwn(through, name) && (name !== "throw" || typeof target.throw === "function")) return through[name];
      const value = Reflect.get(target, name, target);
      return typeof value === "function" && name !== "constructor" ? value.bind(target) : value;
    },
    set: (target, name, value) => Reflect.set(target, name, value),
  });
}

/** Tokens as MLflow counts them, out of the forms that services answer with. */
function tokens(usage) {
  if (usage === null || typeof usage !== "object") return undefined;
  const read = pure("tracing.usage", JSON.stringify(usage));
  return read === undefined ? undefined : JSON.parse(read);
}

/** Documents as MLflow shows them. */
function documents(found) {
  const list = Array.isArray(found) ? found : found?.rows;
  if (!Array.isArray(list)) return found;
  return list.map((one) => {
    const document = Array.isArray(one) ? one[0] : one;
    const text = document?.page_content ?? document?.pageContent;
    return typeof text === "string" ? { page_content: text, metadata: { ...document.metadata, ...(Array.isArray(one) ? { score: one[1] } : {}) }, id: document.id ?? null } : document;
  });
}

/** A span; made by `tracing.withSpan()`, `tracing.startSpan()`, or for a call that is watched. */
export class LiveSpan {
  #tracing;
  #inputs;
  #outputs;
  #call;
  #attributes = {};
  #events = [];
  #status = { code: "UNSET", message: "" };
  #started;
  #ended;

  constructor(tracing, trace, { name, type = "UNKNOWN", inputs, attributes, parentId, call, place }) {
    this.#tracing = tracing;
    this.trace = trace;
    this.name = `${name}`;
    this.type = `${type}`;
    this.spanId = randomId(8);
    this.parentId = parentId;
    this.#call = call;
    if (inputs !== undefined) this.#inputs = snapshot(inputs);
    Object.assign(this.#attributes, attributes);
    this.#started = trace.now();
    this.place = place ?? new Place([], { kind: type }, undefined);
    if (place === undefined) this.place.seen.set(tracing, this);
  }

  /** `tr-` and 32 hex digits. */
  get traceId() {
    return this.trace.id;
  }

  /** Whether the trace is kept. */
  get sampled() {
    return this.trace.sampled;
  }

  /** The span as the header `traceparent` names it. */
  get traceparentHeader() {
    return `00-${this.trace.id.slice(3)}-${this.spanId}-${this.sampled ? "01" : "00"}`;
  }

  get [SPAN]() {
    return this;
  }

  setInputs(inputs) {
    this.#inputs = snapshot(inputs);
    return this;
  }

  setOutputs(outputs) {
    this.#outputs = snapshot(outputs);
    return this;
  }

  setAttribute(key, value) {
    this.#attributes[`${key}`] = value;
    return this;
  }

  setAttributes(attributes) {
    Object.assign(this.#attributes, attributes);
    return this;
  }

  addEvent(name, attributes = {}) {
    if (this.#events.length < EVENTS) this.#events.push({ name: `${name}`, at: this.trace.now(), attributes });
    return this;
  }

  setStatus(code, message = "") {
    this.#status = { code, message: `${message}` };
    return this;
  }

  /** Tells of an error: the status, and an event `exception`. */
  recordException(error) {
    const type = quietly(() => error.kind ?? error.name) ?? typeof error;
    const message = quietly(() => (error instanceof Error ? error.message : `${error}`)) ?? "";
    this.addEvent("exception", { "exception.type": `${type}`, "exception.message": message, "exception.stacktrace": quietly(() => `${error.stack ?? ""}`) ?? "" });
    return this.setStatus("ERROR", `${type}: ${message}`);
  }

  /** Ends the span; a second time does nothing. */
  end(outputs) {
    if (this.#ended !== undefined) return;
    if (outputs !== undefined) this.#outputs = snapshot(outputs);
    if (this.#status.code === "UNSET") this.#status.code = "OK";
    this.#ended = this.trace.now();
    this.#tracing.ended(this);
  }

  /** Ends the span with an error. */
  fail(error, outputs) {
    if (this.#ended === undefined) this.recordException(error);
    this.end(outputs);
  }

  /** A client whose calls stand beneath this span. */
  observe(client) {
    return watched(client, [this.#tracing], this.place);
  }

  /** Options that say that a call stands beneath this span. */
  options(options) {
    return { ...options, [SPAN]: this.place };
  }

  /** Runs a function beneath this span. */
  run(fn) {
    return within(this.place, () => fn(this));
  }

  /** Changes the trace's tags, metadata and previews. */
  updateTrace(changes) {
    this.trace.update(changes);
    return this;
  }

  /** Lets go of what it was given: nothing asks for it any more. */
  release() {
    this.#inputs = this.#outputs = this.#call = undefined;
    this.#attributes = {};
    this.#events = [];
  }

  get isEnded() {
    return this.#ended !== undefined;
  }

  /** For a promise, an iterable or a value of the span's own work: ends it when that ends. */
  until(result) {
    const failed = (thrown) => {
      this.fail(thrown);
      throw thrown;
    };
    const done = (value) => {
      const pieces = typeof value?.[Symbol.asyncIterator] === "function" && typeof value.next === "function";
      if (pieces) return asItWas(value, followed(value, this.place, {}));
      this.end(value);
      return value;
    };
    return isPromise(result) ? result.then(done, failed) : done(result);
  }

  // what watched calls tell

  get traceparent() {
    return this.#tracing.propagates ? this.traceparentHeader : undefined;
  }

  event(name, data) {
    if (name === "new_token") return;
    if (name === "first_piece") this.#attributes["lakewire.first_piece_ms"] = Math.round((this.trace.now() - this.#started) * 1000) / 1000;
    this.addEvent(name, data);
  }

  set({ requestId, attempts, servedModelName, leftEarly }) {
    const facts = { "lakewire.request_id": requestId, "lakewire.attempts": attempts, "lakewire.served_model": servedModelName, "lakewire.left_early": leftEarly };
    for (const [key, value] of Object.entries(facts)) if (value !== undefined && value !== "") this.#attributes[key] = value;
  }

  /** What the trace says of the span, as texts and JSON values. Reading is what costs: it is done when the trace is exported. */
  told(limit, now) {
    const { type } = this;
    const call = this.#call;
    const { endpoint, provider, body, toolCallId } = call ?? {};
    let inputs = this.#inputs === undefined ? quietly(() => (call === undefined ? undefined : call.inputs)) : this.#inputs;
    // what was sent is text already: it is read again only when it is too long
    if (body !== undefined && body.length <= limit) inputs = quietly(() => JSON.parse(body));
    else inputs = quietly(() => bounded(inputs, limit));
    const found = quietly(() => (type === "RETRIEVER" ? documents(this.#outputs) : this.#outputs));
    const outputs = quietly(() => bounded(found, limit));
    const attributes = quietly(() => bounded(this.#attributes, limit)) ?? {};
    if (call !== undefined) {
      if (endpoint !== undefined && call.loop !== true) {
        attributes["mlflow.llm.model"] = outputs?.model ?? endpoint;
        if (provider !== undefined) attributes["mlflow.llm.provider"] = provider;
      }
      if (type === "CHAT_MODEL") {
        attributes["mlflow.message.format"] = "openai";
        if (Array.isArray(inputs?.tools)) attributes["mlflow.chat.tools"] = inputs.tools;
      }
      const used = call.loop === true || !COUNTED.has(type) ? undefined : quietly(() => tokens(outputs?.usage));
      if (used !== undefined) attributes["mlflow.chat.tokenUsage"] = used;
      if (toolCallId !== undefined) attributes.tool_call_id = toolCallId;
    }
    return {
      span_id: this.spanId,
      parent_id: this.parentId ?? null,
      name: this.name,
      type,
      start_ns: nanos(this.#started),
      end_ns: nanos(this.#ended ?? now),
      status: { ...this.#status },
      inputs,
      outputs,
      attributes,
      events: this.#events.map(({ name, at, attributes: given }) => ({ name, time_ns: nanos(at), attributes: bounded(given, EVENT_CHARS) ?? {} })),
    };
  }
}
