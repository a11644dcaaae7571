//! How far an endpoint is: pure, so that both faces wait by the same rules.

use crate::error::{Error, ErrorKind, Result, TimeoutPhase};
use crate::wire::json::Raw;
use crate::wire::redact::clean;

/// How far an endpoint is, seen once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Whether it answers and nothing is changing: the wait is over.
    pub done: bool,
    /// Its state, such as `NOT_READY`; empty when the service did not say.
    pub ready: String,
    /// What its configuration does, such as `IN_PROGRESS`; empty when the service did not say.
    pub config_update: String,
    /// What the service says of the first served entity that is not ready.
    pub message: String,
}

/// Judges an endpoint's description.
///
/// A settled configuration does not promise a ready endpoint, so both are waited for. A failed or
/// cancelled update ends the wait although what served before still serves.
///
/// # Errors
/// `OperationFailed` when waiting will not help: the update failed or was cancelled, or nothing is
/// changing and a deployment has failed. [`Error::error_code`] is the state it ended in.
///
/// ```
/// use lakewire::{serving_endpoints::progress, wire::json::Raw};
/// let endpoint = r#"{"name":"x","state":{"ready":"NOT_READY","config_update":"NOT_UPDATING"}}"#;
/// assert!(!progress::judge(Raw::parse(endpoint)?)?.done);
/// # Ok::<(), lakewire::Error>(())
/// ```
pub fn judge(endpoint: Raw<'_>) -> Result<Progress> {
    let state = endpoint.get_some("state");
    let word = |key| state.and_then(|state| state.get_some(key)).and_then(Raw::as_str).unwrap_or_default().into_owned();
    let (ready, config_update) = (word("ready"), word("config_update"));
    // the pending entities are the ones that are waited for
    let entity = ["pending_config", "config"].iter().find_map(|config| {
        let entities = endpoint.get_some(config)?.get_some("served_entities")?;
        entities.items().find_map(unready)
    });
    let (name, deployment, message) = entity.unwrap_or_default();
    if matches!(config_update.as_str(), "UPDATE_FAILED" | "UPDATE_CANCELED") {
        let what = if config_update == "UPDATE_FAILED" { "failed" } else { "was cancelled" };
        let still = if ready == "READY" { " What it served before still serves." } else { "" };
        return Err(failed(endpoint, &["The update of the endpoint", what], &name, &message, still, config_update));
    }
    let settled = config_update != "IN_PROGRESS";
    if settled && ready != "READY" && matches!(deployment.as_str(), "DEPLOYMENT_FAILED" | "DEPLOYMENT_ABORTED") {
        return Err(failed(endpoint, &["A deployment of the endpoint", "failed"], &name, &message, "", deployment));
    }
    // a service that says nothing of updates has none under way
    Ok(Progress { done: ready == "READY" && settled, ready, config_update, message })
}

/// Name, deployment state and message of an entity, unless it is ready.
fn unready(entity: Raw<'_>) -> Option<(String, String, String)> {
    let text = |of: Option<Raw<'_>>, key| {
        of.and_then(|of| of.get_some(key)).and_then(Raw::as_str).unwrap_or_default().into_owned()
    };
    let state = entity.get_some("state");
    let deployment = text(state, "deployment");
    if deployment == "DEPLOYMENT_READY" {
        return None;
    }
    let message = clean(&text(state, "deployment_state_message"), 1000, None);
    Some((text(Some(entity), "name"), deployment, message))
}

fn failed(endpoint: Raw<'_>, what: &[&str; 2], entity: &str, message: &str, more: &str, state: String) -> Error {
    let name = endpoint.get_some("name").and_then(Raw::as_str).unwrap_or_default();
    let [whose, what] = what;
    let mut sentence = [whose, " '", &name, "' ", what].concat();
    if !message.is_empty() {
        if !entity.is_empty() {
            sentence.push_str(", served entity '");
            sentence.push_str(entity);
            sentence.push('\'');
        }
        sentence.push_str(": ");
        sentence.push_str(message);
    }
    if !sentence.ends_with(['.', '!', '?', '…']) {
        sentence.push('.');
    }
    sentence.push_str(more);
    sentence.push_str(" The build logs may say more.");
    Error::new(ErrorKind::OperationFailed, sentence).with_error_code(Some(state)).with_maybe_processed(true)
}

/// The error of a wait whose time is up.
pub(crate) fn late(name: &str, seen: &Progress) -> Error {
    let said = |text: &str| if text.is_empty() { "not known".to_owned() } else { text.to_owned() };
    let mut sentence = ["The endpoint '", name, "' was not ready in time: its state is ", &said(&seen.ready)].concat();
    sentence.push_str(", its configuration ");
    sentence.push_str(&said(&seen.config_update));
    if !seen.message.is_empty() {
        sentence.push_str(" (");
        sentence.push_str(&seen.message);
        sentence.push(')');
    }
    sentence.push_str(". It goes on getting ready: wait again, or allow more time.");
    Error::new(ErrorKind::DeadlineExceeded, sentence).with_phase(TimeoutPhase::Total).with_maybe_processed(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn of(endpoint: Value) -> Result<Progress> {
        judge(Raw::parse(&endpoint.to_string()).unwrap())
    }

    fn endpoint(ready: &str, update: &str, deployment: &str, message: &str) -> Value {
        json!({"name": "x", "state": {"ready": ready, "config_update": update},
            "config": {"served_entities": [{"name": "ok", "state": {"deployment": "DEPLOYMENT_READY"}},
                {"name": "e", "state": {"deployment": deployment, "deployment_state_message": message}}]}})
    }

    #[test]
    fn only_ready_and_settled_is_done() {
        for (ready, update, done) in [
            ("READY", "NOT_UPDATING", true),
            ("READY", "IN_PROGRESS", false),
            ("NOT_READY", "NOT_UPDATING", false),
            ("NOT_READY", "IN_PROGRESS", false),
            ("READY", "SOMETHING_NEW", true),
        ] {
            assert_eq!(of(endpoint(ready, update, "DEPLOYMENT_CREATING", "m")).unwrap().done, done, "{ready} {update}");
        }
        assert!(!of(json!({"name": "x"})).unwrap().done);
        assert!(of(json!({"state": {"ready": "READY"}})).unwrap().done);
        assert_eq!(
            of(endpoint("NOT_READY", "IN_PROGRESS", "DEPLOYMENT_CREATING", "pulling")).unwrap().message,
            "pulling"
        );
    }

    #[test]
    fn bad_ends_tell_the_entity_s_message() {
        let error = of(endpoint("READY", "UPDATE_FAILED", "DEPLOYMENT_FAILED", "no such model")).unwrap_err();
        assert_eq!((error.kind(), error.error_code()), (ErrorKind::OperationFailed, Some("UPDATE_FAILED")));
        assert_eq!(
            error.message(),
            "The update of the endpoint 'x' failed, served entity 'e': no such model. What it served before still serves. The build logs may say more."
        );
        assert!(!error.is_retryable());
        let error = of(endpoint("NOT_READY", "UPDATE_CANCELED", "DEPLOYMENT_READY", "")).unwrap_err();
        assert_eq!(error.error_code(), Some("UPDATE_CANCELED"));
        assert!(error.message().starts_with("The update of the endpoint 'x' was cancelled."));
        let error = of(endpoint("NOT_READY", "NOT_UPDATING", "DEPLOYMENT_ABORTED", "gone")).unwrap_err();
        assert_eq!(error.error_code(), Some("DEPLOYMENT_ABORTED"));
        // under way, a failed deployment may be tried again
        assert!(of(endpoint("NOT_READY", "IN_PROGRESS", "DEPLOYMENT_FAILED", "m")).is_ok());
    }

    #[test]
    fn the_pending_entities_are_looked_at_first() {
        let mut one = endpoint("NOT_READY", "IN_PROGRESS", "DEPLOYMENT_CREATING", "old");
        one["pending_config"] = json!({"served_entities": [{"name": "n", "state": {"deployment": "DEPLOYMENT_CREATING", "deployment_state_message": "new"}}]});
        assert_eq!(of(one).unwrap().message, "new");
    }

    #[test]
    fn l11_a_message_with_a_token_is_cleaned() {
        let error =
            of(endpoint("NOT_READY", "UPDATE_FAILED", "DEPLOYMENT_FAILED", "bad key sk-proj-abcdefghij")).unwrap_err();
        assert!(!error.message().contains("abcdefghij"), "{error}");
    }
}
