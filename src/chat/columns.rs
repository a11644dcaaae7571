//! A chat stream's reads as columns, for JavaScript to make objects of.
//!
//! What crosses per read is one text and one table of `i32`: for an event of a known shape its
//! slot and one word per hole, for any other event where its JSON ends in the text. Objects are
//! made on the other side, lazily; the fold of the whole answer happens here, so that it costs
//! JavaScript nothing. The table of one step is bounded, and what is left of a read waits.

// the native face uses the fold alone; the columns are for the JavaScript face, which it leaves out
#![allow(dead_code)]

use crate::chat::accumulate::{Accumulator, Completeness, End};
use crate::chat::plan::{Plan, Source};
use crate::chat::types::ChatCompletion;
use crate::error::{Error, ErrorKind, Result};
use crate::wire::fault;
use crate::wire::json::{Json, Raw, unescape};
use crate::wire::skeleton::Skeletons;
use crate::wire::skeleton::scan::{Kind, Span, unescape_into, utf16_len};
use crate::wire::sse::SseDecoder;

#[cfg(test)]
mod tests;

/// An event whose JSON text runs to the unit that follows.
pub(crate) const PLAIN: i32 = -1;
/// The same, and from now on the shape of a slot: slot, number of holes, holes, end.
pub(crate) const LEARNED: i32 = -2;
/// A hole's word: a whole number below 2³⁰ is itself; a string is this plus the unit where it ends
/// in the text; any other number is the same minus 2³¹; words are the last three numbers.
const STRING: i32 = 1 << 30;
const NUMBER: i32 = i32::MIN;
const NULL: i32 = -1;
const TRUE: i32 = -2;
const FALSE: i32 = -3;

/// How many events and how much text one step gives at most.
const STEP_EVENTS: usize = 512;
const STEP_TEXT: usize = 256 * 1024;

/// What a step left behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// Everything that came is given out.
    Hungry,
    /// The same read holds more.
    More,
    /// The stream has ended, well or not; [`ChunkColumns::verdict`] says.
    Ended,
}

/// What is given out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Columns for objects.
    Objects,
    /// The text of the first choice.
    Text,
    /// Nothing: the events are read elsewhere and only folded here.
    Fold,
}

/// The decoder of one chat stream.
#[derive(Debug)]
pub(crate) struct ChunkColumns {
    sse: SseDecoder,
    core: Core,
}

/// Everything but the bytes, so that a line can be read where it lies.
#[derive(Debug)]
struct Core {
    shapes: Skeletons,
    plans: Vec<Plan>,
    accumulator: Accumulator,
    spans: Vec<Span>,
    /// Where the strings of the event at hand lie in `text`.
    values: Vec<(usize, usize)>,
    text: Vec<u8>,
    units: usize,
    table: Vec<i32>,
    mode: Mode,
    clock: u64,
    verdict: Option<Result<Completeness>>,
    finished: bool,
}

impl ChunkColumns {
    /// A decoder at the start of a stream.
    pub(crate) fn new(max_event: usize, mode: Mode) -> Self {
        let core = Core {
            shapes: Skeletons::default(),
            plans: Vec::new(),
            accumulator: Accumulator::new(),
            spans: Vec::new(),
            values: Vec::new(),
            text: Vec::new(),
            units: 0,
            table: Vec::new(),
            mode,
            clock: 0,
            verdict: None,
            finished: false,
        };
        Self { sse: SseDecoder::with_max_event(max_event), core }
    }

    pub(crate) fn sse(&mut self) -> &mut SseDecoder {
        &mut self.sse
    }

    pub(crate) fn text(&self) -> &[u8] {
        &self.core.text
    }

    pub(crate) fn table(&self) -> &[i32] {
        &self.core.table
    }

    /// How long [`text`](Self::text) is in UTF-16 units.
    pub(crate) fn units(&self) -> usize {
        self.core.units
    }

    /// Decodes what has been fed, up to the bounds of one step.
    pub(crate) fn step(&mut self) -> Status {
        self.core.text.clear();
        self.core.table.clear();
        self.core.units = 0;
        let mut status = Status::More;
        for _ in 0..STEP_EVENTS {
            if self.core.finished {
                status = Status::Ended;
                break;
            }
            match self.event() {
                Ok(true) if self.core.text.len() < STEP_TEXT => {}
                Ok(true) => break,
                Ok(false) => {
                    status = if self.core.finished { Status::Ended } else { Status::Hungry };
                    break;
                }
                Err(fault) => {
                    self.core.end(&self.sse, End::Broken(fault));
                    status = Status::Ended;
                    break;
                }
            }
        }
        // the buffer may move before the next step
        for plan in &mut self.core.plans {
            if let (Some((from, to)), true) = (plan.line.take(), plan.root_varies) {
                plan.kept.clear();
                plan.kept.extend_from_slice(self.sse.bytes_at(from, to));
            }
        }
        if self.core.text.capacity() > 4 * STEP_TEXT && self.core.text.len() < STEP_TEXT {
            self.core.text.shrink_to(STEP_TEXT);
        }
        status
    }

    /// Folds one event that is known to be JSON, in [`Mode::Fold`].
    pub(crate) fn fold_event(&mut self, text: &str) -> Result<()> {
        let Self { sse, core } = self;
        let learning = !core.shapes.paused();
        if learning {
            if let Some((slot, len)) = core.shapes.find(text.as_bytes(), &mut core.spans) {
                if len == text.len() {
                    return core.known(sse, slot, text.as_bytes(), None);
                }
            }
        }
        core.unknown(sse, Raw::trusted(text), learning)
    }

    /// Ends a stream whose events are read elsewhere.
    pub(crate) fn end(&mut self, end: End) {
        self.core.end(&self.sse, end);
    }

    /// The bytes have ended.
    pub(crate) fn finish(&mut self) {
        if !self.core.finished {
            let end = if self.sse.finish() { End::Done } else { End::Eof };
            self.core.end(&self.sse, end);
        }
    }

    /// The bytes broke off. Whether the answer was complete all the same.
    pub(crate) fn break_off(&mut self, fault: Error) -> bool {
        if !self.core.finished {
            self.core.end(&self.sse, End::Broken(fault));
        }
        matches!(self.core.verdict, Some(Ok(_)))
    }

    /// How the stream ended, once it has.
    pub(crate) fn verdict(&self) -> Option<&Result<Completeness>> {
        self.core.verdict.as_ref()
    }

    /// Whether the stream has ended badly.
    pub(crate) fn failed(&self) -> bool {
        matches!(self.core.verdict, Some(Err(_))) || (self.core.finished && self.core.verdict.is_none())
    }

    /// The failure the stream ended with, handed on once.
    pub(crate) fn take_failure(&mut self) -> Option<Error> {
        match self.core.verdict.take() {
            Some(Err(fault)) => Some(fault),
            kept => {
                self.core.verdict = kept;
                None
            }
        }
    }

    /// The completion so far.
    pub(crate) fn partial(&mut self) -> Option<String> {
        self.core.settle(&self.sse);
        self.core.accumulator.partial()
    }

    /// The whole completion.
    ///
    /// # Errors
    /// `BodyTooLarge`, see [`Accumulator::completion`].
    pub(crate) fn completion(&mut self) -> Result<Json<ChatCompletion>> {
        self.core.settle(&self.sse);
        self.core.accumulator.completion()
    }

    /// Takes one event; `false` when there is none.
    fn event(&mut self) -> Result<bool> {
        let Self { sse, core } = self;
        let learning = !core.shapes.paused();
        if learning {
            if let Some((slot, from, to)) = core.by_heart(sse) {
                return core.known(sse, slot, sse.bytes_at(from, to), Some((from, to))).map(|()| true);
            }
        }
        let Some(event) = sse.next_event()? else { return Ok(false) };
        if event.is_done() {
            core.end(sse, End::Done);
            return Ok(false);
        }
        let (number, offset) = (event.number, event.offset);
        if learning && event.event.is_empty() {
            if let Some((slot, len)) = core.shapes.find(event.data, &mut core.spans) {
                if len == event.data.len() {
                    // it was cut by a read or by its line ends: rare enough for a copy
                    let line = event.data.to_vec();
                    return core.known(sse, slot, &line, None).map(|()| true);
                }
            }
        }
        let text = event.text().into_owned();
        let raw = Raw::parse(&text);
        if let Some(fault) = fault::read(event.event, raw.as_ref().ok().copied()) {
            return Err(fault);
        }
        match raw {
            Ok(raw) => core.unknown(sse, raw, learning)?,
            Err(fault) => {
                return Err(Error::new(
                    ErrorKind::Decode,
                    format!("Event {number} of the stream, at byte {offset}, cannot be read: {}", fault.message()),
                ));
            }
        }
        Ok(true)
    }
}

impl Core {
    fn end(&mut self, sse: &SseDecoder, end: End) {
        self.settle(sse);
        self.finished = true;
        self.verdict = Some(self.accumulator.finish(end));
    }

    /// Recognises the next event without looking for its end. Gives its slot and where its JSON lies.
    fn by_heart(&mut self, sse: &mut SseDecoder) -> Option<(usize, usize, usize)> {
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
    fn known(&mut self, sse: &SseDecoder, slot: usize, line: &[u8], place: Option<(usize, usize)>) -> Result<()> {
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
    fn columns(&mut self, slot: usize, line: &[u8]) -> Option<()> {
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
    fn unknown(&mut self, sse: &SseDecoder, raw: Raw<'_>, learning: bool) -> Result<()> {
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

    fn learn(&mut self, raw: Raw<'_>) -> Option<usize> {
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
    fn fold(&mut self, sse: &SseDecoder, raw: Raw<'_>) -> Result<()> {
        self.settle(sse);
        if self.mode == Mode::Text && !self.accumulator.has_ended(0) {
            let start = self.text.len();
            spoken(raw, &mut self.text);
            self.units += self.text.get(start..).map_or(0, utf16_len);
        }
        self.accumulator.push_raw(raw)
    }

    /// Folds what lines of known shapes said outside their choices, in the order they came.
    fn settle(&mut self, sse: &SseDecoder) {
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
fn rich(inner: &[u8], out: &mut Vec<u8>) {
    if unescape_into(inner, out).is_none() {
        out.extend_from_slice(unescape(&String::from_utf8_lossy(inner)).as_bytes());
    }
}

/// The text the first choice says in one event.
fn spoken(raw: Raw<'_>, out: &mut Vec<u8>) {
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

fn not_text() -> Error {
    Error::new(ErrorKind::Decode, "A piece of the stream that should be text is something else.")
}
