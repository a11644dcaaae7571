//! The statement, and the names of tables, in what a model wrote.

use crate::error::{Error, ErrorKind, Result};
use crate::wire::find;

/// Words that begin a SQL statement, those the guard refuses included: it shall say why.
const VERBS: &[&str] = &[
    "SELECT", "WITH", "VALUES", "TABLE", "SHOW", "DESCRIBE", "DESC", "EXPLAIN", "INSERT", "UPDATE", "DELETE", "MERGE",
    "CREATE", "ALTER", "DROP", "TRUNCATE", "COPY", "GRANT", "REVOKE", "CALL", "EXECUTE", "SET", "USE", "BEGIN",
    "DECLARE", "OPTIMIZE", "VACUUM", "REFRESH", "LOAD", "FROM",
];

/// The statement in what a model wrote: behind its label, in its fence, without the marks around it.
///
/// # Errors
/// `OutputMismatch` when it wrote none; what it wrote is the error's [`partial`](Error::partial).
pub(crate) fn statement(text: &str) -> Result<String> {
    let mut found = text;
    // what a reasoning model thinks first
    if let Some((_, after)) = find::split_once(found, "</think>") {
        found = after;
    }
    if let Some((_, after)) = at_label(found, "sqlquery:") {
        found = after;
    }
    if let Some((before, _)) = at_label(found, "sqlresult:") {
        found = before;
    }
    let found = trim(fenced(found));
    match begins(found) {
        Some(at) => Ok(trim(found.get(at..).unwrap_or("")).to_owned()),
        None => Err(Error::new(
            ErrorKind::OutputMismatch,
            "The model wrote no SQL: what it wrote is the error's `partial`.",
        )
        .with_partial(Some(text.trim().to_owned()))),
    }
}

/// What stands before and behind a label at the beginning of a line.
fn at_label<'a>(text: &'a str, label: &str) -> Option<(&'a str, &'a str)> {
    for at in lines(text) {
        let line = text.get(at..)?.trim_start_matches([' ', '*', '#', '`']);
        if line.get(..label.len()).is_some_and(|word| word.eq_ignore_ascii_case(label)) {
            return Some((text.get(..at)?, line.get(label.len()..)?.trim_start_matches('*')));
        }
    }
    None
}

/// Where lines begin.
fn lines(text: &str) -> impl Iterator<Item = usize> + '_ {
    std::iter::once(0).chain(find::places(text, "\n").map(|at| at + 1))
}

/// The inside of the first fence of SQL, or of the first fence.
fn fenced(text: &str) -> &str {
    let mut first = None;
    let mut rest = text;
    while let Some((_, after)) = find::split_once(rest, "```") {
        let (inside, more) = find::split_once(after, "```").unwrap_or((after, ""));
        let tag = inside.bytes().take_while(u8::is_ascii_alphanumeric).count();
        let (tag, body) = inside.split_at_checked(tag).unwrap_or(("", inside));
        let named = ["sql", "databricks", "spark", "sparksql", "databrickssql"]
            .iter()
            .any(|name| tag.eq_ignore_ascii_case(name));
        if named {
            return body;
        }
        // a tag of another language ends its line
        let inside = if body.starts_with('\n') { body } else { inside };
        first = first.or(Some(inside));
        rest = more;
    }
    first.unwrap_or(text)
}

/// Without space, ends of statements and single backticks around the whole.
fn trim(text: &str) -> &str {
    let mut text = text.trim_matches(|c: char| c.is_ascii_whitespace() || c == ';');
    let inside = text.strip_prefix('`').and_then(|text| text.strip_suffix('`'));
    if let Some(inside) = inside.filter(|inside| !inside.as_bytes().contains(&b'`')) {
        text = inside.trim_matches(|c: char| c.is_ascii_whitespace() || c == ';');
    }
    text
}

/// Where the statement begins: at once, or at the first line that begins with a verb in capitals.
fn begins(text: &str) -> Option<usize> {
    let verb = |text: &str, exact: bool| {
        let text = text.trim_start_matches([' ', '\t', '(']);
        let end = text.bytes().position(|byte| !byte.is_ascii_alphabetic()).unwrap_or(text.len());
        let (word, rest) = text.split_at_checked(end).unwrap_or((text, ""));
        // prose begins with capital letters: "With these tables …"
        let code = word == "Select"
            || word.bytes().all(|byte| byte.is_ascii_uppercase())
            || !exact && word.bytes().all(|byte| byte.is_ascii_lowercase());
        let known = code && VERBS.iter().any(|verb| verb.eq_ignore_ascii_case(word));
        known && rest.as_bytes().first().is_none_or(|byte| !matches!(byte, b'.' | b',' | b'\''))
    };
    if verb(text, false)
        || text.starts_with("--") && lines(text).any(|at| verb(text.get(at..).unwrap_or(""), false))
        || text.starts_with("/*")
    {
        return Some(0);
    }
    lines(text).find(|at| verb(text.get(*at..).unwrap_or(""), true))
}

/// The known names in a list that a model wrote, in the order of `known`.
///
/// # Errors
/// `OutputMismatch` when it named none.
pub(crate) fn tables<'a>(text: &str, known: &[&'a str]) -> Result<Vec<&'a str>> {
    let bare = |name: &str| {
        let name = name.trim_matches(|c: char| {
            c.is_ascii_whitespace() || matches!(c, '`' | '"' | '\'' | '.' | '*' | '-' | '[' | ']')
        });
        let last = name.bytes().rposition(|byte| byte == b'.').map_or(0, |at| at + 1);
        name.get(last..).unwrap_or("").trim_matches('`').to_ascii_lowercase()
    };
    let text = at_label(text, "relevant table names:").map_or(text, |(_, after)| after);
    let named: Vec<String> = text.split([',', '\n']).map(bare).collect();
    let found: Vec<&str> = known.iter().copied().filter(|name| named.contains(&name.to_ascii_lowercase())).collect();
    if found.is_empty() {
        return Err(Error::new(ErrorKind::OutputMismatch, "The model named none of the database's tables.")
            .with_partial(Some(text.trim().to_owned())));
    }
    Ok(found)
}
