//! The native stream over the scripted transport and its clock.

use std::time::Duration;

use super::*;
use crate::auth::Credentials;
use crate::chat::Chat;
use crate::config::Config;
use crate::error::{ErrorKind, TimeoutPhase};
use crate::sender::Sender;
use crate::transport::scripted::{Reply, Scripted};

const END: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";

fn word(text: &str) -> String {
    format!(
        "data: {{\"id\":\"c\",\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{text}\"}},\"finish_reason\":null}}]}}\n\n"
    )
}

fn chat(network: &Scripted) -> Chat {
    let sender =
        Sender::new(Config::new("x.example").unwrap(), Credentials::token("t"), Arc::new(network.clone())).unwrap();
    Chat::new(sender, "e".into())
}

/// The words that came and how the stream ended.
fn listen(reply: Reply) -> (Vec<String>, Result<Option<Completeness>>, usize) {
    let network = Scripted::new();
    network.push(reply);
    let (mut words, mut end) = (Vec::new(), None);
    network
        .run(async {
            let mut stream = chat(&network).stream("x").await.unwrap();
            while let Some(chunk) = stream.next().await {
                match chunk {
                    Ok(chunk) => words.push(chunk.text()),
                    Err(fault) => end = Some(Err(fault)),
                }
            }
            assert!(stream.next().await.is_none(), "an ended stream stays ended");
            end.get_or_insert(Ok(stream.completeness()));
        })
        .expect("it ends");
    (words, end.unwrap(), network.open())
}

#[test]
fn f1_f2_f3_complete_streams() {
    let reads = [word("Hel"), word("lo"), END.to_owned(), "data: [DONE]\n\n".to_owned()];
    let (words, end, open) = listen(Reply::events(reads.iter().map(String::as_str)));
    assert_eq!((words.join(""), end.unwrap(), open), ("Hello".into(), Some(Completeness::default()), 0));
    let (_, end, _) = listen(Reply::events(reads[..3].iter().map(String::as_str)));
    assert!(end.unwrap().unwrap().no_sentinel);
    let (_, end, _) = listen(Reply::events([word("a").as_str(), "data: [DONE]"]));
    assert!(end.unwrap().unwrap().no_finish_reason);
}

#[test]
fn e26_a_stream_in_single_bytes() {
    let text = [word("é"), word("😀"), END.to_owned(), "data: [DONE]\n\n".to_owned()].concat();
    let reply = text.bytes().fold(Reply::events([]), |reply, byte| reply.bytes([byte]));
    assert_eq!(listen(reply).0.join(""), "é😀");
}

#[test]
fn f4_b7_truncated_streams_say_what_came() {
    let (words, end, open) = listen(Reply::events([word("Hel").as_str(), word("lo").as_str(), "data: {\"choi"]));
    let fault = end.unwrap_err();
    assert_eq!((words.concat(), fault.kind(), open), ("Hello".into(), ErrorKind::Truncated, 0));
    assert!(fault.partial().unwrap().contains("\"content\":\"Hello\""));
    assert_eq!(fault.attempts(), 1);
}

#[test]
fn f5_a_break_after_the_end_is_no_error() {
    let (_, end, _) = listen(Reply::events([word("a").as_str(), END]).fail(ErrorKind::Connect));
    assert!(end.unwrap().unwrap().broken_after_end);
    let (_, end, _) = listen(Reply::events([word("a").as_str()]).fail(ErrorKind::Connect));
    let fault = end.unwrap_err();
    assert_eq!(fault.kind(), ErrorKind::Connect);
    assert!(fault.partial().unwrap().contains("\"a\""));
}

#[test]
fn e28_e22_faults_in_place() {
    for (bad, kind) in [
        (
            "data: {\"error_code\":\"TEMPORARILY_UNAVAILABLE\",\"message\":\"later\"}\n\n",
            ErrorKind::TemporarilyUnavailable,
        ),
        ("data: {\"error\":{\"message\":\"x\"},\"choices\":[]}\n\n", ErrorKind::InternalError),
        ("event: error\ndata: x\n\n", ErrorKind::InternalError),
        ("data: {\"choices\":1}\n\n", ErrorKind::Decode),
        ("data: {\"choices\":[{\"index\":200,\"delta\":{}}]}\n\n", ErrorKind::Decode),
    ] {
        let (words, end, open) = listen(Reply::events([word("a").as_str(), bad, END]));
        let fault = end.unwrap_err();
        assert_eq!((words.len(), fault.kind(), open), (1, kind, 0), "{bad}");
        assert!(fault.partial().unwrap().contains("\"a\""));
    }
}

#[test]
fn c2_c3_idle_counts_between_reads() {
    let slow = (0..20).fold(Reply::events([]), |reply, _| reply.wait(Duration::from_secs(59)).bytes(word("a")));
    let (words, end, _) = listen(slow.bytes(END));
    assert_eq!(words.len(), 21);
    end.unwrap();
    let (words, end, open) = listen(Reply::events([word("a").as_str()]).stall());
    let fault = end.unwrap_err();
    assert_eq!(
        (words.len(), fault.kind(), fault.phase(), open),
        (1, ErrorKind::DeadlineExceeded, Some(TimeoutPhase::Idle), 0)
    );
    assert!(fault.partial().is_some() && fault.is_retryable());
}

#[test]
fn c10_a_slow_consumer_is_no_timeout() {
    let network = Scripted::new();
    network.push(Reply::events([word("a").as_str(), word("b").as_str(), END]));
    network
        .run(async {
            let mut stream = chat(&network).stream("x").await.unwrap();
            stream.next().await.unwrap().unwrap();
            network.advance(Duration::from_secs(600));
            assert_eq!(stream.next().await.unwrap().unwrap().text(), "b");
        })
        .unwrap();
}

#[test]
fn i6_dropping_closes() {
    let network = Scripted::new();
    network.push(Reply::events([word("a").as_str()]).stall());
    network
        .run(async {
            let mut stream = chat(&network).stream("x").await.unwrap();
            stream.next().await.unwrap().unwrap();
            assert_eq!(network.open(), 1);
            drop(stream);
            assert_eq!(network.open(), 0);
        })
        .unwrap();
}

#[test]
fn g1_the_final_completion_and_the_words() {
    let network = Scripted::new();
    let reads = [word("Hel"), word("lo"), END.to_owned(), "data: [DONE]\n\n".to_owned()];
    network.always(Reply::events(reads.iter().map(String::as_str)));
    network
        .run(async {
            let answer = chat(&network).stream("x").await.unwrap().final_completion().await.unwrap();
            assert_eq!(answer.text(), "Hello");
            let mut words = chat(&network).stream("x").await.unwrap().text();
            let mut said = String::new();
            while let Some(word) = words.next().await {
                said.push_str(&word.unwrap());
            }
            assert_eq!(said, "Hello");
        })
        .unwrap();
}

#[test]
fn e30_a_whole_answer_is_a_stream_of_one_chunk() {
    let whole = r#"{"id":"c","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"Hi","tool_calls":[{"id":"t","type":"function","function":{"name":"f","arguments":"{}"}}]},"finish_reason":"stop"}]}"#;
    let (words, end, _) = listen(Reply::json(whole));
    assert_eq!(words, ["Hi"]);
    assert_eq!(end.unwrap(), Some(Completeness::default()));
}
