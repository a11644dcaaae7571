//! Unity Catalog: the catalogs, schemas, tables and volumes of a workspace, and its functions.
//!
//! Functions as tools of a chat are [`UcFunctionToolkit`](crate::functions::UcFunctionToolkit)'s.

pub mod calls;
pub mod types;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, ErrorKind, Result};
use crate::pages::Pages;
use crate::sender::{CallOptions, Sender};
use crate::wire::call::Call;
use crate::wire::json::{Json, Raw, push_string};

pub use calls::Kind;
pub use types::*;

/// Unity Catalog of a workspace. Cheap to clone.
///
/// ```no_run
/// # async fn example(client: lakewire::WorkspaceClient) -> lakewire::Result<()> {
/// for table in client.unity_catalog().tables("samples", "tpch").all().await? {
///     println!("{}: {} columns", table.name, table.columns.map_or(0, |columns| columns.len()));
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct UnityCatalog {
    sender: Sender,
    options: CallOptions,
    browse: bool,
    max_results: Option<u32>,
}

impl UnityCatalog {
    pub(crate) fn new(sender: Sender) -> Self {
        Self { sender, options: CallOptions::default(), browse: false, max_results: None }
    }

    /// The same handle with time limits, headers and attempts of its own.
    #[must_use]
    pub fn with_options(self, options: CallOptions) -> Self {
        Self { options, ..self }
    }

    /// The same handle, showing also what the caller may see but not use.
    #[must_use]
    pub fn include_browse(self) -> Self {
        Self { browse: true, ..self }
    }

    /// The same handle with at most so many items on a page of its lists.
    #[must_use]
    pub fn max_results(self, most: u32) -> Self {
        Self { max_results: Some(most), ..self }
    }

    fn query(&self, lists: bool, pairs: &[(&str, &str)]) -> String {
        let mut out = String::from("{");
        for (name, value) in pairs {
            push_string(&mut out, name);
            out.push(':');
            push_string(&mut out, value);
            out.push(',');
        }
        if let Some(most) = self.max_results.filter(|_| lists) {
            out.push_str(&["\"max_results\":", &most.to_string(), ","].concat());
        }
        if self.browse {
            out.push_str("\"include_browse\":true,");
        }
        if out.ends_with(',') {
            out.pop();
        }
        out.push('}');
        out
    }

    fn pages<T: DeserializeOwned>(&self, kind: Kind, pairs: &[(&str, &str)]) -> Pages<T> {
        let call = calls::list(kind, Raw::trusted(&self.query(true, pairs)));
        Pages::new(self.sender.clone(), self.options.clone(), call, kind.key())
    }

    async fn get<T: DeserializeOwned>(&self, kind: Kind, full_name: &str) -> Result<T> {
        let json = self.send(calls::get(kind, full_name, Raw::trusted(&self.query(false, &[])))).await?;
        Json::<T>::from_checked(json.into_string()).read()
    }

    async fn send<T>(&self, call: Result<Call<T>>) -> Result<T> {
        Ok(self.sender.send(&call?, &self.options).await?.0)
    }

    /// Lists the catalogs the caller may see.
    #[must_use]
    pub fn catalogs(&self) -> Pages<CatalogInfo> {
        self.pages(Kind::Catalogs, &[])
    }

    /// Describes a catalog.
    ///
    /// # Errors
    /// `NotFound` when there is none of this name.
    pub async fn catalog(&self, name: &str) -> Result<CatalogInfo> {
        self.get(Kind::Catalogs, name).await
    }

    /// Lists the schemas of a catalog.
    #[must_use]
    pub fn schemas(&self, catalog: &str) -> Pages<SchemaInfo> {
        self.pages(Kind::Schemas, &[("catalog_name", catalog)])
    }

    /// Describes a schema, `catalog.schema`.
    ///
    /// # Errors
    /// `NotFound` when there is none of this name.
    pub async fn schema(&self, full_name: &str) -> Result<SchemaInfo> {
        self.get(Kind::Schemas, full_name).await
    }

    /// Lists the tables and views of a schema.
    #[must_use]
    pub fn tables(&self, catalog: &str, schema: &str) -> Pages<TableInfo> {
        self.pages(Kind::Tables, &[("catalog_name", catalog), ("schema_name", schema)])
    }

    /// Describes a table, view or vector index, `catalog.schema.table`.
    ///
    /// # Errors
    /// `NotFound` when there is none of this name.
    pub async fn table(&self, full_name: &str) -> Result<TableInfo> {
        self.get(Kind::Tables, full_name).await
    }

    /// Whether a table is there.
    ///
    /// # Errors
    /// As the service answers.
    pub async fn table_exists(&self, full_name: &str) -> Result<bool> {
        Ok(self.send(calls::table_exists(full_name)).await?.read()?.table_exists)
    }

    /// Lists names and types of a catalog's tables, across schemas. The patterns are those of SQL's
    /// `LIKE`; an empty one is left out.
    #[must_use]
    pub fn table_summaries(&self, catalog: &str, schema_pattern: &str, table_pattern: &str) -> Pages<TableSummary> {
        let mut pairs = vec![("catalog_name", catalog)];
        let patterns = [("schema_name_pattern", schema_pattern), ("table_name_pattern", table_pattern)];
        pairs.extend(patterns.into_iter().filter(|(_, pattern)| !pattern.is_empty()));
        self.pages(Kind::TableSummaries, &pairs)
    }

    /// Lists the volumes of a schema.
    #[must_use]
    pub fn volumes(&self, catalog: &str, schema: &str) -> Pages<VolumeInfo> {
        self.pages(Kind::Volumes, &[("catalog_name", catalog), ("schema_name", schema)])
    }

    /// Lists the functions of a schema.
    #[must_use]
    pub fn functions(&self, catalog: &str, schema: &str) -> Pages<FunctionInfo> {
        self.pages(Kind::Functions, &[("catalog_name", catalog), ("schema_name", schema)])
    }

    /// Describes a function, `catalog.schema.function`.
    ///
    /// # Errors
    /// `NotFound` when there is none of this name.
    pub async fn function(&self, full_name: &str) -> Result<FunctionInfo> {
        self.get(Kind::Functions, full_name).await
    }

    /// A function's description as JSON text, for what reads it by itself.
    pub(crate) async fn function_text(&self, full_name: &str) -> Result<Json<()>> {
        self.send(calls::get(Kind::Functions, full_name, Raw::trusted(&self.query(false, &[])))).await
    }

    /// Creates a function. Databricks calls this experimental: the usual way is a `CREATE FUNCTION` statement.
    ///
    /// # Errors
    /// `ResourceConflict` when the name is taken.
    pub async fn create_function(&self, function: &CreateFunction) -> Result<FunctionInfo> {
        self.send(text(function).and_then(|info| calls::create_function(&info))).await?.read()
    }

    /// Changes who owns a function.
    ///
    /// # Errors
    /// `NotFound` when there is none of this name.
    pub async fn update_function_owner(&self, full_name: &str, owner: &str) -> Result<FunctionInfo> {
        let mut body = String::from("{\"owner\":");
        push_string(&mut body, owner);
        body.push('}');
        self.send(calls::update_function(full_name, &body)).await?.read()
    }

    /// Deletes a function; `force` goes to the service as it is.
    ///
    /// # Errors
    /// `NotFound` when there is none of this name.
    pub async fn delete_function(&self, full_name: &str, force: bool) -> Result<()> {
        let query = if force { "{\"force\":true}" } else { "{}" };
        self.send(calls::delete_function(full_name, Raw::trusted(query))).await
    }
}

fn text<T: Serialize>(body: &T) -> Result<String> {
    serde_json::to_string(body).map_err(|fault| {
        Error::new(ErrorKind::InvalidInput, "The request cannot be written as JSON.").with_source(fault)
    })
}

#[cfg(test)]
mod tests;
