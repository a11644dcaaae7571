//! A prompt that is one text.

use crate::error::Result;
use crate::prompts::PromptValues;
use crate::prompts::template::{Template, missing};
use crate::prompts::values::Lookup;

/// A text with named variables, for models that take a text and for chats (as what the user says).
///
/// ```
/// use lakewire::prompts::PromptTemplate;
/// let prompt = PromptTemplate::from_template("Tell me a {kind} joke about {topic}.")?.partial([("kind", "short")]);
/// assert_eq!(prompt.variables(), ["topic"]);
/// assert_eq!(prompt.format([("topic", "lakes")])?, "Tell me a short joke about lakes.");
/// assert_eq!(prompt.format("lakes")?, "Tell me a short joke about lakes.");
/// # Ok::<(), lakewire::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct PromptTemplate {
    text: String,
    template: Template,
    partial: PromptValues,
}

impl PromptTemplate {
    /// Parses a text: `{name}` stands for a value, `{{` and `}}` for braces themselves.
    ///
    /// # Errors
    /// `InvalidInput`, with line and column of the brace that has no partner or no name.
    pub fn from_template(text: &str) -> Result<Self> {
        Ok(Self { text: text.to_owned(), template: Template::parse(text)?, partial: PromptValues::new() })
    }

    /// The template, and the values that it has: names with JSON texts.
    pub(crate) fn parts(&self) -> (String, Vec<(String, String)>) {
        (self.text.clone(), self.partial.texts())
    }

    /// A prompt that has these values already; values given later win.
    #[must_use]
    pub fn partial(mut self, values: impl Into<PromptValues>) -> Self {
        self.partial = self.partial.and(values.into());
        self
    }

    /// The names that still need a value, each once, in order.
    #[must_use]
    pub fn variables(&self) -> Vec<String> {
        let mut names = names(&self.template);
        names.retain(|name| self.partial.get(name).is_none());
        names
    }

    /// The text with the values in place.
    ///
    /// # Errors
    /// `InvalidInput` when a value is missing (it is named) or is no text.
    pub fn format(&self, values: impl Into<PromptValues>) -> Result<String> {
        let variables = self.variables();
        let values = values.into().over(&self.partial, &variables)?;
        render(&self.template, &values)
    }
}

/// A template's variables, each once, in order.
pub(crate) fn names(template: &Template) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in template.variables() {
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    names
}

/// A template's text, everything that is missing named at once.
pub(crate) fn render(template: &Template, values: &dyn Lookup) -> Result<String> {
    let mut absent: Vec<&str> = Vec::new();
    for name in template.variables() {
        if values.given(name).is_none() && !absent.contains(&name) {
            absent.push(name);
        }
    }
    if absent.is_empty() { template.render(values) } else { Err(missing(&absent, values)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, HashMap};

    #[test]
    fn values_come_in_every_form() {
        let prompt = PromptTemplate::from_template("{a}-{b}").unwrap();
        assert_eq!(prompt.format([("a", "1"), ("b", "2")]).unwrap(), "1-2");
        assert_eq!(prompt.format(vec![("b", 2), ("a", 1)]).unwrap(), "1-2");
        assert_eq!(prompt.format(BTreeMap::from([("a", 0.5), ("b", 1e21)])).unwrap(), "0.5-1000000000000000000000");
        assert_eq!(
            prompt.format(HashMap::from([("a".to_owned(), true), ("b".to_owned(), false)])).unwrap(),
            "true-false"
        );
        assert_eq!(
            prompt.format(PromptValues::new().with("a", 'x').with("b", "{a}").with("c", 1_u64)).unwrap(),
            "x-{a}"
        );
        assert_eq!(prompt.format(PromptValues::new().with("a", 1).with("a", 2).with("b", 3)).unwrap(), "2-3");
    }

    #[test]
    fn partial_values_fill_in_and_later_ones_win() {
        let prompt = PromptTemplate::from_template("{a} {b} {a}").unwrap().partial([("a", "x")]).partial([("a", "y")]);
        assert_eq!(prompt.variables(), ["b"]);
        assert_eq!(prompt.format("1").unwrap(), "y 1 y");
        assert_eq!(prompt.format([("a", "z"), ("b", "1")]).unwrap(), "z 1 z");
    }

    #[test]
    fn everything_missing_is_named_at_once() {
        let prompt = PromptTemplate::from_template("{a} {b} {a} {c}").unwrap();
        let error = prompt.format([("b", "the value")]).unwrap_err();
        assert!(error.message().contains("`a`, `c` (given: `b`)"));
        assert!(!error.to_string().contains("the value"));
        assert!(prompt.format("x").unwrap_err().message().contains("this one has 3"));
        assert_eq!(PromptTemplate::from_template("none").unwrap().format("x").unwrap(), "none");
    }

    #[test]
    fn messages_are_no_text() {
        let prompt = PromptTemplate::from_template("{a}").unwrap();
        let values = PromptValues::new().with("a", [crate::chat::Message::user("Hi")]);
        assert!(prompt.format(values).unwrap_err().message().contains("MessagesPlaceholder"));
    }

    #[test]
    fn debug_shows_no_value() {
        assert_eq!(format!("{:?}", PromptValues::from([("name", "secret")])), "[\"name\"]");
    }
}
