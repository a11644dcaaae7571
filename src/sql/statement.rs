//! Running statements: sent once, looked at until they end, cancelled when their caller gives up.

use std::future::Future;
use std::task::{Context, Poll};
use std::time::Duration;

use super::progress::{self, Look};
use super::result::StatementResult;
use super::types::{Disposition, ExecuteStatementRequest, ResultFormat, StatementResponse};
use super::{calls, fetch};
use crate::error::{Error, ErrorKind, Result, TimeoutPhase};
use crate::observe::Kind;
use crate::sender::{CallOptions, Sender};
use crate::transport::BoxFuture;
use crate::wire::json::{Json, Raw, string};

/// How many looks in a row may fail for a passing reason.
const PATIENCE: u32 = 5;
/// How long a cancelled statement is looked at for its end, and a sending in flight is waited for after an abort.
const ENDING: Duration = Duration::from_secs(15);

/// How statements are run and their results read.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct StatementSettings {
    /// How long a statement may take from its sending to its end; it is then cancelled. 20 minutes.
    pub timeout: Duration,
    /// How many chunks are fetched ahead of the one that is read. 2.
    pub prefetch: usize,
    /// How many bytes those may have together, by what the service announces; one is fetched however large. 16 MiB.
    pub prefetch_bytes: u64,
    /// Whether a result that the service cut off at its own limit may end without an error. No.
    pub allow_truncated: bool,
    /// Whether dropping the future of a running statement sends a cancellation, without waiting for what becomes of it; it
    /// needs a runtime that goes on. No: dropping the future leaves the statement running.
    pub cancel_on_drop: bool,
}

impl Default for StatementSettings {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(20 * 60),
            prefetch: 2,
            prefetch_bytes: 16 * 1024 * 1024,
            allow_truncated: false,
            cancel_on_drop: false,
        }
    }
}

/// Runs statements on a warehouse. Cheap to clone.
///
/// ```no_run
/// # async fn example(client: lakewire::WorkspaceClient) -> lakewire::Result<()> {
/// use lakewire::sql::{ExecuteStatementRequest, Param};
/// let sql = client.statement_execution("my-warehouse-id");
/// let request = ExecuteStatementRequest::new("SELECT id, name FROM parts WHERE price > :p")
///     .parameter(Param::from(9.5).named("p"));
/// let mut result = sql.execute(&request).await?;
/// while let Some(batch) = result.next_batch().await? {
///     for row in batch.rows() {
///         println!("{:?}", row.values()?);
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct StatementExecution {
    sender: Sender,
    warehouse_id: String,
    options: CallOptions,
    settings: StatementSettings,
}

impl StatementExecution {
    pub(crate) fn new(sender: Sender, warehouse_id: String) -> Self {
        Self { sender, warehouse_id, options: CallOptions::default(), settings: StatementSettings::default() }
    }

    /// The same handle with time limits, headers and attempts of its own for each request.
    #[must_use]
    pub fn with_options(self, options: CallOptions) -> Self {
        Self { options, ..self }
    }

    /// The same handle with settings of its own.
    ///
    /// ```no_run
    /// # fn example(client: lakewire::WorkspaceClient) {
    /// let mut settings = lakewire::sql::StatementSettings::default();
    /// settings.timeout = std::time::Duration::from_secs(60);
    /// let sql = client.statement_execution("my-warehouse-id").with_settings(settings);
    /// # }
    /// ```
    #[must_use]
    pub fn with_settings(self, settings: StatementSettings) -> Self {
        Self { settings, ..self }
    }

    /// Runs a statement and waits for its end. It is sent once, whatever happens; looks at it are at most five seconds
    /// apart and go on over passing errors.
    ///
    /// # Errors
    /// `StatementFailed` (see [`StatementFailure`](super::StatementFailure)); `DeadlineExceeded` when the settings' time is
    /// up, after a cancellation; `ResultExpired` when the service no longer knows the statement; `InvalidInput` for what
    /// cannot be sent; else as the service answers.
    pub async fn execute(&self, request: &ExecuteStatementRequest) -> Result<StatementResult> {
        self.run(request, Abort { future: None, done: false }).await
    }

    /// The same, given up when `abort` is done: the statement is then cancelled and looked at for up to 15 seconds.
    ///
    /// # Errors
    /// `Cancelled` when it was aborted, whose sentence says what became of the statement; else as [`execute`](Self::execute).
    ///
    /// ```no_run
    /// # async fn example(client: lakewire::WorkspaceClient, stop: impl Future<Output = ()> + Send) -> lakewire::Result<()> {
    /// use lakewire::sql::ExecuteStatementRequest;
    /// let sql = client.statement_execution("my-warehouse-id");
    /// let result = sql.execute_until(&ExecuteStatementRequest::new("SELECT 1"), stop).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn execute_until(
        &self,
        request: &ExecuteStatementRequest,
        abort: impl Future<Output = ()> + crate::transport::MaybeSend,
    ) -> Result<StatementResult> {
        self.run(request, Abort { future: Some(Box::pin(abort)), done: false }).await
    }

    /// Sends a statement and gives the first answer, whatever its state.
    ///
    /// # Errors
    /// `InvalidInput` for what cannot be sent; else as the service answers.
    pub async fn submit(&self, request: &ExecuteStatementRequest) -> Result<StatementResponse> {
        self.sender.send(&calls::execute(self.body(request)?)?, &self.options).await?.0.read()
    }

    /// Looks at a statement.
    ///
    /// # Errors
    /// `ResultExpired` when the service does not know it; else as the service answers.
    pub async fn get(&self, statement_id: &str) -> Result<StatementResponse> {
        self.sender.send(&calls::get(statement_id)?, &self.options).await?.0.read()
    }

    /// Asks for a statement's end; [`get`](Self::get) says what became of it.
    ///
    /// # Errors
    /// As the service answers.
    pub async fn cancel(&self, statement_id: &str) -> Result<()> {
        self.sender.send(&calls::cancel(statement_id)?, &self.options).await.map(|_| ())
    }

    fn body(&self, request: &ExecuteStatementRequest) -> Result<String> {
        let mut request = request.clone();
        request.warehouse_id.get_or_insert_with(|| self.warehouse_id.clone());
        let inline = request.disposition.as_ref().is_none_or(|disposition| *disposition == Disposition::Inline);
        if inline && request.format.as_ref().is_some_and(|format| *format != ResultFormat::JsonArray) {
            let sentence = "Only JSON_ARRAY comes inline: set the disposition EXTERNAL_LINKS for the other formats.";
            return Err(Error::new(ErrorKind::InvalidInput, sentence));
        }
        serde_json::to_string(&request).map_err(|fault| {
            Error::new(ErrorKind::InvalidInput, "The statement cannot be written as JSON.").with_source(fault)
        })
    }

    async fn run(&self, request: &ExecuteStatementRequest, abort: Abort<'_>) -> Result<StatementResult> {
        let told = self.sender.watch().start(Kind::Task, "SQL statement", || self.body(request).unwrap_or_default());
        let outputs = |result: &StatementResult| {
            [
                "{\"statement_id\":",
                &string(result.statement_id()),
                ",\"columns\":",
                &result.schema().len().to_string(),
                "}",
            ]
            .concat()
        };
        told.run(self.ran(request, abort), outputs).await
    }

    async fn ran(&self, request: &ExecuteStatementRequest, mut abort: Abort<'_>) -> Result<StatementResult> {
        let transport = self.sender.transport().clone();
        let deadline = transport.now().saturating_add(self.settings.timeout);
        let mut request = request.clone();
        if request.wait_timeout.is_none() {
            // who may abort wants the id soon; a limit of seconds leaves no time for a long first answer
            let at_once = abort.future.is_some() || self.settings.timeout < Duration::from_secs(15);
            request.wait_timeout = Some(if at_once { "0s" } else { "10s" }.into());
        }
        let call = calls::execute(self.body(&request)?)?;
        let limits = progress::Limits { rows: request.row_limit, bytes: request.byte_limit };
        let mut seen = Look::default();
        let (sender, options) = (self.sender.clone(), self.within(self.settings.timeout));
        let sending: Sending = Box::pin(async move { sender.send(&call, &options).await.map(|(answer, _)| answer) });
        let mut guard = Guard { of: self, id: None, sending: Some(sending) };
        let sent = {
            let mut patience: Option<BoxFuture<'static, ()>> = None;
            std::future::poll_fn(|cx| {
                if let Some(Poll::Ready(sent)) = guard.sending.as_mut().map(|sending| sending.as_mut().poll(cx)) {
                    guard.sending = None;
                    return Poll::Ready(Some(sent));
                }
                if patience.is_none() && abort.fired(cx) {
                    patience = Some(transport.sleep(ENDING));
                }
                match &mut patience {
                    Some(patience) => patience.as_mut().poll(cx).map(|()| None),
                    None => Poll::Pending,
                }
            })
            .await
        };
        let Some(sent) = sent else { return Err(progress::aborted(&seen).with_advice(progress::UNSURE)) };
        let mut answer = sent?;
        let mut watch = Watch { deadline, looks: 0, failures: 0 };
        loop {
            let look = progress::judge(answer.root())?;
            // only the first answer need say the id
            let known = std::mem::take(&mut seen.statement_id);
            seen = Look { statement_id: if look.statement_id.is_empty() { known } else { look.statement_id }, ..look };
            if seen.done {
                guard.id = None;
                let source = fetch::Source::new(self.sender.clone(), self.options.clone(), &seen.statement_id);
                return StatementResult::new(source, &self.settings, answer.as_str(), limits);
            }
            guard.id = Some(seen.statement_id.clone());
            let next = self.look(&seen.statement_id, &mut watch, &mut abort).await;
            if !matches!(next, Ok(Some(_))) {
                guard.id = None;
            }
            answer = match next? {
                Some(answer) => answer,
                None => {
                    let late = transport.now() >= deadline;
                    self.end(&mut seen).await;
                    return Err(if late {
                        progress::late(&seen, progress::ending(&seen.state))
                    } else {
                        progress::aborted(&seen)
                    });
                }
            };
        }
    }

    /// Waits and looks again; nothing when the time is up or the caller aborts.
    async fn look(
        &self,
        id: &str,
        watch: &mut Watch,
        abort: &mut Abort<'_>,
    ) -> Result<Option<Json<StatementResponse>>> {
        let transport = self.sender.transport();
        let call = calls::get(id)?;
        loop {
            let left = watch.deadline.saturating_sub(transport.now());
            if left.is_zero() {
                return Ok(None);
            }
            let pause = Duration::from_millis(u64::from(progress::pause(watch.looks, transport.random())));
            watch.looks += 1;
            if abort.race(transport.sleep(pause.min(left))).await.is_none() {
                return Ok(None);
            }
            let left = watch.deadline.saturating_sub(transport.now()).max(Duration::from_millis(1));
            let options = self.within(left);
            match abort.race(Box::pin(self.sender.send(&call, &options))).await {
                None => return Ok(None),
                Some(Ok((answer, _))) => {
                    watch.failures = 0;
                    return Ok(Some(answer));
                }
                Some(Err(error)) if error.is_retryable() && watch.failures < PATIENCE => watch.failures += 1,
                // the wait's own end cut the look short
                Some(Err(error)) if error.phase() == Some(TimeoutPhase::Total) && transport.now() >= watch.deadline => {
                    return Ok(None);
                }
                Some(Err(error)) => return Err(error),
            }
        }
    }

    /// Cancels a statement and looks at it until it ends, for a while.
    async fn end(&self, seen: &mut Look) {
        let transport = self.sender.transport();
        let deadline = transport.now().saturating_add(ENDING);
        let (Ok(cancel), Ok(get)) = (calls::cancel(&seen.statement_id), calls::get(&seen.statement_id)) else { return };
        let _ = self.sender.send(&cancel, &self.within(ENDING)).await;
        let mut looks = 0;
        loop {
            let left = deadline.saturating_sub(transport.now());
            if left.is_zero() {
                return;
            }
            if let Ok((answer, _)) = self.sender.send(&get, &self.within(left)).await {
                let state = answer.root().get_some("status").and_then(|status| status.get_some("state"));
                if let Some(state) = state.and_then(Raw::as_str) {
                    seen.state = state.into_owned();
                }
                if progress::is_end(&seen.state) {
                    return;
                }
            }
            let pause = Duration::from_millis(u64::from(progress::pause(looks, transport.random())));
            transport.sleep(pause.min(deadline.saturating_sub(transport.now()))).await;
            looks += 1;
        }
    }

    /// The handle's options, ending within a time.
    fn within(&self, left: Duration) -> CallOptions {
        let mut options = self.options.clone();
        let own = options.timeouts.or(self.sender.config().timeouts).total;
        options.timeouts.total = Some(own.map_or(left, |own| own.min(left)));
        options
    }
}

struct Watch {
    deadline: Duration,
    looks: u32,
    failures: u32,
}

/// What the caller gives up by.
struct Abort<'a> {
    future: Option<BoxFuture<'a, ()>>,
    done: bool,
}

impl Abort<'_> {
    /// Whether it has fired. A future that is ready must not be polled again: most panic.
    fn fired(&mut self, cx: &mut Context<'_>) -> bool {
        self.done = self.done || self.future.as_mut().is_some_and(|future| future.as_mut().poll(cx).is_ready());
        self.done
    }

    /// What a future gives, or nothing when the caller gave up before.
    async fn race<T>(&mut self, mut future: BoxFuture<'_, T>) -> Option<T> {
        std::future::poll_fn(|cx| match future.as_mut().poll(cx) {
            Poll::Ready(value) => Poll::Ready(Some(value)),
            Poll::Pending if self.fired(cx) => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        })
        .await
    }
}

/// A statement on its way.
type Sending = BoxFuture<'static, Result<Json<StatementResponse>>>;

/// Cancels a statement whose future is dropped, when asked to; one that is still being sent, as soon as its id is known.
struct Guard<'a> {
    of: &'a StatementExecution,
    id: Option<String>,
    sending: Option<Sending>,
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        let (id, sending) = (self.id.take(), self.sending.take());
        if !self.of.settings.cancel_on_drop || (id.is_none() && sending.is_none()) {
            return;
        }
        let (sender, options) = (self.of.sender.clone(), self.of.within(ENDING));
        self.of.sender.transport().spawn(Box::pin(async move {
            let id = match (id, sending) {
                (None, Some(sending)) => sending.await.ok().and_then(|answer| running(answer.root())),
                (id, _) => id,
            };
            if let Some(cancel) = id.and_then(|id| calls::cancel(&id).ok()) {
                // nobody is left to hear of it
                let _ = sender.send(&cancel, &options).await;
            }
        }));
    }
}

/// The id of a statement that has not ended.
fn running(answer: Raw<'_>) -> Option<String> {
    progress::judge(answer)
        .ok()
        .filter(|look| !look.done && !look.statement_id.is_empty())
        .map(|look| look.statement_id)
}

#[cfg(test)]
mod tests;
