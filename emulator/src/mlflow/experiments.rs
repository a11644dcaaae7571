//! Experiments (wire: mlflow-tracking §3).

use serde_json::{Value, json};

use super::fields::Fields;
use super::matching::{self, Row};
use super::paging::{self, Limits};
use super::store::{Experiment, Pairs, Store};
use super::{Answer, Asked, Kind, absent, invalid, nothing, taken};
use crate::errors::ApiError;

/// The calls below `experiments/`.
pub(super) fn answer(asked: &Asked, store: &mut Store, call: &str) -> Option<Answer> {
    Some(match (asked.method.as_str(), call) {
        ("POST", "create") => create(asked, store),
        ("GET", "get") => get(asked, store),
        ("GET", "get-by-name") => by_name(asked, store),
        ("GET" | "POST", "search") => search(asked, store),
        ("POST", "update") => update(asked, store),
        ("POST", "set-experiment-tag") => set_tag(asked, store),
        ("POST", "delete-experiment-tag") => delete_tag(asked, store),
        ("POST", "delete") => set_deleted(asked, store, true),
        ("POST", "restore") => set_deleted(asked, store, false),
        _ => return None,
    })
}

fn shown(experiment: &Experiment, store: &Store) -> Value {
    let mut shown = json!({
        "experiment_id": experiment.id,
        "name": experiment.name,
        "artifact_location": store.uri(&experiment.id),
        "lifecycle_stage": if experiment.deleted { "deleted" } else { "active" },
        "last_update_time": experiment.updated,
        "creation_time": experiment.created,
    });
    if !experiment.tags.is_empty() {
        crate::json::set(&mut shown, "tags", experiment.tags.listed());
    }
    if store.kind == Kind::Server {
        crate::json::set(&mut shown, "workspace", "default");
    }
    shown
}

/// A workspace's experiments stand in its tree of folders.
fn check_name(asked: &Asked, name: &str) -> Result<(), ApiError> {
    let absolute = name.len() > 1 && name.starts_with('/') && !name.ends_with('/');
    if asked.kind == Kind::Workspace && !absolute {
        return Err(invalid(format!(
            "Got an invalid experiment name '{name}'. An experiment name must be an absolute path within the Databricks \
             workspace, e.g. '/Users/<some-username>/my-experiment'."
        )));
    }
    if name.chars().count() > 500 {
        return Err(invalid("'name' exceeds the maximum length of 500 characters"));
    }
    Ok(())
}

fn create(asked: &Asked, store: &mut Store) -> Answer {
    let fields = Fields::of(asked)?;
    let name = fields.required("name")?;
    let tags = Pairs::of(fields.pairs("tags")?)?;
    check_name(asked, name)?;
    if fields.text("artifact_location")?.is_some_and(|text| !text.is_empty()) {
        return Err(invalid("The emulator chooses the artifact_location itself: leave it out."));
    }
    if store.experiments.values().any(|known| known.name == name) {
        return Err(taken(format!("Experiment(name={name}) already exists.")));
    }
    Ok(json!({ "experiment_id": store.create_experiment(name, tags, asked.now)? }))
}

fn get(asked: &Asked, store: &Store) -> Answer {
    let fields = Fields::of(asked)?;
    let experiment = store.experiment(fields.required("experiment_id")?)?;
    Ok(json!({ "experiment": shown(experiment, store) }))
}

fn by_name(asked: &Asked, store: &Store) -> Answer {
    let fields = Fields::of(asked)?;
    let name = fields.required("experiment_name")?;
    let found = store.experiments.values().find(|experiment| experiment.name == name);
    let experiment = found.ok_or_else(|| absent(format!("Could not find experiment with name '{name}'")))?;
    Ok(json!({ "experiment": shown(experiment, store) }))
}

fn search(asked: &Asked, store: &Store) -> Answer {
    let fields = Fields::of(asked)?;
    let page = paging::wanted(asked, &fields, &Limits { unless_said: None, most: 50_000, hint: false })?;
    let view = fields.text("view_type")?.unwrap_or("ACTIVE_ONLY");
    let plan = matching::EXPERIMENTS.plan(fields.text("filter")?, &fields.texts("order_by")?)?;
    let seen = |experiment: &&Experiment| match view {
        "DELETED_ONLY" => experiment.deleted,
        "ALL" => true,
        _ => !experiment.deleted,
    };
    let rows = plan.pick(store.experiments.values().filter(seen));
    Ok(paging::page(asked, "experiments", rows.into_iter().map(|one| shown(one, store)).collect(), page))
}

impl Row for Experiment {
    fn text(&self, kind: &str, key: &str) -> Option<String> {
        match (kind, key) {
            ("tag", key) => self.tags.get(key).map(str::to_owned),
            (_, "name") => Some(self.name.clone()),
            _ => None,
        }
    }

    #[allow(clippy::cast_precision_loss, reason = "times are far below 2^53")]
    fn number(&self, _: &str, key: &str) -> Option<f64> {
        match key {
            "creation_time" => Some(self.created as f64),
            "last_update_time" => Some(self.updated as f64),
            "experiment_id" => self.id.parse().ok(),
            _ => None,
        }
    }

    fn id(&self) -> &str {
        &self.id
    }
}

fn update(asked: &Asked, store: &mut Store) -> Answer {
    let fields = Fields::of(asked)?;
    let id = fields.required("experiment_id")?;
    let name = fields.required("new_name")?;
    check_name(asked, name)?;
    store.active_experiment(id)?;
    if store.experiments.values().any(|known| known.name == name && known.id != id) {
        let message = format!("Experiment(name={name}) already exists.");
        return Err(ApiError::new(http::StatusCode::BAD_REQUEST, "BAD_REQUEST", message));
    }
    let experiment = store.experiment_mut(id)?;
    name.clone_into(&mut experiment.name);
    experiment.updated = asked.now;
    nothing()
}

fn set_tag(asked: &Asked, store: &mut Store) -> Answer {
    let fields = Fields::of(asked)?;
    let id = fields.required("experiment_id")?;
    let key = fields.required("key")?;
    let value = fields.text("value")?.unwrap_or_default();
    if key.chars().count() > 250 {
        return Err(invalid("'key' exceeds the maximum length of 250 characters"));
    }
    if value.chars().count() > 5000 {
        return Err(invalid("'value' exceeds the maximum length of 5000 characters"));
    }
    store.active_experiment(id)?;
    store.experiment_mut(id)?.tags.put(key, value)?;
    nothing()
}

fn delete_tag(asked: &Asked, store: &mut Store) -> Answer {
    let fields = Fields::of(asked)?;
    let (id, key) = (fields.required("experiment_id")?, fields.required("key")?);
    if !store.experiment_mut(id)?.tags.remove(key) {
        return Err(absent(format!("No tag with name: {key} in experiment with id {id}")));
    }
    nothing()
}

fn set_deleted(asked: &Asked, store: &mut Store, deleted: bool) -> Answer {
    let fields = Fields::of(asked)?;
    let id = fields.required("experiment_id")?;
    let experiment = store.experiment_mut(id)?;
    if experiment.deleted == deleted {
        return Err(absent(format!("No Experiment with id={id} exists")));
    }
    experiment.deleted = deleted;
    experiment.updated = asked.now;
    // its runs go and come back with it
    for run in store.runs.values_mut().filter(|run| run.experiment == id) {
        run.deleted = deleted;
    }
    nothing()
}
