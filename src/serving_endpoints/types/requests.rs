//! The bodies of the calls that create and change endpoints.

use serde_json::Map;

use super::{AiGatewayConfig, EmailNotifications, EndpointConfigInput, EndpointTag, RateLimit, TelemetryConfig};
use super::{Percentage, Route, TrafficConfig};
use crate::macros::{setters, wire_struct};

wire_struct! {
    /// A new endpoint.
    pub struct CreateEndpointRequest closed {
        /// Its name: letters, digits, `-`, `_` and `.`.
        pub name: String,
        /// What it serves.
        pub config: Option<EndpointConfigInput>,
        /// What the AI Gateway in front of it does.
        pub ai_gateway: Option<AiGatewayConfig>,
        /// The workspace's own labels.
        pub tags: Option<Vec<EndpointTag>>,
        /// Limits of the older kind; newer endpoints set them in `ai_gateway`.
        pub rate_limits: Option<Vec<RateLimit>>,
        /// Whether it gets an address of its own; cannot be changed later.
        pub route_optimized: Option<bool>,
        /// The budget policy it is billed to.
        pub budget_policy_id: Option<String>,
        /// What it is for.
        pub description: Option<String>,
        /// Who is told when an update ends.
        pub email_notifications: Option<EmailNotifications>,
        /// What telemetry goes where.
        pub telemetry_config: Option<TelemetryConfig>,
    }
}

impl CreateEndpointRequest {
    /// An endpoint of this name that serves this.
    #[must_use]
    pub fn new(name: impl Into<String>, config: EndpointConfigInput) -> Self {
        Self {
            name: name.into(),
            config: Some(config),
            ai_gateway: None,
            tags: None,
            rate_limits: None,
            route_optimized: None,
            budget_policy_id: None,
            description: None,
            email_notifications: None,
            telemetry_config: None,
            extra: Map::new(),
        }
    }

    setters! {
        /// What the AI Gateway in front of it does.
        ai_gateway: AiGatewayConfig,
        /// The workspace's own labels.
        tags: Vec<EndpointTag>,
        /// Limits of the older kind.
        rate_limits: Vec<RateLimit>,
        /// Whether it gets an address of its own.
        route_optimized: bool,
        /// The budget policy it is billed to.
        budget_policy_id: String,
        /// What it is for.
        description: String,
        /// Who is told when an update ends.
        email_notifications: EmailNotifications,
        /// What telemetry goes where.
        telemetry_config: TelemetryConfig,
    }
}

wire_struct! {
    /// Labels to set and to take away.
    pub struct UpdateTagsRequest closed {
        /// Set, over those of the same key.
        pub add_tags: Option<Vec<EndpointTag>>,
        /// Taken away, by key.
        pub delete_tags: Option<Vec<String>>,
    }
}

impl UpdateTagsRequest {
    /// Sets labels.
    #[must_use]
    pub fn add(tags: impl IntoIterator<Item = EndpointTag>) -> Self {
        Self { add_tags: Some(tags.into_iter().collect()), delete_tags: None, extra: Map::new() }
    }

    /// Takes labels away.
    #[must_use]
    pub fn delete<K: Into<String>>(mut self, keys: impl IntoIterator<Item = K>) -> Self {
        self.delete_tags = Some(keys.into_iter().map(Into::into).collect());
        self
    }
}

wire_struct! {
    /// The labels of an endpoint.
    pub struct EndpointTags {
        /// The labels.
        pub tags: Option<Vec<EndpointTag>>,
    }
}

wire_struct! {
    /// A new endpoint with provisioned throughput.
    pub struct CreatePtEndpointRequest closed {
        /// Its name.
        pub name: String,
        /// What it serves.
        pub config: PtEndpointConfigInput,
        /// What the AI Gateway in front of it does.
        pub ai_gateway: Option<AiGatewayConfig>,
        /// The workspace's own labels.
        pub tags: Option<Vec<EndpointTag>>,
        /// The budget policy it is billed to.
        pub budget_policy_id: Option<String>,
        /// Who is told when an update ends.
        pub email_notifications: Option<EmailNotifications>,
    }
}

impl CreatePtEndpointRequest {
    /// An endpoint of this name that serves this.
    #[must_use]
    pub fn new(name: impl Into<String>, config: PtEndpointConfigInput) -> Self {
        Self {
            name: name.into(),
            config,
            ai_gateway: None,
            tags: None,
            budget_policy_id: None,
            email_notifications: None,
            extra: Map::new(),
        }
    }
}

wire_struct! {
    /// What an endpoint with provisioned throughput serves.
    pub struct PtEndpointConfigInput closed {
        /// The models.
        pub served_entities: Vec<PtServedEntityInput>,
        /// How calls are shared among them.
        pub traffic_config: Option<TrafficConfig>,
    }
}

impl PtEndpointConfigInput {
    /// A configuration of these models.
    #[must_use]
    pub fn new(entities: impl IntoIterator<Item = PtServedEntityInput>) -> Self {
        Self { served_entities: entities.into_iter().collect(), traffic_config: None, extra: Map::new() }
    }

    /// Shares calls among the models by percentages that sum to 100.
    #[must_use]
    pub fn traffic<N: Into<String>>(mut self, routes: impl IntoIterator<Item = (N, i64)>) -> Self {
        let routes = routes.into_iter().map(|(name, share)| Route {
            served_entity_name: Some(name.into()),
            served_model_name: None,
            traffic_percentage: Some(Percentage(share)),
            extra: Map::new(),
        });
        self.traffic_config = Some(TrafficConfig { routes: Some(routes.collect()), extra: Map::new() });
        self
    }
}

wire_struct! {
    /// One model with provisioned throughput.
    pub struct PtServedEntityInput closed {
        /// The model of Unity Catalog.
        pub entity_name: String,
        /// Model units.
        pub provisioned_model_units: i64,
        /// The model's version.
        pub entity_version: Option<String>,
        /// Its name within the endpoint.
        pub name: Option<String>,
        /// Whether bursts beyond what is provisioned are allowed.
        pub burst_scaling_enabled: Option<bool>,
    }
}

impl PtServedEntityInput {
    /// A model with so many model units.
    #[must_use]
    pub fn new(entity_name: impl Into<String>, provisioned_model_units: i64) -> Self {
        Self {
            entity_name: entity_name.into(),
            provisioned_model_units,
            entity_version: None,
            name: None,
            burst_scaling_enabled: None,
            extra: Map::new(),
        }
    }

    setters! {
        /// The model's version.
        entity_version: String,
        /// Its name within the endpoint.
        name: String,
        /// Whether bursts are allowed.
        burst_scaling_enabled: bool,
    }
}
