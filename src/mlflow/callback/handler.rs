//! The handler: LangChain's events, and those of watched calls, into a run.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::log::{Counters, Logged, tables};
use super::run::RunLog;
use super::watched::Watched;
use crate::error::Result;
use crate::mlflow::MlflowClient;
use crate::mlflow::tracking::types::RunStatus;
use crate::observe::{Observed, Observer, Start};
use crate::transport::Transport;
use crate::wire::json::{Raw, string};

/// What became of events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallbackStats {
    /// Logged.
    pub sent: u64,
    /// Sent with others of which something was refused, or not taken after all attempts.
    pub failed: u64,
    /// Not logged, neither in files nor in tables, because too many waited already; their numbers go on.
    pub dropped: u64,
    /// Waiting, or on their way.
    pub waiting: u64,
    /// Records that did not fit the tables.
    pub forgotten_records: u64,
}

#[derive(Clone)]
pub(super) struct Settings {
    pub(super) client: MlflowClient,
    pub(super) experiment: String,
    pub(super) run_id: Option<String>,
    pub(super) tags: Vec<(String, String)>,
    pub(super) folder: String,
    name: String,
    tokens: Option<bool>,
    pub(super) text_metrics: bool,
    max_queue: usize,
    pub(super) max_records: usize,
}

impl Settings {
    /// The `%` at a name's end becomes seven characters.
    pub(super) fn run_name(&self) -> String {
        const LETTERS: &[u8; 36] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
        let Some(start) = self.name.strip_suffix("-%") else { return self.name.clone() };
        let letter = |_| {
            let draw = (self.transport().random() * 36.0) as usize;
            char::from(LETTERS.get(draw).copied().unwrap_or(b'A'))
        };
        [start, "-", &(0..7).map(letter).collect::<String>()].concat()
    }

    pub(super) fn transport(&self) -> &Arc<dyn Transport> {
        self.client.sender.transport()
    }
}

/// LangChain's `MlflowCallbackHandler`: logs what models, chains, tools and searches do as metrics and files of a run. Cheap to
/// clone; clones share one run and one queue.
///
/// Events never wait for the server and never fail the call they are of: they are sent in the background where the runtime goes on
/// (natively a tokio task), else by [`flush_tracker`](Self::flush_tracker). At most so many wait
/// ([`with_max_queue`](Self::with_max_queue)); those that find no place are counted in [`stats`](Self::stats).
///
/// There is no redaction and no sampling here: prompts, answers and what tools are given go to the run's files as they are. Where they
/// must not, use [`MlflowTracing`](crate::mlflow::tracing::MlflowTracing::with_redaction).
///
/// The methods `on_…` take JSON texts where LangChain takes objects; a text that is no JSON stands for itself.
///
/// ```no_run
/// # async fn example(client: lakewire::WorkspaceClient) -> lakewire::Result<()> {
/// use lakewire::mlflow::callback::MlflowCallbackHandler;
/// let handler = MlflowCallbackHandler::new(&client.mlflow()).with_experiment("/Users/me@example.com/my-app");
/// let client = client.observed_by(handler.clone());
/// client.chat("my-endpoint").invoke("Hello").await?;
/// handler.close().await
/// # }
/// ```
#[derive(Clone)]
pub struct MlflowCallbackHandler {
    settings: Arc<Settings>,
    log: Arc<RunLog>,
}

impl MlflowCallbackHandler {
    /// A handler that logs into a new run `langchainrun-…` of the experiment `langchain`, unless set otherwise.
    #[must_use]
    pub fn new(client: &MlflowClient) -> Self {
        let settings = Settings {
            client: client.clone(),
            experiment: "langchain".to_owned(),
            run_id: None,
            tags: Vec::new(),
            folder: String::new(),
            name: "langchainrun-%".to_owned(),
            tokens: None,
            text_metrics: true,
            max_queue: 1000,
            max_records: 10_000,
        };
        Self { settings: Arc::new(settings), log: Arc::default() }
    }

    fn with(self, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = (*self.settings).clone();
        change(&mut settings);
        Self { settings: Arc::new(settings), log: self.log }
    }

    /// The run's name; a `-%` at its end becomes seven random characters.
    #[must_use]
    pub fn with_name(self, name: impl Into<String>) -> Self {
        self.with(|settings| settings.name = name.into())
    }

    /// The experiment's name, which is created when there is none; on Databricks a path of the workspace, where the default
    /// `langchain` cannot be.
    #[must_use]
    pub fn with_experiment(self, name: impl Into<String>) -> Self {
        self.with(|settings| settings.experiment = name.into())
    }

    /// A run that exists, to log into that.
    #[must_use]
    pub fn with_run(self, run_id: impl Into<String>) -> Self {
        self.with(|settings| settings.run_id = Some(run_id.into()))
    }

    /// A tag of the run.
    #[must_use]
    pub fn with_tag(self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.with(|settings| settings.tags.push((key.into(), value.into())))
    }

    /// A folder of the run for the files.
    #[must_use]
    pub fn with_artifacts_dir(self, folder: &str) -> Self {
        self.with(|settings| folder.trim_end_matches('/').clone_into(&mut settings.folder))
    }

    /// Whether each piece of a streamed answer is logged, one file and fifteen metrics each. Unless set, those that
    /// [`on_llm_new_token`](Self::on_llm_new_token) is given are, as in LangChain, and those of watched calls are not.
    #[must_use]
    pub fn with_tokens(self, on: bool) -> Self {
        self.with(|settings| settings.tokens = Some(on))
    }

    /// Whether the fifteen text metrics of each answer are logged; they are unless set.
    #[must_use]
    pub fn with_text_metrics(self, on: bool) -> Self {
        self.with(|settings| settings.text_metrics = on)
    }

    /// How many events may wait to be sent; 1,000 unless set.
    #[must_use]
    pub fn with_max_queue(self, events: usize) -> Self {
        self.with(|settings| settings.max_queue = events)
    }

    /// How many records are kept for the tables; 10,000 unless set.
    #[must_use]
    pub fn with_max_records(self, records: usize) -> Self {
        self.with(|settings| settings.max_records = records)
    }

    /// The run's id; the run is made when there is none yet.
    ///
    /// # Errors
    /// As the server answers.
    pub async fn run_id(&self) -> Result<String> {
        Ok(self.log.open(&self.settings).await?.0)
    }

    /// What became of events so far.
    #[must_use]
    pub fn stats(&self) -> CallbackStats {
        self.log.stats()
    }

    /// An event as JSON text, see [`log`](super::log). A text that is none is left.
    pub fn on_event(&self, event: &str) {
        let wall = self.wall();
        let waits = {
            let mut inner = self.log.inner();
            !inner.closed && inner.note(event, wall, self.settings.max_queue)
        };
        if waits {
            self.wake();
        }
    }

    /// Whether the pieces of watched answers are logged.
    pub(super) fn watches_tokens(&self) -> bool {
        self.settings.tokens == Some(true)
    }

    pub(super) fn is_closed(&self) -> bool {
        self.log.inner().closed
    }

    fn wall(&self) -> i64 {
        i64::try_from(self.settings.transport().wall_clock().as_millis()).unwrap_or(i64::MAX)
    }

    /// Someone sends what waits, if somebody can.
    fn wake(&self) {
        if let Some(sending) = self.log.start() {
            let settings = self.settings.clone();
            // a task that does not run gives the right to send back
            self.settings.transport().spawn(Box::pin(async move { sending.drain(&settings).await }));
        }
    }

    fn told(&self, event: &str, facts: &[(&str, String)]) {
        let mut json = ["{\"event\":", &string(event)].concat();
        for (key, value) in facts {
            for piece in [",\"", key, "\":", value] {
                json.push_str(piece);
            }
        }
        json.push('}');
        self.on_event(&json);
    }

    /// A model of text starts.
    pub fn on_llm_start(&self, serialized: &str, prompts: &[&str]) {
        let prompts: Vec<String> = prompts.iter().map(|prompt| string(prompt)).collect();
        let prompts = ["[", &prompts.join(","), "]"].concat();
        self.told("llm_start", &[("serialized", value(serialized)), ("prompts", prompts)]);
    }

    /// A chat model starts; `messages` is a JSON list of lists.
    pub fn on_chat_model_start(&self, serialized: &str, messages: &str) {
        self.told("chat_model_start", &[("serialized", value(serialized)), ("messages", value(messages))]);
    }

    /// A piece of an answer came.
    pub fn on_llm_new_token(&self, token: &str) {
        if self.settings.tokens != Some(false) {
            self.told("llm_new_token", &[("token", string(token))]);
        }
    }

    /// A model ended: what it says of itself, and its generations as a JSON list of lists of `{text, …}`.
    pub fn on_llm_end(&self, llm_output: &str, generations: &str) {
        self.told("llm_end", &[("llm_output", value(llm_output)), ("generations", value(generations))]);
    }

    /// A model failed.
    pub fn on_llm_error(&self) {
        self.told("error", &[]);
    }

    /// A chain starts.
    pub fn on_chain_start(&self, serialized: &str, inputs: &str) {
        self.told("chain_start", &[("serialized", value(serialized)), ("inputs", value(inputs))]);
    }

    /// A chain ended.
    pub fn on_chain_end(&self, outputs: &str) {
        self.told("chain_end", &[("outputs", value(outputs))]);
    }

    /// A chain failed.
    pub fn on_chain_error(&self) {
        self.told("error", &[]);
    }

    /// A tool starts.
    pub fn on_tool_start(&self, serialized: &str, input: &str) {
        self.told("tool_start", &[("serialized", value(serialized)), ("input", string(input))]);
    }

    /// A tool ended.
    pub fn on_tool_end(&self, output: &str) {
        self.told("tool_end", &[("output", value(output))]);
    }

    /// A tool failed.
    pub fn on_tool_error(&self) {
        self.told("error", &[]);
    }

    /// A text came by.
    pub fn on_text(&self, text: &str) {
        self.told("text", &[("text", string(text))]);
    }

    /// An agent chose a tool.
    pub fn on_agent_action(&self, tool: &str, tool_input: &str, log: &str) {
        self.told("agent_action", &[("tool", string(tool)), ("tool_input", value(tool_input)), ("log", string(log))]);
    }

    /// An agent ended.
    pub fn on_agent_finish(&self, output: &str, log: &str) {
        self.told("agent_finish", &[("output", value(output)), ("log", string(log))]);
    }

    /// A search starts.
    pub fn on_retriever_start(&self, serialized: &str, query: &str) {
        self.told("retriever_start", &[("serialized", value(serialized)), ("query", string(query))]);
    }

    /// A search ended: a JSON list of `{page_content, metadata}`.
    pub fn on_retriever_end(&self, documents: &str) {
        self.told("retriever_end", &[("documents", value(documents))]);
    }

    /// A search failed.
    pub fn on_retriever_error(&self) {
        self.told("error", &[]);
    }

    async fn sent(&self) {
        loop {
            match self.log.start() {
                Some(sending) => return sending.drain(&self.settings).await,
                None => self.settings.transport().sleep(Duration::from_millis(5)).await,
            }
        }
    }

    /// Sends what waits and the tables of what happened so far. With `finish` the run ends as this, and everything counts from 0
    /// again; what comes later begins another run, unless its id was given.
    ///
    /// # Errors
    /// The last reason why something was not taken since the last time; the rest was sent all the same.
    pub async fn flush_tracker(&self, finish: Option<RunStatus>) -> Result<()> {
        self.sent().await;
        let begun = {
            let mut inner = self.log.inner();
            let begun = inner.begun();
            if begun {
                let records = ["[", &inner.records.join(","), "]"].concat();
                let files = tables(&records)?.into_iter().map(|(name, text)| (name.to_owned(), text)).collect();
                let mut logged = Logged { files, ..Logged::default() };
                // errors that nothing followed are counted too
                if inner.told != inner.counters {
                    let counters = inner.counters.iter().map(|(name, value)| (name, value as f64)).collect();
                    logged.metrics.push(counters);
                    inner.told = inner.counters.clone();
                }
                inner.push(logged, self.wall());
            }
            begun
        };
        if begun {
            self.sent().await;
        }
        if let Some(status) = finish {
            self.log.end(&self.settings, status).await;
            let mut inner = self.log.inner();
            (inner.counters, inner.told) = (Counters::default(), Counters::default());
            inner.records.clear();
        }
        self.log.inner().error.take().map_or(Ok(()), Err)
    }

    /// [`flush_tracker`](Self::flush_tracker) that ends the run as `FINISHED`, after which nothing is logged any more.
    ///
    /// # Errors
    /// As [`flush_tracker`](Self::flush_tracker).
    pub async fn close(&self) -> Result<()> {
        self.log.inner().closed = true;
        self.flush_tracker(Some(RunStatus::Finished)).await
    }
}

/// A JSON text, or a text as one.
fn value(text: &str) -> String {
    if Raw::parse(text).is_ok() { text.to_owned() } else { string(text) }
}

impl Observer for MlflowCallbackHandler {
    fn start(&self, start: &Start<'_>) -> Option<Arc<dyn Observed>> {
        Watched::start(self.clone(), start)
    }

    fn identity(&self) -> usize {
        Arc::as_ptr(&self.log).cast::<()>() as usize
    }
}

impl fmt::Debug for MlflowCallbackHandler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MlflowCallbackHandler").field("stats", &self.stats()).finish_non_exhaustive()
    }
}
