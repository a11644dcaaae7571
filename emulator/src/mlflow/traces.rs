//! Traces: their info, and the spans with it (wire: mlflow-tracing §2 and §4).

use http::StatusCode;
use serde_json::{Value, json};

use super::fields::{Fields, missing};
use super::matching::{self, Row};
use super::paging::{self, Limits};
use super::store::{Pairs, Store, Trace};
use super::{Answer, Asked, Kind, absent, signed, time};
use crate::errors::ApiError;
use crate::json::set;

/// What says that a trace's info came by REST, and with it the truth about its state.
const FINAL: &str = "mlflow.trace.infoFinalized";
/// Longest preview, in characters.
const MAX_PREVIEW: usize = 10_000;

/// Whether the info came by REST.
pub(super) fn is_final(trace: &Trace) -> bool {
    trace.metadata.get(FINAL).is_some()
}

/// What a list shows of inputs or outputs: the last words of a chat, else the JSON text.
pub(super) fn preview(value: &Value) -> String {
    let content = |message: &Value| message.get("content").and_then(Value::as_str).map(str::to_owned);
    let role = |message: &&Value| message.get("role") == Some(&json!("user"));
    let asked = value.get("messages").and_then(Value::as_array);
    let asked = asked.and_then(|messages| messages.iter().rev().find(role)).and_then(content);
    let said = value.get("choices").and_then(|choices| choices.get(0)).and_then(|choice| choice.get("message"));
    let text = asked.or_else(|| said.and_then(content)).unwrap_or_else(|| super::attributes::spaced(value));
    cut(&text)
}

fn cut(text: &str) -> String {
    let (most, ends) = (MAX_PREVIEW, "...");
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most - ends.len()).chain(ends.chars()).collect()
}

/// The info as it is given out.
pub(super) fn info(trace: &Trace) -> Value {
    let mut info = json!({ "trace_id": trace.id });
    let texts = [
        ("client_request_id", &trace.client_request_id),
        ("request_preview", &trace.request_preview),
        ("response_preview", &trace.response_preview),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            set(&mut info, name, text.as_str());
        }
    }
    let location = json!({ "type": "MLFLOW_EXPERIMENT", "mlflow_experiment": { "experiment_id": trace.experiment } });
    set(&mut info, "trace_location", location);
    set(&mut info, "request_time", time::iso(trace.time));
    if let Some(duration) = trace.duration {
        set(&mut info, "execution_duration", time::duration(duration));
    }
    set(&mut info, "state", trace.state.as_str());
    if !trace.metadata.is_empty() {
        set(&mut info, "trace_metadata", trace.metadata.mapped());
    }
    set(&mut info, "tags", trace.tags.mapped());
    if !trace.assessments.is_empty() {
        set(&mut info, "assessments", trace.assessments.clone());
    }
    info
}

fn texts(fields: &Fields, name: &str) -> Pairs {
    let mut pairs = Pairs::default();
    if let Some(map) = fields.get(name).and_then(Value::as_object) {
        for (key, value) in map {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            // what is too much of one trace is left out
            let _ = pairs.put(key, text);
        }
    }
    pairs
}

/// `POST traces`: a new trace, or news of one.
pub(super) fn post(asked: &Asked, store: &mut Store) -> Answer {
    let fields = Fields::of(asked)?;
    let trace = fields.get("trace").ok_or_else(|| missing("trace"))?;
    let given = Fields::inner(trace.get("trace_info").unwrap_or(&Value::Null));
    let experiment = given.get("trace_location").and_then(|location| location.get("mlflow_experiment"));
    let experiment = experiment.and_then(|experiment| experiment.get("experiment_id")).and_then(Value::as_str);
    let Some(experiment) = experiment else {
        let message = "int() argument must be a string, a bytes-like object or a real number, not 'NoneType'";
        return Err(ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_ERROR", message));
    };
    let id = given.required("trace_id")?;
    store.experiment(experiment)?;
    let trace = store.trace_or_new(id, experiment)?;
    let text = |name: &str| given.get(name).and_then(Value::as_str);
    trace.time = text("request_time").and_then(time::parse).unwrap_or(0);
    trace.duration = text("execution_duration").and_then(time::parse_duration).or(trace.duration);
    let state = text("state").filter(|state| matches!(*state, "OK" | "ERROR" | "IN_PROGRESS"));
    state.unwrap_or("STATE_UNSPECIFIED").clone_into(&mut trace.state);
    if let Some(id) = text("client_request_id") {
        trace.client_request_id = Some(id.to_owned());
    }
    if let Some(text) = text("request_preview") {
        trace.request_preview = Some(cut(text));
    }
    if let Some(text) = text("response_preview") {
        trace.response_preview = Some(cut(text));
    }
    for (key, value) in texts(&given, "trace_metadata").iter() {
        let usage = (key == "mlflow.trace.tokenUsage").then(|| serde_json::from_str::<Value>(value).ok()).flatten();
        // read and written again on its way
        trace.metadata.put(key, usage.map_or_else(|| value.clone(), |usage| super::attributes::spaced(&usage)))?;
    }
    trace.metadata.put(FINAL, "true")?;
    for (key, value) in texts(&given, "tags").iter() {
        trace.tags.put(key, value.as_str())?;
    }
    Ok(json!({ "trace": { "trace_info": info(trace) } }))
}

/// The info and the spans, which must have come by OTLP.
fn whole(trace: &Trace) -> Answer {
    if trace.spans.is_empty() {
        let message = "Trace data not stored in tracking store";
        return Err(ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_ERROR", message));
    }
    let spans: Vec<Value> = trace.spans.iter().map(super::spans::Span::shown).collect();
    Ok(json!({ "trace_info": info(trace), "spans": spans }))
}

/// `GET traces/get`.
pub(super) fn get_whole(asked: &Asked, store: &Store) -> Answer {
    let fields = Fields::of(asked)?;
    let id = fields.required("trace_id")?;
    let trace = store.traces.get(id).ok_or_else(|| absent(format!("Trace with ID {id} is not found.")))?;
    Ok(json!({ "trace": whole(trace)? }))
}

/// `GET traces/batchGet`: those that are there.
pub(super) fn batch_get(asked: &Asked, store: &Store) -> Answer {
    let fields = Fields::of(asked)?;
    let ids = fields.texts("trace_ids")?;
    let found: Vec<Value> = ids.iter().filter_map(|id| store.traces.get(id)).map(whole).collect::<Result<_, _>>()?;
    Ok(if found.is_empty() { json!({}) } else { json!({ "traces": found }) })
}

/// `POST traces/search`.
pub(super) fn search(asked: &Asked, store: &Store) -> Answer {
    let fields = Fields::of(asked)?;
    let mut experiments = Vec::new();
    for location in fields.list("locations")? {
        let id = location.get("mlflow_experiment").and_then(|experiment| experiment.get("experiment_id"));
        experiments.extend(id.and_then(Value::as_str).map(str::to_owned));
    }
    found(asked, store, &fields, &experiments, info)
}

/// The traces of some experiments that a search finds.
pub(super) fn found(
    asked: &Asked,
    store: &Store,
    fields: &Fields,
    experiments: &[String],
    show: impl Fn(&Trace) -> Value,
) -> Answer {
    let page = paging::wanted(asked, fields, &Limits { unless_said: Some(100), most: 500, hint: true })?;
    let plan = matching::TRACES.plan(fields.text("filter")?, &fields.texts("order_by")?)?;
    let rows = plan.pick(store.traces.values().filter(|trace| experiments.contains(&trace.experiment)));
    Ok(paging::page(asked, "traces", rows.into_iter().map(show).collect(), page))
}

impl Row for Trace {
    fn text(&self, kind: &str, key: &str) -> Option<String> {
        self.texts(kind, key).into_iter().next()
    }

    fn texts(&self, kind: &str, key: &str) -> Vec<String> {
        let one = |text: Option<&str>| text.into_iter().map(str::to_owned).collect();
        match (kind, key) {
            ("tag", key) => one(self.tags.get(key)),
            ("metadata", key) => one(self.metadata.get(key)),
            (_, "status") => one(Some(&self.state)),
            (_, "name") => one(self.tags.get("mlflow.traceName")),
            (_, "request_id") => one(Some(&self.id)),
            (_, "experiment_id") => one(Some(&self.experiment)),
            (_, "client_request_id") => one(self.client_request_id.as_deref()),
            (_, "text") => self.request_preview.iter().chain(&self.response_preview).cloned().collect(),
            (_, "run_id") => {
                let source = self.metadata.get("mlflow.sourceRun").map(str::to_owned);
                source.into_iter().chain(self.runs.iter().cloned()).collect()
            }
            _ => Vec::new(),
        }
    }

    #[allow(clippy::cast_precision_loss, reason = "times are far below 2^53")]
    fn number(&self, _: &str, key: &str) -> Option<f64> {
        match key {
            "timestamp_ms" => Some(self.time as f64),
            "execution_time_ms" => self.duration.map(|duration| duration as f64),
            "end_time_ms" => self.duration.map(|duration| (self.time + duration) as f64),
            _ => None,
        }
    }

    fn id(&self) -> &str {
        &self.id
    }
}

fn file(store: &Store, trace: &Trace) -> String {
    format!("{}/artifacts/traces.json", store.trace_folder(&trace.experiment, &trace.id))
}

/// `GET get-trace-artifact`: the text of `traces.json`, written from the spans if they came by OTLP.
pub(super) fn data(asked: &Asked, store: &Store) -> Result<Vec<u8>, ApiError> {
    let fields = Fields::of(asked)?;
    let id = fields.required("request_id")?;
    let trace = store.traces.get(id).ok_or_else(|| absent(format!("Trace with ID {id} is not found.")))?;
    if !trace.spans.is_empty() {
        let spans: Vec<Value> = trace.spans.iter().map(super::spans::Span::filed).collect();
        return Ok(json!({ "spans": spans }).to_string().into_bytes());
    }
    let bytes = store.files.get(&file(store, trace)).map(|bytes| bytes.to_vec());
    let message = "Trace data not found for path=traces.json";
    bytes.ok_or_else(|| ApiError::new(StatusCode::NOT_FOUND, "NOT_FOUND", message))
}

/// `GET traces/{id}/credentials-for-data-…` of a workspace: the link to its `traces.json`.
pub(super) fn credentials(asked: &Asked, store: &Store, id: &str, write: bool) -> Option<Answer> {
    if asked.kind != Kind::Workspace {
        return None;
    }
    let trace = match store.trace(id) {
        Ok(trace) => trace,
        Err(refusal) => return Some(Err(refusal)),
    };
    let path = file(store, trace);
    if !write && !store.files.contains_key(&path) {
        return Some(Err(absent(format!("Trace data of '{id}' is not there."))));
    }
    Some(Ok(json!({ "credential_info": signed::credential(asked, &path, write) })))
}
