//! The stream decoder's export: reads in, columns out. `stream.js` owns the loop.
//!
//! A read is written straight into the decoder's window and decoded by one synchronous call. What
//! it left behind stands in eight words that JavaScript reads in place, so that a read costs one
//! crossing.

use wasm_bindgen::prelude::*;

use crate::chat::columns::{ChunkColumns, Mode, Status};
use crate::error::{Error, ErrorKind, TimeoutPhase};
use crate::js::error::to_js;

/// The room kept open for the next read, in bytes.
const ROOM: usize = 16 * 1024;

/// Decodes one chat stream, for `stream.js`.
#[wasm_bindgen]
#[derive(Debug)]
pub struct ChunkDecoder {
    columns: ChunkColumns,
    /// `[status, table at, table words, text at, text bytes, text UTF-16 units, window at, window bytes]`.
    state: Box<[u32; 8]>,
    /// How long reads have been lately, which is the window to keep.
    usual: usize,
}

#[wasm_bindgen]
impl ChunkDecoder {
    /// A decoder at the start of a stream.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(max_event_bytes: usize, only_text: bool) -> Self {
        let mode = if only_text { Mode::Text } else { Mode::Objects };
        let mut decoder =
            Self { columns: ChunkColumns::new(max_event_bytes, mode), state: Box::new([0; 8]), usual: 1024 };
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
        if status == Status::Hungry {
            self.usual = if bytes > self.usual { bytes.min(ROOM) } else { (self.usual * 7 + bytes) / 8 };
            self.columns.sse().window(self.usual.max(512));
        }
        self.show(status);
    }

    /// Says that the bytes have ended.
    pub fn finish(&mut self) {
        self.columns.finish();
    }

    /// Says that the bytes broke off: `phase` is `idle` or `total` after a time limit, else empty.
    /// Whether the answer was complete all the same; if not, the caller's own error stands.
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
    /// The stream's failure, with the completion so far.
    pub fn completeness(&self) -> Result<Option<String>, JsValue> {
        match self.columns.verdict() {
            Some(Ok(completeness)) => Ok(Some(completeness.to_json())),
            Some(Err(fault)) => Err(to_js(fault)),
            None => Ok(None),
        }
    }

    /// The completion so far as JSON text, when there is one.
    pub fn partial(&mut self) -> Option<String> {
        self.columns.partial()
    }

    /// The whole completion as JSON text.
    ///
    /// # Errors
    /// `BodyTooLarge` when the stream said more than is kept.
    pub fn completion(&mut self) -> Result<String, JsValue> {
        self.columns.completion().map(crate::wire::json::Json::into_string).map_err(|fault| to_js(&fault))
    }

    fn show(&mut self, status: Status) {
        let (window, room) = self.columns.sse().room();
        let (table, text) = (self.columns.table(), self.columns.text());
        *self.state = [
            match status {
                Status::Hungry => 0,
                Status::More => 1,
                Status::Ended => 2,
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

/// The module's memory, for reading columns in place.
#[wasm_bindgen(js_name = wasmMemory)]
#[must_use]
pub fn wasm_memory() -> JsValue {
    wasm_bindgen::memory()
}
