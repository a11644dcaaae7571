//! What a chain is made of, told by its steps.

use super::model::{ChainModel, Output, Prompt, invalid};
use crate::chain::{
    Assign, CommaSeparatedListOutputParser, Function, JsonOutputParser, Parallel, Passthrough, Pipe, StrOutputParser,
};
use crate::chat::Chat;
use crate::error::Result;
use crate::prompts::{ChatPromptTemplate, PromptTemplate};

/// The steps of a chain, in order, as far as they were told.
#[derive(Clone, Debug, Default)]
pub struct Told {
    count: usize,
    prompt: Option<(Prompt, Vec<(String, String)>)>,
    model: Option<(String, String)>,
    output: Option<Output>,
}

impl Told {
    fn refused(&self, what: &str, why: &str) -> Result<()> {
        Err(invalid(
            ["Step ", &self.count.to_string(), " (", what, ") cannot be carried over to Python: ", why].concat(),
        ))
    }

    fn step(&mut self, what: &str, in_place: bool) -> Result<()> {
        self.count += 1;
        if in_place { Ok(()) } else { self.refused(what, "a chain is a prompt, a chat and a parser, in this order.") }
    }
}

/// A step that says what it is; [`ChainModel::of`] asks it.
pub trait Describe {
    /// Adds itself.
    ///
    /// # Errors
    /// `InvalidInput` for a step that only this program can run, naming it.
    fn describe(&self, told: &mut Told) -> Result<()>;
}

impl<A: Describe, B: Describe> Describe for Pipe<A, B> {
    fn describe(&self, told: &mut Told) -> Result<()> {
        let (first, second) = self.steps();
        first.describe(told)?;
        second.describe(told)
    }
}

impl Describe for PromptTemplate {
    fn describe(&self, told: &mut Told) -> Result<()> {
        told.step("prompt", told.prompt.is_none() && told.model.is_none() && told.output.is_none())?;
        let (text, values) = self.parts();
        told.prompt = Some((Prompt::Text(text), values));
        Ok(())
    }
}

impl Describe for ChatPromptTemplate {
    fn describe(&self, told: &mut Told) -> Result<()> {
        told.step("chat prompt", told.prompt.is_none() && told.model.is_none() && told.output.is_none())?;
        let (spec, values) = self.parts();
        told.prompt = Some((Prompt::Messages(spec), values));
        Ok(())
    }
}

impl Describe for Chat {
    fn describe(&self, told: &mut Told) -> Result<()> {
        told.step("chat", told.model.is_none() && told.output.is_none())?;
        told.model = Some((self.endpoint().to_owned(), self.defaults().to_owned()));
        Ok(())
    }
}

fn parser(told: &mut Told, name: &str, output: Output) -> Result<()> {
    told.step(name, told.model.is_some() && told.output.is_none())?;
    told.output = Some(output);
    Ok(())
}

impl Describe for StrOutputParser {
    fn describe(&self, told: &mut Told) -> Result<()> {
        parser(told, "StrOutputParser", Output::Text)
    }
}

impl<T> Describe for JsonOutputParser<T> {
    fn describe(&self, told: &mut Told) -> Result<()> {
        parser(told, "JsonOutputParser", Output::Json)
    }
}

impl Describe for CommaSeparatedListOutputParser {
    fn describe(&self, told: &mut Told) -> Result<()> {
        parser(told, "CommaSeparatedListOutputParser", Output::List)
    }
}

const FUNCTION: &str = "it is a function of this program. Passages from vector search are given as the model's `retriever`, \
    functions of Unity Catalog as its `functions`.";

impl<F> Describe for Function<F> {
    fn describe(&self, told: &mut Told) -> Result<()> {
        told.count += 1;
        told.refused(&["function `", self.called(), "`"].concat(), FUNCTION)
    }
}

impl<I> Describe for Parallel<I> {
    fn describe(&self, told: &mut Told) -> Result<()> {
        told.count += 1;
        told.refused("parallel", FUNCTION)
    }
}

impl Describe for Assign {
    fn describe(&self, told: &mut Told) -> Result<()> {
        told.count += 1;
        told.refused("assign", FUNCTION)
    }
}

impl Describe for Passthrough {
    fn describe(&self, told: &mut Told) -> Result<()> {
        // what gives what it takes adds nothing
        told.count += 1;
        Ok(())
    }
}

impl ChainModel {
    /// What a chain of this crate is, for Python.
    ///
    /// ```
    /// # fn example(chat: lakewire::chat::Chat) -> lakewire::Result<()> {
    /// use lakewire::chain::StrOutputParser;
    /// use lakewire::mlflow::models::ChainModel;
    /// use lakewire::prompts::ChatPromptTemplate;
    /// let prompt = ChatPromptTemplate::from_messages([("system", "Be brief."), ("human", "What is {thing}?")])?;
    /// let model = ChainModel::of(&prompt.pipe(chat).pipe(StrOutputParser))?;
    /// println!("{}", model.source()?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// `InvalidInput` for a chain that holds what only this program can run, naming the step.
    pub fn of(chain: &impl Describe) -> Result<Self> {
        let mut told = Told::default();
        chain.describe(&mut told)?;
        let Some((endpoint, params)) = told.model else {
            return Err(invalid("The chain has no chat: a model that MLflow serves asks one."));
        };
        let mut model = Self::new(endpoint);
        model.params = params;
        if let Some((prompt, values)) = told.prompt {
            model.prompt = Some(prompt);
            model.values = values;
        }
        model.output = told.output.unwrap_or_default();
        Ok(model)
    }
}
