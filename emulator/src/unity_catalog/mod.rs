//! Unity Catalog: catalogs, schemas, tables, volumes and functions (wire: unity-catalog-functions §1 and §5).
//!
//! The metadata belongs to the SQL engine, which answers these paths itself; here they pass the workspace's credential, faults and
//! history. Vector indexes are tables too, and those the emulator knows better.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use http::{Method, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::Value;

use crate::errors::{ApiError, json_response};
use crate::state::Emulator;

/// What the paths begin with.
const PREFIX: &str = "/api/2.1/unity-catalog/";

/// The routes of Unity Catalog.
pub fn routes() -> Router<Emulator> {
    Router::new().route("/api/2.1/unity-catalog/{*rest}", any(pass))
}

/// A vector index of that full name as a table.
fn index_as_table(emulator: &Emulator, full_name: &str) -> Option<Value> {
    crate::vector_search::table_info(emulator, full_name)
}

async fn pass(State(emulator): State<Emulator>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let table = parts.uri.path().strip_prefix(PREFIX).and_then(|rest| rest.strip_prefix("tables/"));
    if let Some(name) = table.filter(|name| parts.method == Method::GET && !name.contains('/')) {
        // a name as it stands in a path: `+` is no space there
        let name = form_urlencoded::parse(format!("n={}", name.replace('+', "%2B")).as_bytes())
            .next()
            .map(|(_, name)| name.into_owned());
        if let Some(index) = name.and_then(|name| index_as_table(&emulator, &name)) {
            return json_response(StatusCode::OK, &index);
        }
    }
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let path = parts.uri.path_and_query().map_or(parts.uri.path(), |path| path.as_str());
    forwarded(&emulator, parts.method.clone(), path, body).await.unwrap_or_else(IntoResponse::into_response)
}

async fn forwarded(emulator: &Emulator, method: Method, path: &str, body: Bytes) -> Result<Response, ApiError> {
    let engine = emulator.sql().engine()?;
    let (status, body) = engine
        .send(method, path, body)
        .await
        .map_err(|sentence| ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "TEMPORARILY_UNAVAILABLE", sentence))?;
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
    Ok(response)
}
