//! JSON as text: checked once, then walked and written without building values.
//!
//! The core reads only the few fields its logic needs and passes the rest through untouched, so
//! that unknown fields, key order and 64-bit integers survive, and so that the wasm holds no typed
//! copy of every answer. [`Json<T>`] is text known to hold a `T`; [`Raw`] is a place in such text.

mod check;
mod text;

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

pub use check::check;
pub(crate) use check::check_value;
pub use text::{push_string, string};
pub(crate) use text::{string_end, unescape};

use crate::error::{Error, ErrorKind, Result};

/// How deep JSON may nest, on every face. `serde_json` stops at the same depth.
pub const MAX_DEPTH: usize = 127;

/// JSON text known to hold a `T`: native code reads it as `T`, JavaScript parses it as `T`.
pub struct Json<T> {
    text: String,
    of: PhantomData<fn() -> T>,
}

impl<T> Json<T> {
    /// Takes bytes that must be one JSON document; a leading byte order mark is dropped.
    ///
    /// # Errors
    /// `Decode`, with the byte offset of the fault and none of the text.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self> {
        let text = String::from_utf8(bytes).map_err(|fault| {
            let at = fault.utf8_error().valid_up_to();
            Error::new(ErrorKind::Decode, format!("The answer is not UTF-8: byte {at} does not fit."))
        })?;
        let text = match text.strip_prefix('\u{feff}') {
            Some(rest) => rest.to_owned(),
            None => text,
        };
        check(&text)?;
        Ok(Self::from_checked(text))
    }

    /// Takes text the caller knows to be JSON.
    pub(crate) fn from_checked(text: String) -> Self {
        Self { text, of: PhantomData }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The text, owned.
    #[must_use]
    pub fn into_string(self) -> String {
        self.text
    }

    /// The text's outermost value.
    #[must_use]
    pub fn root(&self) -> Raw<'_> {
        Raw(self.text.trim_matches(is_space))
    }

    /// The value as its Rust type.
    ///
    /// # Errors
    /// `Decode`, naming line and column of the field that does not fit.
    pub fn read(&self) -> Result<T>
    where
        T: serde::de::DeserializeOwned,
    {
        serde_json::from_str(&self.text).map_err(|fault| {
            // serde_json's own text may quote values of the answer: only its place is repeated.
            Error::new(
                ErrorKind::Decode,
                format!(
                    "The answer does not have the documented shape: the field ending at line {} column {} does not fit.",
                    fault.line(),
                    fault.column()
                ),
            )
        })
    }
}

impl<T> Clone for Json<T> {
    fn clone(&self) -> Self {
        Self::from_checked(self.text.clone())
    }
}

impl<T> fmt::Debug for Json<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Json({} bytes)", self.text.len())
    }
}

/// One value inside checked JSON text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Raw<'a>(&'a str);

impl fmt::Debug for Raw<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Raw({} bytes)", self.0.len())
    }
}

impl<'a> Raw<'a> {
    /// Checks text and stands on its value.
    ///
    /// # Errors
    /// `Decode` when the text is not one JSON document.
    pub fn parse(text: &'a str) -> Result<Self> {
        check(text)?;
        Ok(Self(text.trim_matches(is_space)))
    }

    /// Text the caller knows to be one JSON value without space around it.
    pub(crate) fn trusted(text: &'a str) -> Self {
        Self(text)
    }

    /// The value's own text.
    #[must_use]
    pub fn text(self) -> &'a str {
        self.0
    }

    fn first(self) -> u8 {
        self.0.as_bytes().first().copied().unwrap_or(0)
    }

    /// Whether it is an object.
    #[must_use]
    pub fn is_object(self) -> bool {
        self.first() == b'{'
    }

    /// Whether it is an array.
    #[must_use]
    pub fn is_array(self) -> bool {
        self.first() == b'['
    }

    /// Whether it is a string.
    #[must_use]
    pub fn is_string(self) -> bool {
        self.first() == b'"'
    }

    /// Whether it is `null`.
    #[must_use]
    pub fn is_null(self) -> bool {
        self.first() == b'n'
    }

    /// The string, unescaped; a lone surrogate becomes U+FFFD. `None` for any other kind of value.
    #[must_use]
    pub fn as_str(self) -> Option<Cow<'a, str>> {
        let inner = self.0.strip_prefix('"')?.strip_suffix('"')?;
        Some(unescape(inner))
    }

    /// The boolean.
    #[must_use]
    pub fn as_bool(self) -> Option<bool> {
        match self.0 {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }

    /// The integer, exact. `None` for fractions, exponents and what does not fit 64 bits.
    #[must_use]
    pub fn as_i64(self) -> Option<i64> {
        self.0.parse().ok()
    }

    /// The value of a key of this object; the last one when the key is repeated.
    #[must_use]
    pub fn get(self, key: &str) -> Option<Raw<'a>> {
        let mut found = None;
        for (name, value) in self.fields() {
            if name == key {
                found = Some(value);
            }
        }
        found
    }

    /// Like [`get`](Self::get), with `null` counted as absent.
    #[must_use]
    pub fn get_some(self, key: &str) -> Option<Raw<'a>> {
        self.get(key).filter(|value| !value.is_null())
    }

    /// The value at an array's index.
    #[must_use]
    pub fn at(self, index: usize) -> Option<Raw<'a>> {
        self.items().nth(index)
    }

    /// The fields of an object in order; nothing for any other kind of value.
    #[must_use]
    pub fn fields(self) -> Fields<'a> {
        Fields(Walk::open(self.0, b'{'))
    }

    /// The items of an array in order; nothing for any other kind of value.
    #[must_use]
    pub fn items(self) -> Items<'a> {
        Items(Walk::open(self.0, b'['))
    }
}

/// The fields of an object, see [`Raw::fields`].
#[derive(Clone, Debug)]
pub struct Fields<'a>(Walk<'a>);

impl<'a> Iterator for Fields<'a> {
    type Item = (Cow<'a, str>, Raw<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let key = self.0.value()?.as_str()?;
        self.0.skip(b':');
        let value = self.0.value()?;
        self.0.skip(b',');
        Some((key, value))
    }
}

/// The items of an array, see [`Raw::items`].
#[derive(Clone, Debug)]
pub struct Items<'a>(Walk<'a>);

impl<'a> Iterator for Items<'a> {
    type Item = Raw<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let value = self.0.value()?;
        self.0.skip(b',');
        Some(value)
    }
}

/// What is left of a container's inside. Relies on the text having been checked, yet never panics.
#[derive(Clone, Debug)]
struct Walk<'a>(&'a str);

impl<'a> Walk<'a> {
    fn open(text: &'a str, bracket: u8) -> Self {
        match text.as_bytes() {
            [first, .., _] if *first == bracket => {
                Self(text.get(1..text.len() - 1).unwrap_or("").trim_start_matches(is_space))
            }
            _ => Self(""),
        }
    }

    fn value(&mut self) -> Option<Raw<'a>> {
        if self.0.is_empty() {
            return None;
        }
        let end = value_end(self.0.as_bytes());
        if end == 0 {
            // a stray mark where a value should be: only unchecked text gets here, and the walk ends
            self.0 = "";
            return None;
        }
        let (value, rest) = self.0.split_at_checked(end)?;
        self.0 = rest.trim_start_matches(is_space);
        Some(Raw(value))
    }

    fn skip(&mut self, byte: u8) {
        if self.0.as_bytes().first() == Some(&byte) {
            self.0 = self.0.get(1..).unwrap_or("").trim_start_matches(is_space);
        }
    }
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

/// Where the first value of checked text ends.
fn value_end(bytes: &[u8]) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => {
                at = string_end(bytes, at + 1);
                if depth == 0 {
                    return at;
                }
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                if depth <= 1 {
                    return if depth == 1 { at + 1 } else { at };
                }
                depth -= 1;
            }
            b',' | b':' | b' ' | b'\t' | b'\n' | b'\r' if depth == 0 => return at,
            _ => {}
        }
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn h2_depth_127_parses_and_deeper_is_an_error() {
        let nest = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert!(check(&nest(127)).is_ok());
        assert!(check(&nest(128)).is_err());
        assert!(check(&nest(100_000)).is_err());
        assert!(serde_json::from_str::<serde_json::Value>(&nest(127)).is_ok());
        assert!(serde_json::from_str::<serde_json::Value>(&nest(128)).is_err());
    }

    #[test]
    fn h6_h10_words_garbage_and_two_documents_are_errors() {
        for bad in [
            "NaN",
            "Infinity",
            "{} {}",
            "[1,]",
            "{\"a\":1,}",
            "01",
            "1.",
            ".5",
            "\"\\x\"",
            "",
            "{\"a\"1}",
            "\"\n\"",
            "[1}",
            "tru",
        ] {
            assert!(check(bad).is_err(), "{bad}");
        }
        for good in ["-0", "1e5", " {\"a\" : [ ] , \"b\":{}} ", "\"\\ud800\"", "0", "[{},[],\"\"]"] {
            assert!(check(good).is_ok(), "{good}");
        }
        assert_eq!(Json::<()>::from_bytes(b"\xef\xbb\xbf{}".to_vec()).unwrap().as_str(), "{}");
    }

    #[test]
    fn h7_integers_stay_exact() {
        let json = Raw::parse(r#"{"a":9007199254740993}"#).unwrap();
        assert_eq!(json.get("a").unwrap().as_i64(), Some(9_007_199_254_740_993));
    }

    #[test]
    fn walks_objects_and_arrays() {
        let raw = Raw::parse(r#" { "a" : [ 1 , {"x":"]}"} , "s\n" ] , "b": null, "a\u00e9": true } "#).unwrap();
        let items: Vec<_> = raw.get("a").unwrap().items().map(Raw::text).collect();
        assert_eq!(items, ["1", r#"{"x":"]}"}"#, r#""s\n""#]);
        assert!(raw.get_some("b").is_none());
        assert_eq!(raw.get("aé").unwrap().as_bool(), Some(true));
        assert_eq!(raw.get("a").unwrap().at(2).unwrap().as_str().unwrap(), "s\n");
    }

    #[test]
    fn a_stray_mark_ends_the_walk() {
        for text in ["[}]", "[,]", "{:}", "[]]", "{\"a\":}}"] {
            assert!(Raw::trusted(text).items().count() <= 1, "{text}");
            assert!(Raw::trusted(text).fields().count() <= 1, "{text}");
        }
    }

    #[test]
    fn surrogate_pairs_join_and_lone_ones_are_replaced() {
        assert_eq!(unescape("\\ud83d\\ude00!"), "\u{1f600}!");
        assert_eq!(unescape("\\ud83dx\\u0041"), "\u{fffd}xA");
    }

    fn arbitrary_json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            any::<f64>().prop_map(Into::into),
            any::<String>().prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
                prop::collection::vec((any::<String>(), inner), 0..6)
                    .prop_map(|fields| serde_json::Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    fn rebuild(raw: Raw<'_>) -> serde_json::Value {
        if raw.is_object() {
            serde_json::Value::Object(raw.fields().map(|(k, v)| (k.into_owned(), rebuild(v))).collect())
        } else if raw.is_array() {
            raw.items().map(rebuild).collect::<Vec<_>>().into()
        } else if let Some(text) = raw.as_str() {
            text.into_owned().into()
        } else {
            serde_json::from_str(raw.text()).unwrap()
        }
    }

    proptest! {
        #[test]
        fn walking_gives_what_serde_json_gives(value in arbitrary_json(), pretty: bool) {
            let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
            // what serde_json reads back, since its float parser may be one bit off what it wrote
            let expected: serde_json::Value = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(rebuild(Raw::parse(&text).unwrap()), expected);
        }

        #[test]
        fn h14_check_agrees_with_serde_json(text in r#"[\[\]{},:"\\ntu0-9eE.+\- a-f]{0,24}"#) {
            let ours = check(&text).is_ok();
            // serde_json reads numbers beyond f64 as errors and rejects lone surrogates; the checker looks at grammar only
            let theirs = serde_json::from_str::<&serde_json::value::RawValue>(&text).is_ok();
            prop_assert_eq!(ours, theirs, "{}", text);
        }

        #[test]
        fn written_strings_read_back(text: String) {
            prop_assert_eq!(serde_json::from_str::<String>(&string(&text)).unwrap(), text.clone());
            let written = string(&text);
            prop_assert_eq!(Raw::parse(&written).unwrap().as_str().unwrap(), text);
        }

        #[test]
        fn walking_unchecked_text_never_panics(text: String) {
            let raw = Raw::trusted(&text);
            for (_, value) in raw.fields() { let _ = value.as_str(); }
            for value in raw.items() { let _ = value.as_i64(); }
        }
    }
}
