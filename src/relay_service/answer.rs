//! The body of an answer: passed on as it comes, within its limits.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use crate::error::{Error, ErrorKind};
use crate::relay::{Cut, RelayPolicy};
use crate::relay_service::open::Held;
use crate::transport::{BoxFuture, ByteStream, Transport};

/// The body of the relay's answers. Dropping it stops the workspace's.
///
/// A stream of events that must end early ends with an event that says so; any other body ends with an error, which closes the
/// client's connection, so that no half answer is taken for a whole one.
pub struct RelayBody(Kind);

enum Kind {
    Whole(Option<Bytes>),
    Reads(Box<Reads>),
}

/// What is being passed on: the workspace's bytes, and the client's place among those that are open.
pub(super) struct Passed {
    pub(super) chunks: ByteStream,
    #[allow(dead_code, reason = "held, and given back when it is dropped")]
    pub(super) held: Held,
}

/// How long and how large it may be.
pub(super) struct Bounds {
    pub(super) bytes: u64,
    /// Between two pieces, while the workspace is waited for.
    pub(super) idle: Duration,
    /// From the first byte to the last, however slowly the client reads.
    pub(super) whole: Duration,
    /// The last event by its reason, when it is a stream of events.
    pub(super) last: Option<[(Cut, String); 4]>,
}

pub(super) struct Reads {
    /// Shared with a timer: a server asks for nothing while its client does not read, and then only a timer can let go.
    slot: Arc<Slot>,
    transport: Arc<dyn Transport>,
    bounds: Bounds,
    /// The pause that is running.
    pause: Option<BoxFuture<'static, ()>>,
    /// Of a stream of events, the line that is not whole yet: after a cut it is left out.
    line: Vec<u8>,
    done: bool,
}

/// What is passed on, until it is over; and who is told when it is: the timer, and whoever reads.
struct Slot {
    passed: Mutex<Option<Passed>>,
    wakers: Mutex<[Option<Waker>; 2]>,
}

const TIMER: usize = 0;
const READER: usize = 1;

impl Slot {
    fn lock(&self) -> MutexGuard<'_, Option<Passed>> {
        self.passed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wakes(&self, who: usize, waker: &Waker) {
        let mut wakers = self.wakers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = wakers.get_mut(who) {
            *place = Some(waker.clone());
        }
    }

    /// Lets go of the workspace and of the client's place, and tells both.
    fn close(&self) {
        let passed = self.lock().take();
        drop(passed);
        let wakers = std::mem::take(&mut *self.wakers.lock().unwrap_or_else(PoisonError::into_inner));
        wakers.into_iter().flatten().for_each(Waker::wake);
    }
}

/// Ends when the time is up, and then closes; or when there is nothing left to close.
async fn close_after(slot: Arc<Slot>, mut time: BoxFuture<'static, ()>) {
    std::future::poll_fn(|cx| {
        slot.wakes(TIMER, cx.waker());
        if slot.lock().is_none() { Poll::Ready(()) } else { time.as_mut().poll(cx) }
    })
    .await;
    slot.close();
}

/// A line may be this long before it is passed on in pieces.
const LINE: usize = 64 * 1024;

impl RelayBody {
    pub(super) fn whole(text: String) -> Self {
        Self(Kind::Whole((!text.is_empty()).then(|| Bytes::from(text))))
    }

    pub(super) fn reads(reads: Reads) -> Self {
        Self(Kind::Reads(Box::new(reads)))
    }
}

impl fmt::Debug for RelayBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Kind::Whole(_) => "RelayBody(whole)",
            Kind::Reads(_) => "RelayBody(passed on)",
        })
    }
}

/// The last events of a stream.
pub(super) fn last_events(policy: &RelayPolicy) -> [(Cut, String); 4] {
    [Cut::Upstream, Cut::Size, Cut::Time, Cut::Idle].map(|cut| (cut, policy.cut_event(cut)))
}

impl Drop for Reads {
    fn drop(&mut self) {
        self.slot.close();
    }
}

impl Reads {
    pub(super) fn new(transport: Arc<dyn Transport>, passed: Passed, bounds: Bounds) -> Self {
        let slot = Arc::new(Slot { passed: Mutex::new(Some(passed)), wakers: Mutex::default() });
        transport.spawn(Box::pin(close_after(slot.clone(), transport.sleep(bounds.whole))));
        Self { slot, transport, bounds, pause: None, line: Vec::new(), done: false }
    }

    /// Ends early.
    fn cut(&mut self, why: Cut) -> Result<Frame<Bytes>, Error> {
        self.done = true;
        self.slot.close();
        let event = self.bounds.last.take().and_then(|events| events.into_iter().find(|(cut, _)| *cut == why));
        match event {
            Some((_, event)) => Ok(Frame::data(Bytes::from(event))),
            None => Err(Error::new(ErrorKind::Truncated, "The relay ended the answer before its end.")),
        }
    }

    /// What of a stream's bytes may go on: whole lines. A client would fail at half a line before it reads why it was cut.
    fn lines(&mut self, chunk: Vec<u8>) -> Vec<u8> {
        if self.bounds.last.is_none() {
            return chunk;
        }
        let end = chunk.iter().rposition(|byte| matches!(byte, b'\n' | b'\r')).map_or(0, |at| at + 1);
        let long = end == 0 && self.line.len() + chunk.len() > LINE;
        let mut whole = std::mem::take(&mut self.line);
        if end == 0 && !long {
            whole.extend_from_slice(&chunk);
            self.line = whole;
            return Vec::new();
        }
        let (now, later) = chunk.split_at(if long { chunk.len() } else { end });
        whole.extend_from_slice(now);
        self.line = later.to_vec();
        whole
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        loop {
            if self.done {
                return Poll::Ready(None);
            }
            let polled = self.slot.lock().as_mut().map(|passed| passed.chunks.as_mut().poll_next(cx));
            match polled {
                // the timer was there first
                None => return Poll::Ready(Some(self.cut(Cut::Time))),
                Some(Poll::Ready(None)) => {
                    self.done = true;
                    self.slot.close();
                    let line = std::mem::take(&mut self.line);
                    return Poll::Ready((!line.is_empty()).then(|| Ok(Frame::data(Bytes::from(line)))));
                }
                Some(Poll::Ready(Some(Err(_)))) => return Poll::Ready(Some(self.cut(Cut::Upstream))),
                Some(Poll::Ready(Some(Ok(chunk)))) => {
                    let length = chunk.len() as u64;
                    if length > self.bounds.bytes {
                        return Poll::Ready(Some(self.cut(Cut::Size)));
                    }
                    self.bounds.bytes -= length;
                    // counted only while the workspace is waited for: a slow client is no pause of it
                    self.pause = None;
                    let whole = self.lines(chunk);
                    if !whole.is_empty() {
                        return Poll::Ready(Some(Ok(Frame::data(Bytes::from(whole)))));
                    }
                }
                Some(Poll::Pending) => {
                    self.slot.wakes(READER, cx.waker());
                    if self.slot.lock().is_none() {
                        continue;
                    }
                    let pause = self.pause.get_or_insert_with(|| self.transport.sleep(self.bounds.idle));
                    return match pause.as_mut().poll(cx) {
                        Poll::Ready(()) => Poll::Ready(Some(self.cut(Cut::Idle))),
                        Poll::Pending => Poll::Pending,
                    };
                }
            }
        }
    }
}

impl Body for RelayBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        match &mut self.0 {
            Kind::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Kind::Reads(reads) => reads.poll(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.0, Kind::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Kind::Reads(_) => SizeHint::default(),
        }
    }
}
