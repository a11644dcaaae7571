use std::sync::Arc;

use serde_json::{Value, json};

use super::calls::{body, predictions, single};
use super::*;
use crate::transport::scripted::{Reply, Scripted};

#[test]
fn every_form_has_its_body_and_its_answer() {
    let table = r#"{"columns":["q"],"data":[["x"]]}"#;
    for (form, input, wanted) in [
        (Form::Inputs, r#"["x"]"#, r#"{"inputs":["x"]}"#),
        (Form::Instances, r#"[{"q":"x"}]"#, r#"{"instances":[{"q":"x"}]}"#),
        (Form::DataframeRecords, r#"[{"q":"x"}]"#, r#"{"dataframe_records":[{"q":"x"}]}"#),
        (Form::DataframeSplit, table, r#"{"dataframe_split":{"columns":["q"],"data":[["x"]]}}"#),
        (Form::Unwrapped, r#"{"messages":[]}"#, r#"{"messages":[]}"#),
    ] {
        assert_eq!(body(form, input, None).unwrap(), wanted);
    }
    let answer = Raw::parse(r#"{"predictions":["a"]}"#).unwrap();
    assert_eq!(predictions(Form::Inputs, answer).text(), r#"["a"]"#);
    assert_eq!(predictions(Form::Unwrapped, answer).text(), answer.text());
    let (one, list) = (Raw::parse("{}").unwrap(), Raw::parse("[{}]").unwrap());
    assert_eq!(single(Form::Inputs, one, Raw::parse(r#"["a"]"#).unwrap()).map(Raw::text), Some("\"a\""));
    assert_eq!(single(Form::DataframeSplit, one, Raw::parse(r#"["a"]"#).unwrap()), None);
    assert_eq!(single(Form::Inputs, list, Raw::parse(r#"["a"]"#).unwrap()), None);
    assert_eq!(single(Form::Inputs, one, Raw::parse(r#"["a","b"]"#).unwrap()), None);
}

#[test]
fn what_has_not_the_forms_shape_is_refused() {
    for (form, input, params, word) in [
        (Form::Instances, "{}", None, "list of rows"),
        (Form::DataframeSplit, r#"{"columns":[]}"#, None, "`columns` and `data`"),
        (Form::Unwrapped, r#"{"q":1}"#, None, "`messages`"),
        (Form::Unwrapped, r#"{"input":1}"#, Some("{}"), "no `params`"),
        (Form::Inputs, "1", Some("[]"), "must be an object"),
    ] {
        let error = body(form, input, params).unwrap_err();
        assert!(error.message().contains(word), "{error}");
    }
    assert_eq!(Form::of("table").unwrap_err().kind(), ErrorKind::InvalidInput);
}

fn at(network: &Scripted) -> ScoringServer {
    let config = crate::Config::new("https://scoring.example").unwrap();
    let client = crate::WorkspaceClient::with_transport(config, crate::Credentials::none(), Arc::new(network.clone()));
    client.unwrap().scoring_server()
}

#[test]
fn the_server_is_asked_and_read() {
    let network = Scripted::new();
    network.push(Reply::status(200).header("content-type", "application/json").bytes("\n"));
    network.push(Reply::status(404));
    network.push(Reply::status(200).header("content-type", "application/json").bytes("3.17.2"));
    network.push(Reply::json(r#"{"predictions":["Hello"]}"#));
    network.push(Reply::json(r#"["a","b"]"#));
    let server = at(&network);
    assert!(network.run(server.ping()).unwrap().unwrap());
    assert!(!network.run(server.ping()).unwrap().unwrap());
    assert_eq!(network.run(server.version()).unwrap().unwrap(), "3.17.2");
    let said: String = network.run(server.invoke(&json!({"q": "x"}))).unwrap().unwrap();
    assert_eq!(said, "Hello");
    let unwrapped = server.with_form(Form::Unwrapped);
    let both: Value = network.run(unwrapped.invoke(&json!({"input": "x"}))).unwrap().unwrap();
    assert_eq!(both, json!(["a", "b"]));
    let sent: Vec<String> = network.requests().iter().map(|request| request.url.clone()).collect();
    assert!(sent.last().unwrap().ends_with("/invocations"), "{sent:?}");
}

fn refused(status: u16, text: &str) -> Reply {
    Reply::status(status).header("content-type", "application/json").bytes(text)
}

#[test]
fn refusals_are_sentences() {
    let network = Scripted::new();
    let message = "Failed to predict data '{'secret': 1}'. \\nError: Failed to enforce schema of data 'x' with schema 'y'. Error: Model is missing inputs ['tone'].";
    let refusal = format!(r#"{{"error_code":"INVALID_PARAMETER_VALUE","message":"{message}"}}"#);
    network.push(refused(400, &refusal));
    network.push(Reply::status(415).header("content-type", "text/plain").bytes("This predictor only supports JSON."));
    network.push(refused(404, r#"{"detail":"Not Found"}"#));
    let server = at(&network);
    let ask = || network.run(server.invoke::<Value>(&json!({"q": "x"}))).unwrap().unwrap_err();
    let error = ask();
    assert_eq!(
        error.message(),
        "POST /invocations failed: The model's signature asks for the input `tone`, which is missing."
    );
    assert_eq!((error.kind(), error.status()), (ErrorKind::BadRequest, Some(400)));
    assert_eq!(error.error_code(), Some("INVALID_PARAMETER_VALUE"));
    assert!(ask().message().contains("only supports JSON"));
    assert!(ask().message().contains("Not Found"));
}
