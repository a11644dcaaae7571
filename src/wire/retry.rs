//! When to send a call again: attempt, failure, limits and a random draw to a wait, or to giving up.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::error::{Error, ErrorKind, TimeoutPhase};
use crate::wire::answer::Headers;
use crate::wire::call::Repeat;

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
            asked + spread.mul_f64(random)
        }
        _ => window.mul_f64(random).max(SHORTEST_WAIT),
    };
    match remaining {
        Some(remaining) if wait >= remaining => Verdict::GiveUp,
        _ => Verdict::Wait(wait),
    }
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
fn decimal(text: &str, scale: i32) -> Option<Duration> {
    let text = text.trim();
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => {
            let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            let size = digits.parse().unwrap_or(9999_i32).min(9999);
            (mantissa, if exponent.starts_with('-') { -size } else { size })
        }
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut millis = 0_u64;
    // how many digits stand before the point once the scale is applied
    let mut places = i64::try_from(whole.len()).unwrap_or(i64::MAX).saturating_add(i64::from(scale + exponent));
    for digit in whole.bytes().chain(fraction.bytes()) {
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
        if text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
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
