//! Base64 as the REST API writes bytes: the standard alphabet, padded.

use crate::error::{Error, ErrorKind, Result};

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Writes bytes as base64.
///
/// ```
/// assert_eq!(lakewire::wire::base64::encode(b"sk-sample"), "c2stc2FtcGxl");
/// ```
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or(0));
        let word = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            let digit = ALPHABET.get((word >> (18 - 6 * at) & 63) as usize).copied().unwrap_or(b'=');
            out.push(char::from(if at <= group.len() { digit } else { b'=' }));
        }
    }
    out
}

/// Reads base64; line ends are skipped and padding may be left out.
///
/// # Errors
/// `Decode` for anything else, without the text.
///
/// ```
/// assert_eq!(lakewire::wire::base64::decode("c2stc2FtcGxl")?, b"sk-sample");
/// # Ok::<(), lakewire::Error>(())
/// ```
pub fn decode(text: &str) -> Result<Vec<u8>> {
    let fault = || Error::new(ErrorKind::Decode, "The text is not base64.");
    let text: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    let padding = text.iter().rev().take_while(|byte| **byte == b'=').count();
    let digits = text.get(..text.len() - padding).unwrap_or(&[]);
    if padding > 2 || (padding > 0 && text.len() % 4 != 0) || digits.len() % 4 == 1 {
        return Err(fault());
    }
    let mut out = Vec::with_capacity(digits.len() * 3 / 4);
    for group in digits.chunks(4) {
        let mut word = 0;
        for byte in group {
            word = word << 6 | value(*byte).ok_or_else(fault)?;
        }
        let bits = group.len() * 6;
        // what fills the last digit says nothing and must be nothing
        if word & ((1 << (bits % 8)) - 1) != 0 {
            return Err(fault());
        }
        let bytes = (word << (24 - bits)).to_be_bytes();
        out.extend_from_slice(bytes.get(1..=bits / 8).unwrap_or(&[]));
    }
    Ok(out)
}

fn value(byte: u8) -> Option<u32> {
    ALPHABET.iter().position(|digit| *digit == byte).and_then(|at| u32::try_from(at).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_samples_of_rfc_4648() {
        for (plain, written) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE=")]
        {
            assert_eq!(encode(plain.as_bytes()), written);
            assert_eq!(decode(written).unwrap(), plain.as_bytes());
            assert_eq!(decode(written.trim_end_matches('=')).unwrap(), plain.as_bytes());
        }
    }

    #[test]
    fn what_is_no_base64_is_an_error_without_the_text() {
        for bad in ["A", "A===", "Zg=", "Zh==", "Z g=", "Zm9v!", "====", "=Zg="] {
            let error = decode(bad).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Decode, "{bad}");
            assert!(!error.message().contains(bad));
        }
        assert_eq!(decode("Zm9v\r\nYg==").unwrap(), b"foob");
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(bytes: Vec<u8>) {
            prop_assert_eq!(decode(&encode(&bytes)).unwrap(), bytes);
        }

        #[test]
        fn no_text_panics(text: String) {
            let _ = decode(&text);
        }
    }
}
