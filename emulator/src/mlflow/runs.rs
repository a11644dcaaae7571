//! Runs (wire: mlflow-tracking §4).

use serde_json::{Map, Value, json};

use super::batch::check_key;
use super::fields::{Fields, missing};
use super::matching::{self, Row};
use super::paging::{self, Limits};
use super::store::{Pairs, Point, Run, Store};
use super::{Answer, Asked, absent, invalid, nothing};
use crate::errors::ApiError;
use crate::json::set;

/// The tag that holds a run's name too.
const NAME_TAG: &str = "mlflow.runName";
const STATES: &[&str] = &["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"];
/// What invented names are made of: an adjective, a noun and a number.
const ADJECTIVES: &[&str] =
    &["bold", "calm", "clever", "gentle", "lively", "merry", "quiet", "swift", "upbeat", "wise"];
const NOUNS: &[&str] = &["crane", "duck", "fox", "hare", "loon", "newt", "otter", "pike", "swan", "trout"];

/// The calls below `runs/`.
pub(super) fn answer(asked: &Asked, store: &mut Store, call: &str) -> Option<Answer> {
    Some(match (asked.method.as_str(), call) {
        ("POST", "create") => create(asked, store),
        ("GET", "get") => get(asked, store),
        ("POST", "update") => update(asked, store),
        ("POST", "set-tag") => set_tag(asked, store),
        ("POST", "delete-tag") => delete_tag(asked, store),
        ("POST", "search") => search(asked, store),
        ("POST", "delete") => set_deleted(asked, store, true),
        ("POST", "restore") => set_deleted(asked, store, false),
        ("POST", "outputs") => outputs(asked, store),
        _ => return None,
    })
}

/// A name for what has none.
pub(super) fn invented(store: &mut Store) -> String {
    let draw = store.draw();
    let pick = |words: &[&'static str], from: u64| {
        let index = usize::try_from(from % 10).unwrap_or(0);
        words.get(index).copied().unwrap_or("plain")
    };
    format!("{}-{}-{}", pick(ADJECTIVES, draw), pick(NOUNS, draw / 10), draw / 100 % 1000)
}

fn info(run: &Run, store: &Store) -> Value {
    let mut info = json!({
        "run_uuid": run.id,
        "experiment_id": run.experiment,
        "run_name": run.name,
        "user_id": run.user,
        "status": run.status,
        "start_time": run.start,
        "artifact_uri": store.uri(&folder(run)),
        "lifecycle_stage": if run.deleted { "deleted" } else { "active" },
        "run_id": run.id,
    });
    if let Some(end) = run.end {
        set(&mut info, "end_time", end);
    }
    info
}

/// Where a run's artifacts lie, below the root.
pub(super) fn folder(run: &Run) -> String {
    format!("{}/{}/artifacts", run.experiment, run.id)
}

/// One value of a metric, as it is given out.
pub(super) fn metric(key: &str, point: Point) -> Value {
    let value = if point.value.is_nan() { json!("NaN") } else { json!(point.value) };
    json!({ "key": key, "value": value, "timestamp": point.timestamp, "step": point.step })
}

fn shown(run: &Run, store: &Store) -> Value {
    let mut data = Map::new();
    let metrics: Vec<Value> = run.metrics.iter().map(|series| metric(&series.key, series.last)).collect();
    for (name, list) in [("metrics", metrics), ("params", run.params.listed()), ("tags", run.tags.listed())] {
        if !list.is_empty() {
            data.insert(name.to_owned(), Value::Array(list));
        }
    }
    let outputs = if run.outputs.is_empty() { json!({}) } else { json!({ "model_outputs": run.outputs }) };
    json!({ "info": info(run, store), "data": data, "inputs": {}, "outputs": outputs })
}

fn create(asked: &Asked, store: &mut Store) -> Answer {
    let fields = Fields::of(asked)?;
    let experiment = fields.required("experiment_id")?;
    let start = fields.int("start_time")?.unwrap_or(0);
    let said = fields.text("run_name")?.filter(|name| !name.is_empty());
    let mut tags = Pairs::of(fields.pairs("tags")?)?;
    store.active_experiment(experiment)?;
    let tagged = tags.get(NAME_TAG).map(str::to_owned);
    let name = match (said, tagged) {
        (Some(said), Some(tag)) if said != tag => {
            return Err(invalid(format!(
                "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values \
                 (run_name='{said}', mlflow.runName='{tag}')."
            )));
        }
        (Some(name), _) => name.to_owned(),
        (None, Some(name)) => name,
        (None, None) => invented(store),
    };
    tags.put(NAME_TAG, name.as_str())?;
    let run = Run {
        id: store.id(),
        experiment: experiment.to_owned(),
        name,
        user: fields.text("user_id")?.unwrap_or_default().to_owned(),
        status: "RUNNING".to_owned(),
        start,
        end: None,
        deleted: false,
        params: Pairs::default(),
        tags,
        metrics: Vec::new(),
        outputs: Vec::new(),
    };
    let mut body = shown(&run, store);
    if let Some(shown) = body.as_object_mut() {
        shown.remove("outputs");
    }
    store.add_run(run)?;
    Ok(json!({ "run": body }))
}

fn get(asked: &Asked, store: &Store) -> Answer {
    let fields = Fields::of(asked)?;
    Ok(json!({ "run": shown(store.run(fields.run_id()?)?, store) }))
}

fn update(asked: &Asked, store: &mut Store) -> Answer {
    let fields = Fields::of(asked)?;
    let id = fields.run_id()?.to_owned();
    let end = fields.int("end_time")?;
    let name = fields.text("run_name")?.filter(|name| !name.is_empty());
    // a status nobody knows is passed over, as the real server has it
    let status = fields.text("status")?.filter(|status| STATES.contains(status));
    let run = store.active_run(&id)?;
    if let Some(status) = status {
        status.clone_into(&mut run.status);
    }
    if end.is_some() {
        run.end = end;
    }
    if let Some(name) = name {
        name.clone_into(&mut run.name);
        run.tags.put(NAME_TAG, name)?;
    }
    Ok(json!({ "run_info": info(store.run(&id)?, store) }))
}

fn set_tag(asked: &Asked, store: &mut Store) -> Answer {
    let fields = Fields::of(asked)?;
    let id = fields.run_id()?;
    let key = fields.required("key")?;
    let value = fields.text("value")?.unwrap_or_default();
    check_key("key", "key", key)?;
    let run = store.active_run(id)?;
    tag(run, key, value)?;
    nothing()
}

/// Sets a tag; the one that holds the name renames the run, unless it is empty.
pub(super) fn tag(run: &mut Run, key: &str, value: &str) -> Result<(), ApiError> {
    if key == NAME_TAG {
        if value.is_empty() {
            return Ok(());
        }
        value.clone_into(&mut run.name);
    }
    run.tags.put(key, value.chars().take(8000).collect::<String>())
}

fn delete_tag(asked: &Asked, store: &mut Store) -> Answer {
    let fields = Fields::of(asked)?;
    let (id, key) = (fields.run_id()?, fields.required("key")?);
    if !store.active_run(id)?.tags.remove(key) {
        return Err(absent(format!("No tag with name: {key} in run with id {id}")));
    }
    nothing()
}

fn search(asked: &Asked, store: &Store) -> Answer {
    let fields = Fields::of(asked)?;
    let experiments = fields.texts("experiment_ids")?;
    let page = paging::wanted(asked, &fields, &Limits { unless_said: Some(1000), most: 50_000, hint: true })?;
    let view = fields.text("run_view_type")?.unwrap_or("ACTIVE_ONLY");
    let plan = matching::RUNS.plan(fields.text("filter")?, &fields.texts("order_by")?)?;
    let seen = |run: &&Run| {
        let stage = match view {
            "DELETED_ONLY" => run.deleted,
            "ALL" => true,
            _ => !run.deleted,
        };
        stage && experiments.contains(&run.experiment)
    };
    let rows = plan.pick(store.runs.values().filter(seen));
    Ok(paging::page(asked, "runs", rows.into_iter().map(|run| shown(run, store)).collect(), page))
}

impl Row for Run {
    fn text(&self, kind: &str, key: &str) -> Option<String> {
        let text = match (kind, key) {
            ("tag", key) => self.tags.get(key)?,
            ("parameter", key) => self.params.get(key)?,
            ("attribute", "run_name") => &self.name,
            ("attribute", "run_id") => &self.id,
            ("attribute", "user_id") => &self.user,
            ("attribute", "status") => &self.status,
            ("attribute", "artifact_uri") => return Some(folder(self)),
            _ => return None,
        };
        Some(text.to_owned())
    }

    #[allow(clippy::cast_precision_loss, reason = "times are far below 2^53")]
    fn number(&self, kind: &str, key: &str) -> Option<f64> {
        match (kind, key) {
            ("metric", key) => self.metrics.iter().find(|series| series.key == key).map(|series| series.last.value),
            (_, "start_time") => Some(self.start as f64),
            (_, "end_time") => self.end.map(|end| end as f64),
            _ => None,
        }
    }

    fn id(&self) -> &str {
        &self.id
    }
}

fn set_deleted(asked: &Asked, store: &mut Store, deleted: bool) -> Answer {
    let fields = Fields::of(asked)?;
    store.run_mut(fields.run_id()?)?.deleted = deleted;
    nothing()
}

fn outputs(asked: &Asked, store: &mut Store) -> Answer {
    let fields = Fields::of(asked)?;
    let id = fields.run_id()?;
    if fields.list("models")?.is_empty() {
        return Err(missing("models"));
    }
    let mut outputs = Vec::new();
    for model in fields.list("models")? {
        let model = Fields::inner(model);
        let step = model.int("step")?.unwrap_or(0);
        outputs.push(json!({ "model_id": model.required("model_id")?, "step": step }));
    }
    let run = store.active_run(id)?;
    if run.outputs.len() + outputs.len() > 1000 {
        return Err(super::full("1000 models that a run made"));
    }
    run.outputs.extend(outputs);
    nothing()
}
