//! What a page is told: refusals, the heads of answers, errors without internals, and the last word of a cut stream.

use crate::relay::policy::{ErrorDetail, RelayPolicy};
use crate::relay::route::Op;
use crate::relay::{Answer, AnswerBody, AnswerHead, Refusal, Route, grammar};
use crate::wire::json::{Raw, push_string};
use crate::wire::redact::clean;

type Headers = Vec<(String, String)>;

/// What of an answer a page on another origin may read.
pub(super) const EXPOSED: &str = "retry-after, served-model-name, x-request-id";
/// Codes of errors that the documentation names: they tell a kind, nothing of the workspace.
const CODES: &[&str] = &[
    "ABORTED",
    "ALREADY_EXISTS",
    "BAD_REQUEST",
    "CANCELLED",
    "DEADLINE_EXCEEDED",
    "ENDPOINT_NOT_FOUND",
    "FUNCTION_DOES_NOT_EXIST",
    "INTERNAL_ERROR",
    "INVALID_PARAMETER_VALUE",
    "INVALID_STATE",
    "NOT_FOUND",
    "NOT_IMPLEMENTED",
    "REQUEST_LIMIT_EXCEEDED",
    "RESOURCE_ALREADY_EXISTS",
    "RESOURCE_CONFLICT",
    "RESOURCE_DOES_NOT_EXIST",
    "RESOURCE_EXHAUSTED",
    "TABLE_DOES_NOT_EXIST",
    "TEMPORARILY_UNAVAILABLE",
];

/// A refusal in the making.
#[derive(Debug)]
pub(super) struct Fault {
    status: u16,
    sentence: String,
    allow: Option<String>,
    retry_after: Option<String>,
    code: Option<String>,
}

impl Fault {
    pub(super) fn new(status: u16, sentence: impl Into<String>) -> Self {
        Self { status, sentence: sentence.into(), allow: None, retry_after: None, code: None }
    }

    /// Something in the body that is not as it must be.
    pub(super) fn body(parts: &[&str]) -> Self {
        Self::new(400, parts.concat())
    }

    /// One answer for what does not exist and what is not allowed.
    pub(super) fn nowhere() -> Self {
        Self::new(404, "The relay has no such route.")
    }

    pub(super) fn too_large() -> Self {
        Self::new(413, "The body is too large.")
    }

    pub(super) fn method(methods: &[&str]) -> Self {
        let mut fault = Self::new(405, "This route does not take this method.");
        fault.allow = Some(methods.join(", "));
        fault
    }

    pub(super) fn answer(self, request_id: Option<&str>, cors: Headers) -> Answer {
        let mut headers = cors;
        headers.extend(own_headers(true));
        for (name, value) in [("allow", self.allow), ("retry-after", self.retry_after)] {
            if let Some(value) = value {
                headers.push((name.to_owned(), value));
            }
        }
        let code = self.code.as_deref().unwrap_or(code_of(self.status));
        Answer { status: self.status, headers, body: body(code, &self.sentence, request_id) }
    }
}

/// What every answer of the relay says of itself.
fn own_headers(json: bool) -> Headers {
    let mut headers = vec![
        ("cache-control".to_owned(), "no-store, no-transform".to_owned()),
        ("x-content-type-options".to_owned(), "nosniff".to_owned()),
    ];
    if json {
        headers.push(("content-type".to_owned(), "application/json".to_owned()));
    }
    headers
}

fn body(code: &str, message: &str, request_id: Option<&str>) -> String {
    let mut out = String::from("{\"error_code\":");
    push_string(&mut out, code);
    out.push_str(",\"message\":");
    push_string(&mut out, message);
    if let Some(id) = request_id {
        out.push_str(",\"request_id\":");
        push_string(&mut out, id);
    }
    out.push('}');
    out
}

fn code_of(status: u16) -> &'static str {
    match status {
        400 | 405 | 411 | 413 | 414 | 415 | 417 | 422 | 431 => "BAD_REQUEST",
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "ENDPOINT_NOT_FOUND",
        408 | 504 => "DEADLINE_EXCEEDED",
        409 => "RESOURCE_CONFLICT",
        429 => "REQUEST_LIMIT_EXCEEDED",
        503 => "TEMPORARILY_UNAVAILABLE",
        _ => "INTERNAL_ERROR",
    }
}

/// Why an answer ends before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cut {
    /// The workspace's connection broke.
    Upstream,
    /// The answer was longer than the relay lets through.
    Size,
    /// The answer took longer than the relay waits.
    Time,
    /// The workspace paused for too long.
    Idle,
}

impl Cut {
    /// The reason by its word: `upstream`, `size`, `time`, `idle`. Any other is `upstream`.
    #[must_use]
    pub fn parse(word: &str) -> Self {
        match word {
            "size" => Self::Size,
            "time" => Self::Time,
            "idle" => Self::Idle,
            _ => Self::Upstream,
        }
    }
}

impl RelayPolicy {
    /// What of the workspace's answer is passed on: by an allow-list of headers, and nothing but what the route answers.
    ///
    /// A redirect, a refusal of the relay's own credential, and content of another type than the route's become an error of
    /// the relay: `body` says so, and the status is that of [`public_error`](Self::public_error).
    #[must_use]
    pub fn answer(&self, route: Route, status: u16, headers: &[(&str, &str)]) -> AnswerHead {
        let get = |name: &str| {
            headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
        };
        let media = get("content-type").unwrap_or("").split(';').next().unwrap_or("").trim().to_ascii_lowercase();
        let good = (200..300).contains(&status);
        let empty = status == 204 || get("content-length") == Some("0");
        let (kind, body) = match (good, media.as_str()) {
            (true, "text/event-stream") if route.op() == Op::Invoke => ("text/event-stream", AnswerBody::Stream),
            (true, "application/json" | "text/json") => ("application/json", AnswerBody::Pass),
            // spans are given back as the file they were stored as
            (true, "application/octet-stream" | "text/plain") if route.op() == Op::SpansRead => {
                ("application/json", AnswerBody::Pass)
            }
            (true, "") => ("application/json", AnswerBody::Pass),
            (true, _) if empty => ("application/json", AnswerBody::Pass),
            _ => ("application/json", AnswerBody::Error),
        };
        let status = match body {
            AnswerBody::Error => self.outward(status),
            _ => status,
        };
        let mut out = own_headers(false);
        out.push(("content-type".to_owned(), kind.to_owned()));
        if body == AnswerBody::Stream {
            // asks proxies not to hold events back
            out.push(("x-accel-buffering".to_owned(), "no".to_owned()));
        }
        let mut pass = |name: &str, fits: &dyn Fn(&str) -> bool| {
            if let Some(value) = get(name).filter(|value| fits(value)) {
                out.push((name.to_owned(), value.to_owned()));
            }
        };
        pass("x-request-id", &|id| grammar::request_id(id));
        if body != AnswerBody::Error {
            pass("served-model-name", &|name| grammar::endpoint(name));
        }
        if matches!(status, 429 | 503) {
            pass("retry-after", &|wait| grammar::number(wait));
        }
        AnswerHead { status, headers: out, body }
    }

    /// The error a page gets instead of the workspace's: the first bytes of its body are enough (64 KiB).
    ///
    /// `status` is the workspace's, or the relay's own: 502 when it could not be reached, 504 when it was too slow, 429 when a client's
    /// share is used up.
    #[must_use]
    pub fn public_error(&self, status: u16, bytes: &[u8], request_id: Option<&str>) -> Refusal {
        let said = std::str::from_utf8(bytes).ok().and_then(|text| Raw::parse(text).ok());
        let said_code = said.and_then(|said| said.get_some("error_code")).and_then(Raw::as_str);
        let shown = self.outward(status);
        let mut fault = Fault::new(shown, sentence(shown));
        if shown == status {
            fault.code = said_code.as_deref().filter(|code| CODES.contains(code)).map(str::to_owned);
        }
        if self.rules.errors == ErrorDetail::Workspace {
            let message = said.and_then(|said| said.get_some("message")).and_then(Raw::as_str);
            if let Some(message) = message.filter(|message| !message.is_empty()) {
                fault.sentence = clean(&message, 1_000, None);
            }
            if let Some(code) = said_code {
                fault.code = Some(clean(&code, 100, None));
            }
        }
        fault.answer(request_id.filter(|id| grammar::request_id(id)), Vec::new())
    }

    /// The status a page gets for the workspace's: what is about the relay's own credential or network is not the page's. Who
    /// develops is told of a refusal as of one.
    fn outward(&self, status: u16) -> u16 {
        match status {
            400 | 404 | 409 | 413 | 429 | 503 | 504 => status,
            401 | 403 if self.rules.errors == ErrorDetail::Workspace => 403,
            422 => 400,
            408 => 504,
            _ => 502,
        }
    }

    /// The refusal of a client whose share is used up for so many milliseconds.
    #[must_use]
    pub fn too_many(&self, wait_ms: u64, request_id: Option<&str>) -> Refusal {
        let mut fault = Fault::new(429, sentence(429));
        fault.retry_after = Some(wait_ms.div_ceil(1_000).max(1).to_string());
        fault.answer(request_id.filter(|id| grammar::request_id(id)), Vec::new())
    }

    /// The refusal of somebody whom the `authorize` hook does not know.
    #[must_use]
    pub fn unauthorized(&self, request_id: Option<&str>) -> Refusal {
        let fault = Fault::new(401, "The app does not know who asks: sign in.");
        fault.answer(request_id.filter(|id| grammar::request_id(id)), Vec::new())
    }

    /// A refusal of whoever carries the decision out: 400 for a body that breaks off, 408 for one that does not come, 413 for one that is too large, 503 for
    /// somebody who has too much open.
    #[must_use]
    pub fn refusal(&self, status: u16, request_id: Option<&str>) -> Refusal {
        let sentence = match status {
            400 => "The body is not whole.",
            408 => "The body did not come in time.",
            413 => "The body is too large.",
            _ => "Too many requests are open: wait for their answers.",
        };
        Fault::new(status, sentence).answer(request_id.filter(|id| grammar::request_id(id)), Vec::new())
    }

    /// The last event of a stream that ends before its end, so that no page takes it for a whole one.
    ///
    /// ```
    /// # use lakewire::relay::{Cut, RelayPolicy};
    /// # let policy = RelayPolicy::builder("https://x.cloud.databricks.com").origin("https://a.b").chat(["c"]).authorized().build()?;
    /// assert!(policy.cut_event(Cut::Size).starts_with("\n\ndata: {\"error_code\":"));
    /// # Ok::<(), lakewire::Error>(())
    /// ```
    #[must_use]
    pub fn cut_event(&self, why: Cut) -> String {
        let (code, sentence) = match why {
            Cut::Upstream => ("TEMPORARILY_UNAVAILABLE", "The answer broke off."),
            Cut::Size => ("RESOURCE_EXHAUSTED", "The answer was longer than the relay lets through."),
            Cut::Time => ("DEADLINE_EXCEEDED", "The answer took longer than the relay waits."),
            Cut::Idle => ("DEADLINE_EXCEEDED", "The answer paused for too long."),
        };
        // an empty line first: whatever line was being written ends there
        ["\n\ndata: ", &body(code, sentence, None), "\n\n"].concat()
    }
}

fn sentence(status: u16) -> &'static str {
    match status {
        400 => "The workspace does not take this request.",
        404 => "There is no such thing.",
        409 => "The request conflicts with the state of what it is about.",
        413 => "The request is too large.",
        429 => "Too many requests: send less, or try again later.",
        503 => "The workspace cannot answer now: try again later.",
        504 => "The workspace took too long to answer.",
        _ => "The relay got no answer it can pass on.",
    }
}
