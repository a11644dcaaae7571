//! What waits to be sent.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Export, Settings, TracingStats};
use crate::error::{Error, Result};
use crate::mlflow::tracing::enrich::enrich;
use crate::mlflow::tracing::model::{Span, Trace};

/// How much the traces that wait may hold together, in bytes.
const MOST_BYTES: usize = 64 << 20;

#[derive(Default)]
pub(super) struct Queue(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    waiting: VecDeque<(Trace, usize)>,
    bytes: usize,
    /// How many are being sent.
    busy: u64,
    /// Whether a task goes through the queue by itself.
    running: bool,
    closed: bool,
    stats: TracingStats,
    error: Option<Error>,
}

impl Queue {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn stats(&self) -> TracingStats {
        let inner = self.inner();
        TracingStats { waiting: inner.waiting.len() as u64 + inner.busy, ..inner.stats }
    }

    pub(super) fn left_out(&self, spans: u64) {
        self.inner().stats.dropped_spans += spans;
    }

    pub(super) fn close(&self) {
        self.inner().closed = true;
    }

    pub(super) fn is_closed(&self) -> bool {
        self.inner().closed
    }

    pub(super) fn is_busy(&self) -> bool {
        self.inner().busy > 0
    }

    pub(super) fn take_error(&self) -> Option<Error> {
        self.inner().error.take()
    }

    pub(super) fn failed(&self, error: Error) {
        let mut inner = self.inner();
        inner.stats.failed += 1;
        inner.error = Some(error);
    }

    /// Puts a trace at the end, and gives the right to send when nobody has it.
    pub(super) fn push(self: &Arc<Self>, trace: Trace, most: usize) -> Option<Running> {
        let size = trace.spans.iter().map(size).sum();
        let mut inner = self.inner();
        if inner.waiting.len() >= most || inner.bytes.saturating_add(size) > MOST_BYTES {
            inner.stats.dropped += 1;
            return None;
        }
        inner.bytes += size;
        inner.waiting.push_back((trace, size));
        (!std::mem::replace(&mut inner.running, true)).then(|| Running(self.clone(), true))
    }

    fn next(&self) -> Option<Trace> {
        let mut inner = self.inner();
        let (trace, size) = inner.waiting.pop_front()?;
        inner.bytes -= size;
        inner.busy += 1;
        Some(trace)
    }

    /// Sends what waits, one after the other.
    pub(super) async fn drain(&self, settings: &Settings) {
        while let Some(trace) = self.next() {
            let mut sending = Sending(self, false);
            let sent = send(settings, trace).await;
            sending.1 = true;
            drop(sending);
            match sent {
                Ok(()) => self.inner().stats.exported += 1,
                Err(error) => self.failed(error),
            }
        }
    }
}

/// The right to go through the queue by itself; whether it is still held. A task that is dropped, with its runtime or before it
/// ran, gives it back.
pub(super) struct Running(Arc<Queue>, bool);

impl Running {
    /// [`Queue::drain`] until nothing waits.
    pub(super) async fn drain(mut self, settings: &Settings) {
        while self.1 {
            self.0.drain(settings).await;
            let mut inner = self.0.inner();
            if inner.waiting.is_empty() {
                inner.running = false;
                self.1 = false;
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.1 {
            self.0.inner().running = false;
        }
    }
}

/// A trace on its way, and whether it arrived or was refused; one whose sending is dropped has failed.
struct Sending<'a>(&'a Queue, bool);

impl Drop for Sending<'_> {
    fn drop(&mut self) {
        let mut inner = self.0.inner();
        inner.busy -= 1;
        inner.stats.failed += u64::from(!self.1);
    }
}

fn size(span: &Span) -> usize {
    let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let facts =
        |facts: &[(String, String)]| facts.iter().map(|(key, value)| 48 + key.len() + value.len()).sum::<usize>();
    let events = span.events.iter().map(|event| 64 + event.name.len() + facts(&event.attributes));
    256 + text(&span.inputs) + text(&span.outputs) + facts(&span.attributes) + events.sum::<usize>()
}

async fn send(settings: &Settings, mut trace: Trace) -> Result<()> {
    // they came as they ended; readers expect what holds others before these
    trace.spans.sort_by_key(|span| (span.start_ns, span.parent_id.is_some()));
    for span in &mut trace.spans {
        enrich(span);
        let Some(redact) = &settings.redact else { continue };
        if catch_unwind(AssertUnwindSafe(|| redact.redact(span))).is_err() {
            (span.inputs, span.outputs) = (None, None);
            span.attributes = vec![("lakewire.redaction_failed".to_owned(), "true".to_owned())];
            span.events.clear();
            span.status_message.clear();
        }
    }
    match &settings.export {
        Export::Artifact => settings.client.log_trace(&trace).await.map(drop),
        Export::Otlp => settings.client.log_trace_otlp(&trace, &settings.resource).await,
        Export::Table(table) => settings.client.log_trace_to_table(&trace, table, &settings.resource).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mlflow::tracing::model::SpanEvent;

    #[test]
    fn a_task_that_is_dropped_gives_back_the_right_to_send() {
        let queue = Arc::<Queue>::default();
        let running = queue.push(Trace::default(), 10);
        assert!(running.is_some());
        assert!(queue.push(Trace::default(), 10).is_none(), "one task sends");
        drop(running);
        assert!(queue.push(Trace::default(), 10).is_some(), "another may");
        // nor is a trace lost without a count
        let trace = queue.next();
        assert!(trace.is_some());
        drop(Sending(&queue, false));
        assert_eq!((queue.stats().failed, queue.stats().waiting), (1, 2));
    }

    #[test]
    fn events_are_part_of_a_traces_size() {
        let mut span = Span::default();
        let before = size(&span);
        span.events.push(SpanEvent {
            name: "seen".to_owned(),
            time_ns: 1,
            attributes: vec![("a".to_owned(), "x".repeat(1000))],
        });
        assert!(size(&span) >= before + 1000);
    }
}
