// Traces that a server keeps: read, searched, tagged and judged.

import { AT, DELETE, NEVER, PATCH, POST, SAFE, fail, known, named, paged, pure } from "./base.js";
import { path } from "../data/base.js";
import { spansOf } from "./trace-upload.js";

const ROOT = "/api/3.0/mlflow/traces";
/** Fields of an assessment that may be changed, as the update mask names them. */
const MASK = { assessment_name: "assessmentName", feedback: "feedback", expectation: "expectation", rationale: "rationale", metadata: "metadata", valid: "valid" };

const one = (traceId) => path`/api/3.0/mlflow/traces/${{ trace: named(traceId, "trace's id") }}`;
const judged = (traceId, assessmentId) => one(traceId) + path`/assessments/${{ assessment: named(assessmentId, "assessment's id") }}`;
const tags = (traceId) => path`/api/2.0/mlflow/traces/${{ trace: named(traceId, "trace's id") }}/tags`;

/** What is expected, as the wire has it: lists and objects as JSON text. */
function expectation(value) {
  if (value === null || typeof value !== "object") return { value };
  return { serialized_value: { serialization_format: "JSON_FORMAT", value: JSON.stringify(value) } };
}

/** What an assessment says besides its value. */
function assessment({ name, spanId: span_id, source, rationale, metadata, overrides }, more) {
  const { type: source_type = "HUMAN", id: source_id = "default" } = source ?? {};
  return { assessment_name: named(name, "assessment's name"), span_id, source: { source_type, source_id }, rationale, metadata, overrides, ...more };
}

export const withTraces = (Base) =>
  class extends Base {
    /** A trace: `{ info, spans }`. */
    async getTrace(traceId, options) {
      const [scope] = known(options, []);
      const { trace } = await this[AT].get(one(traceId), {}, scope);
      const info = trace?.trace_info;
      if (info === undefined) throw fail("Decode", "The server's answer holds no trace.");
      return { info, spans: JSON.parse(pure("tracing.read", await spansOf(this[AT], traceId, info, scope))).spans };
    }

    /** What the server keeps of a trace besides its spans. */
    async getTraceInfo(traceId, options) {
      const [scope] = known(options, []);
      return (await this[AT].get(one(traceId), {}, scope)).trace.trace_info;
    }

    /** Finds traces of experiments; gives what is kept of them besides their spans. */
    searchTraces(experimentIds, options) {
      const [scope, { filter, orderBy: order_by, maxResults: max_results = 100 }] = known(options, ["filter", "orderBy", "maxResults"]);
      if (!Array.isArray(experimentIds) || experimentIds.length === 0) throw fail("InvalidInput", "searchTraces() needs a list of the experiments' ids.");
      const locations = experimentIds.map((experiment_id) => ({ type: "MLFLOW_EXPERIMENT", mlflow_experiment: { experiment_id: `${experiment_id}` } }));
      return paged((page_token) => this[AT].send(`${ROOT}/search`, { locations, filter, order_by, max_results, page_token }, scope, SAFE), "traces");
    }

    /** Sets a tag of a trace. */
    async setTraceTag(traceId, key, value, options) {
      await this[AT].send(tags(traceId), { key: named(key, "tag's key"), value: `${value}` }, options, SAFE, PATCH);
    }

    /** Deletes a tag of a trace. */
    async deleteTraceTag(traceId, key, options) {
      await this[AT].send(tags(traceId), { key: named(key, "tag's key") }, options, NEVER, DELETE);
    }

    /** Deletes traces of an experiment: those of these ids, or the oldest; gives how many. */
    async deleteTraces(experimentId, options) {
      const [scope, { traceIds: request_ids, maxTimestampMillis: max_timestamp_millis, maxTraces: max_traces }] = known(options, ["traceIds", "maxTimestampMillis", "maxTraces"]);
      if (request_ids === undefined && max_timestamp_millis === undefined) throw fail("InvalidInput", "deleteTraces() needs `traceIds`, or `maxTimestampMillis` for all that are older.");
      const { traces_deleted: deleted } = await this[AT].send(`${ROOT}/delete-traces`, { experiment_id: named(experimentId, "experiment's id"), request_ids, max_timestamp_millis, max_traces }, scope);
      return deleted ?? 0;
    }

    /** Says that traces belong to a run. */
    async linkTracesToRun(traceIds, runId, options) {
      if (!Array.isArray(traceIds) || traceIds.length === 0) throw fail("InvalidInput", "linkTracesToRun() needs a list of traces' ids.");
      await this[AT].send("/api/2.0/mlflow/traces/link-to-run", { trace_ids: traceIds, run_id: named(runId, "run's id") }, options, SAFE);
    }

    async #judge(traceId, body, options) {
      return (await this[AT].send(`${one(traceId)}/assessments`, { assessment: { trace_id: traceId, ...body } }, options, NEVER, POST)).assessment;
    }

    /** Logs what somebody thinks of a trace, or of a span of it. */
    async logFeedback(traceId, feedback, options) {
      const { value, error } = feedback ?? {};
      return this.#judge(traceId, assessment(feedback ?? {}, { feedback: { value: value === undefined ? null : value, error } }), options);
    }

    /** Logs what a trace, or a span of it, should have come to. */
    async logExpectation(traceId, given, options) {
      if (given?.value === undefined) throw fail("InvalidInput", "logExpectation() needs a `value`.");
      return this.#judge(traceId, assessment(given, { expectation: expectation(given.value) }), options);
    }

    /** An assessment. */
    async getAssessment(traceId, assessmentId, options) {
      return (await this[AT].get(judged(traceId, assessmentId), {}, options)).assessment;
    }

    /** Changes fields of an assessment: `name`, `feedback`, `expectation` (their values), `rationale`, `metadata`. */
    async updateAssessment(traceId, assessmentId, changes, options) {
      const { name, feedback, expectation: expected, rationale, metadata } = changes ?? {};
      const body = {
        assessment_name: name,
        feedback: feedback === undefined ? undefined : { value: feedback },
        expectation: expected === undefined ? undefined : expectation(expected),
        rationale,
        metadata,
      };
      const mask = Object.keys(MASK).filter((key) => body[key] !== undefined).map((key) => MASK[key]);
      if (mask.length === 0) throw fail("InvalidInput", "updateAssessment() needs something to change: name, feedback, expectation, rationale or metadata.");
      const to = judged(traceId, assessmentId);
      return (await this[AT].send(to, { assessment: { trace_id: traceId, assessment_id: assessmentId, ...body }, update_mask: mask.join(",") }, options, SAFE, PATCH)).assessment;
    }

    /** Deletes an assessment. */
    async deleteAssessment(traceId, assessmentId, options) {
      await this[AT].send(judged(traceId, assessmentId), { trace_id: traceId, assessment_id: assessmentId }, options, NEVER, DELETE);
    }
  };
