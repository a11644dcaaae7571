//! Databricks AI in the browser, at the edge and in Rust, from one core.

pub mod error;
pub mod transport;
pub mod wire;

pub use error::{Error, ErrorKind, Result, TimeoutPhase};
