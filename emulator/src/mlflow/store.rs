//! What there is of MLflow, in memory, and how much of it there may be.

use std::collections::BTreeMap;

use axum::body::Bytes;

pub(super) use super::records::{
    Experiment, LoggedModel, ModelVersion, Pairs, Point, RegisteredModel, Run, Series, Trace,
};
use super::{Kind, absent, full, invalid};
use crate::errors::ApiError;
use crate::ids;

/// Most experiments.
const MAX_EXPERIMENTS: usize = 5000;
/// Most runs.
const MAX_RUNS: usize = 20_000;
/// Most values of metrics, of all runs together.
const MAX_POINTS: usize = 1_000_000;
/// Most files, and most bytes of them together.
const MAX_FILES: usize = 50_000;
const MAX_FILE_BYTES: usize = 256 * 1024 * 1024;
/// Most traces, most of their spans, and most bytes of those.
const MAX_TRACES: usize = 10_000;
const MAX_SPANS: usize = 200_000;
const MAX_SPAN_BYTES: usize = 128 * 1024 * 1024;
/// Most assessments of a trace.
const MAX_ASSESSMENTS: usize = 1000;
/// Most registered models, versions of one, and logged models.
const MAX_MODELS: usize = 5000;

/// Where artifacts of a workspace lie.
pub(super) const DBFS: &str = "dbfs:/databricks/mlflow-tracking/";
/// Where artifacts of a self-hosted server lie.
pub(super) const PROXIED: &str = "mlflow-artifacts:/";

/// The experiments, runs, files, models and traces of one emulator.
#[derive(Debug)]
pub struct Store {
    pub(super) kind: Kind,
    seed: u64,
    drawn: u64,
    last_experiment: u64,
    pub(super) experiments: BTreeMap<u64, Experiment>,
    pub(super) runs: BTreeMap<String, Run>,
    points: usize,
    /// By path below the artifacts' root, such as `{experiment}/{run}/artifacts/notes/a.txt`.
    pub(super) files: BTreeMap<String, Bytes>,
    file_bytes: usize,
    pub(super) traces: BTreeMap<String, Trace>,
    span_bytes: usize,
    pub(super) models: BTreeMap<String, RegisteredModel>,
    pub(super) logged: BTreeMap<String, LoggedModel>,
}

impl Store {
    /// A store with nothing in it; a self-hosted server's has the experiment `Default`.
    #[must_use]
    pub fn new(seed: u64, server: bool, now: u64) -> Self {
        let mut store = Self {
            kind: if server { Kind::Server } else { Kind::Workspace },
            seed,
            drawn: 0,
            // ids of a workspace are long
            last_experiment: if server { 0 } else { 3_100_000_000_000_000 },
            experiments: BTreeMap::new(),
            runs: BTreeMap::new(),
            points: 0,
            files: BTreeMap::new(),
            file_bytes: 0,
            traces: BTreeMap::new(),
            span_bytes: 0,
            models: BTreeMap::new(),
            logged: BTreeMap::new(),
        };
        if server {
            store.experiments.insert(0, experiment(0, "Default", now, Pairs::default()));
        }
        store
    }

    /// A number nobody had, decided by the seed.
    pub(super) fn draw(&mut self) -> u64 {
        self.drawn += 1;
        ids::hash(self.seed, &[b"mlflow", &self.drawn.to_le_bytes()])
    }

    /// 32 hexadecimal digits nobody had.
    pub(super) fn id(&mut self) -> String {
        format!("{:016x}{:016x}", self.draw(), self.draw())
    }

    /// Where the artifacts of a path below the root lie.
    pub(super) fn uri(&self, path: &str) -> String {
        let root = if self.kind == Kind::Server { PROXIED } else { DBFS };
        format!("{root}{path}")
    }

    pub(super) fn create_experiment(&mut self, name: &str, tags: Pairs, now: u64) -> Result<String, ApiError> {
        if self.experiments.len() >= MAX_EXPERIMENTS {
            return Err(full(&format!("{MAX_EXPERIMENTS} experiments")));
        }
        self.last_experiment += 1;
        let id = self.last_experiment;
        self.experiments.insert(id, experiment(id, name, now, tags));
        Ok(id.to_string())
    }

    /// The experiment of that id, deleted ones too.
    pub(super) fn experiment(&self, id: &str) -> Result<&Experiment, ApiError> {
        let number = number(id)?;
        self.experiments.get(&number).ok_or_else(|| absent(format!("No Experiment with id={id} exists")))
    }

    pub(super) fn experiment_mut(&mut self, id: &str) -> Result<&mut Experiment, ApiError> {
        let number = number(id)?;
        self.experiments.get_mut(&number).ok_or_else(|| absent(format!("No Experiment with id={id} exists")))
    }

    /// The experiment of that id, which must not be deleted.
    pub(super) fn active_experiment(&self, id: &str) -> Result<&Experiment, ApiError> {
        let experiment = self.experiment(id)?;
        if experiment.deleted {
            return Err(invalid(format!(
                "The experiment {id} must be in the 'active' state. Current state is deleted."
            )));
        }
        Ok(experiment)
    }

    pub(super) fn add_run(&mut self, run: Run) -> Result<(), ApiError> {
        if self.runs.len() >= MAX_RUNS {
            return Err(full(&format!("{MAX_RUNS} runs")));
        }
        self.runs.insert(run.id.clone(), run);
        Ok(())
    }

    pub(super) fn run(&self, id: &str) -> Result<&Run, ApiError> {
        self.runs.get(id).ok_or_else(|| absent(format!("Run with id={id} not found")))
    }

    pub(super) fn run_mut(&mut self, id: &str) -> Result<&mut Run, ApiError> {
        self.runs.get_mut(id).ok_or_else(|| absent(format!("Run with id={id} not found")))
    }

    /// The run of that id, which must not be deleted.
    pub(super) fn active_run(&mut self, id: &str) -> Result<&mut Run, ApiError> {
        let run = self.run_mut(id)?;
        if run.deleted {
            return Err(invalid(format!("The run {id} must be in the 'active' state. Current state is deleted.")));
        }
        Ok(run)
    }

    /// Counts values of metrics that are about to come.
    pub(super) fn make_room(&mut self, points: usize) -> Result<(), ApiError> {
        if self.points + points > MAX_POINTS {
            return Err(full(&format!("{MAX_POINTS} values of metrics")));
        }
        self.points += points;
        Ok(())
    }

    pub(super) fn put_file(&mut self, path: &str, bytes: Bytes) -> Result<(), ApiError> {
        let before = self.files.get(path).map(Bytes::len);
        let total = self.file_bytes - before.unwrap_or(0) + bytes.len();
        if total > MAX_FILE_BYTES || (before.is_none() && self.files.len() >= MAX_FILES) {
            return Err(full(&format!("{MAX_FILES} files with {MAX_FILE_BYTES} bytes")));
        }
        self.file_bytes = total;
        self.files.insert(path.to_owned(), bytes);
        Ok(())
    }

    /// Removes a file, or a folder with all that is in it.
    pub(super) fn remove_files(&mut self, path: &str) {
        let below = format!("{path}/");
        self.files.retain(|known, _| known != path && !known.starts_with(&below));
        self.file_bytes = self.files.values().map(Bytes::len).sum();
    }

    /// The files and folders right below a folder: name, and the size of a file.
    pub(super) fn list(&self, folder: &str) -> Vec<(String, Option<usize>)> {
        let below = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let mut found: BTreeMap<String, Option<usize>> = BTreeMap::new();
        for (path, bytes) in self.files.range(below.clone()..).take_while(|(path, _)| path.starts_with(&below)) {
            let rest = path.get(below.len()..).unwrap_or_default();
            match rest.split_once('/') {
                Some((name, _)) => found.insert(name.to_owned(), None),
                None => found.insert(rest.to_owned(), Some(bytes.len())),
            };
        }
        found.into_iter().collect()
    }

    pub(super) fn trace(&self, id: &str) -> Result<&Trace, ApiError> {
        self.traces.get(id).ok_or_else(|| absent(format!("Trace with ID '{id}' not found.")))
    }

    pub(super) fn trace_mut(&mut self, id: &str) -> Result<&mut Trace, ApiError> {
        self.traces.get_mut(id).ok_or_else(|| absent(format!("Trace with ID '{id}' not found.")))
    }

    /// Where what belongs to a trace lies, below the root: a workspace has another folder for it.
    pub(super) fn trace_folder(&self, experiment: &str, id: &str) -> String {
        let between = if self.kind == Kind::Server { "traces/" } else { "" };
        format!("{experiment}/{between}{id}")
    }

    /// The trace of that id, made if it is not there.
    pub(super) fn trace_or_new(&mut self, id: &str, experiment: &str) -> Result<&mut Trace, ApiError> {
        if !self.traces.contains_key(id) && self.traces.len() >= MAX_TRACES {
            return Err(full(&format!("{MAX_TRACES} traces")));
        }
        let location = self.uri(&format!("{}/artifacts", self.trace_folder(experiment, id)));
        let fresh = || {
            let mut tags = Pairs::default();
            // the first tag of a thing always fits
            let _ = tags.put("mlflow.artifactLocation", location);
            Trace { id: id.to_owned(), experiment: experiment.to_owned(), tags, ..Trace::default() }
        };
        Ok(self.traces.entry(id.to_owned()).or_insert_with(fresh))
    }

    /// Counts spans that are about to come.
    pub(super) fn make_span_room(&mut self, spans: usize, bytes: usize) -> Result<(), ApiError> {
        let held: usize = self.traces.values().map(|trace| trace.spans.len()).sum();
        if held + spans > MAX_SPANS || self.span_bytes + bytes > MAX_SPAN_BYTES {
            return Err(full(&format!("{MAX_SPANS} spans with {MAX_SPAN_BYTES} bytes")));
        }
        self.span_bytes += bytes;
        Ok(())
    }

    /// Whether a trace may have one assessment more.
    pub(super) fn room_for_assessment(trace: &Trace) -> Result<(), ApiError> {
        let fits = trace.assessments.len() < MAX_ASSESSMENTS;
        if fits { Ok(()) } else { Err(full(&format!("{MAX_ASSESSMENTS} assessments of a trace"))) }
    }

    /// Whether there may be one model or version more, when there are so many.
    pub(super) fn room_for_model(count: usize) -> Result<(), ApiError> {
        if count < MAX_MODELS {
            Ok(())
        } else {
            Err(full(&format!("{MAX_MODELS} models, and as many versions of each")))
        }
    }

    /// Removes a trace and its file.
    pub(super) fn remove_trace(&mut self, id: &str) {
        if let Some(trace) = self.traces.remove(id) {
            let folder = self.trace_folder(&trace.experiment, id);
            self.remove_files(&folder);
        }
        if self.traces.is_empty() {
            self.span_bytes = 0;
        }
    }
}

fn experiment(id: u64, name: &str, now: u64, tags: Pairs) -> Experiment {
    Experiment { id: id.to_string(), name: name.to_owned(), created: now, updated: now, deleted: false, tags }
}

fn number(id: &str) -> Result<u64, ApiError> {
    id.parse().map_err(|_| invalid(format!("Invalid experiment ID '{id}'. Experiment ID must be a valid integer.")))
}

#[cfg(test)]
mod tests {
    use super::super::records::MAX_PAIRS;
    use super::*;

    #[test]
    fn folders_are_what_files_lie_in() {
        let mut store = Store::new(0, true, 0);
        for path in ["1/r/artifacts/a.txt", "1/r/artifacts/b/c", "1/r/artifacts/b/d", "1/rr/artifacts/x"] {
            store.put_file(path, Bytes::from_static(b"xy")).unwrap();
        }
        let names = |folder: &str| store.list(folder).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        assert_eq!(names("1/r/artifacts"), ["a.txt", "b"]);
        assert_eq!(names("1/r/artifacts/b"), ["c", "d"]);
        assert_eq!(names("1/r/artifacts/a.txt"), Vec::<String>::new());
        store.remove_files("1/r/artifacts/b");
        assert_eq!(store.list("1/r/artifacts"), [("a.txt".to_owned(), Some(2))]);
        assert_eq!(store.file_bytes, 4);
    }

    #[test]
    fn memory_has_an_end_with_a_sentence() {
        let mut store = Store::new(0, true, 0);
        let large = Bytes::from(vec![0; MAX_FILE_BYTES]);
        store.put_file("a", large).unwrap();
        let refusal = store.put_file("b", Bytes::from_static(b"x")).unwrap_err();
        assert!(refusal.body().to_string().contains("in memory at most"), "{refusal:?}");
        store.put_file("a", Bytes::from_static(b"x")).unwrap();
        store.put_file("b", Bytes::from_static(b"x")).unwrap();
        assert!(store.make_room(MAX_POINTS + 1).is_err() && store.make_room(MAX_POINTS).is_ok());
        let mut pairs = Pairs::default();
        (0..MAX_PAIRS).try_for_each(|n| pairs.put(&n.to_string(), "")).unwrap();
        assert!(pairs.put("more", "").is_err() && pairs.put("7", "again").is_ok());
    }
}
