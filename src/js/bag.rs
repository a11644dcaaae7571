//! Reading the few options that cross, property by property.
//!
//! Deriving them through serde-wasm-bindgen costs the download a quarter of its budget, most of it
//! the float formatting behind serde's error texts (`benches/border.mjs` prints both).

use js_sys::{Array, Reflect};
use wasm_bindgen::{JsCast, JsValue};

use crate::error::{Error, ErrorKind, Result};

/// An object of options; a missing, `undefined` or `null` property counts as absent.
pub(crate) struct Bag<'a> {
    object: &'a JsValue,
}

impl<'a> Bag<'a> {
    pub(crate) fn new(object: &'a JsValue) -> Self {
        Self { object }
    }

    /// A property as it is, read once. A getter that throws counts as a wrong value.
    pub(crate) fn value(&self, name: &str) -> Result<Option<JsValue>> {
        if !self.object.is_object() {
            return Ok(None);
        }
        let value = Reflect::get(self.object, &JsValue::from_str(name)).map_err(|_| wrong(name, "readable"))?;
        Ok(if value.is_undefined() || value.is_null() { None } else { Some(value) })
    }

    pub(crate) fn number(&self, name: &str) -> Result<Option<f64>> {
        self.read(name, "a number", |value| value.as_f64())
    }

    /// A whole number from 1 to `most`.
    pub(crate) fn count(&self, name: &str, most: u32) -> Result<Option<u32>> {
        self.read(name, "a whole number, 1 or more and not absurdly large", |value| {
            value
                .as_f64()
                .filter(|number| (1.0..=f64::from(most)).contains(number) && *number == f64::from(*number as u32))
                .map(|number| number as u32)
        })
    }

    pub(crate) fn text(&self, name: &str) -> Result<Option<String>> {
        self.read(name, "text", |value| value.as_string())
    }

    pub(crate) fn boolean(&self, name: &str) -> Result<bool> {
        Ok(self.read(name, "true or false", |value| value.as_bool())?.unwrap_or(false))
    }

    /// `[name, value]` pairs.
    pub(crate) fn pairs(&self, name: &str) -> Result<Vec<(String, String)>> {
        let pair = |item: JsValue| {
            let item: Array = item.dyn_into().ok()?;
            Some((item.get(0).as_string()?, item.get(1).as_string()?))
        };
        let pairs = self.read(name, "an object of texts", |value| {
            let list: Array = value.dyn_into().ok()?;
            list.iter().map(pair).collect::<Option<Vec<_>>>()
        })?;
        Ok(pairs.unwrap_or_default())
    }

    fn read<T>(&self, name: &str, kind: &str, read: impl Fn(JsValue) -> Option<T>) -> Result<Option<T>> {
        match self.value(name)? {
            None => Ok(None),
            Some(value) => read(value).map(Some).ok_or_else(|| wrong(name, kind)),
        }
    }
}

fn wrong(name: &str, kind: &str) -> Error {
    let mut sentence = String::from("The option `");
    for piece in [name, "` must be ", kind, "."] {
        sentence.push_str(piece);
    }
    Error::new(ErrorKind::InvalidInput, sentence)
}
