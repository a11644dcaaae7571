//! Writing into JSON values without indexing, which panics where a value is not what it is taken for.

use serde_json::Value;

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
