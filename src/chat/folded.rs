//! What a stream has said so far, and how it is written as one chat completion.

use crate::wire::json::push_string;

/// A field whose value is kept as JSON text.
pub(crate) type Field = (String, String);

/// How many fields of one object are kept: more are no answer but an attack on the search for them.
const MAX_FIELDS: usize = 128;

/// Keeps a field; the last value wins. Says whether an earlier value was another one.
pub(crate) fn set_field(fields: &mut Vec<Field>, key: &str, value: &str) -> bool {
    match fields.iter_mut().find(|(name, _)| name == key) {
        Some((_, kept)) if kept == value => false,
        Some((_, kept)) => {
            kept.clear();
            kept.push_str(value);
            true
        }
        None => {
            if fields.len() < MAX_FIELDS {
                fields.push((key.to_owned(), value.to_owned()));
            }
            false
        }
    }
}

/// One choice so far. Text is UTF-8 kept as bytes, so that appending costs no second check.
#[derive(Debug, Default)]
pub(crate) struct Choice {
    pub(crate) index: u32,
    /// JSON text.
    pub(crate) role: Option<String>,
    /// The content, while it came as strings only.
    pub(crate) text: Option<Vec<u8>>,
    /// The content, once a part has come.
    pub(crate) parts: Vec<Part>,
    /// Other fields of the message that grow by appending, such as `reasoning_content`.
    pub(crate) appended: Vec<(String, Vec<u8>)>,
    pub(crate) calls: Vec<Call>,
    /// Other fields of the message.
    pub(crate) message: Vec<Field>,
    /// Lists of `logprobs`, each a comma-separated run of items.
    pub(crate) logprobs: Vec<Field>,
    /// JSON text; set once the choice has ended.
    pub(crate) finish_reason: Option<String>,
    /// Other fields of the choice.
    pub(crate) extra: Vec<Field>,
}

/// One part of a message's content so far.
#[derive(Debug)]
pub(crate) enum Part {
    Text { text: Vec<u8>, extra: Vec<Field> },
    Reasoning { summary: Vec<Summary>, extra: Vec<Field> },
    Other(String),
}

/// One piece of a reasoning part so far.
#[derive(Debug)]
pub(crate) enum Summary {
    Text { text: Vec<u8>, extra: Vec<Field> },
    Other(String),
}

/// One tool call so far.
#[derive(Debug, Default)]
pub(crate) struct Call {
    pub(crate) index: u32,
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) arguments: Vec<u8>,
    pub(crate) fragments: u32,
    /// Other fields of the call and of its function.
    pub(crate) extra: Vec<Field>,
    pub(crate) function: Vec<Field>,
}

impl Choice {
    /// Appends to the content's text, be it a string or a list of parts.
    pub(crate) fn append_text(&mut self, bytes: &[u8]) {
        if self.parts.is_empty() {
            self.text.get_or_insert_default().extend_from_slice(bytes);
        } else {
            self.append_part_text(bytes, Vec::new());
        }
    }

    /// Appends to the last text part, or starts one.
    pub(crate) fn append_part_text(&mut self, bytes: &[u8], fields: Vec<Field>) {
        self.open_parts();
        if let Some(Part::Text { text, extra }) = self.parts.last_mut() {
            text.extend_from_slice(bytes);
            for (key, value) in &fields {
                set_field(extra, key, value);
            }
        } else {
            self.parts.push(Part::Text { text: bytes.to_vec(), extra: fields });
        }
    }

    /// The summary of the last part, which is made a reasoning part if it is none.
    pub(crate) fn reasoning(&mut self) -> Option<(&mut Vec<Summary>, &mut Vec<Field>)> {
        self.open_parts();
        if !matches!(self.parts.last(), Some(Part::Reasoning { .. })) {
            self.parts.push(Part::Reasoning { summary: Vec::new(), extra: Vec::new() });
        }
        match self.parts.last_mut() {
            Some(Part::Reasoning { summary, extra }) => Some((summary, extra)),
            _ => None,
        }
    }

    /// Appends readable reasoning. A signature closes a piece: text after it starts a new one.
    pub(crate) fn append_summary(&mut self, bytes: &[u8], fields: &[Field]) {
        let Some((summary, _)) = self.reasoning() else { return };
        let open = match summary.last_mut() {
            Some(Summary::Text { text, extra }) => {
                (bytes.is_empty() || !extra.iter().any(|(key, _)| key == "signature")).then_some((text, extra))
            }
            _ => None,
        };
        if let Some((text, extra)) = open {
            text.extend_from_slice(bytes);
            for (key, value) in fields {
                set_field(extra, key, value);
            }
        } else {
            summary.push(Summary::Text { text: bytes.to_vec(), extra: fields.to_vec() });
        }
    }

    /// Content that began as a string goes on as parts.
    pub(crate) fn open_parts(&mut self) {
        if let Some(text) = self.text.take() {
            if !text.is_empty() {
                self.parts.push(Part::Text { text, extra: Vec::new() });
            }
        }
    }

    fn write(&self, out: &mut String) {
        out.push_str("{\"index\":");
        out.push_str(&self.index.to_string());
        out.push_str(",\"message\":{\"role\":");
        out.push_str(self.role.as_deref().unwrap_or("\"assistant\""));
        out.push_str(",\"content\":");
        match &self.text {
            _ if !self.parts.is_empty() => list(out, &self.parts, Part::write),
            Some(text) => push_bytes(out, text),
            None => out.push_str("null"),
        }
        for (key, text) in &self.appended {
            push_key(out, key);
            push_bytes(out, text);
        }
        push_fields(out, &self.message);
        if !self.calls.is_empty() {
            let mut calls: Vec<&Call> = self.calls.iter().collect();
            crate::order::sort(&mut calls, |a, b| a.index < b.index);
            push_key(out, "tool_calls");
            list(out, &calls, |call, out| call.write(out));
        }
        out.push_str("},\"finish_reason\":");
        out.push_str(self.finish_reason.as_deref().unwrap_or("null"));
        if !self.logprobs.is_empty() {
            push_key(out, "logprobs");
            out.push('{');
            for (at, (key, items)) in self.logprobs.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                push_string(out, key);
                out.push_str(":[");
                out.push_str(items);
                out.push(']');
            }
            out.push('}');
        }
        push_fields(out, &self.extra);
        out.push('}');
    }
}

impl Part {
    fn write(&self, out: &mut String) {
        match self {
            Self::Text { text, extra } => {
                out.push_str("{\"type\":\"text\",\"text\":");
                push_bytes(out, text);
                push_fields(out, extra);
                out.push('}');
            }
            Self::Reasoning { summary, extra } => {
                out.push_str("{\"type\":\"reasoning\",\"summary\":");
                list(out, summary, Summary::write);
                push_fields(out, extra);
                out.push('}');
            }
            Self::Other(raw) => out.push_str(raw),
        }
    }
}

impl Summary {
    fn write(&self, out: &mut String) {
        match self {
            Self::Text { text, extra } => {
                out.push_str("{\"type\":\"summary_text\",\"text\":");
                push_bytes(out, text);
                push_fields(out, extra);
                out.push('}');
            }
            Self::Other(raw) => out.push_str(raw),
        }
    }
}

impl Call {
    fn write(&self, out: &mut String) {
        out.push('{');
        if !self.id.is_empty() {
            out.push_str("\"id\":");
            push_string(out, &self.id);
            out.push(',');
        }
        if !self.extra.iter().any(|(key, _)| key == "type") {
            out.push_str("\"type\":\"function\",");
        }
        out.push_str("\"function\":{\"name\":");
        push_string(out, &self.name);
        push_key(out, "arguments");
        push_bytes(out, &self.arguments);
        push_fields(out, &self.function);
        out.push('}');
        push_fields(out, &self.extra);
        out.push('}');
    }
}

/// Writes the completion: what the service says of itself, the choices by index, the last usage.
pub(crate) fn write(root: &[Field], choices: &[Choice]) -> String {
    let mut out = String::from("{");
    let mut usage = None;
    for (key, value) in root {
        if key == "usage" {
            usage = Some(value);
        } else {
            push_string(&mut out, key);
            out.push(':');
            out.push_str(value);
            out.push(',');
        }
    }
    if !root.iter().any(|(key, _)| key == "object") {
        out.push_str("\"object\":\"chat.completion\",");
    }
    out.push_str("\"choices\":");
    let mut sorted: Vec<&Choice> = choices.iter().collect();
    crate::order::sort(&mut sorted, |a, b| a.index < b.index);
    list(&mut out, &sorted, |choice, out| choice.write(out));
    if let Some(usage) = usage {
        push_key(&mut out, "usage");
        out.push_str(usage);
    }
    out.push('}');
    out
}

fn list<T>(out: &mut String, items: &[T], write: impl Fn(&T, &mut String)) {
    out.push('[');
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        write(item, out);
    }
    out.push(']');
}

fn push_key(out: &mut String, key: &str) {
    out.push(',');
    push_string(out, key);
    out.push(':');
}

fn push_fields(out: &mut String, fields: &[Field]) {
    for (key, value) in fields {
        push_key(out, key);
        out.push_str(value);
    }
}

/// Fragments are whole characters, so the whole is UTF-8; a fault would show as U+FFFD.
fn push_bytes(out: &mut String, bytes: &[u8]) {
    push_string(out, &String::from_utf8_lossy(bytes));
}
