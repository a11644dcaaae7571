//! A client for a tracking URI.

use crate::auth::Credentials;
use crate::client::WorkspaceClient;
use crate::config::{Config, Host};
use crate::error::{Error, ErrorKind, Result};
use crate::mlflow::MlflowClient;
use crate::wire::base64;

impl MlflowClient {
    /// A client for the server that `MLFLOW_TRACKING_URI` names; without it for the workspace of the environment, which
    /// needs no tracking URI. See [`connect`](Self::connect).
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub fn from_env() -> Result<Self> {
        Self::connect(&variable("MLFLOW_TRACKING_URI").unwrap_or_else(|| "databricks".to_owned()))
    }

    /// A client for a tracking URI: `databricks` is the workspace of the environment, `databricks://profile` that of a profile
    /// (see [`WorkspaceClient::from_env`]), `http://…` and `https://…` a server of one's own. To such a server goes what the
    /// environment says: `MLFLOW_TRACKING_TOKEN`, or `MLFLOW_TRACKING_USERNAME` and `MLFLOW_TRACKING_PASSWORD`, or nothing; and
    /// `MLFLOW_WORKSPACE`.
    ///
    /// # Errors
    /// `InvalidInput` for a URI of another form, for a path after the host, and for credentials that would go out unencrypted.
    pub fn connect(uri: &str) -> Result<Self> {
        if uri == "databricks" {
            return Ok(WorkspaceClient::from_env()?.mlflow());
        }
        if let Some(profile) = uri.strip_prefix("databricks://") {
            return Ok(WorkspaceClient::from_profile(profile)?.mlflow());
        }
        let (config, credentials) = server(uri, variable)?;
        Ok(WorkspaceClient::with_config(config, credentials)?.mlflow())
    }
}

/// What a server of one's own is reached with.
pub(super) fn server(uri: &str, variable: impl Fn(&str) -> Option<String>) -> Result<(Config, Credentials)> {
    let refused = |sentence: &str| Err(Error::new(ErrorKind::InvalidInput, sentence));
    let Some((scheme, rest)) = uri.split_once("://").filter(|(scheme, _)| matches!(*scheme, "http" | "https")) else {
        return refused(
            "The tracking URI has a form that this client cannot reach: give http://host:port or https://host, `databricks`, or `databricks://profile`.",
        );
    };
    if rest.trim_end_matches('/').contains(['/', '?']) {
        return refused("The tracking URI has a path after its host: give the root address of the MLflow server.");
    }
    let mut config = Config::new("127.0.0.1")?;
    config.host = if scheme == "http" { Host::parse_unencrypted(uri)? } else { Host::parse(uri)? };
    if let Some(workspace) = variable("MLFLOW_WORKSPACE") {
        config.headers.push(("x-mlflow-workspace".to_owned(), workspace));
    }
    if let Some(token) = variable("MLFLOW_TRACKING_TOKEN") {
        return Ok((config, Credentials::token(token)));
    }
    match (variable("MLFLOW_TRACKING_USERNAME"), variable("MLFLOW_TRACKING_PASSWORD")) {
        (Some(user), Some(password)) => {
            let pair = base64::encode([user.as_str(), ":", &password].concat().as_bytes());
            config.headers.push(("authorization".to_owned(), ["Basic ", &pair].concat()));
        }
        (None, None) => {}
        _ => {
            return refused(
                "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD are given together: one of them is missing.",
            );
        }
    }
    Ok((config, Credentials::none()))
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
