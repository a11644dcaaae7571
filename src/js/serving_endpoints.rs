//! Serving endpoints by name.

use serde_json::Value;
use wasm_bindgen::prelude::*;

use crate::error::Result;
use crate::js::error::to_js;
use crate::js::operations::Args;
use crate::serving_endpoints::{calls, progress};
use crate::wire::call::{Call, StreamCall};
use crate::wire::json::Raw;

pub(super) fn call(name: &str, args: &Args) -> Option<Result<Call<String>>> {
    let one = |call: fn(&str) -> Result<Call<String>>| args.text(0).and_then(call);
    let two = |call: fn(&str, String) -> Result<Call<String>>| call(args.text(0)?, args.text(1)?.to_owned());
    Some(match name {
        "endpoints.list" => Ok(calls::list().into_text()),
        "endpoints.get" => one(|name| calls::get(name).map(Call::into_text)),
        "endpoints.create" => one(|body| calls::create(body.to_owned()).map(Call::into_text)),
        "endpoints.updateConfig" => two(|name, body| calls::update_config(name, body).map(Call::into_text)),
        "endpoints.updateTags" => two(|name, body| calls::update_tags(name, body).map(Call::into_text)),
        "endpoints.updateRateLimits" => two(|name, body| calls::update_rate_limits(name, body).map(Call::into_text)),
        "endpoints.updateAiGateway" => two(|name, body| calls::update_ai_gateway(name, body).map(Call::into_text)),
        "endpoints.updateNotifications" => {
            two(|name, body| calls::update_notifications(name, body).map(Call::into_text))
        }
        "endpoints.updateTelemetry" => two(|name, body| calls::update_telemetry(name, body).map(Call::into_text)),
        "endpoints.delete" => one(|name| calls::delete(name).map(Call::into_done)),
        "endpoints.createPt" => one(|body| calls::create_provisioned_throughput(body.to_owned()).map(Call::into_text)),
        "endpoints.updatePt" => two(|name, body| calls::update_provisioned_throughput(name, body).map(Call::into_text)),
        "endpoints.optimizationInfo" => {
            two(|model, version| calls::optimization_info(model, &version).map(Call::into_text))
        }
        "endpoints.buildLogs" => two(|name, entity| calls::build_logs(name, &entity).map(Call::into_text)),
        "endpoints.logs" => two(|name, entity| calls::logs(name, &entity).map(Call::into_text)),
        "endpoints.openApi" => one(|name| calls::open_api(name).map(Call::into_text)),
        "endpoints.metrics" => one(calls::metrics),
        "endpoints.permissions" => one(|id| calls::permissions(id).map(Call::into_text)),
        "endpoints.setPermissions" => two(|id, body| calls::set_permissions(id, body).map(Call::into_text)),
        "endpoints.updatePermissions" => two(|id, body| calls::update_permissions(id, body).map(Call::into_text)),
        "endpoints.permissionLevels" => one(|id| calls::permission_levels(id).map(Call::into_text)),
        "endpoints.query" => two(|name, body| calls::query(name, body).map(Call::into_text)),
        _ => return None,
    })
}

pub(super) fn open(name: &str, args: &Args) -> Option<Result<StreamCall<()>>> {
    match name {
        "endpoints.queryStream" => Some(
            args.text(0)
                .and_then(|name| calls::query_stream(name, args.text(1)?.to_owned()))
                .map(StreamCall::<Value>::untyped),
        ),
        _ => None,
    }
}

/// Judges an endpoint's description, for the wait in `serving-endpoints.js`: `[done, ready, config update, message]`.
///
/// # Errors
/// `OperationFailed` when waiting will not help.
#[wasm_bindgen(js_name = judgeEndpoint)]
pub fn judge_endpoint(endpoint: &str) -> Result<js_sys::Array, JsValue> {
    let seen = Raw::parse(endpoint).and_then(progress::judge).map_err(|error| to_js(&error))?;
    let texts = [seen.ready, seen.config_update, seen.message].map(|text| JsValue::from_str(&text));
    Ok([JsValue::from_bool(seen.done)].into_iter().chain(texts).collect())
}

/// The error of a wait whose time is up.
#[wasm_bindgen(js_name = lateEndpoint)]
#[must_use]
pub fn late_endpoint(name: &str, ready: String, config_update: String, message: String) -> JsValue {
    to_js(&progress::late(name, &progress::Progress { done: false, ready, config_update, message }))
}
