//! Request fields of the handle and of the call, merged into one body. Pure, on text.

use crate::error::{Error, ErrorKind, Result};
use crate::wire::json::{Raw, push_string};

pub(super) fn invalid(sentence: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidInput, sentence)
}

/// A sentence of pieces, without the code that formatting brings along.
pub(super) fn sentence(pieces: &[&str]) -> String {
    pieces.concat()
}

pub(super) fn object<'a>(what: &str, text: &'a str) -> Result<Raw<'a>> {
    let raw = Raw::parse(text).map_err(|fault| invalid(sentence(&[what, " cannot be sent: ", fault.message()])))?;
    if raw.is_object() { Ok(raw) } else { Err(invalid(sentence(&[what, " must be an object of request fields."]))) }
}

pub(super) fn push_field(out: &mut String, name: &str, value: &str) {
    if !out.ends_with('{') {
        out.push(',');
    }
    push_string(out, name);
    out.push(':');
    out.push_str(value);
}

/// A misspelt option must not vanish silently, nor reach an endpoint that refuses it.
fn check_names(fields: Raw<'_>, known: &[&str], input: &str, what: &str) -> Result<()> {
    for (name, _) in fields.fields() {
        if name == "stream" {
            return Err(invalid("Leave `stream` out: call stream() for a streamed answer, invoke() for a whole one."));
        }
        if name != input && !known.contains(&name.as_ref()) {
            return Err(invalid(sentence(&[
                "`",
                &name,
                "` is not ",
                what,
                ". If the endpoint takes it, put it into `extra_params`.",
            ])));
        }
    }
    Ok(())
}

/// What the fields of a body are called, and how one of them is written.
pub(super) struct Fields<'a> {
    /// The names the service knows.
    pub(super) known: &'a [&'a str],
    /// The field that holds what is asked.
    pub(super) input: &'a str,
    /// What an option is called in a sentence.
    pub(super) what: &'a str,
    /// Writes a field that is not `null`.
    pub(super) write: fn(&mut String, &str, Raw<'_>) -> Result<()>,
}

/// Writes the fields of the handle and of the call after the input: the call's win, `null` takes a
/// default back, and `extra_params` is merged into the top level and wins over fields of its name.
pub(super) fn push_all(out: &mut String, defaults: Raw<'_>, request: Raw<'_>, of: &Fields<'_>) -> Result<()> {
    check_names(defaults, of.known, of.input, of.what)?;
    check_names(request, of.known, of.input, of.what)?;
    let mine = request.get_some("extra_params");
    let base = defaults.get_some("extra_params").filter(|_| request.get("extra_params").is_none() || mine.is_some());
    if [mine, base].iter().flatten().any(|given| !given.is_object()) {
        return Err(invalid("`extra_params` must be an object of request fields."));
    }
    let has = |object: Option<Raw<'_>>, name: &str| object.is_some_and(|object| object.get(name).is_some());
    let reserved = |name: &str| name == of.input || name == "extra_params" || name == "stream";
    for (fields, from_call) in [(defaults, false), (request, true)] {
        for (name, value) in fields.fields() {
            let overruled = !from_call && request.get(&name).is_some();
            if !reserved(&name) && !overruled && !value.is_null() && !has(mine, &name) && !has(base, &name) {
                (of.write)(out, &name, value)?;
            }
        }
    }
    for (fields, from_call) in [(base, false), (mine, true)] {
        for (name, value) in fields.into_iter().flat_map(Raw::fields) {
            let overruled = !from_call && has(mine, &name);
            if reserved(&name) {
                return Err(invalid(sentence(&["`", &name, "` cannot stand in `extra_params`."])));
            }
            if !overruled && !value.is_null() {
                push_field(out, &name, value.text());
            }
        }
    }
    Ok(())
}
