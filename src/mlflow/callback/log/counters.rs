//! The counters that go with every event.

use crate::error::{Error, ErrorKind, Result};
use crate::wire::json::Raw;

/// The names of the counters, in the order in which they are logged.
pub const COUNTERS: [&str; 15] = [
    "step",
    "starts",
    "ends",
    "errors",
    "text_ctr",
    "chain_starts",
    "chain_ends",
    "llm_starts",
    "llm_ends",
    "llm_streams",
    "tool_starts",
    "tool_ends",
    "agent_ends",
    "retriever_starts",
    "retriever_ends",
];

/// How often things happened, all from 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters([u64; 15]);

impl Counters {
    /// Reads a list of the fifteen numbers.
    ///
    /// # Errors
    /// `InvalidInput` when it is none.
    pub fn parse(json: &str) -> Result<Self> {
        let mut counters = Self::default();
        let mut read = 0;
        for (place, item) in counters.0.iter_mut().zip(Raw::parse(json)?.items()) {
            let Some(value) = item.as_i64().and_then(|value| u64::try_from(value).ok()) else { break };
            (*place, read) = (value, read + 1);
        }
        match read {
            15 => Ok(counters),
            _ => Err(Error::new(ErrorKind::InvalidInput, "Counters are a list of fifteen whole numbers.")),
        }
    }

    /// The fifteen numbers as a JSON list.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut out = String::from("[");
        for (_, value) in self.iter() {
            if out.len() > 1 {
                out.push(',');
            }
            out.push_str(&value.to_string());
        }
        out.push(']');
        out
    }

    /// Names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        COUNTERS.iter().copied().zip(self.0.iter().copied())
    }

    /// The value of a counter; 0 when there is none of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> u64 {
        self.iter().find(|(known, _)| *known == name).map_or(0, |(_, value)| value)
    }

    /// `step` and these go up by one.
    pub(super) fn count(&mut self, names: &[&str]) {
        for (name, value) in COUNTERS.iter().zip(&mut self.0) {
            if *name == "step" || names.contains(name) {
                *value = value.saturating_add(1);
            }
        }
    }
}
