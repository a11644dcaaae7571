//! Whole answers with the views callers want.

use std::ops::Deref;

use crate::agents::items::next_input;
use crate::agents::types::{ChatAgentMessage, ChatAgentResponse, ResponseItem, ResponseObject, TextOr};
use crate::agents::verdict::requested;
use crate::chat::tool_calls::RequestedTool;
use crate::error::{Error, ErrorKind, Result};
use crate::macros::meta_views;
use crate::sender::Meta;
use crate::wire::json::{Json, Raw};

/// A Responses answer as the service sent it, with views on its output and the facts its headers held.
/// Derefs to [`ResponseObject`].
#[derive(Clone, Debug)]
pub struct ResponsesAnswer {
    response: ResponseObject,
    tool_calls: Vec<RequestedTool>,
    /// The input that was sent and the answer, JSON texts.
    sent: String,
    text: String,
    meta: Meta,
}

impl ResponsesAnswer {
    pub(crate) fn new(json: Json<ResponseObject>, meta: Meta, body: &str) -> Result<Self> {
        let tool_calls = requested(json.root())?;
        let response = json.read()?;
        let sent = Raw::trusted(body).get("input").map_or("[]", Raw::text).to_owned();
        Ok(Self { response, tool_calls, sent, text: json.into_string(), meta })
    }

    /// All text of the assistant, in order.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = String::new();
        for item in &self.response.output {
            if let ResponseItem::Message(message) = item {
                if message.role == "assistant" {
                    out.push_str(&message.text());
                }
            }
        }
        out
    }

    /// The tools the answer asks for; a call whose result stands in the answer was run by the agent
    /// itself and is left out. [`RequestedTool::arguments`] checks the arguments.
    #[must_use]
    pub fn tool_calls(&self) -> &[RequestedTool] {
        &self.tool_calls
    }

    /// What may be read of the thought behind the answer.
    #[must_use]
    pub fn reasoning(&self) -> String {
        let mut out = String::new();
        for item in &self.response.output {
            if let ResponseItem::Reasoning(reasoning) = item {
                out.extend(reasoning.summary.iter().filter_map(|piece| piece.text.as_deref()));
            }
        }
        out
    }

    /// The trace, when `databricks_options.return_trace` asked for it.
    #[must_use]
    pub fn trace(&self) -> Option<&serde_json::Value> {
        self.response.databricks_output.as_ref()?.get("trace")
    }

    /// The output as items for the next turn: ids the service would refuse are cut, thoughts are kept.
    ///
    /// # Errors
    /// `InvalidInput` when an item of the output cannot be sent.
    pub fn as_input(&self) -> Result<Vec<ResponseItem>> {
        self.items(None, None)
    }

    /// The input of the next turn: what was sent, what came out of it, and `more`.
    ///
    /// # Errors
    /// `InvalidInput` when an item cannot be sent.
    pub fn next_input<T: Into<ResponseItem>>(&self, more: impl IntoIterator<Item = T>) -> Result<Vec<ResponseItem>> {
        let more: Vec<ResponseItem> = more.into_iter().map(Into::into).collect();
        let more = serde_json::to_string(&more).map_err(|_| unwritable())?;
        self.items(Some(Raw::trusted(&self.sent)), Some(Raw::trusted(&more)))
    }

    fn items(&self, sent: Option<Raw<'_>>, more: Option<Raw<'_>>) -> Result<Vec<ResponseItem>> {
        let text = next_input(sent, Raw::trusted(&self.text).get_some("output"), more)?;
        let mut items: Vec<serde_json::Value> = serde_json::from_str(&text).map_err(|_| unwritable())?;
        for item in &mut items {
            // messages may go without a type, by which items are told apart here
            if let Some(item) = item.as_object_mut() {
                item.entry("type").or_insert_with(|| "message".into());
            }
        }
        serde_json::from_value(items.into()).map_err(|_| unwritable())
    }

    meta_views!();

    /// The answer as JSON text.
    #[must_use]
    pub fn as_json(&self) -> &str {
        &self.text
    }

    /// The answer alone.
    #[must_use]
    pub fn into_response(self) -> ResponseObject {
        self.response
    }
}

fn unwritable() -> Error {
    Error::new(ErrorKind::InvalidInput, "The items of the answer cannot be written as input.")
}

impl Deref for ResponsesAnswer {
    type Target = ResponseObject;

    fn deref(&self) -> &ResponseObject {
        &self.response
    }
}

/// A ChatAgent answer as the service sent it, with views on its messages and the facts its headers
/// held. Derefs to [`ChatAgentResponse`].
#[derive(Clone, Debug)]
pub struct ChatAgentAnswer {
    response: ChatAgentResponse,
    meta: Meta,
}

impl ChatAgentAnswer {
    pub(crate) fn new(json: &Json<ChatAgentResponse>, meta: Meta) -> Result<Self> {
        Ok(Self { response: json.read()?, meta })
    }

    /// The text of the assistant's last message.
    #[must_use]
    pub fn text(&self) -> &str {
        self.message().and_then(|message| message.content.as_deref()).unwrap_or("")
    }

    /// The assistant's last message.
    #[must_use]
    pub fn message(&self) -> Option<&ChatAgentMessage> {
        self.response.messages.iter().rfind(|message| message.role == "assistant")
    }

    /// The trace, when `databricks_options.return_trace` asked for it.
    #[must_use]
    pub fn trace(&self) -> Option<&serde_json::Value> {
        self.response.databricks_output.as_ref()?.get("trace")
    }

    meta_views!();

    /// The answer alone.
    #[must_use]
    pub fn into_response(self) -> ChatAgentResponse {
        self.response
    }
}

impl Deref for ChatAgentAnswer {
    type Target = ChatAgentResponse;

    fn deref(&self) -> &ChatAgentResponse {
        &self.response
    }
}

impl<T> TextOr<T> {
    /// The text, when it is text.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::List(_) => None,
        }
    }
}
