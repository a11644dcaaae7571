//! Embeds documents and a query, and finds the document nearest to the query.
//! `cargo run --example embeddings --features native`
//!
//! Reads `DATABRICKS_HOST`, `DATABRICKS_TOKEN` and, if set, `LAKEWIRE_EMBEDDINGS`.

use lakewire::embeddings::similarities;
use lakewire::{Result, WorkspaceClient};

#[tokio::main]
async fn main() -> Result<()> {
    let endpoint = std::env::var("LAKEWIRE_EMBEDDINGS").unwrap_or_else(|_| "databricks-bge-large-en".into());
    let embedder = WorkspaceClient::from_env()?.embeddings(endpoint);

    let query = embedder.embed_query("hello").await?;
    let first: Vec<_> = query.iter().take(3).map(f32::to_string).collect();
    println!("{} numbers: {} …", query.len(), first.join(", "));

    let texts = ["hello there", "A lakehouse holds tables.", "Boats float on water."];
    let documents = embedder.embed_documents(texts).await?;
    let alike = similarities(&query, &documents)?;
    let nearest = texts.iter().zip(alike).max_by(|(_, a), (_, b)| a.total_cmp(b));
    println!("nearest of {}: {}", documents.len(), nearest.map_or("none", |(text, _)| text));
    Ok(())
}
