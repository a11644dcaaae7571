//! A panic is a bug; when one happens all the same, every call in flight must end with an error
//! instead of waiting for ever. wasm aborts on panic, so the promise of an `async fn` that panics
//! would stay pending: the hook tells the facade, which rejects what it has in flight.

use std::cell::RefCell;

use js_sys::Function;
use wasm_bindgen::prelude::*;

thread_local! {
    static HANDLER: RefCell<Option<Function>> = const { RefCell::new(None) };
}

/// Calls `handler(message)` on every panic.
#[wasm_bindgen(js_name = onPanic)]
pub fn on_panic(handler: Function) {
    HANDLER.with(|slot| *slot.borrow_mut() = Some(handler));
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map_or_else(String::new, |at| format!(" at {}:{}", at.file(), at.line()));
        HANDLER.with(|slot| {
            if let Ok(slot) = slot.try_borrow() {
                if let Some(handler) = slot.as_ref() {
                    let _ = handler.call1(&JsValue::UNDEFINED, &JsValue::from_str(&place));
                }
            }
        });
    }));
}

/// Panics, for the tests of the hook. Built with the feature `panic_test` only.
///
/// # Panics
/// Always.
#[cfg(feature = "panic_test")]
#[wasm_bindgen(js_name = panicNow)]
#[allow(clippy::panic, reason = "what it is for")]
pub async fn panic_now() {
    panic!("on purpose");
}
