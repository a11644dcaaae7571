//! Values of attributes: as OTLP has them, as the REST calls give them, and as the JSON texts they are stored as.

use serde_json::{Map, Value, json};

/// An OTLP value in plain JSON; `None` if it is none.
pub(super) fn decoded(value: &Value) -> Option<Value> {
    let Some((kind, inner)) = value.as_object()?.iter().next() else { return Some(Value::Null) };
    Some(match kind.as_str() {
        "stringValue" | "bytesValue" => Value::String(inner.as_str()?.to_owned()),
        "boolValue" => Value::Bool(inner.as_bool()?),
        "intValue" => Value::from(super::fields::as_int(inner)?),
        "doubleValue" => super::fields::as_float(inner).map(|number| json!(number))?,
        "arrayValue" => {
            let values = inner.get("values").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            Value::Array(values.iter().map(decoded).collect::<Option<_>>()?)
        }
        "kvlistValue" => Value::Object(pairs(inner.get("values"))?.into_iter().collect()),
        _ => return None,
    })
}

/// A list of `{key, value}` of OTLP in plain JSON.
pub(super) fn pairs(list: Option<&Value>) -> Option<Vec<(String, Value)>> {
    let list = list.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    list.iter()
        .map(|pair| {
            let key = pair.get("key")?.as_str()?.to_owned();
            Some((key, pair.get("value").map_or(Some(Value::Null), decoded)?))
        })
        .collect()
}

/// A value as the REST calls give it; null has no form.
pub(super) fn any_value(value: &Value) -> Option<Value> {
    Some(match value {
        Value::Null => return None,
        Value::Bool(value) => json!({ "bool_value": value }),
        Value::Number(number) if number.is_i64() => json!({ "int_value": number }),
        Value::Number(number) => json!({ "double_value": number }),
        Value::String(text) => json!({ "string_value": text }),
        Value::Array(list) if list.is_empty() => json!({ "array_value": {} }),
        Value::Array(list) => {
            let values: Vec<Value> = list.iter().map(|item| any_value(item).unwrap_or_else(|| json!({}))).collect();
            json!({ "array_value": { "values": values } })
        }
        Value::Object(map) if map.is_empty() => json!({ "kvlist_value": {} }),
        Value::Object(map) => {
            let values: Vec<Value> = map.iter().map(|(key, value)| key_value(key, value)).collect();
            json!({ "kvlist_value": { "values": values } })
        }
    })
}

/// One attribute as the REST calls give it.
pub(super) fn key_value(key: &str, value: &Value) -> Value {
    let mut pair = Map::new();
    pair.insert("key".to_owned(), json!(key));
    if let Some(value) = any_value(value) {
        pair.insert("value".to_owned(), value);
    }
    Value::Object(pair)
}

/// The JSON text a value is stored as: texts that are JSON of a text, list or object stay as they are.
pub(super) fn stored(value: &Value) -> String {
    let kept = |text: &str| {
        let read = serde_json::from_str::<Value>(text);
        read.is_ok_and(|value| value.is_string() || value.is_array() || value.is_object())
    };
    match value {
        Value::String(text) if kept(text) => text.clone(),
        value => spaced(value),
    }
}

/// JSON with a space after commas and colons, as Python writes it.
pub(super) fn spaced(value: &Value) -> String {
    match value {
        Value::Array(list) => format!("[{}]", list.iter().map(spaced).collect::<Vec<_>>().join(", ")),
        Value::Object(map) => {
            let pairs: Vec<String> =
                map.iter().map(|(key, value)| format!("{}: {}", Value::from(key.as_str()), spaced(value))).collect();
            format!("{{{}}}", pairs.join(", "))
        }
        value => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_go_in_and_come_out() {
        let otlp = json!({"kvlistValue": {"values": [
            {"key": "i", "value": {"intValue": "9007199254740993"}},
            {"key": "l", "value": {"arrayValue": {"values": [{"boolValue": true}, {}]}}},
            {"key": "n"}]}});
        let value = decoded(&otlp).unwrap();
        assert_eq!(value, json!({"i": 9_007_199_254_740_993_i64, "l": [true, null], "n": null}));
        assert_eq!(
            any_value(&value).unwrap(),
            json!({"kvlist_value": {"values": [
                {"key": "i", "value": {"int_value": 9_007_199_254_740_993_i64}},
                {"key": "l", "value": {"array_value": {"values": [{"bool_value": true}, {}]}}},
                {"key": "n"}]}})
        );
        assert_eq!(decoded(&json!({"nonsense": 1})), None);
    }

    #[test]
    fn texts_that_are_json_stay() {
        assert_eq!(stored(&json!("{\"a\":1}")), "{\"a\":1}");
        assert_eq!(stored(&json!("plain")), "\"plain\"");
        assert_eq!(stored(&json!("5")), "\"5\"");
        assert_eq!(stored(&json!({"a": [1, "x"]})), "{\"a\": [1, \"x\"]}");
    }
}
