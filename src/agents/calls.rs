//! The requests of agent endpoints as values.

use crate::agents::types::{ChatAgentChunk, ChatAgentResponse, ResponseEvent, ResponseObject};
use crate::agents::verdict;
use crate::error::Result;
use crate::wire::call::{Call, Repeat, StreamCall};
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
    Ok(Call::new(request(endpoint, route, body)?, Repeat::Billed, verdict::response))
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
    Ok(StreamCall::new(request(endpoint, route, body)?, Repeat::Billed))
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
    Ok(Call::new(request(endpoint, Route::Invocations, body)?, Repeat::Billed, verdict::messages))
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
    Ok(StreamCall::new(request(endpoint, Route::Invocations, body)?, Repeat::Billed))
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
