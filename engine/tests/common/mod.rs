//! An engine behind its routes, spoken to as over HTTP.

#![allow(
    dead_code,
    unreachable_pub,
    missing_debug_implementations,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "shared by tests"
)]

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::{Request, StatusCode};
use lakewire_engine::engine::{Config, Engine};
use lakewire_engine::server;
use serde_json::{Value, json};
use tower::ServiceExt;

/// An engine behind its routes.
pub struct Client(Router, pub Arc<Engine>);

impl Client {
    /// An engine that keeps nothing.
    pub async fn new() -> Self {
        Self::with(&Config::default()).await
    }

    /// An engine with these settings.
    pub async fn with(config: &Config) -> Self {
        let engine = Arc::new(Engine::start(config).await.unwrap());
        Self(server::router(Arc::clone(&engine)), engine)
    }

    /// A request with or without the engine's header.
    pub async fn send(&self, method: &str, path: &str, body: Option<Value>, header: bool) -> (StatusCode, Bytes) {
        let mut request = Request::builder().method(method).uri(path);
        if header {
            request = request.header("x-lakewire-engine", "1");
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let answer = self.0.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        (answer.status(), to_bytes(answer.into_body(), usize::MAX).await.unwrap())
    }

    /// The status of a request with the engine's header and this host.
    pub async fn health_of(&self, host: &str) -> u16 {
        let request = Request::builder().uri("/health").header("host", host).header("x-lakewire-engine", "1");
        self.0.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap().status().as_u16()
    }

    /// The status and JSON of a request.
    pub async fn call(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let (status, bytes) = self.send(method, path, body, true).await;
        (status.as_u16(), serde_json::from_slice(&bytes).unwrap())
    }

    /// Runs a statement under a body of its own.
    pub async fn execute(&self, body: Value) -> Value {
        let (status, answer) = self.call("POST", "/execute", Some(body)).await;
        assert_eq!(status, 200, "{answer}");
        answer
    }

    /// The rows of a statement that succeeds.
    pub async fn rows(&self, statement: &str, parameters: Value) -> Vec<Vec<Option<String>>> {
        let answer = self.execute(json!({"id": "rows", "statement": statement, "parameters": parameters})).await;
        assert_eq!(answer["state"], "SUCCEEDED", "{statement}: {answer}");
        let mut rows = Vec::new();
        for index in 0..answer["manifest"]["total_chunk_count"].as_u64().unwrap() {
            let (_, chunk) = self.send("GET", &format!("/results/rows/{index}"), None, true).await;
            rows.extend(serde_json::from_slice::<Vec<Vec<Option<String>>>>(&chunk).unwrap());
        }
        rows
    }

    /// The first row of a statement that succeeds, NULL as `NULL`.
    pub async fn row(&self, statement: &str) -> Vec<String> {
        let rows = self.rows(statement, json!([])).await;
        rows[0].iter().map(|cell| cell.clone().unwrap_or_else(|| "NULL".to_owned())).collect()
    }

    /// The SQLSTATE and message of a statement that fails.
    pub async fn failure(&self, statement: &str) -> (String, String) {
        let answer = self.execute(json!({"id": "fails", "statement": statement})).await;
        assert_eq!(answer["state"], "FAILED", "{statement}: {answer}");
        (answer["sql_state"].as_str().unwrap().to_owned(), answer["error"]["message"].as_str().unwrap().to_owned())
    }
}
