//! Base64 of little-endian 32-bit floats, read straight from the bytes of an answer. Strict: the
//! standard alphabet, padding where it belongs, no bits left over.

use super::number::Fault;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Where the bits of a letter stand in the three bytes of four letters, first byte lowest: for each of the four
/// places and every letter. Made when the first base64 text is read; as data it would be four kilobytes of download.
pub(super) struct Letters([[u32; 256]; 4]);

/// No letter of the alphabet.
const NONE: u32 = 1 << 31;

impl Letters {
    pub(super) fn new() -> Box<Self> {
        let mut tables = Box::new(Self([[NONE; 256]; 4]));
        for (value, letter) in (0_u32..).zip(ALPHABET) {
            let parts = [
                value << 2,
                (value >> 4) | ((value & 15) << 12),
                ((value >> 2) << 8) | ((value & 3) << 22),
                value << 16,
            ];
            for (table, part) in tables.0.iter_mut().zip(parts) {
                if let Some(slot) = table.get_mut(usize::from(*letter)) {
                    *slot = part;
                }
            }
        }
        tables
    }

    /// The three bytes of four letters.
    #[inline(always)]
    fn three(&self, a: u8, b: u8, c: u8, d: u8) -> u32 {
        let [first, second, third, fourth] = &self.0;
        let part = |table: &[u32; 256], letter: u8| table.get(usize::from(letter)).copied().unwrap_or(NONE);
        part(first, a) | part(second, b) | part(third, c) | part(fourth, d)
    }
}

pub(super) const STRANGE: Fault = "a letter is not of the base64 alphabet";
const LENGTH: Fault = "the base64 text does not hold whole 32-bit floats";
const INFINITE: Fault = "a number is not finite";

/// Reads floats from base64 text up to the closing quote, to `from` and on, over what stands there. Gives how long the
/// text is and where the floats end; nothing when it holds an escape.
///
/// # Errors
/// A sentence's part for what is no strict base64, no whole floats, or a float that is not finite.
pub(super) fn read(
    table: &Letters,
    text: &[u8],
    out: &mut Vec<f32>,
    from: usize,
) -> Result<Option<(usize, usize)>, Fault> {
    let mut infinite = false;
    let mut rest = text;
    let mut to = from;
    // sixteen letters are twelve bytes, three floats; the text's end is what is no letter
    while let Some((letters, after)) = rest.split_first_chunk::<16>() {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = *letters;
        let (first, second) = (table.three(a, b, c, d), table.three(e, f, g, h));
        let (third, fourth) = (table.three(i, j, k, l), table.three(m, n, o, p));
        if (first | second | third | fourth) & NONE != 0 {
            break;
        }
        let floats = [first | (second << 24), (second >> 8) | (third << 16), (third >> 16) | (fourth << 8)];
        let [x, y, z] = floats;
        infinite |= is_infinite(x) | is_infinite(y) | is_infinite(z);
        let Some(slots) = out.get_mut(to..).and_then(<[f32]>::first_chunk_mut::<3>) else {
            more(out, to);
            continue;
        };
        *slots = floats.map(f32::from_bits);
        to += 3;
        rest = after;
    }
    out.truncate(to);
    let end = match rest.iter().take(16).position(|byte| matches!(byte, b'"' | b'\\')) {
        Some(end) if rest.get(end) == Some(&b'"') => end,
        Some(_) => return Ok(None),
        None => return Err(STRANGE),
    };
    infinite |= tail(table, rest.get(..end).unwrap_or_default(), out)?;
    if infinite { Err(INFINITE) } else { Ok(Some((text.len() - rest.len() + end, out.len()))) }
}

#[cold]
#[inline(never)]
fn more(out: &mut Vec<f32>, at: usize) {
    out.resize(at + at / 2 + 256, 0.0);
}

/// The last letters: one float in six, or two in eleven, and padding. Says whether one is not finite.
fn tail(table: &Letters, text: &[u8], out: &mut Vec<f32>) -> Result<bool, Fault> {
    let (letters, pad, floats) = match text {
        [] => (text, 0, 0),
        [letters @ .., b'=', b'='] if letters.len() == 6 => (letters, 4, 1),
        [letters @ .., b'='] if letters.len() == 11 => (letters, 2, 2),
        _ => return Err(LENGTH),
    };
    let mut bits = 0_u128;
    for letter in letters {
        // in the first place, the six bits stand two places up
        let six = table.three(*letter, b'A', b'A', b'A');
        if six & NONE != 0 {
            return Err(STRANGE);
        }
        bits = (bits << 6) | u128::from(six >> 2);
    }
    if bits & ((1 << pad) - 1) != 0 {
        return Err(LENGTH);
    }
    bits >>= pad;
    let mut infinite = false;
    for place in (0..floats).rev() {
        let float = ((bits >> (place * 32)) as u32).swap_bytes();
        infinite |= is_infinite(float);
        out.push(f32::from_bits(float));
    }
    Ok(infinite)
}

fn is_infinite(bits: u32) -> bool {
    bits & 0x7f80_0000 == 0x7f80_0000
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read_all(text: &str) -> Result<Vec<u32>, Fault> {
        let mut out = Vec::new();
        let read = read(&Letters::new(), format!("{text}\"and more behind it").as_bytes(), &mut out, 0)?;
        assert_eq!(read, Some((text.len(), out.len())));
        Ok(out.into_iter().map(f32::to_bits).collect())
    }

    /// Base64 as RFC 4648 tells it, bit by bit.
    pub(crate) fn encode(bytes: &[u8]) -> String {
        let bits: Vec<u8> = bytes.iter().flat_map(|byte| (0..8).rev().map(move |at| (byte >> at) & 1)).collect();
        let mut out: String = bits
            .chunks(6)
            .map(|six| (0..6).fold(0, |value, at| value << 1 | six.get(at).copied().unwrap_or(0)))
            .map(|value| char::from(ALPHABET[usize::from(value)]))
            .collect();
        while out.len() % 4 != 0 {
            out.push('=');
        }
        out
    }

    #[test]
    fn h11_wrong_lengths_letters_and_paddings_are_refused() {
        assert_eq!(read_all(""), Ok(vec![]));
        assert_eq!(read_all("AACAPw=="), Ok(vec![0x3f80_0000]));
        for text in
            ["A", "AA==", "AACAPw", "AACAPw=", "AACAPx==", "AACA", "AACAPwAA", "AAC APw==", "====", "AACAPwAAAAB="]
        {
            assert_eq!(read_all(text), Err(LENGTH), "{text}");
        }
        for text in
            ["AACAP===", "AACAP-==", "AACAPé=", "AACAPwAAgD8AAIA/AACA_w==", "AACAPw==AACAPw==", "AACAPwAAgD8AAIA="]
        {
            assert!(read_all(text).is_err(), "{text}");
        }
    }

    #[test]
    fn h11_nan_and_infinity_are_refused() {
        for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::from_bits(0x7f80_0001)] {
            for count in 1..5 {
                let mut all = vec![1.0_f32; count];
                all[count - 1] = value;
                let bytes: Vec<u8> = all.iter().flat_map(|value| value.to_le_bytes()).collect();
                assert_eq!(read_all(&encode(&bytes)), Err(INFINITE));
            }
        }
    }

    proptest! {
        #[test]
        fn any_floats_come_back(values: Vec<f32>) {
            let finite: Vec<f32> = values.into_iter().filter(|value| value.is_finite()).collect();
            let bytes: Vec<u8> = finite.iter().flat_map(|value| value.to_le_bytes()).collect();
            let bits: Vec<u32> = finite.iter().map(|value| value.to_bits()).collect();
            prop_assert_eq!(read_all(&encode(&bytes)), Ok(bits));
        }

        #[test]
        fn bytes_that_are_no_whole_floats_are_refused(bytes: Vec<u8>) {
            prop_assert_eq!(read_all(&encode(&bytes)).is_ok(), bytes.len() % 4 == 0
                && bytes.chunks(4).all(|four| f32::from_le_bytes(four.try_into().unwrap()).is_finite()));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[A-Za-z0-9+/=_-]{0,40}") {
            if let Ok(bits) = read_all(&text) {
                let bytes: Vec<u8> = bits.into_iter().flat_map(u32::to_le_bytes).collect();
                prop_assert_eq!(encode(&bytes), text);
            }
        }
    }
}
