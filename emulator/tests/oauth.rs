//! Signing in: each grant, what the token endpoint refuses, and what becomes of tokens that are over.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use lakewire_emulator::Config;
use serde_json::{Value, json};
use support::{Answer, Server, start, start_with};

const TOKEN: &str = "/oidc/v1/token";
const FORM: &str = "content-type: application/x-www-form-urlencoded\r\n";
/// The pair of RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn basic(id: &str, secret: &str) -> String {
    format!("{FORM}authorization: Basic {}\r\n", STANDARD.encode(format!("{id}:{secret}")))
}

async fn form(server: &Server, path: &str, headers: &str, body: &str) -> Answer {
    let answer = server.raw("POST", path, headers, body).await.unwrap();
    assert_eq!(answer.header("content-type").unwrap(), "application/json", "{}", answer.text());
    assert_eq!(answer.header("cache-control").unwrap(), "no-store");
    answer
}

async fn m2m(server: &Server) -> String {
    let answer = form(
        server,
        TOKEN,
        &basic("emulator-client", "emulator-secret"),
        "grant_type=client_credentials&scope=all-apis",
    )
    .await;
    answer.json()["access_token"].as_str().unwrap().to_owned()
}

async fn with_token(server: &Server, token: &str) -> Answer {
    server.raw("GET", "/api/2.0/serving-endpoints", &format!("authorization: Bearer {token}\r\n"), "").await.unwrap()
}

async fn control(server: &Server, body: &Value) -> Value {
    server.raw("POST", "/_emulator/oauth", "", &body.to_string()).await.unwrap().json()
}

/// Where authorization sends the browser.
async fn authorize(server: &Server, query: &str) -> Answer {
    server.raw("GET", &format!("/oidc/v1/authorize?{query}"), "", "").await.unwrap()
}

fn consent() -> String {
    format!(
        "response_type=code&client_id=databricks-cli&redirect_uri=http%3A%2F%2Flocalhost%3A8020&scope=all-apis+offline_access\
         &state=s%201&code_challenge={CHALLENGE}&code_challenge_method=S256"
    )
}

fn query(answer: &Answer) -> Vec<(String, String)> {
    assert_eq!(answer.status, 302, "{}", answer.text());
    let location = answer.header("location").unwrap();
    let (_, query) = location.split_once('?').unwrap();
    query.split('&').map(|pair| pair.split_once('=').unwrap()).map(|(k, v)| (k.to_owned(), v.to_owned())).collect()
}

fn field(pairs: &[(String, String)], name: &str) -> Option<String> {
    pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
}

async fn code(server: &Server) -> String {
    field(&query(&authorize(server, &consent()).await), "code").unwrap()
}

fn exchange(code: &str, verifier: &str) -> String {
    format!(
        "grant_type=authorization_code&code={code}&code_verifier={verifier}&redirect_uri=http%3A%2F%2Flocalhost%3A8020&client_id=databricks-cli"
    )
}

#[tokio::test]
async fn discovery_leads_to_the_token_endpoint() {
    let server = start().await;
    let open = async |path: &str| server.raw("GET", path, "", "").await.unwrap().json();
    let config = open("/.well-known/databricks-config").await;
    let oidc = config["oidc_endpoint"].as_str().unwrap();
    assert_eq!(oidc, format!("http://{}/oidc", server.address));
    let workspace = open("/oidc/.well-known/oauth-authorization-server").await;
    assert_eq!(workspace["token_endpoint"], format!("{oidc}/v1/token"));
    assert_eq!(workspace["authorization_endpoint"], format!("{oidc}/v1/authorize"));
    let account = open("/oidc/accounts/abc/.well-known/oauth-authorization-server").await;
    assert_eq!(account["token_endpoint"], format!("{oidc}/accounts/abc/v1/token"));
}

#[tokio::test]
async fn a_service_principal_by_header_and_by_body() {
    let server = start().await;
    let body = "grant_type=client_credentials&scope=all-apis";
    let by_header = form(&server, TOKEN, &basic("emulator-client", "emulator-secret"), body).await;
    let by_body =
        form(&server, TOKEN, FORM, &format!("{body}&client_id=emulator-client&client_secret=emulator-secret")).await;
    let account =
        form(&server, "/oidc/accounts/abc/v1/token", &basic("emulator-client", "emulator-secret"), body).await;
    for answer in [by_header, by_body, account] {
        assert_eq!(answer.status, 200, "{}", answer.text());
        let answer = answer.json();
        assert_eq!(
            (answer["token_type"].as_str(), answer["expires_in"].as_u64(), answer["scope"].as_str()),
            (Some("Bearer"), Some(3600), Some("all-apis"))
        );
        assert!(answer.get("refresh_token").is_none());
        assert_eq!(with_token(&server, answer["access_token"].as_str().unwrap()).await.status, 200);
    }
}

#[tokio::test]
async fn what_the_token_endpoint_refuses() {
    let server = start().await;
    let good = basic("emulator-client", "emulator-secret");
    for (headers, body, status, error) in [
        (basic("emulator-client", "wrong"), "grant_type=client_credentials", 401, "invalid_client"),
        (basic("nobody", "emulator-secret"), "grant_type=client_credentials", 401, "invalid_client"),
        (FORM.to_owned(), "grant_type=client_credentials", 401, "invalid_client"),
        (FORM.to_owned(), "grant_type=client_credentials&client_id=databricks-cli", 401, "invalid_client"),
        (good.clone(), "grant_type=password&username=a", 400, "unsupported_grant_type"),
        (good.clone(), "scope=all-apis", 400, "invalid_request"),
        (good.clone(), "grant_type=client_credentials&scope=a&scope=b", 400, "invalid_request"),
        (
            good.clone(),
            "grant_type=client_credentials&authorization_details=nonsense",
            400,
            "invalid_authorization_details",
        ),
        (FORM.to_owned(), "grant_type=refresh_token&refresh_token=x&client_id=databricks-cli", 401, "invalid_request"),
        (FORM.to_owned(), "grant_type=authorization_code&code=x&client_id=databricks-cli", 400, "invalid_grant"),
    ] {
        let answer = form(&server, TOKEN, &headers, body).await;
        assert_eq!(
            (answer.status, answer.json()["error"].as_str().unwrap().to_owned()),
            (status, error.to_owned()),
            "{body}"
        );
        assert!(!answer.text().contains("emulator-secret"));
    }
    let json = form(&server, TOKEN, "content-type: application/json\r\n", "{}").await;
    assert_eq!(json.status, 400);
    let details =
        "grant_type=client_credentials&authorization_details=%5B%7B%22type%22%3A%22workspace_permission%22%7D%5D";
    assert_eq!(form(&server, TOKEN, &good, details).await.status, 200);
}

#[tokio::test]
async fn a_person_signs_in_with_pkce() {
    let server = start().await;
    let back = authorize(&server, &consent()).await;
    assert!(back.header("location").unwrap().starts_with("http://localhost:8020?code="));
    let pairs = query(&back);
    assert_eq!(field(&pairs, "state").unwrap(), "s+1");
    let first = field(&pairs, "code").unwrap();
    let answer = form(&server, TOKEN, FORM, &exchange(&first, VERIFIER)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer = answer.json();
    assert_eq!(with_token(&server, answer["access_token"].as_str().unwrap()).await.status, 200);
    // a code is good once
    let again = form(&server, TOKEN, FORM, &exchange(&first, VERIFIER)).await;
    assert_eq!((again.status, again.json()["error"].as_str().unwrap().to_owned()), (400, "invalid_grant".into()));
    // a refresh token is good once, and brings the next
    let refresh = |token: &str| format!("grant_type=refresh_token&refresh_token={token}&client_id=databricks-cli");
    let old = answer["refresh_token"].as_str().unwrap().to_owned();
    let next = form(&server, TOKEN, FORM, &refresh(&old)).await.json();
    let new = next["refresh_token"].as_str().unwrap().to_owned();
    assert_ne!(old, new);
    assert_eq!(with_token(&server, next["access_token"].as_str().unwrap()).await.status, 200);
    let stale = form(&server, TOKEN, FORM, &refresh(&old)).await;
    assert_eq!(
        (stale.status, stale.json()),
        (401, json!({ "error": "invalid_request", "error_description": "Refresh token is invalid" }))
    );
    assert_eq!(form(&server, TOKEN, FORM, &refresh(&new)).await.status, 200);
}

#[tokio::test]
async fn a_wrong_verifier_or_redirect_spends_the_code() {
    let server = start().await;
    let spent = code(&server).await;
    let wrong = form(&server, TOKEN, FORM, &exchange(&spent, "wrong-verifier-wrong-verifier-wrong-verifier")).await;
    assert!(wrong.status == 400 && wrong.text().contains("code_verifier"));
    assert_eq!(form(&server, TOKEN, FORM, &exchange(&spent, VERIFIER)).await.status, 400);
    let other = exchange(&code(&server).await, VERIFIER).replace("8020", "8021");
    assert!(form(&server, TOKEN, FORM, &other).await.text().contains("redirect_uri"));
    let none = exchange(&code(&server).await, VERIFIER).replace("code_verifier", "nothing");
    assert_eq!(form(&server, TOKEN, FORM, &none).await.status, 400);
}

#[tokio::test]
async fn authorization_says_no() {
    let server = start().await;
    control(&server, &json!({ "deny": 1 })).await;
    let pairs = query(&authorize(&server, &consent()).await);
    assert_eq!(
        (field(&pairs, "error").unwrap().as_str(), field(&pairs, "state").unwrap().as_str()),
        ("access_denied", "s+1")
    );
    assert!(field(&query(&authorize(&server, &consent()).await), "code").is_some());
    for (from, to, error) in [
        ("response_type=code", "response_type=token", "unsupported_response_type"),
        ("code_challenge_method=S256", "code_challenge_method=plain", "invalid_request"),
        ("&code_challenge=", "&nothing=", "invalid_request"),
    ] {
        let pairs = query(&authorize(&server, &consent().replace(from, to)).await);
        assert_eq!(field(&pairs, "error").unwrap(), error, "{to}");
    }
    // what cannot be trusted is not redirected to
    for (from, to) in [("localhost", "evil.example"), ("databricks-cli", "nobody"), ("redirect_uri", "nothing")] {
        let answer = authorize(&server, &consent().replace(from, to)).await;
        assert_eq!((answer.status, answer.header("location")), (400, None), "{to}");
    }
}

#[tokio::test]
async fn a_token_whose_time_is_over() {
    let server = start().await;
    let token = m2m(&server).await;
    assert_eq!(with_token(&server, &token).await.status, 200);
    control(&server, &json!({ "expire_all": true })).await;
    let over = with_token(&server, &token).await;
    assert_eq!(
        (over.status, over.json()["message"].as_str().unwrap().to_owned()),
        (403, "Invalid access token.".into())
    );
    assert_eq!(with_token(&server, &m2m(&server).await).await.status, 200);

    let strict = start_with(Config { expired_token_status: 401, token_ttl_s: 0, ..Config::default() }).await;
    let dead = m2m(&strict).await;
    let over = with_token(&strict, &dead).await;
    assert_eq!((over.status, over.json()["error_code"].as_str().unwrap().to_owned()), (401, "UNAUTHENTICATED".into()));
}

#[tokio::test]
async fn other_grants() {
    let server = start().await;
    let kind = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&scope=all-apis";
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let jwt = |exp: u64| format!("{}.{}.sig", part(json!({ "alg": "RS256" })), part(json!({ "sub": "a", "exp": exp })));
    let jwt_type = "subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Ajwt";
    let pat_type = "subject_token_type=urn%3Adatabricks%3Aparams%3Aoauth%3Atoken-type%3Apersonal-access-token";
    for (body, status) in [
        (format!("{kind}&{jwt_type}&subject_token={}&client_id=x", jwt(99_999_999_999)), 200),
        (format!("{kind}&{jwt_type}&subject_token={}", jwt(1)), 400),
        (format!("{kind}&{jwt_type}&subject_token=nonsense"), 400),
        (format!("{kind}&{pat_type}&subject_token=dapi-emulator"), 200),
        (format!("{kind}&{pat_type}&subject_token=dapi-other"), 400),
        (format!("{kind}&subject_token=dapi-emulator"), 400),
    ] {
        let answer = form(&server, TOKEN, FORM, &body).await;
        assert_eq!(answer.status, status, "{body} {}", answer.text());
        if status == 200 {
            assert_eq!(with_token(&server, answer.json()["access_token"].as_str().unwrap()).await.status, 200);
        }
    }
    let token = m2m(&server).await;
    let bearer = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer";
    let details = "authorization_details=%5B%7B%22type%22%3A%22workspace_permission%22%7D%5D";
    let plane = form(&server, TOKEN, FORM, &format!("{bearer}&assertion={token}&{details}")).await;
    assert_eq!(with_token(&server, plane.json()["access_token"].as_str().unwrap()).await.status, 200);
    assert_eq!(form(&server, TOKEN, FORM, &format!("{bearer}&assertion={token}")).await.status, 400);
    assert_eq!(form(&server, TOKEN, FORM, &format!("{bearer}&assertion=x&{details}")).await.status, 400);
}

#[tokio::test]
async fn azure_tells_its_tenant_and_gives_two_tokens() {
    let server = start().await;
    let login = server.raw("GET", "/aad/auth", "", "").await.unwrap();
    let location = login.header("location").unwrap();
    let tenant = location.split('/').nth(3).unwrap();
    assert!(login.status == 302 && location.starts_with("https://login.microsoftonline.com/"));
    let path = format!("/aad/{tenant}/oauth2/token");
    let ask = |resource: &str| {
        format!(
            "grant_type=client_credentials&client_id=emulator-client&client_secret=emulator-secret&resource={resource}"
        )
    };
    let answer = form(&server, &path, FORM, &ask("2ff814a6-3304-4ab8-85cb-cd0e6f879c1d")).await.json();
    assert!(answer["expires_in"].is_string() && answer["expires_on"].is_string());
    let token = answer["access_token"].as_str().unwrap().to_owned();
    let management = form(&server, &path, FORM, &ask("https%3A%2F%2Fmanagement.core.windows.net%2F")).await.json();
    let management = management["access_token"].as_str().unwrap().to_owned();
    assert_eq!(with_token(&server, &token).await.status, 200);
    let both = format!("authorization: Bearer {token}\r\nx-databricks-azure-sp-management-token: {management}\r\n");
    assert_eq!(server.raw("GET", "/api/2.0/serving-endpoints", &both, "").await.unwrap().status, 200);
    // the two are not the same
    assert_eq!(with_token(&server, &management).await.status, 403);
    let swapped = format!("authorization: Bearer {token}\r\nx-databricks-azure-sp-management-token: {token}\r\n");
    assert_eq!(server.raw("GET", "/api/2.0/serving-endpoints", &swapped, "").await.unwrap().status, 403);
    for (path, body, code) in [
        (path.clone(), ask("x").replace("emulator-secret", "wrong"), 7_000_215),
        (path.clone(), ask("x").replace("emulator-client", "nobody"), 700_016),
        (path.clone(), ask("x"), 500_011),
        ("/aad/other/oauth2/token".to_owned(), ask("x"), 90002),
    ] {
        let answer = form(&server, &path, FORM, &body).await;
        let description = answer.json()["error_description"].as_str().unwrap().to_owned();
        assert!(answer.status >= 400 && description.starts_with(&format!("AADSTS{code}:")), "{description}");
    }
    let entra = server.raw("GET", "/oidc/oauth2/v2.0/authorize", "", "").await.unwrap().header("location").unwrap();
    assert!(entra.ends_with("/oauth2/v2.0/authorize"), "{entra}");
}

#[tokio::test]
async fn l7_the_history_says_which_grant_and_never_with_what() {
    let server = start().await;
    let token = m2m(&server).await;
    let first = code(&server).await;
    let person = form(&server, TOKEN, FORM, &exchange(&first, VERIFIER)).await.json();
    let refresh = person["refresh_token"].as_str().unwrap();
    // said in a chat, they are scrubbed as well
    let said = format!("{token} {refresh} {first} emulator-secret");
    let body = json!({ "messages": [{ "role": "user", "content": said }] });
    server.post(support::LLAMA, &body).await;
    with_token(&server, &token).await;
    let history = server.raw("GET", "/_emulator/history", "", "").await.unwrap();
    for secret in [token.as_str(), refresh, &first, "emulator-secret", VERIFIER] {
        assert!(!history.text().contains(secret), "{}", history.text());
    }
    let operations = history.json()["operations"].clone();
    assert_eq!(
        operations[0]["body"],
        json!({ "grant_type": "client_credentials", "scope": "all-apis", "client_auth": "basic" })
    );
    let last = operations.as_array().unwrap().last().unwrap().clone();
    assert_eq!(last["authorized"], true);
    let counts = server.raw("GET", "/_emulator/oauth", "", "").await.unwrap();
    assert_eq!(counts.json(), json!({ "access_tokens": 2, "refresh_tokens": 1, "codes": 0, "deny": 0 }));
}

#[tokio::test]
async fn k10_a_token_endpoint_that_misbehaves() {
    let server = start().await;
    let ask = async |fault: Value| {
        let headers = format!("{}x-lakewire-fault: {fault}\r\n", basic("emulator-client", "emulator-secret"));
        server.raw("POST", TOKEN, &headers, "grant_type=client_credentials").await.unwrap()
    };
    assert_eq!(ask(json!({ "status": 429 })).await.status, 429);
    assert!(ask(json!({ "preset": "html" })).await.text().starts_with("<html"));
    assert_eq!(ask(json!({ "body": { "token_type": "Bearer" } })).await.json(), json!({ "token_type": "Bearer" }));
    assert_eq!(ask(json!({ "redirect": "https://evil.example/" })).await.status, 307);
}
