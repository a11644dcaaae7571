//! The filter language: comparisons joined by `and` (wire: mlflow-tracking §4).

use super::invalid;
use crate::errors::ApiError;

/// What a comparison compares with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Operand {
    /// A number as it was written.
    Number(String),
    /// A text in quotes.
    Quoted(String),
    /// A word without quotes.
    Bare(String),
    /// The texts of `IN (…)`.
    List(Vec<String>),
    /// Nothing: `IS NULL`.
    Nothing,
}

/// One comparison: what, how, with what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Clause {
    pub(super) what: String,
    pub(super) how: String,
    pub(super) with: Operand,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Word {
    Name(String),
    Quoted(String, String),
    Number(String),
    Compare(String),
    Group(String),
    Other(String),
}

impl Word {
    fn raw(&self) -> &str {
        match self {
            Self::Name(text) | Self::Number(text) | Self::Compare(text) | Self::Group(text) | Self::Other(text) => text,
            Self::Quoted(_, raw) => raw,
        }
    }

    fn is(&self, word: &str) -> bool {
        matches!(self, Self::Name(text) if text.eq_ignore_ascii_case(word))
    }
}

/// Cuts a filter into words.
fn words(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (word, length) = match first {
            '\'' | '"' => {
                let inner = rest.get(1..).unwrap_or_default();
                match quote_end(inner, first) {
                    Some(end) => {
                        let raw = rest.get(..end + 2).unwrap_or_default();
                        (Word::Quoted(inner.get(..end).unwrap_or_default().to_owned(), raw.to_owned()), end + 2)
                    }
                    None => (Word::Other(rest.to_owned()), rest.len()),
                }
            }
            '=' | '!' | '<' | '>' => {
                let end = rest.find(|c| !matches!(c, '=' | '!' | '<' | '>')).unwrap_or(rest.len());
                (Word::Compare(rest.get(..end).unwrap_or_default().to_owned()), end)
            }
            '(' => {
                let end = rest.rfind(')').map_or(rest.len(), |end| end + 1);
                (Word::Group(rest.get(..end).unwrap_or_default().to_owned()), end)
            }
            c if c.is_alphanumeric() || matches!(c, '_' | '`' | '-' | '+' | '.') => {
                let end = name_end(rest);
                let raw = rest.get(..end).unwrap_or_default().to_owned();
                let number = raw.parse::<f64>().is_ok() && !raw.starts_with(char::is_alphabetic);
                (if number { Word::Number(raw) } else { Word::Name(raw) }, end)
            }
            other => (Word::Other(other.to_string()), other.len_utf8()),
        };
        words.push(word);
        rest = rest.get(length..).unwrap_or_default().trim_start();
    }
    words
}

/// Where a quoted text ends; a quote written twice is one inside it.
fn quote_end(inner: &str, quote: char) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + inner.get(from..)?.find(quote)?;
        if !inner.get(at + 1..).is_some_and(|rest| rest.starts_with(quote)) {
            return Some(at);
        }
        from = at + 2;
    }
}

/// Where a name ends: it may hold a part in backticks or double quotes.
fn name_end(text: &str) -> usize {
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match quote {
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if matches!(c, '`' | '"') => quote = Some(c),
            None if c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | ':' | '/' | '$' | '+') => {}
            None => return at,
        }
    }
    text.len()
}

/// The texts of a group such as `('a', "b")`.
fn listed(group: &str) -> Option<Vec<String>> {
    let inner = group.strip_prefix('(')?.strip_suffix(')')?;
    let mut list = Vec::new();
    for word in words(inner) {
        match word {
            Word::Quoted(text, _) => list.push(text),
            Word::Other(comma) if comma == "," => {}
            _ => return None,
        }
    }
    Some(list)
}

/// A comparison at the beginning of these words, and how many of them it is.
fn comparison(words: &[Word]) -> Option<(Clause, usize)> {
    let [Word::Name(what), rest @ ..] = words else { return None };
    let clause = |how: &str, with: Operand| Clause { what: what.clone(), how: how.to_owned(), with };
    let operand = |word: &Word| match word {
        Word::Quoted(text, _) => Some(Operand::Quoted(text.clone())),
        Word::Number(text) => Some(Operand::Number(text.clone())),
        Word::Name(text) if !text.eq_ignore_ascii_case("and") => Some(Operand::Bare(text.clone())),
        _ => None,
    };
    match rest {
        [Word::Compare(how), with, ..] => Some((clause(how, operand(with)?), 3)),
        [like, with, ..] if like.is("like") || like.is("ilike") => {
            Some((clause(&like.raw().to_uppercase(), operand(with)?), 3))
        }
        [is, null, ..] if is.is("is") && null.is("null") => Some((clause("IS NULL", Operand::Nothing), 3)),
        [is, not, null, ..] if is.is("is") && not.is("not") && null.is("null") => {
            Some((clause("IS NOT NULL", Operand::Nothing), 4))
        }
        [within, Word::Group(group), ..] if within.is("in") => Some((clause("IN", Operand::List(listed(group)?)), 3)),
        [not, within, Word::Group(group), ..] if not.is("not") && within.is("in") => {
            Some((clause("NOT IN", Operand::List(listed(group)?)), 4))
        }
        _ => None,
    }
}

/// The comparisons of a filter. `quotes`: whether the refusal puts what it names in quotes.
///
/// # Errors
/// 400 with the parts that are no comparison.
pub(super) fn parse(text: &str, quotes: bool) -> Result<Vec<Clause>, ApiError> {
    let words = words(text);
    let mut left = words.as_slice();
    let (mut clauses, mut strange) = (Vec::new(), Vec::new());
    while let [first, rest @ ..] = left {
        if let Some((clause, length)) = comparison(left) {
            clauses.push(clause);
            left = left.get(length..).unwrap_or_default();
            continue;
        }
        if !first.is("and") {
            let raw = first.raw();
            strange.push(if quotes { format!("'{raw}'") } else { raw.to_owned() });
        }
        left = rest;
    }
    if strange.is_empty() {
        return Ok(clauses);
    }
    Err(invalid(format!("Invalid clause(s) in filter string: {}", strange.join(", "))))
}

/// Whether a text fits a pattern with `%` and `_`.
pub(super) fn like(text: &str, pattern: &str) -> bool {
    let (text, pattern): (Vec<char>, Vec<char>) = (text.chars().collect(), pattern.chars().collect());
    let (mut at, mut place) = (0, 0);
    let mut back = None;
    while at < text.len() {
        match pattern.get(place) {
            Some('%') => {
                back = Some((place + 1, at));
                place += 1;
            }
            Some(c) if *c == '_' || text.get(at) == Some(c) => {
                at += 1;
                place += 1;
            }
            _ => {
                let Some((after, from)) = back else { return false };
                back = Some((after, from + 1));
                (place, at) = (after, from + 1);
            }
        }
    }
    pattern.get(place..).unwrap_or_default().iter().all(|c| *c == '%')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Clause {
        let mut clauses = parse(text, true).unwrap();
        assert_eq!(clauses.len(), 1, "{text}");
        clauses.remove(0)
    }

    #[test]
    fn comparisons() {
        let quoted = |text: &str| Operand::Quoted(text.to_owned());
        assert_eq!(one("metrics.x>-1.5e3").with, Operand::Number("-1.5e3".to_owned()));
        assert_eq!(one("tags.`a b` = 'it''s'").with, quoted("it''s"));
        assert_eq!(one("tags.`a b` = ''").with, quoted(""));
        assert_eq!(one("tags.\"mlflow.runName\" != \"n\"").what, "tags.\"mlflow.runName\"");
        assert_eq!(one("name ilike '%x'").how, "ILIKE");
        assert_eq!(one("name ilike '%x'").with, quoted("%x"));
        assert_eq!(one("a NOT IN ('x', 'y')").with, Operand::List(vec!["x".to_owned(), "y".to_owned()]));
        assert_eq!(one("a IS NOT NULL").how, "IS NOT NULL");
        assert_eq!(parse("a = 1 and b = 'and' AND c = 2 and", true).unwrap().len(), 3);
        assert_eq!(parse("", true).unwrap(), []);
    }

    #[test]
    fn what_is_no_comparison_is_named() {
        let said =
            |text: &str| parse(text, true).unwrap_err().body().get("message").unwrap().as_str().unwrap().to_owned();
        assert!(said("a = 1 or b = 2").ends_with("string: 'or'"));
        assert!(said("metrics.x =").ends_with("string: 'metrics.x', '='"));
        assert!(said("(a = 1)").ends_with("string: '(a = 1)'"));
        assert!(said("a = 1;").ends_with("string: ';'"));
    }

    #[test]
    fn patterns() {
        for (text, pattern) in [("abc", "a%"), ("abc", "%c"), ("abc", "a_c"), ("", "%"), ("aXbXc", "%X%c"), ("%", "%")]
        {
            assert!(like(text, pattern), "{text} {pattern}");
        }
        for (text, pattern) in [("abc", "b%"), ("abc", "ab"), ("abc", "a_"), ("", "_")] {
            assert!(!like(text, pattern), "{text} {pattern}");
        }
    }
}
