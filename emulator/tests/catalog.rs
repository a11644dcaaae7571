//! Warehouses, and Unity Catalog as it is passed on to the engine.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "support/engine.rs"]
#[allow(dead_code, missing_docs, missing_debug_implementations, unreachable_pub)]
mod engine;
mod support;

use engine::FakeEngine;
use lakewire_emulator::{Config, Emulator};
use serde_json::{Value, json};
use support::{Server, start_with};

const W: &str = "/api/2.0/sql/warehouses";
const S: &str = "/api/2.0/sql/statements";

async fn with_engine(config: Config) -> Server {
    let (_, at) = FakeEngine::start().await;
    start_with(Config { engine: Some(at), endpoint_delay_ms: 0, ..config }).await
}

async fn state(server: &Server, id: &str) -> Value {
    server.get(&format!("{W}/{id}")).await.json()["state"].clone()
}

#[tokio::test]
async fn warehouses_are_made_changed_and_removed() {
    let server = with_engine(Config::default()).await;
    let seeded = server.get(W).await.json();
    assert_eq!(seeded["warehouses"].as_array().unwrap().len(), 1);
    let shown = &seeded["warehouses"][0];
    assert_eq!((&shown["id"], &shown["state"]), (&json!("emulator-warehouse"), &json!("RUNNING")));
    assert_eq!(shown["odbc_params"]["path"], "/sql/1.0/warehouses/emulator-warehouse");
    let made = server.post(W, &json!({"name": "small", "cluster_size": "Small", "auto_stop_mins": 10})).await.json();
    let id = made["id"].as_str().unwrap();
    assert_eq!(state(&server, id).await, "RUNNING");
    let edited = server.post(&format!("{W}/{id}/edit"), &json!({"name": "smaller", "cluster_size": "2X-Small"})).await;
    assert_eq!((edited.status, edited.json()), (200, json!({})));
    let shown = server.get(&format!("{W}/{id}")).await.json();
    assert_eq!(
        (&shown["name"], &shown["cluster_size"], &shown["auto_stop_mins"]),
        (&json!("smaller"), &json!("2X-Small"), &json!(10))
    );
    let first = server.get(&format!("{W}?page_size=1")).await.json();
    let token = first["next_page_token"].as_str().unwrap();
    let second = server.get(&format!("{W}?page_size=1&page_token={token}")).await.json();
    assert_eq!((&second["warehouses"][0]["id"], second.get("next_page_token")), (&json!(id), None));
    assert_eq!(server.send("DELETE", &format!("{W}/{id}"), &json!({})).await.status, 200);
    assert_eq!(server.get(&format!("{W}/{id}")).await.status, 404);
}

#[tokio::test]
async fn a_stopped_warehouse_starts_with_a_statement() {
    let server = with_engine(Config::default()).await;
    let path = format!("{W}/emulator-warehouse");
    assert_eq!(server.post(&format!("{path}/stop"), &json!({})).await.json(), json!({}));
    assert_eq!(state(&server, "emulator-warehouse").await, "STOPPED");
    let body = json!({"statement": "ROWS 1", "warehouse_id": "emulator-warehouse"});
    assert_eq!(server.post(S, &body).await.json()["status"]["state"], "SUCCEEDED");
    assert_eq!(state(&server, "emulator-warehouse").await, "RUNNING");
}

#[tokio::test]
async fn a_warehouse_that_is_deleted_takes_its_statements_along() {
    // the start takes so long that the statement must wait for it
    let (_, at) = FakeEngine::start().await;
    let slow = start_with(Config { engine: Some(at), endpoint_delay_ms: 600_000, ..Config::default() }).await;
    let made = slow.post(W, &json!({"name": "slow"})).await.json();
    let id = made["id"].as_str().unwrap();
    assert_eq!(state(&slow, id).await, "STARTING");
    let body = json!({"statement": "ROWS 1", "warehouse_id": id, "wait_timeout": "0s"});
    let waiting = slow.post(S, &body).await.json();
    slow.send("DELETE", &format!("{W}/{id}"), &json!({})).await;
    let path = format!("{S}/{}", waiting["statement_id"].as_str().unwrap());
    let mut end = Value::Null;
    while end["status"]["state"] != "FAILED" {
        end = slow.get(&path).await.json();
    }
    assert!(end["status"]["error"]["message"].as_str().unwrap().contains("deleted"));
}

#[tokio::test]
async fn refused_warehouses() {
    let server = with_engine(Config::default()).await;
    for body in [
        json!({}),
        json!({"name": ""}),
        json!({"name": "Emulator Warehouse"}),
        json!({"name": "a", "cluster_size": "Huge"}),
        json!({"name": "a", "auto_stop_mins": -1}),
        json!({"name": "a", "min_num_clusters": 0}),
    ] {
        assert_eq!(server.post(W, &body).await.status, 400, "{body}");
    }
    assert_eq!(server.get(W).await.json()["warehouses"].as_array().unwrap().len(), 1);
    assert_eq!(server.post(&format!("{W}/none/start"), &json!({})).await.status, 404);
    assert_eq!(server.get(&format!("{W}?page_token=x")).await.status, 400);
}

#[tokio::test]
async fn a_folder_keeps_warehouses() {
    let path = std::env::temp_dir().join(format!("lakewire-emulator-{}-warehouses", std::process::id()));
    let _ = std::fs::remove_dir_all(&path);
    let config = || Config { data: Some(path.clone()), ..Config::default() };
    let first = with_engine(config()).await;
    let id = first.post(W, &json!({"name": "kept"})).await.json()["id"].as_str().unwrap().to_owned();
    first.post(&format!("{W}/{id}/stop"), &json!({})).await;
    first.send("DELETE", &format!("{W}/emulator-warehouse"), &json!({})).await;
    let second = with_engine(config()).await;
    let listed = second.get(W).await.json();
    assert_eq!(listed["warehouses"].as_array().unwrap().len(), 1, "a warehouse that was deleted stays so");
    assert_eq!((&listed["warehouses"][0]["id"], &listed["warehouses"][0]["state"]), (&json!(id), &json!("STOPPED")));
    std::fs::write(path.join("warehouses.json"), "{").unwrap();
    let refused = Emulator::new(config()).unwrap_err();
    assert!(refused.contains("warehouses.json"), "{refused}");
    std::fs::remove_dir_all(&path).unwrap();
}

#[tokio::test]
async fn unity_catalog_is_passed_on_whole() {
    let server = with_engine(Config::default()).await;
    let path = "/api/2.1/unity-catalog/functions?catalog_name=main&schema_name=a%20b";
    let passed = server.get(path).await.json();
    assert_eq!((&passed["path"], &passed["method"]), (&json!(path), &json!("GET")));
    let made = server.post("/api/2.1/unity-catalog/functions", &json!({"function_info": {"name": "f"}})).await.json();
    assert_eq!((&made["method"], &made["body"]), (&json!("POST"), &json!(r#"{"function_info":{"name":"f"}}"#)));
    let table = "/api/2.1/unity-catalog/tables/main.default.t%201";
    assert_eq!(server.get(table).await.json()["path"], table);
    assert_eq!(server.get("/api/2.1/unity-catalog/tables/none").await.status, 404);
    assert_eq!(server.raw("GET", table, "", "").await.unwrap().status, 401);
    let fault = json!([{"match": {"path": "/unity-catalog/tables"}, "fault": {"status": 429}}]);
    server.post("/_emulator/faults", &fault).await;
    assert_eq!(server.get(table).await.status, 429);
}

#[tokio::test]
async fn vector_indexes_are_tables_too() {
    let server = with_engine(Config::default()).await;
    let schema = json!({"id": "string", "vec": "array<float>"}).to_string();
    let vectors = json!([{"name": "vec", "embedding_dimension": 2}]);
    let index = json!({"name": "main.docs.idx", "endpoint_name": "emulator-vs", "primary_key": "id", "index_type": "DIRECT_ACCESS",
        "direct_access_index_spec": {"schema_json": schema, "embedding_vector_columns": vectors}});
    assert_eq!(server.post("/api/2.0/vector-search/indexes", &index).await.status, 200);
    let tables = "/api/2.1/unity-catalog/tables";
    assert_eq!(
        server.get(&format!("{tables}/main.docs.idx")).await.json()["data_source_format"],
        "VECTOR_INDEX_FORMAT"
    );
    assert_eq!(server.get(&format!("{tables}/main.docs.idx/exists")).await.json(), json!({"table_exists": true}));
    let of = |schema: &str, more: &str| format!("{tables}?catalog_name=main&schema_name={schema}{more}");
    let names = |page: &Value| {
        page["tables"].as_array().unwrap().iter().map(|one| one["full_name"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(&server.get(&of("docs", "")).await.json()).len(), 1, "they stand behind the last page");
    let last = of("docs", "&page_token=2");
    assert_eq!(names(&server.get(&last).await.json()), [json!(last), json!("main.docs.idx")]);
    assert_eq!(names(&server.get(&of("other", "&page_token=2")).await.json()).len(), 1);
}
