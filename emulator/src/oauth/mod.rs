//! Signing in: discovery, authorization with PKCE, and the token endpoint (wire: auth §2 to §8).
//!
//! There is nobody to ask, so authorization consents at once; `POST /_emulator/oauth` makes it refuse, or ends every token.

mod authorize;
mod azure;
mod form;
mod grants;
mod store;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::errors::{ApiError, json_response};
use crate::state::Emulator;

pub use form::recorded;
pub use store::{Access, Audience, Store};

/// The service principal that exists: its client id.
pub const CLIENT_ID: &str = "emulator-client";
/// Its secret.
pub const CLIENT_SECRET: &str = "emulator-secret";
/// The public client of people who sign in.
pub const PUBLIC_CLIENT: &str = "databricks-cli";

/// Every route of signing in.
pub fn routes() -> Router<Emulator> {
    Router::new()
        .route("/oidc/.well-known/oauth-authorization-server", get(discovery))
        .route("/oidc/.well-known/openid-configuration", get(discovery))
        .route("/oidc/accounts/{account}/.well-known/oauth-authorization-server", get(account_discovery))
        .route("/oidc/v1/authorize", get(authorize::authorize))
        .route("/oidc/v1/token", post(grants::token))
        .route("/oidc/accounts/{account}/v1/authorize", get(authorize::authorize))
        .route("/oidc/accounts/{account}/v1/token", post(grants::token))
        .merge(azure::routes())
        .route("/_emulator/oauth", get(shown).post(control))
}

/// Whether a path is open to callers without a token.
#[must_use]
pub fn is_open(path: &str) -> bool {
    path.starts_with("/oidc/") || azure::is_open(path)
}

/// The emulator as the caller reached it: `http://host:port`.
fn origin(emulator: &Emulator, headers: &HeaderMap) -> String {
    let fallback = || format!("{}:{}", emulator.config().host, emulator.config().port);
    let host = headers.get(header::HOST).and_then(|value| value.to_str().ok()).map_or_else(fallback, str::to_owned);
    format!("http://{host}")
}

fn endpoints(base: &str) -> Response {
    let body = json!({
        "issuer": base,
        "authorization_endpoint": format!("{base}/v1/authorize"),
        "token_endpoint": format!("{base}/v1/token"),
        "response_types_supported": ["code"],
        "grant_types_supported": ["client_credentials", "authorization_code", "refresh_token",
            "urn:ietf:params:oauth:grant-type:token-exchange", "urn:ietf:params:oauth:grant-type:jwt-bearer"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
    });
    json_response(StatusCode::OK, &body)
}

/// `GET /oidc/.well-known/oauth-authorization-server`
async fn discovery(State(emulator): State<Emulator>, headers: HeaderMap) -> Response {
    endpoints(&format!("{}/oidc", origin(&emulator, &headers)))
}

/// `GET /oidc/accounts/{account}/.well-known/oauth-authorization-server`
async fn account_discovery(
    State(emulator): State<Emulator>,
    Path(account): Path<String>,
    headers: HeaderMap,
) -> Response {
    endpoints(&format!("{}/oidc/accounts/{account}", origin(&emulator, &headers)))
}

/// A token endpoint's answer: never to be kept by a cache.
fn no_store(status: StatusCode, body: &Value) -> Response {
    let mut response = json_response(status, body);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A refusal in the form of RFC 6749, always as JSON (wire: auth §4).
#[derive(Debug)]
struct Refusal {
    status: StatusCode,
    error: &'static str,
    description: String,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        no_store(self.status, &json!({ "error": self.error, "error_description": self.description }))
    }
}

fn refused(status: StatusCode, error: &'static str, description: &str) -> Refusal {
    Refusal { status, error, description: description.to_owned() }
}

/// What `POST /_emulator/oauth` takes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Control {
    /// How many of the next authorizations are refused, as if the person had said no.
    deny: Option<u64>,
    /// Ends every access token given so far.
    #[serde(default)]
    expire_all: bool,
    /// Forgets every refresh token given so far.
    #[serde(default)]
    revoke_refresh_tokens: bool,
}

/// `POST /_emulator/oauth`
async fn control(State(emulator): State<Emulator>, body: Bytes) -> Response {
    let control: Control = match serde_json::from_slice(&body) {
        Ok(control) => control,
        Err(error) => {
            let message = format!("Takes {{deny, expire_all, revoke_refresh_tokens}}: {error}.");
            return ApiError::bad_request(&message).into_response();
        }
    };
    let mut store = emulator.oauth();
    if let Some(times) = control.deny {
        store.deny(times);
    }
    if control.expire_all {
        store.expire_all();
    }
    if control.revoke_refresh_tokens {
        store.revoke_refresh_tokens();
    }
    let counts = store.to_json();
    drop(store);
    json_response(StatusCode::OK, &counts)
}

/// `GET /_emulator/oauth`: how many tokens of each kind were given; never the tokens.
async fn shown(State(emulator): State<Emulator>) -> Response {
    let counts = emulator.oauth().to_json();
    json_response(StatusCode::OK, &counts)
}
