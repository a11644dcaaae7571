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
    ApiError::raw(
        StatusCode::BAD_REQUEST,
        json!({
            "error_code": "BAD_REQUEST", "message": message.into(), "sqlstate": "KAM00", "error_class": "INVALID_PARAMETER_VALUE",
        }),
    )
}

/// Reads a body; the inner error says in plain words that a content type is not supported.
pub(super) fn read(body: &Bytes, content_type: Option<&str>) -> Result<Result<Input, String>, ApiError> {
    let mut parts = content_type.unwrap_or("application/json").split(';').map(str::trim);
    let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
    for parameter in parts.filter(|parameter| !parameter.is_empty()) {
        if !parameter.eq_ignore_ascii_case("charset=utf-8") {
            let name = parameter.split('=').next().unwrap_or(parameter);
            return Ok(Err(format!("Unrecognized content type parameters: {name}.")));
        }
    }
    match kind.as_str() {
        "application/json" => json_input(body).map(Ok),
        "text/csv" => csv(body).map(|rows| Ok(Input { rows: Rows::Many(rows), params: Map::new(), wrapped: true })),
        "application/x-parquet" | "application/vnd.apache.parquet" => {
            Err(bad("The emulator's stand-in does not read parquet: send JSON or CSV."))
        }
        other => Ok(Err(format!(
            "This predictor only supports the following content types: Types: ['text/csv', 'application/json', \
             'application/vnd.apache.parquet']. Got '{other}'."
        ))),
    }
}

fn json_input(body: &Bytes) -> Result<Input, ApiError> {
    let parsed = serde_json::from_slice::<Value>(body).map_err(|error| {
        bad(format!("Invalid input. Ensure that input is a valid JSON formatted string. Error: '{error}'"))
    })?;
    let object = match parsed {
        Value::Object(object) => object,
        Value::Array(_) => return Err(bad(format!("Invalid input. {ONE_OF} Received a list."))),
        _ => return Err(bad(format!("Invalid input. {ONE_OF} Received unexpected input type."))),
    };
    // as the server does it, params that are no object are ignored
    let params = object.get("params").and_then(Value::as_object).cloned().unwrap_or_default();
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
            let keys: Vec<String> = given.iter().map(|key| format!("'{key}'")).collect();
            Err(bad(format!("{ONE_OF} Received dictionary with input fields: [{}]. {IMPORTANT}", keys.join(", "))))
        }
    }
}

const ONE_OF: &str = "The input must be a JSON dictionary with exactly one of the input fields {'dataframe_split', \
    'dataframe_records', 'instances', 'inputs'}.";

/// What the server adds for those who write to an older one; the rest of it advises on versions.
const IMPORTANT: &str = "IMPORTANT: The MLflow Model scoring protocol has changed in MLflow version 2.0.";

fn rows(form: &str, value: Value) -> Result<Rows, ApiError> {
    match (form, value) {
        ("dataframe_split", Value::Object(split)) => split_rows(&split).map(Rows::Many),
        ("dataframe_split", _) => Err(bad("Invalid input. Dataframe split format must be a dictionary. Got list.")),
        ("dataframe_records", Value::Object(_)) => {
            Err(bad("Invalid input. Dataframe records format must be a list of records. Got dictionary."))
        }
        (_, Value::Array(list)) => Ok(Rows::Many(list)),
        ("inputs", Value::Object(columns)) => Ok(column_rows(columns)),
        (_, single) => Ok(Rows::One(single)),
    }
}

fn split_rows(split: &Map<String, Value>) -> Result<Vec<Value>, ApiError> {
    let list = |key: &str| split.get(key).and_then(Value::as_array);
    let Some(data) = list("data") else {
        return Err(bad(
            "Invalid input. Dataframe split format must have 'data' field and optionally 'columns' and 'index' fields.",
        ));
    };
    let invalid = |why: &str| {
        let what = "Provided dataframe_split field is not a valid dataframe representation in 'split' format.";
        bad(format!("Invalid input. {what} Error: '{why}'"))
    };
    if list("index").is_some_and(|index| index.len() != data.len()) {
        return Err(invalid("the index has another length than the data"));
    }
    let names: Option<Vec<String>> = list("columns").map(|columns| {
        columns.iter().map(|name| name.as_str().map_or_else(|| name.to_string(), str::to_owned)).collect()
    });
    let row = |row: &Value| {
        let Some(cells) = row.as_array() else {
            return Err(invalid("every row must be a list"));
        };
        let names = names.clone().unwrap_or_else(|| (0..cells.len()).map(|index| index.to_string()).collect());
        if names.len() != cells.len() {
            let counts = format!("{} columns passed, passed data had {} columns", names.len(), cells.len());
            return Err(invalid(&counts));
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
