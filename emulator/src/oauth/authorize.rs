//! Authorization: the page a person would see, which here consents at once (wire: auth §5).

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, Uri, header};

use super::form::Form;
use super::{CLIENT_ID, PUBLIC_CLIENT, Refusal, refused};
use crate::state::{Emulator, now_ms};

/// `GET /oidc/v1/authorize`
pub(super) async fn authorize(State(emulator): State<Emulator>, RawQuery(query): RawQuery) -> Response {
    answer(&emulator, &Form::parse(query.unwrap_or_default().as_bytes())).unwrap_or_else(IntoResponse::into_response)
}

fn answer(emulator: &Emulator, form: &Form) -> Result<Response, Refusal> {
    // what cannot be trusted with a redirect is answered here; everything else goes back to the application
    let refuse = |what: &str| Err(refused(StatusCode::BAD_REQUEST, "invalid_request", what));
    let Some(client_id) = form.get("client_id") else { return refuse("client_id is missing") };
    if client_id != PUBLIC_CLIENT && client_id != CLIENT_ID {
        let what = "OAuth application with this client_id is not available";
        return Err(refused(StatusCode::BAD_REQUEST, "invalid_client", what));
    }
    let Some(redirect) = form.get("redirect_uri") else { return refuse("redirect_uri is missing") };
    if !registered(redirect) {
        return refuse("redirect_uri is not registered; the emulator takes loopback addresses only");
    }
    let state = form.get("state");
    let back = |fields: &[(&str, &str)]| redirected(redirect, fields, state);
    let error = |code: &str, what: &str| back(&[("error", code), ("error_description", what)]);
    if let Some(name) = form.repeated() {
        return error("invalid_request", &format!("{name} stands there twice"));
    }
    if form.get("response_type") != Some("code") {
        return error("unsupported_response_type", "response_type must be code");
    }
    let challenge = form.get("code_challenge");
    match (challenge, form.get("code_challenge_method")) {
        (None, _) if client_id == PUBLIC_CLIENT => {
            return error("invalid_request", "code_challenge is required for public clients");
        }
        (None, _) => {}
        (Some(challenge), Some("S256")) if challenge.len() == 43 => {}
        (Some(_), Some("S256")) => return error("invalid_request", "code_challenge is not a SHA-256 in base64url"),
        (Some(_), _) => return error("invalid_request", "code_challenge_method must be S256"),
    }
    let mut store = emulator.oauth();
    if store.denies() {
        drop(store);
        return error("access_denied", "The person denied the request");
    }
    let scope = form.get("scope").unwrap_or("all-apis");
    let code = store.give_code(emulator.config().seed, client_id, redirect, challenge, scope, now_ms());
    drop(store);
    back(&[("code", &code)])
}

/// Whether an application may be called back there: on this machine, by http or https, without user or fragment.
fn registered(redirect: &str) -> bool {
    let Ok(uri) = redirect.parse::<Uri>() else { return false };
    let scheme = matches!(uri.scheme_str(), Some("http" | "https"));
    let host = uri.host().is_some_and(|host| matches!(host, "localhost" | "127.0.0.1" | "[::1]"));
    let user = uri.authority().is_some_and(|authority| authority.as_str().contains('@'));
    scheme && host && !user && !redirect.contains('#')
}

fn redirected(redirect: &str, fields: &[(&str, &str)], state: Option<&str>) -> Result<Response, Refusal> {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(fields);
    if let Some(state) = state {
        query.append_pair("state", state);
    }
    let join = if redirect.contains('?') { '&' } else { '?' };
    let location = format!("{redirect}{join}{}", query.finish());
    match HeaderValue::from_str(&location) {
        Ok(location) => {
            let headers = [(header::LOCATION, location), (header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
            Ok((StatusCode::FOUND, headers).into_response())
        }
        Err(_) => {
            let what = "redirect_uri has characters no URL may have";
            Err(refused(StatusCode::BAD_REQUEST, "invalid_request", what))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_called_back() {
        for good in ["http://localhost:8020", "http://127.0.0.1:8031/cb?x=1", "http://[::1]:9/", "https://localhost/cb"]
        {
            assert!(registered(good), "{good}");
        }
        for bad in [
            "http://example.com",
            "http://localhost.evil.com",
            "http://localhost@evil.com",
            "http://user@localhost",
            "myapp://localhost",
            "/cb",
            "http://localhost/#x",
            "",
        ] {
            assert!(!registered(bad), "{bad}");
        }
    }
}
