//! Registered models and their aliases (wire: mlflow-tracking §7).

use serde_json::{Value, json};

use super::fields::{Fields, missing};
use super::matching::{self, Row};
use super::paging::{self, Limits};
use super::store::{Pairs, RegisteredModel, Store};
use super::{Answer, Asked, absent, invalid, nothing, taken, versions};
use crate::errors::ApiError;
use crate::json::set;

/// The calls below `registered-models/`.
pub(super) fn answer(asked: &Asked, store: &mut Store, call: &str) -> Option<Answer> {
    Some(match (asked.method.as_str(), call) {
        ("POST", "create") => create(asked, store),
        ("GET", "get") => get(asked, store),
        ("GET", "search") => search(asked, store),
        ("POST", "rename") => rename(asked, store),
        ("PATCH", "update") => update(asked, store),
        ("DELETE", "delete") => delete(asked, store),
        ("POST", "set-tag") => set_tag(asked, store),
        ("DELETE", "delete-tag") => delete_tag(asked, store),
        ("POST", "alias") => set_alias(asked, store),
        ("GET", "alias") => get_alias(asked, store),
        ("DELETE", "alias") => delete_alias(asked, store),
        ("GET" | "POST", "get-latest-versions") => latest(asked, store),
        _ => return None,
    })
}

/// Refuses the name of a model of Unity Catalog that has not three parts.
pub(super) fn checked(asked: &Asked) -> Result<(), ApiError> {
    let fields = Fields::of(asked)?;
    let Some(name) = fields.text("name")? else { return Ok(()) };
    let parts: Vec<&str> = name.split('.').collect();
    if parts.len() != 3 || parts.iter().any(|part| part.is_empty()) {
        return Err(invalid(format!(
            "A model of Unity Catalog has a name of the form catalog.schema.model, not '{name}'."
        )));
    }
    Ok(())
}

/// The model of that name.
pub(super) fn model<'s>(store: &'s mut Store, name: &str) -> Result<&'s mut RegisteredModel, ApiError> {
    store.models.get_mut(name).ok_or_else(|| absent(format!("Registered Model with name={name} not found")))
}

fn shown(name: &str, model: &RegisteredModel) -> Value {
    let mut shown = json!({
        "name": name,
        "creation_timestamp": model.created,
        "last_updated_timestamp": model.updated,
    });
    set(&mut shown, "description", model.description.as_str());
    // without stages every version is of the same, so the last is the latest
    if let Some(version) = model.versions.last() {
        set(&mut shown, "latest_versions", vec![versions::shown(name, model, version)]);
    }
    if !model.tags.is_empty() {
        set(&mut shown, "tags", model.tags.listed());
    }
    if !model.aliases.is_empty() {
        let alias = |(alias, version): (&String, &u64)| json!({ "alias": alias, "version": version.to_string() });
        set(&mut shown, "aliases", model.aliases.iter().map(alias).collect::<Vec<_>>());
    }
    shown
}

fn check_name(name: &str) -> Result<(), ApiError> {
    if name.contains(['/', ':']) {
        return Err(invalid(format!("Invalid model name '{name}'. Names cannot contain '/' or ':'.")));
    }
    Ok(())
}

fn create(asked: &Asked, store: &mut Store) -> Answer {
    let fields = Fields::of(asked)?;
    let name = fields.required("name")?;
    check_name(name)?;
    if store.models.contains_key(name) {
        return Err(taken(format!("Registered Model (name={name}) already exists.")));
    }
    Store::room_for_model(store.models.len())?;
    let model = RegisteredModel {
        created: asked.now,
        updated: asked.now,
        description: fields.text("description")?.unwrap_or_default().to_owned(),
        tags: Pairs::of(fields.pairs("tags")?)?,
        ..RegisteredModel::default()
    };
    let body = shown(name, &model);
    store.models.insert(name.to_owned(), model);
    Ok(json!({ "registered_model": body }))
}

fn get(asked: &Asked, store: &mut Store) -> Answer {
    let fields = Fields::of(asked)?;
    let name = fields.required("name")?;
    Ok(json!({ "registered_model": shown(name, model(store, name)?) }))
}

/// A model with its name, to be searched for.
struct Named<'s>(&'s String, &'s RegisteredModel);

impl Row for Named<'_> {
    fn text(&self, kind: &str, key: &str) -> Option<String> {
        match (kind, key) {
            ("tag", key) => self.1.tags.get(key).map(str::to_owned),
            (_, "name") => Some(self.0.clone()),
            _ => None,
        }
    }

    #[allow(clippy::cast_precision_loss, reason = "times are far below 2^53")]
    fn number(&self, _: &str, key: &str) -> Option<f64> {
        match key {
            "creation_timestamp" => Some(self.1.created as f64),
            "last_updated_timestamp" => Some(self.1.updated as f64),
            _ => None,
        }
    }

    fn id(&self) -> &str {
        self.0
    }
}

fn search(asked: &Asked, store: &Store) -> Answer {
    let fields = Fields::of(asked)?;
    let page = paging::wanted(asked, &fields, &Limits { unless_said: Some(100), most: 1000, hint: true })?;
    let plan = matching::MODELS.plan(fields.text("filter")?, &fields.texts("order_by")?)?;
    let all: Vec<Named<'_>> = store.models.iter().map(|(name, model)| Named(name, model)).collect();
    let rows = plan.pick(all.iter()).into_iter().map(|Named(name, model)| shown(name, model));
    Ok(paging::page(asked, "registered_models", rows.collect(), page))
}

fn rename(asked: &Asked, store: &mut Store) -> Answer {
    let fields = Fields::of(asked)?;
    let (name, new) = (fields.required("name")?, fields.required("new_name")?);
    check_name(new)?;
    model(store, name)?;
    if store.models.contains_key(new) {
        return Err(taken(format!("Registered Model (name={new}) already exists.")));
    }
    let Some(mut model) = store.models.remove(name) else { return nothing() };
    model.updated = asked.now;
    for version in &mut model.versions {
        version.updated = asked.now;
    }
    let body = shown(new, &model);
    store.models.insert(new.to_owned(), model);
    Ok(json!({ "registered_model": body }))
}

fn update(asked: &Asked, store: &mut Store) -> Answer {
    let fields = Fields::of(asked)?;
    let name = fields.required("name")?;
    let description = fields.text("description")?.unwrap_or_default();
    let model = model(store, name)?;
    description.clone_into(&mut model.description);
    model.updated = asked.now;
    Ok(json!({ "registered_model": shown(name, model) }))
}

fn delete(asked: &Asked, store: &mut Store) -> Answer {
    let fields = Fields::of(asked)?;
    let name = fields.required("name")?;
    model(store, name)?;
    store.models.remove(name);
    nothing()
}

fn set_tag(asked: &Asked, store: &mut Store) -> Answer {
    let fields = Fields::of(asked)?;
    let (name, key) = (fields.required("name")?, fields.required("key")?);
    let value = fields.text("value")?.unwrap_or_default();
    model(store, name)?.tags.put(key, value)?;
    nothing()
}

fn delete_tag(asked: &Asked, store: &mut Store) -> Answer {
    let fields = Fields::of(asked)?;
    let (name, key) = (fields.required("name")?, fields.required("key")?);
    model(store, name)?.tags.remove(key);
    nothing()
}

fn check_alias(alias: &str) -> Result<(), ApiError> {
    let number =
        alias.strip_prefix(['v', 'V']).is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()));
    if number {
        return Err(invalid(format!("Version alias name '{alias}' is reserved.")));
    }
    if alias.eq_ignore_ascii_case("latest") {
        return Err(invalid("'latest' alias name (case insensitive) is reserved."));
    }
    if !alias.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-')) {
        return Err(invalid(format!(
            "Invalid alias name: '{alias}'. Names may only contain alphanumerics, underscores (_), and dashes (-)."
        )));
    }
    Ok(())
}

fn set_alias(asked: &Asked, store: &mut Store) -> Answer {
    let fields = Fields::of(asked)?;
    let (name, alias) = (fields.required("name")?, fields.required("alias")?);
    let version = fields.get("version").ok_or_else(|| missing("version"))?;
    check_alias(alias)?;
    let number = versions::number(version)?;
    versions::version(store, name, number)?;
    model(store, name)?.aliases.insert(alias.to_owned(), number);
    nothing()
}

fn get_alias(asked: &Asked, store: &mut Store) -> Answer {
    let fields = Fields::of(asked)?;
    let (name, alias) = (fields.required("name")?, fields.required("alias")?);
    let model = model(store, name)?;
    let version = model.aliases.get(alias).and_then(|number| model.versions.iter().find(|one| one.version == *number));
    let version = version.ok_or_else(|| invalid(format!("Registered model alias {alias} not found.")))?;
    Ok(json!({ "model_version": versions::shown(name, model, version) }))
}

fn delete_alias(asked: &Asked, store: &mut Store) -> Answer {
    let fields = Fields::of(asked)?;
    let (name, alias) = (fields.required("name")?, fields.required("alias")?);
    model(store, name)?.aliases.remove(alias);
    nothing()
}

fn latest(asked: &Asked, store: &mut Store) -> Answer {
    let fields = Fields::of(asked)?;
    let name = fields.required("name")?;
    let model = model(store, name)?;
    let last: Vec<Value> =
        model.versions.last().map(|version| versions::shown(name, model, version)).into_iter().collect();
    Ok(if last.is_empty() { json!({}) } else { json!({ "model_versions": last }) })
}
