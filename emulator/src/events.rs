//! Server-sent events, and what a fault does to them.
//!
//! The chat path has `data:` lines only: MLflow's `predict_stream` refuses any other field (wire: serving-query §5).

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures_core::Stream;
use http::{HeaderValue, header};
use serde_json::Value;

use crate::faults::{Cut, Fault};

/// Chunks of a chat stream, without the sentinel; an error is an abrupt end.
pub type Chunks = Pin<Box<dyn Stream<Item = Result<Value, Cut>> + Send>>;

/// How a stream is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// `data: {…}` and `[DONE]` at the end.
    Chat,
    /// `data: {…}` without a sentinel: the last event is the end.
    Open,
    /// `data:{…}` without a space and without a sentinel, as text-generation-inference writes.
    Tight,
}

/// A chat stream as a response: one event per chunk, then `[DONE]`, as the fault lets it.
#[must_use]
pub fn response(chunks: Chunks, fault: Arc<Fault>) -> Response {
    styled(chunks, fault, Style::Chat)
}

/// A stream as a response, written in this style, as the fault lets it.
#[must_use]
pub fn styled(chunks: Chunks, fault: Arc<Fault>, style: Style) -> Response {
    let mut response = Response::new(Body::from_stream(render(chunks, fault, style)));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    response
}

fn render(mut chunks: Chunks, fault: Arc<Fault>, style: Style) -> impl Stream<Item = Result<Bytes, Cut>> + Send {
    async_stream::stream! {
        let line = Lines { ending: fault.line_ending.as_str(), style };
        let mut index = 0_usize;
        loop {
            if let Some(insert) = fault.insert_error_event.as_ref().filter(|insert| insert.after == index) {
                yield Ok(line.event(&payload(&insert.event)));
            }
            if fault.end_after_events == Some(index) {
                return;
            }
            let chunk = match next(&mut chunks).await {
                Some(Ok(chunk)) => chunk,
                Some(Err(cut)) => {
                    yield Err(cut);
                    return;
                }
                None => break,
            };
            if let Some(pause) = fault.keepalive_comments_ms {
                tokio::time::sleep(Duration::from_millis(pause)).await;
                yield Ok(line.comment("keepalive"));
            }
            match fault.replace_event.as_ref().filter(|replace| replace.index == index) {
                Some(replace) => yield Ok(Bytes::from(replace.text.clone())),
                None => {
                    let chunk = if fault.omit_finish_reason { without_finish_reason(chunk) } else { chunk };
                    yield Ok(line.event(&chunk.to_string()));
                }
            }
            index += 1;
        }
        let sentinel = style == Style::Chat;
        if sentinel && !fault.omit_done {
            yield Ok(line.event("[DONE]"));
        }
        if sentinel && fault.duplicate_done {
            yield Ok(line.event("[DONE]"));
        }
    }
}

/// The next item of a stream, without a dependency for it.
pub async fn next<S: Stream + Unpin + ?Sized>(stream: &mut S) -> Option<S::Item> {
    std::future::poll_fn(|context| Pin::new(&mut *stream).poll_next(context)).await
}

struct Lines {
    ending: &'static str,
    style: Style,
}

impl Lines {
    fn event(&self, payload: &str) -> Bytes {
        let end = self.ending;
        let space = if self.style == Style::Tight { "" } else { " " };
        Bytes::from(format!("data:{space}{payload}{end}{end}"))
    }

    fn comment(&self, text: &str) -> Bytes {
        let end = self.ending;
        Bytes::from(format!(": {text}{end}{end}"))
    }
}

fn payload(event: &Value) -> String {
    event.as_str().map_or_else(|| event.to_string(), str::to_owned)
}

fn without_finish_reason(mut chunk: Value) -> Value {
    let choices = chunk.get_mut("choices").and_then(Value::as_array_mut);
    for choice in choices.into_iter().flatten().filter_map(Value::as_object_mut) {
        choice.insert("finish_reason".to_owned(), Value::Null);
    }
    chunk
}
