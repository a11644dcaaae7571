//! The server-sent events decoder: feed bytes, take events.
//!
//! By the rules of the WHATWG event stream format, with a cap on the size of one event. No byte is
//! searched twice however the stream is cut, an event that lies inside one read is never copied,
//! and comments are dropped as they come. Nothing here knows what the data means, except the
//! `[DONE]` sentinel of chat streams.

use crate::error::{Error, ErrorKind, Result};
use crate::wire::find::whole;

mod event;
#[cfg(test)]
mod tests;

pub use event::SseEvent;

/// How many bytes one event may hold unless set otherwise.
pub const DEFAULT_MAX_EVENT_BYTES: usize = if cfg!(target_pointer_width = "32") { 8 << 20 } else { 32 << 20 };

/// The smallest window kept open for the next read.
const MIN_WINDOW: usize = 1024;

const BOM: &[u8] = b"\xef\xbb\xbf";

/// Bytes in, events out.
///
/// ```
/// use lakewire::wire::sse::SseDecoder;
/// let mut decoder = SseDecoder::new();
/// decoder.feed(b": hello\ndata: {\"a\"");
/// assert!(decoder.next_event()?.is_none());
/// decoder.feed(b":1}\n\n");
/// assert_eq!(decoder.next_event()?.map(|event| event.text().into_owned()).as_deref(), Some("{\"a\":1}"));
/// # Ok::<(), lakewire::Error>(())
/// ```
#[derive(Debug)]
pub struct SseDecoder {
    /// What has not been taken yet is `buffer[at..end]`; the rest of it is the window for reads.
    buffer: Vec<u8>,
    end: usize,
    /// Where the current line starts.
    at: usize,
    /// How far the current line has been searched for its end.
    searched: usize,
    /// Stream bytes before `buffer[0]`.
    before: u64,
    max_event: usize,
    /// The data lines of an event whose end has not been seen.
    data: Vec<u8>,
    has_data: bool,
    data_offset: u64,
    event: String,
    /// The type of the event last given out.
    given: String,
    last_id: String,
    retry: Option<u64>,
    number: u64,
    past_bom: bool,
    /// The last line ended in CR at the end of a read: an LF that follows belongs to it.
    skip_lf: bool,
    in_comment: bool,
    failed: bool,
}

impl Default for SseDecoder {
    fn default() -> Self {
        Self::new()
    }
}

/// A whole line: where it lies and where the next one starts.
struct Line {
    from: usize,
    to: usize,
}

/// Where the data of a finished event lies.
enum Found {
    Here(usize, usize),
    Joined,
}

impl SseDecoder {
    /// A decoder at the start of a stream, with the default cap on one event.
    #[must_use]
    pub fn new() -> Self {
        Self::with_max_event(DEFAULT_MAX_EVENT_BYTES)
    }

    /// A decoder whose events hold at most `max_event` bytes.
    #[must_use]
    pub fn with_max_event(max_event: usize) -> Self {
        Self {
            buffer: Vec::new(),
            end: 0,
            at: 0,
            searched: 0,
            before: 0,
            max_event,
            data: Vec::new(),
            has_data: false,
            data_offset: 0,
            event: String::new(),
            given: String::new(),
            last_id: String::new(),
            retry: None,
            number: 0,
            past_bom: false,
            skip_lf: false,
            in_comment: false,
            failed: false,
        }
    }

    /// Takes the next read of the stream, of any size.
    pub fn feed(&mut self, bytes: &[u8]) {
        if self.failed {
            return;
        }
        self.window(bytes.len());
        let to = self.end + bytes.len();
        if let Some(window) = self.buffer.get_mut(self.end..to) {
            window.copy_from_slice(bytes);
            self.end = to;
        }
    }

    /// Like [`feed`](Self::feed), taking the buffer itself when nothing is left over from before.
    pub fn feed_owned(&mut self, bytes: Vec<u8>) {
        if self.at == self.end && !bytes.is_empty() && !self.failed {
            self.before += self.end as u64;
            self.at = 0;
            self.searched = 0;
            self.end = bytes.len();
            self.buffer = bytes;
        } else {
            self.feed(&bytes);
        }
    }

    /// Opens room for a read of `len` bytes and gives it, for callers that copy the bytes in
    /// themselves; [`filled`](Self::filled) must follow.
    pub(crate) fn window(&mut self, len: usize) -> &mut [u8] {
        // What was taken is dropped when that is at least as much as what stays: every byte then
        // moves at most once per byte dropped.
        if self.at > 0 && self.at >= self.end - self.at {
            self.buffer.copy_within(self.at..self.end, 0);
            self.before += self.at as u64;
            self.end -= self.at;
            self.searched -= self.at;
            self.at = 0;
        }
        let need = self.end + len;
        if need > self.buffer.len() {
            // doubling, but no further than the largest event needs: peak memory stays near the cap
            let most = self.max_event.saturating_add(len).saturating_add(MIN_WINDOW);
            let room = need.max((self.buffer.len() * 2).min(most)).max(MIN_WINDOW);
            self.buffer.reserve_exact(room - self.buffer.len());
            self.buffer.resize(room, 0);
        } else if self.end == 0 && self.buffer.len() > 4 * MIN_WINDOW.max(16 * len) {
            // one large read must not hold its memory for a long quiet stream
            self.buffer.truncate(MIN_WINDOW.max(len));
            self.buffer.shrink_to_fit();
        }
        self.buffer.get_mut(self.end..).unwrap_or(&mut [])
    }

    /// Says that the first `len` bytes of the window hold the next read.
    #[allow(dead_code)] // for the JavaScript face
    pub(crate) fn filled(&mut self, len: usize) {
        self.end = (self.end + len).min(self.buffer.len());
    }

    /// The window's room and where it starts.
    #[allow(dead_code)] // for the JavaScript face
    pub(crate) fn room(&self) -> (*const u8, usize) {
        let window = self.buffer.get(self.end..).unwrap_or(&[]);
        (window.as_ptr(), window.len())
    }

    /// The next event that is complete; `None` when more bytes are needed.
    ///
    /// # Errors
    /// `EventTooLarge`, once; the stream cannot be decoded any further then.
    pub fn next_event(&mut self) -> Result<Option<SseEvent<'_>>> {
        let Some(found) = self.advance()? else { return Ok(None) };
        let data = match found {
            Found::Here(from, to) => self.buffer.get(from..to).unwrap_or(&[]),
            Found::Joined => self.data.as_slice(),
        };
        Ok(Some(SseEvent { event: &self.given, data, number: self.number, offset: self.data_offset }))
    }

    /// The stream has ended. Whether it ended in a `[DONE]` that lacks its blank line; any other
    /// unfinished event is dropped, as the standard says.
    pub fn finish(&mut self) -> bool {
        if self.failed {
            return false;
        }
        if !self.in_comment && self.at < self.end {
            let line = Line { from: self.at, to: self.end };
            self.field(&line);
        }
        self.at = self.end;
        self.has_data && self.data == b"[DONE]"
    }

    /// The stream's last event id. Kept for completeness: a POST is never resumed with it.
    #[must_use]
    pub fn last_event_id(&self) -> &str {
        &self.last_id
    }

    /// The reconnection time the stream asked for, in milliseconds. A POST is never repeated for it.
    #[must_use]
    pub fn retry(&self) -> Option<u64> {
        self.retry
    }

    /// How many events were given out.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.number
    }

    /// How many bytes of the stream were fed.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.before + self.end as u64
    }

    /// What has not been taken, when it starts at the start of an event and was not looked at
    /// before: a reader that knows the next event by heart may compare instead of search, once.
    #[allow(dead_code)] // for the JavaScript face
    pub(crate) fn untouched(&self) -> Option<&[u8]> {
        let fresh = self.searched <= self.at
            && self.past_bom
            && !(self.skip_lf || self.in_comment || self.has_data || self.failed)
            && self.event.is_empty();
        if fresh { self.buffer.get(self.at..self.end) } else { None }
    }

    /// Takes a whole event of `len` bytes, blank line included, that the reader of
    /// [`untouched`](Self::untouched) recognised; gives where in [`bytes_at`](Self::bytes_at) it starts.
    #[allow(dead_code)] // for the JavaScript face
    pub(crate) fn take(&mut self, len: usize) -> usize {
        let from = self.at;
        self.at = (from + len).min(self.end);
        self.searched = self.at;
        self.number += 1;
        from
    }

    /// Bytes taken since the last read; valid until the next one.
    #[allow(dead_code)] // for the JavaScript face
    pub(crate) fn bytes_at(&self, from: usize, to: usize) -> &[u8] {
        self.buffer.get(from..to).unwrap_or(&[])
    }

    /// The cap on one event.
    #[allow(dead_code)] // for the JavaScript face
    pub(crate) fn max_event(&self) -> usize {
        self.max_event
    }

    fn advance(&mut self) -> Result<Option<Found>> {
        if self.failed || !self.skip_bom() {
            return Ok(None);
        }
        while let Some(line) = self.line()? {
            if line.from == line.to {
                if self.has_data {
                    self.has_data = false;
                    self.dispatch();
                    return Ok(Some(Found::Joined));
                }
                self.event.clear();
                continue;
            }
            // the common event: one data line and its blank line, both here
            if let Some(from) = self.data_line(&line) {
                if !self.has_data && self.blank_follows() {
                    self.data_offset = self.before + line.from as u64;
                    self.dispatch();
                    return Ok(Some(Found::Here(from, line.to)));
                }
            }
            self.field(&line);
            if self.data.len() > self.max_event {
                return Err(self.too_large());
            }
        }
        Ok(None)
    }

    fn dispatch(&mut self) {
        self.number += 1;
        std::mem::swap(&mut self.given, &mut self.event);
        self.event.clear();
    }

    /// Drops a byte order mark at the very start; `false` while that cannot be told yet.
    fn skip_bom(&mut self) -> bool {
        if !self.past_bom {
            let rest = self.buffer.get(self.at..self.end).unwrap_or(&[]);
            if rest.starts_with(BOM) {
                self.at += BOM.len();
            } else if BOM.starts_with(rest) {
                return false;
            }
            self.past_bom = true;
        }
        true
    }

    /// The next whole line. A comment's bytes are dropped even before its end is there.
    fn line(&mut self) -> Result<Option<Line>> {
        loop {
            if self.skip_lf && self.at < self.end {
                if self.buffer.get(self.at) == Some(&b'\n') {
                    self.at += 1;
                }
                self.skip_lf = false;
            }
            let from = self.at;
            let search = self.searched.max(from);
            let rest = self.buffer.get(search..self.end).unwrap_or(&[]);
            let Some(found) = memchr::memchr2(b'\n', b'\r', rest) else {
                self.searched = self.end;
                if self.in_comment || self.buffer.get(from..self.end).is_some_and(|line| line.first() == Some(&b':')) {
                    self.in_comment = true;
                    self.at = self.end;
                } else if self.end - from > self.max_event {
                    return Err(self.too_large());
                }
                return Ok(None);
            };
            let to = search + found;
            self.at = to + 1;
            if self.buffer.get(to) == Some(&b'\r') {
                if self.at == self.end {
                    self.skip_lf = true;
                } else if self.buffer.get(self.at) == Some(&b'\n') {
                    self.at += 1;
                }
            }
            self.searched = self.at;
            if self.in_comment || self.buffer.get(from) == Some(&b':') {
                self.in_comment = false;
            } else if to - from > self.max_event {
                return Err(self.too_large());
            } else {
                return Ok(Some(Line { from, to }));
            }
        }
    }

    /// Where the value starts, when the line is a data line.
    fn data_line(&self, line: &Line) -> Option<usize> {
        match self.buffer.get(line.from..line.to)?.strip_prefix(b"data:")? {
            [b' ', ..] => Some(line.from + 6),
            _ => Some(line.from + 5),
        }
    }

    /// Steps over the blank line, when the next line is here and blank.
    fn blank_follows(&mut self) -> bool {
        // after a CR at the end of a read the next byte is not known to start a line
        if self.skip_lf {
            return false;
        }
        match self.buffer.get(self.at..self.end) {
            Some([b'\n', ..]) => self.at += 1,
            Some([b'\r', b'\n', ..]) => self.at += 2,
            Some([b'\r']) => {
                self.at += 1;
                self.skip_lf = true;
            }
            Some([b'\r', ..]) => self.at += 1,
            _ => return false,
        }
        self.searched = self.at;
        true
    }

    /// Reads one line that is neither blank nor a comment.
    fn field(&mut self, line: &Line) {
        let bytes = self.buffer.get(line.from..line.to).unwrap_or(&[]);
        let (name, value) = match memchr::memchr(b':', bytes) {
            Some(colon) => {
                let value = bytes.get(colon + 1..).unwrap_or(&[]);
                (bytes.get(..colon).unwrap_or(&[]), value.strip_prefix(b" ").unwrap_or(value))
            }
            None => (bytes, [].as_slice()),
        };
        match name {
            b"data" => {
                if self.has_data {
                    self.data.push(b'\n');
                } else {
                    // the event before this one may have left its data to be read
                    self.data.clear();
                    self.data.shrink_to(64 * 1024);
                    self.has_data = true;
                    self.data_offset = self.before + line.from as u64;
                }
                let need = self.data.len() + value.len();
                if need > self.data.capacity() {
                    let room = need.max((2 * need).min(self.max_event));
                    self.data.reserve_exact(room - self.data.len());
                }
                self.data.extend_from_slice(value);
            }
            b"event" => self.event = String::from_utf8_lossy(value).into_owned(),
            b"id" if !value.contains(&0) => self.last_id = String::from_utf8_lossy(value).into_owned(),
            b"retry" if value.iter().all(u8::is_ascii_digit) => {
                if let Some(wait) = std::str::from_utf8(value).ok().and_then(whole) {
                    self.retry = Some(wait);
                }
            }
            _ => {}
        }
    }

    fn too_large(&mut self) -> Error {
        self.failed = true;
        self.buffer = Vec::new();
        self.data = Vec::new();
        self.before += self.end as u64;
        (self.at, self.end, self.searched) = (0, 0, 0);
        Error::new(
            ErrorKind::EventTooLarge,
            format!(
                "Event {} of the stream holds more than {} bytes: raise the limit on one event if that is meant to be.",
                self.number + 1,
                self.max_event
            ),
        )
    }
}
