//! Gets a typed value. `cargo run --example structured --features native`
//!
//! Reads `DATABRICKS_HOST`, `DATABRICKS_TOKEN` and, if set, `LAKEWIRE_ENDPOINT`.

use lakewire::chat::structured::StructuredMethod;
use lakewire::{Result, WorkspaceClient};
use serde_json::json;

#[derive(serde::Deserialize)]
struct Person {
    name: String,
    age: u32,
}

#[tokio::main]
async fn main() -> Result<()> {
    let endpoint =
        std::env::var("LAKEWIRE_ENDPOINT").unwrap_or_else(|_| "databricks-meta-llama-3-3-70b-instruct".into());
    let schema = json!({
        "title": "person",
        "type": "object",
        "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
        "required": ["name", "age"],
    });
    let chat = WorkspaceClient::from_env()?
        .chat(endpoint)
        .structured_output::<Person>(&schema, StructuredMethod::JsonSchema)?;
    let person = chat.invoke("Ann is 31 years old.").await?.value;
    println!("{} is {}", person.name, person.age);
    Ok(())
}
