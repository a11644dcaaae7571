//! ChatAgent: `agent/v2/chat`, messages in and messages out, without choices (wire: serving-query §8).

use std::sync::Arc;
use std::time::Duration;

use axum::response::Response;
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::{Extras, Turn, invalid, trace, turn};
use crate::chat::request::ChatRequest;
use crate::errors::{ApiError, json_response};
use crate::events::{self, Chunks};
use crate::invocations::Query;
use crate::json::set;
use crate::model::conversation::{Message, Role, ToolCall};
use crate::model::{self, ResponseFormat, ToolChoice, tokens};
use crate::{chat, ids};

/// Answers a query, whole or as a stream.
///
/// # Errors
/// The refusal the service would send.
pub async fn answer(query: Query<'_>) -> Result<Response, ApiError> {
    let request = read(&query.body)?;
    let extras = Extras::read(&query.body)?;
    let stream = request.stream;
    let config = query.emulator.config();
    let asked = Value::Object(query.body.clone());
    let draw = ids::hash(config.seed, &[query.endpoint.name.as_bytes(), asked.to_string().as_bytes()]);
    let prompt = model::prompt_tokens(&request);
    let turn = turn(query.emulator, request, false, true, draw).await?;
    let answer = Answer { prompt, draw, extras, turn, asked, name: query.endpoint.name.clone() };
    if stream {
        let pause = Duration::from_millis(config.token_delay_ms);
        return Ok(events::response(answer.chunks(pause), Arc::clone(&query.fault)));
    }
    Ok(json_response(StatusCode::OK, &answer.whole()))
}

fn read(body: &Map<String, Value>) -> Result<ChatRequest, ApiError> {
    let list = match body.get("messages") {
        Some(Value::Array(list)) if !list.is_empty() => list,
        Some(Value::Array(_)) => return Err(invalid("'messages' must hold at least one message")),
        _ => return Err(invalid("'messages' must be a list of messages")),
    };
    let messages =
        list.iter().enumerate().map(|(index, value)| message(index, value)).collect::<Result<Vec<_>, _>>()?;
    let stream = match body.get("stream").filter(|value| !value.is_null()) {
        None => false,
        Some(Value::Bool(stream)) => *stream,
        Some(_) => return Err(invalid("'stream' must be true or false")),
    };
    Ok(chat::request::plain(messages, stream, ResponseFormat::Text, ToolChoice::None))
}

fn message(index: usize, value: &Value) -> Result<Message, ApiError> {
    let refuse = |what: &str| invalid(&format!("messages[{index}]: {what}"));
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    let role = match text("role") {
        Some("system") => Role::System,
        Some("user") => Role::User,
        Some("assistant") => Role::Assistant,
        Some("tool") => Role::Tool,
        Some(_) | None => return Err(refuse("'role' must be system, user, assistant or tool")),
    };
    let calls = value.get("tool_calls").filter(|calls| !calls.is_null());
    match value.get("content") {
        None | Some(Value::Null) if calls.is_none() => {
            return Err(refuse("either 'content' or 'tool_calls' must be provided"));
        }
        None | Some(Value::Null | Value::String(_)) => {}
        Some(_) => return Err(refuse("'content' must be a string")),
    }
    let empty = |name: &str| text(name).is_none_or(str::is_empty);
    if role == Role::Tool && (empty("name") || empty("tool_call_id")) {
        return Err(refuse("both 'name' and 'tool_call_id' must be provided for tool messages"));
    }
    let calls = calls.and_then(Value::as_array).into_iter().flatten();
    let tool_calls = calls
        .map(|call| {
            let field = |path: &str| call.pointer(path).and_then(Value::as_str).map(str::to_owned);
            match (field("/id"), field("/function/name"), field("/function/arguments")) {
                (Some(id), Some(name), Some(arguments)) => Ok(ToolCall { id, name, arguments }),
                _ => Err(refuse("a tool call needs 'id', 'function.name' and 'function.arguments'")),
            }
        })
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Message {
        role,
        text: text("content").unwrap_or_default().to_owned(),
        tool_calls,
        tool_call_id: text("tool_call_id").map(str::to_owned),
        attachments: Vec::new(),
    })
}

/// Everything an answer is made of.
struct Answer {
    prompt: usize,
    draw: u64,
    extras: Extras,
    turn: Turn,
    asked: Value,
    name: String,
}

impl Answer {
    fn id(&self, position: u64) -> String {
        ids::uuid(ids::hash(self.draw, &[b"message", &position.to_le_bytes()]))
    }

    /// The messages before the last: the call of the agent's own tool, and the tool's answer.
    fn opening(&self) -> Vec<Value> {
        let Some((call, result)) = &self.turn.own else { return Vec::new() };
        vec![
            json!({ "role": "assistant", "content": "", "id": self.id(0), "tool_calls": [whole(call)] }),
            json!({ "role": "tool", "content": result, "id": self.id(1), "name": call.name, "tool_call_id": call.id }),
        ]
    }

    fn usage(&self) -> Value {
        let said = self.turn.tokens();
        json!({ "prompt_tokens": self.prompt, "completion_tokens": said, "total_tokens": self.prompt + said })
    }

    /// What stands beside the messages: `custom_outputs`, and the trace if it was asked for.
    fn beside(&self, value: &mut Value, outputs: &Value) {
        if let Some(inputs) = &self.extras.custom_inputs {
            set(value, "custom_outputs", inputs.clone());
        }
        if self.extras.return_trace {
            set(value, "databricks_output", trace::output(&self.name, &self.asked, outputs, &self.turn, self.draw));
        }
    }

    fn whole(&self) -> Value {
        let mut messages = self.opening();
        messages.push(json!({ "role": "assistant", "content": self.turn.choice.text, "id": self.id(2) }));
        let messages = Value::Array(messages);
        let mut answer = json!({ "id": ids::uuid(self.draw), "messages": messages });
        set(&mut answer, "finish_reason", self.turn.choice.finish_reason);
        set(&mut answer, "usage", self.usage());
        self.beside(&mut answer, &messages);
        answer
    }

    fn chunks(self, pause: Duration) -> Chunks {
        Box::pin(async_stream::stream! {
            for message in self.opening() {
                yield Ok(self.chunk(message));
            }
            let id = self.id(2);
            for token in tokens::split(&self.turn.choice.text) {
                if !pause.is_zero() {
                    tokio::time::sleep(pause).await;
                }
                yield Ok(self.chunk(json!({ "role": "assistant", "content": token, "id": id })));
            }
            let mut last = self.chunk(json!({ "role": "assistant", "content": "", "id": id }));
            set(&mut last, "finish_reason", self.turn.choice.finish_reason);
            set(&mut last, "usage", self.usage());
            let said = json!(self.turn.choice.text);
            self.beside(&mut last, &said);
            yield Ok(last);
        })
    }

    /// A chunk: the answer's id beside the delta, as the serving layer adds it.
    fn chunk(&self, delta: Value) -> Value {
        json!({ "id": ids::uuid(self.draw), "delta": delta })
    }
}

fn whole(call: &ToolCall) -> Value {
    json!({ "id": call.id, "type": "function", "function": { "name": call.name, "arguments": call.arguments } })
}
