//! The input of a Responses request: a text, messages and items, read into a conversation.

use serde_json::Value;

use super::Dialect;
use crate::agents::invalid;
use crate::errors::ApiError;
use crate::model::conversation::{Message, Role, ToolCall};

/// Longest id that is taken back (wire: serving-query §3).
const MAX_ID: usize = 64;

/// Item types an agent takes without reading them.
const PASSED_BY: &[&str] =
    &["file_search_call", "computer_call", "web_search_call", "mcp_approval_request", "mcp_approval_response"];

/// Item types only OpenAI models know.
const OPENAI_ONLY: &[&str] = &[
    "custom_tool_call",
    "custom_tool_call_output",
    "code_interpreter_call",
    "image_generation_call",
    "mcp_call",
    "mcp_list_tools",
    "apply_patch_call",
    "apply_patch_call_output",
    "shell_call",
    "shell_call_output",
    "item_reference",
];

/// Reads and checks `input`.
///
/// # Errors
/// The refusal the service would send.
pub(super) fn read(input: Option<&Value>, dialect: Dialect) -> Result<Vec<Message>, ApiError> {
    let list = match input {
        None | Some(Value::Null) => return Err(refused(dialect, "Missing required parameter: 'input'")),
        Some(Value::String(text)) if dialect != Dialect::Agent => {
            return Ok(vec![Message { text: text.clone(), ..Message::default() }]);
        }
        Some(Value::String(_)) => {
            return Err(invalid("'input' must be a list of messages and items; a bare string is not taken"));
        }
        Some(Value::Array(list)) if list.is_empty() => {
            return Err(refused(dialect, "'input' must hold at least one item"));
        }
        Some(Value::Array(list)) => list,
        Some(_) => return Err(refused(dialect, "'input' must be a list of messages and items")),
    };
    let mut messages: Vec<Message> = Vec::with_capacity(list.len());
    for (index, item) in list.iter().enumerate() {
        one(index, item, dialect, &mut messages)?;
    }
    Ok(messages)
}

fn refused(dialect: Dialect, what: &str) -> ApiError {
    if dialect == Dialect::Agent { invalid(what) } else { ApiError::invalid_parameter(what) }
}

fn one(index: usize, item: &Value, dialect: Dialect, messages: &mut Vec<Message>) -> Result<(), ApiError> {
    let refuse = |what: &str| refused(dialect, &format!("input[{index}]: {what}"));
    let text = |name: &str| item.get(name).and_then(Value::as_str);
    if !item.is_object() {
        return Err(refuse("an item must be an object"));
    }
    let kind = match (text("type"), text("role")) {
        (Some(kind), _) => kind,
        (None, Some(_)) => "message",
        (None, None) => return Err(refuse("an item needs 'type', a message needs 'role'")),
    };
    ids(item, kind, dialect, &refuse)?;
    if let Some(status) = text("status") {
        if !matches!(status, "in_progress" | "completed" | "incomplete") {
            return Err(refuse("'status' must be 'in_progress', 'completed' or 'incomplete'"));
        }
    }
    match kind {
        "message" => messages.push(message(item, &refuse)?),
        "function_call" => {
            let (Some(id), Some(name), Some(arguments)) = (text("call_id"), text("name"), text("arguments")) else {
                return Err(refuse("a function_call needs 'call_id', 'name' and 'arguments' as a string"));
            };
            let call = ToolCall { id: id.to_owned(), name: name.to_owned(), arguments: arguments.to_owned() };
            // calls made together belong to one message
            match messages.last_mut().filter(|last| last.role == Role::Assistant && !last.tool_calls.is_empty()) {
                Some(last) => last.tool_calls.push(call),
                None => messages.push(Message { role: Role::Assistant, tool_calls: vec![call], ..Message::default() }),
            }
        }
        "function_call_output" => {
            let Some(id) = text("call_id") else { return Err(refuse("a function_call_output needs 'call_id'")) };
            let known = messages.iter().flat_map(|message| &message.tool_calls).any(|call| call.id == id);
            if !known {
                return Err(refuse(&format!("No tool call found for function call output with call_id {id}")));
            }
            let said = match item.get("output") {
                Some(Value::String(text)) => text.clone(),
                Some(Value::Array(parts)) => texts(parts),
                _ => return Err(refuse("'output' must be a string or a list of parts")),
            };
            messages.push(Message {
                role: Role::Tool,
                text: said,
                tool_call_id: Some(id.to_owned()),
                ..Message::default()
            });
        }
        "reasoning" => {
            let whole = text("id").is_some() && item.get("summary").is_some_and(Value::is_array);
            if !whole {
                return Err(refuse("a reasoning item needs 'id' and 'summary'"));
            }
        }
        known if PASSED_BY.contains(&known) => {}
        known if OPENAI_ONLY.contains(&known) && dialect != Dialect::Agent => {}
        other => return Err(refuse(&format!("the item type '{other}' is not supported"))),
    }
    Ok(())
}

/// Ids may be left out; those that are sent must be of the service's own making.
fn ids(item: &Value, kind: &str, dialect: Dialect, refuse: &dyn Fn(&str) -> ApiError) -> Result<(), ApiError> {
    for name in ["id", "call_id"] {
        let Some(id) = item.get(name).and_then(Value::as_str) else { continue };
        if id.len() > MAX_ID {
            let length = id.len();
            return Err(refuse(&format!("'{name}' is {length} characters long; at most {MAX_ID} are allowed")));
        }
    }
    if dialect != Dialect::Hosted {
        return Ok(());
    }
    for name in ["status", "namespace"] {
        if item.get(name).is_some_and(Value::is_null) {
            return Err(refuse(&format!("Unknown parameter: '{name}'")));
        }
    }
    let assistant = item.get("role").and_then(Value::as_str) == Some("assistant");
    let prefix = match kind {
        "message" if assistant => "msg_",
        "function_call" => "fc_",
        "reasoning" => "rs_",
        _ => return Ok(()),
    };
    match item.get("id").and_then(Value::as_str) {
        Some(id) if !id.starts_with(prefix) => Err(refuse(&format!("'id' must begin with '{prefix}'"))),
        _ => Ok(()),
    }
}

fn message(item: &Value, refuse: &dyn Fn(&str) -> ApiError) -> Result<Message, ApiError> {
    let role = match item.get("role").and_then(Value::as_str) {
        Some("user") => Role::User,
        Some("assistant") => Role::Assistant,
        Some("system" | "developer") => Role::System,
        _ => return Err(refuse("'role' must be user, assistant, system or developer")),
    };
    let mut read = Message { role, ..Message::default() };
    match item.get("content") {
        Some(Value::String(text)) => read.text.clone_from(text),
        Some(Value::Array(parts)) if !parts.is_empty() => {
            for part in parts {
                match part.get("type").and_then(Value::as_str) {
                    Some("input_text" | "output_text") if part.get("text").is_some_and(Value::is_string) => {}
                    Some("refusal") if part.get("refusal").is_some_and(Value::is_string) => {}
                    Some(kind @ ("input_image" | "input_file")) => read.attachments.push(kind.to_owned()),
                    _ => {
                        return Err(refuse(
                            "a content part must be input_text, output_text, refusal, input_image or input_file",
                        ));
                    }
                }
            }
            read.text = texts(parts);
        }
        Some(Value::Array(_)) => return Err(refuse("'content' must not be an empty list")),
        _ => return Err(refuse("'content' must be a string or a list of parts")),
    }
    Ok(read)
}

fn texts(parts: &[Value]) -> String {
    let text = |part: &Value| match part {
        Value::String(text) => Some(text.clone()),
        part => {
            let text = part.get("text").or_else(|| part.get("refusal"))?;
            text.as_str().map(str::to_owned)
        }
    };
    parts.iter().filter_map(text).collect::<Vec<_>>().join("\n")
}
