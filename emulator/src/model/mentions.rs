//! What a text mentions: numbers, quotations, names, places, dates, addresses. Found by form alone.

use super::text;

/// One word with its place.
#[derive(Debug, Clone)]
pub struct Word<'t> {
    /// As written, without punctuation around it.
    pub raw: &'t str,
    /// In lower case.
    pub lower: String,
    /// Whether a comma, full stop or the like follows.
    pub stops: bool,
    /// Whether a sentence begins here.
    pub starts: bool,
}

/// The words of a text, in order.
#[must_use]
pub fn words(text: &str) -> Vec<Word<'_>> {
    let mut starts = true;
    text.split_whitespace()
        .filter_map(|token| {
            let raw = token.trim_matches(|c: char| !(c.is_alphanumeric() || "$€£°@/+_#-".contains(c)));
            let raw = raw.trim_end_matches(['-', '/']);
            let stops = token.ends_with(['.', ',', ';', ':', '!', '?', ')', '"']);
            let word = Word { raw, lower: raw.to_lowercase(), stops, starts };
            starts = token.ends_with(['.', '!', '?', ':', '\n']);
            (!raw.is_empty()).then_some(word)
        })
        .collect()
}

/// A number with the position of its word.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Number {
    /// Index of its word.
    pub at: usize,
    /// Its value.
    pub value: f64,
}

/// The numbers that are written as words, each at its own place.
pub const NUMBER_WORDS: &[&str] = &[
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty",
];

/// The numbers of a text; digits with signs, decimals and thousands separators, and number words.
#[must_use]
pub fn numbers(words: &[Word<'_>]) -> Vec<Number> {
    words.iter().enumerate().filter_map(|(at, word)| number(word).map(|value| Number { at, value })).collect()
}

fn number(word: &Word<'_>) -> Option<f64> {
    if let Some(value) = NUMBER_WORDS.iter().position(|name| *name == word.lower) {
        // "one" is far more often a pronoun
        return (value != 1).then_some(value as f64);
    }
    let core = word.raw.trim_start_matches(['$', '€', '£', '#']);
    let core = core.trim_end_matches(|c: char| c.is_alphabetic() || c == '°' || c == '%' || c == '€');
    let digits = core.chars().filter(char::is_ascii_digit).count();
    let fits = core
        .char_indices()
        .all(|(at, c)| c.is_ascii_digit() || c == '.' || c == ',' || (at == 0 && (c == '-' || c == '+')));
    // something like "3D" or "A4" is a name, "30km" a number
    if digits == 0 || !fits {
        return None;
    }
    core.replace(',', "").parse().ok()
}

/// Texts in quotation marks.
#[must_use]
pub fn quoted(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for (open, close) in [('"', '"'), ('“', '”'), ('`', '`'), ('«', '»')] {
        let mut rest = text;
        while let Some((_, tail)) = rest.split_once(open) {
            let Some((inside, after)) = tail.split_once(close) else { break };
            if !inside.trim().is_empty() {
                found.push(inside.trim());
            }
            rest = after;
        }
    }
    // apostrophes quote only where a word begins: " 'like this'"
    let mut rest = text;
    while let Some((_, tail)) = rest.split_once(" '") {
        let end = tail.char_indices().find(|&(at, c)| {
            c == '\'' && !tail.get(at + 1..).and_then(|after| after.chars().next()).is_some_and(char::is_alphanumeric)
        });
        let Some((end, _)) = end else { break };
        found.extend(tail.get(..end).filter(|inside| !inside.trim().is_empty()));
        rest = tail.get(end + 1..).unwrap_or_default();
    }
    found
}

fn is_name(word: &Word<'_>) -> bool {
    word.raw.chars().next().is_some_and(char::is_uppercase) && word.lower != "i" && !word.lower.starts_with("i'")
}

/// Runs of words with capitals from `start` on: a name or a place.
fn run(words: &[Word<'_>], start: usize) -> Option<(String, usize)> {
    let mut parts = Vec::new();
    let mut at = start;
    while let Some(word) = words.get(at).filter(|word| is_name(word)) {
        parts.push(word.raw.trim_end_matches("'s").trim_end_matches("’s"));
        at += 1;
        if word.stops || word.raw.ends_with("'s") {
            break;
        }
        // "Bank of America", "Rio de Janeiro"
        let joins =
            words.get(at).is_some_and(|word| matches!(word.lower.as_str(), "of" | "de" | "la" | "am" | "du" | "upon"));
        if let (true, Some(middle)) = (joins && words.get(at + 1).is_some_and(is_name), words.get(at)) {
            parts.push(middle.raw);
            at += 1;
        }
    }
    (!parts.is_empty()).then(|| (parts.join(" "), at))
}

/// Names: runs of capitalised words, except a lone first word of a sentence that is an ordinary word.
#[must_use]
pub fn names(words: &[Word<'_>]) -> Vec<String> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let first = words.get(at);
        let ordinary =
            first.is_some_and(|word| word.starts && (text::asks(word.raw) || text::stems(word.raw).is_empty()));
        match run(words, at).filter(|_| !ordinary) {
            Some((name, end)) => {
                let lone_start = end == at + 1
                    && first.is_some_and(|word| word.starts)
                    && words.len() > 1
                    && words.get(at + 1).is_some_and(|next| {
                        // "Ann lives", "Ann wanted", "Ann (34)": what follows a name is a verb, an age or "and"
                        let verb = next.lower.ends_with('s') || next.lower.ends_with("ed");
                        !verb && next.lower != "and" && !next.lower.starts_with(|c: char| c.is_ascii_digit())
                    });
                if !lone_start {
                    found.push(name);
                }
                at = end;
            }
            None => at += 1,
        }
    }
    found.retain(|name| !MONTHS.contains(&name.to_lowercase().as_str()));
    found
}

/// Names that follow a preposition of place.
#[must_use]
pub fn places(words: &[Word<'_>]) -> Vec<String> {
    let mut found = after_words(words, &["in", "at", "near", "around", "for", "to", "from", "of"]);
    if found.is_empty() {
        found = names(words);
    }
    found
}

/// Names directly after one of these words ("the" between them is skipped).
#[must_use]
pub fn after_words(words: &[Word<'_>], openers: &[&str]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for (at, word) in words.iter().enumerate() {
        if !openers.contains(&word.lower.as_str()) {
            continue;
        }
        let mut next = at + 1;
        if words.get(next).is_some_and(|word| word.lower == "the") {
            next += 1;
        }
        while let Some((name, end)) = run(words, next) {
            if !MONTHS.contains(&name.to_lowercase().as_str()) && !found.contains(&name) {
                found.push(name);
            }
            // "in Paris, London and Rome"
            let after_and = words.get(end).is_some_and(|word| matches!(word.lower.as_str(), "and" | "or"));
            let listed = words.get(end.wrapping_sub(1)).is_some_and(|word| word.stops);
            next = if after_and { end + 1 } else { end };
            if !after_and && !listed {
                break;
            }
        }
    }
    found
}

/// The months, January first.
pub const MONTHS: &[&str] = &[
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// The first date: see [`dates`].
#[must_use]
pub fn date(words: &[Word<'_>]) -> Option<String> {
    dates(words).into_iter().next()
}

/// The dates: ISO as it is, `May 3, 2026` and `3 May 2026` brought to ISO, or a word such as tomorrow.
#[must_use]
pub fn dates(words: &[Word<'_>]) -> Vec<String> {
    let month = |word: &Word<'_>| MONTHS.iter().position(|name| *name == word.lower).filter(|_| is_name(word));
    let whole = |word: Option<&Word<'_>>| {
        word.and_then(|word| word.lower.trim_end_matches(|c: char| c.is_alphabetic()).parse::<u32>().ok())
    };
    let one = |at: usize, word: &Word<'_>| {
        let digits: Vec<&str> = word.raw.split('-').collect();
        if let [year, _, _] = digits.as_slice() {
            if year.len() == 4 && digits.iter().all(|part| part.chars().all(|c| c.is_ascii_digit())) {
                return Some(word.raw.to_owned());
            }
        }
        if let Some(month) = month(word) {
            let before = at.checked_sub(1).and_then(|at| whole(words.get(at))).filter(|day| (1..=31).contains(day));
            let after = whole(words.get(at + 1));
            let (day, year) = match (before, after) {
                (Some(day), year) => (day, year),
                (None, Some(day)) if day <= 31 => (day, whole(words.get(at + 2))),
                _ => return None,
            };
            return Some(match year.filter(|year| *year > 1000) {
                Some(year) => format!("{year:04}-{:02}-{day:02}", month + 1),
                None => format!("{:02}-{day:02}", month + 1),
            });
        }
        matches!(word.lower.as_str(), "today" | "tomorrow" | "yesterday" | "tonight").then(|| word.lower.clone())
    };
    words.iter().enumerate().filter_map(|(at, word)| one(at, word)).collect()
}

/// The first word that looks like an e-mail address.
#[must_use]
pub fn email(words: &[Word<'_>]) -> Option<String> {
    let looks =
        |word: &&Word<'_>| word.raw.split_once('@').is_some_and(|(user, host)| !user.is_empty() && host.contains('.'));
    words.iter().find(looks).map(|word| word.raw.to_owned())
}

/// The first address on the web.
#[must_use]
pub fn url(text: &str) -> Option<String> {
    let start = text.find("https://").or_else(|| text.find("http://"))?;
    let address = text.get(start..)?.split(|c: char| c.is_whitespace() || "\"<>)".contains(c)).next()?;
    Some(address.trim_end_matches(['.', ',', '!', '?', ';']).to_owned())
}

/// Words with a digit among letters or hyphens, and plain numbers: order numbers, codes.
#[must_use]
pub fn codes(words: &[Word<'_>]) -> Vec<String> {
    let looks = |word: &&Word<'_>| word.raw.contains(|c: char| c.is_ascii_digit());
    words.iter().filter(looks).map(|word| word.raw.trim_start_matches('#').to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_text_mentions() {
        let sentence = "What's the weather in New York, Paris and Rio de Janeiro on May 3rd, 2026 for 1,200.50 people?";
        let found = words(sentence);
        assert_eq!(places(&found), ["New York", "Paris", "Rio de Janeiro"]);
        assert_eq!(date(&found).unwrap(), "2026-05-03");
        assert!(numbers(&found).iter().any(|number| (number.value - 1200.5).abs() < 1e-9));
        assert_eq!(quoted("say \"hi there\" and 'bye' isn't it"), ["hi there", "bye"]);
        assert_eq!(email(&words("write to ann@example.com.")).unwrap(), "ann@example.com");
        assert_eq!(url("see https://example.com/a?b=1.").unwrap(), "https://example.com/a?b=1");
        assert_eq!(names(&words("My name is Ann Lee and I live in Oslo.")), ["Ann Lee", "Oslo"]);
    }
}
