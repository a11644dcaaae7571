//! A body's bytes through the decoder into typed events.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use serde::de::DeserializeOwned;

use crate::error::{Error, ErrorKind, Result, TimeoutPhase};
use crate::sender::{Meta, Opened};
use crate::transport::{BoxFuture, ByteStream, Transport};
use crate::wire::fault;
use crate::wire::json::Raw;
use crate::wire::sse::{SseDecoder, SseEvent};

/// The reads of one body, under its time limits, and the decoder they feed.
pub(crate) struct Reads {
    body: Option<ByteStream>,
    transport: Arc<dyn Transport>,
    idle: Duration,
    deadline: Option<Duration>,
    /// Set while waiting on the peer: since when, and what wakes us.
    wait: Option<(Duration, BoxFuture<'static, ()>)>,
    pub(crate) decoder: SseDecoder,
}

impl Reads {
    pub(crate) fn new(transport: Arc<dyn Transport>, opened: Opened) -> Self {
        Self {
            body: opened.body.into_stream(),
            transport,
            idle: opened.idle,
            deadline: opened.deadline,
            wait: None,
            decoder: SseDecoder::with_max_event(opened.max_event_bytes),
        }
    }

    /// Feeds the decoder one more read; `false` at the end of the body.
    pub(crate) fn poll_more(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool>> {
        let Some(body) = &mut self.body else { return Poll::Ready(Ok(false)) };
        if let Poll::Ready(read) = body.as_mut().poll_next(cx) {
            let late = match &self.wait {
                // the clock decides, since a timer may have slept with its machine
                Some((since, _)) => self.passed(*since),
                None => None,
            };
            self.wait = None;
            return Poll::Ready(match (read, late) {
                (_, Some(fault)) => Err(fault),
                (Some(Ok(bytes)), None) => {
                    self.decoder.feed_owned(bytes);
                    Ok(true)
                }
                (Some(Err(fault)), None) => Err(fault),
                (None, None) => Ok(false),
            });
        }
        loop {
            if self.wait.is_none() {
                let now = self.transport.now();
                if let Some(fault) = self.passed(now) {
                    return Poll::Ready(Err(fault));
                }
                let left = self.deadline.map_or(self.idle, |deadline| self.idle.min(deadline.saturating_sub(now)));
                self.wait = Some((now, self.transport.sleep(left)));
            }
            let Some((since, timer)) = &mut self.wait else { return Poll::Pending };
            let since = *since;
            if timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            if let Some(fault) = self.passed(since) {
                self.wait = None;
                return Poll::Ready(Err(fault));
            }
            // the timer came early by its own clock: wait out the rest
            let now = self.transport.now();
            let left = (since + self.idle).min(self.deadline.unwrap_or(Duration::MAX)).saturating_sub(now);
            self.wait = Some((since, self.transport.sleep(left.max(Duration::from_millis(1)))));
        }
    }

    /// The error of the time limit that has passed, if one has. Only waiting on the peer is idle.
    fn passed(&self, since: Duration) -> Option<Error> {
        let now = self.transport.now();
        if self.deadline.is_some_and(|deadline| now >= deadline) {
            let text = "The time limit on the whole call passed before the stream ended: raise the total timeout if that is meant to be.";
            return Some(limit(text.to_owned(), TimeoutPhase::Total));
        }
        if now.saturating_sub(since) >= self.idle {
            let text = format!(
                "Nothing came from the stream for {} ms: the service stalled, or the idle timeout is too short for it.",
                self.idle.as_millis()
            );
            return Some(limit(text, TimeoutPhase::Idle));
        }
        None
    }

    /// Closes the connection.
    pub(crate) fn close(&mut self) {
        self.body = None;
        self.wait = None;
    }
}

fn limit(text: String, phase: TimeoutPhase) -> Error {
    Error::new(ErrorKind::DeadlineExceeded, text).with_phase(phase).with_maybe_processed(true)
}

impl fmt::Debug for Reads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reads")
            .field("open", &self.body.is_some())
            .field("events", &self.decoder.events())
            .finish_non_exhaustive()
    }
}

/// Reads an event's data as `E`, or as the error it carries.
pub(crate) fn read_event<E: DeserializeOwned>(event: &SseEvent<'_>, text: &str) -> Result<E> {
    // errors have an `error…` key or the event type `error`; most events have neither
    if event.event == "error" || text.contains("\"error") {
        if let Some(fault) = fault::read(event.event, Raw::parse(text).ok()) {
            return Err(fault);
        }
    }
    serde_json::from_str(text).map_err(|fault| {
        Error::new(
            ErrorKind::Decode,
            format!(
                "Event {} of the stream, at byte {}, does not have the documented shape: it does not fit at line {} column {}.",
                event.number,
                event.offset,
                fault.line(),
                fault.column()
            ),
        )
    })
}

/// Adds what an answer's head said to an error of its body.
pub(crate) fn with_meta(fault: Error, meta: &Meta) -> Error {
    let id = fault.request_id().map(str::to_owned).or_else(|| meta.request_id.clone());
    fault.with_request_id(id).with_attempts(meta.attempts)
}

/// The events of a streamed answer. It ends after `[DONE]`, or with the first error. Dropping it
/// closes the connection.
#[derive(Debug)]
pub struct EventStream<E> {
    reads: Reads,
    meta: Meta,
    ended: bool,
    of: PhantomData<fn() -> E>,
}

impl<E: DeserializeOwned> EventStream<E> {
    /// The events of an opened stream.
    #[must_use]
    pub fn new(transport: Arc<dyn Transport>, opened: Opened) -> Self {
        let meta = opened.meta.clone();
        Self { reads: Reads::new(transport, opened), meta, ended: false, of: PhantomData }
    }

    /// Facts of the answer's head.
    #[must_use]
    pub fn meta(&self) -> &Meta {
        &self.meta
    }

    fn step(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<E>>> {
        loop {
            if let Some(event) = self.reads.decoder.next_event()? {
                return Poll::Ready(if event.is_done() {
                    Ok(None)
                } else {
                    read_event(&event, &event.text()).map(Some)
                });
            }
            match self.reads.poll_more(cx)? {
                Poll::Ready(true) => {}
                Poll::Ready(false) if self.reads.decoder.finish() => return Poll::Ready(Ok(None)),
                Poll::Ready(false) => {
                    let text = "The stream ended without its end mark: what came may not be all.";
                    return Poll::Ready(Err(Error::new(ErrorKind::Truncated, text).with_maybe_processed(true)));
                }
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

impl<E: DeserializeOwned> Stream for EventStream<E> {
    type Item = Result<E>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let item = match self.step(cx) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Ok(Some(event))) => return Poll::Ready(Some(Ok(event))),
            Poll::Ready(Ok(None)) => None,
            Poll::Ready(Err(fault)) => Some(Err(with_meta(fault, &self.meta))),
        };
        self.ended = true;
        self.reads.close();
        Poll::Ready(item)
    }
}
