use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::auth::Credentials;
use crate::config::Config;
use crate::error::{ErrorKind, TimeoutPhase};
use crate::transport::Transport as _;
use crate::transport::scripted::{Reply, Scripted};
use crate::wire::json::Raw;

fn space(network: &Scripted) -> Genie {
    let config = Config::new("x.example").unwrap();
    Genie::new(Sender::new(config, Credentials::token("t"), Arc::new(network.clone())).unwrap(), "sp1".into())
}

fn reply(value: &Value) -> Reply {
    Reply::json(&value.to_string())
}

fn message(status: &str, more: Value) -> Value {
    let mut message =
        json!({"message_id": "m9", "id": "m9", "conversation_id": "c4", "space_id": "sp1", "status": status});
    message.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    message
}

fn completed() -> Value {
    message(
        "COMPLETED",
        json!({"attachments": [
            {"attachment_id": "at1", "query": {"query": "SELECT 1", "description": "One", "query_result_metadata": {"row_count": 2}}},
            {"attachment_id": "at2", "text": {"content": "The north leads."}},
            {"attachment_id": "at3", "suggested_questions": {"questions": ["And per month?"]}}]}),
    )
}

fn rows(state: &str) -> Value {
    json!({"statement_response": {"statement_id": "s1", "status": {"state": state},
        "manifest": {"schema": {"columns": [
            {"name": "region", "type_name": "STRING"}, {"name": "n", "type_name": "LONG"}, {"name": "d", "type_name": "DECIMAL", "type_text": "DECIMAL(20,2)"},
            {"name": "f", "type_name": "DOUBLE"}, {"name": "ok", "type_name": "BOOLEAN"}]}, "truncated": false},
        "result": {"data_array": [["north", "9007199254740993", "123456789012345678.90", "1.5", "true"], [null, null, null, null, null]]}}})
}

#[test]
fn a_question_is_asked_waited_for_and_its_rows_are_typed() {
    let network = Scripted::new();
    network.push(reply(&json!({"conversation_id": "c4", "message_id": "m9", "conversation": {}, "message": {}})));
    for status in ["SUBMITTED", "ASKING_AI", "ASKING_AI", "THINKING_HARD"] {
        network.push(reply(&message(status, json!({}))));
    }
    network.push(reply(&completed()));
    network.push(reply(&rows("RUNNING")));
    network.push(reply(&rows("SUCCEEDED")));
    let mut told = Vec::new();
    let genie = space(&network);
    let options = AskOptions::default();
    let asked = genie.ask_with("Sales?", &options, |status| told.push(status.to_owned()));
    let reply = network.run(asked).unwrap().unwrap();
    assert_eq!(told, ["SUBMITTED", "ASKING_AI", "THINKING_HARD", "COMPLETED"]);
    let answer = &reply.answer;
    assert_eq!((answer.query.as_deref(), answer.text.as_deref()), (Some("SELECT 1"), Some("The north leads.")));
    assert_eq!(answer.suggested_questions.as_deref(), Some(&["And per month?".to_owned()][..]));
    let table = reply.table.as_ref().unwrap();
    assert_eq!(
        table.rows[0],
        [
            Cell::Text("north".into()),
            Cell::Integer(9_007_199_254_740_993),
            Cell::Text("123456789012345678.90".into()),
            Cell::Float(1.5),
            Cell::Boolean(true)
        ]
    );
    assert_eq!(table.rows[1], vec![Cell::Null; 5]);
    assert!(
        reply.markdown().starts_with("| | region | n | d | f | ok |\n|---:|:---|---:|:---|:---|:---|\n| 0 | north |")
    );
    let urls: Vec<String> =
        network.requests().iter().map(|r| r.url.split("/spaces/").nth(1).unwrap().to_owned()).collect();
    assert_eq!(urls[0], "sp1/start-conversation");
    assert_eq!(urls[1], "sp1/conversations/c4/messages/m9");
    assert_eq!(urls[7], "sp1/conversations/c4/messages/m9/attachments/at1/query-result");
    assert_eq!(network.now(), Duration::from_millis(5 * 500));
}

#[test]
fn an_answer_in_words_has_no_table_and_asks_for_none() {
    let network = Scripted::new();
    network.push(reply(&message("SUBMITTED", json!({}))));
    network.push(reply(&message("COMPLETED", json!({"attachments": [{"text": {"content": "Which year?"}}]}))));
    let genie = space(&network);
    let options = AskOptions::default().conversation_id("c4");
    let reply = network.run(genie.ask_with("Sales?", &options, |_| ())).unwrap().unwrap();
    assert!(reply.table.is_none() && reply.markdown().is_empty());
    assert_eq!(reply.answer.text.as_deref(), Some("Which year?"));
    assert!(network.requests()[0].url.ends_with("/conversations/c4/messages"));
    assert_eq!(network.requests().len(), 2);
}

#[test]
fn the_last_query_counts_and_words_between_queries_are_left_out() {
    let text = |words: &str| json!({"text": {"content": words}});
    let query = |sql: &str, id: &str| json!({"attachment_id": id, "query": {"query": sql}});
    let parts = [text("a"), query("Q1", "1"), text("between"), query("Q2", "2"), text("b"), text("c")];
    let json = message("COMPLETED", json!({"attachments": parts})).to_string();
    let Seen::Done(answer) = judge(Raw::parse(&json).unwrap()).unwrap() else { panic!("it waits") };
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(
        (&answer["text"], &answer["query"], &answer["attachment_id"]),
        (&json!("a\n\nb\n\nc"), &json!("Q2"), &json!("2"))
    );
}

#[test]
fn n2_bad_ends_are_errors_never_texts() {
    for (bad, code, words) in [
        (
            message("FAILED", json!({"error": {"error": "no such table.", "type": "SQL_EXECUTION_EXCEPTION"}})),
            "SQL_EXECUTION_EXCEPTION",
            "no such table",
        ),
        (message("FAILED", json!({})), "FAILED", "no reason"),
        (message("CANCELLED", json!({})), "CANCELLED", "cancelled"),
        (message("QUERY_RESULT_EXPIRED", json!({})), "QUERY_RESULT_EXPIRED", "again"),
    ] {
        let error = judge(Raw::parse(&bad.to_string()).unwrap()).unwrap_err();
        assert_eq!((error.kind(), error.error_code()), (ErrorKind::OperationFailed, Some(code)));
        assert!(error.message().contains(words) && !error.message().contains(".."), "{error}");
    }
    let network = Scripted::new();
    network.push(reply(&message("SUBMITTED", json!({}))));
    network.push(reply(&completed()));
    let mut bad = rows("FAILED");
    bad["statement_response"]["status"]["error"] = json!({"error_code": "BAD_REQUEST", "message": "no"});
    network.push(reply(&bad));
    let error = network.run(space(&network).ask("Sales?")).unwrap().unwrap_err();
    assert_eq!((error.kind(), error.error_code()), (ErrorKind::OperationFailed, Some("BAD_REQUEST")));
}

#[test]
fn n3_the_wait_is_bounded_and_the_error_names_status_and_message() {
    let network = Scripted::new();
    network.push(reply(&message("SUBMITTED", json!({}))));
    network.always(reply(&message("PENDING_WAREHOUSE", json!({}))));
    let error = network.run(space(&network).ask("Sales?")).unwrap().unwrap_err();
    assert_eq!((error.kind(), error.phase()), (ErrorKind::DeadlineExceeded, Some(TimeoutPhase::Total)));
    assert!(error.message().contains("PENDING_WAREHOUSE"));
    assert_eq!(error.details(), Some(r#"{"conversation_id":"c4","message_id":"m9"}"#));
    assert_eq!(network.now(), Duration::from_millis(u64::from(TIMEOUT_MS)));
}

#[test]
fn passing_failures_are_looked_past_and_questions_are_never_repeated() {
    let network = Scripted::new();
    network.push(reply(&message("SUBMITTED", json!({}))));
    for _ in 0..3 {
        network.push(Reply::status(503));
    }
    network.push(reply(&message("COMPLETED", json!({}))));
    assert!(network.run(space(&network).ask("Sales?")).unwrap().is_ok());
    let network = Scripted::new();
    network.push(Reply::failure(ErrorKind::Connect, true));
    assert!(network.run(space(&network).ask("Sales?")).unwrap().is_err());
    assert_eq!(network.requests().len(), 1);
    let error = network.run(space(&network).ask(" ")).unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

#[test]
fn n10_rows_that_do_not_fit_their_columns_are_an_error() {
    for row in [
        json!([["a"]]),
        json!([["a", "x", "1", "1.5", "true"]]),
        json!([["a", "1", "1", "1.5", "yes"]]),
        json!([[1, 2, 3, 4, true, 6]]),
    ] {
        let mut bad = rows("SUCCEEDED")["statement_response"].clone();
        bad["result"]["data_array"] = row;
        assert_eq!(GenieTable::read(Raw::parse(&bad.to_string()).unwrap()).unwrap_err().kind(), ErrorKind::Decode);
    }
}

#[test]
fn n11_rows_that_are_not_all_say_so() {
    let mut more = rows("SUCCEEDED")["statement_response"].clone();
    assert!(!GenieTable::read(Raw::parse(&more.to_string()).unwrap()).unwrap().truncated);
    more["result"]["next_chunk_index"] = 1.into();
    assert!(GenieTable::read(Raw::parse(&more.to_string()).unwrap()).unwrap().truncated);
    let none = Raw::parse(r#"{"manifest":{"schema":{"columns":[]}}}"#).unwrap();
    assert_eq!(markdown(none, true), "EMPTY");
}

#[test]
fn every_other_operation_has_its_route() {
    let network = Scripted::new();
    network.push(reply(&json!({"spaces": [{"space_id": "sp1"}]})));
    network.push(reply(&json!({"space_id": "sp1", "description": "Sales"})));
    network.push(reply(&completed()));
    network.push(reply(&json!({"conversations": [{"conversation_id": "c4"}]})));
    network.push(reply(&json!({"messages": [completed()]})));
    for _ in 0..3 {
        network.push(reply(&json!({})));
    }
    network.push(reply(&rows("SUCCEEDED")));
    let genie = space(&network);
    let sender = genie.sender.clone();
    network
        .run(async {
            assert_eq!(Genie::spaces(sender).all().await.unwrap().len(), 1);
            assert_eq!(genie.space().await.unwrap().description.as_deref(), Some("Sales"));
            assert_eq!(genie.message("c4", "m9").await.unwrap().status, Some(GenieStatus::Completed));
            assert_eq!(genie.conversations(true).all().await.unwrap().len(), 1);
            assert_eq!(genie.messages("c4").all().await.unwrap()[0].attachments.as_ref().unwrap().len(), 3);
            genie.feedback("c4", "m9", &GenieRating::Negative, Some("wrong \"year\"")).await.unwrap();
            genie.delete_message("c4", "m9").await.unwrap();
            genie.delete_conversation("c4").await.unwrap();
            assert_eq!(genie.execute_query("c4", "m9", "at1").await.unwrap().rows.len(), 2);
        })
        .unwrap();
    let sent = network.requests();
    let route =
        |at: usize| format!("{} {}", sent[at].method.as_str(), sent[at].url.split("genie/spaces").nth(1).unwrap());
    assert_eq!(route(3), "GET /sp1/conversations?include_all=true");
    assert_eq!(route(5), "POST /sp1/conversations/c4/messages/m9/feedback");
    assert_eq!(sent[5].body.as_deref().unwrap(), br#"{"rating":"NEGATIVE","comment":"wrong \"year\""}"#);
    assert_eq!(route(6), "DELETE /sp1/conversations/c4/messages/m9");
    assert_eq!(route(8), "POST /sp1/conversations/c4/messages/m9/attachments/at1/execute-query");
}
