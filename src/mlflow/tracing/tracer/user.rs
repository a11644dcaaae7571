//! Spans and traces in the hands of whoever writes an app.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use serde::Serialize;

use super::MlflowTracing;
use super::live::{LiveSpan, LiveTrace, MOST_FACTS, SESSION, USER};
use crate::observe::{Context, Observed};
use crate::wire::json::string;

/// A span of your own; made by [`MlflowTracing::span`]. It ends with [`run`](Self::run), [`in_scope`](Self::in_scope),
/// [`end`](Self::end) or [`fail`](Self::fail); when it is dropped before, it says that it was left early.
pub struct UserSpan {
    tracing: MlflowTracing,
    live: Arc<LiveSpan>,
}

/// JSON text of a value; what cannot be written is told in its place.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| string("(this value cannot be written as JSON)"))
}

impl UserSpan {
    pub(super) fn new(tracing: MlflowTracing, live: Arc<LiveSpan>) -> Self {
        Self { tracing, live }
    }

    /// Sets its type, see [`span_type`](crate::mlflow::tracing::span_type).
    #[must_use]
    pub fn span_type(self, span_type: &str) -> Self {
        self.live.change(|span| span_type.clone_into(&mut span.span_type));
        self
    }

    /// Sets what goes in.
    #[must_use]
    pub fn inputs(self, value: &impl Serialize) -> Self {
        self.live.set_inputs(|| json(value));
        self
    }

    /// Sets a fact.
    #[must_use]
    pub fn attribute(self, key: impl Into<String>, value: &impl Serialize) -> Self {
        self.set_attribute(key, value);
        self
    }

    /// Sets a fact while it goes on. A span keeps 128 of them.
    pub fn set_attribute(&self, key: impl Into<String>, value: &impl Serialize) {
        let key = key.into();
        self.live.change(|span| {
            span.attributes.retain(|(known, _)| *known != key);
            if span.attributes.len() < MOST_FACTS {
                span.attributes.push((key, json(value)));
            }
        });
    }

    /// Sets what came out.
    pub fn set_outputs(&self, value: &impl Serialize) {
        self.live.set_outputs(|| json(value));
    }

    /// Says that something happened, with facts. A span keeps 128 events.
    pub fn event(&self, name: &str, facts: &[(&str, &str)]) {
        let facts = facts.iter().map(|(key, value)| ((*key).to_owned(), string(value)));
        self.live.event(name, facts.collect());
    }

    /// The trace it belongs to.
    #[must_use]
    pub fn trace(&self) -> CurrentTrace {
        CurrentTrace::new(self.live.trace().clone())
    }

    /// The header `traceparent` for a service that shall go on with the trace.
    #[must_use]
    pub fn traceparent(&self) -> Option<String> {
        self.live.traceparent()
    }

    /// The context in which calls belong to this span, for work that is spawned.
    #[must_use]
    pub fn context(&self) -> Context {
        Context::of(Arc::new(self.tracing.clone()), self.live.clone())
    }

    /// Awaits work that belongs to this span, and ends it. What the work gives becomes its outputs, its error the span's.
    ///
    /// # Errors
    /// Those of the work.
    pub async fn run<T: Serialize, E: fmt::Display>(self, work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        let outcome = self.context().within(work).await;
        match &outcome {
            Ok(value) => {
                self.set_outputs(value);
                self.end();
            }
            Err(error) => self.fail(error),
        }
        outcome
    }

    /// Awaits work that belongs to this span, and ends it without outputs.
    pub async fn in_scope<T>(self, work: impl Future<Output = T>) -> T {
        let value = self.context().within(work).await;
        self.end();
        value
    }

    /// Ends it.
    pub fn end(self) {
        self.live.finish();
    }

    /// Ends it with an error.
    pub fn fail(self, error: &impl fmt::Display) {
        self.live.end_failed("Error", &error.to_string());
    }
}

impl Drop for UserSpan {
    fn drop(&mut self) {
        // nothing when it has ended
        self.live.leave(&String::new);
    }
}

impl fmt::Debug for UserSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UserSpan({})", self.live.trace().id)
    }
}

/// A trace under way; see [`MlflowTracing::current_trace`]. What is set after it was sent changes nothing.
pub struct CurrentTrace(Arc<LiveTrace>);

impl CurrentTrace {
    pub(super) fn new(trace: Arc<LiveTrace>) -> Self {
        Self(trace)
    }

    /// Its id.
    #[must_use]
    pub fn trace_id(&self) -> &str {
        &self.0.id
    }

    /// Whether it is kept, as the sampling decided.
    #[must_use]
    pub fn is_sampled(&self) -> bool {
        self.0.sampled
    }

    /// Sets a tag.
    pub fn tag(&self, key: impl Into<String>, value: impl Into<String>) -> &Self {
        set(&mut self.0.state().trace.tags, key.into(), value.into());
        self
    }

    /// Sets metadata.
    pub fn metadata(&self, key: impl Into<String>, value: impl Into<String>) -> &Self {
        set(&mut self.0.state().trace.metadata, key.into(), value.into());
        self
    }

    /// Says which session it belongs to.
    pub fn session(&self, id: impl Into<String>) -> &Self {
        self.metadata(SESSION, id)
    }

    /// Says which user it belongs to.
    pub fn user(&self, id: impl Into<String>) -> &Self {
        self.metadata(USER, id)
    }

    /// Says which run it belongs to.
    pub fn run(&self, run_id: impl Into<String>) -> &Self {
        self.metadata("mlflow.sourceRun", run_id)
    }

    /// Sets the caller's own id of the request.
    pub fn client_request_id(&self, id: impl Into<String>) -> &Self {
        self.0.state().trace.client_request_id = Some(id.into());
        self
    }

    /// Sets what lists show of the request and the answer.
    pub fn previews(&self, request: impl Into<String>, response: impl Into<String>) -> &Self {
        let mut state = self.0.state();
        state.trace.request_preview = Some(request.into());
        state.trace.response_preview = Some(response.into());
        drop(state);
        self
    }
}

impl fmt::Debug for CurrentTrace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CurrentTrace({})", self.0.id)
    }
}

fn set(list: &mut Vec<(String, String)>, key: String, value: String) {
    match list.iter_mut().find(|(known, _)| *known == key) {
        Some((_, old)) => *old = value,
        None => list.push((key, value)),
    }
}
