//! Functions of Unity Catalog as tools, run by the SQL engine.

use axum::body::Bytes;
use http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use crate::json::set;
use crate::state::Emulator;
use crate::vector_search::{self, Table};

/// Most rows of a table function.
const ROWS: u64 = 100;

/// A function as the catalog tells it.
pub(super) struct Function {
    name: String,
    told: Value,
}

impl Function {
    fn parameters(&self) -> impl Iterator<Item = &Value> {
        self.told.pointer("/input_params/parameters").and_then(Value::as_array).into_iter().flatten()
    }

    fn gives_table(&self) -> bool {
        field(&self.told, "data_type") == "TABLE_TYPE"
    }
}

fn field<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The functions of a schema, or the one of that name.
pub(super) async fn of(
    emulator: &Emulator,
    catalog: &str,
    schema: &str,
    name: Option<&str>,
) -> Result<Vec<Function>, String> {
    let engine = emulator.sql().engine().map_err(|error| field(error.body(), "message").to_owned())?;
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let base = "/api/2.1/unity-catalog/functions";
    let (status, body) = match name {
        Some(name) => {
            let path = format!("{base}/{}", encoded(&format!("{catalog}.{schema}.{name}")));
            engine.send(Method::GET, &path, Bytes::new()).await?
        }
        None => {
            let path = format!("{base}?catalog_name={}&schema_name={}", encoded(catalog), encoded(schema));
            engine.send(Method::GET, &path, Bytes::new()).await?
        }
    };
    let told: Value = serde_json::from_slice(&body).unwrap_or_default();
    if status == StatusCode::NOT_FOUND && name.is_some() {
        return Ok(Vec::new());
    }
    if status != StatusCode::OK {
        return Err(match field(&told, "message") {
            "" => format!("The SQL engine answered with status {}.", status.as_u16()),
            message => message.to_owned(),
        });
    }
    let listed = match name {
        Some(_) => vec![told],
        None => told.get("functions").and_then(Value::as_array).cloned().unwrap_or_default(),
    };
    Ok(listed
        .into_iter()
        .map(|told| Function { name: format!("{catalog}.{schema}.{}", field(&told, "name")), told })
        .collect())
}

/// The tool of a function.
pub(super) fn tool(function: &Function) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for parameter in function.parameters() {
        let name = field(parameter, "name");
        let mut schema = schema(field(parameter, "type_name"));
        let comment = match field(parameter, "comment") {
            "" => format!("A value of the SQL type {}.", field(parameter, "type_text")),
            comment => comment.to_owned(),
        };
        set(&mut schema, "description", comment);
        properties.insert(name.to_owned(), schema);
        if parameter.get("parameter_default").is_none_or(Value::is_null) {
            required.push(name);
        }
    }
    json!({
        "name": function.name.replace('.', "__"),
        "description": field(&function.told, "comment"),
        "inputSchema": { "type": "object", "properties": properties, "required": required },
    })
}

fn schema(type_name: &str) -> Value {
    match type_name {
        "BYTE" | "SHORT" | "INT" | "LONG" => json!({ "type": "integer" }),
        "FLOAT" | "DOUBLE" | "DECIMAL" => json!({ "type": "number" }),
        "BOOLEAN" => json!({ "type": "boolean" }),
        "DATE" => json!({ "type": "string", "format": "date" }),
        "TIMESTAMP" | "TIMESTAMP_NTZ" => json!({ "type": "string", "format": "date-time" }),
        "ARRAY" => json!({ "type": "array", "items": {} }),
        "MAP" | "STRUCT" => json!({ "type": "object" }),
        _ => json!({ "type": "string" }),
    }
}

/// Runs a function. A scalar comes as `{"format":"SCALAR","value":"…"}`, a table as its columns and rows.
pub(super) async fn call(emulator: &Emulator, function: &Function, arguments: &Value) -> Result<String, String> {
    let given = |name: &str| arguments.get(name).filter(|value| !value.is_null());
    let known: Vec<&str> = function.parameters().map(|parameter| field(parameter, "name")).collect();
    let names = arguments.as_object().into_iter().flatten().map(|(name, _)| name.as_str());
    let strangers: Vec<&str> = names.filter(|name| !known.contains(name)).collect();
    if !strangers.is_empty() {
        return Err(format!("The function {} has no parameter named {}.", function.name, strangers.join(", ")));
    }
    let (mut places, mut parameters, mut skipped) = (Vec::new(), Vec::new(), false);
    for parameter in function.parameters() {
        let name = field(parameter, "name");
        let Some(value) = given(name) else {
            if parameter.get("parameter_default").is_none_or(Value::is_null) {
                return Err(format!("The parameter '{name}' of {} is missing.", function.name));
            }
            skipped = true;
            continue;
        };
        // by position until one is left out, by name from then on
        places.push(if skipped { format!("{name} => :{name}") } else { format!(":{name}") });
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        parameters.push(json!({ "name": name, "value": value, "type": field(parameter, "type_text").to_uppercase() }));
    }
    let quoted: Vec<String> = function.name.split('.').map(|part| format!("`{}`", part.replace('`', "``"))).collect();
    let from = if function.gives_table() { "* FROM " } else { "" };
    let statement = format!("SELECT {from}{}({})", quoted.join("."), places.join(", "));
    let table = vector_search::run(emulator, &statement, parameters, Some(ROWS)).await?;
    Ok(if function.gives_table() { super::sql::shown(&table) } else { scalar(&table) })
}

fn scalar(table: &Table) -> String {
    let value = table.rows.first().and_then(|row| row.first()).cloned().unwrap_or(Value::Null);
    let value = match value {
        Value::String(_) | Value::Null => value,
        other => Value::String(other.to_string()),
    };
    json!({ "format": "SCALAR", "value": value }).to_string()
}
