//! Databricks AI in the browser, at the edge and in Rust, from one core.

pub mod auth;
pub mod chat;
pub mod config;
pub mod error;
mod macros;
pub mod sender;
pub mod serving_endpoints;
pub mod transport;
#[cfg(test)]
mod typescript;
pub mod wire;

pub use error::{Error, ErrorKind, Result, TimeoutPhase};
