//! Vector search: endpoints and indexes, finding the rows nearest to a text or a vector, and writing rows.
//!
//! ```no_run
//! # async fn example(client: lakewire::WorkspaceClient) -> lakewire::Result<()> {
//! use lakewire::vector_search::{Filter, QueryRequest};
//! let index = client.vector_search().index("main.docs.manual_idx");
//! let query = QueryRequest::new(["id", "body"]).query_text("How do I reset it?").filter(&Filter::eq("lang", "en"));
//! for row in index.query(&query).await?.rows {
//!     println!("{} {}", row["score"], row["body"]);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! For who comes from LangChain, [`DatabricksVectorSearch`] has its rules and searches; the guide is
//! `docs/vector-search.md`.

pub mod calls;
pub mod check;
mod databricks;
mod filter;
mod index;
pub mod mmr;
pub mod page;
pub mod progress;
pub mod query;
mod request;
mod rows;
pub mod store;
pub(crate) mod text;
pub mod tool;
pub mod types;
mod wait;
pub mod write;
mod writing;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use databricks::{DatabricksVectorSearch, Document, EmbedTexts, Retriever, Search, StoreOptions, ToolOptions};
pub use filter::{Filter, FilterValue};
pub use index::{QueryPage, VectorSearchIndex};
pub use request::*;
pub use rows::{Row, Rows};
pub use types::*;
pub use wait::DEFAULT_TIMEOUT;
pub use writing::{WriteBatch, WriteReport, WriteStatus};

use crate::error::{Error, ErrorKind, Result};
use crate::sender::{CallOptions, Sender};
use crate::wire::call::Call;
use crate::wire::json::Json;

/// Vector search of a workspace. Cheap to clone.
#[derive(Clone, Debug)]
pub struct VectorSearch {
    pub(crate) sender: Sender,
    pub(crate) options: CallOptions,
}

impl VectorSearch {
    pub(crate) fn new(sender: Sender) -> Self {
        Self { sender, options: CallOptions::default() }
    }

    /// The same handle with time limits, headers and attempts of its own.
    #[must_use]
    pub fn with_options(self, options: CallOptions) -> Self {
        Self { options, ..self }
    }

    /// An index, by its full name. Nothing is sent.
    #[must_use]
    pub fn index(&self, name: impl Into<String>) -> VectorSearchIndex {
        VectorSearchIndex::new(self.clone(), name.into())
    }

    pub(crate) async fn send<T>(&self, call: Result<Call<T>>) -> Result<T> {
        Ok(self.sender.send(&call?, &self.options).await?.0)
    }

    pub(crate) async fn text<T>(&self, call: Result<Call<Json<T>>>) -> Result<String> {
        self.send(call.map(Call::into_text)).await
    }

    async fn read<T: DeserializeOwned>(&self, call: Result<Call<Json<T>>>) -> Result<T> {
        self.send(call).await?.read()
    }

    /// Creates an endpoint. It answers at once; [`wait_until_online`](Self::wait_until_online) waits for it.
    ///
    /// # Errors
    /// `InvalidInput`, see [`check::endpoint`]; `ResourceConflict` when the name is taken. A time-out leaves open whether
    /// it was made: it is not sent again, and [`get_endpoint`](Self::get_endpoint) tells.
    ///
    /// `POST /api/2.0/vector-search/endpoints`
    pub async fn create_endpoint(&self, request: &CreateVectorEndpointRequest) -> Result<VectorEndpoint> {
        self.read(written(request).and_then(calls::create_endpoint)).await
    }

    /// Describes an endpoint.
    ///
    /// # Errors
    /// `NotFound` when there is none of this name.
    ///
    /// `GET /api/2.0/vector-search/endpoints/{name}`
    pub async fn get_endpoint(&self, name: &str) -> Result<VectorEndpoint> {
        self.read(calls::get_endpoint(name)).await
    }

    /// Lists the endpoints, all pages.
    ///
    /// # Errors
    /// As the service answers; `Protocol` when its pages go round in a circle.
    ///
    /// `GET /api/2.0/vector-search/endpoints`
    pub async fn list_endpoints(&self) -> Result<Vec<VectorEndpoint>> {
        self.listed("endpoints", |token| Ok(calls::list_endpoints(token).into_text())).await
    }

    /// Changes how much a standard endpoint shall bear, in queries per second.
    ///
    /// # Errors
    /// `NotFound` when there is none of this name.
    ///
    /// `PATCH /api/2.0/vector-search/endpoints/{name}`
    pub async fn update_endpoint(&self, name: &str, target_qps: u64) -> Result<VectorEndpoint> {
        self.read(calls::update_endpoint(name, target_qps)).await
    }

    /// Sets an endpoint's budget policy.
    ///
    /// # Errors
    /// `NotFound` when there is none of this name.
    ///
    /// `PATCH /api/2.0/vector-search/endpoints/{name}/budget-policy`
    pub async fn update_budget_policy(&self, name: &str, policy_id: &str) -> Result<BudgetPolicy> {
        self.read(calls::update_budget_policy(name, policy_id)).await
    }

    /// Replaces an endpoint's tags.
    ///
    /// # Errors
    /// `NotFound` when there is none of this name.
    ///
    /// `PATCH /api/2.0/vector-search/endpoints/{name}/tags`
    pub async fn update_tags(&self, name: &str, tags: &[CustomTag]) -> Result<CustomTags> {
        self.read(written(&tags).and_then(|tags| calls::update_tags(name, &tags))).await
    }

    /// Deletes an endpoint.
    ///
    /// # Errors
    /// `NotFound` when there is none of this name.
    ///
    /// `DELETE /api/2.0/vector-search/endpoints/{name}`
    pub async fn delete_endpoint(&self, name: &str) -> Result<()> {
        self.send(calls::delete_endpoint(name)).await
    }

    /// Creates an index. It answers at once; [`VectorSearchIndex::wait_until_ready`] waits for it.
    ///
    /// # Errors
    /// `InvalidInput`, see [`check::index`]; `ResourceConflict` when the name is taken. A time-out leaves open whether
    /// it was made: it is not sent again, and [`VectorSearchIndex::get`] tells.
    ///
    /// ```no_run
    /// # async fn example(client: lakewire::WorkspaceClient) -> lakewire::Result<()> {
    /// use lakewire::vector_search::{CreateIndexRequest, DeltaSyncIndexSpec, PipelineType};
    /// let spec = DeltaSyncIndexSpec::managed("main.docs.manual", PipelineType::Triggered, "body", "databricks-gte-large-en");
    /// let search = client.vector_search();
    /// search.create_index(&CreateIndexRequest::delta_sync("main.docs.manual_idx", "vs1", "id", spec)).await?;
    /// search.index("main.docs.manual_idx").wait_until_ready().await?;
    /// # Ok(())
    /// # }
    /// ```
    /// `POST /api/2.0/vector-search/indexes`
    pub async fn create_index(&self, request: &CreateIndexRequest) -> Result<VectorIndex> {
        self.read(written(request).and_then(calls::create_index)).await
    }

    /// Lists the indexes of an endpoint, all pages; each is described in short.
    ///
    /// # Errors
    /// `NotFound` when there is no such endpoint; `Protocol` when the pages go round in a circle.
    ///
    /// `GET /api/2.0/vector-search/indexes`
    pub async fn list_indexes(&self, endpoint_name: &str) -> Result<Vec<VectorIndex>> {
        self.listed("vector_indexes", |token| Ok(calls::list_indexes(endpoint_name, token).into_text())).await
    }

    async fn listed<T: DeserializeOwned>(
        &self,
        name: &str,
        call: impl Fn(Option<&str>) -> Result<Call<String>>,
    ) -> Result<Vec<T>> {
        let mut all = Vec::new();
        let mut walk = page::Walk::default();
        let mut token: Option<String> = None;
        loop {
            let text = self.send(call(token.as_deref())).await?;
            let page = page::listed(&text, name)?;
            all.extend(Json::<Vec<T>>::from_bytes(page.rows.into_bytes())?.read()?);
            match walk.turn(page.next.as_deref(), page.count)? {
                Some(next) => token = Some(next.to_owned()),
                None => return Ok(all),
            }
        }
    }
}

/// A body as JSON text.
pub(crate) fn written<T: Serialize>(body: &T) -> Result<String> {
    serde_json::to_string(body).map_err(|fault| {
        Error::new(ErrorKind::InvalidInput, "The request cannot be written as JSON.").with_source(fault)
    })
}

#[cfg(test)]
mod tests;
