//! Creating, listing, updating and deleting endpoints (wire: serving-endpoints §1, §2, §7).

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Extension, Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::{Endpoint, Kind, Outcome, Pending, config, details, is_name, settings};
use crate::errors::{ApiError, json_response};
use crate::faults::Fault;
use crate::gate::RequestId;
use crate::json::{invalid, object};
use crate::state::{Emulator, now_ms};

/// The management routes.
pub fn routes() -> Router<Emulator> {
    Router::new()
        .route("/api/2.0/serving-endpoints", get(list).post(create))
        // mlflow writes the slash
        .route("/api/2.0/serving-endpoints/", get(list).post(create))
        .route("/api/2.0/serving-endpoints/pt", post(create_provisioned))
        .route("/api/2.0/serving-endpoints/pt/{name}/config", put(update_provisioned))
        .route("/api/2.0/serving-endpoints/{name}", get(one).delete(delete))
        .route("/api/2.0/serving-endpoints/{name}/config", put(update))
        .merge(settings::routes())
        .merge(details::routes())
}

/// What the management handlers are given.
pub(super) type Parts = (State<Emulator>, Extension<RequestId>, Extension<Arc<Fault>>);

/// An answer as JSON, or the refusal.
pub(super) fn reply(answered: Result<Value, ApiError>) -> Response {
    answered.map_or_else(IntoResponse::into_response, |body| json_response(StatusCode::OK, &body))
}

/// Changes one endpoint that the caller may manage.
pub(super) fn edit(
    (State(emulator), Extension(RequestId(request_id)), _): &Parts,
    name: &str,
    change: impl FnOnce(&mut Endpoint) -> Result<Value, ApiError>,
) -> Result<Value, ApiError> {
    emulator.edit(|workspace| {
        let endpoint = workspace.endpoint_mut(name).ok_or_else(|| ApiError::no_such_endpoint(name, request_id))?;
        manageable(endpoint)?;
        change(endpoint)
    })
}

fn manageable(endpoint: &Endpoint) -> Result<(), ApiError> {
    if endpoint.may_manage() {
        return Ok(());
    }
    let message = format!(
        "The endpoint '{}' belongs to Databricks: it can be queried, not changed. Your permission is CAN_QUERY.",
        endpoint.name
    );
    Err(ApiError::new(StatusCode::FORBIDDEN, "PERMISSION_DENIED", message))
}

async fn list(State(emulator): State<Emulator>) -> Response {
    let endpoints: Vec<Value> = emulator.endpoints().iter().map(|endpoint| endpoint.to_json(false)).collect();
    json_response(StatusCode::OK, &json!({ "endpoints": endpoints }))
}

async fn one(
    State(emulator): State<Emulator>,
    Extension(RequestId(request_id)): Extension<RequestId>,
    Path(name): Path<String>,
) -> Response {
    let found = emulator.endpoint(&name).ok_or_else(|| ApiError::no_such_endpoint(&name, &request_id));
    reply(found.map(|endpoint| endpoint.to_json(true)))
}

async fn create(parts: Parts, body: Bytes) -> Response {
    reply(created(&parts, &body, false))
}

async fn create_provisioned(parts: Parts, body: Bytes) -> Response {
    reply(created(&parts, &body, true))
}

fn created((State(emulator), _, Extension(fault)): &Parts, body: &Bytes, provisioned: bool) -> Result<Value, ApiError> {
    let mut body = object(body)?;
    body.retain(|_, value| !value.is_null());
    let name = match body.get("name") {
        Some(Value::String(name)) if is_name(name) => name.clone(),
        Some(Value::String(_)) => {
            return Err(invalid("The name of an endpoint is made of letters, digits, hyphens, underscores and dots."));
        }
        _ => return Err(invalid("An endpoint needs 'name', a string.")),
    };
    if name.starts_with("databricks-") {
        return Err(invalid("Names that begin with 'databricks-' belong to Databricks: choose another."));
    }
    let Some(config) = body.get("config").and_then(Value::as_object) else {
        return Err(invalid("An endpoint needs 'config', an object with 'served_entities'."));
    };
    let kept = settings::of_create(&body)?;
    emulator.edit(|workspace| {
        if workspace.endpoint(&name).is_some() {
            let message = format!("Endpoint with name '{name}' already exists.");
            return Err(ApiError::new(StatusCode::CONFLICT, "RESOURCE_ALREADY_EXISTS", message));
        }
        let now = now_ms();
        let checked = config::check(config, &workspace.scopes, 1, now, provisioned)?;
        let mut endpoint = Endpoint::new(&name, checked.kind, &checked.task, checked.config.clone(), now);
        endpoint.description = body.get("description").and_then(Value::as_str).unwrap_or_default().to_owned();
        endpoint.settings = kept;
        endpoint.ready = false;
        endpoint.pending = Some(deployment(emulator, fault, checked.config, now));
        let shown = endpoint.to_json(true);
        workspace.endpoints.push(Arc::new(endpoint));
        Ok(shown)
    })
}

/// The deployment of a config: how long it takes, and how it ends, which a fault may decide.
fn deployment(emulator: &Emulator, fault: &Fault, config: Value, now: u64) -> Pending {
    let scripted = fault.deployment.clone().unwrap_or_default();
    let message = match (scripted.outcome, scripted.message) {
        (Outcome::Deployed, _) => String::new(),
        (_, Some(message)) => message,
        (Outcome::Failed, None) => "The deployment failed: the container could not be built.".to_owned(),
        (Outcome::Canceled, None) => "The deployment was cancelled.".to_owned(),
    };
    let delay = scripted.after_ms.unwrap_or(emulator.config().endpoint_delay_ms);
    Pending { config, since_ms: now, until_ms: now.saturating_add(delay), outcome: scripted.outcome, message }
}

async fn update(parts: Parts, Path(name): Path<String>, body: Bytes) -> Response {
    reply(object(&body).and_then(|config| updated(&parts, &name, &config, false)))
}

/// Here, and only here, the config comes wrapped.
async fn update_provisioned(parts: Parts, Path(name): Path<String>, body: Bytes) -> Response {
    let read = object(&body).and_then(|body| match body.get("config").and_then(Value::as_object) {
        Some(config) => Ok(config.clone()),
        None => Err(invalid("The update needs 'config', an object with 'served_entities'.")),
    });
    reply(read.and_then(|config| updated(&parts, &name, &config, true)))
}

fn updated(parts: &Parts, name: &str, config: &Map<String, Value>, provisioned: bool) -> Result<Value, ApiError> {
    let (State(emulator), _, Extension(fault)) = parts;
    let scopes = emulator.read(|workspace| workspace.scopes.clone());
    edit(parts, name, |endpoint| {
        if endpoint.pending.is_some() {
            let message = format!("Endpoint '{name}' is being updated: wait until the update has ended.");
            return Err(ApiError::new(StatusCode::CONFLICT, "RESOURCE_CONFLICT", message));
        }
        let now = now_ms();
        let version = endpoint.config.get("config_version").and_then(Value::as_u64).unwrap_or(0) + 1;
        let checked = config::check(config, &scopes, version, now, provisioned)?;
        if (checked.kind == Kind::External) != (endpoint.kind == Kind::External) {
            return Err(invalid("An endpoint cannot change between external models and other served entities."));
        }
        if checked.kind == Kind::External && checked.task != endpoint.task {
            return Err(invalid(&format!("The task of the endpoint is '{}' and cannot change.", endpoint.task)));
        }
        endpoint.updated_ms = now;
        endpoint.pending = Some(deployment(emulator, fault, checked.config, now));
        Ok(endpoint.to_json(true))
    })
}

async fn delete(parts: Parts, Path(name): Path<String>) -> Response {
    let (State(emulator), Extension(RequestId(request_id)), _) = &parts;
    reply(emulator.edit(|workspace| {
        let endpoint = workspace.endpoint(&name).ok_or_else(|| ApiError::no_such_endpoint(&name, request_id))?;
        manageable(endpoint)?;
        if endpoint.seeded {
            workspace.deleted.push(name.clone());
        }
        workspace.endpoints.retain(|endpoint| endpoint.name != name);
        Ok(json!({}))
    }))
}
