//! The Hugging Face surface: the classic form, text-generation-inference, the router, and what each refuses.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use serde_json::{Value, json};
use support::{Answer, Server, start};

const KEY: &str = "authorization: Bearer hf_emulator\r\n";
const CLASSIC: &str = "/hf/hf-inference/models/databricks/dolly-v2-12b";
const SMOL: &str = "HuggingFaceTB/SmolLM3-3B";

async fn post(server: &Server, path: &str, body: &Value) -> Answer {
    server.raw("POST", path, KEY, &body.to_string()).await.unwrap()
}

async fn control(server: &Server, body: &Value) {
    let answer = server.raw("POST", "/_emulator/hugging-face", "", &body.to_string()).await.unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
}

fn dolly(instruction: &str) -> String {
    format!(
        "Below is an instruction that describes a task. Write a response that appropriately completes the request.\n\n\
         ### Instruction:\n{instruction}\n\n### Response:\n"
    )
}

/// The events of a stream whose `data:` has no space.
fn tight(answer: &Answer) -> Vec<Value> {
    let text = answer.text();
    assert!(!text.contains("data: ") && !text.contains("[DONE]"), "{text}");
    text.lines().filter_map(|line| line.strip_prefix("data:")).map(|data| serde_json::from_str(data).unwrap()).collect()
}

#[tokio::test]
async fn the_classic_form_gives_an_array() {
    let server = start().await;
    let prompt = dolly("Say pong");
    for path in [CLASSIC, "/hf/models/databricks/dolly-v2-12b"] {
        let body = json!({ "inputs": prompt, "parameters": { "return_full_text": false } });
        let answer = post(&server, path, &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        // Dolly's end key is still there: the client cuts it
        assert_eq!(answer.json(), json!([{ "generated_text": "pong\n\n### End" }]));
        assert_eq!((answer.header("x-databricks-org-id"), answer.header("server")), (None, None));
        assert!(answer.header("x-request-id").is_some());
    }
    let full = post(&server, CLASSIC, &json!({ "inputs": prompt })).await.json();
    assert!(full[0]["generated_text"].as_str().unwrap().starts_with(&prompt));
    let many =
        post(&server, CLASSIC, &json!({ "inputs": ["Say a", "Say b"], "parameters": { "return_full_text": false } }))
            .await;
    assert_eq!(many.json().as_array().unwrap().len(), 2);
    let context = "Below is an instruction\n\n### Instruction:\nWhen was Lakewire founded?\n\nInput:\nLakewire was founded in 2019.\n\n### Response:\n";
    let answer = post(&server, "/hf/generate", &json!({ "inputs": context })).await.json();
    assert!(answer["generated_text"].as_str().unwrap().contains("2019"), "{answer}");
}

#[tokio::test]
async fn generate_gives_an_object_with_details() {
    let server = start().await;
    let plain = post(&server, "/hf/generate", &json!({ "inputs": dolly("Say pong") })).await;
    assert_eq!(plain.json(), json!({ "generated_text": "pong" }));
    assert_eq!(plain.header("x-generated-tokens").unwrap(), "2");
    let parameters =
        json!({ "details": true, "decoder_input_details": true, "seed": 5, "do_sample": true, "top_n_tokens": 2 });
    let answer =
        post(&server, "/hf/generate", &json!({ "inputs": "Count to 20", "parameters": parameters })).await.json();
    let details = &answer["details"];
    assert_eq!((details["finish_reason"].as_str(), details["seed"].as_u64()), (Some("eos_token"), Some(5)));
    let tokens = details["tokens"].as_array().unwrap();
    assert_eq!(tokens.len() as u64, details["generated_tokens"].as_u64().unwrap());
    assert_eq!(tokens.last().unwrap()["special"], true);
    assert_eq!(details["top_tokens"][0].as_array().unwrap().len(), 2);
    assert!(!details["prefill"].as_array().unwrap().is_empty());
    let said: String = tokens.iter().filter(|t| t["special"] == false).map(|t| t["text"].as_str().unwrap()).collect();
    assert_eq!(answer["generated_text"], said);

    let short = json!({ "inputs": "Count to 20", "parameters": { "max_new_tokens": 3, "details": true } });
    assert_eq!(post(&server, "/hf/generate", &short).await.json()["details"]["finish_reason"], "length");
    let stop = json!({ "inputs": "Count to 20", "parameters": { "stop": ["5"], "details": true } });
    let stopped = post(&server, "/hf/generate", &stop).await.json();
    assert_eq!(
        (stopped["generated_text"].as_str(), stopped["details"]["finish_reason"].as_str()),
        (Some("1, 2, 3, 4, "), Some("stop_sequence"))
    );
    let grammar = json!({ "type": "json", "value": { "type": "object", "properties": { "age": { "type": "integer" } }, "required": ["age"] } });
    let written = post(
        &server,
        "/hf/generate",
        &json!({ "inputs": "Ann is 34 years old", "parameters": { "grammar": grammar } }),
    )
    .await
    .json();
    assert_eq!(
        serde_json::from_str::<Value>(written["generated_text"].as_str().unwrap()).unwrap(),
        json!({ "age": 34 })
    );
}

#[tokio::test]
async fn a_stream_ends_with_the_text_and_without_a_sentinel() {
    let server = start().await;
    let body = json!({ "inputs": "Count to 5", "stream": true, "parameters": { "return_full_text": false } });
    for path in [
        "/hf/generate_stream",
        "/hf/",
        "/hf",
        CLASSIC,
        "/hf/endpoints/smollm3/generate_stream",
        "/hf/endpoints/smollm3/",
    ] {
        let answer = post(&server, path, &body).await;
        assert_eq!(answer.status, 200, "{path} {}", answer.text());
        assert_eq!(answer.header("x-accel-buffering").unwrap(), "no");
        let events = tight(&answer);
        assert_eq!(events[0]["index"], 1);
        let (last, before) = events.split_last().unwrap();
        assert!(before.iter().all(|event| event["generated_text"].is_null() && event["details"].is_null()));
        let said: String = events
            .iter()
            .filter(|e| e["token"]["special"] == false)
            .map(|e| e["token"]["text"].as_str().unwrap())
            .collect();
        assert_eq!(
            (last["generated_text"].as_str().unwrap(), last["token"]["special"].as_bool()),
            (said.as_str(), Some(true))
        );
        assert_eq!(last["details"]["generated_tokens"].as_u64().unwrap() as usize, events.len());
        assert!(last["details"]["input_length"].as_u64().unwrap() > 0);
    }
    // an error inside the stream, with status 200
    let error = json!({ "error": "Request failed during generation: x", "error_type": "generation" });
    let fault = json!({ "insert_error_event": { "after": 2, "event": error }, "end_after_events": 2 });
    let headers = format!("{KEY}x-lakewire-fault: {fault}\r\n");
    let answer = server.raw("POST", "/hf/generate_stream", &headers, &body.to_string()).await.unwrap();
    assert_eq!((answer.status, tight(&answer).last().unwrap()["error_type"].as_str()), (200, Some("generation")));
}

#[tokio::test]
async fn root_without_stream_is_an_array_that_repeats_the_prompt() {
    let server = start().await;
    let answer = post(&server, "/hf/", &json!({ "inputs": "Say pong" })).await.json();
    assert_eq!(answer, json!([{ "generated_text": "Say pongpong" }]));
}

#[tokio::test]
async fn chat_through_the_router_the_provider_and_ones_own_server() {
    let server = start().await;
    let body = |model: &str, stream: bool| {
        json!({ "model": model, "messages": [{ "role": "user", "content": "Say pong" }],
        "stream": stream, "stream_options": { "include_usage": true }, "max_tokens": 50 })
    };
    for (path, model) in [
        ("/hf/v1/chat/completions", SMOL),
        ("/hf/v1/chat/completions", "HuggingFaceTB/SmolLM3-3B:hf-inference"),
        ("/hf/v1/chat/completions", "HuggingFaceTB/SmolLM3-3B:fastest"),
        ("/hf/hf-inference/v1/chat/completions", SMOL),
        ("/hf/hf-inference/models/HuggingFaceTB/SmolLM3-3B/v1/chat/completions", SMOL),
        ("/hf/endpoints/smollm3/v1/chat/completions", "tgi"),
    ] {
        let whole = post(&server, path, &body(model, false)).await;
        assert_eq!(whole.status, 200, "{path} {}", whole.text());
        let whole = whole.json();
        assert_eq!(
            (whole["choices"][0]["message"]["content"].as_str(), whole["model"].as_str()),
            (Some("pong"), Some(model))
        );
        assert!(whole["system_fingerprint"].is_string() && whole["usage"]["total_tokens"].is_number());
        let stream = post(&server, path, &body(model, true)).await;
        assert_eq!(stream.events().last().unwrap(), "[DONE]");
        assert_eq!(stream.chunk_values().last().unwrap()["choices"], json!([]));
    }
    let unknown = post(&server, "/hf/v1/chat/completions", &body("nobody/nothing", false)).await;
    assert_eq!(
        (unknown.status, unknown.json()["error"]["code"].as_str().unwrap().to_owned()),
        (400, "model_not_supported".into())
    );
    let provider = post(&server, "/hf/v1/chat/completions", &body("HuggingFaceTB/SmolLM3-3B:nobody", false)).await;
    assert_eq!(provider.status, 400);
    for (path, model) in [
        ("/hf/v1/chat/completions", "databricks/dolly-v2-12b"),
        ("/hf/endpoints/dolly/v1/chat/completions", "tgi"),
        ("/hf/v1/chat/completions", "tgi"),
    ] {
        let refused = post(&server, path, &body(model, false)).await;
        assert_eq!(
            (refused.status, refused.json()["error_type"].as_str().unwrap().to_owned()),
            (422, "template_error".into()),
            "{path}"
        );
    }
    let tools = json!([{ "type": "function", "function": { "name": "get_weather", "description": "Get the weather of a city",
        "parameters": { "type": "object", "properties": { "city": { "type": "string" } }, "required": ["city"] } } }]);
    let mut asked = body(SMOL, false);
    asked["messages"] = json!([{ "role": "user", "content": "What is the weather in Paris?" }]);
    asked["tools"] = tools;
    let called = post(&server, "/hf/v1/chat/completions", &asked).await.json();
    assert_eq!(called["choices"][0]["finish_reason"], "tool_calls");
    let mut formed = body(SMOL, false);
    formed["messages"] = json!([{ "role": "user", "content": "Ann is 34 years old" }]);
    formed["response_format"] = json!({ "type": "json_object", "value": { "type": "object", "properties": { "age": { "type": "integer" } }, "required": ["age"] } });
    let formed = post(&server, "/hf/v1/chat/completions", &formed).await.json();
    assert_eq!(formed["choices"][0]["message"]["content"], "{\"age\":34}");
}

#[tokio::test]
async fn completions_tokens_and_facts() {
    let server = start().await;
    let whole = post(
        &server,
        "/hf/v1/completions",
        &json!({ "prompt": ["Say a", "Say b"], "max_tokens": 5, "temperature": 0 }),
    )
    .await
    .json();
    assert_eq!((whole["choices"][0]["text"].as_str(), whole["choices"][1]["text"].as_str()), (Some("a"), Some("b")));
    let stream = post(&server, "/hf/v1/completions", &json!({ "prompt": "Say pong", "stream": true })).await;
    let said: String =
        stream.chunk_values().iter().map(|chunk| chunk["choices"][0]["text"].as_str().unwrap().to_owned()).collect();
    assert_eq!((said.as_str(), stream.events().last().unwrap().as_str()), ("pong", "[DONE]"));
    let tokens = post(&server, "/hf/tokenize", &json!({ "inputs": "Hi there" })).await.json();
    assert_eq!(
        (tokens[1]["text"].as_str(), tokens[1]["start"].as_u64(), tokens[1]["stop"].as_u64()),
        (Some(" there"), Some(2), Some(8))
    );
    let get = async |path: &str| server.raw("GET", path, KEY, "").await.unwrap();
    assert_eq!(get("/hf/info").await.json()["model_id"], "databricks/dolly-v2-12b");
    assert_eq!(get("/hf/endpoints/smollm3/info").await.json()["model_id"], SMOL);
    assert_eq!(get("/hf/v1/models").await.json()["data"][0]["id"], SMOL);
    let health = server.raw("GET", "/hf/health", "", "").await.unwrap();
    assert_eq!((health.status, health.text().as_str()), (200, ""));
    let described = get("/hf/api/models/databricks/dolly-v2-12b?expand%5B%5D=inferenceProviderMapping").await.json();
    assert_eq!(described["inferenceProviderMapping"]["hf-inference"]["status"], "live");
    assert_eq!(get("/hf/api/models/a/b").await.status, 404);
}

#[tokio::test]
async fn keys() {
    let server = start().await;
    let body = json!({ "inputs": "Say pong" }).to_string();
    let send = async |path: &str, headers: &str| server.raw("POST", path, headers, &body).await.unwrap();
    // anonymous is enough for the provider, not for a server of one's own
    assert_eq!(send(CLASSIC, "").await.status, 200);
    assert_eq!(send("/hf/generate", "").await.status, 401);
    assert_eq!(send("/hf/v1/chat/completions", "").await.status, 401);
    // the workspace's token is a wrong key here
    let wrong = send(CLASSIC, "authorization: Bearer dapi-emulator\r\n").await;
    assert!(wrong.status == 401 && wrong.json()["error"].is_string());
    // and the hub's key opens no workspace
    let workspace = server.raw("GET", "/api/2.0/serving-endpoints", KEY, "").await.unwrap();
    assert_eq!(workspace.status, 403);
}

#[tokio::test]
async fn l7_the_history_keeps_no_key() {
    let server = start().await;
    post(&server, "/hf/generate", &json!({ "inputs": "my key is hf_emulator" })).await;
    let history = server.raw("GET", "/_emulator/history", "", "").await.unwrap();
    assert!(!history.text().contains("hf_emulator"), "{}", history.text());
    let last = history.json()["operations"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((last["path"].as_str(), last["authorized"].as_bool()), (Some("/hf/generate"), Some(true)));
}

#[tokio::test]
async fn a_model_loads_for_as_many_requests_as_told() {
    let server = start().await;
    control(&server, &json!({ "model": "databricks/dolly-v2-12b", "loading": 2, "estimated_time": 0.5 })).await;
    let body = json!({ "inputs": "Say pong" });
    for _ in 0..2 {
        let loading = post(&server, CLASSIC, &body).await;
        assert_eq!(loading.status, 503);
        assert_eq!(
            loading.json(),
            json!({ "error": "Model databricks/dolly-v2-12b is currently loading", "estimated_time": 0.5 })
        );
    }
    assert_eq!(post(&server, CLASSIC, &body).await.status, 200);
    control(&server, &json!({ "old_host_gone": true, "unhealthy": true })).await;
    let gone = post(&server, "/hf/models/databricks/dolly-v2-12b", &body).await;
    assert!(gone.status == 410 && gone.text().contains("router.huggingface.co"));
    assert_eq!(server.raw("GET", "/hf/health", "", "").await.unwrap().status, 503);
    server.raw("DELETE", "/_emulator/hugging-face", "", "").await.unwrap();
    assert_eq!(post(&server, "/hf/models/databricks/dolly-v2-12b", &body).await.status, 200);
}

#[tokio::test]
async fn refusals_are_flat_and_name_their_type() {
    let server = start().await;
    let bad = post(&server, "/hf/generate", &json!({ "inputs": "x", "parameters": { "temperature": 0 } })).await;
    assert_eq!(
        (bad.status, bad.json()),
        (
            422,
            json!({ "error": "Input validation error: `temperature` must be strictly positive", "error_type": "validation" })
        )
    );
    let missing = post(&server, "/hf/generate", &json!({})).await;
    assert!(missing.status == 422 && missing.text().contains("missing field `inputs`"));
    assert!(missing.header("content-type").unwrap().starts_with("text/plain"));
    assert_eq!(post(&server, CLASSIC, &json!({})).await.status, 400);
    assert_eq!(post(&server, "/hf/hf-inference/models/no/body", &json!({ "inputs": "x" })).await.status, 404);
    assert_eq!(post(&server, "/hf/generate", &json!({ "inputs": "x ".repeat(5000) })).await.status, 422);
    for (status, error_type) in
        [(422, "validation"), (424, "generation"), (429, "overloaded"), (500, "incomplete_generation")]
    {
        let headers = format!("{KEY}x-lakewire-fault: {{\"status\":{status}}}\r\n");
        let answer = server.raw("POST", "/hf/generate", &headers, "{}").await.unwrap();
        assert_eq!(
            (answer.status, answer.json()["error_type"].as_str().unwrap().to_owned()),
            (status, error_type.to_owned())
        );
    }
}
