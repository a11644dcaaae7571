//! DROP.

use super::{end, if_exists, name, word};
use crate::engine::{Answer, Engine};
use crate::error::{Result, SqlError};
use crate::metastore::{Metastore, Name};
use crate::parse::Script;
use crate::spark::Place;

/// DROP CATALOG, SCHEMA, TABLE, VIEW and FUNCTION.
pub(super) fn run(engine: &Engine, script: &Script, place: &Place) -> Result<Answer> {
    let mut parser = script.as_written();
    parser.next_token();
    let kind = parser.next_token().token.to_string().to_lowercase();
    let quiet = if_exists(&mut parser);
    let parts = name(script, &mut parser)?;
    let cascade = word(&mut parser, "cascade");
    let _ = word(&mut parser, "restrict") || word(&mut parser, "purge");
    end(script, &mut parser)?;
    let mut store = engine.store_mut();
    let outcome = match (kind.as_str(), parts.as_slice()) {
        ("catalog", [catalog]) => drop_catalog(&mut store, catalog, cascade),
        ("schema" | "database", [catalog, schema]) => drop_schema(&mut store, catalog, schema, cascade),
        ("schema" | "database", [schema]) => drop_schema(&mut store, &place.catalog, schema, cascade),
        ("table" | "view", parts) => {
            let full = Name::complete(parts, &place.catalog, &place.schema).ok_or_else(|| script.syntax_at_start())?;
            let missing = || SqlError::no_table(&full.ticked(), None);
            match store.table(&full).map(|table| table.is_view()) {
                None => Err(missing()),
                Some(true) if kind == "table" => {
                    return Err(wrong("EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE", &full, "a view and not a table"));
                }
                Some(false) if kind == "view" => {
                    return Err(wrong("EXPECT_VIEW_NOT_TABLE.NO_ALTERNATIVE", &full, "a table and not a view"));
                }
                Some(_) => store.schema_mut(&full.catalog, &full.schema).map(|schema| {
                    schema.tables.remove(&full.name);
                }),
            }
        }
        ("function", parts) => {
            let full = Name::complete(parts, &place.catalog, &place.schema).ok_or_else(|| script.syntax_at_start())?;
            match store.function(&full) {
                None => Err(SqlError::no_routine(&full.ticked())),
                Some(_) => store.schema_mut(&full.catalog, &full.schema).map(|schema| {
                    schema.functions.remove(&full.name);
                }),
            }
        }
        _ => {
            return Err(SqlError::unsupported(format!(
                "DROP {} is not supported by this engine.",
                kind.to_uppercase()
            )));
        }
    };
    match outcome {
        Err(error) if quiet && ["42P01", "42704", "42883"].contains(&error.state) => Ok(Answer::Nothing),
        other => other.map(|()| Answer::Nothing),
    }
}

fn drop_catalog(store: &mut Metastore, catalog: &str, cascade: bool) -> Result<()> {
    let held = store.catalog_mut(catalog)?;
    let filled = held.schemas.values().any(|schema| !schema.tables.is_empty() || !schema.functions.is_empty());
    if filled && !cascade {
        return Err(not_empty("catalog", catalog));
    }
    store.catalogs.remove(&catalog.to_lowercase());
    Ok(())
}

fn drop_schema(store: &mut Metastore, catalog: &str, schema: &str, cascade: bool) -> Result<()> {
    let held = store.schema_mut(catalog, schema)?;
    if !cascade && (!held.tables.is_empty() || !held.functions.is_empty()) {
        return Err(not_empty("schema", &format!("{catalog}`.`{schema}")));
    }
    store.catalog_mut(catalog)?.schemas.remove(&schema.to_lowercase());
    Ok(())
}

fn not_empty(kind: &str, name: &str) -> SqlError {
    SqlError::new(
        "SCHEMA_NOT_EMPTY",
        "2BP01",
        format!(
            "Cannot drop a {kind} `{name}` because it contains objects. Use DROP {} … CASCADE to drop the {kind} and all its objects.",
            kind.to_uppercase()
        ),
    )
}

fn wrong(class: &str, name: &Name, what: &str) -> SqlError {
    SqlError::new(class, "42809", format!("'{}' is {what}.", name.dotted()))
}
