//! Lists of texts over a scripted network and its clock.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::client::WorkspaceClient;
use crate::config::{Config, Timeouts};
use crate::error::TimeoutPhase;
use crate::transport::scripted::{Reply, Scripted};
use crate::transport::{BoxFuture, HttpRequest, Response, Transport};

fn embedder(network: &Scripted) -> Embedder {
    embedder_over(network.clone())
}

fn embedder_over(transport: impl Transport) -> Embedder {
    let config = Config::new("https://x.example").unwrap();
    let client = WorkspaceClient::with_transport(config, "dapiCANARY".into(), Arc::new(transport)).unwrap();
    client.embeddings("gte").options(CallOptions { max_attempts: Some(1), ..CallOptions::default() })
}

/// Rows of one number each, and what they cost.
fn rows(values: &[f32]) -> Reply {
    let items: Vec<_> = values
        .iter()
        .enumerate()
        .map(|(index, value)| format!(r#"{{"object":"embedding","index":{index},"embedding":[{value},0.5]}}"#))
        .collect();
    Reply::json(&format!(
        r#"{{"object":"list","model":"gte-1","data":[{}],"usage":{{"prompt_tokens":{},"total_tokens":{}}}}}"#,
        items.join(","),
        values.len(),
        values.len() * 2
    ))
}

fn refusal(status: u16, message: &str) -> Reply {
    Reply::status(status)
        .header("content-type", "application/json")
        .bytes(format!(r#"{{"error_code":"BAD_REQUEST","message":"{message}"}}"#))
}

fn bodies(network: &Scripted) -> Vec<String> {
    network
        .requests()
        .iter()
        .filter_map(|request| request.body.as_deref())
        .map(|body| String::from_utf8_lossy(body).into_owned())
        .collect()
}

fn documents(network: &Scripted, embedder: &Embedder, texts: &[&str]) -> Result<Embeddings> {
    network.run(embedder.embed_documents(texts)).expect("no hang")
}

#[test]
fn a_query_and_documents_have_fields_of_their_own() {
    let network = Scripted::new();
    network.push(rows(&[0.25]));
    network.push(rows(&[1.0, 2.0]).header("x-request-id", "r-2"));
    let embedder = embedder(&network)
        .query_params(EmbeddingParams::new().instruction("Find:"))
        .documents_params(EmbeddingParams::new().user("u").extra("own", true));
    assert_eq!(network.run(embedder.embed_query("say \"hi\"\n")).unwrap().unwrap(), [0.25, 0.5]);
    let found = documents(&network, &embedder, &["a", "b"]).unwrap();
    assert_eq!(found.rows().collect::<Vec<_>>(), [[1.0, 0.5], [2.0, 0.5]]);
    assert_eq!(found.usage, Some(EmbeddingUsage { prompt_tokens: 2, total_tokens: 4 }));
    assert_eq!((found.model.as_deref(), &found.request_ids[..]), (Some("gte-1"), &["r-2".to_owned()][..]));
    assert_eq!(
        bodies(&network),
        [r#"{"input":["say \"hi\"\n"],"instruction":"Find:"}"#, r#"{"input":["a","b"],"user":"u","own":true}"#]
    );
    assert!(
        network.requests().iter().all(|request| request.url == "https://x.example/serving-endpoints/gte/invocations")
    );
}

#[test]
fn without_texts_nothing_is_sent() {
    let network = Scripted::new();
    let found = documents(&network, &embedder(&network), &[]).unwrap();
    assert_eq!((found.len(), found.dimensions, found.usage), (0, 0, None));
    assert_eq!(network.requests().len(), 0);
}

#[test]
fn o6_batches_keep_the_order_of_the_texts_whatever_order_they_end_in() {
    let network = Scripted::new();
    for (place, delay) in [30, 5, 20, 1].into_iter().enumerate() {
        let first = place as f32 * 2.0;
        network.push(rows(&[first, first + 1.0]).after(Duration::from_millis(delay)));
    }
    network.push(rows(&[8.0]));
    let texts: Vec<_> = (0..9).map(|place| place.to_string()).collect();
    let embedder = embedder(&network).batch_size(2);
    let found = network.run(embedder.embed_documents(&texts)).unwrap().unwrap();
    assert_eq!(found.rows().map(|row| row[0]).collect::<Vec<_>>(), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
    assert_eq!(found.usage, Some(EmbeddingUsage { prompt_tokens: 9, total_tokens: 18 }));
    // the fifth batch waits until the first of four has ended
    assert_eq!(network.sent_at().iter().map(Duration::as_millis).collect::<Vec<_>>(), [0, 0, 0, 0, 1]);
}

#[test]
fn texts_are_cut_by_their_bytes_too() {
    let network = Scripted::new();
    network.push(rows(&[0.0]));
    network.push(rows(&[1.0, 2.0]));
    let long = "x".repeat(calls::BATCH_BYTES);
    assert_eq!(documents(&network, &embedder(&network), &[&long, "a", "b"]).unwrap().len(), 3);
}

#[test]
fn a_failure_names_its_inputs_and_stops_what_was_not_sent() {
    let network = Scripted::new();
    network.push(rows(&[0.0, 1.0]));
    network.push(refusal(404, "No such endpoint."));
    let embedder = embedder(&network).batch_size(2).max_concurrency(1);
    let error = documents(&network, &embedder, &["a", "b", "c", "d", "e"]).unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::NotFound, Some(404)));
    assert!(error.message().starts_with("Inputs 2 to 3 (batch 2 of 3): POST "), "{error}");
    assert_eq!(network.requests().len(), 2);
}

#[test]
fn a_failure_leaves_the_other_batches_when_all_are_to_be_settled() {
    let network = Scripted::new();
    network.push(rows(&[0.0, 1.0]));
    network.push(refusal(503, "Busy."));
    network.push(rows(&[4.0]));
    let embedder = embedder(&network).batch_size(2).max_concurrency(1);
    let batches = network.run(embedder.embed_documents_settled(["a", "b", "c", "d", "e"])).unwrap().unwrap();
    let ended: Vec<_> =
        batches.iter().map(|batch| (batch.inputs.clone(), batch.outcome.as_ref().ok().map(Embeddings::len))).collect();
    assert_eq!(ended, [(0..2, Some(2)), (2..4, None), (4..5, Some(1))]);
    assert_eq!(batches[1].outcome.as_ref().unwrap_err().kind(), ErrorKind::TemporarilyUnavailable);
}

#[test]
fn o7_a_refused_batch_is_halved_until_the_input_at_fault_stands_alone() {
    let network = Scripted::new();
    for reply in [refusal(400, "Too long."), rows(&[0.0, 1.0]), refusal(400, "Too long."), refusal(400, "Too long.")] {
        network.push(reply);
    }
    let error = documents(&network, &embedder(&network), &["a", "b", "long", "d"]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadRequest);
    assert!(error.message().starts_with("Input 2 (batch 1 of 1): "), "{error}");
    assert_eq!(
        bodies(&network),
        [
            r#"{"input":["a","b","long","d"]}"#,
            r#"{"input":["a","b"]}"#,
            r#"{"input":["long","d"]}"#,
            r#"{"input":["long"]}"#
        ]
    );
}

#[test]
fn o7_all_but_the_input_at_fault_are_kept_when_settled() {
    let network = Scripted::new();
    for reply in [
        refusal(400, "Too long."),
        rows(&[0.0, 1.0]),
        refusal(400, "Too long."),
        refusal(400, "Too long."),
        rows(&[3.0]),
    ] {
        network.push(reply);
    }
    let embedder = embedder(&network);
    let batches = network.run(embedder.embed_documents_settled(["a", "b", "long", "d"])).unwrap().unwrap();
    let ended: Vec<_> = batches.iter().map(|batch| (batch.inputs.clone(), batch.outcome.is_ok())).collect();
    assert_eq!(ended, [(0..2, true), (2..3, false), (3..4, true)]);
}

#[test]
fn a_batch_above_the_limit_of_the_endpoint_is_sent_in_halves() {
    let network = Scripted::new();
    for reply in [refusal(413, "At most 2."), rows(&[0.0, 1.0]), rows(&[2.0, 3.0])] {
        network.push(reply);
    }
    let found = documents(&network, &embedder(&network), &["a", "b", "c", "d"]).unwrap();
    assert_eq!(found.rows().map(|row| row[0]).collect::<Vec<_>>(), [0.0, 1.0, 2.0, 3.0]);
}

#[test]
fn a_fault_of_every_request_does_not_cost_one_for_every_input() {
    let network = Scripted::new();
    network.always(refusal(400, "Unknown field."));
    let texts = vec!["x"; 64];
    assert!(documents(&network, &embedder(&network), &texts).is_err());
    assert_eq!(network.requests().len(), 7);
    let embedder = embedder(&network);
    let batches = network.run(embedder.embed_documents_settled(&texts)).unwrap().unwrap();
    assert!(batches.iter().all(|batch| batch.outcome.is_err()));
    assert_eq!(batches.iter().map(|batch| batch.inputs.len()).sum::<usize>(), 64);
    assert_eq!(network.requests().len(), 7 + 7 + 24);
    assert!(batches.iter().zip(batches.iter().skip(1)).all(|(one, next)| one.inputs.end == next.inputs.start));
}

/// Refuses each request with an empty text.
#[derive(Debug)]
struct Picky(Scripted);

impl Transport for Picky {
    fn send(&self, request: HttpRequest) -> BoxFuture<'static, Result<Response>> {
        let body: serde_json::Value = serde_json::from_slice(request.body.as_deref().unwrap()).unwrap();
        let texts = body["input"].as_array().unwrap();
        let bad = texts.iter().any(|text| text == "");
        self.0.push(if bad { refusal(400, "Empty.") } else { rows(&vec![1.0; texts.len()]) });
        self.0.send(request)
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.0.sleep(duration)
    }

    fn now(&self) -> Duration {
        self.0.now()
    }

    fn wall_clock(&self) -> Duration {
        self.0.wall_clock()
    }

    fn random(&self) -> f64 {
        self.0.random()
    }
}

/// Embeds texts by a service that refuses each request with an empty one; tells which were embedded, and in how many
/// requests.
fn settled(texts: &[&str], size: usize) -> (Vec<usize>, usize) {
    let network = Scripted::new();
    let embedder = embedder_over(Picky(network.clone())).batch_size(size).max_concurrency(1);
    let batches = network.run(embedder.embed_documents_settled(texts)).unwrap().unwrap();
    assert!(batches.iter().zip(batches.iter().skip(1)).all(|(one, next)| one.inputs.end == next.inputs.start));
    let good = batches.into_iter().filter(|batch| batch.outcome.is_ok()).flat_map(|batch| batch.inputs).collect();
    (good, network.requests().len())
}

#[test]
fn o7_the_good_texts_are_embedded_wherever_those_at_fault_stand() {
    let every_second: Vec<_> = (0..100).step_by(2).collect();
    let places: [&[usize]; 7] = [
        &every_second,
        &[0, 1, 2],
        &[97, 98, 99],
        &[0, 50, 25, 75],
        &[0, 1, 50, 51, 25, 26, 75, 76],
        &[0, 10, 20, 30, 40, 50, 60, 70, 80, 90],
        &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20],
    ];
    for bad in places {
        let texts: Vec<_> = (0..100).map(|at| if bad.contains(&at) { "" } else { "x" }).collect();
        let (good, requests) = settled(&texts, 100);
        assert_eq!(good, (0..100).filter(|at| !bad.contains(at)).collect::<Vec<_>>(), "{bad:?}");
        assert!(requests <= 1 + 14 * bad.len(), "{requests} requests for {bad:?}");
    }
    // a batch in which nothing is good, after one that is: the fault is the texts'
    let texts: Vec<_> = (0..40).map(|at| if at < 20 { "x" } else { "" }).collect();
    assert_eq!(settled(&texts, 20), ((0..20).collect(), 1 + 39));
}

#[test]
fn o6_wrong_counts_and_vectors_of_other_lengths_are_refused() {
    let network = Scripted::new();
    network.push(rows(&[0.0]).header("x-request-id", "r-9"));
    let error = documents(&network, &embedder(&network), &["a", "b"]).unwrap_err();
    assert_eq!((error.kind(), error.request_id(), error.status()), (ErrorKind::Decode, Some("r-9"), Some(200)));
    assert!(error.message().contains("no embedding for input 1"), "{error}");
    network.push(rows(&[0.0]));
    network.push(Reply::json(r#"{"data":[{"index":0,"embedding":[1,2,3]}]}"#));
    let error = documents(&network, &embedder(&network).batch_size(1), &["a", "b"]).unwrap_err();
    assert!(
        error.message().contains("input 1") && error.message().contains("have 3 numbers, those before them 2"),
        "{error}"
    );
}

#[test]
fn a_total_limit_holds_for_all_batches_together() {
    let network = Scripted::new();
    network.always(rows(&[0.0]).after(Duration::from_secs(4)));
    let options = CallOptions {
        timeouts: Timeouts { total: Some(Duration::from_secs(10)), ..Timeouts::default() },
        max_attempts: Some(1),
        ..CallOptions::default()
    };
    let embedder = embedder(&network).batch_size(1).max_concurrency(1).options(options);
    let error = documents(&network, &embedder, &["a", "b", "c", "d"]).unwrap_err();
    assert_eq!((error.kind(), error.phase()), (ErrorKind::DeadlineExceeded, Some(TimeoutPhase::Total)));
    assert!(error.message().starts_with("Input 2 (batch 3 of 4)"), "{error}");
    assert_eq!(network.requests().len(), 3);
}

#[test]
fn base64_is_asked_for_when_said_or_known_and_both_forms_are_read() {
    let base64 = r#"{"data":[{"index":0,"embedding":"AACAPwAAAD8="}]}"#;
    let openai = r#"{"name":"gte","config":{"served_entities":[{"external_model":{"provider":"openai"}}]}}"#;
    let network = Scripted::new();
    for reply in [Reply::json(openai), Reply::json(base64), rows(&[1.0]), rows(&[1.0])] {
        network.push(reply);
    }
    let auto = embedder(&network).encoding_format(EncodingFormat::Auto);
    for embedder in [auto.clone(), auto, embedder(&network).encoding_format(EncodingFormat::Base64)] {
        assert_eq!(network.run(embedder.embed_query("x")).unwrap().unwrap(), [1.0, 0.5]);
    }
    assert_eq!(bodies(&network), [r#"{"input":["x"],"encoding_format":"base64"}"#; 3]);
    assert_eq!(network.requests().len(), 4);
}

#[test]
fn a_description_that_may_not_be_read_asks_for_nothing() {
    let network = Scripted::new();
    let openai = r#"{"config":{"served_entities":[{"external_model":{"provider":"openai"}}]}}"#;
    for reply in [refusal(503, "Busy."), rows(&[1.0]), Reply::json(openai), rows(&[1.0]), rows(&[1.0])] {
        network.push(reply);
    }
    let embedder = embedder(&network).encoding_format(EncodingFormat::Auto);
    for _ in 0..3 {
        assert_eq!(network.run(embedder.embed_query("x")).unwrap().unwrap(), [1.0, 0.5]);
    }
    // and is looked at again, until it was read
    let asked = r#"{"input":["x"],"encoding_format":"base64"}"#;
    assert_eq!(bodies(&network), [r#"{"input":["x"]}"#, asked, asked]);
}

#[test]
fn bounds_of_zero_are_refused() {
    let network = Scripted::new();
    for embedder in [embedder(&network).batch_size(0), embedder(&network).max_concurrency(0)] {
        assert_eq!(documents(&network, &embedder, &["x"]).unwrap_err().kind(), ErrorKind::InvalidInput);
    }
    assert_eq!(network.requests().len(), 0);
}

#[test]
fn i2_dropping_the_call_ends_every_request() {
    let network = Scripted::new();
    network.always(Reply::silence());
    let embedder = embedder(&network).batch_size(1).max_concurrency(3);
    let mut call = Box::pin(embedder.embed_documents(["a", "b", "c", "d"]));
    let waker = std::task::Waker::noop();
    assert!(call.as_mut().poll(&mut std::task::Context::from_waker(waker)).is_pending());
    assert_eq!(network.open(), 3);
    drop(call);
    assert_eq!((network.open(), network.requests().len()), (0, 3));
}
