//! The fields of a record, in order, and values as Python's `str()` has them.

use super::counters::Counters;
use crate::wire::json::{Raw, push_string, string};
use crate::wire::python::{push_float, push_quoted};

/// How deep objects are flattened; what lies deeper stays a value.
const DEEPEST: usize = 64;

/// A record: names and JSON texts. As in Python, a name that is set again keeps its place.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    pub(super) fn of(action: &str) -> Self {
        let mut fields = Self::default();
        fields.text("action", action);
        fields
    }

    pub(super) fn set(&mut self, key: &str, json: &str) {
        match self.0.iter_mut().find(|(known, _)| known == key) {
            Some((_, value)) => json.clone_into(value),
            None => self.0.push((key.to_owned(), json.to_owned())),
        }
    }

    pub(super) fn text(&mut self, key: &str, text: &str) {
        self.set(key, &string(text));
    }

    /// An object's values under the joined names of where they stand; anything else has none.
    pub(super) fn flatten(&mut self, value: Option<Raw<'_>>) {
        if let Some(value) = value {
            self.flatten_at("", value, 0);
        }
    }

    fn flatten_at(&mut self, prefix: &str, value: Raw<'_>, depth: usize) {
        for (key, item) in value.fields() {
            let name = if prefix.is_empty() { key.into_owned() } else { [prefix, "_", &key].concat() };
            if item.is_object() && depth < DEEPEST {
                self.flatten_at(&name, item, depth + 1);
            } else {
                self.set(&name, item.text());
            }
        }
    }

    pub(super) fn counters(&mut self, counters: &Counters) {
        for (name, value) in counters.iter() {
            self.set(name, &value.to_string());
        }
    }

    pub(super) fn to_json(&self) -> String {
        let mut out = String::from("{");
        for (key, value) in &self.0 {
            if out.len() > 1 {
                out.push(',');
            }
            push_string(&mut out, key);
            out.push(':');
            out.push_str(value);
        }
        out.push('}');
        out
    }
}

/// JSON with two spaces for each level, as MLflow's client writes files.
pub(super) fn indented(value: Raw<'_>) -> String {
    let mut out = String::new();
    indent(&mut out, value, 0);
    out
}

fn indent(out: &mut String, value: Raw<'_>, depth: usize) {
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        for _ in 0..depth {
            out.push_str("  ");
        }
    };
    let (open, close) = match (value.is_object(), value.is_array()) {
        (true, _) => ('{', '}'),
        (_, true) => ('[', ']'),
        _ => return out.push_str(value.text()),
    };
    let items = value.items().map(|item| (None, item));
    let mut any = false;
    out.push(open);
    for (key, item) in value.fields().map(|(key, item)| (Some(key), item)).chain(items) {
        if any {
            out.push(',');
        }
        any = true;
        line(out, depth + 1);
        if let Some(key) = key {
            push_string(out, &key);
            out.push_str(": ");
        }
        indent(out, item, depth + 1);
    }
    if any {
        line(out, depth);
    }
    out.push(close);
}

/// Python's `str()`.
pub(super) fn python(value: Raw<'_>) -> String {
    match value.as_str() {
        Some(text) => text.into_owned(),
        None => {
            let mut out = String::new();
            push_repr(&mut out, value);
            out
        }
    }
}

/// Python's `repr()`.
fn push_repr(out: &mut String, value: Raw<'_>) {
    if let Some(text) = value.as_str() {
        return push_quoted(out, &text);
    }
    if value.is_array() || value.is_object() {
        let (open, close) = if value.is_array() { ('[', ']') } else { ('{', '}') };
        out.push(open);
        let from = out.len();
        let items = value.items().map(|item| (None, item));
        for (key, item) in value.fields().map(|(key, item)| (Some(key), item)).chain(items) {
            if out.len() > from {
                out.push_str(", ");
            }
            if let Some(key) = key {
                push_quoted(out, &key);
                out.push_str(": ");
            }
            push_repr(out, item);
        }
        return out.push(close);
    }
    match value.text() {
        "true" => out.push_str("True"),
        "false" => out.push_str("False"),
        "null" => out.push_str("None"),
        number if is_float(number) => push_float(out, number),
        number => out.push_str(number),
    }
}

/// Whether Python reads a JSON number as a float.
pub(super) fn is_float(number: &str) -> bool {
    number.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E'))
}

/// `k=v` of an object, the items of a list, each joined by commas; else the value as a text.
pub(super) fn joined(value: Option<Raw<'_>>) -> String {
    let Some(value) = value else { return "None".to_owned() };
    if !value.is_object() && !value.is_array() {
        return python(value);
    }
    let mut parts: Vec<String> = value.items().map(python).collect();
    parts.extend(value.fields().map(|(key, item)| [&key, "=", &python(item)].concat()));
    parts.join(",")
}
