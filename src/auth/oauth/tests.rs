use super::*;
use crate::wire::answer::Headers;

fn answer(status: u16, body: &str) -> Answer {
    Answer { status, headers: Headers::new([("retry-after", "7")]), body: body.as_bytes().to_vec() }
}

fn read(status: u16, body: &str) -> Result<Granted> {
    read_token(&answer(status, body), Proof::Principal, &["CANARY-secret"], Duration::ZERO)
}

#[test]
fn k9_lifetimes_of_every_form() {
    for (text, expected) in [
        ("3600", Some(3600)),
        ("\"3600\"", Some(3600)),
        ("\" 3600 \"", Some(3600)),
        ("3600.9", Some(3600)),
        ("0", Some(0)),
        ("-5", Some(0)),
        ("\"-5\"", Some(0)),
        ("1000000000000", Some(1_000_000_000_000)),
        ("99999999999999999999999999", Some(u64::MAX)),
        ("\"soon\"", None),
        ("null", None),
        ("{}", None),
        ("1e3", None),
    ] {
        let granted = read(200, &format!("{{\"access_token\":\"t\",\"expires_in\":{text}}}")).unwrap();
        assert_eq!(granted.expires_in.map(|life| life.as_secs()), expected, "{text}");
    }
    assert!(read(200, "{\"access_token\":\"t\"}").unwrap().expires_in.is_none());
}

#[test]
fn k10_every_bad_answer_is_typed_and_not_repeated() {
    for (status, body, code) in [
        (429, "{\"error\":\"slow_down\",\"error_description\":\"CANARY\"}", Some("slow_down")),
        (503, "<html>CANARY</html>", None),
        (302, "CANARY", None),
        (0, "", None),
        (200, "<html>CANARY</html>", None),
        (200, "", None),
        (200, "\"CANARY\"", None),
        (200, "{\"token\":\"CANARY\"}", None),
        (200, "{\"access_token\":\"\",\"id_token\":\"CANARY\"}", None),
        (200, "{\"access_token\":7}", None),
        (401, "{\"error\":\"invalid_client\",\"error_description\":\"CANARY\"}", Some("invalid_client")),
        (400, "{\"errorCode\":\"E1\",\"error\":\"x\",\"errorSummary\":\"CANARY\"}", Some("E1")),
        (400, "{\"error\":\"invalid_client\",\"error_description\":\"AADSTS7000215: CANARY\"}", Some("AADSTS7000215")),
        (401, "{\"error\":\"CANARY-secret\"}", None),
        (401, "{\"error\":\"with spaces CANARY\"}", None),
        (401, "{\"error\":{\"message\":\"CANARY\"}}", None),
    ] {
        let Err(error) = read(status, body) else { panic!("{status} {body} is no token") };
        assert_eq!(error.kind(), ErrorKind::TokenEndpoint, "{body}");
        assert_eq!(error.error_code(), code, "{body}");
        assert_eq!(error.status(), Some(status).filter(|status| *status != 0));
        assert!(!format!("{error} {error:?}").contains("CANARY"), "{error:?}");
        let again = matches!(status, 429 | 503);
        assert_eq!(error.is_retryable(), again, "{status} {body}");
        assert_eq!(error.retry_after().is_some(), !(200..300).contains(&status));
    }
}

#[test]
fn only_a_person_is_told_to_sign_in_again() {
    let says = |code: &str, proof| {
        let answer = answer(400, &format!("{{\"error\":\"{code}\"}}"));
        let Err(error) = read_token(&answer, proof, &[], Duration::ZERO) else { panic!("{code} grants nothing") };
        error.message().to_owned()
    };
    for code in ["invalid_grant", "invalid_request"] {
        assert!(says(code, Proof::Person).contains("Sign in again"), "{code}");
        for proof in [Proof::Principal, Proof::Other] {
            assert!(!says(code, proof).contains("Sign in"), "{code}");
        }
    }
    assert!(says("invalid_request", Proof::Principal).contains("scopes"));
    assert!(says("invalid_grant", Proof::Principal).contains("client id"));
    assert!(says("invalid_grant", Proof::Other).contains("federation policy"));
}

#[test]
fn the_account_is_put_into_the_metadatas_endpoint() {
    let url = |body: &str, account| discovery_url(body.as_bytes(), account);
    let known = "/.well-known/oauth-authorization-server";
    assert_eq!(url("{\"oidc_endpoint\":\"https://x/oidc/\"}", None), Some(format!("https://x/oidc{known}")));
    let account = "{\"oidc_endpoint\":\"https://x/oidc/accounts/{account_id}\",\"account_id\":\"one\"}";
    assert_eq!(url(account, None), Some(format!("https://x/oidc/accounts/one{known}")));
    assert_eq!(url(account, Some("two")), Some(format!("https://x/oidc/accounts/two{known}")));
    assert_eq!(url("{\"oidc_endpoint\":\"https://x/{account_id}\"}", None), None);
    assert_eq!(url("<html>", None), None);
    assert_eq!(url("{}", None), None);
}

#[test]
fn k14_secrets_go_to_https_or_stay_on_this_machine() {
    let (far, near) = (Host::parse("x.example").unwrap(), Host::parse("http://127.0.0.1:1").unwrap());
    assert_eq!(endpoint("HTTPS://X.example/oidc/v1/token?a=b", &far).unwrap(), "https://x.example/oidc/v1/token?a=b");
    assert_eq!(endpoint("http://127.0.0.1:9/token", &near).unwrap(), "http://127.0.0.1:9/token");
    for bad in [
        "http://x.example/token",
        "http://127.0.0.1:9/token",
        "/token",
        "x.example/token",
        "https://u@x.example/",
        "ftp://x/",
    ] {
        assert_eq!(endpoint(bad, &far).unwrap_err().kind(), ErrorKind::TokenEndpoint, "{bad}");
    }
}

#[test]
fn the_client_stands_in_the_header_and_its_fields_in_the_form() {
    let request = ask(
        "https://x.example/t",
        &[("grant_type", Some("client_credentials")), ("scope", Some("all-apis"))],
        Some(("id", "s:e")),
    );
    assert!(request.headers.contains(&("authorization".into(), "Basic aWQ6czpl".into())));
    assert_eq!(request.body.as_deref(), Some(&b"grant_type=client_credentials&scope=all-apis"[..]));
    assert!(!format!("{request:?}").contains("aWQ"));
}
