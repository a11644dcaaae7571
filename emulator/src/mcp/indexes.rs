//! Vector indexes as tools. Only indexes with managed embeddings can be asked in words.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::state::Emulator;
use crate::vector_search::{self, index::Index};

/// Rows of an answer unless the call says how many.
const RESULTS: u64 = 5;

/// The indexes of a schema, or the one of that name.
pub(super) fn of(emulator: &Emulator, catalog: &str, schema: &str, name: Option<&str>) -> Vec<Arc<Index>> {
    let all = vector_search::indexes_of(emulator, catalog, schema);
    all.into_iter().filter(|index| name.is_none_or(|name| index.name.rsplit('.').next() == Some(name))).collect()
}

/// The tool of an index.
pub(super) fn tool(index: &Index) -> Value {
    let table = index.origin.as_ref().map_or(String::new(), |origin| format!(" The rows come from {}.", origin.table));
    json!({
        "name": index.name.replace('.', "__"),
        "description": format!("Searches the vector index {} for the rows nearest to a question.{table}", index.name),
        "inputSchema": {
            "type": "object",
            "properties": {
                "query": { "type": "string", "description": "What to look for, in words." },
                "num_results": { "type": "integer", "description": "How many rows to give; 5 unless said." },
            },
            "required": ["query"],
        },
    })
}

/// The nearest rows: a JSON list of objects, each with its `score`.
pub(super) async fn call(emulator: &Emulator, index: &Index, arguments: &Value) -> Result<String, String> {
    let question = arguments.get("query").and_then(Value::as_str);
    let question = question.ok_or("The argument 'query' is missing: give the question as a text.")?;
    let count = match arguments.get("num_results").filter(|value| !value.is_null()) {
        None => RESULTS,
        Some(count) => count.as_u64().ok_or("The argument 'num_results' is a whole number.")?,
    };
    let hidden = index.vectors.as_ref().map(|vectors| vectors.column.as_str());
    let columns: Vec<&str> =
        index.columns.iter().map(|column| column.name.as_str()).filter(|name| Some(*name) != hidden).collect();
    let mut body = Map::new();
    body.insert("columns".to_owned(), json!(columns));
    body.insert("query_text".to_owned(), json!(question));
    body.insert("num_results".to_owned(), json!(count));
    let answer = vector_search::ask(emulator, &index.name, &body).await.map_err(|error| {
        error.body().get("message").and_then(Value::as_str).unwrap_or("The index could not be asked.").to_owned()
    })?;
    let rows = answer.pointer("/result/data_array").and_then(Value::as_array).into_iter().flatten();
    let named = rows.filter_map(Value::as_array).map(|cells| {
        let names = columns.iter().copied().chain(std::iter::once("score"));
        names.map(str::to_owned).zip(cells.iter().cloned()).collect::<Map<_, _>>()
    });
    Ok(json!(named.collect::<Vec<_>>()).to_string())
}
