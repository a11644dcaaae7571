//! Hugging Face by name, and the pure steps around its calls.

use wasm_bindgen::prelude::*;

use crate::error::Result;
use crate::hugging_face::calls::{self, Route};
use crate::hugging_face::{Provider, dolly_answer, dolly_prompt};
use crate::js::chat::CoreChat;
use crate::js::client::CoreClient;
use crate::js::error::to_js;
use crate::js::operations::Args;
use crate::wire::call::{Call, StreamCall};
use crate::wire::json::Raw;

pub(super) fn call(name: &str, args: &Args) -> Option<Result<Call<String>>> {
    (name == "hub.textGeneration").then(|| {
        let (provider, body) = (provider(args)?, args.text(3)?.to_owned());
        Ok(calls::text_generation(route(args, &provider)?, body)?.into_text())
    })
}

pub(super) fn open(name: &str, args: &Args) -> Option<Result<StreamCall<()>>> {
    (name == "hub.textGenerationStream").then(|| {
        let (provider, body) = (provider(args)?, args.text(3)?.to_owned());
        calls::text_generation_stream(route(args, &provider)?, body)
    })
}

/// `base URL, provider, model, body`.
fn provider(args: &Args) -> Result<Provider> {
    Provider::from_name(args.optional(1).unwrap_or(""))
}

fn route<'a>(args: &'a Args, provider: &'a Provider) -> Result<Route<'a>> {
    Ok(Route { prefix: calls::prefix(args.text(0)?), provider, model: args.optional(2) })
}

#[wasm_bindgen]
impl CoreClient {
    /// Chat with a model of the hub.
    ///
    /// # Errors
    /// `InvalidInput`.
    #[wasm_bindgen(js_name = hubChat)]
    pub fn hub_chat(
        &self,
        base: &str,
        provider: &str,
        model: Option<String>,
        defaults: String,
    ) -> Result<CoreChat, JsValue> {
        Provider::from_name(provider)
            .and_then(|provider| {
                let route = Route { prefix: calls::prefix(base), provider: &provider, model: model.as_deref() };
                crate::hugging_face::chat(self.sender().clone(), route)?.with_defaults_json(defaults)
            })
            .map(CoreChat::new)
            .map_err(|error| to_js(&error))
    }
}

/// Checks the provider's name.
///
/// # Errors
/// `InvalidInput`.
#[wasm_bindgen(js_name = hubProvider)]
pub fn check_provider(name: &str) -> Result<(), JsValue> {
    Provider::from_name(name).map(|_| ()).map_err(|error| to_js(&error))
}

/// The body of text generation.
///
/// # Errors
/// `InvalidInput`.
#[wasm_bindgen(js_name = hubBody)]
pub fn request_body(inputs: &str, parameters: &str, stream: bool) -> Result<String, JsValue> {
    calls::body(inputs, parameters, stream).map_err(|error| to_js(&error))
}

/// The text of an answer.
///
/// # Errors
/// `Decode`.
#[wasm_bindgen(js_name = hubGenerated)]
pub fn generated(answer: &str) -> Result<String, JsValue> {
    calls::generated(Raw::trusted(answer.trim())).map_err(|error| to_js(&error))
}

/// The prompt Dolly was trained with.
#[wasm_bindgen(js_name = dollyPrompt)]
pub fn prompt(instruction: &str, context: Option<String>) -> String {
    dolly_prompt(instruction, context.as_deref())
}

/// Dolly's answer without what follows it.
#[wasm_bindgen(js_name = dollyAnswer)]
pub fn plain_answer(text: &str) -> String {
    dolly_answer(text).to_owned()
}
