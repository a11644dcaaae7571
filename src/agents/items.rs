//! What callers write, and what answers held, as the items of a Responses input. Pure, on text.

use crate::agents::fields::{invalid, push_field, sentence};
use crate::error::Result;
use crate::wire::json::{Raw, push_string, string};

/// Ids that come back longer than this are refused as input.
const MAX_ID: usize = 64;

/// Writes an input: text, one item, or a list that mixes texts, `[role, content]` pairs, messages and items.
pub(super) fn push_input(out: &mut String, input: Raw<'_>) -> Result<()> {
    out.push('[');
    if input.is_array() {
        let mut items = input.items();
        if let (Some(role), Some(content), None) = (items.next(), items.next(), items.next()) {
            if role.as_str().is_some_and(|role| is_role(&role)) && !content.is_object() {
                return Err(invalid(
                    "A [role, content] pair stands where a list of items should: write [[role, content]].",
                ));
            }
        }
        for item in input.items() {
            push_item(out, item)?;
        }
    } else {
        push_item(out, input)?;
    }
    if out.ends_with('[') {
        return Err(invalid("The input is empty: give text, a message or items."));
    }
    out.push(']');
    Ok(())
}

fn is_role(text: &str) -> bool {
    matches!(text, "system" | "user" | "assistant" | "tool" | "developer")
}

/// Starts one more item of the list at the end of `out`.
fn begin(out: &mut String) {
    if !out.ends_with('[') {
        out.push(',');
    }
    out.push('{');
}

/// Writes one item; a chat message with tool calls becomes several, an answer that says nothing none.
pub(super) fn push_item(out: &mut String, item: Raw<'_>) -> Result<()> {
    if item.is_string() {
        begin(out);
        push_field(out, "role", "\"user\"");
        push_field(out, "content", item.text());
        out.push('}');
        return Ok(());
    }
    if item.is_array() {
        let mut pair = item.items();
        let (Some(role), Some(content), None) = (pair.next(), pair.next(), pair.next()) else {
            return Err(invalid("A message given as an array must be a [role, content] pair."));
        };
        if !role.is_string() {
            return Err(invalid("The first item of a [role, content] pair must be the role's name."));
        }
        return push_message(out, role, Some(content), None);
    }
    if !item.is_object() {
        return Err(invalid("An input item must be text, a [role, content] pair, a message or an item object."));
    }
    let kind = item.get_some("type").and_then(Raw::as_str);
    match kind.as_deref() {
        None | Some("message") => {
            let Some(role) = item.get_some("role").filter(|role| role.is_string()) else {
                return Err(invalid(
                    "An input item has neither a type nor a role: give a message a role, and any other item its type.",
                ));
            };
            if role.text() == "\"tool\"" {
                return push_result(out, item.get_some("tool_call_id"), item.get_some("content"), None);
            }
            push_message(out, role, item.get_some("content"), Some(item))?;
            for call in item.get_some("tool_calls").into_iter().flat_map(Raw::items) {
                let function = call.get_some("function").unwrap_or(call);
                push_call(out, call.get_some("id"), function, None)?;
            }
            Ok(())
        }
        Some("function_call") => push_call(out, item.get_some("call_id"), item, Some(item)),
        Some("function_call_output") => push_result(out, item.get_some("call_id"), item.get_some("output"), Some(item)),
        Some("reasoning") => {
            begin(out);
            push_rest(out, item, &["status"]);
            if item.get_some("summary").is_none() {
                push_field(out, "summary", "[]");
            }
            out.push('}');
            Ok(())
        }
        Some(_) => {
            begin(out);
            push_rest(out, item, &[]);
            out.push('}');
            Ok(())
        }
    }
}

/// Writes an item's fields but the named ones: `null` is no value, ids are cut to what the service
/// takes back, and what only a client library added stays out.
fn push_rest(out: &mut String, item: Raw<'_>, but: &[&str]) {
    for (name, value) in item.fields() {
        match name.as_ref() {
            _ if value.is_null() || but.contains(&name.as_ref()) => {}
            "parsed_arguments" | "parsed" | "created_by" => {}
            "status" if !value.is_string() => {}
            "id" | "call_id" | "approval_request_id" => push_id(out, &name, value),
            _ => push_field(out, &name, value.text()),
        }
    }
}

fn push_id(out: &mut String, name: &str, value: Raw<'_>) {
    let id = value.as_str().unwrap_or_default();
    match id.char_indices().nth(MAX_ID) {
        None => push_field(out, name, value.text()),
        Some((at, _)) => push_field(out, name, &string(id.get(..at).unwrap_or(""))),
    }
}

fn push_message(out: &mut String, role: Raw<'_>, content: Option<Raw<'_>>, whole: Option<Raw<'_>>) -> Result<()> {
    let of_model = role.text() == "\"assistant\"";
    let written = content.map(|content| write_content(content, of_model)).transpose()?;
    let Some(written) = written.filter(|text| text != "[]" && !(of_model && text == "\"\"")) else {
        // an answer may hold tool calls alone; a question must ask something
        return if of_model {
            Ok(())
        } else {
            Err(invalid("A message has no content: give it text or at least one part."))
        };
    };
    begin(out);
    if let Some(kind) = whole.and_then(|whole| whole.get_some("type")) {
        push_field(out, "type", kind.text());
    }
    push_field(out, "role", role.text());
    push_field(out, "content", &written);
    if let Some(whole) = whole {
        const OWN: &[&str] = &["type", "role", "content", "tool_calls", "tool_call_id", "refusal", "reasoning_content"];
        push_rest(out, whole, OWN);
    }
    out.push('}');
    Ok(())
}

/// A message's content in the words of Responses: chat's parts are renamed, empty texts left out.
fn write_content(content: Raw<'_>, of_model: bool) -> Result<String> {
    if content.is_string() {
        return Ok(content.text().to_owned());
    }
    if !content.is_array() {
        return Err(invalid("A message's content must be text or an array of typed parts."));
    }
    let mut out = String::from("[");
    for part in content.items() {
        let Some(kind) = part.get_some("type").and_then(Raw::as_str) else {
            return Err(invalid("A content part has no type: write {\"type\":\"input_text\",\"text\":…} or the like."));
        };
        let text = matches!(kind.as_ref(), "text" | "input_text" | "output_text");
        if text && part.get("text").is_none_or(|text| text.text() == "\"\"") {
            continue;
        }
        begin(&mut out);
        match kind.as_ref() {
            "text" if of_model => push_field(&mut out, "type", "\"output_text\""),
            "text" => push_field(&mut out, "type", "\"input_text\""),
            "image_url" => push_field(&mut out, "type", "\"input_image\""),
            _ => push_field(&mut out, "type", &string(&kind)),
        }
        for (name, value) in part.fields().filter(|(name, value)| name != "type" && !value.is_null()) {
            match name.as_ref() {
                "image_url" if value.is_object() => {
                    for (name, value) in value.fields().filter(|(_, value)| !value.is_null()) {
                        push_field(&mut out, if name == "url" { "image_url" } else { &name }, value.text());
                    }
                }
                "parsed" => {}
                _ => push_field(&mut out, &name, value.text()),
            }
        }
        if of_model && text && part.get_some("annotations").is_none() {
            push_field(&mut out, "annotations", "[]");
        }
        out.push('}');
    }
    out.push(']');
    Ok(out)
}

fn push_call(out: &mut String, id: Option<Raw<'_>>, call: Raw<'_>, whole: Option<Raw<'_>>) -> Result<()> {
    let name = call.get_some("name").filter(|name| name.is_string());
    let (Some(id), Some(name)) = (id.filter(|id| id.is_string()), name) else {
        return Err(invalid("A function call of the input lacks its call_id or its name."));
    };
    begin(out);
    push_field(out, "type", "\"function_call\"");
    push_id(out, "call_id", id);
    push_field(out, "name", name.text());
    push_field(out, "arguments", &as_text(call.get_some("arguments"), "{}"));
    if let Some(whole) = whole {
        push_rest(out, whole, &["type", "call_id", "name", "arguments"]);
    }
    out.push('}');
    Ok(())
}

fn push_result(out: &mut String, id: Option<Raw<'_>>, output: Option<Raw<'_>>, whole: Option<Raw<'_>>) -> Result<()> {
    let Some(id) = id.filter(|id| id.is_string()) else {
        let name = if whole.is_some() { "call_id" } else { "tool_call_id" };
        return Err(invalid(sentence(&["A tool's result lacks its ", name, ": it names the call it answers."])));
    };
    begin(out);
    push_field(out, "type", "\"function_call_output\"");
    push_id(out, "call_id", id);
    match output {
        Some(list) if list.is_array() && whole.is_some() => push_field(out, "output", list.text()),
        other => push_field(out, "output", &as_text(other, "")),
    }
    if let Some(whole) = whole {
        push_rest(out, whole, &["type", "call_id", "output"]);
    }
    out.push('}');
    Ok(())
}

/// A string as it is, any other value as a string that holds its JSON.
fn as_text(value: Option<Raw<'_>>, absent: &str) -> String {
    match value {
        Some(text) if text.is_string() => text.text().to_owned(),
        Some(value) => string(value.text()),
        None => string(absent),
    }
}

/// The input of the next turn as a JSON array: what was sent, what came out of it, and more.
///
/// # Errors
/// `InvalidInput` when an item cannot be sent.
pub(crate) fn next_input(sent: Option<Raw<'_>>, output: Option<Raw<'_>>, more: Option<Raw<'_>>) -> Result<String> {
    let mut out = String::from("[");
    for list in [sent, output].into_iter().flatten() {
        for item in list.items() {
            push_item(&mut out, item)?;
        }
    }
    match more {
        Some(list) if list.is_array() => {
            for item in list.items() {
                push_item(&mut out, item)?;
            }
        }
        Some(one) => push_item(&mut out, one)?,
        None => {}
    }
    out.push(']');
    Ok(out)
}

/// The item that tells the model what a tool gave, or why it failed.
pub(crate) fn tool_result(call_id: &str, outcome: std::result::Result<&str, &str>) -> String {
    let mut out = String::from("{\"type\":\"function_call_output\",\"call_id\":");
    push_string(&mut out, call_id);
    out.push_str(",\"output\":");
    match outcome {
        Ok(text) => push_string(&mut out, text),
        Err(reason) => push_string(&mut out, &sentence(&["Error: ", reason])),
    }
    out.push('}');
    out
}
