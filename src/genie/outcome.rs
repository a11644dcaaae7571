//! What a message says: wait, an answer, or why there is none. Pure.

use crate::error::{Error, ErrorKind, Result, TimeoutPhase};
use crate::wire::json::{Items, Raw, push_string};
use crate::wire::redact::clean;

/// The pause between two looks at a message, in milliseconds.
pub const POLL_MS: u32 = 500;
/// How long is waited for an answer unless something else is said, in milliseconds.
pub const TIMEOUT_MS: u32 = 250_000;

/// How far an answer is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Not done; the status.
    Waiting(String),
    /// Done: the JSON text of a [`GenieAnswer`](super::GenieAnswer).
    Done(String),
}

/// Judges a message.
///
/// The last query counts when there are more, and the words between the first and the last one are about
/// those in between and are left out.
///
/// # Errors
/// `OperationFailed` when Genie failed, was cancelled or no longer has the rows, with the type of the
/// failure or the status as [`Error::error_code`].
///
/// ```
/// use lakewire::{genie::{judge, Seen}, wire::json::Raw};
/// let message = r#"{"message_id":"m","conversation_id":"c","status":"COMPLETED","attachments":[{"text":{"content":"The north leads."}}]}"#;
/// let Seen::Done(answer) = judge(Raw::parse(message)?)? else { panic!() };
/// assert_eq!(answer, r#"{"conversation_id":"c","message_id":"m","text":"The north leads."}"#);
/// # Ok::<(), lakewire::Error>(())
/// ```
pub fn judge(message: Raw<'_>) -> Result<Seen> {
    let status = text(message, "status");
    match status.as_str() {
        "COMPLETED" => Ok(Seen::Done(answer(message))),
        "FAILED" => {
            let fault = message.get_some("error");
            let said = |key| fault.map(|fault| text(fault, key)).filter(|said| !said.is_empty());
            let reason = clean(&said("error").unwrap_or_default(), 1000, None);
            let reason = if reason.is_empty() { "it gave no reason" } else { &reason };
            Err(failed(&["Genie could not answer: ", reason, end(reason)], said("type").unwrap_or(status)))
        }
        "CANCELLED" => Err(failed(&["The question was cancelled."], status)),
        "QUERY_RESULT_EXPIRED" => Err(failed(
            &["Genie no longer has the rows of this answer: run its query again with executeQuery (execute_query)."],
            status,
        )),
        _ => Ok(Seen::Waiting(status)),
    }
}

/// The error of an answer that did not come in time. Its details name the message, which goes on.
#[must_use]
pub fn late(status: &str, conversation: &str, message: &str) -> Error {
    let mut details = String::from("{\"conversation_id\":");
    push_string(&mut details, conversation);
    details.push_str(",\"message_id\":");
    push_string(&mut details, message);
    details.push('}');
    let status = if status.is_empty() { "not known" } else { status };
    let sentence = [
        "Genie did not answer in time: the status is ",
        status,
        ". The details name the message: look at it again later, or allow more time.",
    ];
    Error::new(ErrorKind::DeadlineExceeded, sentence.concat())
        .with_phase(TimeoutPhase::Total)
        .with_details(Some(details))
        .with_maybe_processed(true)
}

/// Which message the answer to a question is about: `(conversation id, message id)`.
///
/// # Errors
/// `Decode` when the answer does not say.
pub fn ids(answer: Raw<'_>) -> Result<(String, String)> {
    let first = |keys: &[&str]| keys.iter().map(|key| text(answer, key)).find(|id| !id.is_empty());
    match (first(&["conversation_id"]), first(&["message_id", "id"])) {
        (Some(conversation), Some(message)) => Ok((conversation, message)),
        _ => Err(Error::new(ErrorKind::Decode, "Genie's answer does not say which message it is about.")),
    }
}

/// What ends a sentence that a service's own words may have ended already.
pub(super) fn end(reason: &str) -> &'static str {
    if reason.ends_with(['.', '!', '?', '…']) { "" } else { "." }
}

#[inline(never)]
fn failed(pieces: &[&str], code: String) -> Error {
    Error::new(ErrorKind::OperationFailed, pieces.concat()).with_error_code(Some(code)).with_maybe_processed(true)
}

#[inline(never)]
pub(super) fn text(object: Raw<'_>, key: &str) -> String {
    object.get_some(key).and_then(Raw::as_str).unwrap_or_default().into_owned()
}

/// The items of a list in an object; none when there is no such list.
#[inline(never)]
pub(super) fn items<'a>(object: Raw<'a>, key: &str) -> Items<'a> {
    object.get_some(key).unwrap_or(Raw::trusted("[]")).items()
}

fn answer(message: Raw<'_>) -> String {
    let attachments = || items(message, "attachments");
    let is_query = |one: &Raw<'_>| one.get_some("query").is_some();
    let first = attachments().position(|one| is_query(&one)).unwrap_or(usize::MAX);
    let last = attachments().enumerate().filter(|(_, one)| is_query(one)).last();
    let last_at = last.map_or(usize::MAX, |(at, _)| at);
    let mut words = String::new();
    let mut questions = None;
    for (at, one) in attachments().enumerate() {
        if let Some(said) = one.get_some("text").map(|said| text(said, "content")).filter(|said| !said.is_empty()) {
            if at < first || at > last_at || last.is_none() {
                if !words.is_empty() {
                    words.push_str("\n\n");
                }
                words.push_str(&said);
            }
        }
        questions = one.get_some("suggested_questions").and_then(|some| some.get_some("questions")).or(questions);
    }
    let mut out = String::from("{");
    let mut field = |key: &str, value: String| {
        if !value.is_empty() {
            out.push_str(if out.len() > 1 { "," } else { "" });
            push_string(&mut out, key);
            out.push(':');
            push_string(&mut out, &value);
        }
    };
    let (conversation, id) = ids(message).unwrap_or_default();
    field("conversation_id", conversation);
    field("message_id", id);
    field("text", words);
    if let Some((_, attachment)) = last {
        if let Some(query) = attachment.get_some("query") {
            for key in ["query", "description", "title", "statement_id"] {
                field(key, text(query, key));
            }
        }
        field("attachment_id", text(attachment, "attachment_id"));
    }
    if let Some(questions) = questions {
        out.push_str(",\"suggested_questions\":");
        out.push_str(questions.text());
    }
    out.push('}');
    out
}
