//! An [`Error`] as the plain object that `errors.js` makes a `LakewireError` of.

use serde::Serialize;
use wasm_bindgen::JsValue;

use crate::error::Error;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Facts<'a> {
    kind: &'static str,
    message: &'a str,
    phase: Option<&'static str>,
    status: Option<u16>,
    error_code: Option<&'a str>,
    request_id: Option<&'a str>,
    details: Option<&'a str>,
    retry_after_ms: Option<f64>,
    attempts: u32,
    is_retryable: bool,
    maybe_processed: bool,
    partial: Option<&'a str>,
}

/// The error as JavaScript gets it thrown.
pub(crate) fn to_js(error: &Error) -> JsValue {
    let facts = Facts {
        kind: error.kind().as_str(),
        message: error.message(),
        phase: error.phase().map(crate::error::TimeoutPhase::as_str),
        status: error.status(),
        error_code: error.error_code(),
        request_id: error.request_id(),
        details: error.details(),
        retry_after_ms: error.retry_after().map(|wait| wait.as_secs_f64() * 1000.0),
        attempts: error.attempts(),
        is_retryable: error.is_retryable(),
        maybe_processed: error.maybe_processed(),
        partial: error.partial(),
    };
    serde_wasm_bindgen::to_value(&facts).unwrap_or_else(|_| JsValue::from_str(error.message()))
}
