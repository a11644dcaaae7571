//! The answer as a stream of events, in the order a server sends them (wire: serving-query §7).

use std::time::Duration;

use serde_json::{Value, json};

use super::output::Output;
use crate::events::Chunks;
use crate::json::set;
use crate::model::tokens;

/// The events, `pause` apart where they carry text.
pub(super) fn stream(output: Output, pause: Duration) -> Chunks {
    Box::pin(async_stream::stream! {
        for (number, event) in events(&output).enumerate() {
            let paced = event.get("delta").is_some();
            let mut event = event;
            set(&mut event, "sequence_number", number);
            yield Ok(event);
            if paced && !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
        }
    })
}

fn events(output: &Output) -> impl Iterator<Item = Value> + Send + '_ {
    let begun = output.begun();
    let opening = ["response.created", "response.in_progress"]
        .into_iter()
        .map(move |kind| json!({ "type": kind, "response": begun.clone() }));
    let items = output.items.iter().enumerate().flat_map(move |(index, item)| of_item(output, index, item));
    let closing = std::iter::once_with(move || {
        let mut event = json!({ "type": format!("response.{}", output.status), "response": output.ended() });
        if let Some(outputs) = &output.custom_outputs {
            set(&mut event, "custom_outputs", outputs.clone());
        }
        if let Some(trace) = &output.databricks_output {
            set(&mut event, "databricks_output", trace.clone());
        }
        event
    });
    opening.chain(items).chain(closing)
}

fn of_item(output: &Output, index: usize, item: &Value) -> Vec<Value> {
    let text = |name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let id = text("id");
    let at = |mut event: Value| {
        set(&mut event, "item_id", id.as_str());
        set(&mut event, "output_index", index);
        event
    };
    let mut events = Vec::new();
    let added = |blank: Value| json!({ "type": "response.output_item.added", "output_index": index, "item": blank });
    match text("type").as_str() {
        "reasoning" => {
            events.push(added(blank(item, "summary", json!([]))));
            let said = first_text(item, "summary");
            let part = |text: &str| json!({ "type": "summary_text", "text": text });
            let name = |name: &str| format!("response.reasoning_summary_{name}");
            events.push(at(json!({ "type": name("part.added"), "summary_index": 0, "part": part("") })));
            events.extend(
                tokens::split(&said)
                    .map(|token| at(json!({ "type": name("text.delta"), "summary_index": 0, "delta": token }))),
            );
            events.push(at(json!({ "type": name("text.done"), "summary_index": 0, "text": said })));
            events.push(at(json!({ "type": name("part.done"), "summary_index": 0, "part": part(&said) })));
        }
        "message" => {
            events.push(added(blank(item, "content", json!([]))));
            let part = item.pointer("/content/0").cloned().unwrap_or_default();
            let said = first_text(item, "content");
            let empty = json!({ "type": "output_text", "text": "", "annotations": [] });
            events.push(at(json!({ "type": "response.content_part.added", "content_index": 0, "part": empty })));
            events.extend(tokens::split(&said).map(|token| {
                at(json!({ "type": "response.output_text.delta", "content_index": 0, "delta": token, "logprobs": [] }))
            }));
            let notes = part.get("annotations").and_then(Value::as_array);
            events.extend(notes.into_iter().flatten().enumerate().map(|(number, note)| {
                at(json!({ "type": "response.output_text.annotation.added", "content_index": 0,
                    "annotation_index": number, "annotation": note }))
            }));
            let done = json!({ "type": "response.output_text.done", "content_index": 0, "text": said, "logprobs": [] });
            events.push(at(done));
            events.push(at(json!({ "type": "response.content_part.done", "content_index": 0, "part": part })));
        }
        kind @ ("function_call" | "custom_tool_call") => {
            let (field, name) = match kind {
                "function_call" => ("arguments", "response.function_call_arguments"),
                _ => ("input", "response.custom_tool_call_input"),
            };
            events.push(added(blank(item, field, json!(""))));
            let whole = text(field);
            events.extend(
                tokens::split(&whole).map(|piece| at(json!({ "type": format!("{name}.delta"), "delta": piece }))),
            );
            let mut done = at(json!({ "type": format!("{name}.done") }));
            set(&mut done, field, whole);
            events.push(done);
        }
        // an agent's own tool has answered: there is nothing to stream
        _ => {}
    }
    let mut done = json!({ "type": "response.output_item.done", "output_index": index, "item": item });
    if let Some(outputs) = &output.custom_outputs {
        set(&mut done, "custom_outputs", outputs.clone());
    }
    events.push(done);
    events
}

/// The item as it is when it begins.
fn blank(item: &Value, field: &str, empty: Value) -> Value {
    let mut item = item.clone();
    set(&mut item, field, empty);
    if item.get("status").is_some() {
        set(&mut item, "status", "in_progress");
    }
    item
}

fn first_text(item: &Value, field: &str) -> String {
    item.pointer(&format!("/{field}/0/text")).and_then(Value::as_str).unwrap_or_default().to_owned()
}
