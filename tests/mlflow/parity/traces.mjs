// Traces: info, search, tags, deletion, OTLP, traces.json, assessments (wire: mlflow-tracing).

const V3 = "/api/3.0/mlflow/traces";
const V2 = "/api/2.0/mlflow/traces";
const location = (experiment_id) => ({ type: "MLFLOW_EXPERIMENT", mlflow_experiment: { experiment_id } });
const attributes = (values) => Object.entries(values).map(([key, value]) => ({ key, value: typeof value === "string" ? { stringValue: value } : value }));
const span = (traceId, spanId, more) => ({ traceId, spanId, name: "span", startTimeUnixNano: "1772360430123000001", endTimeUnixNano: "1772360430535000003", ...more });
const otlp = (spans, resource) => ({ resourceSpans: [{ ...(resource ? { resource: { attributes: attributes(resource) } } : {}), scopeSpans: [{ scope: { name: "x" }, spans }] }] });

/** A trace by REST; its id comes back. */
async function post(w, experiment_id, text, more = {}, options = {}) {
  const trace_id = `tr-${w.hex(text)}`;
  const trace_info = { trace_id, trace_location: location(experiment_id), request_time: "2026-03-01T10:20:30.123Z", state: "OK", ...more };
  await w.send("POST", V3, { trace: { trace_info } }, options);
  return trace_id;
}

export default {
  "traces: post, news of it, get": async (w) => {
    const experiment_id = await w.experiment("traces");
    const usage = JSON.stringify({ input_tokens: 9, output_tokens: 1, total_tokens: 10 });
    const trace_id = await post(w, experiment_id, "one", {
      client_request_id: "c1", request_preview: "What is 2+2?", response_preview: "4", execution_duration: "0.412s",
      trace_metadata: { "mlflow.trace_schema.version": "3", m: "1", "mlflow.trace.tokenUsage": usage }, tags: { "mlflow.traceName": "agent", t: "v" },
    });
    await w.send("GET", `${V3}/${trace_id}`);
    await w.send("GET", `${V3}/get?trace_id=${trace_id}`);
    await w.send("GET", `${V3}/batchGet?trace_ids=${trace_id}`);
    const going = await post(w, experiment_id, "two", { state: "IN_PROGRESS", request_time: "2026-03-01T10:20:31.000Z" });
    // a real server's answer to news lacks the tags that are new; what it keeps is compared
    await post(w, experiment_id, "two", { state: "ERROR", request_time: "2026-03-01T12:20:31.5+02:00", execution_duration: "1.5s", trace_metadata: { a: "b" }, tags: { z: "1" } }, { only: [] });
    await w.send("GET", `${V3}/${going}`);
    await post(w, experiment_id, "odd", { request_time: "2026-03-01T10:20:31.000Z", state: "NONSENSE", execution_duration: "2s" });
    await w.send("POST", V3, {});
    await w.send("POST", V3, { trace: {} });
    await post(w, "987654321", "nowhere");
    await w.send("GET", `${V3}/tr-nobody`);
    await w.send("GET", `${V3}/get?trace_id=tr-nobody`);
    await w.send("GET", `${V3}/get`);
    await w.send("GET", `${V3}/batchGet?trace_ids=tr-nobody`);
  },

  "traces: search with filters, orders and pages; tags, links and deletion": async (w) => {
    const experiment_id = await w.experiment("trace-search");
    const run_id = await w.run(experiment_id, "r");
    const make = (text, at, more) => post(w, experiment_id, text, { request_time: `2026-03-01T10:20:3${at}Z`, ...more });
    const one = await make("s1", 1, { tags: { t: "v", "mlflow.traceName": "agent" }, trace_metadata: { m: "1" }, client_request_id: "c1", execution_duration: "2s" });
    const two = await make("s2", 2, { state: "ERROR", tags: { t: "w" }, trace_metadata: { "mlflow.sourceRun": run_id } });
    const three = await make("s3", 3, { state: "IN_PROGRESS", execution_duration: "0.5s" });
    const search = (more) => w.send("POST", `${V3}/search`, { locations: [location(experiment_id)], ...more });
    const { next_page_token } = await search({ max_results: 2 });
    await search({ max_results: 2, page_token: next_page_token });
    for (const filter of [
      "", "tags.t = 'v'", "tag.t != 'v'", "metadata.m = '1'", "request_metadata.m = '1'", "attributes.status = 'OK'", "status = 'ERROR'", "trace.status = 'OK'",
      "attributes.timestamp_ms > 1772360431000", "timestamp_ms >= 1772360431000", "attributes.name = 'agent'", "name LIKE 'ag%'", "name ILIKE 'AG%'", "execution_time_ms > 1000",
      `request_id = '${one}'`, "client_request_id = 'c1'", "status IN ('OK','ERROR')", "tags.`mlflow.traceName` = 'agent'", "status = 'OK' and tags.t = 'v'", "tags.t IS NULL",
      "timestamp_ms > '1'", `run_id = '${run_id}'`,
      "nonsense", "foo = 1", "foo.x = '1'", "status = OK", "status = 'OK' or status = 'ERROR'", "trace_id = 'x'", "state = 'OK'",
    ]) await search({ filter });
    for (const order of ["timestamp_ms ASC", "timestamp_ms DESC", "execution_time_ms DESC", "name", "tags.t", "status ASC", "foo"]) await search({ order_by: [order] });
    await search({ max_results: 0 });
    await search({ max_results: 501 });
    await search({ page_token: "x" });
    await search({ locations: [] });
    await search({ locations: [location("987654321")] });
    const tag = (method, id, body, options) => w.send(method, `${V3}/${id}/tags`, body, options);
    await tag("PATCH", one, { key: "new", value: "1" });
    await w.send("PATCH", `${V2}/${one}/tags`, { key: "new", value: "2" });
    await tag("PATCH", one, { value: "2" });
    await tag("PATCH", one, { key: "k".repeat(251), value: "1" });
    await tag("PATCH", one, { key: "long", value: "x".repeat(5000) });
    await tag("DELETE", one, { key: "new" });
    await tag("DELETE", one, { key: "new" });
    const link = (more) => w.send("POST", `${V2}/link-to-run`, { trace_ids: [one], run_id, ...more });
    await link();
    await link({ run_id: "nobody" });
    await link({ trace_ids: ["tr-nobody"] });
    await link({ trace_ids: undefined });
    await search({ filter: `run_id = '${run_id}'` });
    await w.send("GET", `${V3}/${one}`);
    const remove = (more) => w.send("POST", `${V3}/delete-traces`, { experiment_id, ...more });
    await remove({ request_ids: [three, "tr-nobody"] });
    await remove({});
    await remove({ max_traces: 1, request_ids: ["x"] });
    await remove({ max_traces: 0, max_timestamp_millis: 1 });
    await remove({ max_traces: 1, max_timestamp_millis: "1772360432000" });
    await w.send("POST", `${V3}/delete-traces`, { max_traces: 1 });
    await search({});
    await w.send("GET", `${V3}/${two}`);
  },

  "assessments: post, change, override, delete": async (w) => {
    const experiment_id = await w.experiment("assessments");
    const path = `${V3}/${await post(w, experiment_id, "judged")}/assessments`;
    const create = async (assessment) => (await w.send("POST", path, { assessment })).assessment?.assessment_id;
    const id = await create({ assessment_name: "good", source: { source_type: "HUMAN", source_id: "me" }, feedback: { value: true }, rationale: "because", metadata: { a: "b" } });
    await create({ assessment_name: "deep", feedback: { value: { a: [1, null] } } });
    await create({ assessment_name: "text", expectation: { value: "42" } });
    await create({ assessment_name: "list", expectation: { serialized_value: { serialization_format: "JSON_FORMAT", value: "[1]" } } });
    await create({ assessment_name: "error", feedback: { error: { error_code: "E", error_message: "m" } } });
    await create({ assessment_name: "span", span_id: "0123456789abcdef", feedback: { value: 0.5 }, source: { source_type: "NONSENSE" } });
    await create({ feedback: { value: 1 } });
    await create({ assessment_name: "none" });
    await w.send("POST", path, {});
    await w.send("POST", `${V3}/tr-nobody/assessments`, { assessment: { assessment_name: "n", feedback: { value: 1 } } });
    const change = (assessment, update_mask, at = id) => w.send("PATCH", `${path}/${at}`, { assessment, update_mask });
    await change({ assessment_name: "better", feedback: { value: false } }, "assessmentName,feedback");
    await change({ rationale: "new" }, "rationale");
    await change({ metadata: { c: "d" } }, "metadata");
    await change({ expectation: { value: 1 } }, "expectation");
    await change({ rationale: "new" }, undefined);
    await change({ rationale: "new" }, "rationale", "a-nobody");
    await w.send("GET", `${path}/${id}`);
    await w.send("GET", `${path}/a-nobody`);
    const over = await create({ assessment_name: "better", feedback: { value: "over" }, overrides: id });
    await w.send("GET", `${path}/${id}`);
    await w.send("GET", path.replace("/assessments", ""));
    await w.send("DELETE", `${path}/${over}`, { assessment_id: over });
    await w.send("GET", `${path}/${id}`);
    await w.send("DELETE", `${path}/${id}`, {});
    await w.send("DELETE", `${path}/${id}`, {});
    await w.send("GET", `${path}/${id}`);
  },
};

/** What only a self-hosted server has. */
export const selfHosted = {
  "traces.json by the server's artifacts": async (w) => {
    const experiment_id = await w.experiment("file");
    const id = await post(w, experiment_id, "file");
    const read = (of, version = "2.0") => w.send("GET", `/ajax-api/${version}/mlflow/get-trace-artifact?request_id=${of}`);
    await read(id);
    await read("tr-nobody");
    const b64 = (hex) => Buffer.from(hex, "hex").toString("base64");
    const raw = JSON.stringify({ spans: [{ trace_id: b64(id.slice(3)), span_id: "ASNFZ4mrze8=", parent_span_id: null, name: "agent", events: [], attributes: { "mlflow.spanType": '"AGENT"' } }] });
    await w.send("PUT", `/api/2.0/mlflow-artifacts/artifacts/${experiment_id}/traces/${id}/artifacts/traces.json`, undefined, { raw, headers: { "content-type": "application/json" } });
    await read(id);
    await read(id, "3.0");
    // a workspace answers 404; a self-hosted server tells of its database
    await w.send("PATCH", `${V3}/tr-nobody/tags`, { key: "new", value: "2" }, { messages: false });
    await w.send("GET", `${V3}/get?trace_id=${id}`);
  },

  "OTLP: spans become traces, early and late": async (w) => {
    const experiment_id = await w.experiment("otlp");
    const run_id = await w.run(experiment_id, "r");
    const headers = { "content-type": "application/json", "x-mlflow-experiment-id": experiment_id };
    const send = (body, more = {}) => w.send("POST", "/v1/traces", undefined, { raw: typeof body === "string" ? body : JSON.stringify(body), headers: { ...headers, ...more } });
    const trace = w.hex("otlp");
    const [root, child] = ["aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb"];
    const get = async (hex) => {
      await w.send("GET", `${V3}/tr-${hex}`);
      await w.send("GET", `${V3}/get?trace_id=tr-${hex}`);
      await w.send("GET", `${V3}/batchGet?trace_ids=tr-${hex}`);
      await w.send("GET", `/ajax-api/2.0/mlflow/get-trace-artifact?request_id=tr-${hex}`);
    };
    await send(otlp([
      span(trace, root, { name: "root", kind: 1, status: { code: 1 }, attributes: attributes({
        "mlflow.spanType": "CHAIN", "mlflow.spanInputs": '{"q": 1}', "mlflow.spanOutputs": "plain text", "mlflow.traceTag.color": "red", "session.id": "s1", "user.id": "u1", number: "5",
        i: { intValue: "9007199254740993" }, d: { doubleValue: 1.5 }, b: { boolValue: true }, arr: { arrayValue: { values: [{ stringValue: "x" }, { intValue: "3" }] } },
        kv: { kvlistValue: { values: [{ key: "z", value: { stringValue: "y" } }] } }, json: '{"l": [1, 2.5, null], "e": {}, "t": "x"}',
      }) }),
      span(trace, child, { name: "llm", parentSpanId: root, kind: 3, startTimeUnixNano: "1772360430223000000", status: { code: 2, message: "E: bad" },
        attributes: attributes({ "gen_ai.operation.name": "chat", "gen_ai.request.model": "no-such-model", "gen_ai.usage.input_tokens": { intValue: "7" }, "gen_ai.usage.output_tokens": { intValue: "2" } }),
        events: [{ name: "exception", timeUnixNano: "1772360430300000000", attributes: attributes({ "exception.message": "bad" }) }] }),
    ], { "service.name": "svc" }), { "x-mlflow-run-id": run_id });
    await get(trace);
    await w.send("POST", `${V3}/search`, { locations: [location(experiment_id)], filter: `run_id = '${run_id}'` });
    await w.send("POST", V3, { trace: { trace_info: { trace_id: `tr-${trace}`, trace_location: location(experiment_id), request_preview: "rp", request_time: "2026-03-01T10:20:30.100Z", execution_duration: "2s", state: "ERROR", trace_metadata: { k: "v" }, tags: { tt: "1" } } } }, { only: [] });
    await w.send("GET", `${V3}/tr-${trace}`);
    await send(otlp([span(trace, "cccccccccccccccc", { name: "late", parentSpanId: root, startTimeUnixNano: "1772360430323000000", endTimeUnixNano: "1772360439535000003" })]));
    await get(trace);
    const early = w.hex("early");
    await send(otlp([span(early, child, { name: "child first", parentSpanId: root })]));
    await get(early);
    await send(otlp([span(early, root, { name: "the root", startTimeUnixNano: "1772360430023000000", status: { code: 2 } })]));
    await get(early);
    await send(otlp([span(trace, root)]), { "x-mlflow-experiment-id": undefined });
    await send(otlp([span(trace, root)]), { "content-type": "text/plain" });
    for (const bad of ["{", "{}", otlp([]), otlp([span("zz", root)])]) await send(bad);
  },

  "traces: the older calls": async (w) => {
    const experiment_id = await w.experiment("older");
    const { trace_info } = await w.send("POST", V2, { experiment_id, timestamp_ms: 1_772_360_430_123, request_metadata: [{ key: "a", value: "b" }], tags: [{ key: "c", value: "d" }] });
    const id = trace_info.request_id;
    await w.send("PATCH", `${V2}/${id}`, { request_id: id, timestamp_ms: 1_772_360_430_223, status: "OK", request_metadata: [], tags: [{ key: "e", value: "f" }] });
    await w.send("GET", `${V2}/${id}/info`);
    await w.send("GET", `${V3}/${id}`);
    await w.send("GET", `${V2}?experiment_ids=${experiment_id}`);
    await w.send("POST", `${V2}/delete-traces`, { experiment_id, request_ids: [id] });
  },
};
