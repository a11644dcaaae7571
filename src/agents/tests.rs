//! Bodies of every form, and the handles over the scripted transport.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::auth::Credentials;
use crate::chat::tool_loop::{RunnableTool, ToolLimits};
use crate::chat::types::Tool;
use crate::client::WorkspaceClient;
use crate::config::Config;
use crate::error::{Error, ErrorKind};
use crate::transport::Transport;
use crate::transport::scripted::{Reply, Scripted};
use crate::wire::json::Raw;

fn built(request: Value) -> Value {
    serde_json::from_str(&body::responses("{}", &request.to_string(), None, false).unwrap()).unwrap()
}

fn input(given: Value) -> Value {
    built(json!({"input": given}))["input"].clone()
}

fn refusal(outcome: crate::error::Result<String>) -> String {
    let error = outcome.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    error.message().to_owned()
}

fn refused(request: Value) -> String {
    refusal(body::responses("{}", &request.to_string(), None, false))
}

#[test]
fn every_form_of_input_becomes_a_list() {
    let one = json!([{"role": "user", "content": "Hi"}]);
    for given in [json!("Hi"), json!(["Hi"]), json!([["user", "Hi"]]), json!({"role": "user", "content": "Hi"})] {
        assert_eq!(input(given.clone()), one, "{given}");
    }
    let parts = json!([{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": ""}, {"type": "image_url", "image_url": {"url": "data:x", "detail": "low"}}]}]);
    assert_eq!(
        input(parts)[0]["content"],
        json!([{"type": "input_text", "text": "a"}, {"type": "input_image", "image_url": "data:x", "detail": "low"}])
    );
    let chat = json!([
        {"role": "assistant", "content": "", "refusal": null, "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "add", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": "c1", "content": "4"},
        {"role": "assistant", "content": [{"type": "text", "text": "It is 4."}]},
    ]);
    assert_eq!(
        input(chat),
        json!([
            {"type": "function_call", "call_id": "c1", "name": "add", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c1", "output": "4"},
            {"role": "assistant", "content": [{"type": "output_text", "text": "It is 4.", "annotations": []}]},
        ])
    );
}

#[test]
fn items_of_an_answer_lose_only_what_the_service_refuses() {
    let long = "x".repeat(80);
    let cut = "x".repeat(64);
    let items = json!([
        {"type": "reasoning", "id": long, "summary": [{"type": "summary_text", "text": "hm"}], "status": "completed", "content": null, "encrypted_content": "sig=="},
        {"type": "reasoning", "id": "r2", "status": null},
        {"type": "function_call", "id": null, "call_id": long, "name": "add", "arguments": {"a": 1}, "status": "completed", "parsed_arguments": {"a": 1}},
        {"type": "function_call_output", "call_id": long, "output": {"sum": 1}, "status": null},
        {"type": "function_call_output", "call_id": "c", "output": [{"type": "input_text", "text": "4"}]},
        {"type": "message", "id": "m", "role": "assistant", "status": "completed", "content": [{"type": "output_text", "text": "", "annotations": null}, {"type": "output_text", "text": "4", "annotations": null, "parsed": {}}]},
        {"type": "message", "id": "empty", "role": "assistant", "content": []},
        {"type": "web_search_call", "id": "w", "action": {"query": "x"}, "status": "completed"},
    ]);
    assert_eq!(
        input(items),
        json!([
            {"type": "reasoning", "id": cut, "summary": [{"type": "summary_text", "text": "hm"}], "encrypted_content": "sig=="},
            {"type": "reasoning", "id": "r2", "summary": []},
            {"type": "function_call", "call_id": cut, "name": "add", "arguments": "{\"a\":1}", "status": "completed"},
            {"type": "function_call_output", "call_id": cut, "output": "{\"sum\":1}"},
            {"type": "function_call_output", "call_id": "c", "output": [{"type": "input_text", "text": "4"}]},
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "4", "annotations": []}], "id": "m", "status": "completed"},
            {"type": "web_search_call", "id": "w", "action": {"query": "x"}, "status": "completed"},
        ])
    );
}

#[test]
fn tools_are_flat_whatever_they_were() {
    let chat = json!({"type": "function", "function": {"name": "add", "description": "Adds.", "strict": null}});
    let flat = json!({"type": "function", "name": "sub", "parameters": {"type": "object"}, "strict": true});
    let hosted = json!({"type": "web_search"});
    let sent = built(json!({"input": "x", "tools": [chat, flat, hosted], "tool_choice": "add"}));
    assert_eq!(
        sent["tools"],
        json!([
            {"type": "function", "name": "add", "description": "Adds.", "parameters": {"type": "object", "properties": {}}},
            flat,
            hosted,
        ])
    );
    assert_eq!(sent["tool_choice"], json!({"type": "function", "name": "add"}));
    let choice = |given: Value| built(json!({"input": "x", "tool_choice": given}))["tool_choice"].clone();
    assert_eq!(choice(json!("any")), "required");
    assert_eq!(choice(json!("none")), "none");
    assert_eq!(
        choice(json!({"type": "function", "function": {"name": "f"}})),
        json!({"type": "function", "name": "f"})
    );
    assert_eq!(choice(json!({"type": "web_search"})), json!({"type": "web_search"}));
    assert_eq!(built(json!({"input": "x", "tools": []})).get("tools"), None);
}

#[test]
fn defaults_overrides_and_extras() {
    let defaults = r#"{"temperature":0.5,"max_output_tokens":9,"extra_params":{"a":1,"b":2}}"#;
    let request = r#"{"input":"Hi","temperature":null,"max_output_tokens":10,"extra_params":{"b":3,"c":null}}"#;
    assert_eq!(
        body::responses(defaults, request, Some("m"), true).unwrap(),
        r#"{"input":[{"role":"user","content":"Hi"}],"model":"m","max_output_tokens":10,"a":1,"b":3,"stream":true}"#
    );
    let request = r#"{"input":"Hi","extra_params":null}"#;
    assert!(!body::responses(defaults, request, None, false).unwrap().contains("\"a\""));
}

#[test]
fn every_refusal_says_what_to_do() {
    for (request, says) in [
        (json!({}), "no input"),
        (json!({"input": []}), "empty"),
        (json!({"input": 7}), "must be text"),
        (json!({"input": ["user", "x"]}), "[[role, content]]"),
        (json!({"input": [["user"]]}), "[role, content] pair"),
        (json!({"input": [[1, "x"]]}), "role's name"),
        (json!({"input": [{"content": "x"}]}), "neither a type nor a role"),
        (json!({"input": [{"role": "user"}]}), "no content"),
        (json!({"input": [{"role": "user", "content": [{"text": "x"}]}]}), "no type"),
        (json!({"input": [{"role": "user", "content": 1}]}), "text or an array"),
        (json!({"input": [{"role": "tool", "content": "4"}]}), "tool_call_id"),
        (json!({"input": [{"type": "function_call_output", "output": "4"}]}), "call_id"),
        (json!({"input": [{"type": "function_call", "call_id": "c"}]}), "call_id or its name"),
        (json!({"input": "x", "stream": true}), "stream()"),
        (json!({"input": "x", "max_tokens": 1}), "`max_tokens` is not a Responses option"),
        (json!({"input": "x", "extra_params": 1}), "must be an object"),
        (json!({"input": "x", "extra_params": {"input": []}}), "cannot stand in"),
        (json!({"input": "x", "tools": {}}), "must be an array"),
        (json!({"input": "x", "tools": [{"name": "f"}]}), "Tool 0 is not"),
        (json!({"input": "x", "tools": [{"type": "function"}]}), "Tool 0 is not"),
        (json!({"input": "x", "tool_choice": 1}), "tool_choice"),
    ] {
        let sentence = refused(request.clone());
        assert!(sentence.contains(says) && sentence.ends_with('.'), "{request}: {sentence}");
    }
    assert!(refusal(body::responses("[]", "{}", None, false)).contains("defaults"));
    assert!(refusal(body::responses("{}", "{", None, false)).starts_with("The request cannot be sent"));
    for (messages, says) in [
        (json!([]), "empty"),
        (json!(null), "no messages"),
        (json!(["user", "x"]), "[[role, content]]"),
        (json!([{"content": "x"}]), "no role"),
        (json!([{"role": "tool", "content": "4", "name": "add"}]), "tool_call_id"),
        (json!([{"role": "tool", "content": "4", "tool_call_id": "c"}]), "name"),
        (json!([{"role": "user", "content": [{"type": "text", "text": "x"}]}]), "holds text"),
        (json!([{"role": "assistant"}]), "neither content nor tool calls"),
    ] {
        let sentence = refusal(body::chat_agent("{}", &json!({"messages": messages}).to_string(), false));
        assert!(sentence.contains(says), "{messages}: {sentence}");
    }
}

#[test]
fn messages_of_agents_get_ids_that_nobody_has() {
    let messages = json!(["a", ["assistant", "b"], {"role": "user", "content": "c", "id": "msg-1", "name": null}]);
    let sent: Value =
        serde_json::from_str(&body::chat_agent("{}", &json!({"messages": messages}).to_string(), true).unwrap())
            .unwrap();
    assert_eq!(
        sent,
        json!({"messages": [
            {"role": "user", "content": "a", "id": "msg-2"},
            {"role": "assistant", "content": "b", "id": "msg-3"},
            {"role": "user", "content": "c", "id": "msg-1"},
        ], "stream": true})
    );
}

fn client(network: &Scripted) -> WorkspaceClient {
    WorkspaceClient::with_transport(
        Config::new("x.example").unwrap(),
        Credentials::token("t"),
        Arc::new(network.clone()),
    )
    .unwrap()
}

fn answer(output: Value) -> Value {
    json!({"id": "r", "object": "response", "status": "completed", "error": null, "output": output,
           "custom_outputs": {"k": 1}, "databricks_output": {"trace": {"info": {"trace_id": "tr"}}}})
}

fn message(text: &str) -> Value {
    json!({"type": "message", "id": "m1", "role": "assistant", "status": "completed", "content": [{"type": "output_text", "text": text, "annotations": []}]})
}

fn call(name: &str, id: &str) -> Value {
    json!({"type": "function_call", "id": format!("fc_{id}"), "call_id": id, "name": name, "arguments": "{\"a\":1}"})
}

fn sent(network: &Scripted, at: usize) -> Value {
    serde_json::from_slice(network.requests()[at].body.as_deref().unwrap()).unwrap()
}

#[test]
fn an_answer_and_the_turn_after_it() {
    let network = Scripted::new();
    let thought = json!({"type": "reasoning", "id": "r1", "summary": [{"type": "summary_text", "text": "hm"}]});
    network.push(Reply::json(&answer(json!([thought, message("Hello.")])).to_string()));
    network.push(Reply::json(&answer(json!([message("Again.")])).to_string()));
    let agent = client(&network).responses("my-agent");
    network
        .run(async {
            let first = agent.invoke("Hi").await.unwrap();
            assert_eq!((first.text().as_str(), first.reasoning().as_str(), first.attempts()), ("Hello.", "hm", 1));
            assert_eq!(first.trace().unwrap()["info"]["trace_id"], "tr");
            assert_eq!(first.custom_outputs.as_ref().unwrap()["k"], 1);
            assert_eq!(first.as_input().unwrap().len(), 2);
            let next = first.next_input(["And?"]).unwrap();
            assert_eq!(agent.with_route(Route::OpenAi).invoke(next).await.unwrap().text(), "Again.");
        })
        .expect("it ends");
    assert!(network.requests()[0].url.ends_with("/serving-endpoints/my-agent/invocations"));
    assert!(network.requests()[1].url.ends_with("/serving-endpoints/responses"));
    let second = sent(&network, 1);
    assert_eq!(second["model"], "my-agent");
    let kinds: Vec<_> = second["input"].as_array().unwrap().iter().map(|item| item["type"].clone()).collect();
    assert_eq!(kinds, ["message", "reasoning", "message", "message"]);
}

#[test]
fn answers_of_other_forms_and_failed_ones_are_errors() {
    for (body, kind, says) in [
        (json!({"choices": []}), ErrorKind::Decode, "client.chat()"),
        (json!({"messages": []}), ErrorKind::Decode, "chat_agent()"),
        (json!({"predictions": []}), ErrorKind::Decode, "client.completions()"),
        (json!({"x": 1}), ErrorKind::Decode, "no `output`"),
        (
            json!({"id": "r", "output": [], "status": "failed", "error": {"code": "rate_limit_exceeded", "message": "later"}}),
            ErrorKind::TooManyRequests,
            "later",
        ),
        (json!({"id": "r", "output": [], "status": "failed", "error": null}), ErrorKind::InternalError, "no reason"),
    ] {
        let network = Scripted::new();
        network.push(Reply::json(&body.to_string()));
        let error = network.run(client(&network).responses("e").invoke("x")).expect("it ends").unwrap_err();
        assert_eq!(error.kind(), kind, "{body}");
        assert!(error.message().contains(says), "{error}");
        assert_eq!(error.attempts(), 1);
    }
    let network = Scripted::new();
    network.push(Reply::json(r#"{"output":[]}"#));
    let error = network.run(client(&network).chat_agent("e").invoke("x")).expect("it ends").unwrap_err();
    assert!(error.message().contains("client.responses()"), "{error}");
}

#[test]
fn a_stream_gives_events_words_and_the_whole() {
    let events = [
        r#"data: {"type":"response.output_text.delta","item_id":"m1","delta":"Hel"}"#.to_owned(),
        r#"data: {"type":"response.hologram","x":1}"#.to_owned(),
        r#"data: {"type":"response.output_text.delta","item_id":"m1","delta":"lo."}"#.to_owned(),
        format!("data: {}", json!({"type": "response.output_item.done", "item": message("Hello.")})),
        "data: [DONE]".to_owned(),
    ]
    .map(|event| event + "\n\n");
    let reply = || Reply::events(events.iter().map(String::as_str));
    let network = Scripted::new();
    (0..3).for_each(|_| network.push(reply()));
    let agent = client(&network).responses("e");
    network
        .run(async {
            let mut stream = agent.stream("x").await.unwrap();
            let mut kinds = Vec::new();
            while let Some(event) = stream.next().await {
                kinds.push(match event.unwrap() {
                    ResponseEvent::OutputTextDelta(event) => event.delta,
                    ResponseEvent::OutputItemDone(_) => "done".into(),
                    ResponseEvent::Other(event) => event["type"].to_string(),
                    _ => "?".into(),
                });
            }
            assert_eq!(kinds, ["Hel", "\"response.hologram\"", "lo.", "done"]);
            assert!(stream.ending().unwrap().no_finish_reason && stream.next().await.is_none());
            let mut words = agent.stream("x").await.unwrap().text();
            let mut said = String::new();
            while let Some(word) = words.next().await {
                said += &word.unwrap();
            }
            assert_eq!(said, "Hello.");
            let whole = agent.stream("x").await.unwrap().final_response().await.unwrap();
            assert_eq!((whole.text().as_str(), whole.as_input().unwrap().len()), ("Hello.", 1));
        })
        .expect("it ends");
    assert_eq!(sent(&network, 0)["stream"], true);
    assert_eq!(network.open(), 0);
}

#[test]
fn f5_after_the_answer_is_whole_a_silent_server_is_not_waited_for() {
    let completed =
        format!("data: {}\n\n", json!({"type": "response.completed", "response": answer(json!([message("x")]))}));
    let network = Scripted::new();
    network.push(Reply::events([completed.as_str()]).stall());
    let before = network.now();
    let whole =
        network.run(async { client(&network).responses("e").stream("x").await.unwrap().final_response().await });
    assert_eq!(whole.expect("it ends").unwrap().text(), "x");
    assert!((network.now() - before).as_secs() < 5, "the idle limit is a minute");
    // while a stream that says nothing of its end is
    let delta = "data: {\"type\":\"response.output_text.delta\",\"item_id\":\"m\",\"delta\":\"x\"}\n\n";
    network.push(Reply::events([delta]).stall());
    let whole =
        network.run(async { client(&network).responses("e").stream("x").await.unwrap().final_response().await });
    let error = whole.expect("it ends").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DeadlineExceeded);
    assert!(error.partial().unwrap().contains("\"text\":\"x\""));
}

#[test]
fn c3_an_agent_may_be_silent_between_its_messages() {
    let network = Scripted::new();
    let chunk =
        "data: {\"delta\":{\"role\":\"assistant\",\"content\":\"x\",\"id\":\"1\"},\"finish_reason\":\"stop\"}\n\n";
    network.push(Reply::events([chunk]).stall());
    let before = network.now();
    let (stream, said) = network
        .run(async {
            let mut stream = client(&network).chat_agent("e").stream("x").await.unwrap();
            let mut events = 0;
            while let Some(event) = stream.next().await {
                event.unwrap();
                events += 1;
            }
            (stream, events)
        })
        .expect("it ends");
    assert_eq!(said, 1);
    assert!((network.now() - before).as_secs() >= 30, "its tool may take as long as the idle limit");
    let ending = stream.ending().unwrap();
    assert_eq!((ending.silent_after_end, ending.broken_after_end), (true, false));
}

#[test]
fn e20_an_event_that_only_keeps_the_books_ends_no_stream() {
    let odd = json!({"type": "response.created", "sequence_number": 0});
    let texts = [
        format!("data: {odd}\n\n"),
        "data: {\"type\":\"response.output_text.done\",\"item_id\":\"m1\"}\n\n".to_owned(),
        format!("data: {}\n\n", json!({"type": "response.completed", "response": answer(json!([message("x")]))})),
    ];
    let network = Scripted::new();
    network.push(Reply::events(texts.iter().map(String::as_str)));
    network
        .run(async {
            let mut stream = client(&network).responses("e").stream("x").await.unwrap();
            match stream.next().await.unwrap().unwrap() {
                ResponseEvent::Other(event) => assert_eq!(Value::Object(event), odd),
                event => panic!("{event:?}"),
            }
            assert!(matches!(stream.next().await.unwrap().unwrap(), ResponseEvent::Other(_)));
            assert!(matches!(stream.next().await.unwrap().unwrap(), ResponseEvent::Completed(_)));
            assert_eq!(stream.final_response().await.unwrap().text(), "x");
        })
        .expect("it ends");
}

#[test]
fn e28_e30_f4_ends_of_agent_streams() {
    let chunk = "data: {\"delta\":{\"role\":\"assistant\",\"content\":\"Hel\",\"id\":\"1\"}}\n\n";
    let listen = |reply: Reply| {
        let network = Scripted::new();
        network.push(reply);
        network
            .run(async { client(&network).chat_agent("e").stream("x").await.unwrap().final_answer().await })
            .expect("it ends")
    };
    let good =
        listen(Reply::events([chunk, "data: {\"delta\":{\"content\":\"lo\",\"id\":\"1\"}}\n\n", "data: [DONE]\n\n"]));
    assert_eq!(good.unwrap().text(), "Hello");
    let error = listen(Reply::events([chunk])).unwrap_err();
    assert_eq!(
        (error.kind(), error.partial().is_some_and(|partial| partial.contains("Hel"))),
        (ErrorKind::Truncated, true)
    );
    let error = listen(Reply::events([chunk, "data: {\"error\":\"broke\"}\n\n"])).unwrap_err();
    assert!(error.message().ends_with("broke") && error.partial().is_some());
    let error = listen(Reply::events([chunk, "data: {\"delta\":{\"role\":7}}\n\n"])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    let whole =
        listen(Reply::json(r#"{"messages":[{"role":"assistant","content":"all","id":"1"}],"finish_reason":"stop"}"#));
    assert_eq!(whole.unwrap().text(), "all");
}

fn add() -> RunnableTool {
    let definition = Tool::function("add", "Adds.", json!({"type": "object", "properties": {"a": {"type": "number"}}}));
    RunnableTool::new(definition, |arguments| async move { Ok(format!("got {arguments}")) })
}

#[test]
fn the_tool_loop_answers_what_the_agent_left_open() {
    let network = Scripted::new();
    let own = json!({"type": "function_call_output", "call_id": "own", "output": "done by the agent"});
    network.push(Reply::json(&answer(json!([call("lookup", "own"), own, call("add", "c1")])).to_string()));
    network.push(Reply::json(&answer(json!([message("Fine.")])).to_string()));
    let run = network
        .run(async { client(&network).responses("e").run_tools("x", &[add()], ToolLimits::default()).await })
        .expect("it ends")
        .unwrap();
    assert_eq!((run.steps, run.answer.text().as_str(), run.items.len()), (2, "Fine.", 6));
    assert_eq!(sent(&network, 0)["tools"][0]["name"], "add");
    let second = sent(&network, 1);
    let results: Vec<_> =
        second["input"].as_array().unwrap().iter().filter(|item| item["type"] == "function_call_output").collect();
    assert_eq!(results.len(), 2);
    assert_eq!(results[1]["output"], "got {\"a\":1}");
}

#[test]
fn g16_g18_strangers_and_endless_loops_end_the_run() {
    let run = |output: Value, limits: ToolLimits| -> Error {
        let network = Scripted::new();
        network.always(Reply::json(&answer(output).to_string()));
        network
            .run(async { client(&network).responses("e").run_tools("x", &[add()], limits).await })
            .expect("it ends")
            .unwrap_err()
    };
    assert_eq!(run(json!([call("toString", "c")]), ToolLimits::default()).kind(), ErrorKind::UnknownTool);
    let limits = ToolLimits { max_steps: 2, ..ToolLimits::default() };
    assert_eq!(run(json!([call("add", "c")]), limits).kind(), ErrorKind::StepLimit);
    assert_eq!(run(json!([call("", "c")]), limits).kind(), ErrorKind::Decode);
}

proptest! {
    /// Building is a fixed point: what was built once is sent again unchanged.
    #[test]
    fn built_items_are_built_again_alike(text in ".{1,12}", id in "[a-z]{1,80}", status in "(null|\"completed\"|1)") {
        let item = format!(r#"[{{"type":"message","role":"assistant","id":"{id}","status":{status},"content":[{{"type":"output_text","text":{}}}]}},{{"role":"user","content":{}}}]"#, crate::wire::json::string(&text), crate::wire::json::string(&text));
        let once = items::next_input(Some(Raw::parse(&item).unwrap()), None, None).unwrap();
        let twice = items::next_input(Some(Raw::parse(&once).unwrap()), None, None).unwrap();
        prop_assert_eq!(once, twice);
    }

    #[test]
    fn strange_input_never_panics(key in "(role|type|content|call_id|output|name|tool_calls|summary)", value in "(null|1|\"message\"|\"tool\"|\"assistant\"|\\[\\]|\\[1\\]|\\{\\}|\\[\\{\"id\":1\\}\\])") {
        let request = format!(r#"{{"input":[{{"role":"assistant","{key}":{value}}}]}}"#);
        if let Ok(body) = body::responses("{}", &request, None, false) {
            prop_assert!(Raw::parse(&body).is_ok());
        }
    }
}
