//! Tokens that expire, are refused, or never come.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::task::{Context, Wake, Waker};
use std::time::Duration;

use super::tests::{BILLED, call, join_bounded};
use super::*;
use crate::auth::{Secret, Token};
use crate::error::TimeoutPhase;
use crate::transport::scripted::{Reply, Scripted};
use crate::transport::{BoxFuture, race};
use crate::wire::request::Method;

/// A provider on the script's clock: numbered tokens, each after a second, or failures.
#[derive(Clone)]
struct Provider {
    network: Scripted,
    asked: Arc<AtomicU32>,
    lives: Option<Duration>,
    fails: Arc<Mutex<Vec<&'static str>>>,
    takes: Duration,
    /// The number of a token that takes a minute.
    slow: Option<u32>,
}

impl Provider {
    fn new(network: &Scripted, lives: Option<Duration>) -> Self {
        Self {
            network: network.clone(),
            asked: Arc::default(),
            lives,
            fails: Arc::default(),
            takes: Duration::from_secs(1),
            slow: None,
        }
    }

    fn credentials(&self) -> Credentials {
        let this = self.clone();
        Credentials::provider(move || {
            let this = this.clone();
            Box::pin(async move {
                let number = this.asked.fetch_add(1, Ordering::SeqCst) + 1;
                let slow = this.slow == Some(number);
                this.network.sleep(if slow { Duration::from_secs(60) } else { this.takes }).await;
                if let Some(sentence) = this.fails.lock().unwrap().pop() {
                    return Err(Error::new(ErrorKind::Connect, sentence));
                }
                Ok(Token { value: Secret::new(format!("token-{number}")), expires_in: this.lives })
            }) as BoxFuture<'static, Result<Token>>
        })
    }

    fn sender(&self) -> Sender {
        Sender::new(Config::new("x.example").unwrap(), self.credentials(), Arc::new(self.network.clone())).unwrap()
    }

    fn asked(&self) -> u32 {
        self.asked.load(Ordering::SeqCst)
    }
}

const HOUR: Option<Duration> = Some(Duration::from_secs(3600));

fn tokens(network: &Scripted) -> Vec<String> {
    let header = |request: crate::transport::HttpRequest| {
        request
            .headers
            .into_iter()
            .find(|(name, _)| name == "authorization")
            .map(|(_, value)| value)
            .unwrap_or_default()
    };
    network.requests().into_iter().map(header).collect()
}

fn send(network: &Scripted, sender: &Sender) -> Result<Meta> {
    network.run(sender.send(&call(Repeat::Billed), &CallOptions::default())).expect("no hang").map(|(_, meta)| meta)
}

#[test]
fn k2_a_hundred_calls_ask_for_one_token() {
    let network = Scripted::new();
    network.always(Reply::json("{}"));
    let provider = Provider::new(&network, HOUR);
    let sender = provider.sender();
    let (one, options) = (call(Repeat::Billed), CallOptions::default());
    let burst =
        || (0..100).map(|_| Box::pin(async { sender.send(&one, &options).await.is_ok() }) as BoxFuture<'_, bool>);
    assert!(network.run(join_bounded(burst(), 100)).unwrap().into_iter().all(|good| good));
    assert_eq!(provider.asked(), 1);
    // past its end: one more
    network.advance(Duration::from_secs(3600));
    assert!(network.run(join_bounded(burst(), 100)).unwrap().into_iter().all(|good| good));
    assert_eq!(provider.asked(), 2);
}

#[test]
fn k2_k5_a_hundred_refused_calls_ask_for_one_token() {
    let network = Scripted::new();
    let provider = Provider::new(&network, HOUR);
    let sender = provider.sender();
    for _ in 0..100 {
        network.push(Reply::status(401).after(Duration::from_millis(10)));
    }
    network.always(Reply::json("{}"));
    let (one, options) = (call(Repeat::Never), CallOptions::default());
    let burst = (0..100).map(|_| Box::pin(async { sender.send(&one, &options).await.is_ok() }) as BoxFuture<'_, bool>);
    assert!(network.run(join_bounded(burst, 100)).unwrap().into_iter().all(|good| good));
    assert_eq!((provider.asked(), network.requests().len()), (2, 200));
}

#[test]
fn k5_k6_k7_k8_one_refresh_after_a_401() {
    let network = Scripted::new();
    let provider = Provider::new(&network, HOUR);
    let sender = provider.sender();
    network.push(Reply::status(401));
    network.push(Reply::json("{}"));
    assert_eq!(send(&network, &sender).unwrap().attempts, 2);
    assert_eq!(tokens(&network), ["Bearer token-1", "Bearer token-2"]);

    network.push(Reply::status(401));
    network.push(Reply::status(401));
    let error = send(&network, &sender).unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Unauthenticated, 2));

    let before = provider.asked();
    network.push(Reply::status(403));
    let error = send(&network, &sender).unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::PermissionDenied, 1));
    // the token refused last is not used again
    assert!(provider.asked() <= before + 1);

    let fixed = super::tests::sender(&network);
    network.push(Reply::status(401));
    assert_eq!(send(&network, &fixed).unwrap_err().attempts(), 1);
}

#[test]
fn k1_a_due_token_is_refreshed_beside_the_call() {
    let network = Scripted::new();
    network.always(Reply::json("{}").after(Duration::from_secs(2)));
    let provider = Provider::new(&network, HOUR);
    let sender = provider.sender();
    send(&network, &sender).unwrap();
    // 20 minutes before its end the token is due, but good
    network.advance(Duration::from_secs(2500));
    let before = network.now();
    send(&network, &sender).unwrap();
    assert_eq!(network.now() - before, Duration::from_secs(2), "the call did not wait for the refresh");
    send(&network, &sender).unwrap();
    assert_eq!(tokens(&network), ["Bearer token-1", "Bearer token-1", "Bearer token-2"]);
    assert_eq!(provider.asked(), 2);
}

#[test]
fn k3_a_failure_is_shared_and_pauses() {
    let network = Scripted::new();
    network.always(Reply::json("{}"));
    let provider = Provider::new(&network, HOUR);
    provider.fails.lock().unwrap().push("the token service is down");
    let sender = provider.sender();
    let (one, options) = (call(Repeat::Billed), CallOptions::default());
    let burst =
        (0..50).map(|_| Box::pin(async { sender.send(&one, &options).await.err() }) as BoxFuture<'_, Option<Error>>);
    for error in network.run(join_bounded(burst, 50)).unwrap() {
        let error = error.unwrap();
        assert_eq!((error.kind(), error.attempts(), error.maybe_processed()), (ErrorKind::TokenProvider, 0, false));
        assert!(error.message().contains("the token service is down"));
    }
    assert!(send(&network, &sender).is_err());
    assert_eq!(provider.asked(), 1, "in the pause nobody asks");
    network.advance(Duration::from_secs(6));
    send(&network, &sender).unwrap();
    assert_eq!((provider.asked(), network.requests().len()), (2, 1));
}

#[test]
fn k3_a_failed_refresh_ahead_of_time_harms_no_call() {
    let network = Scripted::new();
    network.always(Reply::json("{}").after(Duration::from_secs(2)));
    let provider = Provider::new(&network, HOUR);
    let sender = provider.sender();
    send(&network, &sender).unwrap();
    network.advance(Duration::from_secs(2500));
    provider.fails.lock().unwrap().push("down");
    for _ in 0..10 {
        send(&network, &sender).unwrap();
    }
    assert_eq!(provider.asked(), 2, "one failure, then a minute's pause");
    network.advance(Duration::from_secs(60));
    send(&network, &sender).unwrap();
    send(&network, &sender).unwrap();
    assert_eq!((provider.asked(), tokens(&network).pop().unwrap().as_str()), (3, "Bearer token-3"));
}

#[test]
fn k4_a_late_refresh_does_not_bring_back_an_older_token() {
    let network = Scripted::new();
    let mut provider = Provider::new(&network, HOUR);
    provider.slow = Some(2);
    let sender = provider.sender();
    network.push(Reply::json("{}"));
    send(&network, &sender).unwrap();
    network.advance(Duration::from_secs(2500));
    // one call drives the early refresh (token-2) to its late end; another is refused meanwhile and
    // fetches token-3, which is long there when token-2 comes
    network.push(Reply::json("{}").after(Duration::from_secs(100)));
    network.push(Reply::status(401).after(Duration::from_secs(1)));
    network.push(Reply::json("{}"));
    let (one, options) = (call(Repeat::Billed), CallOptions::default());
    let calls = (0..2).map(|_| Box::pin(async { sender.send(&one, &options).await.is_ok() }) as BoxFuture<'_, bool>);
    assert_eq!(network.run(join_bounded(calls, 2)), Some(vec![true, true]));
    network.push(Reply::json("{}"));
    send(&network, &sender).unwrap();
    let used: Vec<_> = tokens(&network).into_iter().map(|token| token.replace("Bearer token-", "")).collect();
    assert_eq!(used, ["1", "1", "1", "3", "3"]);
    assert_eq!(provider.asked(), 3);
}

#[test]
fn k9_no_refresh_storm_whatever_a_provider_says() {
    for lives in
        [None, Some(Duration::ZERO), Some(Duration::from_secs(1)), Some(Duration::from_secs(1_000_000_000_000))]
    {
        let network = Scripted::new();
        network.always(Reply::json("{}"));
        let mut provider = Provider::new(&network, lives);
        provider.takes = Duration::ZERO;
        let sender = provider.sender();
        for _ in 0..100 {
            send(&network, &sender).unwrap();
        }
        assert_eq!(provider.asked(), 1, "{lives:?}");
    }
}

#[test]
fn i4_an_abandoned_refresh_goes_on_for_the_others() {
    let network = Scripted::new();
    network.always(Reply::json("{}"));
    let provider = Provider::new(&network, HOUR);
    let sender = provider.sender();
    let (one, options) = (call(Repeat::Billed), CallOptions::default());
    let dropped: BoxFuture<'_, bool> = Box::pin(async { sender.send(&one, &options).await.is_ok() });
    let other: BoxFuture<'_, bool> = Box::pin(async { sender.send(&one, &options).await.is_ok() });
    let abort: BoxFuture<'_, bool> = Box::pin(async {
        network.sleep(Duration::from_millis(500)).await;
        false
    });
    // the first to wait started the refresh, and is dropped in the middle of it
    let aborted: BoxFuture<'_, bool> = Box::pin(race(dropped, abort));
    assert_eq!(network.run(join_bounded(vec![aborted, other], 2)), Some(vec![false, true]));
    assert_eq!((provider.asked(), network.now()), (1, Duration::from_secs(1)));
}

#[test]
fn i4_a_waiter_is_woken_though_another_task_drove_and_was_dropped() {
    struct Flag(AtomicBool);
    impl Wake for Flag {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::SeqCst);
        }
    }
    let network = Scripted::new();
    network.always(Reply::json("{}"));
    let provider = Provider::new(&network, HOUR);
    let sender = provider.sender();
    let (one, options) = (call(Repeat::Billed), CallOptions::default());
    let task = || -> BoxFuture<'_, bool> { Box::pin(async { sender.send(&one, &options).await.is_ok() }) };
    let (mut second, mut first) = (task(), task());
    let flags = [0, 1].map(|_| Arc::new(Flag(AtomicBool::new(false))));
    let poll = |future: &mut BoxFuture<'_, bool>, flag: &Arc<Flag>| {
        future.as_mut().poll(&mut Context::from_waker(&Waker::from(flag.clone())))
    };
    assert!(poll(&mut second, &flags[1]).is_pending());
    // the last to poll is the one the provider would wake by itself
    assert!(poll(&mut first, &flags[0]).is_pending());
    drop(first);
    network.advance(Duration::from_secs(1));
    assert!(flags[1].0.load(Ordering::SeqCst));
    assert!(poll(&mut second, &flags[1]).is_ready());
    assert_eq!(provider.asked(), 1);
}

#[test]
fn i2_a_provider_that_hangs_meets_the_first_byte_limit() {
    let network = Scripted::new();
    network.always(Reply::json("{}"));
    let mut provider = Provider::new(&network, HOUR);
    provider.takes = Duration::from_secs(1_000_000);
    let sender = provider.sender();
    let error = send(&network, &sender).unwrap_err();
    assert_eq!((error.phase(), error.maybe_processed()), (Some(TimeoutPhase::FirstByte), false));
    assert!(network.requests().is_empty());
}

#[test]
fn k16_a_token_with_a_line_end_is_refused_without_echo() {
    let network = Scripted::new();
    for bad in ["CANARY\n", "CAN ARY", "CANARYé", "", "CANARY\0"] {
        let config = Config::new("x.example").unwrap();
        let error = Sender::new(config.clone(), Credentials::token(bad), Arc::new(network.clone())).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(!format!("{error:?}").contains("CAN"));
        let credentials = Credentials::provider(move || {
            Box::pin(async move { Ok(Token { value: Secret::new(bad), expires_in: None }) }) as BoxFuture<'static, _>
        });
        let sender = Sender::new(config, credentials, Arc::new(network.clone())).unwrap();
        let error = send(&network, &sender).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TokenProvider);
        assert!(!format!("{error:?}").contains("CAN"), "{error:?}");
    }
    assert!(network.requests().is_empty());
}

#[test]
fn k17_two_clients_never_cross_tokens() {
    let network = Scripted::new();
    network.always(Reply::json("{}"));
    let client = |host: &str, token: &str| {
        Sender::new(Config::new(host).unwrap(), Credentials::token(token), Arc::new(network.clone())).unwrap()
    };
    let (a, b) = (client("a.example", "token-a"), client("b.example", "token-b"));
    for _ in 0..3 {
        send(&network, &a).unwrap();
        send(&network, &b).unwrap();
    }
    for request in network.requests() {
        let letter = if request.url.starts_with("https://a.") { "a" } else { "b" };
        assert!(request.headers.contains(&("authorization".into(), format!("Bearer token-{letter}"))));
    }
}

#[test]
fn k1_a_running_stream_outlives_its_token() {
    let network = Scripted::new();
    let provider = Provider::new(&network, HOUR);
    let sender = provider.sender();
    network.push(Reply::events(["data: a\n\n"]).wait(Duration::from_secs(7200)).bytes("data: b\n\n"));
    let events = StreamCall::<()>::new(Request::new(Method::Post, BILLED).json("{}"), Repeat::Billed);
    let opened = network.run(sender.open(&events, &CallOptions::default())).unwrap().unwrap();
    let mut reads = opened.body.into_stream().unwrap();
    for expected in ["data: a\n\n", "data: b\n\n"] {
        let read = network.run(std::future::poll_fn(|cx| reads.as_mut().poll_next(cx)));
        assert_eq!(read.unwrap().unwrap().unwrap(), expected.as_bytes());
    }
    assert_eq!(provider.asked(), 1);
}

#[test]
fn l1_l9_secrets_print_as_redacted() {
    let secret = Secret::new("CANARY");
    let credentials = Credentials::token("CANARY");
    let token = Token { value: Secret::new("CANARY"), expires_in: HOUR };
    let all = format!("{secret} {secret:?} {credentials:?} {token:?}");
    assert!(!all.contains("CANARY") && all.contains("[redacted]"), "{all}");
}
