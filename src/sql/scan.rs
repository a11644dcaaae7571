//! Rows as the service writes them (JSON_ARRAY: a list of lists of texts) to typed columns, read by read: pure.
//!
//! No JSON value and no row is built on the way. Reads may end anywhere; what belongs to an unfinished row waits for the
//! next one.

use super::column::{Column, Data, Kind, Texts};
use super::number;
use crate::error::{Error, ErrorKind, Result};
use crate::wire::json::{string_end, unescape};

/// Zero bytes behind what has been read, so that words of eight bytes can be looked at up to its end.
const PAD: usize = 16;
/// How long an unfinished row may be before it is looked at again only when much more has come.
const PATIENT: usize = 256 * 1024;

/// How a number that the fast way leaves is read.
pub type Slow = fn(&str) -> Option<f64>;

/// The fault of one cell.
type Fault = &'static str;

/// Why a row ends before its end.
enum Stop {
    /// The read ends here.
    More,
    /// It is no row.
    Fault(Fault),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Start,
    First,
    Next,
    Row,
    End,
}

/// Reads rows into columns.
///
/// ```
/// use lakewire::sql::{Kind, Scanner};
/// let mut scanner = Scanner::new(&[Kind::Long, Kind::Text]);
/// scanner.push(br#"[["9007199254740993","a"],["#)?;
/// scanner.push(br#"null,"b"]]"#)?;
/// scanner.finish()?;
/// let (rows, columns) = scanner.take();
/// assert_eq!((rows, columns[0].longs(), columns[1].text(1)), (2, &[9_007_199_254_740_993, 0][..], Some("b")));
/// assert!(columns[0].is_null(1));
/// # Ok::<(), lakewire::Error>(())
/// ```
#[derive(Debug)]
pub struct Scanner {
    columns: Vec<Column>,
    slow: Slow,
    pending: Vec<u8>,
    /// How long `pending` must be before it is worth a look.
    patience: usize,
    place: Place,
    rows: usize,
    given: u64,
}

impl Scanner {
    /// A scanner of rows with these columns.
    #[must_use]
    pub fn new(kinds: &[Kind]) -> Self {
        Self::with_slow(kinds, |text| text.parse().ok())
    }

    /// A scanner that leaves unusual numbers to a function: the standard library's takes much room in wasm.
    #[must_use]
    pub fn with_slow(kinds: &[Kind], slow: Slow) -> Self {
        Self {
            columns: kinds.iter().map(|kind| Column::new(*kind)).collect(),
            slow,
            pending: Vec::new(),
            patience: 0,
            place: Place::Start,
            rows: 0,
            given: 0,
        }
    }

    /// Reads on; gives how many whole rows wait to be taken.
    ///
    /// # Errors
    /// `Decode` naming the row and the column that is no text of its type.
    pub fn push(&mut self, bytes: &[u8]) -> Result<usize> {
        self.pending.extend_from_slice(bytes);
        if self.pending.len() >= self.patience {
            self.scan()?;
        }
        Ok(self.rows)
    }

    /// Ends the chunk; the next one may follow.
    ///
    /// # Errors
    /// `Decode` when it ends in the middle of a row.
    pub fn finish(&mut self) -> Result<usize> {
        self.scan()?;
        if self.place != Place::End {
            return Err(self.error(None, "the rows end in the middle"));
        }
        self.place = Place::Start;
        self.pending.clear();
        Ok(self.rows)
    }

    /// The rows read so far, taken ones included.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.given + self.rows as u64
    }

    /// Takes the whole rows as columns.
    pub fn take(&mut self) -> (usize, Vec<Column>) {
        let fresh = self.columns.iter().map(Column::like).collect();
        let mut columns = std::mem::replace(&mut self.columns, fresh);
        for column in &mut columns {
            column.seal();
        }
        let rows = std::mem::take(&mut self.rows);
        self.given += rows as u64;
        (rows, columns)
    }

    fn scan(&mut self) -> Result<()> {
        let end = self.pending.len();
        let mut bytes = std::mem::take(&mut self.pending);
        bytes.resize(end + PAD, 0);
        let outcome = self.read(&bytes, end);
        let at = outcome?;
        bytes.truncate(end);
        bytes.drain(..at);
        self.patience = if bytes.len() > PATIENT { bytes.len() + bytes.len() / 2 } else { 0 };
        self.pending = bytes;
        Ok(())
    }

    fn read(&mut self, bytes: &[u8], end: usize) -> Result<usize> {
        let mut at = 0;
        loop {
            at = space(bytes, at);
            if at >= end {
                return Ok(end);
            }
            let byte = bytes.get(at).copied().unwrap_or(0);
            self.place = match (self.place, byte) {
                (Place::Start, b'[') => {
                    at += 1;
                    Place::First
                }
                (Place::First | Place::Next, b']') => {
                    at += 1;
                    Place::End
                }
                (Place::Next, b',') => {
                    at += 1;
                    Place::Row
                }
                (Place::First | Place::Row, b'[') => {
                    match self.row(bytes, at, end) {
                        Ok(next) => {
                            at = next;
                            self.rows += 1;
                        }
                        Err((_, Stop::More)) => {
                            self.roll_back();
                            return Ok(at);
                        }
                        Err((column, Stop::Fault(fault))) => return Err(self.error(column, fault)),
                    }
                    Place::Next
                }
                (Place::End, _) => return Err(self.error(None, "something follows the rows")),
                _ => return Err(self.error(None, "a comma or a bracket is missing")),
            };
        }
    }

    #[cold]
    #[inline(never)]
    fn roll_back(&mut self) {
        for column in &mut self.columns {
            column.truncate(self.rows);
        }
    }

    #[cold]
    #[inline(never)]
    fn error(&self, column: Option<usize>, fault: Fault) -> Error {
        let mut sentence = String::from("The result cannot be read: in row ");
        sentence.push_str(&(self.total() + 1).to_string());
        if let Some(column) = column {
            sentence.push_str(", column ");
            sentence.push_str(&(column + 1).to_string());
        }
        sentence.push_str(", ");
        sentence.push_str(fault);
        sentence.push('.');
        Error::new(ErrorKind::Decode, sentence)
    }

    fn row(&mut self, bytes: &[u8], at: usize, end: usize) -> std::result::Result<usize, (Option<usize>, Stop)> {
        let mut at = at + 1;
        let slow = self.slow;
        for (place, column) in self.columns.iter_mut().enumerate() {
            if place > 0 {
                at = space(bytes, at);
                if bytes.get(at) != Some(&b',') {
                    return Err((Some(place), missing(at, end, "a cell is missing")));
                }
                at += 1;
            }
            let first = bytes.get(at).copied().unwrap_or(0);
            if matches!(first, b' ' | b'\n' | b'\r' | b'\t') {
                at = space(bytes, at);
            }
            at = cell(column, bytes, at, end, slow).map_err(|stop| (Some(place), stop))?;
        }
        at = space(bytes, at);
        if bytes.get(at) != Some(&b']') {
            return Err((None, missing(at, end, "the row has more cells than the schema has columns")));
        }
        Ok(at + 1)
    }
}

#[inline(always)]
fn missing(at: usize, end: usize, fault: Fault) -> Stop {
    if at >= end { Stop::More } else { Stop::Fault(fault) }
}

#[inline(always)]
fn space(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b' ' | b'\n' | b'\r' | b'\t')) {
        at += 1;
    }
    at
}

/// Reads one cell; gives the place behind it.
#[inline(always)]
fn cell(column: &mut Column, bytes: &[u8], at: usize, end: usize, slow: Slow) -> std::result::Result<usize, Stop> {
    let Some(first) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) else { return Err(Stop::More) };
    if first[0] != b'"' {
        if first.starts_with(b"null") {
            column.push_null();
            return Ok(at + 4);
        }
        return bare(column, bytes, at, end, slow);
    }
    let next = match &mut column.data {
        Data::Text(texts) => return text(texts, bytes, at + 1, end),
        Data::Long(list) => number::whole(bytes, at + 1).map(|(value, next)| {
            list.push(value);
            next
        }),
        Data::Int(list) => number::whole(bytes, at + 1).and_then(|(value, next)| {
            list.push(i32::try_from(value).ok()?);
            Some(next)
        }),
        Data::Double(list) => number::real(bytes, at + 1).map(|(value, next)| {
            list.push(value);
            next
        }),
        Data::Bool(list) => match first {
            [_, b't', b'r', b'u', b'e', b'"', ..] => {
                list.push(1);
                Some(at + 5)
            }
            [_, b'f', b'a', b'l', b's', b'e', b'"', _] => {
                list.push(0);
                Some(at + 6)
            }
            _ => None,
        },
    };
    match next {
        Some(next) if bytes.get(next) == Some(&b'"') => Ok(next + 1),
        Some(_) => {
            column.pop();
            unusual(column, bytes, at, end, slow)
        }
        None => unusual(column, bytes, at, end, slow),
    }
}

/// A text, copied word by word.
#[inline(always)]
fn text(texts: &mut Texts, bytes: &[u8], start: usize, end: usize) -> std::result::Result<usize, Stop> {
    let from = texts.length;
    let mut to = from;
    let mut at = start;
    loop {
        let Some(word) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) else { return Err(Stop::More) };
        let slot = match texts.bytes.get_mut(to..).and_then(|room| room.first_chunk_mut::<8>()) {
            Some(slot) => slot,
            None => {
                grow(&mut texts.bytes, to);
                continue;
            }
        };
        *slot = *word;
        let marks = marks(u64::from_le_bytes(*word));
        if marks == 0 {
            at += 8;
            to += 8;
            continue;
        }
        let plain = (marks.trailing_zeros() >> 3) as usize;
        at += plain;
        to += plain;
        let byte = bytes.get(at).copied().unwrap_or(0);
        if byte == b'"' {
            texts.length = to;
            texts.ends.push(to as u32);
            return Ok(at + 1);
        }
        return rare(texts, bytes, start, end);
    }
}

#[cold]
#[inline(never)]
fn grow(bytes: &mut Vec<u8>, at: usize) {
    bytes.resize(at + at / 2 + 1024, 0);
}

/// A mark in the high bit of each byte that ends or changes a text: quotes, backslashes, control characters, non-ASCII.
/// The lowest mark is exact.
#[inline(always)]
fn marks(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let zero = |x: u64| x.wrapping_sub(ONES) & !x;
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    (zero(word ^ (ONES * 0x22)) | zero(word ^ (ONES * 0x5c)) | control | word) & HIGH
}

/// A text with escapes or letters beyond ASCII.
#[inline(never)]
fn rare(texts: &mut Texts, bytes: &[u8], start: usize, end: usize) -> std::result::Result<usize, Stop> {
    let (inner, next) = quoted(bytes, start, end)?;
    let text = match inner {
        Ok(plain) => plain,
        Err(fault) => return Err(Stop::Fault(fault)),
    };
    texts.push(&text);
    Ok(next)
}

type Inner<'a> = std::result::Result<std::borrow::Cow<'a, str>, Fault>;

/// The inside of the quoted text that begins at `start`, and the place behind its closing quote.
fn quoted(bytes: &[u8], start: usize, end: usize) -> std::result::Result<(Inner<'_>, usize), Stop> {
    let within = bytes.get(..end).unwrap_or_default();
    let close = string_end(within, start);
    // a cell is never the last: something must follow
    if close >= end {
        return Err(Stop::More);
    }
    let raw = within.get(start..close - 1).unwrap_or_default();
    let inner = match std::str::from_utf8(raw) {
        Err(_) => Err("the text is not UTF-8"),
        Ok(text) if text.bytes().any(|byte| byte < 0x20) => Err("the text holds a control character"),
        Ok(_) if !escapes(raw) => Err("an escape is none of JSON's"),
        Ok(text) => Ok(unescape(text)),
    };
    Ok((inner, close))
}

/// Whether every backslash begins an escape of JSON's.
fn escapes(raw: &[u8]) -> bool {
    let mut at = 0;
    while let Some(found) = raw.get(at..).and_then(|rest| memchr::memchr(b'\\', rest)) {
        at += found + 2;
        match raw.get(at - 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {}
            Some(b'u') => {
                if !raw.get(at..at + 4).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit)) {
                    return false;
                }
                at += 4;
            }
            _ => return false,
        }
    }
    true
}

/// A quoted cell of a number or truth that is not written as usual.
#[cold]
#[inline(never)]
fn unusual(column: &mut Column, bytes: &[u8], at: usize, end: usize, slow: Slow) -> std::result::Result<usize, Stop> {
    let (inner, next) = quoted(bytes, at + 1, end)?;
    inner.and_then(|text| put(column, &text, slow)).map_err(Stop::Fault)?;
    Ok(next)
}

/// A cell without quotes: a number or truth, as some servers write them.
#[cold]
#[inline(never)]
fn bare(column: &mut Column, bytes: &[u8], at: usize, end: usize, slow: Slow) -> std::result::Result<usize, Stop> {
    let within = bytes.get(at..end).unwrap_or_default();
    let stop = |byte: &u8| !(byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    let length = within.iter().position(stop).ok_or(Stop::More)?;
    let text = within.get(..length).and_then(|token| std::str::from_utf8(token).ok()).unwrap_or_default();
    let scalar = matches!(text, "true" | "false") || text.starts_with(|c: char| c == '-' || c.is_ascii_digit());
    if !scalar {
        return Err(Stop::Fault("the cell is neither a text nor null"));
    }
    put(column, text, slow).map_err(Stop::Fault)?;
    Ok(at + length)
}

/// Puts a text where it belongs, by the long way.
fn put(column: &mut Column, text: &str, slow: Slow) -> std::result::Result<(), Fault> {
    const WHOLE: Fault = "the value is no whole number of the column's type";
    match &mut column.data {
        Data::Text(texts) => texts.push(text),
        Data::Long(list) => list.push(text.parse().map_err(|_| WHOLE)?),
        Data::Int(list) => list.push(text.parse().map_err(|_| WHOLE)?),
        Data::Double(list) => list.push(number::named(text, slow).ok_or("the value is no number")?),
        Data::Bool(list) => list.push(match text {
            "true" | "TRUE" | "True" => 1,
            "false" | "FALSE" | "False" => 0,
            _ => return Err("the value is neither true nor false"),
        }),
    }
    Ok(())
}

#[cfg(test)]
mod tests;
