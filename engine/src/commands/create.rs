//! CREATE CATALOG, SCHEMA, TABLE and VIEW; COMMENT ON; USE.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::Parser;
use datafusion::sql::sqlparser::tokenizer::Token;

use super::{checked, end, expect, full, if_not_exists, name, text, ty, unexpected, word, words};
use crate::engine::{Answer, Engine, duplicate};
use crate::error::{Result, SqlError};
use crate::metastore::{Catalog, Column, Constraint, Metastore, Name, Rows, Schema, Table, now_ms};
use crate::parse::Script;
use crate::spark::Place;

/// CREATE CATALOG and CREATE SCHEMA.
pub(super) fn container(engine: &Engine, script: &Script) -> Result<Answer> {
    let mut parser = script.as_written();
    parser.next_token();
    let is_catalog = word(&mut parser, "catalog");
    if !is_catalog {
        parser.next_token();
    }
    let quiet = if_not_exists(&mut parser);
    let parts = name(script, &mut parser)?;
    let mut comment = None;
    loop {
        if word(&mut parser, "comment") {
            comment = Some(text(script, &mut parser)?);
        } else if words(&mut parser, &["managed", "location"]) {
            text(script, &mut parser)?;
        } else {
            break;
        }
    }
    end(script, &mut parser)?;
    let mut store = engine.store_mut();
    match (is_catalog, parts.as_slice()) {
        (true, [catalog]) => {
            let catalog = catalog.to_lowercase();
            if store.catalogs.contains_key(&catalog) {
                return exists(
                    quiet,
                    "CATALOG_ALREADY_EXISTS",
                    "42P04",
                    format!("Cannot create catalog `{catalog}` because it already exists."),
                );
            }
            let default =
                Schema { comment: Some("Default schema".to_owned()), created_at: now_ms(), ..Schema::default() };
            let schemas = BTreeMap::from([("default".to_owned(), default)]);
            store.catalogs.insert(catalog, Catalog { comment, schemas, created_at: now_ms(), read_only: false });
            Ok(Answer::Nothing)
        }
        (false, parts) => {
            let (catalog, schema) = match parts {
                [catalog, schema] => (catalog.to_lowercase(), schema.to_lowercase()),
                [schema] => ("main".to_owned(), schema.to_lowercase()),
                _ => return unexpected(script, &parser),
            };
            let held = store.catalog_mut(&catalog)?;
            if held.schemas.contains_key(&schema) || schema == "information_schema" {
                return exists(
                    quiet,
                    "SCHEMA_ALREADY_EXISTS",
                    "42P06",
                    format!("Cannot create schema `{catalog}`.`{schema}` because it already exists."),
                );
            }
            held.schemas.insert(schema, Schema { comment, created_at: now_ms(), ..Schema::default() });
            Ok(Answer::Nothing)
        }
        _ => unexpected(script, &parser),
    }
}

fn exists(quiet: bool, class: &str, state: &'static str, text: String) -> Result<Answer> {
    if quiet { Ok(Answer::Nothing) } else { Err(SqlError::new(class, state, text)) }
}

/// What CREATE says before the name.
struct Head {
    replace: bool,
    quiet: bool,
    name: Name,
}

fn head(script: &Script, parser: &mut Parser<'_>, place: &Place, kind: &str) -> Result<Head> {
    parser.next_token();
    let replace = words(parser, &["or", "replace"]);
    if !word(parser, kind) {
        return unexpected(script, parser);
    }
    let quiet = if_not_exists(parser);
    Ok(Head { replace, quiet, name: full(script, parser, place)? })
}

/// What CREATE TABLE says after the columns.
#[derive(Default)]
struct Options {
    comment: Option<String>,
    properties: BTreeMap<String, String>,
}

fn options(script: &Script, parser: &mut Parser<'_>) -> Result<Options> {
    let mut options = Options::default();
    loop {
        if word(parser, "using") {
            name(script, parser)?;
        } else if word(parser, "comment") {
            options.comment = Some(text(script, parser)?);
        } else if word(parser, "location") {
            return Err(SqlError::unsupported("This engine keeps its tables itself; leave LOCATION out."));
        } else if word(parser, "tblproperties") || word(parser, "options") {
            expect(script, parser, &Token::LParen)?;
            loop {
                let key = match parser.peek_token().token {
                    Token::SingleQuotedString(_) => text(script, parser)?,
                    _ => name(script, parser)?.join("."),
                };
                let _ = parser.consume_token(&Token::Eq);
                let value = parser.next_token().token;
                let value = match value {
                    Token::SingleQuotedString(value) => value,
                    other => other.to_string(),
                };
                options.properties.insert(key, value);
                if !parser.consume_token(&Token::Comma) {
                    break;
                }
            }
            expect(script, parser, &Token::RParen)?;
        } else if words(parser, &["partitioned", "by"]) || words(parser, &["cluster", "by"]) {
            if !word(parser, "auto") {
                idents(script, parser)?;
            }
        } else {
            return Ok(options);
        }
    }
}

fn idents(script: &Script, parser: &mut Parser<'_>) -> Result<Vec<String>> {
    expect(script, parser, &Token::LParen)?;
    let names = checked(script, parser.parse_comma_separated(|parser| parser.parse_identifier()))?;
    expect(script, parser, &Token::RParen)?;
    Ok(names.into_iter().map(|ident| ident.value).collect())
}

/// CREATE TABLE, with columns or AS a query.
pub(super) async fn table(engine: &Engine, script: &Script, place: &Place) -> Result<Answer> {
    let (head, mut table, query) = read_table(script, place)?;
    let found = engine.store().table(&head.name).cloned();
    engine.store().schema(&head.name.catalog, &head.name.schema)?;
    if found.is_some() && !head.replace {
        return taken(&head);
    }
    if let Some(query) = query {
        let (columns, batches) = {
            let (query, written) = Script::new(&query, &[])?.queries()?;
            engine.collect(query, Some(&written), place).await?
        };
        table.columns = columns;
        let schema = table.schema();
        let batches: Result<Vec<_>> = batches.iter().map(|batch| super::dml::fit(batch, &schema)).collect();
        table.rows = Rows::Ready(Arc::new(batches?));
    }
    insert(&mut engine.store_mut(), &head.name, table)?;
    Ok(Answer::Nothing)
}

fn read_table(script: &Script, place: &Place) -> Result<(Head, Table, Option<String>)> {
    let mut parser = script.as_written();
    let head = head(script, &mut parser, place, "table")?;
    let mut columns = Vec::new();
    let mut constraints = Vec::new();
    if parser.consume_token(&Token::LParen) {
        loop {
            if !constraint(script, &mut parser, place, &head.name, &mut constraints)? {
                columns.push(column(script, &mut parser, &head.name, &mut constraints)?);
            }
            if !parser.consume_token(&Token::Comma) {
                break;
            }
        }
        expect(script, &mut parser, &Token::RParen)?;
    }
    let options = options(script, &mut parser)?;
    let query = word(&mut parser, "as").then(|| script.tail(parser.peek_token().span.start));
    if query.is_none() {
        end(script, &mut parser)?;
    }
    for constraint in &constraints {
        if let Constraint::Primary { columns: keys, .. } = constraint {
            for key in keys {
                let found = columns.iter_mut().find(|column: &&mut Column| column.name.eq_ignore_ascii_case(key));
                if let Some(column) = found {
                    column.nullable = false;
                }
            }
        }
    }
    let mut table = Table::new(&head.name.name, columns, Rows::Ready(Arc::default()));
    (table.comment, table.properties, table.constraints) = (options.comment, options.properties, constraints);
    Ok((head, table, query))
}

fn column(script: &Script, parser: &mut Parser<'_>, table: &Name, constraints: &mut Vec<Constraint>) -> Result<Column> {
    let name = checked(script, parser.parse_identifier())?.value;
    let mut column = Column::new(&name, ty(script, parser)?);
    loop {
        if parser.parse_keywords(&[Keyword::NOT, Keyword::NULL]) {
            column.nullable = false;
        } else if word(parser, "null") {
            column.nullable = true;
        } else if word(parser, "comment") {
            column.comment = Some(text(script, parser)?);
        } else if word(parser, "default") {
            column.default = Some(checked(script, parser.parse_expr())?.to_string());
        } else if words(parser, &["primary", "key"]) {
            constraints.push(Constraint::Primary { name: format!("{}_pk", table.name), columns: vec![name.clone()] });
            column.nullable = false;
        } else if word(parser, "generated") {
            return Err(SqlError::unsupported("Generated columns are not supported by this engine; give the values."));
        } else {
            return Ok(column);
        }
    }
}

/// A constraint of the table; false when a column comes next.
fn constraint(
    script: &Script,
    parser: &mut Parser<'_>,
    place: &Place,
    table: &Name,
    found: &mut Vec<Constraint>,
) -> Result<bool> {
    let given = if word(parser, "constraint") { Some(checked(script, parser.parse_identifier())?.value) } else { None };
    if words(parser, &["primary", "key"]) {
        let name = given.unwrap_or_else(|| format!("{}_pk", table.name));
        found.push(Constraint::Primary { name, columns: idents(script, parser)? });
    } else if words(parser, &["foreign", "key"]) {
        let columns = idents(script, parser)?;
        if !word(parser, "references") {
            return unexpected(script, parser);
        }
        let parent = full(script, parser, place)?.dotted();
        let parent_columns =
            if parser.peek_token_ref().token == Token::LParen { idents(script, parser)? } else { Vec::new() };
        let name = given.unwrap_or_else(|| format!("{}_fk", table.name));
        found.push(Constraint::Foreign { name, columns, parent, parent_columns });
    } else if given.is_some() {
        return unexpected(script, parser);
    } else {
        return Ok(false);
    }
    while word(parser, "rely") || word(parser, "norely") || words(parser, &["not", "enforced"]) {}
    Ok(true)
}

/// CREATE VIEW.
pub(super) async fn view(engine: &Engine, script: &Script, place: &Place) -> Result<Answer> {
    let (head, given, options, query) = read_view(script, place)?;
    let found = engine.store().table(&head.name).cloned();
    engine.store().schema(&head.name.catalog, &head.name.schema)?;
    match found {
        Some(found) if head.replace && !found.is_view() => {
            return Err(SqlError::new(
                "EXPECT_VIEW_NOT_TABLE.NO_ALTERNATIVE",
                "42809",
                format!("'{}' is a table and not a view.", head.name.dotted()),
            ));
        }
        Some(_) if !head.replace => return taken(&head),
        _ => {}
    }
    let (parsed, written) = Script::new(&query, &[])?.queries()?;
    let mut columns = engine.columns(parsed, Some(&written), place).await?;
    if !given.is_empty() {
        if given.len() != columns.len() {
            return Err(SqlError::new(
                "CREATE_VIEW_COLUMN_ARITY_MISMATCH",
                "21S01",
                format!(
                    "Cannot create view {}: it names {} columns and its query has {}.",
                    head.name.ticked(),
                    given.len(),
                    columns.len()
                ),
            ));
        }
        for (column, (name, comment)) in columns.iter_mut().zip(given) {
            (column.name, column.comment) = (name, comment);
        }
    }
    let rows = Rows::View { query, catalog: place.catalog.clone(), schema: place.schema.clone() };
    let mut table = Table::new(&head.name.name, columns, rows);
    (table.comment, table.properties) = (options.comment, options.properties);
    insert(&mut engine.store_mut(), &head.name, table)?;
    Ok(Answer::Nothing)
}

type ViewColumns = Vec<(String, Option<String>)>;

fn read_view(script: &Script, place: &Place) -> Result<(Head, ViewColumns, Options, String)> {
    let mut parser = script.as_written();
    let head = head(script, &mut parser, place, "view")?;
    let mut columns = Vec::new();
    if parser.consume_token(&Token::LParen) {
        loop {
            let name = checked(script, parser.parse_identifier())?.value;
            let comment = if word(&mut parser, "comment") { Some(text(script, &mut parser)?) } else { None };
            columns.push((name, comment));
            if !parser.consume_token(&Token::Comma) {
                break;
            }
        }
        expect(script, &mut parser, &Token::RParen)?;
    }
    let options = options(script, &mut parser)?;
    if !word(&mut parser, "as") {
        return unexpected(script, &parser);
    }
    let query = script.tail(parser.peek_token().span.start);
    Ok((head, columns, options, query))
}

fn taken(head: &Head) -> Result<Answer> {
    exists(
        head.quiet,
        "TABLE_OR_VIEW_ALREADY_EXISTS",
        "42P07",
        format!(
            "Cannot create table or view {} because it already exists.\nChoose a different name, drop or replace the existing \
             object, add the IF NOT EXISTS clause to tolerate pre-existing objects.",
            head.name.ticked()
        ),
    )
}

fn insert(store: &mut Metastore, name: &Name, table: Table) -> Result<()> {
    if let Some(twice) = duplicate(&table.columns) {
        return Err(SqlError::new(
            "COLUMN_ALREADY_EXISTS",
            "42711",
            format!("The column `{twice}` already exists. Choose another name or rename the existing column."),
        ));
    }
    store.schema_mut(&name.catalog, &name.schema)?.tables.insert(name.name.clone(), Arc::new(table));
    Ok(())
}

/// COMMENT ON TABLE, VIEW, SCHEMA or CATALOG.
pub(super) fn comment(engine: &Engine, script: &Script, place: &Place) -> Result<Answer> {
    let mut parser = script.as_written();
    parser.next_token();
    parser.next_token();
    let kind = parser.next_token().token.to_string().to_lowercase();
    let parts = name(script, &mut parser)?;
    if !word(&mut parser, "is") {
        return unexpected(script, &parser);
    }
    let value = if word(&mut parser, "null") { None } else { Some(text(script, &mut parser)?) };
    end(script, &mut parser)?;
    let mut store = engine.store_mut();
    match (kind.as_str(), parts.as_slice()) {
        ("catalog", [catalog]) => store.catalog_mut(catalog)?.comment = value,
        ("schema" | "database", [catalog, schema]) => store.schema_mut(catalog, schema)?.comment = value,
        ("schema" | "database", [schema]) => store.schema_mut(&place.catalog, schema)?.comment = value,
        ("table" | "view", parts) => {
            let full = Name::complete(parts, &place.catalog, &place.schema).ok_or_else(|| script.syntax_at_start())?;
            let missing = || SqlError::no_table(&full.ticked(), None);
            let schema = store.schema_mut(&full.catalog, &full.schema).map_err(|_| missing())?;
            let table = schema.tables.get_mut(&full.name).ok_or_else(missing)?;
            Arc::make_mut(table).comment = value;
        }
        _ => return Err(SqlError::unsupported(format!("COMMENT ON {kind} is not supported by this engine."))),
    }
    Ok(Answer::Nothing)
}

/// USE: looks whether the place exists. A statement of the API has no session, so nothing else follows from it.
pub(super) fn use_place(engine: &Engine, script: &Script) -> Result<Answer> {
    let mut parser = script.as_written();
    parser.next_token();
    let is_catalog = word(&mut parser, "catalog");
    if !is_catalog {
        let _ = word(&mut parser, "schema") || word(&mut parser, "database");
    }
    let parts = name(script, &mut parser)?;
    end(script, &mut parser)?;
    let store = engine.store();
    match parts.as_slice() {
        [catalog] if is_catalog => store.catalog(catalog).map(|_| ())?,
        [schema] => store.schema("main", schema).map(|_| ())?,
        [catalog, schema] => store.schema(catalog, schema).map(|_| ())?,
        _ => return unexpected(script, &parser),
    }
    Ok(Answer::Nothing)
}
