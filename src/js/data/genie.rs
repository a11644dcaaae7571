//! What Genie's answers mean, by name. JavaScript writes the requests itself: they are paths and one field or two.

use wasm_bindgen::JsValue;

use super::functions::list;
use crate::error::Result;
use crate::genie::{Seen, finished, ids, is_truncated, judge, late, markdown};
use crate::js::args::Args;
use crate::js::error::to_js;
use crate::wire::json::Raw;

/// `genie.ids`: `[conversation, message]`. `genie.judge`: `[answer]`, or `[nothing, status]` while it goes on.
/// `genie.rows`: the statement's answer, or nothing while it goes on. `genie.late`: the error, as it is thrown.
pub(super) fn step(name: &str, args: &Args) -> Result<Option<JsValue>> {
    Ok(Some(match name {
        "genie.ids" => {
            let (conversation, message) = ids(Raw::parse(args.text(0)?)?)?;
            list([conversation, message])
        }
        "genie.judge" => match judge(Raw::parse(args.text(0)?)?)? {
            Seen::Done(answer) => list([answer]),
            Seen::Waiting(status) => [JsValue::UNDEFINED, status.into()].into_iter().collect::<js_sys::Array>().into(),
        },
        "genie.rows" => match finished(Raw::parse(args.text(0)?)?)? {
            Some(response) => [JsValue::from_str(response.text()), JsValue::from_bool(is_truncated(response))]
                .into_iter()
                .collect::<js_sys::Array>()
                .into(),
            None => JsValue::UNDEFINED,
        },
        "genie.markdown" => markdown(Raw::trusted(args.text(0)?), args.has(1)).into(),
        "genie.late" => to_js(&late(args.text(0)?, args.text(1)?, args.text(2)?)),
        _ => return Ok(None),
    }))
}
