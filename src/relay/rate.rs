//! How many requests a client may send: bounded memory, however many clients there are.

use crate::relay::policy::Rate;

/// How many clients share one row of the table.
const WAYS: usize = 16;

/// Whether a client may send now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RateVerdict {
    /// It may.
    Allowed,
    /// It may in so many milliseconds.
    RetryAfter(u64),
}

/// Counts requests by client, by the limit of a policy.
///
/// One number is kept by client: until when its share is used up. The table never grows. When a row of it is full of clients
/// that are all busy, the least busy one gives way, and whoever takes the place starts with what that one had used: so a
/// flood of new clients never gets more than the places that are there, and nobody regains a share by being pushed out.
///
/// ```
/// use lakewire::relay::{RateLimiter, RateVerdict};
/// let mut limiter = RateLimiter::new(2, 1_000, 100);
/// assert_eq!(limiter.take("user-1", 0), RateVerdict::Allowed);
/// assert_eq!(limiter.take("user-1", 0), RateVerdict::Allowed);
/// assert_eq!(limiter.take("user-1", 0), RateVerdict::RetryAfter(500));
/// assert_eq!(limiter.take("user-2", 0), RateVerdict::Allowed);
/// assert_eq!(limiter.take("user-1", 500), RateVerdict::Allowed);
/// ```
#[derive(Clone, Debug)]
pub struct RateLimiter {
    places: Vec<Place>,
    /// What one request costs, in microseconds.
    cost: u64,
    /// How far ahead of now a client may be, in microseconds.
    span: u64,
    seed: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Place {
    key: u64,
    /// Until when the client's share is used up, in microseconds.
    until: u64,
}

impl RateLimiter {
    /// So many `requests` in `per_ms` milliseconds by client, for at most about `clients` of them at a time.
    #[must_use]
    pub fn new(requests: u64, per_ms: u64, clients: u64) -> Self {
        let span = per_ms.clamp(1, 86_400_000).saturating_mul(1_000);
        let rows = usize::try_from(clients.clamp(1, 1_000_000)).unwrap_or(WAYS).div_ceil(WAYS);
        let cost = (span / requests.clamp(1, span)).max(1);
        Self { places: vec![Place::default(); rows * WAYS], cost, span, seed: 0 }
    }

    pub(super) fn of(rate: &Rate) -> Self {
        Self::new(rate.requests, rate.per_ms, rate.clients).seeded(rate.seed)
    }

    /// With a number nobody outside knows, so that nobody can choose whose row he shares.
    #[must_use]
    pub fn seeded(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Takes one request of a client's share. `key` is what the platform says who it is (a user's id, the peer's address),
    /// never a header of the request; `now_ms` is any clock in milliseconds.
    #[must_use]
    pub fn take(&mut self, key: &str, now_ms: u64) -> RateVerdict {
        let now = now_ms.saturating_mul(1_000);
        let key = self.hash(key);
        let rows = (self.places.len() / WAYS).max(1);
        let row = usize::try_from(key % rows as u64).unwrap_or(0) * WAYS;
        let (cost, span) = (self.cost, self.span);
        let places = self.places.get_mut(row..row + WAYS).unwrap_or_default();
        let at = places.iter().position(|place| place.key == key).or_else(|| {
            // the least busy one: idle, if there is one
            let least = places.iter().map(|place| place.until).min()?;
            places.iter().position(|place| place.until == least)
        });
        let Some(place) = at.and_then(|at| places.get_mut(at)) else { return RateVerdict::RetryAfter(1_000) };
        // a clock that was set back must not lock anybody out for longer than his share
        place.until = place.until.min(now.saturating_add(span));
        let from = place.until.max(now);
        let until = from.saturating_add(cost);
        if until > now.saturating_add(span) {
            return RateVerdict::RetryAfter((until - span - now).div_ceil(1_000));
        }
        *place = Place { key, until };
        RateVerdict::Allowed
    }

    /// How many bytes the table has; it stays so.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.places.len() * size_of::<Place>()
    }

    /// FNV-1a over seed and key, stirred; never 0, which marks an empty place.
    fn hash(&self, key: &str) -> u64 {
        let start = 0xcbf2_9ce4_8422_2325_u64;
        let seed = self.seed.to_le_bytes();
        let mut hash = seed
            .iter()
            .chain(key.as_bytes())
            .fold(start, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3));
        hash ^= hash >> 33;
        hash = hash.wrapping_mul(0xff51_afd7_ed55_8ccd);
        hash ^= hash >> 33;
        hash.max(1)
    }
}
