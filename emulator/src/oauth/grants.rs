//! The token endpoint and its grants (wire: auth §3 to §5 and §7).

use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::form::{Form, basic};
use super::store::{Access, Audience, Claims};
use super::{CLIENT_ID, CLIENT_SECRET, PUBLIC_CLIENT, Refusal, no_store, origin, refused};
use crate::json::set;
use crate::state::{Emulator, now_ms};

const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const TYPE_JWT: &str = "urn:ietf:params:oauth:token-type:jwt";
const TYPE_PAT: &str = "urn:databricks:params:oauth:token-type:personal-access-token";

/// What a grant comes to: for whom, how wide, and whether a refresh token goes with it.
struct Granted {
    client_id: String,
    scope: String,
    refreshes: bool,
}

type Outcome = Result<Granted, Refusal>;

fn bad(error: &'static str, what: &str) -> Refusal {
    refused(StatusCode::BAD_REQUEST, error, what)
}

/// `POST /oidc/v1/token`
pub(super) async fn token(State(emulator): State<Emulator>, headers: HeaderMap, body: Bytes) -> Response {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !content_type.starts_with("application/x-www-form-urlencoded") {
        let what = "The body must be application/x-www-form-urlencoded";
        return bad("invalid_request", what).into_response();
    }
    let form = Form::parse(&body);
    if let Some(name) = form.repeated() {
        return bad("invalid_request", &format!("{name} stands there twice")).into_response();
    }
    let granted = match form.get("grant_type") {
        Some("client_credentials") => client_credentials(&headers, &form),
        Some("authorization_code") => authorization_code(&emulator, &headers, &form),
        Some("refresh_token") => refresh(&emulator, &headers, &form),
        Some(TOKEN_EXCHANGE) => exchange(&emulator, &form),
        Some(JWT_BEARER) => bearer(&emulator, &form),
        Some(_) => Err(bad("unsupported_grant_type", "The grant type is not supported")),
        None => Err(bad("invalid_request", "grant_type is missing")),
    };
    match granted {
        Ok(granted) => answer(&emulator, &headers, &granted),
        Err(refusal) => refusal.into_response(),
    }
}

fn answer(emulator: &Emulator, headers: &HeaderMap, granted: &Granted) -> Response {
    let config = emulator.config();
    let issuer = format!("{}/oidc", origin(emulator, headers));
    let claims =
        Claims { issuer: &issuer, client_id: &granted.client_id, scope: &granted.scope, audience: Audience::Workspace };
    let mut store = emulator.oauth();
    let access = store.give_access(config.seed, &claims, now_ms(), config.token_ttl_s);
    let mut body = json!({
        "access_token": access,
        "token_type": "Bearer",
        "expires_in": config.token_ttl_s,
        "scope": granted.scope,
    });
    if granted.refreshes {
        let refresh = store.give_refresh(config.seed, &granted.client_id, &granted.scope);
        set(&mut body, "refresh_token", refresh);
    }
    drop(store);
    no_store(StatusCode::OK, &body)
}

fn scope(form: &Form) -> String {
    form.get("scope").unwrap_or("all-apis").to_owned()
}

fn invalid_client() -> Refusal {
    refused(StatusCode::UNAUTHORIZED, "invalid_client", "Client authentication failed")
}

/// The client of a request: confidential ones prove themselves by header or body, the public one only names itself.
fn client(headers: &HeaderMap, form: &Form) -> Result<String, Refusal> {
    let sent =
        basic(headers).or_else(|| Some((form.get("client_id")?.to_owned(), form.get("client_secret")?.to_owned())));
    match (sent, form.get("client_id")) {
        (Some((id, secret)), _) if id == CLIENT_ID && secret == CLIENT_SECRET => Ok(id),
        (None, Some(PUBLIC_CLIENT)) => Ok(PUBLIC_CLIENT.to_owned()),
        _ => Err(invalid_client()),
    }
}

/// `authorization_details`, if there, is the JSON text of a list (RFC 9396).
fn check_details(form: &Form) -> Result<(), Refusal> {
    let Some(text) = form.get("authorization_details") else { return Ok(()) };
    match serde_json::from_str::<Value>(text) {
        Ok(Value::Array(list)) if list.iter().all(|entry| entry.get("type").is_some_and(Value::is_string)) => Ok(()),
        _ => Err(bad(
            "invalid_authorization_details",
            "authorization_details must be a JSON list of objects with a type",
        )),
    }
}

fn client_credentials(headers: &HeaderMap, form: &Form) -> Outcome {
    let client_id = client(headers, form)?;
    if client_id == PUBLIC_CLIENT {
        return Err(invalid_client());
    }
    check_details(form)?;
    // there is no refresh token: the client asks again
    Ok(Granted { client_id, scope: scope(form), refreshes: false })
}

fn authorization_code(emulator: &Emulator, headers: &HeaderMap, form: &Form) -> Outcome {
    let client_id = client(headers, form)?;
    let Some(code) = form.get("code") else { return Err(bad("invalid_request", "code is missing")) };
    let Some(code) = emulator.oauth().take_code(code, now_ms()) else {
        return Err(bad("invalid_grant", "The authorization code is invalid, used or expired"));
    };
    if code.client_id != client_id {
        return Err(bad("invalid_grant", "The authorization code was given to another client"));
    }
    if form.get("redirect_uri") != Some(code.redirect_uri.as_str()) {
        return Err(bad("invalid_grant", "redirect_uri is not the one of the authorization"));
    }
    match (&code.challenge, form.get("code_verifier")) {
        (None, _) => {}
        (Some(challenge), Some(verifier)) if s256(verifier) == *challenge => {}
        (Some(_), _) => return Err(bad("invalid_grant", "code_verifier does not fit code_challenge")),
    }
    let refreshes = code.scope.split(' ').any(|scope| scope == "offline_access");
    Ok(Granted { client_id, scope: code.scope, refreshes })
}

/// base64url(sha256(verifier)) without padding.
fn s256(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))
}

fn refresh(emulator: &Emulator, headers: &HeaderMap, form: &Form) -> Outcome {
    let client_id = client(headers, form)?;
    let taken = form.get("refresh_token").and_then(|token| emulator.oauth().take_refresh(token, &client_id));
    match taken {
        Some(refresh) => Ok(Granted { client_id, scope: refresh.scope, refreshes: true }),
        None => Err(refused(StatusCode::UNAUTHORIZED, "invalid_request", "Refresh token is invalid")),
    }
}

/// Token exchange: a personal access token, or a JWT of somebody else's. Nobody's keys are known here, so a JWT needs only to be
/// one and not to be over.
fn exchange(emulator: &Emulator, form: &Form) -> Outcome {
    let Some(subject) = form.get("subject_token") else {
        return Err(bad("invalid_request", "subject_token is missing"));
    };
    let good = match form.get("subject_token_type") {
        Some(TYPE_PAT) => emulator.config().tokens.iter().any(|token| token == subject),
        Some(TYPE_JWT) => jwt_lasts(subject),
        _ => return Err(bad("invalid_request", "subject_token_type is not supported")),
    };
    if !good {
        return Err(bad("invalid_grant", "The subject token is invalid or expired"));
    }
    check_details(form)?;
    let client_id = form.get("client_id").unwrap_or("account-wide").to_owned();
    Ok(Granted { client_id, scope: scope(form), refreshes: false })
}

fn jwt_lasts(token: &str) -> bool {
    let mut parts = token.split('.');
    let (Some(header), Some(payload), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let object = |part: &str| {
        let bytes = URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok()?;
        serde_json::from_slice::<Value>(&bytes).ok().filter(Value::is_object)
    };
    let (Some(_), Some(payload)) = (object(header), object(payload)) else { return false };
    payload.get("exp").and_then(Value::as_u64).is_none_or(|exp| exp > now_ms() / 1000)
}

/// A control-plane token for a data-plane token.
fn bearer(emulator: &Emulator, form: &Form) -> Outcome {
    let Some(assertion) = form.get("assertion") else { return Err(bad("invalid_request", "assertion is missing")) };
    if emulator.oauth().access(assertion, now_ms()) != Access::Good(Audience::Workspace) {
        return Err(bad("invalid_grant", "The assertion is invalid or expired"));
    }
    if form.get("authorization_details").is_none() {
        return Err(bad("invalid_request", "authorization_details is missing"));
    }
    check_details(form)?;
    Ok(Granted { client_id: CLIENT_ID.to_owned(), scope: scope(form), refreshes: false })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_of_rfc_7636() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert_eq!(s256(verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn a_jwt_is_read_for_its_end() {
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let token = |payload: Value| format!("{}.{}.x", part(json!({"alg": "none"})), part(payload));
        assert!(jwt_lasts(&token(json!({"sub": "a", "exp": 99_999_999_999_u64}))));
        assert!(!jwt_lasts(&token(json!({"exp": 1}))));
        assert!(!jwt_lasts("a.b") && !jwt_lasts("a.b.c") && !jwt_lasts(""));
    }
}
