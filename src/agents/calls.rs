//! The requests of agent endpoints as values.

use crate::agents::types::{ChatAgentChunk, ChatAgentResponse, ResponseEvent, ResponseObject};
use crate::agents::verdict;
use crate::error::{Error, ErrorKind, Result};
use crate::wire::call::{Call, Repeat, StreamCall};
use crate::wire::find::find;
use crate::wire::json::Json;
use crate::wire::request::{Method, Path, Request};

/// Which route a Responses call takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Route {
    /// The endpoint's own: `/serving-endpoints/{endpoint}/invocations`.
    #[default]
    Invocations,
    /// The one OpenAI's clients use: `/serving-endpoints/responses`, with the endpoint as `model`.
    OpenAi,
}

impl Route {
    /// The `model` of a body on this route.
    #[must_use]
    pub fn model(self, endpoint: &str) -> Option<&str> {
        match self {
            Self::Invocations => None,
            Self::OpenAi => Some(endpoint),
        }
    }
}

/// Asks for a whole answer. `body` comes from [`body::responses`](crate::agents::body::responses).
///
/// # Errors
/// `InvalidInput` when no endpoint can have this name.
///
/// ```
/// use lakewire::agents::{body, calls, calls::Route};
/// let text = body::responses("{}", r#"{"input":"Hi"}"#, Route::OpenAi.model("my-model"), false)?;
/// let call = calls::responses("my-model", Route::OpenAi, text)?;
/// assert_eq!(call.request().path, "/serving-endpoints/responses");
/// assert_eq!(call.request().body_text(), r#"{"input":[{"role":"user","content":"Hi"}],"model":"my-model"}"#);
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `POST /serving-endpoints/{endpoint}/invocations` or `POST /serving-endpoints/responses`
pub fn responses(endpoint: &str, route: Route, body: String) -> Result<Call<Json<ResponseObject>>> {
    Ok(Call::new(request(endpoint, route, body)?, Repeat::Billed, verdict::response).explained_by(explain))
}

/// Asks for a streamed answer. `body` comes from [`body::responses`](crate::agents::body::responses)
/// with `stream` on.
///
/// # Errors
/// `InvalidInput` when no endpoint can have this name.
///
/// ```
/// use lakewire::agents::{body, calls, calls::Route};
/// let call = calls::responses_stream("my-agent", Route::Invocations, body::responses("{}", r#"{"input":"Hi"}"#, None, true)?)?;
/// assert_eq!(call.request().path, "/serving-endpoints/my-agent/invocations");
/// assert!(call.request().body_text().ends_with(r#","stream":true}"#));
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `POST /serving-endpoints/{endpoint}/invocations` or `POST /serving-endpoints/responses`
pub fn responses_stream(endpoint: &str, route: Route, body: String) -> Result<StreamCall<ResponseEvent>> {
    Ok(StreamCall::new(request(endpoint, route, body)?, Repeat::Billed).explained_by(explain))
}

/// Asks an agent for a whole answer. `body` comes from [`body::chat_agent`](crate::agents::body::chat_agent).
///
/// # Errors
/// `InvalidInput` when no endpoint can have this name.
///
/// ```
/// use lakewire::agents::{body, calls};
/// let call = calls::chat_agent("my-agent", body::chat_agent("{}", r#"{"messages":"Hi"}"#, false)?)?;
/// assert_eq!(call.request().path, "/serving-endpoints/my-agent/invocations");
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `POST /serving-endpoints/{endpoint}/invocations`
pub fn chat_agent(endpoint: &str, body: String) -> Result<Call<Json<ChatAgentResponse>>> {
    Ok(Call::new(request(endpoint, Route::Invocations, body)?, Repeat::Billed, verdict::messages).explained_by(explain))
}

/// Asks an agent for a streamed answer. `body` comes from
/// [`body::chat_agent`](crate::agents::body::chat_agent) with `stream` on.
///
/// # Errors
/// `InvalidInput` when no endpoint can have this name.
///
/// ```
/// use lakewire::agents::{body, calls};
/// let call = calls::chat_agent_stream("my-agent", body::chat_agent("{}", r#"{"messages":"Hi"}"#, true)?)?;
/// assert!(call.request().body_text().ends_with(r#","stream":true}"#));
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `POST /serving-endpoints/{endpoint}/invocations`
pub fn chat_agent_stream(endpoint: &str, body: String) -> Result<StreamCall<ChatAgentChunk>> {
    Ok(StreamCall::new(request(endpoint, Route::Invocations, body)?, Repeat::Billed).explained_by(explain))
}

/// An endpoint that does not know the field that holds what is asked has another task.
fn explain(error: Error) -> Error {
    let says = |text: &str| find(error.message(), text).is_some();
    let advice = match error.kind() {
        ErrorKind::BadRequest if says("'input'") => "call it with client.responses()",
        ErrorKind::BadRequest if says("unknown field \"input\"") => "call it with client.chat()",
        ErrorKind::BadRequest if says("'messages'") => {
            "call it with client.chatAgent() (in Rust chat_agent()) or client.chat()"
        }
        _ => return error,
    };
    error.with_advice(&["This endpoint has another task: ", advice, "."].concat())
}

fn request(endpoint: &str, route: Route, body: String) -> Result<Request> {
    // checked on both routes: the name stands in the body of the one
    let path = Path::literal("/serving-endpoints/").segment("endpoint", endpoint)?.then("/invocations").finish();
    let path = match route {
        Route::Invocations => path,
        Route::OpenAi => "/serving-endpoints/responses".to_owned(),
    };
    Ok(Request::new(Method::Post, path).json(body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_of_other_tasks_say_what_to_call() {
        let told = |message: &str| explain(Error::new(ErrorKind::BadRequest, message)).message().to_owned();
        assert!(told("json: unknown field \"input\".").ends_with("call it with client.chat()."));
        assert!(told("'messages' must be a list of messages.").contains("chat_agent()"));
        assert!(told("Missing required parameter: 'input'.").ends_with("client.responses()."));
        assert_eq!(told("Too long."), "Too long.");
        let other = Error::new(ErrorKind::NotFound, "'messages' is not here.");
        assert_eq!(explain(other).message(), "'messages' is not here.");
    }
}
