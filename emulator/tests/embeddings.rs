//! Embeddings as the service does them: shapes, number forms, refusals, and rows that go wrong on request.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use support::start;

const GTE: &str = "/serving-endpoints/databricks-gte-large-en/invocations";
const BGE: &str = "/serving-endpoints/databricks-bge-large-en/invocations";
const EXTERNAL: &str = "/serving-endpoints/team-embeddings/invocations";
const OPENAI: &str = "/serving-endpoints/embeddings";

fn floats(value: &Value) -> Vec<f32> {
    value.as_array().unwrap().iter().map(|n| n.as_f64().unwrap() as f32).collect()
}

#[tokio::test]
async fn a_text_and_a_list_give_rows_in_order() {
    let server = start().await;
    let one = server.post(GTE, &json!({ "input": "hello" })).await;
    assert_eq!(one.status, 200, "{}", one.text());
    assert_eq!(one.header("served-model-name").unwrap(), "databricks-gte-large-en");
    let one = one.json();
    assert_eq!((one["object"].as_str(), one["data"].as_array().unwrap().len()), (Some("list"), 1));
    let many = server.post(GTE, &json!({ "input": ["other", "hello"], "instruction": null })).await.json();
    let rows = many["data"].as_array().unwrap();
    assert_eq!(rows.iter().map(|row| row["index"].as_u64().unwrap()).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(floats(&rows[1]["embedding"]), floats(&one["data"][0]["embedding"]));
    assert_eq!(rows[0]["embedding"].as_array().unwrap().len(), 1024);
    assert_eq!(many["usage"].as_object().unwrap().keys().collect::<Vec<_>>(), ["prompt_tokens", "total_tokens"]);
}

#[tokio::test]
async fn h11_the_same_row_written_three_ways() {
    let server = start().await;
    let body = json!({ "input": "the same text" });
    let short = server.post(GTE, &body).await;
    let long = server.post(BGE, &body).await;
    // the significant ones
    let digits = |text: &str| {
        let numbers = text.split(['[', ',', ']', ' ']).filter(|n| n.contains("0.0"));
        numbers.map(|n| n.trim_start_matches(['-', '0', '.']).len()).max().unwrap()
    };
    assert!(digits(&short.text()) <= 9, "{}", digits(&short.text()));
    assert!(digits(&long.text()) >= 16, "{}", digits(&long.text()));
    let row = floats(&short.json()["data"][0]["embedding"]);
    assert_eq!(row, floats(&long.json()["data"][0]["embedding"]));
    // base64 in the OpenAI form and at external endpoints; the hosted endpoint's own path gives floats
    let asked = |model: &str| json!({ "model": model, "input": "the same text", "encoding_format": "base64" });
    let openai = server.post(OPENAI, &asked("databricks-gte-large-en")).await.json();
    let external = server.post(EXTERNAL, &asked("x")).await.json();
    for answer in [openai, external] {
        let bytes = STANDARD.decode(answer["data"][0]["embedding"].as_str().unwrap()).unwrap();
        let read: Vec<f32> = bytes.chunks(4).map(|four| f32::from_le_bytes(four.try_into().unwrap())).collect();
        assert_eq!(read, row);
    }
    let own = server.post(GTE, &asked("databricks-gte-large-en")).await.json();
    assert!(own["data"][0]["embedding"].is_array());
}

#[tokio::test]
async fn what_the_service_refuses() {
    let server = start().await;
    for (path, body, words) in [
        (GTE, json!({}), "input"),
        (GTE, json!({ "input": [] }), "at least one"),
        (GTE, json!({ "input": ["a", 1] }), "list of strings"),
        (GTE, json!({ "input": [[1, 2]] }), "list of strings"),
        (GTE, json!({ "input": { "a": 1 } }), "list of strings"),
        (GTE, json!({ "input": "a", "instruction": 3 }), "instruction"),
        (GTE, json!({ "input": "a", "dimensions": 4 }), "unknown field \"dimensions\""),
        (GTE, json!({ "input": "a", "encoding_format": "int8" }), "encoding_format"),
        (GTE, json!({ "input": vec!["a"; 151] }), "151"),
        (EXTERNAL, json!({ "input": "a", "dimensions": 0 }), "dimensions"),
        (EXTERNAL, json!({ "input": "a", "stream": true }), "stream"),
        (OPENAI, json!({ "model": "team-chat", "input": "a" }), "llm/v1/chat"),
    ] {
        let answer = server.post(path, &body).await;
        let message = answer.json()["message"].as_str().unwrap_or_default().to_owned();
        assert!(answer.status == 400 && message.contains(words), "{body}: {} {message}", answer.status);
    }
    assert_eq!(server.post(GTE, &json!({ "input": vec!["a"; 150] })).await.status, 200);
    let chat = server.post(GTE, &json!({ "messages": [] })).await;
    assert_eq!(chat.status, 400);
    let none = server.post(OPENAI, &json!({ "model": "nope", "input": "a" })).await;
    assert_eq!(
        (none.status, none.json()["error_code"].as_str().unwrap().to_owned()),
        (404, "RESOURCE_DOES_NOT_EXIST".into())
    );
}

#[tokio::test]
async fn external_models_give_fewer_dimensions() {
    let server = start().await;
    let answer = server.post(EXTERNAL, &json!({ "input": "a", "dimensions": 64, "unknown": 1 })).await.json();
    assert_eq!(answer["data"][0]["embedding"].as_array().unwrap().len(), 64);
    assert_eq!(answer["model"], "embedding-3");
}

#[tokio::test]
async fn o6_rows_out_of_order_or_lost_on_request() {
    let server = start().await;
    let body = json!({ "input": ["a", "b", "c"] });
    for (fault, expected) in [
        ("reversed", vec![2, 1, 0]),
        ("last_missing", vec![0, 1]),
        ("first_twice", vec![0, 1, 0]),
        ("last_short", vec![0, 1, 2]),
    ] {
        let answer = server.faulty(GTE, &json!({ "embeddings": fault }), &body).await.unwrap().json();
        let indexes: Vec<u64> =
            answer["data"].as_array().unwrap().iter().map(|row| row["index"].as_u64().unwrap()).collect();
        assert_eq!(indexes, expected, "{fault}");
        let last = answer["data"].as_array().unwrap().last().unwrap()["embedding"].as_array().unwrap().len();
        assert_eq!(last, if fault == "last_short" { 1023 } else { 1024 });
    }
    let unknown = server.faulty(GTE, &json!({ "embeddings": "nonsense" }), &body).await.unwrap();
    assert_eq!(unknown.status, 400);
}

#[tokio::test]
async fn the_description_says_what_answers() {
    let server = start().await;
    for name in ["databricks-gte-large-en", "databricks-bge-large-en", "team-embeddings"] {
        let endpoint = server.get(&format!("/api/2.0/serving-endpoints/{name}")).await.json();
        assert_eq!(endpoint["task"], "llm/v1/embeddings");
        assert!(endpoint["description"].as_str().unwrap().contains("embedder"), "{endpoint}");
    }
}
