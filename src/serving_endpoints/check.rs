//! What would be refused, or would leak a key, is said before anything is sent. Pure: JSON text in,
//! a sentence out, so that both faces share it.
//!
//! Sentences name the field and never its value. Rules the service has not documented are left to it:
//! unknown fields, unknown providers and new values pass.

mod external;

use crate::error::{Error, ErrorKind, Result};
use crate::wire::json::Raw;

/// Checks the body of a create call; gives the secrets that stand in it as plain text, and every value of an
/// environment that is no reference.
///
/// # Errors
/// `InvalidInput` naming the field.
///
/// ```
/// use lakewire::serving_endpoints::check;
/// let body = r#"{"name":"x","config":{"served_entities":[{"external_model":{"provider":"openai","name":"gpt-4",
///   "task":"llm/v1/chat","openai_config":{"openai_api_key":"sk-oops"}}}]}}"#;
/// let error = check::create(body).unwrap_err();
/// assert!(error.message().contains("openai_api_key") && !error.message().contains("sk-oops"));
/// ```
pub fn create(body: &str) -> Result<Vec<String>> {
    let root = object(body)?;
    name(root)?;
    gateway(root.get_some("ai_gateway"))?;
    tags(root.get_some("tags"), "tags")?;
    match root.get_some("config") {
        Some(at) if !at.is_object() => Err(fault("config", "must be an object")),
        Some(at) => configuration(at, "config."),
        None => Ok(Vec::new()),
    }
}

/// Checks the body of a change of what an endpoint serves; gives what no error may repeat, as [`create`] does.
///
/// # Errors
/// `InvalidInput` naming the field.
pub fn config(body: &str) -> Result<Vec<String>> {
    let root = object(body)?;
    if root.get_some("config").is_some() {
        return Err(fault(
            "config",
            "does not belong here: give its fields (`served_entities`, `traffic_config`) at the top",
        ));
    }
    configuration(root, "")
}

/// Checks a body for provisioned throughput, whose configuration always stands under `config`; `new` ones have a name.
/// Gives what no error may repeat, as [`create`] does.
///
/// # Errors
/// `InvalidInput` naming the field.
pub fn provisioned(body: &str, new: bool) -> Result<Vec<String>> {
    let root = object(body)?;
    if new {
        name(root)?;
    }
    let config = root
        .get_some("config")
        .filter(|config| config.is_object())
        .ok_or_else(|| fault("config", "is missing: provisioned throughput needs { config: { served_entities } }"))?;
    let entities = list(config, "config.", "served_entities")?;
    if entities.is_empty() {
        return Err(fault("config.served_entities", "must hold at least one model"));
    }
    let mut secrets = Vec::new();
    for (at, entity) in entities.iter().enumerate() {
        let place = place("config.served_entities", at);
        environment(*entity, &place, &mut secrets)?;
        required(*entity, &place, "entity_name")?;
        if entity.get_some("provisioned_model_units").and_then(Raw::as_i64).is_none_or(|units| units < 1) {
            return Err(fault(&[&place, ".provisioned_model_units"].concat(), "must be a whole number, 1 or more"));
        }
    }
    traffic(config, "config.", &entities)?;
    Ok(secrets)
}

/// Checks the body of an AI Gateway change.
///
/// # Errors
/// `InvalidInput` naming the field.
pub fn ai_gateway(body: &str) -> Result<()> {
    gateway(Some(object(body)?))
}

/// Checks the body of a change of labels.
///
/// # Errors
/// `InvalidInput` naming the field.
pub fn update_tags(body: &str) -> Result<()> {
    let root = object(body)?;
    let (add, delete) = (root.get_some("add_tags"), root.get_some("delete_tags"));
    if add.is_none() && delete.is_none() {
        return Err(fault("add_tags", "or `delete_tags` is needed: both are missing"));
    }
    if delete.is_some_and(|keys| !keys.is_array() || !keys.items().all(Raw::is_string)) {
        return Err(fault("delete_tags", "must be a list of keys"));
    }
    tags(add, "add_tags")
}

/// Checks the body of a change of the older rate limits.
///
/// # Errors
/// `InvalidInput` naming the field.
pub fn rate_limits(body: &str) -> Result<()> {
    for (at, limit) in list(object(body)?, "", "rate_limits")?.iter().enumerate() {
        let place = place("rate_limits", at);
        if limit.get_some("calls").and_then(Raw::as_i64).is_none_or(|calls| calls < 0) {
            return Err(fault(&[&place, ".calls"].concat(), "must be a whole number, 0 or more"));
        }
        period(*limit, &place)?;
    }
    Ok(())
}

fn object(body: &str) -> Result<Raw<'_>> {
    let root = Raw::parse(body).map_err(|_| invalid("The body is not valid JSON."))?;
    if root.is_object() { Ok(root) } else { Err(invalid("The body must be an object.")) }
}

fn name(root: Raw<'_>) -> Result<()> {
    let name = root.get_some("name").and_then(Raw::as_str).unwrap_or_default();
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if name.is_empty() || !name.bytes().all(fits) {
        return Err(fault("name", "must be made of letters, digits, `-`, `_` and `.`"));
    }
    Ok(())
}

fn configuration(config: Raw<'_>, before: &str) -> Result<Vec<String>> {
    let mut secrets = Vec::new();
    let entities = list(config, before, "served_entities")?;
    let models = list(config, before, "served_models")?;
    if entities.is_empty() && models.is_empty() && config.get_some("auto_capture_config").is_none() {
        return Err(fault(&[before, "served_entities"].concat(), "must hold at least one entity"));
    }
    let mut task = None;
    let externals = entities.iter().filter(|entity| entity.get_some("external_model").is_some()).count();
    if externals > 0 && externals < entities.len() + models.len() {
        return Err(fault(
            &[before, "served_entities"].concat(),
            "mixes external models with others: an endpoint serves the one kind or the other",
        ));
    }
    for (at, entity) in entities.iter().enumerate() {
        let place = place(&[before, "served_entities"].concat(), at);
        if !entity.is_object() {
            return Err(fault(&place, "must be an object"));
        }
        environment(*entity, &place, &mut secrets)?;
        match entity.get_some("external_model") {
            None => own_model(*entity, &place)?,
            Some(_) if entity.get_some("entity_name").is_some() => {
                return Err(fault(&place, "has both `entity_name` and `external_model`: give one of the two"));
            }
            Some(model) => {
                let place = [&place, ".external_model"].concat();
                let does = external::model(model, &place, &mut secrets)?;
                if task.as_ref().is_some_and(|first| *first != does) {
                    return Err(fault(
                        &[&place, ".task"].concat(),
                        "differs from that of the first external model: all must do the same",
                    ));
                }
                task = Some(does);
            }
        }
    }
    for (at, model) in models.iter().enumerate() {
        environment(*model, &place(&[before, "served_models"].concat(), at), &mut secrets)?;
    }
    let all: Vec<_> = entities.into_iter().chain(models).collect();
    traffic(config, before, &all)?;
    Ok(secrets)
}

/// An entity that is no external model.
fn own_model(entity: Raw<'_>, place: &str) -> Result<()> {
    required(entity, place, "entity_name")?;
    if entity.get_some("entity_version").is_some_and(|version| !version.is_string()) {
        return Err(fault(&[place, ".entity_version"].concat(), "must be text, such as \"1\""));
    }
    let concurrency = ["min_provisioned_concurrency", "max_provisioned_concurrency"];
    if entity.get_some("workload_size").is_some() && concurrency.iter().any(|key| entity.get_some(key).is_some()) {
        return Err(fault(place, "has both `workload_size` and a provisioned concurrency: give one of the two"));
    }
    Ok(())
}

fn environment(entity: Raw<'_>, place: &str, secrets: &mut Vec<String>) -> Result<()> {
    let Some(vars) = entity.get_some("environment_vars") else { return Ok(()) };
    let place = [place, ".environment_vars"].concat();
    if !vars.is_object() {
        return Err(fault(&place, "must be an object of texts"));
    }
    for (name, value) in vars.fields() {
        let Some(value) = value.as_str() else {
            return Err(fault(&[&place, ".", &name].concat(), "must be text"));
        };
        if super::types::is_reference(&value) {
            continue;
        }
        if value.starts_with("{{secrets") {
            return Err(fault(&[&place, ".", &name].concat(), external::REFERENCE));
        }
        // no name tells that its value is none: an address may hold a password
        secrets.push(value.into_owned());
    }
    Ok(())
}

fn traffic(config: Raw<'_>, before: &str, entities: &[Raw<'_>]) -> Result<()> {
    let Some(traffic) = config.get_some("traffic_config") else { return Ok(()) };
    let before = [before, "traffic_config."].concat();
    let routes = list(traffic, &before, "routes")?;
    if routes.is_empty() {
        return Ok(());
    }
    // names the service makes up are its own business: only names that were given are compared
    let given: Vec<_> = entities.iter().filter_map(|entity| entity.get_some("name").and_then(Raw::as_str)).collect();
    let mut sum = 0_i64;
    for (at, route) in routes.iter().enumerate() {
        let place = place(&[&before, "routes"].concat(), at);
        let to = ["served_entity_name", "served_model_name"].iter().find_map(|key| route.get_some(key));
        let Some(to) = to.and_then(Raw::as_str) else {
            return Err(fault(&[&place, ".served_entity_name"].concat(), "is missing"));
        };
        if given.len() == entities.len() && !given.contains(&to) {
            return Err(fault(&[&place, ".served_entity_name"].concat(), "names none of the served entities"));
        }
        let share = route.get_some("traffic_percentage");
        let share =
            share.and_then(|share| share.as_i64().or_else(|| share.as_str().and_then(|text| text.parse().ok())));
        match share {
            Some(share @ 0..=100) => sum += share,
            _ => return Err(fault(&[&place, ".traffic_percentage"].concat(), "must be a whole number from 0 to 100")),
        }
    }
    if sum == 100 { Ok(()) } else { Err(fault(&[&before, "routes"].concat(), "must sum to 100 percent")) }
}

fn gateway(gateway: Option<Raw<'_>>) -> Result<()> {
    let Some(gateway) = gateway else { return Ok(()) };
    if !gateway.is_object() {
        return Err(fault("ai_gateway", "must be an object"));
    }
    for (at, limit) in list(gateway, "", "rate_limits")?.iter().enumerate() {
        let place = place("rate_limits", at);
        if limit.get_some("calls").is_none() && limit.get_some("tokens").is_none() {
            return Err(fault(&place, "needs `calls` or `tokens`"));
        }
        period(*limit, &place)?;
        let key = limit.get_some("key").and_then(Raw::as_str).unwrap_or_default();
        if matches!(&*key, "user_group" | "service_principal") {
            required(*limit, &place, "principal")?;
        }
    }
    Ok(())
}

fn period(limit: Raw<'_>, place: &str) -> Result<()> {
    if limit.get_some("renewal_period").is_none_or(|period| period.text() != "\"minute\"") {
        return Err(fault(&[place, ".renewal_period"].concat(), "must be \"minute\""));
    }
    Ok(())
}

fn tags(tags: Option<Raw<'_>>, name: &str) -> Result<()> {
    let Some(tags) = tags else { return Ok(()) };
    if !tags.is_array() {
        return Err(fault(name, "must be a list of { key, value }"));
    }
    for (at, tag) in tags.items().enumerate() {
        required(tag, &place(name, at), "key")?;
    }
    Ok(())
}

/// The items of a list that may be missing.
fn list<'a>(of: Raw<'a>, before: &str, name: &str) -> Result<Vec<Raw<'a>>> {
    match of.get_some(name) {
        None => Ok(Vec::new()),
        Some(list) if list.is_array() => Ok(list.items().collect()),
        Some(_) => Err(fault(&[before, name].concat(), "must be a list")),
    }
}

/// A text that must be there and say something.
fn required(of: Raw<'_>, place: &str, name: &str) -> Result<()> {
    if of.get_some(name).and_then(Raw::as_str).is_none_or(|text| text.is_empty()) {
        return Err(fault(&[place, ".", name].concat(), "is missing"));
    }
    Ok(())
}

fn place(list: &str, at: usize) -> String {
    [list, "[", &at.to_string(), "]"].concat()
}

fn fault(field: &str, what: &str) -> Error {
    invalid(&["`", field, "` ", what, "."].concat())
}

fn invalid(sentence: &str) -> Error {
    Error::new(ErrorKind::InvalidInput, sentence)
}

#[cfg(test)]
mod tests;
