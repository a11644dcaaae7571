//! Requests and answers of chat endpoints (`llm/v1/chat`), in the service's words.
//!
//! Facts: Databricks' "Foundation model REST API reference", "Query reasoning models",
//! "Query vision models", "Function calling on Databricks" and the public clients' types.

mod answers;
mod messages;
mod options;

pub use answers::*;
pub use messages::*;
pub use options::*;
