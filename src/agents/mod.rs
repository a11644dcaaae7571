//! Agents: endpoints whose task is `agent/v1/responses` (OpenAI's Responses form, which models of
//! OpenAI's speak too) or `agent/v2/chat` (MLflow's ChatAgent). Those of `agent/v1/chat` answer as chat
//! does, see [`chat`](crate::chat).
//!
//! ```no_run
//! # async fn example() -> lakewire::Result<()> {
//! use lakewire::WorkspaceClient;
//!
//! let client = WorkspaceClient::from_env()?;
//! let agent = client.responses("my-agent");
//! let answer = agent.invoke("Which table holds our orders?").await?;
//! println!("{}", answer.text());
//!
//! // the conversation goes on: what was sent, what came out, and more
//! let next = agent.invoke(answer.next_input(["And the customers?"])?).await?;
//! println!("{}", next.text());
//! # Ok(())
//! # }
//! ```
//!
//! A [`ResponseEvent`] or [`ResponseItem`] that has no type of its own here, such as a hosted tool's
//! `response.web_search_call.*` and `web_search_call`, is given as it came, as their `Other`. A stream that
//! says `response.failed` or `error` ends with that error, and what had come is its partial answer.
//!
//! What agents add rides along: `custom_inputs` and `custom_outputs`, the `context` of a conversation,
//! and a trace when `databricks_options` asks for it with `{"return_trace": true}`.

mod answer;
pub mod body;
pub mod calls;
mod chat_agent;
mod fields;
pub mod fold;
pub(crate) mod items;
mod request;
mod responses;
pub(crate) mod tool_loop;
pub mod types;
pub(crate) mod verdict;

#[cfg(test)]
mod tests;

pub use answer::{ChatAgentAnswer, ResponsesAnswer};
pub use calls::Route;
pub use chat_agent::{ChatAgent, ChatAgentStream};
pub use request::{ChatAgentRequest, ResponsesRequest};
pub use responses::{Responses, ResponsesRun, ResponsesStream};
pub use types::{
    ChatAgentChunk, ChatAgentMessage, ChatAgentParams, ChatAgentResponse, ResponseEvent, ResponseItem, ResponseObject,
    ResponsesParams, ResponsesTool,
};
