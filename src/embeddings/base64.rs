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

pub(super) const STRANGE: Fault = "a letter is not of the base64 alphabet";
const LENGTH: Fault = "the base64 text does not hold whole 32-bit floats";
const INFINITE: Fault = "a number is not finite";

/// Reads floats from base64 text up to the closing quote, to `from` and on, over what stands there. Gives how long the
/// text is and where the floats end; nothing when it holds an escape.
///
/// # Errors
/// A sentence's part for what is no strict base64, no whole floats, or a float that is not finite.
pub(super) fn read(text: &[u8], out: &mut Vec<f32>, from: usize) -> Result<Option<(usize, usize)>, Fault> {
    let mut infinite = false;
    let mut rest = text;
    let mut to = from;
    // sixteen letters are twelve bytes, three floats; the text's end is what is no letter
    while let Some((letters, after)) = rest.split_first_chunk::<16>() {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = *letters;
        let (a, b, c, d) = (six(a), six(b), six(c), six(d));
        let (e, f, g, h) = (six(e), six(f), six(g), six(h));
        let (i, j, k, l) = (six(i), six(j), six(k), six(l));
        let (m, n, o, p) = (six(m), six(n), six(o), six(p));
        if (a | b | c | d | e | f | g | h | i | j | k | l | m | n | o | p) & 0x80 != 0 {
            break;
        }
        let (first, second, third, fourth) = (pack(a, b, c, d), pack(e, f, g, h), pack(i, j, k, l), pack(m, n, o, p));
        let floats = [
            ((first << 8) | (second >> 16)).swap_bytes(),
            ((second << 16) | (third >> 8)).swap_bytes(),
            ((third << 24) | fourth).swap_bytes(),
        ];
        infinite |= floats.map(is_infinite) != [false; 3];
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
    infinite |= tail(rest.get(..end).unwrap_or_default(), out)?;
    if infinite { Err(INFINITE) } else { Ok(Some((text.len() - rest.len() + end, out.len()))) }
}

#[cold]
#[inline(never)]
fn more(out: &mut Vec<f32>, at: usize) {
    out.resize(at + at / 2 + 256, 0.0);
}

/// The last letters: one float in six, or two in eleven, and padding. Says whether one is not finite.
fn tail(text: &[u8], out: &mut Vec<f32>) -> Result<bool, Fault> {
    let (letters, pad, floats) = match text {
        [] => (text, 0, 0),
        [letters @ .., b'=', b'='] if letters.len() == 6 => (letters, 4, 1),
        [letters @ .., b'='] if letters.len() == 11 => (letters, 2, 2),
        _ => return Err(LENGTH),
    };
    let mut bits = 0_u128;
    for letter in letters {
        let six = six(*letter);
        if six == NONE {
            return Err(STRANGE);
        }
        bits = (bits << 6) | u128::from(six);
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

#[inline(always)]
fn six(letter: u8) -> u8 {
    SIX.get(usize::from(letter)).copied().unwrap_or(NONE)
}

/// Twenty-four bits of four letters.
#[inline(always)]
fn pack(a: u8, b: u8, c: u8, d: u8) -> u32 {
    (u32::from(a) << 18) | (u32::from(b) << 12) | (u32::from(c) << 6) | u32::from(d)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read_all(text: &str) -> Result<Vec<u32>, Fault> {
        let mut out = Vec::new();
        let read = read(format!("{text}\"and more behind it").as_bytes(), &mut out, 0)?;
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
