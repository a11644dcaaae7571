//! Databricks AI in the browser, at the edge and in Rust, from one core.

pub mod chat;
pub mod error;
mod macros;
pub mod serving_endpoints;
pub mod transport;
#[cfg(test)]
mod typescript;
pub mod wire;

pub use error::{Error, ErrorKind, Result, TimeoutPhase};
