//! Serving endpoints as the workspace describes them.

use serde_json::Value;

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
    }
}

wire_struct! {
    /// Whether an endpoint can answer.
    pub struct EndpointState {
        /// Whether it answers now.
        pub ready: Option<EndpointReady>,
        /// Whether its configuration is changing.
        pub config_update: Option<String>,
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

wire_struct! {
    /// What an endpoint serves.
    pub struct EndpointConfig {
        /// The models behind it.
        pub served_entities: Option<Vec<ServedEntity>>,
        /// How calls are shared among them.
        pub traffic_config: Option<Value>,
        /// Counts the updates.
        pub config_version: Option<i64>,
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
        /// A model at another provider.
        pub external_model: Option<Value>,
        /// A model hosted by Databricks.
        pub foundation_model: Option<Value>,
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
