//! Calls of ours as events: what `observe` tells, in the words of LangChain's handlers.

use super::events::words;
use super::fields::python;
use crate::mlflow::tracing::TokenUsage;
use crate::wire::json::{Raw, push_string, string};

/// An event under way: keys and JSON texts.
struct Event(String);

impl Event {
    fn of(kind: &str) -> Self {
        Self(["{\"event\":", &string(kind)].concat())
    }

    fn set(mut self, key: &str, json: &str) -> Self {
        self.0.push(',');
        push_string(&mut self.0, key);
        self.0.push(':');
        self.0.push_str(if json.is_empty() { "null" } else { json });
        self
    }

    /// `{"name": …, "kind": …}`.
    fn serialized(self, name: &str, kind: &str) -> Self {
        let told = ["{\"name\":", &string(name), ",\"kind\":", &string(kind), "}"].concat();
        self.set("serialized", &told)
    }

    fn end(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

/// The events of a call that begins: its kind in MLflow's words, its name, its inputs as JSON text. `within` says the kind of the
/// call around it.
///
/// Models that chat and models of text are language models; an agent is a chain, unless it is the model of another agent's loop; a
/// search is a retriever; chains and parsers are chains. Embeddings and statements are no events of LangChain's: nothing.
#[must_use]
pub fn begun(kind: &str, name: &str, inputs: &str, within: Option<&str>) -> Vec<String> {
    let value = Raw::parse(inputs).ok();
    let field = |names: &[&str]| names.iter().find_map(|name| value?.get_some(name));
    let event = match kind_of(kind, within) {
        Role::Chat => {
            let said = field(&["messages", "input"]).or(value);
            let messages = match said {
                Some(list) if list.is_array() => list.text().to_owned(),
                Some(text) if text.is_string() => ["[{\"role\":\"user\",\"content\":", text.text(), "}]"].concat(),
                _ => "[]".to_owned(),
            };
            Event::of("chat_model_start").serialized(name, kind).set("messages", &["[", &messages, "]"].concat())
        }
        Role::Text => {
            let prompt = field(&["prompt", "inputs"]).or(value);
            let prompts = match prompt {
                Some(list) if list.is_array() => list.text().to_owned(),
                Some(one) => ["[", &string(&python(one)), "]"].concat(),
                None => "[]".to_owned(),
            };
            Event::of("llm_start").serialized(name, kind).set("prompts", &prompts)
        }
        Role::Chain | Role::Agent => {
            Event::of("chain_start").serialized(name, kind).set("inputs", value.map_or("null", Raw::text))
        }
        Role::Tool => {
            let input = value.map(python).unwrap_or_default();
            Event::of("tool_start").serialized(name, kind).set("input", &string(&input))
        }
        Role::Search => {
            let query = field(&["query", "query_text", "text", "question"]).or(value);
            let query = query.map(python).unwrap_or_default();
            Event::of("retriever_start").serialized(name, kind).set("query", &string(&query))
        }
        Role::None => return Vec::new(),
    };
    vec![event.end()]
}

/// The events of a call that ended: its outputs as JSON text.
#[must_use]
pub fn ended(kind: &str, outputs: &str, within: Option<&str>) -> Vec<String> {
    let value = Raw::parse(outputs).ok();
    let text = value.map_or("null", Raw::text);
    match kind_of(kind, within) {
        Role::Chat | Role::Text => vec![llm_end(value)],
        Role::Chain => vec![Event::of("chain_end").set("outputs", text).end()],
        Role::Agent => {
            let said = value.map(|value| said(value).into_iter().map(|(text, _)| text).collect::<Vec<_>>());
            let output = said.filter(|said| !said.is_empty()).map(|said| string(&said.concat()));
            let output = output.unwrap_or_else(|| text.to_owned());
            let finish = Event::of("agent_finish").set("output", &output).set("log", "\"\"").end();
            vec![finish, Event::of("chain_end").set("outputs", &["{\"output\":", &output, "}"].concat()).end()]
        }
        Role::Tool => vec![Event::of("tool_end").set("output", text).end()],
        Role::Search => vec![Event::of("retriever_end").set("documents", &documents(value)).end()],
        Role::None => Vec::new(),
    }
}

enum Role {
    Chat,
    Text,
    Agent,
    Chain,
    Tool,
    Search,
    None,
}

fn kind_of(kind: &str, within: Option<&str>) -> Role {
    match kind {
        "CHAT_MODEL" => Role::Chat,
        "LLM" => Role::Text,
        "AGENT" if within == Some("AGENT") => Role::Chat,
        "AGENT" => Role::Agent,
        "CHAIN" | "PARSER" => Role::Chain,
        "TOOL" => Role::Tool,
        "RETRIEVER" => Role::Search,
        _ => Role::None,
    }
}

/// The texts of an answer, with why each ended.
fn said(value: Raw<'_>) -> Vec<(String, Option<Raw<'_>>)> {
    if let Some(text) = value.as_str() {
        return vec![(text.into_owned(), None)];
    }
    if let Some(choices) = value.get_some("choices") {
        let one = |choice: Raw<'_>| {
            let content = choice.get("message").and_then(|message| message.get_some("content")).map(words);
            content.or_else(|| choice.get_some("text").map(python)).unwrap_or_default()
        };
        return choices.items().map(|choice| (one(choice), choice.get_some("finish_reason"))).collect();
    }
    // the messages of an agent, or of Responses
    if let Some(list) = value.get_some("messages").or_else(|| value.get_some("output")).filter(|list| list.is_array()) {
        let assistant = |item: &Raw<'_>| item.get("role").and_then(Raw::as_str).is_some_and(|role| role == "assistant");
        let last = list.items().filter(assistant).last().and_then(|item| item.get_some("content"));
        return vec![(last.map(words).unwrap_or_default(), None)];
    }
    // Hugging Face's lists, and what served models predict
    let list = value.get_some("predictions").unwrap_or(value);
    let text = |item: Raw<'_>| match item.get_some("generated_text") {
        Some(text) => python(text),
        None => python(item),
    };
    if list.is_array() { list.items().map(|item| (text(item), None)).collect() } else { vec![(text(list), None)] }
}

fn llm_end(value: Option<Raw<'_>>) -> String {
    let mut generations = String::from("[[");
    for (text, reason) in value.map(said).unwrap_or_default() {
        if generations.len() > 2 {
            generations.push(',');
        }
        generations.push_str("{\"text\":");
        push_string(&mut generations, &text);
        if let Some(reason) = reason {
            generations.push_str(",\"generation_info\":{\"finish_reason\":");
            generations.push_str(reason.text());
            generations.push('}');
        }
        generations.push('}');
    }
    generations.push_str("]]");
    let mut output = Vec::new();
    if let Some(usage) = value.and_then(|value| value.get_some("usage")).and_then(TokenUsage::read) {
        let names = ["prompt_tokens", "completion_tokens", "total_tokens"];
        let counts = [usage.input_tokens, usage.output_tokens, usage.total_tokens];
        let fields: Vec<String> =
            names.iter().zip(counts).map(|(name, count)| [&string(name), ":", &count.to_string()].concat()).collect();
        output.push(["\"token_usage\":{", &fields.join(","), "}"].concat());
    }
    if let Some(model) = value.and_then(|value| value.get_some("model")).filter(|model| model.is_string()) {
        output.push(["\"model_name\":", model.text()].concat());
    }
    let output = ["{", &output.join(","), "}"].concat();
    Event::of("llm_end").set("llm_output", &output).set("generations", &generations).end()
}

/// Documents out of what a search gave.
fn documents(value: Option<Raw<'_>>) -> String {
    let list = value.and_then(|value| if value.is_array() { Some(value) } else { value.get_some("documents") });
    let mut out = String::from("[");
    for item in list.into_iter().flat_map(Raw::items) {
        // with its score, a document stands in a pair or a field
        let document = item.get_some("document").or_else(|| item.at(0)).unwrap_or(item);
        let either = |one: &str, other: &str| document.get_some(one).or_else(|| document.get_some(other));
        let content = either("page_content", "pageContent").or_else(|| document.get_some("text"));
        if out.len() > 1 {
            out.push(',');
        }
        out.push_str("{\"page_content\":");
        out.push_str(&content.map_or_else(|| string(&python(document)), |text| text.text().to_owned()));
        out.push_str(",\"metadata\":");
        out.push_str(document.get_some("metadata").filter(|own| own.is_object()).map_or("{}", Raw::text));
        out.push('}');
    }
    out.push(']');
    out
}
