//! From a question to a SQL statement, its result and an answer.
//!
//! [`SqlDatabaseChain`] asks a model for a statement, lets it through the [guard](crate::sql_guard) when it only reads, runs it with
//! limits, and asks for the answer. For who comes from LangChain: `SQLDatabaseChain`, `SQLDatabaseSequentialChain` (table
//! selection), `create_sql_query_chain` and the tools of `SQLDatabaseToolkit`, with a prompt for Databricks SQL in place of the
//! generic one.
//!
//! What a table holds reaches the model as data: in the sample rows of the first prompt and in the result of the last one. A
//! model that obeys it can at most write another statement, and every statement goes through the guard; after the result
//! nothing that the model writes is run.

mod answer;
mod guard;
pub(crate) mod parse;
pub(crate) mod prompts;
#[cfg(test)]
mod tests;
mod tools;

use crate::chat::{Chat, ChatRequest};
use crate::error::{Error, ErrorKind, Result};
use crate::observe::Kind;
use crate::sender::CallOptions;
use crate::sql_chain::guard::Guard;
use crate::sql_database::{RunOptions, SqlDatabase, SqlRows};
use crate::transport::{MaybeSend, MaybeSync};
use crate::wire::json::string;

pub use answer::{SqlChainAnswer, SqlChainEvent};
pub use tools::SqlDatabaseToolkit;

/// What the chain does besides asking, and how far it goes.
#[derive(Clone, Debug)]
struct Settings {
    top_k: u32,
    prompt: Option<String>,
    answer_prompt: Option<String>,
    return_sql: bool,
    return_direct: bool,
    checker: bool,
    table_selection: bool,
    tables: Option<Vec<String>>,
    guard: Guard,
    run: RunOptions,
    call: CallOptions,
}

/// Answers questions from a database; made of a chat that writes and a [`SqlDatabase`] that runs.
///
/// ```no_run
/// # async fn example(client: lakewire::WorkspaceClient) -> lakewire::Result<()> {
/// use lakewire::sql_chain::SqlDatabaseChain;
/// use lakewire::sql_database::{SqlDatabase, SqlDatabaseOptions};
/// let options = SqlDatabaseOptions::new("samples", "tpch").warehouse_id("1234567890abcdef");
/// let database = SqlDatabase::from_databricks(&client, options).await?;
/// let chain = SqlDatabaseChain::new(client.chat("databricks-meta-llama-3-3-70b-instruct"), database);
/// let answer = chain.invoke("Which nation has the most customers?").await?;
/// println!("{}\n{}", answer.sql, answer.result);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct SqlDatabaseChain {
    chat: Chat,
    database: SqlDatabase,
    settings: Settings,
}

impl SqlDatabaseChain {
    /// A chain with the guard on, five rows asked for and at most 100 read.
    #[must_use]
    pub fn new(chat: Chat, database: SqlDatabase) -> Self {
        let settings = Settings {
            top_k: 5,
            prompt: None,
            answer_prompt: None,
            return_sql: false,
            return_direct: false,
            checker: false,
            table_selection: false,
            tables: None,
            guard: Guard::default(),
            run: RunOptions::default().row_limit(100).byte_limit(1 << 20),
            call: CallOptions::default(),
        };
        Self { chat, database, settings }
    }

    fn with(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings);
        self
    }

    /// How many rows the model is told to ask for; 5 unless set.
    #[must_use]
    pub fn top_k(self, rows: u32) -> Self {
        self.with(|settings| settings.top_k = rows)
    }

    /// A prompt of your own for the statement, with `{input}`, `{table_info}` and `{top_k}`.
    #[must_use]
    pub fn prompt(self, text: impl Into<String>) -> Self {
        self.with(|settings| settings.prompt = Some(text.into()))
    }

    /// A prompt of your own for the answer, with `{input}`.
    #[must_use]
    pub fn answer_prompt(self, text: impl Into<String>) -> Self {
        self.with(|settings| settings.answer_prompt = Some(text.into()))
    }

    /// Whether to end with the statement: nothing is run.
    #[must_use]
    pub fn return_sql(self, on: bool) -> Self {
        self.with(|settings| settings.return_sql = on)
    }

    /// Whether to end with the result's text: no answer is asked for.
    #[must_use]
    pub fn return_direct(self, on: bool) -> Self {
        self.with(|settings| settings.return_direct = on)
    }

    /// Whether a second call looks for common mistakes in the statement.
    #[must_use]
    pub fn use_query_checker(self, on: bool) -> Self {
        self.with(|settings| settings.checker = on)
    }

    /// Whether a first call picks the tables a question needs, for schemas too large for one prompt.
    #[must_use]
    pub fn table_selection(self, on: bool) -> Self {
        self.with(|settings| settings.table_selection = on)
    }

    /// The tables to show, in place of all or of a selection.
    #[must_use]
    pub fn table_names_to_use<T: Into<String>>(self, names: impl IntoIterator<Item = T>) -> Self {
        self.with(|settings| settings.tables = Some(names.into_iter().map(Into::into).collect()))
    }

    /// Whether the guard refuses statements that do more than read; it does unless set. Without it, a model can do whatever
    /// the client's credential may.
    #[must_use]
    pub fn read_only(self, on: bool) -> Self {
        self.with(|settings| settings.guard.off = !on)
    }

    /// Functions that the guard refuses besides [`DENIED_FUNCTIONS`](crate::sql_guard::DENIED_FUNCTIONS).
    #[must_use]
    pub fn denied_functions<T: Into<String>>(self, names: impl IntoIterator<Item = T>) -> Self {
        self.with(|settings| settings.guard.denied = names.into_iter().map(Into::into).collect())
    }

    /// Functions that the guard lets through although [`DENIED_FUNCTIONS`](crate::sql_guard::DENIED_FUNCTIONS) has them;
    /// `*` for all.
    #[must_use]
    pub fn allowed_functions<T: Into<String>>(self, names: impl IntoIterator<Item = T>) -> Self {
        self.with(|settings| settings.guard.allowed = names.into_iter().map(Into::into).collect())
    }

    /// The most rows and bytes of a result; 100 and 1 MiB unless set.
    #[must_use]
    pub fn limits(self, rows: u64, bytes: u64) -> Self {
        self.with(|settings| settings.run = RunOptions::default().row_limit(rows).byte_limit(bytes))
    }

    /// Time limits, headers and attempts of each request, to the model and of the statements. Dropping the future of an
    /// answer cancels its statement, as long as the runtime goes on.
    #[must_use]
    pub fn with_options(mut self, options: CallOptions) -> Self {
        self.database = self.database.with_options(options.clone());
        self.with(|settings| settings.call = options)
    }

    /// Answers a question.
    ///
    /// # Errors
    /// `OutputMismatch` when the model writes no SQL or names no table, `StatementRefused` by the guard, and those of chats and
    /// statements; once there is a statement, it is the error's [`partial`](Error::partial).
    pub async fn invoke(&self, question: &str) -> Result<SqlChainAnswer> {
        self.invoke_with(question, |_| {}).await
    }

    /// [`invoke`](Self::invoke) that tells each step as it is done, and the answer's words as they come.
    ///
    /// # Errors
    /// As [`invoke`](Self::invoke).
    pub async fn invoke_with(
        &self,
        question: &str,
        on_event: impl Fn(&SqlChainEvent) + MaybeSend + MaybeSync,
    ) -> Result<SqlChainAnswer> {
        let inputs = || ["{\"question\":", &string(question), "}"].concat();
        let outputs = |answer: &SqlChainAnswer| {
            ["{\"result\":", &string(&answer.result), ",\"sql\":", &string(&answer.sql), "}"].concat()
        };
        let told = self.chat.sender().watch().start(Kind::Chain, "SQLDatabaseChain", inputs);
        told.run(self.answered(question, on_event), outputs).await
    }

    async fn answered(
        &self,
        question: &str,
        on_event: impl Fn(&SqlChainEvent) + MaybeSend + MaybeSync,
    ) -> Result<SqlChainAnswer> {
        let told = |steps: &mut Vec<SqlChainEvent>, event: SqlChainEvent| {
            on_event(&event);
            steps.push(event);
        };
        let mut answer = SqlChainAnswer::default();
        let settings = &self.settings;
        let tables = self.tables(question).await?;
        if let Some(tables) = &tables {
            told(&mut answer.steps, SqlChainEvent::Tables(tables.clone()));
        }
        let names: Option<Vec<&str>> = tables.as_ref().map(|tables| tables.iter().map(String::as_str).collect());
        let info = self.database.table_info(names.as_deref()).await?;
        let prompt = prompts::query(settings.prompt.as_deref(), question, &info, &settings.top_k.to_string())?;
        answer.sql = parse::statement(&self.ask(prompt).await?)?;
        told(&mut answer.steps, SqlChainEvent::Sql(answer.sql.clone()));
        if settings.checker && !settings.return_sql {
            answer.sql = parse::statement(&self.ask(prompts::check(&answer.sql)?).await?)?;
            told(&mut answer.steps, SqlChainEvent::Checked(answer.sql.clone()));
        }
        if settings.return_sql {
            answer.result.clone_from(&answer.sql);
            return Ok(answer);
        }
        let rows = self.run(&answer.sql).await.map_err(|error| error.with_partial(Some(answer.sql.clone())))?;
        let text = self.database.text(&rows, &settings.run);
        answer.rows = Some(rows.clone());
        told(&mut answer.steps, SqlChainEvent::Rows { text: text.clone(), rows: rows.clone() });
        answer.result = if settings.return_direct {
            text
        } else {
            let prompt =
                prompts::answer(settings.answer_prompt.as_deref(), question, &answer.sql, &text, rows.truncated)?;
            self.words(prompt, &on_event).await.map_err(|error| error.with_partial(Some(answer.sql.clone())))?
        };
        let last = SqlChainEvent::Answer(answer.result.clone());
        told(&mut answer.steps, last);
        Ok(answer)
    }

    /// The tables to show; nothing for all.
    async fn tables(&self, question: &str) -> Result<Option<Vec<String>>> {
        if self.settings.tables.is_some() || !self.settings.table_selection {
            return Ok(self.settings.tables.clone());
        }
        let known: Vec<&str> = self.database.usable_table_names().iter().map(String::as_str).collect();
        let prompt = prompts::tables(question, &crate::sql_database::joined(&known))?;
        let named = self.ask(prompt).await?;
        Ok(Some(parse::tables(&named, &known)?.into_iter().map(str::to_owned).collect()))
    }

    fn request(&self, prompt: String) -> ChatRequest {
        let mut request = ChatRequest::new([prompt]).options(self.settings.call.clone());
        request.stop = Some([prompts::STOP].into());
        request
    }

    async fn ask(&self, prompt: String) -> Result<String> {
        Ok(self.chat.invoke(self.request(prompt)).await?.text())
    }

    async fn words(
        &self,
        prompt: String,
        on_event: &(impl Fn(&SqlChainEvent) + MaybeSend + MaybeSync),
    ) -> Result<String> {
        let mut words = self.chat.stream(self.request(prompt)).await?.text();
        let mut whole = String::new();
        while let Some(word) = words.next().await {
            let word = word?;
            whole.push_str(&word);
            on_event(&SqlChainEvent::Words(word));
        }
        Ok(whole.trim().to_owned())
    }

    /// Runs a statement that the guard lets through.
    async fn run(&self, statement: &str) -> Result<SqlRows> {
        self.settings.guard.check(statement)?;
        self.database.rows(statement, &self.settings.run).await
    }
}

/// A function from questions to statements, as LangChain's `create_sql_query_chain`: nothing is run.
///
/// ```no_run
/// # async fn example(client: lakewire::WorkspaceClient, database: lakewire::sql_database::SqlDatabase) -> lakewire::Result<()> {
/// let write = lakewire::sql_chain::create_sql_query_chain(client.chat("my-endpoint"), database, 5);
/// println!("{}", write.invoke("How many orders are there?").await?.sql);
/// # Ok(())
/// # }
/// ```
#[must_use]
pub fn create_sql_query_chain(chat: Chat, database: SqlDatabase, k: u32) -> SqlDatabaseChain {
    SqlDatabaseChain::new(chat, database).top_k(k).return_sql(true)
}

/// Arguments that a model gave to a tool.
fn argument(arguments: &str, name: &str) -> Result<String> {
    let wrong = || Error::new(ErrorKind::InvalidArguments, ["The tool needs the text `", name, "`."].concat());
    let root = crate::wire::json::Raw::parse(arguments)?;
    root.get_some(name).and_then(crate::wire::json::Raw::as_str).map(std::borrow::Cow::into_owned).ok_or_else(wrong)
}
