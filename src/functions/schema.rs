//! The JSON Schema of a function's parameters, as the Unity Catalog toolkits give it to models. Pure.

use crate::error::{Error, ErrorKind, Result};
use crate::wire::json::{Items, Raw, push_string};

/// How a schema is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// As `unitycatalog-langchain` writes it: what may be NULL is `anyOf` its type and `null`, and nothing is required.
    #[default]
    Full,
    /// Within what Databricks promises of tool schemas: no `anyOf`, parameters without a default are
    /// required. For models that refuse the other.
    Plain,
}

/// The parameters of a function as the JSON text of a schema of type `object`.
///
/// # Errors
/// `InvalidInput` naming the parameter whose type no schema can express: a map whose keys are not
/// text, an interval other than day to second, a type the service did not describe.
///
/// ```
/// use lakewire::{functions::{parameters_schema, Form}, wire::json::Raw};
/// let function = r#"{"input_params":{"parameters":[{"name":"n","type_text":"int","type_name":"INT","position":0,
///     "type_json":"{\"name\":\"n\",\"type\":\"integer\",\"nullable\":true,\"metadata\":{}}","parameter_default":"10"}]}}"#;
/// assert_eq!(
///     parameters_schema(Raw::parse(function)?, Form::Full)?,
///     r#"{"type":"object","properties":{"n":{"type":"integer","default":10,"description":" (Default: 10)"}}}"#
/// );
/// # Ok::<(), lakewire::Error>(())
/// ```
pub fn parameters_schema(function: Raw<'_>, form: Form) -> Result<String> {
    let mut out = String::from("{\"type\":\"object\",\"properties\":{");
    let mut required = String::new();
    for (place, parameter) in parameters(function).enumerate() {
        let name = text(parameter, "name");
        separate(&mut out, place > 0);
        push_string(&mut out, &name);
        out.push_str(":{");
        property(&mut out, parameter, form).map_err(|error| error.about(&["The parameter '", &name, "'"].concat()))?;
        out.push('}');
        if form == Form::Plain && parameter.get_some("parameter_default").is_none() {
            let more = !required.is_empty();
            separate(&mut required, more);
            push_string(&mut required, &name);
        }
    }
    out.push('}');
    if !required.is_empty() {
        out.push_str(",\"required\":[");
        out.push_str(&required);
        out.push(']');
    }
    out.push('}');
    Ok(out)
}

/// The declared parameters in order.
pub(crate) fn parameters(function: Raw<'_>) -> Items<'_> {
    items(function.get_some("input_params").unwrap_or(Raw::trusted("{}")), "parameters")
}

/// The items of a list in an object; none when there is no such list.
#[inline(never)]
pub(crate) fn items<'a>(object: Raw<'a>, key: &str) -> Items<'a> {
    object.get_some(key).unwrap_or(Raw::trusted("[]")).items()
}

// once, not in every place that reads a text
#[inline(never)]
pub(crate) fn text(object: Raw<'_>, key: &str) -> String {
    object.get_some(key).and_then(Raw::as_str).unwrap_or_default().into_owned()
}

fn separate(out: &mut String, more: bool) {
    if more {
        out.push(',');
    }
}

/// The inside of a parameter's schema.
fn property(out: &mut String, parameter: Raw<'_>, form: Form) -> Result<()> {
    let described = text(parameter, "type_json");
    let default = parameter.get_some("parameter_default").and_then(Raw::as_str);
    let unknown = || unsupported("the service did not describe its type");
    let root = Raw::parse(&described).map_err(|_| unknown())?;
    let ty = root.get_some("type").ok_or_else(unknown)?;
    let nullable = root.get("nullable").and_then(Raw::as_bool) == Some(true) && default.is_none();
    schema(out, ty, nullable, form)?;
    let comment = text(parameter, "comment");
    let mut description = comment;
    if let Some(default) = &default {
        description.push_str(&[" (Default: ", default, ")"].concat());
    }
    if form == Form::Full || default.is_some() {
        out.push_str(",\"default\":");
        push_default(out, default.as_deref());
    }
    if form == Form::Full || !description.is_empty() {
        out.push_str(",\"description\":");
        push_string(out, &description);
    }
    Ok(())
}

/// What stands in for a parameter: JSON if it reads as such, else its SQL text.
fn push_default(out: &mut String, default: Option<&str>) {
    let trimmed = default.unwrap_or("null").trim();
    if trimmed.eq_ignore_ascii_case("null") {
        out.push_str("null");
    } else if Raw::parse(trimmed).is_ok() {
        out.push_str(trimmed);
    } else {
        push_string(out, trimmed);
    }
}

/// The inside of the schema of a Spark type.
fn schema(out: &mut String, ty: Raw<'_>, nullable: bool, form: Form) -> Result<()> {
    let Some(name) = ty.as_str() else {
        return wrapped(out, nullable && form == Form::Full, |out| nested(out, ty, form));
    };
    let simple: &[&str] = match name.as_ref() {
        "integer" | "long" | "short" | "byte" => &["\"type\":\"integer\""],
        "float" | "double" => &["\"type\":\"number\""],
        "string" | "char" => &["\"type\":\"string\""],
        "boolean" => &["\"type\":\"boolean\""],
        "binary" => &["\"type\":\"string\",\"format\":\"binary\""],
        "date" => &["\"type\":\"string\",\"format\":\"date\"", "\"type\":\"string\""],
        "timestamp" | "timestamp_ntz" => &["\"type\":\"string\",\"format\":\"date-time\"", "\"type\":\"string\""],
        "interval day to second" => &["\"type\":\"string\",\"format\":\"duration\"", "\"type\":\"string\""],
        name if name == "decimal" || name.starts_with("decimal(") => &["\"type\":\"number\"", "\"type\":\"string\""],
        name if name.starts_with("varchar") || name.starts_with("char(") => &["\"type\":\"string\""],
        "variant" if form == Form::Plain => &["\"description\":\"Any JSON value.\""],
        name => return Err(unsupported(&["no schema expresses the type ", name].concat())),
    };
    let null = (nullable && form == Form::Full).then_some("\"type\":\"null\"");
    let any: Vec<&str> = simple.iter().copied().chain(null).collect();
    match any.as_slice() {
        [first, _, ..] if form == Form::Full => {
            out.push_str("\"anyOf\":[{");
            out.push_str(first);
            for one in any.iter().skip(1) {
                out.push_str("},{");
                out.push_str(one);
            }
            out.push_str("}]");
        }
        [first, ..] => out.push_str(first),
        [] => {}
    }
    Ok(())
}

/// A schema, or any of it and null.
fn wrapped(out: &mut String, nullable: bool, write: impl FnOnce(&mut String) -> Result<()>) -> Result<()> {
    if nullable {
        out.push_str("\"anyOf\":[{");
    }
    write(out)?;
    if nullable {
        out.push_str("},{\"type\":\"null\"}]");
    }
    Ok(())
}

fn nested(out: &mut String, ty: Raw<'_>, form: Form) -> Result<()> {
    let yes = |of: Raw<'_>, key| of.get(key).and_then(Raw::as_bool) == Some(true);
    let unknown = || unsupported("the service did not describe its type");
    match text(ty, "type").as_str() {
        "array" => {
            out.push_str("\"type\":\"array\",\"items\":{");
            schema(out, ty.get_some("elementType").ok_or_else(unknown)?, yes(ty, "containsNull"), form)?;
            out.push('}');
        }
        "map" => {
            if text(ty, "keyType") != "string" {
                return Err(unsupported("the keys of its map are not text"));
            }
            out.push_str("\"type\":\"object\",\"additionalProperties\":{");
            schema(out, ty.get_some("valueType").ok_or_else(unknown)?, yes(ty, "valueContainsNull"), form)?;
            out.push('}');
        }
        "struct" => {
            out.push_str("\"type\":\"object\",\"properties\":{");
            let mut required = String::new();
            for (place, field) in items(ty, "fields").enumerate() {
                let (name, nullable) = (text(field, "name"), yes(field, "nullable"));
                separate(out, place > 0);
                push_string(out, &name);
                out.push_str(":{");
                schema(out, field.get_some("type").ok_or_else(unknown)?, nullable, form)?;
                if !nullable {
                    let more = !required.is_empty();
                    separate(&mut required, more);
                    push_string(&mut required, &name);
                } else if form == Form::Full {
                    out.push_str(",\"default\":null");
                }
                out.push('}');
            }
            out.push('}');
            if !required.is_empty() {
                out.push_str(",\"required\":[");
                out.push_str(&required);
                out.push(']');
            }
        }
        _ => return Err(unknown()),
    }
    Ok(())
}

fn unsupported(reason: &str) -> Error {
    Error::new(
        ErrorKind::InvalidInput,
        ["the function cannot be a tool, since ", reason, ": leave it out of the toolkit."].concat(),
    )
}
