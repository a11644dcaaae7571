//! Prompt, model and parser in one line. `cargo run --example chain --features native`
//!
//! Reads `DATABRICKS_HOST`, `DATABRICKS_TOKEN` and, if set, `LAKEWIRE_ENDPOINT`.

use std::io::Write;

use lakewire::chain::{Parallel, StrOutputParser};
use lakewire::chat::Message;
use lakewire::prompts::{ChatPromptTemplate, MessageTemplate, MessagesPlaceholder, PromptTemplate, PromptValues};
use lakewire::{Result, WorkspaceClient};

#[tokio::main]
async fn main() -> Result<()> {
    let endpoint =
        std::env::var("LAKEWIRE_ENDPOINT").unwrap_or_else(|_| "databricks-meta-llama-3-3-70b-instruct".into());
    let chat = WorkspaceClient::from_env()?.chat(endpoint);
    let prompt = ChatPromptTemplate::from_messages([
        MessageTemplate::system("Answer in the language of {team}."),
        MessagesPlaceholder::new("history").optional().into(),
        MessageTemplate::human("{question}"),
    ])?
    .partial([("team", "sales")]);
    let chain = prompt.pipe(chat.clone()).pipe(StrOutputParser);

    // words as they come
    let mut words = chain.stream([("question", "What is a lakehouse?")]).await?;
    while let Some(word) = words.next().await {
        print!("{}", word?);
        std::io::stdout().flush().ok();
    }
    println!();

    // the conversation so far, and braces in what people type, go in as they are
    let values = PromptValues::new()
        .with("question", "What is my name? {name}")
        .with("history", [Message::user("My name is Ann."), Message::assistant("Hello Ann.")]);
    println!("Again: {}", chain.invoke(values).await?);

    // two questions side by side, whose answers fill the next prompt
    let what = |name: &str| {
        let template = PromptTemplate::from_template(&format!("What is {{{name}}}?"));
        template.map(|template| template.pipe(chat.clone()).pipe(StrOutputParser))
    };
    let compare = Parallel::new()
        .with("one", what("one")?)
        .with("two", what("two")?)
        .pipe(PromptTemplate::from_template("{one} And: {two}")?);
    for result in compare.batch([PromptValues::from([("one", "a lake"), ("two", "a warehouse")])], 4).await {
        println!("Compared: {} characters", result?.len());
    }
    Ok(())
}
