//! Events, as LangChain's handler logs them.

use super::counters::Counters;
use super::decimal::measure;
use super::fields::{Fields, indented, joined, python};
use super::readability::text_metrics;
use crate::error::{Error, ErrorKind, Result};
use crate::wire::json::{Raw, push_string, string};

/// What an event logs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Logged {
    /// Lists of metrics, each of which is logged at one time.
    pub metrics: Vec<Vec<(&'static str, f64)>>,
    /// What the tables are made of, as JSON texts.
    pub records: Vec<String>,
    /// Names and texts of files.
    pub files: Vec<(String, String)>,
}

impl Logged {
    fn counted(counters: &Counters) -> Self {
        // counters are far below what an f64 holds exactly
        let values = counters.iter().map(|(name, value)| (name, value as f64)).collect();
        Self { metrics: vec![values], ..Self::default() }
    }

    fn file(&mut self, name: &[&str], text: &str) {
        let pretty = Raw::parse(text).map(indented).unwrap_or_default();
        self.files.push(([&name.concat(), ".json"].concat(), pretty));
    }

    fn one(counters: &Counters, record: &Fields, kind: &str, number: u64) -> Self {
        let mut logged = Self::counted(counters);
        let text = record.to_json();
        logged.file(&[kind, "_", &number.to_string()], &text);
        logged.records.push(text);
        logged
    }
}

/// Counts an event (a JSON text, see [the module](super)) and gives what it logs. `measured` asks for the fifteen text metrics
/// of each generation.
///
/// What is fixed of LangChain's handler: a `serialized` of null does not lose the event, and the number of a generation runs
/// on over the prompts, so that no file writes over another.
///
/// # Errors
/// `InvalidInput` for a text that is no event.
///
/// ```
/// use lakewire::mlflow::callback::log::{Counters, log};
/// let mut counters = Counters::default();
/// let logged = log(&mut counters, r#"{"event":"tool_end","output":{"n":1}}"#, true)?;
/// assert_eq!(counters.get("tool_ends"), 1);
/// assert_eq!(logged.files[0].0, "tool_end_1.json");
/// assert!(logged.records[0].starts_with(r#"{"action":"on_tool_end","output":"{'n': 1}","step":1"#));
/// # Ok::<(), lakewire::Error>(())
/// ```
pub fn log(counters: &mut Counters, event: &str, measured: bool) -> Result<Logged> {
    let event = Raw::parse(event)?;
    let kind = event.get("event").and_then(Raw::as_str).unwrap_or_default();
    let serialized = event.get("serialized");
    let text = |name: &str| event.get_some(name).map(python).unwrap_or_default();
    match &*kind {
        "llm_start" | "chat_model_start" => return Ok(llm_start(counters, event)),
        "llm_end" => return Ok(llm_end(counters, event, measured)),
        _ => {}
    }
    let counted = counted(&kind)?;
    let Some(number) = counted.first() else {
        counters.count(&["errors"]);
        return Ok(Logged::default());
    };
    counters.count(counted);
    let mut record = Fields::of(&["on_", &kind].concat());
    match &*kind {
        "llm_new_token" => record.text("token", &text("token")),
        "chain_end" => record.text("outputs", &joined(event.get("outputs"))),
        "tool_start" => record.text("input_str", &text("input")),
        "tool_end" => record.text("output", &event.get("output").map_or_else(|| "None".to_owned(), python)),
        "text" => record.text("text", &text("text")),
        "agent_action" => {
            record.text("tool", &text("tool"));
            record.set("tool_input", event.get("tool_input").map_or("null", Raw::text));
            record.text("log", &text("log"));
        }
        "agent_finish" => {
            record.set("output", event.get("output").map_or("null", Raw::text));
            record.text("log", &text("log"));
        }
        "retriever_start" => record.text("query", &text("query")),
        "retriever_end" => record.set("documents", &documents(event.get("documents"))),
        _ => {}
    }
    named(&mut record, serialized, event);
    record.counters(counters);
    if kind == "chain_start" {
        record.text("inputs", &joined(event.get("inputs")));
    }
    let file = match &*kind {
        "llm_new_token" => "llm_new_tokens",
        "text" => "on_text",
        other => other,
    };
    Ok(Logged::one(counters, &record, file, counters.get(number)))
}

/// Counts an event as [`log`] does and leaves the rest for later. Gives whether it logs anything by itself: an error goes with what
/// follows it.
///
/// # Errors
/// As [`log`].
pub fn count(counters: &mut Counters, event: &str) -> Result<bool> {
    let event = Raw::parse(event)?;
    let kind = event.get("event").and_then(Raw::as_str).unwrap_or_default();
    let counted = counted(&kind)?;
    counters.count(if counted.is_empty() { &["errors"] } else { counted });
    Ok(!counted.is_empty())
}

/// What an event counts besides `step`, first the counter that numbers its files; nothing for an error.
fn counted(kind: &str) -> Result<&'static [&'static str]> {
    Ok(match kind {
        "error" => &[],
        "llm_start" | "chat_model_start" => &["llm_starts", "starts"],
        "llm_end" => &["llm_ends", "ends"],
        "llm_new_token" => &["llm_streams"],
        "chain_start" => &["chain_starts", "starts"],
        "chain_end" => &["chain_ends", "ends"],
        "tool_start" | "agent_action" => &["tool_starts", "starts"],
        "tool_end" => &["tool_ends", "ends"],
        "text" => &["text_ctr"],
        "agent_finish" => &["agent_ends", "ends"],
        "retriever_start" => &["retriever_starts", "starts"],
        "retriever_end" => &["retriever_ends", "ends"],
        _ => {
            let sentence = ["There is no event `", kind, "` that a callback handler logs."].concat();
            return Err(Error::new(ErrorKind::InvalidInput, sentence));
        }
    })
}

/// What is told of the thing that runs; of one without that, its name.
fn named(record: &mut Fields, serialized: Option<Raw<'_>>, event: Raw<'_>) {
    match serialized {
        Some(told) if told.is_object() => record.flatten(Some(told)),
        _ => {
            if let Some(name) = event.get("name").and_then(Raw::as_str) {
                record.text("name", &name);
            }
        }
    }
}

fn llm_start(counters: &mut Counters, event: Raw<'_>) -> Logged {
    counters.count(&["llm_starts", "starts"]);
    let mut record = Fields::of("on_llm_start");
    named(&mut record, event.get("serialized"), event);
    record.counters(counters);
    let mut prompts: Vec<String> = event.get("prompts").into_iter().flat_map(Raw::items).map(python).collect();
    prompts.extend(event.get("messages").into_iter().flat_map(Raw::items).map(buffer));
    let mut logged = Logged::counted(counters);
    let number = counters.get("llm_starts").to_string();
    for (at, prompt) in prompts.iter().enumerate() {
        let mut own = record.clone();
        own.text("prompt", prompt);
        let text = own.to_json();
        logged.file(&["llm_start_", &number, "_prompt_", &at.to_string()], &text);
        logged.records.push(text);
    }
    logged
}

fn llm_end(counters: &mut Counters, event: Raw<'_>, measured: bool) -> Logged {
    counters.count(&["llm_ends", "ends"]);
    let mut record = Fields::of("on_llm_end");
    record.flatten(event.get("llm_output"));
    record.counters(counters);
    let file = record.to_json();
    let mut logged = Logged::counted(counters);
    let number = counters.get("llm_ends").to_string();
    let generations = event.get("generations").into_iter().flat_map(Raw::items).flat_map(Raw::items);
    for (at, generation) in generations.enumerate() {
        let mut own = record.clone();
        own.flatten(Some(generation));
        if measured {
            let text = generation.get("text").and_then(Raw::as_str).unwrap_or_default();
            let metrics = text_metrics(&text);
            for (name, value) in &metrics {
                own.set(name, &measure(*value));
            }
            logged.metrics.push(metrics.to_vec());
        }
        logged.file(&["llm_end_", &number, "_generation_", &at.to_string()], &file);
        logged.records.push(own.to_json());
    }
    logged
}

/// Documents whose metadata are texts.
fn documents(given: Option<Raw<'_>>) -> String {
    let mut out = String::from("[");
    for document in given.into_iter().flat_map(Raw::items) {
        if out.len() > 1 {
            out.push(',');
        }
        out.push_str("{\"page_content\":");
        out.push_str(document.get("page_content").map_or("\"\"", Raw::text));
        out.push_str(",\"metadata\":{");
        let from = out.len();
        for (key, value) in document.get("metadata").into_iter().flat_map(Raw::fields) {
            if out.len() > from {
                out.push(',');
            }
            push_string(&mut out, &key);
            out.push(':');
            let text = if value.is_array() { joined(Some(value)) } else { python(value) };
            out.push_str(&string(&text));
        }
        out.push_str("}}");
    }
    out.push(']');
    out
}

/// Messages as LangChain gives them to handlers that know prompts alone: `Human: …` lines.
pub(super) fn buffer(messages: Raw<'_>) -> String {
    let mut lines = Vec::new();
    for message in messages.items() {
        let word = message.get("type").or_else(|| message.get("role")).and_then(Raw::as_str).unwrap_or_default();
        let role = match &*word {
            "human" | "user" => "Human",
            "ai" | "assistant" => "AI",
            "system" | "developer" => "System",
            "function" => "Function",
            "tool" => "Tool",
            other => other,
        };
        let calls = message.get_some("tool_calls").filter(|calls| calls.at(0).is_some());
        let content = message.get("content").map(words).unwrap_or_default();
        lines.push([role, ": ", &content, &calls.map(python).unwrap_or_default()].concat());
    }
    lines.join("\n")
}

/// The text of a message's content.
pub(super) fn words(content: Raw<'_>) -> String {
    match content.as_str() {
        Some(text) => text.into_owned(),
        None => content
            .items()
            .filter_map(|part| match part.as_str() {
                Some(text) => Some(text),
                None => part.get("text").and_then(Raw::as_str),
            })
            .collect(),
    }
}
