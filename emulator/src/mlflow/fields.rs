//! The fields of a request: of its body, or of the query of a GET; with the refusals MLflow writes.

use http::StatusCode;
use serde_json::{Map, Value};

use super::{Asked, invalid};
use crate::errors::ApiError;

const SEE: &str = "See the API docs for more information about request parameters.";
/// Parameters of a query that are lists, however often they come.
const LISTS: &[&str] = &["experiment_ids", "trace_ids", "order_by", "run_ids", "locations"];

/// What a request says.
pub(super) struct Fields(Map<String, Value>);

/// The refusal of a field that is not there.
pub(super) fn missing(name: &str) -> ApiError {
    invalid(format!("Missing value for required parameter '{name}'. {SEE}"))
}

/// The refusal of a field of a wrong type.
pub(super) fn wrong(name: &str, value: &Value) -> ApiError {
    let kind = match value {
        Value::String(_) => "str",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "int",
        Value::Bool(_) => "bool",
        Value::Array(_) => "list",
        Value::Object(_) => "dict",
        Value::Null => "NoneType",
    };
    invalid(format!("Invalid value {value} for parameter '{name}' supplied:  Hint: Value was of type '{kind}'. {SEE}"))
}

/// A number that may have come as text; texts of numbers too large for an integer are none.
pub(super) fn as_int(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// A number, or the texts that JSON has no numbers for.
pub(super) fn as_float(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => match text.as_str() {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            text => text.parse().ok(),
        },
        _ => None,
    }
}

impl Fields {
    /// Reads the query of a GET that has one, else the body.
    pub(super) fn of(asked: &Asked) -> Result<Self, ApiError> {
        if asked.method == http::Method::GET && !asked.query.is_empty() {
            let mut fields = Map::new();
            for (name, value) in &asked.query {
                if LISTS.contains(&name.as_str()) {
                    if let Some(list) = fields.entry(name).or_insert_with(|| Value::Array(Vec::new())).as_array_mut() {
                        list.push(value.clone().into());
                    }
                } else {
                    fields.entry(name).or_insert_with(|| value.clone().into());
                }
            }
            return Ok(Self(fields));
        }
        if asked.method == http::Method::POST {
            match asked.header("content-type") {
                None => return Err(invalid("Bad Request. Content-Type header is missing.")),
                Some(kind) if kind.split(';').next().is_some_and(|kind| kind.trim() == "application/json") => {}
                Some(_) => return Err(invalid("Bad Request. Content-Type must be one of ['application/json'].")),
            }
        }
        // what is no JSON counts as nothing, as the real server has it
        match serde_json::from_slice(&asked.body) {
            Ok(Value::Object(fields)) => Ok(Self(fields)),
            Ok(Value::Null) | Err(_) => Ok(Self(Map::new())),
            Ok(_) => {
                let message = "The request body is not a JSON object.";
                Err(ApiError::new(StatusCode::BAD_REQUEST, "BAD_REQUEST", message))
            }
        }
    }

    /// The fields of an object inside another.
    pub(super) fn inner(value: &Value) -> Self {
        Self(value.as_object().cloned().unwrap_or_default())
    }

    /// The value of a field, unless it is null.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// A text.
    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, ApiError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(wrong(name, other)),
        }
    }

    /// A text that must be there and not be empty.
    pub(super) fn required(&self, name: &str) -> Result<&str, ApiError> {
        self.text(name)?.filter(|text| !text.is_empty()).ok_or_else(|| missing(name))
    }

    /// The id of a run, by either of its names.
    pub(super) fn run_id(&self) -> Result<&str, ApiError> {
        match self.text("run_id")?.filter(|text| !text.is_empty()) {
            Some(id) => Ok(id),
            None => self.text("run_uuid")?.filter(|text| !text.is_empty()).ok_or_else(|| missing("run_id")),
        }
    }

    /// A whole number.
    pub(super) fn int(&self, name: &str) -> Result<Option<i64>, ApiError> {
        self.get(name).map(|value| as_int(value).ok_or_else(|| wrong(name, value))).transpose()
    }

    /// A number.
    pub(super) fn float(&self, name: &str) -> Result<Option<f64>, ApiError> {
        self.get(name).map(|value| as_float(value).ok_or_else(|| wrong(name, value))).transpose()
    }

    /// A list; nothing counts as an empty one.
    pub(super) fn list(&self, name: &str) -> Result<&[Value], ApiError> {
        match self.get(name) {
            None => Ok(&[]),
            Some(Value::Array(list)) => Ok(list),
            Some(other) => Err(wrong(name, other)),
        }
    }

    /// A list of texts.
    pub(super) fn texts(&self, name: &str) -> Result<Vec<String>, ApiError> {
        let list = self.list(name)?;
        let texts: Option<Vec<String>> = list.iter().map(|item| item.as_str().map(str::to_owned)).collect();
        texts.ok_or_else(|| wrong(name, &Value::Array(list.to_vec())))
    }

    /// A list of `{key, value}`.
    pub(super) fn pairs(&self, name: &str) -> Result<Vec<(String, String)>, ApiError> {
        let mut pairs = Vec::new();
        for (index, item) in self.list(name)?.iter().enumerate() {
            let item = Self::inner(item);
            let key = item.text("key")?.filter(|key| !key.is_empty());
            let key = key.ok_or_else(|| missing(&format!("{name}[{index}].key")))?;
            pairs.push((key.to_owned(), item.text("value")?.unwrap_or_default().to_owned()));
        }
        Ok(pairs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_come_as_numbers_and_as_texts() {
        assert_eq!(as_int(&json!("9007199254740993")), Some(9_007_199_254_740_993));
        assert_eq!(as_int(&json!(-3)), Some(-3));
        assert_eq!(as_int(&json!("x")), None);
        assert_eq!(as_float(&json!("-Infinity")), Some(f64::NEG_INFINITY));
        assert!(as_float(&json!("NaN")).is_some_and(f64::is_nan));
        assert_eq!(as_float(&json!([])), None);
    }

    #[test]
    fn refusals_name_the_field_and_its_type() {
        let fields = Fields(json!({"a": 5, "b": "", "tags": [{"value": "x"}]}).as_object().cloned().unwrap());
        let said = |refusal: ApiError| refusal.body().get("message").and_then(Value::as_str).unwrap().to_owned();
        assert!(said(fields.required("a").unwrap_err()).contains("Invalid value 5 for parameter 'a' supplied:  Hint"));
        assert!(said(fields.required("b").unwrap_err()).starts_with("Missing value for required parameter 'b'."));
        assert!(said(fields.pairs("tags").unwrap_err()).contains("'tags[0].key'"));
    }
}
