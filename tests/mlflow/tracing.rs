//! Traces, written by the tracer and read back from the real server.

use std::sync::Arc;

use lakewire::chain::StrOutputParser;
use lakewire::mlflow::MlflowClient;
use lakewire::mlflow::tracing::{
    Assessment, AssessmentSource, Export, MlflowTracing, SpanStatus, TraceSearch, TraceState,
};
use lakewire::prompts::ChatPromptTemplate;
use lakewire::transport::scripted::{Reply, Scripted};
use lakewire::{Config, Credentials, ErrorKind, WorkspaceClient};
use serde_json::json;

const ANSWER: &str = r#"{"id":"1","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"4"},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":1,"total_tokens":10}}"#;

fn mlflow() -> MlflowClient {
    let url = std::env::var("LAKEWIRE_MLFLOW").unwrap();
    WorkspaceClient::with_config(Config::new(&url).unwrap(), Credentials::none()).unwrap().mlflow()
}

/// A name that no earlier run of the tests has used.
fn name(of: &str) -> String {
    format!("{of}-{}", std::process::id())
}

/// A workspace whose models answer from memory.
fn workspace(network: &Scripted) -> WorkspaceClient {
    let config = Config::new("x.example").unwrap();
    WorkspaceClient::with_transport(config, Credentials::token("t"), Arc::new(network.clone())).unwrap()
}

#[tokio::test]
#[ignore = "needs a server"]
async fn a_chain_is_traced_and_read_back_both_ways() {
    let mlflow = mlflow();
    for (export, stored) in [(Export::Artifact, false), (Export::Otlp, true)] {
        let experiment =
            mlflow.experiment(&name(if stored { "otlp" } else { "artifact" })).await.unwrap().experiment_id;
        let tracing = MlflowTracing::new(&mlflow, experiment.as_str()).with_export(export).with_tag("app", "shop");
        let network = Scripted::new();
        network.push(Reply::json(ANSWER));
        network.push(Reply::status(404));
        let chat = workspace(&network).observed_by(tracing.clone()).chat("e");
        let prompt = ChatPromptTemplate::from_messages([("human", "{q}")]).unwrap();
        let chain = prompt.pipe(chat.clone()).pipe(StrOutputParser);

        let span = tracing.span("answer").inputs(&json!({"q": "What is 2+2?"}));
        let trace_id = span.trace().session("s-1").user("u-1").trace_id().to_owned();
        let said = span.run(chain.invoke([("q", "What is 2+2?")])).await.unwrap();
        assert_eq!(said, "4");
        assert_eq!(chat.invoke("gone").await.unwrap_err().kind(), ErrorKind::NotFound);
        tracing.close().await.unwrap();
        assert_eq!(tracing.stats().exported, 2);

        let trace = mlflow.get_trace(&trace_id).await.unwrap();
        assert_eq!(trace.info.tag("mlflow.trace.spansLocation").is_some(), stored, "{:?}", trace.info.tags);
        assert_eq!((trace.info.state.clone(), trace.info.tag("app")), (Some(TraceState::Ok), Some("shop")));
        assert_eq!(trace.info.experiment_id(), Some(experiment.as_str()));
        assert_eq!(trace.info.metadata("mlflow.trace.session"), Some("s-1"));
        assert_eq!(trace.info.metadata("mlflow.trace.user"), Some("u-1"));
        let usage: serde_json::Value =
            serde_json::from_str(trace.info.metadata("mlflow.trace.tokenUsage").unwrap()).unwrap();
        assert_eq!(usage, json!({"input_tokens": 9, "output_tokens": 1, "total_tokens": 10}));
        assert_eq!(trace.info.response_preview.as_deref(), Some("4"));
        let named = |name: &str| trace.spans.iter().find(|span| span.name == name).unwrap();
        let (root, chain, model) = (named("answer"), named("chain"), named("e"));
        assert_eq!((&root.parent_id, chain.parent_id.as_ref()), (&None, Some(&root.span_id)));
        assert_eq!((model.parent_id.as_ref(), model.span_type.as_str()), (Some(&chain.span_id), "CHAT_MODEL"));
        assert_eq!((model.status, model.attribute("mlflow.llm.model")), (SpanStatus::Ok, Some("\"m\"")));
        assert_eq!((named("chat prompt").span_type.as_str(), trace.spans.len()), ("CHAIN", 5));
        assert!(root.start_ns <= model.start_ns && model.end_ns <= root.end_ns && root.start_ns > 1 << 53);
        let read: serde_json::Value = serde_json::from_str(model.outputs.as_deref().unwrap()).unwrap();
        assert_eq!(read, serde_json::from_str::<serde_json::Value>(ANSWER).unwrap());

        let search = TraceSearch::in_experiments([&experiment]).filter("attributes.status = 'ERROR'");
        let failed = mlflow.search_traces(&search).all().await.unwrap();
        assert_eq!(failed.len(), 1);
        let failed = mlflow.get_trace(&failed[0].trace_id).await.unwrap();
        assert_eq!((failed.spans[0].status, failed.spans[0].events[0].name.as_str()), (SpanStatus::Error, "exception"));
    }
}

#[tokio::test]
#[ignore = "needs a server"]
async fn tags_judgements_runs_and_deletion() {
    let mlflow = mlflow();
    let experiment = mlflow.experiment(&name("around")).await.unwrap().experiment_id;
    let tracing = MlflowTracing::new(&mlflow, experiment.as_str());
    let mut ids = Vec::new();
    for at in 0..3 {
        let span = tracing.span(format!("s{at}"));
        ids.push(span.trace().trace_id().to_owned());
        span.end();
    }
    tracing.flush().await.unwrap();
    let [first, second, _] = &ids[..] else { panic!("three traces") };

    mlflow.set_trace_tag(first, "k", "v").await.unwrap();
    let tagged = TraceSearch::in_experiments([&experiment]).filter("tags.k = 'v'");
    assert_eq!(mlflow.search_traces(&tagged).all().await.unwrap()[0].trace_id, *first);
    mlflow.delete_trace_tag(first, "k").await.unwrap();
    assert!(mlflow.search_traces(&tagged).all().await.unwrap().is_empty());
    let paged = TraceSearch::in_experiments([&experiment]).max_results(1).order_by("timestamp_ms ASC");
    let mut pages = mlflow.search_traces(&paged);
    assert_eq!(pages.next().await.unwrap().unwrap().len(), 1);
    assert_eq!(pages.all().await.unwrap().len(), 2);

    let judged = Assessment::feedback("correct", true).source(AssessmentSource::human("me")).rationale("It is.");
    let made = mlflow.create_assessment(first, &judged).await.unwrap();
    let id = made.assessment_id.clone().unwrap();
    let changed = mlflow.update_assessment(first, &id, &Assessment::feedback("correct", 0.5)).await.unwrap();
    assert_eq!(changed.value(), Some(json!(0.5)));
    let read = mlflow.get_assessment(first, &id).await.unwrap();
    assert_eq!((read.value(), read.rationale.as_deref()), (Some(json!(0.5)), Some("It is.")));
    let expected = mlflow.log_expectation(first, "facts", json!(["a", {"b": 1}])).await.unwrap();
    assert_eq!(expected.value(), Some(json!(["a", {"b": 1}])));
    assert_eq!(mlflow.get_trace_info(first).await.unwrap().assessments.unwrap().len(), 2);
    mlflow.delete_assessment(first, &id).await.unwrap();
    assert_eq!(mlflow.get_assessment(first, &id).await.unwrap_err().kind(), ErrorKind::NotFound);

    mlflow.link_traces_to_run(&[second], "0123456789abcdef0123456789abcdef").await.unwrap();
    assert_eq!(mlflow.delete_traces(&experiment, &[second]).await.unwrap(), 1);
    assert_eq!(mlflow.get_trace(second).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(mlflow.delete_traces_before(&experiment, 4_000_000_000_000, Some(10)).await.unwrap(), 2);
}
