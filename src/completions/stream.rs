//! A text in pieces.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;
use serde::de::IgnoredAny;

use crate::completions::request::Generation;
use crate::error::Result;
use crate::sender::{Meta, Opened};
use crate::stream::{EventStream, WordStream};
use crate::transport::Transport;
use crate::wire::form;

/// The pieces of a text, as a [`Stream`] or by [`next`](Self::next).
///
/// It ends after the endpoint's end mark, or with one error that carries what had arrived as
/// [`Error::partial`](crate::Error::partial). An answer that breaks off is a `Truncated` error, never
/// an end. Dropping the stream ends the call at the server.
///
/// ```no_run
/// # async fn example(completions: lakewire::completions::Completions) -> lakewire::Result<()> {
/// let mut stream = completions.stream("Once upon a time").await?;
/// while let Some(piece) = stream.next().await {
///     print!("{}", piece?);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct CompletionStream {
    pieces: Pieces,
    meta: Meta,
}

#[derive(Debug)]
enum Pieces {
    Streamed(Box<WordStream<IgnoredAny>>),
    /// A text that came whole.
    Whole(Option<String>),
}

impl CompletionStream {
    pub(crate) fn new(transport: Arc<dyn Transport>, opened: Opened) -> Self {
        let meta = opened.meta.clone();
        let events = EventStream::of_form(transport, opened, form::Completions::default());
        Self { pieces: Pieces::Streamed(Box::new(events.into_words())), meta }
    }

    pub(crate) fn of(generation: Generation) -> Self {
        let (text, meta) = generation.into_parts();
        Self { pieces: Pieces::Whole(Some(text).filter(|text| !text.is_empty())), meta }
    }

    /// The id to quote to Databricks support.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.meta.request_id.as_deref()
    }

    /// Which served entity answers.
    #[must_use]
    pub fn served_model_name(&self) -> Option<&str> {
        self.meta.served_model_name.as_deref()
    }

    /// How many requests were sent.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.meta.attempts
    }

    /// The next piece; `None` at the end.
    pub async fn next(&mut self) -> Option<Result<String>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl Stream for CompletionStream {
    type Item = Result<String>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match &mut self.pieces {
            Pieces::Streamed(words) => Pin::new(words.as_mut()).poll_next(cx),
            Pieces::Whole(text) => Poll::Ready(text.take().map(Ok)),
        }
    }
}
