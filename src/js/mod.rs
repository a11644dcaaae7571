//! The JavaScript face. Private to the package: `pkg-template/facade.js` turns these exports into
//! the API that `index.d.ts` declares.
//!
//! Ordinary bodies cross as JSON text, options and facts by serde-wasm-bindgen, stream reads in
//! bulk. A method converts, awaits a handle of the Rust face, and converts back.

#![allow(unreachable_pub, reason = "wasm-bindgen exports must be pub, and this module is private")]

mod chat;
mod client;
mod decoder;
mod error;
mod options;
mod panic;
mod steps;
