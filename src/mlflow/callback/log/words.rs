//! Words, sentences and syllables of a text, as textstat counts them but for its two word lists.
//!
//! Syllables are vowel groups with the usual silent endings, where textstat asks a dictionary of pronunciations. Easy words are
//! short ones, where it has a list of some 3,000.

/// A text, counted.
#[derive(Clone, Debug)]
pub(super) struct Words {
    /// Words without punctuation.
    pub(super) words: Vec<String>,
    /// Pieces between spaces, punctuation and all.
    pub(super) tokens: Vec<String>,
}

/// Part of a word to a regular expression.
fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

impl Words {
    pub(super) fn of(text: &str) -> Self {
        let words = bare(text).split_whitespace().map(str::to_owned).collect();
        Self { words, tokens: text.split_whitespace().map(str::to_owned).collect() }
    }
}

/// A text without punctuation, apostrophes of contractions kept.
pub(super) fn bare(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        let after = rest.as_str();
        let contracted = || ["t", "s", "d", "ve", "ll", "re"].iter().any(|end| after.starts_with(end));
        if is_word(c) || c.is_whitespace() || (c == '\'' && contracted()) {
            out.push(c);
        }
    }
    out
}

/// How many sentences: those of one or two words are none, yet any text has one.
pub(super) fn sentences(text: &str) -> usize {
    if text.is_empty() {
        return 0;
    }
    let mut count = 0_usize;
    let mut rest = text;
    while let Some(start) = rest.find(is_word) {
        let from = rest.get(start..).unwrap_or("");
        let stop = |c: char| matches!(c, '.' | '!' | '?');
        let end = from.find(stop).unwrap_or(from.len());
        let (sentence, after) = from.split_at_checked(end).unwrap_or((from, ""));
        if bare(sentence).split_whitespace().nth(2).is_some() {
            count += 1;
        }
        rest = after.trim_start_matches(stop);
    }
    count.max(1)
}

/// How many syllables a word has, about.
pub(super) fn syllables(word: &str) -> usize {
    let letters: Vec<char> =
        word.chars().map(|c| c.to_ascii_lowercase()).filter(|c| c.is_alphanumeric() && !c.is_ascii_digit()).collect();
    let mut count = 0;
    let mut before = false;
    for c in &letters {
        let vowel = is_vowel(*c);
        if vowel && !before {
            count += 1;
        }
        before = vowel;
    }
    let end = |text: &str| {
        let mut own = letters.iter().rev();
        text.chars().rev().all(|c| own.next() == Some(&c))
    };
    let back = |at: usize| letters.len().checked_sub(at).and_then(|at| letters.get(at)).copied().unwrap_or('a');
    // silent: make, times, asked; spoken: table, apples, wanted, boxes
    let mute = |at: usize, spoken: &[char]| {
        let (before, further) = (back(at), back(at + 1));
        !is_vowel(before) && !spoken.contains(&before) && (before != 'l' || is_vowel(further))
    };
    let silent = (end("e") && mute(2, &[]))
        || (end("es") && mute(3, &['s', 'x', 'z', 'c', 'g', 'h']))
        || (end("ed") && mute(3, &['t', 'd']));
    // two vowels that are two sounds: area, science, idea, via
    let apart = letters.windows(2).filter(|pair| matches!(pair, ['i', 'a' | 'o'] | ['e', 'o'] | ['u', 'a'])).count()
        - letters
            .windows(3)
            .filter(|three| matches!(three, ['t' | 's' | 'c' | 'g', 'i', 'a' | 'o'] | ['q' | 'g', 'u', 'a']))
            .count();
    (count + apart).saturating_sub(usize::from(silent && count > 1)).max(1)
}

fn is_vowel(c: char) -> bool {
    matches!(
        c,
        'a' | 'e' | 'i' | 'o' | 'u' | 'y' | 'à'..='æ' | 'è'..='ï' | 'ò'..='ö' | 'ø'..='ý' | 'ÿ' | 'ā' | 'ē' | 'ī' | 'ō' | 'ū' | 'œ'
    )
}

/// Whether most readers know a word: short ones are thought to be known.
pub(super) fn easy(word: &str) -> bool {
    let letters = word.chars().count();
    letters <= 5 || (letters <= 7 && syllables(word) <= 2)
}
