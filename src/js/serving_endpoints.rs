//! Serving endpoints by name.

use serde_json::Value;
use wasm_bindgen::JsValue;

use crate::error::Result;
use crate::js::args::Args;
use crate::js::error::to_js;
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

/// `endpoints.judge`: `[done, ready, configUpdate, message]` of an endpoint's JSON text. `endpoints.late`: the error of one
/// that was not ready in time, as it is thrown.
pub(super) fn step(name: &str, args: &Args) -> Result<Option<JsValue>> {
    Ok(Some(match name {
        "endpoints.judge" => {
            let seen = progress::judge(Raw::parse(args.text(0)?)?)?;
            let texts = [seen.ready, seen.config_update, seen.message].map(JsValue::from);
            [JsValue::from_bool(seen.done)].into_iter().chain(texts).collect::<js_sys::Array>().into()
        }
        "endpoints.late" => {
            let [ready, config_update, message] = [args.text(1)?, args.text(2)?, args.text(3)?].map(str::to_owned);
            let seen = progress::Progress { done: false, ready, config_update, message };
            to_js(&progress::late(args.text(0)?, &seen))
        }
        _ => return Ok(None),
    }))
}
