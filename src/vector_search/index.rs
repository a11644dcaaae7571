//! One index: describing, asking and following it.

use std::sync::{Arc, OnceLock};

use serde_json::Value;

use crate::error::{Error, ErrorKind, Result};
use crate::vector_search::{QueryRequest, Row, Rows, VectorIndex, VectorSearch, calls, page, written};
use crate::wire::json::Json;

/// One page of what a query found, best first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct QueryPage {
    /// The rows: the columns asked for, and `score`.
    pub rows: Vec<Row>,
    /// The names of the cells, `score` last.
    pub columns: Vec<String>,
    /// What asks for the next page, by [`VectorSearchIndex::next_page`].
    pub next_page_token: Option<String>,
    /// The facets, when some were asked for.
    pub facets: Option<Vec<Row>>,
    /// What the service says of the query's course, with `debug_level`.
    pub debug_info: Option<Value>,
}

/// One index of a workspace; made by [`VectorSearch::index`]. Cheap to clone.
#[derive(Clone, Debug)]
pub struct VectorSearchIndex {
    search: VectorSearch,
    name: String,
    storage_optimized: bool,
    key: Arc<OnceLock<String>>,
}

impl VectorSearchIndex {
    pub(super) fn new(search: VectorSearch, name: String) -> Self {
        Self { search, name, storage_optimized: false, key: Arc::default() }
    }

    /// Says that its endpoint is of type `STORAGE_OPTIMIZED`: filters are sent as SQL-like text then.
    #[must_use]
    pub fn on_storage_optimized(self) -> Self {
        Self { storage_optimized: true, ..self }
    }

    /// Says which column is the primary key, so that writing rows need not ask for it.
    #[must_use]
    pub fn with_primary_key(self, column: impl Into<String>) -> Self {
        Self { key: Arc::new(OnceLock::from(column.into())), ..self }
    }

    /// Its full name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn search(&self) -> &VectorSearch {
        &self.search
    }

    pub(super) fn storage_optimized(&self) -> bool {
        self.storage_optimized
    }

    pub(super) async fn primary_key(&self) -> Result<String> {
        if let Some(key) = self.key.get() {
            return Ok(key.clone());
        }
        let key = self.get().await?.primary_key.ok_or_else(|| {
            Error::new(
                ErrorKind::Decode,
                "The service did not say the index's primary key: give it by with_primary_key().",
            )
        })?;
        Ok(self.key.get_or_init(|| key).clone())
    }

    /// Describes it.
    ///
    /// # Errors
    /// `NotFound` when there is none of this name.
    ///
    /// `GET /api/2.0/vector-search/indexes/{index_name}`
    pub async fn get(&self) -> Result<VectorIndex> {
        self.search.send(calls::get_index(&self.name, false)).await?.read()
    }

    /// Deletes it.
    ///
    /// # Errors
    /// `NotFound` when there is none of this name.
    ///
    /// `DELETE /api/2.0/vector-search/indexes/{index_name}`
    pub async fn delete(&self) -> Result<()> {
        self.search.send(calls::delete_index(&self.name)).await
    }

    /// Starts bringing a Delta Sync index with a `TRIGGERED` pipeline up to its table;
    /// [`wait_until_settled`](Self::wait_until_settled) waits for the end.
    ///
    /// # Errors
    /// `BadRequest` for any other index.
    ///
    /// `POST /api/2.0/vector-search/indexes/{index_name}/sync`
    pub async fn sync(&self) -> Result<()> {
        self.search.send(calls::sync_index(&self.name)).await
    }

    /// Finds the rows nearest to a text or a vector, best first; the first page of them.
    ///
    /// # Errors
    /// `InvalidInput` for what the service would refuse, see [`query::body`](super::query::body); `NotFound` when there is
    /// no such index; else as the service answers.
    ///
    /// `POST /api/2.0/vector-search/indexes/{index_name}/query`
    pub async fn query(&self, request: &QueryRequest) -> Result<QueryPage> {
        let request = written(request)?;
        typed(self.page(&request).await?)
    }

    pub(super) async fn page(&self, request: &str) -> Result<page::Page> {
        let text = self.search.text(calls::query(&self.name, request, self.storage_optimized)).await?;
        page::read(&text, &[])
    }

    /// The page after this one; nothing after the last.
    ///
    /// # Errors
    /// As [`query`](Self::query).
    ///
    /// `POST /api/2.0/vector-search/indexes/{index_name}/query-next-page`
    pub async fn next_page(&self, before: &QueryPage) -> Result<Option<QueryPage>> {
        let Some(token) = &before.next_page_token else { return Ok(None) };
        let text = self.search.text(calls::query_next_page(&self.name, token, None)).await?;
        let known: Vec<&str> = before.columns.iter().map(String::as_str).collect();
        typed(page::read(&text, &known)?).map(Some)
    }

    /// The rows of a query one by one, over all its pages; each page is asked for when it is needed.
    ///
    /// # Errors
    /// `InvalidInput` when the request cannot be written.
    pub fn query_rows(&self, request: &QueryRequest) -> Result<Rows> {
        Ok(Rows::of_query(self.clone(), written(request)?))
    }

    /// All rows of the index by primary key, this many a request; each page is asked for when it is needed.
    ///
    /// `POST /api/2.0/vector-search/indexes/{index_name}/scan`
    #[must_use]
    pub fn scan(&self, page_size: u64) -> Rows {
        Rows::of_scan(self.clone(), page_size)
    }
}

fn typed(page: page::Page) -> Result<QueryPage> {
    let list = |text: String| Json::<Vec<Row>>::from_bytes(text.into_bytes())?.read();
    Ok(QueryPage {
        rows: list(page.rows)?,
        columns: page.columns,
        next_page_token: page.next,
        facets: page.facets.map(list).transpose()?,
        debug_info: page.debug_info.map(|info| Json::<Value>::from_bytes(info.into_bytes())?.read()).transpose()?,
    })
}
