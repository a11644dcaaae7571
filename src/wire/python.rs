//! Values as Python prints them.

/// `repr()` of a text.
pub(crate) fn push_quoted(out: &mut String, text: &str) {
    let quote = if text.as_bytes().contains(&b'\'') && !text.as_bytes().contains(&b'"') { '"' } else { '\'' };
    out.push(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ if c == quote => {
                out.push('\\');
                out.push(c);
            }
            _ if printable(c) => out.push(c),
            _ => push_escape(out, u32::from(c)),
        }
    }
    out.push(quote);
}

/// Whether Python shows a character as it is. It asks the Unicode tables; these are their ranges of controls, formats, spaces
/// and private use, unassigned characters left out.
fn printable(c: char) -> bool {
    !matches!(u32::from(c),
        0..=0x1f | 0x7f..=0xa0 | 0xad | 0x600..=0x605 | 0x61c | 0x6dd | 0x70f | 0x1680 | 0x180e | 0x2000..=0x200f
        | 0x2028..=0x202f | 0x205f..=0x206f | 0x3000 | 0xe000..=0xf8ff | 0xfeff | 0xfff0..=0xfffb | 0xfffe..=0xffff
        | 0xe0000..=0xe007f | 0xf0000..)
}

fn push_hex(out: &mut String, value: u32, digits: u32) {
    for place in (0..digits).rev() {
        out.push(char::from_digit((value >> (4 * place)) & 15, 16).unwrap_or('0'));
    }
}

/// A character by its number.
pub(crate) fn push_escape(out: &mut String, code: u32) {
    let (letter, digits) = match code {
        0..=0xff => ('x', 2),
        0x100..=0xffff => ('u', 4),
        _ => ('U', 8),
    };
    out.push('\\');
    out.push(letter);
    push_hex(out, code, digits);
}

/// `repr()` of a float out of the service's digits: no arithmetic, so no digit is lost.
pub(crate) fn push_float(out: &mut String, cell: &str) {
    let (sign, rest) = match cell.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", cell),
    };
    match rest.to_ascii_lowercase().as_str() {
        "nan" => return out.push_str("nan"),
        "infinity" | "inf" => {
            out.push_str(sign);
            return out.push_str("inf");
        }
        _ => {}
    }
    let at = rest.bytes().position(|byte| matches!(byte, b'e' | b'E'));
    let (mantissa, exponent) = match at {
        Some(at) => (rest.get(..at).unwrap_or(""), rest.get(at + 1..).and_then(integer)),
        None => (rest, Some(0)),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: String = [whole, fraction].concat();
    let (Some(exponent), true) = (exponent, !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
    else {
        return push_quoted(out, cell);
    };
    out.push_str(sign);
    let leading = digits.bytes().take_while(|byte| *byte == b'0').count();
    let digits = digits.get(leading..).unwrap_or("").trim_end_matches('0');
    // 0.d₁d₂… × 10^point
    let point = whole.len() as i64 - leading as i64 + exponent;
    if digits.is_empty() {
        out.push_str("0.0");
    } else if !(-3..=16).contains(&point) {
        let (first, more) = digits.split_at_checked(1).unwrap_or((digits, ""));
        out.push_str(first);
        if !more.is_empty() {
            out.push('.');
            out.push_str(more);
        }
        out.push('e');
        let power = point - 1;
        out.push(if power < 0 { '-' } else { '+' });
        push_padded(out, power.unsigned_abs(), 2);
    } else if point <= 0 {
        out.push_str("0.");
        push_zeros(out, point.unsigned_abs());
        out.push_str(digits);
    } else {
        let point = point.unsigned_abs() as usize;
        match digits.split_at_checked(point) {
            Some((whole, fraction)) => {
                out.push_str(whole);
                out.push('.');
                out.push_str(if fraction.is_empty() { "0" } else { fraction });
            }
            None => {
                out.push_str(digits);
                push_zeros(out, (point - digits.len()) as u64);
                out.push_str(".0");
            }
        }
    }
}

fn integer(text: &str) -> Option<i64> {
    text.strip_prefix('+').unwrap_or(text).parse().ok().filter(|value: &i64| value.unsigned_abs() < 10_000)
}

fn push_zeros(out: &mut String, count: u64) {
    for _ in 0..count {
        out.push('0');
    }
}

/// Digits, with zeros in front of them to a width.
pub(crate) fn push_padded(out: &mut String, value: u64, width: usize) {
    let mut digits = [b'0'; 20];
    let mut left = value;
    let mut used = 0;
    for digit in digits.iter_mut().rev() {
        if left == 0 && used >= width {
            break;
        }
        *digit = b'0' + (left % 10) as u8;
        left /= 10;
        used += 1;
    }
    let from = digits.len() - used;
    for digit in digits.get(from..).unwrap_or(&[]) {
        out.push(char::from(*digit));
    }
}
