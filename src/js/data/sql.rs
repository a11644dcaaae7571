//! Statements and warehouses by name, and the decisions on the way of a result.

use js_sys::Array;
use wasm_bindgen::JsValue;

use crate::error::{Error, ErrorKind, Result};
use crate::js::args::Args;
use crate::sql::progress::{self, Look};
use crate::sql::{calls, quote_identifier};
use crate::wire::call::Call;
use crate::wire::find::whole;
use crate::wire::json::Raw;

pub(super) fn call(name: &str, args: &Args) -> Option<Result<Call<String>>> {
    let name = name.strip_prefix("sql.")?;
    let body = || args.text(0).map(ToOwned::to_owned);
    let one = |call: fn(&str) -> Result<Call<()>>| args.text(0).and_then(call).map(Call::into_done);
    Some(match name {
        "execute" => body().and_then(calls::execute).map(Call::into_text),
        "get" => args.text(0).and_then(calls::get).map(Call::into_text),
        "cancel" => one(calls::cancel),
        "chunk" => chunk(args),
        "warehouses" => Ok(calls::list_warehouses(args.optional(0)).into_text()),
        "warehouse" => args.text(0).and_then(calls::get_warehouse).map(Call::into_text),
        "start" => one(calls::start_warehouse),
        "stop" => one(calls::stop_warehouse),
        "delete" => one(calls::delete_warehouse),
        "create" => body().map(calls::create_warehouse).map(Call::into_text),
        "edit" => edit(args),
        _ => return None,
    })
}

fn chunk(args: &Args) -> Result<Call<String>> {
    Ok(calls::chunk(args.text(0)?, number(args, 1)?)?.into_text())
}

fn edit(args: &Args) -> Result<Call<String>> {
    Ok(calls::edit_warehouse(args.text(0)?, args.text(1)?.to_owned())?.into_done())
}

fn number(args: &Args, at: usize) -> Result<u64> {
    whole(args.text(at)?).ok_or_else(|| Error::new(ErrorKind::InvalidInput, "A whole number is missing."))
}

pub(super) fn step(name: &str, args: &Args) -> Result<Option<JsValue>> {
    let Some(name) = name.strip_prefix("sql.") else { return Ok(None) };
    let trusted = |at: usize| args.text(at).map(Raw::trusted);
    let count = |at: usize| args.optional(at).and_then(whole);
    let look = || {
        let text = |at| args.optional(at).unwrap_or_default().to_owned();
        Look { done: false, state: text(0), statement_id: text(1) }
    };
    Ok(Some(match name {
        "judge" => {
            let look = progress::judge(trusted(0)?)?;
            list([look.done.into(), look.state.into(), look.statement_id.into()])
        }
        "head" => progress::head(args.text(0)?).into(),
        "rows" => progress::rows_of(args.text(0)?).unwrap_or("[]").into(),
        "manifest" => {
            progress::check_manifest(trusted(0)?)?;
            JsValue::UNDEFINED
        }
        "follow" => {
            let step = progress::follow(trusted(0)?, number(args, 1)?, count(2))?;
            let known = |fact: Option<u64>| fact.map_or(JsValue::UNDEFINED, |fact| JsValue::from(fact as f64));
            list([step.more.into(), known(step.rows), known(step.bytes)])
        }
        "size" => {
            progress::check_size(args.text(0)?, args.text(1)?, count(2), number(args, 3)?)?;
            JsValue::UNDEFINED
        }
        "late" => return Err(progress::late(&look(), progress::ending(args.text(0)?))),
        "aborted" => return Err(progress::aborted(&look())),
        "expired" => return Err(progress::expired()),
        "truncated" => {
            let limit = |at| count(at).and_then(|limit| i64::try_from(limit).ok());
            if !(progress::Limits { rows: limit(1), bytes: limit(2) }).explain(count(0)) {
                return Err(progress::truncated());
            }
            JsValue::UNDEFINED
        }
        "unsure" => progress::UNSURE.into(),
        "doubtful" => progress::doubtful(count(0).and_then(|status| u16::try_from(status).ok())).into(),
        "ended" => progress::is_end(args.text(0)?).into(),
        "pause" => progress::pause(number(args, 0)? as u32, 1.0).into(),
        "renews" => progress::renews(number(args, 0)? as u16).into(),
        "quote" => quote_identifier(args.text(0)?)?.into(),
        "choose" => progress::choose(trusted(0)?).map_or(JsValue::UNDEFINED, Into::into),
        "runs" => progress::judge_warehouse(trusted(0)?)?.into(),
        _ => return Ok(None),
    }))
}

fn list<const N: usize>(values: [JsValue; N]) -> JsValue {
    Array::from_iter(values).into()
}
