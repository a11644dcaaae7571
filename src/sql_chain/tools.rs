//! A database as tools for a chat: LangChain's `SQLDatabaseToolkit`.

use serde_json::json;

use crate::chat::types::Tool;
use crate::chat::{Chat, RunnableTool};
use crate::error::{Error, Result};
use crate::sql_chain::argument;
use crate::sql_chain::guard::Guard;
use crate::sql_chain::prompts::{self, TOOLS};
use crate::sql_database::{RunOptions, SqlDatabase, joined, told};

/// Tools by which a model asks a database itself.
///
/// ```no_run
/// # async fn example(client: lakewire::WorkspaceClient, database: lakewire::sql_database::SqlDatabase) -> lakewire::Result<()> {
/// use lakewire::chat::ToolLimits;
/// use lakewire::sql_chain::SqlDatabaseToolkit;
/// let chat = client.chat("databricks-meta-llama-3-3-70b-instruct");
/// let tools = SqlDatabaseToolkit::new(database, chat.clone()).tools();
/// println!("{}", chat.run_tools("How many orders are there?", &tools, ToolLimits::default()).await?.answer.text());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct SqlDatabaseToolkit {
    database: SqlDatabase,
    chat: Chat,
    guard: Guard,
    run: RunOptions,
}

impl SqlDatabaseToolkit {
    /// Tools over a database, with a chat that checks queries, the guard on and at most 100 rows.
    #[must_use]
    pub fn new(database: SqlDatabase, chat: Chat) -> Self {
        Self { database, chat, guard: Guard::default(), run: RunOptions::default().row_limit(100).byte_limit(1 << 20) }
    }

    /// Whether the guard refuses statements that do more than read; it does unless set.
    #[must_use]
    pub fn read_only(self, on: bool) -> Self {
        Self { guard: Guard { off: !on, ..self.guard }, ..self }
    }

    /// Functions that the guard refuses besides [`DENIED_FUNCTIONS`](crate::sql_guard::DENIED_FUNCTIONS).
    #[must_use]
    pub fn denied_functions<T: Into<String>>(self, names: impl IntoIterator<Item = T>) -> Self {
        let denied = names.into_iter().map(Into::into).collect();
        Self { guard: Guard { denied, ..self.guard }, ..self }
    }

    /// Functions that the guard lets through although [`DENIED_FUNCTIONS`](crate::sql_guard::DENIED_FUNCTIONS) has them;
    /// `*` for all.
    #[must_use]
    pub fn allowed_functions<T: Into<String>>(self, names: impl IntoIterator<Item = T>) -> Self {
        let allowed = names.into_iter().map(Into::into).collect();
        Self { guard: Guard { allowed, ..self.guard }, ..self }
    }

    /// The most rows and bytes of a result; 100 and 1 MiB unless set.
    #[must_use]
    pub fn limits(self, rows: u64, bytes: u64) -> Self {
        Self { run: RunOptions::default().row_limit(rows).byte_limit(bytes), ..self }
    }

    /// The tools: query, schema, list, checker.
    #[must_use]
    pub fn tools(&self) -> Vec<RunnableTool> {
        TOOLS
            .iter()
            .map(|&[name, given, what, description]| {
                let required: &[&str] = if name == "sql_db_list_tables" { &[] } else { &[given] };
                let schema = json!({"type": "object", "properties": {given: {"type": "string", "description": what}}, "required": required});
                let kit = self.clone();
                RunnableTool::new(Tool::function(name, description, schema), move |arguments| {
                    let kit = kit.clone();
                    async move { kit.call(name, given, &arguments).await.map_err(|error| error.message().to_owned()) }
                })
            })
            .collect()
    }

    /// The rows as Python prints them, and whether there are more.
    async fn query(&self, query: &str) -> Result<String> {
        self.guard.check(query)?;
        let rows = self.database.rows(query, &self.run).await?;
        Ok([self.database.text(&rows, &self.run).as_str(), if rows.truncated { prompts::MORE } else { "" }].concat())
    }

    pub(super) async fn call(&self, name: &str, given: &str, arguments: &str) -> Result<String> {
        match name {
            "sql_db_query" => {
                let query = argument(arguments, given)?;
                Ok(self.query(&query).await.unwrap_or_else(|error| told(&error)))
            }
            "sql_db_schema" => {
                let names = argument(arguments, given)?;
                let names: Vec<&str> = names.split(',').map(str::trim).collect();
                Ok(self.database.table_info_no_throw(Some(&names)).await)
            }
            "sql_db_list_tables" => {
                let names: Vec<&str> = self.database.usable_table_names().iter().map(String::as_str).collect();
                Ok(joined(&names))
            }
            _ => {
                let prompt = prompts::check(&argument(arguments, given)?)?;
                Ok::<_, Error>(self.chat.invoke(prompt).await?.text())
            }
        }
    }
}
