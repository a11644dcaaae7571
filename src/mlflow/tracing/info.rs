//! What a server keeps of a trace besides its spans.

use super::limits::{METADATA_CHARS, PREVIEW_CHARS, PREVIEW_CHARS_DATABRICKS, TAG_KEY_CHARS, TAG_VALUE_CHARS, cut};
use super::model::Trace;
use super::preview::preview;
use super::spans::sizes;
use super::write::{Writer, duration, rfc3339};
use crate::order;

/// Which kind of server keeps a trace. It is told by a server's answers: see the tag `mlflow.artifactLocation`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Server {
    /// An MLflow server of one's own: previews have 1,000 characters.
    #[default]
    MlFlow,
    /// A Databricks workspace: previews have 10,000 characters.
    Databricks,
}

/// The body of `POST /api/3.0/mlflow/traces`.
///
/// The caller's metadata and tags go before those that are made here (the trace's name, previews, tokens and sizes); what is longer
/// than a server takes is cut.
///
/// ```
/// use lakewire::mlflow::tracing::{Server, Trace, trace_info};
/// let trace = Trace::parse(r#"{"trace_id": "tr-0123456789abcdef0123456789abcdef", "experiment_id": "3", "spans": [
///     {"span_id": "0123456789abcdef", "name": "agent", "type": "AGENT", "start_ns": "1772360430123000000",
///      "end_ns": "1772360430535000000", "status": {"code": "OK"}, "inputs": {"q": 1}}]}"#)?;
/// let body = trace_info(&trace, Server::MlFlow);
/// assert!(body.contains(r#""request_time":"2026-03-01T10:20:30.123Z","execution_duration":"0.412s","state":"OK""#));
/// # Ok::<(), lakewire::Error>(())
/// ```
#[must_use]
pub fn trace_info(trace: &Trace, server: Server) -> String {
    let root = trace.root();
    let previews = match server {
        Server::MlFlow => PREVIEW_CHARS,
        Server::Databricks => PREVIEW_CHARS_DATABRICKS,
    };
    let inputs = root.and_then(|span| span.inputs.as_deref());
    let outputs = root.and_then(|span| span.outputs.as_deref());
    let mut out = Writer::default();
    out.open('{').key("trace").open('{').key("trace_info").open('{').key("trace_id").string(&trace.trace_id);
    if let Some(id) = &trace.client_request_id {
        out.key("client_request_id").string(id);
    }
    out.key("trace_location").open('{').key("type").string("MLFLOW_EXPERIMENT").key("mlflow_experiment").open('{');
    out.key("experiment_id").string(&trace.experiment_id).close('}').close('}');
    for (key, set, content, role) in [
        ("request_preview", &trace.request_preview, inputs, "user"),
        ("response_preview", &trace.response_preview, outputs, "assistant"),
    ] {
        if let Some(text) = set {
            out.key(key).string(&cut(text, previews));
        } else if let Some(json) = content {
            out.key(key).string(&preview(json, role, previews));
        }
    }
    let start = root.map_or(0, |span| span.start_ns);
    out.key("request_time").string(&rfc3339(start));
    if let Some(span) = root.filter(|span| span.end_ns != 0) {
        out.key("execution_duration").string(&duration(span.end_ns.saturating_sub(start)));
    }
    out.key("state").string(trace.state());

    let mut metadata: Vec<(String, String)> =
        trace.metadata.iter().map(|(key, value)| (key.clone(), cut(value, METADATA_CHARS))).collect();
    let mut add = |key: &str, value: Option<String>| {
        if let Some(value) = value.filter(|_| !metadata.iter().any(|(known, _)| known == key)) {
            metadata.push((key.to_owned(), value));
        }
    };
    add("mlflow.trace_schema.version", Some("3".to_owned()));
    add("mlflow.traceInputs", inputs.map(|json| cut(json, METADATA_CHARS)));
    add("mlflow.traceOutputs", outputs.map(|json| cut(json, METADATA_CHARS)));
    add("mlflow.trace.tokenUsage", trace.token_usage().map(|usage| usage.to_json()));
    if let Some((stats, total)) = size_stats(sizes(trace), out.len() as u64) {
        add("mlflow.trace.sizeStats", Some(stats));
        add("mlflow.trace.sizeBytes", Some(total.to_string()));
    }
    out.key("trace_metadata").texts(&metadata);

    let mut tags: Vec<(String, String)> =
        trace.tags.iter().map(|(key, value)| (cut(key, TAG_KEY_CHARS), cut(value, TAG_VALUE_CHARS))).collect();
    if let Some(span) = root.filter(|_| !tags.iter().any(|(key, _)| key == "mlflow.traceName")) {
        tags.push(("mlflow.traceName".to_owned(), cut(&span.name, TAG_VALUE_CHARS)));
    }
    out.key("tags").texts(&tags).close('}').close('}').close('}');
    out.finish()
}

/// `mlflow.trace.sizeStats`, and the sum; nothing without spans. The trace's own facts count as they are without this.
fn size_stats(mut sizes: Vec<u64>, facts: u64) -> Option<(String, u64)> {
    order::sort(&mut sizes, |one, other| one < other);
    let most = *sizes.last()?;
    let spans = sizes.len() as u64;
    let total = sizes.iter().sum::<u64>() + facts + (spans - 1) * 2;
    // between two sizes in proportion, as numpy's percentile; in quarters, so whole numbers are enough
    let quarter = |quarters: usize| {
        let place = quarters * (sizes.len() - 1);
        let at = |place: usize| sizes.get(place).copied().unwrap_or(most);
        let (low, high) = (at(place / 4), at(place / 4 + 1));
        low + (high - low) * (place % 4) as u64 / 4
    };
    let mut out = Writer::default();
    out.open('{').key("total_size_bytes").number(total).key("num_spans").number(spans).key("max").number(most);
    out.key("p25").number(quarter(1)).key("p50").number(quarter(2)).key("p75").number(quarter(3)).close('}');
    Some((out.finish(), total))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mlflow::tracing::Span;

    fn trace() -> Trace {
        let mut root = Span { span_id: "0123456789abcdef".into(), name: "agent".into(), ..Span::default() };
        root.start_ns = 1_772_360_430_123_000_000;
        root.end_ns = root.start_ns + 267_999_999;
        root.inputs = Some(format!(r#"{{"messages":[{{"role":"user","content":"{}"}}]}}"#, "é".repeat(1200)));
        root.outputs = Some(r#""4""#.into());
        Trace {
            trace_id: "tr-0123456789abcdef0123456789abcdef".into(),
            experiment_id: "3".into(),
            spans: vec![root],
            ..Trace::default()
        }
    }

    fn info(trace: &Trace, server: Server) -> serde_json::Value {
        serde_json::from_str::<serde_json::Value>(&trace_info(trace, server)).unwrap()["trace"]["trace_info"].clone()
    }

    #[test]
    fn the_documented_fields_are_there_and_texts_are_cut() {
        let json = info(&trace(), Server::MlFlow);
        assert_eq!(
            json["trace_location"],
            serde_json::json!({"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "3"}})
        );
        assert_eq!((json["execution_duration"].as_str(), json["state"].as_str()), (Some("0.267s"), Some("OK")));
        assert_eq!(json["response_preview"], "4");
        assert_eq!(json["request_preview"].as_str().unwrap(), format!("{}...", "é".repeat(997)));
        assert_eq!(info(&trace(), Server::Databricks)["request_preview"].as_str().unwrap().chars().count(), 1200);
        let metadata = &json["trace_metadata"];
        assert_eq!(metadata["mlflow.traceInputs"].as_str().unwrap().chars().count(), 250);
        assert_eq!(
            (metadata["mlflow.trace_schema.version"].as_str(), metadata["mlflow.traceOutputs"].as_str()),
            (Some("3"), Some("\"4\""))
        );
        assert_eq!(metadata.get("mlflow.trace.tokenUsage"), None);
        assert_eq!(json["tags"], serde_json::json!({"mlflow.traceName": "agent"}));
    }

    #[test]
    fn what_the_caller_says_goes_first() {
        let mut trace = trace();
        trace.request_preview = Some("asked".into());
        trace.tags = vec![("mlflow.traceName".into(), "mine".into()), ("k".repeat(300), "v".repeat(5000))];
        trace.metadata = vec![("mlflow.trace.session".into(), "s".repeat(251))];
        trace.spans[0].status = crate::mlflow::tracing::SpanStatus::Error;
        let json = info(&trace, Server::MlFlow);
        assert_eq!((json["request_preview"].as_str(), json["state"].as_str()), (Some("asked"), Some("ERROR")));
        assert_eq!(json["tags"]["mlflow.traceName"], "mine");
        let (key, value) = json["tags"].as_object().unwrap().iter().nth(1).unwrap();
        assert_eq!((key.len(), value.as_str().unwrap().len()), (250, 4096));
        assert_eq!(json["trace_metadata"]["mlflow.trace.session"].as_str().unwrap().len(), 250);
    }

    #[test]
    fn sizes_are_told_in_quarters() {
        let (stats, total) = size_stats(vec![40, 10, 20, 30], 100).unwrap();
        assert_eq!(stats, r#"{"total_size_bytes":206,"num_spans":4,"max":40,"p25":17,"p50":25,"p75":32}"#);
        assert_eq!(total, 206);
        assert_eq!(
            size_stats(vec![7], 0).unwrap().0,
            r#"{"total_size_bytes":7,"num_spans":1,"max":7,"p25":7,"p50":7,"p75":7}"#
        );
        assert_eq!(size_stats(Vec::new(), 9), None);
    }

    #[test]
    fn a_trace_under_way_says_so() {
        let mut trace = trace();
        trace.spans[0].end_ns = 0;
        let json = info(&trace, Server::MlFlow);
        assert_eq!((json["state"].as_str(), json.get("execution_duration")), (Some("IN_PROGRESS"), None));
        trace.spans.clear();
        assert_eq!(info(&trace, Server::MlFlow)["state"], "STATE_UNSPECIFIED");
    }
}
