//! JSON numbers to `f32`: pure, and what `Float32Array.from(JSON.parse(text))` gives, bit by bit.
//!
//! That is two roundings, decimal to `f64` and `f64` to `f32`, and both must be kept. Eight digits
//! are read per step inside a `u64`. The digits times a power of ten is within four units of the last
//! place of the right `f64`, so the `f32` is right unless that is about in the middle between two of
//! them. Those, and whatever else is unusual, are compared exactly in [`exact`]. The standard
//! library's parser would do, but its tables alone are ten kilobytes of download.

use std::cmp::Ordering;

/// Why a number cannot be read.
pub(super) type Fault = &'static str;

const DIGITS: u64 = 0x3030_3030_3030_3030;
const TOO_LARGE: Fault = "a number is too large for a 32-bit float";

/// Powers of ten. Eighteen digits fit an `i64`, which converts to `f64` in one step where a `u64` takes several.
const WHOLE: [u64; 19] = [
    1,
    10,
    100,
    1_000,
    10_000,
    100_000,
    1_000_000,
    10_000_000,
    100_000_000,
    1_000_000_000,
    10_000_000_000,
    100_000_000_000,
    1_000_000_000_000,
    10_000_000_000_000,
    100_000_000_000_000,
    1_000_000_000_000_000,
    10_000_000_000_000_000,
    100_000_000_000_000_000,
    1_000_000_000_000_000_000,
];

/// Powers of ten that an `f64` holds exactly.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];

/// The same below one: each is off by half a unit of its last place at most.
const PARTS: [f64; 23] = [
    1e0, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-11, 1e-12, 1e-13, 1e-14, 1e-15, 1e-16, 1e-17,
    1e-18, 1e-19, 1e-20, 1e-21, 1e-22,
];

/// How much is looked at for one number: one check of bounds for all of it.
const WINDOW: usize = 64;

/// The eight bytes at `at`, which is below 32.
#[inline(always)]
fn load(window: &[u8; WINDOW], at: usize) -> u64 {
    // the mask changes nothing: it tells the compiler that no bound is passed
    match window.get(at & 31..).and_then(|rest| rest.first_chunk::<8>()) {
        Some(eight) => u64::from_le_bytes(*eight),
        None => 0,
    }
}

#[inline(always)]
fn byte(window: &[u8; WINDOW], at: usize) -> u8 {
    window.get(at & 63).copied().unwrap_or(0)
}

/// Eight digits (0 to 9 in each byte, the first in the lowest) as a number.
#[inline(always)]
fn eight(digits: u64) -> u64 {
    const MASK: u64 = 0x0000_00ff_0000_00ff;
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8);
    let high = (pairs & MASK).wrapping_mul(0x000f_4240_0000_0064);
    let low = ((pairs >> 16) & MASK).wrapping_mul(0x0000_2710_0000_0001);
    high.wrapping_add(low) >> 32
}

/// A mark in the high bit of every byte up to the first that is no digit, which has the lowest.
#[inline(always)]
fn strangers(word: u64) -> u64 {
    (word.wrapping_add(0x7676_7676_7676_7676) | word) & 0x8080_8080_8080_8080
}

/// Reads the number at `at`; gives it and the place behind it. What follows is the caller's to check.
///
/// # Errors
/// A sentence's part for what is no JSON number, or rounds to an infinite `f32`.
#[inline(always)]
pub(super) fn read(bytes: &[u8], at: usize) -> Result<(f32, usize), Fault> {
    // near the end of the bytes, the few numbers left go the long way
    let window = bytes.get(at..).and_then(|rest| rest.first_chunk::<WINDOW>());
    match window.and_then(common) {
        Some((value, length)) => Ok((value, at + length)),
        None => unusual(bytes, at),
    }
}

/// Numbers as servers write them: `-0.012345678901234567`, `1.5e-05`, `0`. Nothing for all others.
#[inline(always)]
fn common(window: &[u8; WINDOW]) -> Option<(f32, usize)> {
    let word = load(window, 0);
    let negative = word as u8 == b'-';
    let mut at = usize::from(negative);
    // the sign is at most one byte: seven of the word's are left, and the eighth is no digit
    let word = (word >> (u32::from(negative) * 8)) ^ DIGITS;
    let mut mantissa;
    if word & 0xff00 == 0x1e00 {
        // one digit and the point
        mantissa = word & 0xff;
        if mantissa > 9 {
            return None;
        }
        at += 1;
    } else {
        let digits = strangers(word | 0xff00_0000_0000_0000).trailing_zeros() >> 3;
        if digits == 0 || digits == 7 || (digits > 1 && word as u8 == 0) {
            return None;
        }
        mantissa = eight(word << (64 - digits * 8));
        at += digits as usize;
    }
    let mut power = 0;
    let mut next = byte(window, at);
    if next == b'.' {
        at += 1;
        let first = at;
        loop {
            let word = load(window, at) ^ DIGITS;
            let stranger = strangers(word);
            if stranger == 0 {
                if mantissa >= 10_000_000_000 {
                    return None;
                }
                mantissa = mantissa.wrapping_mul(100_000_000).wrapping_add(eight(word));
                at += 8;
                if at > 31 {
                    return None;
                }
                continue;
            }
            let digits = (stranger.trailing_zeros() >> 3) as usize;
            if digits > 0 {
                if mantissa >= *WHOLE.get(18 - digits)? {
                    return None;
                }
                mantissa = mantissa.wrapping_mul(*WHOLE.get(digits)?).wrapping_add(eight(word << (64 - digits * 8)));
                at += digits;
            }
            break;
        }
        if at == first {
            return None;
        }
        power = at - first;
        next = byte(window, at);
    }
    let value = if next | 0x20 == b'e' {
        let (exponent, end) = exponent(window, at)?;
        at = end;
        let power = exponent - i32::try_from(power).ok()?;
        let powers = if power < 0 { &PARTS } else { &POWERS };
        mantissa as i64 as f64 * *powers.get(power.unsigned_abs() as usize)?
    } else {
        mantissa as i64 as f64 * *PARTS.get(power)?
    };
    // the rounding of the digits, of the power and of their product: three halves of a unit, which are
    // up to three units just above a power of two; half a unit more for the right one
    let behind = value.to_bits() & 0x1fff_ffff;
    if behind.wrapping_sub(0x0fff_fff8) <= 16 {
        return None;
    }
    let value = if negative { -value } else { value } as f32;
    value.is_finite().then_some((value, at))
}

/// A short exponent: its value and the place behind it.
#[inline(never)]
fn exponent(window: &[u8; WINDOW], mut at: usize) -> Option<(i32, usize)> {
    at += 1;
    let sign = byte(window, at);
    if matches!(sign, b'+' | b'-') {
        at += 1;
    }
    let first = at;
    let mut value = 0_i32;
    loop {
        let digit = byte(window, at).wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        if at - first == 4 {
            return None;
        }
        value = value * 10 + i32::from(digit);
        at += 1;
    }
    let value = if sign == b'-' { -value } else { value };
    (at > first).then_some((value, at))
}

/// How many digits are kept: a value in the middle between two `f64` as large as an `f32` can be
/// has fewer.
const KEPT: usize = 400;

/// Any JSON number, by its grammar.
#[cold]
#[inline(never)]
fn unusual(bytes: &[u8], start: usize) -> Result<(f32, usize), Fault> {
    let byte = |at: usize| bytes.get(at).copied().unwrap_or(0);
    let negative = byte(start) == b'-';
    let mut at = start + usize::from(negative);
    let mut digits = Digits::default();
    let whole = at;
    while byte(at).is_ascii_digit() {
        digits.take(byte(at), false);
        at += 1;
    }
    if at == whole {
        return Err(if negative { "a digit is missing" } else { "a number is missing" });
    }
    if byte(whole) == b'0' && at > whole + 1 {
        return Err("a number begins with a needless zero");
    }
    if byte(at) == b'.' {
        at += 1;
        let first = at;
        while byte(at).is_ascii_digit() {
            digits.take(byte(at), true);
            at += 1;
        }
        if at == first {
            return Err("a digit is missing");
        }
    }
    if byte(at) | 0x20 == b'e' {
        at += 1;
        let down = byte(at) == b'-';
        at += usize::from(matches!(byte(at), b'+' | b'-'));
        let first = at;
        let mut exponent = 0_i64;
        while byte(at).is_ascii_digit() {
            exponent = (exponent * 10 + i64::from(byte(at) - b'0')).min(1 << 40);
            at += 1;
        }
        if at == first {
            return Err("a digit is missing");
        }
        digits.power += if down { -exponent } else { exponent };
    }
    let value = digits.round().ok_or(TOO_LARGE)? as f32;
    if !value.is_finite() {
        return Err(TOO_LARGE);
    }
    Ok((if negative { -value } else { value }, at))
}

/// A decimal number: `number` × 10^`power`.
#[derive(Default)]
struct Digits {
    number: Big,
    /// The first nineteen digits, and how many there are.
    lead: u64,
    leading: i64,
    /// How many digits `number` has.
    count: usize,
    power: i64,
    /// Whether a digit that is not zero was left out.
    more: bool,
}

impl Digits {
    fn take(&mut self, digit: u8, fraction: bool) {
        let digit = digit - b'0';
        self.power -= i64::from(fraction);
        if self.count == 0 && digit == 0 {
            return;
        }
        if self.count == KEPT {
            self.power += 1;
            self.more |= digit != 0;
            return;
        }
        self.count += 1;
        self.number.times(10, u32::from(digit));
        if self.leading < 19 {
            self.lead = self.lead * 10 + u64::from(digit);
            self.leading += 1;
        }
    }

    /// The nearest `f64`, even at ties; zero when an `f32` would be zero, nothing when infinite.
    fn round(mut self) -> Option<f64> {
        let size = self.count as i64 + self.power;
        if self.count == 0 || size < -46 {
            return Some(0.0);
        }
        if size > 39 {
            return None;
        }
        // both are within -46 and 39 but for the digits behind the first nineteen
        let mut power = i32::try_from(self.power + self.count as i64 - self.leading).ok()?;
        let mut near = self.lead as f64;
        while power != 0 {
            let step = power.clamp(-22, 22);
            let of_ten = *POWERS.get(step.unsigned_abs() as usize)?;
            near = if step < 0 { near / of_ten } else { near * of_ten };
            power -= step;
        }
        if self.more {
            self.number.times(10, 1);
            self.power -= 1;
        }
        Some(exact(&self.number, i32::try_from(self.power).ok()?, near))
    }
}

/// The `f64` nearest to `number` × 10^`power`, found from one that is `near`: a few units off at most.
fn exact(number: &Big, power: i32, near: f64) -> f64 {
    let mut bits = near.to_bits();
    // compares the number with the middle between the `f64` of these bits and the next
    let middle = |bits: u64| {
        let mantissa = (bits & 0x000f_ffff_ffff_ffff) | 0x0010_0000_0000_0000;
        let exponent = ((bits >> 52) & 0x7ff) as i32 - 1076;
        let mut left = number.clone();
        let mut right = Big::from(2 * mantissa + 1);
        left.times_power(10, power.max(0));
        right.times_power(10, (-power).max(0));
        left.times_power(2, (-exponent).max(0));
        right.times_power(2, exponent.max(0));
        left.compare(&right)
    };
    for _ in 0..64 {
        let odd = bits & 1 == 1;
        match middle(bits) {
            Ordering::Greater => bits += 1,
            Ordering::Equal if odd => bits += 1,
            _ => match middle(bits - 1) {
                Ordering::Less => bits -= 1,
                Ordering::Equal if odd => bits -= 1,
                _ => break,
            },
        }
    }
    f64::from_bits(bits)
}

/// A whole number of any length, its lowest 32 bits first, no zero at its end.
#[derive(Clone, Default)]
struct Big(Vec<u32>);

impl Big {
    fn from(value: u64) -> Self {
        Self(vec![value as u32, (value >> 32) as u32])
    }

    fn times(&mut self, factor: u32, add: u32) {
        let mut carry = u64::from(add);
        for limb in &mut self.0 {
            carry += u64::from(*limb) * u64::from(factor);
            *limb = carry as u32;
            carry >>= 32;
        }
        if carry > 0 {
            self.0.push(carry as u32);
        }
    }

    fn times_power(&mut self, base: u32, power: i32) {
        // nine digits or twenty-seven bits at a time: both fit a limb
        let (step, factor) = if base == 10 { (9, 1_000_000_000) } else { (27, 1 << 27) };
        for _ in 0..power / step {
            self.times(factor, 0);
        }
        for _ in 0..power % step {
            self.times(base, 0);
        }
    }

    fn compare(&self, other: &Self) -> Ordering {
        self.0.len().cmp(&other.0.len()).then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What `Float32Array.from(JSON.parse(text))` gives: serde_json with exact floats is not switched
    /// on, so the standard library is the judge, after serde_json has judged the grammar.
    fn judged(text: &str) -> Option<u32> {
        serde_json::from_str::<&serde_json::value::RawValue>(text).ok()?;
        let value = text.parse::<f64>().ok()? as f32;
        value.is_finite().then_some(value.to_bits())
    }

    fn ours(text: &str) -> Option<u32> {
        let padded = format!("{text},{}", " ".repeat(WINDOW));
        let (value, end) = read(padded.as_bytes(), 0).ok()?;
        // near the end of the bytes, the answer is the same
        assert_eq!(read(format!("{text},").as_bytes(), 0).map(|(value, _)| value.to_bits()), Ok(value.to_bits()));
        (end == text.len()).then_some(value.to_bits())
    }

    fn same(text: &str) {
        assert_eq!(ours(text), judged(text), "{text}");
    }

    #[test]
    fn the_usual_forms_and_their_edges() {
        for text in [
            "0",
            "-0",
            "0.0",
            "-0.0",
            "1",
            "-1",
            "10",
            "9",
            "1234567",
            "12345678",
            "123456789012345678901234567890",
            "0.1",
            "-0.1",
            "0.5",
            "3.4028234e38",
            "3.4028235677973366e38",
            "3.4028235677973365e38",
            "-3.4028236e38",
            "1e38",
            "1e39",
            "1e400",
            "-1e400",
            "1e-45",
            "1.4e-45",
            "7.006492321624085e-46",
            "7.006492321624086e-46",
            "7e-46",
            "1e-46",
            "1e-400",
            "1.17549435e-38",
            "1.1754943508222875e-38",
            "5e-324",
            "0e999999999999999999",
            "0.000000000000000000000000001e27",
            "16777217",
            "16777219",
            "9007199254740993",
            "0.00000000000000000000000000000000000000000000070064923216240854",
            "1E5",
            "1e+5",
            "1e-5",
            "1.5e05",
            "0.01234567890123456789",
            "99999999999999999999e18",
            "1e00000000000000000005",
            "18446744073709551615",
            "18446744073709551616",
            "0.18446744073709551616",
            "1.00000005960464477539062500",
            "1.00000005960464477539062501",
            "1.00000005960464477539062499",
            "1.00000017881393432617187500",
        ] {
            same(text);
        }
    }

    #[test]
    fn what_is_no_json_number_is_refused() {
        for text in [
            "",
            "-",
            "+1",
            "01",
            "-01",
            "00",
            "1.",
            ".5",
            "-.5",
            "1.e5",
            "1e",
            "1e+",
            "1e-",
            "NaN",
            "Infinity",
            "-Infinity",
            "null",
            "0x10",
            "1_0",
            "\u{661}",
            "--1",
            "e5",
        ] {
            assert!(ours(text).is_none(), "{text}");
            assert!(judged(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_long_number_is_read_to_its_last_digit() {
        // the middle between 1 and the next f64, decided by its 500th digit
        let middle = "1.00000000000000011102230246251565404236316680908203125";
        for tail in ["", "0", "1"] {
            let text = format!("{middle}{}{tail}", "0".repeat(500));
            same(&text);
            same(&format!("{text}e30"));
            same(&format!("{text}e-40"));
        }
        same(&format!("0.{}1", "0".repeat(5000)));
        same(&format!("1{}", "0".repeat(5000)));
        same(&format!("1{}e-5000", "0".repeat(5000)));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn h6_any_f64_as_shortest_text(bits: u64) {
            let value = f64::from_bits(bits);
            if value.is_finite() {
                same(&format!("{value:e}"));
                same(&format!("{value}"));
            }
        }

        #[test]
        fn any_f32_as_nine_and_seventeen_digits(bits: u32) {
            let value = f32::from_bits(bits);
            if value.is_finite() {
                same(&format!("{value}"));
                same(&format!("{value:.8e}"));
                same(&format!("{:.16e}", f64::from(value)));
            }
        }

        #[test]
        fn the_middles_between_two_f32_and_their_neighbours(bits in 0_u32..0x7f7f_ffff, off in -3_i64..=3) {
            let middle = (f64::from(f32::from_bits(bits)) + f64::from(f32::from_bits(bits + 1))) / 2.0;
            let near = f64::from_bits(middle.to_bits().wrapping_add_signed(off));
            same(&format!("{near:e}"));
            same(&format!("{near:.16e}"));
            same(&format!("{near:.60e}"));
            same(&format!("{near:.25}"));
        }

        #[test]
        fn the_middles_between_two_f64(bits in 0x3600_0000_0000_0000_u64..0x47ef_ffff_ffff_ffff, tail in "[0-9]{0,3}") {
            // exact: a f64 and half of its last place have at most 770 digits, these far fewer
            let low = f64::from_bits(bits & !0x1fff_ffff | 0x0fff_ffff);
            let text = format!("{:.300}", low);
            same(&format!("{}{tail}", text));
            same(&format!("{low:.250e}"));
        }

        #[test]
        fn embeddings_as_servers_write_them(value in -1.0_f64..1.0, scale in 0_i32..6) {
            let value = value * 10_f64.powi(-scale);
            for text in [format!("{value}"), format!("{value:.8}"), format!("{value:.9}"), format!("{value:e}"), format!("{}", value as f32)] {
                same(&text);
            }
        }

        #[test]
        fn any_text_of_a_number(text in "-?(0|[1-9][0-9]{0,24})(\\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?") {
            same(&text);
        }

        #[test]
        fn any_text_at_all(text in "[-+0-9.eE]{0,12}") {
            same(&text);
        }
    }
}
