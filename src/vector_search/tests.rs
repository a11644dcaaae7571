//! Flows over a scripted transport.

use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::WorkspaceClient;
use crate::auth::Credentials;
use crate::chat::ToolLimits;
use crate::config::Config;
use crate::error::TimeoutPhase;
use crate::transport::BoxFuture;
use crate::transport::Transport as _;
use crate::transport::scripted::{Reply, Scripted};

/// An index that computes embeddings itself.
pub(super) const MANAGED: &str = r#"{"name":"a.b.c","primary_key":"id","index_type":"DELTA_SYNC","delta_sync_index_spec":{"source_table":"a.b.t","embedding_source_columns":[{"name":"body","embedding_model_endpoint_name":"e"}]}}"#;
/// An index of a table that holds the embeddings.
pub(super) const SELF: &str = r#"{"name":"a.b.c","primary_key":"id","index_type":"DELTA_SYNC","delta_sync_index_spec":{"source_table":"a.b.t","embedding_vector_columns":[{"name":"vec","embedding_dimension":2}]}}"#;
/// An index whose rows are written by who uses it.
pub(super) const DIRECT: &str = r#"{"name":"a.b.c","primary_key":"id","index_type":"DIRECT_ACCESS","direct_access_index_spec":{"embedding_vector_columns":[{"name":"vec","embedding_dimension":2}],"schema_json":"{\"id\":\"string\",\"body\":\"string\",\"vec\":\"array<float>\",\"url\":\"string\"}"}}"#;

fn client(network: &Scripted) -> WorkspaceClient {
    let config = Config::new("x.example").unwrap();
    WorkspaceClient::with_transport(config, Credentials::token("t"), Arc::new(network.clone())).unwrap()
}

fn at(network: &Scripted) -> VectorSearchIndex {
    client(network).vector_search().index("a.b.c")
}

fn reply(value: Value) -> Reply {
    Reply::json(&value.to_string())
}

fn page(rows: Value, token: &str) -> Reply {
    reply(
        json!({"manifest": {"columns": [{"name": "id"}, {"name": "score"}]}, "result": {"data_array": rows}, "next_page_token": token}),
    )
}

fn body(network: &Scripted, at: usize) -> Value {
    serde_json::from_slice(network.requests()[at].body.as_deref().unwrap_or_default()).unwrap()
}

fn rows(count: usize) -> Vec<Value> {
    (0..count).map(|at| json!({"id": format!("k{at}")})).collect()
}

fn done(written: usize, failed: &[&str]) -> Reply {
    let status = if failed.is_empty() { "SUCCESS" } else { "PARTIAL_SUCCESS" };
    reply(json!({"status": status, "result": {"success_row_count": written, "failed_primary_keys": failed}}))
}

#[test]
fn rows_come_page_by_page() {
    let network = Scripted::new();
    network.push(page(json!([["a", 0.9], ["b", 0.8]]), "t1"));
    network.push(reply(json!({"result": {"dataArray": [["c", "0.7"]]}, "nextPageToken": null})));
    let request = QueryRequest::new(["id"]).query_text("q").filter(&Filter::eq("lang", "en"));
    let found = network.run(at(&network).query_rows(&request).unwrap().collect()).unwrap().unwrap();
    let ids: Vec<&Value> = found.iter().map(|row| &row["id"]).collect();
    assert_eq!(ids, ["a", "b", "c"]);
    assert_eq!(found[2]["score"], 0.7);
    assert_eq!(body(&network, 0)["filters_json"], r#"{"lang":"en"}"#);
    assert_eq!(body(&network, 1), json!({"page_token": "t1"}));
}

#[test]
fn o10_a_page_that_comes_again_ends_the_rows() {
    let network = Scripted::new();
    network.always(page(json!([["a", 0.9]]), "t1"));
    let request = QueryRequest::new(["id"]).query_text("q");
    let error = network.run(at(&network).query_rows(&request).unwrap().collect()).unwrap().unwrap_err();
    assert_eq!((error.kind(), network.requests().len()), (ErrorKind::Protocol, 2));
    let network = Scripted::new();
    network.always(reply(json!({"endpoints": [{"name": "e"}], "next_page_token": "same"})));
    let error = network.run(client(&network).vector_search().list_endpoints()).unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    let network = Scripted::new();
    network.always(reply(json!({"data": [{"fields": []}], "last_primary_key": "k"})));
    let error = network.run(at(&network).scan(5).collect()).unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
}

#[test]
fn scans_go_on_after_the_last_key() {
    let network = Scripted::new();
    network.push(reply(
        json!({"data": [{"fields": [{"key": "id", "value": {"string_value": "a"}}]}], "last_primary_key": "a"}),
    ));
    network.push(reply(json!({"data": [], "last_primary_key": "a"})));
    let found = network.run(at(&network).scan(1).collect()).unwrap().unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(body(&network, 1), json!({"num_results": 1, "last_primary_key": "a"}));
}

#[test]
fn o1_just_the_failed_rows_are_sent_again() {
    let network = Scripted::new();
    network.push(done(2, &["k1"]));
    network.push(done(1, &[]));
    let index = at(&network).with_primary_key("id");
    let report = network.run(index.upsert(rows(3))).unwrap().unwrap();
    assert!(!report.is_complete());
    assert_eq!((report.failed_keys(), report.written_keys()), (vec!["k1"], vec!["k0", "k2"]));
    let again = network.run(index.resend(&report)).unwrap().unwrap();
    assert!(again.is_complete());
    assert_eq!(body(&network, 1)["inputs_json"], r#"[{"id":"k1"}]"#);
}

#[test]
fn o2_failure_under_a_good_status_is_an_error() {
    let network = Scripted::new();
    network
        .always(reply(json!({"status": "FAILURE", "result": {"success_row_count": 0, "failed_primary_keys": ["k0"]}})));
    let error = network.run(at(&network).with_primary_key("id").upsert(rows(1))).unwrap().unwrap_err();
    assert_eq!((error.kind(), error.error_code()), (ErrorKind::OperationFailed, Some("FAILURE")));
}

#[test]
fn o3_each_batch_says_whether_it_was_done() {
    let network = Scripted::new();
    network.push(reply(json!({"name": "a.b.c", "primary_key": "id"})));
    network.push(done(500, &[]));
    for _ in 0..3 {
        network.push(Reply::status(500).bytes(r#"{"message":"broke"}"#));
    }
    network.push(done(100, &[]));
    network.push(done(500, &[]));
    let index = at(&network);
    let report = network.run(index.upsert_settled(rows(1100))).unwrap().unwrap();
    let states: Vec<WriteStatus> = report.batches.iter().map(|batch| batch.status).collect();
    assert_eq!(states, [WriteStatus::Done, WriteStatus::Unknown, WriteStatus::Done]);
    assert_eq!((report.unknown_keys().len(), report.written_keys().len(), report.failed_keys().len()), (500, 600, 0));
    let again = network.run(index.resend(&report)).unwrap().unwrap();
    assert!(again.is_complete());
    assert_eq!(again.written_keys().first(), Some(&"k500"));
}

#[test]
fn o3_what_is_about_all_batches_ends_the_call() {
    let network = Scripted::new();
    network.always(Reply::status(403).bytes(r#"{"error_code":"PERMISSION_DENIED","message":"no"}"#));
    let report = network.run(at(&network).with_primary_key("id").upsert_settled(rows(1100))).unwrap().unwrap();
    assert_eq!(network.requests().len(), 1);
    let kinds: Vec<ErrorKind> = report.batches.iter().filter_map(|batch| Some(batch.error.as_ref()?.kind())).collect();
    assert_eq!(kinds, [ErrorKind::PermissionDenied, ErrorKind::Cancelled, ErrorKind::Cancelled]);
    assert_eq!(report.failed_keys().len(), 1100);
}

#[test]
fn o4_a_limit_is_waited_out_and_nothing_is_sent_twice() {
    let network = Scripted::new();
    network.push(done(500, &[]));
    network.push(Reply::status(429).header("retry-after", "7").bytes(r#"{"message":"slow down"}"#));
    network.push(done(500, &[]));
    network.push(done(1, &[]));
    let report = network.run(at(&network).with_primary_key("id").upsert(rows(1001))).unwrap().unwrap();
    assert!(report.is_complete());
    let sent = network.sent_at();
    assert!(sent[2] - sent[1] >= std::time::Duration::from_secs(7));
    let first = |at: usize| {
        serde_json::from_str::<Vec<Value>>(body(&network, at)["inputs_json"].as_str().unwrap()).unwrap()[0]["id"]
            .clone()
    };
    // the refused batch was not taken, so it alone goes out again
    assert_eq!((first(0), first(1), first(2), first(3)), (json!("k0"), json!("k500"), json!("k500"), json!("k1000")));
}

#[test]
fn o5_an_answer_that_does_not_add_up_is_flagged() {
    let network = Scripted::new();
    network.push(done(1, &["stranger"]));
    let report = network.run(at(&network).with_primary_key("id").upsert_settled(rows(1))).unwrap().unwrap();
    let batch = &report.batches[0];
    assert_eq!((batch.status, batch.error.as_ref().unwrap().kind()), (WriteStatus::Unknown, ErrorKind::Protocol));
}

#[test]
fn deletions_go_by_key() {
    let network = Scripted::new();
    network.push(done(2, &[]));
    let report = network.run(at(&network).delete_rows(["a", "b"])).unwrap().unwrap();
    assert!(report.is_complete());
    assert_eq!(body(&network, 0), json!({"primary_keys": ["a", "b"]}));
}

#[test]
fn o8_waits_are_bounded_and_end_typed() {
    let endpoint = |state: &str| reply(json!({"name": "vs", "endpoint_status": {"state": state, "message": "m"}}));
    let network = Scripted::new();
    network.push(endpoint("PROVISIONING"));
    network.push(Reply::failure(ErrorKind::Connect, false));
    network.push(endpoint("ONLINE"));
    let search = client(&network).vector_search();
    assert_eq!(network.run(search.wait_until_online("vs")).unwrap().unwrap().name, "vs");
    network.push(endpoint("RED_STATE"));
    let error = network.run(search.wait_until_online("vs")).unwrap().unwrap_err();
    assert_eq!((error.kind(), error.error_code()), (ErrorKind::OperationFailed, Some("RED_STATE")));
    network.always(endpoint("PROVISIONING"));
    let limit = std::time::Duration::from_secs(60);
    let begun = network.now();
    let error = network.run(search.wait_until_online_with("vs", limit, |_| ())).unwrap().unwrap_err();
    assert_eq!((error.kind(), error.phase()), (ErrorKind::DeadlineExceeded, Some(TimeoutPhase::Total)));
    assert!(error.message().contains("PROVISIONING (m)") && network.now() - begun <= limit, "{error}");
}

#[test]
fn o8_an_index_that_is_offline_waits_for_its_endpoint() {
    let index =
        |state: &str| reply(json!({"name": "a.b.c", "endpoint_name": "vs", "status": {"detailed_state": state}}));
    let endpoint = |state: &str| reply(json!({"name": "vs", "endpoint_status": {"state": state}}));
    let network = Scripted::new();
    for one in [index("OFFLINE"), endpoint("STARTING"), index("ONLINE_UPDATING"), index("ONLINE_NO_PENDING_UPDATE")] {
        network.push(one);
    }
    let found = network.run(at(&network).wait_until_settled()).unwrap().unwrap();
    assert_eq!(found.status.unwrap().detailed_state.as_deref(), Some("ONLINE_NO_PENDING_UPDATE"));
    network.push(index("OFFLINE"));
    network.push(endpoint("ONLINE"));
    let error = network.run(at(&network).wait_until_ready()).unwrap().unwrap_err();
    assert_eq!(error.error_code(), Some("OFFLINE"));
}

#[test]
fn o9_a_create_whose_fate_is_open_is_not_sent_again() {
    let network = Scripted::new();
    network.always(Reply::failure(ErrorKind::Connect, true));
    let request = CreateVectorEndpointRequest::new("vs", EndpointType::Standard);
    let search = client(&network).vector_search();
    let error = network.run(search.create_endpoint(&request)).unwrap().unwrap_err();
    assert!(error.maybe_processed());
    assert_eq!(network.requests().len(), 1);
    network.always(reply(json!({"name": "vs"})));
    assert_eq!(network.run(search.get_endpoint("vs")).unwrap().unwrap().name, "vs");
}

struct Fixed;

impl EmbedTexts for Fixed {
    fn embed_query<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Vec<f32>>> {
        Box::pin(async { Ok(vec![1.0, 0.0]) })
    }

    fn embed_documents<'a>(&'a self, texts: &'a [String]) -> BoxFuture<'a, Result<crate::embeddings::Embeddings>> {
        Box::pin(async move { crate::embeddings::Embeddings::new(vec![0.5; texts.len() * 2], 2) })
    }
}

fn store(network: &Scripted, described: &str, options: StoreOptions) -> Result<DatabricksVectorSearch> {
    network.push(Reply::json(described));
    network.run(DatabricksVectorSearch::create(at(network), options)).unwrap()
}

fn own() -> StoreOptions {
    StoreOptions { embedding: Some(Arc::new(Fixed)), text_column: Some("body".into()), ..StoreOptions::default() }
}

fn found(rows: Value) -> Reply {
    let columns = json!([{"name": "id"}, {"name": "body"}, {"name": "vec"}, {"name": "score"}]);
    reply(json!({"manifest": {"columns": columns}, "result": {"data_array": rows}}))
}

#[test]
fn documents_are_picked_in_the_order_of_their_worth() {
    let network = Scripted::new();
    let store = store(&network, DIRECT, own()).unwrap();
    network.push(found(json!([
        ["a", "A", [0.9, 0.1], 0.9],
        ["b", "B", [0.9, 0.11], 0.8],
        ["c", "C", [0.0, 1.0], 0.1]
    ])));
    let search = Search { k: 2, lambda_mult: 0.1, ..Search::default() };
    let picked = network.run(store.max_marginal_relevance_search("q", &search)).unwrap().unwrap();
    let texts: Vec<&str> = picked.iter().map(|document| document.page_content.as_str()).collect();
    assert_eq!(texts, ["A", "C"]);
    assert_eq!(picked[0].metadata, json!({"id": "a"}).as_object().unwrap().clone());
    assert_eq!(body(&network, 1)["num_results"], 20);
    network.push(found(json!([["a", "A", null, 0.9]])));
    let scored = network.run(store.similarity_search_with_score("q", &Search::top(1))).unwrap().unwrap();
    assert_eq!((scored[0].1, body(&network, 2)["query_vector"].clone()), (0.9, json!([1.0, 0.0])));
}

#[test]
fn a_search_goes_on_until_it_has_its_documents() {
    let network = Scripted::new();
    let store = store(&network, DIRECT, own()).unwrap();
    let page = |rows: Value, next: &str| {
        let columns = json!([{"name": "id"}, {"name": "body"}, {"name": "score"}]);
        reply(json!({"manifest": {"columns": columns}, "result": {"data_array": rows}, "next_page_token": next}))
    };
    network.push(page(json!([[9_007_199_254_740_993_i64, "A", 0.9]]), "t1"));
    network.push(page(json!([]), "t2"));
    network.push(page(json!([["b", "B", 0.8], ["c", "C", 0.7]]), "t3"));
    let found = network.run(store.similarity_search("q", &Search::top(2))).unwrap().unwrap();
    let ids: Vec<&Value> = found.iter().map(|document| &document.metadata["id"]).collect();
    assert_eq!(ids, [&json!(9_007_199_254_740_993_i64), &json!("b")]);
    assert_eq!([body(&network, 2), body(&network, 3)], [json!({"page_token": "t1"}), json!({"page_token": "t2"})]);
    assert_eq!(network.requests().len(), 4, "the page behind t3 is not needed");
    network.push(page(json!([["a", "A", 0.9]]), ""));
    assert_eq!(network.run(store.similarity_search("q", &Search::top(2))).unwrap().unwrap().len(), 1);
}

#[test]
fn texts_are_added_with_their_vectors() {
    let network = Scripted::new();
    let store = store(&network, DIRECT, own()).unwrap();
    network.push(done(1, &["k1"]));
    let metadata = json!({"url": "u"}).as_object().unwrap().clone();
    let texts = ["one".to_owned(), "two".to_owned()];
    let ids = ["k0".to_owned(), "k1".to_owned()];
    let report = network.run(store.add_texts(&texts, &[metadata.clone(), metadata], &ids)).unwrap().unwrap();
    assert_eq!(report.written_keys(), ["k0"]);
    let sent: Value = serde_json::from_str(body(&network, 1)["inputs_json"].as_str().unwrap()).unwrap();
    assert_eq!(sent[0], json!({"id": "k0", "body": "one", "vec": [0.5, 0.5], "url": "u"}));
    assert!(network.run(store.delete(&[])).unwrap().is_err());
}

#[test]
fn the_tool_tells_the_model_what_it_finds() {
    let network = Scripted::new();
    let store = store(&network, MANAGED, StoreOptions::default()).unwrap();
    network.push(reply(json!({"columns": [{"name": "lang", "type_text": "string"}]})));
    let tool =
        network.run(store.as_tool(ToolOptions { dynamic_filter: true, ..ToolOptions::default() })).unwrap().unwrap();
    assert_eq!(tool.name(), "a__b__c");
    assert!(tool.definition().function.description.as_deref().unwrap().contains("lang (string)"));
    let filter = Search::default().filter(&Filter::eq("a", 1));
    let both = ToolOptions { dynamic_filter: true, search: Some(filter), ..ToolOptions::default() };
    assert!(network.run(store.as_tool(both)).unwrap().is_err());
    network.push(Reply::status(403).bytes(r#"{"message":"no"}"#));
    assert!(network.run(store.as_tool(ToolOptions::default())).unwrap().is_ok(), "it does without the columns");
}

#[test]
fn the_tool_loop_searches_and_gives_the_model_the_documents() {
    let network = Scripted::new();
    let store = store(&network, MANAGED, StoreOptions::default()).unwrap();
    network.push(reply(json!({"columns": [{"name": "lang", "type_text": "string"}]})));
    let options = ToolOptions {
        dynamic_filter: true,
        search: Some(Search { k: 2, ..Search::default() }),
        ..ToolOptions::default()
    };
    let tool = network.run(store.as_tool(options)).unwrap().unwrap();
    let says = |message: Value| {
        reply(json!({"id": "x", "object": "chat.completion", "created": 1, "model": "m",
            "choices": [{"index": 0, "finish_reason": "stop", "message": message}]}))
    };
    let asks = |arguments: &str| {
        let call = json!({"id": "c1", "type": "function", "function": {"name": "a__b__c", "arguments": arguments}});
        says(json!({"role": "assistant", "content": null, "tool_calls": [call]}))
    };
    network.push(asks(r#"{"query":""}"#));
    network.push(asks(r#"{"query":"reset","filters":[{"key":"lang","value":"en"}]}"#));
    let columns = json!([{"name": "id"}, {"name": "body"}, {"name": "score"}]);
    network.push(reply(
        json!({"manifest": {"columns": columns}, "result": {"data_array": [["a", "Hold the button.", 0.9]]}}),
    ));
    network.push(says(json!({"role": "assistant", "content": "Hold the button."})));
    let chat = client(&network).chat("m");
    let run = network.run(chat.run_tools("How do I reset it?", &[tool], ToolLimits::default())).unwrap().unwrap();
    assert_eq!((run.answer.text(), run.steps), ("Hold the button.".into(), 3));
    let told = |at: usize| {
        let message: Value = serde_json::from_str(&run.messages[at]).unwrap();
        message["content"].as_str().unwrap().to_owned()
    };
    assert!(told(2).contains("The tool needs `query`"), "{}", told(2));
    let documents: Value = serde_json::from_str(&told(4)).unwrap();
    assert_eq!(documents, json!([{"page_content": "Hold the button.", "metadata": {"id": "a"}}]));
    assert_eq!(
        body(&network, 4),
        json!({"columns": ["id", "body"], "num_results": 2, "query_text": "reset", "filters_json": "{\"lang\":\"en\"}"})
    );
}
