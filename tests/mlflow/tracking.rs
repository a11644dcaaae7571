//! Experiments, runs, batches, artifacts and models.

use lakewire::mlflow::MlflowClient;
use lakewire::mlflow::tracking::{
    CreateLoggedModel, CreateModelVersion, CreateRun, LifecycleStage, LoggedModelStatus, Metric, MlflowTag, Param,
    RunSearch, RunStatus, ViewType,
};
use lakewire::{Error, ErrorKind};
use serde_json::json;

fn mlflow() -> MlflowClient {
    MlflowClient::connect(&std::env::var("LAKEWIRE_MLFLOW").unwrap()).unwrap()
}

#[allow(clippy::disallowed_methods, reason = "a test's names must differ from those of earlier runs on one server")]
fn unique(name: &str) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    format!("{name}-{}", now.as_nanos())
}

#[tokio::test]
#[ignore = "needs a server, which tests/mlflow/run.mjs starts"]
async fn a_run_logs_is_read_back_exactly_searched_for_and_ended() {
    let mlflow = mlflow();
    let name = unique("rust");
    let id = mlflow.create_experiment(&name, &[MlflowTag::new("team", "a")]).await.unwrap();
    assert_eq!(mlflow.get_experiment(&id).await.unwrap().tag("team"), Some("a"));
    let taken = mlflow.create_experiment(&name, &[]).await.unwrap_err();
    assert_eq!((taken.kind(), taken.status()), (ErrorKind::ResourceConflict, Some(400)));
    assert!(mlflow.get_experiment_by_name(&unique("none")).await.unwrap().is_none());
    assert_eq!(mlflow.experiment(&name).await.unwrap().experiment_id, id);
    let filter = format!("name = '{name}'");
    let found = mlflow.search_experiments(&filter, &ViewType::ActiveOnly).all().await.unwrap();
    assert_eq!((found.len(), found[0].lifecycle_stage.clone()), (1, Some(LifecycleStage::Active)));

    let run = mlflow.start_run(&id, &CreateRun::new().run_name("try-1").tag("a", "b")).await.unwrap();
    let long = 9_007_199_254_740_993;
    let metrics = [Metric::new("loss", 0.5).step(2), Metric::new("loss", f64::NAN).step(long).timestamp(long)];
    run.log_batch(&metrics, &[Param::new("k", "4")], &[MlflowTag::new("t.1", "y")]).await.unwrap();
    run.log_metric("loss", f64::NEG_INFINITY, 3).await.unwrap();
    let changed = run.log_param("k", 5).await.unwrap_err();
    assert!(changed.message().contains("Changing param values is not allowed"), "{changed}");
    let history = mlflow.get_metric_history(run.id(), "loss").all().await.unwrap();
    let odd = history.iter().find(|metric| metric.value.0.is_nan()).unwrap();
    assert_eq!((history.len(), odd.step, odd.timestamp), (3, Some(long), Some(long)));
    run.finish().await.unwrap();
    let read = mlflow.get_run(run.id()).await.unwrap();
    assert_eq!(read.info.status, Some(RunStatus::Finished));
    assert!(read.info.end_time >= read.info.start_time);
    assert_eq!((read.param("k"), read.tag("t.1"), read.tag("a")), (Some("4"), Some("y"), Some("b")));

    let failed = mlflow
        .with_run(&id, &CreateRun::new().run_name("try-2"), |run| async move {
            run.log_metric("down", 9.0, 0).await?;
            Err::<(), Error>(Error::new(ErrorKind::Closed, "Mine."))
        })
        .await;
    assert_eq!(failed.unwrap_err().kind(), ErrorKind::Closed);
    let search = RunSearch::in_experiments([&id]).order_by("attributes.run_name DESC").max_results(1);
    let runs = mlflow.search_runs(&search).all().await.unwrap();
    let status: Vec<_> = runs.iter().map(|run| run.info.status.clone().unwrap()).collect();
    assert_eq!(status, [RunStatus::Failed, RunStatus::Finished]);
    mlflow.delete_run(run.id()).await.unwrap();
    let left = mlflow.search_runs(&RunSearch::in_experiments([&id])).all().await.unwrap();
    assert_eq!(left.len(), 1);
    mlflow.restore_run(run.id()).await.unwrap();
}

#[tokio::test]
#[ignore = "needs a server, which tests/mlflow/run.mjs starts"]
async fn thousands_of_values_arrive_and_artifacts_go_up_and_down() {
    let mlflow = mlflow();
    let id = mlflow.experiment(&unique("rust-batch")).await.unwrap().experiment_id;
    let run = mlflow.start_run(&id, &CreateRun::new()).await.unwrap();
    let metrics: Vec<_> =
        (0..2345).map(|step| Metric::new("m", step as f64 / 2.0).step(step).timestamp(step)).collect();
    let params: Vec<_> = (0..230).map(|at| Param::new(format!("p{at}"), "x".repeat(at * 20))).collect();
    run.log_batch(&metrics, &params, &[]).await.unwrap();
    let history = mlflow.get_metric_history(run.id(), "m").all().await.unwrap();
    let steps: Vec<_> = history.iter().map(|metric| metric.step.unwrap()).collect();
    assert_eq!(steps, (0..2345).collect::<Vec<_>>());
    assert_eq!(mlflow.get_run(run.id()).await.unwrap().data.unwrap().params.unwrap().len(), 230);

    let files = run.artifacts().unwrap();
    let bytes: Vec<u8> = (0..70_000_u32).map(|at| (at * 7 % 256) as u8).collect();
    files.log_bytes("data/a b/ü.bin", bytes.clone()).await.unwrap();
    files.log_dict("info.json", &json!({"x": [1]})).await.unwrap();
    mlflow.log_text(run.id(), "empty.txt", "").await.unwrap();
    assert_eq!(files.download("data/a b/ü.bin").await.unwrap(), bytes);
    assert_eq!(mlflow.download_artifact(run.id(), "info.json").await.unwrap(), b"{\n  \"x\": [\n    1\n  ]\n}");
    let mut names: Vec<_> = files.walk("").await.unwrap().into_iter().map(|file| file.path).collect();
    names.sort();
    assert_eq!(names, ["data/a b/ü.bin", "empty.txt", "info.json"]);
    assert_eq!(files.download("none").await.unwrap_err().kind(), ErrorKind::NotFound);
    files.delete("data").await.unwrap();
    assert_eq!(mlflow.list_artifacts(run.id(), "").await.unwrap().len(), 2);
    run.finish().await.unwrap();
}

#[tokio::test]
#[ignore = "needs a server, which tests/mlflow/run.mjs starts"]
async fn models_are_logged_registered_named_and_found() {
    let mlflow = mlflow();
    let id = mlflow.experiment(&unique("rust-models")).await.unwrap().experiment_id;
    let run = mlflow.start_run(&id, &CreateRun::new()).await.unwrap();
    let wanted = CreateLoggedModel::new(&id).name("chain").source_run_id(run.id()).params(vec![Param::new("a", "1")]);
    let model = mlflow.create_logged_model(&wanted).await.unwrap().info;
    assert_eq!(model.status, Some(LoggedModelStatus::Pending));
    mlflow.log_outputs(run.id(), &[(&model.model_id, 0)]).await.unwrap();
    let files = mlflow.model_artifacts(&model).unwrap();
    files.log_text("MLmodel", "flavors: {}\n").await.unwrap();
    files.log_text("deep/x.txt", "x").await.unwrap();
    let mut names: Vec<_> = files.walk("").await.unwrap().into_iter().map(|file| file.path).collect();
    names.sort();
    assert_eq!(names, ["MLmodel", "deep/x.txt"]);
    let ready = mlflow.finalize_logged_model(&model.model_id, LoggedModelStatus::Ready).await.unwrap();
    assert_eq!(ready.info.status, Some(LoggedModelStatus::Ready));
    assert_eq!(mlflow.get_logged_model(&model.model_id).await.unwrap().info.name.as_deref(), Some("chain"));
    assert_eq!(mlflow.search_logged_models(&[&id], "name = 'chain'").all().await.unwrap().len(), 1);

    let name = unique("main.a.model");
    mlflow.create_registered_model(&name, "About", &[]).await.unwrap();
    let source = format!("models:/{}", model.model_id);
    let version = CreateModelVersion::new(&name, source).run_id(run.id()).model_id(&model.model_id);
    assert_eq!(mlflow.create_model_version(&version).await.unwrap().version, "1");
    mlflow.set_registered_model_alias(&name, "champion", "1").await.unwrap();
    assert_eq!(mlflow.get_model_version_by_alias(&name, "champion").await.unwrap().version, "1");
    let missing = mlflow.get_model_version_by_alias(&name, "none").await.unwrap_err();
    assert_eq!((missing.kind(), missing.status()), (ErrorKind::NotFound, Some(400)));
    let versions = mlflow.search_model_versions(&format!("name = '{name}'")).all().await.unwrap();
    assert_eq!(versions.len(), 1);
    mlflow.delete_registered_model(&name).await.unwrap();
    assert_eq!(mlflow.get_registered_model(&name).await.unwrap_err().kind(), ErrorKind::NotFound);
}
