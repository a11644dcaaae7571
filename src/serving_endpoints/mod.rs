//! Serving endpoints of the workspace: what can be asked.

pub mod types;
