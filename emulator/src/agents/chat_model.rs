//! ChatModel: `agent/v1/chat`, a chat completion with custom inputs and outputs (wire: serving-query §8).

use std::sync::Arc;
use std::time::Duration;

use axum::response::Response;
use http::StatusCode;
use serde_json::Value;

use super::Extras;
use crate::errors::{ApiError, json_response};
use crate::events::{self, Chunks};
use crate::invocations::Query;
use crate::json::set;
use crate::{chat, ids, upstream};

/// Answers a query, whole or as a stream.
///
/// # Errors
/// The refusal the service would send.
pub async fn answer(query: Query<'_>) -> Result<Response, ApiError> {
    let extras = Extras::read(&query.body)?;
    let request = chat::request::read(&query.body, &query.endpoint.chat)?;
    let config = query.emulator.config();
    let body = Value::Object(query.body.clone()).to_string();
    let draw = ids::hash(config.seed, &[query.endpoint.name.as_bytes(), body.as_bytes()]);
    let stream = request.stream;
    let choices = match &config.upstream {
        Some(server) => vec![upstream::ask(server, &request).await?],
        None => chat::stand_in(&query, &request, draw),
    };
    let reply = chat::reply_of(&query, &request, choices, draw);
    if !stream {
        let mut completion = reply.completion();
        if let Some(inputs) = extras.custom_inputs {
            set(&mut completion, "custom_outputs", inputs);
        }
        return Ok(json_response(StatusCode::OK, &completion));
    }
    let chunks = chat::reply::chunks(reply, Duration::from_millis(config.token_delay_ms));
    Ok(events::response(with_outputs(chunks, extras.custom_inputs), Arc::clone(&query.fault)))
}

fn with_outputs(mut chunks: Chunks, outputs: Option<Value>) -> Chunks {
    Box::pin(async_stream::stream! {
        while let Some(chunk) = events::next(&mut chunks).await {
            yield chunk.map(|mut chunk| {
                if let Some(outputs) = &outputs {
                    set(&mut chunk, "custom_outputs", outputs.clone());
                }
                chunk
            });
        }
    })
}
