//! Unity Catalog's REST face over the same metastore.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use serde_json::{Map, Value, json};

use crate::commands::like;
use crate::engine::Engine;
use crate::error::SqlError;
use crate::information_schema;
use crate::metastore::{Metastore, Name};
use crate::parse::{quote, tick};
use crate::server::{json_answer, refuse};
use crate::spark::Place;
use crate::unity_shapes as shapes;

type Params = Query<Vec<(String, String)>>;
type Core = State<Arc<Engine>>;

/// The routes under `/api/2.1/unity-catalog`.
pub(crate) fn routes() -> Router<Arc<Engine>> {
    let routes = Router::new()
        .route("/catalogs", get(catalogs))
        .route("/catalogs/{name}", get(catalog))
        .route("/schemas", get(schemas))
        .route("/schemas/{name}", get(schema))
        .route("/tables", get(tables))
        .route("/tables/{name}", get(table).delete(drop_table))
        .route("/tables/{name}/exists", get(table_exists))
        .route("/table-summaries", get(summaries))
        .route("/volumes", get(volumes))
        .route("/functions", get(functions).post(create_function))
        .route("/functions/{name}", get(function).patch(own_function).delete(drop_function));
    Router::new().nest("/api/2.1/unity-catalog", routes)
}

fn param<'p>(params: &'p Params, name: &str) -> Option<&'p str> {
    params.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

fn needed<'p>(params: &'p Params, name: &str) -> Result<&'p str, Box<Response>> {
    param(params, name).filter(|value| !value.is_empty()).ok_or_else(|| {
        Box::new(refuse(StatusCode::BAD_REQUEST, "INVALID_PARAMETER_VALUE", &format!("Missing required field: {name}")))
    })
}

fn ok(body: &Value) -> Response {
    json_answer(StatusCode::OK, body)
}

fn missing(kind: &str, name: &str) -> Response {
    let message = format!(
        "{} '{name}' does not exist.",
        kind.chars().next().map_or_else(String::new, |first| {
            format!("{}{}", first, kind.get(1..).unwrap_or_default().to_lowercase())
        })
    );
    refuse(StatusCode::NOT_FOUND, &format!("{kind}_DOES_NOT_EXIST"), &message)
}

/// A page of a list, by `max_results` and a token that is the place to go on at.
fn page(params: &Params, key: &str, items: Vec<Value>) -> Response {
    let number = |name: &str| param(params, name).map(|text| text.parse::<i64>());
    let size = match number("max_results") {
        None | Some(Ok(0)) => 1000,
        Some(Ok(size)) if size > 0 => usize::try_from(size).unwrap_or(1000),
        _ => {
            return refuse(
                StatusCode::BAD_REQUEST,
                "INVALID_PARAMETER_VALUE",
                "max_results is a number that is not negative.",
            );
        }
    };
    let start = match param(params, "page_token").filter(|token| !token.is_empty()).map(str::parse::<usize>) {
        None => 0,
        Some(Ok(start)) if start <= items.len() => start,
        Some(_) => {
            return refuse(StatusCode::BAD_REQUEST, "INVALID_PARAMETER_VALUE", "This page_token was never given.");
        }
    };
    let next = start.saturating_add(size);
    let more = next < items.len();
    let mut body = Map::new();
    body.insert(key.to_owned(), items.into_iter().skip(start).take(size).collect());
    if more {
        body.insert("next_page_token".to_owned(), json!(next.to_string()));
    }
    ok(&Value::Object(body))
}

/// The parts of a full name; `None` unless there are three.
fn three(name: &str) -> Option<Name> {
    let parts: Vec<String> = name.split('.').map(str::to_owned).collect();
    if parts.len() == 3 { Name::complete(&parts, "", "") } else { None }
}

async fn catalogs(State(engine): Core, params: Params) -> Response {
    let items = engine.store().catalogs.iter().map(|(name, held)| shapes::catalog(name, held)).collect();
    page(&params, "catalogs", items)
}

async fn catalog(State(engine): Core, Path(name): Path<String>) -> Response {
    match engine.store().catalog(&name) {
        Ok(held) => ok(&shapes::catalog(&name.to_lowercase(), held)),
        Err(_) => missing("CATALOG", &name),
    }
}

async fn schemas(State(engine): Core, params: Params) -> Response {
    let catalog = match needed(&params, "catalog_name") {
        Ok(catalog) => catalog.to_lowercase(),
        Err(refusal) => return *refusal,
    };
    let items = match engine.store().catalog(&catalog) {
        Ok(held) => held.schemas.iter().map(|(name, held)| shapes::schema(&catalog, name, held)).collect(),
        Err(_) => return missing("CATALOG", &catalog),
    };
    page(&params, "schemas", items)
}

async fn schema(State(engine): Core, Path(name): Path<String>) -> Response {
    let parts: Vec<&str> = name.split('.').collect();
    let [catalog, schema] = parts.as_slice() else { return missing("SCHEMA", &name) };
    match engine.store().schema(catalog, schema) {
        Ok(held) => ok(&shapes::schema(&catalog.to_lowercase(), &schema.to_lowercase(), held)),
        Err(_) => missing("SCHEMA", &name),
    }
}

/// The schema that a list is asked of, and what of it is listed.
fn listed(
    engine: &Engine,
    params: &Params,
    items: impl Fn(&Metastore, &str, &str) -> Option<Vec<Value>>,
) -> Result<Vec<Value>, Box<Response>> {
    let (catalog, schema) =
        (needed(params, "catalog_name")?.to_lowercase(), needed(params, "schema_name")?.to_lowercase());
    let store = engine.store();
    if store.catalog(&catalog).is_err() {
        return Err(Box::new(missing("CATALOG", &catalog)));
    }
    items(&store, &catalog, &schema).ok_or_else(|| Box::new(missing("SCHEMA", &format!("{catalog}.{schema}"))))
}

async fn tables(State(engine): Core, params: Params) -> Response {
    let bare = param(&params, "omit_columns") == Some("true");
    let items = listed(&engine, &params, |store, catalog, schema| {
        let mut tables: Vec<Value> = if schema == "information_schema" {
            let name = |table: &&str| Name {
                catalog: catalog.to_owned(),
                schema: schema.to_owned(),
                name: (*table).to_owned(),
            };
            let found = information_schema::TABLES.iter().map(name).filter_map(|name| {
                information_schema::table(store, &name).ok().flatten().map(|table| shapes::table(&name, &table, false))
            });
            found.collect()
        } else {
            let held = store.schema(catalog, schema).ok()?;
            let name =
                |table: &str| Name { catalog: catalog.to_owned(), schema: schema.to_owned(), name: table.to_owned() };
            held.tables.values().map(|table| shapes::table(&name(&table.name), table, false)).collect()
        };
        if bare {
            for table in tables.iter_mut().filter_map(Value::as_object_mut) {
                table.remove("columns");
            }
        }
        Some(tables)
    });
    match items {
        Ok(items) => page(&params, "tables", items),
        Err(refusal) => *refusal,
    }
}

async fn table(State(engine): Core, Path(name): Path<String>) -> Response {
    let store = engine.store();
    let Some(full) = three(&name) else { return missing("TABLE", &name) };
    let made = information_schema::table(&store, &full).ok().flatten();
    match made.or_else(|| store.table(&full).cloned()) {
        Some(table) => ok(&shapes::table(&full, &table, true)),
        None => missing("TABLE", &name),
    }
}

async fn table_exists(State(engine): Core, Path(name): Path<String>) -> Response {
    let found = three(&name).is_some_and(|full| engine.store().table(&full).is_some());
    ok(&json!({"table_exists": found}))
}

async fn summaries(State(engine): Core, params: Params) -> Response {
    let catalog = match needed(&params, "catalog_name") {
        Ok(catalog) => catalog.to_lowercase(),
        Err(refusal) => return *refusal,
    };
    let pattern = |name: &str| param(&params, name).filter(|text| !text.is_empty()).map(str::to_owned);
    let (schema_pattern, table_pattern) = (pattern("schema_name_pattern"), pattern("table_name_pattern"));
    let items = match engine.store().catalog(&catalog) {
        Err(_) => return missing("CATALOG", &catalog),
        Ok(held) => held
            .schemas
            .iter()
            .filter(|(schema, _)| like(&schema_pattern, schema))
            .flat_map(|(schema, held)| held.tables.values().map(move |table| (schema, table)))
            .filter(|(_, table)| like(&table_pattern, &table.name))
            .map(|(schema, table)| json!({"full_name": format!("{catalog}.{schema}.{}", table.name), "table_type": shapes::kind(table)}))
            .collect(),
    };
    page(&params, "tables", items)
}

async fn volumes(State(engine): Core, params: Params) -> Response {
    match listed(&engine, &params, |store, catalog, schema| store.schema(catalog, schema).ok().map(|_| Vec::new())) {
        Ok(items) => page(&params, "volumes", items),
        Err(refusal) => *refusal,
    }
}

async fn functions(State(engine): Core, params: Params) -> Response {
    let items = listed(&engine, &params, |store, catalog, schema| {
        let held = store.schema(catalog, schema).ok()?;
        let name = |name: &str| Name { catalog: catalog.to_owned(), schema: schema.to_owned(), name: name.to_owned() };
        Some(held.functions.values().map(|function| shapes::function(&name(&function.name), function)).collect())
    });
    match items {
        Ok(items) => page(&params, "functions", items),
        Err(refusal) => *refusal,
    }
}

async fn function(State(engine): Core, Path(name): Path<String>) -> Response {
    match three(&name).and_then(|full| engine.store().function(&full).map(|found| shapes::function(&full, found))) {
        Some(body) => ok(&body),
        None => missing("FUNCTION", &name),
    }
}

/// A new owner is read and not kept: there is one user here.
async fn own_function(state: Core, path: Path<String>) -> Response {
    function(state, path).await
}

/// Runs a statement of the REST face's own.
async fn run(engine: &Engine, statement: &str) -> Result<(), Box<Response>> {
    let place = Place { catalog: "main".to_owned(), schema: "default".to_owned(), user: "emulator".to_owned() };
    match engine.run(&place, statement).await {
        Ok(_) => Ok(()),
        Err(error) => Err(Box::new(refused(&error))),
    }
}

fn refused(error: &SqlError) -> Response {
    let (status, code) = match error.state {
        "42723" => (StatusCode::CONFLICT, "FUNCTION_ALREADY_EXISTS"),
        "42704" => (StatusCode::NOT_FOUND, "SCHEMA_DOES_NOT_EXIST"),
        "42501" => (StatusCode::FORBIDDEN, "PERMISSION_DENIED"),
        _ => (StatusCode::BAD_REQUEST, "INVALID_PARAMETER_VALUE"),
    };
    refuse(status, code, &error.message)
}

async fn drop_function(State(engine): Core, Path(name): Path<String>) -> Response {
    let Some(full) = three(&name).filter(|full| engine.store().function(full).is_some()) else {
        return missing("FUNCTION", &name);
    };
    match run(&engine, &format!("DROP FUNCTION {}", full.ticked())).await {
        Ok(()) => ok(&json!({})),
        Err(refusal) => *refusal,
    }
}

async fn drop_table(State(engine): Core, Path(name): Path<String>) -> Response {
    let found = three(&name).and_then(|full| engine.store().table(&full).map(|table| (full, table.is_view())));
    let Some((full, view)) = found else { return missing("TABLE", &name) };
    match run(&engine, &format!("DROP {} {}", if view { "VIEW" } else { "TABLE" }, full.ticked())).await {
        Ok(()) => ok(&json!({})),
        Err(refusal) => *refusal,
    }
}

async fn create_function(State(engine): Core, body: Bytes) -> Response {
    let body: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let info = body.get("function_info").unwrap_or(&body);
    let Some((full, statement)) = statement(info) else {
        return refuse(
            StatusCode::BAD_REQUEST,
            "INVALID_PARAMETER_VALUE",
            "A function has name, catalog_name, schema_name, input_params, data_type, full_data_type and routine_definition.",
        );
    };
    if info.get("routine_body").and_then(Value::as_str) == Some("EXTERNAL") {
        let sentence = "This engine runs functions written in SQL; a function in Python needs a Databricks workspace.";
        return refuse(StatusCode::BAD_REQUEST, "INVALID_PARAMETER_VALUE", sentence);
    }
    if let Err(refusal) = run(&engine, &statement).await {
        return *refusal;
    }
    match engine.store().function(&full) {
        Some(made) => ok(&shapes::function(&full, made)),
        None => missing("FUNCTION", &full.dotted()),
    }
}

/// The CREATE FUNCTION that a description stands for.
fn statement(info: &Value) -> Option<(Name, String)> {
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let parts = [text(info, "catalog_name")?, text(info, "schema_name")?, text(info, "name")?];
    let full = Name::complete(&parts, "", "")?;
    let comment = |value: &Value| {
        text(value, "comment").map_or_else(String::new, |comment| format!(" COMMENT {}", quote(&comment)))
    };
    let list = |params: Option<&Value>| -> Option<Vec<String>> {
        let items = params.and_then(|params| params.get("parameters")).and_then(Value::as_array);
        items
            .into_iter()
            .flatten()
            .map(|item| {
                let default =
                    text(item, "parameter_default").map_or_else(String::new, |default| format!(" DEFAULT {default}"));
                Some(format!("{} {}{default}{}", tick(&text(item, "name")?), text(item, "type_text")?, comment(item)))
            })
            .collect()
    };
    let returns = match text(info, "data_type").as_deref() {
        Some("TABLE_TYPE") => format!("TABLE({})", list(info.get("return_params"))?.join(", ")),
        _ => text(info, "full_data_type").or_else(|| text(info, "data_type"))?,
    };
    let body = text(info, "routine_definition")?;
    let arguments = list(info.get("input_params"))?.join(", ");
    Some((
        full.clone(),
        format!("CREATE FUNCTION {}({arguments}) RETURNS {returns}{} RETURN {body}", full.ticked(), comment(info)),
    ))
}
