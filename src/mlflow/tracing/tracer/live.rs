//! Traces and spans under way.

use std::any::Any;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{Export, MlflowTracing};
use crate::error::Error;
use crate::mlflow::tracing::ids::{TraceParent, otel_id, span_id, trace_id};
use crate::mlflow::tracing::model::{Span, SpanEvent, SpanStatus, Trace};
use crate::observe::Observed;
use crate::wire::json::{Raw, string};

pub(super) const SESSION: &str = "mlflow.trace.session";
pub(super) const USER: &str = "mlflow.trace.user";
/// How many spans one trace keeps.
const MOST_SPANS: usize = 10_000;
/// How many events, and how many facts, a span keeps.
pub(super) const MOST_FACTS: usize = 128;

/// A trace under way.
pub(super) struct LiveTrace {
    pub(super) id: String,
    pub(super) sampled: bool,
    /// The span of another service that the root belongs to.
    remote: Option<String>,
    state: Mutex<State>,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) trace: Trace,
    /// Spans that have not ended.
    open: usize,
    root_ended: bool,
    /// Nothing belongs to it any more.
    sent: bool,
    dropped: u64,
}

impl LiveTrace {
    pub(super) fn new(tracing: &MlflowTracing, remote: Option<TraceParent>) -> Arc<Self> {
        let settings = &tracing.settings;
        let sampled = match &remote {
            Some(parent) => parent.sampled,
            None => settings.sample_rate >= 1.0 || tracing.transport().random() < settings.sample_rate,
        };
        let mut trace = Trace {
            experiment_id: settings.experiment_id.clone(),
            tags: settings.tags.clone(),
            metadata: settings.metadata.clone(),
            ..Trace::default()
        };
        let (id, remote) = match remote {
            Some(parent) if settings.export != Export::Artifact => {
                (["tr-", &parent.trace_id].concat(), Some(parent.span_id))
            }
            Some(parent) => {
                trace.metadata.push(("traceparent".to_owned(), parent.header()));
                (trace_id(tracing.random()), None)
            }
            None => (trace_id(tracing.random()), None),
        };
        trace.trace_id.clone_from(&id);
        // its root is open
        let state = Mutex::new(State { trace, open: 1, ..State::default() });
        Arc::new(Self { id, sampled, remote, state })
    }

    /// Opens one more span, unless the trace was sent.
    pub(super) fn enter(&self) -> bool {
        let mut state = self.state();
        state.open += usize::from(!state.sent);
        !state.sent
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A span under way.
pub(super) struct LiveSpan {
    tracing: MlflowTracing,
    trace: Arc<LiveTrace>,
    id: String,
    root: bool,
    /// When it began, by the clock that only goes forward.
    began: Duration,
    /// What is known so far; nothing once it has ended, and of traces that are not kept.
    span: Mutex<Option<Span>>,
}

impl LiveSpan {
    /// A span of a trace that was entered for it.
    pub(super) fn begin(
        tracing: MlflowTracing,
        trace: Arc<LiveTrace>,
        parent: Option<&Self>,
        name: String,
        span_type: &str,
    ) -> Arc<Self> {
        let transport = tracing.transport().clone();
        let id = span_id(tracing.random());
        let span = trace.sampled.then(|| Span {
            span_id: id.clone(),
            parent_id: parent.map(|parent| parent.id.clone()).or_else(|| trace.remote.clone()),
            name,
            span_type: span_type.to_owned(),
            start_ns: u64::try_from(transport.wall_clock().as_nanos()).unwrap_or(u64::MAX),
            ..Span::default()
        });
        let (root, began) = (parent.is_none(), transport.now());
        Arc::new(Self { tracing, trace, id, root, began, span: Mutex::new(span) })
    }

    /// As another service would name it.
    pub(super) fn as_remote(&self) -> TraceParent {
        let trace_id = otel_id(&self.trace.id).to_owned();
        TraceParent { trace_id, span_id: self.id.clone(), sampled: self.trace.sampled }
    }

    pub(super) fn trace(&self) -> &Arc<LiveTrace> {
        &self.trace
    }

    /// Changes the span, unless it has ended or is not kept.
    pub(super) fn change(&self, change: impl FnOnce(&mut Span)) {
        if let Some(span) = self.span.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            change(span);
        }
    }

    /// JSON text as it is kept: too much of it is cut.
    fn content(&self, json: String) -> Option<String> {
        let limit = self.tracing.settings.max_content;
        if json.len() <= limit {
            return Some(json).filter(|json| !json.is_empty());
        }
        let mut end = limit.saturating_sub(3);
        while !json.is_char_boundary(end) {
            end -= 1;
        }
        Some(string(&[json.get(..end).unwrap_or(""), "..."].concat()))
    }

    pub(super) fn set_inputs(&self, json: impl FnOnce() -> String) {
        self.change(|span| {
            if span.inputs.is_none() {
                span.inputs = self.content(json());
            }
        });
    }

    pub(super) fn set_outputs(&self, json: impl FnOnce() -> String) {
        self.change(|span| span.outputs = self.content(json()));
    }

    fn now(&self, span: &Span) -> u64 {
        let passed = self.tracing.transport().now().saturating_sub(self.began);
        span.start_ns.saturating_add(u64::try_from(passed.as_nanos()).unwrap_or(u64::MAX))
    }

    pub(super) fn event(&self, name: &str, attributes: Vec<(String, String)>) {
        self.change(|span| {
            if span.events.len() < MOST_FACTS {
                let time_ns = self.now(span);
                span.events.push(SpanEvent { name: name.to_owned(), time_ns, attributes });
            }
        });
    }

    /// Ends the span with an error.
    pub(super) fn end_failed(&self, kind: &str, message: &str) {
        let facts = [("exception.type", kind), ("exception.message", message)];
        let facts = facts.map(|(key, value)| (key.to_owned(), string(value)));
        self.change(|span| {
            // the last of its events, however many there are
            span.events.truncate(MOST_FACTS - 1);
        });
        self.event("exception", facts.to_vec());
        self.change(|span| {
            span.status = SpanStatus::Error;
            span.status_message = [kind, ": ", message].concat();
        });
        self.finish();
    }

    /// Ends the span. The trace is sent once its root and all of its spans have ended.
    pub(super) fn finish(&self) {
        let Some(mut span) = self.span.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
        // a span that took no time would look as if it still went on
        span.end_ns = self.now(&span).max(1);
        if span.status == SpanStatus::Unset {
            span.status = SpanStatus::Ok;
        }
        let mut state = self.trace.state();
        state.open -= 1;
        state.root_ended |= self.root;
        if state.trace.spans.len() < MOST_SPANS || self.root {
            state.trace.spans.push(span);
        } else {
            state.dropped += 1;
        }
        if state.open == 0 && state.root_ended {
            state.sent = true;
            let trace = std::mem::take(&mut state.trace);
            let dropped = state.dropped;
            drop(state);
            self.tracing.queue.left_out(dropped);
            self.tracing.ended(trace);
        }
    }
}

impl Observed for LiveSpan {
    fn inputs(&self, json: &dyn Fn() -> String) {
        self.set_inputs(json);
    }

    fn token(&self, _text: &str) {
        self.change(|span| {
            if span.events.iter().any(|event| event.name == "first_token") {
                return;
            }
            let time_ns = self.now(span);
            span.events.push(SpanEvent { name: "first_token".to_owned(), time_ns, attributes: Vec::new() });
            let ms = time_ns.saturating_sub(span.start_ns) / 1_000_000;
            span.attributes.push(("lakewire.time_to_first_token_ms".to_owned(), ms.to_string()));
        });
    }

    fn end(&self, outputs: &dyn Fn() -> String) {
        self.set_outputs(outputs);
        self.finish();
    }

    fn fail(&self, error: &Error) {
        if let Some(partial) = error.partial() {
            let json = if Raw::parse(partial).is_ok() { partial.to_owned() } else { string(partial) };
            self.set_outputs(|| json);
        }
        self.end_failed(&format!("{:?}", error.kind()), error.message());
    }

    fn leave(&self, outputs: &dyn Fn() -> String) {
        let said = outputs();
        if !said.is_empty() {
            self.set_outputs(|| said);
        }
        self.change(|span| span.attributes.push(("lakewire.left_early".to_owned(), "true".to_owned())));
        self.finish();
    }

    fn traceparent(&self) -> Option<String> {
        self.tracing.settings.traceparent.then(|| self.as_remote().header())
    }

    fn any(&self) -> &dyn Any {
        self
    }
}
