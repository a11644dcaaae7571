//! Agents: what is common to the agent tasks, and the two that speak in chat messages (wire: serving-query §8 and §10).
//!
//! An agent of the emulator is whoever answers chat, with one tool of its own, a calculator: asked for arithmetic, it shows the call
//! and its result before it answers, as deployed agents show theirs. Tools that come with the request are left to the caller.

pub mod chat_agent;
pub mod chat_model;
pub mod trace;

use serde_json::{Map, Value, json};

use crate::chat::request::ChatRequest;
use crate::errors::ApiError;
use crate::model::conversation::{Message, Role, ToolCall, question};
use crate::model::{self, Choice, ToolChoice, arithmetic};
use crate::state::Emulator;
use crate::{ids, upstream};

/// The name of the agents' own tool.
pub const OWN_TOOL: &str = "calculator";

/// What an agent did: perhaps a call of its own tool with the result, then the answer.
#[derive(Debug, Clone)]
pub struct Turn {
    /// The call of its own tool, and what that said.
    pub own: Option<(ToolCall, String)>,
    /// The answer.
    pub choice: Choice,
}

impl Turn {
    /// Tokens of everything said.
    #[must_use]
    pub fn tokens(&self) -> usize {
        let own = self.own.as_ref().map_or(0, |(call, result)| {
            model::tokens::count(&call.name) + model::tokens::count(&call.arguments) + model::tokens::count(result)
        });
        own + self.choice.tokens()
    }
}

/// Lets the agent answer: the stand-in, or the server given with `--upstream`. `own_tool` says whether it may use the calculator.
///
/// # Errors
/// The upstream's error as the gateway would wrap it.
pub async fn turn(
    emulator: &Emulator,
    mut request: ChatRequest,
    reasons: bool,
    own_tool: bool,
    draw: u64,
) -> Result<Turn, ApiError> {
    let own = (own_tool && request.tools.is_empty()).then(|| calculation(&request.messages, draw)).flatten();
    if let Some((call, result)) = &own {
        request.messages.push(Message { role: Role::Assistant, tool_calls: vec![call.clone()], ..Message::default() });
        request.messages.push(Message {
            role: Role::Tool,
            text: result.clone(),
            tool_call_id: Some(call.id.clone()),
            ..Message::default()
        });
        request.tool_choice = ToolChoice::None;
    }
    let choice = match &emulator.config().upstream {
        Some(server) => upstream::ask(server, &request).await?,
        None => model::answer(&request, reasons, false, draw, 0),
    };
    Ok(Turn { own, choice })
}

/// The calculation the person asks for, if no tool has answered yet.
fn calculation(messages: &[Message], draw: u64) -> Option<(ToolCall, String)> {
    if messages.last().is_none_or(|message| message.role != Role::User) {
        return None;
    }
    let expression = arithmetic::find(question(messages))?;
    let value = arithmetic::evaluate(&expression)?;
    let id = format!("call_{:016x}", ids::hash(draw, &[b"own", expression.as_bytes()]));
    let arguments = json!({ "expression": expression }).to_string();
    let result = format!("{expression} = {}", arithmetic::written(value));
    Some((ToolCall { id, name: OWN_TOOL.to_owned(), arguments }, result))
}

/// What an agent request carries beside the conversation.
#[derive(Debug, Clone, Default)]
pub struct Extras {
    /// `custom_inputs`
    pub custom_inputs: Option<Value>,
    /// `databricks_options.return_trace`
    pub return_trace: bool,
}

impl Extras {
    /// Reads and checks the fields all agents share.
    ///
    /// # Errors
    /// The refusal the service would send.
    pub fn read(body: &Map<String, Value>) -> Result<Self, ApiError> {
        let object = |name: &str| match body.get(name).filter(|value| !value.is_null()) {
            Some(value) if !value.is_object() => Err(invalid(&format!("'{name}' must be an object"))),
            other => Ok(other),
        };
        if let Some(context) = object("context")? {
            for name in ["conversation_id", "user_id"] {
                if context.get(name).is_some_and(|id| !id.is_string() && !id.is_null()) {
                    return Err(invalid(&format!("'context.{name}' must be a string")));
                }
            }
        }
        let options = object("databricks_options")?;
        let return_trace = options.and_then(|options| options.get("return_trace")) == Some(&Value::Bool(true));
        Ok(Self { custom_inputs: object("custom_inputs")?.cloned(), return_trace })
    }

    /// Whether `custom_inputs` switches something on.
    #[must_use]
    pub fn wants(&self, name: &str) -> bool {
        self.custom_inputs.as_ref().and_then(|inputs| inputs.get(name)) == Some(&Value::Bool(true))
    }
}

/// A refusal of an agent's own input check.
#[must_use]
pub fn invalid(what: &str) -> ApiError {
    ApiError::bad_request(&format!("Model input does not fit the agent's signature: {what}."))
}
