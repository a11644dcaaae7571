//! The workspace's serving endpoints: what each is, how it behaves, and how the API shows it (wire: serving-endpoints §3, §4).

pub mod config;
mod details;
mod external;
mod handlers;
pub mod seeded;
mod settings;
pub mod traits;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::ids;
use crate::json::set;

pub use handlers::routes;
pub use seeded::seeded;
pub use traits::{ChatTraits, Reasoning, StreamUsage};

/// Who owns everything here: the one user of the workspace.
pub const CREATOR: &str = "emulator@example.com";

/// Letters, digits, `-`, `_` and `.`: what endpoints and served entities may be called.
#[must_use]
pub fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

/// What kind of model an endpoint serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A Databricks-hosted model.
    Foundation,
    /// A provider's model behind the gateway.
    External,
    /// A model of the workspace's own, from Unity Catalog or the workspace registry.
    Custom,
}

impl Kind {
    /// `endpoint_type` as the API writes it; plain custom models have none.
    #[must_use]
    pub fn endpoint_type(self) -> Option<&'static str> {
        match self {
            Self::Foundation => Some("FOUNDATION_MODEL_API"),
            Self::External => Some("EXTERNAL_MODEL"),
            Self::Custom => None,
        }
    }
}

/// How a deployment ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// The new config serves.
    #[default]
    #[serde(rename = "NOT_UPDATING")]
    Deployed,
    /// It failed; what served before serves on.
    #[serde(rename = "UPDATE_FAILED")]
    Failed,
    /// It was cancelled; what served before serves on.
    #[serde(rename = "UPDATE_CANCELED")]
    Canceled,
}

impl Outcome {
    /// `state.config_update` once it is settled.
    #[must_use]
    pub fn config_update(self) -> &'static str {
        match self {
            Self::Deployed => "NOT_UPDATING",
            Self::Failed => "UPDATE_FAILED",
            Self::Canceled => "UPDATE_CANCELED",
        }
    }

    /// `state.deployment` of an entity that never served.
    fn deployment(self) -> &'static str {
        match self {
            Self::Deployed => "DEPLOYMENT_CREATING",
            Self::Failed => "DEPLOYMENT_FAILED",
            Self::Canceled => "DEPLOYMENT_ABORTED",
        }
    }
}

/// A config on its way to serving.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Pending {
    /// The config.
    pub config: Value,
    /// When it was asked for, in milliseconds.
    pub since_ms: u64,
    /// When it is settled, in milliseconds.
    pub until_ms: u64,
    /// How it ends.
    pub outcome: Outcome,
    /// What the entities say of a bad end.
    pub message: String,
}

impl Pending {
    /// A deployment that never ends.
    #[must_use]
    pub fn for_ever(config: Value, since_ms: u64) -> Self {
        Self { config, since_ms, until_ms: u64::MAX, outcome: Outcome::Deployed, message: String::new() }
    }
}

/// One serving endpoint.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Endpoint {
    /// Its name, the one in paths.
    pub name: String,
    /// Its id, the one permissions use.
    pub id: String,
    /// Its task, such as `llm/v1/chat`; empty for a plain custom model.
    pub task: String,
    /// What it is, shown to people.
    pub description: String,
    /// What kind of model is served.
    pub kind: Kind,
    /// Whether it is one of a fresh workspace.
    #[serde(default)]
    pub seeded: bool,
    /// When it was made, in milliseconds.
    pub created_ms: u64,
    /// When it was last changed, in milliseconds.
    pub updated_ms: u64,
    /// Whether it takes queries.
    pub ready: bool,
    /// The config that serves, or that the endpoint was created with.
    pub config: Value,
    /// The config on its way.
    pub pending: Option<Pending>,
    /// How the last update ended.
    #[serde(default)]
    pub last: Outcome,
    /// What the last update said of a bad end.
    #[serde(default)]
    pub last_message: String,
    /// Fields that are only kept and shown: `tags`, `ai_gateway`, `rate_limits`, `email_notifications` and others.
    #[serde(default)]
    pub settings: Map<String, Value>,
    /// The entries of its access control list.
    #[serde(default)]
    pub acl: Vec<Value>,
    /// Names of its served entities, in order.
    #[serde(skip)]
    pub served: Vec<String>,
    /// How its chat behaves.
    #[serde(skip, default = "traits::open_weight")]
    pub chat: ChatTraits,
}

impl Endpoint {
    /// An endpoint whose config serves.
    #[must_use]
    pub fn new(name: &str, kind: Kind, task: &str, config: Value, now_ms: u64) -> Self {
        let stamp = if now_ms == seeded::CREATED_MS { 0 } else { now_ms };
        let half = |seed: u64| ids::hash(seed, &[name.as_bytes(), &stamp.to_le_bytes()]);
        let mut endpoint = Self {
            name: name.to_owned(),
            id: format!("{:016x}{:016x}", half(0), half(1)),
            task: task.to_owned(),
            description: String::new(),
            kind,
            seeded: false,
            created_ms: now_ms,
            updated_ms: now_ms,
            ready: true,
            config,
            pending: None,
            last: Outcome::Deployed,
            last_message: String::new(),
            settings: Map::new(),
            acl: Vec::new(),
            served: Vec::new(),
            chat: traits::OPEN_WEIGHT,
        };
        endpoint.derive();
        endpoint
    }

    /// Fills what follows from the rest: after reading a file, and after a new config serves.
    pub fn derive(&mut self) {
        self.served = entity_names(&self.config);
        self.chat = match (self.seeded.then(|| seeded::traits_of(&self.name)).flatten(), self.kind) {
            (Some(traits), _) => traits,
            (None, Kind::External) => traits::PROVIDER,
            (None, Kind::Custom) => traits::PROVISIONED,
            (None, _) => traits::OPEN_WEIGHT,
        };
    }

    /// Whether the caller may change it: Databricks-hosted models may only be queried.
    #[must_use]
    pub fn may_manage(&self) -> bool {
        self.kind != Kind::Foundation
    }

    /// Lets a deployment end whose time has come; true if something changed.
    pub fn settle(&mut self, now_ms: u64) -> bool {
        let Some(pending) = self.pending.take_if(|pending| pending.until_ms <= now_ms) else { return false };
        self.last = pending.outcome;
        self.last_message = pending.message;
        if pending.outcome == Outcome::Deployed {
            self.ready = true;
            self.config = pending.config;
            self.derive();
        }
        true
    }

    /// The served entity that answers a request with this number, as the traffic is split.
    #[must_use]
    pub fn route(&self, draw: u64) -> Option<&str> {
        let routes = self.config.pointer("/traffic_config/routes").and_then(Value::as_array);
        let mut left = draw % 100;
        for route in routes.into_iter().flatten() {
            let share = route.get("traffic_percentage").and_then(Value::as_u64).unwrap_or(0);
            if left < share {
                let name = route.get("served_entity_name").or(route.get("served_model_name"))?.as_str()?;
                return self.served.iter().map(String::as_str).find(|served| *served == name);
            }
            left -= share;
        }
        self.served.first().map(String::as_str)
    }

    /// The endpoint as the API shows it: `full` for one endpoint, otherwise as in the list.
    #[must_use]
    pub fn to_json(&self, full: bool) -> Value {
        let update = if self.pending.is_some() { "IN_PROGRESS" } else { self.last.config_update() };
        let mut shown = json!({
            "name": self.name,
            "id": self.id,
            "creator": CREATOR,
            "creation_timestamp": self.created_ms,
            "last_updated_timestamp": self.updated_ms,
            "state": { "ready": if self.ready { "READY" } else { "NOT_READY" }, "config_update": update },
            "config": if full { self.full_config(&self.config, self.ready) } else { short_config(&self.config) },
            "tags": [],
            "description": self.description,
        });
        if !self.task.is_empty() {
            set(&mut shown, "task", self.task.as_str());
        }
        if let Some(endpoint_type) = self.kind.endpoint_type() {
            set(&mut shown, "endpoint_type", endpoint_type);
        }
        if full {
            if let Some(pending) = &self.pending {
                let mut config = self.full_config(&pending.config, false);
                set(&mut config, "start_time", pending.since_ms);
                set(&mut shown, "pending_config", config);
            }
            set(&mut shown, "permission_level", if self.may_manage() { "CAN_MANAGE" } else { "CAN_QUERY" });
            set(&mut shown, "route_optimized", false);
        }
        for (key, value) in &self.settings {
            if full || !matches!(key.as_str(), "email_notifications" | "route_optimized" | "rate_limits") {
                set(&mut shown, key, value.clone());
            }
        }
        shown
    }

    fn full_config(&self, config: &Value, serves: bool) -> Value {
        let (deployment, message) = match (serves, &self.pending) {
            (true, _) => ("DEPLOYMENT_READY", ""),
            (false, Some(_)) => ("DEPLOYMENT_CREATING", "Creating resources."),
            (false, None) => (self.last.deployment(), self.last_message.as_str()),
        };
        let mut shown = config.clone();
        for entity in shown.get_mut("served_entities").and_then(Value::as_array_mut).into_iter().flatten() {
            set(entity, "state", json!({ "deployment": deployment, "deployment_state_message": message }));
        }
        shown
    }
}

/// The names of a config's served entities, in order.
#[must_use]
pub fn entity_names(config: &Value) -> Vec<String> {
    let entities = config.get("served_entities").and_then(Value::as_array);
    let names = entities.into_iter().flatten().filter_map(|entity| entity.get("name").and_then(Value::as_str));
    names.map(str::to_owned).collect()
}

/// The config as the list shows it: what is served, without how.
fn short_config(config: &Value) -> Value {
    const SHOWN: &[&str] = &["name", "entity_name", "entity_version", "external_model", "foundation_model"];
    let entities = config.get("served_entities").and_then(Value::as_array);
    let short = |entity: &Value| {
        let mut short: Map<String, Value> = entity.as_object().cloned().unwrap_or_default();
        short.retain(|key, _| SHOWN.contains(&key.as_str()));
        if let Some(model) = short.get_mut("external_model").and_then(Value::as_object_mut) {
            model.retain(|key, _| matches!(key.as_str(), "provider" | "name" | "task"));
        }
        Value::Object(short)
    };
    json!({ "served_entities": entities.into_iter().flatten().map(short).collect::<Vec<_>>() })
}
