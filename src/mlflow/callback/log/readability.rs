//! How hard a text is to read: the fifteen measures that LangChain's handler takes from textstat 0.7.

use super::words::{Words, bare, easy, sentences, syllables};
use crate::wire::find::find;

/// The names of the measures, in the order in which they are logged.
pub const TEXT_METRICS: [&str; 15] = [
    "flesch_reading_ease",
    "flesch_kincaid_grade",
    "smog_index",
    "coleman_liau_index",
    "automated_readability_index",
    "dale_chall_readability_score",
    "difficult_words",
    "linsear_write_formula",
    "gunning_fog",
    "fernandez_huerta",
    "szigriszt_pazos",
    "gutierrez_polini",
    "crawford",
    "gulpease_index",
    "osman",
];

/// The measures of a text.
///
/// `coleman_liau_index`, `automated_readability_index`, `gutierrez_polini`, `gulpease_index` and `osman` are textstat's own
/// numbers. The other ten need syllables or a list of easy words, which are guessed here (there is no dictionary): they are near.
///
/// ```
/// use lakewire::mlflow::callback::log::text_metrics;
/// let metrics = text_metrics("The cat sat on the mat. It was a very good cat.");
/// assert_eq!(metrics[4].0, "automated_readability_index");
/// assert!((metrics[4].1 + 4.3).abs() < 1e-9);
/// ```
#[must_use]
pub fn text_metrics(text: &str) -> [(&'static str, f64); 15] {
    let Words { words, tokens } = Words::of(text);
    let counts: Vec<usize> = words.iter().map(|word| syllables(word)).collect();
    let count = |many: usize| many as f64;
    let w = count(words.len());
    let s = count(sentences(text));
    let y = count(counts.iter().sum());
    let hard = |least: usize| words.iter().zip(&counts).filter(move |(word, many)| **many >= least && !easy(word));
    let ratio = |a: f64, b: f64| if b == 0.0 { 0.0 } else { a / b };
    let (wps, spw, spword) = (ratio(w, s), ratio(y, w), ratio(s, w));
    let visible = text.chars().filter(|c| !c.is_whitespace());
    let letters = visible.clone().filter(|c| c.is_alphanumeric() || *c == '_').count();
    let cpw = ratio(count(visible.count()), count(tokens.len()));
    let lpw = ratio(count(letters), w);
    // a text without words, or without sentences, is measured by nothing
    let of = |known: bool, value: f64| if known { value } else { 0.0 };
    let (read, lettered) = (wps != 0.0 && spw != 0.0, lpw != 0.0 && wps != 0.0);
    let poly = count(counts.iter().filter(|many| **many >= 3).count());
    let mut different: Vec<&String> = hard(2).map(|(word, _)| word).collect();
    crate::order::sort(&mut different, |a, b| a < b);
    different.dedup();
    let unknown = 100.0 * ratio(count(hard(0).count()), w);
    let above = if unknown > 5.0 { 3.6365 } else { 0.0 };
    let values = [
        of(read, 206.835 - 1.015 * wps - 84.6 * spw),
        of(read, 0.39 * wps + 11.8 * spw - 15.59),
        of(s != 0.0, 1.043 * (30.0 * ratio(poly, s)).sqrt() + 3.1291),
        of(lettered, 0.058 * (100.0 * lpw) - 0.296 * (100.0 * spword) - 15.8),
        of(cpw != 0.0 && wps != 0.0, 4.71 * cpw + 0.5 * wps - 21.43),
        of(w != 0.0, 0.1579 * unknown + 0.0496 * wps + above),
        count(different.len()),
        linsear(text, &words, &tokens),
        of(w != 0.0, 0.4 * (wps + 100.0 * ratio(count(hard(3).count()), w))),
        of(read, 206.84 - 60.0 * spw - 1.02 * wps),
        of(w != 0.0 && s != 0.0, 206.835 - 62.3 * spw - wps),
        of(lettered, 95.2 - 9.7 * lpw - 0.35 * wps),
        of(spword != 0.0 && spw != 0.0, -0.205 * (100.0 * spword) + 0.049 * (100.0 * spw) - 3.407),
        of(spword != 0.0 && cpw != 0.0, 300.0 * spword - 10.0 * cpw + 89.0),
        of(w != 0.0, 200.791 - 1.015 * wps - 24.181 * (arabic(text, w))),
    ];
    let mut out = [("", 0.0); 15];
    for ((place, name), value) in out.iter_mut().zip(TEXT_METRICS).zip(values) {
        *place = (name, value);
    }
    out
}

/// The first hundred words: one point for an easy word, three for one of three syllables or more.
fn linsear(text: &str, words: &[String], tokens: &[String]) -> f64 {
    let mut part = text.to_owned();
    let mut first: Vec<String> = words.to_vec();
    if tokens.len() > 100 {
        first.clear();
        let mut read = 0;
        for token in tokens {
            if first.len() == 100 {
                break;
            }
            read += 1;
            let word = bare(token);
            if !word.is_empty() {
                first.push(word);
            }
        }
        part = tokens.get(..read).unwrap_or(tokens).join(" ");
    } else if !tokens.is_empty() {
        part = tokens.join(" ");
    }
    let points: usize = first.iter().map(|word| if syllables(word) >= 3 { 3 } else { 1 }).sum();
    let sentences = sentences(&part);
    if sentences == 0 || tokens.is_empty() {
        return 0.0;
    }
    let number = points as f64 / sentences as f64;
    (if number <= 20.0 { number - 2.0 } else { number }) / 2.0
}

/// What `osman` counts in a text of `w` words, as textstat 0.7 does it: made for Arabic, it takes the letters of any other text
/// for its syllables.
fn arabic(text: &str, w: f64) -> f64 {
    let told = |text: &str| {
        let dropped = |c: &char| matches!(c, '\u{627}' | '\u{649}' | '?' | '.' | '!' | ',' | '*') || c.is_whitespace();
        let short = text.chars().filter(|c| !dropped(c)).count() as f64 - 2.0;
        let stressed = text.chars().filter(|c| matches!(c, '\u{64b}' | '\u{64c}' | '\u{64d}' | '\u{651}')).count();
        short + 2.0 * stressed as f64
    };
    let plain: String = text.chars().filter(|c| is_word_or_space(*c)).collect();
    let eloquent = plain.split_whitespace().filter(|word| {
        let letter = |c: char| matches!(c, '\u{626}' | '\u{621}' | '\u{624}' | '\u{630}' | '\u{638}');
        let marked =
            word.contains(letter) || find(word, "\u{648}\u{627}").is_some() || find(word, "\u{648}\u{646}").is_some();
        marked && told(word) > 5.0
    });
    let long = plain.split_whitespace().filter(|word| word.chars().count() > 5);
    (told(text) + eloquent.count() as f64 + long.count() as f64) / w
}

fn is_word_or_space(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c.is_whitespace()
}
