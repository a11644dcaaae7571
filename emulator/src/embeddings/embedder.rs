//! The embedder: a deterministic, lexical one. It hashes what a text is made of into a vector of length one.
//!
//! Features are the stems of the words, pairs of neighbours, the letters inside words (so that spelling and unknown words
//! count), and the groups of [`super::topics`] (so that synonyms and shared subjects count). Each feature goes to a few
//! places with a sign of its own, as in feature hashing; the cosine of two texts is then close to the overlap of their
//! features. It is no language model and says so in the endpoints' descriptions.

use std::collections::HashMap;

use super::topics;
use crate::ids;
use crate::model::text::{is_common, stem, words};

/// Places one feature is written to: more of them make collisions matter less.
const PLACES: u64 = 8;

const WORD: f64 = 1.0;
const COMMON_WORD: f64 = 0.12;
const PAIR: f64 = 0.3;
const LETTERS: f64 = 0.5;
const SYNONYM: f64 = 0.9;
const SUBJECT: f64 = 0.7;
const SIGN: f64 = 0.2;
/// What every text shares, so that the empty text has a direction too.
const BASE: f64 = 0.05;
/// How much of an instruction reaches the vector.
const INSTRUCTION: f64 = 0.1;

/// The vector of a text, of length one.
#[must_use]
pub fn embed(text: &str, instruction: Option<&str>, dimensions: usize) -> Vec<f32> {
    let mut weights: HashMap<u64, f64> = HashMap::new();
    weights.insert(ids::hash(0, &[b"base"]), BASE);
    features(text, 1.0, &mut weights);
    if let Some(instruction) = instruction {
        features(instruction, INSTRUCTION, &mut weights);
    }
    // sums in a fixed order: adding floats in the map's order would differ from run to run
    let mut features: Vec<(u64, f64)> = weights.into_iter().collect();
    features.sort_unstable_by_key(|(feature, _)| *feature);
    let mut vector = vec![0.0_f64; dimensions];
    for (feature, weight) in features {
        // a word said nine times counts three times, not nine
        let weight = weight.signum() * weight.abs().sqrt();
        let mut draws = ids::Draws::new(feature);
        for _ in 0..PLACES {
            let draw = draws.next_u64();
            let place = usize::try_from(draw >> 1).unwrap_or(usize::MAX) % dimensions.max(1);
            if let Some(value) = vector.get_mut(place) {
                *value += if draw & 1 == 0 { weight } else { -weight };
            }
        }
    }
    spread(&mut vector);
    let length = vector.iter().map(|value| value * value).sum::<f64>().sqrt();
    let length = if length > 0.0 { length } else { 1.0 };
    vector.into_iter().map(|value| narrow(value / length)).collect()
}

/// Turns the vector so that every number says something, as a model's do: a feature stands on few places until then. A
/// turn changes no cosine. Signs drawn once, then a Walsh-Hadamard transform of the first and of the last power of two;
/// twice, since one turn of a few equal weights leaves many sums at nothing.
fn spread(vector: &mut [f64]) {
    let Some(block) = (vector.len() + 1).next_power_of_two().checked_div(2) else { return };
    let rest = vector.len() - block;
    let mut draws = ids::Draws::new(ids::hash(0, &[b"turn"]));
    for _ in 0..2 {
        for value in vector.iter_mut() {
            if draws.next_u64() & 1 == 1 {
                *value = -*value;
            }
        }
        if let Some(first) = vector.get_mut(..block) {
            turn(first);
        }
        if let (true, Some(last)) = (rest > 0, vector.get_mut(rest..)) {
            turn(last);
        }
    }
}

/// The Walsh-Hadamard transform of a power of two numbers; keeps the length.
fn turn(block: &mut [f64]) {
    let scale = count(block.len()).sqrt().recip();
    let mut half = 1;
    while half < block.len() {
        for pair in block.chunks_exact_mut(2 * half) {
            let (one, other) = pair.split_at_mut(half);
            for (one, other) in one.iter_mut().zip(other) {
                (*one, *other) = (*one + *other, *one - *other);
            }
        }
        half *= 2;
    }
    block.iter_mut().for_each(|value| *value *= scale);
}

/// The nearest `f32`: a vector component is at most 1, so nothing is lost but digits.
#[allow(clippy::cast_possible_truncation)]
fn narrow(value: f64) -> f32 {
    value as f32
}

/// Adds the features of a text. Weights are squared here, since [`embed`] takes the root of their sum.
fn features(text: &str, scale: f64, weights: &mut HashMap<u64, f64>) {
    let mut add = |kind: &str, what: &str, weight: f64| {
        *weights.entry(ids::hash(0, &[kind.as_bytes(), what.as_bytes()])).or_default() += (weight * scale).powi(2);
    };
    let mut before: Option<String> = None;
    for word in words(text) {
        if is_common(&word) {
            add("word", &word, COMMON_WORD);
            continue;
        }
        let stem = stem(&word);
        add("word", &stem, WORD);
        if let Some(groups) = topics::groups(&stem) {
            groups.synonyms.iter().for_each(|group| add("synonym", &group.to_string(), SYNONYM));
            groups.subjects.iter().for_each(|group| add("subject", &group.to_string(), SUBJECT));
        }
        let framed: Vec<char> = format!("^{stem}$").chars().collect();
        let pieces = framed.windows(3);
        let share = LETTERS / count(pieces.len()).sqrt();
        for piece in pieces {
            add("letters", &piece.iter().collect::<String>(), share);
        }
        if let Some(before) = &before {
            add("pair", &format!("{before} {stem}"), PAIR);
        }
        before = Some(stem);
    }
    for sign in text.chars().filter(|c| !c.is_alphanumeric() && !c.is_whitespace() && !c.is_ascii_punctuation()) {
        add("sign", sign.encode_utf8(&mut [0; 4]), SIGN);
    }
}

fn count(pieces: usize) -> f64 {
    u32::try_from(pieces.max(1)).map_or(f64::MAX, f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cosine(a: &str, b: &str) -> f64 {
        let (a, b) = (embed(a, None, 1024), embed(b, None, 1024));
        a.iter().zip(&b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
    }

    #[test]
    fn every_number_says_something() {
        for dimensions in [1, 2, 3, 256, 384, 1000, 1024, 1536] {
            let vector = embed("A lakehouse holds tables.", None, dimensions);
            let length: f64 = vector.iter().map(|value| f64::from(*value).powi(2)).sum();
            assert!((length - 1.0).abs() < 1e-5, "{dimensions}: {length}");
            assert!(vector.iter().filter(|value| value.abs() < 1e-7).count() * 20 <= dimensions, "{dimensions}");
        }
    }

    #[test]
    fn related_texts_are_nearer_than_others() {
        // query, what belongs to it, what does not
        for (query, near, far) in [
            ("How do I reset my password?", "Recovering a lost login credential", "The recipe for banana bread"),
            (
                "The car broke down on the highway",
                "An automobile stopped on the road",
                "She plays the violin in an orchestra",
            ),
            (
                "What is the weather in Oslo?",
                "Rain and cold wind are forecast for Norway",
                "The invoice must be paid by Friday",
            ),
            ("My puppy is hungry", "Feeding a young dog", "Interest rates of a mortgage"),
            (
                "Delta tables in the lakehouse",
                "Query a parquet table with SQL in the warehouse",
                "Tickets for the opera",
            ),
            (
                "refund for a broken order",
                "The customer wants reimbursement for the purchase",
                "The moon and the planets",
            ),
            (
                "the physician treated the patient",
                "a doctor at the hospital helped someone who was ill",
                "football match result",
            ),
            ("databricks embeddings endpoint", "Embedding endpoints of Databricks", "Cooking pasta"),
            ("serverless compute", "compute that is server-less", "lion in the zoo"),
            (
                "The quick brown fox jumps over the lazy dog",
                "A fast fox leaps above a sleepy hound",
                "Quarterly revenue grew",
            ),
        ] {
            let (good, bad) = (cosine(query, near), cosine(query, far));
            assert!(good > bad + 0.05, "{query}: {good:.3} against {bad:.3}");
        }
    }

    #[test]
    fn a_vector_has_length_one_and_is_always_the_same() {
        for text in ["", " ", "!", "🦀", "漢字", "hello", &"word ".repeat(5000)] {
            for dimensions in [1, 7, 256, 1024] {
                let vector = embed(text, None, dimensions);
                assert_eq!(vector.len(), dimensions);
                let length: f32 = vector.iter().map(|value| value * value).sum();
                assert!((length - 1.0).abs() < 1e-4 || dimensions < 8, "{text:.10} {dimensions} {length}");
                assert_eq!(vector, embed(text, None, dimensions));
            }
        }
        assert!(cosine("same text", "same text") > 0.999_99);
        assert!(cosine("Running runners", "runner runs") > 0.5);
        assert_ne!(embed("🦀", None, 64), embed("🐙", None, 64));
    }

    #[test]
    fn an_instruction_moves_the_vector_a_little() {
        let plain = embed("capital of France", None, 1024);
        let with = embed("capital of France", Some("Represent this sentence for searching relevant passages:"), 1024);
        let cosine: f32 = plain.iter().zip(&with).map(|(a, b)| a * b).sum();
        assert!(cosine < 0.9999 && cosine > 0.9, "{cosine}");
    }
}
