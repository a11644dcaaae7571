//! A secret in a text that somebody else wrote. A service quotes a body as JSON in the spelling of its
//! own language: Python writes `\u00e4` for `ä`, PHP `\/` for `/`, Go `\u0026` for `&`, and each quote
//! of a quote doubles the backslashes. All of these are found.

/// The text with every spelling of `secret` as `[redacted]`. An empty secret is nowhere.
pub(crate) fn conceal(text: &str, secret: &str) -> String {
    let bytes = text.as_bytes();
    let first = secret.as_bytes().first().copied();
    let mut out = String::with_capacity(text.len());
    let (mut kept, mut at) = (0, 0);
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let may_begin = first.is_some() && (rest.first() == first.as_ref() || rest.starts_with(b"\\"));
        match may_begin.then(|| spelled(rest, secret)).flatten() {
            Some(len) => {
                out.push_str(text.get(kept..at).unwrap_or(""));
                out.push_str("[redacted]");
                at += len;
                kept = at;
            }
            None => at += 1,
        }
    }
    out.push_str(text.get(kept..).unwrap_or(""));
    out
}

/// How long the spelling of `secret` is that `text` begins with.
fn spelled(text: &[u8], secret: &str) -> Option<usize> {
    // no spelling is shorter than the plain one
    if text.len() < secret.len() {
        return None;
    }
    let mut at = 0;
    let mut rest = secret.chars();
    while let Some(c) = rest.next() {
        let slashes = text.get(at..)?.iter().take_while(|byte| **byte == b'\\').count();
        if c == '\\' {
            // more of them quote this one, or belong to what comes next
            at += if rest.as_str().is_empty() { slashes } else { slashes.min(1) };
            if slashes == 0 {
                return None;
            }
            continue;
        }
        let mut plain = [0; 4];
        let plain = c.encode_utf8(&mut plain).as_bytes();
        let after = text.get(at + slashes..)?;
        at += slashes
            + if after.starts_with(plain) {
                plain.len()
            } else if slashes > 0 {
                escaped(after, c)?
            } else {
                return None;
            };
    }
    Some(at)
}

/// How long the escape of `c` is that `text` begins with, the backslash before it left out.
fn escaped(text: &[u8], c: char) -> Option<usize> {
    let letter = match c {
        '\n' => b'n',
        '\r' => b'r',
        '\t' => b't',
        '\u{8}' => b'b',
        '\u{c}' => b'f',
        _ => b'u',
    };
    if letter != b'u' && text.first() == Some(&letter) {
        return Some(1);
    }
    let mut at = 0;
    for (place, unit) in c.encode_utf16(&mut [0; 2]).iter().enumerate() {
        if place > 0 {
            at += text.get(at..)?.iter().take_while(|byte| **byte == b'\\').count();
        }
        let [b'u', digits @ ..] = text.get(at..at + 5)? else { return None };
        if u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()? != *unit {
            return None;
        }
        at += 5;
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// JSON as Python writes it, and with PHP's `\/`.
    fn ascii(text: &str, upper: bool) -> String {
        let mut out = String::new();
        for unit in serde_json::to_string(text).unwrap().replace('/', "\\/").encode_utf16() {
            match u8::try_from(unit) {
                Ok(byte) if byte.is_ascii() => out.push(char::from(byte)),
                _ if upper => out.push_str(&format!("\\u{unit:04X}")),
                _ => out.push_str(&format!("\\u{unit:04x}")),
            }
        }
        out
    }

    #[test]
    fn l11_a_secret_is_found_as_any_language_quotes_it() {
        let secret = "kanärie-secret/42";
        for said in [
            r#"{"string_value": "kan\u00e4rie-secret\/42"}"#,
            r#"{"string_value": "kan\u00E4rie-secret/42"}"#,
            r#"{"string_value": "kanärie-secret\/42"}"#,
            r#"{\"string_value\": \"kan\\u00e4rie-secret\\/42\"}"#,
        ] {
            let clean = conceal(said, secret);
            assert!(clean.contains("[redacted]") && !clean.contains("rie-secret"), "{clean}");
        }
        assert_eq!(conceal("{\"k\":\"a\\u0026\\ud83d\\ude00b\"}", "a&😀b"), "{\"k\":\"[redacted]\"}");
        assert_eq!(conceal(r#""tail\\" and"#, r"tail\"), r#""[redacted]" and"#);
        assert_eq!(conceal("one\\ntwo, one\ntwo, onentwo", "one\ntwo"), "[redacted], [redacted], onentwo");
        assert_eq!(conceal("nothing here", ""), "nothing here");
    }

    proptest! {
        #[test]
        fn l11_no_spelling_is_left(secret in "[a-z][a-z\"\\\\/äé😀\n\t&<]{3,11}", before in "[A-Z ]{0,3}", upper: bool) {
            let own = serde_json::to_string(&secret).unwrap();
            let other = ascii(&secret, upper);
            for written in [own, other] {
                let twice = ascii(&written, upper);
                for (text, clean) in [
                    (format!("{before}{secret} ."), format!("{before}[redacted] .")),
                    (format!("{before}{written}."), format!("{before}\"[redacted]\".")),
                ] {
                    prop_assert_eq!(conceal(&text, &secret), clean);
                }
                let inside = twice.trim_start_matches(['"', '\\']);
                prop_assert!(!conceal(&twice, &secret).contains(inside), "{}", twice);
            }
        }

        #[test]
        fn other_text_is_left(text in "[bcä\\\\\"u0-9]{0,30}") {
            prop_assert_eq!(conceal(&text, "zzzz"), text.clone());
        }
    }
}
