//! Assessments of traces (wire: mlflow-tracing §6).

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::fields::{Fields, missing};
use super::store::{Store, Trace};
use super::{Answer, Asked, absent, invalid, nothing, time};
use crate::errors::ApiError;
use crate::json::set;

/// The calls below `traces/{id}/assessments`.
pub(super) fn answer(asked: &Asked, store: &mut Store, trace: &str, rest: &[&str]) -> Option<Answer> {
    Some(match (asked.method.as_str(), rest) {
        ("POST", []) => create(asked, store, trace),
        ("GET", [id]) => get(store, trace, id),
        ("PATCH", [id]) => update(asked, store, trace, id),
        ("DELETE", [id]) => delete(store, trace, id),
        _ => return None,
    })
}

fn now(asked: &Asked) -> String {
    time::iso(i64::try_from(asked.now).unwrap_or(0))
}

fn field<'v>(assessment: &'v Value, name: &str) -> &'v str {
    assessment.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The assessment's value, in the form it is given out.
fn valued(given: &Fields) -> Result<Option<(&'static str, Value)>, ApiError> {
    match (given.get("feedback"), given.get("expectation")) {
        (Some(feedback), _) => {
            let mut shown = json!({ "value": feedback.get("value").cloned().unwrap_or_default() });
            if let Some(error) = feedback.get("error").filter(|error| !error.is_null()) {
                set(&mut shown, "error", error.clone());
            }
            Ok(Some(("feedback", shown)))
        }
        (None, Some(expectation)) => {
            let name = if expectation.get("serialized_value").is_some() { "serialized_value" } else { "value" };
            let value = expectation.get(name).cloned().unwrap_or_default();
            if name == "value" && (value.is_array() || value.is_object()) {
                return Err(invalid("A list or an object as expectation goes into 'serialized_value', as JSON text."));
            }
            Ok(Some(("expectation", json!({ name: value }))))
        }
        (None, None) => Ok(None),
    }
}

fn create(asked: &Asked, store: &mut Store, trace_id: &str) -> Answer {
    let fields = Fields::of(asked)?;
    let given = Fields::inner(fields.get("assessment").ok_or_else(|| missing("assessment"))?);
    let (kind, value) = valued(&given)?.ok_or_else(|| invalid("Unknown assessment type: None"))?;
    let id = format!("a-{}", store.id());
    let trace = store.trace_mut(trace_id)?;
    Store::room_for_assessment(trace)?;
    let source = given.get("source");
    let part = |name: &str| source.and_then(|source| source.get(name)).and_then(Value::as_str);
    let known = part("source_type").filter(|kind| matches!(*kind, "HUMAN" | "LLM_JUDGE" | "CODE" | "AI_JUDGE"));
    let mut shown_source = json!({ "source_type": known.unwrap_or("SOURCE_TYPE_UNSPECIFIED") });
    if let Some(id) = part("source_id") {
        set(&mut shown_source, "source_id", id);
    }
    let mut assessment = json!({
        "assessment_id": id,
        "assessment_name": given.text("assessment_name")?.unwrap_or_default(),
        "trace_id": trace_id,
    });
    if let Some(span) = given.text("span_id")? {
        set(&mut assessment, "span_id", span);
    }
    set(&mut assessment, "source", shown_source);
    let now = now(asked);
    set(&mut assessment, "create_time", given.text("create_time")?.map_or_else(|| now.clone(), rewritten));
    set(&mut assessment, "last_update_time", given.text("last_update_time")?.map_or(now, rewritten));
    set(&mut assessment, kind, value);
    for name in ["rationale", "metadata", "overrides"] {
        if let Some(value) = given.get(name) {
            set(&mut assessment, name, value.clone());
        }
    }
    set(&mut assessment, "valid", true);
    if let Some(overridden) = given.text("overrides")? {
        find(trace, overridden).map(|known| set(known, "valid", false))?;
    }
    trace.assessments.push(assessment.clone());
    Ok(json!({ "assessment": assessment }))
}

/// A time as protobuf would write it.
fn rewritten(text: &str) -> String {
    time::parse(text).map_or_else(|| text.to_owned(), time::iso)
}

fn find<'t>(trace: &'t mut Trace, id: &str) -> Result<&'t mut Value, ApiError> {
    let trace_id = trace.id.clone();
    let found = trace.assessments.iter_mut().find(|known| field(known, "assessment_id") == id);
    found.ok_or_else(|| absent(format!("Assessment with ID '{id}' not found for trace '{trace_id}'")))
}

fn get(store: &mut Store, trace: &str, id: &str) -> Answer {
    let assessment = find(store.trace_mut(trace)?, id)?;
    Ok(json!({ "assessment": assessment }))
}

/// The name of a field of the mask as it stands in an assessment.
fn snake(name: &str) -> String {
    let mut text = String::new();
    for c in name.trim().chars() {
        if c.is_ascii_uppercase() {
            text.push('_');
        }
        text.push(c.to_ascii_lowercase());
    }
    text
}

fn update(asked: &Asked, store: &mut Store, trace: &str, id: &str) -> Answer {
    let fields = Fields::of(asked)?;
    let given = Fields::inner(fields.get("assessment").ok_or_else(|| missing("assessment"))?);
    let mask = fields.required("update_mask")?;
    let assessment = find(store.trace_mut(trace)?, id)?;
    let mut next = assessment.clone();
    for name in mask.split(',').map(snake) {
        match name.as_str() {
            "feedback" | "expectation" => {
                if next.get(&name).is_none() {
                    let holds = if name == "feedback" { "an Expectation" } else { "a Feedback" };
                    return Err(invalid(format!("Cannot update {name} value on {holds} assessment.")));
                }
                if let Some((kind, value)) = valued(&given)? {
                    set(&mut next, kind, value);
                }
            }
            // what is there of metadata stays, unless it is said anew
            "metadata" => {
                let mut merged = next.get("metadata").and_then(Value::as_object).cloned().unwrap_or_else(Map::new);
                merged.extend(given.get("metadata").and_then(Value::as_object).cloned().unwrap_or_default());
                set(&mut next, "metadata", Value::Object(merged));
            }
            "assessment_name" | "rationale" | "source" | "span_id" | "valid" => {
                if let Some(value) = given.get(&name) {
                    set(&mut next, &name, value.clone());
                }
            }
            _ => {
                let message = format!("The update_mask names '{name}', which cannot be changed.");
                return Err(ApiError::new(StatusCode::BAD_REQUEST, "INVALID_PARAMETER_VALUE", message));
            }
        }
    }
    set(&mut next, "last_update_time", now(asked));
    assessment.clone_from(&next);
    Ok(json!({ "assessment": next }))
}

fn delete(store: &mut Store, trace: &str, id: &str) -> Answer {
    let trace = store.trace_mut(trace)?;
    // one that is not there is no failure
    let Ok(gone) = find(trace, id).cloned() else { return nothing() };
    trace.assessments.retain(|known| field(known, "assessment_id") != id);
    // what it stood over holds again
    if let Ok(overridden) = find(trace, field(&gone, "overrides")) {
        set(overridden, "valid", true);
    }
    nothing()
}
