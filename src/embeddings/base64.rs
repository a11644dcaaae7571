//! Base64 of little-endian 32-bit floats, read straight from the bytes of an answer. Strict: the
//! standard alphabet, padding where it belongs, no bits left over.

use super::number::Fault;

const NONE: u8 = 0xff;
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The six bits of each letter.
const SIX: [u8; 256] = {
    let mut table = [NONE; 256];
    let mut at = 0;
    while at < 64 {
        #[allow(clippy::indexing_slicing, reason = "in a constant, out of bounds is an error of the build")]
        {
            table[ALPHABET[at] as usize] = at as u8;
        }
        at += 1;
    }
    table
};

const STRANGE: Fault = "a letter is not of the base64 alphabet";
const LENGTH: Fault = "the base64 text does not hold whole 32-bit floats";
const INFINITE: Fault = "a number is not finite";

/// Reads floats from base64 text and adds them.
///
/// # Errors
/// A sentence's part for what is no strict base64, no whole floats, or a float that is not finite.
pub(super) fn read(text: &[u8], out: &mut Vec<f32>) -> Result<(), Fault> {
    // sixteen letters are twelve bytes, three floats
    out.reserve(text.len() / 16 * 3 + 2);
    let mut strange = 0;
    let mut infinite = false;
    let mut rest = text;
    while let Some((letters, after)) = rest.split_first_chunk::<16>() {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = letters.map(six);
        strange |= a | b | c | d | e | f | g | h | i | j | k | l | m | n | o | p;
        let first = pack(a, b, c, d);
        let second = pack(e, f, g, h);
        let third = pack(i, j, k, l);
        let fourth = pack(m, n, o, p);
        let floats = [(first << 8) | (second >> 16), (second << 16) | (third >> 8), (third << 24) | fourth];
        for float in floats {
            infinite |= push(float, out);
        }
        rest = after;
    }
    // what is left is one float in six letters, or two in eleven, and padding
    let (letters, pad, floats) = match rest {
        [] => (rest, 0, 0),
        [letters @ .., b'=', b'='] if letters.len() == 6 => (letters, 4, 1),
        [letters @ .., b'='] if letters.len() == 11 => (letters, 2, 2),
        _ => return Err(LENGTH),
    };
    let mut bits = 0_u128;
    for letter in letters {
        let six = six(*letter);
        strange |= six;
        bits = (bits << 6) | u128::from(six & 63);
    }
    if strange & 0x80 != 0 {
        return Err(STRANGE);
    }
    if bits & ((1 << pad) - 1) != 0 {
        return Err(LENGTH);
    }
    let bits = bits >> pad;
    for place in (0..floats).rev() {
        infinite |= push((bits >> (place * 32)) as u32, out);
    }
    if infinite { Err(INFINITE) } else { Ok(()) }
}

#[inline(always)]
fn six(letter: u8) -> u8 {
    SIX.get(usize::from(letter)).copied().unwrap_or(NONE)
}

/// Twenty-four bits of four letters.
#[inline(always)]
fn pack(a: u8, b: u8, c: u8, d: u8) -> u32 {
    (u32::from(a & 63) << 18) | (u32::from(b & 63) << 12) | (u32::from(c & 63) << 6) | u32::from(d & 63)
}

/// Adds a float whose first byte is the highest; says whether it is not finite.
#[inline(always)]
fn push(bytes: u32, out: &mut Vec<f32>) -> bool {
    let bits = bytes.swap_bytes();
    out.push(f32::from_bits(bits));
    bits & 0x7f80_0000 == 0x7f80_0000
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read_all(text: &str) -> Result<Vec<u32>, Fault> {
        let mut out = Vec::new();
        read(text.as_bytes(), &mut out).map(|()| out.into_iter().map(f32::to_bits).collect())
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
