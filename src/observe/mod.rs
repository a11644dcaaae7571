//! What calls of ours tell whoever watches them: one trait, one context.
//!
//! An [`Observer`] is told when a call starts, and gives an [`Observed`] that is told what the call gave or why it failed.
//! [`WorkspaceClient::observed_by`](crate::WorkspaceClient::observed_by) gives a client whose handles report. Inputs and outputs
//! are JSON texts that are made only when the observer asks. An observer that panics loses what it was told; the call goes on.
//!
//! Which call belongs to which follows the code: the [`Context`] is that of the future or stream that is being polled. Work that
//! is spawned takes it along: `Context::current().within(future)`.
//!
//! ```
//! use std::sync::{Arc, Mutex};
//! use lakewire::observe::{Observed, Observer, Start};
//!
//! /// Counts calls.
//! #[derive(Clone, Default)]
//! struct Counter(Arc<Mutex<Vec<String>>>);
//! impl Observer for Counter {
//!     fn start(&self, start: &Start<'_>) -> Option<Arc<dyn Observed>> {
//!         self.0.lock().ok()?.push(format!("{} {}", start.kind().as_str(), start.name()));
//!         None
//!     }
//!     fn identity(&self) -> usize {
//!         Arc::as_ptr(&self.0) as usize
//!     }
//! }
//! ```

mod client;
mod context;
mod kind;
mod observation;

use std::any::Any;
use std::fmt;
use std::sync::Arc;

pub use context::Context;
pub use kind::Kind;
pub(crate) use observation::inputs;
pub use observation::{Observation, Watch};

use crate::error::Error;
use crate::transport::{MaybeSend, MaybeSync};

/// Whoever watches calls.
pub trait Observer: MaybeSend + MaybeSync {
    /// A call starts. Nothing when its end is of no interest; then the calls inside of it belong to the call around it.
    fn start(&self, start: &Start<'_>) -> Option<Arc<dyn Observed>>;

    /// A number that tells this observer from all others; its clones give the same.
    fn identity(&self) -> usize;
}

/// One call under way, as an observer keeps it. Exactly one of [`end`](Self::end), [`fail`](Self::fail) and
/// [`leave`](Self::leave) comes, and nothing after it.
pub trait Observed: MaybeSend + MaybeSync {
    /// What goes in became known after the start.
    fn inputs(&self, _json: &dyn Fn() -> String) {}

    /// A piece of a streamed answer's text came. Also called without text, for the first thing that comes at all.
    fn token(&self, _text: &str) {}

    /// The call ended well; `outputs` makes the JSON text of what it gave.
    fn end(&self, outputs: &dyn Fn() -> String);

    /// The call failed.
    fn fail(&self, error: &Error);

    /// The call was given up: its future or stream was dropped before its end. `outputs` makes what had come.
    fn leave(&self, outputs: &dyn Fn() -> String);

    /// The value of the header `traceparent` for requests of this call.
    fn traceparent(&self) -> Option<String> {
        None
    }

    /// The observer's own type, to find a parent's facts again.
    fn any(&self) -> &dyn Any;
}

/// A call that starts.
pub struct Start<'a> {
    kind: Kind,
    name: &'a str,
    parent: Option<&'a Arc<dyn Observed>>,
    inputs: &'a dyn Fn() -> String,
}

impl Start<'_> {
    /// What kind of call it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// What it calls: an endpoint, an index, a tool.
    #[must_use]
    pub fn name(&self) -> &str {
        self.name
    }

    /// The observer's own observation of the call around this one.
    #[must_use]
    pub fn parent(&self) -> Option<&Arc<dyn Observed>> {
        self.parent
    }

    /// What goes in, as JSON text; empty when it is not known yet.
    #[must_use]
    pub fn inputs(&self) -> String {
        (self.inputs)()
    }
}

impl fmt::Debug for Start<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Start({} {})", self.kind.as_str(), self.name)
    }
}

/// Runs an observer's code: what goes wrong there is not the watched call's.
fn guarded<T>(run: impl FnOnce() -> T) -> Option<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).ok()
}

#[cfg(test)]
mod tests;
