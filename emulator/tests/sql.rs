//! SQL statements, their results and the storage, with a stand-in for the engine.
//!
//! No name carries a row of N: that the emulator can do a fault does not show that the SDK survives it.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "support/engine.rs"]
#[allow(dead_code, missing_docs, missing_debug_implementations, unreachable_pub)]
mod engine;
mod support;

use engine::FakeEngine;
use lakewire_emulator::Config;
use lakewire_emulator::loopback::Loopback;
use serde_json::{Value, json};
use support::{Answer, Server, start, start_with};
use tokio::net::TcpListener;

const S: &str = "/api/2.0/sql/statements";
const W: &str = "emulator-warehouse";

async fn with_engine() -> (Server, FakeEngine) {
    let (engine, at) = FakeEngine::start().await;
    let server = start_with(Config { engine: Some(at), endpoint_delay_ms: 0, ..Config::default() }).await;
    (server, engine)
}

fn body(statement: &str, more: Value) -> Value {
    let mut body = json!({"statement": statement, "warehouse_id": W});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

async fn submit(server: &Server, statement: &str, more: Value) -> Value {
    let answer = server.post(S, &body(statement, more)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

async fn faulty(server: &Server, statement: &str, more: Value, fault: Value) -> Value {
    let answer = server.faulty(S, &json!({ "sql": fault }), &body(statement, more)).await.unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

async fn poll(server: &Server, statement: &Value) -> Answer {
    server.get(&format!("{S}/{}", statement["statement_id"].as_str().unwrap())).await
}

async fn chunk(server: &Server, statement: &Value, index: u64) -> Answer {
    server.get(&format!("{S}/{}/result/chunks/{index}", statement["statement_id"].as_str().unwrap())).await
}

/// Reads a link as a client does: no token, and only the headers the link names.
async fn download(server: &Server, link: &Value, headers: &str) -> Answer {
    let url = link["external_link"].as_str().unwrap();
    let path = url.strip_prefix(&format!("http://{}", server.address)).unwrap();
    server.raw("GET", path, headers, "").await.unwrap()
}

fn link(result: &Value) -> &Value {
    &result["external_links"][0]
}

#[tokio::test]
async fn an_inline_result() {
    let (server, engine) = with_engine().await;
    let asked =
        json!({"catalog": "main", "schema": "shop", "parameters": [{"name": "p", "value": 9.5, "type": "double"}]});
    let answer = submit(&server, "ROWS 2", asked.clone()).await;
    assert_eq!(answer["status"], json!({"state": "SUCCEEDED"}));
    let manifest = &answer["manifest"];
    assert_eq!((&manifest["total_row_count"], &manifest["truncated"]), (&json!(2), &json!(false)));
    assert!(manifest.get("total_byte_count").is_none(), "INLINE tells no bytes");
    assert_eq!(manifest["chunks"], json!([{"chunk_index": 0, "row_offset": 0, "row_count": 2}]));
    let rows = json!([["0", "é"], ["1", "é"]]);
    assert_eq!(answer["result"], json!({"chunk_index": 0, "row_offset": 0, "row_count": 2, "data_array": rows}));
    assert_eq!(poll(&server, &answer).await.json(), answer, "a poll tells the same again");
    assert_eq!(chunk(&server, &answer, 0).await.json(), answer["result"], "a chunk is not wrapped");
    assert_eq!(chunk(&server, &answer, 1).await.status, 400);
    let sent = &engine.executed()[0];
    assert_eq!((&sent["catalog"], &sent["parameters"]), (&asked["catalog"], &asked["parameters"]));
    // the spelling of older clients
    assert_eq!(server.post(&format!("{S}/"), &body("ROWS 1", json!({}))).await.json()["status"]["state"], "SUCCEEDED");
}

#[tokio::test]
async fn limits_truncate() {
    let (server, _) = with_engine().await;
    let answer = submit(&server, "ROWS 5", json!({"row_limit": 3})).await;
    assert_eq!((&answer["manifest"]["truncated"], &answer["manifest"]["total_row_count"]), (&json!(true), &json!(3)));
    let told = faulty(&server, "ROWS 5", json!({}), json!({"truncated": true})).await;
    assert_eq!((&told["manifest"]["truncated"], &told["manifest"]["total_row_count"]), (&json!(true), &json!(5)));
}

#[tokio::test]
async fn what_failed_is_http_200_and_ddl_has_no_columns() {
    let (server, _) = with_engine().await;
    let failed = submit(&server, "NONSENSE", json!({})).await;
    assert_eq!((&failed["status"]["state"], &failed["status"]["sql_state"]), (&json!("FAILED"), &json!("42601")));
    assert_eq!(failed["status"]["error"]["error_code"], "BAD_REQUEST");
    assert!(failed.get("manifest").is_none() && failed.get("result").is_none());
    assert_eq!(chunk(&server, &failed, 0).await.status, 400);
    let made = submit(&server, "CREATE", json!({})).await;
    assert_eq!((&made["manifest"]["schema"], &made["result"]), (&json!({"column_count": 0}), &json!({})));
}

#[tokio::test]
async fn a_result_too_large_for_inline_fails() {
    let (server, engine) = with_engine().await;
    let answer = submit(&server, "WIDE 26", json!({})).await;
    assert_eq!(answer["status"]["state"], "FAILED");
    assert!(answer["status"]["error"]["message"].as_str().unwrap().contains("EXTERNAL_LINKS"));
    assert!(engine.saw(&format!("DELETE /results/{}-", answer["statement_id"].as_str().unwrap())));
    let whole = submit(&server, "WIDE 26", json!({"disposition": "EXTERNAL_LINKS"})).await;
    assert_eq!(whole["status"]["state"], "SUCCEEDED");
}

#[tokio::test]
async fn waiting_and_canceling() {
    let (server, engine) = with_engine().await;
    let at_once = submit(&server, "ROWS 1", json!({"wait_timeout": "0s"})).await;
    assert_eq!(at_once["status"], json!({"state": "PENDING"}));
    let running = submit(&server, "SLOW", json!({"wait_timeout": "0s"})).await;
    let id = running["statement_id"].as_str().unwrap();
    while poll(&server, &running).await.json()["status"]["state"] != "RUNNING" {}
    assert_eq!(chunk(&server, &running, 0).await.status, 400);
    let canceled = server.post(&format!("{S}/{id}/cancel"), &json!({})).await;
    assert_eq!((canceled.status, canceled.json()), (200, json!({})));
    while poll(&server, &running).await.json()["status"]["state"] != "CANCELED" {}
    assert!(engine.saw(&format!("POST /cancel/{id}-")));
    // too late: it stays as it is
    server.post(&format!("{S}/{}/cancel", at_once["statement_id"].as_str().unwrap()), &json!({})).await;
    assert_eq!(poll(&server, &at_once).await.json()["status"]["state"], "SUCCEEDED");
    for path in [format!("{S}/none/cancel"), format!("{S}/none")] {
        let method = if path.ends_with("cancel") { "POST" } else { "GET" };
        assert_eq!(server.send(method, &path, &json!({})).await.status, 404);
    }
}

#[tokio::test]
async fn refused_requests() {
    let (server, _) = with_engine().await;
    for (more, status) in [
        (json!({"wait_timeout": "3s"}), 400),
        (json!({"format": "ARROW_STREAM"}), 400),
        (json!({"warehouse_id": "none"}), 404),
    ] {
        assert_eq!(server.post(S, &body("ROWS 1", more.clone())).await.status, status, "{more}");
    }
    assert_eq!(server.raw("POST", S, "", "{}").await.unwrap().status, 401);
    let known = submit(&server, "ROWS 1", json!({})).await;
    let chunks = format!("{S}/{}/result/chunks", known["statement_id"].as_str().unwrap());
    for (path, status) in [
        (format!("{chunks}/x"), 400),
        (format!("{chunks}/18446744073709551615"), 400),
        (format!("{S}/none/result/chunks/0"), 404),
    ] {
        let answer = server.get(&path).await;
        assert_eq!((answer.status, answer.json()["error_code"].is_string()), (status, true), "{path}");
    }
    for path in ["/_storage/none/x", "/_storage/none/0", "/_storage/none/0?exp=1&sig=00", "/_storage/"] {
        let answer = server.raw("GET", path, "", "").await.unwrap();
        assert!(matches!(answer.status, 403 | 404), "{path} {}", answer.status);
    }
    // larger than other bodies may be
    let long = format!("-- {}", "x".repeat(5 * 1024 * 1024));
    assert_eq!(submit(&server, &long, json!({})).await["status"]["state"], "FAILED");
}

#[tokio::test]
async fn chunks_lead_to_one_another() {
    let (server, _) = with_engine().await;
    for more in [json!({}), json!({"disposition": "EXTERNAL_LINKS"})] {
        let answer = faulty(&server, "ROWS 10", more, json!({"chunk_bytes": 40})).await;
        let mut result = answer["result"].clone();
        let (mut rows, mut steps) = (Vec::new(), 0);
        loop {
            let told = if result.get("external_links").is_some() { link(&result).clone() } else { result.clone() };
            let part = match told.get("external_link") {
                Some(_) => download(&server, &told, "").await.json(),
                None => told["data_array"].clone(),
            };
            assert_eq!(told["row_offset"], rows.len());
            assert_eq!(told["row_count"], part.as_array().unwrap().len());
            rows.extend(part.as_array().unwrap().iter().map(|row| row[0].as_str().unwrap().to_owned()));
            steps += 1;
            let Some(next) = told.get("next_chunk_internal_link") else { break };
            assert_eq!(told["next_chunk_index"], steps);
            result = server.get(next.as_str().unwrap()).await.json();
        }
        assert_eq!(rows, (0..10).map(|row| row.to_string()).collect::<Vec<_>>());
        assert_eq!(answer["manifest"]["total_chunk_count"], steps);
        assert!(steps > 2);
    }
}

#[tokio::test]
async fn a_link_is_good_for_whoever_has_it_and_for_nothing_else() {
    let (server, _) = with_engine().await;
    let answer = submit(&server, "ROWS 10", json!({"disposition": "EXTERNAL_LINKS"})).await;
    let told = link(&answer["result"]);
    let good = download(&server, told, "").await;
    assert_eq!((good.status, good.body.len()), (200, usize::try_from(told["byte_count"].as_u64().unwrap()).unwrap()));
    assert!(good.header("server").is_none(), "the storage is not Databricks");
    assert!(told["expiration"].as_str().unwrap().ends_with('Z'));
    // a page of any origin may read it, and no other path
    let page = download(&server, told, "origin: https://app.example\r\n").await;
    assert_eq!((page.status, page.header("access-control-allow-origin").unwrap().as_str()), (200, "*"));
    let elsewhere = server.raw("GET", S, "origin: https://app.example\r\n", "").await.unwrap();
    assert_eq!((elsewhere.status, elsewhere.header("access-control-allow-origin")), (403, None));
    // a store takes one proof only
    let both = download(&server, told, "authorization: Bearer dapi-emulator\r\n").await;
    assert_eq!(both.status, 400);
    let url = told["external_link"].as_str().unwrap();
    let path = url.strip_prefix(&format!("http://{}", server.address)).unwrap();
    let (name, sig) = path.split_once("sig=").unwrap();
    let wrong = if sig.starts_with('0') { "1" } else { "0" };
    for bad in [
        name.to_owned(),
        format!("{name}sig={wrong}{}", &sig[1..]),
        path.replace("/0?", "/1?"),
        path.replace("exp=1", "exp=2"),
    ] {
        let answer = server.raw("GET", &bad, "", "").await.unwrap();
        assert_eq!(answer.status, 403, "{bad}");
        assert!(answer.text().contains("SignatureDoesNotMatch"));
    }
    let history = server.get("/_emulator/history").await.text();
    assert!(history.contains("/_storage/") && !history.contains(sig), "the signature is a secret");
}

#[tokio::test]
async fn r1_a_cut_download_goes_on_by_range() {
    let (server, _) = with_engine().await;
    let fault = json!({"link_cut": {"chunk": 0, "bytes": 20}});
    let answer = faulty(&server, "ROWS 10", json!({"disposition": "EXTERNAL_LINKS"}), fault).await;
    let told = link(&answer["result"]);
    let cut = download(&server, told, "").await;
    assert_eq!((cut.status, cut.body.len(), cut.whole), (200, 20, false));
    let whole = download(&server, told, "").await;
    assert!(whole.whole && whole.body.starts_with(&cut.body));
    let rest = download(&server, told, "range: bytes=20-\r\n").await;
    assert_eq!((rest.status, [cut.body, rest.body.clone()].concat()), (206, whole.body.clone()));
    let total = whole.body.len();
    assert_eq!(rest.header("content-range").unwrap(), format!("bytes 20-{}/{total}", total - 1));
    assert_eq!(download(&server, told, &format!("range: bytes={total}-\r\n")).await.status, 416);
}

#[tokio::test]
async fn r1_links_that_are_over() {
    let (server, _) = with_engine().await;
    let more = json!({"disposition": "EXTERNAL_LINKS"});
    let answer = faulty(&server, "ROWS 10", more.clone(), json!({"link_expired": 0})).await;
    let over = download(&server, link(&answer["result"]), "").await;
    assert_eq!(over.status, 403);
    assert!(over.text().contains("Request has expired"));
    let fresh = chunk(&server, &answer, 0).await.json();
    assert_eq!(download(&server, link(&fresh), "").await.status, 200);
    for status in [400, 403, 404] {
        let fault = json!({"link_status": {"chunk": 0, "status": status}});
        let answer = faulty(&server, "ROWS 10", more.clone(), fault).await;
        let refused = download(&server, link(&answer["result"]), "").await;
        assert_eq!((refused.status, refused.text().contains("<Error>")), (status, true));
        assert_eq!(download(&server, link(&answer["result"]), "").await.status, 200);
    }
    // with a script too
    let script = json!([{"match": {"path": "/_storage/"}, "fault": {"status": 403}}]);
    assert_eq!(server.post("/_emulator/faults", &script).await.status, 200);
    let refused = download(&server, link(&fresh), "").await;
    assert_eq!((refused.status, refused.header("content-type").unwrap().as_str()), (403, "application/xml"));
    assert_eq!(refused.header("access-control-allow-origin").unwrap(), "*");
}

#[tokio::test]
async fn r1_headers_that_the_storage_demands() {
    let (server, _) = with_engine().await;
    let fault = json!({"storage_headers": {"x-store-key": "canary-7"}});
    let answer = faulty(&server, "ROWS 10", json!({"disposition": "EXTERNAL_LINKS"}), fault).await;
    let told = link(&answer["result"]);
    assert_eq!(told["http_headers"], json!({"x-store-key": "canary-7"}));
    assert_eq!(download(&server, told, "").await.status, 403);
    assert_eq!(download(&server, told, "x-store-key: canary-8\r\n").await.status, 403);
    assert_eq!(download(&server, told, "x-store-key: canary-7\r\n").await.status, 200);
    let path = told["external_link"].as_str().unwrap().strip_prefix(&format!("http://{}", server.address)).unwrap();
    let asks = "origin: https://app.example\r\naccess-control-request-headers: x-store-key\r\n";
    let preflight = server.raw("OPTIONS", path, asks, "").await.unwrap();
    assert_eq!(
        (preflight.status, preflight.header("access-control-allow-headers").unwrap().as_str()),
        (200, "x-store-key")
    );
}

#[tokio::test]
async fn r1_scripted_states() {
    let (server, _) = with_engine().await;
    let states = json!({"states": ["PENDING", "RUNNING", "THINKING"], "poll_status": 503});
    let first = faulty(&server, "ROWS 1", json!({}), states).await;
    assert_eq!(first["status"], json!({"state": "PENDING"}));
    assert_eq!(poll(&server, &first).await.status, 503);
    assert_eq!(poll(&server, &first).await.json()["status"]["state"], "RUNNING");
    assert_eq!(poll(&server, &first).await.json()["status"]["state"], "THINKING");
    let end = poll(&server, &first).await.json();
    assert_eq!(
        (&end["status"]["state"], end["result"]["data_array"].as_array().unwrap().len()),
        (&json!("SUCCEEDED"), 1)
    );
    let held = faulty(&server, "ROWS 1", json!({}), json!({"states": ["RUNNING"], "hold": true})).await;
    for _ in 0..3 {
        assert_eq!(poll(&server, &held).await.json()["status"]["state"], "RUNNING");
    }
}

#[tokio::test]
async fn r1_scripted_ends() {
    let (server, _) = with_engine().await;
    let error = json!({"error_code": "RESOURCE_EXHAUSTED", "message": "too many"});
    let failed = json!({"states": ["PENDING", "FAILED"], "sql_state": "53000", "error": error});
    let first = faulty(&server, "ROWS 1", json!({}), failed).await;
    for _ in 0..2 {
        let end = poll(&server, &first).await.json();
        assert_eq!(end["status"], json!({"state": "FAILED", "error": error, "sql_state": "53000"}));
    }
    for state in ["CANCELED", "CLOSED"] {
        let end = faulty(&server, "ROWS 1", json!({}), json!({ "states": [state] })).await;
        assert_eq!((&end["status"], end.get("result")), (&json!({ "state": state }), None));
    }
    let closed = submit(&server, "ROWS 1", json!({})).await;
    server.send("DELETE", &format!("{S}/{}", closed["statement_id"].as_str().unwrap()), &json!({})).await;
    assert_eq!(poll(&server, &closed).await.json()["status"]["state"], "CLOSED");
    assert_eq!(chunk(&server, &closed, 0).await.status, 404);
}

#[tokio::test]
async fn r1_answers_lost_and_cancels_ignored() {
    let (server, engine) = with_engine().await;
    let fault = json!({"sql": {"answer_lost": true}});
    assert!(server.faulty(S, &fault, &body("ROWS 1", json!({}))).await.is_none());
    while engine.executed().is_empty() {
        tokio::task::yield_now().await;
    }
    let slow = faulty(&server, "ROWS 1", json!({"wait_timeout": "0s"}), json!({"run_ms": 600_000})).await;
    let cancel = format!("{S}/{}/cancel", slow["statement_id"].as_str().unwrap());
    server.post(&cancel, &json!({})).await;
    while poll(&server, &slow).await.json()["status"]["state"] != "CANCELED" {}
    let deaf = json!({"states": ["RUNNING"], "hold": true, "ignores_cancel": true});
    let deaf = faulty(&server, "ROWS 1", json!({}), deaf).await;
    server.post(&format!("{S}/{}/cancel", deaf["statement_id"].as_str().unwrap()), &json!({})).await;
    assert_eq!(poll(&server, &deaf).await.json()["status"]["state"], "RUNNING");
}

#[tokio::test]
async fn r1_chunks_that_are_wrong() {
    let (server, _) = with_engine().await;
    let fault = json!({"chunk_bytes": 40, "chunk_status": {"chunk": 1, "status": 500}, "row_count": {"chunk": 0, "by": 1},
        "byte_count": {"chunk": 0, "by": -3}, "next_chunk": {"chunk": 1, "next": 0}, "chunk_index": {"chunk": 2, "says": 7},
        "next_link_host": "https://elsewhere.example"});
    let answer = faulty(&server, "ROWS 10", json!({"disposition": "EXTERNAL_LINKS"}), fault).await;
    let told = link(&answer["result"]).clone();
    let bytes = download(&server, &told, "").await;
    let rows = bytes.json().as_array().unwrap().len();
    assert_eq!(told["row_count"], rows + 1);
    assert_eq!(told["byte_count"], bytes.body.len() - 3);
    assert_eq!(answer["manifest"]["chunks"][0]["row_count"], rows + 1);
    let elsewhere = told["next_chunk_internal_link"].as_str().unwrap();
    assert!(elsewhere.starts_with("https://elsewhere.example/api/2.0/sql/statements/"), "{elsewhere}");
    assert_eq!(chunk(&server, &answer, 1).await.status, 500);
    let second = chunk(&server, &answer, 1).await;
    assert_eq!((second.status, &link(&second.json())["next_chunk_index"]), (200, &json!(0)));
    assert_eq!(link(&chunk(&server, &answer, 2).await.json())["chunk_index"], 7);
    let alone = json!({"chunk_bytes": 40, "next_chunk": {"chunk": 0}});
    let alone = faulty(&server, "ROWS 10", json!({}), alone).await;
    assert!(alone["result"].get("next_chunk_index").is_none());
}

#[tokio::test]
async fn r1_a_statement_that_is_not_known_any_more() {
    let (server, engine) = with_engine().await;
    let fault = json!({"states": ["PENDING"], "gone_after_polls": 1});
    let answer = faulty(&server, "ROWS 1", json!({}), fault).await;
    assert_eq!(poll(&server, &answer).await.status, 200);
    assert_eq!(poll(&server, &answer).await.status, 404);
    // an engine that was started again has nothing left
    let lost = submit(&server, "ROWS 1", json!({})).await;
    engine.lose_results();
    assert_eq!(poll(&server, &lost).await.json()["status"]["state"], "CLOSED");
    assert_eq!(chunk(&server, &lost, 0).await.status, 404);
}

#[tokio::test]
async fn a_fault_that_cannot_be_is_refused() {
    let (server, _) = with_engine().await;
    for fault in [
        json!({"poll_status": 200}),
        json!({"chunk_bytes": 0}),
        json!({"stats": []}),
        json!({"storage_headers": {"a b": "c"}}),
    ] {
        let answer = server.faulty(S, &json!({ "sql": fault }), &body("ROWS 1", json!({}))).await.unwrap();
        assert_eq!(answer.status, 400, "{fault}");
    }
}

#[tokio::test]
async fn without_an_engine_a_sentence_says_how_to_start_it() {
    let server = start().await;
    for (method, path) in [
        ("POST", S),
        ("GET", "/api/2.1/unity-catalog/catalogs"),
        ("POST", "/api/2.0/sql/warehouses/emulator-warehouse/start"),
    ] {
        let answer = server.send(method, path, &body("ROWS 1", json!({}))).await;
        assert_eq!(answer.status, 501, "{path}");
        assert!(answer.json()["message"].as_str().unwrap().contains("--engine"), "{path}");
    }
    let shown = server.get("/api/2.0/sql/warehouses/emulator-warehouse").await.json();
    assert_eq!((&shown["state"], &shown["health"]["status"]), (&json!("STOPPED"), &json!("FAILED")));
}

#[tokio::test]
async fn while_the_engine_starts_the_statement_is_pending() {
    // a port nobody else will take: it is held, and listened at later
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let at = Loopback::at_port(socket.local_addr().unwrap().port()).unwrap();
    let server = start_with(Config { engine: Some(at), endpoint_delay_ms: 0, ..Config::default() }).await;
    let path = "/api/2.0/sql/warehouses/emulator-warehouse";
    assert_eq!(server.get(path).await.json()["state"], "STARTING");
    let answer = submit(&server, "ROWS 1", json!({"wait_timeout": "0s"})).await;
    assert_eq!(poll(&server, &answer).await.json()["status"]["state"], "PENDING");
    let listed = server.get("/api/2.1/unity-catalog/catalogs").await;
    assert_eq!(listed.status, 503);
    let listener: TcpListener = socket.listen(16).unwrap();
    FakeEngine::default().serve(listener);
    while poll(&server, &answer).await.json()["status"]["state"] != "SUCCEEDED" {}
    assert_eq!(server.get(path).await.json()["state"], "RUNNING");
}
