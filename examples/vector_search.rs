//! Makes a small vector index, writes texts, finds those nearest to a question, and deletes the index.
//! `cargo run --example vector_search --features native -- "How do I reset the pump?"`
//!
//! Reads `DATABRICKS_HOST`, `DATABRICKS_TOKEN` and, if set, `LAKEWIRE_EMBEDDINGS`. A vector search endpoint costs money
//! while it is there.

use std::sync::Arc;

use lakewire::vector_search::{
    CreateIndexRequest, CreateVectorEndpointRequest, DatabricksVectorSearch, DirectAccessIndexSpec, EndpointType,
    Filter, Row, Search, StoreOptions,
};
use lakewire::{Result, WorkspaceClient};

const ENDPOINT: &str = "lakewire-example";
const INDEX: &str = "main.default.lakewire_example";

#[tokio::main]
async fn main() -> Result<()> {
    let question = std::env::args().nth(1).unwrap_or_else(|| "How do I reset the pump?".to_owned());
    let client = WorkspaceClient::from_env()?;
    let search = client.vector_search();
    search.create_endpoint(&CreateVectorEndpointRequest::new(ENDPOINT, EndpointType::Standard)).await?;
    let outcome = ask(&client, &question).await;
    search.delete_endpoint(ENDPOINT).await?;
    outcome?;
    println!("Deleted.");
    Ok(())
}

async fn ask(client: &WorkspaceClient, question: &str) -> Result<()> {
    let search = client.vector_search();
    search.wait_until_online(ENDPOINT).await?;
    let columns = [("id", "string"), ("body", "string"), ("lang", "string"), ("vec", "array<float>")];
    let spec = DirectAccessIndexSpec::new("vec", 1024, columns);
    search.create_index(&CreateIndexRequest::direct_access(INDEX, ENDPOINT, "id", spec)).await?;
    let index = search.index(INDEX);
    index.wait_until_ready().await?;

    let model = std::env::var("LAKEWIRE_EMBEDDINGS").unwrap_or_else(|_| "databricks-bge-large-en".into());
    let options = StoreOptions {
        embedding: Some(Arc::new(client.embeddings(model))),
        text_column: Some("body".into()),
        columns: vec!["lang".into()],
        ..StoreOptions::default()
    };
    let store = DatabricksVectorSearch::create(index.clone(), options).await?;
    let texts = [
        "To reset the pump, hold its button.",
        "Boats float on water.",
        "Halten Sie den Knopf, um die Pumpe zu starten.",
    ];
    let lang = |lang: &str| Row::from_iter([("lang".to_owned(), lang.into())]);
    let ids = ["pump", "boat", "pumpe"].map(str::to_owned);
    let report = store.add_texts(&texts.map(str::to_owned), &[lang("en"), lang("en"), lang("de")], &ids).await?;
    println!("Written: {}", report.written_keys().join(", "));
    let nearest = Search::top(2).filter(&Filter::eq("lang", "en"));
    for (document, score) in store.similarity_search_with_score(question, &nearest).await? {
        println!("{score:.2} {}", document.page_content);
    }
    index.delete().await
}
