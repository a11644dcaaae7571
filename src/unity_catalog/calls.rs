//! The requests on Unity Catalog as values.
//!
//! What is listed and read of catalogs, schemas, tables, volumes and functions has one form: a
//! path, what it is asked with, and the key under which the items stand.

use crate::error::{Error, ErrorKind, Result};
use crate::unity_catalog::types::{FunctionInfo, TableExists};
use crate::wire::answer;
use crate::wire::call::{Call, Repeat};
use crate::wire::json::{Json, Raw};
use crate::wire::request::{Method, Path, Request};

const ROOT: &str = "/api/2.1/unity-catalog/";

/// What Unity Catalog holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// Catalogs, the first part of a name.
    Catalogs,
    /// Schemas, the second part.
    Schemas,
    /// Tables and views.
    Tables,
    /// Names and types of tables, across schemas.
    TableSummaries,
    /// Volumes of files.
    Volumes,
    /// Functions.
    Functions,
}

impl Kind {
    /// The word in the path.
    #[must_use]
    pub fn path(self) -> &'static str {
        match self {
            Self::Catalogs => "catalogs",
            Self::Schemas => "schemas",
            Self::Tables => "tables",
            Self::TableSummaries => "table-summaries",
            Self::Volumes => "volumes",
            Self::Functions => "functions",
        }
    }

    /// The key under which a list's items stand.
    #[must_use]
    pub fn key(self) -> &'static str {
        if self == Self::TableSummaries { "tables" } else { self.path() }
    }

    /// What a list cannot do without.
    fn required(self) -> &'static [&'static str] {
        match self {
            Self::Catalogs => &[],
            Self::Schemas | Self::TableSummaries => &["catalog_name"],
            Self::Tables | Self::Volumes | Self::Functions => &["catalog_name", "schema_name"],
        }
    }

    /// How many parts a full name has, and what they are.
    fn parts(self) -> (usize, &'static str) {
        match self {
            Self::Catalogs => (1, "catalog"),
            Self::Schemas => (2, "catalog.schema"),
            Self::Tables | Self::TableSummaries => (3, "catalog.schema.table"),
            Self::Volumes => (3, "catalog.schema.volume"),
            Self::Functions => (3, "catalog.schema.function"),
        }
    }
}

/// Lists what there is of a kind, page by page. `query` is a JSON object of what is asked with:
/// `catalog_name`, `schema_name`, `max_results`, `include_browse` and the like.
///
/// # Errors
/// `InvalidInput` when a name that the list needs is missing, or `max_results` is negative.
///
/// ```
/// use lakewire::{unity_catalog::calls::{self, Kind}, wire::json::Raw};
/// let call = calls::list(Kind::Schemas, Raw::parse(r#"{"catalog_name":"main","max_results":10}"#)?)?;
/// assert_eq!(call.request().path, "/api/2.1/unity-catalog/schemas?catalog_name=main&max_results=10");
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `GET /api/2.1/unity-catalog/{kind}`
pub fn list(kind: Kind, query: Raw<'_>) -> Result<Call<Json<()>>> {
    for name in kind.required() {
        if query.get_some(name).and_then(Raw::as_str).is_none_or(|text| text.is_empty()) {
            return Err(invalid(&["The list of ", kind.path(), " needs a `", name, "`."]));
        }
    }
    if query.get_some("max_results").is_some_and(|most| most.text().starts_with('-')) {
        return Err(invalid(&["`max_results` must not be negative: leave it out for the service's own size of page."]));
    }
    Ok(read(with_query(Path::literal(ROOT).then(kind.path()), query)?))
}

/// Describes one thing by its full name. `query` as in [`list`]: for tables `include_delta_metadata`,
/// `include_manifest_capabilities`; for all `include_browse`.
///
/// # Errors
/// `InvalidInput` when the name does not have its parts.
///
/// ```
/// use lakewire::{unity_catalog::calls::{self, Kind}, wire::json::Raw};
/// let call = calls::get(Kind::Tables, "samples.tpch.orders", Raw::parse("{}")?)?;
/// assert_eq!(call.request().path, "/api/2.1/unity-catalog/tables/samples.tpch.orders");
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `GET /api/2.1/unity-catalog/{kind}/{full_name}`
pub fn get(kind: Kind, full_name: &str, query: Raw<'_>) -> Result<Call<Json<()>>> {
    Ok(read(with_query(at(kind, full_name)?, query)?))
}

/// Whether a table is there.
///
/// # Errors
/// `InvalidInput` when the name does not have three parts.
///
/// ```
/// let call = lakewire::unity_catalog::calls::table_exists("main.default.t")?;
/// assert_eq!(call.request().path, "/api/2.1/unity-catalog/tables/main.default.t/exists");
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `GET /api/2.1/unity-catalog/tables/{full_name}/exists`
pub fn table_exists(full_name: &str) -> Result<Call<Json<TableExists>>> {
    Ok(read(at(Kind::Tables, full_name)?.then("/exists")))
}

/// Creates a function; `info` is the JSON text of a [`CreateFunction`](crate::unity_catalog::CreateFunction).
/// In practice functions are made by a `CREATE FUNCTION` statement; this call is experimental at Databricks.
///
/// # Errors
/// `InvalidInput` when `info` is no JSON object.
///
/// ```
/// let call = lakewire::unity_catalog::calls::create_function(r#"{"name":"f"}"#)?;
/// assert_eq!(call.request().body_text(), r#"{"function_info":{"name":"f"}}"#);
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `POST /api/2.1/unity-catalog/functions`
pub fn create_function(info: &str) -> Result<Call<Json<FunctionInfo>>> {
    if !Raw::parse(info).is_ok_and(Raw::is_object) {
        return Err(invalid(&["What describes the function must be a JSON object."]));
    }
    let path = Path::literal(ROOT).then("functions");
    Ok(change(Method::Post, path, ["{\"function_info\":", info, "}"].concat()))
}

/// Changes a function's owner; `body` is `{"owner": …}`.
///
/// # Errors
/// `InvalidInput` when the name does not have three parts.
///
/// ```
/// let call = lakewire::unity_catalog::calls::update_function("main.tools.f", r#"{"owner":"ann"}"#)?;
/// assert_eq!(call.request().method.as_str(), "PATCH");
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `PATCH /api/2.1/unity-catalog/functions/{full_name}`
pub fn update_function(full_name: &str, body: &str) -> Result<Call<Json<FunctionInfo>>> {
    Ok(change(Method::Patch, at(Kind::Functions, full_name)?, body.to_owned()))
}

/// Deletes a function; `query` may hold `force`.
///
/// # Errors
/// `InvalidInput` when the name does not have three parts.
///
/// ```
/// use lakewire::wire::json::Raw;
/// let call = lakewire::unity_catalog::calls::delete_function("main.tools.f", Raw::parse(r#"{"force":true}"#)?)?;
/// assert_eq!(call.request().path, "/api/2.1/unity-catalog/functions/main.tools.f?force=true");
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `DELETE /api/2.1/unity-catalog/functions/{full_name}`
pub fn delete_function(full_name: &str, query: Raw<'_>) -> Result<Call<()>> {
    let path = with_query(at(Kind::Functions, full_name)?, query)?.finish();
    Ok(Call::new(Request::new(Method::Delete, path), Repeat::Never, answer::nothing))
}

#[inline(never)]
fn at(kind: Kind, full_name: &str) -> Result<Path> {
    let (count, form) = kind.parts();
    let mut parts = full_name.split('.');
    if !(0..count).all(|_| parts.next().is_some_and(|part| !part.is_empty())) || parts.next().is_some() {
        return Err(invalid(&["The full name must have the form ", form, "."]));
    }
    Path::literal(ROOT).then(kind.path()).then("/").segment("full", full_name)
}

/// Adds the scalars of a JSON object to the query.
#[inline(never)]
fn with_query(mut path: Path, query: Raw<'_>) -> Result<Path> {
    for (name, value) in query.fields() {
        if value.is_null() {
            continue;
        }
        if value.is_object() || value.is_array() {
            return Err(invalid(&["`", &name, "` must be a text, a number or true or false."]));
        }
        path = path.query(&name, &value.as_str().unwrap_or(value.text().into()));
    }
    Ok(path)
}

fn read<T>(path: Path) -> Call<Json<T>> {
    Call::new(Request::new(Method::Get, path.finish()), Repeat::Safe, answer::json)
}

fn change<T>(method: Method, path: Path, body: String) -> Call<Json<T>> {
    Call::new(Request::new(method, path.finish()).json(body), Repeat::Never, answer::json)
}

#[inline(never)]
fn invalid(pieces: &[&str]) -> Error {
    Error::new(ErrorKind::InvalidInput, pieces.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_say_what_they_need() {
        let list = |kind, query: &str| list(kind, Raw::parse(query).unwrap()).map(|call| call.request().path.clone());
        assert_eq!(list(Kind::Catalogs, "{}").unwrap(), "/api/2.1/unity-catalog/catalogs");
        assert_eq!(
            list(
                Kind::TableSummaries,
                r#"{"catalog_name":"a b","table_name_pattern":"x%","schema_name_pattern":null}"#
            )
            .unwrap(),
            "/api/2.1/unity-catalog/table-summaries?catalog_name=a%20b&table_name_pattern=x%25"
        );
        for (kind, query, word) in [
            (Kind::Schemas, "{}", "catalog_name"),
            (Kind::Functions, r#"{"catalog_name":"main"}"#, "schema_name"),
            (Kind::Volumes, r#"{"catalog_name":"main","schema_name":""}"#, "schema_name"),
            (Kind::Catalogs, r#"{"max_results":-1}"#, "max_results"),
            (Kind::Catalogs, r#"{"include_browse":[]}"#, "include_browse"),
        ] {
            let error = list(kind, query).unwrap_err();
            assert!(error.kind() == ErrorKind::InvalidInput && error.message().contains(word), "{error}");
        }
    }

    #[test]
    fn n15_names_have_their_parts_and_never_lead_elsewhere() {
        let nothing = || Raw::trusted("{}");
        for bad in ["", "main", "main.tools", "a..b", "a.b.", "a.b.c.d", "a.b.\u{0}"] {
            assert!(delete_function(bad, nothing()).is_err(), "{bad}");
        }
        assert_eq!(
            get(Kind::Functions, "a.b/c?.d%2e", nothing()).unwrap().request().path,
            "/api/2.1/unity-catalog/functions/a.b%2Fc%3F.d%252e"
        );
        assert!(get(Kind::Catalogs, "a.b", nothing()).is_err() && get(Kind::Schemas, "a.b", nothing()).is_ok());
        assert!(create_function("[]").is_err());
    }
}
