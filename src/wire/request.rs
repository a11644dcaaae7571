//! One HTTP request as a value: method, path, query, headers and body, before any host or token.

use std::fmt;
use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::wire::spelled;

/// An HTTP method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Method {
    /// `GET`
    Get,
    /// `POST`
    Post,
    /// `PUT`
    Put,
    /// `PATCH`
    Patch,
    /// `DELETE`
    Delete,
}

impl Method {
    /// The method as it stands on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// A request to the workspace, without the host and without credentials.
///
/// The path is absolute and already encoded: build it with [`Path`]. The body is shared so that
/// every attempt of a retried call sends the same bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The encoded path, starting with `/`, with the encoded query if there is one.
    pub path: String,
    /// Headers of this request; the sender adds `authorization` and the client's own.
    pub headers: Vec<(String, String)>,
    /// The body, JSON text in all calls of this crate.
    pub body: Option<Arc<[u8]>>,
    /// Texts of the body that no error may repeat, see [`hide`](Self::hide).
    hidden: Vec<String>,
}

impl Request {
    /// A request without headers or body.
    #[must_use]
    pub fn new(method: Method, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), headers: Vec::new(), body: None, hidden: Vec::new() }
    }

    /// Sets a JSON body.
    #[must_use]
    pub fn json(mut self, text: impl Into<String>) -> Self {
        self.set_body(text.into().into_bytes());
        self.headers.push(("content-type".into(), "application/json".into()));
        self
    }

    /// Sets a body whose type a header says.
    #[inline(never)]
    pub(crate) fn set_body(&mut self, bytes: Vec<u8>) {
        self.body = Some(Arc::from(bytes));
    }

    /// Adds a header. Names are lower case.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Names a secret that the body holds: should the service repeat it, errors show `[redacted]`.
    ///
    /// Texts under four bytes are left: taking them out would only make the error unreadable.
    #[must_use]
    pub fn hide(mut self, secret: impl Into<String>) -> Self {
        let secret = secret.into();
        if secret.len() >= 4 {
            self.hidden.push(secret);
        }
        self
    }

    /// Whether its body holds secrets that no error may repeat.
    #[must_use]
    pub fn hides(&self) -> bool {
        !self.hidden.is_empty()
    }

    /// A text without the secrets of this request's body, plain or in any spelling that JSON has for them.
    #[must_use]
    pub fn conceal(&self, text: String) -> String {
        self.hidden.iter().fold(text, |text, secret| spelled::conceal(&text, secret))
    }

    /// The body as text, for tests and logs of lengths.
    #[must_use]
    pub fn body_text(&self) -> &str {
        self.body.as_deref().and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or("")
    }
}

impl fmt::Debug for Request {
    /// Shows the route and sizes: bodies hold prompts, headers may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.split('?').next().unwrap_or("");
        write!(f, "{} {path} ({} body bytes)", self.method.as_str(), self.body.as_ref().map_or(0, |b| b.len()))
    }
}

/// Builds an encoded path from literal text and encoded parameters.
///
/// ```
/// use lakewire::wire::request::Path;
/// let path = Path::literal("/api/2.0/serving-endpoints/").segment("endpoint", "my/model")?.finish();
/// assert_eq!(path, "/api/2.0/serving-endpoints/my%2Fmodel");
/// # Ok::<(), lakewire::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Path {
    text: String,
    has_query: bool,
}

impl Path {
    /// Starts with literal text that needs no encoding.
    #[must_use]
    pub fn literal(text: &str) -> Self {
        Self { text: text.to_owned(), has_query: false }
    }

    /// Adds literal text.
    #[must_use]
    pub fn then(mut self, text: &str) -> Self {
        self.text.push_str(text);
        self
    }

    /// Adds one path segment from outside, encoded.
    ///
    /// # Errors
    /// `InvalidInput` when it is empty, `.`, `..` or holds a control character: no such name
    /// exists, and URL parsers would rewrite the path.
    pub fn segment(mut self, what: &str, value: &str) -> Result<Self> {
        let fault = if value.is_empty() {
            "is empty"
        } else if matches!(value, "." | "..") {
            "is a relative path"
        } else if value.chars().any(char::is_control) {
            "holds a control character"
        } else {
            encode(&mut self.text, value);
            return Ok(self);
        };
        Err(Error::new(
            ErrorKind::InvalidInput,
            format!("The {what} name {fault}: give the name as the workspace shows it."),
        ))
    }

    /// Adds a query parameter, encoded.
    #[must_use]
    pub fn query(mut self, name: &str, value: &str) -> Self {
        self.text.push(if self.has_query { '&' } else { '?' });
        self.has_query = true;
        encode(&mut self.text, name);
        self.text.push('=');
        encode(&mut self.text, value);
        self
    }

    /// The path.
    #[must_use]
    pub fn finish(self) -> String {
        self.text
    }
}

/// Percent-encodes all but RFC 3986's unreserved characters.
pub(crate) fn encode(out: &mut String, value: &str) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            for nibble in [byte >> 4, byte & 15] {
                out.push(HEX.get(usize::from(nibble)).copied().map_or('0', char::from));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_encoded_and_never_relative() {
        let path = |name| Path::literal("/e/").segment("endpoint", name).map(Path::finish);
        assert_eq!(path("a b/ü?#%2e").unwrap(), "/e/a%20b%2F%C3%BC%3F%23%252e");
        for bad in ["", ".", "..", "a\r\nb"] {
            assert_eq!(path(bad).unwrap_err().kind(), ErrorKind::InvalidInput);
        }
    }

    #[test]
    fn queries_are_joined() {
        assert_eq!(Path::literal("/x").query("a", "1&2").query("b", "").finish(), "/x?a=1%262&b=");
    }

    #[test]
    fn l11_hidden_texts_are_taken_out_plain_and_quoted() {
        let request = Request::new(Method::Post, "/x").hide("a\"bcd").hide("abc").hide("sk-plain");
        let said = request.conceal("got a\"bcd, {\"v\":\"a\\\"bcd\"}, abc and sk-plain".into());
        assert_eq!(said, "got [redacted], {\"v\":\"[redacted]\"}, abc and [redacted]");
        assert!(!format!("{request:?}").contains("sk-plain"));
    }

    #[test]
    fn l8_debug_shows_neither_body_nor_query() {
        let request = Request::new(Method::Post, "/x?sig=SECRET").json("{\"prompt\":\"SECRET\"}");
        assert_eq!(format!("{request:?}"), "POST /x (19 body bytes)");
    }
}
