//! The decoder of every stream but that of chat: reads in, JSON texts out. `stream.js` owns the loop;
//! the eight words of state are those of chat's decoder.

use wasm_bindgen::prelude::*;

use crate::agents::fold;
use crate::error::{Error, ErrorKind, TimeoutPhase};
use crate::js::error::to_js;
use crate::wire::form::{Completions, EventColumns, Form, Marked, Status, Tgi};

/// The room kept open for the next read, in bytes.
const ROOM: usize = 16 * 1024;

/// The form of this name; what no room knows has an end mark and nothing else.
fn form(name: &str) -> Box<dyn Form> {
    match name {
        "responses" => Box::new(fold::Responses::default()),
        "agent" => Box::new(fold::agent::ChatAgent::default()),
        "completions" => Box::new(Completions::default()),
        "tgi" => Box::new(Tgi::default()),
        _ => Box::new(Marked),
    }
}

/// Decodes one stream of events, for `events.js`.
#[wasm_bindgen]
#[derive(Debug)]
pub struct EventDecoder {
    columns: EventColumns,
    /// As `ChunkDecoder`'s.
    state: Box<[u32; 8]>,
    /// How long reads have been lately, which is the window to keep.
    usual: usize,
}

#[wasm_bindgen]
impl EventDecoder {
    /// A decoder at the start of a stream of this form.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(max_event_bytes: usize, only_text: bool, of: &str) -> Self {
        let columns = EventColumns::new(max_event_bytes, form(of), only_text);
        let mut decoder = Self { columns, state: Box::new([0; 8]), usual: 1024 };
        decoder.show(Status::Hungry);
        decoder
    }

    /// Where the eight words of its state stand in memory; they never move.
    #[must_use]
    pub fn state(&self) -> usize {
        self.state.as_ptr() as usize
    }

    /// Makes the window at least this large.
    pub fn reserve(&mut self, bytes: usize) {
        self.columns.sse().window(bytes);
        self.show(Status::Hungry);
    }

    /// Decodes the first `bytes` of the window, or what an earlier read left when there are none.
    pub fn push(&mut self, bytes: usize) {
        self.columns.sse().filled(bytes);
        let status = self.columns.step();
        if matches!(status, Status::Hungry | Status::Settled) {
            self.usual = if bytes > self.usual { bytes.min(ROOM) } else { (self.usual * 7 + bytes) / 8 };
            self.columns.sse().window(self.usual.max(512));
        }
        self.show(status);
    }

    /// Says that the bytes have ended.
    pub fn finish(&mut self) {
        self.columns.finish();
    }

    /// As `ChunkDecoder.broken`.
    pub fn broken(&mut self, phase: &str) -> bool {
        let fault = match phase {
            "" => Error::new(ErrorKind::Connect, "The connection broke."),
            "idle" => Error::new(ErrorKind::DeadlineExceeded, "").with_phase(TimeoutPhase::Idle),
            _ => Error::new(ErrorKind::DeadlineExceeded, "").with_phase(TimeoutPhase::Total),
        };
        self.columns.break_off(fault)
    }

    /// How the stream ended, as JSON text; nothing before its end.
    ///
    /// # Errors
    /// The stream's failure, with the answer so far.
    pub fn completeness(&mut self) -> Result<Option<String>, JsValue> {
        match self.columns.reading().verdict() {
            Some(Ok(ending)) => Ok(Some(ending.to_json())),
            Some(Err(fault)) => Err(to_js(fault)),
            None => Ok(None),
        }
    }

    /// The answer so far as JSON text, when the form keeps one.
    pub fn partial(&mut self) -> Option<String> {
        self.columns.reading().whole()
    }

    /// The whole answer as JSON text; `null` when the form keeps none.
    #[must_use]
    pub fn completion(&mut self) -> String {
        self.columns.reading().whole().unwrap_or_else(|| "null".to_owned())
    }

    /// An answer that came whole in place of a stream, as the text of the stream that says the same.
    #[wasm_bindgen(js_name = asStream)]
    #[must_use]
    pub fn as_stream(&mut self, whole: &str) -> String {
        let mut out = String::new();
        for event in self.columns.reading().as_events(whole) {
            // line ends in JSON text are space, and space is all that may become of them
            for line in event.lines() {
                out.push_str("data: ");
                out.push_str(line);
                out.push('\n');
            }
            out.push('\n');
        }
        out.push_str("data: [DONE]\n\n");
        out
    }

    fn show(&mut self, status: Status) {
        let (window, room) = self.columns.sse().room();
        let (table, text) = (self.columns.table(), self.columns.text());
        *self.state = [
            match status {
                Status::Hungry => 0,
                Status::More => 1,
                Status::Ended => 2,
                Status::Settled => 3,
            },
            table.as_ptr() as u32,
            table.len() as u32,
            text.as_ptr() as u32,
            text.len() as u32,
            self.columns.units() as u32,
            window as u32,
            room as u32,
        ];
    }
}
