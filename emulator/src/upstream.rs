//! A real model behind the emulator: chat passed to an OpenAI-compatible server and brought back in Databricks' shapes.

use std::fmt;
use std::sync::Arc;

use axum::response::Response;
use bytes::Bytes;
use http::{Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Map, Value, json};

use crate::chat::request::ChatRequest;
use crate::errors::{ApiError, json_response};
use crate::events::{self, Chunks};
use crate::faults::Cut;
use crate::invocations::Query;
use crate::json::set;

/// Fields that only Databricks knows.
const OWN_FIELDS: &[&str] = &[
    "databricks_options",
    "client_request_id",
    "usage_context",
    "custom_inputs",
    "context",
    "extra_params",
    "thinking",
    "top_k",
];

/// An OpenAI-compatible server.
#[derive(Clone)]
pub struct Upstream {
    base: String,
    model: Option<String>,
    embedding_model: Option<String>,
    key: Option<String>,
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = self.key.as_ref().map(|_| "***");
        f.debug_struct("Upstream").field("base", &self.base).field("model", &self.model).field("key", &key).finish()
    }
}

impl Upstream {
    /// Checks the URL; `/v1` is added where it has no path.
    ///
    /// # Errors
    /// A sentence saying what the URL must be.
    pub fn new(url: &str, model: Option<String>, key: Option<String>) -> Result<Self, String> {
        let refused = |why: &str| Err(format!("--upstream takes a URL such as http://127.0.0.1:11434/v1; {why}."));
        let Ok(uri) = url.parse::<Uri>() else { return refused("this one could not be read") };
        match uri.scheme_str() {
            Some("http") => {}
            Some("https") => {
                return refused("https is not built in: put a local proxy that speaks http:// in front of the server");
            }
            _ => return refused("it must begin with http://"),
        }
        let Some(authority) = uri.authority() else { return refused("this one names no host") };
        if authority.as_str().contains('@') {
            return refused("a password does not belong in it: use LAKEWIRE_UPSTREAM_KEY");
        }
        let path = uri.path().trim_end_matches('/');
        let path = if path.is_empty() { "/v1" } else { path };
        let key = key.filter(|key| !key.is_empty());
        Ok(Self { base: format!("http://{authority}{path}"), model, embedding_model: None, key })
    }

    /// Names the model that embeddings are asked of; without one it is the model of chat.
    #[must_use]
    pub fn with_embedding_model(mut self, model: Option<String>) -> Self {
        self.embedding_model = model;
        self
    }

    async fn embedding_model(&self) -> Result<String, ApiError> {
        match &self.embedding_model {
            Some(model) => Ok(model.clone()),
            None => self.model().await,
        }
    }

    async fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Result<http::Response<Incoming>, ApiError> {
        let failed = |why: &dyn fmt::Display| {
            let message = format!("The upstream server at {} could not be asked: {why}.", self.base);
            ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "TEMPORARILY_UNAVAILABLE", message)
        };
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        request = request.header(header::CONTENT_TYPE, "application/json");
        if let Some(key) = &self.key {
            request = request.header(header::AUTHORIZATION, format!("Bearer {key}"));
        }
        let bytes = body.map(|body| Bytes::from(body.to_string())).unwrap_or_default();
        let request = request.body(Full::new(bytes)).map_err(|error| failed(&error))?;
        let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
        client.request(request).await.map_err(|error| failed(&error))
    }

    /// The model to ask for: the one given, or the first the server lists.
    async fn model(&self) -> Result<String, ApiError> {
        if let Some(model) = &self.model {
            return Ok(model.clone());
        }
        let response = self.send("GET", "/models", None).await?;
        let listed = response.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
        let listed: Value = serde_json::from_slice(&listed).unwrap_or_default();
        listed.pointer("/data/0/id").and_then(Value::as_str).map(str::to_owned).ok_or_else(|| {
            let message =
                format!("The upstream server at {} lists no model; name one with --upstream-model.", self.base);
            ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "TEMPORARILY_UNAVAILABLE", message)
        })
    }
}

/// Passes an embeddings query on.
///
/// # Errors
/// The upstream's error as the gateway would wrap it.
pub async fn embed(upstream: &Upstream, body: &Map<String, Value>) -> Result<Value, ApiError> {
    let mut body = passed_on(body, &upstream.embedding_model().await?, false);
    instructed(&mut body);
    let response = upstream.send("POST", "/embeddings", Some(&body)).await?;
    let response = passed(response).await?;
    let read = response.into_body().collect().await.ok().map(|body| body.to_bytes());
    let answer = read.and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
    answer.filter(|answer| answer.get("data").is_some_and(Value::is_array)).ok_or_else(|| {
        let message = "The upstream server answered with something that holds no embeddings.";
        ApiError::new(StatusCode::BAD_GATEWAY, "INTERNAL_ERROR", message)
    })
}

/// `instruction` is Databricks' own field: elsewhere it stands before each text.
fn instructed(body: &mut Value) {
    let Some(Value::String(instruction)) = body.as_object_mut().and_then(|map| map.remove("instruction")) else {
        return;
    };
    match body.get_mut("input") {
        Some(Value::String(text)) => *text = format!("{instruction} {text}"),
        Some(Value::Array(texts)) => {
            for text in texts {
                if let Some(words) = text.as_str() {
                    *text = Value::from(format!("{instruction} {words}"));
                }
            }
        }
        _ => {}
    }
}

/// The answer, or the upstream's error as the gateway would wrap it.
async fn passed(response: http::Response<Incoming>) -> Result<http::Response<Incoming>, ApiError> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let said = response.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let said =
        serde_json::from_slice(&said).unwrap_or_else(|_| Value::from(String::from_utf8_lossy(&said).into_owned()));
    Err(ApiError::raw(
        StatusCode::from_u16(status.as_u16()).unwrap_or(StatusCode::BAD_GATEWAY),
        json!({ "error": "Received error from openai", "external_model_message": said }),
    ))
}

/// Passes a chat query on.
///
/// # Errors
/// The upstream's error as the gateway would wrap it.
pub async fn answer(upstream: &Upstream, query: &Query<'_>, request: &ChatRequest) -> Result<Response, ApiError> {
    pass(upstream, query, "/chat/completions", request.stream, true).await
}

/// Passes a completions query on.
///
/// # Errors
/// The upstream's error as the gateway would wrap it.
pub async fn complete(upstream: &Upstream, query: &Query<'_>, stream: bool) -> Result<Response, ApiError> {
    pass(upstream, query, "/completions", stream, false).await
}

async fn pass(
    upstream: &Upstream,
    query: &Query<'_>,
    path: &str,
    stream: bool,
    usage_on_each: bool,
) -> Result<Response, ApiError> {
    let body = passed_on(&query.body, &upstream.model().await?, stream);
    let response = upstream.send("POST", path, Some(&body)).await?;
    let response = passed(response).await?;
    let served = query.served.to_owned();
    if stream {
        let chunks = chunks(response.into_body(), served, usage_on_each);
        return Ok(events::response(chunks, Arc::clone(&query.fault)));
    }
    let read = response.into_body().collect().await.ok().map(|body| body.to_bytes());
    let completion = read.and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok()).filter(Value::is_object);
    let Some(mut completion) = completion else {
        let message = "The upstream server answered with something that is no completion.";
        return Err(ApiError::new(StatusCode::BAD_GATEWAY, "INTERNAL_ERROR", message));
    };
    set(&mut completion, "model", json!(served));
    Ok(json_response(StatusCode::OK, &completion))
}

/// The request as an OpenAI-compatible server takes it.
fn passed_on(body: &Map<String, Value>, model: &str, stream: bool) -> Value {
    let mut passed: Map<String, Value> = body
        .iter()
        .filter(|(key, value)| !OWN_FIELDS.contains(&key.as_str()) && !value.is_null())
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    for (key, value) in body.get("extra_params").and_then(Value::as_object).into_iter().flatten() {
        passed.entry(key.clone()).or_insert_with(|| value.clone());
    }
    passed.insert("model".to_owned(), json!(model));
    if stream {
        passed.insert("stream_options".to_owned(), json!({ "include_usage": true }));
    }
    for message in passed.get_mut("messages").and_then(Value::as_array_mut).into_iter().flatten() {
        flatten_reasoning(message);
    }
    Value::Object(passed)
}

/// Reasoning parts are Databricks' own: other servers take text and media only.
fn flatten_reasoning(message: &mut Value) {
    let Some(parts) = message.get_mut("content").and_then(Value::as_array_mut) else { return };
    parts.retain(|part| part.get("type").and_then(Value::as_str) != Some("reasoning"));
    let texts: Option<Vec<&str>> = parts.iter().map(|part| part.get("text").and_then(Value::as_str)).collect();
    if let Some(texts) = texts {
        let joined = texts.join("\n");
        set(message, "content", json!(joined));
    }
}

/// The upstream's chunks with Databricks' model name and usage on each.
fn chunks(body: Incoming, served: String, usage_on_each: bool) -> Chunks {
    Box::pin(async_stream::stream! {
        let mut body = body.into_data_stream();
        let mut held: Vec<u8> = Vec::new();
        let unknown = json!({ "prompt_tokens": null, "completion_tokens": null, "total_tokens": null });
        while let Some(Ok(piece)) = events::next(&mut body).await {
            held.extend_from_slice(&piece);
            while let Some(end) = held.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = held.drain(..=end).collect();
                let line = String::from_utf8_lossy(&line);
                let Some(data) = line.trim().strip_prefix("data:").map(str::trim) else { continue };
                if data == "[DONE]" {
                    return;
                }
                let Ok(mut chunk) = serde_json::from_str::<Value>(data) else { continue };
                if chunk.get("choices").is_some() {
                    set(&mut chunk, "model", json!(served));
                    if usage_on_each && chunk.get("usage").is_none_or(Value::is_null) {
                        set(&mut chunk, "usage", unknown.clone());
                    }
                }
                yield Ok(chunk);
            }
        }
        // no sentinel: the upstream broke off, and that must not look like a good end
        yield Err(Cut);
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_others_know_is_passed_on() {
        let body = json!({"messages":[{"role":"assistant","content":[{"type":"reasoning","summary":[]},{"type":"text","text":"Hi"}]}],
            "client_request_id":"x","temperature":null,"extra_params":{"min_p":0.1},"stream":true});
        let passed = passed_on(body.as_object().unwrap(), "m", true);
        assert_eq!(
            passed,
            json!({"messages":[{"role":"assistant","content":"Hi"}],"stream":true,"min_p":0.1,"model":"m","stream_options":{"include_usage":true}})
        );
    }

    #[test]
    fn the_key_is_not_printed() {
        let upstream = Upstream::new("http://127.0.0.1:1", None, Some("canary".into())).unwrap();
        assert!(!format!("{upstream:?}").contains("canary"));
        assert!(Upstream::new("http://u:p@127.0.0.1:1", None, None).is_err());
    }
}
