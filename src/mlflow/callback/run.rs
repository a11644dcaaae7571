//! What waits to be logged, and the run it goes into.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::handler::{CallbackStats, Settings};
use super::log::{Counters, Logged, count, log};
use crate::error::{Error, Result};
use crate::mlflow::tracking::Artifacts;
use crate::mlflow::tracking::types::{CreateRun, Metric, RunStatus};

/// How many events go as one batch: of 15 metrics each, they fit one request.
const EVENTS: usize = 60;

/// What is wrong with a plain name on Databricks.
const PATH: &str =
    "On Databricks experiments are named by a path of the workspace: give one, such as `/Users/me@example.com/my-app`.";

/// What waits, since when by the wall clock. What an event logs is made when it is sent: the call it is of goes on first.
enum Item {
    /// An event, and the counters before it.
    Event(String, Counters, i64),
    Made(Logged, i64),
}

/// Everything a handler knows.
#[derive(Default)]
pub(super) struct Inner {
    pub(super) counters: Counters,
    /// The counters that were logged last.
    pub(super) told: Counters,
    pub(super) records: Vec<String>,
    pub(super) closed: bool,
    clock: i64,
    waiting: VecDeque<Item>,
    busy: u64,
    running: bool,
    run: Option<(String, Artifacts)>,
    /// Somebody asks for the run, or makes it.
    opening: bool,
    pub(super) stats: CallbackStats,
    pub(super) error: Option<Error>,
}

#[derive(Default)]
pub(super) struct RunLog(Mutex<Inner>);

impl RunLog {
    pub(super) fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn stats(&self) -> CallbackStats {
        let inner = self.inner();
        CallbackStats { waiting: inner.waiting.len() as u64 + inner.busy, ..inner.stats }
    }

    /// Starts to send, unless someone does.
    pub(super) fn start(self: &Arc<Self>) -> Option<Sending> {
        let mut inner = self.inner();
        (!inner.running).then(|| {
            inner.running = true;
            Sending(self.clone(), true)
        })
    }

    fn take(&self) -> Vec<Item> {
        let mut inner = self.inner();
        let many = inner.waiting.len().min(EVENTS);
        let items: Vec<Item> = inner.waiting.drain(..many).collect();
        inner.busy = items.len() as u64;
        inner.running = !items.is_empty();
        items
    }

    fn failed(&self, error: Error) {
        self.inner().error = Some(error);
    }

    /// The run: found by its id, or made in the experiment of the name, once however many ask at a time.
    pub(super) async fn open(&self, settings: &Settings) -> Result<(String, Artifacts)> {
        let _opening = loop {
            {
                let mut inner = self.inner();
                if let Some(run) = inner.run.clone() {
                    return Ok(run);
                }
                if !std::mem::replace(&mut inner.opening, true) {
                    break Opening(self);
                }
            }
            settings.transport().sleep(Duration::from_millis(5)).await;
        };
        let run = if let Some(id) = &settings.run_id {
            settings.client.get_run(id).await?
        } else {
            let experiment = settings.client.experiment(&settings.experiment).await;
            let experiment = experiment.map_err(|error| match error.error_code() {
                Some("INVALID_PARAMETER_VALUE") if !settings.experiment.starts_with('/') => error.with_advice(PATH),
                _ => error,
            })?;
            let mut create = CreateRun::new().run_name(settings.run_name());
            for (key, value) in &settings.tags {
                create = create.tag(key, value);
            }
            settings.client.create_run(&experiment.experiment_id, &create).await?
        };
        let opened = (run.info.run_id.clone(), settings.client.artifacts_of(&run.info)?);
        self.inner().run = Some(opened.clone());
        Ok(opened)
    }

    async fn send(&self, settings: &Settings, items: Vec<Item>) {
        let count = items.len() as u64;
        let mut good = true;
        let mut metrics = Vec::new();
        let mut files = Vec::new();
        for item in items {
            let (logged, wall) = match item {
                Item::Made(logged, wall) => (logged, wall),
                Item::Event(event, mut counters, wall) => {
                    (log(&mut counters, &event, settings.text_metrics).unwrap_or_default(), wall)
                }
            };
            let mut inner = self.inner();
            inner.keep(logged.records, settings.max_records);
            for list in logged.metrics {
                let time = inner.now(wall);
                metrics.extend(list.into_iter().map(|(name, value)| Metric::new(name, value).timestamp(time).step(0)));
            }
            files.extend(logged.files);
        }
        match self.open(settings).await {
            Err(error) => {
                self.failed(error);
                good = false;
            }
            Ok((id, artifacts)) => {
                if !metrics.is_empty() {
                    if let Err(error) = settings.client.log_batch(&id, &metrics, &[], &[]).await {
                        self.failed(error);
                        good = false;
                    }
                }
                for (name, text) in files {
                    let path = if settings.folder.is_empty() { name } else { [&settings.folder, "/", &name].concat() };
                    if let Err(error) = artifacts.log_text(&path, &text).await {
                        self.failed(error);
                        good = false;
                    }
                }
            }
        }
        let mut inner = self.inner();
        inner.busy = 0;
        let kept = if good { &mut inner.stats.sent } else { &mut inner.stats.failed };
        *kept += count;
    }

    /// Ends the run, if there is one.
    pub(super) async fn end(&self, settings: &Settings, status: RunStatus) {
        let run = self.inner().run.take();
        if let Some((id, _)) = run {
            if let Err(error) = settings.client.set_terminated(&id, status).await {
                self.failed(error);
            }
        }
    }
}

impl Inner {
    /// A time that no other has: of two values, the later one is the last for MLflow, too.
    fn now(&mut self, wall: i64) -> i64 {
        self.clock = wall.max(self.clock + 1);
        self.clock
    }

    fn keep(&mut self, records: Vec<String>, most: usize) {
        for record in records {
            if self.records.len() < most {
                self.records.push(record);
            } else {
                self.stats.forgotten_records += 1;
            }
        }
    }

    /// Counts an event and puts it at the end; says whether it waits there.
    pub(super) fn note(&mut self, event: &str, wall: i64, most: usize) -> bool {
        let before = self.counters.clone();
        if !matches!(count(&mut self.counters, event), Ok(true)) {
            return false;
        }
        self.told = self.counters.clone();
        if self.waiting.len() >= most {
            self.stats.dropped += 1;
            return false;
        }
        self.waiting.push_back(Item::Event(event.to_owned(), before, wall));
        true
    }

    /// Puts this at the end, however many wait.
    pub(super) fn push(&mut self, logged: Logged, wall: i64) {
        if !logged.metrics.is_empty() || !logged.files.is_empty() {
            self.waiting.push_back(Item::Made(logged, wall));
        }
    }

    pub(super) fn begun(&self) -> bool {
        self.run.is_some() || !self.waiting.is_empty() || !self.records.is_empty() || self.counters != self.told
    }
}

/// The right to ask for the run.
struct Opening<'a>(&'a RunLog);

impl Drop for Opening<'_> {
    fn drop(&mut self) {
        self.0.inner().opening = false;
    }
}

/// The right to send, and whether it is still held; given back when it is dropped, also with the task it is in.
pub(super) struct Sending(Arc<RunLog>, bool);

impl Sending {
    /// Sends what waits.
    pub(super) async fn drain(mut self, settings: &Settings) {
        while self.1 {
            let items = self.0.take();
            if items.is_empty() {
                self.1 = false;
            } else {
                self.0.send(settings, items).await;
            }
        }
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        if self.1 {
            let mut inner = self.0.inner();
            inner.running = false;
            // what was under way is lost
            inner.stats.failed += std::mem::take(&mut inner.busy);
        }
    }
}
