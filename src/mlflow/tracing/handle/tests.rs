//! Calls around traces, over a scripted network.

use super::*;
use crate::auth::Credentials;
use crate::client::WorkspaceClient;
use crate::config::Config;
use crate::mlflow::tracing::{AssessmentSource, TraceState};
use crate::transport::scripted::{Reply, Scripted};

const ID: &str = "tr-0123456789abcdef0123456789abcdef";

fn mlflow(network: &Scripted) -> MlflowClient {
    let config = Config::new("x.example").unwrap();
    WorkspaceClient::with_transport(config, Credentials::token("t"), Arc::new(network.clone())).unwrap().mlflow()
}

/// The last request: method, path and body.
fn last(network: &Scripted) -> (&'static str, String, Value) {
    let request = network.requests().pop().unwrap();
    let path = request.url.strip_prefix("https://x.example").unwrap().to_owned();
    (request.method.as_str(), path, serde_json::from_slice(request.body.as_deref().unwrap_or(b"null")).unwrap())
}

#[test]
fn a_search_goes_through_its_pages() {
    let network = Scripted::new();
    network.push(Reply::json(
        r#"{"traces":[{"trace_id":"a","state":"OK","new":9007199254740993}],"next_page_token":"n"}"#,
    ));
    network.push(Reply::json(r#"{"traces":[{"trace_id":"b"}]}"#));
    let search = TraceSearch::in_experiments(["3"]).filter("tags.k = 'v'").order_by("timestamp_ms DESC").max_results(1);
    let found = network.run(mlflow(&network).search_traces(&search).all()).unwrap().unwrap();
    assert_eq!(found.iter().map(|info| info.trace_id.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(
        (found[0].state.clone(), &found[0].extra["new"]),
        (Some(TraceState::Ok), &json!(9_007_199_254_740_993_i64))
    );
    let (method, path, body) = last(&network);
    assert_eq!((method, path.as_str()), ("POST", "/api/3.0/mlflow/traces/search"));
    assert_eq!(
        body,
        json!({"locations": [{"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "3"}}], "filter": "tags.k = 'v'",
            "order_by": ["timestamp_ms DESC"], "max_results": 1, "page_token": "n"})
    );
}

#[test]
fn spans_are_read_where_they_lie() {
    let network = Scripted::new();
    let client = mlflow(&network);
    let info =
        |tags: &str| Reply::json(&format!(r#"{{"trace":{{"trace_info":{{"trace_id":"{ID}","tags":{tags}}}}}}}"#));
    let span = r#"{"span_id":"ASNFZ4mrze8=","name":"x","attributes":{}}"#;
    network.push(info(r#"{"mlflow.trace.spansLocation":"TRACKING_STORE"}"#));
    network.push(Reply::json(&format!(r#"{{"trace":{{"spans":[{span}]}}}}"#)));
    assert_eq!(network.run(client.get_trace(ID)).unwrap().unwrap().spans[0].name, "x");
    assert_eq!(last(&network).1, format!("/api/3.0/mlflow/traces/get?trace_id={ID}"));
    network.push(info(r#"{"mlflow.artifactLocation":"mlflow-artifacts:/3/t"}"#));
    network.push(Reply::json(&format!(r#"{{"spans":[{span}]}}"#)));
    assert_eq!(network.run(client.get_trace(ID)).unwrap().unwrap().spans[0].span_id, "0123456789abcdef");
    assert_eq!(last(&network).1, "/api/2.0/mlflow-artifacts/artifacts/3/t/traces.json");
    network.push(info(r#"{"mlflow.artifactLocation":"dbfs:/3/t"}"#));
    network.push(Reply::json(r#"{"credential_info":{"signed_uri":"https://store.example/t?sig=CANARY"}}"#));
    network.push(Reply::status(403));
    let error = network.run(client.get_trace(ID)).unwrap().unwrap_err();
    assert!(error.status() == Some(403) && !format!("{error:?}").contains("CANARY"), "{error:?}");
}

#[test]
fn assessments_are_checked_and_told_by_their_mask() {
    let network = Scripted::new();
    let client = mlflow(&network);
    let nameless = Assessment::feedback("", 1);
    let mut both = Assessment::feedback("a", 1);
    both.expectation = Assessment::expectation("a", 1).expectation;
    for bad in [nameless, both] {
        let error = network.run(client.create_assessment(ID, &bad)).unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    }
    network.always(Reply::json(r#"{"assessment":{"assessment_id":"a-1","feedback":{"value":false}}}"#));
    let own = Assessment::feedback("correct", true).source(AssessmentSource::human("me")).rationale("4");
    let made = network.run(client.create_assessment(ID, &own)).unwrap().unwrap();
    assert_eq!((made.assessment_id.as_deref(), made.value()), (Some("a-1"), Some(json!(false))));
    let (method, path, body) = last(&network);
    assert_eq!((method, path), ("POST", format!("/api/3.0/mlflow/traces/{ID}/assessments")));
    assert_eq!(
        body["assessment"],
        json!({"assessment_name": "correct", "trace_id": ID, "source": {"source_type": "HUMAN", "source_id": "me"},
            "feedback": {"value": true}, "rationale": "4"})
    );
    network.run(client.update_assessment(ID, "a-1", &own)).unwrap().unwrap();
    let (method, _, body) = last(&network);
    assert_eq!((method, &body["update_mask"]), ("PATCH", &json!("assessmentName,feedback,rationale")));
    let expected = Assessment::expectation("facts", json!(["a", 1]));
    assert_eq!(expected.value(), Some(json!(["a", 1])));
    assert_eq!(expected.expectation.unwrap()["serialized_value"]["serialization_format"], "JSON_FORMAT");
    network.run(client.delete_assessment(ID, "a-1")).unwrap().unwrap();
    assert_eq!(last(&network).0, "DELETE");
}

#[test]
fn tags_runs_and_deletion_go_where_they_are_documented() {
    let network = Scripted::new();
    let client = mlflow(&network);
    network.always(Reply::json(r#"{"traces_deleted":2}"#));
    network.run(client.set_trace_tag(ID, "k", "v")).unwrap().unwrap();
    assert_eq!(
        last(&network),
        ("PATCH", format!("/api/2.0/mlflow/traces/{ID}/tags"), json!({"key": "k", "value": "v"}))
    );
    network.run(client.delete_trace_tag(ID, "k")).unwrap().unwrap();
    assert_eq!(last(&network), ("DELETE", format!("/api/2.0/mlflow/traces/{ID}/tags"), json!({"key": "k"})));
    network.run(client.link_traces_to_run(&[ID], "r")).unwrap().unwrap();
    assert_eq!(last(&network).2, json!({"trace_ids": [ID], "run_id": "r"}));
    assert_eq!(network.run(client.delete_traces("3", &[ID])).unwrap().unwrap(), 2);
    assert_eq!(last(&network).2, json!({"experiment_id": "3", "request_ids": [ID]}));
    network.run(client.delete_traces_before("3", 9, Some(5))).unwrap().unwrap();
    assert_eq!(last(&network).2, json!({"experiment_id": "3", "max_timestamp_millis": 9, "max_traces": 5}));
    let error = network.run(client.get_trace_info("../x\n")).unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}
