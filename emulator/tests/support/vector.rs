//! An index of three rows, and how tests of vector search ask for it.
// every test file takes the part it needs
#![allow(dead_code, missing_docs, unreachable_pub, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use serde_json::{Value, json};

use crate::support::{Answer, Server, start};

pub const V: &str = "/api/2.0/vector-search";
pub const INDEX: &str = "/api/2.0/vector-search/indexes/main.docs.idx";

pub fn refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!((answer.status, answer.json()["error_code"].as_str().unwrap()), (status, code), "{}", answer.text());
}

pub async fn good(server: &Server, method: &str, path: &str, body: Value) -> Value {
    let answer = server.send(method, path, &body).await;
    assert_eq!(answer.status, 200, "{method} {path} {body}: {}", answer.text());
    answer.json()
}

pub fn spec(name: &str, endpoint: &str) -> Value {
    let schema = json!({"id":"string","text":"string","year":"integer","draft":"boolean","made":"timestamp","vec":"array<float>"});
    json!({"name": name, "endpoint_name": endpoint, "primary_key": "id", "index_type": "DIRECT_ACCESS",
        "direct_access_index_spec": {"schema_json": schema.to_string(),
            "embedding_vector_columns": [{"name": "vec", "embedding_dimension": 2}]}})
}

pub fn rows() -> Value {
    json!([
        {"id":"a","text":"Reset the unit with the red button","year":2020,"draft":false,"made":"2020-01-01T00:00:00Z","vec":[1.0,0.0]},
        {"id":"b","text":"Charge the battery over night","year":2021,"draft":true,"made":"2021-01-01T00:00:00Z","vec":[0.6,0.8]},
        {"id":"c","text":"The red lamp shows a full battery","year":2022,"draft":false,"made":"2022-01-01T00:00:00Z","vec":[0.0,1.0]}
    ])
}

pub async fn upsert(server: &Server, rows: &Value) -> Value {
    good(server, "POST", &format!("{INDEX}/upsert-data"), json!({"inputs_json": rows.to_string()})).await
}

pub async fn filled() -> Server {
    let server = start().await;
    good(&server, "POST", &format!("{V}/indexes"), spec("main.docs.idx", "emulator-vs")).await;
    let put = upsert(&server, &rows()).await;
    assert_eq!(put, json!({"status":"SUCCESS","result":{"success_row_count":3,"failed_primary_keys":[]}}));
    server
}

pub async fn query(server: &Server, body: Value) -> Value {
    good(server, "POST", &format!("{INDEX}/query"), body).await
}

pub fn ids(answer: &Value) -> String {
    answer["result"]["data_array"].as_array().unwrap().iter().map(|row| row[0].as_str().unwrap()).collect()
}
