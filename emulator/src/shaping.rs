//! What happens to the bytes of an answer on their way out: cut, stalled, dripped, spoiled; and the record of how it ended.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use http_body::{Body as _, Frame, SizeHint};

use crate::events::next;
use crate::faults::{Cut, Fault};
use crate::history::Outcome;
use crate::ids::Draws;
use crate::state::Emulator;

/// Long enough for the connection to write out what it holds before an abrupt end; no test depends on the length.
const FLUSH: Duration = Duration::from_millis(10);

#[derive(Clone, Copy)]
enum Ending {
    Cut,
    End,
    Stall,
}

/// The body as the fault wants its bytes.
pub fn shape(body: Body, fault: Arc<Fault>, seed: u64) -> Body {
    if !fault.shapes_bytes() {
        return body;
    }
    Body::from_stream(shaped(body, fault, seed))
}

fn shaped(body: Body, fault: Arc<Fault>, seed: u64) -> impl Stream<Item = Result<Bytes, Cut>> + Send {
    async_stream::stream! {
        let limit = [
            (fault.cut_after_bytes, Ending::Cut),
            (fault.end_after_bytes, Ending::End),
            (fault.stall_after_bytes, Ending::Stall),
        ]
        .into_iter()
        .filter_map(|(bytes, ending)| bytes.map(|bytes| (bytes, ending)))
        .min_by_key(|(bytes, _)| *bytes);
        let mut source = Box::pin(source(body, Arc::clone(&fault), seed));
        let mut held = BytesMut::new();
        let mut taken = 0_u64;
        let mut ending = limit.filter(|(bytes, _)| *bytes == 0).map(|(_, ending)| ending);
        while ending.is_none() {
            let Some(piece) = next(&mut source).await else { break };
            let mut piece = match piece {
                Ok(piece) => piece,
                Err(cut) => {
                    yield Err(cut);
                    return;
                }
            };
            if let Some((bytes, kind)) = limit {
                let left = usize::try_from(bytes.saturating_sub(taken)).unwrap_or(usize::MAX);
                if piece.len() >= left {
                    piece.truncate(left);
                    ending = Some(kind);
                }
            }
            taken += piece.len() as u64;
            let Some(size) = fault.chunk_size else {
                yield Ok(piece);
                pause(&fault).await;
                continue;
            };
            held.extend_from_slice(&piece);
            while held.len() >= size {
                yield Ok(held.split_to(size).freeze());
                pause(&fault).await;
            }
        }
        if !held.is_empty() {
            yield Ok(held.freeze());
        }
        match ending {
            Some(Ending::Cut) => {
                tokio::time::sleep(FLUSH).await;
                yield Err(Cut);
            }
            Some(Ending::Stall) => std::future::pending::<()>().await,
            Some(Ending::End) | None => {}
        }
    }
}

/// Gives the connection a moment to write, so that what was yielded apart travels apart.
async fn pause(fault: &Fault) {
    match fault.drip_ms {
        Some(0) | None => tokio::task::yield_now().await,
        Some(milliseconds) => tokio::time::sleep(Duration::from_millis(milliseconds)).await,
    }
}

/// The body with raw text around it and garbage inside.
fn source(body: Body, fault: Arc<Fault>, seed: u64) -> impl Stream<Item = Result<Bytes, Cut>> + Send {
    async_stream::stream! {
        if let Some(text) = &fault.prepend {
            yield Ok(Bytes::from(text.clone()));
        }
        let mut passed = 0_u64;
        let mut spoil_at = fault.garbage_after_bytes;
        let mut body = body.into_data_stream();
        while let Some(piece) = next(&mut body).await {
            let Ok(mut piece) = piece else {
                yield Err(Cut);
                return;
            };
            if let Some(at) = spoil_at {
                let left = usize::try_from(at.saturating_sub(passed)).unwrap_or(usize::MAX);
                if left <= piece.len() {
                    let head = piece.split_to(left);
                    passed += head.len() as u64;
                    yield Ok(head);
                    yield Ok(garbage(seed));
                    spoil_at = None;
                }
            }
            passed += piece.len() as u64;
            yield Ok(piece);
        }
        if let Some(text) = &fault.append {
            yield Ok(Bytes::from(text.clone()));
        }
    }
}

/// 32 bytes that begin with what is never valid UTF-8.
fn garbage(seed: u64) -> Bytes {
    let mut draws = Draws::new(seed);
    let mut bytes = vec![0xff, 0xfe, 0xc0, 0x80];
    while bytes.len() < 32 {
        bytes.extend_from_slice(&draws.next_u64().to_le_bytes());
    }
    Bytes::from(bytes)
}

/// A body that tells the history how it ended.
pub struct Tracked {
    body: Body,
    emulator: Emulator,
    seq: u64,
    sent: u64,
    /// Bytes the body is known to have, for answers that the connection does not poll to the end.
    expected: Option<u64>,
    ended: bool,
}

impl std::fmt::Debug for Tracked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tracked").field("seq", &self.seq).field("sent", &self.sent).finish_non_exhaustive()
    }
}

impl Tracked {
    /// Follows `body` for the operation `seq`.
    #[must_use]
    pub fn new(body: Body, emulator: Emulator, seq: u64) -> Self {
        let expected = body.size_hint().exact();
        let mut tracked = Self { body, emulator, seq, sent: 0, expected, ended: false };
        if expected == Some(0) {
            tracked.end(Outcome::Completed);
        }
        tracked
    }

    fn end(&mut self, outcome: Outcome) {
        if !self.ended {
            self.ended = true;
            self.emulator.history().end(self.seq, outcome, self.sent, self.emulator.elapsed_ms());
        }
    }
}

impl http_body::Body for Tracked {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                self.sent += frame.data_ref().map_or(0, |data| data.len() as u64);
                let last = frame.data_ref().is_some_and(|data| data.ends_with(b"data: [DONE]\n\n"));
                // a client that leaves after the sentinel has had everything
                if last || self.expected == Some(self.sent) {
                    self.end(Outcome::Completed);
                }
            }
            Poll::Ready(Some(Err(_))) => self.end(Outcome::Cut),
            Poll::Ready(None) => self.end(Outcome::Completed),
            Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Tracked {
    fn drop(&mut self) {
        self.end(Outcome::ClientClosed);
    }
}

/// Ends an operation as `client_closed` if the client goes away before there is an answer.
#[derive(Debug)]
pub struct Waiting {
    emulator: Emulator,
    seq: Option<u64>,
}

impl Waiting {
    /// Watches the operation `seq`.
    #[must_use]
    pub fn new(emulator: Emulator, seq: u64) -> Self {
        Self { emulator, seq: Some(seq) }
    }

    /// An answer exists: whatever happens now is told by [`Tracked`].
    pub fn answered(mut self) {
        self.seq = None;
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(seq) = self.seq {
            self.emulator.history().end(seq, Outcome::ClientClosed, 0, self.emulator.elapsed_ms());
        }
    }
}
