//! Who may do what with an endpoint (wire: serving-endpoints §1). The endpoint is named by its id.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use serde_json::{Value, json};

use crate::errors::{ApiError, json_response};
use crate::json::{invalid, object};
use crate::serving_endpoints::{CREATOR, Endpoint};
use crate::state::Emulator;

const PRINCIPALS: &[&str] = &["user_name", "group_name", "service_principal_name"];
const LEVELS: &[(&str, &str)] = &[
    ("CAN_VIEW", "Can view the endpoint"),
    ("CAN_QUERY", "Can query the endpoint"),
    ("CAN_MANAGE", "Can manage the endpoint"),
];

/// The routes of endpoint permissions.
pub fn routes() -> Router<Emulator> {
    Router::new()
        .route("/api/2.0/permissions/serving-endpoints/{id}", get(read).put(replace).patch(merge))
        .route("/api/2.0/permissions/serving-endpoints/{id}/permissionLevels", get(levels))
}

fn reply(answered: Result<Value, ApiError>) -> Response {
    answered.map_or_else(IntoResponse::into_response, |body| json_response(StatusCode::OK, &body))
}

fn missing(id: &str) -> ApiError {
    let message =
        format!("Serving endpoint with id '{id}' does not exist. Permissions take the endpoint's id, not its name.");
    ApiError::new(StatusCode::NOT_FOUND, "RESOURCE_DOES_NOT_EXIST", message)
}

fn found(emulator: &Emulator, id: &str) -> Result<Arc<Endpoint>, ApiError> {
    emulator.endpoints().into_iter().find(|endpoint| endpoint.id == id).ok_or_else(|| missing(id))
}

async fn read(State(emulator): State<Emulator>, Path(id): Path<String>) -> Response {
    reply(found(&emulator, &id).map(|endpoint| shown(&endpoint)))
}

async fn levels(State(emulator): State<Emulator>, Path(id): Path<String>) -> Response {
    reply(found(&emulator, &id).map(|_| {
        let level = |(level, about): &(&str, &str)| json!({ "permission_level": level, "description": about });
        json!({ "permission_levels": LEVELS.iter().map(level).collect::<Vec<_>>() })
    }))
}

async fn replace(State(emulator): State<Emulator>, Path(id): Path<String>, body: Bytes) -> Response {
    reply(entries(&body).and_then(|entries| {
        change(&emulator, &id, |endpoint| {
            endpoint.acl = entries;
        })
    }))
}

async fn merge(State(emulator): State<Emulator>, Path(id): Path<String>, body: Bytes) -> Response {
    reply(entries(&body).and_then(|entries| {
        change(&emulator, &id, |endpoint| {
            if endpoint.acl.is_empty() {
                endpoint.acl.push(json!({ "user_name": CREATOR, "permission_level": "CAN_MANAGE" }));
            }
            for entry in entries {
                endpoint.acl.retain(|known| principal(known) != principal(&entry));
                endpoint.acl.push(entry);
            }
        })
    }))
}

fn change(emulator: &Emulator, id: &str, change: impl FnOnce(&mut Endpoint)) -> Result<Value, ApiError> {
    emulator.edit(|workspace| {
        let endpoint = workspace.endpoints.iter_mut().find(|endpoint| endpoint.id == id).ok_or_else(|| missing(id))?;
        let endpoint = Arc::make_mut(endpoint);
        if !endpoint.may_manage() {
            let message = format!("You do not have Can Manage permission on the endpoint '{}'.", endpoint.name);
            return Err(ApiError::new(StatusCode::FORBIDDEN, "PERMISSION_DENIED", message));
        }
        change(endpoint);
        Ok(shown(endpoint))
    })
}

fn principal(entry: &Value) -> Option<(&'static str, &str)> {
    PRINCIPALS.iter().find_map(|key| Some((*key, entry.get(*key)?.as_str()?)))
}

fn entries(body: &Bytes) -> Result<Vec<Value>, ApiError> {
    let body = object(body)?;
    let list = match body.get("access_control_list") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(list)) => list,
        Some(_) => return Err(invalid("'access_control_list' must be a list.")),
    };
    let entry = |entry: &Value| {
        let named = PRINCIPALS.iter().filter(|key| entry.get(**key).is_some_and(Value::is_string)).count();
        let level = entry.get("permission_level").and_then(Value::as_str).unwrap_or_default();
        match (named, principal(entry)) {
            (1, Some((key, name))) if LEVELS.iter().any(|(known, _)| *known == level) => {
                Ok(json!({ key: name, "permission_level": level }))
            }
            (1, _) => Err(invalid("'permission_level' must be CAN_VIEW, CAN_QUERY or CAN_MANAGE.")),
            _ => Err(invalid("An entry names one of 'user_name', 'group_name' and 'service_principal_name'.")),
        }
    };
    list.iter().map(entry).collect()
}

/// The form of answers: each principal with all its permissions; administrators inherit theirs.
fn shown(endpoint: &Endpoint) -> Value {
    let owner = [json!({ "user_name": CREATOR, "permission_level": "CAN_MANAGE" })];
    let acl = if endpoint.acl.is_empty() { owner.as_slice() } else { endpoint.acl.as_slice() };
    let mut list: Vec<Value> = acl
        .iter()
        .filter_map(|entry| {
            let (key, name) = principal(entry)?;
            let permission = json!({ "permission_level": entry.get("permission_level"), "inherited": false });
            let mut shown = json!({ key: name, "all_permissions": [permission] });
            if key != "group_name" {
                crate::json::set(&mut shown, "display_name", name);
            }
            Some(shown)
        })
        .collect();
    list.push(json!({ "group_name": "admins", "all_permissions": [{
        "permission_level": "CAN_MANAGE", "inherited": true, "inherited_from_object": ["/serving-endpoints/"] }] }));
    json!({
        "object_id": format!("/serving-endpoints/{}", endpoint.id),
        "object_type": "serving-endpoint",
        "access_control_list": list,
    })
}
