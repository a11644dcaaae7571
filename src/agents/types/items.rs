//! What goes into a Responses call and comes out of it: messages, calls, results, thoughts.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::macros::{open_enum, wire_struct, wire_union};

/// Text, or a list of typed things.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum TextOr<T> {
    /// Plain text.
    Text(String),
    /// Typed things.
    List(Vec<T>),
}

impl<T> crate::macros::WireField for TextOr<T> {}

#[cfg(test)]
impl<T: crate::typescript::Typescript> crate::typescript::Typescript for TextOr<T> {
    fn reference() -> String {
        format!("string | {}", <Vec<T> as crate::typescript::Typescript>::reference())
    }

    fn declare(to: &mut crate::typescript::Declarations) {
        T::declare(to);
    }
}

impl<T> From<&str> for TextOr<T> {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl<T> From<String> for TextOr<T> {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl<T> From<Vec<T>> for TextOr<T> {
    fn from(list: Vec<T>) -> Self {
        Self::List(list)
    }
}

open_enum! {
    /// How far an item or an answer has come.
    pub enum ResponseStatus {
        /// It is being made.
        InProgress = "in_progress",
        /// It is whole.
        Completed = "completed",
        /// It was cut off, for example by `max_output_tokens`.
        Incomplete = "incomplete",
        /// It could not be made.
        Failed = "failed",
    }
}

wire_union! {
    /// One item of an input or an output. An item of a type this version does not know (such as `web_search_call`, `file_search_call`, `computer_call` or `custom_tool_call`) is kept as it came.
    pub enum ResponseItem by "type" {
        /// A message.
        Message(ResponseMessage) = "message",
        /// A tool the model asks for.
        FunctionCall(FunctionCallItem) = "function_call",
        /// What a tool gave.
        FunctionCallOutput(FunctionCallOutputItem) = "function_call_output",
        /// What the model thought; put it into the next turn as it is.
        Reasoning(ReasoningItem) = "reasoning",
        /// A request to allow a tool of an MCP server.
        McpApprovalRequest(McpApprovalRequest) = "mcp_approval_request",
        /// The answer to such a request.
        McpApprovalResponse(McpApprovalResponse) = "mcp_approval_response",
    }
}

wire_struct! {
    /// A message.
    pub struct ResponseMessage {
        /// `user`, `assistant`, `system` or `developer`.
        pub role: String,
        /// Text, or typed parts.
        pub content: TextOr<ResponsePart>,
        /// Which item it is; on messages that came out of a call.
        pub id: Option<String>,
        /// How far it has come; on messages that came out of a call.
        pub status: Option<ResponseStatus>,
    }
}

wire_union! {
    /// One part of a message's content. A part of a type this version does not know (such as `input_file`) is kept as it came.
    pub enum ResponsePart by "type" {
        /// Text of the model.
        OutputText(OutputText) = "output_text",
        /// Why the model does not answer.
        Refusal(Refusal) = "refusal",
        /// Text of the caller.
        InputText(InputText) = "input_text",
        /// A picture of the caller's.
        InputImage(InputImage) = "input_image",
    }
}

wire_struct! {
    /// Text of the model.
    pub struct OutputText {
        /// The text.
        pub text: String,
        /// What the text refers to.
        pub annotations: Option<Vec<Annotation>>,
    }
}

wire_union! {
    /// What a stretch of text refers to.
    pub enum Annotation by "type" {
        /// A page.
        UrlCitation(UrlCitation) = "url_citation",
        /// A file.
        FileCitation(FileReference) = "file_citation",
        /// A file the model made.
        FilePath(FileReference) = "file_path",
    }
}

wire_struct! {
    /// A page the text refers to.
    pub struct UrlCitation {
        /// Its address.
        pub url: String,
        /// Its title.
        pub title: Option<String>,
        /// Where in the text the reference begins.
        pub start_index: Option<i64>,
        /// Where it ends.
        pub end_index: Option<i64>,
    }
}

wire_struct! {
    /// A file the text refers to.
    pub struct FileReference {
        /// Which file.
        pub file_id: String,
        /// Its place among the files.
        pub index: Option<i64>,
    }
}

wire_struct! {
    /// Why the model does not answer.
    pub struct Refusal {
        /// The model's words.
        pub refusal: String,
    }
}

wire_struct! {
    /// Text of the caller.
    pub struct InputText {
        /// The text.
        pub text: String,
    }
}

wire_struct! {
    /// A picture of the caller's.
    pub struct InputImage {
        /// Its address, or a `data:` address that holds it.
        pub image_url: Option<String>,
        /// The file that holds it.
        pub file_id: Option<String>,
        /// How closely to look.
        pub detail: Option<String>,
    }
}

wire_struct! {
    /// A tool the model asks for.
    pub struct FunctionCallItem {
        /// Which call it is; its result names it.
        pub call_id: String,
        /// The tool's name.
        pub name: String,
        /// The arguments as JSON text.
        pub arguments: String,
        /// Which item it is.
        pub id: Option<String>,
        /// How far it has come.
        pub status: Option<ResponseStatus>,
    }
}

wire_struct! {
    /// What a tool gave.
    pub struct FunctionCallOutputItem {
        /// Which call it answers.
        pub call_id: String,
        /// The result.
        pub output: TextOr<Value>,
        /// Which item it is.
        pub id: Option<String>,
        /// How far it has come.
        pub status: Option<ResponseStatus>,
    }
}

wire_struct! {
    /// What the model thought.
    pub struct ReasoningItem {
        /// Which item it is.
        pub id: Option<String>,
        /// The thought, as far as it may be read.
        pub summary: Vec<ReasoningSummary>,
        /// How far it has come.
        pub status: Option<ResponseStatus>,
    }
}

wire_struct! {
    /// A piece of readable thought.
    pub struct ReasoningSummary {
        /// `summary_text`.
        pub kind as "type": String,
        /// The words.
        pub text: Option<String>,
    }
}

wire_struct! {
    /// A request to allow a tool of an MCP server.
    pub struct McpApprovalRequest {
        /// Which request it is; its answer names it.
        pub id: String,
        /// The tool's name.
        pub name: String,
        /// Which server.
        pub server_label: Option<String>,
        /// The arguments as JSON text.
        pub arguments: Option<String>,
    }
}

wire_struct! {
    /// The answer to a request to allow a tool.
    pub struct McpApprovalResponse {
        /// Which request it answers.
        pub approval_request_id: String,
        /// Whether the tool may run.
        pub approve: bool,
        /// Which item it is.
        pub id: Option<String>,
        /// Why.
        pub reason: Option<String>,
    }
}

impl ResponseMessage {
    /// A message of this role.
    #[must_use]
    pub fn new(role: impl Into<String>, content: impl Into<TextOr<ResponsePart>>) -> Self {
        Self { role: role.into(), content: content.into(), id: None, status: None, extra: Map::new() }
    }

    /// The text, parts that are not text left out.
    #[must_use]
    pub fn text(&self) -> String {
        match &self.content {
            TextOr::Text(text) => text.clone(),
            TextOr::List(parts) => parts
                .iter()
                .filter_map(|part| match part {
                    ResponsePart::OutputText(part) => Some(part.text.as_str()),
                    ResponsePart::InputText(part) => Some(part.text.as_str()),
                    _ => None,
                })
                .collect(),
        }
    }
}

impl ResponseItem {
    /// What the user says.
    #[must_use]
    pub fn user(content: impl Into<TextOr<ResponsePart>>) -> Self {
        Self::Message(ResponseMessage::new("user", content))
    }

    /// Instructions.
    #[must_use]
    pub fn system(content: impl Into<TextOr<ResponsePart>>) -> Self {
        Self::Message(ResponseMessage::new("system", content))
    }

    /// What the model said before.
    #[must_use]
    pub fn assistant(content: impl Into<TextOr<ResponsePart>>) -> Self {
        Self::Message(ResponseMessage::new("assistant", content))
    }

    /// What a tool gave.
    #[must_use]
    pub fn function_call_output(call_id: impl Into<String>, output: impl Into<TextOr<Value>>) -> Self {
        Self::FunctionCallOutput(FunctionCallOutputItem {
            call_id: call_id.into(),
            output: output.into(),
            id: None,
            status: None,
            extra: Map::new(),
        })
    }
}

impl From<&str> for ResponseItem {
    fn from(text: &str) -> Self {
        Self::user(text)
    }
}

impl From<String> for ResponseItem {
    fn from(text: String) -> Self {
        Self::user(text)
    }
}

impl From<(&str, &str)> for ResponseItem {
    fn from((role, content): (&str, &str)) -> Self {
        Self::Message(ResponseMessage::new(role, content))
    }
}
