//! The HTTP face.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Request as HttpRequest, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};

use crate::engine::{Engine, Request};
use crate::parse::Parameter;
use crate::results::{Format, Limits};
use crate::spark::Place;
use crate::unity;

/// The header that every request carries: a page cannot send it across origins.
pub const HEADER: &str = "x-lakewire-engine";

/// The routes.
pub fn router(engine: Arc<Engine>) -> Router {
    Router::new()
        .route("/health", get(|| async { json_answer(StatusCode::OK, &json!({"ready": true})) }))
        .route("/execute", post(execute))
        .route("/results/{id}/{chunk}", get(chunk))
        .route("/results/{id}", axum::routing::delete(forget))
        .route("/cancel/{id}", post(cancel))
        .merge(unity::routes())
        .fallback(|| async { refuse(StatusCode::NOT_FOUND, "ENDPOINT_NOT_FOUND", "The engine has no such path.") })
        .layer(axum::extract::DefaultBodyLimit::max(20 << 20))
        .layer(middleware::from_fn(guard))
        .with_state(engine)
}

async fn guard(request: HttpRequest, next: Next) -> Response {
    let hosts = request.headers().get_all(header::HOST).iter().map(|host| host.to_str().unwrap_or_default());
    if !hosts.chain(request.uri().authority().map(|authority| authority.as_str())).all(is_here) {
        let sentence = "The engine answers for 127.0.0.1, [::1] and localhost only: call it by one of these names.";
        return refuse(StatusCode::FORBIDDEN, "PERMISSION_DENIED", sentence);
    }
    match request.headers().get(HEADER) {
        Some(value) if value == "1" => next.run(request).await,
        _ => refuse(
            StatusCode::FORBIDDEN,
            "PERMISSION_DENIED",
            "Requests to the engine carry the header x-lakewire-engine: 1.",
        ),
    }
}

/// Whether a host is this computer by its own name: a page may have let its own name point here, and is no stranger then.
fn is_here(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else { return false };
    let name = authority.host();
    !host.contains('@') && (matches!(name, "127.0.0.1" | "[::1]") || name.eq_ignore_ascii_case("localhost"))
}

/// A JSON answer.
pub(crate) fn json_answer(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

/// A refusal with the service's two fields.
pub(crate) fn refuse(status: StatusCode, code: &str, message: &str) -> Response {
    json_answer(status, &json!({"error_code": code, "message": message}))
}

async fn execute(State(engine): State<Arc<Engine>>, headers: HeaderMap, body: Bytes) -> Response {
    let user = headers.get("x-lakewire-user").and_then(|user| user.to_str().ok()).unwrap_or("emulator");
    match serde_json::from_slice::<Value>(&body).map_err(|error| error.to_string()).and_then(|body| read(&body, user)) {
        Ok(request) => json_answer(StatusCode::OK, &engine.execute(request).await),
        Err(sentence) => refuse(StatusCode::BAD_REQUEST, "INVALID_PARAMETER_VALUE", &sentence),
    }
}

fn read(body: &Value, user: &str) -> Result<Request, String> {
    let text = |name: &str| body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let number = |name: &str| body.get(name).and_then(Value::as_u64);
    let mut parameters = Vec::new();
    for item in body.get("parameters").and_then(Value::as_array).into_iter().flatten() {
        let name = item.get("name").and_then(Value::as_str).ok_or("Each parameter has a name.")?;
        parameters.push(Parameter {
            name: name.to_owned(),
            value: item.get("value").cloned().unwrap_or(Value::Null),
            ty: item.get("type").and_then(Value::as_str).map(str::to_owned),
        });
    }
    Ok(Request {
        id: text("id").ok_or("A statement has an id.")?.to_owned(),
        statement: text("statement").ok_or("A statement has a text.")?.to_owned(),
        parameters,
        place: Place {
            catalog: text("catalog").unwrap_or("main").to_owned(),
            schema: text("schema").unwrap_or("default").to_owned(),
            user: user.to_owned(),
        },
        format: Format::parse(text("format").unwrap_or("JSON_ARRAY"))
            .ok_or("The format is JSON_ARRAY, ARROW_STREAM or CSV.")?,
        limits: Limits {
            rows: number("row_limit"),
            bytes: number("byte_limit"),
            chunk: usize::try_from(number("chunk_bytes").unwrap_or(4 << 20)).unwrap_or(4 << 20).max(1),
        },
    })
}

async fn chunk(State(engine): State<Arc<Engine>>, Path((id, index)): Path<(String, usize)>) -> Response {
    match engine.chunk(&id, index) {
        Some(bytes) => {
            (StatusCode::OK, [(header::CONTENT_TYPE, "application/octet-stream")], Body::from(bytes)).into_response()
        }
        None => refuse(StatusCode::NOT_FOUND, "NOT_FOUND", "There is no such result, or it has no such chunk."),
    }
}

async fn forget(State(engine): State<Arc<Engine>>, Path(id): Path<String>) -> Response {
    engine.forget(&id);
    json_answer(StatusCode::OK, &json!({}))
}

async fn cancel(State(engine): State<Arc<Engine>>, Path(id): Path<String>) -> Response {
    json_answer(StatusCode::OK, &json!({"canceled": engine.cancel(&id)}))
}
