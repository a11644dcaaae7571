//! Tracking, by name: what a run logs and where its files lie. Lists come as JSON texts.

use js_sys::Array;
use wasm_bindgen::JsValue;

use crate::error::Result;
use crate::js::args::Args;
use crate::mlflow::tracking::batch::{check_key, split};
use crate::mlflow::tracking::place::{Place, content_type, encoded};
use crate::wire::json::Raw;

/// `mlflow.batch` of a run's id, its metrics, parameters and tags, and the time in milliseconds: `[body, metrics, params, tags, …]`.
/// `mlflow.key` of what it is the key of and a key: throws when it is none. `mlflow.place` of an `artifact_uri`: the encoded path
/// in the server's store, or nothing when signed addresses lead there. `mlflow.path` of a path: encoded. `mlflow.type` of a
/// path: its content type.
pub(super) fn step(name: &str, args: &Args) -> Result<Option<JsValue>> {
    Ok(Some(match name {
        "mlflow.batch" => {
            let list = |at| Raw::parse(args.text(at)?);
            let now = args.text(4)?.parse().unwrap_or_default();
            let parts = split(args.text(0)?, list(1)?, list(2)?, list(3)?, now)?;
            let out = Array::new();
            for part in parts {
                out.push(&part.body.into());
                for count in part.counts {
                    out.push(&JsValue::from(count as u32));
                }
            }
            out.into()
        }
        "mlflow.key" => {
            check_key(args.text(0)?, args.text(1)?)?;
            JsValue::UNDEFINED
        }
        "mlflow.place" => match Place::of(args.text(0)?)? {
            Place::Proxied(root) => root.into(),
            Place::Signed => JsValue::UNDEFINED,
        },
        "mlflow.path" => encoded(args.text(0)?)?.into(),
        "mlflow.type" => content_type(args.text(0)?).into(),
        _ => return Ok(None),
    }))
}
