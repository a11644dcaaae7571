//! From what callers write to the bodies on the wire. Pure, and on text: the same code serves both
//! faces, key order and unknown fields survive, and nothing absent becomes present.

use crate::agents::fields::{Fields, invalid, object, push_all, push_field, sentence};
use crate::agents::items::{push_input, push_item};
use crate::agents::types::{ChatAgentParams, ResponsesParams};
use crate::error::Result;
use crate::wire::json::{Raw, push_string, string};

/// Builds the body of a Responses call.
///
/// `defaults` is a JSON object of request fields set on the handle; `request` is a JSON object of
/// request fields with `input`, which win. A `null` in `request` takes a default back. `model` is
/// sent along when the route does not name the endpoint.
///
/// - `input` may be text, which becomes one user message since agents want a list, one message or
///   item, or an array that mixes texts, `[role, content]` pairs, messages and items. Chat messages
///   become items.
/// - Items of an earlier answer may be put in as they came: `null` fields stay out, ids longer than
///   64 characters are cut, since the service gives them but does not take them back, and thoughts
///   lose the status they came with.
/// - Tools may be flat, or in chat's form; one without parameters gets an empty object schema.
/// - `extra_params` is merged into the top level and wins over fields of the same name.
///
/// # Errors
/// `InvalidInput` with a sentence that says which field and what to write instead.
///
/// ```
/// use lakewire::agents::body::responses;
/// let body = responses(r#"{"temperature":0}"#, r#"{"input":"Hi"}"#, None, false)?;
/// assert_eq!(body, r#"{"input":[{"role":"user","content":"Hi"}],"temperature":0}"#);
/// # Ok::<(), lakewire::Error>(())
/// ```
pub fn responses(defaults: &str, request: &str, model: Option<&str>, stream: bool) -> Result<String> {
    let defaults = object("The defaults", defaults)?;
    let request = object("The request", request)?;
    let input = request
        .get_some("input")
        .ok_or_else(|| invalid("The call has no input: give text, a message, or an array of messages and items."))?;
    let mut out = String::with_capacity(request.text().len() + defaults.text().len() + 64);
    out.push_str("{\"input\":");
    push_input(&mut out, input)?;
    if let Some(model) = model {
        push_field(&mut out, "model", &string(model));
    }
    let of = Fields { known: ResponsesParams::FIELDS, input: "input", what: "a Responses option", write };
    push_all(&mut out, defaults, request, &of)?;
    if stream {
        push_field(&mut out, "stream", "true");
    }
    out.push('}');
    Ok(out)
}

/// Appends items to a body that [`responses`] built: an answer's output and the results of its tools.
///
/// # Errors
/// `InvalidInput` when the body was not built so, or an item is malformed.
pub fn with_items<'a>(body: &str, more: impl IntoIterator<Item = Raw<'a>>) -> Result<String> {
    let broken = || invalid("The body holds no input to add to.");
    let old = Raw::trusted(body).get("input").ok_or_else(broken)?;
    let inner = old.text().strip_suffix(']').ok_or_else(broken)?;
    // `input` comes first in every body
    let tail = body.get("{\"input\":".len() + old.text().len()..).ok_or_else(broken)?;
    let mut out = String::from("{\"input\":");
    out.push_str(inner);
    for item in more {
        push_item(&mut out, item)?;
    }
    out.push(']');
    out.push_str(tail);
    Ok(out)
}

fn write(out: &mut String, name: &str, value: Raw<'_>) -> Result<()> {
    match name {
        "tools" => push_tools(out, value)?,
        "tool_choice" => push_tool_choice(out, value)?,
        _ => push_field(out, name, value.text()),
    }
    Ok(())
}

fn push_tools(out: &mut String, tools: Raw<'_>) -> Result<()> {
    if !tools.is_array() {
        return Err(invalid("`tools` must be an array of tool definitions."));
    }
    if tools.at(0).is_none() {
        return Ok(()); // means the same as none
    }
    push_field(out, "tools", "[");
    for (place, tool) in tools.items().enumerate() {
        let function = tool.get_some("function").filter(|function| function.is_object());
        let flat = function.unwrap_or(tool);
        let kind = tool.get_some("type").and_then(Raw::as_str);
        let runs_here = function.is_some() || kind.as_deref() == Some("function");
        if kind.is_none() && function.is_none() || runs_here && flat.get_some("name").is_none() {
            return Err(invalid(sentence(&[
                "Tool ",
                &place.to_string(),
                " is not a tool definition: write {\"type\":\"function\",\"name\":…,\"parameters\":…}, or make it with tool().",
            ])));
        }
        if place > 0 {
            out.push(',');
        }
        out.push('{');
        push_field(out, "type", &string(kind.as_deref().unwrap_or("function")));
        for (name, value) in flat.fields().filter(|(name, value)| name != "type" && !value.is_null()) {
            push_field(out, &name, value.text());
        }
        if runs_here && flat.get_some("parameters").is_none() {
            push_field(out, "parameters", "{\"type\":\"object\",\"properties\":{}}");
        }
        out.push('}');
    }
    out.push(']');
    Ok(())
}

fn push_tool_choice(out: &mut String, choice: Raw<'_>) -> Result<()> {
    let named = |out: &mut String, name: &str| {
        push_field(out, "tool_choice", "{\"type\":\"function\",\"name\":");
        out.push_str(name);
        out.push('}');
    };
    match choice.as_str().as_deref() {
        Some("any") => push_field(out, "tool_choice", "\"required\""),
        Some("auto" | "none" | "required") => push_field(out, "tool_choice", choice.text()),
        Some(_) => named(out, choice.text()),
        None if choice.is_object() => {
            match choice.get_some("function").and_then(|function| function.get_some("name")) {
                Some(name) => named(out, name.text()),
                None => push_field(out, "tool_choice", choice.text()),
            }
        }
        None => return Err(invalid("`tool_choice` must be auto, none, required, a tool's name, or an object.")),
    }
    Ok(())
}

/// Builds the body of a ChatAgent call.
///
/// As [`responses`], with `messages` in place of `input`: text, one message, or an array that mixes
/// texts, `[role, content]` pairs and messages. A message without an id gets one, which agents need.
///
/// # Errors
/// `InvalidInput`; among others for a tool's message without `name` or `tool_call_id`.
///
/// ```
/// use lakewire::agents::body::chat_agent;
/// let body = chat_agent("{}", r#"{"messages":"Hi","custom_inputs":{"depth":2}}"#, false)?;
/// assert_eq!(body, r#"{"messages":[{"role":"user","content":"Hi","id":"msg-1"}],"custom_inputs":{"depth":2}}"#);
/// # Ok::<(), lakewire::Error>(())
/// ```
pub fn chat_agent(defaults: &str, request: &str, stream: bool) -> Result<String> {
    let defaults = object("The defaults", defaults)?;
    let request = object("The request", request)?;
    let messages = request
        .get_some("messages")
        .ok_or_else(|| invalid("The call has no messages: give text, a message, or an array of messages."))?;
    let mut out = String::from("{\"messages\":[");
    let list: Vec<Raw<'_>> = if messages.is_array() { messages.items().collect() } else { vec![messages] };
    if let [role, content] = list.as_slice() {
        let is_role = matches!(role.text(), "\"system\"" | "\"user\"" | "\"assistant\"" | "\"tool\"");
        if is_role && messages.is_array() && !content.is_object() {
            return Err(invalid(
                "A [role, content] pair stands where a list of messages should: write [[role, content]].",
            ));
        }
    }
    let mut made = 0_usize;
    for message in &list {
        let taken =
            |id: &str| list.iter().any(|other| other.get_some("id").and_then(Raw::as_str).as_deref() == Some(id));
        push_agent_message(&mut out, *message, || {
            loop {
                made += 1;
                let id = sentence(&["msg-", &made.to_string()]);
                if !taken(&id) {
                    return id;
                }
            }
        })?;
    }
    if out.ends_with('[') {
        return Err(invalid("The list of messages is empty: an agent needs at least one."));
    }
    out.push(']');
    let plain = |out: &mut String, name: &str, value: Raw<'_>| {
        push_field(out, name, value.text());
        Ok(())
    };
    let of = Fields { known: ChatAgentParams::FIELDS, input: "messages", what: "a ChatAgent option", write: plain };
    push_all(&mut out, defaults, request, &of)?;
    if stream {
        push_field(&mut out, "stream", "true");
    }
    out.push('}');
    Ok(out)
}

fn push_agent_message(out: &mut String, message: Raw<'_>, id: impl FnOnce() -> String) -> Result<()> {
    let (role, content) = if message.is_string() {
        (None, Some(message))
    } else if message.is_array() {
        match message.items().collect::<Vec<_>>().as_slice() {
            [role, content] if role.is_string() => (Some(*role), Some(*content)),
            _ => return Err(invalid("A message given as an array must be a [role, content] pair.")),
        }
    } else {
        match message.get_some("role").filter(|role| role.is_string()) {
            Some(role) => (Some(role), message.get_some("content")),
            None => return Err(invalid("A message object has no role: add system, user, assistant or tool.")),
        }
    };
    let calls = message.get_some("tool_calls").filter(|calls| calls.at(0).is_some());
    let of_tool = role.is_some_and(|role| role.text() == "\"tool\"");
    if of_tool && (message.get_some("name").is_none() || message.get_some("tool_call_id").is_none()) {
        return Err(invalid("A tool's message needs `name` and `tool_call_id`: which tool ran, for which call."));
    }
    if content.is_some_and(|content| !content.is_string()) {
        return Err(invalid("An agent's message holds text: put anything else into `custom_inputs`."));
    }
    if content.is_none() && calls.is_none() {
        return Err(invalid("A message has neither content nor tool calls."));
    }
    if !out.ends_with('[') {
        out.push(',');
    }
    out.push('{');
    push_field(out, "role", role.map_or("\"user\"", Raw::text));
    if let Some(content) = content {
        push_field(out, "content", content.text());
    }
    for (name, value) in message.fields() {
        if !matches!(name.as_ref(), "role" | "content") && !value.is_null() {
            push_field(out, &name, value.text());
        }
    }
    if message.get_some("id").is_none() {
        out.push_str(",\"id\":");
        push_string(out, &id());
    }
    out.push('}');
    Ok(())
}
