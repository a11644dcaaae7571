//! Arithmetic written in a text: found, brought into one notation, and computed.

/// Words for operators, longest first where one begins another.
const OPERATOR_WORDS: &[(&str, &str)] = &[
    ("to the power of", "^"),
    ("multiplied by", "*"),
    ("divided by", "/"),
    ("square root of", "sqrt"),
    ("percent of", "/100*"),
    ("% of", "/100*"),
    ("plus", "+"),
    ("minus", "-"),
    ("times", "*"),
    ("squared", "^2"),
    ("×", "*"),
    ("·", "*"),
    ("÷", "/"),
    ("−", "-"),
    ("**", "^"),
];

/// Deepest nesting of parentheses that is followed.
const MAX_DEPTH: usize = 50;

/// The text without words for operators, which elsewhere mean something else: "times", "minus".
#[must_use]
pub fn without_operators(text: &str) -> String {
    let mut plain = text.to_lowercase();
    for (word, _) in OPERATOR_WORDS {
        plain = plain.replace(word, " ");
    }
    plain
}

/// The first arithmetic expression of a text, such as `17 * 23`.
#[must_use]
pub fn find(text: &str) -> Option<String> {
    let mut plain = text.to_lowercase();
    for (word, sign) in OPERATOR_WORDS {
        plain = plain.replace(word, &format!(" {sign} "));
    }
    let mut best: Option<String> = None;
    let mut run = String::new();
    for piece in pieces(&plain) {
        if piece_fits(&piece) {
            run.push_str(&piece);
            run.push(' ');
        } else {
            keep(&mut best, &run);
            run.clear();
        }
    }
    keep(&mut best, &run);
    best
}

fn keep(best: &mut Option<String>, run: &str) {
    let trimmed = run.trim().trim_start_matches(['*', '/', '+', '^', ')']).trim();
    let trimmed = trimmed.trim_end_matches(['*', '/', '+', '-', '^', '(']).trim();
    let joined = trimmed.replace("( ", "(").replace(" )", ")").replace("sqrt (", "sqrt(");
    let digits_and_sign = joined.contains(|c: char| c.is_ascii_digit())
        && (joined.contains("sqrt") || joined.get(1..).is_some_and(|rest| rest.contains(['+', '-', '*', '/', '^'])));
    if digits_and_sign && evaluate(&joined).is_some() && best.as_ref().is_none_or(|best| best.len() < joined.len()) {
        *best = Some(joined);
    }
}

/// Numbers, signs, and anything else as one piece each.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c.is_whitespace() {
            continue;
        }
        let mut piece = String::from(c);
        if c.is_ascii_digit() {
            while let Some(&next) = chars.peek() {
                let inside = next.is_ascii_digit() || next == '.' || next == ',';
                if !inside {
                    break;
                }
                piece.push(next);
                chars.next();
            }
            let trailing = piece.trim_end_matches(['.', ',']).to_owned();
            let ended = trailing.len() < piece.len();
            pieces.push(trailing.replace(',', ""));
            if ended {
                pieces.push("|".to_owned());
            }
            continue;
        }
        if c.is_alphabetic() {
            while let Some(&next) = chars.peek() {
                if !next.is_alphabetic() {
                    break;
                }
                piece.push(next);
                chars.next();
            }
        }
        pieces.push(piece);
    }
    pieces
}

fn piece_fits(piece: &str) -> bool {
    matches!(piece, "+" | "-" | "*" | "/" | "^" | "(" | ")" | "sqrt" | "x") && piece != "x"
        || piece.chars().next().is_some_and(|c| c.is_ascii_digit())
}

/// The value of an expression; none if it is not one or has no finite value.
#[must_use]
pub fn evaluate(expression: &str) -> Option<f64> {
    let compact: Vec<char> = expression.replace("sqrt", "s").chars().filter(|c| !c.is_whitespace()).collect();
    let mut parser = Parser { chars: &compact, at: 0, depth: 0 };
    let value = parser.sum()?;
    (parser.at == compact.len() && value.is_finite()).then_some(value)
}

/// A number as people write it: no trailing zeros, at most ten decimals.
#[must_use]
pub fn written(value: f64) -> String {
    let text = format!("{value:.10}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

struct Parser<'c> {
    chars: &'c [char],
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.at += 1;
        }
        found
    }

    fn sum(&mut self) -> Option<f64> {
        let mut value = self.product()?;
        loop {
            if self.take('+') {
                value += self.product()?;
            } else if self.take('-') {
                value -= self.product()?;
            } else {
                return Some(value);
            }
        }
    }

    fn product(&mut self) -> Option<f64> {
        let mut value = self.power()?;
        loop {
            if self.take('*') {
                value *= self.power()?;
            } else if self.take('/') {
                value /= self.power()?;
            } else {
                return Some(value);
            }
        }
    }

    fn power(&mut self) -> Option<f64> {
        let base = self.unit()?;
        if self.take('^') {
            self.depth += 1;
            let exponent = if self.depth > MAX_DEPTH { None } else { self.power() };
            self.depth -= 1;
            return Some(base.powf(exponent?));
        }
        Some(base)
    }

    fn unit(&mut self) -> Option<f64> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        let value = if self.take('-') {
            Some(-self.unit()?)
        } else if self.take('s') {
            Some(self.unit()?.sqrt())
        } else if self.take('(') {
            let inner = self.sum()?;
            self.take(')').then_some(inner)
        } else {
            self.number()
        };
        self.depth -= 1;
        value
    }

    fn number(&mut self) -> Option<f64> {
        let start = self.at;
        while self.peek().is_some_and(|c| c.is_ascii_digit() || c == '.') {
            self.at += 1;
        }
        self.chars.get(start..self.at)?.iter().collect::<String>().parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_found_and_computed() {
        for (text, expression, value) in [
            ("What is 17 * 23?", "17 * 23", "391"),
            ("Please compute (1 + 2) * 3.", "(1 + 2) * 3", "9"),
            ("what is twelve, or 15% of 80?", "15 / 100 * 80", "12"),
            ("17 times 23 plus 1", "17 * 23 + 1", "392"),
            ("the square root of 16", "sqrt 16", "4"),
            ("2 to the power of 10", "2 ^ 10", "1024"),
        ] {
            let found = find(text).unwrap();
            assert_eq!(found, expression, "{text}");
            assert_eq!(written(evaluate(&found).unwrap()), value, "{text}");
        }
        assert_eq!(find("I have 3 cats and 4 dogs"), None);
        assert_eq!(evaluate("1/0"), None);
        assert_eq!(evaluate(&"(".repeat(100_000)), None);
    }
}
