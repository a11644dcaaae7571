//! One statement from its submit to the loss of its results (wire: sql-statements §4).

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};
use tokio::sync::{Notify, watch};

use super::{Engine, request::Submit};
use crate::errors::ApiError;
use crate::faults::SqlFault;
use crate::state::Emulator;

/// How long results are kept after the end, in milliseconds.
const KEPT_MS: u64 = 60 * 60 * 1000;
/// How long a statement is known after its end, in milliseconds.
const KNOWN_MS: u64 = 13 * 60 * 60 * 1000;
/// Largest result of an INLINE statement, in bytes.
const INLINE_BYTES: u64 = 25 * 1024 * 1024;
/// How often the engine is looked for while it does not answer.
const LOOK: Duration = Duration::from_millis(100);

/// Where a statement stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Phase {
    /// The warehouse does not run yet.
    Pending,
    /// The engine works.
    Running,
    /// There are results, of which this is the manifest.
    Succeeded(Arc<Value>),
    /// `sql_state` and `error`.
    Failed(Option<String>, Value),
    /// It was ended.
    Canceled,
    /// It succeeded, and its results are gone.
    Closed,
}

impl Phase {
    /// Whether it stays so.
    #[must_use]
    pub fn is_end(&self) -> bool {
        !matches!(self, Self::Pending | Self::Running)
    }

    fn failed(code: &str, message: &str) -> Self {
        Self::Failed(None, json!({ "error_code": code, "message": message }))
    }
}

/// One statement.
#[derive(Debug)]
pub struct Statement {
    /// Its id.
    pub id: String,
    /// Whether its results come as links.
    pub external: bool,
    /// What goes wrong with it.
    pub fault: SqlFault,
    phase: watch::Sender<Phase>,
    ended_ms: Mutex<Option<u64>>,
    canceled: Notify,
    polls: AtomicU32,
    told: AtomicU32,
    spent: Mutex<Vec<&'static str>>,
}

impl Statement {
    /// A statement that was just submitted.
    #[must_use]
    pub fn new(id: String, external: bool, fault: SqlFault) -> Self {
        Self {
            id,
            external,
            fault,
            phase: watch::Sender::new(Phase::Pending),
            ended_ms: Mutex::default(),
            canceled: Notify::new(),
            polls: AtomicU32::new(0),
            told: AtomicU32::new(0),
            spent: Mutex::default(),
        }
    }

    /// Where it stands.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.phase.borrow().clone()
    }

    /// Waits for its end, no longer than `wait`, and says whether it came.
    pub async fn ended_within(&self, wait: Duration) -> bool {
        let mut phase = self.phase.subscribe();
        let end = phase.wait_for(Phase::is_end);
        tokio::time::timeout(wait, end).await.is_ok()
    }

    /// Asks it to end; one that has ended stays as it is.
    pub fn cancel(&self) {
        if !self.fault.ignores_cancel {
            self.canceled.notify_one();
        }
    }

    /// Counts a poll and gives its number, from 1.
    pub fn poll(&self) -> u32 {
        self.polls.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Whether the script of a fault still has a state for the next answer.
    #[must_use]
    pub fn scripted(&self) -> bool {
        self.scripted_at(self.told.load(Ordering::Relaxed)).is_some()
    }

    /// The state the script of a fault has for this answer.
    pub fn next_scripted(&self) -> Option<&str> {
        self.scripted_at(self.told.fetch_add(1, Ordering::Relaxed))
    }

    fn scripted_at(&self, position: u32) -> Option<&str> {
        // once it is canceled for real, that is what is told
        if self.phase() == Phase::Canceled {
            return None;
        }
        let states = &self.fault.states;
        let position = usize::try_from(position).unwrap_or(usize::MAX);
        let last =
            states.last().filter(|last| self.fault.hold || matches!(last.as_str(), "FAILED" | "CANCELED" | "CLOSED"));
        states.get(position).or(last).map(String::as_str).filter(|state| *state != "SUCCEEDED")
    }

    /// True the first time it is asked for this name.
    pub fn first(&self, name: &'static str) -> bool {
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        if spent.contains(&name) {
            return false;
        }
        spent.push(name);
        true
    }

    fn enter(&self, phase: Phase, now_ms: u64) {
        if phase.is_end() {
            *self.ended_ms.lock().unwrap_or_else(PoisonError::into_inner) = Some(now_ms);
        }
        self.phase.send_replace(phase);
    }

    /// Forgets the results of one that succeeded.
    pub(super) fn close(&self, now_ms: u64) -> bool {
        let succeeded = matches!(self.phase(), Phase::Succeeded(_));
        if succeeded {
            self.enter(Phase::Closed, now_ms);
        }
        succeeded
    }

    /// Milliseconds since its end.
    fn age_ms(&self, now_ms: u64) -> Option<u64> {
        let ended = *self.ended_ms.lock().unwrap_or_else(PoisonError::into_inner);
        ended.map(|ended| now_ms.saturating_sub(ended))
    }
}

/// 404 of a statement that is not known.
pub(super) fn missing(id: &str) -> ApiError {
    let message = format!("Statement {id} does not exist or is not known any more.");
    ApiError::new(StatusCode::NOT_FOUND, "NOT_FOUND", message)
}

/// The statements so far.
#[derive(Debug, Default)]
pub struct Store {
    statements: HashMap<String, Arc<Statement>>,
}

impl Store {
    /// The statement of that id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<Arc<Statement>> {
        self.statements.get(id).cloned()
    }

    pub(super) fn add(&mut self, statement: Arc<Statement>) {
        self.statements.insert(statement.id.clone(), statement);
    }

    /// Statements that have not ended.
    pub(super) fn running(&self) -> usize {
        self.statements.values().filter(|statement| !statement.phase().is_end()).count()
    }

    /// Forgets what is too old and gives the ids of results that the engine may forget too.
    pub(super) fn age(&mut self, now_ms: u64) -> Vec<String> {
        let older = |statement: &Statement, than: u64| statement.age_ms(now_ms).is_some_and(|age| age > than);
        let old = self.statements.values().filter(|statement| older(statement, KEPT_MS));
        let closed = old.filter(|statement| statement.close(now_ms)).map(|statement| statement.id.clone()).collect();
        self.statements.retain(|_, statement| !older(statement, KNOWN_MS));
        closed
    }
}

/// Runs a statement to its end.
pub(super) async fn run(emulator: Emulator, engine: Engine, statement: Arc<Statement>, submit: Submit) {
    let id = statement.id.clone();
    let end = tokio::select! {
        () = statement.canceled.notified() => {
            engine.cancel(&id).await;
            engine.forget(&id).await;
            Phase::Canceled
        }
        end = work(&emulator, &engine, &statement, submit) => end,
    };
    statement.enter(end, emulator.elapsed_ms());
}

async fn work(emulator: &Emulator, engine: &Engine, statement: &Statement, submit: Submit) -> Phase {
    loop {
        match super::warehouses::state_of(emulator, &submit.warehouse_id).await {
            Some("RUNNING") => break,
            Some("STARTING") => tokio::time::sleep(LOOK).await,
            Some(_) => return Phase::failed("BAD_REQUEST", "The warehouse was stopped before the statement ran."),
            None => return Phase::failed("NOT_FOUND", "The warehouse was deleted before the statement ran."),
        }
    }
    statement.enter(Phase::Running, emulator.elapsed_ms());
    if let Some(milliseconds) = statement.fault.run_ms {
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
    }
    let mut request = submit.engine;
    crate::json::set(&mut request, "id", statement.id.as_str());
    let answer = match engine.execute(&request).await {
        Ok(answer) => answer,
        Err(sentence) => return Phase::failed("TEMPORARILY_UNAVAILABLE", &sentence),
    };
    match answer.get("state").and_then(Value::as_str) {
        Some("SUCCEEDED") => {
            let manifest = answer.get("manifest").cloned().unwrap_or_else(|| json!({}));
            let bytes = manifest.get("total_byte_count").and_then(Value::as_u64).unwrap_or_default();
            if !submit.external && bytes > INLINE_BYTES {
                engine.forget(&statement.id).await;
                return Phase::failed(
                    "BAD_REQUEST",
                    &format!(
                        "Inline byte limit exceeded. Statements executed with disposition=INLINE can have a result size of at most \
                     {INLINE_BYTES} bytes. Please execute the statement with disposition=EXTERNAL_LINKS if you want to download the \
                     full result."
                    ),
                );
            }
            Phase::Succeeded(Arc::new(manifest))
        }
        Some("CANCELED") => Phase::Canceled,
        _ => {
            let unknown = || json!({ "error_code": "UNKNOWN", "message": "The SQL engine did not say what failed." });
            let sql_state = answer.get("sql_state").and_then(Value::as_str).map(str::to_owned);
            Phase::Failed(sql_state, answer.get("error").cloned().unwrap_or_else(unknown))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(phase: Phase, at_ms: u64) -> Arc<Statement> {
        let statement = Statement::new("s".to_owned(), false, SqlFault::default());
        statement.enter(phase, at_ms);
        Arc::new(statement)
    }

    #[test]
    fn results_are_kept_an_hour_and_the_statement_half_a_day() {
        let mut store = Store::default();
        let statement = ended(Phase::Succeeded(Arc::default()), 1000);
        store.add(Arc::clone(&statement));
        assert!(store.age(1000 + KEPT_MS).is_empty());
        assert_eq!(store.age(1001 + KEPT_MS), ["s"]);
        assert_eq!(statement.phase(), Phase::Closed);
        let end = 1001 + KEPT_MS + KNOWN_MS;
        assert!(store.age(end).is_empty() && store.get("s").is_some());
        store.age(end + 1);
        assert!(store.get("s").is_none());
    }

    #[test]
    fn a_statement_that_runs_does_not_age() {
        let mut store = Store::default();
        store.add(Arc::new(Statement::new("s".to_owned(), false, SqlFault::default())));
        assert!(store.age(u64::MAX).is_empty());
        assert_eq!(store.running(), 1);
    }

    #[test]
    fn r1_scripted_states_come_in_order_and_ends_stay() {
        let fault = |states: &[&str], hold| SqlFault {
            states: states.iter().map(|state| (*state).to_owned()).collect(),
            hold,
            ..SqlFault::default()
        };
        let told = |fault: SqlFault| {
            let statement = Statement::new("s".to_owned(), false, fault);
            (0..4).map(|_| statement.next_scripted().unwrap_or("-").to_owned()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(told(fault(&["PENDING", "RUNNING"], false)), "PENDING RUNNING - -");
        assert_eq!(told(fault(&["THINKING"], true)), "THINKING THINKING THINKING THINKING");
        assert_eq!(told(fault(&["PENDING", "FAILED"], false)), "PENDING FAILED FAILED FAILED");
        assert_eq!(told(fault(&["PENDING", "SUCCEEDED"], false)), "PENDING - - -");
    }
}
