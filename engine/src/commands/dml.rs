//! INSERT, DELETE, UPDATE and TRUNCATE: each makes the table's rows anew by a query.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use datafusion::arrow::compute::{CastOptions, cast_with_options};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::sql::sqlparser::ast::{
    AssignmentTarget, Delete, Expr, FromTable, Ident, Insert, Query, SelectItem, SetExpr, Statement, TableFactor,
    TableObject, TableWithJoins, Update,
};

use super::{checked, end, full, numbers, word};
use crate::ast::{derived, fill, named};
use crate::engine::{Answer, Engine};
use crate::error::{Result, SqlError};
use crate::metastore::{Name, Rows, Table};
use crate::parse::{self, Script, tick};
use crate::spark::Place;
use crate::types::SqlType;

/// INSERT, DELETE or UPDATE.
pub(super) async fn run(engine: &Engine, script: &Script, place: &Place) -> Result<Answer> {
    let statement = {
        let mut parser = script.lowered();
        let statement = checked(script, parser.parse_statement())?;
        end(script, &mut parser)?;
        statement
    };
    match statement {
        Statement::Insert(insert) => self::insert(engine, insert, place).await,
        Statement::Delete(delete) => self::delete(engine, delete, place).await,
        Statement::Update(update) => self::update(engine, update, place).await,
        _ => Err(script.syntax_at_start()),
    }
}

/// TRUNCATE TABLE.
pub(super) fn truncate(engine: &Engine, script: &Script, place: &Place) -> Result<Answer> {
    let mut parser = script.as_written();
    parser.next_token();
    let _ = word(&mut parser, "table");
    let name = full(script, &mut parser, place)?;
    end(script, &mut parser)?;
    let table = target(engine, &name)?;
    replace(engine, &name, &table, Vec::new())?;
    Ok(Answer::Nothing)
}

/// The table to change.
fn target(engine: &Engine, name: &Name) -> Result<Arc<Table>> {
    let table = engine.store().table(name).cloned().ok_or_else(|| SqlError::no_table(&name.ticked(), None))?;
    if table.is_view() {
        return Err(SqlError::new(
            "EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE",
            "42809",
            format!("'{}' is a view, and rows are changed in tables.", name.dotted()),
        ));
    }
    // refuses a catalog that may only be read before any work is done
    engine.store_mut().schema_mut(&name.catalog, &name.schema)?;
    Ok(table)
}

fn replace(engine: &Engine, name: &Name, table: &Table, batches: Vec<RecordBatch>) -> Result<()> {
    for (index, column) in table.columns.iter().enumerate() {
        if !column.nullable
            && batches.iter().any(|batch| batch.columns().get(index).is_some_and(|array| array.null_count() > 0))
        {
            return Err(SqlError::new(
                "DELTA_NOT_NULL_CONSTRAINT_VIOLATED",
                "23502",
                format!("NOT NULL constraint violated for column: {}.", column.name),
            ));
        }
    }
    let changed = Table { rows: Rows::Ready(Arc::new(batches)), ..table.clone() };
    let mut store = engine.store_mut();
    store.schema_mut(&name.catalog, &name.schema)?.tables.insert(name.name.clone(), Arc::new(changed));
    Ok(())
}

/// A batch in the table's own types.
pub(super) fn fit(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
    let options = CastOptions { safe: false, ..CastOptions::default() };
    let columns: std::result::Result<Vec<ArrayRef>, _> = batch
        .columns()
        .iter()
        .zip(schema.fields())
        .map(|(column, field)| cast_with_options(column, field.data_type(), &options))
        .collect();
    let columns = columns.map_err(|error| SqlError::from(datafusion::error::DataFusionError::from(error)))?;
    RecordBatch::try_new(Arc::clone(schema), columns).map_err(|error| SqlError::internal(error.to_string()))
}

fn cast_text(value: &str, ty: &SqlType) -> String {
    match ty {
        SqlType::Map(..) | SqlType::Struct(_) | SqlType::Void | SqlType::Interval(_) => value.to_owned(),
        ty => format!("CAST({value} AS {})", ty.text()),
    }
}

async fn insert(engine: &Engine, insert: Insert, place: &Place) -> Result<Answer> {
    let TableObject::TableName(object) = &insert.table else {
        return Err(SqlError::unsupported("INSERT goes into a table that is named."));
    };
    let name = complete(object, place)?;
    let table = target(engine, &name)?;
    let source = insert.source.ok_or_else(|| SqlError::unsupported("INSERT takes VALUES or a query."))?;
    let listed: Vec<String> = insert
        .columns
        .iter()
        .filter_map(|column| column.0.last().and_then(|part| part.as_ident()).map(|ident| ident.value.to_lowercase()))
        .collect();
    for column in &listed {
        if !table.columns.iter().any(|known| known.name.eq_ignore_ascii_case(column)) {
            return Err(unknown_column(column, &table));
        }
    }
    let given = engine.columns(source.as_ref().clone(), None, place).await?.len();
    let wanted = if listed.is_empty() { table.columns.len() } else { listed.len() };
    if given != wanted {
        let (class, text) = if given < wanted { ("NOT_ENOUGH", "not enough") } else { ("TOO_MANY", "too many") };
        return Err(SqlError::new(
            &format!("INSERT_COLUMN_ARITY_MISMATCH.{class}_DATA_COLUMNS"),
            "21S01",
            format!(
                "Cannot write to {}, the reason is {text} data columns: {wanted} are written and {given} are given.",
                name.ticked()
            ),
        ));
    }
    let slots: Vec<String> = (0..given).map(|index| format!("__s{index}")).collect();
    let casts: Vec<String> = table
        .columns
        .iter()
        .enumerate()
        .map(|(index, column)| {
            let key = column.name.to_lowercase();
            let slot = if listed.is_empty() {
                slots.get(index)
            } else {
                listed.iter().position(|other| *other == key).and_then(|at| slots.get(at))
            };
            let value = slot.map_or_else(|| column.default.as_deref().unwrap_or("NULL"), String::as_str);
            format!("{} AS {}", cast_text(value, &column.ty), tick(&key))
        })
        .collect();
    let mut query = parse::query("SELECT * FROM x")?;
    put_from(&mut query, derived(*source, &slots, &casts, named("__source"))?);
    let schema = table.schema();
    let (_, batches) = engine.collect(query, None, place).await?;
    let new: Vec<RecordBatch> = batches.iter().map(|batch| fit(batch, &schema)).collect::<Result<_>>()?;
    let count: usize = new.iter().map(RecordBatch::num_rows).sum();
    let mut rows = if insert.overwrite { Vec::new() } else { table.batches()?.as_ref().clone() };
    rows.extend(new.into_iter().filter(|batch| batch.num_rows() > 0));
    replace(engine, &name, &table, rows)?;
    numbers(&[("num_affected_rows", count as u64), ("num_inserted_rows", count as u64)])
}

async fn delete(engine: &Engine, delete: Delete, place: &Place) -> Result<Answer> {
    let (FromTable::WithFromKeyword(tables) | FromTable::WithoutKeyword(tables)) = delete.from;
    let Some((from, name)) = tables.into_iter().next().and_then(|from| table_of(&from, place).map(|name| (from, name)))
    else {
        return Err(SqlError::unsupported("DELETE takes one table that is named."));
    };
    let table = target(engine, &name)?;
    let before: usize = table.batches()?.iter().map(RecordBatch::num_rows).sum();
    let kept = match delete.selection {
        None => Vec::new(),
        Some(condition) => {
            let mut query = parse::query(&format!("SELECT {} FROM x", columns(&table).join(", ")))?;
            if let SetExpr::Select(select) = query.body.as_mut() {
                select.from = vec![from];
                select.selection = Some(fill("NOT coalesce(__1, false)", &[condition])?);
            }
            engine.collect(query, None, place).await?.1
        }
    };
    let schema = table.schema();
    let kept: Vec<RecordBatch> = kept.iter().map(|batch| fit(batch, &schema)).collect::<Result<_>>()?;
    let after: usize = kept.iter().map(RecordBatch::num_rows).sum();
    replace(engine, &name, &table, kept)?;
    numbers(&[("num_affected_rows", before.saturating_sub(after) as u64)])
}

async fn update(engine: &Engine, update: Update, place: &Place) -> Result<Answer> {
    let name =
        table_of(&update.table, place).ok_or_else(|| SqlError::unsupported("UPDATE takes one table that is named."))?;
    let table = target(engine, &name)?;
    let condition = match update.selection {
        Some(condition) => fill("coalesce(__1, false)", &[condition])?,
        None => parse::expression("true")?,
    };
    let mut values: Vec<(String, Expr)> = Vec::new();
    for assignment in update.assignments {
        let AssignmentTarget::ColumnName(column) = &assignment.target else {
            return Err(SqlError::unsupported("UPDATE sets one column at a time."));
        };
        let column = column
            .0
            .last()
            .and_then(|part| part.as_ident())
            .map(|ident| ident.value.to_lowercase())
            .unwrap_or_default();
        if !table.columns.iter().any(|known| known.name.eq_ignore_ascii_case(&column)) {
            return Err(unknown_column(&column, &table));
        }
        values.push((column, assignment.value));
    }
    let mut items = Vec::new();
    for column in &table.columns {
        let key = column.name.to_lowercase();
        let expr = match values.iter().find(|(name, _)| *name == key) {
            Some((_, value)) => {
                let template = format!("CASE WHEN __1 THEN {} ELSE {} END", cast_text("__2", &column.ty), tick(&key));
                fill(&template, &[condition.clone(), value.clone()])?
            }
            None => parse::expression(&tick(&key))?,
        };
        items.push(SelectItem::ExprWithAlias { expr, alias: Ident::new(key) });
    }
    items.push(SelectItem::ExprWithAlias { expr: condition, alias: Ident::new("__hit") });
    let mut query = parse::query("SELECT 1 FROM x")?;
    if let SetExpr::Select(select) = query.body.as_mut() {
        select.projection = items;
        select.from = vec![update.table];
    }
    let (_, batches) = engine.collect(query, None, place).await?;
    let schema = table.schema();
    let mut count = 0;
    let mut rows = Vec::new();
    for batch in &batches {
        if let Some(hit) = batch.columns().last() {
            count += hit.as_boolean().true_count();
        }
        rows.push(fit(batch, &schema)?);
    }
    replace(engine, &name, &table, rows)?;
    numbers(&[("num_affected_rows", count as u64)])
}

fn columns(table: &Table) -> Vec<String> {
    table.columns.iter().map(|column| tick(&column.name.to_lowercase())).collect()
}

fn unknown_column(column: &str, table: &Table) -> SqlError {
    let known: Vec<String> = table.columns.iter().take(5).map(|column| tick(&column.name)).collect();
    SqlError::new(
        "UNRESOLVED_COLUMN.WITH_SUGGESTION",
        "42703",
        format!(
            "A column, variable, or function parameter with name `{column}` cannot be resolved. \
             Did you mean one of the following? [{}].",
            known.join(", ")
        ),
    )
}

fn put_from(query: &mut Query, factor: TableFactor) {
    if let SetExpr::Select(select) = query.body.as_mut() {
        select.from = vec![TableWithJoins { relation: factor, joins: Vec::new() }];
    }
}

fn complete(object: &datafusion::sql::sqlparser::ast::ObjectName, place: &Place) -> Result<Name> {
    let parts: Vec<String> =
        object.0.iter().filter_map(|part| part.as_ident()).map(|ident| ident.value.clone()).collect();
    Name::complete(&parts, &place.catalog, &place.schema).ok_or_else(|| SqlError::no_table(&object.to_string(), None))
}

fn table_of(from: &TableWithJoins, place: &Place) -> Option<Name> {
    match &from.relation {
        TableFactor::Table { name, .. } if from.joins.is_empty() => complete(name, place).ok(),
        _ => None,
    }
}
