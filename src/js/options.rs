//! The options of one call: time limits, headers, attempts, and the signals that end it.

use std::cell::RefCell;
use std::future::Future;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use js_sys::{Array, Reflect};
use serde::Deserialize;
use wasm_bindgen::prelude::*;
use web_sys::AbortSignal;

use crate::config::Timeouts;
use crate::error::{Error, ErrorKind, Result};
use crate::js::error::to_js;
use crate::sender::CallOptions;

/// Time limits in milliseconds.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct TimeoutsMs {
    first_byte_ms: Option<f64>,
    idle_ms: Option<f64>,
    total_ms: Option<f64>,
}

impl TimeoutsMs {
    pub(crate) fn read(&self) -> Result<Timeouts> {
        Timeouts::from_millis(None, self.first_byte_ms, self.idle_ms, self.total_ms)
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Options {
    timeouts: Option<TimeoutsMs>,
    headers: Option<Vec<(String, String)>>,
    max_attempts: Option<f64>,
}

/// Reads a value that crossed from JavaScript; the sentence says which.
pub(crate) fn read<T: serde::de::DeserializeOwned>(what: &str, value: JsValue) -> Result<T> {
    serde_wasm_bindgen::from_value(value).map_err(|_| {
        Error::new(ErrorKind::InvalidInput, format!("The {what} hold a value of the wrong type: see the declarations."))
    })
}

/// A count that crossed as a number.
pub(crate) fn count(what: &str, value: f64) -> Result<u32> {
    if value.fract() == 0.0 && (1.0..=1e6).contains(&value) {
        return Ok(value as u32);
    }
    Err(Error::new(ErrorKind::InvalidInput, format!("`{what}` must be a whole number from 1 to 1,000,000.")))
}

/// A call's options and the signals that end it.
pub(crate) struct Scope {
    pub(crate) options: CallOptions,
    signals: Vec<AbortSignal>,
}

impl Scope {
    /// Reads `{ timeouts, headers, maxAttempts, signals }`, each optional.
    pub(crate) fn read(value: JsValue) -> Result<Self> {
        let mut scope = Self { options: CallOptions::default(), signals: Vec::new() };
        if value.is_undefined() {
            return Ok(scope);
        }
        if let Ok(signals) = Reflect::get(&value, &JsValue::from_str("signals")) {
            if let Ok(signals) = signals.dyn_into::<Array>() {
                scope.signals = signals.iter().map(JsValue::unchecked_into).collect();
            }
        }
        let options: Options = read("call options", value)?;
        if let Some(timeouts) = &options.timeouts {
            scope.options.timeouts = timeouts.read()?;
        }
        scope.options.headers = options.headers.unwrap_or_default();
        if let Some(attempts) = options.max_attempts {
            scope.options.max_attempts = Some(count("maxAttempts", attempts)?);
        }
        Ok(scope)
    }

    /// Runs a call until it ends or a signal fires, which drops the call and so its request.
    pub(crate) async fn run<T>(signals: Vec<AbortSignal>, call: impl Future<Output = Result<T>>) -> Result<T, JsValue> {
        if signals.iter().any(AbortSignal::aborted) {
            return Err(to_js(&cancelled(false)));
        }
        let watch = Watch::new(signals);
        let mut call = std::pin::pin!(call);
        let outcome = std::future::poll_fn(|cx| match watch.poll(cx) {
            Poll::Ready(()) => Poll::Ready(Err(cancelled(true))),
            Poll::Pending => call.as_mut().poll(cx),
        })
        .await;
        outcome.map_err(|error| to_js(&error))
    }

    /// The options, and the signals for [`run`](Self::run).
    pub(crate) fn into_parts(self) -> (CallOptions, Vec<AbortSignal>) {
        (self.options, self.signals)
    }
}

fn cancelled(sent: bool) -> Error {
    Error::new(ErrorKind::Cancelled, "The call was aborted by its signal.").with_maybe_processed(sent)
}

/// Listens to signals; stops listening when dropped, so that a long-lived signal collects nothing.
struct Watch {
    signals: Vec<AbortSignal>,
    listener: Option<Closure<dyn FnMut()>>,
    waker: Rc<RefCell<Option<Waker>>>,
}

impl Watch {
    fn new(signals: Vec<AbortSignal>) -> Self {
        let waker: Rc<RefCell<Option<Waker>>> = Rc::default();
        if signals.is_empty() {
            return Self { signals, listener: None, waker };
        }
        let wake = Rc::clone(&waker);
        let listener = Closure::<dyn FnMut()>::new(move || {
            // taken first: waking may run the task at once
            let waker = wake.borrow_mut().take();
            if let Some(waker) = waker {
                waker.wake();
            }
        });
        for signal in &signals {
            // a signal that cannot be listened to is still looked at on every wake
            let _ = signal.add_event_listener_with_callback("abort", listener.as_ref().unchecked_ref());
        }
        Self { signals, listener: Some(listener), waker }
    }

    fn poll(&self, cx: &mut Context<'_>) -> Poll<()> {
        if self.signals.iter().any(AbortSignal::aborted) {
            return Poll::Ready(());
        }
        if !self.signals.is_empty() {
            *self.waker.borrow_mut() = Some(cx.waker().clone());
        }
        Poll::Pending
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(listener) = &self.listener {
            for signal in &self.signals {
                let _ = signal.remove_event_listener_with_callback("abort", listener.as_ref().unchecked_ref());
            }
        }
    }
}
