use std::sync::Arc;

use serde_json::Value;

use super::*;
use crate::chain::{Parallel, StrOutputParser, from_fn};
use crate::chat::{Chat, ChatParams, Message};
use crate::error::{Error, ErrorKind, Result};
use crate::prompts::{ChatPromptTemplate, MessageTemplate, MessagesPlaceholder, PromptTemplate, PromptValues};
use crate::transport::scripted::{Reply, Scripted};
use crate::{Config, Credentials, WorkspaceClient};

fn client(network: &Scripted) -> WorkspaceClient {
    let config = Config::new("x.example").unwrap();
    WorkspaceClient::with_transport(config, Credentials::token("CANARY-token"), Arc::new(network.clone())).unwrap()
}

fn chat() -> Chat {
    client(&Scripted::new()).chat("llama").with_defaults(&ChatParams::default().temperature(0.0))
}

fn routes(network: &Scripted) -> Vec<String> {
    let path = |url: &str| url.strip_prefix("https://x.example").unwrap_or(url).to_owned();
    network.requests().iter().map(|request| [request.method.as_str(), " ", &path(&request.url)].concat()).collect()
}

const MODEL: &str = r#"{"model":{"info":{"model_id":"m-1","experiment_id":"7","name":"answers","artifact_uri":"mlflow-artifacts:/7/models/m-1/artifacts","status":"LOGGED_MODEL_PENDING"}}}"#;
const RUN: &str =
    r#"{"run":{"info":{"run_id":"r1","experiment_id":"7","artifact_uri":"mlflow-artifacts:/7/r1/artifacts"}}}"#;

#[test]
fn a_chain_says_what_it_is_made_of() {
    let prompt = ChatPromptTemplate::from_messages([
        MessageTemplate::system("Be {tone}, {{really}}."),
        MessagesPlaceholder::new("history").optional().into(),
        MessageTemplate::from(Message::user("{as it is}")),
        MessageTemplate::human("{question}"),
    ])
    .unwrap()
    .partial(PromptValues::new().with("tone", "kind").with("n", 3));
    let source = ChainModel::of(&prompt.pipe(chat()).pipe(StrOutputParser)).unwrap().source().unwrap();
    for line in [
        r#"        ("system", "Be {tone}, {{really}}."),"#,
        r#"        MessagesPlaceholder("history", optional=True),"#,
        r#"        *convert_to_messages([{"role": "user", "content": "{as it is}"}]),"#,
        r#"        ("human", "{question}"),"#,
        r#").partial(**{"tone": "kind", "n": "3"})"#,
        r#"model = ChatDatabricks(endpoint="llama", temperature=0.0)"#,
        "chain = prompt | model | StrOutputParser()",
    ] {
        assert!(source.lines().any(|found| found == line), "{line} is not in {source}");
    }
    let alone = ChainModel::of(&chat()).unwrap();
    assert!(alone.source().unwrap().contains("\nchain = model\n"));
}

#[test]
fn what_only_this_program_can_run_is_refused_by_name() {
    let prompt = || PromptTemplate::from_template("{a}").unwrap();
    let refusal = |chain: &dyn Fn() -> Result<ChainModel>| {
        let error = chain().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        error.message().to_owned()
    };
    let shout = || from_fn("shout", async |text: String| Ok::<_, Error>(text.to_uppercase()));
    let told = refusal(&|| ChainModel::of(&prompt().pipe(chat()).pipe(StrOutputParser).pipe(shout())));
    assert!(told.starts_with("Step 4 (function `shout`) cannot be carried over to Python: it is a function"), "{told}");
    let told = refusal(&|| ChainModel::of(&Parallel::<PromptValues>::new().with("one", prompt()).pipe(chat())));
    assert!(told.starts_with("Step 1 (parallel) cannot"), "{told}");
    let told = refusal(&|| ChainModel::of(&chat().pipe(StrOutputParser).pipe(chat())));
    assert!(told.starts_with("Step 3 (chat)") && told.contains("in this order"), "{told}");
    let told = refusal(&|| ChainModel::of(&prompt()));
    assert!(told.contains("has no chat"), "{told}");
}

#[test]
fn a_model_is_ready_when_its_files_are_there() {
    let network = Scripted::new();
    for reply in [RUN, MODEL, "{}"] {
        network.push(Reply::json(reply));
    }
    for _ in 0..7 {
        network.push(Reply::status(200));
    }
    network.push(Reply::json(MODEL));
    let model = ChainModel::new("llama");
    let mlflow = client(&network).mlflow();
    let how = LogModel::new("7", "answers").run("r1");
    let logged = network.run(mlflow.log_chain(&model, &how)).unwrap().unwrap();
    assert_eq!((logged.model_id.as_deref(), logged.model_uri.as_str()), (Some("m-1"), "models:/m-1"));
    let routes = routes(&network);
    let put = "PUT /api/2.0/mlflow-artifacts/artifacts/7/models/m-1/artifacts/";
    assert_eq!(routes[1..3], ["POST /api/2.0/mlflow/logged-models", "POST /api/2.0/mlflow/runs/outputs"]);
    let files: Vec<&str> = routes[3..10].iter().filter_map(|route| route.strip_prefix(put)).collect();
    assert_eq!(files.len(), 7, "{routes:?}");
    assert!(files.contains(&"MLmodel") && files.contains(&"chain.py"));
    assert_eq!(routes[10], "PATCH /api/2.0/mlflow/logged-models/m-1");
    let last: Value = serde_json::from_slice(network.requests()[10].body.as_deref().unwrap()).unwrap();
    assert_eq!(last["status"], "LOGGED_MODEL_READY");
}

#[test]
fn a_model_whose_files_are_refused_is_marked_as_failed() {
    let network = Scripted::new();
    network.push(Reply::json(MODEL));
    network.push(Reply::status(403));
    network.push(Reply::json(MODEL));
    let mlflow = client(&network).mlflow();
    let error =
        network.run(mlflow.log_chain(&ChainModel::new("llama"), &LogModel::new("7", "a"))).unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    let last: Value = serde_json::from_slice(network.requests()[2].body.as_deref().unwrap()).unwrap();
    assert_eq!(last["status"], "LOGGED_MODEL_UPLOAD_FAILED");
}

#[test]
fn nothing_is_sent_for_a_chain_that_cannot_be_carried_over() {
    let network = Scripted::new();
    let mlflow = client(&network).mlflow();
    let bad = ChainModel::new("llama").functions(["no-full-name"]);
    let error = network.run(mlflow.log_chain(&bad, &LogModel::new("7", "a"))).unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(network.requests().is_empty());
}

#[test]
fn a_name_that_is_taken_gets_another_version() {
    let network = Scripted::new();
    let taken =
        r#"{"error_code":"RESOURCE_ALREADY_EXISTS","message":"Registered Model (name=answers) already exists."}"#;
    network.push(Reply::status(400).header("content-type", "application/json").bytes(taken));
    network.push(Reply::json(r#"{"model_version":{"name":"answers","version":"2"}}"#));
    network.push(Reply::json("{}"));
    let mlflow = client(&network).mlflow();
    let logged = LoggedChain { model_id: Some("m-1".into()), run_id: None, model_uri: "models:/m-1".into() };
    let version = network.run(mlflow.register_chain(&logged, "answers", Some("champion"))).unwrap().unwrap();
    assert_eq!(version.version, "2");
    let sent: Value = serde_json::from_slice(network.requests()[1].body.as_deref().unwrap()).unwrap();
    assert_eq!((&sent["source"], &sent["model_id"]), (&Value::from("models:/m-1"), &Value::from("m-1")));
    assert!(routes(&network)[2].ends_with("/registered-models/alias"));
}
