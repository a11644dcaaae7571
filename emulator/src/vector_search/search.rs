//! Finding rows: exact nearest neighbours, keywords, and both joined by reciprocal rank fusion (wire: vector-search §3).

use std::cmp::Ordering;

use super::bm25;
use super::columns::{Kind, Scalar};
use super::filter::Filter;
use super::index::{Index, Key, Row};

/// What reciprocal rank fusion adds to each rank.
const FUSION: f64 = 60.0;
/// Rows that are fetched for a reranker to order.
pub(super) const RERANKED: usize = 50;
/// Characters of a row that a reranker reads.
const RERANK_TEXT: usize = 2000;

/// A row that was found.
#[derive(Debug, Clone)]
pub(super) struct Hit<'i> {
    key: &'i Key,
    pub row: &'i Row,
    pub score: f64,
}

/// How rows are found.
#[derive(Debug)]
pub(super) enum Means<'q> {
    Near(&'q [f32]),
    Words(&'q str),
    Both(&'q [f32], &'q str),
}

/// The rows that meet the filter, best first. Rows without a word of the question are no hits of a keyword search.
pub(super) fn find<'i>(
    index: &'i Index,
    means: &Means<'_>,
    filter: Option<&Filter>,
    columns: &[String],
) -> Vec<Hit<'i>> {
    let meets = |row: &Row| filter.is_none_or(|filter| filter.holds(&|name| Some(index.cell(row, name))));
    let rows: Vec<(&Key, &Row)> =
        index.rows.iter().map(|(key, row)| (key, &**row)).filter(|(_, row)| meets(row)).collect();
    let near = |vector: &[f32]| {
        let hits = rows.iter().map(|(key, row)| Hit { key, row, score: nearness(vector, &row.vector) });
        ranked(hits.collect())
    };
    let words = |question: &str| {
        let texts: Vec<String> = rows.iter().map(|(_, row)| joined(index, row, columns)).collect();
        let scores = bm25::scores(question, &texts);
        let hits = rows.iter().zip(scores).map(|((key, row), score)| Hit { key, row, score });
        ranked(hits.filter(|hit| hit.score > 0.0).collect())
    };
    match means {
        Means::Near(vector) => near(vector),
        Means::Words(question) => words(question),
        Means::Both(vector, question) => fused(near(vector), &words(question)),
    }
}

/// `1 / (1 + d²)` with the distance `d`.
fn nearness(one: &[f32], other: &[f32]) -> f64 {
    let square = one.iter().zip(other).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>();
    1.0 / (1.0 + square)
}

/// The texts of a row's columns.
pub(super) fn joined(index: &Index, row: &Row, columns: &[String]) -> String {
    let text = |name: &String| match row.values.get(name)? {
        serde_json::Value::String(text) => Some(text.clone()),
        serde_json::Value::Null => None,
        other => Some(other.to_string()),
    };
    debug_assert!(columns.iter().all(|name| index.column(name).is_some()), "columns are checked before");
    columns.iter().filter_map(text).collect::<Vec<_>>().join(" ")
}

/// Best first; equal ones in the order of their keys.
fn ranked(mut hits: Vec<Hit<'_>>) -> Vec<Hit<'_>> {
    hits.sort_by(|one, other| other.score.total_cmp(&one.score).then_with(|| one.key.cmp(other.key)));
    hits
}

fn fused<'i>(near: Vec<Hit<'i>>, words: &[Hit<'i>]) -> Vec<Hit<'i>> {
    let part = |rank: usize| 1.0 / (FUSION + u32::try_from(rank + 1).map_or(f64::MAX, f64::from));
    let by_key: std::collections::BTreeMap<&Key, usize> =
        words.iter().enumerate().map(|(rank, hit)| (hit.key, rank)).collect();
    let join = |(rank, hit): (usize, Hit<'i>)| {
        let second = by_key.get(hit.key).map_or(0.0, |rank| part(*rank));
        Hit { score: part(rank) + second, ..hit }
    };
    ranked(near.into_iter().enumerate().map(join).collect())
}

/// The stand-in for a reranker: the first rows again, by how many words of the question their columns hold; equal ones stay as they were.
pub(super) fn reranked<'i>(index: &Index, mut hits: Vec<Hit<'i>>, question: &str, columns: &[String]) -> Vec<Hit<'i>> {
    hits.truncate(RERANKED);
    for hit in &mut hits {
        let text: String = joined(index, hit.row, columns).chars().take(RERANK_TEXT).collect();
        hit.score = bm25::overlap(question, &text);
    }
    hits.sort_by(|one, other| other.score.total_cmp(&one.score));
    hits
}

/// Orders rows by columns; rows without a value come last.
pub(super) fn sorted(index: &Index, hits: &mut [Hit<'_>], columns: &[(String, bool)]) {
    let compare = |one: &Row, other: &Row| {
        for (name, descending) in columns {
            let kind = index.column(name).map_or(Kind::Other, super::columns::Column::kind);
            let read = |row: &Row| row.values.get(name).and_then(|value| Scalar::read(&kind, value));
            let order = match (read(one), read(other)) {
                (Some(one), Some(other)) => {
                    let order = one.against(&other).unwrap_or(Ordering::Equal);
                    if *descending { order.reverse() } else { order }
                }
                (one, other) => other.is_some().cmp(&one.is_some()),
            };
            if order != Ordering::Equal {
                return order;
            }
        }
        Ordering::Equal
    };
    hits.sort_by(|one, other| compare(one.row, other.row));
}
