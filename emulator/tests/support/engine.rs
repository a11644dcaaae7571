//! A stand-in for `lakewire-engine` that speaks its HTTP and knows a handful of statements.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use http::{Request, Response};
use http_body_util::BodyExt;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use lakewire_emulator::loopback::Loopback;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Notify;

#[derive(Default)]
pub struct Seen {
    /// What was executed.
    pub executed: Vec<Value>,
    /// Method and path of everything else.
    pub others: Vec<String>,
    results: HashMap<String, Vec<Vec<u8>>>,
}

#[derive(Clone, Default)]
pub struct FakeEngine {
    seen: Arc<Mutex<Seen>>,
    canceled: Arc<Notify>,
}

impl FakeEngine {
    /// Starts one and gives where it listens.
    pub async fn start() -> (Self, Loopback) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Loopback::at_port(listener.local_addr().unwrap().port()).unwrap();
        let engine = Self::default();
        engine.serve(listener);
        (engine, server)
    }

    pub fn serve(&self, listener: TcpListener) {
        let engine = self.clone();
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let engine = engine.clone();
                let service = service_fn(move |request: Request<hyper::body::Incoming>| {
                    let engine = engine.clone();
                    async move { Ok::<_, Infallible>(engine.answer(request).await) }
                });
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(connection), service));
            }
        });
    }

    pub fn executed(&self) -> Vec<Value> {
        self.seen.lock().unwrap().executed.clone()
    }

    /// Whether a request begins so.
    pub fn saw(&self, line: &str) -> bool {
        self.seen.lock().unwrap().others.iter().any(|seen| seen.starts_with(line))
    }

    /// Forgets every result, as an engine that was started again.
    pub fn lose_results(&self) {
        self.seen.lock().unwrap().results.clear();
    }

    async fn answer(&self, request: Request<hyper::body::Incoming>) -> Response<Body> {
        assert_eq!(request.headers()["x-lakewire-engine"], "1");
        assert!(!request.headers().contains_key("authorization"), "the credential stays in the emulator");
        let (parts, body) = request.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let path = parts.uri.path_and_query().unwrap().as_str().to_owned();
        if path == "/health" {
            return json_answer(200, &json!({"ready": true}));
        }
        if path == "/execute" {
            let request: Value = serde_json::from_slice(&body).unwrap();
            self.seen.lock().unwrap().executed.push(request.clone());
            return json_answer(200, &self.execute(&request).await);
        }
        self.seen.lock().unwrap().others.push(format!("{} {path}", parts.method));
        if path.starts_with("/cancel/") {
            self.canceled.notify_waiters();
            return json_answer(200, &json!({}));
        }
        if let Some(rest) = path.strip_prefix("/results/") {
            let mut seen = self.seen.lock().unwrap();
            if parts.method == http::Method::DELETE {
                seen.results.remove(rest);
                return json_answer(200, &json!({}));
            }
            let (id, index) = rest.split_once('/').unwrap();
            let found = seen.results.get(id).and_then(|chunks| chunks.get(index.parse::<usize>().unwrap()));
            return match found {
                Some(bytes) => Response::new(Body::from(bytes.clone())),
                None => json_answer(404, &json!({})),
            };
        }
        if path.contains("/tables?") {
            let token = if path.contains("page_token=") { "" } else { "2" };
            return json_answer(200, &json!({"tables": [{"full_name": path}], "next_page_token": token}));
        }
        json_answer(
            if path.contains("none") { 404 } else { 200 },
            &json!({"path": path, "method": parts.method.as_str(), "body": String::from_utf8_lossy(&body)}),
        )
    }

    /// `ROWS n`, `WIDE n` (n rows of a megabyte), `CREATE`, `SLOW`, and anything else fails.
    async fn execute(&self, request: &Value) -> Value {
        let words: Vec<&str> = request["statement"].as_str().unwrap().split(' ').collect();
        let number = || words[1].parse::<usize>().unwrap();
        match words[0] {
            "ROWS" => self.rows(request, number(), 1),
            "WIDE" => self.rows(request, number(), 1024 * 1024),
            "CREATE" => {
                json!({"state": "SUCCEEDED", "manifest": {"format": request["format"], "schema": {"column_count": 0},
                "total_chunk_count": 0, "total_row_count": 0, "truncated": false}})
            }
            "SLOW" => {
                self.canceled.notified().await;
                json!({"state": "CANCELED"})
            }
            other => json!({"state": "FAILED", "sql_state": "42601", "error": {"error_code": "BAD_REQUEST",
                "message": format!("[PARSE_SYNTAX_ERROR] Syntax error at or near '{other}'. SQLSTATE: 42601")}}),
        }
    }

    fn rows(&self, request: &Value, wanted: usize, width: usize) -> Value {
        let limit = request["row_limit"].as_u64().map_or(wanted, |limit| usize::try_from(limit).unwrap());
        let rows: Vec<Value> =
            (0..wanted.min(limit)).map(|row| json!([row.to_string(), "é".repeat(width / 2 + 1)])).collect();
        let chunk_bytes = usize::try_from(request["chunk_bytes"].as_u64().unwrap()).unwrap();
        let (mut chunks, mut told, mut offset) = (Vec::new(), Vec::new(), 0);
        let per_chunk = (chunk_bytes / rows.first().map_or(1, |row| row.to_string().len())).max(1);
        for part in rows.chunks(per_chunk) {
            let bytes = json!(part).to_string().into_bytes();
            told.push(json!({"chunk_index": chunks.len(), "row_offset": offset, "row_count": part.len(), "byte_count": bytes.len()}));
            offset += part.len();
            chunks.push(bytes);
        }
        let total: usize = chunks.iter().map(Vec::len).sum();
        let columns = json!([
            {"name": "n", "type_text": "BIGINT", "type_name": "LONG", "position": 0},
            {"name": "t", "type_text": "STRING", "type_name": "STRING", "position": 1}
        ]);
        let manifest = json!({"format": request["format"], "schema": {"column_count": 2, "columns": columns},
            "total_chunk_count": chunks.len(), "chunks": told, "total_row_count": offset, "total_byte_count": total,
            "truncated": offset < wanted});
        self.seen.lock().unwrap().results.insert(request["id"].as_str().unwrap().to_owned(), chunks);
        json!({"state": "SUCCEEDED", "manifest": manifest})
    }
}

fn json_answer(status: u16, body: &Value) -> Response<Body> {
    Response::builder().status(status).body(Body::from(body.to_string())).unwrap()
}
