//! Making an index: what is asked for, and what of it is refused (wire: vector-search §2).

use std::collections::BTreeMap;

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::columns::{Column, Kind};
use super::endpoints::Endpoint;
use super::index::{Index, Origin, Progress, Source, Vectors};
use super::indexes::shown;
use super::{Asked, endpoints, source, sync, text};
use crate::embeddings::DIMENSIONS;
use crate::errors::ApiError;
use crate::ids;
use crate::json::{invalid, set};
use crate::state::{Emulator, now_ms};

/// Most indexes of one endpoint.
const MAX_INDEXES: usize = 50;
/// Most numbers of a vector.
const MAX_DIMENSION: u64 = 4096;

/// Makes an index and answers with it.
pub(super) async fn answer(asked: &Asked, endpoint: Option<&str>) -> Result<Value, ApiError> {
    let body = asked.object()?;
    let name = text(&body, "name")?;
    check_name(name)?;
    let endpoint_name = match endpoint {
        Some(endpoint) => endpoint,
        None => text(&body, "endpoint_name")?,
    };
    let emulator = &asked.emulator;
    let endpoint = emulator.vectors().endpoint(endpoint_name).cloned();
    let endpoint = endpoint.ok_or_else(|| endpoints::missing(endpoint_name))?;
    let now = now_ms();
    let mut index = Index {
        name: name.to_owned(),
        endpoint: endpoint.name.clone(),
        id: ids::uuid(ids::hash(now, &[b"index", name.as_bytes()])),
        primary_key: text(&body, "primary_key")?.to_owned(),
        subtype: subtype(&body, &endpoint)?,
        spec: Value::Null,
        columns: Vec::new(),
        vectors: None,
        origin: None,
        created_ms: now,
        ready_ms: endpoint.ready_ms.max(now).saturating_add(emulator.config().endpoint_delay_ms),
        rows: BTreeMap::new(),
    };
    let spec = |name: &str| {
        let spec = body.get(name).and_then(Value::as_object);
        spec.ok_or_else(|| invalid(&format!("Missing required field: {name}")))
    };
    match text(&body, "index_type")? {
        "DIRECT_ACCESS" => direct(emulator, &mut index, spec("direct_access_index_spec")?)?,
        "DELTA_SYNC" => delta(emulator, &mut index, &endpoint, spec("delta_sync_index_spec")?).await?,
        _ => return Err(invalid("'index_type' is DELTA_SYNC or DIRECT_ACCESS.")),
    }
    {
        let mut store = emulator.vectors();
        if store.index(name).is_some() {
            let message = format!("Index {name} already exists.");
            return Err(ApiError::new(StatusCode::CONFLICT, "RESOURCE_ALREADY_EXISTS", message));
        }
        if store.indexes().filter(|known| known.endpoint == index.endpoint).count() >= MAX_INDEXES {
            let message = format!("An endpoint has at most {MAX_INDEXES} indexes.");
            return Err(ApiError::new(StatusCode::BAD_REQUEST, "RESOURCE_LIMIT_EXCEEDED", message));
        }
        store.put_index(index.clone())?;
    }
    if index.origin.is_some() {
        sync::first(emulator, &index);
    }
    Ok(shown(asked, &index))
}

/// Three parts of letters, digits, `_` and `-`.
fn check_name(name: &str) -> Result<(), ApiError> {
    let fits = |part: &str| {
        let plain = part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
        !part.is_empty() && part.len() <= 60 && plain
    };
    let parts: Vec<&str> = name.split('.').collect();
    if parts.len() == 3 && parts.iter().all(|part| fits(part)) {
        return Ok(());
    }
    Err(invalid("'name' is catalog.schema.index, each part of letters, digits, underscores and hyphens."))
}

fn subtype(body: &Map<String, Value>, endpoint: &Endpoint) -> Result<String, ApiError> {
    match body.get("index_subtype") {
        None | Some(Value::Null) => Ok("HYBRID".to_owned()),
        Some(Value::String(subtype)) if subtype == "HYBRID" => Ok(subtype.clone()),
        Some(Value::String(subtype)) if subtype == "FULL_TEXT" && endpoint.storage_optimized() => Ok(subtype.clone()),
        Some(Value::String(subtype)) if subtype == "FULL_TEXT" => {
            Err(invalid("The 'index_subtype' FULL_TEXT needs a STORAGE_OPTIMIZED endpoint."))
        }
        Some(_) => Err(invalid("'index_subtype' is HYBRID or FULL_TEXT.")),
    }
}

/// The vectors that a spec asks for; `known` says which columns there are, if that is known.
fn vectors(
    emulator: &Emulator,
    index: &Index,
    spec: &Map<String, Value>,
    known: Option<&[Column]>,
) -> Result<Option<Vectors>, ApiError> {
    let list = |name: &str| spec.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let (sources, given) = (list("embedding_source_columns"), list("embedding_vector_columns"));
    if index.subtype == "FULL_TEXT" {
        if !sources.is_empty() || !given.is_empty() {
            return Err(invalid("A FULL_TEXT index has no embedding columns."));
        }
        return Ok(None);
    }
    let check = |name: &str, wanted: &str, fits: &dyn Fn(&Kind) -> bool| {
        let Some(columns) = known else { return Ok(()) };
        let column = columns.iter().find(|column| column.name == name);
        let column = column.ok_or_else(|| invalid(&format!("The embedding column '{name}' does not exist.")))?;
        if fits(&column.kind()) {
            return Ok(());
        }
        Err(invalid(&format!("The embedding column '{name}' must be of type {wanted}, not {}.", column.type_text)))
    };
    match (sources, given) {
        ([entry], []) => {
            let entry = entry.as_object().ok_or_else(|| invalid("An embedding source column is an object."))?;
            let column = text(entry, "name")?;
            let model = text(entry, "embedding_model_endpoint_name")?;
            let for_query = entry.get("model_endpoint_name_for_query").and_then(Value::as_str).unwrap_or(model);
            check_model(emulator, model)?;
            check_model(emulator, for_query)?;
            check(column, "string", &|kind| *kind == Kind::Text)?;
            Ok(Some(Vectors {
                column: format!("__db_{column}_vector"),
                dimension: DIMENSIONS,
                source: Some(Source {
                    column: column.to_owned(),
                    model: model.to_owned(),
                    query_model: for_query.to_owned(),
                }),
            }))
        }
        ([], [entry]) => {
            let entry = entry.as_object().ok_or_else(|| invalid("An embedding vector column is an object."))?;
            let column = text(entry, "name")?;
            let dimension = entry.get("embedding_dimension").and_then(Value::as_u64);
            let dimension = dimension.filter(|dimension| (1..=MAX_DIMENSION).contains(dimension));
            let dimension = dimension.and_then(|dimension| usize::try_from(dimension).ok()).ok_or_else(|| {
                invalid(&format!("'embedding_dimension' is a whole number between 1 and {MAX_DIMENSION}."))
            })?;
            check(column, "array<float> or array<double>", &|kind| *kind == Kind::List(Box::new(Kind::Double)))?;
            Ok(Some(Vectors { column: column.to_owned(), dimension, source: None }))
        }
        _ => Err(invalid(
            "An index has exactly one column of embeddings: one of 'embedding_source_columns' or one of \
            'embedding_vector_columns'.",
        )),
    }
}

fn check_model(emulator: &Emulator, name: &str) -> Result<(), ApiError> {
    match emulator.endpoint(name) {
        Some(endpoint) if endpoint.task == "llm/v1/embeddings" => Ok(()),
        Some(_) => Err(invalid(&format!("The serving endpoint '{name}' gives no embeddings."))),
        None => {
            let message = format!("The embedding model endpoint '{name}' does not exist.");
            Err(ApiError::new(StatusCode::NOT_FOUND, "RESOURCE_DOES_NOT_EXIST", message))
        }
    }
}

fn check_key(index: &Index) -> Result<(), ApiError> {
    let name = &index.primary_key;
    let column = index.column(name);
    let column = column.ok_or_else(|| invalid(&format!("The primary key column '{name}' does not exist.")))?;
    match column.kind() {
        Kind::Int | Kind::Long | Kind::Text | Kind::Date | Kind::Timestamp => Ok(()),
        _ => Err(invalid(&format!("The primary key '{name}' cannot be of type {}.", column.type_text))),
    }
}

fn direct(emulator: &Emulator, index: &mut Index, spec: &Map<String, Value>) -> Result<(), ApiError> {
    let wrong = || invalid("'schema_json' is the text of a JSON object: column name to type.");
    let schema: Map<String, Value> = serde_json::from_str(text(spec, "schema_json")?).map_err(|_| wrong())?;
    for (name, kind) in &schema {
        let kind = kind.as_str().ok_or_else(wrong)?;
        let known = ["integer", "long", "float", "double", "boolean", "string", "date", "timestamp"];
        let in_list = kind.strip_prefix("array<").and_then(|rest| rest.strip_suffix('>'));
        // the clients' own tests write `int`, `bigint` and lists of other types too
        if !known.contains(&in_list.unwrap_or(kind))
            && !matches!(in_list.unwrap_or(kind), "int" | "bigint" | "short" | "byte")
        {
            return Err(invalid(&format!("'schema_json' gives the column '{name}' the unknown type '{kind}'.")));
        }
        index.columns.push(Column { name: name.clone(), type_text: kind.to_owned(), comment: None });
    }
    check_key(index)?;
    index.vectors = vectors(emulator, index, spec, Some(&index.columns))?;
    index.spec = json!({ "schema_json": text(spec, "schema_json")? });
    keep_lists(&mut index.spec, spec);
    Ok(())
}

/// The lists of embedding columns as they were given.
fn keep_lists(shown: &mut Value, spec: &Map<String, Value>) {
    for name in ["embedding_source_columns", "embedding_vector_columns"] {
        if let Some(list) = spec.get(name).filter(|list| list.as_array().is_some_and(|list| !list.is_empty())) {
            set(shown, name, list.clone());
        }
    }
}

async fn delta(
    emulator: &Emulator,
    index: &mut Index,
    endpoint: &Endpoint,
    spec: &Map<String, Value>,
) -> Result<(), ApiError> {
    let table = text(spec, "source_table")?;
    if table.split('.').filter(|part| !part.is_empty()).count() != 3 {
        return Err(invalid("'source_table' is catalog.schema.table."));
    }
    let continuous = match text(spec, "pipeline_type")? {
        "TRIGGERED" => false,
        "CONTINUOUS" if endpoint.storage_optimized() => {
            return Err(invalid("A STORAGE_OPTIMIZED endpoint takes the pipeline_type TRIGGERED only."));
        }
        "CONTINUOUS" => true,
        _ => return Err(invalid("'pipeline_type' is TRIGGERED or CONTINUOUS.")),
    };
    let texts = |name: &str| {
        let list = spec.get(name).and_then(Value::as_array).into_iter().flatten();
        list.filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>()
    };
    let mut keep = texts("columns_to_sync");
    keep.extend(texts("columns_to_index"));
    // while the engine is starting the table cannot be looked at: the first sync will
    let known = source::columns(emulator, table).await?;
    index.vectors = vectors(emulator, index, spec, known.as_deref())?;
    if let Some(columns) = known {
        if let Some(name) = keep.iter().find(|name| !columns.iter().any(|column| column.name == **name)) {
            return Err(invalid(&format!("'columns_to_sync' names '{name}', which the table {table} does not have.")));
        }
        index.columns = columns;
        check_key(index)?;
        let columns = std::mem::take(&mut index.columns);
        index.columns = sync::kept(index, columns, &keep);
    }
    let mut shown = json!({
        "source_table": table,
        "pipeline_type": if continuous { "CONTINUOUS" } else { "TRIGGERED" },
        "pipeline_id": ids::uuid(ids::hash(now_ms(), &[b"pipeline", index.name.as_bytes()])),
    });
    keep_lists(&mut shown, spec);
    for name in ["columns_to_sync", "columns_to_index", "embedding_writeback_table", "budget_policy_id"] {
        if let Some(value) = spec.get(name).filter(|value| !value.is_null()) {
            set(&mut shown, name, value.clone());
        }
    }
    index.spec = shown;
    index.origin = Some(Origin { table: table.to_owned(), continuous, keep, progress: Progress::First });
    Ok(())
}
