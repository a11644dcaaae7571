//! Statements that an engine really runs, behind the emulator: every type it has by both ways, parameters, chunks of Arrow
//! and CSV. The JavaScript face has the same in `tests/js/sql-engine.test.mjs`. The engine has no VARIANT and no CHAR.
#![cfg(feature = "native")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails says so by panicking"
)]

use lakewire::sql::{
    Decimal, Disposition, ExecuteStatementRequest, Param, ResultFormat, StatementExecution, StatementFailure, Value,
};
use lakewire::{ErrorKind, WorkspaceClient};
use serde::Deserialize;

/// Some more than a chunk holds.
const MANY: i64 = 300_000;
const WAYS: [Disposition; 2] = [Disposition::Inline, Disposition::ExternalLinks];

/// A cell of the engine: the SQL that makes it, its type and its text.
#[derive(Deserialize)]
struct Case {
    sql: String,
    r#type: String,
    text: Option<String>,
}

/// Without an engine the scenario says so and passes, since `cargo test` alone has none. `npm test` always has one, and sets
/// `LAKEWIRE_REQUIRED`.
fn sql() -> Option<StatementExecution> {
    match (std::env::var("LAKEWIRE_EMULATOR"), std::env::var("LAKEWIRE_ENGINE")) {
        (Ok(host), Ok(_)) => {
            Some(WorkspaceClient::new(&host, "dapi-emulator").unwrap().statement_execution("emulator-warehouse"))
        }
        _ => {
            let required = std::env::var_os("LAKEWIRE_REQUIRED").is_some();
            assert!(!required, "LAKEWIRE_EMULATOR and LAKEWIRE_ENGINE are not set");
            eprintln!(
                "no engine: start the emulator with one and set LAKEWIRE_EMULATOR and LAKEWIRE_ENGINE to run this"
            );
            None
        }
    }
}

fn many() -> ExecuteStatementRequest {
    ExecuteStatementRequest::new(format!(
        "SELECT id, concat('row ', CAST(id AS STRING)) AS name, CAST(NULL AS INT) AS none FROM range({MANY})"
    ))
}

/// What a cell of a type and a text is.
fn value<'a>(kind: &str, text: Option<&'a str>) -> Value<'a> {
    let Some(text) = text else { return Value::Null };
    match kind {
        "BYTE" | "SHORT" | "INT" => Value::Int(text.parse().unwrap()),
        "LONG" => Value::Long(text.parse().unwrap()),
        "FLOAT" | "DOUBLE" => Value::Double(text.parse().unwrap()),
        "BOOLEAN" => Value::Bool(text == "true"),
        "DECIMAL" => Value::Decimal(Decimal::parse(text).unwrap()),
        "DATE" => Value::Date(text),
        "TIMESTAMP" | "TIMESTAMP_NTZ" => Value::Timestamp(text),
        "BINARY" => Value::Binary(vec![0, 255, 16]),
        "ARRAY" | "MAP" | "STRUCT" => Value::Json(text),
        _ => Value::Text(text),
    }
}

#[tokio::test]
async fn n16_every_type_of_the_engine_comes_without_loss() {
    let Some(sql) = sql() else { return };
    let cases: Vec<Case> = serde_json::from_str(include_str!("fixtures/sql_types.json")).unwrap();
    let columns: Vec<_> = cases.iter().enumerate().map(|(at, case)| format!("{} AS c{at}", case.sql)).collect();
    let request = ExecuteStatementRequest::new(format!("SELECT {}", columns.join(", ")));
    for way in WAYS {
        let result = sql.execute(&request.clone().disposition(way.clone())).await.unwrap();
        let kinds: Vec<_> = result.schema().iter().map(|column| column.type_name.clone().unwrap()).collect();
        assert_eq!(kinds, cases.iter().map(|case| case.r#type.clone()).collect::<Vec<_>>());
        let table = result.collect().await.unwrap();
        assert_eq!(table.len(), 1);
        let row = table.rows().next().unwrap();
        for (at, case) in cases.iter().enumerate() {
            match (row.at(at).unwrap(), value(&case.r#type, case.text.as_deref())) {
                (Value::Double(came), Value::Double(wanted)) => {
                    assert!(came.to_bits() == wanted.to_bits() || (came.is_nan() && wanted.is_nan()), "{}", case.sql);
                }
                (came, wanted) => assert_eq!(came, wanted, "{} {way:?}", case.sql),
            }
        }
    }
}

#[tokio::test]
async fn rows_come_in_order_over_all_chunks() {
    let Some(sql) = sql() else { return };
    for way in WAYS {
        let mut result = sql.execute(&many().disposition(way)).await.unwrap();
        assert_eq!(result.total_rows(), Some(MANY as u64));
        let mut seen = 0;
        while let Some(batch) = result.next_batch().await.unwrap() {
            for row in batch.rows() {
                assert_eq!(row.at(0).unwrap(), Value::Long(seen));
                assert_eq!(row.at(1).unwrap(), Value::Text(&format!("row {seen}")));
                assert_eq!(row.at(2).unwrap(), Value::Null);
                seen += 1;
            }
        }
        assert_eq!(seen, MANY);
    }
}

#[tokio::test]
async fn chunks_of_arrow_are_streams_of_their_own() {
    let Some(sql) = sql() else { return };
    let request = many().disposition(Disposition::ExternalLinks).format(ResultFormat::ArrowStream);
    let mut result = sql.execute(&request).await.unwrap();
    let mut chunks = 0;
    while let Some(bytes) = result.next_chunk().await.unwrap() {
        // a stream begins with the mark of a message, and its schema names the columns; it ends with an empty message
        assert_eq!(bytes[..4], [255; 4]);
        assert!(bytes[..512].windows(4).any(|name| name == b"none"));
        assert_eq!(bytes[bytes.len() - 8..], [255, 255, 255, 255, 0, 0, 0, 0]);
        chunks += 1;
    }
    assert!(chunks > 1, "{chunks} chunks");
    let mut result = sql.execute(&request).await.unwrap();
    assert_eq!(result.next_batch().await.unwrap_err().kind(), ErrorKind::InvalidInput);
}

#[tokio::test]
async fn csv_comes_as_its_bytes_its_header_once() {
    let Some(sql) = sql() else { return };
    let request = many().disposition(Disposition::ExternalLinks).format(ResultFormat::Csv);
    let mut result = sql.execute(&request).await.unwrap();
    let mut text = Vec::new();
    let mut chunks = 0;
    while let Some(bytes) = result.next_chunk().await.unwrap() {
        text.extend(bytes);
        chunks += 1;
    }
    let text = String::from_utf8(text).unwrap();
    assert!(text.lines().take(2).eq(["id,name,none", "0,row 0,null"]), "{}", &text[..64]);
    assert_eq!(text.lines().count() as i64, MANY + 1);
    assert!(chunks > 1, "{chunks} chunks");
}

#[tokio::test]
async fn n14_parameters_of_every_type_arrive_as_what_they_are() {
    let Some(sql) = sql() else { return };
    let attack = "'; DROP TABLE t; -- \\ \" :long 🦀";
    let decimal = Decimal::parse("12345678901234567890123456789012345.678").unwrap();
    let request = ExecuteStatementRequest::new(
        "SELECT :text, :whole, :long, :real, :truth, :decimal, :date, :time, :nothing, :byte",
    )
    .parameter(Param::string(attack).named("text"))
    .parameter(Param::int(-7).named("whole"))
    .parameter(Param::bigint(9_007_199_254_740_993).named("long"))
    .parameter(Param::double(0.1).named("real"))
    .parameter(Param::boolean(true).named("truth"))
    .parameter(Param::decimal(&decimal, 38, 3).named("decimal"))
    .parameter(Param::date("2024-02-29").named("date"))
    .parameter(Param::timestamp("2021-01-01T10:00:00.123Z").named("time"))
    .parameter(Param::null("INT").named("nothing"))
    .parameter(Param::typed(Some("-128".to_owned()), "TINYINT").named("byte"));
    let table = sql.execute(&request).await.unwrap().collect().await.unwrap();
    let wanted = [
        Value::Text(attack),
        Value::Int(-7),
        Value::Long(9_007_199_254_740_993),
        Value::Double(0.1),
        Value::Bool(true),
        Value::Decimal(decimal),
        Value::Date("2024-02-29"),
        Value::Timestamp("2021-01-01T10:00:00.123Z"),
        Value::Null,
        Value::Int(-128),
    ];
    assert_eq!(table.rows().next().unwrap().values().unwrap(), wanted);
}

#[tokio::test]
async fn n2_what_the_engine_refuses_carries_its_sqlstate() {
    let Some(sql) = sql() else { return };
    let error = sql.execute(&ExecuteStatementRequest::new("SELECT * FROM samples.tpch.nowhere")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StatementFailed);
    assert_eq!(StatementFailure::of(&error).unwrap().sql_state.as_deref(), Some("42P01"));
}

#[tokio::test]
async fn n11_a_row_limit_is_seen() {
    let Some(sql) = sql() else { return };
    let request = ExecuteStatementRequest::new("SELECT id FROM range(100)").row_limit(3);
    let table = sql.execute(&request).await.unwrap().collect().await.unwrap();
    assert_eq!((table.len(), table.truncated), (3, true));
}
