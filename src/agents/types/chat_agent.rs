//! Messages, options, answers and chunks of ChatAgent endpoints.

use serde_json::{Map, Value};

use super::responses::AgentContext;
use crate::macros::{setters, wire_struct};

wire_struct! {
    /// One message of an agent's conversation.
    pub struct ChatAgentMessage {
        /// `user`, `assistant`, `system` or `tool`.
        pub role: String,
        /// The text; may be absent beside `tool_calls`.
        pub content: Option<String>,
        /// Which message it is; made for messages that have none.
        pub id: Option<String>,
        /// Who speaks; on tool messages the tool's name, which they need.
        pub name: Option<String>,
        /// The tools the agent asks for.
        pub tool_calls: Option<Vec<Value>>,
        /// Which call a tool message answers, which it needs.
        pub tool_call_id: Option<String>,
        /// What the agent attached.
        pub attachments: Option<Map<String, Value>>,
    }
}

wire_struct! {
    /// A whole answer of an agent.
    pub struct ChatAgentResponse {
        /// What the agent said and did, in order.
        pub messages: Vec<ChatAgentMessage>,
        /// Why it ended.
        pub finish_reason: Option<String>,
        /// Free output of the agent.
        pub custom_outputs: Option<Map<String, Value>>,
        /// Tokens used.
        pub usage: Option<Value>,
        /// What Databricks adds, such as a trace.
        pub databricks_output: Option<Value>,
    }
}

wire_struct! {
    /// One event of a streamed answer of an agent. Deltas with the same id are pieces of one message.
    pub struct ChatAgentChunk {
        /// A message, or a piece of one.
        pub delta: Option<ChatAgentDelta>,
        /// Why the answer ended; absent until it does.
        pub finish_reason: Option<String>,
        /// Free output of the agent.
        pub custom_outputs: Option<Map<String, Value>>,
        /// Tokens used.
        pub usage: Option<Value>,
        /// What Databricks adds, such as a trace.
        pub databricks_output: Option<Value>,
    }
}

wire_struct! {
    /// A message, or a piece of one.
    pub struct ChatAgentDelta {
        /// Who speaks.
        pub role: Option<String>,
        /// New text.
        pub content: Option<String>,
        /// Which message it belongs to.
        pub id: Option<String>,
        /// Who speaks, or the tool's name.
        pub name: Option<String>,
        /// The tools the agent asks for.
        pub tool_calls: Option<Vec<Value>>,
        /// Which call a tool message answers.
        pub tool_call_id: Option<String>,
        /// What the agent attached.
        pub attachments: Option<Map<String, Value>>,
    }
}

wire_struct! {
    /// The options of a ChatAgent call.
    pub struct ChatAgentParams closed {
        /// Which conversation and which user the agent serves.
        pub context: Option<AgentContext>,
        /// Free input of the agent.
        pub custom_inputs: Option<Map<String, Value>>,
        /// Such as `{"return_trace": true}`.
        pub databricks_options: Option<Value>,
        /// An id of yours, recorded in inference and usage tables.
        pub client_request_id: Option<String>,
        /// Strings of yours for usage tracking.
        pub usage_context: Option<Map<String, Value>>,
        /// Endpoint-specific options, merged into the body's top level.
        pub extra_params: Option<Map<String, Value>>,
    }
}

impl Default for ChatAgentParams {
    fn default() -> Self {
        Self {
            context: None,
            custom_inputs: None,
            databricks_options: None,
            client_request_id: None,
            usage_context: None,
            extra_params: None,
            extra: Map::new(),
        }
    }
}

impl ChatAgentParams {
    setters! {
        /// Which conversation and which user the agent serves.
        context: AgentContext,
        /// Free input of the agent.
        custom_inputs: Map<String, Value>,
        /// Such as `{"return_trace": true}`.
        databricks_options: Value,
        /// Endpoint-specific options.
        extra_params: Map<String, Value>,
    }
}

impl ChatAgentMessage {
    /// A message of this role.
    #[must_use]
    pub fn new(role: impl Into<String>, content: impl Into<String>) -> Self {
        Self {
            role: role.into(),
            content: Some(content.into()),
            id: None,
            name: None,
            tool_calls: None,
            tool_call_id: None,
            attachments: None,
            extra: Map::new(),
        }
    }

    /// What the user says.
    #[must_use]
    pub fn user(content: impl Into<String>) -> Self {
        Self::new("user", content)
    }

    /// Instructions.
    #[must_use]
    pub fn system(content: impl Into<String>) -> Self {
        Self::new("system", content)
    }

    /// What the agent said before.
    #[must_use]
    pub fn assistant(content: impl Into<String>) -> Self {
        Self::new("assistant", content)
    }

    /// What a tool gave.
    #[must_use]
    pub fn tool(name: impl Into<String>, tool_call_id: impl Into<String>, content: impl Into<String>) -> Self {
        Self { name: Some(name.into()), tool_call_id: Some(tool_call_id.into()), ..Self::new("tool", content) }
    }
}

impl From<&str> for ChatAgentMessage {
    fn from(text: &str) -> Self {
        Self::user(text)
    }
}

impl From<String> for ChatAgentMessage {
    fn from(text: String) -> Self {
        Self::user(text)
    }
}

impl From<(&str, &str)> for ChatAgentMessage {
    fn from((role, content): (&str, &str)) -> Self {
        Self::new(role, content)
    }
}
