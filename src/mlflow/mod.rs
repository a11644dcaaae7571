//! MLflow: runs and what they log, traces, and models that serve chains.
//!
//! On Databricks the workspace is the tracking server; elsewhere a client's host is the tracking URI of an MLflow server,
//! which takes the same calls.

pub mod callback;
pub mod models;
pub mod scoring;
pub mod tracing;
pub mod tracking;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::sender::{CallOptions, Sender};

/// MLflow's tracking client: experiments, runs, artifacts, models and traces. Made by
/// [`WorkspaceClient::mlflow`](crate::WorkspaceClient::mlflow) for a workspace, by [`connect`](Self::connect) for any tracking
/// URI. Cheap to clone.
///
/// ```no_run
/// # async fn example() -> lakewire::Result<()> {
/// use lakewire::mlflow::MlflowClient;
/// use lakewire::mlflow::tracking::CreateRun;
/// let mlflow = MlflowClient::connect("http://127.0.0.1:5000")?;
/// let experiment = mlflow.experiment("my-experiment").await?;
/// let run = mlflow.start_run(&experiment.experiment_id, &CreateRun::new()).await?;
/// run.log_param("temperature", 0.2).await?;
/// run.log_metric("loss", 0.5, 1).await?;
/// run.finish().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct MlflowClient {
    pub(crate) sender: Sender,
    pub(crate) options: CallOptions,
    /// Whether models are those of Unity Catalog, whatever their names look like.
    in_catalog: bool,
    /// Whether the server was found to have no Unity Catalog.
    no_catalog: Arc<AtomicBool>,
}

impl MlflowClient {
    pub(crate) fn new(sender: Sender) -> Self {
        Self { sender, options: CallOptions::default(), in_catalog: false, no_catalog: Arc::default() }
    }

    /// The same client with time limits, headers and attempts of its own.
    #[must_use]
    pub fn with_options(self, options: CallOptions) -> Self {
        Self { options, ..self }
    }
}
