//! Vector search endpoints (wire: vector-search §1).

use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Asked, Reply, paging, text};
use crate::errors::ApiError;
use crate::ids;
use crate::json::{invalid, set};
use crate::serving_endpoints::{CREATOR, is_name};
use crate::state::now_ms;

/// Most endpoints of a workspace here.
const MAX_ENDPOINTS: usize = 100;

/// One endpoint.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Endpoint {
    /// Its name.
    pub name: String,
    /// Its id.
    pub id: String,
    /// `STANDARD` or `STORAGE_OPTIMIZED`.
    pub endpoint_type: String,
    /// When it was made, in milliseconds since 1970.
    pub created_ms: u64,
    /// When it was last changed.
    pub updated_ms: u64,
    /// When it is online.
    pub ready_ms: u64,
    /// Whether it was online before: it is started then, not provisioned.
    pub was_online: bool,
    /// Whether it was stopped.
    pub stopped: bool,
    /// The queries a second that are asked of it.
    pub target_qps: Option<u64>,
    /// When those are applied.
    pub scaled_ms: u64,
    /// Who pays.
    pub budget_policy_id: Option<String>,
    /// `{key, value}`.
    pub tags: Vec<Value>,
}

impl Endpoint {
    /// The endpoint of a fresh workspace.
    #[must_use]
    pub fn seeded() -> Self {
        let made = crate::serving_endpoints::seeded::CREATED_MS;
        Self { was_online: true, ..Self::new("emulator-vs", "STANDARD", made, made) }
    }

    fn new(name: &str, endpoint_type: &str, now_ms: u64, ready_ms: u64) -> Self {
        Self {
            name: name.to_owned(),
            id: ids::uuid(ids::hash(now_ms, &[b"vector-endpoint", name.as_bytes()])),
            endpoint_type: endpoint_type.to_owned(),
            created_ms: now_ms,
            updated_ms: now_ms,
            ready_ms,
            was_online: false,
            stopped: false,
            target_qps: None,
            scaled_ms: 0,
            budget_policy_id: None,
            tags: Vec::new(),
        }
    }

    /// Whether filters are SQL-like texts here.
    #[must_use]
    pub fn storage_optimized(&self) -> bool {
        self.endpoint_type == "STORAGE_OPTIMIZED"
    }

    /// `endpoint_status.state`.
    #[must_use]
    pub fn state(&self, now_ms: u64) -> &'static str {
        match (self.stopped, now_ms < self.ready_ms, self.was_online) {
            (true, _, _) => "STOPPED",
            (false, false, _) => "ONLINE",
            (false, true, true) => "STARTING",
            (false, true, false) => "PROVISIONING",
        }
    }

    fn shown(&self, indexes: usize, now_ms: u64) -> Value {
        let state = self.state(now_ms);
        let message = match state {
            "ONLINE" => "The endpoint is online.",
            "STOPPED" => "The endpoint is stopped.",
            _ => "The endpoint is being provisioned.",
        };
        let mut shown = json!({
            "name": self.name,
            "id": self.id,
            "creator": CREATOR,
            "creation_timestamp": self.created_ms,
            "last_updated_timestamp": self.updated_ms,
            "last_updated_user": CREATOR,
            "endpoint_type": self.endpoint_type,
            "endpoint_status": { "state": state, "message": message },
            "num_indexes": indexes,
        });
        if !self.tags.is_empty() {
            set(&mut shown, "custom_tags", self.tags.clone());
        }
        if let Some(policy) = &self.budget_policy_id {
            set(&mut shown, "budget_policy_id", policy.as_str());
            set(&mut shown, "effective_budget_policy_id", policy.as_str());
        }
        if let Some(wanted) = self.target_qps {
            let state = if now_ms < self.scaled_ms { "SCALING_CHANGE_IN_PROGRESS" } else { "SCALING_CHANGE_APPLIED" };
            set(&mut shown, "scaling_info", json!({ "requested_target_qps": wanted, "state": state }));
        }
        shown
    }
}

pub(super) fn missing(name: &str) -> ApiError {
    let message = format!("Vector Search endpoint {name} does not exist.");
    ApiError::new(StatusCode::NOT_FOUND, "RESOURCE_DOES_NOT_EXIST", message)
}

/// Answers a request below `/endpoints`; `rest` is what of the path comes after it.
pub(super) fn answer(asked: &Asked, rest: &[&str]) -> Result<Reply, ApiError> {
    match (&asked.method, rest) {
        (&Method::GET, []) => list(asked),
        (&Method::POST, []) => create(asked),
        (&Method::GET, [name]) => show(asked, name),
        (&Method::DELETE, [name]) => delete(asked, name),
        (&Method::PATCH, [name]) => patch(asked, name),
        (&Method::PATCH, [name, "budget-policy"]) => {
            let body = asked.object()?;
            let policy = text(&body, "budget_policy_id")?.to_owned();
            change(asked, name, |endpoint| endpoint.budget_policy_id = Some(policy.clone()))?;
            Ok(Reply::Json(json!({ "budget_policy_id": policy, "effective_budget_policy_id": policy })))
        }
        (&Method::PATCH, [name, "tags"]) => {
            let tags = tags(&asked.object()?)?;
            change(asked, name, |endpoint| endpoint.tags.clone_from(&tags))?;
            Ok(Reply::Json(json!({ "name": name, "custom_tags": tags })))
        }
        (&Method::POST, [name, verb @ ("start" | "stop")]) => {
            let ready_ms = now_ms().saturating_add(asked.emulator.config().endpoint_delay_ms);
            let stop = *verb == "stop";
            change(asked, name, |endpoint| {
                if endpoint.stopped != stop {
                    endpoint.stopped = stop;
                    endpoint.was_online = true;
                    endpoint.ready_ms = ready_ms;
                }
            })?;
            show(asked, name)
        }
        _ => Ok(Reply::NoRoute),
    }
}

fn list(asked: &Asked) -> Result<Reply, ApiError> {
    let store = asked.emulator.vectors();
    let now = now_ms();
    let shown = store.endpoints().iter().map(|endpoint| {
        let indexes = store.indexes().filter(|index| index.endpoint == endpoint.name).count();
        endpoint.shown(indexes, now)
    });
    paging::list(asked, "endpoints", shown.collect()).map(Reply::Json)
}

fn show(asked: &Asked, name: &str) -> Result<Reply, ApiError> {
    let store = asked.emulator.vectors();
    let endpoint = store.endpoint(name).ok_or_else(|| missing(name))?;
    let indexes = store.indexes().filter(|index| index.endpoint == name).count();
    Ok(Reply::Json(endpoint.shown(indexes, now_ms())))
}

fn create(asked: &Asked) -> Result<Reply, ApiError> {
    let body = asked.object()?;
    let name = text(&body, "name")?;
    if !is_name(name) || name.len() > 127 || name.contains('.') {
        return Err(invalid("'name' is 1 to 127 letters, digits, hyphens and underscores."));
    }
    let endpoint_type = text(&body, "endpoint_type")?;
    if !matches!(endpoint_type, "STANDARD" | "STORAGE_OPTIMIZED") {
        return Err(invalid("'endpoint_type' is STANDARD or STORAGE_OPTIMIZED."));
    }
    let now = now_ms();
    let ready_ms = now.saturating_add(asked.emulator.config().endpoint_delay_ms);
    let mut endpoint = Endpoint::new(name, endpoint_type, now, ready_ms);
    endpoint.target_qps = target_qps(&body, &endpoint)?;
    endpoint.scaled_ms = ready_ms;
    endpoint.budget_policy_id = body.get("budget_policy_id").and_then(Value::as_str).map(str::to_owned);
    let shown = endpoint.shown(0, now);
    asked.emulator.vectors().edit_endpoints(|endpoints| {
        if endpoints.iter().any(|known| known.name == endpoint.name) {
            let message = format!("Vector Search endpoint {} already exists.", endpoint.name);
            return Err(ApiError::new(StatusCode::CONFLICT, "RESOURCE_ALREADY_EXISTS", message));
        }
        if endpoints.len() >= MAX_ENDPOINTS {
            let message = format!("A workspace has at most {MAX_ENDPOINTS} vector search endpoints.");
            return Err(ApiError::new(StatusCode::BAD_REQUEST, "RESOURCE_LIMIT_EXCEEDED", message));
        }
        endpoints.push(endpoint);
        Ok(())
    })?;
    Ok(Reply::Json(shown))
}

fn target_qps(body: &Map<String, Value>, endpoint: &Endpoint) -> Result<Option<u64>, ApiError> {
    let Some(value) = body.get("target_qps").filter(|value| !value.is_null()) else { return Ok(None) };
    let wanted = value.as_u64().filter(|wanted| *wanted > 0);
    let wanted = wanted.ok_or_else(|| invalid("'target_qps' is a whole number above 0."))?;
    if endpoint.storage_optimized() {
        return Err(invalid("'target_qps' is for STANDARD endpoints only."));
    }
    Ok(Some(wanted))
}

fn tags(body: &Map<String, Value>) -> Result<Vec<Value>, ApiError> {
    let wrong = || invalid("'custom_tags' is a list of {key, value}.");
    let tags = body.get("custom_tags").and_then(Value::as_array).ok_or_else(wrong)?;
    let fits = |tag: &Value| tag.get("key").and_then(Value::as_str).is_some_and(|key| !key.is_empty());
    if !tags.iter().all(fits) {
        return Err(wrong());
    }
    Ok(tags.clone())
}

fn patch(asked: &Asked, name: &str) -> Result<Reply, ApiError> {
    let body = asked.object()?;
    let known = asked.emulator.vectors().endpoint(name).cloned().ok_or_else(|| missing(name))?;
    let wanted = target_qps(&body, &known)?;
    let scaled_ms = now_ms().saturating_add(asked.emulator.config().endpoint_delay_ms);
    change(asked, name, |endpoint| {
        if wanted.is_some() {
            endpoint.target_qps = wanted;
            endpoint.scaled_ms = scaled_ms;
        }
    })?;
    show(asked, name)
}

fn change(asked: &Asked, name: &str, change: impl FnOnce(&mut Endpoint)) -> Result<(), ApiError> {
    asked.emulator.vectors().edit_endpoints(|endpoints| {
        let endpoint = endpoints.iter_mut().find(|endpoint| endpoint.name == name).ok_or_else(|| missing(name))?;
        change(endpoint);
        endpoint.updated_ms = now_ms();
        Ok(())
    })
}

fn delete(asked: &Asked, name: &str) -> Result<Reply, ApiError> {
    let mut store = asked.emulator.vectors();
    let indexes = store.indexes().filter(|index| index.endpoint == name).count();
    store.edit_endpoints(|endpoints| {
        let position = endpoints.iter().position(|endpoint| endpoint.name == name).ok_or_else(|| missing(name))?;
        if indexes > 0 {
            let message = format!("Vector Search endpoint {name} still serves {indexes} indexes: delete them first.");
            return Err(ApiError::new(StatusCode::BAD_REQUEST, "BAD_REQUEST", message));
        }
        endpoints.remove(position);
        Ok(())
    })?;
    Ok(Reply::Json(json!({})))
}
