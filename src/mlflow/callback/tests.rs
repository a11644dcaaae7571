//! The handler over a scripted network.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that fails says so by panicking")]

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::*;
use crate::auth::Credentials;
use crate::client::WorkspaceClient;
use crate::config::Config;
use crate::error::ErrorKind;
use crate::transport::scripted::{Reply, Scripted};

const ANSWER: &str = r#"{"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Four."},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4}}"#;
const EXPERIMENT: &str = r#"{"experiment":{"experiment_id":"7","name":"e","lifecycle_stage":"active"}}"#;
const RUN: &str = r#"{"run":{"info":{"run_id":"r1","experiment_id":"7","artifact_uri":"mlflow-artifacts:/7/r1/artifacts"},"data":{}}}"#;

fn client(network: &Scripted) -> WorkspaceClient {
    network.set_wall_clock(Duration::from_millis(1_772_360_430_123));
    let config = Config::new("x.example").unwrap();
    WorkspaceClient::with_transport(config, Credentials::token("CANARY"), Arc::new(network.clone())).unwrap()
}

fn paths(network: &Scripted, from: usize) -> Vec<String> {
    let short = |url: &str| {
        let path = url.split("/api/2.0/").nth(1).unwrap_or(url);
        path.replace("mlflow-artifacts/artifacts/7/r1/artifacts/", "put ").split('?').next().unwrap().to_owned()
    };
    network.requests()[from..].iter().map(|request| short(&request.url)).collect()
}

fn body(network: &Scripted, at: usize) -> Value {
    serde_json::from_slice(network.requests()[at].body.as_deref().unwrap_or(b"null")).unwrap()
}

#[test]
fn a_watched_chat_is_logged_and_its_run_ends() {
    let network = Scripted::new();
    for reply in [ANSWER, EXPERIMENT, RUN].into_iter().chain(["{}"; 8]) {
        network.push(Reply::json(reply));
    }
    let client = client(&network);
    let handler =
        MlflowCallbackHandler::new(&client.mlflow()).with_name("try-%").with_tag("a", "b").with_artifacts_dir("d/");
    let chat = client.observed_by(handler.clone()).chat("e");
    network.run(chat.invoke("2+2?")).unwrap().unwrap();
    assert_eq!((handler.stats().waiting, network.requests().len()), (2, 1), "the call did not wait for the run");
    network.run(handler.close()).unwrap().unwrap();
    assert_eq!((handler.stats().sent, handler.stats().failed), (3, 0));
    assert_eq!(
        paths(&network, 1),
        [
            "mlflow/experiments/get-by-name",
            "mlflow/runs/create",
            "mlflow/runs/log-batch",
            "put d/llm_start_1_prompt_0.json",
            "put d/llm_end_1_generation_0.json",
            "put d/table_action_records.html",
            "put d/table_session_analysis.html",
            "put d/chat_html.html",
            "mlflow/runs/update"
        ]
    );
    let name = body(&network, 2)["run_name"].as_str().unwrap().to_owned();
    assert!(name.starts_with("try-") && name.len() == 11, "{name}");
    let metrics = body(&network, 3)["metrics"].as_array().unwrap().clone();
    assert_eq!(metrics.len(), 45);
    assert!(metrics.iter().all(|metric| metric["step"] == 0));
    assert_eq!((&metrics[0]["key"], &metrics[0]["value"]), (&"step".into(), &1.0.into()));
    assert_eq!(metrics[15]["timestamp"].as_i64(), metrics[0]["timestamp"].as_i64().map(|time| time + 1));
    assert_eq!(body(&network, 4)["prompt"], "Human: 2+2?");
    assert_eq!(body(&network, 5)["token_usage_total_tokens"], 4);
    assert_eq!(body(&network, 9)["status"], "FINISHED");
    // nothing comes after the end
    handler.on_text("late");
    network.run(handler.close()).unwrap().unwrap();
    assert_eq!(network.requests().len(), 10);
}

#[test]
fn what_fails_is_the_flushs_and_never_the_calls() {
    let network = Scripted::new();
    network.push(Reply::json(ANSWER));
    network.push(Reply::status(403));
    network.push(Reply::status(403));
    let client = client(&network);
    let handler = MlflowCallbackHandler::new(&client.mlflow()).with_run("r1").with_max_queue(2);
    let chat = client.observed_by(handler.clone()).chat("e");
    network.run(chat.invoke("2+2?")).unwrap().unwrap();
    handler.on_text("no room");
    assert_eq!(handler.stats().dropped, 1);
    let error = network.run(handler.close()).unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert_eq!((handler.stats().sent, handler.stats().waiting), (0, 0));
}

#[test]
fn a_failed_call_counts_as_an_error() {
    let network = Scripted::new();
    network.push(Reply::status(400));
    network.push(Reply::json(RUN));
    for _ in 0..10 {
        network.push(Reply::json("{}"));
    }
    let client = client(&network);
    let handler = MlflowCallbackHandler::new(&client.mlflow()).with_run("r1");
    network.run(client.observed_by(handler.clone()).chat("e").invoke("x")).unwrap().unwrap_err();
    network.run(handler.close()).unwrap().unwrap();
    let batches: Vec<usize> =
        (0..network.requests().len()).filter(|at| network.requests()[*at].url.ends_with("log-batch")).collect();
    let last = body(&network, *batches.last().unwrap());
    let errors = last["metrics"].as_array().unwrap().iter().find(|metric| metric["key"] == "errors").unwrap().clone();
    assert_eq!(errors["value"], 1.0);
}

#[test]
fn every_name_of_langchain_is_an_event() {
    let network = Scripted::new();
    let client = client(&network);
    let handler = MlflowCallbackHandler::new(&client.mlflow()).with_max_queue(100);
    handler.on_llm_start(r#"{"name":"m"}"#, &["p"]);
    handler.on_chat_model_start("null", r#"[[{"role":"user","content":"hi"}]]"#);
    handler.on_llm_new_token("t");
    handler.on_llm_end("{}", r#"[[{"text":"x"}]]"#);
    handler.on_chain_start("null", "words");
    handler.on_chain_end(r#"{"a":1}"#);
    handler.on_tool_start("{}", "i");
    handler.on_tool_end("o");
    handler.on_text("x");
    handler.on_agent_action("t", "{}", "l");
    handler.on_agent_finish("o", "l");
    handler.on_retriever_start("null", "q");
    handler.on_retriever_end("[]");
    assert_eq!(handler.stats().waiting, 13);
    for fail in [MlflowCallbackHandler::on_llm_error, MlflowCallbackHandler::on_chain_error] {
        fail(&handler);
    }
    handler.on_tool_error();
    handler.on_retriever_error();
    handler.on_event("no event");
    assert_eq!(handler.stats().waiting, 13);
    assert!(format!("{handler:?}").contains("waiting: 13"));
}

#[test]
fn what_an_event_logs_is_made_when_it_is_sent() {
    let network = Scripted::new();
    for reply in [RUN].into_iter().chain(["{}"; 9]) {
        network.push(Reply::json(reply));
    }
    let handler = MlflowCallbackHandler::new(&client(&network).mlflow()).with_run("r1").with_max_records(1);
    handler.on_llm_end("{}", r#"[[{"text":"Four."}]]"#);
    handler.on_llm_end("{}", r#"[[{"text":"Five."}]]"#);
    assert_eq!((handler.stats().waiting, handler.stats().forgotten_records), (2, 0), "nothing was made of them yet");
    network.run(handler.flush_tracker(None)).unwrap().unwrap();
    assert_eq!((handler.stats().sent, handler.stats().forgotten_records), (3, 1));
    // each with the numbers it had when it came, and its fifteen measures
    let metrics = body(&network, 1)["metrics"].as_array().unwrap().clone();
    assert_eq!(metrics.len(), 60);
    let ends: Vec<f64> =
        metrics.iter().filter(|one| one["key"] == "llm_ends").map(|one| one["value"].as_f64().unwrap()).collect();
    assert_eq!(ends, [1.0, 2.0]);
    assert_eq!(&paths(&network, 2)[..2], ["put llm_end_1_generation_0.json", "put llm_end_2_generation_0.json"]);
}

#[test]
fn the_pieces_of_watched_answers_are_logged_when_asked_for() {
    const STREAM: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"A\"}}]}\n\ndata: [DONE]\n\n";
    for (tokens, waiting) in [(None, 2), (Some(true), 3), (Some(false), 2)] {
        let network = Scripted::new();
        network.push(Reply::events([STREAM]));
        let client = client(&network);
        let handler = MlflowCallbackHandler::new(&client.mlflow()).with_run("r1");
        let handler = tokens.map_or_else(|| handler.clone(), |on| handler.clone().with_tokens(on));
        let mut stream = network.run(client.observed_by(handler.clone()).chat("e").stream("x")).unwrap().unwrap();
        while let Some(piece) = network.run(stream.next()).unwrap() {
            piece.unwrap();
        }
        assert_eq!(handler.stats().waiting, waiting, "{tokens:?}");
        // LangChain's own stay unless they are declined
        handler.on_llm_new_token("t");
        assert_eq!(handler.stats().waiting - waiting, u64::from(tokens != Some(false)));
    }
}

#[test]
fn who_asks_for_the_run_while_it_is_made_gets_the_same() {
    let network = Scripted::new();
    for reply in [EXPERIMENT, RUN].into_iter().chain(["{}"; 9]) {
        network.push(Reply::json(reply).after(Duration::from_millis(50)));
    }
    let handler = MlflowCallbackHandler::new(&client(&network).mlflow());
    handler.on_text("a");
    let asked: Vec<crate::transport::BoxFuture<'_, String>> = vec![
        Box::pin(async { handler.run_id().await.unwrap() }),
        Box::pin(async { handler.flush_tracker(None).await.map(|()| String::new()).unwrap() }),
        Box::pin(async { handler.run_id().await.unwrap() }),
    ];
    let ids = network.run(crate::join::join_all(asked)).unwrap();
    assert_eq!(ids, ["r1", "", "r1"]);
    let made = paths(&network, 0).into_iter().filter(|path| path == "mlflow/runs/create").count();
    assert_eq!(made, 1);
}

#[test]
fn a_workspace_that_wants_a_path_for_the_experiment_is_explained() {
    let network = Scripted::new();
    let refusal = |status, text: &str| Reply::status(status).header("content-type", "application/json").bytes(text);
    // the event, then the tables
    for _ in 0..2 {
        network.push(refusal(404, r#"{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"none"}"#));
        network.push(refusal(
            400,
            r#"{"error_code":"INVALID_PARAMETER_VALUE","message":"Got an invalid experiment name."}"#,
        ));
    }
    let handler = MlflowCallbackHandler::new(&client(&network).mlflow());
    handler.on_text("a");
    let error = network.run(handler.flush_tracker(None)).unwrap().unwrap_err();
    assert!(error.message().contains("such as `/Users/me@example.com/my-app`"), "{error}");
}
