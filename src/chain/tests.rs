//! Chains over a scripted transport: what is asked, what streams, what an error says.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::*;
use crate::agents::{ChatAgent, Responses};
use crate::auth::Credentials;
use crate::chat::{Chat, Message};
use crate::completions::{Completions, Target};
use crate::config::{Config, Timeouts};
use crate::prompts::{ChatPromptTemplate, MessageTemplate, MessagesPlaceholder, PromptTemplate, PromptValues};
use crate::sender::Sender;
use crate::transport::Transport;
use crate::transport::scripted::{Reply, Scripted};

const END: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";

fn word(text: &str) -> String {
    let content = crate::wire::json::string(text);
    format!(
        "data: {{\"id\":\"c\",\"choices\":[{{\"index\":0,\"delta\":{{\"content\":{content}}},\"finish_reason\":null}}]}}\n\n"
    )
}

fn streamed(words: &[&str]) -> Reply {
    let mut reads: Vec<String> = words.iter().map(|text| word(text)).collect();
    reads.push(END.to_owned());
    Reply::events(reads.iter().map(String::as_str))
}

fn whole(text: &str) -> Reply {
    let content = crate::wire::json::string(text);
    Reply::json(&format!(
        r#"{{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{{"index":0,"message":{{"role":"assistant","content":{content}}},"finish_reason":"stop"}}]}}"#
    ))
}

fn sender(network: &Scripted) -> Sender {
    Sender::new(Config::new("x.example").unwrap(), Credentials::token("t"), Arc::new(network.clone())).unwrap()
}

fn chat(network: &Scripted) -> Chat {
    Chat::new(sender(network), "e".into())
}

fn prompt() -> ChatPromptTemplate {
    ChatPromptTemplate::from_messages([("system", "Be brief."), ("human", "{question}")]).unwrap()
}

fn asked(network: &Scripted, at: usize) -> serde_json::Value {
    serde_json::from_slice(network.requests()[at].body.as_ref().unwrap()).unwrap()
}

#[test]
fn prompt_chat_and_parser_in_one_line() {
    let network = Scripted::new();
    network.push(whole("A lake."));
    let chain = prompt().pipe(chat(&network)).pipe(StrOutputParser);
    let text = network.run(chain.invoke([("question", "What is {it}?")])).unwrap().unwrap();
    assert_eq!(text, "A lake.");
    assert_eq!(
        asked(&network, 0)["messages"],
        serde_json::json!([{"role": "system", "content": "Be brief."}, {"role": "user", "content": "What is {it}?"}])
    );
}

#[test]
fn words_stream_through_the_chain_and_a_drop_ends_the_answer() {
    let network = Scripted::new();
    network.push(streamed(&["A ", "lake", "."]));
    let chain = prompt().pipe(chat(&network)).pipe(StrOutputParser);
    network
        .run(async {
            let mut words = chain.stream("Why?").await.unwrap();
            assert_eq!(words.next().await.unwrap().unwrap(), "A ");
            assert_eq!(network.open(), 1);
            assert_eq!(words.next().await.unwrap().unwrap(), "lake");
            drop(words);
            assert_eq!(network.open(), 0);
        })
        .unwrap();
    assert_eq!(asked(&network, 0)["stream"], true);
}

#[test]
fn a_chain_that_ends_with_a_chat_streams_its_chunks() {
    let network = Scripted::new();
    network.push(streamed(&["a", "b"]));
    let chain = PromptTemplate::from_template("{x}").unwrap().pipe(chat(&network));
    let chunks = network.run(async { chain.stream("Hi").await.unwrap().collect().await }).unwrap().unwrap();
    assert_eq!(chunks.iter().map(crate::chat::ChatCompletionChunk::text).collect::<String>(), "ab");
}

#[test]
fn completions_stream_through_parsers_too() {
    let network = Scripted::new();
    let event = |text: &str| format!("data: {{\"choices\":[{{\"index\":0,\"text\":\"{text}\"}}]}}\n\n");
    network.push(Reply::events([event("red,").as_str(), event(" green").as_str(), "data: [DONE]\n\n"]));
    let completions = Completions::new(sender(&network), Target::Endpoint("e".into())).with_task("llm/v1/completions");
    let chain = PromptTemplate::from_template("Colours of {thing}:")
        .unwrap()
        .pipe(completions)
        .pipe(CommaSeparatedListOutputParser);
    let items = network.run(async { chain.stream("a flag").await.unwrap().collect().await }).unwrap().unwrap();
    assert_eq!(items, [["red"], ["green"]]);
    assert_eq!(asked(&network, 0)["prompt"], "Colours of a flag:");
    network.push(Reply::status(404));
    let fault = network.run(chain.invoke("x")).unwrap().unwrap_err();
    assert!(fault.message().starts_with("Step 2 (completions `e`): "), "{fault}");
}

#[test]
fn agents_are_steps_whose_words_stream() {
    let network = Scripted::new();
    let options = CallOptions { headers: vec![("x-team".into(), "lakes".into())], ..CallOptions::default() };
    let agent = Responses::new(sender(&network), "a".into());
    let chain = prompt().pipe(agent).pipe(StrOutputParser);
    network.push(Reply::json(
        r#"{"id":"r","object":"response","output":[{"type":"message","id":"m","role":"assistant","content":[{"type":"output_text","text":"A lake."}]}]}"#,
    ));
    assert_eq!(network.run(chain.invoke_with("What?", &options)).unwrap().unwrap(), "A lake.");
    assert!(network.requests()[0].headers.contains(&("x-team".to_owned(), "lakes".to_owned())));
    let messages =
        serde_json::json!([{"role": "system", "content": "Be brief."}, {"role": "user", "content": "What?"}]);
    assert_eq!(asked(&network, 0), serde_json::json!({"input": messages}));
    let delta = |text: &str| {
        format!("data: {{\"type\":\"response.output_text.delta\",\"item_id\":\"m\",\"delta\":\"{text}\"}}\n\n")
    };
    let end = "data: {\"type\":\"response.output_item.done\",\"item\":{\"type\":\"message\",\"id\":\"m\",\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\",\"text\":\"red, green\"}]}}\n\ndata: [DONE]\n\n";
    network.push(Reply::events([delta("red, ").as_str(), delta("green").as_str(), end]));
    let agent = Responses::new(sender(&network), "a".into());
    let list = prompt().pipe(agent).pipe(CommaSeparatedListOutputParser);
    let items = network.run(async { list.stream("x").await.unwrap().collect().await }).unwrap().unwrap();
    assert_eq!(items, [["red"], ["green"]]);
    assert_eq!(asked(&network, 1)["stream"], true);
    network.push(Reply::status(404));
    let fault = network.run(chain.invoke("x")).unwrap().unwrap_err();
    assert!(fault.message().starts_with("Step 2 (responses `a`): "), "{fault}");

    let network = Scripted::new();
    let agent = ChatAgent::new(sender(&network), "b".into());
    let chain = prompt().pipe(agent).pipe(StrOutputParser);
    network.push(Reply::json(r#"{"messages":[{"role":"assistant","id":"m","content":"Hello."}]}"#));
    assert_eq!(network.run(chain.invoke("Hi")).unwrap().unwrap(), "Hello.");
    assert_eq!(asked(&network, 0)["messages"][0]["content"], "Be brief.");
    assert_eq!(asked(&network, 0)["messages"][1]["role"], "user");
    let delta =
        |text: &str| format!("data: {{\"delta\":{{\"role\":\"assistant\",\"id\":\"m\",\"content\":\"{text}\"}}}}\n\n");
    network.push(Reply::events([delta("Hel").as_str(), delta("lo.").as_str(), "data: [DONE]\n\n"]));
    let words = network.run(async { chain.stream("Hi").await.unwrap().collect().await }).unwrap().unwrap();
    assert_eq!(words, ["Hel", "lo."]);
    network.push(Reply::status(404));
    let fault = network.run(chain.invoke("x")).unwrap().unwrap_err();
    assert!(fault.message().starts_with("Step 2 (chat agent `b`): "), "{fault}");
}

#[test]
fn chat_messages_become_what_agents_take() {
    let network = Scripted::new();
    let call = serde_json::json!({"id": "c", "type": "function", "function": {"name": "add", "arguments": "{}"}});
    let history: Vec<Message> = serde_json::from_value(serde_json::json!([
        {"role": "user", "content": [{"type": "text", "text": "2+2"}]},
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c", "content": "4", "name": "add"},
    ]))
    .unwrap();
    network.push(Reply::status(404));
    let chain = Responses::new(sender(&network), "a".into()).pipe(StrOutputParser);
    network.run(chain.invoke(history.clone())).unwrap().unwrap_err();
    assert_eq!(
        asked(&network, 0)["input"],
        serde_json::json!([
            {"role": "user", "content": [{"type": "input_text", "text": "2+2"}]},
            {"type": "function_call", "call_id": "c", "name": "add", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c", "output": "4"},
        ])
    );
    let chain = ChatAgent::new(sender(&network), "b".into()).pipe(StrOutputParser);
    let fault = network.run(chain.invoke(history.clone())).unwrap().unwrap_err();
    assert_eq!(
        (fault.kind(), fault.step()),
        (ErrorKind::InvalidInput, Some(1)),
        "an agent takes no typed parts: {fault}"
    );
    network.push(Reply::status(404));
    network.run(chain.invoke(history[1..].to_vec())).unwrap().unwrap_err();
    let sent = asked(&network, 1)["messages"].clone();
    assert_eq!((&sent[0]["tool_calls"], sent[0].get("content")), (&serde_json::json!([call]), None));
    assert_eq!((&sent[1]["tool_call_id"], &sent[1]["name"]), (&"c".into(), &"add".into()));
}

#[test]
fn long_json_is_looked_at_as_it_grows() {
    let network = Scripted::new();
    let items: Vec<String> = (0..4000).map(|at| format!("item {at}")).collect();
    let text = serde_json::json!({"items": items}).to_string();
    let pieces: Vec<&str> = text.as_bytes().chunks(8).map(|piece| std::str::from_utf8(piece).unwrap()).collect();
    network.push(streamed(&pieces));
    let chain = prompt().pipe(chat(&network)).pipe(JsonOutputParser::<serde_json::Value>::new());
    let values = network.run(async { chain.stream("x").await.unwrap().collect().await }).unwrap().unwrap();
    assert!(pieces.len() > 5000 && (100..1200).contains(&values.len()), "{} values", values.len());
    assert_eq!(values.last().unwrap()["items"], serde_json::json!(items));
}

#[test]
fn json_grows_and_a_list_comes_item_by_item() {
    let network = Scripted::new();
    network.push(streamed(&["```json\n{\"na", "me\": \"A", "nn\", \"age\": 3", "1}\n", "```"]));
    let chain = prompt().pipe(chat(&network)).pipe(JsonOutputParser::<serde_json::Value>::new());
    let values = network.run(async { chain.stream("x").await.unwrap().collect().await }).unwrap().unwrap();
    assert_eq!(
        values,
        [
            serde_json::json!({}),
            serde_json::json!({"name": "A"}),
            serde_json::json!({"name": "Ann"}),
            serde_json::json!({"name": "Ann", "age": 31})
        ]
    );
    network.push(streamed(&["red, gr", "een,\"a", ",b\""]));
    let chain = prompt().pipe(chat(&network)).pipe(CommaSeparatedListOutputParser);
    let items = network.run(async { chain.stream("x").await.unwrap().collect().await }).unwrap().unwrap();
    assert_eq!(items, [["red"], ["green"], ["a,b"]]);
}

#[test]
fn json_is_read_as_a_type_or_is_a_mismatch() {
    #[derive(Debug, serde::Deserialize, PartialEq)]
    struct Person {
        age: u32,
    }
    let network = Scripted::new();
    let chain = prompt().pipe(chat(&network)).pipe(JsonOutputParser::<Person>::new());
    for (text, kind) in [("{\"age\":31}", None), ("{\"age\":\"x\"}", Some(())), ("{\"age\":", Some(()))] {
        network.push(whole(text));
        let outcome = network.run(chain.invoke("x")).unwrap();
        match kind {
            None => assert_eq!(outcome.unwrap(), Person { age: 31 }),
            Some(()) => {
                let fault = outcome.unwrap_err();
                assert_eq!((fault.kind(), fault.step()), (ErrorKind::OutputMismatch, Some(3)));
                assert!(fault.message().starts_with("Step 3 (JsonOutputParser): The model's answer"));
            }
        }
    }
}

#[test]
fn an_error_keeps_its_kind_and_says_which_step_failed() {
    let network = Scripted::new();
    network.push(Reply::status(404).header("x-request-id", "r-1"));
    let chain = prompt().pipe(chat(&network)).pipe(StrOutputParser);
    let fault = network.run(chain.invoke("x")).unwrap().unwrap_err();
    assert_eq!((fault.kind(), fault.step(), fault.request_id()), (ErrorKind::NotFound, Some(2), Some("r-1")));
    assert!(fault.message().starts_with("Step 2 (chat `e`): "), "{fault}");
    let fault = network.run(chain.invoke([("other", "x")])).unwrap().unwrap_err();
    assert_eq!((fault.kind(), fault.step()), (ErrorKind::InvalidInput, Some(1)));
    assert!(fault.message().starts_with("Step 1 (chat prompt): The prompt needs a value for `question`"));
}

#[test]
fn a_stream_that_breaks_off_is_an_error_of_the_model_with_what_came() {
    for parser in [true, false] {
        let network = Scripted::new();
        network.push(Reply::events([word("{\"a\":1").as_str()]));
        let chain = prompt().pipe(chat(&network));
        let fault = network
            .run(async {
                if parser {
                    chain
                        .pipe(JsonOutputParser::<serde_json::Value>::new())
                        .stream("x")
                        .await
                        .unwrap()
                        .collect()
                        .await
                        .err()
                } else {
                    chain.stream("x").await.unwrap().collect().await.err()
                }
            })
            .unwrap()
            .unwrap();
        assert_eq!((fault.kind(), fault.step()), (ErrorKind::Truncated, Some(2)));
        assert!(fault.message().starts_with("Step 2 (chat `e`): "), "{fault}");
        assert!(fault.partial().is_some());
    }
}

#[test]
fn what_a_parser_finds_at_the_end_of_a_stream_is_its_own_error() {
    let network = Scripted::new();
    network.push(streamed(&["{\"a\":"]));
    let chain = prompt().pipe(chat(&network)).pipe(JsonOutputParser::<serde_json::Value>::new());
    let mut pieces = network.run(chain.stream("x")).unwrap().unwrap();
    let items = network.run(async { (pieces.next().await, pieces.next().await, pieces.next().await) }).unwrap();
    assert_eq!(items.0.unwrap().unwrap(), serde_json::json!({}));
    assert_eq!(items.1.unwrap().unwrap_err().step(), Some(3));
    assert!(items.2.is_none());
}

#[test]
fn chains_in_chains_count_on_their_own() {
    let network = Scripted::new();
    network.push(whole("tides"));
    network.push(Reply::status(403));
    let topic =
        PromptTemplate::from_template("Name a topic for {who}.").unwrap().pipe(chat(&network)).pipe(StrOutputParser);
    let joke = PromptTemplate::from_template("A joke about {topic}.").unwrap().pipe(chat(&network));
    let chain = topic.pipe(joke);
    let fault = network.run(chain.invoke("Ann")).unwrap().unwrap_err();
    assert_eq!((fault.kind(), fault.step()), (ErrorKind::PermissionDenied, Some(4)));
    assert!(fault.message().starts_with("Step 4 (chain): Step 2 (chat `e`): "), "{fault}");
    assert_eq!(asked(&network, 1)["messages"][0]["content"], "A joke about tides.");
}

#[test]
fn functions_wait_for_the_whole_and_words_go_on_after_them() {
    let network = Scripted::new();
    network.push(whole("lake"));
    network.push(streamed(&["LAKE", "!"]));
    let shout = from_fn("shout", async |text: String| Ok(text.to_uppercase()));
    let chain =
        prompt().pipe(chat(&network)).pipe(StrOutputParser).pipe(shout).pipe(chat(&network)).pipe(StrOutputParser);
    let words = network.run(async { chain.stream("x").await.unwrap().collect().await }).unwrap().unwrap();
    assert_eq!(words, ["LAKE", "!"]);
    assert_eq!(asked(&network, 0).get("stream"), None);
    assert_eq!(asked(&network, 1)["messages"][0]["content"], "LAKE");
    let failing = from_fn("check", async |_: Vec<Message>| Err::<String, _>(Error::new(ErrorKind::UnknownTool, "No.")));
    let fault = network.run(prompt().pipe(failing).pipe(StrOutputParser).stream("x")).unwrap().unwrap_err();
    assert_eq!((fault.kind(), fault.message()), (ErrorKind::UnknownTool, "Step 2 (check): No."));
}

#[test]
fn parallel_steps_fill_the_next_prompt() {
    let network = Scripted::new();
    network.push(whole("first").after(Duration::from_secs(2)));
    network.push(whole("second").after(Duration::from_secs(1)));
    let one = || prompt().pipe(chat(&network)).pipe(StrOutputParser);
    let chain = Parallel::new()
        .with("a", one())
        .with("b", one())
        .with("question", Passthrough)
        .pipe(PromptTemplate::from_template("{question}: {a}, {b}").unwrap());
    let text = network.run(chain.invoke("Q".to_owned())).unwrap().unwrap();
    assert_eq!(text, "Q: first, second");
    assert_eq!(network.now(), Duration::from_secs(2), "they ran side by side");
}

#[test]
fn the_first_failure_ends_the_other_branches() {
    let network = Scripted::new();
    network.push(Reply::silence());
    network.push(Reply::status(400));
    let one = || prompt().pipe(chat(&network)).pipe(StrOutputParser);
    let chain =
        Parallel::new().with("slow", one()).with("bad", one()).pipe(PromptTemplate::from_template("{slow}").unwrap());
    let fault = network.run(chain.invoke("Q")).unwrap().unwrap_err();
    assert_eq!(fault.kind(), ErrorKind::BadRequest);
    assert!(fault.message().starts_with("Step 1 (parallel): `bad`: Step 2 (chat `e`): "), "{fault}");
    assert_eq!(network.open(), 0);
}

#[test]
fn assign_adds_to_the_values() {
    let network = Scripted::new();
    network.push(whole("Yes."));
    let search = from_fn("search", async |values: PromptValues| Ok(format!("{:?}", values.names())));
    let prompt = ChatPromptTemplate::from_messages([
        MessagesPlaceholder::new("history").into(),
        MessageTemplate::human("{context} {question}"),
    ])
    .unwrap();
    let chain = Assign::new().with("context", search).pipe(prompt).pipe(chat(&network)).pipe(StrOutputParser);
    let values = PromptValues::new().with("question", "Q").with("history", [Message::assistant("Before.")]);
    assert_eq!(network.run(chain.invoke(values)).unwrap().unwrap(), "Yes.");
    assert_eq!(
        asked(&network, 0)["messages"],
        serde_json::json!([
            {"role": "assistant", "content": "Before."},
            {"role": "user", "content": "[\"question\", \"history\"] Q"}
        ])
    );
}

#[test]
fn a_batch_keeps_the_order_and_the_bound() {
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let network = Scripted::new();
    let (now, peak) = (Arc::clone(&running), Arc::clone(&most));
    let transport = network.clone();
    let step = from_fn("wait", move |text: String| {
        let (now, peak, transport) = (Arc::clone(&now), Arc::clone(&peak), transport.clone());
        async move {
            peak.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            transport.sleep(Duration::from_secs(text.len() as u64)).await;
            now.fetch_sub(1, Ordering::SeqCst);
            if text == "bad" { Err(Error::new(ErrorKind::NotFound, "No.")) } else { Ok(text) }
        }
    });
    let chain = PromptTemplate::from_template("{x}").unwrap().pipe(step);
    let results = network.run(chain.batch(["long text", "bad", "a", "b"], 2)).unwrap();
    let texts: Vec<_> = results.iter().map(|result| result.as_deref().unwrap_or("failed")).collect();
    assert_eq!(texts, ["long text", "failed", "a", "b"]);
    assert_eq!(most.load(Ordering::SeqCst), 2);
}

#[test]
fn options_reach_every_call_and_a_requests_own_win() {
    let network = Scripted::new();
    network.push(whole("a"));
    network.push(whole("b"));
    let options = CallOptions { headers: vec![("x-team".into(), "lakes".into())], ..CallOptions::default() };
    let chain = prompt().pipe(chat(&network)).pipe(StrOutputParser).pipe(chat(&network));
    network.run(chain.invoke_with("x", &options)).unwrap().unwrap();
    for request in network.requests() {
        assert!(request.headers.contains(&("x-team".to_owned(), "lakes".to_owned())));
    }
    network.push(Reply::silence());
    let own = CallOptions {
        timeouts: Timeouts { first_byte: Some(Duration::from_secs(5)), ..Timeouts::default() },
        max_attempts: Some(1),
        ..CallOptions::default()
    };
    let request = crate::chat::ChatRequest::from("x").options(own);
    let fault = network.run(chat(&network).pipe(StrOutputParser).invoke_with(request, &options)).unwrap().unwrap_err();
    assert_eq!(fault.kind(), ErrorKind::DeadlineExceeded);
    assert_eq!(network.now(), Duration::from_secs(5));
}

#[test]
fn a_step_without_text_says_so() {
    let network = Scripted::new();
    let prompt = prompt();
    let step: &dyn Step<&str, Output = Vec<Message>, Piece = Vec<Message>> = &prompt;
    assert!(!step.has_words() && !step.takes_words());
    let fault = network.run(step.words("x", &CallOptions::default())).unwrap().unwrap_err();
    assert_eq!(fault.kind(), ErrorKind::InvalidInput);
    let mut pieces = step.read_words(Pieces::once(String::new()));
    assert!(network.run(pieces.next()).unwrap().unwrap().is_err());
}
