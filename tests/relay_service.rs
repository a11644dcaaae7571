//! The relay as a tower service, behind a real HTTP server and before a workspace that a script plays.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails says so by panicking"
)]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use lakewire::Credentials;
use lakewire::relay::{RelayPolicy, RelayPolicyBuilder};
use lakewire::relay_service::{Identity, RelayService};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

const APP: &str = "https://app.example.com";
/// Only turns a hang into a failure.
const LONG: Duration = Duration::from_secs(60);

/// A workspace: each connection is handed to the test with the request it brought.
struct Workspace {
    address: String,
    asked: mpsc::UnboundedReceiver<(String, TcpStream)>,
    count: Arc<Mutex<u32>>,
}

async fn workspace() -> Workspace {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (tell, asked) = mpsc::unbounded_channel();
    let count = Arc::new(Mutex::new(0));
    let counted = count.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (tell, counted) = (tell.clone(), counted.clone());
            tokio::spawn(async move {
                let request = read_request(&mut stream).await;
                *counted.lock().unwrap() += 1;
                let _ = tell.send((request, stream));
            });
        }
    });
    Workspace { address, asked, count }
}

impl Workspace {
    async fn next(&mut self) -> (String, TcpStream) {
        tokio::time::timeout(LONG, self.asked.recv()).await.expect("nothing was asked").unwrap()
    }

    fn count(&self) -> u32 {
        *self.count.lock().unwrap()
    }
}

async fn read_request(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    let mut buffer = [0_u8; 4096];
    loop {
        let length = stream.read(&mut buffer).await.unwrap_or(0);
        text.push_str(&String::from_utf8_lossy(&buffer[..length]));
        let Some(end) = text.find("\r\n\r\n") else {
            if length == 0 {
                return text;
            }
            continue;
        };
        let wanted = text
            .lines()
            .find_map(|line| {
                line.to_ascii_lowercase().strip_prefix("content-length: ").and_then(|n| n.parse::<usize>().ok())
            })
            .unwrap_or(0);
        if length == 0 || text.len() >= end + 4 + wanted {
            return text;
        }
    }
}

fn policy(host: &str) -> RelayPolicyBuilder {
    RelayPolicy::builder(host).origin(APP).chat(["claude"])
}

/// Serves a relay on a port of its own.
async fn serve(relay: RelayService) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let service = TowerToHyperService::new(relay.clone());
            tokio::spawn(async move {
                let mut server = http1::Builder::new();
                server.timer(TokioTimer::new()).header_read_timeout(Duration::from_secs(10));
                let _ = server.serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    address
}

async fn public(policy: RelayPolicyBuilder) -> String {
    serve(RelayService::public(policy.public().build().unwrap(), "dapi-CANARY").unwrap()).await
}

fn chat(more: &str, body: &str) -> String {
    format!(
        "POST /api/lakewire/serving-endpoints/claude/invocations HTTP/1.1\r\nhost: relay\r\nconnection: close\r\norigin: {APP}\r\nx-lakewire-relay: 1\r\ncontent-type: application/json\r\n{more}content-length: {}\r\n\r\n{body}",
        body.len()
    )
}

const HI: &str = r#"{"messages":[{"role":"user","content":"Hi"}],"max_tokens":1000000,"stream":true}"#;

async fn begin(relay: &str, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(relay).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

/// Everything that comes until the connection ends, whichever way.
async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut buffer = [0_u8; 4096];
    let reading = async {
        while let Ok(length @ 1..) = stream.read(&mut buffer).await {
            bytes.extend_from_slice(&buffer[..length]);
        }
    };
    tokio::time::timeout(LONG, reading).await.expect("the answer does not end");
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What comes until it holds a word.
async fn until(stream: &mut TcpStream, word: &str) -> String {
    let mut text = String::new();
    let mut buffer = [0_u8; 4096];
    while !text.contains(word) {
        let length =
            tokio::time::timeout(LONG, stream.read(&mut buffer)).await.expect("the word does not come").unwrap();
        assert!(length > 0, "it ended without {word}: {text}");
        text.push_str(&String::from_utf8_lossy(&buffer[..length]));
    }
    text
}

const STREAM: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nset-cookie: CANARY\r\nserver: CANARY\r\ntransfer-encoding: chunked\r\n\r\n";

async fn send(stream: &mut TcpStream, event: &str) {
    stream.write_all(format!("{:x}\r\n{event}\r\n", event.len()).as_bytes()).await.unwrap();
}

async fn answer(stream: &mut TcpStream, status: &str, body: &str) {
    let text = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(text.as_bytes()).await.unwrap();
}

#[tokio::test]
async fn p6_p7_p22_a_stream_passes_through_as_it_comes_with_listed_headers() {
    let mut workspace = workspace().await;
    let relay = public(policy(&workspace.address)).await;
    let mut client = begin(
        &relay,
        &chat("authorization: Bearer evil\r\ncookie: a=b\r\nx-forwarded-for: 1.2.3.4\r\nx-request-id: page-7\r\n", HI),
    )
    .await;
    let (request, mut stream) = workspace.next().await;
    let lower = request.to_ascii_lowercase();
    assert!(request.starts_with("POST /serving-endpoints/claude/invocations HTTP/1.1\r\n"), "{request}");
    assert!(lower.contains("authorization: bearer dapi-canary\r\n") && lower.contains("x-request-id: "), "{request}");
    for never in ["page-7", "evil", "cookie", "x-forwarded", "origin:", "x-lakewire"] {
        assert!(!lower.contains(never), "{never}: {request}");
    }
    assert!(
        request.ends_with(r#"{"messages":[{"role":"user","content":"Hi"}],"stream":true,"max_tokens":4096}"#),
        "{request}"
    );
    stream.write_all(STREAM.as_bytes()).await.unwrap();
    send(&mut stream, "data: {\"a\":1}\n\n").await;
    // the first event is there while the second one is not written yet
    let head = until(&mut client, "{\"a\":1}").await;
    send(&mut stream, "data: [DONE]\n\n").await;
    stream.write_all(b"0\r\n\r\n").await.unwrap();
    let tail = rest(&mut client).await;
    assert!(tail.contains("[DONE]") && !tail.contains("error_code"), "{tail}");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && !head.contains("CANARY"), "{head}");
    for wanted in [
        "content-type: text/event-stream",
        "cache-control: no-store, no-transform",
        "x-request-id: ",
        "access-control-allow-origin: https://app.example.com",
        "vary: origin",
    ] {
        assert!(head.contains(wanted), "{wanted}: {head}");
    }
}

#[tokio::test]
async fn p20_a_client_that_goes_stops_the_workspace() {
    let mut workspace = workspace().await;
    let relay = public(policy(&workspace.address)).await;
    let mut client = begin(&relay, &chat("", HI)).await;
    let (_, mut stream) = workspace.next().await;
    stream.write_all(STREAM.as_bytes()).await.unwrap();
    send(&mut stream, "data: {\"a\":1}\n\n").await;
    until(&mut client, "{\"a\":1}").await;
    drop(client);
    let mut buffer = [0_u8; 64];
    let ended = tokio::time::timeout(LONG, stream.read(&mut buffer)).await.expect("the workspace is still asked");
    assert!(matches!(ended, Ok(0) | Err(_)), "{ended:?}");
}

#[tokio::test]
async fn p20_a_client_that_goes_before_the_answer_stops_the_workspace() {
    let mut workspace = workspace().await;
    let relay = public(policy(&workspace.address)).await;
    let client = begin(&relay, &chat("", HI)).await;
    let (_, mut stream) = workspace.next().await;
    drop(client);
    let mut buffer = [0_u8; 64];
    let ended = tokio::time::timeout(LONG, stream.read(&mut buffer)).await.expect("the workspace is still asked");
    assert!(matches!(ended, Ok(0) | Err(_)), "{ended:?}");
}

#[tokio::test]
async fn p21_a_stream_that_breaks_off_ends_with_an_error() {
    let mut workspace = workspace().await;
    let relay = public(policy(&workspace.address)).await;
    let mut client = begin(&relay, &chat("", HI)).await;
    let (_, mut stream) = workspace.next().await;
    stream.write_all(STREAM.as_bytes()).await.unwrap();
    send(&mut stream, "data: {\"a\":1}\n\n").await;
    until(&mut client, "{\"a\":1}").await;
    // a piece that ends inside a line
    send(&mut stream, "data: {\"a\":2}\n\ndata: {\"half").await;
    until(&mut client, "{\"a\":2}").await;
    drop(stream);
    let tail = rest(&mut client).await;
    assert!(tail.contains("data: {\"error_code\":\"TEMPORARILY_UNAVAILABLE\""), "{tail}");
    assert!(!tail.contains("half"), "a line that was not whole is left out: {tail}");
}

#[tokio::test]
async fn p18_a_stream_over_a_limit_is_cut_with_an_error() {
    for (limits, code) in [("size", "RESOURCE_EXHAUSTED"), ("time", "took longer"), ("idle", "paused")] {
        let mut workspace = workspace().await;
        let relay = public(policy(&workspace.address).limits(|limit| match limits {
            "size" => limit.stream_bytes = 40,
            "time" => limit.stream_ms = 50,
            _ => limit.idle_ms = 50,
        }))
        .await;
        let mut client = begin(&relay, &chat("", HI)).await;
        let (_, mut stream) = workspace.next().await;
        stream.write_all(STREAM.as_bytes()).await.unwrap();
        send(&mut stream, "data: {\"a\":1}\n\n").await;
        if limits == "size" {
            send(&mut stream, &format!("data: {{\"a\":\"{}\"}}\n\n", "x".repeat(60))).await;
        }
        let tail = rest(&mut client).await;
        assert!(tail.contains(code) && !tail.contains("xxx"), "{limits}: {tail}");
    }
}

#[tokio::test]
async fn p19_p22_a_client_that_stops_reading_is_let_go() {
    let mut workspace = workspace().await;
    let relay = public(policy(&workspace.address).limits(|limits| limits.stream_ms = 300)).await;
    let client = begin(&relay, &chat("", HI)).await;
    let (_, mut stream) = workspace.next().await;
    stream.write_all(STREAM.as_bytes()).await.unwrap();
    let event = format!("data: {}\n\n", "x".repeat(60_000));
    // written until the connection ends: without an end in time it would wait for ever once all buffers are full
    let writing = async {
        let mut written = 0_usize;
        loop {
            let chunk = format!("{:x}\r\n{event}\r\n", event.len());
            if stream.write_all(chunk.as_bytes()).await.is_err() {
                return written;
            }
            written += event.len();
        }
    };
    let written = tokio::time::timeout(LONG, writing).await.expect("the workspace's connection is kept");
    assert!(written < 64 << 20, "{written} bytes were taken for a client that reads none");
    drop(client);
}

#[tokio::test]
async fn p18_an_answer_that_is_no_stream_ends_in_time() {
    let mut workspace = workspace().await;
    let relay = public(policy(&workspace.address).limits(|limits| limits.stream_ms = 300)).await;
    let mut client = begin(&relay, &chat("", HI)).await;
    let (_, mut stream) = workspace.next().await;
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    send(&mut stream, "{\"choices\":").await;
    let all = rest(&mut client).await;
    assert!(!all.ends_with("\r\n0\r\n\r\n"), "it looks whole: {all}");
}

#[tokio::test]
async fn p37_the_switch_stops_everything_while_the_server_runs() {
    let mut workspace = workspace().await;
    let policy = policy(&workspace.address).public().build().unwrap();
    let service = RelayService::public(policy, "dapi-CANARY").unwrap();
    let relay = serve(service.clone()).await;
    service.set_enabled(false);
    let said = rest(&mut begin(&relay, &chat("", HI)).await).await;
    assert!(said.starts_with("HTTP/1.1 503"), "{said}");
    assert_eq!(workspace.count(), 0);
    service.set_enabled(true);
    let mut client = begin(&relay, &chat("", HI)).await;
    let (_, mut stream) = workspace.next().await;
    answer(&mut stream, "200 OK", "{}").await;
    assert!(rest(&mut client).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn p18_an_answer_that_is_no_stream_is_broken_off_over_its_limit() {
    let mut workspace = workspace().await;
    let relay = public(policy(&workspace.address).limits(|limits| limits.response_bytes = 10)).await;
    let mut client = begin(&relay, &chat("", HI)).await;
    let (_, mut stream) = workspace.next().await;
    answer(&mut stream, "200 OK", r#"{"choices":[1,2,3,4]}"#).await;
    let all = rest(&mut client).await;
    assert!(!all.ends_with("\r\n0\r\n\r\n") && !all.contains("choices"), "it looks whole: {all}");
}

#[tokio::test]
async fn p17_bodies_are_bounded_in_size_and_time_before_anything_is_asked() {
    let workspace = workspace().await;
    let relay = public(policy(&workspace.address).limits(|limits| {
        limits.body_bytes = 100;
        limits.body_ms = 100;
    }))
    .await;
    let head = chat("", "").replace("content-length: 0\r\n", "transfer-encoding: chunked\r\n");
    let mut long = begin(&relay, &format!("{head}c8\r\n{}\r\n", "x".repeat(200))).await;
    assert!(rest(&mut long).await.starts_with("HTTP/1.1 413"));
    let mut slow = begin(&relay, &format!("{head}1\r\n{{\r\n")).await;
    let said = rest(&mut slow).await;
    assert!(said.starts_with("HTTP/1.1 408") && said.contains("did not come in time"), "{said}");
    assert_eq!(workspace.count(), 0);
}

#[tokio::test]
async fn p16_the_server_refuses_requests_that_can_be_read_in_two_ways() {
    let workspace = workspace().await;
    let relay = public(policy(&workspace.address)).await;
    for more in [
        "content-length: 5\r\n",
        "transfer-encoding: chunked\r\n",
        "transfer-encoding: xchunked\r\n",
        "content_length: 3\r\n",
        "x-a : b\r\n",
        "x-a: b\r\n c\r\n",
        "x-a: b\0\r\n",
    ] {
        let mut client = begin(&relay, &chat(more, HI)).await;
        let said = rest(&mut client).await;
        assert!(said.starts_with("HTTP/1.1 400"), "{more:?}: {said}");
    }
    assert_eq!(workspace.count(), 0);
}

#[tokio::test]
async fn p32_who_is_not_known_is_refused_and_a_hook_that_hangs_lets_nobody_in() {
    let mut workspace = workspace().await;
    let address = workspace.address.clone();
    let build = || policy(&address).limits(|limits| limits.body_ms = 100).authorized().build().unwrap();
    let relay = RelayService::authorized(build(), "dapi-x", |request| {
        let user = request.headers.get("authorization").and_then(|value| value.to_str().ok()).map(str::to_owned);
        Box::pin(async move {
            if user.as_deref() == Some("slow") {
                std::future::pending::<()>().await;
            }
            user.filter(|user| user == "Bearer ann").map(Identity::new)
        })
    })
    .unwrap();
    let relay = serve(relay).await;
    for (header, status) in [("", 401), ("authorization: Bearer bob\r\n", 401), ("authorization: slow\r\n", 503)] {
        let mut client = begin(&relay, &chat(header, HI)).await;
        let said = rest(&mut client).await;
        assert!(said.starts_with(&format!("HTTP/1.1 {status}")), "{said}");
    }
    assert_eq!(workspace.count(), 0);
    let mut client = begin(&relay, &chat("authorization: Bearer ann\r\n", HI)).await;
    let (request, mut stream) = workspace.next().await;
    assert!(!request.contains("ann"));
    answer(&mut stream, "200 OK", "{}").await;
    assert!(rest(&mut client).await.starts_with("HTTP/1.1 200"));
    // one of both, never none
    assert!(RelayService::public(build(), "dapi-x").is_err());
    let public = policy(&workspace.address).public().build().unwrap();
    assert!(RelayService::public(public, Credentials::none()).is_err());
}

#[tokio::test]
async fn p24_p19_a_client_has_a_share_of_requests_and_of_open_ones() {
    let mut workspace = workspace().await;
    let relay = public(policy(&workspace.address).rate(2, 3_600_000, 10)).await;
    for _ in 0..2 {
        let mut client = begin(&relay, &chat("", HI)).await;
        let (_, mut stream) = workspace.next().await;
        answer(&mut stream, "200 OK", "{}").await;
        assert!(rest(&mut client).await.starts_with("HTTP/1.1 200"));
    }
    let mut client = begin(&relay, &chat("x-forwarded-for: 9.9.9.9\r\n", HI)).await;
    let said = rest(&mut client).await;
    assert!(said.starts_with("HTTP/1.1 429") && said.contains("retry-after: 1800"), "{said}");

    let relay = public(policy(&workspace.address).limits(|limits| limits.open_per_client = 1)).await;
    let first = begin(&relay, &chat("", HI)).await;
    let (_, stream) = workspace.next().await;
    let mut second = begin(&relay, &chat("", HI)).await;
    let said = rest(&mut second).await;
    assert!(said.starts_with("HTTP/1.1 429") && said.contains("retry-after: 1"), "{said}");
    drop((first, stream));
    // the place is free again once the first one is gone
    for attempt in 0.. {
        let mut third = begin(&relay, &chat("", HI)).await;
        tokio::select! {
            (_, mut stream) = workspace.next() => {
                answer(&mut stream, "200 OK", "{}").await;
                assert!(rest(&mut third).await.starts_with("HTTP/1.1 200"));
                break;
            }
            said = rest(&mut third) => assert!(said.starts_with("HTTP/1.1 429") && attempt < 1_000, "{said}"),
        }
    }
}

#[tokio::test]
async fn p14_p29_p36_what_the_workspace_refuses_tells_nothing_of_it() {
    let mut workspace = workspace().await;
    let relay = public(policy(&workspace.address)).await;
    for (status, shown) in [
        ("401 Unauthorized", "502"),
        ("403 Forbidden", "502"),
        ("302 Found", "502"),
        ("404 Not Found", "404"),
        ("500 Internal Server Error", "502"),
        ("503 Service Unavailable", "503"),
    ] {
        let mut client = begin(&relay, &chat("", HI)).await;
        let (_, mut stream) = workspace.next().await;
        answer(&mut stream, status, r#"{"error_code":"PERMISSION_DENIED","message":"CANARY dapi-CANARY"}"#).await;
        let said = rest(&mut client).await;
        assert!(
            said.starts_with(&format!("HTTP/1.1 {shown}")) && !said.contains("CANARY") && said.contains("request_id"),
            "{status}: {said}"
        );
    }
    // nobody there
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let relay = public(policy(&format!("http://{gone}"))).await;
    let mut client = begin(&relay, &chat("", HI)).await;
    assert!(rest(&mut client).await.starts_with("HTTP/1.1 502"));
}

#[tokio::test]
async fn p36_a_service_principals_token_is_got_once_and_again_when_it_is_refused() {
    let mut workspace = workspace().await;
    let policy = policy(&workspace.address).public().build().unwrap();
    let relay = serve(RelayService::public(policy, Credentials::oauth_m2m("client", "secret")).unwrap()).await;
    let host = workspace.address.clone();
    let mut client = begin(&relay, &chat("", HI)).await;
    let (mut tokens, mut calls) = (0, 0);
    while calls < 2 {
        let (request, mut stream) = workspace.next().await;
        let first = request.lines().next().unwrap_or("").to_owned();
        if first.contains(".well-known") {
            let text = format!(
                "{{\"token_endpoint\":\"{host}/oidc/v1/token\",\"authorization_endpoint\":\"{host}/oidc/v1/authorize\"}}"
            );
            answer(&mut stream, "200 OK", &text).await;
        } else if first.contains("/oidc/v1/token") {
            tokens += 1;
            answer(
                &mut stream,
                "200 OK",
                &format!("{{\"access_token\":\"token-{tokens}\",\"token_type\":\"Bearer\",\"expires_in\":3600}}"),
            )
            .await;
        } else {
            calls += 1;
            assert!(
                request.to_ascii_lowercase().contains(&format!("authorization: bearer token-{calls}\r\n")),
                "{request}"
            );
            let status = if calls == 1 { "401 Unauthorized" } else { "200 OK" };
            answer(&mut stream, status, "{}").await;
        }
    }
    assert!(rest(&mut client).await.starts_with("HTTP/1.1 200"));
    assert_eq!(tokens, 2);
}
