//! What a request may set besides its messages.

use serde_json::{Map, Value};

use crate::macros::{open_enum, setters, wire_struct, wire_union};

open_enum! {
    /// How much a reasoning model thinks.
    pub enum ReasoningEffort {
        /// Little.
        Low = "low",
        /// Some.
        Medium = "medium",
        /// Much.
        High = "high",
    }
}

wire_struct! {
    /// A tool offered to the model.
    pub struct Tool {
        /// Always `function`.
        pub kind as "type": String,
        /// The function.
        pub function: FunctionDefinition,
    }
}

impl Tool {
    /// A function tool. `parameters` is a JSON Schema of type `object`; Databricks takes no
    /// `pattern`, `anyOf`, `oneOf`, `allOf`, `prefixItems` or `$ref` in it, and at most 16 keys.
    #[must_use]
    pub fn function(name: impl Into<String>, description: impl Into<String>, parameters: Value) -> Self {
        Self {
            kind: "function".into(),
            function: FunctionDefinition {
                name: name.into(),
                description: Some(description.into()),
                parameters: Some(parameters),
                strict: None,
                extra: Map::new(),
            },
            extra: Map::new(),
        }
    }
}

wire_struct! {
    /// A function the model may call.
    pub struct FunctionDefinition {
        /// The name the model calls it by.
        pub name: String,
        /// What it does and when to use it.
        pub description: Option<String>,
        /// JSON Schema of the arguments, of type `object`; an empty one is sent when absent.
        pub parameters: Option<Value>,
        /// Whether arguments must fit the schema exactly (GPT class only).
        pub strict: Option<bool>,
    }
}

/// Which tool the model must use.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ToolChoice {
    /// The model decides; the default when tools are given.
    Auto,
    /// No tool.
    None,
    /// Some tool.
    Required,
    /// The tool of this name.
    Function(String),
    /// A form this version does not know.
    Other(Value),
}

impl From<&str> for ToolChoice {
    /// `auto`, `none`, `required`, `any` (the same as `required`), or a tool's name.
    fn from(text: &str) -> Self {
        match text {
            "auto" => Self::Auto,
            "none" => Self::None,
            "required" | "any" => Self::Required,
            name => Self::Function(name.to_owned()),
        }
    }
}

impl serde::Serialize for ToolChoice {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Auto => serializer.serialize_str("auto"),
            Self::None => serializer.serialize_str("none"),
            Self::Required => serializer.serialize_str("required"),
            Self::Function(name) => {
                serde_json::json!({"type": "function", "function": {"name": name}}).serialize(serializer)
            }
            Self::Other(value) => value.serialize(serializer),
        }
    }
}

impl<'de> serde::Deserialize<'de> for ToolChoice {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Ok(match &value {
            Value::String(text) => Self::from(text.as_str()),
            other => match other.pointer("/function/name").and_then(Value::as_str) {
                Some(name) => Self::Function(name.to_owned()),
                None => Self::Other(value),
            },
        })
    }
}

impl crate::macros::WireField for ToolChoice {}

#[cfg(test)]
impl crate::typescript::Typescript for ToolChoice {
    fn reference() -> String {
        "\"auto\" | \"none\" | \"required\" | \"any\" | (string & {}) | { type: \"function\"; function: { name: string } }".into()
    }
}

wire_union! {
    /// The form of the answer, told apart by `type`.
    pub enum ResponseFormat by "type" {
        /// Free text.
        Text(TextFormat) = "text",
        /// Any JSON object.
        JsonObject(JsonObjectFormat) = "json_object",
        /// JSON that fits a schema.
        JsonSchema(JsonSchemaFormat) = "json_schema",
    }
}

wire_struct! {
    /// Free text.
    pub struct TextFormat {}
}

wire_struct! {
    /// Any JSON object.
    pub struct JsonObjectFormat {}
}

wire_struct! {
    /// JSON that fits a schema.
    pub struct JsonSchemaFormat {
        /// The schema and its name.
        pub json_schema: JsonSchema,
    }
}

wire_struct! {
    /// A named JSON Schema.
    pub struct JsonSchema {
        /// The schema's name.
        pub name: String,
        /// What the output is for.
        pub description: Option<String>,
        /// The schema.
        pub schema: Value,
        /// Whether the output must fit exactly.
        pub strict: Option<bool>,
    }
}

/// One stop sequence or several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop(pub Vec<String>);

impl From<&str> for Stop {
    fn from(text: &str) -> Self {
        Self(vec![text.to_owned()])
    }
}

impl<T: Into<String>, const N: usize> From<[T; N]> for Stop {
    fn from(texts: [T; N]) -> Self {
        Self(texts.into_iter().map(Into::into).collect())
    }
}

impl serde::Serialize for Stop {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> serde::Deserialize<'de> for Stop {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(text) => Ok(Self(vec![text])),
            other => Vec::deserialize(other).map(Self).map_err(serde::de::Error::custom),
        }
    }
}

impl crate::macros::WireField for Stop {}

#[cfg(test)]
impl crate::typescript::Typescript for Stop {
    fn reference() -> String {
        "string | string[]".into()
    }
}

wire_struct! {
    /// The options of a chat request. What is not set is absent on the wire: open-weight endpoints
    /// refuse unknown fields and nulls. Endpoint-specific options go into `extra_params`.
    pub struct ChatParams closed {
        /// The longest answer, in tokens, above 0; no limit when absent (Claude class: 1000).
        pub max_tokens: Option<u64>,
        /// Randomness, 0 to 2; 1 when absent.
        pub temperature: Option<f64>,
        /// Nucleus sampling, above 0 to 1; 1 when absent.
        pub top_p: Option<f64>,
        /// Sample from the k likeliest tokens, above 0.
        pub top_k: Option<u64>,
        /// Where to stop; the sequence itself is not part of the answer.
        pub stop: Option<Stop>,
        /// How many choices; more than 1 on provisioned throughput only.
        pub n: Option<u64>,
        /// The tools on offer, up to 32.
        pub tools: Option<Vec<Tool>>,
        /// Which tool to use: `auto`, `none`, `required` or `any`, or a tool's name.
        pub tool_choice: Option<ToolChoice>,
        /// The form of the answer.
        pub response_format: Option<ResponseFormat>,
        /// Whether to return log probabilities.
        pub logprobs: Option<bool>,
        /// How many alternatives per token, 0 to 20; needs `logprobs`.
        pub top_logprobs: Option<u64>,
        /// How much to think (GPT-OSS, GPT-5 and Gemini class).
        pub reasoning_effort: Option<ReasoningEffort>,
        /// Extended thinking (Claude class), e.g. `{"type": "enabled", "budget_tokens": 1024}`.
        pub thinking: Option<Value>,
        /// Who asks, for abuse monitoring.
        pub user: Option<String>,
        /// Lower repetition of topics, -2 to 2 (external OpenAI class).
        pub presence_penalty: Option<f64>,
        /// Lower repetition of words, -2 to 2 (external OpenAI class).
        pub frequency_penalty: Option<f64>,
        /// Repeatable sampling (external OpenAI class).
        pub seed: Option<i64>,
        /// Streaming options; open-weight endpoints refuse it and send usage anyway.
        pub stream_options: Option<Value>,
        /// Options of agent endpoints, e.g. `{"return_trace": true}`.
        pub databricks_options: Option<Value>,
        /// Free input of agent endpoints.
        pub custom_inputs: Option<Value>,
        /// An id of yours, recorded in inference and usage tables.
        pub client_request_id: Option<String>,
        /// Strings of yours for usage tracking.
        pub usage_context: Option<Map<String, Value>>,
        /// Endpoint-specific options, merged into the body's top level.
        pub extra_params: Option<Map<String, Value>>,
    }
}

impl Default for ChatParams {
    fn default() -> Self {
        Self {
            max_tokens: None,
            temperature: None,
            top_p: None,
            top_k: None,
            stop: None,
            n: None,
            tools: None,
            tool_choice: None,
            response_format: None,
            logprobs: None,
            top_logprobs: None,
            reasoning_effort: None,
            thinking: None,
            user: None,
            presence_penalty: None,
            frequency_penalty: None,
            seed: None,
            stream_options: None,
            databricks_options: None,
            custom_inputs: None,
            client_request_id: None,
            usage_context: None,
            extra_params: None,
            extra: Map::new(),
        }
    }
}

impl ChatParams {
    setters! {
        /// The longest answer, in tokens.
        max_tokens: u64,
        /// Randomness, 0 to 2.
        temperature: f64,
        /// Nucleus sampling, above 0 to 1.
        top_p: f64,
        /// Sample from the k likeliest tokens.
        top_k: u64,
        /// Where to stop.
        stop: Stop,
        /// How many choices.
        n: u64,
        /// The tools on offer.
        tools: Vec<Tool>,
        /// Which tool to use.
        tool_choice: ToolChoice,
        /// The form of the answer.
        response_format: ResponseFormat,
        /// Whether to return log probabilities.
        logprobs: bool,
        /// How many alternatives per token.
        top_logprobs: u64,
        /// How much to think.
        reasoning_effort: ReasoningEffort,
        /// Extended thinking.
        thinking: Value,
        /// Who asks.
        user: String,
        /// Lower repetition of topics.
        presence_penalty: f64,
        /// Lower repetition of words.
        frequency_penalty: f64,
        /// Repeatable sampling.
        seed: i64,
        /// Streaming options.
        stream_options: Value,
        /// Options of agent endpoints.
        databricks_options: Value,
        /// Free input of agent endpoints.
        custom_inputs: Value,
        /// An id of yours.
        client_request_id: String,
        /// Strings of yours.
        usage_context: Map<String, Value>,
        /// Endpoint-specific options.
        extra_params: Map<String, Value>,
    }
}
