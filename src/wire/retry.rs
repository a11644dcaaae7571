//! When to send a call again: attempt, failure, limits and a random draw to a wait, or to giving up.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::error::{Error, ErrorKind, TimeoutPhase};
use crate::wire::answer::Headers;
use crate::wire::call::Repeat;
use crate::wire::find::whole;

/// The shortest wait before another attempt: a `Retry-After: 0` must not become a hot loop.
const SHORTEST_WAIT: Duration = Duration::from_millis(50);
/// The longest wait a service is quoted with; hostile headers name far longer ones.
const LONGEST_QUOTED: Duration = Duration::from_secs(365 * 24 * 3600);

/// How often and how long a failed call is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryLimits {
    /// Requests per call, the first included; 1 means no retry.
    pub max_attempts: u32,
    /// The wait before the second attempt is drawn from 0 to twice this, then doubled each time.
    pub base: Duration,
    /// The longest such wait.
    pub cap: Duration,
    /// The longest `Retry-After` that is waited for; a longer one is an error at once.
    pub max_retry_after: Duration,
    /// What the client's [`RetryBudget`] holds when full.
    pub budget: u32,
}

impl Default for RetryLimits {
    /// 3 attempts, 0.5 s doubling up to 20 s, `Retry-After` up to 60 s, a budget of 500.
    fn default() -> Self {
        Self {
            max_attempts: 3,
            base: Duration::from_millis(500),
            cap: Duration::from_secs(20),
            max_retry_after: Duration::from_secs(60),
            budget: 500,
        }
    }
}

/// What to do after a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Wait this long, then send the call again.
    Wait(Duration),
    /// Report the failure.
    GiveUp,
}

/// Judges a failed attempt, the `attempt`-th of its call (the first is 1).
///
/// `random` is a draw from 0 to 1; `remaining` is what the total limit leaves, when there is one. A
/// wait never ends before a `Retry-After` allows, and never at or after the total limit.
#[must_use]
pub fn verdict(
    attempt: u32,
    failure: &Error,
    repeat: Repeat,
    limits: &RetryLimits,
    random: f64,
    remaining: Option<Duration>,
) -> Verdict {
    if attempt >= limits.max_attempts || !may_repeat(failure, repeat) {
        return Verdict::GiveUp;
    }
    let throttled = matches!(failure.status(), Some(429 | 503));
    // Throttled clients are many at once: twice the window spreads them further.
    let doublings = attempt.saturating_add(u32::from(throttled)).min(31);
    let window = limits.base.saturating_mul(1 << doublings).min(limits.cap);
    let wait = match failure.retry_after() {
        Some(asked) if asked > limits.max_retry_after => return Verdict::GiveUp,
        Some(asked) if !asked.is_zero() => {
            let spread = asked.clamp(Duration::from_millis(500), Duration::from_millis(1500));
            asked + part(spread, random)
        }
        _ => part(window, random).max(SHORTEST_WAIT),
    };
    match remaining {
        Some(remaining) if wait >= remaining => Verdict::GiveUp,
        _ => Verdict::Wait(wait),
    }
}

/// A part of a duration. `Duration::mul_f64` would do, at many times the size in the wasm.
fn part(of: Duration, share: f64) -> Duration {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "waits are minutes at most, and a cast of a negative or odd number gives 0"
    )]
    Duration::from_millis((of.as_millis() as f64 * share) as u64)
}

/// Whether this failure allows this kind of call to be sent again at all.
fn may_repeat(failure: &Error, repeat: Repeat) -> bool {
    if failure.error_code().is_some_and(is_permanent) {
        return false;
    }
    let repeatable = repeat != Repeat::Never;
    match failure.kind() {
        // refused before any work was done
        ErrorKind::TooManyRequests => true,
        ErrorKind::TemporarilyUnavailable => {
            repeatable || (failure.status() == Some(503) && failure.retry_after().is_some())
        }
        ErrorKind::InternalError | ErrorKind::Truncated => repeatable,
        ErrorKind::Connect => repeatable || !failure.maybe_processed(),
        ErrorKind::DeadlineExceeded => match failure.phase() {
            Some(TimeoutPhase::Total | TimeoutPhase::Tool) => false,
            Some(TimeoutPhase::Connect) => repeatable || !failure.maybe_processed(),
            _ => repeatable,
        },
        _ => false,
    }
}

/// Whether a service's error code says that waiting will not help: a used-up quota, not a rate.
#[must_use]
pub fn is_permanent(error_code: &str) -> bool {
    // the codes of external model providers, which serving endpoints pass through
    matches!(error_code, "insufficient_quota" | "billing_hard_limit_reached" | "billing_not_active" | "quota_exceeded")
}

/// How many retries a client may still send, whatever its calls ask for.
///
/// When a service is down for good, retries of many calls would only add load. Each retry takes from
/// the budget, each success gives a little back; first attempts are never held back.
#[derive(Debug)]
pub struct RetryBudget {
    left: AtomicU32,
    capacity: u32,
}

impl RetryBudget {
    const COST: u32 = 5;
    const COST_AFTER_TIMEOUT: u32 = 10;

    /// A full budget.
    #[must_use]
    pub fn new(capacity: u32) -> Self {
        Self { left: AtomicU32::new(capacity), capacity }
    }

    /// Takes the price of one retry; a retry after a timeout costs double, as it held a connection
    /// for long. `false` when too little is left.
    #[must_use]
    pub fn withdraw(&self, after_timeout: bool) -> bool {
        let cost = if after_timeout { Self::COST_AFTER_TIMEOUT } else { Self::COST };
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(cost)).is_ok()
    }

    /// Gives back a little after a good answer.
    pub fn deposit(&self) {
        let full = self.capacity;
        let more = |left: u32| if left < full { Some(left + 1) } else { None };
        // full is no failure
        let _ = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
    }

    /// What is left.
    #[must_use]
    pub fn left(&self) -> u32 {
        self.left.load(Ordering::Relaxed)
    }
}

/// How long the service asks to wait: `retry-after-ms`, else `retry-after` in seconds or as a date.
///
/// `wall_clock` is the time since the Unix epoch, for dates only; the answer's own `date` goes before
/// it, since the local clock may be wrong. Of repeated headers the first readable one counts. What is
/// negative, past or garbage is `None`; what is far too long is quoted as one year.
#[must_use]
pub fn retry_after(headers: &Headers, wall_clock: Duration) -> Option<Duration> {
    if let Some(wait) = headers.all("retry-after-ms").find_map(|value| decimal(value, 0)) {
        return Some(wait);
    }
    let date = |value: &str| {
        let now = headers.get("date").and_then(http_date).unwrap_or(wall_clock.as_secs());
        http_date(value).and_then(|then| then.checked_sub(now)).filter(|secs| *secs > 0).map(Duration::from_secs)
    };
    // joined by commas when a transport folds repeated headers; a date holds one comma itself
    headers
        .all("retry-after")
        .find_map(|value| value.split(',').find_map(|part| decimal(part, 3)).or_else(|| date(value.trim())))
        .map(|wait| wait.min(LONGEST_QUOTED))
}

/// A decimal number times 10^`scale`, as milliseconds. Hand-made: the standard float parser would
/// add ten kilobytes to the wasm, and would take `inf` and `nan`.
pub(crate) fn decimal(text: &str, scale: i32) -> Option<Duration> {
    let text = text.trim();
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => {
            let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            let size = whole(digits).and_then(|size| i32::try_from(size).ok()).unwrap_or(9999).min(9999);
            (mantissa, if exponent.starts_with('-') { -size } else { size })
        }
        None => (text, 0),
    };
    let (units, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if units.is_empty() || !units.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut millis = 0_u64;
    // how many digits stand before the point once the scale is applied
    let mut places = i64::try_from(units.len()).unwrap_or(i64::MAX).saturating_add(i64::from(scale + exponent));
    for digit in units.bytes().chain(fraction.bytes()) {
        if places <= 0 {
            break;
        }
        millis = millis.saturating_mul(10).saturating_add(u64::from(digit - b'0'));
        places -= 1;
    }
    while places > 0 && millis != 0 && millis != u64::MAX {
        millis = millis.saturating_mul(10);
        places -= 1;
    }
    Some(Duration::from_millis(millis).min(LONGEST_QUOTED))
}

/// An HTTP date as seconds since the Unix epoch: the IMF form, RFC 850's and asctime's.
fn http_date(text: &str) -> Option<u64> {
    let (_, rest) = text.split_once(' ')?;
    let mut words = rest.split([' ', '-']).filter(|word| !word.is_empty());
    let first = words.next()?;
    let (day, month, year, time) = if first.len() == 3 {
        // asctime: Sun Nov  6 08:49:37 1994
        let (day, time) = (words.next()?, words.next()?);
        (day, first, words.next()?, time)
    } else {
        let (month, year) = (words.next()?, words.next()?);
        (first, month, year, words.next()?)
    };
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = MONTHS.iter().position(|name| *name == month)? as u64 + 1;
    let number = |text: &str| -> Option<u64> {
        if text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit()) { whole(text) } else { None }
    };
    let mut clock = time.split(':');
    let (hour, minute, second) = (number(clock.next()?)?, number(clock.next()?)?, number(clock.next()?)?);
    let (day, mut year) = (number(day)?, number(year)?);
    if year < 100 {
        // RFC 850 has two digits; no date of this protocol is older than 1970
        year += if year < 70 { 2000 } else { 1900 };
    }
    if year < 1970 || !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    // days from a calendar date, counted from March so that the leap day is the year's last
    let (shifted, from_march) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let day_of_year = (153 * from_march + 2) / 5 + day - 1;
    let days = shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + day_of_year;
    let since_epoch = days.checked_sub(719_468)?;
    Some(((since_epoch * 24 + hour) * 60 + minute) * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn asked(pairs: &[(&str, &str)]) -> Option<Duration> {
        retry_after(&Headers::new(pairs.iter().copied()), Duration::from_secs(784_111_777))
    }

    fn secs(secs: u64) -> Option<Duration> {
        Some(Duration::from_secs(secs))
    }

    #[test]
    fn d1_d7_d8_numbers_in_headers() {
        assert_eq!(asked(&[("Retry-After", "2")]), secs(2));
        assert_eq!(asked(&[("retry-after", " 1.5 ")]), Some(Duration::from_millis(1500)));
        assert_eq!(asked(&[("retry-after", "garbage"), ("retry-after", "7")]), secs(7));
        assert_eq!(asked(&[("retry-after", "3, 9")]), secs(3));
        assert_eq!(asked(&[("retry-after-ms", "250"), ("retry-after", "9")]), Some(Duration::from_millis(250)));
        assert_eq!(asked(&[("retry-after-ms", "x"), ("retry-after", "9")]), secs(9));
        for garbage in ["garbage", "", "inf", "nan", "1e", "1e+", ".5", "0x10", "+3", "1 2", "--1", "e5"] {
            assert_eq!(asked(&[("retry-after", garbage)]), None, "{garbage}");
        }
        assert_eq!(asked(&[("retry-after", "25e-1")]), Some(Duration::from_millis(2500)));
        assert_eq!(asked(&[]), None);
    }

    #[test]
    fn d2_d3_dates_in_all_three_forms() {
        // the wall clock stands at 08:49:37
        for (date, expected) in [
            ("Sun, 06 Nov 1994 08:49:40 GMT", secs(3)),
            ("Sunday, 06-Nov-94 08:49:40 GMT", secs(3)),
            ("Sun Nov  6 08:49:40 1994", secs(3)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", None),
            ("Sun, 06 Nov 1994 08:49:30 GMT", None),
            ("Sun, 31 Foo 1994 08:49:40 GMT", None),
            ("Sun, 06 Nov 1994 25:49:40 GMT", None),
            ("Sun, 06 Nov 1969 08:49:40 GMT", None),
        ] {
            assert_eq!(asked(&[("retry-after", date)]), expected, "{date}");
        }
        assert_eq!(http_date("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        assert_eq!(http_date("Thu, 29 Feb 2024 12:00:00 GMT"), Some(1_709_208_000));
        assert_eq!(http_date("Fri, 01 Mar 2024 00:00:00 GMT"), Some(1_709_251_200));
    }

    #[test]
    fn d2_the_answers_own_date_goes_before_a_wrong_local_clock() {
        let headers = [("date", "Tue, 15 Nov 2022 08:00:00 GMT"), ("retry-after", "Tue, 15 Nov 2022 08:00:05 GMT")];
        assert_eq!(asked(&headers), secs(5));
    }

    #[test]
    fn d4_d5_d6_hostile_numbers_are_harmless() {
        assert_eq!(asked(&[("retry-after", "0")]), secs(0));
        assert_eq!(asked(&[("retry-after", "-5")]), None);
        let digits = "9".repeat(400);
        for huge in ["99999999999", "1e999", "1e99999999999999999999", digits.as_str()] {
            assert_eq!(asked(&[("retry-after", huge)]), Some(LONGEST_QUOTED), "{huge}");
        }
        assert_eq!(asked(&[("retry-after", "2592000")]), secs(2_592_000));
        assert_eq!(asked(&[("retry-after", "1e-999999")]), secs(0));
        assert_eq!(asked(&[("retry-after", "0e999999")]), secs(0));
    }

    fn failure(kind: ErrorKind, status: u16) -> Error {
        Error::new(kind, "x").with_status(status).with_maybe_processed(true)
    }

    fn waits(failure: &Error, repeat: Repeat) -> bool {
        verdict(1, failure, repeat, &RetryLimits::default(), 0.5, None) != Verdict::GiveUp
    }

    #[test]
    fn d11_d12_d13_d14_d15_d16_d17_what_may_be_sent_again() {
        use ErrorKind::*;
        for (kind, status, billed, never) in [
            (TooManyRequests, 429, true, true),
            (TemporarilyUnavailable, 503, true, false),
            (TemporarilyUnavailable, 502, true, false),
            (TemporarilyUnavailable, 504, true, false),
            (TemporarilyUnavailable, 408, true, false),
            (InternalError, 500, true, false),
            (ResourceConflict, 409, false, false),
            (BadRequest, 400, false, false),
            (Unauthenticated, 401, false, false),
            (PermissionDenied, 403, false, false),
            (NotFound, 404, false, false),
            (BadRequest, 422, false, false),
            (NotImplemented, 501, false, false),
            (Redirect, 302, false, false),
        ] {
            let failure = failure(kind, status);
            assert_eq!(waits(&failure, Repeat::Safe), billed, "{status}");
            assert_eq!(waits(&failure, Repeat::Billed), billed, "{status}");
            assert_eq!(waits(&failure, Repeat::Never), never, "{status}");
        }
        let told = failure(TemporarilyUnavailable, 503).with_retry_after(secs(1));
        assert!(waits(&told, Repeat::Never));
        let gateway = failure(TemporarilyUnavailable, 504).with_retry_after(secs(1));
        assert!(!waits(&gateway, Repeat::Never));
    }

    #[test]
    fn a1_a3_a7_b1_unsent_is_sent_again_and_ambiguous_only_when_repeatable() {
        let connect = |maybe| Error::new(ErrorKind::Connect, "x").with_maybe_processed(maybe);
        assert!(waits(&connect(false), Repeat::Never));
        assert!(!waits(&connect(true), Repeat::Never));
        assert!(waits(&connect(true), Repeat::Billed));
        assert!(!waits(&Error::new(ErrorKind::Tls, "x"), Repeat::Safe));
        let late = |phase| Error::new(ErrorKind::DeadlineExceeded, "x").with_phase(phase).with_maybe_processed(true);
        assert!(!waits(&late(TimeoutPhase::Total), Repeat::Safe));
        assert!(!waits(&late(TimeoutPhase::FirstByte), Repeat::Never));
        assert!(waits(&late(TimeoutPhase::FirstByte), Repeat::Billed));
    }

    #[test]
    fn d10_a_used_up_quota_is_not_retried() {
        let quota = failure(ErrorKind::TooManyRequests, 429).with_error_code(Some("insufficient_quota".into()));
        assert!(!waits(&quota, Repeat::Safe));
    }

    #[test]
    fn d6_a_wait_beyond_the_limit_is_no_wait() {
        let told = |secs| failure(ErrorKind::TooManyRequests, 429).with_retry_after(Some(Duration::from_secs(secs)));
        assert!(waits(&told(60), Repeat::Safe));
        assert!(!waits(&told(61), Repeat::Safe));
    }

    #[test]
    fn d18_d19_the_budget_empties_and_refills() {
        let budget = RetryBudget::new(500);
        assert_eq!((0..1000).filter(|_| budget.withdraw(false)).count(), 100);
        assert!(!budget.withdraw(true));
        for _ in 0..7 {
            budget.deposit();
        }
        assert!(!budget.withdraw(true));
        assert!(budget.withdraw(false));
        for _ in 0..1000 {
            budget.deposit();
        }
        assert_eq!(budget.left(), 500);
    }

    #[test]
    fn d22_a_thousand_throttled_clients_spread_out() {
        for told in [None, secs(2)] {
            let failure = failure(ErrorKind::TooManyRequests, 429).with_retry_after(told);
            let mut buckets = std::collections::BTreeMap::new();
            for client in 0..1000_u32 {
                // golden-ratio steps: as even as draws can be
                let random = (f64::from(client) * 0.618_033_988_749_895).fract();
                if let Verdict::Wait(wait) = verdict(1, &failure, Repeat::Billed, &RetryLimits::default(), random, None)
                {
                    *buckets.entry(wait.as_millis() / 100).or_insert(0) += 1;
                }
            }
            assert!(buckets.values().all(|count| *count <= 100), "{buckets:?}");
        }
    }

    proptest! {
        #[test]
        fn d1_d4_c6_never_early_never_hot_never_past_the_deadline(
            attempt in 1_u32..5,
            asked in proptest::option::of(0_u64..70_000),
            random in 0.0..1.0_f64,
            remaining in proptest::option::of(0_u64..100_000),
        ) {
            let limits = RetryLimits::default();
            let asked = asked.map(Duration::from_millis);
            let remaining = remaining.map(Duration::from_millis);
            let failure = failure(ErrorKind::TooManyRequests, 429).with_retry_after(asked);
            if let Verdict::Wait(wait) = verdict(attempt, &failure, Repeat::Billed, &limits, random, remaining) {
                prop_assert!(attempt < limits.max_attempts);
                prop_assert!(wait >= SHORTEST_WAIT);
                prop_assert!(wait >= asked.unwrap_or_default());
                prop_assert!(wait <= asked.unwrap_or_default() + limits.cap);
                prop_assert!(remaining.is_none_or(|remaining| wait < remaining));
            }
        }

        #[test]
        fn d7_no_header_panics(value in "\\PC{0,40}") {
            let _ = asked(&[("retry-after", &value)]);
        }

        #[test]
        fn d7_d2_no_date_panics(value in "[SMTWF][a-z]{2,5},? [0-9 ]{1,4}[ -][A-Z][a-z]{2}[ -][0-9:]{2,10} [0-9:]{2,10}( GMT)?") {
            let _ = asked(&[("retry-after", &value)]);
        }
    }
}
