//! The requests on statements and warehouses as values.
//!
//! A statement is sent once: whether one whose answer was lost runs is not known, and running it twice may do its work
//! twice. All others read, or may be repeated without harm.

use crate::error::{Error, ErrorKind, Result};
use crate::sql::progress;
use crate::sql::types::{CreatedWarehouse, ResultData, StatementResponse, Warehouse, WarehouseList};
use crate::wire::answer;
use crate::wire::call::{Call, Repeat};
use crate::wire::json::{Json, Raw};
use crate::wire::request::{Method, Path, Request};

const STATEMENTS: &str = "/api/2.0/sql/statements";
const WAREHOUSES: &str = "/api/2.0/sql/warehouses";

/// Runs a statement; `body` is the JSON text of an [`ExecuteStatementRequest`](crate::sql::ExecuteStatementRequest).
///
/// # Errors
/// `InvalidInput` when the statement, the warehouse or a name of a parameter is missing, or two parameters share a name.
///
/// ```
/// let call = lakewire::sql::calls::execute(r#"{"warehouse_id":"w","statement":"SELECT 1"}"#.into())?;
/// assert_eq!(call.request().path, "/api/2.0/sql/statements");
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `POST /api/2.0/sql/statements`
pub fn execute(body: String) -> Result<Call<Json<StatementResponse>>> {
    let root = Raw::parse(&body).map_err(|_| invalid("The body is not valid JSON."))?;
    let filled = |key| root.get_some(key).and_then(Raw::as_str).is_some_and(|text| !text.trim().is_empty());
    if !filled("statement") {
        return Err(invalid("The statement is empty: give the SQL text."));
    }
    if !filled("warehouse_id") {
        return Err(invalid("The warehouse is missing: give the id of a SQL warehouse."));
    }
    let mut names: Vec<String> = Vec::new();
    for parameter in root.get_some("parameters").into_iter().flat_map(Raw::items) {
        let name = parameter.get_some("name").and_then(Raw::as_str).unwrap_or_default().into_owned();
        if name.is_empty() || name.starts_with(':') {
            return Err(invalid("A parameter has no name: give the marker's, without the colon."));
        }
        if names.contains(&name) {
            return Err(invalid(&["The parameter `", &name, "` is given twice."].concat()));
        }
        names.push(name);
    }
    let request = Request::new(Method::Post, STATEMENTS).json(body);
    Ok(Call::new(request, Repeat::Never, answer::json).explained_by(progress::unsure))
}

/// Looks at a statement.
///
/// # Errors
/// `InvalidInput` when no statement can have this id.
///
/// ```
/// assert_eq!(lakewire::sql::calls::get("01ef-aaaa")?.request().path, "/api/2.0/sql/statements/01ef-aaaa");
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `GET /api/2.0/sql/statements/{statement_id}`
pub fn get(id: &str) -> Result<Call<Json<StatementResponse>>> {
    Ok(read(statement(id)?).explained_by(progress::gone))
}

/// Asks for a statement's end; only looking at it says what became of it.
///
/// # Errors
/// `InvalidInput` when no statement can have this id.
///
/// ```
/// let call = lakewire::sql::calls::cancel("01ef-aaaa")?;
/// assert_eq!(call.request().path, "/api/2.0/sql/statements/01ef-aaaa/cancel");
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `POST /api/2.0/sql/statements/{statement_id}/cancel`
pub fn cancel(id: &str) -> Result<Call<()>> {
    // asking twice changes nothing
    let request = Request::new(Method::Post, statement(id)?.then("/cancel").finish()).json("{}");
    Ok(Call::new(request, Repeat::Safe, answer::nothing))
}

/// Reads a chunk of a result, or gets a fresh link to it.
///
/// # Errors
/// `InvalidInput` when no statement can have this id.
///
/// ```
/// let call = lakewire::sql::calls::chunk("01ef-aaaa", 2)?;
/// assert_eq!(call.request().path, "/api/2.0/sql/statements/01ef-aaaa/result/chunks/2");
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `GET /api/2.0/sql/statements/{statement_id}/result/chunks/{chunk_index}`
pub fn chunk(id: &str, index: u64) -> Result<Call<Json<ResultData>>> {
    let path = statement(id)?.then("/result/chunks/").then(&index.to_string());
    Ok(read(path).explained_by(progress::gone))
}

fn statement(id: &str) -> Result<Path> {
    Path::literal(STATEMENTS).then("/").segment("statement", id)
}

/// Lists a page of the warehouses the caller may see.
///
/// ```
/// assert_eq!(lakewire::sql::calls::list_warehouses(None).request().path, "/api/2.0/sql/warehouses");
/// ```
/// `GET /api/2.0/sql/warehouses`
#[must_use]
pub fn list_warehouses(page_token: Option<&str>) -> Call<Json<WarehouseList>> {
    let path = Path::literal(WAREHOUSES);
    read(match page_token {
        Some(token) => path.query("page_token", token),
        None => path,
    })
}

/// Describes a warehouse.
///
/// # Errors
/// `InvalidInput` when no warehouse can have this id.
///
/// ```
/// assert_eq!(lakewire::sql::calls::get_warehouse("w-1")?.request().path, "/api/2.0/sql/warehouses/w-1");
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `GET /api/2.0/sql/warehouses/{id}`
pub fn get_warehouse(id: &str) -> Result<Call<Json<Warehouse>>> {
    Ok(read(warehouse(id)?))
}

/// Starts a warehouse; it runs later.
///
/// # Errors
/// `InvalidInput` when no warehouse can have this id.
///
/// ```
/// assert_eq!(lakewire::sql::calls::start_warehouse("w-1")?.request().path, "/api/2.0/sql/warehouses/w-1/start");
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `POST /api/2.0/sql/warehouses/{id}/start`
pub fn start_warehouse(id: &str) -> Result<Call<()>> {
    Ok(done(Request::new(Method::Post, warehouse(id)?.then("/start").finish()).json("{}"), Repeat::Safe))
}

/// Switches a warehouse off; statements it runs end.
///
/// # Errors
/// `InvalidInput` when no warehouse can have this id.
///
/// ```
/// assert_eq!(lakewire::sql::calls::stop_warehouse("w-1")?.request().path, "/api/2.0/sql/warehouses/w-1/stop");
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `POST /api/2.0/sql/warehouses/{id}/stop`
pub fn stop_warehouse(id: &str) -> Result<Call<()>> {
    Ok(done(Request::new(Method::Post, warehouse(id)?.then("/stop").finish()).json("{}"), Repeat::Safe))
}

/// Creates a warehouse; `body` is the JSON text of a [`Warehouse`].
///
/// ```
/// assert_eq!(lakewire::sql::calls::create_warehouse("{}".into()).request().path, "/api/2.0/sql/warehouses");
/// ```
/// `POST /api/2.0/sql/warehouses`
#[must_use]
pub fn create_warehouse(body: String) -> Call<Json<CreatedWarehouse>> {
    Call::new(Request::new(Method::Post, WAREHOUSES).json(body), Repeat::Never, answer::json)
}

/// Changes a warehouse; `body` is the JSON text of a [`Warehouse`].
///
/// # Errors
/// `InvalidInput` when no warehouse can have this id.
///
/// ```
/// let call = lakewire::sql::calls::edit_warehouse("w-1", "{}".into())?;
/// assert_eq!(call.request().path, "/api/2.0/sql/warehouses/w-1/edit");
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `POST /api/2.0/sql/warehouses/{id}/edit`
pub fn edit_warehouse(id: &str, body: String) -> Result<Call<()>> {
    Ok(done(Request::new(Method::Post, warehouse(id)?.then("/edit").finish()).json(body), Repeat::Never))
}

/// Deletes a warehouse.
///
/// # Errors
/// `InvalidInput` when no warehouse can have this id.
///
/// ```
/// let call = lakewire::sql::calls::delete_warehouse("w-1")?;
/// assert_eq!(call.request().method.as_str(), "DELETE");
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `DELETE /api/2.0/sql/warehouses/{id}`
pub fn delete_warehouse(id: &str) -> Result<Call<()>> {
    Ok(done(Request::new(Method::Delete, warehouse(id)?.finish()), Repeat::Never))
}

fn warehouse(id: &str) -> Result<Path> {
    Path::literal(WAREHOUSES).then("/").segment("warehouse", id)
}

fn done(request: Request, repeat: Repeat) -> Call<()> {
    Call::new(request, repeat, answer::nothing)
}

fn read<T>(path: Path) -> Call<Json<T>> {
    Call::new(Request::new(Method::Get, path.finish()), Repeat::Safe, answer::json)
}

fn invalid(sentence: &str) -> Error {
    Error::new(ErrorKind::InvalidInput, sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_run_is_not_sent() {
        for (body, word) in [
            ("{", "JSON"),
            (r#"{"warehouse_id":"w"}"#, "statement"),
            (r#"{"warehouse_id":"w","statement":"  "}"#, "statement"),
            (r#"{"statement":"SELECT 1"}"#, "warehouse"),
            (r#"{"warehouse_id":"w","statement":"x","parameters":[{"value":"1"}]}"#, "name"),
            (r#"{"warehouse_id":"w","statement":"x","parameters":[{"name":":p"}]}"#, "colon"),
            (r#"{"warehouse_id":"w","statement":"x","parameters":[{"name":"p"},{"name":"p"}]}"#, "twice"),
        ] {
            let error = execute(body.into()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            assert!(error.message().contains(word), "{error}");
        }
        assert!(get("../x/y").is_ok_and(|call| call.request().path.ends_with("statements/..%2Fx%2Fy")));
        assert!(get("..").is_err() && chunk("", 0).is_err() && get_warehouse("").is_err());
    }

    #[test]
    fn n4_a_statement_is_never_sent_twice() {
        let call = execute(r#"{"warehouse_id":"w","statement":"INSERT"}"#.into()).unwrap();
        assert_eq!(call.repeat(), Repeat::Never);
        assert_eq!(get("x").unwrap().repeat(), Repeat::Safe);
    }
}
