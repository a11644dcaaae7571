//! What every request passes: the loopback check, the record, the fault, and the credential.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use serde_json::Value;

use crate::errors::{ApiError, json_response};
use crate::faults::{Cut, Fault, Replacement};
use crate::history::{self, Operation, Outcome};
use crate::oauth::{self, Access, Audience};
use crate::shaping::{self, Tracked, Waiting};
use crate::state::{Emulator, now_ms};
use crate::{driver_proxy, hugging_face, ids, invocations, mlflow, sql};

/// The workspace's id, sent as `x-databricks-org-id` on every answer.
pub const ORG_ID: &str = "900800700600";
/// Largest request body of foundation-model and external endpoints (wire: errors-and-retries §9).
pub const MAX_BODY_BYTES: usize = 4 * 1024 * 1024;
/// Largest request body of custom models. Above a lower limit the body is still read to here, so that the client sees the refusal
/// instead of a reset.
pub const READ_LIMIT: usize = 16 * 1024 * 1024;

/// Identifies one request to the handlers.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

/// Whom a path belongs to: in the service they are hosts of their own.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Host {
    Workspace,
    Hub,
    Storage,
}

/// Marks a response that must not be sent: the connection is closed instead.
#[derive(Debug, Clone, Copy)]
pub struct CloseConnection;

/// The middleware around every route.
pub async fn pass(State(emulator): State<Emulator>, request: Request, next: Next) -> Response {
    let stored = request.uri().path().starts_with(sql::STORAGE);
    if let Some(refusal) = foreign(request.headers(), emulator.config().allow_remote, stored) {
        return refusal;
    }
    if request.uri().path().starts_with("/_emulator/") {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    let body = match Limited::new(body, READ_LIMIT).collect().await {
        Ok(collected) => collected.to_bytes(),
        Err(_) => return too_large(READ_LIMIT).into_response(),
    };
    let request_id = emulator.next_request_id();
    let hub = hugging_face::is_hub(parts.uri.path());
    let host = match (hub, stored) {
        (true, _) => Host::Hub,
        (_, true) => Host::Storage,
        _ => Host::Workspace,
    };
    let credential = credential(&emulator, &parts.headers);
    let authorized = if hub { hugging_face::knows(&parts.headers) } else { credential == Credential::Accepted };
    let seq = arrive(&emulator, &parts, &body, &request_id, authorized);
    let waiting = Waiting::new(emulator.clone(), seq);

    let fault = match fault_for(&emulator, &parts.headers, parts.method.as_str(), parts.uri.path()) {
        Ok(fault) => Arc::new(fault),
        Err(sentence) => {
            let response = ApiError::bad_request(&sentence).into_response();
            return finish(&emulator, seq, waiting, response, &request_id, host);
        }
    };
    if let Some(milliseconds) = fault.delay_ms {
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
    }
    if fault.stall_before_headers {
        std::future::pending::<()>().await;
    }
    if fault.close_before_headers {
        emulator.history().end(seq, Outcome::Cut, 0, emulator.elapsed_ms());
        let mut response = Response::new(Body::empty());
        response.extensions_mut().insert(CloseConnection);
        return response;
    }
    let replacement = fault.replacement(&request_id).map(|replacement| match fault.bare_status() {
        // the service's own body would be the wrong service's here
        Some(status) if hub => {
            Replacement { body: hugging_face::of_status(status).to_string().into_bytes(), ..replacement }
        }
        Some(status) if stored => {
            let content_type = Some("application/xml".to_owned());
            Replacement { body: sql::storage_refused(status).into_bytes(), content_type, ..replacement }
        }
        _ => replacement,
    });
    let response = match replacement {
        Some(replacement) => replaced(replacement),
        None => {
            let path = parts.uri.path();
            let open = hub
                || stored
                || path.starts_with("/.well-known/")
                || oauth::is_open(path)
                || mlflow::is_open(&emulator, path);
            let limit = invocations::body_limit(&emulator, path);
            match credential.refusal(path).filter(|_| !open) {
                Some(refusal) => refusal.into_response(),
                None if body.len() > limit => too_large(limit).into_response(),
                None => {
                    parts.extensions.insert(RequestId(request_id.clone()));
                    parts.extensions.insert(Arc::clone(&fault));
                    next.run(Request::from_parts(parts, Body::from(body))).await
                }
            }
        }
    };
    let response = altered(response, &fault, emulator.config().seed);
    finish(&emulator, seq, waiting, response, &request_id, host)
}

/// Records the arrival and returns its number.
fn arrive(emulator: &Emulator, parts: &http::request::Parts, body: &Bytes, request_id: &str, authorized: bool) -> u64 {
    let kept = oauth::recorded(parts.uri.path(), &parts.headers, body)
        .unwrap_or_else(|| history::storable(body, &|text| emulator.holds_secret(text)));
    let operation = Operation {
        seq: 0,
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        client_request_id: kept.get("client_request_id").and_then(Value::as_str).map(str::to_owned),
        request_id: request_id.to_owned(),
        status: None,
        authorized,
        outcome: Outcome::InProgress,
        bytes_sent: 0,
        at_ms: emulator.elapsed_ms(),
        ended_at_ms: None,
        nonce: text_header(&parts.headers, "x-lakewire-nonce").map(str::to_owned),
        body: kept,
    };
    emulator.history().arrive(operation)
}

fn finish(
    emulator: &Emulator,
    seq: u64,
    waiting: Waiting,
    mut response: Response,
    request_id: &str,
    host: Host,
) -> Response {
    let headers = response.headers_mut();
    let stamps = [("x-request-id", request_id), ("x-databricks-org-id", ORG_ID), ("server", "databricks")];
    // the hub and the storage are not Databricks: they send the first only
    for (name, value) in stamps.into_iter().take(if host == Host::Workspace { 3 } else { 1 }) {
        // a fault may have set the header on purpose
        if let (false, Ok(value)) = (headers.contains_key(name), HeaderValue::from_str(value)) {
            headers.insert(name, value);
        }
    }
    if host == Host::Storage {
        sql::any_origin(response.headers_mut());
    }
    let status = response.status().as_u16();
    emulator.history().update(seq, |operation| operation.status = Some(status));
    waiting.answered();
    let emulator = emulator.clone();
    response.map(|body| Body::new(Tracked::new(body, emulator, seq)))
}

fn fault_for(emulator: &Emulator, headers: &HeaderMap, method: &str, path: &str) -> Result<Fault, String> {
    if let Some(value) = headers.get("x-lakewire-fault") {
        // bytes, not `to_str`: a fault may hold text beyond ASCII, and must never be passed over in silence
        let text = std::str::from_utf8(value.as_bytes());
        return text.map_err(|_| "The header x-lakewire-fault is not UTF-8.".to_owned()).and_then(Fault::parse);
    }
    Ok(emulator.faults().take(method, path).unwrap_or_default())
}

fn replaced(replacement: Replacement) -> Response {
    let Replacement { status, content_type, body, times } = replacement;
    let body = Bytes::from(body);
    let body = if times == 1 {
        Body::from(body)
    } else {
        Body::from_stream(async_stream::stream! {
            for _ in 0..times {
                yield Ok::<_, Cut>(body.clone());
            }
        })
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    if let Some(value) = content_type.and_then(|text| HeaderValue::from_str(&text).ok()) {
        response.headers_mut().insert(header::CONTENT_TYPE, value);
    }
    response
}

/// The response with the fault's status, headers and bytes.
fn altered(response: Response, fault: &Arc<Fault>, seed: u64) -> Response {
    let (mut parts, body) = response.into_parts();
    if let Some(status) = fault.status_code() {
        parts.status = status;
    }
    if let Some(text) = &fault.content_type {
        parts.headers.remove(header::CONTENT_TYPE);
        if let (false, Ok(value)) = (text.is_empty(), HeaderValue::from_str(text)) {
            parts.headers.insert(header::CONTENT_TYPE, value);
        }
    }
    if let Some(value) = fault.redirect.as_deref().and_then(|text| HeaderValue::from_str(text).ok()) {
        parts.headers.insert(header::LOCATION, value);
    }
    for (name, values) in &fault.headers {
        let Ok(name) = HeaderName::from_bytes(name.as_bytes()) else { continue };
        parts.headers.remove(&name);
        for value in values.values().iter().filter_map(|value| HeaderValue::from_str(value).ok()) {
            parts.headers.append(&name, value);
        }
    }
    let seed = ids::hash(seed, &[b"garbage"]);
    Response::from_parts(parts, shaping::shape(body, Arc::clone(fault), seed))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Credential {
    Accepted,
    Missing,
    Wrong,
    /// An OAuth token whose time is over; the status it is refused with.
    Expired(u16),
}

impl Credential {
    fn refusal(self, path: &str) -> Option<ApiError> {
        match self {
            Self::Accepted => None,
            // the driver proxy refuses both alike (wire: driver-proxy §6)
            Self::Missing if path.starts_with(driver_proxy::PREFIX) => {
                let message = "A request to the driver proxy needs a bearer token.";
                Some(ApiError::new(StatusCode::FORBIDDEN, "PERMISSION_DENIED", message))
            }
            Self::Missing => Some(ApiError::new(
                StatusCode::UNAUTHORIZED,
                "UNAUTHENTICATED",
                "Credential was not sent or was of an unsupported type for this API.",
            )),
            Self::Expired(401) => {
                Some(ApiError::new(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", "The access token expired."))
            }
            Self::Wrong | Self::Expired(_) => {
                Some(ApiError::new(StatusCode::FORBIDDEN, "PERMISSION_DENIED", "Invalid access token."))
            }
        }
    }
}

/// Reads `Bearer <token>` or `Basic base64("token:<PAT>")` (wire: auth §1), and Azure's second token if it came (§8).
fn credential(emulator: &Emulator, headers: &HeaderMap) -> Credential {
    let Some(token) = token(headers) else { return Credential::Missing };
    let Some(token) = token else { return Credential::Wrong };
    if emulator.config().tokens.contains(&token) {
        return Credential::Accepted;
    }
    let now_ms = now_ms();
    let store = emulator.oauth();
    if let Some(second) = text_header(headers, "x-databricks-azure-sp-management-token") {
        if store.access(second, now_ms) != Access::Good(Audience::AzureManagement) {
            return Credential::Wrong;
        }
    }
    match store.access(&token, now_ms) {
        Access::Good(Audience::Workspace) => Credential::Accepted,
        Access::Good(Audience::AzureManagement) | Access::Unknown => Credential::Wrong,
        Access::Expired => Credential::Expired(emulator.config().expired_token_status),
    }
}

/// The token of a request: `None` without one, `Some(None)` for one that cannot be read.
fn token(headers: &HeaderMap) -> Option<Option<String>> {
    let (scheme, value) = text_header(headers, "authorization")?.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(Some(value.trim().to_owned()));
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = STANDARD.decode(value.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    Some(decoded.and_then(|pair| pair.strip_prefix("token:").map(str::to_owned)))
}

fn too_large(limit: usize) -> ApiError {
    ApiError::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "BAD_REQUEST",
        format!("BAD_REQUEST: The request is larger than the limit of {limit} bytes."),
    )
}

/// Refuses requests that a page of another site could have caused (fault-matrix R4): a foreign `Host` is DNS rebinding, a foreign
/// `Origin` is a cross-site call. The storage is read from pages of any origin: its links hold a signature.
fn foreign(headers: &HeaderMap, allow_remote: bool, stored: bool) -> Option<Response> {
    let host = text_header(headers, "host").unwrap_or_default();
    let refuse = |what: &str| {
        let message = format!("The emulator serves this machine only and refuses a request with a foreign {what}.");
        json_response(
            StatusCode::FORBIDDEN,
            &serde_json::json!({ "error_code": "PERMISSION_DENIED", "message": message }),
        )
    };
    if !allow_remote && !loopback_authority(host) {
        return Some(refuse("Host"));
    }
    let origins = headers.get_all(header::ORIGIN);
    let local = |value: &HeaderValue| {
        let rest = value.to_str().ok().and_then(|text| text.strip_prefix("http://").or(text.strip_prefix("https://")));
        rest.is_some_and(loopback_authority)
    };
    (!stored && !origins.iter().all(local)).then(|| refuse("Origin"))
}

fn loopback_authority(authority: &str) -> bool {
    let name = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((name, port)) if port.is_empty() || port.starts_with(':') => name,
        Some(_) => return false,
        None => authority.split_once(':').map_or(authority, |(name, _)| name),
    };
    let port = authority.rsplit_once(':').filter(|_| !authority.ends_with(']')).map(|(_, port)| port);
    let port_fits = port.is_none_or(|port| port.chars().all(|c| c.is_ascii_digit()));
    port_fits && matches!(name, "localhost" | "127.0.0.1" | "::1")
}

fn text_header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::Config;

    #[test]
    fn r4_only_loopback_names() {
        for good in ["localhost", "localhost:1", "127.0.0.1:8787", "[::1]:8787", "[::1]"] {
            assert!(loopback_authority(good), "{good}");
        }
        for bad in
            ["", "example.com", "localhost.evil.com", "127.0.0.1.nip.io", "[::1].evil", "127.0.0.1@evil:1", "[::2]:1"]
        {
            assert!(!loopback_authority(bad), "{bad}");
        }
    }

    #[test]
    fn pat_as_bearer_and_as_basic() {
        let emulator = Emulator::new(Config { tokens: vec!["dapi-1".to_owned()], ..Config::default() }).unwrap();
        let with = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("authorization", HeaderValue::from_str(value).unwrap());
            credential(&emulator, &headers)
        };
        assert_eq!(with("Bearer dapi-1"), Credential::Accepted);
        assert_eq!(with(&format!("Basic {}", STANDARD.encode("token:dapi-1"))), Credential::Accepted);
        assert_eq!(with("Bearer dapi-2"), Credential::Wrong);
        assert_eq!(with(&format!("Basic {}", STANDARD.encode("ann:dapi-1"))), Credential::Wrong);
        assert_eq!(credential(&emulator, &HeaderMap::new()), Credential::Missing);
    }
}
