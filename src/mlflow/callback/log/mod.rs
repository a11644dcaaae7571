//! What LangChain's handler makes of an event: counters, records, files, tables. Pure.
//!
//! # An event as JSON text
//!
//! `{"event": …}` with the facts of its kind; `serialized` is what LangChain tells of the thing that runs, and may be null.
//!
//! | `event` | Facts |
//! |---|---|
//! | `llm_start` | `serialized`, `prompts` (texts) |
//! | `chat_model_start` | `serialized`, `messages` (lists of `{type or role, content, tool_calls}`); it is logged as `llm_start` |
//! | `llm_new_token` | `token` |
//! | `llm_end` | `llm_output`, `generations` (lists of `{text, …}`) |
//! | `chain_start`, `chain_end` | `serialized` and `inputs`, `outputs` |
//! | `tool_start`, `tool_end` | `serialized` and `input`, `output` |
//! | `text` | `text` |
//! | `agent_action`, `agent_finish` | `tool`, `tool_input`, `log`; `output`, `log` |
//! | `retriever_start`, `retriever_end` | `serialized` and `query`; `documents` (`{page_content, metadata}`) |
//! | `error` | none |

mod cells;
mod counters;
mod decimal;
mod events;
mod fields;
mod frame;
mod readability;
mod tables;
mod watched;
mod words;

pub use counters::{COUNTERS, Counters};
pub use events::{Logged, count, log};
pub use readability::{TEXT_METRICS, text_metrics};
pub use tables::tables;
pub use watched::{begun, ended};

#[cfg(test)]
mod tests;
