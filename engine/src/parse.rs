//! From text to a syntax tree: the dialect, the parameters, and names without regard to case.
//!
//! Parameters and `IDENTIFIER(…)` are settled on the tokens, before anything is parsed: so they may stand wherever the
//! service lets them stand.

use std::any::TypeId;

use datafusion::sql::sqlparser::ast::{Expr, Query};
use datafusion::sql::sqlparser::dialect::{DatabricksDialect, Dialect};
use datafusion::sql::sqlparser::parser::{Parser, ParserOptions};
use datafusion::sql::sqlparser::tokenizer::{Location, Span, Token, TokenWithSpan, Tokenizer, Word};
use serde_json::Value;

use crate::error::{Result, SqlError};
use crate::types::SqlType;

/// Databricks' dialect as sqlparser has it, with backslash escapes in strings.
#[derive(Debug, Default, Clone, Copy)]
pub struct Databricks;

impl Dialect for Databricks {
    fn dialect(&self) -> TypeId {
        TypeId::of::<DatabricksDialect>()
    }
    fn is_delimited_identifier_start(&self, ch: char) -> bool {
        ch == '`'
    }
    fn is_identifier_start(&self, ch: char) -> bool {
        ch.is_alphabetic() || ch == '_'
    }
    fn is_identifier_part(&self, ch: char) -> bool {
        ch.is_alphanumeric() || ch == '_'
    }
    fn supports_string_literal_backslash_escape(&self) -> bool {
        true
    }
    fn supports_numeric_prefix(&self) -> bool {
        true
    }
    fn supports_filter_during_aggregation(&self) -> bool {
        true
    }
    fn supports_group_by_expr(&self) -> bool {
        true
    }
    fn supports_table_versioning(&self) -> bool {
        true
    }
    fn supports_lambda_functions(&self) -> bool {
        true
    }
    fn supports_select_wildcard_except(&self) -> bool {
        true
    }
    fn require_interval_qualifier(&self) -> bool {
        true
    }
    fn supports_struct_literal(&self) -> bool {
        true
    }
    fn supports_nested_comments(&self) -> bool {
        true
    }
    fn supports_group_by_with_modifier(&self) -> bool {
        true
    }
    fn supports_values_as_table_factor(&self) -> bool {
        true
    }
    fn supports_bang_not_operator(&self) -> bool {
        true
    }
    fn supports_cte_without_as(&self) -> bool {
        true
    }
}

/// A value for a marker `:name`.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Without the colon.
    pub name: String,
    /// Any JSON scalar; null is SQL NULL.
    pub value: Value,
    /// The SQL type's text; STRING when absent.
    pub ty: Option<String>,
}

/// A statement as tokens, with what is needed to say where something stands.
#[derive(Debug, Clone)]
pub struct Script {
    /// The text as it came.
    pub sql: String,
    tokens: Vec<TokenWithSpan>,
}

impl Script {
    /// Cuts a text into tokens and binds its parameters.
    ///
    /// # Errors
    /// `PARSE_SYNTAX_ERROR` for a text that is no SQL, `UNBOUND_SQL_PARAMETER` for a marker without a value.
    pub fn new(sql: &str, parameters: &[Parameter]) -> Result<Self> {
        let tokens = tokenize(sql)?;
        let tokens = identifiers(bind(tokens, parameters)?)?;
        Ok(Self { sql: sql.to_owned(), tokens })
    }

    /// A parser over the tokens as written, for names that keep their case.
    pub fn as_written(&self) -> Parser<'static> {
        parser(self.tokens.clone())
    }

    /// A parser over the tokens with quoted names in lower case, as the rest of the engine compares them.
    pub fn lowered(&self) -> Parser<'static> {
        let tokens = self.tokens.iter().cloned().map(|mut token| {
            if let Token::Word(Word { value, quote_style: Some(_), .. }) = &mut token.token {
                *value = value.to_lowercase();
            }
            token
        });
        parser(tokens.collect())
    }

    /// The statement as a query: in lower case, and as written.
    ///
    /// # Errors
    /// `PARSE_SYNTAX_ERROR`.
    pub fn queries(&self) -> Result<(Query, Query)> {
        let mut parser = self.lowered();
        let query = *parser.parse_query().map_err(|error| self.syntax(error))?;
        let _ = parser.consume_token(&Token::SemiColon);
        parser.expect_token(&Token::EOF).map_err(|error| self.syntax(error))?;
        let written = *self.as_written().parse_query().map_err(|error| self.syntax(error))?;
        Ok((query, written))
    }

    /// Gives a parser's error its place in this text.
    pub fn syntax(&self, error: impl ToString) -> SqlError {
        SqlError::from_parser(&error.to_string(), &self.sql)
    }

    /// The refusal of a statement that begins with no known word.
    pub fn syntax_at_start(&self) -> SqlError {
        let first = self.tokens.iter().find(|token| !matches!(token.token, Token::Whitespace(_)));
        let found = first.map_or_else(|| "EOF".to_owned(), |token| token.token.to_string());
        let place = first.map_or((1, 1), |token| (token.span.start.line, token.span.start.column));
        SqlError::syntax(&found, &self.sql, place.0, place.1)
    }

    /// The statement with its parameters written out.
    pub fn text(&self) -> String {
        text(self.tokens.iter())
    }

    /// The first words, upper case, to tell statements apart.
    pub fn first_words(&self, count: usize) -> Vec<String> {
        self.tokens
            .iter()
            .filter_map(|token| match &token.token {
                Token::Word(word) => Some(word.value.to_uppercase()),
                Token::Whitespace(_) => None,
                other => Some(other.to_string()),
            })
            .take(count)
            .collect()
    }

    /// The text from a token's place to the end of the statement, without a closing semicolon.
    pub fn tail(&self, from: Location) -> String {
        let tokens = self
            .tokens
            .iter()
            .skip_while(|token| (token.span.start.line, token.span.start.column) < (from.line, from.column));
        text(tokens).trim().trim_end_matches(';').trim_end().to_owned()
    }
}

fn text<'t>(tokens: impl Iterator<Item = &'t TokenWithSpan>) -> String {
    tokens
        .map(|token| match &token.token {
            Token::SingleQuotedString(text) => quote(text),
            Token::Word(word) if word.quote_style == Some('`') => format!("`{}`", word.value.replace('`', "``")),
            other => other.to_string(),
        })
        .collect()
}

fn parser(tokens: Vec<TokenWithSpan>) -> Parser<'static> {
    Parser::new(&Databricks)
        .with_options(ParserOptions::new().with_unescape(true))
        .with_recursion_limit(120)
        .with_tokens_with_locations(tokens)
}

/// Reads a query.
///
/// # Errors
/// `PARSE_SYNTAX_ERROR`.
pub fn query(sql: &str) -> Result<Query> {
    let script = Script::new(sql, &[])?;
    let mut parser = script.lowered();
    let query = parser.parse_query().map_err(|error| script.syntax(error))?;
    parser.expect_token(&Token::EOF).map_err(|error| script.syntax(error))?;
    Ok(*query)
}

/// Reads an expression.
///
/// # Errors
/// `PARSE_SYNTAX_ERROR`.
pub fn expression(sql: &str) -> Result<Expr> {
    let script = Script::new(sql, &[])?;
    let mut parser = script.lowered();
    let expression = parser.parse_expr().map_err(|error| script.syntax(error))?;
    parser.expect_token(&Token::EOF).map_err(|error| script.syntax(error))?;
    Ok(expression)
}

fn tokenize(sql: &str) -> Result<Vec<TokenWithSpan>> {
    let tokens = Tokenizer::new(&Databricks, sql)
        .with_unescape(true)
        .tokenize_with_location()
        .map_err(|error| SqlError::from_parser(&format!("{error}"), sql))?;
    Ok(tokens
        .into_iter()
        .map(|mut token| {
            if let Token::DoubleQuotedString(text) = token.token {
                token.token = Token::SingleQuotedString(text);
            }
            token
        })
        .collect())
}

/// A string literal of SQL.
pub fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// A name in backticks.
pub fn tick(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

fn bind(tokens: Vec<TokenWithSpan>, parameters: &[Parameter]) -> Result<Vec<TokenWithSpan>> {
    let mut bound = Vec::with_capacity(tokens.len());
    let mut tokens = tokens.into_iter().peekable();
    // whether a colon here can only open a marker: after a name or a bracket it would open a path into JSON
    let mut operand = false;
    let mut limit = false;
    while let Some(token) = tokens.next() {
        let name = match (&token.token, operand) {
            (Token::Colon, false) => match tokens.peek().map(|next| &next.token) {
                Some(Token::Word(word)) => Some(word.value.clone()),
                _ => None,
            },
            _ => None,
        };
        let Some(name) = name else {
            operand = matches!(&token.token, Token::Word(_) | Token::RParen | Token::RBracket);
            if !matches!(token.token, Token::Whitespace(_)) {
                limit = matches!(&token.token, Token::Word(word) if matches!(word.value.to_uppercase().as_str(), "LIMIT" | "OFFSET"));
            }
            bound.push(token);
            continue;
        };
        tokens.next();
        let Some(parameter) = parameters.iter().find(|parameter| parameter.name == name) else {
            return Err(SqlError::new(
                "UNBOUND_SQL_PARAMETER",
                "42P02",
                format!(
                    "Found the unbound parameter: {name}. Please, fix `args` and provide a mapping of the parameter to either a \
                     SQL literal or collection constructor functions such as `map()`, `array()`, `struct()`."
                ),
            ));
        };
        let text = literal(parameter, limit)?;
        bound.extend(tokenize(&text)?.into_iter().map(|mut new| {
            new.span = token.span;
            new
        }));
        operand = true;
        limit = false;
    }
    Ok(bound)
}

fn literal(parameter: &Parameter, bare: bool) -> Result<String> {
    let ty = SqlType::parse(parameter.ty.as_deref().unwrap_or("STRING"))?;
    let value = match &parameter.value {
        Value::Null => return Ok(format!("CAST(NULL AS {})", ty.text())),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) => parameter.value.to_string(),
        _ => {
            return Err(SqlError::new(
                "INVALID_PARAMETER_VALUE",
                "22023",
                format!("The value of parameter {} must be a string, a number, a boolean or null.", parameter.name),
            ));
        }
    };
    Ok(match ty {
        SqlType::String | SqlType::Variant => quote(&value),
        SqlType::Byte | SqlType::Short | SqlType::Int | SqlType::Long => {
            let number: i64 = value.trim().parse().map_err(|_| crate::error::bad_cast(&value, "STRING", &ty.text()))?;
            if bare { number.to_string() } else { format!("CAST({} AS {})", quote(&number.to_string()), ty.text()) }
        }
        SqlType::Array(_) | SqlType::Map(..) | SqlType::Struct(_) => {
            return Err(SqlError::new(
                "INVALID_PARAMETER_VALUE",
                "22023",
                format!(
                    "Parameter {} is of type {}; use from_json with a STRING parameter.",
                    parameter.name,
                    ty.text()
                ),
            ));
        }
        SqlType::Interval(_) if value.trim().to_uppercase().starts_with("INTERVAL") => value,
        _ => format!("CAST({} AS {})", quote(value.trim()), ty.text()),
    })
}

/// Replaces `IDENTIFIER('a.b')` by the name it holds.
fn identifiers(tokens: Vec<TokenWithSpan>) -> Result<Vec<TokenWithSpan>> {
    if !tokens
        .iter()
        .any(|token| matches!(&token.token, Token::Word(word) if word.value.eq_ignore_ascii_case("identifier")))
    {
        return Ok(tokens);
    }
    let mut out: Vec<TokenWithSpan> = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        at += 1;
        let is_clause = matches!(&token.token, Token::Word(word) if word.quote_style.is_none() && word.value.eq_ignore_ascii_case("identifier"));
        let open =
            tokens.iter().skip(at).position(|next| !matches!(next.token, Token::Whitespace(_))).map(|skip| at + skip);
        let Some(open) =
            open.filter(|open| is_clause && tokens.get(*open).is_some_and(|next| next.token == Token::LParen))
        else {
            out.push(token.clone());
            continue;
        };
        let mut name = String::new();
        let mut next = open + 1;
        loop {
            match tokens.get(next).map(|token| &token.token) {
                Some(Token::SingleQuotedString(text)) => name.push_str(text),
                Some(Token::Whitespace(_) | Token::StringConcat) => {}
                Some(Token::RParen) => break,
                _ => {
                    return Err(SqlError::new(
                        "NOT_A_CONSTANT_STRING.NOT_CONSTANT",
                        "42601",
                        "The expression used for the routine or clause IDENTIFIER must be a constant STRING which is NOT NULL. \
                         To be considered constant the expression must not depend on any columns, subqueries, or non deterministic functions.",
                    ));
                }
            }
            next += 1;
        }
        at = next + 1;
        out.extend(tokenize(&name)?.into_iter().map(|mut new| {
            new.span = token.span;
            new
        }));
    }
    Ok(out)
}

/// The line and column of a span, when it has one.
pub fn place(span: Span) -> Option<(u64, u64)> {
    (span.start.line > 0).then_some((span.start.line, span.start.column))
}
