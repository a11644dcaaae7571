//! Tokens that are asked for, over a scripted network: service principals, exchanges, sessions.

use std::time::Duration;

use super::tests::{call, join_bounded};
use super::*;
use crate::auth::{AzureServicePrincipal, OAuthM2m, Secret, Token, TokenFederation};
use crate::transport::scripted::{Reply, Scripted};
use crate::transport::{BoxFuture, HttpRequest};

pub(super) const CONFIG: &str = "{\"oidc_endpoint\":\"https://x.example/oidc\"}";
pub(super) const OIDC: &str = "{\"authorization_endpoint\":\"https://x.example/oidc/v1/authorize\",\"token_endpoint\":\"https://x.example/oidc/v1/token\"}";
const SECRET: &str = "dose0CANARY0secret0of0the0principal";

pub(super) fn granted(token: &str) -> Reply {
    Reply::json(&format!("{{\"access_token\":\"{token}\",\"token_type\":\"Bearer\",\"expires_in\":3600}}"))
}

/// A network that has answered the discovery.
pub(super) fn found() -> Scripted {
    let network = Scripted::new();
    network.push(Reply::json(CONFIG));
    network.push(Reply::json(OIDC));
    network
}

pub(super) fn at(host: &str, network: &Scripted, credentials: impl Into<Credentials>) -> Sender {
    Sender::new(Config::new(host).unwrap(), credentials.into(), Arc::new(network.clone())).unwrap()
}

fn principal(network: &Scripted) -> Sender {
    at("x.example", network, Credentials::oauth_m2m("client-1", SECRET))
}

pub(super) fn send(network: &Scripted, sender: &Sender) -> Result<Meta> {
    network.run(sender.send(&call(Repeat::Billed), &CallOptions::default())).expect("no hang").map(|(_, meta)| meta)
}

fn header<'a>(request: &'a HttpRequest, name: &str) -> &'a str {
    request.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
}

pub(super) fn body(request: &HttpRequest) -> String {
    String::from_utf8(request.body.as_deref().unwrap_or_default().to_vec()).unwrap()
}

/// The tokens that calls were sent with.
pub(super) fn tokens(network: &Scripted) -> Vec<String> {
    let calls = network.requests().into_iter().filter(|request| request.url.contains("/serving-endpoints/"));
    calls.map(|request| header(&request, "authorization").replace("Bearer ", "")).collect()
}

fn asked(network: &Scripted) -> usize {
    network.requests().iter().filter(|request| request.url.ends_with("/token")).count()
}

#[test]
fn k2_a_service_principal_asks_once_for_a_hundred_calls_and_again_at_the_end() {
    let network = found();
    network.push(granted("token-1"));
    network.always(Reply::json("{}"));
    let sender = principal(&network);
    let (one, options) = (call(Repeat::Billed), CallOptions::default());
    let burst =
        || (0..100).map(|_| Box::pin(async { sender.send(&one, &options).await.is_ok() }) as BoxFuture<'_, bool>);
    assert!(network.run(join_bounded(burst(), 100)).unwrap().into_iter().all(|good| good));
    let requests = network.requests();
    assert_eq!(requests[0].url, "https://x.example/.well-known/databricks-config");
    assert_eq!(requests[1].url, "https://x.example/oidc/.well-known/oauth-authorization-server");
    assert_eq!(requests[2].url, "https://x.example/oidc/v1/token");
    assert_eq!(body(&requests[2]), "grant_type=client_credentials&scope=all-apis");
    assert!(header(&requests[2], "authorization").starts_with("Basic "));
    assert!(requests[..2].iter().all(|request| header(request, "authorization").is_empty()));
    assert_eq!((asked(&network), requests.len()), (1, 103));
    assert!(tokens(&network).iter().all(|token| token == "token-1"));

    network.advance(Duration::from_secs(3600));
    network.push(granted("token-2"));
    assert!(network.run(join_bounded(burst(), 100)).unwrap().into_iter().all(|good| good));
    // the address is known by now
    assert_eq!((asked(&network), network.requests().len()), (2, 204));
    assert_eq!(tokens(&network).pop().unwrap(), "token-2");
    assert!(!format!("{sender:?} {:?}", network.requests()).contains("CANARY"));
}

#[test]
fn k10_a_failing_token_endpoint_is_typed_shared_and_not_repeated() {
    for (reply, status, retryable) in [
        (Reply::status(429).header("retry-after", "9").bytes("CANARY"), Some(429), true),
        (Reply::status(503).header("content-type", "text/html").bytes("<p>CANARY"), Some(503), true),
        (Reply::status(200).header("content-type", "text/html").bytes("<p>CANARY"), Some(200), false),
        (Reply::json("{\"id_token\":\"CANARY\"}"), Some(200), false),
        (Reply::status(302).header("location", "https://evil.example/?CANARY"), Some(302), false),
        (Reply::status(401).bytes("{\"error\":\"invalid_client\",\"error_description\":\"CANARY\"}"), Some(401), false),
        (Reply::failure(ErrorKind::Connect, true), None, false),
        (Reply::status(200).bytes("{\"access").fail(ErrorKind::Truncated), None, false),
        (Reply::json(&format!("\"{}\"", "x".repeat(300_000))), Some(200), false),
    ] {
        let network = found();
        network.push(reply);
        let sender = principal(&network);
        let (one, options) = (call(Repeat::Billed), CallOptions::default());
        let burst = (0..20)
            .map(|_| Box::pin(async { sender.send(&one, &options).await.err() }) as BoxFuture<'_, Option<Error>>);
        for error in network.run(join_bounded(burst, 20)).unwrap() {
            let error = error.unwrap();
            assert_eq!((error.kind(), error.status()), (ErrorKind::TokenEndpoint, status), "{error}");
            assert_eq!((error.is_retryable(), error.attempts(), error.maybe_processed()), (retryable, 0, false));
            assert!(!format!("{error} {error:?}").contains("CANARY"), "{error:?}");
        }
        assert_eq!(
            (asked(&network), network.requests().len()),
            (1, 3),
            "one request for all, and none follows a redirect"
        );
        // in the pause nobody asks; after it the next call does
        network.push(granted("token-1"));
        network.push(Reply::json("{}"));
        assert!(send(&network, &sender).is_err());
        network.advance(Duration::from_secs(10));
        send(&network, &sender).unwrap();
    }
}

#[test]
fn k5_k6_a_refused_token_is_asked_for_anew_once() {
    let network = found();
    let sender = principal(&network);
    for reply in [granted("token-1"), Reply::status(401), granted("token-2"), Reply::json("{}")] {
        network.push(reply);
    }
    assert_eq!(send(&network, &sender).unwrap().attempts, 2);
    for reply in [Reply::status(401), granted("token-3"), Reply::status(401)] {
        network.push(reply);
    }
    assert_eq!(send(&network, &sender).unwrap_err().kind(), ErrorKind::Unauthenticated);
    assert_eq!(tokens(&network), ["token-1", "token-2", "token-2", "token-3"]);
}

#[test]
fn k5_an_expired_token_that_is_refused_with_403_is_asked_for_anew() {
    let says = |text: &str| Reply::status(403).bytes(format!("{{\"message\":\"{text}\"}}"));
    for text in ["Invalid access token.", "The access token expired", "Token is expired"] {
        let network = found();
        for reply in [granted("token-1"), says(text), granted("token-2"), Reply::json("{}")] {
            network.push(reply);
        }
        assert_eq!(send(&network, &principal(&network)).unwrap().attempts, 2, "{text}");
        assert_eq!(tokens(&network), ["token-1", "token-2"]);
    }
    // the body says nothing, but the wall clock says that the machine slept through the token's hour
    let network = found();
    let sender = principal(&network);
    for reply in [granted("token-1"), Reply::json("{}")] {
        network.push(reply);
    }
    send(&network, &sender).unwrap();
    network.set_wall_clock(Duration::from_secs(1_700_000_000 + 7200));
    for reply in [says("no permission"), granted("token-2"), Reply::json("{}")] {
        network.push(reply);
    }
    send(&network, &sender).unwrap();
    assert_eq!(tokens(&network), ["token-1", "token-1", "token-2"]);
    // once per call: the second refusal stands
    for reply in [says("Invalid access token."), granted("token-3"), says("Invalid access token.")] {
        network.push(reply);
    }
    assert_eq!(send(&network, &sender).unwrap_err().kind(), ErrorKind::PermissionDenied);
}

#[test]
fn k8_a_403_that_is_about_permissions_asks_for_nothing() {
    let network = found();
    for reply in [granted("token-1"), Reply::status(403).bytes("{\"message\":\"User lacks CAN_QUERY\"}")] {
        network.push(reply);
    }
    let error = send(&network, &principal(&network)).unwrap_err();
    assert_eq!((error.kind(), error.attempts(), asked(&network)), (ErrorKind::PermissionDenied, 1, 1));
}

#[test]
fn k16_ids_and_secrets_that_cannot_be_ones_are_refused_without_echo() {
    let network = Scripted::new();
    for (id, secret) in
        [("id", "CANARY\n"), ("id", "CANARY\u{e9}"), ("id", ""), ("CANARY\nx: y", "s"), ("a:CANARY", "s")]
    {
        for credentials in [Credentials::oauth_m2m(id, secret), AzureServicePrincipal::new(id, secret).into()] {
            let made = Sender::new(Config::new("x.example").unwrap(), credentials, Arc::new(network.clone()));
            if id.starts_with("a:") && made.is_ok() {
                continue; // a colon harms only the header of Basic
            }
            let error = made.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            assert!(!format!("{error:?}").contains("CANARY"), "{error:?}");
        }
    }
    assert!(network.requests().is_empty());
}

#[test]
fn k17_the_same_credentials_at_two_workspaces_ask_at_each() {
    let network = Scripted::new();
    network.always(Reply::status(404));
    let credentials = Credentials::oauth_m2m("client-1", SECRET);
    for host in ["a.example", "b.example"] {
        let sender = at(host, &network, credentials.clone());
        for reply in [Reply::status(404), Reply::status(404), granted(&format!("token-{host}")), Reply::json("{}")] {
            network.push(reply);
        }
        send(&network, &sender).unwrap();
    }
    for request in network.requests() {
        let host = request.url.split('/').nth(2).unwrap().to_owned();
        let token = header(&request, "authorization").to_owned();
        assert!(!token.starts_with("Bearer") || token == format!("Bearer token-{host}"), "{}", request.url);
    }
    assert_eq!(asked(&network), 2, "a workspace without documents has its endpoint at the usual place");
}

#[test]
fn the_discovery_is_followed_and_never_to_an_unsafe_address() {
    let network = Scripted::new();
    let account = "{\"oidc_endpoint\":\"https://accounts.example/oidc/accounts/{account_id}\",\"account_id\":\"a-1\"}";
    let oidc =
        "{\"authorization_endpoint\":\"https://login.example/a\",\"token_endpoint\":\"https://login.example/t/token\"}";
    for reply in [Reply::json(account), Reply::json(oidc), granted("token-1"), Reply::json("{}")] {
        network.push(reply);
    }
    let details = "[{\"type\":\"workspace_permission\"}]";
    let grant = OAuthM2m::new("client-1", SECRET).scopes(["sql", "all-apis"]).authorization_details(details);
    send(&network, &at("x.example", &network, grant)).unwrap();
    let requests = network.requests();
    assert_eq!(requests[1].url, "https://accounts.example/oidc/accounts/a-1/.well-known/oauth-authorization-server");
    assert_eq!(requests[2].url, "https://login.example/t/token");
    assert!(body(&requests[2]).contains("scope=sql%20all-apis&authorization_details=%5B%7B%22type%22"));

    let network = Scripted::new();
    network.push(Reply::json(CONFIG));
    network.push(Reply::json(
        "{\"authorization_endpoint\":\"https://x/a\",\"token_endpoint\":\"http://x.example/token\"}",
    ));
    let error = send(&network, &principal(&network)).unwrap_err();
    assert_eq!((error.kind(), network.requests().len()), (ErrorKind::TokenEndpoint, 2));
}

#[test]
fn a_token_of_another_provider_is_exchanged() {
    let network = found();
    for reply in [granted("token-1"), Reply::json("{}")] {
        network.push(reply);
    }
    let subject = || -> BoxFuture<'static, Result<Token>> {
        Box::pin(async { Ok(Token { value: Secret::new("their.jwt"), expires_in: None }) })
    };
    send(&network, &at("x.example", &network, TokenFederation::new(subject).client_id("client-1"))).unwrap();
    let asked = body(&network.requests()[2]);
    assert_eq!(
        asked,
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&subject_token=their.jwt\
         &subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Ajwt&scope=all-apis&client_id=client-1"
    );
    assert_eq!(tokens(&network), ["token-1"]);
}

#[test]
fn a_federation_asks_where_its_account_or_document_says() {
    let subject = || -> BoxFuture<'static, Result<Token>> {
        Box::pin(async { Ok(Token { value: Secret::new("their.jwt"), expires_in: None }) })
    };
    let oidc =
        "{\"authorization_endpoint\":\"https://login.example/a\",\"token_endpoint\":\"https://login.example/token\"}";
    let named = "{\"oidc_endpoint\":\"https://x.example/oidc/accounts/{account_id}\"}";
    let network = Scripted::new();
    for reply in [Reply::json(named), Reply::json(oidc), granted("token-1"), Reply::json("{}")] {
        network.push(reply);
    }
    send(&network, &at("x.example", &network, TokenFederation::new(subject).account_id("a-1"))).unwrap();
    let requests = network.requests();
    assert_eq!(requests[1].url, "https://x.example/oidc/accounts/a-1/.well-known/oauth-authorization-server");
    assert_eq!(requests[2].url, "https://login.example/token");

    let network = Scripted::new();
    for reply in [Reply::json(oidc), granted("token-1"), Reply::json("{}")] {
        network.push(reply);
    }
    let grant = TokenFederation::new(subject).discovery_url("https://other.example/document");
    send(&network, &at("x.example", &network, grant)).unwrap();
    assert_eq!(network.requests()[0].url, "https://other.example/document");
    assert_eq!(network.requests()[1].url, "https://login.example/token");
}

#[test]
fn k10_a_discovery_that_cannot_be_answered_now_is_asked_again_and_not_taken_for_none() {
    let busy = || Reply::status(503).header("retry-after", "1").bytes("CANARY");
    for before in [vec![Reply::status(429)], vec![busy()], vec![Reply::json(CONFIG), busy()]] {
        let network = Scripted::new();
        before.into_iter().for_each(|reply| network.push(reply));
        let sender = principal(&network);
        let error = send(&network, &sender).unwrap_err();
        assert_eq!((error.kind(), error.is_retryable(), asked(&network)), (ErrorKind::TokenEndpoint, true, 0));
        assert!(error.message().contains("try again later") && !format!("{error:?}").contains("CANARY"), "{error:?}");
        // later it says where: not the usual place
        network.advance(Duration::from_secs(10));
        let oidc = "{\"authorization_endpoint\":\"https://x.example/a\",\"token_endpoint\":\"https://login.example/own/token\"}";
        for reply in [Reply::json(CONFIG), Reply::json(oidc), granted("token-1"), Reply::json("{}")] {
            network.push(reply);
        }
        send(&network, &sender).unwrap();
        assert!(network.requests().iter().any(|request| request.url == "https://login.example/own/token"));
    }
    // pages and refusals are no documents, and stay so
    for none in [Reply::status(404), Reply::status(403), Reply::status(200).bytes("<html>Sign in")] {
        let network = Scripted::new();
        for reply in [none.clone(), none, granted("token-1"), Reply::json("{}")] {
            network.push(reply);
        }
        send(&network, &principal(&network)).unwrap();
        assert_eq!(network.requests()[2].url, "https://x.example/oidc/v1/token");
    }
}

#[test]
fn a_principal_of_azure_brings_two_tokens_and_the_resource() {
    let network = Scripted::new();
    let tenant = "https://login.microsoftonline.com/tenant-1/oauth2/authorize?x=y";
    network.push(Reply::status(302).header("location", tenant));
    for reply in [granted("token-1"), granted("CANARY-2"), Reply::status(403).bytes("CANARY-2 may not")] {
        network.push(reply);
    }
    let grant = AzureServicePrincipal::new("client-1", SECRET).workspace_resource_id("/subscriptions/1");
    let error = send(&network, &at("adb-1.2.azuredatabricks.net", &network, grant)).unwrap_err();
    assert!(!format!("{error:?}").contains("CANARY"), "{error:?}");
    let requests = network.requests();
    assert_eq!(requests[0].url, "https://adb-1.2.azuredatabricks.net/aad/auth");
    assert_eq!(requests[1].url, "https://login.microsoftonline.com/tenant-1/oauth2/token");
    let resource = |of: &HttpRequest| body(of).rsplit("resource=").next().unwrap().to_owned();
    assert_eq!(resource(&requests[1]), "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d");
    assert_eq!(resource(&requests[2]), "https%3A%2F%2Fmanagement.core.windows.net%2F");
    assert_eq!(header(&requests[3], "authorization"), "Bearer token-1");
    assert_eq!(header(&requests[3], "x-databricks-azure-sp-management-token"), "CANARY-2");
    assert_eq!(header(&requests[3], "x-databricks-azure-workspace-resource-id"), "/subscriptions/1");

    // a government's cloud has its own addresses; a tenant that is known is not asked for
    let network = Scripted::new();
    network.always(granted("token-1"));
    let grant = AzureServicePrincipal::new("client-1", SECRET).tenant_id("tenant-2");
    send(&network, &at("x.databricks.azure.us", &network, grant)).unwrap();
    assert_eq!(network.requests()[0].url, "https://login.microsoftonline.us/tenant-2/oauth2/token");
    for (bad, field) in [("evil.example/x", 0), ("", 0), ("MOON", 1)] {
        let grant = AzureServicePrincipal::new("client-1", SECRET);
        let grant = if field == 0 { grant.tenant_id(bad) } else { grant.environment(bad) };
        let credentials = Credentials::from(grant);
        assert_eq!(credentials.check().unwrap_err().kind(), ErrorKind::InvalidInput, "{bad}");
    }
    let network = Scripted::new();
    network.push(Reply::status(302).header("location", "https://login.microsoftonline.com/%2e%2e/oauth2/authorize"));
    let error = send(&network, &at("x.example", &network, AzureServicePrincipal::new("c", SECRET))).unwrap_err();
    assert!(error.message().contains("tenant_id"), "{error}");
}

#[test]
fn k12_redirects_on_the_own_origin_are_followed_at_most_five_times() {
    let mut config = Config::new("x.example").unwrap();
    config.follow_redirects = true;
    let network = Scripted::new();
    let sender = Sender::new(config, Credentials::token("dapi-1"), Arc::new(network.clone())).unwrap();
    for _ in 0..5 {
        network.push(Reply::status(307).header("location", "/moved"));
    }
    network.push(Reply::json("{}"));
    send(&network, &sender).unwrap();
    for request in &network.requests()[1..] {
        assert_eq!(
            (request.url.as_str(), header(request, "authorization")),
            ("https://x.example/moved", "Bearer dapi-1")
        );
        assert_eq!(body(request), r#"{"messages":[]}"#);
    }
    for _ in 0..6 {
        network.push(Reply::status(307).header("location", "/moved"));
    }
    assert_eq!(send(&network, &sender).unwrap_err().kind(), ErrorKind::Redirect);
    network.push(Reply::status(307).header("location", "https://evil.example/"));
    assert_eq!(send(&network, &sender).unwrap_err().kind(), ErrorKind::Redirect);
    assert!(network.requests().iter().all(|request| request.url.starts_with("https://x.example/")));
}
