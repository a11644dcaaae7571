//! The classic form: a model's URL takes `inputs` and gives an array (wire: huggingface §3).

use std::sync::Arc;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::errors::{GONE, Refusal};
use super::generate::{self, Finish};
use super::{DOLLY, Model, admit, model, object, parameters, tgi};
use crate::errors::json_response;
use crate::faults::Fault;
use crate::state::Emulator;

/// Tokens of an answer that nothing limits: what Dolly's own pipeline generates.
const DEFAULT_TOKENS: usize = 256;

type Parts = (State<Emulator>, Extension<Arc<Fault>>, HeaderMap);

/// `POST /models/{name}`
pub(super) async fn old_host(given: Parts, Path(name): Path<String>, body: Bytes) -> Response {
    old(&given, &name, &body)
}

/// `POST /models/{org}/{name}`
pub(super) async fn old_host_of(given: Parts, Path((org, name)): Path<(String, String)>, body: Bytes) -> Response {
    old(&given, &format!("{org}/{name}"), &body)
}

/// `POST /hf-inference/models/{name}`
pub(super) async fn provider(given: Parts, Path(name): Path<String>, body: Bytes) -> Response {
    answer(&given, &name, &body).unwrap_or_else(IntoResponse::into_response)
}

/// `POST /hf-inference/models/{org}/{name}`
pub(super) async fn provider_of(given: Parts, Path((org, name)): Path<(String, String)>, body: Bytes) -> Response {
    answer(&given, &format!("{org}/{name}"), &body).unwrap_or_else(IntoResponse::into_response)
}

fn old(given: &Parts, id: &str, body: &Bytes) -> Response {
    if given.0.hub().old_host_gone {
        return json_response(StatusCode::GONE, &json!({ "error": GONE }));
    }
    answer(given, id, body).unwrap_or_else(IntoResponse::into_response)
}

/// The model of that id, unless it is unknown or still loads.
pub(super) fn ready(emulator: &Emulator, id: &str) -> Result<Model, Refusal> {
    let Some(model) = model(id) else {
        let error = json!({ "error": format!("Model {id} does not exist") });
        return Err(Refusal::json(StatusCode::NOT_FOUND, error));
    };
    if let Some(seconds) = emulator.hub().loads(id) {
        let error = json!({ "error": format!("Model {id} is currently loading"), "estimated_time": seconds });
        return Err(Refusal::json(StatusCode::SERVICE_UNAVAILABLE, error));
    }
    Ok(model)
}

fn answer((State(emulator), Extension(fault), headers): &Parts, id: &str, body: &Bytes) -> Result<Response, Refusal> {
    admit(headers, true)?;
    let model = ready(emulator, id)?;
    let bad = |error: &str| Refusal::json(StatusCode::BAD_REQUEST, json!({ "error": error, "warnings": [] }));
    let body = object(body).map_err(|_| bad("The body is not a JSON object"))?;
    let prompts: Option<Vec<&str>> = match body.get("inputs") {
        Some(Value::String(text)) => Some(vec![text]),
        Some(Value::Array(list)) => list.iter().map(Value::as_str).collect(),
        _ => None,
    };
    let Some(prompts) = prompts.filter(|prompts| !prompts.is_empty()) else {
        return Err(bad("Error in `inputs`: field required"));
    };
    let stream = body.get("stream") == Some(&Value::Bool(true));
    let parameters = parameters::read(body.get("parameters"), DEFAULT_TOKENS, stream)?;
    let full = parameters.return_full_text.unwrap_or(true);
    let seed = emulator.config().seed;
    let run = |prompt: &&str| generate::run(model, prompt, &parameters, seed);
    let done = prompts.iter().map(run).collect::<Result<Vec<_>, _>>()?;
    if stream {
        let first = done.into_iter().next().ok_or_else(|| bad("Error in `inputs`: field required"))?;
        return Ok(tgi::stream(emulator, first, full, fault));
    }
    let said: Vec<Value> = done
        .iter()
        .map(|done| {
            let mut text = done.said(full);
            // Dolly's own tokens are not cut off here: the client must
            if model == DOLLY && done.finish == Finish::EosToken {
                text.push_str("\n\n");
                text.push_str(model.end);
            }
            json!({ "generated_text": text })
        })
        .collect();
    Ok(json_response(StatusCode::OK, &Value::Array(said)))
}
