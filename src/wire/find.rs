//! Searching text in a hundred bytes. The standard library's search for a text within a text brings
//! four kilobytes of wasm along; what is searched here is a host, a header or a bounded error body.

/// Where `needle` first stands in `text`.
pub(crate) fn find(text: &str, needle: &str) -> Option<usize> {
    let first = *needle.as_bytes().first()?;
    let bytes = text.as_bytes();
    let mut from = 0;
    while let Some(at) = bytes.get(from..).and_then(|rest| memchr::memchr(first, rest)) {
        let start = from + at;
        if bytes.get(start..).is_some_and(|rest| rest.starts_with(needle.as_bytes())) {
            return Some(start);
        }
        from = start + 1;
    }
    None
}

/// Everywhere `needle` stands in `text`.
pub(crate) fn places<'a>(text: &'a str, needle: &'a str) -> impl Iterator<Item = usize> + 'a {
    let mut from = 0;
    std::iter::from_fn(move || {
        let at = from + find(text.get(from..)?, needle)?;
        from = at + needle.len();
        Some(at)
    })
}

/// What stands before and after the first `mark`.
pub(crate) fn split_once<'a>(text: &'a str, mark: &str) -> Option<(&'a str, &'a str)> {
    let at = find(text, mark)?;
    Some((text.get(..at)?, text.get(at + mark.len()..)?))
}

/// The text with every `from` as `to`.
pub(crate) fn replace(text: &str, from: &str, to: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = split_once(rest, from) {
        out.push_str(before);
        out.push_str(to);
        rest = after;
    }
    out.push_str(rest);
    out
}

/// A whole number as `u64::from_str` reads it. One instance for all: the standard library's is
/// another one for every type of number.
#[inline(never)]
pub(crate) fn whole(text: &str) -> Option<u64> {
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn finds_splits_and_replaces_like_the_standard_library(text in "[abé]{0,12}", needle in "[abé]{1,3}", to in "[xy]{0,2}") {
            prop_assert_eq!(find(&text, &needle), text.find(&needle));
            prop_assert_eq!(places(&text, &needle).collect::<Vec<_>>(), text.match_indices(&needle).map(|(at, _)| at).collect::<Vec<_>>());
            prop_assert_eq!(split_once(&text, &needle), text.split_once(needle.as_str()));
            prop_assert_eq!(replace(&text, &needle, &to), text.replace(&needle, &to));
        }
    }
}
