//! SQL warehouses (wire: sql-statements §8).
//!
//! A warehouse here is a name and its settings: every one is run by the same engine, and is STARTING while that does not answer.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use axum::routing::{get, post};
use http::{HeaderMap, StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{NO_ENGINE, answered};
use crate::errors::{ApiError, json_response};
use crate::ids;
use crate::json::{invalid, object, query, set};
use crate::serving_endpoints::CREATOR;
use crate::state::{Emulator, now_ms};
use crate::workspace::Workspace;

/// Fields a caller may set, besides the name.
const SETTINGS: &[&str] = &[
    "cluster_size",
    "min_num_clusters",
    "max_num_clusters",
    "auto_stop_mins",
    "enable_photon",
    "enable_serverless_compute",
    "warehouse_type",
    "spot_instance_policy",
    "channel",
    "tags",
    "creator_name",
    "instance_profile_arn",
];
const SIZES: &[&str] =
    &["2X-Small", "X-Small", "Small", "Medium", "Large", "X-Large", "2X-Large", "3X-Large", "4X-Large"];
/// Most warehouses of one page.
const PAGE: usize = 100;

/// One warehouse.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Warehouse {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What else was set.
    pub settings: Map<String, Value>,
    /// Whether it was stopped.
    pub stopped: bool,
    /// When its start is over, in milliseconds since 1970.
    #[serde(default)]
    pub ready_ms: u64,
}

impl Warehouse {
    /// The one every workspace begins with.
    #[must_use]
    pub fn seeded() -> Self {
        let name = "Emulator Warehouse".to_owned();
        Self { id: "emulator-warehouse".to_owned(), name, settings: Map::new(), stopped: false, ready_ms: 0 }
    }

    fn state(&self, engine: bool) -> &'static str {
        match (self.stopped, engine && self.ready_ms <= now_ms()) {
            (true, _) => "STOPPED",
            (false, true) => "RUNNING",
            (false, false) => "STARTING",
        }
    }

    /// Lets a stopped one start.
    fn start(&mut self, delay_ms: u64) {
        if self.stopped {
            self.stopped = false;
            self.ready_ms = now_ms() + delay_ms;
        }
    }

    /// Takes over name and settings of a body, checked.
    fn apply(&mut self, body: &Map<String, Value>) -> Result<(), ApiError> {
        match body.get("name") {
            Some(Value::String(name)) if !name.is_empty() && name.len() <= 100 => self.name.clone_from(name),
            None | Some(Value::Null) if !self.name.is_empty() => {}
            _ => return Err(invalid("'name' must be a text of 1 to 100 characters.")),
        }
        for name in SETTINGS {
            if let Some(value) = body.get(*name).filter(|value| !value.is_null()) {
                self.settings.insert((*name).to_owned(), value.clone());
            }
        }
        if let Some(size) = self.settings.get("cluster_size") {
            if !size.as_str().is_some_and(|size| SIZES.contains(&size)) {
                return Err(invalid(&format!("'cluster_size' is one of {}.", SIZES.join(", "))));
            }
        }
        let number = |name: &str| self.settings.get(name).map(|value| value.as_u64().unwrap_or(u64::MAX));
        if number("auto_stop_mins").is_some_and(|minutes| minutes != 0 && !(1..=100_000).contains(&minutes)) {
            return Err(invalid("'auto_stop_mins' is 0 for never, or a number of minutes."));
        }
        let (least, most) = (number("min_num_clusters").unwrap_or(1), number("max_num_clusters").unwrap_or(1));
        if !(1..=30).contains(&least) || !(1..=40).contains(&most.max(least)) {
            return Err(invalid("'min_num_clusters' is 1 to 30, and 'max_num_clusters' up to 40."));
        }
        Ok(())
    }

    /// The warehouse as the API shows it.
    fn shown(&self, state: &str, host: &str, sessions: usize, engine: bool) -> Value {
        let path = format!("/sql/1.0/warehouses/{}", self.id);
        let (hostname, port) = host.rsplit_once(':').unwrap_or((host, "80"));
        let health = match (state, engine) {
            (_, false) => json!({ "status": "FAILED", "summary": "There is no SQL engine.", "details": NO_ENGINE }),
            ("RUNNING", true) => json!({ "status": "HEALTHY" }),
            _ => json!({}),
        };
        let mut shown = json!({
            "id": self.id, "name": self.name, "cluster_size": "2X-Small", "min_num_clusters": 1, "max_num_clusters": 1,
            "auto_stop_mins": 0, "enable_photon": true, "enable_serverless_compute": true, "warehouse_type": "PRO",
            "spot_instance_policy": "COST_OPTIMIZED", "channel": { "name": "CHANNEL_NAME_CURRENT" }, "tags": {},
            "creator_name": CREATOR, "state": state,
            "num_clusters": u8::from(state == "RUNNING"), "num_active_sessions": sessions,
            "jdbc_url": format!("jdbc:spark://{host}/default;httpPath={path};"),
            "odbc_params": { "hostname": hostname, "path": path, "port": port.parse().unwrap_or(80_u16), "protocol": "http" },
            "health": health,
        });
        for (name, value) in &self.settings {
            set(&mut shown, name, value.clone());
        }
        shown
    }
}

pub(super) fn routes() -> Router<Emulator> {
    Router::new()
        .route("/api/2.0/sql/warehouses", get(list).post(create))
        .route("/api/2.0/sql/warehouses/", get(list).post(create))
        .route("/api/2.0/sql/warehouses/{id}", get(show).delete(delete))
        .route("/api/2.0/sql/warehouses/{id}/edit", post(edit))
        .route("/api/2.0/sql/warehouses/{id}/start", post(start))
        .route("/api/2.0/sql/warehouses/{id}/stop", post(stop))
}

fn missing(id: &str) -> ApiError {
    let message = format!("SQL warehouse {id} does not exist.");
    ApiError::new(StatusCode::NOT_FOUND, "RESOURCE_DOES_NOT_EXIST", message)
}

fn find<'w>(workspace: &'w mut Workspace, id: &str) -> Result<&'w mut Warehouse, ApiError> {
    workspace.warehouses.iter_mut().find(|warehouse| warehouse.id == id).ok_or_else(|| missing(id))
}

async fn engine_ready(emulator: &Emulator) -> bool {
    match emulator.sql().engine() {
        Ok(engine) => engine.ready().await,
        Err(_) => false,
    }
}

/// The state of a warehouse as it is now; `None` if there is none of that id.
pub(super) async fn state_of(emulator: &Emulator, id: &str) -> Option<&'static str> {
    let ready = engine_ready(emulator).await;
    let states = |workspace: &Workspace| {
        workspace.warehouses.iter().find(|warehouse| warehouse.id == id).map(|warehouse| warehouse.state(ready))
    };
    emulator.read(states)
}

/// A statement was sent: a stopped warehouse starts.
pub(super) fn wake(emulator: &Emulator, id: &str) -> Result<(), ApiError> {
    let stopped = emulator.read(|workspace| {
        let found = workspace.warehouses.iter().find(|warehouse| warehouse.id == id);
        found.map(|warehouse| warehouse.stopped).ok_or_else(|| missing(id))
    })?;
    if !stopped {
        return Ok(());
    }
    let delay_ms = emulator.config().endpoint_delay_ms;
    emulator.edit(|workspace| find(workspace, id).map(|warehouse| warehouse.start(delay_ms)))
}

fn empty(changed: Result<(), ApiError>) -> Response {
    answered(changed.map(|()| json_response(StatusCode::OK, &json!({}))))
}

/// The warehouses that `wanted` lets through, as shown.
async fn all(emulator: &Emulator, headers: &HeaderMap, wanted: impl Fn(&Warehouse) -> bool) -> Vec<Value> {
    let host = headers.get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or("127.0.0.1");
    let engine = emulator.sql().engine().is_ok();
    let ready = engine_ready(emulator).await;
    let sessions = emulator.sql().store().running();
    emulator.read(|workspace| {
        let wanted = workspace.warehouses.iter().filter(|warehouse| wanted(warehouse));
        // without an engine nothing will ever start
        let state = |warehouse: &Warehouse| if engine { warehouse.state(ready) } else { "STOPPED" };
        wanted.map(|warehouse| warehouse.shown(state(warehouse), host, sessions, engine)).collect()
    })
}

async fn list(State(emulator): State<Emulator>, RawQuery(text): RawQuery, headers: HeaderMap) -> Response {
    let pairs = query(text.as_deref().unwrap_or_default());
    let number = |name: &str| {
        let found = pairs.iter().find(|(key, value)| key == name && !value.is_empty());
        let bad = || invalid(&format!("'{name}' is not one of this list."));
        found.map_or(Ok(None), |(_, value)| value.parse::<usize>().map(Some).map_err(|_| bad()))
    };
    let paged = async {
        let (size, from) = (number("page_size")?, number("page_token")?.unwrap_or(0));
        let size = size.filter(|size| *size > 0).unwrap_or(PAGE).min(PAGE);
        let all = all(&emulator, &headers, |_| true).await;
        let more = all.len() > from.saturating_add(size);
        let page: Vec<Value> = all.into_iter().skip(from).take(size).collect();
        let mut body = json!({ "warehouses": page });
        if more {
            set(&mut body, "next_page_token", (from + size).to_string());
        }
        Ok(json_response(StatusCode::OK, &body))
    };
    answered(paged.await)
}

async fn show(State(emulator): State<Emulator>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let found = all(&emulator, &headers, |warehouse| warehouse.id == id).await;
    answered(found.first().map(|shown| json_response(StatusCode::OK, shown)).ok_or_else(|| missing(&id)))
}

async fn create(State(emulator): State<Emulator>, body: Bytes) -> Response {
    let delay_ms = emulator.config().endpoint_delay_ms;
    let number = emulator.next_request_id();
    let id = format!("{:016x}", ids::hash(emulator.config().seed, &[b"warehouse", number.as_bytes()]));
    let made = object(&body).and_then(|body| {
        emulator.edit(|workspace| {
            let mut warehouse = Warehouse { id: id.clone(), name: String::new(), stopped: true, ..Warehouse::seeded() };
            warehouse.apply(&body)?;
            if workspace.warehouses.iter().any(|known| known.name == warehouse.name) {
                let message = format!("SQL warehouse with name `{}` already exists", warehouse.name);
                return Err(ApiError::new(StatusCode::BAD_REQUEST, "RESOURCE_ALREADY_EXISTS", message));
            }
            warehouse.start(delay_ms);
            workspace.warehouses.push(warehouse);
            Ok(())
        })
    });
    answered(made.map(|()| json_response(StatusCode::OK, &json!({ "id": id }))))
}

async fn edit(State(emulator): State<Emulator>, Path(id): Path<String>, body: Bytes) -> Response {
    empty(object(&body).and_then(|body| emulator.edit(|workspace| find(workspace, &id)?.apply(&body))))
}

async fn delete(State(emulator): State<Emulator>, Path(id): Path<String>) -> Response {
    empty(emulator.edit(|workspace| {
        find(workspace, &id)?;
        workspace.warehouses.retain(|warehouse| warehouse.id != id);
        Ok(())
    }))
}

async fn start(State(emulator): State<Emulator>, Path(id): Path<String>) -> Response {
    let delay_ms = emulator.config().endpoint_delay_ms;
    // without an engine the caller would wait for ever
    empty(
        emulator
            .sql()
            .engine()
            .and_then(|_| emulator.edit(|workspace| find(workspace, &id).map(|warehouse| warehouse.start(delay_ms)))),
    )
}

async fn stop(State(emulator): State<Emulator>, Path(id): Path<String>) -> Response {
    empty(emulator.edit(|workspace| find(workspace, &id).map(|warehouse| warehouse.stopped = true)))
}
