//! What a table is made of, read from Unity Catalog or from `DESCRIBE TABLE EXTENDED`.

use std::borrow::Cow;

use crate::error::{Error, ErrorKind, Result};
use crate::sql_database::rows::SqlRows;
use crate::wire::find;
use crate::wire::json::Raw;

/// A column of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ColumnShape {
    pub(crate) name: String,
    pub(crate) type_text: String,
    pub(crate) required: bool,
    pub(crate) comment: String,
}

/// A primary key, or with `other` a foreign one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct KeyShape {
    pub(crate) name: String,
    pub(crate) columns: Vec<String>,
    pub(crate) other: Option<(String, Vec<String>)>,
}

/// A table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TableShape {
    pub(crate) columns: Vec<ColumnShape>,
    pub(crate) comment: String,
    pub(crate) keys: Vec<KeyShape>,
}

fn text(object: Raw<'_>, key: &str) -> String {
    object.get_some(key).and_then(Raw::as_str).map(Cow::into_owned).unwrap_or_default()
}

fn list(object: Raw<'_>, key: &str) -> Vec<String> {
    object.get_some(key).into_iter().flat_map(Raw::items).filter_map(Raw::as_str).map(Cow::into_owned).collect()
}

/// The last part of `catalog.schema.table`, of which the parts may stand in backticks.
fn last_part(name: &str) -> String {
    let from = name.bytes().rposition(|byte| byte == b'.').map_or(0, |at| at + 1);
    name.get(from..).unwrap_or("").trim_matches('`').to_owned()
}

impl TableShape {
    /// Reads a table of `/api/2.1/unity-catalog/tables/{full_name}`.
    ///
    /// # Errors
    /// `Decode` when it names no columns.
    pub(crate) fn of_catalog(table: &str) -> Result<Self> {
        let root = Raw::parse(table)?;
        let mut shape = Self { comment: text(root, "comment"), ..Self::default() };
        for column in root.get_some("columns").into_iter().flat_map(Raw::items) {
            shape.columns.push(ColumnShape {
                name: text(column, "name"),
                type_text: text(column, "type_text"),
                required: column.get("nullable").and_then(Raw::as_bool) == Some(false),
                comment: text(column, "comment"),
            });
        }
        for constraint in root.get_some("table_constraints").into_iter().flat_map(Raw::items) {
            if let Some(key) = constraint.get_some("primary_key_constraint") {
                shape.keys.push(KeyShape { name: text(key, "name"), columns: list(key, "child_columns"), other: None });
            } else if let Some(key) = constraint.get_some("foreign_key_constraint") {
                let other = (last_part(&text(key, "parent_table")), list(key, "parent_columns"));
                shape.keys.push(KeyShape {
                    name: text(key, "name"),
                    columns: list(key, "child_columns"),
                    other: Some(other),
                });
            }
        }
        shape.checked()
    }

    /// Reads the rows of `DESCRIBE TABLE EXTENDED`, which do not say what may be NULL.
    ///
    /// # Errors
    /// `Decode` when it names no columns.
    pub(crate) fn of_description(rows: &SqlRows) -> Result<Self> {
        let mut shape = Self::default();
        let place = |name| rows.column(name).ok_or_else(no_columns);
        let (name, kind, comment) = (place("col_name")?, place("data_type")?, rows.column("comment"));
        let mut details = false;
        for row in &rows.rows {
            let cell = |at: usize| row.get(at).and_then(Option::as_deref).unwrap_or("");
            let (name, kind) = (cell(name), cell(kind));
            details |= name.is_empty() || name.starts_with('#');
            if !details {
                let comment = comment.map_or("", cell).to_owned();
                shape.columns.push(ColumnShape {
                    name: name.to_owned(),
                    type_text: kind.to_owned(),
                    required: false,
                    comment,
                });
            } else if name == "Comment" {
                kind.clone_into(&mut shape.comment);
            } else if let Some(key) = find::split_once(kind, "PRIMARY KEY").map(|(_, key)| key) {
                shape.keys.push(KeyShape { name: name.to_owned(), columns: quoted_names(key), other: None });
            } else if let Some(key) = foreign_key(name, kind) {
                shape.keys.push(key);
            }
        }
        shape.checked()
    }

    fn checked(self) -> Result<Self> {
        if self.columns.is_empty() || self.columns.iter().any(|column| column.name.is_empty()) {
            return Err(no_columns());
        }
        Ok(self)
    }
}

/// A foreign key of text such as ``FOREIGN KEY (`x`) REFERENCES `cat`.`sch`.`other` (`y`)``.
fn foreign_key(name: &str, text: &str) -> Option<KeyShape> {
    let (_, key) = find::split_once(text, "FOREIGN KEY")?;
    let (columns, other) = find::split_once(key, "REFERENCES")?;
    let (table, others) = find::split_once(other, "(")?;
    let other = Some((last_part(table.trim()), quoted_names(others)));
    Some(KeyShape { name: name.to_owned(), columns: quoted_names(columns), other })
}

fn no_columns() -> Error {
    Error::new(ErrorKind::Decode, "The description of the table names no columns.")
}

/// The names in backticks.
fn quoted_names(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}
