//! The Responses request: read, and refused where the service refuses it.

use serde_json::{Map, Value, json};

use super::{Dialect, items};
use crate::agents::{Extras, invalid};
use crate::chat::request::{self, ChatRequest, boolean, number_between, positive, present};
use crate::errors::ApiError;
use crate::model::conversation::{Message, Role};
use crate::model::{ResponseFormat, Tool, ToolChoice};

/// Fields the hosted models refuse: they would need something kept between requests.
const REFUSED: &[&str] = &["background", "store", "previous_response_id", "conversation", "service_tier"];

/// Fields the hosted models know.
const KNOWN: &[&str] = &[
    "input",
    "include",
    "instructions",
    "max_output_tokens",
    "max_tool_calls",
    "metadata",
    "model",
    "parallel_tool_calls",
    "prompt_cache_key",
    "reasoning",
    "safety_identifier",
    "stream",
    "stream_options",
    "temperature",
    "text",
    "tool_choice",
    "tools",
    "top_logprobs",
    "top_p",
    "truncation",
    "user",
    "client_request_id",
    "usage_context",
];

/// Tool types the hosted models know beside functions.
const HOSTED_TOOLS: &[&str] = &["custom", "apply_patch", "shell", "mcp", "image_generation", "web_search"];

/// What a request asks for.
#[derive(Debug)]
pub(super) struct Wanted {
    /// The conversation and its limits.
    pub(super) chat: ChatRequest,
    /// Whether to show reasoning.
    pub(super) reasons: bool,
    /// What agents carry beside the conversation.
    pub(super) extras: Extras,
    /// Whether to put a citation under the text.
    pub(super) annotate: bool,
    /// The tool of text input that must be called.
    pub(super) custom_tool: Option<String>,
}

/// Reads and checks a body.
///
/// # Errors
/// The refusal the service would send.
pub(super) fn read(body: &Map<String, Value>, dialect: Dialect) -> Result<Wanted, ApiError> {
    if dialect == Dialect::Hosted {
        if let Some(name) = REFUSED.iter().find(|name| present(body, name).is_some()) {
            return Err(ApiError::bad_request(&format!("The parameter '{name}' is not supported by this endpoint")));
        }
        if let Some((name, _)) = body.iter().find(|(name, _)| !KNOWN.contains(&name.as_str())) {
            return Err(ApiError::bad_request(&format!("Unknown parameter: '{name}'")));
        }
    }
    let extras = if dialect == Dialect::Agent { Extras::read(body)? } else { Extras::default() };
    let mut messages = items::read(body.get("input"), dialect)?;
    if let Some(Value::String(text)) = present(body, "instructions") {
        messages.insert(0, Message { role: Role::System, text: text.clone(), ..Message::default() });
    }
    number_between(body, "temperature", 0.0, 2.0)?;
    number_between(body, "top_p", 0.0, 1.0)?;
    if let Some(truncation) = present(body, "truncation") {
        if !matches!(truncation.as_str(), Some("auto" | "disabled")) {
            return Err(ApiError::invalid_parameter("'truncation' must be 'auto' or 'disabled'"));
        }
    }
    if present(body, "metadata").is_some_and(|metadata| !metadata.is_object()) {
        return Err(ApiError::invalid_parameter("'metadata' must be an object"));
    }
    let list = tools(body, dialect)?;
    let (tool_choice, custom_tool) = choice(body, &list, dialect)?;
    let kinds = present(body, "tools").and_then(Value::as_array).into_iter().flatten();
    let searches = kinds.filter_map(|tool| tool.get("type").and_then(Value::as_str)).any(|kind| kind == "web_search");
    let mut chat = request::plain(messages, boolean(body, "stream")?, format(body)?, tool_choice);
    chat.max_tokens = positive(body, "max_output_tokens")?;
    chat.tools = list;
    Ok(Wanted { chat, reasons: reasoning(body)?, annotate: searches || extras.wants("annotate"), extras, custom_tool })
}

fn reasoning(body: &Map<String, Value>) -> Result<bool, ApiError> {
    match present(body, "reasoning") {
        None => Ok(false),
        Some(Value::Object(wanted)) => {
            let known = ["none", "minimal", "low", "medium", "high", "xhigh"];
            match wanted.get("effort").filter(|effort| !effort.is_null()).map(Value::as_str) {
                None => Ok(true),
                Some(Some(effort)) if known.contains(&effort) => Ok(effort != "none"),
                Some(_) => Err(ApiError::invalid_parameter("'reasoning.effort' must be 'low', 'medium' or 'high'")),
            }
        }
        Some(_) => Err(ApiError::invalid_parameter("'reasoning' must be an object")),
    }
}

fn tools(body: &Map<String, Value>, dialect: Dialect) -> Result<Vec<Tool>, ApiError> {
    let refuse = |what: &str| match dialect {
        Dialect::Agent => invalid(what),
        _ => ApiError::invalid_parameter(what),
    };
    let list = match present(body, "tools") {
        None => return Ok(Vec::new()),
        Some(Value::Array(list)) => list,
        Some(_) => return Err(refuse("'tools' must be a list")),
    };
    let mut read = Vec::new();
    for (index, tool) in list.iter().enumerate() {
        match tool.get("type").and_then(Value::as_str) {
            Some("function") => {}
            Some(kind) if dialect != Dialect::Hosted || HOSTED_TOOLS.contains(&kind) => continue,
            Some(kind) => return Err(refuse(&format!("tools[{index}]: the type '{kind}' is not supported"))),
            None => return Err(refuse(&format!("tools[{index}]: 'type' is required"))),
        }
        let Some(name) = tool.get("name").and_then(Value::as_str).filter(|name| !name.is_empty()) else {
            return Err(refuse(&format!("Missing required parameter: 'tools[{index}].name'")));
        };
        let parameters = match tool.get("parameters").filter(|value| !value.is_null()) {
            None => json!({ "type": "object", "properties": {} }),
            Some(schema) if schema.is_object() => schema.clone(),
            Some(_) => return Err(refuse(&format!("tools[{index}]: 'parameters' must be a JSON schema object"))),
        };
        let description = tool.get("description").and_then(Value::as_str).unwrap_or_default().to_owned();
        read.push(Tool { name: name.to_owned(), description, parameters });
    }
    Ok(read)
}

fn choice(
    body: &Map<String, Value>,
    tools: &[Tool],
    dialect: Dialect,
) -> Result<(ToolChoice, Option<String>), ApiError> {
    let open = if tools.is_empty() { ToolChoice::None } else { ToolChoice::Auto };
    let refuse = |what: &str| Err(ApiError::invalid_parameter(what));
    let named = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    match present(body, "tool_choice") {
        None => Ok((open, None)),
        Some(Value::String(text)) => match text.as_str() {
            "none" => Ok((ToolChoice::None, None)),
            "auto" => Ok((open, None)),
            "required" if !tools.is_empty() => Ok((ToolChoice::Required, None)),
            "required" => refuse("'tool_choice' needs 'tools'"),
            _ => refuse("'tool_choice' must be 'none', 'auto', 'required' or name a tool"),
        },
        Some(value) => match (named(value, "type").as_deref(), named(value, "name")) {
            (Some("function"), Some(name)) if tools.iter().any(|tool| tool.name == name) => {
                Ok((ToolChoice::Function(name), None))
            }
            (Some("custom"), Some(name)) if dialect != Dialect::Agent => Ok((ToolChoice::None, Some(name))),
            (Some("function"), Some(name)) => {
                refuse(&format!("'tool_choice' names the function '{name}', which is not among 'tools'"))
            }
            (Some("function") | None, _) => refuse("'tool_choice' must be 'none', 'auto', 'required' or name a tool"),
            _ => Ok((open, None)),
        },
    }
}

fn format(body: &Map<String, Value>) -> Result<ResponseFormat, ApiError> {
    let Some(format) = present(body, "text").and_then(|text| text.get("format")).filter(|value| !value.is_null())
    else {
        return Ok(ResponseFormat::Text);
    };
    match format.get("type").and_then(Value::as_str) {
        Some("text") => Ok(ResponseFormat::Text),
        Some("json_object") => Ok(ResponseFormat::JsonObject),
        Some("json_schema") => match (format.get("name"), format.get("schema")) {
            (Some(Value::String(_)), Some(schema)) if schema.is_object() => {
                Ok(ResponseFormat::JsonSchema(schema.clone()))
            }
            _ => Err(ApiError::invalid_parameter("'text.format' needs 'name' and 'schema'")),
        },
        _ => Err(ApiError::invalid_parameter("'text.format.type' must be 'text', 'json_object' or 'json_schema'")),
    }
}
