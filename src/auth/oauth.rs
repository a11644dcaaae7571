//! What OAuth puts on the wire: requests for tokens, and what endpoints answer. Pure.

use std::sync::Arc;
use std::time::Duration;

use super::Secret;
use super::encode::form;
use crate::config::Host;
use crate::error::{Error, ErrorKind, Result};
use crate::transport::HttpRequest;
use crate::wire::answer::Answer;
use crate::wire::base64;
use crate::wire::find::{find, replace, split_once};
use crate::wire::json::Raw;
use crate::wire::redact::clean;
use crate::wire::request::Method;
use crate::wire::retry::retry_after;

/// What a token endpoint granted.
pub(super) struct Granted {
    pub(super) access: Secret,
    pub(super) refresh: Option<Secret>,
    pub(super) expires_in: Option<Duration>,
}

/// What a token is asked for with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Proof {
    /// What a person's sign-in brought: a code or a refresh token.
    Person,
    /// A service principal's secret.
    Principal,
    /// The token of another identity provider.
    Other,
}

/// A request to a token endpoint; `basic` is the client's id and secret for the header.
pub(super) fn ask(url: &str, fields: &[(&str, Option<&str>)], basic: Option<(&str, &str)>) -> HttpRequest {
    let mut headers = vec![
        ("accept".to_owned(), "application/json".to_owned()),
        ("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned()),
    ];
    if let Some((id, secret)) = basic {
        let pair = Secret::new([id, ":", secret].concat());
        headers.push(("authorization".to_owned(), ["Basic ", &base64::encode(pair.expose().as_bytes())].concat()));
    }
    let body = Some(Arc::from(form(fields).into_bytes()));
    HttpRequest { method: Method::Post, url: url.to_owned(), headers, body }
}

/// A request for a public document.
pub(super) fn look(url: String) -> HttpRequest {
    let headers = vec![("accept".to_owned(), "application/json".to_owned())];
    HttpRequest { method: Method::Get, url, headers, body: None }
}

/// Reads a token endpoint's answer. Nothing of its body but the error's code gets into an error.
///
/// `secrets` are what was sent, should the code repeat one.
pub(super) fn read_token(answer: &Answer, proof: Proof, secrets: &[&str], wall_clock: Duration) -> Result<Granted> {
    let body = std::str::from_utf8(&answer.body).ok().and_then(|text| Raw::parse(text.trim()).ok());
    let field = |name: &str| body.and_then(|body| body.get_some(name));
    if !(200..=299).contains(&answer.status) {
        let text = |name: &str| field(name).and_then(Raw::as_str);
        let said = text("errorCode").or_else(|| text("error")).map(|code| code.into_owned());
        // Entra's own code stands at the beginning of its description
        let entra = text("error_description").and_then(|text| entra_code(&text));
        let known = |code: &String| !secrets.iter().any(|secret| find(code, secret).is_some());
        let code = entra.or(said).filter(|code| is_code(code)).filter(known).map(|code| clean(&code, 64, None));
        return Err(refused(answer, code, proof, wall_clock));
    }
    let unusable = |what: &str| {
        let sentence = ["The token endpoint answered ", what, ": check that the host is a workspace."].concat();
        Err(Error::new(ErrorKind::TokenEndpoint, sentence).with_status(answer.status))
    };
    if !body.is_some_and(Raw::is_object) {
        return unusable("with something that is not JSON");
    }
    let Some(access) = field("access_token").and_then(Raw::as_str).filter(|token| !token.is_empty()) else {
        return unusable("without an access token");
    };
    let refresh = field("refresh_token").and_then(Raw::as_str).filter(|token| !token.is_empty());
    Ok(Granted {
        access: Secret::new(access),
        refresh: refresh.map(Secret::new),
        expires_in: field("expires_in").and_then(lifetime),
    })
}

/// A lifetime in seconds: a number, or a number in a text. A negative one is none at all.
fn lifetime(value: Raw<'_>) -> Option<Duration> {
    let owned;
    let digits = match value.as_str() {
        Some(text) => {
            owned = text;
            owned.trim()
        }
        None => value.text(),
    };
    // fractions and exponents: the whole seconds, or nothing
    let whole = digits.split('.').next().unwrap_or("");
    match whole.parse::<i128>() {
        Ok(seconds) => Some(Duration::from_secs(u64::try_from(seconds.max(0)).unwrap_or(u64::MAX))),
        Err(_) => None,
    }
}

fn is_code(code: &str) -> bool {
    (1..=64).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
}

fn entra_code(text: &str) -> Option<String> {
    let digits = text.strip_prefix("AADSTS")?;
    let end = digits.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(digits.len());
    text.get(..6 + end).map(str::to_owned)
}

fn refused(answer: &Answer, code: Option<String>, proof: Proof, wall_clock: Duration) -> Error {
    let status = answer.status;
    let sentence = match (status, code.as_deref()) {
        (0 | 300..=399, _) => {
            "The token endpoint answered with a redirect, which is not followed with a secret: check the host."
        }
        (429, _) => "The token endpoint takes no more requests for now: try again later.",
        (500.., _) => "The token endpoint cannot answer now: try again later.",
        (_, Some("invalid_grant" | "invalid_request")) if proof == Proof::Person => {
            "The token endpoint refused the grant: it has expired or was used already. Sign in again."
        }
        (_, Some("invalid_grant")) if proof == Proof::Other => {
            "The token endpoint refused the other provider's token: check that it is fresh, and that a federation policy allows it."
        }
        (_, Some("invalid_request")) => {
            "The token endpoint refused the request: check the scopes and what else the tokens were narrowed to."
        }
        (_, Some("invalid_scope")) => "The token endpoint refused the scopes: ask for others.",
        _ => "The token endpoint refused the credentials: check the client id, its secret and the host.",
    };
    let error = Error::new(ErrorKind::TokenEndpoint, sentence)
        .with_error_code(code)
        .with_retry_after(retry_after(&answer.headers, wall_clock));
    if status == 0 { error } else { error.with_status(status) }
}

/// The error of a discovery that cannot be answered now.
pub(super) fn later(answer: &Answer, wall_clock: Duration) -> Error {
    let sentence = "The workspace cannot say now where its tokens are given: try again later.";
    Error::new(ErrorKind::TokenEndpoint, sentence)
        .with_status(answer.status)
        .with_retry_after(retry_after(&answer.headers, wall_clock))
}

/// The error of a token endpoint that gave no answer.
pub(super) fn unreached(cause: &Error) -> Error {
    let sentence = ["The token endpoint gave no answer. ", cause.message()].concat();
    Error::new(ErrorKind::TokenEndpoint, sentence)
}

/// Where a workspace's metadata (`/.well-known/databricks-config`) says the OIDC documents are.
pub(super) fn discovery_url(body: &[u8], account_id: Option<&str>) -> Option<String> {
    let body = Raw::parse(std::str::from_utf8(body).ok()?.trim()).ok()?;
    let endpoint = body.get_some("oidc_endpoint")?.as_str()?.into_owned();
    let own = body.get_some("account_id").and_then(Raw::as_str);
    let mut url = match account_id.or(own.as_deref()) {
        Some(account) => replace(&endpoint, "{account_id}", account),
        None if find(&endpoint, "{account_id}").is_some() => return None,
        None => endpoint,
    };
    url.truncate(url.trim_end_matches('/').len());
    url.push_str("/.well-known/oauth-authorization-server");
    Some(url)
}

/// The two endpoints that matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Endpoints {
    pub(super) authorization: String,
    pub(super) token: String,
}

impl Endpoints {
    /// What workspaces answer with, for those that answer nothing.
    pub(super) fn of_workspace(host: &Host) -> Self {
        let at = |path: &str| [host.as_str(), path].concat();
        Self { authorization: at("/oidc/v1/authorize"), token: at("/oidc/v1/token") }
    }

    /// Reads a discovery document.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let body = Raw::parse(std::str::from_utf8(body).ok()?.trim()).ok()?;
        let text = |name: &str| Some(body.get_some(name)?.as_str()?.into_owned());
        Some(Self { authorization: text("authorization_endpoint")?, token: text("token_endpoint")? })
    }
}

/// Checks an address that a secret will be sent to: `https`, or this machine when the workspace is
/// this machine too.
pub(super) fn endpoint(url: &str, host: &Host) -> Result<String> {
    let refused = || {
        let sentence = "The workspace names an endpoint for tokens that is not a plain https address: check the host.";
        Error::new(ErrorKind::TokenEndpoint, sentence)
    };
    if url.starts_with('/') && host.is_same_origin() {
        return Ok(url.to_owned());
    }
    let (scheme, rest) = split_once(url, "://").ok_or_else(refused)?;
    let secure = scheme.eq_ignore_ascii_case("https");
    let origin = Host::parse(url).map_err(|_| refused())?;
    if !secure && !host.as_str().starts_with("http://") {
        return Err(refused());
    }
    let path = rest.bytes().position(|byte| matches!(byte, b'/' | b'?')).and_then(|at| rest.get(at..)).unwrap_or("");
    Ok([origin.as_str(), path].concat())
}

#[cfg(test)]
mod tests;
