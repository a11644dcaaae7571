//! The core config of an endpoint: checked, and filled in as the service fills it in (wire: serving-endpoints §3).

use serde_json::{Map, Value, json};

use super::{CREATOR, Kind, external};
use crate::errors::ApiError;
use crate::json::{invalid, set};
use crate::secrets::Scopes;

/// Most served entities of one endpoint.
const MAX_ENTITIES: usize = 15;
const WORKLOAD_SIZES: &[&str] = &["Small", "Medium", "Large"];
const WORKLOAD_TYPES: &[&str] = &[
    "CPU",
    "CPU_MEDIUM",
    "CPU_LARGE",
    "GPU_SMALL",
    "GPU_MEDIUM",
    "GPU_LARGE",
    "GPU_XLARGE",
    "GPU_XLARGE_8",
    "MULTIGPU_MEDIUM",
];
/// What a served entity may say in numbers.
const COUNTS: &[&str] = &[
    "min_provisioned_concurrency",
    "max_provisioned_concurrency",
    "min_provisioned_throughput",
    "max_provisioned_throughput",
    "provisioned_model_units",
];

/// A config that passed.
#[derive(Debug, Clone)]
pub struct Checked {
    /// The config as it is kept: entities named, routes filled in, secrets only as references.
    pub config: Value,
    /// What it serves.
    pub kind: Kind,
    /// Its task; empty for a plain custom model.
    pub task: String,
}

/// Checks a config. `provisioned` is the form of provisioned throughput, where units take the place of sizes.
///
/// # Errors
/// 400 with a sentence naming the field.
pub fn check(
    config: &Map<String, Value>,
    scopes: &Scopes,
    version: u64,
    now_ms: u64,
    provisioned: bool,
) -> Result<Checked, ApiError> {
    let entities = entities(config)?;
    let mut kept = Vec::with_capacity(entities.len());
    let mut first: Option<(Kind, String)> = None;
    let mut names: Vec<String> = Vec::new();
    for entity in &entities {
        let (mut entity, kind, task) = entity_of(entity, scopes, provisioned)?;
        let name = entity.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        if names.contains(&name) {
            return Err(invalid(&format!("Two served entities have the name '{name}'.")));
        }
        names.push(name);
        match &first {
            None => first = Some((kind, task)),
            Some((other, _)) if *other != kind => {
                return Err(invalid("External models and other served entities cannot be mixed on one endpoint."));
            }
            Some((_, other)) if *other != task => {
                return Err(invalid("All external models of an endpoint must have the same task."));
            }
            Some(_) => {}
        }
        entity.insert("creator".to_owned(), json!(CREATOR));
        entity.insert("creation_timestamp".to_owned(), json!(now_ms));
        kept.push(Value::Object(entity));
    }
    let routes = routes(config, &names)?;
    let mut checked =
        json!({ "served_entities": kept, "config_version": version, "traffic_config": { "routes": routes } });
    if let Some(capture) = config.get("auto_capture_config").filter(|capture| !capture.is_null()) {
        set(&mut checked, "auto_capture_config", auto_capture(capture)?);
    }
    let (kind, task) = first.unwrap_or((Kind::Custom, String::new()));
    Ok(Checked { config: checked, kind, task })
}

/// The entities, whichever of the two names they came under.
fn entities(config: &Map<String, Value>) -> Result<Vec<Map<String, Value>>, ApiError> {
    let given = |key: &str| config.get(key).filter(|list| !list.is_null());
    let (list, old) = match (given("served_entities"), given("served_models")) {
        (Some(_), Some(_)) => return Err(invalid("Give 'served_entities' or 'served_models', not both.")),
        (Some(list), None) => (list, false),
        (None, Some(list)) => (list, true),
        (None, None) => return Err(invalid("The config needs 'served_entities'.")),
    };
    let Some(list) = list.as_array() else { return Err(invalid("'served_entities' must be a list.")) };
    if list.is_empty() {
        return Err(invalid("'served_entities' must hold at least one entity."));
    }
    if list.len() > MAX_ENTITIES {
        return Err(invalid(&format!("'served_entities' holds {}; at most {MAX_ENTITIES} are allowed.", list.len())));
    }
    let object = |entity: &Value| {
        let entity = entity.as_object().cloned();
        let mut entity = entity.ok_or_else(|| invalid("Every served entity must be an object."))?;
        entity.retain(|_, value| !value.is_null());
        if old {
            for (from, to) in [("model_name", "entity_name"), ("model_version", "entity_version")] {
                if let Some(value) = entity.shift_remove(from) {
                    entity.insert(to.to_owned(), value);
                }
            }
        }
        Ok(entity)
    };
    list.iter().map(object).collect()
}

type Entity = (Map<String, Value>, Kind, String);

fn entity_of(entity: &Map<String, Value>, scopes: &Scopes, provisioned: bool) -> Result<Entity, ApiError> {
    let mut kept = entity.clone();
    for written_by_the_service in ["state", "creator", "creation_timestamp", "foundation_model"] {
        kept.shift_remove(written_by_the_service);
    }
    let text = |key: &str| match entity.get(key) {
        None => Ok(None),
        Some(Value::String(text)) if !text.is_empty() => Ok(Some(text.as_str())),
        Some(_) => Err(invalid(&format!("'{key}' of a served entity must be a string that is not empty."))),
    };
    let (default_name, kind, task) = match (entity.get("external_model"), text("entity_name")?) {
        (Some(_), Some(_)) => {
            return Err(invalid("A served entity has 'external_model' or 'entity_name', not both."));
        }
        (None, None) => return Err(invalid("A served entity needs 'entity_name' or 'external_model'.")),
        (Some(model), None) => {
            let (model, task) = external::check(model, scopes)?;
            let name = model.get("name").and_then(Value::as_str).unwrap_or_default();
            let name = name.replace(['.', ':', '/'], "-");
            kept.insert("external_model".to_owned(), model);
            (name, Kind::External, task)
        }
        (None, Some(model)) => {
            let version = text("entity_version")?;
            let name = version.map_or_else(|| model.to_owned(), |version| format!("{model}-{version}"));
            (name.replace('.', "-"), Kind::Custom, hosted_task(model).to_owned())
        }
    };
    let name = text("name")?.unwrap_or(&default_name).to_owned();
    if !super::is_name(&name) {
        return Err(invalid(&format!(
            "'{name}' cannot name a served entity: use letters, digits, hyphens, underscores and dots."
        )));
    }
    kept.insert("name".to_owned(), json!(name));
    if kind == Kind::Custom {
        compute(entity, &mut kept, provisioned)?;
    }
    if let Some(variables) = entity.get("environment_vars") {
        let Some(variables) = variables.as_object() else {
            return Err(invalid("'environment_vars' must be an object."));
        };
        for (name, value) in variables {
            let Some(value) = value.as_str() else {
                return Err(invalid(&format!("The environment variable '{name}' must be a string.")));
            };
            if value.starts_with("{{") {
                scopes.check_reference(&format!("environment_vars.{name}"), value)?;
            }
        }
    }
    Ok((kept, kind, task))
}

/// The task of Databricks' own models when they are served with provisioned throughput; other models have none.
fn hosted_task(entity_name: &str) -> &'static str {
    match entity_name.strip_prefix("system.ai.") {
        Some(model) if model.contains("gte") || model.contains("bge") => "llm/v1/embeddings",
        Some(_) => "llm/v1/chat",
        None => "",
    }
}

fn compute(entity: &Map<String, Value>, kept: &mut Map<String, Value>, provisioned: bool) -> Result<(), ApiError> {
    for (key, known) in [("workload_size", WORKLOAD_SIZES), ("workload_type", WORKLOAD_TYPES)] {
        let Some(value) = entity.get(key) else { continue };
        if !value.as_str().is_some_and(|value| known.contains(&value)) {
            return Err(invalid(&format!("'{key}' must be one of {}, not {value}.", known.join(", "))));
        }
    }
    for key in ["scale_to_zero_enabled", "burst_scaling_enabled"] {
        if entity.get(key).is_some_and(|value| !value.is_boolean()) {
            return Err(invalid(&format!("'{key}' must be true or false.")));
        }
    }
    for key in COUNTS {
        if entity.get(*key).is_some_and(|value| !value.is_u64()) {
            return Err(invalid(&format!("'{key}' must be a whole number.")));
        }
    }
    for what in ["concurrency", "throughput"] {
        let of = |end: &str| entity.get(&format!("{end}_provisioned_{what}")).and_then(Value::as_u64);
        if of("min").zip(of("max")).is_some_and(|(low, high)| low > high) {
            return Err(invalid(&format!("'min_provisioned_{what}' is above 'max_provisioned_{what}'.")));
        }
    }
    let concurrency = COUNTS.iter().take(2).any(|key| entity.contains_key(*key));
    if concurrency && entity.contains_key("workload_size") {
        return Err(invalid("Give 'workload_size' or provisioned concurrency, not both."));
    }
    if provisioned && !entity.contains_key("provisioned_model_units") {
        return Err(invalid("A provisioned throughput entity needs 'provisioned_model_units'."));
    }
    if !provisioned {
        kept.entry("workload_type").or_insert(json!("CPU"));
        kept.entry("scale_to_zero_enabled").or_insert(json!(false));
        if !COUNTS.iter().any(|key| entity.contains_key(*key)) {
            kept.entry("workload_size").or_insert(json!("Small"));
        }
    }
    Ok(())
}

/// The routes: those given, or all traffic to the only entity.
fn routes(config: &Map<String, Value>, names: &[String]) -> Result<Vec<Value>, ApiError> {
    let given =
        config.get("traffic_config").and_then(|traffic| traffic.get("routes")).filter(|routes| !routes.is_null());
    let route = |name: &str, percentage: u64| json!({ "served_entity_name": name, "served_model_name": name, "traffic_percentage": percentage });
    let Some(given) = given else {
        return match names {
            [only] => Ok(vec![route(only, 100)]),
            _ => Err(invalid("Several served entities need 'traffic_config.routes'.")),
        };
    };
    let Some(given) = given.as_array() else { return Err(invalid("'traffic_config.routes' must be a list.")) };
    let mut routes = Vec::with_capacity(given.len());
    let mut sum = 0;
    let mut seen: Vec<&str> = Vec::new();
    for one in given {
        let name = one.get("served_entity_name").or(one.get("served_model_name")).and_then(Value::as_str);
        let Some(name) = name else { return Err(invalid("Every route needs 'served_entity_name'.")) };
        if !names.iter().any(|known| known == name) {
            return Err(invalid(&format!("A route names '{name}', which is no served entity of this endpoint.")));
        }
        if seen.contains(&name) {
            return Err(invalid(&format!("Two routes name '{name}'.")));
        }
        seen.push(name);
        let percentage = match one.get("traffic_percentage") {
            Some(Value::Number(number)) => number.as_u64(),
            // a docs page shows it as a string
            Some(Value::String(text)) => text.parse().ok(),
            _ => None,
        };
        let Some(percentage) = percentage.filter(|percentage| *percentage <= 100) else {
            return Err(invalid("'traffic_percentage' must be a whole number between 0 and 100."));
        };
        sum += percentage;
        routes.push(route(name, percentage));
    }
    if sum != 100 {
        return Err(invalid(&format!("The traffic percentages of all routes must add up to 100, not {sum}.")));
    }
    Ok(routes)
}

fn auto_capture(capture: &Value) -> Result<Value, ApiError> {
    let Some(object) = capture.as_object() else { return Err(invalid("'auto_capture_config' must be an object.")) };
    let mut kept = Value::Object(object.clone());
    if object.get("enabled") == Some(&Value::Bool(true)) {
        for key in ["catalog_name", "schema_name"] {
            if !object.get(key).is_some_and(Value::is_string) {
                return Err(invalid(&format!("'auto_capture_config' needs '{key}'.")));
            }
        }
        let table = object.get("table_name_prefix").and_then(Value::as_str).unwrap_or("endpoint");
        let payload = json!({ "name": format!("{table}_payload"), "status": "READY", "status_message": "" });
        set(&mut kept, "state", json!({ "payload_table": payload }));
    }
    Ok(kept)
}
