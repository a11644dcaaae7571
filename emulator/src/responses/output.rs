//! The answer: its items, and the response object around them.

use serde_json::{Map, Value, json};

use super::Dialect;
use super::request::Wanted;
use crate::agents::{Turn, trace};
use crate::ids;
use crate::invocations::Query;
use crate::json::set;
use crate::model::conversation::{ToolCall, question};

/// Fields of the request that the response of an OpenAI model repeats, and what they are when left out.
fn repeated() -> [(&'static str, Value); 10] {
    [
        ("instructions", Value::Null),
        ("max_output_tokens", Value::Null),
        ("metadata", json!({})),
        ("parallel_tool_calls", json!(true)),
        ("reasoning", json!({ "effort": null, "summary": null })),
        ("temperature", json!(1.0)),
        ("text", json!({ "format": { "type": "text" } })),
        ("tool_choice", json!("auto")),
        ("tools", json!([])),
        ("top_p", json!(1.0)),
    ]
}

/// Everything the answer is made of.
#[derive(Debug)]
pub(super) struct Output {
    /// The items, whole.
    pub(super) items: Vec<Value>,
    /// The response without items, status and usage.
    base: Map<String, Value>,
    /// `completed` or `incomplete`.
    pub(super) status: &'static str,
    usage: Value,
    /// `custom_outputs`, which agents also put on the events that end an item.
    pub(super) custom_outputs: Option<Value>,
    /// `databricks_output`, if a trace was asked for.
    pub(super) databricks_output: Option<Value>,
}

/// Puts a turn into the service's shape.
pub(super) fn build(
    query: &Query<'_>,
    wanted: &Wanted,
    turn: Turn,
    dialect: Dialect,
    draw: u64,
    input_tokens: usize,
    asked: &Value,
) -> Output {
    let id = |prefix: &str| item_id(prefix, dialect, draw);
    let mut items = Vec::new();
    let choice = &turn.choice;
    if let Some(thought) = &choice.thought {
        items.push(json!({
            "type": "reasoning",
            "id": id("rs"),
            "summary": [{ "type": "summary_text", "text": thought.text }],
        }));
    }
    if let Some((call, result)) = &turn.own {
        items.push(function_call(call, &id("fc_own")));
        items.push(json!({ "type": "function_call_output", "call_id": call.id, "output": result }));
    }
    if let Some(name) = &wanted.custom_tool {
        items.push(json!({
            "type": "custom_tool_call",
            "id": id("ctc"),
            "call_id": format!("call_{draw:016x}"),
            "name": name,
            "input": question(&wanted.chat.messages),
            "status": "completed",
        }));
    }
    let incomplete = choice.finish_reason == "length";
    let status = if incomplete { "incomplete" } else { "completed" };
    let silent = choice.text.is_empty() && (!choice.tool_calls.is_empty() || wanted.custom_tool.is_some());
    if wanted.custom_tool.is_none() && !silent {
        let text = match query.fault.repeat_text {
            Some(times) => choice.text.repeat(usize::try_from(times).unwrap_or(usize::MAX).min(1_000_000)),
            None => choice.text.clone(),
        };
        items.push(json!({
            "type": "message",
            "id": id("msg"),
            "status": status,
            "role": "assistant",
            "content": [{ "type": "output_text", "text": text, "annotations": annotations(wanted.annotate, &text) }],
        }));
    }
    for (position, call) in choice.tool_calls.iter().enumerate() {
        items.push(function_call(call, &id(&format!("fc_{position}"))));
    }
    let mut base = Map::new();
    base.insert("id".to_owned(), json!(format!("resp_{}", ids::uuid(draw).replace('-', ""))));
    base.insert("object".to_owned(), json!("response"));
    base.insert("created_at".to_owned(), json!(1_764_000_000 + draw % 1_000_000));
    base.insert("model".to_owned(), json!(query.served));
    base.insert("error".to_owned(), Value::Null);
    let reason = incomplete.then(|| json!({ "reason": "max_output_tokens" }));
    base.insert("incomplete_details".to_owned(), reason.unwrap_or(Value::Null));
    if dialect != Dialect::Agent {
        for (name, otherwise) in repeated() {
            let sent = query.body.get(name).filter(|value| !value.is_null());
            base.insert(name.to_owned(), sent.cloned().unwrap_or(otherwise));
        }
    }
    let said = turn.tokens();
    let usage = json!({
        "input_tokens": input_tokens,
        "input_tokens_details": { "cached_tokens": 0 },
        "output_tokens": said,
        "output_tokens_details": { "reasoning_tokens": choice.reasoning_tokens() },
        "total_tokens": input_tokens + said,
    });
    let databricks_output = wanted
        .extras
        .return_trace
        .then(|| trace::output(&query.endpoint.name, asked, &Value::Array(items.clone()), &turn, draw));
    Output { items, base, status, usage, custom_outputs: wanted.extras.custom_inputs.clone(), databricks_output }
}

impl Output {
    /// The response with this status and these items.
    fn response(&self, status: &str, items: Value) -> Value {
        let mut response = Value::Object(self.base.clone());
        set(&mut response, "status", status);
        set(&mut response, "output", items);
        response
    }

    /// The response as it is when it begins.
    pub(super) fn begun(&self) -> Value {
        let mut response = self.response("in_progress", json!([]));
        set(&mut response, "incomplete_details", Value::Null);
        set(&mut response, "usage", Value::Null);
        response
    }

    /// The response as it is at the end, without the trace.
    pub(super) fn ended(&self) -> Value {
        let mut response = self.response(self.status, Value::Array(self.items.clone()));
        set(&mut response, "usage", self.usage.clone());
        if let Some(outputs) = &self.custom_outputs {
            set(&mut response, "custom_outputs", outputs.clone());
        }
        response
    }

    /// The whole answer.
    pub(super) fn whole(&self) -> Value {
        let mut response = self.ended();
        if let Some(output) = &self.databricks_output {
            set(&mut response, "databricks_output", output.clone());
        }
        response
    }
}

/// An item's id. Hosted models give messages and reasoning ids that they would refuse to take back: longer than 64 characters.
fn item_id(prefix: &str, dialect: Dialect, draw: u64) -> String {
    let long = dialect == Dialect::Hosted && matches!(prefix, "msg" | "rs");
    let rounds = if long { 5 } else { 2 };
    let digits: String = (0..rounds)
        .map(|round: u64| format!("{:016x}", ids::hash(draw, &[prefix.as_bytes(), &round.to_le_bytes()])))
        .collect();
    let prefix = prefix.split('_').next().unwrap_or(prefix);
    format!("{prefix}_{digits}")
}

fn function_call(call: &ToolCall, id: &str) -> Value {
    json!({
        "type": "function_call",
        "id": id,
        "call_id": call.id,
        "name": call.name,
        "arguments": call.arguments,
        "status": "completed",
    })
}

/// A citation of the first words, which says itself that nothing was looked up.
fn annotations(wanted: bool, text: &str) -> Value {
    if !wanted {
        return json!([]);
    }
    let end = text.chars().take(20).count();
    json!([{
        "type": "url_citation",
        "url": "https://example.com/emulator",
        "title": "The emulator's stand-in: nothing was looked up",
        "start_index": 0,
        "end_index": end,
    }])
}
