//! Spans in OTLP's JSON form.

use super::ids::otel_id;
use super::model::{SpanStatus, Trace};
use super::spans::for_each_attribute;
use super::write::Writer;
use crate::wire::json::Raw;

/// The body of `POST /v1/traces` in OTLP's JSON form: ids in hex, 64-bit numbers as texts, MLflow's attributes as JSON texts.
///
/// The resource's attributes say which service made the spans (`service.name`); tags, the session and the user stand at the root
/// span, where a server finds them that gets no other word of the trace.
///
/// ```
/// use lakewire::mlflow::tracing::{Trace, otlp_json};
/// let trace = Trace::parse(r#"{"trace_id": "tr-0123456789abcdef0123456789abcdef", "experiment_id": "3", "spans": [
///     {"span_id": "0123456789abcdef", "name": "agent", "type": "AGENT", "start_ns": "1772360430123000001",
///      "end_ns": "1772360430535000000", "status": {"code": "OK"}}]}"#)?;
/// let json = otlp_json(&trace, &[("service.name".into(), "shop".into())]);
/// assert!(json.contains(r#""traceId":"0123456789abcdef0123456789abcdef","spanId":"0123456789abcdef""#));
/// assert!(json.contains(r#""startTimeUnixNano":"1772360430123000001""#));
/// # Ok::<(), lakewire::Error>(())
/// ```
#[must_use]
pub fn otlp_json(trace: &Trace, resource: &[(String, String)]) -> String {
    let root = trace.root().map(|span| span.span_id.as_str());
    let mut out = Writer::default();
    out.open('{').key("resourceSpans").open('[').open('{').key("resource").open('{').key("attributes").open('[');
    for (key, value) in resource {
        text(&mut out, key, value);
    }
    out.close(']')
        .close('}')
        .key("scopeSpans")
        .open('[')
        .open('{')
        .key("scope")
        .open('{')
        .key("name")
        .string("lakewire");
    out.close('}').key("spans").open('[');
    for span in &trace.spans {
        out.open('{').key("traceId").string(otel_id(&trace.trace_id)).key("spanId").string(&span.span_id);
        if let Some(parent) = &span.parent_id {
            out.key("parentSpanId").string(parent);
        }
        // 1 is "internal"
        out.key("name").string(&span.name).key("kind").number(1);
        out.key("startTimeUnixNano").string(&span.start_ns.to_string());
        out.key("endTimeUnixNano").string(&span.end_ns.to_string());
        out.key("attributes").open('[');
        for_each_attribute(span, &trace.trace_id, |key, json| text(&mut out, key, json));
        if root == Some(span.span_id.as_str()) {
            for (key, value) in &trace.tags {
                text(&mut out, &["mlflow.traceTag.", key].concat(), value);
            }
            for (key, value) in &trace.metadata {
                match key.as_str() {
                    "mlflow.trace.session" => text(&mut out, "session.id", value),
                    "mlflow.trace.user" => text(&mut out, "user.id", value),
                    _ => {}
                }
            }
        }
        out.close(']').key("events").open('[');
        for event in &span.events {
            out.open('{').key("timeUnixNano").string(&event.time_ns.to_string()).key("name").string(&event.name);
            out.key("attributes").open('[');
            for (key, json) in &event.attributes {
                typed(&mut out, key, Raw::trusted(json));
            }
            out.close(']').close('}');
        }
        let code = match span.status {
            SpanStatus::Unset => 0,
            SpanStatus::Ok => 1,
            SpanStatus::Error => 2,
        };
        out.close(']').key("status").open('{').key("code").number(code);
        if !span.status_message.is_empty() {
            out.key("message").string(&span.status_message);
        }
        out.close('}').close('}');
    }
    out.close(']').close('}').close(']').close('}').close(']').close('}');
    out.finish()
}

fn text(out: &mut Writer, key: &str, value: &str) {
    out.open('{').key("key").string(key).key("value").open('{').key("stringValue").string(value).close('}').close('}');
}

/// An event's attribute: texts, numbers and booleans as what they are, the rest as JSON text.
fn typed(out: &mut Writer, key: &str, value: Raw<'_>) {
    if let Some(plain) = value.as_str() {
        return text(out, key, &plain);
    }
    let kind = if value.as_bool().is_some() {
        "boolValue"
    } else if value.as_i64().is_some() {
        "intValue"
    } else if value.text().starts_with(|c: char| c == '-' || c.is_ascii_digit()) {
        "doubleValue"
    } else {
        return text(out, key, value.text());
    };
    out.open('{').key("key").string(key).key("value").open('{').key(kind);
    if kind == "intValue" {
        out.string(value.text())
    } else {
        out.raw(value.text())
    };
    out.close('}').close('}');
}
