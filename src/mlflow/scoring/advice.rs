//! What a scoring server's refusals mean, in a sentence. Pure.

use crate::error::Error;

/// What MLflow writes when an input does not fit the model's signature; before it stands the input as Python prints it.
const MARK: &str = "Failed to enforce schema";

/// The sentence for a refusal, when its message is about the model's signature: the inputs that are missing, not known, or of
/// another form, by name.
///
/// ```
/// use lakewire::mlflow::scoring::advice;
/// let message = "Failed to enforce schema of data '…' with schema '…'. Error: Model is missing inputs ['tone'].";
/// assert_eq!(advice(message).unwrap(), "The model's signature asks for the input `tone`, which is missing.");
/// ```
#[must_use]
pub fn advice(message: &str) -> Option<String> {
    let said = after_last(message, MARK)?;
    // the data and the schema are printed before the last error, and may hold any words
    let said = after_last(said, "Error: ").unwrap_or(said);
    let missing = listed(said, "missing inputs ");
    let extra = listed(said, "extra inputs: ");
    let mut out = match missing.as_slice() {
        [] => String::new(),
        names => ["The model's signature asks for the ", &inputs(names), are_or_is(names), "missing."].concat(),
    };
    if !extra.is_empty() {
        out.push_str(if out.is_empty() { "" } else { " " });
        out.push_str(&["It does not know the ", &inputs(&extra), "."].concat());
    }
    if !out.is_empty() {
        return Some(out);
    }
    for (mark, before) in [
        ("Missing required properties: ", "A value lacks what the model's signature asks for: "),
        (
            "Invalid properties not defined in the schema found: ",
            "A value holds what the model's signature does not know: ",
        ),
    ] {
        let names = listed(said, mark);
        if !names.is_empty() {
            return Some([before, &ticked(&names), "."].concat());
        }
    }
    let end = said.trim();
    Some(["The input does not fit the model's signature: ", end, if end.ends_with('.') { "" } else { "." }].concat())
}

fn after_last<'a>(text: &'a str, mark: &str) -> Option<&'a str> {
    text.rfind(mark).and_then(|at| text.get(at + mark.len()..))
}

/// The names of a Python list or set after a mark.
fn listed<'a>(text: &'a str, mark: &str) -> Vec<&'a str> {
    let Some(rest) = text.find(mark).and_then(|at| text.get(at + mark.len()..)) else { return Vec::new() };
    let rest = rest.trim_start_matches('`');
    let Some(inner) = rest.strip_prefix(['[', '{']) else { return Vec::new() };
    let end = inner.find([']', '}']).unwrap_or(inner.len());
    let inner = inner.get(..end).unwrap_or("");
    inner.split(',').map(|name| name.trim().trim_matches(['\'', '"'])).filter(|name| !name.is_empty()).collect()
}

fn ticked(names: &[&str]) -> String {
    let mut out = String::new();
    for name in names {
        out.push_str(if out.is_empty() { "`" } else { ", `" });
        out.push_str(name);
        out.push('`');
    }
    out
}

fn inputs(names: &[&str]) -> String {
    [if names.len() == 1 { "input " } else { "inputs " }, &ticked(names)].concat()
}

fn are_or_is(names: &[&str]) -> &'static str {
    if names.len() == 1 { ", which is " } else { ", which are " }
}

/// A refusal with the sentence in place of what the server printed, which repeats the whole input.
pub(crate) fn explain(error: Error) -> Error {
    let Some(sentence) = advice(error.message()) else { return error };
    let told = Error::new(error.kind(), ["POST /invocations failed: ", &sentence].concat());
    let told = match error.status() {
        Some(status) => told.with_status(status),
        None => told,
    };
    told.with_error_code(error.error_code().map(str::to_owned)).with_request_id(error.request_id().map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(end: &str) -> String {
        let data = "{'a': \"Error: Model is missing inputs ['fooled'].\"}";
        advice(&format!("Failed to predict data '{data}'. \nError: Failed to enforce schema of data '{data}' with schema '['q': string (required)]'. Error: {end}")).unwrap()
    }

    #[test]
    fn what_is_missing_or_unknown_is_named() {
        assert_eq!(
            of("Model is missing inputs ['tone']."),
            "The model's signature asks for the input `tone`, which is missing."
        );
        assert_eq!(
            of("Model is missing inputs ['a', 'b']. Note that there were extra inputs: ['c']."),
            "The model's signature asks for the inputs `a`, `b`, which are missing. It does not know the input `c`."
        );
        assert_eq!(
            of("Missing required properties: {'content'}"),
            "A value lacks what the model's signature asks for: `content`."
        );
        assert_eq!(
            of("Incompatible input types for column q."),
            "The input does not fit the model's signature: Incompatible input types for column q."
        );
        assert_eq!(advice("Encountered an unexpected error while evaluating the model."), None);
    }

    proptest! {
        #[test]
        fn no_message_panics(message: String, end in "(Model is missing inputs )?[\\[\\]{}', a]{0,20}") {
            let _ = advice(&message);
            let told = advice(&[MARK, &end].concat());
            prop_assert!(told.is_some());
        }
    }
}
