//! The rooms of `lakewire/data` and `lakewire/sql`: what to send, by name, and the pure steps; see `planned.rs`.
//!
//! A room turns names and texts into a `Call`, or into the outcome of a step; see `secrets.rs` beside this folder.

#[cfg(feature = "js_data")]
mod database;
#[cfg(feature = "js_data")]
mod functions;
#[cfg(feature = "js_data")]
mod genie;
#[cfg(feature = "js_data")]
mod mcp;
mod scanner;
mod sql;
#[cfg(feature = "js_data")]
mod vector_search;

use super::planned::{Calls, Steps};

/// The rooms in turn; the first that knows the name answers.
#[cfg(feature = "js_data")]
pub(super) const CALLS: &[Calls] = &[sql::call, functions::call, database::call, vector_search::call];
/// The same for steps.
#[cfg(feature = "js_data")]
pub(super) const STEPS: &[Steps] =
    &[sql::step, functions::step, genie::step, mcp::step, database::step, vector_search::step];

/// The one room of `lakewire/sql`.
#[cfg(not(feature = "js_data"))]
pub(super) const CALLS: &[Calls] = &[sql::call];
#[cfg(not(feature = "js_data"))]
pub(super) const STEPS: &[Steps] = &[sql::step];
