//! Prompts and parsers: JavaScript keeps their texts, the core formats and reads.

use js_sys::Array;
use wasm_bindgen::prelude::*;

use crate::error::Result as Outcome;
use crate::js::error::to_js;
use crate::prompts::messages::Messages;
use crate::prompts::output;
use crate::prompts::prompt::{names, render};
use crate::prompts::template::Template;
use crate::wire::json::Raw;

fn thrown<T>(outcome: Outcome<T>) -> Result<T, JsValue> {
    outcome.map_err(|error| to_js(&error))
}

/// The variables of a text prompt.
///
/// # Errors
/// `InvalidInput` for a template with a brace in the wrong place.
#[wasm_bindgen(js_name = promptVariables)]
pub fn prompt_variables(template: &str) -> Result<Vec<String>, JsValue> {
    thrown(Template::parse(template).map(|template| names(&template)))
}

/// A text prompt with its values (the JSON text of an object) in place.
///
/// # Errors
/// `InvalidInput` for values that are missing or no text.
#[wasm_bindgen(js_name = formatPrompt)]
pub fn format_prompt(template: &str, values: &str) -> Result<String, JsValue> {
    thrown(Template::parse(template).and_then(|template| render(&template, &Raw::parse(values)?)))
}

/// The variables of a chat prompt (the JSON text of its messages), then the placeholders that may
/// be left out, a `?` behind their names.
///
/// # Errors
/// `InvalidInput` for messages that are none, or a brace in the wrong place.
#[wasm_bindgen(js_name = chatPromptVariables)]
pub fn chat_prompt_variables(messages: &str) -> Result<Vec<String>, JsValue> {
    thrown(Messages::parse(messages).map(|messages| {
        let mut names = messages.variables();
        names.extend(messages.optional().map(|name| {
            let mut name = name.to_owned();
            name.push('?');
            name
        }));
        names
    }))
}

/// A chat prompt's messages with the values in place, as the JSON text of an array.
///
/// # Errors
/// `InvalidInput` for values that are missing or do not fit.
#[wasm_bindgen(js_name = formatChatPrompt)]
pub fn format_chat_prompt(messages: &str, values: &str) -> Result<String, JsValue> {
    thrown(Messages::parse(messages).and_then(|messages| messages.render(&Raw::parse(values)?)))
}

/// The JSON an answer holds, as text.
///
/// # Errors
/// `OutputMismatch` when it holds none.
#[wasm_bindgen(js_name = wholeJson)]
pub fn whole_json(text: &str) -> Result<String, JsValue> {
    thrown(output::whole_json(text))
}

/// The JSON that has come so far, as text; nothing while no value can be told.
#[wasm_bindgen(js_name = partialJson)]
#[must_use]
pub fn partial_json(text: &str) -> Option<String> {
    output::partial_json(text)
}

/// The complete items of a comma separated list, and last what is left of the text.
#[wasm_bindgen(js_name = takeItems)]
#[must_use]
pub fn take_items(mut text: String, at_end: bool) -> Array {
    let items = output::take_items(&mut text, at_end);
    items.iter().chain(std::iter::once(&text)).map(|text| JsValue::from_str(text)).collect()
}
