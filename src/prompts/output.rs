//! Reading what models write when they are asked for JSON or a list: whole, and while it still
//! comes in. Pure, and on text, for both faces.

use crate::error::{Error, ErrorKind, Result};
use crate::wire::find::find;
use crate::wire::json::check;

/// The JSON an answer holds, without the Markdown fence models like to put around it.
///
/// # Errors
/// `OutputMismatch` when the answer holds no whole JSON value, or text beside it.
pub(crate) fn whole_json(text: &str) -> Result<String> {
    let mut scan = Scan::new();
    let (body, fenced) = unfenced(text);
    let rest = scan.run(body);
    let mismatch =
        |why: &str| Err(Error::new(ErrorKind::OutputMismatch, format!("The model's answer is not JSON: {why}.")));
    if body.trim().is_empty() {
        return mismatch("it is empty");
    }
    if !scan.finished(true) {
        return mismatch("it ends in the middle, perhaps because max_tokens cut it");
    }
    let rest = rest.trim_start();
    if !(rest.is_empty() || (fenced && rest.starts_with("```"))) {
        return mismatch("other text follows; ask for JSON alone");
    }
    match check(&scan.out) {
        Ok(()) => Ok(scan.out),
        Err(_) => mismatch("ask for JSON alone, or use structured output"),
    }
}

/// How long the text must be for the next look at JSON that comes in. Each look reads the whole
/// text: short text is looked at for each piece, longer text when it grew by a share, so that the
/// work is in proportion to the text. `parsers.js` has the same rule.
pub(crate) fn next_look(length: usize) -> usize {
    length + 1 + length.saturating_sub(4096) / 16
}

/// The JSON that has come so far, its open strings, lists and objects closed. Keys without a value
/// and numbers or words that may go on are left out. Nothing while no value can be told. As text is
/// added it is another text only when it is another value.
pub(crate) fn partial_json(text: &str) -> Option<String> {
    let mut scan = Scan::new();
    scan.run(unfenced(text).0);
    let json = scan.closed();
    check(&json).is_ok().then_some(json)
}

/// What stands inside the first Markdown fence; the text itself when it does not need one.
fn unfenced(text: &str) -> (&str, bool) {
    let bare = text.trim_start();
    if bare.starts_with(['{', '[', '"']) {
        return (bare, false);
    }
    match find(bare, "```").and_then(|at| bare.get(at + 3..)) {
        Some(inside) => {
            let word = inside.bytes().take_while(u8::is_ascii_alphabetic).count();
            (inside.get(word..).unwrap_or(""), true)
        }
        None => (bare, false),
    }
}

/// Walks JSON that may break off, and remembers where it could be cut.
struct Scan {
    /// What was read, raw line breaks in strings escaped.
    out: String,
    /// How the open containers close, innermost last.
    open: Vec<char>,
    /// How much of `out` makes sense when it is closed there.
    cut: usize,
    /// A number or word that may go on.
    loose: bool,
    /// The end stands inside a string that is a value.
    in_value: bool,
    /// A value of the outermost level has ended.
    done: bool,
}

impl Scan {
    fn new() -> Self {
        Self { out: String::new(), open: Vec::new(), cut: 0, loose: false, in_value: false, done: false }
    }

    /// Reads one value; gives what follows it.
    fn run<'a>(&mut self, text: &'a str) -> &'a str {
        let mut rest = text;
        // whether the next string of an object is a key
        let mut key = false;
        while let Some(c) = rest.chars().next() {
            if self.done {
                return rest;
            }
            let next = rest.get(c.len_utf8()..).unwrap_or("");
            if self.loose && !is_loose(c) {
                self.loose = false;
                self.value_ended();
                continue;
            }
            match c {
                '"' => {
                    rest = self.string(next, key);
                    continue;
                }
                '{' | '[' => {
                    self.out.push(c);
                    self.open.push(if c == '{' { '}' } else { ']' });
                    self.cut = self.out.len();
                    key = c == '{';
                }
                '}' | ']' => {
                    if self.open.pop() != Some(c) {
                        return rest;
                    }
                    // so that space before the end makes no other text of the same value
                    self.out.truncate(self.out.trim_end_matches(is_space).len());
                    self.out.push(c);
                    self.value_ended();
                }
                ',' => {
                    key = self.open.last() == Some(&'}');
                    self.out.push(c);
                }
                ':' => {
                    key = false;
                    self.out.push(c);
                }
                _ if is_space(c) => self.out.push(c),
                _ if is_loose(c) => {
                    self.out.push(c);
                    self.loose = true;
                }
                // no JSON: what follows is the caller's to judge
                _ => return rest,
            }
            rest = next;
        }
        rest
    }

    fn value_ended(&mut self) {
        self.cut = self.out.len();
        self.done = self.open.is_empty();
    }

    /// Reads a string after its opening mark.
    fn string<'a>(&mut self, text: &'a str, key: bool) -> &'a str {
        self.out.push('"');
        if !key {
            self.cut = self.out.len();
        }
        let mut chars = text.char_indices();
        // a high surrogate waits for its other half
        let mut half = false;
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.out.push('"');
                    if !key {
                        self.in_value = false;
                        self.value_ended();
                    }
                    return text.get(at + 1..).unwrap_or("");
                }
                '\\' => {
                    let start = self.out.len();
                    self.out.push('\\');
                    let Some((_, mark)) = chars.next() else { break };
                    self.out.push(mark);
                    if mark == 'u' {
                        let mut digits = 0;
                        while digits < 4 {
                            let Some((_, digit)) = chars.next() else { break };
                            self.out.push(digit);
                            digits += 1;
                        }
                        if digits < 4 {
                            break;
                        }
                        let code = self.out.get(start + 2..).and_then(|hex| u32::from_str_radix(hex, 16).ok());
                        half = !half && code.is_some_and(|code| (0xd800..0xdc00).contains(&code));
                    } else {
                        half = false;
                    }
                }
                '\n' => self.out.push_str("\\n"),
                '\r' => self.out.push_str("\\r"),
                '\t' => self.out.push_str("\\t"),
                _ => {
                    half = false;
                    self.out.push(c);
                }
            }
            if !key && !half {
                self.cut = self.out.len();
            }
        }
        self.in_value = !key;
        ""
    }

    /// Whether a whole value was read; at the end of the text a number is whole.
    fn finished(&mut self, at_end: bool) -> bool {
        if at_end && self.loose && self.open.is_empty() {
            self.loose = false;
            self.value_ended();
        }
        self.done
    }

    /// What was read up to the last place that makes sense, closed there.
    fn closed(mut self) -> String {
        self.out.truncate(self.cut);
        if self.in_value {
            self.out.push('"');
        }
        for end in self.open.iter().rev() {
            self.out.push(*end);
        }
        self.out
    }
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\n' | '\r' | '\t')
}

/// What numbers, `true`, `false` and `null` are made of.
fn is_loose(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.')
}

/// Takes the items of a comma separated list that are complete, and leaves the rest. At the end
/// everything is complete. Line breaks separate too; an item in double quotes may hold either, and
/// `""` for a quote.
pub(crate) fn take_items(text: &mut String, at_end: bool) -> Vec<String> {
    let mut items = Vec::new();
    let mut item = String::new();
    let mut quoted = false;
    let mut was_quoted = false;
    let mut taken = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' if quoted && chars.peek().is_some_and(|(_, next)| *next == '"') => {
                chars.next();
                item.push('"');
            }
            '"' if quoted => quoted = false,
            '"' if item.trim().is_empty() && !was_quoted => {
                item.clear();
                (quoted, was_quoted) = (true, true);
            }
            ',' | '\n' if !quoted => {
                push_item(&mut items, &item, c == ',');
                item.clear();
                was_quoted = false;
                taken = at + 1;
            }
            _ => item.push(c),
        }
    }
    if at_end {
        push_item(&mut items, &item, false);
        text.clear();
    } else {
        text.drain(..taken);
    }
    items
}

/// Empty lines are no items; an empty place before a comma is one.
fn push_item(items: &mut Vec<String>, item: &str, even_empty: bool) {
    let item = item.trim();
    if even_empty || !item.is_empty() {
        items.push(item.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    #[test]
    fn json_is_taken_out_of_fences() {
        for text in [
            "{\"a\":1}",
            " {\"a\":1} \n",
            "```json\n{\"a\":1}\n```",
            "```{\"a\":1}```",
            "Here it is:\n```JSON\n{\"a\":1}\n```\nBye.",
        ] {
            assert_eq!(whole_json(text).unwrap().trim(), "{\"a\":1}", "{text}");
        }
        for (text, json) in
            [("42", "42"), (" true ", "true"), ("\"a\nb\"", "\"a\\nb\""), ("[]", "[]"), ("-1.5e3\n", "-1.5e3")]
        {
            assert_eq!(whole_json(text).unwrap().trim(), json);
        }
    }

    #[test]
    fn what_is_no_whole_json_is_a_mismatch_that_says_why() {
        for (text, says) in [
            ("", "empty"),
            ("```json\n```", "middle"),
            ("{\"a\":", "middle"),
            ("{\"a\":\"", "middle"),
            ("{\"a\":1} and more", "other text"),
            ("Sure! {\"a\":1}", "not JSON"),
            ("{a:1}", "not JSON"),
            ("{\"a\" 1}", "JSON alone"),
            ("[1}", "not JSON"),
            ("nonsense", "JSON alone"),
        ] {
            let error = whole_json(text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::OutputMismatch);
            assert!(error.message().contains(says), "{text}: {error}");
            assert!(text.len() < 6 || !error.message().contains(text), "{error}");
        }
    }

    #[test]
    fn partial_json_grows() {
        let steps = [
            ("", None),
            ("Sure", None),
            ("``", None),
            ("```js", None),
            ("{", Some("{}")),
            ("{\"na", Some("{}")),
            ("{\"name\"", Some("{}")),
            ("{\"name\":", Some("{}")),
            ("{\"name\": \"", Some("{\"name\": \"\"}")),
            ("{\"name\": \"An\\", Some("{\"name\": \"An\"}")),
            ("{\"name\": \"An\\u00", Some("{\"name\": \"An\"}")),
            ("{\"name\": \"\\ud83d", Some("{\"name\": \"\"}")),
            ("{\"name\": \"\\ud83d\\ude00", Some("{\"name\": \"\\ud83d\\ude00\"}")),
            ("{\"name\": \"Ann\"", Some("{\"name\": \"Ann\"}")),
            ("{\"name\": \"Ann\", \"age\": 3", Some("{\"name\": \"Ann\"}")),
            ("{\"name\": \"Ann\", \"age\": 31,", Some("{\"name\": \"Ann\", \"age\": 31}")),
            ("{\"a\": [1, tru", Some("{\"a\": [1]}")),
            ("{\"a\": [true, {\"b\": null", Some("{\"a\": [true, {}]}")),
            ("[{} , [1 \n", Some("[{} , [1]]")),
            ("[{} , [1 \n] \t", Some("[{} , [1]]")),
            ("[{} , [1 \n] \t]", Some("[{} , [1]]")),
            ("[1] rest", Some("[1]")),
            ("{\"a\"]", None),
        ];
        for (text, json) in steps {
            assert_eq!(partial_json(text).as_deref(), json, "{text}");
        }
        assert_eq!(partial_json("```json\n{\"a\":\"b\n").as_deref().map(str::trim), Some("{\"a\":\"b\\n\"}"));
    }

    #[test]
    fn items_are_taken_when_they_are_complete() {
        let mut text = "red, gre".to_owned();
        assert_eq!(take_items(&mut text, false), ["red"]);
        assert_eq!(text, " gre");
        text.push_str("en,\"a, \"\"b\"\"");
        assert_eq!(take_items(&mut text, false), ["green"]);
        text.push_str("\"\nlast\n\n");
        assert_eq!(take_items(&mut text, false), ["a, \"b\"", "last"]);
        assert_eq!(take_items(&mut text, true), Vec::<String>::new());
        assert_eq!(take_items(&mut "a,,b , c".to_owned(), true), ["a", "", "b", "c"]);
        assert_eq!(take_items(&mut "5\" disk, x".to_owned(), true), ["5\" disk", "x"]);
    }

    fn arbitrary_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i32>().prop_map(Into::into),
            any::<String>().prop_map(Into::into),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
                prop::collection::vec((any::<String>(), inner), 0..4)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    /// Whether `small` is what `big` may have been while it came in.
    fn is_part(small: &Value, big: &Value) -> bool {
        match (small, big) {
            (Value::String(small), Value::String(big)) => big.starts_with(small.as_str()),
            (Value::Array(small), Value::Array(big)) => {
                small.len() <= big.len() && small.iter().zip(big).all(|(small, big)| is_part(small, big))
            }
            (Value::Object(small), Value::Object(big)) => {
                small.iter().all(|(name, small)| big.get(name).is_some_and(|big| is_part(small, big)))
            }
            (small, big) => small == big,
        }
    }

    proptest! {
        #[test]
        fn json_cut_anywhere_is_a_part_of_the_whole(value in arbitrary_json(), pretty: bool) {
            let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
            prop_assert_eq!(&serde_json::from_str::<Value>(&whole_json(&text).unwrap()).unwrap(), &value);
            let mut shown: Option<(Value, String)> = None;
            for (at, _) in text.char_indices() {
                if let Some(json) = partial_json(&text[..at]) {
                    let part: Value = serde_json::from_str(&json).unwrap();
                    prop_assert!(is_part(&part, &value), "{} at {}: {}", text, at, json);
                    if shown.as_ref().is_some_and(|(old, _)| *old == part) {
                        prop_assert_eq!(shown.as_ref().map(|(_, old)| old), Some(&json), "the same value");
                    }
                    shown = Some((part, json));
                }
            }
        }

        #[test]
        fn arbitrary_text_never_panics(text in r#"[\[\]{}",:\\u`d8a0 \n-]{0,24}"#) {
            let _ = whole_json(&text);
            if let Some(json) = partial_json(&text) {
                prop_assert!(check(&json).is_ok());
            }
            let _ = take_items(&mut text.clone(), false);
        }

        #[test]
        fn items_do_not_depend_on_where_the_pieces_end(text in "[ab\", \n]{0,16}", cuts in prop::collection::vec(0_usize..17, 0..4)) {
            let whole = take_items(&mut text.clone(), true);
            let mut left = String::new();
            let mut items = Vec::new();
            for (at, c) in text.char_indices() {
                left.push(c);
                if cuts.contains(&at) {
                    items.append(&mut take_items(&mut left, false));
                }
            }
            items.append(&mut take_items(&mut left, true));
            prop_assert_eq!(items, whole);
        }
    }
}
