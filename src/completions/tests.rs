//! The handle over a scripted network.

use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::WorkspaceClient;
use crate::auth::Credentials;
use crate::config::Config;
use crate::transport::scripted::{Reply, Scripted};

fn script(replies: impl IntoIterator<Item = Reply>) -> Scripted {
    let network = Scripted::new();
    replies.into_iter().for_each(|reply| network.push(reply));
    network
}

fn client(network: &Scripted) -> WorkspaceClient {
    let config = Config::new("https://x.example").unwrap();
    WorkspaceClient::with_transport(config, Credentials::token("dapiCANARY"), Arc::new(network.clone())).unwrap()
}

fn sent(network: &Scripted, at: usize) -> Value {
    let body = network.requests()[at].body.clone().unwrap();
    serde_json::from_slice(&body).unwrap()
}

fn described(task: &str) -> Reply {
    Reply::json(&json!({"name": "e", "task": task}).to_string())
}

const TEXT: &str = r#"{"choices":[{"text":" one"},{"text":" two"}],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}"#;

#[test]
fn the_task_is_looked_up_once_and_decides() {
    let network = script([
        described("llm/v1/completions"),
        Reply::json(TEXT).header("x-request-id", "r-1").header("served-model-name", "m-1"),
        Reply::json(TEXT),
    ]);
    let completions = client(&network).completions("e");
    let again = completions.clone();
    let generation = network.run(completions.generate("P")).unwrap().unwrap();
    assert_eq!((generation.text.as_str(), generation.texts.len()), (" one", 2));
    assert_eq!(generation.usage().unwrap().unwrap().total_tokens, Some(7));
    assert_eq!((generation.request_id(), generation.served_model_name()), (Some("r-1"), Some("m-1")));
    assert_eq!(serde_json::from_str::<Value>(generation.raw()).unwrap()["choices"][1]["text"], " two");
    assert_eq!(network.run(again.invoke("Q")).unwrap().unwrap(), " one");
    let urls: Vec<_> = network.requests().iter().map(|request| request.url.clone()).collect();
    assert_eq!(
        urls,
        [
            "https://x.example/api/2.0/serving-endpoints/e",
            "https://x.example/serving-endpoints/e/invocations",
            "https://x.example/serving-endpoints/e/invocations"
        ]
    );
    assert_eq!(sent(&network, 1), json!({"prompt": "P"}));
}

#[test]
fn a_given_task_or_format_is_not_looked_up() {
    let network = script([
        Reply::json(r#"{"choices":[{"message":{"content":[{"type":"text","text":"4"}]}}]}"#),
        Reply::json(r#"{"predictions":["5"]}"#),
    ]);
    let defaults = CompletionParams::default().temperature(0.5).stop(["a"]);
    let chat = client(&network).completions("e").with_task("llm/v1/chat").with_defaults(&defaults);
    assert_eq!(network.run(chat.invoke("P")).unwrap().unwrap(), "4");
    assert_eq!(
        sent(&network, 0),
        json!({"messages": [{"role": "user", "content": "P"}], "temperature": 0.5, "stop": ["a"]})
    );
    let model = client(&network).completions("e").with_input_format(InputFormat::Inputs).with_defaults(&defaults);
    let params = json!({"k": 1}).as_object().cloned().unwrap();
    let mut request = CompletionRequest::new("P").model_params(params);
    request.stop = Some(["b"].into());
    assert_eq!(network.run(model.invoke(request)).unwrap().unwrap(), "5");
    // what the handle sets reaches custom models too
    let expected = json!({"inputs": {"prompt": "P", "temperature": 0.5, "stop": ["b"]}, "params": {"k": 1}});
    assert_eq!(sent(&network, 1), expected);
}

#[test]
fn what_does_not_fit_together_is_refused_before_anything_is_sent() {
    let network = Scripted::new();
    let params = json!({"k": 1}).as_object().cloned().unwrap();
    let endpoint = client(&network).completions("e").with_input_format(InputFormat::Inputs);
    for (completions, says) in [
        (app(&network).with_task("custom"), "`task`"),
        (app(&network).with_input_format(InputFormat::Inputs), "`input_format`"),
        (app(&network).with_model_params(params.clone()), "`params`"),
        (endpoint.clone().with_task("llm/v1/chat"), "leave one of them out"),
    ] {
        let error = network.run(completions.invoke("P")).unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.message().contains(says), "{error}");
    }
    let error = network.run(app(&network).invoke(CompletionRequest::new("P").model_params(params))).unwrap();
    assert_eq!(error.unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(network.run(endpoint.with_task("llama2/chat").kind()).unwrap().unwrap(), Kind::Custom);
    assert_eq!(network.requests().len(), 0);
}

#[test]
fn an_endpoint_of_another_task_is_named() {
    let network = script([described("llm/v1/embeddings")]);
    let error = network.run(client(&network).completions("e").invoke("P")).unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.message().contains("embeddings()"), "{error}");
    let network = script([Reply::status(403).bytes(r#"{"error_code":"PERMISSION_DENIED","message":"No."}"#)]);
    let error = network.run(client(&network).completions("e").invoke("P")).unwrap().unwrap_err();
    assert!(error.message().contains("`task`"), "{error}");
}

#[test]
fn functions_change_requests_and_read_answers() {
    let network = script([Reply::json(r#"{"predictions":[{"out":"hi","score":1}]}"#)]);
    let model = client(&network)
        .completions("e")
        .with_task("custom")
        .with_transform_input(|request: Map<String, Value>| {
            let prompt = request.get("prompt").and_then(Value::as_str).unwrap_or("");
            Ok::<_, std::fmt::Error>(json!({"instruction": format!("<{prompt}>")}))
        })
        .with_transform_output_async(|row: Value| async move {
            row.get("out").and_then(Value::as_str).map(str::to_uppercase).ok_or("no out")
        });
    assert_eq!(network.run(model.invoke("P")).unwrap().unwrap(), "HI");
    assert_eq!(sent(&network, 0), json!({"dataframe_records": [{"instruction": "<P>"}]}));
}

#[test]
fn l2_l8_m5_a_failing_function_is_a_typed_error_that_keeps_its_cause_and_quotes_nothing() {
    let network = Scripted::new();
    let model = client(&network)
        .completions("e")
        .with_task("custom")
        .with_transform_input(|_: Map<String, Value>| Err::<Value, _>("CANARY in the cause"));
    let error = network.run(model.invoke("P")).unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TransformFailed);
    assert!(!error.to_string().contains("CANARY"), "{error}");
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "CANARY in the cause");
    assert!(network.requests().is_empty());
}

fn app(network: &Scripted) -> Completions {
    client(network).completions(DriverProxyApp::new("c-1", 7777).org_id("42").path("gen"))
}

#[test]
fn an_app_is_asked_as_it_is() {
    let network = script([Reply::json("\"hi\"")]);
    let mut request = CompletionRequest::new("Say hi");
    request.stop = Some(["\n"].into());
    assert_eq!(network.run(app(&network).invoke(request)).unwrap().unwrap(), "hi");
    assert_eq!(network.requests()[0].url, "https://x.example/driver-proxy-api/o/42/c-1/7777/gen");
    assert_eq!(sent(&network, 0), json!({"prompt": "Say hi", "stop": ["\n"]}));
}

#[test]
fn d13_an_app_is_asked_once_unless_the_call_says_otherwise() {
    for status in [429, 502, 503, 504] {
        let network = Scripted::new();
        network
            .always(Reply::status(status).header("retry-after", "1").bytes("<html><title>Bad Gateway</title></html>"));
        let error = network.run(app(&network).invoke("P")).unwrap().unwrap_err();
        assert_eq!((network.requests().len(), error.status()), (1, Some(status)));
        assert_eq!(error.message().contains("0.0.0.0"), status != 429, "{error}");
    }
    let network = script([Reply::status(503), Reply::json("\"hi\"")]);
    let request = CompletionRequest::new("P").options(CallOptions { max_attempts: Some(2), ..CallOptions::default() });
    assert_eq!(network.run(app(&network).invoke(request)).unwrap().unwrap(), "hi");
    assert_eq!(network.requests().len(), 2);
}

#[test]
fn an_app_that_does_not_answer_json_is_told_what_to_answer() {
    let network = script([Reply::status(200).bytes("plain words")]);
    let error = network.run(app(&network).invoke("P")).unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(error.message().ends_with("must answer with JSON."), "{error}");
}

#[test]
fn batches_keep_order_and_settle() {
    let network = script([
        Reply::json("\"a\"").after(Duration::from_secs(3)),
        Reply::status(400).bytes("no"),
        Reply::json("\"c\""),
    ]);
    let results = network.run(app(&network).batch(["1", "2", "3"], 2)).unwrap();
    let words: Vec<_> = results.iter().map(|result| result.as_deref().unwrap_or("failed")).collect();
    assert_eq!(words, ["a", "failed", "c"]);
}

#[test]
fn a_batch_looks_the_task_up_once() {
    let network = Scripted::new();
    network.push(described("llm/v1/completions").after(Duration::from_secs(1)));
    network.always(Reply::json(TEXT).after(Duration::from_secs(1)));
    let results = network.run(client(&network).completions("e").batch(["1", "2", "3"], 3)).unwrap();
    assert!(results.iter().all(|result| result.as_deref().is_ok_and(|text| text == " one")));
    assert_eq!(network.requests().len(), 4);
}

fn pieces(network: &Scripted, completions: &Completions) -> (Vec<String>, Option<Error>) {
    let read = async {
        let mut words = Vec::new();
        let mut stream = match completions.stream("P").await {
            Ok(stream) => stream,
            Err(error) => return (words, Some(error)),
        };
        while let Some(piece) = stream.next().await {
            match piece {
                Ok(piece) => words.push(piece),
                Err(error) => return (words, Some(error)),
            }
        }
        (words, None)
    };
    network.run(read).unwrap()
}

#[test]
fn endpoints_that_stream_are_streamed() {
    let network = script([
        Reply::events([
            "data: {\"choices\":[{\"index\":0,\"text\":\"a\"}]}\n\ndata: {\"choices\":[{\"index\":0,",
            "\"text\":\"b\",\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n",
        ]),
        Reply::events(["data: {\"choices\":[{\"index\":0,\"text\":\"a\"}]}\n\n"]),
    ]);
    let completions = client(&network).completions("e").with_task("llm/v1/completions");
    let (words, failure) = pieces(&network, &completions);
    assert_eq!((words.concat().as_str(), failure.is_none()), ("ab", true));
    assert_eq!(sent(&network, 0), json!({"prompt": "P", "stream": true}));
    let (words, failure) = pieces(&network, &completions);
    let failure = failure.unwrap();
    assert_eq!((words.as_slice(), failure.kind()), (&["a".to_owned()][..], ErrorKind::Truncated));
    assert!(failure.partial().unwrap().contains("\"text\":\"a\""));
    assert_eq!(network.open(), 0);
}

#[test]
fn endpoints_that_do_not_stream_give_one_piece() {
    let network = script([Reply::json("\"all at once\""), Reply::json(r#"{"choices":[{"text":"whole"}]}"#)]);
    assert_eq!(pieces(&network, &app(&network)).0, ["all at once"]);
    // an endpoint that was asked to stream and answered whole
    let completions = client(&network).completions("e").with_task("llm/v1/completions");
    assert_eq!(pieces(&network, &completions).0, ["whole"]);
}

#[test]
fn the_workspace_id_comes_from_a_header() {
    let network = script([Reply::json("{}").header("x-databricks-org-id", "77")]);
    assert_eq!(network.run(client(&network).org_id()).unwrap().unwrap(), "77");
}
