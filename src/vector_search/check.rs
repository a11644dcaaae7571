//! What would be refused, said before it is sent: names and the description of a new index. Pure.

use crate::error::Result;
use crate::vector_search::text::{given, invalid};
use crate::wire::find::whole;
use crate::wire::json::Raw;

/// Checks the full name of an index or a table: `catalog.schema.name`.
///
/// # Errors
/// `InvalidInput` when it has not exactly two dots.
pub fn full_name(what: &str, name: &str) -> Result<()> {
    if name.split('.').count() == 3 && name.split('.').all(|part| !part.is_empty()) {
        return Ok(());
    }
    Err(invalid([what, " '", name, "' must be in the format 'catalog.schema.name'."].concat()))
}

/// Checks the description of a new endpoint, JSON text.
///
/// # Errors
/// `InvalidInput` when it has no name or no type, or sets a target that only standard endpoints have.
///
/// ```
/// use lakewire::vector_search::check;
/// assert!(check::endpoint(r#"{"name":"vs1","endpoint_type":"STANDARD"}"#).is_ok());
/// ```
pub fn endpoint(body: &str) -> Result<()> {
    let root = given(body, "The endpoint")?;
    text(root, "name", "The endpoint")?;
    let kind = text(root, "endpoint_type", "The endpoint")?;
    if let Some(target) = root.get_some("target_qps") {
        if kind == "STORAGE_OPTIMIZED" {
            return Err(invalid("`target_qps` is for endpoints of type STANDARD alone: leave it out."));
        }
        positive(target, "`target_qps`")?;
    }
    Ok(())
}

/// Checks the description of a new index, JSON text.
///
/// # Errors
/// `InvalidInput` for what the service would refuse: a name that has not three parts, a missing or a superfluous
/// specification, embeddings that are both computed and given, a dimension that is none, a schema without the columns the
/// index needs.
///
/// ```
/// use lakewire::vector_search::check;
/// let index = r#"{"name":"main.docs.idx","endpoint_name":"vs1","primary_key":"id","index_type":"DELTA_SYNC",
///     "delta_sync_index_spec":{"source_table":"main.docs.manual","pipeline_type":"TRIGGERED",
///         "embedding_source_columns":[{"name":"body","embedding_model_endpoint_name":"databricks-gte-large-en"}]}}"#;
/// assert!(check::index(index).is_ok());
/// assert!(check::index(&index.replace("TRIGGERED", "SOMETIMES")).is_err());
/// ```
pub fn index(body: &str) -> Result<()> {
    let root = given(body, "The index")?;
    full_name("The index", &text(root, "name", "The index")?)?;
    text(root, "endpoint_name", "The index")?;
    let key = text(root, "primary_key", "The index")?;
    let full_text = match text(root, "index_subtype", "").unwrap_or_default().as_str() {
        "VECTOR" => {
            return Err(invalid(
                "The service lists `index_subtype` VECTOR and does not take it: use HYBRID, or leave it out.",
            ));
        }
        kind => kind == "FULL_TEXT",
    };
    let [sync, direct] = ["delta_sync_index_spec", "direct_access_index_spec"].map(|name| root.get_some(name));
    match (text(root, "index_type", "The index")?.as_str(), sync, direct) {
        ("DELTA_SYNC", Some(spec), None) => delta_sync(spec, full_text),
        ("DIRECT_ACCESS", None, Some(spec)) => direct_access(spec, &key, full_text),
        ("DELTA_SYNC", ..) => {
            Err(invalid("An index of type DELTA_SYNC needs `delta_sync_index_spec`, and no other specification."))
        }
        ("DIRECT_ACCESS", ..) => {
            Err(invalid("An index of type DIRECT_ACCESS needs `direct_access_index_spec`, and no other specification."))
        }
        _ => Err(invalid("`index_type` must be DELTA_SYNC or DIRECT_ACCESS.")),
    }
}

fn delta_sync(spec: Raw<'_>, full_text: bool) -> Result<()> {
    full_name("The source table", &text(spec, "source_table", "The specification")?)?;
    if !matches!(text(spec, "pipeline_type", "The specification")?.as_str(), "TRIGGERED" | "CONTINUOUS") {
        return Err(invalid("`pipeline_type` must be TRIGGERED or CONTINUOUS."));
    }
    match (embeddings(spec)?, full_text) {
        ((true, true), _) => Err(invalid(
            "An index takes `embedding_source_columns`, whose embeddings it computes, or `embedding_vector_columns`, whose embeddings you give: not both.",
        )),
        ((false, false), false) => Err(invalid(
            "An index of type DELTA_SYNC needs `embedding_source_columns`, whose embeddings it computes, or `embedding_vector_columns`, whose embeddings the table holds.",
        )),
        _ => Ok(()),
    }
}

fn direct_access(spec: Raw<'_>, key: &str, full_text: bool) -> Result<()> {
    if embeddings(spec)? == (false, false) && !full_text {
        return Err(invalid("An index of type DIRECT_ACCESS needs `embedding_vector_columns`."));
    }
    let Some(schema) = spec.get_some("schema_json") else { return Ok(()) };
    let wrong = || invalid("`schema_json` must be the JSON text of an object from columns to types.");
    let schema = schema.as_str().ok_or_else(wrong)?;
    let schema = Raw::parse(&schema).ok().filter(|schema| schema.is_object()).ok_or_else(wrong)?;
    for (column, kind) in schema.fields() {
        if !TYPES.contains(&&*kind.as_str().unwrap_or_default()) {
            return Err(invalid(
                [
                    "The column `",
                    &column,
                    "` of `schema_json` has a type the service does not take: the types are ",
                    &TYPES.join(", "),
                    ".",
                ]
                .concat(),
            ));
        }
    }
    let kind = |column: &str| schema.get_some(column).and_then(Raw::as_str).unwrap_or_default().into_owned();
    if kind(key).is_empty() {
        return Err(invalid(["`schema_json` lacks the primary key `", key, "`."].concat()));
    }
    for column in spec.get_some("embedding_vector_columns").into_iter().flat_map(Raw::items) {
        let name = text(column, "name", "A vector column")?;
        if !matches!(kind(&name).as_str(), "array<float>" | "array<double>") {
            return Err(invalid(
                ["`schema_json` must give the vector column `", &name, "` the type array<float> or array<double>."]
                    .concat(),
            ));
        }
    }
    Ok(())
}

const TYPES: [&str; 10] =
    ["integer", "long", "float", "double", "boolean", "string", "date", "timestamp", "array<float>", "array<double>"];

/// Whether it has source columns and vector columns, each well described.
fn embeddings(spec: Raw<'_>) -> Result<(bool, bool)> {
    let columns = |name: &str| spec.get_some(name).into_iter().flat_map(Raw::items);
    let mut found = (false, false);
    for column in columns("embedding_source_columns") {
        found.0 = true;
        text(column, "name", "A source column")?;
        text(column, "embedding_model_endpoint_name", "A source column")?;
    }
    for column in columns("embedding_vector_columns") {
        found.1 = true;
        text(column, "name", "A vector column")?;
        let dimension = column.get_some("embedding_dimension");
        positive(dimension.unwrap_or(Raw::trusted("0")), "`embedding_dimension` of a vector column")?;
    }
    Ok(found)
}

fn positive(value: Raw<'_>, what: &str) -> Result<()> {
    match whole(value.text()) {
        Some(1..) => Ok(()),
        _ => Err(invalid([what, " must be a whole number above 0."].concat())),
    }
}

fn text(object: Raw<'_>, name: &str, whose: &str) -> Result<String> {
    match object.get_some(name).and_then(Raw::as_str) {
        Some(text) if !text.is_empty() => Ok(text.into_owned()),
        _ => Err(invalid([whose, " needs `", name, "`."].concat())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn refused(body: &Value, part: &str) {
        let error = index(&body.to_string()).unwrap_err();
        assert!(error.message().contains(part), "{part}: {error}");
    }

    fn with(base: &Value, pointer: &str, value: Value) -> Value {
        let mut body = base.clone();
        *body.pointer_mut(pointer).unwrap() = value;
        body
    }

    #[test]
    fn delta_sync_indexes_are_checked() {
        let good = json!({"name": "a.b.c", "endpoint_name": "vs", "primary_key": "id", "index_type": "DELTA_SYNC", "index_subtype": null,
            "delta_sync_index_spec": {"source_table": "a.b.t", "pipeline_type": "TRIGGERED", "embedding_vector_columns": null,
                "embedding_source_columns": [{"name": "body", "embedding_model_endpoint_name": "e"}]}});
        index(&good.to_string()).unwrap();
        let spec = "/delta_sync_index_spec";
        refused(&with(&good, "/name", json!("a.b")), "catalog.schema.name");
        refused(&with(&good, "/name", json!("a..b")), "catalog.schema.name");
        refused(&with(&good, "/primary_key", json!("")), "primary_key");
        refused(&with(&good, "/index_type", json!("DELTA")), "DIRECT_ACCESS");
        refused(&with(&good, "/index_type", json!("DIRECT_ACCESS")), "direct_access_index_spec");
        refused(&with(&good, "/index_subtype", json!("VECTOR")), "HYBRID");
        refused(&with(&good, &format!("{spec}/source_table"), json!("t")), "source table");
        refused(&with(&good, &format!("{spec}/pipeline_type"), json!("x")), "CONTINUOUS");
        refused(&with(&good, &format!("{spec}/embedding_source_columns"), json!([])), "embedding_source_columns");
        refused(
            &with(&good, &format!("{spec}/embedding_source_columns/0"), json!({"name": "body"})),
            "embedding_model_endpoint_name",
        );
        refused(
            &with(&good, &format!("{spec}/embedding_vector_columns"), json!([{"name": "v", "embedding_dimension": 3}])),
            "not both",
        );
        let words = with(&good, "/index_subtype", json!("FULL_TEXT"));
        index(&with(&words, &format!("{spec}/embedding_source_columns"), json!([])).to_string()).unwrap();
    }

    #[test]
    fn direct_access_indexes_are_checked() {
        let schema = r#"{"id":"string","body":"string","vec":"array<float>"}"#;
        let good = json!({"name": "a.b.c", "endpoint_name": "vs", "primary_key": "id", "index_type": "DIRECT_ACCESS",
            "direct_access_index_spec": {"schema_json": schema, "embedding_vector_columns": [{"name": "vec", "embedding_dimension": 3}]}});
        index(&good.to_string()).unwrap();
        let spec = "/direct_access_index_spec";
        let schema = |text: &str| with(&good, &format!("{spec}/schema_json"), json!(text));
        refused(&schema("[]"), "object");
        refused(&schema(r#"{"id":"varchar"}"#), "types are integer");
        refused(&schema(r#"{"vec":"array<float>"}"#), "primary key `id`");
        refused(&schema(r#"{"id":"long","vec":"float"}"#), "array<float>");
        refused(&with(&good, &format!("{spec}/embedding_vector_columns/0/embedding_dimension"), json!(0)), "above 0");
        refused(&with(&good, &format!("{spec}/embedding_vector_columns"), json!([])), "embedding_vector_columns");
    }

    #[test]
    fn endpoints_are_checked() {
        assert!(endpoint(r#"{"name":"v","endpoint_type":"STANDARD","target_qps":5}"#).is_ok());
        for bad in [
            "{}",
            r#"{"name":"v"}"#,
            r#"{"name":"v","endpoint_type":"STANDARD","target_qps":0}"#,
            r#"{"name":"v","endpoint_type":"STORAGE_OPTIMIZED","target_qps":5}"#,
            "[]",
        ] {
            assert!(endpoint(bad).is_err(), "{bad}");
        }
    }
}
