//! What an endpoint tells about itself: its OpenAPI description, metrics and logs (wire: serving-endpoints §1).

use axum::Router;
use axum::extract::{Extension, Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::{Map, Value, json};
use std::sync::Arc;

use super::handlers::reply;
use super::{Endpoint, Kind};
use crate::errors::ApiError;
use crate::gate::RequestId;
use crate::state::Emulator;

/// The routes of the details.
pub(super) fn routes() -> Router<Emulator> {
    Router::new()
        .route("/api/2.0/serving-endpoints/{name}/openapi", get(openapi))
        .route("/api/2.0/serving-endpoints/{name}/metrics", get(metrics))
        .route("/api/2.0/serving-endpoints/{name}/served-models/{served}/build-logs", get(build_logs))
        .route("/api/2.0/serving-endpoints/{name}/served-models/{served}/logs", get(logs))
        .route("/api/2.0/serving-endpoints/get-model-optimization-info/{model}/{version}", get(optimization))
}

type Parts = (State<Emulator>, Extension<RequestId>);

fn found((State(emulator), Extension(RequestId(request_id))): &Parts, name: &str) -> Result<Arc<Endpoint>, ApiError> {
    emulator.endpoint(name).ok_or_else(|| ApiError::no_such_endpoint(name, request_id))
}

async fn openapi(parts: Parts, Path(name): Path<String>, headers: HeaderMap) -> Response {
    let host = headers.get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or("127.0.0.1");
    reply(found(&parts, &name).and_then(|endpoint| {
        if !endpoint.ready {
            let message =
                format!("The endpoint '{name}' is not ready: its description follows from the served models.");
            return Err(ApiError::new(StatusCode::BAD_REQUEST, "BAD_REQUEST", message));
        }
        let paths: Map<String, Value> = endpoint
            .served
            .iter()
            .map(|served| (format!("/served-models/{served}/invocations"), operation(&endpoint)))
            .collect();
        Ok(json!({
            "openapi": "3.1.0",
            "info": { "title": name, "version": "1" },
            "servers": [{ "url": format!("http://{host}/serving-endpoints/{name}") }],
            "paths": paths,
        }))
    }))
}

fn operation(endpoint: &Endpoint) -> Value {
    let object =
        |field: &str, kind: Value| json!({ "type": "object", "properties": { field: kind }, "required": [field] });
    let texts = json!({ "oneOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }] });
    let rows = json!({ "type": "array", "items": { "type": "object" } });
    let (forms, answer) = match endpoint.task.as_str() {
        "llm/v1/chat" | "agent/v1/chat" | "agent/v2/chat" => (vec![object("messages", rows)], "choices"),
        "llm/v1/completions" => (vec![object("prompt", texts)], "choices"),
        "llm/v1/embeddings" => (vec![object("input", texts)], "data"),
        "agent/v1/responses" => (vec![object("input", rows)], "output"),
        _ => {
            let split = json!({ "type": "object", "properties": { "columns": { "type": "array" }, "data": { "type": "array" } } });
            (vec![object("dataframe_split", split), object("dataframe_records", rows)], "predictions")
        }
    };
    let json_content = |schema: Value| json!({ "content": { "application/json": { "schema": schema } } });
    let mut good = json_content(object(answer, json!({})));
    crate::json::set(&mut good, "description", "Successful operation");
    json!({ "post": { "requestBody": json_content(json!({ "oneOf": forms })), "responses": { "200": good } } })
}

async fn metrics(parts: Parts, Path(name): Path<String>) -> Response {
    let endpoint = match found(&parts, &name) {
        Ok(endpoint) => endpoint,
        Err(error) => return error.into_response(),
    };
    let (State(emulator), _) = &parts;
    let path = format!("/serving-endpoints/{name}/");
    let (all, bad, failed) = emulator.history().count(&path);
    let label = format!("{{endpoint_name=\"{}\"}}", endpoint.name);
    let mut text = String::new();
    for (metric, help, value) in [
        ("request_count_total", "Requests", all),
        ("request_4xx_count_total", "Requests answered with 4xx", bad),
        ("request_5xx_count_total", "Requests answered with 5xx", failed),
    ] {
        text.push_str(&format!("# HELP {metric} {help}\n# TYPE {metric} counter\n{metric}{label} {value}\n"));
    }
    text.push_str("# EOF\n");
    let mut response = Response::new(text.into());
    let kind = HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

fn served(parts: &Parts, name: &str, served: &str) -> Result<Arc<Endpoint>, ApiError> {
    let endpoint = found(parts, name)?;
    let pending = endpoint.pending.as_ref().map(|pending| super::entity_names(&pending.config)).unwrap_or_default();
    if endpoint.served.iter().chain(&pending).any(|known| known == served) {
        return Ok(endpoint);
    }
    let message = format!("The endpoint '{name}' has no served model '{served}'.");
    Err(ApiError::new(StatusCode::NOT_FOUND, "RESOURCE_DOES_NOT_EXIST", message))
}

async fn build_logs(parts: Parts, Path((name, model)): Path<(String, String)>) -> Response {
    reply(served(&parts, &name, &model).and_then(|endpoint| {
        if endpoint.kind != Kind::Custom {
            let message = format!("The served model '{model}' has no container, and so no build logs.");
            return Err(ApiError::new(StatusCode::BAD_REQUEST, "BAD_REQUEST", message));
        }
        let mut logs = format!("The emulator builds no container for '{model}'.\n");
        match (&endpoint.pending, endpoint.last_message.as_str()) {
            (Some(_), _) => logs.push_str("The deployment is under way.\n"),
            (None, "") => logs.push_str("The deployment has ended well.\n"),
            (None, message) => logs.push_str(&format!("{message}\n")),
        }
        Ok(json!({ "logs": logs }))
    }))
}

async fn logs(parts: Parts, Path((name, model)): Path<(String, String)>) -> Response {
    reply(served(&parts, &name, &model).map(|_| {
        let (State(emulator), _) = &parts;
        let (all, ..) = emulator.history().count(&format!("/serving-endpoints/{name}/"));
        json!({ "logs": format!("The emulator's stand-in answers for '{model}'.\nRequests so far: {all}\n") })
    }))
}

async fn optimization(Path((model, _version)): Path<(String, String)>) -> Response {
    // only Databricks' own models are known to be optimised
    let kind = model.strip_prefix("system.ai.").map(|name| name.split(['_', '-']).next().unwrap_or(name));
    reply(Ok(match kind {
        Some(kind) => json!({ "optimizable": true, "model_type": kind, "throughput_chunk_size": 980 }),
        None => json!({ "optimizable": false }),
    }))
}
