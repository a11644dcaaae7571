//! Credentials: a static token, or a provider of tokens that expire.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};
use crate::transport::{BoxFuture, MaybeSend, MaybeSync};

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
    Provider(Arc<dyn TokenProvider>),
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
        Self(Kind::Provider(Arc::new(provider)))
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

    pub(crate) async fn secret(&self) -> Result<Option<Arc<Secret>>> {
        Ok(match &self.0 {
            Kind::None => None,
            Kind::Token(secret) => Some(secret.clone()),
            Kind::Provider(provider) => Some(Arc::new(provider.token().await?.value)),
        })
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
