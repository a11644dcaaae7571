//! `from_json` of a constant: JSON text as an expression of the type it is read as.

use datafusion::sql::sqlparser::ast::Expr;
use serde_json::Value;

use crate::error::{Result, SqlError};
use crate::parse::{self, quote};
use crate::types::SqlType;

/// The expression that `from_json(text, type)` stands for. A value that is not of the type becomes NULL, as in Spark.
pub(crate) fn expression(text: Option<&str>, ty: &str) -> Result<Expr> {
    let ty = if ty.contains('<') || SqlType::parse(ty).is_ok() { ty.to_owned() } else { format!("struct<{ty}>") };
    let ty = SqlType::parse(&ty)?;
    let value = match text {
        None => Value::Null,
        Some(text) => serde_json::from_str(text).map_err(|_| {
            SqlError::new(
                "MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION",
                "22023",
                format!("Malformed records are detected in record parsing: {text}."),
            )
        })?,
    };
    parse::expression(&sql(&value, &ty))
}

fn sql(value: &Value, ty: &SqlType) -> String {
    let null = || match ty {
        // a NULL of a nested type, by way of one that is not
        SqlType::Array(item) => format!("nullif(make_array({0}), make_array({0}))", sql(&Value::Null, item)),
        SqlType::Struct(_) | SqlType::Map(..) => "NULL".to_owned(),
        other => format!("CAST(NULL AS {})", other.text()),
    };
    match (ty, value) {
        (_, Value::Null) => null(),
        (SqlType::Array(item), Value::Array(items)) if items.is_empty() => {
            format!("array_remove_all(make_array({0}), {0})", filler(item))
        }
        (SqlType::Array(item), Value::Array(items)) => {
            let items: Vec<String> = items.iter().map(|value| sql(value, item)).collect();
            format!("make_array({})", items.join(", "))
        }
        (SqlType::Map(key, item), Value::Object(entries)) => {
            let keys: Vec<String> = entries.keys().map(|name| sql(&Value::String(name.clone()), key)).collect();
            let values: Vec<String> = entries.values().map(|value| sql(value, item)).collect();
            format!("map(make_array({}), make_array({}))", keys.join(", "), values.join(", "))
        }
        (SqlType::Struct(fields), Value::Object(entries)) => {
            let parts: Vec<String> = fields
                .iter()
                .map(|(name, ty)| format!("{}, {}", quote(name), sql(entries.get(name).unwrap_or(&Value::Null), ty)))
                .collect();
            format!("named_struct({})", parts.join(", "))
        }
        (SqlType::String | SqlType::Variant, Value::String(text)) => quote(text),
        (SqlType::String | SqlType::Variant, other) => quote(&other.to_string()),
        (SqlType::Array(_) | SqlType::Map(..) | SqlType::Struct(_), _) => null(),
        (SqlType::Binary, Value::String(text)) => format!("__unbase64({})", quote(text)),
        (ty, Value::String(text)) => format!("TRY_CAST({} AS {})", quote(text), ty.text()),
        (ty, other) => format!("TRY_CAST({} AS {})", quote(&other.to_string()), ty.text()),
    }
}

/// Some value of a type, to be taken out again.
fn filler(ty: &SqlType) -> String {
    match ty {
        SqlType::String | SqlType::Variant => "''".to_owned(),
        SqlType::Boolean => "true".to_owned(),
        SqlType::Date | SqlType::Timestamp | SqlType::TimestampNtz => format!("CAST('2000-01-01' AS {})", ty.text()),
        SqlType::Array(item) => format!("make_array({})", filler(item)),
        SqlType::Struct(fields) => {
            let parts: Vec<String> =
                fields.iter().map(|(name, ty)| format!("{}, {}", quote(name), filler(ty))).collect();
            format!("named_struct({})", parts.join(", "))
        }
        other => format!("CAST('0' AS {})", other.text()),
    }
}
