//! Tables as LangChain shows them to a model on SQLAlchemy's Databricks dialect: `CREATE TABLE` and sample rows.

use crate::error::{Error, ErrorKind, Result};
use crate::order;
use crate::sql_database::python_text;
use crate::sql_database::rows::SqlRows;
use crate::sql_database::shape::{KeyShape, TableShape};
use crate::wire::find;

/// The words SQLAlchemy puts in quotes.
const RESERVED: &str = " all analyse analyze and any array as asc asymmetric authorization between binary both case cast check collate \
column constraint create cross current_date current_role current_time current_timestamp current_user default deferrable desc \
distinct do else end except false for foreign freeze from full grant group having ilike in initially inner intersect into is \
isnull join leading left like limit localtime localtimestamp natural new not notnull null off offset old on only or order \
outer overlaps placing primary references right select session_user set similar some symmetric table then to trailing true \
union unique user using verbose when where ";

/// A name as SQLAlchemy's Databricks dialect writes it: in backticks where it must be.
pub(crate) fn name(name: &str) -> String {
    let plain = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && find::find(RESERVED, &[" ", name, " "].concat()).is_none();
    if plain { name.to_owned() } else { quoted(name) }
}

/// A name in backticks.
pub(crate) fn quoted(name: &str) -> String {
    ["`", &find::replace(name, "`", "``"), "`"].concat()
}

fn names(list: &[String]) -> String {
    joined(list.iter().map(|text| name(text)), ", ")
}

/// Texts with something between.
pub(crate) fn joined(texts: impl Iterator<Item = impl AsRef<str>>, between: &str) -> String {
    let mut out = String::new();
    for (place, text) in texts.enumerate() {
        if place > 0 {
            out.push_str(between);
        }
        out.push_str(text.as_ref());
    }
    out
}

/// A comment as a SQL text.
fn comment(text: &str) -> String {
    ["COMMENT '", &find::replace(&find::replace(text, "\\", "\\\\"), "'", "\\'"), "'"].concat()
}

/// The dialect's word for a type of the catalog; a type it does not know stays as it is, in capitals.
fn type_name(text: &str) -> String {
    let upper = text.trim().to_ascii_uppercase();
    let end = upper.bytes().position(|byte| !byte.is_ascii_alphanumeric() && byte != b'_').unwrap_or(upper.len());
    match upper.get(..end).unwrap_or("") {
        "STRING" | "VARCHAR" | "CHAR" | "BINARY" | "ARRAY" | "MAP" | "STRUCT" => "STRING".to_owned(),
        "LONG" => "BIGINT".to_owned(),
        "SHORT" => "SMALLINT".to_owned(),
        "BYTE" => "TINYINT".to_owned(),
        "INTEGER" => "INT".to_owned(),
        "DECIMAL" => match upper.split_once(',') {
            Some((precision, scale)) => [precision.trim_end(), ", ", scale.trim_start()].concat(),
            None => upper,
        },
        _ => upper,
    }
}

/// The `CREATE TABLE` text of a table, without the space after it.
pub(crate) fn create(table: &str, shape: &TableShape) -> String {
    let mut out = ["\nCREATE TABLE ", &name(table), " (\n\t"].concat();
    for (place, column) in shape.columns.iter().enumerate() {
        if place > 0 {
            out.push_str(", \n\t");
        }
        out.push_str(&name(&column.name));
        out.push(' ');
        out.push_str(&type_name(&column.type_text));
        if column.required {
            out.push_str(" NOT NULL");
        }
        if !column.comment.is_empty() {
            out.push(' ');
            out.push_str(&comment(&column.comment));
        }
    }
    let (primary, foreign): (Vec<_>, Vec<_>) = shape.keys.iter().partition(|key| key.other.is_none());
    for key in primary.into_iter().chain(foreign) {
        out.push_str(", \n\t");
        out.push_str(&key_text(key));
    }
    out.push_str("\n) USING DELTA\n");
    if !shape.comment.is_empty() {
        out.push_str(&comment(&shape.comment));
        out.push('\n');
    }
    out.push_str("TBLPROPERTIES('delta.feature.allowColumnDefaults' = 'enabled')");
    out
}

fn key_text(key: &KeyShape) -> String {
    let mut out = String::new();
    if !key.name.is_empty() {
        out.push_str("CONSTRAINT ");
        out.push_str(&name(&key.name));
        out.push(' ');
    }
    match &key.other {
        None => out.push_str(&["PRIMARY KEY (", &names(&key.columns), ")"].concat()),
        Some((table, columns)) => out.push_str(
            &["FOREIGN KEY(", &names(&key.columns), ") REFERENCES ", &name(table), " (", &names(columns), ")"].concat(),
        ),
    }
    out
}

/// The query of sample rows; its parameter `param_1` says how many.
pub(crate) fn sample_query(table: &str, shape: &TableShape) -> String {
    let table = name(table);
    let columns = joined(shape.columns.iter().map(|column| [table.as_str(), ".", &name(&column.name)].concat()), ", ");
    ["SELECT ", &columns, " \nFROM ", &table, "\n LIMIT :param_1"].concat()
}

/// The comment of sample rows, to stand behind the `CREATE TABLE` text. `rows` is nothing when they could not be read.
pub(crate) fn samples(table: &str, shape: &TableShape, count: &str, rows: Option<&SqlRows>) -> String {
    let columns = joined(shape.columns.iter().map(|column| column.name.as_str()), "\t");
    let lines = rows.into_iter().flat_map(|result| {
        result.rows.iter().map(|row| {
            joined(
                result.columns.iter().zip(row).map(|(column, cell)| python_text::sample(column, cell.as_deref())),
                "\t",
            )
        })
    });
    ["\n\n/*\n", count, " rows from ", table, " table:\n", &columns, "\n", &joined(lines, "\n"), "\n*/"].concat()
}

/// The texts of tables, sorted, with blank lines between.
pub(crate) fn whole(mut texts: Vec<String>) -> String {
    order::sort(&mut texts, |a, b| a < b);
    joined(texts.iter(), "\n\n")
}

/// Which tables may be used: those of `SHOW TABLES` that are no views, and views when asked for; of these the included ones,
/// or those not ignored; sorted.
///
/// # Errors
/// `InvalidInput` when an included one is not there.
pub(crate) fn usable(
    tables: &SqlRows,
    views: &SqlRows,
    with_views: bool,
    include: &[String],
    ignore: &[String],
) -> Result<Vec<String>> {
    let column = |rows: &SqlRows, name: &str| {
        rows.column(name).map(|at| rows.texts(at).map(str::to_owned).collect::<Vec<_>>()).unwrap_or_default()
    };
    let views = column(views, "viewName");
    let mut all = column(tables, "tableName");
    all.retain(|table| !views.contains(table));
    if with_views {
        all.extend(views);
    }
    if let Some(set) = missing(include, &all) {
        let sentence = ["The include_tables ", &set, " were not found in the database."].concat();
        return Err(Error::new(ErrorKind::InvalidInput, sentence));
    }
    let mut usable = if include.is_empty() { all } else { include.to_vec() };
    usable.retain(|table| !ignore.contains(table));
    order::sort(&mut usable, |a, b| a < b);
    usable.dedup();
    Ok(usable)
}

/// The names that are not there, as Python prints a set; nothing when all are.
pub(crate) fn missing(asked: &[String], known: &[String]) -> Option<String> {
    let mut set: Vec<&str> = Vec::new();
    for name in asked {
        if !known.contains(name) && !set.contains(&name.as_str()) {
            set.push(name);
        }
    }
    if set.is_empty() {
        return None;
    }
    Some(["{'", &joined(set.iter(), "', '"), "'}"].concat())
}
