//! Whether text is JSON: grammar and depth, without building values and without recursion.

use super::MAX_DEPTH;
use crate::error::{Error, ErrorKind, Result};

/// Checks that text is one JSON document by RFC 8259, at most [`MAX_DEPTH`] deep.
///
/// # Errors
/// `Decode` with the byte offset of the fault; the text itself is never repeated.
pub fn check(text: &str) -> Result<()> {
    let mut checker = Checker { bytes: text.as_bytes(), at: 0 };
    checker.document().map_err(|fault| {
        Error::new(
            ErrorKind::Decode,
            format!("The text is not valid JSON: {fault} at byte {} of {}.", checker.at, text.len()),
        )
    })
}

/// Checks the value that begins at `at` of a longer text, itself `depth` deep: where it ends, or where
/// its fault is. Whether strings are UTF-8 is the caller's to check.
pub(crate) fn check_value(bytes: &[u8], at: usize, depth: usize) -> (usize, Result<(), Fault>) {
    let mut checker = Checker { bytes, at };
    let outcome = checker.value(depth);
    (checker.at, outcome)
}

struct Checker<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// What is wrong, as a part of a sentence.
pub(crate) type Fault = &'static str;

impl Checker<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn document(&mut self) -> Result<(), Fault> {
        self.value(0)?;
        self.space();
        if self.peek().is_some() { Err("something follows the value") } else { Ok(()) }
    }

    /// Not recursive: hostile depth must not reach the wasm stack. Each bit of `objects` says
    /// whether that level is an object.
    fn value(&mut self, outer: usize) -> Result<(), Fault> {
        let mut objects = 0_u128;
        let mut depth = outer;
        loop {
            self.space();
            let byte = self.peek().ok_or("the text ends early")?;
            let opened = matches!(byte, b'{' | b'[');
            if opened {
                if depth >= MAX_DEPTH {
                    return Err("it nests too deep");
                }
                objects = (objects << 1) | u128::from(byte == b'{');
                depth += 1;
                self.at += 1;
                self.space();
                match (byte, self.peek()) {
                    (b'{', Some(b'}')) | (b'[', Some(b']')) => {}
                    (b'{', _) => {
                        self.key()?;
                        continue;
                    }
                    _ => continue,
                }
            } else {
                self.leaf(byte)?;
            }
            // after a value: close what ends here, or go on to the next sibling
            loop {
                if depth == outer {
                    return Ok(());
                }
                self.space();
                let in_object = objects & 1 == 1;
                match self.peek() {
                    Some(b',') => {
                        self.at += 1;
                        if in_object {
                            self.space();
                            self.key()?;
                        }
                        break;
                    }
                    Some(b'}') if in_object => self.at += 1,
                    Some(b']') if !in_object => self.at += 1,
                    Some(_) => return Err("a comma or a closing bracket is missing"),
                    None => return Err("the text ends early"),
                }
                objects >>= 1;
                depth -= 1;
            }
        }
    }

    fn key(&mut self) -> Result<(), Fault> {
        if self.peek() != Some(b'"') {
            return Err("a key is missing");
        }
        self.string()?;
        self.space();
        if self.peek() != Some(b':') {
            return Err("a colon is missing");
        }
        self.at += 1;
        Ok(())
    }

    fn leaf(&mut self, byte: u8) -> Result<(), Fault> {
        match byte {
            b'"' => self.string(),
            b'-' | b'0'..=b'9' => self.number(),
            b't' => self.word(b"true"),
            b'f' => self.word(b"false"),
            b'n' => self.word(b"null"),
            _ => Err("a value is missing"),
        }
    }

    fn word(&mut self, word: &[u8]) -> Result<(), Fault> {
        if self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(word)) {
            self.at += word.len();
            Ok(())
        } else {
            Err("an unknown word stands where a value should")
        }
    }

    fn string(&mut self) -> Result<(), Fault> {
        self.at += 1;
        loop {
            match self.peek().ok_or("a string does not end")? {
                b'"' => {
                    self.at += 1;
                    return Ok(());
                }
                b'\\' => {
                    let escape = self.bytes.get(self.at + 1).copied().ok_or("a string does not end")?;
                    self.at += match escape {
                        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => 2,
                        b'u' => {
                            let digits = self.bytes.get(self.at + 2..self.at + 6);
                            if !digits.is_some_and(|d| d.iter().all(u8::is_ascii_hexdigit)) {
                                return Err("a \\u escape is cut");
                            }
                            6
                        }
                        _ => return Err("an unknown escape stands in a string"),
                    };
                }
                0..=0x1f => return Err("a raw control character stands in a string"),
                _ => self.at += 1,
            }
        }
    }

    fn digits(&mut self) -> Result<(), Fault> {
        let from = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == from { Err("a digit is missing") } else { Ok(()) }
    }

    fn number(&mut self) -> Result<(), Fault> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }
}
