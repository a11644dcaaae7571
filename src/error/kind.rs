//! What went wrong, in one word.

/// What went wrong, in one word.
///
/// The first eight follow the classes of Databricks' own SDKs; the rest are what a client meets
/// before or after the service has spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The service refused the request as malformed (400, 413, 415, 422 …).
    BadRequest,
    /// No valid credential was presented (401).
    Unauthenticated,
    /// The credential is valid but may not do this (403).
    PermissionDenied,
    /// The named thing does not exist (404).
    NotFound,
    /// The request conflicts with the state of the thing (409).
    ResourceConflict,
    /// A rate limit was hit (429).
    TooManyRequests,
    /// The service is there but cannot answer now (502, 503, 504).
    TemporarilyUnavailable,
    /// The service failed (500 and other 5xx).
    InternalError,
    /// The service does not implement this (501).
    NotImplemented,
    /// The caller's input cannot be sent; nothing left the machine.
    InvalidInput,
    /// The answer could not be read as what it should be.
    Decode,
    /// The connection could not be made or broke.
    Connect,
    /// The TLS handshake failed.
    Tls,
    /// A time limit passed; [`Error::phase`](crate::error::Error::phase) says which.
    DeadlineExceeded,
    /// The caller aborted.
    Cancelled,
    /// The service answered with a redirect, which is never followed with a credential.
    Redirect,
    /// The stream or body ended before it was complete.
    Truncated,
    /// One stream event is longer than the limit.
    EventTooLarge,
    /// The body is longer than the limit.
    BodyTooLarge,
    /// The answer has a content type that cannot hold the result.
    UnexpectedContentType,
    /// The answer is in a content encoding the transport did not decode.
    UnsupportedEncoding,
    /// A body was expected and none came.
    EmptyBody,
    /// The peer broke the HTTP protocol (impossible status, locked or missing body).
    Protocol,
    /// The token provider failed.
    TokenProvider,
    /// The endpoint that gives OAuth tokens refused, failed or gave no answer.
    TokenEndpoint,
    /// A tool call's arguments are not a JSON object.
    InvalidArguments,
    /// The model asked for a tool that was not offered.
    UnknownTool,
    /// The tool loop reached its step limit.
    StepLimit,
    /// The model's output does not fit the schema.
    OutputMismatch,
    /// What was started ended badly at the service: an endpoint whose update failed;
    /// [`Error::error_code`](crate::error::Error::error_code) is the state it ended in.
    OperationFailed,
    /// A SQL statement failed or was cancelled at the service; [`Error::details`](crate::error::Error::details) holds its id, state and SQLSTATE.
    StatementFailed,
    /// The result of a SQL statement is no longer kept.
    ResultExpired,
    /// What came of a SQL result is not what was announced: rows or bytes are missing, or chunks are out of order.
    ResultCorrupt,
    /// The service cut a SQL result off at a limit of its own: rows are missing.
    ResultTruncated,
    /// The object was already closed or consumed.
    Closed,
    /// A function of the caller's own, given to change a request or an answer, failed.
    TransformFailed,
    /// The guard found that a SQL statement does more than read; it was not run.
    StatementRefused,
}

impl ErrorKind {
    /// The kind's name as JavaScript sees it in `LakewireError.kind`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadRequest => "BadRequest",
            Self::Unauthenticated => "Unauthenticated",
            Self::PermissionDenied => "PermissionDenied",
            Self::NotFound => "NotFound",
            Self::ResourceConflict => "ResourceConflict",
            Self::TooManyRequests => "TooManyRequests",
            Self::TemporarilyUnavailable => "TemporarilyUnavailable",
            Self::InternalError => "InternalError",
            Self::NotImplemented => "NotImplemented",
            Self::InvalidInput => "InvalidInput",
            Self::Decode => "Decode",
            Self::Connect => "Connect",
            Self::Tls => "Tls",
            Self::DeadlineExceeded => "DeadlineExceeded",
            Self::Cancelled => "Cancelled",
            Self::Redirect => "Redirect",
            Self::Truncated => "Truncated",
            Self::EventTooLarge => "EventTooLarge",
            Self::BodyTooLarge => "BodyTooLarge",
            Self::UnexpectedContentType => "UnexpectedContentType",
            Self::UnsupportedEncoding => "UnsupportedEncoding",
            Self::EmptyBody => "EmptyBody",
            Self::Protocol => "Protocol",
            Self::TokenProvider => "TokenProvider",
            Self::TokenEndpoint => "TokenEndpoint",
            Self::InvalidArguments => "InvalidArguments",
            Self::UnknownTool => "UnknownTool",
            Self::StepLimit => "StepLimit",
            Self::OutputMismatch => "OutputMismatch",
            Self::OperationFailed => "OperationFailed",
            Self::StatementFailed => "StatementFailed",
            Self::ResultExpired => "ResultExpired",
            Self::ResultCorrupt => "ResultCorrupt",
            Self::ResultTruncated => "ResultTruncated",
            Self::Closed => "Closed",
            Self::TransformFailed => "TransformFailed",
            Self::StatementRefused => "StatementRefused",
        }
    }
}

/// Which time limit passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TimeoutPhase {
    /// Making the connection.
    Connect,
    /// From sending the request to the answer's headers.
    FirstByte,
    /// Between two reads of the answer's body.
    Idle,
    /// The whole call, retries included.
    Total,
    /// One tool of a tool loop.
    Tool,
}

impl TimeoutPhase {
    /// The phase's name as JavaScript sees it in `LakewireError.phase`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::FirstByte => "first_byte",
            Self::Idle => "idle",
            Self::Total => "total",
            Self::Tool => "tool",
        }
    }
}
