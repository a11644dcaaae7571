//! text-generation-inference: the routes of a server of one's own (wire: huggingface §4).

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::{Map, Value, json};

use super::errors::Refusal;
use super::generate::{self, Finish, Generation};
use super::parameters::{self, MAX_INPUT, MAX_TOTAL};
use super::{Model, admit, object};
use crate::errors::json_response;
use crate::events::{self, Chunks, Style};
use crate::faults::Fault;
use crate::json::set;
use crate::model::tokens;
use crate::state::Emulator;

/// Tokens of an answer that nothing limits (TGI's schema).
const DEFAULT_TOKENS: usize = 1024;

pub(super) fn routes() -> Router<Emulator> {
    Router::new()
        .route("/", post(root))
        .route("/generate", post(whole))
        .route("/generate_stream", post(streamed))
        .route("/v1/completions", post(completions))
        .route("/tokenize", post(tokenize))
        .route("/info", get(info))
        .route("/health", get(health))
        .route("/ping", get(health))
}

type Parts = (State<Emulator>, Extension<Model>, Extension<Arc<Fault>>, HeaderMap);

fn parts(
    (State(emulator), Extension(model), Extension(fault), headers): Parts,
) -> (Emulator, Model, Arc<Fault>, HeaderMap) {
    (emulator, model, fault, headers)
}

/// `POST /`: an array, or a stream if `stream` asks for it.
pub(super) async fn root(given: Parts, body: Bytes) -> Response {
    let (emulator, model, fault, headers) = parts(given);
    let read = object(&body).and_then(|body| {
        let stream = body.get("stream") == Some(&Value::Bool(true));
        // the model's pipeline is text-generation, whose default is to repeat the prompt
        generation(&emulator, model, &headers, &body, stream, true).map(|done| (done, stream))
    });
    match read {
        Ok(((done, full, _), true)) => stream(&emulator, done, full, &fault),
        Ok(((done, full, details), false)) => {
            let mut response = json_response(StatusCode::OK, &json!([object_of(&done, full, details)]));
            stamp(&mut response, &done);
            response
        }
        Err(refusal) => refusal.into_response(),
    }
}

/// `POST /generate`
async fn whole(given: Parts, body: Bytes) -> Response {
    let (emulator, model, _, headers) = parts(given);
    match object(&body).and_then(|body| generation(&emulator, model, &headers, &body, false, false)) {
        Ok((done, full, details)) => {
            let mut response = json_response(StatusCode::OK, &object_of(&done, full, details));
            stamp(&mut response, &done);
            response
        }
        Err(refusal) => refusal.into_response(),
    }
}

/// `POST /generate_stream`
async fn streamed(given: Parts, body: Bytes) -> Response {
    let (emulator, model, fault, headers) = parts(given);
    match object(&body).and_then(|body| generation(&emulator, model, &headers, &body, true, false)) {
        Ok((done, full, _)) => stream(&emulator, done, full, &fault),
        Err(refusal) => refusal.into_response(),
    }
}

/// The generation of a body, whether the prompt stands before it, and whether details are wanted.
fn generation(
    emulator: &Emulator,
    model: Model,
    headers: &HeaderMap,
    body: &Map<String, Value>,
    stream: bool,
    full_by_default: bool,
) -> Result<(Generation, bool, bool), Refusal> {
    admit(headers, false)?;
    let inputs = match body.get("inputs") {
        Some(Value::String(inputs)) => inputs,
        Some(_) => return Err(Refusal::extractor("inputs: invalid type, expected a string at line 1 column 1")),
        None => return Err(Refusal::extractor("missing field `inputs` at line 1 column 1")),
    };
    let parameters = parameters::read(body.get("parameters"), DEFAULT_TOKENS, stream)?;
    let full = parameters.return_full_text.unwrap_or(full_by_default);
    let done = generate::run(model, inputs, &parameters, emulator.config().seed)?;
    Ok((done, full, parameters.details || parameters.prefill))
}

fn object_of(done: &Generation, full: bool, details: bool) -> Value {
    let mut answer = json!({ "generated_text": done.said(full) });
    if details {
        set(&mut answer, "details", done.details());
    }
    answer
}

/// The headers TGI writes about its work. The times are not measured.
fn stamp(response: &mut Response, done: &Generation) {
    let values = [
        ("x-compute-type", "cpu".to_owned()),
        ("x-compute-time", "0.001".to_owned()),
        ("x-compute-characters", done.prompt.chars().count().to_string()),
        ("x-total-time", "1".to_owned()),
        ("x-validation-time", "0".to_owned()),
        ("x-queue-time", "0".to_owned()),
        ("x-inference-time", "1".to_owned()),
        ("x-time-per-token", "0".to_owned()),
        ("x-prompt-tokens", done.input_tokens.to_string()),
        ("x-generated-tokens", done.tokens().len().to_string()),
    ];
    for (name, value) in values {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
}

pub(super) fn stream(emulator: &Emulator, done: Generation, full: bool, fault: &Arc<Fault>) -> Response {
    let pause = Duration::from_millis(emulator.config().token_delay_ms);
    let mut response = events::styled(pieces(done, full, pause), Arc::clone(fault), Style::Tight);
    let headers = response.headers_mut();
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    response
}

fn pieces(done: Generation, full: bool, pause: Duration) -> Chunks {
    Box::pin(async_stream::stream! {
        let list = done.tokens();
        // an answer cut to nothing still ends with an event
        let list = if list.is_empty() { vec![(String::new(), done.finish != Finish::Length)] } else { list };
        let last = list.len();
        for (index, (text, special)) in (1..).zip(&list) {
            let mut event = json!({ "index": index, "token": done.token(text, *special) });
            if let Some(alternatives) = done.alternatives(text) {
                set(&mut event, "top_tokens", alternatives);
            }
            let ends = index == last;
            set(&mut event, "generated_text", if ends { Value::from(done.said(full)) } else { Value::Null });
            set(&mut event, "details", if ends { done.stream_details() } else { Value::Null });
            yield Ok(event);
            if !ends && !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
        }
    })
}

/// `POST /v1/completions`
async fn completions(given: Parts, body: Bytes) -> Response {
    let (emulator, model, fault, headers) = parts(given);
    let answered = object(&body).and_then(|body| {
        admit(&headers, false)?;
        let prompts: Option<Vec<&str>> = match body.get("prompt") {
            Some(Value::String(text)) => Some(vec![text]),
            Some(Value::Array(list)) => list.iter().map(Value::as_str).collect(),
            _ => None,
        };
        let Some(prompts) = prompts.filter(|prompts| !prompts.is_empty()) else {
            return Err(Refusal::extractor("missing field `prompt` at line 1 column 1"));
        };
        let stream = body.get("stream") == Some(&Value::Bool(true));
        let mut fields = Map::new();
        for (theirs, ours) in
            [("max_tokens", "max_new_tokens"), ("temperature", "temperature"), ("stop", "stop"), ("seed", "seed")]
        {
            if let Some(value) = body.get(theirs).filter(|value| !value.is_null()) {
                let value = if value.is_string() { json!([value]) } else { value.clone() };
                fields.insert(ours.to_owned(), value);
            }
        }
        // OpenAI's 0 means greedy, which TGI has no number for
        fields.retain(|name, value| name != "temperature" || value.as_f64() != Some(0.0));
        let parameters = parameters::read(Some(&Value::Object(fields)), 100, stream)?;
        let done = prompts.iter().map(|prompt| generate::run(model, prompt, &parameters, emulator.config().seed));
        Ok((done.collect::<Result<Vec<_>, _>>()?, stream))
    });
    match answered {
        Err(refusal) => refusal.into_response(),
        Ok((done, true)) => {
            let pause = Duration::from_millis(emulator.config().token_delay_ms);
            events::response(completion_chunks(done, pause), fault)
        }
        Ok((done, false)) => json_response(StatusCode::OK, &completion(&done)),
    }
}

fn reason(finish: Finish) -> &'static str {
    match finish {
        Finish::Length => "length",
        Finish::EosToken => "stop",
        Finish::StopSequence => "stop_sequence",
    }
}

fn frame(done: &Generation, choices: Value) -> Value {
    json!({ "id": "", "object": "text_completion", "created": 1_764_000_000 + done.draw % 1_000_000,
        "model": done.model.id, "system_fingerprint": FINGERPRINT, "choices": choices })
}

/// What the emulated server calls itself.
pub(super) const FINGERPRINT: &str = "3.3.6-emulator";

fn completion(all: &[Generation]) -> Value {
    let choices: Vec<Value> = all
        .iter()
        .enumerate()
        .map(|(index, done)| {
            json!({ "index": index, "text": done.text, "logprobs": null, "finish_reason": reason(done.finish) })
        })
        .collect();
    let prompt: usize = all.iter().map(|done| done.input_tokens).sum();
    let said: usize = all.iter().map(|done| done.tokens().len()).sum();
    let mut answer = all.first().map_or(Value::Null, |first| frame(first, Value::Array(choices)));
    let usage = json!({ "prompt_tokens": prompt, "completion_tokens": said, "total_tokens": prompt + said });
    set(&mut answer, "usage", usage);
    answer
}

fn completion_chunks(all: Vec<Generation>, pause: Duration) -> Chunks {
    Box::pin(async_stream::stream! {
        for (index, done) in all.iter().enumerate() {
            for token in tokens::split(&done.text) {
                let choice = json!({ "index": index, "text": token, "logprobs": null, "finish_reason": "" });
                yield Ok(frame(done, json!([choice])));
                if !pause.is_zero() {
                    tokio::time::sleep(pause).await;
                }
            }
            let last = json!({ "index": index, "text": "", "logprobs": null, "finish_reason": reason(done.finish) });
            yield Ok(frame(done, json!([last])));
        }
    })
}

/// `POST /tokenize`
async fn tokenize(given: Parts, body: Bytes) -> Response {
    let (_, _, _, headers) = parts(given);
    let read = object(&body).and_then(|body| {
        admit(&headers, false)?;
        let inputs = body.get("inputs").and_then(Value::as_str).map(str::to_owned);
        inputs.ok_or_else(|| Refusal::extractor("missing field `inputs` at line 1 column 1"))
    });
    match read {
        Err(refusal) => refusal.into_response(),
        Ok(inputs) => {
            let mut start = 0;
            let list: Vec<Value> = tokens::split(&inputs)
                .map(|text| {
                    let stop = start + text.chars().count();
                    let token = json!({ "id": 1 + crate::ids::hash(0, &[text.as_bytes()]) % 50_000, "text": text, "start": start, "stop": stop });
                    start = stop;
                    token
                })
                .collect();
            json_response(StatusCode::OK, &Value::Array(list))
        }
    }
}

/// `GET /info`
async fn info(given: Parts) -> Response {
    let (_, model, _, headers) = parts(given);
    if let Err(refusal) = admit(&headers, false) {
        return refusal.into_response();
    }
    let body = json!({
        "model_id": model.id,
        "model_sha": null,
        "model_pipeline_tag": "text-generation",
        "max_concurrent_requests": 128,
        "max_best_of": 2,
        "max_stop_sequences": 4,
        "max_input_tokens": MAX_INPUT,
        "max_total_tokens": MAX_TOTAL,
        "validation_workers": 2,
        "max_client_batch_size": 4,
        "router": "lakewire-emulator",
        "version": FINGERPRINT,
        "sha": null,
        "docker_label": null,
    });
    json_response(StatusCode::OK, &body)
}

/// `GET /v1/models` of a server of one's own.
pub(super) async fn models(given: Parts) -> Response {
    let (_, model, _, headers) = parts(given);
    if let Err(refusal) = admit(&headers, false) {
        return refusal.into_response();
    }
    let one = json!({ "id": model.id, "object": "model", "created": 0, "owned_by": model.id });
    json_response(StatusCode::OK, &json!({ "object": "list", "data": [one] }))
}

/// `GET /health` and `/ping`: no key is needed.
async fn health(State(emulator): State<Emulator>) -> Response {
    if emulator.hub().unhealthy {
        return Refusal::unhealthy().into_response();
    }
    StatusCode::OK.into_response()
}
