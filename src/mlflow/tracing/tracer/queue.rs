//! What waits to be sent.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError};

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

    /// Puts a trace at the end, and says whether somebody should start to send.
    pub(super) fn push(&self, trace: Trace, most: usize) -> bool {
        let size = trace.spans.iter().map(size).sum();
        let mut inner = self.inner();
        if inner.waiting.len() >= most || inner.bytes.saturating_add(size) > MOST_BYTES {
            inner.stats.dropped += 1;
            return false;
        }
        inner.bytes += size;
        inner.waiting.push_back((trace, size));
        !std::mem::replace(&mut inner.running, true)
    }

    /// Nobody goes through the queue by itself.
    pub(super) fn rest(&self) {
        self.inner().running = false;
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
            let sending = Sending(self);
            let sent = send(settings, trace).await;
            drop(sending);
            match sent {
                Ok(()) => self.inner().stats.exported += 1,
                Err(error) => self.failed(error),
            }
        }
    }

    /// [`drain`](Self::drain) by a task of its own, until nothing waits.
    pub(super) async fn run(&self, settings: &Settings) {
        loop {
            self.drain(settings).await;
            let mut inner = self.inner();
            if inner.waiting.is_empty() {
                inner.running = false;
                return;
            }
        }
    }
}

/// A trace on its way, also counted as gone when its sending is dropped.
struct Sending<'a>(&'a Queue);

impl Drop for Sending<'_> {
    fn drop(&mut self) {
        self.0.inner().busy -= 1;
    }
}

fn size(span: &Span) -> usize {
    let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    256 + text(&span.inputs)
        + text(&span.outputs)
        + span.attributes.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>()
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
