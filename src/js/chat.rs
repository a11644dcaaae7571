//! The chat handle's exports.

use std::time::Duration;

use js_sys::{Array, Object, Promise, Reflect};
use wasm_bindgen::prelude::*;

use crate::chat::{Chat, body, calls};
use crate::error::Result;
use crate::js::error::to_js;
use crate::js::options::{Scope, run};
use crate::js::promise;
use crate::sender::{Meta, Opened};
use crate::transport::Body;

/// A chat endpoint, for the facade.
#[wasm_bindgen]
#[derive(Debug)]
pub struct CoreChat {
    chat: Chat,
}

impl CoreChat {
    pub(crate) fn new(chat: Chat) -> Self {
        Self { chat }
    }
}

#[wasm_bindgen]
impl CoreChat {
    /// The body of a request given as the JSON text of `{ messages, …options }`.
    ///
    /// # Errors
    /// `InvalidInput`, see `chat::body::build`.
    pub fn body(&self, request: &str, stream: bool) -> Result<String, JsValue> {
        body::build(self.chat.defaults(), request, stream).map_err(|error| to_js(&error))
    }

    /// Sends a body; gives `[completion text, request id, served model, attempts]`.
    ///
    /// # Errors
    /// As `Chat::invoke`.
    pub fn invoke(&self, body: String, options: JsValue) -> Promise {
        let sender = self.chat.sender().clone();
        let call = calls::invoke(self.chat.endpoint(), body);
        promise(Box::pin(async move {
            let (options, signals) = Scope::read(options)?.into_parts();
            let call = call?;
            let (json, meta) = run(signals, Box::pin(sender.send(&call, &options))).await?;
            let facts = [text(&meta.request_id), text(&meta.served_model_name), meta.attempts.into()];
            Ok([JsValue::from_str(json.as_str())].into_iter().chain(facts).collect::<Array>().into())
        }))
    }

    /// Sends a body and gives the stream's source for `stream.js`.
    ///
    /// # Errors
    /// As `Chat::stream`.
    pub fn stream(&self, body: String, options: JsValue) -> Promise {
        let sender = self.chat.sender().clone();
        let call = calls::stream(self.chat.endpoint(), body);
        promise(Box::pin(async move {
            let (options, signals) = Scope::read(options)?.into_parts();
            let call = call?;
            let opened = run(signals, Box::pin(sender.open(&call, &options))).await?;
            source(sender.transport().now(), opened)
        }))
    }
}

fn text(value: &Option<String>) -> JsValue {
    value.as_deref().map_or(JsValue::UNDEFINED, JsValue::from_str)
}

/// Hands the platform's stream over to JavaScript, together with what ends it.
fn source(now: Duration, opened: Opened) -> Result<JsValue> {
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
