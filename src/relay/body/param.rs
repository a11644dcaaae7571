//! Values of named statements: each by the type that the policy gives its parameter.

use std::borrow::Cow;

use crate::relay::grammar::number_of;
use crate::wire::json::Raw;

/// The types, for sentences.
pub(in crate::relay) const TYPES: &str =
    "STRING, BOOLEAN, TINYINT, SMALLINT, INT, BIGINT, FLOAT, DOUBLE, DECIMAL(p,s), DATE, TIMESTAMP or TIMESTAMP_NTZ";
/// How long a text may be, in bytes.
const LONGEST: usize = 16_384;

/// A type that can be checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::relay) enum Type {
    Text,
    Boolean,
    /// Within so many bits.
    Whole(u32),
    Real,
    /// Digits in all, and behind the point.
    Decimal(usize, usize),
    Date,
    Timestamp,
}

impl Type {
    /// The type by its SQL text, in upper case.
    pub(in crate::relay) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "STRING" => Self::Text,
            "BOOLEAN" => Self::Boolean,
            "TINYINT" => Self::Whole(8),
            "SMALLINT" => Self::Whole(16),
            "INT" => Self::Whole(32),
            "BIGINT" => Self::Whole(64),
            "FLOAT" | "DOUBLE" => Self::Real,
            "DATE" => Self::Date,
            "TIMESTAMP" | "TIMESTAMP_NTZ" => Self::Timestamp,
            _ => {
                let (digits, scale) = text.strip_prefix("DECIMAL(")?.strip_suffix(')')?.split_once(',')?;
                let (digits, scale) = (number_of(digits)?, number_of(scale)?);
                let fits = (1..=38).contains(&digits) && scale <= digits;
                fits.then_some(Self::Decimal(usize::try_from(digits).ok()?, usize::try_from(scale).ok()?))?
            }
        })
    }

    /// The text of a value of this type; nothing when it is none.
    pub(in crate::relay) fn read<'a>(self, value: Raw<'a>) -> Option<Cow<'a, str>> {
        let said = value.as_str();
        let is_text = said.is_some();
        let text = said.unwrap_or(Cow::Borrowed(value.text()));
        let fits = match self {
            Self::Text => is_text && text.len() <= LONGEST,
            Self::Boolean => !is_text && matches!(&*text, "true" | "false"),
            Self::Whole(bits) => whole(&text, bits),
            Self::Real => !is_text && text.len() <= 40 && text.starts_with(|c: char| c == '-' || c.is_ascii_digit()),
            Self::Decimal(digits, scale) => decimal(&text, digits, scale),
            Self::Date => is_text && date(&text),
            Self::Timestamp => is_text && timestamp(&text),
        };
        fits.then_some(text)
    }
}

fn whole(text: &str, bits: u32) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
    let half = 1_i128 << (bits - 1);
    plain && digits.len() <= 19 && text.parse::<i128>().is_ok_and(|number| (-half..half).contains(&number))
}

fn decimal(text: &str, digits: usize, scale: usize) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let (front, behind) = text.split_once('.').unwrap_or((text, "0"));
    let numbers = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let behind_needed = if text.contains('.') { behind.len() } else { 0 };
    numbers(front) && numbers(behind) && behind_needed <= scale && front.trim_start_matches('0').len() <= digits - scale
}

/// `2024-03-09`
fn date(text: &str) -> bool {
    let part = |from: usize, to: usize| {
        let part = text.get(from..to)?;
        part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse::<u32>().ok()).flatten()
    };
    text.len() == 10
        && text.get(4..5) == Some("-")
        && text.get(7..8) == Some("-")
        && part(0, 4).is_some()
        && part(5, 7).is_some_and(|month| (1..=12).contains(&month))
        && part(8, 10).is_some_and(|day| (1..=31).contains(&day))
}

/// `2024-03-09T10:11:12.5+01:00`, or with a space, or a part of it from the front.
fn timestamp(text: &str) -> bool {
    let Some((day, rest)) = text.split_at_checked(10) else { return false };
    let marks = |byte: u8| byte.is_ascii_digit() || matches!(byte, b':' | b'.' | b'+' | b'-' | b'Z');
    date(day)
        && text.len() <= 40
        && (rest.is_empty() || (rest.len() > 5 && rest.starts_with(['T', ' ']) && rest.bytes().skip(1).all(marks)))
}
