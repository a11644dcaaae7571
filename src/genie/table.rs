//! The rows of a Genie answer: typed, and as a Markdown table. Pure.

use crate::error::{Error, ErrorKind, Result};
use crate::genie::outcome::{end, items, text};
use crate::wire::json::{Items, Raw};
use crate::wire::redact::clean;

/// A value of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// NULL.
    Null,
    /// True or false.
    Boolean(bool),
    /// A whole number of any width.
    Integer(i64),
    /// A float.
    Float(f64),
    /// All else as text, exact: decimals, dates, times, text, nested values.
    Text(String),
}

/// A column of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableColumn {
    /// Its name.
    pub name: String,
    /// Its type, such as `LONG`.
    pub type_name: String,
    /// Its type as SQL text, such as `DECIMAL(10,2)`.
    pub type_text: String,
}

/// The rows of a query of an answer.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct GenieTable {
    /// The columns.
    pub columns: Vec<TableColumn>,
    /// The rows.
    pub rows: Vec<Vec<Cell>>,
    /// Whether the query gave more rows than are here.
    pub truncated: bool,
}

/// The statement's answer inside of a result, once it has ended well; `None` while it goes on.
///
/// # Errors
/// `OperationFailed` when it ended badly, with the service's code.
pub fn finished(result: Raw<'_>) -> Result<Option<Raw<'_>>> {
    let response = result.get_some("statement_response").unwrap_or(result);
    let status = response.get_some("status");
    let state = status.map(|status| text(status, "state")).unwrap_or_default();
    let ended = match state.as_str() {
        "SUCCEEDED" => return Ok(Some(response)),
        "FAILED" => "failed",
        "CANCELED" => "was cancelled",
        "CLOSED" => "no longer has its rows: run it again with executeQuery (execute_query)",
        _ => return Ok(None),
    };
    let fault = status.and_then(|status| status.get_some("error"));
    let said = |key| fault.map(|fault| text(fault, key)).filter(|said| !said.is_empty());
    let reason = clean(said("message").unwrap_or_default().trim(), 1000, None);
    let colon = if reason.is_empty() { "" } else { ": " };
    let sentence = ["Genie's query ", ended, colon, &reason, end(&reason)].concat();
    Err(Error::new(ErrorKind::OperationFailed, sentence).with_error_code(Some(said("error_code").unwrap_or(state))))
}

/// The columns of a statement's answer.
fn columns(response: Raw<'_>) -> Items<'_> {
    let schema = response.get_some("manifest").and_then(|manifest| manifest.get_some("schema"));
    items(schema.unwrap_or(Raw::trusted("{}")), "columns")
}

fn rows(response: Raw<'_>) -> Items<'_> {
    items(response.get_some("result").unwrap_or(Raw::trusted("{}")), "data_array")
}

/// Whether a statement gave more rows than its answer holds.
#[must_use]
pub fn is_truncated(response: Raw<'_>) -> bool {
    let said = response.get_some("manifest").and_then(|manifest| manifest.get_some("truncated"));
    let more = response.get_some("result").and_then(|result| result.get_some("next_chunk_index"));
    said.and_then(Raw::as_bool) == Some(true) || more.is_some()
}

impl GenieTable {
    /// Reads the rows of a statement's answer, see [`finished`].
    ///
    /// # Errors
    /// `Decode` when a row does not have as many values as there are columns, or a value does not have
    /// its column's type.
    pub fn read(response: Raw<'_>) -> Result<Self> {
        let columns: Vec<TableColumn> = columns(response)
            .map(|column| TableColumn {
                name: text(column, "name"),
                type_name: text(column, "type_name"),
                type_text: text(column, "type_text"),
            })
            .collect();
        let mut table = Self { rows: Vec::new(), truncated: is_truncated(response), columns };
        for row in rows(response) {
            let read: Vec<Option<Cell>> =
                row.items().zip(&table.columns).map(|(value, column)| cell(value, &column.type_name)).collect();
            let whole = read.len() == table.columns.len() && row.items().count() == read.len();
            match read.into_iter().collect::<Option<Vec<Cell>>>().filter(|_| whole) {
                Some(cells) => table.rows.push(cells),
                None => {
                    return Err(Error::new(
                        ErrorKind::Decode,
                        format!("Row {} of the result does not fit its columns.", table.rows.len()),
                    ));
                }
            }
        }
        Ok(table)
    }
}

fn cell(value: Raw<'_>, type_name: &str) -> Option<Cell> {
    if value.is_null() {
        return Some(Cell::Null);
    }
    let text = value.as_str().unwrap_or(value.text().into());
    Some(match type_name {
        "INT" | "LONG" | "SHORT" | "BYTE" => Cell::Integer(text.parse().ok()?),
        "FLOAT" | "DOUBLE" => Cell::Float(text.parse().ok()?),
        "BOOLEAN" => Cell::Boolean(match text.as_ref() {
            "true" => true,
            "false" => false,
            _ => return None,
        }),
        _ => Cell::Text(text.into_owned()),
    })
}

/// The rows as a Markdown table; with `index` the first column counts them from 0. No rows: `EMPTY`.
///
/// Whole numbers stand on the right, all else on the left, as in the table of the Python bridge; cells are not padded,
/// which costs a model fewer tokens.
///
/// ```
/// use lakewire::{genie::markdown, wire::json::Raw};
/// let response = Raw::parse(r#"{"manifest":{"schema":{"columns":[{"name":"region","type_name":"STRING"},{"name":"n","type_name":"LONG"}]}},
///     "result":{"data_array":[["north","12"],["a|b",null]]}}"#)?;
/// assert_eq!(markdown(response, true), "| | region | n |\n|---:|:---|---:|\n| 0 | north | 12 |\n| 1 | a\\|b | |");
/// # Ok::<(), lakewire::Error>(())
/// ```
#[must_use]
pub fn markdown(response: Raw<'_>, index: bool) -> String {
    let mut out = String::from("|");
    let mut rule = String::from("\n|");
    if index {
        out.push_str(" |");
        rule.push_str("---:|");
    }
    for column in columns(response) {
        push_cell(&mut out, &text(column, "name"));
        let right = matches!(text(column, "type_name").as_str(), "INT" | "LONG" | "SHORT" | "BYTE");
        rule.push_str(if right { "---:|" } else { ":---|" });
    }
    out.push_str(&rule);
    let mut count = 0_usize;
    for row in rows(response) {
        out.push_str("\n|");
        if index {
            push_cell(&mut out, &count.to_string());
        }
        for value in row.items() {
            match value.as_str() {
                Some(text) => push_cell(&mut out, &text),
                None if value.is_null() => out.push_str(" |"),
                None => push_cell(&mut out, value.text()),
            }
        }
        count += 1;
    }
    if count == 0 { "EMPTY".to_owned() } else { out }
}

/// One cell; what would end it or the line is written otherwise.
#[inline(never)]
fn push_cell(out: &mut String, text: &str) {
    out.push(' ');
    for c in text.chars() {
        match c {
            '|' => out.push_str("\\|"),
            '\n' | '\r' => out.push(' '),
            c => out.push(c),
        }
    }
    out.push_str(if text.is_empty() { "|" } else { " |" });
}
