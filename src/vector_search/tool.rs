//! An index as a tool of a chat: its name, what the model is told of it, and the filters the model may set. Pure.

use crate::error::Result;
use crate::vector_search::text::{Object, answer, either, given, invalid, word};
use crate::wire::find::replace;
use crate::wire::json::Raw;

const PURPOSE: &str = "A vector search-based retrieval tool for querying indexed embeddings: it finds the passages nearest to a question.";
const FILTERS: &str = r#"Filters on columns, all of which must hold. `key` is a column, alone for equality (a list value means any of its items) or followed by an operator: `col NOT`, `col <`, `col <=`, `col >`, `col >=`, `col LIKE` (a whole word); `col1 OR col2` takes a list of values, matched by position. Examples: {\"key\": \"lang\", \"value\": \"en\"}, {\"key\": \"year >=\", \"value\": 2021}, {\"key\": \"status NOT\", \"value\": [\"draft\", \"old\"]}."#;

/// The name of an index's tool: the one given, or the index's own with `__` for its dots, its last 64 characters.
///
/// # Errors
/// `InvalidInput` when the name given is none that models take.
///
/// ```
/// assert_eq!(lakewire::vector_search::tool::name("main.docs.idx", None)?, "main__docs__idx");
/// # Ok::<(), lakewire::Error>(())
/// ```
pub fn name(index: &str, given: Option<&str>) -> Result<String> {
    let fits = |name: &str| {
        !name.is_empty()
            && name.len() <= 64
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
    };
    if let Some(given) = given {
        if !fits(given) {
            return Err(invalid("A tool's name has 1 to 64 letters, digits, `_` and `-`."));
        }
        return Ok(given.to_owned());
    }
    let long = replace(index, ".", "__");
    let over = long.chars().count().saturating_sub(64);
    let name: String = long.chars().skip(over).collect();
    if !fits(&name) {
        return Err(invalid(
            "The index's name has characters that a tool's may not have: give the tool a name of its own.",
        ));
    }
    Ok(name)
}

/// What the model is told of an index's tool. `index` is its description as the service gives it; `table` that of the
/// Unity Catalog table under it, when that could be read.
///
/// # Errors
/// `Decode` when a text is no JSON.
pub fn description(index: &str, table: Option<&str>) -> Result<String> {
    let mut out = String::from(PURPOSE);
    let root = answer(index)?;
    if let Some(source) =
        either(root, "delta_sync_index_spec").map(|spec| word(spec, "source_table")).filter(|name| !name.is_empty())
    {
        out.push_str(" The queried index uses the source table ");
        out.push_str(&source);
        out.push('.');
    }
    if let Some(table) = table {
        let columns = either(answer(table)?, "columns");
        let mut first = true;
        for column in columns.into_iter().flat_map(Raw::items) {
            let name = word(column, "name");
            if name.starts_with("__") {
                continue;
            }
            out.push_str(if first { "\n\nColumns of the index:\n" } else { "\n" });
            first = false;
            let comment = word(column, "comment");
            let kind = word(column, "type_text");
            let kind = if kind.is_empty() { word(column, "type_name") } else { kind };
            let comment = if comment.is_empty() { "No description provided" } else { &comment };
            for piece in [name.as_str(), " (", &kind, "): ", comment] {
                out.push_str(piece);
            }
        }
    }
    Ok(out)
}

/// The JSON Schema of the tool's arguments: `query`, and `filters` when the model may set them.
#[must_use]
pub fn parameters(dynamic_filter: bool) -> String {
    let mut out = String::from(
        r#"{"type":"object","properties":{"query":{"type":"string","description":"The question or text to find passages for."}"#,
    );
    if dynamic_filter {
        out.push_str(r#","filters":{"type":"array","description":""#);
        out.push_str(FILTERS);
        out.push_str(
            r#"","items":{"type":"object","properties":{"key":{"type":"string"},"value":{}},"required":["key","value"]}}"#,
        );
    }
    out.push_str(r#"},"required":["query"]}"#);
    out
}

/// The arguments of a call: the question, and the filters to search with. What is configured wins over what the model
/// set for the same key.
///
/// # Errors
/// `InvalidInput` when there is no question, or a filter is none: the model is told and may try again.
///
/// ```
/// use lakewire::vector_search::tool;
/// let (query, filters) = tool::arguments(r#"{"query":"reset","filters":[{"key":"lang","value":"en"}]}"#, true, None)?;
/// assert_eq!((query.as_str(), filters.as_deref()), ("reset", Some(r#"{"lang":"en"}"#)));
/// # Ok::<(), lakewire::Error>(())
/// ```
pub fn arguments(arguments: &str, dynamic_filter: bool, configured: Option<&str>) -> Result<(String, Option<String>)> {
    let root = given(arguments, "The arguments")?;
    let Some(query) = root.get_some("query").and_then(Raw::as_str).filter(|query| !query.is_empty()) else {
        return Err(invalid("The tool needs `query`: the question or text to find passages for."));
    };
    let own = configured.map(Raw::parse).transpose()?;
    let asked = root.get_some("filters").filter(|_| dynamic_filter);
    let Some(asked) = asked else { return Ok((query.into_owned(), own.map(|own| own.text().to_owned()))) };
    if !asked.is_array() {
        return Err(invalid("`filters` must be a list of objects with `key` and `value`."));
    }
    let mut merged: Vec<(String, &str)> = Vec::new();
    for one in asked.items() {
        let (Some(key), Some(value)) = (one.get_some("key").and_then(Raw::as_str), one.get_some("value")) else {
            return Err(invalid("Every filter must be an object with `key`, a text, and `value`."));
        };
        set(&mut merged, key.into_owned(), value);
    }
    for (key, value) in own.into_iter().flat_map(Raw::fields) {
        set(&mut merged, key.into_owned(), value);
    }
    if merged.is_empty() {
        return Ok((query.into_owned(), None));
    }
    let mut out = Object::new();
    for (key, value) in &merged {
        out.raw(key, value);
    }
    Ok((query.into_owned(), Some(out.finish())))
}

fn set<'a>(merged: &mut Vec<(String, &'a str)>, key: String, value: Raw<'a>) {
    match merged.iter_mut().find(|(known, _)| *known == key) {
        Some(known) => known.1 = value.text(),
        None => merged.push((key, value.text())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_models_take() {
        let long = format!("main.docs.{}", "x".repeat(70));
        assert_eq!(name(&long, None).unwrap(), "x".repeat(64));
        assert_eq!(name("a.b.c", Some("find-it_1")).unwrap(), "find-it_1");
        for bad in ["", "a b", "a.b", &"x".repeat(65)] {
            assert!(name("a.b.c", Some(bad)).is_err(), "{bad}");
        }
        assert!(name("a.b.ü", None).is_err());
    }

    #[test]
    fn the_model_is_told_of_table_and_columns() {
        let index = crate::vector_search::tests::MANAGED;
        let table = r#"{"columns":[{"name":"id","type_text":"string","comment":"The key"},{"name":"__db_x","type_text":"string"},{"name":"n","type_name":"INT"}]}"#;
        let text = description(index, Some(table)).unwrap();
        assert!(text.starts_with(PURPOSE) && text.contains("source table a.b.t."));
        assert!(
            text.ends_with("\n\nColumns of the index:\nid (string): The key\nn (INT): No description provided"),
            "{text}"
        );
        let direct = description(crate::vector_search::tests::DIRECT, None).unwrap();
        assert_eq!(direct, PURPOSE);
        for dynamic in [false, true] {
            let schema: serde_json::Value = serde_json::from_str(&parameters(dynamic)).unwrap();
            assert_eq!(schema["properties"].get("filters").is_some(), dynamic);
        }
    }

    #[test]
    fn what_is_configured_wins_over_the_model() {
        let call = r#"{"query":"q","filters":[{"key":"tenant","value":"theirs"},{"key":"year >","value":2000}]}"#;
        let (_, filters) = arguments(call, true, Some(r#"{"tenant":"ours"}"#)).unwrap();
        assert_eq!(filters.as_deref(), Some(r#"{"tenant":"ours","year >":2000}"#));
        // filters that were not offered are not taken
        assert_eq!(arguments(call, false, Some(r#"{"a":1}"#)).unwrap().1.as_deref(), Some(r#"{"a":1}"#));
        assert_eq!(arguments(r#"{"query":"q","filters":[]}"#, true, None).unwrap().1, None);
        for bad in
            ["{}", r#"{"query":""}"#, r#"{"query":"q","filters":{}}"#, r#"{"query":"q","filters":[{"key":"a"}]}"#]
        {
            assert!(arguments(bad, true, None).is_err(), "{bad}");
        }
    }
}
