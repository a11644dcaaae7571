//! DESCRIBE.

use datafusion::sql::sqlparser::parser::Parser;

use super::{end, name, sheet, show, word};
use crate::engine::{Answer, Engine};
use crate::error::{Result, SqlError};
use crate::metastore::{Constraint, Function, Name, Returns, Rows, Table};
use crate::parse::{Script, tick};
use crate::spark::Place;

type Line = Vec<Option<String>>;

fn line(first: impl Into<String>, second: impl Into<String>, third: Option<String>) -> Line {
    vec![Some(first.into()), Some(second.into()), third]
}

const COLUMNS: [&str; 3] = ["col_name", "data_type", "comment"];

/// DESCRIBE TABLE, QUERY, FUNCTION, SCHEMA or CATALOG.
pub(super) async fn run(engine: &Engine, script: &Script, place: &Place) -> Result<Answer> {
    let query = {
        let mut parser = script.as_written();
        parser.next_token();
        let query = word(&mut parser, "query");
        let words: Vec<String> = script.first_words(2);
        let bare = matches!(words.get(1).map(String::as_str), Some("SELECT" | "WITH" | "VALUES"));
        (query || bare).then(|| script.tail(parser.peek_token().span.start))
    };
    if let Some(query) = query {
        let (parsed, written) = Script::new(&query, &[])?.queries()?;
        let columns = engine.columns(parsed, Some(&written), place).await?;
        return sheet(&COLUMNS, columns.iter().map(|column| line(&column.name, column.ty.lower(), None)).collect());
    }
    let mut parser = script.as_written();
    parser.next_token();
    if word(&mut parser, "function") {
        return function(engine, script, &mut parser, place);
    }
    if word(&mut parser, "schema") || word(&mut parser, "database") {
        return schema(engine, script, &mut parser, place);
    }
    if word(&mut parser, "catalog") {
        let _ = word(&mut parser, "extended");
        let catalog = name(script, &mut parser)?.join(".").to_lowercase();
        end(script, &mut parser)?;
        let store = engine.store();
        let held = store.catalog(&catalog)?;
        let rows = vec![
            vec![Some("Catalog Name".to_owned()), Some(catalog)],
            vec![Some("Comment".to_owned()), Some(held.comment.clone().unwrap_or_default())],
            vec![Some("Owner".to_owned()), Some("emulator".to_owned())],
        ];
        return sheet(&["info_name", "info_value"], rows);
    }
    let _ = word(&mut parser, "table");
    let extended = word(&mut parser, "extended") || word(&mut parser, "formatted");
    let parts = name(script, &mut parser)?;
    end(script, &mut parser)?;
    let (full, table) = show::find(&engine.store(), &parts, place)?;
    let mut rows: Vec<Line> =
        table.columns.iter().map(|column| line(&column.name, column.ty.lower(), column.comment.clone())).collect();
    if extended {
        details(&full, &table, &mut rows);
    }
    sheet(&COLUMNS, rows)
}

fn details(full: &Name, table: &Table, rows: &mut Vec<Line>) {
    let blank = || Some(String::new());
    rows.push(line("", "", blank()));
    rows.push(line("# Detailed Table Information", "", blank()));
    let mut add = |name: &str, value: String| rows.push(line(name, value, blank()));
    add("Catalog", full.catalog.clone());
    add("Database", full.schema.clone());
    add("Table", full.name.clone());
    add("Owner", "emulator".to_owned());
    let created = i64::try_from(table.created_at).ok().and_then(chrono::DateTime::from_timestamp_millis);
    add("Created Time", created.map_or_else(String::new, |time| time.format("%a %b %d %H:%M:%S UTC %Y").to_string()));
    add("Type", if table.is_view() { "VIEW" } else { "MANAGED" }.to_owned());
    if let Some(comment) = &table.comment {
        add("Comment", comment.clone());
    }
    match &table.rows {
        Rows::View { query, .. } => add("View Text", query.clone()),
        _ => add("Provider", "delta".to_owned()),
    }
    if !table.properties.is_empty() {
        let pairs: Vec<String> = table.properties.iter().map(|(key, value)| format!("{key}={value}")).collect();
        add("Table Properties", format!("[{}]", pairs.join(",")));
    }
    let constraints = constraints(table);
    if !constraints.is_empty() {
        rows.push(line("", "", blank()));
        rows.push(line("# Constraints", "", blank()));
        rows.extend(constraints.into_iter().map(|(name, text)| line(name, text, blank())));
    }
}

/// Each constraint's name and text.
pub(super) fn constraints(table: &Table) -> Vec<(String, String)> {
    let list = |columns: &[String]| columns.iter().map(|column| tick(column)).collect::<Vec<_>>().join(", ");
    let texts = table.constraints.iter().map(|constraint| match constraint {
        Constraint::Primary { name, columns } => (name.clone(), format!("PRIMARY KEY ({})", list(columns))),
        Constraint::Foreign { name, columns, parent, parent_columns } => {
            let parent: Vec<String> = parent.split('.').map(tick).collect();
            let text =
                format!("FOREIGN KEY ({}) REFERENCES {} ({})", list(columns), parent.join("."), list(parent_columns));
            (name.clone(), text)
        }
    });
    texts.collect()
}

fn schema(engine: &Engine, script: &Script, parser: &mut Parser<'_>, place: &Place) -> Result<Answer> {
    let _ = word(parser, "extended");
    let parts = name(script, parser)?;
    end(script, parser)?;
    let (catalog, schema) = match parts.as_slice() {
        [catalog, schema] => (catalog.as_str(), schema.as_str()),
        [schema] => (place.catalog.as_str(), schema.as_str()),
        _ => return Err(script.syntax_at_start()),
    };
    let store = engine.store();
    let held = store.schema(catalog, schema)?;
    let pair = |name: &str, value: &str| vec![Some(name.to_owned()), Some(value.to_owned())];
    let rows = vec![
        pair("Catalog Name", catalog),
        pair("Namespace Name", schema),
        pair("Comment", held.comment.as_deref().unwrap_or_default()),
        pair("Owner", "emulator"),
    ];
    sheet(&["database_description_item", "database_description_value"], rows)
}

fn function(engine: &Engine, script: &Script, parser: &mut Parser<'_>, place: &Place) -> Result<Answer> {
    let extended = word(parser, "extended");
    let full = super::full(script, parser, place)?;
    end(script, parser)?;
    let function = engine.store().function(&full).cloned().ok_or_else(|| SqlError::no_routine(&full.ticked()))?;
    let rows = lines(&full, &function, extended).into_iter().map(|text| vec![Some(text)]).collect();
    sheet(&["function_desc"], rows)
}

fn lines(full: &Name, function: &Function, extended: bool) -> Vec<String> {
    let kind = if matches!(function.returns, Returns::Table(_)) { "TABLE" } else { "SCALAR" };
    let mut lines = vec![format!("Function: {}", full.dotted()), format!("Type:     {kind}")];
    for (index, argument) in function.arguments.iter().enumerate() {
        let head = if index == 0 { "Input:   " } else { "         " };
        let default = argument.default.as_ref().map_or_else(String::new, |default| format!(" DEFAULT {default}"));
        lines.push(format!("{head} {} {}{default}", argument.name, argument.ty.text()));
    }
    match &function.returns {
        Returns::Scalar(ty) => lines.push(format!("Returns:  {}", ty.text())),
        Returns::Table(columns) => {
            for (index, column) in columns.iter().enumerate() {
                let head = if index == 0 { "Returns: " } else { "         " };
                lines.push(format!("{head} {} {}", column.name, column.ty.text()));
            }
        }
    }
    if extended {
        if let Some(comment) = &function.comment {
            lines.push(format!("Comment:  {comment}"));
        }
        lines.push(format!("Deterministic: {}", function.deterministic));
        lines.push(format!("Body:     {}", function.body));
    }
    lines
}
