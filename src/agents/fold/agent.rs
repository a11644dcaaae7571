//! Streamed ChatAgent answers folded into the whole.

use crate::agents::verdict;
use crate::error::{Error, ErrorKind, Result};
use crate::wire::form::{Field, Form, keep, push_fields, push_key};
use crate::wire::json::{Raw, push_string};

/// How many messages one answer may hold.
const MAX_MESSAGES: usize = 4096;

/// The chunks of `agent/v2/chat`. Deltas with the same id are pieces of one message.
///
/// The words are those of the assistant's messages. `[DONE]` ends the stream; so does its close, once
/// a `finish_reason` has come and no delta after it. One that is `tool_calls` ends a message, not the answer.
#[derive(Debug, Default)]
pub struct ChatAgent {
    messages: Vec<Message>,
    root: Vec<Field>,
    ended: bool,
}

#[derive(Debug, Default)]
struct Message {
    id: Option<String>,
    /// JSON text.
    role: Option<String>,
    content: Option<String>,
    calls: Vec<Call>,
    fields: Vec<Field>,
}

/// One tool call: its id, its JSON text, and the arguments that came in pieces.
#[derive(Debug)]
struct Call {
    id: String,
    index: Option<i64>,
    text: String,
    arguments: Option<String>,
}

impl Form for ChatAgent {
    fn event(&mut self, event: Raw<'_>, words: &mut String) -> Result<usize> {
        let delta = event.get_some("delta").filter(|delta| delta.is_object());
        if delta.is_none() {
            if let Some(fault) = verdict::other_form(event, verdict::Task::ChatAgent) {
                return Err(fault);
            }
        }
        let mut kept = 0;
        for (name, value) in event.fields() {
            if name != "delta" && name != "messages" && !value.is_null() {
                kept += keep(&mut self.root, &name, value);
            }
        }
        for message in event.get_some("messages").into_iter().flat_map(Raw::items).chain(delta) {
            kept += self.push(message, words)?;
            self.ended = false;
        }
        if let Some(reason) = event.get_some("finish_reason") {
            self.ended = reason.text() != "\"tool_calls\"";
        }
        Ok(kept)
    }

    fn settled(&self) -> bool {
        self.ended
    }

    fn whole(&self) -> Option<String> {
        let mut out = String::from("{\"messages\":[");
        for (at, message) in self.messages.iter().enumerate() {
            if at > 0 {
                out.push(',');
            }
            message.write(&mut out);
        }
        out.push(']');
        push_fields(&mut out, &self.root);
        out.push('}');
        Some(out)
    }

    fn as_events(&self, whole: Raw<'_>) -> Vec<String> {
        let Some(messages) = whole.get("messages").filter(|messages| messages.is_array()) else {
            return vec![whole.text().to_owned()];
        };
        let mut events: Vec<String> =
            messages.items().map(|message| ["{\"delta\":", message.text(), "}"].concat()).collect();
        let mut last = events.pop().unwrap_or_else(|| "{}".to_owned());
        last.pop();
        for (name, value) in whole.fields().filter(|(name, _)| name != "messages") {
            push_key(&mut last, &name);
            last.push_str(value.text());
        }
        last.push('}');
        events.push(last);
        events
    }
}

impl ChatAgent {
    fn push(&mut self, delta: Raw<'_>, words: &mut String) -> Result<usize> {
        let id = delta.get_some("id").and_then(Raw::as_str).filter(|id| !id.is_empty());
        let role = delta.get_some("role");
        let at = match &id {
            Some(id) => self.messages.iter().rposition(|message| message.id.as_deref() == Some(id)),
            // without an id: the last message goes on, unless somebody else speaks
            None => {
                let last = self.messages.len().checked_sub(1);
                last.filter(|at| {
                    self.messages.get(*at).is_some_and(|message| {
                        message.id.is_none() && role.is_none_or(|role| message.role.as_deref() == Some(role.text()))
                    })
                })
            }
        };
        let at = match at {
            Some(at) => at,
            None if self.messages.len() < MAX_MESSAGES => {
                self.messages.push(Message { id: id.map(|id| id.into_owned()), ..Message::default() });
                self.messages.len() - 1
            }
            None => return Err(Error::new(ErrorKind::BodyTooLarge, "The answer holds more than 4096 messages.")),
        };
        match self.messages.get_mut(at) {
            Some(message) => message.push(delta, words),
            None => Ok(0),
        }
    }
}

impl Message {
    fn push(&mut self, delta: Raw<'_>, words: &mut String) -> Result<usize> {
        let mut kept = 0;
        if let Some(role) = delta.get_some("role") {
            self.role = Some(role.text().to_owned());
        }
        for (name, value) in delta.fields().filter(|(_, value)| !value.is_null()) {
            match name.as_ref() {
                "id" | "role" => {}
                "content" => {
                    let Some(text) = value.as_str() else {
                        return Err(Error::new(ErrorKind::Decode, "An agent's message holds content that is no text."));
                    };
                    self.content.get_or_insert_default().push_str(&text);
                    if self.role.as_deref().is_none_or(|role| role == "\"assistant\"") {
                        words.push_str(&text);
                    }
                    kept += text.len();
                }
                "tool_calls" => {
                    for call in value.items() {
                        kept += self.call(call);
                    }
                }
                _ => kept += keep(&mut self.fields, &name, value),
            }
        }
        Ok(kept)
    }

    /// Takes a tool call: a new one, or more arguments of one that began.
    fn call(&mut self, call: Raw<'_>) -> usize {
        let id = call.get_some("id").and_then(Raw::as_str).unwrap_or_default().into_owned();
        let index = call.get_some("index").and_then(Raw::as_i64);
        let arguments =
            call.get_some("function").and_then(|function| function.get_some("arguments")).and_then(Raw::as_str);
        let begun = self.calls.iter_mut().find(|known| match index {
            Some(_) => known.index == index && (id.is_empty() || known.id == id),
            None => !id.is_empty() && known.id == id,
        });
        match begun {
            // said again, as a message that is repeated whole does
            Some(known) if known.text == call.text() => 0,
            Some(known) => {
                let text = arguments.unwrap_or_default();
                known.arguments.get_or_insert_default().push_str(&text);
                text.len()
            }
            None => {
                let arguments = arguments.map(|text| text.into_owned());
                self.calls.push(Call { id, index, text: call.text().to_owned(), arguments });
                call.text().len()
            }
        }
    }

    fn write(&self, out: &mut String) {
        out.push_str("{\"role\":");
        out.push_str(self.role.as_deref().unwrap_or("\"assistant\""));
        if let Some(content) = &self.content {
            push_key(out, "content");
            push_string(out, content);
        }
        if let Some(id) = &self.id {
            push_key(out, "id");
            push_string(out, id);
        }
        if !self.calls.is_empty() {
            push_key(out, "tool_calls");
            out.push('[');
            for (at, call) in self.calls.iter().enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                call.write(out);
            }
            out.push(']');
        }
        push_fields(out, &self.fields);
        out.push('}');
    }
}

impl Call {
    fn write(&self, out: &mut String) {
        let Some(arguments) = &self.arguments else { return out.push_str(&self.text) };
        out.push('{');
        for (name, value) in Raw::trusted(&self.text).fields().filter(|(name, _)| name != "index") {
            push_key(out, &name);
            if name != "function" {
                out.push_str(value.text());
                continue;
            }
            out.push('{');
            for (name, value) in value.fields().filter(|(name, _)| name != "arguments") {
                push_key(out, &name);
                out.push_str(value.text());
            }
            push_key(out, "arguments");
            push_string(out, arguments);
            out.push('}');
        }
        out.push('}');
    }
}
