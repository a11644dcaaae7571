//! Asks a custom model that was trained like Dolly. `cargo run --example dolly --features native`
//!
//! Reads `DATABRICKS_HOST`, `DATABRICKS_TOKEN` and, if set, `LAKEWIRE_ENDPOINT`: an endpoint whose model takes `prompt` and
//! `stop`.

use lakewire::completions::CompletionParams;
use lakewire::hugging_face::{DOLLY_END, dolly_answer, dolly_prompt};
use lakewire::{Result, WorkspaceClient};
use serde_json::{Map, Value, json};

#[tokio::main]
async fn main() -> Result<()> {
    let endpoint = std::env::var("LAKEWIRE_ENDPOINT").unwrap_or_else(|_| "dolly-v2-12b".into());
    let plain = WorkspaceClient::from_env()?.completions(endpoint);
    println!("{}", plain.invoke("How are you?").await?);

    // with a stop, and the question put into the words the model was trained with
    let dolly = plain
        .with_defaults(&CompletionParams::default().stop([DOLLY_END]))
        .with_transform_input(|mut request: Map<String, Value>| {
            let prompt = request.get("prompt").and_then(Value::as_str).unwrap_or_default();
            let prompt = dolly_prompt(prompt, None);
            request.insert("prompt".into(), json!(prompt));
            Ok::<_, std::convert::Infallible>(request)
        })
        .with_transform_output(|prediction: Value| {
            prediction.as_str().map(|text| dolly_answer(text).to_owned()).ok_or("the prediction is no text")
        });
    println!("Dolly: {}", dolly.invoke("How are you?").await?);
    Ok(())
}
