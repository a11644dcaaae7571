//! Errors as text-generation-inference writes them: flat, with `error_type` (wire: huggingface §5).

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::{Value, json};

use crate::errors::{ApiError, json_response};

/// A refusal: a status and a JSON body, or plain text.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    body: Value,
}

impl Refusal {
    /// A refusal with this JSON body.
    pub(super) fn json(status: StatusCode, body: Value) -> Self {
        Self { status, body }
    }

    fn tgi(status: StatusCode, text: &str, error_type: &str) -> Self {
        Self::json(status, json!({ "error": text, "error_type": error_type }))
    }

    pub(super) fn validation(what: &str) -> Self {
        Self::tgi(StatusCode::UNPROCESSABLE_ENTITY, &format!("Input validation error: {what}"), "validation")
    }

    pub(super) fn template() -> Self {
        Self::tgi(StatusCode::UNPROCESSABLE_ENTITY, "Template error: template not found", "template_error")
    }

    pub(super) fn unhealthy() -> Self {
        Self::tgi(StatusCode::SERVICE_UNAVAILABLE, "unhealthy", "healthcheck")
    }

    /// The refusal of a chat request that the shared reader did not like.
    pub(super) fn from_chat(error: &ApiError) -> Self {
        let message = error.body().get("message").and_then(Value::as_str).unwrap_or("the request is not valid");
        Self::validation(message.split_once(": ").map_or(message, |(_, rest)| rest))
    }

    /// What the JSON extractor says of a malformed or incomplete body: plain text.
    pub(super) fn extractor(what: &str) -> Self {
        let text = format!("Failed to deserialize the JSON body into the target type: {what}");
        Self::json(StatusCode::UNPROCESSABLE_ENTITY, Value::from(text))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Value::String(text) = self.body else { return json_response(self.status, &self.body) };
        (self.status, text).into_response()
    }
}

/// The body this surface sends with a bare status, for a fault that only names one.
#[must_use]
pub fn of_status(status: StatusCode) -> Value {
    let typed = |error: &str, error_type: &str| json!({ "error": error, "error_type": error_type });
    match status.as_u16() {
        401 => json!({ "error": "Invalid username or password." }),
        402 => json!({ "error": "You have exceeded your monthly included credits for Inference Providers." }),
        404 => json!({ "error": "Not Found" }),
        410 => json!({ "error": GONE }),
        422 => typed("Input validation error: the request is not valid", "validation"),
        424 => typed("Request failed during generation: the model failed", "generation"),
        429 => typed("Model is overloaded", "overloaded"),
        500 => typed("Incomplete generation", "incomplete_generation"),
        503 => json!({ "error": "Model is currently loading", "estimated_time": 20.0 }),
        _ => json!({ "error": status.canonical_reason().unwrap_or("The request failed") }),
    }
}

/// What the old host says.
pub(super) const GONE: &str =
    "https://api-inference.huggingface.co is no longer supported. Please use https://router.huggingface.co instead.";
