//! Chat as the service does it: shapes, refusals, and what the stand-in says.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use serde_json::{Value, json};
use support::{CLAUDE, EXTERNAL, GPT_OSS, LLAMA, Server, start};

fn user(text: &str) -> Value {
    json!({ "messages": [{ "role": "user", "content": text }] })
}

fn with(mut body: Value, more: &Value) -> Value {
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

async fn says(server: &Server, path: &str, body: &Value) -> String {
    let answer = server.post(path, body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["choices"][0]["message"]["content"].as_str().unwrap().to_owned()
}

async fn refused(server: &Server, path: &str, body: &Value) -> String {
    let answer = server.post(path, body).await;
    assert_eq!(answer.status, 400, "{}", answer.text());
    answer.json()["message"].as_str().unwrap().to_owned()
}

fn weather() -> Value {
    json!([{ "type": "function", "function": { "name": "get_weather", "description": "Get the weather of a city",
        "parameters": { "type": "object", "properties": { "city": { "type": "string" } }, "required": ["city"] } } }])
}

fn calls(answer: &Value) -> Vec<(String, Value)> {
    let list = answer["choices"][0]["message"]["tool_calls"].as_array().cloned().unwrap_or_default();
    let read = |call: &Value| {
        let arguments = serde_json::from_str(call["function"]["arguments"].as_str().unwrap()).unwrap();
        (call["function"]["name"].as_str().unwrap().to_owned(), arguments)
    };
    list.iter().map(read).collect()
}

#[tokio::test]
async fn credentials() {
    let server = start().await;
    let send = async |headers: &str| server.raw("GET", "/api/2.0/serving-endpoints", headers, "").await.unwrap();
    assert_eq!(send("").await.status, 401);
    let wrong = send("authorization: Bearer no\r\n").await;
    assert_eq!((wrong.status, wrong.json()["message"].as_str().unwrap()), (403, "Invalid access token."));
    // token:dapi-emulator
    assert_eq!(send("authorization: Basic dG9rZW46ZGFwaS1lbXVsYXRvcg==\r\n").await.status, 200);
}

#[tokio::test]
async fn r4_foreign_host_and_origin_are_refused() {
    let server = start().await;
    let send = async |headers: &str| server.raw("GET", "/_emulator/health", headers, "").await.unwrap();
    assert_eq!(send("host: evil.example\r\n").await.status, 403);
    assert_eq!(send("origin: https://evil.example\r\n").await.status, 403);
    assert_eq!(send("origin: null\r\n").await.status, 403);
    let good = send("origin: http://localhost:5173\r\n").await;
    assert_eq!((good.status, good.header("access-control-allow-origin")), (200, None));
}

#[tokio::test]
async fn endpoints_are_listed_and_described() {
    let server = start().await;
    for path in ["/api/2.0/serving-endpoints", "/api/2.0/serving-endpoints/"] {
        let listed = server.get(path).await.json();
        assert!(listed["endpoints"].as_array().unwrap().len() >= 5);
    }
    let one = server.get("/api/2.0/serving-endpoints/team-chat").await;
    assert_eq!(one.header("x-databricks-org-id").unwrap(), "900800700600");
    assert!(one.header("x-request-id").is_some());
    assert!(one.json()["description"].as_str().unwrap().contains("stand-in"));
    let none = server.get("/api/2.0/serving-endpoints/nope").await;
    assert_eq!(
        (none.status, none.json()["message"].as_str().unwrap()),
        (404, "Endpoint with name 'nope' does not exist.")
    );
    assert_eq!(none.json()["details"][0]["request_id"], none.header("x-request-id").unwrap());
}

#[tokio::test]
async fn refusals_in_the_services_words() {
    let server = start().await;
    assert_eq!(
        refused(&server, LLAMA, &json!({})).await,
        "INVALID_PARAMETER_VALUE: Missing required Chat parameter: 'messages'"
    );
    let unknown = refused(&server, LLAMA, &with(user("x"), &json!({"stream_options": {}}))).await;
    assert!(unknown.ends_with("json: unknown field \"stream_options\""), "{unknown}");
    assert_eq!(server.post(EXTERNAL, &with(user("x"), &json!({"stream_options": {}}))).await.status, 200);
    for (field, value) in [
        ("temperature", json!(2.1)),
        ("top_p", json!(-1)),
        ("top_k", json!(0)),
        ("max_tokens", json!(0)),
        ("stop", json!([""])),
        ("n", json!(2)),
        ("top_logprobs", json!(3)),
        ("tool_choice", json!("sometimes")),
        ("response_format", json!({"type": "xml"})),
    ] {
        let message = refused(&server, LLAMA, &with(user("x"), &json!({field: value}))).await;
        assert!(message.contains(field.split('_').next().unwrap()), "{field}: {message}");
    }
    let many: Vec<Value> = (0..33).map(|_| weather()[0].clone()).collect();
    assert!(refused(&server, LLAMA, &with(user("x"), &json!({"tools": many}))).await.contains("32"));
    let any_of = json!([{"type": "function", "function": {"name": "f", "parameters":
        {"type": "object", "properties": {"a": {"anyOf": [{"type": "string"}]}}}}}]);
    assert!(refused(&server, LLAMA, &with(user("x"), &json!({"tools": any_of}))).await.contains("anyOf"));
    let twice = json!({"messages": [{"role": "user", "content": "x"}, {"role": "system", "content": "y"}]});
    assert!(refused(&server, LLAMA, &twice).await.contains("system"));
    let stray =
        json!({"messages": [{"role": "user", "content": "x"}, {"role": "tool", "tool_call_id": "1", "content": "y"}]});
    assert!(refused(&server, LLAMA, &stray).await.contains("tool message"));
    assert!(refused(&server, "/serving-endpoints/chat-starting/invocations", &user("x")).await.contains("NOT_READY"));
    let large = "x".repeat(4 * 1024 * 1024);
    assert_eq!(server.post(LLAMA, &user(&large)).await.status, 413);
    // null counts as absent for fields the endpoint knows
    assert_eq!(server.post(LLAMA, &with(user("x"), &json!({"max_tokens": null, "top_k": null}))).await.status, 200);
}

#[tokio::test]
async fn served_models_and_the_openai_path() {
    let server = start().await;
    let canary =
        server.post("/serving-endpoints/team-chat/served-models/gpt-canary/invocations", &user("Say hi")).await;
    assert_eq!((canary.status, canary.header("served-model-name").unwrap().as_str()), (200, "gpt-canary"));
    let body = with(user("Say hi"), &json!({"model": "team-chat"}));
    let openai = server.post("/serving-endpoints/chat/completions", &body).await;
    assert_eq!(
        (
            openai.json()["choices"][0]["message"]["content"].as_str().unwrap(),
            openai.header("served-model-name").unwrap().as_str()
        ),
        ("hi", "gpt-main")
    );
}

#[tokio::test]
async fn streams_differ_by_endpoint() {
    let server = start().await;
    let body = with(user("Say one two"), &json!({"stream": true}));
    let llama = server.post(LLAMA, &body).await.chunk_values();
    assert_eq!(llama[0]["usage"]["completion_tokens"], Value::Null);
    assert_eq!(llama.last().unwrap()["usage"]["completion_tokens"], 2);
    assert!(
        llama[0]["choices"][0]["delta"]["role"] == "assistant" && llama[1]["choices"][0]["delta"].get("role").is_none()
    );
    let thinking = with(body.clone(), &json!({"thinking": {"type": "enabled", "budget_tokens": 100}}));
    let claude = server.post(CLAUDE, &thinking).await.chunk_values();
    assert!(claude.iter().all(|chunk| chunk["choices"][0]["delta"]["role"] == "assistant"));
    let first = &claude[1]["choices"][0]["delta"]["content"][0];
    assert_eq!((&first["type"], &first["summary"][0]["type"]), (&json!("reasoning"), &json!("summary_text")));
    let signed =
        claude.iter().filter(|c| c["choices"][0]["delta"]["content"][0]["summary"][0]["signature"].is_string());
    assert_eq!(signed.count(), 1);
    let usage = with(body, &json!({"stream_options": {"include_usage": true}}));
    let external = server.post(EXTERNAL, &usage).await.chunk_values();
    let last = external.last().unwrap();
    assert_eq!((&last["choices"], &last["usage"]["completion_tokens"]), (&json!([]), &json!(2)));
    let oss = server.post(GPT_OSS, &user("Say hi")).await.json();
    assert_eq!(oss["choices"][0]["message"]["content"][1], json!({"type": "text", "text": "hi"}));
}

#[tokio::test]
async fn n_choices_interleave_and_logprobs_are_given() {
    let server = start().await;
    let body = with(user("Say a b"), &json!({"n": 2, "stream": true, "logprobs": true, "top_logprobs": 2}));
    let chunks = server.post(EXTERNAL, &body).await.chunk_values();
    let order: Vec<u64> = chunks.iter().map(|chunk| chunk["choices"][0]["index"].as_u64().unwrap()).collect();
    assert_eq!(order[..4], [0, 1, 0, 1]);
    let entry = &chunks[2]["choices"][0]["logprobs"]["content"][0];
    assert_eq!(entry["top_logprobs"].as_array().unwrap().len(), 2);
    assert!(entry["logprob"].as_f64().unwrap() < 0.0);
}

#[tokio::test]
async fn max_tokens_and_stop_end_the_answer() {
    let server = start().await;
    let cut = server.post(LLAMA, &with(user("Count to 30"), &json!({"max_tokens": 5}))).await.json();
    assert_eq!(
        (&cut["choices"][0]["finish_reason"], &cut["usage"]["completion_tokens"]),
        (&json!("length"), &json!(5))
    );
    assert_eq!(says(&server, LLAMA, &with(user("Count to 30"), &json!({"stop": "4"}))).await, "1, 2, 3, ");
}

#[tokio::test]
async fn the_stand_in_answers_from_what_was_said() {
    let server = start().await;
    assert_eq!(says(&server, LLAMA, &user("My name is Ann. What is my name?")).await, "Your name is Ann.");
    let told = json!({"messages": [
        {"role": "system", "content": "You are helpful. The warehouse opens at 9:30. The manager is Carla Diaz."},
        {"role": "user", "content": "I live in Oslo and work for Acme."},
        {"role": "assistant", "content": "Noted."},
        {"role": "user", "content": "Where do I live?"}]});
    assert_eq!(says(&server, LLAMA, &told).await, "You live in Oslo and work for Acme.");
    let ask = |question: &str| {
        let mut told = told.clone();
        told["messages"][3]["content"] = json!(question);
        told
    };
    assert!(says(&server, LLAMA, &ask("When does the warehouse open?")).await.contains("9:30"));
    assert!(says(&server, LLAMA, &ask("Who is the manager?")).await.contains("Carla Diaz"));
    assert!(says(&server, LLAMA, &ask("What is the capital of France?")).await.contains("stand-in"));
    assert!(says(&server, LLAMA, &user("Who are you?")).await.contains("stand-in"));
    assert!(says(&server, LLAMA, &user("What is 12 * 12?")).await.contains("144"));
}

#[tokio::test]
async fn tools_are_called_when_they_fit() {
    let server = start().await;
    let ask = |text: &str, choice: Value| with(user(text), &json!({"tools": weather(), "tool_choice": choice}));
    let auto = server.post(LLAMA, &ask("What's the weather in Paris and London?", json!("auto"))).await.json();
    assert_eq!(
        calls(&auto),
        [("get_weather".into(), json!({"city": "Paris"})), ("get_weather".into(), json!({"city": "London"}))]
    );
    assert_eq!(auto["choices"][0]["finish_reason"], "tool_calls");
    assert!(calls(&server.post(LLAMA, &ask("What's the weather in Paris?", json!("none"))).await.json()).is_empty());
    assert!(calls(&server.post(LLAMA, &ask("My name is Ann.", json!("auto"))).await.json()).is_empty());
    assert_eq!(calls(&server.post(LLAMA, &ask("Tell me about Oslo", json!("required"))).await.json()).len(), 1);
    let named = json!({"type": "function", "function": {"name": "get_weather"}});
    assert_eq!(
        calls(&server.post(LLAMA, &ask("Tell me about Oslo", named)).await.json())[0].1,
        json!({"city": "Oslo"})
    );
    let missing = server.post(LLAMA, &ask("What is the weather?", json!("auto"))).await.json();
    assert!(missing["choices"][0]["message"]["content"].as_str().unwrap().contains("city"), "{missing}");
}

#[tokio::test]
async fn tool_results_are_answered_from() {
    let server = start().await;
    let call = json!({"id": "c1", "type": "function", "function": {"name": "get_weather", "arguments": "{\"city\":\"Paris\"}"}});
    let body = json!({"tools": weather(), "messages": [
        {"role": "user", "content": "What's the weather in Paris?"},
        {"role": "assistant", "content": null, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "{\"temperature\": 21, \"sky\": \"clear\"}"}]});
    let text = says(&server, LLAMA, &body).await;
    assert!(text.contains("21") && text.contains("clear"), "{text}");
}

#[tokio::test]
async fn json_follows_the_schema() {
    let server = start().await;
    let schema = json!({"type": "object", "additionalProperties": false,
        "properties": {"name": {"type": "string"}, "age": {"type": "integer"}, "mood": {"enum": ["positive", "negative"], "type": "string"},
            "tags": {"type": "array", "items": {"type": "string"}}},
        "required": ["name", "age", "mood", "tags"]});
    let format = json!({"response_format": {"type": "json_schema", "json_schema": {"name": "p", "schema": schema}}});
    let text = says(&server, LLAMA, &with(user("Ann Lee is 34 years old and very happy today."), &format)).await;
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&value["name"], &value["age"], &value["mood"]), (&json!("Ann Lee"), &json!(34), &json!("positive")));
    assert!(value["tags"].is_array());
    let keys = with(
        user("Ann Lee is 34 years old. Return a JSON blob with keys 'name' and 'age'."),
        &json!({"response_format": {"type": "json_object"}}),
    );
    let value: Value = serde_json::from_str(&says(&server, LLAMA, &keys).await).unwrap();
    assert_eq!(value, json!({"name": "Ann Lee", "age": 34}));
    let free = with(user("Tell me a thing as JSON"), &json!({"response_format": {"type": "json_object"}}));
    assert!(serde_json::from_str::<Value>(&says(&server, LLAMA, &free).await).unwrap().is_object());
}

#[tokio::test]
async fn claude_refuses_what_it_refuses() {
    let server = start().await;
    let call = json!({"id": "c1", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}});
    let body = |content: Value, id: &str| {
        json!({"messages": [{"role": "user", "content": "x"},
        {"role": "assistant", "content": content, "tool_calls": [call]}, {"role": "tool", "tool_call_id": id, "content": "y"}]})
    };
    assert!(refused(&server, CLAUDE, &body(json!(""), "c1")).await.contains("non-empty"));
    assert_eq!(server.post(CLAUDE, &body(Value::Null, "c1")).await.status, 200);
    let echo = |message: Value| json!({"messages": [{"role": "user", "content": "x"}, message, {"role": "user", "content": "y"}]});
    let reasoning = |entry: Value| {
        json!({"role": "assistant", "content":
        [{"type": "reasoning", "summary": [entry]}, {"type": "text", "text": "Hi"}]})
    };
    let unsigned = json!({"type": "summary_text", "text": "hm"});
    assert!(refused(&server, CLAUDE, &echo(reasoning(unsigned))).await.contains("signature"));
    let signed = json!({"type": "summary_text", "text": "hm", "signature": "c2ln"});
    assert_eq!(server.post(CLAUDE, &echo(reasoning(signed))).await.status, 200);
    let extra = json!({"role": "assistant", "content": "Hi", "reasoning_content": "hm"});
    assert!(refused(&server, CLAUDE, &echo(extra)).await.contains("Extra inputs are not permitted"));
    let long = "x".repeat(65);
    let message = refused(
        &server,
        LLAMA,
        &json!({"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": null,
        "tool_calls": [{"id": long, "type": "function", "function": {"name": "f", "arguments": "{}"}}]}]}),
    )
    .await;
    assert!(message.contains("64"));
}

/// The samples of the wire notes (serving-query §4 and §5): every field they show is there, and of the same type.
#[tokio::test]
async fn r3_shapes_match_the_recorded_ones() {
    fn same_kind(sample: &Value, ours: &Value, path: &str) {
        match (sample, ours) {
            (Value::Object(sample), Value::Object(ours)) => {
                for (key, value) in sample {
                    let found = ours.get(key).unwrap_or_else(|| panic!("{path}.{key} is missing"));
                    same_kind(value, found, &format!("{path}.{key}"));
                }
            }
            (Value::Array(sample), Value::Array(ours)) => same_kind(&sample[0], &ours[0], &format!("{path}[0]")),
            // the sample's id is null where the service may also send a text
            (Value::Null, _) => {}
            _ => {
                assert_eq!(std::mem::discriminant(sample), std::mem::discriminant(ours), "{path}: {sample} and {ours}")
            }
        }
    }
    let server = start().await;
    let completion = json!({"id": null, "object": "chat.completion", "created": 1764000000, "model": "served-a",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi."}, "finish_reason": "stop", "logprobs": null}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}});
    same_kind(&completion, &server.post(LLAMA, &user("Say hi")).await.json(), "completion");
    let first = json!({"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m",
        "choices": [{"index": 0, "delta": {"role": "assistant", "content": "Hel"}, "finish_reason": null}],
        "usage": {"prompt_tokens": 4, "completion_tokens": null, "total_tokens": null}});
    let last = json!({"choices": [{"index": 0, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 4, "completion_tokens": 2, "total_tokens": 6}});
    let chunks = server.post(LLAMA, &with(user("Say hi there"), &json!({"stream": true}))).await.chunk_values();
    same_kind(&first, &chunks[0], "first chunk");
    assert!(chunks[0]["usage"]["completion_tokens"].is_null());
    same_kind(&last, chunks.last().unwrap(), "last chunk");
    let endpoint = json!({"name": "x", "id": "9f", "creator": "ann@example.com", "creation_timestamp": 1, "last_updated_timestamp": 1,
        "state": {"ready": "READY", "config_update": "NOT_UPDATING"},
        "config": {"config_version": 1, "served_entities": [{"name": "g", "creator": "a", "creation_timestamp": 1,
            "external_model": {"provider": "openai", "name": "g", "task": "llm/v1/chat", "openai_config": {"openai_api_key": "{{}}"}},
            "state": {"deployment": "DEPLOYMENT_READY", "deployment_state_message": ""}}],
            "traffic_config": {"routes": [{"served_entity_name": "g", "served_model_name": "g", "traffic_percentage": 100}]}},
        "task": "llm/v1/chat", "endpoint_type": "EXTERNAL_MODEL", "permission_level": "CAN_MANAGE", "route_optimized": false});
    same_kind(&endpoint, &server.get("/api/2.0/serving-endpoints/team-chat").await.json(), "endpoint");
}
