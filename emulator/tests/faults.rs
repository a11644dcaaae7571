//! Every fault switch, seen on the wire, and what the history says about it.
//!
//! The names carry R1 and R2 only: that the emulator can do a fault does not show that the SDK survives it.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use serde_json::{Value, json};
use support::{LLAMA, Server, start, start_with};
use tokio::io::AsyncReadExt;

fn pong(stream: bool) -> Value {
    json!({ "messages": [{ "role": "user", "content": "Say pong pong pong" }], "stream": stream })
}

async fn outcome(server: &Server) -> String {
    // the record is written when the connection is done with the body, which may be a moment after the client has it
    for _ in 0..200 {
        let history = server.get("/_emulator/history").await.json();
        let last = history["operations"].as_array().unwrap().last().unwrap()["outcome"].as_str().unwrap().to_owned();
        if last != "in_progress" {
            return last;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    "in_progress".to_owned()
}

#[tokio::test]
async fn r1_status_and_headers_as_asked() {
    let server = start().await;
    let fault = json!({"status": 429, "headers": {"Retry-After": "2", "retry-after-ms": "250"}});
    let answer = server.faulty(LLAMA, &fault, &pong(false)).await.unwrap();
    assert_eq!(answer.status, 429);
    assert_eq!(answer.header("retry-after").unwrap(), "2");
    assert_eq!(answer.header("retry-after-ms").unwrap(), "250");
    assert_eq!(answer.json()["error_code"], "REQUEST_LIMIT_EXCEEDED");
    let two = json!({"status": 503, "headers": {"retry-after": ["garbage", "3"]}});
    assert_eq!(server.faulty(LLAMA, &two, &pong(false)).await.unwrap().headers("retry-after"), ["garbage", "3"]);
}

#[tokio::test]
async fn r1_bodies_replaced() {
    let server = start().await;
    let html = server.faulty(LLAMA, &json!({"body": "<html>login</html>"}), &pong(true)).await.unwrap();
    assert_eq!((html.status, html.header("content-type").unwrap().as_str()), (200, "text/html"));
    let error = server.faulty(LLAMA, &json!({"body": {"error": "x"}}), &pong(false)).await.unwrap();
    assert_eq!((error.status, error.json()), (200, json!({"error": "x"})));
    let empty = server.faulty(LLAMA, &json!({"preset": "empty"}), &pong(false)).await.unwrap();
    assert_eq!((empty.status, empty.body.len()), (500, 0));
    let bytes = server.faulty(LLAMA, &json!({"body_base64": "//79", "status": 500}), &pong(false)).await.unwrap();
    assert_eq!(bytes.body, [0xff, 0xfe, 0xfd]);
    let long = server
        .faulty(LLAMA, &json!({"status": 500, "body": "x".repeat(1000), "repeat_body": 5000}), &pong(false))
        .await
        .unwrap();
    assert_eq!(long.body.len(), 5_000_000);
}

#[tokio::test]
async fn r1_odd_statuses() {
    let server = start().await;
    let redirect = server.faulty(LLAMA, &json!({"redirect": "https://evil.example/"}), &pong(false)).await.unwrap();
    assert_eq!((redirect.status, redirect.header("location").unwrap().as_str()), (307, "https://evil.example/"));
    for status in [204, 205, 304, 600, 999] {
        assert_eq!(server.faulty(LLAMA, &json!({"status": status}), &pong(false)).await.unwrap().status, status);
    }
}

#[tokio::test]
async fn r1_cut_is_abrupt_and_end_is_clean() {
    let server = start().await;
    let cut = server.faulty(LLAMA, &json!({"cut_after_bytes": 700}), &pong(true)).await.unwrap();
    assert_eq!((cut.body.len(), cut.whole), (700, false));
    assert_eq!(outcome(&server).await, "cut");
    let end = server.faulty(LLAMA, &json!({"end_after_bytes": 700}), &pong(true)).await.unwrap();
    assert_eq!((end.body.len(), end.whole), (700, true));
    assert_eq!(outcome(&server).await, "completed");
    let events = server.faulty(LLAMA, &json!({"end_after_events": 2}), &pong(true)).await.unwrap();
    assert_eq!((events.events().len(), events.whole), (2, true));
    let at_once = server.faulty(LLAMA, &json!({"cut_after_bytes": 0}), &pong(true)).await.unwrap();
    assert_eq!((at_once.status, at_once.body.len(), at_once.whole), (200, 0, false));
    let plain = server.faulty(LLAMA, &json!({"cut_after_bytes": 20}), &pong(false)).await.unwrap();
    assert_eq!((plain.body.len(), plain.whole), (20, false));
}

#[tokio::test]
async fn r1_sentinel_and_finish_reason() {
    let server = start().await;
    let reasons = |answer: &support::Answer| -> Vec<Value> {
        answer.chunk_values().iter().map(|chunk| chunk["choices"][0]["finish_reason"].clone()).collect()
    };
    let plain = server.faulty(LLAMA, &json!({}), &pong(true)).await.unwrap();
    assert_eq!(plain.events().last().unwrap(), "[DONE]");
    assert_eq!(reasons(&plain).last().unwrap(), "stop");
    let no_done = server.faulty(LLAMA, &json!({"omit_done": true}), &pong(true)).await.unwrap();
    assert!(!no_done.text().contains("[DONE]") && no_done.whole);
    let no_reason = server.faulty(LLAMA, &json!({"omit_finish_reason": true}), &pong(true)).await.unwrap();
    assert!(reasons(&no_reason).iter().all(Value::is_null) && no_reason.text().contains("[DONE]"));
    let twice = server.faulty(LLAMA, &json!({"duplicate_done": true}), &pong(true)).await.unwrap();
    assert_eq!(twice.text().matches("[DONE]").count(), 2);
}

#[tokio::test]
async fn r1_line_endings_and_chunk_sizes() {
    let server = start().await;
    let lf = server.faulty(LLAMA, &json!({}), &pong(true)).await.unwrap().text();
    for (name, ending) in [("crlf", "\r\n"), ("cr", "\r")] {
        let other = server.faulty(LLAMA, &json!({"line_ending": name}), &pong(true)).await.unwrap();
        assert_eq!(other.text(), lf.replace('\n', ending), "{name}");
    }
    let small = server.faulty(LLAMA, &json!({"chunk_size": 7}), &pong(true)).await.unwrap();
    assert_eq!(small.text(), lf);
    assert!(small.chunks.iter().rev().skip(1).all(|size| *size == 7), "{:?}", small.chunks);
    let large = server.faulty(LLAMA, &json!({"chunk_size": 1_000_000}), &pong(true)).await.unwrap();
    assert_eq!((large.chunks.len(), large.text()), (1, lf));
}

#[tokio::test]
async fn r1_raw_text_and_garbage() {
    let server = start().await;
    let around = json!({"prepend": "\u{feff}: hi\n\n", "append": "trailing"});
    let answer = server.faulty(LLAMA, &around, &pong(true)).await.unwrap();
    assert!(answer.text().starts_with("\u{feff}: hi\n\ndata: ") && answer.text().ends_with("trailing"));
    let spoiled = server.faulty(LLAMA, &json!({"garbage_after_bytes": 100}), &pong(true)).await.unwrap();
    assert!(std::str::from_utf8(&spoiled.body).is_err());
    assert_eq!(spoiled.body[100], 0xff);
}

#[tokio::test]
async fn r1_events_inserted_and_replaced() {
    let server = start().await;
    let insert = json!({"insert_error_event": {"after": 2, "event": {"error": {"message": "boom"}}}});
    let answer = server.faulty(LLAMA, &insert, &pong(true)).await.unwrap();
    assert_eq!(answer.events()[2], r#"{"error":{"message":"boom"}}"#);
    let replace = json!({"replace_event": {"index": 1, "text": "event: ping\n\n"}});
    let answer = server.faulty(LLAMA, &replace, &pong(true)).await.unwrap();
    assert_eq!(answer.text().matches("event: ping").count(), 1);
    let comments = server.faulty(LLAMA, &json!({"keepalive_comments_ms": 0}), &pong(true)).await.unwrap();
    assert_eq!(comments.text().matches(": keepalive\n\n").count(), comments.chunk_values().len());
}

#[tokio::test]
async fn r1_stalls_last_until_the_client_leaves() {
    let server = start().await;
    let header = |fault: &str| format!("authorization: Bearer dapi-emulator\r\nx-lakewire-fault: {fault}\r\n");
    let never = server.open("POST", LLAMA, &header(r#"{"stall_before_headers":true}"#), &pong(true).to_string()).await;
    let mut silent = server.open("POST", LLAMA, &header(r#"{"stall_after_bytes":300}"#), &pong(true).to_string()).await;
    let mut seen = Vec::new();
    while !String::from_utf8_lossy(&seen).contains("data: ") {
        let mut buffer = [0; 1024];
        let count = silent.read(&mut buffer).await.unwrap();
        assert!(count > 0, "the stream ended: {}", String::from_utf8_lossy(&seen));
        seen.extend_from_slice(&buffer[..count]);
    }
    let open = |history: Value| -> Vec<String> {
        history["operations"].as_array().unwrap().iter().map(|op| op["outcome"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(open(server.get("/_emulator/history").await.json()), ["in_progress", "in_progress"]);
    drop((never, silent));
    let mut outcomes = Vec::new();
    for _ in 0..400 {
        outcomes = open(server.get("/_emulator/history").await.json());
        if !outcomes.contains(&"in_progress".to_owned()) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    assert_eq!(outcomes, ["client_closed", "client_closed"]);
}

#[tokio::test]
async fn r1_closing_without_an_answer() {
    let server = start().await;
    assert!(server.faulty(LLAMA, &json!({"close_before_headers": true}), &pong(false)).await.is_none());
    assert_eq!(outcome(&server).await, "cut");
    assert_eq!(server.post(LLAMA, &pong(false)).await.status, 200, "the next request is served");
}

#[tokio::test]
async fn r1_a_flood_says_the_text_over_and_over() {
    let server = start().await;
    let answer = server.faulty(LLAMA, &json!({"repeat_text": 1000}), &pong(true)).await.unwrap();
    let text: String = answer
        .chunk_values()
        .iter()
        .filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str().map(str::to_owned))
        .collect();
    assert_eq!(text, "pong pong pong".repeat(1000));
}

#[tokio::test]
async fn r1_scripts_apply_in_order_and_typing_errors_are_refused() {
    let server = start().await;
    let script =
        json!([{"match": {"path": "/invocations"}, "times": 2, "fault": {"status": 503}}, {"fault": {"status": 500}}]);
    assert_eq!(server.post("/_emulator/faults", &script).await.json(), json!({"queued": 2}));
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(server.post(LLAMA, &pong(false)).await.status);
    }
    assert_eq!(statuses, [503, 503, 500, 200]);
    assert_eq!(server.post("/_emulator/faults", &json!([{"fault": {"stattus": 1}}])).await.status, 400);
    server.post("/_emulator/faults", &json!([{"times": 0, "fault": {"status": 500}}])).await;
    server.raw("DELETE", "/_emulator/faults", "", "").await.unwrap();
    assert_eq!(server.post(LLAMA, &pong(false)).await.status, 200);
    let wrong = server.faulty(LLAMA, &json!({"nonsense": 1}), &pong(false)).await.unwrap();
    assert_eq!(wrong.status, 400);
    assert!(wrong.json()["message"].as_str().unwrap().contains("nonsense"));
}

#[tokio::test]
async fn r1_same_seed_same_bytes() {
    let (one, two) = (start().await, start().await);
    let fault = json!({"garbage_after_bytes": 50});
    let body = pong(true);
    let first = one.faulty(LLAMA, &fault, &body).await.unwrap().body;
    assert_eq!(first, two.faulty(LLAMA, &fault, &body).await.unwrap().body);
    assert_eq!(first, one.faulty(LLAMA, &fault, &body).await.unwrap().body);
    let other = start_with(lakewire_emulator::Config { seed: 7, ..Default::default() }).await;
    assert_ne!(first, other.faulty(LLAMA, &fault, &body).await.unwrap().body);
}

#[tokio::test]
async fn r2_l7_the_history_tells_and_keeps_no_secret() {
    let server = start().await;
    let body =
        json!({"messages": [{"role": "user", "content": "my token is dapi-emulator"}], "client_request_id": "abc"});
    let headers = "authorization: Bearer dapi-emulator\r\nx-lakewire-nonce: n-1\r\n";
    let answer = server.raw("POST", LLAMA, headers, &body.to_string()).await.unwrap();
    server.raw("POST", LLAMA, "", &body.to_string()).await.unwrap();
    let text = server.get("/_emulator/history").await.text();
    assert!(!text.contains("dapi-emulator"), "{text}");
    let history: Value = serde_json::from_str(&text).unwrap();
    let first = &history["operations"][0];
    assert_eq!((&first["nonce"], &first["client_request_id"]), (&json!("n-1"), &json!("abc")));
    assert_eq!(
        (&first["status"], &first["authorized"], &first["outcome"]),
        (&json!(200), &json!(true), &json!("completed"))
    );
    assert_eq!(first["bytes_sent"], answer.body.len());
    assert_eq!(first["request_id"], answer.header("x-request-id").unwrap());
    let second = &history["operations"][1];
    assert_eq!((&second["status"], &second["authorized"]), (&json!(401), &json!(false)));
    server.raw("DELETE", "/_emulator/history", "", "").await.unwrap();
    assert_eq!(server.get("/_emulator/history").await.json(), json!({"operations": []}));
}
