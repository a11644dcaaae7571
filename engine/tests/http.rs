//! The HTTP face: the contract with the emulator.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test that fails says so by panicking"
)]

mod common;

use common::Client;
use serde_json::{Value, json};

#[tokio::test]
async fn nothing_is_answered_without_the_header() {
    let client = Client::new().await;
    let (status, body) = client.send("GET", "/health", None, false).await;
    assert_eq!(status, 403);
    assert!(String::from_utf8_lossy(&body).contains("x-lakewire-engine: 1"));
    assert_eq!(client.call("GET", "/health", None).await, (200, json!({"ready": true})));
    assert_eq!(client.call("GET", "/frob", None).await.0, 404);
}

#[tokio::test]
async fn a_page_whose_own_name_points_here_is_refused() {
    let client = Client::new().await;
    for good in ["127.0.0.1", "127.0.0.1:8040", "localhost:1", "LOCALHOST", "[::1]:8040"] {
        assert_eq!(client.health_of(good).await, 200, "{good}");
    }
    for bad in [
        "evil.example:8040",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "localhost@evil.example",
        "x@localhost",
        "",
        "a b",
    ] {
        assert_eq!(client.health_of(bad).await, 403, "{bad}");
    }
}

#[tokio::test]
async fn chunks_are_as_long_as_their_manifest_says_and_hold_every_row() {
    let client = Client::new().await;
    for format in ["JSON_ARRAY", "CSV", "ARROW_STREAM"] {
        let statement =
            "SELECT id, CAST(id * 1.5 AS DECIMAL(10,1)) d, CASE WHEN id % 2 = 0 THEN 'even' END e FROM range(1000)";
        let body = json!({"id": "q", "statement": statement, "format": format, "chunk_bytes": 2000});
        let answer = client.execute(body).await;
        let manifest = &answer["manifest"];
        assert_eq!((&manifest["format"], &manifest["total_row_count"]), (&json!(format), &json!(1000)), "{answer}");
        assert_eq!(manifest["schema"]["columns"][1]["type_text"], "DECIMAL(10,1)");
        let chunks = manifest["chunks"].as_array().unwrap();
        assert!(chunks.len() > 5 && manifest["total_chunk_count"] == chunks.len(), "{format}: {}", chunks.len());
        let (mut rows, mut bytes) = (0, 0);
        for (index, chunk) in chunks.iter().enumerate() {
            let (_, body) = client.send("GET", &format!("/results/q/{index}"), None, true).await;
            assert_eq!(chunk["row_offset"], rows);
            assert_eq!(chunk["byte_count"], body.len());
            rows += chunk["row_count"].as_u64().unwrap();
            bytes += body.len();
            match format {
                "JSON_ARRAY" => {
                    let data: Vec<Vec<Value>> = serde_json::from_slice(&body).unwrap();
                    assert_eq!(chunk["row_count"], data.len());
                    assert!(data.iter().flatten().all(|cell| cell.is_string() || cell.is_null()));
                }
                "CSV" => {
                    let text = String::from_utf8(body.to_vec()).unwrap();
                    assert_eq!(text.starts_with("id,d,e\r\n0,0.0,even\r\n1,1.5,null\r\n"), index == 0);
                }
                _ => {
                    let reader = datafusion::arrow::ipc::reader::StreamReader::try_new(&body[..], None).unwrap();
                    let count: usize = reader.map(|batch| batch.unwrap().num_rows()).sum();
                    assert_eq!(chunk["row_count"], count);
                }
            }
        }
        assert_eq!((rows, &manifest["total_byte_count"]), (1000, &json!(bytes)));
    }
    assert_eq!(client.call("DELETE", "/results/q", None).await.0, 200);
    assert_eq!(client.call("GET", "/results/q/0", None).await.0, 404);
}

#[tokio::test]
async fn limits_cut_a_result_and_say_so() {
    let client = Client::new().await;
    for (limit, format) in [("row_limit", "JSON_ARRAY"), ("byte_limit", "CSV"), ("byte_limit", "ARROW_STREAM")] {
        let mut body = json!({"id": "q", "statement": "SELECT id FROM range(5000)", "format": format});
        body[limit] = json!(100);
        let answer = client.execute(body).await;
        assert_eq!(answer["manifest"]["truncated"], true);
        let rows = answer["manifest"]["total_row_count"].as_u64().unwrap();
        assert!(rows > 0 && rows <= 100, "{limit}: {rows}");
    }
    let exact = client.execute(json!({"id": "q", "statement": "SELECT id FROM range(5)", "row_limit": 5})).await;
    assert_eq!((&exact["manifest"]["truncated"], &exact["manifest"]["total_row_count"]), (&json!(false), &json!(5)));
    let empty = client.execute(json!({"id": "q", "statement": "SELECT 1 WHERE false"})).await;
    assert_eq!(
        (&empty["manifest"]["total_chunk_count"], &empty["manifest"]["total_row_count"]),
        (&json!(1), &json!(0))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_statement_is_canceled() {
    let client = std::sync::Arc::new(Client::new().await);
    let running = std::sync::Arc::clone(&client);
    let statement = "SELECT count(*) FROM range(100000000000)";
    let task = tokio::spawn(async move { running.execute(json!({"id": "long", "statement": statement})).await });
    loop {
        let (_, answer) = client.call("POST", "/cancel/long", None).await;
        if answer["canceled"] == true {
            break;
        }
        tokio::task::yield_now().await;
    }
    assert_eq!(task.await.unwrap(), json!({"state": "CANCELED"}));
    assert_eq!(client.call("POST", "/cancel/long", None).await.1, json!({"canceled": false}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_nobody_waits_for_ends() {
    let client = Client::new().await;
    let before = std::sync::Arc::strong_count(&client.1);
    let statement = "SELECT count(*) FROM range(100000000000)";
    {
        let running = client.execute(json!({"id": "long", "statement": statement}));
        let mut running = std::pin::pin!(running);
        while client.1.running_count() == 0 {
            tokio::select! {
                biased;
                answer = &mut running => assert_eq!(answer, Value::Null, "it ended before its time"),
                () = tokio::task::yield_now() => {}
            }
        }
    }
    assert_eq!(client.1.running_count(), 0);
    assert_eq!(client.call("POST", "/cancel/long", None).await.1, json!({"canceled": false}));
    // the task holds the engine until it is gone
    while std::sync::Arc::strong_count(&client.1) > before {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn unity_catalog_shows_what_sql_made() {
    const BASE: &str = "/api/2.1/unity-catalog";
    let client = Client::new().await;
    let get = async |path: &str| client.call("GET", &format!("{BASE}{path}"), None).await;
    client
        .rows("CREATE TABLE shop (id BIGINT NOT NULL COMMENT 'key', price DECIMAL(10,2), CONSTRAINT pk PRIMARY KEY (id)) COMMENT 'all'", json!([]))
        .await;
    let (_, table) = get("/tables/main.default.shop").await;
    assert_eq!((&table["comment"], &table["table_type"]), (&json!("all"), &json!("MANAGED")));
    assert_eq!(table["columns"][1]["type_text"], "decimal(10,2)");
    assert_eq!(table["columns"][0]["nullable"], false);
    assert_eq!(table["table_constraints"][0]["primary_key_constraint"], json!({"name": "pk", "child_columns": ["id"]}));
    let (_, function) = get("/functions/main.tools.add_tax").await;
    let parameter = &function["input_params"]["parameters"][1];
    assert_eq!((&parameter["parameter_default"], &parameter["type_name"]), (&json!("0.2"), &json!("DOUBLE")));
    let spark: Value = serde_json::from_str(parameter["type_json"].as_str().unwrap()).unwrap();
    assert_eq!((&spark["name"], &spark["type"]), (&json!("rate"), &json!("double")));
    assert_eq!(get("/functions/main.tools.top_customers").await.1["return_params"]["parameters"][1]["name"], "revenue");
    let (_, first) = get("/functions?catalog_name=main&schema_name=tools&max_results=3").await;
    assert_eq!(first["functions"].as_array().unwrap().len(), 3);
    let (_, rest) = get("/functions?catalog_name=main&schema_name=tools&max_results=3&page_token=3").await;
    assert_eq!((rest["functions"].as_array().unwrap().len(), rest.get("next_page_token")), (1, None));
    assert_eq!((first["next_page_token"].as_str(), get("/tables?catalog_name=main").await.0), (Some("3"), 400));
    for (path, code) in [
        ("/tables/main.default.no", "TABLE_DOES_NOT_EXIST"),
        ("/functions/main.default.no", "FUNCTION_DOES_NOT_EXIST"),
        ("/schemas/main.no", "SCHEMA_DOES_NOT_EXIST"),
        ("/catalogs/no", "CATALOG_DOES_NOT_EXIST"),
    ] {
        let (status, body) = get(path).await;
        assert_eq!((status, &body["error_code"]), (404, &json!(code)));
    }
}

#[tokio::test]
async fn a_function_made_by_rest_runs_and_goes() {
    let client = Client::new().await;
    let path = "/api/2.1/unity-catalog/functions";
    let info = json!({"function_info": {
        "name": "plus", "catalog_name": "main", "schema_name": "tools", "data_type": "INT", "full_data_type": "INT",
        "input_params": {"parameters": [
            {"name": "a", "type_text": "int", "type_name": "INT", "position": 0},
            {"name": "b", "type_text": "int", "type_name": "INT", "position": 1, "parameter_default": "10", "comment": "what's added"},
        ]},
        "routine_body": "SQL", "routine_definition": "a + b", "comment": "Adds",
    }});
    let (status, made) = client.call("POST", path, Some(info.clone())).await;
    assert_eq!((status, &made["full_name"]), (200, &json!("main.tools.plus")), "{made}");
    assert_eq!(made["input_params"]["parameters"][1]["comment"], "what's added");
    assert_eq!(client.row("SELECT main.tools.plus(1), main.tools.plus(b => 2, a => 1)").await, ["11", "3"]);
    assert_eq!(client.call("POST", path, Some(info)).await.0, 409);
    assert_eq!(client.call("DELETE", &format!("{path}/main.tools.plus"), None).await, (200, json!({})));
    assert_eq!(client.failure("SELECT main.tools.plus(1)").await.0, "42883");
}
