//! LangChain's `DatabricksVectorSearch`: an index as a store of documents, a retriever and a tool of a chat.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::chat::tool_loop::RunnableTool;
use crate::chat::types::Tool;
use crate::embeddings::{Embedder, Embeddings};
use crate::error::{Error, ErrorKind, Result};
use crate::macros::wire_struct;
use crate::observe::Kind;
use crate::transport::{BoxFuture, MaybeSend, MaybeSync};
use crate::vector_search::store::Plan;
use crate::vector_search::text::invalid;
use crate::vector_search::{
    Filter, QueryType, Reranker, Row, Rows, VectorSearchIndex, WriteReport, calls, mmr, tool, written,
};
use crate::wire::json::Json;

wire_struct! {
    /// A passage that was found.
    pub struct Document {
        /// Its text.
        pub page_content: String,
        /// Its other columns.
        pub metadata: Map<String, Value>,
    }
}

/// What makes vectors of texts: an [`Embedder`], or your own.
pub trait EmbedTexts: MaybeSend + MaybeSync {
    /// The vector of a question.
    fn embed_query<'a>(&'a self, text: &'a str) -> BoxFuture<'a, Result<Vec<f32>>>;
    /// The vectors of texts, in their order.
    fn embed_documents<'a>(&'a self, texts: &'a [String]) -> BoxFuture<'a, Result<Embeddings>>;
}

impl EmbedTexts for Embedder {
    fn embed_query<'a>(&'a self, text: &'a str) -> BoxFuture<'a, Result<Vec<f32>>> {
        Box::pin(Embedder::embed_query(self, text))
    }

    fn embed_documents<'a>(&'a self, texts: &'a [String]) -> BoxFuture<'a, Result<Embeddings>> {
        Box::pin(Embedder::embed_documents(self, texts))
    }
}

/// How an index is used as a store of documents. Indexes that compute embeddings themselves take neither `embedding` nor
/// `text_column`; all others need both.
#[derive(Clone, Default)]
pub struct StoreOptions {
    /// What makes vectors of texts.
    pub embedding: Option<Arc<dyn EmbedTexts>>,
    /// The column that holds the text of a document.
    pub text_column: Option<String>,
    /// More columns to give back in a document's metadata.
    pub columns: Vec<String>,
    /// The column given back as `doc_uri`.
    pub doc_uri: Option<String>,
    /// The column given back as `chunk_id`.
    pub primary_key: Option<String>,
    /// Whether a document's metadata has its score.
    pub include_score: bool,
    /// Sorts what every search found anew, unless the search has one of its own.
    pub reranker: Option<Reranker>,
}

impl std::fmt::Debug for StoreOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StoreOptions(text_column: {:?}, columns: {:?})", self.text_column, self.columns)
    }
}

/// How to search.
#[derive(Clone, Debug, PartialEq)]
pub struct Search {
    /// How many documents; 4 unless set.
    pub k: u64,
    /// Which rows are looked at: a [`Filter`], a dictionary, a list of them, or SQL-like text.
    pub filter: Option<Value>,
    /// How rows are found.
    pub query_type: Option<QueryType>,
    /// Sorts what was found anew.
    pub reranker: Option<Reranker>,
    /// The lowest score to give back.
    pub score_threshold: Option<f64>,
    /// The question, in a hybrid search by a vector.
    pub query: Option<String>,
    /// Of how many rows maximal marginal relevance picks; 20 unless set.
    pub fetch_k: u64,
    /// From 0, as different as can be, to 1, as like the question as can be; 0.5 unless set.
    pub lambda_mult: f64,
}

impl Default for Search {
    fn default() -> Self {
        Self {
            k: 4,
            filter: None,
            query_type: None,
            reranker: None,
            score_threshold: None,
            query: None,
            fetch_k: 20,
            lambda_mult: 0.5,
        }
    }
}

impl Search {
    /// A search for this many documents.
    #[must_use]
    pub fn top(k: u64) -> Self {
        Self { k, ..Self::default() }
    }

    /// Which rows are looked at.
    #[must_use]
    pub fn filter(self, filter: &Filter) -> Self {
        Self { filter: serde_json::to_value(filter).ok(), ..self }
    }
}

/// How an index becomes a tool.
#[derive(Clone, Debug, Default)]
pub struct ToolOptions {
    /// The tool's name; the index's own with `__` for its dots unless set.
    pub name: Option<String>,
    /// What the model is told of it; made of the index's and its columns' descriptions unless set.
    pub description: Option<String>,
    /// Whether the model may set filters.
    pub dynamic_filter: bool,
    /// How it searches; 5 documents unless set.
    pub search: Option<Search>,
}

/// An index as a store of documents, by LangChain's rules. Cheap to clone.
///
/// ```no_run
/// # async fn example(client: lakewire::WorkspaceClient) -> lakewire::Result<()> {
/// use lakewire::vector_search::{DatabricksVectorSearch, Search, StoreOptions};
/// let index = client.vector_search().index("main.docs.manual_idx");
/// let store = DatabricksVectorSearch::create(index, StoreOptions::default()).await?;
/// for document in store.similarity_search("How do I reset it?", &Search::default()).await? {
///     println!("{}", document.page_content);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct DatabricksVectorSearch {
    index: VectorSearchIndex,
    plan: Arc<Plan>,
    described: Arc<str>,
    options: StoreOptions,
}

impl DatabricksVectorSearch {
    /// Looks at the index and checks that the options go with its kind; with an embedding model, one text is embedded to
    /// check its dimension.
    ///
    /// # Errors
    /// `InvalidInput` when they do not; `NotFound` when there is no such index.
    pub async fn create(index: VectorSearchIndex, options: StoreOptions) -> Result<Self> {
        let described = index.search().text(calls::get_index(index.name(), false)).await?;
        let given = json!({
            "text_column": options.text_column, "columns": options.columns, "doc_uri": options.doc_uri,
            "primary_key": options.primary_key, "include_score": options.include_score,
            "has_embedding": options.embedding.is_some(),
        });
        let plan = Plan::new(&described, &given.to_string())?;
        if let (Some(embedding), Some(_)) = (&options.embedding, plan.dimension) {
            plan.check_dimension(embedding.embed_query("test").await?.len())?;
        }
        Ok(Self { index, plan: Arc::new(plan), described: described.into(), options })
    }

    /// What is known of the index.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The documents nearest to a text.
    ///
    /// # Errors
    /// As [`VectorSearchIndex::query`] and the embedding model.
    pub async fn similarity_search(&self, query: &str, search: &Search) -> Result<Vec<Document>> {
        Ok(plain(self.similarity_search_with_score(query, search).await?))
    }

    /// The documents nearest to a text, with their scores.
    ///
    /// # Errors
    /// As [`similarity_search`](Self::similarity_search).
    pub async fn similarity_search_with_score(&self, query: &str, search: &Search) -> Result<Vec<(Document, f64)>> {
        let kind = search.query_type.as_ref().map_or("", |kind| kind.as_str());
        let vector = if self.plan.embeds(kind) { Some(self.embedding()?.embed_query(query).await?) } else { None };
        self.scored(self.found("text", Some(query), vector.as_deref(), search, search.k).await?)
    }

    /// The documents nearest to a vector.
    ///
    /// # Errors
    /// `InvalidInput` for an index that computes embeddings itself; for a question without a hybrid search, and for a
    /// hybrid search without one.
    pub async fn similarity_search_by_vector(&self, vector: &[f32], search: &Search) -> Result<Vec<Document>> {
        Ok(plain(self.similarity_search_by_vector_with_score(vector, search).await?))
    }

    /// The documents nearest to a vector, with their scores.
    ///
    /// # Errors
    /// As [`similarity_search_by_vector`](Self::similarity_search_by_vector).
    pub async fn similarity_search_by_vector_with_score(
        &self,
        vector: &[f32],
        search: &Search,
    ) -> Result<Vec<(Document, f64)>> {
        self.scored(self.found("vector", search.query.as_deref(), Some(vector), search, search.k).await?)
    }

    /// Documents near a text that differ from each other, in the order they were picked.
    ///
    /// # Errors
    /// `InvalidInput` for an index that computes embeddings itself.
    pub async fn max_marginal_relevance_search(&self, query: &str, search: &Search) -> Result<Vec<Document>> {
        // before a text is embedded in vain
        self.plan.request(r#"{"by":"mmr","query":"","vector":[]}"#)?;
        let vector = self.embedding()?.embed_query(query).await?;
        self.picked(Some(query), &vector, search).await
    }

    /// Documents near a vector that differ from each other, in the order they were picked.
    ///
    /// # Errors
    /// As [`max_marginal_relevance_search`](Self::max_marginal_relevance_search).
    pub async fn max_marginal_relevance_search_by_vector(
        &self,
        vector: &[f32],
        search: &Search,
    ) -> Result<Vec<Document>> {
        self.picked(search.query.as_deref(), vector, search).await
    }

    /// Embeds texts and writes them with their metadata; gives the report, whose
    /// [`written_keys`](WriteReport::written_keys) are the ids that were written. Without `ids` the caller's clock and
    /// random numbers are not ours to use: give one id for each text.
    ///
    /// # Errors
    /// `InvalidInput` unless the index is a Direct Access one, and when texts, metadata and ids differ in number.
    pub async fn add_texts(&self, texts: &[String], metadatas: &[Row], ids: &[String]) -> Result<WriteReport> {
        self.plan.writable("add_texts")?;
        if ids.len() != texts.len() || (!metadatas.is_empty() && metadatas.len() != texts.len()) {
            return Err(invalid(
                "add_texts needs one id for each text, and one set of metadata for each or none at all.",
            ));
        }
        let vectors = self.embedding()?.embed_documents(texts).await?;
        let vector_column = self.plan.vector_column.clone().unwrap_or_default();
        let rows = texts.iter().zip(ids).zip(vectors.rows()).enumerate().map(|(at, ((text, id), vector))| {
            let mut row = Row::new();
            row.insert(self.plan.key.clone(), id.as_str().into());
            row.insert(self.plan.text_column.clone(), text.as_str().into());
            row.insert(vector_column.clone(), json!(vector));
            row.extend(metadatas.get(at).cloned().unwrap_or_default());
            Value::Object(row)
        });
        self.index.clone().with_primary_key(self.plan.key.clone()).upsert(rows).await
    }

    /// Deletes documents by their ids.
    ///
    /// # Errors
    /// `InvalidInput` unless the index is a Direct Access one, and without ids.
    pub async fn delete(&self, ids: &[String]) -> Result<WriteReport> {
        self.plan.writable("delete")?;
        if ids.is_empty() {
            return Err(invalid("delete needs the ids of the documents."));
        }
        self.index.delete_rows(ids.to_vec()).await
    }

    /// The store as a retriever with one way to search.
    #[must_use]
    pub fn as_retriever(&self, search: Search, mmr: bool) -> Retriever {
        Retriever { store: self.clone(), search, mmr }
    }

    /// The store as a tool for [`run_tools`](crate::chat::tool_loop::run_tools). The model reads the documents as JSON.
    ///
    /// # Errors
    /// `InvalidInput` when the name is none that models take, or filters are both set and left to the model. When the
    /// columns cannot be read in Unity Catalog the description does without, unless the model may set filters.
    pub async fn as_tool(&self, options: ToolOptions) -> Result<RunnableTool> {
        let search = options.search.unwrap_or_else(|| Search::top(5));
        if options.dynamic_filter && search.filter.is_some() {
            return Err(invalid("`dynamic_filter` leaves the filters to the model: do not set a filter as well."));
        }
        let name = tool::name(&self.plan.name, options.name.as_deref())?;
        let description = match options.description {
            Some(description) => description,
            None => {
                let table = self.index.search().text(calls::table(&self.plan.name)).await;
                if options.dynamic_filter {
                    table.as_ref().map_err(|error| invalid(error.message().to_owned()))?;
                }
                tool::description(&self.described, table.ok().as_deref())?
            }
        };
        let parameters = serde_json::from_str(&tool::parameters(options.dynamic_filter)).unwrap_or_default();
        let store = self.clone();
        let dynamic = options.dynamic_filter;
        Ok(RunnableTool::new(Tool::function(name, description, parameters), move |arguments| {
            let (store, mut search) = (store.clone(), search.clone());
            async move {
                let found = async {
                    let (query, filters) = tool::arguments(&arguments, dynamic, None)?;
                    if let Some(filters) = filters {
                        search.filter = Some(Json::<Value>::from_bytes(filters.into_bytes())?.read()?);
                    }
                    written(&store.similarity_search(&query, &search).await?)
                };
                found.await.map_err(|error: Error| error.message().to_owned())
            }
        }))
    }

    fn embedding(&self) -> Result<&Arc<dyn EmbedTexts>> {
        self.options.embedding.as_ref().ok_or_else(|| invalid("`embedding` is required for this search."))
    }

    /// The rows of a search, `k` at most: a page may hold fewer than were asked for, and name a next one.
    async fn found(
        &self,
        by: &str,
        query: Option<&str>,
        vector: Option<&[f32]>,
        search: &Search,
        k: u64,
    ) -> Result<Vec<Row>> {
        let reranker = search.reranker.as_ref().or(self.options.reranker.as_ref());
        let mut given = Row::new();
        for (name, value) in [
            ("by", Some(json!(by))),
            ("query", query.map(|query| json!(query))),
            ("vector", vector.map(|vector| json!(vector))),
            ("k", Some(json!(k))),
            ("query_type", search.query_type.as_ref().map(|kind| json!(kind.as_str()))),
            ("filters", search.filter.clone()),
            ("score_threshold", search.score_threshold.map(|least| json!(least))),
            ("reranker", reranker.map(|reranker| json!(reranker))),
        ] {
            if let Some(value) = value {
                given.insert(name.to_owned(), value);
            }
        }
        let told = self.index.search().sender.watch().start(Kind::Retriever, &self.plan.name, || {
            let mut shown = given.clone();
            shown.remove("vector");
            Value::Object(shown).to_string()
        });
        let request = self.plan.request(&Value::Object(given.clone()).to_string())?;
        let outputs = |rows: &Vec<Row>| written(rows).and_then(|rows| self.plan.documents(&rows)).unwrap_or_default();
        let found = async {
            let mut pages = Rows::of_query(self.index.clone(), request);
            let mut rows = Vec::new();
            while (rows.len() as u64) < k {
                match pages.next().await? {
                    Some(row) => rows.push(row),
                    None => break,
                }
            }
            Ok(rows)
        };
        told.run(found, outputs).await
    }

    fn documents(&self, rows: &[Row]) -> Result<Vec<Document>> {
        Json::<Vec<Document>>::from_bytes(self.plan.documents(&written(&rows)?)?.into_bytes())?.read()
    }

    fn scored(&self, rows: Vec<Row>) -> Result<Vec<(Document, f64)>> {
        let documents = self.documents(&rows)?;
        let score = |row: &Row| row.get("score").and_then(Value::as_f64);
        documents
            .into_iter()
            .zip(&rows)
            .map(|(document, row)| {
                let score =
                    score(row).ok_or_else(|| Error::new(ErrorKind::Decode, "A row of the answer has no score."))?;
                Ok((document, score))
            })
            .collect()
    }

    async fn picked(&self, query: Option<&str>, vector: &[f32], search: &Search) -> Result<Vec<Document>> {
        let rows = self.found("mmr", query, Some(vector), search, search.fetch_k).await?;
        let documents = self.documents(&rows)?;
        let column = self.plan.vector_column.as_deref().unwrap_or_default();
        let mut vectors = Vec::new();
        for row in &rows {
            let cell = row.get(column).and_then(Value::as_array);
            let cell = cell.ok_or_else(|| Error::new(ErrorKind::Decode, "A row of the answer has no vector."))?;
            vectors.extend(cell.iter().map(|number| number.as_f64().unwrap_or(f64::NAN) as f32));
        }
        let picked = mmr::pick(vector, &vectors, usize::try_from(search.k).unwrap_or(usize::MAX), search.lambda_mult)?;
        Ok(picked.into_iter().filter_map(|place| documents.get(place).cloned()).collect())
    }
}

fn plain(scored: Vec<(Document, f64)>) -> Vec<Document> {
    scored.into_iter().map(|(document, _)| document).collect()
}

/// A store with one way to search; made by [`DatabricksVectorSearch::as_retriever`].
#[derive(Clone, Debug)]
pub struct Retriever {
    store: DatabricksVectorSearch,
    search: Search,
    mmr: bool,
}

impl Retriever {
    /// The documents for a question.
    ///
    /// # Errors
    /// As the store's searches.
    pub async fn invoke(&self, query: &str) -> Result<Vec<Document>> {
        if self.mmr {
            return self.store.max_marginal_relevance_search(query, &self.search).await;
        }
        self.store.similarity_search(query, &self.search).await
    }
}
