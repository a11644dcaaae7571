//! Two steps, one after the other.

use crate::chain::pieces::{Located, Told};
use crate::chain::{Pieces, Step};
use crate::error::{Error, Result};
use crate::join::join_bounded;
use crate::observe::{Kind, Observation, Watch};
use crate::sender::CallOptions;
use crate::transport::{BoxFuture, MaybeSend};

/// A chain: the output of the first step is the input of the second. Made by `pipe`.
#[derive(Clone, Debug)]
pub struct Pipe<A, B> {
    first: A,
    second: B,
}

impl<A, B> Pipe<A, B> {
    pub(crate) fn new(first: A, second: B) -> Self {
        Self { first, second }
    }

    /// Its two steps.
    pub(crate) fn steps(&self) -> (&A, &B) {
        (&self.first, &self.second)
    }

    /// A chain with one more step at its end.
    #[must_use]
    pub fn pipe<C>(self, next: C) -> Pipe<Self, C> {
        Pipe::new(self, next)
    }

    /// Runs the chain to its end.
    ///
    /// # Errors
    /// As the step that fails, with its number and name before the sentence.
    pub async fn invoke<I: MaybeSend>(&self, input: I) -> Result<<Self as Step<I>>::Output>
    where
        Self: Step<I>,
    {
        self.invoke_with(input, &CallOptions::default()).await
    }

    /// Like [`invoke`](Self::invoke), with time limits, headers and attempts for every call that is made.
    ///
    /// # Errors
    /// As [`invoke`](Self::invoke).
    pub async fn invoke_with<I: MaybeSend>(&self, input: I, options: &CallOptions) -> Result<<Self as Step<I>>::Output>
    where
        Self: Step<I>,
    {
        let told = Step::<I>::watch(self).or(Watch::current).start(Kind::Chain, "chain", String::new);
        told.run(async { Step::invoke(self, input, options).await }, |output| {
            Step::<I>::shown(self, output).unwrap_or_default()
        })
        .await
    }

    /// Runs the chain and gives what comes as it comes; one piece when its last step cannot stream.
    ///
    /// # Errors
    /// As [`invoke`](Self::invoke); errors after the first piece come out of the stream.
    pub async fn stream<I: MaybeSend>(&self, input: I) -> Result<Pieces<<Self as Step<I>>::Piece>>
    where
        Self: Step<I>,
    {
        self.stream_with(input, &CallOptions::default()).await
    }

    /// Like [`stream`](Self::stream), with time limits, headers and attempts for every call that is made.
    ///
    /// # Errors
    /// As [`stream`](Self::stream).
    pub async fn stream_with<I: MaybeSend>(
        &self,
        input: I,
        options: &CallOptions,
    ) -> Result<Pieces<<Self as Step<I>>::Piece>>
    where
        Self: Step<I>,
    {
        let told = Step::<I>::watch(self).or(Watch::current).start(Kind::Chain, "chain", String::new);
        if !told.is_on() {
            return Step::stream(self, input, options).await;
        }
        match told.within(async { Step::stream(self, input, options).await }).await {
            Ok(pieces) => Ok(Pieces::new(Told { inner: pieces, told, said: <Self as Step<I>>::said })),
            Err(error) => {
                told.fail(&error);
                Err(error)
            }
        }
    }

    /// Runs the chain many times, at most `max_concurrency` at once. Results keep the order of the
    /// inputs; a failed one leaves the others as they are.
    pub async fn batch<I: MaybeSend>(
        &self,
        inputs: impl IntoIterator<Item = I>,
        max_concurrency: usize,
    ) -> Vec<Result<<Self as Step<I>>::Output>>
    where
        Self: Step<I>,
    {
        let options = CallOptions::default();
        let run = |input| Box::pin(self.invoke_with(input, &options)) as BoxFuture<'_, _>;
        let runs: Vec<_> = inputs.into_iter().map(run).collect();
        join_bounded(runs, max_concurrency).await
    }
}

/// Whether a chain begins with this step alone, whose errors are not numbered yet.
fn at_first<I: MaybeSend, A: Step<I>>(first: &A, fault: Error) -> Error {
    if first.count() > 1 { fault } else { fault.in_step(1, &first.name()) }
}

/// Pieces whose errors say which step they come from, unless they say so already.
fn marked<T: MaybeSend + 'static>(pieces: Pieces<T>, place: usize, name: String, again: bool) -> Pieces<T> {
    let locate = move |fault: Error| if again || fault.step().is_none() { fault.in_step(place, &name) } else { fault };
    Pieces::new(Located { inner: pieces, locate })
}

impl<I, A, B> Step<I> for Pipe<A, B>
where
    I: MaybeSend,
    A: Step<I>,
    B: Step<A::Output>,
{
    type Output = B::Output;
    type Piece = B::Piece;

    fn name(&self) -> String {
        "chain".to_owned()
    }

    fn count(&self) -> usize {
        self.first.count() + 1
    }

    fn watch(&self) -> Watch {
        self.first.watch().or(|| self.second.watch())
    }

    fn shown(&self, output: &Self::Output) -> Option<String> {
        self.second.shown(output)
    }

    fn said(piece: &Self::Piece) -> String {
        B::said(piece)
    }

    fn invoke<'a>(&'a self, input: I, options: &'a CallOptions) -> BoxFuture<'a, Result<Self::Output>>
    where
        I: 'a,
    {
        Box::pin(async move {
            let place = Step::<I>::count(self);
            let value = self.run_first(input, options).await?;
            let told = step_of(&self.second, false, || self.first.shown(&value).unwrap_or_default());
            let output = async { self.second.invoke(value, options).await };
            let output = told.run(output, |output| self.second.shown(output).unwrap_or_default());
            output.await.map_err(|fault| fault.in_step(place, &self.second.name()))
        })
    }

    fn stream<'a>(&'a self, input: I, options: &'a CallOptions) -> BoxFuture<'a, Result<Pieces<Self::Piece>>>
    where
        I: 'a,
    {
        Box::pin(async move {
            let (place, name) = (Step::<I>::count(self), self.second.name());
            if self.second.takes_words() && self.first.has_words() {
                let words = self.words_of_first(input, options).await?;
                return Ok(marked(self.second.read_words(words), place, name, false));
            }
            let value = self.run_first(input, options).await?;
            let pieces = self.second.stream(value, options).await;
            Ok(marked(pieces.map_err(|fault| fault.in_step(place, &name))?, place, name, true))
        })
    }

    fn has_words(&self) -> bool {
        self.second.has_words()
    }

    fn words<'a>(&'a self, input: I, options: &'a CallOptions) -> BoxFuture<'a, Result<Pieces<String>>>
    where
        I: 'a,
    {
        Box::pin(async move {
            if self.second.takes_words() && self.first.has_words() {
                // a step that takes text and gives text passes it on
                return self.words_of_first(input, options).await;
            }
            let (place, name) = (Step::<I>::count(self), self.second.name());
            let value = self.run_first(input, options).await?;
            let words = self.second.words(value, options).await;
            Ok(marked(words.map_err(|fault| fault.in_step(place, &name))?, place, name, true))
        })
    }
}

/// A step's part of the watched chain, unless the step tells its calls itself or is the chain's own beginning.
fn step_of<I: MaybeSend, S: Step<I>>(step: &S, first: bool, inputs: impl Fn() -> String) -> Observation {
    if step.watch().is_on() || (first && step.count() > 1) {
        return Observation::default();
    }
    Observation::step(Kind::Chain, || step.name(), first, inputs)
}

impl<A, B> Pipe<A, B> {
    async fn run_first<I: MaybeSend>(&self, input: I, options: &CallOptions) -> Result<A::Output>
    where
        A: Step<I>,
    {
        let told = step_of(&self.first, true, String::new);
        let output = async { self.first.invoke(input, options).await };
        let output = told.run(output, |output| self.first.shown(output).unwrap_or_default());
        output.await.map_err(|fault| at_first(&self.first, fault))
    }

    async fn words_of_first<I: MaybeSend>(&self, input: I, options: &CallOptions) -> Result<Pieces<String>>
    where
        A: Step<I>,
    {
        let words = self.first.words(input, options).await.map_err(|fault| at_first(&self.first, fault))?;
        Ok(if self.first.count() > 1 { words } else { marked(words, 1, self.first.name(), true) })
    }
}
