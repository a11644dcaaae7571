//! Options and whole answers of Responses calls.

use serde_json::{Map, Value};

use super::items::{ResponseItem, ResponseStatus};
use crate::macros::{setters, wire_struct};

wire_struct! {
    /// A whole answer.
    pub struct ResponseObject {
        /// The answer's id.
        pub id: Option<String>,
        /// `response`.
        pub object: Option<String>,
        /// Seconds since 1970.
        pub created_at: Option<f64>,
        /// The model.
        pub model: Option<String>,
        /// What came out, in order.
        pub output: Vec<ResponseItem>,
        /// How far it has come.
        pub status: Option<ResponseStatus>,
        /// Tokens used.
        pub usage: Option<ResponseUsage>,
        /// Why it was cut off.
        pub incomplete_details: Option<IncompleteDetails>,
        /// Strings of the caller's or of the agent's.
        pub metadata: Option<Map<String, Value>>,
        /// Free output of the agent.
        pub custom_outputs: Option<Map<String, Value>>,
        /// What Databricks adds, such as a trace.
        pub databricks_output: Option<Value>,
    }
}

wire_struct! {
    /// Why an answer was cut off.
    pub struct IncompleteDetails {
        /// Such as `max_output_tokens`.
        pub reason: Option<String>,
    }
}

wire_struct! {
    /// Tokens used.
    pub struct ResponseUsage {
        /// Tokens of the input.
        pub input_tokens: Option<u64>,
        /// More on the input, such as `cached_tokens`.
        pub input_tokens_details: Option<Value>,
        /// Tokens of the output.
        pub output_tokens: Option<u64>,
        /// More on the output, such as `reasoning_tokens`.
        pub output_tokens_details: Option<Value>,
        /// Both.
        pub total_tokens: Option<u64>,
    }
}

wire_struct! {
    /// A tool on offer, in the flat form of Responses.
    pub struct ResponsesTool {
        /// `function`, or a kind of tool the service runs itself.
        pub kind as "type": String,
        /// The tool's name.
        pub name: Option<String>,
        /// What it does and when to use it.
        pub description: Option<String>,
        /// The arguments as a JSON Schema.
        pub parameters: Option<Value>,
        /// Whether arguments must fit exactly.
        pub strict: Option<bool>,
    }
}

wire_struct! {
    /// How much to think.
    pub struct ResponsesReasoning {
        /// Such as `low`, `medium` or `high`.
        pub effort: Option<String>,
        /// How the thought is summed up.
        pub generate_summary: Option<String>,
    }
}

wire_struct! {
    /// Which conversation and which user an agent serves.
    pub struct AgentContext {
        /// Which conversation.
        pub conversation_id: Option<String>,
        /// Which user.
        pub user_id: Option<String>,
    }
}

wire_struct! {
    /// The options of a Responses call.
    pub struct ResponsesParams closed {
        /// The longest answer, in tokens.
        pub max_output_tokens: Option<u64>,
        /// Randomness.
        pub temperature: Option<f64>,
        /// Nucleus sampling.
        pub top_p: Option<f64>,
        /// The tools on offer.
        pub tools: Option<Vec<ResponsesTool>>,
        /// Which tool to use: `auto`, `none`, `required` or `any`, a tool's name, or an object.
        pub tool_choice: Option<Value>,
        /// Whether several tools may be asked for at once.
        pub parallel_tool_calls: Option<bool>,
        /// How much to think.
        pub reasoning: Option<ResponsesReasoning>,
        /// The form of the text.
        pub text: Option<Value>,
        /// `auto` or `disabled`.
        pub truncation: Option<String>,
        /// Who asks.
        pub user: Option<String>,
        /// Strings of yours.
        pub metadata: Option<Map<String, Value>>,
        /// Free input of the agent.
        pub custom_inputs: Option<Map<String, Value>>,
        /// Which conversation and which user the agent serves.
        pub context: Option<AgentContext>,
        /// Such as `{"return_trace": true}`; models that are no agents refuse it.
        pub databricks_options: Option<Value>,
        /// Whether the service keeps the answer; Databricks' own models refuse it.
        pub store: Option<bool>,
        /// Whether to answer later; Databricks' own models refuse it.
        pub background: Option<bool>,
        /// The answer to go on from; Databricks' own models refuse it.
        pub previous_response_id: Option<String>,
        /// The conversation to go on with; Databricks' own models refuse it.
        pub conversation: Option<Value>,
        /// How urgent it is; Databricks' own models refuse it.
        pub service_tier: Option<String>,
        /// An id of yours, recorded in inference and usage tables.
        pub client_request_id: Option<String>,
        /// Strings of yours for usage tracking.
        pub usage_context: Option<Map<String, Value>>,
        /// Endpoint-specific options, merged into the body's top level.
        pub extra_params: Option<Map<String, Value>>,
    }
}

impl Default for ResponsesParams {
    fn default() -> Self {
        Self {
            max_output_tokens: None,
            temperature: None,
            top_p: None,
            tools: None,
            tool_choice: None,
            parallel_tool_calls: None,
            reasoning: None,
            text: None,
            truncation: None,
            user: None,
            metadata: None,
            custom_inputs: None,
            context: None,
            databricks_options: None,
            store: None,
            background: None,
            previous_response_id: None,
            conversation: None,
            service_tier: None,
            client_request_id: None,
            usage_context: None,
            extra_params: None,
            extra: Map::new(),
        }
    }
}

impl ResponsesParams {
    setters! {
        /// The longest answer, in tokens.
        max_output_tokens: u64,
        /// Randomness.
        temperature: f64,
        /// Nucleus sampling.
        top_p: f64,
        /// The tools on offer.
        tools: Vec<ResponsesTool>,
        /// Which tool to use.
        tool_choice: Value,
        /// Whether several tools may be asked for at once.
        parallel_tool_calls: bool,
        /// How much to think.
        reasoning: ResponsesReasoning,
        /// The form of the text.
        text: Value,
        /// `auto` or `disabled`.
        truncation: String,
        /// Who asks.
        user: String,
        /// Strings of yours.
        metadata: Map<String, Value>,
        /// Free input of the agent.
        custom_inputs: Map<String, Value>,
        /// Which conversation and which user the agent serves.
        context: AgentContext,
        /// Such as `{"return_trace": true}`.
        databricks_options: Value,
        /// Endpoint-specific options.
        extra_params: Map<String, Value>,
    }
}
