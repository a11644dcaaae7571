//! What observers are told.

use std::sync::Mutex;

use super::*;
use crate::auth::Credentials;
use crate::chain::{StrOutputParser, from_fn};
use crate::chat::types::Tool;
use crate::chat::{RunnableTool, ToolLimits};
use crate::client::WorkspaceClient;
use crate::config::Config;
use crate::error::ErrorKind;
use crate::prompts::ChatPromptTemplate;
use crate::transport::scripted::{Reply, Scripted};

/// Writes down what it is told: one line for each start and each end.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<String>>>);

struct Note {
    of: Notes,
    label: String,
}

impl Notes {
    fn write(&self, line: String) {
        self.0.lock().unwrap().push(line);
    }

    fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl Observer for Notes {
    fn start(&self, start: &Start<'_>) -> Option<Arc<dyn Observed>> {
        let parent = start.parent().and_then(|parent| parent.any().downcast_ref::<Note>());
        let label = format!("{} {}", start.kind().as_str(), start.name());
        let around = parent.map_or("nothing", |parent| parent.label.as_str());
        self.write(format!("{label} in {around}: {}", start.inputs()));
        Some(Arc::new(Note { of: self.clone(), label }))
    }

    fn identity(&self) -> usize {
        Arc::as_ptr(&self.0).cast::<()>() as usize
    }
}

impl Observed for Note {
    fn inputs(&self, json: &dyn Fn() -> String) {
        self.of.write(format!("{} <- {}", self.label, json()));
    }

    fn token(&self, text: &str) {
        self.of.write(format!("{} + {text}", self.label));
    }

    fn end(&self, outputs: &dyn Fn() -> String) {
        self.of.write(format!("{} -> {}", self.label, outputs()));
    }

    fn fail(&self, error: &Error) {
        self.of.write(format!("{} failed {:?}", self.label, error.kind()));
    }

    fn leave(&self, outputs: &dyn Fn() -> String) {
        self.of.write(format!("{} left {}", self.label, outputs()));
    }

    fn any(&self) -> &dyn Any {
        self
    }
}

/// Panics whenever it is told something.
struct Clumsy;

impl Observer for Clumsy {
    fn start(&self, _: &Start<'_>) -> Option<Arc<dyn Observed>> {
        panic!("clumsy");
    }

    fn identity(&self) -> usize {
        1
    }
}

const ANSWER: &str = r#"{"id":"1","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"4"},"finish_reason":"stop"}]}"#;

fn client(network: &Scripted) -> WorkspaceClient {
    let config = Config::new("x.example").unwrap();
    WorkspaceClient::with_transport(config, Credentials::token("t"), Arc::new(network.clone())).unwrap()
}

#[test]
fn a_call_tells_what_goes_in_and_what_comes_out() {
    let (network, notes) = (Scripted::new(), Notes::default());
    network.push(Reply::json(ANSWER));
    network.push(Reply::status(404));
    let chat = client(&network).observed_by(notes.clone()).observed_by(Clumsy).chat("e");
    assert_eq!(network.run(chat.invoke("2+2?")).unwrap().unwrap().text(), "4");
    assert!(network.run(chat.invoke("again")).unwrap().is_err());
    let lines = notes.lines();
    assert_eq!(lines[0], r#"CHAT_MODEL e in nothing: {"messages":[{"role":"user","content":"2+2?"}]}"#);
    assert_eq!(lines[1], format!("CHAT_MODEL e -> {ANSWER}"));
    assert_eq!(lines[3], "CHAT_MODEL e failed NotFound");
    assert_eq!(lines.len(), 4);
}

#[test]
fn a_client_that_nobody_watches_tells_nothing() {
    let (network, notes) = (Scripted::new(), Notes::default());
    network.always(Reply::json(ANSWER));
    let plain = client(&network);
    let watched = plain.observed_by(notes.clone());
    network.run(plain.chat("e").invoke("x")).unwrap().unwrap();
    assert_eq!(notes.lines(), [""; 0]);
    network.run(watched.chat("e").invoke("x")).unwrap().unwrap();
    assert_eq!(notes.lines().len(), 2);
}

#[test]
fn a_stream_is_folded_and_one_that_is_left_says_so() {
    let events = [
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"Hel\"}}]}\n\n",
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"lo\"},\"finish_reason\":\"stop\"}]}\n\n",
        "data: [DONE]\n\n",
    ];
    let (network, notes) = (Scripted::new(), Notes::default());
    network.push(Reply::events(events));
    network.push(Reply::events(events));
    network.push(Reply::events([events[0]]).fail(ErrorKind::Connect));
    let chat = client(&network).observed_by(notes.clone()).chat("e");
    network
        .run(async {
            let mut whole = chat.stream("x").await.unwrap().text();
            while let Some(word) = whole.next().await {
                word.unwrap();
            }
            let mut left = chat.stream("x").await.unwrap();
            left.next().await.unwrap().unwrap();
            drop(left);
            let mut broken = chat.stream("x").await.unwrap();
            while let Some(Ok(_)) = broken.next().await {}
        })
        .unwrap();
    let lines = notes.lines();
    let ends: Vec<&String> = lines.iter().filter(|line| !line.contains(" in ") && !line.contains(" + ")).collect();
    assert_eq!(lines.iter().filter(|line| line.contains(" + ")).count(), 4, "{lines:#?}");
    assert!(ends[0].contains("->") && ends[0].contains(r#""content":"Hello""#), "{ends:#?}");
    assert_eq!(ends[1], "CHAT_MODEL e left \"Hel\"");
    assert!(ends[2].starts_with("CHAT_MODEL e failed"), "{ends:#?}");
    assert_eq!(ends.len(), 3);
}

#[test]
fn a_tool_loop_holds_its_calls_and_its_tools() {
    let asks = r#"{"choices":[{"index":0,"message":{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"add","arguments":"{\"a\":1}"}}]},"finish_reason":"tool_calls"}]}"#;
    let (network, notes) = (Scripted::new(), Notes::default());
    for reply in [asks, ANSWER, ANSWER] {
        network.push(Reply::json(reply));
    }
    let client = client(&network).observed_by(notes.clone());
    let inner = client.chat("inner");
    let definition = Tool::function("add", "Adds.", serde_json::from_str(r#"{"type":"object"}"#).unwrap());
    let tool = RunnableTool::new(definition, move |_| {
        let inner = inner.clone();
        // a call that a tool makes belongs to the tool
        async move { inner.invoke("x").await.map(|answer| answer.text()).map_err(|error| error.to_string()) }
    });
    network.run(client.chat("e").run_tools("1+3?", &[tool], ToolLimits::default())).unwrap().unwrap();
    let starts: Vec<String> = notes
        .lines()
        .iter()
        .filter_map(|line| {
            line.split_once(" in ").map(|(label, rest)| format!("{label} in {}", rest.split(':').next().unwrap()))
        })
        .collect();
    assert_eq!(
        starts,
        [
            "AGENT e in nothing",
            "CHAT_MODEL e in AGENT e",
            "TOOL add in AGENT e",
            "CHAT_MODEL inner in TOOL add",
            "CHAT_MODEL e in AGENT e"
        ]
    );
    let lines = notes.lines();
    assert!(lines.iter().any(|line| line == "TOOL add in AGENT e: {\"a\":1}"), "{lines:#?}");
    assert!(lines.iter().any(|line| line == "TOOL add -> 4"), "{lines:#?}");
}

#[test]
fn a_chain_holds_its_steps_and_takes_its_first_steps_inputs() {
    let (network, notes) = (Scripted::new(), Notes::default());
    network.always(Reply::json(ANSWER));
    let prompt = ChatPromptTemplate::from_messages([("human", "{q}")]).unwrap();
    let chat = client(&network).observed_by(notes.clone()).chat("e");
    let chain = prompt.pipe(chat).pipe(StrOutputParser).pipe(from_fn("len", async |text: String| Ok(text.len())));
    assert_eq!(network.run(chain.invoke([("q", "2+2?")])).unwrap().unwrap(), 1);
    let lines = notes.lines();
    let has = |line: &str| assert!(lines.iter().any(|one| one == line), "{line} is not in {lines:#?}");
    has(r#"CHAIN chain <- {"q":"2+2?"}"#);
    has(r#"CHAIN chat prompt <- {"q":"2+2?"}"#);
    has(r#"CHAIN chat prompt -> [{"role":"user","content":"2+2?"}]"#);
    has("CHAIN StrOutputParser -> \"4\"");
    has("CHAIN len in CHAIN chain: \"4\"");
    assert!(lines.iter().any(|line| line.starts_with("CHAT_MODEL e in CHAIN chain")), "{lines:#?}");
    assert_eq!(lines.iter().filter(|line| line.contains(" in ")).count(), 5, "{lines:#?}");
}

#[test]
fn a_streamed_chain_ends_with_its_words() {
    let events = [
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n",
    ];
    let (network, notes) = (Scripted::new(), Notes::default());
    network.push(Reply::events(events));
    let prompt = ChatPromptTemplate::from_messages([("human", "{q}")]).unwrap();
    let chain = prompt.pipe(client(&network).observed_by(notes.clone()).chat("e")).pipe(StrOutputParser);
    let words = network.run(async { chain.stream([("q", "x")]).await?.collect().await }).unwrap().unwrap();
    assert_eq!(words, ["Hi"]);
    let lines = notes.lines();
    assert_eq!(lines.last().unwrap(), "CHAIN chain -> \"Hi\"");
    assert!(lines.iter().any(|line| line.starts_with("CHAT_MODEL e in CHAIN chain")), "{lines:#?}");
}

#[test]
fn spawned_work_takes_its_context_along() {
    let (network, notes) = (Scripted::new(), Notes::default());
    network.always(Reply::json(ANSWER));
    let chat = client(&network).observed_by(notes.clone()).chat("e");
    let around: Arc<dyn Observed> = Arc::new(Note { of: notes.clone(), label: "mine".into() });
    let context = Context::of(Arc::new(notes.clone()), around);
    let spawned = context.clone().within(async { Context::current() });
    let spawned = network.run(spawned).unwrap();
    assert!(Context::current().is_empty(), "the context ends with what is polled");
    network.run(spawned.within(async { chat.invoke("x").await.map(drop) })).unwrap().unwrap();
    network.run(chat.invoke("x")).unwrap().unwrap();
    let lines = notes.lines();
    assert!(lines[0].starts_with("CHAT_MODEL e in mine"), "{lines:#?}");
    assert!(lines[2].starts_with("CHAT_MODEL e in nothing"), "{lines:#?}");
}
