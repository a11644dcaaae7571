//! Tables of the SQL engine, read over HTTP: the sources of Delta Sync indexes.

use std::time::Duration;

use axum::body::Bytes;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::columns::{Column, Kind};
use crate::errors::ApiError;
use crate::ids;
use crate::json::set;
use crate::state::{Emulator, now_ms};

/// Bytes of one chunk of a result.
const CHUNK_BYTES: u64 = 4 * 1024 * 1024;
/// How long the engine may take to answer about a table before it counts as starting.
const LOOK_TIME: Duration = Duration::from_secs(5);

/// The result of a statement, its cells as JSON values of their types.
#[derive(Debug, Clone)]
pub struct Table {
    /// The columns in order.
    pub columns: Vec<Column>,
    /// The rows.
    pub rows: Vec<Vec<Value>>,
    /// Whether a limit cut it.
    pub truncated: bool,
}

/// The columns of a table as the catalog tells them; `None` while the engine does not answer.
///
/// # Errors
/// 404 for a table that does not exist, and what is said when there is no engine at all.
pub(super) async fn columns(emulator: &Emulator, table: &str) -> Result<Option<Vec<Column>>, ApiError> {
    let engine = emulator.sql().engine()?;
    let path = format!("/api/2.1/unity-catalog/tables/{table}");
    let asked = tokio::time::timeout(LOOK_TIME, engine.send(Method::GET, &path, Bytes::new())).await;
    let Ok(Ok((status, body))) = asked else { return Ok(None) };
    if status != StatusCode::OK {
        // what can be selected from is a source too, whether the catalog lists it or not
        return match run(emulator, &format!("SELECT * FROM {} LIMIT 0", quoted(table)), Vec::new(), None).await {
            Ok(table) => Ok(Some(table.columns)),
            Err(why) => {
                let message = format!("The source table {table} cannot be read: {why}");
                Err(ApiError::new(StatusCode::NOT_FOUND, "RESOURCE_DOES_NOT_EXIST", message))
            }
        };
    }
    let told: Value = serde_json::from_slice(&body).unwrap_or_default();
    let columns = told.get("columns").and_then(Value::as_array).into_iter().flatten();
    Ok(Some(columns.filter_map(column).collect()))
}

fn column(told: &Value) -> Option<Column> {
    Some(Column {
        name: told.get("name")?.as_str()?.to_owned(),
        type_text: told.get("type_text")?.as_str()?.to_lowercase(),
        comment: told.get("comment").and_then(Value::as_str).map(str::to_owned),
    })
}

/// The full name of a table as a statement has it.
fn quoted(table: &str) -> String {
    let parts: Vec<String> = table.split('.').map(|part| format!("`{}`", part.replace('`', "``"))).collect();
    parts.join(".")
}

/// All rows of a table.
///
/// # Errors
/// A sentence saying why it cannot be read.
pub(super) async fn read(emulator: &Emulator, table: &str) -> Result<Table, String> {
    run(emulator, &format!("SELECT * FROM {}", quoted(table)), Vec::new(), None).await
}

/// Runs a statement and reads its whole result.
///
/// # Errors
/// A sentence: the engine's own, or that it cannot be asked.
pub async fn run(
    emulator: &Emulator,
    statement: &str,
    parameters: Vec<Value>,
    row_limit: Option<u64>,
) -> Result<Table, String> {
    let said = |error: ApiError| {
        error.body().get("message").and_then(Value::as_str).unwrap_or("There is no SQL engine.").to_owned()
    };
    let engine = emulator.sql().engine().map_err(said)?;
    let id = ids::uuid(ids::hash(now_ms(), &[b"read", emulator.next_request_id().as_bytes()]));
    let mut request = json!({ "id": id, "statement": statement, "format": "JSON_ARRAY", "chunk_bytes": CHUNK_BYTES });
    if !parameters.is_empty() {
        set(&mut request, "parameters", parameters);
    }
    if let Some(limit) = row_limit {
        set(&mut request, "row_limit", limit);
    }
    let answer = engine.execute(&request).await?;
    if answer.get("state").and_then(Value::as_str) != Some("SUCCEEDED") {
        let message = answer.pointer("/error/message").and_then(Value::as_str);
        return Err(message.unwrap_or("The SQL engine did not run the statement.").to_owned());
    }
    let told = answer.pointer("/manifest/schema/columns").and_then(Value::as_array);
    let columns: Vec<Column> = told.into_iter().flatten().filter_map(column).collect();
    let kinds: Vec<Kind> = columns.iter().map(Column::kind).collect();
    let chunks = answer.pointer("/manifest/total_chunk_count").and_then(Value::as_u64).unwrap_or(0);
    let truncated = answer.pointer("/manifest/truncated").and_then(Value::as_bool).unwrap_or(false);
    let mut rows = Vec::new();
    for chunk in 0..chunks {
        let bytes = engine.chunk(&id, chunk).await?;
        let bytes = bytes.ok_or_else(|| format!("The SQL engine no longer has part {chunk} of the result."))?;
        let read: Vec<Vec<Option<String>>> = serde_json::from_slice(&bytes)
            .map_err(|error| format!("Part {chunk} of the SQL engine's result could not be read: {error}."))?;
        rows.extend(
            read.into_iter().map(|row| row.into_iter().zip(&kinds).map(|(cell, kind)| typed(cell, kind)).collect()),
        );
    }
    engine.forget(&id).await;
    Ok(Table { columns, rows, truncated })
}

/// The text of a cell as a JSON value of its type.
fn typed(cell: Option<String>, kind: &Kind) -> Value {
    let Some(text) = cell else { return Value::Null };
    let read = match kind {
        Kind::Int | Kind::Long => text.parse::<i64>().ok().map(Value::from),
        Kind::Double => text.parse::<f64>().ok().map(Value::from),
        Kind::Boolean => text.parse::<bool>().ok().map(Value::from),
        Kind::List(_) | Kind::Other => serde_json::from_str(&text).ok(),
        Kind::Text | Kind::Date | Kind::Timestamp => None,
    };
    let listed = match (kind, read) {
        // the elements of a list may be written as texts, as the cells are
        (Kind::List(inner), Some(Value::Array(items))) => {
            Some(items.into_iter().map(|item| element(item, inner)).collect())
        }
        (_, read) => read,
    };
    listed.unwrap_or(Value::String(text))
}

fn element(item: Value, kind: &Kind) -> Value {
    match item {
        Value::String(text) if !matches!(kind, Kind::Text | Kind::Date | Kind::Timestamp) => typed(Some(text), kind),
        item => item,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_get_their_types() {
        for (kind, text, value) in [
            ("bigint", "9007199254740993", json!(9_007_199_254_740_993_i64)),
            ("double", "1.5", json!(1.5)),
            ("boolean", "true", json!(true)),
            ("string", "12", json!("12")),
            ("date", "2024-01-02", json!("2024-01-02")),
            ("array<float>", "[\"0.5\",\"1.5\"]", json!([0.5, 1.5])),
            ("array<float>", "[0.5,1.5]", json!([0.5, 1.5])),
            ("array<string>", "[\"1\"]", json!(["1"])),
            ("struct<a:int>", "{\"a\":1}", json!({"a":1})),
        ] {
            assert_eq!(typed(Some(text.to_owned()), &Kind::read(kind)), value, "{kind}");
        }
        assert_eq!(typed(None, &Kind::Long), Value::Null);
    }
}
