//! Functions of the caller's that change requests and read answers.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use serde_json::Value;

use crate::error::{Error, ErrorKind, Result};
use crate::transport::{BoxFuture, MaybeSend, MaybeSync};

/// Any error.
pub(crate) type AnyError = Box<dyn std::error::Error + Send + Sync>;

trait Step<T>: MaybeSend + MaybeSync {
    fn run(&self, value: Value) -> BoxFuture<'static, std::result::Result<T, AnyError>>;
}

struct Plain<F>(F);
struct Waiting<F>(F);

impl<T, E, F> Step<T> for Plain<F>
where
    T: MaybeSend + 'static,
    E: Into<AnyError>,
    F: Fn(Value) -> std::result::Result<T, E> + MaybeSend + MaybeSync,
{
    fn run(&self, value: Value) -> BoxFuture<'static, std::result::Result<T, AnyError>> {
        let outcome = (self.0)(value).map_err(Into::into);
        Box::pin(async move { outcome })
    }
}

impl<T, E, F, R> Step<T> for Waiting<F>
where
    T: MaybeSend + 'static,
    E: Into<AnyError>,
    R: Future<Output = std::result::Result<T, E>> + MaybeSend + 'static,
    F: Fn(Value) -> R + MaybeSend + MaybeSync,
{
    fn run(&self, value: Value) -> BoxFuture<'static, std::result::Result<T, AnyError>> {
        let waiting = (self.0)(value);
        Box::pin(async move { waiting.await.map_err(Into::into) })
    }
}

/// A function that makes a `T` of JSON.
pub(crate) struct Transform<T>(Arc<dyn Step<T>>);

#[allow(clippy::arc_with_non_send_sync, reason = "on wasm there are no threads; natively it is both")]
impl<T: MaybeSend + 'static> Transform<T> {
    pub(crate) fn new<E: Into<AnyError> + 'static>(
        function: impl Fn(Value) -> std::result::Result<T, E> + MaybeSend + MaybeSync + 'static,
    ) -> Self {
        Self(Arc::new(Plain(function)))
    }

    pub(crate) fn waiting<E, R>(function: impl Fn(Value) -> R + MaybeSend + MaybeSync + 'static) -> Self
    where
        E: Into<AnyError> + 'static,
        R: Future<Output = std::result::Result<T, E>> + MaybeSend + 'static,
    {
        Self(Arc::new(Waiting(function)))
    }

    /// Runs the function. `name` is what the error calls it; the function's own error is its source
    /// and not repeated, since it may quote what it was given.
    pub(crate) async fn apply(&self, text: &str, name: &str) -> Result<T> {
        let failed = |cause: AnyError| {
            let mut sentence = String::from("The function given as ");
            sentence.push_str(name);
            sentence.push_str(" failed; its own error is this error's source.");
            Error::new(ErrorKind::TransformFailed, sentence).with_source(cause)
        };
        let value = serde_json::from_str(text).map_err(|fault| failed(fault.into()))?;
        self.0.run(value).await.map_err(failed)
    }
}

impl<T> Clone for Transform<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> fmt::Debug for Transform<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Transform")
    }
}
