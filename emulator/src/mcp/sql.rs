//! SQL as a tool: statements that read, run by the SQL engine.

use serde_json::{Value, json};

use crate::state::Emulator;
use crate::vector_search::{self, Table};

/// Most rows a tool gives.
const ROWS: u64 = 100;
/// The tools. Whether a statement only reads is judged by its first word: a stand-in for the service's own check.
const READ_ONLY: &str = "execute_sql_read_only";
const ANY: &str = "execute_sql";

/// The two tools.
pub(super) fn tools() -> Vec<Value> {
    let tool = |name: &str, description: &str| {
        json!({
            "name": name,
            "description": description,
            "inputSchema": {
                "type": "object",
                "properties": { "query": { "type": "string", "description": "One SQL statement." } },
                "required": ["query"],
            },
        })
    };
    vec![
        tool(ANY, "Runs one SQL statement and gives up to 100 rows of its result."),
        tool(READ_ONLY, "Runs one SQL statement that only reads and gives up to 100 rows of its result."),
    ]
}

/// Runs a statement; `None` for a tool of another name.
pub(super) async fn call(emulator: &Emulator, tool: &str, arguments: &Value) -> Option<Result<String, String>> {
    if !matches!(tool, READ_ONLY | ANY) {
        return None;
    }
    let Some(statement) = arguments.get("query").and_then(Value::as_str) else {
        return Some(Err("The argument 'query' is missing: give one SQL statement.".to_owned()));
    };
    let first = statement.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
    let reads = ["SELECT", "WITH", "SHOW", "DESCRIBE", "DESC", "EXPLAIN", "VALUES"];
    if tool == READ_ONLY && !reads.contains(&first.as_str()) {
        return Some(Err(format!("This tool runs statements that read only; one that begins with {first} does not.")));
    }
    Some(vector_search::run(emulator, statement, Vec::new(), Some(ROWS)).await.map(|table| shown(&table)))
}

/// A result as a JSON object: its columns, its rows, and whether it was cut.
pub(super) fn shown(table: &Table) -> String {
    let columns: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
    json!({ "columns": columns, "rows": table.rows, "is_truncated": table.truncated }).to_string()
}
