//! Functions as tools, by name.

use js_sys::Array;
use wasm_bindgen::JsValue;

use crate::error::Result;
use crate::functions::calls::{self, RunSettings};
use crate::functions::{Form, Named, Seen};
use crate::functions::{check_arguments, gives_table, judge, late, parameters_schema, pause, statement, tool_name};
use crate::js::args::Args;
use crate::wire::call::Call;
use crate::wire::find::whole;
use crate::wire::json::Raw;

/// `fn.execute` of a function's JSON text and arguments, on a warehouse, with rows, bytes and wait; `fn.poll`, `fn.cancel`.
pub(super) fn call(name: &str, args: &Args) -> Option<Result<Call<String>>> {
    Some(match name {
        "fn.execute" => execute(args),
        "fn.poll" => args.text(0).and_then(calls::poll).map(Call::into_text),
        "fn.cancel" => args.text(0).and_then(calls::cancel).map(Call::into_done),
        _ => return None,
    })
}

fn execute(args: &Args) -> Result<Call<String>> {
    let (function, arguments) = (Raw::parse(args.text(0)?)?, Raw::parse(args.text(1)?)?);
    check_arguments(function, arguments)?;
    let mut settings = RunSettings::new(args.text(2)?);
    if let Some(rows) = number(args, 3) {
        settings.row_limit = rows;
    }
    if let Some(bytes) = number(args, 4) {
        settings.byte_limit = bytes;
    }
    if let Some(wait) = args.optional(5) {
        settings.wait_timeout = wait.to_owned();
    }
    calls::execute(&statement(function, arguments)?, &settings).map(Call::into_text)
}

fn number(args: &Args, at: usize) -> Option<u32> {
    args.optional(at).and_then(whole).and_then(|number| u32::try_from(number).ok())
}

/// `fn.named`: nothing for one function, `[catalog, schema]` for all of a schema. `fn.describe`: `[name, schema]` of a tool.
/// `fn.judge`: `[result]`, or `[nothing, id, state]` while it goes on. `fn.pause`: seconds, or nothing when the time is up.
pub(super) fn step(name: &str, args: &Args) -> Result<Option<JsValue>> {
    Ok(Some(match name {
        "fn.named" => match Named::read(args.text(0)?)? {
            Named::One(_) => JsValue::UNDEFINED,
            Named::All { catalog, schema } => list([catalog, schema]),
        },
        "fn.describe" => {
            let function = Raw::parse(args.text(1)?)?;
            let form = if args.has(2) { Form::Plain } else { Form::Full };
            list([tool_name(args.text(0)?), parameters_schema(function, form)?])
        }
        "fn.judge" => match judge(gives_table(Raw::trusted(args.text(0)?)), Raw::parse(args.text(1)?)?) {
            Seen::Done(result) => list([result]),
            Seen::Waiting { id, state } => {
                [JsValue::UNDEFINED, id.into(), state.into()].into_iter().collect::<Array>().into()
            }
        },
        "fn.pause" => {
            let at = |place| number(args, place).unwrap_or_default();
            pause(at(0), at(1), at(2)).map_or(JsValue::UNDEFINED, JsValue::from)
        }
        "fn.late" => late(args.text(0)?, number(args, 1).unwrap_or_default()).into(),
        _ => return Ok(None),
    }))
}

pub(super) fn list<const N: usize>(texts: [String; N]) -> JsValue {
    texts.into_iter().map(JsValue::from).collect::<Array>().into()
}
