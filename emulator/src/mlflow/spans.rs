//! Spans: as OTLP brings them, as the REST calls give them, and as they stand in `traces.json`
//! (wire: mlflow-tracing §3 to §5).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::attributes::{decoded, key_value, pairs, stored};
use super::fields::as_int;

/// One span.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Span {
    pub(super) trace: String,
    pub(super) id: String,
    pub(super) parent: Option<String>,
    pub(super) name: String,
    pub(super) start: u64,
    pub(super) end: u64,
    /// Each value as JSON text.
    pub(super) attributes: Vec<(String, String)>,
    events: Vec<Event>,
    /// 0 unset, 1 OK, 2 ERROR.
    pub(super) status: u8,
    message: String,
}

/// The name of an event, its time, and what it says.
type Event = (String, u64, Vec<(String, Value)>);

/// Why a span cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// It is not of OTLP's form.
    Form,
    /// It lacks what a span must have.
    Span,
}

impl Span {
    /// Reads one span of OTLP's JSON.
    pub(super) fn read(span: &Value) -> Result<Self, Unreadable> {
        let text = |name: &str| span.get(name).and_then(Value::as_str).unwrap_or_default();
        let hex = |name: &str, length: usize| {
            let id = text(name).to_lowercase();
            let fits = id.bytes().all(|byte| byte.is_ascii_hexdigit());
            match (fits, id.len()) {
                (false, _) => Err(Unreadable::Form),
                (true, 0) => Ok(None),
                (true, len) if len == length => Ok(Some(id)),
                (true, _) => Err(Unreadable::Span),
            }
        };
        let time = |name: &str| span.get(name).and_then(as_int).and_then(|time| u64::try_from(time).ok()).unwrap_or(0);
        let trace = hex("traceId", 32)?.ok_or(Unreadable::Span)?;
        let id = hex("spanId", 16)?.ok_or(Unreadable::Span)?;
        let attributes = pairs(span.get("attributes")).ok_or(Unreadable::Form)?;
        let mut attributes: Vec<(String, String)> =
            attributes.into_iter().map(|(key, value)| (key, stored(&value))).collect();
        attributes.retain(|(key, _)| key != "mlflow.traceRequestId");
        attributes.push(("mlflow.traceRequestId".to_owned(), format!("\"tr-{trace}\"")));
        let mut events = Vec::new();
        for event in span.get("events").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default() {
            let name = event.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
            let time = event.get("timeUnixNano").and_then(as_int).and_then(|time| u64::try_from(time).ok());
            events.push((name, time.unwrap_or(0), pairs(event.get("attributes")).ok_or(Unreadable::Form)?));
        }
        let status = span.get("status");
        let code = match status.and_then(|status| status.get("code")) {
            Some(code) if as_int(code) == Some(1) || code == "STATUS_CODE_OK" => 1,
            Some(code) if as_int(code) == Some(2) || code == "STATUS_CODE_ERROR" => 2,
            _ => 0,
        };
        let mut span = Self {
            parent: hex("parentSpanId", 16)?,
            name: text("name").to_owned(),
            start: time("startTimeUnixNano"),
            end: time("endTimeUnixNano"),
            attributes,
            events,
            status: code,
            message: status
                .and_then(|status| status.get("message"))
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned(),
            trace,
            id,
        };
        span.translate();
        Ok(span)
    }

    /// The value of an attribute.
    pub(super) fn attribute(&self, key: &str) -> Option<Value> {
        let (_, text) = self.attributes.iter().find(|(known, _)| known == key)?;
        serde_json::from_str(text).ok()
    }

    /// Adds what MLflow calls the things that OpenTelemetry's GenAI attributes say.
    fn translate(&mut self) {
        let mut add = Vec::new();
        let lacks = |key: &str| self.attribute(key).is_none();
        if lacks("mlflow.spanType") && self.attribute("gen_ai.operation.name") == Some(json!("chat")) {
            add.push(("mlflow.spanType".to_owned(), "\"CHAT_MODEL\"".to_owned()));
        }
        let tokens = |name: &str| self.attribute(&format!("gen_ai.usage.{name}")).as_ref().and_then(as_int);
        if let (true, Some(input), Some(output)) =
            (lacks("mlflow.chat.tokenUsage"), tokens("input_tokens"), tokens("output_tokens"))
        {
            let total = input.saturating_add(output);
            let usage = format!(r#"{{"input_tokens": {input}, "output_tokens": {output}, "total_tokens": {total}}}"#);
            add.push(("mlflow.chat.tokenUsage".to_owned(), usage));
        }
        if let (true, Some(model)) = (lacks("mlflow.llm.model"), self.attribute("gen_ai.request.model")) {
            add.push(("mlflow.llm.model".to_owned(), model.to_string()));
        }
        self.attributes.extend(add);
    }

    /// As the REST calls give it.
    pub(super) fn shown(&self) -> Value {
        let mut shown = json!({ "trace_id": base64(&self.trace), "span_id": base64(&self.id) });
        let set = |shown: &mut Value, key: &str, value: Value| crate::json::set(shown, key, value);
        if let Some(parent) = &self.parent {
            set(&mut shown, "parent_span_id", json!(base64(parent)));
        }
        set(&mut shown, "name", json!(self.name));
        set(&mut shown, "start_time_unix_nano", json!(self.start));
        set(&mut shown, "end_time_unix_nano", json!(self.end));
        let attributes = self.attributes.iter().map(|(key, text)| {
            let value = serde_json::from_str(text).unwrap_or_else(|_| json!(text));
            key_value(key, &value)
        });
        set(&mut shown, "attributes", attributes.collect());
        if !self.events.is_empty() {
            let events = self.events.iter().map(|(name, time, attributes)| {
                let mut event = json!({ "time_unix_nano": time, "name": name });
                if !attributes.is_empty() {
                    let attributes = attributes.iter().map(|(key, value)| key_value(key, value)).collect();
                    set(&mut event, "attributes", attributes);
                }
                event
            });
            let events: Vec<Value> = events.collect();
            set(&mut shown, "events", Value::Array(events));
        }
        let mut status = Map::new();
        if self.status != 0 {
            status.insert("code".to_owned(), json!(self.code()));
        }
        if !self.message.is_empty() {
            status.insert("message".to_owned(), json!(self.message));
        }
        set(&mut shown, "status", Value::Object(status));
        shown
    }

    fn code(&self) -> &'static str {
        match self.status {
            1 => "STATUS_CODE_OK",
            2 => "STATUS_CODE_ERROR",
            _ => "STATUS_CODE_UNSET",
        }
    }

    /// As it stands in `traces.json`.
    pub(super) fn filed(&self) -> Value {
        let attributes: Map<String, Value> =
            self.attributes.iter().map(|(key, text)| (key.clone(), json!(text))).collect();
        let events = self.events.iter().map(|(name, time, attributes)| {
            let attributes: Map<String, Value> = attributes.iter().cloned().collect();
            json!({ "name": name, "time_unix_nano": time, "attributes": attributes })
        });
        json!({
            "trace_id": base64(&self.trace),
            "span_id": base64(&self.id),
            "parent_span_id": self.parent.as_deref().map(base64),
            "name": self.name,
            "start_time_unix_nano": self.start,
            "end_time_unix_nano": self.end,
            "events": events.collect::<Vec<_>>(),
            "status": { "code": self.code(), "message": self.message },
            "attributes": attributes,
            "links": [],
        })
    }
}

/// Hexadecimal digits as base64 of their bytes.
fn base64(hex: &str) -> String {
    let digits: Vec<u8> =
        hex.chars().filter_map(|c| c.to_digit(16)).filter_map(|digit| u8::try_from(digit).ok()).collect();
    let bytes: Vec<u8> = digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect();
    STANDARD.encode(bytes)
}

/// The tokens of a trace: summed over the spans that say theirs and stand under none that does.
pub(super) fn tokens(spans: &[Span]) -> Option<String> {
    const KEY: &str = "mlflow.chat.tokenUsage";
    let says = |span: &Span| span.attribute(KEY).is_some();
    let under = |span: &Span| {
        let mut parent = span.parent.clone();
        // a ring of parents ends too
        for _ in 0..spans.len() {
            let Some(found) = spans.iter().find(|other| Some(&other.id) == parent.as_ref()) else { return false };
            if says(found) {
                return true;
            }
            parent.clone_from(&found.parent);
        }
        true
    };
    let mut sums: Map<String, Value> = Map::new();
    for span in spans.iter().filter(|span| says(span) && !under(span)) {
        for (key, value) in span.attribute(KEY)?.as_object()? {
            let sum = sums.get(key).and_then(as_int).unwrap_or(0).saturating_add(as_int(value).unwrap_or(0));
            sums.insert(key.clone(), json!(sum));
        }
    }
    (!sums.is_empty()).then(|| super::attributes::spaced(&Value::Object(sums)))
}

/// Whether a value is one of OTLP's.
pub(super) fn resource(resource: Option<&Value>) -> Option<String> {
    let list = resource?.get("attributes")?.as_array()?;
    let name = list.iter().find(|pair| pair.get("key") == Some(&json!("service.name")))?;
    decoded(name.get("value")?)?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(id: &str, parent: &str, tokens: i64) -> Span {
        let mut value = json!({"traceId": "0".repeat(31) + "1", "spanId": id, "parentSpanId": parent, "name": id});
        if tokens > 0 {
            let usage = json!({"input_tokens": tokens, "total_tokens": tokens}).to_string();
            value["attributes"] = json!([{"key": "mlflow.chat.tokenUsage", "value": {"stringValue": usage}}]);
        }
        Span::read(&value).unwrap()
    }

    #[test]
    fn tokens_are_not_counted_twice() {
        let (a, b, c) = ("aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb", "cccccccccccccccc");
        let spans = [span(a, "", 0), span(b, a, 5), span(c, b, 3), span("dddddddddddddddd", a, 2)];
        assert_eq!(tokens(&spans).unwrap(), r#"{"input_tokens": 7, "total_tokens": 7}"#);
        assert_eq!(tokens(&spans[..1]), None);
    }

    #[test]
    fn ids_are_hexadecimal_of_their_length() {
        assert_eq!(base64("0123456789abcdef"), "ASNFZ4mrze8=");
        let read = |trace: &str, id: &str| Span::read(&json!({"traceId": trace, "spanId": id}));
        assert_eq!(read("zz", "aaaaaaaaaaaaaaaa").unwrap_err(), Unreadable::Form);
        assert_eq!(read(&"a".repeat(32), "").unwrap_err(), Unreadable::Span);
        assert_eq!(read(&"A".repeat(32), &"B".repeat(16)).unwrap().id, "b".repeat(16));
    }
}
