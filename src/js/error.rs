//! An [`Error`] as the plain object that `errors.js` makes a `LakewireError` of.

use js_sys::{Object, Reflect};
use wasm_bindgen::JsValue;

use crate::error::{Error, TimeoutPhase};

/// The error as JavaScript gets it thrown: an object of the facts that are there.
pub(crate) fn to_js(error: &Error) -> JsValue {
    let object = Object::new();
    let set = |name: &str, value: Option<JsValue>| {
        if let Some(value) = value {
            // a plain new object takes every property
            let _ = Reflect::set(&object, &JsValue::from_str(name), &value);
        }
    };
    let text = |text: Option<&str>| text.map(JsValue::from_str);
    set("kind", text(Some(error.kind().as_str())));
    set("message", text(Some(error.message())));
    set("phase", text(error.phase().map(TimeoutPhase::as_str)));
    set("status", error.status().map(JsValue::from));
    set("errorCode", text(error.error_code()));
    set("requestId", text(error.request_id()));
    set("details", text(error.details()));
    set("retryAfterMs", error.retry_after().map(|wait| JsValue::from_f64(wait.as_secs_f64() * 1000.0)));
    set("attempts", Some(error.attempts().into()));
    set("isRetryable", Some(error.is_retryable().into()));
    set("maybeProcessed", Some(error.maybe_processed().into()));
    set("partial", text(error.partial()));
    object.into()
}
