use std::sync::Arc;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::auth::Credentials;
use crate::client::WorkspaceClient;
use crate::config::Config;
use crate::error::ErrorKind;
use crate::transport::scripted::{Reply, Scripted};
use crate::wire::json::Raw;

fn server(network: &Scripted) -> McpClient {
    let config = Config::new("x.example").unwrap();
    let client = WorkspaceClient::with_transport(config, Credentials::token("t"), Arc::new(network.clone())).unwrap();
    McpClient::new(&client, "/api/2.0/mcp/functions/main/tools").unwrap()
}

fn answer(id: u32, result: &str) -> Reply {
    Reply::json(&format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{result}}}"#))
}

fn shake(network: &Scripted, id: u32, session: &str) {
    let result = r#"{"protocolVersion":"2025-03-26","capabilities":{"tools":{}},"serverInfo":{"name":"s"}}"#;
    network.push(answer(id, result).header("mcp-session-id", session));
    network.push(Reply::status(202));
}

fn header<'a>(request: &'a crate::transport::HttpRequest, name: &str) -> Option<&'a str> {
    request.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

#[test]
fn hands_are_shaken_once_and_the_session_goes_along() {
    let network = Scripted::new();
    shake(&network, 1, "s-1");
    network.push(answer(2, r#"{"tools":[{"name":"a","inputSchema":{"type":"object"}}],"nextCursor":"p2"}"#));
    let event = "event: message\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{}}\n\nevent: message\ndata: {\"jsonrpc\":\"2.0\",\"id\":3,\"result\":{\"tools\":[{\"name\":\"b\"}]}}\n\n";
    network.push(Reply::events([event]));
    network.push(answer(4, r#"{"content":[{"type":"text","text":"12"},{"type":"image","data":"x"}]}"#));
    let server = server(&network);
    let (tools, result) = network
        .run(async { (server.list_tools().await.unwrap(), server.call_tool("a", r#"{"n":1}"#).await.unwrap()) })
        .unwrap();
    assert_eq!(tools.iter().map(|tool| tool.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(result.content.unwrap().len(), 2);
    let sent = network.requests();
    assert_eq!(sent.len(), 5);
    assert!(header(&sent[0], "mcp-session-id").is_none() && header(&sent[0], "mcp-protocol-version").is_none());
    assert_eq!(header(&sent[0], "accept"), Some("application/json, text/event-stream"));
    for later in &sent[1..] {
        assert_eq!(
            (header(later, "mcp-session-id"), header(later, "mcp-protocol-version")),
            (Some("s-1"), Some("2025-03-26"))
        );
    }
    let body = |at: usize| serde_json::from_slice::<serde_json::Value>(sent[at].body.as_deref().unwrap()).unwrap();
    assert_eq!((&body(0)["method"], &body(1)["method"]), (&json!("initialize"), &json!("notifications/initialized")));
    assert_eq!(body(3)["params"]["cursor"], "p2");
    assert_eq!(body(4)["params"], json!({"name": "a", "arguments": {"n": 1}}));
}

#[test]
fn a_forgotten_session_is_begun_anew_once() {
    let network = Scripted::new();
    shake(&network, 1, "old");
    network.push(Reply::status(404));
    shake(&network, 3, "new");
    network.push(answer(4, r#"{"tools":[]}"#));
    let server = server(&network);
    assert!(network.run(server.list_tools()).unwrap().unwrap().is_empty());
    assert_eq!(header(network.requests().last().unwrap(), "mcp-session-id"), Some("new"));
    network.push(Reply::status(404));
    shake(&network, 6, "newer");
    network.push(Reply::status(404));
    assert_eq!(network.run(server.list_tools()).unwrap().unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn o10_pages_of_tools_that_repeat_end() {
    let network = Scripted::new();
    shake(&network, 1, "s");
    for id in 2..5 {
        network.push(answer(id, r#"{"tools":[],"nextCursor":"same"}"#));
    }
    assert_eq!(network.run(server(&network).list_tools()).unwrap().unwrap_err().kind(), ErrorKind::Protocol);
    assert_eq!(network.requests().len(), 4);
}

#[test]
fn a_call_whose_fate_is_open_is_not_sent_again() {
    let network = Scripted::new();
    shake(&network, 1, "s");
    network.push(Reply::failure(ErrorKind::Connect, true));
    assert!(network.run(server(&network).call_tool("a", "{}")).unwrap().unwrap_err().maybe_processed());
    assert_eq!(network.requests().len(), 3);
    let error = network.run(server(&network).call_tool("a", "[]"));
    assert!(error.unwrap().is_err());
}

#[test]
fn errors_are_typed_and_a_tool_s_own_failure_is_its_words() {
    let refused = |code: i32| {
        result(&format!(r#"{{"jsonrpc":"2.0","id":1,"error":{{"code":{code},"message":"no tool dapi0123456789abcdef","data":{{"x":1}}}}}}"#), 1).unwrap_err()
    };
    for (code, kind) in
        [(-32601, ErrorKind::NotFound), (-32602, ErrorKind::BadRequest), (-32000, ErrorKind::InternalError)]
    {
        let error = refused(code);
        assert_eq!(
            (error.kind(), error.error_code(), error.is_retryable()),
            (kind, Some(code.to_string().as_str()), false)
        );
        assert!(!error.message().contains("dapi0123") && error.details() == Some(r#"{"x":1}"#));
    }
    assert!(result(r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"bad"}}"#, 5).is_err());
    assert_eq!(
        result(r#"[{"jsonrpc":"2.0","id":9,"result":1},{"jsonrpc":"2.0","id":5,"result":{"a":2}}]"#, 5).unwrap(),
        r#"{"a":2}"#
    );
    for bad in
        ["", "data: {\n\n", r#"{"jsonrpc":"2.0","id":4,"result":{}}"#, "event: x\n\n", r#"{"id":5,"method":"ping"}"#]
    {
        assert!(result(bad, 5).is_err(), "{bad}");
    }
    let told = |text: &str| told(Raw::parse(text).unwrap());
    assert_eq!(told(r#"{"content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}"#), Ok("a\nb".into()));
    assert_eq!(told(r#"{"content":[],"structuredContent":{"x":1}}"#), Ok(r#"{"x":1}"#.into()));
    assert_eq!(told(r#"{"isError":true,"content":[{"type":"text","text":"no"}]}"#), Err("no".into()));
}

#[test]
fn no_token_goes_to_another_host() {
    let network = Scripted::new();
    let client =
        WorkspaceClient::with_transport(Config::new("x.example").unwrap(), Credentials::token("t"), Arc::new(network))
            .unwrap();
    for bad in ["", "https://evil.example/mcp", "//evil.example/mcp", "mcp", "/a/../b", "/a\\b", "/a b"] {
        let error = McpClient::new(&client, bad).unwrap_err();
        assert!(error.kind() == ErrorKind::InvalidInput && !error.message().contains("evil"), "{bad}");
    }
    assert!(McpClient::new(&client, "/mcp").is_ok());
    assert!(
        functions("", "b", None).is_err() && genie(Some("..")).is_err() && genie(None).unwrap().ends_with("/mcp/genie")
    );
}

proptest! {
    #[test]
    fn reading_never_panics(body in r#"(data: |event: |id|"result":|[{}\[\]:,"0-9a-z \n]){0,20}"#) {
        let _ = result(&body, 1);
        let _ = split(&body);
    }
}
