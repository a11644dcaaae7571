//! A trace as one JSON text: see the room's guide for its shape.

use super::model::{Span, SpanEvent, SpanStatus, Trace};
use super::write::Writer;
use crate::error::{Error, ErrorKind, Result};
use crate::wire::find::whole;
use crate::wire::json::Raw;

impl Trace {
    /// Reads a trace from the JSON text described in [the room's guide](crate::mlflow::tracing).
    ///
    /// # Errors
    /// `Decode` when the text is not JSON; `InvalidInput` for an id or a time that is not what it must be.
    pub fn parse(json: &str) -> Result<Self> {
        let value = Raw::parse(json)?;
        let mut trace = Self {
            trace_id: text(value, "trace_id").unwrap_or_default(),
            experiment_id: text(value, "experiment_id").unwrap_or_default(),
            client_request_id: text(value, "client_request_id"),
            state: text(value, "state"),
            request_preview: text(value, "request_preview"),
            response_preview: text(value, "response_preview"),
            tags: texts(value.get("tags")),
            metadata: texts(value.get("metadata")),
            spans: Vec::new(),
        };
        if let Some(spans) = value.get("spans") {
            for item in spans.items() {
                trace.spans.push(span(item)?);
            }
        }
        trace.check()?;
        Ok(trace)
    }

    /// The JSON text that [`parse`](Self::parse) reads.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut out = Writer::default();
        out.open('{').key("trace_id").string(&self.trace_id).key("experiment_id").string(&self.experiment_id);
        for (key, value) in [
            ("client_request_id", &self.client_request_id),
            ("state", &self.state),
            ("request_preview", &self.request_preview),
            ("response_preview", &self.response_preview),
        ] {
            if let Some(value) = value {
                out.key(key).string(value);
            }
        }
        out.key("tags").texts(&self.tags).key("metadata").texts(&self.metadata).key("spans");
        write_spans(&mut out, &self.spans);
        out.close('}');
        out.finish()
    }
}

/// Spans as a trace's JSON text holds them.
pub(super) fn write_spans(out: &mut Writer, spans: &[Span]) {
    out.open('[');
    for span in spans {
        out.open('{').key("span_id").string(&span.span_id).key("parent_id");
        match &span.parent_id {
            Some(parent) => out.string(parent),
            None => out.raw("null"),
        };
        out.key("name").string(&span.name).key("type").string(&span.span_type);
        out.key("start_ns").string(&span.start_ns.to_string()).key("end_ns").string(&span.end_ns.to_string());
        out.key("status").open('{').key("code").string(span.status.as_str());
        out.key("message").string(&span.status_message).close('}');
        for (key, content) in [("inputs", &span.inputs), ("outputs", &span.outputs)] {
            if let Some(json) = content {
                out.key(key).raw(json);
            }
        }
        out.key("attributes").values(&span.attributes).key("events").open('[');
        for event in &span.events {
            out.open('{').key("name").string(&event.name).key("time_ns").string(&event.time_ns.to_string());
            out.key("attributes").values(&event.attributes).close('}');
        }
        out.close(']').close('}');
    }
    out.close(']');
}

fn text(value: Raw<'_>, key: &str) -> Option<String> {
    value.get_some(key).map(plain)
}

/// A text as it is, anything else as its JSON.
pub(super) fn plain(value: Raw<'_>) -> String {
    match value.as_str() {
        Some(text) => text.into_owned(),
        None => value.text().to_owned(),
    }
}

/// An object's fields as texts; a null is left out.
pub(super) fn texts(value: Option<Raw<'_>>) -> Vec<(String, String)> {
    let fields = value.into_iter().flat_map(Raw::fields);
    fields.filter(|(_, value)| !value.is_null()).map(|(key, value)| (key.into_owned(), plain(value))).collect()
}

/// An object's fields as JSON texts.
pub(super) fn values(value: Option<Raw<'_>>) -> Vec<(String, String)> {
    value.into_iter().flat_map(Raw::fields).map(|(key, value)| (key.into_owned(), value.text().to_owned())).collect()
}

/// Nanoseconds, as a text or a whole number; 0 when absent.
pub(super) fn nanoseconds(value: Option<Raw<'_>>) -> Option<u64> {
    match value {
        None => Some(0),
        Some(value) => value.as_str().map_or_else(|| whole(value.text()), |digits| whole(&digits)),
    }
}

fn span(value: Raw<'_>) -> Result<Span> {
    let time = |value: Option<Raw<'_>>| {
        nanoseconds(value).ok_or_else(|| {
            let sentence =
                "A time of a span is no whole number of nanoseconds since 1970: give it as a text of digits.";
            Error::new(ErrorKind::InvalidInput, sentence)
        })
    };
    let status = value.get("status");
    let mut events = Vec::new();
    for event in value.get("events").into_iter().flat_map(Raw::items) {
        events.push(SpanEvent {
            name: text(event, "name").unwrap_or_default(),
            time_ns: time(event.get_some("time_ns"))?,
            attributes: values(event.get("attributes")),
        });
    }
    Ok(Span {
        span_id: text(value, "span_id").unwrap_or_default(),
        parent_id: text(value, "parent_id"),
        name: text(value, "name").unwrap_or_default(),
        span_type: text(value, "type").unwrap_or_default(),
        start_ns: time(value.get_some("start_ns"))?,
        end_ns: time(value.get_some("end_ns"))?,
        status: SpanStatus::read(&status.and_then(|status| text(status, "code")).unwrap_or_default()),
        status_message: status.and_then(|status| text(status, "message")).unwrap_or_default(),
        inputs: value.get("inputs").map(|value| value.text().to_owned()),
        outputs: value.get("outputs").map(|value| value.text().to_owned()),
        attributes: values(value.get("attributes")),
        events,
    })
}
