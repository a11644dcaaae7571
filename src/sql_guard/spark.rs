//! The guard's reading against a literal copy of the lexer of Spark, on which Databricks SQL is built
//! (`SqlBaseLexer.g4` of apache/spark: strings, comments, identifiers, numbers, white space; the longest match wins).

use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use tokens::Kind;

/// What a byte of a text is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Code,
    Quoted,
    Hidden,
}

/// Length of the longest of the lexer's rules at a place, and what it makes.
struct Match(usize, Part);

struct Spark<'a>(&'a [char]);

impl Spark<'_> {
    fn at(&self, at: usize) -> char {
        self.0.get(at).map_or('\0', char::to_ascii_uppercase)
    }

    fn run(&self, at: usize, fits: impl Fn(char) -> bool) -> usize {
        self.0.get(at..).unwrap_or(&[]).iter().take_while(|char| fits(char.to_ascii_uppercase())).count()
    }

    fn digits(&self, at: usize) -> usize {
        self.run(at, |char| char.is_ascii_digit())
    }

    /// `'\'' ( ~('\''|'\\') | ('\\' .) )* '\''`, and the same with `"`.
    fn string(&self, at: usize, quote: char) -> Option<usize> {
        let mut end = at + 1;
        while end < self.0.len() {
            match self.at(end) {
                '\\' => end += 2,
                char if char == quote => return Some(end + 1 - at),
                _ => end += 1,
            }
        }
        None
    }

    /// `'R\'' (~'\'')* '\''`, `'R"'(~'"')* '"'`.
    fn raw(&self, at: usize, quote: char) -> Option<usize> {
        let inner = self.run(at + 2, |char| char != quote);
        (self.at(at) == 'R' && at + 2 + inner < self.0.len()).then_some(inner + 3)
    }

    /// '`' ( ~'`' | '``' )* '`'
    fn backquoted(&self, at: usize) -> Option<usize> {
        let mut end = at + 1;
        loop {
            end += self.run(end, |char| char != '`');
            match (end < self.0.len(), self.at(end + 1)) {
                (false, _) => return None,
                (true, '`') => end += 2,
                _ => return Some(end + 1 - at),
            }
        }
    }

    /// `'/*' {!isHint()}? ( BRACKETED_COMMENT | . )*? '*/'`; nothing when it is not closed.
    fn comment(&self, at: usize) -> Option<usize> {
        let mut end = at + 2;
        while end < self.0.len() {
            match (self.at(end), self.at(end + 1), self.at(end + 2)) {
                ('*', '/', _) => return Some(end + 2 - at),
                ('/', '*', next) if next != '+' => end += self.comment(end)?,
                _ => end += 1,
            }
        }
        None
    }

    /// `'--' ('\\\n' | ~[\r\n])* '\r'? '\n'?`
    fn line(&self, at: usize) -> usize {
        let mut end = at + 2;
        while end < self.0.len() {
            match (self.at(end), self.at(end + 1)) {
                ('\\', '\n') => end += 2,
                ('\r' | '\n', _) => break,
                _ => end += 1,
            }
        }
        end += usize::from(self.at(end) == '\r');
        end += usize::from(self.at(end) == '\n');
        end - at
    }

    /// `'E' [+-]? DIGIT+`
    fn exponent(&self, at: usize) -> usize {
        let sign = usize::from(matches!(self.at(at + 1), '+' | '-'));
        match (self.at(at), self.digits(at + 1 + sign)) {
            ('E', digits) if digits > 0 => 1 + sign + digits,
            _ => 0,
        }
    }

    /// All numbers: `DIGIT+`, `DECIMAL_DIGITS`, with exponents and endings, `{isValidDecimal()}` where the rule has it.
    fn number(&self, at: usize) -> usize {
        let whole = self.digits(at);
        let decimal = match (whole, self.at(at + whole), self.digits(at + whole + 1)) {
            (0, '.', after) if after > 0 => after + 1,
            (1.., '.', after) => whole + 1 + after,
            _ => 0,
        };
        let valid = |end: usize| !matches!(self.at(at + end), 'A'..='Z' | '0'..='9' | '_');
        let mut longest = 0;
        for (base, decimal) in [(whole, false), (decimal, true)] {
            for exponent in [0, self.exponent(at + base)] {
                for suffix in ["", "L", "S", "Y", "F", "D", "BD"] {
                    let end = base + exponent + suffix.len();
                    let written = suffix.chars().enumerate().all(|(n, char)| self.at(at + base + exponent + n) == char);
                    let known = !matches!(suffix, "L" | "S" | "Y") || exponent == 0 && !decimal;
                    if base > 0 && written && known && (!decimal || valid(end)) {
                        longest = longest.max(end);
                    }
                }
            }
        }
        longest
    }

    /// `(UNICODE_LETTER | DIGIT | '_')+ | UNICODE_LETTER+ '://' (…)+`
    fn identifier(&self, at: usize) -> usize {
        let plain = self.run(at, |char| char.is_alphabetic() || char.is_ascii_digit() || char == '_');
        let letters = self.run(at, char::is_alphabetic);
        let path = self
            .run(at + letters + 3, |char| char.is_alphabetic() || char.is_ascii_digit() || "_/-.?=&#%".contains(char));
        let address = (0..3).all(|n| self.at(at + letters + n) == ['/', ':'][usize::from(n == 0)]);
        if letters > 0 && address && path > 0 { plain.max(letters + 3 + path) } else { plain }
    }

    fn token(&self, at: usize) -> Option<Match> {
        let (char, next) = (self.at(at), self.at(at + 1));
        let space = self.run(at, |char| " \t\n\u{c}\r\u{b}".contains(char));
        Some(match (char, next) {
            _ if space > 0 => Match(space, Part::Hidden),
            ('\'' | '"', _) => Match(self.string(at, char)?, Part::Quoted),
            ('`', _) => Match(self.backquoted(at)?, Part::Quoted),
            ('R', '\'' | '"') => Match(self.raw(at, next)?, Part::Quoted),
            ('-', '-') => Match(self.line(at), Part::Hidden),
            ('/', '*') if self.at(at + 2) == '+' => {
                // a hint: the guard lets only names and numbers into it, which is the end of it for this test
                let inner = self.run(at + 3, |char| char != '*');
                Match(inner + 5, Part::Hidden)
            }
            ('/', '*') => Match(self.comment(at)?, Part::Hidden),
            ('*', '/') => Match(2, Part::Code),
            _ => Match(self.number(at).max(self.identifier(at)).max(1), Part::Code),
        })
    }
}

/// What each byte is part of, and where names and keywords stand.
type Read = (Vec<Part>, Vec<(usize, usize)>);

/// The text as Spark reads it; nothing when it cannot be read.
fn spark(text: &str) -> Option<Read> {
    let chars: Vec<char> = text.chars().collect();
    let lexer = Spark(&chars);
    let bytes = |from: usize, to: usize| {
        chars.get(from..to.min(chars.len())).map(|part| part.iter().map(|char| char.len_utf8()).sum())
    };
    let (mut at, mut parts, mut words) = (0, Vec::new(), Vec::new());
    while at < chars.len() {
        let Match(length, part) = lexer.token(at)?;
        let length_in_bytes: usize = bytes(at, at + length)?;
        if part == Part::Code && lexer.at(at).is_ascii_alphabetic() && lexer.identifier(at) == length {
            words.push((parts.len(), parts.len() + length_in_bytes));
        }
        parts.resize(parts.len() + length_in_bytes, part);
        at += length;
    }
    Some((parts, words))
}

/// The same of the guard's own first reading.
fn ours(text: &str) -> Option<Read> {
    let (mut parts, mut words) = (vec![Part::Hidden; text.len()], Vec::new());
    for token in tokens::read(text, DATABRICKS).ok()?.tokens {
        let from = token.text.as_ptr() as usize - text.as_ptr() as usize;
        let part = if matches!(token.kind, Kind::Text | Kind::Name) { Part::Quoted } else { Part::Code };
        parts.get_mut(from..from + token.text.len())?.fill(part);
        if token.kind == Kind::Word {
            words.push((from, from + token.text.len()));
        }
    }
    Some((parts, words))
}

/// Whether the guard reads a text, when it does, as Spark does.
fn agree(text: &str) -> Result<(), TestCaseError> {
    if let Some((parts, words)) = ours(text) {
        let Some((theirs, their_words)) = spark(text) else {
            return Err(TestCaseError::fail(format!("Spark cannot read {text:?}")));
        };
        prop_assert_eq!(parts, theirs, "{:?}", text);
        for word in &their_words {
            prop_assert!(words.contains(word), "{:?} has no {:?}", text, text.get(word.0..word.1));
        }
    }
    Ok(())
}

const HIDDEN: &[(&str, &str)] = &[
    ("WITH a AS (SELECT 1 AS x) /* /*+ */ INSERT INTO t -- */\nSELECT * FROM a", "comment"),
    ("/* /*+ */ CREATE OR REPLACE TABLE t AS -- */\nSELECT 1", "comment"),
    ("/* /*+ */ DELETE FROM t WHERE EXISTS -- */\n(SELECT 1)", "comment"),
    ("SELECT 1 /* /* */ ; DROP TABLE t; -- */ */", "comment"),
    ("SELECT 1 /* /*/ ; DROP TABLE t; -- */", "comment"),
    ("SELECT 1 */* x */ 2", "comment"),
    ("WITH a AS (SELECT 1 AS b://y-- ) INSERT INTO t SELECT 1 /*\n) SELECT 1 -- */", "address"),
    (
        "WITH a AS (SELECT \"\\\"\" AS p, r\"\\\" AS q, r'a''b\\' , ') INSERT INTO t SELECT 1 /* ' AS x) SELECT 1 -- */",
        "`INSERT`",
    ),
    ("SELECT 1r'\\' AS a, ' INTO t -- '", "number"),
    ("SELECT 1e+5r'\\' AS a, ' INTO t -- '", "number"),
    ("SELECT 1e+5Dr'\\' AS a, ' INTO t -- '", "number"),
    ("SELECT 1e-5DINTO t", "number"),
    ("SELECT '${env:SECRET}'", "${"),
    ("SELECT 1 -- ${conf}", "${"),
    ("SELECT 1 /* ${conf} */", "${"),
    ("SELECT \"ai_query\"('m', 'p')", "`ai_query`"),
    ("SELECT system.\"Reflect\" /* call */ ('a', 'b')", "`Reflect`"),
    ("SELECT * FROM read_kafka(bootstrapServers => 'evil:9092')", "`read_kafka`"),
    ("SELECT * FROM read_kinesis(streamName => 's')", "`read_kinesis`"),
    ("SELECT * FROM read_pubsub(topicId => 's')", "`read_pubsub`"),
    ("SELECT * FROM read_pulsar(topics => 's')", "`read_pulsar`"),
    ("SELECT * FROM read_files('s3://bucket/x')", "`read_files`"),
    ("SELECT * FROM list_secrets()", "`list_secrets`"),
    ("SELECT * FROM vector_search(index => 'i', query => 'q')", "`vector_search`"),
    ("SELECT system.ai.python_exec('print(1)')", "`python_exec`"),
    ("SELECT from_avro(a, 's', 'https://evil')", "`from_avro`"),
    ("SELECT * FROM csv.`/Volumes/a/b/c/d.csv`", "path"),
    ("SELECT * FROM delta.`s3://bucket/table`", "path"),
    ("SELECT * FROM text /* x */ . \"dbfs:/x\"", "path"),
    ("SELECT * FROM IDENTIFIER('csv.`/x`')", "IDENTIFIER"),
    ("SELECT TRANSFORM(a) USING :script FROM t", "script"),
];

#[test]
fn what_is_hidden_is_found() {
    for (statement, names) in HIDDEN {
        let error = check(statement).map(|kind| format!("{statement} is let through as {kind:?}")).unwrap_err();
        assert!(error.message().contains(names), "{statement}: {}", error.message());
    }
}

#[test]
fn what_only_looks_odd_is_let_through() {
    for statement in [
        "SELECT 1e+5, 1e-5D, 2.5E+3bd, 1.5e3, 2L, a.value+2L FROM t",
        "SELECT `km/h`, t.`price/unit`, t.`a:b` FROM main.default.2024_sales AS t",
        "SELECT 'http://x/' || \"y\", r'a' || r\"b\", 'it\\'s', '$1', '{x}' /* a / b * c */ -- https://x",
        "SELECT \"label\" FROM t WHERE a IN ('x') AND read = 1",
        "SELECT /**/ 1 /***/",
    ] {
        assert_eq!(
            check(statement).map_err(|error| error.message().to_owned()),
            Ok(StatementKind::Query),
            "{statement}"
        );
    }
}

#[test]
fn the_copy_reads_what_the_grammar_says() {
    let shown = |text: &str| {
        spark(text).map(|(parts, _)| {
            let mark = |part: &Part| match part {
                Part::Code => 'c',
                Part::Quoted => 'q',
                Part::Hidden => '.',
            };
            parts.iter().map(mark).collect::<String>()
        })
    };
    for (text, parts) in [
        ("a'b\\'c'd", Some("cqqqqqqc")),
        ("r'\\'a'b'", Some("qqqqcqqq")),
        ("r'a''b\\'c'", Some("qqqqqqqqqq")),
        ("1r'\\'a'", Some("ccqqqqq")),
        ("1e+5r'\\'a", Some("ccccqqqqc")),
        ("1e+5Dr'\\'a", Some("cccccqqqqc")),
        ("1.5Dr'\\'a'", Some("cccccqqqqq")),
        ("b://y-- (", Some("ccccccc.c")),
        ("b1://y", Some("cccccc")),
        ("/* /* */ a */b", Some(".............c")),
        ("/* /*+ */a", Some(".........c")),
        ("-- \\\nb\nc", Some(".......c")),
        ("`a``b`c", Some("qqqqqqc")),
        ("'a", None),
        ("/* a", None),
    ] {
        assert_eq!(shown(text).as_deref(), parts, "{text}");
    }
    for (statement, _) in HIDDEN {
        assert!(agree(statement).is_ok(), "{statement}");
    }
}

const PIECES: &[&str] = &[
    "'", "'", "\"", "\"", "`", "\\", "/*", "*/", "/*+", "--", "\n", "\r", "r", "R", "r'", "r\"", "R'\\'", "''", "\"\"",
    "'\\'", "1", "1e+5", "2E-3", ".5", "1.", "e", "+", "-", "D", "BD", "L", "b", "b://", "://", ":", "/", "*", ".",
    "_", "a", "INTO", "x'", " ", " ", "(", ")", "é", "?", "%",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn what_the_guard_reads_spark_reads_so(pieces in prop::collection::vec(select(PIECES), 1..12)) {
        agree(&pieces.concat())?;
    }
}

proptest! {
    #[test]
    fn any_text_is_read_as_spark_reads_it(text in "[-'\"`\\\\/*+rR1eDb:a \n.é]{0,24}") {
        agree(&text)?;
    }
}
