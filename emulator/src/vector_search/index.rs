//! One index: what it was made of, its rows, and how the API shows it (wire: vector-search §2).

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::columns::{Column, Kind};
use crate::json::set;
use crate::serving_endpoints::CREATOR;

/// The vectors of an index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vectors {
    /// The column that holds them.
    pub column: String,
    /// How many numbers each has.
    pub dimension: usize,
    /// Where they come from, if the workspace makes them.
    pub source: Option<Source>,
}

/// The text that vectors are made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Its column.
    pub column: String,
    /// The serving endpoint that embeds it.
    pub model: String,
    /// The serving endpoint that embeds questions.
    pub query_model: String,
}

/// Where a Delta Sync index gets its rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The source table's full name.
    pub table: String,
    /// Whether it follows the table by itself.
    pub continuous: bool,
    /// The columns to keep; all if empty.
    pub keep: Vec<String>,
    /// How far it is.
    pub progress: Progress,
}

/// How far a Delta Sync index is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Progress {
    /// The first sync has not ended.
    First,
    /// Synced, at this time in milliseconds.
    Synced {
        /// When.
        at_ms: u64,
    },
    /// Synced before, and being synced again.
    Again,
    /// The last sync failed.
    Failed {
        /// Why, in a sentence.
        message: String,
        /// Whether rows of an earlier sync still serve.
        serving: bool,
    },
}

/// One row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Its cells, without the vector.
    pub values: Map<String, Value>,
    /// Its vector; empty in an index without vectors.
    pub vector: Vec<f32>,
}

/// A primary key, in the order of its type.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// A whole number.
    Int(i64),
    /// Text, and what is written as text.
    Text(String),
}

impl Key {
    /// The key in a cell of this kind.
    #[must_use]
    pub fn read(kind: &Kind, value: &Value) -> Option<Self> {
        match kind {
            Kind::Int | Kind::Long => value.as_i64().map(Self::Int),
            _ => value.as_str().map(|text| Self::Text(text.to_owned())),
        }
    }

    /// The key a caller names in text.
    #[must_use]
    pub fn named(kind: &Kind, text: &str) -> Option<Self> {
        match kind {
            Kind::Int | Kind::Long => text.trim().parse().ok().map(Self::Int),
            _ => Some(Self::Text(text.to_owned())),
        }
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Int(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

/// One index.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Index {
    /// Its full name: catalog, schema and name.
    pub name: String,
    /// The endpoint that serves it.
    pub endpoint: String,
    /// The id of its table in the catalog.
    pub id: String,
    /// The column of the primary key.
    pub primary_key: String,
    /// `HYBRID` or `FULL_TEXT`.
    pub subtype: String,
    /// The spec as the API shows it.
    pub spec: Value,
    /// Its columns, the vector's too if it stands among them.
    pub columns: Vec<Column>,
    /// Its vectors; none in a full-text index.
    pub vectors: Option<Vectors>,
    /// Where its rows come from; none for a Direct Access index.
    pub origin: Option<Origin>,
    /// When it was made, in milliseconds since 1970.
    pub created_ms: u64,
    /// When it can be ready, in milliseconds since 1970.
    pub ready_ms: u64,
    /// The rows by primary key. Kept in a list of their own.
    #[serde(skip)]
    pub rows: BTreeMap<Key, Arc<Row>>,
}

impl Index {
    /// The column of that name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The kind of the primary key.
    #[must_use]
    pub fn key_kind(&self) -> Kind {
        self.column(&self.primary_key).map_or(Kind::Text, Column::kind)
    }

    /// The value of a cell, the vector's too.
    #[must_use]
    pub fn cell(&self, row: &Row, name: &str) -> Value {
        match &self.vectors {
            Some(vectors) if vectors.column == name => row.vector.iter().map(|number| shortest(*number)).collect(),
            _ => row.values.get(name).cloned().unwrap_or(Value::Null),
        }
    }

    /// Puts rows in, each in the place of an older one with its key.
    pub fn put(&mut self, rows: Vec<(Key, Row)>) {
        self.rows.extend(rows.into_iter().map(|(key, row)| (key, Arc::new(row))));
    }

    /// Whether it answers queries at this time.
    #[must_use]
    pub fn ready(&self, now_ms: u64) -> bool {
        match self.origin.as_ref().map(|origin| &origin.progress) {
            None => now_ms >= self.ready_ms,
            Some(Progress::First | Progress::Failed { serving: false, .. }) => false,
            Some(_) => true,
        }
    }

    /// `status.detailed_state`. The service's whole list is not publicly known; these keep the clients' rules.
    #[must_use]
    pub fn detailed_state(&self, now_ms: u64) -> &'static str {
        match &self.origin {
            None if now_ms < self.ready_ms => "PROVISIONING_INDEX",
            None => "ONLINE_DIRECT_ACCESS",
            Some(origin) => match &origin.progress {
                Progress::First if now_ms < self.ready_ms => "PROVISIONING_ENDPOINT",
                Progress::First => "PROVISIONING_INITIAL_SNAPSHOT",
                Progress::Again if origin.continuous => "ONLINE_CONTINUOUS_UPDATE",
                Progress::Again => "ONLINE_TRIGGERED_UPDATE",
                Progress::Synced { .. } => "ONLINE_NO_PENDING_UPDATE",
                Progress::Failed { serving: true, .. } => "ONLINE_PIPELINE_FAILED",
                Progress::Failed { serving: false, .. } => "OFFLINE_FAILED",
            },
        }
    }

    fn message(&self, now_ms: u64) -> String {
        match self.origin.as_ref().map(|origin| &origin.progress) {
            Some(Progress::Failed { message, .. }) => message.clone(),
            _ if !self.ready(now_ms) => "The index is being made.".to_owned(),
            Some(Progress::Again) => "The index is ready and is being synced again.".to_owned(),
            _ => "The index is ready.".to_owned(),
        }
    }

    /// What a list shows.
    #[must_use]
    pub fn short(&self) -> Value {
        json!({
            "name": self.name,
            "endpoint_name": self.endpoint,
            "primary_key": self.primary_key,
            "index_type": self.index_type(),
            "index_subtype": self.subtype,
            "creator": CREATOR,
        })
    }

    /// Everything. `base` is where this emulator was asked, such as `http://127.0.0.1:8787`.
    #[must_use]
    pub fn shown(&self, endpoint_id: &str, base: &str, now_ms: u64) -> Value {
        let mut shown = self.short();
        set(&mut shown, "endpoint_id", endpoint_id);
        set(&mut shown, "id", self.id.as_str());
        let spec = if self.origin.is_some() { "delta_sync_index_spec" } else { "direct_access_index_spec" };
        set(&mut shown, spec, self.spec.clone());
        let status = json!({
            "ready": self.ready(now_ms),
            "message": self.message(now_ms),
            "detailed_state": self.detailed_state(now_ms),
            "indexed_row_count": self.rows.len(),
            "index_url": format!("{base}/api/2.0/vector-search/indexes/{}", self.name),
        });
        set(&mut shown, "status", status);
        shown
    }

    fn index_type(&self) -> &'static str {
        if self.origin.is_some() { "DELTA_SYNC" } else { "DIRECT_ACCESS" }
    }

    /// What the catalog says of it, as of a table (wire: unity-catalog-functions §5).
    #[must_use]
    pub fn table_info(&self) -> Value {
        let mut names = self.name.splitn(3, '.');
        let mut part = || names.next().unwrap_or_default();
        let (catalog, schema, name) = (part(), part(), part());
        let columns: Vec<Value> = (0_u32..)
            .zip(&self.columns)
            .map(|(position, column)| {
                let mut shown = json!({
                    "name": column.name,
                    "type_text": column.type_text,
                    "type_name": type_name(&column.type_text),
                    "position": position,
                    "nullable": column.name != self.primary_key,
                });
                if let Some(comment) = &column.comment {
                    set(&mut shown, "comment", comment.as_str());
                }
                shown
            })
            .collect();
        json!({
            "name": name,
            "catalog_name": catalog,
            "schema_name": schema,
            "full_name": self.name,
            "table_id": self.id,
            "table_type": "MANAGED",
            "data_source_format": "VECTOR_INDEX_FORMAT",
            "columns": columns,
            "owner": CREATOR,
            "created_at": self.created_ms,
            "created_by": CREATOR,
        })
    }
}

/// `type_name` of a type in lower case.
fn type_name(type_text: &str) -> &'static str {
    match type_text.split(['(', '<']).next().unwrap_or_default() {
        "integer" | "int" => "INT",
        "long" | "bigint" => "LONG",
        "smallint" | "short" => "SHORT",
        "tinyint" | "byte" => "BYTE",
        "float" => "FLOAT",
        "double" => "DOUBLE",
        "decimal" => "DECIMAL",
        "boolean" => "BOOLEAN",
        "date" => "DATE",
        "timestamp" => "TIMESTAMP",
        "timestamp_ntz" => "TIMESTAMP_NTZ",
        "binary" => "BINARY",
        "array" => "ARRAY",
        "map" => "MAP",
        "struct" => "STRUCT",
        _ => "STRING",
    }
}

/// The shortest decimal that means this number.
fn shortest(number: f32) -> Value {
    number.to_string().parse::<f64>().map_or(Value::Null, Value::from)
}
