//! The native transport: reqwest over rustls, on a tokio runtime.

use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::pin::Pin;
use std::sync::OnceLock;
use std::task::{Context, Poll};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use futures_core::Stream;

use super::{Body, BoxFuture, HttpRequest, Response, Transport};
use crate::error::{Error, ErrorKind, Result, TimeoutPhase};
use crate::wire::answer::Headers;
use crate::wire::redact::clean;
use crate::wire::request::Method;

const CONNECT: Duration = Duration::from_secs(5);
const USER_AGENT: &str = concat!("lakewire/", env!("CARGO_PKG_VERSION"));

/// Sends through a [`reqwest::Client`] and its pool of connections.
///
/// It must be used on a tokio runtime whose timer is on. As reqwest does, it follows the proxy that
/// `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` name; give
/// [`with_client`](Self::with_client) a client built with `no_proxy` to go without.
#[derive(Clone)]
pub struct ReqwestTransport {
    client: reqwest::Client,
}

/// The moment that [`Transport::now`] counts from: one for all transports, since clients may share
/// credentials and so the times of their tokens.
static START: OnceLock<Instant> = OnceLock::new();

impl ReqwestTransport {
    /// A transport with a client of its own: rustls, no redirects, 5 s to connect.
    ///
    /// # Errors
    /// `Tls` when the machine's certificate store cannot be read.
    pub fn new() -> Result<Self> {
        Self::with_connect_timeout(CONNECT)
    }

    /// Like [`new`](Self::new), with another limit for making a connection.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_connect_timeout(limit: Duration) -> Result<Self> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(limit)
            // many streams share one connection: a stalled one must not starve the others
            .http2_adaptive_window(true)
            .tcp_nodelay(true)
            .build()
            .map_err(|fault| {
                let sentence = "The TLS client cannot be set up: check the machine's certificate store.";
                Error::new(ErrorKind::Tls, sentence).with_source(Causes::of(&fault))
            })?;
        Ok(Self::with_client(client))
    }

    /// A transport over a client built elsewhere, with its proxies, certificates and limits.
    ///
    /// Build it with `redirect(Policy::none())`: reqwest would otherwise follow redirects, and
    /// its own total timeout would also end streams.
    #[must_use]
    pub fn with_client(client: reqwest::Client) -> Self {
        Self { client }
    }
}

impl fmt::Debug for ReqwestTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReqwestTransport")
    }
}

#[allow(clippy::disallowed_methods, reason = "this is the transport's clock, the one place that may ask the machine")]
fn clock() -> Instant {
    Instant::now()
}

#[allow(clippy::disallowed_methods, reason = "this is the transport's clock, the one place that may ask the machine")]
fn wall_clock() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

impl Transport for ReqwestTransport {
    fn send(&self, request: HttpRequest) -> BoxFuture<'static, Result<Response>> {
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Patch => reqwest::Method::PATCH,
            Method::Delete => reqwest::Method::DELETE,
        };
        let host = host_of(&request.url).to_owned();
        let mut builder = self.client.request(method, &request.url);
        if !request.headers.iter().any(|(name, _)| name == "user-agent") {
            builder = builder.header("user-agent", USER_AGENT);
        }
        for (name, value) in &request.headers {
            builder = if name == "authorization" {
                match reqwest::header::HeaderValue::from_str(value) {
                    Ok(mut value) => {
                        // keeps it out of reqwest's and hyper's own logs and out of header compression
                        value.set_sensitive(true);
                        builder.header("authorization", value)
                    }
                    Err(_) => builder.header("authorization", value),
                }
            } else {
                builder.header(name, value)
            };
        }
        if let Some(body) = request.body {
            builder = builder.body(body.to_vec());
        }
        Box::pin(async move {
            let response = builder.send().await.map_err(|fault| unanswered(&host, &fault))?;
            let headers = response.headers().iter().map(|(name, value)| {
                // a value that is not ASCII says nothing the core reads
                (name.as_str(), value.to_str().unwrap_or(""))
            });
            Ok(Response {
                status: response.status().as_u16(),
                headers: Headers::new(headers),
                body: Body::Stream(Box::pin(Reads { host, chunks: Box::pin(response.bytes_stream()) })),
            })
        })
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }

    fn now(&self) -> Duration {
        clock().saturating_duration_since(*START.get_or_init(clock))
    }

    fn wall_clock(&self) -> Duration {
        wall_clock()
    }

    fn spawn(&self, future: BoxFuture<'static, ()>) -> bool {
        let runtime = tokio::runtime::Handle::try_current();
        runtime.map(|runtime| drop(runtime.spawn(future))).is_ok()
    }

    fn random(&self) -> f64 {
        // seeded by the machine for each call: spreads retries, needs no crate, is no key
        let bits = RandomState::new().build_hasher().finish() >> 11;
        #[allow(clippy::cast_precision_loss, reason = "53 bits fit a double")]
        let draw = bits as f64 / (1_u64 << 53) as f64;
        draw
    }
}

struct Reads<S> {
    host: String,
    chunks: Pin<Box<S>>,
}

impl<S: Stream<Item = reqwest::Result<B>>, B: Into<Vec<u8>>> Stream for Reads<S> {
    type Item = Result<Vec<u8>>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.chunks
            .as_mut()
            .poll_next(cx)
            .map(|chunk| chunk.map(|chunk| chunk.map(Into::into).map_err(|fault| broken_off(&self.host, &fault))))
    }
}

/// The error of a request that got no answer.
fn unanswered(host: &str, fault: &reqwest::Error) -> Error {
    let causes = Causes::of(fault);
    if fault.is_builder() {
        return Error::new(ErrorKind::InvalidInput, "The request cannot be built: check its headers.")
            .with_source(causes);
    }
    if fault.is_connect() {
        if fault.is_timeout() {
            let sentence = format!("No connection to {host} was made in time: check the host and the network.");
            return Error::new(ErrorKind::DeadlineExceeded, sentence)
                .with_phase(TimeoutPhase::Connect)
                .with_source(causes);
        }
        let what = causes.last();
        if causes.tls {
            let advice = if what.contains("xpired") || what.contains("NotValidYet") || what.contains("not valid yet") {
                "Its certificate has another time than this machine: check this machine's clock too."
            } else if what.contains("valid for name") || what.contains("NotValidForName") {
                "Its certificate belongs to another host: check the address."
            } else if what.contains("UnknownIssuer") || what.contains("CaUsedAsEndEntity") {
                "Its certificate is signed by an authority this machine does not know: add that authority to the machine's store, or give ReqwestTransport::with_client a client that trusts it."
            } else {
                "Check that the address speaks TLS."
            };
            let sentence = format!("No secure connection to {host} could be made: {what}. {advice}");
            return Error::new(ErrorKind::Tls, sentence).with_source(causes);
        }
        let what = if fault.is_dns() { format!("its name does not resolve ({what})") } else { what.to_owned() };
        let sentence = format!("No connection to {host} could be made: {what}. Check the host and the network.");
        return Error::new(ErrorKind::Connect, sentence).with_source(causes);
    }
    // hyper's word for a request that was taken back before a byte of it was written
    let unsent = causes.texts.iter().any(|text| text.starts_with("operation was canceled"));
    let sentence = format!("The connection to {host} broke before an answer came: {}.", causes.last());
    Error::new(ErrorKind::Connect, sentence).with_maybe_processed(!unsent).with_source(causes)
}

/// The error of a body that did not come to its end.
fn broken_off(host: &str, fault: &reqwest::Error) -> Error {
    let causes = Causes::of(fault);
    let sentence = format!("The answer of {host} broke off: {}.", causes.last());
    Error::new(ErrorKind::Truncated, sentence).with_maybe_processed(true).with_source(causes)
}

/// `host:port` of a URL, without path, query and user name.
fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
    authority.rsplit('@').next().unwrap_or("")
}

/// The texts of a chain of errors. The errors themselves are not kept: reqwest's hold the URL, and
/// a proxy's may hold its password.
#[derive(Debug)]
struct Causes {
    texts: Vec<String>,
    tls: bool,
}

impl Causes {
    fn of(fault: &reqwest::Error) -> Self {
        let mut causes = Self { texts: Vec::new(), tls: false };
        let mut next = std::error::Error::source(fault);
        while let Some(cause) = next {
            let text = cause.to_string();
            // rustls' errors arrive inside io errors, under texts of their own
            let names = ["certificate", "TLS", "tls", "handshake", "InvalidContentType", "corrupt message"];
            causes.tls |= names.iter().any(|name| text.contains(name));
            causes.texts.push(clean(&text, 300, None));
            next = cause.source();
        }
        causes
    }

    /// The innermost cause, which names the fault itself.
    fn last(&self) -> &str {
        self.texts.last().map_or("the cause is not known", |text| text.trim_end_matches('.'))
    }
}

impl fmt::Display for Causes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.texts.join(": "))
    }
}

impl std::error::Error for Causes {}
