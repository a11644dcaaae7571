//! Small things that are easily done wrong: text in logs, comparing secrets, cookies of a login.

use crate::error::{Error, ErrorKind, Result};

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

/// The `set-cookie` value of a login, in the one strict form: `__Host-`, `Secure`, `HttpOnly`, `SameSite=Strict`, for the whole site.
///
/// `max_age` is in seconds; 0 takes the cookie away.
///
/// ```
/// let cookie = lakewire::relay::session_cookie("session", "abc", 3600)?;
/// assert_eq!(cookie, "__Host-session=abc; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=3600");
/// # Ok::<(), lakewire::Error>(())
/// ```
///
/// # Errors
/// `InvalidInput` when name or value hold what no cookie can, or are too long together (4,000 bytes). The value is not repeated.
pub fn session_cookie(name: &str, value: &str, max_age: u32) -> Result<String> {
    let name = name.strip_prefix("__Host-").unwrap_or(name);
    let token = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b',' | b';' | b'\\');
    if name.is_empty() || !name.bytes().all(token) || !value.bytes().all(plain) || name.len() + value.len() > 4_000 {
        let sentence =
            "The cookie's name or value cannot stand in a cookie: encode it, or keep it on the server and give an id.";
        return Err(Error::new(ErrorKind::InvalidInput, sentence));
    }
    let age = max_age.to_string();
    Ok(["__Host-", name, "=", value, "; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=", &age].concat())
}
