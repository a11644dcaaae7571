//! A query: what is asked, what of it is refused, and the answer (wire: vector-search §3).

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::columns::{Column, Kind};
use super::endpoints::Endpoint;
use super::facets::{self, Facet};
use super::filter::{self, Filter};
use super::index::{Index, Row};
use super::indexes::{bad, check_ready};
use super::search::{self, Means};
use super::{embed, filter_text, paging};
use crate::errors::ApiError;
use crate::faults::VectorFault;
use crate::json::{invalid, set};
use crate::state::Emulator;

/// Rows of an answer unless the query says how many.
const RESULTS: u64 = 10;
/// Most rows of an answer.
const MAX_RESULTS: u64 = 10_000;
/// Most rows of an answer that keywords had a part in.
const MAX_KEYWORD_RESULTS: u64 = 200;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kinds {
    Near,
    Both,
    Words,
}

/// What is asked, checked.
struct Query {
    kind: Kinds,
    columns: Vec<String>,
    count: usize,
    text: Option<String>,
    vector: Vec<f32>,
    filter: Option<Filter>,
    threshold: f64,
    rerank: Vec<String>,
    words_in: Vec<String>,
    sort: Vec<(String, bool)>,
    facets: Vec<Facet>,
    debug: bool,
}

/// Answers a query.
pub(super) async fn answer(
    emulator: &Emulator,
    index: &Arc<Index>,
    body: &Map<String, Value>,
    fault: &VectorFault,
) -> Result<Value, ApiError> {
    check_ready(index)?;
    let endpoint = emulator.vectors().endpoint(&index.endpoint).cloned();
    let endpoint = endpoint.ok_or_else(|| super::endpoints::missing(&index.endpoint))?;
    if endpoint.stopped {
        return Err(bad(format!("Vector Search endpoint {} is stopped.", endpoint.name)));
    }
    let mut query = read(index, &endpoint, body)?;
    let managed = index.vectors.as_ref().is_some_and(|vectors| vectors.source.is_some());
    if query.kind != Kinds::Words && query.vector.is_empty() {
        let text = query
            .text
            .clone()
            .filter(|_| managed)
            .ok_or_else(|| invalid("The index has self-managed embeddings: the query needs 'query_vector'."))?;
        let vectors = embed::texts(emulator, &[text]).await.map_err(bad)?;
        query.vector = vectors.into_iter().next().unwrap_or_default();
    }
    Ok(found(emulator, index, &query, fault))
}

fn found(emulator: &Emulator, index: &Index, query: &Query, fault: &VectorFault) -> Value {
    let question = query.text.as_deref().unwrap_or_default();
    let means = match query.kind {
        Kinds::Near => Means::Near(&query.vector),
        Kinds::Words => Means::Words(question),
        Kinds::Both => Means::Both(&query.vector, question),
    };
    let mut hits = search::find(index, &means, query.filter.as_ref(), &query.words_in);
    hits.retain(|hit| hit.score >= query.threshold);
    let facets = (!query.facets.is_empty()).then(|| {
        let matched: Vec<&Row> = hits.iter().map(|hit| hit.row).collect();
        facets::count(&query.facets, index, &matched)
    });
    if !query.rerank.is_empty() {
        hits = search::reranked(index, hits, question, &query.rerank);
    }
    if query.kind == Kinds::Near {
        // everything is near to some degree: the nearest are chosen first, then sorted
        hits.truncate(query.count);
    }
    search::sorted(index, &mut hits, &query.sort);
    hits.truncate(query.count);
    let rows: Vec<Value> = hits
        .iter()
        .map(|hit| {
            let cells = query.columns.iter().map(|name| index.cell(hit.row, name));
            cells.chain(std::iter::once(Value::from(hit.score))).collect()
        })
        .collect();
    let names = query.columns.iter().map(String::as_str).chain(std::iter::once("score"));
    // nothing but the name: clients compare these objects whole
    let columns: Vec<Value> = names.map(|name| json!({ "name": name })).collect();
    let (page, token) = paging::first(emulator, &index.name, rows, fault);
    let mut answer = json!({
        "manifest": { "column_count": columns.len(), "columns": columns },
        "result": { "row_count": page.len(), "data_array": page },
        "next_page_token": token,
    });
    if let Some(facets) = facets {
        let columns = json!([{ "name": "facet" }, { "name": "value" }, { "name": "count" }]);
        if let Some(manifest) = answer.get_mut("manifest") {
            set(manifest, "facet_columns", columns);
            set(manifest, "facet_column_count", 3);
        }
        set(&mut answer, "facet_result", json!({ "facet_row_count": facets.len(), "facet_array": facets }));
    }
    if query.debug {
        let mut debug = json!({ "response_time": 0.0 });
        if !query.rerank.is_empty() {
            set(&mut debug, "reranker_time", 0.0);
        }
        set(&mut answer, "debug_info", debug);
    }
    answer
}

fn read(index: &Index, endpoint: &Endpoint, body: &Map<String, Value>) -> Result<Query, ApiError> {
    let present = |name: &str| body.get(name).filter(|value| !value.is_null());
    let kind = match present("query_type").map(|value| value.as_str().unwrap_or_default().to_ascii_uppercase()) {
        None if index.vectors.is_none() => Kinds::Words,
        None => Kinds::Near,
        Some(name) => match name.as_str() {
            "ANN" => Kinds::Near,
            "HYBRID" => Kinds::Both,
            "FULL_TEXT" => Kinds::Words,
            _ => return Err(invalid("'query_type' is ANN, HYBRID or FULL_TEXT.")),
        },
    };
    if index.vectors.is_none() && kind != Kinds::Words {
        return Err(invalid(&format!("Index {} is a FULL_TEXT index: it has no vectors to compare.", index.name)));
    }
    let text = match present("query_text") {
        None => None,
        Some(Value::String(text)) => Some(text.clone()),
        Some(_) => return Err(invalid("'query_text' must be a string.")),
    };
    if text.is_none() && kind != Kinds::Near {
        return Err(invalid("A HYBRID or FULL_TEXT query needs 'query_text'."));
    }
    let vector = vector(index, present("query_vector"))?;
    if text.is_none() && vector.is_empty() {
        return Err(invalid("A query needs 'query_text' or 'query_vector'."));
    }
    let columns = names(index, "columns", present("columns"))?;
    let columns = columns.filter(|columns| !columns.is_empty());
    let columns = columns.ok_or_else(|| invalid("Missing required field: columns"))?;
    let most = if kind == Kinds::Near { MAX_RESULTS } else { MAX_KEYWORD_RESULTS };
    let count = match present("num_results") {
        None => RESULTS,
        Some(value) => value.as_u64().filter(|count| (1..=most).contains(count)).ok_or_else(|| {
            invalid(&format!("'num_results' is a whole number between 1 and {most} for this kind of query."))
        })?,
    };
    let is_text = |column: &&Column| column.kind() == Kind::Text;
    let words_in = match names(index, "query_columns", present("query_columns"))?.filter(|names| !names.is_empty()) {
        None => index.columns.iter().filter(is_text).map(|column| column.name.clone()).collect(),
        Some(names) => {
            if let Some(name) = names.iter().find(|name| index.column(name).filter(is_text).is_none()) {
                return Err(invalid(&format!("'query_columns' names '{name}', which is no column of text.")));
            }
            names
        }
    };
    let threshold = match present("score_threshold") {
        None => 0.0,
        Some(value) => value.as_f64().ok_or_else(|| invalid("'score_threshold' must be a number."))?,
    };
    let list = |name: &str| present(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let rerank = rerank(index, present("columns_to_rerank"), present("reranker"))?;
    if !rerank.is_empty() && text.is_none() {
        return Err(invalid("A reranker needs 'query_text'."));
    }
    Ok(Query {
        kind,
        columns,
        count: usize::try_from(count).unwrap_or(usize::MAX),
        text,
        vector,
        filter: filter(index, endpoint, present("filters_json"), present("filter_string"))?,
        threshold,
        rerank,
        words_in,
        sort: list("sort_columns").iter().map(|entry| sort(index, entry)).collect::<Result<_, _>>()?,
        facets: facets::read(list("facets"), index)?,
        debug: present("debug_level").and_then(Value::as_u64).is_some_and(|level| level > 0),
    })
}

fn vector(index: &Index, value: Option<&Value>) -> Result<Vec<f32>, ApiError> {
    let (Some(value), Some(vectors)) = (value, &index.vectors) else { return Ok(Vec::new()) };
    let wrong = || invalid("'query_vector' is a list of numbers.");
    let numbers = value.as_array().ok_or_else(wrong)?;
    // clients send an empty list for none
    if numbers.is_empty() {
        return Ok(Vec::new());
    }
    let vector = embed::vector(numbers).ok_or_else(wrong)?;
    if vector.len() != vectors.dimension {
        return Err(invalid(&format!(
            "'query_vector' has {} numbers, and the vectors of index {} have {}.",
            vector.len(),
            index.name,
            vectors.dimension
        )));
    }
    Ok(vector)
}

/// Names of columns that exist.
fn names(index: &Index, field: &str, value: Option<&Value>) -> Result<Option<Vec<String>>, ApiError> {
    let Some(value) = value else { return Ok(None) };
    let wrong = || invalid(&format!("'{field}' is a list of column names."));
    let names = value.as_array().ok_or_else(wrong)?.iter().map(|name| name.as_str().map(str::to_owned));
    let names: Vec<String> = names.collect::<Option<_>>().ok_or_else(wrong)?;
    let managed = index.vectors.as_ref().map(|vectors| vectors.column.as_str());
    let unknown: Vec<&str> = names
        .iter()
        .map(String::as_str)
        .filter(|name| index.column(name).is_none() && managed != Some(*name))
        .collect();
    if unknown.is_empty() {
        return Ok(Some(names));
    }
    let known: Vec<&str> = index.columns.iter().map(|column| column.name.as_str()).collect();
    Err(invalid(&format!(
        "'{field}' names columns that index {} does not have: {}. It has: {}.",
        index.name,
        unknown.join(", "),
        known.join(", ")
    )))
}

fn filter(
    index: &Index,
    endpoint: &Endpoint,
    json: Option<&Value>,
    text: Option<&Value>,
) -> Result<Option<Filter>, ApiError> {
    let read = match (json, text, endpoint.storage_optimized()) {
        (None, None, _) => return Ok(None),
        (Some(_), _, true) => {
            return Err(invalid("A STORAGE_OPTIMIZED endpoint takes 'filter_string', not 'filters_json'."));
        }
        (_, Some(_), false) => return Err(invalid("A STANDARD endpoint takes 'filters_json', not 'filter_string'.")),
        (Some(Value::String(text)), _, _) => filter::read(text, &index.columns),
        (_, Some(Value::String(text)), _) => filter_text::read(text, &index.columns),
        _ => return Err(invalid("A filter is a text.")),
    };
    read.map(Some).map_err(|sentence| invalid(&sentence))
}

fn sort(index: &Index, entry: &Value) -> Result<(String, bool), ApiError> {
    let wrong = || invalid(&format!("'sort_columns' has entries such as \"year DESC\", not {entry}."));
    let (name, order) = entry.as_str().and_then(|text| text.trim().rsplit_once(' ')).ok_or_else(wrong)?;
    let descending = match order.to_ascii_uppercase().as_str() {
        "ASC" => false,
        "DESC" => true,
        _ => return Err(wrong()),
    };
    let name = name.trim();
    match index.column(name).map(Column::kind) {
        None => Err(invalid(&format!("'sort_columns' names '{name}', which the index does not have."))),
        Some(Kind::List(_) | Kind::Other) => Err(invalid(&format!("Rows cannot be sorted by the column '{name}'."))),
        Some(_) => Ok((name.to_owned(), descending)),
    }
}

fn rerank(index: &Index, deprecated: Option<&Value>, reranker: Option<&Value>) -> Result<Vec<String>, ApiError> {
    let listed = deprecated.filter(|list| list.as_array().is_none_or(|list| !list.is_empty()));
    let columns = match (listed, reranker) {
        (None, None) => return Ok(Vec::new()),
        (Some(_), Some(_)) => return Err(invalid("Give 'reranker' or 'columns_to_rerank', not both.")),
        (Some(columns), None) => Some(columns),
        (None, Some(reranker)) => {
            let kind = reranker.get("model_type").and_then(Value::as_str).unwrap_or("MODEL_TYPE_BASE");
            if !matches!(kind, "MODEL_TYPE_BASE" | "MODEL_TYPE_FINETUNED") {
                return Err(invalid("The reranker's 'model_type' is MODEL_TYPE_BASE or MODEL_TYPE_FINETUNED."));
            }
            reranker.pointer("/parameters/columns_to_rerank")
        }
    };
    let columns = names(index, "columns_to_rerank", columns)?.filter(|columns| !columns.is_empty());
    columns.ok_or_else(|| invalid("A reranker needs 'parameters.columns_to_rerank'."))
}
