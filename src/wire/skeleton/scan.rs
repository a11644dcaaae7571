//! The byte loops: comparing what is known by heart, and reading one scalar.

/// What a scalar is, and so what it costs to take it over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A string of printable ASCII without escapes.
    Plain,
    /// A string with escapes or other characters.
    Rich,
    /// A whole number below 2³⁰, written as JavaScript would write it.
    Small(i32),
    /// Any other number.
    Number,
    /// `true`, `false` or `null`.
    Word,
}

/// Where a scalar lies; for strings, what is between the quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) kind: Kind,
}

impl Span {
    /// Where the scalar ends, quotes included.
    pub(crate) fn end(&self) -> usize {
        self.to + usize::from(matches!(self.kind, Kind::Plain | Kind::Rich))
    }

    /// Where the scalar starts, quotes included.
    pub(crate) fn start(&self) -> usize {
        self.from - usize::from(matches!(self.kind, Kind::Plain | Kind::Rich))
    }
}

/// Whether two runs are equal, sixteen bytes at a time: the `memcmp` of wasm goes one by one, and an
/// iterator over chunks is not inlined when compiled for size.
#[inline(always)]
pub(crate) fn same(mut a: &[u8], mut b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    while let (Some((x, left)), Some((y, right))) = (a.split_first_chunk::<16>(), b.split_first_chunk::<16>()) {
        if u128::from_ne_bytes(*x) != u128::from_ne_bytes(*y) {
            return false;
        }
        (a, b) = (left, right);
    }
    if let (Some((x, left)), Some((y, right))) = (a.split_first_chunk::<8>(), b.split_first_chunk::<8>()) {
        if u64::from_ne_bytes(*x) != u64::from_ne_bytes(*y) {
            return false;
        }
        (a, b) = (left, right);
    }
    while let (Some((x, left)), Some((y, right))) = (a.split_first(), b.split_first()) {
        if x != y {
            return false;
        }
        (a, b) = (left, right);
    }
    true
}

/// Whether any of eight bytes is a quote, a backslash, a control character or not ASCII.
fn special(word: u64) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let quote = word ^ (ONES * 0x22);
    let back = word ^ (ONES * 0x5c);
    let zero = (quote.wrapping_sub(ONES) & !quote) | (back.wrapping_sub(ONES) & !back);
    (zero | word.wrapping_sub(ONES * 0x20) | word) & HIGH != 0
}

/// Appends the text of a string's inside to `out` and gives its length in UTF-16 units; `None`,
/// with `out` unspoilt, when UTF-8 cannot carry it: a lone surrogate, or bytes that are no UTF-8.
pub(crate) fn unescape_into(inner: &[u8], out: &mut Vec<u8>) -> Option<usize> {
    let text = std::str::from_utf8(inner).ok()?;
    let start = out.len();
    let mut rest = text;
    while let Some((plain, escaped)) = rest.split_once('\\') {
        out.extend_from_slice(plain.as_bytes());
        let (code, after) = escaped.split_at_checked(1)?;
        rest = after;
        let byte = match code {
            "n" => b'\n',
            "t" => b'\t',
            "r" => b'\r',
            "b" => 8,
            "f" => 12,
            "u" => {
                let Some((character, after)) = unicode(after) else {
                    out.truncate(start);
                    return None;
                };
                out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                rest = after;
                continue;
            }
            other => other.bytes().next()?,
        };
        out.push(byte);
    }
    out.extend_from_slice(rest.as_bytes());
    Some(out.get(start..).map_or(0, utf16_len))
}

fn unicode(digits: &str) -> Option<(char, &str)> {
    let (high, rest) = digits.split_at_checked(4)?;
    let high = u32::from_str_radix(high, 16).ok()?;
    if !(0xd800..0xdc00).contains(&high) {
        return Some((char::from_u32(high)?, rest));
    }
    let (low, rest) = rest.strip_prefix("\\u")?.split_at_checked(4)?;
    let low = u32::from_str_radix(low, 16).ok().filter(|low| (0xdc00..0xe000).contains(low))?;
    Some((char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00))?, rest))
}

/// How many UTF-16 units UTF-8 text makes.
pub(crate) fn utf16_len(utf8: &[u8]) -> usize {
    utf8.iter().map(|byte| usize::from(*byte & 0xc0 != 0x80) + usize::from(*byte >= 0xf0)).sum()
}

/// Reads one scalar; `None` when none stands there, when it is malformed or when it is cut.
pub(crate) fn scalar(input: &[u8], at: usize) -> Option<Span> {
    match *input.get(at)? {
        b'"' => string(input, at + 1),
        b'-' | b'0'..=b'9' => number(input, at),
        b't' => fixed(input, at, b"true"),
        b'f' => fixed(input, at, b"false"),
        b'n' => fixed(input, at, b"null"),
        _ => None,
    }
}

fn fixed(input: &[u8], at: usize, text: &[u8]) -> Option<Span> {
    let to = at + text.len();
    (input.get(at..to)? == text).then_some(Span { from: at, to, kind: Kind::Word })
}

fn string(input: &[u8], from: usize) -> Option<Span> {
    let mut at = from;
    let mut kind = Kind::Plain;
    while let Some(eight) = input.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        if special(u64::from_le_bytes(*eight)) {
            break;
        }
        at += 8;
    }
    loop {
        match *input.get(at)? {
            b'"' => return Some(Span { from, to: at, kind }),
            b'\\' => {
                kind = Kind::Rich;
                at += match *input.get(at + 1)? {
                    b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => 2,
                    b'u' if input.get(at + 2..at + 6)?.iter().all(u8::is_ascii_hexdigit) => 6,
                    _ => return None,
                };
            }
            0..=0x1f => return None,
            byte => {
                if byte >= 0x80 {
                    kind = Kind::Rich;
                }
                at += 1;
            }
        }
    }
}

fn number(input: &[u8], from: usize) -> Option<Span> {
    let mut at = from;
    let negative = input.get(at) == Some(&b'-');
    at += usize::from(negative);
    let digits = at;
    let mut value = 0_i32;
    while let Some(digit @ b'0'..=b'9') = input.get(at) {
        // nine digits fit; more are not small and their value is not used
        if at - digits < 9 {
            value = value * 10 + i32::from(digit - b'0');
        }
        at += 1;
    }
    let count = at - digits;
    if count == 0 || (count > 1 && input.get(digits) == Some(&b'0')) {
        return None;
    }
    let mut small = !negative && count <= 9 && value < 1 << 30;
    if input.get(at) == Some(&b'.') {
        small = false;
        at = some_digits(input, at + 1)?;
    }
    if let Some(b'e' | b'E') = input.get(at) {
        small = false;
        at += 1;
        at += usize::from(matches!(input.get(at), Some(b'+' | b'-')));
        at = some_digits(input, at)?;
    }
    // what follows must be there, or the number may go on
    input.get(at)?;
    Some(Span { from, to: at, kind: if small { Kind::Small(value) } else { Kind::Number } })
}

fn some_digits(input: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    while let Some(b'0'..=b'9') = input.get(at) {
        at += 1;
    }
    (at > from).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn h6_scalars_are_read_by_the_grammar() {
        for bad in [
            "01,",
            "1.,",
            ".5,",
            "-,",
            "+1,",
            "1e,",
            "1.2.3,",
            "\"a",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\n\"",
            "nul,",
            "{",
            "12",
        ] {
            let span = scalar(bad.as_bytes(), 0);
            assert!(span.is_none_or(|span| bad.as_bytes()[span.end()] == b'.'), "{bad} {span:?}");
        }
        assert_eq!(scalar(b"0}", 0).unwrap().kind, Kind::Small(0));
        assert_eq!(scalar(b"999999999]", 0).unwrap().kind, Kind::Small(999_999_999));
        for number in ["1073741824", "-0", "1.5", "1E5", "12345678901234567890"] {
            assert_eq!(scalar(format!("{number} ").as_bytes(), 0).unwrap().kind, Kind::Number);
        }
        assert_eq!(scalar(b"\"abcdefgh\\n\"", 0).unwrap().kind, Kind::Rich);
        assert_eq!(scalar("\"abcdefghé\"".as_bytes(), 0).unwrap().kind, Kind::Rich);
        assert_eq!(scalar(b"\"\"", 0), Some(Span { from: 1, to: 1, kind: Kind::Plain }));
    }

    #[test]
    fn h9_strings_utf8_cannot_carry_are_refused_whole() {
        for bad in ["a\\ud800", "\\udc00b", "\\ud83d\\u0041", "x\\ud83dx"] {
            let mut out = b"kept".to_vec();
            assert!(unescape_into(bad.as_bytes(), &mut out).is_none());
            assert_eq!(out, b"kept");
        }
        assert!(unescape_into(b"\xff", &mut Vec::new()).is_none());
        let mut out = Vec::new();
        assert_eq!(unescape_into("\\\"\\/\\n\\u00e9\\ud83d\\ude00é".as_bytes(), &mut out), Some(7));
        assert_eq!(out, "\"/\né😀é".as_bytes());
    }

    proptest! {
        #[test]
        fn utf16_lengths_are_right(text: String) {
            prop_assert_eq!(utf16_len(text.as_bytes()), text.encode_utf16().count());
        }

        #[test]
        fn comparing_by_words_is_comparing(a: Vec<u8>, b: Vec<u8>, flip: usize) {
            prop_assert_eq!(same(&a, &b), a == b);
            let mut c = a.clone();
            if !c.is_empty() {
                let at = flip % c.len();
                c[at] ^= 1;
                prop_assert!(!same(&a, &c));
            }
        }

        #[test]
        fn a_scalar_is_one_to_serde_json_too(text in r#"["\\untrfalse0-9eE.+ é😀\x01-]{0,16}"#) {
            let text = format!("{text},");
            let theirs = serde_json::Deserializer::from_str(&text).into_iter::<&serde_json::value::RawValue>().next();
            if let Some(span) = scalar(text.as_bytes(), 0) {
                let mine = text.get(span.start()..span.end()).unwrap();
                prop_assert!(serde_json::from_str::<&serde_json::value::RawValue>(mine).is_ok(), "{}", mine);
                if let Some(Ok(theirs)) = theirs { prop_assert_eq!(mine, theirs.get()); }
            }
        }
    }
}
