//! The Responses form: agents (`agent/v1/responses`) and OpenAI models on the platform (wire: serving-query §7).

mod events;
mod items;
mod output;
mod request;

use std::sync::Arc;
use std::time::Duration;

use axum::response::Response;
use http::StatusCode;
use serde_json::Value;

use crate::errors::{ApiError, json_response};
use crate::events::{self as sse, Style};
use crate::invocations::Query;
use crate::serving_endpoints::Kind;
use crate::{agents, ids, model};

/// Whose rules apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// A deployed agent: takes a list only, and custom inputs.
    Agent,
    /// An OpenAI model hosted by Databricks: refuses what it does not keep, and ids it would not have made.
    Hosted,
    /// A provider's model: takes everything.
    External,
}

/// Answers a query, whole or as a stream.
///
/// # Errors
/// The refusal the service would send.
pub async fn answer(query: Query<'_>) -> Result<Response, ApiError> {
    let dialect = match (query.endpoint.task.as_str(), query.endpoint.kind) {
        ("agent/v1/responses", _) => Dialect::Agent,
        (_, Kind::External) => Dialect::External,
        _ => Dialect::Hosted,
    };
    if dialect == Dialect::Hosted && !query.endpoint.chat.answers_responses {
        let message =
            format!("The Responses API is supported for OpenAI models only, not for '{}'", query.endpoint.name);
        return Err(ApiError::bad_request(&message));
    }
    let wanted = request::read(&query.body, dialect)?;
    let config = query.emulator.config();
    let asked = Value::Object(query.body.clone());
    let draw = ids::hash(config.seed, &[query.endpoint.name.as_bytes(), b"responses", asked.to_string().as_bytes()]);
    let stream = wanted.chat.stream;
    let input_tokens = model::prompt_tokens(&wanted.chat);
    let turn =
        agents::turn(query.emulator, wanted.chat.clone(), wanted.reasons, dialect == Dialect::Agent, draw).await?;
    let output = output::build(&query, &wanted, turn, dialect, draw, input_tokens, &asked);
    if !stream {
        return Ok(json_response(StatusCode::OK, &output.whole()));
    }
    // OpenAI's own end is the event `response.completed`; agents add the sentinel of chat
    let style = if dialect == Dialect::Agent { Style::Chat } else { Style::Open };
    let pause = Duration::from_millis(config.token_delay_ms);
    Ok(sse::styled(events::stream(output, pause), Arc::clone(&query.fault), style))
}
