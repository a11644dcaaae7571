//! Calls as promises: one piece of code for all there are.

use js_sys::Promise;
use wasm_bindgen::JsValue;

use crate::error::Result;
use crate::js::error::to_js;
use crate::js::options::{Scope, run};
use crate::js::outcome::with_facts;
use crate::sender::Sender;
use crate::transport::BoxFuture;
use crate::wire::call::Call;

/// A future as a promise. Boxed first: wasm-bindgen's glue around a future is two kilobytes of code
/// for every type of future it meets.
pub(super) fn promise(future: BoxFuture<'static, Result<JsValue>>) -> Promise {
    wasm_bindgen_futures::future_to_promise(Settling(future))
}

/// Sends a call; gives `[text, request id, served model, attempts]`. One piece of code for every call there is.
pub(super) fn dispatch(sender: &Sender, call: Result<Call<String>>, options: JsValue) -> Promise {
    let sender = sender.clone();
    promise(Box::pin(async move {
        let (options, signals) = Scope::read(options)?.into_parts();
        let call = call?;
        let (text, meta) = run(signals, Box::pin(sender.send(&call, &options))).await?;
        Ok(with_facts(JsValue::from_str(&text), &meta))
    }))
}

struct Settling(BoxFuture<'static, Result<JsValue>>);

impl std::future::Future for Settling {
    type Output = std::result::Result<JsValue, JsValue>;

    fn poll(mut self: std::pin::Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> std::task::Poll<Self::Output> {
        self.0.as_mut().poll(cx).map(|outcome| outcome.map_err(|thrown| to_js(&thrown)))
    }
}
