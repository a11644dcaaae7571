//! Lets the model use functions of Unity Catalog. `cargo run --example uc_functions --features native`
//!
//! Reads `DATABRICKS_HOST`, `DATABRICKS_TOKEN` and, if set, `LAKEWIRE_ENDPOINT`, `LAKEWIRE_WAREHOUSE` and `LAKEWIRE_FUNCTIONS`.

use lakewire::chat::ToolLimits;
use lakewire::functions::{Form, UcFunctionToolkit, UcFunctionToolkitOptions};
use lakewire::{Result, WorkspaceClient};

fn setting(name: &str, default: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| default.to_owned())
}

#[tokio::main]
async fn main() -> Result<()> {
    let client = WorkspaceClient::from_env()?;
    let names = setting("LAKEWIRE_FUNCTIONS", "main.tools.*");
    let options = UcFunctionToolkitOptions::new(names.split(','), setting("LAKEWIRE_WAREHOUSE", "emulator-warehouse"));
    // within what Databricks promises of tool schemas: no `anyOf`
    let toolkit = UcFunctionToolkit::load(&client, options.form(Form::Plain)).await?;
    for function in toolkit.functions() {
        println!("{}: {}", function.full_name(), function.info()?.comment.unwrap_or_default());
    }

    let chat = client.chat(setting("LAKEWIRE_ENDPOINT", "databricks-meta-llama-3-3-70b-instruct"));
    let question = "What does an article of 100 euros cost with the usual tax?";
    let run = chat.run_tools(question, &toolkit.tools()?, ToolLimits::default()).await?;
    println!("{} ({} steps)", run.answer.text(), run.steps);
    Ok(())
}
