//! A transport that plays a script, with a clock of its own: for tests here and in your project.
//!
//! Answers are taken from a queue; what was asked is kept. [`Scripted::run`] drives a future and
//! moves the clock only when everything waits, so that a test of an hour's timeout takes no time
//! and always goes the same way.
//!
//! ```
//! use std::sync::Arc;
//! use lakewire::transport::scripted::{Reply, Scripted};
//! use lakewire::{auth::Credentials, config::Config, sender::{CallOptions, Sender}, wire::call::Call};
//!
//! let network = Scripted::new();
//! network.push(Reply::status(503));
//! network.push(Reply::json(r#"{"endpoints":[]}"#));
//! let sender = Sender::new(Config::new("x.example")?, Credentials::token("t"), Arc::new(network.clone()))?;
//! let call = Call::get("/api/2.0/serving-endpoints");
//! let (_, meta) = network.run(sender.send(&call, &CallOptions::default())).expect("it ends")?;
//! assert_eq!(meta.attempts, 2);
//! # Ok::<(), lakewire::Error>(())
//! ```

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use futures_core::Stream;

use super::{Body, BoxFuture, HttpRequest, Response, Transport};
use crate::error::{Error, ErrorKind, Result};
use crate::wire::answer::Headers;

/// The scripted transport. Clones share the script, the clock and the record.
#[derive(Clone, Default)]
pub struct Scripted(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    script: VecDeque<Reply>,
    always: Option<Reply>,
    requests: Vec<HttpRequest>,
    sent_at: Vec<Duration>,
    open: usize,
    now: Duration,
    wall_clock: Duration,
    draws: u64,
    fixed_draw: Option<f64>,
    timers: Vec<Timer>,
    sleeps: u64,
}

struct Timer {
    id: u64,
    at: Duration,
    waker: Waker,
}

/// One scripted answer.
#[derive(Clone, Debug)]
pub struct Reply {
    delay: Duration,
    head: Head,
    headers: Vec<(String, String)>,
    steps: Vec<Step>,
    no_body: bool,
}

#[derive(Clone, Debug)]
enum Head {
    Status(u16),
    Fail(Fault),
    Never,
}

#[derive(Clone, Debug)]
enum Step {
    Bytes(Vec<u8>),
    Wait(Duration),
    Fail(Fault),
    Never,
}

#[derive(Clone, Copy, Debug)]
struct Fault {
    kind: ErrorKind,
    maybe_processed: bool,
}

impl Fault {
    fn error(self) -> Error {
        Error::new(self.kind, "The script says so.").with_maybe_processed(self.maybe_processed)
    }
}

impl Reply {
    fn new(head: Head) -> Self {
        Self { delay: Duration::ZERO, head, headers: Vec::new(), steps: Vec::new(), no_body: false }
    }

    /// An answer with this status and, until more is said, an empty body.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::new(Head::Status(status))
    }

    /// A good JSON answer.
    #[must_use]
    pub fn json(text: &str) -> Self {
        Self::status(200).header("content-type", "application/json").bytes(text)
    }

    /// A good stream of events, each read of the body given as one text.
    #[must_use]
    pub fn events<'a>(reads: impl IntoIterator<Item = &'a str>) -> Self {
        let head = Self::status(200).header("content-type", "text/event-stream");
        reads.into_iter().fold(head, Reply::bytes)
    }

    /// No answer but a failure of the transport.
    #[must_use]
    pub fn failure(kind: ErrorKind, maybe_processed: bool) -> Self {
        Self::new(Head::Fail(Fault { kind, maybe_processed }))
    }

    /// Headers that never come.
    #[must_use]
    pub fn silence() -> Self {
        Self::new(Head::Never)
    }

    /// Waits before the headers.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Adds a response header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds one read to the body.
    #[must_use]
    pub fn bytes(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.steps.push(Step::Bytes(bytes.as_ref().to_vec()));
        self
    }

    /// Adds a wait before the next read of the body.
    #[must_use]
    pub fn wait(mut self, delay: Duration) -> Self {
        self.steps.push(Step::Wait(delay));
        self
    }

    /// Breaks the body off.
    #[must_use]
    pub fn fail(mut self, kind: ErrorKind) -> Self {
        self.steps.push(Step::Fail(Fault { kind, maybe_processed: true }));
        self
    }

    /// Keeps the body open without another read.
    #[must_use]
    pub fn stall(mut self) -> Self {
        self.steps.push(Step::Never);
        self
    }

    /// Makes the answer one without any body, as `response.body === null` in JavaScript.
    #[must_use]
    pub fn without_body(mut self) -> Self {
        self.no_body = true;
        self
    }
}

impl Scripted {
    /// An empty script. An unexpected request fails with `Protocol`.
    #[must_use]
    pub fn new() -> Self {
        let scripted = Self::default();
        scripted.state().wall_clock = Duration::from_secs(1_700_000_000);
        scripted
    }

    /// Adds an answer to the queue.
    pub fn push(&self, reply: Reply) {
        self.state().script.push_back(reply);
    }

    /// Gives this answer whenever the queue is empty.
    pub fn always(&self, reply: Reply) {
        self.state().always = Some(reply);
    }

    /// Draws this number every time instead of a fixed sequence of different ones.
    pub fn set_random(&self, draw: f64) {
        self.state().fixed_draw = Some(draw);
    }

    /// Sets the wall clock: time since the Unix epoch at the script's start.
    pub fn set_wall_clock(&self, since_epoch: Duration) {
        self.state().wall_clock = since_epoch;
    }

    /// What was asked so far.
    #[must_use]
    pub fn requests(&self) -> Vec<HttpRequest> {
        self.state().requests.clone()
    }

    /// When each request was sent, on this transport's clock.
    #[must_use]
    pub fn sent_at(&self) -> Vec<Duration> {
        self.state().sent_at.clone()
    }

    /// How many requests or bodies are held by someone: 0 after everything was read or dropped.
    #[must_use]
    pub fn open(&self) -> usize {
        self.state().open
    }

    /// Moves the clock, waking what is due.
    pub fn advance(&self, by: Duration) {
        let due = {
            let mut state = self.state();
            state.now = state.now.saturating_add(by);
            let now = state.now;
            let (due, later) =
                std::mem::take(&mut state.timers).into_iter().partition::<Vec<_>, _>(|timer| timer.at <= now);
            state.timers = later;
            due
        };
        due.into_iter().for_each(|timer| timer.waker.wake());
    }

    /// Drives a future to its end, moving the clock to the next timer whenever everything waits.
    ///
    /// `None` when it waits for what will never come: a hang.
    pub fn run<F: Future>(&self, future: F) -> Option<F::Output> {
        let mut future = Box::pin(future);
        let woken = Arc::new(Woken(AtomicBool::new(true)));
        let waker = Waker::from(woken.clone());
        let mut cx = Context::from_waker(&waker);
        loop {
            if woken.0.swap(false, Ordering::SeqCst) {
                if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
                    return Some(output);
                }
                continue;
            }
            let next = {
                let state = self.state();
                state.timers.iter().map(|timer| timer.at.saturating_sub(state.now)).min()?
            };
            self.advance(next);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // a failed assertion in one test thread must not hide the record from the others
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hold(&self) -> Held {
        self.state().open += 1;
        Held(self.clone())
    }
}

impl fmt::Debug for Scripted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        f.debug_struct("Scripted").field("requests", &state.requests).field("now", &state.now).finish_non_exhaustive()
    }
}

impl Transport for Scripted {
    fn send(&self, request: HttpRequest) -> BoxFuture<'static, Result<Response>> {
        let this = self.clone();
        Box::pin(async move {
            let reply = {
                let mut state = this.state();
                let now = state.now;
                state.requests.push(request);
                state.sent_at.push(now);
                state.script.pop_front().or_else(|| state.always.clone())
            };
            let held = this.hold();
            let Some(reply) = reply else {
                return Err(Error::new(ErrorKind::Protocol, "The script has no answer left for this request."));
            };
            if !reply.delay.is_zero() {
                this.sleep(reply.delay).await;
            }
            let status = match reply.head {
                Head::Status(status) => status,
                Head::Fail(fault) => return Err(fault.error()),
                Head::Never => std::future::pending().await,
            };
            let body = if reply.no_body {
                Body::Empty
            } else {
                Body::Stream(Box::pin(Steps { script: this, _held: held, steps: reply.steps.into(), timer: None }))
            };
            Ok(Response { status, headers: Headers::new(reply.headers), body })
        })
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let mut state = self.state();
        state.sleeps += 1;
        Box::pin(Sleep { script: self.clone(), id: state.sleeps, until: state.now.saturating_add(duration) })
    }

    fn now(&self) -> Duration {
        self.state().now
    }

    fn wall_clock(&self) -> Duration {
        let state = self.state();
        state.wall_clock.saturating_add(state.now)
    }

    fn random(&self) -> f64 {
        let mut state = self.state();
        state.draws += 1;
        // splitmix64: every start gives a sequence without visible order
        let mut z = state.draws.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        #[allow(clippy::cast_precision_loss, reason = "53 bits fit a double")]
        let draw = ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64;
        state.fixed_draw.unwrap_or(draw)
    }
}

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Counts a request or body as open until it is dropped.
struct Held(Scripted);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.state().open -= 1;
    }
}

struct Sleep {
    script: Scripted,
    id: u64,
    until: Duration,
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.script.state();
        state.timers.retain(|timer| timer.id != self.id);
        if state.now >= self.until {
            return Poll::Ready(());
        }
        state.timers.push(Timer { id: self.id, at: self.until, waker: cx.waker().clone() });
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        // else the clock would stop for a timeout that nobody waits for any more
        self.script.state().timers.retain(|timer| timer.id != self.id);
    }
}

/// A body being played.
struct Steps {
    script: Scripted,
    _held: Held,
    steps: VecDeque<Step>,
    timer: Option<BoxFuture<'static, ()>>,
}

impl Stream for Steps {
    type Item = Result<Vec<u8>>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(timer) = &mut self.timer {
                if timer.as_mut().poll(cx).is_pending() {
                    return Poll::Pending;
                }
                self.timer = None;
            }
            match self.steps.pop_front() {
                None => return Poll::Ready(None),
                Some(Step::Bytes(bytes)) => return Poll::Ready(Some(Ok(bytes))),
                Some(Step::Wait(delay)) => self.timer = Some(self.script.sleep(delay)),
                Some(Step::Fail(fault)) => return Poll::Ready(Some(Err(fault.error()))),
                Some(Step::Never) => {
                    self.steps.push_front(Step::Never);
                    return Poll::Pending;
                }
            }
        }
    }
}
