//! A trace in memory.

use super::usage::TokenUsage;
use crate::error::{Error, ErrorKind, Result};

/// The types of spans that MLflow's pages know. Any other text may be used too.
pub mod span_type {
    /// A text model.
    pub const LLM: &str = "LLM";
    /// A chain, or a step of one.
    pub const CHAIN: &str = "CHAIN";
    /// An agent.
    pub const AGENT: &str = "AGENT";
    /// A tool.
    pub const TOOL: &str = "TOOL";
    /// A chat model.
    pub const CHAT_MODEL: &str = "CHAT_MODEL";
    /// A search for documents.
    pub const RETRIEVER: &str = "RETRIEVER";
    /// What reads a model's text.
    pub const PARSER: &str = "PARSER";
    /// An embedding model.
    pub const EMBEDDING: &str = "EMBEDDING";
    /// What sorts documents anew.
    pub const RERANKER: &str = "RERANKER";
    /// A piece of work, such as an SQL statement.
    pub const TASK: &str = "TASK";
    /// Several pieces of work.
    pub const WORKFLOW: &str = "WORKFLOW";
    /// No type.
    pub const UNKNOWN: &str = "UNKNOWN";
}

/// One trace: what happened between a question and its answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Trace {
    /// `tr-` and 32 hex digits, see [`trace_id`](super::trace_id).
    pub trace_id: String,
    /// The experiment that keeps it.
    pub experiment_id: String,
    /// The caller's own id of the request.
    pub client_request_id: Option<String>,
    /// `OK`, `ERROR` or `IN_PROGRESS`; absent: as the root span ended.
    pub state: Option<String>,
    /// What lists show of the request; absent: made of the root span's inputs.
    pub request_preview: Option<String>,
    /// What lists show of the answer; absent: made of the root span's outputs.
    pub response_preview: Option<String>,
    /// Tags, which may be changed later.
    pub tags: Vec<(String, String)>,
    /// Metadata, which stays as it is.
    pub metadata: Vec<(String, String)>,
    /// The spans, in any order.
    pub spans: Vec<Span>,
}

/// One span of a trace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Span {
    /// 16 hex digits, see [`span_id`](super::span_id).
    pub span_id: String,
    /// The span it belongs to; none for the root.
    pub parent_id: Option<String>,
    /// Its name.
    pub name: String,
    /// Its type, see [`span_type`].
    pub span_type: String,
    /// When it began, in nanoseconds since 1970.
    pub start_ns: u64,
    /// When it ended, in nanoseconds since 1970; 0 while it goes on.
    pub end_ns: u64,
    /// How it ended.
    pub status: SpanStatus,
    /// Why it failed; empty otherwise.
    pub status_message: String,
    /// What went in, as JSON text.
    pub inputs: Option<String>,
    /// What came out, as JSON text.
    pub outputs: Option<String>,
    /// Further facts: key and JSON text.
    pub attributes: Vec<(String, String)>,
    /// What happened while it went on.
    pub events: Vec<SpanEvent>,
}

/// Something that happened while a span went on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SpanEvent {
    /// Its name; `exception` for an error.
    pub name: String,
    /// When, in nanoseconds since 1970.
    pub time_ns: u64,
    /// Facts: key and JSON text.
    pub attributes: Vec<(String, String)>,
}

/// How a span ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SpanStatus {
    /// Not said.
    #[default]
    Unset,
    /// Well.
    Ok,
    /// With an error.
    Error,
}

impl SpanStatus {
    /// `OK`, `ERROR` or `UNSET`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unset => "UNSET",
            Self::Ok => "OK",
            Self::Error => "ERROR",
        }
    }

    /// From a word, with or without `STATUS_CODE_` before it; any other word is [`Unset`](Self::Unset).
    pub(super) fn read(word: &str) -> Self {
        match word.strip_prefix("STATUS_CODE_").unwrap_or(word) {
            "OK" => Self::Ok,
            "ERROR" => Self::Error,
            _ => Self::Unset,
        }
    }
}

impl Span {
    /// An attribute's JSON text.
    #[must_use]
    pub fn attribute(&self, key: &str) -> Option<&str> {
        self.attributes.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }
}

impl Trace {
    /// The root: the span that none of the others holds.
    #[must_use]
    pub fn root(&self) -> Option<&Span> {
        let parentless = self.spans.iter().find(|span| span.parent_id.is_none());
        parentless.or_else(|| {
            self.spans
                .iter()
                .find(|span| !self.spans.iter().any(|other| Some(&other.span_id) == span.parent_id.as_ref()))
        })
    }

    /// `OK`, `ERROR`, or `IN_PROGRESS` as long as the root goes on.
    #[must_use]
    pub fn state(&self) -> &str {
        match (&self.state, self.root()) {
            (Some(state), _) => state,
            (None, Some(root)) if root.status == SpanStatus::Error => "ERROR",
            (None, Some(root)) if root.end_ns == 0 => "IN_PROGRESS",
            (None, Some(_)) => "OK",
            (None, None) => "STATE_UNSPECIFIED",
        }
    }

    /// The tokens of the whole trace: the sum over the spans that say theirs and are not part of one that does.
    #[must_use]
    pub fn token_usage(&self) -> Option<TokenUsage> {
        TokenUsage::of(&self.spans)
    }

    /// Refuses ids that a server would refuse with less clear words.
    ///
    /// # Errors
    /// `InvalidInput` saying which id has which form.
    pub fn check(&self) -> Result<()> {
        let fault = |sentence: &str| Err(Error::new(ErrorKind::InvalidInput, sentence));
        if !self.trace_id.strip_prefix("tr-").is_some_and(|digits| super::ids::is_hex(digits, 16)) {
            return fault("The trace's id has another form: it is `tr-` and 32 hex digits in lower case.");
        }
        if self.experiment_id.is_empty() {
            return fault("The trace has no experiment: give the id of the experiment that keeps it.");
        }
        let ids = |span: &Span| {
            super::ids::is_hex(&span.span_id, 8)
                && span.parent_id.as_ref().is_none_or(|parent| super::ids::is_hex(parent, 8))
        };
        if !self.spans.iter().all(ids) {
            return fault("A span's id has another form: it is 16 hex digits in lower case.");
        }
        Ok(())
    }
}
