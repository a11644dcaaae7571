//! Numbers as their decimal digits: printed without arithmetic on floats, whose code alone would be a third of the small wasm.

/// 0.d₁d₂… × 10^point.
#[derive(Clone, Debug)]
pub(super) struct Decimal {
    negative: bool,
    digits: Vec<u8>,
    point: i64,
}

/// What no 64-bit float reaches.
const FARTHEST: i64 = 400;

impl Decimal {
    /// Reads a JSON number; what is beyond every float is `None`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (negative, rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let at = rest.bytes().position(|byte| matches!(byte, b'e' | b'E')).unwrap_or(rest.len());
        let mantissa = rest.get(..at)?;
        let power = rest.get(at + 1..).unwrap_or("0");
        let power: i64 = power.strip_prefix('+').unwrap_or(power).parse().ok()?;
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = || whole.bytes().chain(fraction.bytes()).map(|byte| byte.wrapping_sub(b'0'));
        if all().any(|digit| digit > 9) {
            return None;
        }
        let zeros = all().take_while(|digit| *digit == 0).count();
        let digits: Vec<u8> = all().skip(zeros).collect();
        let point = (whole.len() as i64).checked_sub(zeros as i64)?.checked_add(power)?;
        match point {
            _ if digits.is_empty() || point < -FARTHEST => Some(Self { negative, digits: Vec::new(), point: 1 }),
            _ if point > FARTHEST => None,
            _ => Some(Self { negative, digits, point }),
        }
    }

    fn is_zero(&self) -> bool {
        self.digits.is_empty()
    }

    /// Whether it is so small that six digits behind the point show nothing.
    pub(super) fn is_small(&self) -> bool {
        !self.is_zero() && self.point < -5
    }

    /// Whether it is more than a million.
    pub(super) fn is_large(&self) -> bool {
        let more = self.digits.first() != Some(&1) || self.digits.iter().skip(1).any(|digit| *digit > 0);
        !self.is_zero() && (self.point > 7 || (self.point == 7 && more))
    }

    /// The same with so many digits, rounded.
    fn rounded(&self, many: i64) -> Self {
        let mut own = self.clone();
        let Ok(many) = usize::try_from(many) else { return Self { digits: Vec::new(), ..own } };
        let cut = own.digits.split_off(many.min(own.digits.len()));
        let (first, rest) = cut.split_first().unwrap_or((&0, &[]));
        let odd = own.digits.last().is_some_and(|digit| digit % 2 == 1);
        if *first > 5 || (*first == 5 && (odd || rest.iter().any(|digit| *digit > 0))) {
            let mut carry = true;
            for digit in own.digits.iter_mut().rev() {
                if !carry {
                    break;
                }
                carry = *digit == 9;
                *digit = if carry { 0 } else { *digit + 1 };
            }
            if carry {
                own.digits.insert(0, 1);
                own.point += 1;
            }
        }
        own
    }

    fn digit(&self, at: i64) -> char {
        let digit = usize::try_from(at).ok().and_then(|at| self.digits.get(at)).copied().unwrap_or(0);
        char::from(b'0' + digit)
    }

    fn signed(&self) -> String {
        if self.negative { "-".to_owned() } else { String::new() }
    }

    /// `12.500000`.
    pub(super) fn fixed(&self) -> String {
        let own = if self.is_zero() { self.clone() } else { self.rounded(self.point + 6) };
        let mut out = own.signed();
        if own.point <= 0 {
            out.push('0');
        }
        for at in 0..own.point {
            out.push(own.digit(at));
        }
        out.push('.');
        for at in own.point..own.point + 6 {
            out.push(own.digit(at));
        }
        out
    }

    /// `1.250000e+01`.
    pub(super) fn powered(&self) -> String {
        let own = self.rounded(7);
        let mut out = own.signed();
        for at in 0..7 {
            out.push(own.digit(at));
            if at == 0 {
                out.push('.');
            }
        }
        let power = own.point - 1;
        out.push_str(if power < 0 { "e-" } else { "e+" });
        if power.unsigned_abs() < 10 {
            out.push('0');
        }
        out.push_str(&power.unsigned_abs().to_string());
        out
    }
}

/// A measure with nine digits behind its point at most, one at least.
pub(super) fn measure(value: f64) -> String {
    let size = value.abs();
    // far beyond any measure of a text
    let whole = if size < 9e15 { size as u64 } else { 9_000_000_000_000_000 };
    let mut rest = ((size - whole as f64) * 1e9 + 0.5) as u64;
    let whole = if rest >= 1_000_000_000 { whole + 1 } else { whole };
    rest %= 1_000_000_000;
    let digits = (rest + 1_000_000_000).to_string();
    let digits = digits.get(1..).unwrap_or("0").trim_end_matches('0');
    let sign = if value < 0.0 && (whole > 0 || rest > 0) { "-" } else { "" };
    [sign, &whole.to_string(), ".", if digits.is_empty() { "0" } else { digits }].concat()
}
