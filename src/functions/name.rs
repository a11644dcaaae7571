//! Names of functions, and of the tools made of them. Pure.

use crate::error::{Error, ErrorKind, Result};

/// The longest name of a tool.
const MAX_TOOL_NAME: usize = 64;

/// A name as a toolkit is given it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// One function, `catalog.schema.function`.
    One(String),
    /// All functions of a schema, `catalog.schema.*`.
    All {
        /// The catalog.
        catalog: String,
        /// The schema.
        schema: String,
    },
}

impl Named {
    /// Reads a name of three parts.
    ///
    /// # Errors
    /// `InvalidInput` when it does not have three parts.
    ///
    /// ```
    /// use lakewire::functions::Named;
    /// assert_eq!(Named::read("main.tools.add_tax")?, Named::One("main.tools.add_tax".into()));
    /// assert!(matches!(Named::read("main.tools.*")?, Named::All { .. }));
    /// assert!(Named::read("add_tax").is_err());
    /// # Ok::<(), lakewire::Error>(())
    /// ```
    pub fn read(name: &str) -> Result<Self> {
        let mut parts = name.split('.');
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(catalog), Some(schema), Some(function), None)
                if !catalog.is_empty() && !schema.is_empty() && !function.is_empty() =>
            {
                Ok(if function == "*" {
                    Self::All { catalog: catalog.to_owned(), schema: schema.to_owned() }
                } else {
                    Self::One(name.to_owned())
                })
            }
            _ => Err(Error::new(
                ErrorKind::InvalidInput,
                "A function's name must have the form catalog.schema.function, or catalog.schema.* for all of a schema.",
            )),
        }
    }
}

/// The name of a function's tool: `__` for every dot, and the last 64 characters when that is longer.
///
/// ```
/// assert_eq!(lakewire::functions::tool_name("main.tools.add_tax"), "main__tools__add_tax");
/// ```
#[must_use]
pub fn tool_name(full_name: &str) -> String {
    let mut name = String::with_capacity(full_name.len() + 4);
    for part in full_name.split('.') {
        if !name.is_empty() {
            name.push_str("__");
        }
        name.push_str(part);
    }
    last(name)
}

/// The last 64 characters of a name.
pub(crate) fn last(name: String) -> String {
    match name.char_indices().rev().nth(MAX_TOOL_NAME - 1) {
        Some((at, _)) => name.get(at..).unwrap_or_default().to_owned(),
        None => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_have_three_parts() {
        for bad in ["", "a", "a.b", "a..b", ".a.b", "a.b.", "a.b.c.d", "*"] {
            assert_eq!(Named::read(bad).unwrap_err().kind(), ErrorKind::InvalidInput, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn tool_names_are_the_last_64_characters(parts in prop::collection::vec("[a-zé_]{1,40}", 3)) {
            let whole = parts.join("__");
            let name = tool_name(&parts.join("."));
            prop_assert!(whole.ends_with(&name));
            prop_assert_eq!(name.chars().count(), whole.chars().count().min(64));
        }
    }
}
