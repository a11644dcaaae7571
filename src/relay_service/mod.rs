//! The relay as a [tower] service, for servers in Rust: hyper, axum and whatever else takes one.
//!
//! It carries out what a [`RelayPolicy`] decides, with the credentials of the server: reads bodies within
//! their limits, signs in, streams answers through without keeping them, and stops asking when a client has gone. A slow client
//! slows the workspace down: nothing is read ahead.
//!
//! ```no_run
//! use lakewire::Credentials;
//! use lakewire::relay::RelayPolicy;
//! use lakewire::relay_service::{Identity, RelayService};
//!
//! let policy = RelayPolicy::builder("https://my.cloud.databricks.com")
//!     .origin("https://app.example.com")
//!     .chat(["claude"])
//!     .authorized()
//!     .build()?;
//! let credentials = Credentials::oauth_m2m("1111-2222", "dose…");
//! // whom your app has let in, by what their requests bear: an unknown key is nobody
//! # let sessions: std::collections::HashMap<String, String> = Default::default();
//! let relay = RelayService::authorized(policy, credentials, move |request| {
//!     let key = request.headers.get("x-session").and_then(|value| value.to_str().ok());
//!     let user = key.and_then(|key| sessions.get(key)).cloned();
//!     Box::pin(async move { user.map(Identity::new) })
//! })?;
//! relay.set_enabled(true); // the kill switch: false, and every request is answered with 503
//! # Ok::<(), lakewire::Error>(())
//! ```
//!
//! [tower]: https://docs.rs/tower-service

mod answer;
mod handle;
mod open;

use std::convert::Infallible;
use std::fmt;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Context, Poll};

use http::request::Parts;

pub use answer::RelayBody;

use crate::auth::Credentials;
use crate::config::Host;
use crate::error::{Error, ErrorKind, Result};
use crate::relay::{RateLimiter, RelayPolicy};
use crate::transport::{self, BoxFuture, Transport};
use open::Open;

/// Who asks, by whatever the app knows him: his share of requests is counted by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity(String);

impl Identity {
    /// The user by an id.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }
}

/// Where a connection comes from. Servers put it into the extensions of a request; without it, clients that no hook names share
/// one share. Addresses of one IPv6 network (/64) are one client: who has one of them has them all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

/// Says who asks, or nothing when nobody may. It sees everything but the body.
type Authorize = dyn Fn(&Parts) -> BoxFuture<'_, Option<Identity>> + Send + Sync;

/// The relay. Cheap to clone; clones share limits, token and connections.
#[derive(Clone)]
pub struct RelayService(Arc<Inner>);

struct Inner {
    policy: RelayPolicy,
    credentials: Credentials,
    transport: Arc<dyn Transport>,
    limiter: Mutex<RateLimiter>,
    open: Open,
    authorize: Option<Box<Authorize>>,
    own_origin: OnceLock<String>,
    enabled: AtomicBool,
}

impl fmt::Debug for RelayService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RelayService").field("policy", &self.0.policy).finish_non_exhaustive()
    }
}

impl RelayService {
    /// A relay that everybody may use, as its policy says.
    ///
    /// # Errors
    /// `InvalidInput` when the policy is not public, the credentials cannot be used, or there are none.
    pub fn public(policy: RelayPolicy, credentials: impl Into<Credentials>) -> Result<Self> {
        Self::from_parts(policy, credentials.into(), transport::platform(None)?, None)
    }

    /// A relay that asks who it is. The hook sees all of a request but its body; `None` is answered with 401, a hook that takes
    /// longer than the body may with 503.
    ///
    /// # Errors
    /// `InvalidInput` when the policy is public, the credentials cannot be used, or there are none.
    pub fn authorized(
        policy: RelayPolicy,
        credentials: impl Into<Credentials>,
        authorize: impl Fn(&Parts) -> BoxFuture<'_, Option<Identity>> + Send + Sync + 'static,
    ) -> Result<Self> {
        Self::from_parts(policy, credentials.into(), transport::platform(None)?, Some(Box::new(authorize)))
    }

    /// A relay from its parts; without a hook it is public.
    ///
    /// # Errors
    /// As [`public`](Self::public) and [`authorized`](Self::authorized).
    pub fn from_parts(
        policy: RelayPolicy,
        credentials: Credentials,
        transport: Arc<dyn Transport>,
        authorize: Option<Box<Authorize>>,
    ) -> Result<Self> {
        if policy.is_public() == authorize.is_some() {
            return Err(invalid(
                "The relay does not start: a policy is public, or there is a hook that says who asks.",
            ));
        }
        if credentials.is_none() {
            return Err(invalid("The relay does not start: it has no credentials for the workspace."));
        }
        credentials.check()?;
        let credentials = credentials.bind(&Host::parse(policy.host())?, &transport)?;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number from 0 to 2^53")]
        let seed = (transport.random() * 9e15) as u64;
        let limiter = Mutex::new(policy.limiter().seeded(seed));
        let open = Open::new(policy.limits().open_per_client);
        Ok(Self(Arc::new(Inner {
            policy,
            credentials,
            transport,
            limiter,
            open,
            authorize,
            own_origin: OnceLock::new(),
            enabled: AtomicBool::new(true),
        })))
    }

    /// The origin under which this server is reached, such as `https://app.example.com`, for policies that take the relay's own:
    /// until it is said, such a policy takes no page. What is said first holds, for all clones.
    #[must_use]
    pub fn own_origin(self, origin: impl Into<String>) -> Self {
        let _ = self.0.own_origin.set(origin.into());
        self
    }

    /// The kill switch, for all clones: with `false`, every request from now on is answered with 503 and nothing goes to the workspace.
    pub fn set_enabled(&self, enabled: bool) {
        self.0.enabled.store(enabled, Ordering::Release);
    }
}

impl<B> tower_service::Service<http::Request<B>> for RelayService
where
    B: http_body::Body + Send + 'static,
    B::Data: Send,
{
    type Response = http::Response<RelayBody>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = std::result::Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<std::result::Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        let inner = self.0.clone();
        Box::pin(async move { Ok(handle::handle(inner, request).await) })
    }
}

fn invalid(sentence: &str) -> Error {
    Error::new(ErrorKind::InvalidInput, sentence)
}
