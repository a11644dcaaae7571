//! Whether a SQL text only reads: the guard before everything a model writes.
//!
//! [`check`] lets through one statement that is a query (`SELECT`, `VALUES`, `TABLE`, a `WITH` by its main verb),
//! `SHOW`, `DESCRIBE` or `EXPLAIN` of a query, and refuses everything else with a sentence. It reads the text's tokens: comments,
//! quotes, quoted names and statement ends do not fool it, and a text that engines read in more than one way must be
//! harmless in each of them. It asks no model, so nothing a table holds can change what it says.
//!
//! It is a second lock, not the first: give the credential of an app that answers questions no more rights than reading.
//! What a function of your own does, the guard cannot know: see [`GuardOptions`].

mod tokens;
mod verdict;

#[cfg(test)]
mod tests;

use crate::error::{Error, ErrorKind, Result};
use crate::sql_guard::tokens::{DATABRICKS, Reading};

pub use verdict::StatementKind;

/// Functions that do more than read tables: they call other services, run code of the host, cost by the call, or show
/// secrets. `ai_*` stands for every name that begins so.
pub const DENIED_FUNCTIONS: &[&str] =
    &["ai_*", "http_request", "java_method", "reflect", "try_reflect", "remote_query", "secret", "try_secret"];

/// What a guard refuses besides statements that write.
#[derive(Clone, Copy, Debug)]
pub struct GuardOptions<'a> {
    /// Names of functions that may not be called, in any case and whatever stands before their last point; a name that
    /// ends with `*` is a beginning. [`DENIED_FUNCTIONS`] unless set.
    pub denied_functions: &'a [&'a str],
}

impl Default for GuardOptions<'_> {
    fn default() -> Self {
        Self { denied_functions: DENIED_FUNCTIONS }
    }
}

/// Lets a statement through that only reads.
///
/// ```
/// use lakewire::sql_guard::{StatementKind, check};
/// assert_eq!(check("WITH t AS (SELECT 1 AS a) SELECT a FROM t")?, StatementKind::Query);
/// let refused = check("WITH t AS (SELECT 1) DELETE FROM orders").unwrap_err();
/// assert!(refused.message().contains("DELETE"));
/// # Ok::<(), lakewire::Error>(())
/// ```
///
/// # Errors
/// `StatementRefused`, with a sentence that says what was found.
pub fn check(statement: &str) -> Result<StatementKind> {
    check_with(statement, GuardOptions::default())
}

/// [`check`] with functions of your own on the list of those refused.
///
/// # Errors
/// As [`check`].
pub fn check_with(statement: &str, options: GuardOptions<'_>) -> Result<StatementKind> {
    verdict(statement, options).map_err(|found| {
        let sentence =
            ["The statement was not run, because ", &found, ": only one statement that reads is let through."];
        Error::new(ErrorKind::StatementRefused, sentence.concat())
    })
}

fn verdict(statement: &str, options: GuardOptions<'_>) -> Result<StatementKind, String> {
    let read = tokens::read(statement, DATABRICKS)?;
    let kind = verdict::judge(&read.tokens, options.denied_functions)?;
    if read.ambiguous {
        for bits in 0..7_u8 {
            let on = |bit: u8| bits & bit != 0;
            let reading = Reading { raw: on(1), escapes: on(2), double_escapes: on(4) };
            // who cannot read it does not run it
            if let Ok(other) = tokens::read(statement, reading) {
                verdict::judge(&other.tokens, options.denied_functions)
                    .map_err(|found| [found.as_str(), " when read as another engine may read it"].concat())?;
            }
        }
    }
    Ok(kind)
}
