//! Agents: operations by name, and the pure steps that JavaScript drives.

use wasm_bindgen::JsValue;

use crate::agents::{Route, body, calls, items, tool_loop, verdict};
use crate::error::Result;
use crate::js::args::Args;
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

/// `agents.responsesBody` and `agents.body`: the body of a call given as the JSON text of `{ input, …options }` or
/// `{ messages, …options }`. `agents.nextInput`: the input of the next turn, from what a body sent, what an answer gave,
/// and more. `agents.tools`: the tools an answer asks for, `[id, name, arguments, id, name, arguments, …]`; `agents.step`:
/// the same for the tool loop, nothing for an answer. `agents.toolResult`: the item that tells the model what a tool gave,
/// or why it failed. `agents.withItems`: a body with an answer's output and more items at the end of its input.
pub(super) fn step(name: &str, args: &Args) -> Result<Option<JsValue>> {
    Ok(Some(match name {
        "agents.responsesBody" => body::responses(args.text(0)?, args.text(1)?, args.optional(2), args.has(3))?.into(),
        "agents.body" => body::chat_agent(args.text(0)?, args.text(1)?, args.has(2))?.into(),
        "agents.nextInput" => {
            let sent = args.optional(0).and_then(|body| Raw::trusted(body).get("input"));
            let output = Raw::trusted(args.text(1)?).get_some("output");
            items::next_input(sent, output, args.optional(2).map(Raw::trusted))?.into()
        }
        "agents.tools" => flatten(&verdict::requested(Raw::trusted(args.text(0)?))?).into(),
        "agents.step" => {
            let tools = tool_loop::next_step(Raw::trusted(args.text(0)?), &args.rest(1))?;
            if tools.is_empty() { JsValue::UNDEFINED } else { flatten(&tools).into() }
        }
        "agents.toolResult" => {
            let (id, text) = (args.text(0)?, args.text(1)?);
            items::tool_result(id, if args.has(2) { Ok(text) } else { Err(text) }).into()
        }
        "agents.withItems" => {
            let output = Raw::trusted(args.text(1)?).get_some("output").into_iter().flat_map(Raw::items);
            let more = args.rest(2);
            body::with_items(args.text(0)?, output.chain(more.iter().map(|item| Raw::trusted(item))))?.into()
        }
        _ => return Ok(None),
    }))
}
