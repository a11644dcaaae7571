//! Streamed Responses answers folded into the whole. Pure, and bounded.
//!
//! An item's `response.output_item.done` is what counts; deltas give the words on the way, and stand
//! in for an item that never got done. The words never come twice: what a delta said is not said again
//! when the whole text follows, and a message that had no deltas is said when it is done.

use crate::agents::fold::item::{Made, Piece};
use crate::agents::verdict;
use crate::error::{Error, ErrorKind, Result};
use crate::wire::fault;
use crate::wire::form::{Field, Form, keep, push_fields, push_key};
use crate::wire::json::{Raw, push_string};

pub mod agent;
mod item;
#[cfg(test)]
mod tests;

/// How many items one answer may hold.
const MAX_ITEMS: usize = 4096;

/// The events of `agent/v1/responses` and of OpenAI's Responses.
///
/// `response.completed` or `response.incomplete` makes the answer whole and `[DONE]` ends the stream;
/// a close after the former is an end too. Untyped events that agents send are understood: an error,
/// a trace's id, a bare item, a whole response.
#[derive(Debug, Default)]
pub struct Responses {
    /// The last `response` an event told of, as JSON text.
    base: Option<String>,
    pieces: Vec<Piece>,
    /// Fields that ride on events: `custom_outputs`, `databricks_output`.
    riders: Vec<Field>,
    trace_id: Option<String>,
    ended: bool,
}

impl Form for Responses {
    fn event(&mut self, event: Raw<'_>, words: &mut String) -> Result<usize> {
        let mut kept = 0;
        for name in ["custom_outputs", "databricks_output"] {
            if let Some(value) = event.get_some(name) {
                kept += keep(&mut self.riders, name, value);
            }
        }
        let kind = event.get_some("type").and_then(Raw::as_str).unwrap_or_default();
        kept += match kind.as_ref() {
            "response.output_text.delta" => {
                let piece = self.piece_of(event, "message")?;
                piece.say(event.get_some("delta").and_then(Raw::as_str).as_deref().unwrap_or(""), event, words)
            }
            "response.output_text.done" => match self.known(event) {
                Some(at) if self.pieces.get(at).is_some_and(|piece| piece.done.is_some()) => 0,
                _ => self.piece_of(event, "message")?.say_rest_of_part(event, words),
            },
            "response.function_call_arguments.delta" => {
                let text = event.get_some("delta").and_then(Raw::as_str).unwrap_or_default();
                self.piece_of(event, "function_call")?.arguments.push_str(&text);
                text.len()
            }
            "response.function_call_arguments.done" => {
                let text = event.get_some("arguments").and_then(Raw::as_str).unwrap_or_default();
                self.piece_of(event, "function_call")?.arguments = text.to_string();
                text.len()
            }
            "response.reasoning_summary_text.delta" => self.piece_of(event, "reasoning")?.think(event),
            "response.output_item.added" => match event.get_some("item") {
                Some(item) => {
                    let piece = self.piece_of(event, "")?;
                    piece.begin(item);
                    item.text().len()
                }
                None => 0,
            },
            "response.output_item.done" => match event.get_some("item").filter(|item| item.is_object()) {
                Some(item) => self.done(item, index_of(event), words)?,
                None => return Err(decode("An item of the stream is done but not there.")),
            },
            "response.completed" | "responses.completed" | "response.incomplete" => {
                self.ended = true;
                match event.get_some("response") {
                    Some(response) => self.respond(response, words)?,
                    None => 0,
                }
            }
            "message" | "function_call" | "function_call_output" | "reasoning" | "mcp_approval_request" => {
                self.done(event, None, words)?
            }
            "" => self.untyped(event, words)?,
            _ => match event.get_some("response") {
                Some(response) => self.rebase(response),
                None => 0,
            },
        };
        Ok(kept)
    }

    fn settled(&self) -> bool {
        self.ended
    }

    fn ends_soon(&self) -> bool {
        self.ended
    }

    fn whole(&self) -> Option<String> {
        let mut out = String::from("{");
        let base = self.base.as_deref().map(Raw::trusted);
        let mut metadata = None;
        for (name, value) in base.into_iter().flat_map(Raw::fields) {
            match name.as_ref() {
                "output" => {}
                // what an early event said of the answer's state holds no longer
                "status" if !self.ended => {}
                "metadata" if self.trace_id.is_some() => metadata = Some(value),
                _ if value.is_null() || !self.riders.iter().any(|(rider, _)| *rider == name) => {
                    push_key(&mut out, &name);
                    out.push_str(value.text());
                }
                _ => {}
            }
        }
        if base.is_none_or(|base| base.get("object").is_none()) {
            push_key(&mut out, "object");
            out.push_str("\"response\"");
        }
        push_key(&mut out, "output");
        out.push('[');
        for piece in self.in_order() {
            if let Some(text) = piece.made(self.ended) {
                if !out.ends_with('[') {
                    out.push(',');
                }
                out.push_str(&text);
            }
        }
        out.push(']');
        push_fields(&mut out, &self.riders);
        if let Some(trace) = &self.trace_id {
            push_key(&mut out, "metadata");
            out.push('{');
            for (name, value) in metadata.into_iter().flat_map(Raw::fields).filter(|(name, _)| name != "trace_id") {
                push_key(&mut out, &name);
                out.push_str(value.text());
            }
            push_key(&mut out, "trace_id");
            out.push_str(trace);
            out.push('}');
        }
        out.push('}');
        Some(out)
    }

    fn fault(&self, event: &str, data: Option<Raw<'_>>) -> Option<Error> {
        let kind = data.and_then(|data| data.get_some("type")).and_then(Raw::as_str);
        match kind.as_deref() {
            Some("error" | "response.error") => fault::read("error", data),
            Some("response.failed") => fault::read("error", data.and_then(|data| data.get_some("response")).or(data)),
            // a result may speak of an error of its tool
            Some("function_call_output") => None,
            _ => fault::read(event, data),
        }
    }

    fn as_events(&self, whole: Raw<'_>) -> Vec<String> {
        if !whole.get("output").is_some_and(Raw::is_array) {
            return vec![whole.text().to_owned()];
        }
        let mut events = Vec::new();
        for (index, item) in whole.get("output").into_iter().flat_map(Raw::items).enumerate() {
            let mut event = String::from("{\"type\":\"response.output_item.done\",\"output_index\":");
            event.push_str(&index.to_string());
            event.push_str(",\"item\":");
            event.push_str(item.text());
            event.push('}');
            events.push(event);
        }
        let incomplete = whole.get("status").is_some_and(|status| status.text() == "\"incomplete\"");
        let mut last = String::from("{\"type\":");
        push_string(&mut last, if incomplete { "response.incomplete" } else { "response.completed" });
        last.push_str(",\"response\":");
        last.push_str(whole.text());
        last.push('}');
        events.push(last);
        events
    }
}

impl Responses {
    /// The items in the order of the output: by index when every one has its own, else as they came.
    fn in_order(&self) -> Vec<&Piece> {
        let mut pieces: Vec<&Piece> = self.pieces.iter().collect();
        if pieces.iter().all(|piece| piece.index.is_some()) {
            crate::order::sort(&mut pieces, |a, b| a.index < b.index);
        }
        pieces
    }

    /// The item an event is about: by its id, else by its index, else the one of its kind that is open.
    fn piece_of(&mut self, event: Raw<'_>, kind: &'static str) -> Result<&mut Piece> {
        let index = index_of(event);
        let found = match item_id(event) {
            id if !id.is_empty() => self.open(|piece| piece.id == id),
            _ => match index {
                Some(_) => self.open(|piece| piece.index == index),
                None if kind.is_empty() => None,
                None => self.open(|piece| piece.kind == kind || piece.kind.is_empty()),
            },
        };
        let at = match found {
            Some(at) => at,
            // an id whose item is done begins another one: some agents give all their messages one id
            None => self.push(Piece::new(item_id(event).into_owned(), index))?,
        };
        let Some(piece) = self.pieces.get_mut(at) else { return Err(decode("An item of the stream was lost.")) };
        if piece.kind.is_empty() {
            piece.kind = kind;
        }
        piece.index = piece.index.or(index);
        Ok(piece)
    }

    /// The last item of this kind that is not done.
    fn open(&self, is: impl Fn(&Piece) -> bool) -> Option<usize> {
        self.pieces.iter().rposition(|piece| piece.done.is_none() && is(piece))
    }

    /// The item with the id that an event names, done or not.
    fn known(&self, event: Raw<'_>) -> Option<usize> {
        let id = item_id(event);
        self.pieces.iter().rposition(|piece| !id.is_empty() && piece.id == id)
    }

    fn push(&mut self, piece: Piece) -> Result<usize> {
        if self.pieces.len() >= MAX_ITEMS {
            return Err(Error::new(ErrorKind::BodyTooLarge, "The answer holds more than 4096 items."));
        }
        self.pieces.push(piece);
        Ok(self.pieces.len() - 1)
    }

    /// Takes a whole item and says what of its text has not been said. It keeps the id it was said under,
    /// by which later events name it.
    fn done(&mut self, item: Raw<'_>, index: Option<i64>, words: &mut String) -> Result<usize> {
        let made = Made::read(item);
        let at = match self.find(&made, index) {
            Some(at) => at,
            None => self.push(Piece::new(made.id.clone(), index))?,
        };
        let Some(piece) = self.pieces.get_mut(at) else { return Ok(0) };
        piece.index = piece.index.or(index);
        piece.say_rest(&made.text, words);
        piece.done = Some(item.text().to_owned());
        Ok(item.text().len())
    }

    /// The item this is, if it was met before.
    fn find(&self, made: &Made, index: Option<i64>) -> Option<usize> {
        if !made.id.is_empty() {
            if let Some(at) = self.open(|piece| piece.id == made.id) {
                return Some(at);
            }
            // said again; another text under the same id is another message
            let again = |piece: &Piece| match &piece.done {
                Some(done) => piece.id == made.id && Made::read(Raw::trusted(done)).text == made.text,
                None => false,
            };
            if let Some(at) = self.pieces.iter().rposition(again) {
                return Some(at);
            }
        } else if index.is_some() {
            if let Some(at) = self.open(|piece| piece.index == index && piece.id.is_empty()) {
                return Some(at);
            }
        }
        // some agents begin an item under one id and end it under another
        if let Some(at) = self.open(|piece| piece.becomes(made, index)) {
            return Some(at);
        }
        // deltas under another id, or none: the same words are the same message
        if made.text.is_empty() {
            return None;
        }
        self.open(|piece| piece.words == made.text)
    }

    /// Takes a whole response: its items are those that were done, unless one was not met before.
    fn respond(&mut self, response: Raw<'_>, words: &mut String) -> Result<usize> {
        let mut kept = self.rebase(response);
        for item in response.get_some("output").into_iter().flat_map(Raw::items) {
            let made = Made::read(item);
            let known = self.pieces.iter().any(|piece| match &piece.done {
                Some(text) => text == item.text() || made.is_same(&Made::read(Raw::trusted(text))),
                None => false,
            });
            if !known {
                kept += self.done(item, None, words)?;
            }
        }
        Ok(kept)
    }

    fn rebase(&mut self, response: Raw<'_>) -> usize {
        self.base = Some(response.text().to_owned());
        response.text().len()
    }

    fn untyped(&mut self, event: Raw<'_>, words: &mut String) -> Result<usize> {
        if event.get_some("output").is_some_and(Raw::is_array) {
            self.ended = true;
            return self.respond(event, words);
        }
        if let Some(trace) = event.get_some("trace_id") {
            self.trace_id = Some(trace.text().to_owned());
            return Ok(trace.text().len());
        }
        match verdict::other_form(event, verdict::Task::Responses) {
            Some(fault) => Err(fault),
            None => Ok(0),
        }
    }
}

/// Which item an event names.
fn item_id(event: Raw<'_>) -> std::borrow::Cow<'_, str> {
    let item = event.get_some("item");
    event.get_some("item_id").or_else(|| item?.get_some("id")).and_then(Raw::as_str).unwrap_or_default()
}

fn index_of(event: Raw<'_>) -> Option<i64> {
    event.get_some("output_index").and_then(Raw::as_i64)
}

fn decode(sentence: &str) -> Error {
    Error::new(ErrorKind::Decode, sentence)
}
