//! Genie: questions about data in plain words, answered with SQL, rows and text.
//!
//! [`ask`](Genie::ask) asks, waits and fetches the rows. What comes back is typed: an answer without
//! rows has none, and a question that failed is an error, never a text that looks like a result.

mod ask;
pub mod calls;
mod outcome;
mod table;
pub mod types;

use serde::de::DeserializeOwned;

use crate::error::Result;
use crate::pages::Pages;
use crate::sender::{CallOptions, Sender};
use crate::wire::call::Call;
use crate::wire::json::Json;

pub use ask::{AskOptions, GenieReply};
pub use calls::MessageId;
pub use outcome::{POLL_MS, Seen, TIMEOUT_MS, ids, judge, late};
pub use table::{Cell, GenieTable, TableColumn, finished, is_truncated, markdown};
pub use types::*;

/// A Genie space. Cheap to clone.
///
/// ```no_run
/// # async fn example(client: lakewire::WorkspaceClient) -> lakewire::Result<()> {
/// let reply = client.genie("01ef").ask("What were the sales per region?").await?;
/// println!("{}", reply.answer.text.unwrap_or_default());
/// println!("{} rows", reply.table.map_or(0, |table| table.rows.len()));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Genie {
    sender: Sender,
    options: CallOptions,
    space_id: String,
}

impl Genie {
    pub(crate) fn new(sender: Sender, space_id: String) -> Self {
        Self { sender, options: CallOptions::default(), space_id }
    }

    pub(crate) fn spaces(sender: Sender) -> Pages<GenieSpace> {
        Pages::new(sender, CallOptions::default(), Ok(calls::spaces()), "spaces")
    }

    /// The same handle with time limits, headers and attempts of its own.
    #[must_use]
    pub fn with_options(self, options: CallOptions) -> Self {
        Self { options, ..self }
    }

    fn id<'a>(&'a self, conversation: &'a str, message: &'a str) -> MessageId<'a> {
        MessageId { space: &self.space_id, conversation, message }
    }

    async fn send<T>(&self, call: Result<Call<T>>) -> Result<T> {
        Ok(self.sender.send(&call?, &self.options).await?.0)
    }

    async fn read<T: DeserializeOwned>(&self, call: Result<Call<Json<()>>>) -> Result<T> {
        Json::from_checked(self.send(call).await?.into_string()).read()
    }

    fn pages<T: DeserializeOwned>(&self, call: Result<Call<Json<()>>>, key: &'static str) -> Pages<T> {
        Pages::new(self.sender.clone(), self.options.clone(), call, key)
    }

    /// Describes the space.
    ///
    /// # Errors
    /// `NotFound` when there is none of this id.
    pub async fn space(&self) -> Result<GenieSpace> {
        self.read(calls::space(&self.space_id, false)).await
    }

    /// Describes a message as it is now.
    ///
    /// # Errors
    /// `NotFound` when there is no such message.
    pub async fn message(&self, conversation: &str, message: &str) -> Result<GenieMessage> {
        self.read(calls::message(self.id(conversation, message))).await
    }

    /// Lists the space's conversations: the caller's own, or all.
    #[must_use]
    pub fn conversations(&self, all: bool) -> Pages<GenieConversation> {
        self.pages(calls::conversations(&self.space_id, all), "conversations")
    }

    /// Lists the messages of a conversation.
    #[must_use]
    pub fn messages(&self, conversation: &str) -> Pages<GenieMessage> {
        self.pages(calls::messages(&self.space_id, conversation), "messages")
    }

    /// Deletes a conversation.
    ///
    /// # Errors
    /// `NotFound` when there is no such conversation.
    pub async fn delete_conversation(&self, conversation: &str) -> Result<()> {
        self.send(calls::delete_conversation(&self.space_id, conversation)).await
    }

    /// Deletes a message.
    ///
    /// # Errors
    /// `NotFound` when there is no such message.
    pub async fn delete_message(&self, conversation: &str, message: &str) -> Result<()> {
        self.send(calls::delete_message(self.id(conversation, message))).await
    }

    /// Says what is thought of an answer.
    ///
    /// # Errors
    /// `NotFound` when there is no such message.
    pub async fn feedback(
        &self,
        conversation: &str,
        message: &str,
        rating: &GenieRating,
        comment: Option<&str>,
    ) -> Result<()> {
        self.send(calls::feedback(self.id(conversation, message), rating.as_str(), comment)).await
    }

    /// Runs the query of an answer again and waits for its rows, when they are gone.
    ///
    /// # Errors
    /// `OperationFailed` when the query fails; `DeadlineExceeded` when the time is up.
    pub async fn execute_query(&self, conversation: &str, message: &str, attachment: &str) -> Result<GenieTable> {
        let id = self.id(conversation, message);
        let json = self.send(calls::execute_query(id, attachment)).await?;
        let deadline = self.sender.transport().now() + AskOptions::default().timeout;
        GenieTable::read(self.rows(id, attachment, json, deadline).await?.root())
    }
}

#[cfg(test)]
mod tests;
