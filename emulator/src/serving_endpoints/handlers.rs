//! The operations on serving endpoints (wire: serving-endpoints §1).

use axum::Router;
use axum::extract::{Extension, Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use serde_json::{Value, json};

use crate::errors::{ApiError, json_response};
use crate::gate::RequestId;
use crate::state::Emulator;

/// The management routes.
pub fn routes() -> Router<Emulator> {
    Router::new()
        .route("/api/2.0/serving-endpoints", get(list))
        .route("/api/2.0/serving-endpoints/", get(list))
        .route("/api/2.0/serving-endpoints/{name}", get(one))
}

/// `GET /api/2.0/serving-endpoints`
async fn list(State(emulator): State<Emulator>) -> Response {
    let endpoints: Vec<Value> = emulator.endpoints().iter().map(|endpoint| endpoint.to_json(false)).collect();
    json_response(StatusCode::OK, &json!({ "endpoints": endpoints }))
}

/// `GET /api/2.0/serving-endpoints/{name}`
async fn one(
    State(emulator): State<Emulator>,
    Extension(RequestId(request_id)): Extension<RequestId>,
    Path(name): Path<String>,
) -> Response {
    match emulator.endpoint(&name) {
        Some(endpoint) => json_response(StatusCode::OK, &endpoint.to_json(true)),
        None => ApiError::no_such_endpoint(&name, &request_id).into_response(),
    }
}
