//! Forms of event streams: what ends a stream, what in it is an error, and what of it is kept.
//!
//! The server-sent events decoder knows lines; a [`Form`] knows what the events of one API mean;
//! [`Reading`] holds the two together and says how the stream ended. Both faces read every stream
//! but that of chat, which has columns of its own, through it.

use std::fmt;

use crate::error::{Error, ErrorKind, Result};
use crate::wire::fault;
use crate::wire::json::{Raw, push_string};
use crate::wire::sse::SseEvent;

mod columns;
mod simple;
#[cfg(test)]
pub(crate) mod tests;

#[allow(unused_imports, reason = "for the JavaScript face")]
pub(crate) use columns::{EventColumns, Status};
pub use simple::{Completions, Marked, Tgi};

/// How much of one stream is kept for the whole answer, in bytes; a stream that says more is an error.
pub const MAX_KEPT: usize = 64 << 20;

/// What the events of one API mean. Pure: bytes and clocks are elsewhere.
pub trait Form: Send {
    /// Takes one event, an object that is no error; appends the words it says. Gives how many bytes
    /// of it are kept.
    ///
    /// # Errors
    /// `Decode` for an event that cannot be put together with the others, or the service's own error.
    fn event(&mut self, event: Raw<'_>, words: &mut String) -> Result<usize>;

    /// Whether the answer is whole although no end mark has come.
    fn settled(&self) -> bool;

    /// Whether the answer is whole and nothing but the end mark can follow: then there is little to wait
    /// for. What may still be going on in silence, as an agent's tool may, says no.
    fn ends_soon(&self) -> bool {
        false
    }

    /// Whether the last event was the end mark itself.
    fn over(&self) -> bool {
        false
    }

    /// The answer as far as it came, as JSON text; nothing when none is kept.
    fn whole(&self) -> Option<String>;

    /// The error an event carries, if it is one.
    fn fault(&self, event: &str, data: Option<Raw<'_>>) -> Option<Error> {
        fault::read(event, data)
    }

    /// An answer that came whole in place of a stream, as the events that say the same.
    fn as_events(&self, whole: Raw<'_>) -> Vec<String> {
        vec![whole.text().to_owned()]
    }
}

// Not a bound of the trait: each form's own would stand in its table of methods, and with them the
// printing of every type they hold in the wasm.
impl fmt::Debug for dyn Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Form")
    }
}

/// How a stream ended.
#[derive(Debug)]
pub enum End {
    /// With its end mark.
    Done,
    /// Without it.
    Eof,
    /// By a failure.
    Broken(Error),
}

/// Why a stream that is complete may still deserve a look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ending {
    /// The stream ended without `[DONE]`.
    pub no_sentinel: bool,
    /// Nothing in the stream said that the answer is whole, but for the end mark.
    pub no_finish_reason: bool,
    /// The connection broke after the answer was whole.
    pub broken_after_end: bool,
    /// The answer was whole, and then nothing came: no end mark, no close, until the time was up.
    pub silent_after_end: bool,
}

impl Ending {
    /// As JSON text, `{"state":"complete", …}`.
    #[must_use]
    pub fn to_json(&self) -> String {
        complete_json(&[
            ("no_sentinel", self.no_sentinel),
            ("no_finish_reason", self.no_finish_reason),
            ("broken_after_end", self.broken_after_end),
            ("silent_after_end", self.silent_after_end),
        ])
    }
}

/// A good end as JSON text: its state, and what was odd.
pub(crate) fn complete_json(flags: &[(&str, bool)]) -> String {
    let mut out = String::from("{\"state\":\"complete\"");
    for (key, value) in flags {
        out.push(',');
        push_string(&mut out, key);
        out.push_str(if *value { ":true" } else { ":false" });
    }
    out.push('}');
    out
}

/// One stream being read.
#[derive(Debug)]
pub struct Reading {
    form: Box<dyn Form>,
    kept: usize,
    seen: bool,
    verdict: Option<Result<Ending>>,
}

impl Reading {
    /// A stream of this form, nothing of it read.
    #[must_use]
    pub fn new(form: Box<dyn Form>) -> Self {
        Self { form, kept: 0, seen: false, verdict: None }
    }

    /// Takes one event, whose data is `text`; appends the words it says. `false` for the end mark.
    ///
    /// # Errors
    /// The error the event carries; `Decode` when it is no JSON object, with its number and place
    /// and none of its text; `BodyTooLarge` beyond [`MAX_KEPT`].
    pub fn take(&mut self, event: &SseEvent<'_>, text: &str, words: &mut String) -> Result<bool> {
        if event.is_done() {
            self.end(End::Done);
            return Ok(false);
        }
        let raw = Raw::parse(text);
        if let Some(fault) = self.form.fault(event.event, raw.as_ref().ok().copied()) {
            return Err(fault);
        }
        let reason = match &raw {
            Ok(raw) if raw.is_object() => {
                self.push(*raw, words)?;
                return Ok(true);
            }
            Ok(_) => "it is not a JSON object.",
            Err(fault) => fault.message(),
        };
        let mut sentence = String::from("Event ");
        sentence.push_str(&event.number.to_string());
        sentence.push_str(" of the stream, at byte ");
        sentence.push_str(&event.offset.to_string());
        sentence.push_str(", cannot be read: ");
        sentence.push_str(reason);
        Err(Error::new(ErrorKind::Decode, sentence))
    }

    /// Takes one event of an answer that came whole.
    ///
    /// # Errors
    /// As [`take`](Self::take).
    pub fn push(&mut self, event: Raw<'_>, words: &mut String) -> Result<()> {
        self.seen = true;
        self.kept += self.form.event(event, words)?;
        if self.kept > MAX_KEPT {
            return Err(Error::new(
                ErrorKind::BodyTooLarge,
                "The stream said more than 64 MiB: its answer is not kept beyond that.",
            ));
        }
        if self.form.over() {
            self.end(End::Done);
        }
        Ok(())
    }

    /// An answer that came whole in place of a stream, as its events.
    #[must_use]
    pub fn as_events(&self, whole: &str) -> Vec<String> {
        self.form.as_events(Raw::trusted(whole.trim()))
    }

    /// Ends the stream, once; what comes later changes nothing.
    pub fn end(&mut self, end: End) {
        if self.verdict.is_none() {
            self.verdict = Some(self.judge(end));
        }
    }

    fn judge(&self, end: End) -> Result<Ending> {
        let settled = self.form.settled();
        let good = Ending { no_finish_reason: !settled, ..Ending::default() };
        match end {
            End::Done => Ok(good),
            End::Eof if settled => Ok(Ending { no_sentinel: true, ..good }),
            End::Broken(fault) if settled && is_transport(&fault) => {
                let silent = fault.kind() == ErrorKind::DeadlineExceeded;
                Ok(Ending { no_sentinel: true, broken_after_end: !silent, silent_after_end: silent, ..good })
            }
            End::Broken(fault) => Err(fault.with_partial(self.whole())),
            End::Eof => {
                let sentence = if self.seen {
                    "The stream ended before the answer did: its end mark never came. What arrived is in the error's partial answer."
                } else {
                    "The stream ended before its first event."
                };
                let fault = Error::new(ErrorKind::Truncated, sentence).with_maybe_processed(true);
                Err(fault.with_partial(self.whole()))
            }
        }
    }

    /// Whether nothing but the end mark can follow: then there is little to wait for.
    #[must_use]
    pub fn ends_soon(&self) -> bool {
        self.form.ends_soon()
    }

    /// How the stream ended; `None` while it runs.
    #[must_use]
    pub fn verdict(&self) -> Option<&Result<Ending>> {
        self.verdict.as_ref()
    }

    /// The failure the stream ended with, handed on once.
    pub fn take_failure(&mut self) -> Option<Error> {
        match self.verdict.take() {
            Some(Err(fault)) => Some(fault),
            kept => {
                self.verdict = kept;
                None
            }
        }
    }

    /// The answer as far as it came, as JSON text; nothing when the form keeps none or nothing came.
    #[must_use]
    pub fn whole(&self) -> Option<String> {
        if self.seen { self.form.whole() } else { None }
    }
}

/// Only what the network does can come after a good end; a fault in the data is one all the same.
pub(crate) fn is_transport(fault: &Error) -> bool {
    matches!(
        fault.kind(),
        ErrorKind::Connect | ErrorKind::Truncated | ErrorKind::Protocol | ErrorKind::DeadlineExceeded | ErrorKind::Tls
    )
}

/// A field of an answer whose value is kept as JSON text.
pub(crate) type Field = (String, String);

/// How many fields of one object are kept: more are no answer but an attack on the search for them.
const MAX_FIELDS: usize = 128;

/// Keeps a field, the last value that is not `null` winning. Gives how many bytes that adds.
pub(crate) fn keep(fields: &mut Vec<Field>, key: &str, value: Raw<'_>) -> usize {
    match fields.iter_mut().find(|(name, _)| name == key) {
        Some((_, kept)) if value.is_null() || kept == value.text() => 0,
        Some((_, kept)) => {
            kept.clear();
            kept.push_str(value.text());
            value.text().len()
        }
        None => {
            if fields.len() >= MAX_FIELDS {
                return 0;
            }
            fields.push((key.to_owned(), value.text().to_owned()));
            key.len() + value.text().len()
        }
    }
}

/// Writes `"key":` into an object, after a comma where one is due.
pub(crate) fn push_key(out: &mut String, key: &str) {
    if !out.ends_with('{') {
        out.push(',');
    }
    push_string(out, key);
    out.push(':');
}

/// Writes kept fields into an object.
pub(crate) fn push_fields(out: &mut String, fields: &[Field]) {
    for (key, value) in fields {
        push_key(out, key);
        out.push_str(value);
    }
}
