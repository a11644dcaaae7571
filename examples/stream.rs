//! Prints an answer as it comes. `cargo run --example stream --features native`
//!
//! Reads `DATABRICKS_HOST`, `DATABRICKS_TOKEN` and, if set, `LAKEWIRE_ENDPOINT`.

use std::future::poll_fn;
use std::io::Write;
use std::pin::pin;

use futures_core::Stream;
use lakewire::{Result, WorkspaceClient};

#[tokio::main]
async fn main() -> Result<()> {
    let endpoint =
        std::env::var("LAKEWIRE_ENDPOINT").unwrap_or_else(|_| "databricks-meta-llama-3-3-70b-instruct".into());
    let chat = WorkspaceClient::from_env()?.chat(endpoint);
    let mut stream = pin!(chat.stream("Tell me about delta tables.").await?);
    while let Some(chunk) = poll_fn(|cx| stream.as_mut().poll_next(cx)).await {
        for choice in &chunk?.choices {
            if let Some(content) = &choice.delta.content {
                print!("{}", content.text());
                std::io::stdout().flush().ok();
            }
        }
    }
    println!();
    Ok(())
}
