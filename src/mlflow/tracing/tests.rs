//! Writing and reading together.

use proptest::prelude::*;

use super::*;
use crate::error::ErrorKind;

const TRACE_ID: &str = "tr-0123456789abcdef0123456789abcdef";

fn json_text() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|b| b.to_string()),
        any::<i64>().prop_map(|n| n.to_string()),
        (-1e6..1e6).prop_map(|n: f64| format!("{n:?}")),
        "[a\"\\\\{é😀\n:,]{0,8}".prop_map(|text| crate::wire::json::string(&text)),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::btree_map("[a-z\"]{1,4}", inner, 0..4).prop_map(|fields| {
                let fields: Vec<_> =
                    fields.iter().map(|(k, v)| format!("{}:{v}", crate::wire::json::string(k))).collect();
                format!("{{{}}}", fields.join(","))
            }),
        ]
    })
}

prop_compose! {
    fn arbitrary_span()(
        id in any::<[u8; 8]>(), parent in prop::option::of(any::<[u8; 8]>()), name in "[a-z é\"]{0,10}",
        start in any::<u64>(), end in any::<u64>(), status in 0..3_usize, message in "[a-z\"]{0,6}",
        inputs in prop::option::of(json_text()), outputs in prop::option::of(json_text()),
        attributes in prop::collection::btree_map("[a-z.]{1,6}", json_text(), 0..4),
        events in prop::collection::vec(("[a-z]{1,5}", any::<u64>(), prop::collection::btree_map("[a-z.]{1,6}", json_text(), 0..3)), 0..3),
    ) -> Span {
        let status = [SpanStatus::Unset, SpanStatus::Ok, SpanStatus::Error][status];
        let events = events.into_iter().map(|(name, time_ns, attributes)| SpanEvent { name, time_ns, attributes: attributes.into_iter().collect() });
        Span { span_id: span_id(id), parent_id: parent.map(span_id), name, span_type: "TOOL".into(), start_ns: start, end_ns: end, status,
            status_message: message, inputs, outputs, attributes: attributes.into_iter().collect(), events: events.collect() }
    }
}

prop_compose! {
    fn arbitrary_trace()(spans in prop::collection::vec(arbitrary_span(), 0..4), tag in "[a-z\"é]{0,9}", preview in prop::option::of("[a-z]{0,4}")) -> Trace {
        Trace { trace_id: TRACE_ID.into(), experiment_id: "3".into(), tags: vec![("k".into(), tag)], spans, response_preview: preview, ..Trace::default() }
    }
}

/// What the server adds to a span, which its reader gives back among the attributes.
fn without_level(mut span: Span) -> Span {
    span.attributes.retain(|(key, _)| key != "mlflow.spanLogLevel");
    span
}

proptest! {
    #[test]
    fn a_trace_is_read_as_it_was_written(trace in arbitrary_trace()) {
        prop_assert_eq!(Trace::parse(&trace.to_json()).unwrap(), trace);
    }

    #[test]
    fn the_artifact_gives_the_same_spans_back(trace in arbitrary_trace()) {
        let artifact = traces_json(&trace);
        let spans: Vec<Span> = read_spans(&artifact).unwrap().into_iter().map(without_level).collect();
        prop_assert_eq!(&spans, &trace.spans);
        let again = spans_json(&artifact).unwrap();
        let whole = format!(r#"{{"trace_id":"{TRACE_ID}","experiment_id":"3",{}"#, &again[1..]);
        let read: Vec<Span> = Trace::parse(&whole).unwrap().spans.into_iter().map(without_level).collect();
        prop_assert_eq!(read, trace.spans);
    }

    #[test]
    fn all_that_is_written_is_json(trace in arbitrary_trace()) {
        for text in [traces_json(&trace), otlp_json(&trace, &[]), trace_info(&trace, Server::MlFlow), trace.to_json()] {
            crate::wire::json::check(&text).unwrap();
        }
    }

    #[test]
    fn no_text_panics(text in r#"[\[\]{},:"a-z0-9_]{0,60}"#) {
        let _ = (read_spans(&text), Trace::parse(&text), read_tags(&text));
    }
}

#[test]
fn the_typescript_clients_values_are_read_as_they_are() {
    let spans = read_spans(
        r#"{"spans":[{"trace_id":"ASNFZ4mrze8BI0VniavN7w==","span_id":"ASNFZ4mrze8=","parent_span_id":"","name":"agent",
        "start_time_unix_nano":1772360430123000001,"end_time_unix_nano":1772360430535000000,"events":[],
        "status":{"code":"STATUS_CODE_OK","message":""},
        "attributes":{"mlflow.traceRequestId":"tr-0123456789abcdef0123456789abcdef","mlflow.spanType":"AGENT",
        "mlflow.spanInputs":{"q":"5"},"mlflow.spanOutputs":"4","n":"7"}}]}"#,
    )
    .unwrap();
    let [span] = &spans[..] else { panic!("one span") };
    assert_eq!((span.span_id.as_str(), &span.parent_id, span.span_type.as_str()), ("0123456789abcdef", &None, "AGENT"));
    assert_eq!(span.start_ns, 1_772_360_430_123_000_001);
    assert_eq!((span.inputs.as_deref(), span.outputs.as_deref()), (Some(r#"{"q":"5"}"#), Some(r#""4""#)));
    assert_eq!(span.attribute("n"), Some(r#""7""#));
}

#[test]
fn the_rest_answers_nested_lists_become_values() {
    let spans = read_spans(
        r#"{"trace":{"trace_info":{"tags":{"a":"b"}},"spans":[{"trace_id":"ASNFZ4mrze8BI0VniavN7w==","span_id":"ASNFZ4mrze8=","name":"x",
        "start_time_unix_nano":1772360430123000001,"status":{"code":"STATUS_CODE_ERROR","message":"no"},
        "attributes":[{"key":"mlflow.spanType","value":{"string_value":"CHAIN"}},
         {"key":"mlflow.spanInputs","value":{"kvlist_value":{"values":[{"key":"q","value":{"array_value":{"values":[
            {"int_value":9007199254740993},{"int_value":"-5"},{"double_value":0.5},{"bool_value":true},{}]}}},
            {"key":"none"},{"key":"empty","value":{"kvlist_value":{}}}]}}}],
        "events":[{"name":"exception","time_unix_nano":"5","attributes":[{"key":"exception.type","value":{"string_value":"T"}}]}]}]}}"#,
    )
    .unwrap();
    let [span] = &spans[..] else { panic!("one span") };
    assert_eq!(span.inputs.as_deref(), Some(r#"{"q":[9007199254740993,-5,0.5,true,null],"none":null,"empty":{}}"#));
    assert_eq!(
        (span.span_type.as_str(), span.status, span.status_message.as_str()),
        ("CHAIN", SpanStatus::Error, "no")
    );
    assert_eq!(span.events[0].attributes, [("exception.type".to_owned(), "\"T\"".to_owned())]);
    let tags = read_tags(r#"{"trace_info":{"tags":[{"key":"a","value":"b"}]}}"#).unwrap();
    assert_eq!(tags, [("a".to_owned(), "b".to_owned())]);
}

#[test]
fn otlp_says_kinds_as_the_standard_does() {
    let mut span = Span {
        span_id: "0123456789abcdef".into(),
        status: SpanStatus::Error,
        status_message: "no".into(),
        ..Span::default()
    };
    let facts = [("t", "\"x\""), ("i", "-5"), ("d", "1.5"), ("b", "false"), ("o", "{\"a\":1}")];
    let attributes = facts.map(|(key, json)| (key.to_owned(), json.to_owned())).to_vec();
    span.events.push(SpanEvent { name: "e".into(), time_ns: 7, attributes });
    let metadata = vec![("mlflow.trace.session".into(), "s1".into())];
    let trace = Trace {
        trace_id: TRACE_ID.into(),
        tags: vec![("k".into(), "v".into())],
        metadata,
        spans: vec![span],
        ..Trace::default()
    };
    let json: serde_json::Value = serde_json::from_str(&otlp_json(&trace, &[])).unwrap();
    let span = &json["resourceSpans"][0]["scopeSpans"][0]["spans"][0];
    assert_eq!(span["status"], serde_json::json!({"code": 2, "message": "no"}));
    assert_eq!(span.get("parentSpanId"), None);
    let kinds: Vec<String> =
        span["events"][0]["attributes"].as_array().unwrap().iter().map(|fact| fact["value"].to_string()).collect();
    assert_eq!(
        kinds,
        [
            r#"{"stringValue":"x"}"#,
            r#"{"intValue":"-5"}"#,
            r#"{"doubleValue":1.5}"#,
            r#"{"boolValue":false}"#,
            r#"{"stringValue":"{\"a\":1}"}"#
        ]
    );
    let facts = span["attributes"].to_string();
    assert!(facts.contains(r#"{"key":"mlflow.traceTag.k","value":{"stringValue":"v"}}"#), "{facts}");
    assert!(facts.contains(r#"{"key":"session.id","value":{"stringValue":"s1"}}"#), "{facts}");
}

#[test]
fn an_id_or_a_time_of_another_form_is_told() {
    for (text, said) in [
        (r#"{"trace_id":"tr-1","experiment_id":"3"}"#, "32 hex digits"),
        (r#"{"trace_id":"tr-0123456789abcdef0123456789abcdef"}"#, "has no experiment"),
        (
            r#"{"trace_id":"tr-0123456789abcdef0123456789abcdef","experiment_id":"3","spans":[{"span_id":"x"}]}"#,
            "16 hex digits",
        ),
        (
            r#"{"trace_id":"tr-0123456789abcdef0123456789abcdef","experiment_id":"3","spans":[{"span_id":"0123456789abcdef","start_ns":1.5}]}"#,
            "nanoseconds",
        ),
    ] {
        let error = Trace::parse(text).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.message().contains(said), "{error}");
    }
}
