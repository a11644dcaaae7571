//! Delta Sync indexes over a stand-in for the SQL engine, and the MCP servers over both.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use http::{Request, Response};
use http_body_util::BodyExt;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use lakewire_emulator::Config;
use lakewire_emulator::loopback::Loopback;
use serde_json::{Value, json};
use support::{Answer, Server, start_with};
use tokio::net::TcpListener;

const V: &str = "/api/2.0/vector-search";
const INDEX: &str = "/api/2.0/vector-search/indexes/main.docs.idx";
const TOKEN: &str = "authorization: Bearer dapi-emulator\r\naccept: application/json, text/event-stream\r\n";

/// An engine with one table and two functions.
#[derive(Clone, Default)]
struct FakeEngine {
    rows: Arc<Mutex<Vec<[String; 3]>>>,
    executed: Arc<Mutex<Vec<Value>>>,
}

impl FakeEngine {
    async fn start() -> (Self, Loopback) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Loopback::at_port(listener.local_addr().unwrap().port()).unwrap();
        let engine = Self::default();
        engine.put(&[["1", "How to reset a lost password", "[1,0]"], ["2", "A recipe for banana bread", "[0,1]"]]);
        let shared = engine.clone();
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let engine = shared.clone();
                let service = service_fn(move |request: Request<hyper::body::Incoming>| {
                    let engine = engine.clone();
                    async move { Ok::<_, Infallible>(engine.answer(request).await) }
                });
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(connection), service));
            }
        });
        (engine, server)
    }

    fn put(&self, rows: &[[&str; 3]]) {
        *self.rows.lock().unwrap() = rows.iter().map(|row| row.map(str::to_owned)).collect();
    }

    async fn answer(&self, request: Request<hyper::body::Incoming>) -> Response<Body> {
        assert_eq!(request.headers()["x-lakewire-engine"], "1");
        let path = request.uri().path_and_query().unwrap().to_string();
        let body = request.into_body().collect().await.unwrap().to_bytes();
        let json =
            |status: u16, value: Value| Response::builder().status(status).body(Body::from(value.to_string())).unwrap();
        let tax = json!({"name":"add_tax","comment":"Adds tax","data_type":"DOUBLE","input_params":{"parameters":[
            {"name":"net","type_text":"double","type_name":"DOUBLE","comment":"Net price"},
            {"name":"rate","type_text":"double","type_name":"DOUBLE","parameter_default":"0.2"}]}});
        if path == "/execute" {
            let asked: Value = serde_json::from_slice(&body).unwrap();
            self.executed.lock().unwrap().push(asked.clone());
            let columns = if asked["statement"].as_str().unwrap().contains("add_tax") {
                json!([{"name":"add_tax","type_text":"DOUBLE"}])
            } else {
                json!([{"name":"id","type_text":"INT"},{"name":"text","type_text":"STRING"},{"name":"vec","type_text":"ARRAY<FLOAT>"}])
            };
            return json(
                200,
                json!({"state":"SUCCEEDED","manifest":{"schema":{"columns":columns},"total_chunk_count":1,"truncated":false}}),
            );
        }
        if path.starts_with("/results/") {
            let last = self.executed.lock().unwrap().last().unwrap().clone();
            let tax = last["statement"].as_str().unwrap().contains("add_tax");
            return json(200, if tax { json!([["12.0"]]) } else { json!(*self.rows.lock().unwrap()) });
        }
        if path == "/api/2.1/unity-catalog/tables/main.docs.t" {
            return json(
                200,
                json!({"columns":[{"name":"id","type_text":"int"},{"name":"text","type_text":"string","comment":"What it says"},
                {"name":"vec","type_text":"array<float>"}]}),
            );
        }
        if path.starts_with("/api/2.1/unity-catalog/functions?catalog_name=main&schema_name=tools") {
            return json(200, json!({"functions":[tax]}));
        }
        if path == "/api/2.1/unity-catalog/functions/main.tools.add_tax" {
            return json(200, tax);
        }
        json(404, json!({"error_code":"NOT_FOUND","message":"not here"}))
    }
}

async fn workspace() -> (Server, FakeEngine) {
    let (engine, at) = FakeEngine::start().await;
    let server = start_with(Config { endpoint_delay_ms: 0, engine: Some(at), ..Config::default() }).await;
    (server, engine)
}

fn managed() -> Value {
    json!({"name":"main.docs.idx","endpoint_name":"emulator-vs","primary_key":"id","index_type":"DELTA_SYNC",
        "delta_sync_index_spec":{"source_table":"main.docs.t","pipeline_type":"TRIGGERED","columns_to_sync":["text"],
            "embedding_source_columns":[{"name":"text","embedding_model_endpoint_name":"databricks-gte-large-en"}]}})
}

async fn good(server: &Server, path: &str, body: Value) -> Value {
    let answer = server.post(path, &body).await;
    assert_eq!(answer.status, 200, "{path} {body}: {}", answer.text());
    answer.json()
}

/// Waits until the index is in this state.
async fn until(server: &Server, state: &str, rows: u64) -> Value {
    for _ in 0..400 {
        let shown = server.get(INDEX).await.json();
        if shown["status"]["detailed_state"] == state && shown["status"]["indexed_row_count"] == rows {
            return shown;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("never {state}: {}", server.get(INDEX).await.text());
}

fn ids(answer: &Value) -> Vec<i64> {
    answer["result"]["data_array"].as_array().unwrap().iter().map(|row| row[0].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn a_table_becomes_an_index_that_is_asked_in_words() {
    let (server, engine) = workspace().await;
    let made = good(&server, &format!("{V}/indexes"), managed()).await;
    assert_eq!(made["status"]["ready"], false);
    let shown = until(&server, "ONLINE_NO_PENDING_UPDATE", 2).await;
    assert!(shown["delta_sync_index_spec"]["pipeline_id"].is_string());
    let query = json!({"columns":["id","text"],"query_text":"recover my login credential"});
    assert_eq!(ids(&good(&server, &format!("{INDEX}/query"), query.clone()).await), [1, 2]);
    let table = server.get("/api/2.1/unity-catalog/tables/main.docs.idx").await.json();
    let named: Vec<&str> =
        table["columns"].as_array().unwrap().iter().map(|column| column["name"].as_str().unwrap()).collect();
    assert_eq!(named, ["id", "text", "__db_text_vector"], "what was not to be synced is not here");
    assert_eq!(table["columns"][1]["comment"], "What it says");
    // the table changes, and a sync brings it over
    engine.put(&[["3", "Recovering a lost login", "[1,1]"]]);
    assert_eq!(ids(&good(&server, &format!("{INDEX}/query"), query.clone()).await), [1, 2]);
    assert_eq!(good(&server, &format!("{INDEX}/sync"), json!({})).await, json!({}));
    until(&server, "ONLINE_NO_PENDING_UPDATE", 1).await;
    assert_eq!(ids(&good(&server, &format!("{INDEX}/query"), query).await), [3]);
    let refused = server.post(&format!("{INDEX}/upsert-data"), &json!({"inputs_json":"[]"})).await;
    assert_eq!(refused.status, 400, "{}", refused.text());
}

#[tokio::test]
async fn vectors_of_the_table_are_taken_and_followed() {
    let (server, engine) = workspace().await;
    let mut body = managed();
    body["delta_sync_index_spec"] = json!({"source_table":"main.docs.t","pipeline_type":"CONTINUOUS",
        "embedding_vector_columns":[{"name":"vec","embedding_dimension":2}]});
    good(&server, &format!("{V}/endpoints/emulator-vs/indexes"), body).await;
    until(&server, "ONLINE_NO_PENDING_UPDATE", 2).await;
    let query = json!({"columns":["id","vec"],"query_vector":[0,1]});
    let answer = good(&server, &format!("{INDEX}/query"), query).await;
    assert_eq!(answer["result"]["data_array"][0], json!([2, [0.0, 1.0], 1.0]));
    assert_eq!(server.post(&format!("{INDEX}/sync"), &json!({})).await.status, 400, "it follows by itself");
    engine.put(&[["3", "x", "[1,1]"]]);
    until(&server, "ONLINE_NO_PENDING_UPDATE", 1).await;
    engine.put(&[["4", "x", "[1,1,1]"]]);
    let shown = until(&server, "ONLINE_PIPELINE_FAILED", 1).await;
    assert!(shown["status"]["message"].as_str().unwrap().contains("3 numbers"), "{shown}");
}

#[tokio::test]
async fn a_wrong_source_is_refused() {
    let (server, _) = workspace().await;
    let mut missing = managed();
    missing["primary_key"] = json!("nope");
    assert_eq!(server.post(&format!("{V}/indexes"), &missing).await.status, 400);
    let mut text = managed();
    text["delta_sync_index_spec"]["embedding_source_columns"][0]["name"] = json!("vec");
    assert_eq!(server.post(&format!("{V}/indexes"), &text).await.status, 400);
    let mut kept = managed();
    kept["delta_sync_index_spec"]["columns_to_sync"] = json!(["nope"]);
    assert_eq!(server.post(&format!("{V}/indexes"), &kept).await.status, 400);
}

async fn rpc(server: &Server, path: &str, headers: &str, body: Value) -> Answer {
    server.raw("POST", path, &format!("{TOKEN}{headers}"), &body.to_string()).await.unwrap()
}

fn call(name: &str, arguments: Value) -> Value {
    json!({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":name,"arguments":arguments}})
}

#[tokio::test]
async fn functions_are_tools() {
    let (server, engine) = workspace().await;
    let path = "/api/2.0/mcp/functions/main/tools";
    let listed = rpc(&server, path, "", json!({"jsonrpc":"2.0","id":1,"method":"tools/list"})).await.json();
    assert_eq!(
        listed["result"]["tools"],
        json!([{"name":"main__tools__add_tax","description":"Adds tax","inputSchema":{"type":"object","properties":{
            "net":{"type":"number","description":"Net price"},"rate":{"type":"number","description":"A value of the SQL type double."}},
            "required":["net"]}}])
    );
    let called = rpc(&server, path, "", call("main__tools__add_tax", json!({"net":10}))).await.json();
    let result =
        json!({"content":[{"type":"text","text":"{\"format\":\"SCALAR\",\"value\":\"12.0\"}"}],"isError":false});
    assert_eq!(called, json!({"jsonrpc":"2.0","id":7,"result":result}));
    let asked = engine.executed.lock().unwrap().last().unwrap().clone();
    assert_eq!(asked["statement"], "SELECT `main`.`tools`.`add_tax`(:net)");
    assert_eq!(asked["parameters"], json!([{"name":"net","value":"10","type":"DOUBLE"}]));
    for arguments in [json!({}), json!({"net":1,"other":2})] {
        let failed = rpc(&server, path, "", call("main__tools__add_tax", arguments)).await.json();
        assert_eq!(failed["result"]["isError"], true, "{failed}");
    }
    let unknown = rpc(&server, &format!("{path}/add_tax"), "", call("main__tools__none", json!({}))).await.json();
    assert_eq!(unknown["error"]["code"], -32602, "{unknown}");
}

#[tokio::test]
async fn indexes_and_statements_are_tools() {
    let (server, _) = workspace().await;
    good(&server, &format!("{V}/indexes"), managed()).await;
    until(&server, "ONLINE_NO_PENDING_UPDATE", 2).await;
    for path in [
        "/api/2.0/mcp/vector-search/main/docs",
        "/api/2.0/mcp/vector-search/main/docs/idx",
        "/api/2.0/mcp/ai-search/main/docs",
    ] {
        let listed = rpc(&server, path, "", json!({"jsonrpc":"2.0","id":1,"method":"tools/list"})).await.json();
        assert_eq!(listed["result"]["tools"][0]["name"], "main__docs__idx", "{path}");
        let called =
            rpc(&server, path, "", call("main__docs__idx", json!({"query":"bake bread","num_results":1}))).await.json();
        let rows: Value = serde_json::from_str(called["result"]["content"][0]["text"].as_str().unwrap()).unwrap();
        assert_eq!(
            (rows.as_array().unwrap().len(), &rows[0]["id"], &rows[0]["text"]),
            (1, &json!(2), &json!("A recipe for banana bread"))
        );
        assert!(rows[0]["score"].is_number() && rows[0].get("__db_text_vector").is_none());
    }
    let path = "/api/2.0/mcp/sql";
    let called = rpc(&server, path, "", call("execute_sql_read_only", json!({"query":"SELECT * FROM main.docs.t"})))
        .await
        .json();
    let result: Value = serde_json::from_str(called["result"]["content"][0]["text"].as_str().unwrap()).unwrap();
    assert_eq!((&result["columns"], &result["rows"][0][0]), (&json!(["id", "text", "vec"]), &json!(1)));
    let refused =
        rpc(&server, path, "", call("execute_sql_read_only", json!({"query":"DROP TABLE main.docs.t"}))).await.json();
    assert_eq!(refused["result"]["isError"], true);
}

#[tokio::test]
async fn sessions_notifications_streams_and_errors() {
    let (server, _) = workspace().await;
    let path = "/api/2.0/mcp/functions/main/tools";
    let begin = json!({"jsonrpc":"2.0","id":"one","method":"initialize","params":{"protocolVersion":"2025-03-26","capabilities":{}}});
    let begun = rpc(&server, path, "", begin.clone()).await;
    assert_eq!(begun.json()["result"]["protocolVersion"], "2025-03-26");
    let session = format!("mcp-session-id: {}\r\n", begun.header("mcp-session-id").unwrap());
    let told = rpc(&server, path, &session, json!({"jsonrpc":"2.0","method":"notifications/initialized"})).await;
    assert_eq!((told.status, told.text().as_str()), (202, ""));
    let ping = json!({"jsonrpc":"2.0","id":2,"method":"ping"});
    let streamed = rpc(&server, &format!("{path}?stream=true"), &session, ping.clone()).await;
    assert_eq!(streamed.header("content-type").unwrap(), "text/event-stream");
    assert_eq!(streamed.events(), [r#"{"jsonrpc":"2.0","id":2,"result":{}}"#]);
    let fault = |fault: Value| format!("{session}x-lakewire-fault: {}\r\n", json!({"mcp": fault}));
    let two = rpc(&server, path, &fault(json!({"notification":true})), ping.clone()).await.chunk_values();
    assert_eq!((two.len(), &two[0]["method"], &two[1]["id"]), (2, &json!("notifications/message"), &json!(2)));
    let wrong =
        rpc(&server, path, &fault(json!({"error":{"code":-32000,"message":"no"},"id":9})), ping.clone()).await.json();
    assert_eq!(wrong, json!({"jsonrpc":"2.0","id":9,"error":{"code":-32000,"message":"no"}}));
    let failed =
        rpc(&server, path, &fault(json!({"tool_error":"out of order"})), call("main__tools__add_tax", json!({})))
            .await
            .json();
    assert_eq!(failed["result"], json!({"content":[{"type":"text","text":"out of order"}],"isError":true}));
    for (body, code) in
        [(json!({"jsonrpc":"2.0","id":1,"method":"nope"}), -32601), (call("main__tools__add_tax", json!(5)), -32602)]
    {
        assert_eq!(rpc(&server, path, &session, body).await.json()["error"]["code"], code);
    }
    let malformed = server.raw("POST", path, TOKEN, "{").await.unwrap();
    assert_eq!((malformed.status, &malformed.json()["error"]["code"]), (400, &json!(-32700)));
    assert_eq!(server.post(path, &ping).await.status, 406, "both kinds of answer must be welcome");
    assert_eq!(server.raw("GET", path, TOKEN, "").await.unwrap().status, 405);
    assert_eq!(rpc(&server, path, &fault(json!({"forget_session":true})), ping.clone()).await.status, 404);
    assert_eq!(rpc(&server, path, &session, ping).await.status, 404);
    let again =
        format!("mcp-session-id: {}\r\n", rpc(&server, path, "", begin).await.header("mcp-session-id").unwrap());
    assert_eq!(server.raw("DELETE", path, &format!("{TOKEN}{again}"), "").await.unwrap().status, 200);
}
