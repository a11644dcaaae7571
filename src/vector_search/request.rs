//! A query as typed code writes it.

use crate::macros::{open_enum, setters, wire_struct};

open_enum! {
    /// How rows are found.
    pub enum QueryType {
        /// By the nearest vectors.
        Ann = "ANN",
        /// By vectors and words together.
        Hybrid = "HYBRID",
        /// By words alone.
        FullText = "FULL_TEXT",
    }
}

wire_struct! {
    /// A query of an index. The service takes it as it stands, but for `filters`.
    pub struct QueryRequest closed {
        /// The columns to give back; the score is added.
        pub columns: Vec<String>,
        /// How many rows; 10 unless set.
        pub num_results: Option<u64>,
        /// The text to find, for an index that computes embeddings itself, and for words.
        pub query_text: Option<String>,
        /// The vector to find, for an index whose embeddings are given.
        pub query_vector: Option<Vec<f32>>,
        /// How rows are found; by the nearest vectors unless set.
        pub query_type: Option<QueryType>,
        /// Which rows are looked at: a [`Filter`](super::Filter), a dictionary, a list of them, or SQL-like text.
        pub filters: Option<serde_json::Value>,
        /// The lowest score to give back; applied before reranking.
        pub score_threshold: Option<f64>,
        /// The older form of `reranker`.
        pub columns_to_rerank: Option<Vec<String>>,
        /// Sorts the best rows anew by a model.
        pub reranker: Option<Reranker>,
        /// The text columns searched for words; all unless set.
        pub query_columns: Option<Vec<String>>,
        /// Sorts rows by columns: `"year DESC"`.
        pub sort_columns: Option<Vec<String>>,
        /// Counts values: `"lang"`, `"lang TOP 5"`, `"year BUCKETS [[2000,2010]]"`.
        pub facets: Option<Vec<String>>,
        /// 1 has the service tell of the query's course.
        pub debug_level: Option<u64>,
    }
}

impl Default for QueryRequest {
    fn default() -> Self {
        Self {
            columns: Vec::new(),
            num_results: None,
            query_text: None,
            query_vector: None,
            query_type: None,
            filters: None,
            score_threshold: None,
            columns_to_rerank: None,
            reranker: None,
            query_columns: None,
            sort_columns: None,
            facets: None,
            debug_level: None,
            extra: serde_json::Map::new(),
        }
    }
}

impl QueryRequest {
    /// A query that gives back these columns.
    #[must_use]
    pub fn new<S: Into<String>>(columns: impl IntoIterator<Item = S>) -> Self {
        Self { columns: columns.into_iter().map(Into::into).collect(), ..Self::default() }
    }

    /// Which rows are looked at.
    #[must_use]
    pub fn filter(mut self, filter: &super::Filter) -> Self {
        self.filters = serde_json::to_value(filter).ok();
        self
    }

    setters! {
        /// How many rows.
        num_results: u64,
        /// The text to find.
        query_text: String,
        /// The vector to find.
        query_vector: Vec<f32>,
        /// How rows are found.
        query_type: QueryType,
        /// Which rows are looked at, as JSON: a dictionary, a list of them, or SQL-like text.
        filters: serde_json::Value,
        /// The lowest score to give back.
        score_threshold: f64,
        /// Sorts the best rows anew by a model.
        reranker: Reranker,
        /// The text columns searched for words.
        query_columns: Vec<String>,
        /// Sorts rows by columns.
        sort_columns: Vec<String>,
        /// Counts values.
        facets: Vec<String>,
        /// 1 has the service tell of the query's course.
        debug_level: u64,
    }
}

wire_struct! {
    /// A model that sorts the best rows anew by how they fit the query.
    pub struct Reranker {
        /// The model: `databricks_reranker`, or a serving endpoint of a tuned one.
        pub model: String,
        /// `MODEL_TYPE_BASE` or `MODEL_TYPE_FINETUNED`.
        pub model_type: Option<String>,
        /// What it reads.
        pub parameters: Option<RerankerParameters>,
    }
}

wire_struct! {
    /// What a reranker reads.
    pub struct RerankerParameters {
        /// The columns whose texts it reads, joined; the service cuts them at 2000 characters.
        pub columns_to_rerank: Option<Vec<String>>,
    }
}

impl Reranker {
    /// Databricks' own reranker over these columns.
    #[must_use]
    pub fn databricks<S: Into<String>>(columns: impl IntoIterator<Item = S>) -> Self {
        let columns = columns.into_iter().map(Into::into).collect();
        Self {
            model: "databricks_reranker".into(),
            model_type: Some("MODEL_TYPE_BASE".into()),
            parameters: Some(RerankerParameters { columns_to_rerank: Some(columns), extra: serde_json::Map::new() }),
            extra: serde_json::Map::new(),
        }
    }
}
