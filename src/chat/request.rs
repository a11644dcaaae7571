//! A chat request of the Rust face: messages, options in the service's words, and call options.

use std::ops::{Deref, DerefMut};

use serde::Serialize;
use serde::ser::SerializeMap;

use crate::chat::types::{ChatParams, Message};
use crate::macros::WireObject;
use crate::sender::CallOptions;

/// What to ask. Made from a string, a message, or a list of messages; options are chainable
/// setters named as the service names them, or fields of [`ChatParams`] through `Deref`.
///
/// ```
/// use lakewire::chat::{ChatRequest, Message};
/// let request = ChatRequest::new([Message::user("Hi")]).temperature(0.2).max_tokens(50_u64);
/// assert_eq!(request.temperature, Some(0.2));
/// ```
#[derive(Clone, Debug, Default)]
pub struct ChatRequest {
    fields: ChatFields,
    options: CallOptions,
}

/// What goes into the body.
#[derive(Clone, Debug, Default)]
pub(crate) struct ChatFields {
    pub(crate) messages: Vec<Message>,
    pub(crate) params: ChatParams,
}

impl Deref for ChatFields {
    type Target = ChatParams;

    fn deref(&self) -> &ChatParams {
        &self.params
    }
}

impl DerefMut for ChatFields {
    fn deref_mut(&mut self) -> &mut ChatParams {
        &mut self.params
    }
}

impl Serialize for ChatFields {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("messages", &self.messages)?;
        self.params.write_fields(&mut map)?;
        map.end()
    }
}

impl ChatRequest {
    /// A request of these messages.
    pub fn new<M: Into<Message>>(messages: impl IntoIterator<Item = M>) -> Self {
        let messages = messages.into_iter().map(Into::into).collect();
        Self { fields: ChatFields { messages, params: ChatParams::default() }, options: CallOptions::default() }
    }

    /// Adds a message.
    #[must_use]
    pub fn message(mut self, message: impl Into<Message>) -> Self {
        self.fields.messages.push(message.into());
        self
    }

    /// Sets all options at once.
    #[must_use]
    pub fn params(mut self, params: ChatParams) -> Self {
        self.fields.params = params;
        self
    }

    /// Sets the call's own time limits, headers and attempts.
    #[must_use]
    pub fn options(mut self, options: CallOptions) -> Self {
        self.options = options;
        self
    }

    /// Randomness, 0 to 2.
    #[must_use]
    pub fn temperature(mut self, temperature: f64) -> Self {
        self.fields.params.temperature = Some(temperature);
        self
    }

    /// The longest answer, in tokens.
    #[must_use]
    pub fn max_tokens(mut self, max_tokens: u64) -> Self {
        self.fields.params.max_tokens = Some(max_tokens);
        self
    }

    /// The messages.
    #[must_use]
    pub fn messages(&self) -> &[Message] {
        &self.fields.messages
    }

    /// Whether the call has limits, headers or attempts of its own.
    pub(crate) fn has_options(&self) -> bool {
        self.options != CallOptions::default()
    }

    pub(crate) fn into_parts(self) -> (ChatFields, CallOptions) {
        (self.fields, self.options)
    }
}

impl Deref for ChatRequest {
    type Target = ChatParams;

    fn deref(&self) -> &ChatParams {
        &self.fields.params
    }
}

impl DerefMut for ChatRequest {
    fn deref_mut(&mut self) -> &mut ChatParams {
        &mut self.fields.params
    }
}

impl From<&str> for ChatRequest {
    fn from(text: &str) -> Self {
        Self::new([text])
    }
}

impl From<String> for ChatRequest {
    fn from(text: String) -> Self {
        Self::new([text])
    }
}

impl From<Message> for ChatRequest {
    fn from(message: Message) -> Self {
        Self::new([message])
    }
}

impl<M: Into<Message>> From<Vec<M>> for ChatRequest {
    fn from(messages: Vec<M>) -> Self {
        Self::new(messages)
    }
}

impl<M: Into<Message>, const N: usize> From<[M; N]> for ChatRequest {
    fn from(messages: [M; N]) -> Self {
        Self::new(messages)
    }
}
