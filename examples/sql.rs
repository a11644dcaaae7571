//! Runs statements: values as named parameters, rows, columns, and a large result from files.
//! `cargo run --example sql --features native`
//!
//! Reads `DATABRICKS_HOST`, `DATABRICKS_TOKEN` and `DATABRICKS_WAREHOUSE_ID`.

use lakewire::sql::{Decimal, Disposition, ExecuteStatementRequest, Param};
use lakewire::{Result, WorkspaceClient};

/// What a row is read as: BIGINT is a whole number, DECIMAL and DATE are their exact texts.
#[derive(serde::Deserialize)]
struct Order {
    o_orderkey: i64,
    o_totalprice: String,
    o_orderdate: String,
}

#[tokio::main]
async fn main() -> Result<()> {
    let warehouse = std::env::var("DATABRICKS_WAREHOUSE_ID").unwrap_or_else(|_| "emulator-warehouse".to_owned());
    let sql = WorkspaceClient::from_env()?.statement_execution(warehouse);
    let request = |text: &str| ExecuteStatementRequest::new(text).catalog("samples").schema("tpch");

    let text = "SELECT o_orderkey, o_totalprice, o_orderdate FROM orders \
        WHERE o_totalprice > :least AND o_orderdate >= :since ORDER BY o_totalprice DESC LIMIT 5";
    let least = Param::decimal(&Decimal::parse("1000.50")?, 12, 2).named("least");
    let orders = request(text).parameter(least).parameter(Param::date("1995-01-01").named("since"));
    let table = sql.execute(&orders).await?.collect().await?;
    println!("{} large orders:", table.len());
    for row in table.rows() {
        let Order { o_orderkey, o_totalprice, o_orderdate } = row.read()?;
        println!("{o_orderkey}  {o_totalprice}  {o_orderdate}");
    }

    // columns: lists of numbers
    let (mut count, mut sum) = (0, 0.0);
    let mut prices = sql.execute(&request("SELECT CAST(o_totalprice AS DOUBLE) AS price FROM orders")).await?;
    while let Some(batch) = prices.next_batch().await? {
        sum += batch.column("price").map_or(0.0, |column| column.doubles().iter().sum());
        count += batch.len();
    }
    println!("Orders: {count}, mean price {:.2}", sum / count as f64);

    // a large result comes in files behind links, some ahead of the one that is read
    let (mut items, mut batches, mut quantity) = (0, 0, 0);
    let lines = request("SELECT * FROM lineitem").disposition(Disposition::ExternalLinks);
    let mut lines = sql.execute(&lines).await?;
    while let Some(batch) = lines.next_batch().await? {
        batches += 1;
        items += batch.len();
        if let Some(column) = batch.column("l_quantity") {
            for text in (0..column.len()).filter_map(|row| column.text(row)) {
                quantity += Decimal::parse(text)?.unscaled().unwrap_or(0);
            }
        }
    }
    println!("Line items: {items}, {batches} batches, quantity {}.{:02}", quantity / 100, quantity % 100);
    Ok(())
}
