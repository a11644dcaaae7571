//! The JavaScript face. Private to the package: `pkg-template/facade.js` turns these exports into
//! the API that `index.d.ts` declares.
//!
//! Ordinary bodies cross as JSON text, options and facts by serde-wasm-bindgen, stream reads in
//! bulk. A method converts, awaits a handle of the Rust face, and converts back.

#![allow(unreachable_pub, reason = "wasm-bindgen exports must be pub, and this module is private")]

#[cfg(feature = "js")]
mod agents;
#[cfg(any(feature = "js", feature = "js_sql", feature = "js_mlflow"))]
mod args;
#[cfg(feature = "js")]
mod auth;
#[cfg(feature = "js_chat")]
mod bag;
#[cfg(feature = "js_chat")]
mod chat;
#[cfg(feature = "js_chat")]
mod client;
#[cfg(feature = "js")]
mod completions;
#[cfg(all(feature = "js_sql", not(feature = "js_chat")))]
mod data;
#[cfg(feature = "js_chat")]
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
#[cfg(all(feature = "js_mlflow", not(feature = "js_chat")))]
mod mlflow;
#[cfg(feature = "js")]
mod operations;
#[cfg(feature = "js_chat")]
mod options;
#[cfg(feature = "js_chat")]
mod outcome;
mod panic;
// exports of its own under the names of the others: a build sends, or it plans what others send
#[cfg(all(any(feature = "js_sql", feature = "js_mlflow"), not(feature = "js_chat")))]
mod planned;
#[cfg(feature = "js")]
mod prompts;
#[cfg(feature = "js_relay")]
mod relay;
#[cfg(feature = "js")]
mod secrets;
#[cfg(feature = "js_chat")]
mod sending;
#[cfg(feature = "js")]
mod serving_endpoints;
#[cfg(feature = "js_chat")]
mod steps;

#[cfg(feature = "js_chat")]
use sending::{dispatch, promise};
