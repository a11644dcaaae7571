//! Refusals to an [`Error`]: every shape of error body that serving endpoints, the REST API, agents
//! and the machines before them are known to send.

use std::time::Duration;

use crate::error::{Error, ErrorKind};
use crate::wire::answer::{Headers, media_type};
use crate::wire::find::{find, split_once};
use crate::wire::json::Raw;
use crate::wire::kind::{kind_of, kind_of_code};
use crate::wire::redact::clean;
use crate::wire::request::Request;
use crate::wire::retry::{decimal, is_permanent, retry_after};

/// How much of an error body is kept, in bytes.
const EXCERPT: usize = 4096;
/// How much of a page is kept that came instead of an answer, in bytes.
const PAGE_EXCERPT: usize = 200;

/// What an error body says.
#[derive(Debug, Default)]
struct Said {
    message: String,
    code: Option<String>,
    details: Option<String>,
    retry_after: Option<Duration>,
    request_id: Option<String>,
}

// each of these once, not in every arm of `object`
impl Said {
    #[inline(never)]
    fn or_code(&mut self, code: Option<String>) {
        if self.code.is_none() {
            self.code = code;
        }
    }

    #[inline(never)]
    fn or_details(&mut self, details: Raw<'_>) {
        self.details.get_or_insert_with(|| details.text().to_owned());
    }
}

/// The error of an answer with a status of refusal.
///
/// `body` may be cut short. `secret` is the token that was sent, to be taken out should the service
/// repeat it.
#[must_use]
pub fn refusal(
    request: &Request,
    status: u16,
    headers: &Headers,
    body: &[u8],
    wall_clock: Duration,
    secret: Option<&str>,
) -> Error {
    let mut said = read(body, status);
    // before anything is cut short: half a secret would no longer be found
    said.message = request.conceal(said.message);
    said.code = said.code.map(|code| request.conceal(code));
    said.details = said.details.map(|details| request.conceal(details));
    let kind = kind_of(status, said.code.as_deref());
    let mut sentence = String::from(request.method.as_str());
    sentence.push(' ');
    sentence.push_str(request.path.split('?').next().unwrap_or(""));
    sentence.push_str(" failed: ");
    let message = clean(&said.message, EXCERPT, secret);
    let message = message.trim();
    sentence.push_str(if message.is_empty() { "the service gave no reason" } else { message });
    if !sentence.ends_with(['.', '!', '?', '…']) {
        sentence.push('.');
    }
    sentence.push_str(match (kind, status) {
        (ErrorKind::Unauthenticated, _) => " Check that the token is valid for this workspace and has not expired.",
        (ErrorKind::PermissionDenied, _) => " Ask for permission, or use another credential.",
        (ErrorKind::TooManyRequests, _) => " Send less, or try again later.",
        (_, 413) => " Send a smaller request.",
        _ => "",
    });
    // what was refused was not carried out; what broke inside the service or a gateway may have been
    let maybe_processed = status == 408 || status == 499 || (status >= 500 && status != 501);
    Error::new(kind, sentence)
        .with_status(status)
        .with_permanent(said.code.as_deref().is_some_and(is_permanent))
        .with_error_code(said.code.map(|code| clean(&code, 128, secret)))
        .with_request_id(request_id(headers).or(said.request_id.map(|id| clean(&id, 128, secret))))
        .with_details(said.details.map(|details| clean(&details, 4 * EXCERPT, secret)))
        .with_retry_after(retry_after(headers, wall_clock).or(said.retry_after))
        .with_maybe_processed(maybe_processed)
}

/// The error inside a body or stream event that came with a good status, when it is one.
///
/// Only top-level keys are looked at. A body is an error when it holds `error` or `error_code` and
/// nothing but what errors hold: some good answers have an `error` field of their own.
#[must_use]
pub fn in_body(root: Raw<'_>) -> Option<Error> {
    let mut speaks_of_error = false;
    for (key, value) in root.fields() {
        match &*key {
            "error" | "error_code" => {
                speaks_of_error |= !value.is_null() && !matches!(value.text(), "\"\"" | "{}" | "0")
            }
            "type" => speaks_of_error |= value.text() == "\"error\"",
            "message"
            | "details"
            | "detail"
            | "external_model_message"
            | "stack_trace"
            | "status"
            | "status_code"
            | "request_id"
            | "code"
            | "param"
            | "retry_after"
            | "sequence_number"
            | "object"
            | "trace_id"
            | "error_type"
            | "warnings"
            | "estimated_time" => {}
            _ => return None,
        }
    }
    if !speaks_of_error {
        return None;
    }
    let said = object(root, 200);
    let code = said.code.as_deref();
    let mut sentence = String::from("The service reported an error in place of its answer: ");
    let message = clean(&said.message, EXCERPT, None);
    sentence.push_str(if message.is_empty() { "it gave no reason" } else { &message });
    if !sentence.ends_with(['.', '!', '?', '…']) {
        sentence.push('.');
    }
    Some(
        Error::new(code.and_then(kind_of_code).unwrap_or(ErrorKind::InternalError), sentence)
            .with_permanent(said.code.as_deref().is_some_and(is_permanent))
            .with_error_code(said.code.map(|code| clean(&code, 128, None)))
            .with_request_id(said.request_id.map(|id| clean(&id, 128, None)))
            .with_details(said.details.map(|details| clean(&details, 4 * EXCERPT, None)))
            .with_retry_after(said.retry_after)
            .with_maybe_processed(true),
    )
}

/// The error of an answer that holds a page, or anything else that cannot be what was `wanted`.
#[must_use]
pub fn unexpected_page(headers: &Headers, body: &[u8], wanted: &str) -> Error {
    let media_type = media_type(headers);
    let text = String::from_utf8_lossy(body.get(..body.len().min(16 * 1024)).unwrap_or(body));
    let found = html_text(&text).unwrap_or(text.trim());
    let mut sentence = String::from("The answer is not ");
    sentence.push_str(wanted);
    sentence.push_str(" but ");
    sentence.push_str(if media_type.is_empty() { "text without a content type" } else { &media_type });
    sentence
        .push_str(": check that the host is a workspace and that no login or proxy page stands before it. It begins: ");
    sentence.push_str(&clean(found, PAGE_EXCERPT, None));
    Error::new(ErrorKind::UnexpectedContentType, sentence)
}

/// The error of an answer in a content encoding that was not asked for and not undone.
#[must_use]
pub fn unsupported_encoding(encoding: &str) -> Error {
    let mut sentence = String::from("The answer is encoded as ");
    sentence.push_str(&clean(encoding, 40, None));
    sentence.push_str(", which was not asked for and is not decoded here: turn compression off in the proxy between.");
    Error::new(ErrorKind::UnsupportedEncoding, sentence)
}

/// The error of a redirect, which is never followed: the token would go along.
#[must_use]
pub fn redirect(request: &Request, status: u16, headers: &Headers) -> Error {
    let mut sentence = String::from(request.method.as_str());
    sentence.push(' ');
    sentence.push_str(request.path.split('?').next().unwrap_or(""));
    sentence.push_str(" was redirected");
    let location = headers.get("location").unwrap_or("");
    if find(location, "private-link-validation-error").is_some() {
        sentence.push_str(": the workspace takes calls only through its private link, and this network is not on it.");
    } else {
        // the path may hold more than is meant for an error: the origin says enough
        if let Some((scheme, rest)) = split_once(location, "://") {
            let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
            sentence.push_str(" to ");
            sentence.push_str(&clean(scheme, 16, None));
            sentence.push_str("://");
            sentence.push_str(&clean(authority.rsplit('@').next().unwrap_or(""), 253, None));
        }
        sentence.push_str(
            ", and redirects are not followed with a credential: check that the host is the workspace's own address.",
        );
    }
    let error = Error::new(ErrorKind::Redirect, sentence).with_request_id(request_id(headers));
    if status == 0 { error } else { error.with_status(status) }
}

/// Whether a refusal says that the token itself is no longer good, rather than what it may do.
#[must_use]
pub fn blames_the_token(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    ["invalid access token", "invalid token", "token is expired", "token has expired", "token expired", "expired token"]
        .iter()
        .any(|words| find(&message, words).is_some())
}

/// The request id of an answer, when it is one that can be quoted.
#[must_use]
pub fn request_id(headers: &Headers) -> Option<String> {
    headers.get("x-request-id").filter(|id| !id.is_empty()).map(|id| clean(id, 128, None))
}

/// Reads a body of refusal, whatever its shape.
fn read(body: &[u8], status: u16) -> Said {
    let Ok(text) = std::str::from_utf8(body).or_else(|fault| {
        // a body cut inside a character is still text
        let whole = body.get(..fault.valid_up_to()).unwrap_or(&[]);
        if fault.error_len().is_none() { std::str::from_utf8(whole) } else { Err(fault) }
    }) else {
        return said("the service answered with bytes that are not text");
    };
    let text = text.trim_start_matches('\u{feff}').trim();
    if let Ok(root) = Raw::parse(text) {
        return match root.as_str() {
            Some(message) => said(&message),
            None if root.is_object() => object(root, status),
            None => said(text),
        };
    }
    if let Some(message) = html_text(text) {
        return said(message);
    }
    match split_once(text, ": ") {
        Some((code, message)) if code.len() >= 3 && code.bytes().all(|b| b.is_ascii_uppercase() || b == b'_') => {
            Said { message: message.to_owned(), code: Some(code.to_owned()), ..Said::default() }
        }
        _ => said(text),
    }
}

fn said(message: &str) -> Said {
    Said { message: message.to_owned(), ..Said::default() }
}

/// Reads a JSON object of refusal. `error` goes before `message`, which goes before `detail`.
fn object(root: Raw<'_>, status: u16) -> Said {
    let mut said = Said {
        // the second is Text Generation Inference's name for it
        code: root.get_some("error_code").or(root.get_some("error_type")).and_then(word),
        details: root
            .get_some("details")
            .filter(|details| !details.is_string())
            .map(|details| details.text().to_owned()),
        ..Said::default()
    };
    if let Some(details) = root.get_some("details") {
        let info = details.items().find(|item| {
            item.get_some("@type").and_then(Raw::as_str).is_some_and(|name| name.ends_with("google.rpc.RequestInfo"))
        });
        said.request_id = info.and_then(|info| word_of(info, "request_id"));
    }
    let error = root.get_some("error");
    let external = root.get_some("external_model_message");
    if let Some(error) = error.filter(|error| error.is_object()) {
        said.message = error.get_some("message").map_or_else(|| error.text().to_owned(), plain);
        let code = word_of(error, "code");
        // a number repeats the status; the type then says more
        let name = code.clone().filter(|code| code.bytes().any(|byte| !byte.is_ascii_digit()));
        let kind = word_of(error, "type");
        [name, kind, code].into_iter().for_each(|code| said.or_code(code));
        said.or_details(error);
        said.retry_after = seconds(error.get_some("retry_after"));
    } else if let Some(error) = error.filter(|error| error.is_string()) {
        said.message = plain(error);
        if let Some(external) = external {
            let inner = match external.as_str() {
                Some(text) => Said { message: text.into_owned(), ..Said::default() },
                // one level: what an external provider wraps again is kept in the details
                None => without_external(external, status),
            };
            if !inner.message.is_empty() {
                said.message.push_str(": ");
                said.message.push_str(&inner.message);
            }
            said.or_code(inner.code);
            said.or_details(external);
        }
    } else if let Some(message) = root.get_some("message") {
        said.message = plain(message);
        if root.get_some("type").is_some_and(|kind| kind.text() == "\"error\"") {
            said.or_code(word_of(root, "code"));
        }
    } else if let Some(detail) = root.get_some("detail") {
        said.message = match complaints(detail) {
            text if text.is_empty() => plain(detail),
            text => text,
        };
        said.or_code(word_of(detail, "error_code"));
        if let Some(kind) = word_of(root, "scimType") {
            said.message.insert(0, ' ');
            said.message.insert_str(0, &kind);
        }
        let scim = root.get_some("scimType").is_some() || root.get_some("schemas").is_some();
        if scim && said.code.is_none() {
            let mut code = String::from("SCIM_");
            code.push_str(&status.to_string());
            said.code = Some(code);
        }
        if !detail.is_string() {
            said.or_details(detail);
        }
    } else if said.code.is_none() {
        said.message = root.text().to_owned();
    }
    if said.retry_after.is_none() {
        // how long Hugging Face expects to load a model, in fractions of seconds
        let estimate = || root.get_some("estimated_time").and_then(|time| decimal(time.text(), 3));
        said.retry_after = seconds(root.get_some("retry_after")).or_else(estimate);
    }
    said
}

fn without_external(inner: Raw<'_>, status: u16) -> Said {
    if inner.get_some("external_model_message").is_some() {
        return inner.get_some("error").map(|error| said(&plain(error))).unwrap_or_default();
    }
    object(inner, status)
}

/// What a validating server says in `detail`: the message of an object, or place and message of each item of a list.
fn complaints(detail: Raw<'_>) -> String {
    let message = |one: Raw<'_>, key: &str| one.get_some(key).map(plain).unwrap_or_default();
    if detail.is_object() {
        return message(detail, "message");
    }
    let mut out = String::new();
    for one in detail.items() {
        let told = message(one, "msg");
        if told.is_empty() {
            return String::new();
        }
        if !out.is_empty() {
            out.push_str("; ");
        }
        let mut place = String::new();
        for step in one.get_some("loc").iter().flat_map(|loc| loc.items()) {
            if !place.is_empty() {
                place.push('.');
            }
            place.push_str(&plain(step));
        }
        if !place.is_empty() {
            out.push_str(&place);
            out.push_str(": ");
        }
        out.push_str(&told);
    }
    out
}

/// A string's text, or any other value as it is written.
fn plain(value: Raw<'_>) -> String {
    value.as_str().map_or_else(|| value.text().to_owned(), std::borrow::Cow::into_owned)
}

/// A code: a string or a number.
fn word(value: Raw<'_>) -> Option<String> {
    match value.as_str() {
        Some(text) if text.is_empty() => None,
        Some(text) => Some(text.into_owned()),
        None if value.as_i64().is_some() => Some(value.text().to_owned()),
        None => None,
    }
}

#[inline(never)]
fn word_of(object: Raw<'_>, key: &str) -> Option<String> {
    object.get_some(key).and_then(word)
}

fn seconds(value: Option<Raw<'_>>) -> Option<Duration> {
    value?.as_i64().and_then(|secs| u64::try_from(secs).ok()).filter(|secs| *secs > 0).map(Duration::from_secs)
}

/// The readable part of a page: its `<pre>`, else its `<title>`.
fn html_text(text: &str) -> Option<&str> {
    if !text.trim_start().starts_with('<') {
        return None;
    }
    let lower = text.to_ascii_lowercase();
    let inner = |open: &str, close: &str| {
        let start = find(&lower, open)?;
        let start = start + lower.get(start..)?.find('>')? + 1;
        let end = start + find(lower.get(start..)?, close)?;
        text.get(start..end).map(str::trim).filter(|text| !text.is_empty())
    };
    inner("<pre", "</pre").or_else(|| inner("<title", "</title"))
}

#[cfg(test)]
#[path = "failure_tests.rs"]
mod tests;
