//! Form bodies and queries: `a=1&b=2`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, header};
use serde_json::{Map, Value};

/// Fields of a token request that are no secrets: the history keeps these and no other.
const RECORDED: &[&str] = &[
    "grant_type",
    "scope",
    "client_id",
    "authorization_details",
    "redirect_uri",
    "resource",
    "assume_group",
    "subject_token_type",
    "requested_token_type",
];

/// The fields of a form.
#[derive(Clone)]
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    pub(super) fn parse(bytes: &[u8]) -> Self {
        Self(form_urlencoded::parse(bytes).into_owned().collect())
    }

    /// A field that is there and not empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// The name of a field that stands there twice, which RFC 6749 forbids.
    pub(super) fn repeated(&self) -> Option<&str> {
        let mut names: Vec<&str> = self.0.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names.windows(2).find_map(|pair| match pair {
            [a, b] if a == b => Some(*a),
            _ => None,
        })
    }
}

/// The client id and secret of `Authorization: Basic`.
pub(super) fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, value) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = String::from_utf8(STANDARD.decode(value.trim()).ok()?).ok()?;
    let (id, secret) = pair.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}

/// What the history keeps of a token request: which grant was asked for, never with what.
#[must_use]
pub fn recorded(path: &str, headers: &HeaderMap, body: &[u8]) -> Option<Value> {
    let is_token = super::is_open(path) && path.ends_with("/token");
    if !is_token {
        return None;
    }
    let form = Form::parse(body);
    let mut kept: Map<String, Value> = RECORDED
        .iter()
        .filter_map(|name| form.get(name).map(|value| ((*name).to_owned(), Value::from(value))))
        .collect();
    let client_auth = match (basic(headers), form.get("client_secret")) {
        (Some(_), _) => "basic",
        (None, Some(_)) => "body",
        (None, None) => "none",
    };
    kept.insert("client_auth".to_owned(), Value::from(client_auth));
    Some(Value::Object(kept))
}
