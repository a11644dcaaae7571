//! Queries: which endpoint is asked, whether it can answer, and which room answers its task.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Extension, Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::{Map, Value};

use crate::chat;
use crate::errors::ApiError;
use crate::faults::Fault;
use crate::gate::RequestId;
use crate::serving_endpoints::Endpoint;
use crate::state::Emulator;

/// One query on its way to the room of its task.
#[derive(Debug)]
pub struct Query<'q> {
    /// The emulator.
    pub emulator: &'q Emulator,
    /// The endpoint asked.
    pub endpoint: &'q Endpoint,
    /// The served entity that answers.
    pub served: &'q str,
    /// The request body.
    pub body: Map<String, Value>,
    /// What shall go wrong.
    pub fault: Arc<Fault>,
}

/// `POST /serving-endpoints/{name}/invocations`
pub async fn invoke(
    State(emulator): State<Emulator>,
    Extension(request_id): Extension<RequestId>,
    Extension(fault): Extension<Arc<Fault>>,
    Path(name): Path<String>,
    body: Bytes,
) -> Response {
    answer(&emulator, &name, None, &body, fault, &request_id.0).await.unwrap_or_else(IntoResponse::into_response)
}

/// `POST /serving-endpoints/{name}/served-models/{served}/invocations`
pub async fn invoke_served(
    State(emulator): State<Emulator>,
    Extension(request_id): Extension<RequestId>,
    Extension(fault): Extension<Arc<Fault>>,
    Path((name, served)): Path<(String, String)>,
    body: Bytes,
) -> Response {
    let answered = answer(&emulator, &name, Some(&served), &body, fault, &request_id.0).await;
    answered.unwrap_or_else(IntoResponse::into_response)
}

/// `POST /serving-endpoints/chat/completions`: the OpenAI form, where `model` is the endpoint's name.
pub async fn openai_chat(
    State(emulator): State<Emulator>,
    Extension(request_id): Extension<RequestId>,
    Extension(fault): Extension<Arc<Fault>>,
    body: Bytes,
) -> Response {
    let model = object(&body).and_then(|body| match body.get("model").and_then(Value::as_str) {
        Some(model) => Ok(model.to_owned()),
        None => Err(ApiError::invalid_parameter("Missing required Chat parameter: 'model'")),
    });
    let answered = match model {
        Ok(model) => answer(&emulator, &model, None, &body, fault, &request_id.0).await,
        Err(error) => Err(error),
    };
    answered.unwrap_or_else(IntoResponse::into_response)
}

/// `POST /serving-endpoints/completions`, `/embeddings` and `/responses`: known forms that are not answered yet.
pub async fn openai_other(Path(form): Path<String>) -> Response {
    if matches!(form.as_str(), "completions" | "embeddings" | "responses") {
        let message = format!("The emulator does not answer the OpenAI form '{form}' yet.");
        return ApiError::new(StatusCode::NOT_IMPLEMENTED, "NOT_IMPLEMENTED", message).into_response();
    }
    let message = format!("No API found for 'POST /serving-endpoints/{form}'");
    ApiError::new(StatusCode::NOT_FOUND, "ENDPOINT_NOT_FOUND", message).into_response()
}

fn object(body: &[u8]) -> Result<Map<String, Value>, ApiError> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(ApiError::bad_request("Bad request: the body is not a JSON object")),
        Err(error) => Err(ApiError::bad_request(&format!("Bad request: the body is not valid JSON: {error}"))),
    }
}

async fn answer(
    emulator: &Emulator,
    name: &str,
    served: Option<&str>,
    body: &[u8],
    fault: Arc<Fault>,
    request_id: &str,
) -> Result<Response, ApiError> {
    let endpoint = emulator.endpoint(name).ok_or_else(|| ApiError::no_such_endpoint(name, request_id))?;
    let served = match served {
        None => endpoint.served.first(),
        Some(wanted) => endpoint.served.iter().find(|served| *served == wanted),
    };
    let served = served.ok_or_else(|| {
        let message = format!("The endpoint '{name}' has no such served model.");
        ApiError::new(StatusCode::NOT_FOUND, "RESOURCE_DOES_NOT_EXIST", message)
    })?;
    if !endpoint.ready {
        let message = format!("The endpoint '{name}' is not ready to take queries; its state is NOT_READY.");
        return Err(ApiError::bad_request(&message));
    }
    let query = Query { emulator, endpoint, served, body: object(body)?, fault };
    // the one place where tasks part: Responses and agent tasks get their rooms here
    let mut response = match endpoint.task {
        "llm/v1/chat" => chat::answer(query).await?,
        task => {
            let message = format!("The emulator does not answer the task {task} of '{name}' yet.");
            return Err(ApiError::new(StatusCode::NOT_IMPLEMENTED, "NOT_IMPLEMENTED", message));
        }
    };
    if let Ok(value) = HeaderValue::from_str(served) {
        response.headers_mut().insert(HeaderName::from_static("served-model-name"), value);
    }
    Ok(response)
}
