//! Which kind of error a status and a code of the service mean.

use crate::error::ErrorKind;
use crate::wire::find::whole;

/// The kind of a refusal: some codes of the service say more than the status.
pub(super) fn kind_of(status: u16, code: Option<&str>) -> ErrorKind {
    match code {
        Some("INVALID_STATE" | "INVALID_PARAMETER_VALUE") => ErrorKind::BadRequest,
        Some("RESOURCE_DOES_NOT_EXIST") => ErrorKind::NotFound,
        Some("ABORTED" | "ALREADY_EXISTS" | "RESOURCE_ALREADY_EXISTS") => ErrorKind::ResourceConflict,
        Some("RESOURCE_EXHAUSTED" | "REQUEST_LIMIT_EXCEEDED" | "overloaded") => ErrorKind::TooManyRequests,
        Some("UNKNOWN" | "DATA_LOSS" | "generation" | "incomplete_generation") => ErrorKind::InternalError,
        _ => kind_of_status(status),
    }
}

/// The kind of a status that nothing else explains.
pub(super) fn kind_of_status(status: u16) -> ErrorKind {
    match status {
        401 => ErrorKind::Unauthenticated,
        403 => ErrorKind::PermissionDenied,
        404 => ErrorKind::NotFound,
        408 | 502..=504 => ErrorKind::TemporarilyUnavailable,
        409 => ErrorKind::ResourceConflict,
        429 => ErrorKind::TooManyRequests,
        499 => ErrorKind::Cancelled,
        501 => ErrorKind::NotImplemented,
        400..=498 => ErrorKind::BadRequest,
        _ => ErrorKind::InternalError,
    }
}

/// The kind of an error that has no status of its own.
pub(super) fn kind_of_code(code: &str) -> Option<ErrorKind> {
    Some(match code {
        "BAD_REQUEST" | "invalid_request_error" => ErrorKind::BadRequest,
        "UNAUTHENTICATED" | "CUSTOMER_UNAUTHORIZED" => ErrorKind::Unauthenticated,
        "PERMISSION_DENIED" => ErrorKind::PermissionDenied,
        "NOT_FOUND" | "ENDPOINT_NOT_FOUND" => ErrorKind::NotFound,
        "RESOURCE_CONFLICT" => ErrorKind::ResourceConflict,
        "rate_limit_exceeded" | "insufficient_quota" => ErrorKind::TooManyRequests,
        "TEMPORARILY_UNAVAILABLE" | "DEADLINE_EXCEEDED" => ErrorKind::TemporarilyUnavailable,
        "NOT_IMPLEMENTED" => ErrorKind::NotImplemented,
        "CANCELLED" => ErrorKind::Cancelled,
        _ => match whole(code).and_then(|status| u16::try_from(status).ok()) {
            Some(status @ 400..=599) => kind_of_status(status),
            _ => kind_of(500, Some(code)),
        },
    })
}
