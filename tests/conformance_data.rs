//! The scenarios of data that both faces must pass, against a running emulator (see `tests/conformance.rs`). The
//! JavaScript face has the same names in `tests/runtimes/scenarios.mjs`. Those about statements and functions need the
//! emulator's SQL engine.
#![cfg(feature = "native")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails says so by panicking"
)]

use lakewire::chat::ToolLimits;
use lakewire::functions::{Form, UcFunctionToolkit, UcFunctionToolkitOptions};
use lakewire::mlflow::tracking::{ActiveRun, CreateRun, Metric};
use lakewire::sender::CallOptions;
use lakewire::sql::{Decimal, Disposition, ExecuteStatementRequest, Param, Value};
use lakewire::vector_search::{
    CreateIndexRequest, DirectAccessIndexSpec, Filter, QueryRequest, Row, VectorSearchIndex,
};
use lakewire::{Error, WorkspaceClient, transport::BoxFuture};
use serde_json::json;

const WAREHOUSE: &str = "emulator-warehouse";
const LONG: i64 = 9_007_199_254_740_993;

/// A client of the emulator that has all of this; without it the scenario says so and passes, since `cargo test` alone has
/// no server. `npm test` always has one, and sets `LAKEWIRE_REQUIRED`.
fn client(needs: &[&str]) -> Option<WorkspaceClient> {
    if let Some(missing) = needs.iter().find(|name| std::env::var_os(name).is_none()) {
        assert!(std::env::var_os("LAKEWIRE_REQUIRED").is_none(), "{missing} is not set");
        eprintln!("start the emulator with its engine and set {missing} to run this scenario");
        return None;
    }
    Some(WorkspaceClient::new(&std::env::var("LAKEWIRE_EMULATOR").unwrap(), "dapi-emulator").unwrap())
}

fn alone() -> Option<WorkspaceClient> {
    client(&["LAKEWIRE_EMULATOR"])
}

fn with_engine() -> Option<WorkspaceClient> {
    client(&["LAKEWIRE_EMULATOR", "LAKEWIRE_ENGINE"])
}

/// The option that makes the emulator misbehave for a call.
fn fault(what: serde_json::Value) -> CallOptions {
    let headers = vec![("x-lakewire-fault".to_owned(), what.to_string())];
    CallOptions { headers, ..CallOptions::default() }
}

/// Runs a scenario with an index of long keys, and deletes it.
async fn with_index(
    name: &str,
    scenario: impl for<'a> FnOnce(&'a WorkspaceClient, &'a VectorSearchIndex) -> BoxFuture<'a, ()>,
) {
    let Some(client) = alone() else { return };
    let search = client.vector_search();
    let name = format!("main.default.{name}_{}", std::process::id());
    let spec = DirectAccessIndexSpec::new("vec", 2, [("id", "long"), ("lang", "string"), ("vec", "array<float>")]);
    search.create_index(&CreateIndexRequest::direct_access(&name, "emulator-vs", "id", spec)).await.unwrap();
    let index = search.index(&name);
    index.wait_until_ready().await.unwrap();
    scenario(&client, &index).await;
    index.delete().await.unwrap();
}

fn rows() -> Vec<serde_json::Value> {
    vec![
        json!({"id": LONG, "lang": "en", "vec": [1, 0]}),
        json!({"id": LONG + 2, "lang": "de", "vec": [0.9, 0.1]}),
        json!({"id": 3, "lang": "en", "vec": [0.6, 0.8]}),
        json!({"id": 4, "lang": "en", "vec": [0, 1]}),
    ]
}

fn ids(rows: &[Row]) -> Vec<i64> {
    rows.iter().map(|row| row["id"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn a_statement_with_named_parameters_gives_typed_rows() {
    let Some(client) = with_engine() else { return };
    let text = "SELECT :word AS word, :long AS long, :price AS price, CAST(NULL AS INT) AS none";
    let request = ExecuteStatementRequest::new(text)
        .parameter(Param::string("it's").named("word"))
        .parameter(Param::bigint(LONG).named("long"))
        .parameter(Param::decimal(&Decimal::parse("19.90").unwrap(), 10, 2).named("price"));
    let result = client.statement_execution(WAREHOUSE).execute(&request).await.unwrap();
    let types: Vec<_> = result.schema().iter().map(|column| column.type_name.clone().unwrap()).collect();
    assert_eq!(types, ["STRING", "LONG", "DECIMAL", "INT"]);
    let table = result.collect().await.unwrap();
    assert_eq!(table.len(), 1);
    let row = table.rows().next().unwrap();
    let cells: Vec<_> = (0..4).map(|at| row.at(at).unwrap()).collect();
    let price = Value::Decimal(Decimal::parse("19.90").unwrap());
    assert_eq!(cells, [Value::Text("it's"), Value::Long(LONG), price, Value::Null]);
}

#[tokio::test]
async fn chunks_come_by_external_links() {
    let Some(client) = with_engine() else { return };
    let request = ExecuteStatementRequest::new("SELECT id FROM range(300000)").disposition(Disposition::ExternalLinks);
    let execution = client.statement_execution(WAREHOUSE).with_options(fault(json!({"sql": {"chunk_bytes": 500_000}})));
    let mut result = execution.execute(&request).await.unwrap();
    let (mut count, mut batches) = (0, 0);
    while let Some(batch) = result.next_batch().await.unwrap() {
        assert_eq!(batch.column("id").unwrap().longs()[0], count);
        count += batch.len() as i64;
        batches += 1;
    }
    assert_eq!(count, 300_000);
    assert!(batches > 1, "{batches} batches");
}

#[tokio::test]
async fn a_vector_query_filters_and_goes_on_to_the_next_page() {
    with_index("conformance_query", |client, index| {
        Box::pin(async move {
            assert!(index.upsert(rows()).await.unwrap().is_complete());
            let query = QueryRequest::new(["id"]).query_vector(vec![1.0, 0.0]).num_results(3_u64);
            let english = query.clone().filter(&Filter::eq("lang", "en"));
            let options = fault(json!({"vector": {"page_rows": 2}}));
            let first = client.vector_search().with_options(options).index(index.name()).query(&english).await.unwrap();
            let second = index.next_page(&first).await.unwrap().unwrap();
            assert_eq!((ids(&first.rows), ids(&second.rows)), (vec![LONG, 3], vec![4]));
            assert_eq!(index.next_page(&second).await.unwrap(), None);
            let one = index.query(&query.filter(&Filter::eq("id", LONG))).await.unwrap();
            assert_eq!(ids(&one.rows), [LONG]);
            let all = ids(&index.scan(2).collect().await.unwrap());
            assert_eq!(all, [3, 4, LONG, LONG + 2]);
            assert!(index.delete_rows([all[2].to_string()]).await.unwrap().is_complete());
            assert_eq!(ids(&index.scan(100).collect().await.unwrap()), [3, 4, LONG + 2]);
        })
    })
    .await;
}

#[tokio::test]
async fn a_function_of_unity_catalog_is_a_tool() {
    let Some(client) = with_engine() else { return };
    let options = UcFunctionToolkitOptions::new(["main.tools.add_tax"], WAREHOUSE).form(Form::Plain);
    let toolkit = UcFunctionToolkit::load(&client, options).await.unwrap();
    let chat = client.chat("databricks-meta-llama-3-3-70b-instruct");
    let question = "What does an article of 100 euros cost with the usual tax?";
    let run = chat.run_tools(question, &toolkit.tools().unwrap(), ToolLimits::default()).await.unwrap();
    assert_eq!(run.steps, 2);
    assert!(run.answer.text().contains("120"), "{}", run.answer.text());
}

#[tokio::test]
async fn o1_an_upsert_tells_of_the_key_that_failed() {
    with_index("conformance_upsert", |client, index| {
        Box::pin(async move {
            let key = LONG.to_string();
            let options = fault(json!({"vector": {"failed_keys": [key]}}));
            let failing = client.vector_search().with_options(options).index(index.name());
            let report = failing.upsert(rows()).await.unwrap();
            assert!(!report.is_complete());
            assert_eq!(report.failed_keys(), [key.as_str()]);
            let again = index.resend(&report).await.unwrap();
            assert!(again.is_complete());
            assert_eq!(again.written_keys(), [key.as_str()]);
        })
    })
    .await;
}

#[tokio::test]
async fn a_run_is_logged_with_metrics_and_a_file_and_read_back() {
    let Some(client) = alone() else { return };
    let mlflow = client.mlflow();
    let experiment = mlflow.experiment("/Shared/lakewire-conformance").await.unwrap().experiment_id;
    let log = |run: ActiveRun| async move {
        run.log_param("rate", 0.5).await?;
        let metrics: Vec<_> = (0..1500).map(|step| Metric::new("loss", 1.0 / (step as f64 + 1.0)).step(step)).collect();
        run.log_batch(&metrics, &[], &[]).await?;
        run.artifacts()?.log_dict("summary.json", &json!({"steps": 1500})).await?;
        Ok::<_, Error>(run.id().to_owned())
    };
    let id = mlflow.with_run(&experiment, &CreateRun::new().run_name("fit"), log).await.unwrap();
    let info = mlflow.get_run(&id).await.unwrap().info;
    assert_eq!((info.run_name.as_deref(), info.status.unwrap().as_str()), (Some("fit"), "FINISHED"));
    assert_eq!(mlflow.get_metric_history(&id, "loss").all().await.unwrap().len(), 1500);
    let files = mlflow.list_artifacts(&id, "").await.unwrap();
    assert_eq!(files.iter().map(|file| file.path.as_str()).collect::<Vec<_>>(), ["summary.json"]);
    let file = mlflow.download_artifact(&id, "summary.json").await.unwrap();
    assert_eq!(serde_json::from_slice::<serde_json::Value>(&file).unwrap(), json!({"steps": 1500}));
}
