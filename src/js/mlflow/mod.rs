//! The rooms of `lakewire/mlflow`: what to send, by name, and the pure steps; see `planned.rs`.

mod callback;
mod models;
mod tracing;
mod tracking;

use super::planned::{Calls, Steps};

/// The rooms in turn; the first that knows the name answers.
pub(super) const CALLS: &[Calls] = &[];
/// The same for steps.
pub(super) const STEPS: &[Steps] = &[callback::step, tracing::step, tracking::step, models::step];
