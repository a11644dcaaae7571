//! What a JSON schema says of a value: its type, whether null will do, its bounds.

use serde_json::{Number, Value};

pub(super) fn kind(schema: &Value) -> &str {
    match schema.get("type") {
        Some(Value::String(kind)) => kind,
        Some(Value::Array(kinds)) => {
            kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or("null")
        }
        _ if schema.get("properties").is_some() => "object",
        _ if schema.get("items").is_some() => "array",
        _ => "string",
    }
}

pub(super) fn allows_null(schema: &Value) -> bool {
    let null = Value::from("null");
    let listed = |value: Option<&Value>| value.and_then(Value::as_array).is_some_and(|kinds| kinds.contains(&null));
    let alternative = |key: &str| {
        let list = schema.get(key).and_then(Value::as_array);
        list.is_some_and(|list| list.iter().any(|one| one.get("type") == Some(&null)))
    };
    listed(schema.get("type")) || alternative("anyOf") || alternative("oneOf")
}

fn bounded(value: f64, schema: &Value) -> f64 {
    let bound = |key: &str| schema.get(key).and_then(Value::as_f64);
    let mut value = value;
    if let Some(least) = bound("minimum").or(bound("exclusiveMinimum").map(|least| least + 1.0)) {
        value = value.max(least);
    }
    if let Some(most) = bound("maximum").or(bound("exclusiveMaximum").map(|most| most - 1.0)) {
        value = value.min(most);
    }
    value
}

pub(super) fn whole(value: f64, schema: &Value) -> Value {
    // saturating by definition: a float outside the range becomes its end
    Value::from(bounded(value, schema).round() as i64)
}

pub(super) fn decimal(value: f64, schema: &Value) -> Option<Value> {
    let value = bounded(value, schema);
    if value.fract() == 0.0 && value.abs() < 9e15 {
        return Some(Value::from(value as i64));
    }
    Number::from_f64(value).map(Value::Number)
}

/// The text within the schema's length limits.
pub(super) fn fitted(text: String, schema: &Value) -> String {
    let most = schema.get("maxLength").and_then(Value::as_u64).and_then(|most| usize::try_from(most).ok());
    most.map_or_else(|| text.clone(), |most| text.chars().take(most).collect())
}
