//! A real model behind the emulator; here another emulator plays it, on its OpenAI-shaped path.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use lakewire_emulator::{Config, upstream::Upstream};
use serde_json::{Value, json};
use support::{LLAMA, Server, start, start_with};

async fn behind(model: &Server, key: &str) -> Server {
    let url = format!("http://{}/serving-endpoints", model.address);
    let upstream = Upstream::new(&url, Some("team-chat".to_owned()), Some(key.to_owned())).unwrap();
    start_with(Config { upstream: Some(upstream), ..Config::default() }).await
}

fn pong(stream: bool) -> Value {
    json!({"messages": [{"role": "user", "content": "Say pong"}], "stream": stream, "client_request_id": "own"})
}

#[tokio::test]
async fn chat_is_passed_on_and_reshaped() {
    let model = start().await;
    let front = behind(&model, "dapi-emulator").await;
    let whole = front.post(LLAMA, &pong(false)).await;
    assert_eq!(whole.json()["choices"][0]["message"]["content"], "pong");
    assert_eq!(whole.json()["model"], "databricks-meta-llama-3-3-70b-instruct");
    assert_eq!(whole.header("served-model-name").unwrap(), "databricks-meta-llama-3-3-70b-instruct");
    let stream = front.post(LLAMA, &pong(true)).await;
    let chunks = stream.chunk_values();
    assert!(
        chunks
            .iter()
            .all(|chunk| chunk["usage"].is_object() && chunk["model"] == "databricks-meta-llama-3-3-70b-instruct")
    );
    assert_eq!(chunks.last().unwrap()["usage"]["completion_tokens"], 1);
    assert_eq!(stream.events().last().unwrap(), "[DONE]");
    let seen = model.get("/_emulator/history").await.json();
    let passed = &seen["operations"][0]["body"];
    assert_eq!((passed.get("client_request_id"), &passed["model"]), (None, &json!("team-chat")));
    // the endpoint in front still refuses what it refuses
    let strict = front.post(LLAMA, &json!({"messages": [{"role": "user", "content": "x"}], "seed": 1})).await;
    assert_eq!(strict.status, 400);
}

#[tokio::test]
async fn agents_and_responses_speak_with_the_upstreams_words() {
    let model = start().await;
    let front = behind(&model, "dapi-emulator").await;
    // the agent's tool result reaches the model behind it
    let sum = json!({"input": [{"role": "user", "content": "What is 17 times 23?"}], "stream": true});
    let agent = front.post("/serving-endpoints/agent-responses/invocations", &sum).await;
    let last = agent.chunk_values().last().unwrap()["response"]["output"].clone();
    assert_eq!(last[0]["name"], "calculator");
    assert!(last[2]["content"][0]["text"].as_str().unwrap().contains("391"), "{last}");
    let tools = json!([{"type": "function", "name": "get_weather", "description": "Get the weather of a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}]);
    let asked = json!({"model": "databricks-gpt-5", "input": "What is the weather in Paris?", "tools": tools, "max_output_tokens": 99});
    let called = front.post("/serving-endpoints/responses", &asked).await.json();
    assert_eq!(called["output"][0]["arguments"], "{\"city\":\"Paris\"}");
    let said = front.post("/serving-endpoints/chat-agent/invocations", &pong(false)).await.json();
    assert_eq!(said["messages"][0]["content"], "pong");
    let chat = front.post("/serving-endpoints/chat-model/invocations", &pong(true)).await;
    assert!(chat.text().contains("pong"));
    let seen = model.get("/_emulator/history").await.json();
    let bodies: Vec<&Value> =
        seen["operations"].as_array().unwrap().iter().map(|operation| &operation["body"]).collect();
    assert_eq!(bodies.len(), 4);
    assert_eq!(bodies[0]["messages"][2]["role"], "tool");
    assert_eq!((&bodies[1]["tool_choice"], &bodies[1]["max_tokens"]), (&json!("auto"), &json!(99)));
}

#[tokio::test]
async fn embeddings_are_passed_on_with_the_instruction_before_each_text() {
    let model = start().await;
    let url = format!("http://{}/serving-endpoints", model.address);
    let upstream = Upstream::new(&url, Some("team-chat".to_owned()), Some("dapi-emulator".to_owned())).unwrap();
    let upstream = upstream.with_embedding_model(Some("team-embeddings".to_owned()));
    let front = start_with(Config { upstream: Some(upstream), ..Config::default() }).await;
    let body = json!({"input": ["a", "b"], "instruction": "Find:"});
    let answer = front.post("/serving-endpoints/databricks-gte-large-en/invocations", &body).await.json();
    assert_eq!(
        (answer["model"].as_str(), answer["data"].as_array().unwrap().len()),
        (Some("databricks-gte-large-en"), 2)
    );
    let seen = model.get("/_emulator/history").await.json();
    assert_eq!(seen["operations"][0]["body"], json!({"input": ["Find: a", "Find: b"], "model": "team-embeddings"}));
    // the endpoint in front still refuses what it refuses
    let bad = front.post("/serving-endpoints/databricks-gte-large-en/invocations", &json!({"input": [1]})).await;
    assert_eq!(bad.status, 400);
    // a model that gives no embeddings is an error, not an empty answer
    let chat = behind(&model, "dapi-emulator").await;
    let refused = chat.post("/serving-endpoints/databricks-gte-large-en/invocations", &json!({"input": "a"})).await;
    assert_eq!((refused.status, refused.json()["error"].as_str().unwrap()), (400, "Received error from openai"));
}

#[tokio::test]
async fn an_upstream_that_breaks_off_is_not_a_good_end() {
    let model = start().await;
    let front = behind(&model, "dapi-emulator").await;
    for fault in [json!({"cut_after_bytes": 300}), json!({"end_after_events": 1})] {
        model.post("/_emulator/faults", &json!([{"match": {"path": "/chat/completions"}, "fault": fault}])).await;
        let stream = front.post(LLAMA, &pong(true)).await;
        assert!(!stream.whole && !stream.text().contains("[DONE]"), "{fault}");
    }
}

#[tokio::test]
async fn upstream_errors_come_wrapped_and_without_the_key() {
    let model = start().await;
    let front = behind(&model, "dapi-canary").await;
    let refused = front.post(LLAMA, &pong(false)).await;
    assert_eq!(refused.status, 403);
    assert_eq!(refused.json()["error"], "Received error from openai");
    assert_eq!(refused.json()["external_model_message"]["message"], "Invalid access token.");
    assert!(!refused.text().contains("canary"));
    let nobody = Upstream::new("http://127.0.0.1:9", Some("m".to_owned()), None).unwrap();
    let front = start_with(Config { upstream: Some(nobody), ..Config::default() }).await;
    let absent = front.post(LLAMA, &pong(true)).await;
    assert_eq!((absent.status, absent.json()["error_code"].as_str().unwrap()), (503, "TEMPORARILY_UNAVAILABLE"));
}
