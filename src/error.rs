//! The one error type of the crate.
//!
//! An [`Error`] says what was asked, what came back and what to do. It carries the facts a caller
//! branches on (kind, status, error code, request id) and never a secret: no token, no header value
//! of ours, no query string and no prompt text.

mod kind;

pub use kind::{ErrorKind, TimeoutPhase};

use std::fmt;
use std::time::Duration;

/// A failed operation.
#[derive(Debug)]
pub struct Error {
    facts: Box<Facts>,
}

#[derive(Debug)]
struct Facts {
    kind: ErrorKind,
    message: String,
    phase: Option<TimeoutPhase>,
    status: Option<u16>,
    error_code: Option<String>,
    request_id: Option<String>,
    details: Option<String>,
    retry_after: Option<Duration>,
    attempts: u32,
    maybe_processed: bool,
    permanent: bool,
    partial: Option<String>,
    step: Option<usize>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error of this kind with a sentence for the reader.
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            facts: Box::new(Facts {
                kind,
                message: message.into(),
                phase: None,
                status: None,
                error_code: None,
                request_id: None,
                details: None,
                retry_after: None,
                attempts: 0,
                maybe_processed: false,
                permanent: false,
                partial: None,
                step: None,
                source: None,
            }),
        }
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.facts.kind
    }

    /// The sentence, without the facts that [`Display`](fmt::Display) adds.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.facts.message
    }

    /// Which time limit passed, when the kind is [`ErrorKind::DeadlineExceeded`].
    #[must_use]
    pub fn phase(&self) -> Option<TimeoutPhase> {
        self.facts.phase
    }

    /// The HTTP status, when the service answered.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.facts.status
    }

    /// The service's own code, such as `RESOURCE_DOES_NOT_EXIST`; unknown codes are kept as text.
    #[must_use]
    pub fn error_code(&self) -> Option<&str> {
        self.facts.error_code.as_deref()
    }

    /// The id to quote to Databricks support (`x-request-id`).
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.facts.request_id.as_deref()
    }

    /// The service's structured details as JSON text, when it sent any.
    #[must_use]
    pub fn details(&self) -> Option<&str> {
        self.facts.details.as_deref()
    }

    /// How long the service asked to wait, when it did.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.facts.retry_after
    }

    /// How many requests were sent for this call.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.facts.attempts
    }

    /// Whether the service may have carried out the request although no good answer came back.
    #[must_use]
    pub fn maybe_processed(&self) -> bool {
        self.facts.maybe_processed
    }

    /// What a broken stream had given so far: a chat completion as JSON text.
    #[must_use]
    pub fn partial(&self) -> Option<&str> {
        self.facts.partial.as_deref()
    }

    /// Which step of a chain failed, counted from 1; `None` outside of chains.
    #[must_use]
    pub fn step(&self) -> Option<usize> {
        self.facts.step
    }

    /// Whether the same call may succeed later without a change to it.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        if self.facts.permanent {
            return false;
        }
        matches!(
            self.facts.kind,
            ErrorKind::TooManyRequests | ErrorKind::TemporarilyUnavailable | ErrorKind::Connect | ErrorKind::Truncated
        ) || (self.facts.kind == ErrorKind::InternalError && self.facts.status != Some(501))
            || (self.facts.kind == ErrorKind::TokenEndpoint
                && self.facts.status.is_some_and(|status| status == 429 || status >= 500))
            || (self.facts.kind == ErrorKind::DeadlineExceeded && self.facts.phase != Some(TimeoutPhase::Total))
    }

    /// Adds a sentence to the one that is there.
    #[must_use]
    pub fn with_advice(mut self, sentence: &str) -> Self {
        let message = &mut self.facts.message;
        if !message.is_empty() && !message.ends_with(' ') {
            message.push(' ');
        }
        message.push_str(sentence);
        self
    }

    /// Takes a sentence off the end, if it is there.
    #[must_use]
    pub fn without_advice(mut self, sentence: &str) -> Self {
        if let Some(rest) = self.facts.message.strip_suffix(sentence) {
            let end = rest.trim_end().len();
            self.facts.message.truncate(end);
        }
        self
    }

    /// Says first what the failure is about, such as the inputs of a batch.
    pub(crate) fn about(mut self, what: &str) -> Self {
        let mut message = String::from(what);
        message.push_str(": ");
        message.push_str(&self.facts.message);
        self.facts.message = message;
        self
    }

    /// Adds which time limit passed.
    #[must_use]
    pub fn with_phase(mut self, phase: TimeoutPhase) -> Self {
        self.facts.phase = Some(phase);
        self
    }

    /// Says that waiting will not help, whatever the kind: a used-up quota, for one.
    #[must_use]
    pub fn with_permanent(mut self, permanent: bool) -> Self {
        self.facts.permanent = permanent;
        self
    }

    /// Adds the HTTP status.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.facts.status = Some(status);
        self
    }

    /// Adds the service's own code.
    #[must_use]
    pub fn with_error_code(mut self, code: Option<String>) -> Self {
        self.facts.error_code = code;
        self
    }

    /// Adds the request id.
    #[must_use]
    pub fn with_request_id(mut self, id: Option<String>) -> Self {
        self.facts.request_id = id;
        self
    }

    /// Adds the service's structured details, as JSON text.
    #[must_use]
    pub fn with_details(mut self, details: Option<String>) -> Self {
        self.facts.details = details;
        self
    }

    /// Adds how long the service asked to wait.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Option<Duration>) -> Self {
        self.facts.retry_after = wait;
        self
    }

    /// Adds how many requests were sent.
    #[must_use]
    pub fn with_attempts(mut self, attempts: u32) -> Self {
        self.facts.attempts = attempts;
        self
    }

    /// Says that the service may have carried out the request.
    #[must_use]
    pub fn with_maybe_processed(mut self, maybe: bool) -> Self {
        self.facts.maybe_processed = maybe;
        self
    }

    /// Adds what had arrived: a chat completion as JSON text.
    #[must_use]
    pub fn with_partial(mut self, partial: Option<String>) -> Self {
        self.facts.partial = partial;
        self
    }

    /// Says which step of a chain failed, before the sentence.
    #[must_use]
    pub fn in_step(mut self, place: usize, name: &str) -> Self {
        self.facts.step = Some(place);
        self.in_part(&format!("Step {place} ({name})"))
    }

    /// Says which part of something larger failed, before the sentence.
    pub(crate) fn in_part(mut self, part: &str) -> Self {
        self.facts.message = format!("{part}: {}", self.facts.message);
        self
    }

    /// Adds the cause. The cause's own text must hold no secret and no URL query.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.facts.source = Some(source.into());
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.facts.message)?;
        let mut open = false;
        let mut fact = |f: &mut fmt::Formatter<'_>, name: &str, value: &str| -> fmt::Result {
            f.write_str(if open { ", " } else { " (" })?;
            open = true;
            f.write_str(name)?;
            f.write_str(" ")?;
            f.write_str(value)
        };
        if let Some(status) = self.facts.status {
            fact(f, "status", &status.to_string())?;
        }
        if let Some(code) = &self.facts.error_code {
            fact(f, "code", code)?;
        }
        if let Some(id) = &self.facts.request_id {
            fact(f, "request id", id)?;
        }
        if self.facts.attempts > 1 {
            fact(f, "attempts", &self.facts.attempts.to_string())?;
        }
        if open { f.write_str(")") } else { Ok(()) }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.facts.source {
            Some(source) => Some(source.as_ref()),
            None => None,
        }
    }
}

/// The crate's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_adds_the_facts_after_the_sentence() {
        let error = Error::new(ErrorKind::TooManyRequests, "Slow down.")
            .with_status(429)
            .with_error_code(Some("REQUEST_LIMIT_EXCEEDED".into()))
            .with_request_id(Some("r-1".into()))
            .with_attempts(3);
        assert_eq!(
            error.to_string(),
            "Slow down. (status 429, code REQUEST_LIMIT_EXCEEDED, request id r-1, attempts 3)"
        );
        assert!(error.is_retryable());
    }

    #[test]
    fn a_bare_sentence_stays_bare() {
        assert_eq!(Error::new(ErrorKind::Closed, "Closed.").to_string(), "Closed.");
    }
}
