//! The decoder against a table of cases, each cut in every way, and against a slow reference.

use super::*;
use proptest::prelude::*;

type Event = (String, String);

fn drain(decoder: &mut SseDecoder, out: &mut Vec<Event>) {
    while let Some(event) = decoder.next_event().unwrap() {
        out.push((event.event.to_owned(), event.text().into_owned()));
    }
}

fn decode<'a>(reads: impl IntoIterator<Item = &'a [u8]>, owned: bool) -> (Vec<Event>, bool) {
    let mut decoder = SseDecoder::new();
    let mut out = Vec::new();
    for read in reads {
        if owned {
            decoder.feed_owned(read.to_vec())
        } else {
            decoder.feed(read)
        }
        drain(&mut decoder, &mut out);
    }
    let done = decoder.finish();
    (out, done)
}

/// The standard, read literally: decode all, split lines, follow the steps.
fn reference(bytes: &[u8]) -> (Vec<Event>, bool) {
    let text = String::from_utf8_lossy(bytes);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut lines: Vec<&str> = text.split('\n').collect();
    let unfinished = lines.pop().unwrap_or("");
    let (mut out, mut data, mut event) = (Vec::new(), None::<String>, String::new());
    let field = |line: &str, data: &mut Option<String>, event: &mut String| {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "data" => match data {
                Some(data) => {
                    data.push('\n');
                    data.push_str(value);
                }
                None => *data = Some(value.to_owned()),
            },
            "event" => *event = value.to_owned(),
            _ => {}
        }
    };
    for line in lines {
        if line.is_empty() {
            if let Some(data) = data.take() {
                out.push((event.clone(), data));
            }
            event.clear();
        } else if !line.starts_with(':') {
            field(line, &mut data, &mut event);
        }
    }
    if !unfinished.is_empty() && !unfinished.starts_with(':') {
        field(unfinished, &mut data, &mut event);
    }
    (out, data.as_deref() == Some("[DONE]"))
}

/// Whole, bytewise, cut in two everywhere, with empty reads between.
fn every_way(bytes: &[u8], expected: &(Vec<Event>, bool)) {
    assert_eq!(&reference(bytes), expected, "the reference on {:?}", String::from_utf8_lossy(bytes));
    for owned in [false, true] {
        let name = || format!("{:?} owned {owned}", String::from_utf8_lossy(bytes));
        assert_eq!(&decode([bytes], owned), expected, "whole {}", name());
        assert_eq!(&decode(bytes.chunks(1), owned), expected, "bytewise {}", name());
        assert_eq!(
            &decode(bytes.chunks(1).flat_map(|c| [&[][..], c, &[]]), owned),
            expected,
            "with empty reads {}",
            name()
        );
        for cut in 0..=bytes.len() {
            let (a, b) = bytes.split_at(cut);
            assert_eq!(&decode([a, b], owned), expected, "cut at {cut} {}", name());
        }
    }
}

fn cases(rows: &[(&[u8], &[&str])]) {
    for (bytes, expected) in rows {
        let events = expected.iter().map(|data| (String::new(), (*data).to_owned())).collect();
        every_way(bytes, &(events, false));
    }
}

#[test]
fn e1_e2_line_ends_in_every_mixture() {
    let ends = ["\n", "\r\n", "\r"];
    for a in ends {
        for b in ends {
            let stream = format!("data: 1{a}{b}data: 2{b}data: 3{a}{b}");
            // CR then LF is one line end, so that pair leaves the event open
            let expected = reference(stream.as_bytes());
            assert_eq!(expected.0.len(), if (a, b) == ("\r", "\n") { 0 } else { 2 });
            every_way(stream.as_bytes(), &expected);
        }
    }
    let mut decoder = SseDecoder::new();
    decoder.feed(b"data: 1\r\r");
    assert!(decoder.next_event().unwrap().is_some(), "the event must not wait for a line feed");
}

#[test]
fn e3_e4_e5_e6_split_utf8_and_byte_order_marks() {
    cases(&[
        ("data: é€😀\n\n".as_bytes(), &["é€😀"]),
        (b"\xef\xbb\xbfdata: 1\n\n", &["1"]),
        (b"\xef\xbb\xbf\xef\xbb\xbfdata: 1\n\ndata: 2\n\n", &["2"]),
        (b"data: 1\n\n\xef\xbb\xbfdata: 2\n\ndata: \xef\xbb\xbf3\n\n", &["1", "\u{feff}3"]),
        (b"\xef\xbb", &[]),
        (b"\xef\xbbdata: 1\n\n", &[]),
    ]);
}

#[test]
fn e7_e8_e9_e10_e11_comments_and_fields() {
    cases(&[
        (b":\n: x\n:\0y\ndata: 1\n:z\n\n:\n", &["1"]),
        (b"data\n\n", &[""]),
        (b"data:\n\n", &[""]),
        (b"data\ndata\n\n", &["\n"]),
        (b"data: a\ndata: b\ndata:\ndata: c\n\n", &["a\nb\n\nc"]),
        (b"data:a\n\ndata: a\n\ndata:  a\n\ndata:\ta\n\n", &["a", "a", " a", "\ta"]),
        (b"Data: 1\n data: 2\ndata\0: 3\nda-ta: 4\nfoo\n\n", &[]),
        (b"data : 1\n\ndatax: 2\n\n:data: 3\n\n", &[]),
        (b"data:a:b\n\n", &["a:b"]),
        (b"\n\n\ndata: 1\n\n\n\n", &["1"]),
        (b"", &[]),
    ]);
}

#[test]
fn e7_a_long_comment_is_not_buffered() {
    let mut decoder = SseDecoder::with_max_event(4096);
    decoder.feed(b":");
    for _ in 0..2048 {
        decoder.feed(&[b'x'; 1024]);
        assert!(decoder.next_event().unwrap().is_none());
        assert!(decoder.buffer.len() <= 4096);
    }
    decoder.feed(b"\ndata: 1\n\n");
    assert_eq!(decoder.next_event().unwrap().unwrap().data, b"1");
}

#[test]
fn e12_e13_event_types() {
    let stream =
        b"event: a\ndata: 1\n\ndata: 2\n\nevent: ping\n\ndata: 3\n\nevent: b\nevent:\ndata: 4\n\ndata: 5\nevent: c\n\n";
    let expected = [("a", "1"), ("", "2"), ("", "3"), ("", "4"), ("c", "5")];
    every_way(stream, &(expected.map(|(e, d)| (e.to_owned(), d.to_owned())).to_vec(), false));
}

#[test]
fn e14_ids_and_retry_dispatch_nothing() {
    cases(&[(b"id: 1\n\nid\n\nretry: 1000\n\nretry: 10x\n\nretry: 99999999999999999999\n\n", &[])]);
    let mut decoder = SseDecoder::new();
    decoder.feed(b"id: 7\nid: 8\0\nretry: 1000\nretry: 10x\nretry: 99999999999999999999\nretry:\n\n");
    assert!(decoder.next_event().unwrap().is_none());
    assert_eq!((decoder.last_event_id(), decoder.retry()), ("7", Some(1000)));
}

#[test]
fn e15_e16_other_separators_are_data_and_invalid_utf8_is_replaced() {
    cases(&[
        (
            "data: a\0b\u{2028}c\u{2029}d\u{85}e\u{b}f\u{c}g\n\n".as_bytes(),
            &["a\0b\u{2028}c\u{2029}d\u{85}e\u{b}f\u{c}g"],
        ),
        (b"data: \xff\n\n", &["\u{fffd}"]),
        (b"data: \xe2\x82\n\n", &["\u{fffd}"]),
        (b"data: \xed\xa0\x80!\n\n", &["\u{fffd}\u{fffd}\u{fffd}!"]),
        (b"data: \xf0\x9f\x98x\xc0\xaf\n\n", &["\u{fffd}x\u{fffd}\u{fffd}"]),
    ]);
}

#[test]
fn e17_e18_what_the_end_leaves_behind() {
    for (bytes, done) in [
        (&b"data: 1\n\ndata: [DONE]\n"[..], true),
        (b"data: 1\n\ndata: [DONE]", true),
        (b"data: 1\n\ndata:[DONE]\r", true),
        (b"data: 1\n\ndata: {\"a\":1}\n", false),
        (b"data: 1\n\ndata: {\"a\":1}", false),
        (b"data: 1\n\ndata: [DON", false),
        (b"data: 1\n\ndata: x\ndata: [DONE]", false),
        (b"data: 1\n\n: [DONE]", false),
    ] {
        every_way(bytes, &(vec![(String::new(), "1".to_owned())], done));
    }
}

#[test]
fn e19_e20_only_the_exact_sentinel_is_one() {
    let done = |bytes: &[u8]| {
        let mut decoder = SseDecoder::new();
        decoder.feed(bytes);
        decoder.next_event().unwrap().unwrap().is_done()
    };
    for yes in [&b"data: [DONE]\n\n"[..], b"data:[DONE]\n\n", b"data: [DONE]\r\n\r\n"] {
        assert!(done(yes));
    }
    for no in [
        &b"data: [DONE] \n\n"[..],
        b"data: [DONE]x\n\n",
        b"data: [\"DONE\"]\n\n",
        b"data: [DONE]\ndata: x\n\n",
        b"data:  [DONE]\n\n",
    ] {
        assert!(!done(no));
    }
}

#[test]
fn e22_events_know_their_place() {
    for size in [1, 3, 1000] {
        let mut decoder = SseDecoder::new();
        let mut places = Vec::new();
        for read in b"\xef\xbb\xbf: c\ndata: 1\n\nevent: x\ndata: 2\ndata: 3\n\n".chunks(size) {
            decoder.feed(read);
            while let Some(event) = decoder.next_event().unwrap() {
                places.push((event.number, event.offset));
            }
        }
        assert_eq!(places, [(1, 7), (2, 25)]);
    }
}

#[test]
fn e24_a_line_over_the_cap_is_a_typed_error_and_memory_stays_near_it() {
    for size in [1, 7, 1000, 100_000] {
        for stream in [
            vec![b'x'; 100_000],
            [b"data: ".to_vec(), vec![b'x'; 50_000], b"\n\n".to_vec()].concat(),
            b"data: 12345678\n".repeat(8000),
        ] {
            let mut decoder = SseDecoder::with_max_event(20_000);
            let mut error = None;
            let mut peak = 0;
            for read in stream.chunks(size) {
                decoder.feed(read);
                peak = peak.max(decoder.buffer.capacity() + decoder.data.capacity());
                match decoder.next_event() {
                    Ok(found) => assert!(found.is_none()),
                    Err(fault) => error = error.or(Some(fault)),
                }
            }
            assert_eq!(error.expect("the cap must be seen").kind(), ErrorKind::EventTooLarge);
            assert!(peak <= 2 * 20_000 + 2 * size + 2 * MIN_WINDOW, "peak {peak} with reads of {size}");
            assert!(decoder.next_event().unwrap().is_none());
        }
    }
    let mut decoder = SseDecoder::with_max_event(20);
    decoder.feed(b"data: 12345678901234\n\n");
    assert!(decoder.next_event().unwrap().is_some(), "a line of just the cap passes");
}

#[test]
fn e25_e27_events_come_one_by_one_and_blank_lines_cost_no_memory() {
    let mut decoder = SseDecoder::new();
    decoder.feed(&b"data: 1\n\n".repeat(100_000));
    assert_eq!(decoder.next_event().unwrap().unwrap().offset, 0);
    assert_eq!(decoder.at, 9, "nothing beyond the first event was looked at");
    let mut decoder = SseDecoder::new();
    for _ in 0..10_000 {
        decoder.feed(&b"\n:x\n\r\n".repeat(100));
        assert!(decoder.next_event().unwrap().is_none());
        assert!(decoder.buffer.len() < 4096);
    }
}

#[test]
fn e26_no_byte_is_searched_twice() {
    // what is counted is the work: how far each search starts behind the end of the data
    let mut decoder = SseDecoder::new();
    decoder.feed(b"data: ");
    assert!(decoder.next_event().unwrap().is_none());
    for _ in 0..100_000 {
        decoder.feed(b"x");
        assert_eq!(decoder.end - decoder.searched, 1);
        assert!(decoder.next_event().unwrap().is_none());
    }
    decoder.feed(b"\n\n");
    assert_eq!(decoder.next_event().unwrap().unwrap().data.len(), 100_000);
}

fn stream_bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"\n".to_vec()),
        Just(b"\r".to_vec()),
        Just(b"\r\n".to_vec()),
        Just(b"data: ".to_vec()),
        Just(b"data".to_vec()),
        Just(b"event: e".to_vec()),
        Just(b":".to_vec()),
        Just(b"[DONE]".to_vec()),
        Just(b"\xef\xbb\xbf".to_vec()),
        Just("é😀".as_bytes().to_vec()),
        prop::collection::vec(any::<u8>(), 0..6),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn e1_to_e18_any_stream_in_any_pieces_is_what_the_reference_says(
        stream in stream_bytes(),
        cuts in prop::collection::vec(0_usize..200, 0..8),
        owned: bool,
    ) {
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(stream.len())).collect();
        cuts.sort_unstable();
        let mut reads = Vec::new();
        let mut from = 0;
        for cut in cuts.into_iter().chain([stream.len()]) {
            reads.push(&stream[from..cut]);
            from = cut;
        }
        prop_assert_eq!(decode(reads, owned), reference(&stream));
    }
}
