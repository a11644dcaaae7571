//! Secrets: scopes, their secrets, and who may do what with them (wire: secrets).

mod handlers;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::errors::ApiError;
use crate::json::invalid;

pub use handlers::routes;

/// Largest value of a secret, in bytes.
const MAX_VALUE_BYTES: usize = 128 * 1024;
/// Most secrets of one scope.
const MAX_SECRETS: usize = 1000;
/// Most scopes.
const MAX_SCOPES: usize = 1000;
/// Longest name of a scope or key.
const MAX_NAME: usize = 128;

/// The secret scopes of the workspace.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scopes(BTreeMap<String, Arc<Scope>>);

/// One scope.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Scope {
    /// `DATABRICKS` or `AZURE_KEYVAULT`.
    pub backend_type: String,
    /// Where the key vault is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keyvault: Option<Value>,
    /// The secrets by key.
    pub secrets: BTreeMap<String, Secret>,
    /// The permission of each principal.
    pub acls: BTreeMap<String, String>,
}

/// One secret. Its value is never printed.
#[derive(Clone, Serialize, Deserialize)]
pub struct Secret {
    /// The value in base64, as it is given out.
    value: String,
    /// When it was last written, in milliseconds.
    updated_ms: u64,
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secret").field("value", &"[redacted]").field("updated_ms", &self.updated_ms).finish()
    }
}

fn missing_scope(name: &str) -> ApiError {
    let message = format!("Scope {name} does not exist!");
    ApiError::new(StatusCode::NOT_FOUND, "RESOURCE_DOES_NOT_EXIST", message)
}

fn missing_secret(scope: &str, key: &str) -> ApiError {
    let message = format!("Secret does not exist with scope: {scope} and key: {key}");
    ApiError::new(StatusCode::NOT_FOUND, "RESOURCE_DOES_NOT_EXIST", message)
}

fn limit(what: &str) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "RESOURCE_LIMIT_EXCEEDED", what)
}

/// Letters, digits, `-`, `_`, `.` and `@`, up to 128 of them.
fn check_name(what: &str, name: &str) -> Result<(), ApiError> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '@');
    if name.is_empty() || name.len() > MAX_NAME || !name.chars().all(fits) {
        return Err(invalid(&format!(
            "A {what} is 1 to {MAX_NAME} letters, digits, hyphens, underscores, dots and @ signs."
        )));
    }
    Ok(())
}

impl Scopes {
    /// The scope of that name; names of scopes do not tell upper from lower case.
    fn find(&self, name: &str) -> Option<(&String, &Arc<Scope>)> {
        self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))
    }

    fn scope(&self, name: &str) -> Result<&Scope, ApiError> {
        self.find(name).map(|(_, scope)| &**scope).ok_or_else(|| missing_scope(name))
    }

    fn scope_mut(&mut self, name: &str) -> Result<&mut Scope, ApiError> {
        let found = self.0.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, scope)| Arc::make_mut(scope)).ok_or_else(|| missing_scope(name))
    }

    fn create(&mut self, name: &str, scope: Scope) -> Result<(), ApiError> {
        check_name("scope name", name)?;
        if let Some((known, _)) = self.find(name) {
            let message = format!("scope {known} is taken");
            return Err(ApiError::new(StatusCode::BAD_REQUEST, "RESOURCE_ALREADY_EXISTS", message));
        }
        if self.0.len() >= MAX_SCOPES {
            return Err(limit(&format!("A workspace has at most {MAX_SCOPES} secret scopes.")));
        }
        self.0.insert(name.to_owned(), Arc::new(scope));
        Ok(())
    }

    fn remove(&mut self, name: &str) -> Result<(), ApiError> {
        let known = self.find(name).map(|(known, _)| known.clone()).ok_or_else(|| missing_scope(name))?;
        self.0.remove(&known);
        Ok(())
    }

    /// Checks that a text is a `{{secrets/scope/key}}` reference to a secret that exists. `place` names the field in errors; the
    /// text itself is not repeated, for it may be a key put in the wrong place.
    ///
    /// # Errors
    /// 400 INVALID_PARAMETER_VALUE.
    pub fn check_reference(&self, place: &str, text: &str) -> Result<(), ApiError> {
        let plain = |part: &str| !part.is_empty() && !part.contains(['/', '{', '}']);
        let inner = text.strip_prefix("{{secrets/").and_then(|rest| rest.strip_suffix("}}"));
        let parts = inner.and_then(|inner| inner.split_once('/')).filter(|(scope, key)| plain(scope) && plain(key));
        let Some((scope, key)) = parts else {
            return Err(invalid(&format!("'{place}' must be a reference such as {{{{secrets/scope/key}}}}.")));
        };
        if !self.find(scope).is_some_and(|(_, scope)| scope.secrets.contains_key(key)) {
            return Err(invalid(&format!("'{place}' refers to the secret '{scope}/{key}', which does not exist.")));
        }
        Ok(())
    }
}

impl Scope {
    fn put(&mut self, key: &str, bytes: &[u8], now_ms: u64) -> Result<(), ApiError> {
        check_name("secret key", key)?;
        if bytes.len() > MAX_VALUE_BYTES {
            return Err(invalid(&format!("The value of a secret has at most {MAX_VALUE_BYTES} bytes.")));
        }
        if self.secrets.len() >= MAX_SECRETS && !self.secrets.contains_key(key) {
            return Err(limit(&format!("A scope has at most {MAX_SECRETS} secrets.")));
        }
        self.secrets.insert(key.to_owned(), Secret { value: STANDARD.encode(bytes), updated_ms: now_ms });
        Ok(())
    }

    fn writable(&self) -> Result<(), ApiError> {
        if self.backend_type == "AZURE_KEYVAULT" {
            let message = "Secrets of a scope backed by Azure Key Vault are changed in the key vault.";
            return Err(ApiError::new(StatusCode::BAD_REQUEST, "BAD_REQUEST", message));
        }
        Ok(())
    }
}
