//! Pieces of an output as they come.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;

use crate::error::{Error, Result};
use crate::observe::Observation;
use crate::transport::MaybeSend;

/// What [`Pieces`] hold: a stream that may move between threads where there are threads.
pub trait PieceRead<T>: Stream<Item = Result<T>> + MaybeSend {}
impl<T, S: Stream<Item = Result<T>> + MaybeSend> PieceRead<T> for S {}

/// The pieces of a streamed output, as a [`Stream`] or by [`next`](Self::next). It ends with the
/// output or with the first error; dropping it ends what it comes from.
pub struct Pieces<T> {
    /// Nothing after the end or an error.
    inner: Option<Pin<Box<dyn PieceRead<T>>>>,
}

impl<T> fmt::Debug for Pieces<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.inner.is_some() { "Pieces(open)" } else { "Pieces(ended)" })
    }
}

impl<T: 'static> Pieces<T> {
    /// The pieces of a stream.
    pub fn new(stream: impl PieceRead<T> + 'static) -> Self {
        Self { inner: Some(Box::pin(stream)) }
    }

    /// One piece.
    #[must_use]
    pub fn once(piece: T) -> Self
    where
        T: MaybeSend,
    {
        Self::new(Ready(Some(Ok(piece))))
    }

    pub(crate) fn failed(fault: Error) -> Self
    where
        T: MaybeSend,
    {
        Self::new(Ready(Some(Err(fault))))
    }

    /// The next piece; `None` at the end.
    pub async fn next(&mut self) -> Option<Result<T>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// All pieces.
    ///
    /// # Errors
    /// The stream's own.
    pub async fn collect(mut self) -> Result<Vec<T>> {
        let mut all = Vec::new();
        while let Some(piece) = self.next().await {
            all.push(piece?);
        }
        Ok(all)
    }
}

impl<T> Stream for Pieces<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(inner) = &mut self.inner else { return Poll::Ready(None) };
        let item = inner.as_mut().poll_next(cx);
        if matches!(item, Poll::Ready(None | Some(Err(_)))) {
            // what it comes from is let go at once
            self.inner = None;
        }
        item
    }
}

/// One item that is there already.
struct Ready<T>(Option<Result<T>>);

impl<T> Unpin for Ready<T> {}

impl<T> Stream for Ready<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.take())
    }
}

/// Errors of a stream, located.
pub(crate) struct Located<T, F> {
    pub(crate) inner: Pieces<T>,
    pub(crate) locate: F,
}

impl<T, F> Unpin for Located<T, F> {}

impl<T, F: Fn(Error) -> Error> Stream for Located<T, F> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.inner).poll_next(cx).map(|item| item.map(|item| item.map_err(&self.locate)))
    }
}

/// The pieces of a chain that someone watches.
pub(crate) struct Told<T> {
    pub(crate) inner: Pieces<T>,
    pub(crate) told: Observation,
    /// A piece's text.
    pub(crate) said: fn(&T) -> String,
}

impl<T> Unpin for Told<T> {}

impl<T> Stream for Told<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        let item = this.told.enter(|| Pin::new(&mut this.inner).poll_next(cx));
        match &item {
            Poll::Ready(Some(Ok(piece))) => this.told.token(|| (this.said)(piece)),
            Poll::Ready(Some(Err(error))) => this.told.failed(error),
            Poll::Ready(None) => this.told.ended(|| None),
            Poll::Pending => {}
        }
        item
    }
}

/// What a parser does with text as it comes.
pub(crate) trait Reader: MaybeSend + Unpin {
    /// What it makes of it.
    type Piece;
    /// More text.
    fn push(&mut self, text: &str, to: &mut VecDeque<Self::Piece>) -> Result<()>;
    /// The end of the text.
    fn end(&mut self, to: &mut VecDeque<Self::Piece>) -> Result<()>;
}

/// A parser at work on a stream of text.
pub(crate) struct Parsed<R: Reader> {
    words: Pieces<String>,
    reader: R,
    ready: VecDeque<R::Piece>,
    ended: bool,
}

impl<R: Reader> Parsed<R> {
    pub(crate) fn new(words: Pieces<String>, reader: R) -> Self {
        Self { words, reader, ready: VecDeque::new(), ended: false }
    }
}

impl<R: Reader> Unpin for Parsed<R> {}

impl<R: Reader> Stream for Parsed<R> {
    type Item = Result<R::Piece>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            if let Some(piece) = this.ready.pop_front() {
                return Poll::Ready(Some(Ok(piece)));
            }
            if this.ended {
                return Poll::Ready(None);
            }
            let outcome = match Pin::new(&mut this.words).poll_next(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(Ok(text))) => this.reader.push(&text, &mut this.ready),
                Poll::Ready(Some(Err(fault))) => Err(fault),
                Poll::Ready(None) => {
                    this.ended = true;
                    this.reader.end(&mut this.ready)
                }
            };
            if let Err(fault) = outcome {
                this.ended = true;
                return Poll::Ready(Some(Err(fault)));
            }
        }
    }
}
