//! Asks a Genie space a question in plain words. `cargo run --example genie --features native`
//!
//! Reads `DATABRICKS_HOST`, `DATABRICKS_TOKEN` and, if set, `LAKEWIRE_GENIE_SPACE` and `LAKEWIRE_QUESTION`.

use lakewire::genie::AskOptions;
use lakewire::{Result, WorkspaceClient};

#[tokio::main]
async fn main() -> Result<()> {
    let space = std::env::var("LAKEWIRE_GENIE_SPACE").unwrap_or_else(|_| "emulator-genie".into());
    let question =
        std::env::var("LAKEWIRE_QUESTION").unwrap_or_else(|_| "How many orders are there per status?".into());
    let genie = WorkspaceClient::from_env()?.genie(space);
    let reply = genie.ask_with(&question, &AskOptions::default(), |status| println!("… {status}")).await?;
    for said in [&reply.answer.text, &reply.answer.query].into_iter().flatten() {
        println!("{said}");
    }
    println!("{}", reply.markdown());
    Ok(())
}
