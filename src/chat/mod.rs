//! Chat with serving endpoints.

pub mod types;
