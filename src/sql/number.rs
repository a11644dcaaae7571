//! Numbers as the service writes them, from their bytes: exact, without the standard library's tables.

/// 10⁰ to 10²², all exact.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];

/// A whole number of at most 18 digits; gives it and the place behind it.
#[inline(always)]
pub(super) fn whole(bytes: &[u8], at: usize) -> Option<(i64, usize)> {
    let negative = bytes.get(at) == Some(&b'-');
    let first = at + usize::from(negative);
    let mut at = first;
    let mut value = 0_i64;
    loop {
        let digit = bytes.get(at).copied().unwrap_or(0).wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        value = value.wrapping_mul(10).wrapping_add(i64::from(digit));
        at += 1;
    }
    if at == first || at - first > 18 {
        return None;
    }
    Some((if negative { -value } else { value }, at))
}

/// A decimal number whose nearest `f64` is found without tables; gives it and the place behind it.
#[inline(always)]
pub(super) fn real(bytes: &[u8], at: usize) -> Option<(f64, usize)> {
    let negative = bytes.get(at) == Some(&b'-');
    let first = at + usize::from(negative);
    let mut at = first;
    let mut digits = 0_u64;
    let mut point = usize::MAX;
    loop {
        let byte = bytes.get(at).copied().unwrap_or(0);
        let digit = byte.wrapping_sub(b'0');
        if digit <= 9 {
            digits = digits.wrapping_mul(10).wrapping_add(u64::from(digit));
        } else if byte == b'.' && point == usize::MAX && at > first {
            point = at;
        } else {
            break;
        }
        at += 1;
    }
    let pointed = point != usize::MAX;
    // at most nineteen digits, which a word holds
    if at == first || at - first - usize::from(pointed) > 19 || point.wrapping_add(1) == at {
        return None;
    }
    let behind = if pointed { at - point - 1 } else { 0 };
    let value =
        if digits < 1 << 53 && behind <= 22 { digits as f64 / *POWERS.get(behind)? } else { divided(digits, behind)? };
    Some((if negative { -value } else { value }, at))
}

/// The `f64` nearest to `digits` / 10^`power`, even at ties.
fn divided(digits: u64, power: usize) -> Option<f64> {
    // 5²⁷ is the last power of five that a word holds
    if power > 27 || digits == 0 {
        return None;
    }
    let mut five = 1_u64;
    for _ in 0..power {
        five *= 5;
    }
    let (up, down) = (digits.leading_zeros(), five.leading_zeros());
    let (number, divisor) = (digits << up, five << down);
    // the quotient has its highest bit set in both cases
    let (high, low, shift) = if number < divisor { (number, 0, 64) } else { (number >> 1, number << 63, 63) };
    let (quotient, rest) = divide(high, low, divisor);
    let mut mantissa = quotient >> 11;
    let tail = quotient & 0x7ff;
    mantissa += u64::from(tail > 0x400 || (tail == 0x400 && (rest || mantissa & 1 == 1)));
    let exponent = 11 - shift + down as i32 - up as i32 - power as i32;
    // always a normal number
    let scale = f64::from_bits(((exponent + 1023) as u64) << 52);
    Some(mantissa as f64 * scale)
}

/// `high`·2⁶⁴ + `low` by a `divisor` whose highest bit is set and which is more than `high`: the quotient, and whether
/// something is left. Two digits of 32 bits, as by hand.
fn divide(high: u64, low: u64, divisor: u64) -> (u64, bool) {
    let (top, bottom) = (divisor >> 32, divisor & 0xffff_ffff);
    let digit = |high: u64, next: u64| {
        let mut guess = high / top;
        let mut rest = high % top;
        while guess >> 32 != 0 || guess * bottom > (rest << 32 | next) {
            guess -= 1;
            rest += top;
            if rest >> 32 != 0 {
                break;
            }
        }
        let left = (high << 32 | next).wrapping_sub(guess.wrapping_mul(divisor));
        (guess, left)
    };
    let (first, left) = digit(high, low >> 32);
    let (second, left) = digit(left, low & 0xffff_ffff);
    (first << 32 | second, left != 0)
}

/// Any number, and the words for what is none.
pub(super) fn named(text: &str, slow: fn(&str) -> Option<f64>) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "Infinity" | "inf" | "+Infinity" => Some(f64::INFINITY),
        "-Infinity" | "-inf" => Some(f64::NEG_INFINITY),
        _ => {
            let fits = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-');
            let number = text.bytes().any(|byte| byte.is_ascii_digit()) && text.bytes().all(fits);
            if number { slow(text).filter(|value| !value.is_nan()) } else { None }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str) {
        let padded = [text.as_bytes(), b"\"\0\0\0\0\0\0\0\0"].concat();
        if let Some((value, end)) = real(&padded, 0) {
            if end == text.len() {
                assert_eq!(value.to_bits(), text.parse::<f64>().unwrap().to_bits(), "{text}");
            }
        }
    }

    #[test]
    fn halves_and_edges_round_as_the_standard_library_does() {
        for text in [
            "0",
            "-0",
            "0.0",
            "9007199254740993",
            "9007199254740992.5",
            "9007199254740993.5",
            "1.7976931348623157",
            "0.1",
            "0.30000000000000004",
            "9999999999999999999",
            "0.9999999999999999999",
            "1.0000000000000002",
            "18014398509481985",
            "4503599627370496.5",
            "4503599627370497.5",
            "0.000000000000000000000000001",
        ] {
            check(text);
        }
        assert_eq!(real(b"1.", 0), None);
        assert_eq!(real(b".5", 0), None);
        assert_eq!(real(b"12345678901234567890", 0), None);
    }

    proptest! {
        #[test]
        fn reals_are_the_nearest(digits in "[0-9]{1,20}", behind in "[0-9]{0,27}", negative: bool) {
            let sign = if negative { "-" } else { "" };
            check(&format!("{sign}{digits}"));
            check(&format!("{sign}{digits}.{behind}0"));
            let cut: String = digits.chars().take(3).collect();
            check(&format!("{sign}{cut}.{behind}"));
        }

        #[test]
        fn every_double_comes_back(value in any::<f64>().prop_filter("finite", |value| value.is_finite())) {
            check(&format!("{value}"));
            let small = value % 1000.0;
            let text = format!("{small}");
            check(&text);
        }

        #[test]
        fn whole_numbers_are_exact(value: i64) {
            let text = format!("{value}\"\0\0\0\0\0\0\0\0");
            if let Some((read, _)) = whole(text.as_bytes(), 0) {
                prop_assert_eq!(read, value);
            } else {
                prop_assert!(value.unsigned_abs() >= 1_000_000_000_000_000_000);
            }
        }
    }
}
