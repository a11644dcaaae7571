//! The storage that links lead to: a host of its own in the service, a path without a token here (wire: sql-statements §3).
//!
//! Like the stores of the clouds it answers whoever has a good signature, from any origin, and refuses in XML.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use axum::routing::get;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::faults::Cut;
use crate::json::query;
use crate::state::{Emulator, now_ms};

/// What the paths of the storage begin with.
pub const PREFIX: &str = "/_storage/";

pub(super) fn routes() -> Router<Emulator> {
    Router::new().route("/_storage/{id}/{index}", get(download).options(preflight))
}

/// Lets pages of any origin read an answer of the storage.
pub fn any_origin(headers: &mut HeaderMap) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    let shown = HeaderValue::from_static("content-length, content-range, accept-ranges");
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, shown);
}

/// The XML body of a refusal with this status.
#[must_use]
pub fn refused(status: StatusCode) -> String {
    let (code, message) = match status.as_u16() {
        400 => ("InvalidRequest", "The request is not valid."),
        403 => ("AccessDenied", "Request has expired"),
        404 => ("NoSuchKey", "The specified key does not exist."),
        416 => ("InvalidRange", "The requested range is not satisfiable"),
        503 => ("SlowDown", "Please reduce your request rate."),
        _ => ("InternalError", "We encountered an internal error. Please try again."),
    };
    xml(code, message)
}

fn xml(code: &str, message: &str) -> String {
    format!(r#"<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>{message}</Message></Error>"#)
}

fn refuse(status: StatusCode, body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    response
}

/// What a page's browser asks before it sends headers of its own.
async fn preflight(headers: HeaderMap) -> Response {
    let mut response = Response::new(Body::empty());
    let answer = response.headers_mut();
    answer.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, HEAD"));
    if let Some(wanted) = headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        answer.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone());
    }
    response
}

async fn download(
    State(emulator): State<Emulator>,
    Path((id, index)): Path<(String, String)>,
    RawQuery(text): RawQuery,
    headers: HeaderMap,
) -> Response {
    let Ok(index) = index.parse() else { return refuse(StatusCode::NOT_FOUND, refused(StatusCode::NOT_FOUND)) };
    read(&emulator, &id, index, &text.unwrap_or_default(), &headers).await.unwrap_or_else(|refusal| refusal)
}

async fn read(
    emulator: &Emulator,
    id: &str,
    index: u64,
    query_text: &str,
    headers: &HeaderMap,
) -> Result<Response, Response> {
    if headers.contains_key(header::AUTHORIZATION) {
        let message = "Only one auth mechanism allowed: send no Authorization header with a signed link.";
        return Err(refuse(StatusCode::BAD_REQUEST, xml("InvalidArgument", message)));
    }
    let pairs = query(query_text);
    let field = |name: &str| pairs.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str());
    let until_ms = field("exp").parse().unwrap_or(0);
    if !emulator.sql().signer().knows(id, index, until_ms, field("sig")) {
        let message = "The signature does not belong to this link.";
        return Err(refuse(StatusCode::FORBIDDEN, xml("SignatureDoesNotMatch", message)));
    }
    let plain = |status: StatusCode| refuse(status, refused(status));
    if until_ms <= now_ms() {
        return Err(plain(StatusCode::FORBIDDEN));
    }
    let statement = emulator.sql().statement(id).map_err(|_| plain(StatusCode::NOT_FOUND))?;
    let fault = &statement.fault;
    let has = |name: &str, value: &str| headers.get(name).is_some_and(|sent| sent.as_bytes() == value.as_bytes());
    if !fault.storage_headers.iter().all(|(name, value)| has(name, value)) {
        let message = "A header that belongs to this link was not sent.";
        return Err(refuse(StatusCode::FORBIDDEN, xml("AccessDenied", message)));
    }
    if let Some(at) = fault.link_status.filter(|at| at.chunk == index && statement.first("link")) {
        return Err(plain(StatusCode::from_u16(at.status).unwrap_or(StatusCode::FORBIDDEN)));
    }
    let engine = emulator.sql().engine().map_err(|_| plain(StatusCode::NOT_FOUND))?;
    let bytes = engine.chunk(id, index).await.map_err(|_| plain(StatusCode::SERVICE_UNAVAILABLE))?;
    let bytes = bytes.ok_or_else(|| plain(StatusCode::NOT_FOUND))?;
    let cut = fault.link_cut.filter(|cut| cut.chunk == index && statement.first("cut")).map(|cut| cut.bytes);
    Ok(part(bytes, headers, cut))
}

/// The bytes asked for, all or a range of them; cut short if a fault says so.
fn part(bytes: Bytes, headers: &HeaderMap, cut: Option<usize>) -> Response {
    let whole = bytes.len();
    let range = headers.get(header::RANGE).and_then(|value| value.to_str().ok()).map(|text| range(text, whole));
    let (status, bytes, told) = match range {
        None | Some(Range::Unreadable) => (StatusCode::OK, bytes, None),
        Some(Range::Part(from, end)) => {
            let told = format!("bytes {from}-{}/{whole}", end.saturating_sub(1));
            (StatusCode::PARTIAL_CONTENT, bytes.slice(from..end), Some(told))
        }
        Some(Range::Outside) => {
            let mut response = refuse(StatusCode::RANGE_NOT_SATISFIABLE, refused(StatusCode::RANGE_NOT_SATISFIABLE));
            if let Ok(value) = HeaderValue::from_str(&format!("bytes */{whole}")) {
                response.headers_mut().insert(header::CONTENT_RANGE, value);
            }
            return response;
        }
    };
    let length = bytes.len();
    let body = match cut {
        None => Body::from(bytes),
        Some(at) => Body::from_stream(async_stream::stream! {
            yield Ok(bytes.slice(..at.min(bytes.len())));
            // the connection writes what it holds before it ends
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            yield Err(Cut);
        }),
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let answer = response.headers_mut();
    answer.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    answer.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    answer.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if let Some(value) = told.and_then(|text| HeaderValue::from_str(&text).ok()) {
        answer.insert(header::CONTENT_RANGE, value);
    }
    response
}

#[derive(Debug, PartialEq, Eq)]
enum Range {
    /// From here, up to and without there.
    Part(usize, usize),
    /// Nothing of it is there.
    Outside,
    /// Not one range of bytes: the whole is sent, as HTTP allows.
    Unreadable,
}

fn range(text: &str, whole: usize) -> Range {
    let Some((from, to)) = text.strip_prefix("bytes=").and_then(|text| text.split_once('-')) else {
        return Range::Unreadable;
    };
    let (from, to) = (from.trim(), to.trim());
    match (from.parse::<usize>(), to.parse::<usize>()) {
        (Ok(from), Ok(to)) if from > to => Range::Unreadable,
        (Ok(from), _) if from >= whole && (to.is_empty() || to.parse::<usize>().is_ok()) => Range::Outside,
        (Ok(from), Ok(to)) => Range::Part(from, to.saturating_add(1).min(whole)),
        (Ok(from), Err(_)) if to.is_empty() => Range::Part(from, whole),
        (Err(_), Ok(last)) if from.is_empty() && last > 0 && whole > 0 => {
            Range::Part(whole.saturating_sub(last), whole)
        }
        (Err(_), Ok(_)) if from.is_empty() => Range::Outside,
        _ => Range::Unreadable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        assert_eq!(range("bytes=0-3", 10), Range::Part(0, 4));
        assert_eq!(range("bytes=4-", 10), Range::Part(4, 10));
        assert_eq!(range("bytes=4-99", 10), Range::Part(4, 10));
        assert_eq!(range("bytes=-3", 10), Range::Part(7, 10));
        assert_eq!(range("bytes=-30", 10), Range::Part(0, 10));
        assert_eq!(range("bytes=10-", 10), Range::Outside);
        assert_eq!(range("bytes=10-12", 10), Range::Outside);
        assert_eq!(range("bytes=-0", 10), Range::Outside);
        for bad in ["bytes=3-1", "bytes=a-", "rows=0-1", "bytes=0-1,3-4", "bytes=-"] {
            assert_eq!(range(bad, 10), Range::Unreadable, "{bad}");
        }
    }
}
