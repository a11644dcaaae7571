//! What a database is made with, and what a statement is run with.

use std::collections::BTreeMap;

use crate::error::{Error, ErrorKind, Result};
use crate::sql::StatementParameter;

/// Which tables of which schema, reached through which warehouse, and how they are shown.
///
/// ```
/// use lakewire::sql_database::SqlDatabaseOptions;
/// let options = SqlDatabaseOptions::new("samples", "tpch").warehouse_id("abc").include_tables(["nation", "region"]);
/// assert!(options.check().is_ok());
/// assert!(SqlDatabaseOptions::new("samples", "tpch").check().is_err(), "a warehouse is missing");
/// ```
#[derive(Clone, Debug)]
pub struct SqlDatabaseOptions {
    pub(crate) catalog: String,
    pub(crate) schema: String,
    pub(crate) warehouse_id: Option<String>,
    pub(crate) cluster_id: Option<String>,
    pub(crate) include_tables: Vec<String>,
    pub(crate) ignore_tables: Vec<String>,
    pub(crate) sample_rows: u32,
    pub(crate) custom_table_info: BTreeMap<String, String>,
    pub(crate) view_support: bool,
    pub(crate) max_string_length: usize,
    pub(crate) lazy: bool,
}

impl SqlDatabaseOptions {
    /// The tables of a schema.
    #[must_use]
    pub fn new(catalog: impl Into<String>, schema: impl Into<String>) -> Self {
        Self {
            catalog: catalog.into(),
            schema: schema.into(),
            warehouse_id: None,
            cluster_id: None,
            include_tables: Vec::new(),
            ignore_tables: Vec::new(),
            sample_rows: 3,
            custom_table_info: BTreeMap::new(),
            view_support: false,
            max_string_length: 300,
            lazy: true,
        }
    }

    /// The SQL warehouse that runs the statements.
    #[must_use]
    pub fn warehouse_id(self, id: impl Into<String>) -> Self {
        Self { warehouse_id: Some(id.into()), ..self }
    }

    /// A cluster, as LangChain takes one: refused by [`check`](Self::check) with a sentence, since clusters have no
    /// statements over REST.
    #[must_use]
    pub fn cluster_id(self, id: impl Into<String>) -> Self {
        Self { cluster_id: Some(id.into()), ..self }
    }

    /// These tables alone.
    #[must_use]
    pub fn include_tables<T: Into<String>>(self, tables: impl IntoIterator<Item = T>) -> Self {
        Self { include_tables: tables.into_iter().map(Into::into).collect(), ..self }
    }

    /// All tables but these.
    #[must_use]
    pub fn ignore_tables<T: Into<String>>(self, tables: impl IntoIterator<Item = T>) -> Self {
        Self { ignore_tables: tables.into_iter().map(Into::into).collect(), ..self }
    }

    /// How many sample rows stand behind each table's text; 3 unless set, 0 for none.
    #[must_use]
    pub fn sample_rows_in_table_info(self, rows: u32) -> Self {
        Self { sample_rows: rows, ..self }
    }

    /// A text of your own for a table, shown in place of what the catalog says.
    #[must_use]
    pub fn custom_table_info(mut self, table: impl Into<String>, text: impl Into<String>) -> Self {
        self.custom_table_info.insert(table.into(), text.into());
        self
    }

    /// Whether views count as tables; they do not unless set.
    #[must_use]
    pub fn view_support(self, on: bool) -> Self {
        Self { view_support: on, ..self }
    }

    /// The longest text in the result of `run`, in characters; 300 unless set, 0 for any length.
    #[must_use]
    pub fn max_string_length(self, characters: usize) -> Self {
        Self { max_string_length: characters, ..self }
    }

    /// Whether tables are described when they are asked for (the default), or all at once when the database is made.
    #[must_use]
    pub fn lazy_table_reflection(self, on: bool) -> Self {
        Self { lazy: on, ..self }
    }

    /// What LangChain checks.
    ///
    /// # Errors
    /// `InvalidInput` without a warehouse, for a cluster, and for tables both included and ignored.
    pub fn check(&self) -> Result<()> {
        let given = |id: &Option<String>| id.as_deref().is_some_and(|id| !id.is_empty());
        check(
            [&self.catalog, &self.schema],
            given(&self.warehouse_id),
            given(&self.cluster_id),
            [!self.include_tables.is_empty(), !self.ignore_tables.is_empty()],
        )
    }
}

/// The rules of both faces.
pub(crate) fn check(names: [&str; 2], warehouse: bool, cluster: bool, tables: [bool; 2]) -> Result<()> {
    let sentence = match (names, warehouse, cluster, tables) {
        (["", _] | [_, ""], ..) => "A database needs the names of a catalog and a schema.",
        (_, false, false, _) => "Need to provide either 'warehouse_id' or 'cluster_id'.",
        (_, true, true, _) => "Can't have both 'warehouse_id' or 'cluster_id'.",
        (_, false, true, _) => {
            "Clusters run no statements over REST, which is all a browser can use: give the id of a SQL warehouse."
        }
        (.., [true, true]) => "Cannot specify both include_tables and ignore_tables.",
        _ => return Ok(()),
    };
    Err(Error::new(ErrorKind::InvalidInput, sentence))
}

/// How a statement is run and its result written.
#[derive(Clone, Debug, Default)]
pub struct RunOptions {
    pub(crate) parameters: Vec<StatementParameter>,
    pub(crate) include_columns: bool,
    pub(crate) one: bool,
    pub(crate) row_limit: Option<u64>,
    pub(crate) byte_limit: Option<u64>,
}

impl RunOptions {
    /// A value for one of the statement's markers, as [`Param::named`](crate::sql::Param::named) makes it.
    #[must_use]
    pub fn parameter(mut self, parameter: StatementParameter) -> Self {
        self.parameters.push(parameter);
        self
    }

    /// A dictionary with the columns' names for each row, not a tuple.
    #[must_use]
    pub fn include_columns(self, on: bool) -> Self {
        Self { include_columns: on, ..self }
    }

    /// The first row alone.
    #[must_use]
    pub fn fetch_one(self) -> Self {
        Self { one: true, ..self }
    }

    /// At most so many rows; what is cut is said by [`SqlRows::truncated`](crate::sql_database::SqlRows).
    #[must_use]
    pub fn row_limit(self, rows: u64) -> Self {
        Self { row_limit: Some(rows), ..self }
    }

    /// At most about so many bytes.
    #[must_use]
    pub fn byte_limit(self, bytes: u64) -> Self {
        Self { byte_limit: Some(bytes), ..self }
    }
}
