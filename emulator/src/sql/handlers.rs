//! The operations of the statement API (wire: sql-statements §1).

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Extension, Path, State};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Router, body::Body};
use http::{HeaderMap, StatusCode, header};
use serde_json::json;

use super::answer::Asked;
use super::request::Submit;
use super::statement::{Statement, missing, run};
use super::{answered, warehouses};
use crate::errors::{ApiError, canonical, json_response};
use crate::faults::Fault;
use crate::gate::CloseConnection;
use crate::ids;
use crate::json::{invalid, object};
use crate::state::Emulator;

/// How long a poll may wait, where a fault decides what the polls before it say.
const POLL_WAIT: Duration = Duration::from_secs(5);

/// The routes of the statement API; older clients write a slash at the end.
pub(super) fn routes() -> Router<Emulator> {
    Router::new()
        .route("/api/2.0/sql/statements", post(submit))
        .route("/api/2.0/sql/statements/", post(submit))
        .route("/api/2.0/sql/statements/{id}", get(poll).delete(close))
        .route("/api/2.0/sql/statements/{id}/cancel", post(cancel))
        .route("/api/2.0/sql/statements/{id}/result/chunks/{index}", get(chunk))
}

/// Scheme and host of the request: the emulator speaks plain HTTP.
fn origin(headers: &HeaderMap) -> String {
    let host = headers.get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or("127.0.0.1");
    format!("http://{host}")
}

async fn submit(
    State(emulator): State<Emulator>,
    Extension(fault): Extension<Arc<Fault>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    answered(submitted(&emulator, &fault, &origin(&headers), &body).await)
}

async fn submitted(emulator: &Emulator, fault: &Fault, origin: &str, body: &Bytes) -> Result<Response, ApiError> {
    let fault = fault.sql.clone().unwrap_or_default();
    let submit = Submit::read(&object(body)?, fault.chunk_bytes)?;
    let engine = emulator.sql().engine()?.clone();
    warehouses::wake(emulator, &submit.warehouse_id)?;
    for old in emulator.sql().store().age(emulator.elapsed_ms()) {
        let engine = engine.clone();
        tokio::spawn(async move { engine.forget(&old).await });
    }
    let (wait, cancel_on_timeout) = (submit.wait, submit.cancel_on_timeout);
    let count = emulator.next_request_id();
    let id = ids::uuid(ids::hash(emulator.config().seed, &[b"statement", count.as_bytes()]));
    let statement = Arc::new(Statement::new(id, submit.external, fault));
    emulator.sql().store().add(Arc::clone(&statement));
    tokio::spawn(run(emulator.clone(), engine, Arc::clone(&statement), submit));
    if statement.fault.answer_lost {
        let mut response = Response::new(Body::empty());
        response.extensions_mut().insert(CloseConnection);
        return Ok(response);
    }
    if !wait.is_zero() && !statement.scripted() && !statement.ended_within(wait).await && cancel_on_timeout {
        statement.cancel();
        statement.ended_within(POLL_WAIT).await;
    }
    Asked { emulator, statement: &statement, origin }.state().await
}

async fn poll(State(emulator): State<Emulator>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    answered(polled(&emulator, &id, &origin(&headers)).await)
}

async fn polled(emulator: &Emulator, id: &str, origin: &str) -> Result<Response, ApiError> {
    let statement = emulator.sql().statement(id)?;
    let number = statement.poll();
    if let Some(status) = statement.fault.poll_status.filter(|_| number == 1) {
        return Err(canonical(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), id));
    }
    if statement.fault.gone_after_polls.is_some_and(|most| number > most) {
        return Err(missing(id));
    }
    if !statement.fault.states.is_empty() && !statement.scripted() {
        // the scripted states are told: the number of polls is then not a matter of time
        statement.ended_within(POLL_WAIT).await;
    }
    Asked { emulator, statement: &statement, origin }.state().await
}

async fn chunk(
    State(emulator): State<Emulator>,
    Path((id, index)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let origin = origin(&headers);
    let asked = async {
        let statement = emulator.sql().statement(&id)?;
        let index = index.parse().map_err(|_| invalid("A chunk is named by its number, from 0."))?;
        Asked { emulator: &emulator, statement: &statement, origin: &origin }.chunk(index).await
    };
    answered(asked.await)
}

/// Only says that the cancel was received: what became of the statement is told by a poll.
async fn cancel(State(emulator): State<Emulator>, Path(id): Path<String>) -> Response {
    answered(emulator.sql().statement(&id).map(|statement| {
        statement.cancel();
        json_response(StatusCode::OK, &json!({}))
    }))
}

/// What drivers send when they need the results no more.
async fn close(State(emulator): State<Emulator>, Path(id): Path<String>) -> Response {
    let closed = async {
        let statement = emulator.sql().statement(&id)?;
        if !statement.phase().is_end() {
            statement.cancel();
        } else if statement.close(emulator.elapsed_ms()) {
            emulator.sql().engine()?.forget(&id).await;
        }
        Ok(json_response(StatusCode::OK, &json!({})))
    };
    answered(closed.await)
}
