//! Which form an answer has, and what is asked for in it. Pure.

use crate::chat::tool_calls::RequestedTool;
use crate::error::{Error, ErrorKind, Result};
use crate::wire::answer::{self, Answer};
use crate::wire::json::{Json, Raw};

/// What a call expects of its endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    /// Responses.
    Responses,
    /// ChatAgent.
    ChatAgent,
}

/// The error of an answer that has the form of another task.
pub(crate) fn other_form(root: Raw<'_>, wanted: Task) -> Option<Error> {
    let typed = root.get_some("type").and_then(Raw::as_str).is_some_and(|kind| kind.starts_with("response."));
    let task = if root.get("choices").is_some() {
        "This endpoint answers in the chat form (task llm/v1/chat or agent/v1/chat): call it with client.chat()."
    } else if wanted == Task::ChatAgent && (root.get("output").is_some() || typed) {
        "This endpoint answers in the Responses form (task agent/v1/responses): call it with client.responses()."
    } else if wanted == Task::Responses && (root.get("messages").is_some() || root.get("delta").is_some()) {
        "This endpoint answers in the ChatAgent form (task agent/v2/chat): call it with client.chatAgent() (in Rust chat_agent())."
    } else if root.get("predictions").is_some() {
        "This endpoint serves a custom model (it answers with predictions): call it with client.completions()."
    } else {
        return None;
    };
    Some(Error::new(ErrorKind::Decode, task))
}

/// Reads a whole Responses answer: JSON with `output`.
pub(crate) fn response<T>(answer: Answer) -> Result<Json<T>> {
    let json: Json<T> = answer::json(answer)?;
    let root = json.root();
    let failed = root.get_some("status").is_some_and(|status| status.text() == "\"failed\"");
    if failed || root.get_some("error").is_some_and(|error| error.text() != "\"\"") {
        return Err(failure(root));
    }
    if root.get("output").is_some_and(Raw::is_array) {
        return Ok(json);
    }
    Err(other_form(root, Task::Responses)
        .unwrap_or_else(|| Error::new(ErrorKind::Decode, "The answer has no `output`: this is no Responses endpoint.")))
}

/// An answer that the service could not finish.
fn failure(root: Raw<'_>) -> Error {
    let error = root.get_some("error");
    let of = |key: &str| error.and_then(|error| error.get_some(key)).and_then(Raw::as_str);
    let mut text = String::from("The service could not finish its answer");
    match of("message").or_else(|| error.and_then(Raw::as_str)) {
        Some(message) => {
            text.push_str(": ");
            text.extend(message.chars().take(1000));
        }
        None => text.push_str(" and gave no reason."),
    }
    let code = of("code").map(|code| code.into_owned());
    let kind = code.as_deref().map_or(ErrorKind::InternalError, crate::wire::fault::kind_of);
    let error = Error::new(kind, text).with_error_code(code).with_maybe_processed(true);
    error.with_partial(Some(root.text().to_owned()))
}

/// Reads a whole ChatAgent answer: JSON with `messages`.
pub(crate) fn messages<T>(answer: Answer) -> Result<Json<T>> {
    let json: Json<T> = answer::json(answer)?;
    let root = json.root();
    if root.get("messages").is_some_and(Raw::is_array) {
        return Ok(json);
    }
    Err(other_form(root, Task::ChatAgent).unwrap_or_else(|| {
        Error::new(ErrorKind::Decode, "The answer has no `messages`: this is no ChatAgent endpoint.")
    }))
}

/// The tools a Responses answer asks for, in order; a call whose result stands in the same answer was
/// run by the agent itself and is left out.
///
/// # Errors
/// `Decode` when a call has no name or no id.
pub(crate) fn requested(response: Raw<'_>) -> Result<Vec<RequestedTool>> {
    let items = || response.get_some("output").into_iter().flat_map(Raw::items);
    let is = |item: &Raw<'_>, kind: &str| item.get("type").is_some_and(|found| found.text() == kind);
    let of = |item: Raw<'_>, key: &str| item.get_some(key).and_then(Raw::as_str).unwrap_or_default().into_owned();
    let results: Vec<String> =
        items().filter(|item| is(item, "\"function_call_output\"")).map(|item| of(item, "call_id")).collect();
    let mut tools = Vec::new();
    for call in items().filter(|item| is(item, "\"function_call\"")) {
        let tool =
            RequestedTool { id: of(call, "call_id"), name: of(call, "name"), arguments_raw: of(call, "arguments") };
        if tool.name.is_empty() || tool.id.is_empty() {
            return Err(Error::new(
                ErrorKind::Decode,
                "A tool call of the answer has no name or no id: it cannot be run.",
            ));
        }
        if !results.contains(&tool.id) {
            tools.push(tool);
        }
    }
    Ok(tools)
}
