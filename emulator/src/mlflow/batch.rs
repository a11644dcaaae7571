//! What runs log: metrics, params and tags, one by one and in batches (wire: mlflow-tracking §4).

use serde_json::Value;

use super::fields::{Fields, missing};
use super::paging;
use super::runs::{metric, tag};
use super::store::{Point, Run, Series, Store};
use super::{Answer, Asked, invalid, nothing};
use crate::errors::ApiError;

/// Longest key, in characters.
const MAX_KEY: usize = 250;
/// Longest value of a param; a longer one is cut.
const MAX_PARAM: usize = 6000;

/// The calls that log, and the one that reads a metric's history.
pub(super) fn answer(asked: &Asked, store: &mut Store, segments: &[&str]) -> Option<Answer> {
    Some(match (asked.method.as_str(), segments) {
        ("POST", ["runs", "log-metric"]) => log_metric(asked, store),
        ("POST", ["runs", "log-parameter"]) => log_param(asked, store),
        ("POST", ["runs", "log-batch"]) => log_batch(asked, store),
        ("GET", ["metrics", "get-history"]) => history(asked, store),
        _ => return None,
    })
}

/// Refuses a key that cannot be one. `place` is what the sentence calls the field, `what` what it calls a key that is too long.
pub(super) fn check_key(place: &str, what: &str, key: &str) -> Result<(), ApiError> {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ' ' | ':' | '/');
    if !key.chars().all(fits) {
        return Err(invalid(format!(
            "Invalid value {} for parameter '{place}' supplied: Names may only contain alphanumerics, underscores (_), \
             dashes (-), periods (.), spaces ( ), colon(:) and slashes (/).",
            Value::from(key)
        )));
    }
    let plain = normal(key);
    if plain != key || key == "." || key.starts_with("..") || key.starts_with('/') {
        return Err(invalid(format!(
            "Invalid value {} for parameter '{place}' supplied: Names may be treated as files in certain cases, and must not \
             resolve to other names when treated as such. This name would resolve to {}",
            Value::from(key),
            quoted(&plain)
        )));
    }
    if key.chars().count() > MAX_KEY {
        return Err(invalid(format!("'{what}' exceeds the maximum length of {MAX_KEY} characters")));
    }
    Ok(())
}

/// A path without `.`, `..` and doubled slashes, as `posixpath.normpath` has it.
fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    let absolute = path.starts_with('/');
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            ".." if absolute => {}
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    match (absolute, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}

/// A text as Python prints it.
pub(super) fn quoted(text: &str) -> String {
    if text.contains('\'') && !text.contains('"') { format!("\"{text}\"") } else { format!("'{text}'") }
}

fn check_time(key: &str, point: Point) -> Result<(), ApiError> {
    if point.timestamp < 0 {
        return Err(invalid(format!(
            "Invalid value {} for parameter 'timestamp' supplied: metric '{key}' (value={:?}). Timestamp must be a nonnegative \
             long (64-bit integer) ",
            point.timestamp, point.value
        )));
    }
    Ok(())
}

fn point(value: f64, timestamp: i64, step: i64) -> Point {
    // infinities become the largest numbers there are
    let value = if value.is_infinite() { f64::MAX.copysign(value) } else { value };
    Point { value, timestamp, step }
}

/// Adds a value to its metric; the same one again adds nothing.
fn add(run: &mut Run, key: &str, point: Point) {
    let place = (point.timestamp, point.step, ordered(point.value));
    let newer = |last: &Point| {
        (point.step, point.timestamp, ordered(point.value)) >= (last.step, last.timestamp, ordered(last.value))
    };
    if let Some(series) = run.metrics.iter_mut().find(|series| series.key == key) {
        if newer(&series.last) {
            series.last = point;
        }
        series.points.insert(place, point);
        return;
    }
    let points = [(place, point)].into();
    run.metrics.push(Series { key: key.to_owned(), points, last: point });
}

/// Bits that are in order as the numbers are; no number counts as zero.
fn ordered(value: f64) -> u64 {
    let bits = if value.is_nan() { 0.0_f64.to_bits() } else { value.to_bits() };
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

fn log_metric(asked: &Asked, store: &mut Store) -> Answer {
    let fields = Fields::of(asked)?;
    let id = fields.run_id()?;
    let key = fields.required("key")?;
    let value = fields.float("value")?.ok_or_else(|| missing("value"))?;
    let timestamp = fields.int("timestamp")?.ok_or_else(|| missing("timestamp"))?;
    let point = point(value, timestamp, fields.int("step")?.unwrap_or(0));
    check_key("name", "Metric name", key)?;
    check_time(key, point)?;
    store.active_run(id)?;
    store.make_room(1)?;
    add(store.active_run(id)?, key, point);
    nothing()
}

fn log_param(asked: &Asked, store: &mut Store) -> Answer {
    let fields = Fields::of(asked)?;
    let id = fields.run_id()?;
    let key = fields.required("key")?;
    let value = cut(fields.text("value")?.unwrap_or_default());
    check_key("key", "Param key", key)?;
    let run = store.active_run(id)?;
    if let Some(old) = run.params.get(key).filter(|old| *old != value) {
        return Err(invalid(format!(
            "Changing param values is not allowed. Param with key='{key}' was already logged with value='{old}' for run \
             ID='{id}'. Attempted logging new value '{value}'."
        )));
    }
    run.params.put(key, value)?;
    nothing()
}

fn cut(value: &str) -> String {
    value.chars().take(MAX_PARAM).collect()
}

/// A batch as it was sent.
struct Batch {
    metrics: Vec<(String, Point)>,
    params: Vec<(String, String)>,
    tags: Vec<(String, String)>,
}

fn read(fields: &Fields) -> Result<Batch, ApiError> {
    let mut metrics = Vec::new();
    for (index, item) in fields.list("metrics")?.iter().enumerate() {
        let item = Fields::inner(item);
        let lacking = |name: &str| missing(&format!("metrics[{index}].{name}"));
        let key = item.text("key")?.filter(|key| !key.is_empty()).ok_or_else(|| lacking("key"))?;
        let value = item.float("value")?.ok_or_else(|| lacking("value"))?;
        let timestamp = item.int("timestamp")?.ok_or_else(|| lacking("timestamp"))?;
        metrics.push((key.to_owned(), point(value, timestamp, item.int("step")?.unwrap_or(0))));
    }
    let params = fields.pairs("params")?.into_iter().map(|(key, value)| (key, cut(&value))).collect();
    Ok(Batch { metrics, params, tags: fields.pairs("tags")? })
}

fn check_limits(batch: &Batch) -> Result<(), ApiError> {
    let too_many = |what: &str, most: usize, got: usize| {
        let message = format!(
            "A batch logging request can contain at most {most} {what}. Got {got} {what}. Please split up {what} across multiple \
             requests and try again."
        );
        if got > most { Err(invalid(message)) } else { Ok(()) }
    };
    let (metrics, params, tags) = (batch.metrics.len(), batch.params.len(), batch.tags.len());
    too_many("metrics", 1000, metrics)?;
    too_many("params", 100, params)?;
    too_many("tags", 100, tags)?;
    too_many("metrics, params, and tags", 1000, metrics + params + tags)
}

fn check_keys(batch: &Batch) -> Result<(), ApiError> {
    for (index, (key, point)) in batch.metrics.iter().enumerate() {
        check_key(&format!("metrics[{index}].name"), "Metric name", key)?;
        check_time(key, *point)?;
    }
    for (index, (key, _)) in batch.params.iter().enumerate() {
        check_key(&format!("params[{index}].key"), "Param key", key)?;
    }
    for (index, (key, _)) in batch.tags.iter().enumerate() {
        let place = format!("tags[{index}].key");
        check_key(&place, &place, key)?;
    }
    let mut twice: Vec<String> = Vec::new();
    for (index, (key, _)) in batch.params.iter().enumerate() {
        let name = quoted(key);
        if batch.params.iter().take(index).any(|(known, _)| known == key) && !twice.contains(&name) {
            twice.push(name);
        }
    }
    if !twice.is_empty() {
        return Err(invalid(format!(
            "Duplicate parameter keys have been submitted: [{}]. Please ensure the request contains only one param value per \
             param key.",
            twice.join(", ")
        )));
    }
    Ok(())
}

fn log_batch(asked: &Asked, store: &mut Store) -> Answer {
    let fields = Fields::of(asked)?;
    let id = fields.run_id()?;
    let batch = read(&fields)?;
    check_limits(&batch)?;
    check_keys(&batch)?;
    let run = store.active_run(id)?;
    let changed: Vec<String> = batch
        .params
        .iter()
        .filter_map(|(key, value)| {
            let old = run.params.get(key).filter(|old| old != value)?;
            Some(format!("{{'key': {}, 'old_value': {}, 'new_value': {}}}", quoted(key), quoted(old), quoted(value)))
        })
        .collect();
    if !changed.is_empty() {
        let changed = changed.join(", ");
        return Err(invalid(format!(
            "Changing param values is not allowed. Params were already logged='[{changed}]' for run ID='{id}'."
        )));
    }
    store.make_room(batch.metrics.len())?;
    let run = store.active_run(id)?;
    for (key, value) in batch.params {
        run.params.put(&key, value)?;
    }
    for (key, point) in batch.metrics {
        add(run, &key, point);
    }
    for (key, value) in batch.tags {
        tag(run, &key, &value)?;
    }
    nothing()
}

fn history(asked: &Asked, store: &Store) -> Answer {
    let fields = Fields::of(asked)?;
    let (id, key) = (fields.run_id()?, fields.required("metric_key")?);
    let size = fields.int("max_results")?;
    if let Some(size) = size.filter(|size| *size <= 0) {
        return Err(invalid(format!(
            "Invalid value {size} for parameter 'max_results' supplied. It must be a positive integer."
        )));
    }
    let size = size.and_then(|size| usize::try_from(size).ok()).unwrap_or(usize::MAX);
    let size = asked.fault.page_rows.unwrap_or(size).min(size);
    let from = paging::offset(&fields)?;
    let series = store.runs.get(id).and_then(|run| run.metrics.iter().find(|series| series.key == key));
    let rows = series.into_iter().flat_map(|series| series.points.values()).map(|point| metric(key, *point));
    Ok(paging::page(asked, "metrics", rows.collect(), (from, size)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_names_of_files_that_lead_nowhere_else() {
        for good in ["a b/c:d.e-f_g", "a", "a/b", "é"] {
            assert!(check_key("key", "key", good).is_ok(), "{good}");
        }
        for bad in ["a!", "../up", "a//b", "./a", "a/", "/a", "a/../b", ".", ".."] {
            assert!(check_key("key", "key", bad).is_err(), "{bad}");
        }
        assert!(check_key("key", "key", &"k".repeat(250)).is_ok());
        assert!(check_key("key", "key", &"k".repeat(251)).is_err());
    }

    #[test]
    fn numbers_are_in_order() {
        let sorted = [f64::MIN, -1.5, -0.5, 0.0, 1e-300, 0.5, 2.0, f64::MAX];
        assert!(sorted.windows(2).all(|pair| ordered(pair[0]) < ordered(pair[1])));
        assert_eq!(ordered(f64::NAN), ordered(0.0));
    }
}
