//! The columns of an index: their types, the values they take, and moments of time.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A column's name and its type in lower case, as the catalog writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type, such as `string` or `array<float>`.
    pub type_text: String,
    /// What the source table says of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

impl Column {
    /// What values it holds.
    #[must_use]
    pub fn kind(&self) -> Kind {
        Kind::read(&self.type_text)
    }
}

/// What values a column holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Whole numbers of up to 32 bits.
    Int,
    /// Whole numbers of 64 bits.
    Long,
    /// Numbers with a point.
    Double,
    /// `true` or `false`.
    Boolean,
    /// Text.
    Text,
    /// A day.
    Date,
    /// A moment.
    Timestamp,
    /// A list of one of the above.
    List(Box<Kind>),
    /// Anything else: shown, never compared.
    Other,
}

impl Kind {
    /// The kind of a type written as in `schema_json` or in the catalog.
    #[must_use]
    pub fn read(type_text: &str) -> Self {
        let name = type_text.trim().to_ascii_lowercase();
        if let Some(inner) = name.strip_prefix("array<").and_then(|rest| rest.strip_suffix('>')) {
            return Self::List(Box::new(Self::read(inner)));
        }
        match name.split('(').next().unwrap_or_default() {
            "integer" | "int" | "smallint" | "short" | "tinyint" | "byte" => Self::Int,
            "long" | "bigint" => Self::Long,
            "float" | "double" | "decimal" => Self::Double,
            "boolean" => Self::Boolean,
            "string" | "varchar" | "char" => Self::Text,
            "date" => Self::Date,
            "timestamp" | "timestamp_ntz" => Self::Timestamp,
            _ => Self::Other,
        }
    }

    /// Whether a column of this kind can hold this value.
    #[must_use]
    pub fn takes(&self, value: &Value) -> bool {
        match (self, value) {
            (_, Value::Null) | (Self::Other, _) => true,
            (Self::List(inner), Value::Array(items)) => items.iter().all(|item| !item.is_null() && inner.takes(item)),
            (Self::List(_), _) => false,
            (Self::Int, value) => value.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
            (Self::Long, value) => value.is_i64(),
            _ => Scalar::read(self, value).is_some(),
        }
    }
}

/// One value that can be compared.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Scalar {
    /// A whole number.
    Int(i64),
    /// A number with a point.
    Double(f64),
    /// Text.
    Text(String),
    /// `true` or `false`.
    Bool(bool),
    /// A day or a moment, in microseconds since 1970.
    Time(i64),
}

impl Scalar {
    /// The value as a column of this kind compares it; `None` if it does not fit.
    #[must_use]
    pub(super) fn read(kind: &Kind, value: &Value) -> Option<Self> {
        match kind {
            Kind::Int | Kind::Long => value.as_i64().map(Self::Int).or_else(|| value.as_f64().map(Self::Double)),
            Kind::Double => value.as_f64().map(Self::Double),
            Kind::Boolean => value.as_bool().map(Self::Bool),
            Kind::Text => value.as_str().map(|text| Self::Text(text.to_owned())),
            Kind::Date | Kind::Timestamp => value.as_str().and_then(moment).map(Self::Time),
            Kind::List(inner) => Self::read(inner, value),
            Kind::Other => None,
        }
    }

    /// Which comes first; `None` for values of different kinds.
    #[must_use]
    pub(super) fn against(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Int(one), Self::Int(other)) | (Self::Time(one), Self::Time(other)) => Some(one.cmp(other)),
            (Self::Text(one), Self::Text(other)) => Some(one.cmp(other)),
            (Self::Bool(one), Self::Bool(other)) => Some(one.cmp(other)),
            _ => self.number()?.partial_cmp(&other.number()?),
        }
    }

    // comparing a whole number with one that has a point: digits beyond 2^53 do not matter there
    #[allow(clippy::cast_precision_loss)]
    fn number(&self) -> Option<f64> {
        match self {
            Self::Int(number) => Some(*number as f64),
            Self::Double(number) => Some(*number),
            _ => None,
        }
    }
}

/// Microseconds since 1970 of `2024-05-06`, `2024-05-06T07:08:09.5Z`, `2024-05-06 07:08:09+02:00`; without a zone it is UTC.
#[must_use]
pub(super) fn moment(text: &str) -> Option<i64> {
    let text = text.trim();
    let (date, time) = match text.find(['T', 't', ' ']) {
        Some(at) => (text.get(..at)?, text.get(at + 1..)?),
        None => (text, ""),
    };
    let days = days(date)?;
    if time.is_empty() {
        return (date.len() == text.len()).then_some(days.checked_mul(86_400_000_000)?);
    }
    let (clock, offset) = match time.find(['Z', 'z', '+', '-']) {
        Some(at) => (time.get(..at)?, zone(time.get(at..)?)?),
        None => (time, 0),
    };
    let mut parts = clock.splitn(3, ':');
    let hours = digits(parts.next()?, 2)?;
    let minutes = digits(parts.next()?, 2)?;
    let (seconds, fraction) = parts.next().map_or(Some((0, 0)), |rest| match rest.split_once('.') {
        Some((whole, part)) => {
            let kept: String = part.chars().chain("000000".chars()).take(6).collect();
            let fits = !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
            Some((digits(whole, 2)?, fits.then(|| digits(&kept, 6))??))
        }
        None => Some((digits(rest, 2)?, 0)),
    })?;
    if hours > 23 || minutes > 59 || seconds > 59 {
        return None;
    }
    let of_day = (hours * 3600 + minutes * 60 + seconds) * 1_000_000 + fraction;
    days.checked_mul(86_400_000_000)?.checked_add(of_day)?.checked_sub(offset)
}

fn digits(text: &str, length: usize) -> Option<i64> {
    (text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

/// `Z`, `+02:00`, `-0530`, in microseconds.
fn zone(text: &str) -> Option<i64> {
    if text.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let plain = text.get(1..)?.replace(':', "");
    let number = digits(&plain, 4)?;
    (number / 100 <= 14 && number % 100 <= 59).then_some(sign * (number / 100 * 60 + number % 100) * 60_000_000)
}

/// Days since 1970 of `2024-05-06`.
fn days(date: &str) -> Option<i64> {
    let mut parts = date.splitn(3, '-');
    let (year, month, day) =
        (digits(parts.next()?, 4)?, digits(parts.next()?, 2)?, parts.next().and_then(|day| digits(day, 2))?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let longest = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=longest).contains(&day) {
        return None;
    }
    // counted from March, so that the leap day is the last of its year
    let shifted = if month > 2 { year } else { year - 1 };
    let era = shifted.div_euclid(400);
    let of_era = shifted.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn moments_of_time() {
        assert_eq!(moment("1970-01-01"), Some(0));
        assert_eq!(moment("1970-01-02T00:00:01Z"), Some(86_401_000_000));
        assert_eq!(moment("2000-02-29 12:00:00.5"), Some(951_825_600_500_000));
        assert_eq!(moment("2024-05-06T07:00:00+02:00"), moment("2024-05-06T05:00:00Z"));
        assert_eq!(moment("1969-12-31T23:59:59Z"), Some(-1_000_000));
        for bad in ["", "yesterday", "2023-02-29", "2023-13-01", "2023-01-01T25:00:00", "2023-01-01Tx", "2023-1-1"] {
            assert_eq!(moment(bad), None, "{bad}");
        }
    }

    #[test]
    fn values_fit_their_columns() {
        for (kind, good, bad) in [
            ("integer", json!(5), json!(5_000_000_000_i64)),
            ("long", json!(5_000_000_000_i64), json!("5")),
            ("double", json!(1.5), json!("1.5")),
            ("boolean", json!(true), json!(1)),
            ("string", json!("x"), json!(1)),
            ("date", json!("2024-01-02"), json!("soon")),
            ("timestamp", json!("2024-01-02T03:04:05Z"), json!("soon")),
            ("array<float>", json!([1, 2.5]), json!([1, "x"])),
        ] {
            assert!(Kind::read(kind).takes(&good), "{kind} {good}");
            assert!(!Kind::read(kind).takes(&bad), "{kind} {bad}");
        }
        // an integer column takes whole numbers only, however they are compared
        assert!(!Kind::Int.takes(&json!(1.5)));
        assert_eq!(Kind::read("decimal(10,2)"), Kind::Double);
    }

    #[test]
    fn long_numbers_are_compared_exactly() {
        let (small, large) = (Scalar::Int(9_007_199_254_740_992), Scalar::Int(9_007_199_254_740_993));
        assert_eq!(small.against(&large), Some(Ordering::Less));
        assert_eq!(Scalar::Int(2).against(&Scalar::Double(2.5)), Some(Ordering::Less));
        assert_eq!(Scalar::Int(2).against(&Scalar::Text("2".into())), None);
    }
}
