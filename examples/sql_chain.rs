//! A question to tables, step by step. `cargo run --example sql_chain --features native -- "Which nation has the most customers?"`
//!
//! Reads `DATABRICKS_HOST`, `DATABRICKS_TOKEN`, `DATABRICKS_WAREHOUSE_ID` and `DATABRICKS_MODEL`.

use lakewire::sql_chain::{SqlChainEvent, SqlDatabaseChain};
use lakewire::sql_database::{SqlDatabase, SqlDatabaseOptions};
use lakewire::{Result, WorkspaceClient};

#[tokio::main]
async fn main() -> Result<()> {
    let setting = |name: &str, or: &str| std::env::var(name).unwrap_or_else(|_| or.to_owned());
    let question = std::env::args().nth(1).unwrap_or_else(|| "How many orders are there?".to_owned());
    let client = WorkspaceClient::from_env()?;
    let warehouse = setting("DATABRICKS_WAREHOUSE_ID", "emulator-warehouse");
    let options = SqlDatabaseOptions::new("samples", "tpch").warehouse_id(warehouse);
    let database = SqlDatabase::from_databricks(&client, options).await?;
    println!("Tables: {}", database.usable_table_names().join(", "));

    let chat = client.chat(setting("DATABRICKS_MODEL", "databricks-meta-llama-3-3-70b-instruct"));
    let chain = SqlDatabaseChain::new(chat, database);
    let tell = |event: &SqlChainEvent| match event {
        SqlChainEvent::Sql(sql) => println!("\n{sql}\n"),
        SqlChainEvent::Rows { text, rows } => println!("{text}{}\n", if rows.truncated { " (cut)" } else { "" }),
        SqlChainEvent::Words(words) => print!("{words}"),
        _ => {}
    };
    chain.invoke_with(&question, tell).await?;
    println!();
    Ok(())
}
