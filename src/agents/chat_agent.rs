//! The handle of a ChatAgent endpoint, and its streams.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;

use crate::agents::types::{ChatAgentChunk, ChatAgentParams};
use crate::agents::{ChatAgentAnswer, ChatAgentRequest, body, calls, fold};
use crate::error::{Error, ErrorKind, Result};
use crate::observe::Kind;
use crate::sender::Sender;
use crate::stream::{EventStream, WordStream};
use crate::wire::form::Ending;

/// A ChatAgent endpoint and the defaults of its calls; made by
/// [`WorkspaceClient::chat_agent`](crate::WorkspaceClient::chat_agent). Cheap to clone.
#[derive(Clone, Debug)]
pub struct ChatAgent {
    sender: Sender,
    endpoint: String,
    defaults: String,
}

impl ChatAgent {
    pub(crate) fn new(sender: Sender, endpoint: String) -> Self {
        Self { sender, endpoint, defaults: "{}".to_owned() }
    }

    /// Sets options for every call; a call's own options win.
    #[must_use]
    pub fn with_defaults(self, defaults: &ChatAgentParams) -> Self {
        // params hold only strings and JSON values: writing them cannot fail
        let defaults = serde_json::to_string(defaults).unwrap_or_else(|_| "{}".to_owned());
        Self { defaults, ..self }
    }

    /// The endpoint's name.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    fn body(&self, fields: &crate::agents::request::ChatAgentFields, stream: bool) -> Result<String> {
        let text = serde_json::to_string(fields).map_err(|fault| {
            Error::new(ErrorKind::InvalidInput, "The request cannot be written as JSON.").with_source(fault)
        })?;
        body::chat_agent(&self.defaults, &text, stream)
    }

    pub(crate) fn sender(&self) -> &Sender {
        &self.sender
    }

    /// Asks for a whole answer.
    ///
    /// # Errors
    /// `InvalidInput` for a request that cannot be sent, such as a tool's message without its call;
    /// `BadRequest`, `NotFound`, `TooManyRequests` and the like as the service answers; `Decode` when the
    /// endpoint is no ChatAgent.
    ///
    /// `POST /serving-endpoints/{endpoint}/invocations`
    pub async fn invoke(&self, request: impl Into<ChatAgentRequest>) -> Result<ChatAgentAnswer> {
        let (fields, options) = request.into().into_parts();
        let call = calls::chat_agent(&self.endpoint, self.body(&fields, false)?)?;
        let (json, meta) = self.sender.send_as(Kind::Agent, &self.endpoint, &call, &options).await?;
        ChatAgentAnswer::new(&json, meta)
    }

    /// Asks for a streamed answer. Dropping the stream ends the call at the server.
    ///
    /// # Errors
    /// As [`invoke`](Self::invoke); `UnexpectedContentType` when no stream came. Errors after the first
    /// chunk come out of the stream, with what had arrived.
    ///
    /// `POST /serving-endpoints/{endpoint}/invocations`
    pub async fn stream(&self, request: impl Into<ChatAgentRequest>) -> Result<ChatAgentStream> {
        let (fields, options) = request.into().into_parts();
        let call = calls::chat_agent_stream(&self.endpoint, self.body(&fields, true)?)?;
        let opened = self.sender.open_as(Kind::Agent, &self.endpoint, &call, &options).await?;
        let transport = self.sender.transport().clone();
        Ok(ChatAgentStream { chunks: EventStream::of_form(transport, opened, fold::agent::ChatAgent::default()) })
    }
}

/// The chunks of a streamed answer, as a [`Stream`] or by [`next`](Self::next).
///
/// ```no_run
/// # async fn example(agent: lakewire::agents::ChatAgent) -> lakewire::Result<()> {
/// let mut words = agent.stream("What is a lakehouse?").await?.text();
/// while let Some(word) = words.next().await {
///     print!("{}", word?);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct ChatAgentStream {
    chunks: EventStream<ChatAgentChunk>,
}

impl ChatAgentStream {
    /// The id to quote to Databricks support.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.chunks.meta().request_id.as_deref()
    }

    /// How the stream ended; `None` while it runs and when it failed.
    #[must_use]
    pub fn ending(&self) -> Option<Ending> {
        self.chunks.ending()
    }

    /// The next chunk; `None` at the end.
    pub async fn next(&mut self) -> Option<Result<ChatAgentChunk>> {
        self.chunks.next().await
    }

    /// The stream of words: the text of all the assistant's messages, in order.
    #[must_use]
    pub fn text(self) -> WordStream<ChatAgentChunk> {
        self.chunks.into_words()
    }

    /// The whole answer; reads the rest of the stream.
    ///
    /// # Errors
    /// As the stream itself.
    pub async fn final_answer(self) -> Result<ChatAgentAnswer> {
        let (json, meta) = self.chunks.into_whole().await?;
        ChatAgentAnswer::new(&json, meta)
    }
}

impl Stream for ChatAgentStream {
    type Item = Result<ChatAgentChunk>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.chunks).poll_next(cx)
    }
}
