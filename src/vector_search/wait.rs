//! Waiting until an endpoint is online or an index ready.

use std::time::Duration;

use super::progress::{self, Progress};
use super::{VectorEndpoint, VectorIndex, VectorSearch, VectorSearchIndex, calls};
use crate::error::{Result, TimeoutPhase};
use crate::wire::call::Call;
use crate::wire::json::{Json, Raw};

/// How long is waited unless something else is said: 24 hours, since the first run over a large table takes hours.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(24 * 60 * 60);
/// What is kept for the last look, so that it can be answered within the wait.
const LAST: Duration = Duration::from_secs(1);
/// How many looks in a row may fail for a passing reason.
const PATIENCE: u32 = 5;

impl VectorSearch {
    /// Waits until an endpoint is online, at most [`DEFAULT_TIMEOUT`].
    ///
    /// # Errors
    /// As [`wait_until_online_with`](Self::wait_until_online_with).
    pub async fn wait_until_online(&self, name: &str) -> Result<VectorEndpoint> {
        self.wait_until_online_with(name, DEFAULT_TIMEOUT, |_| ()).await
    }

    /// Waits until an endpoint is online, at most so long, and tells of every look. Dropping the future ends the wait.
    ///
    /// # Errors
    /// `OperationFailed` when it is `OFFLINE`, `RED_STATE`, `STOPPED` or `DELETED`; `DeadlineExceeded` when the time is
    /// up; `NotFound` when there is none of this name.
    pub async fn wait_until_online_with(
        &self,
        name: &str,
        timeout: Duration,
        on_progress: impl FnMut(&Progress),
    ) -> Result<VectorEndpoint> {
        let call = calls::get_endpoint(name)?.into_text();
        let text =
            self.wait(&call, ("endpoint", name), timeout, |text, _| progress::endpoint(text), on_progress).await?;
        Json::from_bytes(text.into_bytes())?.read()
    }

    /// Looks until `judge` says that it is done; gives the last description.
    async fn wait(
        &self,
        call: &Call<String>,
        (what, name): (&str, &str),
        timeout: Duration,
        judge: impl Fn(&str, Option<&str>) -> Result<Progress>,
        mut on_progress: impl FnMut(&Progress),
    ) -> Result<String> {
        let transport = self.sender.transport();
        let deadline = transport.now().saturating_add(timeout);
        let mut seen = Progress::default();
        let mut failures = 0;
        let mut attempt = 0_u32;
        let mut options = self.options.clone();
        let own = options.timeouts.or(self.sender.config().timeouts).total;
        let late = |seen: &Progress| progress::late(what, name, &seen.state, &seen.message);
        loop {
            attempt += 1;
            // a sleep may end late: what is left is never nothing, which is no time limit
            let left = deadline.saturating_sub(transport.now()).max(Duration::from_millis(1));
            let bounded = own.is_none_or(|own| left < own);
            options.timeouts.total = if bounded { Some(left) } else { own };
            let look = async {
                let (text, _) = self.sender.send(call, &options).await?;
                let mut seen = judge(&text, None)?;
                if let Some(endpoint) = seen.ask.take() {
                    let (endpoint, _) =
                        self.sender.send(&calls::get_endpoint(&endpoint)?.into_text(), &options).await?;
                    seen = judge(&text, Some(&state_of(&endpoint)))?;
                }
                Ok::<_, crate::error::Error>((text, seen))
            };
            match look.await {
                Ok((text, now)) => {
                    failures = 0;
                    seen = now;
                    on_progress(&seen);
                    if seen.done {
                        return Ok(text);
                    }
                }
                Err(error) if error.is_retryable() && failures < PATIENCE => failures += 1,
                // the wait's own end cut the look short
                Err(error) if bounded && error.phase() == Some(TimeoutPhase::Total) => return Err(late(&seen)),
                Err(error) => return Err(error),
            }
            let left = deadline.saturating_sub(transport.now());
            if left <= LAST {
                return Err(late(&seen));
            }
            let jitter = Duration::from_secs(1).mul_f64(transport.random());
            let pause = Duration::from_secs(u64::from(attempt.min(30))) + jitter;
            transport.sleep(pause.min(left.saturating_sub(LAST))).await;
        }
    }
}

/// The state of an endpoint's description.
fn state_of(text: &str) -> String {
    Raw::parse(text)
        .ok()
        .and_then(|root| super::text::either(root, "endpoint_status"))
        .map(|status| super::text::word(status, "state"))
        .unwrap_or_default()
}

impl VectorSearchIndex {
    /// Waits until the index answers, at most [`DEFAULT_TIMEOUT`].
    ///
    /// # Errors
    /// As [`wait_until_ready_with`](Self::wait_until_ready_with).
    pub async fn wait_until_ready(&self) -> Result<VectorIndex> {
        self.wait_until_ready_with(false, DEFAULT_TIMEOUT, |_| ()).await
    }

    /// Waits until the index answers and no update of it is running, as after [`sync`](Self::sync).
    ///
    /// # Errors
    /// As [`wait_until_ready_with`](Self::wait_until_ready_with).
    pub async fn wait_until_settled(&self) -> Result<VectorIndex> {
        self.wait_until_ready_with(true, DEFAULT_TIMEOUT, |_| ()).await
    }

    /// Waits until the index answers (and, when `settled`, no update is running), at most so long, and tells of every
    /// look. Dropping the future ends the wait; the index goes on.
    ///
    /// # Errors
    /// `OperationFailed` when its state holds `OFFLINE`, unless its endpoint is starting; `DeadlineExceeded` when the time
    /// is up; `NotFound` when there is none of this name.
    pub async fn wait_until_ready_with(
        &self,
        settled: bool,
        timeout: Duration,
        on_progress: impl FnMut(&Progress),
    ) -> Result<VectorIndex> {
        let call = calls::get_index(self.name(), false)?.into_text();
        let judge = |text: &str, endpoint: Option<&str>| progress::index(text, settled, endpoint);
        let text = self.search().wait(&call, ("index", self.name()), timeout, judge, on_progress).await?;
        Json::from_bytes(text.into_bytes())?.read()
    }
}
