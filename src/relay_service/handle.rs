//! One request: decided, read, sent, and passed back.

use std::net::{IpAddr, Ipv6Addr};
use std::pin::{Pin, pin};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use http::header::{HeaderName, HeaderValue};
use http::request::Parts;
use http_body::Body;

use crate::error::{Error, ErrorKind, Result};
use crate::relay::{Answer, AnswerBody, Decision, RateVerdict, RawRequest, Refusal, Upstream};
use crate::relay_service::answer::{Bounds, Passed, Reads, RelayBody, last_events};
use crate::relay_service::open::Held;
use crate::relay_service::{Inner, Peer};
use crate::transport::{BoxFuture, HttpRequest, Response, race};
use crate::wire::request::Method;

type Reply = http::Response<RelayBody>;

/// How much of an error of the workspace is read.
const EXCERPT: usize = 64 * 1024;
/// How long is waited for it.
const EXCERPT_WAIT: Duration = Duration::from_secs(5);

pub(super) async fn handle<B>(inner: Arc<Inner>, request: http::Request<B>) -> Reply
where
    B: Body + Send + 'static,
    B::Data: Send,
{
    let (parts, body) = request.into_parts();
    if !inner.enabled.load(Ordering::Acquire) {
        let id = fresh_id(&inner);
        return reply(inner.policy.refusal(503, Some(&id)), &[], &id);
    }
    let (headers, id) = headers_of(&inner, &parts);
    let lent: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let target = target_of(&parts);
    let raw = RawRequest {
        method: parts.method.as_str(),
        target: &target,
        headers: &lent,
        own_origin: inner.own_origin.get().map(String::as_str),
    };
    let (cors, ready) = match inner.policy.admit(&raw) {
        Decision::Refuse(answer) | Decision::Preflight(answer) => return reply(answer, &[], &id),
        Decision::NeedsBody { cors, .. } => (cors, None),
        Decision::Forward(upstream) => (upstream.cors.clone(), Some(upstream)),
    };
    let held = match admitted(&inner, &parts, &id).await {
        Ok(held) => held,
        Err(refusal) => return reply(refusal, &cors, &id),
    };
    if let Some(upstream) = ready {
        return ask(&inner, upstream, held, &id).await;
    }
    let bytes = match whole(&inner, body).await {
        Ok(bytes) => bytes,
        Err(status) => return reply(inner.policy.refusal(status, Some(&id)), &cors, &id),
    };
    match inner.policy.upstream(&raw, &bytes) {
        Ok(upstream) => ask(&inner, upstream, held, &id).await,
        Err(refusal) => reply(refusal, &[], &id),
    }
}

/// The headers as the decision takes them, with an id of the request that is fit for logs.
fn headers_of(inner: &Inner, parts: &Parts) -> (Vec<(String, String)>, String) {
    // a value that is not ASCII becomes one that is refused
    let text = |value: &HeaderValue| value.to_str().unwrap_or("\0").to_owned();
    let mut headers: Vec<(String, String)> =
        parts.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
    // one of our own: a page's would stand in logs beside those of others
    let id = fresh_id(inner);
    headers.retain(|(name, _)| name != "x-request-id");
    headers.push(("x-request-id".to_owned(), id.clone()));
    (headers, id)
}

fn fresh_id(inner: &Inner) -> String {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number from 0 to 2^32")]
    let draw = || format!("{:08x}", (inner.transport.random() * f64::from(u32::MAX)) as u32);
    [draw(), draw(), draw()].concat()
}

/// Whose share an address uses up: an IPv4 address by itself, an IPv6 address by its network, of which its owner has every other one.
fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => Ipv6Addr::from(u128::from(address) & (!0 << 64)).to_string(),
    }
}

/// The target; one that names a host is no path of ours. In HTTP/2 every address has one.
fn target_of(parts: &Parts) -> String {
    if parts.version < http::Version::HTTP_2 && parts.uri.authority().is_some() {
        return parts.uri.to_string();
    }
    parts.uri.path_and_query().map_or_else(String::new, |path| path.as_str().to_owned())
}

/// Who asks, and whether he may now.
async fn admitted(inner: &Inner, parts: &Parts, id: &str) -> std::result::Result<Held, Refusal> {
    let key = match &inner.authorize {
        Some(authorize) => {
            let late = inner.transport.sleep(Duration::from_millis(inner.policy.limits().body_ms));
            let late: BoxFuture<'_, _> = Box::pin(async move {
                late.await;
                Err(503)
            });
            let asked = authorize(parts);
            let asked: BoxFuture<'_, _> = Box::pin(async move { asked.await.ok_or(401) });
            let identity = race(asked, late).await.map_err(|status| match status {
                401 => inner.policy.unauthorized(Some(id)),
                status => inner.policy.refusal(status, Some(id)),
            })?;
            ["user ", &identity.0].concat()
        }
        None => match parts.extensions.get::<Peer>() {
            Some(Peer(address)) => ["peer ", &network(address.ip())].concat(),
            None => "peers".to_owned(),
        },
    };
    let now = u64::try_from(inner.transport.now().as_millis()).unwrap_or(u64::MAX);
    let verdict = inner.limiter.lock().unwrap_or_else(PoisonError::into_inner).take(&key, now);
    if let RateVerdict::RetryAfter(wait) = verdict {
        return Err(inner.policy.too_many(wait, Some(id)));
    }
    inner.open.hold(&key).ok_or_else(|| inner.policy.too_many(1_000, Some(id)))
}

/// The body, or the status of what is wrong with it.
async fn whole<B>(inner: &Inner, body: B) -> std::result::Result<Vec<u8>, u16>
where
    B: Body + Send + 'static,
    B::Data: Send,
{
    let limits = inner.policy.limits();
    let most = limits.body_bytes;
    let read: BoxFuture<'_, _> = Box::pin(async move {
        let mut body = pin!(body);
        let mut bytes: Vec<u8> = Vec::new();
        while let Some(frame) = std::future::poll_fn(|cx| Pin::as_mut(&mut body).poll_frame(cx)).await {
            let Ok(frame) = frame else { return Err(400) };
            let Ok(mut data) = frame.into_data() else { continue };
            while bytes::Buf::has_remaining(&data) {
                let chunk = bytes::Buf::chunk(&data);
                bytes.extend_from_slice(chunk);
                let length = chunk.len();
                bytes::Buf::advance(&mut data, length);
            }
            if bytes.len() as u64 > most {
                return Err(413);
            }
        }
        Ok(bytes)
    });
    let late = inner.transport.sleep(Duration::from_millis(limits.body_ms));
    let late: BoxFuture<'_, _> = Box::pin(async move {
        late.await;
        Err(408)
    });
    race(read, late).await
}

/// Asks the workspace, and passes on what it may.
async fn ask(inner: &Arc<Inner>, upstream: Upstream, held: Held, id: &str) -> Reply {
    let limits = inner.policy.limits();
    let late = inner.transport.sleep(Duration::from_millis(limits.first_byte_ms));
    let late: BoxFuture<'_, _> = Box::pin(async move {
        late.await;
        Err(Error::new(ErrorKind::DeadlineExceeded, "The workspace took too long to answer."))
    });
    let mut has_token = false;
    let sending = race(Box::pin(send(inner, &upstream, &mut has_token)), late).await;
    let signed_in = has_token;
    let response = match sending {
        Ok(response) => response,
        Err(error) => {
            let status = match (error.kind(), signed_in) {
                (_, false) => 503,
                (ErrorKind::DeadlineExceeded, true) => 504,
                _ => 502,
            };
            return reply(inner.policy.public_error(status, b"", Some(id)), &upstream.cors, id);
        }
    };
    // those the decision looks at
    let known = ["content-type", "content-length", "x-request-id", "served-model-name", "retry-after"];
    let given: Vec<(&str, &str)> =
        known.iter().filter_map(|name| response.headers.get(name).map(|value| (*name, value))).collect();
    let head = inner.policy.answer(upstream.route, response.status, &given);
    let status = response.status;
    let Some(chunks) = response.body.into_stream() else {
        let answer = Answer { status: head.status, headers: head.headers, body: String::new() };
        return reply(answer, &upstream.cors, id);
    };
    if head.body == AnswerBody::Error {
        let bytes = excerpt(inner, chunks).await;
        let mut refusal = inner.policy.public_error(status, &bytes, Some(id));
        refusal.headers.extend(head.headers.into_iter().filter(|(name, _)| name == "retry-after"));
        return reply(refusal, &upstream.cors, id);
    }
    let streamed = head.body == AnswerBody::Stream;
    let reads = Reads::new(
        inner.transport.clone(),
        Passed { chunks, held },
        Bounds {
            bytes: if streamed { limits.stream_bytes } else { limits.response_bytes },
            idle: Duration::from_millis(limits.idle_ms),
            whole: Duration::from_millis(limits.stream_ms),
            last: streamed.then(|| last_events(&inner.policy)),
        },
    );
    let body = RelayBody::reads(reads);
    respond(head.status, head.headers, &upstream.cors, id, body)
}

/// Sends with the server's token; once more with a fresh one when the workspace does not take it.
async fn send(inner: &Inner, upstream: &Upstream, has_token: &mut bool) -> Result<Response> {
    let mut again = true;
    loop {
        let (secret, refresh) = inner.credentials.secret(&inner.transport).await?;
        *has_token = true;
        if let Some(refresh) = refresh {
            // due soon: whoever asks next has a fresh one
            inner.transport.spawn(Box::pin(async move {
                let _ = std::future::poll_fn(|cx| refresh.poll(cx)).await;
            }));
        }
        let mut headers = upstream.headers.clone();
        headers.extend(secret.iter().flat_map(|secret| secret.headers()));
        let request = HttpRequest {
            method: method_of(upstream.method),
            url: [inner.policy.host(), &upstream.path].concat(),
            headers,
            body: upstream.body.as_ref().map(|body| Arc::from(body.as_bytes())),
        };
        let response = inner.transport.send(request).await?;
        let refused = match (&secret, response.status) {
            (Some(secret), 401) => inner.credentials.invalidate(secret),
            (Some(secret), 403) => inner.credentials.invalidate_expired(secret, &inner.transport),
            _ => false,
        };
        if !(refused && std::mem::take(&mut again)) {
            return Ok(response);
        }
    }
}

fn method_of(text: &str) -> Method {
    match text {
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "PATCH" => Method::Patch,
        "DELETE" => Method::Delete,
        _ => Method::Get,
    }
}

/// The first bytes of an error.
async fn excerpt(inner: &Inner, mut chunks: crate::transport::ByteStream) -> Vec<u8> {
    let read: BoxFuture<'_, _> = Box::pin(async move {
        let mut bytes = Vec::new();
        while let Some(Ok(chunk)) = std::future::poll_fn(|cx| chunks.as_mut().poll_next(cx)).await {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > EXCERPT {
                break;
            }
        }
        bytes
    });
    let late = inner.transport.sleep(EXCERPT_WAIT);
    let late: BoxFuture<'_, _> = Box::pin(async move {
        late.await;
        Vec::new()
    });
    race(read, late).await
}

fn reply(answer: Answer, cors: &[(String, String)], id: &str) -> Reply {
    respond(answer.status, answer.headers, cors, id, RelayBody::whole(answer.body))
}

fn respond(status: u16, headers: Vec<(String, String)>, cors: &[(String, String)], id: &str, body: RelayBody) -> Reply {
    let mut reply = http::Response::new(body);
    *reply.status_mut() = http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::BAD_GATEWAY);
    let own = [("x-request-id".to_owned(), id.to_owned())];
    for (name, value) in headers.iter().chain(cors).chain(&own) {
        let pair = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value));
        if let (Ok(name), Ok(value)) = pair {
            if !reply.headers().contains_key(&name) {
                reply.headers_mut().insert(name, value);
            }
        }
    }
    reply
}

#[cfg(test)]
mod tests {
    use super::network;

    #[test]
    fn p24_who_has_one_address_of_a_network_has_one_share() {
        let of = |text: &str| network(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff:ffff:ffff:ffff"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:1.2.3.4"), of("1.2.3.4"));
        assert_ne!(of("1.2.3.4"), of("1.2.3.5"));
    }
}
