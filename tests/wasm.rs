//! What must hold inside wasm, where a panic would leave promises waiting for ever: the fetch
//! transport against a fetch that misbehaves in every way JavaScript allows.
#![cfg(target_arch = "wasm32")]

use std::sync::Arc;
use std::time::Duration;

use js_sys::Function;
use lakewire::config::Config;
use lakewire::sender::{CallOptions, Link, Sender};
use lakewire::transport::Transport;
use lakewire::transport::fetch::FetchTransport;
use lakewire::{Credentials, Error, ErrorKind, WorkspaceClient};
use wasm_bindgen_test::wasm_bindgen_test;

/// A client whose fetch is this JavaScript function body, with `url` and `init` in scope.
fn client(body: &str) -> WorkspaceClient {
    let transport = FetchTransport::with_fetch(Function::new_with_args("url, init", body));
    let mut config = Config::new("http://127.0.0.1:1").unwrap();
    config.retry.max_attempts = 1;
    WorkspaceClient::with_transport(config, Credentials::token("dapi-canary"), Arc::new(transport)).unwrap()
}

async fn failure(body: &str) -> Error {
    let error = client(body).chat("e").invoke("Hi").await.unwrap_err();
    assert!(!format!("{error:?} {error}").contains("dapi-canary"));
    error
}

#[wasm_bindgen_test]
async fn a_good_answer_is_read() {
    let body = "return new Response(JSON.stringify({choices:[{index:0,message:{role:'assistant',content:init.headers.find(([n]) => n === 'authorization')[1].length + ' ' + url}}]}), {headers: {'content-type': 'application/json', 'x-request-id': 'r-1'}})";
    let answer = client(body).chat("e").invoke("Hi").await.unwrap();
    assert_eq!(answer.text(), "18 http://127.0.0.1:1/serving-endpoints/e/invocations");
    assert_eq!(answer.request_id(), Some("r-1"));
}

#[wasm_bindgen_test]
async fn m5_a_fetch_that_throws_or_rejects_with_anything_is_a_connect_error() {
    for body in [
        "throw new TypeError('x')",
        "return Promise.reject('just text')",
        "return Promise.reject(undefined)",
        "throw null",
        "return Promise.reject({get cause() { throw 1 }})",
    ] {
        assert_eq!(failure(body).await.kind(), ErrorKind::Connect, "{body}");
    }
}

#[wasm_bindgen_test]
async fn a1_a3_unsent_requests_are_known_by_their_code() {
    for (code, kind, maybe) in [
        ("ENOTFOUND", ErrorKind::Connect, false),
        ("ECONNREFUSED", ErrorKind::Connect, false),
        ("ECONNRESET", ErrorKind::Connect, true),
        ("CERT_HAS_EXPIRED", ErrorKind::Tls, false),
    ] {
        let error =
            failure(&format!("throw Object.assign(new TypeError('fetch failed'), {{cause: {{code: '{code}'}}}})"))
                .await;
        assert_eq!((error.kind(), error.maybe_processed()), (kind, maybe), "{code}");
    }
}

#[wasm_bindgen_test]
async fn m6_fake_answers_are_typed_errors() {
    for body in [
        "return undefined",
        "return 7",
        "return {}",
        "return {status: 'x', headers: []}",
        "return {status: 200, headers: 5}",
        "return {status: 200, headers: [], body: 'text'}",
        "return {status: 200, headers: [], get body() { throw 1 }}",
        "return {status: 200, headers: [], body: {getReader() { throw 1 }}}",
        "return {status: 200, headers: [], body: {getReader: () => ({read: async () => ({value: 'text'})})}}",
        "return {status: 200, headers: [], bodyUsed: true, body: null}",
    ] {
        let kind = failure(body).await.kind();
        assert!(matches!(kind, ErrorKind::Protocol | ErrorKind::Connect), "{body}: {kind:?}");
    }
}

#[wasm_bindgen_test]
async fn e34_e35_null_and_locked_bodies_are_typed_errors() {
    assert_eq!(
        failure("return new Response(null, {headers: {'content-type': 'application/json'}})").await.kind(),
        ErrorKind::EmptyBody
    );
    let locked = "const r = new Response('{}'); r.body.getReader(); return r";
    assert_eq!(failure(locked).await.kind(), ErrorKind::Protocol);
}

#[wasm_bindgen_test]
async fn d23_an_opaque_redirect_is_not_followed() {
    let error = failure("return {status: 0, type: 'opaqueredirect', headers: [], body: null}").await;
    assert_eq!(error.kind(), ErrorKind::Redirect);
}

#[wasm_bindgen_test]
async fn the_clock_runs_and_sleep_waits() {
    let transport = FetchTransport::new();
    let before = transport.now();
    transport.sleep(Duration::from_millis(20)).await;
    assert!(transport.now() > before);
    assert!((0.0..1.0).contains(&transport.random()));
    assert!(transport.wall_clock().as_secs() > 1_700_000_000);
}

#[wasm_bindgen_test]
async fn k15_a_presigned_link_gets_nothing_of_the_clients() {
    let body = "return new Response(url + ' ' + init.headers.map((pair) => pair[0]).join())";
    let transport = FetchTransport::with_fetch(Function::new_with_args("url, init", body));
    let mut config = Config::new("https://x.example").unwrap();
    config.headers.push(("x-own".into(), "canary".into()));
    let sender = Sender::new(config, Credentials::token("dapi-canary"), Arc::new(transport)).unwrap();
    let link = Link::new("https://store.example/part?sig=1").unwrap().header("X-Encryption", "key");
    let (bytes, meta) = sender.download(&link, &CallOptions::default()).await.unwrap();
    assert_eq!(String::from_utf8(bytes).unwrap(), "https://store.example/part?sig=1 x-encryption");
    assert_eq!(meta.status, 200);
}
