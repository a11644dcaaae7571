//! What a page may send to custom models, by MLflow's scoring forms.

use crate::relay::body::canonical::{Fields, fields};
use crate::relay::body::{at_most, get, positive_of};
use crate::relay::policy::RelayLimits;
use crate::relay::reply::Fault;
use crate::wire::json::Raw;

/// Where the rows stand.
pub(super) const INPUTS: &[&str] = &["inputs", "instances", "dataframe_split", "dataframe_records"];
pub(super) const FIELDS: &[&str] = &["inputs", "instances", "dataframe_split", "dataframe_records", "params"];
/// What says how long an answer may be.
const LENGTHS: &[&str] = &[
    "max_tokens",
    "max_new_tokens",
    "max_completion_tokens",
    "max_output_tokens",
    "max_gen_len",
    "max_generated_tokens",
    "maxTokens",
    "maxNewTokens",
    "maxOutputTokens",
];
/// The same and how many answers: names that a column of data may have too, so they count in `params` alone.
const MORE_LENGTHS: &[&str] = &["max_length", "maxLength"];
const ANSWERS: &[&str] = &["n", "best_of", "num_return_sequences", "candidate_count", "candidateCount"];

/// Checks how many rows there are, and what the parameters cost.
pub(super) fn check(limits: &RelayLimits, given: &Fields<'_>) -> Result<(), Fault> {
    for key in INPUTS {
        let Some(value) = get(given, key) else { continue };
        let rows = if *key == "dataframe_split" { value.get_some("data") } else { Some(value) };
        match rows {
            Some(rows) if rows.is_array() => at_most(rows, key, limits.inputs)?,
            // a form of columns: each is a list
            Some(columns) if columns.is_object() => {
                for (_, column) in columns.fields().filter(|(_, column)| column.is_array()) {
                    at_most(column, key, limits.inputs)?;
                }
            }
            _ => {}
        }
    }
    for key in ["inputs", "instances", "dataframe_records"] {
        let Some(value) = get(given, key) else { continue };
        lengths(limits, value, key)?;
        for row in value.items() {
            lengths(limits, row, key)?;
        }
    }
    if let Some(split) = get(given, "dataframe_split") {
        split_lengths(limits, split)?;
    }
    let Some(params) = get(given, "params") else { return Ok(()) };
    for (name, value) in fields(params)?.iter().filter(|(_, value)| !value.is_null()) {
        let most = match &**name {
            name if LENGTHS.contains(&name) || MORE_LENGTHS.contains(&name) => limits.max_tokens,
            name if ANSWERS.contains(&name) => limits.n,
            _ => continue,
        };
        within(*value, most, name, "params")?;
    }
    Ok(())
}

/// Lengths of answers that stand one level inside an object, each a number or a column of them.
pub(super) fn lengths(limits: &RelayLimits, object: Raw<'_>, place: &str) -> Result<(), Fault> {
    for (name, value) in object.fields().filter(|(name, _)| LENGTHS.contains(&&**name)) {
        if value.is_array() || value.is_object() {
            for value in value.items().chain(value.fields().map(|(_, value)| value)) {
                within(value, limits.max_tokens, &name, place)?;
            }
        } else {
            within(value, limits.max_tokens, &name, place)?;
        }
    }
    Ok(())
}

/// The same of rows whose columns are named apart.
fn split_lengths(limits: &RelayLimits, split: Raw<'_>) -> Result<(), Fault> {
    for (at, name) in split.get_some("columns").into_iter().flat_map(Raw::items).enumerate() {
        let Some(name) = name.as_str().filter(|name| LENGTHS.contains(&&**name)) else { continue };
        for row in split.get_some("data").into_iter().flat_map(Raw::items) {
            if let Some(value) = row.items().nth(at) {
                within(value, limits.max_tokens, &name, "dataframe_split")?;
            }
        }
    }
    Ok(())
}

fn within(value: Raw<'_>, most: u64, name: &str, place: &str) -> Result<(), Fault> {
    if !value.is_null() && positive_of(value, name)? > most {
        return Err(Fault::body(&["`", place, ".", name, "` is more than ", &most.to_string(), "."]));
    }
    Ok(())
}
