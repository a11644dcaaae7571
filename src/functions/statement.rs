//! A function's call as one SQL statement with named parameters. Values never stand in the text. Pure.

use crate::error::{Error, ErrorKind, Result};
use crate::functions::schema::{parameters, text};
use crate::wire::find::replace;
use crate::wire::json::{Raw, push_string};

/// A statement and its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The SQL text.
    pub text: String,
    /// The parameters as the JSON text of a list.
    pub parameters: String,
}

/// What runs a function with these arguments, which [`check_arguments`](super::check_arguments) has passed.
///
/// A parameter that is left out is not mentioned, and those after it are passed by name, so that the
/// engine fills in the default.
///
/// # Errors
/// `InvalidInput` when the function's name or a parameter's name cannot stand in a statement.
///
/// ```
/// use lakewire::{functions::statement, wire::json::Raw};
/// let function = r#"{"full_name":"main.shop.add_tax","data_type":"DOUBLE","input_params":{"parameters":[
///     {"name":"net","type_text":"double","type_name":"DOUBLE","position":0}]}}"#;
/// let made = statement(Raw::parse(function)?, Raw::parse(r#"{"net":10.5}"#)?)?;
/// assert_eq!(made.text, "SELECT IDENTIFIER(:function_name)(:net)");
/// assert_eq!(made.parameters, r#"[{"name":"function_name","value":"main.shop.add_tax"},{"name":"net","value":10.5,"type":"double"}]"#);
/// # Ok::<(), lakewire::Error>(())
/// ```
pub fn statement(function: Raw<'_>, arguments: Raw<'_>) -> Result<Statement> {
    let full_name = text(function, "full_name");
    let mut out = Parameters(String::new());
    let names: Vec<String> = parameters(function).map(|parameter| text(parameter, "name")).collect();
    let free = |mut name: String| {
        // a parameter of the function may have the name of one of ours
        while names.contains(&name) {
            name.push('_');
        }
        name
    };
    let mut sql = String::from("SELECT ");
    if gives_table(function) {
        sql.push_str("* FROM ");
        sql.push_str(&quoted_name(&full_name)?);
    } else {
        let marker = free("function_name".to_owned());
        sql.push_str(&["IDENTIFIER(:", &marker, ")"].concat());
        out.push(&marker, |out| push_string(out, &full_name), None);
    }
    sql.push('(');
    let (mut by_name, mut first) = (false, true);
    for (parameter, name) in parameters(function).zip(&names) {
        let Some(value) = arguments.get(name) else {
            by_name = true;
            continue;
        };
        if !is_plain(name) {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                [
                    "The function's parameter '",
                    name,
                    "' cannot be passed: its name is not made of letters, digits and `_`.",
                ]
                .concat(),
            ));
        }
        if !first {
            sql.push(',');
        }
        first = false;
        if by_name {
            sql.push_str(&[name, " => "].concat());
        }
        let type_text = text(parameter, "type_text");
        let raw = |out: &mut String| out.push_str(value.text());
        match text(parameter, "type_name").as_str() {
            "ARRAY" | "MAP" | "STRUCT" => {
                let type_marker = free([name, "_type"].concat());
                sql.push_str(&["from_json(:", name, ", :", &type_marker, ")"].concat());
                out.push(name, |out| push_string(out, value.text()), None);
                out.push(&type_marker, |out| push_string(out, &type_text), None);
            }
            "BINARY" => {
                sql.push_str(&["unbase64(:", name, ")"].concat());
                out.push(name, raw, None);
            }
            _ => {
                sql.push_str(&[":", name].concat());
                out.push(name, raw, Some(&type_text));
            }
        }
    }
    sql.push(')');
    Ok(Statement { text: sql, parameters: ["[", &out.0, "]"].concat() })
}

/// Whether a function gives a table.
pub(crate) fn gives_table(function: Raw<'_>) -> bool {
    text(function, "data_type") == "TABLE_TYPE"
}

struct Parameters(String);

impl Parameters {
    fn push(&mut self, name: &str, value: impl FnOnce(&mut String), type_text: Option<&str>) {
        let out = &mut self.0;
        if !out.is_empty() {
            out.push(',');
        }
        out.push_str("{\"name\":");
        push_string(out, name);
        out.push_str(",\"value\":");
        value(out);
        if let Some(type_text) = type_text {
            out.push_str(",\"type\":");
            push_string(out, type_text);
        }
        out.push('}');
    }
}

fn is_plain(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && name.bytes().all(|byte| byte == b'_' || byte.is_ascii_alphanumeric())
}

/// A full name as it stands in a statement: plain parts as they are, others in backticks.
fn quoted_name(full_name: &str) -> Result<String> {
    let mut out = String::new();
    let mut count = 0;
    for part in full_name.split('.') {
        if part.is_empty() || part.bytes().any(|byte| byte < 0x20) {
            count = 0;
            break;
        }
        if count > 0 {
            out.push('.');
        }
        count += 1;
        if is_plain(part) {
            out.push_str(part);
        } else {
            out.push_str(&["`", &replace(part, "`", "``"), "`"].concat());
        }
    }
    if count == 3 {
        return Ok(out);
    }
    Err(Error::new(ErrorKind::InvalidInput, "The function's full name must have the form catalog.schema.function."))
}
