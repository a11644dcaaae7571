//! JSON written anew: no key twice at any depth, strings unescaped and escaped once more, numbers as they stood.

use std::borrow::Cow;

use crate::order;
use crate::relay::reply::Fault;
use crate::wire::json::{Raw, push_string};

/// The fields of an object, in their order.
pub(super) type Fields<'a> = Vec<(Cow<'a, str>, Raw<'a>)>;

/// The fields of an object, none of which may stand twice.
pub(super) fn fields(object: Raw<'_>) -> Result<Fields<'_>, Fault> {
    let fields: Fields<'_> = object.fields().collect();
    let mut keys: Vec<&str> = fields.iter().map(|(key, _)| &**key).collect();
    order::sort(&mut keys, |a, b| a < b);
    if keys.windows(2).any(|pair| pair.first() == pair.last()) {
        return Err(Fault::body(&["The body has a key that stands twice."]));
    }
    Ok(fields)
}

/// Writes a value anew. The text was checked: it is at most 127 deep.
pub(super) fn write(out: &mut String, value: Raw<'_>) -> Result<(), Fault> {
    if value.is_object() {
        out.push('{');
        for (at, (key, value)) in fields(value)?.iter().enumerate() {
            if at > 0 {
                out.push(',');
            }
            push_string(out, key);
            out.push(':');
            write(out, *value)?;
        }
        out.push('}');
    } else if value.is_array() {
        out.push('[');
        for (at, item) in value.items().enumerate() {
            if at > 0 {
                out.push(',');
            }
            write(out, item)?;
        }
        out.push(']');
    } else if let Some(text) = value.as_str() {
        push_string(out, &text);
    } else {
        // numbers, true, false, null: as they stood, so that no digit is lost
        out.push_str(value.text());
    }
    Ok(())
}

/// An object in the making.
pub(super) struct Writer(String);

impl Writer {
    pub(super) fn new() -> Self {
        Self(String::from("{"))
    }

    pub(super) fn key(&mut self, key: &str) -> &mut String {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        push_string(&mut self.0, key);
        self.0.push(':');
        &mut self.0
    }

    pub(super) fn value(&mut self, key: &str, value: Raw<'_>) -> Result<(), Fault> {
        write(self.key(key), value)
    }

    pub(super) fn text(&mut self, key: &str, text: &str) {
        push_string(self.key(key), text);
    }

    pub(super) fn number(&mut self, key: &str, number: u64) {
        let text = number.to_string();
        self.key(key).push_str(&text);
    }

    pub(super) fn finish(mut self) -> String {
        self.0.push('}');
        self.0
    }
}
