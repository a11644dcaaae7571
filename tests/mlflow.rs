//! The Rust face against a real MLflow server. `LAKEWIRE_MLFLOW` names it; `tests/mlflow/run.mjs` starts one and runs this.
#![cfg(feature = "native")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails says so by panicking"
)]

#[path = "mlflow/tracing.rs"]
mod tracing;
#[path = "mlflow/tracking.rs"]
mod tracking;
