//! Models of the Hugging Face Hub: text generation and chat, through Hugging Face's router or from a
//! Text Generation Inference server of your own.
//!
//! A [`HubClient`] has a host and a token of its own; the workspace's never go there. While a model is
//! being loaded, a call waits as long as the service says, within its own limits.
//!
//! ```no_run
//! # async fn example() -> lakewire::Result<()> {
//! use lakewire::hugging_face::{HubClient, TextGenerationRequest, dolly_answer, dolly_prompt};
//!
//! let hub = HubClient::own("http://127.0.0.1:8080", "hf_…")?;
//! let answer = hub.text_generation(TextGenerationRequest::new(dolly_prompt("Name a lake.", None))).await?;
//! println!("{}", dolly_answer(&answer.text));
//! # Ok(())
//! # }
//! ```
//!
//! Few of the Hub's models are served by anyone at a given time; `databricks/dolly-v2-12b` most likely
//! is not. Then a server of your own is the way ([`HubClient::own`]).

pub mod calls;
mod dolly;
#[cfg(test)]
mod tests;
pub mod types;

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

pub use dolly::{END as DOLLY_END, dolly_answer, dolly_prompt};
pub use types::{Provider, TextGenerationDetails, TextGenerationEvent, TextGenerationParameters};

use crate::auth::Credentials;
use crate::chat::{Chat, Elsewhere};
use crate::config::Config;
use crate::error::{Error, ErrorKind, Result};
use crate::sender::{CallOptions, Meta, Sender};
use crate::stream::EventStream;
use crate::transport::{self, Transport};
use crate::wire::form;
use crate::wire::json::{Json, Raw};
use calls::Route;

/// Where a [`HubClient`] sends its calls, and as whom.
#[derive(Clone, Debug)]
pub struct HubConfig {
    /// Limits and headers. A model may take minutes to load: 5 attempts, and waits of up to 10 minutes
    /// when the service asks for them, unless set otherwise.
    pub config: Config,
    prefix: String,
    provider: Provider,
}

impl HubConfig {
    /// The defaults, for this base URL.
    ///
    /// # Errors
    /// `InvalidInput` when the address is not one, or is plain `http` and not this machine.
    pub fn new(base_url: &str) -> Result<Self> {
        let prefix = calls::prefix(base_url).to_owned();
        let mut config = Config::new(base_url)?;
        config.retry.max_attempts = 5;
        config.retry.max_retry_after = Duration::from_secs(600);
        Ok(Self { config, prefix, provider: Provider::Auto })
    }

    /// Says who runs the models.
    #[must_use]
    pub fn provider(self, provider: Provider) -> Self {
        Self { provider, ..self }
    }

    /// Says which organisation pays.
    #[must_use]
    pub fn bill_to(mut self, organisation: impl Into<String>) -> Self {
        self.config.headers.push(("x-hf-bill-to".into(), organisation.into()));
        self
    }
}

/// Models of the Hugging Face Hub. Cheap to clone; clones share the retry budget and the connections.
#[derive(Clone, Debug)]
pub struct HubClient {
    sender: Sender,
    prefix: String,
    provider: Provider,
}

impl HubClient {
    /// A client of Hugging Face's router with a token (`hf_…`).
    ///
    /// # Errors
    /// `InvalidInput` when the token cannot be one, or when the crate was built without a transport
    /// (feature `native`).
    pub fn new(token: impl Into<Credentials>) -> Result<Self> {
        Self::with_config(HubConfig::new(calls::ROUTER)?, token.into())
    }

    /// A client of a Text Generation Inference server of your own, or of a dedicated endpoint.
    ///
    /// # Errors
    /// As [`new`](Self::new); `InvalidInput` when the address is not one.
    pub fn own(base_url: &str, credentials: impl Into<Credentials>) -> Result<Self> {
        Self::with_config(HubConfig::new(base_url)?.provider(Provider::Tgi), credentials.into())
    }

    /// A client over the platform's transport.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_config(config: HubConfig, credentials: Credentials) -> Result<Self> {
        let transport = transport::platform(config.config.timeouts.connect)?;
        Self::with_transport(config, credentials, transport)
    }

    /// A client from its parts.
    ///
    /// # Errors
    /// `InvalidInput` when the parts do not fit together.
    pub fn with_transport(config: HubConfig, credentials: Credentials, transport: Arc<dyn Transport>) -> Result<Self> {
        let HubConfig { config, prefix, provider } = config;
        Ok(Self { sender: Sender::new(config, credentials, transport)?, prefix, provider })
    }

    fn route<'a>(&'a self, model: Option<&'a str>) -> Route<'a> {
        Route { prefix: &self.prefix, provider: &self.provider, model }
    }

    /// Asks for a text.
    ///
    /// # Errors
    /// `InvalidInput` for a request that cannot be sent; `Unauthenticated`, `NotFound`, `BadRequest`,
    /// `TooManyRequests` (the server is overloaded), `TemporarilyUnavailable` (the model is loading and
    /// the limits did not allow to wait for it) and the like as the service answers.
    pub async fn text_generation(&self, request: impl Into<TextGenerationRequest>) -> Result<TextGeneration> {
        let request = request.into();
        let body = calls::body(&request.inputs, &request.parameters_text()?, false)?;
        let call = calls::text_generation(self.route(request.model.as_deref()), body)?;
        let (json, meta) = self.sender.send(&call, &request.options).await?;
        let text = calls::generated(json.root())?;
        Ok(TextGeneration { text, json, meta })
    }

    /// Asks for a text, token by token; [`EventStream::into_words`] gives its words alone, without the
    /// model's special tokens. Dropping the stream ends the call at the server.
    ///
    /// # Errors
    /// As [`text_generation`](Self::text_generation). Errors after the first token come out of the
    /// stream.
    pub async fn text_generation_stream(
        &self,
        request: impl Into<TextGenerationRequest>,
    ) -> Result<EventStream<TextGenerationEvent>> {
        let request = request.into();
        let body = calls::body(&request.inputs, &request.parameters_text()?, true)?;
        let call = calls::text_generation_stream(self.route(request.model.as_deref()), body)?;
        let opened = self.sender.open(&call, &request.options).await?;
        Ok(EventStream::of_form(self.sender.transport().clone(), opened, form::Tgi::default()))
    }

    /// Chat with a model: the same handle as a serving endpoint's, tools and structured output
    /// included, as far as the model and its server know them.
    ///
    /// # Errors
    /// `InvalidInput` when no model can have this name.
    pub fn chat(&self, model: impl Into<String>) -> Result<Chat> {
        let model = model.into();
        chat(self.sender.clone(), self.route(Some(model.as_str()).filter(|model| !model.is_empty())))
    }
}

/// The chat handle of a route, for both faces.
pub(crate) fn chat(sender: Sender, route: Route<'_>) -> Result<Chat> {
    let (path, model) = route.chat()?;
    Ok(Chat::elsewhere(sender, model, Elsewhere { path, explain: calls::explain, names_model: true }))
}

/// What to generate. Made from a prompt; parameters are fields of [`TextGenerationParameters`] through
/// `Deref`.
///
/// ```
/// use lakewire::hugging_face::{TextGenerationParameters, TextGenerationRequest};
/// let parameters = TextGenerationParameters::default().max_new_tokens(100_u64).stop(["### End"]);
/// let request = TextGenerationRequest::new("Hi").model("databricks/dolly-v2-12b").parameters(parameters);
/// assert_eq!(request.max_new_tokens, Some(100));
/// ```
#[derive(Clone, Debug, Default)]
pub struct TextGenerationRequest {
    inputs: String,
    model: Option<String>,
    parameters: TextGenerationParameters,
    options: CallOptions,
}

impl TextGenerationRequest {
    /// A request with this prompt.
    #[must_use]
    pub fn new(inputs: impl Into<String>) -> Self {
        Self { inputs: inputs.into(), ..Self::default() }
    }

    /// Says which model, `org/name`; a server of your own has but one.
    #[must_use]
    pub fn model(mut self, model: impl Into<String>) -> Self {
        self.model = Some(model.into());
        self
    }

    /// Sets all parameters at once.
    #[must_use]
    pub fn parameters(mut self, parameters: TextGenerationParameters) -> Self {
        self.parameters = parameters;
        self
    }

    /// Sets the call's own time limits, headers and attempts.
    #[must_use]
    pub fn options(mut self, options: CallOptions) -> Self {
        self.options = options;
        self
    }

    fn parameters_text(&self) -> Result<String> {
        serde_json::to_string(&self.parameters).map_err(|fault| {
            Error::new(ErrorKind::InvalidInput, "The parameters cannot be written as JSON.").with_source(fault)
        })
    }
}

impl Deref for TextGenerationRequest {
    type Target = TextGenerationParameters;

    fn deref(&self) -> &TextGenerationParameters {
        &self.parameters
    }
}

impl DerefMut for TextGenerationRequest {
    fn deref_mut(&mut self) -> &mut TextGenerationParameters {
        &mut self.parameters
    }
}

impl From<&str> for TextGenerationRequest {
    fn from(inputs: &str) -> Self {
        Self::new(inputs)
    }
}

impl From<String> for TextGenerationRequest {
    fn from(inputs: String) -> Self {
        Self::new(inputs)
    }
}

/// A text and the answer it came from.
#[derive(Clone, Debug)]
pub struct TextGeneration {
    /// The new text; with the prompt before it when `return_full_text` asked for that.
    pub text: String,
    json: Json<()>,
    meta: Meta,
}

impl TextGeneration {
    /// The answer as the service sent it: JSON text.
    #[must_use]
    pub fn raw(&self) -> &str {
        self.json.as_str()
    }

    /// How the text came to be, when `details` asked for it.
    ///
    /// # Errors
    /// `Decode` when the service says so in a form of its own.
    pub fn details(&self) -> Result<Option<TextGenerationDetails>> {
        let root = self.json.root();
        let details = root.at(0).unwrap_or(root).get_some("details").map(Raw::text);
        details.map(|text| Json::from_checked(text.to_owned()).read()).transpose()
    }

    /// The id to quote to Hugging Face.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.meta.request_id.as_deref()
    }

    /// How many requests were sent for this answer.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.meta.attempts
    }
}
