//! What models write, read as text, JSON or a list.

use std::collections::VecDeque;
use std::marker::PhantomData;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::agents::{ChatAgentAnswer, ResponsesAnswer};
use crate::chain::pieces::{Parsed, Reader};
use crate::chain::{Pieces, Step};
use crate::chat::{ChatAnswer, Message};
use crate::error::{Error, ErrorKind, Result};
use crate::prompts::output::{next_look, partial_json, take_items, whole_json};
use crate::sender::CallOptions;
use crate::transport::{BoxFuture, MaybeSend};
use crate::wire::json::string;

/// What has a text: answers, messages, and text itself.
pub trait IntoText: MaybeSend {
    /// The text.
    fn into_text(self) -> String;
}

impl IntoText for String {
    fn into_text(self) -> String {
        self
    }
}

impl IntoText for &str {
    fn into_text(self) -> String {
        self.to_owned()
    }
}

impl IntoText for ChatAnswer {
    fn into_text(self) -> String {
        self.text()
    }
}

impl IntoText for ResponsesAnswer {
    fn into_text(self) -> String {
        self.text()
    }
}

impl IntoText for ChatAgentAnswer {
    fn into_text(self) -> String {
        self.text().to_owned()
    }
}

impl IntoText for Message {
    fn into_text(self) -> String {
        self.text()
    }
}

/// The text of a model's answer; streams word by word.
#[derive(Clone, Copy, Debug, Default)]
pub struct StrOutputParser;

impl<I: IntoText> Step<I> for StrOutputParser {
    type Output = String;
    type Piece = String;

    fn name(&self) -> String {
        "StrOutputParser".to_owned()
    }

    fn shown(&self, output: &String) -> Option<String> {
        Some(string(output))
    }

    fn said(piece: &String) -> String {
        piece.clone()
    }

    fn invoke<'a>(&'a self, input: I, _: &'a CallOptions) -> BoxFuture<'a, Result<String>>
    where
        I: 'a,
    {
        Box::pin(std::future::ready(Ok(input.into_text())))
    }

    fn stream<'a>(&'a self, input: I, _: &'a CallOptions) -> BoxFuture<'a, Result<Pieces<String>>>
    where
        I: 'a,
    {
        Box::pin(std::future::ready(Ok(Pieces::once(input.into_text()))))
    }

    fn has_words(&self) -> bool {
        true
    }

    fn words<'a>(&'a self, input: I, options: &'a CallOptions) -> BoxFuture<'a, Result<Pieces<String>>>
    where
        I: 'a,
    {
        Step::stream(self, input, options)
    }

    fn takes_words(&self) -> bool {
        true
    }

    fn read_words(&self, words: Pieces<String>) -> Pieces<String> {
        words
    }
}

/// The JSON of a model's answer, read as a `T`; a Markdown fence around it is taken off. A stream
/// gives the value as far as it came, each time it grows (of an answer beyond 4 kB when it grew by a
/// sixteenth of what is beyond): open strings, lists and objects are closed, numbers come when they
/// are complete.
///
/// The model must be told to answer with JSON alone; a structured chat holds it to a schema.
#[derive(Clone, Copy, Debug)]
pub struct JsonOutputParser<T = Value>(PhantomData<fn() -> T>);

impl<T> JsonOutputParser<T> {
    /// A parser that reads a `T`; `JsonOutputParser::<serde_json::Value>::new()` takes any JSON.
    #[must_use]
    pub fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T> Default for JsonOutputParser<T> {
    fn default() -> Self {
        Self::new()
    }
}

fn read_json<T: DeserializeOwned>(text: &str) -> Result<T> {
    typed(&whole_json(text)?)
}

fn typed<T: DeserializeOwned>(json: &str) -> Result<T> {
    serde_json::from_str(json).map_err(|fault| {
        let why = "The model's answer is JSON but does not fit the Rust type: compare the two.";
        Error::new(ErrorKind::OutputMismatch, why).with_source(fault)
    })
}

impl<I: IntoText, T: DeserializeOwned + MaybeSend + 'static> Step<I> for JsonOutputParser<T> {
    type Output = T;
    type Piece = Value;

    fn name(&self) -> String {
        "JsonOutputParser".to_owned()
    }

    fn invoke<'a>(&'a self, input: I, _: &'a CallOptions) -> BoxFuture<'a, Result<T>>
    where
        I: 'a,
    {
        Box::pin(std::future::ready(read_json(&input.into_text())))
    }

    fn stream<'a>(&'a self, input: I, _: &'a CallOptions) -> BoxFuture<'a, Result<Pieces<Value>>>
    where
        I: 'a,
    {
        Box::pin(std::future::ready(read_json(&input.into_text()).map(Pieces::once)))
    }

    fn takes_words(&self) -> bool {
        true
    }

    fn read_words(&self, words: Pieces<String>) -> Pieces<Value> {
        Pieces::new(Parsed::new(words, JsonReader::default()))
    }
}

/// JSON that comes in.
#[derive(Default)]
struct JsonReader {
    text: String,
    /// The JSON that was given last.
    shown: String,
    /// How long the text must be to be looked at again.
    next: usize,
}

impl Reader for JsonReader {
    type Piece = Value;

    fn push(&mut self, text: &str, to: &mut VecDeque<Value>) -> Result<()> {
        self.text.push_str(text);
        if self.text.len() < self.next {
            return Ok(());
        }
        self.next = next_look(self.text.len());
        let json = partial_json(&self.text).filter(|json| *json != self.shown);
        if let Some((json, value)) = json.and_then(|json| serde_json::from_str(&json).ok().map(|value| (json, value))) {
            to.push_back(value);
            self.shown = json;
        }
        Ok(())
    }

    fn end(&mut self, to: &mut VecDeque<Value>) -> Result<()> {
        let json = whole_json(&self.text)?;
        if json != self.shown {
            to.push_back(typed(&json)?);
        }
        Ok(())
    }
}

/// The items of a comma separated list; a stream gives each item when it is complete, in a list of
/// its own. Line breaks separate too, and an item in double quotes may hold commas.
#[derive(Clone, Copy, Debug, Default)]
pub struct CommaSeparatedListOutputParser;

impl CommaSeparatedListOutputParser {
    /// What to tell the model, in LangChain's words.
    pub const FORMAT_INSTRUCTIONS: &'static str =
        "Your response should be a list of comma separated values, eg: `foo, bar, baz` or `foo,bar,baz`";
}

impl<I: IntoText> Step<I> for CommaSeparatedListOutputParser {
    type Output = Vec<String>;
    type Piece = Vec<String>;

    fn name(&self) -> String {
        "CommaSeparatedListOutputParser".to_owned()
    }

    fn invoke<'a>(&'a self, input: I, _: &'a CallOptions) -> BoxFuture<'a, Result<Vec<String>>>
    where
        I: 'a,
    {
        Box::pin(std::future::ready(Ok(take_items(&mut input.into_text(), true))))
    }

    fn stream<'a>(&'a self, input: I, _: &'a CallOptions) -> BoxFuture<'a, Result<Pieces<Vec<String>>>>
    where
        I: 'a,
    {
        let words = Pieces::once(input.into_text());
        Box::pin(std::future::ready(Ok(Step::<I>::read_words(self, words))))
    }

    fn takes_words(&self) -> bool {
        true
    }

    fn read_words(&self, words: Pieces<String>) -> Pieces<Vec<String>> {
        Pieces::new(Parsed::new(words, ListReader { text: String::new() }))
    }
}

/// A list that comes in.
struct ListReader {
    text: String,
}

impl Reader for ListReader {
    type Piece = Vec<String>;

    fn push(&mut self, text: &str, to: &mut VecDeque<Vec<String>>) -> Result<()> {
        self.text.push_str(text);
        to.extend(take_items(&mut self.text, false).into_iter().map(|item| vec![item]));
        Ok(())
    }

    fn end(&mut self, to: &mut VecDeque<Vec<String>>) -> Result<()> {
        to.extend(take_items(&mut self.text, true).into_iter().map(|item| vec![item]));
        Ok(())
    }
}
