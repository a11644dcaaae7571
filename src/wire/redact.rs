//! Takes what looks like a secret out of text that came from outside, before it reaches an error.

use crate::wire::find::{find, places, replace, split_once};

/// What stands where a secret stood.
const MARK: &str = "[redacted]";

/// Prefixes of tokens, and how many token characters must follow for the text to be one.
const TOKENS: [(&str, usize); 7] =
    [("dapi", 4), ("dose", 16), ("eyJ", 16), ("sk-", 8), ("hf_", 8), ("ghp_", 12), ("AKIA", 12)];

/// Names whose value is a secret in `name=value` and `name: value`.
const NAMES: [&str; 8] = ["token", "secret", "password", "signature", "sig", "api_key", "apikey", "api-key"];

/// Text from a service, fit for an error: without tokens, without queries and user names of URLs,
/// without control characters, at most `limit` bytes. `secret` is the token we sent ourselves.
#[must_use]
pub fn clean(text: &str, limit: usize, secret: Option<&str>) -> String {
    let own;
    let text = match secret {
        Some(secret) if !secret.is_empty() && find(text, secret).is_some() => {
            own = replace(text, secret, MARK);
            own.as_str()
        }
        _ => text,
    };
    // cut with room to spare first: the rest is linear, but an error body may be long
    let text = prefix(text, limit.saturating_mul(2));
    let mut out = String::with_capacity(text.len().min(limit));
    let mut expects_secret = false;
    for piece in text.split_inclusive(is_delimiter) {
        let word = piece.trim_end_matches(is_delimiter);
        if is_secret(word) || (expects_secret && word.len() >= 6 && !is_plain_word(word)) {
            out.push_str(MARK);
        } else {
            push_word(&mut out, word);
        }
        if !word.is_empty() {
            let word = word.trim_end_matches([':', '=']);
            let scheme = word.rsplit([':', '=']).next().unwrap_or("");
            expects_secret = scheme.eq_ignore_ascii_case("bearer")
                || scheme.eq_ignore_ascii_case("basic")
                || (piece.contains([':', '=']) && names_secret(word));
        } else if piece.contains(is_end) {
            expects_secret = false;
        }
        for delimiter in piece.get(piece.trim_end_matches(is_delimiter).len()..).unwrap_or("").chars() {
            out.push(if delimiter.is_control() { ' ' } else { delimiter });
        }
    }
    if out.len() > limit {
        let mut short = prefix(&out, limit.saturating_sub('…'.len_utf8())).to_owned();
        short.push('…');
        return short;
    }
    out
}

/// At most `limit` bytes of text, cut between characters.
fn prefix(text: &str, limit: usize) -> &str {
    let mut end = text.len().min(limit);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or("")
}

fn is_delimiter(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '"' | '\'' | '`' | '<' | '>' | '(' | ')' | '[' | ']' | '{' | '}' | ',' | ';' | '|' | '\\')
}

fn is_end(c: char) -> bool {
    matches!(c, ',' | ';' | '}' | ')')
}

/// Words that follow "bearer" or "token:" in plain sentences.
fn is_plain_word(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_lowercase()) && word.len() <= 14
}

fn is_token_char(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'*')
}

fn is_secret(word: &str) -> bool {
    TOKENS.iter().any(|(start, least)| {
        places(word, start).any(|at| {
            let before = at.checked_sub(1).and_then(|at| word.as_bytes().get(at));
            let after = word.as_bytes().get(at + start.len()..).unwrap_or(&[]);
            !before.is_some_and(u8::is_ascii_alphanumeric)
                && after.iter().take_while(|byte| is_token_char(**byte)).count() >= *least
        })
    })
}

fn names_secret(name: &str) -> bool {
    NAMES.iter().any(|end| {
        name.len()
            .checked_sub(end.len())
            .and_then(|at| name.get(at..))
            .is_some_and(|tail| tail.eq_ignore_ascii_case(end))
    })
}

fn push_word(out: &mut String, word: &str) {
    if let Some((scheme, rest)) = split_once(word, "://") {
        let (address, query) = match rest.find(['?', '#']) {
            Some(at) => (rest.get(..at).unwrap_or(""), true),
            None => (rest, false),
        };
        let authority_end = address.find('/').unwrap_or(address.len());
        let (authority, path) = address.split_at_checked(authority_end).unwrap_or((address, ""));
        out.push_str(scheme);
        out.push_str("://");
        if let Some((_, host)) = authority.rsplit_once('@') {
            out.push_str(MARK);
            out.push('@');
            out.push_str(host);
        } else {
            out.push_str(authority);
        }
        out.push_str(path);
        if query {
            out.push('?');
            out.push_str(MARK);
        }
        return;
    }
    if let Some((name, value)) = word.split_once('=') {
        if !value.is_empty() && names_secret(name) {
            out.push_str(name);
            out.push('=');
            out.push_str(MARK);
            return;
        }
    }
    out.push_str(word);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn l2_l5_d26_tokens_and_queries_are_taken_out() {
        for (given, expected) in [
            ("token dapi0123456789abcdef is bad", "token [redacted] is bad"),
            ("got 'Authorization: Bearer abcDEF123456'", "got 'Authorization: Bearer [redacted]'"),
            ("{\"access_token\":\"xY12345678\"}", "{\"access_token\":\"xY12345678\"}"),
            ("see https://u:p@x.example/a/b?sig=abc#d.", "see https://[redacted]@x.example/a/b?[redacted]"),
            ("Incorrect API key: sk-proj-abcdefgh", "Incorrect API key: [redacted]"),
            ("sig=abcd&x", "sig=[redacted]"),
            ("jwt eyJhbGciOiJSUzI1NiIsInR5cCI6.x.y", "jwt [redacted]"),
            ("a\r\nb\u{1b}[31m", "a  b [31m"),
        ] {
            assert_eq!(clean(given, 4096, None), expected, "{given}");
        }
    }

    #[test]
    fn plain_sentences_stay_as_they_are() {
        for text in [
            "Endpoint with name 'chat-x' does not exist.",
            "Bearer token missing; risk-assessment failed: max_tokens=5, use task-oriented doses.",
            "REQUEST_LIMIT_EXCEEDED: Exceeded workspace input tokens per minute rate limit for databricks-m.",
        ] {
            assert_eq!(clean(text, 4096, None), text);
        }
    }

    #[test]
    fn l2_our_own_token_is_taken_out_whatever_it_looks_like() {
        assert_eq!(clean("you sent plainword!", 4096, Some("plainword")), "you sent [redacted]!");
    }

    proptest! {
        #[test]
        fn d26_never_longer_than_the_limit(text: String, limit in 3_usize..64) {
            prop_assert!(clean(&text, limit, None).len() <= limit);
        }

        #[test]
        fn l2_a_pat_never_survives(before in "[ a-z:='\"(]{0,12}", after in "[ ,.'\")]{0,4}") {
            let token = "dapi0123456789abcdef0123456789abcdef";
            let text = format!("{before} {token}{after}");
            prop_assert!(!clean(&text, 4096, None).contains("0123456789abcdef"));
        }
    }
}
