//! The Rust face against a real MLflow AI Gateway. `LAKEWIRE_GATEWAY` names it; `tests/gateway/run.mjs` starts one and
//! runs this.
#![cfg(feature = "native")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails says so by panicking"
)]

use lakewire::ErrorKind;
use lakewire::gateway::GatewayClient;
use serde_json::json;

#[tokio::test]
#[ignore = "needs a gateway, which tests/gateway/run.mjs starts"]
async fn the_gateway_lists_answers_streams_and_refuses() {
    let host = std::env::var("LAKEWIRE_GATEWAY").unwrap();
    let gateway = GatewayClient::new(&host).unwrap();
    gateway.health().await.unwrap();
    let all = gateway.list().await.unwrap();
    assert!(all.iter().any(|one| one.name == "chat" && one.endpoint_type.as_deref() == Some("llm/v1/chat")));
    assert_eq!(gateway.get("chat").await.unwrap().model.unwrap().provider.as_deref(), Some("openai"));

    let question = "My name is Ann. What is my name?";
    let chat = gateway.chat("chat").unwrap();
    let text = chat.invoke(question).await.unwrap().text();
    assert!(text.contains("Ann"), "{text}");
    let mut stream = chat.stream(question).await.unwrap();
    let mut words = String::new();
    while let Some(chunk) = stream.next().await {
        words.push_str(&chunk.unwrap().text());
    }
    assert_eq!(words, text);

    let messages = json!([{"role": "user", "content": question}]);
    let answer = gateway.query("chat", &json!({"messages": messages})).await.unwrap();
    assert_eq!(answer["choices"][0]["message"]["content"], json!(text));
    let error = gateway.query("chat", &json!({"messages": messages, "n": 0})).await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::BadRequest, Some(422)));
    assert!(error.message().contains("body.n: "), "{error}");
    assert_eq!(gateway.get("nobody").await.unwrap_err().kind(), ErrorKind::NotFound);
}
