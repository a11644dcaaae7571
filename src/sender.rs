//! The one loop that sends: authorize, send, time out, retry, read.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::auth::Credentials;
use crate::config::{Config, Timeouts};
use crate::error::{Error, ErrorKind, Result};
use crate::transport::{Body, HttpRequest, Response, Transport};
use crate::wire::answer::{Answer, Headers};
use crate::wire::call::{Call, StreamCall};
use crate::wire::request::Request;
use crate::wire::retry::RetryBudget;

/// Sends calls to one workspace. Clones are cheap and share the token and the retry budget.
#[derive(Clone)]
pub struct Sender(Arc<Shared>);

struct Shared {
    config: Config,
    credentials: Credentials,
    transport: Arc<dyn Transport>,
    budget: RetryBudget,
}

/// What one call sets otherwise than its client.
#[derive(Clone, Debug, Default)]
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
}

impl Sender {
    /// A sender from its parts.
    ///
    /// # Errors
    /// `InvalidInput` when a limit or header of the configuration cannot be kept.
    pub fn new(config: Config, credentials: Credentials, transport: Arc<dyn Transport>) -> Result<Self> {
        config.timeouts.check()?;
        credentials.check()?;
        let budget = RetryBudget::new(config.retry.budget);
        Ok(Self(Arc::new(Shared { config, credentials, transport, budget })))
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
        let response = self.once(call.request(), options).await?;
        let meta = meta(&response, 1);
        let mut body = Vec::new();
        if let Some(mut stream) = response.body.into_stream() {
            while let Some(chunk) = std::future::poll_fn(|cx| stream.as_mut().poll_next(cx)).await {
                body.extend_from_slice(&chunk?);
            }
        }
        Ok((call.read(Answer { status: response.status, headers: response.headers, body })?, meta))
    }

    /// Sends a streaming call and waits until its head is known to be good.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn open<E>(&self, call: &StreamCall<E>, options: &CallOptions) -> Result<Opened> {
        let response = self.once(call.request(), options).await?;
        Ok(Opened {
            meta: meta(&response, 1),
            headers: response.headers,
            body: response.body,
            whole: None,
            idle: options.timeouts.or(self.0.config.timeouts).idle.unwrap_or(Duration::from_secs(60)),
            deadline: None,
            max_event_bytes: self.0.config.max_event_bytes,
        })
    }

    async fn once(&self, request: &Request, options: &CallOptions) -> Result<Response> {
        let shared = &self.0;
        let url = shared.config.host.join(&request.path)?;
        let mut headers = request.headers.clone();
        headers.extend(shared.config.headers.iter().cloned());
        headers.extend(options.headers.iter().cloned());
        if let Some(secret) = shared.credentials.secret().await? {
            headers.push(("authorization".into(), format!("Bearer {}", secret.expose())));
        }
        let response = shared
            .transport
            .send(HttpRequest { method: request.method, url, headers, body: request.body.clone() })
            .await?;
        if (200..300).contains(&response.status) {
            shared.budget.deposit();
            return Ok(response);
        }
        Err(Error::new(ErrorKind::InternalError, "The service did not answer well.").with_status(response.status))
    }
}

fn meta(response: &Response, attempts: u32) -> Meta {
    let text = |name| response.headers.get(name).map(str::to_owned);
    Meta {
        request_id: text("x-request-id"),
        served_model_name: text("served-model-name"),
        attempts,
        status: response.status,
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
