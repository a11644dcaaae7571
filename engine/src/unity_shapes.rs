//! The objects of Unity Catalog's REST face.

use serde_json::{Map, Value, json};

use crate::metastore::{Argument, Catalog, Column, Constraint, Function, Name, Returns, Rows, Schema, Table};
use crate::types::SqlType;

const METASTORE: &str = "10000000-0000-4000-8000-000000000001";
const OWNER: &str = "emulator";

/// Leaves out what is null, as the service does.
fn tidy(mut value: Value) -> Value {
    if let Some(object) = value.as_object_mut() {
        object.retain(|_, value| !value.is_null());
    }
    value
}

/// A CatalogInfo.
pub(crate) fn catalog(name: &str, held: &Catalog) -> Value {
    tidy(json!({
        "name": name, "full_name": name, "comment": held.comment, "owner": OWNER, "metastore_id": METASTORE,
        "catalog_type": if held.read_only { "SYSTEM_CATALOG" } else { "MANAGED_CATALOG" }, "isolation_mode": "OPEN",
        "securable_type": "CATALOG", "created_at": held.created_at, "created_by": OWNER, "updated_at": held.created_at,
        "updated_by": OWNER,
    }))
}

/// A SchemaInfo.
pub(crate) fn schema(catalog: &str, name: &str, held: &Schema) -> Value {
    tidy(json!({
        "name": name, "catalog_name": catalog, "full_name": format!("{catalog}.{name}"), "comment": held.comment, "owner": OWNER,
        "metastore_id": METASTORE, "created_at": held.created_at, "created_by": OWNER, "updated_at": held.created_at,
        "updated_by": OWNER,
    }))
}

/// `MANAGED` or `VIEW`.
pub(crate) fn kind(table: &Table) -> &'static str {
    if table.is_view() { "VIEW" } else { "MANAGED" }
}

fn type_json(name: &str, ty: &SqlType, nullable: bool, comment: Option<&str>) -> String {
    let mut metadata = Map::new();
    if let Some(comment) = comment {
        metadata.insert("comment".to_owned(), json!(comment));
    }
    json!({"name": name, "type": ty.spark(), "nullable": nullable, "metadata": metadata}).to_string()
}

fn column(position: usize, column: &Column) -> Value {
    let mut value = json!({
        "name": column.name, "type_text": column.ty.lower(), "type_name": column.ty.name(),
        "type_json": type_json(&column.name, &column.ty, column.nullable, column.comment.as_deref()),
        "position": position, "nullable": column.nullable, "comment": column.comment,
    });
    column.ty.details(&mut value);
    tidy(value)
}

/// A TableInfo; constraints are in the answer about one table alone, and not in lists.
pub(crate) fn table(name: &Name, table: &Table, single: bool) -> Value {
    let columns: Vec<Value> = table.columns.iter().enumerate().map(|(position, held)| column(position, held)).collect();
    let mut value = json!({
        "name": name.name, "catalog_name": name.catalog, "schema_name": name.schema, "full_name": name.dotted(),
        "table_type": kind(table), "data_source_format": if table.is_view() { Value::Null } else { json!("DELTA") },
        "columns": columns, "comment": table.comment, "owner": OWNER, "properties": table.properties, "table_id": table.id,
        "metastore_id": METASTORE, "created_at": table.created_at, "created_by": OWNER, "updated_at": table.created_at,
        "updated_by": OWNER,
    });
    if let Some(object) = value.as_object_mut() {
        if let Rows::View { query, .. } = &table.rows {
            object.insert("view_definition".to_owned(), json!(query));
        }
        if single && !table.constraints.is_empty() {
            object.insert("table_constraints".to_owned(), table.constraints.iter().map(constraint).collect());
        }
    }
    tidy(value)
}

fn constraint(constraint: &Constraint) -> Value {
    match constraint {
        Constraint::Primary { name, columns } => {
            json!({"primary_key_constraint": {"name": name, "child_columns": columns}})
        }
        Constraint::Foreign { name, columns, parent, parent_columns } => json!({"foreign_key_constraint": {
            "name": name, "child_columns": columns, "parent_table": parent, "parent_columns": parent_columns,
        }}),
    }
}

fn argument(position: usize, argument: &Argument) -> Value {
    let mut value = json!({
        "name": argument.name, "type_text": argument.ty.lower(), "type_name": argument.ty.name(),
        "type_json": type_json(&argument.name, &argument.ty, true, argument.comment.as_deref()), "position": position,
        "parameter_mode": "IN", "parameter_type": "PARAM", "parameter_default": argument.default, "comment": argument.comment,
    });
    argument.ty.details(&mut value);
    tidy(value)
}

/// A FunctionInfo.
pub(crate) fn function(name: &Name, function: &Function) -> Value {
    let inputs: Vec<Value> =
        function.arguments.iter().enumerate().map(|(position, held)| argument(position, held)).collect();
    let (data_type, full_data_type, returned) = match &function.returns {
        Returns::Scalar(ty) => (ty.name(), ty.text(), Value::Null),
        Returns::Table(columns) => {
            let texts: Vec<String> =
                columns.iter().map(|column| format!("{} {}", column.name, column.ty.text())).collect();
            let parameters: Vec<Value> = columns
                .iter()
                .enumerate()
                .map(|(position, held)| {
                    let mut value = column(position, held);
                    if let Some(object) = value.as_object_mut() {
                        object.remove("nullable");
                        object.insert("parameter_mode".to_owned(), json!("IN"));
                        object.insert("parameter_type".to_owned(), json!("COLUMN"));
                    }
                    value
                })
                .collect();
            ("TABLE_TYPE", format!("({})", texts.join(", ")), json!({"parameters": parameters}))
        }
    };
    let reads = if function.body.to_lowercase().contains("from") { "READS_SQL_DATA" } else { "CONTAINS_SQL" };
    tidy(json!({
        "name": name.name, "catalog_name": name.catalog, "schema_name": name.schema, "full_name": name.dotted(),
        "input_params": {"parameters": inputs}, "data_type": data_type, "full_data_type": full_data_type,
        "return_params": returned, "routine_body": "SQL", "routine_definition": function.body, "parameter_style": "S",
        "is_deterministic": function.deterministic, "sql_data_access": reads, "is_null_call": false,
        "security_type": "DEFINER", "specific_name": name.name, "comment": function.comment, "owner": OWNER,
        "function_id": function.id, "metastore_id": METASTORE, "created_at": function.created_at, "created_by": OWNER,
        "updated_at": function.created_at, "updated_by": OWNER,
    }))
}
