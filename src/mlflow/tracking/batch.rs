//! What a run logs, as requests within MLflow's limits. Pure, and on JSON texts: both faces split alike.

use crate::error::{Error, ErrorKind, Result};
use crate::order;
use crate::wire::json::{Raw, push_string};

/// How many metrics one request holds.
pub const MAX_METRICS: usize = 1000;
/// How many parameters one request holds, and how many tags.
pub const MAX_PARAMS: usize = 100;
/// How many metrics, parameters and tags one request holds together.
pub const MAX_ITEMS: usize = 1000;
/// How long the body of one request is, in bytes.
pub const MAX_BODY: usize = 1_000_000;
/// How long a key is, in characters.
pub const MAX_KEY: usize = 250;

/// One request of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its body.
    pub body: String,
    /// How many metrics, parameters and tags it holds.
    pub counts: [usize; 3],
}

/// Splits what a run logs into requests, in order. The three texts are lists of `{key, value, timestamp, step}` and
/// `{key, value}`; `now`, in milliseconds since 1970, is the time of metrics that say none.
///
/// Parameters and tags go first, as many as fit with the first metrics. Nothing is sent yet, so everything is checked here:
/// keys, values, parameters given twice, what is too long for any request. Values of parameters and tags that are longer
/// than the server keeps (6000 and 8000 characters) are left to the server, which cuts them.
///
/// # Errors
/// `InvalidInput`, naming the key.
///
/// ```
/// use lakewire::{mlflow::tracking::batch::split, wire::json::Raw};
/// let metrics = Raw::parse(r#"[{"key":"loss","value":0.5,"step":2}]"#)?;
/// let parts = split("r1", metrics, Raw::parse("[]")?, Raw::parse("[]")?, 7)?;
/// assert_eq!(parts[0].body, r#"{"run_id":"r1","metrics":[{"key":"loss","value":0.5,"timestamp":7,"step":2}]}"#);
/// # Ok::<(), lakewire::Error>(())
/// ```
pub fn split(run_id: &str, metrics: Raw<'_>, params: Raw<'_>, tags: Raw<'_>, now: u64) -> Result<Vec<Part>> {
    if run_id.is_empty() {
        return Err(invalid(&["The run id is empty: give the `run_id` of a run."]));
    }
    let mut metric_texts = Vec::new();
    for item in metrics.items() {
        metric_texts.push(metric(item, now)?);
    }
    let param_texts = pairs("parameter", params)?;
    once(params)?;
    let tag_texts = pairs("tag", tags)?;
    let lists: [(&str, Vec<String>, usize); 3] =
        [("params", param_texts, MAX_PARAMS), ("tags", tag_texts, MAX_PARAMS), ("metrics", metric_texts, MAX_METRICS)];
    let mut head = String::from("{\"run_id\":");
    push_string(&mut head, run_id);
    // brackets, names and the end of the largest body
    let spare = MAX_BODY.saturating_sub(head.len() + 48);
    let mut taken = [0_usize; 3];
    let mut parts = Vec::new();
    loop {
        let mut body = head.clone();
        let mut counts = [0_usize; 3];
        let mut items = 0;
        let mut bytes = 0;
        for (at, (name, texts, most)) in lists.iter().enumerate() {
            let from = taken.get(at).copied().unwrap_or(0);
            let mut count = 0;
            while let Some(text) = texts.get(from + count) {
                if text.len() > spare {
                    return Err(too_long(text));
                }
                if count == *most || items == MAX_ITEMS || bytes + text.len() + 1 > spare {
                    break;
                }
                body.push_str(if count == 0 { ",\"" } else { "," });
                if count == 0 {
                    body.push_str(name);
                    body.push_str("\":[");
                }
                body.push_str(text);
                (count, items, bytes) = (count + 1, items + 1, bytes + text.len() + 1);
            }
            if count > 0 {
                body.push(']');
            }
            if let (Some(taken), Some(counted)) = (taken.get_mut(at), counts.get_mut((at + 1) % 3)) {
                *taken += count;
                *counted = count;
            }
        }
        if items == 0 {
            return Ok(parts);
        }
        body.push('}');
        parts.push(Part { body, counts });
    }
}

/// The error of a batch of which only the first requests arrived.
pub(crate) fn broken(error: Error, arrived: [usize; 3], given: [usize; 3]) -> Error {
    let [metrics, params, tags] = arrived.map(|count| count.to_string());
    let [all_metrics, all_params, all_tags] = given.map(|count| count.to_string());
    let counts = ["{\"metrics\":", &metrics, ",\"params\":", &params, ",\"tags\":", &tags, "}"].concat();
    let sure = if error.maybe_processed() {
        " The request that failed may have arrived too; it can be sent again as it is."
    } else {
        ""
    };
    let [of, and] = [" of ", ", "];
    let sentence = [
        "Of this batch arrived, in order: ",
        &metrics,
        of,
        &all_metrics,
        " metrics",
        and,
        &params,
        of,
        &all_params,
        " parameters",
        and,
        &tags,
        of,
        &all_tags,
        " tags.",
        sure,
    ];
    error.with_advice(&sentence.concat()).with_partial(Some(counts))
}

fn metric(item: Raw<'_>, now: u64) -> Result<String> {
    let name = key("metric", item)?;
    let value = item.get_some("value");
    let text = value.map(Raw::text).unwrap_or_default();
    let number = text.starts_with(|first: char| first == '-' || first.is_ascii_digit());
    if !number && !matches!(text, "\"NaN\"" | "\"Infinity\"" | "\"-Infinity\"") {
        return Err(invalid(&["The metric `", &name, "` has a value that is not a number."]));
    }
    let mut out = String::from("{\"key\":");
    push_string(&mut out, &name);
    out.push_str(",\"value\":");
    out.push_str(text);
    out.push_str(",\"timestamp\":");
    match item.get_some("timestamp") {
        None => out.push_str(&now.to_string()),
        Some(time) => match integer(time) {
            Some(number) if number >= 0 => out.push_str(time.text()),
            _ => {
                return Err(invalid(&[
                    "The metric `",
                    &name,
                    "` has a timestamp that is not a whole number of milliseconds since 1970.",
                ]));
            }
        },
    }
    out.push_str(",\"step\":");
    match item.get_some("step") {
        None => out.push('0'),
        Some(step) if integer(step).is_some() => out.push_str(step.text()),
        Some(_) => {
            return Err(invalid(&["The metric `", &name, "` has a step that is not a whole number of 64 bits."]));
        }
    }
    out.push('}');
    Ok(out)
}

/// A 64-bit integer, as a number or as a text of digits.
fn integer(value: Raw<'_>) -> Option<i64> {
    let text = value.text();
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text).parse().ok()
}

fn pairs(what: &str, list: Raw<'_>) -> Result<Vec<String>> {
    let mut out = Vec::new();
    for item in list.items() {
        let name = key(what, item)?;
        let Some(value) = item.get_some("value").filter(|value| value.is_string()) else {
            return Err(invalid(&["The ", what, " `", &name, "` has no text for a value."]));
        };
        let mut text = String::from("{\"key\":");
        push_string(&mut text, &name);
        text.push_str(",\"value\":");
        text.push_str(value.text());
        text.push('}');
        out.push(text);
    }
    Ok(out)
}

/// A key of a metric, parameter or tag, checked as MLflow's server does.
///
/// # Errors
/// `InvalidInput`, saying which characters keys are made of.
pub fn check_key(what: &str, key: &str) -> Result<()> {
    // letters of any script are MLflow's `\w`
    let fits =
        |one: u8| one.is_ascii_alphanumeric() || matches!(one, b'_' | b'-' | b'.' | b'/' | b':' | b' ') || one >= 0x80;
    if key.is_empty() {
        Err(invalid(&["A ", what, " has no key: give it a name."]))
    } else if !key.bytes().all(fits) {
        let rule = "`: keys are made of letters, digits, `_`, `-`, `.`, `/`, `:` and spaces.";
        Err(invalid(&["The ", what, " has the key `", key, rule]))
    } else if key.chars().count() > MAX_KEY {
        Err(invalid(&["The ", what, " has a key longer than 250 characters, which begins `", beginning(key), "`."]))
    } else if key.split('/').any(|part| matches!(part, "" | "." | "..")) {
        let rule = "`: between its slashes stand names, not nothing, `.` or `..`.";
        Err(invalid(&["The ", what, " has the key `", key, rule]))
    } else {
        Ok(())
    }
}

fn key(what: &str, item: Raw<'_>) -> Result<String> {
    let key = item.get_some("key").and_then(Raw::as_str).unwrap_or_default();
    check_key(what, &key)?;
    Ok(key.into_owned())
}

/// A parameter is given once: the server refuses the request that holds it twice, and every later value.
fn once(params: Raw<'_>) -> Result<()> {
    let mut keys: Vec<_> = params.items().filter_map(|item| item.get_some("key").and_then(Raw::as_str)).collect();
    order::sort(&mut keys, |one, other| **one < **other);
    let mut before = None;
    for key in &keys {
        if before == Some(key) {
            return Err(invalid(&["The parameter `", key, "` is given twice: a run's parameters never change."]));
        }
        before = Some(key);
    }
    Ok(())
}

fn too_long(text: &str) -> Error {
    let key = Raw::trusted(text).get_some("key").and_then(Raw::as_str).unwrap_or_default();
    invalid(&["The value of `", &key, "` is longer than one request may be (1 MB): log it as an artifact."])
}

fn beginning(text: &str) -> &str {
    text.char_indices().nth(40).and_then(|(at, _)| text.get(..at)).unwrap_or(text)
}

#[inline(never)]
fn invalid(parts: &[&str]) -> Error {
    Error::new(ErrorKind::InvalidInput, parts.concat())
}

#[cfg(test)]
#[path = "batch_tests.rs"]
mod tests;
