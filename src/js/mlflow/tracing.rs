//! Traces, by name. A trace comes as one JSON text, see `crate::mlflow::tracing`.

use js_sys::Array;
use wasm_bindgen::JsValue;

use crate::error::Result;
use crate::js::args::Args;
use crate::mlflow::tracing::{
    Server, TokenUsage, Trace, TraceParent, otlp_json, preview, spans_json, trace_info, traces_json,
};
use crate::wire::json::Raw;

/// `tracing.info` of a trace, and anything when Databricks keeps it: the body of the call that starts it. `tracing.spans`: its
/// `traces.json`. `tracing.otlp`, with the service's name: the body of `/v1/traces`. `tracing.read` of `traces.json` or a REST
/// answer: `{spans}` in the shape that a trace has. `tracing.usage` of an answer's usage: the JSON of `mlflow.chat.tokenUsage`, or
/// nothing. `tracing.preview` of a JSON text and a role. `tracing.parent` of a `traceparent`: `[trace, span, sampled or nothing]`,
/// or nothing when the header breaks the rules.
pub(super) fn step(name: &str, args: &Args) -> Result<Option<JsValue>> {
    let trace = || Trace::parse(args.text(0)?);
    Ok(Some(match name {
        "tracing.info" => {
            let server = if args.has(1) { Server::Databricks } else { Server::MlFlow };
            trace_info(&trace()?, server).into()
        }
        "tracing.spans" => traces_json(&trace()?).into(),
        "tracing.otlp" => {
            let service = args.optional(1).map(|service| ("service.name".to_owned(), service.to_owned()));
            otlp_json(&trace()?, service.as_slice()).into()
        }
        "tracing.read" => spans_json(args.text(0)?)?.into(),
        "tracing.usage" => match TokenUsage::read(Raw::parse(args.text(0)?)?) {
            Some(usage) => usage.to_json().into(),
            None => JsValue::UNDEFINED,
        },
        "tracing.preview" => preview(args.text(0)?, args.text(1)?, 1000).into(),
        "tracing.parent" => match TraceParent::parse(args.text(0)?) {
            Some(parent) => {
                let sampled = if parent.sampled { JsValue::TRUE } else { JsValue::UNDEFINED };
                [parent.trace_id.into(), parent.span_id.into(), sampled].into_iter().collect::<Array>().into()
            }
            None => JsValue::UNDEFINED,
        },
        _ => return Ok(None),
    }))
}
