//! An experiment, a run, what it logs and its files. `cargo run --example mlflow_tracking --features native`
//!
//! Reads `MLFLOW_TRACKING_URI`, the address of an MLflow server; else `DATABRICKS_HOST` and `DATABRICKS_TOKEN`.

use lakewire::mlflow::MlflowClient;
use lakewire::mlflow::tracking::{ActiveRun, CreateRun, Metric, MlflowTag, RunSearch};
use lakewire::{Error, Result};

#[tokio::main]
async fn main() -> Result<()> {
    let mlflow = MlflowClient::from_env()?;
    let experiment = mlflow.experiment("/Shared/lakewire-example").await?.experiment_id;
    let id = mlflow.with_run(&experiment, &CreateRun::new().run_name("fit"), fit).await?;

    let run = mlflow.get_run(&id).await?;
    let loss = run.data.iter().flat_map(|data| data.metrics.iter().flatten()).find(|metric| metric.key == "loss");
    if let (Some(name), Some(status), Some(loss)) = (&run.info.run_name, &run.info.status, loss) {
        println!("{name} {}: loss {:.5} at step {}", status.as_str(), loss.value.0, loss.step.unwrap_or(0));
    }
    println!("History: {} values", mlflow.get_metric_history(&id, "loss").all().await?.len());
    for file in mlflow.list_artifacts(&id, "").await? {
        println!("{}, {} bytes", file.path, file.file_size.unwrap_or(0));
    }
    let newest = RunSearch::in_experiments([experiment]).filter("metrics.loss < 0.001");
    let newest = newest.order_by("attributes.start_time DESC").max_results(1);
    let found = mlflow.search_runs(&newest).next().await?.unwrap_or_default();
    println!("Found: {}", found.first().is_some_and(|run| run.info.run_id == id));
    Ok(())
}

async fn fit(run: ActiveRun) -> Result<String, Error> {
    run.log_param("rate", 0.5).await?;
    // any number of them: they go in requests of the size that MLflow takes
    let metrics: Vec<_> =
        (0..1500).map(|step| Metric::new("loss", 0.5_f64.powf(step as f64 / 100.0)).step(step)).collect();
    run.log_batch(&metrics, &[], &[MlflowTag::new("data.source", "example")]).await?;
    let summary = serde_json::json!({"steps": metrics.len()});
    run.artifacts()?.log_dict("summary.json", &summary).await?;
    Ok(run.id().to_owned())
}
