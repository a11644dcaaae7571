//! Faults: what can be made to go wrong, and which request it happens to (fault-matrix R1).
//!
//! A fault comes with the request itself (header `x-lakewire-fault`) or from a script queued at `POST /_emulator/faults`.

mod mlflow;
mod presets;
mod script;
mod sql;
mod vector;

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::errors::{self, ApiError};
use crate::serving_endpoints::Outcome;

pub use mlflow::{CredentialType, MlflowFault};
pub use presets::Preset;
pub use script::{FaultScript, Match, ScriptedFault};
pub use sql::{AtChunk, CutAt, NextChunk, OffBy, SaysIndex, SqlFault, StatementError};
pub use vector::{McpFault, PagesFault, VectorFault};

/// Everything that can go wrong with one answer. All fields are optional and combine. An unknown field is refused: a typing error
/// in a test must not pass as "no fault".
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Fault {
    /// Status of the answer. 400 and above without a body bring the service's own error body.
    pub status: Option<u16>,
    /// A ready-made error answer of the service.
    pub preset: Option<Preset>,
    /// Headers to set; a list sends the header several times.
    pub headers: BTreeMap<String, HeaderValues>,
    /// Replaces the answer's body: text as it is, anything else as JSON.
    pub body: Option<Value>,
    /// Replaces the answer's body with these bytes.
    pub body_base64: Option<String>,
    /// Sends the replaced body this many times over, without holding it whole.
    pub repeat_body: Option<u64>,
    /// Content type of the answer; an empty text removes the header.
    pub content_type: Option<String>,
    /// Pause before the headers, in milliseconds.
    pub delay_ms: Option<u64>,
    /// Never answers.
    pub stall_before_headers: bool,
    /// Closes the connection without an answer.
    pub close_before_headers: bool,
    /// Sends this many body bytes, then nothing more.
    pub stall_after_bytes: Option<u64>,
    /// Aborts the connection after this many body bytes.
    pub cut_after_bytes: Option<u64>,
    /// Ends the body cleanly after this many bytes.
    pub end_after_bytes: Option<u64>,
    /// Ends the stream cleanly after this many events, without the sentinel.
    pub end_after_events: Option<usize>,
    /// Raw text before the body.
    pub prepend: Option<String>,
    /// Raw text after the body.
    pub append: Option<String>,
    /// Writes raw text in place of one event.
    pub replace_event: Option<ReplaceEvent>,
    /// Writes an extra event after so many others.
    pub insert_error_event: Option<InsertEvent>,
    /// Bytes per write.
    pub chunk_size: Option<usize>,
    /// Pause between writes, in milliseconds.
    pub drip_ms: Option<u64>,
    /// Writes 32 bytes that are not UTF-8 after so many body bytes.
    pub garbage_after_bytes: Option<u64>,
    /// Line ending of the stream.
    pub line_ending: LineEnding,
    /// Leaves out `[DONE]`.
    pub omit_done: bool,
    /// Sends every `finish_reason` as null.
    pub omit_finish_reason: bool,
    /// Sends `[DONE]` twice.
    pub duplicate_done: bool,
    /// Writes a comment line before each event, after a pause of so many milliseconds.
    pub keepalive_comments_ms: Option<u64>,
    /// Redirects to this location (307 unless `status` says otherwise).
    pub redirect: Option<String>,
    /// Says the whole answer text this many times: a flood.
    pub repeat_text: Option<u64>,
    /// How the deployment ends that this create or update of a serving endpoint starts.
    pub deployment: Option<Deployment>,
    /// What is wrong with the rows of an embeddings answer.
    pub embeddings: Option<EmbeddingsFault>,
    /// What goes wrong with the SQL statement this request submits.
    pub sql: Option<SqlFault>,
    /// What is wrong with an answer of vector search.
    pub vector: Option<VectorFault>,
    /// What is wrong with an answer of an MCP server.
    pub mcp: Option<McpFault>,
    /// What is wrong with an answer of MLflow.
    pub mlflow: Option<MlflowFault>,
}

/// The end of a deployment.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Deployment {
    /// `NOT_UPDATING` (it serves), `UPDATE_FAILED` or `UPDATE_CANCELED`.
    pub outcome: Outcome,
    /// What the served entities say of a bad end.
    pub message: Option<String>,
    /// When it ends, in milliseconds; `--endpoint-delay-ms` if left out.
    pub after_ms: Option<u64>,
}

/// What can be wrong with the rows of an embeddings answer (fault-matrix O6, H11).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmbeddingsFault {
    /// The rows come last first, each with its right `index`.
    Reversed,
    /// The last row is missing.
    LastMissing,
    /// The first row comes again in place of the last.
    FirstTwice,
    /// The last row has a number too few.
    LastShort,
}

/// One header value or several.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
pub enum HeaderValues {
    /// One value.
    One(String),
    /// The same header several times.
    Many(Vec<String>),
}

impl HeaderValues {
    /// The values in order.
    #[must_use]
    pub fn values(&self) -> &[String] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Many(values) => values,
        }
    }
}

/// Where and what to write in place of an event.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplaceEvent {
    /// Position of the event, from 0.
    pub index: usize,
    /// Raw text written instead, with its own field names and line ends.
    pub text: String,
}

/// An extra event.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InsertEvent {
    /// Written after this many events.
    pub after: usize,
    /// Its payload: text as it is, anything else as JSON.
    pub event: Value,
}

/// How the lines of a stream end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LineEnding {
    /// `\n`
    #[default]
    Lf,
    /// `\r\n`
    Crlf,
    /// `\r`
    Cr,
}

impl LineEnding {
    /// The text that ends a line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lf => "\n",
            Self::Crlf => "\r\n",
            Self::Cr => "\r",
        }
    }
}

/// The answer a fault puts in place of the real one.
#[derive(Debug, Clone)]
pub struct Replacement {
    /// Its status.
    pub status: StatusCode,
    /// Its content type, if it has one.
    pub content_type: Option<String>,
    /// Its body.
    pub body: Vec<u8>,
    /// How many times the body is sent.
    pub times: u64,
}

impl Fault {
    /// Reads the JSON of a fault and checks what serde cannot.
    ///
    /// # Errors
    /// A sentence saying what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let fault: Self =
            serde_json::from_str(text).map_err(|error| format!("The fault could not be read: {error}."))?;
        fault.check()?;
        Ok(fault)
    }

    /// Checks what the types cannot say.
    ///
    /// # Errors
    /// A sentence saying what is wrong with it.
    pub fn check(&self) -> Result<(), String> {
        if let Some(status) = self.status {
            if !(200..=999).contains(&status) {
                return Err(format!("A fault's status is between 200 and 999, not {status}."));
            }
        }
        if self.chunk_size == Some(0) {
            return Err("A fault's chunk_size is at least 1.".to_owned());
        }
        if let Some(encoded) = &self.body_base64 {
            STANDARD.decode(encoded).map_err(|error| format!("A fault's body_base64 is not base64: {error}."))?;
        }
        for (name, values) in &self.headers {
            if http::HeaderName::from_bytes(name.as_bytes()).is_err() {
                return Err(format!("A fault's header name {name:?} is not one."));
            }
            if values.values().iter().any(|value| http::HeaderValue::from_str(value).is_err()) {
                return Err(format!("A fault's value of header {name:?} has characters no header may have."));
            }
        }
        self.sql.as_ref().map_or(Ok(()), SqlFault::check)
    }

    /// The status it names, if it is one HTTP can carry.
    #[must_use]
    pub fn status_code(&self) -> Option<StatusCode> {
        self.status.and_then(|status| StatusCode::from_u16(status).ok())
    }

    /// The status, if that alone decides the answer: no body, preset or redirect is given with it.
    #[must_use]
    pub fn bare_status(&self) -> Option<StatusCode> {
        let alone =
            self.redirect.is_none() && self.body.is_none() && self.body_base64.is_none() && self.preset.is_none();
        self.status_code().filter(|status| alone && status.as_u16() >= 400)
    }

    /// The answer to send instead of the real one, if this fault asks for that.
    #[must_use]
    pub fn replacement(&self, request_id: &str) -> Option<Replacement> {
        let times = self.repeat_body.unwrap_or(1);
        let status = self.status_code();
        if self.redirect.is_some() {
            return Some(Replacement {
                status: status.unwrap_or(StatusCode::TEMPORARY_REDIRECT),
                content_type: None,
                body: Vec::new(),
                times,
            });
        }
        if let Some(encoded) = &self.body_base64 {
            let body = STANDARD.decode(encoded).unwrap_or_default();
            let status = status.unwrap_or(StatusCode::OK);
            return Some(Replacement {
                status,
                content_type: Some("application/octet-stream".to_owned()),
                body,
                times,
            });
        }
        if let Some(body) = &self.body {
            let status = status.unwrap_or(StatusCode::OK);
            let (content_type, body) = match body {
                Value::String(text) if text.trim_start().starts_with('<') => ("text/html", text.clone()),
                Value::String(text) if text.trim_start().starts_with("data:") => ("text/event-stream", text.clone()),
                Value::String(text) => ("text/plain", text.clone()),
                other => ("application/json", other.to_string()),
            };
            return Some(Replacement {
                status,
                content_type: Some(content_type.to_owned()),
                body: body.into_bytes(),
                times,
            });
        }
        if let Some(preset) = self.preset {
            return Some(preset.replacement(status, request_id));
        }
        let status = status?;
        if status.as_u16() < 400 {
            return (status != StatusCode::OK && status.as_u16() >= 204).then(|| Replacement {
                status,
                content_type: None,
                body: Vec::new(),
                times,
            });
        }
        Some(from_error(&errors::canonical(status, request_id)))
    }

    /// Whether the bytes of the body must be reshaped.
    #[must_use]
    pub fn shapes_bytes(&self) -> bool {
        self.stall_after_bytes.is_some()
            || self.cut_after_bytes.is_some()
            || self.end_after_bytes.is_some()
            || self.prepend.is_some()
            || self.append.is_some()
            || self.chunk_size.is_some()
            || self.drip_ms.is_some()
            || self.garbage_after_bytes.is_some()
    }
}

fn from_error(error: &ApiError) -> Replacement {
    Replacement {
        status: error.status(),
        content_type: Some("application/json".to_owned()),
        body: error.body().to_string().into_bytes(),
        times: 1,
    }
}

/// Why a body stopped before its end; ends the connection abruptly.
#[derive(Debug, Clone, Copy)]
pub struct Cut;

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a fault cut the answer")
    }
}

impl std::error::Error for Cut {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typing_error_in_a_fault_is_refused() {
        assert!(Fault::parse(r#"{"statuss":500}"#).unwrap_err().contains("statuss"));
        assert!(Fault::parse(r#"{"status":50}"#).unwrap_err().contains("200"));
        assert!(Fault::parse(r#"{"headers":{"a b":"c"}}"#).is_err());
        assert!(Fault::parse(r#"{"chunk_size":0}"#).is_err());
    }

    #[test]
    fn r1_both_429_shapes() {
        let plain = Fault { preset: Some(Preset::RateLimit), ..Fault::default() }.replacement("r").unwrap();
        let body: Value = serde_json::from_slice(&plain.body).unwrap();
        assert_eq!(body["error_code"], "REQUEST_LIMIT_EXCEEDED");
        let documented =
            Fault { preset: Some(Preset::RateLimitDocumented), ..Fault::default() }.replacement("r").unwrap();
        let body: Value = serde_json::from_slice(&documented.body).unwrap();
        assert_eq!(body["error"]["type"], "rate_limit_exceeded");
    }
}
