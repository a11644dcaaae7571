//! Watching a client.

use std::sync::Arc;

use super::Observer;
use crate::client::WorkspaceClient;

impl WorkspaceClient {
    /// A client whose calls are told to an observer: chat, completions, embeddings, agents, tool loops, chains, retrievers, SQL,
    /// functions and Genie. Handles made by it report; this client itself stays as it is. Several observers may watch.
    ///
    /// ```no_run
    /// # async fn example(client: lakewire::WorkspaceClient) -> lakewire::Result<()> {
    /// use lakewire::mlflow::tracing::MlflowTracing;
    /// let tracing = MlflowTracing::new(&client.mlflow(), "3");
    /// let client = client.observed_by(tracing.clone());
    /// client.chat("my-endpoint").invoke("Hello").await?;
    /// tracing.flush().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn observed_by(&self, observer: impl Observer + 'static) -> Self {
        self.watched(self.sender().watch().and(Arc::new(observer)))
    }
}
