//! One small result by one statement: sent, waited for and read whole.

use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};
use crate::sender::{CallOptions, Sender};
use crate::sql_database::calls;
use crate::sql_database::options::RunOptions;
use crate::sql_database::rows::SqlRows;
use crate::wire::json::Raw;

/// Runs statements on a warehouse, in a schema.
#[derive(Clone, Debug)]
pub(crate) struct Runner {
    pub(crate) sender: Sender,
    pub(crate) warehouse_id: String,
    pub(crate) catalog: String,
    pub(crate) schema: String,
}

impl Runner {
    /// Runs a statement to its end.
    ///
    /// # Errors
    /// `OperationFailed` with the service's words when the statement fails, and as the service answers.
    pub(crate) async fn run(&self, statement: &str, options: &RunOptions) -> Result<SqlRows> {
        let place = [self.warehouse_id.as_str(), &self.catalog, &self.schema];
        let scope = CallOptions::default();
        let (mut answer, _) = self.sender.send(&calls::execute(place, statement, options)?, &scope).await?;
        let mut looks = 0;
        while !calls::ended(answer.root())? {
            let wait = calls::pause(looks);
            looks += 1;
            self.sender.transport().sleep(Duration::from_millis(wait)).await;
            let id = calls::id(answer.root())?.into_owned();
            answer = self.sender.send(&calls::look(&id)?, &scope).await?.0;
        }
        let root = answer.root();
        let mut rows = SqlRows::default();
        let manifest = root.get_some("manifest");
        if let Some(columns) = manifest.and_then(|manifest| manifest.get_some("schema")?.get_some("columns")) {
            rows.read_columns(columns)?;
        }
        rows.truncated = manifest.and_then(|manifest| manifest.get("truncated")?.as_bool()) == Some(true);
        let mut next = root.get_some("result").map_or(Ok(None), |data| take(&mut rows, data, 0))?;
        while let Some(index) = next {
            let (chunk, _) = self.sender.send(&calls::chunk(&calls::id(root)?, index)?, &scope).await?;
            next = take(&mut rows, chunk.root(), index)?;
        }
        Ok(rows)
    }
}

/// Takes a chunk's rows, and gives the index of the next.
fn take(rows: &mut SqlRows, data: Raw<'_>, index: i64) -> Result<Option<i64>> {
    if let Some(array) = data.get_some("data_array") {
        rows.read_rows(array)?;
    }
    match data.get_some("next_chunk_index").and_then(Raw::as_i64) {
        Some(next) if next != index + 1 => {
            Err(Error::new(ErrorKind::Decode, "The chunks of the result do not follow one another."))
        }
        next => Ok(next),
    }
}
