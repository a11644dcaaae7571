//! The answer of an embeddings endpoint, from its bytes to floats in one pass: pure.
//!
//! No JSON value is built and no text is made of the numbers. What is not read is still checked, so
//! that a malformed answer is an error wherever its fault lies. Rows are kept as they come;
//! [`Scanned::in_order`] puts them where their `index` says.

use super::base64::Letters;
use super::number::Fault;
use super::{base64, number};
use crate::error::{Error, ErrorKind, Result};
use crate::wire::json::{Raw, check_value, unescape};

/// An answer as it came.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scanned {
    /// All rows, one behind the other.
    pub data: Vec<f32>,
    /// How long each row is; 0 when there are none.
    pub dimensions: usize,
    /// The `index` of each row, in the order they came.
    pub order: Vec<usize>,
    /// The tokens read, when the service counts them.
    pub prompt_tokens: Option<u64>,
    /// The tokens billed, when the service counts them.
    pub total_tokens: Option<u64>,
    /// The model that answered, when the service names it.
    pub model: Option<String>,
}

/// Reads an answer's bytes. `None` when it is an object without `data`.
///
/// # Errors
/// `Decode`: with the byte where it is no JSON, or the item that does not hold an embedding.
///
/// ```
/// let body = br#"{"data":[{"index":1,"embedding":[0.5]},{"index":0,"embedding":"AACAPw=="}]}"#;
/// let scanned = lakewire::embeddings::scan::scan(body)?.expect("it has data");
/// assert_eq!((&scanned.data[..], &scanned.order[..]), (&[0.5, 1.0][..], &[1, 0][..]));
/// # Ok::<(), lakewire::Error>(())
/// ```
pub fn scan(bytes: &[u8]) -> Result<Option<Scanned>> {
    // one byte order mark is tolerated, as for all JSON
    let at = if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let mut scanner = Scanner { bytes, at, found: Scanned::default(), item: None, letters: None };
    let has_data = scanner.answer().map_err(|fault| scanner.error(fault))?;
    Ok(has_data.then_some(scanner.found))
}

struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
    found: Scanned,
    /// The item of the answer at work.
    item: Option<usize>,
    letters: Option<Box<Letters>>,
}

/// What may stand behind a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Then {
    More,
    End,
}

impl<'a> Scanner<'a> {
    #[cold]
    #[inline(never)]
    fn error(&self, fault: Fault) -> Error {
        let mut sentence = String::from("The answer holds no embeddings that can be read: ");
        if let Some(item) = self.item {
            sentence.push_str("in item ");
            sentence.push_str(&item.to_string());
            sentence.push_str(" of its data, ");
        }
        sentence.push_str(fault);
        sentence.push_str(" at byte ");
        sentence.push_str(&self.at.to_string());
        sentence.push_str(" of ");
        sentence.push_str(&self.bytes.len().to_string());
        sentence.push('.');
        Error::new(ErrorKind::Decode, sentence)
    }

    #[inline(always)]
    fn peek(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    #[inline(always)]
    fn space(&mut self) {
        while matches!(self.peek(), b' ' | b'\n' | b'\r' | b'\t') {
            self.at += 1;
        }
    }

    fn mark(&mut self, byte: u8, fault: Fault) -> std::result::Result<(), Fault> {
        self.space();
        if self.peek() != byte {
            return Err(fault);
        }
        self.at += 1;
        self.space();
        Ok(())
    }

    fn then(&mut self, close: u8) -> std::result::Result<Then, Fault> {
        self.space();
        let then = match self.peek() {
            b',' => Then::More,
            byte if byte == close => Then::End,
            _ => return Err("a comma or a closing bracket is missing"),
        };
        self.at += 1;
        self.space();
        Ok(then)
    }

    /// A string with its quotes, checked.
    fn string(&mut self) -> std::result::Result<std::borrow::Cow<'a, str>, Fault> {
        if self.peek() != b'"' {
            return Err("a key is missing");
        }
        let text = self.skip(0)?;
        Ok(unescape(text.get(1..text.len() - 1).unwrap_or("")))
    }

    /// Any value, checked and passed over; it stands `depth` deep.
    fn skip(&mut self, depth: usize) -> std::result::Result<&'a str, Fault> {
        let start = self.at;
        let (end, outcome) = check_value(self.bytes, start, depth);
        self.at = end;
        outcome?;
        let value = self.bytes.get(start..end).unwrap_or_default();
        std::str::from_utf8(value).map_err(|fault| {
            self.at = start + fault.valid_up_to();
            "the text is not UTF-8"
        })
    }

    fn answer(&mut self) -> std::result::Result<bool, Fault> {
        let mut has_data = false;
        self.mark(b'{', "an object is missing")?;
        if self.peek() == b'}' {
            self.at += 1;
        } else {
            loop {
                let key = self.string()?;
                self.mark(b':', "a colon is missing")?;
                match &*key {
                    "data" => {
                        has_data = true;
                        self.data()?;
                    }
                    "usage" => {
                        let usage = Raw::trusted(self.skip(1)?);
                        let count = |name| usage.get(name).and_then(Raw::as_i64).and_then(|n| u64::try_from(n).ok());
                        self.found.prompt_tokens = count("prompt_tokens");
                        self.found.total_tokens = count("total_tokens");
                    }
                    "model" => self.found.model = Raw::trusted(self.skip(1)?).as_str().map(Into::into),
                    _ => {
                        self.skip(1)?;
                    }
                }
                if self.then(b'}')? == Then::End {
                    break;
                }
            }
        }
        self.space();
        if self.at == self.bytes.len() { Ok(has_data) } else { Err("something follows the answer") }
    }

    fn data(&mut self) -> std::result::Result<(), Fault> {
        // of a repeated key, the last one counts
        self.found.data.clear();
        self.found.order.clear();
        self.found.dimensions = 0;
        self.mark(b'[', "a list of embeddings is missing")?;
        if self.peek() == b']' {
            self.at += 1;
            return Ok(());
        }
        loop {
            let start = self.at;
            self.item = Some(self.found.order.len());
            self.item()?;
            if self.found.order.len() == 1 {
                // the others are about as long: room for all of them at once
                let others = self.bytes.len().saturating_sub(self.at) / (self.at - start).max(1) + 1;
                self.found.data.reserve_exact(others * self.found.dimensions);
            }
            if self.then(b']')? == Then::End {
                break;
            }
        }
        self.item = None;
        Ok(())
    }

    fn item(&mut self) -> std::result::Result<(), Fault> {
        let from = self.found.data.len();
        let mut index = None;
        self.mark(b'{', "an object is missing")?;
        if self.peek() == b'}' {
            return Err("the embedding is missing");
        }
        loop {
            let key = self.string()?;
            self.mark(b':', "a colon is missing")?;
            match &*key {
                "embedding" => {
                    self.found.data.truncate(from);
                    self.embedding()?;
                }
                "index" => {
                    let start = self.at;
                    index = Raw::trusted(self.skip(3)?).as_i64().and_then(|index| usize::try_from(index).ok());
                    if index.is_none() {
                        self.at = start;
                        return Err("the index is not a whole number");
                    }
                }
                _ => {
                    self.skip(3)?;
                }
            }
            if self.then(b'}')? == Then::End {
                break;
            }
        }
        let dimensions = self.found.data.len() - from;
        if dimensions == 0 {
            return Err("the embedding is missing or empty");
        }
        if self.found.order.is_empty() {
            self.found.dimensions = dimensions;
        } else if self.found.dimensions != dimensions {
            return Err("the embedding has another length than the first one");
        }
        self.found.order.push(index.ok_or("the index is missing")?);
        Ok(())
    }

    fn embedding(&mut self) -> std::result::Result<(), Fault> {
        // room for a row as long as the first one; `Vec::push` would be a call for each number
        let from = self.found.data.len();
        self.found.data.resize(from + self.found.dimensions, 0.0);
        let to = match self.peek() {
            b'[' => self.floats(from),
            b'"' => self.base64(from),
            _ => Err("the embedding is neither a list of numbers nor base64 text"),
        };
        self.found.data.truncate(*to.as_ref().unwrap_or(&from));
        to.map(|_| ())
    }

    /// Reads base64 text to `from` and on; gives where the row ends.
    fn base64(&mut self, from: usize) -> std::result::Result<usize, Fault> {
        let letters = self.bytes.get(self.at + 1..).unwrap_or_default();
        let table = self.letters.get_or_insert_with(Letters::new);
        if let Some((length, to)) = base64::read(table, letters, &mut self.found.data, from)? {
            self.at += length + 2;
            return Ok(to);
        }
        // a slash may be written with an escape
        let text = self.string()?;
        let mut quoted = String::with_capacity(text.len() + 1);
        quoted.push_str(&text);
        quoted.push('"');
        let table = self.letters.get_or_insert_with(Letters::new);
        match base64::read(table, quoted.as_bytes(), &mut self.found.data, from)? {
            Some((length, to)) if length == text.len() => Ok(to),
            _ => Err(base64::STRANGE),
        }
    }

    /// Reads a list of numbers to `from` and on; gives where the row ends.
    fn floats(&mut self, from: usize) -> std::result::Result<usize, Fault> {
        self.at += 1;
        self.space();
        if self.peek() == b']' {
            self.at += 1;
            return Ok(from);
        }
        let mut at = self.at;
        let mut to = from;
        let out = &mut self.found.data;
        let fault = loop {
            let value = match number::read(self.bytes, at) {
                Ok((value, end)) => {
                    at = end;
                    value
                }
                Err(fault) => break fault,
            };
            match out.get_mut(to) {
                Some(slot) => *slot = value,
                None => more(out, to, value),
            }
            to += 1;
            let mut next = self.bytes.get(at).copied().unwrap_or(0);
            if next != b',' {
                while matches!(next, b' ' | b'\n' | b'\r' | b'\t') {
                    at += 1;
                    next = self.bytes.get(at).copied().unwrap_or(0);
                }
                if next != b',' {
                    if next == b']' {
                        self.at = at + 1;
                        return Ok(to);
                    }
                    break "a comma or a closing bracket is missing";
                }
            }
            at += 1;
            while matches!(self.bytes.get(at), Some(b' ' | b'\n' | b'\r' | b'\t')) {
                at += 1;
            }
        };
        self.at = at;
        Err(fault)
    }
}

/// Puts a value at the end and makes room for more.
#[cold]
#[inline(never)]
fn more(out: &mut Vec<f32>, at: usize, value: f32) {
    out.push(value);
    out.resize(at + at / 2 + 256, 0.0);
}

impl Scanned {
    /// How many rows came.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.order.len()
    }

    /// The rows where their `index` says, for a call of `expected` inputs the first of which is the
    /// caller's input `first`.
    ///
    /// # Errors
    /// `Decode` naming the input that has no row, two rows, or was never sent.
    pub fn in_order(mut self, expected: usize, first: usize) -> Result<Self> {
        let mut place = vec![usize::MAX; expected];
        let mut sorted = true;
        for (row, index) in self.order.iter().enumerate() {
            match place.get_mut(*index) {
                None => return Err(misplaced("an embedding for an input that was not sent, index", *index)),
                Some(slot) if *slot != usize::MAX => {
                    return Err(misplaced("two embeddings for input", first + index));
                }
                Some(slot) => *slot = row,
            }
            sorted &= row == *index;
        }
        if let Some(absent) = place.iter().position(|row| *row == usize::MAX) {
            return Err(misplaced("no embedding for input", first + absent));
        }
        if !sorted {
            let mut data = Vec::with_capacity(self.data.len());
            for row in &place {
                let from = row * self.dimensions;
                data.extend_from_slice(self.data.get(from..from + self.dimensions).unwrap_or_default());
            }
            self.data = data;
            self.order = (0..expected).collect();
        }
        Ok(self)
    }
}

#[cold]
fn misplaced(what: &str, place: usize) -> Error {
    let mut sentence = String::from("The answer holds ");
    sentence.push_str(what);
    sentence.push(' ');
    sentence.push_str(&place.to_string());
    sentence.push_str(": the endpoint does not answer as the embeddings task should.");
    Error::new(ErrorKind::Decode, sentence)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fault(body: &str) -> String {
        let error = scan(body.as_bytes()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode);
        error.message().to_owned()
    }

    fn bits(data: &[f32]) -> Vec<u32> {
        data.iter().map(|value| value.to_bits()).collect()
    }

    #[test]
    fn reads_what_servers_send() {
        let body = r#" {"id":"e", "object":"list","model":"gte\u002dlarge","data": [
            {"object":"embedding","embedding":[ 0.01 , -0.2e-3,1,-0 ],"index":0},
            {"index":1,"object":"embedding","extra":{"a":[1,{"b":"]}"}]},"embedding":"AAAAAAAAgD8AAABAAACAvw=="}
        ],"usage":{"prompt_tokens":2,"total_tokens":3}} "#;
        let found = scan(body.as_bytes()).unwrap().unwrap();
        let expected = [0.01, -0.2e-3, 1.0, -0.0, 0.0, 1.0, 2.0, -1.0];
        assert_eq!(bits(&found.data), bits(&expected));
        assert_eq!(
            (found.dimensions, found.order, found.prompt_tokens, found.total_tokens),
            (4, vec![0, 1], Some(2), Some(3))
        );
        assert_eq!(found.model.as_deref(), Some("gte-large"));
        let marked = format!("\u{feff}{body}");
        assert_eq!(scan(marked.as_bytes()).unwrap().unwrap().data.len(), 8);
        assert_eq!(scan(b"{}").unwrap(), None);
        assert_eq!(scan(br#"{"data":[]}"#).unwrap().unwrap().rows(), 0);
        let escaped = br#"{"d\u0061ta":[{"index":0,"embedding":"AA\u0043APw=\u003d"}]}"#;
        assert_eq!(scan(escaped).unwrap().unwrap().data, [1.0]);
    }

    #[test]
    fn h8_of_a_repeated_key_the_last_one_counts() {
        let body = br#"{"data":[{"index":5,"embedding":[9,9]}],"data":[{"index":7,"embedding":[1,2,3],"index":0,"embedding":[4]}]}"#;
        let found = scan(body).unwrap().unwrap();
        assert_eq!((found.data, found.dimensions, found.order), (vec![4.0], 1, vec![0]));
    }

    #[test]
    fn h11_what_holds_no_vector_names_its_item() {
        let item = |fields: &str| fault(&format!(r#"{{"data":[{{"index":0,"embedding":[1,2]}},{{{fields}}}]}}"#));
        for (fields, says) in [
            (r#""index":1,"embedding":null"#, "neither a list"),
            (r#""index":1,"embedding":{}"#, "neither a list"),
            (r#""index":1,"embedding":[]"#, "missing or empty"),
            (r#""index":1"#, "missing or empty"),
            ("", "missing"),
            (r#""index":1,"embedding":[1]"#, "another length"),
            (r#""index":1,"embedding":[1,null]"#, "a number is missing"),
            (r#""index":1,"embedding":[1,NaN]"#, "a number is missing"),
            (r#""index":1,"embedding":[1,-Infinity]"#, "a digit is missing"),
            (r#""index":1,"embedding":[1,"2"]"#, "a number is missing"),
            (r#""index":1,"embedding":[1,1e39]"#, "too large"),
            (r#""index":1,"embedding":[1,1.2.3]"#, "comma"),
            (r#""index":1,"embedding":[1,2,]"#, "a number is missing"),
            (r#""index":1,"embedding":[1 2]"#, "comma"),
            (r#""index":1,"embedding":"AACAPw=""#, "base64"),
            (r#""index":1,"embedding":"AADAfwAAAAA=""#, "not finite"),
            (r#""embedding":[1,2]"#, "the index is missing"),
            (r#""index":null,"embedding":[1,2]"#, "whole number"),
            (r#""index":-1,"embedding":[1,2]"#, "whole number"),
            (r#""index":1.5,"embedding":[1,2]"#, "whole number"),
        ] {
            let message = item(fields);
            assert!(message.contains(says) && message.contains("in item 1 of its data"), "{fields}: {message}");
        }
        let message = fault(r#"{"data":[{"index":0,"embedding":[0.5,oops]}]}"#);
        assert!(message.ends_with("a number is missing at byte 37 of 45."), "{message}");
    }

    #[test]
    fn h2_h10_garbage_around_and_deep_inside_is_an_error() {
        for body in [
            "",
            "[]",
            "null",
            "{",
            r#"{"data":"#,
            r#"{"data":null}"#,
            r#"{"data":{}}"#,
            r#"{"data":[]} {}"#,
            r#"{"data":[],}"#,
            r#"{"data":[1]}"#,
            r#"{"x":tru,"data":[]}"#,
            r#"{"data":[]}x"#,
            "{1:2}",
        ] {
            fault(body);
        }
        let nested = |depth: usize| format!(r#"{{"x":{}{},"data":[]}}"#, "[".repeat(depth), "]".repeat(depth));
        assert!(scan(nested(126).as_bytes()).is_ok());
        assert!(fault(&nested(127)).contains("too deep"));
        let error = scan(b"{\"x\":\"\xff\",\"data\":[]}").unwrap_err();
        assert!(error.message().contains("not UTF-8 at byte 6"), "{error}");
    }

    #[test]
    fn h11_every_cut_of_an_answer_is_an_error() {
        let body = br#"{"data":[{"index":0,"embedding":[0.015625,-1e-3]},{"embedding":"AACAPwAAgD8=","index":1}],"usage":{"prompt_tokens":2}}"#;
        assert!(scan(body).is_ok());
        for cut in 0..body.len() {
            assert!(scan(&body[..cut]).is_err(), "cut at {cut}");
        }
    }

    #[test]
    fn o6_rows_stand_where_their_index_says() {
        let scanned = |order: &[usize]| Scanned {
            data: order.iter().flat_map(|index| [*index as f32, 0.5]).collect(),
            dimensions: 2,
            order: order.to_vec(),
            ..Scanned::default()
        };
        assert_eq!(scanned(&[2, 0, 1]).in_order(3, 0).unwrap().data, [0.0, 0.5, 1.0, 0.5, 2.0, 0.5]);
        let fault = |order: &[usize], expected| scanned(order).in_order(expected, 40).unwrap_err().message().to_owned();
        assert!(fault(&[0, 0], 2).contains("two embeddings for input 40"));
        assert!(fault(&[0, 2], 3).contains("no embedding for input 41"));
        assert!(fault(&[0], 2).contains("no embedding for input 41"));
        assert!(fault(&[0, 1, 2], 2).contains("not sent, index 2"));
        assert!(scanned(&[]).in_order(0, 0).is_ok());
    }

    fn space() -> impl Strategy<Value = String> {
        prop_oneof![6 => Just(String::new()), 1 => "[ \n\r\t]{1,3}"]
    }

    proptest! {
        #[test]
        fn rows_are_what_json_says(rows in prop::collection::vec(prop::collection::vec(-2.0_f64..2.0, 3), 0..8), spaces in prop::collection::vec(space(), 7), digits in 1_usize..18) {
            let [a, b, c, d, e, f, g] = <[String; 7]>::try_from(spaces).unwrap();
            let numbers = |row: &[f64]| row.iter().map(|value| format!("{value:.digits$}")).collect::<Vec<_>>().join(&format!("{a},{b}"));
            let items: Vec<_> = rows.iter().enumerate().rev().map(|(index, row)| {
                format!("{{{c}\"embedding\"{d}:{e}[{f}{}{g}]{a},{b}\"index\"{c}:{d}{index}{e}}}", numbers(row))
            }).collect();
            let body = format!("{a}{{{b}\"data\"{c}:{d}[{e}{}{f}]{g}}}{a}", items.join(&format!("{b},{c}")));
            let value: serde_json::Value = serde_json::from_str(&body).unwrap();
            let mut items: Vec<_> = value["data"].as_array().unwrap().clone();
            items.sort_by_key(|item| item["index"].as_u64());
            let expected: Vec<u32> = items.iter().flat_map(|item| item["embedding"].as_array().unwrap().clone())
                .map(|number| (number.to_string().parse::<f64>().unwrap() as f32).to_bits()).collect();
            let found = scan(body.as_bytes()).unwrap().unwrap().in_order(rows.len(), 0).unwrap();
            prop_assert_eq!(bits(&found.data), expected);
        }

        #[test]
        fn h14_nothing_is_read_that_is_no_json(at in 0_usize..120, byte in prop::sample::select(&b"\"\\[]{},:0159.-+eEtfn xA=\x00\x1f"[..]), insert: bool) {
            let mut body = br#"{"data":[{"index":0,"embedding":[0.015625,-1e-3],"o":"e\n"},{"embedding":"AACAPwAAgD8=","index":1}],"model":"m","n":[1,{}]}"#.to_vec();
            let at = at.min(body.len() - 1);
            if insert { body.insert(at, byte) } else { body[at] = byte }
            if scan(&body).is_ok() {
                prop_assert!(serde_json::from_slice::<serde_json::Value>(&body).is_ok(), "{}", String::from_utf8_lossy(&body));
            }
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
            let _ = scan(&bytes).is_ok();
            let mut body = br#"{"data":[{"index":0,"embedding":["#.to_vec();
            body.extend(&bytes);
            if let Ok(found) = scan(&body) {
                prop_assert!(serde_json::from_slice::<serde_json::Value>(&body).is_ok(), "{found:?}");
            }
        }
    }
}
