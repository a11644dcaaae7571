//! From an answer to its text. Pure, and on text, for both faces.

use crate::completions::kind::Kind;
use crate::error::{Error, ErrorKind, Result};
use crate::wire::json::Raw;

/// What a function that reads answers is given: the first prediction of a custom model, the whole
/// answer of all others.
#[must_use]
pub fn value(kind: Kind, answer: Raw<'_>) -> Raw<'_> {
    if kind != Kind::Custom {
        return answer;
    }
    // models that take their input without a wrapper answer without one
    let predictions = answer.get("predictions").unwrap_or(answer);
    predictions.at(0).unwrap_or(predictions)
}

/// The texts of an answer, one unless several were asked for.
///
/// # Errors
/// `Decode` when there is no text in it that can be known to be the answer's.
///
/// ```
/// use lakewire::completions::{Kind, answer::texts};
/// use lakewire::wire::json::Raw;
/// let of = |kind, text| texts(kind, Raw::parse(text)?);
/// assert_eq!(of(Kind::Completions, r#"{"choices":[{"text":"4"}]}"#)?, ["4"]);
/// assert_eq!(of(Kind::Custom, r#"{"predictions":["4"]}"#)?, ["4"]);
/// # Ok::<(), lakewire::Error>(())
/// ```
pub fn texts(kind: Kind, answer: Raw<'_>) -> Result<Vec<String>> {
    let value = value(kind, answer);
    let found = match one(value) {
        Some(text) => vec![text],
        None => {
            let column = || if kind == Kind::Custom { column(value) } else { None };
            many(value, "choices").or_else(|| many(value, "candidates")).or_else(column).unwrap_or_default()
        }
    };
    if !found.is_empty() {
        return Ok(found);
    }
    let sentence = match kind {
        Kind::App => {
            "The app's answer is not a JSON text: give a function that reads it (transformOutput, transform_output in Rust)."
        }
        Kind::Custom => {
            "The model's prediction is not a text: give a function that reads it (transformOutput, transform_output in Rust)."
        }
        _ => {
            "The answer holds no text: check the endpoint's task, or give a function that reads it (transformOutput, transform_output in Rust)."
        }
    };
    Err(Error::new(ErrorKind::Decode, sentence))
}

/// A text, or the text parts of a list.
fn one(value: Raw<'_>) -> Option<String> {
    if let Some(text) = value.as_str() {
        return Some(text.into_owned());
    }
    if !value.is_array() {
        return None;
    }
    let mut out = String::new();
    let mut typed = false;
    for part in value.items() {
        let kind = part.get_some("type")?;
        typed = true;
        if kind.text() == "\"text\"" {
            out.push_str(&part.get_some("text")?.as_str()?);
        }
    }
    typed.then_some(out)
}

/// The texts of a list of choices: chat's, completions' or the old Llama 2 form's.
fn many(value: Raw<'_>, key: &str) -> Option<Vec<String>> {
    let list = value.get_some(key)?;
    list.items().map(choice).collect()
}

fn choice(choice: Raw<'_>) -> Option<String> {
    if let Some(text) = choice.get_some("text") {
        return one(text);
    }
    let message = choice.get_some("message")?;
    match message.get_some("content") {
        Some(content) => one(content),
        // a message that only asks for tools says nothing
        None => Some(String::new()),
    }
}

/// The only column of a row, when it is a text.
fn column(value: Raw<'_>) -> Option<Vec<String>> {
    let mut fields = value.fields();
    match (fields.next(), fields.next()) {
        (Some((_, text)), None) => Some(vec![text.as_str()?.into_owned()]),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(kind: Kind, text: &str) -> Vec<String> {
        texts(kind, Raw::parse(text).unwrap()).unwrap()
    }

    #[test]
    fn every_form_of_an_answer() {
        assert_eq!(
            of(Kind::Chat, r#"{"choices":[{"message":{"content":"a"}},{"message":{"content":"b"}}]}"#),
            ["a", "b"]
        );
        let parts = r#"{"choices":[{"message":{"content":[{"type":"reasoning","summary":[]},{"type":"text","text":"4"},{"type":"text","text":"2"}]}}]}"#;
        assert_eq!(of(Kind::Chat, parts), ["42"]);
        assert_eq!(of(Kind::Chat, r#"{"choices":[{"message":{"content":null,"tool_calls":[]}}]}"#), [""]);
        for custom in [
            r#"{"predictions":["4"]}"#,
            r#"{"predictions":"4"}"#,
            r#"["4"]"#,
            r#""4""#,
            r#"{"predictions":[{"candidates":[{"text":"4","metadata":{}}],"metadata":{}}]}"#,
            r#"{"predictions":{"candidates":[{"text":"4"}]}}"#,
            r#"{"predictions":[{"choices":[{"message":{"content":"4"}}]}]}"#,
            r#"{"predictions":[{"0":"4"}]}"#,
        ] {
            assert_eq!(of(Kind::Custom, custom), ["4"], "{custom}");
        }
        assert_eq!(of(Kind::App, "\"hi\""), ["hi"]);
    }

    #[test]
    fn what_is_no_text_is_an_error_that_says_what_to_give() {
        for (kind, text) in [
            (Kind::App, r#"{"answer":"hi","more":1}"#),
            (Kind::App, "7"),
            (Kind::Custom, r#"{"predictions":[[0.1]]}"#),
            (Kind::Custom, r#"{"predictions":[]}"#),
            (Kind::Custom, r#"{"predictions":[{"a":"x","b":"y"}]}"#),
            (Kind::Completions, r#"{"choices":[]}"#),
            (Kind::Chat, r#"{"choices":[{}]}"#),
        ] {
            let error = texts(kind, Raw::parse(text).unwrap()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Decode);
            assert!(error.message().contains("transformOutput"), "{error}");
        }
    }

    #[test]
    fn a_reading_function_gets_the_first_prediction_or_the_whole() {
        let whole = Raw::parse(r#"{"predictions":[{"a":1},{"a":2}]}"#).unwrap();
        assert_eq!(value(Kind::Custom, whole).text(), r#"{"a":1}"#);
        assert_eq!(value(Kind::Completions, whole).text(), whole.text());
        assert_eq!(value(Kind::App, whole).text(), whole.text());
    }
}
