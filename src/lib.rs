//! Databricks AI in the browser, at the edge and in Rust, from one core.

pub mod auth;
pub mod config;
pub mod error;
pub mod sender;
pub mod transport;
pub mod wire;

pub use error::{Error, ErrorKind, Result, TimeoutPhase};
