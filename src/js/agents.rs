//! Agents: operations by name, and the pure steps that JavaScript drives.

use js_sys::Array;
use wasm_bindgen::prelude::*;

use crate::agents::{Route, body, calls, items, tool_loop, verdict};
use crate::error::{Error, Result};
use crate::js::error::to_js;
use crate::js::operations::Args;
use crate::js::steps::flatten;
use crate::wire::call::{Call, StreamCall};
use crate::wire::json::{Json, Raw};

fn route(args: &Args) -> Result<Route> {
    Ok(if args.text(1)? == "openai" { Route::OpenAi } else { Route::Invocations })
}

pub(super) fn call(name: &str, args: &Args) -> Option<Result<Call<String>>> {
    Some(match name {
        "responses" => (|| {
            let call = calls::responses(args.text(0)?, route(args)?, args.text(2)?.to_owned())?;
            Ok(call.read_by(|answer| verdict::response::<()>(answer).map(Json::into_string)))
        })(),
        "agent" => (|| {
            let call = calls::chat_agent(args.text(0)?, args.text(1)?.to_owned())?;
            Ok(call.read_by(|answer| verdict::messages::<()>(answer).map(Json::into_string)))
        })(),
        _ => return None,
    })
}

pub(super) fn open(name: &str, args: &Args) -> Option<Result<StreamCall<()>>> {
    Some(match name {
        "responses" => (|| {
            let call = calls::responses_stream(args.text(0)?, route(args)?, args.text(2)?.to_owned())?;
            Ok(call.untyped())
        })(),
        "agent" => (|| {
            let call = calls::chat_agent_stream(args.text(0)?, args.text(1)?.to_owned())?;
            Ok(call.untyped())
        })(),
        _ => return None,
    })
}

fn thrown<T>(outcome: Result<T>) -> Result<T, JsValue> {
    outcome.map_err(|error: Error| to_js(&error))
}

/// The body of a Responses call given as the JSON text of `{ input, …options }`.
///
/// # Errors
/// `InvalidInput`, see `agents::body::responses`.
#[wasm_bindgen(js_name = responsesBody)]
pub fn responses_body(defaults: &str, request: &str, model: Option<String>, stream: bool) -> Result<String, JsValue> {
    thrown(body::responses(defaults, request, model.as_deref(), stream))
}

/// The body of a ChatAgent call given as the JSON text of `{ messages, …options }`.
///
/// # Errors
/// `InvalidInput`, see `agents::body::chat_agent`.
#[wasm_bindgen(js_name = agentBody)]
pub fn agent_body(defaults: &str, request: &str, stream: bool) -> Result<String, JsValue> {
    thrown(body::chat_agent(defaults, request, stream))
}

/// The input of the next turn: what a body sent, what an answer gave, and more (a JSON text).
///
/// # Errors
/// `InvalidInput`.
#[wasm_bindgen(js_name = nextInput)]
pub fn next_input(sent: Option<String>, answer: &str, more: Option<String>) -> Result<String, JsValue> {
    let sent = sent.as_deref().and_then(|body| Raw::trusted(body).get("input"));
    thrown(items::next_input(sent, Raw::trusted(answer).get_some("output"), more.as_deref().map(Raw::trusted)))
}

/// The tools a Responses answer asks for: `[id, name, arguments, id, name, arguments, …]`.
///
/// # Errors
/// `Decode` when a call has no name.
#[wasm_bindgen(js_name = responsesTools)]
pub fn responses_tools(answer: &str) -> Result<Array, JsValue> {
    thrown(verdict::requested(Raw::trusted(answer))).map(|tools| flatten(&tools))
}

/// What a Responses answer asks for: nothing for an answer, else as `responsesTools`.
///
/// # Errors
/// `UnknownTool`, `Decode`.
#[wasm_bindgen(js_name = responsesStep)]
pub fn responses_step(answer: &str, known: Vec<String>) -> Result<Option<Array>, JsValue> {
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let tools = thrown(tool_loop::next_step(Raw::trusted(answer), &known))?;
    Ok(if tools.is_empty() { None } else { Some(flatten(&tools)) })
}

/// The item that tells the model what a tool gave, or why it failed.
#[wasm_bindgen(js_name = toolResult)]
pub fn tool_result(id: &str, good: bool, text: &str) -> String {
    items::tool_result(id, if good { Ok(text) } else { Err(text) })
}

/// A body with an answer's output and more items (JSON texts) at the end of its input.
///
/// # Errors
/// `InvalidInput`.
#[wasm_bindgen(js_name = withItems)]
pub fn with_items(sent: &str, answer: &str, more: Vec<String>) -> Result<String, JsValue> {
    let output = Raw::trusted(answer).get_some("output").into_iter().flat_map(Raw::items);
    thrown(body::with_items(sent, output.chain(more.iter().map(|item| Raw::trusted(item)))))
}
