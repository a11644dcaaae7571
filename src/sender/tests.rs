//! The sending loop over a scripted network and its clock.

use std::time::Duration;

use super::*;
use crate::error::TimeoutPhase;
pub(super) use crate::join::join_bounded;
use crate::transport::BoxFuture;
use crate::transport::scripted::{Reply, Scripted};
use crate::wire::json::Json;
use crate::wire::request::Method;

pub(super) const BILLED: &str = "/serving-endpoints/m/invocations";

pub(super) fn sender(network: &Scripted) -> Sender {
    with(network, |_| {})
}

pub(super) fn with(network: &Scripted, change: impl FnOnce(&mut Config)) -> Sender {
    let mut config = Config::new("https://x.example").unwrap();
    change(&mut config);
    Sender::new(config, Credentials::token("dapiCANARY"), Arc::new(network.clone())).unwrap()
}

pub(super) fn call(repeat: Repeat) -> Call<Json<serde_json::Value>> {
    Call::post(BILLED, r#"{"messages":[]}"#).with_repeat(repeat)
}

fn stream() -> StreamCall<()> {
    StreamCall::new(Request::new(Method::Post, BILLED).json(r#"{"stream":true}"#), Repeat::Billed)
}

fn send_as(network: &Scripted, repeat: Repeat) -> Result<Meta> {
    let sender = sender(network);
    network.run(sender.send(&call(repeat), &CallOptions::default())).expect("no hang").map(|(_, meta)| meta)
}

fn send(network: &Scripted) -> Result<Meta> {
    send_as(network, Repeat::Billed)
}

fn open(network: &Scripted) -> Result<Opened> {
    let sender = sender(network);
    network.run(sender.open(&stream(), &CallOptions::default())).expect("no hang")
}

fn script(replies: impl IntoIterator<Item = Reply>) -> Scripted {
    let network = Scripted::new();
    replies.into_iter().for_each(|reply| network.push(reply));
    network
}

fn busy(retry_after: &str) -> Reply {
    Reply::status(429).header("retry-after", retry_after)
}

#[test]
fn d28_a_good_answer_carries_its_facts() {
    let network = script([Reply::json("{}").header("x-request-id", "r-1").header("served-model-name", "m-1")]);
    let meta = send(&network).unwrap();
    let expected =
        Meta { request_id: Some("r-1".into()), served_model_name: Some("m-1".into()), attempts: 1, status: 200 };
    assert_eq!(meta, expected);
    let request = network.requests().remove(0);
    assert_eq!(request.url, format!("https://x.example{BILLED}"));
    let names: Vec<_> = request.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["content-type", "authorization"]);
    assert_eq!(network.open(), 0);
}

#[test]
fn d1_d2_d8_retry_after_is_waited_for_and_never_shortened() {
    // the scripted wall clock starts at 22:13:20
    for (reply, least) in [
        (busy("2"), 2000),
        (busy("Tue, 14 Nov 2023 22:13:23 GMT"), 3000),
        (busy("9").header("retry-after-ms", "250"), 250),
    ] {
        let network = script([reply, Reply::json("{}")]);
        assert_eq!(send(&network).unwrap().attempts, 2);
        let waited = network.sent_at()[1].as_millis();
        assert!((least..least + 1500).contains(&waited), "{waited}");
    }
}

#[test]
fn d3_d4_d5_d7_d9_otherwise_the_wait_is_our_own() {
    for reply in
        [busy("Mon, 13 Nov 2023 22:13:23 GMT"), busy("0"), busy("-5"), busy("garbage"), busy(""), Reply::status(429)]
    {
        let network = script([reply, Reply::json("{}")]);
        network.set_random(0.0);
        assert_eq!(send(&network).unwrap().attempts, 2);
        assert_eq!(network.sent_at()[1], Duration::from_millis(50));
    }
}

#[test]
fn d6_a_hostile_retry_after_is_an_error_at_once() {
    let digits = "9".repeat(400);
    for hostile in ["99999", "2592000", "1e999", &digits] {
        let network = script([busy(hostile)]);
        let error = send(&network).unwrap_err();
        assert_eq!((error.attempts(), error.status()), (1, Some(429)));
        assert!(error.retry_after().unwrap() >= Duration::from_secs(99_999));
        assert_eq!(network.run(std::future::ready(network.sent_at().len())), Some(1));
    }
}

#[test]
fn d11_d13_a_call_that_must_not_repeat_is_sent_once() {
    for status in [500, 502, 503, 504, 408] {
        let network = script([Reply::status(status)]);
        let error = send_as(&network, Repeat::Never).unwrap_err();
        assert!(error.maybe_processed() && error.attempts() == 1, "{status}");
    }
    let network = script([Reply::status(503).header("retry-after", "1"), Reply::json("{}")]);
    assert_eq!(send_as(&network, Repeat::Never).unwrap().attempts, 2);
    let network = script([Reply::failure(ErrorKind::Connect, false), Reply::json("{}")]);
    assert_eq!(send_as(&network, Repeat::Never).unwrap().attempts, 2);
    let network = script([Reply::failure(ErrorKind::Connect, true)]);
    assert!(send_as(&network, Repeat::Never).unwrap_err().maybe_processed());
}

#[test]
fn d13_doubt_of_an_early_attempt_stays() {
    let network = script([Reply::failure(ErrorKind::Connect, true), Reply::status(400)]);
    let error = send(&network).unwrap_err();
    assert_eq!((error.status(), error.attempts(), error.maybe_processed()), (Some(400), 2, true));
}

#[test]
fn a1_a2_d12_d17_attempts_are_counted() {
    let network = script([Reply::failure(ErrorKind::Connect, false), Reply::json("{}")]);
    assert_eq!(send(&network).unwrap().attempts, 2);
    let network = Scripted::new();
    network.always(Reply::status(500).header("x-request-id", "r-9"));
    let error = send(&network).unwrap_err();
    assert_eq!((error.attempts(), error.request_id(), network.requests().len()), (3, Some("r-9"), 3));
    for status in [400, 403, 404, 409, 422, 501] {
        let network = script([Reply::status(status)]);
        assert_eq!(send(&network).unwrap_err().attempts(), 1, "{status}");
    }
}

#[test]
fn d18_d19_a_dead_service_gets_few_retries_and_first_attempts_always_go() {
    let network = Scripted::new();
    network.always(Reply::status(503));
    let sender = sender(&network);
    for _ in 0..10_000 {
        let result = network.run(sender.send(&call(Repeat::Billed), &CallOptions::default()));
        assert!(result.expect("no hang").is_err());
    }
    assert!((10_000..=10_100).contains(&network.requests().len()), "{}", network.requests().len());
    network.always(Reply::json("{}"));
    for _ in 0..5 {
        network.run(sender.send(&call(Repeat::Billed), &CallOptions::default())).unwrap().unwrap();
    }
    network.push(Reply::status(503));
    let (_, meta) = network.run(sender.send(&call(Repeat::Billed), &CallOptions::default())).unwrap().unwrap();
    assert_eq!(meta.attempts, 2);
}

#[test]
fn d21_every_attempt_sends_the_same_bytes() {
    let network = script([Reply::status(500), Reply::status(500), Reply::json("{}")]);
    send(&network).unwrap();
    let requests = network.requests();
    for request in &requests {
        assert_eq!(
            (&request.body, &request.url, &request.headers),
            (&requests[0].body, &requests[0].url, &requests[0].headers)
        );
    }
}

#[test]
fn d23_k11_redirects_are_never_followed() {
    for status in [300, 301, 302, 303, 307, 308, 0] {
        let network = script([Reply::status(status).header("location", "http://evil.example/?t=CANARY")]);
        let error = send(&network).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Redirect);
        assert_eq!(network.requests().len(), 1);
        assert!(!format!("{error} {error:?}").contains("CANARY"));
        let network = script([Reply::status(status)]);
        assert_eq!(open(&network).unwrap_err().kind(), ErrorKind::Redirect);
    }
}

#[test]
fn d24_d25_answers_without_a_body_or_a_status() {
    for status in [200, 204, 205, 304] {
        for reply in [Reply::status(status), Reply::status(status).without_body()] {
            let network = script([reply.clone()]);
            let error = send(&network).unwrap_err();
            assert_eq!((error.kind(), error.attempts()), (ErrorKind::EmptyBody, 1), "{status}");
        }
        let network = script([Reply::status(status).without_body()]);
        assert_eq!(open(&network).unwrap_err().kind(), ErrorKind::EmptyBody);
    }
    for status in [100, 199, 600, 999] {
        assert_eq!(send(&script([Reply::status(status)])).unwrap_err().kind(), ErrorKind::Protocol);
    }
}

#[test]
fn d26_a_huge_error_body_is_dropped_not_read() {
    let mut reply = Reply::status(400);
    for _ in 0..50 {
        reply = reply.bytes(vec![b'x'; 1 << 20]);
    }
    let network = script([reply]);
    let error = send(&network).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadRequest);
    assert!(error.message().len() < 4300);
    assert_eq!(network.open(), 0);
    // one that stalls is what it said so far
    let network = script([Reply::status(400).bytes("{\"message\":\"no\"}").stall()]);
    assert!(send(&network).unwrap_err().message().contains("no."));
}

#[test]
fn d29_i2_i7_dropped_in_backoff_nothing_more_is_sent() {
    let network = script([busy("30"), Reply::json("{}")]);
    let sender = sender(&network);
    let (one, options) = (call(Repeat::Billed), CallOptions::default());
    let sending: BoxFuture<'_, bool> = Box::pin(async { sender.send(&one, &options).await.is_ok() });
    let aborting: BoxFuture<'_, bool> = Box::pin(async {
        network.sleep(Duration::from_secs(1)).await;
        false
    });
    assert_eq!(network.run(crate::transport::race(sending, aborting)), Some(false));
    network.advance(Duration::from_secs(100));
    assert_eq!((network.requests().len(), network.open()), (1, 0));
}

#[test]
fn i2_i6_dropped_while_waiting_everything_is_let_go() {
    for reply in [Reply::silence(), Reply::status(200).bytes("{").stall()] {
        let network = script([reply]);
        let sender = sender(&network);
        let (one, options) = (call(Repeat::Billed), CallOptions::default());
        let sending: BoxFuture<'_, bool> = Box::pin(async { sender.send(&one, &options).await.is_ok() });
        let aborting: BoxFuture<'_, bool> = Box::pin(async {
            network.sleep(Duration::from_secs(1)).await;
            false
        });
        assert_eq!(network.run(crate::transport::race(sending, aborting)), Some(false));
        assert_eq!(network.open(), 0);
    }
}

#[test]
fn c1_headers_that_never_come() {
    let network = Scripted::new();
    network.always(Reply::silence());
    let error = send_as(&network, Repeat::Never).unwrap_err();
    assert_eq!((error.kind(), error.phase()), (ErrorKind::DeadlineExceeded, Some(TimeoutPhase::FirstByte)));
    assert!(error.maybe_processed());
    assert_eq!(network.now(), Duration::from_secs(120));
    assert_eq!(network.open(), 0);
}

#[test]
fn c2_c3_silence_within_a_body() {
    let network = script([Reply::status(200).bytes("{").stall()]);
    let error = send_as(&network, Repeat::Never).unwrap_err();
    assert_eq!((error.phase(), error.status()), (Some(TimeoutPhase::Idle), Some(200)));
    assert_eq!(network.now(), Duration::from_secs(60));
    let mut drip = Reply::status(200).bytes("{");
    for _ in 0..9 {
        drip = drip.wait(Duration::from_secs(59)).bytes(" ");
    }
    let network = script([drip.bytes("}")]);
    assert_eq!(send_as(&network, Repeat::Never).unwrap().attempts, 1);
}

#[test]
fn c5_the_total_limit_ends_all_and_allows_no_retry() {
    let mut drip = Reply::status(200).bytes("{");
    for _ in 0..20 {
        drip = drip.wait(Duration::from_secs(59)).bytes(" ");
    }
    let network = script([drip]);
    let error = send(&network).unwrap_err();
    assert_eq!((error.phase(), error.attempts()), (Some(TimeoutPhase::Total), 1));
    assert_eq!(network.now(), Duration::from_secs(600));
}

#[test]
fn c6_a_backoff_that_would_pass_the_deadline_is_not_slept() {
    let network = script([busy("30")]);
    let sender = sender(&network);
    let timeouts = Timeouts { total: Some(Duration::from_secs(20)), ..Timeouts::default() };
    let options = CallOptions { timeouts, ..CallOptions::default() };
    let error = network.run(sender.send(&call(Repeat::Billed), &options)).unwrap().unwrap_err();
    assert_eq!(error.status(), Some(429));
    assert_eq!(network.now(), Duration::ZERO);
}

#[test]
fn h1_bodies_beyond_the_limit_are_not_buffered() {
    for reply in [
        Reply::status(200).header("content-length", "200000000").stall(),
        Reply::status(200).bytes([b' '; 40]).bytes([b' '; 40]).stall(),
        Reply::status(200).bytes([b' '; 4000]).stall(),
    ] {
        let network = script([reply]);
        let sender = with(&network, |config| config.max_body_bytes = 64);
        let error = network.run(sender.send(&call(Repeat::Billed), &CallOptions::default())).unwrap().unwrap_err();
        assert_eq!((error.kind(), network.open()), (ErrorKind::BodyTooLarge, 0));
        assert_eq!(network.now(), Duration::ZERO);
    }
}

#[test]
fn h1_a_body_may_come_in_many_reads() {
    let network = script([Reply::status(200).bytes("{").bytes("").bytes("\"a\"").bytes(":1}")]);
    let sender = sender(&network);
    let (json, _) = network.run(sender.send(&call(Repeat::Billed), &CallOptions::default())).unwrap().unwrap();
    assert_eq!(json.as_str(), r#"{"a":1}"#);
}

#[test]
fn e33_d20_a_body_that_breaks_off() {
    let network = script([Reply::status(200).bytes("{").fail(ErrorKind::Truncated), Reply::json("{}")]);
    assert_eq!(send(&network).unwrap().attempts, 2);
    let network = script([Reply::status(200).bytes("{").fail(ErrorKind::Truncated)]);
    let error = send_as(&network, Repeat::Never).unwrap_err();
    assert_eq!((error.kind(), error.maybe_processed()), (ErrorKind::Truncated, true));
}

#[test]
fn d30_an_error_in_a_good_body_has_the_answers_facts() {
    let network = script([Reply::json(r#"{"error_code":"INTERNAL_ERROR","message":"m"}"#).header("x-request-id", "r")]);
    let error = send(&network).unwrap_err();
    assert_eq!((error.status(), error.request_id(), error.attempts()), (Some(200), Some("r"), 1));
}

#[test]
fn e31_streams_open_on_the_right_type_or_none() {
    for media_type in ["text/event-stream", "Text/Event-Stream; charset=windows-1252", ""] {
        let network = script([Reply::status(200).header("content-type", media_type).bytes("data: x\n\n")]);
        let opened = open(&network).unwrap();
        assert!(opened.whole.is_none() && matches!(opened.body, Body::Stream(_)));
        assert_eq!((opened.idle, opened.deadline, opened.max_event_bytes), (Duration::from_secs(60), None, 32 << 20));
        assert_eq!(network.open(), 1);
        drop(opened);
        assert_eq!(network.open(), 0);
    }
}

#[test]
fn e29_e36_other_types_are_no_stream() {
    let page = Reply::status(200)
        .header("content-type", "text/html; charset=utf-8")
        .bytes("<html><title>Sign in</title>")
        .bytes("x".repeat(100_000));
    for reply in [page, Reply::status(200).header("content-type", "application/x-ndjson").bytes("{}\n{}\n").stall()] {
        let network = script([reply]);
        let error = open(&network).unwrap_err();
        assert_eq!((error.kind(), error.status(), network.open()), (ErrorKind::UnexpectedContentType, Some(200), 0));
        assert!(error.message().split("begins: ").nth(1).unwrap().len() <= 200);
    }
}

#[test]
fn e30_json_in_place_of_a_stream() {
    let network = script([Reply::json(r#"{"choices":[{}]}"#)]);
    let opened = open(&network).unwrap();
    assert_eq!(opened.whole.as_deref(), Some(r#"{"choices":[{}]}"#));
    for (body, kind) in [
        (r#"{"error_code":"NOT_FOUND","message":"m"}"#, ErrorKind::NotFound),
        ("{", ErrorKind::Decode),
        ("", ErrorKind::EmptyBody),
    ] {
        let error = open(&script([Reply::json(body)])).unwrap_err();
        assert_eq!((error.kind(), error.status()), (kind, Some(200)), "{body}");
    }
}

#[test]
fn e32_e34_encoded_and_empty_streams() {
    let encoded = Reply::events(["x"]).header("content-encoding", "GZIP");
    assert_eq!(open(&script([encoded])).unwrap_err().kind(), ErrorKind::UnsupportedEncoding);
    assert!(open(&script([Reply::events(["x"]).header("content-encoding", "Identity")])).is_ok());
    assert_eq!(
        open(&script([Reply::events([]).header("content-length", "0")])).unwrap_err().kind(),
        ErrorKind::EmptyBody
    );
}

#[test]
fn d12_a_stream_is_retried_until_its_head_is_good() {
    let network = script([Reply::status(503), Reply::events(["data: x\n\n"])]);
    assert_eq!(open(&network).unwrap().meta.attempts, 2);
    assert!(network.requests()[1].headers.contains(&("accept".into(), "text/event-stream".into())));
}

#[test]
fn j7_a_burst_finishes_in_turn() {
    let network = Scripted::new();
    network.always(Reply::json("{}").after(Duration::from_secs(1)));
    let sender = sender(&network);
    let (one, options) = (call(Repeat::Billed), CallOptions::default());
    let calls = (0..1000).map(|_| Box::pin(async { sender.send(&one, &options).await.is_ok() }) as BoxFuture<'_, bool>);
    let results = network.run(join_bounded(calls, 50)).unwrap();
    assert!(results.into_iter().all(|good| good));
    assert_eq!(network.now(), Duration::from_secs(20));
}

#[test]
fn options_that_cannot_be_kept_send_nothing() {
    let network = Scripted::new();
    let sender = sender(&network);
    let timeouts = Timeouts { idle: Some(Duration::ZERO), ..Timeouts::default() };
    for options in [
        CallOptions { max_attempts: Some(0), ..CallOptions::default() },
        CallOptions { timeouts, ..CallOptions::default() },
        CallOptions { headers: vec![("x".into(), "a\r\nb: c".into())], ..CallOptions::default() },
        CallOptions { headers: vec![("x y".into(), "a".into())], ..CallOptions::default() },
        CallOptions { headers: vec![("Authorization".into(), "Bearer CANARY".into())], ..CallOptions::default() },
        CallOptions { headers: vec![("Host".into(), "evil.example".into())], ..CallOptions::default() },
    ] {
        let error = network.run(sender.send(&call(Repeat::Billed), &options)).unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(!format!("{error} {options:?}").contains("CANARY"));
    }
    for path in ["//evil.example/x", "https://evil.example/", "x"] {
        let error = network.run(sender.send(&Call::get(path), &CallOptions::default())).unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "K13: {path}");
    }
    assert!(network.requests().is_empty());
}

#[test]
fn a_calls_headers_and_attempts_go_before_the_clients() {
    let network = Scripted::new();
    network.always(Reply::status(500));
    let sender = with(&network, |config| config.headers.push(("X-A".into(), "client".into())));
    let options =
        CallOptions { headers: vec![("x-a".into(), "call".into())], max_attempts: Some(2), ..CallOptions::default() };
    let error = network.run(sender.send(&call(Repeat::Billed), &options)).unwrap().unwrap_err();
    assert_eq!(error.attempts(), 2);
    let headers = network.requests().remove(0).headers;
    assert_eq!(
        headers.iter().filter(|(name, _)| name == "x-a").collect::<Vec<_>>(),
        [&("x-a".to_owned(), "call".to_owned())]
    );
}

#[test]
fn l1_l2_nothing_shows_the_token() {
    let network = script([Reply::status(403).bytes("you sent dapiCANARY with it")]);
    let sender = sender(&network);
    let error = network.run(sender.send(&call(Repeat::Billed), &CallOptions::default())).unwrap().unwrap_err();
    let all = format!("{error} {error:?} {sender:?} {network:?} {:?} {:?}", network.requests(), sender.config());
    assert!(!all.contains("CANARY"), "{all}");
}

#[test]
fn calls_can_be_sent_from_other_threads() {
    fn is_send<T: Send>(_: &T) {}
    let sender = sender(&Scripted::new());
    let (one, events, options) = (call(Repeat::Billed), stream(), CallOptions::default());
    is_send(&sender.send(&one, &options));
    is_send(&sender.open(&events, &options));
    is_send(&sender);
}
