//! The client over a scripted network.

use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::transport::scripted::{Reply, Scripted};

const TOKEN: &str = "hf_CANARYcanary123";

fn script(replies: impl IntoIterator<Item = Reply>) -> Scripted {
    let network = Scripted::new();
    replies.into_iter().for_each(|reply| network.push(reply));
    network
}

fn hub(network: &Scripted, provider: Provider) -> HubClient {
    let config = HubConfig::new("https://hub.example/hf").unwrap().provider(provider).bill_to("my-org");
    HubClient::with_transport(config, Credentials::token(TOKEN), Arc::new(network.clone())).unwrap()
}

fn sent(network: &Scripted, at: usize) -> Value {
    serde_json::from_slice(network.requests()[at].body.as_deref().unwrap()).unwrap()
}

fn dolly(prompt: &str) -> TextGenerationRequest {
    TextGenerationRequest::new(prompt).model("databricks/dolly-v2-12b")
}

#[test]
fn a_text_comes_from_the_models_own_address() {
    let answer = r#"[{"generated_text":"Hi there","details":{"finish_reason":"eos_token","generated_tokens":3,"seed":null,"tokens":[]}}]"#;
    let network = script([Reply::json(answer).header("x-request-id", "r-1")]);
    let mut request = dolly("Say hi");
    request.details = Some(true);
    let given = network.run(hub(&network, Provider::Auto).text_generation(request)).unwrap().unwrap();
    assert_eq!((given.text.as_str(), given.request_id(), given.attempts()), ("Hi there", Some("r-1"), 1));
    assert_eq!(given.details().unwrap().unwrap().finish_reason.as_deref(), Some("eos_token"));
    assert_eq!(given.raw(), answer);
    let request = &network.requests()[0];
    assert_eq!(request.url, "https://hub.example/hf/hf-inference/models/databricks/dolly-v2-12b");
    let header = |name: &str| request.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    assert_eq!(
        (header("x-hf-bill-to"), header("authorization")),
        (Some("my-org"), Some(format!("Bearer {TOKEN}").as_str()))
    );
    assert_eq!(
        sent(&network, 0),
        json!({"inputs": "Say hi", "parameters": {"return_full_text": false, "details": true}})
    );
}

#[test]
fn an_answer_that_begins_with_the_words_of_the_prompt_is_whole() {
    for provider in [Provider::Auto, Provider::Tgi] {
        let network = script([Reply::json(r#"[{"generated_text":"There is."}]"#)]);
        let given = network.run(hub(&network, provider).text_generation(dolly("The"))).unwrap().unwrap();
        assert_eq!(given.text, "There is.");
    }
}

#[test]
fn a_model_that_is_loading_is_waited_for() {
    let loading = |time: &str| {
        Reply::status(503).bytes(format!(r#"{{"error":"Model a/b is currently loading","estimated_time":{time}}}"#))
    };
    let network = script([loading("90.5"), loading("20.0"), Reply::json(r#"[{"generated_text":"Hi"}]"#)]);
    let given = network.run(hub(&network, Provider::Auto).text_generation(dolly("P"))).unwrap().unwrap();
    assert_eq!((given.text.as_str(), given.attempts()), ("Hi", 3));
    let at = network.sent_at();
    assert!(at[1] >= Duration::from_millis(90_500) && at[1] < Duration::from_secs(93), "{at:?}");
    assert!(at[2] - at[1] >= Duration::from_secs(20), "{at:?}");
}

#[test]
fn the_wait_for_a_model_keeps_the_calls_limits() {
    let network = Scripted::new();
    network.always(Reply::status(503).bytes(r#"{"error":"Model a/b is currently loading","estimated_time":20.0}"#));
    let timeouts = crate::config::Timeouts { total: Some(Duration::from_secs(15)), ..Default::default() };
    let request = dolly("P").options(CallOptions { timeouts, ..CallOptions::default() });
    let error = network.run(hub(&network, Provider::Auto).text_generation(request)).unwrap().unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::TemporarilyUnavailable, 1));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(20)));
}

#[test]
fn l1_l2_refusals_have_kinds_by_their_type_and_never_a_token() {
    for (status, body, kind) in [
        (422, r#"{"error":"Input validation error","error_type":"validation"}"#, ErrorKind::BadRequest),
        (422, r#"{"error":"Template error","error_type":"template_error"}"#, ErrorKind::BadRequest),
        (424, r#"{"error":"Request failed during generation","error_type":"generation"}"#, ErrorKind::InternalError),
        (429, r#"{"error":"Model is overloaded","error_type":"overloaded"}"#, ErrorKind::TooManyRequests),
        (500, r#"{"error":"Incomplete generation","error_type":"incomplete_generation"}"#, ErrorKind::InternalError),
        (503, r#"{"error":"unhealthy","error_type":"healthcheck"}"#, ErrorKind::TemporarilyUnavailable),
        (401, r#"{"error":"Invalid token hf_CANARYcanary123 in header"}"#, ErrorKind::Unauthenticated),
        (400, r#"{"error":["`top_k` must be strictly positive"],"warnings":["w"]}"#, ErrorKind::BadRequest),
        (410, r#"{"error":"https://api-inference.huggingface.co is no longer supported."}"#, ErrorKind::BadRequest),
        (404, "Not Found", ErrorKind::NotFound),
    ] {
        let network = Scripted::new();
        network.always(Reply::status(status).bytes(body));
        let request = dolly("P").options(CallOptions { max_attempts: Some(1), ..CallOptions::default() });
        let error = network.run(hub(&network, Provider::Auto).text_generation(request)).unwrap().unwrap_err();
        assert_eq!(error.kind(), kind, "{body}");
        assert!(!format!("{error} {error:?}").contains("CANARY"), "{error}");
        if status != 404 {
            assert!(!error.message().contains("workspace"), "{error}");
        }
    }
    assert!(!format!("{:?}", hub(&Scripted::new(), Provider::Tgi)).contains("CANARY"));
}

const STREAM: [&str; 3] = [
    "data:{\"index\":1,\"token\":{\"id\":15,\"text\":\"Hi\",\"logprob\":-0.2,\"special\":false},\"generated_text\":null,\"details\":null}\n\n: kept alive\n\n",
    "data:{\"index\":2,\"token\":{\"id\":16,\"text\":\" there\",\"logprob\":-0.2,\"special\":false},\"generated_text\":null,\"details\":null}\n\n",
    "data:{\"index\":3,\"token\":{\"id\":0,\"text\":\"</s>\",\"logprob\":0.0,\"special\":true},\"generated_text\":\"Hi there\",\"details\":{\"finish_reason\":\"eos_token\",\"generated_tokens\":3,\"input_length\":4,\"seed\":null}}\n\n",
];

#[test]
fn a_stream_ends_with_its_whole_text_and_skips_special_tokens() {
    let network = script([Reply::events(STREAM), Reply::events(STREAM)]);
    let hub = hub(&network, Provider::Tgi);
    let words = network.run(async {
        let mut words = hub.text_generation_stream("P").await?.into_words();
        let mut said = String::new();
        while let Some(piece) = words.next().await {
            said.push_str(&piece?);
        }
        Ok::<_, Error>(said)
    });
    assert_eq!(words.unwrap().unwrap(), "Hi there");
    assert_eq!(network.requests()[0].url, "https://hub.example/hf/generate_stream");
    let last = network.run(async {
        let mut stream = hub.text_generation_stream("P").await?;
        let mut last = None;
        while let Some(event) = stream.next().await {
            last = Some(event?);
        }
        Ok::<_, Error>(last)
    });
    let details = last.unwrap().unwrap().unwrap().details.unwrap();
    assert_eq!((details.finish_reason.as_deref(), details.input_length), (Some("eos_token"), Some(4)));
    assert_eq!(network.open(), 0);
}

#[test]
fn e28_f4_a_stream_that_breaks_off_or_fails_is_an_error() {
    let failing = "data:{\"error\":\"Request failed during generation\",\"error_type\":\"generation\"}\n\n";
    for (reads, kind) in [(&STREAM[..2], ErrorKind::Truncated), (&[STREAM[0], failing][..], ErrorKind::InternalError)] {
        let network = script([Reply::events(reads.iter().copied())]);
        let hub = hub(&network, Provider::Tgi);
        let error = network.run(async {
            let mut stream = hub.text_generation_stream("P").await?.into_words();
            while let Some(piece) = stream.next().await {
                piece?;
            }
            Ok::<_, Error>(())
        });
        assert_eq!(error.unwrap().unwrap_err().kind(), kind);
    }
}

#[test]
fn chat_is_the_same_handle_at_another_address() {
    let answer = r#"{"choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}]}"#;
    let network = script([
        Reply::json(answer),
        Reply::status(422).bytes(r#"{"error":"Template error: no template","error_type":"template_error"}"#),
    ]);
    let hub = hub(&network, Provider::Auto);
    let chat = hub.chat("meta-llama/Llama-3.1-8B-Instruct:fastest").unwrap();
    assert_eq!(network.run(chat.invoke("Say hi")).unwrap().unwrap().text(), "Hi");
    assert_eq!(network.requests()[0].url, "https://hub.example/hf/v1/chat/completions");
    let body = json!({"messages": [{"role": "user", "content": "Say hi"}], "model": "meta-llama/Llama-3.1-8B-Instruct:fastest"});
    assert_eq!(sent(&network, 0), body);
    let error = network.run(chat.invoke("Say hi")).unwrap().unwrap_err();
    assert!(error.message().contains("dollyPrompt"), "{error}");
    assert!(hub.chat("a/../b").is_ok(), "the router is told the model in the body");
}

#[test]
fn k14_l2_tokens_and_addresses_that_cannot_be_meant_are_refused() {
    let of = |base: &str, token: &str| {
        HubConfig::new(base)
            .and_then(|config| HubClient::with_transport(config, Credentials::token(token), Arc::new(Scripted::new())))
    };
    assert!(of("http://hub.example", TOKEN).is_err());
    let error = of("https://hub.example", "hf_CANARY canary").unwrap_err();
    assert!(!error.to_string().contains("CANARY"), "{error}");
    assert!(of("http://127.0.0.1:8080", TOKEN).is_ok());
}
