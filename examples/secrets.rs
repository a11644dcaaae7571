//! Secrets by scope. `cargo run --example secrets --features native`
//!
//! Reads `DATABRICKS_HOST` and `DATABRICKS_TOKEN`. The scope it makes it deletes.

use lakewire::secrets::{AclPermission, CreateScopeRequest, Secrets};
use lakewire::{Result, WorkspaceClient};

#[tokio::main]
async fn main() -> Result<()> {
    let secrets = WorkspaceClient::from_env()?.secrets();
    let scope = format!("example-{}", std::process::id());
    secrets.create_scope(&CreateScopeRequest::new(&scope)).await?;
    let outcome = put_and_show(&secrets, &scope).await;
    secrets.delete_scope(&scope).await?;
    outcome
}

async fn put_and_show(secrets: &Secrets, scope: &str) -> Result<()> {
    secrets.put(scope, "openai", "sk-sample").await?;
    secrets.put_bytes(scope, "certificate", &[48, 130, 1]).await?;
    secrets.put_acl(scope, "users", &AclPermission::Read).await?;
    for secret in secrets.list(scope).await? {
        println!("{}", secret.key);
    }
    for acl in secrets.list_acls(scope).await? {
        println!("{} may {}", acl.principal, acl.permission.as_str());
    }
    let value = secrets.get(scope, "openai").await?;
    println!("The key is {value}, {} characters long.", value.expose()?.len());
    Ok(())
}
