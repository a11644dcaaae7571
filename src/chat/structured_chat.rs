//! Structured output of the Rust face: the answer checked by the `jsonschema` crate and read as a
//! type of the caller's.

use std::marker::PhantomData;

use serde::de::DeserializeOwned;

use crate::chat::structured::{StructuredMethod, StructuredOutput};
use crate::chat::{Chat, ChatAnswer, ChatRequest, body};
use crate::error::{Error, ErrorKind, Result};
use crate::observe::Kind;

/// A chat endpoint that answers with a `T`.
pub struct StructuredChat<T> {
    chat: Chat,
    output: StructuredOutput,
    validator: jsonschema::Validator,
    of: PhantomData<fn() -> T>,
}

impl<T> std::fmt::Debug for StructuredChat<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StructuredChat({})", self.chat.endpoint())
    }
}

/// A value and the answer it came from.
#[derive(Clone, Debug)]
pub struct Structured<T> {
    /// The value.
    pub value: T,
    /// The whole answer.
    pub answer: ChatAnswer,
}

impl Chat {
    /// A handle whose answers fit a JSON Schema and are read as `T`.
    ///
    /// # Errors
    /// `InvalidInput` when the schema is not one.
    pub fn structured_output<T: DeserializeOwned>(
        &self,
        schema: &serde_json::Value,
        method: StructuredMethod,
    ) -> Result<StructuredChat<T>> {
        let output = StructuredOutput::new(&schema.to_string(), None, method, None)?;
        let validator = jsonschema::validator_for(schema).map_err(|fault| {
            Error::new(ErrorKind::InvalidInput, format!("The schema is not a JSON Schema: {fault}"))
        })?;
        Ok(StructuredChat { chat: self.clone(), output, validator, of: PhantomData })
    }
}

impl<T: DeserializeOwned> StructuredChat<T> {
    /// Asks for a value.
    ///
    /// # Errors
    /// As [`Chat::invoke`]; `OutputMismatch` when the answer does not fit, with the whole answer
    /// as [`Error::partial`].
    pub async fn invoke(&self, request: impl Into<ChatRequest>) -> Result<Structured<T>> {
        let (fields, options) = request.into().into_parts();
        let text = serde_json::to_string(&fields).map_err(|fault| {
            Error::new(ErrorKind::InvalidInput, "The chat request cannot be written as JSON.").with_source(fault)
        })?;
        let body = body::build(self.chat.defaults(), &self.output.add_to(&text)?, false)?;
        let call = self.chat.invoke_call(body)?;
        let (json, meta) = self.chat.sender().send_as(Kind::ChatModel, self.chat.endpoint(), &call, &options).await?;
        let found = self.output.extract(json.root())?;
        let mismatch = |place: String| {
            Error::new(ErrorKind::OutputMismatch, format!("The model's answer does not fit the schema{place}."))
                .with_partial(Some(json.as_str().to_owned()))
        };
        let value: serde_json::Value = serde_json::from_str(&found).map_err(|_| mismatch(String::new()))?;
        if let Some(fault) = self.validator.iter_errors(&value).next() {
            return Err(mismatch(format!(" at `{}`", fault.instance_path())));
        }
        let value = serde_json::from_value(value).map_err(|fault| {
            Error::new(
                ErrorKind::OutputMismatch,
                "The model's answer fits the schema but not the Rust type: compare the two.",
            )
            .with_partial(Some(json.as_str().to_owned()))
            .with_source(fault)
        })?;
        Ok(Structured { value, answer: ChatAnswer::new(&json, meta)? })
    }
}
