//! Facets: how many of the matched rows have which value of a column (wire: vector-search §3).
//!
//! The rows of the answer's `facet_array` are `[column, value, count]`: the service's own form is not publicly known.

use std::cmp::Ordering;

use serde_json::{Value, json};

use super::columns::{Kind, Scalar};
use super::index::{Index, Row};
use crate::errors::ApiError;
use crate::json::invalid;

/// Values of a facet unless it says how many.
const TOP: usize = 10;

/// One facet that is asked for.
#[derive(Debug, Clone)]
pub(super) struct Facet {
    column: String,
    want: Want,
}

#[derive(Debug, Clone)]
enum Want {
    Top(usize),
    Buckets(Vec<(f64, f64)>),
}

/// Reads `<column>`, `<column> TOP n` and `<column> BUCKETS [[from,to],…]`.
pub(super) fn read(entries: &[Value], index: &Index) -> Result<Vec<Facet>, ApiError> {
    let mut facets: Vec<Facet> = Vec::new();
    for entry in entries {
        let wrong = || {
            invalid(&format!(
                "The facet {entry} is not a column, '<column> TOP n' or '<column> BUCKETS [[from,to],…]'."
            ))
        };
        let text = entry.as_str().ok_or_else(wrong)?.trim();
        let (column, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let known = index.column(column);
        let known = known.ok_or_else(|| invalid(&format!("The facet column '{column}' does not exist.")))?;
        if facets.iter().any(|facet| facet.column == column) {
            return Err(invalid(&format!("The column '{column}' appears in more than one facet.")));
        }
        let (word, argument) = rest.trim().split_once(char::is_whitespace).unwrap_or((rest.trim(), ""));
        let want = match word.to_ascii_uppercase().as_str() {
            "" => Want::Top(TOP),
            "TOP" => Want::Top(argument.trim().parse().ok().filter(|count| *count > 0).ok_or_else(wrong)?),
            "BUCKETS" => {
                if !matches!(known.kind(), Kind::Int | Kind::Long | Kind::Double) {
                    return Err(invalid(&format!(
                        "BUCKETS needs a column of numbers: '{column}' is {}.",
                        known.type_text
                    )));
                }
                Want::Buckets(serde_json::from_str(argument).map_err(|_| wrong())?)
            }
            _ => return Err(wrong()),
        };
        facets.push(Facet { column: column.to_owned(), want });
    }
    Ok(facets)
}

/// Counts the facets over the matched rows: `[column, value, count]` each.
pub(super) fn count(facets: &[Facet], index: &Index, rows: &[&Row]) -> Vec<Value> {
    let mut counted = Vec::new();
    for facet in facets {
        let Some(column) = index.column(&facet.column) else { continue };
        let cells = rows.iter().map(|row| index.cell(row, &facet.column)).filter(|cell| !cell.is_null());
        match &facet.want {
            Want::Top(most) => {
                let mut counts: Vec<(Value, u64)> = Vec::new();
                for cell in cells {
                    match counts.iter_mut().find(|(value, _)| *value == cell) {
                        Some((_, count)) => *count += 1,
                        None => counts.push((cell, 1)),
                    }
                }
                let kind = column.kind();
                let order = |one: &Value, other: &Value| {
                    let read = |value| Scalar::read(&kind, value);
                    read(one).zip(read(other)).and_then(|(one, other)| one.against(&other)).unwrap_or(Ordering::Equal)
                };
                counts.sort_by(|(one, many), (other, more)| more.cmp(many).then_with(|| order(one, other)));
                counts.truncate(*most);
                counted.extend(counts.into_iter().map(|(value, count)| json!([facet.column, value, count])));
            }
            Want::Buckets(buckets) => {
                let numbers: Vec<f64> = cells.filter_map(|cell| cell.as_f64()).collect();
                for (from, to) in buckets {
                    let count = numbers.iter().filter(|number| (from..=to).contains(number)).count();
                    counted.push(json!([facet.column, [from, to], count]));
                }
            }
        }
    }
    counted
}
