//! Tracking: experiments, runs and what they log, artifacts, registered and logged models.
//!
//! The names are those of MLflow's own `MlflowClient`. Its methods stand in this room's files by what they are about; the
//! types of what they give and take are here.

pub mod batch;
pub mod calls;
pub mod place;
pub mod types;

mod artifacts;
mod connect;
mod experiments;
mod models;
mod registry;
mod run;
mod runs;

pub use artifacts::Artifacts;
pub use place::Place;
pub use run::ActiveRun;
pub use runs::RunSearch;
pub use types::*;

#[cfg(test)]
mod tests;
