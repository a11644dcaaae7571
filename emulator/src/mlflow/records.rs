//! The things of MLflow as they are kept.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::full;
use super::spans::Span;
use crate::errors::ApiError;

/// Most params of a run, and most tags of anything.
pub(super) const MAX_PAIRS: usize = 2000;

/// Keys and values in the order they came.
#[derive(Debug, Clone, Default)]
pub(super) struct Pairs(Vec<(String, String)>);

impl Pairs {
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str())
    }

    /// Sets a value; a new one too many is refused.
    pub(super) fn put(&mut self, key: &str, value: impl Into<String>) -> Result<(), ApiError> {
        if let Some((_, known)) = self.0.iter_mut().find(|(known, _)| known == key) {
            *known = value.into();
        } else if self.0.len() >= MAX_PAIRS {
            return Err(full(&format!("{MAX_PAIRS} tags or params of one thing")));
        } else {
            self.0.push((key.to_owned(), value.into()));
        }
        Ok(())
    }

    pub(super) fn of(pairs: Vec<(String, String)>) -> Result<Self, ApiError> {
        let mut all = Self::default();
        pairs.into_iter().try_for_each(|(key, value)| all.put(&key, value))?;
        Ok(all)
    }

    pub(super) fn remove(&mut self, key: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|(known, _)| known != key);
        self.0.len() < before
    }

    /// As `[{key, value}]`.
    pub(super) fn listed(&self) -> Vec<Value> {
        self.0.iter().map(|(key, value)| json!({ "key": key, "value": value })).collect()
    }

    /// As `{key: value}`.
    pub(super) fn mapped(&self) -> Value {
        Value::Object(self.0.iter().map(|(key, value)| (key.clone(), json!(value))).collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &(String, String)> {
        self.0.iter()
    }
}

#[derive(Debug, Clone)]
pub(super) struct Experiment {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) created: u64,
    pub(super) updated: u64,
    pub(super) deleted: bool,
    pub(super) tags: Pairs,
}

/// One value of a metric.
#[derive(Debug, Clone, Copy)]
pub(super) struct Point {
    pub(super) value: f64,
    pub(super) timestamp: i64,
    pub(super) step: i64,
}

/// The values of a metric, in the order of its history.
#[derive(Debug, Clone)]
pub(super) struct Series {
    pub(super) key: String,
    pub(super) points: BTreeMap<(i64, i64, u64), Point>,
    pub(super) last: Point,
}

#[derive(Debug, Clone)]
pub(super) struct Run {
    pub(super) id: String,
    pub(super) experiment: String,
    pub(super) name: String,
    pub(super) user: String,
    pub(super) status: String,
    pub(super) start: i64,
    pub(super) end: Option<i64>,
    pub(super) deleted: bool,
    pub(super) params: Pairs,
    pub(super) tags: Pairs,
    pub(super) metrics: Vec<Series>,
    /// The models it made: `{model_id, step}`.
    pub(super) outputs: Vec<Value>,
}

/// A trace: its info, and its spans if they came by OTLP.
#[derive(Debug, Clone, Default)]
pub(super) struct Trace {
    pub(super) id: String,
    pub(super) experiment: String,
    pub(super) client_request_id: Option<String>,
    pub(super) request_preview: Option<String>,
    pub(super) response_preview: Option<String>,
    pub(super) time: i64,
    pub(super) duration: Option<i64>,
    pub(super) state: String,
    pub(super) metadata: Pairs,
    pub(super) tags: Pairs,
    pub(super) assessments: Vec<Value>,
    pub(super) spans: Vec<Span>,
    /// The runs it is linked to.
    pub(super) runs: Vec<String>,
}

#[derive(Debug, Clone)]
pub(super) struct LoggedModel {
    pub(super) id: String,
    pub(super) experiment: String,
    pub(super) name: String,
    pub(super) created: u64,
    pub(super) updated: u64,
    pub(super) status: String,
    pub(super) kind: String,
    pub(super) run: String,
    pub(super) params: Pairs,
    pub(super) tags: Pairs,
}

#[derive(Debug, Clone)]
pub(super) struct ModelVersion {
    pub(super) version: u64,
    pub(super) created: u64,
    pub(super) updated: u64,
    pub(super) description: String,
    pub(super) source: String,
    pub(super) run: String,
    pub(super) model_id: Option<String>,
    pub(super) run_link: String,
    pub(super) tags: Pairs,
}

#[derive(Debug, Clone, Default)]
pub(super) struct RegisteredModel {
    pub(super) created: u64,
    pub(super) updated: u64,
    pub(super) description: String,
    pub(super) tags: Pairs,
    pub(super) aliases: BTreeMap<String, u64>,
    pub(super) versions: Vec<ModelVersion>,
    /// The number of the last version there ever was.
    pub(super) last: u64,
}
