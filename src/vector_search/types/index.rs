//! Indexes, and what became of rows written to them.

use crate::macros::{open_enum, setters, wire_struct};

open_enum! {
    /// Where an index's rows come from.
    pub enum IndexType {
        /// From a Delta table, kept in step with it.
        DeltaSync = "DELTA_SYNC",
        /// From who writes them.
        DirectAccess = "DIRECT_ACCESS",
    }
}

open_enum! {
    /// What an index can be searched by.
    pub enum IndexSubtype {
        /// Vectors and words.
        Hybrid = "HYBRID",
        /// Words alone; storage-optimised endpoints alone.
        FullText = "FULL_TEXT",
    }
}

open_enum! {
    /// When an index follows its table.
    pub enum PipelineType {
        /// When it is told to.
        Triggered = "TRIGGERED",
        /// All the time; standard endpoints alone.
        Continuous = "CONTINUOUS",
    }
}

wire_struct! {
    /// A new index. [`delta_sync`](Self::delta_sync) and [`direct_access`](Self::direct_access) begin one.
    pub struct CreateIndexRequest closed {
        /// Its full name, `catalog.schema.index`.
        pub name: String,
        /// The endpoint that holds it.
        pub endpoint_name: String,
        /// The column that tells rows apart.
        pub primary_key: String,
        /// Where its rows come from.
        pub index_type: IndexType,
        /// What it can be searched by.
        pub index_subtype: Option<IndexSubtype>,
        /// For `DELTA_SYNC`.
        pub delta_sync_index_spec: Option<DeltaSyncIndexSpec>,
        /// For `DIRECT_ACCESS`.
        pub direct_access_index_spec: Option<DirectAccessIndexSpec>,
    }
}

impl CreateIndexRequest {
    fn new(name: String, endpoint: String, key: String, index_type: IndexType) -> Self {
        Self {
            name,
            endpoint_name: endpoint,
            primary_key: key,
            index_type,
            index_subtype: None,
            delta_sync_index_spec: None,
            direct_access_index_spec: None,
            extra: serde_json::Map::new(),
        }
    }

    /// An index that follows a Delta table.
    #[must_use]
    pub fn delta_sync(
        name: impl Into<String>,
        endpoint: impl Into<String>,
        primary_key: impl Into<String>,
        spec: DeltaSyncIndexSpec,
    ) -> Self {
        let new = Self::new(name.into(), endpoint.into(), primary_key.into(), IndexType::DeltaSync);
        Self { delta_sync_index_spec: Some(spec), ..new }
    }

    /// An index whose rows are written by who uses it.
    #[must_use]
    pub fn direct_access(
        name: impl Into<String>,
        endpoint: impl Into<String>,
        primary_key: impl Into<String>,
        spec: DirectAccessIndexSpec,
    ) -> Self {
        let new = Self::new(name.into(), endpoint.into(), primary_key.into(), IndexType::DirectAccess);
        Self { direct_access_index_spec: Some(spec), ..new }
    }

    setters! {
        /// What it can be searched by.
        index_subtype: IndexSubtype,
    }
}

wire_struct! {
    /// How an index follows a Delta table.
    pub struct DeltaSyncIndexSpec {
        /// The table's full name.
        pub source_table: Option<String>,
        /// When it follows.
        pub pipeline_type: Option<PipelineType>,
        /// Columns whose embeddings the service computes.
        pub embedding_source_columns: Option<Vec<EmbeddingSourceColumn>>,
        /// Columns that hold embeddings.
        pub embedding_vector_columns: Option<Vec<EmbeddingVectorColumn>>,
        /// The columns to take over; all unless set.
        pub columns_to_sync: Option<Vec<String>>,
        /// A table the computed embeddings are written to.
        pub embedding_writeback_table: Option<String>,
        /// Whom the pipeline is billed to.
        pub budget_policy_id: Option<String>,
        /// The pipeline, in answers.
        pub pipeline_id: Option<String>,
    }
}

impl Default for DeltaSyncIndexSpec {
    fn default() -> Self {
        Self {
            source_table: None,
            pipeline_type: None,
            embedding_source_columns: None,
            embedding_vector_columns: None,
            columns_to_sync: None,
            embedding_writeback_table: None,
            budget_policy_id: None,
            pipeline_id: None,
            extra: serde_json::Map::new(),
        }
    }
}

impl DeltaSyncIndexSpec {
    fn new(table: String, pipeline: PipelineType) -> Self {
        Self { source_table: Some(table), pipeline_type: Some(pipeline), ..Self::default() }
    }

    /// The service computes the embeddings of a text column by this serving endpoint.
    #[must_use]
    pub fn managed(
        table: impl Into<String>,
        pipeline: PipelineType,
        text_column: impl Into<String>,
        model: impl Into<String>,
    ) -> Self {
        let column = EmbeddingSourceColumn {
            name: text_column.into(),
            embedding_model_endpoint_name: Some(model.into()),
            model_endpoint_name_for_query: None,
            extra: serde_json::Map::new(),
        };
        Self { embedding_source_columns: Some(vec![column]), ..Self::new(table.into(), pipeline) }
    }

    /// The table holds the embeddings in a column, this many numbers each.
    #[must_use]
    pub fn self_managed(
        table: impl Into<String>,
        pipeline: PipelineType,
        vector_column: impl Into<String>,
        dimension: u64,
    ) -> Self {
        let column = EmbeddingVectorColumn::new(vector_column, dimension);
        Self { embedding_vector_columns: Some(vec![column]), ..Self::new(table.into(), pipeline) }
    }

    setters! {
        /// The columns to take over.
        columns_to_sync: Vec<String>,
        /// A table the computed embeddings are written to.
        embedding_writeback_table: String,
        /// Whom the pipeline is billed to.
        budget_policy_id: String,
    }
}

wire_struct! {
    /// What a Direct Access index holds.
    pub struct DirectAccessIndexSpec {
        /// Columns that hold embeddings.
        pub embedding_vector_columns: Option<Vec<EmbeddingVectorColumn>>,
        /// Columns whose embeddings the service computes.
        pub embedding_source_columns: Option<Vec<EmbeddingSourceColumn>>,
        /// The JSON text of an object from columns to types, such as `{"id":"string","vec":"array<float>"}`.
        pub schema_json: Option<String>,
    }
}

impl Default for DirectAccessIndexSpec {
    fn default() -> Self {
        Self {
            embedding_vector_columns: None,
            embedding_source_columns: None,
            schema_json: None,
            extra: serde_json::Map::new(),
        }
    }
}

impl DirectAccessIndexSpec {
    /// Embeddings of this many numbers in a column, and the types of all columns.
    #[must_use]
    pub fn new<'a>(
        vector_column: impl Into<String>,
        dimension: u64,
        schema: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        let schema: serde_json::Map<_, _> =
            schema.into_iter().map(|(column, kind)| (column.to_owned(), kind.into())).collect();
        Self {
            embedding_vector_columns: Some(vec![EmbeddingVectorColumn::new(vector_column, dimension)]),
            schema_json: Some(serde_json::Value::Object(schema).to_string()),
            ..Self::default()
        }
    }
}

wire_struct! {
    /// A text column whose embeddings the service computes.
    pub struct EmbeddingSourceColumn {
        /// The column.
        pub name: String,
        /// The serving endpoint that embeds its texts.
        pub embedding_model_endpoint_name: Option<String>,
        /// The serving endpoint that embeds queries, when it is another one.
        pub model_endpoint_name_for_query: Option<String>,
    }
}

wire_struct! {
    /// A column that holds embeddings.
    pub struct EmbeddingVectorColumn {
        /// The column.
        pub name: String,
        /// How many numbers each has.
        pub embedding_dimension: Option<u64>,
    }
}

impl EmbeddingVectorColumn {
    /// A column of embeddings of this many numbers.
    #[must_use]
    pub fn new(name: impl Into<String>, dimension: u64) -> Self {
        Self { name: name.into(), embedding_dimension: Some(dimension), extra: serde_json::Map::new() }
    }
}

wire_struct! {
    /// An index.
    pub struct VectorIndex {
        /// Its full name.
        pub name: String,
        /// Its id in Unity Catalog.
        pub id: Option<String>,
        /// The endpoint that holds it.
        pub endpoint_name: Option<String>,
        /// That endpoint's id.
        pub endpoint_id: Option<String>,
        /// The column that tells rows apart.
        pub primary_key: Option<String>,
        /// Where its rows come from.
        pub index_type: Option<IndexType>,
        /// What it can be searched by.
        pub index_subtype: Option<IndexSubtype>,
        /// Who made it.
        pub creator: Option<String>,
        /// How it follows its table.
        pub delta_sync_index_spec: Option<DeltaSyncIndexSpec>,
        /// What it holds.
        pub direct_access_index_spec: Option<DirectAccessIndexSpec>,
        /// How it is.
        pub status: Option<VectorIndexStatus>,
    }
}
/// An index.
pub type Index = VectorIndex;

wire_struct! {
    /// How an index is.
    pub struct VectorIndexStatus {
        /// Whether it answers.
        pub ready: Option<bool>,
        /// What the service says of it.
        pub message: Option<String>,
        /// How many rows it holds.
        pub indexed_row_count: Option<i64>,
        /// Its address; it may come without a scheme.
        pub index_url: Option<String>,
        /// Its state in detail, such as `ONLINE_NO_PENDING_UPDATE`.
        pub detailed_state: Option<String>,
    }
}

wire_struct! {
    /// One page of indexes; each is described in short.
    pub struct VectorIndexList {
        /// The indexes.
        pub vector_indexes: Option<Vec<VectorIndex>>,
        /// What asks for the next page.
        pub next_page_token: Option<String>,
    }
}
/// One page of indexes.
pub type IndexList = VectorIndexList;

wire_struct! {
    /// What became of rows that were sent.
    pub struct WriteAnswer {
        /// `SUCCESS`, `PARTIAL_SUCCESS` or `FAILURE`.
        pub status: Option<String>,
        /// How many, and which failed.
        pub result: Option<WriteResult>,
    }
}

wire_struct! {
    /// How many rows were written, and which failed.
    pub struct WriteResult {
        /// How many.
        pub success_row_count: Option<i64>,
        /// The primary keys of those that failed.
        pub failed_primary_keys: Option<Vec<serde_json::Value>>,
    }
}
