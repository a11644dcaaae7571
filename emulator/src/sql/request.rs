//! What a submit may say (wire: sql-statements §2).

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::errors::ApiError;
use crate::json::{invalid, set};

/// Longest statement, in bytes.
const MAX_STATEMENT_BYTES: usize = 16 * 1024 * 1024;
/// Size of a chunk unless a fault says otherwise, in bytes.
const CHUNK_BYTES: u64 = 4 * 1024 * 1024;

/// A submit that may be run.
#[derive(Debug)]
pub(super) struct Submit {
    /// The warehouse it is for.
    pub(super) warehouse_id: String,
    /// How long the answer may wait for the end.
    pub(super) wait: Duration,
    /// Whether the end of the waiting ends the statement.
    pub(super) cancel_on_timeout: bool,
    /// Whether the results come as links.
    pub(super) external: bool,
    /// What the engine is asked, without the id.
    pub(super) engine: Value,
}

impl Submit {
    /// Reads the body.
    ///
    /// # Errors
    /// 400 INVALID_PARAMETER_VALUE.
    pub(super) fn read(body: &Map<String, Value>, chunk_bytes: Option<u64>) -> Result<Self, ApiError> {
        let statement = required(body, "statement")?;
        if statement.len() > MAX_STATEMENT_BYTES {
            return Err(invalid(&format!("'statement' has at most {MAX_STATEMENT_BYTES} bytes.")));
        }
        let warehouse_id = required(body, "warehouse_id")?.to_owned();
        let external = one_of(body, "disposition", &["INLINE", "EXTERNAL_LINKS"])? == "EXTERNAL_LINKS";
        let format = one_of(body, "format", &["JSON_ARRAY", "ARROW_STREAM", "CSV"])?;
        if !external && format != "JSON_ARRAY" {
            return Err(invalid(&format!("The format {format} needs the disposition EXTERNAL_LINKS.")));
        }
        let cancel_on_timeout = one_of(body, "on_wait_timeout", &["CONTINUE", "CANCEL"])? == "CANCEL";
        let wait = wait(text(body, "wait_timeout")?.unwrap_or("10s"))?;
        let mut engine = json!({ "statement": statement });
        for name in ["catalog", "schema"] {
            if let Some(value) = text(body, name)?.filter(|value| !value.is_empty()) {
                set(&mut engine, name, value);
            }
        }
        for name in ["row_limit", "byte_limit"] {
            if let Some(limit) = limit(body, name)? {
                set(&mut engine, name, limit);
            }
        }
        if let Some(parameters) = given(body, "parameters") {
            set(&mut engine, "parameters", self::parameters(parameters)?);
        }
        set(&mut engine, "format", format);
        set(&mut engine, "chunk_bytes", chunk_bytes.unwrap_or(CHUNK_BYTES));
        // with 0s the answer says nothing of the end, and on_wait_timeout does not count
        let cancel_on_timeout = cancel_on_timeout && !wait.is_zero();
        Ok(Self { warehouse_id, wait, cancel_on_timeout, external, engine })
    }
}

fn given<'b>(body: &'b Map<String, Value>, name: &str) -> Option<&'b Value> {
    body.get(name).filter(|value| !value.is_null())
}

fn text<'b>(body: &'b Map<String, Value>, name: &str) -> Result<Option<&'b str>, ApiError> {
    match given(body, name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(invalid(&format!("'{name}' must be a string."))),
    }
}

fn required<'b>(body: &'b Map<String, Value>, name: &str) -> Result<&'b str, ApiError> {
    let found = text(body, name)?.filter(|text| !text.trim().is_empty());
    found.ok_or_else(|| invalid(&format!("Missing required field: {name}")))
}

/// One of these words; the first unless given.
fn one_of<'b>(body: &'b Map<String, Value>, name: &str, words: &[&'b str]) -> Result<&'b str, ApiError> {
    let word = text(body, name)?.or(words.first().copied()).unwrap_or_default();
    if words.contains(&word) {
        return Ok(word);
    }
    Err(invalid(&format!("'{name}' is one of {}, not '{word}'.", words.join(", "))))
}

fn wait(text: &str) -> Result<Duration, ApiError> {
    let digits =
        text.strip_suffix('s').filter(|digits| !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit()));
    let seconds = digits.and_then(|digits| digits.parse::<u64>().ok());
    match seconds.filter(|seconds| matches!(seconds, 0 | 5..=50)) {
        Some(seconds) => Ok(Duration::from_secs(seconds)),
        None => Err(invalid(&format!("'wait_timeout' is 0s, or 5s to 50s, not '{text}'."))),
    }
}

/// A limit as a number, or as the text of one, as 64-bit numbers are written in some JSON.
fn limit(body: &Map<String, Value>, name: &str) -> Result<Option<u64>, ApiError> {
    let Some(value) = given(body, name) else { return Ok(None) };
    let number = value.as_u64().or_else(|| value.as_str().and_then(|text| text.parse().ok()));
    let number = number.filter(|number| *number > 0);
    number.map(Some).ok_or_else(|| invalid(&format!("'{name}' must be a whole number above 0.")))
}

/// Named parameters. Any JSON scalar may be a value: the toolkits of Unity Catalog send numbers and booleans (§2).
fn parameters(list: &Value) -> Result<Value, ApiError> {
    let items = list.as_array().ok_or_else(|| invalid("'parameters' must be a list of {name, value, type}."))?;
    let mut read: Vec<Value> = Vec::with_capacity(items.len());
    for item in items {
        let item = item.as_object().ok_or_else(|| invalid("'parameters' must be a list of {name, value, type}."))?;
        let name = text(item, "name")?.filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| invalid("Each of 'parameters' needs a 'name': markers are :name, not ?."))?;
        if read.iter().any(|known| known.get("name").and_then(Value::as_str) == Some(name)) {
            return Err(invalid(&format!("'parameters' holds '{name}' twice.")));
        }
        let value = item.get("value").cloned().unwrap_or_default();
        if value.is_array() || value.is_object() {
            return Err(invalid(&format!(
                "The value of the parameter '{name}' must be a text, a number, a boolean or null."
            )));
        }
        let mut parameter = json!({ "name": name, "value": value });
        if let Some(kind) = text(item, "type")?.filter(|kind| !kind.is_empty()) {
            let word = kind.trim_start().to_ascii_uppercase();
            if ["ARRAY", "MAP", "STRUCT"].iter().any(|refused| word.starts_with(refused)) {
                return Err(invalid(&format!("A parameter cannot have the type {kind}; pass JSON text to from_json.")));
            }
            set(&mut parameter, "type", kind);
        }
        read.push(parameter);
    }
    Ok(Value::Array(read))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &Value) -> Result<Submit, String> {
        let mut whole = json!({"statement": "SELECT 1", "warehouse_id": "w"});
        for (key, value) in body.as_object().unwrap() {
            set(&mut whole, key, value.clone());
        }
        Submit::read(whole.as_object().unwrap(), None)
            .map_err(|error| error.body()["message"].as_str().unwrap().to_owned())
    }

    #[test]
    fn waits_of_zero_and_of_five_to_fifty_seconds() {
        assert_eq!(read(&json!({})).unwrap().wait, Duration::from_secs(10));
        for (text, seconds) in [("0s", 0), ("5s", 5), ("50s", 50)] {
            assert_eq!(read(&json!({"wait_timeout": text})).unwrap().wait, Duration::from_secs(seconds));
        }
        for bad in ["1s", "4s", "51s", "10", "s", "-5s", "5.5s", "+5s", "", "99999999999999999999s"] {
            assert!(read(&json!({"wait_timeout": bad})).unwrap_err().contains("wait_timeout"), "{bad}");
        }
    }

    #[test]
    fn parameters_reach_the_engine_as_they_are() {
        let given = json!([
            {"name": "text", "value": "'; DROP TABLE t; -- \u{0}\\ :name", "type": "STRING"},
            {"name": "number", "value": 10.5, "type": "double"},
            {"name": "flag", "value": true},
            {"name": "nothing"}
        ]);
        let submit = read(&json!({"parameters": given, "row_limit": "7", "catalog": "main"})).unwrap();
        let mut expected = given.clone();
        expected[3]["value"] = Value::Null;
        assert_eq!(submit.engine["parameters"], expected);
        assert_eq!((&submit.engine["row_limit"], &submit.engine["catalog"]), (&json!(7), &json!("main")));
    }

    #[test]
    fn refusals() {
        for (body, word) in [
            (json!({"statement": " "}), "statement"),
            (json!({"warehouse_id": null}), "warehouse_id"),
            (json!({"format": "CSV"}), "EXTERNAL_LINKS"),
            (json!({"format": "ARROW_STREAM", "disposition": "INLINE"}), "EXTERNAL_LINKS"),
            (json!({"format": "PARQUET"}), "JSON_ARRAY"),
            (json!({"on_wait_timeout": "STOP"}), "CANCEL"),
            (json!({"row_limit": 0}), "row_limit"),
            (json!({"byte_limit": "x"}), "byte_limit"),
            (json!({"parameters": [{"value": "1"}]}), "name"),
            (json!({"parameters": [{"name": "a"}, {"name": "a"}]}), "twice"),
            (json!({"parameters": [{"name": "a", "value": [1]}]}), "'a'"),
            (json!({"parameters": [{"name": "a", "value": "[1]", "type": "array<int>"}]}), "from_json"),
        ] {
            assert!(read(&body).unwrap_err().contains(word), "{body}");
        }
    }
}
