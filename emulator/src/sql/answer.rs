//! What is told of a statement: its state, its manifest and its chunks (wire: sql-statements §3).

use axum::body::Body;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use super::links::iso;
use super::{Phase, STATEMENTS, STORAGE, Statement};
use crate::errors::ApiError;
use crate::faults::OffBy;
use crate::json::{set, set_in};
use crate::state::{Emulator, now_ms};

/// Who asks for which statement.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) emulator: &'a Emulator,
    pub(super) statement: &'a Statement,
    /// Scheme and host the caller used: links lead back there.
    pub(super) origin: &'a str,
}

/// A JSON answer from text. Rows are not read here, so the engine's text goes through as it is.
fn json_text(text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn count(value: &Value, name: &str) -> u64 {
    value.get(name).and_then(Value::as_u64).unwrap_or_default()
}

/// Adds text that is JSON already as the last field of an object.
fn with_field(object: &Value, name: &str, json: &str) -> String {
    let mut text = object.to_string();
    text.pop();
    if text.len() > 1 {
        text.push(',');
    }
    text.push('"');
    text.push_str(name);
    text.push_str("\":");
    text.push_str(json);
    text.push('}');
    text
}

fn shift(value: &mut Value, name: &str, off: Option<OffBy>, index: u64) {
    if let Some(off) = off.filter(|off| off.chunk == index) {
        let wrong = count(value, name).saturating_add_signed(off.by);
        set(value, name, wrong);
    }
}

impl Asked<'_> {
    /// The answer of submit and poll.
    pub(super) async fn state(self) -> Result<Response, ApiError> {
        let mut head = json!({ "statement_id": self.statement.id, "status": {} });
        if let Some(state) = self.statement.next_scripted() {
            set_in(&mut head, "status", "state", state);
            let fault = &self.statement.fault;
            if state == "FAILED" {
                let error = json!({ "error_code": "BAD_REQUEST", "message": "A fault lets this statement fail." });
                set_in(&mut head, "status", "error", fault.error.as_ref().map_or(error, |error| json!(error)));
                set_in(&mut head, "status", "sql_state", fault.sql_state.as_deref().unwrap_or("XX000"));
            } else if let (Some(error), "CANCELED") = (&fault.error, state) {
                set_in(&mut head, "status", "error", json!(error));
            }
            return Ok(json_text(head.to_string()));
        }
        let (state, manifest) = match self.statement.phase() {
            Phase::Pending => ("PENDING", None),
            Phase::Running => ("RUNNING", None),
            Phase::Canceled => ("CANCELED", None),
            Phase::Closed => ("CLOSED", None),
            Phase::Failed(sql_state, error) => {
                set_in(&mut head, "status", "error", error);
                if let Some(sql_state) = sql_state {
                    set_in(&mut head, "status", "sql_state", sql_state);
                }
                ("FAILED", None)
            }
            Phase::Succeeded(manifest) => ("SUCCEEDED", Some(manifest)),
        };
        set_in(&mut head, "status", "state", state);
        let Some(manifest) = manifest else { return Ok(json_text(head.to_string())) };
        let chunks = count(&manifest, "total_chunk_count");
        let first = if chunks == 0 { Some("{}".to_owned()) } else { self.chunk_text(&manifest, 0).await? };
        let Some(first) = first else {
            set_in(&mut head, "status", "state", "CLOSED");
            return Ok(json_text(head.to_string()));
        };
        set(&mut head, "manifest", self.manifest(&manifest));
        Ok(json_text(with_field(&head, "result", &first)))
    }

    /// The answer of the chunk call.
    pub(super) async fn chunk(self, index: u64) -> Result<Response, ApiError> {
        let manifest = match self.statement.phase() {
            Phase::Succeeded(manifest) => manifest,
            Phase::Closed => return Err(gone(&self.statement.id)),
            _ => {
                let message = format!("The statement {} has no results to fetch.", self.statement.id);
                return Err(ApiError::new(StatusCode::BAD_REQUEST, "BAD_REQUEST", message));
            }
        };
        let fault = &self.statement.fault;
        if let Some(at) = fault.chunk_status.filter(|at| at.chunk == index && self.statement.first("chunk")) {
            let status = StatusCode::from_u16(at.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            return Err(crate::errors::canonical(status, &self.statement.id));
        }
        if index >= count(&manifest, "total_chunk_count") {
            let message = format!("The statement {} has no chunk {index}.", self.statement.id);
            return Err(ApiError::new(StatusCode::BAD_REQUEST, "INVALID_PARAMETER_VALUE", message));
        }
        let text = self.chunk_text(&manifest, index).await?;
        text.map(json_text).ok_or_else(|| gone(&self.statement.id))
    }

    /// The engine's manifest as this disposition shows it.
    fn manifest(self, manifest: &Value) -> Value {
        let mut shown = manifest.clone();
        if self.statement.fault.truncated {
            set(&mut shown, "truncated", true);
        }
        if let Some(chunks) = shown.get_mut("chunks").and_then(Value::as_array_mut) {
            for chunk in chunks {
                self.disguise(chunk);
            }
        }
        if !self.statement.external {
            if let Some(fields) = shown.as_object_mut() {
                fields.remove("total_byte_count");
            }
        }
        shown
    }

    /// A chunk's numbers as they are told: without bytes inline, and off where a fault wants them so.
    fn disguise(self, chunk: &mut Value) {
        let index = count(chunk, "chunk_index");
        let fault = &self.statement.fault;
        shift(chunk, "row_count", fault.row_count, index);
        if self.statement.external {
            shift(chunk, "byte_count", fault.byte_count, index);
        } else if let Some(fields) = chunk.as_object_mut() {
            fields.remove("byte_count");
        }
    }

    /// `ResultData` of a chunk; `None` if the engine has it no more.
    async fn chunk_text(self, manifest: &Value, index: u64) -> Result<Option<String>, ApiError> {
        let chunks = manifest.get("chunks").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let at = |index: u64| chunks.iter().find(|chunk| count(chunk, "chunk_index") == index);
        let Some(mut told) = at(index).cloned() else { return Ok(None) };
        self.disguise(&mut told);
        let fault = &self.statement.fault;
        if let Some(wrong) = fault.chunk_index.filter(|wrong| wrong.chunk == index) {
            set(&mut told, "chunk_index", wrong.says);
        }
        let next = match fault.next_chunk.filter(|wrong| wrong.chunk == index) {
            Some(wrong) => wrong.next,
            None => Some(index + 1).filter(|next| *next < count(manifest, "total_chunk_count")),
        };
        let id = &self.statement.id;
        if self.statement.external {
            let life_ms = self.emulator.config().link_ttl_s * 1000;
            let over = fault.link_expired == Some(index) && self.statement.first("expired");
            let until_ms = if over { now_ms().saturating_sub(1000) } else { now_ms() + life_ms };
            let query = self.emulator.sql().signer().query(id, index, until_ms);
            set(&mut told, "external_link", format!("{}{STORAGE}{id}/{index}?{query}", self.origin));
            set(&mut told, "expiration", iso(until_ms));
            if !fault.storage_headers.is_empty() {
                set(&mut told, "http_headers", json!(fault.storage_headers));
            }
        }
        if let Some(next) = next {
            let host = fault.next_link_host.as_deref().unwrap_or_default();
            let row = at(next).map_or(0, |chunk| count(chunk, "row_offset"));
            set(&mut told, "next_chunk_index", next);
            let link = format!("{host}{STATEMENTS}/{id}/result/chunks/{next}?row_offset={row}");
            set(&mut told, "next_chunk_internal_link", link);
        }
        if self.statement.external {
            return Ok(Some(json!({ "external_links": [told] }).to_string()));
        }
        let rows = self.emulator.sql().engine()?.chunk(id, index).await.map_err(|sentence| unavailable(&sentence))?;
        let Some(rows) = rows else { return Ok(None) };
        let rows =
            std::str::from_utf8(&rows).map_err(|_| unavailable("The SQL engine sent rows that are not UTF-8."))?;
        Ok(Some(with_field(&told, "data_array", rows)))
    }
}

/// 404 of results that are no longer kept.
fn gone(id: &str) -> ApiError {
    let message = format!("The results of statement {id} are no longer available.");
    ApiError::new(StatusCode::NOT_FOUND, "NOT_FOUND", message)
}

/// 503 of an engine that does not answer.
pub(crate) fn unavailable(sentence: &str) -> ApiError {
    ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "TEMPORARILY_UNAVAILABLE", sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_of_ready_json_is_added() {
        assert_eq!(with_field(&json!({}), "a", "[1]"), r#"{"a":[1]}"#);
        assert_eq!(with_field(&json!({"b": 2}), "a", "[1]"), r#"{"b":2,"a":[1]}"#);
    }
}
