//! Chat on TGI, on the provider and through the router (wire: huggingface §6).

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value, json};

use super::errors::Refusal;
use super::tgi::FINGERPRINT;
use super::{DOLLY, Model, SMOLLM, admit, classic, model, object};
use crate::chat::reply::{self, Reply};
use crate::chat::request;
use crate::errors::json_response;
use crate::events::{self, Chunks};
use crate::faults::Fault;
use crate::json::set;
use crate::serving_endpoints::{ChatTraits, traits};
use crate::state::Emulator;
use crate::{ids, model as stand_in};

/// What may follow the model's name in the router.
const SUFFIXES: &[&str] = &["hf-inference", "fastest", "cheapest", "preferred"];
/// What clients send for the model where the server serves one only.
const ANY_MODEL: &[&str] = &["tgi", "dummy"];

type Parts = (State<Emulator>, Extension<Arc<Fault>>, HeaderMap);

fn chat_traits() -> ChatTraits {
    ChatTraits { several_choices: false, id_prefix: "", ..traits::PROVIDER }
}

/// `POST /v1/chat/completions` of a server of one's own: any model name means the one it serves.
pub(super) async fn own(given: Parts, Extension(model): Extension<Model>, body: Bytes) -> Response {
    let answered = admit(&given.2, false).and_then(|()| object(&body)).and_then(|body| answer(&given, model, &body));
    answered.unwrap_or_else(IntoResponse::into_response)
}

/// `POST /hf-inference/models/{id}/v1/chat/completions`
pub(super) async fn provider(given: Parts, Path((org, name)): Path<(String, String)>, body: Bytes) -> Response {
    let answered = admit(&given.2, true)
        .and_then(|()| classic::ready(&given.0, &format!("{org}/{name}")))
        .and_then(|model| object(&body).map(|body| (model, body)))
        .and_then(|(model, body)| answer(&given, model, &body));
    answered.unwrap_or_else(IntoResponse::into_response)
}

/// `POST /v1/chat/completions` of the router: the model's name decides.
pub(super) async fn routed(given: Parts, body: Bytes) -> Response {
    let answered = admit(&given.2, false).and_then(|()| object(&body)).and_then(|body| {
        let wanted = body.get("model").and_then(Value::as_str).unwrap_or("dummy").to_owned();
        let (id, suffix) = wanted.split_once(':').map_or((wanted.as_str(), None), |(id, suffix)| (id, Some(suffix)));
        // `/hf` is a server of one's own too, and that serves Dolly
        let found = if ANY_MODEL.contains(&id) { Some(DOLLY) } else { model(id) };
        let model = found
            .filter(|_| suffix.is_none_or(|suffix| SUFFIXES.contains(&suffix)))
            .ok_or_else(|| unsupported(&wanted))?;
        answer(&given, model, &body)
    });
    answered.unwrap_or_else(IntoResponse::into_response)
}

fn unsupported(wanted: &str) -> Refusal {
    let body = json!({ "error": {
        "message": format!("The requested model '{wanted}' is not supported by any provider you have enabled."),
        "type": "invalid_request_error",
        "param": "model",
        "code": "model_not_supported",
    }});
    Refusal::json(StatusCode::BAD_REQUEST, body)
}

/// `GET /v1/models` of the router.
pub(super) async fn models(headers: HeaderMap) -> Response {
    if let Err(refusal) = admit(&headers, true) {
        return refusal.into_response();
    }
    let one = json!({
        "id": SMOLLM.id, "object": "model", "created": 0, "owned_by": "HuggingFaceTB",
        "providers": [{ "provider": "hf-inference", "status": "live", "supports_tools": true }],
    });
    json_response(StatusCode::OK, &json!({ "object": "list", "data": [one] }))
}

fn answer(
    (State(emulator), Extension(fault), _): &Parts,
    model: Model,
    body: &Map<String, Value>,
) -> Result<Response, Refusal> {
    if !model.template {
        return Err(Refusal::template());
    }
    let body = translated(body);
    let traits = chat_traits();
    let request = request::read(&body, &traits).map_err(|error| Refusal::from_chat(&error))?;
    let config = emulator.config();
    let text = Value::Object(body.clone()).to_string();
    let draw = ids::hash(config.seed, &[model.id.as_bytes(), text.as_bytes()]);
    let named = body.get("model").and_then(Value::as_str).unwrap_or(model.id);
    let stream = request.stream;
    let reply = Reply {
        id: String::new(),
        created: 1_764_000_000 + draw % 1_000_000,
        model: named.to_owned(),
        prompt_tokens: stand_in::prompt_tokens(&request),
        choices: vec![stand_in::answer(&request, false, false, draw, 0)],
        traits,
        top_logprobs: request.logprobs,
        include_usage: request.include_usage,
        repeat: fault.repeat_text.unwrap_or(1),
        draw,
    };
    if stream {
        let chunks = reply::chunks(reply, Duration::from_millis(config.token_delay_ms));
        return Ok(events::response(stamped(chunks), Arc::clone(fault)));
    }
    let mut completion = reply.completion();
    set(&mut completion, "system_fingerprint", FINGERPRINT);
    Ok(json_response(StatusCode::OK, &completion))
}

fn stamped(mut chunks: Chunks) -> Chunks {
    Box::pin(async_stream::stream! {
        while let Some(chunk) = events::next(&mut chunks).await {
            yield chunk.map(|mut chunk| {
                set(&mut chunk, "system_fingerprint", FINGERPRINT);
                chunk
            });
        }
    })
}

/// TGI's own form of `response_format`, `{type, value}`, in the form of OpenAI.
fn translated(body: &Map<String, Value>) -> Map<String, Value> {
    let mut body = body.clone();
    let schema = body.get("response_format").and_then(|format| format.get("value")).filter(|value| value.is_object());
    if let Some(schema) = schema.cloned() {
        let schema = schema.get("schema").cloned().unwrap_or(schema);
        let format = json!({ "type": "json_schema", "json_schema": { "name": "value", "schema": schema } });
        body.insert("response_format".to_owned(), format);
    }
    body
}
