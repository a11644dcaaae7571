//! What a database sends; pure.

use std::borrow::Cow;

use crate::error::{Error, ErrorKind, Result};
use crate::sql_database::options::RunOptions;
use crate::sql_database::table_info::quoted;
use crate::wire::answer;
use crate::wire::call::{Call, Repeat};
use crate::wire::json::{Json, Raw, push_string};
use crate::wire::request::{Method, Path, Request};

const STATEMENTS: &str = "/api/2.0/sql/statements";

/// `POST /api/2.0/sql/statements`, with `[warehouse, catalog, schema]`.
pub(crate) fn execute(place: [&str; 3], statement: &str, options: &RunOptions) -> Result<Call<Json<()>>> {
    let mut body = String::from("{\"statement\":");
    push_string(&mut body, statement);
    for (name, value) in ["warehouse_id", "catalog", "schema"].iter().zip(place) {
        body.push_str(",\"");
        body.push_str(name);
        body.push_str("\":");
        push_string(&mut body, value);
    }
    body.push_str(",\"wait_timeout\":\"30s\",\"on_wait_timeout\":\"CONTINUE\",\"disposition\":\"INLINE\",\"format\":\"JSON_ARRAY\"");
    for (name, limit) in [("row_limit", options.row_limit), ("byte_limit", options.byte_limit)] {
        if let Some(limit) = limit {
            body.push_str(",\"");
            body.push_str(name);
            body.push_str("\":");
            body.push_str(&limit.to_string());
        }
    }
    if !options.parameters.is_empty() {
        body.push_str(",\"parameters\":[");
        for (place, parameter) in options.parameters.iter().enumerate() {
            body.push_str(if place > 0 { ",{\"name\":" } else { "{\"name\":" });
            push_string(&mut body, &parameter.name);
            body.push_str(",\"value\":");
            match &parameter.value {
                Some(value) => push_string(&mut body, value),
                None => body.push_str("null"),
            }
            body.push_str(",\"type\":");
            push_string(&mut body, &parameter.type_text);
            body.push('}');
        }
        body.push(']');
    }
    body.push('}');
    Ok(Call::new(Request::new(Method::Post, STATEMENTS).json(body), Repeat::Never, answer::json))
}

/// `GET /api/2.0/sql/statements/{id}`
pub(crate) fn look(id: &str) -> Result<Call<Json<()>>> {
    let path = Path::literal(STATEMENTS).then("/").segment("the statement's id", id)?;
    Ok(Call::new(Request::new(Method::Get, path.finish()), Repeat::Safe, answer::json))
}

/// `GET /api/2.0/sql/statements/{id}/result/chunks/{index}`
pub(crate) fn chunk(id: &str, index: i64) -> Result<Call<Json<()>>> {
    let path = Path::literal(STATEMENTS).then("/").segment("the statement's id", id)?.then("/result/chunks/");
    Ok(Call::new(Request::new(Method::Get, path.then(&index.to_string()).finish()), Repeat::Safe, answer::json))
}

/// `GET /api/2.1/unity-catalog/tables/{catalog.schema.table}`
pub(crate) fn table(catalog: &str, schema: &str, table: &str) -> Result<Call<Json<()>>> {
    let name = [catalog, ".", schema, ".", table].concat();
    let path = Path::literal("/api/2.1/unity-catalog/tables/").segment("the table's name", &name)?;
    Ok(Call::new(Request::new(Method::Get, path.finish()), Repeat::Safe, answer::json))
}

/// A statement about a schema: `SHOW TABLES FROM`, `SHOW VIEWS FROM`; or about a table of it.
pub(crate) fn about(words: &str, path: &[&str]) -> String {
    let mut out = words.to_owned();
    for (place, name) in path.iter().enumerate() {
        out.push(if place > 0 { '.' } else { ' ' });
        out.push_str(&quoted(name));
    }
    out
}

/// The statement's id.
pub(crate) fn id(answer: Raw<'_>) -> Result<Cow<'_, str>> {
    answer
        .get_some("statement_id")
        .and_then(Raw::as_str)
        .ok_or_else(|| Error::new(ErrorKind::Decode, "The answer names no statement."))
}

/// How long to wait before a look, in milliseconds.
pub(crate) fn pause(looks: u32) -> u64 {
    (200_u64 << looks.min(5)).min(5000)
}

/// Whether the statement has ended well.
///
/// # Errors
/// `OperationFailed` when it has ended otherwise.
pub(crate) fn ended(answer: Raw<'_>) -> Result<bool> {
    let status = answer.get_some("status").ok_or_else(|| Error::new(ErrorKind::Decode, "The answer has no status."))?;
    let text =
        |object: Option<Raw<'_>>, key| object.and_then(|object| object.get_some(key)?.as_str().map(Cow::into_owned));
    let state = text(Some(status), "state").unwrap_or_default();
    match state.as_str() {
        "SUCCEEDED" => Ok(true),
        "FAILED" | "CANCELED" | "CLOSED" => {
            let fault = status.get_some("error");
            let message = text(fault, "message").map_or_else(
                || ["The statement ended in the state ", &state, "."].concat(),
                |message| message.trim().to_owned(),
            );
            Err(Error::new(ErrorKind::OperationFailed, message)
                .with_error_code(text(fault, "error_code").or(Some(state))))
        }
        _ => Ok(false),
    }
}
