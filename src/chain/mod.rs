//! Prompt, model and parser in one line.
//!
//! ```no_run
//! # async fn example() -> lakewire::Result<()> {
//! use lakewire::WorkspaceClient;
//! use lakewire::chain::StrOutputParser;
//! use lakewire::prompts::ChatPromptTemplate;
//!
//! let chat = WorkspaceClient::from_env()?.chat("databricks-meta-llama-3-3-70b-instruct");
//! let prompt = ChatPromptTemplate::from_messages([("system", "Be brief."), ("human", "What is {thing}?")])?;
//! let chain = prompt.pipe(chat).pipe(StrOutputParser);
//!
//! let text: String = chain.invoke([("thing", "a lakehouse")]).await?;
//! let mut words = chain.stream([("thing", "a delta table")]).await?;
//! while let Some(word) = words.next().await {
//!     print!("{}", word?);
//! }
//! # let _ = text;
//! # Ok(())
//! # }
//! ```
//!
//! A [`Step`] takes one kind of value and gives another: prompts, chats, completions, agents
//! ([`Responses`](crate::agents::Responses), [`ChatAgent`](crate::agents::ChatAgent)), parsers ([`StrOutputParser`],
//! [`JsonOutputParser`], [`CommaSeparatedListOutputParser`]), async functions ([`from_fn`]),
//! [`Parallel`] steps, [`Assign`], [`Passthrough`], and chains themselves.
//!
//! Text streams through parsers as it comes; a step that needs the whole value waits for it, and
//! [`Parallel`], [`Assign`], structured chats and functions give theirs in one piece. Other calls, such as those of
//! embeddings and of the Hugging Face hub, stand in a function. A text prompt goes before completions, a chat
//! prompt does not. An error keeps its kind and says which step failed. Dropping a stream ends the model's answer at the
//! server.

mod models;
mod parallel;
mod parsers;
mod pieces;
mod pipe;
mod steps;
#[cfg(all(feature = "native", not(target_arch = "wasm32")))]
mod structured;
#[cfg(test)]
mod tests;

pub use parallel::{Assign, Parallel};
pub use parsers::{CommaSeparatedListOutputParser, IntoText, JsonOutputParser, StrOutputParser};
pub use pieces::{PieceRead, Pieces};
pub use pipe::Pipe;
pub use steps::{Function, Passthrough, from_fn};

use crate::error::{Error, ErrorKind, Result};
use crate::observe::Watch;
use crate::sender::CallOptions;
use crate::transport::{BoxFuture, MaybeSend, MaybeSync};

/// Something that takes an `I` and gives an output. Made for chains; implement it for models of
/// your own.
///
/// `name`, `invoke` and `stream` are what every step has. A step whose output is text that comes
/// piece by piece says so with `has_words`; one that can start on such text says so with
/// `takes_words`. Between two steps that both can, text streams.
pub trait Step<I: MaybeSend>: MaybeSend + MaybeSync {
    /// What it gives.
    type Output: MaybeSend;
    /// What a stream of it gives, piece by piece.
    type Piece: MaybeSend + 'static;

    /// What it is called in errors.
    fn name(&self) -> String;

    /// How many steps it is made of; a chain continues the count of the chain it begins with.
    fn count(&self) -> usize {
        1
    }

    /// Runs it to its end. The options go to every call a step makes.
    fn invoke<'a>(&'a self, input: I, options: &'a CallOptions) -> BoxFuture<'a, Result<Self::Output>>
    where
        I: 'a;

    /// Runs it and gives what comes as it comes; one piece when nothing comes before the end.
    fn stream<'a>(&'a self, input: I, options: &'a CallOptions) -> BoxFuture<'a, Result<Pieces<Self::Piece>>>
    where
        I: 'a;

    /// Who watches it, when it tells its calls itself.
    #[doc(hidden)]
    fn watch(&self) -> Watch {
        Watch::default()
    }

    /// What it gave as JSON text, for those who watch; nothing when it has no such form.
    #[doc(hidden)]
    fn shown(&self, _output: &Self::Output) -> Option<String> {
        None
    }

    /// The text of a piece, for those who watch.
    #[doc(hidden)]
    fn said(_piece: &Self::Piece) -> String
    where
        Self: Sized,
    {
        String::new()
    }

    /// Whether [`words`](Self::words) works.
    fn has_words(&self) -> bool {
        false
    }

    /// Runs it and gives its text as it comes.
    ///
    /// # Errors
    /// `InvalidInput` for a step whose output is no text.
    fn words<'a>(&'a self, _input: I, _options: &'a CallOptions) -> BoxFuture<'a, Result<Pieces<String>>>
    where
        I: 'a,
    {
        Box::pin(std::future::ready(Err(no_text())))
    }

    /// Whether [`read_words`](Self::read_words) works.
    fn takes_words(&self) -> bool {
        false
    }

    /// What a stream gives when the step before gives its text piece by piece.
    fn read_words(&self, _words: Pieces<String>) -> Pieces<Self::Piece> {
        Pieces::failed(no_text())
    }
}

fn no_text() -> Error {
    Error::new(ErrorKind::InvalidInput, "This step does not work on text piece by piece.")
}
