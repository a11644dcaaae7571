//! What a page may send to custom models, by MLflow's scoring forms.

use crate::relay::body::canonical::{Fields, fields};
use crate::relay::body::{at_most, get, positive_of};
use crate::relay::policy::RelayLimits;
use crate::relay::reply::Fault;
use crate::wire::json::Raw;

/// Where the rows stand.
pub(super) const INPUTS: &[&str] = &["inputs", "instances", "dataframe_split", "dataframe_records"];
pub(super) const FIELDS: &[&str] = &["inputs", "instances", "dataframe_split", "dataframe_records", "params"];
/// Parameters that say how long an answer may be.
const LENGTHS: &[&str] = &["max_tokens", "max_new_tokens", "max_length", "max_completion_tokens", "max_output_tokens"];

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
    let Some(params) = get(given, "params") else { return Ok(()) };
    for (name, value) in fields(params)?.iter().filter(|(name, _)| LENGTHS.contains(&&**name)) {
        if positive_of(*value, name)? > limits.max_tokens {
            return Err(Fault::body(&["`params.", name, "` is more than ", &limits.max_tokens.to_string(), "."]));
        }
    }
    for name in ["n", "num_return_sequences", "candidate_count"] {
        let over = |value: Raw<'_>| positive_of(value, name).map(|n| n > limits.n);
        if params.get_some(name).map(over).transpose()? == Some(true) {
            return Err(Fault::body(&["`params.", name, "` is more than ", &limits.n.to_string(), "."]));
        }
    }
    Ok(())
}
