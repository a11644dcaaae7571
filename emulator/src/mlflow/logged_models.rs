//! Logged models (wire: mlflow-tracking §7).

use serde_json::{Value, json};

use super::artifacts::{check_path, files};
use super::fields::{Fields, missing};
use super::matching::{self, Row};
use super::paging::{self, Limits};
use super::store::{LoggedModel, Pairs, Store};
use super::{Answer, Asked, Kind, absent, invalid, nothing, runs, signed};
use crate::errors::ApiError;
use crate::json::set;

/// Characters a name cannot have.
const NOT_IN_NAMES: &[char] = &['/', ':', '.', '%', '"', '\''];

/// The calls below `logged-models`.
pub(super) fn answer(asked: &Asked, store: &mut Store, rest: &[&str]) -> Option<Answer> {
    Some(match (asked.method.as_str(), rest, asked.kind) {
        ("POST", [], _) => create(asked, store),
        ("POST", ["search"], _) => search(asked, store),
        ("GET", [id], _) => find(store, id).map(|model| json!({ "model": model })),
        ("PATCH", [id], _) => finish(asked, store, id),
        ("DELETE", [id], _) => delete(store, id),
        ("PATCH", [id, "tags"], _) => tag(asked, store, id),
        ("DELETE", [id, "tags", key], _) => found(store, id).and_then(|model| {
            model.tags.remove(key);
            nothing()
        }),
        ("GET", [id, "artifacts", "directories"], _) => list(asked, store, id),
        ("POST", [id, "artifacts", "credentials-for-upload"], Kind::Workspace) => credentials(asked, store, id, true),
        ("POST", [id, "artifacts", "credentials-for-download"], Kind::Workspace) => {
            credentials(asked, store, id, false)
        }
        _ => return None,
    })
}

fn missing_model(id: &str) -> ApiError {
    absent(format!("Logged model with ID '{id}' not found."))
}

fn found<'s>(store: &'s mut Store, id: &str) -> Result<&'s mut LoggedModel, ApiError> {
    store.logged.get_mut(id).ok_or_else(|| missing_model(id))
}

fn find(store: &Store, id: &str) -> Answer {
    store.logged.get(id).map(|model| shown(store, model)).ok_or_else(|| missing_model(id))
}

/// Where its artifacts lie, below the root. A workspace has another name for the folder.
fn folder(store: &Store, model: &LoggedModel) -> String {
    let name = if store.kind == Kind::Server { "models" } else { "logged_models" };
    format!("{}/{name}/{}/artifacts", model.experiment, model.id)
}

fn shown(store: &Store, model: &LoggedModel) -> Value {
    let mut info = json!({
        "model_id": model.id,
        "experiment_id": model.experiment,
        "name": model.name,
        "creation_timestamp_ms": model.created,
        "last_updated_timestamp_ms": model.updated,
        "artifact_uri": store.uri(&folder(store, model)),
        "status": model.status,
        "model_type": model.kind,
        "source_run_id": model.run,
    });
    if !model.tags.is_empty() {
        set(&mut info, "tags", model.tags.listed());
    }
    let data = if model.params.is_empty() { json!({}) } else { json!({ "params": model.params.listed() }) };
    json!({ "info": info, "data": data })
}

fn create(asked: &Asked, store: &mut Store) -> Answer {
    let fields = Fields::of(asked)?;
    let experiment = fields.required("experiment_id")?;
    let text = |name: &str| fields.text(name).map(|text| text.unwrap_or_default().to_owned());
    let said = fields.text("name")?.filter(|name| !name.is_empty());
    if let Some(name) = said.filter(|name| name.contains(NOT_IN_NAMES)) {
        return Err(invalid(format!(
            "Invalid model name ('{name}') provided. Model name must be a non-empty string and cannot contain the following \
             characters: ('/', ':', '.', '%', '\"', \"'\")"
        )));
    }
    let (params, tags) = (Pairs::of(fields.pairs("params")?)?, Pairs::of(fields.pairs("tags")?)?);
    store.active_experiment(experiment)?;
    Store::room_for_model(store.logged.len())?;
    let name = said.map_or_else(|| runs::invented(store), str::to_owned);
    let model = LoggedModel {
        id: format!("m-{}", store.id()),
        experiment: experiment.to_owned(),
        name,
        created: asked.now,
        updated: asked.now,
        status: "LOGGED_MODEL_PENDING".to_owned(),
        kind: text("model_type")?,
        run: text("source_run_id")?,
        params,
        tags,
    };
    let body = shown(store, &model);
    store.logged.insert(model.id.clone(), model);
    Ok(json!({ "model": body }))
}

fn finish(asked: &Asked, store: &mut Store, id: &str) -> Answer {
    let fields = Fields::of(asked)?;
    fields.required("model_id")?;
    let status = fields.required("status")?;
    let model = found(store, id)?;
    if matches!(status, "LOGGED_MODEL_PENDING" | "LOGGED_MODEL_READY" | "LOGGED_MODEL_UPLOAD_FAILED") {
        status.clone_into(&mut model.status);
        model.updated = asked.now;
    }
    Ok(json!({ "model": find(store, id)? }))
}

fn delete(store: &mut Store, id: &str) -> Answer {
    let model = found(store, id)?.clone();
    let folder = folder(store, &model);
    store.logged.remove(id);
    store.remove_files(folder.trim_end_matches("/artifacts"));
    nothing()
}

fn tag(asked: &Asked, store: &mut Store, id: &str) -> Answer {
    let fields = Fields::of(asked)?;
    let tags = fields.pairs("tags")?;
    let model = found(store, id)?;
    for (key, value) in tags {
        model.tags.put(&key, value)?;
    }
    nothing()
}

fn list(asked: &Asked, store: &mut Store, id: &str) -> Answer {
    let model = found(store, id)?.clone();
    let path = asked.parameter("artifact_directory_path").unwrap_or_default().trim_end_matches('/');
    check_path(path)?;
    let root = folder(store, &model);
    let below = if path.is_empty() { root.clone() } else { format!("{root}/{path}") };
    let mut answer = json!({ "root_uri": store.uri(&root) });
    let files = files(store, &below, path);
    if !files.is_empty() {
        set(&mut answer, "files", files);
    }
    Ok(answer)
}

fn credentials(asked: &Asked, store: &mut Store, id: &str, write: bool) -> Answer {
    let fields = Fields::of(asked)?;
    let model = found(store, id)?.clone();
    let root = folder(store, &model);
    let mut infos = Vec::new();
    for path in fields.texts("paths")? {
        check_path(&path)?;
        let mut info = json!({ "credential_info": signed::credential(asked, &format!("{root}/{path}"), write) });
        crate::json::set_in(&mut info, "credential_info", "path", path);
        infos.push(info);
    }
    Ok(json!({ "credentials": infos }))
}

impl Row for LoggedModel {
    fn text(&self, kind: &str, key: &str) -> Option<String> {
        let text = match (kind, key) {
            ("tag", key) => self.tags.get(key)?,
            ("parameter", key) => self.params.get(key)?,
            (_, "name") => &self.name,
            (_, "model_id") => &self.id,
            (_, "model_type") => &self.kind,
            (_, "status") => &self.status,
            (_, "source_run_id") => &self.run,
            (_, "experiment_id") => &self.experiment,
            _ => return None,
        };
        Some(text.to_owned())
    }

    #[allow(clippy::cast_precision_loss, reason = "times are far below 2^53")]
    fn number(&self, _: &str, key: &str) -> Option<f64> {
        match key {
            "creation_timestamp" => Some(self.created as f64),
            "last_updated_timestamp" => Some(self.updated as f64),
            _ => None,
        }
    }

    fn id(&self) -> &str {
        &self.id
    }
}

fn search(asked: &Asked, store: &Store) -> Answer {
    let fields = Fields::of(asked)?;
    let experiments = fields.texts("experiment_ids")?;
    if experiments.is_empty() {
        return Err(missing("experiment_ids"));
    }
    let page = paging::wanted(asked, &fields, &Limits { unless_said: Some(100), most: 50_000, hint: false })?;
    let mut orders = Vec::new();
    for order in fields.list("order_by")? {
        let name = order.get("field_name").and_then(Value::as_str).unwrap_or_default();
        let ascending = order.get("ascending").and_then(Value::as_bool).unwrap_or(true);
        orders.push(format!("{name} {}", if ascending { "ASC" } else { "DESC" }));
    }
    let filter = fields.text("filter")?;
    let plan = matching::LOGGED.plan(filter, &orders).map_err(|refusal| {
        let clause = refusal.body().get("message").and_then(Value::as_str).is_some_and(|text| text.contains("clause(s)"));
        if !clause {
            return refusal;
        }
        invalid(format!(
            "Invalid filter string: {}. Expected a list of comparisons separated by 'AND' (e.g. 'metrics.loss > 0.1 AND params.lr = \
             0.01').",
            super::batch::quoted(filter.unwrap_or_default())
        ))
    })?;
    let rows = plan.pick(store.logged.values().filter(|model| experiments.contains(&model.experiment)));
    Ok(paging::page(asked, "models", rows.into_iter().map(|model| shown(store, model)).collect(), page))
}
