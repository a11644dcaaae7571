//! Requests no client should send: the emulator refuses them and goes on (fault-matrix R5).

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use serde_json::json;
use support::{LLAMA, start};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::test]
async fn r5_malformed_requests_do_not_stop_it() {
    let server = start().await;
    let long = format!("GET /{} HTTP/1.1\r\nhost: localhost\r\n\r\n", "x".repeat(2_000_000));
    let bytes: [&[u8]; 8] = [
        b"\x00\xff\xfe garbage\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: +5\r\n\r\nhello",
        b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello",
        b"GET / HTTP/1.1\r\nhost : localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\n",
        long.as_bytes(),
    ];
    for request in bytes {
        let mut stream = TcpStream::connect(&server.address).await.unwrap();
        let _ = stream.write_all(request).await;
        let _ = stream.shutdown().await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        assert!(!answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&request[..request.len().min(80)]));
    }
    assert_eq!(server.get("/_emulator/health").await.status, 200);
}

#[tokio::test]
async fn r5_hostile_bodies_are_refused_or_answered() {
    let server = start().await;
    let deep = "[".repeat(100_000);
    let raw = async |body: &str| {
        server.raw("POST", LLAMA, "authorization: Bearer dapi-emulator\r\n", body).await.unwrap().status
    };
    for body in ["", "{", "[]", "null", "\"x\"", deep.as_str(), "{\"messages\":{}}", "{\"messages\":[1]}"] {
        assert_eq!(raw(body).await, 400, "{}", &body[..body.len().min(40)]);
    }
    let mut nested = json!({"type": "string"});
    for _ in 0..40 {
        nested = json!({"type": "object", "properties": {"a": nested}, "required": ["a"]});
    }
    let tools = json!([{"type": "function", "function": {"name": "f", "parameters": nested}}]);
    let body = json!({"messages": [{"role": "user", "content": "call f"}], "tools": tools, "tool_choice": "required"});
    let answer = server.post(support::CLAUDE, &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    for text in [
        "",
        "   ",
        "🦀🦀 ?",
        "((((((((",
        "1/0 + 5",
        "what is 9999999999999999999 * 99999999999999999?",
        "İİİ is \"x",
        "' ' ''",
    ] {
        let body = json!({"messages": [{"role": "user", "content": text}], "response_format": {"type": "json_object"}});
        assert_eq!(server.post(LLAMA, &body).await.status, 200, "{text}");
        let body = json!({"messages": [{"role": "user", "content": text}]});
        assert_eq!(server.post(LLAMA, &body).await.status, 200, "{text}");
    }
    let long = "word ".repeat(50_000);
    let body = json!({"messages": [{"role": "user", "content": format!("{long}. What is a word?")}]});
    assert_eq!(server.post(LLAMA, &body).await.status, 200);
}
