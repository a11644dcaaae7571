//! One item of a streamed answer, as far as it has come.

use crate::wire::form::push_key;
use crate::wire::json::{Raw, push_string};

/// How many pieces of readable thought one item may hold.
const MAX_SUMMARY: i64 = 255;

/// One item so far.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) id: String,
    pub(super) index: Option<i64>,
    /// What it is, as it began or as deltas made it; empty while only its existence is known.
    pub(super) kind: &'static str,
    /// Which call it is, as it began.
    call_id: String,
    /// The item as it began, JSON text.
    pub(super) added: Option<String>,
    /// The whole item, JSON text.
    pub(super) done: Option<String>,
    /// The words given out.
    pub(super) words: String,
    /// Which part of the message the words have come to, and where in them it starts.
    part: i64,
    part_from: usize,
    pub(super) arguments: String,
    summary: Vec<String>,
}

impl Piece {
    pub(super) fn new(id: String, index: Option<i64>) -> Self {
        Self {
            id,
            index,
            kind: "",
            call_id: String::new(),
            added: None,
            done: None,
            words: String::new(),
            part: 0,
            part_from: 0,
            arguments: String::new(),
            summary: Vec::new(),
        }
    }

    /// Takes the item as it begins.
    pub(super) fn begin(&mut self, item: Raw<'_>) {
        self.added = Some(item.text().to_owned());
        let kind = item.get_some("type").and_then(Raw::as_str).unwrap_or_default();
        if let Some(kind) = ["message", "function_call", "reasoning"].into_iter().find(|known| *known == kind) {
            self.kind = kind;
        }
        self.call_id = item.get_some("call_id").and_then(Raw::as_str).unwrap_or_default().into_owned();
    }

    /// Whether this item that began is the whole one of another id: the same call, or a call or a thought
    /// at the same place. Messages are known by their words.
    pub(super) fn becomes(&self, made: &Made, index: Option<i64>) -> bool {
        if self.kind != made.kind || made.kind == "message" {
            return false;
        }
        if !self.call_id.is_empty() && !made.call_id.is_empty() {
            return self.call_id == made.call_id;
        }
        index.is_some() && self.index == index
    }

    /// Takes new words.
    pub(super) fn say(&mut self, text: &str, event: Raw<'_>, words: &mut String) -> usize {
        self.turn_to(event);
        self.words.push_str(text);
        words.push_str(text);
        text.len()
    }

    /// Takes all words of a part and says those that no delta said.
    pub(super) fn say_rest_of_part(&mut self, event: Raw<'_>, words: &mut String) -> usize {
        self.turn_to(event);
        let text = event.get_some("text").and_then(Raw::as_str).unwrap_or_default();
        let said = self.words.get(self.part_from..).unwrap_or("");
        let Some(rest) = text.strip_prefix(said) else { return 0 };
        self.words.push_str(rest);
        words.push_str(rest);
        rest.len()
    }

    fn turn_to(&mut self, event: Raw<'_>) {
        let part = event.get_some("content_index").and_then(Raw::as_i64).unwrap_or(self.part);
        if part != self.part {
            self.part = part;
            self.part_from = self.words.len();
        }
    }

    /// Says what of the whole text has not been said. Where the two differ, what was said stands.
    pub(super) fn say_rest(&mut self, whole: &str, words: &mut String) {
        if let Some(rest) = whole.strip_prefix(self.words.as_str()) {
            words.push_str(rest);
            self.words.push_str(rest);
        }
    }

    /// Takes new words of a readable thought.
    pub(super) fn think(&mut self, event: Raw<'_>) -> usize {
        let place = event.get_some("summary_index").and_then(Raw::as_i64).unwrap_or(0).clamp(0, MAX_SUMMARY);
        let place = usize::try_from(place).unwrap_or(0);
        while self.summary.len() <= place {
            self.summary.push(String::new());
        }
        let text = event.get_some("delta").and_then(Raw::as_str).unwrap_or_default();
        if let Some(summary) = self.summary.get_mut(place) {
            summary.push_str(&text);
        }
        text.len()
    }

    /// The item as JSON text: as it was done, or as far as deltas made it.
    pub(super) fn made(&self, ended: bool) -> Option<String> {
        if let Some(done) = &self.done {
            return Some(done.clone());
        }
        let spoke = !self.words.is_empty() || !self.arguments.is_empty() || !self.summary.is_empty();
        if !spoke {
            return None;
        }
        let mut out = String::from("{");
        push_key(&mut out, "type");
        push_string(&mut out, self.kind);
        let status = if ended { "completed" } else { "incomplete" };
        let own = ["type", "status", "content", "arguments", "summary"];
        let added = self.added.as_deref().map(Raw::trusted);
        for (name, value) in added.into_iter().flat_map(Raw::fields) {
            if !own.contains(&name.as_ref()) && !value.is_null() {
                push_key(&mut out, &name);
                out.push_str(value.text());
            }
        }
        if !self.id.is_empty() && added.is_none_or(|added| added.get_some("id").is_none()) {
            push_key(&mut out, "id");
            push_string(&mut out, &self.id);
        }
        push_key(&mut out, "status");
        push_string(&mut out, status);
        match self.kind {
            "message" => {
                if added.is_none_or(|added| added.get_some("role").is_none()) {
                    push_key(&mut out, "role");
                    push_string(&mut out, "assistant");
                }
                push_key(&mut out, "content");
                out.push_str("[{\"type\":\"output_text\",\"text\":");
                push_string(&mut out, &self.words);
                out.push_str(",\"annotations\":[]}]");
            }
            "function_call" => {
                // what never got its name cannot be run, but is shown
                for name in ["call_id", "name"] {
                    if added.is_none_or(|added| added.get_some(name).is_none()) {
                        push_key(&mut out, name);
                        push_string(&mut out, if name == "call_id" { &self.id } else { "" });
                    }
                }
                push_key(&mut out, "arguments");
                push_string(&mut out, &self.arguments);
            }
            _ => {
                push_key(&mut out, "summary");
                out.push('[');
                for (at, text) in self.summary.iter().enumerate() {
                    out.push_str(if at > 0 { ",{" } else { "{" });
                    out.push_str("\"type\":\"summary_text\",\"text\":");
                    push_string(&mut out, text);
                    out.push('}');
                }
                out.push(']');
            }
        }
        out.push('}');
        Some(out)
    }
}

/// What a whole item is known by.
pub(super) struct Made {
    pub(super) id: String,
    kind: String,
    call_id: String,
    /// What the assistant says in it.
    pub(super) text: String,
}

impl Made {
    pub(super) fn read(item: Raw<'_>) -> Self {
        let of = |key: &str| item.get_some(key).and_then(Raw::as_str).unwrap_or_default().into_owned();
        Self { id: of("id"), kind: of("type"), call_id: of("call_id"), text: said(item) }
    }

    /// Whether two items are one: by id; without ids by what they say or which call they are.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        if self.kind != other.kind {
            return false;
        }
        if !self.id.is_empty() && self.id == other.id || !self.call_id.is_empty() && self.call_id == other.call_id {
            return true;
        }
        !self.text.is_empty() && self.text == other.text
    }
}

/// What the assistant says in an item.
fn said(item: Raw<'_>) -> String {
    let mut out = String::new();
    let is = |value: Option<Raw<'_>>, word: &str| value.is_some_and(|value| value.text() == word);
    if !is(item.get("type"), "\"message\"") || item.get_some("role").is_some_and(|role| role.text() != "\"assistant\"")
    {
        return out;
    }
    let Some(content) = item.get_some("content") else { return out };
    if let Some(text) = content.as_str() {
        out.push_str(&text);
    }
    for part in content.items().filter(|part| is(part.get("type"), "\"output_text\"")) {
        out.push_str(part.get_some("text").and_then(Raw::as_str).as_deref().unwrap_or(""));
    }
    out
}
