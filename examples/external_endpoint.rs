//! An endpoint for a model at OpenAI, from the key to the last call.
//! `cargo run --example external_endpoint --features native`
//!
//! Reads `DATABRICKS_HOST`, `DATABRICKS_TOKEN` and `OPENAI_API_KEY`. Everything it makes it deletes.

use lakewire::secrets::CreateScopeRequest;
use lakewire::serving_endpoints::{
    CreateEndpointRequest, DEFAULT_TIMEOUT, EndpointConfigInput, EndpointTag, ExternalTask, OpenAiConfig, OpenAiModel,
    SecretText, ServedEntityInput,
};
use lakewire::{Result, WorkspaceClient};

#[tokio::main]
async fn main() -> Result<()> {
    let client = WorkspaceClient::from_env()?;
    let suffix = std::process::id();
    let (name, scope) = (format!("external-gpt4-{suffix}"), format!("llm-{suffix}"));

    // the key stands in a secret; the endpoint knows only where
    client.secrets().create_scope(&CreateScopeRequest::new(&scope)).await?;
    let outcome = create_and_ask(&client, &name, &scope).await;
    client.secrets().delete_scope(&scope).await?;
    outcome
}

async fn create_and_ask(client: &WorkspaceClient, name: &str, scope: &str) -> Result<()> {
    let key = std::env::var("OPENAI_API_KEY").unwrap_or_else(|_| "sk-sample".into());
    client.secrets().put(scope, "openai", &key).await?;
    let config = OpenAiConfig::default().openai_api_key(SecretText::reference(scope, "openai"));
    let model = OpenAiModel::new("gpt-4", ExternalTask::Chat, config);
    let config = EndpointConfigInput::new([ServedEntityInput::external(model).name("gpt-4")]);
    let request = CreateEndpointRequest::new(name, config).tags(vec![EndpointTag::new("team", "web")]);

    let endpoints = client.serving_endpoints();
    endpoints.create(&request).await?;
    let tell = |seen: &lakewire::serving_endpoints::Progress| println!("{}, {}", seen.ready, seen.config_update);
    let endpoint = endpoints.wait_until_ready_with(name, DEFAULT_TIMEOUT, tell).await?;
    println!("{} is ready.", endpoint.task.unwrap_or_default());
    let answer = client.chat(name).invoke("My name is Ann. What is my name?").await?;
    println!("Answer: {}", answer.text());
    endpoints.delete(name).await?;
    println!("Deleted.");
    Ok(())
}
