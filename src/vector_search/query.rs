//! What a query sends, checked: pure.

use crate::error::Result;
use crate::vector_search::filter::{Filter, MARK};
use crate::vector_search::text::{Object, given, invalid};
use crate::wire::json::{Raw, string};

/// The body of a query from a request's JSON text.
///
/// `filters` may be a [`Filter`], a dictionary or a list of them (sent as `filters_json`), or SQL-like text (sent as
/// `filter_string`). A `Filter` is rendered for the endpoint's kind. Absent and `null` fields are left out.
///
/// # Errors
/// `InvalidInput` for what the service would refuse: no columns, a query type without what it needs, `reranker` beside
/// `columns_to_rerank`, two filters; and for what a filter cannot say.
///
/// ```
/// use lakewire::vector_search::query;
/// let body = query::body(r#"{"columns":["id"],"query_text":"reset","filters":{"lang":"en"}}"#, false)?;
/// assert_eq!(body, r#"{"columns":["id"],"query_text":"reset","filters_json":"{\"lang\":\"en\"}"}"#);
/// # Ok::<(), lakewire::Error>(())
/// ```
pub fn body(request: &str, storage_optimized: bool) -> Result<String> {
    let root = given(request, "The query")?;
    let has = |name: &str| root.get_some(name).is_some();
    if root.get_some("columns").and_then(|columns| columns.items().next()).is_none_or(|column| !column.is_string()) {
        return Err(invalid("A query needs `columns`: a list with the names of the columns to give back."));
    }
    let kind = root.get_some("query_type").and_then(Raw::as_str).unwrap_or_default().to_ascii_uppercase();
    if matches!(kind.as_str(), "HYBRID" | "FULL_TEXT") {
        if !has("query_text") {
            return Err(invalid(["A query of type ", &kind, " needs `query_text`."].concat()));
        }
    } else if !has("query_text") && !has("query_vector") {
        return Err(invalid(
            "A query needs `query_text`, for an index that computes embeddings itself, or `query_vector`.",
        ));
    }
    if has("reranker") && has("columns_to_rerank") {
        return Err(invalid("A query takes `reranker` or `columns_to_rerank`, not both: the second is the older one."));
    }
    if ["filters", "filters_json", "filter_string"].iter().filter(|name| has(name)).count() > 1 {
        return Err(invalid("A query takes one filter: `filters`, or one of `filters_json` and `filter_string`."));
    }
    let mut out = Object::new();
    for (key, value) in root.fields().filter(|(_, value)| !value.is_null()) {
        if key == "filters" {
            filter(value, storage_optimized, &mut out)?;
        } else {
            out.raw(&key, value.text());
        }
    }
    Ok(out.finish())
}

fn filter(value: Raw<'_>, storage_optimized: bool, out: &mut Object) -> Result<()> {
    if value.is_string() {
        out.raw("filter_string", value.text());
    } else if let Some(expression) = value.get_some(MARK) {
        let filter = Filter::of(expression)?;
        if storage_optimized {
            out.text("filter_string", &filter.to_filter_string()?);
        } else {
            out.text("filters_json", &filter.to_filters_json()?);
        }
    } else if value.is_object() || value.is_array() {
        // an empty dictionary is no filter
        let any = value.fields().next().is_some() || value.items().next().is_some();
        if any && storage_optimized {
            return Err(invalid(
                "A storage-optimised endpoint takes SQL-like text for a filter, not a dictionary: give `filters` as text or as a Filter.",
            ));
        }
        if any {
            out.raw("filters_json", &string(value.text()));
        }
    } else {
        return Err(invalid("`filters` must be a Filter, a dictionary, a list of dictionaries, or SQL-like text."));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_go_where_the_endpoint_reads_them() {
        let with = |filters: &str, storage| {
            body(&format!(r#"{{"columns":["a"],"query_text":"q","filters":{filters}}}"#), storage)
        };
        let built = r#"{"$filter":["eq","a","x"]}"#;
        assert!(with(built, false).unwrap().ends_with(r#""filters_json":"{\"a\":\"x\"}"}"#));
        assert!(with(built, true).unwrap().ends_with(r#""filter_string":"a = 'x'"}"#));
        assert!(with("\"a > 1\"", false).unwrap().ends_with(r#""filter_string":"a > 1"}"#));
        assert!(!with("{}", true).unwrap().contains("filter"));
        assert!(!with("null", false).unwrap().contains("filter"));
        for bad in ["7", r#"{"$filter":["drop"]}"#, r#"{"$filter":["like","a","x%"]}"#] {
            assert!(with(bad, false).is_err(), "{bad}");
        }
        assert!(with(r#"{"a":1}"#, true).unwrap_err().message().contains("storage-optimised"));
    }

    #[test]
    fn what_would_be_refused_is_not_sent() {
        for (bad, part) in [
            (r#"{"query_text":"q"}"#, "columns"),
            (r#"{"columns":[],"query_text":"q"}"#, "columns"),
            (r#"{"columns":["a"]}"#, "query_vector"),
            (r#"{"columns":["a"],"query_vector":[1],"query_type":"hybrid"}"#, "HYBRID"),
            (r#"{"columns":["a"],"query_vector":[1],"query_type":"FULL_TEXT"}"#, "FULL_TEXT"),
            (r#"{"columns":["a"],"query_text":"q","reranker":{},"columns_to_rerank":["a"]}"#, "reranker"),
            (r#"{"columns":["a"],"query_text":"q","filters":{"a":1},"filter_string":"a"}"#, "one filter"),
            ("[]", "object"),
        ] {
            let error = body(bad, false).unwrap_err();
            assert!(error.message().contains(part), "{bad}: {error}");
        }
        assert_eq!(
            body(r#"{"columns":["a"],"query_vector":[1],"query_text":null,"debug_level":1}"#, false).unwrap(),
            r#"{"columns":["a"],"query_vector":[1],"debug_level":1}"#
        );
    }
}
