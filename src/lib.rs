//! Databricks AI in the browser, at the edge and in Rust, from one core.

pub mod agents;
pub mod auth;
pub mod chain;
pub mod chat;
mod client;
pub mod completions;
pub mod config;
pub mod embeddings;
pub mod error;
pub mod functions;
pub mod gateway;
pub mod genie;
pub mod hugging_face;
mod join;
#[cfg(all(
    any(feature = "js_chat", feature = "js_sql", feature = "js_mlflow", feature = "js_relay"),
    target_arch = "wasm32"
))]
mod js;
mod macros;
pub mod mcp;
pub mod mlflow;
#[cfg(feature = "observe")]
pub mod observe;
#[cfg(not(feature = "observe"))]
#[path = "observe/off.rs"]
mod observe;
mod order;
pub mod pages;
pub mod prompts;
// the other JavaScript builds must not grow by code that only shares helpers with theirs
#[cfg(any(
    not(target_arch = "wasm32"),
    feature = "js_relay",
    not(any(feature = "js_chat", feature = "js_sql", feature = "js_mlflow"))
))]
pub mod relay;
#[cfg(all(feature = "relay", not(target_arch = "wasm32")))]
pub mod relay_service;
pub mod secrets;
pub mod sender;
pub mod serving_endpoints;
pub mod sql;
pub mod sql_chain;
pub mod sql_database;
pub mod sql_guard;
pub mod stream;
pub mod transport;
#[cfg(test)]
mod typescript;
pub mod unity_catalog;
pub mod vector_search;
pub mod wire;

pub use auth::Credentials;
pub use client::WorkspaceClient;
pub use config::Config;
pub use error::{Error, ErrorKind, Result, TimeoutPhase};

// The package's own allocator, half the size of the standard one. Rust apps on wasm build without the exports and choose theirs.
#[cfg(all(
    any(feature = "js_chat", feature = "js_sql", feature = "js_mlflow", feature = "js_relay"),
    target_arch = "wasm32"
))]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();
