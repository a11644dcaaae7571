//! `filter_string` of storage-optimised endpoints: a small language like SQL's conditions (wire: vector-search §4).
//!
//! `IS NULL`, `BETWEEN` and `NOT LIKE` are refused: whether the service takes them is not publicly known.

use serde_json::Value;

use super::columns::{Column, Kind, Scalar, moment};
use super::filter::{Filter, MAX_CONDITIONS, Sign, Test, column, scalar};

/// Deepest nesting of parentheses.
const MAX_DEPTH: usize = 64;

#[derive(Debug, Clone, PartialEq)]
enum Token {
    /// A keyword, a column or `TO_TIMESTAMP`.
    Word(String),
    /// A column in backticks: never a keyword.
    Quoted(String),
    Text(String),
    Number(Value),
    Sign(String),
}

/// Reads a filter string.
///
/// # Errors
/// A sentence saying what in it is wrong.
pub(super) fn read(text: &str, columns: &[Column]) -> Result<Filter, String> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0, columns, conditions: 0 };
    let filter = parser.any(0)?;
    match parser.peek() {
        None => Ok(filter),
        Some(token) => Err(format!("The filter has {} after its end.", shown(token))),
    }
}

fn shown(token: &Token) -> String {
    match token {
        Token::Word(word) => word.clone(),
        Token::Quoted(name) => format!("`{name}`"),
        Token::Text(text) => format!("'{text}'"),
        Token::Number(number) => number.to_string(),
        Token::Sign(sign) => sign.clone(),
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut found = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(&c) = rest.peek() {
        if c.is_whitespace() {
            rest.next();
        } else if matches!(c, '\'' | '`') {
            rest.next();
            let mut inner = String::new();
            loop {
                match rest.next() {
                    // a doubled quote is a quote
                    Some(next) if next == c => {
                        if rest.peek() != Some(&c) {
                            break;
                        }
                        inner.push(c);
                        rest.next();
                    }
                    Some(next) => inner.push(next),
                    None => return Err(format!("The filter has a {c} without its end.")),
                }
            }
            found.push(if c == '`' { Token::Quoted(inner) } else { Token::Text(inner) });
        } else if c.is_ascii_digit() || matches!(c, '-' | '+' | '.') {
            let mut number = String::new();
            while let Some(&next) = rest.peek() {
                let exponent = number.ends_with(['e', 'E']);
                let goes_on = next.is_ascii_alphanumeric()
                    || next == '.'
                    || matches!(next, '-' | '+') && (number.is_empty() || exponent);
                if !goes_on {
                    break;
                }
                number.push(next);
                rest.next();
            }
            let plain = number.strip_prefix('+').unwrap_or(&number);
            let whole = plain.parse::<i64>().ok().map(Value::from);
            let value = whole.or_else(|| plain.parse::<f64>().ok().filter(|n| n.is_finite()).map(Value::from));
            found.push(Token::Number(value.ok_or_else(|| format!("The filter has {number:?}, which is no number."))?));
        } else if c.is_alphabetic() || c == '_' {
            let mut word = String::new();
            while let Some(&next) = rest.peek().filter(|next| next.is_alphanumeric() || **next == '_') {
                word.push(next);
                rest.next();
            }
            found.push(Token::Word(word));
        } else {
            rest.next();
            let mut sign = c.to_string();
            if let Some(&next) = rest.peek() {
                if matches!((c, next), ('<', '=' | '>') | ('>' | '!', '=')) {
                    sign.push(next);
                    rest.next();
                }
            }
            if !matches!(sign.as_str(), "=" | "!=" | "<>" | "<" | "<=" | ">" | ">=" | "(" | ")" | ",") {
                return Err(format!("The filter has {sign:?}, which this language does not know."));
            }
            found.push(Token::Sign(sign));
        }
    }
    Ok(found)
}

struct Parser<'c> {
    tokens: Vec<Token>,
    at: usize,
    columns: &'c [Column],
    conditions: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self, wanted: &str) -> Result<Token, String> {
        let token = self.peek().cloned().ok_or_else(|| format!("The filter ends where {wanted} is needed."))?;
        self.at += 1;
        Ok(token)
    }

    /// Steps over a keyword, if it stands here.
    fn keyword(&mut self, word: &str) -> bool {
        let here = matches!(self.peek(), Some(Token::Word(found)) if found.eq_ignore_ascii_case(word));
        self.at += usize::from(here);
        here
    }

    fn sign(&mut self, sign: &str) -> bool {
        let here = matches!(self.peek(), Some(Token::Sign(found)) if found == sign);
        self.at += usize::from(here);
        here
    }

    fn expect(&mut self, sign: &str) -> Result<(), String> {
        if self.sign(sign) {
            return Ok(());
        }
        let found = self.peek().map_or_else(|| "its end".to_owned(), shown);
        Err(format!("The filter has {found} where {sign} is needed."))
    }

    fn any(&mut self, depth: usize) -> Result<Filter, String> {
        let mut parts = vec![self.all(depth)?];
        while self.keyword("OR") {
            parts.push(self.all(depth)?);
        }
        Ok(Filter::Any(parts))
    }

    fn all(&mut self, depth: usize) -> Result<Filter, String> {
        let mut parts = vec![self.part(depth)?];
        while self.keyword("AND") {
            parts.push(self.part(depth)?);
        }
        Ok(Filter::All(parts))
    }

    fn part(&mut self, depth: usize) -> Result<Filter, String> {
        if depth > MAX_DEPTH {
            return Err(format!("The filter nests more than {MAX_DEPTH} parentheses."));
        }
        if self.sign("(") {
            let inner = self.any(depth + 1)?;
            self.expect(")")?;
            return Ok(inner);
        }
        self.conditions += 1;
        if self.conditions > MAX_CONDITIONS {
            return Err(format!("A filter has at most {MAX_CONDITIONS} conditions."));
        }
        self.condition()
    }

    fn condition(&mut self) -> Result<Filter, String> {
        let name = match self.next("a column")? {
            Token::Word(name) | Token::Quoted(name) => name,
            token => return Err(format!("The filter has {} where a column is needed.", shown(&token))),
        };
        let columns = self.columns;
        let column = column(columns, &name)?;
        let kind = column.kind();
        if matches!(kind, Kind::List(_)) {
            return Err(format!("The column '{name}' is an array: a filter string cannot test it."));
        }
        let test = self.test(column, &kind)?;
        Ok(Filter::Test { column: name, kind, test })
    }

    fn test(&mut self, column: &Column, kind: &Kind) -> Result<Test, String> {
        let name = &column.name;
        if self.keyword("IN") {
            self.expect("(")?;
            let mut list = vec![self.value(column)?];
            while self.sign(",") {
                list.push(self.value(column)?);
            }
            self.expect(")")?;
            return Ok(Test::In(list));
        }
        if self.keyword("LIKE") {
            return match (self.next("a pattern")?, kind) {
                (Token::Text(pattern), Kind::Text) => Ok(Test::Like(pattern)),
                _ => Err(format!("LIKE needs a column of text and a text: '{name}' is of type {}.", column.type_text)),
            };
        }
        if self.keyword("IS") {
            let wanted = if self.keyword("TRUE") {
                true
            } else if self.keyword("FALSE") {
                false
            } else {
                return Err("After IS, a filter string knows TRUE and FALSE only.".to_owned());
            };
            if *kind != Kind::Boolean {
                return Err(format!("IS needs a boolean column: '{name}' is of type {}.", column.type_text));
            }
            return Ok(Test::In(vec![Scalar::Bool(wanted)]));
        }
        let sign = match self.next("an operator")? {
            Token::Sign(sign) => sign,
            token => {
                let known = "=, !=, <>, <, <=, >, >=, IN, LIKE, IS TRUE";
                return Err(format!("The filter has {} where one of {known} is needed.", shown(&token)));
            }
        };
        let value = self.value(column)?;
        match (sign.as_str(), Sign::read(&sign)) {
            ("=", _) => Ok(Test::In(vec![value])),
            ("!=" | "<>", _) => Ok(Test::NotIn(vec![value])),
            (_, Some(sign)) => Ok(Test::Compare(sign, value)),
            _ => Err(format!("The filter has {sign} where an operator is needed.")),
        }
    }

    fn value(&mut self, column: &Column) -> Result<Scalar, String> {
        let plain = match self.next("a value")? {
            Token::Word(word) if word.eq_ignore_ascii_case("TO_TIMESTAMP") => {
                self.expect("(")?;
                let text = match self.next("a text")? {
                    Token::Text(text) => text,
                    token => return Err(format!("TO_TIMESTAMP takes a text, not {}.", shown(&token))),
                };
                self.expect(")")?;
                if !matches!(column.kind(), Kind::Timestamp | Kind::Date) {
                    return Err(format!("The filter compares the column '{}' with a timestamp.", column.name));
                }
                return moment(&text).map(Scalar::Time).ok_or_else(|| format!("'{text}' is no timestamp."));
            }
            Token::Word(word) if word.eq_ignore_ascii_case("TRUE") => Value::Bool(true),
            Token::Word(word) if word.eq_ignore_ascii_case("FALSE") => Value::Bool(false),
            Token::Text(text) => Value::String(text),
            Token::Number(number) => number,
            token => return Err(format!("The filter has {} where a value is needed.", shown(&token))),
        };
        if column.kind() == Kind::Timestamp {
            return Err(format!(
                "The column '{}' is a timestamp: write the value as TO_TIMESTAMP('2024-01-31T12:00:00').",
                column.name
            ));
        }
        scalar(column, &plain)
    }
}

#[cfg(test)]
mod tests {
    use super::super::filter::tests::{columns, found};
    use super::*;

    #[test]
    fn conditions_as_sql_writes_them() {
        for (text, ids) in [
            ("lang = 'en'", "a"),
            ("lang != 'en'", "bc"),
            ("lang <> 'en' AND year < 2022", "b"),
            ("year >= 2021", "bc"),
            ("price <= 1.5e0", "a"),
            ("lang IN ('en', 'de')", "ab"),
            ("lang like 'new%'", "c"),
            ("lang LIKE '_e'", "b"),
            ("draft IS TRUE", "a"),
            ("draft = false", "bc"),
            ("made > TO_TIMESTAMP('2021-06-01T00:00:00')", "c"),
            ("year = 2020 OR year = 2021 AND lang = 'x'", "a"),
            ("(year = 2020 OR year = 2021) AND lang = 'de'", "b"),
            ("`lang` = 'en'", "a"),
            ("lang = 'it''s'", ""),
            ("year > -5", "abc"),
        ] {
            let filter = read(text, &columns()).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(found(&filter), ids, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, part) in [
            ("", "ends"),
            ("lang", "operator"),
            ("lang = ", "ends"),
            ("lang = 'x", "without its end"),
            ("nope = 1", "'nope'"),
            ("year = 'x'", "integer"),
            ("made > '2020-01-01'", "TO_TIMESTAMP"),
            ("tags = 'x'", "array"),
            ("(year = 1", ") is needed"),
            ("year = 1) ", "after its end"),
            ("year IS NULL", "TRUE and FALSE"),
            ("year BETWEEN 1 AND 2", "BETWEEN"),
            ("lang NOT LIKE 'x'", "NOT"),
            ("lang = 'x'; DROP TABLE t", "\";\""),
            ("year = 1 -- x", "no number"),
        ] {
            let said = read(text, &columns()).unwrap_err();
            assert!(said.contains(part), "{text}: {said}");
        }
        let deep = format!("{}year = 1{}", "(".repeat(200), ")".repeat(200));
        assert!(read(&deep, &columns()).unwrap_err().contains("64"));
    }
}
