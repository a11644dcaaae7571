//! MLflow traces (schema 3): what a trace is, how it is written for a server and how it is read back.
//!
//! The files here are pure, except for `traces` (the calls' handle) and `tracer` (the flow that watches calls):
//!
//! - [`Trace`], [`Span`], [`SpanEvent`]: a trace in memory. Contents (inputs, outputs, attributes) are JSON texts.
//! - [`trace_info`]: the body of `POST /api/3.0/mlflow/traces`.
//! - [`traces_json`]: the artifact `traces.json`, as Python's client writes it.
//! - [`otlp_json`]: the body of `POST /v1/traces` in OTLP's JSON form.
//! - [`read_spans`]: spans out of `traces.json` (of either client) or out of the REST answers.
//!
//! # A trace as one JSON text
//!
//! JavaScript hands a trace over as one text, which [`Trace::parse`] reads and [`Trace::to_json`] writes:
//!
//! ```json
//! {"trace_id": "tr-<32 hex>", "experiment_id": "3",
//!  "client_request_id": "optional", "state": "optional: OK, ERROR or IN_PROGRESS, else as the root span ended",
//!  "request_preview": "optional", "response_preview": "optional",
//!  "tags": {"key": "text"}, "metadata": {"key": "text"},
//!  "spans": [{
//!    "span_id": "<16 hex>", "parent_id": "<16 hex>, or null for the root", "name": "chat", "type": "CHAT_MODEL",
//!    "start_ns": "1772360430123000000", "end_ns": "1772360430535000000",
//!    "status": {"code": "OK, ERROR or UNSET", "message": ""},
//!    "inputs": "any JSON, optional", "outputs": "any JSON, optional",
//!    "attributes": {"key": "any JSON"},
//!    "events": [{"name": "exception", "time_ns": "1772360430123000000", "attributes": {"key": "any JSON"}}]
//!  }]}
//! ```
//!
//! Nanoseconds are texts, because JavaScript's numbers cannot hold them; whole numbers are read too. Keys besides these are left.

#[cfg(feature = "observe")]
mod enrich;
mod handle;
mod ids;
mod info;
mod limits;
mod model;
mod otlp;
mod preview;
mod read;
mod spans;
mod stored;
#[cfg(feature = "observe")]
mod tracer;
pub mod types;
mod usage;
mod write;

pub use handle::{StoredTrace, TraceSearch};
pub use ids::{TraceParent, span_id, trace_id};
pub use info::{Server, trace_info};
pub use limits::{METADATA_CHARS, TAG_KEY_CHARS, TAG_VALUE_CHARS, cut};
pub use model::{Span, SpanEvent, SpanStatus, Trace, span_type};
pub use otlp::otlp_json;
pub use preview::preview;
pub use spans::traces_json;
pub use stored::{read_spans, read_tags, spans_json};
#[cfg(feature = "observe")]
pub use tracer::{CurrentTrace, Export, MlflowTracing, TracingStats, UserSpan};
pub use types::{Assessment, AssessmentSource, SourceType, TraceInfo, TraceState};
pub use usage::TokenUsage;

#[cfg(test)]
mod tests;
