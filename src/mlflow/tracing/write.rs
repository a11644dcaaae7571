//! Writing JSON, piece by piece.

use crate::wire::json::push_string;

/// JSON under way. Commas come by themselves.
#[derive(Default)]
pub(super) struct Writer(String);

impl Writer {
    pub(super) fn finish(self) -> String {
        self.0
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    fn comma(&mut self) {
        if !matches!(self.0.as_bytes().last(), None | Some(b'{' | b'[' | b':')) {
            self.0.push(',');
        }
    }

    pub(super) fn open(&mut self, bracket: char) -> &mut Self {
        self.comma();
        self.0.push(bracket);
        self
    }

    pub(super) fn close(&mut self, bracket: char) -> &mut Self {
        self.0.push(bracket);
        self
    }

    pub(super) fn key(&mut self, key: &str) -> &mut Self {
        self.comma();
        push_string(&mut self.0, key);
        self.0.push(':');
        self
    }

    pub(super) fn string(&mut self, value: &str) -> &mut Self {
        self.comma();
        push_string(&mut self.0, value);
        self
    }

    pub(super) fn raw(&mut self, json: &str) -> &mut Self {
        self.comma();
        self.0.push_str(json);
        self
    }

    pub(super) fn number(&mut self, value: u64) -> &mut Self {
        self.raw(&value.to_string())
    }

    /// `{"key":"value",…}` of texts.
    pub(super) fn texts(&mut self, fields: &[(String, String)]) -> &mut Self {
        self.open('{');
        for (key, value) in fields {
            self.key(key).string(value);
        }
        self.close('}')
    }

    /// `{"key":value,…}` of JSON texts.
    pub(super) fn values(&mut self, fields: &[(String, String)]) -> &mut Self {
        self.open('{');
        for (key, value) in fields {
            self.key(key).raw(value);
        }
        self.close('}')
    }
}

/// Seconds and milliseconds of a length of time, as protobuf's JSON writes a duration: `0.412s`.
pub(super) fn duration(ns: u64) -> String {
    let ms = ns / 1_000_000;
    let mut out = (ms / 1000).to_string();
    out.push('.');
    push_digits(&mut out, ms % 1000, 3);
    out.push('s');
    out
}

/// A moment as RFC 3339 with milliseconds: `2026-03-01T10:20:30.123Z`.
pub(super) fn rfc3339(ns: u64) -> String {
    let ms = ns / 1_000_000;
    let (days, of_day) = (ms / 86_400_000, ms % 86_400_000);
    // days since 0000-03-01, in eras of 400 years (Howard Hinnant's civil_from_days)
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march + 2) / 5 + 1;
    let month = if march < 10 { march + 3 } else { march - 9 };
    let year = year + era * 400 + u64::from(month <= 2);
    let mut out = String::new();
    for (value, width, then) in [
        (year, 4, '-'),
        (month, 2, '-'),
        (day, 2, 'T'),
        (of_day / 3_600_000, 2, ':'),
        (of_day / 60_000 % 60, 2, ':'),
        (of_day / 1000 % 60, 2, '.'),
        (of_day % 1000, 3, 'Z'),
    ] {
        push_digits(&mut out, value, width);
        out.push(then);
    }
    out
}

fn push_digits(out: &mut String, value: u64, width: usize) {
    let digits = value.to_string();
    for _ in digits.len()..width {
        out.push('0');
    }
    out.push_str(&digits);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_as_the_calendar_has_them() {
        for (ms, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_399_999, "2000-02-28T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_709_251_200_001, "2024-03-01T00:00:00.001Z"),
            (1_772_360_430_123, "2026-03-01T10:20:30.123Z"),
            (4_102_444_800_000, "2100-01-01T00:00:00.000Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(rfc3339(ms * 1_000_000 + 999_999), text);
        }
        assert_eq!(duration(412_000_000), "0.412s");
        assert_eq!(duration(61_005_999_999), "61.005s");
    }
}
