//! How far endpoints and indexes are: pure, so that both faces wait by the same rules.

use crate::error::{Error, ErrorKind, Result, TimeoutPhase};
use crate::vector_search::text::{answer, either, word};
use crate::wire::find::find;
use crate::wire::json::Raw;
use crate::wire::redact::clean;

/// How far an endpoint or an index is, seen once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Whether the wait is over.
    pub done: bool,
    /// Its state, such as `PROVISIONING`; empty when the service did not say.
    pub state: String,
    /// What the service says of it.
    pub message: String,
    /// The endpoint to ask before an index that is `OFFLINE` is given up: it may be starting.
    pub ask: Option<String>,
}

fn seen(holder: Option<Raw<'_>>, state: &str) -> (String, String) {
    let Some(holder) = holder else { return (String::new(), String::new()) };
    (word(holder, state), clean(&word(holder, "message"), 1000, None))
}

/// Judges an endpoint's description: done when it is `ONLINE`.
///
/// # Errors
/// `OperationFailed` when waiting will not help: `OFFLINE`, `RED_STATE`, `STOPPED`, `DELETED`;
/// [`Error::error_code`] is the state.
///
/// ```
/// use lakewire::vector_search::progress;
/// assert!(progress::endpoint(r#"{"name":"vs1","endpoint_status":{"state":"ONLINE"}}"#)?.done);
/// # Ok::<(), lakewire::Error>(())
/// ```
pub fn endpoint(text: &str) -> Result<Progress> {
    let root = answer(text)?;
    let (state, message) = seen(either(root, "endpoint_status"), "state");
    if matches!(state.as_str(), "OFFLINE" | "RED_STATE" | "STOPPED" | "DELETED") {
        return Err(ended("endpoint", &word(root, "name"), state, &message));
    }
    Ok(Progress { done: state == "ONLINE", state, message, ask: None })
}

/// Judges an index's description: done when its state holds `ONLINE` (or it says `ready` and no state), and, when
/// `settled` is asked for, no update is running. `endpoint` is the state of its endpoint, once that was asked.
///
/// # Errors
/// `OperationFailed` when its state holds `OFFLINE`, unless it is plain `OFFLINE` and its endpoint is starting.
///
/// ```
/// use lakewire::vector_search::progress;
/// let index = r#"{"name":"a.b.c","status":{"ready":false,"detailed_state":"PROVISIONING_INITIAL_SNAPSHOT"}}"#;
/// assert!(!progress::index(index, false, None)?.done);
/// # Ok::<(), lakewire::Error>(())
/// ```
pub fn index(text: &str, settled: bool, endpoint: Option<&str>) -> Result<Progress> {
    let root = answer(text)?;
    let status = either(root, "status");
    let (state, message) = seen(status, "detailed_state");
    let mut out = Progress { state, message, ..Progress::default() };
    if find(&out.state, "OFFLINE").is_some() {
        if out.state == "OFFLINE" {
            match endpoint {
                None => {
                    out.ask = Some(word(root, "endpoint_name")).filter(|name| !name.is_empty());
                    if out.ask.is_some() {
                        return Ok(out);
                    }
                }
                Some("STARTING") => return Ok(out),
                Some(_) => {}
            }
        }
        return Err(ended("index", &word(root, "name"), out.state, &out.message));
    }
    out.done = if out.state.is_empty() {
        status.and_then(|status| status.get_some("ready")).and_then(Raw::as_bool).unwrap_or(false)
    } else {
        let still = matches!(out.state.as_str(), "ONLINE" | "ONLINE_NO_PENDING_UPDATE" | "ONLINE_DIRECT_ACCESS");
        find(&out.state, "ONLINE").is_some() && (still || !settled)
    };
    Ok(out)
}

fn ended(what: &str, name: &str, state: String, message: &str) -> Error {
    let mut sentence = ["The ", what, " '", name, "' is ", &state].concat();
    if !message.is_empty() {
        sentence.push_str(": ");
        sentence.push_str(message);
    }
    if !sentence.ends_with(['.', '!', '?', '…']) {
        sentence.push('.');
    }
    sentence.push_str(" Waiting will not change it.");
    Error::new(ErrorKind::OperationFailed, sentence).with_error_code(Some(state)).with_maybe_processed(true)
}

/// The error of a wait whose time is up.
pub(crate) fn late(what: &str, name: &str, state: &str, message: &str) -> Error {
    let state = if state.is_empty() { "not known" } else { state };
    let mut sentence = ["The ", what, " '", name, "' was not ready in time: its state is ", state].concat();
    if !message.is_empty() {
        sentence.push_str(" (");
        sentence.push_str(message);
        sentence.push(')');
    }
    sentence.push_str(". It goes on getting ready: wait again, or allow more time.");
    Error::new(ErrorKind::DeadlineExceeded, sentence).with_phase(TimeoutPhase::Total).with_maybe_processed(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(state: &str, settled: bool, at: Option<&str>) -> Result<Progress> {
        let text = format!(
            r#"{{"name":"a.b.c","endpoint_name":"vs1","status":{{"ready":false,"message":"m","detailed_state":"{state}"}}}}"#
        );
        index(&text, settled, at)
    }

    #[test]
    fn o8_an_index_is_ready_by_its_detailed_state() {
        for (state, done, settled) in [
            ("ONLINE", true, true),
            ("ONLINE_NO_PENDING_UPDATE", true, true),
            ("ONLINE_DIRECT_ACCESS", true, true),
            ("ONLINE_UPDATING_PIPELINE_RESOURCES", true, false),
            ("PROVISIONING_INITIAL_SNAPSHOT", false, false),
            ("SOMETHING_NEW", false, false),
        ] {
            assert_eq!(
                (of(state, false, None).unwrap().done, of(state, true, None).unwrap().done),
                (done, settled),
                "{state}"
            );
        }
        assert!(index(r#"{"status":{"ready":true}}"#, true, None).unwrap().done);
        assert!(!index("{}", false, None).unwrap().done);
        assert!(index(r#"{"status":{"detailedState":"ONLINE"}}"#, true, None).unwrap().done);
    }

    #[test]
    fn o8_offline_is_an_end_unless_the_endpoint_starts() {
        assert_eq!(of("OFFLINE", false, None).unwrap().ask.as_deref(), Some("vs1"));
        assert!(!of("OFFLINE", false, Some("STARTING")).unwrap().done);
        for error in [of("OFFLINE", false, Some("ONLINE")).unwrap_err(), of("OFFLINE_FAILED", false, None).unwrap_err()]
        {
            assert_eq!(error.kind(), ErrorKind::OperationFailed);
            assert!(error.error_code().unwrap().starts_with("OFFLINE"));
            assert!(error.message().contains("a.b.c") && error.message().contains(": m."), "{error}");
        }
    }

    #[test]
    fn o8_endpoints_end_typed() {
        let of = |state: &str| endpoint(&format!(r#"{{"name":"vs1","endpoint_status":{{"state":"{state}"}}}}"#));
        assert!(of("ONLINE").unwrap().done);
        for wait in ["PROVISIONING", "STARTING", "YELLOW_STATE", "STOPPING", "NEW"] {
            assert!(!of(wait).unwrap().done, "{wait}");
        }
        for bad in ["OFFLINE", "RED_STATE", "STOPPED", "DELETED"] {
            assert_eq!(of(bad).unwrap_err().error_code(), Some(bad));
        }
        assert!(late("endpoint", "vs1", "", "").message().contains("not known"));
    }
}
