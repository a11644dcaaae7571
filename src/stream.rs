//! A body's bytes through the decoder into typed events.

use std::collections::VecDeque;
use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use serde::de::DeserializeOwned;

use crate::error::{Error, ErrorKind, Result, TimeoutPhase};
use crate::observe::Observation;
use crate::sender::{Meta, Opened};
use crate::transport::{BoxFuture, ByteStream, Transport};
use crate::wire::fault;
use crate::wire::form::{End, Ending, Form, Marked, Reading};
use crate::wire::json::{Json, Raw};
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
    typed(text, event.number, event.offset)
}

fn typed<E: DeserializeOwned>(text: &str, number: u64, offset: u64) -> Result<E> {
    serde_json::from_str(text).map_err(|fault| {
        Error::new(
            ErrorKind::Decode,
            format!(
                "Event {number} of the stream, at byte {offset}, does not have the documented shape: it does not fit at line {} column {}.",
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

/// How long the peer has to say the end mark once nothing else can follow.
const SETTLED: Duration = Duration::from_secs(2);

/// The events of a streamed answer, as a [`Stream`] or by [`next`](Self::next).
///
/// What ends it, what is an error and what is kept of it is for its [`Form`] to say. An answer that
/// breaks off is an error that carries what had come as [`Error::partial`], never an end. Dropping the
/// stream ends the call at the server.
#[derive(Debug)]
pub struct EventStream<E> {
    reads: Reads,
    reading: Reading,
    /// The events of an answer that came whole, to be given out.
    whole: VecDeque<String>,
    words: String,
    meta: Meta,
    ended: bool,
    told: Observation,
    of: PhantomData<fn() -> E>,
}

impl<E: DeserializeOwned> EventStream<E> {
    /// The events of an opened stream that `[DONE]` ends.
    #[must_use]
    pub fn new(transport: Arc<dyn Transport>, opened: Opened) -> Self {
        Self::of_form(transport, opened, Marked)
    }

    /// The events of an opened stream of this form.
    #[must_use]
    pub fn of_form(transport: Arc<dyn Transport>, mut opened: Opened, form: impl Form + 'static) -> Self {
        let reading = Reading::new(Box::new(form));
        let whole = opened.whole.take().map(|whole| reading.as_events(&whole)).unwrap_or_default();
        let meta = opened.meta.clone();
        let told = std::mem::take(&mut opened.told);
        Self {
            reads: Reads::new(transport, opened),
            reading,
            whole: whole.into(),
            words: String::new(),
            meta,
            ended: false,
            told,
            of: PhantomData,
        }
    }

    /// Facts of the answer's head.
    #[must_use]
    pub fn meta(&self) -> &Meta {
        &self.meta
    }

    /// How the stream ended; `None` while it runs and when it failed.
    #[must_use]
    pub fn ending(&self) -> Option<Ending> {
        self.reading.verdict().and_then(|verdict| verdict.as_ref().ok().copied())
    }

    /// The next event; `None` at the end.
    pub async fn next(&mut self) -> Option<Result<E>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// The words that the events given out so far have said and nobody has taken yet.
    pub(crate) fn take_words(&mut self) -> String {
        std::mem::take(&mut self.words)
    }

    /// The stream of words instead of events; events without any are left out.
    #[must_use]
    pub fn into_words(self) -> WordStream<E> {
        WordStream { events: self }
    }

    /// The whole answer as JSON text; reads the rest of the stream.
    ///
    /// # Errors
    /// As the stream itself; `Decode` when the form keeps no answer.
    pub async fn into_whole<T>(mut self) -> Result<(Json<T>, Meta)> {
        while let Some(event) = self.next().await {
            event?;
        }
        match self.reading.whole() {
            Some(whole) => Ok((Json::from_checked(whole), self.meta)),
            None => Err(with_meta(Error::new(ErrorKind::Decode, "The stream held no answer."), &self.meta)),
        }
    }

    fn step(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<E>>> {
        if let Some(text) = self.whole.pop_front() {
            self.reading.push(Raw::parse(&text)?, &mut self.words)?;
            if self.whole.is_empty() {
                self.reading.end(End::Done);
            }
            return Poll::Ready(typed(&text, 1, 0).map(Some));
        }
        loop {
            if self.reading.verdict().is_some() {
                return Poll::Ready(Ok(None));
            }
            if let Some(event) = self.reads.decoder.next_event()? {
                let text = event.text();
                return Poll::Ready(if self.reading.take(&event, &text, &mut self.words)? {
                    typed(&text, event.number, event.offset).map(Some)
                } else {
                    Ok(None)
                });
            }
            if self.reading.ends_soon() {
                self.reads.idle = self.reads.idle.min(SETTLED);
            }
            match self.reads.poll_more(cx)? {
                Poll::Ready(true) => {}
                Poll::Ready(false) => {
                    self.reading.end(if self.reads.decoder.finish() { End::Done } else { End::Eof });
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
        let before = self.words.len();
        match self.step(cx) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Ok(Some(event))) => {
                let Self { told, words, .. } = &mut *self;
                told.token(|| words.get(before..).unwrap_or("").to_owned());
                return Poll::Ready(Some(Ok(event)));
            }
            Poll::Ready(Ok(None)) => {}
            Poll::Ready(Err(fault)) => self.reading.end(End::Broken(fault)),
        }
        self.ended = true;
        self.reads.close();
        let failure = self.reading.take_failure().map(|fault| with_meta(fault, &self.meta));
        let Self { told, reading, .. } = &mut *self;
        match &failure {
            Some(error) => told.failed(error),
            None => told.ended(|| reading.whole()),
        }
        Poll::Ready(failure.map(Err))
    }
}

/// The words of a streamed answer, see [`EventStream::into_words`].
#[derive(Debug)]
pub struct WordStream<E> {
    events: EventStream<E>,
}

impl<E: DeserializeOwned> WordStream<E> {
    /// The next piece of text; `None` at the end.
    pub async fn next(&mut self) -> Option<Result<String>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl<E: DeserializeOwned> Stream for WordStream<E> {
    type Item = Result<String>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            match Pin::new(&mut self.events).poll_next(cx) {
                Poll::Ready(Some(Ok(_))) => {
                    let words = self.events.take_words();
                    if !words.is_empty() {
                        return Poll::Ready(Some(Ok(words)));
                    }
                }
                Poll::Ready(Some(Err(fault))) => return Poll::Ready(Some(Err(fault))),
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}
