//! A stream's reads as texts and where they end, for JavaScript to parse; the shape of the table is
//! that of chat's columns, of which it uses the plainest word alone.

// native code reads events one by one
#![allow(dead_code)]

use crate::error::{Error, Result};
use crate::wire::form::{End, Form, Reading};
use crate::wire::skeleton::scan::utf16_len;
use crate::wire::sse::SseDecoder;

/// How many events and how much text one step gives at most.
const STEP_EVENTS: usize = 512;
const STEP_TEXT: usize = 256 * 1024;
/// An event whose JSON text runs to the unit that follows.
const PLAIN: i32 = -1;

/// What a step left behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// Everything that came is given out.
    Hungry,
    /// The same read holds more.
    More,
    /// The stream has ended, well or not.
    Ended,
    /// Hungry, and nothing but the end mark can follow.
    Settled,
}

/// The decoder of one stream.
#[derive(Debug)]
pub(crate) struct EventColumns {
    sse: SseDecoder,
    reading: Reading,
    only_words: bool,
    text: String,
    units: usize,
    table: Vec<i32>,
}

impl EventColumns {
    /// A decoder at the start of a stream; with `only_words` it gives no events but their words.
    pub(crate) fn new(max_event: usize, form: Box<dyn Form>, only_words: bool) -> Self {
        Self {
            sse: SseDecoder::with_max_event(max_event),
            reading: Reading::new(form),
            only_words,
            text: String::new(),
            units: 0,
            table: Vec::new(),
        }
    }

    pub(crate) fn sse(&mut self) -> &mut SseDecoder {
        &mut self.sse
    }

    pub(crate) fn reading(&mut self) -> &mut Reading {
        &mut self.reading
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// How long [`text`](Self::text) is in UTF-16 units.
    pub(crate) fn units(&self) -> usize {
        self.units
    }

    pub(crate) fn table(&self) -> &[i32] {
        &self.table
    }

    /// Decodes what has been fed, up to the bounds of one step.
    pub(crate) fn step(&mut self) -> Status {
        self.text.clear();
        self.table.clear();
        self.units = 0;
        if self.text.capacity() > 4 * STEP_TEXT {
            self.text.shrink_to(STEP_TEXT);
        }
        for _ in 0..STEP_EVENTS {
            if self.reading.verdict().is_some() {
                return Status::Ended;
            }
            match self.event() {
                Ok(true) if self.text.len() < STEP_TEXT => {}
                Ok(true) => return Status::More,
                Ok(false) if self.reading.verdict().is_some() => return Status::Ended,
                Ok(false) if self.reading.ends_soon() => return Status::Settled,
                Ok(false) => return Status::Hungry,
                Err(fault) => {
                    self.reading.end(End::Broken(fault));
                    return Status::Ended;
                }
            }
        }
        Status::More
    }

    /// Takes one event; `false` when there is none.
    fn event(&mut self) -> Result<bool> {
        let Some(event) = self.sse.next_event()? else { return Ok(false) };
        let data = event.text();
        let mut words = String::new();
        if !self.reading.take(&event, &data, &mut words)? {
            return Ok(false);
        }
        let given = if self.only_words { words.as_str() } else { data.trim() };
        self.text.push_str(given);
        self.units += utf16_len(given.as_bytes());
        if !self.only_words {
            self.table.extend([PLAIN, i32::try_from(self.units).unwrap_or(i32::MAX)]);
        }
        Ok(true)
    }

    /// The bytes have ended.
    pub(crate) fn finish(&mut self) {
        let end = if self.sse.finish() { End::Done } else { End::Eof };
        self.reading.end(end);
    }

    /// The bytes broke off. Whether the answer was complete all the same.
    pub(crate) fn break_off(&mut self, fault: Error) -> bool {
        self.reading.end(End::Broken(fault));
        matches!(self.reading.verdict(), Some(Ok(_)))
    }
}
