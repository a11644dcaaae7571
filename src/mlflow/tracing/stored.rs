//! Spans as servers give them back: `traces.json` of either client, and the REST answers.

use std::borrow::Cow;

use super::ids::to_hex;
use super::model::{Span, SpanEvent, SpanStatus};
use super::read::{nanoseconds, plain, texts, values, write_spans};
use super::spans::{INPUTS, OUTPUTS, REQUEST_ID, SPAN_TYPE};
use super::write::Writer;
use crate::error::{Error, ErrorKind, Result};
use crate::wire::json::{Raw, string};

/// Reads the spans of `traces.json` (attributes as Python's client or as the TypeScript one writes them), or of a REST answer
/// (`{trace: {spans}}`, ids in base64, attributes as nested lists).
///
/// # Errors
/// `Decode` when the text is neither.
pub fn read_spans(json: &str) -> Result<Vec<Span>> {
    let value = Raw::parse(json)?;
    let holder = value.get_some("trace").unwrap_or(value);
    let mut spans = Vec::new();
    for item in holder.get_some("spans").into_iter().flat_map(Raw::items) {
        spans.push(span(item)?);
    }
    Ok(spans)
}

/// [`read_spans`] as one JSON text: `{"spans": […]}` in the shape of [the room's guide](crate::mlflow::tracing).
///
/// # Errors
/// As [`read_spans`].
pub fn spans_json(json: &str) -> Result<String> {
    let spans = read_spans(json)?;
    let mut out = Writer::default();
    out.open('{').key("spans");
    write_spans(&mut out, &spans);
    out.close('}');
    Ok(out.finish())
}

/// The tags of an answer that holds a trace's info: `{trace: {trace_info: {tags}}}`, or the older `{trace_info: {tags: [{key, value}]}}`.
///
/// # Errors
/// `Decode` when the text is not JSON.
pub fn read_tags(json: &str) -> Result<Vec<(String, String)>> {
    let value = Raw::parse(json)?;
    let info = value.get_some("trace").unwrap_or(value).get_some("trace_info");
    let tags = info.and_then(|info| info.get_some("tags"));
    let listed = tags.into_iter().flat_map(Raw::items);
    let listed = listed.filter_map(|tag| Some((plain(tag.get("key")?), plain(tag.get("value")?))));
    let mut all = texts(tags);
    all.extend(listed);
    Ok(all)
}

fn span(value: Raw<'_>) -> Result<Span> {
    let text = |key: &str| value.get_some(key).map(plain).unwrap_or_default();
    let time = |value: Option<Raw<'_>>| {
        nanoseconds(value)
            .ok_or_else(|| Error::new(ErrorKind::Decode, "A time of a span is no whole number of nanoseconds."))
    };
    let status = value.get_some("status");
    let status_text = |key: &str| status.and_then(|status| status.get_some(key)).map(plain).unwrap_or_default();
    let mut events = Vec::new();
    for event in value.get_some("events").into_iter().flat_map(Raw::items) {
        events.push(SpanEvent {
            name: event.get_some("name").map(plain).unwrap_or_default(),
            time_ns: time(event.get_some("time_unix_nano"))?,
            attributes: match event.get_some("attributes") {
                Some(list) if list.is_array() => pairs(list),
                object => values(object),
            },
        });
    }
    let mut span = Span {
        span_id: to_hex(&text("span_id"), 8)?.unwrap_or_default(),
        parent_id: to_hex(&text("parent_span_id"), 8)?,
        name: text("name"),
        start_ns: time(value.get_some("start_time_unix_nano"))?,
        end_ns: time(value.get_some("end_time_unix_nano"))?,
        status: SpanStatus::read(&status_text("code")),
        status_message: status_text("message"),
        events,
        ..Span::default()
    };
    for (key, json) in attributes(value.get_some("attributes")) {
        match key.as_str() {
            REQUEST_ID => {}
            SPAN_TYPE => span.span_type = plain(Raw::trusted(&json)),
            INPUTS => span.inputs = Some(json),
            OUTPUTS => span.outputs = Some(json),
            _ => span.attributes.push((key, json)),
        }
    }
    Ok(span)
}

/// Attributes as key and JSON text, from each of the three styles.
fn attributes(value: Option<Raw<'_>>) -> Vec<(String, String)> {
    match value {
        Some(list) if list.is_array() => pairs(list),
        object => {
            let mut fields = values(object);
            // Python's client writes each value as a text of JSON: then even the texts among them begin with a quote
            let quoted = |key: &str| {
                let value = object.and_then(|object| object.get(key)).and_then(Raw::as_str);
                value.map(|text| text.starts_with('"'))
            };
            if quoted(REQUEST_ID).or_else(|| quoted(SPAN_TYPE)).unwrap_or(false) {
                for (_, json) in &mut fields {
                    let inner = Raw::trusted(json).as_str().map(Cow::into_owned);
                    if let Some(Ok(value)) = inner.as_deref().map(Raw::parse) {
                        *json = value.text().to_owned();
                    }
                }
            }
            fields
        }
    }
}

/// `[{key, value: {…}}]` of protobuf's JSON.
fn pairs(list: Raw<'_>) -> Vec<(String, String)> {
    let pair = |pair: Raw<'_>| {
        let mut out = Writer::default();
        any_value(&mut out, pair.get_some("value"));
        Some((plain(pair.get("key")?), out.finish()))
    };
    list.items().filter_map(pair).collect()
}

/// A value of protobuf's JSON as plain JSON. What has no kind is `null`. Text that was checked nests 127 deep at most.
fn any_value(out: &mut Writer, value: Option<Raw<'_>>) {
    let Some((kind, inner)) = value.and_then(|value| value.fields().next()) else {
        out.raw("null");
        return;
    };
    match kind.as_ref() {
        "array_value" | "arrayValue" => {
            out.open('[');
            for item in inner.get_some("values").into_iter().flat_map(Raw::items) {
                any_value(out, Some(item));
            }
            out.close(']');
        }
        "kvlist_value" | "kvlistValue" => {
            out.open('{');
            for item in inner.get_some("values").into_iter().flat_map(Raw::items) {
                out.key(&item.get("key").map(plain).unwrap_or_default());
                any_value(out, item.get_some("value"));
            }
            out.close('}');
        }
        // a 64-bit number may be a text
        "int_value" | "intValue" => match inner.as_str() {
            Some(digits) if Raw::parse(&digits).is_ok_and(|number| number.as_i64().is_some()) => {
                out.raw(&digits);
            }
            _ => {
                out.raw(inner.text());
            }
        },
        // `"NaN"` and `"Infinity"` stay texts, as JSON has no number for them
        "string_value" | "stringValue" | "bool_value" | "boolValue" | "double_value" | "doubleValue" => {
            out.raw(inner.text());
        }
        _ => {
            out.raw(&string(inner.text()));
        }
    }
}
