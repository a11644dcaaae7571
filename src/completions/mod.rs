//! Text in, text out: endpoints whose task is `llm/v1/completions` or `llm/v1/chat`, custom models,
//! and apps on a cluster's driver node.
//!
//! A [`Completions`] is a handle on one [`Target`] with defaults for every call. An endpoint's task is
//! looked up once, unless it is given; it decides how the prompt is sent and the answer is read.
//!
//! ```no_run
//! # async fn example() -> lakewire::Result<()> {
//! use lakewire::{WorkspaceClient, completions::CompletionParams};
//!
//! let client = WorkspaceClient::from_env()?;
//! let dolly = client.completions("dolly-v2-12b").with_defaults(&CompletionParams::default().stop(["### End"]));
//! println!("{}", dolly.invoke("How are you?").await?);
//! # Ok(())
//! # }
//! ```
//!
//! # Coming from LangChain's `Databricks` class
//!
//! | there | here |
//! |---|---|
//! | `Databricks(endpoint_name="dolly")` | `client.completions("dolly")` |
//! | `Databricks(cluster_id=…, cluster_driver_port="7777")` | `client.completions(DriverProxyApp::new(…, 7777))` |
//! | `model_kwargs`, `extra_params` | `extra_params` (`model_kwargs` means the same) |
//! | `transform_input_fn`, `transform_output_fn` | [`with_transform_input`](Completions::with_transform_input), [`with_transform_output`](Completions::with_transform_output) |
//! | `stop=[…]` of a call | the request's `stop` |
//! | `task="…"` | [`with_task`](Completions::with_task) |
//!
//! What that class does and its users did not mean is done as they meant it:
//!
//! | there | here |
//! |---|---|
//! | a prompt to a chat endpoint is sent as `prompt`, which the endpoint refuses | it becomes one user message |
//! | `model_kwargs` fails in the constructor, always | it is another name of `extra_params` |
//! | the constructor's `stop`, `temperature`, `n` and `max_tokens` are dropped for custom models and apps | what is set is sent |
//! | `temperature` 0.0 and `n` 1 are sent without being asked for, which some models refuse | what is not set is not sent |
//! | the output function is ignored for the task `llama2/chat` | it is used |
//! | a custom endpoint with a chat or completions task is sent rows | it is sent what its task says, unless the input format is set (and to set both is refused) |
//! | content as a list of parts (reasoning models) is no string and fails | the text parts are joined |
//! | of several texts (`n`) only the first can be had | [`generate`](Completions::generate) gives all |
//! | `stream` gives one piece | it streams where the endpoint does |
//! | the endpoint is looked up in the constructor, which fails without the permission to look | at the first call, and never when the task is given |
//! | a host and a token are demanded even where they are not used, and a host such as `https://test.…` loses letters | the client's own host and credentials, for everything |
//! | a call to an app has no time limit | the client's limits |
//! | an app must live in the workspace `0` and at its root | [`DriverProxyApp::org_id`], [`DriverProxyApp::path`] |
//!
//! As there, an app is asked once: a refused or broken call is not sent again unless the call's
//! `max_attempts` asks for it.

pub mod answer;
pub mod body;
pub mod calls;
mod kind;
mod request;
mod stream;
#[cfg(test)]
mod tests;
mod transform;
pub mod types;

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Map, Value};

pub use kind::Kind;
pub use request::{CompletionRequest, Generation};
pub use stream::CompletionStream;
pub use types::{CompletionParams, DriverProxyApp, InputFormat, Target};

use crate::error::{Error, ErrorKind, Result};
use crate::join::join_bounded;
use crate::observe;
use crate::sender::{CallOptions, Meta, Sender};
use crate::transport::{BoxFuture, MaybeSend, MaybeSync};
use crate::wire::call::Repeat;
use crate::wire::json::Json;
use transform::{AnyError, Transform};

/// A text endpoint and the defaults of its calls. Cheap to clone; clones share what was looked up.
#[derive(Clone, Debug)]
pub struct Completions {
    sender: Sender,
    target: Target,
    defaults: String,
    task: Option<String>,
    format: Option<InputFormat>,
    params: Option<Map<String, Value>>,
    input: Option<Transform<Value>>,
    output: Option<Transform<String>>,
    found: Arc<Mutex<Option<Kind>>>,
}

impl Completions {
    pub(crate) fn new(sender: Sender, target: Target) -> Self {
        Self {
            sender,
            target,
            defaults: "{}".to_owned(),
            task: None,
            format: None,
            params: None,
            input: None,
            output: None,
            found: Arc::default(),
        }
    }

    /// Sets options for every call; a call's own options win.
    #[must_use]
    pub fn with_defaults(self, defaults: &CompletionParams) -> Self {
        // it holds only strings, numbers, lists and JSON values: writing it cannot fail
        let defaults = serde_json::to_string(defaults).unwrap_or_else(|_| "{}".to_owned());
        Self { defaults, ..self }
    }

    /// Says what the endpoint's task is, so that it is not looked up. An app has none: calls fail with `InvalidInput`.
    #[must_use]
    pub fn with_task(self, task: impl Into<String>) -> Self {
        Self { task: Some(task.into()), found: Arc::default(), ..self }
    }

    /// Says how a custom model takes its input. It also says that the endpoint is a custom model, so
    /// that its task is not looked up: calls fail with `InvalidInput` when [`with_task`](Self::with_task) says
    /// otherwise, or when it is an app.
    #[must_use]
    pub fn with_input_format(self, format: InputFormat) -> Self {
        Self { format: Some(format), found: Arc::default(), ..self }
    }

    /// Sets what a custom model takes beside its input, as `params` on the wire; for all others calls fail with
    /// `InvalidInput`.
    #[must_use]
    pub fn with_model_params(self, params: Map<String, Value>) -> Self {
        Self { params: Some(params), ..self }
    }

    /// Changes every request before it is sent: the function is given an object of `prompt` and what
    /// else is set, and gives what is sent instead: a custom model's row, or the whole body.
    ///
    /// ```no_run
    /// # fn example(client: lakewire::WorkspaceClient) {
    /// use serde_json::{Map, Value, json};
    /// let polite = client.completions("dolly").with_transform_input(|mut request: Map<String, Value>| {
    ///     let prompt = request.get("prompt").and_then(Value::as_str).unwrap_or_default();
    ///     let polite = format!("Please: {prompt}");
    ///     request.insert("prompt".into(), json!(polite));
    ///     Ok::<_, std::convert::Infallible>(request)
    /// });
    /// # }
    /// ```
    #[must_use]
    pub fn with_transform_input<V: Into<Value>, E: Into<AnyError> + 'static>(
        self,
        function: impl Fn(Map<String, Value>) -> std::result::Result<V, E> + MaybeSend + MaybeSync + 'static,
    ) -> Self {
        let function = move |request| function(object(request)).map(Into::into);
        Self { input: Some(Transform::new(function)), ..self }
    }

    /// As [`with_transform_input`](Self::with_transform_input), with a function that waits.
    #[must_use]
    pub fn with_transform_input_async<V, E, R>(
        self,
        function: impl Fn(Map<String, Value>) -> R + MaybeSend + MaybeSync + 'static,
    ) -> Self
    where
        V: Into<Value>,
        E: Into<AnyError> + 'static,
        R: Future<Output = std::result::Result<V, E>> + MaybeSend + 'static,
    {
        let function = move |request| {
            let changed = function(object(request));
            async move { changed.await.map(Into::into) }
        };
        Self { input: Some(Transform::waiting(function)), ..self }
    }

    /// Reads every answer: the function is given a custom model's first prediction, or the whole
    /// answer of all others, and gives the text.
    #[must_use]
    pub fn with_transform_output<E: Into<AnyError> + 'static>(
        self,
        function: impl Fn(Value) -> std::result::Result<String, E> + MaybeSend + MaybeSync + 'static,
    ) -> Self {
        Self { output: Some(Transform::new(function)), ..self }
    }

    /// As [`with_transform_output`](Self::with_transform_output), with a function that waits.
    #[must_use]
    pub fn with_transform_output_async<E, R>(
        self,
        function: impl Fn(Value) -> R + MaybeSend + MaybeSync + 'static,
    ) -> Self
    where
        E: Into<AnyError> + 'static,
        R: Future<Output = std::result::Result<String, E>> + MaybeSend + 'static,
    {
        Self { output: Some(Transform::waiting(function)), ..self }
    }

    pub(crate) fn sender(&self) -> &Sender {
        &self.sender
    }

    /// What answers.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// How the endpoint is asked and read; looked up at most once.
    ///
    /// # Errors
    /// `NotFound` when there is no such endpoint; `InvalidInput` when its task is not one of text, or when the handle's
    /// task, input format and target do not fit together.
    pub async fn kind(&self) -> Result<Kind> {
        self.find_kind(&CallOptions::default()).await
    }

    async fn find_kind(&self, options: &CallOptions) -> Result<Kind> {
        let task = self.task.as_deref().map(|task| Kind::of_task(Some(task)));
        let Target::Endpoint(endpoint) = &self.target else {
            let unused = [("task", task.is_some()), ("input_format", self.format.is_some())];
            let unused = unused.into_iter().find(|(_, set)| *set);
            return unused.map_or(Ok(Kind::App), |(name, _)| Err(body::no_use_to_an_app(name)));
        };
        match (task.transpose()?, self.format) {
            (None | Some(Kind::Custom), Some(_)) => return Ok(Kind::Custom),
            (Some(_), Some(_)) => return Err(Error::new(ErrorKind::InvalidInput, TWO_KINDS)),
            (Some(kind), None) => return Ok(kind),
            (None, None) => {}
        }
        if let Some(kind) = *self.found.lock().unwrap_or_else(PoisonError::into_inner) {
            return Ok(kind);
        }
        let (json, _) = self.sender.send(&calls::describe(endpoint)?, options).await?;
        let kind = Kind::of_endpoint(json.root())?;
        *self.found.lock().unwrap_or_else(PoisonError::into_inner) = Some(kind);
        Ok(kind)
    }

    async fn body(&self, kind: Kind, request: &CompletionRequest, stream: bool) -> Result<String> {
        let options = serde_json::to_string(&request.params).map_err(unwritable)?;
        let mut text = body::request(&request.prompt, &self.defaults, &options)?;
        if let Some(transform) = &self.input {
            text = transform.apply(&text, "transform_input").await?.to_string();
        }
        let params = request.model_params.as_ref().or(self.params.as_ref());
        let params = params.map(serde_json::to_string).transpose().map_err(unwritable)?;
        body::body(kind, &text, self.format.unwrap_or_default(), params.as_deref(), stream)
    }

    async fn ask(&self, body: String, options: &CallOptions) -> Result<(Json<()>, Meta)> {
        match &self.target {
            Target::Endpoint(endpoint) => {
                self.sender.send_as(observe::Kind::Llm, endpoint, &calls::invoke(endpoint, body)?, options).await
            }
            Target::App(app) => {
                let call = calls::app(app, body)?;
                if options.max_attempts.is_some() {
                    // the caller asked for it
                    return self
                        .sender
                        .send_as(observe::Kind::Llm, "app", &call.with_repeat(Repeat::Billed), options)
                        .await;
                }
                let once = CallOptions { max_attempts: Some(1), ..options.clone() };
                self.sender.send_as(observe::Kind::Llm, "app", &call, &once).await
            }
        }
    }

    /// Asks for a text.
    ///
    /// # Errors
    /// `InvalidInput` for a request that cannot be sent; `BadRequest`, `NotFound` and the like as the
    /// endpoint answers; `Decode` when its answer is no text; `TransformFailed` when a function given
    /// to change the request or read the answer failed.
    pub async fn invoke(&self, request: impl Into<CompletionRequest>) -> Result<String> {
        Ok(self.generate(request).await?.text)
    }

    /// Asks for a text and gives it with the answer it came from.
    ///
    /// # Errors
    /// As [`invoke`](Self::invoke).
    pub async fn generate(&self, request: impl Into<CompletionRequest>) -> Result<Generation> {
        let request = request.into();
        let kind = self.find_kind(&request.options).await?;
        let body = self.body(kind, &request, false).await?;
        let (json, meta) = self.ask(body, &request.options).await?;
        self.read(kind, json, meta).await
    }

    async fn read(&self, kind: Kind, json: Json<()>, meta: Meta) -> Result<Generation> {
        let texts = match &self.output {
            Some(transform) => {
                vec![transform.apply(answer::value(kind, json.root()).text(), "transform_output").await?]
            }
            None => answer::texts(kind, json.root())?,
        };
        Ok(Generation::new(texts, json, meta))
    }

    /// Asks for a text in pieces. Endpoints of chat and completions stream; all others, and handles
    /// with a function that reads answers, give the whole text as one piece. Dropping the stream ends
    /// the call at the server.
    ///
    /// # Errors
    /// As [`invoke`](Self::invoke). Errors after the first piece come out of the stream.
    pub async fn stream(&self, request: impl Into<CompletionRequest>) -> Result<CompletionStream> {
        let request = request.into();
        let kind = self.find_kind(&request.options).await?;
        match &self.target {
            Target::Endpoint(endpoint) if kind.streams() && self.output.is_none() => {
                let body = self.body(kind, &request, true).await?;
                let opened = self
                    .sender
                    .open_as(observe::Kind::Llm, endpoint, &calls::stream(endpoint, body)?, &request.options)
                    .await?;
                Ok(CompletionStream::new(self.sender.transport().clone(), opened))
            }
            _ => Ok(CompletionStream::of(self.generate(request).await?)),
        }
    }

    /// Asks many times, at most `max_concurrency` at once. Results keep the order of the requests; a
    /// failed one leaves the others as they are.
    pub async fn batch<R: Into<CompletionRequest>>(
        &self,
        requests: impl IntoIterator<Item = R>,
        max_concurrency: usize,
    ) -> Vec<Result<String>> {
        let calls = requests.into_iter().map(|request| {
            let request = request.into();
            Box::pin(async move { self.invoke(request).await }) as BoxFuture<'_, Result<String>>
        });
        // collected first: the closure would otherwise have to be Send for every lifetime
        let calls: Vec<_> = calls.collect();
        if calls.len() > 1 {
            // once for all of them; should it fail, each call says so itself
            let _ = self.kind().await;
        }
        join_bounded(calls, max_concurrency).await
    }
}

const TWO_KINDS: &str =
    "The input format says that the endpoint is a custom model, the task that it is not: leave one of them out.";

/// A request is an object: [`body::request`] makes no other.
fn object(request: Value) -> Map<String, Value> {
    match request {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

fn unwritable(fault: serde_json::Error) -> Error {
    Error::new(ErrorKind::InvalidInput, "The request cannot be written as JSON.").with_source(fault)
}
