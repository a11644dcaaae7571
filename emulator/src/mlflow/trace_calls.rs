//! The calls around traces: tags, deletion, links to runs, and the older form (wire: mlflow-tracing §4).

use http::StatusCode;
use serde_json::{Value, json};

use super::fields::{Fields, missing};
use super::store::{Pairs, Store, Trace};
use super::{Answer, Asked, Kind, absent, assessments, invalid, nothing, traces};
use crate::errors::ApiError;

/// Longest value of a tag, in characters; a longer one is cut.
const MAX_TAG: usize = 4096;

/// The calls below `traces`, of the path `/api/{version}/mlflow/`.
pub(super) fn answer(asked: &Asked, store: &mut Store, version: &str, segments: &[&str]) -> Option<Answer> {
    Some(match (asked.method.as_str(), version, segments) {
        ("POST", "3.0", ["traces"]) => traces::post(asked, store),
        ("POST", "2.0", ["traces"]) => start(asked, store),
        ("GET", "2.0", ["traces"]) => list(asked, store),
        ("GET", "3.0", ["traces", "get"]) => traces::get_whole(asked, store),
        ("GET", "3.0", ["traces", "batchGet"]) => traces::batch_get(asked, store),
        ("POST", "3.0", ["traces", "search"]) => traces::search(asked, store),
        ("POST", _, ["traces", "delete-traces"]) => delete(asked, store),
        ("POST", "2.0", ["traces", "link-to-run"]) => link(asked, store),
        ("PATCH", _, ["traces", id, "tags"]) => set_tag(asked, store, id),
        ("DELETE", _, ["traces", id, "tags"]) => delete_tag(asked, store, id),
        ("GET", _, ["traces", id, "credentials-for-data-upload"]) => {
            return traces::credentials(asked, store, id, true);
        }
        ("GET", _, ["traces", id, "credentials-for-data-download"]) => {
            return traces::credentials(asked, store, id, false);
        }
        ("GET", "2.0", ["traces", id, "info"]) => store.trace(id).map(|trace| json!({ "trace_info": old(trace) })),
        ("PATCH", "2.0", ["traces", id]) => end(asked, store, id),
        ("GET", "3.0", ["traces", id]) => {
            store.trace(id).map(|trace| json!({ "trace": { "trace_info": traces::info(trace) } }))
        }
        (_, "3.0", ["traces", id, "assessments", rest @ ..]) => return assessments::answer(asked, store, id, rest),
        _ => return None,
    })
}

fn set_tag(asked: &Asked, store: &mut Store, id: &str) -> Answer {
    let fields = Fields::of(asked)?;
    let key = fields.required("key")?;
    let value: String = fields.text("value")?.unwrap_or_default().chars().take(MAX_TAG).collect();
    if key.chars().count() > 250 {
        return Err(invalid("'key' exceeds the maximum length of 250 characters"));
    }
    // a self-hosted server meets this in its database only, and says so
    let kind = asked.kind;
    let trace = store.trace_mut(id).map_err(|missing| match kind {
        Kind::Workspace => missing,
        Kind::Server => ApiError::new(StatusCode::BAD_REQUEST, "BAD_REQUEST", "FOREIGN KEY constraint failed"),
    })?;
    trace.tags.put(key, value)?;
    nothing()
}

fn delete_tag(asked: &Asked, store: &mut Store, id: &str) -> Answer {
    let fields = Fields::of(asked)?;
    let key = fields.required("key")?;
    if !store.traces.get_mut(id).is_some_and(|trace| trace.tags.remove(key)) {
        return Err(absent(format!("No trace tag with key '{key}' for trace with ID '{id}'")));
    }
    nothing()
}

fn delete(asked: &Asked, store: &mut Store) -> Answer {
    let fields = Fields::of(asked)?;
    let experiment = fields.required("experiment_id")?;
    let until = fields.int("max_timestamp_millis")?;
    let most = fields.int("max_traces")?;
    let ids = fields.texts("request_ids")?;
    match (until.is_some(), ids.is_empty()) {
        (false, true) => return Err(invalid("Either `max_timestamp_millis` or `trace_ids` must be specified.")),
        (true, false) => return Err(invalid("Only one of `max_timestamp_millis` and `trace_ids` can be specified.")),
        _ => {}
    }
    match most {
        Some(_) if !ids.is_empty() => {
            return Err(invalid("`max_traces` can't be specified if `trace_ids` is specified."));
        }
        Some(most) if most <= 0 => {
            return Err(invalid(format!("`max_traces` must be a positive integer, received {most}.")));
        }
        _ => {}
    }
    let own = store.traces.values().filter(|trace| trace.experiment == experiment);
    let mut gone: Vec<(i64, String)> = own
        .filter(|trace| until.map_or_else(|| ids.contains(&trace.id), |until| trace.time <= until))
        .map(|trace| (trace.time, trace.id.clone()))
        .collect();
    gone.sort();
    gone.truncate(most.and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX));
    for (_, id) in &gone {
        store.remove_trace(id);
    }
    // a number of none is left out, as in all of protobuf's JSON
    Ok(json!({ "traces_deleted": gone.len() }))
}

fn link(asked: &Asked, store: &mut Store) -> Answer {
    let fields = Fields::of(asked)?;
    let ids = fields.texts("trace_ids")?;
    if ids.is_empty() {
        return Err(missing("trace_ids"));
    }
    let run = fields.run_id()?;
    for id in ids {
        if let Some(trace) = store.traces.get_mut(&id).filter(|trace| !trace.runs.iter().any(|known| known == run)) {
            trace.runs.push(run.to_owned());
        }
    }
    nothing()
}

/// The info in the older form.
fn old(trace: &Trace) -> Value {
    let status = if trace.state == "STATE_UNSPECIFIED" { "TRACE_STATUS_UNSPECIFIED" } else { &trace.state };
    json!({
        "request_id": trace.id,
        "experiment_id": trace.experiment,
        "timestamp_ms": trace.time,
        "execution_time_ms": trace.duration.unwrap_or(0),
        "status": status,
        "request_metadata": trace.metadata.listed(),
        "tags": trace.tags.listed(),
    })
}

fn start(asked: &Asked, store: &mut Store) -> Answer {
    let fields = Fields::of(asked)?;
    let experiment = fields.required("experiment_id")?;
    let time = fields.int("timestamp_ms")?.unwrap_or(0);
    let (metadata, tags) = (fields.pairs("request_metadata")?, fields.pairs("tags")?);
    store.experiment(experiment)?;
    let id = store.id();
    let trace = store.trace_or_new(&id, experiment)?;
    trace.time = time;
    "IN_PROGRESS".clone_into(&mut trace.state);
    trace.metadata = Pairs::of(metadata)?;
    for (key, value) in tags {
        trace.tags.put(&key, value)?;
    }
    Ok(json!({ "trace_info": old(trace) }))
}

fn end(asked: &Asked, store: &mut Store, id: &str) -> Answer {
    let fields = Fields::of(asked)?;
    let end = fields.int("timestamp_ms")?;
    let (metadata, tags) = (fields.pairs("request_metadata")?, fields.pairs("tags")?);
    let status = fields.text("status")?.filter(|status| matches!(*status, "OK" | "ERROR" | "IN_PROGRESS"));
    let trace = store.trace_mut(id)?;
    if let Some(end) = end {
        trace.duration = Some(end - trace.time);
    }
    if let Some(status) = status {
        status.clone_into(&mut trace.state);
    }
    for (key, value) in metadata {
        trace.metadata.put(&key, value)?;
    }
    for (key, value) in tags {
        trace.tags.put(&key, value)?;
    }
    Ok(json!({ "trace_info": old(trace) }))
}

fn list(asked: &Asked, store: &Store) -> Answer {
    let fields = Fields::of(asked)?;
    let experiments = fields.texts("experiment_ids")?;
    traces::found(asked, store, &fields, &experiments, old)
}
