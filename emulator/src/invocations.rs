//! Queries: which endpoint is asked, whether it can answer, and which room answers its task.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Extension, Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde_json::{Map, Value};

use crate::errors::ApiError;
use crate::faults::Fault;
use crate::gate::{self, RequestId};
use crate::serving_endpoints::Endpoint;
use crate::state::Emulator;
use crate::{agents, chat, completions, custom, driver_proxy, embeddings, ids, responses};

/// Which path a query came by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `/serving-endpoints/{name}/invocations`: the endpoint's own task.
    Invocations,
    /// `/serving-endpoints/chat/completions`
    ChatCompletions,
    /// `/serving-endpoints/completions`
    Completions,
    /// `/serving-endpoints/embeddings`
    Embeddings,
    /// `/serving-endpoints/responses`
    Responses,
}

/// One query on its way to the room of its task.
#[derive(Debug)]
pub struct Query<'q> {
    /// The emulator.
    pub emulator: &'q Emulator,
    /// The endpoint asked.
    pub endpoint: &'q Endpoint,
    /// The served entity that answers.
    pub served: &'q str,
    /// The request body; empty for custom models, which read `raw`.
    pub body: Map<String, Value>,
    /// What shall go wrong.
    pub fault: Arc<Fault>,
    /// The path it came by.
    pub form: Form,
    /// The request body as it came.
    pub raw: &'q Bytes,
    /// The request's content type.
    pub content_type: Option<&'q str>,
}

/// The query routes. The OpenAI literal names come first: they collide with endpoint names.
pub fn routes() -> Router<Emulator> {
    Router::new()
        .route("/serving-endpoints/chat/completions", post(openai_chat))
        .route("/serving-endpoints/{form}", post(openai_other))
        .route("/serving-endpoints/{name}/invocations", post(invoke))
        .route("/serving-endpoints/{name}/served-models/{served}/invocations", post(invoke_served))
}

/// What every query handler is given.
struct Asked {
    emulator: Emulator,
    request_id: String,
    fault: Arc<Fault>,
    headers: HeaderMap,
    raw: Bytes,
}

type Parts = (State<Emulator>, Extension<RequestId>, Extension<Arc<Fault>>, HeaderMap);

impl Asked {
    fn new((State(emulator), Extension(RequestId(request_id)), Extension(fault), headers): Parts, raw: Bytes) -> Self {
        Self { emulator, request_id, fault, headers, raw }
    }
}

/// `POST /serving-endpoints/{name}/invocations`
async fn invoke(parts: Parts, Path(name): Path<String>, body: Bytes) -> Response {
    answer(&Asked::new(parts, body), &name, None, Form::Invocations).await.unwrap_or_else(IntoResponse::into_response)
}

/// `POST /serving-endpoints/{name}/served-models/{served}/invocations`
async fn invoke_served(parts: Parts, Path((name, served)): Path<(String, String)>, body: Bytes) -> Response {
    let answered = answer(&Asked::new(parts, body), &name, Some(&served), Form::Invocations).await;
    answered.unwrap_or_else(IntoResponse::into_response)
}

/// `POST /serving-endpoints/chat/completions`
async fn openai_chat(parts: Parts, body: Bytes) -> Response {
    openai(&Asked::new(parts, body), Form::ChatCompletions).await
}

/// `POST /serving-endpoints/completions`, `/embeddings` and `/responses`
async fn openai_other(parts: Parts, Path(form): Path<String>, body: Bytes) -> Response {
    let form = match form.as_str() {
        "completions" => Form::Completions,
        "embeddings" => Form::Embeddings,
        "responses" => Form::Responses,
        _ => {
            let message = format!("No API found for 'POST /serving-endpoints/{form}'");
            return ApiError::new(StatusCode::NOT_FOUND, "ENDPOINT_NOT_FOUND", message).into_response();
        }
    };
    openai(&Asked::new(parts, body), form).await
}

/// The OpenAI forms, where `model` is the endpoint's name.
async fn openai(asked: &Asked, form: Form) -> Response {
    let model = object(&asked.raw).and_then(|body| match body.get("model").and_then(Value::as_str) {
        Some(model) => Ok(model.to_owned()),
        None => {
            let kind = if form == Form::ChatCompletions { "Chat " } else { "" };
            Err(ApiError::invalid_parameter(&format!("Missing required {kind}parameter: 'model'")))
        }
    });
    let answered = match model {
        Ok(model) => answer(asked, &model, None, form).await,
        Err(error) => Err(error),
    };
    answered.unwrap_or_else(IntoResponse::into_response)
}

fn object(body: &[u8]) -> Result<Map<String, Value>, ApiError> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(ApiError::bad_request("Bad request: the body is not a JSON object")),
        Err(error) => Err(ApiError::bad_request(&format!("Bad request: the body is not valid JSON: {error}"))),
    }
}

async fn answer(asked: &Asked, name: &str, served: Option<&str>, form: Form) -> Result<Response, ApiError> {
    let Asked { emulator, raw, .. } = asked;
    let endpoint = emulator.endpoint(name).ok_or_else(|| ApiError::no_such_endpoint(name, &asked.request_id))?;
    let served = match served {
        // the same body goes the same way
        None => endpoint.route(ids::hash(emulator.config().seed, &[b"route", raw])),
        Some(wanted) => endpoint.served.iter().map(String::as_str).find(|served| *served == wanted),
    };
    let served = served.ok_or_else(|| {
        let message = format!("The endpoint '{name}' has no such served model.");
        ApiError::new(StatusCode::NOT_FOUND, "RESOURCE_DOES_NOT_EXIST", message)
    })?;
    if !endpoint.ready {
        let message = format!("The endpoint '{name}' is not ready to take queries; its state is NOT_READY.");
        return Err(ApiError::bad_request(&message));
    }
    let custom = is_custom(&endpoint);
    let query = Query {
        emulator,
        endpoint: &endpoint,
        served,
        body: if custom { Map::new() } else { object(raw)? },
        fault: Arc::clone(&asked.fault),
        form,
        raw,
        content_type: asked.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()),
    };
    let mut response = dispatch(query).await?;
    if let Ok(value) = HeaderValue::from_str(served) {
        response.headers_mut().insert(HeaderName::from_static("served-model-name"), value);
    }
    Ok(response)
}

/// Whether a model of the workspace's own answers, whose bodies are tables or anything else.
fn is_custom(endpoint: &Endpoint) -> bool {
    endpoint.task.is_empty() || endpoint.task == "llama2/chat"
}

/// Largest body of a request to this path (wire: errors-and-retries §9): custom models and apps take more.
#[must_use]
pub fn body_limit(emulator: &Emulator, path: &str) -> usize {
    let endpoint = path.strip_prefix("/serving-endpoints/").and_then(|rest| rest.split('/').next());
    let custom = endpoint.and_then(|name| emulator.endpoint(name)).is_some_and(|endpoint| is_custom(&endpoint));
    let large = [driver_proxy::PREFIX, crate::sql::STATEMENTS, crate::vector_search::PREFIX];
    if custom
        || crate::mlflow::is_mlflow(path)
        || path.starts_with(crate::sql::STORAGE)
        || large.iter().any(|prefix| path.starts_with(prefix))
    {
        gate::READ_LIMIT
    } else {
        gate::MAX_BODY_BYTES
    }
}

/// The one place where tasks part.
async fn dispatch(query: Query<'_>) -> Result<Response, ApiError> {
    let task = query.endpoint.task.clone();
    match (query.form, task.as_str()) {
        (Form::Invocations | Form::ChatCompletions, "llm/v1/chat") => chat::answer(query).await,
        (Form::Invocations | Form::Completions, "llm/v1/completions") => completions::answer(query).await,
        (Form::Invocations | Form::Embeddings, "llm/v1/embeddings") => embeddings::answer(query).await,
        (Form::Invocations | Form::Responses, "agent/v1/responses") => responses::answer(query).await,
        (Form::Responses, "llm/v1/chat") => responses::answer(query).await,
        (Form::Invocations | Form::ChatCompletions, "agent/v1/chat") => agents::chat_model::answer(query).await,
        // Databricks' own client for the AI SDK asks chat agents on the path of completions
        (Form::Invocations | Form::ChatCompletions | Form::Completions, "agent/v2/chat") => {
            agents::chat_agent::answer(query).await
        }
        (Form::Invocations, "" | "llama2/chat") => custom::answer(query).await,
        _ => Err(wrong_form(&query)),
    }
}

/// An endpoint of one task asked on the path of another.
fn wrong_form(query: &Query<'_>) -> ApiError {
    let path = match query.form {
        Form::Invocations => "/invocations",
        Form::ChatCompletions => "/serving-endpoints/chat/completions",
        Form::Completions => "/serving-endpoints/completions",
        Form::Embeddings => "/serving-endpoints/embeddings",
        Form::Responses => "/serving-endpoints/responses",
    };
    let (task, name) = (&query.endpoint.task, &query.endpoint.name);
    ApiError::bad_request(&format!("The endpoint '{name}' has the task '{task}', which {path} does not answer."))
}
