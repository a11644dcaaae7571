//! Requests of the Rust face: input, options in the service's words, and call options.

use std::ops::{Deref, DerefMut};

use serde::Serialize;
use serde::ser::SerializeMap;

use crate::agents::types::{ChatAgentMessage, ChatAgentParams, ResponseItem, ResponsesParams, ResponsesTool};
use crate::chat::types::{Content, Message, Tool};
use crate::macros::WireObject;
use crate::sender::CallOptions;

macro_rules! request {
    (
        $(#[doc = $doc:literal])*
        pub struct $name:ident { $list:ident as $wire:literal: $item:ident, params: $params:ident, fields: $fields:ident }
        $(#[doc = $new:literal])*
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, Default)]
        pub struct $name {
            fields: $fields,
            options: CallOptions,
        }

        /// What goes into the body.
        #[derive(Clone, Debug, Default)]
        pub(crate) struct $fields {
            pub(crate) $list: Vec<$item>,
            pub(crate) params: $params,
        }

        impl Serialize for $fields {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut map = serializer.serialize_map(None)?;
                map.serialize_entry($wire, &self.$list)?;
                self.params.write_fields(&mut map)?;
                map.end()
            }
        }

        impl $name {
            $(#[doc = $new])*
            pub fn new<T: Into<$item>>($list: impl IntoIterator<Item = T>) -> Self {
                let $list = $list.into_iter().map(Into::into).collect();
                Self { fields: $fields { $list, params: $params::default() }, options: CallOptions::default() }
            }

            /// Sets all options at once.
            #[must_use]
            pub fn params(mut self, params: $params) -> Self {
                self.fields.params = params;
                self
            }

            /// Sets the call's own time limits, headers and attempts.
            #[must_use]
            pub fn options(mut self, options: CallOptions) -> Self {
                self.options = options;
                self
            }

            /// Whether the call has options of its own.
            pub(crate) fn has_options(&self) -> bool {
                self.options != CallOptions::default()
            }

            pub(crate) fn into_parts(self) -> ($fields, CallOptions) {
                (self.fields, self.options)
            }
        }

        impl Deref for $name {
            type Target = $params;

            fn deref(&self) -> &$params {
                &self.fields.params
            }
        }

        impl DerefMut for $name {
            fn deref_mut(&mut self) -> &mut $params {
                &mut self.fields.params
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::new([text])
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self::new([text])
            }
        }

        impl<T: Into<$item>> From<Vec<T>> for $name {
            fn from(list: Vec<T>) -> Self {
                Self::new(list)
            }
        }

        impl<T: Into<$item>, const N: usize> From<[T; N]> for $name {
            fn from(list: [T; N]) -> Self {
                Self::new(list)
            }
        }
    };
}

request! {
    /// What to ask a Responses endpoint. Made from text or a list of items; options are fields of
    /// [`ResponsesParams`] through `Deref`.
    ///
    /// ```
    /// use lakewire::agents::{ResponseItem, ResponsesRequest, types::ResponsesParams};
    /// let request = ResponsesRequest::new([ResponseItem::system("Be brief."), ResponseItem::user("Hi")])
    ///     .params(ResponsesParams::default().max_output_tokens(50_u64));
    /// assert_eq!(request.max_output_tokens, Some(50));
    /// ```
    pub struct ResponsesRequest { items as "input": ResponseItem, params: ResponsesParams, fields: ResponsesFields }
    /// A request of these items.
}

request! {
    /// What to ask a ChatAgent endpoint. Made from text or a list of messages; options are fields of
    /// [`ChatAgentParams`] through `Deref`.
    ///
    /// ```
    /// use lakewire::agents::{ChatAgentMessage, ChatAgentRequest};
    /// let request = ChatAgentRequest::new([ChatAgentMessage::user("Hi")]);
    /// assert!(request.custom_inputs.is_none());
    /// ```
    pub struct ChatAgentRequest { messages as "messages": ChatAgentMessage, params: ChatAgentParams, fields: ChatAgentFields }
    /// A request of these messages.
}

impl ResponsesRequest {
    /// The items.
    #[must_use]
    pub fn items(&self) -> &[ResponseItem] {
        &self.fields.items
    }

    /// Adds an item.
    #[must_use]
    pub fn item(mut self, item: impl Into<ResponseItem>) -> Self {
        self.fields.items.push(item.into());
        self
    }
}

impl ChatAgentRequest {
    /// The messages.
    #[must_use]
    pub fn messages(&self) -> &[ChatAgentMessage] {
        &self.fields.messages
    }

    /// Adds a message.
    #[must_use]
    pub fn message(mut self, message: impl Into<ChatAgentMessage>) -> Self {
        self.fields.messages.push(message.into());
        self
    }
}

impl From<Message> for ResponseItem {
    /// A chat message as it is; the call that it is sent with writes it as the items it stands for.
    fn from(message: Message) -> Self {
        // messages hold text, numbers and JSON values: writing them cannot fail
        match serde_json::to_value(message) {
            Ok(serde_json::Value::Object(message)) => Self::Other(message),
            _ => Self::Other(serde_json::Map::new()),
        }
    }
}

impl From<Message> for ChatAgentMessage {
    /// A chat message. Agents take text alone: a message of typed parts is refused when it is sent.
    fn from(message: Message) -> Self {
        let mut extra = message.extra;
        let content = match message.content {
            Some(Content::Text(text)) => Some(text),
            Some(parts @ Content::Parts(_)) => {
                extra.insert("content".to_owned(), serde_json::to_value(parts).unwrap_or_default());
                None
            }
            None => None,
        };
        let calls = |calls: Vec<_>| calls.iter().filter_map(|call| serde_json::to_value(call).ok()).collect();
        Self {
            content,
            name: message.name,
            tool_calls: message.tool_calls.map(calls),
            tool_call_id: message.tool_call_id,
            extra,
            ..Self::new(message.role.as_str(), "")
        }
    }
}

impl From<Tool> for ResponsesTool {
    /// A chat tool in the flat form of Responses.
    fn from(tool: Tool) -> Self {
        let function = tool.function;
        Self {
            kind: "function".to_owned(),
            name: Some(function.name),
            description: function.description,
            parameters: function.parameters,
            strict: function.strict,
            extra: function.extra,
        }
    }
}
