//! Steps side by side, whose outputs fill the next prompt.

use std::fmt;
use std::task::Poll;

use crate::chain::{Pieces, Pipe, Step};
use crate::error::{Error, Result};
use crate::prompts::{PromptValue, PromptValues};
use crate::sender::CallOptions;
use crate::transport::{BoxFuture, MaybeSend, MaybeSync};

/// A step whose output is a prompt's value.
trait Branch<I>: MaybeSend + MaybeSync {
    fn run<'a>(&'a self, input: I, options: &'a CallOptions) -> BoxFuture<'a, Result<PromptValue>>
    where
        I: 'a;
}

impl<I: MaybeSend, S: Step<I>> Branch<I> for S
where
    S::Output: Into<PromptValue>,
{
    fn run<'a>(&'a self, input: I, options: &'a CallOptions) -> BoxFuture<'a, Result<PromptValue>>
    where
        I: 'a,
    {
        let output = self.invoke(input, options);
        Box::pin(async move { Ok(output.await?.into()) })
    }
}

/// Runs steps side by side on the same input and gives their outputs by name, as values for a
/// prompt. The first failure ends the others.
///
/// ```no_run
/// # async fn example(chat: lakewire::chat::Chat) -> lakewire::Result<()> {
/// use lakewire::chain::{Parallel, Passthrough, StrOutputParser};
/// use lakewire::prompts::PromptTemplate;
///
/// let draft = PromptTemplate::from_template("Write a line about {topic}.")?.pipe(chat.clone()).pipe(StrOutputParser);
/// let judge = PromptTemplate::from_template("Does this fit `{topic}`? {line}")?;
/// let chain = Parallel::new().with("topic", Passthrough).with("line", draft).pipe(judge).pipe(chat).pipe(StrOutputParser);
/// println!("{}", chain.invoke("lakes".to_owned()).await?);
/// # Ok(())
/// # }
/// ```
pub struct Parallel<I> {
    branches: Vec<(String, Box<dyn Branch<I>>)>,
}

impl<I> fmt::Debug for Parallel<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.branches.iter().map(|(name, _)| name)).finish()
    }
}

impl<I> Default for Parallel<I> {
    fn default() -> Self {
        Self { branches: Vec::new() }
    }
}

impl<I> Parallel<I> {
    /// No steps yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a step whose output has this name.
    #[must_use]
    pub fn with<S>(mut self, name: impl Into<String>, step: S) -> Self
    where
        I: MaybeSend,
        S: Step<I> + 'static,
        S::Output: Into<PromptValue>,
    {
        self.branches.push((name.into(), Box::new(step)));
        self
    }

    /// A chain that begins with these steps.
    #[must_use]
    pub fn pipe<B>(self, next: B) -> Pipe<Self, B> {
        Pipe::new(self, next)
    }
}

impl<I: Clone + MaybeSend> Parallel<I> {
    async fn run(&self, input: I, options: &CallOptions) -> Result<PromptValues> {
        let mut running: Vec<_> = self
            .branches
            .iter()
            .map(|(name, branch)| (name, branch.run(input.clone(), options), None::<PromptValue>))
            .collect();
        drop(input);
        let mut values = PromptValues::new();
        std::future::poll_fn(|cx| {
            let mut open = false;
            for (name, future, value) in running.iter_mut().filter(|(_, _, value)| value.is_none()) {
                match future.as_mut().poll(cx) {
                    Poll::Ready(Ok(given)) => *value = Some(given),
                    Poll::Ready(Err(fault)) => return Poll::Ready(Err::<(), Error>(in_branch(fault, name))),
                    Poll::Pending => open = true,
                }
            }
            if open { Poll::Pending } else { Poll::Ready(Ok(())) }
        })
        .await?;
        for (name, _, value) in running {
            if let Some(value) = value {
                values = values.with(name, value);
            }
        }
        Ok(values)
    }
}

fn in_branch(fault: Error, name: &str) -> Error {
    fault.in_part(&format!("`{name}`"))
}

impl<I: Clone + MaybeSend> Step<I> for Parallel<I> {
    type Output = PromptValues;
    type Piece = PromptValues;

    fn name(&self) -> String {
        "parallel".to_owned()
    }

    fn invoke<'a>(&'a self, input: I, options: &'a CallOptions) -> BoxFuture<'a, Result<PromptValues>>
    where
        I: 'a,
    {
        Box::pin(self.run(input, options))
    }

    fn stream<'a>(&'a self, input: I, options: &'a CallOptions) -> BoxFuture<'a, Result<Pieces<PromptValues>>>
    where
        I: 'a,
    {
        Box::pin(async move { self.run(input, options).await.map(Pieces::once) })
    }
}

/// Adds the outputs of steps to the values that came in.
///
/// ```
/// # async fn example(chat: lakewire::chat::Chat) -> lakewire::Result<()> {
/// use lakewire::chain::{Assign, StrOutputParser, from_fn};
/// use lakewire::prompts::{PromptTemplate, PromptValues};
///
/// let search = from_fn("search", async |values: PromptValues| Ok(format!("{} notes", values.names().len())));
/// let prompt = PromptTemplate::from_template("{context}\n\n{question}")?;
/// let chain = Assign::new().with("context", search).pipe(prompt).pipe(chat).pipe(StrOutputParser);
/// println!("{}", chain.invoke([("question", "What is a lakehouse?")]).await?);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Default)]
pub struct Assign {
    parallel: Parallel<PromptValues>,
}

impl Assign {
    /// Adds nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the output of a step under this name.
    #[must_use]
    pub fn with<S>(self, name: impl Into<String>, step: S) -> Self
    where
        S: Step<PromptValues> + 'static,
        S::Output: Into<PromptValue>,
    {
        Self { parallel: self.parallel.with(name, step) }
    }

    /// A chain that begins with these steps.
    #[must_use]
    pub fn pipe<B>(self, next: B) -> Pipe<Self, B> {
        Pipe::new(self, next)
    }
}

impl<I: Into<PromptValues> + MaybeSend> Step<I> for Assign {
    type Output = PromptValues;
    type Piece = PromptValues;

    fn name(&self) -> String {
        "assign".to_owned()
    }

    fn invoke<'a>(&'a self, input: I, options: &'a CallOptions) -> BoxFuture<'a, Result<PromptValues>>
    where
        I: 'a,
    {
        Box::pin(async move {
            let values: PromptValues = input.into();
            let added = self.parallel.run(values.clone(), options).await?;
            Ok(values.and(added))
        })
    }

    fn stream<'a>(&'a self, input: I, options: &'a CallOptions) -> BoxFuture<'a, Result<Pieces<PromptValues>>>
    where
        I: 'a,
    {
        Box::pin(async move { Step::invoke(self, input, options).await.map(Pieces::once) })
    }
}
