//! Runs and what they log.

use super::experiment::{LifecycleStage, MlflowTag, value_of};
use crate::macros::{open_enum, setters, wire_struct};

wire_struct! {
    /// A run: what it is, and what it logged.
    pub struct Run {
        /// What it is.
        pub info: RunInfo,
        /// What it logged.
        pub data: Option<RunData>,
        /// The data sets and models it read.
        pub inputs: Option<serde_json::Value>,
        /// The models it wrote.
        pub outputs: Option<serde_json::Value>,
    }
}

impl Run {
    /// The last value of a metric.
    #[must_use]
    pub fn metric(&self, key: &str) -> Option<f64> {
        let metrics = self.data.as_ref()?.metrics.as_ref()?;
        metrics.iter().find(|metric| metric.key == key).map(|metric| metric.value.0)
    }

    /// The value of a parameter.
    #[must_use]
    pub fn param(&self, key: &str) -> Option<&str> {
        let params = self.data.as_ref()?.params.as_ref()?;
        params.iter().find(|param| param.key == key).map(|param| param.value.as_str())
    }

    /// The value of a tag.
    #[must_use]
    pub fn tag(&self, key: &str) -> Option<&str> {
        value_of(self.data.as_ref()?.tags.as_deref(), key)
    }
}

wire_struct! {
    /// What a run is.
    pub struct RunInfo {
        /// Its id, 32 hexadecimal digits.
        pub run_id: String,
        /// The experiment it belongs to.
        pub experiment_id: String,
        /// Its name.
        pub run_name: Option<String>,
        /// Who started it.
        pub user_id: Option<String>,
        /// How it stands.
        pub status: Option<RunStatus>,
        /// When it began, in milliseconds since 1970.
        pub start_time: Option<i64>,
        /// When it ended, in milliseconds since 1970.
        pub end_time: Option<i64>,
        /// Where its artifacts lie.
        pub artifact_uri: Option<String>,
        /// Whether it is active or deleted.
        pub lifecycle_stage: Option<LifecycleStage>,
    }
}

wire_struct! {
    /// What a run logged.
    pub struct RunData {
        /// The last value of each metric.
        pub metrics: Option<Vec<Metric>>,
        /// Its parameters.
        pub params: Option<Vec<MlflowParam>>,
        /// Its tags.
        pub tags: Option<Vec<MlflowTag>>,
    }
}

wire_struct! {
    /// A value of a metric.
    pub struct Metric {
        /// The metric's name.
        pub key: String,
        /// The value; in JavaScript `NaN` too.
        pub value: MetricValue,
        /// When it was measured, in milliseconds since 1970; now unless set.
        pub timestamp: Option<i64>,
        /// At which step, which may be negative; 0 unless set.
        pub step: Option<i64>,
    }
}

impl Metric {
    /// A value at step 0, now.
    #[must_use]
    pub fn new(key: impl Into<String>, value: f64) -> Self {
        Self { key: key.into(), value: MetricValue(value), timestamp: None, step: None, extra: serde_json::Map::new() }
    }

    setters! {
        /// When it was measured, in milliseconds since 1970.
        timestamp: i64,
        /// At which step.
        step: i64,
    }
}

/// A metric's value. JSON has no `NaN` and no infinity, so these are texts on the wire.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct MetricValue(pub f64);

impl From<f64> for MetricValue {
    fn from(value: f64) -> Self {
        Self(value)
    }
}

impl serde::Serialize for MetricValue {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            value if value.is_nan() => serializer.serialize_str("NaN"),
            f64::INFINITY => serializer.serialize_str("Infinity"),
            f64::NEG_INFINITY => serializer.serialize_str("-Infinity"),
            value => serializer.serialize_f64(value),
        }
    }
}

impl<'de> serde::Deserialize<'de> for MetricValue {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(deserializer)?;
        let number = match value.as_str() {
            Some("NaN") => Some(f64::NAN),
            Some("Infinity") => Some(f64::INFINITY),
            Some("-Infinity") => Some(f64::NEG_INFINITY),
            Some(text) => text.parse().ok(),
            None => value.as_f64(),
        };
        number.map(Self).ok_or_else(|| serde::de::Error::custom("a metric's value must be a number"))
    }
}

impl crate::macros::WireField for MetricValue {}

#[cfg(test)]
impl crate::typescript::Typescript for MetricValue {
    fn reference() -> String {
        "number".to_owned()
    }
}

wire_struct! {
    /// A parameter: what the run was given, and never changes.
    pub struct MlflowParam {
        /// Its name.
        pub key: String,
        /// Its value.
        pub value: String,
    }
}

impl MlflowParam {
    /// A parameter.
    #[must_use]
    pub fn new(key: impl Into<String>, value: impl Into<String>) -> Self {
        Self { key: key.into(), value: value.into(), extra: serde_json::Map::new() }
    }
}

open_enum! {
    /// How a run stands.
    pub enum RunStatus {
        /// It goes on.
        Running = "RUNNING",
        /// It will begin.
        Scheduled = "SCHEDULED",
        /// It ended well.
        Finished = "FINISHED",
        /// It failed.
        Failed = "FAILED",
        /// It was stopped.
        Killed = "KILLED",
    }
}

/// A new run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CreateRun {
    pub(crate) run_name: Option<String>,
    pub(crate) start_time: Option<i64>,
    pub(crate) user_id: Option<String>,
    pub(crate) tags: Vec<MlflowTag>,
}

impl CreateRun {
    /// A run whose name MLflow invents, that begins now.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    setters! {
        /// Its name.
        run_name: String,
        /// When it began, in milliseconds since 1970.
        start_time: i64,
        /// Who starts it.
        user_id: String,
    }

    /// Adds a tag.
    #[must_use]
    pub fn tag(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.tags.push(MlflowTag::new(key, value));
        self
    }
}
