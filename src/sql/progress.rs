//! How far a statement is and whether what comes of it is sound: pure, so that both faces go by the same rules.

use crate::error::{Error, ErrorKind, Result, TimeoutPhase};
use crate::wire::json::{Raw, push_string};
use crate::wire::redact::clean;

/// The longest wait between two looks, in milliseconds.
const LONGEST_PAUSE: u32 = 5000;
/// How much of a statement's error message is kept, in bytes.
const MESSAGE: usize = 4000;

/// How far a statement is, seen once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// Whether it ended well.
    pub done: bool,
    /// Its state as the service says it.
    pub state: String,
    /// Its id; empty when the service did not say it.
    pub statement_id: String,
}

/// Judges a statement's description. A state this version does not know is waited for like RUNNING.
///
/// # Errors
/// `StatementFailed` when it failed or was cancelled, with SQLSTATE, state and id in [`Error::details`] (see
/// [`StatementFailure`]); `ResultExpired` when it is closed; `Decode` when it says no state.
///
/// ```
/// use lakewire::{sql::progress, wire::json::Raw};
/// let answer = r#"{"statement_id":"01ef","status":{"state":"PENDING"}}"#;
/// assert!(!progress::judge(Raw::parse(answer)?)?.done);
/// # Ok::<(), lakewire::Error>(())
/// ```
pub fn judge(answer: Raw<'_>) -> Result<Look> {
    let text = |of: Option<Raw<'_>>, key| {
        of.and_then(|of| of.get_some(key)).and_then(Raw::as_str).unwrap_or_default().into_owned()
    };
    let status = answer.get_some("status");
    let statement_id = text(Some(answer), "statement_id");
    let state = text(status, "state");
    let done = match state.as_str() {
        "SUCCEEDED" => true,
        "FAILED" | "CANCELED" => {
            let error = status.and_then(|status| status.get_some("error"));
            let message = clean(text(error, "message").trim(), MESSAGE, None);
            let what = if state == "FAILED" { "The statement failed" } else { "The statement was cancelled" };
            let mut sentence = String::from(what);
            if message.is_empty() {
                sentence.push('.');
            } else {
                sentence.push_str(": ");
                sentence.push_str(&message);
                if !sentence.ends_with(['.', '!', '?', '…', ')', '^']) {
                    sentence.push('.');
                }
            }
            let code = text(error, "error_code");
            let code = if code.is_empty() { state.clone() } else { code };
            let mut details = String::from("{");
            let sql_state = text(status, "sql_state");
            let sql_state = if sql_state.is_empty() { said_in(&message) } else { sql_state };
            for (key, value) in [("statement_id", &statement_id), ("state", &state), ("sql_state", &sql_state)] {
                if !value.is_empty() {
                    if details.len() > 1 {
                        details.push(',');
                    }
                    push_string(&mut details, key);
                    details.push(':');
                    push_string(&mut details, value);
                }
            }
            details.push('}');
            return Err(Error::new(ErrorKind::StatementFailed, sentence)
                .with_error_code(Some(code))
                .with_details(Some(details))
                .with_maybe_processed(true));
        }
        "CLOSED" => {
            let sentence = "The statement is closed: it ended well, but its result is no longer kept. Run it again.";
            return Err(Error::new(ErrorKind::ResultExpired, sentence).with_maybe_processed(true));
        }
        "" => {
            let sentence = "The answer says no state of the statement: check that the host is a workspace.";
            return Err(Error::new(ErrorKind::Decode, sentence).with_maybe_processed(true));
        }
        _ => false,
    };
    Ok(Look { done, state, statement_id })
}

/// The SQLSTATE that a message names, as `SQLSTATE: 42601`.
fn said_in(message: &str) -> String {
    let Some((_, after)) = crate::wire::find::split_once(message, "SQLSTATE: ") else { return String::new() };
    let code: String = after.chars().take(5).filter(char::is_ascii_alphanumeric).collect();
    if code.len() == 5 { code } else { String::new() }
}

/// What an error of a statement tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementFailure {
    /// The statement's id.
    pub statement_id: Option<String>,
    /// The state it ended in.
    pub state: Option<String>,
    /// The SQLSTATE, when the service says one.
    pub sql_state: Option<String>,
}

impl StatementFailure {
    /// Reads it from an error; `None` for errors that are no statement's.
    ///
    /// ```
    /// use lakewire::{sql::{StatementFailure, progress}, wire::json::Raw};
    /// let answer = r#"{"statement_id":"1","status":{"state":"FAILED","sql_state":"42P01"}}"#;
    /// let error = progress::judge(Raw::parse(answer)?).unwrap_err();
    /// assert_eq!(StatementFailure::of(&error).unwrap().sql_state.as_deref(), Some("42P01"));
    /// # Ok::<(), lakewire::Error>(())
    /// ```
    #[must_use]
    pub fn of(error: &Error) -> Option<Self> {
        if !matches!(error.kind(), ErrorKind::StatementFailed | ErrorKind::Cancelled) {
            return None;
        }
        let details = Raw::parse(error.details()?).ok()?;
        let text = |key| details.get_some(key).and_then(Raw::as_str).map(Into::into);
        Some(Self { statement_id: text("statement_id"), state: text("state"), sql_state: text("sql_state") })
    }
}

/// Advice on a statement whose sending ended in doubt.
pub const UNSURE: &str =
    "It was not sent again: the statement may be running. Look at the query history before you run it again.";

/// What is known of a failed sending.
pub(crate) fn unsure(error: Error) -> Error {
    if error.maybe_processed() && doubtful(error.status()) { error.with_advice(UNSURE) } else { error }
}

/// Whether an answer of this status leaves open what became of the request.
pub(crate) fn doubtful(status: Option<u16>) -> bool {
    status.is_none_or(|status| !(300..500).contains(&status))
}

/// What a 404 of a statement means.
pub(crate) fn gone(error: Error) -> Error {
    if error.status() != Some(404) {
        return error;
    }
    expired()
        .with_status(404)
        .with_error_code(error.error_code().map(Into::into))
        .with_request_id(error.request_id().map(Into::into))
        .with_attempts(error.attempts())
}

/// The error of a result that is no longer kept.
pub(crate) fn expired() -> Error {
    let sentence = "The service no longer knows the statement: results are kept for an hour. Run it again.";
    Error::new(ErrorKind::ResultExpired, sentence).with_maybe_processed(true)
}

/// How long to wait before the next look, in milliseconds: growing to five seconds, with a quarter of chance.
///
/// ```
/// use lakewire::sql::progress::pause;
/// assert_eq!((pause(0, 1.0), pause(3, 1.0), pause(30, 1.0), pause(30, 0.0)), (100, 800, 5000, 3750));
/// ```
#[must_use]
pub fn pause(looks: u32, random: f64) -> u32 {
    let full = 100_u32.saturating_mul(1 << looks.min(16)).min(LONGEST_PAUSE);
    (f64::from(full) * (0.75 + 0.25 * random)) as u32
}

/// The error of a wait whose time is up; `after` says what the cancellation came to.
pub(crate) fn late(look: &Look, after: &str) -> Error {
    let state = if look.state.is_empty() { "not known" } else { &look.state };
    let sentence = ["The statement did not end in time: its last state was ", state, ". ", after].concat();
    Error::new(ErrorKind::DeadlineExceeded, sentence)
        .with_phase(TimeoutPhase::Total)
        .with_details(Some(named(look)))
        .with_maybe_processed(true)
}

/// What a cancellation came to, by the state it was last seen in; `sure` when that state is an end.
pub(crate) fn ending(state: &str) -> &'static str {
    match state {
        "SUCCEEDED" | "CLOSED" => "It had already finished when the cancellation came.",
        "FAILED" => "It had already failed when the cancellation came.",
        "CANCELED" => "It was cancelled.",
        _ => "Its cancellation was asked for, but it may still be running.",
    }
}

/// The error of a statement that its caller aborted.
pub(crate) fn aborted(look: &Look) -> Error {
    let sentence = ["The statement was aborted. ", ending(&look.state)].concat();
    Error::new(ErrorKind::Cancelled, sentence).with_details(Some(named(look))).with_maybe_processed(true)
}

fn named(look: &Look) -> String {
    let mut details = String::from("{\"statement_id\":");
    push_string(&mut details, &look.statement_id);
    details.push_str(",\"state\":");
    push_string(&mut details, &look.state);
    details.push('}');
    details
}

/// Whether a state is an end, good or bad.
pub(crate) fn is_end(state: &str) -> bool {
    matches!(state, "SUCCEEDED" | "FAILED" | "CANCELED" | "CLOSED")
}

/// The limits that a statement was sent with.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Limits {
    pub(crate) rows: Option<i64>,
    pub(crate) bytes: Option<i64>,
}

impl Limits {
    /// Whether they may be why a result is cut: its bytes are not known as the service counts them, but one with fewer rows
    /// than were asked for was cut by the service.
    pub(crate) fn explain(self, came: Option<u64>) -> bool {
        let full = |limit: i64| came.is_none_or(|came| i64::try_from(came).map_or(true, |came| came >= limit));
        self.bytes.is_some() || self.rows.is_some_and(full)
    }
}

/// The error of rows cut off by a limit that the caller has not set.
pub(crate) fn truncated() -> Error {
    let sentence = "The service cut the result off at its own limit: rows are missing. Set a row limit that it fits in, or allow truncated results, to take it as it is.";
    Error::new(ErrorKind::ResultTruncated, sentence)
}

/// What is wrong with a result, in part or as a whole.
pub(crate) fn corrupt(what: &[&str]) -> Error {
    let sentence = [&["The result is corrupt: "], what, &[" Run the statement again."]].concat().concat();
    Error::new(ErrorKind::ResultCorrupt, sentence)
}

/// Checks the size of a chunk, or of the whole result, against what the service announced.
///
/// # Errors
/// `ResultCorrupt` when both are known and differ.
pub fn check_size(what: &str, unit: &str, announced: Option<u64>, came: u64) -> Result<()> {
    match announced {
        Some(announced) if announced != came => Err(corrupt(&[
            what,
            " should have ",
            &announced.to_string(),
            " ",
            unit,
            " and has ",
            &came.to_string(),
            ".",
        ])),
        _ => Ok(()),
    }
}

/// What a chunk's answer says of its place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// Whether another chunk follows.
    pub more: bool,
    /// The rows that this chunk has, when announced.
    pub rows: Option<u64>,
    /// Its bytes, when announced.
    pub bytes: Option<u64>,
}

/// Judges a chunk's answer (`ResultData`), asked for by `index`, with the number of chunks that the manifest announces.
///
/// # Errors
/// `ResultCorrupt` when it is another chunk, or the next one is not the one behind it: a loop or a skip. `Protocol` when
/// its link to the next chunk leaves the workspace.
///
/// ```
/// use lakewire::{sql::progress, wire::json::Raw};
/// let data = r#"{"chunk_index":1,"row_count":7,"next_chunk_index":2}"#;
/// let step = progress::follow(Raw::parse(data)?, 1, Some(3))?;
/// assert!(step.more && step.rows == Some(7));
/// # Ok::<(), lakewire::Error>(())
/// ```
pub fn follow(data: Raw<'_>, index: u64, total: Option<u64>) -> Result<Step> {
    let link = data.get_some("external_links").and_then(|links| links.at(0));
    let fact = |key| link.and_then(|link| link.get_some(key)).or_else(|| data.get_some(key));
    let count = |key| fact(key).and_then(Raw::as_i64).and_then(|number| u64::try_from(number).ok());
    let wrong = |what: &str, of: u64| Err(corrupt(&["chunk ", &index.to_string(), what, &of.to_string(), "."]));
    match count("chunk_index") {
        Some(other) if other != index => return wrong(" was asked for and another came, ", other),
        _ => {}
    }
    if let Some(path) = fact("next_chunk_internal_link").and_then(Raw::as_str) {
        let inside = path.starts_with('/')
            && !path.starts_with("//")
            && !path.bytes().any(|byte| byte == b'\\' || byte.is_ascii_control());
        if !inside {
            let sentence =
                "The result's next chunk is said to be on another host: only a path on the workspace is followed.";
            return Err(Error::new(ErrorKind::Protocol, sentence));
        }
    }
    let next = count("next_chunk_index");
    if let Some(next) = next.filter(|next| *next != index + 1) {
        return wrong(" is said to be followed by chunk ", next);
    }
    let more = match (total, next) {
        (Some(total), Some(_)) if index + 1 >= total => {
            return wrong(" should be the last one and is said to be followed by chunk ", index + 1);
        }
        (Some(total), None) if index + 1 < total => {
            return wrong(" is said to be the last one of ", total);
        }
        (Some(total), _) => index + 1 < total,
        (None, next) => next.is_some(),
    };
    Ok(Step { more, rows: count("row_count"), bytes: count("byte_count") })
}

/// Checks the chunks that a manifest lists: each in its place, their rows adding up.
///
/// # Errors
/// `ResultCorrupt` when they do not.
pub fn check_manifest(manifest: Raw<'_>) -> Result<()> {
    let count = |of: Raw<'_>, key| of.get_some(key).and_then(Raw::as_i64).and_then(|number| u64::try_from(number).ok());
    let Some(chunks) = manifest.get_some("chunks") else { return Ok(()) };
    let mut rows = Some(0);
    let mut index = 0;
    for chunk in chunks.items() {
        if count(chunk, "chunk_index").is_some_and(|told| told != index) {
            return Err(corrupt(&["the manifest's chunks are not in order."]));
        }
        if let (Some(offset), Some(rows)) = (count(chunk, "row_offset"), rows) {
            check_size("the part before a chunk", "rows", Some(offset), rows)?;
        }
        rows = rows.zip(count(chunk, "row_count")).map(|(before, more)| before + more);
        index += 1;
    }
    check_size("the manifest", "chunks", count(manifest, "total_chunk_count"), index)?;
    match rows {
        Some(rows) => check_size("the manifest", "rows", count(manifest, "total_row_count"), rows),
        None => Ok(()),
    }
}

/// Whether a store's refusal asks for a fresh link: it has expired, or is not known there any more.
#[must_use]
pub fn renews(status: u16) -> bool {
    matches!(status, 400 | 401 | 403 | 404 | 410)
}

/// Text of a statement's answer with its rows taken out, for who reads only what is around them.
#[must_use]
pub fn head(text: &str) -> String {
    let root = Raw::trusted(text.trim());
    let data = root.get_some("result").unwrap_or(root);
    let Some(rows) = data.get_some("data_array") else { return text.to_owned() };
    let from = rows.text().as_ptr() as usize - text.as_ptr() as usize;
    let before = text.get(..from).unwrap_or_default();
    let after = text.get(from + rows.text().len()..).unwrap_or_default();
    [before, "[]", after].concat()
}

/// The text of the rows in a statement's answer, or in a chunk's.
#[must_use]
pub fn rows_of(text: &str) -> Option<&str> {
    let root = Raw::trusted(text.trim());
    root.get_some("result").unwrap_or(root).get_some("data_array").map(Raw::text)
}

/// Which warehouse to take when none is named: one that runs, else one that is not deleted.
#[must_use]
pub fn choose(warehouses: Raw<'_>) -> Option<String> {
    let word = |of: Raw<'_>, key| of.get_some(key).and_then(Raw::as_str).unwrap_or_default().into_owned();
    let mut spare = None;
    for warehouse in warehouses.items() {
        let id = word(warehouse, "id");
        match word(warehouse, "state").as_str() {
            "RUNNING" if !id.is_empty() => return Some(id),
            "DELETED" | "DELETING" => {}
            _ if spare.is_none() && !id.is_empty() => spare = Some(id),
            _ => {}
        }
    }
    spare
}

/// Judges a warehouse that is waited for: whether it runs.
///
/// # Errors
/// `OperationFailed` when it is stopped or deleted, with the state as [`Error::error_code`].
pub fn judge_warehouse(warehouse: Raw<'_>) -> Result<bool> {
    let word = |of: Option<Raw<'_>>, key| {
        of.and_then(|of| of.get_some(key)).and_then(Raw::as_str).unwrap_or_default().into_owned()
    };
    let state = word(Some(warehouse), "state");
    match state.as_str() {
        "RUNNING" => Ok(true),
        "STOPPED" | "DELETED" | "DELETING" => {
            let health = warehouse.get_some("health");
            let mut said = clean(&word(health, "summary"), 1000, None);
            if !said.is_empty() {
                said.insert_str(0, ": ");
            }
            let sentence = ["The warehouse will not run, its state is ", &state, &said, ". Start it again."].concat();
            Err(Error::new(ErrorKind::OperationFailed, sentence).with_error_code(Some(state)))
        }
        _ => Ok(false),
    }
}

#[cfg(test)]
mod tests;
