//! Reading what the service writes, in both of its spellings, and writing JSON objects: pure.

use crate::error::{Error, ErrorKind, Result};
use crate::wire::answer::READS;
use crate::wire::failure;
use crate::wire::json::{Raw, push_string};

pub(crate) fn invalid(sentence: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidInput, sentence)
}

pub(crate) fn unreadable(sentence: &str) -> Error {
    Error::new(ErrorKind::Decode, sentence)
}

/// An answer's text on its outermost value; the service's own error when it is one in spite of the good status.
pub(crate) fn answer(text: &str) -> Result<Raw<'_>> {
    if text.trim_ascii().is_empty() {
        return Err(Error::new(
            ErrorKind::EmptyBody,
            "The service answered without a body where JSON was expected: check that the host is a workspace.",
        ));
    }
    let root = Raw::parse(text)?;
    // a build that only plans gets answers whose errors the client has found
    match if READS { failure::in_body(root) } else { None } {
        Some(error) => Err(error),
        None => Ok(root),
    }
}

/// What a caller gives as JSON text.
pub(crate) fn given<'a>(text: &'a str, what: &str) -> Result<Raw<'a>> {
    match Raw::parse(text) {
        Ok(root) if root.is_object() => Ok(root),
        _ => Err(invalid([what, " must be a JSON object."].concat())),
    }
}

/// A key's value under its name or, as the direct data plane writes it, in camelCase; `null` counts as absent.
pub(crate) fn either<'a>(object: Raw<'a>, name: &str) -> Option<Raw<'a>> {
    object.get_some(name).or_else(|| object.get_some(&camel(name)))
}

fn camel(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut raise = false;
    for c in name.chars() {
        if c == '_' {
            raise = true;
        } else {
            out.push(if raise { c.to_ascii_uppercase() } else { c });
            raise = false;
        }
    }
    out
}

/// A text under a name in either spelling; empty when there is none.
pub(crate) fn word(object: Raw<'_>, name: &str) -> String {
    either(object, name).and_then(Raw::as_str).unwrap_or_default().into_owned()
}

/// A text, or a number as it is written; nothing for any other kind of value. Keys come as either.
pub(crate) fn key_text(value: Raw<'_>) -> Option<String> {
    match value.as_str() {
        Some(text) => Some(text.into_owned()),
        None if value.text().starts_with(|c: char| c == '-' || c.is_ascii_digit()) => Some(value.text().to_owned()),
        None => None,
    }
}

/// Writes one JSON object, field by field.
pub(crate) struct Object(String);

impl Object {
    pub(crate) fn new() -> Self {
        Self(String::from("{"))
    }

    /// A field whose value is JSON text.
    pub(crate) fn raw(&mut self, name: &str, value: &str) {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        push_string(&mut self.0, name);
        self.0.push(':');
        self.0.push_str(value);
    }

    /// A field whose value is a text.
    pub(crate) fn text(&mut self, name: &str, value: &str) {
        self.raw(name, "");
        push_string(&mut self.0, value);
    }

    pub(crate) fn finish(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

/// A JSON list of these values, each JSON text.
pub(crate) fn list<T: AsRef<str>>(values: impl IntoIterator<Item = T>) -> String {
    let mut out = String::from("[");
    for value in values {
        if out.len() > 1 {
            out.push(',');
        }
        out.push_str(value.as_ref());
    }
    out.push(']');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_are_read() {
        for text in [
            r#"{"next_page_token":"t"}"#,
            r#"{"nextPageToken":"t"}"#,
            r#"{"next_page_token":null,"nextPageToken":"t"}"#,
        ] {
            assert_eq!(word(Raw::parse(text).unwrap(), "next_page_token"), "t");
        }
        assert_eq!(word(Raw::parse("{}").unwrap(), "a_b"), "");
    }

    #[test]
    fn an_error_under_a_good_status_is_one() {
        let error = answer(r#"{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"No such index."}"#).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert_eq!(answer(" ").unwrap_err().kind(), ErrorKind::EmptyBody);
    }

    #[test]
    fn objects_and_lists_are_json() {
        let mut object = Object::new();
        object.text("a\"", "b\n");
        object.raw("c", &list(["1", "null"]));
        let text = object.finish();
        assert_eq!(text, r#"{"a\"":"b\n","c":[1,null]}"#);
        assert_eq!(key_text(Raw::parse("-7").unwrap()).as_deref(), Some("-7"));
        assert_eq!(key_text(Raw::parse("true").unwrap()), None);
    }
}
