//! Finds the rows of a vector index nearest to a question:
//! `cargo run --example vector_search --features native -- main.docs.manual_idx "How do I reset it?"`

use lakewire::WorkspaceClient;
use lakewire::vector_search::{DatabricksVectorSearch, Search, StoreOptions};

#[tokio::main]
async fn main() -> lakewire::Result<()> {
    let mut args = std::env::args().skip(1);
    let index = args.next().unwrap_or_else(|| "main.docs.manual_idx".to_owned());
    let question = args.next().unwrap_or_else(|| "How do I reset it?".to_owned());
    let index = WorkspaceClient::from_env()?.vector_search().index(index);
    let store = DatabricksVectorSearch::create(index, StoreOptions::default()).await?;
    for (document, score) in store.similarity_search_with_score(&question, &Search::top(3)).await? {
        println!("{score:.3} {}", document.page_content);
    }
    Ok(())
}
