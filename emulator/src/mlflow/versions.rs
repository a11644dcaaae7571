//! Versions of registered models (wire: mlflow-tracking §7).

use serde_json::{Value, json};

use super::fields::{Fields, as_int, missing};
use super::matching::{self, Row};
use super::paging::{self, Limits};
use super::registry::model;
use super::store::{ModelVersion, Pairs, RegisteredModel, Store};
use super::{Answer, Asked, absent, invalid, nothing};
use crate::errors::ApiError;
use crate::json::set;

/// The calls below `model-versions/`.
pub(super) fn answer(asked: &Asked, store: &mut Store, call: &str) -> Option<Answer> {
    Some(match (asked.method.as_str(), call) {
        ("POST", "create") => create(asked, store),
        ("GET", "get") => {
            get(asked, store, |name, model, version| json!({ "model_version": shown(name, model, version) }))
        }
        ("GET", "get-download-uri") => get(asked, store, |_, _, version| json!({ "artifact_uri": version.source })),
        ("GET", "search") => search(asked, store),
        ("PATCH", "update") => update(asked, store),
        ("POST", "set-tag") => set_tag(asked, store),
        ("DELETE", "delete-tag") => delete_tag(asked, store),
        ("DELETE", "delete") => delete(asked, store),
        _ => return None,
    })
}

/// A version as it is given out.
pub(super) fn shown(name: &str, model: &RegisteredModel, version: &ModelVersion) -> Value {
    let mut shown = json!({
        "name": name,
        "version": version.version.to_string(),
        "creation_timestamp": version.created,
        "last_updated_timestamp": version.updated,
        "current_stage": "None",
        "description": version.description,
        "source": version.source,
        "run_id": version.run,
        "status": "READY",
        "run_link": version.run_link,
    });
    if !version.tags.is_empty() {
        set(&mut shown, "tags", version.tags.listed());
    }
    let aliases: Vec<&String> =
        model.aliases.iter().filter(|(_, number)| **number == version.version).map(|(alias, _)| alias).collect();
    if !aliases.is_empty() {
        set(&mut shown, "aliases", json!(aliases));
    }
    if let Some(id) = &version.model_id {
        set(&mut shown, "model_id", id.as_str());
    }
    shown
}

/// The number of a version, which is written as text.
pub(super) fn number(value: &Value) -> Result<u64, ApiError> {
    let number = as_int(value).and_then(|number| u64::try_from(number).ok());
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    number.ok_or_else(|| invalid(format!("Parameter 'version' must be an integer, got '{text}'.")))
}

/// The version of that number.
pub(super) fn version<'s>(store: &'s mut Store, name: &str, number: u64) -> Result<&'s mut ModelVersion, ApiError> {
    let found =
        store.models.get_mut(name).and_then(|model| model.versions.iter_mut().find(|one| one.version == number));
    found.ok_or_else(|| absent(format!("Model Version (name={name}, version={number}) not found")))
}

fn create(asked: &Asked, store: &mut Store) -> Answer {
    let fields = Fields::of(asked)?;
    let (name, source) = (fields.required("name")?, fields.required("source")?);
    if source.starts_with('/') || source.starts_with("file:") {
        return Err(invalid(format!(
            "Invalid model version source: '{source}'. To use a local path as a model version source, the run_id request parameter \
             has to be specified and the local path has to be contained within the artifact directory of the run specified by the \
             run_id."
        )));
    }
    let run = fields.text("run_id")?.unwrap_or_default();
    let model = model(store, name)?;
    Store::room_for_model(model.versions.len())?;
    model.last += 1;
    model.updated = asked.now;
    let version = ModelVersion {
        version: model.last,
        created: asked.now,
        updated: asked.now,
        description: fields.text("description")?.unwrap_or_default().to_owned(),
        source: source.to_owned(),
        run: run.to_owned(),
        model_id: fields.text("model_id")?.filter(|id| !id.is_empty()).map(str::to_owned),
        run_link: fields.text("run_link")?.unwrap_or_default().to_owned(),
        tags: Pairs::of(fields.pairs("tags")?)?,
    };
    let body = shown(name, model, &version);
    model.versions.push(version);
    Ok(json!({ "model_version": body }))
}

/// The name and number a request says.
fn named(fields: &Fields) -> Result<(&str, u64), ApiError> {
    let name = fields.required("name")?;
    Ok((name, number(fields.get("version").ok_or_else(|| missing("version"))?)?))
}

fn get(asked: &Asked, store: &mut Store, show: fn(&str, &RegisteredModel, &ModelVersion) -> Value) -> Answer {
    let fields = Fields::of(asked)?;
    let (name, number) = named(&fields)?;
    let version = version(store, name, number)?.clone();
    Ok(show(name, model(store, name)?, &version))
}

/// A version with its model and a text that no other has.
struct Named<'s>(&'s str, &'s RegisteredModel, &'s ModelVersion, String);

impl Row for Named<'_> {
    fn text(&self, kind: &str, key: &str) -> Option<String> {
        match (kind, key) {
            ("tag", key) => self.2.tags.get(key).map(str::to_owned),
            (_, "name") => Some(self.0.to_owned()),
            (_, "run_id") => Some(self.2.run.clone()),
            (_, "source_path") => Some(self.2.source.clone()),
            _ => None,
        }
    }

    #[allow(clippy::cast_precision_loss, reason = "times and numbers are far below 2^53")]
    fn number(&self, _: &str, key: &str) -> Option<f64> {
        match key {
            "version_number" => Some(self.2.version as f64),
            "creation_timestamp" => Some(self.2.created as f64),
            "last_updated_timestamp" => Some(self.2.updated as f64),
            _ => None,
        }
    }

    fn id(&self) -> &str {
        &self.3
    }
}

fn search(asked: &Asked, store: &Store) -> Answer {
    let fields = Fields::of(asked)?;
    let page = paging::wanted(asked, &fields, &Limits { unless_said: Some(10_000), most: 200_000, hint: true })?;
    let plan = matching::VERSIONS.plan(fields.text("filter")?, &fields.texts("order_by")?)?;
    let all: Vec<Named<'_>> = store
        .models
        .iter()
        .flat_map(|(name, model)| {
            // of the same time and name, the last version comes first
            let place = move |version: &ModelVersion| format!("{name}\0{:020}", u64::MAX - version.version);
            model.versions.iter().map(move |version| Named(name, model, version, place(version)))
        })
        .collect();
    let rows = plan.pick(all.iter()).into_iter().map(|Named(name, model, version, _)| shown(name, model, version));
    Ok(paging::page(asked, "model_versions", rows.collect(), page))
}

fn update(asked: &Asked, store: &mut Store) -> Answer {
    let fields = Fields::of(asked)?;
    let (name, number) = named(&fields)?;
    let found = version(store, name, number)?;
    fields.text("description")?.unwrap_or_default().clone_into(&mut found.description);
    found.updated = asked.now;
    let found = found.clone();
    Ok(json!({ "model_version": shown(name, model(store, name)?, &found) }))
}

fn set_tag(asked: &Asked, store: &mut Store) -> Answer {
    let fields = Fields::of(asked)?;
    let (name, number) = named(&fields)?;
    let key = fields.required("key")?;
    version(store, name, number)?.tags.put(key, fields.text("value")?.unwrap_or_default())?;
    nothing()
}

fn delete_tag(asked: &Asked, store: &mut Store) -> Answer {
    let fields = Fields::of(asked)?;
    let (name, number) = named(&fields)?;
    version(store, name, number)?.tags.remove(fields.required("key")?);
    nothing()
}

fn delete(asked: &Asked, store: &mut Store) -> Answer {
    let fields = Fields::of(asked)?;
    let (name, number) = named(&fields)?;
    version(store, name, number)?;
    let model = model(store, name)?;
    model.versions.retain(|one| one.version != number);
    model.aliases.retain(|_, known| *known != number);
    model.updated = asked.now;
    nothing()
}
