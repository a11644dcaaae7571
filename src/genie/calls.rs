//! The requests on Genie as values.

use crate::error::{Error, ErrorKind, Result};
use crate::wire::answer;
use crate::wire::call::{Call, Repeat};
use crate::wire::json::{Json, push_string};
use crate::wire::request::{Method, Path, Request};

const ROOT: &str = "/api/2.0/genie/spaces";

/// A message of a conversation of a space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageId<'a> {
    /// The space.
    pub space: &'a str,
    /// The conversation.
    pub conversation: &'a str,
    /// The message.
    pub message: &'a str,
}

/// Lists the spaces the caller may see.
///
/// ```
/// assert_eq!(lakewire::genie::calls::spaces().request().path, "/api/2.0/genie/spaces");
/// ```
/// `GET /api/2.0/genie/spaces`
#[must_use]
pub fn spaces() -> Call<Json<()>> {
    read(Path::literal(ROOT))
}

/// Describes a space.
///
/// # Errors
/// `InvalidInput` when no space can have this id.
///
/// ```
/// let call = lakewire::genie::calls::space("sp1", false)?;
/// assert_eq!(call.request().path, "/api/2.0/genie/spaces/sp1");
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `GET /api/2.0/genie/spaces/{space_id}`
pub fn space(space: &str, serialized: bool) -> Result<Call<Json<()>>> {
    let path = at(space)?;
    Ok(read(if serialized { path.query("include_serialized_space", "true") } else { path }))
}

/// Asks a question, in a conversation or in a new one.
///
/// # Errors
/// `InvalidInput` when the question is empty.
///
/// ```
/// let call = lakewire::genie::calls::ask("sp1", None, "Sales per region?")?;
/// assert_eq!(call.request().path, "/api/2.0/genie/spaces/sp1/start-conversation");
/// let call = lakewire::genie::calls::ask("sp1", Some("c4"), "And per month?")?;
/// assert_eq!(call.request().path, "/api/2.0/genie/spaces/sp1/conversations/c4/messages");
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `POST /api/2.0/genie/spaces/{space_id}/start-conversation`, `…/conversations/{conversation_id}/messages`
pub fn ask(space: &str, conversation: Option<&str>, question: &str) -> Result<Call<Json<()>>> {
    if question.trim().is_empty() {
        return Err(Error::new(ErrorKind::InvalidInput, "The question is empty: ask something."));
    }
    let path = match conversation {
        None => at(space)?.then("/start-conversation"),
        Some(id) => conversation_at(space, id)?.then("/messages"),
    };
    let mut body = String::from("{\"content\":");
    push_string(&mut body, question);
    body.push('}');
    // asking twice would leave two messages
    Ok(Call::new(Request::new(Method::Post, path.finish()).json(body), Repeat::Never, answer::json))
}

/// Describes a message; this is what is polled.
///
/// # Errors
/// `InvalidInput` when an id cannot be one.
///
/// ```
/// use lakewire::genie::calls::{self, MessageId};
/// let id = MessageId { space: "sp1", conversation: "c4", message: "m9" };
/// assert_eq!(calls::message(id)?.request().path, "/api/2.0/genie/spaces/sp1/conversations/c4/messages/m9");
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `GET /api/2.0/genie/spaces/{space_id}/conversations/{conversation_id}/messages/{message_id}`
pub fn message(id: MessageId<'_>) -> Result<Call<Json<()>>> {
    Ok(read(message_at(id)?))
}

/// The rows of a query of an answer, as `{statement_response}`.
///
/// # Errors
/// `InvalidInput` when an id cannot be one.
///
/// ```
/// use lakewire::genie::calls::{self, MessageId};
/// let id = MessageId { space: "s", conversation: "c", message: "m" };
/// assert!(calls::query_result(id, "at1")?.request().path.ends_with("/m/attachments/at1/query-result"));
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `GET …/messages/{message_id}/attachments/{attachment_id}/query-result`
pub fn query_result(id: MessageId<'_>, attachment: &str) -> Result<Call<Json<()>>> {
    Ok(read(attachment_at(id, attachment)?.then("/query-result")))
}

/// Runs a query of an answer again, when its rows are gone.
///
/// # Errors
/// `InvalidInput` when an id cannot be one.
///
/// ```
/// use lakewire::genie::calls::{self, MessageId};
/// let id = MessageId { space: "s", conversation: "c", message: "m" };
/// assert!(calls::execute_query(id, "at1")?.request().path.ends_with("/m/attachments/at1/execute-query"));
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `POST …/messages/{message_id}/attachments/{attachment_id}/execute-query`
pub fn execute_query(id: MessageId<'_>, attachment: &str) -> Result<Call<Json<()>>> {
    let path = attachment_at(id, attachment)?.then("/execute-query").finish();
    Ok(Call::new(Request::new(Method::Post, path).json("{}"), Repeat::Billed, answer::json))
}

/// Says what is thought of an answer: `POSITIVE`, `NEGATIVE` or `NONE`.
///
/// # Errors
/// `InvalidInput` when an id cannot be one.
///
/// ```
/// use lakewire::genie::calls::{self, MessageId};
/// let id = MessageId { space: "s", conversation: "c", message: "m" };
/// assert_eq!(calls::feedback(id, "POSITIVE", None)?.request().body_text(), r#"{"rating":"POSITIVE"}"#);
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `POST …/messages/{message_id}/feedback`
pub fn feedback(id: MessageId<'_>, rating: &str, comment: Option<&str>) -> Result<Call<()>> {
    let mut body = String::from("{\"rating\":");
    push_string(&mut body, rating);
    if let Some(comment) = comment {
        body.push_str(",\"comment\":");
        push_string(&mut body, comment);
    }
    body.push('}');
    let path = message_at(id)?.then("/feedback").finish();
    Ok(Call::new(Request::new(Method::Post, path).json(body), Repeat::Billed, answer::nothing))
}

/// Lists the conversations of a space: the caller's own, or all.
///
/// # Errors
/// `InvalidInput` when no space can have this id.
///
/// ```
/// let call = lakewire::genie::calls::conversations("sp1", true)?;
/// assert_eq!(call.request().path, "/api/2.0/genie/spaces/sp1/conversations?include_all=true");
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `GET /api/2.0/genie/spaces/{space_id}/conversations`
pub fn conversations(space: &str, all: bool) -> Result<Call<Json<()>>> {
    let path = at(space)?.then("/conversations");
    Ok(read(if all { path.query("include_all", "true") } else { path }))
}

/// Lists the messages of a conversation.
///
/// # Errors
/// `InvalidInput` when an id cannot be one.
///
/// ```
/// let call = lakewire::genie::calls::messages("sp1", "c4")?;
/// assert_eq!(call.request().path, "/api/2.0/genie/spaces/sp1/conversations/c4/messages");
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `GET /api/2.0/genie/spaces/{space_id}/conversations/{conversation_id}/messages`
pub fn messages(space: &str, conversation: &str) -> Result<Call<Json<()>>> {
    Ok(read(conversation_at(space, conversation)?.then("/messages")))
}

/// Deletes a conversation.
///
/// # Errors
/// `InvalidInput` when an id cannot be one.
///
/// ```
/// let call = lakewire::genie::calls::delete_conversation("sp1", "c4")?;
/// assert_eq!(call.request().method.as_str(), "DELETE");
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `DELETE /api/2.0/genie/spaces/{space_id}/conversations/{conversation_id}`
pub fn delete_conversation(space: &str, conversation: &str) -> Result<Call<()>> {
    Ok(delete(conversation_at(space, conversation)?))
}

/// Deletes a message.
///
/// # Errors
/// `InvalidInput` when an id cannot be one.
///
/// ```
/// use lakewire::genie::calls::{self, MessageId};
/// let id = MessageId { space: "s", conversation: "c", message: "m" };
/// assert_eq!(calls::delete_message(id)?.request().method.as_str(), "DELETE");
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `DELETE …/messages/{message_id}`
pub fn delete_message(id: MessageId<'_>) -> Result<Call<()>> {
    Ok(delete(message_at(id)?))
}

// in the wasm once each, not in every call that has such a path
#[inline(never)]
fn at(space: &str) -> Result<Path> {
    Path::literal(ROOT).then("/").segment("space", space)
}

#[inline(never)]
fn conversation_at(space: &str, conversation: &str) -> Result<Path> {
    at(space)?.then("/conversations/").segment("conversation", conversation)
}

#[inline(never)]
fn message_at(id: MessageId<'_>) -> Result<Path> {
    conversation_at(id.space, id.conversation)?.then("/messages/").segment("message", id.message)
}

#[inline(never)]
fn attachment_at(id: MessageId<'_>, attachment: &str) -> Result<Path> {
    message_at(id)?.then("/attachments/").segment("attachment", attachment)
}

#[inline(never)]
fn read(path: Path) -> Call<Json<()>> {
    Call::new(Request::new(Method::Get, path.finish()), Repeat::Safe, answer::json)
}

#[inline(never)]
fn delete(path: Path) -> Call<()> {
    Call::new(Request::new(Method::Delete, path.finish()), Repeat::Never, answer::nothing)
}
