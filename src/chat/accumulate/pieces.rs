//! The pieces a chunk brings, each put where it belongs.

use super::{MAX_ARGUMENTS, MAX_FRAGMENTS, MAX_INDEX};
use crate::chat::folded::{Call, Choice, Field, Part, Summary, set_field};
use crate::error::{Error, ErrorKind, Result};
use crate::wire::json::Raw;

/// Fields of a message that come in pieces to append, besides the content.
pub(crate) fn grows(name: &str) -> bool {
    matches!(name, "reasoning_content" | "reasoning" | "refusal")
}

/// Whether a late delta would have added anything.
pub(super) fn says_something(delta: Raw<'_>) -> bool {
    delta.fields().any(|(key, value)| key != "role" && !matches!(value.text(), "null" | "\"\"" | "[]"))
}

pub(super) fn push_part(choice: &mut Choice, part: Raw<'_>) {
    let kind = part.get("type").and_then(Raw::as_str);
    let text = part.get("text").and_then(Raw::as_str);
    match (kind.as_deref(), text) {
        (Some("text"), Some(text)) => choice.append_part_text(text.as_bytes(), extras(part, &["type", "text"])),
        (Some("reasoning"), _) => {
            if let Some((_, extra)) = choice.reasoning() {
                for (key, value) in extras(part, &["type", "summary"]) {
                    set_field(extra, &key, &value);
                }
            }
            for piece in part.get("summary").into_iter().flat_map(Raw::items) {
                let kind = piece.get("type").and_then(Raw::as_str);
                match (kind.as_deref(), piece.get("text").and_then(Raw::as_str)) {
                    (Some("summary_text"), Some(text)) => {
                        choice.append_summary(text.as_bytes(), &extras(piece, &["type", "text"]));
                    }
                    _ => {
                        if let Some((summary, _)) = choice.reasoning() {
                            summary.push(Summary::Other(piece.text().to_owned()));
                        }
                    }
                }
            }
        }
        _ => {
            choice.open_parts();
            choice.parts.push(Part::Other(part.text().to_owned()));
        }
    }
}

/// The other fields that say something; an empty signature says nothing.
pub(super) fn extras(object: Raw<'_>, known: &[&str]) -> Vec<Field> {
    object
        .fields()
        .filter(|(key, value)| !known.contains(&key.as_ref()) && !value.is_null() && value.text() != "\"\"")
        .map(|(key, value)| (key.into_owned(), value.text().to_owned()))
        .collect()
}

pub(super) fn push_function<'a>(
    call: &mut Call,
    function: Raw<'a>,
    restated: bool,
) -> Result<Option<std::borrow::Cow<'a, str>>> {
    let mut arguments = None;
    if !function.is_object() {
        return Err(wrong("function", "an object"));
    }
    for (key, value) in function.fields() {
        match key.as_ref() {
            _ if value.is_null() => {}
            "name" => {
                let name = value.as_str().ok_or_else(|| wrong("function name", "a string"))?;
                // A name may come in pieces, or again on every delta; one that differs once the id
                // is restated or arguments have begun is another name.
                if call.name.is_empty() {
                    call.name.push_str(&name);
                } else if call.name != name && !name.is_empty() {
                    if restated || !call.arguments.is_empty() {
                        return Err(changed("name"));
                    }
                    call.name.push_str(&name);
                }
            }
            "arguments" => arguments = Some(value.as_str().ok_or_else(|| wrong("arguments", "a string"))?),
            _ => {
                set_field(&mut call.function, &key, value.text());
            }
        }
    }
    Ok(arguments)
}

pub(super) fn append_arguments(call: &mut Call, bytes: &[u8]) -> Result<()> {
    call.fragments += 1;
    if call.fragments > MAX_FRAGMENTS || call.arguments.len() + bytes.len() > MAX_ARGUMENTS {
        return Err(Error::new(
            ErrorKind::BodyTooLarge,
            format!(
                "The arguments of tool call {} go beyond {MAX_ARGUMENTS} bytes or {MAX_FRAGMENTS} pieces.",
                call.index
            ),
        ));
    }
    call.arguments.extend_from_slice(bytes);
    Ok(())
}

pub(super) fn push_logprobs(choice: &mut Choice, logprobs: Raw<'_>) {
    for (key, value) in logprobs.fields() {
        let items = match value.text().strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
            Some(items) => items.trim(),
            None => continue,
        };
        match choice.logprobs.iter_mut().find(|(name, _)| *name == key) {
            Some((_, run)) if items.is_empty() || run.is_empty() => run.push_str(items),
            Some((_, run)) => {
                run.push(',');
                run.push_str(items);
            }
            None => choice.logprobs.push((key.into_owned(), items.to_owned())),
        }
    }
}

pub(super) fn index_of(raw: Option<Raw<'_>>, what: &str) -> Result<u32> {
    match raw.and_then(Raw::as_i64) {
        Some(index) if (0..=MAX_INDEX).contains(&index) => Ok(u32::try_from(index).unwrap_or(0)),
        _ => Err(out_of_range(what)),
    }
}

pub(super) fn out_of_range(what: &str) -> Error {
    Error::new(
        ErrorKind::Decode,
        format!("A {what} of the stream has an index that is not a whole number from 0 to {MAX_INDEX}."),
    )
}

pub(super) fn changed(what: &str) -> Error {
    Error::new(
        ErrorKind::Decode,
        format!("A tool call of the stream changes its {what} midway: it cannot be put together."),
    )
}

pub(super) fn wrong(what: &str, expected: &str) -> Error {
    Error::new(ErrorKind::Decode, format!("The stream's {what} is not {expected}."))
}
