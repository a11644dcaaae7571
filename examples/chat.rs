//! Asks one question. `cargo run --example chat --features native`
//!
//! Reads `DATABRICKS_HOST`, `DATABRICKS_TOKEN` and, if set, `LAKEWIRE_ENDPOINT`.

use lakewire::chat::{ChatRequest, Message};
use lakewire::{Result, WorkspaceClient};

#[tokio::main]
async fn main() -> Result<()> {
    let endpoint =
        std::env::var("LAKEWIRE_ENDPOINT").unwrap_or_else(|_| "databricks-meta-llama-3-3-70b-instruct".into());
    let chat = WorkspaceClient::from_env()?.chat(endpoint);
    let request =
        ChatRequest::new([Message::system("Answer in two sentences."), Message::user("What is a lakehouse?")])
            .temperature(0.2)
            .max_tokens(200);
    let answer = chat.invoke(request).await?;
    println!("{}", answer.text());
    println!(
        "({} tokens, request {})",
        answer.usage.as_ref().and_then(|usage| usage.total_tokens).unwrap_or(0),
        answer.request_id().unwrap_or("without id")
    );
    Ok(())
}
