//! Vector search: endpoints, indexes, their rows and queries (wire: vector-search).
//!
//! Search is exact over all rows. Texts are embedded by the emulator's own embedder or by the server of `--upstream`.

mod bm25;
mod columns;
mod create;
mod embed;
pub mod endpoints;
mod facets;
mod filter;
mod filter_text;
pub mod index;
mod indexes;
mod paging;
mod query;
mod rows;
mod search;
mod source;
mod store;
mod sync;

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use axum::{Extension, Router};
use http::{HeaderMap, Method, StatusCode};
use serde_json::{Map, Value};

use crate::errors::{ApiError, json_response};
use crate::faults::{Fault, VectorFault};
use crate::json::{invalid, object, query};
use crate::state::Emulator;

use index::Index;

pub use columns::Column;
pub use source::{Table, run};
pub use store::Store;

/// Where the surface begins.
pub const PREFIX: &str = "/api/2.0/vector-search/";

/// The routes of vector search.
pub fn routes() -> Router<Emulator> {
    Router::new().route("/api/2.0/vector-search/{*rest}", any(handle))
}

/// What the catalog says of an index of this full name, if there is one.
#[must_use]
pub fn table_info(emulator: &Emulator, full_name: &str) -> Option<Value> {
    emulator.vectors().index(full_name).map(|index| index.table_info())
}

/// What the catalog says of every index of a schema.
#[must_use]
pub fn tables_of(emulator: &Emulator, catalog: &str, schema: &str) -> Vec<Value> {
    let prefix = format!("{catalog}.{schema}.");
    emulator
        .vectors()
        .indexes()
        .filter(|index| index.name.starts_with(&prefix))
        .map(|index| index.table_info())
        .collect()
}

/// The indexes of a schema that can be asked in words, for the MCP server.
#[must_use]
pub fn indexes_of(emulator: &Emulator, catalog: &str, schema: &str) -> Vec<Arc<Index>> {
    let prefix = format!("{catalog}.{schema}.");
    let store = emulator.vectors();
    let fits = |index: &&Arc<Index>| {
        let managed = index.vectors.as_ref().is_some_and(|vectors| vectors.source.is_some());
        index.name.starts_with(&prefix) && managed
    };
    store.indexes().filter(fits).cloned().collect()
}

/// Asks an index as `POST .../query` does.
///
/// # Errors
/// The refusal the service would send.
pub async fn ask(emulator: &Emulator, index: &str, body: &Map<String, Value>) -> Result<Value, ApiError> {
    let index = emulator.vectors().index(index).ok_or_else(|| indexes::missing(index))?;
    query::answer(emulator, &index, body, &VectorFault::default()).await
}

/// One request.
pub(crate) struct Asked {
    emulator: Emulator,
    fault: Arc<Fault>,
    method: Method,
    query: Vec<(String, String)>,
    /// Where this emulator was asked, such as `http://127.0.0.1:8787`.
    base: String,
    body: Bytes,
}

impl Asked {
    fn object(&self) -> Result<Map<String, Value>, ApiError> {
        object(&self.body)
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    fn vector_fault(&self) -> VectorFault {
        self.fault.vector.clone().unwrap_or_default()
    }
}

/// How a request is answered.
pub(crate) enum Reply {
    /// With 200 and this.
    Json(Value),
    /// Not: there is no such route.
    NoRoute,
}

#[allow(clippy::too_many_arguments, reason = "axum gives a handler each part as an argument")]
async fn handle(
    State(emulator): State<Emulator>,
    Extension(fault): Extension<Arc<Fault>>,
    method: Method,
    Path(rest): Path<String>,
    RawQuery(query_text): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let fallback = format!("{}:{}", emulator.config().host, emulator.config().port);
    let host = headers.get("host").and_then(|value| value.to_str().ok()).map_or(fallback, str::to_owned);
    let base = format!("http://{host}");
    let query = query(query_text.as_deref().unwrap_or_default());
    let asked = Asked { emulator, fault, method, query, base, body };
    let parts: Vec<&str> = rest.trim_end_matches('/').split('/').collect();
    match dispatch(&asked, &parts).await {
        Ok(Reply::Json(body)) => json_response(StatusCode::OK, &body),
        Ok(Reply::NoRoute) => {
            let message = format!("No API found for '{} {PREFIX}{rest}'", asked.method);
            ApiError::new(StatusCode::NOT_FOUND, "ENDPOINT_NOT_FOUND", message).into_response()
        }
        Err(error) => error.into_response(),
    }
}

/// Both families of paths: below an endpoint, and by the index's name alone.
async fn dispatch(asked: &Asked, parts: &[&str]) -> Result<Reply, ApiError> {
    match parts {
        ["endpoints", endpoint, "indexes", rest @ ..] => {
            if asked.emulator.vectors().endpoint(endpoint).is_none() {
                return Err(endpoints::missing(endpoint));
            }
            indexes::answer(asked, Some(endpoint), rest).await
        }
        ["endpoints", rest @ ..] => endpoints::answer(asked, rest),
        ["indexes", rest @ ..] => indexes::answer(asked, None, rest).await,
        _ => Ok(Reply::NoRoute),
    }
}

/// A text that must be there.
fn text<'b>(body: &'b Map<String, Value>, name: &str) -> Result<&'b str, ApiError> {
    match body.get(name) {
        Some(Value::String(text)) if !text.is_empty() => Ok(text),
        None | Some(Value::Null | Value::String(_)) => Err(invalid(&format!("Missing required field: {name}"))),
        Some(_) => Err(invalid(&format!("'{name}' must be a string."))),
    }
}
