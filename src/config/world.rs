//! The world of a process: its environment and its user's profile file.

use std::io::ErrorKind as IoKind;
use std::path::PathBuf;

use super::Config;
use crate::auth::settings::{Method, Settings};
use crate::auth::{Credentials, Secret, Token, TokenFederation};
use crate::error::{Error, ErrorKind, Result};
use crate::transport::BoxFuture;

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Reads settings from arguments, environment and profile file, and makes of them what a client needs.
///
/// # Errors
/// `InvalidInput`, see [`Settings::resolve`].
pub(crate) fn read(given: &[(&str, &str)]) -> Result<(Config, Credentials)> {
    let settings = Settings::resolve(given, &variable, &profiles)?;
    let config = Config::of(&settings)?;
    let credentials = match settings.method()? {
        Method::EnvOidc => federated(&settings, "oidc_token_env", variable),
        Method::FileOidc => federated(&settings, "oidc_token_filepath", |path| std::fs::read_to_string(path).ok()),
        _ => settings.credentials()?,
    };
    Ok((config, credentials))
}

/// The text of the profile file; nothing when there is none.
fn profiles() -> Result<Option<String>> {
    let home = || variable("HOME").or_else(|| variable("USERPROFILE")).map(PathBuf::from);
    let path = match variable("DATABRICKS_CONFIG_FILE") {
        Some(path) => match path.strip_prefix("~/").and_then(|rest| Some(home()?.join(rest))) {
            Some(path) => path,
            None => PathBuf::from(path),
        },
        None => match home() {
            Some(home) => home.join(".databrickscfg"),
            None => return Ok(None),
        },
    };
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(fault) if fault.kind() == IoKind::NotFound => Ok(None),
        Err(fault) => {
            let sentence = "The profile file is there but cannot be read: check its permissions and that it is UTF-8.";
            Err(Error::new(ErrorKind::InvalidInput, sentence).with_source(fault))
        }
    }
}

/// Credentials over a token that another identity provider leaves in a variable or file, read anew
/// for each exchange.
fn federated(settings: &Settings, place: &str, read: fn(&str) -> Option<String>) -> Credentials {
    let place = settings.get(place).unwrap_or("").to_owned();
    let subject = move || -> BoxFuture<'static, Result<Token>> {
        let token = read(&place).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        let missing =
            "The other identity provider left no token where its place was said to be: check the variable or file.";
        let token = token.ok_or_else(|| Error::new(ErrorKind::TokenProvider, missing));
        Box::pin(std::future::ready(token.map(|text| Token { value: Secret::new(text), expires_in: None })))
    };
    let mut grant = TokenFederation::new(subject).scopes(settings.scopes());
    if let Some(id) = settings.get("client_id") {
        grant = grant.client_id(id);
    }
    if let Some(id) = settings.get("account_id") {
        grant = grant.account_id(id);
    }
    if let Some(url) = settings.get("discovery_url") {
        grant = grant.discovery_url(url);
    }
    grant.into()
}
