//! Every rule of the fold, by the rows it answers.

use super::*;
use serde_json::{Value, json};

fn fold(chunks: &[Value]) -> Result<Accumulator> {
    let mut accumulator = Accumulator::new();
    for chunk in chunks {
        accumulator.push_raw(Raw::parse(&chunk.to_string()).unwrap())?;
    }
    Ok(accumulator)
}

fn deltas(deltas: &[Value]) -> Vec<Value> {
    deltas.iter().map(|delta| json!({"choices": [{"index": 0, "delta": delta}]})).collect()
}

fn completion(chunks: &[Value]) -> Value {
    serde_json::from_str(fold(chunks).unwrap().completion().unwrap().as_str()).unwrap()
}

fn message(parts: &[Value]) -> Value {
    completion(&deltas(parts))["choices"][0]["message"].clone()
}

fn calls(parts: &[Value]) -> Value {
    let wrapped: Vec<Value> = parts.iter().map(|call| json!({"tool_calls": [call]})).collect();
    message(&wrapped)["tool_calls"].clone()
}

fn refusal(chunks: &[Value]) -> ErrorKind {
    fold(chunks).unwrap_err().kind()
}

#[test]
fn f1_f7_f8_a_talk_with_usage_at_the_end() {
    let whole = completion(&[
        json!({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [{"index": 0, "delta": {"role": "assistant", "content": null}}]}),
        json!({"id": "c", "choices": [{"index": 0, "delta": {"content": "Hel"}}], "usage": {"prompt_tokens": 1, "completion_tokens": null}}),
        json!({"id": "", "choices": [{"index": 0, "delta": {"role": "assistant", "content": "lo"}, "finish_reason": null}], "usage": null}),
        json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}),
        json!({"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2}}),
    ]);
    assert_eq!(
        whole,
        json!({"id": "c", "object": "chat.completion", "created": 1, "model": "m",
            "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello"}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 1, "completion_tokens": 2}})
    );
}

#[test]
fn f6_finish_reasons_of_any_kind_are_kept() {
    for reason in [json!("length"), json!("content_filter"), json!("new_word"), json!(7)] {
        let whole = completion(&[json!({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})]);
        assert_eq!(whole["choices"][0]["finish_reason"], reason);
    }
}

#[test]
fn f9_parts_are_merged_and_keep_their_signature() {
    let reasoning = |text: &str, signature: &str| json!({"content": [{"type": "reasoning", "summary": [{"type": "summary_text", "text": text, "signature": signature}]}]});
    let content = message(&[
        reasoning("Let me ", ""),
        reasoning("think", ""),
        reasoning("", "sig"),
        reasoning("Again", ""),
        json!({"content": [{"type": "reasoning", "summary": [{"type": "summary_encrypted_text", "data": "x"}]}]}),
        json!({"content": [{"type": "text", "text": "So"}]}),
        json!({"content": [{"type": "text", "text": ": 4", "citations": [1]}]}),
        json!({"content": "."}),
        json!({"content": [{"type": "new", "x": 1}]}),
    ]);
    assert_eq!(
        content["content"],
        json!([
            {"type": "reasoning", "summary": [
                {"type": "summary_text", "text": "Let me think", "signature": "sig"},
                {"type": "summary_text", "text": "Again"},
                {"type": "summary_encrypted_text", "data": "x"}]},
            {"type": "text", "text": "So: 4.", "citations": [1]},
            {"type": "new", "x": 1}
        ])
    );
    let mixed = message(&[json!({"content": "a"}), json!({"content": [{"type": "text", "text": "b"}]})]);
    assert_eq!(mixed["content"], json!([{"type": "text", "text": "ab"}]));
    let accumulator =
        fold(&deltas(&[reasoning("no", ""), json!({"content": [{"type": "text", "text": "yes"}]})])).unwrap();
    assert_eq!(accumulator.text(), "yes");
}

#[test]
fn f10_the_last_identity_wins_with_a_flag() {
    let mut accumulator =
        fold(&[json!({"id": "a", "model": "m", "choices": []}), json!({"id": "b", "model": "", "choices": []})])
            .unwrap();
    let flags = accumulator.finish(End::Done).unwrap();
    assert!(flags.identity_changed && flags.no_finish_reason);
    assert!(accumulator.partial().unwrap().starts_with(r#"{"id":"b","model":"m""#));
}

#[test]
fn f11_choices_by_index_and_indexes_out_of_range() {
    let whole = completion(&[
        json!({"choices": [{"index": 127, "delta": {"content": "z"}}, {"index": 0, "delta": {"content": "a"}}]}),
        json!({"choices": [{"index": 127, "delta": {"content": "z"}}]}),
    ]);
    let said: Vec<_> = whole["choices"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| (c["index"].clone(), c["message"]["content"].clone()))
        .collect();
    assert_eq!(said, [(json!(0), json!("a")), (json!(127), json!("zz"))]);
    for index in [json!(128), json!(-1), json!("0"), json!(0.5), json!("__proto__"), json!(null)] {
        assert_eq!(refusal(&[json!({"choices": [{"index": index, "delta": {}}]})]), ErrorKind::Decode);
    }
}

#[test]
fn f12_deltas_after_the_end_are_ignored_with_a_flag() {
    let mut accumulator = fold(&[
        json!({"choices": [{"index": 0, "delta": {"content": "a"}, "finish_reason": "stop"}]}),
        json!({"choices": [{"index": 0, "delta": {"content": ""}}]}),
    ])
    .unwrap();
    assert!(!accumulator.finish(End::Done).unwrap().late_delta);
    accumulator.push_raw(Raw::parse(r#"{"choices":[{"index":0,"delta":{"content":"b"}}]}"#).unwrap()).unwrap();
    assert!(accumulator.finish(End::Done).unwrap().late_delta);
    assert_eq!(accumulator.text(), "a");
}

#[test]
fn g1_g4_g5_interleaved_calls_are_ordered_by_index() {
    let call = |index: u32, id: &str, name: &str, arguments: &str| json!({"index": index, "id": id, "type": "function", "function": {"name": name, "arguments": arguments}});
    let more = |index: u32, arguments: &str| json!({"index": index, "function": {"arguments": arguments}});
    let expected = json!([
        {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{\"x\":1}"}},
        {"id": "b", "type": "function", "function": {"name": "g", "arguments": "{}"}}]);
    assert_eq!(
        calls(&[
            call(0, "a", "f", ""),
            call(1, "b", "g", ""),
            more(0, "{\"x\""),
            more(1, "{"),
            more(0, ":1}"),
            more(1, "}")
        ]),
        expected
    );
    assert_eq!(calls(&[call(3, "b", "g", "{}"), call(1, "a", "f", "{\"x\":1}")]), expected);
}

#[test]
fn g2_g3_calls_without_an_index() {
    let parts = [
        json!({"id": "a", "function": {"name": "f", "arguments": "{"}}),
        json!({"function": {"arguments": "}"}}),
        json!({"id": "b", "function": {"name": "g", "arguments": "1"}}),
        json!({"id": "b", "function": {"arguments": "2"}}),
    ];
    let made = calls(&parts);
    let text = |at: usize| made[at]["function"]["arguments"].as_str().unwrap().to_owned();
    assert_eq!((made.as_array().unwrap().len(), text(0), text(1)), (2, "{}".to_owned(), "12".to_owned()));
}

#[test]
fn g6_g7_g8_g9_ids_and_names() {
    let made = calls(&[
        json!({"index": 0, "id": "a", "function": {"name": "get_", "arguments": ""}}),
        json!({"index": 0, "id": "", "function": {"name": "time"}}),
        json!({"index": 0, "id": "a", "function": {"name": "get_time", "arguments": "{}"}}),
        json!({"index": 0, "id": null, "function": {"name": "", "arguments": null}}),
    ]);
    assert_eq!(made, json!([{"id": "a", "type": "function", "function": {"name": "get_time", "arguments": "{}"}}]));
    let change = |second: Value| {
        refusal(&deltas(&[
            json!({"tool_calls": [{"index": 0, "id": "a", "function": {"name": "f", "arguments": "{"}}]}),
            json!({"tool_calls": [second]}),
        ]))
    };
    assert_eq!(change(json!({"index": 0, "id": "b"})), ErrorKind::Decode);
    assert_eq!(change(json!({"index": 0, "function": {"name": "g"}})), ErrorKind::Decode);
    let mut twice = fold(&deltas(&[
        json!({"tool_calls": [{"index": 0, "id": "a", "function": {"name": "f"}}, {"index": 1, "id": "a", "function": {"name": "f"}}]}),
    ]))
    .unwrap();
    assert!(twice.finish(End::Done).unwrap().duplicate_id);
    assert_eq!(twice.partial().unwrap().matches(r#""id":"a""#).count(), 2);
}

#[test]
fn g10_absent_arguments_stay_empty_text() {
    assert_eq!(calls(&[json!({"index": 0, "id": "a", "function": {"name": "f"}})])[0]["function"]["arguments"], "");
}

#[test]
fn g14_indexes_over_the_limit_are_refused_before_anything_is_kept() {
    for index in [json!(128), json!(1_000_000_000), json!(-1), json!("toString"), json!(1.5)] {
        assert_eq!(refusal(&deltas(&[json!({"tool_calls": [{"index": index}]})])), ErrorKind::Decode);
    }
    let many: Vec<Value> =
        (0..200).map(|at| json!({"tool_calls": [{"id": format!("t{at}"), "function": {"name": "f"}}]})).collect();
    assert_eq!(refusal(&deltas(&many)), ErrorKind::Decode);
}

#[test]
fn g15_fragments_are_limited() {
    let mut accumulator =
        fold(&deltas(&[json!({"tool_calls": [{"index": 0, "id": "a", "function": {"name": "f", "arguments": ""}}]})]))
            .unwrap();
    let piece = r#"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"1"}}]}}]}"#;
    let raw = Raw::parse(piece).unwrap();
    for _ in 1..MAX_FRAGMENTS {
        accumulator.push_raw(raw).unwrap();
    }
    assert_eq!(accumulator.push_raw(raw).unwrap_err().kind(), ErrorKind::BodyTooLarge);
    let long = json!({"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 1, "function": {"arguments": "x".repeat(MAX_ARGUMENTS + 1)}}]}}]});
    assert_eq!(refusal(&[long]), ErrorKind::BodyTooLarge);
}

#[test]
fn h3_wrong_types_are_refused() {
    for delta in [
        json!({"content": 1}),
        json!({"tool_calls": {}}),
        json!({"tool_calls": [1]}),
        json!({"tool_calls": [{"index": 0, "function": {"arguments": {}}}]}),
        json!([]),
    ] {
        assert_eq!(refusal(&deltas(&[delta])), ErrorKind::Decode);
    }
    assert_eq!(refusal(&[json!([])]), ErrorKind::Decode);
}

#[test]
fn h5_unknown_fields_are_kept() {
    let whole = completion(&[
        json!({"system_fingerprint": "fp", "choices": [{"index": 0, "delta": {"reasoning_content": "a", "extra": {"x": 1}}, "note": 1}]}),
        json!({"choices": [{"index": 0, "delta": {"reasoning_content": "b"}, "logprobs": {"content": [{"token": "t"}], "refusal": null}}]}),
        json!({"choices": [{"index": 0, "delta": {}, "logprobs": {"content": [{"token": "u"}]}}]}),
    ]);
    let choice = &whole["choices"][0];
    assert_eq!(whole["system_fingerprint"], "fp");
    assert_eq!(
        (&choice["message"]["reasoning_content"], &choice["message"]["extra"]["x"], &choice["note"]),
        (&json!("ab"), &json!(1), &json!(1))
    );
    assert_eq!(choice["logprobs"], json!({"content": [{"token": "t"}, {"token": "u"}]}));
}

#[test]
fn typed_chunks_fold_like_their_json() {
    let chunks = deltas(&[
        json!({"role": "assistant", "content": "a\u{e9}\n"}),
        json!({"tool_calls": [{"index": 0, "id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}]}),
    ]);
    let mut typed = Accumulator::new();
    for chunk in &chunks {
        typed.push(&serde_json::from_value(chunk.clone()).unwrap()).unwrap();
    }
    assert_eq!(typed.partial(), fold(&chunks).unwrap().partial());
}

#[test]
fn j3_what_is_kept_is_bounded() {
    let mut accumulator = fold(&deltas(&[json!({"content": "a"})])).unwrap();
    accumulator.kept = MAX_KEPT - 1;
    for text in ["b", "c", "d"] {
        accumulator.push_raw(Raw::parse(&deltas(&[json!({"content": text})])[0].to_string()).unwrap()).unwrap();
    }
    assert_eq!(accumulator.text(), "ab");
    assert_eq!(accumulator.completion().unwrap_err().kind(), ErrorKind::BodyTooLarge);
}
