//! The parameters of a generation, checked as TGI checks them (wire: huggingface §4).

use serde_json::{Map, Value};

use super::errors::Refusal;
use crate::model::ResponseFormat;

/// Most stop texts.
const MAX_STOPS: usize = 4;
/// Most tokens of a prompt.
pub(super) const MAX_INPUT: usize = 4095;
/// Most tokens of prompt and answer.
pub(super) const MAX_TOTAL: usize = 8192;

/// The parameters that change what the stand-in does.
#[derive(Debug, Clone)]
pub(super) struct Parameters {
    pub(super) max_new_tokens: usize,
    pub(super) stop: Vec<String>,
    pub(super) return_full_text: Option<bool>,
    pub(super) details: bool,
    pub(super) prefill: bool,
    pub(super) truncate: Option<usize>,
    pub(super) seed: Option<u64>,
    pub(super) sampled: bool,
    pub(super) top_n_tokens: usize,
    pub(super) format: ResponseFormat,
}

type Fields = Map<String, Value>;

fn present<'f>(fields: &'f Fields, name: &str) -> Option<&'f Value> {
    fields.get(name).filter(|value| !value.is_null())
}

fn number(fields: &Fields, name: &str, fits: impl Fn(f64) -> bool, must: &str) -> Result<(), Refusal> {
    match present(fields, name).map(Value::as_f64) {
        None => Ok(()),
        Some(Some(value)) if fits(value) => Ok(()),
        Some(_) => Err(Refusal::validation(&format!("`{name}` must be {must}"))),
    }
}

fn count(fields: &Fields, name: &str) -> Result<Option<u64>, Refusal> {
    match present(fields, name).map(Value::as_u64) {
        None => Ok(None),
        Some(Some(value)) if value > 0 => Ok(Some(value)),
        Some(_) => Err(Refusal::validation(&format!("`{name}` must be strictly positive"))),
    }
}

fn flag(fields: &Fields, name: &str) -> Result<Option<bool>, Refusal> {
    match present(fields, name) {
        None => Ok(None),
        Some(Value::Bool(value)) => Ok(Some(*value)),
        Some(_) => Err(Refusal::validation(&format!("`{name}` must be true or false"))),
    }
}

fn small(value: u64) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

/// Reads `parameters`; `default_tokens` is how much is said when nothing limits it. Unknown names are passed over, as TGI does.
pub(super) fn read(parameters: Option<&Value>, default_tokens: usize, stream: bool) -> Result<Parameters, Refusal> {
    let none = Fields::new();
    let fields = match parameters {
        None | Some(Value::Null) => &none,
        Some(Value::Object(fields)) => fields,
        Some(_) => return Err(Refusal::validation("`parameters` must be an object")),
    };
    number(fields, "temperature", |value| value > 0.0, "strictly positive")?;
    number(fields, "repetition_penalty", |value| value > 0.0, "strictly positive")?;
    number(fields, "frequency_penalty", |value| (-2.0..=2.0).contains(&value), "between -2 and 2")?;
    number(fields, "top_p", |value| value > 0.0 && value < 1.0, "> 0.0 and < 1.0")?;
    number(fields, "typical_p", |value| value > 0.0 && value < 1.0, "> 0.0 and < 1.0")?;
    count(fields, "top_k")?;
    let best_of = count(fields, "best_of")?.unwrap_or(1);
    let sampled = flag(fields, "do_sample")?.unwrap_or(parameters.is_none_or(Value::is_null))
        || ["temperature", "top_k", "top_p", "typical_p"].iter().any(|name| present(fields, name).is_some());
    if best_of > 1 && !sampled {
        return Err(Refusal::validation("you must use sampling when `best_of` is > 1"));
    }
    if best_of > 1 && stream {
        return Err(Refusal::validation("`best_of` != 1 is not supported when streaming tokens"));
    }
    let prefill = flag(fields, "decoder_input_details")?.unwrap_or(false);
    if prefill && stream {
        return Err(Refusal::validation("`decoder_input_details` == true is not supported when streaming tokens"));
    }
    let stop = stops(fields)?;
    Ok(Parameters {
        max_new_tokens: count(fields, "max_new_tokens")?.map_or(default_tokens, small),
        stop,
        return_full_text: flag(fields, "return_full_text")?,
        details: flag(fields, "details")?.unwrap_or(false),
        prefill,
        truncate: count(fields, "truncate")?.map(small),
        seed: present(fields, "seed").and_then(Value::as_u64),
        sampled,
        top_n_tokens: count(fields, "top_n_tokens")?.map_or(0, small),
        format: grammar(present(fields, "grammar"))?,
    })
}

/// `stop`, or the hub client's older name for it.
fn stops(fields: &Fields) -> Result<Vec<String>, Refusal> {
    let Some(value) = present(fields, "stop").or_else(|| present(fields, "stop_sequences")) else {
        return Ok(Vec::new());
    };
    let list = value.as_array().map(|list| list.iter().map(|text| text.as_str().map(str::to_owned)));
    let Some(texts) = list.and_then(Iterator::collect::<Option<Vec<String>>>) else {
        return Err(Refusal::validation("`stop` must be a list of strings"));
    };
    if texts.len() > MAX_STOPS {
        let message = format!("`stop` supports up to {MAX_STOPS} stop sequences. Given: {}", texts.len());
        return Err(Refusal::validation(&message));
    }
    Ok(texts.into_iter().filter(|text| !text.is_empty()).collect())
}

pub(super) fn grammar(grammar: Option<&Value>) -> Result<ResponseFormat, Refusal> {
    let Some(grammar) = grammar else { return Ok(ResponseFormat::Text) };
    let value = grammar.get("value");
    let schema = match grammar.get("type").and_then(Value::as_str) {
        Some("json" | "json_object") => value,
        Some("json_schema") => value.and_then(|value| value.get("schema")),
        Some("regex") => {
            return Err(Refusal::validation("the emulator's stand-in follows no regular expressions; use type json"));
        }
        _ => return Err(Refusal::validation("`grammar.type` must be json, json_object, json_schema or regex")),
    };
    match schema {
        Some(schema) if schema.is_object() => Ok(ResponseFormat::JsonSchema(schema.clone())),
        _ => Err(Refusal::validation("`grammar.value` must be a JSON schema")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_tgi_refuses_is_refused() {
        for (bad, stream) in [
            (json!({"temperature": 0}), false),
            (json!({"top_p": 1.0}), false),
            (json!({"top_k": 0}), false),
            (json!({"max_new_tokens": 0}), false),
            (json!({"best_of": 2}), false),
            (json!({"best_of": 2, "do_sample": true}), true),
            (json!({"decoder_input_details": true}), true),
            (json!({"stop": ["a", "b", "c", "d", "e"]}), false),
            (json!({"stop": "a"}), false),
            (json!({"frequency_penalty": 3}), false),
            (json!({"grammar": {"type": "regex", "value": "a*"}}), false),
        ] {
            assert!(read(Some(&bad), 20, stream).is_err(), "{bad}");
        }
        let good =
            read(Some(&json!({"stop_sequences": ["x"], "return_full_text": null, "unknown": 1})), 20, true).unwrap();
        assert_eq!((good.stop, good.max_new_tokens, good.sampled), (vec!["x".to_owned()], 20, false));
        assert!(read(None, 20, false).unwrap().sampled);
    }
}
