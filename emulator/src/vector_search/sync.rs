//! Delta Sync: a table of the SQL engine becomes the rows of an index.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::columns::{Column, Kind};
use super::index::{Index, Key, Progress, Row};
use super::source::{self, Table};
use super::{embed, index::Origin};
use crate::errors::ApiError;
use crate::state::{Emulator, now_ms};

/// Pause before an engine that does not answer is asked again.
const RETRY: Duration = Duration::from_millis(500);
/// How often an engine that does not answer is asked: it may still be compiling.
const MAX_TRIES: u32 = 1800;
/// How old the last sync of an index may be that follows its table by itself, in milliseconds, when it is asked.
const FOLLOW_MS: u64 = 2000;

/// The columns an index keeps of its table's; all of them if `keep` is empty.
pub(super) fn kept(index: &Index, columns: Vec<Column>, keep: &[String]) -> Vec<Column> {
    let needed = |name: &str| {
        let of_vectors = index.vectors.as_ref().is_some_and(|vectors| {
            vectors.column == name || vectors.source.as_ref().is_some_and(|source| source.column == name)
        });
        of_vectors || index.primary_key == name
    };
    let wanted = |column: &Column| keep.is_empty() || keep.contains(&column.name) || needed(&column.name);
    let mut columns: Vec<Column> = columns.into_iter().filter(wanted).collect();
    if let Some(vectors) = index.vectors.as_ref().filter(|vectors| vectors.source.is_some()) {
        let type_text = "array<float>".to_owned();
        columns.push(Column { name: vectors.column.clone(), type_text, comment: None });
    }
    columns
}

/// Starts the first sync, which waits for the endpoint.
pub(super) fn first(emulator: &Emulator, index: &Index) {
    tokio::spawn(work(emulator.clone(), index.name.clone(), index.id.clone(), index.ready_ms));
}

/// Starts a sync of an index that none runs for.
pub(super) fn start(emulator: &Emulator, index: &Index) -> Result<(), ApiError> {
    let serving = index.ready(now_ms());
    change(emulator, &index.name, &index.id, |index| {
        if let Some(origin) = &mut index.origin {
            origin.progress = if serving { Progress::Again } else { Progress::First };
        }
    })?;
    tokio::spawn(work(emulator.clone(), index.name.clone(), index.id.clone(), 0));
    Ok(())
}

/// Syncs an index that follows its table by itself, if the last time was a while ago.
pub(super) fn follow(emulator: &Emulator, index: &Index) {
    let due = |origin: &Origin| match origin.progress {
        Progress::Synced { at_ms } => origin.continuous && at_ms.saturating_add(FOLLOW_MS) < now_ms(),
        _ => false,
    };
    if index.origin.as_ref().is_some_and(due) {
        // what cannot be kept now is tried again with the next request
        let _ = start(emulator, index);
    }
}

fn change(emulator: &Emulator, name: &str, id: &str, change: impl FnOnce(&mut Index)) -> Result<(), ApiError> {
    let mut store = emulator.vectors();
    // deleted meanwhile, or another one of this name
    let Some(index) = store.index(name).filter(|index| index.id == id) else { return Ok(()) };
    let mut index = Index::clone(&index);
    change(&mut index);
    store.put_index(index)
}

async fn work(emulator: Emulator, name: String, id: String, ready_ms: u64) {
    let now = now_ms();
    if ready_ms > now {
        tokio::time::sleep(Duration::from_millis(ready_ms - now)).await;
    }
    let synced = match emulator.vectors().index(&name).filter(|index| index.id == id) {
        Some(index) => Some(index),
        None => return,
    };
    let Some(index) = synced else { return };
    let rows = rows(&emulator, &index).await;
    let kept = change(&emulator, &name, &id, |index| {
        let serving = index.ready(now_ms());
        let Some(origin) = &mut index.origin else { return };
        match rows {
            Ok((columns, rows)) => {
                origin.progress = Progress::Synced { at_ms: now_ms() };
                index.columns = columns;
                index.rows = rows;
            }
            Err(message) => origin.progress = Progress::Failed { message, serving },
        }
    });
    // a folder that cannot be written shows in every request that changes something
    drop(kept);
}

type Rows = BTreeMap<Key, Arc<Row>>;

async fn rows(emulator: &Emulator, index: &Index) -> Result<(Vec<Column>, Rows), String> {
    let Some(origin) = &index.origin else { return Ok((index.columns.clone(), index.rows.clone())) };
    let told = told(emulator, &origin.table).await?;
    let table = source::read(emulator, &origin.table).await?;
    let commented = table.columns.iter().map(|column| {
        let known = told.iter().find(|known| known.name == column.name);
        known.cloned().unwrap_or_else(|| column.clone())
    });
    let columns = kept(index, commented.collect(), &origin.keep);
    let mut made: Vec<(Key, Row)> = Vec::with_capacity(table.rows.len());
    for (number, cells) in table.rows.iter().enumerate() {
        made.push(
            row(index, &columns, &table, cells)
                .map_err(|why| format!("Row {} of {}: {why}", number + 1, origin.table))?,
        );
    }
    if let Some(source) = index.vectors.as_ref().and_then(|vectors| vectors.source.as_ref()) {
        let text = |row: &Row| row.values.get(&source.column).and_then(Value::as_str).unwrap_or_default().to_owned();
        // a text that has not changed keeps its vector
        let old = |key: &Key, row: &Row| {
            let before = index.rows.get(key).filter(|before| text(before) == text(row));
            before.map(|before| before.vector.clone())
        };
        let mut missing = Vec::new();
        for (place, (key, row)) in made.iter_mut().enumerate() {
            match old(key, row) {
                Some(vector) => row.vector = vector,
                None => missing.push((place, text(row))),
            }
        }
        let texts: Vec<String> = missing.iter().map(|(_, text)| text.clone()).collect();
        let vectors = embed::texts(emulator, &texts).await?;
        for ((place, _), vector) in missing.into_iter().zip(vectors) {
            if let Some((_, row)) = made.get_mut(place) {
                row.vector = vector;
            }
        }
    }
    Ok((columns, made.into_iter().map(|(key, row)| (key, Arc::new(row))).collect()))
}

/// The table's columns, once the engine answers.
async fn told(emulator: &Emulator, table: &str) -> Result<Vec<Column>, String> {
    for _ in 0..MAX_TRIES {
        match source::columns(emulator, table).await {
            Ok(Some(columns)) => return Ok(columns),
            Ok(None) => tokio::time::sleep(RETRY).await,
            Err(error) => {
                let message = error.body().get("message").and_then(Value::as_str);
                return Err(message.unwrap_or("The source table cannot be read.").to_owned());
            }
        }
    }
    Err("The SQL engine does not answer.".to_owned())
}

fn row(index: &Index, columns: &[Column], table: &Table, cells: &[Value]) -> Result<(Key, Row), String> {
    let mut row = Row { values: serde_json::Map::new(), vector: Vec::new() };
    let vectors = index.vectors.as_ref();
    let own = vectors.filter(|vectors| vectors.source.is_none());
    for (column, cell) in table.columns.iter().zip(cells) {
        if own.is_some_and(|vectors| vectors.column == column.name) {
            let vector = cell.as_array().and_then(|numbers| embed::vector(numbers));
            row.vector = vector.ok_or_else(|| format!("the column '{}' holds no vector.", column.name))?;
        } else if columns.iter().any(|kept| kept.name == column.name) {
            row.values.insert(column.name.clone(), cell.clone());
        }
    }
    if let Some(own) = own.filter(|own| own.dimension != row.vector.len()) {
        return Err(format!("its vector has {} numbers, and the index wants {}.", row.vector.len(), own.dimension));
    }
    let kind = table.columns.iter().find(|column| column.name == index.primary_key).map_or(Kind::Text, Column::kind);
    let key = row.values.get(&index.primary_key).and_then(|value| Key::read(&kind, value));
    let key = key.ok_or_else(|| format!("the primary key '{}' is missing.", index.primary_key))?;
    Ok((key, row))
}
