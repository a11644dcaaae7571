//! The columns and rows of a result as the service writes them: every cell a text or nothing.

use std::borrow::Cow;

use crate::error::{Error, ErrorKind, Result};
use crate::wire::json::Raw;

/// A column of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqlColumn {
    /// Its name.
    pub name: String,
    /// Its SQL type as the service writes it, such as `DECIMAL(10,2)`.
    pub type_text: String,
}

/// A whole result: its columns, and rows of texts as the service writes them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SqlRows {
    /// The columns in order.
    pub columns: Vec<SqlColumn>,
    /// The rows; `None` is SQL's NULL.
    pub rows: Vec<Vec<Option<String>>>,
    /// Whether a row or byte limit cut the result.
    pub truncated: bool,
}

fn fault() -> Error {
    Error::new(ErrorKind::Decode, "The statement's result does not have the documented shape.")
}

impl SqlRows {
    /// Reads the JSON text of `{columns: [{name, type_text}], rows: [[text or null]], truncated}`.
    ///
    /// # Errors
    /// `Decode` when it is something else.
    pub fn parse(text: &str) -> Result<Self> {
        let root = Raw::parse(text)?;
        let mut read =
            Self { truncated: root.get("truncated").and_then(Raw::as_bool) == Some(true), ..Self::default() };
        root.get("columns").map_or(Ok(()), |columns| read.read_columns(columns))?;
        root.get("rows").map_or(Ok(()), |rows| read.read_rows(rows))?;
        Ok(read)
    }

    pub(crate) fn read_columns(&mut self, columns: Raw<'_>) -> Result<()> {
        for column in columns.items() {
            let text = |key| column.get_some(key).and_then(Raw::as_str).map(Cow::into_owned);
            let name = text("name").ok_or_else(fault)?;
            self.columns.push(SqlColumn {
                name,
                type_text: text("type_text").or_else(|| text("type_name")).unwrap_or_default(),
            });
        }
        Ok(())
    }

    pub(crate) fn read_rows(&mut self, rows: Raw<'_>) -> Result<()> {
        for row in rows.items() {
            let cells: Vec<_> = row.items().map(|cell| cell.as_str().map(Cow::into_owned)).collect();
            if cells.len() != self.columns.len() {
                return Err(fault());
            }
            self.rows.push(cells);
        }
        Ok(())
    }

    /// The place of a column by name, in any case.
    pub(crate) fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name.eq_ignore_ascii_case(name))
    }

    /// The texts of a column; NULL is an empty text.
    pub(crate) fn texts(&self, column: usize) -> impl Iterator<Item = &str> {
        self.rows.iter().map(move |row| row.get(column).and_then(Option::as_deref).unwrap_or(""))
    }
}
