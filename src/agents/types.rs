//! Requests, answers and events of agent endpoints, in the service's words.
//!
//! Facts: MLflow's `types/responses.py`, `types/responses_helpers.py` and `types/agent.py`, and Databricks' "Query with
//! the OpenAI Responses API".

mod chat_agent;
mod events;
mod items;
mod responses;

pub use chat_agent::*;
pub use events::*;
pub use items::*;
pub use responses::*;
