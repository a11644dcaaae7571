//! The chat handle's exports.

use js_sys::Promise;
use wasm_bindgen::prelude::*;

use crate::chat::{Chat, body, calls};
use crate::error::Result;
use crate::js::error::to_js;
use crate::js::options::{Scope, run};
use crate::js::outcome::source;
use crate::js::{dispatch, promise};

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
        dispatch(self.chat.sender(), self.chat.invoke_call(body).map(calls::into_text), options)
    }

    /// Sends a body and gives the stream's source for `stream.js`.
    ///
    /// # Errors
    /// As `Chat::stream`.
    pub fn stream(&self, body: String, options: JsValue) -> Promise {
        let sender = self.chat.sender().clone();
        let call = self.chat.stream_call(body);
        promise(Box::pin(async move {
            let (options, signals) = Scope::read(options)?.into_parts();
            let call = call?;
            let opened = run(signals, Box::pin(sender.open(&call, &options))).await?;
            source(sender.transport().now(), opened)
        }))
    }
}
