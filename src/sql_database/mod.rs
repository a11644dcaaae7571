//! A schema as LangChain's `SQLDatabase` shows it to models: the names of its tables, their `CREATE TABLE` texts with sample
//! rows, and results as Python prints them.
//!
//! For who comes from LangChain: `SQLDatabase.from_databricks(catalog=…, schema=…, warehouse_id=…)` and
//! [`SqlDatabase::from_databricks`] give the same texts. What differs is the road: statements go over REST, not over Thrift,
//! so a cluster cannot run them, and tables are described when they are asked for.

pub(crate) mod calls;
pub(crate) mod options;
pub(crate) mod python_text;
pub(crate) mod rows;
pub(crate) mod shape;
mod statement;
pub(crate) mod table_info;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::client::WorkspaceClient;
use crate::error::{Error, ErrorKind, Result};
use crate::join::join_bounded;
use crate::sender::{CallOptions, Sender};
use crate::sql::{Param, StatementSettings};
use crate::sql_database::python_text::Form;
use crate::sql_database::shape::TableShape;
use crate::sql_database::statement::Runner;
use crate::transport::BoxFuture;

pub use options::{RunOptions, SqlDatabaseOptions};
pub use rows::{SqlColumn, SqlRows};

/// How many tables are described at once.
const AT_ONCE: usize = 4;

/// What a prompt says of a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseContext {
    /// The texts of all usable tables, or why there are none.
    pub table_info: String,
    /// The names of all usable tables, with commas between.
    pub table_names: String,
}

/// The tables of a schema, and a warehouse to ask them. Cheap to clone; clones share what is known of the tables.
///
/// ```no_run
/// # async fn example(client: lakewire::WorkspaceClient) -> lakewire::Result<()> {
/// use lakewire::sql_database::{SqlDatabase, SqlDatabaseOptions};
/// let options = SqlDatabaseOptions::new("samples", "tpch").warehouse_id("1234567890abcdef");
/// let database = SqlDatabase::from_databricks(&client, options).await?;
/// println!("{:?}", database.usable_table_names());
/// println!("{}", database.table_info(Some(&["nation"])).await?);
/// assert_eq!(database.run("SELECT count(*) FROM nation").await?, "[(25,)]");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct SqlDatabase {
    sender: Sender,
    call: CallOptions,
    runner: Runner,
    options: Arc<SqlDatabaseOptions>,
    names: Arc<Vec<String>>,
    shapes: Arc<Mutex<BTreeMap<String, Arc<TableShape>>>>,
}

impl SqlDatabase {
    /// The tables of a schema of Unity Catalog.
    ///
    /// # Errors
    /// `InvalidInput` when the options do not fit together or an included table is not there; as the service answers.
    pub async fn from_databricks(client: &WorkspaceClient, options: SqlDatabaseOptions) -> Result<Self> {
        options.check()?;
        // who lets a question go has no use for its statement any more
        let settings = StatementSettings { cancel_on_drop: true, ..StatementSettings::default() };
        let execution = client.statement_execution(options.warehouse_id.clone().unwrap_or_default());
        let runner = Runner {
            execution: execution.with_settings(settings),
            catalog: options.catalog.clone(),
            schema: options.schema.clone(),
        };
        let place = [options.catalog.as_str(), &options.schema];
        let plain = RunOptions::default();
        let tables = runner.run(&calls::about("SHOW TABLES FROM", &place), &plain).await?;
        let views = runner.run(&calls::about("SHOW VIEWS FROM", &place), &plain).await?;
        let names =
            table_info::usable(&tables, &views, options.view_support, &options.include_tables, &options.ignore_tables)?;
        let sender = client.sender().clone();
        let database = Self {
            sender,
            call: CallOptions::default(),
            runner,
            options: Arc::new(options),
            names: Arc::new(names),
            shapes: Arc::default(),
        };
        if !database.options.lazy {
            let all: Vec<_> = database.names.iter().map(|name| boxed(database.shape(name))).collect();
            join_bounded(all, AT_ONCE).await.into_iter().collect::<Result<Vec<_>>>()?;
        }
        Ok(database)
    }

    /// The same database with time limits, headers and attempts of its own for each request of its statements. A statement
    /// whose future is dropped is cancelled, as long as the runtime goes on.
    #[must_use]
    pub fn with_options(mut self, options: CallOptions) -> Self {
        self.runner.execution = self.runner.execution.with_options(options.clone());
        self.call = options;
        self
    }

    /// The dialect's name, for prompts: `databricks`.
    #[must_use]
    pub fn dialect(&self) -> &'static str {
        "databricks"
    }

    /// The names of the tables that may be used, sorted.
    #[must_use]
    pub fn usable_table_names(&self) -> &[String] {
        &self.names
    }

    /// The texts of tables (of all when no names are given): `CREATE TABLE` and sample rows.
    ///
    /// # Errors
    /// `InvalidInput` for a name that is not usable; as the service answers.
    pub async fn table_info(&self, names: Option<&[&str]>) -> Result<String> {
        let names: Vec<String> =
            names.map_or_else(|| self.names.to_vec(), |names| names.iter().map(|&name| name.to_owned()).collect());
        if let Some(set) = table_info::missing(&names, &self.names) {
            let sentence =
                ["The table_names ", &set, " were not found in the database: usable_table_names() says what is there."];
            return Err(Error::new(ErrorKind::InvalidInput, sentence.concat()));
        }
        let texts: Vec<_> =
            self.names.iter().filter(|name| names.contains(name)).map(|name| boxed(self.one_info(name))).collect();
        Ok(table_info::whole(join_bounded(texts, AT_ONCE).await.into_iter().collect::<Result<_>>()?))
    }

    /// Like [`table_info`](Self::table_info); an error is a text that begins with `Error: `.
    pub async fn table_info_no_throw(&self, names: Option<&[&str]>) -> String {
        let asked: Vec<String> = names.unwrap_or_default().iter().map(|&name| name.to_owned()).collect();
        if let Some(set) = table_info::missing(&asked, &self.names) {
            return ["Error: table_names ", &set, " not found in database"].concat();
        }
        self.table_info(names).await.unwrap_or_else(|error| told(&error))
    }

    /// What a prompt says of the database.
    pub async fn context(&self) -> DatabaseContext {
        DatabaseContext {
            table_info: self.table_info_no_throw(None).await,
            table_names: table_info::joined(self.names.iter(), ", "),
        }
    }

    /// Runs a statement, whatever it does, and gives its rows as Python prints them: `[(1, 'a'), (2, None)]`, and an empty
    /// text when there are none. For statements that a model writes, see [`sql_guard`](crate::sql_guard).
    ///
    /// # Errors
    /// `StatementFailed` with the service's words when the statement fails; as the service answers.
    pub async fn run(&self, statement: &str) -> Result<String> {
        self.run_with(statement, &RunOptions::default()).await
    }

    /// [`run`](Self::run) with parameters, limits and another form.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub async fn run_with(&self, statement: &str, options: &RunOptions) -> Result<String> {
        Ok(self.text(&self.rows(statement, options).await?, options))
    }

    /// Like [`run_with`](Self::run_with); an error is a text that begins with `Error: `.
    pub async fn run_no_throw(&self, statement: &str, options: &RunOptions) -> String {
        self.run_with(statement, options).await.unwrap_or_else(|error| told(&error))
    }

    /// Runs a statement and gives its columns and rows.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub async fn rows(&self, statement: &str, options: &RunOptions) -> Result<SqlRows> {
        self.runner.run(statement, options).await
    }

    /// A result as Python prints it.
    #[must_use]
    pub fn text(&self, rows: &SqlRows, options: &RunOptions) -> String {
        let max_string_length = self.options.max_string_length;
        python_text::text(rows, Form { columns: options.include_columns, one: options.one, max_string_length })
    }

    /// What a table is made of, asked for once.
    async fn shape(&self, name: &str) -> Result<Arc<TableShape>> {
        if let Some(known) = self.shapes.lock().unwrap_or_else(PoisonError::into_inner).get(name) {
            return Ok(known.clone());
        }
        let place = [self.options.catalog.as_str(), &self.options.schema, name];
        let call = calls::table(place[0], place[1], place[2])?;
        let shape = match self.sender.send(&call, &self.call).await {
            Ok((table, _)) => TableShape::of_catalog(table.as_str())?,
            // schemas outside Unity Catalog, and who may query but not browse
            Err(error) if undescribed(&error) => {
                let statement = calls::about("DESCRIBE TABLE EXTENDED", &place);
                TableShape::of_description(&self.runner.run(&statement, &RunOptions::default()).await?)?
            }
            Err(error) => return Err(error),
        };
        let shape = Arc::new(shape);
        self.shapes.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), shape.clone());
        Ok(shape)
    }

    async fn one_info(&self, name: &str) -> Result<String> {
        if let Some(text) = self.options.custom_table_info.get(name) {
            return Ok(text.clone());
        }
        let shape = self.shape(name).await?;
        let mut text = table_info::create(name, &shape);
        if self.options.sample_rows > 0 {
            let count = self.options.sample_rows.to_string();
            let options = RunOptions::default().parameter(Param::typed(Some(count.clone()), "INT").named("param_1"));
            let rows = match self.runner.run(&table_info::sample_query(name, &shape), &options).await {
                Ok(rows) => Some(rows),
                Err(error) if of_statement(&error) => None,
                Err(error) => return Err(error),
            };
            text.push_str(&table_info::samples(name, &shape, &count, rows.as_ref()));
        }
        Ok(text)
    }
}

fn boxed<'a, T>(future: impl Future<Output = T> + crate::transport::MaybeSend + 'a) -> BoxFuture<'a, T> {
    Box::pin(future)
}

/// An error as LangChain tells it.
pub(crate) fn told(error: &Error) -> String {
    ["Error: ", error.message()].concat()
}

/// Names with commas between, as LangChain lists them.
pub(crate) fn joined(names: &[&str]) -> String {
    table_info::joined(names.iter(), ", ")
}

/// Whether the catalog cannot say what a table is made of, where a statement may.
fn undescribed(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::PermissionDenied | ErrorKind::BadRequest)
}

/// Whether the statement itself failed, and not the way to it.
fn of_statement(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::StatementFailed | ErrorKind::BadRequest)
}
