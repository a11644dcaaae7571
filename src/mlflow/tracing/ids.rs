//! Identifiers: hex as MLflow shows them, base64 as it stores them, and W3C's `traceparent`.

use crate::error::{Error, ErrorKind, Result};
use crate::wire::base64;

/// A trace's id from sixteen random bytes: `tr-` and 32 hex digits.
///
/// ```
/// use lakewire::mlflow::tracing::trace_id;
/// assert_eq!(trace_id([0x1f; 16]), "tr-1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f");
/// ```
#[must_use]
pub fn trace_id(random: [u8; 16]) -> String {
    let mut id = String::from("tr-");
    push_hex(&mut id, &never_zero(random));
    id
}

/// A span's id from eight random bytes: 16 hex digits.
#[must_use]
pub fn span_id(random: [u8; 8]) -> String {
    let mut id = String::new();
    push_hex(&mut id, &never_zero(random));
    id
}

/// An id of zeros means "none" to OpenTelemetry.
fn never_zero<const N: usize>(mut bytes: [u8; N]) -> [u8; N] {
    if bytes.iter().all(|byte| *byte == 0) {
        bytes = [1; N];
    }
    bytes
}

fn push_hex(out: &mut String, bytes: &[u8]) {
    for byte in bytes {
        for nibble in [byte >> 4, byte & 15] {
            out.push(char::from(if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 }));
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    let mut out = String::new();
    push_hex(&mut out, bytes);
    out
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if digits.len() % 2 != 0 {
        return None;
    }
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    };
    let mut bytes = Vec::with_capacity(digits.len() / 2);
    for pair in digits.chunks(2) {
        let [high, low] = pair else { return None };
        bytes.push(digit(*high)? << 4 | digit(*low)?);
    }
    Some(bytes)
}

/// The 32 hex digits of a trace's id, in whichever form it is: `tr-…`, `trace:/…/…`, or the digits alone.
pub(crate) fn otel_id(trace_id: &str) -> &str {
    let start = trace_id.len().saturating_sub(32);
    trace_id.get(start..).unwrap_or(trace_id)
}

/// Whether a text is so many bytes in lower-case hex.
pub(crate) fn is_hex(text: &str, bytes: usize) -> bool {
    text.len() == bytes * 2 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// A hex id as base64 of its bytes, as `traces.json` has it.
pub(super) fn to_base64(id: &str) -> String {
    base64::encode(&from_hex(id).unwrap_or_default())
}

/// An id as hex, from base64 or from hex. Nothing for the empty text.
pub(super) fn to_hex(id: &str, bytes: usize) -> Result<Option<String>> {
    if id.is_empty() {
        return Ok(None);
    }
    let digits = if bytes == 16 { otel_id(id) } else { id };
    if digits.len() == bytes * 2 && from_hex(digits).is_some() {
        return Ok(Some(digits.to_ascii_lowercase()));
    }
    match base64::decode(id) {
        Ok(raw) if raw.len() == bytes => Ok(Some(hex(&raw))),
        _ => Err(Error::new(ErrorKind::Decode, "A span of the trace has an id that is neither base64 nor hex.")),
    }
}

/// Where a trace goes on from: the caller's trace and span, as the header `traceparent` of W3C Trace Context says it.
///
/// ```
/// use lakewire::mlflow::tracing::TraceParent;
/// let parent = TraceParent::parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01").unwrap();
/// assert_eq!(parent.span_id, "b7ad6b7169203331");
/// assert!(parent.sampled);
/// assert_eq!(parent.header(), "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceParent {
    /// The trace: 32 hex digits.
    pub trace_id: String,
    /// The span: 16 hex digits.
    pub span_id: String,
    /// Whether the caller keeps its trace.
    pub sampled: bool,
}

impl TraceParent {
    /// Reads the header's value; nothing when it breaks the standard's rules, which then means to start anew.
    #[must_use]
    pub fn parse(header: &str) -> Option<Self> {
        let mut parts = header.trim_matches(' ').split('-');
        let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let real = |id: &str, bytes| is_hex(id, bytes) && id.bytes().any(|byte| byte != b'0');
        // version ff is forbidden; version 00 has four parts, later ones may have more
        if !is_hex(version, 1)
            || version == "ff"
            || (version == "00" && parts.next().is_some())
            || !real(trace, 16)
            || !real(span, 8)
            || !is_hex(flags, 1)
        {
            return None;
        }
        let sampled = from_hex(flags)?.first()? & 1 == 1;
        Some(Self { trace_id: trace.to_owned(), span_id: span.to_owned(), sampled })
    }

    /// The header's value.
    #[must_use]
    pub fn header(&self) -> String {
        let mut out = String::from("00-");
        out.push_str(otel_id(&self.trace_id));
        out.push('-');
        out.push_str(&self.span_id);
        out.push_str(if self.sampled { "-01" } else { "-00" });
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ids_have_their_forms_and_are_never_zero() {
        assert_eq!(span_id([0, 1, 0x2a, 255, 0, 0, 0, 9]), "00012aff00000009");
        assert_eq!(span_id([0; 8]), "0101010101010101");
        assert!(!trace_id([0; 16]).contains("00"));
        assert_eq!(to_base64("0123456789abcdef"), "ASNFZ4mrze8=");
    }

    #[test]
    fn a_stored_id_is_read_in_each_form() {
        for form in [
            "ASNFZ4mrze8BI0VniavN7w==",
            "tr-0123456789abcdef0123456789abcdef",
            "trace:/c.s/0123456789ABCDEF0123456789abcdef",
        ] {
            assert_eq!(to_hex(form, 16).unwrap().unwrap(), "0123456789abcdef0123456789abcdef", "{form}");
        }
        assert_eq!(to_hex("", 8).unwrap(), None);
        for bad in ["x", "ASNF", "0123"] {
            assert_eq!(to_hex(bad, 8).unwrap_err().kind(), ErrorKind::Decode, "{bad}");
        }
    }

    #[test]
    fn a_header_that_breaks_the_rules_is_nothing() {
        let (trace, span) = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331");
        for bad in [
            String::new(),
            format!("00-{trace}-{span}"),
            format!("ff-{trace}-{span}-01"),
            format!("00-{trace}-{span}-01-more"),
            format!("00-{}-{span}-01", "0".repeat(32)),
            format!("00-{trace}-{}-01", "0".repeat(16)),
            format!("00-{}-{span}-01", trace.to_uppercase()),
            format!("00-{trace}é-{span}-01"),
        ] {
            assert_eq!(TraceParent::parse(&bad), None, "{bad}");
        }
        assert!(!TraceParent::parse(&format!("00-{trace}-{span}-00")).unwrap().sampled);
        assert!(TraceParent::parse(&format!("cc-{trace}-{span}-03-more")).unwrap().sampled);
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(trace: [u8; 16], span: [u8; 8], sampled: bool) {
            let parent = TraceParent { trace_id: otel_id(&trace_id(trace)).to_owned(), span_id: span_id(span), sampled };
            prop_assert_eq!(TraceParent::parse(&parent.header()), Some(parent.clone()));
            prop_assert_eq!(to_hex(&to_base64(&parent.span_id), 8).unwrap(), Some(parent.span_id));
        }

        #[test]
        fn no_text_panics(text: String) {
            let _ = (TraceParent::parse(&text), to_hex(&text, 8), to_hex(&text, 16), to_base64(&text));
        }
    }
}
