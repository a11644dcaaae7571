//! Who the caller is, and what the host is: the calls clients make when they start (wire: auth §2 and §9).

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use serde_json::json;

use crate::errors::json_response;
use crate::gate::ORG_ID;
use crate::state::Emulator;

/// `GET /.well-known/databricks-config`
pub async fn databricks_config(State(emulator): State<Emulator>, headers: HeaderMap) -> Response {
    let fallback = format!("{}:{}", emulator.config().host, emulator.config().port);
    let host = headers.get("host").and_then(|value| value.to_str().ok()).map_or(fallback, str::to_owned);
    json_response(StatusCode::OK, &json!({ "oidc_endpoint": format!("http://{host}/oidc"), "workspace_id": ORG_ID }))
}

/// `GET /api/2.0/preview/scim/v2/Me`
pub async fn me() -> Response {
    json_response(
        StatusCode::OK,
        &json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
            "id": "4200000000000001",
            "userName": "emulator@example.com",
            "displayName": "Emulator User",
            "active": true,
            "emails": [{ "type": "work", "value": "emulator@example.com", "primary": true }],
        }),
    )
}
