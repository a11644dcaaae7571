//! Custom models: rows in, predictions out, as an MLflow scoring server does it (wire: serving-query §9, mlflow-serving §2 to §4).
//!
//! The stand-in answers rows that hold a prompt; `--custom` passes a request to a real scoring server instead.

mod input;

use axum::body::Body;
use axum::response::Response;
use http::{HeaderName, HeaderValue, Request, StatusCode, header};
use serde_json::{Map, Value, json};

use crate::completions::complete;
use crate::errors::{ApiError, json_response};
use crate::ids;
use crate::invocations::Query;
use crate::loopback::Loopback;

use input::{Input, Rows};

/// The task whose answers have a shape of their own.
const LLAMA2_CHAT: &str = "llama2/chat";
/// The seeded model with a signature: `prompt` must be there.
const DOLLY: &str = "dolly-v2-12b";

/// Answers a query to a custom model.
///
/// # Errors
/// The refusal a scoring server would send.
pub async fn answer(query: Query<'_>) -> Result<Response, ApiError> {
    let model = model_of(&query);
    let custom = &query.emulator.config().custom;
    let named = |wanted: &str| custom.iter().find(|(name, _)| name == wanted);
    let given = named(&query.endpoint.name).or_else(|| model.and_then(named));
    if let Some((_, server)) = given {
        return pass_on(&query, server).await;
    }
    let input = match input::read(query.raw, query.content_type)? {
        Ok(input) => input,
        Err(unsupported) => {
            let mut response = Response::new(Body::from(unsupported));
            *response.status_mut() = StatusCode::UNSUPPORTED_MEDIA_TYPE;
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
            return Ok(response);
        }
    };
    let signed = query.endpoint.seeded && query.endpoint.name == DOLLY;
    let draw = ids::hash(query.emulator.config().seed, &[query.endpoint.name.as_bytes(), query.raw]);
    if let Some(row) = input.rows.iter().find(|row| signed && !row.get("prompt").is_some_and(Value::is_string)) {
        return Err(schema_error(row));
    }
    let predict = |row: &Value| prediction(&query, row, &input, draw);
    let predictions: Vec<Value> = input.rows.iter().map(predict).collect();
    // a table gives a list; a single object gives a bare value, unless a signature made a table of it
    let single = !signed && matches!(input.rows, Rows::One(_));
    let result = match predictions.first() {
        Some(first) if single => first.clone(),
        _ => Value::Array(predictions),
    };
    let body = if input.wrapped { json!({ "predictions": result }) } else { result };
    let mut response = json_response(StatusCode::OK, &body);
    let name = HeaderName::from_static("x-lakewire-answered-by");
    response.headers_mut().insert(name, HeaderValue::from_static("stand-in"));
    Ok(response)
}

/// The registered model that answers: what the served entity names.
fn model_of<'a>(query: &Query<'a>) -> Option<&'a str> {
    let entities = query.endpoint.config.get("served_entities")?.as_array()?;
    let text = |entity: &'a Value, key: &str| entity.get(key).and_then(Value::as_str);
    let served = entities.iter().find(|entity| text(entity, "name") == Some(query.served))?;
    text(served, "entity_name")
}

async fn pass_on(query: &Query<'_>, server: &Loopback) -> Result<Response, ApiError> {
    let mut request = Request::new(Body::from(query.raw.clone()));
    *request.method_mut() = http::Method::POST;
    if let Some(value) = query.content_type.and_then(|text| HeaderValue::from_str(text).ok()) {
        request.headers_mut().insert(header::CONTENT_TYPE, value);
    }
    server
        .pass_on(request, "/invocations")
        .await
        .map_err(|sentence| ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "TEMPORARILY_UNAVAILABLE", sentence))
}

/// The words a scoring server has for a row that does not fit the signature of `prompt` and `stop`.
fn schema_error(row: &Value) -> ApiError {
    let problem = if row.get("prompt").is_some() {
        "Incompatible input types for column prompt.".to_owned()
    } else {
        let extra = row.as_object().map(|columns| columns.keys().map(|name| format!("'{name}'")).collect::<Vec<_>>());
        let extra = extra.unwrap_or_else(|| vec!["0".to_owned()]).join(", ");
        format!("Model is missing inputs ['prompt']. Note that there were extra inputs: [{extra}].")
    };
    let schema = "['prompt': string (required), 'stop': Array(string) (optional)]";
    ApiError::raw(
        StatusCode::BAD_REQUEST,
        json!({
            "error_code": "INVALID_PARAMETER_VALUE",
            "message": format!("Failed to predict data '{row}'. \nError: Failed to enforce schema of data '{row}' with schema \
                '{schema}'. Error: {problem}"),
            "sqlstate": "KAM01",
            "error_class": "SCHEMA_ENFORCEMENT_FAILED",
        }),
    )
}

/// The text of a row that asks for an answer, with the column it stands in.
fn prompt_of(row: &Value) -> Option<(&str, &str)> {
    match row {
        Value::String(text) => Some(("", text)),
        Value::Object(columns) => {
            let named = ["prompt", "input", "question", "query", "text"];
            let column = named.iter().find_map(|name| Some((*name, columns.get(*name)?.as_str()?)));
            let last = columns.get("messages").and_then(Value::as_array).and_then(|messages| messages.last());
            column.or_else(|| Some(("messages", last?.get("content")?.as_str()?)))
        }
        _ => None,
    }
}

fn prediction(query: &Query<'_>, row: &Value, input: &Input, draw: u64) -> Value {
    let setting = |name: &str| row.get(name).or_else(|| input.params.get(name)).filter(|value| !value.is_null());
    let stop = match setting("stop") {
        Some(Value::String(text)) if !text.is_empty() => vec![text.clone()],
        Some(Value::Array(list)) => {
            list.iter().filter_map(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned).collect()
        }
        _ => Vec::new(),
    };
    let most = ["max_tokens", "max_new_tokens"].iter().find_map(|name| setting(name)?.as_u64());
    let most = most.and_then(|most| usize::try_from(most).ok()).filter(|most| *most > 0);
    let Some((column, prompt)) = prompt_of(row) else { return json!(unread(query, row)) };
    let choice = complete(prompt, &stop, most, draw, 0);
    if query.endpoint.task == LLAMA2_CHAT {
        return json!({ "candidates": [{ "text": choice.text, "metadata": {} }], "metadata": {} });
    }
    if column == "messages" && !input.wrapped {
        return json!({
            "id": null, "object": "chat.completion", "created": 1_764_000_000 + draw % 1_000_000, "model": "",
            "choices": [{ "index": 0, "message": { "role": "assistant", "content": choice.text }, "finish_reason": null }],
            "usage": { "prompt_tokens": null, "completion_tokens": null, "total_tokens": null },
        });
    }
    json!(choice.text)
}

/// What the stand-in says to a row it cannot read: which model does not run, and what came.
fn unread(query: &Query<'_>, row: &Value) -> String {
    let held = match row {
        Value::Object(columns) => format!("the columns {}", names(columns)),
        other => format!("{other}"),
    };
    format!("The emulator's stand-in does not run the model '{}'. The row holds {held}.", query.served)
}

fn names(columns: &Map<String, Value>) -> String {
    columns.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
}
