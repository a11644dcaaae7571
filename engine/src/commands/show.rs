//! SHOW, in the public forms and in the drivers'.

use datafusion::sql::sqlparser::parser::Parser;
use datafusion::sql::sqlparser::tokenizer::Token;

use super::{end, name, sheet, text, unexpected, word, words};
use crate::engine::{Answer, Engine};
use crate::error::{Result, SqlError};
use crate::information_schema;
use crate::metastore::{Column, Metastore, Name, Table};
use crate::parse::{Script, quote, tick};
use crate::spark::Place;
use crate::types::SqlType;

fn some(value: impl Into<String>) -> Option<String> {
    Some(value.into())
}

/// SHOW and what is to be shown.
pub(super) fn run(engine: &Engine, script: &Script, place: &Place) -> Result<Answer> {
    let mut parser = script.as_written();
    parser.next_token();
    let store = engine.store();
    if words(&mut parser, &["create", "table"]) {
        return create_table(&store, script, &mut parser, place);
    }
    let _ = word(&mut parser, "user") || word(&mut parser, "all");
    let kind = parser.next_token().token.to_string().to_lowercase();
    match kind.as_str() {
        "catalogs" => {
            let pattern = pattern(script, &mut parser)?;
            end(script, &mut parser)?;
            let names = store.catalogs.keys().filter(|name| like(&pattern, name));
            sheet(&["catalog"], names.map(|name| vec![some(name)]).collect())
        }
        "schemas" | "databases" => {
            let catalog = match from(&mut parser) {
                false => place.catalog.clone(),
                true => {
                    let _ = word(&mut parser, "catalog");
                    name(script, &mut parser)?.join(".").to_lowercase()
                }
            };
            let pattern = pattern(script, &mut parser)?;
            end(script, &mut parser)?;
            let held = store.catalog(&catalog)?;
            let mut names: Vec<String> = held.schemas.keys().cloned().collect();
            names.push("information_schema".to_owned());
            names.sort();
            sheet(
                &["databaseName"],
                names.into_iter().filter(|name| like(&pattern, name)).map(|name| vec![Some(name)]).collect(),
            )
        }
        "tables" | "views" | "functions" | "volumes" => things(&store, script, &mut parser, place, &kind),
        "columns" => columns(&store, script, &mut parser, place),
        _ => Err(SqlError::unsupported(format!("SHOW {} is not supported by this engine.", kind.to_uppercase()))),
    }
}

fn from(parser: &mut Parser<'_>) -> bool {
    word(parser, "in") || word(parser, "from")
}

/// `[LIKE] 'pattern'`, or nothing.
fn pattern(script: &Script, parser: &mut Parser<'_>) -> Result<Option<String>> {
    let like = word(parser, "like");
    match parser.peek_token_ref().token {
        Token::SingleQuotedString(_) => text(script, parser).map(Some),
        _ if like => unexpected(script, parser),
        _ => Ok(None),
    }
}

/// `*` and the drivers' `%` stand for anything, `|` parts alternatives; case does not count.
pub(crate) fn like(pattern: &Option<String>, name: &str) -> bool {
    fn fits(pattern: &[char], name: &[char]) -> bool {
        match pattern.split_first() {
            None => name.is_empty(),
            Some(('*' | '%', rest)) => (0..=name.len()).any(|skip| fits(rest, name.get(skip..).unwrap_or_default())),
            Some((letter, rest)) => {
                name.split_first().is_some_and(|(first, others)| first == letter && fits(rest, others))
            }
        }
    }
    let Some(pattern) = pattern else { return true };
    let name: Vec<char> = name.to_lowercase().chars().collect();
    pattern.to_lowercase().split('|').any(|part| fits(&part.trim().chars().collect::<Vec<_>>(), &name))
}

/// Where SHOW looks: the schemas, and whether the drivers' form was used.
struct Scope {
    schemas: Vec<(String, String)>,
    pattern: Option<String>,
    driver: bool,
}

fn scope(store: &Metastore, script: &Script, parser: &mut Parser<'_>, place: &Place) -> Result<Scope> {
    let mut schemas = vec![(place.catalog.clone(), place.schema.clone())];
    let mut driver = false;
    if from(parser) {
        let all = words(parser, &["all", "catalogs"]);
        if all || word(parser, "catalog") {
            driver = true;
            let catalog = if all { None } else { Some(name(script, parser)?.join(".").to_lowercase()) };
            let schema = if word(parser, "schema") { pattern(script, parser)? } else { None };
            if let Some(catalog) = &catalog {
                store.catalog(catalog)?;
            }
            schemas = store
                .catalogs
                .iter()
                .filter(|(known, _)| catalog.as_ref().is_none_or(|catalog| catalog == *known))
                .flat_map(|(known, held)| held.schemas.keys().map(move |schema| (known.clone(), schema.clone())))
                .filter(|(_, name)| like(&schema, name))
                .collect();
        } else {
            let parts = name(script, parser)?;
            schemas = match parts.as_slice() {
                [schema] => vec![(place.catalog.clone(), schema.to_lowercase())],
                [catalog, schema] => vec![(catalog.to_lowercase(), schema.to_lowercase())],
                _ => return unexpected(script, parser),
            };
        }
    }
    if !driver {
        for (catalog, schema) in &schemas {
            if schema != "information_schema" {
                store.schema(catalog, schema)?;
            }
        }
    }
    Ok(Scope { schemas, pattern: pattern(script, parser)?, driver })
}

fn things(store: &Metastore, script: &Script, parser: &mut Parser<'_>, place: &Place, kind: &str) -> Result<Answer> {
    let scope = scope(store, script, parser, place)?;
    end(script, parser)?;
    let mut rows = Vec::new();
    for (catalog, schema) in &scope.schemas {
        let Ok(held) = store.schema(catalog, schema) else {
            if kind == "tables" && schema == "information_schema" {
                let tables = information_schema::TABLES.iter().filter(|table| like(&scope.pattern, table));
                rows.extend(tables.map(|table| vec![some(schema), some(*table), some("false")]));
            }
            continue;
        };
        match kind {
            "functions" => {
                let functions = held.functions.values().filter(|function| like(&scope.pattern, &function.name));
                rows.extend(functions.map(|function| {
                    if scope.driver {
                        vec![some(&function.name), some(catalog), some(schema), function.comment.clone()]
                    } else {
                        vec![some(format!("{catalog}.{schema}.{}", function.name))]
                    }
                }));
            }
            "volumes" => {}
            kind => {
                let tables = held.tables.values().filter(|table| like(&scope.pattern, &table.name));
                rows.extend(tables.filter(|table| kind == "tables" || table.is_view()).map(|table| {
                    match (kind, scope.driver) {
                        ("views", _) => vec![some(schema), some(&table.name), some("false"), some("false")],
                        (_, false) => vec![some(schema), some(&table.name), some("false")],
                        (_, true) => vec![
                            some(schema),
                            some(&table.name),
                            some("false"),
                            None,
                            some(catalog),
                            some(if table.is_view() { "VIEW" } else { "TABLE" }),
                            table.comment.clone(),
                        ],
                    }
                }));
            }
        }
    }
    let columns: &[&str] = match (kind, scope.driver) {
        ("tables", false) => &["database", "tableName", "isTemporary"],
        ("tables", true) => {
            &["namespace", "tableName", "isTemporary", "information", "catalogName", "tableType", "remarks"]
        }
        ("views", _) => &["namespace", "viewName", "isTemporary", "isMaterialized"],
        ("functions", false) => &["function"],
        ("functions", true) => &["functionName", "catalogName", "namespace", "remarks"],
        _ => &["database", "volume_name"],
    };
    sheet(columns, rows)
}

fn columns(store: &Metastore, script: &Script, parser: &mut Parser<'_>, place: &Place) -> Result<Answer> {
    if !from(parser) {
        return unexpected(script, parser);
    }
    if !word(parser, "catalog") {
        let mut parts = name(script, parser)?;
        if from(parser) {
            let mut schema = name(script, parser)?;
            schema.extend(parts.pop());
            parts = schema;
        }
        end(script, parser)?;
        let (_, table) = find(store, &parts, place)?;
        return sheet(&["col_name"], table.columns.iter().map(|column| vec![some(&column.name)]).collect());
    }
    let catalog = name(script, parser)?.join(".").to_lowercase();
    let schema = if word(parser, "schema") { pattern(script, parser)? } else { None };
    let table = if word(parser, "table") { pattern(script, parser)? } else { None };
    let column = pattern(script, parser)?;
    end(script, parser)?;
    let mut rows = Vec::new();
    for (schema_name, held) in store.catalog(&catalog)?.schemas.iter().filter(|(name, _)| like(&schema, name)) {
        for found in held.tables.values().filter(|found| like(&table, &found.name)) {
            let columns = found.columns.iter().enumerate().filter(|(_, found)| like(&column, &found.name));
            rows.extend(columns.map(|(at, column)| driver_column(&catalog, schema_name, &found.name, at, column)));
        }
    }
    let columns = [
        "col_name",
        "catalogName",
        "namespace",
        "tableName",
        "columnType",
        "columnSize",
        "decimalDigits",
        "isNullable",
        "remarks",
        "ordinalPosition",
        "columnDefault",
    ];
    sheet(&columns, rows)
}

fn driver_column(catalog: &str, schema: &str, table: &str, at: usize, column: &Column) -> Vec<Option<String>> {
    let (size, digits) = match column.ty {
        SqlType::Decimal(precision, scale) => (some(precision.to_string()), some(scale.to_string())),
        _ => (None, None),
    };
    vec![
        some(&column.name),
        some(catalog),
        some(schema),
        some(table),
        some(column.ty.text()),
        size,
        digits,
        some(if column.nullable { "true" } else { "false" }),
        column.comment.clone(),
        some(at.to_string()),
        column.default.clone(),
    ]
}

/// A table or view by its written name.
pub(super) fn find(store: &Metastore, parts: &[String], place: &Place) -> Result<(Name, std::sync::Arc<Table>)> {
    let ticked = || parts.iter().map(|part| tick(part)).collect::<Vec<_>>().join(".");
    let full =
        Name::complete(parts, &place.catalog, &place.schema).ok_or_else(|| SqlError::no_table(&ticked(), None))?;
    let table = match information_schema::table(store, &full)? {
        Some(table) => table,
        None => store.table(&full).cloned().ok_or_else(|| SqlError::no_table(&ticked(), None))?,
    };
    Ok((full, table))
}

fn create_table(store: &Metastore, script: &Script, parser: &mut Parser<'_>, place: &Place) -> Result<Answer> {
    let parts = name(script, parser)?;
    end(script, parser)?;
    let (full, table) = find(store, &parts, place)?;
    let comment = |comment: &Option<String>| {
        comment.as_ref().map_or_else(String::new, |text| format!(" COMMENT {}", quote(text)))
    };
    let text = if let crate::metastore::Rows::View { query, .. } = &table.rows {
        let columns: Vec<String> =
            table.columns.iter().map(|column| format!("  {}{}", column.name, comment(&column.comment))).collect();
        format!("CREATE VIEW {} (\n{})\nAS {query}\n", full.dotted(), columns.join(",\n"))
    } else {
        let mut lines: Vec<String> = table
            .columns
            .iter()
            .map(|column| {
                let null = if column.nullable { "" } else { " NOT NULL" };
                format!("  {} {}{null}{}", column.name, column.ty.text(), comment(&column.comment))
            })
            .collect();
        lines.extend(
            super::describe::constraints(&table)
                .into_iter()
                .map(|(name, text)| format!("  CONSTRAINT `{name}` {text}")),
        );
        let table_comment =
            table.comment.as_ref().map_or_else(String::new, |text| format!("COMMENT {}\n", quote(text)));
        format!("CREATE TABLE {} (\n{})\nUSING delta\n{table_comment}", full.dotted(), lines.join(",\n"))
    };
    sheet(&["createtab_stmt"], vec![vec![Some(text)]])
}

#[cfg(test)]
mod tests {
    use super::like;

    #[test]
    fn patterns_know_stars_and_alternatives() {
        let fits = |pattern: &str, name: &str| like(&Some(pattern.to_owned()), name);
        assert!(fits("or*", "ORDERS") && fits("%item", "lineitem") && fits("a|nation", "nation"));
        assert!(!fits("or", "orders") && !fits("a|b", "nation"));
        assert!(like(&None, "anything"));
    }
}
