//! Faults of SQL statements and of the storage that holds their results (fault-matrix N).

use std::collections::BTreeMap;

use http::{HeaderName, HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};

/// What goes wrong with the statement that this request submits, for as long as the statement lives. Positions are chunk indexes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SqlFault {
    /// What its answers say one after another, the answer to the submit first; any text. Then comes the truth, but an end that is
    /// not SUCCEEDED stays.
    pub states: Vec<String>,
    /// The last of `states` stays, whatever it is.
    pub hold: bool,
    /// `status.sql_state` of a FAILED in `states`.
    pub sql_state: Option<String>,
    /// `status.error` of a FAILED or CANCELED in `states`.
    pub error: Option<StatementError>,
    /// The statement runs at least so long, in milliseconds.
    pub run_ms: Option<u64>,
    /// A cancel is answered and has no effect.
    pub ignores_cancel: bool,
    /// The statement is submitted, and the connection is closed before the answer.
    pub answer_lost: bool,
    /// This status answers the first poll.
    pub poll_status: Option<u16>,
    /// After so many polls it is not known any more: 404.
    pub gone_after_polls: Option<u32>,
    /// Results are cut into chunks of about so many bytes.
    pub chunk_bytes: Option<u64>,
    /// The call of this chunk is answered with this status, once.
    pub chunk_status: Option<AtChunk>,
    /// The storage answers for this chunk with this status, once.
    pub link_status: Option<AtChunk>,
    /// The first link of this chunk is over already.
    pub link_expired: Option<u64>,
    /// The download of this chunk is cut after `bytes`, once.
    pub link_cut: Option<CutAt>,
    /// The number of rows told of this chunk is off by so many.
    pub row_count: Option<OffBy>,
    /// The number of bytes told of this chunk is off by so many (external links only).
    pub byte_count: Option<OffBy>,
    /// This chunk names another `next_chunk_index` than the one after it.
    pub next_chunk: Option<NextChunk>,
    /// This chunk says that it is another one.
    pub chunk_index: Option<SaysIndex>,
    /// The manifest says `truncated`.
    pub truncated: bool,
    /// Headers that links name in `http_headers` and the storage demands.
    pub storage_headers: BTreeMap<String, String>,
    /// `next_chunk_internal_link` begins with this, such as `https://elsewhere.example`.
    pub next_link_host: Option<String>,
}

/// `status.error` of a statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatementError {
    /// Such as `BAD_REQUEST`.
    pub error_code: String,
    /// The text.
    pub message: String,
}

/// A status at a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AtChunk {
    /// Which chunk.
    pub chunk: u64,
    /// The status.
    pub status: u16,
}

/// Where a download is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CutAt {
    /// Which chunk.
    pub chunk: u64,
    /// After so many bytes.
    pub bytes: usize,
}

/// A number that is told wrongly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OffBy {
    /// Which chunk.
    pub chunk: u64,
    /// What is added.
    pub by: i64,
}

/// Where a chunk leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NextChunk {
    /// Which chunk.
    pub chunk: u64,
    /// The `next_chunk_index` it names; left out, it names none.
    #[serde(default)]
    pub next: Option<u64>,
}

/// What a chunk says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SaysIndex {
    /// Which chunk.
    pub chunk: u64,
    /// The `chunk_index` it has.
    pub says: u64,
}

impl SqlFault {
    /// Checks what the types cannot say.
    ///
    /// # Errors
    /// A sentence saying what is wrong with it.
    pub fn check(&self) -> Result<(), String> {
        let at_chunks = [self.chunk_status, self.link_status].into_iter().flatten().map(|at| at.status);
        for status in at_chunks.chain(self.poll_status) {
            if status < 400 || StatusCode::from_u16(status).is_err() {
                return Err(format!("A status of a fault's sql is an error from 400 on, not {status}."));
            }
        }
        if self.chunk_bytes == Some(0) {
            return Err("chunk_bytes of a fault's sql is at least 1.".to_owned());
        }
        for (name, value) in &self.storage_headers {
            if HeaderName::from_bytes(name.as_bytes()).is_err() || HeaderValue::from_str(value).is_err() {
                return Err(format!("The storage header {name:?} of a fault's sql is not one."));
            }
        }
        Ok(())
    }
}
