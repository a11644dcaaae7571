//! The scenarios both faces must pass, over the native transport against a running emulator (or a
//! real workspace). `LAKEWIRE_EMULATOR` names it; `npm test` sets it. The JavaScript face runs
//! scenarios of the same names in every runtime: `tests/runtimes/scenarios.mjs`.
#![cfg(feature = "native")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails says so by panicking"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_core::Stream;
use lakewire::agents::ResponseEvent;
use lakewire::auth::{AzureServicePrincipal, Secret, SignIn, Token, TokenFederation};
use lakewire::chat::structured::StructuredMethod;
use lakewire::chat::{ChatParams, ChatRequest, Message, RunnableTool, Tool, ToolLimits};
use lakewire::completions::CompletionParams;
use lakewire::hugging_face::{HubClient, HubConfig, TextGenerationRequest, dolly_answer, dolly_prompt};
use lakewire::sender::CallOptions;
use lakewire::transport::BoxFuture;

use lakewire::{Credentials, ErrorKind, TimeoutPhase, WorkspaceClient};
use serde_json::{Value, json};

const ENDPOINT: &str = "databricks-meta-llama-3-3-70b-instruct";

/// A client of the emulator; without one the scenario says so and passes, since `cargo test` alone
/// has no server. `npm test` always has one, and sets `LAKEWIRE_REQUIRED`.
fn client() -> Option<WorkspaceClient> {
    match std::env::var("LAKEWIRE_EMULATOR") {
        Ok(host) => Some(WorkspaceClient::new(&host, "dapi-emulator").unwrap()),
        Err(_) => {
            assert!(std::env::var_os("LAKEWIRE_REQUIRED").is_none(), "LAKEWIRE_EMULATOR is not set");
            eprintln!("no emulator: start one and set LAKEWIRE_EMULATOR to run this scenario");
            None
        }
    }
}

/// The options that make the emulator misbehave for a call.
fn faulty(what: &Value) -> CallOptions {
    let headers = vec![("x-lakewire-fault".to_owned(), what.to_string())];
    CallOptions { headers, ..CallOptions::default() }
}

fn asked(fault: &Value) -> ChatRequest {
    ChatRequest::from("My name is Ann. What is my name?").options(faulty(fault))
}

async fn next<S: Stream + Unpin>(stream: &mut S) -> Option<S::Item> {
    std::future::poll_fn(|cx| std::pin::Pin::new(&mut *stream).poll_next(cx)).await
}

#[tokio::test]
async fn invoke_gives_text_usage_and_ids() {
    let Some(client) = client() else { return };
    let answer = client.chat(ENDPOINT).invoke("My name is Ann. What is my name?").await.unwrap();
    assert!(answer.text().contains("Ann"), "{}", answer.text());
    assert!(answer.usage.as_ref().unwrap().total_tokens.unwrap() > 0);
    assert_eq!(answer.finish_reason().unwrap().as_str(), "stop");
    assert!(answer.request_id().is_some());
    assert!(answer.served_model_name().is_some());
}

#[tokio::test]
async fn stream_gives_the_words_of_invoke() {
    let Some(client) = client() else { return };
    let chat = client.chat(ENDPOINT).with_defaults(&ChatParams::default().temperature(0.0));
    let whole = chat.invoke("My name is Ann. What is my name?").await.unwrap().text();
    let mut stream = chat.stream("My name is Ann. What is my name?").await.unwrap();
    let mut text = String::new();
    let mut chunks = 0;
    while let Some(chunk) = next(&mut stream).await {
        chunks += 1;
        for choice in &chunk.unwrap().choices {
            if let Some(content) = &choice.delta.content {
                text.push_str(&content.text());
            }
        }
    }
    assert!(chunks > 2);
    assert_eq!(text, whole);
}

#[tokio::test]
async fn f1_final_completion_folds_the_stream() {
    let Some(client) = client() else { return };
    let stream = client.chat(ENDPOINT).stream("Say hello.").await.unwrap();
    let answer = stream.final_completion().await.unwrap();
    assert!(!answer.text().is_empty());
    assert!(answer.usage.as_ref().unwrap().completion_tokens.unwrap() > 0);
}

#[tokio::test]
async fn f4_a_stream_that_breaks_off_is_truncated_with_what_came() {
    let Some(client) = client() else { return };
    let mut stream = client.chat(ENDPOINT).stream(asked(&json!({"end_after_events": 3}))).await.unwrap();
    let mut chunks = 0;
    let error = loop {
        match next(&mut stream).await.unwrap() {
            Ok(_) => chunks += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), ErrorKind::Truncated);
    assert!(chunks > 0 && error.partial().is_some(), "{chunks} chunks came");
}

#[tokio::test]
async fn i2_a_stream_left_early_ends_and_more_calls_go_through() {
    let Some(client) = client() else { return };
    let chat = client.chat(ENDPOINT);
    let mut stream = chat.stream(asked(&json!({"repeat_text": 100_000}))).await.unwrap();
    next(&mut stream).await.unwrap().unwrap();
    drop(stream);
    assert!(chat.invoke("My name is Ann. What is my name?").await.unwrap().text().contains("Ann"));
}

#[tokio::test]
async fn i2_a_call_that_is_given_up_before_its_headers_leaves_the_client_in_use() {
    let Some(client) = client() else { return };
    let chat = client.chat(ENDPOINT);
    let running = chat.invoke(asked(&json!({"stall_before_headers": true})));
    assert!(tokio::time::timeout(Duration::from_millis(30), running).await.is_err());
    assert!(chat.invoke("My name is Ann. What is my name?").await.unwrap().text().contains("Ann"));
}

#[tokio::test]
async fn an_answer_that_does_not_begin_runs_into_its_time_limit() {
    let Some(client) = client() else { return };
    let mut options = faulty(&json!({"stall_before_headers": true}));
    options.timeouts.first_byte = Some(Duration::from_millis(50));
    options.max_attempts = Some(1);
    let error = client.chat(ENDPOINT).invoke(ChatRequest::from("Hi").options(options)).await.unwrap_err();
    assert_eq!((error.kind(), error.phase()), (ErrorKind::DeadlineExceeded, Some(TimeoutPhase::FirstByte)));
}

#[tokio::test]
async fn tools_run_until_the_model_answers() {
    let Some(client) = client() else { return };
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = runs.clone();
    let add = RunnableTool::new(
        Tool::function(
            "add",
            "Adds two numbers.",
            json!({"type": "object", "properties": {"a": {"type": "number"}, "b": {"type": "number"}}, "required": ["a", "b"]}),
        ),
        move |arguments| {
            counted.fetch_add(1, Ordering::Relaxed);
            async move {
                let arguments: Value = serde_json::from_str(&arguments).map_err(|fault| fault.to_string())?;
                Ok((arguments["a"].as_f64().unwrap_or(0.0) + arguments["b"].as_f64().unwrap_or(0.0)).to_string())
            }
        },
    );
    let run = client.chat(ENDPOINT).run_tools("Add 17 and 25.", &[add], ToolLimits::default()).await.unwrap();
    assert_eq!(runs.load(Ordering::Relaxed), 1);
    assert!(run.answer.text().contains("42"), "{}", run.answer.text());
    assert_eq!(run.steps, 2);
    assert_eq!(run.messages.len(), 4);
}

#[tokio::test]
async fn g17_a_failing_and_a_hanging_tool_are_told_to_the_model() {
    let Some(client) = client() else { return };
    let failing = RunnableTool::new(
        Tool::function(
            "add",
            "Adds two numbers.",
            json!({"type": "object", "properties": {"a": {"type": "number"}, "b": {"type": "number"}}}),
        ),
        |_| async { Err("the adder is broken".to_owned()) },
    );
    let run = client.chat(ENDPOINT).run_tools("Add 17 and 25.", &[failing], ToolLimits::default()).await.unwrap();
    assert!(run.messages.iter().any(|message| message.contains("the adder is broken")));
    let hanging = RunnableTool::new(
        Tool::function(
            "add",
            "Adds two numbers.",
            json!({"type": "object", "properties": {"a": {"type": "number"}, "b": {"type": "number"}}}),
        ),
        |_| std::future::pending(),
    );
    let limits = ToolLimits { tool_timeout: Duration::from_millis(50), ..ToolLimits::default() };
    let run = client.chat(ENDPOINT).run_tools("Add 17 and 25.", &[hanging], limits).await.unwrap();
    assert!(run.messages.iter().any(|message| message.contains("did not finish")));
}

#[tokio::test]
async fn structured_output_is_typed_and_checked() {
    #[derive(serde::Deserialize)]
    struct Person {
        name: String,
        age: u32,
    }
    let Some(client) = client() else { return };
    let schema = json!({"title": "person", "type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer"}}, "required": ["name", "age"]});
    for method in [StructuredMethod::JsonSchema, StructuredMethod::FunctionCalling] {
        let chat = client.chat(ENDPOINT).structured_output::<Person>(&schema, method).unwrap();
        let person = chat.invoke("Ann is 31 years old.").await.unwrap();
        assert_eq!(person.value.name, "Ann");
        assert_eq!(person.value.age, 31);
    }
}

#[tokio::test]
async fn batch_keeps_order_and_the_good_ones() {
    let Some(client) = client() else { return };
    let requests: Vec<ChatRequest> = vec![
        "My name is Ann. What is my name?".into(),
        ChatRequest::new([Message::user("x")]).temperature(9.0),
        "My name is Bob. What is my name?".into(),
    ];
    let results = client.chat(ENDPOINT).batch(requests, 2).await;
    assert!(results[0].as_ref().unwrap().text().contains("Ann"));
    assert_eq!(results[1].as_ref().unwrap_err().kind(), ErrorKind::BadRequest);
    assert!(results[2].as_ref().unwrap().text().contains("Bob"));
}

#[tokio::test]
async fn errors_carry_kind_code_and_request_id() {
    let Some(client) = client() else { return };
    let error = client.chat("no-such-endpoint").invoke("Hi").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(error.status(), Some(404));
    assert_eq!(error.error_code(), Some("RESOURCE_DOES_NOT_EXIST"));
    assert!(error.request_id().is_some());
    let host = std::env::var("LAKEWIRE_EMULATOR").unwrap();
    let stranger = WorkspaceClient::new(&host, "dapi-wrong").unwrap();
    let error = stranger.chat(ENDPOINT).invoke("Hi").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert!(!format!("{error:?} {error}").contains("dapi-wrong"));
}

#[tokio::test]
async fn serving_endpoints_are_listed_and_described() {
    let Some(client) = client() else { return };
    let endpoints = client.serving_endpoints().list().await.unwrap();
    assert!(endpoints.iter().any(|endpoint| endpoint.name == ENDPOINT));
    let endpoint = client.serving_endpoints().get(ENDPOINT).await.unwrap();
    assert_eq!(endpoint.task.as_deref(), Some("llm/v1/chat"));
}

#[tokio::test]
async fn an_endpoint_is_made_of_a_secret_waited_for_asked_and_deleted() {
    use lakewire::secrets::{AclPermission, CreateScopeRequest};
    use lakewire::serving_endpoints::{
        AccessControlRequest, CreateEndpointRequest, EndpointConfigInput, EndpointPermissionLevel, ExternalTask,
        OpenAiConfig, OpenAiModel, SecretText, ServedEntityInput,
    };
    let Some(client) = client() else { return };
    let (secrets, endpoints) = (client.secrets(), client.serving_endpoints());
    let suffix = std::process::id();
    let (name, scope) = (format!("conformance-{suffix}"), format!("conformance-{suffix}"));
    secrets.create_scope(&CreateScopeRequest::new(&scope)).await.unwrap();
    let taken = secrets.create_scope(&CreateScopeRequest::new(&scope)).await.unwrap_err();
    assert_eq!(taken.kind(), ErrorKind::ResourceConflict);
    secrets.put(&scope, "openai", "sk-cänary/42").await.unwrap();
    secrets.put_bytes(&scope, "bytes", &[0, 255]).await.unwrap();
    let value = secrets.get(&scope, "openai").await.unwrap();
    assert_eq!(value.expose().unwrap(), "sk-cänary/42");
    assert!(!format!("{value:?}").contains("nary"));
    assert_eq!(secrets.get(&scope, "bytes").await.unwrap().expose_bytes(), [0, 255]);
    let mut keys: Vec<_> = secrets.list(&scope).await.unwrap().into_iter().map(|one| one.key).collect();
    keys.sort();
    assert_eq!(keys, ["bytes", "openai"]);
    secrets.put_acl(&scope, "users", &AclPermission::Read).await.unwrap();
    assert_eq!(secrets.get_acl(&scope, "users").await.unwrap().permission, AclPermission::Read);

    let of = |key: &str| {
        let config = OpenAiConfig::default().openai_api_key(SecretText::reference(&scope, key));
        let model = OpenAiModel::new("gpt-4", ExternalTask::Chat, config);
        let entity = ServedEntityInput::external(model).name("gpt");
        CreateEndpointRequest::new(&name, EndpointConfigInput::new([entity]))
    };
    assert_eq!(endpoints.create(&of("none")).await.unwrap_err().kind(), ErrorKind::BadRequest);
    endpoints.create(&of("openai")).await.unwrap();
    let mut looks = 0;
    let ready = endpoints.wait_until_ready_with(&name, Duration::from_secs(60), |_| looks += 1).await.unwrap();
    assert!(ready.is_ready() && looks > 0);
    assert_eq!(endpoints.create(&of("openai")).await.unwrap_err().kind(), ErrorKind::ResourceConflict);
    let answer = client.chat(&name).invoke("My name is Ann. What is my name?").await.unwrap();
    assert!(answer.text().contains("Ann"), "{}", answer.text());
    let permissions = endpoints.permissions(&name).await.unwrap();
    let may = permissions.update(&[AccessControlRequest::group("users", EndpointPermissionLevel::CanQuery)]).await;
    assert!(format!("{:?}", may.unwrap()).contains("users"));
    endpoints.delete(&name).await.unwrap();
    assert_eq!(endpoints.get(&name).await.unwrap_err().kind(), ErrorKind::NotFound);
    secrets.delete(&scope, "openai").await.unwrap();
    assert_eq!(secrets.get(&scope, "openai").await.unwrap_err().kind(), ErrorKind::NotFound);
    secrets.delete_scope(&scope).await.unwrap();
}

/// The emulator's address; see [`client`].
fn emulator() -> Option<String> {
    client()?;
    std::env::var("LAKEWIRE_EMULATOR").ok()
}

/// What a browser's visit to an address leads to. Plain sockets: the client under test must not judge itself.
async fn visit(url: &str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let (authority, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    // a browser finds the address of this machine that answers
    let mut stream = tokio::net::TcpStream::connect(authority.replace("localhost", "127.0.0.1")).await.unwrap();
    let request = format!("GET /{path} HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let location = answer.lines().find_map(|line| line.strip_prefix("location: ")).map(str::to_owned);
    location.unwrap_or(answer)
}

async fn asks(host: &str, credentials: impl Into<Credentials>) -> lakewire::Result<String> {
    let client = WorkspaceClient::new(host, credentials)?;
    Ok(client.chat(ENDPOINT).invoke("My name is Ann. What is my name?").await?.text())
}

#[tokio::test]
async fn k10_service_principals_sign_in_and_wrong_secrets_do_not() {
    let Some(host) = emulator() else { return };
    assert!(asks(&host, Credentials::oauth_m2m("emulator-client", "emulator-secret")).await.unwrap().contains("Ann"));
    let error = asks(&host, Credentials::oauth_m2m("emulator-client", "CANARY-wrong")).await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::TokenEndpoint, Some(401)));
    assert_eq!(error.error_code(), Some("invalid_client"));
    assert!(!format!("{error} {error:?}").contains("CANARY"));
}

#[tokio::test]
async fn a_principal_of_azure_signs_in() {
    let Some(host) = emulator() else { return };
    let principal = AzureServicePrincipal::new("emulator-client", "emulator-secret")
        .login_endpoint(format!("{host}/aad/"))
        .workspace_resource_id("/subscriptions/1");
    assert!(asks(&host, principal).await.unwrap().contains("Ann"));
}

#[tokio::test]
async fn a_token_of_another_provider_is_exchanged() {
    let Some(host) = emulator() else { return };
    // what the emulator takes for a token of someone else: one of its own
    let subject = || -> BoxFuture<'static, lakewire::Result<Token>> {
        let text = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJwaXBlbGluZSIsImlzcyI6Imh0dHBzOi8vaXNzdWVyLmV4YW1wbGUifQ.c2ln";
        Box::pin(std::future::ready(Ok(Token { value: Secret::new(text), expires_in: None })))
    };
    assert!(asks(&host, TokenFederation::new(subject).client_id("emulator-client")).await.unwrap().contains("Ann"));
}

#[tokio::test]
async fn a_user_signs_in_through_the_browser() {
    let Some(host) = emulator() else { return };
    let (sent, mut opened) = tokio::sync::mpsc::unbounded_channel();
    let sign_in = SignIn::new(&host).unwrap().loopback(move |url| sent.send(url.to_owned()).unwrap());
    let browser = async {
        let back = visit(&opened.recv().await.unwrap()).await;
        visit(&back.replace("?", "/?").replace("//?", "/?")).await
    };
    let (session, page) = tokio::join!(sign_in, browser);
    assert!(page.contains("You can close this page"), "{page}");
    assert!(asks(&host, session.unwrap()).await.unwrap().contains("Ann"));
}

#[tokio::test]
async fn embeddings_are_the_same_in_both_encodings_and_any_batches() {
    use lakewire::embeddings::{EmbeddingParams, EncodingFormat, similarities};
    let Some(client) = client() else { return };
    let texts: Vec<String> = (0..7).map(|at| format!("text {at} of seven")).collect();
    let plain = client.embeddings("team-embeddings").embed_documents(&texts).await.unwrap();
    let bits = client
        .embeddings("team-embeddings")
        .encoding_format(EncodingFormat::Auto)
        .batch_size(3)
        .max_concurrency(2)
        .embed_documents(&texts)
        .await
        .unwrap();
    assert_eq!((plain.len(), plain.dimensions, bits.request_ids.len()), (7, 1024, 3));
    assert_eq!(plain.data, bits.data);
    let bge = client
        .embeddings("databricks-bge-large-en")
        .query_params(EmbeddingParams::new().instruction("Represent this sentence for searching relevant passages:"));
    let documents = bge.embed_documents(["Boats float on water.", "A lakehouse holds tables."]).await.unwrap();
    let alike = similarities(&bge.embed_query("tables of a lakehouse").await.unwrap(), &documents).unwrap();
    assert!(alike[1] > alike[0], "{alike:?}");
}

#[tokio::test]
async fn embeddings_name_the_inputs_that_failed() {
    use lakewire::embeddings::EmbeddingParams;
    let Some(client) = client() else { return };
    let gte = client.embeddings("databricks-gte-large-en");
    let refused = gte.clone().documents_params(EmbeddingParams::new().extra("no_such_field", 1));
    let error = refused.embed_documents(["a", "b"]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadRequest);
    assert!(error.message().starts_with("Input 0 (batch 1 of 1): "), "{error}");
    let error = client.embeddings("no-such-endpoint").embed_query("x").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn text_comes_from_endpoints_of_every_kind_whole_and_streamed() {
    let Some(client) = client() else { return };
    let prompt = "My name is Ann. What is my name?";
    for endpoint in ["text-completions", ENDPOINT, "databricks-gpt-oss-20b", "dolly-v2-12b"] {
        let completions = client.completions(endpoint).with_defaults(&CompletionParams::default().max_tokens(200_u64));
        let given = completions.generate(prompt).await.unwrap();
        assert!(given.text.contains("Ann"), "{endpoint}: {}", given.text);
        assert!(given.request_id().is_some(), "{endpoint}");
        let mut stream = completions.stream(prompt).await.unwrap();
        let mut words = String::new();
        while let Some(piece) = next(&mut stream).await {
            words.push_str(&piece.unwrap());
        }
        assert!(words.contains("Ann"), "{endpoint}: {words}");
    }
}

#[tokio::test]
async fn an_agent_of_responses_answers_streams_and_goes_on() {
    let Some(client) = client() else { return };
    let agent = client.responses("agent-responses");
    let first = agent.invoke("What is 2 + 3?").await.unwrap();
    assert!(first.text().contains('5'), "{}", first.text());
    assert!(first.request_id().is_some());
    assert!(first.tool_calls().is_empty(), "what the agent ran itself is not asked for");
    let mut stream = agent.stream("What is 2 + 3?").await.unwrap();
    let (mut words, mut items) = (String::new(), 0);
    while let Some(event) = stream.next().await {
        let event = event.unwrap();
        words.push_str(event.delta().unwrap_or(""));
        items += usize::from(matches!(event, ResponseEvent::OutputItemDone(_)));
    }
    assert!(!stream.ending().unwrap().no_finish_reason);
    let whole = stream.final_response().await.unwrap();
    assert_eq!((words, items), (whole.text(), whole.output.len()));
    let second = agent.invoke(whole.next_input(["What is 6 * 7?"]).unwrap()).await.unwrap();
    assert!(second.text().contains("42"), "{}", second.text());
}

#[tokio::test]
async fn a_chat_agent_answers_and_streams_the_same_messages() {
    let Some(client) = client() else { return };
    let agent = client.chat_agent("chat-agent");
    let answer = agent.invoke("What is 2 + 3?").await.unwrap();
    assert!(answer.text().contains('5'), "{}", answer.text());
    assert!(answer.request_id().is_some());
    let mut stream = agent.stream("What is 2 + 3?").await.unwrap();
    let mut chunks = 0;
    while let Some(chunk) = stream.next().await {
        chunk.unwrap();
        chunks += 1;
    }
    let ending = stream.ending().unwrap();
    assert!(!ending.no_finish_reason && !ending.silent_after_end && !ending.broken_after_end);
    let whole = stream.final_answer().await.unwrap();
    assert!(chunks >= whole.messages.len());
    assert_eq!((whole.text(), whole.messages.len()), (answer.text(), answer.messages.len()));
}

#[tokio::test]
async fn the_hub_answers_dolly_and_chats() {
    let Some(host) = std::env::var("LAKEWIRE_EMULATOR").ok().filter(|_| client().is_some()) else { return };
    let base = format!("{}/hf", host.trim_end_matches('/'));
    let hub = HubClient::own(&base, "hf_emulator").unwrap();
    let mut request = TextGenerationRequest::new(dolly_prompt("My name is Ann. What is my name?", None));
    request.max_new_tokens = Some(100);
    let given = hub.text_generation(request.clone()).await.unwrap();
    assert!(dolly_answer(&given.text).contains("Ann"), "{}", given.text);
    let mut stream = hub.text_generation_stream(request).await.unwrap().into_words();
    let mut words = String::new();
    while let Some(piece) = next(&mut stream).await {
        words.push_str(&piece.unwrap());
    }
    assert!(dolly_answer(&words).contains("Ann"), "{words}");
    let config = HubConfig::new(&base).unwrap();
    let router = HubClient::with_config(config, "hf_emulator".into()).unwrap();
    let answer =
        router.chat("HuggingFaceTB/SmolLM3-3B").unwrap().invoke("My name is Ann. What is my name?").await.unwrap();
    assert!(answer.text().contains("Ann"), "{}", answer.text());
    let error = router.chat("org/no-such-model").unwrap().invoke("Hi").await.unwrap_err();
    assert!(error.message().contains("provider `tgi`"), "{error}");
}
