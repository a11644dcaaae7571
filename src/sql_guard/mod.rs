//! Whether a SQL text only reads: the guard before everything a model writes.
//!
//! [`check`] lets through one statement that is a query (`SELECT`, `VALUES`, `TABLE`, a `WITH` by its main verb),
//! `SHOW`, `DESCRIBE` or `EXPLAIN` of a query, and refuses everything else with a sentence. It reads the text's tokens: comments,
//! quotes, quoted names and statement ends do not fool it. A text must be harmless as Databricks reads it and in each way
//! in which other engines do; what nobody writes without a purpose (comments in comments, `${…}`, `IDENTIFIER(…)`, tables named by the
//! path of a file) is refused. It asks no model, so nothing a table holds can change what it says.
//!
//! It is a second lock, not the first: give the credential of an app that answers questions no more rights than reading.
//! What a function of your own does, the guard cannot know: see [`GuardOptions`].

mod tokens;
mod verdict;

#[cfg(test)]
mod oracle_tests;
#[cfg(test)]
mod spark;
#[cfg(test)]
mod tests;

use crate::error::{Error, ErrorKind, Result};
use crate::sql_guard::tokens::{DATABRICKS, Reading};

pub use verdict::StatementKind;

/// Functions that do more than read tables: they call other services or hosts that the text names, run code, cost by the
/// call, show secrets, or read files and queues (`read_files`, `cloud_files`, `read_kafka` …). `ai_*` stands for every name that begins so.
pub const DENIED_FUNCTIONS: &[&str] = &[
    "ai_*",
    "cloud_files*",
    "from_avro",
    "from_protobuf",
    "http_request",
    "java_method",
    "list_secrets",
    "python_exec",
    "read_*",
    "reflect",
    "remote_query",
    "secret",
    "to_avro",
    "to_protobuf",
    "try_reflect",
    "try_secret",
    "vector_search",
];

/// What a guard refuses besides statements that write. Names are of functions, in any case; only what stands behind their
/// last point counts, and one that ends with `*` is a beginning.
///
/// ```
/// use lakewire::sql_guard::{GuardOptions, check_with};
/// let options = GuardOptions { denied_functions: &["main.tools.mailer"], allowed_functions: &["ai_summarize"] };
/// assert!(check_with("SELECT ai_summarize(text) FROM notes", options).is_ok());
/// assert!(check_with("SELECT main.tools.mailer(text) FROM notes", options).is_err());
/// assert!(check_with("SELECT secret('scope', 'key')", options).is_err());
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct GuardOptions<'a> {
    /// Functions that may not be called, besides [`DENIED_FUNCTIONS`].
    pub denied_functions: &'a [&'a str],
    /// Functions that may be called although [`DENIED_FUNCTIONS`] has them; `*` lifts that whole list. It lifts nothing of
    /// `denied_functions`.
    pub allowed_functions: &'a [&'a str],
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

/// [`check`] with functions of your own among those refused, or without some that are.
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
    let kind = verdict::judge(&read.tokens, options)?;
    if read.ambiguous {
        for bits in 0..7_u8 {
            let on = |bit: u8| bits & bit != 0;
            let reading = Reading { raw: on(1), escapes: on(2), double_escapes: on(4) };
            // who cannot read it does not run it
            if let Ok(other) = tokens::read(statement, reading) {
                verdict::judge(&other.tokens, options)
                    .map_err(|found| [found.as_str(), " when read as another engine may read it"].concat())?;
            }
        }
    }
    Ok(kind)
}
