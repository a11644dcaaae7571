//! SQL as a tool: statements that read, run by the SQL engine.

use serde_json::{Value, json};

use crate::state::Emulator;
use crate::vector_search::{self, Table};

/// Most rows a tool gives.
const ROWS: u64 = 100;
/// The tools, whose names and forms are a guess: no document at hand has them.
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
    if tool == READ_ONLY
        && let Some(word) = writes(statement)
    {
        return Some(Err(format!("This tool runs statements that read only; one with {word} may not.")));
    }
    Some(vector_search::run(emulator, statement, Vec::new(), Some(ROWS)).await.map(|table| shown(&table)))
}

/// The word by which a statement may write. A stand-in for the service's own check: the first word says what a statement
/// does, but what follows `WITH` or `EXPLAIN` may be anything, so none of the words that write may stand in it.
fn writes(statement: &str) -> Option<String> {
    let upper = statement.to_ascii_uppercase();
    let mut words = upper.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty());
    let first = words.next().unwrap_or_default();
    let found = match first {
        "SELECT" | "SHOW" | "DESCRIBE" | "DESC" | "VALUES" => None,
        "WITH" | "EXPLAIN" => {
            const WRITING: [&str; 8] = ["INSERT", "UPDATE", "DELETE", "MERGE", "CREATE", "DROP", "ALTER", "TRUNCATE"];
            words.find(|word| WRITING.contains(word))
        }
        first => Some(first),
    };
    found.map(str::to_owned)
}

/// A result as a JSON object: its columns, its rows, and whether it was cut.
pub(super) fn shown(table: &Table) -> String {
    let columns: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
    json!({ "columns": columns, "rows": table.rows, "is_truncated": table.truncated }).to_string()
}

#[cfg(test)]
mod tests {
    use super::writes;

    #[test]
    fn what_reads_is_told_from_what_may_write() {
        for reads in [
            "SELECT 1",
            " with a AS (SELECT 1) SELECT * FROM a",
            "(SELECT 1)",
            "WITH a AS (SELECT deleted, update_time FROM t) SELECT * FROM a",
            "EXPLAIN SELECT 1",
        ] {
            assert_eq!(writes(reads), None, "{reads}");
        }
        for (text, word) in [
            ("DROP TABLE t", "DROP"),
            ("WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a", "INSERT"),
            ("WITH a AS (SELECT 1)MERGE INTO t", "MERGE"),
            ("explain analyze delete from t", "DELETE"),
            ("WITH a AS (SELECT 1)/**/UPDATE t SET x = 1", "UPDATE"),
        ] {
            assert_eq!(writes(text).as_deref(), Some(word), "{text}");
        }
        assert_eq!(writes(""), Some(String::new()));
    }
}
