//! A streamed answer.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;
use serde_json::{Value, json};

use crate::chat::ChatAnswer;
use crate::chat::accumulate::{Completeness, End};
use crate::chat::columns::{ChunkColumns, Mode};
use crate::chat::types::{ChatCompletionChunk, Content, ContentPart};
use crate::error::{Error, Result};
use crate::macros::meta_views;
use crate::observe::Observation;
use crate::sender::{Meta, Opened};
use crate::stream::{Reads, read_event, with_meta};
use crate::transport::Transport;
use crate::wire::json::Json;

#[cfg(test)]
mod tests;

/// The chunks of a streamed answer, as a [`Stream`] or by [`next`](Self::next).
///
/// It ends after the service's end mark, or with one error that carries what had arrived as
/// [`Error::partial`]. An answer that breaks off is a `Truncated` error, never an end. Dropping the
/// stream ends the call at the server.
///
/// ```no_run
/// # async fn example(chat: lakewire::chat::Chat) -> lakewire::Result<()> {
/// let mut stream = chat.stream("What is a lakehouse?").await?;
/// while let Some(chunk) = stream.next().await {
///     print!("{}", chunk?.text());
/// }
/// let answer = stream.final_completion().await?;
/// println!("\n{:?}", answer.usage);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct ChatStream {
    reads: Reads,
    fold: ChunkColumns,
    meta: Meta,
    /// An answer that came whole, to be given out as one chunk.
    whole: Option<String>,
    ended: bool,
    told: Observation,
}

impl ChatCompletionChunk {
    /// The new text of the first choice, parts that are not text left out.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = String::new();
        for choice in self.choices.iter().filter(|choice| choice.index == 0) {
            match &choice.delta.content {
                Some(Content::Text(text)) => out.push_str(text),
                Some(Content::Parts(parts)) => {
                    for part in parts {
                        if let ContentPart::Text(part) = part {
                            out.push_str(&part.text);
                        }
                    }
                }
                None => {}
            }
        }
        out
    }
}

impl ChatStream {
    pub(crate) fn new(transport: Arc<dyn Transport>, mut opened: Opened) -> Self {
        let (meta, whole) = (opened.meta.clone(), opened.whole.take());
        let told = std::mem::take(&mut opened.told);
        let reads = Reads::new(transport, opened);
        Self { reads, fold: ChunkColumns::new(0, Mode::Fold), meta, whole, ended: false, told }
    }

    meta_views!();

    /// How the stream ended; `None` while it runs and when it failed.
    #[must_use]
    pub fn completeness(&self) -> Option<Completeness> {
        self.fold.verdict().and_then(|verdict| verdict.as_ref().ok().copied())
    }

    /// The next chunk; `None` at the end.
    pub async fn next(&mut self) -> Option<Result<ChatCompletionChunk>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// The stream of words: the new text of the first choice, chunks without text left out.
    #[must_use]
    pub fn text(self) -> TextStream {
        TextStream { chunks: self }
    }

    /// The whole answer; reads the rest of the stream.
    ///
    /// # Errors
    /// As the stream itself; `BodyTooLarge` when it said more than is kept.
    pub async fn final_completion(mut self) -> Result<ChatAnswer> {
        while let Some(chunk) = self.next().await {
            chunk?;
        }
        let json = self.fold.completion()?;
        ChatAnswer::new(&json, self.meta)
    }

    fn step(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<ChatCompletionChunk>>> {
        if let Some(whole) = self.whole.take() {
            return Poll::Ready(self.whole_chunk(&whole).map(Some));
        }
        loop {
            if let Some(event) = self.reads.decoder.next_event()? {
                if event.is_done() {
                    return Poll::Ready(Ok(None));
                }
                let text = event.text();
                let chunk = read_event(&event, &text)?;
                self.fold.fold_event(&text)?;
                return Poll::Ready(Ok(Some(chunk)));
            }
            match self.reads.poll_more(cx)? {
                Poll::Ready(true) => {}
                Poll::Ready(false) => {
                    let end = if self.reads.decoder.finish() { End::Done } else { End::Eof };
                    self.end(end)?;
                    return Poll::Ready(Ok(None));
                }
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    /// The one chunk that says what a whole completion says.
    fn whole_chunk(&mut self, whole: &str) -> Result<ChatCompletionChunk> {
        let unfit = |_| {
            Error::new(
                crate::error::ErrorKind::Decode,
                "The whole answer that came in place of a stream is no chat completion.",
            )
        };
        let mut value: Value = serde_json::from_str(whole).map_err(unfit)?;
        if let Some(root) = value.as_object_mut() {
            root.insert("object".into(), json!("chat.completion.chunk"));
        }
        for choice in value.get_mut("choices").and_then(Value::as_array_mut).into_iter().flatten() {
            let Some(choice) = choice.as_object_mut() else { continue };
            let mut delta = choice.remove("message").unwrap_or_else(|| json!({}));
            for (at, call) in
                delta.get_mut("tool_calls").and_then(Value::as_array_mut).into_iter().flatten().enumerate()
            {
                if let Some(call) = call.as_object_mut() {
                    call.entry("index").or_insert_with(|| json!(at));
                }
            }
            choice.insert("delta".into(), delta);
        }
        let text = value.to_string();
        let chunk = serde_json::from_str(&text).map_err(unfit)?;
        self.fold.fold_event(&text)?;
        self.end(End::Done)?;
        Ok(chunk)
    }

    /// Tells those who watch how it ended.
    fn told_end(&mut self, failed: Option<&Error>) {
        let Self { told, fold, .. } = self;
        match failed {
            Some(error) => told.failed(error),
            None => told.ended(|| fold.completion().ok().map(Json::into_string)),
        }
    }

    /// Ends the fold; a failure comes back unless the answer was complete all the same.
    fn end(&mut self, end: End) -> Result<()> {
        if self.fold.verdict().is_none() {
            self.fold.end(end);
        }
        match self.fold.take_failure() {
            Some(fault) => Err(fault),
            None => Ok(()),
        }
    }
}

impl Stream for ChatStream {
    type Item = Result<ChatCompletionChunk>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let end = match self.step(cx) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Ok(Some(chunk))) => {
                self.told.token(|| chunk.text());
                if self.fold.verdict().is_some() {
                    self.ended = true;
                    self.told_end(None);
                }
                return Poll::Ready(Some(Ok(chunk)));
            }
            Poll::Ready(Ok(None)) => End::Done,
            Poll::Ready(Err(fault)) => End::Broken(fault),
        };
        self.ended = true;
        self.reads.close();
        let failed = match end {
            End::Broken(fault) if self.fold.failed() => Err(fault),
            end => self.end(end),
        };
        let failed = failed.err().map(|fault| with_meta(fault, &self.meta));
        self.told_end(failed.as_ref());
        Poll::Ready(failed.map(Err))
    }
}

/// The words of a streamed answer, see [`ChatStream::text`].
#[derive(Debug)]
pub struct TextStream {
    chunks: ChatStream,
}

impl TextStream {
    /// The next piece of text; `None` at the end.
    pub async fn next(&mut self) -> Option<Result<String>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl Stream for TextStream {
    type Item = Result<String>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            match Pin::new(&mut self.chunks).poll_next(cx) {
                Poll::Ready(Some(Ok(chunk))) => {
                    let text = chunk.text();
                    if !text.is_empty() {
                        return Poll::Ready(Some(Ok(text)));
                    }
                }
                Poll::Ready(Some(Err(fault))) => return Poll::Ready(Some(Err(fault))),
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}
