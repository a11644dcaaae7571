//! The simple forms and the reading around them, each stream cut at every byte.

use super::*;
use crate::wire::sse::SseDecoder;
use proptest::prelude::*;

/// Events, words, how it ended, and the whole.
pub(crate) type Heard = (Vec<String>, String, std::result::Result<Ending, (ErrorKind, Option<String>)>, Option<String>);

/// Reads a stream given in these pieces through the columns: events, words, end and the whole.
pub(crate) fn hear(pieces: &[&[u8]], form: fn() -> Box<dyn Form>) -> Heard {
    let (mut events, mut words) = (Vec::new(), String::new());
    let mut objects = EventColumns::new(1 << 20, form(), false);
    let mut texts = EventColumns::new(1 << 20, form(), true);
    for piece in pieces.iter().copied() {
        objects.sse().feed(piece);
        texts.sse().feed(piece);
        loop {
            let status = objects.step();
            assert_eq!(status, texts.step(), "both modes end alike");
            let units: Vec<u16> = objects.text().encode_utf16().collect();
            assert_eq!(units.len(), objects.units());
            let mut from = 0;
            for pair in objects.table().chunks(2) {
                assert_eq!(pair[0], -1);
                events.push(String::from_utf16(&units[from..pair[1] as usize]).unwrap());
                from = pair[1] as usize;
            }
            words.push_str(texts.text());
            if status != Status::More {
                break;
            }
        }
    }
    objects.finish();
    let end = match objects.reading().verdict().unwrap() {
        Ok(ending) => Ok(*ending),
        Err(fault) => Err((fault.kind(), fault.partial().map(str::to_owned))),
    };
    (events, words, end, objects.reading().whole())
}

/// Reads a stream whole, byte by byte and cut at every byte, which must all give the same.
pub(crate) fn every_way(stream: &str, form: fn() -> Box<dyn Form>) -> Heard {
    let bytes = stream.as_bytes();
    let whole = hear(&[bytes], form);
    let single: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(hear(&single, form), whole, "byte by byte");
    for at in 0..=bytes.len() {
        assert_eq!(hear(&[&bytes[..at], b"", &bytes[at..]], form), whole, "cut at {at}");
    }
    whole
}

fn completions() -> Box<dyn Form> {
    Box::new(Completions::default())
}

fn tgi() -> Box<dyn Form> {
    Box::new(Tgi::default())
}

fn marked() -> Box<dyn Form> {
    Box::new(Marked)
}

/// One event as it stands on the wire.
pub(crate) fn event(json: &str) -> String {
    format!("data: {json}\n\n")
}

#[test]
fn f1_f2_f3_f4_completions_end_as_chat_does() {
    let stream = [
        event(r#"{"id":"a","choices":[{"index":0,"text":"Hé"},{"index":1,"text":"x"}],"usage":null}"#),
        event(r#"{"id":"a","choices":[{"index":0,"text":"llo","finish_reason":"stop"}]}"#),
        event(r#"{"choices":[{"index":1,"text":"y","finish_reason":"length"}]}"#),
        event(r#"{"choices":[],"usage":{"total_tokens":3}}"#),
        "data: [DONE]\n\n".to_owned(),
    ];
    let (events, words, end, whole) = every_way(&stream.concat(), completions);
    assert_eq!((events.len(), words.as_str(), end), (4, "Héllo", Ok(Ending::default())));
    assert_eq!(
        whole.unwrap(),
        r#"{"id":"a","usage":{"total_tokens":3},"choices":[{"index":0,"text":"Héllo","finish_reason":"stop"},{"index":1,"text":"xy","finish_reason":"length"}]}"#
    );
    let (.., end, _) = every_way(&stream[..4].concat(), completions);
    assert!(end.unwrap().no_sentinel);
    let (.., end, _) = every_way(&(stream[0].clone() + &stream[4]), completions);
    assert!(end.unwrap().no_finish_reason);
    let (.., end, _) = every_way(&stream[..2].concat(), completions);
    let (kind, partial) = end.unwrap_err();
    assert_eq!(kind, ErrorKind::Truncated);
    assert!(partial.unwrap().contains("Héllo"));
    let (.., end, _) = every_way("", completions);
    assert_eq!(end.unwrap_err(), (ErrorKind::Truncated, None));
}

#[test]
fn f9_completions_of_a_chat_task_say_their_content() {
    let stream = [
        event(r#"{"choices":[{"index":0,"delta":{"role":"assistant","content":"a"}}]}"#),
        event(
            r#"{"choices":[{"delta":{"content":[{"type":"reasoning","text":"no"},{"type":"text","text":"b"}]},"finish_reason":"stop"}]}"#,
        ),
    ];
    assert_eq!(every_way(&stream.concat(), completions).1, "ab");
}

#[test]
fn tgi_ends_with_the_whole_text_and_skips_special_tokens() {
    let stream = "data:{\"index\":1,\"token\":{\"id\":15,\"text\":\"Hi\",\"special\":false},\"generated_text\":null}\n\n\
                  : alive\n\
                  data:{\"index\":2,\"token\":{\"id\":0,\"text\":\"</s>\",\"special\":true},\"generated_text\":\"Hi\"}\n\n\
                  data: after\n\n";
    let (events, words, end, whole) = every_way(stream, tgi);
    assert_eq!((events.len(), words.as_str(), end), (2, "Hi", Ok(Ending::default())));
    assert!(whole.unwrap().contains("\"generated_text\":\"Hi\""));
    let first = stream.split_once(": alive").unwrap().0;
    let (.., end, _) = every_way(first, tgi);
    assert_eq!(end.unwrap_err(), (ErrorKind::Truncated, Some(r#"{"generated_text":"Hi"}"#.to_owned())));
    let error = "data:{\"error\":\"Request failed during generation\",\"error_type\":\"overloaded\"}\n\n";
    let (.., end, _) = every_way(&(first.to_owned() + error), tgi);
    assert_eq!(end.unwrap_err().0, ErrorKind::TooManyRequests);
}

#[test]
fn an_answer_in_place_of_a_stream_becomes_its_events() {
    for (whole, words) in [(r#"[{"generated_text":"all"}]"#, "all"), (r#"{"generated_text":"all"}"#, "all")] {
        let mut reading = Reading::new(tgi());
        let mut said = String::new();
        for event in reading.as_events(whole) {
            reading.push(Raw::parse(&event).unwrap(), &mut said).unwrap();
        }
        assert_eq!((said.as_str(), reading.verdict().is_some()), (words, true));
    }
}

#[test]
fn e20_e22_e28_what_is_no_event_of_the_stream() {
    let good = event(r#"{"choices":[{"index":0,"text":"a"}]}"#);
    for (bad, kind) in [
        ("data: [DONE]x\n\n", ErrorKind::Decode),
        ("data: [\"DONE\"]\n\n", ErrorKind::Decode),
        ("data: {\"choices\":[{\"ind\n\n", ErrorKind::Decode),
        ("data: {\"choices\":[{\"index\":200}]}\n\n", ErrorKind::Decode),
        ("event: error\ndata: x\n\n", ErrorKind::InternalError),
        ("data: {\"error\":{\"message\":\"x\",\"code\":429}}\n\n", ErrorKind::TooManyRequests),
    ] {
        let (events, _, end, _) = every_way(&(good.clone() + bad + &good), completions);
        let (found, partial) = end.unwrap_err();
        assert_eq!((events.len(), found), (1, kind), "{bad}");
        assert!(partial.unwrap().contains("\"text\":\"a\""), "{bad}");
    }
    let mut decoder = SseDecoder::new();
    decoder.feed(b": hello\ndata: secret{\n\n");
    let event = decoder.next_event().unwrap().unwrap();
    let fault = Reading::new(marked()).take(&event, &event.text(), &mut String::new()).unwrap_err();
    assert!(fault.message().starts_with("Event 1 of the stream, at byte 8, cannot be read: "), "{fault}");
    assert!(!fault.message().contains("secret"));
}

#[test]
fn f5_a_break_counts_only_before_the_answer_is_whole() {
    let lost = || Error::new(ErrorKind::Connect, "The connection broke.");
    let mut reading = Reading::new(completions());
    let chunk = r#"{"choices":[{"index":0,"text":"a","finish_reason":"stop"}]}"#;
    reading.push(Raw::parse(chunk).unwrap(), &mut String::new()).unwrap();
    reading.end(End::Broken(lost()));
    assert!(reading.verdict().unwrap().as_ref().unwrap().broken_after_end);
    reading.end(End::Done);
    assert!(reading.verdict().unwrap().as_ref().unwrap().broken_after_end, "the first end stands");
    let mut reading = Reading::new(completions());
    reading.push(Raw::parse(chunk).unwrap(), &mut String::new()).unwrap();
    assert!(!reading.ends_soon(), "other choices may follow");
    reading.end(End::Broken(Error::new(ErrorKind::DeadlineExceeded, "Nothing came.")));
    let ending = *reading.verdict().unwrap().as_ref().unwrap();
    assert_eq!((ending.silent_after_end, ending.broken_after_end), (true, false));
    let mut reading = Reading::new(completions());
    reading.end(End::Broken(lost()));
    assert_eq!(reading.take_failure().unwrap().kind(), ErrorKind::Connect);
}

#[test]
fn p18_a_stream_that_says_too_much_is_an_error() {
    let mut reading = Reading::new(completions());
    let text = "x".repeat(1 << 20);
    let chunk = format!(r#"{{"choices":[{{"index":0,"text":"{text}"}}]}}"#);
    let fault = (0..80).find_map(|_| reading.push(Raw::trusted(&chunk), &mut String::new()).err()).unwrap();
    assert_eq!(fault.kind(), ErrorKind::BodyTooLarge);
}

proptest! {
    #[test]
    fn any_words_come_out_as_they_went_in(words in prop::collection::vec(".{0,12}", 1..8), cut in 0_usize..400) {
        let mut stream = String::new();
        for word in &words {
            let word = crate::wire::json::string(word);
            stream += &event(&format!(r#"{{"choices":[{{"index":0,"text":{word}}}]}}"#));
        }
        stream += "data: [DONE]\n\n";
        let cut = cut.min(stream.len());
        let (events, said, end, _) = hear(&[&stream.as_bytes()[..cut], &stream.as_bytes()[cut..]], completions);
        prop_assert_eq!(said, words.concat());
        prop_assert_eq!(events.len(), words.len());
        prop_assert!(end.unwrap().no_finish_reason);
    }
}
