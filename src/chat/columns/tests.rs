//! Columns against plain parsing: the same objects, the same fold, however the stream is cut.

use super::core::{FALSE, LEARNED, NULL, NUMBER, PLAIN, STRING, TRUE};
use super::*;
use proptest::prelude::*;
use serde_json::Value;

/// What JavaScript does with the columns, in Rust.
#[derive(Default)]
struct Reader {
    shapes: std::collections::HashMap<i32, (Value, Vec<usize>)>,
    out: Vec<Value>,
    hits: usize,
}

fn leaf<'a>(value: &'a mut Value, count: &mut usize, wanted: usize) -> Option<&'a mut Value> {
    match value {
        Value::Object(fields) => fields.iter_mut().find_map(|(_, value)| leaf(value, count, wanted)),
        Value::Array(items) => items.iter_mut().find_map(|value| leaf(value, count, wanted)),
        scalar => {
            *count += 1;
            (*count - 1 == wanted).then_some(scalar)
        }
    }
}

impl Reader {
    fn read(&mut self, columns: &ChunkColumns) {
        let text: Vec<u16> = String::from_utf8(columns.text().to_vec()).unwrap().encode_utf16().collect();
        assert_eq!(text.len(), columns.units());
        let slice = |from: usize, to: usize| String::from_utf16(&text[from..to]).unwrap();
        let mut words = columns.table().iter().copied();
        let mut at = 0;
        while let Some(head) = words.next() {
            let mut json = |end: i32| {
                let text = slice(at, end as usize);
                at = end as usize;
                serde_json::from_str::<Value>(&text).unwrap()
            };
            match head {
                PLAIN => self.out.push(json(words.next().unwrap())),
                LEARNED => {
                    let slot = words.next().unwrap();
                    let count = words.next().unwrap();
                    let holes = (0..count).map(|_| words.next().unwrap() as usize).collect();
                    let value = json(words.next().unwrap());
                    self.shapes.insert(slot, (value.clone(), holes));
                    self.out.push(value);
                }
                slot => {
                    self.hits += 1;
                    let (template, holes) = &self.shapes[&slot];
                    let mut value = template.clone();
                    for hole in holes {
                        let word = words.next().unwrap();
                        let filled = match word {
                            NULL => Value::Null,
                            TRUE => Value::Bool(true),
                            FALSE => Value::Bool(false),
                            0..STRING => word.into(),
                            STRING.. => {
                                let end = (word - STRING) as usize;
                                let text = slice(at, end);
                                at = end;
                                text.into()
                            }
                            _ => {
                                let end = (word - NUMBER) as usize;
                                let text = slice(at, end);
                                at = end;
                                serde_json::from_str(&text).unwrap()
                            }
                        };
                        *leaf(&mut value, &mut 0, *hole).unwrap() = filled;
                    }
                    self.out.push(value);
                }
            }
        }
        assert_eq!(at, text.len(), "all text belongs to some event");
    }
}

struct Outcome {
    chunks: Vec<Value>,
    text: String,
    hits: usize,
    partial: Option<String>,
    verdict: Result<Completeness, (ErrorKind, String)>,
}

fn run<'a>(reads: impl IntoIterator<Item = &'a [u8]>, only_text: bool) -> Outcome {
    let mut columns = ChunkColumns::new(1 << 20, if only_text { Mode::Text } else { Mode::Objects });
    let mut reader = Reader::default();
    let mut text = String::new();
    let mut reads = reads.into_iter();
    'stream: loop {
        match reads.next() {
            Some(read) => columns.sse().feed(read),
            None => {
                columns.finish();
                break;
            }
        }
        loop {
            let status = columns.step();
            if only_text {
                assert!(columns.table().is_empty());
                text.push_str(std::str::from_utf8(columns.text()).unwrap());
            } else {
                reader.read(&columns);
            }
            match status {
                Status::More => {}
                Status::Hungry => break,
                Status::Ended => break 'stream,
            }
        }
    }
    let verdict = match columns.verdict().unwrap() {
        Ok(completeness) => Ok(*completeness),
        Err(fault) => Err((fault.kind(), fault.message().to_owned())),
    };
    Outcome { chunks: reader.out, text, hits: reader.hits, partial: columns.partial(), verdict }
}

fn stream(events: &[String]) -> Vec<u8> {
    events.iter().flat_map(|event| format!("data: {event}\n\n").into_bytes()).collect()
}

/// The fold without skeletons.
fn plain_fold(events: &[String]) -> Option<String> {
    let mut accumulator = Accumulator::new();
    for event in events.iter().filter(|event| *event != "[DONE]") {
        accumulator.push_raw(Raw::parse(event).unwrap()).unwrap();
    }
    accumulator.partial()
}

fn agrees(events: &[String], reads: impl IntoIterator<Item = Vec<u8>> + Clone) -> usize {
    let expected: Vec<Value> =
        events.iter().filter(|event| *event != "[DONE]").map(|event| serde_json::from_str(event).unwrap()).collect();
    let reads: Vec<Vec<u8>> = reads.into_iter().collect();
    let outcome = run(reads.iter().map(Vec::as_slice), false);
    assert_eq!(outcome.chunks.len(), expected.len(), "{:?}", outcome.verdict);
    for (mine, theirs) in outcome.chunks.iter().zip(&expected) {
        // as text, so that the order of the keys counts
        assert_eq!(mine.to_string(), theirs.to_string());
    }
    assert_eq!(outcome.partial, plain_fold(events));
    let words = run(reads.iter().map(Vec::as_slice), true);
    assert_eq!(words.partial, outcome.partial);
    assert_eq!(words.verdict, outcome.verdict);
    outcome.hits
}

fn chunk(delta: &str, rest: &str) -> String {
    format!(
        r#"{{"id":"c1","object":"chat.completion.chunk","created":1764000000,"model":"m","choices":[{{"index":0,"delta":{delta},"finish_reason":null}}]{rest}}}"#
    )
}

fn talk() -> Vec<String> {
    let mut events = vec![chunk(r#"{"role":"assistant","content":""}"#, "")];
    for (at, word) in ["Hel", "lo", " \\\"w\\\"", "é\\u00e9", "\\n", "", "😀", "lo", "lo"].iter().enumerate() {
        let usage =
            format!(r#","usage":{{"prompt_tokens":9,"completion_tokens":{at},"ratio":{at}.5,"total_tokens":null}}"#);
        events.push(chunk(&format!(r#"{{"content":"{word}"}}"#), &usage));
    }
    events.push(r#"{"id":"c1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#.into());
    events.push("[DONE]".into());
    events
}

#[test]
fn e1_e25_objects_are_what_parsing_gives_however_cut() {
    let events = talk();
    let bytes = stream(&events);
    assert!(agrees(&events, [bytes.clone()]) >= 6);
    agrees(&events, bytes.chunks(1).map(<[u8]>::to_vec));
    for cut in 0..bytes.len() {
        agrees(&events, [bytes[..cut].to_vec(), Vec::new(), bytes[cut..].to_vec()]);
    }
    let crlf: Vec<u8> = String::from_utf8(bytes).unwrap().replace('\n', "\r\n").into_bytes();
    assert!(agrees(&events, [crlf]) >= 6);
    let words = run([stream(&events).as_slice()], true);
    assert_eq!(words.text, "Hello \"w\"éé\n😀lolo");
    assert_eq!(words.verdict, Ok(Completeness::default()));
}

#[test]
fn e19_e20_e21_e22_e36_the_sentinel_and_what_is_no_json() {
    let good = chunk(r#"{"content":"x"}"#, "");
    let done = run([stream(&[good.clone(), "[DONE]".into(), "[DONE]".into(), "junk".into()]).as_slice()], false);
    assert_eq!((done.chunks.len(), done.verdict.unwrap().no_finish_reason), (1, true));
    for bad in ["[DONE] ", "[DONE]x", r#"["DONE"]"#, &good[..40], "{}{}"] {
        let fault = run([stream(&[good.clone(), bad.into()]).as_slice()], false);
        let (kind, message) = fault.verdict.unwrap_err();
        assert_eq!((fault.chunks.len(), kind), (1, ErrorKind::Decode), "{bad}");
        assert!(!message.contains("DONE"), "no payload in {message}");
        if bad != r#"["DONE"]"# {
            assert!(message.contains("Event 2") && message.contains(&format!("byte {}", good.len() + 8)), "{message}");
        }
        assert!(fault.partial.unwrap().contains("\"x\""));
    }
    let pretty = "data: {\"choices\":\ndata: [{\"index\":0,\"delta\":\ndata: {\"content\":\"E23\"}}]}\n\n";
    assert_eq!(run([pretty.as_bytes()], true).text, "E23");
}

#[test]
fn e28_error_events_come_after_the_good_chunks() {
    for bad in [
        r#"data: {"error_code":"TEMPORARILY_UNAVAILABLE","message":"later"}"#,
        "event: error\ndata: x",
        r#"data: {"error":{"message":"x"}}"#,
    ] {
        let bytes = [stream(&talk()[..8]), bad.as_bytes().to_vec(), b"\n\n".to_vec(), stream(&talk()[8..])].concat();
        let outcome = run([bytes.as_slice()], false);
        assert_eq!(outcome.chunks.len(), 8, "{bad}");
        assert!(outcome.verdict.is_err());
        assert!(outcome.partial.unwrap().contains("Hello"));
    }
}

#[test]
fn f1_f2_f3_f4_the_states_of_an_end() {
    let (text, end) =
        (chunk(r#"{"content":"x"}"#, ""), r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#.to_owned());
    let verdict = |events: &[String]| run([stream(events).as_slice()], false).verdict;
    assert_eq!(verdict(&[text.clone(), end.clone(), "[DONE]".into()]), Ok(Completeness::default()));
    assert_eq!(verdict(&[text.clone(), end]), Ok(Completeness { no_sentinel: true, ..Completeness::default() }));
    assert_eq!(
        verdict(&[text.clone(), "[DONE]".into()]),
        Ok(Completeness { no_finish_reason: true, ..Completeness::default() })
    );
    assert_eq!(verdict(&[text]).unwrap_err().0, ErrorKind::Truncated);
    assert_eq!(verdict(&[]).unwrap_err().0, ErrorKind::Truncated);
}

#[test]
fn f5_a_break_after_the_end_is_complete_with_a_warning() {
    let break_off = |events: &[String], kind| {
        let mut columns = ChunkColumns::new(1 << 20, Mode::Objects);
        columns.sse().feed(&stream(events));
        while columns.step() == Status::More {}
        columns.break_off(Error::new(kind, "x"))
    };
    let end = r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#.to_owned();
    assert!(break_off(std::slice::from_ref(&end), ErrorKind::Connect));
    assert!(!break_off(&[end], ErrorKind::Cancelled));
    assert!(!break_off(&[chunk("{}", "")], ErrorKind::Connect));
}

#[test]
fn h12_hidden_keys_and_h9_lone_surrogates_go_the_plain_way() {
    let mut events = Vec::new();
    for at in 0..12 {
        events.push(format!(r#"{{"choices":[],"__proto__":{{"a":{at}}}}}"#));
        events.push(format!(r#"{{"choices":[],"a":1,"a":{at}}}"#));
        events.push(format!(r#"{{"choices":[],"\u0061":{at}}}"#));
        events.push(format!(r#"{{"choices":[],"z":{at},"1":{at}}}"#));
    }
    let outcome = run([stream(&events).as_slice()], false);
    assert_eq!((outcome.chunks.len(), outcome.hits), (48, 0));
    let mut columns = ChunkColumns::new(1 << 20, Mode::Objects);
    for word in ["a", "b", "c", "\\ud83d", "d"] {
        columns.sse().feed(&stream(&[chunk(&format!(r#"{{"content":"{word}"}}"#), "")]));
        columns.step();
        let plain = columns.table()[0] == PLAIN;
        assert_eq!(plain, word == "\\ud83d", "{word}");
        if plain {
            assert!(columns.text().windows(6).any(|bytes| bytes == b"\\ud83d"), "JavaScript sees the escape");
        }
    }
}

#[test]
fn e16_invalid_utf8_inside_a_known_shape() {
    let line =
        |word: &[u8]| [b"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"", word, b"\"}}]}\n\n"].concat();
    let bytes = [line(b"a"), line(b"b"), line(b"c"), line(b"\xff\xf0\x9f"), line(b"\xed\xa0\x80d")].concat();
    let outcome = run([bytes.as_slice()], false);
    let words: String = outcome.chunks.iter().map(|c| c["choices"][0]["delta"]["content"].as_str().unwrap()).collect();
    assert_eq!(words, String::from_utf8_lossy(b"abc\xff\xf0\x9f\xed\xa0\x80d"));
    assert_eq!(run([bytes.as_slice()], true).text, words);
}

#[test]
fn n_shapes_alternate_and_a_hostile_stream_is_passed_through() {
    let shape = |kind: usize, at: usize| chunk(&format!(r#"{{"content":"{at}"}}"#), &format!(r#","k{kind}":{at}"#));
    let events: Vec<String> = (0..60).map(|at| shape(at % 5, at)).collect();
    assert!(agrees(&events, [stream(&events)]) >= 45);
    let events: Vec<String> = (0..900).map(|at| shape(at, at)).collect();
    agrees(&events, [stream(&events)]);
    let events: Vec<String> = (0..60).map(|at| shape(at % 7, at)).collect();
    agrees(&events, stream(&events).chunks(100).map(<[u8]>::to_vec));
}

#[test]
fn j8_a_step_is_bounded() {
    let mut columns = ChunkColumns::new(1 << 20, Mode::Objects);
    columns.sse().feed(&b"data: {\"choices\":[]}\n\n".repeat(2000));
    let mut steps = 0;
    while columns.step() == Status::More {
        steps += 1;
        assert!(columns.table().len() <= 3 * STEP_EVENTS);
    }
    assert_eq!(steps, 3);
}

/// Deltas of every kind the fold knows, in every mixture.
fn event() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just("a".to_owned()),
        Just("é".to_owned()),
        Just("\\n".to_owned()),
        Just(String::new()),
        Just("b\\\"".to_owned()),
        Just("@".to_owned()),
        Just("@".to_owned()),
        Just("@\\u00e9".to_owned()),
    ];
    let delta = (0..14_u8, word.clone(), word).prop_map(|(kind, a, b)| match kind {
        0..4 => format!(r#"{{"content":"{a}"}}"#),
        4 => r#"{"role":"assistant","content":null}"#.to_owned(),
        5 => format!(r#"{{"role":"assistant","content":"{a}"}}"#),
        6 => format!(r#"{{"reasoning_content":"{a}","content":"{b}"}}"#),
        7 => format!(r#"{{"content":[{{"type":"reasoning","summary":[{{"type":"summary_text","text":"{a}","signature":""}}]}}]}}"#),
        8 => format!(r#"{{"content":[{{"type":"text","text":"{a}"}}]}}"#),
        9 => format!(r#"{{"tool_calls":[{{"index":1,"id":"t1","type":"function","function":{{"name":"f","arguments":"{a}"}}}}]}}"#),
        10 => format!(r#"{{"tool_calls":[{{"index":1,"function":{{"arguments":"{a}"}}}},{{"index":0,"function":{{"arguments":"{b}"}}}}]}}"#),
        11 => format!(r#"{{"tool_calls":[{{"index":1,"function":{{"arguments":"{a}"}}}}]}}"#),
        12 => format!(r#"{{"content":"{a}","extra":"{b}"}}"#),
        _ => format!(r#"{{"content":[{{"type":"reasoning","summary":[{{"type":"summary_text","text":"{a}","signature":"{b}"}}]}},{{"type":"image","x":"{a}"}}]}}"#),
    });
    let finish = prop_oneof![30 => Just("null"), 1 => Just("\"stop\""), 1 => Just("7")];
    let logprobs = prop_oneof![10 => Just("null"), 1 => Just(r#"{"content":[{"token":"x","logprob":-0.5}]}"#)];
    let rest = (0..6_u8, 0..5_u32).prop_map(|(kind, n)| match kind {
        0..3 => String::new(),
        3 => format!(r#","usage":{{"completion_tokens":{n},"total_tokens":null,"x":{n}.25e1}}"#),
        4 => format!(r#","obfuscation":"{n}""#),
        _ => r#","usage":null"#.to_owned(),
    });
    (0..3_u8, delta, finish, logprobs, rest, 0..8_u8).prop_map(|(choice, delta, finish, logprobs, rest, id)| {
        let choice = choice / 2;
        let id = id / 7;
        format!(r#"{{"id":"c{id}","model":"m","choices":[{{"index":{choice},"delta":{delta},"finish_reason":{finish},"logprobs":{logprobs}}}]{rest}}}"#)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]
    #[test]
    fn g1_f11_any_stream_gives_the_objects_and_the_fold_of_plain_parsing(
        pool in prop::collection::vec(event(), 1..8),
        picks in prop::collection::vec((any::<prop::sample::Index>(), "[a-zé ]{0,9}"), 1..40),
        size in 1..400_usize,
    ) {
        // the same shapes with other words, so that holes are met
        let events: Vec<String> = picks.iter().map(|(pick, word)| pick.get(&pool).replace('@', word)).collect();
        agrees(&events, stream(&events).chunks(size).map(<[u8]>::to_vec));
    }

    #[test]
    fn h14_no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), size in 1..50_usize, text: bool) {
        run(bytes.chunks(size), text);
        let lines = [&stream(&talk()[..5]), bytes.as_slice()].concat();
        run(lines.chunks(size), text);
    }
}
