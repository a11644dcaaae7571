//! A person's session over a scripted network: its renewals, and that a refresh token is used once.

use std::time::Duration;

use super::grant_tests::{CONFIG, OIDC, at, body, found, granted, send, tokens};
use super::tests::{call, join_bounded};
use super::*;
use crate::auth::{Pkce, Session, SignIn};
use crate::transport::BoxFuture;
use crate::transport::scripted::{Reply, Scripted};

fn pkce() -> Pkce {
    Pkce::from_parts("v".repeat(43), "c".repeat(43), "s".repeat(22)).unwrap()
}

/// A session whose first token is `token-1`, with the refresh token `refresh-1`.
fn session(network: &Scripted) -> Session {
    let transport: Arc<dyn crate::transport::Transport> = Arc::new(network.clone());
    let sign_in = SignIn::new("x.example").unwrap();
    let url = network.run(sign_in.begin(&transport, &pkce())).unwrap().unwrap();
    assert_eq!(
        url,
        format!(
            "https://x.example/oidc/v1/authorize?response_type=code&client_id=databricks-cli&redirect_uri=http%3A%2F%2Flocalhost%3A8020\
             &scope=all-apis%20offline_access&state={}&code_challenge={}&code_challenge_method=S256",
            "s".repeat(22),
            "c".repeat(43)
        )
    );
    network.push(Reply::json(CONFIG));
    network.push(Reply::json(OIDC));
    network.push(Reply::json("{\"access_token\":\"token-1\",\"refresh_token\":\"refresh-1\",\"expires_in\":\"3600\"}"));
    let callback = format!("/?code=CANARY-code&state={}", "s".repeat(22));
    network.run(sign_in.complete(&transport, &callback, &pkce())).unwrap().unwrap()
}

#[test]
fn a_session_renews_itself_and_its_refresh_token() {
    let network = found();
    let session = session(&network);
    let exchanged = body(network.requests().last().unwrap());
    assert!(exchanged.starts_with("grant_type=authorization_code&code=CANARY-code&code_verifier=vvv"), "{exchanged}");
    assert!(exchanged.ends_with("&redirect_uri=http%3A%2F%2Flocalhost%3A8020&client_id=databricks-cli"));
    let sender = at("x.example", &network, session.clone());
    network.push(Reply::json("{}"));
    send(&network, &sender).unwrap();

    network.advance(Duration::from_secs(3600));
    network.push(Reply::json("{\"access_token\":\"token-2\",\"refresh_token\":\"refresh-2\",\"expires_in\":3600}"));
    network.push(Reply::json("{}"));
    send(&network, &sender).unwrap();
    network.advance(Duration::from_secs(3600));
    // without a new refresh token the old one stays good
    network.push(granted("token-3"));
    network.push(Reply::json("{}"));
    send(&network, &sender).unwrap();
    network.advance(Duration::from_secs(3600));
    network.push(Reply::status(400).bytes("{\"error\":\"invalid_grant\",\"error_description\":\"CANARY\"}"));
    let error = send(&network, &sender).unwrap_err();
    assert_eq!((error.kind(), error.error_code()), (ErrorKind::TokenEndpoint, Some("invalid_grant")));
    assert!(error.message().contains("Sign in again") && !format!("{error:?}").contains("CANARY"));
    assert_eq!(tokens(&network), ["token-1", "token-2", "token-3"]);
    let refreshes =
        network.requests().iter().map(body).filter(|body| body.contains("refresh_token=")).collect::<Vec<_>>();
    let sent = |body: &String| body.split('&').nth(1).unwrap().to_owned();
    assert_eq!(
        refreshes.iter().map(sent).collect::<Vec<_>>(),
        ["refresh_token=refresh-1", "refresh_token=refresh-2", "refresh_token=refresh-2"]
    );
    assert!(!format!("{session:?} {sender:?}").contains("token-"));
}

#[test]
fn k5_a_session_is_renewed_when_its_token_is_refused_too_early() {
    let network = found();
    let sender = at("x.example", &network, session(&network));
    for reply in [Reply::status(401), granted("token-2"), Reply::json("{}")] {
        network.push(reply);
    }
    send(&network, &sender).unwrap();
    assert_eq!(tokens(&network), ["token-1", "token-2"]);
}

#[test]
fn k2_two_clients_of_one_session_never_use_a_refresh_token_twice() {
    let network = found();
    let session = session(&network);
    let clients = [at("x.example", &network, session.clone()), at("x.example", &network, session)];
    network.advance(Duration::from_secs(7200));
    network.push(granted("token-2").after(Duration::from_secs(1)));
    network.always(Reply::json("{}"));
    let (one, options) = (call(Repeat::Billed), CallOptions::default());
    let calls = clients
        .iter()
        .map(|client| Box::pin(async { client.send(&one, &options).await.is_ok() }) as BoxFuture<'_, bool>);
    assert_eq!(network.run(join_bounded(calls, 2)), Some(vec![true, true]));
    assert_eq!(tokens(&network), ["token-2", "token-2"]);
    assert_eq!(network.requests().iter().filter(|request| body(request).contains("refresh_token=")).count(), 1);
}

#[test]
fn k17_a_session_stays_at_its_workspace() {
    let network = found();
    let credentials = Credentials::from(session(&network));
    let made = Sender::new(Config::new("other.example").unwrap(), credentials, Arc::new(network));
    assert_eq!(made.unwrap_err().kind(), ErrorKind::InvalidInput);
}

/// The refresh tokens that were sent.
fn used(network: &Scripted) -> Vec<String> {
    let bodies = network.requests().into_iter().map(|request| body(&request));
    let field = |text: String| text.split('&').find_map(|pair| pair.strip_prefix("refresh_token=").map(str::to_owned));
    bodies.filter_map(field).collect()
}

fn renewed(number: u32) -> String {
    format!("{{\"access_token\":\"token-{number}\",\"refresh_token\":\"refresh-{number}\",\"expires_in\":3600}}")
}

#[test]
fn k2_k5_a_refusal_during_a_renewal_waits_for_it_and_begins_no_second_one() {
    let network = found();
    let sender = at("x.example", &network, session(&network));
    network.push(Reply::json("{}"));
    send(&network, &sender).unwrap();
    // the renewal is due: the call begins it beside its own request, which is refused first
    network.advance(Duration::from_secs(2500));
    network.push(Reply::json(&renewed(2)).after(Duration::from_secs(5)));
    network.push(Reply::status(401));
    network.always(Reply::json("{}"));
    assert_eq!(send(&network, &sender).unwrap().attempts, 2);
    assert_eq!(used(&network), ["refresh-1"]);
    assert_eq!(tokens(&network), ["token-1", "token-1", "token-2"]);
}

#[test]
fn k2_a_renewal_that_nobody_drove_for_minutes_is_read_to_its_end() {
    let network = found();
    let session = session(&network);
    let sender = at("x.example", &network, session.clone());
    network.push(Reply::json("{}"));
    send(&network, &sender).unwrap();
    network.advance(Duration::from_secs(2500));
    network.push(Reply::status(200).wait(Duration::from_secs(1)).bytes(renewed(2)).wait(Duration::from_secs(1)));
    network.always(Reply::json("{}"));
    // the call ends before the renewal that it began; the client goes, and the next one comes later than any limit
    send(&network, &sender).unwrap();
    assert_eq!(used(&network), ["refresh-1"]);
    drop(sender);
    network.advance(Duration::from_secs(3600));
    send(&network, &at("x.example", &network, session)).unwrap();
    assert_eq!(used(&network), ["refresh-1"]);
    assert_eq!(tokens(&network), ["token-1", "token-1", "token-2"]);
}
