//! Names from outside as parts of a statement's text: quoted, so that they are nothing but names.

use crate::error::{Error, ErrorKind, Result};

/// Quotes one name of a catalog, schema, table, column or function.
///
/// # Errors
/// `InvalidInput` when it is empty or holds NUL.
///
/// ```
/// assert_eq!(lakewire::sql::quote_identifier("odd`name")?, "`odd``name`");
/// # Ok::<(), lakewire::Error>(())
/// ```
pub fn quote_identifier(name: &str) -> Result<String> {
    let fault = if name.is_empty() {
        "is empty"
    } else if name.bytes().any(|byte| byte == 0) {
        "holds a NUL character"
    } else {
        let mut out = String::with_capacity(name.len() + 2);
        out.push('`');
        for letter in name.chars() {
            if letter == '`' {
                out.push('`');
            }
            out.push(letter);
        }
        out.push('`');
        return Ok(out);
    };
    let sentence = ["A name in the statement ", fault, ": give it as the catalog shows it."].concat();
    Err(Error::new(ErrorKind::InvalidInput, sentence))
}

/// Quotes the parts of a name and joins them by points.
///
/// # Errors
/// `InvalidInput` when there is no part, or a part is empty or holds NUL.
///
/// ```
/// assert_eq!(lakewire::sql::quote_path(&["main", "default", "my table"])?, "`main`.`default`.`my table`");
/// # Ok::<(), lakewire::Error>(())
/// ```
pub fn quote_path(parts: &[&str]) -> Result<String> {
    if parts.is_empty() {
        return quote_identifier("");
    }
    let mut out = String::new();
    for part in parts {
        if !out.is_empty() {
            out.push('.');
        }
        out.push_str(&quote_identifier(part)?);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn n15_names_are_quoted_or_refused() {
        assert_eq!(quote_identifier("`; DROP TABLE t; --").unwrap(), "```; DROP TABLE t; --`");
        assert_eq!(quote_identifier("a.b\"'\\ü").unwrap(), "`a.b\"'\\ü`");
        for bad in ["", "a\0b"] {
            assert_eq!(quote_identifier(bad).unwrap_err().kind(), ErrorKind::InvalidInput);
            assert!(quote_path(&["a", bad]).is_err());
        }
        assert!(quote_path(&[]).is_err());
    }

    proptest! {
        #[test]
        fn n15_what_is_quoted_reads_back_and_ends_nowhere_else(name in "[^\0]{1,40}") {
            let quoted = quote_identifier(&name).unwrap();
            let inner = &quoted[1..quoted.len() - 1];
            prop_assert!(quoted.starts_with('`') && quoted.ends_with('`'));
            prop_assert!(!inner.replace("``", "").contains('`'));
            prop_assert_eq!(inner.replace("``", "`"), name);
        }
    }
}
