//! Asks an endpoint and prints the words as they come: `cargo run -- What is a lakehouse?`

use std::io::{Write, stdout};

use lakewire::WorkspaceClient;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let question = std::env::args().skip(1).collect::<Vec<_>>().join(" ");
    if question.is_empty() {
        return Err("ask something: cargo run -- What is a lakehouse?".into());
    }
    let endpoint = std::env::var("CHAT_ENDPOINT").unwrap_or_else(|_| "databricks-meta-llama-3-3-70b-instruct".into());
    // DATABRICKS_HOST and DATABRICKS_TOKEN, or what the environment and ~/.databrickscfg say otherwise
    let client = WorkspaceClient::from_env()?;
    let mut answer = client.chat(endpoint).stream(question.as_str()).await?;
    while let Some(chunk) = answer.next().await {
        for choice in &chunk?.choices {
            if let Some(content) = &choice.delta.content {
                print!("{}", content.text());
                stdout().flush()?;
            }
        }
    }
    println!();
    Ok(())
}
