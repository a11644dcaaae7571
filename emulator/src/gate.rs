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
use crate::shaping::{self, Tracked, Waiting};
use crate::state::Emulator;
use crate::{driver_proxy, ids, invocations};

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

/// Marks a response that must not be sent: the connection is closed instead.
#[derive(Debug, Clone, Copy)]
pub struct CloseConnection;

/// The middleware around every route.
pub async fn pass(State(emulator): State<Emulator>, request: Request, next: Next) -> Response {
    if let Some(refusal) = foreign(request.headers(), emulator.config().allow_remote) {
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
    let credential = credential(&parts.headers, &emulator.config().tokens);
    let seq = arrive(&emulator, &parts, &body, &request_id, credential == Credential::Accepted);
    let waiting = Waiting::new(emulator.clone(), seq);

    let fault = match fault_for(&emulator, &parts.headers, parts.method.as_str(), parts.uri.path()) {
        Ok(fault) => Arc::new(fault),
        Err(sentence) => {
            return finish(&emulator, seq, waiting, ApiError::bad_request(&sentence).into_response(), &request_id);
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
    let response = match fault.replacement(&request_id) {
        Some(replacement) => replaced(replacement),
        None => {
            let open = parts.uri.path().starts_with("/.well-known/");
            let limit = invocations::body_limit(&emulator, parts.uri.path());
            match credential.refusal(parts.uri.path()).filter(|_| !open) {
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
    finish(&emulator, seq, waiting, response, &request_id)
}

/// Records the arrival and returns its number.
fn arrive(emulator: &Emulator, parts: &http::request::Parts, body: &Bytes, request_id: &str, authorized: bool) -> u64 {
    let kept = history::storable(body, &|text| emulator.holds_secret(text));
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

fn finish(emulator: &Emulator, seq: u64, waiting: Waiting, mut response: Response, request_id: &str) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [("x-request-id", request_id), ("x-databricks-org-id", ORG_ID), ("server", "databricks")] {
        // a fault may have set the header on purpose
        if let (false, Ok(value)) = (headers.contains_key(name), HeaderValue::from_str(value)) {
            headers.insert(name, value);
        }
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
            Self::Wrong => Some(ApiError::new(StatusCode::FORBIDDEN, "PERMISSION_DENIED", "Invalid access token.")),
        }
    }
}

/// Reads `Bearer <PAT>` or `Basic base64("token:<PAT>")` (wire: auth §1).
fn credential(headers: &HeaderMap, tokens: &[String]) -> Credential {
    let Some((scheme, value)) = text_header(headers, "authorization").and_then(|text| text.split_once(' ')) else {
        return Credential::Missing;
    };
    let token = if scheme.eq_ignore_ascii_case("bearer") {
        Some(value.trim().to_owned())
    } else if scheme.eq_ignore_ascii_case("basic") {
        let decoded = STANDARD.decode(value.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        decoded.and_then(|pair| pair.strip_prefix("token:").map(str::to_owned))
    } else {
        return Credential::Missing;
    };
    match token {
        Some(token) if tokens.contains(&token) => Credential::Accepted,
        _ => Credential::Wrong,
    }
}

fn too_large(limit: usize) -> ApiError {
    ApiError::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "BAD_REQUEST",
        format!("BAD_REQUEST: The request is larger than the limit of {limit} bytes."),
    )
}

/// Refuses requests that a page of another site could have caused (fault-matrix R4): a foreign `Host` is DNS rebinding, a foreign
/// `Origin` is a cross-site call.
fn foreign(headers: &HeaderMap, allow_remote: bool) -> Option<Response> {
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
    (!origins.iter().all(local)).then(|| refuse("Origin"))
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
        let tokens = ["dapi-1".to_owned()];
        let with = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("authorization", HeaderValue::from_str(value).unwrap());
            credential(&headers, &tokens)
        };
        assert_eq!(with("Bearer dapi-1"), Credential::Accepted);
        assert_eq!(with(&format!("Basic {}", STANDARD.encode("token:dapi-1"))), Credential::Accepted);
        assert_eq!(with("Bearer dapi-2"), Credential::Wrong);
        assert_eq!(with(&format!("Basic {}", STANDARD.encode("ann:dapi-1"))), Credential::Wrong);
        assert_eq!(credential(&HeaderMap::new(), &tokens), Credential::Missing);
    }
}
