//! One request for text, and what it gave.

use std::ops::{Deref, DerefMut};

use serde_json::{Map, Value};

use crate::chat::types::Usage;
use crate::completions::types::CompletionParams;
use crate::error::Result;
use crate::sender::{CallOptions, Meta};
use crate::wire::json::{Json, Raw};

/// What to ask. Made from a prompt; options are fields of [`CompletionParams`] through `Deref`.
///
/// ```
/// use lakewire::completions::{CompletionParams, CompletionRequest};
/// let request = CompletionRequest::new("2+2?").params(CompletionParams::default().stop(["\n"]).max_tokens(16_u64));
/// assert_eq!(request.max_tokens, Some(16));
/// ```
#[derive(Clone, Debug, Default)]
pub struct CompletionRequest {
    pub(crate) prompt: String,
    pub(crate) params: CompletionParams,
    pub(crate) model_params: Option<Map<String, Value>>,
    pub(crate) options: CallOptions,
}

impl CompletionRequest {
    /// A request with this prompt.
    #[must_use]
    pub fn new(prompt: impl Into<String>) -> Self {
        Self { prompt: prompt.into(), ..Self::default() }
    }

    /// Sets all options at once.
    #[must_use]
    pub fn params(mut self, params: CompletionParams) -> Self {
        self.params = params;
        self
    }

    /// Sets what a custom model takes beside its input, as `params` on the wire.
    #[must_use]
    pub fn model_params(mut self, params: Map<String, Value>) -> Self {
        self.model_params = Some(params);
        self
    }

    /// Sets the call's own time limits, headers and attempts.
    #[must_use]
    pub fn options(mut self, options: CallOptions) -> Self {
        self.options = options;
        self
    }

    /// Whether the call has limits, headers or attempts of its own.
    pub(crate) fn has_options(&self) -> bool {
        self.options != CallOptions::default()
    }
}

impl Deref for CompletionRequest {
    type Target = CompletionParams;

    fn deref(&self) -> &CompletionParams {
        &self.params
    }
}

impl DerefMut for CompletionRequest {
    fn deref_mut(&mut self) -> &mut CompletionParams {
        &mut self.params
    }
}

impl From<&str> for CompletionRequest {
    fn from(prompt: &str) -> Self {
        Self::new(prompt)
    }
}

impl From<String> for CompletionRequest {
    fn from(prompt: String) -> Self {
        Self::new(prompt)
    }
}

/// A text and the answer it came from.
#[derive(Clone, Debug)]
pub struct Generation {
    /// The text, or the first of several.
    pub text: String,
    /// All texts: as many as `n` asked for and the endpoint made.
    pub texts: Vec<String>,
    json: Json<()>,
    meta: Meta,
}

impl Generation {
    pub(crate) fn new(texts: Vec<String>, json: Json<()>, meta: Meta) -> Self {
        Self { text: texts.first().cloned().unwrap_or_default(), texts, json, meta }
    }

    pub(crate) fn into_parts(self) -> (String, Meta) {
        (self.text, self.meta)
    }

    /// The answer as the endpoint sent it: JSON text.
    #[must_use]
    pub fn raw(&self) -> &str {
        self.json.as_str()
    }

    /// The tokens used, when the endpoint says so.
    ///
    /// # Errors
    /// `Decode` when it says so in a form of its own.
    pub fn usage(&self) -> Result<Option<Usage>> {
        let usage = self.json.root().get_some("usage").map(Raw::text);
        usage.map(|text| Json::from_checked(text.to_owned()).read()).transpose()
    }

    /// The id to quote to Databricks support.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.meta.request_id.as_deref()
    }

    /// Which served entity answered.
    #[must_use]
    pub fn served_model_name(&self) -> Option<&str> {
        self.meta.served_model_name.as_deref()
    }

    /// How many requests were sent for this answer.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.meta.attempts
    }
}
