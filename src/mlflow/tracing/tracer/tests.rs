//! The tracer over a scripted network.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::auth::Credentials;
use crate::chat::tool_loop::{RunnableTool, ToolLimits};
use crate::chat::types::Tool;
use crate::client::WorkspaceClient;
use crate::config::Config;
use crate::transport::HttpRequest;
use crate::transport::scripted::{Reply, Scripted};

const ANSWER: &str = r#"{"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"4"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4}}"#;
const PROXIED: &str = r#"{"trace":{"trace_info":{"trace_id":"tr-1","tags":{"mlflow.artifactLocation":"mlflow-artifacts:/3/traces/tr-1/artifacts"}}}}"#;
const SIGNED: &str = r#"{"trace":{"trace_info":{"trace_id":"tr-1","tags":{"mlflow.artifactLocation":"dbfs:/databricks/mlflow-tracking/3/traces/tr-1/artifacts"}}}}"#;

fn client(network: &Scripted) -> WorkspaceClient {
    network.set_wall_clock(Duration::from_nanos(1_772_360_430_123_000_001));
    let config = Config::new("x.example").unwrap();
    WorkspaceClient::with_transport(config, Credentials::token("CANARY"), Arc::new(network.clone())).unwrap()
}

fn body(request: &HttpRequest) -> Value {
    serde_json::from_slice(request.body.as_deref().unwrap_or(b"null")).unwrap()
}

fn header<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    request.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// Answers a chat call, then keeps a trace.
fn server(network: &Scripted) {
    network.push(Reply::json(ANSWER));
    network.push(Reply::json(PROXIED));
    network.push(Reply::json("{}"));
}

#[test]
fn a_chat_becomes_a_trace_with_its_tokens() {
    let network = Scripted::new();
    server(&network);
    let client = client(&network);
    let tracing = MlflowTracing::new(&client.mlflow(), "3").with_tag("app", "shop").with_session("s").with_user("u");
    let chat = client.observed_by(tracing.clone()).chat("e");
    network.run(chat.invoke("2+2?")).unwrap().unwrap();
    assert_eq!((tracing.stats().waiting, network.requests().len()), (1, 1), "the call did not wait for the trace");
    network.run(tracing.flush()).unwrap().unwrap();
    assert_eq!(tracing.stats(), TracingStats { exported: 1, ..TracingStats::default() });
    let requests = network.requests();
    assert!(requests[1].url.ends_with("/api/3.0/mlflow/traces"));
    let info = &body(&requests[1])["trace"]["trace_info"];
    assert_eq!(
        (info["state"].as_str(), info["request_preview"].as_str(), info["response_preview"].as_str()),
        (Some("OK"), Some("2+2?"), Some("4"))
    );
    assert_eq!(
        info["trace_metadata"]["mlflow.trace.tokenUsage"],
        r#"{"input_tokens":3,"output_tokens":1,"total_tokens":4}"#
    );
    assert_eq!(
        (&info["trace_metadata"]["mlflow.trace.session"], &info["trace_metadata"]["mlflow.trace.user"]),
        (&json!("s"), &json!("u"))
    );
    assert_eq!(info["tags"], json!({"app": "shop", "mlflow.traceName": "e"}));
    assert!(requests[2].url.ends_with("/api/2.0/mlflow-artifacts/artifacts/3/traces/tr-1/artifacts/traces.json"));
    let spans = super::super::read_spans(std::str::from_utf8(requests[2].body.as_deref().unwrap()).unwrap()).unwrap();
    assert_eq!(
        (spans.len(), spans[0].span_type.as_str(), spans[0].start_ns),
        (1, "CHAT_MODEL", 1_772_360_430_123_000_001)
    );
    assert_eq!(spans[0].attribute("mlflow.llm.model"), Some("\"m\""));
    // the request carried the trace, by the id that was kept
    let parent = TraceParent::parse(header(&requests[0], "traceparent").unwrap()).unwrap();
    assert_eq!(info["trace_id"], format!("tr-{}", parent.trace_id));
    assert_eq!((parent.span_id, parent.sampled), (spans[0].span_id.clone(), true));
}

#[test]
fn own_spans_hold_calls_and_say_why_they_failed() {
    let network = Scripted::new();
    network.push(Reply::json(ANSWER));
    network.push(Reply::json(PROXIED));
    network.push(Reply::json("{}"));
    let client = client(&network);
    let tracing = MlflowTracing::new(&client.mlflow(), "3");
    let chat = client.observed_by(tracing.clone()).chat("e");
    let span = tracing.span("answer").span_type("AGENT").inputs(&json!({"q": 1})).attribute("k", &[1, 2]);
    span.trace().session("s").tag("t", "v").client_request_id("r-1").previews("asked", "said");
    let outcome: Result<(), String> = network
        .run(span.run(async {
            assert!(tracing.current_trace().is_some());
            chat.invoke("2+2?").await.map_err(|error| error.to_string())?;
            tracing.span("inner").in_scope(async {}).await;
            Err("the sum is wrong".into())
        }))
        .unwrap();
    assert!(outcome.is_err() && tracing.current_trace().is_none());
    network.run(tracing.close()).unwrap().unwrap();
    let requests = network.requests();
    let info = &body(&requests[1])["trace"]["trace_info"];
    assert_eq!((info["state"].as_str(), info["client_request_id"].as_str()), (Some("ERROR"), Some("r-1")));
    assert_eq!((info["request_preview"].as_str(), info["response_preview"].as_str()), (Some("asked"), Some("said")));
    let spans = super::super::read_spans(std::str::from_utf8(requests[2].body.as_deref().unwrap()).unwrap()).unwrap();
    let root = spans.iter().find(|span| span.parent_id.is_none()).unwrap();
    assert_eq!((root.name.as_str(), root.span_type.as_str(), root.attribute("k")), ("answer", "AGENT", Some("[1,2]")));
    assert_eq!(root.status_message, "Error: the sum is wrong");
    assert_eq!(root.events[0].name, "exception");
    assert_eq!(spans.iter().filter(|span| span.parent_id.as_ref() == Some(&root.span_id)).count(), 2);
    // closed: nothing is watched any more
    network.push(Reply::json(ANSWER));
    network.run(chat.invoke("x")).unwrap().unwrap();
    assert_eq!(tracing.stats().waiting, 0);
}

#[test]
fn what_finds_no_place_is_counted_and_a_refusal_is_told() {
    let network = Scripted::new();
    network.always(Reply::json(ANSWER));
    let client = client(&network);
    let tracing = MlflowTracing::new(&client.mlflow(), "3").with_max_queue(2);
    let chat = client.observed_by(tracing.clone()).chat("e");
    for _ in 0..5 {
        network.run(chat.invoke("x")).unwrap().unwrap();
    }
    assert_eq!((tracing.stats().waiting, tracing.stats().dropped), (2, 3));
    // the server's answers are no traces: each is told as failed, and the last reason comes out
    let error = network.run(tracing.flush()).unwrap().unwrap_err();
    assert!(error.message().contains("trace_info"), "{error}");
    assert_eq!((tracing.stats().failed, tracing.stats().waiting), (2, 0));
    assert!(network.run(tracing.flush()).unwrap().is_ok());
}

#[test]
fn a_trace_that_is_not_kept_sends_nothing_and_says_so_to_the_service_behind() {
    let network = Scripted::new();
    network.always(Reply::json(ANSWER));
    let client = client(&network);
    let tracing = MlflowTracing::new(&client.mlflow(), "3").with_sample_rate(0.0);
    let chat = client.observed_by(tracing.clone()).chat("e");
    network.run(tracing.span("root").in_scope(async { chat.invoke("x").await.map(drop) })).unwrap().unwrap();
    network.run(tracing.flush()).unwrap().unwrap();
    let requests = network.requests();
    assert_eq!((requests.len(), tracing.stats()), (1, TracingStats::default()));
    assert!(header(&requests[0], "traceparent").unwrap().ends_with("-00"));
    let quiet = MlflowTracing::new(&client.mlflow(), "3").with_traceparent(false);
    network.run(client.observed_by(quiet).chat("e").invoke("x")).unwrap().unwrap();
    assert_eq!(header(&network.requests()[1], "traceparent"), None);
}

#[test]
fn redaction_comes_before_everything_and_a_panic_withholds() {
    for clumsy in [false, true] {
        let network = Scripted::new();
        server(&network);
        let client = client(&network);
        let tracing = MlflowTracing::new(&client.mlflow(), "3").with_redaction(move |span| {
            assert!(!clumsy, "clumsy");
            span.inputs = span.inputs.as_ref().map(|text| text.replace("SECRET", "[gone]"));
        });
        network.run(client.observed_by(tracing.clone()).chat("e").invoke("my SECRET")).unwrap().unwrap();
        network.run(tracing.flush()).unwrap().unwrap();
        for request in &network.requests()[1..] {
            let text = std::str::from_utf8(request.body.as_deref().unwrap()).unwrap();
            assert!(!text.contains("SECRET"), "{text}");
            assert_eq!(text.contains("[gone]"), !clumsy, "{text}");
        }
    }
}

#[test]
fn a_workspace_takes_the_spans_at_a_signed_address_without_credentials() {
    let network = Scripted::new();
    network.push(Reply::json(SIGNED));
    network.push(Reply::json(r#"{"credential_info":{"type":"AZURE_SAS_URI","signed_uri":"https://store.example/t?sig=S","headers":[{"name":"x-h","value":"1"}]}}"#));
    network.push(Reply::status(201));
    let client = client(&network);
    let tracing = MlflowTracing::new(&client.mlflow(), "3");
    tracing.span("short").end();
    network.run(tracing.flush()).unwrap().unwrap();
    let requests = network.requests();
    assert!(
        requests[1].url.contains("/api/2.0/mlflow/traces/tr-")
            && requests[1].url.ends_with("/credentials-for-data-upload")
    );
    assert_eq!(requests[2].url, "https://store.example/t?sig=S");
    assert_eq!((header(&requests[2], "x-ms-blob-type"), header(&requests[2], "x-h")), (Some("BlockBlob"), Some("1")));
    assert_eq!(header(&requests[2], "authorization"), None);
}

#[test]
fn a_span_goes_on_from_another_services() {
    const HEADER: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let network = Scripted::new();
    network.push(Reply::json("{}"));
    let client = client(&network);
    let tracing = MlflowTracing::new(&client.mlflow(), "3").with_export(Export::Otlp).with_service_name("shop");
    tracing.span_after("served", HEADER).end();
    network.run(tracing.flush()).unwrap().unwrap();
    let requests = network.requests();
    // the other service tells the trace's info
    assert_eq!((requests.len(), header(&requests[0], "x-mlflow-experiment-id")), (1, Some("3")));
    let span = &body(&requests[0])["resourceSpans"][0]["scopeSpans"][0]["spans"][0];
    assert_eq!(
        (span["traceId"].as_str(), span["parentSpanId"].as_str()),
        (Some("0af7651916cd43dd8448eb211c80319c"), Some("b7ad6b7169203331"))
    );

    network.push(Reply::json(PROXIED));
    network.push(Reply::json("{}"));
    let own = MlflowTracing::new(&client.mlflow(), "3");
    own.span_after("served", HEADER).end();
    own.span_after("unkept", &HEADER.replace("-01", "-00")).end();
    network.run(own.flush()).unwrap().unwrap();
    let info = &body(&network.requests()[1])["trace"]["trace_info"];
    assert_eq!(info["trace_metadata"]["traceparent"], HEADER);
    assert_eq!(network.requests().len(), 3);
}

#[test]
fn too_much_is_cut_and_a_span_left_early_says_so() {
    let network = Scripted::new();
    network.push(Reply::json(PROXIED));
    network.push(Reply::json("{}"));
    let client = client(&network);
    let tracing = MlflowTracing::new(&client.mlflow(), "3").with_max_content(10);
    drop(tracing.span("left").inputs(&"é".repeat(20)));
    network.run(tracing.flush()).unwrap().unwrap();
    let requests = network.requests();
    let spans =
        super::super::read_spans(std::str::from_utf8(requests.last().unwrap().body.as_deref().unwrap()).unwrap())
            .unwrap();
    assert_eq!(spans[0].inputs.as_deref(), Some(r#""\"ééé...""#));
    assert_eq!(spans[0].attribute("lakewire.left_early"), Some("true"));
}

#[test]
fn what_begins_after_its_trace_was_sent_is_a_trace_of_its_own() {
    let network = Scripted::new();
    network.push(Reply::json(PROXIED));
    network.push(Reply::json("{}"));
    server(&network);
    let client = client(&network);
    let tracing = MlflowTracing::new(&client.mlflow(), "3");
    let span = tracing.span("request");
    let (context, first) = (span.context(), span.trace().trace_id().to_owned());
    let header = span.traceparent().unwrap();
    span.end();
    network.run(tracing.flush()).unwrap().unwrap();
    let chat = client.observed_by(tracing.clone()).chat("e");
    network.run(context.within(chat.invoke("2+2?"))).unwrap().unwrap();
    network.run(tracing.flush()).unwrap().unwrap();
    assert_eq!(tracing.stats(), TracingStats { exported: 2, ..TracingStats::default() });
    let requests = network.requests();
    let info = &body(&requests[3])["trace"]["trace_info"];
    assert_ne!(info["trace_id"], first);
    let spans = super::super::read_spans(std::str::from_utf8(requests[4].body.as_deref().unwrap()).unwrap()).unwrap();
    assert_eq!((spans.len(), spans[0].parent_id.as_deref()), (1, None));
    assert_eq!(info["trace_metadata"]["traceparent"], header);
}

#[test]
fn the_tokens_of_a_tool_loop_are_those_of_all_its_steps() {
    const ASKS: &str = r#"{"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"add","arguments":"{}"}}]},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15}}"#;
    const CALLS: &str = r#"{"id":"r","object":"response","output":[{"type":"function_call","call_id":"c","name":"add","arguments":"{}"}],"usage":{"input_tokens":10,"output_tokens":5,"total_tokens":15}}"#;
    const SAYS: &str = r#"{"id":"r","object":"response","output":[{"type":"message","role":"assistant","content":[{"type":"output_text","text":"4"}]}],"usage":{"input_tokens":3,"output_tokens":1,"total_tokens":4}}"#;
    for (first, last, responses) in [(ASKS, ANSWER, false), (CALLS, SAYS, true)] {
        let network = Scripted::new();
        for reply in [first, last, PROXIED, "{}"] {
            network.push(Reply::json(reply));
        }
        let client = client(&network);
        let tracing = MlflowTracing::new(&client.mlflow(), "3");
        let watched = client.observed_by(tracing.clone());
        let definition = Tool::function("add", "Adds.", serde_json::from_str(r#"{"type":"object"}"#).unwrap());
        let tool = RunnableTool::new(definition, |_| async { Ok("4".to_owned()) });
        if responses {
            let run = async { watched.responses("e").run_tools("x", &[tool], ToolLimits::default()).await };
            assert_eq!(network.run(run).unwrap().unwrap().answer.text(), "4");
        } else {
            let run = async { watched.chat("e").run_tools("x", &[tool], ToolLimits::default()).await };
            assert!(network.run(run).unwrap().unwrap().answer.usage.is_some(), "the caller has what the model said");
        }
        network.run(tracing.flush()).unwrap().unwrap();
        let info = &body(&network.requests()[2])["trace"]["trace_info"];
        let tokens = &info["trace_metadata"]["mlflow.trace.tokenUsage"];
        assert_eq!(tokens, r#"{"input_tokens":13,"output_tokens":6,"total_tokens":19}"#, "responses: {responses}");
    }
}

#[test]
fn a_span_keeps_so_many_events_and_facts_and_always_its_error() {
    let network = Scripted::new();
    network.push(Reply::json(PROXIED));
    network.push(Reply::json("{}"));
    let client = client(&network);
    let tracing = MlflowTracing::new(&client.mlflow(), "3");
    let span = tracing.span("long");
    for at in 0..1000 {
        span.event("seen", &[]);
        span.set_attribute(format!("a{at}"), &at);
    }
    span.set_attribute("a0", &"changed");
    span.fail(&"broke");
    network.run(tracing.flush()).unwrap().unwrap();
    let requests = network.requests();
    let spans = super::super::read_spans(std::str::from_utf8(requests[1].body.as_deref().unwrap()).unwrap()).unwrap();
    assert_eq!((spans[0].events.len(), spans[0].events[127].name.as_str()), (128, "exception"));
    assert_eq!((spans[0].attribute("a0"), spans[0].attribute("a999")), (Some("\"changed\""), None));
}
