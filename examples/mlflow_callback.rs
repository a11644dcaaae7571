//! Logs what a chat does into a run, as LangChain's `MlflowCallbackHandler`. `cargo run --example mlflow_callback --features native`
//!
//! Reads `DATABRICKS_HOST`, `DATABRICKS_TOKEN` and, if set, `LAKEWIRE_ENDPOINT`.

use lakewire::mlflow::callback::MlflowCallbackHandler;
use lakewire::{Result, WorkspaceClient};

#[tokio::main]
async fn main() -> Result<()> {
    let endpoint =
        std::env::var("LAKEWIRE_ENDPOINT").unwrap_or_else(|_| "databricks-meta-llama-3-3-70b-instruct".into());
    let client = WorkspaceClient::from_env()?;
    let handler =
        MlflowCallbackHandler::new(&client.mlflow()).with_experiment("/Shared/lakewire-callback").with_name("chat-%");
    let chat = client.observed_by(handler.clone()).chat(endpoint);

    chat.invoke("My name is Ann. What is my name?").await?;
    chat.invoke("The sky is blue. Which colour has the sky?").await?;
    let run_id = handler.run_id().await?;
    handler.close().await?;
    let stats = handler.stats();

    let mlflow = client.mlflow();
    let run = mlflow.get_run(&run_id).await?;
    let metric = |key: &str| {
        let mut metrics = run.data.iter().flat_map(|data| data.metrics.iter().flatten());
        metrics.find(|metric| metric.key == key).map_or(0.0, |metric| metric.value.0)
    };
    let status = run.info.status.as_ref().map_or("", |status| status.as_str());
    println!(
        "{status}: {} starts, {} ends, {} errors; {} sent, {} dropped",
        metric("llm_starts"),
        metric("llm_ends"),
        metric("errors"),
        stats.sent,
        stats.dropped
    );
    for file in mlflow.list_artifacts(&run_id, "").await? {
        println!("{}", file.path);
    }
    Ok(())
}
