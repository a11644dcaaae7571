//! The trace an agent gives back when `databricks_options.return_trace` asks for it (wire: serving-query §10).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::Turn;
use crate::ids;

/// When everything here happened, in nanoseconds; fixed, so that the same request gives the same bytes.
const START_NS: u64 = 1_764_000_000_000_000_000;

/// The value of `databricks_output`.
#[must_use]
pub fn output(name: &str, inputs: &Value, outputs: &Value, turn: &Turn, draw: u64) -> Value {
    let (high, low) = (ids::mix(draw ^ 1), ids::mix(draw ^ 2));
    let trace_bytes: Vec<u8> = high.to_be_bytes().into_iter().chain(low.to_be_bytes()).collect();
    let root = ids::mix(draw ^ 3);
    let mut spans = vec![span(&trace_bytes, root, None, name, "AGENT", 0, inputs, outputs)];
    if let Some((call, result)) = &turn.own {
        let arguments = serde_json::from_str(&call.arguments).unwrap_or(Value::Null);
        spans.push(span(
            &trace_bytes,
            ids::mix(draw ^ 4),
            Some(root),
            &call.name,
            "TOOL",
            1,
            &arguments,
            &json!(result),
        ));
    }
    spans.push(span(
        &trace_bytes,
        ids::mix(draw ^ 5),
        Some(root),
        "stand-in",
        "CHAT_MODEL",
        2,
        inputs,
        &json!(turn.choice.text),
    ));
    json!({
        "trace": {
            "info": {
                "trace_id": format!("tr-{high:016x}{low:016x}"),
                "trace_location": { "type": "INFERENCE_TABLE" },
                "request_time": "2025-11-24T16:00:00.000Z",
                "execution_duration_ms": 12,
                "state": "OK",
                "trace_metadata": {},
                "tags": {},
            },
            "data": { "spans": spans },
        },
        "databricks_request_id": ids::uuid(draw),
    })
}

#[allow(clippy::too_many_arguments)]
fn span(
    trace: &[u8],
    id: u64,
    parent: Option<u64>,
    name: &str,
    kind: &str,
    place: u64,
    inputs: &Value,
    outputs: &Value,
) -> Value {
    let start = START_NS + place * 1_000_000;
    json!({
        "trace_id": STANDARD.encode(trace),
        "span_id": STANDARD.encode(id.to_be_bytes()),
        "parent_span_id": parent.map(|parent| STANDARD.encode(parent.to_be_bytes())),
        "name": name,
        "start_time_unix_nano": start,
        "end_time_unix_nano": start + 1_000_000,
        "events": [],
        "status": { "code": "STATUS_CODE_OK", "message": "" },
        // attribute values are JSON text, as MLflow keeps them
        "attributes": {
            "mlflow.spanType": json!(kind).to_string(),
            "mlflow.spanInputs": inputs.to_string(),
            "mlflow.spanOutputs": outputs.to_string(),
        },
    })
}
