//! Experiments, runs and traces: the fields the documentation names, and no experiment but those of the policy.

use crate::relay::body::canonical::Fields;
use crate::relay::body::{get, plain, text_of};
use crate::relay::grammar;
use crate::relay::policy::Rules;
use crate::relay::reply::Fault;
use crate::relay::route::{Matched, Op};
use crate::wire::json::Raw;

/// How many experiments one search may name.
const MOST: u64 = 100;

/// Writes a body of one of MLflow's routes anew.
pub(super) fn rewrite(rules: &Rules, matched: &Matched<'_>, given: &Fields<'_>) -> Result<String, Fault> {
    let allowed = |id: &str| grammar::id(id) && rules.experiments.allow(id);
    let known: &[&str] = match matched.route.op() {
        Op::ExperimentCreate => {
            text_of(given, "name", |name| rules.experiments.allow(name))?;
            // where its files go is the workspace's to say
            &["name", "tags"]
        }
        Op::RunCreate => {
            text_of(given, "experiment_id", allowed)?;
            &["experiment_id", "user_id", "run_name", "start_time", "tags"]
        }
        Op::RunWrite => {
            if get(given, "run_id").is_some() || get(given, "run_uuid").is_none() {
                text_of(given, "run_id", grammar::id)?;
            }
            if get(given, "run_uuid").is_some() {
                text_of(given, "run_uuid", grammar::id)?;
            }
            match matched.route.as_str() {
                "runs.update" => &["run_id", "run_uuid", "status", "end_time", "run_name"],
                _ => &["run_id", "run_uuid", "metrics", "params", "tags"],
            }
        }
        Op::RunSearch => {
            ids(given, "experiment_ids", &allowed)?;
            &["experiment_ids", "filter", "run_view_type", "max_results", "order_by", "page_token"]
        }
        Op::LinkTraces => {
            text_of(given, "run_id", grammar::id)?;
            ids(given, "trace_ids", &grammar::id)?;
            &["trace_ids", "run_id"]
        }
        Op::TraceStart => {
            let info = get(given, "trace").and_then(|trace| trace.get_some("trace_info"));
            if !info
                .and_then(|info| info.get_some("trace_location"))
                .is_some_and(|place| in_experiment(place, &allowed))
            {
                return Err(elsewhere());
            }
            for key in ["tags", "trace_metadata"] {
                let tags = info.and_then(|info| info.get_some(key));
                let named = |tag: Raw<'_>| tag.get_some("key").and_then(Raw::as_str).is_some_and(|key| places(&key));
                // where a trace's files are is the workspace's to say
                if tags.is_some_and(|tags| tags.fields().any(|(key, _)| places(&key)) || tags.items().any(named)) {
                    return Err(Fault::body(&["`", key, "` says where the files of the trace are."]));
                }
            }
            &["trace"]
        }
        Op::TraceSearch => {
            let places = get(given, "locations").filter(|places| places.is_array());
            let Some(places) = places else { return Err(elsewhere()) };
            super::at_most(places, "locations", MOST)?;
            if places.items().next().is_none() || !places.items().all(|place| in_experiment(place, &allowed)) {
                return Err(elsewhere());
            }
            &["locations", "filter", "max_results", "order_by", "page_token"]
        }
        Op::Assess => {
            let other = get(given, "assessment").and_then(|assessment| assessment.get_some("trace_id"));
            if other.is_some_and(|other| !other.is_null() && other.as_str().as_deref() != Some(matched.name())) {
                return Err(Fault::body(&["`assessment.trace_id` is not the trace of the address: leave it out."]));
            }
            &["assessment"]
        }
        Op::SpansWrite => &["spans"],
        _ => return Err(Fault::nowhere()),
    };
    plain(given, known)
}

/// Tags that say where files are.
fn places(key: &str) -> bool {
    key.starts_with("mlflow.artifact")
}

fn elsewhere() -> Fault {
    Fault::body(&["The traces are not of an experiment that may be used."])
}

fn in_experiment(place: Raw<'_>, allowed: &impl Fn(&str) -> bool) -> bool {
    let id = place
        .get_some("mlflow_experiment")
        .and_then(|experiment| experiment.get_some("experiment_id"))
        .and_then(Raw::as_str);
    let kind = place.get_some("type").and_then(Raw::as_str);
    // one place and no second one
    let alone = place.fields().all(|(key, value)| matches!(&*key, "type" | "mlflow_experiment") || value.is_null());
    kind.as_deref() == Some("MLFLOW_EXPERIMENT") && alone && id.is_some_and(|id| allowed(&id))
}

/// A list of ids, at least one and each allowed.
fn ids(given: &Fields<'_>, key: &str, allowed: &impl Fn(&str) -> bool) -> Result<(), Fault> {
    let list = get(given, key).filter(|list| list.is_array() && list.items().next().is_some());
    let Some(list) = list else { return Err(Fault::body(&["`", key, "` is missing."])) };
    super::at_most(list, key, MOST)?;
    let fits = list.items().all(|item| item.as_str().is_some_and(|id| allowed(&id)));
    if fits { Ok(()) } else { Err(Fault::body(&["`", key, "` names one that may not be used."])) }
}
