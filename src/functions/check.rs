//! Whether arguments fit a function's parameters, said in words that a model can act on. Pure.

use crate::error::{Error, ErrorKind, Result};
use crate::functions::schema::{parameters, text};
use crate::wire::base64;
use crate::wire::find::find;
use crate::wire::json::Raw;

/// Checks arguments, a JSON object, against a function's parameters.
///
/// What has a default may be left out. `null` fits only where the default is `NULL`. A float takes a
/// whole number too; a decimal and a 64-bit number may be written as text, so that no digit is lost.
///
/// # Errors
/// `InvalidArguments` with one sentence that names every argument that is missing, wrong or not declared.
///
/// ```
/// use lakewire::{functions::check_arguments, wire::json::Raw};
/// let function = Raw::parse(r#"{"input_params":{"parameters":[{"name":"net","type_text":"double","type_name":"DOUBLE","position":0}]}}"#)?;
/// assert!(check_arguments(function, Raw::parse(r#"{"net":5}"#)?).is_ok());
/// let error = check_arguments(function, Raw::parse("{}")?).unwrap_err();
/// assert_eq!(error.message(), "Parameter net is required but not provided.");
/// # Ok::<(), lakewire::Error>(())
/// ```
pub fn check_arguments(function: Raw<'_>, arguments: Raw<'_>) -> Result<()> {
    if !arguments.is_object() {
        return Err(invalid("The arguments must be a JSON object with one field per parameter.".to_owned()));
    }
    let mut wrong = String::new();
    for parameter in parameters(function) {
        let name = text(parameter, "name");
        let default = parameter.get_some("parameter_default").and_then(Raw::as_str);
        match arguments.get(&name) {
            None if default.is_none() => {
                return Err(invalid(["Parameter ", &name, " is required but not provided."].concat()));
            }
            None => {}
            Some(value) => {
                let type_name = text(parameter, "type_name");
                let null_fits = default.is_some_and(|default| default.trim().eq_ignore_ascii_case("null"));
                if value.is_null() && null_fits {
                    continue;
                }
                if let Some(expected) = misfit(&type_name, value) {
                    let said =
                        ["'", &name, "' is of type ", &type_name, " and must be ", expected, ", not ", kind(value)];
                    join(&mut wrong, &said);
                }
            }
        }
    }
    if !wrong.is_empty() {
        return Err(invalid(["Invalid parameters provided: ", &wrong, "."].concat()));
    }
    for (name, _) in arguments.fields() {
        if !parameters(function).any(|parameter| text(parameter, "name") == name) {
            join(&mut wrong, &["'", &name, "'"]);
        }
    }
    if wrong.is_empty() {
        return Ok(());
    }
    let known = if parameters(function).next().is_none() {
        "The function takes no parameters, but these were provided: "
    } else {
        "Extra parameters provided that are not defined in the function's input parameters: "
    };
    Err(invalid([known, &wrong, "."].concat()))
}

#[inline(never)]
fn join(list: &mut String, pieces: &[&str]) {
    if !list.is_empty() {
        list.push_str("; ");
    }
    for piece in pieces {
        list.push_str(piece);
    }
}

#[inline(never)]
fn invalid(sentence: String) -> Error {
    Error::new(ErrorKind::InvalidArguments, sentence)
}

/// What a value should have been, when it does not fit the type.
#[inline(never)]
fn misfit(type_name: &str, value: Raw<'_>) -> Option<&'static str> {
    let written = value.as_str();
    let written = written.as_deref();
    let number = matches!(value.text().as_bytes().first(), Some(b'-' | b'0'..=b'9'));
    let (fits, expected) = match type_name {
        "BYTE" | "SHORT" | "INT" => (number && is_whole(value.text()), "a whole number"),
        "LONG" => ((number || written.is_some()) && is_whole(written.unwrap_or(value.text())), "a whole number"),
        "FLOAT" | "DOUBLE" => (number, "a number"),
        "DECIMAL" => (number || written.is_some_and(is_decimal), "a number"),
        "STRING" | "CHAR" => (written.is_some(), "text"),
        "BOOLEAN" => (value.as_bool().is_some(), "true or false"),
        "DATE" | "TIMESTAMP" | "TIMESTAMP_NTZ" => {
            (written.is_some_and(is_date), "text in ISO 8601 form such as 2024-05-01")
        }
        "INTERVAL" => (
            written.is_some_and(|text| text.starts_with("INTERVAL") && text.ends_with("DAY TO SECOND")),
            "text such as INTERVAL '1 0:0:5.0' DAY TO SECOND",
        ),
        "BINARY" => (written.is_some_and(|text| base64::decode(text).is_ok()), "bytes as base64 text"),
        "ARRAY" => (value.is_array(), "an array"),
        "MAP" | "STRUCT" => (value.is_object(), "an object"),
        _ => (!value.is_null(), "a value"),
    };
    (!fits).then_some(expected)
}

fn is_whole(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let points = digits.bytes().filter(|byte| *byte == b'.').count();
    points <= 1
        && digits.bytes().any(|byte| byte.is_ascii_digit())
        && digits.bytes().all(|byte| byte == b'.' || byte.is_ascii_digit())
}

/// A date, alone or with a time after it; the warehouse reads the rest.
fn is_date(text: &str) -> bool {
    let day = text.get(..10).unwrap_or_default();
    let form =
        day.bytes().enumerate().all(|(at, byte)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() });
    let rest = text.get(10..).unwrap_or_default();
    day.len() == 10 && form && (rest.is_empty() || (rest.starts_with(['T', ' ']) && find(rest, ":").is_some()))
}

fn kind(value: Raw<'_>) -> &'static str {
    match value.text().as_bytes().first() {
        Some(b'"') => "this text",
        Some(b'{') => "an object",
        Some(b'[') => "an array",
        Some(b't' | b'f') => "true or false",
        Some(b'n') => "null",
        _ => "this number",
    }
}
