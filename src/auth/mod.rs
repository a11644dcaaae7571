//! Credentials: a static token, or a provider of tokens that expire.

mod cache;

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use self::cache::{Cache, Found};

use crate::error::{Error, ErrorKind, Result};
use crate::transport::{BoxFuture, MaybeSend, MaybeSync, Transport};

/// Text that is never shown: `[redacted]` wherever it is printed, overwritten when dropped.
pub struct Secret(String);

impl Secret {
    /// Takes a token.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Checks that the text can stand in a header.
    ///
    /// # Errors
    /// `InvalidInput`, without the text, when it is empty or holds a space, a line end, or anything
    /// but visible ASCII: such a token was pasted with something around it.
    pub fn check(&self) -> Result<()> {
        if self.0.is_empty() {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "The token is empty: give a personal access token or an OAuth access token.",
            ));
        }
        if !self.0.bytes().all(|byte| (0x21..=0x7e).contains(&byte)) {
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
        &self.0
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        let mut bytes = std::mem::take(&mut self.0).into_bytes();
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

    /// Checks what can be checked before the first call.
    ///
    /// # Errors
    /// `InvalidInput` when a static token cannot be one, see [`Secret::check`].
    pub fn check(&self) -> Result<()> {
        match &self.0 {
            Kind::Token(secret) => secret.check(),
            _ => Ok(()),
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
        self.cache.poll(&self.flight, &|| self.transport.now(), cx)
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
        })
    }
}
