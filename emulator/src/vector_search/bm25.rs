//! Keyword search: BM25 over the stems of texts.

use std::collections::HashMap;

use crate::model::text::stems;

/// How soon a repeated word stops counting.
const K1: f64 = 1.2;
/// How much long texts are held back.
const B: f64 = 0.75;

/// The scores of these texts for a question, in their order; 0 where no word is shared.
pub(super) fn scores(question: &str, texts: &[String]) -> Vec<f64> {
    let mut wanted = stems(question);
    wanted.sort_unstable();
    wanted.dedup();
    let documents: Vec<(HashMap<String, f64>, f64)> = texts
        .iter()
        .map(|text| {
            let mut counts: HashMap<String, f64> = HashMap::new();
            let mut length = 0.0;
            for stem in stems(text) {
                length += 1.0;
                if wanted.binary_search(&stem).is_ok() {
                    *counts.entry(stem).or_default() += 1.0;
                }
            }
            (counts, length)
        })
        .collect();
    let total = number(documents.len()).max(1.0);
    let mean = (documents.iter().map(|(_, length)| length).sum::<f64>() / total).max(1.0);
    let rarity = |stem: &String| {
        let with = number(documents.iter().filter(|(counts, _)| counts.contains_key(stem)).count());
        (1.0 + (total - with + 0.5) / (with + 0.5)).ln()
    };
    let rarities: Vec<f64> = wanted.iter().map(rarity).collect();
    let score = |(counts, length): &(HashMap<String, f64>, f64)| {
        let parts = wanted.iter().zip(&rarities).filter_map(|(stem, rarity)| {
            let count = counts.get(stem)?;
            Some(rarity * count * (K1 + 1.0) / (count + K1 * (1.0 - B + B * length / mean)))
        });
        parts.sum()
    };
    documents.iter().map(score).collect()
}

/// How much of the question a text holds, from 0 to 1: the stand-in for a reranker.
pub(super) fn overlap(question: &str, text: &str) -> f64 {
    let mut wanted = stems(question);
    wanted.sort_unstable();
    wanted.dedup();
    let held = stems(text);
    let shared = wanted.iter().filter(|stem| held.contains(stem)).count();
    if wanted.is_empty() { 0.0 } else { number(shared) / number(wanted.len()) }
}

fn number(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(question: &str, texts: &[&str]) -> Vec<f64> {
        scores(question, &texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn rare_and_repeated_words_count_more_and_long_texts_less() {
        let found = of("violet engine", &["an engine", "a violet engine", "nothing here", "engine engine engine"]);
        assert!(found[1] > found[0] && found[1] > found[3] && found[3] > found[0], "{found:?}");
        assert!(found[2].abs() < f64::EPSILON);
        let long = of("engine", &["engine", "engine with many other words around it that say nothing of it"]);
        assert!(long[0] > long[1]);
        assert!(of("", &["x"])[0].abs() < f64::EPSILON);
    }

    #[test]
    fn overlap_is_the_share_of_the_question() {
        assert!((overlap("reset the password", "How to reset a lost password") - 1.0).abs() < 1e-9);
        assert!((overlap("reset the password", "a password") - 0.5).abs() < 1e-9);
    }
}
