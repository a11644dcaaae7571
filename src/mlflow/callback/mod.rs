//! LangChain's `MlflowCallbackHandler`: what an app's models, chains, tools and searches do, as metrics and files of a run.
//!
//! [`log`] is what is logged of an event, and pure. Numbers, keys and names are LangChain's; what its handler does by mistake is not
//! copied: the run ends, an event whose `serialized` is null is logged, generations of several prompts do not write over each other,
//! errors that nothing follows are counted, and texts are no markup in `chat_html.html`.

#[cfg(feature = "observe")]
mod handler;
pub mod log;
#[cfg(feature = "observe")]
mod run;
#[cfg(all(test, feature = "observe"))]
mod tests;
#[cfg(feature = "observe")]
mod watched;

#[cfg(feature = "observe")]
pub use handler::{CallbackStats, MlflowCallbackHandler};
