//! The Rust face against a real MLflow server. `LAKEWIRE_MLFLOW` names it; `tests/mlflow/run.mjs` starts one and runs
//! this.
#![cfg(feature = "native")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails says so by panicking"
)]

use lakewire::auth::Credentials;
use lakewire::wire::call::Call;
use lakewire::{ErrorKind, WorkspaceClient};
use serde_json::json;

/// A client of the server, which asks for no credential.
fn server() -> WorkspaceClient {
    let host = std::env::var("LAKEWIRE_MLFLOW").unwrap();
    WorkspaceClient::new(&host, Credentials::none()).unwrap()
}

#[tokio::test]
#[ignore = "needs an MLflow server, which tests/mlflow/run.mjs starts"]
async fn a_client_without_credentials_reaches_the_server() {
    let client = server();
    let name = format!("rust-{}", std::process::id());
    let create = Call::post("/api/2.0/mlflow/experiments/create", json!({ "name": name }).to_string());
    let id = client.send(&create).await.unwrap().read().unwrap()["experiment_id"].as_str().unwrap().to_owned();
    let read = Call::get(format!("/api/2.0/mlflow/experiments/get?experiment_id={id}"));
    assert_eq!(client.send(&read).await.unwrap().read().unwrap()["experiment"]["name"], json!(name));
    let absent = Call::get("/api/2.0/mlflow/experiments/get?experiment_id=999999999");
    let error = client.send(&absent).await.unwrap_err();
    assert_eq!((error.kind(), error.error_code()), (ErrorKind::NotFound, Some("RESOURCE_DOES_NOT_EXIST")));
}
