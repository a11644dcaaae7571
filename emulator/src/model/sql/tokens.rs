//! A question's words, and what of the tables they name.

use super::schema::{Column, Kind, Table};
use super::words::{self, canonical};
use crate::model::mentions::NUMBER_WORDS;

/// One word, number, quotation or sign of comparison.
#[derive(Debug, Clone)]
pub(super) struct Token {
    /// As written, without quotes.
    pub(super) raw: String,
    /// In lower case.
    pub(super) lower: String,
    /// In the one form.
    pub(super) canonical: String,
    /// Its value, where it is a number.
    pub(super) number: Option<f64>,
    /// Whether it stood in quotes.
    pub(super) quoted: bool,
    /// Whether something was already made of it.
    pub(super) used: bool,
}

impl Token {
    fn new(raw: &str, quoted: bool) -> Self {
        let lower = raw.to_lowercase();
        let percent = raw.ends_with('%');
        let core = raw.trim_start_matches(['$', '€', '£']).trim_end_matches('%').replace(',', "");
        let digits = core.chars().all(|c| c.is_ascii_digit() || c == '.' || c == '-')
            && core.contains(|c: char| c.is_ascii_digit());
        let written =
            if digits { core.parse().ok().map(|value: f64| if percent { value / 100.0 } else { value }) } else { None };
        // "one" is far more often a pronoun
        let named =
            NUMBER_WORDS.iter().position(|name| *name == lower).filter(|value| *value > 1).map(|value| value as f64);
        Self {
            canonical: canonical(&lower),
            raw: raw.to_owned(),
            number: written.or(named).filter(|_| !quoted),
            lower,
            quoted,
            used: false,
        }
    }

    /// Whether this is one of these words.
    pub(super) fn is(&self, any: &[&str]) -> bool {
        !self.quoted && any.contains(&self.lower.as_str())
    }
}

/// The words of a question.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let mut word = String::new();
    let flush = |word: &mut String, found: &mut Vec<Token>| {
        let core = word.trim_matches(|c: char| matches!(c, '.' | '(' | ')' | '\'' | '’' | '!' | '"'));
        let core = core
            .strip_suffix("'s")
            .or_else(|| core.strip_suffix("’s"))
            .filter(|core| !core.eq_ignore_ascii_case("what"))
            .unwrap_or(core);
        if !core.is_empty() {
            found.push(Token::new(core, false));
        }
        word.clear();
    };
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let after = rest.get(c.len_utf8()..).unwrap_or_default();
        let digits_around =
            word.ends_with(|c: char| c.is_ascii_digit()) && after.starts_with(|c: char| c.is_ascii_digit());
        let letters_before = word.chars().all(char::is_alphabetic) && !word.is_empty();
        match c {
            '\'' | '"' | '`' | '“' if word.is_empty() => {
                let close = if c == '“' { '”' } else { c };
                if let Some((inside, tail)) = after.split_once(close).filter(|(inside, _)| !inside.trim().is_empty()) {
                    found.push(Token::new(inside.trim(), true));
                    rest = tail;
                    continue;
                }
            }
            '<' | '>' | '=' => {
                flush(&mut word, &mut found);
                let both = after.starts_with('=');
                let sign = if both { format!("{c}=") } else { c.to_string() };
                found.push(Token::new(&sign, false));
                rest = if both { after.get(1..).unwrap_or_default() } else { after };
                continue;
            }
            ',' if digits_around => word.push(c),
            ',' => {
                flush(&mut word, &mut found);
                found.push(Token::new(",", false));
            }
            // "top-5", but "1995-03-01" and "1-URGENT" stay whole
            '-' if letters_before => flush(&mut word, &mut found),
            ';' | '?' | ':' => flush(&mut word, &mut found),
            c if c.is_whitespace() => flush(&mut word, &mut found),
            c => word.push(c),
        }
        rest = after;
    }
    flush(&mut word, &mut found);
    found
}

/// What words of a question name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// A table.
    Table(usize),
    /// A column of a table.
    Column(usize, usize),
    /// What was taken in: price less discount.
    Revenue(usize),
    /// A span of time to group by.
    Unit(&'static str),
}

/// The tables at hand, and which of them the question names.
#[derive(Debug)]
pub(super) struct Names<'t> {
    pub(super) tables: &'t [Table],
    pub(super) mentioned: Vec<usize>,
}

impl<'t> Names<'t> {
    pub(super) fn new(tables: &'t [Table], tokens: &[Token]) -> Self {
        let forms: Vec<&str> = tokens.iter().map(|token| token.canonical.as_str()).collect();
        let named = |table: &Table| {
            !table.words.is_empty() && forms.windows(table.words.len()).any(|window| window == table.words)
        };
        let mentioned = tables.iter().enumerate().filter(|(_, table)| named(table)).map(|(index, _)| index).collect();
        Self { tables, mentioned }
    }

    pub(super) fn column(&self, table: usize, column: usize) -> Option<&'t Column> {
        self.tables.get(table)?.columns.get(column)
    }

    /// Every column with where it is.
    pub(super) fn columns(&self) -> impl Iterator<Item = (usize, usize, &'t Column)> + use<'t> {
        let tables = self.tables;
        tables
            .iter()
            .enumerate()
            .flat_map(|(at, table)| table.columns.iter().enumerate().map(move |(c, column)| (at, c, column)))
    }

    /// The two columns that revenue is computed from, where a table has them: a price and the discount on it.
    pub(super) fn revenue(&self) -> Option<(usize, usize, usize)> {
        let price = [canonical("extended"), canonical("price")];
        self.tables.iter().enumerate().find_map(|(at, table)| {
            let find = |words: &[String]| table.columns.iter().position(|column| column.words == words);
            Some((at, find(&price)?, find(&[canonical("discount")])?))
        })
    }

    /// What the words from `at` on name, and how many words that takes; the longest name wins.
    pub(super) fn named(&self, tokens: &[Token], at: usize) -> Option<(What, usize)> {
        (1..=4).rev().find_map(|length| {
            let span = tokens.get(at..at + length)?;
            let sound = span.iter().all(|token| !token.used && !token.quoted && token.number.is_none());
            let forms: Vec<&str> = span.iter().map(|token| token.canonical.as_str()).collect();
            let what = if sound { self.named_by(&forms, span) } else { None }?;
            Some((what, length))
        })
    }

    fn named_by(&self, forms: &[&str], span: &[Token]) -> Option<What> {
        let full = |words: &[String]| words.len() == forms.len() && words.iter().zip(forms).all(|(a, b)| a == b);
        let common = span.iter().all(|token| words::is_empty(&token.lower));
        let mut best: Option<(f64, What)> = None;
        let mut offer = |points: f64, what: What| {
            if best.is_none_or(|(most, _)| points > most) {
                best = Some((points, what));
            }
        };
        for (at, table) in self.tables.iter().enumerate() {
            if full(&table.words) {
                offer(8.0, What::Table(at));
            }
        }
        if forms == [canonical("revenue")] {
            if let Some((table, _, _)) = self.revenue() {
                offer(6.0, What::Revenue(table));
            }
        }
        for (at, index, column) in self.columns() {
            let here = self.mentioned.contains(&at);
            if full(&column.words) {
                // a column of the tables spoken of comes before a table of that name
                let own = self.mentioned.contains(&at) && self.tables.get(at).is_some_and(|table| table.words != forms);
                offer(if own { 9.0 } else { 7.0 }, What::Column(at, index));
                continue;
            }
            let mut words = column.words.iter();
            let part = forms.iter().all(|form| words.any(|word| word == form));
            if !part || common || column.is_key() {
                continue;
            }
            let table = self.tables.get(at).map(|table| table.words.as_slice()).unwrap_or_default();
            let left = column.words.iter().filter(|word| !forms.contains(&word.as_str()));
            let (inside, outside) =
                left.fold((0.0, 0.0), |(i, o), word| if table.contains(word) { (i + 1.0, o) } else { (i, o + 1.0) });
            offer(4.0 + if here { 1.5 } else { 0.0 } - 0.2 * inside - 0.4 * outside, What::Column(at, index));
        }
        best.map(|(_, what)| what)
    }

    /// The column of a table that says how much a row is worth.
    pub(super) fn main_measure(&self, table: usize, concepts: &[&str]) -> Option<usize> {
        let columns = &self.tables.get(table)?.columns;
        let order: &[&str] = if concepts.is_empty() {
            &[
                "revenue", "total", "price", "amount", "balance", "fare", "value", "cost", "salary", "quantity",
                "distance", "score",
            ]
        } else {
            concepts
        };
        order.iter().find_map(|word| {
            let wanted = canonical(word);
            columns
                .iter()
                .position(|column| column.kind == Kind::Number && !column.is_key() && column.words.contains(&wanted))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_numbers_quotes_and_signs() {
        let found = tokens("What's the top-5 of 'New York', price>=1,000.50 on 1995-03-01?");
        let raw: Vec<&str> = found.iter().map(|token| token.raw.as_str()).collect();
        assert_eq!(
            raw,
            ["What's", "the", "top", "5", "of", "New York", ",", "price", ">=", "1,000.50", "on", "1995-03-01"]
        );
        assert_eq!(found[9].number, Some(1000.5));
        assert!(found[5].quoted && found[11].number.is_none());
        assert_eq!(tokens("5% off")[0].number, Some(0.05));
    }
}
