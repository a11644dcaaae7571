//! Two small things that are easily done wrong: text in logs, and comparing secrets.

/// How much of a text a log line shows, in characters.
const SHOWN: usize = 200;

/// Text of a request, fit for a line of a log: printable ASCII, everything else escaped, at most 200 characters of it.
///
/// ```
/// assert_eq!(lakewire::relay::log_safe("/x\r\n2026 \u{1b}[2Jfine"), r"/x\r\n2026 \u{1b}[2Jfine");
/// ```
#[must_use]
pub fn log_safe(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(SHOWN));
    for (count, c) in text.chars().enumerate() {
        if count == SHOWN {
            out.push_str("...");
            break;
        }
        if c == ' ' || c.is_ascii_graphic() && c != '\\' { out.push(c) } else { out.extend(c.escape_default()) }
    }
    out
}

/// Whether two secrets are the same, in a time that depends on their lengths alone.
///
/// ```
/// use lakewire::relay::same_secret;
/// assert!(same_secret(b"key-1", b"key-1") && !same_secret(b"key-1", b"key-2") && !same_secret(b"key", b"key-1"));
/// ```
#[must_use]
pub fn same_secret(one: &[u8], other: &[u8]) -> bool {
    let different = one.iter().zip(other).fold(0_u8, |different, (a, b)| different | (a ^ b));
    // kept from being turned into a loop that ends early
    (std::hint::black_box(different) == 0) & (one.len() == other.len())
}
