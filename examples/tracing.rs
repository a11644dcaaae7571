//! A chain as an MLflow trace. `cargo run --example tracing --features native`
//!
//! Reads `DATABRICKS_HOST`, `DATABRICKS_TOKEN` and, if set, `LAKEWIRE_ENDPOINT` and `LAKEWIRE_EXPERIMENT`.

use lakewire::chain::StrOutputParser;
use lakewire::mlflow::tracing::{Assessment, AssessmentSource, MlflowTracing};
use lakewire::prompts::ChatPromptTemplate;
use lakewire::{Result, WorkspaceClient};

#[tokio::main]
async fn main() -> Result<()> {
    let endpoint =
        std::env::var("LAKEWIRE_ENDPOINT").unwrap_or_else(|_| "databricks-meta-llama-3-3-70b-instruct".into());
    let experiment = std::env::var("LAKEWIRE_EXPERIMENT").unwrap_or_else(|_| "/Shared/lakewire-tracing".into());
    let client = WorkspaceClient::from_env()?;
    let mlflow = client.mlflow();
    let tracing = MlflowTracing::for_experiment(&mlflow, &experiment)
        .await?
        .with_session("example")
        // what a span holds may be changed before it is sent
        .with_redaction(|span| span.inputs = span.inputs.as_ref().map(|text| text.replace("Ann", "[name]")));

    let chat = client.observed_by(tracing.clone()).chat(endpoint);
    let prompt = ChatPromptTemplate::from_messages([("system", "Be brief."), ("human", "{question}")])?;
    let chain = prompt.pipe(chat).pipe(StrOutputParser);

    let question = "My name is Ann. What is a lakehouse?";
    let span = tracing.span("answer").inputs(&question);
    let trace_id = span.trace().tag("app", "example").trace_id().to_owned();
    span.run(chain.invoke([("question", question)])).await?;
    tracing.flush().await?;

    let trace = mlflow.get_trace(&trace_id).await?;
    let mut spans = trace.spans;
    spans.sort_by_key(|span| span.start_ns);
    for span in &spans {
        println!("{} {}", span.span_type, span.name);
    }
    println!("Tokens: {}", trace.info.metadata("mlflow.trace.tokenUsage").unwrap_or("not told"));
    let judged = Assessment::feedback("helpful", true).source(AssessmentSource::human("ann@example.com"));
    mlflow.create_assessment(&trace_id, &judged).await?;
    println!("Sent: {}", tracing.stats().exported);
    tracing.close().await
}
