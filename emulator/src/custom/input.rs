//! The body of a request to a custom model: which form it has, and the rows in it.

use bytes::Bytes;
use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::errors::ApiError;

const FORMS: &[&str] = &["dataframe_split", "dataframe_records", "instances", "inputs"];
const UNIFIED: &[&str] = &["messages", "prompt", "input"];

/// The rows of a request.
#[derive(Debug)]
pub(super) enum Rows {
    /// A single value that is no table.
    One(Value),
    /// A table or a list.
    Many(Vec<Value>),
}

impl Rows {
    pub(super) fn iter(&self) -> std::slice::Iter<'_, Value> {
        match self {
            Self::One(row) => std::slice::from_ref(row).iter(),
            Self::Many(rows) => rows.iter(),
        }
    }
}

/// What a request holds.
#[derive(Debug)]
pub(super) struct Input {
    pub(super) rows: Rows,
    pub(super) params: Map<String, Value>,
    /// Whether the answer goes under `predictions`.
    pub(super) wrapped: bool,
}

fn bad(message: impl Into<String>) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "BAD_REQUEST", message)
}

/// Reads a body; the inner error says in plain words that a content type is not supported.
pub(super) fn read(body: &Bytes, content_type: Option<&str>) -> Result<Result<Input, String>, ApiError> {
    let mut parts = content_type.unwrap_or("application/json").split(';').map(str::trim);
    let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
    for parameter in parts.filter(|parameter| !parameter.is_empty()) {
        if !parameter.eq_ignore_ascii_case("charset=utf-8") {
            return Ok(Err(format!("The content type parameter '{parameter}' is not supported")));
        }
    }
    match kind.as_str() {
        "application/json" => json_input(body).map(Ok),
        "text/csv" => csv(body).map(|rows| Ok(Input { rows: Rows::Many(rows), params: Map::new(), wrapped: true })),
        "application/x-parquet" => Err(bad("The emulator's stand-in does not read parquet: send JSON or CSV.")),
        other => Ok(Err(format!(
            "This predictor only supports the following content types: Types: ['text/csv', 'application/json', \
             'application/x-parquet']. Got '{other}'."
        ))),
    }
}

fn json_input(body: &Bytes) -> Result<Input, ApiError> {
    let parsed = serde_json::from_slice::<Value>(body).map_err(|error| {
        bad(format!(
            "Failed to parse input from JSON. Ensure that input is a valid JSON formatted string. Error: '{error}'"
        ))
    })?;
    let object = match parsed {
        Value::Object(object) => object,
        other => {
            let kind = match other {
                Value::Array(_) => "list",
                Value::String(_) => "str",
                _ => "value",
            };
            return Err(bad(format!("Invalid input. {ONE_OF} Received a {kind}.")));
        }
    };
    if object.contains_key("signature_name") {
        return Err(bad("\"signature_name\" parameter is currently not supported"));
    }
    let params = match object.get("params") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(params)) => params.clone(),
        Some(_) => return Err(bad("'params' must be an object.")),
    };
    let given: Vec<&str> = FORMS.iter().copied().filter(|form| object.contains_key(*form)).collect();
    match given.as_slice() {
        [form] => {
            let value = object.get(*form).cloned().unwrap_or_default();
            Ok(Input { rows: rows(form, value)?, params, wrapped: true })
        }
        [] if UNIFIED.iter().any(|key| object.contains_key(*key)) => {
            Ok(Input { rows: Rows::One(Value::Object(object)), params, wrapped: false })
        }
        _ => {
            let keys: Vec<String> = object.keys().map(|key| format!("'{key}'")).collect();
            Err(bad(format!("{ONE_OF} Received dictionary with input fields: [{}].", keys.join(", "))))
        }
    }
}

const ONE_OF: &str = "The input must be a JSON dictionary with exactly one of the input fields {'dataframe_split', \
    'dataframe_records', 'instances', 'inputs'}.";

fn rows(form: &str, value: Value) -> Result<Rows, ApiError> {
    let objects = |list: Vec<Value>| {
        let good = list.iter().all(Value::is_object);
        good.then_some(list).ok_or_else(|| bad(format!("'{form}' must be a list of objects, one for each row.")))
    };
    match (form, value) {
        ("dataframe_split", Value::Object(split)) => split_rows(&split).map(Rows::Many),
        ("dataframe_split", _) => Err(bad("'dataframe_split' must be an object with 'columns' and 'data'.")),
        ("dataframe_records", Value::Array(list)) => objects(list).map(Rows::Many),
        ("instances" | "inputs", Value::Array(list)) => Ok(Rows::Many(list)),
        ("inputs", Value::Object(columns)) => Ok(column_rows(columns)),
        ("inputs", scalar) => Ok(Rows::One(scalar)),
        (form, _) => Err(bad(format!("'{form}' must be a list."))),
    }
}

fn split_rows(split: &Map<String, Value>) -> Result<Vec<Value>, ApiError> {
    let list = |key: &str| split.get(key).and_then(Value::as_array);
    let Some(data) = list("data") else { return Err(bad("'dataframe_split' needs 'data', a list of rows.")) };
    if list("index").is_some_and(|index| index.len() != data.len()) {
        return Err(bad("'dataframe_split' has an 'index' of another length than 'data'."));
    }
    let names: Option<Vec<String>> = list("columns").map(|columns| {
        columns.iter().map(|name| name.as_str().map_or_else(|| name.to_string(), str::to_owned)).collect()
    });
    let row = |row: &Value| {
        let Some(cells) = row.as_array() else {
            return Err(bad("Every row of 'dataframe_split.data' must be a list."));
        };
        let names = names.clone().unwrap_or_else(|| (0..cells.len()).map(|index| index.to_string()).collect());
        if names.len() != cells.len() {
            let counts = format!("{} columns passed, passed data had {} columns", names.len(), cells.len());
            return Err(bad(format!("'dataframe_split' could not be read: {counts}.")));
        }
        Ok(Value::Object(names.into_iter().zip(cells.iter().cloned()).collect()))
    };
    data.iter().map(row).collect()
}

/// Columns of equal length are rows; anything else is a single object.
fn column_rows(columns: Map<String, Value>) -> Rows {
    let lengths: Option<Vec<usize>> =
        columns.values().map(|column| column.as_array().map(Vec::len)).collect::<Option<Vec<_>>>();
    let length = lengths.and_then(|lengths| {
        let first = *lengths.first()?;
        lengths.iter().all(|length| *length == first).then_some(first)
    });
    // a conversation is a value of its own, not a column
    let Some(length) = length.filter(|_| !columns.contains_key("messages")) else {
        return Rows::One(Value::Object(columns));
    };
    let row = |index: usize| {
        let cells = columns.iter().map(|(name, column)| (name.clone(), column.get(index).cloned().unwrap_or_default()));
        Value::Object(cells.collect())
    };
    Rows::Many((0..length).map(row).collect())
}

/// A table with a header; quoted cells may hold commas, quotes and line ends.
fn csv(body: &Bytes) -> Result<Vec<Value>, ApiError> {
    let text = std::str::from_utf8(body).map_err(|_| bad("The CSV is not UTF-8."))?;
    let mut lines: Vec<Vec<String>> = vec![vec![String::new()]];
    let mut quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let Some(line) = lines.last_mut() else { break };
        match (c, quoted) {
            ('"', true) if chars.peek() == Some(&'"') => {
                chars.next();
                if let Some(cell) = line.last_mut() {
                    cell.push('"');
                }
            }
            ('"', _) => quoted = !quoted,
            (',', false) => line.push(String::new()),
            ('\r', false) => {}
            ('\n', false) => lines.push(vec![String::new()]),
            (other, _) => {
                if let Some(cell) = line.last_mut() {
                    cell.push(other);
                }
            }
        }
    }
    let mut lines = lines.into_iter().filter(|line| line.iter().any(|cell| !cell.is_empty()));
    let Some(names) = lines.next() else { return Err(bad("The CSV has no header.")) };
    let row = |cells: Vec<String>| {
        if cells.len() != names.len() {
            return Err(bad(format!("A CSV row has {} cells, and the header {}.", cells.len(), names.len())));
        }
        Ok(Value::Object(names.iter().cloned().zip(cells.into_iter().map(|cell| json!(cell))).collect()))
    };
    lines.map(row).collect()
}
