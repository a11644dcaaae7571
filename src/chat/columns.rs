//! A chat stream's reads as columns, for JavaScript to make objects of.
//!
//! What crosses per read is one text and one table of `i32`: for an event of a known shape its
//! slot and one word per hole, for any other event where its JSON ends in the text. Objects are
//! made on the other side, lazily; the fold of the whole answer happens here, so that it costs
//! JavaScript nothing. The table of one step is bounded, and what is left of a read waits.

// the native face uses the fold alone; the columns are for the JavaScript face, which it leaves out
#![allow(dead_code)]

use crate::chat::accumulate::{Accumulator, Completeness, End};
use crate::chat::types::ChatCompletion;
use crate::error::{Error, ErrorKind, Result};
use crate::wire::fault;
use crate::wire::json::{Json, Raw};
use crate::wire::skeleton::Skeletons;
use crate::wire::sse::SseDecoder;

mod core;
#[cfg(test)]
mod tests;

use self::core::Core;

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
