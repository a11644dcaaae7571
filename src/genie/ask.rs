//! Asking: the question, the wait and the rows.

use std::time::Duration;

use super::{Genie, GenieAnswer, GenieMessage, GenieTable, MessageId, POLL_MS, Seen, TIMEOUT_MS};
use super::{calls, finished, ids, judge, late, markdown};
use crate::error::Result;
use crate::observe::Kind;
use crate::wire::call::Call;
use crate::wire::json::{Json, string};

/// How many looks in a row may fail for a passing reason.
const PATIENCE: u32 = 5;

/// How a question is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AskOptions {
    /// The conversation to ask on in; a new one unless set.
    pub conversation_id: Option<String>,
    /// How long is waited for the answer and its rows in all; 250 s unless set.
    pub timeout: Duration,
}

impl Default for AskOptions {
    fn default() -> Self {
        Self { conversation_id: None, timeout: Duration::from_millis(u64::from(TIMEOUT_MS)) }
    }
}

impl AskOptions {
    /// Asks on in a conversation.
    #[must_use]
    pub fn conversation_id(mut self, id: impl Into<String>) -> Self {
        self.conversation_id = Some(id.into());
        self
    }

    /// Waits so long.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }
}

/// What Genie answered.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct GenieReply {
    /// The answer in short.
    pub answer: GenieAnswer,
    /// The rows of its query; none when it has no query.
    pub table: Option<GenieTable>,
    /// The whole message.
    pub message: GenieMessage,
    rows: Option<Json<()>>,
}

impl GenieReply {
    /// The rows as a Markdown table with their numbers in front; empty without rows.
    #[must_use]
    pub fn markdown(&self) -> String {
        self.rows.as_ref().map(|rows| markdown(rows.root(), true)).unwrap_or_default()
    }
}

impl Genie {
    /// Asks a question in a new conversation, waits for the answer and fetches its rows.
    ///
    /// # Errors
    /// As [`ask_with`](Self::ask_with).
    pub async fn ask(&self, question: &str) -> Result<GenieReply> {
        self.ask_with(question, &AskOptions::default(), |_| ()).await
    }

    /// Asks a question, tells of every new status, waits for the answer and fetches its rows.
    ///
    /// # Errors
    /// `OperationFailed` when Genie or its query failed, with the type of the failure as
    /// [`Error::error_code`](crate::Error::error_code); `DeadlineExceeded` when the time is up, with the
    /// message's ids as [`Error::details`](crate::Error::details); else as the service answers.
    pub async fn ask_with(
        &self,
        question: &str,
        options: &AskOptions,
        on_status: impl FnMut(&str),
    ) -> Result<GenieReply> {
        let told = self.sender.watch().start(Kind::Agent, "Genie", || {
            ["{\"space_id\":", &string(&self.space_id), ",\"question\":", &string(question), "}"].concat()
        });
        let outputs = |reply: &GenieReply| serde_json::to_string(&reply.answer).unwrap_or_default();
        told.run(self.asked(question, options, on_status), outputs).await
    }

    async fn asked(&self, question: &str, options: &AskOptions, mut on_status: impl FnMut(&str)) -> Result<GenieReply> {
        let deadline = self.sender.transport().now().saturating_add(options.timeout);
        let conversation = options.conversation_id.as_deref();
        let asked = self.send(calls::ask(&self.space_id, conversation, question)).await?;
        let (conversation, message) = ids(asked.root())?;
        let id = self.id(&conversation, &message);
        let mut told = String::new();
        let mut failures = 0;
        let (json, answer) = loop {
            let json = self.look(calls::message(id)?, &mut failures).await?;
            match json.as_ref().map(|json| judge(json.root())).transpose()? {
                Some(Seen::Done(answer)) => break (json, answer),
                Some(Seen::Waiting(status)) if status != told => {
                    on_status(&status);
                    told = status;
                }
                _ => {}
            }
            self.pause(deadline, &told, id).await?;
        };
        on_status("COMPLETED");
        let message: GenieMessage = Json::from_checked(json.map(Json::into_string).unwrap_or_default()).read()?;
        let answer: GenieAnswer = Json::from_checked(answer).read()?;
        let rows = match &answer.attachment_id {
            Some(attachment) => {
                let first = self.send(calls::query_result(id, attachment)).await?;
                Some(self.rows(id, attachment, first, deadline).await?)
            }
            None => None,
        };
        let table = rows.as_ref().map(|rows| GenieTable::read(rows.root())).transpose()?;
        Ok(GenieReply { answer, table, message, rows })
    }

    /// The statement's answer of a query, once it has ended.
    pub(super) async fn rows(
        &self,
        id: MessageId<'_>,
        attachment: &str,
        mut result: Json<()>,
        deadline: Duration,
    ) -> Result<Json<()>> {
        let mut failures = 0;
        loop {
            if let Some(response) = finished(result.root())? {
                return Ok(Json::from_checked(response.text().to_owned()));
            }
            self.pause(deadline, "EXECUTING_QUERY", id).await?;
            if let Some(json) = self.look(calls::query_result(id, attachment)?, &mut failures).await? {
                result = json;
            }
        }
    }

    /// One look; nothing when it failed for a passing reason.
    async fn look(&self, call: Call<Json<()>>, failures: &mut u32) -> Result<Option<Json<()>>> {
        match self.send(Ok(call)).await {
            Ok(json) => {
                *failures = 0;
                Ok(Some(json))
            }
            Err(error) if error.is_retryable() && *failures < PATIENCE => {
                *failures += 1;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    async fn pause(&self, deadline: Duration, status: &str, id: MessageId<'_>) -> Result<()> {
        let left = deadline.saturating_sub(self.sender.transport().now());
        if left.is_zero() {
            return Err(late(status, id.conversation, id.message));
        }
        self.sender.transport().sleep(left.min(Duration::from_millis(u64::from(POLL_MS)))).await;
        Ok(())
    }
}
