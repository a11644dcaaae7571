//! Waiting until an endpoint is ready.

use std::time::Duration;

use super::progress::{self, Progress};
use super::{ServingEndpoint, ServingEndpoints, calls};
use crate::error::{Result, TimeoutPhase};

/// How long is waited unless something else is said: 20 minutes, as Databricks' own SDKs do.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(20 * 60);
/// What is kept for the last look, so that it can be answered within the wait.
const LAST: Duration = Duration::from_secs(1);
/// How many looks in a row may fail for a passing reason.
const PATIENCE: u32 = 5;

impl ServingEndpoints {
    /// Waits until an endpoint answers and nothing about it is changing, at most 20 minutes.
    ///
    /// # Errors
    /// As [`wait_until_ready_with`](Self::wait_until_ready_with).
    ///
    /// ```no_run
    /// # async fn example(client: lakewire::WorkspaceClient) -> lakewire::Result<()> {
    /// let endpoint = client.serving_endpoints().wait_until_ready("team-gpt4").await?;
    /// assert!(endpoint.is_ready());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn wait_until_ready(&self, name: &str) -> Result<ServingEndpoint> {
        self.wait_until_ready_with(name, DEFAULT_TIMEOUT, |_| ()).await
    }

    /// Waits until an endpoint is ready, at most so long, and tells of every look. Dropping the
    /// future ends the wait; the endpoint goes on.
    ///
    /// The looks are one second apart at first and ten at most, with up to a second of jitter; none
    /// outlasts the wait, and the last one begins a second before its end. What fails for a passing
    /// reason is looked at again, five times in a row at most.
    ///
    /// # Errors
    /// `OperationFailed` when the update failed or was cancelled or a deployment failed, with the
    /// service's message and the state as [`Error::error_code`](crate::Error::error_code); `DeadlineExceeded` when the time is
    /// up; `NotFound` when there is no such endpoint; else as the service answers.
    pub async fn wait_until_ready_with(
        &self,
        name: &str,
        timeout: Duration,
        mut on_progress: impl FnMut(&Progress),
    ) -> Result<ServingEndpoint> {
        let call = calls::get(name)?;
        let transport = self.sender.transport();
        let deadline = transport.now().saturating_add(timeout);
        let mut seen = Progress::default();
        let mut failures = 0;
        let mut attempt = 0_u32;
        let mut options = self.options.clone();
        let own = options.timeouts.or(self.sender.config().timeouts).total;
        loop {
            attempt += 1;
            // a sleep may end late: what is left is never nothing, which is no time limit
            let left = deadline.saturating_sub(transport.now()).max(Duration::from_millis(1));
            let bounded = own.is_none_or(|own| left < own);
            options.timeouts.total = if bounded { Some(left) } else { own };
            match self.sender.send(&call, &options).await {
                Ok((json, meta)) => {
                    failures = 0;
                    seen = progress::judge(json.root())
                        .map_err(|error| error.with_request_id(meta.request_id).with_attempts(meta.attempts))?;
                    on_progress(&seen);
                    if seen.done {
                        return json.read();
                    }
                }
                Err(error) if error.is_retryable() && failures < PATIENCE => failures += 1,
                // the wait's own end cut the look short
                Err(error) if bounded && error.phase() == Some(TimeoutPhase::Total) => {
                    return Err(progress::late(name, &seen));
                }
                Err(error) => return Err(error),
            }
            let left = deadline.saturating_sub(transport.now());
            if left <= LAST {
                return Err(progress::late(name, &seen));
            }
            let jitter = Duration::from_secs(1).mul_f64(transport.random());
            let pause = Duration::from_secs(u64::from(attempt.min(10))) + jitter;
            transport.sleep(pause.min(left.saturating_sub(LAST))).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::Credentials;
    use crate::config::Config;
    use crate::error::ErrorKind;
    use crate::sender::Sender;
    use crate::transport::Transport as _;
    use crate::transport::scripted::{Reply, Scripted};
    use std::sync::Arc;

    fn at(network: &Scripted) -> ServingEndpoints {
        let config = Config::new("x.example").unwrap();
        ServingEndpoints::new(Sender::new(config, Credentials::token("t"), Arc::new(network.clone())).unwrap())
    }

    fn state(ready: &str, update: &str) -> Reply {
        Reply::json(&format!(r#"{{"name":"x","state":{{"ready":"{ready}","config_update":"{update}"}}}}"#))
    }

    #[test]
    fn waits_by_growing_steps_on_the_transport_s_clock() {
        let network = Scripted::new();
        network.set_random(0.5);
        for _ in 0..12 {
            network.push(state("NOT_READY", "IN_PROGRESS"));
        }
        network.push(state("NOT_READY", "NOT_UPDATING"));
        network.push(state("READY", "NOT_UPDATING"));
        let mut told = Vec::new();
        let wait = at(&network);
        let found =
            network.run(wait.wait_until_ready_with("x", DEFAULT_TIMEOUT, |seen| told.push(seen.clone()))).unwrap();
        assert!(found.unwrap().is_ready());
        assert_eq!(told.len(), 14);
        assert!(told.last().unwrap().done && !told[12].done);
        let at: Vec<u64> = network.sent_at().iter().map(|at| at.as_millis() as u64).collect();
        let pauses: Vec<u64> = at.windows(2).map(|two| two[1] - two[0]).collect();
        let expected: Vec<u64> = (1..14).map(|attempt: u64| attempt.min(10) * 1000 + 500).collect();
        assert_eq!(pauses, expected);
    }

    #[test]
    fn bad_ends_end_the_wait_at_once() {
        for update in ["UPDATE_FAILED", "UPDATE_CANCELED"] {
            let network = Scripted::new();
            network.push(state("READY", update).header("x-request-id", "r-7"));
            let error = network.run(at(&network).wait_until_ready("x")).unwrap().unwrap_err();
            assert_eq!(
                (error.kind(), error.error_code(), error.request_id(), error.attempts()),
                (ErrorKind::OperationFailed, Some(update), Some("r-7"), 1)
            );
        }
        let network = Scripted::new();
        network.push(Reply::status(404).bytes(r#"{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"no"}"#));
        let error = network.run(at(&network).wait_until_ready("x")).unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }

    #[test]
    fn the_time_is_bounded_and_the_error_says_how_far_it_came() {
        let network = Scripted::new();
        network.always(state("NOT_READY", "IN_PROGRESS"));
        let limit = Duration::from_secs(60);
        let error = network.run(at(&network).wait_until_ready_with("x", limit, |_| ())).unwrap().unwrap_err();
        assert_eq!((error.kind(), error.phase()), (ErrorKind::DeadlineExceeded, Some(TimeoutPhase::Total)));
        assert!(error.message().contains("NOT_READY") && error.message().contains("IN_PROGRESS"), "{error}");
        assert_eq!(*network.sent_at().last().unwrap(), limit - LAST);
    }

    #[test]
    fn no_look_outlasts_the_wait() {
        let limit = Duration::from_millis(500);
        let network = Scripted::new();
        network.always(Reply::silence());
        let error = network.run(at(&network).wait_until_ready_with("x", limit, |_| ())).unwrap().unwrap_err();
        assert_eq!((error.kind(), error.phase()), (ErrorKind::DeadlineExceeded, Some(TimeoutPhase::Total)));
        assert!(error.message().contains("was not ready in time"), "{error}");
        assert_eq!((network.requests().len(), network.now()), (1, limit));
        // an own limit that is shorter still ends the look, and so the wait
        let network = Scripted::new();
        network.always(Reply::silence());
        let mut wait = at(&network);
        wait.options.timeouts.total = Some(Duration::from_secs(2));
        let error = network.run(wait.wait_until_ready("x")).unwrap().unwrap_err();
        assert!(!error.message().contains("was not ready in time"), "{error}");
        assert_eq!(network.now(), Duration::from_secs(2));
    }

    #[test]
    fn passing_failures_are_looked_past_but_not_for_ever() {
        let network = Scripted::new();
        network.push(Reply::status(503));
        network.push(Reply::failure(ErrorKind::Connect, false));
        network.push(Reply::status(502));
        network.push(state("READY", "NOT_UPDATING"));
        assert!(network.run(at(&network).wait_until_ready("x")).unwrap().is_ok());
        let network = Scripted::new();
        network.always(Reply::status(503));
        let error = network.run(at(&network).wait_until_ready("x")).unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TemporarilyUnavailable);
        assert_eq!(network.requests().len(), 6 * 3);
    }
}
