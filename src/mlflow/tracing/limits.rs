//! How long a server lets texts be. Lengths are in characters, as MLflow counts them.

/// The longest value of a trace's metadata.
pub const METADATA_CHARS: usize = 250;
/// The longest key of a tag.
pub const TAG_KEY_CHARS: usize = 250;
/// The longest value of a tag.
pub const TAG_VALUE_CHARS: usize = 4096;
/// The longest preview on a server of one's own.
pub(super) const PREVIEW_CHARS: usize = 1000;
/// The longest preview on Databricks.
pub(super) const PREVIEW_CHARS_DATABRICKS: usize = 10_000;

/// The text itself when it has at most `limit` characters, else its beginning and `...`, together `limit` characters.
///
/// ```
/// use lakewire::mlflow::tracing::cut;
/// assert_eq!(cut("äöüß", 4), "äöüß");
/// assert_eq!(cut("äöüßx", 4), "ä...");
/// ```
#[must_use]
pub fn cut(text: &str, limit: usize) -> String {
    let at = |chars: usize| text.char_indices().nth(chars).map(|(at, _)| at);
    match at(limit).and_then(|_| at(limit.saturating_sub(3))) {
        Some(end) => {
            let mut out = String::with_capacity(end + 3);
            out.push_str(text.get(..end).unwrap_or(""));
            out.push_str("...");
            out
        }
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_cut_text_has_the_limit_and_the_same_beginning(text in "[aé漢😀\"]{0,40}", limit in 3_usize..30) {
            let cut = cut(&text, limit);
            let chars = text.chars().count();
            if chars <= limit {
                prop_assert_eq!(cut, text);
            } else {
                prop_assert_eq!(cut.chars().count(), limit);
                let start: String = text.chars().take(limit - 3).collect();
                prop_assert_eq!(cut, start + "...");
            }
        }
    }
}
