//! The requests of chat endpoints as values.

use crate::chat::types::{ChatCompletion, ChatCompletionChunk};
use crate::error::{Error, ErrorKind, Result};
use crate::wire::answer::{self, Answer};
use crate::wire::call::{Call, Repeat, StreamCall};
use crate::wire::find::find;
use crate::wire::json::Json;
use crate::wire::request::{Method, Path, Request};

/// Asks for a whole answer. `body` comes from [`body::build`](crate::chat::body::build).
///
/// # Errors
/// `InvalidInput` when no endpoint can have this name.
///
/// ```
/// use lakewire::chat::{body, calls};
/// let call = calls::invoke("my-endpoint", body::build("{}", r#"{"messages":"Hi"}"#, false)?)?;
/// assert_eq!(call.request().path, "/serving-endpoints/my-endpoint/invocations");
/// assert_eq!(call.request().body_text(), r#"{"messages":[{"role":"user","content":"Hi"}]}"#);
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `POST /serving-endpoints/{endpoint}/invocations`
pub fn invoke(endpoint: &str, body: String) -> Result<Call<Json<ChatCompletion>>> {
    Ok(Call::new(request(endpoint, body)?, Repeat::Billed, completion).explained_by(explain))
}

/// Asks for a streamed answer. `body` comes from [`body::build`](crate::chat::body::build) with
/// `stream` on.
///
/// # Errors
/// `InvalidInput` when no endpoint can have this name.
///
/// ```
/// use lakewire::chat::{body, calls};
/// let call = calls::stream("my-endpoint", body::build("{}", r#"{"messages":"Hi"}"#, true)?)?;
/// assert!(call.request().body_text().ends_with(r#","stream":true}"#));
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `POST /serving-endpoints/{endpoint}/invocations`
pub fn stream(endpoint: &str, body: String) -> Result<StreamCall<ChatCompletionChunk>> {
    Ok(StreamCall::new(request(endpoint, body)?, Repeat::Billed).explained_by(explain))
}

/// An endpoint that misses `input` is no chat endpoint.
fn explain(error: Error) -> Error {
    if error.kind() == ErrorKind::BadRequest && find(error.message(), "'input'").is_some() {
        return error.with_advice("An endpoint that wants `input` is an agent or model that speaks Responses: call it with client.responses().");
    }
    error
}

/// [`invoke`] on a route of another service that speaks chat completions; `explain` says what is
/// known about its failures.
pub(crate) fn invoke_at(path: &str, body: String, explain: fn(Error) -> Error) -> Call<Json<ChatCompletion>> {
    Call::new(Request::new(Method::Post, path).json(body), Repeat::Billed, completion).explained_by(explain)
}

/// [`stream`] on such a route.
pub(crate) fn stream_at(path: &str, body: String, explain: fn(Error) -> Error) -> StreamCall<ChatCompletionChunk> {
    StreamCall::new(Request::new(Method::Post, path).json(body), Repeat::Billed).explained_by(explain)
}

fn request(endpoint: &str, body: String) -> Result<Request> {
    let path = Path::literal("/serving-endpoints/").segment("endpoint", endpoint)?.then("/invocations").finish();
    Ok(Request::new(Method::Post, path).json(body))
}

/// Reads a chat completion: JSON with `choices`. What other tasks answer gets a sentence of its own.
pub(crate) fn completion(answer: Answer) -> Result<Json<ChatCompletion>> {
    let json: Json<ChatCompletion> = answer::json(answer)?;
    let root = json.root();
    if root.get("choices").is_some_and(|choices| choices.is_array()) {
        return Ok(json);
    }
    let task = if root.get("output").is_some() {
        "This endpoint answers in the Responses form (task agent/v1/responses)"
    } else if root.get("messages").is_some() {
        "This endpoint answers in the ChatAgent form (task agent/v2/chat)"
    } else if root.get("predictions").is_some() {
        "This endpoint serves a custom model (it answers with predictions)"
    } else {
        "The answer has no choices"
    };
    Err(Error::new(ErrorKind::Decode, format!("{task}: a chat call needs an endpoint whose task is llm/v1/chat.")))
}

/// The same call, read by the same rules, as the text alone.
#[allow(dead_code)] // for the JavaScript face
pub(crate) fn into_text(call: Call<Json<ChatCompletion>>) -> Call<String> {
    call.read_by(|answer| completion(answer).map(Json::into_string))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::answer::Headers;

    fn read(body: &str) -> Result<Json<ChatCompletion>> {
        completion(Answer { status: 200, headers: Headers::default(), body: body.as_bytes().to_vec() })
    }

    #[test]
    fn other_tasks_are_named() {
        assert!(read(r#"{"choices":[]}"#).is_ok());
        assert!(read(r#"{"output":[]}"#).unwrap_err().message().contains("Responses"));
        assert!(read(r#"{"messages":[]}"#).unwrap_err().message().contains("ChatAgent"));
        assert!(read(r#"{"predictions":[]}"#).unwrap_err().message().contains("custom model"));
        assert!(read("{}").unwrap_err().message().contains("no choices"));
        let refused = |message: &str| explain(Error::new(ErrorKind::BadRequest, message)).message().to_owned();
        assert!(refused("Missing required parameter: 'input'.").contains("client.responses()"));
        assert_eq!(refused("Too long."), "Too long.");
    }
}
