//! One call of ours, as its handle tells it.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use super::{Context, Kind, Observed, Observer, Start, guarded};
use crate::error::{Error, Result};
use crate::wire::json::string;

/// Who watches the calls of a client. Cheap to clone; empty unless someone does.
#[derive(Clone, Default)]
pub struct Watch(Option<Arc<[Arc<dyn Observer>]>>);

impl Watch {
    /// The same watched by one more.
    #[must_use]
    pub(crate) fn and(&self, observer: Arc<dyn Observer>) -> Self {
        let mut all: Vec<_> = self.0.iter().flat_map(|all| all.iter().cloned()).collect();
        if !all.iter().any(|known| known.identity() == observer.identity()) {
            all.push(observer);
        }
        Self(Some(all.into()))
    }

    /// This, or the other when nobody watches here.
    #[must_use]
    pub(crate) fn or(self, other: impl FnOnce() -> Self) -> Self {
        if self.0.is_some() { self } else { other() }
    }

    /// Who watches the call that is under way.
    #[must_use]
    pub(crate) fn current() -> Self {
        Self(Context::current().0.map(|node| node.watchers.iter().map(|(observer, _)| observer.clone()).collect()))
    }

    /// Whether someone watches.
    pub(crate) fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// A call starts. `inputs` is run only when someone asks; an empty text means that they are not known yet.
    pub(crate) fn start(&self, kind: Kind, name: &str, inputs: impl Fn() -> String) -> Observation {
        match &self.0 {
            None => Observation(None),
            Some(all) => Observation::start(all.iter(), &Context::current(), kind, name, &inputs, Context::default()),
        }
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Watch({})", self.0.as_ref().map_or(0, |all| all.len()))
    }
}

/// How much of a stream's words is kept for the case that it is left early, in bytes.
const SAID: usize = 1 << 20;

/// A call under way; given up when it is dropped before `end` or `fail`.
#[derive(Default)]
pub struct Observation(Option<Box<Open>>);

struct Open {
    context: Context,
    own: Vec<Arc<dyn Observed>>,
    /// The answer's body.
    answer: String,
    /// What a stream has said; at most [`SAID`] bytes.
    said: String,
    begun: bool,
}

impl Observation {
    fn start<'a>(
        observers: impl Iterator<Item = &'a Arc<dyn Observer>>,
        around: &Context,
        kind: Kind,
        name: &str,
        inputs: &dyn Fn() -> String,
        first_of: Context,
    ) -> Self {
        let mut own = Vec::new();
        let mut watchers = Vec::new();
        for observer in observers {
            let parent = around.find(observer.identity());
            let observed = guarded(|| observer.start(&Start { kind, name, parent, inputs })).flatten();
            own.extend(observed.clone());
            watchers.push((observer.clone(), observed));
        }
        if own.is_empty() {
            return Self(None);
        }
        Self(Some(Box::new(Open {
            context: around.with(watchers, first_of),
            own,
            answer: String::new(),
            said: String::new(),
            begun: false,
        })))
    }

    /// A step of the call that is under way starts, for those who watch that call. With `first`, what goes into it goes into the
    /// call around it too.
    pub(crate) fn step(kind: Kind, name: impl FnOnce() -> String, first: bool, inputs: impl Fn() -> String) -> Self {
        let around = Context::current();
        let Some(node) = &around.0 else { return Self(None) };
        let observers = node.watchers.iter().map(|(observer, _)| observer);
        let first_of = if first { around.clone() } else { Context::default() };
        Self::start(observers, &around, kind, &name(), &inputs, first_of)
    }

    /// Whether someone watches.
    pub(crate) fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Awaits the rest of the call, told to its end.
    pub(crate) async fn run<T>(
        self,
        future: impl Future<Output = Result<T>>,
        outputs: impl Fn(&T) -> String,
    ) -> Result<T> {
        let outcome = self.within(future).await;
        self.settle(&outcome, outputs);
        outcome
    }

    /// The context of what the call does.
    fn context(&self) -> Context {
        self.0.as_ref().map(|open| open.context.clone()).unwrap_or_default()
    }

    /// Awaits what the call does.
    pub(crate) async fn within<F: Future>(&self, future: F) -> F::Output {
        if self.0.is_none() {
            return future.await;
        }
        self.context().within(future).await
    }

    /// Runs what the call does.
    pub(crate) fn enter<T>(&self, run: impl FnOnce() -> T) -> T {
        if self.0.is_none() { run() } else { self.context().enter(run) }
    }

    fn each(&self, tell: impl Fn(&dyn Observed)) {
        for observed in self.0.iter().flat_map(|open| &open.own) {
            let _ = guarded(|| tell(observed.as_ref()));
        }
    }

    /// Something of a streamed answer came.
    pub(crate) fn token(&mut self, text: impl FnOnce() -> String) {
        let Some(open) = &mut self.0 else { return };
        let text = text();
        if !text.is_empty() || !open.begun {
            open.begun = true;
            if open.said.len() < SAID {
                open.said.push_str(&text);
            }
            self.each(|observed| observed.token(&text));
        }
    }

    /// The header `traceparent` for requests of this call.
    pub(crate) fn traceparent(&self) -> Option<String> {
        let mut own = self.0.iter().flat_map(|open| &open.own);
        own.find_map(|observed| guarded(|| observed.traceparent()).flatten())
    }

    /// It ended well.
    pub(crate) fn end(mut self, outputs: impl Fn() -> String) {
        self.each(|observed| observed.end(&outputs));
        self.0 = None;
    }

    /// It failed.
    pub(crate) fn fail(mut self, error: &Error) {
        self.each(|observed| observed.fail(error));
        self.0 = None;
    }

    /// The answer's body came, which is what the call gives unless it is told otherwise.
    pub(crate) fn answered(&mut self, body: &[u8]) {
        if let Some(open) = &mut self.0 {
            open.answer = String::from_utf8_lossy(body).into_owned();
        }
    }

    /// It ended in one way or the other, and gave the answer's body.
    pub(crate) fn finish<T>(mut self, outcome: &Result<T>) {
        let answer = self.0.as_mut().map(|open| std::mem::take(&mut open.answer)).unwrap_or_default();
        self.settle(outcome, |_| answer.clone());
    }

    /// A stream ended well; without a whole answer its words are what it gave.
    pub(crate) fn ended(&mut self, whole: impl FnOnce() -> Option<String>) {
        if let Some(open) = &self.0 {
            let outputs = whole().unwrap_or_else(|| string(&open.said));
            std::mem::take(self).end(|| outputs.clone());
        }
    }

    /// A stream failed.
    pub(crate) fn failed(&mut self, error: &Error) {
        std::mem::take(self).fail(error);
    }

    /// It ended in one way or the other.
    pub(crate) fn settle<T>(self, outcome: &Result<T>, outputs: impl Fn(&T) -> String) {
        match outcome {
            Ok(value) => self.end(|| outputs(value)),
            Err(error) => self.fail(error),
        }
    }
}

/// Tells the call that is under way what goes into it, and the call that begins with it.
pub(crate) fn inputs(json: impl Fn() -> String) {
    let mut context = Context::current();
    while let Some(node) = context.0.take() {
        for (_, observed) in &node.watchers {
            if let Some(observed) = observed {
                let _ = guarded(|| observed.inputs(&json));
            }
        }
        context = node.first_of.clone();
    }
}

impl Drop for Observation {
    fn drop(&mut self) {
        let said = self.0.as_mut().map(|open| std::mem::take(&mut open.said)).unwrap_or_default();
        self.each(|observed| observed.leave(&|| if said.is_empty() { String::new() } else { string(&said) }));
    }
}

impl fmt::Debug for Observation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Observation({})", self.0.as_ref().map_or(0, |open| open.own.len()))
    }
}
