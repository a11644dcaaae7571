//! Azure: where the tenant is learnt, and a token endpoint like Entra's (wire: auth §2 and §8).
//!
//! A client is pointed here by giving `<emulator>/aad/` as its login host.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::json;

use super::form::Form;
use super::store::{Audience, Claims};
use super::{CLIENT_ID, CLIENT_SECRET, authorize, grants, no_store, origin};
use crate::state::{Emulator, now_ms};

/// The one tenant.
const TENANT: &str = "11112222-3333-4444-5555-666677778888";
/// Azure Databricks as a resource: the same in every tenant.
const DATABRICKS: &str = "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d";
/// Azure's management APIs as resources.
const MANAGEMENT: &[&str] = &["https://management.core.windows.net", "https://management.azure.com"];

pub(super) fn routes() -> Router<Emulator> {
    Router::new()
        .route("/aad/auth", get(login))
        .route("/aad/{tenant}/oauth2/token", post(token))
        .route("/oidc/oauth2/v2.0/authorize", get(workspace_authorize))
        .route("/aad/{tenant}/oauth2/v2.0/authorize", get(authorize::authorize))
        .route("/aad/{tenant}/oauth2/v2.0/token", post(grants::token))
}

pub(super) fn is_open(path: &str) -> bool {
    path.starts_with("/aad/")
}

fn found(location: &str) -> Response {
    match HeaderValue::from_str(location) {
        Ok(location) => (StatusCode::FOUND, [(header::LOCATION, location)]).into_response(),
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}

/// `GET /aad/auth`: clients read the tenant from the location and do not follow it.
async fn login() -> Response {
    found(&format!(
        "https://login.microsoftonline.com/{TENANT}/oauth2/authorize?response_type=code+id_token&resource={DATABRICKS}"
    ))
}

/// `GET /oidc/oauth2/v2.0/authorize`: clients take the location as Entra's authorization endpoint.
async fn workspace_authorize(State(emulator): State<Emulator>, headers: HeaderMap) -> Response {
    found(&format!("{}/aad/{TENANT}/oauth2/v2.0/authorize", origin(&emulator, &headers)))
}

fn refused(status: StatusCode, error: &str, code: u32, what: &str) -> Response {
    let body = json!({
        "error": error,
        "error_description": format!("AADSTS{code}: {what}"),
        "error_codes": [code],
        "correlation_id": "00000000-0000-4000-8000-000000000000",
    });
    no_store(status, &body)
}

/// `POST /aad/{tenant}/oauth2/token`: Entra's first version, with id and secret in the body.
async fn token(
    State(emulator): State<Emulator>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let form = Form::parse(&body);
    let bad = StatusCode::BAD_REQUEST;
    if tenant != TENANT {
        return refused(
            bad,
            "invalid_request",
            90002,
            "Tenant not found. Check to make sure you have the correct tenant ID.",
        );
    }
    if form.get("grant_type") != Some("client_credentials") {
        return refused(bad, "unsupported_grant_type", 70003, "The app requested an unsupported grant type.");
    }
    match (form.get("client_id"), form.get("client_secret")) {
        (Some(CLIENT_ID), Some(CLIENT_SECRET)) => {}
        (Some(CLIENT_ID), _) => {
            return refused(StatusCode::UNAUTHORIZED, "invalid_client", 7_000_215, "Invalid client secret provided.");
        }
        _ => return refused(bad, "unauthorized_client", 700_016, "Application was not found in the directory."),
    }
    let resource = form.get("resource").unwrap_or_default().trim_end_matches('/');
    let audience = match resource {
        DATABRICKS => Audience::Workspace,
        resource if MANAGEMENT.contains(&resource) => Audience::AzureManagement,
        _ => return refused(bad, "invalid_resource", 500_011, "The resource principal was not found in the tenant."),
    };
    let config = emulator.config();
    let issuer = format!("{}/aad/{TENANT}", origin(&emulator, &headers));
    let claims = Claims { issuer: &issuer, client_id: CLIENT_ID, scope: ".default", audience };
    let now_ms = now_ms();
    let access = emulator.oauth().give_access(config.seed, &claims, now_ms, config.token_ttl_s);
    let now = now_ms / 1000;
    // Entra's first version writes numbers as texts
    let body = json!({
        "token_type": "Bearer",
        "expires_in": config.token_ttl_s.to_string(),
        "ext_expires_in": config.token_ttl_s.to_string(),
        "expires_on": (now + config.token_ttl_s).to_string(),
        "not_before": now.to_string(),
        "resource": resource,
        "access_token": access,
    });
    no_store(StatusCode::OK, &body)
}
