//! Asks an app on a cluster's driver node. `cargo run --example driver_proxy --features native`
//!
//! The app is `examples/apps/driver_app.mjs`; the emulator reaches it with `--driver-proxy 1120-090000-abcd1234/7777`.
//! Reads `DATABRICKS_HOST`, `DATABRICKS_TOKEN` and, if set, `LAKEWIRE_CLUSTER` and `LAKEWIRE_APP_PORT`.

use std::convert::Infallible;

use lakewire::completions::{CompletionParams, CompletionRequest, DriverProxyApp};
use lakewire::{Result, WorkspaceClient};
use serde_json::{Map, Value, json};

fn fields(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

#[tokio::main]
async fn main() -> Result<()> {
    let cluster = std::env::var("LAKEWIRE_CLUSTER").unwrap_or_else(|_| "1120-090000-abcd1234".into());
    let port = std::env::var("LAKEWIRE_APP_PORT").ok().and_then(|port| port.parse().ok()).unwrap_or(7777);
    let app = WorkspaceClient::from_env()?.completions(DriverProxyApp::new(cluster, port));

    // a plain call
    println!("{}", app.invoke("Hello.").await?);

    // with a stop
    let stop = CompletionParams::default().stop(["."]);
    println!("{}", app.invoke(CompletionRequest::new("How are you?").params(stop)).await?);

    // with fields of the app's own: for every call, and for one
    let warm =
        app.clone().with_defaults(&CompletionParams::default().extra_params(fields(json!({"temperature": 0.1}))));
    println!("{}", warm.invoke("Hello.").await?);
    let hot = CompletionParams::default().extra_params(fields(json!({"temperature": 0.9})));
    println!("{}", warm.invoke(CompletionRequest::new("Hello.").params(hot)).await?);

    // with a function that changes every request
    let concise = app.clone().with_transform_input(|mut request: Map<String, Value>| {
        let prompt = request.get("prompt").and_then(Value::as_str).unwrap_or_default();
        let prompt = format!("{prompt} Be concise.");
        request.insert("prompt".into(), json!(prompt));
        Ok::<_, Infallible>(request)
    });
    println!("{}", concise.invoke("Hello.").await?);

    // with a function that reads every answer
    let loud = app.with_transform_output(|answer: Value| {
        answer.as_str().map(str::to_uppercase).ok_or("the app's answer is no text")
    });
    println!("{}", loud.invoke("Hello.").await?);
    Ok(())
}
