//! `information_schema` of each catalog, made from the metastore when it is read.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Int32Array, RecordBatch, StringArray};

use crate::error::{Result, SqlError};
use crate::metastore::{Column, Metastore, Name, Returns, Rows, Table};
use crate::types::SqlType;

/// The tables there are.
pub const TABLES: &[&str] = &["schemata", "tables", "columns", "views", "routines", "parameters", "catalogs"];

/// A table of texts: the first `texts` of its columns are STRING, the others INT.
struct Sheet {
    columns: &'static [&'static str],
    numbers: &'static [&'static str],
    rows: Vec<Vec<Option<String>>>,
}

/// The table of this name, when it is one of `information_schema`; `system.information_schema` shows every catalog.
///
/// # Errors
/// Never in practice: when the rows cannot be put together.
pub fn table(store: &Metastore, name: &Name) -> Result<Option<Arc<Table>>> {
    if name.schema != "information_schema" || !(name.catalog == "system" || store.catalogs.contains_key(&name.catalog))
    {
        return Ok(None);
    }
    let Some(sheet) = sheet(store, name) else { return Ok(None) };
    let mut columns = Vec::new();
    let mut arrays: Vec<ArrayRef> = Vec::new();
    for (index, column) in sheet.columns.iter().enumerate() {
        let cells = sheet.rows.iter().map(|row| row.get(index).cloned().flatten());
        if sheet.numbers.contains(column) {
            let numbers: Vec<Option<i32>> = cells.map(|cell| cell.and_then(|cell| cell.parse().ok())).collect();
            arrays.push(Arc::new(Int32Array::from(numbers)));
            columns.push(Column::new(column, SqlType::Int));
        } else {
            arrays.push(Arc::new(StringArray::from(cells.collect::<Vec<_>>())));
            columns.push(Column::new(column, SqlType::String));
        }
    }
    let mut table = Table::new(&name.name, columns, Rows::Ready(Arc::new(Vec::new())));
    let batch = RecordBatch::try_new(table.schema(), arrays).map_err(|error| SqlError::internal(error.to_string()))?;
    table.rows = Rows::Ready(Arc::new(vec![batch]));
    Ok(Some(Arc::new(table)))
}

fn text(value: &str) -> Option<String> {
    Some(value.to_owned())
}

fn sheet(store: &Metastore, name: &Name) -> Option<Sheet> {
    let shown = || store.catalogs.iter().filter(|(catalog, _)| name.catalog == "system" || **catalog == name.catalog);
    let schemas =
        || shown().flat_map(|(catalog, held)| held.schemas.iter().map(move |(schema, held)| (catalog, schema, held)));
    let tables = || {
        schemas().flat_map(|(catalog, schema, held)| held.tables.values().map(move |table| (catalog, schema, table)))
    };
    let functions = || {
        schemas().flat_map(|(catalog, schema, held)| held.functions.values().map(move |made| (catalog, schema, made)))
    };
    Some(match name.name.as_str() {
        "catalogs" => Sheet {
            columns: &["catalog_name", "catalog_owner", "comment"],
            numbers: &[],
            rows: shown().map(|(catalog, held)| vec![text(catalog), text("emulator"), held.comment.clone()]).collect(),
        },
        "schemata" => Sheet {
            columns: &["catalog_name", "schema_name", "schema_owner", "comment"],
            numbers: &[],
            rows: schemas()
                .map(|(catalog, schema, held)| {
                    vec![text(catalog), text(schema), text("emulator"), held.comment.clone()]
                })
                .collect(),
        },
        "tables" => Sheet {
            columns: &[
                "table_catalog",
                "table_schema",
                "table_name",
                "table_type",
                "data_source_format",
                "table_owner",
                "comment",
            ],
            numbers: &[],
            rows: tables()
                .map(|(catalog, schema, table)| {
                    let (kind, format) =
                        if table.is_view() { ("VIEW", "UNKNOWN_DATA_SOURCE_FORMAT") } else { ("MANAGED", "DELTA") };
                    vec![
                        text(catalog),
                        text(schema),
                        text(&table.name),
                        text(kind),
                        text(format),
                        text("emulator"),
                        table.comment.clone(),
                    ]
                })
                .collect(),
        },
        "views" => Sheet {
            columns: &["table_catalog", "table_schema", "table_name", "view_definition"],
            numbers: &[],
            rows: tables()
                .filter_map(|(catalog, schema, table)| match &table.rows {
                    Rows::View { query, .. } => Some(vec![text(catalog), text(schema), text(&table.name), text(query)]),
                    _ => None,
                })
                .collect(),
        },
        "columns" => Sheet {
            columns: &[
                "table_catalog",
                "table_schema",
                "table_name",
                "column_name",
                "ordinal_position",
                "column_default",
                "is_nullable",
                "full_data_type",
                "data_type",
                "comment",
            ],
            numbers: &["ordinal_position"],
            rows: tables()
                .flat_map(|(catalog, schema, table)| {
                    table.columns.iter().enumerate().map(move |(index, column)| {
                        vec![
                            text(catalog),
                            text(schema),
                            text(&table.name),
                            text(&column.name),
                            Some((index + 1).to_string()),
                            column.default.clone(),
                            text(if column.nullable { "YES" } else { "NO" }),
                            Some(column.ty.lower()),
                            text(column.ty.name()),
                            column.comment.clone(),
                        ]
                    })
                })
                .collect(),
        },
        "routines" => Sheet {
            columns: &[
                "specific_catalog",
                "specific_schema",
                "specific_name",
                "routine_catalog",
                "routine_schema",
                "routine_name",
                "routine_type",
                "data_type",
                "full_data_type",
                "routine_body",
                "routine_definition",
                "is_deterministic",
                "comment",
            ],
            numbers: &[],
            rows: functions()
                .map(|(catalog, schema, made)| {
                    let (ty, full) = match &made.returns {
                        Returns::Scalar(ty) => (ty.name(), ty.lower()),
                        Returns::Table(_) => ("TABLE_TYPE", "table".to_owned()),
                    };
                    vec![
                        text(catalog),
                        text(schema),
                        text(&made.name),
                        text(catalog),
                        text(schema),
                        text(&made.name),
                        text("FUNCTION"),
                        text(ty),
                        Some(full),
                        text("SQL"),
                        text(&made.body),
                        text(if made.deterministic { "YES" } else { "NO" }),
                        made.comment.clone(),
                    ]
                })
                .collect(),
        },
        "parameters" => Sheet {
            columns: &[
                "specific_catalog",
                "specific_schema",
                "specific_name",
                "ordinal_position",
                "parameter_mode",
                "parameter_name",
                "data_type",
                "full_data_type",
                "parameter_default",
                "comment",
            ],
            numbers: &["ordinal_position"],
            rows: functions()
                .flat_map(|(catalog, schema, made)| {
                    made.arguments.iter().enumerate().map(move |(index, argument)| {
                        vec![
                            text(catalog),
                            text(schema),
                            text(&made.name),
                            Some(index.to_string()),
                            text("IN"),
                            text(&argument.name),
                            text(argument.ty.name()),
                            Some(argument.ty.lower()),
                            argument.default.clone(),
                            argument.comment.clone(),
                        ]
                    })
                })
                .collect(),
        },
        _ => return None,
    })
}
