//! The statements that run functions as values.

use crate::error::{Error, ErrorKind, Result};
use crate::functions::statement::Statement;
use crate::sql::{calls as statements, progress};
use crate::wire::answer;
use crate::wire::call::{Call, Repeat};
use crate::wire::json::{Json, push_string};
use crate::wire::request::{Method, Path, Request};

const ROOT: &str = "/api/2.0/sql/statements";

/// How a function runs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunSettings {
    /// The SQL warehouse it runs on.
    pub warehouse_id: String,
    /// How long the service waits before it answers that the statement goes on, such as `30s`.
    pub wait_timeout: String,
    /// The most rows of a result; 100 unless set.
    pub row_limit: u32,
    /// The most bytes of a result; 1 MiB unless set.
    pub byte_limit: u32,
    /// How long is waited after that in all, in seconds; 120 unless set.
    pub retry_timeout: u32,
}

impl RunSettings {
    /// The usual settings on a warehouse.
    #[must_use]
    pub fn new(warehouse_id: impl Into<String>) -> Self {
        Self {
            warehouse_id: warehouse_id.into(),
            wait_timeout: "30s".to_owned(),
            row_limit: 100,
            byte_limit: 1_048_576,
            retry_timeout: 120,
        }
    }
}

/// Runs a statement.
///
/// # Errors
/// `InvalidInput` when no warehouse is named.
///
/// ```
/// use lakewire::functions::{calls, RunSettings, Statement};
/// let statement = Statement { text: "SELECT 1".into(), parameters: "[]".into() };
/// let call = calls::execute(&statement, &RunSettings::new("wh-1"))?;
/// assert_eq!(call.request().path, "/api/2.0/sql/statements");
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `POST /api/2.0/sql/statements`
pub fn execute(statement: &Statement, settings: &RunSettings) -> Result<Call<Json<()>>> {
    if settings.warehouse_id.is_empty() {
        return Err(Error::new(ErrorKind::InvalidInput, "Functions run on a SQL warehouse: name it by its id."));
    }
    let mut body = String::from("{\"statement\":");
    push_string(&mut body, &statement.text);
    body.push_str(",\"warehouse_id\":");
    push_string(&mut body, &settings.warehouse_id);
    body.push_str(",\"parameters\":");
    body.push_str(&statement.parameters);
    body.push_str(",\"wait_timeout\":");
    push_string(&mut body, &settings.wait_timeout);
    body.push_str(",\"row_limit\":");
    body.push_str(&settings.row_limit.to_string());
    body.push_str(",\"byte_limit\":");
    body.push_str(&settings.byte_limit.to_string());
    body.push('}');
    // a function may do something: running it twice may do it twice
    let call = Call::new(Request::new(Method::Post, ROOT).json(body), Repeat::Never, answer::json);
    Ok(call.explained_by(progress::unsure))
}

/// Looks how far a statement is.
///
/// # Errors
/// `InvalidInput` when no statement can have this id.
///
/// ```
/// let call = lakewire::functions::calls::poll("01ef")?;
/// assert_eq!(call.request().path, "/api/2.0/sql/statements/01ef");
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `GET /api/2.0/sql/statements/{statement_id}`
pub fn poll(id: &str) -> Result<Call<Json<()>>> {
    let path = Path::literal(ROOT).then("/").segment("statement id", id)?.finish();
    let call = Call::new(Request::new(Method::Get, path), Repeat::Safe, answer::json);
    Ok(call.explained_by(progress::gone))
}

/// Ends a statement.
///
/// # Errors
/// `InvalidInput` when no statement can have this id.
///
/// ```
/// let call = lakewire::functions::calls::cancel("01ef")?;
/// assert_eq!(call.request().path, "/api/2.0/sql/statements/01ef/cancel");
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `POST /api/2.0/sql/statements/{statement_id}/cancel`
pub fn cancel(id: &str) -> Result<Call<()>> {
    statements::cancel(id)
}
