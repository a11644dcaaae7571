//! Endpoints, which hold indexes.

use crate::macros::{open_enum, setters, wire_struct};

open_enum! {
    /// What an endpoint is built for.
    pub enum EndpointType {
        /// Answers fast; filters are dictionaries.
        Standard = "STANDARD",
        /// Holds more for less; filters are SQL-like text.
        StorageOptimized = "STORAGE_OPTIMIZED",
    }
}

wire_struct! {
    /// A new vector search endpoint.
    pub struct CreateVectorEndpointRequest closed {
        /// Its name.
        pub name: String,
        /// What it is built for.
        pub endpoint_type: EndpointType,
        /// Whom it is billed to.
        pub budget_policy_id: Option<String>,
        /// How many queries per second it shall bear; standard endpoints alone.
        pub target_qps: Option<u64>,
    }
}

impl CreateVectorEndpointRequest {
    /// An endpoint of this name and type.
    #[must_use]
    pub fn new(name: impl Into<String>, endpoint_type: EndpointType) -> Self {
        Self {
            name: name.into(),
            endpoint_type,
            budget_policy_id: None,
            target_qps: None,
            extra: serde_json::Map::new(),
        }
    }

    setters! {
        /// Whom it is billed to.
        budget_policy_id: String,
        /// How many queries per second it shall bear.
        target_qps: u64,
    }
}

wire_struct! {
    /// A vector search endpoint.
    pub struct VectorEndpoint {
        /// Its name.
        pub name: String,
        /// Its id.
        pub id: Option<String>,
        /// Who made it.
        pub creator: Option<String>,
        /// When it was made, in milliseconds since 1970.
        pub creation_timestamp: Option<i64>,
        /// When it was changed last, in milliseconds since 1970.
        pub last_updated_timestamp: Option<i64>,
        /// Who changed it last.
        pub last_updated_user: Option<String>,
        /// What it is built for.
        pub endpoint_type: Option<EndpointType>,
        /// How it is.
        pub endpoint_status: Option<VectorEndpointStatus>,
        /// How many indexes it holds.
        pub num_indexes: Option<i64>,
        /// Its tags.
        pub custom_tags: Option<Vec<CustomTag>>,
        /// The budget policy set on it.
        pub budget_policy_id: Option<String>,
        /// The budget policy that holds for it.
        pub effective_budget_policy_id: Option<String>,
        /// What was asked of it in queries per second.
        pub scaling_info: Option<ScalingInfo>,
    }
}
/// A vector search endpoint.
pub type Endpoint = VectorEndpoint;

open_enum! {
    /// How an endpoint is.
    pub enum VectorEndpointState {
        /// Being made.
        Provisioning = "PROVISIONING",
        /// Answers.
        Online = "ONLINE",
        /// Does not answer.
        Offline = "OFFLINE",
        /// Starting.
        Starting = "STARTING",
        /// Stopping.
        Stopping = "STOPPING",
        /// Stopped.
        Stopped = "STOPPED",
        /// Gone.
        Deleted = "DELETED",
        /// Broken.
        RedState = "RED_STATE",
        /// Answers, with trouble.
        YellowState = "YELLOW_STATE",
    }
}

wire_struct! {
    /// How an endpoint is.
    pub struct VectorEndpointStatus {
        /// Its state.
        pub state: Option<VectorEndpointState>,
        /// What the service says of it.
        pub message: Option<String>,
    }
}

wire_struct! {
    /// A tag.
    pub struct CustomTag {
        /// Its key.
        pub key: String,
        /// Its value.
        pub value: Option<String>,
    }
}

wire_struct! {
    /// What was asked of an endpoint in queries per second.
    pub struct ScalingInfo {
        /// How many.
        pub requested_target_qps: Option<i64>,
        /// How far that is, such as `SCALING_CHANGE_APPLIED`.
        pub state: Option<String>,
    }
}

wire_struct! {
    /// One page of endpoints.
    pub struct VectorEndpointList {
        /// The endpoints.
        pub endpoints: Option<Vec<VectorEndpoint>>,
        /// What asks for the next page.
        pub next_page_token: Option<String>,
    }
}
/// One page of endpoints.
pub type EndpointList = VectorEndpointList;

wire_struct! {
    /// An endpoint's budget policy.
    pub struct BudgetPolicy {
        /// The one set.
        pub budget_policy_id: Option<String>,
        /// The one that holds.
        pub effective_budget_policy_id: Option<String>,
    }
}

wire_struct! {
    /// An endpoint's tags.
    pub struct CustomTags {
        /// The endpoint.
        pub name: Option<String>,
        /// Its tags.
        pub custom_tags: Option<Vec<CustomTag>>,
    }
}
