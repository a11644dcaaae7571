//! Spans as the artifact `traces.json` holds them.

use super::ids::{otel_id, to_base64};
use super::model::{Span, SpanStatus, Trace};
use super::write::Writer;
use crate::wire::json::string;

pub(super) const REQUEST_ID: &str = "mlflow.traceRequestId";
pub(super) const SPAN_TYPE: &str = "mlflow.spanType";
pub(super) const INPUTS: &str = "mlflow.spanInputs";
pub(super) const OUTPUTS: &str = "mlflow.spanOutputs";
const LOG_LEVEL: &str = "mlflow.spanLogLevel";

/// The artifact `traces.json`: every attribute as JSON text, as Python's client writes it, and nanoseconds as whole numbers.
///
/// ```
/// use lakewire::mlflow::tracing::{Trace, traces_json};
/// let trace = Trace::parse(r#"{"trace_id": "tr-0123456789abcdef0123456789abcdef", "experiment_id": "3", "spans": [
///     {"span_id": "0123456789abcdef", "name": "agent", "type": "AGENT", "start_ns": "1772360430123000001",
///      "end_ns": "1772360430535000000", "status": {"code": "OK"}, "inputs": {"q": 1}}]}"#)?;
/// let json = traces_json(&trace);
/// assert!(json.contains(r#""start_time_unix_nano":1772360430123000001"#));
/// assert!(json.contains(r#""mlflow.spanInputs":"{\"q\": 1}""#));
/// # Ok::<(), lakewire::Error>(())
/// ```
#[must_use]
pub fn traces_json(trace: &Trace) -> String {
    let mut out = Writer::default();
    out.open('{').key("spans").open('[');
    for span in &trace.spans {
        write_span(&mut out, span, &trace.trace_id);
    }
    out.close(']').close('}');
    out.finish()
}

/// How many bytes each span takes in `traces.json`.
pub(super) fn sizes(trace: &Trace) -> Vec<u64> {
    let size = |span: &Span| {
        let mut out = Writer::default();
        write_span(&mut out, span, &trace.trace_id);
        out.len() as u64
    };
    trace.spans.iter().map(size).collect()
}

fn write_span(out: &mut Writer, span: &Span, trace_id: &str) {
    out.open('{').key("trace_id").string(&to_base64(otel_id(trace_id)));
    out.key("span_id").string(&to_base64(&span.span_id)).key("parent_span_id");
    match &span.parent_id {
        Some(parent) => out.string(&to_base64(parent)),
        None => out.raw("null"),
    };
    out.key("name").string(&span.name).key("start_time_unix_nano").number(span.start_ns).key("end_time_unix_nano");
    match span.end_ns {
        0 => out.raw("null"),
        end => out.number(end),
    };
    out.key("events").open('[');
    for event in &span.events {
        out.open('{').key("name").string(&event.name).key("time_unix_nano").number(event.time_ns);
        out.key("attributes").values(&event.attributes).close('}');
    }
    let code = match span.status {
        SpanStatus::Unset => "STATUS_CODE_UNSET",
        SpanStatus::Ok => "STATUS_CODE_OK",
        SpanStatus::Error => "STATUS_CODE_ERROR",
    };
    out.close(']').key("status").open('{').key("code").string(code).key("message").string(&span.status_message);
    out.close('}').key("attributes").open('{');
    for_each_attribute(span, trace_id, |key, json| {
        out.key(key).string(json);
    });
    out.close('}').key("links").raw("[]").close('}');
}

/// The attributes as MLflow keeps them: those it knows by name, then the span's own.
pub(super) fn for_each_attribute(span: &Span, trace_id: &str, mut take: impl FnMut(&str, &str)) {
    let own = |key: &str| span.attribute(key).is_some();
    take(REQUEST_ID, &string(trace_id));
    take(SPAN_TYPE, &string(if span.span_type.is_empty() { "UNKNOWN" } else { &span.span_type }));
    if !own(LOG_LEVEL) {
        let level = match (span.status, span.span_type.as_str()) {
            (SpanStatus::Error, _) => "40",
            (_, "LLM" | "CHAT_MODEL" | "TOOL" | "RETRIEVER" | "AGENT" | "EMBEDDING") => "20",
            _ => "10",
        };
        take(LOG_LEVEL, level);
    }
    for (key, content) in [(INPUTS, &span.inputs), (OUTPUTS, &span.outputs)] {
        if let Some(json) = content {
            take(key, json);
        }
    }
    for (key, json) in &span.attributes {
        if ![REQUEST_ID, SPAN_TYPE, INPUTS, OUTPUTS].contains(&key.as_str()) {
            take(key, json);
        }
    }
}
