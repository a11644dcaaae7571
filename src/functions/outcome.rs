//! What the answer to a function's statement says: wait, or what the model is told. Pure.

use crate::functions::schema::text;
use crate::wire::json::{Raw, push_string};

/// How far a statement is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// It goes on; its id and state.
    Waiting {
        /// The statement's id.
        id: String,
        /// Its state, such as `RUNNING`.
        state: String,
    },
    /// It ended: the JSON text of a [`FunctionResult`](super::FunctionResult).
    Done(String),
}

/// Judges a statement's answer.
#[must_use]
pub fn judge(gives_table: bool, response: Raw<'_>) -> Seen {
    let Some(status) = response.get_some("status") else {
        return Seen::Done(failed("Statement execution failed: the answer has no status."));
    };
    let (id, state) = (text(response, "statement_id"), text(status, "state"));
    match state.as_str() {
        "SUCCEEDED" => Seen::Done(succeeded(gives_table, response)),
        "FAILED" | "CANCELED" | "CLOSED" => Seen::Done(match status.get_some("error") {
            Some(error) => failed(&[&text(error, "error_code"), ": ", text(error, "message").trim()].concat()),
            None => failed(&["Statement execution ended as ", &state, " but no error message was provided."].concat()),
        }),
        // states that are not known yet are waited for like the two that are
        _ if id.is_empty() => Seen::Done(failed("Statement execution failed: the answer names no statement.")),
        _ => Seen::Waiting { id, state },
    }
}

/// The pause before the next look, in seconds: 1, 2, 4 … and in all no more than `limit`.
#[must_use]
pub fn pause(looks: u32, waited: u32, limit: u32) -> Option<u32> {
    let left = limit.checked_sub(waited).filter(|left| *left > 0)?;
    Some(1_u32.checked_shl(looks).unwrap_or(u32::MAX).min(left))
}

/// The result when the time is up.
#[must_use]
pub fn late(state: &str, waited: u32) -> String {
    failed(
        &[
            "Statement execution is still ",
            &state.to_ascii_lowercase(),
            " after ",
            &waited.to_string(),
            " seconds. It was told to stop; allow more time.",
        ]
        .concat(),
    )
}

#[inline(never)]
fn failed(reason: &str) -> String {
    let mut out = String::from("{\"error\":");
    push_string(&mut out, reason);
    out.push('}');
    out
}

fn succeeded(gives_table: bool, response: Raw<'_>) -> String {
    let Some(manifest) = response.get_some("manifest") else {
        return failed("Statement execution succeeded but no manifest was returned.");
    };
    let Some(result) = response.get_some("result") else {
        return failed("Statement execution succeeded but no result was provided.");
    };
    let rows = result.get_some("data_array");
    let mut out = String::from("{\"format\":");
    if gives_table {
        let Some(columns) = manifest.get_some("schema").and_then(|schema| schema.get_some("columns")) else {
            return failed("Statement execution succeeded but no schema was provided for table function.");
        };
        out.push_str("\"CSV\",\"value\":");
        push_string(&mut out, &csv(columns, rows));
    } else {
        out.push_str("\"SCALAR\"");
        if let Some(value) = rows.and_then(|rows| rows.at(0)?.at(0)).filter(|value| !value.is_null()) {
            out.push_str(",\"value\":");
            // cells are texts; anything else is shown as it is written
            push_string(&mut out, &value.as_str().unwrap_or(value.text().into()));
        }
    }
    // further chunks are not read: what they hold is missing from the value
    let more = result.get_some("next_chunk_index").is_some();
    if let Some(truncated) = manifest.get_some("truncated").and_then(Raw::as_bool).or(more.then_some(true)) {
        out.push_str(if truncated || more { ",\"truncated\":true" } else { ",\"truncated\":false" });
    }
    out.push('}');
    out
}

/// A header line and rows, `\n` at the end of each, quotes only where they are needed, nothing for NULL.
fn csv(columns: Raw<'_>, rows: Option<Raw<'_>>) -> String {
    let mut out = String::new();
    let names = columns.items().map(|column| text(column, "name"));
    line(&mut out, names);
    for row in rows.unwrap_or(Raw::trusted("[]")).items() {
        line(
            &mut out,
            row.items().map(|cell| match cell.as_str() {
                Some(text) => text.into_owned(),
                None if cell.is_null() => String::new(),
                None => cell.text().to_owned(),
            }),
        );
    }
    out
}

fn line(out: &mut String, cells: impl Iterator<Item = String>) {
    let start = out.len();
    let mut count = 0;
    for cell in cells {
        if count > 0 {
            out.push(',');
        }
        count += 1;
        if cell.contains(['"', ',', '\n', '\r']) {
            out.push('"');
            for c in cell.chars() {
                if c == '"' {
                    out.push('"');
                }
                out.push(c);
            }
            out.push('"');
        } else {
            out.push_str(&cell);
        }
    }
    // a line without anything would be no row
    if count == 1 && out.len() == start {
        out.push_str("\"\"");
    }
    out.push('\n');
}
