//! Chat with a serving endpoint whose task is `llm/v1/chat`: whole answers, streams, batches,
//! tools and structured output.
//!
//! A [`Chat`] is a handle on one endpoint with defaults for every call. What goes in is a
//! [`ChatRequest`], made from a string, a message or a list of messages, with options set in the
//! service's own words:
//!
//! ```no_run
//! # async fn example() -> lakewire::Result<()> {
//! use lakewire::{WorkspaceClient, chat::{ChatRequest, Message}};
//!
//! let client = WorkspaceClient::from_env()?;
//! let chat = client.chat("databricks-meta-llama-3-3-70b-instruct");
//! let answer = chat.invoke("What is a lakehouse?").await?;
//! println!("{}", answer.text());
//!
//! let request = ChatRequest::new([Message::system("Be brief."), Message::user("And a delta table?")]).max_tokens(100_u64);
//! println!("{}", chat.invoke(request).await?.text());
//! # Ok(())
//! # }
//! ```
//!
//! Endpoints that speak the Responses or ChatAgent forms have rooms of their own.

pub mod accumulate;
mod answer;
pub mod body;
pub mod calls;
pub(crate) mod columns;
mod folded;
mod plan;
mod request;
pub mod stream;
pub mod structured;
#[cfg(all(feature = "native", not(target_arch = "wasm32")))]
pub mod structured_chat;
pub mod tool_calls;
pub mod tool_loop;
pub mod types;

pub use answer::ChatAnswer;
pub use request::ChatRequest;
pub use stream::ChatStream;
pub use tool_loop::{RunnableTool, ToolLimits, ToolRun};
pub use types::{
    ChatCompletion, ChatCompletionChunk, ChatParams, Content, ContentPart, Message, Role, Tool, ToolChoice, Usage,
};

use crate::error::{Error, ErrorKind, Result};
use crate::join::join_bounded;
use crate::observe::Kind;
use crate::sender::Sender;
use crate::transport::BoxFuture;
use crate::wire::call::{Call, StreamCall};
use crate::wire::json::{Json, push_string};

/// A chat endpoint and the defaults of its calls. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Chat {
    sender: Sender,
    endpoint: String,
    defaults: String,
    elsewhere: Option<Elsewhere>,
}

/// A route of another service that speaks chat completions.
#[derive(Clone, Debug)]
pub(crate) struct Elsewhere {
    /// The encoded path.
    pub(crate) path: String,
    /// What is known about its failures.
    pub(crate) explain: fn(Error) -> Error,
    /// Whether the body names the model, as it must where the route does not.
    pub(crate) names_model: bool,
}

impl Chat {
    pub(crate) fn new(sender: Sender, endpoint: String) -> Self {
        Self { sender, endpoint, defaults: "{}".to_owned(), elsewhere: None }
    }

    /// A model of another service, at a route of its own.
    pub(crate) fn elsewhere(sender: Sender, model: String, elsewhere: Elsewhere) -> Self {
        Self { elsewhere: Some(elsewhere), ..Self::new(sender, model) }
    }

    /// Sets options for every call; a call's own options win.
    #[must_use]
    pub fn with_defaults(self, defaults: &ChatParams) -> Self {
        // a ChatParams holds only strings, numbers, lists and JSON values: writing it cannot fail
        let defaults = serde_json::to_string(defaults).unwrap_or_else(|_| "{}".to_owned());
        Self { defaults, ..self }
    }

    /// Like [`with_defaults`](Self::with_defaults), from the JSON text of an object.
    ///
    /// # Errors
    /// `InvalidInput` when the text is not an object of chat options.
    pub fn with_defaults_json(self, defaults: String) -> Result<Self> {
        body::build(&defaults, r#"{"messages":"x"}"#, false)?;
        Ok(Self { defaults, ..self })
    }

    /// The endpoint's name.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The defaults as the JSON text of an object.
    #[must_use]
    pub fn defaults(&self) -> &str {
        &self.defaults
    }

    pub(crate) fn sender(&self) -> &Sender {
        &self.sender
    }

    pub(crate) fn invoke_call(&self, body: String) -> Result<Call<Json<ChatCompletion>>> {
        match &self.elsewhere {
            None => calls::invoke(&self.endpoint, body),
            Some(there) => Ok(calls::invoke_at(&there.path, self.with_model(there, body), there.explain)),
        }
    }

    pub(crate) fn stream_call(&self, body: String) -> Result<StreamCall<ChatCompletionChunk>> {
        match &self.elsewhere {
            None => calls::stream(&self.endpoint, body),
            Some(there) => Ok(calls::stream_at(&there.path, self.with_model(there, body), there.explain)),
        }
    }

    /// Other services may be told the model in the body.
    fn with_model(&self, there: &Elsewhere, mut body: String) -> String {
        if there.names_model && body.ends_with('}') {
            body.pop();
            body.push_str(",\"model\":");
            push_string(&mut body, &self.endpoint);
            body.push('}');
        }
        body
    }

    pub(crate) fn body(&self, request: &request::ChatFields, stream: bool) -> Result<String> {
        let text = serde_json::to_string(request).map_err(|fault| {
            Error::new(ErrorKind::InvalidInput, "The chat request cannot be written as JSON.").with_source(fault)
        })?;
        body::build(&self.defaults, &text, stream)
    }

    /// Asks for a whole answer.
    ///
    /// # Errors
    /// `InvalidInput` for a request that cannot be sent; `BadRequest`, `NotFound`,
    /// `TooManyRequests` and the like as the service answers; `Decode` when the endpoint does not
    /// speak chat.
    pub async fn invoke(&self, request: impl Into<ChatRequest>) -> Result<ChatAnswer> {
        let (fields, options) = request.into().into_parts();
        let call = self.invoke_call(self.body(&fields, false)?)?;
        let (json, meta) = self.sender.send_as(Kind::ChatModel, &self.endpoint, &call, &options).await?;
        ChatAnswer::new(&json, meta)
    }

    /// Asks for a streamed answer. Dropping the stream ends the call at the server.
    ///
    /// # Errors
    /// As [`invoke`](Self::invoke); `UnexpectedContentType` when no stream came. Errors after the
    /// first chunk come out of the stream, with what had arrived.
    pub async fn stream(&self, request: impl Into<ChatRequest>) -> Result<ChatStream> {
        let (fields, options) = request.into().into_parts();
        let call = self.stream_call(self.body(&fields, true)?)?;
        let opened = self.sender.open_as(Kind::ChatModel, &self.endpoint, &call, &options).await?;
        Ok(ChatStream::new(self.sender.transport().clone(), opened))
    }

    /// Asks many times, at most `max_concurrency` at once. Results keep the order of the requests;
    /// a failed one leaves the others as they are.
    pub async fn batch<R: Into<ChatRequest>>(
        &self,
        requests: impl IntoIterator<Item = R>,
        max_concurrency: usize,
    ) -> Vec<Result<ChatAnswer>> {
        let calls = requests.into_iter().map(|request| {
            let request = request.into();
            Box::pin(async move { self.invoke(request).await }) as BoxFuture<'_, Result<ChatAnswer>>
        });
        // collected first: the closure would otherwise have to be Send for every lifetime
        let calls: Vec<_> = calls.collect();
        join_bounded(calls, max_concurrency).await
    }

    /// Asks, runs the tools the model asks for, and repeats until it answers.
    ///
    /// # Errors
    /// As [`invoke`](Self::invoke), and `StepLimit` and `UnknownTool`. A failing tool is told to
    /// the model instead.
    pub async fn run_tools(
        &self,
        request: impl Into<ChatRequest>,
        tools: &[RunnableTool],
        limits: ToolLimits,
    ) -> Result<ToolRun> {
        tool_loop::run_tools(self, request.into(), tools, limits).await
    }
}
