//! The texts that an operation or a step is given.

use js_sys::Array;

use crate::error::{Error, ErrorKind, Result};

/// The texts an operation was given.
pub(crate) struct Args(Vec<Option<String>>);

impl Args {
    pub(super) fn read(list: &Array) -> Self {
        Self(list.iter().map(|value| value.as_string()).collect())
    }

    /// The text at a place.
    ///
    /// # Errors
    /// `InvalidInput` when nothing or something else stands there.
    pub(crate) fn text(&self, at: usize) -> Result<&str> {
        self.optional(at)
            .ok_or_else(|| Error::new(ErrorKind::InvalidInput, "A name, an id or a body is missing, or is no text."))
    }

    /// Whether something was given at a place: a text there says yes.
    #[allow(dead_code)] // not every build has operations with conditions
    pub(crate) fn has(&self, at: usize) -> bool {
        self.optional(at).is_some()
    }

    /// The texts from a place on.
    #[allow(dead_code)] // not every build has operations that take lists
    pub(crate) fn rest(&self, at: usize) -> Vec<&str> {
        self.0.iter().skip(at).flatten().map(String::as_str).collect()
    }

    /// The text at a place, if there is one.
    pub(crate) fn optional(&self, at: usize) -> Option<&str> {
        self.0.get(at).and_then(Option::as_deref)
    }
}
