//! The handle of a Responses endpoint, and its streams.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;

use crate::agents::calls::{self, Route};
use crate::agents::request::ResponsesFields;
use crate::agents::types::{ResponseEvent, ResponseItem, ResponseObject, ResponsesParams};
use crate::agents::{ResponsesAnswer, ResponsesRequest, body, fold, tool_loop};
use crate::chat::tool_loop::{RunnableTool, ToolLimits};
use crate::error::{Error, ErrorKind, Result};
use crate::observe::Kind;
use crate::sender::{Opened, Sender};
use crate::stream::{EventStream, WordStream};
use crate::transport::Transport;
use crate::wire::form::Ending;

/// A Responses endpoint and the defaults of its calls; made by
/// [`WorkspaceClient::responses`](crate::WorkspaceClient::responses). Cheap to clone.
#[derive(Clone, Debug)]
pub struct Responses {
    sender: Sender,
    endpoint: String,
    route: Route,
    defaults: String,
}

impl Responses {
    pub(crate) fn new(sender: Sender, endpoint: String) -> Self {
        Self { sender, endpoint, route: Route::default(), defaults: "{}".to_owned() }
    }

    /// Sets options for every call; a call's own options win.
    #[must_use]
    pub fn with_defaults(self, defaults: &ResponsesParams) -> Self {
        // params hold only strings, numbers, lists and JSON values: writing them cannot fail
        let defaults = serde_json::to_string(defaults).unwrap_or_else(|_| "{}".to_owned());
        Self { defaults, ..self }
    }

    /// Sets the route of every call. Models behind OpenAI's Responses may need
    /// [`Route::OpenAi`]; agents answer on both.
    #[must_use]
    pub fn with_route(self, route: Route) -> Self {
        Self { route, ..self }
    }

    /// The endpoint's name.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    pub(crate) fn sender(&self) -> &Sender {
        &self.sender
    }

    pub(crate) fn body(&self, fields: &ResponsesFields, stream: bool) -> Result<String> {
        let text = serde_json::to_string(fields).map_err(|fault| {
            Error::new(ErrorKind::InvalidInput, "The request cannot be written as JSON.").with_source(fault)
        })?;
        body::responses(&self.defaults, &text, self.route.model(&self.endpoint), stream)
    }

    pub(crate) fn call(
        &self,
        body: String,
    ) -> Result<crate::wire::call::Call<crate::wire::json::Json<ResponseObject>>> {
        calls::responses(&self.endpoint, self.route, body)
    }

    /// Asks for a whole answer.
    ///
    /// # Errors
    /// `InvalidInput` for a request that cannot be sent; `BadRequest`, `NotFound`, `TooManyRequests` and
    /// the like as the service answers, also when it says so in an answer that failed; `Decode` when the
    /// endpoint does not speak Responses.
    ///
    /// `POST /serving-endpoints/{endpoint}/invocations` or `POST /serving-endpoints/responses`
    pub async fn invoke(&self, request: impl Into<ResponsesRequest>) -> Result<ResponsesAnswer> {
        let (fields, options) = request.into().into_parts();
        let body = self.body(&fields, false)?;
        let call = self.call(body.clone())?;
        let (json, meta) = self.sender.send_as(Kind::Agent, &self.endpoint, &call, &options).await?;
        ResponsesAnswer::new(json, meta, &body)
    }

    /// Asks for a streamed answer. Dropping the stream ends the call at the server.
    ///
    /// # Errors
    /// As [`invoke`](Self::invoke); `UnexpectedContentType` when no stream came. Errors after the first
    /// event come out of the stream, with what had arrived.
    ///
    /// `POST /serving-endpoints/{endpoint}/invocations` or `POST /serving-endpoints/responses`
    pub async fn stream(&self, request: impl Into<ResponsesRequest>) -> Result<ResponsesStream> {
        let (fields, options) = request.into().into_parts();
        let body = self.body(&fields, true)?;
        let call = calls::responses_stream(&self.endpoint, self.route, body.clone())?;
        let opened = self.sender.open_as(Kind::Agent, &self.endpoint, &call, &options).await?;
        Ok(ResponsesStream::new(self.sender.transport().clone(), opened, body))
    }

    /// Asks, runs the tools the model asks for, and repeats until it answers. Tools that an agent runs
    /// itself are not run again.
    ///
    /// # Errors
    /// As [`invoke`](Self::invoke), and `StepLimit` and `UnknownTool`. A failing tool is told to the
    /// model instead.
    pub async fn run_tools(
        &self,
        request: impl Into<ResponsesRequest>,
        tools: &[RunnableTool],
        limits: ToolLimits,
    ) -> Result<ResponsesRun> {
        tool_loop::run_tools(self, request.into(), tools, limits).await
    }
}

/// How a tool loop ended.
#[derive(Clone, Debug)]
pub struct ResponsesRun {
    /// The last answer.
    pub answer: ResponsesAnswer,
    /// How many times the model was asked.
    pub steps: u32,
    /// The whole conversation as items, the answer's output included.
    pub items: Vec<ResponseItem>,
}

/// The events of a streamed answer, as a [`Stream`] or by [`next`](Self::next).
///
/// ```no_run
/// # async fn example(agent: lakewire::agents::Responses) -> lakewire::Result<()> {
/// let mut stream = agent.stream("What is a lakehouse?").await?;
/// while let Some(event) = stream.next().await {
///     print!("{}", event?.delta().unwrap_or(""));
/// }
/// let answer = stream.final_response().await?;
/// println!("\n{:?}", answer.usage);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct ResponsesStream {
    events: EventStream<ResponseEvent>,
    body: String,
}

impl ResponsesStream {
    fn new(transport: Arc<dyn Transport>, opened: Opened, body: String) -> Self {
        Self { events: EventStream::of_form(transport, opened, fold::Responses::default()), body }
    }

    /// The id to quote to Databricks support.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.events.meta().request_id.as_deref()
    }

    /// How the stream ended; `None` while it runs and when it failed.
    #[must_use]
    pub fn ending(&self) -> Option<Ending> {
        self.events.ending()
    }

    /// The next event; `None` at the end.
    pub async fn next(&mut self) -> Option<Result<ResponseEvent>> {
        self.events.next().await
    }

    /// The stream of words: text comes once, as deltas, or whole from an item that had none.
    #[must_use]
    pub fn text(self) -> WordStream<ResponseEvent> {
        self.events.into_words()
    }

    /// The whole answer; reads the rest of the stream.
    ///
    /// # Errors
    /// As the stream itself.
    pub async fn final_response(self) -> Result<ResponsesAnswer> {
        let (json, meta) = self.events.into_whole().await?;
        ResponsesAnswer::new(json, meta, &self.body)
    }
}

impl Stream for ResponsesStream {
    type Item = Result<ResponseEvent>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.events).poll_next(cx)
    }
}
