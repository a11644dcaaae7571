//! Tokens: how text is cut for streaming, counting and log probabilities.

use serde_json::{Value, json};

use crate::ids;
use crate::json::set;

/// Longest run of letters in one token.
const MAX_LETTERS: usize = 7;
/// Longest run of digits in one token.
const MAX_DIGITS: usize = 3;

/// The tokens of a text; joined they are the text again.
pub fn split(text: &str) -> impl Iterator<Item = &str> + Send {
    let mut rest = text;
    std::iter::from_fn(move || {
        let end = first_token(rest)?;
        let (token, tail) = rest.split_at_checked(end)?;
        rest = tail;
        Some(token)
    })
}

/// Bytes of the first token: one space and a run of letters, a run of digits, or one other character.
fn first_token(text: &str) -> Option<usize> {
    let mut chars = text.char_indices().peekable();
    let (_, mut first) = chars.next()?;
    if first == ' ' {
        match chars.peek() {
            Some(&(_, next)) if next.is_alphanumeric() => {
                first = next;
                chars.next();
            }
            _ => return Some(chars.peek().map_or(text.len(), |&(at, _)| at)),
        }
    }
    let (most, same): (usize, fn(char) -> bool) = if first.is_ascii_digit() {
        (MAX_DIGITS, |c| c.is_ascii_digit())
    } else if first.is_alphabetic() {
        (MAX_LETTERS, |c| c.is_alphabetic() || c == '\'')
    } else {
        (1, |_| false)
    };
    let mut count = 1;
    while let Some(&(at, next)) = chars.peek() {
        if count == most || !same(next) {
            return Some(at);
        }
        chars.next();
        count += 1;
    }
    Some(text.len())
}

/// How many tokens a text has.
#[must_use]
pub fn count(text: &str) -> usize {
    split(text).count()
}

/// The log probability entry of one token with `top` alternatives: made up, but always the same for the same seed.
#[must_use]
pub fn logprob(token: &str, top: usize, draw: u64) -> Value {
    let number = ids::hash(draw, &[token.as_bytes()]);
    // between -0.5 and -0.0005: the stand-in is never in doubt
    let own = -((number % 1000) as f64 + 1.0) / 2000.0;
    let entry = |text: &str, value: f64| json!({ "token": text, "logprob": value, "bytes": text.as_bytes() });
    let mut alternatives = vec![entry(token, own)];
    for rank in 1..top {
        let other = format!("{}{}", if token.starts_with(' ') { " " } else { "" }, rank);
        alternatives.push(entry(&other, own - 2.5 * rank as f64));
    }
    alternatives.truncate(top);
    let mut whole = entry(token, own);
    set(&mut whole, "top_logprobs", Value::Array(alternatives));
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_join_to_the_text() {
        for text in [
            "",
            " ",
            "  two  spaces ",
            "Hello, world! 123456 é ü 漢字 🦀 don't\n- item",
            "antidisestablishmentarianism",
        ] {
            assert_eq!(split(text).collect::<String>(), text);
            assert!(split(text).all(|token| !token.is_empty()));
        }
        assert_eq!(split("Hello world 1234").collect::<Vec<_>>(), ["Hello", " world", " 123", "4"]);
    }
}
