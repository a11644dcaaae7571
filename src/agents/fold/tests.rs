//! Streamed agent answers, cut at every byte: what is said, how it ends and what the whole is.

use super::agent::ChatAgent;
use super::*;
use crate::agents::types::{ChatAgentResponse, ResponseEvent, ResponseItem, ResponseObject};
use crate::error::ErrorKind;
use crate::wire::form::Ending;
use crate::wire::form::tests::{Heard, event, every_way, hear};
use proptest::prelude::*;
use serde_json::{Value, json};

const DONE: &str = "data: [DONE]\n\n";

fn responses() -> Box<dyn Form> {
    Box::new(Responses::default())
}

fn agent() -> Box<dyn Form> {
    Box::new(ChatAgent::default())
}

fn stream(events: &[Value]) -> String {
    events.iter().map(|value| event(&value.to_string())).collect()
}

fn said(heard: &Heard) -> &str {
    &heard.1
}

fn whole(heard: &Heard) -> ResponseObject {
    serde_json::from_str(heard.3.as_ref().unwrap()).unwrap()
}

fn delta(id: &str, text: &str) -> Value {
    json!({"type": "response.output_text.delta", "item_id": id, "delta": text})
}

fn message(id: &str, text: &str) -> Value {
    json!({"type": "message", "id": id, "role": "assistant", "status": "completed",
           "content": [{"type": "output_text", "text": text, "annotations": []}]})
}

fn done(item: Value) -> Value {
    json!({"type": "response.output_item.done", "item": item})
}

#[test]
fn f1_an_agents_stream_says_its_text_once() {
    let events = [delta("m1", "Hé"), delta("m1", "llo"), done(message("m1", "Héllo"))];
    let heard = every_way(&(stream(&events) + DONE), responses);
    assert_eq!((said(&heard), heard.0.len()), ("Héllo", 3));
    assert_eq!(heard.2.clone().unwrap(), Ending { no_finish_reason: true, ..Ending::default() });
    let answer = whole(&heard);
    assert_eq!(serde_json::to_value(&answer.output).unwrap(), json!([message("m1", "Héllo")]));
}

#[test]
fn f2_every_event_openai_sends() {
    let part = json!({"type": "output_text", "text": "", "annotations": []});
    let full = json!({"id": "r", "object": "response", "created_at": 1, "status": "completed", "error": null,
        "output": [message("m1", "Hi")], "usage": {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3}});
    let events = [
        json!({"type": "response.created", "response": {"id": "r", "object": "response", "status": "in_progress", "output": []}}),
        json!({"type": "response.in_progress", "response": {"id": "r", "status": "in_progress", "output": []}}),
        json!({"type": "response.output_item.added", "output_index": 0, "item": {"type": "message", "id": "m1", "role": "assistant", "status": "in_progress", "content": []}}),
        json!({"type": "response.content_part.added", "item_id": "m1", "output_index": 0, "content_index": 0, "part": part}),
        json!({"type": "response.output_text.delta", "item_id": "m1", "output_index": 0, "content_index": 0, "delta": "Hi"}),
        json!({"type": "response.output_text.done", "item_id": "m1", "output_index": 0, "content_index": 0, "text": "Hi"}),
        json!({"type": "response.content_part.done", "item_id": "m1", "output_index": 0, "content_index": 0, "part": part}),
        json!({"type": "response.output_item.done", "output_index": 0, "item": message("m1", "Hi")}),
        json!({"type": "response.completed", "response": full}),
    ];
    let heard = every_way(&stream(&events), responses);
    assert_eq!(said(&heard), "Hi");
    assert!(heard.2.clone().unwrap().no_sentinel);
    assert_eq!(serde_json::to_value(whole(&heard)).unwrap()["usage"]["total_tokens"], 3);
    assert_eq!(whole(&heard).output.len(), 1);
    for event in &heard.0 {
        let typed: ResponseEvent = serde_json::from_str(event).unwrap();
        assert!(!matches!(typed, ResponseEvent::Other(_)), "{event}");
    }
    // the alias some servers send, and only that
    let alias = stream(&[json!({"type": "responses.completed", "response": full})]);
    let heard = every_way(&alias, responses);
    assert_eq!((said(&heard), whole(&heard).output.len()), ("Hi", 1));
}

#[test]
fn f4_a_stream_that_breaks_off_is_truncated_and_says_what_came() {
    let events = [
        delta("m1", "Hel"),
        json!({"type": "response.output_item.added", "output_index": 1, "item": {"type": "function_call", "id": "f1", "call_id": "c1", "name": "add", "arguments": ""}}),
        json!({"type": "response.function_call_arguments.delta", "item_id": "f1", "delta": "{\"a\":"}),
        json!({"type": "response.reasoning_summary_text.delta", "item_id": "r1", "summary_index": 1, "delta": "hm"}),
    ];
    let heard = every_way(&stream(&events), responses);
    let (kind, partial) = heard.2.clone().unwrap_err();
    assert_eq!(kind, ErrorKind::Truncated);
    let partial: Value = serde_json::from_str(&partial.unwrap()).unwrap();
    assert_eq!(partial["output"][0]["content"][0]["text"], "Hel");
    assert_eq!(
        partial["output"][1],
        json!({"type": "function_call", "id": "f1", "call_id": "c1", "name": "add", "status": "incomplete", "arguments": "{\"a\":"})
    );
    assert_eq!(
        partial["output"][2]["summary"],
        json!([{"type": "summary_text", "text": ""}, {"type": "summary_text", "text": "hm"}])
    );
    assert_eq!(partial.get("status"), None);
}

#[test]
fn text_never_comes_twice_however_it_is_told() {
    let cases: &[(&[Value], &str)] = &[
        // without deltas
        (&[done(message("m1", "ab"))], "ab"),
        // two messages, one with deltas
        (&[delta("m1", "a"), done(message("m1", "a")), done(message("m2", "b"))], "ab"),
        // deltas without an id, and under another id than the item's
        (&[json!({"type": "response.output_text.delta", "delta": "ab"}), done(message("m1", "ab"))], "ab"),
        (&[delta("x", "a"), delta("x", "b"), done(message("m1", "ab"))], "ab"),
        // one id for every message
        (&[delta("m", "a"), done(message("m", "a")), delta("m", "b"), done(message("m", "b"))], "ab"),
        (&[done(message("m", "a")), done(message("m", "a")), done(message("m", "b"))], "ab"),
        // the whole says more than the deltas did, or something else
        (&[delta("m1", "a"), done(message("m1", "abc"))], "abc"),
        (&[delta("m1", "ab"), done(message("m1", "xy"))], "ab"),
        // the part's text stands in for deltas
        (
            &[
                json!({"type": "response.output_text.done", "item_id": "m1", "content_index": 0, "text": "a"}),
                json!({"type": "response.output_text.done", "item_id": "m1", "content_index": 1, "text": "b"}),
                done(message("m1", "ab")),
            ],
            "ab",
        ),
        // and changes nothing once the item is done
        (&[done(message("m1", "a")), json!({"type": "response.output_text.done", "item_id": "m1", "text": "a"})], "a"),
        // the completed answer repeats all, or tells it first
        (
            &[
                delta("m1", "a"),
                done(message("m1", "a")),
                json!({"type": "response.completed", "response": {"output": [message("m1", "a"), message("m2", "b")]}}),
            ],
            "ab",
        ),
        (
            &[
                done(message("m1", "a")),
                json!({"type": "response.completed", "response": {"output": [message("other", "a")]}}),
            ],
            "a",
        ),
        (&[json!({"type": "response.completed", "response": {"output": [message("m1", "ab")]}})], "ab"),
        // a bare item, and a user's message, which is nobody's answer
        (&[message("m1", "ab"), json!({"type": "message", "role": "user", "content": "no"})], "ab"),
    ];
    for (events, words) in cases {
        let heard = every_way(&(stream(events) + DONE), responses);
        assert_eq!(said(&heard), *words, "{events:?}");
        assert!(heard.2.is_ok());
    }
}

#[test]
fn what_agents_send_without_a_type() {
    let output = json!({"type": "function_call_output", "call_id": "c1", "output": "4", "error": "ignored"});
    let events = [
        json!({"type": "response.created", "response": {"id": "r", "metadata": {"a": "b"}, "output": []}}),
        output.clone(),
        json!({"type": "response.hologram", "custom_outputs": {"steps": 2}}),
        done(message("m1", "x")),
        json!({"type": "response.output_text.annotation.added", "item_id": "m1", "annotation": {"type": "url_citation", "url": "u"}, "databricks_output": {"trace": {"info": {}}}}),
        json!({"trace_id": "tr-1"}),
    ];
    let heard = every_way(&(stream(&events) + DONE), responses);
    let answer = serde_json::to_value(whole(&heard)).unwrap();
    assert_eq!(answer["output"], json!([output, message("m1", "x")]));
    assert_eq!(answer["custom_outputs"], json!({"steps": 2}));
    assert_eq!(answer["metadata"], json!({"a": "b", "trace_id": "tr-1"}));
    assert_eq!(answer["databricks_output"]["trace"]["info"], json!({}));
    // a whole answer in place of events
    let heard = every_way(&stream(&[json!({"object": "response", "output": [message("m1", "x")]})]), responses);
    assert_eq!(said(&heard), "x");
    assert!(heard.2.is_ok());
}

#[test]
fn e28_every_shape_of_an_error() {
    for (bad, kind, says) in [
        (json!({"error": "the tool broke"}), ErrorKind::InternalError, "the tool broke"),
        (
            json!({"type": "error", "code": "rate_limit_exceeded", "message": "slow down", "param": null}),
            ErrorKind::TooManyRequests,
            "slow down",
        ),
        (json!({"type": "error", "code": null, "message": "no code"}), ErrorKind::InternalError, "no code"),
        (
            json!({"type": "response.error", "error": {"code": "invalid_request_error", "message": "bad"}}),
            ErrorKind::BadRequest,
            "bad",
        ),
        (
            json!({"type": "response.failed", "response": {"status": "failed", "error": {"code": "429", "message": "later"}}}),
            ErrorKind::TooManyRequests,
            "later",
        ),
        (json!({"error_code": "PERMISSION_DENIED", "message": "not yours"}), ErrorKind::PermissionDenied, "not yours"),
    ] {
        let events = [delta("m1", "Hel"), bad.clone()];
        let (kind_found, partial) = every_way(&(stream(&events) + DONE), responses).2.unwrap_err();
        assert_eq!(kind_found, kind, "{bad}");
        assert!(partial.unwrap().contains("Hel"));
        let fault = Responses::default().fault("", Some(Raw::parse(&bad.to_string()).unwrap())).unwrap();
        assert!(fault.message().ends_with(says), "{fault}");
        assert_ne!(fault.error_code(), Some("error"));
    }
}

#[test]
fn other_forms_are_named() {
    let chat = json!({"choices": [{"index": 0, "delta": {"content": "x"}}]});
    let chunk = json!({"delta": {"role": "assistant", "content": "x", "id": "1"}});
    for (events, form, name) in [
        (&chat, responses as fn() -> Box<dyn Form>, "chat form"),
        (&chunk, responses, "ChatAgent form"),
        (&chat, agent, "chat form"),
        (&delta("m", "x"), agent, "Responses form"),
    ] {
        let fault = form().event(Raw::parse(&events.to_string()).unwrap(), &mut String::new()).unwrap_err();
        assert_eq!(fault.kind(), ErrorKind::Decode);
        assert!(fault.message().contains(name), "{fault}");
    }
}

#[test]
fn g4_g5_items_stand_in_the_order_of_the_output() {
    let at =
        |index: i64, item: Value| json!({"type": "response.output_item.done", "output_index": index, "item": item});
    let heard = every_way(
        &(stream(&[at(2, message("c", "c")), at(0, message("a", "a")), at(1, message("b", "b"))]) + DONE),
        responses,
    );
    let ids: Vec<_> = whole(&heard)
        .output
        .iter()
        .map(|item| match item {
            ResponseItem::Message(message) => message.id.clone().unwrap(),
            _ => String::new(),
        })
        .collect();
    assert_eq!(ids, ["a", "b", "c"]);
}

#[test]
fn g14_too_many_items_are_an_error() {
    let mut form = Responses::default();
    let fault = (0..5000).find_map(|n| {
        let item = done(message(&format!("m{n}"), "")).to_string();
        form.event(Raw::parse(&item).unwrap(), &mut String::new()).err()
    });
    assert_eq!(fault.unwrap().kind(), ErrorKind::BodyTooLarge);
}

#[test]
fn e30_a_whole_answer_in_place_of_a_stream() {
    let body = json!({"id": "r", "object": "response", "output": [message("m1", "a"), message("m2", "b")], "status": "completed"});
    let mut form = Responses::default();
    let mut words = String::new();
    for event in form.as_events(Raw::parse(&body.to_string()).unwrap()) {
        form.event(Raw::parse(&event).unwrap(), &mut words).unwrap();
    }
    assert_eq!((words.as_str(), form.settled()), ("ab", true));
    let again: Value = serde_json::from_str(&form.whole().unwrap()).unwrap();
    assert_eq!(again["output"], body["output"]);
    let body = json!({"messages": [{"role": "assistant", "content": "a", "id": "1"}, {"role": "assistant", "content": "b", "id": "2"}], "finish_reason": "stop", "custom_outputs": {"k": 1}});
    let mut form = ChatAgent::default();
    let mut words = String::new();
    for event in form.as_events(Raw::parse(&body.to_string()).unwrap()) {
        form.event(Raw::parse(&event).unwrap(), &mut words).unwrap();
    }
    assert_eq!((words.as_str(), form.settled()), ("ab", true));
    assert_eq!(serde_json::from_str::<Value>(&form.whole().unwrap()).unwrap(), body);
}

#[test]
fn a_call_that_ends_under_another_id_is_one_call() {
    let call = |id: &str, call_id: &str| json!({"type": "function_call", "id": id, "call_id": call_id, "name": "add", "arguments": "{}"});
    let added =
        |index: i64, item: Value| json!({"type": "response.output_item.added", "output_index": index, "item": item});
    let delta = |id: &str| json!({"type": "response.function_call_arguments.delta", "item_id": id, "delta": "{}"});
    let done =
        |index: i64, item: Value| json!({"type": "response.output_item.done", "output_index": index, "item": item});
    let thought = |id: &str| json!({"type": "reasoning", "id": id, "summary": [{"type": "summary_text", "text": "t"}]});
    let think =
        json!({"type": "response.reasoning_summary_text.delta", "item_id": "r1", "output_index": 2, "delta": "t"});
    let mut form = Responses::default();
    for event in [
        // two calls that share a place are told apart by what they are called
        added(0, call("a1", "c1")),
        delta("a1"),
        added(0, call("a2", "c2")),
        delta("a2"),
        done(0, call("b2", "c2")),
        done(0, call("b1", "c1")),
        think,
        done(2, thought("r2")),
    ] {
        form.event(Raw::parse(&event.to_string()).unwrap(), &mut String::new()).unwrap();
    }
    let whole: Value = serde_json::from_str(&form.whole().unwrap()).unwrap();
    assert_eq!(whole["output"], json!([call("b1", "c1"), call("b2", "c2"), thought("r2")]));
}

#[test]
fn f2_an_agent_is_done_by_its_last_finish_reason_alone() {
    let mut form = ChatAgent::default();
    let mut take = |event: Value| {
        form.event(Raw::parse(&event.to_string()).unwrap(), &mut String::new()).unwrap();
        (form.settled(), form.ends_soon())
    };
    assert_eq!(
        take(
            json!({"delta": {"role": "assistant", "id": "1", "tool_calls": [{"id": "c"}]}, "finish_reason": "tool_calls"})
        ),
        (false, false)
    );
    assert_eq!(
        take(json!({"delta": {"role": "assistant", "id": "2", "content": "a"}, "finish_reason": "stop"})),
        (true, false)
    );
    assert_eq!(take(json!({"delta": {"role": "assistant", "id": "3", "content": "b"}})), (false, false));
    assert_eq!(take(json!({"delta": {"id": "3", "content": "c"}, "finish_reason": "stop"})), (true, false));
    assert_eq!(take(json!({"custom_outputs": {}})), (true, false));
}

#[test]
fn deltas_of_one_id_are_one_message() {
    let events = [
        json!({"delta": {"role": "assistant", "content": "Let ", "id": "1"}}),
        json!({"delta": {"role": "assistant", "content": "me see.", "id": "1", "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "add", "arguments": "{}"}}]}}),
        json!({"delta": {"role": "tool", "content": "4", "id": "2", "name": "add", "tool_call_id": "c1"}}),
        json!({"delta": {"role": "assistant", "content": "It is ", "id": "3"}, "custom_outputs": {"a": 1}}),
        json!({"delta": {"content": "4.", "id": "3"}, "finish_reason": "stop", "usage": {"total_tokens": 9}}),
    ];
    let heard = every_way(&stream(&events), agent);
    assert_eq!(said(&heard), "Let me see.It is 4.");
    assert!(heard.2.clone().unwrap().no_sentinel);
    let answer: ChatAgentResponse = serde_json::from_str(heard.3.as_ref().unwrap()).unwrap();
    let texts: Vec<_> = answer.messages.iter().map(|message| message.content.clone().unwrap()).collect();
    assert_eq!(texts, ["Let me see.", "4", "It is 4."]);
    assert_eq!(answer.messages[0].tool_calls.as_ref().unwrap()[0]["function"]["name"], "add");
    assert_eq!(
        (answer.finish_reason.as_deref(), answer.custom_outputs.unwrap()["a"].clone()),
        (Some("stop"), json!(1))
    );
    let heard = every_way(&stream(&events[..4]), agent);
    assert_eq!(heard.2.unwrap_err().0, ErrorKind::Truncated);
}

#[test]
fn g1_g3_tool_calls_of_agents_in_pieces_or_again() {
    let call = |value: Value| json!({"delta": {"role": "assistant", "id": "1", "tool_calls": [value]}});
    let whole_call = json!({"id": "c2", "type": "function", "function": {"name": "sub", "arguments": "{}"}});
    let events = [
        call(json!({"index": 0, "id": "c1", "type": "function", "function": {"name": "add", "arguments": "{\"a\""}})),
        call(json!({"index": 0, "function": {"arguments": ":1}"}})),
        call(whole_call.clone()),
        call(whole_call),
    ];
    let heard = every_way(&(stream(&events) + DONE), agent);
    let answer: Value = serde_json::from_str(heard.3.as_ref().unwrap()).unwrap();
    let calls = answer["messages"][0]["tool_calls"].as_array().unwrap();
    assert_eq!(calls.len(), 2);
    assert_eq!(
        calls[0],
        json!({"id": "c1", "type": "function", "function": {"name": "add", "arguments": "{\"a\":1}"}})
    );
    assert_eq!(calls[1]["function"]["arguments"], "{}");
}

#[test]
fn deltas_without_ids_go_on_until_somebody_else_speaks() {
    let say = |role: &str, text: &str| json!({"delta": {"role": role, "content": text}});
    let heard = every_way(
        &(stream(&[say("assistant", "a"), say("assistant", "b"), say("tool", "t"), say("assistant", "c")]) + DONE),
        agent,
    );
    let answer: Value = serde_json::from_str(heard.3.as_ref().unwrap()).unwrap();
    let texts: Vec<_> =
        answer["messages"].as_array().unwrap().iter().map(|message| message["content"].clone()).collect();
    assert_eq!(texts, ["ab", "t", "c"]);
    assert_eq!(said(&heard), "abc");
}

proptest! {
    /// Whatever pieces a text comes in and wherever the bytes are cut, it is said once and kept whole.
    #[test]
    fn messages_come_out_as_they_went_in(texts in prop::collection::vec(prop::collection::vec(".{0,8}", 0..4), 1..5), with_done: bool, cut in 0_usize..2000) {
        let mut events = Vec::new();
        for (at, pieces) in texts.iter().enumerate() {
            let id = format!("m{at}");
            events.extend(pieces.iter().map(|piece| delta(&id, piece)));
            if with_done || pieces.concat().is_empty() {
                events.push(done(message(&id, &pieces.concat())));
            }
        }
        let stream = stream(&events) + DONE;
        let cut = cut.min(stream.len());
        let heard = hear(&[&stream.as_bytes()[..cut], &stream.as_bytes()[cut..]], responses);
        prop_assert_eq!(said(&heard), texts.iter().flatten().map(String::as_str).collect::<String>());
        let kept: Vec<String> = whole(&heard).output.iter().map(|item| match item {
            ResponseItem::Message(message) => message.text(),
            _ => String::new(),
        }).collect();
        prop_assert_eq!(kept, texts.iter().map(|pieces| pieces.concat()).collect::<Vec<_>>());
    }

    /// Any object at all is an event or an error, never a panic.
    #[test]
    fn strange_events_do_not_panic(kind in "(response\\.)?(output_text|output_item|completed|function_call_arguments|)(\\.(delta|done|added))?", key in "(item|item_id|delta|response|output|text)", value in "(null|1|\"x\"|\\[\\]|\\{\\}|\\{\"type\":\"message\",\"content\":\\[1\\]\\})") {
        let text = format!(r#"{{"type":"{kind}","{key}":{value}}}"#);
        let raw = Raw::parse(&text).unwrap();
        for mut form in [responses(), agent()] {
            let _ = form.event(raw, &mut String::new());
            let kept = form.whole().unwrap();
            prop_assert!(Raw::parse(&kept).is_ok(), "{}", kept);
        }
    }
}
