//! What the stand-in makes of requests with tools and schemas at hand.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use serde_json::{Value, json};
use support::{EXTERNAL, start};

fn function(name: &str, description: &str, properties: Value, required: &[&str]) -> Value {
    json!({"type": "function", "function": {"name": name, "description": description,
        "parameters": {"type": "object", "properties": properties, "required": required}}})
}

fn tools() -> Value {
    let text = json!({"type": "string"});
    json!([
        function(
            "get_weather",
            "Get the current weather for a city",
            json!({"city": text, "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]}}),
            &["city"]
        ),
        function("calculator", "Evaluate an arithmetic expression", json!({"expression": text}), &["expression"]),
        function("current_time", "The current date and time, in a city or time zone", json!({"time_zone": text}), &[]),
        function(
            "search_docs",
            "Search the documentation",
            json!({"query": text, "max_results": {"type": "integer"}}),
            &["query"]
        ),
        function(
            "roll_dice",
            "Roll dice",
            json!({"count": {"type": "integer"}, "sides": {"type": "integer"}}),
            &["count"]
        ),
        function(
            "send_email",
            "Send an email",
            json!({"to": text, "subject": text, "body": text}),
            &["to", "subject", "body"]
        ),
        function(
            "book_flight",
            "Book a flight",
            json!({"from": text, "to": text, "date": text, "passengers": {"type": "integer"}}),
            &["from", "to"]
        ),
        function(
            "convert_units",
            "Converts a value from one unit to another",
            json!({"value": {"type": "number"}, "from_unit": text, "to_unit": text}),
            &["value", "from_unit", "to_unit"]
        ),
    ])
}

#[tokio::test]
async fn tools_and_arguments_are_read_from_the_request() {
    let server = start().await;
    let cases = [
        ("What time is it in Tokyo?", json!([["current_time", {"time_zone": "Asia/Tokyo"}]])),
        ("What time is it in Atlantis?", json!([["current_time", {"time_zone": "Atlantis"}]])),
        ("What day is it today?", json!([["current_time", {}]])),
        ("Calculate 17 times 23", json!([["calculator", {"expression": "17 * 23"}]])),
        (
            "What is (1250 * 1.19 - 200) / 12? And what time is it in Tokyo?",
            json!([["calculator", {"expression": "(1250 * 1.19 - 200) / 12"}], ["current_time", {"time_zone": "Asia/Tokyo"}]]),
        ),
        (
            "Weather in Paris, London and Rome",
            json!([["get_weather", {"city": "Paris"}], ["get_weather", {"city": "London"}], ["get_weather", {"city": "Rome"}]]),
        ),
        ("Is it raining in Bergen today?", json!([["get_weather", {"city": "Bergen"}]])),
        (
            "What's the weather like in New York in fahrenheit?",
            json!([["get_weather", {"city": "New York", "unit": "fahrenheit"}]]),
        ),
        (
            "Search the docs for streaming tools and show 5 results",
            json!([["search_docs", {"query": "streaming tools", "max_results": 5}]]),
        ),
        ("Roll 3 dice with 20 sides", json!([["roll_dice", {"count": 3, "sides": 20}]])),
        (
            "Send an email to bob@example.com with subject \"Lunch\" and body \"See you at noon\"",
            json!([["send_email", {"to": "bob@example.com", "subject": "Lunch", "body": "See you at noon"}]]),
        ),
        (
            "Book a flight from Oslo to New York on May 3, 2026 for 2 passengers",
            json!([["book_flight", {"from": "Oslo", "to": "New York", "date": "2026-05-03", "passengers": 2}]]),
        ),
        (
            "How many kilometers are 26.2 miles?",
            json!([["convert_units", {"value": 26.2, "from_unit": "miles", "to_unit": "kilometers"}]]),
        ),
        ("Tell me a joke", json!([])),
        ("My favourite colour is green and I have two cats.", json!([])),
    ];
    for (text, expected) in cases {
        let body = json!({"messages": [{"role": "user", "content": text}], "tools": tools()});
        let answer = server.post(EXTERNAL, &body).await.json();
        let calls = answer["choices"][0]["message"]["tool_calls"].as_array().cloned().unwrap_or_default();
        let read = |call: &Value| {
            let arguments: Value = serde_json::from_str(call["function"]["arguments"].as_str().unwrap()).unwrap();
            json!([call["function"]["name"], arguments])
        };
        assert_eq!(calls.iter().map(read).collect::<Value>(), expected, "{text}");
        let mut ids: Vec<&str> = calls.iter().map(|call| call["id"].as_str().unwrap()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), calls.len(), "every call has an id of its own");
    }
}

#[tokio::test]
async fn facts_land_in_the_properties_they_belong_to() {
    let server = start().await;
    let schema = json!({"type": "object", "additionalProperties": false, "properties": {
        "name": {"type": "string", "description": "The person's name"},
        "role": {"type": "string", "description": "What the person does for work"},
        "city": {"type": "string", "description": "The city the person lives in"},
        "age": {"type": "integer"}}, "required": ["name", "role", "city", "age"]});
    let cases = [
        (
            "Ann Lee is a nurse in Bern, 34 years old.",
            json!({"name": "Ann Lee", "role": "nurse", "city": "Bern", "age": 34}),
        ),
        (
            "Maria, 41, works as a data engineer in Lisbon",
            json!({"name": "Maria", "role": "data engineer", "city": "Lisbon", "age": 41}),
        ),
        (
            "Her name is Ann Berger, her role is hydrologist, she lives in the city of Bern and her age is 41.",
            json!({"name": "Ann Berger", "role": "hydrologist", "city": "Bern", "age": 41}),
        ),
    ];
    for (text, expected) in cases {
        let body = json!({"messages": [{"role": "user", "content": text}],
            "response_format": {"type": "json_schema", "json_schema": {"name": "person", "schema": schema}}});
        let answer = server.post(EXTERNAL, &body).await.json();
        let value: Value = serde_json::from_str(answer["choices"][0]["message"]["content"].as_str().unwrap()).unwrap();
        assert_eq!(value, expected, "{text}");
    }
}

#[tokio::test]
async fn passages_are_answered_from_and_summed_up() {
    let server = start().await;
    let passage = "Lakewire is a Databricks SDK. It is written in Rust. It compiles to wasm and runs in browsers. It was made in 2026.";
    for (question, part) in [
        ("What language is Lakewire written in?", "Rust"),
        ("When was Lakewire made?", "2026"),
        ("Summarise this passage", "Summary"),
    ] {
        let body =
            json!({"messages": [{"role": "user", "content": format!("Context:\n{passage}\n\nQuestion: {question}")}]});
        let answer = server.post(EXTERNAL, &body).await.json();
        let text = answer["choices"][0]["message"]["content"].as_str().unwrap();
        assert!(text.contains(part), "{question}: {text}");
    }
}
