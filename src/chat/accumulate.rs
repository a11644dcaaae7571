//! Chunks folded into the whole completion, and whether the stream is complete.
//!
//! Pure, linear in what it reads, and bounded: indexes stop at 127, one call's arguments at 16 MiB
//! and 65,536 pieces, and all text together at 64 MiB. What is unknown is kept, the last value
//! winning. A stream ends in one of three ways: complete, truncated, or broken after every choice
//! had ended, which is complete with a warning.

use crate::chat::folded::{self, Call, Choice, Field, Part, set_field};
use crate::chat::types::{ChatCompletion, ChatCompletionChunk};
use crate::error::{Error, ErrorKind, Result};
use crate::wire::json::{Json, Raw};

mod pieces;
#[cfg(test)]
mod tests;
mod verdict;

pub(crate) use pieces::grows;
pub use verdict::{Completeness, End};

use pieces::{
    append_arguments, changed, index_of, out_of_range, push_function, push_logprobs, push_part, says_something, wrong,
};
use verdict::is_transport;

/// The highest index of a choice or of a tool call.
pub const MAX_INDEX: i64 = 127;
/// How long one tool call's arguments may grow, in bytes.
pub const MAX_ARGUMENTS: usize = 16 << 20;
/// In how many pieces they may come.
pub const MAX_FRAGMENTS: u32 = 65_536;
/// How much text is kept of one stream, in bytes. A longer stream still delivers its chunks, but
/// has no whole completion.
pub const MAX_KEPT: usize = 64 << 20;

/// Folds a stream's chunks into the whole completion.
#[derive(Debug, Default)]
pub struct Accumulator {
    root: Vec<Field>,
    choices: Vec<Choice>,
    kept: usize,
    overflow: bool,
    seen: bool,
    flags: Completeness,
}

/// Where a growing string of a known shape of chunk goes; see [`Accumulator::append`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// The content's text.
    Text,
    /// A field of the message that grows, by its place among those.
    Field(u16),
    /// The arguments of the call at this place.
    Arguments(u16),
    /// The last text part.
    PartText,
    /// The last piece of readable reasoning.
    Summary,
}

impl Accumulator {
    /// Nothing folded yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Folds one typed chunk.
    ///
    /// # Errors
    /// As [`push_raw`](Self::push_raw).
    pub fn push(&mut self, chunk: &ChatCompletionChunk) -> Result<()> {
        let text = serde_json::to_string(chunk)
            .map_err(|_| Error::new(ErrorKind::InvalidInput, "The chunk holds a value JSON cannot carry."))?;
        self.push_raw(Raw::trusted(&text))
    }

    /// Folds one chunk as JSON.
    ///
    /// # Errors
    /// `Decode` for what is no chunk: an index out of range, a tool call that changes its id or
    /// name, a field of the wrong type. `BodyTooLarge` for arguments beyond the limits.
    pub fn push_raw(&mut self, chunk: Raw<'_>) -> Result<()> {
        if !chunk.is_object() {
            return Err(wrong("chunk", "an object"));
        }
        self.seen = true;
        self.push_root(chunk);
        for choice in chunk.get_some("choices").into_iter().flat_map(Raw::items) {
            self.push_choice(choice)?;
        }
        Ok(())
    }

    /// Folds what a chunk says outside its choices: the last value wins, usage is never summed.
    pub(crate) fn push_root(&mut self, chunk: Raw<'_>) {
        for (key, value) in chunk.fields() {
            match key.as_ref() {
                "choices" | "error" => {}
                _ if value.is_null() => {}
                "object" => {
                    set_field(&mut self.root, "object", "\"chat.completion\"");
                }
                "id" | "model" | "created" => {
                    if value.text() != "\"\"" && set_field(&mut self.root, &key, value.text()) {
                        self.flags.identity_changed = true;
                    }
                }
                _ => {
                    set_field(&mut self.root, &key, value.text());
                }
            }
        }
    }

    /// The place of a choice of this index, made if it is new.
    pub(crate) fn slot(&mut self, index: u32) -> usize {
        match self.slot_of(index) {
            Some(slot) => slot,
            None => {
                self.choices.push(Choice { index, ..Choice::default() });
                self.choices.len() - 1
            }
        }
    }

    /// The place of the choice of this index, when it is there.
    pub(crate) fn slot_of(&self, index: u32) -> Option<usize> {
        self.choices.iter().position(|choice| choice.index == index)
    }

    /// Whether the choice of this index has ended.
    pub(crate) fn has_ended(&self, index: u32) -> bool {
        self.choices.iter().any(|choice| choice.index == index && choice.finish_reason.is_some())
    }

    /// Where `target`'s field of this name stands in a choice, when it is there.
    pub(crate) fn field_place(&self, slot: usize, name: &str) -> Option<usize> {
        self.choices.get(slot)?.appended.iter().position(|(key, _)| key == name)
    }

    /// Where the call of this index stands in a choice, when it is there.
    pub(crate) fn call_place(&self, slot: usize, index: u32) -> Option<usize> {
        self.choices.get(slot)?.calls.iter().position(|call| call.index == index)
    }

    /// Appends one piece, as folding the whole chunk would.
    pub(crate) fn append(&mut self, slot: usize, target: Target, bytes: &[u8]) -> Result<()> {
        let Some(choice) = self.choices.get_mut(slot) else { return Ok(()) };
        if choice.finish_reason.is_some() {
            self.flags.late_delta |= !bytes.is_empty();
            return Ok(());
        }
        self.kept += bytes.len();
        if self.kept > MAX_KEPT {
            self.overflow = true;
            return Ok(());
        }
        match target {
            Target::Text => choice.append_text(bytes),
            Target::PartText => choice.append_part_text(bytes, Vec::new()),
            Target::Summary => choice.append_summary(bytes, &[]),
            Target::Field(at) => {
                if let Some((_, text)) = choice.appended.get_mut(usize::from(at)) {
                    text.extend_from_slice(bytes);
                }
            }
            Target::Arguments(at) => {
                if let Some(call) = choice.calls.get_mut(usize::from(at)) {
                    append_arguments(call, bytes)?;
                }
            }
        }
        Ok(())
    }

    /// The text of the first choice so far, parts that are not text left out.
    #[must_use]
    pub fn text(&self) -> String {
        let Some(choice) = self.choices.iter().min_by_key(|choice| choice.index) else { return String::new() };
        let mut out = choice.text.clone().unwrap_or_default();
        for part in &choice.parts {
            if let Part::Text { text, .. } = part {
                out.extend_from_slice(text);
            }
        }
        String::from_utf8_lossy(&out).into_owned()
    }

    fn push_choice(&mut self, raw: Raw<'_>) -> Result<()> {
        let index = index_of(raw.get("index"), "choice")?;
        let slot = self.slot(index);
        let ended = self.choices.get(slot).is_some_and(|choice| choice.finish_reason.is_some());
        for (key, value) in raw.fields() {
            match key.as_ref() {
                "index" => {}
                _ if value.is_null() => {}
                "delta" | "message" if ended => self.flags.late_delta |= says_something(value),
                "delta" | "message" => self.push_delta(slot, value)?,
                "logprobs" if ended => {}
                "logprobs" => {
                    self.kept += value.text().len();
                    self.overflow |= self.kept > MAX_KEPT;
                    if let (false, Some(choice)) = (self.overflow, self.choices.get_mut(slot)) {
                        push_logprobs(choice, value);
                    }
                }
                "finish_reason" => {}
                _ => {
                    if let Some(choice) = self.choices.get_mut(slot) {
                        set_field(&mut choice.extra, &key, value.text());
                    }
                }
            }
        }
        // last, so that the pieces of the same chunk still count
        if let (Some(reason), Some(choice)) = (raw.get_some("finish_reason"), self.choices.get_mut(slot)) {
            choice.finish_reason = Some(reason.text().to_owned());
        }
        Ok(())
    }

    fn push_delta(&mut self, slot: usize, delta: Raw<'_>) -> Result<()> {
        if !delta.is_object() {
            return Err(wrong("delta", "an object"));
        }
        for (key, value) in delta.fields() {
            match key.as_ref() {
                _ if value.is_null() => {}
                "role" => {
                    if let Some(choice) = self.choices.get_mut(slot) {
                        choice.role.get_or_insert_with(|| value.text().to_owned());
                    }
                }
                "content" => self.push_content(slot, value)?,
                "tool_calls" => {
                    if !value.is_array() {
                        return Err(wrong("tool_calls", "a list"));
                    }
                    for call in value.items() {
                        self.push_call(slot, call)?;
                    }
                }
                name if grows(name) => {
                    let text = value.as_str().ok_or_else(|| wrong(name, "a string"))?;
                    let at = self.field_place(slot, name).unwrap_or_else(|| {
                        let Some(choice) = self.choices.get_mut(slot) else { return 0 };
                        choice.appended.push((name.to_owned(), Vec::new()));
                        choice.appended.len() - 1
                    });
                    self.append(slot, Target::Field(u16::try_from(at).unwrap_or(0)), text.as_bytes())?;
                }
                name => {
                    if let Some(choice) = self.choices.get_mut(slot) {
                        set_field(&mut choice.message, name, value.text());
                    }
                }
            }
        }
        Ok(())
    }

    fn push_content(&mut self, slot: usize, content: Raw<'_>) -> Result<()> {
        if let Some(text) = content.as_str() {
            return self.append(slot, Target::Text, text.as_bytes());
        }
        if !content.is_array() {
            return Err(wrong("content", "a string or a list of parts"));
        }
        self.kept += content.text().len();
        self.overflow |= self.kept > MAX_KEPT;
        let (false, Some(choice)) = (self.overflow, self.choices.get_mut(slot)) else { return Ok(()) };
        for part in content.items() {
            push_part(choice, part);
        }
        Ok(())
    }

    fn push_call(&mut self, slot: usize, raw: Raw<'_>) -> Result<()> {
        if !raw.is_object() {
            return Err(wrong("tool call", "an object"));
        }
        let id = match raw.get_some("id") {
            Some(id) => id.as_str().ok_or_else(|| wrong("tool call id", "a string"))?,
            None => "".into(),
        };
        let given = match raw.get_some("index") {
            Some(index) => Some(index_of(Some(index), "tool call")?),
            None => None,
        };
        let Some(choice) = self.choices.get_mut(slot) else { return Ok(()) };
        let at = match given {
            Some(index) => choice.calls.iter().position(|call| call.index == index),
            // without an index, a known id or none at all means the call that is being written
            None if id.is_empty() => choice.calls.len().checked_sub(1),
            None => choice.calls.iter().rposition(|call| call.id == id),
        };
        let at = match at {
            Some(at) => at,
            None => {
                let next = choice.calls.iter().map(|call| i64::from(call.index) + 1).max().unwrap_or(0);
                let index = match given {
                    Some(index) => index,
                    None if next > MAX_INDEX => return Err(out_of_range("tool call")),
                    None => u32::try_from(next).unwrap_or(0),
                };
                self.flags.duplicate_id |= !id.is_empty() && choice.calls.iter().any(|call| call.id == id);
                choice.calls.push(Call { index, ..Call::default() });
                choice.calls.len() - 1
            }
        };
        let Some(call) = choice.calls.get_mut(at) else { return Ok(()) };
        if call.id.is_empty() {
            call.id.push_str(&id);
        } else if !id.is_empty() && call.id != id {
            return Err(changed("id"));
        }
        let mut arguments = None;
        for (key, value) in raw.fields() {
            match key.as_ref() {
                "index" | "id" => {}
                _ if value.is_null() => {}
                "function" => arguments = push_function(call, value, !id.is_empty())?,
                _ => {
                    set_field(&mut call.extra, &key, value.text());
                }
            }
        }
        if let Some(text) = arguments {
            self.append(slot, Target::Arguments(u16::try_from(at).unwrap_or(0)), text.as_bytes())?;
        }
        Ok(())
    }

    /// The completion so far, as JSON text; `None` before the first chunk.
    #[must_use]
    pub fn partial(&self) -> Option<String> {
        self.seen.then(|| folded::write(&self.root, &self.choices))
    }

    /// The whole completion.
    ///
    /// # Errors
    /// `BodyTooLarge` when the stream said more than is kept.
    pub fn completion(&self) -> Result<Json<ChatCompletion>> {
        if self.overflow {
            return Err(Error::new(
                ErrorKind::BodyTooLarge,
                format!("The stream said more than the {MAX_KEPT} bytes that are kept: read its chunks as they come."),
            ));
        }
        Ok(Json::from_checked(folded::write(&self.root, &self.choices)))
    }

    /// The verdict on a stream that has ended.
    ///
    /// # Errors
    /// `Truncated` when it ended before the answer did, `EmptyBody` when nothing came at all, or
    /// the failure that broke it; each with the completion so far.
    pub fn finish(&mut self, end: End) -> Result<Completeness> {
        let finished = !self.choices.is_empty() && self.choices.iter().all(|choice| choice.finish_reason.is_some());
        let mut flags = self.flags;
        flags.no_finish_reason = !finished;
        match end {
            End::Done => {}
            End::Eof if finished => flags.no_sentinel = true,
            End::Broken(fault) if finished && is_transport(&fault) => {
                flags.no_sentinel = true;
                flags.broken_after_end = true;
            }
            End::Broken(fault) => return Err(fault.with_partial(self.partial())),
            End::Eof if self.seen => {
                return Err(Error::new(
                    ErrorKind::Truncated,
                    "The stream ended before the answer did: neither a finish_reason nor [DONE] came. What arrived is in the error's partial completion.",
                )
                .with_maybe_processed(true)
                .with_partial(self.partial()));
            }
            End::Eof => {
                return Err(Error::new(ErrorKind::Truncated, "The stream ended before its first event.")
                    .with_maybe_processed(true));
            }
        }
        self.flags = flags;
        Ok(flags)
    }
}
