//! What goes into a decision and what comes out of it.

use std::fmt;

use crate::relay::Route;

/// A request as it came: nothing decoded, nothing normalised.
#[derive(Clone, Copy)]
pub struct RawRequest<'a> {
    /// The method as it stood on the wire.
    pub method: &'a str,
    /// The request target as it stood on the wire, path and query.
    pub target: &'a str,
    /// The headers in their order, names in lower case. A header that came twice stands here twice.
    pub headers: &'a [(&'a str, &'a str)],
    /// The origin under which this relay is reached, such as `https://app.example.com`, when the server knows it. It is
    /// compared with the request's `origin` when the policy takes the relay's own.
    pub own_origin: Option<&'a str>,
}

impl fmt::Debug for RawRequest<'_> {
    /// Method and sizes: the headers may hold cookies and tokens.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawRequest")
            .field("method", &super::log_safe(self.method))
            .field("target_bytes", &self.target.len())
            .field("headers", &self.headers.len())
            .finish_non_exhaustive()
    }
}

/// What becomes of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Answer this, and send nothing upstream.
    Refuse(Refusal),
    /// Answer a browser's question whether it may ask, and send nothing upstream.
    Preflight(Answer),
    /// Read the body, at most so many bytes, and ask [`RelayPolicy::upstream`](crate::relay::RelayPolicy::upstream).
    NeedsBody {
        /// How many bytes the body may have.
        max_bytes: u64,
        /// The route it is for.
        route: Route,
        /// Headers that every answer to this request bears, whoever makes it.
        cors: Vec<(String, String)>,
    },
    /// Send this upstream.
    Forward(Upstream),
}

/// An answer of the relay's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// All of its headers.
    pub headers: Vec<(String, String)>,
    /// The body, JSON text or empty.
    pub body: String,
}

/// An answer that says no.
pub type Refusal = Answer;

/// The one request that goes to the workspace.
#[derive(Clone, PartialEq, Eq)]
pub struct Upstream {
    /// The method.
    pub method: &'static str,
    /// The path with its query, built anew: append it to the policy's host.
    pub path: String,
    /// All headers but `authorization`, which the relay adds with its own token.
    pub headers: Vec<(String, String)>,
    /// The body, JSON text written anew from what was checked.
    pub body: Option<String>,
    /// The route it takes.
    pub route: Route,
    /// Whether the answer is asked for as a stream of events.
    pub stream: bool,
    /// Headers that every answer to this request bears, whoever makes it.
    pub cors: Vec<(String, String)>,
}

impl fmt::Debug for Upstream {
    /// The route and sizes: bodies hold prompts.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upstream")
            .field("method", &self.method)
            .field("path", &self.path.split('?').next().unwrap_or(""))
            .field("body_bytes", &self.body.as_ref().map(String::len))
            .field("route", &self.route)
            .finish_non_exhaustive()
    }
}

/// What of the workspace's answer is passed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerHead {
    /// The status the page gets.
    pub status: u16,
    /// All headers the page gets, besides those every answer to its request bears (`cors`).
    pub headers: Vec<(String, String)>,
    /// What becomes of the body.
    pub body: AnswerBody,
}

/// What becomes of the body of the workspace's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerBody {
    /// It is passed on as it comes.
    Pass,
    /// It is passed on as it comes, event by event: should it be cut, a last event says so.
    Stream,
    /// It is replaced: read a little of it and answer
    /// [`RelayPolicy::public_error`](crate::relay::RelayPolicy::public_error).
    Error,
}
