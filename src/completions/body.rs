//! From a prompt to the body on the wire. Pure, and on text, for both faces.
//!
//! A request is an object of `prompt` and what else is set; a function of the caller's may change it
//! before it becomes the body its kind of endpoint takes.

use crate::completions::kind::Kind;
use crate::completions::types::{CompletionParams, InputFormat};
use crate::error::{Error, ErrorKind, Result};
use crate::wire::json::{Raw, push_string};

/// The request: `prompt` and the fields set on the handle (`defaults`) and for this call (`call`),
/// which win. A `null` in `call` takes a default back, and so does an empty `stop`.
///
/// # Errors
/// `InvalidInput` with a sentence that says which field and what to write instead.
///
/// ```
/// use lakewire::completions::body::request;
/// let text = request("2+2?", r#"{"max_tokens":16,"stop":["\n"]}"#, r#"{"stop":"."}"#)?;
/// assert_eq!(text, r#"{"prompt":"2+2?","max_tokens":16,"stop":["."]}"#);
/// # Ok::<(), lakewire::Error>(())
/// ```
pub fn request(prompt: &str, defaults: &str, call: &str) -> Result<String> {
    let (defaults, call) = (object("The defaults", defaults)?, object("The options", call)?);
    let (of_handle, of_call) = (extras(defaults)?, extras(call)?);
    check_names(defaults)?;
    check_names(call)?;
    let mut out = String::from("{\"prompt\":");
    push_string(&mut out, prompt);
    let in_extra = |name: &str| [of_call, of_handle].iter().flatten().any(|extra| extra.get(name).is_some());
    for (name, value) in defaults.fields().filter(|(name, _)| !in_extra(name) && call.get(name).is_none()) {
        push_param(&mut out, &name, value)?;
    }
    for (name, value) in call.fields().filter(|(name, _)| !in_extra(name)) {
        push_param(&mut out, &name, value)?;
    }
    for (name, value) in of_handle.into_iter().flat_map(Raw::fields) {
        if of_call.is_none_or(|extra| extra.get(&name).is_none()) {
            push_field(&mut out, &name, value.text());
        }
    }
    for (name, value) in of_call.into_iter().flat_map(Raw::fields).filter(|(_, value)| !value.is_null()) {
        push_field(&mut out, &name, value.text());
    }
    out.push('}');
    Ok(out)
}

/// The body: a request, perhaps changed by a function of the caller's, in the form its endpoint takes.
///
/// `params` is the JSON text of an object that custom models take beside their input.
///
/// # Errors
/// `InvalidInput` when the request is not one this kind of endpoint can take.
///
/// ```
/// use lakewire::completions::{Kind, InputFormat, body::body};
/// let of = |kind| body(kind, r#"{"prompt":"2+2?"}"#, InputFormat::default(), None, false);
/// assert_eq!(of(Kind::Chat)?, r#"{"messages":[{"role":"user","content":"2+2?"}]}"#);
/// assert_eq!(of(Kind::Custom)?, r#"{"dataframe_records":[{"prompt":"2+2?"}]}"#);
/// # Ok::<(), lakewire::Error>(())
/// ```
pub fn body(kind: Kind, request: &str, format: InputFormat, params: Option<&str>, stream: bool) -> Result<String> {
    let root =
        Raw::parse(request).map_err(|fault| invalid(&format!("The request cannot be sent: {}", fault.message())))?;
    match kind {
        Kind::App if params.is_some() => Err(no_use_to_an_app("params")),
        Kind::App => Ok(root.text().to_owned()),
        Kind::Custom => wrapped(root, format, params),
        Kind::Chat | Kind::Completions => {
            if !root.is_object() {
                return Err(invalid(
                    "The request of this endpoint must be an object: the function that changed it gave something else.",
                ));
            }
            if params.is_some() {
                return Err(invalid(
                    "`params` is for custom models: set the fields themselves, or put them into `extra_params`.",
                ));
            }
            let mut out = String::from("{");
            let prompt = if kind == Kind::Chat && root.get("messages").is_none() { root.get("prompt") } else { None };
            for (name, value) in root.fields().filter(|(name, _)| name != "stream") {
                if name == "prompt" && prompt.is_some() {
                    push_field(&mut out, "messages", "[{\"role\":\"user\",\"content\":");
                    out.push_str(value.text());
                    out.push_str("}]");
                } else {
                    push_field(&mut out, &name, value.text());
                }
            }
            if stream {
                push_field(&mut out, "stream", "true");
            }
            out.push('}');
            Ok(out)
        }
    }
}

fn wrapped(row: Raw<'_>, format: InputFormat, params: Option<&str>) -> Result<String> {
    let mut out = String::from("{");
    match format {
        InputFormat::DataframeRecords => {
            push_field(&mut out, "dataframe_records", "[");
            out.push_str(row.text());
            out.push(']');
        }
        InputFormat::Instances => {
            push_field(&mut out, "instances", "[");
            out.push_str(row.text());
            out.push(']');
        }
        InputFormat::Inputs => push_field(&mut out, "inputs", row.text()),
        InputFormat::DataframeSplit => {
            if !row.is_object() {
                return Err(invalid(
                    "The input format dataframe_split needs an object of columns: the function that changed the request gave something else.",
                ));
            }
            let (mut columns, mut data) = (String::from("["), String::from("["));
            for (name, value) in row.fields() {
                for list in [&mut columns, &mut data] {
                    if list.len() > 1 {
                        list.push(',');
                    }
                }
                push_string(&mut columns, &name);
                data.push_str(value.text());
            }
            push_field(&mut out, "dataframe_split", "{\"columns\":");
            for piece in [&columns, "],\"data\":[", &data, "]]}"] {
                out.push_str(piece);
            }
        }
    }
    if let Some(params) = params {
        push_field(&mut out, "params", object("`params`", params)?.text());
    }
    out.push('}');
    Ok(out)
}

fn invalid(sentence: &str) -> Error {
    Error::new(ErrorKind::InvalidInput, sentence)
}

/// What an app is not sent, and where it belongs instead.
pub(crate) fn no_use_to_an_app(name: &str) -> Error {
    let mut sentence = String::from("An app takes no `");
    sentence.push_str(name);
    sentence.push_str("`: it gets the request as it is, or what a function that changes requests makes of it.");
    invalid(&sentence)
}

fn object<'a>(what: &str, text: &'a str) -> Result<Raw<'a>> {
    let raw = Raw::parse(text).map_err(|fault| invalid(&format!("{what} cannot be sent: {}", fault.message())))?;
    if raw.is_object() { Ok(raw) } else { Err(invalid(&format!("{what} must be an object of fields."))) }
}

/// The fields given in `extra_params`, or under its older name.
fn extras(fields: Raw<'_>) -> Result<Option<Raw<'_>>> {
    let extra = match (fields.get_some("extra_params"), fields.get_some("model_kwargs")) {
        (Some(_), Some(_)) => {
            return Err(invalid("`extra_params` and `model_kwargs` are the same: give one of them."));
        }
        (Some(extra), None) | (None, Some(extra)) => extra,
        (None, None) => return Ok(None),
    };
    if !extra.is_object() {
        return Err(invalid("`extra_params` must be an object of request fields."));
    }
    if extra.get("prompt").is_some() {
        return Err(invalid("`extra_params` holds a prompt: give the prompt to the call."));
    }
    Ok(Some(extra))
}

/// A misspelt option must not vanish silently, nor reach an endpoint that refuses it.
fn check_names(fields: Raw<'_>) -> Result<()> {
    for (name, _) in fields.fields() {
        if name == "stream" {
            return Err(invalid("Leave `stream` out: call stream() for a streamed answer, invoke() for a whole one."));
        }
        if name == "prompt" {
            return Err(invalid("The prompt is the first argument of the call, not an option."));
        }
        if !CompletionParams::FIELDS.contains(&name.as_ref()) {
            return Err(invalid(&format!(
                "`{name}` is not an option of completions. If the endpoint takes it, put it into `extra_params`."
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
        "extra_params" | "model_kwargs" => {}
        "stop" if value.is_string() => {
            push_field(out, name, "[");
            out.push_str(value.text());
            out.push(']');
        }
        "stop" if !(value.is_array() && value.items().all(Raw::is_string)) => {
            return Err(invalid("`stop` must be a text or a list of texts."));
        }
        // an empty list says the same as none, and some endpoints refuse it
        "stop" if value.at(0).is_none() => {}
        _ => push_field(out, name, value.text()),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn of(defaults: &str, call: &str) -> Value {
        serde_json::from_str(&request("P", defaults, call).unwrap()).unwrap()
    }

    fn refusal(defaults: &str, call: &str) -> String {
        let error = request("P", defaults, call).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        error.message().to_owned()
    }

    #[test]
    fn a_call_overrides_its_handle_field_by_field() {
        let defaults = r#"{"temperature":0,"max_tokens":9,"stop":["a"],"extra_params":{"x":1,"y":1}}"#;
        assert_eq!(of(defaults, "{}"), json!({"prompt":"P","temperature":0,"max_tokens":9,"stop":["a"],"x":1,"y":1}));
        let call = r#"{"temperature":1,"max_tokens":null,"stop":[],"model_kwargs":{"y":2,"n":3}}"#;
        assert_eq!(of(defaults, call), json!({"prompt":"P","temperature":1,"x":1,"y":2,"n":3}));
        assert_eq!(of(r#"{"temperature":0}"#, r#"{"extra_params":{"temperature":0.5}}"#)["temperature"], 0.5);
        assert_eq!(of(r#"{"extra_params":{"a":1}}"#, r#"{"extra_params":{"a":null}}"#), json!({"prompt":"P"}));
        assert_eq!(of("{}", r#"{"stop":"x"}"#)["stop"], json!(["x"]));
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        assert!(refusal("{}", r#"{"tempreature":1}"#).contains("`tempreature`"));
        assert!(refusal("{}", r#"{"stream":true}"#).contains("stream()"));
        assert!(refusal("{}", r#"{"prompt":"x"}"#).contains("first argument"));
        assert!(refusal(r#"{"extra_params":{},"model_kwargs":{}}"#, "{}").contains("the same"));
        assert!(refusal(r#"{"model_kwargs":{"prompt":"x"}}"#, "{}").contains("holds a prompt"));
        assert!(refusal(r#"{"extra_params":[]}"#, "{}").contains("must be an object"));
        assert!(refusal("{}", r#"{"stop":[1]}"#).contains("list of texts"));
        assert!(refusal("[]", "{}").contains("The defaults"));
    }

    #[test]
    fn every_format_of_a_custom_model() {
        let row = r#"{"prompt":"P","stop":["[","{"]}"#;
        let of = |format, params| body(Kind::Custom, row, format, params, false).unwrap();
        assert_eq!(of(InputFormat::DataframeRecords, None), format!(r#"{{"dataframe_records":[{row}]}}"#));
        assert_eq!(of(InputFormat::Instances, None), format!(r#"{{"instances":[{row}]}}"#));
        assert_eq!(of(InputFormat::Inputs, Some(r#"{"k":1}"#)), format!(r#"{{"inputs":{row},"params":{{"k":1}}}}"#));
        assert_eq!(
            of(InputFormat::DataframeSplit, None),
            r#"{"dataframe_split":{"columns":["prompt","stop"],"data":[["P",["[","{"]]]}}"#
        );
        assert!(body(Kind::Custom, "7", InputFormat::DataframeSplit, None, false).is_err());
        assert!(body(Kind::Custom, row, InputFormat::Inputs, Some("[1]"), false).is_err());
    }

    #[test]
    fn chat_gets_messages_and_the_others_what_they_are_given() {
        let of = |kind, text: &str, stream| body(kind, text, InputFormat::default(), None, stream);
        assert_eq!(
            of(Kind::Chat, r#"{"prompt":"P","n":1}"#, true).unwrap(),
            r#"{"messages":[{"role":"user","content":"P"}],"n":1,"stream":true}"#
        );
        let own = r#"{"messages":[["system","x"]],"prompt":"kept"}"#;
        assert_eq!(of(Kind::Chat, own, false).unwrap(), own);
        assert_eq!(of(Kind::Completions, r#"{"prompt":"P"}"#, true).unwrap(), r#"{"prompt":"P","stream":true}"#);
        assert_eq!(of(Kind::App, r#" [1, 2] "#, false).unwrap(), "[1, 2]");
        assert!(of(Kind::Chat, "[]", false).is_err());
        assert!(of(Kind::App, "{", false).is_err());
        assert!(body(Kind::Chat, "{}", InputFormat::default(), Some("{}"), false).is_err());
    }

    proptest! {
        #[test]
        fn any_prompt_arrives_as_it_is(prompt: String, key in "[a-z ]{1,8}", value: String) {
            prop_assume!(key != "prompt");
            let call = json!({"extra_params": {key.clone(): value}}).to_string();
            let text = request(&prompt, "{}", &call).unwrap();
            let read: Value = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(read.get("prompt").unwrap(), &json!(prompt));
            prop_assert_eq!(read.get(&key).unwrap(), &json!(value));
            for format in [InputFormat::DataframeRecords, InputFormat::DataframeSplit, InputFormat::Inputs, InputFormat::Instances] {
                let wrapped: Value = serde_json::from_str(&body(Kind::Custom, &text, format, None, false).unwrap()).unwrap();
                let found = match format {
                    InputFormat::DataframeRecords => wrapped.pointer("/dataframe_records/0/prompt"),
                    InputFormat::Instances => wrapped.pointer("/instances/0/prompt"),
                    InputFormat::Inputs => wrapped.pointer("/inputs/prompt"),
                    InputFormat::DataframeSplit => wrapped.pointer("/dataframe_split/data/0/0"),
                };
                prop_assert_eq!(found.unwrap(), &json!(prompt));
            }
        }
    }
}
