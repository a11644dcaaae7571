//! Words and sentences: the little knowledge of English the stand-in has.

/// Words too common to tell sentences apart.
const STOP_WORDS: &[&str] = &[
    "a",
    "about",
    "according",
    "again",
    "all",
    "also",
    "am",
    "an",
    "and",
    "any",
    "are",
    "as",
    "at",
    "be",
    "been",
    "but",
    "by",
    "can",
    "could",
    "did",
    "do",
    "does",
    "for",
    "from",
    "give",
    "had",
    "has",
    "have",
    "he",
    "her",
    "him",
    "his",
    "how",
    "i",
    "if",
    "in",
    "into",
    "is",
    "it",
    "its",
    "just",
    "know",
    "let",
    "like",
    "many",
    "me",
    "much",
    "my",
    "no",
    "not",
    "now",
    "of",
    "on",
    "or",
    "our",
    "out",
    "please",
    "she",
    "should",
    "so",
    "some",
    "such",
    "tell",
    "than",
    "that",
    "the",
    "their",
    "them",
    "then",
    "there",
    "these",
    "they",
    "this",
    "those",
    "to",
    "up",
    "us",
    "use",
    "using",
    "very",
    "want",
    "was",
    "we",
    "were",
    "what",
    "when",
    "where",
    "which",
    "who",
    "whom",
    "whose",
    "why",
    "will",
    "with",
    "would",
    "you",
    "your",
    "what's",
    "it's",
    "i'm",
    "s",
    "t",
    "mine",
    "yours",
    "one",
    "get",
    "say",
    "said",
];

/// The words of a text in lower case, without punctuation.
pub fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|c: char| !(c.is_alphanumeric() || c == '\'' || c == '’'))
        .map(|word| word.trim_matches(['\'', '’']).to_lowercase().replace('’', "'"))
        .filter(|word| !word.is_empty())
}

/// Whether a word is too common to tell texts apart.
#[must_use]
pub fn is_common(word: &str) -> bool {
    STOP_WORDS.contains(&word)
}

/// The words that carry meaning, cut to their stems.
#[must_use]
pub fn stems(text: &str) -> Vec<String> {
    words(text).filter(|word| !is_common(word)).map(|word| stem(&word)).collect()
}

/// The words of an identifier: `getWeather_forDay` gives get, weather, for, day.
#[must_use]
pub fn identifier_words(name: &str) -> Vec<String> {
    let mut spaced = String::with_capacity(name.len() + 8);
    let mut lower_before = false;
    for c in name.chars() {
        if c.is_uppercase() && lower_before {
            spaced.push(' ');
        }
        lower_before = c.is_lowercase();
        spaced.push(if c.is_alphanumeric() { c } else { ' ' });
    }
    words(&spaced).collect()
}

/// A word without its commonest endings.
#[must_use]
pub fn stem(word: &str) -> String {
    let word = word.strip_suffix("'s").unwrap_or(word);
    if !word.is_ascii() || word.len() < 4 {
        return word.to_owned();
    }
    for (ending, instead) in [("ies", "y"), ("sses", "ss"), ("ing", ""), ("ed", ""), ("es", ""), ("s", ""), ("e", "")] {
        if ending == "s" && (word.ends_with("ss") || word.ends_with("us") || word.ends_with("is")) {
            continue;
        }
        if let Some(root) = word.strip_suffix(ending) {
            if root.len() >= 3 {
                let root = root.strip_suffix('e').filter(|short| short.len() >= 3).unwrap_or(root);
                return format!("{root}{instead}");
            }
        }
    }
    word.to_owned()
}

/// The sentences of a text, trimmed; line ends, bullets and blank lines part sentences too.
#[must_use]
pub fn sentences(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for line in text.lines() {
        let line = line.trim().trim_start_matches(['-', '*', '#', '>', '•']).trim();
        let mut start = 0;
        let mut chars = line.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            let next = chars.peek().map(|&(_, next)| next);
            let ends = matches!(c, '.' | '!' | '?') && next.is_none_or(char::is_whitespace);
            let end = at + c.len_utf8();
            if ends && !abbreviation(line.get(start..at).unwrap_or_default()) {
                push(&mut found, line.get(start..end));
                start = end;
            }
        }
        push(&mut found, line.get(start..));
    }
    found
}

fn push<'t>(found: &mut Vec<&'t str>, sentence: Option<&'t str>) {
    let sentence = sentence.unwrap_or_default().trim();
    if sentence.chars().any(char::is_alphanumeric) {
        found.push(sentence);
    }
}

/// Whether a full stop after this text is more likely an abbreviation's.
fn abbreviation(before: &str) -> bool {
    let word = before.rsplit(char::is_whitespace).next().unwrap_or_default().to_lowercase();
    matches!(word.as_str(), "mr" | "mrs" | "ms" | "dr" | "prof" | "st" | "e.g" | "i.e" | "vs" | "no" | "approx" | "fig")
        || (!word.is_empty() && word.chars().all(|c| c.is_ascii_digit()) && before.trim() == word)
}

/// Words a question or a request begins with.
const ASKING: &[&str] = &[
    "what",
    "what's",
    "who",
    "who's",
    "when",
    "where",
    "where's",
    "why",
    "how",
    "which",
    "whose",
    "whom",
    "is",
    "are",
    "was",
    "were",
    "do",
    "does",
    "did",
    "can",
    "could",
    "will",
    "would",
    "should",
    "have",
    "has",
    "tell",
    "give",
    "show",
    "find",
    "list",
    "name",
    "explain",
    "describe",
    "summarize",
    "summarise",
    "calculate",
    "compute",
    "search",
    "look",
    "get",
    "please",
    "write",
    "translate",
    "answer",
    "say",
    "repeat",
    "count",
    "extract",
    "use",
    "check",
    "convert",
    "add",
    "multiply",
    "divide",
    "book",
    "send",
    "create",
    "make",
    "set",
    "reply",
    "help",
    "compare",
    "call",
];

/// Whether a sentence asks for something.
#[must_use]
pub fn asks(sentence: &str) -> bool {
    sentence.trim_end().ends_with('?') || words(sentence).next().is_some_and(|word| ASKING.contains(&word.as_str()))
}

/// The sentence without a label of one word before it: "Question: ...", "Extract: ...".
#[must_use]
pub fn unlabelled(sentence: &str) -> &str {
    match sentence.split_once(": ") {
        Some((label, rest)) if !label.contains(char::is_whitespace) && !rest.trim().is_empty() => rest.trim(),
        _ => sentence,
    }
}

/// The sentence with the first letter in upper case.
#[must_use]
pub fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// The sentence as the other speaker would say it: "my name is" becomes "your name is".
#[must_use]
pub fn turned(sentence: &str) -> String {
    let mut out: Vec<String> = Vec::new();
    let mut after_i = false;
    for token in sentence.split_whitespace() {
        let core = token.trim_matches(|c: char| !(c.is_alphanumeric() || c == '\'' || c == '’'));
        let lower = core.to_lowercase().replace('’', "'");
        let other = match lower.as_str() {
            "i" => "you",
            "am" if after_i => "are",
            "was" if after_i => "were",
            "my" => "your",
            "mine" => "yours",
            "me" => "you",
            "myself" => "yourself",
            "i'm" => "you are",
            "i've" => "you have",
            "i'd" => "you would",
            "i'll" => "you will",
            "our" => "your",
            "we" => "you",
            _ => core,
        };
        after_i = lower == "i";
        out.push(if core.is_empty() { token.to_owned() } else { token.replacen(core, other, 1) });
    }
    capitalised(&out.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_end_where_they_end() {
        assert_eq!(
            sentences("Dr. Who paid 3.50 euros. Really?\n- one\n- two"),
            ["Dr. Who paid 3.50 euros.", "Really?", "one", "two"]
        );
    }

    #[test]
    fn stems_meet() {
        assert_eq!(stem("cities"), stem("city"));
        assert_eq!(stem("stored"), stem("stores"));
        assert_eq!(stem("multiply"), stem("multiplies"));
        assert_eq!(stem("price"), stem("prices"));
    }

    #[test]
    fn the_other_speaker() {
        assert_eq!(turned("My name is Ann."), "Your name is Ann.");
        assert_eq!(turned("I am from Oslo and I'm tired."), "You are from Oslo and you are tired.");
    }
}
