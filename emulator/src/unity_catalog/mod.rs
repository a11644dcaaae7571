//! Unity Catalog: catalogs, schemas, tables, volumes and functions (wire: unity-catalog-functions §1 and §5).
//!
//! The metadata belongs to the SQL engine, which answers these paths itself; here they pass the workspace's credential, faults and
//! history. Vector indexes are tables too, and those the emulator knows better.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use http::{HeaderValue, Method, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::{Value, json};

use crate::errors::{ApiError, json_response};
use crate::json::query;
use crate::state::Emulator;
use crate::vector_search;

/// What the paths begin with.
const PREFIX: &str = "/api/2.1/unity-catalog/";

/// The routes of Unity Catalog.
pub fn routes() -> Router<Emulator> {
    Router::new().route("/api/2.1/unity-catalog/{*rest}", any(pass))
}

async fn pass(State(emulator): State<Emulator>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let below = parts.uri.path().strip_prefix(PREFIX).filter(|_| parts.method == Method::GET).unwrap_or_default();
    if let Some(index) = below.strip_prefix("tables/").and_then(|table| index(&emulator, table)) {
        return json_response(StatusCode::OK, &index);
    }
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let path = parts.uri.path_and_query().map_or(parts.uri.path(), |path| path.as_str());
    match forwarded(&emulator, parts.method.clone(), path, body).await {
        Ok((StatusCode::OK, body)) if below == "tables" => {
            answer(StatusCode::OK, with_indexes(&emulator, parts.uri.query().unwrap_or_default(), body))
        }
        Ok((status, body)) => answer(status, body),
        Err(refusal) => refusal.into_response(),
    }
}

/// The answer for a vector index, which is a table too: `{name}` or `{name}/exists` as it stands in the path.
fn index(emulator: &Emulator, path: &str) -> Option<Value> {
    let (name, exists) = path.strip_suffix("/exists").map_or((path, false), |name| (name, true));
    // `+` is no space in a path
    let name = format!("n={}", name.replace('+', "%2B"));
    let (_, name) = form_urlencoded::parse(name.as_bytes()).next()?;
    let index = vector_search::table_info(emulator, &name)?;
    Some(if exists { json!({ "table_exists": true }) } else { index })
}

/// A page of tables, with the vector indexes of the schema behind the last.
fn with_indexes(emulator: &Emulator, query_text: &str, body: Bytes) -> Bytes {
    let pairs = query(query_text);
    let field = |name: &str| pairs.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str());
    let indexes = vector_search::tables_of(emulator, field("catalog_name"), field("schema_name"));
    let Ok(Value::Object(mut page)) = serde_json::from_slice(&body) else { return body };
    let more = page.get("next_page_token").and_then(Value::as_str).is_some_and(|token| !token.is_empty());
    if indexes.is_empty() || more {
        return body;
    }
    match page.entry("tables").or_insert_with(|| json!([])) {
        Value::Array(tables) => tables.extend(indexes),
        _ => return body,
    }
    Bytes::from(Value::Object(page).to_string())
}

async fn forwarded(
    emulator: &Emulator,
    method: Method,
    path: &str,
    body: Bytes,
) -> Result<(StatusCode, Bytes), ApiError> {
    let sent = emulator.sql().engine()?.send(method, path, body).await;
    sent.map_err(|sentence| ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "TEMPORARILY_UNAVAILABLE", sentence))
}

fn answer(status: StatusCode, body: Bytes) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
