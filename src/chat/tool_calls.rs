//! The tools a model asks for, read and checked. Pure.

use crate::error::{Error, ErrorKind, Result};
use crate::wire::json::Raw;

/// A tool the model asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestedTool {
    /// Which call it is; `call_N` when the service gave no id.
    pub id: String,
    /// The tool's name.
    pub name: String,
    /// The arguments as the model wrote them.
    pub arguments_raw: String,
}

impl RequestedTool {
    /// The arguments as checked JSON text of an object; `{}` when the model wrote none.
    ///
    /// # Errors
    /// `InvalidArguments`, see [`check_arguments`].
    pub fn arguments(&self) -> Result<&str> {
        check_arguments(&self.arguments_raw)
    }
}

/// Checks arguments: JSON, an object, no key twice at any level, at most
/// [`MAX_DEPTH`](crate::wire::json::MAX_DEPTH) deep. Nothing is repaired.
///
/// # Errors
/// `InvalidArguments` with the reason and none of the text.
pub fn check_arguments(raw: &str) -> Result<&str> {
    let text = raw.trim();
    if text.is_empty() {
        return Ok("{}");
    }
    let invalid = |reason: &str| {
        Error::new(ErrorKind::InvalidArguments, format!("The model's tool arguments were not used: {reason}"))
    };
    let root = Raw::parse(text).map_err(|fault| invalid(fault.message()))?;
    if !root.is_object() {
        return Err(invalid("they are not a JSON object."));
    }
    if has_duplicate_key(root) {
        return Err(invalid("a key appears twice in one object."));
    }
    Ok(text)
}

fn has_duplicate_key(value: Raw<'_>) -> bool {
    if value.is_object() {
        let mut keys: Vec<_> = value.fields().map(|(key, _)| key).collect();
        crate::order::sort(&mut keys, |a, b| a < b);
        keys.windows(2).any(|pair| matches!(pair, [a, b] if a == b))
            || value.fields().any(|(_, inner)| has_duplicate_key(inner))
    } else {
        value.is_array() && value.items().any(has_duplicate_key)
    }
}

/// The tools asked for in the first choice of a chat completion, in order.
///
/// # Errors
/// `Decode` when a call has no name.
pub fn requested_tools(completion: Raw<'_>) -> Result<Vec<RequestedTool>> {
    let calls = first_message(completion).and_then(|message| message.get_some("tool_calls"));
    let mut tools = Vec::new();
    for (place, call) in calls.into_iter().flat_map(Raw::items).enumerate() {
        let function = call.get_some("function");
        let text_of = |object: Option<Raw<'_>>, key: &str| {
            object
                .and_then(|object| object.get_some(key))
                .and_then(Raw::as_str)
                .filter(|text| !text.is_empty())
                .map(|text| text.into_owned())
        };
        let name = text_of(function, "name").ok_or_else(|| {
            Error::new(ErrorKind::Decode, format!("Tool call {place} of the answer has no name: it cannot be run."))
        })?;
        tools.push(RequestedTool {
            id: text_of(Some(call), "id").unwrap_or_else(|| format!("call_{place}")),
            name,
            arguments_raw: text_of(function, "arguments").unwrap_or_default(),
        });
    }
    Ok(tools)
}

/// The first choice's message.
pub(crate) fn first_message(completion: Raw<'_>) -> Option<Raw<'_>> {
    completion.get_some("choices")?.at(0)?.get_some("message")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g10_absent_arguments_are_an_empty_object() {
        assert_eq!(check_arguments("").unwrap(), "{}");
        assert_eq!(check_arguments("  ").unwrap(), "{}");
        let raw = r#"{"choices":[{"message":{"tool_calls":[{"function":{"name":"now","arguments":null}}]}}]}"#;
        let tools = requested_tools(Raw::parse(raw).unwrap()).unwrap();
        assert_eq!(tools[0].id, "call_0");
        assert_eq!(tools[0].arguments().unwrap(), "{}");
        assert_eq!(tools[0].arguments_raw, "");
    }

    #[test]
    fn g11_g12_invalid_arguments_are_refused_and_kept() {
        let deep = format!("{}1{}", "{\"a\":".repeat(10_000), "}".repeat(10_000));
        for bad in [
            "{\"a\":",
            "[1]",
            "\"x\"",
            "1",
            "{\"a\":1,\"a\":2}",
            "{\"x\":[{\"a\":1,\"\\u0061\":2}]}",
            deep.as_str(),
            "{} {}",
        ] {
            let tool = RequestedTool { id: String::new(), name: "f".into(), arguments_raw: bad.into() };
            assert_eq!(tool.arguments().unwrap_err().kind(), ErrorKind::InvalidArguments, "{bad:.20}");
            assert_eq!(tool.arguments_raw, bad);
        }
        assert!(check_arguments(r#"{"a":{"b":1},"c":{"b":2}}"#).is_ok());
    }

    #[test]
    fn g9_a_call_without_a_name_is_an_error() {
        let raw = r#"{"choices":[{"message":{"tool_calls":[{"id":"x","function":{"arguments":"{}"}}]}}]}"#;
        assert_eq!(requested_tools(Raw::parse(raw).unwrap()).unwrap_err().kind(), ErrorKind::Decode);
    }
}
