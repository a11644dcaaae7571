//! The requests to a self-hosted gateway as values.

use serde_json::Value;

use crate::error::{Error, ErrorKind, Result};
use crate::gateway::types::{GatewayEndpoint, GatewayEndpointList};
use crate::serving_endpoints::calls::streamed;
use crate::wire::answer;
use crate::wire::call::{Call, Repeat, StreamCall};
use crate::wire::json::{Json, Raw};
use crate::wire::request::{Method, Path, Request};

/// Lists endpoints, from the page a token names.
///
/// ```
/// use lakewire::gateway::calls;
/// assert_eq!(calls::list(None).request().path, "/api/2.0/endpoints/");
/// assert_eq!(calls::list(Some("eyJpIjoxfQ==")).request().path, "/api/2.0/endpoints/?page_token=eyJpIjoxfQ%3D%3D");
/// ```
/// `GET /api/2.0/endpoints/`
#[must_use]
pub fn list(page_token: Option<&str>) -> Call<Json<GatewayEndpointList>> {
    let path = Path::literal("/api/2.0/endpoints/");
    let path = match page_token {
        Some(token) => path.query("page_token", token),
        None => path,
    };
    Call::new(Request::new(Method::Get, path.finish()), Repeat::Safe, answer::json)
}

/// Describes one endpoint.
///
/// # Errors
/// `InvalidInput` when no endpoint can have this name.
///
/// ```
/// assert_eq!(lakewire::gateway::calls::get("chat")?.request().path, "/api/2.0/endpoints/chat");
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `GET /api/2.0/endpoints/{name}`
pub fn get(name: &str) -> Result<Call<Json<GatewayEndpoint>>> {
    let path = Path::literal("/api/2.0/endpoints/").segment("endpoint", name)?.finish();
    Ok(Call::new(Request::new(Method::Get, path), Repeat::Safe, answer::json))
}

/// Whether the gateway is up.
///
/// `GET /health`
#[must_use]
pub fn health() -> Call<Json<Value>> {
    Call::new(Request::new(Method::Get, "/health"), Repeat::Safe, answer::json)
}

/// Asks an endpoint. The gateway refuses `model` in the body: the endpoint has one.
///
/// # Errors
/// `InvalidInput` when no endpoint can have this name, or the body is not JSON.
///
/// ```
/// let call = lakewire::gateway::calls::query("embed", r#"{"input":"x"}"#.into())?;
/// assert_eq!(call.request().path, "/endpoints/embed/invocations");
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `POST /endpoints/{name}/invocations`
pub fn query(name: &str, body: String) -> Result<Call<Json<Value>>> {
    Ok(Call::new(post(invocations(name)?, body)?, Repeat::Billed, answer::json))
}

/// Asks an endpoint for a streamed answer: [`query`] with `stream` on.
///
/// # Errors
/// As [`query`].
///
/// `POST /endpoints/{name}/invocations`
pub fn query_stream(name: &str, body: String) -> Result<StreamCall<Value>> {
    Ok(StreamCall::new(post(invocations(name)?, streamed(body)?)?, Repeat::Billed))
}

/// Asks by one of the OpenAI forms: `chat/completions`, `completions` or `embeddings`; the body's
/// `model` is the endpoint's name.
///
/// # Errors
/// `InvalidInput` for another form, or when the body is not JSON.
///
/// ```
/// let call = lakewire::gateway::calls::openai("embeddings", r#"{"model":"embed","input":"x"}"#.into())?;
/// assert_eq!(call.request().path, "/v1/embeddings");
/// # Ok::<(), lakewire::Error>(())
/// ```
/// `POST /v1/chat/completions`, `POST /v1/completions`, `POST /v1/embeddings`
pub fn openai(form: &str, body: String) -> Result<Call<Json<Value>>> {
    if !matches!(form, "chat/completions" | "completions" | "embeddings") {
        return Err(invalid("The gateway has three OpenAI forms: chat/completions, completions and embeddings."));
    }
    let named = Raw::parse(&body).is_ok_and(|root| root.get_some("model").is_some_and(Raw::is_string));
    if !named {
        return Err(invalid("The body needs `model`, the name of the gateway's endpoint."));
    }
    Ok(Call::new(post(["/v1/", form].concat(), body)?, Repeat::Billed, answer::json))
}

pub(crate) fn invocations(name: &str) -> Result<String> {
    Ok(Path::literal("/endpoints/").segment("endpoint", name)?.then("/invocations").finish())
}

fn post(path: String, body: String) -> Result<Request> {
    if Raw::parse(&body).is_err() {
        return Err(invalid("The body is not valid JSON."));
    }
    Ok(Request::new(Method::Post, path).json(body))
}

fn invalid(sentence: &str) -> Error {
    Error::new(ErrorKind::InvalidInput, sentence)
}
