//! Prompts: texts and messages with named variables.
//!
//! A [`PromptTemplate`] makes a text, a [`ChatPromptTemplate`] a list of messages; both go straight
//! into a chat. `{name}` stands for a value, `{{` and `}}` for braces themselves.
//!
//! ```
//! use lakewire::chat::Message;
//! use lakewire::prompts::{ChatPromptTemplate, MessageTemplate, MessagesPlaceholder, PromptValues};
//!
//! let prompt = ChatPromptTemplate::from_messages([
//!     MessageTemplate::system("You help {team}."),
//!     MessagesPlaceholder::new("history").optional().into(),
//!     MessageTemplate::human("{question}"),
//! ])?;
//! assert_eq!(prompt.variables(), ["team", "question"]);
//!
//! let values = PromptValues::new().with("team", "sales").with("question", "What is {a}?");
//! let messages = prompt.format_messages(values)?;
//! assert_eq!(messages, [Message::system("You help sales."), Message::user("What is {a}?")]);
//! # Ok::<(), lakewire::Error>(())
//! ```
//!
//! What to know:
//! - A value goes in as it is: braces in it are never expanded, so what a user types cannot reach
//!   other variables.
//! - A value that is missing is an error that names it; values that no variable asks for are ignored.
//! - Texts and `(role, text)` pairs are templates; a [`Message`](crate::chat::Message) is sent as it is.
//! - `human` and `ai` are other words for `user` and `assistant`.
//!
//! [`chain`](crate::chain) joins prompts, models and parsers in one line.

mod chat_prompt;
pub(crate) mod messages;
pub(crate) mod output;
pub(crate) mod prompt;
pub(crate) mod template;
pub(crate) mod values;

pub use chat_prompt::{ChatPromptTemplate, MessageTemplate, MessagesPlaceholder};
pub use prompt::PromptTemplate;
pub use values::{PromptValue, PromptValues};
