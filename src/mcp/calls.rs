//! Messages to an MCP server as calls.

use crate::wire::answer;
use crate::wire::call::{Call, Repeat};
use crate::wire::request::{Method, Request};

/// A message to a server, in a session once there is one and in the version agreed on. What comes back is read by
/// [`split`](super::split) and [`result`](super::result).
///
/// ```
/// use lakewire::{mcp::calls, wire::call::Repeat};
/// let call = calls::message("/api/2.0/mcp/sql", "{}".into(), Some("s-1"), Some("2025-06-18"), Repeat::Never);
/// assert!(call.request().headers.contains(&("mcp-session-id".into(), "s-1".into())));
/// ```
/// `POST {path}`
#[must_use]
pub fn message(path: &str, body: String, session: Option<&str>, version: Option<&str>, repeat: Repeat) -> Call<String> {
    let mut request =
        Request::new(Method::Post, path).json(body).header("accept", "application/json, text/event-stream");
    if let Some(session) = session {
        request = request.header("mcp-session-id", session);
    }
    if let Some(version) = version {
        request = request.header("mcp-protocol-version", version);
    }
    Call::new(request, repeat, answer::with_session)
}
