//! MCP servers: functions, vector indexes and SQL as tools, over streamable HTTP (wire: genie-and-mcp §4 and §5).
//!
//! JSON-RPC by POST. An answer is JSON, or an event stream if a fault or `?stream=true` asks for one.

mod functions;
mod indexes;
mod sql;

use std::collections::VecDeque;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use axum::{Extension, Router};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde_json::{Value, json};

use crate::errors::{ApiError, json_response};
use crate::faults::{Fault, McpFault};
use crate::ids;
use crate::json::{query, set};
use crate::state::Emulator;

/// The versions of the protocol that are spoken; the newest first.
const VERSIONS: [&str; 3] = ["2025-06-18", "2025-03-26", "2024-11-05"];
/// Most sessions that are remembered.
const MAX_SESSIONS: usize = 1000;

/// JSON-RPC's own error codes.
const PARSE_ERROR: i64 = -32700;
const INVALID_REQUEST: i64 = -32600;
const METHOD_NOT_FOUND: i64 = -32601;
const INVALID_PARAMS: i64 = -32602;
const INTERNAL_ERROR: i64 = -32603;

/// The routes of the MCP servers that are answered here.
pub fn routes() -> Router<Emulator> {
    Router::new()
        .route("/api/2.0/mcp/functions/{catalog}/{schema}", any(schema_functions))
        .route("/api/2.0/mcp/functions/{catalog}/{schema}/{function}", any(one_function))
        .route("/api/2.0/mcp/vector-search/{catalog}/{schema}", any(schema_indexes))
        .route("/api/2.0/mcp/vector-search/{catalog}/{schema}/{index}", any(one_index))
        .route("/api/2.0/mcp/ai-search/{catalog}/{schema}", any(schema_indexes))
        .route("/api/2.0/mcp/ai-search/{catalog}/{schema}/{index}", any(one_index))
        .route("/api/2.0/mcp/sql", any(statements))
}

/// The sessions that were begun and not ended.
#[derive(Debug, Default)]
pub struct Sessions {
    open: VecDeque<String>,
}

impl Sessions {
    fn begin(&mut self, id: String) {
        if self.open.len() == MAX_SESSIONS {
            self.open.pop_front();
        }
        self.open.push_back(id);
    }

    fn knows(&self, id: &str) -> bool {
        self.open.iter().any(|known| known == id)
    }

    fn end(&mut self, id: &str) -> bool {
        let before = self.open.len();
        self.open.retain(|known| known != id);
        self.open.len() < before
    }
}

/// Whose tools a server has.
enum Server {
    Functions { catalog: String, schema: String, function: Option<String> },
    Indexes { catalog: String, schema: String, index: Option<String> },
    Statements,
}

/// An error of JSON-RPC.
struct RpcError {
    code: i64,
    message: String,
}

impl RpcError {
    fn new(code: i64, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

/// What a tool gave: a text, or the sentence it failed with.
type Called = Result<String, String>;

impl Server {
    /// The name of the object behind a tool, as the catalog writes it.
    fn prefix(&self) -> String {
        match self {
            Self::Functions { catalog, schema, .. } | Self::Indexes { catalog, schema, .. } => {
                format!("{catalog}__{schema}__")
            }
            Self::Statements => String::new(),
        }
    }

    async fn tools(&self, emulator: &Emulator) -> Result<Vec<Value>, RpcError> {
        match self {
            Self::Functions { catalog, schema, function } => {
                let found = functions::of(emulator, catalog, schema, function.as_deref()).await;
                let found = found.map_err(|sentence| RpcError::new(INTERNAL_ERROR, sentence))?;
                Ok(found.iter().map(functions::tool).collect())
            }
            Self::Indexes { catalog, schema, index } => {
                let found = indexes::of(emulator, catalog, schema, index.as_deref());
                Ok(found.iter().map(|index| indexes::tool(index)).collect())
            }
            Self::Statements => Ok(sql::tools()),
        }
    }

    async fn call(&self, emulator: &Emulator, tool: &str, arguments: &Value) -> Result<Called, RpcError> {
        let unknown = || RpcError::new(INVALID_PARAMS, format!("Unknown tool: {tool}"));
        let own = tool.strip_prefix(&self.prefix()).ok_or_else(unknown)?;
        match self {
            Self::Functions { catalog, schema, function } => {
                if function.as_deref().is_some_and(|function| function != own) {
                    return Err(unknown());
                }
                let found = functions::of(emulator, catalog, schema, Some(own)).await;
                let found = found.map_err(|sentence| RpcError::new(INTERNAL_ERROR, sentence))?;
                let function = found.first().ok_or_else(unknown)?;
                Ok(functions::call(emulator, function, arguments).await)
            }
            Self::Indexes { catalog, schema, index } => {
                if index.as_deref().is_some_and(|index| index != own) {
                    return Err(unknown());
                }
                let found = indexes::of(emulator, catalog, schema, Some(own));
                let index = found.first().ok_or_else(unknown)?;
                Ok(indexes::call(emulator, index, arguments).await)
            }
            Self::Statements => sql::call(emulator, tool, arguments).await.ok_or_else(unknown),
        }
    }
}

type Parts = (State<Emulator>, Extension<Arc<Fault>>, Method, RawQuery, HeaderMap);

async fn schema_functions(Path((catalog, schema)): Path<(String, String)>, parts: Parts, body: Bytes) -> Response {
    answer(Server::Functions { catalog, schema, function: None }, parts, body).await
}

async fn one_function(
    Path((catalog, schema, function)): Path<(String, String, String)>,
    parts: Parts,
    body: Bytes,
) -> Response {
    answer(Server::Functions { catalog, schema, function: Some(function) }, parts, body).await
}

async fn schema_indexes(Path((catalog, schema)): Path<(String, String)>, parts: Parts, body: Bytes) -> Response {
    answer(Server::Indexes { catalog, schema, index: None }, parts, body).await
}

async fn one_index(
    Path((catalog, schema, index)): Path<(String, String, String)>,
    parts: Parts,
    body: Bytes,
) -> Response {
    answer(Server::Indexes { catalog, schema, index: Some(index) }, parts, body).await
}

async fn statements(parts: Parts, body: Bytes) -> Response {
    answer(Server::Statements, parts, body).await
}

fn refused(status: StatusCode, code: &str, message: &str) -> Response {
    ApiError::new(status, code, message).into_response()
}

/// A status without a body, as the protocol wants it for what needs no answer.
fn bare(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

async fn answer(
    server: Server,
    (State(emulator), Extension(fault), method, RawQuery(query_text), headers): Parts,
    body: Bytes,
) -> Response {
    let fault = fault.mcp.clone().unwrap_or_default();
    let session = headers.get("mcp-session-id").and_then(|value| value.to_str().ok());
    if let Some(id) = session {
        if fault.forget_session {
            emulator.mcp().end(id);
        }
        if !emulator.mcp().knows(id) {
            return refused(
                StatusCode::NOT_FOUND,
                "RESOURCE_DOES_NOT_EXIST",
                "There is no such session; begin a new one.",
            );
        }
    }
    match method {
        Method::POST => {}
        Method::DELETE => {
            let ended = session.is_some_and(|id| emulator.mcp().end(id));
            return bare(if ended { StatusCode::OK } else { StatusCode::BAD_REQUEST });
        }
        // no stream of the server's own is offered
        _ => return bare(StatusCode::METHOD_NOT_ALLOWED),
    }
    let accepts = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect::<String>();
    let takes = |kind: &str| accepts.contains(kind) || accepts.contains("*/*");
    if !takes("application/json") || !takes("text/event-stream") {
        let message = "The Accept header must name application/json and text/event-stream.";
        return refused(StatusCode::NOT_ACCEPTABLE, "BAD_REQUEST", message);
    }
    let asked = query(query_text.as_deref().unwrap_or_default());
    let stream =
        fault.sse || fault.notification || asked.iter().any(|(name, value)| name == "stream" && value == "true");
    let Ok(message) = serde_json::from_slice::<Value>(&body) else {
        let error = RpcError::new(PARSE_ERROR, "Parse error");
        return json_response(StatusCode::BAD_REQUEST, &written(&Value::Null, Err(error)));
    };
    let named = message.get("method").and_then(Value::as_str);
    let spoken = message.get("jsonrpc").and_then(Value::as_str) == Some("2.0");
    let Some(id) = message.get("id").filter(|id| id.is_string() || id.is_number()) else {
        // a notification, or an answer to nothing
        let fine = spoken && named.is_some();
        return bare(if fine { StatusCode::ACCEPTED } else { StatusCode::BAD_REQUEST });
    };
    let Some(name) = named.filter(|_| spoken) else {
        let error = RpcError::new(INVALID_REQUEST, "Invalid Request");
        return json_response(StatusCode::BAD_REQUEST, &written(id, Err(error)));
    };
    let parameters = message.get("params").unwrap_or(&Value::Null);
    let result = match &fault.error {
        Some(_) => Ok(Value::Null),
        None => result(&server, &emulator, name, parameters, &fault).await,
    };
    let begun = (name == "initialize" && result.is_ok()).then(|| {
        let id = emulator.next_request_id();
        let id = ids::uuid(ids::hash(emulator.config().seed, &[b"mcp", id.as_bytes()]));
        emulator.mcp().begin(id.clone());
        id
    });
    let mut answer = written(fault.id.as_ref().unwrap_or(id), result);
    if let Some(error) = &fault.error {
        answer = json!({ "jsonrpc": "2.0", "id": fault.id.as_ref().unwrap_or(id), "error": error });
    }
    let mut response =
        if stream { events(&answer, fault.notification) } else { json_response(StatusCode::OK, &answer) };
    if let Some(value) = begun.and_then(|id| HeaderValue::from_str(&id).ok()) {
        response.headers_mut().insert("mcp-session-id", value);
    }
    response
}

fn written(id: &Value, result: Result<Value, RpcError>) -> Value {
    match result {
        Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
        Err(RpcError { code, message }) => {
            json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": message } })
        }
    }
}

/// The answer as an event stream, after a notification if one is wanted.
fn events(answer: &Value, notification: bool) -> Response {
    let mut text = String::new();
    if notification {
        let params = json!({ "level": "info", "data": "The emulator says hello." });
        let message = json!({ "jsonrpc": "2.0", "method": "notifications/message", "params": params });
        text.push_str(&format!("event: message\ndata: {message}\n\n"));
    }
    text.push_str(&format!("event: message\ndata: {answer}\n\n"));
    let mut response = Response::new(Body::from(text));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    response
}

async fn result(
    server: &Server,
    emulator: &Emulator,
    method: &str,
    parameters: &Value,
    fault: &McpFault,
) -> Result<Value, RpcError> {
    match method {
        "initialize" => {
            let wanted = parameters.get("protocolVersion").and_then(Value::as_str);
            let wanted = wanted.ok_or_else(|| RpcError::new(INVALID_PARAMS, "'protocolVersion' is missing."))?;
            let [newest, ..] = VERSIONS;
            let version = if VERSIONS.contains(&wanted) { wanted } else { newest };
            Ok(json!({
                "protocolVersion": version,
                "capabilities": { "tools": { "listChanged": false } },
                "serverInfo": { "name": "lakewire-emulator", "version": env!("CARGO_PKG_VERSION") },
            }))
        }
        "ping" => Ok(json!({})),
        "tools/list" => Ok(json!({ "tools": server.tools(emulator).await? })),
        "tools/call" => {
            let name = parameters.get("name").and_then(Value::as_str);
            let name = name.ok_or_else(|| RpcError::new(INVALID_PARAMS, "'name' is missing."))?;
            let empty = json!({});
            let arguments = match parameters.get("arguments") {
                None | Some(Value::Null) => &empty,
                Some(arguments @ Value::Object(_)) => arguments,
                Some(_) => return Err(RpcError::new(INVALID_PARAMS, "'arguments' is an object.")),
            };
            let called = match &fault.tool_error {
                Some(text) => Err(text.clone()),
                None => server.call(emulator, name, arguments).await?,
            };
            let (text, failed) = match called {
                Ok(text) => (text, false),
                Err(sentence) => (sentence, true),
            };
            let mut result = json!({ "content": [{ "type": "text", "text": text }] });
            set(&mut result, "isError", failed);
            Ok(result)
        }
        _ => Err(RpcError::new(METHOD_NOT_FOUND, format!("Method not found: {method}"))),
    }
}
