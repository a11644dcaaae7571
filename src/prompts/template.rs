//! One text with named variables: `{name}` stands for a value, `{{` and `}}` for braces themselves.

use std::borrow::Cow;

use crate::error::{Error, ErrorKind, Result};
use crate::prompts::values::{Given, Lookup};

/// A parsed text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Variable(String),
}

impl Template {
    /// Parses a text.
    ///
    /// # Errors
    /// `InvalidInput`, with line and column of the brace that has no partner or no name.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.bytes().position(|byte| byte == b'{' || byte == b'}') {
            let (before, marked) = rest.split_at_checked(at).unwrap_or((rest, ""));
            plain.push_str(before);
            let place = || place(text, text.len() - marked.len());
            if marked.starts_with("{{") || marked.starts_with("}}") {
                plain.push_str(marked.get(..1).unwrap_or(""));
                rest = marked.get(2..).unwrap_or("");
                continue;
            }
            if marked.starts_with('}') {
                return Err(unfit(place(), "has a `}` without its `{`: write `}}` for a brace itself"));
            }
            let Some(end) = marked.bytes().position(|byte| byte == b'}') else {
                return Err(unfit(place(), "has a `{` that is never closed: write `{{` for a brace itself"));
            };
            let name = marked.get(1..end).unwrap_or("");
            if name.is_empty() {
                return Err(unfit(
                    place(),
                    "has `{}` without a variable's name: write `{name}`, or `{{}}` for the braces",
                ));
            }
            if !is_name(name) {
                return Err(unfit(
                    place(),
                    "has a `{` that opens no variable's name (letters, digits, `_` and `-`, no digit first): write `{{` \
                     and `}}` for braces themselves",
                ));
            }
            if !plain.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut plain)));
            }
            pieces.push(Piece::Variable(name.to_owned()));
            rest = marked.get(end + 1..).unwrap_or("");
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        Ok(Self { pieces })
    }

    /// The variables in order; one that stands twice comes twice.
    pub(crate) fn variables(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Variable(name) => Some(name.as_str()),
            Piece::Text(_) => None,
        })
    }

    /// The text with every variable's value in its place. Values are put in as they are: braces
    /// in them mean nothing.
    ///
    /// # Errors
    /// `InvalidInput` for a value that is missing or no text.
    pub(crate) fn render(&self, values: &dyn Lookup) -> Result<String> {
        let mut out = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Variable(name) => out.push_str(&text_of(name, values)?),
            }
        }
        Ok(out)
    }
}

fn text_of<'a>(name: &str, values: &'a dyn Lookup) -> Result<Cow<'a, str>> {
    let wrong = |what: &str| {
        Err(invalid(format!(
            "The value of `{name}` is {what}: give text, a number, true or false. Messages go into a MessagesPlaceholder."
        )))
    };
    match values.given(name) {
        None => Err(missing(&[name], values)),
        Some(Given::Text(text)) => Ok(text),
        Some(Given::Json(json)) => match json.as_bytes().first() {
            Some(b'{') => wrong("an object"),
            Some(b'[') => wrong("a list"),
            Some(b'n') | None => wrong("null"),
            Some(_) => Ok(json),
        },
    }
}

/// The error of a prompt that did not get what it needs: names only, values may be private.
pub(crate) fn missing(names: &[&str], values: &dyn Lookup) -> Error {
    let given = values.names();
    let given: Vec<&str> = given.iter().map(Cow::as_ref).collect();
    let given = if given.is_empty() { "nothing was given".to_owned() } else { format!("given: {}", listed(&given)) };
    let hint = names.first().unwrap_or(&"name");
    invalid(format!(
        "The prompt needs a value for {} ({given}). If no variable is meant, write the braces twice: `{{{{{hint}}}}}`.",
        listed(names)
    ))
}

fn listed(names: &[&str]) -> String {
    let mut out = String::new();
    for name in names {
        if !out.is_empty() {
            out.push_str(", ");
        }
        out.push('`');
        out.push_str(name);
        out.push('`');
    }
    out
}

/// Letters of any script, digits, `_` and `-`, no digit first.
pub(crate) fn is_name(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-') || !c.is_ascii();
    name.chars().all(fits) && name.chars().next().is_some_and(|c| !c.is_ascii_digit() && c != '-')
}

pub(crate) fn invalid(sentence: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidInput, sentence)
}

fn unfit(place: (usize, usize), what: &str) -> Error {
    invalid(format!("The template {what} (line {}, column {}).", place.0, place.1))
}

/// Line and column of a byte, both from 1, columns in characters.
fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    (line, column)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prompts::PromptValues;
    use proptest::prelude::*;

    fn render(template: &str, values: &[(&str, &str)]) -> Result<String> {
        let values: PromptValues = values.iter().copied().collect();
        Template::parse(template)?.render(&values)
    }

    fn refusal(template: &str) -> String {
        let error = Template::parse(template).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        error.message().to_owned()
    }

    #[test]
    fn variables_and_braces() {
        assert_eq!(
            render("Tell {who} about {what}.", &[("what", "tides"), ("who", "Ann")]).unwrap(),
            "Tell Ann about tides."
        );
        assert_eq!(render("{{\"a\": {a}}}", &[("a", "1")]).unwrap(), "{\"a\": 1}");
        assert_eq!(render("{{{a}}}", &[("a", "1")]).unwrap(), "{1}");
        assert_eq!(render("{{a}}", &[("a", "1")]).unwrap(), "{a}");
        assert_eq!(render("{größe}{größe}", &[("größe", "5")]).unwrap(), "55");
        assert_eq!(render("", &[]).unwrap(), "");
        let template = Template::parse("{b} {a} {b}").unwrap();
        assert_eq!(template.variables().collect::<Vec<_>>(), ["b", "a", "b"]);
    }

    #[test]
    fn a_brace_without_a_partner_is_named_with_its_place() {
        assert!(refusal("a }").contains("(line 1, column 3)"));
        assert!(refusal("é\nüü }").contains("(line 2, column 4)"));
        assert!(refusal("x {name").contains("never closed"));
        assert!(refusal("x {name").contains("(line 1, column 3)"));
        assert!(refusal("{}").contains("{name}"));
        assert!(refusal("{ \"a\": 1 }").contains("`{{`"));
        assert!(refusal("{a b}").contains("letters"));
        assert!(refusal("{0}").contains("digit"));
        assert!(refusal("{a:>10}").contains("letters"));
        assert!(refusal("{a{b}").contains("letters"));
        assert!(refusal("{a}}").contains("without its `{`"));
    }

    #[test]
    fn what_is_missing_is_named_and_so_is_what_was_given() {
        let error = render("{a}", &[("b", "secret"), ("c", "")]).unwrap_err();
        assert_eq!(
            error.message(),
            "The prompt needs a value for `a` (given: `b`, `c`). If no variable is meant, write the braces twice: `{{a}}`."
        );
        assert!(render("{a}", &[]).unwrap_err().message().contains("nothing was given"));
    }

    fn escaped(text: &str) -> String {
        text.replace('{', "{{").replace('}', "}}")
    }

    proptest! {
        #[test]
        fn a_value_is_never_expanded(before in "[ab{}\n]{0,8}", value in "[{}a]{0,12}|\\{other\\}|\\{\\{x\\}\\}", after in "[ab{}]{0,8}") {
            let template = format!("{}{{it}}{}", escaped(&before), escaped(&after));
            let values = [("it", value.as_str()), ("other", "EXPANDED"), ("x", "EXPANDED"), ("a", "EXPANDED")];
            prop_assert_eq!(render(&template, &values).unwrap(), format!("{before}{value}{after}"));
        }

        #[test]
        fn escaped_text_comes_out_as_it_was(text: String) {
            prop_assert_eq!(render(&escaped(&text), &[]).unwrap(), text);
        }

        #[test]
        fn arbitrary_text_never_panics(text in "[{}a-c 0\n\\u{e9}]{0,24}") {
            if let Ok(template) = Template::parse(&text) {
                prop_assert!(template.variables().all(is_name));
            }
        }
    }
}
