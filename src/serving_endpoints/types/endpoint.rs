//! An endpoint as the workspace describes it.

use serde_json::Value;

use super::{AiGatewayConfig, TrafficConfig};
use crate::macros::{open_enum, wire_struct};

wire_struct! {
    /// The answer of `GET /api/2.0/serving-endpoints`.
    pub struct ServingEndpointList {
        /// The endpoints the caller may see; absent when there are none.
        pub endpoints: Option<Vec<ServingEndpoint>>,
    }
}

wire_struct! {
    /// A serving endpoint.
    pub struct ServingEndpoint {
        /// The name calls are made with.
        pub name: String,
        /// The id permissions are set on.
        pub id: Option<String>,
        /// Who made it.
        pub creator: Option<String>,
        /// What it is for.
        pub description: Option<String>,
        /// What it does, such as `llm/v1/chat`; absent for plain custom models.
        pub task: Option<String>,
        /// Whether it can answer.
        pub state: Option<EndpointState>,
        /// What it serves.
        pub config: Option<EndpointConfig>,
        /// What it will serve when the update under way succeeds.
        pub pending_config: Option<EndpointConfig>,
        /// Limits, guardrails and logging in front of it.
        pub ai_gateway: Option<AiGatewayConfig>,
        /// What stands behind it, such as `EXTERNAL_MODEL` or `FOUNDATION_MODEL_API`.
        pub endpoint_type: Option<String>,
        /// What the caller may do, such as `CAN_QUERY`.
        pub permission_level: Option<String>,
        /// Milliseconds since 1970.
        pub creation_timestamp: Option<i64>,
        /// Milliseconds since 1970.
        pub last_updated_timestamp: Option<i64>,
        /// The workspace's own labels.
        pub tags: Option<Vec<EndpointTag>>,
        /// Whether it has an address of its own.
        pub route_optimized: Option<bool>,
        /// That address.
        pub endpoint_url: Option<String>,
        /// Who is told when an update ends.
        pub email_notifications: Option<Value>,
        /// The budget policy it is billed to.
        pub budget_policy_id: Option<String>,
    }
}

wire_struct! {
    /// Whether an endpoint can answer.
    pub struct EndpointState {
        /// Whether it answers now.
        pub ready: Option<EndpointReady>,
        /// Whether its configuration is changing.
        pub config_update: Option<ConfigUpdate>,
    }
}

open_enum! {
    /// Whether an endpoint answers now.
    pub enum EndpointReady {
        /// It does.
        Ready = "READY",
        /// It does not.
        NotReady = "NOT_READY",
    }
}

open_enum! {
    /// Whether an endpoint's configuration is changing.
    pub enum ConfigUpdate {
        /// It is settled. That does not promise that the endpoint is ready.
        NotUpdating = "NOT_UPDATING",
        /// It is changing.
        InProgress = "IN_PROGRESS",
        /// The last change failed; the configuration before it still serves.
        UpdateFailed = "UPDATE_FAILED",
        /// The last change was cancelled; the configuration before it still serves.
        UpdateCanceled = "UPDATE_CANCELED",
    }
}

wire_struct! {
    /// What an endpoint serves.
    pub struct EndpointConfig {
        /// The models behind it.
        pub served_entities: Option<Vec<ServedEntity>>,
        /// How calls are shared among them.
        pub traffic_config: Option<TrafficConfig>,
        /// Counts the updates.
        pub config_version: Option<i64>,
        /// The inference table of older endpoints.
        pub auto_capture_config: Option<Value>,
    }
}

wire_struct! {
    /// One model behind an endpoint.
    pub struct ServedEntity {
        /// Its name within the endpoint.
        pub name: Option<String>,
        /// The registered model.
        pub entity_name: Option<String>,
        /// The registered model's version.
        pub entity_version: Option<String>,
        /// A model at another provider; secrets stand there as references.
        pub external_model: Option<Value>,
        /// A model hosted by Databricks.
        pub foundation_model: Option<Value>,
        /// How its deployment stands.
        pub state: Option<ServedEntityState>,
    }
}

wire_struct! {
    /// How a served entity's deployment stands.
    pub struct ServedEntityState {
        /// The state.
        pub deployment: Option<Deployment>,
        /// What the service says of it, such as why it failed.
        pub deployment_state_message: Option<String>,
    }
}

open_enum! {
    /// The state of a deployment.
    pub enum Deployment {
        /// It is being made.
        Creating = "DEPLOYMENT_CREATING",
        /// It is being brought back.
        Recovering = "DEPLOYMENT_RECOVERING",
        /// It serves.
        Ready = "DEPLOYMENT_READY",
        /// It failed.
        Failed = "DEPLOYMENT_FAILED",
        /// It was given up.
        Aborted = "DEPLOYMENT_ABORTED",
    }
}

wire_struct! {
    /// A label.
    pub struct EndpointTag {
        /// Its name.
        pub key: String,
        /// Its value.
        pub value: Option<String>,
    }
}

impl EndpointTag {
    /// A label with a value.
    #[must_use]
    pub fn new(key: impl Into<String>, value: impl Into<String>) -> Self {
        Self { key: key.into(), value: Some(value.into()), extra: serde_json::Map::new() }
    }
}

impl ServingEndpoint {
    /// Whether it answers now.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.state.as_ref().and_then(|state| state.ready.as_ref()) == Some(&EndpointReady::Ready)
    }
}

wire_struct! {
    /// The answer of the log routes.
    pub struct ServedModelLogs {
        /// The log.
        pub logs: Option<String>,
    }
}

wire_struct! {
    /// Whether a model can be served with provisioned throughput.
    pub struct ModelOptimizationInfo {
        /// Whether it can.
        pub optimizable: Option<bool>,
        /// Its type.
        pub model_type: Option<String>,
        /// Throughput is bought in multiples of this many tokens per second.
        pub throughput_chunk_size: Option<i64>,
    }
}
