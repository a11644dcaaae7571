//! One call from its first attempt to its last.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use super::{CallOptions, Meta, Sender, check_headers, redirect};
use crate::auth::{Refresh, Secret};
use crate::error::{Error, ErrorKind, Result, TimeoutPhase};
use crate::transport::{Body, BoxFuture, ByteStream, HttpRequest, IN_PAGE, Response};
use crate::wire::answer::{Headers, media_type};
use crate::wire::call::Repeat;
use crate::wire::failure;
use crate::wire::find::{replace, whole};
use crate::wire::request::Request;
use crate::wire::retry::{self, RetryLimits, Verdict};

const FIRST_BYTE: Duration = Duration::from_secs(120);
const IDLE: Duration = Duration::from_secs(60);
/// How much of a refusal's body is read, in bytes; its error keeps far less.
const REFUSAL: usize = 64 * 1024;
/// Reads shorter than this are put together as they come, in bytes.
const SMALL: usize = 32 * 1024;
/// How many redirects on the workspace's own origin are followed, when they are at all.
const HOPS: u32 = 5;

/// A call under way.
pub(super) struct Exchange<'a> {
    sender: &'a Sender,
    request: &'a Request,
    repeat: Repeat,
    retry: RetryLimits,
    url: String,
    /// Whether it goes somewhere else than to the workspace: then nothing of the client's goes along.
    outside: bool,
    headers: Vec<(String, String)>,
    first_byte: Duration,
    pub(super) idle: Duration,
    pub(super) deadline: Option<Duration>,
}

/// A good answer.
pub(super) struct Got {
    pub(super) status: u16,
    pub(super) headers: Headers,
    pub(super) body: Read,
}

/// How far a good answer's body has been read.
pub(super) enum Read {
    /// To its end.
    Whole(Vec<u8>),
    /// Not at all.
    Open(Body),
}

impl<'a> Exchange<'a> {
    pub(super) fn new(
        sender: &'a Sender,
        request: &'a Request,
        repeat: Repeat,
        options: &CallOptions,
        default_total: Option<Duration>,
    ) -> Result<Self> {
        let url = sender.0.config.host.join(&request.path)?;
        let mut exchange = Self::to(sender, url, request, repeat, options, default_total)?;
        for (name, value) in &sender.0.config.headers {
            if !options.headers.iter().any(|(own, _)| own.eq_ignore_ascii_case(name)) {
                exchange.set_header(name, value);
            }
        }
        Ok(exchange)
    }

    /// A call to an address that needs no credentials of the client's.
    pub(super) fn outside(
        sender: &'a Sender,
        url: &str,
        request: &'a Request,
        options: &CallOptions,
        total: Duration,
    ) -> Result<Self> {
        let mut exchange = Self::to(sender, url.to_owned(), request, Repeat::Safe, options, Some(total))?;
        exchange.outside = true;
        Ok(exchange)
    }

    fn set_header(&mut self, name: &str, value: &str) {
        let name = name.to_ascii_lowercase();
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.to_owned()));
    }

    fn to(
        sender: &'a Sender,
        url: String,
        request: &'a Request,
        repeat: Repeat,
        options: &CallOptions,
        default_total: Option<Duration>,
    ) -> Result<Self> {
        let config = &sender.0.config;
        options.timeouts.check()?;
        check_headers(&options.headers, &sender.0.credentials, config.host.is_unencrypted())?;
        let timeouts = options.timeouts.or(config.timeouts);
        let mut retry = config.retry;
        match options.max_attempts {
            Some(0) => {
                return Err(Error::new(
                    ErrorKind::InvalidInput,
                    "The number of attempts is 0: give 1 to send the call once.",
                ));
            }
            Some(attempts) => retry.max_attempts = attempts,
            None => {}
        }
        let mut exchange = Self {
            sender,
            request,
            repeat,
            retry,
            url,
            outside: false,
            headers: request.headers.clone(),
            first_byte: timeouts.first_byte.unwrap_or(FIRST_BYTE),
            idle: timeouts.idle.unwrap_or(IDLE),
            deadline: timeouts.total.or(default_total).map(|total| sender.0.transport.now().saturating_add(total)),
        };
        for (name, value) in &options.headers {
            exchange.set_header(name, value);
        }
        Ok(exchange)
    }

    /// Sends until there is a good answer or no reason to send again.
    pub(super) async fn run(&self, whole: bool) -> Result<(Got, Meta)> {
        let shared = &self.sender.0;
        let mut attempts = 0;
        let mut refreshed = false;
        // once an attempt may have been carried out, no later refusal takes that back
        let mut doubt = false;
        loop {
            let (secret, refresh) = match self.token().await {
                Ok(token) => token,
                Err(error) => return Err(error.with_attempts(attempts).with_maybe_processed(doubt)),
            };
            attempts += 1;
            let error = match self.attempt(secret.as_ref(), refresh, whole).await {
                Ok(got) => {
                    shared.budget.deposit();
                    let meta = meta(&got, attempts);
                    return Ok((got, meta));
                }
                Err(error) => error,
            };
            doubt |= error.maybe_processed();
            if !refreshed && secret.is_some_and(|used| self.forget(&used, &error)) {
                refreshed = true;
                continue;
            }
            let verdict =
                retry::verdict(attempts, &error, self.repeat, &self.retry, shared.transport.random(), self.remaining());
            let wait = match verdict {
                Verdict::Wait(wait) if shared.budget.withdraw(error.kind() == ErrorKind::DeadlineExceeded) => wait,
                _ => return Err(error.with_attempts(attempts).with_maybe_processed(doubt)),
            };
            shared.transport.sleep(wait).await;
        }
    }

    async fn token(&self) -> Result<(Option<Arc<Secret>>, Option<Refresh>)> {
        if self.outside {
            return Ok((None, None));
        }
        let shared = &self.sender.0;
        let credentials = Box::pin(shared.credentials.secret(&shared.transport));
        self.within(credentials, self.first_byte, TimeoutPhase::FirstByte, "get a token").await?
    }

    /// Forgets a token that was refused. Whether another one can be had.
    ///
    /// Expired tokens of service principals are refused with 403, as missing permissions are: a 403
    /// counts when it says so, or when the token's time is up.
    fn forget(&self, used: &Arc<Secret>, error: &Error) -> bool {
        let shared = &self.sender.0;
        match error.status() {
            Some(401) => shared.credentials.invalidate(used),
            Some(403) if failure::blames_the_token(error.message()) => shared.credentials.invalidate(used),
            Some(403) => shared.credentials.invalidate_expired(used, &shared.transport),
            _ => false,
        }
    }

    async fn attempt(&self, secret: Option<&Arc<Secret>>, refresh: Option<Refresh>, whole: bool) -> Result<Got> {
        let mut headers = self.headers.clone();
        if let Some(secret) = secret {
            headers.extend(secret.headers());
        }
        let mut http = HttpRequest {
            method: self.request.method,
            url: self.url.clone(),
            headers,
            body: self.request.body.clone(),
        };
        let mut refresh = refresh;
        let mut hops = 0;
        let mut response = loop {
            let mut sending = self.sender.0.transport.send(http.clone());
            let sending: BoxFuture<'_, Result<Response>> = match refresh.take() {
                None => sending,
                // the token is still good: its refresh goes on beside the request
                Some(refresh) => Box::pin(std::future::poll_fn(move |cx| {
                    let _ = refresh.poll(cx);
                    sending.as_mut().poll(cx)
                })),
            };
            let response = self.within(sending, self.first_byte, TimeoutPhase::FirstByte, "begin to answer").await??;
            let config = &self.sender.0.config;
            let may = config.follow_redirects && !self.outside && hops < HOPS;
            if !may || !redirect::follow(&config.host, response.status, &response.headers, &mut http) {
                break response;
            }
            hops += 1;
        };
        let headers = std::mem::take(&mut response.headers);
        match response.status {
            200..=299 => {}
            304 => return Err(self.empty(response.status, &headers)),
            0 | 300..=399 => return Err(failure::redirect(self.request, response.status, &headers)),
            400..=599 => return Err(self.refused(response.status, &headers, response.body, secret).await),
            status => {
                let sentence =
                    "The answer has an impossible status: something between that does not speak HTTP is answering.";
                return Err(Error::new(ErrorKind::Protocol, sentence).with_status(status).with_maybe_processed(true));
            }
        }
        let status = response.status;
        let read = if whole {
            self.read(&headers, response.body).await.map(Read::Whole)
        } else {
            self.open(status, &headers, response.body).await
        };
        match read {
            Ok(body) => Ok(Got { status, headers, body }),
            Err(error) => {
                let error = error.with_status(status).with_request_id(failure::request_id(&headers));
                Err(error.with_maybe_processed(true))
            }
        }
    }

    /// Decides what a stream's head promises.
    async fn open(&self, status: u16, headers: &Headers, body: Body) -> Result<Read> {
        if matches!(status, 204 | 205) || matches!(body, Body::Empty) || headers.get("content-length") == Some("0") {
            return Err(self.empty(status, headers));
        }
        let encoding = headers.get("content-encoding").unwrap_or("").trim();
        // a page's fetch has undone it, but may still show the header
        if !IN_PAGE && !encoding.is_empty() && !encoding.eq_ignore_ascii_case("identity") {
            return Err(failure::unsupported_encoding(encoding));
        }
        let media_type = media_type(headers);
        match media_type.as_str() {
            "" | "text/event-stream" => Ok(Read::Open(body)),
            "application/json" => self.read(headers, body).await.map(Read::Whole),
            _ => {
                let page = self.prefix(body, 16 * 1024).await;
                Err(failure::unexpected_page(headers, &page, "a stream of events"))
            }
        }
    }

    fn empty(&self, status: u16, headers: &Headers) -> Error {
        let sentence = "The service answered without a body where one was expected.";
        Error::new(ErrorKind::EmptyBody, sentence).with_status(status).with_request_id(failure::request_id(headers))
    }

    async fn refused(&self, status: u16, headers: &Headers, body: Body, secret: Option<&Arc<Secret>>) -> Error {
        if self.outside {
            // the store may repeat the signature of the link, which is as good as a token
            let text = br#"{"message":"the link was refused, or has expired: ask for a fresh one"}"#;
            return failure::refusal(self.request, status, headers, text, Duration::ZERO, None);
        }
        let text = self.prefix(body, REFUSAL).await;
        let mut text = text;
        for beside in secret.iter().flat_map(|secret| secret.texts().skip(1)) {
            let shown = String::from_utf8_lossy(&text);
            text = replace(&shown, beside, "[redacted]").into_bytes();
        }
        let secret = secret.map(|secret| secret.expose());
        failure::refusal(self.request, status, headers, &text, self.sender.0.transport.wall_clock(), secret)
    }

    /// The beginning of a body, as far as it comes: what breaks it off does not matter beside the
    /// refusal it belongs to.
    async fn prefix(&self, body: Body, limit: usize) -> Vec<u8> {
        let mut text = Vec::new();
        if let Some(mut stream) = body.into_stream() {
            while text.len() < limit {
                match self.next(&mut stream).await {
                    Ok(Some(chunk)) => text.extend_from_slice(chunk.get(..limit - text.len()).unwrap_or(&chunk)),
                    _ => break,
                }
            }
        }
        text
    }

    /// The whole body, never more than the limit in memory.
    async fn read(&self, headers: &Headers, body: Body) -> Result<Vec<u8>> {
        let limit = self.sender.0.config.max_body_bytes;
        let too_large = || {
            let sentence = format!("The body is longer than {limit} bytes: raise the limit or ask for less.");
            Err(Error::new(ErrorKind::BodyTooLarge, sentence))
        };
        let announced = headers.get("content-length").and_then(whole);
        if announced.is_some_and(|length| length > limit as u64) {
            return too_large();
        }
        let Some(mut stream) = body.into_stream() else {
            return Ok(Vec::new());
        };
        // joined at the end: a body that grows read by read would be copied over and over
        let mut reads: Vec<Vec<u8>> = Vec::new();
        let mut length = 0;
        while let Some(read) = self.next(&mut stream).await? {
            if read.len() > limit - length {
                return too_large();
            }
            length += read.len();
            match reads.last_mut() {
                Some(last) if last.len() + read.len() <= SMALL => last.extend_from_slice(&read),
                _ => reads.push(read),
            }
        }
        // most answers come in one read: no copy
        Ok(if reads.len() > 1 { reads.concat() } else { reads.pop().unwrap_or_default() })
    }

    async fn next(&self, stream: &mut ByteStream) -> Result<Option<Vec<u8>>> {
        let next: BoxFuture<'_, _> = Box::pin(std::future::poll_fn(|cx| stream.as_mut().poll_next(cx)));
        match self.within(next, self.idle, TimeoutPhase::Idle, "go on answering").await? {
            Some(chunk) => chunk.map(Some),
            None => Ok(None),
        }
    }

    /// Waits for a future at most `limit`, and never past the total limit. The timer is only
    /// started when the future has to be waited for.
    async fn within<T>(
        &self,
        mut future: BoxFuture<'_, T>,
        limit: Duration,
        phase: TimeoutPhase,
        what: &str,
    ) -> Result<T> {
        let transport = &self.sender.0.transport;
        let remaining = self.remaining();
        let (limit, phase) = match remaining {
            Some(remaining) if remaining <= limit => (remaining, TimeoutPhase::Total),
            _ => (limit, phase),
        };
        if limit.is_zero() {
            return Err(timed_out(self.request, phase, what));
        }
        let mut timer: Option<BoxFuture<'static, ()>> = None;
        std::future::poll_fn(|cx: &mut Context<'_>| {
            if let Poll::Ready(value) = future.as_mut().poll(cx) {
                return Poll::Ready(Ok(value));
            }
            let timer = timer.get_or_insert_with(|| transport.sleep(limit));
            timer.as_mut().poll(cx).map(|()| Err(timed_out(self.request, phase, what)))
        })
        .await
    }

    /// What the total limit leaves.
    fn remaining(&self) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.saturating_sub(self.sender.0.transport.now()))
    }
}

fn timed_out(request: &Request, phase: TimeoutPhase, what: &str) -> Error {
    let path = request.path.split('?').next().unwrap_or("");
    let name = match phase {
        TimeoutPhase::FirstByte => "first-byte",
        TimeoutPhase::Idle => "idle",
        _ => "total",
    };
    let sentence = format!(
        "{} {path} did not {what} within its {name} timeout: try again, or allow more time.",
        request.method.as_str()
    );
    let unsent = what == "get a token";
    Error::new(ErrorKind::DeadlineExceeded, sentence).with_phase(phase).with_maybe_processed(!unsent)
}

fn meta(got: &Got, attempts: u32) -> Meta {
    Meta {
        request_id: failure::request_id(&got.headers),
        served_model_name: got.headers.get("served-model-name").map(str::to_owned),
        attempts,
        status: got.status,
    }
}
