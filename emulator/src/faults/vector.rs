//! What can go wrong with vector search and with MCP servers (fault-matrix O1–O5, O10).

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What goes wrong with one answer of vector search.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct VectorFault {
    /// The keys of an upsert or delete that fail: their rows stay as they were.
    pub failed_keys: Vec<String>,
    /// Every key fails: `FAILURE`, with status 200.
    pub failure: bool,
    /// A key to name among the failed ones, whether it was sent or not.
    pub alien_key: Option<String>,
    /// What the answer says how many rows went well, whatever did.
    pub success_row_count: Option<u64>,
    /// Rows of one page: of an answer, a list or a scan.
    pub page_rows: Option<usize>,
    /// What is wrong with the pages.
    pub pages: Option<PagesFault>,
}

/// What is wrong with pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PagesFault {
    /// The same token each time.
    RepeatedToken,
    /// A page without rows, with a token that leads to them.
    Empty,
    /// A new token each time, and never an end.
    Endless,
}

/// What goes wrong with one answer of an MCP server.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct McpFault {
    /// The answer is an event stream.
    pub sse: bool,
    /// A notification of the server comes first, in the same stream.
    pub notification: bool,
    /// The answer is this JSON-RPC error.
    pub error: Option<Value>,
    /// The tool fails with this text.
    pub tool_error: Option<String>,
    /// The answer has this `id`.
    pub id: Option<Value>,
    /// The session is forgotten before the request is read.
    pub forget_session: bool,
}
