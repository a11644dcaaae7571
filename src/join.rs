//! Futures side by side, without a runtime.

use std::task::Poll;

use crate::transport::BoxFuture;

/// Runs all futures at once and gives their results in order.
pub(crate) async fn join_all<'a, T: 'a>(futures: impl IntoIterator<Item = BoxFuture<'a, T>>) -> Vec<T> {
    let futures: Vec<_> = futures.into_iter().collect();
    let width = futures.len();
    join_bounded(futures, width).await
}

/// Runs futures with at most `width` at work, starting them in order; results keep that order.
pub(crate) async fn join_bounded<'a, T: 'a>(
    futures: impl IntoIterator<Item = BoxFuture<'a, T>>,
    width: usize,
) -> Vec<T> {
    let mut waiting = futures.into_iter();
    let mut results: Vec<Option<T>> = Vec::new();
    let mut running: Vec<(usize, BoxFuture<'a, T>)> = Vec::new();
    std::future::poll_fn(move |cx| {
        loop {
            let mut at = 0;
            let mut finished = false;
            while let Some((place, future)) = running.get_mut(at) {
                match future.as_mut().poll(cx) {
                    Poll::Ready(value) => {
                        if let Some(slot) = results.get_mut(*place) {
                            *slot = Some(value);
                        }
                        drop(running.swap_remove(at));
                        finished = true;
                    }
                    Poll::Pending => at += 1,
                }
            }
            let mut started = false;
            while running.len() < width.max(1) {
                let Some(future) = waiting.next() else { break };
                running.push((results.len(), future));
                results.push(None);
                started = true;
            }
            if running.is_empty() {
                return Poll::Ready(std::mem::take(&mut results).into_iter().flatten().collect());
            }
            if !started && !finished {
                return Poll::Pending;
            }
        }
    })
    .await
}
