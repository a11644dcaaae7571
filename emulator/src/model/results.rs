//! Answers from what tools returned.

use serde_json::Value;

use super::conversation::ToolResult;
use super::text::capitalised;

/// Longest piece of a result that is repeated.
const MAX_CHARS: usize = 600;

/// Whether a result says that the tool failed.
#[must_use]
pub fn failed(text: &str) -> bool {
    let start = text.trim_start().to_lowercase();
    start.starts_with("error")
        || start.starts_with("{\"error\"")
        || start.starts_with("failed")
        || start.starts_with("traceback")
}

/// A sentence or a list that answers `asked` from the results.
#[must_use]
pub fn answer(_asked: &str, results: &[ToolResult<'_>]) -> String {
    let lines: Vec<String> = results.iter().map(one).collect();
    match lines.as_slice() {
        [line] => line.clone(),
        lines => {
            let bullets: Vec<String> = lines.iter().map(|line| format!("- {line}")).collect();
            format!("Here is what the tools returned:\n\n{}", bullets.join("\n"))
        }
    }
}

fn one(result: &ToolResult<'_>) -> String {
    let name = &result.call.name;
    let about = subject(&result.call.arguments);
    if failed(result.text) {
        return format!("The tool `{name}`{about} failed and said: {}", clipped(result.text));
    }
    match serde_json::from_str::<Value>(result.text) {
        Ok(Value::Object(map)) if map.is_empty() => format!("The tool `{name}`{about} returned nothing."),
        Ok(Value::Object(map)) => {
            let facts: Vec<String> =
                map.iter().map(|(key, value)| format!("{} is **{}**", spaced(key), plain(value))).collect();
            format!("According to `{name}`{about}, {}.", joined(&facts))
        }
        Ok(Value::Array(items)) if !items.is_empty() => {
            let bullets: Vec<String> = items.iter().map(|item| format!("  - {}", plain(item))).collect();
            format!("`{name}`{about} returned {} item(s):\n{}", items.len(), bullets.join("\n"))
        }
        Ok(Value::Null) => format!("The tool `{name}`{about} returned nothing."),
        Ok(value @ (Value::Number(_) | Value::Bool(_))) => {
            format!("The result of `{name}`{about} is **{}**.", plain(&value))
        }
        _ if result.text.trim().is_empty() => format!("The tool `{name}`{about} returned nothing."),
        Ok(Value::String(text)) => sentence(name, &about, &text),
        _ => sentence(name, &about, result.text),
    }
}

fn sentence(name: &str, about: &str, text: &str) -> String {
    let text = clipped(text);
    if text.split_whitespace().count() > 4 {
        let end = if text.ends_with(['.', '!', '?']) { "" } else { "." };
        return format!("According to `{name}`{about}: {}{end}", capitalised(&text));
    }
    format!("The result of `{name}`{about} is **{text}**.")
}

/// What the call was about, from its arguments.
fn subject(arguments: &str) -> String {
    let Ok(Value::Object(map)) = serde_json::from_str::<Value>(arguments) else { return String::new() };
    let values: Vec<String> = map
        .values()
        .filter(|value| value.is_string() || value.is_number())
        .map(plain)
        .filter(|text| text.len() <= 60)
        .collect();
    if values.is_empty() { String::new() } else { format!(" for {}", values.join(", ")) }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => clipped(text),
        Value::Object(map) => {
            let facts: Vec<String> =
                map.iter().map(|(key, value)| format!("{}: {}", spaced(key), plain(value))).collect();
            clipped(&facts.join(", "))
        }
        Value::Array(items) => clipped(&items.iter().map(plain).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

fn spaced(key: &str) -> String {
    super::text::identifier_words(key).join(" ")
}

fn joined(facts: &[String]) -> String {
    match facts {
        [one] => one.clone(),
        [all @ .., last] => format!("{} and {last}", all.join(", ")),
        [] => String::new(),
    }
}

fn clipped(text: &str) -> String {
    let text = text.trim();
    if text.chars().count() <= MAX_CHARS {
        return text.to_owned();
    }
    let short: String = text.chars().take(MAX_CHARS).collect();
    format!("{short}…")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::conversation::ToolCall;

    #[test]
    fn results_become_sentences() {
        let call = ToolCall { id: "1".into(), name: "get_weather".into(), arguments: r#"{"city":"Oslo"}"#.into() };
        let say = |text: &str| answer("", &[ToolResult { call: &call, text }]);
        assert_eq!(
            say(r#"{"temperature":21,"sky":"clear"}"#),
            "According to `get_weather` for Oslo, temperature is **21** and sky is **clear**."
        );
        assert_eq!(say("391"), "The result of `get_weather` for Oslo is **391**.");
        assert_eq!(say("it is sunny in Oslo today"), "According to `get_weather` for Oslo: It is sunny in Oslo today.");
        assert!(say("Error: no such city").contains("failed"));
    }
}
