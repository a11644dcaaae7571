//! A workspace and how to reach it.

use std::sync::Arc;

use crate::auth::Credentials;
use crate::chat::Chat;
use crate::config::Config;
use crate::error::Result;
use crate::secrets::Secrets;
use crate::sender::{CallOptions, Sender};
use crate::serving_endpoints::ServingEndpoints;
use crate::transport::{self, Transport};
use crate::wire::call::Call;

/// A Databricks workspace: a host, credentials and a transport. Cheap to clone; clones share the
/// retry budget, the token and the connections.
///
/// ```no_run
/// # async fn example() -> lakewire::Result<()> {
/// use lakewire::WorkspaceClient;
/// let client = WorkspaceClient::new("https://example.cloud.databricks.com", "dapi…")?;
/// println!("{}", client.chat("my-endpoint").invoke("Hello").await?.text());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct WorkspaceClient {
    sender: Sender,
}

impl WorkspaceClient {
    /// A client with a personal access token (or other credentials) over the platform's transport.
    ///
    /// # Errors
    /// `InvalidInput` when the host cannot be one, when it is plain `http` and not loopback, or
    /// when the crate was built without a transport (feature `native`).
    pub fn new(host: &str, credentials: impl Into<Credentials>) -> Result<Self> {
        Self::with_config(Config::new(host)?, credentials.into())
    }

    /// A client with limits and headers of its own over the platform's transport.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_config(config: Config, credentials: Credentials) -> Result<Self> {
        let transport = transport::platform(config.timeouts.connect)?;
        Self::with_transport(config, credentials, transport)
    }

    /// A client from `DATABRICKS_HOST` and `DATABRICKS_TOKEN`.
    ///
    /// # Errors
    /// `InvalidInput` naming the variable that is missing.
    pub fn from_env() -> Result<Self> {
        let lookup = |name: &str| std::env::var(name).ok();
        let (config, credentials) = Config::from_lookup(lookup)?;
        Self::with_config(config, credentials)
    }

    /// A client from its parts.
    ///
    /// # Errors
    /// `InvalidInput` when the parts do not fit together.
    pub fn with_transport(config: Config, credentials: Credentials, transport: Arc<dyn Transport>) -> Result<Self> {
        Ok(Self { sender: Sender::new(config, credentials, transport)? })
    }

    /// Chat with a serving endpoint.
    #[must_use]
    pub fn chat(&self, endpoint: impl Into<String>) -> Chat {
        Chat::new(self.sender.clone(), endpoint.into())
    }

    /// The workspace's serving endpoints.
    #[must_use]
    pub fn serving_endpoints(&self) -> ServingEndpoints {
        ServingEndpoints::new(self.sender.clone())
    }

    /// The workspace's secrets.
    #[must_use]
    pub fn secrets(&self) -> Secrets {
        Secrets::new(self.sender.clone())
    }

    pub(crate) fn sender(&self) -> &Sender {
        &self.sender
    }

    /// Sends any call: a route this crate does not cover yet, with the same auth, retry and errors.
    ///
    /// # Errors
    /// As the service answers.
    pub async fn send<T>(&self, call: &Call<T>) -> Result<T> {
        Ok(self.sender().send(call, &CallOptions::default()).await?.0)
    }
}
