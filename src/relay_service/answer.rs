//! The body of an answer: passed on as it comes, within its limits.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
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

/// What is being passed on.
pub(super) struct Reads {
    pub(super) chunks: ByteStream,
    pub(super) transport: Arc<dyn Transport>,
    /// How many bytes may still come.
    pub(super) left: u64,
    pub(super) idle: Duration,
    /// The pause that is running, and the end of the whole.
    pub(super) pause: BoxFuture<'static, ()>,
    pub(super) end: Option<BoxFuture<'static, ()>>,
    /// The last event by its reason, when it is a stream of events.
    pub(super) last: Option<[(Cut, String); 4]>,
    pub(super) done: bool,
    pub(super) _held: Held,
}

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

impl Reads {
    /// Ends early.
    fn cut(&mut self, why: Cut) -> Result<Frame<Bytes>, Error> {
        self.done = true;
        let event = self.last.take().and_then(|events| events.into_iter().find(|(cut, _)| *cut == why));
        match event {
            Some((_, event)) => Ok(Frame::data(Bytes::from(event))),
            None => Err(Error::new(ErrorKind::Truncated, "The relay ended the answer before its end.")),
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        if self.done {
            return Poll::Ready(None);
        }
        if self.end.as_mut().is_some_and(|end| end.as_mut().poll(cx).is_ready()) {
            return Poll::Ready(Some(self.cut(Cut::Time)));
        }
        match self.chunks.as_mut().poll_next(cx) {
            Poll::Ready(None) => {
                self.done = true;
                Poll::Ready(None)
            }
            Poll::Ready(Some(Err(_))) => Poll::Ready(Some(self.cut(Cut::Upstream))),
            Poll::Ready(Some(Ok(chunk))) => {
                let length = chunk.len() as u64;
                if length > self.left {
                    return Poll::Ready(Some(self.cut(Cut::Size)));
                }
                self.left -= length;
                self.pause = self.transport.sleep(self.idle);
                Poll::Ready(Some(Ok(Frame::data(Bytes::from(chunk)))))
            }
            Poll::Pending if self.pause.as_mut().poll(cx).is_ready() => Poll::Ready(Some(self.cut(Cut::Idle))),
            Poll::Pending => Poll::Pending,
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
