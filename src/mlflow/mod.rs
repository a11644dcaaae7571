//! MLflow: runs and what they log, traces, and models that serve chains.
//!
//! On Databricks the workspace is the tracking server; elsewhere a client's host is the tracking URI of an MLflow server,
//! which takes the same calls.

pub mod models;
pub mod tracing;

use crate::sender::Sender;

/// MLflow's tracking client: experiments, runs, artifacts, models and traces. Made by
/// [`WorkspaceClient::mlflow`](crate::WorkspaceClient::mlflow). Cheap to clone.
///
/// ```no_run
/// # fn example() -> lakewire::Result<()> {
/// use lakewire::WorkspaceClient;
/// let workspace = WorkspaceClient::from_env()?.mlflow();
/// # let _ = workspace;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct MlflowClient {
    #[allow(dead_code, reason = "its rooms send with it")]
    pub(crate) sender: Sender,
}

impl MlflowClient {
    pub(crate) fn new(sender: Sender) -> Self {
        Self { sender }
    }
}
