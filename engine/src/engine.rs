//! The engine: what exists, what runs, and what is kept.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use axum::body::Bytes;
use datafusion::arrow::array::RecordBatch;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::logical_expr::LogicalPlan;
use datafusion::sql::sqlparser::ast::{Expr, Query, SelectItem, SetExpr};
use futures::StreamExt;
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::task::AbortHandle;

use crate::commands;
use crate::error::{Result, SqlError};
use crate::journal::Journal;
use crate::metastore::{Column, Metastore};
use crate::parse::{Parameter, Script};
use crate::resolve::{Resolver, Used};
use crate::results::{self, Chunk, Cutter, Format, Limits};
use crate::seed;
use crate::session::{self, Base};
use crate::spark::Place;
use crate::types::SqlType;

/// Results kept at most, in bytes; the oldest go first.
const KEPT_BYTES: usize = 768 << 20;

/// How the engine starts.
#[derive(Debug, Clone)]
pub struct Config {
    /// TPC-H's scale factor.
    pub scale: f64,
    /// Where changes are kept; nowhere when absent.
    pub data: Option<PathBuf>,
}

impl Default for Config {
    fn default() -> Self {
        Self { scale: 0.01, data: None }
    }
}

/// A statement to run.
#[derive(Debug, Clone)]
pub struct Request {
    /// The name its result is kept under.
    pub id: String,
    /// The text.
    pub statement: String,
    /// Values for its markers.
    pub parameters: Vec<Parameter>,
    /// Where unqualified names are looked up.
    pub place: Place,
    /// How the result is written.
    pub format: Format,
    /// What it is cut by.
    pub limits: Limits,
}

/// The rows of an answer.
pub enum Answer {
    /// No columns.
    Nothing,
    /// Rows that are there.
    Ready(Vec<Column>, Vec<RecordBatch>),
    /// Rows on their way.
    Stream(Vec<(String, SqlType)>, SendableRecordBatchStream),
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Nothing => "Nothing",
            Self::Ready(..) => "Ready",
            Self::Stream(..) => "Stream",
        })
    }
}

#[derive(Debug, Default)]
struct Kept {
    chunks: HashMap<String, Vec<Chunk>>,
    order: VecDeque<String>,
    bytes: usize,
}

/// The engine.
#[derive(Debug)]
pub struct Engine {
    pub(crate) base: Base,
    store: RwLock<Metastore>,
    kept: Mutex<Kept>,
    running: Mutex<HashMap<String, Arc<Notify>>>,
    /// One change at a time, held until it is in the journal: its order is the order of the changes.
    changing: tokio::sync::Mutex<()>,
    journal: Option<Journal>,
}

impl Engine {
    /// Starts: seeds what is there, and repeats the journal.
    ///
    /// # Errors
    /// When DataFusion refuses its settings, or the journal cannot be read.
    pub async fn start(config: &Config) -> Result<Self> {
        let mut engine = Self {
            base: Base::new()?,
            store: RwLock::new(seed::metastore(config.scale)?),
            kept: Mutex::default(),
            running: Mutex::default(),
            changing: tokio::sync::Mutex::new(()),
            journal: None,
        };
        for text in seed::TOOLS {
            engine.change("main", "tools", text).await?;
        }
        if let Some(folder) = &config.data {
            let (journal, entries) = Journal::open(folder)?;
            for entry in entries {
                if let Err(error) = engine.change(&entry.catalog, &entry.schema, &entry.statement).await {
                    eprintln!("a kept statement was refused and is left out: {}: {}", entry.statement, error.message);
                }
            }
            engine.journal = Some(journal);
        }
        Ok(engine)
    }

    async fn change(&self, catalog: &str, schema: &str, text: &str) -> Result<Answer> {
        let place = Place { catalog: catalog.to_owned(), schema: schema.to_owned(), user: "emulator".to_owned() };
        let script = Script::new(text, &[])?;
        self.answer(&script, &place).await
    }

    /// What exists, to read.
    pub fn store(&self) -> RwLockReadGuard<'_, Metastore> {
        self.store.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn store_mut(&self) -> RwLockWriteGuard<'_, Metastore> {
        self.store.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs a statement of one's own and keeps it in the journal: the REST face changes things by it.
    ///
    /// # Errors
    /// What the statement is refused with.
    pub async fn run(&self, place: &Place, text: &str) -> Result<Answer> {
        self.answer_and_note(&Script::new(text, &[])?, place).await
    }

    /// Answers a statement; a change is made alone, and kept in the journal before the next begins.
    async fn answer_and_note(&self, script: &Script, place: &Place) -> Result<Answer> {
        if !commands::changes(script) {
            return self.answer(script, place).await;
        }
        let _alone = self.changing.lock().await;
        let answer = self.answer(script, place).await?;
        if let Some(journal) = &self.journal {
            journal.add(&place.catalog, &place.schema, &script.text())?;
        }
        Ok(answer)
    }

    /// Answers a parsed statement. For a change the caller holds `changing`, but at the start.
    async fn answer(&self, script: &Script, place: &Place) -> Result<Answer> {
        if commands::is_query(script) {
            let (query, written) = script.queries()?;
            let (columns, stream) = self.query(query, Some(&written), place).await?;
            return Ok(Answer::Stream(columns, stream));
        }
        commands::run(self, script, place).await
    }

    /// Settles a query's names.
    pub(crate) fn settle(&self, query: &mut Query, place: &Place) -> Result<Used> {
        self.settle_in(&self.store(), query, place)
    }

    /// Settles a query's names in a metastore that is not yet, or no more, the engine's.
    pub(crate) fn settle_in(&self, store: &Metastore, query: &mut Query, place: &Place) -> Result<Used> {
        let mut used = Used::default();
        Resolver::new(store, place, &self.base.known, &mut used).settle(query)?;
        Ok(used)
    }

    /// Plans a query and starts it; names come from the text as it was written, where it is given.
    pub(crate) async fn query(
        &self,
        query: Query,
        written: Option<&Query>,
        place: &Place,
    ) -> Result<(Vec<(String, SqlType)>, SendableRecordBatchStream)> {
        let mut query = query;
        let used = self.settle(&mut query, place)?;
        let context = self.base.open(&used, true)?;
        let plan = session::plan(&context, query).await?;
        let columns = named(columns(&plan), written, &used);
        let stream = session::stream(&context, plan).await?;
        Ok((columns, stream))
    }

    /// The columns a query would give, without running it.
    pub(crate) async fn columns(&self, query: Query, written: Option<&Query>, place: &Place) -> Result<Vec<Column>> {
        let mut query = query;
        let used = self.settle(&mut query, place)?;
        self.planned(query, written, &used).await
    }

    /// The columns of a settled query.
    pub(crate) async fn planned(&self, query: Query, written: Option<&Query>, used: &Used) -> Result<Vec<Column>> {
        let plan = session::plan(&self.base.open(used, false)?, query).await?;
        Ok(named(columns(&plan), written, used).into_iter().map(|(name, ty)| Column::new(&name, ty)).collect())
    }

    /// Runs a query to its end.
    pub(crate) async fn collect(
        &self,
        query: Query,
        written: Option<&Query>,
        place: &Place,
    ) -> Result<(Vec<Column>, Vec<RecordBatch>)> {
        let (columns, mut stream) = self.query(query, written, place).await?;
        let mut batches = Vec::new();
        while let Some(batch) = stream.next().await {
            batches.push(batch?);
        }
        Ok((columns.into_iter().map(|(name, ty)| Column::new(&name, ty)).collect(), batches))
    }

    /// Runs a statement in a task of its own, keeps its chunks, and gives the body of its answer. A statement that is
    /// canceled answers at once; its task ends where it next waits. So does the task of one nobody waits for any more: who
    /// drops this future, as a closed connection does, ends the statement.
    pub async fn execute(self: Arc<Self>, request: Request) -> Value {
        let stop = Arc::new(Notify::new());
        let id = request.id.clone();
        self.running().insert(id.clone(), Arc::clone(&stop));
        let engine = Arc::clone(&self);
        let mut task = tokio::spawn(async move { engine.finish(&request).await });
        let _ends = Ends { engine: &self, id, stop: Arc::clone(&stop), task: task.abort_handle() };
        let outcome = tokio::select! {
            biased;
            () = stop.notified() => None,
            outcome = &mut task => Some(outcome),
        };
        match outcome {
            None => json!({"state": "CANCELED"}),
            Some(Ok(Ok(manifest))) => json!({"state": "SUCCEEDED", "manifest": manifest}),
            Some(Ok(Err(error))) => error.to_json(),
            Some(Err(error)) => {
                SqlError::internal(format!("The statement stopped the engine's task: {error}.")).to_json()
            }
        }
    }

    async fn finish(&self, request: &Request) -> Result<Value> {
        let script = Script::new(&request.statement, &request.parameters)?;
        let answer = self.answer_and_note(&script, &request.place).await?;
        let cutter = |columns| Cutter::new(request.format, columns, request.limits);
        let (manifest, chunks) = match answer {
            Answer::Nothing => return Ok(results::nothing(request.format)),
            Answer::Ready(columns, batches) => {
                let mut cutter = cutter(columns.into_iter().map(|column| (column.name, column.ty)).collect());
                for batch in &batches {
                    if !cutter.push(batch)? {
                        break;
                    }
                }
                cutter.finish()?
            }
            Answer::Stream(columns, mut stream) => {
                let mut cutter = cutter(columns);
                while let Some(batch) = stream.next().await {
                    if !cutter.push(&batch?)? {
                        break;
                    }
                    // a cancellation is seen between batches
                    tokio::task::yield_now().await;
                }
                cutter.finish()?
            }
        };
        self.keep(&request.id, chunks);
        Ok(manifest)
    }

    fn keep(&self, id: &str, chunks: Vec<Chunk>) {
        self.forget(id);
        let mut kept = self.kept();
        kept.bytes += chunks.iter().map(|chunk| chunk.bytes.len()).sum::<usize>();
        kept.order.push_back(id.to_owned());
        kept.chunks.insert(id.to_owned(), chunks);
        while kept.bytes > KEPT_BYTES && kept.order.len() > 1 {
            let Some(oldest) = kept.order.pop_front() else { break };
            kept.drop_chunks(&oldest);
        }
    }

    /// A chunk of a kept result.
    pub fn chunk(&self, id: &str, index: usize) -> Option<Bytes> {
        self.kept().chunks.get(id)?.get(index).map(|chunk| chunk.bytes.clone())
    }

    /// Forgets a result; false when there is none.
    pub fn forget(&self, id: &str) -> bool {
        let mut kept = self.kept();
        kept.order.retain(|other| other != id);
        kept.drop_chunks(id)
    }

    /// Ends a running statement; false when none of that id runs.
    pub fn cancel(&self, id: &str) -> bool {
        let running = self.running();
        let Some(stop) = running.get(id) else { return false };
        stop.notify_one();
        true
    }

    /// How many statements run.
    pub fn running_count(&self) -> usize {
        self.running().len()
    }

    fn running(&self) -> MutexGuard<'_, HashMap<String, Arc<Notify>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends a statement's task, and takes its id from those that run, however the wait for it ends.
struct Ends<'a> {
    engine: &'a Engine,
    id: String,
    stop: Arc<Notify>,
    task: AbortHandle,
}

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.task.abort();
        let mut running = self.engine.running();
        // another statement may have taken the id meanwhile
        if running.get(&self.id).is_some_and(|stop| Arc::ptr_eq(stop, &self.stop)) {
            running.remove(&self.id);
        }
    }
}

impl Kept {
    fn drop_chunks(&mut self, id: &str) -> bool {
        let Some(chunks) = self.chunks.remove(id) else { return false };
        self.bytes = self.bytes.saturating_sub(chunks.iter().map(|chunk| chunk.bytes.len()).sum());
        true
    }
}

fn columns(plan: &LogicalPlan) -> Vec<(String, SqlType)> {
    let fields = plan.schema().fields().iter();
    fields.map(|field| (field.name().clone(), SqlType::from_arrow(field.data_type()))).collect()
}

/// Gives columns their names as the query spells them, or as their table does.
fn named(columns: Vec<(String, SqlType)>, written: Option<&Query>, used: &Used) -> Vec<(String, SqlType)> {
    let spelled: BTreeMap<String, &str> = used
        .tables
        .iter()
        .flat_map(|(_, table)| table.columns.iter().map(|column| column.name.as_str()))
        .chain(used.names.iter().map(String::as_str))
        .map(|name| (name.to_lowercase(), name))
        .collect();
    let mut columns: Vec<(String, SqlType)> = columns
        .into_iter()
        .map(|(name, ty)| (spelled.get(&name).map_or(name, |spelled| (*spelled).to_owned()), ty))
        .collect();
    let items = written.map(|query| items(&query.body)).unwrap_or_default();
    let first = items.iter().position(Option::is_none).unwrap_or(items.len());
    let last = items.iter().rev().position(Option::is_none).unwrap_or(0);
    if first == items.len() && items.len() != columns.len() {
        return columns;
    }
    for (slot, name) in columns.iter_mut().zip(items.iter().take(first)) {
        if let Some(name) = name {
            slot.0.clone_from(name);
        }
    }
    for (slot, name) in columns.iter_mut().rev().zip(items.iter().rev().take(last)) {
        if let Some(name) = name {
            slot.0.clone_from(name);
        }
    }
    columns
}

/// The names of a projection; `None` for a star.
fn items(body: &SetExpr) -> Vec<Option<String>> {
    match body {
        SetExpr::Select(select) => select
            .projection
            .iter()
            .map(|item| match item {
                SelectItem::ExprWithAlias { alias, .. } => Some(alias.value.clone()),
                SelectItem::UnnamedExpr(Expr::Identifier(ident)) => Some(ident.value.clone()),
                SelectItem::UnnamedExpr(Expr::CompoundIdentifier(parts)) => parts.last().map(|part| part.value.clone()),
                SelectItem::UnnamedExpr(expr) => Some(expr.to_string()),
                _ => None,
            })
            .collect(),
        SetExpr::SetOperation { left, .. } => items(left),
        SetExpr::Query(query) => items(&query.body),
        SetExpr::Values(values) => {
            let width = values.rows.first().map_or(0, |row| row.len());
            (1..=width).map(|number| Some(format!("col{number}"))).collect()
        }
        _ => Vec::new(),
    }
}

/// Names that stand more than once.
pub(crate) fn duplicate(names: &[Column]) -> Option<&str> {
    let mut seen = HashSet::new();
    names.iter().map(|column| column.name.as_str()).find(|name| !seen.insert(name.to_lowercase()))
}
