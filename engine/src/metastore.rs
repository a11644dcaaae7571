//! What exists: catalogs, schemas, tables, views and functions, and the rows of the tables.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::{Field, Schema as ArrowSchema, SchemaRef};

use crate::error::{Result, SqlError};
use crate::types::SqlType;

/// A column of a table or view, or of a table function's answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// As it was written.
    pub name: String,
    /// Its type.
    pub ty: SqlType,
    /// Whether it may hold NULL.
    pub nullable: bool,
    /// What it means.
    pub comment: Option<String>,
    /// The text of its DEFAULT.
    pub default: Option<String>,
}

impl Column {
    /// A column that may hold NULL, without comment or default.
    pub fn new(name: &str, ty: SqlType) -> Self {
        Self { name: name.to_owned(), ty, nullable: true, comment: None, default: None }
    }
}

/// A constraint of a table, kept for its readers and not enforced, as in the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Constraint {
    /// PRIMARY KEY
    Primary {
        /// Its name.
        name: String,
        /// The columns.
        columns: Vec<String>,
    },
    /// FOREIGN KEY
    Foreign {
        /// Its name.
        name: String,
        /// The columns.
        columns: Vec<String>,
        /// `catalog.schema.table`
        parent: String,
        /// The parent's columns.
        parent_columns: Vec<String>,
    },
}

/// Makes the rows of a seeded table when they are first read.
pub type Maker = fn(&str, f64) -> Result<Vec<RecordBatch>>;

/// The rows of a table.
#[derive(Debug, Clone)]
pub enum Rows {
    /// These.
    Ready(Arc<Vec<RecordBatch>>),
    /// Made when first read: the maker, the scale, and the rows once made.
    Lazy(Maker, f64, Arc<OnceLock<Arc<Vec<RecordBatch>>>>),
    /// A view's query, and the catalog and schema its names are read in.
    View {
        /// The query's text.
        query: String,
        /// The catalog it was made in.
        catalog: String,
        /// The schema it was made in.
        schema: String,
    },
}

/// A table or a view.
#[derive(Debug, Clone)]
pub struct Table {
    /// Lower case.
    pub name: String,
    /// In their order.
    pub columns: Vec<Column>,
    /// Its rows, or its query.
    pub rows: Rows,
    /// What it is.
    pub comment: Option<String>,
    /// TBLPROPERTIES.
    pub properties: BTreeMap<String, String>,
    /// Primary and foreign keys.
    pub constraints: Vec<Constraint>,
    /// When it was made, in milliseconds since 1970.
    pub created_at: u64,
    /// A stable id.
    pub id: String,
}

impl Table {
    /// A table of columns and rows.
    pub fn new(name: &str, columns: Vec<Column>, rows: Rows) -> Self {
        Self {
            name: name.to_lowercase(),
            columns,
            rows,
            comment: None,
            properties: BTreeMap::new(),
            constraints: Vec::new(),
            created_at: now_ms(),
            id: fresh_id(),
        }
    }

    /// Whether it is a view.
    pub fn is_view(&self) -> bool {
        matches!(self.rows, Rows::View { .. })
    }

    /// The Arrow schema of its rows, names in lower case.
    pub fn schema(&self) -> SchemaRef {
        let fields: Vec<Field> = self
            .columns
            .iter()
            .map(|column| Field::new(column.name.to_lowercase(), column.ty.to_arrow(), true))
            .collect();
        Arc::new(ArrowSchema::new(fields))
    }

    /// Its rows, made now if they never were; a view has none.
    ///
    /// # Errors
    /// What the maker says.
    pub fn batches(&self) -> Result<Arc<Vec<RecordBatch>>> {
        match &self.rows {
            Rows::Ready(rows) => Ok(Arc::clone(rows)),
            Rows::Lazy(maker, scale, made) => {
                if let Some(rows) = made.get() {
                    return Ok(Arc::clone(rows));
                }
                let rows = Arc::new(maker(&self.name, *scale)?);
                Ok(Arc::clone(made.get_or_init(|| rows)))
            }
            Rows::View { .. } => Ok(Arc::new(Vec::new())),
        }
    }
}

/// A parameter of a function.
#[derive(Debug, Clone, PartialEq)]
pub struct Argument {
    /// As it was written.
    pub name: String,
    /// Its type.
    pub ty: SqlType,
    /// The text of its DEFAULT.
    pub default: Option<String>,
    /// What it means.
    pub comment: Option<String>,
}

/// What a function gives back.
#[derive(Debug, Clone, PartialEq)]
pub enum Returns {
    /// One value.
    Scalar(SqlType),
    /// Rows of these columns.
    Table(Vec<Column>),
}

/// A function written in SQL.
#[derive(Debug, Clone, PartialEq)]
pub struct Function {
    /// Lower case.
    pub name: String,
    /// In their order.
    pub arguments: Vec<Argument>,
    /// What it gives back.
    pub returns: Returns,
    /// The text after RETURN.
    pub body: String,
    /// What it does.
    pub comment: Option<String>,
    /// Whether the same arguments give the same answer.
    pub deterministic: bool,
    /// When it was made, in milliseconds since 1970.
    pub created_at: u64,
    /// A stable id.
    pub id: String,
}

/// A schema.
#[derive(Debug, Clone, Default)]
pub struct Schema {
    /// What it holds.
    pub comment: Option<String>,
    /// Tables and views by name.
    pub tables: BTreeMap<String, Arc<Table>>,
    /// Functions by name.
    pub functions: BTreeMap<String, Arc<Function>>,
    /// When it was made, in milliseconds since 1970.
    pub created_at: u64,
}

/// A catalog.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    /// What it holds.
    pub comment: Option<String>,
    /// Schemas by name, `information_schema` aside.
    pub schemas: BTreeMap<String, Schema>,
    /// When it was made, in milliseconds since 1970.
    pub created_at: u64,
    /// Seeded, and not to be changed.
    pub read_only: bool,
}

/// Everything.
#[derive(Debug, Clone, Default)]
pub struct Metastore {
    /// Catalogs by name.
    pub catalogs: BTreeMap<String, Catalog>,
}

/// A name of three parts, lower case.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name {
    /// The catalog.
    pub catalog: String,
    /// The schema.
    pub schema: String,
    /// The thing itself.
    pub name: String,
}

impl Name {
    /// Completes one, two or three parts with the current catalog and schema.
    pub fn complete(parts: &[String], catalog: &str, schema: &str) -> Option<Self> {
        let part = |index: usize| parts.get(index).map(|part| part.to_lowercase());
        Some(match parts.len() {
            1 => Self { catalog: catalog.to_lowercase(), schema: schema.to_lowercase(), name: part(0)? },
            2 => Self { catalog: catalog.to_lowercase(), schema: part(0)?, name: part(1)? },
            3 => Self { catalog: part(0)?, schema: part(1)?, name: part(2)? },
            _ => return None,
        })
    }

    /// `` `catalog`.`schema`.`name` ``
    pub fn ticked(&self) -> String {
        format!("`{}`.`{}`.`{}`", self.catalog, self.schema, self.name)
    }

    /// `catalog.schema.name`
    pub fn dotted(&self) -> String {
        format!("{}.{}.{}", self.catalog, self.schema, self.name)
    }
}

impl Metastore {
    /// A catalog by name.
    ///
    /// # Errors
    /// When there is none.
    pub fn catalog(&self, name: &str) -> Result<&Catalog> {
        self.catalogs.get(&name.to_lowercase()).ok_or_else(|| SqlError::no_catalog(name))
    }

    /// A schema by name.
    ///
    /// # Errors
    /// When it or its catalog is not there.
    pub fn schema(&self, catalog: &str, schema: &str) -> Result<&Schema> {
        self.catalog(catalog)?
            .schemas
            .get(&schema.to_lowercase())
            .ok_or_else(|| SqlError::no_schema(&format!("`{catalog}`.`{schema}`")))
    }

    /// The schema to change.
    ///
    /// # Errors
    /// When it is not there, or its catalog may only be read.
    pub fn schema_mut(&mut self, catalog: &str, schema: &str) -> Result<&mut Schema> {
        self.catalog_mut(catalog)?
            .schemas
            .get_mut(&schema.to_lowercase())
            .ok_or_else(|| SqlError::no_schema(&format!("`{catalog}`.`{schema}`")))
    }

    /// The catalog to change.
    ///
    /// # Errors
    /// When it is not there, or may only be read.
    pub fn catalog_mut(&mut self, catalog: &str) -> Result<&mut Catalog> {
        let found = self.catalogs.get_mut(&catalog.to_lowercase()).ok_or_else(|| SqlError::no_catalog(catalog))?;
        if found.read_only {
            return Err(SqlError::new(
                "INSUFFICIENT_PERMISSIONS",
                "42501",
                format!("Insufficient privileges: catalog '{catalog}' holds samples and can only be read."),
            ));
        }
        Ok(found)
    }

    /// A table or view; `None` when it, its schema or its catalog is not there.
    pub fn table(&self, name: &Name) -> Option<&Arc<Table>> {
        self.catalogs.get(&name.catalog)?.schemas.get(&name.schema)?.tables.get(&name.name)
    }

    /// A function; `None` when it, its schema or its catalog is not there.
    pub fn function(&self, name: &Name) -> Option<&Arc<Function>> {
        self.catalogs.get(&name.catalog)?.schemas.get(&name.schema)?.functions.get(&name.name)
    }
}

/// Now, in milliseconds since 1970.
pub fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(0))
}

/// An id in the form of a UUID that no other thing of this process has.
pub fn fresh_id() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let time = now_ms();
    format!("{:08x}-{:04x}-4000-8000-{number:012x}", time >> 16, time & 0xffff)
}
