//! Embeddings: `llm/v1/embeddings` in the service's shapes (wire: serving-query §6).
//!
//! What answers is the lexical [`embedder`], or the server given with `--upstream`.

pub mod embedder;
mod topics;
mod written;

use axum::response::Response;
use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::errors::{ApiError, json_response};
use crate::faults::EmbeddingsFault;
use crate::invocations::{self, Query};
use crate::json::set;
use crate::model::tokens;
use crate::serving_endpoints::Kind;
use crate::{ids, upstream};

use written::Form;

/// Dimensions of the seeded endpoints, and of external ones that are not asked for fewer.
pub const DIMENSIONS: usize = 1024;
/// Most texts of one request at a Databricks-hosted model (wire: serving-query §6; older documentation).
pub const MAX_BATCH: usize = 150;
/// Most texts of one request at a provider's model.
const MAX_EXTERNAL_BATCH: usize = 2048;
/// Most dimensions an external model gives.
const MAX_DIMENSIONS: u64 = 3072;
/// The endpoint that writes its numbers with all the digits of a double, as Python does.
const LONG_NUMBERS: &str = "databricks-bge-large-en";

/// Fields a Databricks-hosted model knows.
const KNOWN_FIELDS: &[&str] =
    &["input", "instruction", "model", "user", "encoding_format", "extra_params", "client_request_id", "usage_context"];

/// What a request asks for.
#[derive(Debug)]
struct Request<'b> {
    texts: Vec<&'b str>,
    instruction: Option<&'b str>,
    dimensions: usize,
    base64: bool,
}

/// Answers an embeddings query. The OpenAI form honours `encoding_format` at every endpoint.
///
/// # Errors
/// The refusal the service would send.
pub async fn answer(query: Query<'_>) -> Result<Response, ApiError> {
    let external = query.endpoint.kind == Kind::External;
    let request = read(&query.body, external, query.form == invocations::Form::Embeddings)?;
    if let Some(server) = &query.emulator.config().upstream {
        let mut answer = upstream::embed(server, &query.body).await?;
        set(&mut answer, "model", json!(query.served));
        return Ok(json_response(StatusCode::OK, &answer));
    }
    let draw = ids::hash(
        query.emulator.config().seed,
        &[b"embeddings", Value::from(query.body.clone()).to_string().as_bytes()],
    );
    let used: usize = request.texts.iter().map(|text| tokens::count(text).max(1)).sum::<usize>()
        + request.instruction.map_or(0, tokens::count) * request.texts.len();
    let form = match (request.base64, query.endpoint.name == LONG_NUMBERS) {
        (true, _) => Form::Base64,
        (false, true) => Form::Double,
        (false, false) => Form::Single,
    };
    let mut rows: Vec<(usize, Vec<f32>)> = request
        .texts
        .iter()
        .map(|text| embedder::embed(text, request.instruction, request.dimensions))
        .enumerate()
        .collect();
    if let Some(fault) = query.fault.embeddings {
        spoil(&mut rows, fault);
    }
    let body = written::body(&ids::uuid(draw), query.served, &rows, form, used);
    Ok(written::response(body))
}

/// Rows out of order, lost, doubled or cut.
fn spoil(rows: &mut Vec<(usize, Vec<f32>)>, fault: EmbeddingsFault) {
    match fault {
        EmbeddingsFault::Reversed => rows.reverse(),
        EmbeddingsFault::LastMissing => drop(rows.pop()),
        EmbeddingsFault::FirstTwice => {
            let first = rows.first().cloned();
            if let (Some(first), Some(last)) = (first, rows.last_mut()) {
                *last = first;
            }
        }
        EmbeddingsFault::LastShort => {
            if let Some((_, row)) = rows.last_mut() {
                row.pop();
            }
        }
    }
}

fn read(body: &Map<String, Value>, external: bool, openai: bool) -> Result<Request<'_>, ApiError> {
    if !external {
        let unknown = body.iter().find(|(key, _)| !KNOWN_FIELDS.contains(&key.as_str()));
        if let Some((name, _)) = unknown {
            return Err(ApiError::unknown_field(name));
        }
    }
    let present = |name: &str| body.get(name).filter(|value| !value.is_null());
    let not_text = || ApiError::invalid_parameter("'input' must be a string or a list of strings");
    let texts = match present("input") {
        None => return Err(ApiError::invalid_parameter("Missing required Embeddings parameter: 'input'")),
        Some(Value::String(text)) => vec![text.as_str()],
        Some(Value::Array(list)) => list.iter().map(Value::as_str).collect::<Option<Vec<_>>>().ok_or_else(not_text)?,
        Some(_) => return Err(not_text()),
    };
    if texts.is_empty() {
        return Err(ApiError::invalid_parameter("'input' must hold at least one text"));
    }
    let most = if external { MAX_EXTERNAL_BATCH } else { MAX_BATCH };
    if texts.len() > most {
        let message = format!("'input' holds {} texts; at most {most} are supported in one request", texts.len());
        return Err(ApiError::invalid_parameter(&message));
    }
    let instruction = match present("instruction") {
        None => None,
        Some(Value::String(text)) => Some(text.as_str()),
        Some(_) => return Err(ApiError::invalid_parameter("'instruction' must be a string")),
    };
    let base64 = match present("encoding_format").map(Value::as_str) {
        None | Some(Some("float")) => false,
        Some(Some("base64")) => external || openai,
        Some(_) => return Err(ApiError::invalid_parameter("'encoding_format' must be 'float' or 'base64'")),
    };
    let dimensions = match present("dimensions").map(Value::as_u64) {
        None => DIMENSIONS,
        Some(Some(wanted)) if (1..=MAX_DIMENSIONS).contains(&wanted) => usize::try_from(wanted).unwrap_or(DIMENSIONS),
        Some(_) => {
            let message = format!("'dimensions' must be an integer between 1 and {MAX_DIMENSIONS}");
            return Err(ApiError::invalid_parameter(&message));
        }
    };
    if present("stream") == Some(&Value::Bool(true)) {
        return Err(ApiError::invalid_parameter("'stream' is not supported for embeddings"));
    }
    Ok(Request { texts, instruction, dimensions, base64 })
}
