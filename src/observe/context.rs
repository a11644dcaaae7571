//! The call around the code that runs.

use std::cell::RefCell;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;

use super::{Observed, Observer};

thread_local! {
    static CURRENT: RefCell<Context> = const { RefCell::new(Context(None)) };
}

/// The calls around the code that runs, one per observer. Cheap to clone.
#[derive(Clone, Default)]
pub struct Context(pub(super) Option<Arc<Node>>);

/// Whoever watches, and what is kept of the call there.
pub(super) type Watcher = (Arc<dyn Observer>, Option<Arc<dyn Observed>>);

/// One call under way, for all who watch it.
pub(super) struct Node {
    pub(super) watchers: Vec<Watcher>,
    /// The call that begins with this one: what goes into this goes into that.
    pub(super) first_of: Context,
}

impl Context {
    /// The context of the future that is being polled; empty outside of any call.
    #[must_use]
    pub fn current() -> Self {
        CURRENT.try_with(|current| current.borrow().clone()).unwrap_or_default()
    }

    /// A context in which calls belong to an observation made elsewhere.
    #[must_use]
    pub fn of(observer: Arc<dyn Observer>, observed: Arc<dyn Observed>) -> Self {
        Self::current().with(vec![(observer, Some(observed))], Self::default())
    }

    /// The same with other observations; an observer that has none keeps the one it had.
    pub(super) fn with(&self, mut watchers: Vec<Watcher>, first_of: Self) -> Self {
        for (observer, observed) in &mut watchers {
            if observed.is_none() {
                *observed = self.find(observer.identity()).cloned();
            }
        }
        for (observer, observed) in self.0.iter().flat_map(|node| &node.watchers) {
            if !watchers.iter().any(|(other, _)| other.identity() == observer.identity()) {
                watchers.push((observer.clone(), observed.clone()));
            }
        }
        Self(Some(Arc::new(Node { watchers, first_of })))
    }

    /// Whether no call is under way.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// An observer's own observation of the call.
    #[must_use]
    pub fn find(&self, identity: usize) -> Option<&Arc<dyn Observed>> {
        let mut watchers = self.0.iter().flat_map(|node| &node.watchers);
        watchers.find(|(observer, _)| observer.identity() == identity).and_then(|(_, observed)| observed.as_ref())
    }

    /// Runs code in this context.
    pub fn enter<T>(&self, run: impl FnOnce() -> T) -> T {
        /// Puts the context before it back, also when the code panics.
        struct Back(Option<Context>);
        impl Drop for Back {
            fn drop(&mut self) {
                let before = self.0.take().unwrap_or_default();
                let _ = CURRENT.try_with(|current| current.replace(before));
            }
        }
        let before = CURRENT.try_with(|current| current.replace(self.clone())).unwrap_or_default();
        let _back = Back(Some(before));
        run()
    }

    /// The future with this as its context, wherever it is polled. With an empty context it is the future itself.
    pub async fn within<F: Future>(self, future: F) -> F::Output {
        if self.is_empty() {
            return future.await;
        }
        let mut future = pin!(future);
        poll_fn(|cx| self.enter(|| future.as_mut().poll(cx))).await
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Context({} observers)", self.0.as_ref().map_or(0, |node| node.watchers.len()))
    }
}
