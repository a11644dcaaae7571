//! A Databricks SQL text as tokens: just enough of the language's lexical rules to know what is code and what is not.
//!
//! Where engines differ in what a text means (raw strings, escapes in quotes), a [`Reading`]
//! says which way it is read, and the guard asks for all of them. The first one is that of Spark's `SqlBaseLexer.g4`, rule
//! by rule; what that grammar reads in a way nobody means (an address as a name, `/*+` in a comment) is refused.

use crate::wire::find;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A bare word: a keyword or a name.
    Word,
    /// A name in backticks.
    Name,
    /// A text in single or double quotes.
    Text,
    /// Digits and points.
    Number,
    /// One character of punctuation.
    Mark,
}

/// A token and where it stands in the text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    pub(super) text: &'a str,
}

impl Token<'_> {
    /// Whether it is this keyword, in any case.
    pub(super) fn is(&self, word: &str) -> bool {
        self.kind == Kind::Word && self.text.eq_ignore_ascii_case(word)
    }

    /// Whether it is one of these keywords.
    pub(super) fn is_any(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.is(word))
    }

    /// Whether it is this punctuation.
    pub(super) fn mark(&self, mark: &str) -> bool {
        self.kind == Kind::Mark && self.text == mark
    }

    /// The bare name it stands for, when it can be one.
    pub(super) fn name(&self) -> Option<&str> {
        match self.kind {
            Kind::Word => Some(self.text),
            // in double quotes stands a name or a text, as the warehouse is set
            Kind::Text if !self.text.starts_with('"') => None,
            Kind::Name | Kind::Text => self.text.get(1..self.text.len().saturating_sub(1)),
            _ => None,
        }
    }
}

/// One of the ways a text can be read. The first is Databricks' own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    /// `r'…'` has no escapes.
    pub(super) raw: bool,
    /// A backslash escapes in single quotes.
    pub(super) escapes: bool,
    /// A backslash escapes in double quotes.
    pub(super) double_escapes: bool,
}

/// Databricks' own reading.
pub(super) const DATABRICKS: Reading = Reading { raw: true, escapes: true, double_escapes: true };

/// What was read.
#[derive(Debug)]
pub(super) struct Read<'a> {
    pub(super) tokens: Vec<Token<'a>>,
    /// Whether another reading may give something else.
    pub(super) ambiguous: bool,
}

/// What stands in the way of reading a text, as the end of a sentence.
pub(super) type Refusal = String;

fn refused<T>(sentence: &str) -> Result<T, Refusal> {
    Err(sentence.to_owned())
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    reading: Reading,
    ambiguous: bool,
}

/// Splits a text into tokens.
pub(super) fn read(text: &str, reading: Reading) -> Result<Read<'_>, Refusal> {
    if text.as_bytes().contains(&0) {
        return refused("it holds a NUL character");
    }
    // done to the whole text before it is read, in quotes and comments too
    if find::find(text, "${").is_some() {
        return refused("it holds `${`, which puts settings of the session into the text");
    }
    let mut lexer = Lexer { text, at: 0, reading, ambiguous: false };
    let mut tokens = Vec::new();
    while let Some(token) = lexer.next()? {
        tokens.push(token);
    }
    Ok(Read { tokens, ambiguous: lexer.ambiguous })
}

impl<'a> Lexer<'a> {
    fn peek(&self, ahead: usize) -> u8 {
        self.text.as_bytes().get(self.at + ahead).copied().unwrap_or(0)
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn ended(&self) -> bool {
        self.at >= self.text.len()
    }

    fn run(&mut self, fits: fn(u8) -> bool) {
        while !self.ended() && fits(self.peek(0)) {
            self.at += 1;
        }
    }

    fn token(&self, kind: Kind, from: usize) -> Result<Option<Token<'a>>, Refusal> {
        Ok(self.text.get(from..self.at).map(|text| Token { kind, text }))
    }

    fn next(&mut self) -> Result<Option<Token<'a>>, Refusal> {
        loop {
            self.run(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'));
            match (self.peek(0), self.peek(1)) {
                (b'-', b'-') => self.line_comment()?,
                (b'/', b'*') => self.block_comment()?,
                _ => break,
            }
        }
        if self.ended() {
            return Ok(None);
        }
        let from = self.at;
        let byte = self.peek(0);
        match byte {
            b'r' | b'R' if matches!(self.peek(1), b'\'' | b'"') && self.reading.raw => {
                self.ambiguous = true;
                if self.behind_digit(from) {
                    return refused("a quote in it follows a number directly");
                }
                self.at += 1;
                self.quoted(self.peek(0), false, false)?;
                self.token(Kind::Text, from)
            }
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => {
                self.run(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
                self.exponent_ends(from)?;
                self.token(Kind::Word, from)
            }
            // what follows digits directly is a word of its own: some engines read `1INTO` so
            b'0'..=b'9' => {
                self.run(|byte| byte.is_ascii_digit() || byte == b'.');
                self.token(Kind::Number, from)
            }
            b'\'' | b'"' => {
                self.quoted(byte, if byte == b'"' { self.reading.double_escapes } else { self.reading.escapes }, true)?;
                self.ambiguous |= self.text.get(from..self.at).is_some_and(|text| text.as_bytes().contains(&b'\\'));
                self.token(Kind::Text, from)
            }
            b'`' => {
                self.quoted(b'`', false, true)?;
                self.token(Kind::Name, from)
            }
            b':' if self.rest().starts_with("://") => refused("it holds an address (`://`) outside quotes"),
            b'*' if self.peek(1) == b'/' => refused("a comment ends in it that was not begun"),
            b'$' => refused("it holds a `$` outside quotes, and texts in `$$` or substitutions are not for queries"),
            0..=31 | 127 => refused("it holds a control character"),
            128.. => refused("it holds a character outside quotes that is not ASCII: put the name in backticks"),
            _ => {
                self.at += 1;
                self.token(Kind::Mark, from)
            }
        }
    }

    fn behind_digit(&self, at: usize) -> bool {
        at.checked_sub(1).and_then(|at| self.text.as_bytes().get(at)).is_some_and(u8::is_ascii_digit)
    }

    /// `1e+5` is a number to its last digit or suffix, so a word that follows directly may be two for Databricks.
    fn exponent_ends(&self, word: usize) -> Result<(), Refusal> {
        let before = self.text.as_bytes().get(..word).unwrap_or(&[]);
        let digits = before.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
        let number = before.get(..before.len() - digits).unwrap_or(&[]);
        let suffix = self.text.get(word..self.at).unwrap_or("");
        match number {
            [.., b'0'..=b'9', b'e' | b'E', b'+' | b'-']
                if digits > 0 && !["f", "d", "bd"].iter().any(|known| suffix.eq_ignore_ascii_case(known)) =>
            {
                refused("a word in it follows a number directly")
            }
            _ => Ok(()),
        }
    }

    /// To the end of a quoted text; where `doubled`, two quotes stand for one.
    fn quoted(&mut self, quote: u8, escapes: bool, doubled: bool) -> Result<(), Refusal> {
        self.at += 1;
        while !self.ended() {
            let byte = self.peek(0);
            self.at += 1;
            if byte == b'\\' && escapes {
                self.at += 1;
            } else if byte == quote {
                if !doubled || self.peek(0) != quote {
                    return Ok(());
                }
                self.at += 1;
            }
        }
        refused("a quote in it is not closed")
    }

    fn line_comment(&mut self) -> Result<(), Refusal> {
        let rest = self.rest();
        let line = find::split_once(rest, "\n").map_or(rest, |(line, _)| line);
        let line = line.strip_suffix('\r').unwrap_or(line);
        // Databricks goes on after a backslash, others do not; some end a line at a lone carriage return
        if line.ends_with('\\') || line.as_bytes().contains(&b'\r') {
            return refused("a comment in it ends in a way that is read differently by different engines");
        }
        self.at += line.len();
        Ok(())
    }

    fn block_comment(&mut self) -> Result<(), Refusal> {
        if self.peek(2) == b'+' {
            return self.hint();
        }
        let Some((inner, _)) = find::split_once(self.rest().get(2..).unwrap_or(""), "*/") else {
            return refused("a comment in it is not closed");
        };
        // some engines count them, some do not, and Databricks does not count `/*+`
        if find::find(inner, "/*").is_some() || inner.ends_with('/') {
            return refused("a comment in it holds another one");
        }
        self.at += inner.len() + 4;
        Ok(())
    }

    /// `/*+ … */` is code for Databricks and a comment for others: only what means nothing else in either.
    fn hint(&mut self) -> Result<(), Refusal> {
        let Some((inner, _)) = find::split_once(self.rest().get(3..).unwrap_or(""), "*/") else {
            return refused("a hint in it is not closed");
        };
        let plain = |byte: u8| {
            byte.is_ascii_alphanumeric()
                || matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b'_' | b',' | b'(' | b')' | b'.')
        };
        if !inner.bytes().all(plain) {
            return refused("a hint in it holds more than names and numbers");
        }
        self.at += inner.len() + 5;
        Ok(())
    }
}
