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

#[tokio::test]
async fn r5_every_other_surface_takes_hostile_bodies_too() {
    let server = start().await;
    let deep = "[".repeat(100_000);
    let bodies = [
        "",
        "{",
        "[]",
        "null",
        "7",
        "\"x\"",
        deep.as_str(),
        "\u{0}\u{1}",
        r#"{"input":{},"inputs":{},"messages":{},"prompt":{},"model":7,"parameters":7,"tools":7,"stream":7}"#,
        r#"{"input":[null],"inputs":[null],"messages":[null],"prompt":[null],"model":"agent-responses","tools":[null]}"#,
        r#"{"input":[{"type":"message","role":"user","content":[{"type":"output_text"}]}],"model":"databricks-gpt-5"}"#,
        r#"{"model":"agent-responses","input":[{"role":"user","content":"x"}],"tools":[{"type":"function"}],"text":7}"#,
        r#"{"inputs":"x","parameters":{"grammar":{},"stop":[1],"top_n_tokens":-1,"truncate":1e300}}"#,
        "grant_type=%FF%00&&&=&grant_type",
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&subject_token=..&subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Ajwt",
    ];
    let workspace = "authorization: Bearer dapi-emulator\r\ncontent-type: application/json\r\n";
    let hub = "authorization: Bearer hf_emulator\r\n";
    let form = "authorization: Basic Og==\r\ncontent-type: application/x-www-form-urlencoded\r\n";
    for (headers, path) in [
        (workspace, "/serving-endpoints/databricks-gte-large-en/invocations"),
        (workspace, "/serving-endpoints/team-embeddings/invocations"),
        (workspace, "/serving-endpoints/embeddings"),
        (workspace, "/serving-endpoints/responses"),
        (workspace, "/serving-endpoints/agent-responses/invocations"),
        (workspace, "/serving-endpoints/chat-agent/invocations"),
        (workspace, "/serving-endpoints/chat-model/invocations"),
        (hub, "/hf/generate"),
        (hub, "/hf/generate_stream"),
        (hub, "/hf/"),
        (hub, "/hf/hf-inference/models/databricks/dolly-v2-12b"),
        (hub, "/hf/v1/chat/completions"),
        (hub, "/hf/v1/completions"),
        (hub, "/hf/tokenize"),
        (form, "/oidc/v1/token"),
        (form, "/aad/11112222-3333-4444-5555-666677778888/oauth2/token"),
        ("", "/_emulator/oauth"),
        ("", "/_emulator/hugging-face"),
    ] {
        for body in bodies {
            let answer = server.raw("POST", path, headers, body).await.unwrap();
            let shown: String = body.chars().take(60).collect();
            // that route reads no parameters
            let good = path == "/hf/tokenize" && body.starts_with(r#"{"inputs":"x""#);
            let expected = if good { 200..201 } else { 400..500 };
            assert!(expected.contains(&answer.status), "{path} {shown}: {} {}", answer.status, answer.text());
        }
    }
    for query in [
        "",
        "?",
        "?client_id=%FF&redirect_uri=%00",
        "?redirect_uri=http://localhost:1/%0d%0aset-cookie:x&client_id=databricks-cli",
    ] {
        let answer = server.raw("GET", &format!("/oidc/v1/authorize{query}"), "", "").await.unwrap();
        assert!(answer.status < 500 && answer.header("set-cookie").is_none(), "{query}: {}", answer.head);
    }
    assert_eq!(server.get("/_emulator/health").await.status, 200);
}
