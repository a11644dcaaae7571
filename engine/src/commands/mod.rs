//! Statements that are no queries.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, BooleanArray, Int64Array, RecordBatch, StringArray};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::Token;

use crate::engine::{Answer, Engine};
use crate::error::{Result, SqlError};
use crate::metastore::{Column, Name, Rows, Table};
use crate::parse::Script;
use crate::spark::Place;
use crate::types::SqlType;

mod create;
mod describe;
mod dml;
mod drop;
mod function;
mod show;

pub(crate) use show::like;

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
        Some("CREATE" | "DROP" | "INSERT" | "DELETE" | "UPDATE" | "TRUNCATE" | "COMMENT")
    )
}

/// Runs a statement that is no query.
///
/// # Errors
/// What it is refused with.
pub async fn run(engine: &Engine, script: &Script, place: &Place) -> Result<Answer> {
    let words = script.first_words(6);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["CREATE", "OR", "REPLACE", kind, ..] | ["CREATE", kind, ..] => match *kind {
            "FUNCTION" => function::create(engine, script, place).await,
            "CATALOG" | "SCHEMA" | "DATABASE" => create::container(engine, script),
            "TABLE" => create::table(engine, script, place).await,
            "VIEW" => create::view(engine, script, place).await,
            other => Err(SqlError::unsupported(format!("CREATE {other} is not supported by this engine."))),
        },
        ["DROP", ..] => drop::run(engine, script, place),
        ["TRUNCATE", ..] => dml::truncate(engine, script, place),
        ["COMMENT", "ON", ..] => create::comment(engine, script, place),
        ["INSERT" | "DELETE" | "UPDATE", ..] => dml::run(engine, script, place).await,
        ["SHOW", ..] => show::run(engine, script, place),
        ["DESCRIBE" | "DESC", ..] => describe::run(engine, script, place).await,
        ["USE", ..] => create::use_place(engine, script),
        ["SET", ..] => Ok(Answer::Nothing),
        [
            "EXPLAIN" | "MERGE" | "ALTER" | "OPTIMIZE" | "VACUUM" | "GRANT" | "REVOKE" | "COPY" | "REFRESH" | "CALL",
            ..,
        ] => {
            let first = words.first().copied().unwrap_or_default();
            Err(SqlError::unsupported(format!(
                "{first} is not supported by this engine, which is a stand-in for a warehouse."
            )))
        }
        _ => Err(script.syntax_at_start()),
    }
}

/// A parser's mistake as an error of this text.
fn checked<T>(script: &Script, result: std::result::Result<T, ParserError>) -> Result<T> {
    result.map_err(|error| script.syntax(error))
}

/// Whether the next word is this one, and takes it.
fn word(parser: &mut Parser<'_>, text: &str) -> bool {
    let is = matches!(&parser.peek_token_ref().token, Token::Word(word) if word.quote_style.is_none() && word.value.eq_ignore_ascii_case(text));
    if is {
        parser.next_token();
    }
    is
}

/// Whether the next words are these, and takes them.
fn words(parser: &mut Parser<'_>, texts: &[&str]) -> bool {
    let found = parser.maybe_parse(|parser| {
        if texts.iter().all(|text| word(parser, text)) { Ok(()) } else { Err(ParserError::ParserError(String::new())) }
    });
    matches!(found, Ok(Some(())))
}

/// The refusal of the next token.
fn unexpected<T>(script: &Script, parser: &Parser<'_>) -> Result<T> {
    let token = parser.peek_token();
    Err(SqlError::syntax(
        &token.token.to_string(),
        &script.sql,
        token.span.start.line.max(1),
        token.span.start.column.max(1),
    ))
}

fn if_not_exists(parser: &mut Parser<'_>) -> bool {
    parser.parse_keywords(&[Keyword::IF, Keyword::NOT, Keyword::EXISTS])
}

fn if_exists(parser: &mut Parser<'_>) -> bool {
    parser.parse_keywords(&[Keyword::IF, Keyword::EXISTS])
}

/// A token that has to come.
fn expect(script: &Script, parser: &mut Parser<'_>, token: &Token) -> Result<()> {
    checked(script, parser.expect_token(token)).map(|_| ())
}

/// The end of the statement.
fn end(script: &Script, parser: &mut Parser<'_>) -> Result<()> {
    let _ = parser.consume_token(&Token::SemiColon);
    if parser.peek_token_ref().token == Token::EOF { Ok(()) } else { unexpected(script, parser) }
}

/// A dotted name.
fn name(script: &Script, parser: &mut Parser<'_>) -> Result<Vec<String>> {
    let mut parts = vec![checked(script, parser.parse_identifier())?.value];
    while parser.consume_token(&Token::Period) {
        parts.push(checked(script, parser.parse_identifier())?.value);
    }
    if parts.len() > 3 {
        return Err(SqlError::new(
            "IDENTIFIER_TOO_MANY_NAME_PARTS",
            "42601",
            format!("{} is not a valid identifier as it has more than 3 name parts.", parts.join(".")),
        ));
    }
    Ok(parts)
}

/// A dotted name, completed.
fn full(script: &Script, parser: &mut Parser<'_>, place: &Place) -> Result<Name> {
    let parts = name(script, parser)?;
    Name::complete(&parts, &place.catalog, &place.schema).ok_or_else(|| SqlError::internal("A name has no parts."))
}

fn text(script: &Script, parser: &mut Parser<'_>) -> Result<String> {
    checked(script, parser.parse_literal_string())
}

/// A type: the text up to where its brackets close.
fn ty(script: &Script, parser: &mut Parser<'_>) -> Result<SqlType> {
    let mut out = checked(script, parser.parse_identifier())?.to_string();
    if out.eq_ignore_ascii_case("interval") {
        while ["DAY", "TO", "SECOND", "YEAR", "MONTH", "HOUR", "MINUTE"].iter().any(|unit| {
            let is = word(parser, unit);
            if is {
                out.push(' ');
                out.push_str(unit);
            }
            is
        }) {}
        return SqlType::parse(&out);
    }
    let mut depth = 0_i32;
    loop {
        let opens = match &parser.peek_token_ref().token {
            Token::LParen | Token::Lt => 1,
            Token::RParen | Token::Gt => -1,
            Token::ShiftRight => -2,
            Token::EOF => return unexpected(script, parser),
            _ => 0,
        };
        if depth == 0 && opens <= 0 {
            break;
        }
        depth += opens;
        let token = parser.next_token().token;
        if matches!(token, Token::Word(_)) && !out.ends_with(['<', '(', ',', ':']) {
            out.push(' ');
        }
        out.push_str(&token.to_string());
    }
    SqlType::parse(&out)
}

/// An answer of texts; a cell may be absent.
fn sheet(columns: &[&str], rows: Vec<Vec<Option<String>>>) -> Result<Answer> {
    let mut made = Vec::new();
    let mut arrays: Vec<ArrayRef> = Vec::new();
    for (index, column) in columns.iter().enumerate() {
        let cells = rows.iter().map(|row| row.get(index).cloned().flatten());
        // the two flags of SHOW are the only columns that are no text
        if ["isTemporary", "isMaterialized"].contains(column) {
            arrays.push(Arc::new(BooleanArray::from(
                cells.map(|cell| Some(cell.as_deref() == Some("true"))).collect::<Vec<_>>(),
            )));
            made.push(Column::new(column, SqlType::Boolean));
        } else {
            arrays.push(Arc::new(StringArray::from(cells.collect::<Vec<_>>())));
            made.push(Column::new(column, SqlType::String));
        }
    }
    ready(made, arrays)
}

/// An answer of one row of numbers.
fn numbers(columns: &[(&str, u64)]) -> Result<Answer> {
    let made = columns.iter().map(|(name, _)| Column::new(name, SqlType::Long)).collect();
    let arrays = columns.iter().map(|(_, number)| {
        let array: ArrayRef = Arc::new(Int64Array::from(vec![i64::try_from(*number).unwrap_or(i64::MAX)]));
        array
    });
    ready(made, arrays.collect())
}

fn ready(columns: Vec<Column>, arrays: Vec<ArrayRef>) -> Result<Answer> {
    let schema = Table::new("answer", columns.clone(), Rows::Ready(Arc::default())).schema();
    let batch = RecordBatch::try_new(schema, arrays).map_err(|error| SqlError::internal(error.to_string()))?;
    Ok(Answer::Ready(columns, vec![batch]))
}
