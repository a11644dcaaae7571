//! From what callers write to the body on the wire. Pure, and on text: the same code serves both
//! faces, key order and unknown fields survive, and nothing absent becomes present.

use crate::chat::types::ChatParams;
use crate::error::{Error, ErrorKind, Result};
use crate::wire::json::{Raw, push_string};

/// Builds the body of a chat request.
///
/// `defaults` is a JSON object of request fields set on the handle; `request` is a JSON object of
/// request fields with `messages`, which win. A `null` in `request` takes a default back.
///
/// - `messages` may be a string, one message object, or an array that mixes strings (user
///   messages), `[role, content]` pairs and message objects.
/// - Within messages, `null` fields, empty text parts and empty text beside tool calls are left
///   out: open-weight endpoints refuse nulls, the Claude class refuses empty text.
/// - `tool_choice: "any"` becomes `"required"`, a tool's name becomes the object form; a tool
///   without parameters gets an empty object schema, which the service requires.
/// - `extra_params` is merged into the top level and wins over fields of the same name.
///
/// # Errors
/// `InvalidInput` with a sentence that says which field and what to write instead.
///
/// ```
/// use lakewire::chat::body::build;
/// let body = build(r#"{"temperature":0}"#, r#"{"messages":"Hi"}"#, false)?;
/// assert_eq!(body, r#"{"messages":[{"role":"user","content":"Hi"}],"temperature":0}"#);
/// # Ok::<(), lakewire::Error>(())
/// ```
pub fn build(defaults: &str, request: &str, stream: bool) -> Result<String> {
    let defaults = object("The defaults", defaults)?;
    let request = object("The request", request)?;
    let messages = request.get_some("messages").ok_or_else(|| {
        invalid("The chat has no messages: give a string, a message object, or an array of messages.")
    })?;
    check_names(defaults)?;
    check_names(request)?;

    let mut out = String::with_capacity(request.text().len() + defaults.text().len() + 64);
    out.push_str("{\"messages\":");
    push_messages(&mut out, messages)?;
    let extra = [request.get_some("extra_params"), defaults.get_some("extra_params")];
    if extra.iter().flatten().any(|given| !given.is_object()) {
        return Err(invalid("`extra_params` must be an object of request fields."));
    }
    let in_extra = |name: &str| extra.iter().flatten().any(|object| object.get(name).is_some());
    for (name, value) in defaults.fields() {
        if request.get(&name).is_none() && !in_extra(&name) {
            push_param(&mut out, &name, value)?;
        }
    }
    for (name, value) in request.fields() {
        if !in_extra(&name) {
            push_param(&mut out, &name, value)?;
        }
    }
    // per-call extras win over the handle's
    if let [_, Some(of_handle)] = extra {
        for (name, value) in of_handle.fields() {
            if extra.first().copied().flatten().is_none_or(|of_call| of_call.get(&name).is_none()) {
                push_field(&mut out, &name, value.text());
            }
        }
    }
    if let [Some(of_call), _] = extra {
        for (name, value) in of_call.fields().filter(|(_, value)| !value.is_null()) {
            push_field(&mut out, &name, value.text());
        }
    }
    if stream {
        push_field(&mut out, "stream", "true");
    }
    out.push('}');
    Ok(out)
}

/// Appends messages to a built body: the assistant's turn and the results of its tools.
///
/// # Errors
/// `InvalidInput` when the body was not built by [`build`] or a message is malformed.
pub fn with_messages(body: &str, more: &[&str]) -> Result<String> {
    let broken = || invalid("The body holds no messages to add to.");
    let old = Raw::trusted(body).get("messages").ok_or_else(broken)?;
    let inner = old.text().strip_suffix(']').ok_or_else(broken)?;
    // `messages` comes first in every body that `build` made
    let tail = body.get("{\"messages\":".len() + old.text().len()..).ok_or_else(broken)?;
    let mut out = String::with_capacity(body.len() + more.iter().map(|m| m.len() + 1).sum::<usize>());
    out.push_str("{\"messages\":");
    out.push_str(inner);
    for message in more {
        if !out.ends_with('[') {
            out.push(',');
        }
        push_message(&mut out, Raw::parse(message)?)?;
    }
    out.push(']');
    out.push_str(tail);
    Ok(out)
}

fn invalid(sentence: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidInput, sentence)
}

fn object<'a>(what: &str, text: &'a str) -> Result<Raw<'a>> {
    let raw = Raw::parse(text).map_err(|fault| invalid(format!("{what} cannot be sent: {}", fault.message())))?;
    if raw.is_object() { Ok(raw) } else { Err(invalid(format!("{what} must be an object of request fields."))) }
}

/// A misspelt option must not vanish silently, nor reach an endpoint that refuses it.
fn check_names(fields: Raw<'_>) -> Result<()> {
    for (name, _) in fields.fields() {
        if name == "stream" {
            return Err(invalid("Leave `stream` out: call stream() for a streamed answer, invoke() for a whole one."));
        }
        if name != "messages" && !ChatParams::FIELDS.contains(&name.as_ref()) {
            return Err(invalid(format!(
                "`{name}` is not a chat option. If the endpoint takes it, put it into `extra_params`."
            )));
        }
    }
    Ok(())
}

fn push_field(out: &mut String, name: &str, value: &str) {
    if !out.ends_with('{') {
        out.push(',');
    }
    push_string(out, name);
    out.push(':');
    out.push_str(value);
}

fn push_param(out: &mut String, name: &str, value: Raw<'_>) -> Result<()> {
    if value.is_null() {
        return Ok(());
    }
    match name {
        "messages" | "extra_params" => {}
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
        return Ok(()); // an empty list is refused by some endpoints and means the same as none
    }
    push_field(out, "tools", "[");
    for (place, tool) in tools.items().enumerate() {
        let function = tool.get_some("function").filter(|function| function.get_some("name").is_some());
        let Some(function) = function else {
            return Err(invalid(format!(
                "Tool {place} is not a tool definition: write {{\"type\":\"function\",\"function\":{{\"name\":…}}}}."
            )));
        };
        if place > 0 {
            out.push(',');
        }
        if function.get_some("parameters").is_some() {
            out.push_str(tool.text());
            continue;
        }
        let mut fixed = String::from("{");
        for (name, value) in function.fields().filter(|(name, _)| name != "parameters") {
            push_field(&mut fixed, &name, value.text());
        }
        push_field(&mut fixed, "parameters", "{\"type\":\"object\",\"properties\":{}}");
        fixed.push('}');
        out.push('{');
        for (name, value) in tool.fields() {
            push_field(out, &name, if name == "function" { &fixed } else { value.text() });
        }
        out.push('}');
    }
    out.push(']');
    Ok(())
}

fn push_tool_choice(out: &mut String, choice: Raw<'_>) -> Result<()> {
    match choice.as_str().as_deref() {
        Some("any") => push_field(out, "tool_choice", "\"required\""),
        Some("auto" | "none" | "required") => push_field(out, "tool_choice", choice.text()),
        Some(_) => {
            push_field(out, "tool_choice", "{\"type\":\"function\",\"function\":{\"name\":");
            out.push_str(choice.text());
            out.push_str("}}");
        }
        None if choice.is_object() => push_field(out, "tool_choice", choice.text()),
        None => {
            return Err(invalid("`tool_choice` must be auto, none, required, a tool's name, or an object."));
        }
    }
    Ok(())
}

fn push_messages(out: &mut String, messages: Raw<'_>) -> Result<()> {
    out.push('[');
    if messages.is_array() {
        let mut items = messages.items();
        if let (Some(role), Some(content), None) = (items.next(), items.next(), items.next()) {
            let is_role = role
                .as_str()
                .is_some_and(|role| matches!(role.as_ref(), "system" | "user" | "assistant" | "tool" | "developer"));
            if is_role && !content.is_object() {
                return Err(invalid(
                    "A [role, content] pair stands where a list of messages should: write [[role, content]].",
                ));
            }
        }
        for (place, message) in messages.items().enumerate() {
            if place > 0 {
                out.push(',');
            }
            push_message(out, message)?;
        }
    } else {
        push_message(out, messages)?;
    }
    if out.ends_with('[') {
        return Err(invalid("The list of messages is empty: a chat needs at least one."));
    }
    out.push(']');
    Ok(())
}

fn push_message(out: &mut String, message: Raw<'_>) -> Result<()> {
    if message.is_string() {
        out.push_str("{\"role\":\"user\",\"content\":");
        out.push_str(message.text());
        out.push('}');
        return Ok(());
    }
    if message.is_array() {
        let mut items = message.items();
        let (Some(role), Some(content), None) = (items.next(), items.next(), items.next()) else {
            return Err(invalid("A message given as an array must be a [role, content] pair."));
        };
        if !role.is_string() {
            return Err(invalid("The first item of a [role, content] pair must be the role's name."));
        }
        out.push_str("{\"role\":");
        out.push_str(role.text());
        out.push_str(",\"content\":");
        push_content(out, content)?;
        out.push('}');
        return Ok(());
    }
    if !message.is_object() {
        return Err(invalid("A message must be a string, a [role, content] pair or an object with a role."));
    }
    if !message.get_some("role").is_some_and(Raw::is_string) {
        return Err(invalid("A message object has no role: add system, user, assistant, tool or developer."));
    }
    let calls_tools = message.get_some("tool_calls").is_some();
    out.push('{');
    for (name, value) in message.fields() {
        match name.as_ref() {
            _ if value.is_null() => {}
            // some providers answer with it, none takes it back
            "reasoning_content" => {}
            "content" if calls_tools && matches!(value.text(), "\"\"" | "[]") => {}
            "content" => {
                push_field(out, "content", "");
                push_content(out, value)?;
            }
            _ => push_field(out, &name, value.text()),
        }
    }
    out.push('}');
    Ok(())
}

fn push_content(out: &mut String, content: Raw<'_>) -> Result<()> {
    if content.is_string() {
        out.push_str(content.text());
        return Ok(());
    }
    if !content.is_array() {
        return Err(invalid("A message's content must be text or an array of typed parts."));
    }
    out.push('[');
    let mut first = true;
    for part in content.items() {
        let kind = part.get_some("type").and_then(Raw::as_str);
        let Some(kind) = kind else {
            return Err(invalid("A content part has no type: write {\"type\":\"text\",\"text\":…} or the like."));
        };
        let empty_text = kind == "text" && part.get("text").is_some_and(|text| text.text() == "\"\"");
        if empty_text {
            continue;
        }
        if !first {
            out.push(',');
        }
        first = false;
        out.push_str(part.text());
    }
    out.push(']');
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn body(request: &str) -> String {
        build("{}", request, false).unwrap()
    }

    fn refusal(request: &str) -> String {
        let error = build("{}", request, false).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        error.message().to_owned()
    }

    #[test]
    fn every_form_of_messages() {
        let one = r#"{"messages":[{"role":"user","content":"Hi"}]}"#;
        assert_eq!(body(r#"{"messages":"Hi"}"#), one);
        assert_eq!(body(r#"{"messages":["Hi"]}"#), one);
        assert_eq!(body(r#"{"messages":[["user","Hi"]]}"#), one);
        assert_eq!(body(r#"{"messages":{"role":"user","content":"Hi"}}"#), one);
        assert_eq!(
            body(
                r#"{"messages":[["system","Be brief."],"Hi",{"role":"critic","content":[{"type":"hologram","x":1}],"mood":9}]}"#
            ),
            r#"{"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hi"},{"role":"critic","content":[{"type":"hologram","x":1}],"mood":9}]}"#
        );
    }

    #[test]
    fn echoed_answers_lose_only_what_the_service_refuses() {
        assert_eq!(
            body(
                r#"{"messages":[{"role":"assistant","content":"","refusal":null,"tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}}]}]}"#
            ),
            r#"{"messages":[{"role":"assistant","tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}}]}]}"#
        );
        let reasoning = r#"{"type":"reasoning","summary":[{"type":"summary_text","text":"hm","signature":"sig=="}]}"#;
        assert_eq!(
            body(&format!(
                r#"{{"messages":[{{"role":"assistant","content":[{reasoning},{{"type":"text","text":""}},{{"type":"text","text":"4"}}],"reasoning_content":"x"}}]}}"#
            )),
            format!(r#"{{"messages":[{{"role":"assistant","content":[{reasoning},{{"type":"text","text":"4"}}]}}]}}"#)
        );
    }

    #[test]
    fn defaults_overrides_and_extras() {
        let defaults = r#"{"temperature":0.5,"max_tokens":9,"extra_params":{"a":1,"b":2}}"#;
        let request = r#"{"messages":"Hi","temperature":null,"max_tokens":10,"extra_params":{"b":3,"c":null}}"#;
        assert_eq!(
            build(defaults, request, true).unwrap(),
            r#"{"messages":[{"role":"user","content":"Hi"}],"max_tokens":10,"a":1,"b":3,"stream":true}"#
        );
    }

    #[test]
    fn every_tool_choice() {
        let choice = |text: &str| body(&format!(r#"{{"messages":"x","tool_choice":{text}}}"#));
        for (given, sent) in [
            (r#""auto""#, r#""auto""#),
            (r#""none""#, r#""none""#),
            (r#""any""#, r#""required""#),
            (r#""required""#, r#""required""#),
            (r#""add""#, r#"{"type":"function","function":{"name":"add"}}"#),
            (r#"{"type":"function","function":{"name":"add"}}"#, r#"{"type":"function","function":{"name":"add"}}"#),
        ] {
            assert!(choice(given).ends_with(&format!(r#","tool_choice":{sent}}}"#)), "{given}");
        }
    }

    #[test]
    fn a_tool_without_parameters_gets_an_empty_schema() {
        assert_eq!(
            body(r#"{"messages":"x","tools":[{"type":"function","function":{"name":"now"}}]}"#),
            r#"{"messages":[{"role":"user","content":"x"}],"tools":[{"type":"function","function":{"name":"now","parameters":{"type":"object","properties":{}}}}]}"#
        );
        assert_eq!(body(r#"{"messages":"x","tools":[]}"#), r#"{"messages":[{"role":"user","content":"x"}]}"#);
    }

    #[test]
    fn refusals_say_what_to_write() {
        assert!(refusal(r#"{"messages":"x","tempreature":1}"#).contains("extra_params"));
        assert!(refusal(r#"{"messages":"x","stream":true}"#).contains("stream()"));
        assert!(refusal(r#"{"messages":["user","Hi"]}"#).contains("[[role, content]]"));
        assert!(refusal(r#"{"messages":[]}"#).contains("at least one"));
        assert!(refusal(r#"{}"#).contains("no messages"));
        assert!(refusal(r#"{"messages":[{"content":"x"}]}"#).contains("role"));
        assert!(refusal(r#"{"messages":[["user","a","b"]]}"#).contains("pair"));
        assert!(refusal(r#"{"messages":[["user",1]]}"#).contains("content"));
        assert!(refusal(r#"{"messages":[7]}"#).contains("message"));
        assert!(refusal(r#"{"messages":"x","tools":[{}]}"#).contains("Tool 0"));
        assert!(refusal("[]").contains("object"));
        assert!(refusal(r#"{"messages":"x","extra_params":7}"#).contains("extra_params"));
    }

    #[test]
    fn later_turns_are_appended() {
        let first = build(
            "{}",
            r#"{"messages":"Hi","tools":[{"type":"function","function":{"name":"f","parameters":{}}}]}"#,
            true,
        )
        .unwrap();
        let next =
            with_messages(&first, &[r#"{"role":"assistant","content":null,"tool_calls":[]}"#, r#"["tool","4"]"#])
                .unwrap();
        assert_eq!(
            next,
            r#"{"messages":[{"role":"user","content":"Hi"},{"role":"assistant","tool_calls":[]},{"role":"tool","content":"4"}],"tools":[{"type":"function","function":{"name":"f","parameters":{}}}],"stream":true}"#
        );
    }

    proptest! {
        #[test]
        fn whatever_is_built_is_json(role in "[a-z]{1,8}", text: String, key in "[a-z_]{1,9}", number: i32) {
            let request = serde_json::json!({
                "messages": [[role, text.clone()], text],
                "max_tokens": number,
                "extra_params": {key.clone(): number},
            });
            let built: serde_json::Value = serde_json::from_str(&build("{}", &request.to_string(), true).unwrap()).unwrap();
            prop_assert_eq!(&built[&key], &serde_json::json!(number));
            prop_assert_eq!(&built["messages"][1]["content"], &request["messages"][1]);
        }

        #[test]
        fn arbitrary_text_never_panics(text: String) {
            let _ = build("{}", &text, false);
            let _ = with_messages(&text, &[&text]);
        }
    }
}
