//! One event of a stream as columns: the words of the table, its text, and the fold on the way.

use crate::chat::accumulate::{Accumulator, Completeness, End};
use crate::chat::plan::{Plan, Source};
use crate::error::{Error, ErrorKind, Result};
use crate::wire::json::{Raw, unescape};
use crate::wire::skeleton::Skeletons;
use crate::wire::skeleton::scan::{Kind, Span, unescape_into, utf16_len};
use crate::wire::sse::SseDecoder;

use super::Mode;

/// An event whose JSON text runs to the unit that follows.
pub(super) const PLAIN: i32 = -1;
/// The same, and from now on the shape of a slot: slot, number of holes, holes, end.
pub(super) const LEARNED: i32 = -2;
/// A hole's word: a whole number below 2³⁰ is itself; a string is this plus the unit where it ends
/// in the text; any other number is the same minus 2³¹; words are the last three numbers.
pub(super) const STRING: i32 = 1 << 30;
pub(super) const NUMBER: i32 = i32::MIN;
pub(super) const NULL: i32 = -1;
pub(super) const TRUE: i32 = -2;
pub(super) const FALSE: i32 = -3;

/// Everything but the bytes, so that a line can be read where it lies.
#[derive(Debug)]
pub(super) struct Core {
    pub(super) shapes: Skeletons,
    pub(super) plans: Vec<Plan>,
    pub(super) accumulator: Accumulator,
    pub(super) spans: Vec<Span>,
    /// Where the strings of the event at hand lie in `text`.
    pub(super) values: Vec<(usize, usize)>,
    pub(super) text: Vec<u8>,
    pub(super) units: usize,
    pub(super) table: Vec<i32>,
    pub(super) mode: Mode,
    pub(super) clock: u64,
    pub(super) verdict: Option<Result<Completeness>>,
    pub(super) finished: bool,
}

impl Core {
    pub(super) fn end(&mut self, sse: &SseDecoder, end: End) {
        self.settle(sse);
        self.finished = true;
        self.verdict = Some(self.accumulator.finish(end));
    }

    /// Recognises the next event without looking for its end. Gives its slot and where its JSON lies.
    pub(super) fn by_heart(&mut self, sse: &mut SseDecoder) -> Option<(usize, usize, usize)> {
        let rest = sse.untouched()?;
        let line = rest.strip_prefix(b"data:")?;
        let line = line.strip_prefix(b" ").unwrap_or(line);
        let head = rest.len() - line.len();
        let (slot, len) = self.shapes.find(line, &mut self.spans)?;
        let tail = match line.get(len..)? {
            [b'\n', b'\n', ..] => 2,
            [b'\r', b'\n', b'\r', b'\n', ..] => 4,
            _ => return None,
        };
        if head + len > sse.max_event() {
            return None;
        }
        let from = sse.take(head + len + tail) + head;
        Some((slot, from, from + len))
    }

    /// Gives out and folds a line that fits the slot's skeleton.
    pub(super) fn known(
        &mut self,
        sse: &SseDecoder,
        slot: usize,
        line: &[u8],
        place: Option<(usize, usize)>,
    ) -> Result<()> {
        self.values.clear();
        if self.mode == Mode::Objects && self.columns(slot, line).is_none() {
            let text = String::from_utf8_lossy(line);
            return self.unknown(sse, Raw::trusted(&text), false);
        }
        self.clock += 1;
        let guarded = match (self.plans.get_mut(slot), self.shapes.get(slot)) {
            (Some(plan), Some(skeleton)) => {
                let guarded = plan.by_fold
                    || plan.guards.iter().any(|hole| {
                        let span = self.spans.get(*hole);
                        span.and_then(|span| line.get(span.start()..span.end())) != Some(skeleton.learned(*hole))
                    });
                if !guarded {
                    plan.seen = self.clock;
                    plan.line = place;
                    if plan.root_varies && place.is_none() {
                        plan.kept.clear();
                        plan.kept.extend_from_slice(line);
                    }
                }
                guarded
            }
            _ => true,
        };
        if guarded {
            let text = String::from_utf8_lossy(line);
            return self.fold(sse, Raw::trusted(&text));
        }
        let Some(plan) = self.plans.get(slot) else { return Ok(()) };
        for append in &plan.appends {
            let mut unescaped = Vec::new();
            let bytes = match &append.source {
                Source::Constant(bytes) => bytes.as_slice(),
                Source::Hole(hole) => match self.spans.get(*hole) {
                    Some(span) if span.kind == Kind::Plain => line.get(span.from..span.to).unwrap_or(&[]),
                    Some(span) if span.kind == Kind::Rich && self.mode != Mode::Objects => {
                        rich(line.get(span.from..span.to).unwrap_or(&[]), &mut unescaped);
                        &unescaped
                    }
                    Some(span) if span.kind == Kind::Rich => {
                        let (from, to) = self.values.get(*hole).copied().unwrap_or((0, 0));
                        let bytes = self.text.get(from..to).unwrap_or(&[]);
                        self.accumulator.append(append.slot, append.target, bytes)?;
                        continue;
                    }
                    Some(span) if line.get(span.from) == Some(&b'n') => continue,
                    _ => return Err(not_text()),
                },
            };
            if self.mode == Mode::Text && append.spoken && !self.accumulator.has_ended(0) {
                self.units += utf16_len(bytes);
                self.text.extend_from_slice(bytes);
            }
            self.accumulator.append(append.slot, append.target, bytes)?;
        }
        Ok(())
    }

    /// Writes a known line's words; nothing when a string of it cannot be carried.
    pub(super) fn columns(&mut self, slot: usize, line: &[u8]) -> Option<()> {
        let (text_len, table_len, units) = (self.text.len(), self.table.len(), self.units);
        self.table.push(i32::try_from(slot).ok()?);
        for span in &self.spans {
            let inner = line.get(span.from..span.to)?;
            let from = self.text.len();
            let word = match span.kind {
                Kind::Plain => {
                    self.text.extend_from_slice(inner);
                    self.units += inner.len();
                    STRING
                }
                Kind::Rich => match unescape_into(inner, &mut self.text) {
                    Some(units) => {
                        self.units += units;
                        STRING
                    }
                    None => {
                        self.text.truncate(text_len);
                        self.table.truncate(table_len);
                        self.units = units;
                        return None;
                    }
                },
                Kind::Number => {
                    self.text.extend_from_slice(inner);
                    self.units += inner.len();
                    NUMBER
                }
                Kind::Small(value) => {
                    self.table.push(value);
                    self.values.push((from, from));
                    continue;
                }
                Kind::Word => {
                    self.table.push(match inner.first() {
                        Some(b't') => TRUE,
                        Some(b'f') => FALSE,
                        _ => NULL,
                    });
                    self.values.push((from, from));
                    continue;
                }
            };
            self.table.push(word + i32::try_from(self.units).ok()?);
            self.values.push((from, self.text.len()));
        }
        Some(())
    }

    /// Gives out and folds an event that is valid JSON of no known shape.
    pub(super) fn unknown(&mut self, sse: &SseDecoder, raw: Raw<'_>, learning: bool) -> Result<()> {
        self.fold(sse, raw)?;
        if self.mode != Mode::Objects {
            if learning {
                self.learn(raw);
            }
            return Ok(());
        }
        match learning.then(|| self.learn(raw)).flatten() {
            Some(slot) => {
                self.table.extend([LEARNED, i32::try_from(slot).unwrap_or(0)]);
                let holes = self.shapes.get(slot).map_or(&[][..], |skeleton| skeleton.holes());
                self.table.push(i32::try_from(holes.len()).unwrap_or(0));
                self.table.extend(holes.iter().map(|leaf| i32::try_from(*leaf).unwrap_or(0)));
            }
            None => self.table.push(PLAIN),
        }
        self.text.extend_from_slice(raw.text().as_bytes());
        self.units += utf16_len(raw.text().as_bytes());
        self.table.push(i32::try_from(self.units).unwrap_or(i32::MAX));
        Ok(())
    }

    pub(super) fn learn(&mut self, raw: Raw<'_>) -> Option<usize> {
        let slot = self.shapes.learn(raw.text())?;
        let plan = Plan::new(self.shapes.get(slot)?, raw, &self.accumulator);
        if let Some(old) = self.plans.get_mut(slot) {
            *old = plan;
        } else {
            self.plans.push(plan);
        }
        Some(slot)
    }

    /// Folds a whole event.
    pub(super) fn fold(&mut self, sse: &SseDecoder, raw: Raw<'_>) -> Result<()> {
        self.settle(sse);
        if self.mode == Mode::Text && !self.accumulator.has_ended(0) {
            let start = self.text.len();
            spoken(raw, &mut self.text);
            self.units += self.text.get(start..).map_or(0, utf16_len);
        }
        self.accumulator.push_raw(raw)
    }

    /// Folds what lines of known shapes said outside their choices, in the order they came.
    pub(super) fn settle(&mut self, sse: &SseDecoder) {
        let mut due: Vec<(u64, usize)> = self.plans.iter().enumerate().map(|(slot, plan)| (plan.seen, slot)).collect();
        due.retain(|(seen, _)| *seen > 0);
        crate::order::sort(&mut due, |a, b| a < b);
        for (_, slot) in due {
            let (Some(plan), Some(skeleton)) = (self.plans.get_mut(slot), self.shapes.get(slot)) else { continue };
            plan.seen = 0;
            let line = match plan.line.take() {
                Some((from, to)) => sse.bytes_at(from, to),
                None if plan.root_varies => &plan.kept,
                None => skeleton.text(),
            };
            self.accumulator.push_root(Raw::trusted(&String::from_utf8_lossy(line)));
        }
    }
}

/// Unescapes a string; what UTF-8 cannot carry becomes U+FFFD.
pub(super) fn rich(inner: &[u8], out: &mut Vec<u8>) {
    if unescape_into(inner, out).is_none() {
        out.extend_from_slice(unescape(&String::from_utf8_lossy(inner)).as_bytes());
    }
}

/// The text the first choice says in one event.
pub(super) fn spoken(raw: Raw<'_>, out: &mut Vec<u8>) {
    for choice in raw.get_some("choices").into_iter().flat_map(Raw::items) {
        if choice.get("index").and_then(Raw::as_i64) != Some(0) {
            continue;
        }
        let content = choice.get("delta").or_else(|| choice.get("message")).and_then(|delta| delta.get_some("content"));
        let Some(content) = content else { continue };
        if let Some(text) = content.as_str() {
            out.extend_from_slice(text.as_bytes());
        }
        for part in content.items() {
            if part.get("type").is_some_and(|kind| kind.text() == "\"text\"") {
                if let Some(text) = part.get("text").and_then(Raw::as_str) {
                    out.extend_from_slice(text.as_bytes());
                }
            }
        }
    }
}

pub(super) fn not_text() -> Error {
    Error::new(ErrorKind::Decode, "A piece of the stream that should be text is something else.")
}
