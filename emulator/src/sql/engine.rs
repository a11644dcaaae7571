//! The client of `lakewire-engine`: HTTP on loopback, no Arrow and no SQL on this side.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

use crate::json::set;
use crate::loopback::Loopback;

/// How long an engine may take to say that it is there.
const HEALTH_TIME: Duration = Duration::from_secs(2);

/// A SQL engine at an address of this machine.
#[derive(Debug, Clone)]
pub struct Engine {
    server: Loopback,
    client: Client<HttpConnector, Full<Bytes>>,
    /// Sets the results of this run apart: emulators with the same seed give the same ids, and may share an engine.
    run: u64,
}

impl Engine {
    /// An engine at this server; nothing is asked yet.
    #[must_use]
    pub fn new(server: Loopback) -> Self {
        let run = RandomState::new().build_hasher().finish();
        Self { server, client: Client::builder(TokioExecutor::new()).build_http(), run }
    }

    /// The id of a statement as the engine knows it.
    fn own_id(&self, id: &str) -> String {
        format!("{id}-{:016x}", self.run)
    }

    /// Sends one request and reads the whole answer.
    ///
    /// # Errors
    /// A sentence saying that the engine could not be asked.
    pub async fn send(&self, method: Method, path: &str, body: Bytes) -> Result<(StatusCode, Bytes), String> {
        let failed = |why: &dyn std::fmt::Display| {
            format!("The SQL engine at {} could not be asked: {why}.", self.server.url(""))
        };
        let request = Request::builder()
            .method(method)
            .uri(self.server.url(path))
            .header(header::CONTENT_TYPE, "application/json")
            // a web page cannot send it across origins, so the engine answers no page
            .header("x-lakewire-engine", "1")
            .body(Full::new(body))
            .map_err(|error| failed(&error))?;
        let answer = self.client.request(request).await.map_err(|error| failed(&error))?;
        let status = answer.status();
        let body = answer.into_body().collect().await.map_err(|error| failed(&error))?;
        Ok((status, body.to_bytes()))
    }

    /// Whether it answers.
    pub async fn ready(&self) -> bool {
        let asked = self.send(Method::GET, "/health", Bytes::new());
        matches!(tokio::time::timeout(HEALTH_TIME, asked).await, Ok(Ok((StatusCode::OK, _))))
    }

    /// Runs a statement to its end; `id` in the request names it.
    ///
    /// # Errors
    /// A sentence if there is no answer that says how it ended.
    pub async fn execute(&self, request: &Value) -> Result<Value, String> {
        let id = self.own_id(request.get("id").and_then(Value::as_str).unwrap_or_default());
        let mut request = request.clone();
        set(&mut request, "id", id);
        let (status, body) = self.send(Method::POST, "/execute", Bytes::from(request.to_string())).await?;
        let answer: Option<Value> = serde_json::from_slice(&body).ok();
        answer
            .filter(|answer| status == StatusCode::OK && answer.get("state").is_some_and(Value::is_string))
            .ok_or_else(|| {
                format!(
                    "The SQL engine answered with status {} and nothing that says how the statement ended.",
                    status.as_u16()
                )
            })
    }

    /// The bytes of a chunk; `None` if the engine does not have it.
    ///
    /// # Errors
    /// A sentence if the engine could not be asked.
    pub async fn chunk(&self, id: &str, index: u64) -> Result<Option<Bytes>, String> {
        let (status, body) =
            self.send(Method::GET, &format!("/results/{}/{index}", self.own_id(id)), Bytes::new()).await?;
        match status {
            StatusCode::OK => Ok(Some(body)),
            StatusCode::NOT_FOUND => Ok(None),
            other => Err(format!("The SQL engine answered a chunk with status {}.", other.as_u16())),
        }
    }

    /// Ends a running statement. That it could not be told does not matter: its result is never asked for.
    pub async fn cancel(&self, id: &str) {
        let _ = self.send(Method::POST, &format!("/cancel/{}", self.own_id(id)), Bytes::new()).await;
    }

    /// Lets go of a result.
    pub async fn forget(&self, id: &str) {
        let _ = self.send(Method::DELETE, &format!("/results/{}", self.own_id(id)), Bytes::new()).await;
    }
}
