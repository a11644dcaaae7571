//! How a stream ended, and what was odd about it.

pub use crate::wire::form::End;
use crate::wire::form::complete_json;
pub(super) use crate::wire::form::is_transport;

/// Why a stream that is complete may still deserve a look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Completeness {
    /// The stream ended without `[DONE]`.
    pub no_sentinel: bool,
    /// Some choice ended without a `finish_reason`.
    pub no_finish_reason: bool,
    /// `id`, `model` or `created` changed on the way; the last value was kept.
    pub identity_changed: bool,
    /// Pieces came for a choice that had ended, and were ignored.
    pub late_delta: bool,
    /// Two tool calls share one id; both were kept.
    pub duplicate_id: bool,
    /// The connection broke after every choice had ended.
    pub broken_after_end: bool,
}

impl Completeness {
    /// As JSON text, `{"state":"complete", …}`.
    #[must_use]
    pub fn to_json(&self) -> String {
        complete_json(&[
            ("no_sentinel", self.no_sentinel),
            ("no_finish_reason", self.no_finish_reason),
            ("identity_changed", self.identity_changed),
            ("late_delta", self.late_delta),
            ("duplicate_id", self.duplicate_id),
            ("broken_after_end", self.broken_after_end),
        ])
    }
}
