//! Genie spaces: a question becomes a query, which an engine runs, and an answer.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::time::Duration;

use axum::extract::Path;
use axum::routing::{get, post};
use lakewire_emulator::Config;
use lakewire_emulator::loopback::Loopback;
use serde_json::{Value, json};
use support::{Server, start, start_with};
use tokio::net::TcpListener;

const SPACE: &str = "/api/2.0/genie/spaces/emulator-genie";

/// An engine that has one table of two orders, and refuses queries of lists.
async fn engine() -> Loopback {
    let tables = json!({"tables": [{"full_name": "samples.tpch.orders", "columns": [
        {"name": "o_orderkey", "type_text": "bigint"},
        {"name": "o_orderstatus", "type_text": "string", "comment": "the order's state"},
        {"name": "o_orderdate", "type_text": "date"}]}]});
    let execute = |body: String| async move {
        let asked: Value = serde_json::from_str(&body).unwrap();
        let sql = asked["statement"].as_str().unwrap().to_owned();
        if sql.starts_with("SELECT o_orderkey") {
            return json!({"state": "FAILED", "sql_state": "42P01", "error": {"error_code": "BAD_REQUEST", "message": "[NO] gone"}})
                .to_string();
        }
        // the statuses are more than a chunk holds
        let chunks = if sql.starts_with("SELECT o_orderstatus") { 2 } else { 1 };
        json!({"state": "SUCCEEDED", "manifest": {"format": "JSON_ARRAY", "schema": {"column_count": 1, "columns":
            [{"name": "number_of_orders", "type_text": "BIGINT", "type_name": "LONG", "position": 0}]},
            "total_chunk_count": chunks, "total_row_count": chunks, "truncated": false}})
        .to_string()
    };
    let result = |Path((_, index)): Path<(String, String)>| async move {
        json!([[if index == "0" { "15000" } else { "?" }]]).to_string()
    };
    let app = axum::Router::new()
        .route("/health", get(|| async { r#"{"ready":true}"# }))
        .route("/api/2.1/unity-catalog/tables", get(move || async move { tables.to_string() }))
        .route("/execute", post(execute))
        .route("/results/{id}/{index}", get(result));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = Loopback::at_port(listener.local_addr().unwrap().port()).unwrap();
    tokio::spawn(async move {
        loop {
            let (connection, _) = listener.accept().await.unwrap();
            let app = app.clone();
            let service = hyper::service::service_fn(move |request: http::Request<hyper::body::Incoming>| {
                tower::ServiceExt::oneshot(app.clone(), request.map(axum::body::Body::new))
            });
            let connection = hyper_util::rt::TokioIo::new(connection);
            tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(connection, service));
        }
    });
    at
}

/// Asks and waits for the end; the message and its path.
async fn asked(server: &Server, path: &str, content: &str) -> (Value, String) {
    let answer = server.post(path, &json!({"content": content})).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let started = answer.json();
    let id = started["message_id"].as_str().unwrap();
    let conversation = started["conversation_id"].as_str().unwrap();
    let place = format!("{SPACE}/conversations/{conversation}/messages/{id}");
    for _ in 0..500 {
        let message = server.get(&place).await.json();
        if matches!(message["status"].as_str().unwrap(), "COMPLETED" | "FAILED") {
            return (message, place);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the message never ended");
}

#[tokio::test]
async fn a_question_becomes_a_query_a_table_and_a_sentence() {
    let server = start_with(Config { engine: Some(engine().await), ..Config::default() }).await;
    let (message, place) = asked(&server, &format!("{SPACE}/start-conversation"), "How many orders are there?").await;
    assert_eq!(message["status"], "COMPLETED", "{message}");
    let query = &message["attachments"][0];
    assert_eq!(query["query"]["query"], "SELECT COUNT(*) AS number_of_orders\nFROM samples.tpch.orders");
    assert_eq!(query["query"]["query_result_metadata"], json!({"row_count": 1, "is_truncated": false}));
    assert_eq!(message["attachments"][1]["text"]["content"], "There are **15000** orders.");
    assert!(message["attachments"][2]["suggested_questions"]["questions"][0].is_string());
    let attachment = query["attachment_id"].as_str().unwrap();
    for path in [
        format!("{place}/attachments/{attachment}/query-result"),
        format!("{place}/query-result"),
        format!("{place}/query-result/{attachment}"),
    ] {
        let result = server.get(&path).await.json();
        assert_eq!(result["statement_response"]["status"]["state"], "SUCCEEDED");
        assert_eq!(result["statement_response"]["result"]["data_array"], json!([["15000"]]));
        assert_eq!(result["statement_response"]["result"].get("next_chunk_index"), None);
    }
    let again = server.post(&format!("{place}/attachments/{attachment}/execute-query"), &json!({})).await.json();
    assert_eq!(again["statement_response"]["result"]["row_count"], 1);
    assert_eq!(server.get(&format!("{place}/query-result/other")).await.status, 404);
    // feedback is kept with the message
    assert_eq!(server.post(&format!("{place}/feedback"), &json!({"rating": "GREAT"})).await.status, 400);
    assert_eq!(server.post(&format!("{place}/feedback"), &json!({"rating": "POSITIVE"})).await.status, 200);
    assert_eq!(server.get(&place).await.json()["feedback"]["rating"], "POSITIVE");
}

#[tokio::test]
async fn a_conversation_goes_on_and_is_listed_and_deleted() {
    let server = start_with(Config { engine: Some(engine().await), ..Config::default() }).await;
    let (first, _) = asked(&server, &format!("{SPACE}/start-conversation"), "How many orders per year?").await;
    let conversation = first["conversation_id"].as_str().unwrap();
    let messages = format!("{SPACE}/conversations/{conversation}/messages");
    let (second, place) = asked(&server, &messages, "And by status?").await;
    let sql = second["attachments"][0]["query"]["query"].as_str().unwrap();
    assert!(sql.starts_with("SELECT o_orderstatus, COUNT(*)"), "{sql}");
    let cut = server.get(&format!("{place}/query-result")).await.json()["statement_response"]["result"].clone();
    assert_eq!(
        cut,
        json!({"chunk_index": 0, "row_offset": 0, "row_count": 1, "data_array": [["15000"]],
        "next_chunk_index": 1, "next_row_offset": 1})
    );
    let page = server.get(&format!("{messages}?page_size=1")).await.json();
    assert_eq!(page["messages"][0]["id"], second["id"]);
    let token = page["next_page_token"].as_str().unwrap();
    assert_eq!(server.get(&format!("{messages}?page_token={token}")).await.json()["messages"][0]["id"], first["id"]);
    assert_eq!(server.get(&format!("{messages}?page_token=x")).await.status, 400);
    assert_eq!(server.send("DELETE", &place, &json!({})).await.status, 200);
    assert_eq!(server.get(&place).await.status, 404);
    let listed = server.get(&format!("{SPACE}/conversations")).await.json();
    assert_eq!(listed["conversations"][0]["title"], "How many orders per year?");
    assert_eq!(server.send("DELETE", &format!("{SPACE}/conversations/{conversation}"), &json!({})).await.status, 200);
    assert_eq!(server.get(&format!("{SPACE}/conversations")).await.json()["conversations"], json!([]));
    assert_eq!(server.post(&messages, &json!({"content": "x"})).await.status, 404);
}

#[tokio::test]
async fn what_has_no_query_is_said_and_what_fails_has_an_error() {
    let server = start_with(Config { engine: Some(engine().await), ..Config::default() }).await;
    let start_at = format!("{SPACE}/start-conversation");
    let (unknown, _) = asked(&server, &start_at, "How many penguins are there?").await;
    assert_eq!(unknown["status"], "COMPLETED");
    assert!(unknown["attachments"][0]["text"]["content"].as_str().unwrap().contains("penguins"), "{unknown}");
    let (failed, _) = asked(&server, &start_at, "List the orders").await;
    assert_eq!(
        (failed["status"].as_str().unwrap(), failed["error"]["type"].as_str().unwrap()),
        ("FAILED", "SQL_EXECUTION_EXCEPTION")
    );
    assert_eq!(failed["error"]["error"], "[NO] gone");
    assert_eq!(server.post(&start_at, &json!({})).await.status, 400);
}

#[tokio::test]
async fn without_an_engine_the_message_says_how_to_start_one() {
    let server = start().await;
    let spaces = server.get("/api/2.0/genie/spaces").await.json();
    assert_eq!(spaces["spaces"][0]["space_id"], "emulator-genie");
    assert_eq!(server.get("/api/2.0/genie/spaces/none").await.status, 404);
    let (message, _) = asked(&server, &format!("{SPACE}/start-conversation"), "How many orders are there?").await;
    assert_eq!(message["error"]["type"], "WAREHOUSE_NOT_FOUND_EXCEPTION");
    assert!(message["error"]["error"].as_str().unwrap().contains("--engine"), "{message}");
}
