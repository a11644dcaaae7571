//! Statements and what comes back of them.

use crate::macros::{open_enum, setters, wire_struct};

wire_struct! {
    /// A statement to run: `POST /api/2.0/sql/statements`.
    pub struct ExecuteStatementRequest closed {
        /// The SQL text, up to 16 MiB; values go into `parameters`, named `:name` in the text.
        pub statement: String,
        /// The warehouse that runs it; the handle's when absent.
        pub warehouse_id: Option<String>,
        /// The catalog of names that name none.
        pub catalog: Option<String>,
        /// The schema of names that name none.
        pub schema: Option<String>,
        /// The values of the markers; see [`Param`](crate::sql::Param).
        pub parameters: Option<Vec<StatementParameter>>,
        /// Rows at most; what is cut sets `manifest.truncated`.
        pub row_limit: Option<i64>,
        /// Bytes at most, as the service counts them; what is cut sets `manifest.truncated`.
        pub byte_limit: Option<i64>,
        /// How long the first answer may take: `0s`, or `5s` to `50s`.
        pub wait_timeout: Option<String>,
        /// What happens when that time is up.
        pub on_wait_timeout: Option<OnWaitTimeout>,
        /// Where the rows are: in the answers (25 MiB at most), or in files behind links.
        pub disposition: Option<Disposition>,
        /// How the rows are written; all but `JSON_ARRAY` need `EXTERNAL_LINKS`.
        pub format: Option<ResultFormat>,
        /// Labels of the statement; the service keeps the first twenty.
        pub query_tags: Option<Vec<QueryTag>>,
    }
}

impl ExecuteStatementRequest {
    /// A statement without parameters.
    #[must_use]
    pub fn new(statement: impl Into<String>) -> Self {
        Self {
            statement: statement.into(),
            warehouse_id: None,
            catalog: None,
            schema: None,
            parameters: None,
            row_limit: None,
            byte_limit: None,
            wait_timeout: None,
            on_wait_timeout: None,
            disposition: None,
            format: None,
            query_tags: None,
            extra: serde_json::Map::new(),
        }
    }

    setters! {
        /// The warehouse that runs it.
        warehouse_id: String,
        /// The catalog of names that name none.
        catalog: String,
        /// The schema of names that name none.
        schema: String,
        /// Rows at most.
        row_limit: i64,
        /// Bytes at most.
        byte_limit: i64,
        /// How long the first answer may take.
        wait_timeout: String,
        /// What happens when that time is up.
        on_wait_timeout: OnWaitTimeout,
        /// Where the rows are.
        disposition: Disposition,
        /// How the rows are written.
        format: ResultFormat,
        /// Labels of the statement.
        query_tags: Vec<QueryTag>,
    }

    /// Gives a marker its value.
    #[must_use]
    pub fn parameter(mut self, parameter: StatementParameter) -> Self {
        self.parameters.get_or_insert_default().push(parameter);
        self
    }
}

wire_struct! {
    /// The value of a marker. [`Param`](crate::sql::Param) makes them.
    pub struct StatementParameter {
        /// The marker's name, without the colon.
        pub name: String,
        /// The value as text; NULL when absent.
        pub value: Option<String> = redacted,
        /// The SQL type the text is cast to; STRING when absent.
        pub r#type as "type": Option<String>,
    }
}

wire_struct! {
    /// A label of a statement.
    pub struct QueryTag {
        /// The label's name.
        pub key: String,
        /// Its value.
        pub value: Option<String>,
    }
}

open_enum! {
    /// What happens when the first answer's time is up.
    pub enum OnWaitTimeout {
        /// The statement goes on.
        Continue = "CONTINUE",
        /// The statement is cancelled.
        Cancel = "CANCEL",
    }
}

open_enum! {
    /// Where rows are.
    pub enum Disposition {
        /// In the answers; a result over 25 MiB fails.
        Inline = "INLINE",
        /// In files behind links that carry their own permission.
        ExternalLinks = "EXTERNAL_LINKS",
    }
}

open_enum! {
    /// How rows are written.
    pub enum ResultFormat {
        /// Lists of texts.
        JsonArray = "JSON_ARRAY",
        /// Arrow IPC streams.
        ArrowStream = "ARROW_STREAM",
        /// RFC 4180 texts.
        Csv = "CSV",
    }
}

open_enum! {
    /// How far a statement is.
    pub enum StatementState {
        /// It waits for the warehouse.
        Pending = "PENDING",
        /// It runs.
        Running = "RUNNING",
        /// It ended well.
        Succeeded = "SUCCEEDED",
        /// It failed.
        Failed = "FAILED",
        /// It was cancelled.
        Canceled = "CANCELED",
        /// It ended well and its result is no longer kept.
        Closed = "CLOSED",
    }
}

wire_struct! {
    /// A statement as the service describes it.
    pub struct StatementResponse {
        /// Its id.
        pub statement_id: Option<String>,
        /// How far it is.
        pub status: Option<StatementStatus>,
        /// What its result is made of, once it ended well.
        pub manifest: Option<ResultManifest>,
        /// The first chunk.
        pub result: Option<ResultData>,
    }
}

wire_struct! {
    /// How far a statement is.
    pub struct StatementStatus {
        /// The state.
        pub state: Option<StatementState>,
        /// Why it failed.
        pub error: Option<ServiceError>,
        /// The SQLSTATE of the failure.
        pub sql_state: Option<String>,
    }
}

wire_struct! {
    /// Why a statement failed.
    pub struct ServiceError {
        /// The service's code, such as `BAD_REQUEST`.
        pub error_code: Option<String>,
        /// The message, which begins with the error's class in brackets.
        pub message: Option<String>,
    }
}

wire_struct! {
    /// What a result is made of.
    pub struct ResultManifest {
        /// How its rows are written.
        pub format: Option<ResultFormat>,
        /// Its columns.
        pub schema: Option<ResultSchema>,
        /// How many chunks it has.
        pub total_chunk_count: Option<u64>,
        /// The chunks in order.
        pub chunks: Option<Vec<ChunkInfo>>,
        /// How many rows it has.
        pub total_row_count: Option<u64>,
        /// How many bytes; absent for INLINE.
        pub total_byte_count: Option<u64>,
        /// Whether rows were cut off by a limit.
        pub truncated: Option<bool>,
    }
}

wire_struct! {
    /// The columns of a result.
    pub struct ResultSchema {
        /// How many there are.
        pub column_count: Option<u64>,
        /// The columns in order; absent for statements without a result.
        pub columns: Option<Vec<ColumnInfo>>,
    }
}

wire_struct! {
    /// One column of a result.
    pub struct ColumnInfo {
        /// Its name; an expression without one is its text.
        pub name: Option<String>,
        /// The SQL type as text, such as `DECIMAL(10,2)`.
        pub type_text: Option<String>,
        /// The type's name, such as `LONG`.
        pub type_name: Option<String>,
        /// Its place, counted from 0.
        pub position: Option<u64>,
        /// The digits of a DECIMAL.
        pub type_precision: Option<u64>,
        /// Those behind the point.
        pub type_scale: Option<u64>,
        /// The fields of an INTERVAL, such as `DAY TO SECOND`.
        pub type_interval_type: Option<String>,
    }
}

wire_struct! {
    /// One chunk of a result.
    pub struct ChunkInfo {
        /// Its place, counted from 0.
        pub chunk_index: Option<u64>,
        /// The rows before it.
        pub row_offset: Option<u64>,
        /// Its rows.
        pub row_count: Option<u64>,
        /// Its bytes; absent for INLINE.
        pub byte_count: Option<u64>,
    }
}

wire_struct! {
    /// A chunk's rows, or the link to them.
    pub struct ResultData {
        /// Its place, counted from 0.
        pub chunk_index: Option<u64>,
        /// The rows before it.
        pub row_offset: Option<u64>,
        /// Its rows.
        pub row_count: Option<u64>,
        /// Its bytes; absent for INLINE.
        pub byte_count: Option<u64>,
        /// The rows, for INLINE.
        pub data_array: Option<Vec<serde_json::Value>>,
        /// The link, for EXTERNAL_LINKS.
        pub external_links: Option<Vec<ExternalLink>>,
        /// The next chunk, absent for the last.
        pub next_chunk_index: Option<u64>,
        /// The path of the call for it.
        pub next_chunk_internal_link: Option<String>,
    }
}

wire_struct! {
    /// A link to a chunk's rows; whoever holds it may read them.
    pub struct ExternalLink {
        /// The chunk's place, counted from 0.
        pub chunk_index: Option<u64>,
        /// The rows before it.
        pub row_offset: Option<u64>,
        /// Its rows.
        pub row_count: Option<u64>,
        /// Its bytes.
        pub byte_count: Option<u64>,
        /// When the link ends, in ISO 8601.
        pub expiration: Option<String>,
        /// The next chunk, absent for the last.
        pub next_chunk_index: Option<u64>,
    }
}
