//! Forms and queries, as OAuth writes and reads them. Pure.

use crate::wire::request::encode;

/// Fields as `application/x-www-form-urlencoded`; an absent value leaves its field out.
pub(super) fn form(fields: &[(&str, Option<&str>)]) -> String {
    let mut out = String::new();
    for (name, value) in fields {
        let Some(value) = value else { continue };
        if !out.is_empty() {
            out.push('&');
        }
        encode(&mut out, name);
        out.push('=');
        encode(&mut out, value);
    }
    out
}

/// Undoes the encoding of one name or value of a query; what is not valid stays as it is.
pub(super) fn decode(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let hex = |at: usize| bytes.get(at).and_then(|digit| char::from(*digit).to_digit(16));
        match (byte, hex(at + 1), hex(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                #[allow(clippy::cast_possible_truncation, reason = "two hexadecimal digits are one byte")]
                out.push((high * 16 + low) as u8);
                at += 3;
                continue;
            }
            (b'+', ..) => out.push(b' '),
            _ => out.push(*byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn forms_leave_absent_fields_out() {
        assert_eq!(form(&[("a", Some("1&2 ü")), ("b", None), ("c", Some(""))]), "a=1%262%20%C3%BC&c=");
        assert_eq!(decode("a%20b+c%zz%4"), "a b c%zz%4");
    }

    proptest! {
        #[test]
        fn what_is_encoded_comes_back(text in "\\PC{0,20}") {
            prop_assert_eq!(decode(form(&[("x", Some(&text))]).strip_prefix("x=").unwrap()), text);
        }
    }
}
