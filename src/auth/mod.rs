//! Credentials: a token that does not change, a provider of tokens that expire, or a way to ask for them.
//!
//! `docs/auth.md` shows every way to sign in.

mod azure;
mod cache;
mod encode;
mod grants;
#[cfg(all(feature = "native", not(target_arch = "wasm32")))]
mod loopback;
mod oauth;
pub mod profile;
pub mod settings;
mod sign_in;

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

pub use self::azure::AzureServicePrincipal;
use self::cache::{Cache, Found, Times};
pub use self::grants::{OAuthM2m, TokenFederation};
pub use self::sign_in::{Pkce, Session, SignIn};

use crate::config::Host;
use crate::error::{Error, ErrorKind, Result};
use crate::transport::{BoxFuture, MaybeSend, MaybeSync, Transport};

/// Text that is never shown: `[redacted]` wherever it is printed, overwritten when dropped.
pub struct Secret {
    text: String,
    /// Headers that go wherever the token goes; Azure wants a second token there.
    beside: Vec<(&'static str, Secret)>,
}

impl Secret {
    /// Takes a token.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), beside: Vec::new() }
    }

    /// Adds a header that goes wherever the token goes.
    fn beside(mut self, name: &'static str, value: &str) -> Self {
        self.beside.push((name, Self::new(value)));
        self
    }

    /// The headers of a request with this token.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (String, String)> + '_ {
        let bearer = ("authorization".to_owned(), ["Bearer ", &self.text].concat());
        let beside = self.beside.iter().map(|(name, value)| ((*name).to_owned(), value.text.clone()));
        std::iter::once(bearer).chain(beside)
    }

    /// Everything of it that must not be shown.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.text.as_str()).chain(self.beside.iter().map(|(_, value)| value.text.as_str()))
    }

    /// Checks that the text can stand in a header.
    ///
    /// # Errors
    /// `InvalidInput`, without the text, when it is empty or holds a space, a line end, or anything
    /// but visible ASCII: such a token was pasted with something around it.
    pub fn check(&self) -> Result<()> {
        if self.text.is_empty() {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "The token is empty: give a personal access token or an OAuth access token.",
            ));
        }
        if !self.text.bytes().all(|byte| (0x21..=0x7e).contains(&byte)) {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "The token holds a space, a line end or a non-ASCII character: give it exactly as the workspace showed it.",
            ));
        }
        Ok(())
    }

    /// The text itself, for the header.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.text
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        let mut bytes = std::mem::take(&mut self.text).into_bytes();
        bytes.fill(0);
        // keeps the compiler from dropping a write nobody reads
        std::hint::black_box(&bytes);
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// An access token and how long it will be good.
#[derive(Debug)]
pub struct Token {
    /// The token.
    pub value: Secret,
    /// How long it is good from now, as the service said; `None` when it did not say.
    pub expires_in: Option<Duration>,
}

/// A source of access tokens. It is asked again before a token expires and after a 401.
pub trait TokenProvider: MaybeSend + MaybeSync + 'static {
    /// Gets a token.
    ///
    /// # Errors
    /// Any error; calls fail with `TokenProvider` and its sentence, which must hold no secret.
    fn token(&self) -> BoxFuture<'static, Result<Token>>;
}

impl<F> TokenProvider for F
where
    F: Fn() -> BoxFuture<'static, Result<Token>> + MaybeSend + MaybeSync + 'static,
{
    fn token(&self) -> BoxFuture<'static, Result<Token>> {
        self()
    }
}

/// What authorizes calls.
#[derive(Clone)]
pub struct Credentials(Kind);

#[derive(Clone)]
enum Kind {
    None,
    Token(Arc<Secret>),
    Provider(Arc<Cache>),
    /// A way to ask for tokens, before a client gives it a workspace and a transport. Behind a trait:
    /// a build that never makes one does not hold the code of any.
    Grant(Arc<dyn Bind>),
}

/// What becomes a source of tokens once a client gives it a workspace and a transport.
trait Bind: MaybeSend + MaybeSync {
    /// Checks what can be checked before that.
    fn check(&self) -> Result<()>;

    /// The cache over the source.
    fn bind(self: Arc<Self>, host: &Host, transport: &Arc<dyn Transport>) -> Result<Arc<Cache>>;
}

impl Credentials {
    /// No credentials: the server behind a same-origin host adds its own.
    #[must_use]
    pub fn none() -> Self {
        Self(Kind::None)
    }

    /// A personal access token or any other bearer token that does not change. A token that cannot
    /// be one is refused when the client is built.
    #[must_use]
    pub fn token(text: impl Into<String>) -> Self {
        Self(Kind::Token(Arc::new(Secret::new(text))))
    }

    /// Tokens from a provider, shared by all clones.
    #[must_use]
    pub fn provider(provider: impl TokenProvider) -> Self {
        #[allow(clippy::arc_with_non_send_sync, reason = "on wasm there are no threads; natively it is both")]
        let cache = Arc::new(Cache::new(Box::new(provider)));
        Self(Kind::Provider(cache))
    }

    /// A service principal of Databricks; [`OAuthM2m`] has the rarer settings.
    ///
    /// ```no_run
    /// use lakewire::{Credentials, WorkspaceClient};
    /// let principal = Credentials::oauth_m2m("1111-2222", "dose…");
    /// let client = WorkspaceClient::new("https://example.cloud.databricks.com", principal)?;
    /// # Ok::<(), lakewire::Error>(())
    /// ```
    #[must_use]
    pub fn oauth_m2m(client_id: impl Into<String>, client_secret: impl Into<String>) -> Self {
        OAuthM2m::new(client_id, client_secret).into()
    }

    /// The user a Databricks App serves: `header` looks a request header up by name, in any case.
    /// The app acts with what the user allowed it (`X-Forwarded-Access-Token`), for this one
    /// request: make a client for each.
    ///
    /// ```
    /// use lakewire::Credentials;
    /// let headers = [("x-forwarded-access-token", "eyJ…")];
    /// let credentials = Credentials::on_behalf_of(|wanted| {
    ///     headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.to_string())
    /// });
    /// # // the ellipsis stands for a token
    /// assert!(credentials.is_err());
    /// ```
    ///
    /// # Errors
    /// `Unauthenticated` when the request carries no such header: user authorization is off in the
    /// app, or the request did not come through it. `InvalidInput` when it cannot be a token.
    pub fn on_behalf_of(header: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let Some(token) = header("X-Forwarded-Access-Token").filter(|token| !token.is_empty()) else {
            return Err(Error::new(
                ErrorKind::Unauthenticated,
                "The request carries no X-Forwarded-Access-Token: turn on user authorization for the app, and call it through its own address.",
            ));
        };
        let credentials = Self::token(token);
        credentials.check()?;
        Ok(credentials)
    }

    /// Checks what can be checked before the first call.
    ///
    /// # Errors
    /// `InvalidInput` when a static token, a client id or a client secret cannot be one.
    pub fn check(&self) -> Result<()> {
        match &self.0 {
            Kind::Token(secret) => secret.check(),
            Kind::Grant(grant) => grant.check(),
            _ => Ok(()),
        }
    }

    /// The credentials at one workspace. Each client asks for tokens of its own: they never cross.
    pub(crate) fn bind(self, host: &Host, transport: &Arc<dyn Transport>) -> Result<Self> {
        match self.0 {
            Kind::Grant(grant) => Ok(Self(Kind::Provider(grant.bind(host, transport)?))),
            _ => Ok(self),
        }
    }

    /// The token for one request, waiting for a refresh when there is no good one; and the refresh
    /// to drive beside the request when it is due.
    pub(crate) async fn secret(
        &self,
        transport: &Arc<dyn Transport>,
    ) -> Result<(Option<Arc<Secret>>, Option<Refresh>)> {
        let cache = match &self.0 {
            Kind::None => return Ok((None, None)),
            Kind::Token(secret) => return Ok((Some(secret.clone()), None)),
            Kind::Provider(cache) => cache,
            Kind::Grant(_) => {
                return Err(Error::new(ErrorKind::InvalidInput, "These credentials need a client: give them to one."));
            }
        };
        let refresh = |flight| Refresh { cache: cache.clone(), flight, transport: transport.clone() };
        match cache.find(transport.now())? {
            Found::Token(secret, flight) => Ok((Some(secret), flight.map(refresh))),
            Found::Wait(flight) => {
                let refresh = refresh(flight);
                Ok((Some(std::future::poll_fn(|cx| refresh.poll(cx)).await?), None))
            }
        }
    }

    /// Forgets a token the service refused. Whether another one can be had.
    pub(crate) fn invalidate(&self, used: &Arc<Secret>) -> bool {
        match &self.0 {
            Kind::Provider(cache) => {
                cache.invalidate(used);
                true
            }
            _ => false,
        }
    }

    /// The same for a token that was refused as if it lacked a permission (403). That is what a
    /// workspace says to an expired token of a service principal, so it is forgotten when its time is
    /// up on either clock (one of them stops while a machine sleeps) or was replaced meanwhile.
    pub(crate) fn invalidate_expired(&self, used: &Arc<Secret>, transport: &Arc<dyn Transport>) -> bool {
        match &self.0 {
            Kind::Provider(cache) if cache.outlived(used, Times::of(transport)) => {
                cache.invalidate(used);
                true
            }
            _ => false,
        }
    }

    /// Whether requests carry a token.
    pub(crate) fn is_none(&self) -> bool {
        matches!(self.0, Kind::None)
    }
}

/// A refresh of the token, driven by whoever polls it.
pub(crate) struct Refresh {
    cache: Arc<Cache>,
    flight: Arc<cache::Flight>,
    transport: Arc<dyn Transport>,
}

impl Refresh {
    pub(crate) fn poll(&self, cx: &mut Context<'_>) -> Poll<Result<Arc<Secret>>> {
        self.cache.poll(&self.flight, &|| Times::of(&self.transport), cx)
    }
}

impl From<&str> for Credentials {
    fn from(token: &str) -> Self {
        Self::token(token)
    }
}

impl From<String> for Credentials {
    fn from(token: String) -> Self {
        Self::token(token)
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Kind::None => "Credentials(none)",
            Kind::Token(_) => "Credentials(token [redacted])",
            Kind::Provider(_) => "Credentials(provider)",
            Kind::Grant(_) => "Credentials(grant)",
        })
    }
}
