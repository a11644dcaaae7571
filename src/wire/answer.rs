//! Status, headers and body to a value, or to an [`Error`].

use crate::error::{Error, ErrorKind, Result};
use crate::wire::failure;
use crate::wire::json::{Json, Raw};

/// Response headers, names in lower case, in the order they came.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers(Vec<(String, String)>);

impl Headers {
    /// Headers from pairs; names are made lower case.
    pub fn new<N: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        Self(
            pairs
                .into_iter()
                .map(|(name, value)| {
                    let mut name = name.into();
                    name.make_ascii_lowercase();
                    (name, value.into())
                })
                .collect(),
        )
    }

    /// The first value of a header; `name` in lower case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// All values of a header; `name` in lower case.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

impl std::fmt::Debug for Headers {
    /// Names only: values may hold secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

/// A whole answer with a good status.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status, 200 to 299.
    pub status: u16,
    /// The response headers.
    pub headers: Headers,
    /// The body.
    pub body: Vec<u8>,
}

/// Refuses a body that cannot be JSON at a look: none at all, a page, compressed bytes.
///
/// # Errors
/// `EmptyBody`, `UnexpectedContentType` (a page where JSON was expected), `UnsupportedEncoding`.
pub(crate) fn screen(answer: &Answer) -> Result<()> {
    match answer.body.iter().find(|byte| !byte.is_ascii_whitespace()) {
        None => Err(Error::new(
            ErrorKind::EmptyBody,
            "The service answered without a body where JSON was expected: check that the host is a workspace.",
        )),
        Some(b'<') => Err(failure::unexpected_page(&answer.headers, &answer.body, "JSON")),
        // the two magic numbers of gzip; no JSON starts so
        Some(0x1f) if answer.body.get(1) == Some(&0x8b) => Err(failure::unsupported_encoding("gzip")),
        Some(_) => Ok(()),
    }
}

/// Whether this build reads answers: the one of `lakewire/data` only plans calls, which another build sends and reads, and
/// shall not carry what reads errors.
pub(crate) const READS: bool =
    cfg!(any(feature = "js_chat", not(any(feature = "js_sql", feature = "js_mlflow", feature = "js_relay"))));

fn unread<T>() -> Result<T> {
    Err(Error::new(ErrorKind::Decode, "This build of lakewire reads no answers."))
}

/// Reads the answer as JSON text.
///
/// # Errors
/// `EmptyBody`, `UnexpectedContentType` (a page where JSON was expected), `UnsupportedEncoding`,
/// `Decode`; or the service's own error when the body is one in spite of the good status.
pub fn json<T>(answer: Answer) -> Result<Json<T>> {
    if !READS {
        return unread();
    }
    screen(&answer)?;
    let json: Json<T> = Json::from_bytes(answer.body)?;
    match failure::in_body(json.root()) {
        Some(error) => Err(error),
        None => Ok(json),
    }
}

/// Reads an answer that is plain text, such as metrics.
///
/// # Errors
/// `Decode` when it is not UTF-8; `UnexpectedContentType` for a page.
pub fn text(answer: Answer) -> Result<String> {
    if !READS {
        return unread();
    }
    if answer.body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'<') {
        return Err(failure::unexpected_page(&answer.headers, &answer.body, "text"));
    }
    String::from_utf8(answer.body).map_err(|_| Error::new(ErrorKind::Decode, "The answer is not UTF-8 text."))
}

/// Reads an answer that is a file: its bytes as they came.
///
/// # Errors
/// None: what was refused has a status that says so.
pub fn bytes(answer: Answer) -> Result<Vec<u8>> {
    Ok(answer.body)
}

/// Reads an answer that is a file as text of one character per byte (`U+0000` to `U+00FF`), for JavaScript of another build.
///
/// # Errors
/// None, see [`bytes()`].
pub fn characters(answer: Answer) -> Result<String> {
    let mut text = String::new();
    for byte in &answer.body {
        text.push(char::from(*byte));
    }
    Ok(text)
}

/// Reads an answer whose body says nothing, such as that of a deletion.
///
/// # Errors
/// The service's own error when the body is one in spite of the good status.
pub fn nothing(answer: Answer) -> Result<()> {
    if !READS {
        return unread();
    }
    match std::str::from_utf8(&answer.body).ok().and_then(|text| Raw::parse(text).ok()).and_then(failure::in_body) {
        Some(error) => Err(error),
        None => Ok(()),
    }
}

/// Reads the answer of a call that another build planned: text, whose own rules that build has. An error in place of JSON is one.
///
/// # Errors
/// As [`text`]; the service's own error when the body is one in spite of the good status.
pub fn foreign(answer: Answer) -> Result<String> {
    let text = text(answer)?;
    // the text is not checked here: a walk over what is no JSON ends early
    match failure::in_body(Raw::trusted(text.trim_ascii())) {
        Some(error) => Err(error),
        None => Ok(text),
    }
}

/// The session of an MCP server on a line of its own, then the body as it came; both may be empty.
///
/// # Errors
/// As [`text`].
pub fn with_session(answer: Answer) -> Result<String> {
    let mut head = answer.headers.get("mcp-session-id").unwrap_or("").to_owned();
    head.push('\n');
    head.push_str(&text(answer)?);
    Ok(head)
}

/// The media type of the answer, without parameters and in lower case; empty when it names none.
#[must_use]
pub fn media_type(headers: &Headers) -> String {
    let value = headers.get("content-type").unwrap_or("");
    value.split(';').next().unwrap_or("").trim().to_ascii_lowercase()
}
