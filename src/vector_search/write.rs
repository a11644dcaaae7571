//! Writing rows: how lists are cut into requests, and what became of each. Pure.

use crate::error::{Error, ErrorKind, Result};
use crate::vector_search::text::{answer, either, invalid, key_text, word};
use crate::wire::find::whole;
use crate::wire::json::Raw;

/// How many rows one request carries unless something else is said.
pub const BATCH_ROWS: usize = 500;
/// How many bytes the rows of one request have at most, unless something else is said. A single row may have more.
pub const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// The keys of rows, and where each request's rows end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cut {
    /// The primary key of every row, as text.
    pub keys: Vec<String>,
    /// Where the rows of each request end.
    pub ends: Vec<usize>,
}

/// Cuts rows, each the JSON text of an object, into requests by count and bytes. Without `key` the rows are keys
/// themselves.
///
/// # Errors
/// `InvalidInput` naming the row that is no object or has no primary key.
///
/// ```
/// let cut = lakewire::vector_search::write::cut(Some("id"), &[r#"{"id":"a"}"#, r#"{"id":7}"#], 1, 1000)?;
/// assert_eq!((cut.keys, cut.ends), (vec!["a".to_owned(), "7".to_owned()], vec![1, 2]));
/// # Ok::<(), lakewire::Error>(())
/// ```
pub fn cut<T: AsRef<str>>(key: Option<&str>, rows: &[T], max_rows: usize, max_bytes: usize) -> Result<Cut> {
    let mut out = Cut::default();
    let mut start = 0;
    let mut bytes = 0_usize;
    for (at, row) in rows.iter().enumerate() {
        let row = row.as_ref();
        let found = match key {
            None => Some(row.to_owned()).filter(|key| !key.is_empty()),
            Some(key) => Raw::parse(row)
                .ok()
                .filter(|row| row.is_object())
                .and_then(|row| row.get_some(key))
                .and_then(key_text)
                .filter(|key| !key.is_empty()),
        };
        let Some(found) = found else {
            let place = at.to_string();
            let what = key.unwrap_or("primary key");
            return Err(invalid(
                ["Row ", &place, " has no `", what, "`: every row needs the index's primary key, a text or a number."]
                    .concat(),
            ));
        };
        // inside a JSON string, quotes and backslashes take two bytes
        let own = row.len() + row.bytes().filter(|byte| matches!(byte, b'"' | b'\\')).count() + 1;
        if at > start && (at - start >= max_rows.max(1) || bytes + own > max_bytes) {
            out.ends.push(at);
            start = at;
            bytes = 0;
        }
        bytes += own;
        out.keys.push(found);
    }
    if rows.len() > start {
        out.ends.push(rows.len());
    }
    Ok(out)
}

/// What an answer says of the rows that were sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// How many rows the service says it wrote (or deleted).
    pub written: u64,
    /// Places, among the keys sent, of those it says it failed on.
    pub failed: Vec<usize>,
    /// What does not add up, as a sentence: the fate of the rows not named is not known then.
    pub doubt: Option<String>,
}

/// Reads the answer of an upsert or a deletion against the keys that were sent.
///
/// # Errors
/// `OperationFailed` when the service says in a good answer that it failed; its own error when the answer is one.
///
/// ```
/// let answer = r#"{"status":"PARTIAL_SUCCESS","result":{"success_row_count":1,"failed_primary_keys":["b"]}}"#;
/// assert_eq!(lakewire::vector_search::write::verdict(answer, &["a", "b"])?.failed, [1]);
/// # Ok::<(), lakewire::Error>(())
/// ```
pub fn verdict<T: AsRef<str>>(text: &str, keys: &[T]) -> Result<Verdict> {
    let root = answer(text)?;
    let status = word(root, "status");
    let sent = keys.len().to_string();
    if status == "FAILURE" {
        let sentence = ["The service answered FAILURE: none of the ", &sent, " rows of this request was written."];
        return Err(Error::new(ErrorKind::OperationFailed, sentence.concat()).with_error_code(Some(status)));
    }
    let result = either(root, "result");
    let written = result.and_then(|result| either(result, "success_row_count")).and_then(|count| whole(count.text()));
    let named = result.and_then(|result| either(result, "failed_primary_keys"));
    let mut out = Verdict { written: written.unwrap_or(0), ..Verdict::default() };
    let mut doubt = String::new();
    for key in named.into_iter().flat_map(Raw::items) {
        let key = key_text(key).unwrap_or_default();
        let before = out.failed.len();
        // a key that was sent twice failed at each of its places
        out.failed.extend(keys.iter().enumerate().filter(|(_, sent)| sent.as_ref() == key).map(|(place, _)| place));
        if out.failed.len() == before {
            doubt.push_str(" It names a failed key that was not sent.");
        }
    }
    crate::order::sort(&mut out.failed, |a, b| a < b);
    out.failed.dedup();
    let counted = out.written + out.failed.len() as u64;
    if counted != keys.len() as u64 {
        let counted = [out.written.to_string(), out.failed.len().to_string()];
        let [written, failed] = &counted;
        doubt.push_str(&[" It counts ", written, " written and ", failed, " failed."].concat());
    }
    if !matches!(status.as_str(), "SUCCESS" | "PARTIAL_SUCCESS") {
        doubt.push_str(" Its status is none that is known.");
    }
    if !doubt.is_empty() {
        out.doubt = Some(
            [
                "The answer on ",
                &sent,
                " rows does not add up.",
                &doubt,
                " Which rows were written is not known: send them again.",
            ]
            .concat(),
        );
    }
    Ok(out)
}

/// Whether to go on with the next batch after this failure: what is about one batch leaves the others, what is about
/// all (a token, a right, an index that is not there, a service that wants no more) does not.
#[must_use]
pub fn goes_on(kind: &str) -> bool {
    matches!(kind, "BadRequest" | "OperationFailed" | "Decode" | "Protocol" | "InternalError" | "BodyTooLarge")
}

/// What stands for the failure of a batch that was not sent because of an earlier one's.
#[must_use]
pub fn not_sent() -> Error {
    Error::new(ErrorKind::Cancelled, "The batch was not sent, because of the failure of an earlier one.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn o1_the_failed_keys_are_found_among_those_sent() {
        let text = r#"{"status":"PARTIAL_SUCCESS","result":{"successRowCount":2,"failedPrimaryKeys":["7",9]}}"#;
        let verdict = verdict(text, &["a", "7", "b", "9"]).unwrap();
        assert_eq!(verdict, Verdict { written: 2, failed: vec![1, 3], doubt: None });
    }

    #[test]
    fn o2_failure_under_a_good_status_is_an_error() {
        let text = r#"{"status":"FAILURE","result":{"success_row_count":0,"failed_primary_keys":["a"]}}"#;
        let error = verdict(text, &["a"]).unwrap_err();
        assert_eq!((error.kind(), error.error_code()), (ErrorKind::OperationFailed, Some("FAILURE")));
    }

    #[test]
    fn o5_what_does_not_add_up_is_said() {
        for (text, part) in [
            (r#"{"status":"SUCCESS","result":{"success_row_count":1,"failed_primary_keys":["z"]}}"#, "was not sent"),
            (r#"{"status":"SUCCESS","result":{"success_row_count":1}}"#, "counts 1 written and 0 failed"),
            (r#"{"status":"SUCCESS","result":{"success_row_count":3}}"#, "counts 3 written"),
            (r#"{"status":"LATER","result":{"success_row_count":2}}"#, "status"),
            ("{}", "counts 0"),
        ] {
            let doubt = verdict(text, &["a", "b"]).unwrap().doubt.unwrap();
            assert!(doubt.contains(part), "{doubt}");
            assert!(!doubt.contains("z."), "a key may be a secret: {doubt}");
        }
        let twice = r#"{"status":"PARTIAL_SUCCESS","result":{"success_row_count":1,"failed_primary_keys":["a","a"]}}"#;
        assert_eq!(verdict(twice, &["a", "b"]).unwrap(), Verdict { written: 1, failed: vec![0], doubt: None });
    }

    #[test]
    fn rows_without_a_key_are_named() {
        for bad in [r#"{"x":1}"#, r#"{"id":null}"#, r#"{"id":[1]}"#, r#"{"id":""}"#, "[]", "{"] {
            let error = cut(Some("id"), &[r#"{"id":1}"#, bad], 10, 1000).unwrap_err();
            assert!(error.message().starts_with("Row 1 has no `id`"), "{error}");
        }
        assert!(cut(None, &["a", ""], 10, 1000).is_err());
        assert_eq!(cut::<&str>(None, &[], 10, 1000).unwrap(), Cut::default());
    }

    proptest! {
        #[test]
        fn every_row_is_sent_once_and_no_batch_is_too_large(rows in prop::collection::vec("[a\"]{1,20}", 0..50), most in 1..8_usize, bytes in 1..80_usize) {
            let cut = cut(None, &rows, most, bytes).unwrap();
            prop_assert_eq!(&cut.keys, &rows);
            let mut start = 0;
            for end in &cut.ends {
                let size: usize = rows[start..*end].iter().map(|row| row.len() + row.matches('"').count() + 1).sum();
                prop_assert!(*end > start && end - start <= most);
                prop_assert!(size <= bytes || end - start == 1);
                start = *end;
            }
            prop_assert_eq!(start, rows.len());
        }
    }
}
