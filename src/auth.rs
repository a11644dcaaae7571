//! Credentials: a static token, or a provider of tokens that expire.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};
use crate::transport::{BoxFuture, MaybeSend, MaybeSync};

/// Text that is never shown: `[redacted]` wherever it is printed, overwritten when dropped.
pub struct Secret(String);

impl Secret {
    /// Takes a token to be sent as a header value.
    ///
    /// # Errors
    /// `InvalidInput`, without the text, when it is empty or holds a space, a line end, or anything
    /// but visible ASCII: such a token was pasted with something around it.
    pub fn new(text: impl Into<String>) -> Result<Self> {
        let secret = Self(text.into());
        if secret.0.is_empty() {
            return Err(Error::new(ErrorKind::InvalidInput, "The token is empty: give a personal access token or an OAuth access token."));
        }
        if !secret.0.bytes().all(|byte| (0x21..=0x7e).contains(&byte)) {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "The token holds a space, a line end or a non-ASCII character: give it exactly as the workspace showed it.",
            ));
        }
        Ok(secret)
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
    Provider(Arc<dyn TokenProvider>),
}

impl Credentials {
    /// No credentials: the server behind a same-origin host adds its own.
    #[must_use]
    pub fn none() -> Self {
        Self(Kind::None)
    }

    /// A personal access token or any other bearer token that does not change.
    ///
    /// # Errors
    /// `InvalidInput` when it cannot be a token, see [`Secret::new`].
    pub fn token(text: impl Into<String>) -> Result<Self> {
        Ok(Self(Kind::Token(Arc::new(Secret::new(text)?))))
    }

    /// Tokens from a provider, shared by all clones.
    #[must_use]
    pub fn provider(provider: impl TokenProvider) -> Self {
        Self(Kind::Provider(Arc::new(provider)))
    }

    /// Reads `DATABRICKS_TOKEN` through a lookup; an absent or empty one gives no credentials.
    ///
    /// # Errors
    /// `InvalidInput` when it cannot be a token.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self> {
        match lookup("DATABRICKS_TOKEN").filter(|value| !value.is_empty()) {
            Some(token) => Self::token(token),
            None => Ok(Self::none()),
        }
    }

    pub(crate) async fn secret(&self) -> Result<Option<Arc<Secret>>> {
        Ok(match &self.0 {
            Kind::None => None,
            Kind::Token(secret) => Some(secret.clone()),
            Kind::Provider(provider) => Some(Arc::new(provider.token().await?.value)),
        })
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
