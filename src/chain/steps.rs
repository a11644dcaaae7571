//! Functions as steps, and the step that does nothing.

use std::fmt;
use std::future::Future;

use crate::chain::{Pieces, Pipe, Step};
use crate::error::Result;
use crate::sender::CallOptions;
use crate::transport::{BoxFuture, MaybeSend, MaybeSync};

/// An async function as a step; made by [`from_fn`].
#[derive(Clone)]
pub struct Function<F> {
    name: String,
    run: F,
}

impl<F> fmt::Debug for Function<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Function({})", self.name)
    }
}

/// Makes a step of an async function. The name stands in errors.
///
/// ```
/// # async fn example() -> lakewire::Result<()> {
/// use lakewire::chain::from_fn;
/// use lakewire::prompts::PromptTemplate;
/// let chain = PromptTemplate::from_template("{a} and {a}")?.pipe(from_fn("count", async |text: String| Ok(text.len())));
/// assert_eq!(chain.invoke("b").await?, 7);
/// # Ok(())
/// # }
/// # let mut example = Box::pin(example());
/// # let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
/// # assert!(matches!(example.as_mut().poll(&mut cx), std::task::Poll::Ready(Ok(()))));
/// # use std::future::Future;
/// ```
pub fn from_fn<F>(name: impl Into<String>, run: F) -> Function<F> {
    Function { name: name.into(), run }
}

impl<F> Function<F> {
    /// The name it was given.
    pub(crate) fn called(&self) -> &str {
        &self.name
    }

    /// A chain that begins with this function.
    #[must_use]
    pub fn pipe<B>(self, next: B) -> Pipe<Self, B> {
        Pipe::new(self, next)
    }
}

impl<I, O, F, Run> Step<I> for Function<F>
where
    I: MaybeSend,
    O: MaybeSend + 'static,
    F: Fn(I) -> Run + MaybeSend + MaybeSync,
    Run: Future<Output = Result<O>> + MaybeSend + 'static,
{
    type Output = O;
    type Piece = O;

    fn name(&self) -> String {
        self.name.clone()
    }

    fn invoke<'a>(&'a self, input: I, _: &'a CallOptions) -> BoxFuture<'a, Result<O>>
    where
        I: 'a,
    {
        Box::pin(async move { (self.run)(input).await })
    }

    fn stream<'a>(&'a self, input: I, _: &'a CallOptions) -> BoxFuture<'a, Result<Pieces<O>>>
    where
        I: 'a,
    {
        Box::pin(async move { (self.run)(input).await.map(Pieces::once) })
    }
}

/// Gives what it takes; for [`Parallel`](crate::chain::Parallel) steps that pass their input on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Passthrough;

impl<I: MaybeSend + 'static> Step<I> for Passthrough {
    type Output = I;
    type Piece = I;

    fn name(&self) -> String {
        "passthrough".to_owned()
    }

    fn invoke<'a>(&'a self, input: I, _: &'a CallOptions) -> BoxFuture<'a, Result<I>>
    where
        I: 'a,
    {
        Box::pin(std::future::ready(Ok(input)))
    }

    fn stream<'a>(&'a self, input: I, _: &'a CallOptions) -> BoxFuture<'a, Result<Pieces<I>>>
    where
        I: 'a,
    {
        Box::pin(std::future::ready(Ok(Pieces::once(input))))
    }
}
