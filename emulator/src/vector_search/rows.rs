//! Rows in and out: upsert, delete and scan (wire: vector-search §5).

use std::collections::BTreeSet;
use std::ops::Bound;

use serde_json::{Map, Value, json};

use super::columns::Kind;
use super::index::{Index, Key, Row};
use super::indexes::{bad, check_ready, missing};
use super::{Asked, embed, text};
use crate::errors::ApiError;
use crate::faults::{PagesFault, VectorFault};
use crate::json::{invalid, set};

/// Rows of a scan unless it says how many.
const SCAN_ROWS: u64 = 10;

fn check_direct(index: &Index) -> Result<(), ApiError> {
    if index.origin.is_none() {
        return check_ready(index);
    }
    Err(bad(format!(
        "Index {} is a Delta Sync index: its rows come from its table. Only a Direct Access index takes and deletes rows.",
        index.name
    )))
}

/// What became of each key, as the service tells it, after the fault has had its way.
fn outcome(asked: u64, mut failed: Vec<String>, fault: &VectorFault) -> Value {
    let mut count = asked.saturating_sub(u64::try_from(failed.len()).unwrap_or(0));
    if fault.failure {
        count = 0;
    }
    let status = match (fault.failure, failed.is_empty(), count) {
        (true, _, _) => "FAILURE",
        (false, true, _) => "SUCCESS",
        (false, false, 0) => "FAILURE",
        (false, false, _) => "PARTIAL_SUCCESS",
    };
    if let Some(alien) = &fault.alien_key {
        failed.push(alien.clone());
    }
    let count = fault.success_row_count.unwrap_or(count);
    let status = if fault.alien_key.is_some() && status == "SUCCESS" { "PARTIAL_SUCCESS" } else { status };
    json!({ "status": status, "result": { "success_row_count": count, "failed_primary_keys": failed } })
}

/// Puts rows into a Direct Access index.
pub(super) async fn upsert(asked: &Asked, index: &Index) -> Result<Value, ApiError> {
    check_direct(index)?;
    let body = asked.object()?;
    let inputs: Vec<Map<String, Value>> = serde_json::from_str(text(&body, "inputs_json")?)
        .map_err(|error| invalid(&format!("'inputs_json' is not the text of a JSON list of objects: {error}.")))?;
    let fault = asked.vector_fault();
    let kind = index.key_kind();
    let mut rows: Vec<(Key, Row)> = Vec::new();
    let mut failed: Vec<String> = Vec::new();
    for input in &inputs {
        let key = input.get(&index.primary_key).and_then(|value| Key::read(&kind, value));
        let key = key.ok_or_else(|| {
            invalid(&format!("Every row needs its primary key '{}', of the column's type.", index.primary_key))
        })?;
        let unknown = input.keys().find(|name| index.column(name).is_none());
        if let Some(name) = unknown {
            return Err(invalid(&format!("The row '{key}' has the column '{name}', which the index does not have.")));
        }
        let chosen = fault.failure || fault.failed_keys.contains(&key.to_string());
        match row(index, input).filter(|_| !chosen) {
            Some(row) => rows.push((key, row)),
            None => failed.push(key.to_string()),
        }
    }
    if let Some(source) = index.vectors.as_ref().and_then(|vectors| vectors.source.as_ref()) {
        let of = |row: &Row| row.values.get(&source.column).and_then(Value::as_str).unwrap_or_default().to_owned();
        let texts: Vec<String> = rows.iter().map(|(_, row)| of(row)).collect();
        let vectors = embed::texts(&asked.emulator, &texts).await.map_err(bad)?;
        for ((_, row), vector) in rows.iter_mut().zip(vectors) {
            row.vector = vector;
        }
    }
    change(asked, index, |index| index.put(rows))?;
    Ok(outcome(u64::try_from(inputs.len()).unwrap_or(u64::MAX), failed, &fault))
}

/// The row, if each of its values fits its column.
fn row(index: &Index, input: &Map<String, Value>) -> Option<Row> {
    let mut values = input.clone();
    let mut vector = Vec::new();
    if let Some(vectors) = &index.vectors {
        match &vectors.source {
            None => {
                vector = embed::vector(values.remove(&vectors.column)?.as_array()?)?;
                if vector.len() != vectors.dimension {
                    return None;
                }
            }
            Some(source) => {
                values.get(&source.column)?.as_str()?;
            }
        }
    }
    let fits = |(name, value): (&String, &Value)| index.column(name).is_some_and(|column| column.kind().takes(value));
    values.iter().all(fits).then_some(Row { values, vector })
}

/// Deletes rows by key; a key without a row counts as deleted.
pub(super) fn delete(asked: &Asked, index: &Index) -> Result<Value, ApiError> {
    check_direct(index)?;
    let mut names: Vec<String> =
        asked.query.iter().filter(|(key, _)| key == "primary_keys").map(|(_, value)| value.clone()).collect();
    if !asked.body.is_empty() {
        let body = asked.object()?;
        let listed = body.get("primary_keys").and_then(Value::as_array).into_iter().flatten();
        names.extend(listed.map(|key| key.as_str().map_or_else(|| key.to_string(), str::to_owned)));
    }
    if names.is_empty() {
        return Err(invalid("Missing required field: primary_keys"));
    }
    let fault = asked.vector_fault();
    let kind = index.key_kind();
    let mut gone: BTreeSet<Key> = BTreeSet::new();
    let mut failed: Vec<String> = Vec::new();
    for name in &names {
        let chosen = fault.failure || fault.failed_keys.contains(name);
        match Key::named(&kind, name).filter(|_| !chosen) {
            Some(key) => drop(gone.insert(key)),
            None => failed.push(name.clone()),
        }
    }
    change(asked, index, |index| index.rows.retain(|key, _| !gone.contains(key)))?;
    Ok(outcome(u64::try_from(names.len()).unwrap_or(u64::MAX), failed, &fault))
}

fn change(asked: &Asked, index: &Index, change: impl FnOnce(&mut Index)) -> Result<(), ApiError> {
    let mut store = asked.emulator.vectors();
    let known = store.index(&index.name).filter(|known| known.id == index.id);
    let mut next = Index::clone(&*known.ok_or_else(|| missing(&index.name))?);
    change(&mut next);
    store.put_index(next)
}

/// Rows in the order of their keys.
pub(super) fn scan(asked: &Asked, index: &Index) -> Result<Value, ApiError> {
    check_ready(index)?;
    let body = asked.object()?;
    let fault = asked.vector_fault();
    let wanted = match body.get("num_results").filter(|value| !value.is_null()) {
        None => SCAN_ROWS,
        Some(value) => value
            .as_u64()
            .filter(|wanted| *wanted > 0)
            .ok_or_else(|| invalid("'num_results' is a whole number above 0."))?,
    };
    let after = match body.get("last_primary_key") {
        None | Some(Value::Null) => None,
        Some(Value::String(name)) => Some(name.clone()),
        Some(other) => Some(other.to_string()),
    };
    let kind = index.key_kind();
    let from = match after.as_deref() {
        // the fault's pages begin again and again
        Some(_) if fault.pages == Some(PagesFault::Endless) => Bound::Unbounded,
        Some(name) => Bound::Excluded(
            Key::named(&kind, name)
                .ok_or_else(|| invalid(&format!("'last_primary_key' is no key of this index: {name:?}.")))?,
        ),
        None => Bound::Unbounded,
    };
    let size = usize::try_from(wanted).unwrap_or(usize::MAX).min(fault.page_rows.unwrap_or(usize::MAX).max(1));
    let found: Vec<_> = index.rows.range((from, Bound::Unbounded)).take(size).collect();
    let mut last = found.last().map(|(key, _)| key.to_string());
    let mut data: Vec<Value> = found.iter().map(|(_, row)| fields(index, row)).collect();
    match fault.pages {
        Some(PagesFault::RepeatedToken) => last = after.or(last),
        Some(PagesFault::Empty) => {
            data.clear();
            // a key before every row, so that the next page begins where this one would have
            let before_all = if matches!(kind, Kind::Int | Kind::Long) { i64::MIN.to_string() } else { String::new() };
            last = Some(after.unwrap_or(before_all));
        }
        Some(PagesFault::Endless) | None => {}
    }
    let mut body = json!({ "data": data });
    if let Some(last) = last {
        set(&mut body, "last_primary_key", last);
    }
    Ok(body)
}

fn fields(index: &Index, row: &Row) -> Value {
    let fields: Vec<Value> = index
        .columns
        .iter()
        .map(|column| json!({ "key": column.name, "value": wrapped(&index.cell(row, &column.name)) }))
        .collect();
    json!({ "fields": fields })
}

/// A value in the form of a scan: under the name of its type. A missing one has none.
fn wrapped(value: &Value) -> Value {
    match value {
        Value::Null => json!({}),
        Value::Bool(flag) => json!({ "bool_value": flag }),
        Value::Number(number) => json!({ "number_value": number }),
        Value::String(text) => json!({ "string_value": text }),
        Value::Array(items) => json!({ "list_value": { "values": items.iter().map(wrapped).collect::<Vec<_>>() } }),
        Value::Object(map) => {
            let fields = map.iter().map(|(key, value)| json!({ "key": key, "value": wrapped(value) }));
            json!({ "struct_value": { "fields": fields.collect::<Vec<_>>() } })
        }
    }
}
