//! How what came back crosses: a whole answer with its facts, or the source of a stream.

use std::time::Duration;

use js_sys::{Array, Object, Reflect};
use wasm_bindgen::JsValue;

use crate::error::Result;
use crate::sender::{Meta, Opened};
use crate::transport::Body;

/// `[value, request id, served model, attempts]`.
pub(crate) fn with_facts(value: JsValue, meta: &Meta) -> JsValue {
    let facts = [text(&meta.request_id), text(&meta.served_model_name), meta.attempts.into()];
    [value].into_iter().chain(facts).collect::<Array>().into()
}

fn text(value: &Option<String>) -> JsValue {
    value.as_deref().map_or(JsValue::UNDEFINED, JsValue::from_str)
}

/// Hands the platform's stream over to JavaScript, together with what ends it.
pub(crate) fn source(now: Duration, opened: Opened) -> Result<JsValue> {
    let source = Object::new();
    let set = |name: &str, value: &JsValue| {
        // a plain new object takes every property
        let _ = Reflect::set(&source, &JsValue::from_str(name), value);
    };
    let Meta { request_id, served_model_name, attempts, .. } = &opened.meta;
    set("requestId", &text(request_id));
    set("servedModelName", &text(served_model_name));
    set("attempts", &(*attempts).into());
    let millis = |limit: Duration| JsValue::from_f64(limit.as_secs_f64() * 1000.0);
    set("idleMs", &millis(opened.idle));
    if let Some(deadline) = opened.deadline {
        set("totalMs", &millis(deadline.saturating_sub(now)));
    }
    set("maxEventBytes", &JsValue::from_f64(opened.max_event_bytes as f64));
    if let Some(whole) = &opened.whole {
        set("single", &JsValue::from_str(whole));
    }
    if let Body::Fetch(body) = opened.body {
        let (stream, guard) = body.into_parts();
        set("body", &stream);
        if let Some(controller) = guard.release() {
            set("controller", &controller);
        }
    }
    Ok(source.into())
}
