//! The Hugging Face Hub's inference and text-generation-inference, below `/hf` (wire: huggingface).
//!
//! `/hf` stands for three hosts at once: the router (`/hf/v1/...`, `/hf/hf-inference/...`), the old API (`/hf/models/...`)
//! and a TGI server of one's own that serves Dolly (`/hf/generate`, ...). `/hf/endpoints/dolly` and `/hf/endpoints/smollm3`
//! are TGI servers by themselves, for each of the two models. The stand-in answers for both.

mod chat;
mod classic;
mod errors;
mod generate;
mod hub;
mod parameters;
mod tgi;

use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};

use crate::errors::{ApiError, json_response};
use crate::state::Emulator;

use errors::Refusal;
pub use errors::of_status;
pub use hub::Hub;

/// The key of the emulated hub.
pub const KEY: &str = "hf_emulator";

/// A model that is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Model {
    /// Its id, as on the hub.
    pub(crate) id: &'static str,
    /// Whether its tokenizer has a chat template.
    pub(crate) template: bool,
    /// The special token that ends its answers.
    pub(crate) end: &'static str,
}

/// Databricks' Dolly: instructions in a form of its own, no chat template.
const DOLLY: Model = Model { id: "databricks/dolly-v2-12b", template: false, end: "### End" };
/// A small chat model.
const SMOLLM: Model = Model { id: "HuggingFaceTB/SmolLM3-3B", template: true, end: "<|im_end|>" };

fn model(id: &str) -> Option<Model> {
    [DOLLY, SMOLLM].into_iter().find(|model| model.id == id)
}

/// Whether a path belongs here: the workspace's token is not asked for below it.
#[must_use]
pub fn is_hub(path: &str) -> bool {
    path == "/hf" || path.starts_with("/hf/")
}

/// Every route of the hub.
pub fn routes() -> Router<Emulator> {
    Router::new()
        .nest("/hf", tgi::routes().merge(router_routes()).layer(Extension(DOLLY)))
        .nest("/hf/endpoints/dolly", own_server(DOLLY))
        .nest("/hf/endpoints/smollm3", own_server(SMOLLM))
        // nesting takes no trailing slash, and `POST /` is a route of TGI
        .route("/hf/", post(tgi::root).layer(Extension(DOLLY)))
        .route("/hf/endpoints/dolly/", post(tgi::root).layer(Extension(DOLLY)))
        .route("/hf/endpoints/smollm3/", post(tgi::root).layer(Extension(SMOLLM)))
        .route("/_emulator/hugging-face", post(control).delete(reset))
}

fn own_server(model: Model) -> Router<Emulator> {
    tgi::routes()
        .route("/v1/chat/completions", post(chat::own))
        .route("/v1/models", get(tgi::models))
        .layer(Extension(model))
}

fn router_routes() -> Router<Emulator> {
    Router::new()
        .route("/v1/chat/completions", post(chat::routed))
        .route("/v1/models", get(chat::models))
        .route("/models/{name}", post(classic::old_host))
        .route("/models/{org}/{name}", post(classic::old_host_of))
        .route("/hf-inference/models/{name}", post(classic::provider))
        .route("/hf-inference/models/{org}/{name}", post(classic::provider_of))
        .route("/hf-inference/models/{org}/{name}/v1/chat/completions", post(chat::provider))
        .route("/hf-inference/v1/chat/completions", post(chat::routed))
        .route("/api/models/{org}/{name}", get(hub::describe))
}

/// How the key of a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    Right,
    Missing,
    Wrong,
}

fn key(headers: &HeaderMap) -> Key {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    match value.map(|text| text.split_once(' ')) {
        None => Key::Missing,
        Some(Some((scheme, token))) if scheme.eq_ignore_ascii_case("bearer") && token.trim() == KEY => Key::Right,
        Some(_) => Key::Wrong,
    }
}

/// Whether a request has the right key.
#[must_use]
pub fn knows(headers: &HeaderMap) -> bool {
    key(headers) == Key::Right
}

/// Refuses a wrong key, and a missing one where it is needed.
fn admit(headers: &HeaderMap, anonymous: bool) -> Result<(), Refusal> {
    match key(headers) {
        Key::Right => Ok(()),
        Key::Missing if anonymous => Ok(()),
        _ => {
            let body = json!({ "error": "Invalid username or password." });
            Err(Refusal::json(StatusCode::UNAUTHORIZED, body))
        }
    }
}

/// A JSON object, or TGI's plain-text refusal.
fn object(body: &Bytes) -> Result<serde_json::Map<String, Value>, Refusal> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(Refusal::extractor("invalid type: expected an object")),
        Err(error) => Err(Refusal::extractor(&error.to_string())),
    }
}

/// `POST /_emulator/hugging-face`
async fn control(State(emulator): State<Emulator>, body: Bytes) -> Response {
    match serde_json::from_slice::<hub::Control>(&body) {
        Ok(control) => {
            emulator.hub().set(control);
            json_response(StatusCode::OK, &json!({}))
        }
        Err(error) => {
            let message = format!("Takes {{model, loading, estimated_time, old_host_gone, unhealthy}}: {error}.");
            ApiError::bad_request(&message).into_response()
        }
    }
}

/// `DELETE /_emulator/hugging-face`
async fn reset(State(emulator): State<Emulator>) -> Response {
    *emulator.hub() = Hub::default();
    json_response(StatusCode::OK, &json!({}))
}
