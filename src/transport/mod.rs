//! What the outside world gives us. Nothing else in the crate is platform code.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_core::Stream;

use crate::error::Result;
use crate::wire::answer::Headers;
use crate::wire::request::Method;

#[cfg(all(target_arch = "wasm32", not(target_os = "wasi")))]
pub mod fetch;
#[cfg(all(feature = "native", not(target_arch = "wasm32")))]
pub mod reqwest;
pub mod scripted;

#[cfg(target_arch = "wasm32")]
mod maybe_send {
    /// Whether this build runs inside a JavaScript host, where a page has an origin of its own.
    pub(crate) const IN_PAGE: bool = true;
    /// `Send` where there are threads; nothing on wasm.
    pub trait MaybeSend {}
    impl<T> MaybeSend for T {}
    /// `Sync` where there are threads; nothing on wasm.
    pub trait MaybeSync {}
    impl<T> MaybeSync for T {}
    /// A boxed future.
    pub type BoxFuture<'a, T> = std::pin::Pin<Box<dyn std::future::Future<Output = T> + 'a>>;
}
#[cfg(not(target_arch = "wasm32"))]
mod maybe_send {
    /// Whether this build runs inside a JavaScript host, where a page has an origin of its own.
    pub(crate) const IN_PAGE: bool = false;
    /// `Send` where there are threads; nothing on wasm.
    pub trait MaybeSend: Send {}
    impl<T: Send> MaybeSend for T {}
    /// `Sync` where there are threads; nothing on wasm.
    pub trait MaybeSync: Sync {}
    impl<T: Sync> MaybeSync for T {}
    /// A boxed future.
    pub type BoxFuture<'a, T> = std::pin::Pin<Box<dyn std::future::Future<Output = T> + Send + 'a>>;
}
pub(crate) use maybe_send::IN_PAGE;
pub use maybe_send::{BoxFuture, MaybeSend, MaybeSync};

/// A way to reach the network, and the machine's clock and random numbers.
pub trait Transport: fmt::Debug + MaybeSend + MaybeSync + 'static {
    /// Sends a request and waits for the answer's headers. Never follows a redirect.
    ///
    /// # Errors
    /// `Connect`, `Tls`, `DeadlineExceeded` (connect phase) or `Protocol`. The error says
    /// `maybe_processed` unless the request was provably not sent. Its text and sources hold no
    /// URL query and no header value.
    fn send(&self, request: HttpRequest) -> BoxFuture<'static, Result<Response>>;

    /// Waits.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;

    /// A monotonic clock: time since some fixed moment.
    fn now(&self) -> Duration;

    /// Time since the Unix epoch, for HTTP dates only.
    fn wall_clock(&self) -> Duration;

    /// Runs a future on its own, when there is a runtime that goes on: whether it does.
    fn spawn(&self, _future: BoxFuture<'static, ()>) -> bool {
        false
    }

    /// A random number from 0 (included) to 1 (excluded).
    fn random(&self) -> f64;
}

/// A request ready to go out: absolute URL (or a same-origin path in a page), credentials added.
#[derive(Clone)]
pub struct HttpRequest {
    /// The method.
    pub method: Method,
    /// The URL.
    pub url: String,
    /// All headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Option<Arc<[u8]>>,
}

impl fmt::Debug for HttpRequest {
    /// Shows the route only: headers hold the credential, bodies hold prompts.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method.as_str(), self.url.split('?').next().unwrap_or(""))
    }
}

/// An answer whose body has not been read yet. Dropping it closes the connection.
#[derive(Debug)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The response headers.
    pub headers: Headers,
    /// The body.
    pub body: Body,
}

/// The reads of a body, of any size, in order. Dropping it closes the connection.
pub type ByteStream = Pin<Box<dyn ByteRead>>;

/// What a [`ByteStream`] holds.
pub trait ByteRead: Stream<Item = Result<Vec<u8>>> + MaybeSend {}
impl<T: Stream<Item = Result<Vec<u8>>> + MaybeSend> ByteRead for T {}

/// A body that has not been read yet.
pub enum Body {
    /// No body at all.
    Empty,
    /// Bytes as they come.
    Stream(ByteStream),
    /// The platform's own stream, so that JavaScript can read it without a detour.
    #[cfg(all(target_arch = "wasm32", not(target_os = "wasi")))]
    Fetch(fetch::FetchBody),
}

impl Body {
    /// The bytes as they come, whatever the platform.
    #[must_use]
    pub fn into_stream(self) -> Option<ByteStream> {
        match self {
            Self::Empty => None,
            Self::Stream(stream) => Some(stream),
            #[cfg(all(target_arch = "wasm32", not(target_os = "wasi")))]
            Self::Fetch(body) => Some(Box::pin(body.into_reads())),
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "Empty",
            _ => "Stream",
        })
    }
}

/// Waits for the first of two futures; the other is dropped, which cancels it.
pub(crate) async fn race<T>(mut first: BoxFuture<'_, T>, mut second: BoxFuture<'_, T>) -> T {
    std::future::poll_fn(move |cx| match first.as_mut().poll(cx) {
        std::task::Poll::Pending => second.as_mut().poll(cx),
        ready => ready,
    })
    .await
}

/// The platform's own transport: fetch on wasm, reqwest with the feature `native`. `connect` limits
/// the making of a connection where the platform has such a phase.
///
/// # Errors
/// `InvalidInput` when the crate was built without one.
#[cfg(all(target_arch = "wasm32", not(target_os = "wasi")))]
pub fn platform(_connect: Option<Duration>) -> Result<Arc<dyn Transport>> {
    Ok(Arc::new(fetch::FetchTransport::new()))
}

/// The platform's own transport: fetch on wasm, reqwest with the feature `native`. `connect` limits
/// the making of a connection where the platform has such a phase.
///
/// # Errors
/// `InvalidInput` when the crate was built without one.
#[cfg(all(feature = "native", not(target_arch = "wasm32")))]
pub fn platform(connect: Option<Duration>) -> Result<Arc<dyn Transport>> {
    Ok(Arc::new(match connect {
        Some(limit) => reqwest::ReqwestTransport::with_connect_timeout(limit)?,
        None => reqwest::ReqwestTransport::new()?,
    }))
}

/// The platform's own transport: fetch on wasm, reqwest with the feature `native`. `connect` limits
/// the making of a connection where the platform has such a phase.
///
/// # Errors
/// `InvalidInput` when the crate was built without one.
#[cfg(not(any(
    all(target_arch = "wasm32", not(target_os = "wasi")),
    all(feature = "native", not(target_arch = "wasm32"))
)))]
pub fn platform(_connect: Option<Duration>) -> Result<Arc<dyn Transport>> {
    Err(crate::error::Error::new(
        crate::error::ErrorKind::InvalidInput,
        "lakewire was built without a transport: add the feature `native`, or give one to WorkspaceClient::with_transport.",
    ))
}
