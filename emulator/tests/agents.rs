//! Responses, ChatAgent and ChatModel: shapes, the order of events, refusals.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use serde_json::{Value, json};
use support::{Answer, LLAMA, start};

const AGENT: &str = "/serving-endpoints/agent-responses/invocations";
const OPENAI: &str = "/serving-endpoints/responses";
const CHAT_AGENT: &str = "/serving-endpoints/chat-agent/invocations";
const CHAT_MODEL: &str = "/serving-endpoints/chat-model/invocations";

fn user(text: &str) -> Value {
    json!([{ "role": "user", "content": text }])
}

fn weather() -> Value {
    json!([{ "type": "function", "name": "get_weather", "description": "Get the weather of a city",
        "parameters": { "type": "object", "properties": { "city": { "type": "string" } }, "required": ["city"] } }])
}

fn kinds(answer: &Answer) -> Vec<String> {
    answer.chunk_values().iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect()
}

/// The event types with repetitions drawn together.
fn outline(answer: &Answer) -> Vec<String> {
    let mut all = kinds(answer);
    all.dedup();
    all.iter().map(|kind| kind.trim_start_matches("response.").to_owned()).collect()
}

fn texts(response: &Value) -> String {
    let items = response["output"].as_array().unwrap().iter().filter(|item| item["type"] == "message");
    items.map(|item| item["content"][0]["text"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn an_agent_answers_with_items() {
    let server = start().await;
    let body = json!({ "input": user("Say pong"), "custom_inputs": { "id": 7 }, "context": { "user_id": "ann" } });
    let answer = server.post(AGENT, &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let response = answer.json();
    assert_eq!((texts(&response).as_str(), response["status"].as_str()), ("pong", Some("completed")));
    assert_eq!(response["custom_outputs"], json!({ "id": 7 }));
    assert_eq!(response["object"], "response");
    let usage = &response["usage"];
    assert_eq!(
        usage["input_tokens"].as_u64().unwrap() + usage["output_tokens"].as_u64().unwrap(),
        usage["total_tokens"]
    );
    assert!(response.get("databricks_output").is_none());
    // the OpenAI path answers the same agent
    let mut named = body.clone();
    named["model"] = json!("agent-responses");
    assert_eq!(texts(&server.post(OPENAI, &named).await.json()), "pong");
}

#[tokio::test]
async fn an_agents_stream_has_every_event_in_order() {
    let server = start().await;
    let body = json!({ "input": user("Say one two three"), "stream": true, "custom_inputs": { "annotate": true },
        "databricks_options": { "return_trace": true } });
    let answer = server.post(AGENT, &body).await;
    assert_eq!(answer.events().last().unwrap(), "[DONE]");
    assert_eq!(
        outline(&answer),
        [
            "created",
            "in_progress",
            "output_item.added",
            "content_part.added",
            "output_text.delta",
            "output_text.annotation.added",
            "output_text.done",
            "content_part.done",
            "output_item.done",
            "completed"
        ]
    );
    let events = answer.chunk_values();
    let numbers: Vec<u64> = events.iter().map(|event| event["sequence_number"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (0..numbers.len() as u64).collect::<Vec<_>>());
    let said: String = events.iter().filter_map(|event| event["delta"].as_str()).collect();
    let last = events.last().unwrap();
    assert_eq!(said, "one two three");
    assert_eq!(texts(&last["response"]), said);
    assert_eq!(last["response"]["output"][0]["content"][0]["annotations"][0]["type"], "url_citation");
    assert!(last["databricks_output"]["trace"]["info"]["trace_id"].as_str().unwrap().starts_with("tr-"));
    assert!(last["databricks_output"]["trace"]["data"]["spans"].as_array().unwrap().len() >= 2);
    assert_eq!(last["custom_outputs"], json!({ "annotate": true }));
    // whole and streamed are the same response
    let mut whole = body.clone();
    whole["stream"] = json!(false);
    let whole = server.post(AGENT, &whole).await.json();
    assert_eq!(texts(&whole), said);
    assert!(whole["databricks_output"]["trace"]["info"].is_object());
}

#[tokio::test]
async fn an_agent_uses_its_own_tool_and_shows_it() {
    let server = start().await;
    let answer = server.post(AGENT, &json!({ "input": user("What is 17 times 23?"), "stream": true })).await;
    let done: Vec<Value> =
        answer.chunk_values().into_iter().filter(|event| event["type"] == "response.output_item.done").collect();
    let items: Vec<&str> = done.iter().map(|event| event["item"]["type"].as_str().unwrap()).collect();
    assert_eq!(items, ["function_call", "function_call_output", "message"]);
    assert_eq!(done[0]["item"]["call_id"], done[1]["item"]["call_id"]);
    assert!(done[1]["item"]["output"].as_str().unwrap().contains("391"));
    assert!(done[2]["item"]["content"][0]["text"].as_str().unwrap().contains("391"), "{}", done[2]);
}

#[tokio::test]
async fn tools_of_the_caller_make_a_round_trip() {
    let server = start().await;
    for (path, model) in [(AGENT, "agent-responses"), (OPENAI, "databricks-gpt-5"), (OPENAI, "team-chat")] {
        let first = json!({ "model": model, "input": user("What is the weather in Paris?"), "tools": weather(), "stream": true });
        let answer = server.post(path, &first).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(
            outline(&answer),
            [
                "created",
                "in_progress",
                "output_item.added",
                "function_call_arguments.delta",
                "function_call_arguments.done",
                "output_item.done",
                "completed"
            ]
        );
        let events = answer.chunk_values();
        let arguments: String = events.iter().filter_map(|event| event["delta"].as_str()).collect();
        let mut call = events.last().unwrap()["response"]["output"][0].clone();
        assert_eq!(call["arguments"], arguments);
        assert_eq!(serde_json::from_str::<Value>(&arguments).unwrap(), json!({ "city": "Paris" }));
        // hosted models give ids they refuse to take back
        let long = call["id"].as_str().unwrap().to_owned();
        assert_eq!(long.len() > 64, model == "databricks-gpt-5", "{long}");
        let again = |call: &Value| {
            let output =
                json!({ "type": "function_call_output", "call_id": call["call_id"], "output": "21 degrees in Paris" });
            json!({ "model": model, "tools": weather(),
                "input": [{ "role": "user", "content": "What is the weather in Paris?" }, call, output] })
        };
        if long.len() > 64 {
            let refused = server.post(path, &again(&call)).await;
            assert!(refused.status == 400 && refused.text().contains("64"), "{}", refused.text());
            call["id"] = json!(long[..64]);
        }
        let last = server.post(path, &again(&call)).await;
        assert!(texts(&last.json()).contains("21 degrees"), "{}", last.text());
    }
}

#[tokio::test]
async fn reasoning_is_shown_when_it_is_asked_for() {
    let server = start().await;
    let body =
        json!({ "model": "databricks-gpt-5", "input": "Say pong", "reasoning": { "effort": "low" }, "stream": true });
    let answer = server.post(OPENAI, &body).await;
    // OpenAI's own streams end with the event, not with a sentinel
    assert_ne!(answer.events().last().unwrap(), "[DONE]");
    let outline = outline(&answer);
    assert_eq!(
        outline[2..8],
        [
            "output_item.added",
            "reasoning_summary_part.added",
            "reasoning_summary_text.delta",
            "reasoning_summary_text.done",
            "reasoning_summary_part.done",
            "output_item.done"
        ]
    );
    let response = answer.chunk_values().last().unwrap()["response"].clone();
    assert_eq!(response["output"][0]["type"], "reasoning");
    assert!(response["usage"]["output_tokens_details"]["reasoning_tokens"].as_u64().unwrap() > 0);
    assert_eq!(texts(&response), "pong");
}

#[tokio::test]
async fn a_cut_answer_is_incomplete_and_json_follows_a_schema() {
    let server = start().await;
    let short = json!({ "model": "databricks-gpt-5", "input": "Count to 20", "max_output_tokens": 3, "stream": true });
    let answer = server.post(OPENAI, &short).await;
    let last = answer.chunk_values().last().unwrap().clone();
    assert_eq!(
        (last["type"].as_str(), last["response"]["status"].as_str()),
        (Some("response.incomplete"), Some("incomplete"))
    );
    assert_eq!(last["response"]["incomplete_details"], json!({ "reason": "max_output_tokens" }));
    let format = json!({ "type": "json_schema", "name": "person", "schema": { "type": "object",
        "properties": { "name": { "type": "string" }, "age": { "type": "integer" } }, "required": ["name", "age"] } });
    let body =
        json!({ "model": "databricks-gpt-5", "input": "Ann Lee is 34 years old.", "text": { "format": format } });
    let said = texts(&server.post(OPENAI, &body).await.json());
    assert_eq!(serde_json::from_str::<Value>(&said).unwrap(), json!({ "name": "Ann Lee", "age": 34 }));
}

#[tokio::test]
async fn what_hosted_models_refuse() {
    let server = start().await;
    for (more, words) in [
        (json!({ "background": true }), "background"),
        (json!({ "store": false }), "store"),
        (json!({ "previous_response_id": "resp_1" }), "previous_response_id"),
        (json!({ "conversation": "conv_1" }), "conversation"),
        (json!({ "service_tier": "auto" }), "service_tier"),
        (json!({ "custom_inputs": {} }), "custom_inputs"),
        (json!({ "databricks_options": {} }), "databricks_options"),
        (json!({ "tools": [{ "type": "function", "function": { "name": "f" } }] }), "tools[0].name"),
        (json!({ "tools": [{ "type": "computer_use_preview" }] }), "computer_use_preview"),
        (json!({ "input": [] }), "input"),
        (json!({ "input": [{ "type": "function_call_output", "call_id": "x", "output": "y" }] }), "No tool call found"),
        (
            json!({ "input": [{ "type": "reasoning", "id": "rs_1", "summary": [], "status": null }] }),
            "Unknown parameter",
        ),
        (json!({ "input": [{ "type": "message", "role": "assistant", "id": "run-1", "content": "x" }] }), "msg_"),
        (json!({ "input": [{ "role": "user", "content": "x", "type": "nonsense" }] }), "nonsense"),
    ] {
        let mut body = json!({ "model": "databricks-gpt-5", "input": "Hi" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answer = server.post(OPENAI, &body).await;
        assert!(answer.status == 400 && answer.text().contains(words), "{more}: {} {}", answer.status, answer.text());
    }
    // a provider's model takes them
    assert_eq!(server.post(OPENAI, &json!({ "model": "team-chat", "input": "Hi", "store": true })).await.status, 200);
    // and other hosted models do not speak the form at all
    let llama = server.post(OPENAI, &json!({ "model": "databricks-meta-llama-3-3-70b-instruct", "input": "Hi" })).await;
    assert_eq!(llama.status, 400);
    assert_eq!(server.post(LLAMA, &json!({ "input": "Hi" })).await.status, 400);
}

#[tokio::test]
async fn what_an_agent_refuses() {
    let server = start().await;
    let long = "x".repeat(65);
    for (input, words) in [
        (json!("a bare text"), "list"),
        (json!([]), "at least one"),
        (json!([{ "content": "x" }]), "role"),
        (json!([{ "role": "robot", "content": "x" }]), "role"),
        (json!([{ "role": "user", "content": [] }]), "empty list"),
        (json!([{ "role": "user", "content": [{ "type": "text", "text": "x" }] }]), "input_text"),
        (json!([{ "type": "custom_tool_call", "call_id": "c", "name": "n", "input": "i" }]), "custom_tool_call"),
        (json!([{ "type": "function_call", "call_id": long, "name": "n", "arguments": "{}" }]), "64"),
        (json!([{ "type": "function_call", "call_id": "c", "name": "n", "arguments": {} }]), "arguments"),
    ] {
        let answer = server.post(AGENT, &json!({ "input": input })).await;
        assert!(answer.status == 400 && answer.text().contains(words), "{input}: {} {}", answer.status, answer.text());
    }
    let context = server.post(AGENT, &json!({ "input": user("Hi"), "context": { "user_id": 3 } })).await;
    assert!(context.status == 400 && context.text().contains("context.user_id"));
}

#[tokio::test]
async fn a_chat_agent_answers_with_messages() {
    let server = start().await;
    let body = json!({ "messages": user("What is 6 times 7?"), "custom_inputs": { "k": "v" }, "databricks_options": { "return_trace": true } });
    let answer = server.post(CHAT_AGENT, &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let whole = answer.json();
    assert!(whole.get("choices").is_none());
    let messages = whole["messages"].as_array().unwrap();
    assert_eq!(
        messages.iter().map(|m| m["role"].as_str().unwrap()).collect::<Vec<_>>(),
        ["assistant", "tool", "assistant"]
    );
    let mut ids: Vec<&str> = messages.iter().map(|message| message["id"].as_str().unwrap()).collect();
    ids.dedup();
    assert_eq!(ids.len(), 3);
    assert_eq!(messages[1]["tool_call_id"], messages[0]["tool_calls"][0]["id"]);
    assert_eq!(messages[1]["name"], "calculator");
    assert!(messages[2]["content"].as_str().unwrap().contains("42"));
    assert_eq!((whole["finish_reason"].as_str(), &whole["custom_outputs"]), (Some("stop"), &json!({ "k": "v" })));
    assert!(whole["databricks_output"]["trace"]["data"]["spans"].is_array());

    let mut streamed = body.clone();
    streamed["stream"] = json!(true);
    // clients come by the OpenAI path too
    streamed["model"] = json!("chat-agent");
    let answer = server.post("/serving-endpoints/chat/completions", &streamed).await;
    assert_eq!(answer.events().last().unwrap(), "[DONE]");
    let chunks = answer.chunk_values();
    let last_id = chunks.last().unwrap()["delta"]["id"].clone();
    let pieces = chunks.iter().filter(|chunk| chunk["delta"]["id"] == last_id);
    let said: String = pieces.map(|chunk| chunk["delta"]["content"].as_str().unwrap()).collect();
    assert_eq!(said, messages[2]["content"].as_str().unwrap());
    assert_eq!(chunks.last().unwrap()["finish_reason"], "stop");
    assert_eq!(chunks.last().unwrap()["custom_outputs"], json!({ "k": "v" }));
    // what it said can be said back
    let mut history = messages.clone();
    history.insert(0, json!({ "role": "user", "content": "What is 6 times 7?" }));
    history.push(json!({ "role": "user", "content": "Say pong" }));
    let next = server.post(CHAT_AGENT, &json!({ "messages": history })).await.json();
    assert_eq!(next["messages"][0]["content"], "pong");
}

#[tokio::test]
async fn what_a_chat_agent_refuses() {
    let server = start().await;
    for (messages, words) in [
        (json!([]), "at least one"),
        (json!("x"), "list"),
        (json!([{ "role": "user" }]), "content"),
        (json!([{ "role": "tool", "content": "x", "tool_call_id": "c" }]), "name"),
        (json!([{ "role": "user", "content": [{ "type": "text", "text": "x" }] }]), "string"),
    ] {
        let answer = server.post(CHAT_AGENT, &json!({ "messages": messages })).await;
        assert!(answer.status == 400 && answer.text().contains(words), "{messages}: {}", answer.text());
    }
}

#[tokio::test]
async fn a_chat_model_is_chat_with_custom_outputs() {
    let server = start().await;
    let mut body = json!({ "messages": user("Say pong"), "custom_inputs": { "n": 1 } });
    let whole = server.post(CHAT_MODEL, &body).await.json();
    assert_eq!(
        (&whole["choices"][0]["message"]["content"], &whole["custom_outputs"]),
        (&json!("pong"), &json!({ "n": 1 }))
    );
    body["stream"] = json!(true);
    let chunks = server.post(CHAT_MODEL, &body).await.chunk_values();
    assert!(
        chunks
            .iter()
            .all(|chunk| chunk["object"] == "chat.completion.chunk" && chunk["custom_outputs"] == json!({ "n": 1 }))
    );
}

#[tokio::test]
async fn errors_and_early_ends_inside_a_responses_stream() {
    let server = start().await;
    let body = json!({ "input": user("Say pong"), "stream": true });
    let error = json!({ "type": "error", "message": "the agent failed", "code": "500" });
    let fault = json!({ "insert_error_event": { "after": 3, "event": error }, "end_after_events": 3 });
    let answer = server.faulty(AGENT, &fault, &body).await.unwrap();
    let kinds = kinds(&answer);
    assert_eq!(kinds.last().unwrap(), "error");
    assert_eq!(kinds.len(), 4);
    let cut = server.faulty(AGENT, &json!({ "end_after_events": 2 }), &body).await.unwrap();
    assert_eq!(cut.chunk_values().len(), 2);
    assert!(!cut.events().contains(&"[DONE]".to_owned()));
}
