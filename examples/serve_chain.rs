//! A chain as a model that Python serves: shown, and where `MLFLOW_TRACKING_URI` names an MLflow server logged there and
//! registered. `cargo run --example serve_chain --features native`
//!
//! Reads `DATABRICKS_HOST`, `DATABRICKS_TOKEN` and, if set, `LAKEWIRE_ENDPOINT` and `MLFLOW_TRACKING_URI`.

use lakewire::chain::StrOutputParser;
use lakewire::mlflow::MlflowClient;
use lakewire::mlflow::models::{ChainModel, LogModel};
use lakewire::prompts::ChatPromptTemplate;
use lakewire::{Result, WorkspaceClient};

#[tokio::main]
async fn main() -> Result<()> {
    let endpoint =
        std::env::var("LAKEWIRE_ENDPOINT").unwrap_or_else(|_| "databricks-meta-llama-3-3-70b-instruct".into());
    let chat = WorkspaceClient::from_env()?.chat(endpoint);
    let prompt =
        ChatPromptTemplate::from_messages([("system", "Answer in one sentence."), ("human", "What is {thing}?")])?;
    let chain = prompt.pipe(chat).pipe(StrOutputParser);

    println!("{}", chain.invoke([("thing", "a lakehouse")]).await?);

    // the same chain in Python, for MLflow
    let model = ChainModel::of(&chain)?.example(r#"{"thing":"a lakehouse"}"#)?;
    println!("{}", model.source()?);

    if let Ok(server) = std::env::var("MLFLOW_TRACKING_URI") {
        let mlflow = MlflowClient::connect(&server)?;
        let experiment = mlflow.experiment("lakewire chains").await?;
        let logged = mlflow.log_chain(&model, &LogModel::new(experiment.experiment_id, "explains")).await?;
        let version = mlflow.register_chain(&logged, "explains", Some("champion")).await?;
        println!(
            "Logged {}, version {}. Now: mlflow models serve -m models:/explains/{} --env-manager local",
            logged.model_uri, version.version, version.version
        );
    }
    Ok(())
}
