//! What a list of traces shows of a request or an answer.

use std::borrow::Cow;

use super::limits::cut;
use crate::wire::json::Raw;

/// The text that stands for a JSON text: the last message of `role` when it looks like chat, a text as it is, else the JSON
/// itself; cut to so many characters.
///
/// Chat is `messages`, `choices[0].message`, or the messages of a Responses call (`input`, `output`), as MLflow's clients read it.
///
/// ```
/// use lakewire::mlflow::tracing::preview;
/// let asked = r#"{"messages":[{"role":"user","content":"Hi"},{"role":"user","content":"What is 2+2?"}]}"#;
/// assert_eq!(preview(asked, "user", 1000), "What is 2+2?");
/// assert_eq!(preview(r#"{"q":1}"#, "user", 1000), r#"{"q":1}"#);
/// ```
#[must_use]
pub fn preview(json: &str, role: &str, limit: usize) -> String {
    let value = Raw::parse(json).ok();
    let text = value.and_then(|value| value.as_str().or_else(|| said(value, role, 0)));
    match text.filter(|text| !text.is_empty()) {
        Some(text) => cut(&text, limit),
        None => cut(json, limit),
    }
}

fn said<'a>(value: Raw<'a>, role: &str, depth: usize) -> Option<Cow<'a, str>> {
    let list = |key: &str| value.get(key).filter(|list| list.at(0).is_some());
    let message = if let Some(list) = list("messages") {
        last(list, role)
    } else if let Some(message) =
        list("choices").and_then(|list| list.at(0)?.get("message")).filter(|message| is_message(*message))
    {
        Some(message)
    } else if let Some(list) = list("input").or_else(|| list("output")) {
        last(list, role)
    } else if depth < 8 {
        return value.get("request").and_then(|inner| said(inner, role, depth + 1));
    } else {
        None
    };
    let content = message?.get("content")?;
    content.as_str().or_else(|| content.items().find_map(part))
}

fn is_message(value: Raw<'_>) -> bool {
    value.get("role").is_some() && value.get("content").is_some()
}

fn last<'a>(list: Raw<'a>, role: &str) -> Option<Raw<'a>> {
    let (mut own, mut any) = (None, None);
    for message in list.items().filter(|message| is_message(*message)) {
        any = Some(message);
        if message.get("role").and_then(Raw::as_str).is_some_and(|word| word == role) {
            own = any;
        }
    }
    own.or(any)
}

fn part(part: Raw<'_>) -> Option<Cow<'_, str>> {
    let kind = part.get("type").and_then(Raw::as_str);
    match kind.as_deref() {
        Some("text" | "output_text") => part.get("text")?.as_str(),
        _ => part.as_str(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn chat_is_shown_by_its_last_words() {
        for (json, role, shown) in [
            (r#"{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]}"#, "user", "a"),
            (r#"{"messages":[{"role":"system","content":"s"}]}"#, "user", "s"),
            (r#"{"choices":[{"message":{"role":"assistant","content":"yes"}}]}"#, "assistant", "yes"),
            (
                r#"{"messages":[{"role":"user","content":[{"type":"image_url"},{"type":"text","text":"see"}]}]}"#,
                "user",
                "see",
            ),
            (r#"{"input":[{"role":"user","content":"in"}]}"#, "user", "in"),
            (
                r#"{"output":[{"type":"reasoning"},{"role":"assistant","content":[{"type":"output_text","text":"out"}]}]}"#,
                "assistant",
                "out",
            ),
            (r#"{"request":{"input":[{"role":"user","content":"deep"}]}}"#, "user", "deep"),
            (r#""plain""#, "user", "plain"),
            (r#"{"input":"text"}"#, "user", r#"{"input":"text"}"#),
            (
                r#"{"messages":[{"role":"user","content":""}]}"#,
                "user",
                r#"{"messages":[{"role":"user","content":""}]}"#,
            ),
            (
                r#"{"choices":[{"message":{"role":"assistant","content":null,"tool_calls":[]}}]}"#,
                "assistant",
                r#"{"choices":[{"message":{"role":"assistant","content":null,"tool_calls":[]}}]}"#,
            ),
            ("[1,2]", "user", "[1,2]"),
            ("", "user", ""),
            ("{", "user", "{"),
        ] {
            assert_eq!(preview(json, role, 1000), shown, "{json}");
        }
    }

    proptest! {
        #[test]
        fn no_preview_is_longer_than_its_limit(text: String, limit in 3_usize..50) {
            prop_assert!(preview(&text, "user", limit).chars().count() <= limit);
            let quoted = crate::wire::json::string(&text);
            prop_assert!(preview(&quoted, "user", limit).chars().count() <= limit);
        }
    }
}
