//! A whole answer with the views callers want.

use std::ops::Deref;

use crate::chat::tool_calls::{RequestedTool, requested_tools};
use crate::chat::types::{ChatCompletion, Content, ContentPart, FinishReason, Message};
use crate::error::Result;
use crate::macros::meta_views;
use crate::sender::Meta;
use crate::wire::json::Json;

/// A chat completion as the service sent it, with views on its first choice and the facts its
/// headers held. Derefs to [`ChatCompletion`].
#[derive(Clone, Debug)]
pub struct ChatAnswer {
    completion: ChatCompletion,
    tool_calls: Vec<RequestedTool>,
    meta: Meta,
}

impl ChatAnswer {
    pub(crate) fn new(json: &Json<ChatCompletion>, meta: Meta) -> Result<Self> {
        let tool_calls = requested_tools(json.root())?;
        Ok(Self { completion: json.read()?, tool_calls, meta })
    }

    /// The first choice's message; echo it in the next turn as it is.
    #[must_use]
    pub fn message(&self) -> Option<&Message> {
        self.completion.choices.first().map(|choice| &choice.message)
    }

    /// The first choice's text, parts that are not text left out.
    #[must_use]
    pub fn text(&self) -> String {
        self.message().map(Message::text).unwrap_or_default()
    }

    /// The first choice's typed parts; empty when the content is plain text.
    #[must_use]
    pub fn parts(&self) -> &[ContentPart] {
        match self.message().and_then(|message| message.content.as_ref()) {
            Some(Content::Parts(parts)) => parts,
            _ => &[],
        }
    }

    /// The tools the first choice asks for; [`RequestedTool::arguments`] checks the arguments.
    #[must_use]
    pub fn tool_calls(&self) -> &[RequestedTool] {
        &self.tool_calls
    }

    /// Why the first choice ended; `None` when the service did not say.
    #[must_use]
    pub fn finish_reason(&self) -> Option<&FinishReason> {
        self.completion.choices.first().and_then(|choice| choice.finish_reason.as_ref())
    }

    /// The first choice's log probabilities, when asked for.
    #[must_use]
    pub fn logprobs(&self) -> Option<&serde_json::Value> {
        self.completion.choices.first().and_then(|choice| choice.logprobs.as_ref())
    }

    meta_views!();

    /// The completion alone.
    #[must_use]
    pub fn into_completion(self) -> ChatCompletion {
        self.completion
    }
}

impl Deref for ChatAnswer {
    type Target = ChatCompletion;

    fn deref(&self) -> &ChatCompletion {
        &self.completion
    }
}
