//! One result of texts by one statement: sent, waited for and read whole.

use crate::error::{Error, ErrorKind, Result};
use crate::sql::{ExecuteStatementRequest, StatementExecution};
use crate::sql_database::options::RunOptions;
use crate::sql_database::rows::{SqlColumn, SqlRows};
use crate::wire::json::Raw;

/// Runs statements on a warehouse, in a schema.
#[derive(Clone, Debug)]
pub(crate) struct Runner {
    pub(crate) execution: StatementExecution,
    pub(crate) catalog: String,
    pub(crate) schema: String,
}

impl Runner {
    /// Runs a statement to its end.
    ///
    /// # Errors
    /// As [`StatementExecution::execute`].
    pub(crate) async fn run(&self, statement: &str, options: &RunOptions) -> Result<SqlRows> {
        let mut request = ExecuteStatementRequest::new(statement);
        request.catalog = Some(self.catalog.clone());
        request.schema = Some(self.schema.clone());
        request.row_limit = options.row_limit.and_then(|rows| i64::try_from(rows).ok());
        request.byte_limit = options.byte_limit.and_then(|bytes| i64::try_from(bytes).ok());
        for parameter in &options.parameters {
            request = request.parameter(parameter.clone());
        }
        let mut result = self.execution.execute(&request).await?;
        let column = |column: &crate::sql::ColumnInfo| SqlColumn {
            name: column.name.clone().unwrap_or_default(),
            type_text: column.type_text.clone().unwrap_or_default(),
        };
        let columns = result.schema().iter().map(column).collect();
        let mut rows = SqlRows { columns, rows: Vec::new(), truncated: result.is_truncated() };
        while let Some(chunk) = result.next_chunk().await? {
            let text = String::from_utf8(chunk)
                .map_err(|_| Error::new(ErrorKind::Decode, "A chunk of the result is not UTF-8 text."))?;
            rows.read_rows(Raw::parse(&text)?)?;
        }
        Ok(rows)
    }
}
