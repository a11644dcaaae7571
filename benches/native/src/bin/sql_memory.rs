//! A million rows of six columns, streamed from the SQL engine behind the emulator: how much resident memory grows.
//!
//! `LAKEWIRE_EMULATOR=http://127.0.0.1:8787 cargo run --release --bin sql_memory` here, on Linux, with an emulator that was
//! started with `--engine`.

use lakewire::sql::{Disposition, ExecuteStatementRequest};
use lakewire::{Result, WorkspaceClient};

const ROWS: u64 = 1_000_000;

/// A figure of this process in MiB, as Linux tells it.
fn figure(name: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap_or_default();
    let kib: f64 = line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).unwrap_or(f64::NAN);
    kib / 1024.0
}

fn main() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(stream())
}

async fn stream() -> Result<()> {
    let host = std::env::var("LAKEWIRE_EMULATOR").unwrap_or_else(|_| "http://127.0.0.1:8787".to_owned());
    let sql = WorkspaceClient::new(&host, "dapi-emulator")?.statement_execution("emulator-warehouse");
    // connected, and its code loaded, before anything is measured
    let small = sql.execute(&ExecuteStatementRequest::new("SELECT 1")).await?.collect().await?;
    assert_eq!(small.len(), 1);
    let request = ExecuteStatementRequest::new(format!(
        "SELECT id, id * 7 AS big, CAST(id AS DOUBLE) / 3 AS part, CAST(id AS DECIMAL(18,2)) AS price, \
         concat('name ', CAST(id AS STRING)) AS name, id % 2 = 0 AS even FROM range({ROWS})"
    ))
    .disposition(Disposition::ExternalLinks);
    let mut result = sql.execute(&request).await?;
    let before = figure("VmRSS");
    let (mut rows, mut sum, mut third) = (0_u64, 0_i128, 0.0);
    while let Some(batch) = result.next_batch().await? {
        rows += batch.len() as u64;
        sum += batch.column("id").map_or(0, |ids| ids.longs().iter().map(|id| i128::from(*id)).sum());
        if third == 0.0 && rows > ROWS / 3 {
            third = figure("VmRSS");
        }
    }
    assert_eq!((rows, sum), (ROWS, i128::from(ROWS) * i128::from(ROWS - 1) / 2));
    println!(
        "{rows} rows. Resident: {before:.1} MiB before, +{:.1} after a third, +{:.1} at the end, peak +{:.1} MiB.",
        third - before,
        figure("VmRSS") - before,
        figure("VmHWM") - before,
    );
    Ok(())
}
