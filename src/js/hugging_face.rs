//! Hugging Face by name, and the pure steps around its calls.

use wasm_bindgen::prelude::*;

use crate::error::Result;
use crate::hugging_face::calls::{self, Route};
use crate::hugging_face::{Provider, dolly_answer, dolly_prompt};
use crate::js::args::Args;
use crate::js::chat::CoreChat;
use crate::js::client::CoreClient;
use crate::js::error::to_js;
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

/// `hub.provider`: checks a provider's name. `hub.body`: the body of text generation. `hub.generated`: the text of its
/// answer. `hub.dollyPrompt` and `hub.dollyAnswer`: Dolly's words around an instruction, and its answer without them.
pub(super) fn step(name: &str, args: &Args) -> Result<Option<JsValue>> {
    Ok(Some(match name {
        "hub.provider" => Provider::from_name(args.text(0)?).map(|_| JsValue::UNDEFINED)?,
        "hub.body" => calls::body(args.text(0)?, args.text(1)?, args.has(2))?.into(),
        "hub.generated" => calls::generated(Raw::trusted(args.text(0)?.trim()))?.into(),
        "hub.dollyPrompt" => dolly_prompt(args.text(0)?, args.optional(1)).into(),
        "hub.dollyAnswer" => dolly_answer(args.text(0)?).into(),
        _ => return Ok(None),
    }))
}
