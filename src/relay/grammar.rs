//! The grammars of what may stand in a path, a query and a policy.

/// The name of a serving or vector search endpoint: letters, digits, `_`, `-` and inner dots.
pub(super) fn endpoint(text: &str) -> bool {
    word(text, 128, b"._-") && !text.starts_with('.') && !text.ends_with('.') && !text.contains("..")
}

/// An id or a name without dots: of statements, warehouses, experiments, runs, traces.
pub(super) fn id(text: &str) -> bool {
    word(text, 128, b"_-")
}

/// A name of so many parts, such as `main.docs.manual`.
pub(super) fn parts(text: &str, count: usize) -> bool {
    text.len() <= 255 && text.split('.').count() == count && text.split('.').all(id)
}

/// A number of at most six digits, written in one way.
pub(super) fn number(text: &str) -> bool {
    text.len() <= 6
        && !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_digit())
        && (text == "0" || !text.starts_with('0'))
}

/// What a name of an SQL parameter may be.
pub(super) fn parameter(text: &str) -> bool {
    word(text, 128, b"_") && !text.starts_with(|c: char| c.is_ascii_digit())
}

/// A request id: what is safe in a header and in a log.
pub(super) fn request_id(text: &str) -> bool {
    word(text, 64, b"._-")
}

fn word(text: &str, most: usize, marks: &[u8]) -> bool {
    !text.is_empty()
        && text.len() <= most
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || marks.contains(&byte))
}

/// An origin exactly as browsers write it: scheme, name in lower case, port when it is not the scheme's own.
pub(super) fn origin(text: &str) -> bool {
    let (rest, own) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
        (Some(rest), _) => (rest, ":443"),
        (_, Some(rest)) => (rest, ":80"),
        _ => return false,
    };
    if rest.ends_with(own) || rest.len() > 260 {
        return false;
    }
    let (name, port) = match rest.strip_prefix('[').and_then(|six| six.split_once(']')) {
        Some((six, port)) => {
            let digits = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b) || matches!(b, b':' | b'.');
            if six.is_empty() || !six.bytes().all(digits) {
                return false;
            }
            ("x", port)
        }
        None => match rest.find(':') {
            Some(at) => rest.split_at_checked(at).unwrap_or((rest, "")),
            None => (rest, ""),
        },
    };
    let port = match port.strip_prefix(':') {
        Some(digits) => digits.len() <= 5 && number_of(digits).is_some_and(|port| (1..=65_535).contains(&port)),
        None => port.is_empty(),
    };
    let letters = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'_');
    port && !name.is_empty()
        && name.bytes().all(letters)
        && !name.starts_with(['.', '-'])
        && !name.ends_with('.')
        && !name.contains("..")
}

/// Digits without a leading zero as a number.
pub(super) fn number_of(text: &str) -> Option<u64> {
    let plain = !text.is_empty() && text.len() <= 19 && text.bytes().all(|byte| byte.is_ascii_digit());
    (plain && (text == "0" || !text.starts_with('0'))).then(|| text.parse().ok()).flatten()
}

/// The path under which a relay is mounted: `/` and names, no slash at its end.
pub(super) fn mount(text: &str) -> bool {
    text.len() <= 200 && text.strip_prefix('/').is_some_and(|rest| rest.split('/').all(endpoint))
}

/// A value of a query, decoded: `None` for a broken escape, text that is not UTF-8, control characters, or more than 2,000 bytes.
pub(super) fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => hex(rest.next()?)? * 16 + hex(rest.next()?)?,
            // `+` is a space to some and a plus to others
            b'-' | b'_' | b'.' | b'~' => byte,
            _ if byte.is_ascii_alphanumeric() => byte,
            _ => return None,
        });
    }
    let value = String::from_utf8(bytes).ok()?;
    (value.len() <= 2_000 && !value.chars().any(char::is_control)).then_some(value)
}

fn hex(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}
