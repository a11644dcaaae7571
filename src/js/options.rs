//! The options of one call: time limits, headers, attempts, and the signals that end it.

use std::cell::RefCell;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use js_sys::Array;
use wasm_bindgen::prelude::*;
use web_sys::AbortSignal;

use crate::config::Timeouts;
use crate::error::{Error, ErrorKind, Result};
use crate::js::bag::Bag;
use crate::sender::CallOptions;
use crate::transport::BoxFuture;

/// Reads `{ firstByteMs, idleMs, totalMs }`, each optional.
pub(crate) fn timeouts(of: &Bag<'_>) -> Result<Timeouts> {
    let Some(limits) = of.value("timeouts")? else { return Ok(Timeouts::default()) };
    let limits = Bag::new(&limits);
    Timeouts::from_millis(None, limits.number("firstByteMs")?, limits.number("idleMs")?, limits.number("totalMs")?)
}

/// A call's options and the signals that end it.
pub(crate) struct Scope {
    pub(crate) options: CallOptions,
    signals: Vec<AbortSignal>,
}

impl Scope {
    /// Reads `{ timeouts, headers, maxAttempts, signals }`, each optional.
    pub(crate) fn read(value: JsValue) -> Result<Self> {
        let bag = Bag::new(&value);
        let signals = bag.value("signals")?.and_then(|signals| signals.dyn_into::<Array>().ok());
        Ok(Self {
            options: CallOptions {
                timeouts: timeouts(&bag)?,
                headers: bag.pairs("headers")?,
                max_attempts: bag.count("maxAttempts", 1000)?,
            },
            signals: signals.iter().flat_map(Array::iter).map(JsValue::unchecked_into).collect(),
        })
    }

    /// The options, and the signals for [`run`].
    pub(crate) fn into_parts(self) -> (CallOptions, Vec<AbortSignal>) {
        (self.options, self.signals)
    }
}

/// Runs a call until it ends or a signal fires, which drops the call and so its request.
pub(crate) async fn run<T>(signals: Vec<AbortSignal>, mut call: BoxFuture<'_, Result<T>>) -> Result<T> {
    if signals.iter().any(AbortSignal::aborted) {
        return Err(cancelled(false));
    }
    let watch = Watch::new(signals);
    std::future::poll_fn(|cx| match watch.poll(cx) {
        Poll::Ready(()) => Poll::Ready(Err(cancelled(true))),
        Poll::Pending => call.as_mut().poll(cx),
    })
    .await
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
