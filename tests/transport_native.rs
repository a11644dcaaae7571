//! The native transport against servers on real sockets that misbehave.
#![cfg(all(feature = "native", not(target_arch = "wasm32")))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use lakewire::auth::{Credentials, Secret, Token};
use lakewire::config::{Config, Timeouts};
use lakewire::sender::{CallOptions, Meta, Sender};
use lakewire::transport::BoxFuture;
use lakewire::transport::reqwest::ReqwestTransport;
use lakewire::wire::call::{Call, Repeat, StreamCall};
use lakewire::wire::request::{Method, Request};
use lakewire::{Error, ErrorKind, TimeoutPhase};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;

/// How long a test waits for what must happen before it counts as never happening.
const NEVER: Duration = Duration::from_secs(30);
const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";

/// Runs `serve` for each connection. Gives the address and a count of connections.
async fn server<F, T>(serve: F) -> (String, Arc<AtomicUsize>)
where
    F: Fn(TcpStream, usize) -> T + Send + 'static,
    T: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let count = Arc::new(AtomicUsize::new(0));
    let seen = count.clone();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            tokio::spawn(serve(socket, seen.fetch_add(1, Ordering::SeqCst)));
        }
    });
    (address, count)
}

/// Reads one request, head and body. `None` when the peer closed instead.
async fn request(socket: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |l| l.parse().unwrap());
            if body.len() >= length {
                return Some(text);
            }
        }
        match socket.read(&mut buffer).await {
            Ok(0) | Err(_) => return None,
            Ok(read) => bytes.extend_from_slice(&buffer[..read]),
        }
    }
}

/// Waits until the peer has closed.
async fn closed(socket: &mut TcpStream) {
    let mut buffer = [0; 4096];
    while matches!(socket.read(&mut buffer).await, Ok(read) if read > 0) {}
}

fn reset(socket: TcpStream) {
    socket.set_zero_linger().unwrap();
    drop(socket);
}

fn sender(address: &str, change: impl FnOnce(&mut Config)) -> Sender {
    let mut config = Config::new(&format!("http://{address}")).unwrap();
    change(&mut config);
    Sender::new(config, Credentials::token("dapiCANARY"), Arc::new(ReqwestTransport::new().unwrap())).unwrap()
}

async fn send(sender: &Sender, repeat: Repeat) -> Result<Meta, Error> {
    let call = Call::post("/serving-endpoints/m/invocations?q=CANARY", "{\"messages\":[]}").with_repeat(repeat);
    let options = CallOptions::default();
    let sending = sender.send(&call, &options);
    let result = timeout(NEVER, sending).await.expect("it ends").map(|(_, meta)| meta);
    if let Err(error) = &result {
        let mut all = format!("{error} {error:?}");
        let mut cause = std::error::Error::source(error);
        while let Some(next) = cause {
            all.push_str(&format!("{next} {next:?}"));
            cause = next.source();
        }
        assert!(!all.contains("CANARY") && !all.contains("invocations?"), "L2: {all}");
    }
    result
}

fn events() -> StreamCall<()> {
    StreamCall::new(Request::new(Method::Post, "/serving-endpoints/m/invocations").json("{}"), Repeat::Billed)
}

fn short(config: &mut Config) {
    let limit = Some(Duration::from_millis(300));
    config.timeouts = Timeouts { first_byte: limit, idle: limit, ..Timeouts::default() };
    config.retry.max_attempts = 1;
}

#[tokio::test]
async fn l5_k7_what_stands_on_the_wire() {
    let (tell, mut told) = unbounded_channel();
    let (address, _) = server(move |mut socket, _| {
        let tell = tell.clone();
        async move {
            while let Some(text) = request(&mut socket).await {
                tell.send(text).unwrap();
                socket.write_all(OK).await.unwrap();
            }
        }
    })
    .await;
    let meta = send(&sender(&address, |_| {}), Repeat::Never).await.unwrap();
    assert_eq!((meta.status, meta.attempts), (200, 1));
    let text = told.recv().await.unwrap();
    assert!(text.starts_with("POST /serving-endpoints/m/invocations?q=CANARY HTTP/1.1\r\n"), "{text}");
    assert!(text.contains("authorization: Bearer dapiCANARY\r\n"));
    assert!(text.contains(concat!("user-agent: lakewire/", env!("CARGO_PKG_VERSION"), "\r\n")));
    assert!(!text.contains("accept-encoding") && !text.contains("referer"));
    assert!(text.ends_with("\r\n\r\n{\"messages\":[]}"));
}

#[tokio::test]
async fn a1_a_name_that_does_not_resolve_was_never_sent() {
    let config = Config::new("https://no-such-workspace.invalid").unwrap();
    let transport = Arc::new(ReqwestTransport::new().unwrap());
    let sender = Sender::new(config, Credentials::none(), transport).unwrap();
    let error = send(&sender, Repeat::Never).await.unwrap_err();
    assert_eq!((error.kind(), error.maybe_processed(), error.attempts()), (ErrorKind::Connect, false, 3));
    assert!(error.message().contains("no-such-workspace.invalid"));
}

#[tokio::test]
async fn a3_a_refused_port_is_tried_again_for_every_call() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let error = send(&sender(&free.to_string(), |_| {}), Repeat::Never).await.unwrap_err();
    assert_eq!((error.kind(), error.maybe_processed(), error.attempts()), (ErrorKind::Connect, false, 3));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a4_packets_that_are_dropped_meet_the_connect_limit() {
    // a listener nobody accepts from: when its queue is full, Linux drops further connection attempts
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut filling = Vec::new();
    for _ in 0..8 {
        filling.push(tokio::spawn(TcpStream::connect(address)));
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    let mut config = Config::new(&format!("http://{address}")).unwrap();
    config.retry.max_attempts = 1;
    let transport = Arc::new(ReqwestTransport::with_connect_timeout(Duration::from_millis(300)).unwrap());
    let sender = Sender::new(config, Credentials::none(), transport).unwrap();
    let error = send(&sender, Repeat::Safe).await.unwrap_err();
    assert_eq!((error.kind(), error.phase()), (ErrorKind::DeadlineExceeded, Some(TimeoutPhase::Connect)));
    assert!(!error.maybe_processed());
    filling.into_iter().for_each(|task| task.abort());
}

#[tokio::test]
async fn a6_a_reset_before_the_request_is_retried_when_it_may() {
    let (address, count) = server(|mut socket, number| async move {
        if number == 0 {
            return reset(socket);
        }
        request(&mut socket).await;
        let _ = socket.write_all(OK).await;
    })
    .await;
    assert_eq!(send(&sender(&address, |_| {}), Repeat::Billed).await.unwrap().attempts, 2);
    assert_eq!(count.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a7_a_reset_after_the_request_leaves_doubt_and_no_second_request() {
    let (address, count) = server(|mut socket, _| async move {
        request(&mut socket).await;
        reset(socket);
    })
    .await;
    let error = send(&sender(&address, |_| {}), Repeat::Never).await.unwrap_err();
    assert_eq!((error.kind(), error.maybe_processed(), error.attempts()), (ErrorKind::Connect, true, 1));
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a8_a_kept_connection_that_was_closed_is_replaced() {
    let requests = Arc::new(AtomicUsize::new(0));
    let seen = requests.clone();
    let (address, count) = server(move |mut socket, _| {
        let seen = seen.clone();
        async move {
            // says keep-alive, closes all the same
            if request(&mut socket).await.is_some() {
                seen.fetch_add(1, Ordering::SeqCst);
                let _ = socket.write_all(OK).await;
            }
        }
    })
    .await;
    let sender = sender(&address, |_| {});
    for _ in 0..5 {
        send(&sender, Repeat::Billed).await.unwrap();
    }
    assert_eq!((requests.load(Ordering::SeqCst), count.load(Ordering::SeqCst)), (5, 5));
}

#[tokio::test]
async fn b4_b5_a_port_that_does_not_speak_tls() {
    let transport = Arc::new(ReqwestTransport::with_connect_timeout(Duration::from_millis(500)).unwrap());
    let client = |address: &str| {
        let mut config = Config::new(&format!("https://{address}")).unwrap();
        config.retry.max_attempts = 1;
        Sender::new(config, Credentials::token("dapiCANARY"), transport.clone()).unwrap()
    };
    let (plain, _) = server(|mut socket, _| async move {
        let _ = socket.write_all(OK).await;
        closed(&mut socket).await;
    })
    .await;
    let error = send(&client(&plain), Repeat::Safe).await.unwrap_err();
    assert_eq!((error.kind(), error.maybe_processed()), (ErrorKind::Tls, false), "B5: {error:?}");
    let (silent, _) = server(|mut socket, _| async move { closed(&mut socket).await }).await;
    let error = send(&client(&silent), Repeat::Safe).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.phase()),
        (ErrorKind::DeadlineExceeded, Some(TimeoutPhase::Connect)),
        "B4: {error:?}"
    );
}

#[tokio::test]
async fn a11_a_proxys_password_is_not_printed() {
    let (proxy, _) = server(|mut socket, _| async move {
        request(&mut socket).await;
        let _ = socket.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n").await;
    })
    .await;
    let through = reqwest::Proxy::all(format!("http://user:CANARY@{proxy}")).unwrap();
    let client = reqwest::Client::builder().proxy(through).redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let transport = Arc::new(ReqwestTransport::with_client(client));
    for host in ["https://x.invalid", "http://127.0.0.1:1"] {
        let sender =
            Sender::new(Config::new(host).unwrap(), Credentials::token("dapiCANARY"), transport.clone()).unwrap();
        // `send` looks for the canary in the whole error
        let error = send(&sender, Repeat::Never).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Connect | ErrorKind::BadRequest), "{error:?}");
    }
}

#[tokio::test]
async fn c1_headers_never_come_and_the_socket_is_let_go() {
    let (tell, mut told) = unbounded_channel();
    let (address, _) = server(move |mut socket, _| {
        let tell = tell.clone();
        async move {
            request(&mut socket).await;
            closed(&mut socket).await;
            tell.send(()).unwrap();
        }
    })
    .await;
    let error = send(&sender(&address, short), Repeat::Safe).await.unwrap_err();
    assert_eq!((error.kind(), error.phase()), (ErrorKind::DeadlineExceeded, Some(TimeoutPhase::FirstByte)));
    timeout(NEVER, told.recv()).await.expect("the server sees the close").unwrap();
}

#[tokio::test]
async fn c2_silence_within_a_body_and_the_socket_is_let_go() {
    let (address, mut told) = half_an_answer().await;
    let error = send(&sender(&address, short), Repeat::Safe).await.unwrap_err();
    assert_eq!((error.phase(), error.status(), error.maybe_processed()), (Some(TimeoutPhase::Idle), Some(200), true));
    timeout(NEVER, told.recv()).await.expect("the server sees the close").unwrap();
}

/// A server that begins a stream, stalls, and tells when the client closes.
async fn half_an_answer() -> (String, UnboundedReceiver<()>) {
    let (tell, told) = unbounded_channel();
    let (address, _) = server(move |mut socket, _| {
        let tell = tell.clone();
        async move {
            request(&mut socket).await;
            let head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n9\r\ndata: x\n\n\r\n";
            let _ = socket.write_all(head).await;
            closed(&mut socket).await;
            tell.send(()).unwrap();
        }
    })
    .await;
    (address, told)
}

#[tokio::test]
async fn i2_i6_a_dropped_call_reaches_the_server() {
    // waiting for headers
    let (tell, mut told) = unbounded_channel();
    let (started, mut begun) = unbounded_channel();
    let (address, _) = server(move |mut socket, _| {
        let (tell, started) = (tell.clone(), started.clone());
        async move {
            request(&mut socket).await;
            started.send(()).unwrap();
            closed(&mut socket).await;
            tell.send(()).unwrap();
        }
    })
    .await;
    let client = sender(&address, |_| {});
    let sending = tokio::spawn(async move { send(&client, Repeat::Billed).await.is_ok() });
    begun.recv().await.unwrap();
    sending.abort();
    timeout(NEVER, told.recv()).await.expect("the server sees the close").unwrap();

    // in the middle of a stream, and before its first read
    for reads in [0, 1] {
        let (address, mut told) = half_an_answer().await;
        let opened = sender(&address, |_| {}).open(&events(), &CallOptions::default()).await.unwrap();
        let mut stream = opened.body.into_stream().unwrap();
        for _ in 0..reads {
            let read = std::future::poll_fn(|cx| stream.as_mut().poll_next(cx)).await;
            assert_eq!(read.unwrap().unwrap(), b"data: x\n\n");
        }
        drop(stream);
        timeout(NEVER, told.recv()).await.expect("the server sees the close").unwrap();
    }
}

#[tokio::test]
async fn k11_no_redirect_takes_the_token_elsewhere() {
    let (elsewhere, visits) = server(|mut socket, _| async move {
        request(&mut socket).await;
        let _ = socket.write_all(OK).await;
    })
    .await;
    for status in [301, 302, 303, 307, 308] {
        let location = format!("http://{elsewhere}/?t=CANARY");
        let (address, _) = server(move |mut socket, _| {
            let location = location.clone();
            async move {
                request(&mut socket).await;
                let head = format!("HTTP/1.1 {status} Moved\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n");
                let _ = socket.write_all(head.as_bytes()).await;
            }
        })
        .await;
        let error = send(&sender(&address, |_| {}), Repeat::Safe).await.unwrap_err();
        assert_eq!((error.kind(), error.status(), error.attempts()), (ErrorKind::Redirect, Some(status), 1));
    }
    assert_eq!(visits.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn e33_broken_framing_is_no_answer() {
    for (answer, expected) in [
        ("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{}", ErrorKind::Truncated),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n", ErrorKind::Truncated),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n", ErrorKind::Truncated),
        ("HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n{}", ErrorKind::Connect),
        ("garbage\r\n\r\n", ErrorKind::Connect),
        ("", ErrorKind::Connect),
    ] {
        let (address, _) = server(move |mut socket, _| async move {
            request(&mut socket).await;
            let _ = socket.write_all(answer.as_bytes()).await;
            let _ = socket.shutdown().await;
            closed(&mut socket).await;
        })
        .await;
        let error = send(&sender(&address, |_| {}), Repeat::Never).await.unwrap_err();
        assert_eq!((error.kind(), error.maybe_processed()), (expected, true), "{answer:?}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn k2_calls_of_many_threads_share_one_refresh() {
    let (address, _) = server(|mut socket, _| async move {
        while request(&mut socket).await.is_some() {
            if socket.write_all(OK).await.is_err() {
                return;
            }
        }
    })
    .await;
    let transport = Arc::new(ReqwestTransport::new().unwrap());
    for _ in 0..20 {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = asked.clone();
        let credentials = Credentials::provider(move || {
            let count = count.clone();
            Box::pin(async move {
                count.fetch_add(1, Ordering::SeqCst);
                for _ in 0..50 {
                    tokio::task::yield_now().await;
                }
                Ok(Token { value: Secret::new("token"), expires_in: Some(Duration::from_secs(3600)) })
            }) as BoxFuture<'static, _>
        });
        let config = Config::new(&format!("http://{address}")).unwrap();
        let sender = Sender::new(config, credentials, transport.clone()).unwrap();
        let calls = (0..32).map(|_| {
            let sender = sender.clone();
            tokio::spawn(async move { send(&sender, Repeat::Never).await.map(|meta| meta.attempts) })
        });
        for call in calls.collect::<Vec<_>>() {
            assert_eq!(call.await.unwrap().unwrap(), 1);
        }
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test]
async fn j3_a_slow_consumer_holds_the_server_back() {
    let (tell, mut told) = unbounded_channel();
    let (address, _) = server(move |mut socket, _| {
        let tell = tell.clone();
        async move {
            request(&mut socket).await;
            let head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 760000000\r\n\r\n";
            socket.write_all(head).await.unwrap();
            let flood = vec![b':'; 1 << 16];
            let mut written = 0_usize;
            // stops when the client has taken nothing for a second
            while written < 760_000_000 {
                match timeout(Duration::from_secs(1), socket.write(&flood)).await {
                    Ok(Ok(more)) => written += more,
                    _ => break,
                }
            }
            tell.send(written).unwrap();
            closed(&mut socket).await;
        }
    })
    .await;
    let opened = sender(&address, |_| {}).open(&events(), &CallOptions::default()).await.unwrap();
    let written = timeout(NEVER, told.recv()).await.expect("the server is held back").unwrap();
    // the kernel's buffers of both ends, and one read of ours
    assert!(written < 24 << 20, "{written} bytes were taken from the server without a reader");
    drop(opened);
}

#[tokio::test]
async fn h1_an_endless_body_is_cut_at_the_limit() {
    let (address, _) = server(|mut socket, _| async move {
        request(&mut socket).await;
        let _ = socket.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await;
        let mut chunk = b"10000\r\n".to_vec();
        chunk.extend(vec![b' '; 0x10000]);
        chunk.extend(b"\r\n");
        while socket.write_all(&chunk).await.is_ok() {}
    })
    .await;
    let sender = sender(&address, |config| config.max_body_bytes = 1 << 20);
    assert_eq!(send(&sender, Repeat::Safe).await.unwrap_err().kind(), ErrorKind::BodyTooLarge);
}
