//! The chat request: read, and refused where the service refuses it (wire: serving-query §3).

use serde_json::{Map, Value};

use super::messages;
use crate::errors::ApiError;
use crate::model::conversation::Message;
use crate::model::{ResponseFormat, Tool, ToolChoice};
use crate::serving_endpoints::ChatTraits;

/// Fields every chat endpoint knows.
const KNOWN_FIELDS: &[&str] = &[
    "messages",
    "model",
    "max_tokens",
    "temperature",
    "top_p",
    "top_k",
    "stop",
    "n",
    "stream",
    "tools",
    "tool_choice",
    "response_format",
    "logprobs",
    "top_logprobs",
    "user",
    "extra_params",
    "client_request_id",
    "usage_context",
];
/// Most tools of one request.
const MAX_TOOLS: usize = 32;
/// Most keys of one tool's parameters.
const MAX_SCHEMA_KEYS: usize = 16;
/// Schema constructs the function-calling page rules out.
const REFUSED_CONSTRUCTS: &[&str] = &["pattern", "anyOf", "oneOf", "allOf", "prefixItems", "$ref"];

/// A request that passed.
#[derive(Debug, Clone)]
pub struct ChatRequest {
    /// The conversation.
    pub messages: Vec<Message>,
    /// Most tokens to answer with.
    pub max_tokens: Option<usize>,
    /// Texts that end the answer.
    pub stop: Vec<String>,
    /// How many answers.
    pub n: usize,
    /// Whether to stream.
    pub stream: bool,
    /// The tools offered.
    pub tools: Vec<Tool>,
    /// Which of them may or must be called.
    pub tool_choice: ToolChoice,
    /// The form of the answer.
    pub response_format: ResponseFormat,
    /// Whether to give log probabilities, and how many alternatives each.
    pub logprobs: Option<usize>,
    /// Whether `thinking` is enabled.
    pub thinking: bool,
    /// `stream_options.include_usage`
    pub include_usage: bool,
}

/// A request for one answer to these messages, everything else left open.
#[must_use]
pub fn plain(
    messages: Vec<Message>,
    stream: bool,
    response_format: ResponseFormat,
    tool_choice: ToolChoice,
) -> ChatRequest {
    ChatRequest {
        messages,
        max_tokens: None,
        stop: Vec::new(),
        n: 1,
        stream,
        tools: Vec::new(),
        tool_choice,
        response_format,
        logprobs: None,
        thinking: false,
        include_usage: false,
    }
}

/// Reads and checks a body.
///
/// # Errors
/// The refusal the service would send.
pub fn read(body: &Map<String, Value>, traits: &ChatTraits) -> Result<ChatRequest, ApiError> {
    if traits.strict {
        let unknown = body
            .keys()
            .find(|key| !KNOWN_FIELDS.contains(&key.as_str()) && !traits.extra_fields.contains(&key.as_str()));
        if let Some(name) = unknown {
            return Err(ApiError::unknown_field(name));
        }
    }
    let messages = match body.get("messages") {
        None | Some(Value::Null) => {
            return Err(ApiError::invalid_parameter("Missing required Chat parameter: 'messages'"));
        }
        Some(Value::Array(list)) if !list.is_empty() => messages::read(list, traits)?,
        Some(Value::Array(_)) => return Err(ApiError::invalid_parameter("'messages' must hold at least one message")),
        Some(_) => return Err(ApiError::invalid_parameter("'messages' must be a list")),
    };
    number_between(body, "temperature", 0.0, 2.0)?;
    number_between(body, "top_p", 0.0, 1.0)?;
    number_between(body, "presence_penalty", -2.0, 2.0)?;
    number_between(body, "frequency_penalty", -2.0, 2.0)?;
    positive(body, "top_k")?;
    let max_tokens = positive(body, "max_tokens")?.or(positive(body, "max_completion_tokens")?);
    let n = positive(body, "n")?.unwrap_or(1);
    if n > 1 && !traits.several_choices {
        return Err(ApiError::bad_request("n must be 1: several choices need a provisioned throughput endpoint"));
    }
    if n > 16 {
        return Err(ApiError::bad_request("n is too large"));
    }
    let tools = tools(body, traits)?;
    let tool_choice = tool_choice(body, &tools)?;
    let thinking = thinking(body, max_tokens)?;
    let logprobs = logprobs(body)?;
    Ok(ChatRequest {
        messages,
        max_tokens,
        stop: stop(body)?,
        n,
        stream: boolean(body, "stream")?,
        tools,
        tool_choice,
        response_format: response_format(body)?,
        logprobs,
        thinking,
        include_usage: body.get("stream_options").and_then(|options| options.get("include_usage"))
            == Some(&Value::Bool(true)),
    })
}

/// The value of a field, where null counts as absent.
pub(crate) fn present<'b>(body: &'b Map<String, Value>, name: &str) -> Option<&'b Value> {
    body.get(name).filter(|value| !value.is_null())
}

pub(crate) fn boolean(body: &Map<String, Value>, name: &str) -> Result<bool, ApiError> {
    match present(body, name) {
        None => Ok(false),
        Some(Value::Bool(value)) => Ok(*value),
        Some(_) => Err(ApiError::invalid_parameter(&format!("'{name}' must be true or false"))),
    }
}

pub(crate) fn number_between(body: &Map<String, Value>, name: &str, low: f64, high: f64) -> Result<(), ApiError> {
    match present(body, name).map(Value::as_f64) {
        None => Ok(()),
        Some(Some(number)) if (low..=high).contains(&number) => Ok(()),
        Some(_) => Err(ApiError::invalid_parameter(&format!("'{name}' must be a number between {low} and {high}"))),
    }
}

pub(crate) fn positive(body: &Map<String, Value>, name: &str) -> Result<Option<usize>, ApiError> {
    match present(body, name).map(Value::as_u64) {
        None => Ok(None),
        Some(Some(number)) if number > 0 => Ok(usize::try_from(number).ok()),
        Some(_) => Err(ApiError::invalid_parameter(&format!("'{name}' must be a positive integer"))),
    }
}

pub(crate) fn stop(body: &Map<String, Value>) -> Result<Vec<String>, ApiError> {
    let refused = || ApiError::invalid_parameter("'stop' must be a string or a list of strings that are not empty");
    match present(body, "stop") {
        None => Ok(Vec::new()),
        Some(Value::String(text)) if !text.is_empty() => Ok(vec![text.clone()]),
        Some(Value::Array(list)) => {
            let texts = list.iter().map(|item| item.as_str().filter(|text| !text.is_empty()).map(str::to_owned));
            texts.collect::<Option<Vec<_>>>().ok_or_else(refused)
        }
        Some(_) => Err(refused()),
    }
}

fn logprobs(body: &Map<String, Value>) -> Result<Option<usize>, ApiError> {
    let wanted = boolean(body, "logprobs")?;
    match present(body, "top_logprobs").map(Value::as_u64) {
        None => Ok(wanted.then_some(0)),
        Some(Some(count)) if count <= 20 && wanted => Ok(usize::try_from(count).ok()),
        Some(Some(count)) if count <= 20 => {
            Err(ApiError::invalid_parameter("'top_logprobs' needs 'logprobs' to be true"))
        }
        Some(_) => Err(ApiError::invalid_parameter("'top_logprobs' must be an integer between 0 and 20")),
    }
}

fn thinking(body: &Map<String, Value>, max_tokens: Option<usize>) -> Result<bool, ApiError> {
    let Some(thinking) = present(body, "thinking") else { return Ok(false) };
    match thinking.get("type").and_then(Value::as_str) {
        Some("disabled") => return Ok(false),
        Some("enabled") => {}
        _ => return Err(ApiError::invalid_parameter("'thinking.type' must be 'enabled' or 'disabled'")),
    }
    let Some(budget) = thinking.get("budget_tokens").and_then(Value::as_u64).filter(|budget| *budget > 0) else {
        return Err(ApiError::invalid_parameter("'thinking.budget_tokens' must be a positive integer"));
    };
    if max_tokens.is_some_and(|max| budget >= max as u64) {
        return Err(ApiError::invalid_parameter("'max_tokens' must be greater than 'thinking.budget_tokens'"));
    }
    Ok(true)
}

fn tools(body: &Map<String, Value>, traits: &ChatTraits) -> Result<Vec<Tool>, ApiError> {
    let list = match present(body, "tools") {
        None => return Ok(Vec::new()),
        Some(Value::Array(list)) => list,
        Some(_) => return Err(ApiError::invalid_parameter("'tools' must be a list")),
    };
    if list.len() > MAX_TOOLS {
        let message = format!("'tools' holds {} tools; at most {MAX_TOOLS} are supported", list.len());
        return Err(ApiError::invalid_parameter(&message));
    }
    list.iter().map(|tool| one_tool(tool, traits)).collect()
}

fn one_tool(tool: &Value, traits: &ChatTraits) -> Result<Tool, ApiError> {
    if tool.get("type").and_then(Value::as_str) != Some("function") {
        return Err(ApiError::invalid_parameter("'tools[].type' must be 'function'"));
    }
    let function = tool.get("function").filter(|function| function.is_object());
    let name = function.and_then(|function| function.get("name")).and_then(Value::as_str).unwrap_or_default();
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if name.is_empty() || name.len() > 64 || !name.chars().all(fits) {
        return Err(ApiError::invalid_parameter(
            "'tools[].function.name' must be 1 to 64 letters, digits, underscores and hyphens",
        ));
    }
    let field = |key: &str| function.and_then(|function| function.get(key)).filter(|value| !value.is_null());
    let parameters =
        field("parameters").cloned().unwrap_or_else(|| serde_json::json!({"type": "object", "properties": {}}));
    if !parameters.is_object() {
        return Err(ApiError::invalid_parameter(&format!(
            "the parameters of tool '{name}' must be a JSON schema object"
        )));
    }
    if traits.limits_tool_schemas {
        let mut keys = 0;
        check_schema(name, &parameters, &mut keys)?;
    }
    let description = field("description").and_then(Value::as_str).unwrap_or_default().to_owned();
    Ok(Tool { name: name.to_owned(), description, parameters })
}

fn check_schema(tool: &str, schema: &Value, keys: &mut usize) -> Result<(), ApiError> {
    let Some(schema) = schema.as_object() else { return Ok(()) };
    if let Some(construct) = REFUSED_CONSTRUCTS.iter().find(|name| schema.contains_key(**name)) {
        let message = format!("the schema of tool '{tool}' uses '{construct}', which is not supported");
        return Err(ApiError::invalid_parameter(&message));
    }
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        *keys += properties.len();
        if *keys > MAX_SCHEMA_KEYS {
            let message = format!("the schema of tool '{tool}' has more than {MAX_SCHEMA_KEYS} keys");
            return Err(ApiError::invalid_parameter(&message));
        }
        properties.values().try_for_each(|property| check_schema(tool, property, keys))?;
    }
    schema.get("items").map_or(Ok(()), |items| check_schema(tool, items, keys))
}

fn tool_choice(body: &Map<String, Value>, tools: &[Tool]) -> Result<ToolChoice, ApiError> {
    let choice = match present(body, "tool_choice") {
        None => return Ok(if tools.is_empty() { ToolChoice::None } else { ToolChoice::Auto }),
        Some(Value::String(text)) => match text.as_str() {
            "none" => ToolChoice::None,
            "auto" => ToolChoice::Auto,
            "required" => ToolChoice::Required,
            _ => return Err(refused_choice()),
        },
        Some(object) => {
            let name = object.get("function").and_then(|function| function.get("name")).and_then(Value::as_str);
            let is_function = object.get("type").and_then(Value::as_str) == Some("function");
            match name.filter(|_| is_function) {
                Some(name) if tools.iter().any(|tool| tool.name == name) => ToolChoice::Function(name.to_owned()),
                Some(name) => {
                    let message = format!("'tool_choice' names the function '{name}', which is not among 'tools'");
                    return Err(ApiError::invalid_parameter(&message));
                }
                None => return Err(refused_choice()),
            }
        }
    };
    if tools.is_empty() && choice != ToolChoice::None && choice != ToolChoice::Auto {
        return Err(ApiError::invalid_parameter("'tool_choice' needs 'tools'"));
    }
    Ok(if tools.is_empty() { ToolChoice::None } else { choice })
}

fn refused_choice() -> ApiError {
    ApiError::invalid_parameter(
        "'tool_choice' must be 'none', 'auto', 'required' or {\"type\": \"function\", \"function\": {\"name\": ...}}",
    )
}

fn response_format(body: &Map<String, Value>) -> Result<ResponseFormat, ApiError> {
    let Some(format) = present(body, "response_format") else { return Ok(ResponseFormat::Text) };
    match format.get("type").and_then(Value::as_str) {
        Some("text") => Ok(ResponseFormat::Text),
        Some("json_object") => Ok(ResponseFormat::JsonObject),
        Some("json_schema") => {
            let wrapped = format.get("json_schema");
            let named = wrapped.and_then(|wrapped| wrapped.get("name")).and_then(Value::as_str);
            match (named, wrapped.and_then(|wrapped| wrapped.get("schema"))) {
                (Some(_), Some(schema)) if schema.is_object() => Ok(ResponseFormat::JsonSchema(schema.clone())),
                _ => Err(ApiError::invalid_parameter("'response_format.json_schema' needs 'name' and 'schema'")),
            }
        }
        _ => Err(ApiError::invalid_parameter("'response_format.type' must be 'text', 'json_object' or 'json_schema'")),
    }
}
