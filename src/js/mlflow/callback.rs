//! A callback handler, by name: see `crate::mlflow::callback::log` for the texts.

use js_sys::Array;
use wasm_bindgen::JsValue;

use crate::error::Result;
use crate::js::args::Args;
use crate::mlflow::callback::log::{Counters, Logged, begun, count, ended, log, tables};

/// `callback.count` of the counters and an event: `[counters]`, and a second item when the event logs anything by itself.
/// `callback.log` of the counters before an event, the event, and anything when texts are measured: `[metrics, records, files]`,
/// the metrics as lists of `[name, value, …]`, the files as `[name, text, …]`. `callback.begun` of a call's kind, name, inputs and the
/// kind of the call around it: events. `callback.ended` of its kind, outputs and the kind around it: events. `callback.tables` of
/// the records: `[name, text, …]`.
pub(super) fn step(name: &str, args: &Args) -> Result<Option<JsValue>> {
    Ok(Some(match name {
        "callback.count" => {
            let mut counters = Counters::parse(args.text(0)?)?;
            let logs = count(&mut counters, args.text(1)?)?;
            let logs = logs.then_some(JsValue::TRUE);
            [counters.to_json().into()].into_iter().chain(logs).collect::<Array>().into()
        }
        "callback.log" => {
            let mut counters = Counters::parse(args.text(0)?)?;
            let Logged { metrics, records, files } = log(&mut counters, args.text(1)?, args.has(2))?;
            let list = |metrics: Vec<(&str, f64)>| -> JsValue {
                metrics
                    .into_iter()
                    .flat_map(|(name, value)| [JsValue::from(name), JsValue::from(value)])
                    .collect::<Array>()
                    .into()
            };
            let metrics: Array = metrics.into_iter().map(list).collect();
            let parts = [metrics.into(), texts(records), pairs(files)];
            parts.into_iter().collect::<Array>().into()
        }
        "callback.begun" => texts(begun(args.text(0)?, args.text(1)?, args.text(2)?, args.optional(3))),
        "callback.ended" => texts(ended(args.text(0)?, args.text(1)?, args.optional(2))),
        "callback.tables" => pairs(tables(args.text(0)?)?),
        _ => return Ok(None),
    }))
}

fn texts(list: Vec<String>) -> JsValue {
    list.into_iter().map(JsValue::from).collect::<Array>().into()
}

fn pairs<N: Into<JsValue>>(list: Vec<(N, String)>) -> JsValue {
    list.into_iter().flat_map(|(name, text)| [name.into(), JsValue::from(text)]).collect::<Array>().into()
}
