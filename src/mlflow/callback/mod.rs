//! LangChain's `MlflowCallbackHandler`: what an app's models, chains, tools and searches do, as metrics and files of a run.
//!
//! [`log`] is what is logged of an event, and pure.

pub mod log;
