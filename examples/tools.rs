//! Lets the model use a tool. `cargo run --example tools --features native`
//!
//! Reads `DATABRICKS_HOST`, `DATABRICKS_TOKEN` and, if set, `LAKEWIRE_ENDPOINT`.

use lakewire::chat::{RunnableTool, Tool, ToolLimits};
use lakewire::{Result, WorkspaceClient};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<()> {
    let endpoint =
        std::env::var("LAKEWIRE_ENDPOINT").unwrap_or_else(|_| "databricks-meta-llama-3-3-70b-instruct".into());
    let chat = WorkspaceClient::from_env()?.chat(endpoint);
    let definition = Tool::function(
        "add",
        "Adds two numbers.",
        json!({"type": "object", "properties": {"a": {"type": "number"}, "b": {"type": "number"}}, "required": ["a", "b"]}),
    );
    let add = RunnableTool::new(definition, |arguments| async move {
        let arguments: Value = serde_json::from_str(&arguments).map_err(|fault| fault.to_string())?;
        let number = |name: &str| arguments.get(name).and_then(Value::as_f64).ok_or(format!("{name} is not a number"));
        Ok((number("a")? + number("b")?).to_string())
    });
    let run = chat.run_tools("Add 17 and 25.", &[add], ToolLimits::default()).await?;
    println!("{} ({} steps)", run.answer.text(), run.steps);
    Ok(())
}
