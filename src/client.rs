//! A workspace and how to reach it.

use std::sync::Arc;

use crate::agents::{ChatAgent, Responses};
use crate::auth::Credentials;
use crate::chat::Chat;
use crate::completions::{self, Completions};
use crate::config::{Config, world};
use crate::embeddings::Embedder;
use crate::error::Result;
use crate::genie::{Genie, GenieSpace};
use crate::mlflow::MlflowClient;
use crate::mlflow::scoring::ScoringServer;
use crate::observe::Watch;
use crate::pages::Pages;
use crate::secrets::Secrets;
use crate::sender::{CallOptions, Sender};
use crate::serving_endpoints::ServingEndpoints;
use crate::sql::{StatementExecution, Warehouses};
use crate::transport::{self, Transport};
use crate::unity_catalog::UnityCatalog;
use crate::vector_search::VectorSearch;
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

    /// A client from the environment and the profile file, by the rules of Databricks' own SDKs:
    /// `DATABRICKS_HOST`, `DATABRICKS_TOKEN`, `DATABRICKS_CLIENT_ID` and the others first, then the
    /// profile that `DATABRICKS_CONFIG_PROFILE` names or the file's default one. The file is
    /// `~/.databrickscfg` unless `DATABRICKS_CONFIG_FILE` names another; it is not read when the
    /// environment names a host or a credential and no profile.
    ///
    /// # Errors
    /// `InvalidInput` naming what is missing, and for credentials of more than one kind.
    pub fn from_env() -> Result<Self> {
        let (config, credentials) = world::read(&[])?;
        Self::with_config(config, credentials)
    }

    /// A client from a profile of `~/.databrickscfg` (or of the file that `DATABRICKS_CONFIG_FILE`
    /// names). Variables that are set go before the profile's values, as in Databricks' own SDKs.
    ///
    /// # Errors
    /// `InvalidInput` when there is no such profile, and as of [`from_env`](Self::from_env).
    pub fn from_profile(name: &str) -> Result<Self> {
        let (config, credentials) = world::read(&[("profile", name)])?;
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

    /// Text from a serving endpoint of any kind, or from an app on a cluster's driver node.
    #[must_use]
    pub fn completions(&self, target: impl Into<completions::Target>) -> Completions {
        Completions::new(self.sender.clone(), target.into())
    }

    /// The workspace's id, which stands in the addresses of driver proxy apps.
    ///
    /// # Errors
    /// `Decode` when the workspace does not say it.
    pub async fn org_id(&self) -> Result<String> {
        self.send(&completions::calls::org_id()).await
    }

    /// Embeddings from a serving endpoint.
    #[must_use]
    pub fn embeddings(&self, endpoint: impl Into<String>) -> Embedder {
        Embedder::new(self.sender.clone(), endpoint.into())
    }

    /// An agent or model that speaks OpenAI's Responses (task `agent/v1/responses`).
    ///
    /// ```no_run
    /// # async fn example(client: lakewire::WorkspaceClient) -> lakewire::Result<()> {
    /// let answer = client.responses("my-agent").invoke("Which table holds our orders?").await?;
    /// println!("{}", answer.text());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn responses(&self, endpoint: impl Into<String>) -> Responses {
        Responses::new(self.sender.clone(), endpoint.into())
    }

    /// An agent that speaks MLflow's ChatAgent form (task `agent/v2/chat`).
    ///
    /// ```no_run
    /// # async fn example(client: lakewire::WorkspaceClient) -> lakewire::Result<()> {
    /// let answer = client.chat_agent("my-agent").invoke("Which table holds our orders?").await?;
    /// println!("{}", answer.text());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn chat_agent(&self, endpoint: impl Into<String>) -> ChatAgent {
        ChatAgent::new(self.sender.clone(), endpoint.into())
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

    /// SQL statements on a warehouse.
    #[must_use]
    pub fn statement_execution(&self, warehouse_id: impl Into<String>) -> StatementExecution {
        StatementExecution::new(self.sender.clone(), warehouse_id.into())
    }

    /// The workspace's SQL warehouses.
    #[must_use]
    pub fn warehouses(&self) -> Warehouses {
        Warehouses::new(self.sender.clone())
    }

    /// The workspace's Unity Catalog: catalogs, schemas, tables, volumes and functions.
    #[must_use]
    pub fn unity_catalog(&self) -> UnityCatalog {
        UnityCatalog::new(self.sender.clone())
    }

    /// A Genie space, by its id: questions about data in plain words.
    #[must_use]
    pub fn genie(&self, space_id: impl Into<String>) -> Genie {
        Genie::new(self.sender.clone(), space_id.into())
    }

    /// Lists the Genie spaces the caller may see.
    #[must_use]
    pub fn genie_spaces(&self) -> Pages<GenieSpace> {
        Genie::spaces(self.sender.clone())
    }

    /// The workspace's vector search: endpoints, indexes and their rows.
    #[must_use]
    pub fn vector_search(&self) -> VectorSearch {
        VectorSearch::new(self.sender.clone())
    }

    /// MLflow in the workspace, or the MLflow server this client is for: experiments, runs, artifacts, models and traces.
    #[must_use]
    pub fn mlflow(&self) -> MlflowClient {
        MlflowClient::new(self.sender.clone())
    }

    /// The MLflow scoring server this client is for, as `mlflow models serve` starts one.
    #[must_use]
    pub fn scoring_server(&self) -> ScoringServer {
        ScoringServer::new(self.sender.clone())
    }

    /// The same client with others who watch its calls.
    #[doc(hidden)]
    #[must_use]
    pub fn watched(&self, watch: Watch) -> Self {
        Self { sender: self.sender.watched(watch) }
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
