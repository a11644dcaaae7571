//! Python literals, written so that no text can become code. Pure.

use crate::error::{Error, ErrorKind, Result};
use crate::wire::json::Raw;

/// Python refuses to read longer numbers.
const MAX_DIGITS: usize = 400;

/// Adds a text as a literal on one line, in double quotes. The same literal means the same text in YAML.
///
/// ```
/// let mut out = String::new();
/// lakewire::mlflow::models::python::push_text(&mut out, "a \"b\"\n");
/// assert_eq!(out, r#""a \"b\"\n""#);
/// ```
pub fn push_text(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        push_char(out, c);
    }
    out.push('"');
}

fn push_char(out: &mut String, c: char) {
    match c {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        c if plain(c) => out.push(c),
        c => escape(out, c),
    }
}

/// What an editor shows as it is: no control, no mark that turns or hides text around it, nothing beyond what YAML takes.
fn plain(c: char) -> bool {
    !matches!(u32::from(c),
        0..0x20 | 0x7f..=0xa0 | 0xad | 0x61c | 0x180e | 0x200b..=0x200f | 0x2028..=0x202f | 0x205f..=0x206f
        | 0xfe00..=0xfe0f | 0xfeff | 0xfff0..=0xffff | 0x1_fffe.. )
}

fn escape(out: &mut String, c: char) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let code = u32::from(c);
    let (mark, digits) = match code {
        0..=0xff => ('x', 2),
        0x100..=0xffff => ('u', 4),
        _ => ('U', 8),
    };
    out.push('\\');
    out.push(mark);
    for place in (0..digits).rev() {
        let digit = usize::try_from((code >> (4 * place)) & 15).unwrap_or(0);
        out.push(HEX.get(digit).copied().map_or('0', char::from));
    }
}

/// Adds a text as a literal that shows its lines as lines: a text of several becomes literals in parentheses, which
/// Python joins. `indent` is how far in the line stands that it is part of.
pub fn push_lines(out: &mut String, text: &str, indent: usize) {
    let body = text.strip_suffix('\n').unwrap_or(text);
    if !body.contains('\n') {
        return push_text(out, text);
    }
    out.push('(');
    for line in text.split_inclusive('\n') {
        new_line(out, indent + 4);
        push_text(out, line);
    }
    new_line(out, indent);
    out.push(')');
}

/// Begins a line.
pub(crate) fn new_line(out: &mut String, indent: usize) {
    out.push('\n');
    for _ in 0..indent {
        out.push(' ');
    }
}

/// Adds a JSON value as a literal: objects become dicts, `null` becomes `None`.
///
/// # Errors
/// `InvalidInput` for a number of more digits than Python reads.
pub fn push_json(out: &mut String, value: Raw<'_>) -> Result<()> {
    if let Some(text) = value.as_str() {
        push_text(out, &text);
    } else if value.is_object() {
        out.push('{');
        for (at, (name, field)) in value.fields().enumerate() {
            out.push_str(if at == 0 { "" } else { ", " });
            push_text(out, &name);
            out.push_str(": ");
            push_json(out, field)?;
        }
        out.push('}');
    } else if value.is_array() {
        out.push('[');
        for (at, item) in value.items().enumerate() {
            out.push_str(if at == 0 { "" } else { ", " });
            push_json(out, item)?;
        }
        out.push(']');
    } else {
        match value.text() {
            "true" => out.push_str("True"),
            "false" => out.push_str("False"),
            "null" => out.push_str("None"),
            number if number.len() <= MAX_DIGITS => out.push_str(number),
            _ => {
                return Err(Error::new(
                    ErrorKind::InvalidInput,
                    "A number has more than 400 digits, which Python does not read: give it as text.",
                ));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(text: &str) -> String {
        let mut out = String::new();
        push_text(&mut out, text);
        out
    }

    /// Reads a literal back as Python does; nothing when it is not one literal.
    fn read(literal: &str) -> Option<String> {
        let inner = literal.strip_prefix('"')?.strip_suffix('"')?;
        let mut chars = inner.chars();
        let mut out = String::new();
        while let Some(c) = chars.next() {
            match c {
                '"' | '\n' | '\r' | '\0' => return None,
                '\\' => match chars.next()? {
                    'n' => out.push('\n'),
                    'r' => out.push('\r'),
                    't' => out.push('\t'),
                    c @ ('"' | '\\') => out.push(c),
                    mark => {
                        let count = match mark {
                            'x' => 2,
                            'u' => 4,
                            'U' => 8,
                            _ => return None,
                        };
                        let digits: String = chars.by_ref().take(count).collect();
                        out.push(char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?);
                    }
                },
                c => out.push(c),
            }
        }
        Some(out)
    }

    #[test]
    fn what_ends_a_literal_or_hides_text_is_escaped() {
        assert_eq!(text("\"\"\"\\"), r#""\"\"\"\\""#);
        assert_eq!(text("a\r\n\0\u{1b}\u{85}"), r#""a\r\n\x00\x1b\x85""#);
        assert_eq!(text("\u{202e}\u{2066}\u{feff}\u{2028}\u{e0041}"), r#""\u202e\u2066\ufeff\u2028\U000e0041""#);
        assert_eq!(text("Grüße, 世界, {name} {{x}}"), "\"Grüße, 世界, {name} {{x}}\"");
    }

    #[test]
    fn lines_stay_lines() {
        let mut out = String::new();
        push_lines(&mut out, "a\nb\n", 4);
        assert_eq!(out, "(\n        \"a\\n\"\n        \"b\\n\"\n    )");
        out.clear();
        push_lines(&mut out, "a\n", 4);
        assert_eq!(out, "\"a\\n\"");
    }

    #[test]
    fn json_values_become_literals() {
        let mut out = String::new();
        let value = r#"{"a":[1,-2.5e3,true,false,null,"x"],"b\"":{}}"#;
        push_json(&mut out, Raw::parse(value).unwrap()).unwrap();
        assert_eq!(out, r#"{"a": [1, -2.5e3, True, False, None, "x"], "b\"": {}}"#);
        let long = "1".repeat(401);
        let error = push_json(&mut out, Raw::parse(&long).unwrap()).unwrap_err();
        assert!(error.message().contains("400 digits"));
    }

    proptest! {
        #[test]
        fn every_text_comes_back(given: String) {
            prop_assert_eq!(read(&text(&given)), Some(given));
        }

        #[test]
        fn marks_and_escapes_come_back(given in "[\"'\\\\\n\r\t{}nxuU0-9#\\u{0}\\u{85}\\u{2028}\\u{1f600}]{0,40}") {
            prop_assert_eq!(read(&text(&given)), Some(given.clone()));
            let mut out = String::new();
            push_lines(&mut out, &given, 0);
            let inner = out.strip_prefix('(').and_then(|out| out.strip_suffix(')')).unwrap_or(&out);
            let joined: Option<String> = inner.lines().map(str::trim).filter(|line| !line.is_empty()).map(read).collect();
            prop_assert_eq!(joined, Some(given));
        }
    }
}
