//! Times as protobuf writes them in JSON.

/// Milliseconds since 1970 as `2026-03-01T10:20:30.123Z`; whole seconds without a fraction.
pub(super) fn iso(ms: i64) -> String {
    let (whole, milli) = crate::civil::time(ms);
    let fraction = if milli == 0 { String::new() } else { format!(".{milli:03}") };
    format!("{whole}{fraction}Z")
}

/// What [`iso`] writes, and RFC 3339 with other offsets and fractions.
pub(super) fn parse(text: &str) -> Option<i64> {
    let (date, time) = text.split_once(['T', 't'])?;
    let mut date = date.splitn(3, '-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let zone = time.find(['Z', 'z', '+', '-'])?;
    let (time, zone) = time.split_at(zone);
    let offset = match zone {
        "Z" | "z" => 0,
        zone => {
            let (hours, minutes) = zone.get(1..)?.split_once(':')?;
            let minutes = hours.parse::<i64>().ok()? * 60 + minutes.parse::<i64>().ok()?;
            if zone.starts_with('-') { -minutes } else { minutes }
        }
    };
    let (time, fraction) = time.split_once('.').unwrap_or((time, ""));
    let mut time = time.splitn(3, ':').map(|part| part.parse::<i64>().ok());
    let (hour, minute, second) = (time.next()??, time.next()??, time.next()??);
    let fits = (1..=12).contains(&month) && (1..=31).contains(&day) && (0..24).contains(&hour);
    if !fits || !(0..60).contains(&minute) || !(0..61).contains(&second) {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    let days = era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468;
    let seconds = days * 86_400 + hour * 3600 + (minute - offset) * 60 + second;
    Some(seconds * 1000 + millis(fraction)?)
}

/// A duration such as `0.412s`, in milliseconds.
pub(super) fn parse_duration(text: &str) -> Option<i64> {
    let text = text.strip_suffix('s')?;
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
    let ms = millis(fraction)?;
    let whole = seconds.parse::<i64>().ok()?.checked_mul(1000)?;
    Some(if seconds.starts_with('-') { whole - ms } else { whole + ms })
}

/// A duration in milliseconds, as protobuf writes it: `2s`, `1.500s`.
pub(super) fn duration(ms: i64) -> String {
    if ms % 1000 == 0 { format!("{}s", ms / 1000) } else { format!("{}.{:03}s", ms / 1000, ms.rem_euclid(1000)) }
}

/// The digits after the point, as milliseconds.
fn millis(fraction: &str) -> Option<i64> {
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let padded: String = fraction.chars().chain("000".chars()).take(3).collect();
    padded.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_there_and_back() {
        for ms in [0, 1_772_360_430_123, 951_782_400_000, 4_107_542_399_999, -1] {
            assert_eq!(parse(&iso(ms)), Some(ms), "{ms}");
        }
        assert_eq!(iso(1_772_360_430_123), "2026-03-01T10:20:30.123Z");
        assert_eq!(iso(1_772_360_430_000), "2026-03-01T10:20:30Z");
        assert_eq!(parse("2026-03-01T12:20:30.1239999+02:00"), Some(1_772_360_430_123));
        for bad in ["nonsense", "2026-13-01T00:00:00Z", "2026-03-01T10:20:30", "2026-03-01T10:20:30.xZ"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn durations_there_and_back() {
        for (ms, text) in [(412, "0.412s"), (2000, "2s"), (1500, "1.500s"), (0, "0s")] {
            assert_eq!(duration(ms), text);
            assert_eq!(parse_duration(text), Some(ms));
        }
        assert_eq!(parse_duration("0.41239s"), Some(412));
        assert_eq!(parse_duration("5"), None);
    }
}
