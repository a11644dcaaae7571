//! Errors a service sends inside a stream whose head was good.

use crate::error::{Error, ErrorKind};
use crate::wire::json::Raw;

/// How much of a service's own words is repeated.
const MAX_MESSAGE: usize = 1000;

/// The error an event carries, if it is one: an `error` key that says something, Databricks'
/// `error_code` with a message, or any data under the event type `error`.
pub(crate) fn read(event: &str, data: Option<Raw<'_>>) -> Option<Error> {
    let named = event == "error";
    let Some(data) = data else {
        return named.then(|| build(None, None, None));
    };
    let inner = data.get_some("error").filter(|error| error.text() != "false");
    let coded = data.get_some("error_code").is_some();
    if !(named || inner.is_some() || (coded && data.get("choices").is_none())) {
        return None;
    }
    let body = inner.filter(|error| error.is_object()).unwrap_or(data);
    let pick = |keys: &[&str]| {
        let found = keys.iter().find_map(|key| body.get_some(key).or_else(|| data.get_some(key)))?;
        Some(found.as_str().map_or_else(|| found.text().to_owned(), std::borrow::Cow::into_owned))
    };
    let message = inner
        .and_then(|error| error.as_str().map(std::borrow::Cow::into_owned))
        .or_else(|| data.as_str().map(std::borrow::Cow::into_owned))
        .or_else(|| pick(&["message", "detail"]));
    let details = body.get_some("details").map(|details| details.text().to_owned());
    // the word alone says no more than that there is one
    let code = pick(&["error_code", "code", "error_type", "type"]).filter(|code| code != "error");
    Some(build(code, message, details))
}

fn build(code: Option<String>, message: Option<String>, details: Option<String>) -> Error {
    let mut text = String::from("The service broke the stream off with an error");
    match message {
        Some(message) => {
            text.push_str(": ");
            text.extend(message.chars().take(MAX_MESSAGE));
        }
        None => text.push_str(" it did not explain."),
    }
    let kind = code.as_deref().map_or(ErrorKind::InternalError, kind_of);
    Error::new(kind, text).with_error_code(code).with_details(details).with_maybe_processed(true)
}

pub(crate) fn kind_of(code: &str) -> ErrorKind {
    match code {
        "BAD_REQUEST"
        | "INVALID_PARAMETER_VALUE"
        | "MALFORMED_REQUEST"
        | "invalid_request_error"
        | "validation"
        | "400" => ErrorKind::BadRequest,
        "UNAUTHENTICATED" | "401" => ErrorKind::Unauthenticated,
        "PERMISSION_DENIED" | "403" => ErrorKind::PermissionDenied,
        "NOT_FOUND" | "RESOURCE_DOES_NOT_EXIST" | "ENDPOINT_NOT_FOUND" | "404" => ErrorKind::NotFound,
        "REQUEST_LIMIT_EXCEEDED" | "RESOURCE_EXHAUSTED" | "rate_limit_exceeded" | "overloaded" | "429" => {
            ErrorKind::TooManyRequests
        }
        "TEMPORARILY_UNAVAILABLE" | "502" | "503" | "504" => ErrorKind::TemporarilyUnavailable,
        _ => ErrorKind::InternalError,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(event: &str, data: &str) -> Option<(ErrorKind, String, Option<String>)> {
        let error = read(event, Raw::parse(data).ok())?;
        Some((error.kind(), error.message().to_owned(), error.error_code().map(str::to_owned)))
    }

    #[test]
    fn e28_every_shape_of_an_error_event() {
        let (kind, message, code) =
            of("", r#"{"error":{"message":"slow down","code":"rate_limit_exceeded"}}"#).unwrap();
        assert_eq!((kind, code.as_deref()), (ErrorKind::TooManyRequests, Some("rate_limit_exceeded")));
        assert!(message.ends_with("error: slow down"));
        assert!(of("", r#"{"error":"text"}"#).unwrap().1.ends_with(": text"));
        let (kind, message, code) = of("", r#"{"error_code":"TEMPORARILY_UNAVAILABLE","message":"later"}"#).unwrap();
        assert_eq!((kind, code.as_deref()), (ErrorKind::TemporarilyUnavailable, Some("TEMPORARILY_UNAVAILABLE")));
        assert!(message.ends_with(": later"));
        assert!(of("error", r#"{"choices":[]}"#).is_some());
        assert!(of("error", "no json").is_some());
        assert_eq!(of("", r#"{"error":{"code":429}}"#).unwrap().0, ErrorKind::TooManyRequests);
        for chunk in [r#"{"choices":[],"error":null}"#, r#"{"choices":[]}"#, r#"{"error_code":null}"#] {
            assert!(of("", chunk).is_none(), "{chunk}");
        }
    }
}
