//! The messages of a chat request: read, and refused where the service refuses them.

use serde_json::Value;

use crate::errors::ApiError;
use crate::model::conversation::{Message, Role, ToolCall};
use crate::serving_endpoints::ChatTraits;

/// Longest id the service takes back (wire: serving-query §3).
const MAX_ID: usize = 64;

/// Reads and checks `messages`.
///
/// # Errors
/// The refusal the service would send.
pub fn read(list: &[Value], traits: &ChatTraits) -> Result<Vec<Message>, ApiError> {
    let mut messages: Vec<Message> = Vec::with_capacity(list.len());
    // ids of the calls that tool messages may answer: those of the assistant message directly before
    let mut open: Vec<String> = Vec::new();
    for (index, value) in list.iter().enumerate() {
        let message = one(index, value, traits)?;
        match message.role {
            Role::System if index > 0 => {
                return Err(invalid(index, "a system message is allowed only once, as the first message"));
            }
            Role::Tool => {
                let id = message.tool_call_id.as_deref().unwrap_or_default();
                if !open.iter().any(|call| call == id) {
                    return Err(invalid(
                        index,
                        "a tool message must follow the assistant message with its tool call and carry its 'tool_call_id'",
                    ));
                }
            }
            _ => open = message.tool_calls.iter().map(|call| call.id.clone()).collect(),
        }
        messages.push(message);
    }
    Ok(messages)
}

fn invalid(index: usize, what: &str) -> ApiError {
    ApiError::invalid_parameter(&format!("messages[{index}]: {what}"))
}

fn one(index: usize, value: &Value, traits: &ChatTraits) -> Result<Message, ApiError> {
    let role = match value.get("role").and_then(Value::as_str) {
        Some("system" | "developer") => Role::System,
        Some("user") => Role::User,
        Some("assistant") => Role::Assistant,
        Some("tool") => Role::Tool,
        _ => return Err(invalid(index, "'role' must be system, developer, user, assistant or tool")),
    };
    let tool_calls = tool_calls(index, value)?;
    let mut message = Message { role, tool_calls, ..Message::default() };
    match value.get("content") {
        None | Some(Value::Null) if role == Role::Assistant => {}
        None | Some(Value::Null) => return Err(invalid(index, "'content' is required")),
        Some(Value::String(text)) => message.text.clone_from(text),
        Some(Value::Array(parts)) => {
            for part in parts {
                one_part(index, part, traits, &mut message)?;
            }
        }
        Some(_) => return Err(invalid(index, "'content' must be a string or a list of parts")),
    }
    if traits.signs_reasoning && value.get("reasoning_content").is_some() {
        return Err(ApiError::bad_request(&format!(
            "messages.{index}.reasoning_content: Extra inputs are not permitted"
        )));
    }
    let sent_text = value.get("content").is_some_and(Value::is_string);
    if traits.refuses_empty_text && sent_text && message.text.is_empty() && role == Role::Assistant {
        return Err(ApiError::bad_request("messages: text content blocks must be non-empty"));
    }
    if role == Role::Tool {
        let id = value.get("tool_call_id").and_then(Value::as_str);
        let Some(id) = id else { return Err(invalid(index, "'tool_call_id' is required with role tool")) };
        check_id(index, id)?;
        message.tool_call_id = Some(id.to_owned());
    }
    Ok(message)
}

fn one_part(index: usize, part: &Value, traits: &ChatTraits, message: &mut Message) -> Result<(), ApiError> {
    match part.get("type").and_then(Value::as_str) {
        Some("text") => {
            let Some(text) = part.get("text").and_then(Value::as_str) else {
                return Err(invalid(index, "a text part needs 'text'"));
            };
            if !message.text.is_empty() {
                message.text.push('\n');
            }
            message.text.push_str(text);
        }
        Some("reasoning") => {
            let summary = part.get("summary").and_then(Value::as_array);
            let Some(summary) = summary.filter(|summary| !summary.is_empty()) else {
                return Err(invalid(index, "a reasoning part needs 'summary'"));
            };
            let readable = |entry: &&Value| entry.get("type").and_then(Value::as_str) == Some("summary_text");
            let signed = |entry: &Value| entry.get("signature").is_some_and(Value::is_string);
            if traits.signs_reasoning && !summary.iter().filter(readable).all(signed) {
                return Err(invalid(index, "a reasoning part must be sent back with its 'signature'"));
            }
        }
        Some(kind @ ("image_url" | "input_audio" | "audio_url" | "video_url" | "document" | "file")) => {
            message.attachments.push(kind.to_owned());
        }
        Some(other) => return Err(invalid(index, &format!("the content part type '{other}' is not supported"))),
        None => return Err(invalid(index, "a content part needs 'type'")),
    }
    Ok(())
}

fn tool_calls(index: usize, value: &Value) -> Result<Vec<ToolCall>, ApiError> {
    let Some(list) = value.get("tool_calls").and_then(Value::as_array) else { return Ok(Vec::new()) };
    list.iter()
        .map(|call| {
            let id = call.get("id").and_then(Value::as_str);
            let function = call.get("function");
            let text = |key: &str| function.and_then(|function| function.get(key)).and_then(Value::as_str);
            let (Some(id), Some(name), Some(arguments)) = (id, text("name"), text("arguments")) else {
                return Err(invalid(
                    index,
                    "a tool call needs 'id', 'function.name' and 'function.arguments' as a string",
                ));
            };
            check_id(index, id)?;
            if !serde_json::from_str::<Value>(arguments).is_ok_and(|arguments| arguments.is_object()) {
                return Err(invalid(index, "'function.arguments' of a tool call must be the text of a JSON object"));
            }
            Ok(ToolCall { id: id.to_owned(), name: name.to_owned(), arguments: arguments.to_owned() })
        })
        .collect()
}

fn check_id(index: usize, id: &str) -> Result<(), ApiError> {
    if id.len() > MAX_ID {
        return Err(invalid(index, "a tool call id is longer than 64 characters"));
    }
    Ok(())
}
