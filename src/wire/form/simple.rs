//! The forms that need no room of their own: completions, Text Generation Inference, and events
//! that only an end mark ends.

use crate::error::{Error, ErrorKind, Result};
use crate::wire::form::{Field, Form, keep, push_fields, push_key};
use crate::wire::json::{Raw, push_string};

/// Events of any kind, ended by `[DONE]` and nothing else; none is kept.
#[derive(Clone, Copy, Debug, Default)]
pub struct Marked;

impl Form for Marked {
    fn event(&mut self, _: Raw<'_>, _: &mut String) -> Result<usize> {
        Ok(0)
    }

    fn settled(&self) -> bool {
        false
    }

    fn whole(&self) -> Option<String> {
        None
    }
}

/// Completions (`llm/v1/completions`): choices with pieces of `text`, or of a chat message's content.
///
/// The words are those of the first choice. `[DONE]` ends the stream; so does its close, once every
/// choice has said why it ended. The whole is one `text_completion`.
#[derive(Debug, Default)]
pub struct Completions {
    root: Vec<Field>,
    choices: Vec<Choice>,
}

#[derive(Debug)]
struct Choice {
    index: u32,
    text: String,
    fields: Vec<Field>,
    ended: bool,
}

/// The highest index of a choice.
const MAX_INDEX: i64 = 127;

impl Form for Completions {
    fn event(&mut self, event: Raw<'_>, words: &mut String) -> Result<usize> {
        let mut kept = 0;
        for (key, value) in event.fields() {
            if key != "choices" {
                kept += keep(&mut self.root, &key, value);
            }
        }
        for choice in event.get_some("choices").into_iter().flat_map(Raw::items) {
            kept += self.choice(choice, words)?;
        }
        Ok(kept)
    }

    fn settled(&self) -> bool {
        !self.choices.is_empty() && self.choices.iter().all(|choice| choice.ended)
    }

    fn whole(&self) -> Option<String> {
        let mut out = String::from("{");
        push_fields(&mut out, &self.root);
        push_key(&mut out, "choices");
        out.push('[');
        let mut sorted: Vec<&Choice> = self.choices.iter().collect();
        crate::order::sort(&mut sorted, |a, b| a.index < b.index);
        for (at, choice) in sorted.iter().enumerate() {
            out.push_str(if at > 0 { ",{" } else { "{" });
            push_key(&mut out, "index");
            out.push_str(&choice.index.to_string());
            push_key(&mut out, "text");
            push_string(&mut out, &choice.text);
            push_fields(&mut out, &choice.fields);
            out.push('}');
        }
        out.push_str("]}");
        Some(out)
    }
}

impl Completions {
    fn choice(&mut self, choice: Raw<'_>, words: &mut String) -> Result<usize> {
        let index = match choice.get_some("index").map(Raw::as_i64) {
            None => 0,
            Some(Some(index)) if (0..=MAX_INDEX).contains(&index) => u32::try_from(index).unwrap_or(0),
            Some(_) => {
                return Err(Error::new(
                    ErrorKind::Decode,
                    "A choice of the stream has an index that is not a whole number from 0 to 127.",
                ));
            }
        };
        let at = match self.choices.iter().position(|known| known.index == index) {
            Some(at) => at,
            None => {
                self.choices.push(Choice { index, text: String::new(), fields: Vec::new(), ended: false });
                self.choices.len() - 1
            }
        };
        let Some(kept) = self.choices.get_mut(at) else { return Ok(0) };
        let before = kept.text.len();
        let message = choice.get_some("delta").or_else(|| choice.get_some("message"));
        say(choice.get_some("text").or_else(|| message?.get_some("content")), &mut kept.text);
        let new = kept.text.get(before..).unwrap_or("");
        if index == 0 {
            words.push_str(new);
        }
        let mut bytes = new.len();
        for (key, value) in choice.fields() {
            if !matches!(key.as_ref(), "index" | "text" | "delta" | "message") {
                bytes += keep(&mut kept.fields, &key, value);
            }
        }
        kept.ended |= choice.get_some("finish_reason").is_some();
        Ok(bytes)
    }
}

/// Appends text, or the text parts of a list.
fn say(content: Option<Raw<'_>>, out: &mut String) {
    let Some(content) = content else { return };
    if let Some(text) = content.as_str() {
        out.push_str(&text);
    }
    for part in content.items() {
        if part.get("type").is_some_and(|kind| kind.text() == "\"text\"") {
            say(part.get_some("text").filter(|text| text.is_string()), out);
        }
    }
}

/// Text Generation Inference (`/generate_stream`): one event a token, the last one with the whole
/// text, and no `[DONE]`. Special tokens are no words.
#[derive(Debug, Default)]
pub struct Tgi {
    said: String,
    last: Option<String>,
    over: bool,
}

impl Form for Tgi {
    fn event(&mut self, event: Raw<'_>, words: &mut String) -> Result<usize> {
        let token = event.get_some("token");
        let special = token.and_then(|token| token.get("special")).and_then(Raw::as_bool) == Some(true);
        let whole = event.get_some("generated_text").filter(|text| text.is_string());
        // an answer that came at once has no tokens
        let text = match token {
            Some(token) => token.get_some("text").filter(|_| !special),
            None => whole,
        };
        let text = text.and_then(Raw::as_str).unwrap_or_default();
        words.push_str(&text);
        self.said.push_str(&text);
        if whole.is_some() {
            self.over = true;
            self.last = Some(event.text().to_owned());
            return Ok(text.len() + event.text().len());
        }
        Ok(text.len())
    }

    fn settled(&self) -> bool {
        self.over
    }

    fn over(&self) -> bool {
        self.over
    }

    /// The last event, which holds the whole text; before it, what was said so far.
    fn whole(&self) -> Option<String> {
        Some(self.last.clone().unwrap_or_else(|| {
            let mut out = String::from("{\"generated_text\":");
            push_string(&mut out, &self.said);
            out.push('}');
            out
        }))
    }

    fn as_events(&self, whole: Raw<'_>) -> Vec<String> {
        // the pipeline route answers with a list
        let answers: Vec<String> = whole.items().take(1).map(|item| item.text().to_owned()).collect();
        if answers.is_empty() { vec![whole.text().to_owned()] } else { answers }
    }
}
