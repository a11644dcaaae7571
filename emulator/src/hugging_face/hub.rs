//! What the hub knows of a model, and what a test has set: which models load, whether the old host is gone.

use std::collections::HashMap;

use axum::extract::{Path, RawQuery};
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::model;
use crate::errors::json_response;
use crate::json::set;

/// What `POST /_emulator/hugging-face` takes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Control {
    /// The model that loads.
    model: Option<String>,
    /// How many of its next requests find it loading.
    #[serde(default)]
    loading: u64,
    /// The seconds those answers name.
    #[serde(default = "twenty")]
    estimated_time: f64,
    /// Whether the old host answers 410.
    old_host_gone: Option<bool>,
    /// Whether `/health` answers 503.
    unhealthy: Option<bool>,
}

fn twenty() -> f64 {
    20.0
}

/// What was set.
#[derive(Debug, Default)]
pub struct Hub {
    loading: HashMap<String, (u64, f64)>,
    pub(super) old_host_gone: bool,
    pub(super) unhealthy: bool,
}

impl Hub {
    pub(super) fn set(&mut self, control: Control) {
        if let Some(model) = control.model {
            self.loading.insert(model, (control.loading, control.estimated_time));
        }
        self.old_host_gone = control.old_host_gone.unwrap_or(self.old_host_gone);
        self.unhealthy = control.unhealthy.unwrap_or(self.unhealthy);
    }

    /// The seconds a model still loads, if it does; counted down by requests, not by a clock.
    pub(super) fn loads(&mut self, id: &str) -> Option<f64> {
        let (left, seconds) = self.loading.get_mut(id)?;
        *left = left.checked_sub(1)?;
        Some(*seconds)
    }
}

/// `GET /api/models/{id}`: what the hub says of a model; `expand[]` adds how it is served.
pub(super) async fn describe(Path((org, name)): Path<(String, String)>, RawQuery(query): RawQuery) -> Response {
    let id = format!("{org}/{name}");
    let Some(model) = model(&id) else {
        return json_response(StatusCode::NOT_FOUND, &json!({ "error": "Repository not found" }));
    };
    let mut body = json!({ "_id": "0123456789abcdef01234567", "id": model.id });
    let query = query.unwrap_or_default();
    let expands =
        |what: &str| form_urlencoded::parse(query.as_bytes()).any(|(key, value)| key == "expand[]" && value == what);
    if expands("inference") {
        set(&mut body, "inference", "warm");
    }
    if expands("inferenceProviderMapping") {
        let task = if model.template { "conversational" } else { "text-generation" };
        let mapping: Value = json!({ "hf-inference": { "status": "live", "providerId": model.id, "task": task } });
        set(&mut body, "inferenceProviderMapping", mapping);
    }
    if expands("pipeline_tag") || query.is_empty() {
        set(&mut body, "pipeline_tag", "text-generation");
    }
    json_response(StatusCode::OK, &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_loads_for_so_many_requests() {
        let mut hub = Hub::default();
        let control = |text: &str| serde_json::from_str::<Control>(text).unwrap();
        hub.set(control(r#"{"model":"a/b","loading":2,"estimated_time":1.5}"#));
        assert_eq!(
            [hub.loads("a/b"), hub.loads("a/b"), hub.loads("a/b"), hub.loads("x")],
            [Some(1.5), Some(1.5), None, None]
        );
        hub.set(control(r#"{"old_host_gone":true}"#));
        assert!(hub.old_host_gone && !hub.unhealthy);
    }
}
