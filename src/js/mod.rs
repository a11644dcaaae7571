//! The JavaScript face. Private to the package: `pkg-template/facade.js` turns these exports into
//! the API that `index.d.ts` declares.
//!
//! Ordinary bodies cross as JSON text, options and facts by serde-wasm-bindgen, stream reads in
//! bulk. A method converts, awaits a handle of the Rust face, and converts back.

#![allow(unreachable_pub, reason = "wasm-bindgen exports must be pub, and this module is private")]

#[cfg(feature = "js")]
mod agents;
#[cfg(feature = "js")]
mod auth;
mod bag;
mod chat;
mod client;
#[cfg(feature = "js")]
mod completions;
mod decoder;
#[cfg(feature = "js")]
mod embeddings;
mod error;
#[cfg(feature = "js")]
mod events;
#[cfg(feature = "js")]
mod gateway;
#[cfg(feature = "js")]
mod hugging_face;
#[cfg(feature = "js")]
mod operations;
mod options;
mod outcome;
mod panic;
#[cfg(feature = "js")]
mod prompts;
#[cfg(feature = "js")]
mod secrets;
#[cfg(feature = "js")]
mod serving_endpoints;
mod steps;

use js_sys::Promise;
use wasm_bindgen::JsValue;

/// A future as a promise. Boxed first: wasm-bindgen's glue around a future is two kilobytes of code
/// for every type of future it meets.
fn promise(future: crate::transport::BoxFuture<'static, crate::error::Result<JsValue>>) -> Promise {
    wasm_bindgen_futures::future_to_promise(Settling(future))
}

struct Settling(crate::transport::BoxFuture<'static, crate::error::Result<JsValue>>);

impl std::future::Future for Settling {
    type Output = Result<JsValue, JsValue>;

    fn poll(mut self: std::pin::Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> std::task::Poll<Self::Output> {
        self.0.as_mut().poll(cx).map(|outcome| outcome.map_err(|thrown| error::to_js(&thrown)))
    }
}
