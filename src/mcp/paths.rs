//! Where a workspace's MCP servers are. Pure.

use crate::error::{Error, ErrorKind, Result};
use crate::wire::request::Path;

const ROOT: &str = "/api/2.0/mcp/";

/// The functions of a schema, or one of them.
///
/// # Errors
/// `InvalidInput` when a name is empty.
///
/// ```
/// assert_eq!(lakewire::mcp::functions("main", "tools", None)?, "/api/2.0/mcp/functions/main/tools");
/// # Ok::<(), lakewire::Error>(())
/// ```
pub fn functions(catalog: &str, schema: &str, function: Option<&str>) -> Result<String> {
    in_schema("functions/", catalog, schema, function)
}

/// The vector search indexes of a schema, or one of them. They need managed embeddings.
///
/// # Errors
/// `InvalidInput` when a name is empty.
///
/// ```
/// assert_eq!(lakewire::mcp::vector_search("main", "docs", Some("pages"))?, "/api/2.0/mcp/vector-search/main/docs/pages");
/// # Ok::<(), lakewire::Error>(())
/// ```
pub fn vector_search(catalog: &str, schema: &str, index: Option<&str>) -> Result<String> {
    in_schema("vector-search/", catalog, schema, index)
}

/// A Genie space, or all of them.
///
/// # Errors
/// `InvalidInput` when the id is empty.
///
/// ```
/// assert_eq!(lakewire::mcp::genie(Some("01ef"))?, "/api/2.0/mcp/genie/01ef");
/// # Ok::<(), lakewire::Error>(())
/// ```
pub fn genie(space_id: Option<&str>) -> Result<String> {
    let path = Path::literal(ROOT).then("genie");
    Ok(match space_id {
        Some(id) => path.then("/").segment("space", id)?.finish(),
        None => path.finish(),
    })
}

/// SQL on the workspace's tables.
///
/// ```
/// assert_eq!(lakewire::mcp::sql(), "/api/2.0/mcp/sql");
/// ```
#[must_use]
pub fn sql() -> String {
    [ROOT, "sql"].concat()
}

/// A server elsewhere, behind a connection of Unity Catalog.
///
/// # Errors
/// `InvalidInput` when the name is empty.
///
/// ```
/// assert_eq!(lakewire::mcp::external("github")?, "/api/2.0/mcp/external/github");
/// # Ok::<(), lakewire::Error>(())
/// ```
pub fn external(connection: &str) -> Result<String> {
    Ok(Path::literal(ROOT).then("external/").segment("connection", connection)?.finish())
}

fn in_schema(what: &str, catalog: &str, schema: &str, one: Option<&str>) -> Result<String> {
    let path = Path::literal(ROOT).then(what).segment("catalog", catalog)?.then("/").segment("schema", schema)?;
    Ok(match one {
        Some(name) => path.then("/").segment("full", name)?.finish(),
        None => path.finish(),
    })
}

/// Refuses what is not a path: the host is the client's, and no token may go elsewhere.
pub(crate) fn check(path: &str) -> Result<()> {
    let plain = path.starts_with('/')
        && !path.starts_with("//")
        && path.bytes().all(|byte| byte > 0x20 && byte < 0x7f && byte != b'\\')
        && path.split('/').all(|part| part != "." && part != "..");
    if plain {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::InvalidInput,
        "The MCP server's address must be a path such as /api/2.0/mcp/functions/main/tools: the host is the client's. For a server of your own on Databricks Apps make a client whose host is the app's, and give the path /mcp.",
    ))
}
