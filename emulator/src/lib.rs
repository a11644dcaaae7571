//! A Databricks workspace on loopback.
//!
//! It answers the same paths with the same bodies, headers and refusals as the service, so that the SDK, the demo page and
//! Databricks' own clients can be run against it without an account. It shares no code with the SDK: sharing types would
//! hide shared mistakes. What answers a chat is either a real model behind `--upstream`, or the deterministic
//! stand-in of [`model`], which reads the conversation and says what it is.

mod civil;
pub mod cli;
pub mod completions;
pub mod custom;
pub mod driver_proxy;
pub mod errors;
pub mod events;
pub mod faults;
pub mod gate;
pub mod genie;
pub mod history;
pub mod identity;
pub mod ids;
pub mod invocations;
pub mod json;
pub mod loopback;
pub mod mcp;
pub mod mlflow;
pub mod permissions;
pub mod secrets;
pub mod server;
pub mod serving_endpoints;
pub mod shaping;
pub mod sql;
pub mod state;
pub mod unity_catalog;
pub mod upstream;
pub mod vector_search;
pub mod workspace;

pub mod agents;
pub mod chat;
pub mod embeddings;
pub mod hugging_face;
pub mod model;
pub mod oauth;
pub mod responses;

pub use server::{Listening, listen};
pub use state::{Config, Emulator};
