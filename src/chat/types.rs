//! Requests and answers of chat endpoints (`llm/v1/chat`), in the service's words.
//!
//! Facts: Databricks' "Foundation model REST API reference", "Query reasoning models",
//! "Query vision models", "Function calling on Databricks" and the public clients' types.

use serde_json::{Map, Value};

use crate::macros::{open_enum, setters, wire_struct, wire_union};

open_enum! {
    /// Who speaks.
    pub enum Role {
        /// Instructions; at most one, and first.
        System = "system",
        /// The person or program that asks.
        User = "user",
        /// The model.
        Assistant = "assistant",
        /// The result of a tool call.
        Tool = "tool",
        /// Instructions, for the GPT class of models.
        Developer = "developer",
    }
}

open_enum! {
    /// Why a choice ended.
    pub enum FinishReason {
        /// A natural end or a stop sequence.
        Stop = "stop",
        /// `max_tokens` was reached.
        Length = "length",
        /// The model asks for tools to be run.
        ToolCalls = "tool_calls",
        /// A guardrail or filter cut the answer.
        ContentFilter = "content_filter",
        /// The old form of `tool_calls`.
        FunctionCall = "function_call",
    }
}

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
    /// One message of a conversation.
    pub struct Message {
        /// Who speaks.
        pub role: Role,
        /// Text, or typed parts; absent or `null` when the message only holds tool calls.
        pub content: Option<Content>,
        /// Who of several speakers; tolerated on user messages.
        pub name: Option<String>,
        /// The tools the assistant asks for.
        pub tool_calls: Option<Vec<ToolCall>>,
        /// Which call a tool message answers.
        pub tool_call_id: Option<String>,
    }
}

impl Message {
    /// A message of this role.
    #[must_use]
    pub fn new(role: Role, content: impl Into<Content>) -> Self {
        Self {
            role,
            content: Some(content.into()),
            name: None,
            tool_calls: None,
            tool_call_id: None,
            extra: Map::new(),
        }
    }

    /// Instructions.
    #[must_use]
    pub fn system(content: impl Into<Content>) -> Self {
        Self::new(Role::System, content)
    }

    /// What the user says.
    #[must_use]
    pub fn user(content: impl Into<Content>) -> Self {
        Self::new(Role::User, content)
    }

    /// What the model said before.
    #[must_use]
    pub fn assistant(content: impl Into<Content>) -> Self {
        Self::new(Role::Assistant, content)
    }

    /// The result of a tool call.
    #[must_use]
    pub fn tool(tool_call_id: impl Into<String>, content: impl Into<Content>) -> Self {
        Self { tool_call_id: Some(tool_call_id.into()), ..Self::new(Role::Tool, content) }
    }

    /// The text, parts that are not text left out.
    #[must_use]
    pub fn text(&self) -> String {
        self.content.as_ref().map(Content::text).unwrap_or_default()
    }
}

impl From<&str> for Message {
    fn from(text: &str) -> Self {
        Self::user(text)
    }
}

impl From<String> for Message {
    fn from(text: String) -> Self {
        Self::user(text)
    }
}

impl<T: Into<Content>> From<(&str, T)> for Message {
    fn from((role, content): (&str, T)) -> Self {
        Self::new(Role::from(role), content)
    }
}

/// What a message holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Plain text.
    Text(String),
    /// Typed parts.
    Parts(Vec<ContentPart>),
}

impl Content {
    /// The text, parts that are not text left out.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Parts(parts) => parts
                .iter()
                .filter_map(|part| match part {
                    ContentPart::Text(part) => Some(part.text.as_str()),
                    _ => None,
                })
                .collect(),
        }
    }
}

impl From<&str> for Content {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Content {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Vec<ContentPart>> for Content {
    fn from(parts: Vec<ContentPart>) -> Self {
        Self::Parts(parts)
    }
}

impl serde::Serialize for Content {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Parts(parts) => parts.serialize(serializer),
        }
    }
}

impl<'de> serde::Deserialize<'de> for Content {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ContentVisitor;
        impl<'de> serde::de::Visitor<'de> for ContentVisitor {
            type Value = Content;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("text or content parts")
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Content::Text(text.to_owned()))
            }

            fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
                Ok(Content::Text(text))
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut parts = Vec::new();
                while let Some(part) = seq.next_element()? {
                    parts.push(part);
                }
                Ok(Content::Parts(parts))
            }
        }
        deserializer.deserialize_any(ContentVisitor)
    }
}

impl crate::macros::WireField for Content {}

#[cfg(test)]
impl crate::typescript::Typescript for Content {
    fn reference() -> String {
        "string | ContentPart[]".into()
    }

    fn declare(to: &mut crate::typescript::Declarations) {
        ContentPart::declare(to);
    }
}

wire_union! {
    /// One part of a message's content, told apart by `type`.
    pub enum ContentPart by "type" {
        /// Text.
        Text(TextPart) = "text",
        /// An image.
        ImageUrl(ImageUrlPart) = "image_url",
        /// Audio by address (Gemini class).
        AudioUrl(AudioUrlPart) = "audio_url",
        /// Video by address (Gemini class).
        VideoUrl(VideoUrlPart) = "video_url",
        /// Audio as data (external OpenAI class).
        InputAudio(InputAudioPart) = "input_audio",
        /// A document.
        Document(DocumentPart) = "document",
        /// A file.
        File(FilePart) = "file",
        /// What a reasoning model thought; echo it unchanged in the next turn.
        Reasoning(ReasoningPart) = "reasoning",
    }
}

wire_struct! {
    /// A text part.
    pub struct TextPart {
        /// The text.
        pub text: String,
        /// Where the text comes from, when the model cites.
        pub citations: Option<Value>,
        /// Marks the end of a prompt prefix to cache (Claude), e.g. `{"type": "ephemeral"}`.
        pub cache_control: Option<Value>,
    }
}

wire_struct! {
    /// An image part.
    pub struct ImageUrlPart {
        /// Where the image is.
        pub image_url: MediaUrl,
    }
}

wire_struct! {
    /// An audio part by address.
    pub struct AudioUrlPart {
        /// Where the audio is.
        pub audio_url: MediaUrl,
    }
}

wire_struct! {
    /// A video part by address.
    pub struct VideoUrlPart {
        /// Where the video is.
        pub video_url: MediaUrl,
    }
}

wire_struct! {
    /// An address of media. Some endpoints (Claude class) take `data:` addresses only.
    pub struct MediaUrl {
        /// An `https:` or `data:` address.
        pub url: String,
        /// How closely to look at an image.
        pub detail: Option<String>,
    }
}

wire_struct! {
    /// An audio part as data.
    pub struct InputAudioPart {
        /// The audio.
        pub input_audio: InputAudio,
    }
}

wire_struct! {
    /// Audio as data.
    pub struct InputAudio {
        /// Base64.
        pub data: String,
        /// `wav` or `mp3`.
        pub format: String,
    }
}

wire_struct! {
    /// A document part.
    pub struct DocumentPart {
        /// Where the document is, in the provider's words.
        pub source: Value,
    }
}

wire_struct! {
    /// A file part.
    pub struct FilePart {
        /// The file, in the provider's words (`filename`, `file_data`, `file_id`).
        pub file: Value,
    }
}

wire_struct! {
    /// What a reasoning model thought.
    pub struct ReasoningPart {
        /// The pieces.
        pub summary: Vec<ReasoningSummary>,
    }
}

wire_union! {
    /// One piece of reasoning, told apart by `type`.
    pub enum ReasoningSummary by "type" {
        /// Readable reasoning.
        SummaryText(SummaryText) = "summary_text",
        /// Reasoning the provider keeps closed.
        SummaryEncryptedText(SummaryEncryptedText) = "summary_encrypted_text",
    }
}

wire_struct! {
    /// Readable reasoning.
    pub struct SummaryText {
        /// The text.
        pub text: String,
        /// The provider's proof of origin; the next turn is refused without it.
        pub signature: Option<String>,
    }
}

wire_struct! {
    /// Reasoning the provider keeps closed.
    pub struct SummaryEncryptedText {
        /// The closed text.
        pub data: String,
    }
}

wire_struct! {
    /// A tool the model asks for.
    pub struct ToolCall {
        /// Which call it is; the tool message repeats it.
        pub id: Option<String>,
        /// Always `function` so far.
        pub kind as "type": Option<String>,
        /// What to call.
        pub function: FunctionCall,
    }
}

wire_struct! {
    /// A function's name and arguments.
    pub struct FunctionCall {
        /// The tool's name.
        pub name: String,
        /// The arguments: JSON text as the model wrote it, not yet checked.
        pub arguments: Option<String>,
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

wire_struct! {
    /// A whole answer.
    pub struct ChatCompletion {
        /// The answer's id; `null` from some models.
        pub id: Option<String>,
        /// `chat.completion`.
        pub object: Option<String>,
        /// Seconds since 1970.
        pub created: Option<i64>,
        /// The served model, not always the endpoint's name.
        pub model: Option<String>,
        /// The choices, one unless `n` asked for more.
        pub choices: Vec<Choice>,
        /// Tokens used.
        pub usage: Option<Usage>,
        /// What agent endpoints add, such as a trace.
        pub databricks_output: Option<Value>,
    }
}

wire_struct! {
    /// One choice of an answer.
    pub struct Choice {
        /// Its place.
        pub index: u64,
        /// What the model says.
        pub message: Message,
        /// Why it ended; absent when the service did not say.
        pub finish_reason: Option<FinishReason>,
        /// Log probabilities, when asked for.
        pub logprobs: Option<Value>,
    }
}

wire_struct! {
    /// Tokens used.
    pub struct Usage {
        /// Tokens of the prompt; without cached ones in the Claude class.
        pub prompt_tokens: Option<u64>,
        /// Tokens of the answer.
        pub completion_tokens: Option<u64>,
        /// Both.
        pub total_tokens: Option<u64>,
        /// Tokens of thought.
        pub reasoning_tokens: Option<u64>,
        /// More on the prompt, such as `cached_tokens`.
        pub prompt_tokens_details: Option<Value>,
        /// More on the answer, such as `reasoning_tokens`.
        pub completion_tokens_details: Option<Value>,
        /// Prompt tokens read from the cache (Claude class).
        pub cache_read_input_tokens: Option<u64>,
        /// Prompt tokens written to the cache (Claude class).
        pub cache_creation_input_tokens: Option<u64>,
    }
}

wire_struct! {
    /// One event of a streamed answer.
    pub struct ChatCompletionChunk {
        /// The answer's id.
        pub id: Option<String>,
        /// `chat.completion.chunk`.
        pub object: Option<String>,
        /// Seconds since 1970.
        pub created: Option<i64>,
        /// The served model.
        pub model: Option<String>,
        /// What is new; empty in a last chunk that only holds usage.
        pub choices: Vec<ChunkChoice>,
        /// Tokens used so far; counts may be `null` at first. Take the last, never the sum.
        pub usage: Option<Usage>,
    }
}

wire_struct! {
    /// What is new in one choice.
    pub struct ChunkChoice {
        /// Which choice.
        pub index: u64,
        /// What is new.
        pub delta: Delta,
        /// Why it ended; `null` until it does.
        pub finish_reason: Option<FinishReason>,
        /// Log probabilities of the new tokens.
        pub logprobs: Option<Value>,
    }
}

wire_struct! {
    /// The new piece of a message.
    pub struct Delta {
        /// Who speaks; on the first chunk, sometimes on all.
        pub role: Option<Role>,
        /// New text, or new parts.
        pub content: Option<Content>,
        /// New pieces of tool calls.
        pub tool_calls: Option<Vec<ToolCallDelta>>,
    }
}

wire_struct! {
    /// A new piece of a tool call.
    pub struct ToolCallDelta {
        /// Which call of the message; some providers leave it out.
        pub index: Option<i64>,
        /// Which call it is, in its first piece.
        pub id: Option<String>,
        /// Always `function` so far.
        pub kind as "type": Option<String>,
        /// Name and argument text.
        pub function: Option<FunctionCallDelta>,
    }
}

wire_struct! {
    /// A new piece of a function call.
    pub struct FunctionCallDelta {
        /// The name, in the first piece.
        pub name: Option<String>,
        /// Argument text to append.
        pub arguments: Option<String>,
    }
}
