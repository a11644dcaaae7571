//! One token for all calls of a client: refreshed ahead of time, by one request at a time.
//!
//! Nothing here runs on its own: whoever waits for the refresh drives it, and when one waiter is
//! dropped the next one goes on where it stood. While the old token is still good, calls drive the
//! refresh beside their own request instead of waiting for it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use super::{Secret, Token, TokenProvider};
use crate::error::{Error, ErrorKind, Result};
use crate::transport::{BoxFuture, Transport};
use crate::wire::redact::clean;

/// A token is not used this close to its end: Azure refuses tokens with 30 s left.
const MARGIN: Duration = Duration::from_secs(40);
/// The earliest a refresh begins before the end.
const LONGEST_LEAD: Duration = Duration::from_secs(20 * 60);
/// How long a token is kept whose provider names no end. A 401 ends it sooner.
const UNKNOWN_LIFE: Duration = Duration::from_secs(5 * 60);
/// No token is kept longer than this, whatever its provider says.
const LONGEST_LIFE: Duration = Duration::from_secs(24 * 3600);
/// Every token is kept this long at least, else one that is born expired would be asked for by every call.
const SHORTEST_LIFE: Duration = Duration::from_secs(5);
/// The pause after a failed refresh while the old token is still good.
const PAUSE: Duration = Duration::from_secs(60);
/// The pause after a failed refresh without a good token: calls fail in it, so it is short.
const PAUSE_WITHOUT_TOKEN: Duration = Duration::from_secs(5);
/// The longest pause that a token endpoint's own wish for one can bring.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// A refresh nobody drove to its end in this time is begun anew, where that does no harm.
const STALE: Duration = Duration::from_secs(60);

/// A moment on both clocks: the monotonic one, which may stop while the machine sleeps, and the
/// wall's, which anyone may set.
#[derive(Clone, Copy, Default)]
pub(super) struct Times {
    pub(super) now: Duration,
    pub(super) wall: Duration,
}

impl Times {
    pub(super) fn of(transport: &Arc<dyn Transport>) -> Self {
        Self { now: transport.now(), wall: transport.wall_clock() }
    }
}

pub(super) struct Cache {
    provider: Box<dyn TokenProvider>,
    /// Whether a running refresh must never be overtaken by a second one: what it asks with is good for one use.
    single_use: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    current: Option<Current>,
    flight: Option<Arc<Flight>>,
    /// Counts refreshes and invalidations: a refresh that is no longer the latest changes nothing.
    generation: u64,
    failed: Option<(Duration, Failure)>,
}

struct Current {
    secret: Arc<Secret>,
    refresh_at: Duration,
    expires_at: Duration,
    /// The end the service named, on both clocks.
    ends: Option<Times>,
}

/// Why a refresh failed: errors are not cloned, so each waiter gets one of its own with these facts.
#[derive(Clone)]
struct Failure {
    kind: ErrorKind,
    message: String,
    status: Option<u16>,
    code: Option<String>,
    retry_after: Option<Duration>,
}

/// A running refresh.
pub(super) struct Flight {
    generation: u64,
    began: Duration,
    future: Mutex<Option<BoxFuture<'static, Result<Token>>>>,
    outcome: Mutex<Option<Result<Arc<Secret>, Failure>>>,
    waiters: Arc<Waiters>,
}

/// What a call finds.
pub(super) enum Found {
    /// A good token; with a refresh to drive beside the call when it is due.
    Token(Arc<Secret>, Option<Arc<Flight>>),
    /// No good token: wait for this refresh.
    Wait(Arc<Flight>),
}

impl Cache {
    pub(super) fn new(provider: Box<dyn TokenProvider>) -> Self {
        Self { provider, single_use: false, state: Mutex::default() }
    }

    /// For a provider that must not be asked again while it is being asked.
    pub(super) fn of_single_use(provider: Box<dyn TokenProvider>) -> Self {
        Self { single_use: true, ..Self::new(provider) }
    }

    /// Looks for a token; `now` is a monotonic time.
    pub(super) fn find(&self, now: Duration) -> Result<Found> {
        let mut state = lock(&self.state);
        let stale = |flight: &Arc<Flight>| now.saturating_sub(flight.began) > STALE;
        if !self.single_use && state.flight.as_ref().is_some_and(stale) {
            state.flight = None;
        }
        let paused = state.failed.as_ref().is_some_and(|(until, _)| now < *until);
        if let Some(current) = state.current.as_ref().filter(|current| now < current.expires_at) {
            let secret = current.secret.clone();
            let due = now >= current.refresh_at;
            let flight = if due && !paused { Some(state.join(now)) } else { None };
            return Ok(Found::Token(secret, flight));
        }
        if state.flight.is_none() && paused {
            if let Some((_, failure)) = &state.failed {
                return Err(failure.error());
            }
        }
        Ok(Found::Wait(state.join(now)))
    }

    /// Forgets a token the service refused, unless it was replaced meanwhile.
    pub(super) fn invalidate(&self, used: &Arc<Secret>) {
        let mut state = lock(&self.state);
        if state.current.as_ref().is_some_and(|current| Arc::ptr_eq(&current.secret, used)) {
            // a refresh that began before the refusal may bring the same token, unless it uses up what it asks with
            let flight = state.flight.take().filter(|_| self.single_use);
            let generation = if flight.is_some() { state.generation } else { state.generation + 1 };
            *state = State { generation, flight, ..State::default() };
        }
    }

    /// Whether a token is past the end the service named, or was replaced meanwhile.
    pub(super) fn outlived(&self, used: &Arc<Secret>, times: Times) -> bool {
        match lock(&self.state).current.as_ref().filter(|current| Arc::ptr_eq(&current.secret, used)) {
            Some(current) => current.ends.is_some_and(|ends| times.now >= ends.now || times.wall >= ends.wall),
            None => true,
        }
    }

    /// Drives a refresh; `now` is asked when the token arrives.
    pub(super) fn poll(
        &self,
        flight: &Flight,
        now: &dyn Fn() -> Times,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Arc<Secret>>> {
        // before anything else: whoever finishes the refresh from now on wakes this caller
        flight.waiters.add(cx.waker());
        let mut slot = match flight.future.try_lock() {
            Ok(slot) => slot,
            // what panicked cannot go on: it is begun anew
            Err(TryLockError::Poisoned(slot)) => {
                flight.future.clear_poison();
                let mut slot = slot.into_inner();
                *slot = None;
                slot
            }
            // another caller is polling, or reading the outcome after everyone was woken, or a
            // provider's own call came round to here
            Err(TryLockError::WouldBlock) => {
                return lock(&flight.outcome).as_ref().map_or(Poll::Pending, |outcome| Poll::Ready(share(outcome)));
            }
        };
        if let Some(outcome) = &*lock(&flight.outcome) {
            return Poll::Ready(share(outcome));
        }
        let future = slot.get_or_insert_with(|| self.provider.token());
        let waker = Waker::from(flight.waiters.clone());
        let Poll::Ready(result) = future.as_mut().poll(&mut Context::from_waker(&waker)) else {
            return Poll::Pending;
        };
        *slot = None;
        let outcome = self.land(flight, result, now());
        let shared = share(&outcome);
        *lock(&flight.outcome) = Some(outcome);
        drop(slot);
        flight.waiters.wake_by_ref();
        Poll::Ready(shared)
    }

    fn land(&self, flight: &Flight, result: Result<Token>, times: Times) -> Result<Arc<Secret>, Failure> {
        let now = times.now;
        let result = result.and_then(|token| token.value.check().map(|()| token));
        let mut state = lock(&self.state);
        let latest = state.generation == flight.generation;
        if latest {
            state.flight = None;
        }
        match result {
            Ok(token) if latest => {
                let secret = Arc::new(token.value);
                let (fresh, usable) = life(token.expires_in);
                let ends = token
                    .expires_in
                    .map(|life| Times { now: now.saturating_add(life), wall: times.wall.saturating_add(life) });
                state.current =
                    Some(Current { secret: secret.clone(), refresh_at: now + fresh, expires_at: now + usable, ends });
                state.failed = None;
                Ok(secret)
            }
            // late: a newer token was fetched or asked for since
            Ok(token) => {
                Ok(state.current.as_ref().map_or_else(|| Arc::new(token.value), |current| current.secret.clone()))
            }
            Err(error) => {
                let failure = Failure::of(&error);
                if latest {
                    let good = state.current.as_ref().is_some_and(|current| now < current.expires_at);
                    let wished = error.retry_after().unwrap_or_default().min(LONGEST_PAUSE);
                    let pause = if good { PAUSE } else { PAUSE_WITHOUT_TOKEN.max(wished) };
                    state.failed = Some((now + pause, failure.clone()));
                }
                Err(failure)
            }
        }
    }
}

impl State {
    fn join(&mut self, now: Duration) -> Arc<Flight> {
        if let Some(flight) = &self.flight {
            return flight.clone();
        }
        self.generation += 1;
        #[allow(clippy::arc_with_non_send_sync, reason = "on wasm there are no threads; natively it is both")]
        let flight = Arc::new(Flight {
            generation: self.generation,
            began: now,
            future: Mutex::new(None),
            outcome: Mutex::new(None),
            waiters: Arc::default(),
        });
        self.flight = Some(flight.clone());
        flight
    }
}

/// How long a token is fresh and how long it may be used, from its receipt.
fn life(expires_in: Option<Duration>) -> (Duration, Duration) {
    let life = expires_in.unwrap_or(UNKNOWN_LIFE).min(LONGEST_LIFE);
    // short lives keep their second half: a fixed margin would leave nothing of them
    let usable = life.saturating_sub(MARGIN).max((life / 2).min(MARGIN)).max(SHORTEST_LIFE);
    let fresh = life.saturating_sub(LONGEST_LEAD.min(life / 2)).clamp(usable / 2, usable);
    (fresh, usable)
}

fn share(outcome: &Result<Arc<Secret>, Failure>) -> Result<Arc<Secret>> {
    outcome.clone().map_err(|failure| failure.error())
}

impl Failure {
    fn of(error: &Error) -> Self {
        Self {
            kind: error.kind(),
            message: clean(error.message(), 400, None),
            status: error.status(),
            code: error.error_code().map(str::to_owned),
            retry_after: error.retry_after(),
        }
    }

    fn error(&self) -> Error {
        if self.kind == ErrorKind::TokenEndpoint {
            let error = Error::new(self.kind, self.message.as_str())
                .with_error_code(self.code.clone())
                .with_retry_after(self.retry_after);
            return match self.status {
                Some(status) => error.with_status(status),
                None => error,
            };
        }
        Error::new(ErrorKind::TokenProvider, ["The token provider failed: ", &self.message].concat())
    }
}

/// A panic of one caller must not lock the others out: what is guarded is replaced whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Everyone who waits for one refresh; waking it wakes them all.
#[derive(Default)]
struct Waiters(Mutex<Vec<Waker>>);

impl Waiters {
    fn add(&self, waker: &Waker) {
        let mut wakers = lock(&self.0);
        if !wakers.iter().any(|known| known.will_wake(waker)) {
            wakers.push(waker.clone());
        }
    }
}

impl Wake for Waiters {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let wakers = std::mem::take(&mut *lock(&self.0));
        wakers.into_iter().for_each(Waker::wake);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};

    #[test]
    fn m9_a_panic_under_the_lock_does_not_lock_the_others_out() {
        let mutex = Arc::new(Mutex::new(1));
        let held = mutex.clone();
        let panicked = std::thread::spawn(move || {
            let _guard = held.lock().unwrap();
            panic!("while holding it");
        });
        assert!(panicked.join().is_err());
        assert!(mutex.is_poisoned());
        *lock(&mutex) += 1;
        assert_eq!(*lock(&mutex), 2);
    }

    #[test]
    fn k2_who_came_while_another_thread_was_polling_is_woken_at_the_end() {
        struct Flag(AtomicBool);
        impl Wake for Flag {
            fn wake(self: Arc<Self>) {
                self.0.store(true, Ordering::SeqCst);
            }
        }
        let ready = || -> BoxFuture<'static, Result<Token>> {
            Box::pin(std::future::ready(Ok(Token { value: Secret::new("token"), expires_in: None })))
        };
        let cache = Cache::new(Box::new(ready));
        let Found::Wait(flight) = cache.find(Duration::ZERO).unwrap() else { panic!("there is no token yet") };
        let flag = Arc::new(Flag(AtomicBool::new(false)));
        let late = Waker::from(flag.clone());
        let now = Times::default;
        {
            let _another_thread = flight.future.lock().unwrap();
            assert!(cache.poll(&flight, &now, &mut Context::from_waker(&late)).is_pending());
        }
        assert!(!flag.0.load(Ordering::SeqCst));
        let other = Waker::from(Arc::new(Flag(AtomicBool::new(false))));
        assert!(cache.poll(&flight, &now, &mut Context::from_waker(&other)).is_ready());
        assert!(flag.0.load(Ordering::SeqCst));
        assert!(matches!(cache.poll(&flight, &now, &mut Context::from_waker(&late)), Poll::Ready(Ok(_))));
    }

    #[test]
    fn k9_lives_are_clamped() {
        let secs = |secs| Some(Duration::from_secs(secs));
        let life = |of| {
            let (fresh, usable) = life(of);
            (fresh.as_secs(), usable.as_secs())
        };
        assert_eq!(life(secs(3600)), (2400, 3560));
        assert_eq!(life(secs(600)), (300, 560));
        assert_eq!(life(secs(60)), (30, 30));
        assert_eq!(life(secs(0)), (2, 5));
        assert_eq!(life(None), (150, 260));
        assert_eq!(life(secs(1_000_000_000_000)), (86_400 - 1200, 86_400 - 40));
    }
}
