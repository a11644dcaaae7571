//! One event of a stream.

use std::borrow::Cow;

/// One event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SseEvent<'a> {
    /// The event's type; empty when the stream gave none (the standard then says `message`).
    pub event: &'a str,
    /// The data lines joined by LF, as bytes: see [`text`](Self::text).
    pub data: &'a [u8],
    /// Which event of the stream this is, the first one being 1.
    pub number: u64,
    /// Where in the stream its first data line starts, in bytes.
    pub offset: u64,
}

impl<'a> SseEvent<'a> {
    /// The data as text; invalid UTF-8 becomes U+FFFD as in the Encoding standard.
    #[must_use]
    pub fn text(&self) -> Cow<'a, str> {
        // the check alone runs at the speed of memory; the lossy way looks at every byte
        match std::str::from_utf8(self.data) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => String::from_utf8_lossy(self.data),
        }
    }

    /// Whether this is the end mark of a chat stream: exactly `[DONE]`.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.data == b"[DONE]"
    }
}
