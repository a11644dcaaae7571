//! What an endpoint shall serve.

use std::fmt;

use serde_json::{Map, Value};

use super::ExternalModel;
use crate::macros::{open_enum, setters, wire_struct};

wire_struct! {
    /// What an endpoint shall serve.
    pub struct EndpointConfigInput closed {
        /// The models behind it, at most ten.
        pub served_entities: Option<Vec<ServedEntityInput>>,
        /// How calls are shared among them; may be left out for one.
        pub traffic_config: Option<TrafficConfig>,
        /// The inference table of older endpoints.
        pub auto_capture_config: Option<AutoCaptureConfig>,
    }
}

impl EndpointConfigInput {
    /// A configuration of these entities.
    #[must_use]
    pub fn new(entities: impl IntoIterator<Item = ServedEntityInput>) -> Self {
        Self {
            served_entities: Some(entities.into_iter().collect()),
            traffic_config: None,
            auto_capture_config: None,
            extra: Map::new(),
        }
    }

    /// Shares calls among the entities by percentages that sum to 100.
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

    setters! {
        /// The inference table of older endpoints.
        auto_capture_config: AutoCaptureConfig,
    }
}

wire_struct! {
    /// One model an endpoint shall serve.
    pub struct ServedEntityInput closed {
        /// Its name within the endpoint; made from the model's name unless set.
        pub name: Option<String>,
        /// A model of Unity Catalog (`catalog.schema.model`) or of the workspace, or a function.
        pub entity_name: Option<String>,
        /// The model's version.
        pub entity_version: Option<String>,
        /// A model at another provider; then there is no `entity_name`.
        pub external_model: Option<ExternalModel>,
        /// How much a custom model is given.
        pub workload_size: Option<WorkloadSize>,
        /// On what a custom model runs; `CPU` unless set.
        pub workload_type: Option<WorkloadType>,
        /// Whether it may be shut down while nobody calls; the next call then waits.
        pub scale_to_zero_enabled: Option<bool>,
        /// The least concurrency, in place of `workload_size`.
        pub min_provisioned_concurrency: Option<i64>,
        /// The most concurrency, in place of `workload_size`.
        pub max_provisioned_concurrency: Option<i64>,
        /// The least throughput, in tokens per second.
        pub min_provisioned_throughput: Option<i64>,
        /// The most throughput, in tokens per second.
        pub max_provisioned_throughput: Option<i64>,
        /// Model units of provisioned throughput.
        pub provisioned_model_units: Option<i64>,
        /// Whether bursts beyond what is provisioned are allowed.
        pub burst_scaling_enabled: Option<bool>,
        /// Environment variables; values may be `{{secrets/scope/key}}`.
        pub environment_vars: Option<EnvironmentVars>,
        /// AWS: the role the model runs as.
        pub instance_profile_arn: Option<String>,
    }
}

impl ServedEntityInput {
    /// A model at another provider.
    #[must_use]
    pub fn external(model: impl Into<ExternalModel>) -> Self {
        Self { external_model: Some(model.into()), ..Self::empty() }
    }

    /// A registered model and its version.
    #[must_use]
    pub fn model(name: impl Into<String>, version: impl Into<String>) -> Self {
        Self { entity_name: Some(name.into()), entity_version: Some(version.into()), ..Self::empty() }
    }

    fn empty() -> Self {
        Self {
            name: None,
            entity_name: None,
            entity_version: None,
            external_model: None,
            workload_size: None,
            workload_type: None,
            scale_to_zero_enabled: None,
            min_provisioned_concurrency: None,
            max_provisioned_concurrency: None,
            min_provisioned_throughput: None,
            max_provisioned_throughput: None,
            provisioned_model_units: None,
            burst_scaling_enabled: None,
            environment_vars: None,
            instance_profile_arn: None,
            extra: Map::new(),
        }
    }

    setters! {
        /// Its name within the endpoint.
        name: String,
        /// How much it is given.
        workload_size: WorkloadSize,
        /// On what it runs.
        workload_type: WorkloadType,
        /// Whether it may be shut down while nobody calls.
        scale_to_zero_enabled: bool,
        /// The least concurrency.
        min_provisioned_concurrency: i64,
        /// The most concurrency.
        max_provisioned_concurrency: i64,
        /// The least throughput, in tokens per second.
        min_provisioned_throughput: i64,
        /// The most throughput, in tokens per second.
        max_provisioned_throughput: i64,
        /// Model units of provisioned throughput.
        provisioned_model_units: i64,
        /// Whether bursts are allowed.
        burst_scaling_enabled: bool,
        /// Environment variables.
        environment_vars: EnvironmentVars,
        /// AWS: the role it runs as.
        instance_profile_arn: String,
    }
}

open_enum! {
    /// How much a custom model is given.
    pub enum WorkloadSize {
        /// 4 calls at once.
        Small = "Small",
        /// 8 to 16 calls at once.
        Medium = "Medium",
        /// 16 to 64 calls at once.
        Large = "Large",
    }
}

open_enum! {
    /// On what a custom model runs.
    pub enum WorkloadType {
        /// Processors.
        Cpu = "CPU",
        /// More memory.
        CpuMedium = "CPU_MEDIUM",
        /// Much more memory.
        CpuLarge = "CPU_LARGE",
        /// A small GPU.
        GpuSmall = "GPU_SMALL",
        /// A medium GPU.
        GpuMedium = "GPU_MEDIUM",
        /// A large GPU.
        GpuLarge = "GPU_LARGE",
        /// A very large GPU.
        GpuXlarge = "GPU_XLARGE",
        /// Eight very large GPUs.
        GpuXlarge8 = "GPU_XLARGE_8",
        /// Several medium GPUs.
        MultigpuMedium = "MULTIGPU_MEDIUM",
    }
}

wire_struct! {
    /// How calls are shared among the served entities.
    pub struct TrafficConfig {
        /// One route for each entity.
        pub routes: Option<Vec<Route>>,
    }
}

wire_struct! {
    /// One entity's share of the calls.
    pub struct Route {
        /// The entity.
        pub served_entity_name: Option<String>,
        /// The entity by its older name.
        pub served_model_name: Option<String>,
        /// Its share, 0 to 100.
        pub traffic_percentage: Option<Percentage>,
    }
}

/// A whole number from 0 to 100; the service writes it as a number or as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Percentage(pub i64);

impl serde::Serialize for Percentage {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.0)
    }
}

impl<'de> serde::Deserialize<'de> for Percentage {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let number = value.as_i64().or_else(|| value.as_str().and_then(|text| text.parse().ok()));
        number.map(Self).ok_or_else(|| serde::de::Error::custom("a percentage is a whole number"))
    }
}

impl crate::macros::WireField for Percentage {}

#[cfg(test)]
impl crate::typescript::Typescript for Percentage {
    fn reference() -> String {
        "number".to_owned()
    }
}

wire_struct! {
    /// The inference table of older endpoints; newer ones set it in `ai_gateway`.
    pub struct AutoCaptureConfig {
        /// The catalog.
        pub catalog_name: Option<String>,
        /// The schema.
        pub schema_name: Option<String>,
        /// What the table's name begins with.
        pub table_name_prefix: Option<String>,
        /// Whether calls are logged.
        pub enabled: Option<bool>,
    }
}

/// Environment variables. Values may be `{{secrets/scope/key}}`; printing shows names only.
#[derive(Clone, Default, PartialEq)]
pub struct EnvironmentVars(Map<String, Value>);

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for EnvironmentVars {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), Value::String(value.into()))).collect())
    }
}

impl fmt::Debug for EnvironmentVars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.keys()).finish()
    }
}

impl serde::Serialize for EnvironmentVars {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> serde::Deserialize<'de> for EnvironmentVars {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Map::deserialize(deserializer).map(Self)
    }
}

impl crate::macros::WireField for EnvironmentVars {}

#[cfg(test)]
impl crate::typescript::Typescript for EnvironmentVars {
    fn reference() -> String {
        "Record<string, string>".to_owned()
    }
}
