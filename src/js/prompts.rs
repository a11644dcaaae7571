//! Prompts and parsers: JavaScript keeps their texts, the core formats and reads.

use js_sys::Array;
use wasm_bindgen::JsValue;

use crate::error::Result;
use crate::js::args::Args;
use crate::prompts::messages::Messages;
use crate::prompts::output;
use crate::prompts::prompt::{names, render};
use crate::prompts::template::Template;
use crate::wire::json::Raw;

/// `prompts.variables` and `prompts.chatVariables`: the names a template or the JSON text of a list of messages holds
/// (`?` behind those that may be left out). `prompts.format` and `prompts.chatFormat`: the same with values (a JSON text).
/// `output.wholeJson`: the JSON of a whole answer; `output.partialJson`: of one that still comes in, when there is any yet;
/// `output.takeItems`: the items of a list that are whole, and last what is left of the text.
pub(super) fn step(name: &str, args: &Args) -> Result<Option<JsValue>> {
    let text = args.text(0);
    Ok(Some(match name {
        "prompts.variables" => list(&names(&Template::parse(text?)?)),
        "prompts.format" => render(&Template::parse(text?)?, &Raw::parse(args.text(1)?)?)?.into(),
        "prompts.chatVariables" => {
            let messages = Messages::parse(text?)?;
            let mut names = messages.variables();
            names.extend(messages.optional().map(|name| {
                let mut name = name.to_owned();
                name.push('?');
                name
            }));
            list(&names)
        }
        "prompts.chatFormat" => Messages::parse(text?)?.render(&Raw::parse(args.text(1)?)?)?.into(),
        "output.wholeJson" => output::whole_json(text?)?.into(),
        "output.partialJson" => output::partial_json(text?).map_or(JsValue::UNDEFINED, JsValue::from),
        "output.takeItems" => {
            let mut left = text?.to_owned();
            let mut items = output::take_items(&mut left, args.has(1));
            items.push(left);
            list(&items)
        }
        _ => return Ok(None),
    }))
}

fn list(texts: &[String]) -> JsValue {
    texts.iter().map(|text| JsValue::from_str(text)).collect::<Array>().into()
}
