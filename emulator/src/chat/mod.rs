//! Chat: `llm/v1/chat` in the service's shapes, whoever answers behind it (wire: serving-query §3 to §5).

pub mod messages;
pub mod reply;
pub mod request;

use std::sync::Arc;
use std::time::Duration;

use axum::response::Response;
use http::StatusCode;

use crate::errors::{ApiError, json_response};
use crate::invocations::Query;
use crate::serving_endpoints::Reasoning;
use crate::{events, ids, model, upstream};

use reply::Reply;

/// Answers a chat query, whole or as a stream.
///
/// # Errors
/// The refusal the service would send.
pub async fn answer(query: Query<'_>) -> Result<Response, ApiError> {
    let traits = query.endpoint.chat.clone();
    let request = request::read(&query.body, &traits)?;
    let config = query.emulator.config();
    if let Some(server) = &config.upstream {
        return upstream::answer(server, &query, &request).await;
    }
    let body = serde_json::to_vec(&query.body).unwrap_or_default();
    // one number decides everything of this answer: the same body at the same endpoint gives the same bytes
    let draw = ids::hash(config.seed, &[query.endpoint.name.as_bytes(), &body]);
    let reply = reply_of(&query, &request, stand_in(&query, &request, draw), draw);
    if request.stream {
        let pause = Duration::from_millis(config.token_delay_ms);
        return Ok(events::response(reply::chunks(reply, pause), Arc::clone(&query.fault)));
    }
    Ok(json_response(StatusCode::OK, &reply.completion()))
}

/// The stand-in's answers.
#[must_use]
pub fn stand_in(query: &Query<'_>, request: &request::ChatRequest, draw: u64) -> Vec<model::Choice> {
    let traits = &query.endpoint.chat;
    let reasons = match traits.reasoning {
        Reasoning::Never => false,
        Reasoning::WhenThinking => request.thinking,
        Reasoning::Always => true,
    };
    (0..request.n).map(|index| model::answer(request, reasons, traits.signs_reasoning, draw, index)).collect()
}

/// Answers as the endpoint shapes them.
#[must_use]
pub fn reply_of(query: &Query<'_>, request: &request::ChatRequest, choices: Vec<model::Choice>, draw: u64) -> Reply {
    let traits = query.endpoint.chat.clone();
    Reply {
        id: format!("{}{}", traits.id_prefix, ids::uuid(draw)),
        created: 1_764_000_000 + draw % 1_000_000,
        model: query.served.to_owned(),
        prompt_tokens: model::prompt_tokens(request),
        choices,
        traits,
        top_logprobs: request.logprobs,
        include_usage: request.include_usage,
        repeat: query.fault.repeat_text.unwrap_or(1),
        draw,
    }
}
