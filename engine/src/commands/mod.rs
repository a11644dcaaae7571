//! Statements that are no queries.

use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::Parser;
use datafusion::sql::sqlparser::tokenizer::Token;

use crate::engine::{Answer, Engine};
use crate::error::{Result, SqlError};
use crate::parse::Script;
use crate::spark::Place;

mod function;

/// Whether a statement is a query.
pub fn is_query(script: &Script) -> bool {
    let words = script.first_words(1);
    matches!(words.first().map(String::as_str), Some("SELECT" | "WITH" | "VALUES" | "(" | "FROM" | "TABLE"))
}

/// Whether a statement changes what exists, and so belongs into the journal.
pub fn changes(script: &Script) -> bool {
    let words = script.first_words(1);
    matches!(
        words.first().map(String::as_str),
        Some("CREATE" | "DROP" | "INSERT" | "DELETE" | "UPDATE" | "TRUNCATE" | "ALTER" | "COMMENT" | "REPLACE")
    )
}

/// Runs a statement that is no query.
///
/// # Errors
/// What it is refused with.
pub async fn run(engine: &Engine, script: &Script, _place: &Place) -> Result<Answer> {
    let words = script.first_words(6);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["CREATE", "OR", "REPLACE", "FUNCTION", ..] | ["CREATE", "FUNCTION", ..] => {
            let _guard = engine.changing.lock().await;
            function::create(engine, script, _place)
        }
        _ => Err(script.syntax_at_start()),
    }
}

/// A parser's mistake as an error of this text.
fn mistake<T>(
    script: &Script,
    result: std::result::Result<T, datafusion::sql::sqlparser::parser::ParserError>,
) -> Result<T> {
    result.map_err(|error| script.syntax(error))
}

/// Whether the next word is this one, and takes it.
fn word(parser: &mut Parser<'_>, text: &str) -> bool {
    match &parser.peek_token_ref().token {
        Token::Word(word) if word.quote_style.is_none() && word.value.eq_ignore_ascii_case(text) => {
            parser.next_token();
            true
        }
        _ => false,
    }
}

/// `IF NOT EXISTS`
fn if_not_exists(parser: &mut Parser<'_>) -> bool {
    parser.parse_keywords(&[Keyword::IF, Keyword::NOT, Keyword::EXISTS])
}

/// The end of the statement.
fn end(script: &Script, parser: &mut Parser<'_>) -> Result<()> {
    let _ = parser.consume_token(&Token::SemiColon);
    mistake(script, parser.expect_token(&Token::EOF)).map(|_| ())
}

/// A dotted name.
fn name(script: &Script, parser: &mut Parser<'_>) -> Result<Vec<String>> {
    let name = mistake(script, parser.parse_object_name(false))?;
    let parts: Vec<String> =
        name.0.iter().filter_map(|part| part.as_ident()).map(|ident| ident.value.clone()).collect();
    if parts.is_empty() || parts.len() > 3 {
        return Err(SqlError::new(
            "IDENTIFIER_TOO_MANY_NAME_PARTS",
            "42601",
            format!("{name} is not a valid identifier as it has more than 3 name parts."),
        ));
    }
    Ok(parts)
}
