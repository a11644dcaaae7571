//! A secret's value, which shows itself only when asked.

use std::fmt;

use crate::auth::Secret;
use crate::error::{Error, ErrorKind, Result};

/// The value of a secret. Printing it in any way shows `[redacted]`; the memory is overwritten when
/// it is dropped.
///
/// ```
/// use lakewire::secrets::SecretValue;
/// let value = SecretValue::from("sk-sample");
/// assert_eq!(format!("{value} {value:?}"), "[redacted] [redacted]");
/// assert_eq!(value.expose()?, "sk-sample");
/// # Ok::<(), lakewire::Error>(())
/// ```
pub struct SecretValue(Inner);

enum Inner {
    Text(Secret),
    Bytes(Vec<u8>),
}

impl SecretValue {
    /// A value from its bytes.
    #[must_use]
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(match String::from_utf8(bytes) {
            Ok(text) => Inner::Text(Secret::new(text)),
            Err(fault) => Inner::Bytes(fault.into_bytes()),
        })
    }

    /// The value as text.
    ///
    /// # Errors
    /// `Decode` when it is not UTF-8: ask for [`expose_bytes`](Self::expose_bytes) then.
    pub fn expose(&self) -> Result<&str> {
        match &self.0 {
            Inner::Text(text) => Ok(text.expose()),
            Inner::Bytes(_) => {
                Err(Error::new(ErrorKind::Decode, "The secret's value is not UTF-8 text: read it as bytes."))
            }
        }
    }

    /// The value's bytes.
    #[must_use]
    pub fn expose_bytes(&self) -> &[u8] {
        match &self.0 {
            Inner::Text(text) => text.expose().as_bytes(),
            Inner::Bytes(bytes) => bytes,
        }
    }
}

impl From<&str> for SecretValue {
    fn from(text: &str) -> Self {
        Self(Inner::Text(Secret::new(text)))
    }
}

impl Drop for SecretValue {
    fn drop(&mut self) {
        // text overwrites itself
        if let Inner::Bytes(bytes) = &mut self.0 {
            bytes.fill(0);
            std::hint::black_box(&bytes);
        }
    }
}

impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl fmt::Display for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}
