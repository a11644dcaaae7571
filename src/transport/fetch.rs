//! The transport of browsers, edge workers and JavaScript runtimes: fetch and `ReadableStream`.
//!
//! It calls `fetch(url, init)` through web-sys rather than through gloo-net, whose request builder
//! makes two `Request` objects and a `URL` per call (`benches/border.mjs` prints the cost) and
//! panics when fetch rejects with something that is not an `Error`, as `abort("reason")` does.
//! A custom `fetch` may hand over anything, so every property of its answer is read with care.

use std::cell::Cell;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_core::Stream;
use js_sys::{Array, Function, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, RequestInit, RequestRedirect};

use crate::error::{Error, ErrorKind, Result};
use crate::transport::{Body, BoxFuture, HttpRequest, Response, Transport};
use crate::wire::answer::Headers;
use crate::wire::find::find;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = fetch, catch)]
    fn global_fetch(url: &str, init: &RequestInit) -> std::result::Result<JsValue, JsValue>;

    #[wasm_bindgen(js_name = setTimeout, catch)]
    fn set_timeout(handler: &Function, millis: u32) -> std::result::Result<JsValue, JsValue>;
    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(id: &JsValue);

    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;

    /// Whatever fetch gave: a property may be missing, of any type, or throw.
    type Given;

    // one import for all properties, not one for each
    #[wasm_bindgen(method, indexing_getter, catch)]
    fn property(this: &Given, name: &str) -> std::result::Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch, js_name = getReader)]
    fn get_reader(this: &Given) -> std::result::Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn read(this: &Given) -> std::result::Result<JsValue, JsValue>;
}

/// fetch, `setTimeout`, `performance.now` and `Math.random`.
#[derive(Clone, Default)]
pub struct FetchTransport {
    fetch: Option<Function>,
}

// Written by hand: deriving it would bring the formatting of arbitrary JavaScript values along.
impl fmt::Debug for FetchTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FetchTransport")
    }
}

impl FetchTransport {
    /// The platform's own fetch.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A fetch of the caller's, called as `fetch(url, init)`.
    #[must_use]
    pub fn with_fetch(fetch: Function) -> Self {
        Self { fetch: Some(fetch) }
    }
}

impl Transport for FetchTransport {
    fn send(&self, request: HttpRequest) -> BoxFuture<'static, Result<Response>> {
        let fetch = self.fetch.clone();
        Box::pin(async move { send(fetch, request).await })
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        // limits are checked to stay far below 2^31 ms, beyond which timers fire at once
        let millis = u32::try_from(duration.as_millis()).unwrap_or(u32::MAX).min(i32::MAX as u32);
        Box::pin(Timer::start(millis))
    }

    fn now(&self) -> Duration {
        time(performance_now())
    }

    fn wall_clock(&self) -> Duration {
        time(js_sys::Date::now())
    }

    fn random(&self) -> f64 {
        js_sys::Math::random()
    }
}

/// A clock's milliseconds; what is no time counts as its beginning.
fn time(millis: f64) -> Duration {
    Duration::from_micros((millis * 1000.0) as u64)
}

/// Ends the fetch when dropped; harmless once the body has been read.
#[derive(Debug)]
pub struct AbortOnDrop(Option<AbortController>);

impl AbortOnDrop {
    /// Hands over the controller: from here on, its `abort` ends the fetch and dropping does not.
    #[must_use]
    pub fn release(mut self) -> Option<AbortController> {
        self.0.take()
    }
}

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        if let Some(controller) = &self.0 {
            controller.abort();
        }
    }
}

async fn send(fetch: Option<Function>, request: HttpRequest) -> Result<Response> {
    let controller = AbortController::new().map_err(|_| protocol("This runtime has no AbortController."))?;
    let signal = controller.signal();
    let guard = AbortOnDrop(Some(controller));
    let init = RequestInit::new();
    init.set_method(request.method.as_str());
    init.set_redirect(RequestRedirect::Manual);
    init.set_signal(Some(&signal));
    init.set_headers(&request.headers.iter().map(pair).collect::<Array>());
    if let Some(body) = &request.body {
        init.set_body(&Uint8Array::from(&body[..]));
    }
    let called = match &fetch {
        Some(fetch) => fetch.call2(&JsValue::UNDEFINED, &JsValue::from_str(&request.url), &init),
        None => global_fetch(&request.url, &init),
    };
    let promise = called.map_err(|fault| connect(&fault))?;
    let response = JsFuture::from(Promise::resolve(&promise)).await.map_err(|fault| connect(&fault))?;
    read_head(&response, guard)
}

fn pair((name, value): &(String, String)) -> Array {
    Array::of2(&JsValue::from_str(name), &JsValue::from_str(value))
}

fn read_head(response: &JsValue, guard: AbortOnDrop) -> Result<Response> {
    let unreadable = |_| protocol("fetch gave an answer that cannot be read.");
    let response: &Given = response.unchecked_ref();
    let status =
        response.property("status").map_err(unreadable)?.as_f64().filter(|status| (0.0..=999.0).contains(status));
    let status = status.ok_or_else(|| protocol("fetch gave an answer without a status."))? as u16;
    if response.property("bodyUsed").map_err(unreadable)?.as_bool() == Some(true) {
        return Err(protocol("fetch gave an answer whose body was already read."));
    }
    let headers = read_headers(&response.property("headers").map_err(unreadable)?)?;
    let stream = response.property("body").map_err(unreadable)?;
    let body = if stream.is_null() || stream.is_undefined() {
        // nothing is left to end
        let _ = guard.release();
        Body::Empty
    } else {
        let stream: Given = stream.unchecked_into();
        if !stream.property("getReader").map_err(unreadable)?.is_function() {
            return Err(protocol("fetch gave a body that is not a ReadableStream."));
        }
        if stream.property("locked").map_err(unreadable)?.as_bool() == Some(true) {
            return Err(protocol("fetch gave a body that someone else is reading."));
        }
        Body::Fetch(FetchBody { stream: stream.into(), guard })
    };
    Ok(Response { status, headers, body })
}

fn read_headers(headers: &JsValue) -> Result<Headers> {
    let unusable = || protocol("fetch gave an answer without usable headers.");
    let walks = Reflect::get(headers, &js_sys::Symbol::iterator()).is_ok_and(|iterator| iterator.is_function());
    if !walks {
        return Err(unusable());
    }
    // one crossing for all, since `Array.from` walks them on the other side
    let entries = Array::from_iterable(headers.unchecked_ref::<Array>()).map_err(|_| unusable())?;
    let mut pairs = Vec::new();
    for entry in entries.iter() {
        let entry: Array = entry.dyn_into().map_err(|_| unusable())?;
        if let (Some(name), Some(value)) = (entry.get(0).as_string(), entry.get(1).as_string()) {
            pairs.push((name, value));
        }
    }
    Ok(Headers::new(pairs))
}

fn protocol(sentence: &str) -> Error {
    Error::new(ErrorKind::Protocol, sentence).with_maybe_processed(true)
}

/// A rejected fetch. Node, Deno and Bun say why in `cause.code` or `code`; browsers say nothing,
/// so that pages cannot probe networks.
fn connect(fault: &JsValue) -> Error {
    let code_of =
        |value: &JsValue| Reflect::get(value, &JsValue::from_str("code")).ok().and_then(|code| code.as_string());
    let cause = Reflect::get(fault, &JsValue::from_str("cause")).unwrap_or(JsValue::UNDEFINED);
    let code = if cause.is_object() { code_of(&cause) } else { code_of(fault) };
    match code.as_deref() {
        Some("ENOTFOUND") => {
            Error::new(ErrorKind::Connect, "The workspace's host name does not resolve: check the host.")
        }
        Some("EAI_AGAIN") => {
            Error::new(ErrorKind::Connect, "The workspace's host name could not be looked up just now.")
        }
        Some("ECONNREFUSED" | "ConnectionRefused") => {
            Error::new(ErrorKind::Connect, "The workspace's host refused the connection: check host and port.")
        }
        Some(code)
            if code.starts_with("CERT_")
                || find(code, "_CERT").is_some()
                || code.starts_with("ERR_TLS")
                || code.starts_with("ERR_SSL") =>
        {
            Error::new(
                ErrorKind::Tls,
                "The workspace's certificate was not accepted: check the host name and this machine's clock.",
            )
        }
        _ => {
            let in_page = Reflect::has(&js_sys::global(), &JsValue::from_str("document")).unwrap_or(false);
            let hint = if in_page {
                " If the address is another origin, it sends no CORS headers: call through a server of your own origin (a relay)."
            } else {
                ""
            };
            Error::new(ErrorKind::Connect, format!("The connection failed or broke before an answer came.{hint}"))
                .with_maybe_processed(true)
        }
    }
}

/// A timer of the platform, cleared when dropped. Not a promise: one that never settles is never freed.
struct Timer {
    id: Option<JsValue>,
    bell: Rc<Bell>,
    _ring: Closure<dyn FnMut()>,
}

#[derive(Default)]
struct Bell {
    rung: Cell<bool>,
    waker: Cell<Option<Waker>>,
}

impl Timer {
    fn start(millis: u32) -> Self {
        let bell = Rc::<Bell>::default();
        let rings = Rc::clone(&bell);
        let ring = Closure::<dyn FnMut()>::new(move || {
            rings.rung.set(true);
            if let Some(waker) = rings.waker.take() {
                waker.wake();
            }
        });
        let id = set_timeout(ring.as_ref().unchecked_ref(), millis).ok();
        Self { id, bell, _ring: ring }
    }
}

impl Future for Timer {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.bell.rung.get() {
            self.id = None;
            return Poll::Ready(());
        }
        self.bell.waker.set(Some(cx.waker().clone()));
        Poll::Pending
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        if let Some(id) = &self.id {
            clear_timeout(id);
        }
    }
}

/// A `ReadableStream` and the fetch it belongs to.
#[derive(Debug)]
pub struct FetchBody {
    stream: JsValue,
    guard: AbortOnDrop,
}

impl FetchBody {
    /// The stream, and the guard that ends the fetch when dropped.
    #[must_use]
    pub fn into_parts(self) -> (JsValue, AbortOnDrop) {
        (self.stream, self.guard)
    }

    /// The reads as a Rust stream.
    #[must_use]
    pub fn into_reads(self) -> FetchReads {
        FetchReads { stream: self.stream.unchecked_into(), reader: None, pending: None, guard: Some(self.guard) }
    }
}

/// The reads of a [`FetchBody`].
pub struct FetchReads {
    stream: Given,
    reader: Option<Given>,
    pending: Option<JsFuture<JsValue>>,
    guard: Option<AbortOnDrop>,
}

impl fmt::Debug for FetchReads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FetchReads")
    }
}

impl FetchReads {
    fn start(&mut self) -> Result<()> {
        let broken = |_| protocol("fetch gave a body that cannot be read.");
        let reader = match self.reader.take() {
            Some(reader) => reader,
            None => self.stream.get_reader().map_err(broken)?.unchecked_into(),
        };
        let promise = reader.read().map_err(broken)?;
        self.reader = Some(reader);
        self.pending = Some(JsFuture::from(Promise::resolve(&promise)));
        Ok(())
    }

    fn take(&mut self, read: JsValue) -> Option<Result<Vec<u8>>> {
        let unreadable = |_| protocol("fetch gave an answer that cannot be read.");
        let read: Given = read.unchecked_into();
        match read.property("done").map_err(unreadable) {
            Ok(done) if done.is_truthy() => {
                // whole: aborting it now would only build an exception nobody reads
                let _ = self.guard.take().and_then(AbortOnDrop::release);
                return None;
            }
            Ok(_) => {}
            Err(error) => return Some(Err(error)),
        }
        Some(read.property("value").map_err(unreadable).and_then(|value| match value.dyn_into::<Uint8Array>() {
            // copying out of a buffer that was transferred away would throw through the wasm
            Ok(bytes) if bytes.length() == 0 => Ok(Vec::new()),
            Ok(bytes) => Ok(bytes.to_vec()),
            Err(_) => Err(protocol("fetch gave a body whose reads are not bytes.")),
        }))
    }
}

impl Stream for FetchReads {
    type Item = Result<Vec<u8>>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.guard.is_none() {
            return Poll::Ready(None);
        }
        if self.pending.is_none() {
            if let Err(error) = self.start() {
                return Poll::Ready(Some(Err(error)));
            }
        }
        let Some(pending) = self.pending.as_mut() else { return Poll::Ready(None) };
        let outcome = std::task::ready!(Pin::new(pending).poll(cx));
        self.pending = None;
        Poll::Ready(match outcome {
            Ok(read) => self.take(read),
            Err(_) => Some(Err(Error::new(ErrorKind::Truncated, "The connection broke before the answer was whole.")
                .with_maybe_processed(true))),
        })
    }
}
