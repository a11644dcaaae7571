//! Talks to an agent: streams its answer, and goes on from it. `cargo run --example responses --features native`
//!
//! Reads `DATABRICKS_HOST`, `DATABRICKS_TOKEN` and, if set, `LAKEWIRE_AGENT`.

use std::io::Write;

use lakewire::agents::ResponseItem;
use lakewire::{Result, WorkspaceClient};

#[tokio::main]
async fn main() -> Result<()> {
    let endpoint = std::env::var("LAKEWIRE_AGENT").unwrap_or_else(|_| "agent-responses".into());
    let agent = WorkspaceClient::from_env()?.responses(endpoint);

    let mut stream = agent.stream("What is 17 + 25?").await?;
    while let Some(event) = stream.next().await {
        print!("{}", event?.delta().unwrap_or(""));
        std::io::stdout().flush().ok();
    }
    println!();

    // the whole of what was streamed: what the agent did on the way, and what it costs
    let first = stream.final_response().await?;
    let kinds = first.output.iter().map(|item| match item {
        ResponseItem::Message(_) => "message",
        ResponseItem::FunctionCall(_) => "function_call",
        ResponseItem::FunctionCallOutput(_) => "function_call_output",
        _ => "other",
    });
    println!("{}", kinds.collect::<Vec<_>>().join(", "));

    // the next turn: what was sent, what came out of it, and more
    let second = agent.invoke(first.next_input(["What is 6 * 7?"])?).await?;
    println!("{}", second.text());
    Ok(())
}
