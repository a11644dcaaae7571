//! What the emulator was asked and what became of it, for tests to read (fault-matrix R2, invariants 3b).
//!
//! Secrets never enter it (L7): headers are not kept, and bodies are scrubbed before they are stored.

use std::collections::VecDeque;

use serde::Serialize;
use serde_json::{Value, json};

/// How many operations are kept; older ones are dropped.
pub const KEPT_OPERATIONS: usize = 10_000;
/// Bodies above this many bytes are replaced by their size.
pub const KEPT_BODY_BYTES: usize = 256 * 1024;

/// How an operation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Not ended yet.
    InProgress,
    /// The whole answer was handed to the connection.
    Completed,
    /// The client went away first.
    ClientClosed,
    /// A fault ended the answer early.
    Cut,
}

/// One operation.
#[derive(Debug, Clone, Serialize)]
pub struct Operation {
    /// Position in the order of arrival, from 1.
    pub seq: u64,
    /// HTTP method.
    pub method: String,
    /// Path without the query.
    pub path: String,
    /// `client_request_id` of the body, if there.
    pub client_request_id: Option<String>,
    /// The `x-request-id` of the answer.
    pub request_id: String,
    /// Status of the answer; `null` until there is one.
    pub status: Option<u16>,
    /// Whether an accepted token came with it.
    pub authorized: bool,
    /// How it ended.
    pub outcome: Outcome,
    /// Body bytes handed to the connection.
    pub bytes_sent: u64,
    /// Arrival, in milliseconds since the emulator started.
    pub at_ms: u64,
    /// End, in milliseconds since the emulator started.
    pub ended_at_ms: Option<u64>,
    /// The request's `x-lakewire-nonce`.
    pub nonce: Option<String>,
    /// The request body as JSON, scrubbed; `null` if it was none.
    pub body: Value,
}

/// The operations so far.
#[derive(Debug, Default)]
pub struct History {
    operations: VecDeque<Operation>,
    last: u64,
}

impl History {
    /// Records an arrival and gives it its number.
    pub fn arrive(&mut self, mut operation: Operation) -> u64 {
        self.last += 1;
        operation.seq = self.last;
        if self.operations.len() == KEPT_OPERATIONS {
            self.operations.pop_front();
        }
        self.operations.push_back(operation);
        self.last
    }

    /// Changes the operation with that number, if it is still kept.
    pub fn update(&mut self, seq: u64, change: impl FnOnce(&mut Operation)) {
        // arrivals are in order, so a binary search finds it
        if let Ok(index) = self.operations.binary_search_by_key(&seq, |operation| operation.seq) {
            if let Some(operation) = self.operations.get_mut(index) {
                change(operation);
            }
        }
    }

    /// Ends an operation; the first ending counts.
    pub fn end(&mut self, seq: u64, outcome: Outcome, bytes_sent: u64, now_ms: u64) {
        self.update(seq, |operation| {
            if operation.outcome == Outcome::InProgress {
                operation.outcome = outcome;
                operation.bytes_sent = bytes_sent;
                operation.ended_at_ms = Some(now_ms);
            }
        });
    }

    /// Forgets everything; numbers go on rising, so that a late ending cannot touch a newer operation.
    pub fn clear(&mut self) {
        self.operations.clear();
    }

    /// How many kept operations have this in their path, and how many of them were answered with 4xx and with 5xx.
    #[must_use]
    pub fn count(&self, path: &str) -> (usize, usize, usize) {
        let statuses = || {
            let operations = self.operations.iter();
            operations
                .filter(|operation| operation.path.starts_with(path))
                .map(|operation| operation.status.unwrap_or(0))
        };
        let in_class = |class: u16| statuses().filter(|status| status / 100 == class).count();
        (statuses().count(), in_class(4), in_class(5))
    }

    /// The body of `GET /_emulator/history`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({ "operations": self.operations })
    }
}

/// A request body as it may be stored.
#[must_use]
pub fn storable(body: &[u8], holds_secret: &dyn Fn(&str) -> bool) -> Value {
    if body.is_empty() {
        return Value::Null;
    }
    if body.len() > KEPT_BODY_BYTES {
        return json!({ "omitted_bytes": body.len() });
    }
    serde_json::from_slice::<Value>(body).map_or(Value::Null, |value| scrub(value, holds_secret))
}

fn scrub(value: Value, holds_secret: &dyn Fn(&str) -> bool) -> Value {
    match value {
        Value::Object(map) => Value::Object(
            map.into_iter()
                .map(|(key, value)| {
                    let value = if secret_key(&key) { blank(value) } else { scrub(value, holds_secret) };
                    (key, value)
                })
                .collect(),
        ),
        Value::Array(items) => items.into_iter().map(|item| scrub(item, holds_secret)).collect(),
        Value::String(text) if secret_text(&text) || holds_secret(&text) => Value::from("[redacted]"),
        other => other,
    }
}

/// What stands under a key that names a credential: every text and number in it may be one, however deep.
fn blank(value: Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(map.into_iter().map(|(key, value)| (key, blank(value))).collect()),
        Value::Array(items) => Value::Array(items.into_iter().map(blank).collect()),
        Value::String(_) | Value::Number(_) => Value::from("[redacted]"),
        other => other,
    }
}

/// Keys that name a credential, by what they hold or how they end; the names of environment variables are anyone's choice, so all of
/// their values count. Token *counts* (`max_tokens`) and a bare `key`, which names things, do not.
fn secret_key(key: &str) -> bool {
    let key = key.to_ascii_lowercase().replace('-', "_");
    let holds = [
        "password",
        "secret",
        "api_key",
        "apikey",
        "authorization",
        "bearer_token",
        "plaintext",
        "string_value",
        "bytes_value",
        "environment_vars",
    ];
    holds.iter().any(|name| key.contains(name)) || ["token", "_key", "_key_id"].iter().any(|end| key.ends_with(end))
}

/// Text that looks like a credential wherever it stands.
fn secret_text(text: &str) -> bool {
    text.starts_with("Bearer ")
        || text.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| {
            word.len() >= 30 && word.starts_with("dapi") && word.chars().skip(4).all(|c| c.is_ascii_hexdigit())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn l7_secrets_do_not_enter() {
        let body = br#"{"max_tokens":5,"token":"x","config":{"openai_api_key":"sk"},"messages":[{"content":"use canary-1"}],"h":"Bearer q"}"#;
        let kept = storable(body, &|text| text.contains("canary-1"));
        assert_eq!(
            kept,
            json!({"max_tokens":5,"token":"[redacted]","config":{"openai_api_key":"[redacted]"},
                   "messages":[{"content":"[redacted]"}],"h":"[redacted]"})
        );
    }

    #[test]
    fn l7_what_stands_below_the_name_of_a_credential_does_not_enter() {
        let body = br#"{"databricks_api_token":"a","aws_access_key_id":"b","X-Api-Key":"c","HF_TOKEN":["d",5,null,true],
            "api_key_auth":{"key":"x-e","value":{"f":"g"}},"environment_vars":{"DATABASE_URL":"h"},"key":"name","max_tokens":5}"#;
        let hidden = "[redacted]";
        assert_eq!(
            storable(body, &|_| false),
            json!({"databricks_api_token":hidden,"aws_access_key_id":hidden,"X-Api-Key":hidden,"HF_TOKEN":[hidden,hidden,null,true],
                   "api_key_auth":{"key":hidden,"value":{"f":hidden}},"environment_vars":{"DATABASE_URL":hidden},"key":"name","max_tokens":5})
        );
    }

    #[test]
    fn r2_the_first_ending_counts() {
        let mut history = History::default();
        let seq = history.arrive(Operation {
            seq: 0,
            method: "POST".into(),
            path: "/x".into(),
            client_request_id: None,
            request_id: "r".into(),
            status: None,
            authorized: true,
            outcome: Outcome::InProgress,
            bytes_sent: 0,
            at_ms: 1,
            ended_at_ms: None,
            nonce: None,
            body: Value::Null,
        });
        history.end(seq, Outcome::Cut, 7, 2);
        history.end(seq, Outcome::ClientClosed, 9, 3);
        let kept = history.to_json();
        assert_eq!(kept["operations"][0]["outcome"], "cut");
        assert_eq!(kept["operations"][0]["bytes_sent"], 7);
    }
}
