//! MLflow: experiments, runs, artifacts, the model registry and traces (wire: mlflow-tracking, mlflow-tracing).
//!
//! As a workspace has it: experiment names are absolute paths, artifacts go through signed links. With `--mlflow-server` as
//! a self-hosted server has it: any names, artifacts through the server, `/v1/traces`, `/health`, and no credential.
//! With `--mlflow URL` a real server answers.

mod artifacts;
mod assessments;
mod attributes;
mod batch;
mod experiments;
mod fields;
mod filter;
mod logged_models;
mod matching;
mod otlp;
mod paging;
mod protobuf;
mod proxied;
mod records;
mod registry;
mod runs;
mod signed;
mod spans;
mod store;
mod time;
mod trace_calls;
mod traces;
mod versions;

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use axum::{Extension, Router};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::{Value, json};

use crate::errors::{ApiError, json_response};
use crate::faults::{Fault, MlflowFault};
use crate::json::query;
use crate::state::{Emulator, now_ms};

pub use store::Store;

/// The version a self-hosted server would be, whose answers are copied here.
const VERSION: &str = "3.17.2";

/// What a handler answers.
type Answer = Result<Value, ApiError>;

/// Whose rules hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A Databricks workspace's.
    Workspace,
    /// A self-hosted server's.
    Server,
}

/// One request.
struct Asked {
    emulator: Emulator,
    kind: Kind,
    method: Method,
    query: Vec<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
    fault: MlflowFault,
    /// Where this emulator was asked, such as `http://127.0.0.1:8787`.
    base: String,
    now: u64,
}

impl Asked {
    fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// The routes of MLflow.
pub fn routes() -> Router<Emulator> {
    Router::new()
        .route("/api/2.0/mlflow/{*rest}", any(handle))
        .route("/api/3.0/mlflow/{*rest}", any(handle))
        .route("/ajax-api/2.0/mlflow/{*rest}", any(handle))
        .route("/ajax-api/3.0/mlflow/{*rest}", any(handle))
        .route("/api/2.0/mlflow-artifacts/{*rest}", any(handle))
        .route("/v1/traces", any(handle))
        .route("/api/2.0/otel/v1/traces", any(handle))
        .route("/health", any(handle))
        .route("/version", any(handle))
        .route("/api/2.0/fs/{kind}/WorkspaceInternal/{*rest}", any(no_files))
        .merge(signed::routes())
}

/// Whether a path is MLflow's: its bodies may be large.
#[must_use]
pub fn is_mlflow(path: &str) -> bool {
    let starts = ["/api/2.0/mlflow", "/api/3.0/mlflow", "/ajax-api/", "/v1/traces", "/api/2.0/otel/"];
    starts.iter().any(|start| path.starts_with(start)) || matches!(path, "/health" | "/version")
}

/// Whether a path needs no credential: a self-hosted server asks for none.
#[must_use]
pub fn is_open(emulator: &Emulator, path: &str) -> bool {
    emulator.config().mlflow_server && is_mlflow(path)
}

async fn handle(
    State(emulator): State<Emulator>,
    Extension(fault): Extension<Arc<Fault>>,
    request: Request,
) -> Response {
    if let Some(server) = &emulator.config().mlflow {
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
        return server.pass_on(request, &path).await.unwrap_or_else(|sentence| {
            let sentence = format!("{sentence} Start it, or start the emulator without --mlflow.");
            ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "TEMPORARILY_UNAVAILABLE", sentence).into_response()
        });
    }
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let host = parts.headers.get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or("127.0.0.1");
    let kind = if emulator.config().mlflow_server { Kind::Server } else { Kind::Workspace };
    let asked = Asked {
        kind,
        base: format!("http://{host}"),
        method: parts.method,
        query: query(parts.uri.query().unwrap_or_default()),
        headers: parts.headers,
        body,
        fault: fault.mlflow.clone().unwrap_or_default(),
        now: now_ms(),
        emulator: emulator.clone(),
    };
    let mut store = emulator.mlflow();
    route(&asked, &mut store, parts.uri.path())
}

/// The way by the Files API that Python's client tries first. Not there would mean that the files are not; a refusal makes the client go
/// by links, as it does where that API is closed to it.
async fn no_files() -> Response {
    let message =
        "The emulator moves artifacts by the links of /api/2.0/mlflow/artifacts/credentials-for-write and -read only.";
    ApiError::new(StatusCode::FORBIDDEN, "PERMISSION_DENIED", message).into_response()
}

/// Finds the handler of a path.
fn route(asked: &Asked, store: &mut Store, path: &str) -> Response {
    let server = asked.kind == Kind::Server;
    match path {
        "/health" if server => return plain("text/plain; charset=utf-8", "OK"),
        "/version" if server => return plain("text/html; charset=utf-8", VERSION),
        "/v1/traces" if server => return otlp::server(asked, store),
        "/api/2.0/otel/v1/traces" if !server => return otlp::workspace(asked, store),
        _ => {}
    }
    if let Some(rest) = path.strip_prefix("/api/2.0/mlflow-artifacts/").filter(|_| server) {
        return match proxied::answer(asked, store, rest) {
            Some(Ok(response)) => response,
            Some(Err(refusal)) => refused(asked, refusal),
            None => nowhere(asked, path),
        };
    }
    let rest = path.strip_prefix("/ajax-api/").or_else(|| path.strip_prefix("/api/"));
    let Some((version, rest)) = rest.and_then(|rest| rest.split_once("/mlflow/")) else { return nowhere(asked, path) };
    if rest == "get-trace-artifact" && path.starts_with("/ajax-api/") {
        return match traces::data(asked, store) {
            Ok(text) => plain("text/plain", text),
            Err(refusal) => refused(asked, refusal),
        };
    }
    let segments: Vec<String> = rest.split('/').map(decoded).collect();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let answer = (version == "2.0").then(|| tracking(asked, store, &segments)).flatten();
    let answer = answer.or_else(|| trace_calls::answer(asked, store, version, &segments));
    match answer {
        Some(Ok(body)) => json_response(StatusCode::OK, &body),
        Some(Err(refusal)) => refused(asked, refusal),
        None => nowhere(asked, path),
    }
}

/// The calls of `/api/2.0/mlflow` but for traces; `None` for a path that is none of them.
fn tracking(asked: &Asked, store: &mut Store, segments: &[&str]) -> Option<Answer> {
    match segments {
        ["experiments", call] => experiments::answer(asked, store, call),
        ["runs", "log-metric" | "log-parameter" | "log-batch"] | ["metrics", "get-history"] => {
            batch::answer(asked, store, segments)
        }
        ["runs", call] => runs::answer(asked, store, call),
        ["artifacts", call] => artifacts::answer(asked, store, call),
        ["registered-models", call] => registry::answer(asked, store, call),
        ["model-versions", call] => versions::answer(asked, store, call),
        // models of Unity Catalog have names of three parts
        ["unity-catalog", "registered-models", call] if asked.kind == Kind::Workspace => {
            registry::checked(asked).err().map(Err).or_else(|| registry::answer(asked, store, call))
        }
        ["unity-catalog", "model-versions", call] if asked.kind == Kind::Workspace => {
            registry::checked(asked).err().map(Err).or_else(|| versions::answer(asked, store, call))
        }
        ["logged-models", rest @ ..] => logged_models::answer(asked, store, rest),
        _ => None,
    }
}

/// A refusal, with the two fields that self-hosted servers add.
fn refused(asked: &Asked, refusal: ApiError) -> Response {
    let mut body = refusal.body().clone();
    if let (Kind::Server, Some(code)) = (asked.kind, body.get("error_code").and_then(Value::as_str)) {
        let class = match code {
            "RESOURCE_DOES_NOT_EXIST" | "NOT_FOUND" | "ENDPOINT_NOT_FOUND" => "RESOURCE_NOT_FOUND",
            "INTERNAL_ERROR" | "INVALID_STATE" => "CLIENT_INTERNAL_ERROR",
            "BAD_REQUEST" => "INVALID_PARAMETER_VALUE",
            other => other,
        };
        let state = if class == "CLIENT_INTERNAL_ERROR" { "XXM00" } else { "KAM00" };
        let class = class.to_owned();
        crate::json::set(&mut body, "error_class", class);
        crate::json::set(&mut body, "sqlstate", state);
    }
    json_response(refusal.status(), &body)
}

/// A path nothing answers: a page of HTML from a self-hosted server.
fn nowhere(asked: &Asked, path: &str) -> Response {
    if asked.kind == Kind::Workspace {
        let message = format!("No API found for '{} {path}'", asked.method);
        return ApiError::new(StatusCode::NOT_FOUND, "ENDPOINT_NOT_FOUND", message).into_response();
    }
    let page = "<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n<p>The requested URL was not \
                found on the server. If you entered the URL manually please check your spelling and try again.</p>\n";
    let mut response = plain("text/html; charset=utf-8", page);
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

fn plain(content_type: &'static str, text: impl Into<Body>) -> Response {
    let mut response = Response::new(text.into());
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// A piece of a path as it was meant: `%2F` and the like decoded, `+` as it is.
fn decoded(text: &str) -> String {
    let pair = format!("v={}", text.replace('+', "%2B"));
    form_urlencoded::parse(pair.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}

/// 400 INVALID_PARAMETER_VALUE.
fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "INVALID_PARAMETER_VALUE", message)
}

/// 404 RESOURCE_DOES_NOT_EXIST.
fn absent(message: impl Into<String>) -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "RESOURCE_DOES_NOT_EXIST", message)
}

/// 400 RESOURCE_ALREADY_EXISTS: MLflow answers 400 here, not 409.
fn taken(message: impl Into<String>) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "RESOURCE_ALREADY_EXISTS", message)
}

/// Everything is in memory, so there is an end to it.
fn full(what: &str) -> ApiError {
    let message = format!(
        "The emulator keeps {what} in memory at most: start it anew, or give it --mlflow URL for a real server."
    );
    ApiError::new(StatusCode::BAD_REQUEST, "RESOURCE_LIMIT_EXCEEDED", message)
}

/// A success with nothing to say.
fn nothing() -> Answer {
    Ok(json!({}))
}
