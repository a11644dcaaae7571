//! Questions to vector indexes: bounded, and within the columns that may be read.

use crate::relay::body::canonical::{Fields, Writer};
use crate::relay::body::{get, nothing, only, plain, positive, text_of};
use crate::relay::grammar;
use crate::relay::policy::Rules;
use crate::relay::reply::Fault;
use crate::relay::route::Matched;
use crate::wire::json::Raw;

const FIELDS: &[&str] = &[
    "columns",
    "num_results",
    "query_text",
    "query_vector",
    "query_type",
    "filters_json",
    "filter_string",
    "score_threshold",
    "columns_to_rerank",
    "reranker",
    "query_columns",
    "sort_columns",
    "facets",
];
/// What the service gives when nobody says how many.
const SERVICE_RESULTS: u64 = 10;

/// A query, with no more rows than the policy lets out.
pub(super) fn query(rules: &Rules, index: &str, given: &Fields<'_>) -> Result<String, Fault> {
    // what a client says so as to ask for nothing special
    let quiet = |key: &str| key == "debug_level" && get(given, key).is_none_or(|level| level.text() == "0");
    if let Some((key, _)) = given.iter().find(|(key, _)| !FIELDS.contains(&&**key) && !quiet(key)) {
        return Err(super::unknown(key));
    }
    let columns = rules.columns.iter().find(|(known, _)| known == index).map(|(_, columns)| columns.as_slice());
    // the service takes it in any case
    let kind = get(given, "query_type").map(|kind| kind.as_str().unwrap_or_default().to_ascii_uppercase());
    if !kind.as_deref().is_none_or(|kind| matches!(kind, "ANN" | "HYBRID" | "FULL_TEXT")) {
        return Err(Fault::body(&["`query_type` is not `ANN`, `HYBRID` or `FULL_TEXT`."]));
    }
    check_columns(columns, given)?;
    // without them the service looks through all columns, and so tells of those that may not be read
    let words = kind.is_some_and(|kind| kind != "ANN");
    let named = get(given, "query_columns").is_some_and(|named| named.items().next().is_some());
    if columns.is_some() && words && !named {
        return Err(Fault::body(&["`query_columns` is missing: name the columns whose words are searched."]));
    }
    if let Some(reranker) = get(given, "reranker") {
        // another model would be another endpoint
        if reranker.get_some("model").and_then(Raw::as_str).as_deref() != Some("databricks_reranker") {
            return Err(Fault::body(&["The `reranker` is not the service's own."]));
        }
    }
    let mut out = Writer::new();
    for (key, value) in
        given.iter().filter(|(key, value)| !value.is_null() && key != "num_results" && key != "debug_level")
    {
        out.value(key, *value)?;
    }
    let asked = positive(given, "num_results")?.unwrap_or(SERVICE_RESULTS);
    out.number("num_results", asked.min(rules.max_results));
    Ok(out.finish())
}

/// Every column a query names is among those that may be read.
fn check_columns(allowed: Option<&[String]>, given: &Fields<'_>) -> Result<(), Fault> {
    let Some(allowed) = allowed else { return Ok(()) };
    let known = |column: &str| allowed.iter().any(|known| known == column);
    let refused = || Fault::body(&["A column is not among those that may be read."]);
    let all = |value: Raw<'_>, of: Form| {
        value.is_array()
            && value.items().all(|item| item.as_str().is_some_and(|text| of.column(&text).is_some_and(known)))
    };
    for (key, of) in [
        ("columns", Form::Name),
        ("columns_to_rerank", Form::Name),
        ("query_columns", Form::Name),
        ("sort_columns", Form::Sort),
        ("facets", Form::Facet),
    ] {
        if get(given, key).is_some_and(|value| !all(value, of)) {
            return Err(refused());
        }
    }
    let rerank = get(given, "reranker").and_then(|reranker| reranker.get_some("parameters"));
    if rerank
        .and_then(|parameters| parameters.get_some("columns_to_rerank"))
        .is_some_and(|value| !all(value, Form::Name))
    {
        return Err(refused());
    }
    if get(given, "columns").is_none() {
        return Err(Fault::body(&["`columns` is missing: name the columns to read."]));
    }
    // a condition on a column tells of it too
    if get(given, "filter_string").is_some() {
        return Err(Fault::body(&["`filter_string` is not let through for this index: use `filters_json`."]));
    }
    let Some(filters) = get(given, "filters_json") else { return Ok(()) };
    let text = filters.as_str().unwrap_or_default();
    let filters = Raw::parse(&text).map_err(|_| Fault::body(&["`filters_json` is not the text of a JSON object."]))?;
    let groups: Vec<Raw<'_>> = if filters.is_array() { filters.items().collect() } else { vec![filters] };
    let fits = |key: &str| key.split(" OR ").all(|part| Form::Filter.column(part).is_some_and(known));
    if groups.iter().all(|group| group.is_object() && group.fields().all(|(key, _)| fits(&key))) {
        Ok(())
    } else {
        Err(refused())
    }
}

/// How a text names a column: its name, and nothing behind it but what the form has.
#[derive(Clone, Copy)]
enum Form {
    Name,
    Sort,
    Facet,
    Filter,
}

impl Form {
    /// The column a text names, when it has exactly this form.
    fn column(self, text: &str) -> Option<&str> {
        let (name, rest) = match text.split_once(' ') {
            Some((name, rest)) => (name, Some(rest)),
            None => (text, None),
        };
        let fits = match (self, rest) {
            (_, None) => true,
            (Self::Name, Some(_)) => return Some(text),
            (Self::Sort, Some(rest)) => matches!(rest, "ASC" | "DESC"),
            (Self::Facet, Some(rest)) => {
                rest.strip_prefix("TOP ").is_some_and(grammar::number)
                    || rest.strip_prefix("BUCKETS [[").and_then(|rest| rest.strip_suffix("]]")).is_some_and(buckets)
            }
            (Self::Filter, Some(rest)) => matches!(rest, "NOT" | "LIKE" | "NOT LIKE" | "<" | "<=" | ">" | ">="),
        };
        fits.then_some(name)
    }
}

fn buckets(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || b".,-+eE[] ".contains(&byte))
}

/// The next page of a query.
pub(super) fn next_page(given: &Fields<'_>) -> Result<String, Fault> {
    text_of(given, "page_token", |token| !token.is_empty() && token.len() <= 8_192)?;
    if get(given, "endpoint_name").is_some() {
        text_of(given, "endpoint_name", grammar::endpoint)?;
    }
    plain(given, &["page_token", "endpoint_name"])
}

/// Rows to write, or the wish to synchronise.
pub(super) fn write(matched: &Matched<'_>, given: &Fields<'_>) -> Result<String, Fault> {
    if matched.route.as_str() == "indexes.sync" {
        return nothing(given);
    }
    only(given, &["inputs_json"])?;
    text_of(given, "inputs_json", |rows| Raw::parse(rows).is_ok_and(Raw::is_array))?;
    plain(given, &["inputs_json"])
}
