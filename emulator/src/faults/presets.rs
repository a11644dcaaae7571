//! Ready-made error answers of the service.

use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Replacement, from_error};
use crate::errors::{self, ApiError};

/// Error answers seen in the wild (wire: errors-and-retries §3 and §10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// 429 in the form `{error_code, message}`.
    RateLimit,
    /// 429 in the documented form `{error: {message, type, code, limit_type, limit, current, retry_after}}`.
    RateLimitDocumented,
    /// 403 PERMISSION_DENIED.
    PermissionDenied,
    /// 500 INTERNAL_ERROR.
    Internal,
    /// 503 TEMPORARILY_UNAVAILABLE.
    Unavailable,
    /// 504 DEADLINE_EXCEEDED.
    Timeout,
    /// The provider behind an external model failed: `error` is a text, the facts are in `external_model_message`.
    External,
    /// 502 as a proxy in front would write it, in HTML.
    Html,
    /// 500 with no body at all.
    Empty,
    /// 400 of an input guardrail.
    Guardrail,
}

impl Preset {
    pub(super) fn replacement(self, status: Option<StatusCode>, request_id: &str) -> Replacement {
        let json = |default: StatusCode, body: Value| from_error(&ApiError::raw(status.unwrap_or(default), body));
        let canonical = |default: StatusCode| from_error(&errors::canonical(status.unwrap_or(default), request_id));
        match self {
            Self::RateLimit => canonical(StatusCode::TOO_MANY_REQUESTS),
            Self::RateLimitDocumented => json(
                StatusCode::TOO_MANY_REQUESTS,
                json!({"error": {"message": "Rate limit exceeded: input tokens per minute.", "type": "rate_limit_exceeded",
                    "code": 429, "limit_type": "input_tokens_per_minute", "limit": 200_000, "current": 200_150, "retry_after": 1}}),
            ),
            Self::PermissionDenied => canonical(StatusCode::FORBIDDEN),
            Self::Internal => canonical(StatusCode::INTERNAL_SERVER_ERROR),
            Self::Unavailable => canonical(StatusCode::SERVICE_UNAVAILABLE),
            Self::Timeout => canonical(StatusCode::GATEWAY_TIMEOUT),
            Self::External => json(
                StatusCode::TOO_MANY_REQUESTS,
                json!({"error": "Received error from openai",
                    "external_model_message": {"error": {"code": "429", "message": "Requests have exceeded the call rate limit."}}}),
            ),
            Self::Html => Replacement {
                status: status.unwrap_or(StatusCode::BAD_GATEWAY),
                content_type: Some("text/html".to_owned()),
                body: b"<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center></body></html>".to_vec(),
                times: 1,
            },
            Self::Empty => Replacement {
                status: status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
                content_type: None,
                body: Vec::new(),
                times: 1,
            },
            Self::Guardrail => json(
                StatusCode::BAD_REQUEST,
                json!({"error_code": "BAD_REQUEST", "message": "BAD_REQUEST: Request blocked by input guardrail 'safety'."}),
            ),
        }
    }
}
