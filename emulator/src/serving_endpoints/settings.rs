//! What stands beside the config of an endpoint: gateway, rate limits, tags, notifications, telemetry (wire: serving-endpoints §1, §6).

use axum::Router;
use axum::body::Bytes;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::{patch, put};
use serde_json::{Map, Value, json};

use super::handlers::{Parts, edit, reply};
use crate::errors::ApiError;
use crate::json::{invalid, object};
use crate::state::Emulator;

/// The routes of the settings.
pub(super) fn routes() -> Router<Emulator> {
    Router::new()
        .route("/api/2.0/serving-endpoints/{name}/ai-gateway", put(ai_gateway))
        .route("/api/2.0/serving-endpoints/{name}/rate-limits", put(rate_limits))
        .route("/api/2.0/serving-endpoints/{name}/tags", patch(tags))
        .route("/api/2.0/serving-endpoints/{name}/notifications", patch(notifications))
        .route("/api/2.0/serving-endpoints/{name}/telemetry-config", patch(telemetry))
}

/// The settings that may come with a create body.
pub(super) fn of_create(body: &Map<String, Value>) -> Result<Map<String, Value>, ApiError> {
    let mut kept = Map::new();
    for (key, value) in body {
        match key.as_str() {
            "ai_gateway" => check_gateway(value)?,
            "rate_limits" => check_rate_limits(value, OLD_KEYS)?,
            "tags" => {
                let checked = value.as_array().ok_or_else(|| invalid("'tags' must be a list."))?;
                checked.iter().try_for_each(check_tag)?;
            }
            "email_notifications" => check_notifications(value)?,
            "telemetry_config" if value.is_object() => {}
            "route_optimized" if value.is_boolean() => {}
            "budget_policy_id" if value.is_string() => {}
            "telemetry_config" | "route_optimized" | "budget_policy_id" => {
                return Err(invalid(&format!("'{key}' has the wrong type.")));
            }
            "description" if !value.is_string() => return Err(invalid("'description' must be a string.")),
            _ => continue,
        }
        kept.insert(key.clone(), value.clone());
    }
    Ok(kept)
}

async fn ai_gateway(parts: Parts, Path(name): Path<String>, body: Bytes) -> Response {
    reply(object(&body).and_then(|mut body| {
        body.retain(|_, value| !value.is_null());
        let gateway = Value::Object(body);
        check_gateway(&gateway)?;
        edit(&parts, &name, |endpoint| {
            if gateway.as_object().is_some_and(Map::is_empty) {
                endpoint.settings.shift_remove("ai_gateway");
            } else {
                endpoint.settings.insert("ai_gateway".to_owned(), gateway.clone());
            }
            Ok(gateway)
        })
    }))
}

async fn rate_limits(parts: Parts, Path(name): Path<String>, body: Bytes) -> Response {
    reply(object(&body).and_then(|body| {
        let limits = body.get("rate_limits").cloned().unwrap_or_else(|| json!([]));
        check_rate_limits(&limits, OLD_KEYS)?;
        edit(&parts, &name, |endpoint| {
            endpoint.settings.insert("rate_limits".to_owned(), limits.clone());
            Ok(json!({ "rate_limits": limits }))
        })
    }))
}

async fn tags(parts: Parts, Path(name): Path<String>, body: Bytes) -> Response {
    reply(object(&body).and_then(|body| {
        let list = |key: &str| match body.get(key) {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::Array(list)) => Ok(list.clone()),
            Some(_) => Err(invalid(&format!("'{key}' must be a list."))),
        };
        let (add, delete) = (list("add_tags")?, list("delete_tags")?);
        add.iter().try_for_each(check_tag)?;
        if delete.iter().any(|key| !key.is_string()) {
            return Err(invalid("'delete_tags' is a list of keys."));
        }
        edit(&parts, &name, |endpoint| {
            let mut tags = endpoint.settings.get("tags").and_then(Value::as_array).cloned().unwrap_or_default();
            tags.retain(|tag| !delete.iter().any(|key| tag.get("key") == Some(key)));
            for tag in add {
                match tags.iter_mut().find(|known| known.get("key") == tag.get("key")) {
                    Some(known) => *known = tag,
                    None => tags.push(tag),
                }
            }
            endpoint.settings.insert("tags".to_owned(), json!(tags));
            Ok(json!({ "tags": tags }))
        })
    }))
}

async fn notifications(parts: Parts, Path(name): Path<String>, body: Bytes) -> Response {
    reply(object(&body).and_then(|body| {
        let settings = body.get("email_notifications").cloned().unwrap_or_else(|| json!({}));
        check_notifications(&settings)?;
        edit(&parts, &name, |endpoint| {
            endpoint.settings.insert("email_notifications".to_owned(), settings.clone());
            Ok(json!({ "name": endpoint.name, "email_notifications": settings }))
        })
    }))
}

async fn telemetry(parts: Parts, Path(name): Path<String>, body: Bytes) -> Response {
    reply(object(&body).and_then(|body| {
        edit(&parts, &name, |endpoint| {
            endpoint.settings.insert("telemetry_config".to_owned(), Value::Object(body));
            Ok(endpoint.to_json(true))
        })
    }))
}

fn check_tag(tag: &Value) -> Result<(), ApiError> {
    let key = tag.get("key").and_then(Value::as_str).filter(|key| !key.is_empty());
    let value = tag.get("value").is_none_or(|value| value.is_string() || value.is_null());
    if key.is_none() || !value {
        return Err(invalid("A tag is {\"key\": string, \"value\": string}, and 'value' may be left out."));
    }
    Ok(())
}

fn check_notifications(settings: &Value) -> Result<(), ApiError> {
    let Some(settings) = settings.as_object() else { return Err(invalid("'email_notifications' must be an object.")) };
    for (key, list) in settings {
        let known = matches!(key.as_str(), "on_update_success" | "on_update_failure");
        let addresses = list.as_array().is_some_and(|list| {
            list.iter().all(|address| address.as_str().is_some_and(|address| address.contains('@')))
        });
        if !known || !addresses {
            return Err(invalid(
                "'email_notifications' holds 'on_update_success' and 'on_update_failure', lists of addresses.",
            ));
        }
    }
    Ok(())
}

/// What `key` of a rate limit may be, in the deprecated list and in the gateway.
const OLD_KEYS: &[&str] = &["user", "endpoint"];
const GATEWAY_KEYS: &[&str] = &["endpoint", "user", "user_group", "service_principal"];

fn check_rate_limits(limits: &Value, keys: &[&str]) -> Result<(), ApiError> {
    let Some(limits) = limits.as_array() else { return Err(invalid("'rate_limits' must be a list.")) };
    for limit in limits {
        if limit.get("renewal_period").and_then(Value::as_str) != Some("minute") {
            return Err(invalid("'renewal_period' of a rate limit must be 'minute'."));
        }
        let count = |name: &str| limit.get(name).filter(|value| !value.is_null());
        let counts = [count("calls"), count("tokens")];
        if counts.iter().all(Option::is_none) || counts.iter().flatten().any(|value| !value.is_u64()) {
            return Err(invalid(
                "A rate limit needs 'calls', a whole number; the gateway's may have 'tokens' instead.",
            ));
        }
        let key = limit.get("key").filter(|key| !key.is_null()).map_or(Some("endpoint"), Value::as_str);
        if !key.is_some_and(|key| keys.contains(&key)) {
            return Err(invalid(&format!("'key' of a rate limit must be one of {}.", keys.join(", "))));
        }
        let named = limit.get("principal").is_some_and(Value::is_string);
        if matches!(key, Some("user_group" | "service_principal")) && !named {
            return Err(invalid("A rate limit of a group or a service principal needs 'principal'."));
        }
    }
    Ok(())
}

fn check_gateway(gateway: &Value) -> Result<(), ApiError> {
    let Some(gateway) = gateway.as_object() else { return Err(invalid("The AI Gateway config must be an object.")) };
    for (key, value) in gateway.iter().filter(|(_, value)| !value.is_null()) {
        match key.as_str() {
            "rate_limits" => check_rate_limits(value, GATEWAY_KEYS)?,
            "guardrails" => {
                for side in ["input", "output"] {
                    value.get(side).map_or(Ok(()), check_guardrail)?;
                }
            }
            "usage_tracking_config" | "inference_table_config" | "fallback_config" => {
                if value.get("enabled").is_some_and(|enabled| !enabled.is_boolean()) || !value.is_object() {
                    return Err(invalid(&format!("'{key}' must be an object, and its 'enabled' true or false.")));
                }
            }
            other => return Err(invalid(&format!("The AI Gateway config has no field '{other}'."))),
        }
    }
    Ok(())
}

fn check_guardrail(side: &Value) -> Result<(), ApiError> {
    let pii = side.pointer("/pii/behavior").map_or(Some("NONE"), Value::as_str);
    let safety = side.get("safety").is_none_or(|safety| safety.is_boolean() || safety.is_null());
    if !safety || !matches!(pii, Some("NONE" | "BLOCK" | "MASK")) {
        return Err(invalid("A guardrail has 'safety', true or false, and 'pii.behavior', NONE, BLOCK or MASK."));
    }
    Ok(())
}
