//! CREATE FUNCTION.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::sql::sqlparser::parser::Parser;
use datafusion::sql::sqlparser::tokenizer::Token;

use super::{checked, expect, full, if_not_exists, text, ty, unexpected, word, words};
use crate::engine::{Answer, Engine};
use crate::error::{Result, SqlError};
use crate::metastore::{Argument, Column, Function, Metastore, Name, Returns, fresh_id, now_ms};
use crate::parse::{self, Script, tick};
use crate::spark::Place;
use crate::types::SqlType;

struct Read {
    replace: bool,
    quiet: bool,
    name: Name,
    function: Function,
    /// Whether RETURNS told the type or columns, or the body has to.
    told: bool,
}

/// CREATE FUNCTION: the body is planned once with NULLs as its arguments, so that a mistake shows now.
pub(super) async fn create(engine: &Engine, script: &Script, place: &Place) -> Result<Answer> {
    let Read { replace, quiet, name, mut function, told } = read(script, place)?;
    engine.store().schema(&name.catalog, &name.schema)?;
    if engine.store().function(&name).is_some() && !replace {
        if quiet {
            return Ok(Answer::Nothing);
        }
        return Err(SqlError::new(
            "ROUTINE_ALREADY_EXISTS",
            "42723",
            format!("Cannot create the routine {} because a routine of that name already exists.", name.ticked()),
        ));
    }
    if !told {
        function.returns = match function.returns {
            Returns::Table(_) => Returns::Table(body_columns(engine, &name, &function).await?),
            Returns::Scalar(_) => {
                let probe = Function { returns: Returns::Scalar(SqlType::Void), ..function.clone() };
                let columns = planned(engine, &name, probe).await?;
                Returns::Scalar(columns.into_iter().next().map_or(SqlType::String, |column| column.ty))
            }
        };
    }
    planned(engine, &name, function.clone()).await?;
    engine.store_mut().schema_mut(&name.catalog, &name.schema)?.functions.insert(name.name.clone(), Arc::new(function));
    Ok(Answer::Nothing)
}

fn with(engine: &Engine, name: &Name, function: Function) -> Metastore {
    let mut store = engine.store().clone();
    if let Some(schema) =
        store.catalogs.get_mut(&name.catalog).and_then(|catalog| catalog.schemas.get_mut(&name.schema))
    {
        schema.functions.insert(name.name.clone(), Arc::new(function));
    }
    store
}

fn nulls(function: &Function) -> String {
    let nulls: Vec<String> = function
        .arguments
        .iter()
        .map(|argument| match &argument.ty {
            SqlType::Map(..) | SqlType::Struct(_) | SqlType::Interval(_) => "NULL".to_owned(),
            ty => format!("CAST(NULL AS {})", ty.text()),
        })
        .collect();
    nulls.join(", ")
}

/// The columns of a call with NULLs.
async fn planned(engine: &Engine, name: &Name, function: Function) -> Result<Vec<Column>> {
    let call = format!("{}({})", name.ticked(), nulls(&function));
    let text = match &function.returns {
        Returns::Scalar(_) => format!("SELECT {call}"),
        Returns::Table(_) => format!("SELECT * FROM {call}"),
    };
    let place = Place { catalog: name.catalog.clone(), schema: name.schema.clone(), user: "emulator".to_owned() };
    let mut query = parse::query(&text)?;
    let used = engine.settle_in(&with(engine, name, function), &mut query, &place)?;
    engine.planned(query, None, &used).await
}

/// The columns that a table function's body has of itself.
async fn body_columns(engine: &Engine, name: &Name, function: &Function) -> Result<Vec<Column>> {
    let mut probe = function.clone();
    let (query, written) = Script::new(&function.body, &[])?.queries()?;
    let _ = query;
    // as many columns as the body's projection names; a star needs RETURNS TABLE with its columns
    let names = written.body.to_string();
    let datafusion::sql::sqlparser::ast::SetExpr::Select(select) = written.body.as_ref() else {
        return Err(SqlError::unsupported(format!(
            "Give RETURNS TABLE its columns: they cannot be told from {names}."
        )));
    };
    let mut columns = Vec::new();
    for item in &select.projection {
        use datafusion::sql::sqlparser::ast::{Expr, SelectItem};
        let name = match item {
            SelectItem::ExprWithAlias { alias, .. } => alias.value.clone(),
            SelectItem::UnnamedExpr(Expr::Identifier(ident)) => ident.value.clone(),
            _ => {
                return Err(SqlError::unsupported(
                    "Give RETURNS TABLE its columns, or each column of the body a name.",
                ));
            }
        };
        columns.push(Column::new(&name, SqlType::Void));
    }
    probe.returns = Returns::Table(columns.clone());
    let found = planned(engine, name, probe).await?;
    Ok(columns.into_iter().zip(found).map(|(column, found)| Column { ty: found.ty, ..column }).collect())
}

fn read(script: &Script, place: &Place) -> Result<Read> {
    let mut parser = script.as_written();
    parser.next_token();
    let replace = words(&mut parser, &["or", "replace"]);
    if !word(&mut parser, "function") {
        return unexpected(script, &parser);
    }
    let quiet = if_not_exists(&mut parser);
    let name = full(script, &mut parser, place)?;
    let arguments = arguments(script, &mut parser)?;
    let (mut returns, mut told, mut comment, mut deterministic) = (Returns::Scalar(SqlType::Void), false, None, true);
    loop {
        if words(&mut parser, &["returns", "table"]) {
            told = parser.peek_token_ref().token == Token::LParen;
            returns = Returns::Table(if told { columns(script, &mut parser)? } else { Vec::new() });
        } else if word(&mut parser, "returns") {
            (returns, told) = (Returns::Scalar(ty(script, &mut parser)?), true);
        } else if word(&mut parser, "comment") {
            comment = Some(text(script, &mut parser)?);
        } else if words(&mut parser, &["not", "deterministic"]) {
            deterministic = false;
        } else if word(&mut parser, "language") {
            if !word(&mut parser, "sql") {
                return Err(SqlError::unsupported(
                    "This engine runs functions written in SQL; a function in Python needs a Databricks workspace.",
                ));
            }
        } else if !(word(&mut parser, "deterministic")
            || words(&mut parser, &["contains", "sql"])
            || words(&mut parser, &["reads", "sql", "data"])
            || words(&mut parser, &["sql", "security", "definer"]))
        {
            break;
        }
    }
    if !word(&mut parser, "return") {
        return unexpected(script, &parser);
    }
    let body = script.tail(parser.peek_token().span.start);
    if matches!(returns, Returns::Table(_)) {
        parse::query(&body)?;
    } else {
        crate::resolve::body_expression(&body)?;
    }
    let function = Function {
        name: name.name.clone(),
        arguments,
        returns,
        body,
        comment,
        deterministic,
        created_at: now_ms(),
        id: fresh_id(),
    };
    Ok(Read { replace, quiet, name, function, told })
}

fn arguments(script: &Script, parser: &mut Parser<'_>) -> Result<Vec<Argument>> {
    expect(script, parser, &Token::LParen)?;
    let mut arguments: Vec<Argument> = Vec::new();
    let mut seen = BTreeSet::new();
    while parser.peek_token_ref().token != Token::RParen {
        let name = checked(script, parser.parse_identifier())?.value;
        let mut argument = Argument { name, ty: ty(script, parser)?, default: None, comment: None };
        loop {
            if word(parser, "default") {
                argument.default = Some(checked(script, parser.parse_expr())?.to_string());
            } else if word(parser, "comment") {
                argument.comment = Some(text(script, parser)?);
            } else {
                break;
            }
        }
        if !seen.insert(argument.name.to_lowercase()) {
            return Err(SqlError::new(
                "DUPLICATE_ROUTINE_PARAMETER_NAMES",
                "42734",
                format!(
                    "Found duplicate name(s) in the parameter list of the user-defined routine: {}.",
                    tick(&argument.name)
                ),
            ));
        }
        arguments.push(argument);
        if !parser.consume_token(&Token::Comma) {
            break;
        }
    }
    expect(script, parser, &Token::RParen)?;
    Ok(arguments)
}

fn columns(script: &Script, parser: &mut Parser<'_>) -> Result<Vec<Column>> {
    expect(script, parser, &Token::LParen)?;
    let mut columns = Vec::new();
    loop {
        let name = checked(script, parser.parse_identifier())?.value;
        let mut column = Column::new(&name, ty(script, parser)?);
        if word(parser, "comment") {
            column.comment = Some(text(script, parser)?);
        }
        columns.push(column);
        if !parser.consume_token(&Token::Comma) {
            break;
        }
    }
    expect(script, parser, &Token::RParen)?;
    Ok(columns)
}
