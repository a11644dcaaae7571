//! The tracer: watches calls, keeps what they tell as spans, and sends whole traces in the background.

mod live;
mod queue;
#[cfg(test)]
mod tests;
mod user;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use self::live::{LiveSpan, LiveTrace};
use self::queue::Queue;
pub use self::user::{CurrentTrace, UserSpan};
use super::ids::TraceParent;
use super::model::Span;
use crate::error::Result;
use crate::mlflow::MlflowClient;
use crate::observe::{Context, Observed, Observer, Start};
use crate::transport::{MaybeSend, MaybeSync, Transport};

/// How traces are sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Export {
    /// The trace's info, then its spans as the artifact `traces.json`: to an MLflow server and to a workspace.
    #[default]
    Artifact,
    /// The spans by OTLP (`/v1/traces`), then the info: to an MLflow server that keeps its data in a database. Only this way a trace
    /// goes on from another service's.
    Otlp,
    /// The spans by OTLP into a table of Unity Catalog, named in full.
    Table(String),
}

/// What became of traces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TracingStats {
    /// Sent, and taken by the server.
    pub exported: u64,
    /// Not kept, because too many waited already.
    pub dropped: u64,
    /// Refused, or not sent after all attempts.
    pub failed: u64,
    /// Waiting to be sent, or on their way.
    pub waiting: u64,
    /// Spans left out of traces that have too many.
    pub dropped_spans: u64,
}

trait Redact: MaybeSend + MaybeSync {
    fn redact(&self, span: &mut Span);
}

impl<F: Fn(&mut Span) + MaybeSend + MaybeSync> Redact for F {
    fn redact(&self, span: &mut Span) {
        self(span);
    }
}

#[derive(Clone)]
struct Settings {
    client: MlflowClient,
    experiment_id: String,
    export: Export,
    sample_rate: f64,
    tags: Vec<(String, String)>,
    metadata: Vec<(String, String)>,
    resource: Vec<(String, String)>,
    redact: Option<Arc<dyn Redact>>,
    max_queue: usize,
    max_content: usize,
    traceparent: bool,
}

/// Watches calls and keeps them as MLflow traces. Cheap to clone; clones share one queue.
///
/// A trace is sent when its outermost call and all calls within have ended, in the background where the runtime goes on (natively
/// a tokio task), else with [`flush`](Self::flush). Sending never slows a call down and never fails one: at most so many traces
/// wait ([`with_max_queue`](Self::with_max_queue)), and those that find no place are counted in [`stats`](Self::stats). A call
/// that begins within a span whose trace was sent is kept as [`span_after`](Self::span_after) would.
///
/// ```no_run
/// # async fn example(client: lakewire::WorkspaceClient) -> lakewire::Result<()> {
/// use lakewire::mlflow::tracing::MlflowTracing;
/// let tracing = MlflowTracing::for_experiment(&client.mlflow(), "/Users/me@example.com/my-app").await?;
/// let client = client.observed_by(tracing.clone());
///
/// let question = "What is a lakehouse?";
/// let span = tracing.span("answer").inputs(&question);
/// span.trace().session("s-1").tag("app", "shop");
/// let answer = span.run(async { client.chat("my-endpoint").invoke(question).await.map(|answer| answer.text()) }).await?;
/// # let _ = answer;
/// tracing.close().await
/// # }
/// ```
#[derive(Clone)]
pub struct MlflowTracing {
    settings: Arc<Settings>,
    queue: Arc<Queue>,
}

impl MlflowTracing {
    /// A tracer that sends to an experiment, by its id.
    #[must_use]
    pub fn new(client: &MlflowClient, experiment_id: impl Into<String>) -> Self {
        let settings = Settings {
            client: client.clone(),
            experiment_id: experiment_id.into(),
            export: Export::default(),
            sample_rate: 1.0,
            tags: Vec::new(),
            metadata: Vec::new(),
            resource: Vec::new(),
            redact: None,
            max_queue: 1000,
            max_content: 1 << 20,
            traceparent: true,
        };
        Self { settings: Arc::new(settings), queue: Arc::default() }
    }

    /// A tracer that sends to the experiment of this name, which is created when there is none.
    ///
    /// # Errors
    /// As the server answers.
    pub async fn for_experiment(client: &MlflowClient, name: &str) -> Result<Self> {
        Ok(Self::new(client, client.experiment(name).await?.experiment_id))
    }

    fn with(self, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = (*self.settings).clone();
        change(&mut settings);
        Self { settings: Arc::new(settings), queue: self.queue }
    }

    /// How traces are sent; [`Export::Artifact`] unless set.
    #[must_use]
    pub fn with_export(self, export: Export) -> Self {
        self.with(|settings| settings.export = export)
    }

    /// Which share of traces is kept, from 0 to 1: decided once per trace, when it begins.
    #[must_use]
    pub fn with_sample_rate(self, rate: f64) -> Self {
        self.with(|settings| settings.sample_rate = rate)
    }

    /// A tag of every trace.
    #[must_use]
    pub fn with_tag(self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.with(|settings| settings.tags.push((key.into(), value.into())))
    }

    /// The session that every trace belongs to (`mlflow.trace.session`).
    #[must_use]
    pub fn with_session(self, id: impl Into<String>) -> Self {
        self.with(|settings| settings.metadata.push((live::SESSION.to_owned(), id.into())))
    }

    /// The user that every trace belongs to (`mlflow.trace.user`).
    #[must_use]
    pub fn with_user(self, id: impl Into<String>) -> Self {
        self.with(|settings| settings.metadata.push((live::USER.to_owned(), id.into())))
    }

    /// The service's name in spans that go by OTLP.
    #[must_use]
    pub fn with_service_name(self, name: impl Into<String>) -> Self {
        self.with(|settings| settings.resource = vec![("service.name".to_owned(), name.into())])
    }

    /// A function that may change or take out what a span holds before it is sent. Should it panic, the span's contents are
    /// withheld.
    ///
    /// ```no_run
    /// # fn example(tracing: lakewire::mlflow::tracing::MlflowTracing) {
    /// let tracing = tracing.with_redaction(|span| span.inputs = None);
    /// # }
    /// ```
    #[must_use]
    pub fn with_redaction(self, redact: impl Fn(&mut Span) + MaybeSend + MaybeSync + 'static) -> Self {
        self.with(|settings| settings.redact = Some(Arc::new(redact)))
    }

    /// How many traces may wait to be sent; 1,000 unless set. Their contents together may have 64 MiB.
    #[must_use]
    pub fn with_max_queue(self, traces: usize) -> Self {
        self.with(|settings| settings.max_queue = traces)
    }

    /// How long the inputs or the outputs of one span may be, in bytes; 1 MiB unless set. Longer ones are kept as a text that ends
    /// with `...`.
    #[must_use]
    pub fn with_max_content(self, bytes: usize) -> Self {
        self.with(|settings| settings.max_content = bytes)
    }

    /// Whether requests of watched calls carry the header `traceparent`, by which the service behind can go on with the trace; they
    /// do unless set.
    #[must_use]
    pub fn with_traceparent(self, on: bool) -> Self {
        self.with(|settings| settings.traceparent = on)
    }

    /// A span of your own, inside of the call or span that is under way, or as the root of a new trace.
    #[must_use]
    pub fn span(&self, name: impl Into<String>) -> UserSpan {
        let around = Context::current();
        let parent = around.find(self.identity()).and_then(|observed| observed.any().downcast_ref::<LiveSpan>());
        UserSpan::new(self.clone(), self.begin(name.into(), "UNKNOWN", parent, None))
    }

    /// A span that goes on from another service's, as the header `traceparent` of its request says; without a header that can be
    /// read, it begins a new trace. With [`Export::Otlp`] it becomes a part of the other's trace; else it begins a trace of its
    /// own, whose metadata `traceparent` is the header.
    #[must_use]
    pub fn span_after(&self, name: impl Into<String>, traceparent: &str) -> UserSpan {
        UserSpan::new(self.clone(), self.begin(name.into(), "UNKNOWN", None, TraceParent::parse(traceparent)))
    }

    /// The trace that the running code belongs to.
    #[must_use]
    pub fn current_trace(&self) -> Option<CurrentTrace> {
        let around = Context::current();
        let span = around.find(self.identity())?.any().downcast_ref::<LiveSpan>()?;
        Some(CurrentTrace::new(span.trace().clone()))
    }

    /// What became of traces so far.
    #[must_use]
    pub fn stats(&self) -> TracingStats {
        self.queue.stats()
    }

    /// Sends what waits, and waits for what is on its way.
    ///
    /// # Errors
    /// The last reason why a trace was not taken since the last time; the others were sent all the same.
    pub async fn flush(&self) -> Result<()> {
        self.queue.drain(&self.settings).await;
        while self.queue.is_busy() {
            self.transport().sleep(Duration::from_millis(5)).await;
        }
        self.queue.take_error().map_or(Ok(()), Err)
    }

    /// [`flush`](Self::flush), after which no call is watched any more.
    ///
    /// # Errors
    /// As [`flush`](Self::flush).
    pub async fn close(&self) -> Result<()> {
        self.queue.close();
        self.flush().await
    }

    fn transport(&self) -> &Arc<dyn Transport> {
        self.settings.client.sender.transport()
    }

    /// Random bytes for ids.
    fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        for four in bytes.chunks_mut(4) {
            let draw = (self.transport().random() * 4_294_967_296.0) as u32;
            for (byte, drawn) in four.iter_mut().zip(draw.to_le_bytes()) {
                *byte = drawn;
            }
        }
        bytes
    }

    fn begin(
        &self,
        name: String,
        span_type: &str,
        parent: Option<&LiveSpan>,
        remote: Option<TraceParent>,
    ) -> Arc<LiveSpan> {
        if let Some(parent) = parent.filter(|parent| parent.trace().enter()) {
            return LiveSpan::begin(self.clone(), parent.trace().clone(), Some(parent), name, span_type);
        }
        // a trace that was sent takes nothing more: what begins beneath its spans stands there as beneath one elsewhere
        let trace = LiveTrace::new(self, remote.or_else(|| parent.map(LiveSpan::as_remote)));
        LiveSpan::begin(self.clone(), trace, None, name, span_type)
    }

    /// A trace has ended: it waits to be sent, and is if somebody can.
    fn ended(&self, trace: super::Trace) {
        if let Some(running) = self.queue.push(trace, self.settings.max_queue) {
            let settings = self.settings.clone();
            self.transport().spawn(Box::pin(async move { running.drain(&settings).await }));
        }
    }
}

impl Observer for MlflowTracing {
    fn start(&self, start: &Start<'_>) -> Option<Arc<dyn Observed>> {
        if self.queue.is_closed() {
            return None;
        }
        let parent = start.parent().and_then(|observed| observed.any().downcast_ref::<LiveSpan>());
        let span = self.begin(start.name().to_owned(), start.kind().as_str(), parent, None);
        span.set_inputs(|| start.inputs());
        Some(span)
    }

    fn identity(&self) -> usize {
        Arc::as_ptr(&self.queue).cast::<()>() as usize
    }
}

impl fmt::Debug for MlflowTracing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MlflowTracing")
            .field("experiment_id", &self.settings.experiment_id)
            .field("export", &self.settings.export)
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}
