//! Statements: those the policy names, with typed values; and, where it says so, free ones.

use crate::relay::body::canonical::{Fields, Writer, fields};
use crate::relay::body::param::Type;
use crate::relay::body::{get, only, positive, text_of};
use crate::relay::grammar;
use crate::relay::policy::Rules;
use crate::relay::reply::Fault;
use crate::sql_guard;
use crate::wire::find::split_once;
use crate::wire::json::{Raw, push_string};

const FIELDS: &[&str] = &[
    "statement",
    "warehouse_id",
    "catalog",
    "schema",
    "parameters",
    "row_limit",
    "byte_limit",
    "wait_timeout",
    "on_wait_timeout",
    "disposition",
    "format",
];

/// A statement by its name: the policy's text and the page's values, in one request that ends with its answer.
///
/// It waits as long as the service does (50 s) and is cancelled then. Nothing of it can be asked for later: whoever knows an id
/// of a statement gets nothing by it.
pub(super) fn named(rules: &Rules, name: &str, given: &Fields<'_>) -> Result<String, Fault> {
    only(given, &["parameters"])?;
    let (Some(named), Some(warehouse)) =
        (rules.statements.iter().find(|known| known.name == name), rules.warehouses.first())
    else {
        return Err(Fault::nowhere());
    };
    let values = match get(given, "parameters") {
        Some(values) if values.is_object() => fields(values)?,
        Some(_) => return Err(Fault::body(&["`parameters` is not an object of names and values."])),
        None => Fields::new(),
    };
    if let Some((key, _)) = values.iter().find(|(key, _)| !named.parameters.iter().any(|(known, _)| known == key)) {
        return Err(Fault::body(&["The statement has no parameter `", &crate::relay::log_safe(key), "`."]));
    }
    let mut out = Writer::new();
    out.text("warehouse_id", warehouse);
    out.text("statement", &named.statement);
    for (key, value) in [("catalog", &named.catalog), ("schema", &named.schema)] {
        if let Some(value) = value {
            out.text(key, value);
        }
    }
    let list = out.key("parameters");
    list.push('[');
    for (at, (key, sql_type)) in named.parameters.iter().enumerate() {
        let value = values.iter().find(|(known, _)| known == key).map(|(_, value)| *value);
        let Some(value) = value else { return Err(Fault::body(&["The parameter `", key, "` is missing."])) };
        let text = match (value.is_null(), Type::parse(sql_type)) {
            (true, _) => None,
            (false, Some(of)) => Some(of.read(value).ok_or_else(|| {
                Fault::body(&["The parameter `", key, "` is not a value of the type ", sql_type, "."])
            })?),
            (false, None) => return Err(Fault::nowhere()),
        };
        if at > 0 {
            list.push(',');
        }
        list.push_str("{\"name\":");
        push_string(list, key);
        if let Some(text) = text {
            list.push_str(",\"value\":");
            push_string(list, &text);
        }
        list.push_str(",\"type\":");
        push_string(list, sql_type);
        list.push('}');
    }
    list.push(']');
    out.number("row_limit", named.row_limit);
    ended_by_itself(&mut out);
    Ok(out.finish())
}

fn ended_by_itself(out: &mut Writer) {
    out.text("wait_timeout", "50s");
    out.text("on_wait_timeout", "CANCEL");
    out.text("disposition", "INLINE");
    out.text("format", "JSON_ARRAY");
}

/// Whether a statement is one call of a function that the policy names, as Unity Catalog's toolkit writes it: the guard does not know
/// what `IDENTIFIER(:name)` stands for, and this does.
fn calls_allowed(rules: &Rules, statement: &str, given: &Fields<'_>) -> bool {
    let call = statement.strip_prefix("SELECT IDENTIFIER(:").and_then(|rest| split_once(rest, ")("));
    let Some((marker, arguments)) = call.and_then(|(marker, rest)| Some((marker, rest.strip_suffix(')')?))) else {
        return false;
    };
    let mut named = get(given, "parameters")
        .into_iter()
        .flat_map(Raw::items)
        .filter(|parameter| parameter.get_some("name").and_then(Raw::as_str).is_some_and(|name| name == marker));
    let value = named.next().and_then(|parameter| parameter.get_some("value")).and_then(Raw::as_str);
    named.next().is_none()
        && grammar::parameter(marker)
        && (arguments.is_empty() || only_parameters(arguments).is_some())
        && value.is_some_and(|name| grammar::parts(&name, 3) && rules.functions.allow_inside(&name))
}

/// Whether the arguments of a call are parameters and nothing else, by their places and then by name.
fn only_parameters(mut arguments: &str) -> Option<()> {
    let marker = |text: &str| -> Option<usize> {
        let name = text.strip_prefix(':')?;
        let end = name.bytes().position(|byte| !(byte.is_ascii_alphanumeric() || byte == b'_')).unwrap_or(name.len());
        (end > 0).then_some(end + 1)
    };
    loop {
        if let Some((_, rest)) = split_once(arguments, " => ").filter(|(name, _)| grammar::parameter(name)) {
            arguments = rest;
        }
        // how a list, a map or bytes are written
        let (inside, two) = match (arguments.strip_prefix("from_json("), arguments.strip_prefix("unbase64(")) {
            (Some(rest), _) => (Some(rest), true),
            (_, Some(rest)) => (Some(rest), false),
            _ => (None, false),
        };
        let mut rest = inside.unwrap_or(arguments);
        rest = rest.get(marker(rest)?..)?;
        if two {
            rest = rest.strip_prefix(", ")?;
            rest = rest.get(marker(rest)?..)?;
        }
        if inside.is_some() {
            rest = rest.strip_prefix(')')?;
        }
        if rest.is_empty() {
            return Some(());
        }
        arguments = rest.strip_prefix(',')?;
    }
}

/// Parameters are a list, each with a name, a value that is no list or object, and the text of a type.
fn check_parameters(given: &Fields<'_>) -> Result<(), Fault> {
    let Some(parameters) = get(given, "parameters") else { return Ok(()) };
    if !parameters.is_array() {
        return Err(Fault::body(&["`parameters` is not a list."]));
    }
    for parameter in parameters.items() {
        let name = parameter.get_some("name").and_then(Raw::as_str);
        if !name.is_some_and(|name| grammar::parameter(&name)) {
            return Err(Fault::body(&["A parameter has no name, or one that cannot be."]));
        }
        let fits = parameter.fields().all(|(key, value)| match &*key {
            "name" => true,
            "value" => !value.is_array() && !value.is_object(),
            "type" => value.is_null() || value.as_str().is_some_and(|text| text.len() <= 100),
            _ => false,
        });
        if !fits {
            return Err(Fault::body(&["A parameter is not a `name`, a `value` and a `type`."]));
        }
    }
    Ok(())
}

/// A statement of the page's own: on the policy's warehouse, within its rows, and reading unless the policy lets it write.
pub(super) fn free(rules: &Rules, given: &Fields<'_>) -> Result<String, Fault> {
    only(given, FIELDS)?;
    let statement = text_of(given, "statement", |text| !text.trim().is_empty())?;
    text_of(given, "warehouse_id", |id| rules.warehouses.iter().any(|known| known == id))?;
    if !rules.writing && !calls_allowed(rules, &statement, given) {
        if let Err(refused) = sql_guard::check(&statement) {
            return Err(Fault::new(403, refused.message()));
        }
    }
    let choice = |key: &str, known: &[&str]| match get(given, key) {
        Some(value) if !value.as_str().is_some_and(|text| known.contains(&&*text)) => {
            Err(Fault::body(&["`", key, "` is not let through."]))
        }
        _ => Ok(()),
    };
    let links = rules.external_links;
    choice("disposition", if links { &["INLINE", "EXTERNAL_LINKS"] } else { &["INLINE"] })?;
    choice("format", if links { &["JSON_ARRAY", "ARROW_STREAM", "CSV"] } else { &["JSON_ARRAY"] })?;
    choice("on_wait_timeout", &["CONTINUE", "CANCEL"])?;
    let seconds = |text: &str| {
        text.strip_suffix('s').and_then(grammar::number_of).is_some_and(|wait| wait == 0 || (5..=50).contains(&wait))
    };
    if get(given, "wait_timeout").is_some() {
        text_of(given, "wait_timeout", seconds)?;
    }
    for key in ["catalog", "schema"] {
        if get(given, key).is_some() {
            let name = |name: &str| !name.is_empty() && name.len() <= 255 && !name.chars().any(char::is_control);
            text_of(given, key, name)?;
        }
    }
    positive(given, "byte_limit")?;
    check_parameters(given)?;
    // what nobody waits for any more ends, unless the policy lets it go on
    let goes_on = rules.writing || rules.long_running;
    let waits = |key: &str| !goes_on && matches!(key, "wait_timeout" | "on_wait_timeout");
    let mut out = Writer::new();
    for (key, value) in given.iter().filter(|(key, value)| !value.is_null() && key != "row_limit" && !waits(key)) {
        out.value(key, *value)?;
    }
    if !goes_on {
        out.text("wait_timeout", "50s");
        out.text("on_wait_timeout", "CANCEL");
    }
    out.number("row_limit", positive(given, "row_limit")?.unwrap_or(rules.row_limit).min(rules.row_limit));
    Ok(out.finish())
}
