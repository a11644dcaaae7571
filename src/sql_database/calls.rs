//! What a database sends; pure.

use crate::error::Result;
use crate::sql_database::table_info::quoted;
use crate::wire::answer;
use crate::wire::call::{Call, Repeat};
use crate::wire::json::Json;
use crate::wire::request::{Method, Path, Request};

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
