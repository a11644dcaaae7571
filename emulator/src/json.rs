//! Reading and writing JSON values without indexing, which panics where a value is not what it is taken for.

use http::StatusCode;
use serde_json::{Map, Value};

use crate::errors::ApiError;

/// Sets a field of an object; other values are left as they are.
pub fn set(object: &mut Value, key: &str, value: impl Into<Value>) {
    if let Some(map) = object.as_object_mut() {
        map.insert(key.to_owned(), value.into());
    }
}

/// Sets a field of an object inside another.
pub fn set_in(object: &mut Value, outer: &str, key: &str, value: impl Into<Value>) {
    if let Some(inner) = object.get_mut(outer) {
        set(inner, key, value);
    }
}

/// 400 INVALID_PARAMETER_VALUE in words of the emulator's own.
#[must_use]
pub fn invalid(sentence: &str) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "INVALID_PARAMETER_VALUE", sentence)
}

/// A body that must be a JSON object; nothing counts as an empty one.
///
/// # Errors
/// 400 MALFORMED_REQUEST.
pub fn object(body: &[u8]) -> Result<Map<String, Value>, ApiError> {
    let malformed = |why: &str| {
        let message = format!("The request body is not a JSON object: {why}.");
        ApiError::new(StatusCode::BAD_REQUEST, "MALFORMED_REQUEST", message)
    };
    if body.is_empty() {
        return Ok(Map::new());
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(malformed("it is something else")),
        Err(error) => Err(malformed(&error.to_string())),
    }
}

/// The pairs of a query string, decoded.
#[must_use]
pub fn query(text: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}
