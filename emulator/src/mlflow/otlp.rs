//! Traces by OTLP: of a self-hosted server, and of a workspace's tables (wire: mlflow-tracing §3 and §7).

use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use super::spans::{self, Span, Unreadable};
use super::store::{Store, Trace};
use super::{Asked, protobuf, traces};
use crate::errors::{ApiError, json_response};

fn detail(status: u16, sentence: &str) -> Response {
    json_response(StatusCode::from_u16(status).unwrap_or_default(), &json!({ "detail": sentence }))
}

/// `POST /v1/traces` of a self-hosted server.
pub(super) fn server(asked: &Asked, store: &mut Store) -> Response {
    if asked.method != http::Method::POST {
        return detail(405, "Method Not Allowed");
    }
    let Some(experiment) = asked.header("x-mlflow-experiment-id") else {
        let missing = json!([{
            "type": "missing", "loc": ["header", "x-mlflow-experiment-id"], "msg": "Field required", "input": null
        }]);
        return json_response(StatusCode::UNPROCESSABLE_ENTITY, &json!({ "detail": missing }));
    };
    if let Err(response) = ingest(asked, store, experiment) {
        return *response;
    }
    // nothing, under protobuf's content type, even when JSON was asked
    let mut response = Response::default();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-protobuf"));
    response
}

/// `POST /api/2.0/otel/v1/traces` of a workspace. Its spans are counted and shown under the experiment named like the table.
pub(super) fn workspace(asked: &Asked, store: &mut Store) -> Response {
    let table = asked.header("x-databricks-uc-table-name").unwrap_or_default().to_owned();
    let parts = table.split('.').filter(|part| !part.is_empty()).count();
    if asked.method != http::Method::POST || parts != 3 {
        let message = "POST spans with the header X-Databricks-UC-Table-Name, which holds catalog.schema.table.";
        let refusal = ApiError::new(StatusCode::BAD_REQUEST, "INVALID_PARAMETER_VALUE", message);
        return axum::response::IntoResponse::into_response(refusal);
    }
    let name = format!("/Unity Catalog/{table}");
    let known = store.experiments.values().find(|experiment| experiment.name == name).map(|one| one.id.clone());
    let experiment = match known {
        Some(id) => Ok(id),
        None => store.create_experiment(&name, super::store::Pairs::default(), asked.now),
    };
    match experiment {
        Err(refusal) => axum::response::IntoResponse::into_response(refusal),
        Ok(experiment) => match ingest(asked, store, &experiment) {
            Err(response) => *response,
            Ok(()) => json_response(StatusCode::OK, &json!({})),
        },
    }
}

fn ingest(asked: &Asked, store: &mut Store, experiment: &str) -> Result<(), Box<Response>> {
    let fail = |status: u16, sentence: &str| Err(Box::new(detail(status, sentence)));
    let kind = asked.header("content-type").unwrap_or_default().to_owned();
    let body = match kind.split(';').next().map(str::trim) {
        Some("application/json") => serde_json::from_slice::<Value>(&asked.body).ok(),
        Some("application/x-protobuf") => protobuf::request(&asked.body),
        _ => {
            let sentence =
                format!("Invalid Content-Type: {kind}. Expected: application/x-protobuf or application/json");
            return fail(400, &sentence);
        }
    };
    if asked.header("content-encoding").is_some_and(|coding| coding != "identity") {
        return fail(501, "The emulator reads OTLP without Content-Encoding only.");
    }
    let Some(body) = body else { return fail(400, "Invalid OpenTelemetry format") };
    let list = |value: &Value, name: &str| value.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let mut all: Vec<(Span, Option<String>)> = Vec::new();
    let groups = list(&body, "resourceSpans");
    if groups.is_empty() {
        return fail(400, "Invalid OpenTelemetry format - no spans found");
    }
    for group in groups {
        let service = spans::resource(group.get("resource"));
        for scope in list(&group, "scopeSpans") {
            for span in list(&scope, "spans") {
                match Span::read(&span) {
                    Ok(span) => all.push((span, service.clone())),
                    Err(Unreadable::Form) => return fail(400, "Invalid OpenTelemetry format"),
                    Err(Unreadable::Span) => return fail(422, "Cannot convert OpenTelemetry span to MLflow span"),
                }
            }
        }
    }
    let known = |span: &Span| store.traces.contains_key(&format!("tr-{}", span.trace));
    if store.experiment(experiment).is_err() && !all.iter().all(|(span, _)| known(span)) {
        return fail(422, "Cannot store OpenTelemetry spans: the experiment does not exist");
    }
    let refused = |refusal: ApiError| Box::new(axum::response::IntoResponse::into_response(refusal));
    store.make_span_room(all.len(), asked.body.len()).map_err(refused)?;
    let run = asked.header("x-mlflow-run-id").map(str::to_owned);
    for (span, service) in all {
        let trace = store.trace_or_new(&format!("tr-{}", span.trace), experiment).map_err(refused)?;
        take(trace, span, service, run.as_deref()).map_err(refused)?;
    }
    Ok(())
}

/// Adds a span to its trace, and to the trace's info what it says.
fn take(trace: &mut Trace, span: Span, service: Option<String>, run: Option<&str>) -> Result<(), ApiError> {
    if let Some(run) = run.filter(|run| !trace.runs.iter().any(|known| known == run)) {
        trace.runs.push(run.to_owned());
    }
    trace.tags.put("mlflow.trace.spansLocation", "TRACKING_STORE")?;
    trace.spans.retain(|known| known.id != span.id);
    if span.parent.is_none() {
        from_root(trace, &span, service)?;
    }
    trace.spans.push(span);
    trace.spans.sort_by(|a, b| (a.start, a.parent.is_some(), &a.id).cmp(&(b.start, b.parent.is_some(), &b.id)));
    let ms = |nanos: u64| i64::try_from(nanos / 1_000_000).unwrap_or(0);
    let end = ms(trace.spans.iter().map(|span| span.end).max().unwrap_or(0));
    if traces::is_final(trace) {
        trace.duration = Some(trace.duration.unwrap_or(0).max(end - trace.time));
    } else {
        trace.time = ms(trace.spans.iter().map(|span| span.start).min().unwrap_or(0));
        trace.duration = Some(end - trace.time);
    }
    if let Some(tokens) = spans::tokens(&trace.spans) {
        trace.metadata.put("mlflow.trace.tokenUsage", tokens)?;
    }
    if trace.state.is_empty() {
        "IN_PROGRESS".clone_into(&mut trace.state);
    }
    Ok(())
}

/// What the root span says of its trace.
fn from_root(trace: &mut Trace, root: &Span, service: Option<String>) -> Result<(), ApiError> {
    if !traces::is_final(trace) {
        let state = if root.status == 2 { "ERROR" } else { "OK" };
        state.clone_into(&mut trace.state);
    }
    let text = |key: &str| root.attribute(key).and_then(|value| value.as_str().map(str::to_owned));
    for (key, name) in [("session.id", "mlflow.trace.session"), ("user.id", "mlflow.trace.user")] {
        if let Some(value) = text(key) {
            trace.metadata.put(name, value)?;
        }
    }
    for (key, value) in &root.attributes {
        if let Some(tag) = key.strip_prefix("mlflow.traceTag.") {
            let value: Value = serde_json::from_str(value).unwrap_or_default();
            trace.tags.put(tag, value.as_str().map_or_else(|| value.to_string(), str::to_owned))?;
        }
    }
    if let Some(service) = service {
        trace.tags.put("service.name", service)?;
    }
    let preview = |key: &str| root.attribute(key).map(|value| traces::preview(&value));
    trace.request_preview = trace.request_preview.take().or_else(|| preview("mlflow.spanInputs"));
    trace.response_preview = trace.response_preview.take().or_else(|| preview("mlflow.spanOutputs"));
    Ok(())
}
