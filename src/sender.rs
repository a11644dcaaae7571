//! The one loop that sends: authorize, send, time out, retry, read.

mod exchange;
mod link;
mod redirect;
mod watched;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use self::exchange::{Exchange, Read};
pub use self::link::Link;
use crate::auth::Credentials;
use crate::config::{Config, Timeouts};
use crate::error::{Error, ErrorKind, Result};
use crate::observe::{Observation, Watch};
use crate::transport::{Body, Transport};
use crate::wire::answer::{self, Answer, Headers};
use crate::wire::call::{Call, Repeat, StreamCall};
use crate::wire::json::Json;
use crate::wire::request::Request;
use crate::wire::retry::RetryBudget;

/// The total limit of a single answer. Streams have none of their own.
const TOTAL: Duration = Duration::from_secs(600);

/// Sends calls to one workspace. Clones are cheap and share the token and the retry budget.
#[derive(Clone)]
pub struct Sender(Arc<Shared>, Watch);

struct Shared {
    config: Config,
    credentials: Credentials,
    transport: Arc<dyn Transport>,
    budget: RetryBudget,
}

/// What one call sets otherwise than its client.
#[derive(Clone, Default, PartialEq)]
pub struct CallOptions {
    /// Time limits; what is absent is the client's.
    pub timeouts: Timeouts,
    /// Headers added to the request, over the client's of the same name.
    pub headers: Vec<(String, String)>,
    /// How many requests may be sent for this call, the first included.
    pub max_attempts: Option<u32>,
}

/// Facts of a good answer besides its body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Meta {
    /// The id to quote to Databricks support (`x-request-id`).
    pub request_id: Option<String>,
    /// The model that answered (`served-model-name`).
    pub served_model_name: Option<String>,
    /// How many requests were sent.
    pub attempts: u32,
    /// The HTTP status.
    pub status: u16,
}

/// A stream whose head was good and whose body has not been read.
#[derive(Debug)]
pub struct Opened {
    /// Facts of the answer.
    pub meta: Meta,
    /// The response headers.
    pub headers: Headers,
    /// The events to come; [`Body::Empty`] when [`whole`](Self::whole) is there.
    pub body: Body,
    /// The whole answer as checked JSON text, when the service answered at once instead of streaming.
    pub whole: Option<String>,
    /// The longest wait between two reads of the body.
    pub idle: Duration,
    /// When the total limit ends, on the clock of [`Transport::now`].
    pub deadline: Option<Duration>,
    /// The longest event, in bytes.
    pub max_event_bytes: usize,
    /// The call, for those who watch it.
    pub(crate) told: Observation,
}

impl Sender {
    /// A sender from its parts.
    ///
    /// # Errors
    /// `InvalidInput` when a limit or header of the configuration cannot be kept.
    pub fn new(config: Config, credentials: Credentials, transport: Arc<dyn Transport>) -> Result<Self> {
        config.timeouts.check()?;
        credentials.check()?;
        if config.host.is_unencrypted() && !credentials.is_none() {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "The host is reached by plain http, where everybody on the way could read the token: use https, or no credentials.",
            ));
        }
        let credentials = credentials.bind(&config.host, &transport)?;
        check_headers(&config.headers, &credentials, config.host.is_unencrypted())?;
        let budget = RetryBudget::new(config.retry.budget);
        #[allow(clippy::arc_with_non_send_sync, reason = "on wasm there are no threads; natively it is both")]
        let shared = Arc::new(Shared { config, credentials, transport, budget });
        Ok(Self(shared, Watch::default()))
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// The transport, whose timer and clock a stream needs.
    #[must_use]
    pub fn transport(&self) -> &Arc<dyn Transport> {
        &self.0.transport
    }

    /// Sends a call and reads its answer.
    ///
    /// # Errors
    /// Every kind that [`ErrorKind`] lists before `InvalidArguments`, with the status, request id
    /// and number of attempts.
    pub async fn send<T>(&self, call: &Call<T>, options: &CallOptions) -> Result<(T, Meta)> {
        self.send_told(call, options, &mut Observation::default()).await
    }

    async fn send_told<T>(&self, call: &Call<T>, options: &CallOptions, told: &mut Observation) -> Result<(T, Meta)> {
        let sent = self.whole(call.request(), call.repeat(), options).await;
        let (answer, meta) = sent.map_err(|error| call.explain(error))?;
        told.answered(&answer.body);
        // an error in place of the answer is read again from a text without our secrets: its own is cut short already
        let spare = if call.request().hides() { Some(answer.clone()) } else { None };
        match call.read(answer) {
            Ok(value) => Ok((value, meta)),
            Err(error) => {
                let clean = spare.map(|mut answer| {
                    let text = String::from_utf8_lossy(&answer.body).into_owned();
                    answer.body = call.request().conceal(text).into_bytes();
                    call.read(answer).err().unwrap_or_else(|| {
                        let sentence = "The service reported an error whose text repeats a secret, so it is not shown.";
                        Error::new(error.kind(), sentence)
                    })
                });
                Err(call.explain(meta.explain(clean.unwrap_or(error))))
            }
        }
    }

    async fn whole(&self, request: &Request, repeat: Repeat, options: &CallOptions) -> Result<(Answer, Meta)> {
        let exchange = Exchange::new(self, request, repeat, options, Some(TOTAL))?;
        let (mut response, meta) = exchange.run(true).await?;
        let body = match response.body {
            Read::Whole(body) => body,
            Read::Open(_) => Vec::new(),
        };
        Ok((Answer { status: response.status, headers: std::mem::take(&mut response.headers), body }, meta))
    }

    /// Sends a streaming call and waits until its head is known to be good.
    ///
    /// # Errors
    /// As [`send`](Self::send). Errors after the head come out of the stream.
    pub async fn open<E>(&self, call: &StreamCall<E>, options: &CallOptions) -> Result<Opened> {
        let opened = self.opened(call.request(), call.repeat(), options).await;
        opened.map_err(|error| call.explain(error))
    }

    async fn opened(&self, request: &Request, repeat: Repeat, options: &CallOptions) -> Result<Opened> {
        let exchange = Exchange::new(self, request, repeat, options, None)?;
        let (response, meta) = exchange.run(false).await?;
        let (body, whole) = match response.body {
            Read::Open(body) => (body, None),
            Read::Whole(bytes) => {
                let answer = Answer { status: response.status, headers: response.headers.clone(), body: bytes };
                let json: Json<()> = answer::json(answer).map_err(|error| meta.explain(error))?;
                (Body::Empty, Some(json.into_string()))
            }
        };
        Ok(Opened {
            meta,
            headers: response.headers,
            body,
            whole,
            idle: exchange.idle,
            deadline: exchange.deadline,
            max_event_bytes: self.0.config.max_event_bytes,
            told: Observation::default(),
        })
    }
}

impl Meta {
    /// Adds what is known of the answer to an error found in its body.
    pub(crate) fn explain(&self, error: Error) -> Error {
        let id = error.request_id().map(str::to_owned).or_else(|| self.request_id.clone());
        error.with_status(self.status).with_request_id(id).with_attempts(self.attempts).with_maybe_processed(true)
    }
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender")
            .field("host", &self.0.config.host)
            .field("credentials", &self.0.credentials)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for CallOptions {
    /// Names of headers only: their values may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("CallOptions")
            .field("timeouts", &self.timeouts)
            .field("headers", &names)
            .field("max_attempts", &self.max_attempts)
            .finish()
    }
}

/// Headers that hold a credential by their very name.
const CREDENTIALS: [&str; 5] = ["authorization", "proxy-authorization", "cookie", "x-api-key", "api-key"];

/// Checks headers that a caller adds, before anything is sent.
fn check_headers(headers: &[(String, String)], credentials: &Credentials, unencrypted: bool) -> Result<()> {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    for (name, value) in headers {
        let fault = if name.is_empty() || !name.bytes().all(token) {
            "has a name that no header can have"
        } else if !value.bytes().all(|byte| byte == b'\t' || (0x20..=0x7e).contains(&byte)) {
            "has a value with a line end or a non-ASCII character"
        } else if ["host", "content-length", "transfer-encoding", "connection"]
            .iter()
            .any(|own| name.eq_ignore_ascii_case(own))
        {
            "belongs to the transport"
        } else if name.eq_ignore_ascii_case("authorization") && !credentials.is_none() {
            "would replace the client's credentials: give the token to the client, or no credentials"
        } else if unencrypted && CREDENTIALS.iter().any(|own| name.eq_ignore_ascii_case(own)) {
            "would go out unencrypted, since the host is reached by plain http: use https"
        } else {
            continue;
        };
        let shown = if name.bytes().all(token) { name.as_str() } else { "?" };
        return Err(Error::new(ErrorKind::InvalidInput, format!("The header `{shown}` {fault}.")));
    }
    Ok(())
}

#[cfg(test)]
mod auth_tests;
#[cfg(test)]
mod grant_tests;
#[cfg(test)]
mod session_tests;
#[cfg(test)]
mod tests;
