// A server that keeps traces, clients that are watched, and spans as they were sent.

import { chunk, completion, DONE, event, json, refusal, scripted, sse } from "./fakes.mjs";
import { entry } from "./package.mjs";

export const { MlflowTracing, observed } = await import(entry("./mlflow"));
export const SPAN = Symbol.for("lakewire.span");

/** A server that keeps what it is sent; `also` answers first, when it answers. */
export function server(also = () => undefined) {
  const kept = { infos: [], spans: [], calls: [] };
  const { client } = scripted(async (call) => {
    kept.calls.push(call);
    const own = await also(call, kept);
    if (own !== undefined) return own;
    if (call.url.endsWith("/traces.json")) {
      kept.spans.push(call.json.spans.map(read));
      return json({});
    }
    if (call.url.endsWith("/api/3.0/mlflow/traces")) {
      const { trace_info } = call.json.trace;
      kept.infos.push(trace_info);
      return json({ trace: { trace_info: { ...trace_info, tags: { ...trace_info.tags, "mlflow.artifactLocation": `mlflow-artifacts:/7/traces/${trace_info.trace_id}/artifacts` } } } });
    }
    return refusal(404);
  });
  return { client, kept };
}

/** A span as it was sent, its attributes read. */
function read({ name, span_id: id, parent_span_id: parent, status, events, attributes }) {
  const values = Object.fromEntries(Object.entries(attributes).map(([key, text]) => [key, JSON.parse(text)]));
  const { "mlflow.spanType": type, "mlflow.spanInputs": inputs, "mlflow.spanOutputs": outputs, ...rest } = values;
  return { name, id, parent, code: status.code.replace("STATUS_CODE_", ""), message: status.message, type, inputs, outputs, attributes: rest, events: events.map(({ name: event }) => event) };
}

/** `name < parent` of each span, sorted. */
export function tree(spans) {
  const names = new Map(spans.map(({ id, name }) => [id, name]));
  return spans.map(({ name, parent }) => (parent ? `${name} < ${names.get(parent) ?? "elsewhere"}` : name)).sort();
}

export const words = (...texts) => sse([...texts.map((content) => event(chunk({ content }))), event(chunk({}, { finish_reason: "stop", usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 } })), DONE]);
export const model = ({ json: body }) => (body.stream ? words("Hel", "lo.") : json(completion("Hello.")));

/** A watched client, and `done()`, which gives what was kept. */
export function traced(answers = model, options, also) {
  const { client: target, kept } = server(also);
  const errors = [];
  const tracing = new MlflowTracing(target, { experimentId: "7", onError: (error) => errors.push(error), ...options });
  const app = scripted(answers);
  const client = tracing.observe(app.client);
  const done = async () => {
    await tracing.flush();
    return { ...kept, errors, stats: tracing.stats() };
  };
  return { tracing, client, target, calls: app.calls, done, kept, errors };
}

/** An observer that writes down what it is told. */
export function noting(more = {}) {
  const told = [];
  const observer = {
    ...more,
    start: ({ kind, name, parent }) => {
      const own = { kind, name, parent, events: [] };
      told.push(own);
      return Object.assign(own, {
        event: (event, data) => own.events.push([event, data]),
        end: (outputs) => (own.outputs = outputs),
        fail: (error) => (own.error = error),
      });
    },
  };
  return { told, observer };
}
