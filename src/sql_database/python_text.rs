//! Results as Python prints them, which is the text LangChain's `SQLDatabase` gives to models.

use crate::sql_database::rows::{SqlColumn, SqlRows};
use crate::wire::base64;
use crate::wire::json::Raw;
use crate::wire::python::{push_escape, push_float, push_padded, push_quoted};

/// How [`text`] writes a result.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Form {
    /// A dictionary for each row, not a tuple.
    pub(crate) columns: bool,
    /// The first row alone.
    pub(crate) one: bool,
    /// The longest text in characters; 0 for any length.
    pub(crate) max_string_length: usize,
}

/// `str()` of the list of rows; an empty text when there are none.
pub(crate) fn text(result: &SqlRows, form: Form) -> String {
    let mut out = String::new();
    // a name counts once, at its first place and with its last value: LangChain makes dictionaries of all rows
    let names = || result.columns.iter().map(|column| column.name.as_str());
    let firsts: Vec<&str> = names()
        .enumerate()
        .filter(|(at, name)| !names().take(*at).any(|before| before == *name))
        .map(|(_, name)| name)
        .collect();
    for row in result.rows.iter().take(if form.one { 1 } else { usize::MAX }) {
        out.push_str(if out.is_empty() { "[" } else { ", " });
        out.push(if form.columns { '{' } else { '(' });
        let from = out.len();
        for name in &firsts {
            let Some((column, cell)) = result.columns.iter().zip(row).rfind(|(column, _)| column.name == *name) else {
                continue;
            };
            separate(&mut out, from);
            if form.columns {
                push_quoted(&mut out, name);
                out.push_str(": ");
            }
            push_value(&mut out, column, cell.as_deref(), form.max_string_length);
        }
        out.push_str(match (form.columns, firsts.len()) {
            (true, _) => "}",
            (false, 1) => ",)",
            _ => ")",
        });
    }
    if !out.is_empty() {
        out.push(']');
    }
    out
}

fn separate(out: &mut String, from: usize) {
    if out.len() > from {
        out.push_str(", ");
    }
}

/// The type's word: `DECIMAL` of `DECIMAL(10,2)`.
fn word(type_text: &str) -> String {
    let end =
        type_text.bytes().position(|byte| !byte.is_ascii_alphanumeric() && byte != b'_').unwrap_or(type_text.len());
    type_text.get(..end).unwrap_or("").to_ascii_uppercase()
}

/// `repr()` of a cell.
fn push_value(out: &mut String, column: &SqlColumn, cell: Option<&str>, max_string_length: usize) {
    let Some(cell) = cell else {
        out.push_str("None");
        return;
    };
    match word(&column.type_text).as_str() {
        "TINYINT" | "BYTE" | "SMALLINT" | "SHORT" | "INT" | "INTEGER" | "BIGINT" | "LONG" => out.push_str(cell),
        "BOOLEAN" => out.push_str(if cell.eq_ignore_ascii_case("true") { "True" } else { "False" }),
        "FLOAT" | "DOUBLE" | "REAL" => push_float(out, cell),
        "DECIMAL" | "NUMERIC" => {
            out.push_str("Decimal(");
            push_quoted(out, cell);
            out.push(')');
        }
        "DATE" => match date(cell) {
            Some(parts) => {
                out.push_str("datetime.date(");
                push_numbers(out, &parts);
                out.push(')');
            }
            None => push_quoted(out, cell),
        },
        "TIMESTAMP" | "TIMESTAMP_NTZ" => match Moment::read(cell) {
            Some(moment) => moment.push_repr(out),
            None => push_quoted(out, cell),
        },
        "BINARY" => push_bytes(out, cell),
        "ARRAY" | "MAP" | "STRUCT" | "VARIANT" => match Raw::parse(cell) {
            Ok(value) if !value.is_string() => push_json(out, value),
            Ok(value) => push_quoted(out, &value.as_str().unwrap_or_default()),
            Err(_) => push_quoted(out, cell),
        },
        _ => push_quoted(out, &cut(cell, max_string_length)),
    }
}

/// `str()` of a cell, as sample rows show it: at most 100 characters.
pub(crate) fn sample(column: &SqlColumn, cell: Option<&str>) -> String {
    let kind = word(&column.type_text);
    let text = match (cell, kind.as_str()) {
        (Some(cell), "STRING" | "VARCHAR" | "CHAR" | "DECIMAL" | "NUMERIC" | "DATE") => cell.to_owned(),
        (Some(cell), "TIMESTAMP" | "TIMESTAMP_NTZ") => {
            Moment::read(cell).map_or_else(|| cell.to_owned(), |moment| moment.string())
        }
        (Some(cell), "FLOAT" | "DOUBLE" | "REAL" | "BOOLEAN" | "BINARY" | "ARRAY" | "MAP" | "STRUCT" | "VARIANT") => {
            let mut out = String::new();
            push_value(&mut out, column, Some(cell), 0);
            out
        }
        (Some(cell), _) => cell.to_owned(),
        (None, _) => "None".to_owned(),
    };
    text.chars().take(100).collect()
}

/// A text of at most so many characters, cut at its last space, with three points.
fn cut(text: &str, length: usize) -> String {
    // as many bytes as characters or more
    if length == 0 || text.len() <= length || text.chars().count() <= length {
        return text.to_owned();
    }
    let keep = if length >= 3 { length - 3 } else { text.chars().count().saturating_sub(3 - length) };
    let mut kept: String = text.chars().take(keep).collect();
    if let Some(space) = kept.bytes().rposition(|byte| byte == b' ') {
        kept.truncate(space);
    }
    kept.push_str("...");
    kept
}

/// `b'…'` of base64.
fn push_bytes(out: &mut String, cell: &str) {
    let Ok(bytes) = base64::decode(cell) else {
        push_quoted(out, cell);
        return;
    };
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') { b'"' } else { b'\'' };
    out.push('b');
    out.push(char::from(quote));
    for byte in bytes {
        match byte {
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            _ if byte == quote => {
                out.push('\\');
                out.push(char::from(byte));
            }
            0x20..=0x7e => out.push(char::from(byte)),
            _ => push_escape(out, u32::from(byte)),
        }
    }
    out.push(char::from(quote));
}

/// Lists and dictionaries; numbers stay as they are written.
fn push_json(out: &mut String, value: Raw<'_>) {
    if value.is_array() {
        out.push('[');
        let from = out.len();
        for item in value.items() {
            separate(out, from);
            push_json(out, item);
        }
        out.push(']');
    } else if value.is_object() {
        out.push('{');
        let from = out.len();
        for (key, item) in value.fields() {
            separate(out, from);
            push_quoted(out, &key);
            out.push_str(": ");
            push_json(out, item);
        }
        out.push('}');
    } else if let Some(text) = value.as_str() {
        push_quoted(out, &text);
    } else {
        out.push_str(match value.text() {
            "true" => "True",
            "false" => "False",
            "null" => "None",
            number => number,
        });
    }
}

fn push_numbers(out: &mut String, numbers: &[u64]) {
    let from = out.len();
    for number in numbers {
        separate(out, from);
        push_padded(out, *number, 1);
    }
}

/// Digits between marks.
fn numbers<const N: usize>(text: &str, mark: char) -> Option<[u64; N]> {
    let mut found = [0; N];
    let mut parts = text.split(mark);
    for place in &mut found {
        let part = parts.next()?;
        if part.is_empty() || part.len() > 4 || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        *place = part.parse().ok()?;
    }
    parts.next().is_none().then_some(found)
}

fn date(text: &str) -> Option<[u64; 3]> {
    numbers(text, '-')
}

/// A timestamp's parts.
struct Moment {
    date: [u64; 3],
    time: [u64; 3],
    micros: u64,
    /// Minutes east of Greenwich, when it says so.
    offset: Option<i64>,
}

impl Moment {
    fn read(text: &str) -> Option<Self> {
        let (day, rest) = (text.get(..10)?, text.get(11..)?);
        let zone = rest.bytes().position(|byte| matches!(byte, b'Z' | b'+' | b'-')).unwrap_or(rest.len());
        let (clock, zone) = (rest.get(..zone)?, rest.get(zone..)?);
        let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
        let time =
            numbers(clock, ':').or_else(|| numbers(clock, ':').map(|[hour, minute]: [u64; 2]| [hour, minute, 0]))?;
        let mut micros = 0;
        for place in 0..6 {
            let digit = fraction.as_bytes().get(place).copied().unwrap_or(b'0');
            micros = micros * 10 + u64::from(digit.checked_sub(b'0').filter(|digit| *digit < 10)?);
        }
        let offset = match zone.as_bytes().first() {
            None => None,
            Some(b'Z') => Some(0),
            Some(sign) => {
                let [hours, minutes]: [u64; 2] = numbers(zone.get(1..)?, ':')?;
                let minutes = (hours * 60 + minutes) as i64;
                Some(if *sign == b'-' { -minutes } else { minutes })
            }
        };
        Some(Self { date: date(day)?, time, micros, offset })
    }

    /// `repr()`; the zone is Python's own, since what the connector gives depends on its packages.
    fn push_repr(&self, out: &mut String) {
        out.push_str("datetime.datetime(");
        push_numbers(out, &self.date);
        let [hour, minute, second] = self.time;
        out.push_str(", ");
        match (second, self.micros) {
            (0, 0) => push_numbers(out, &[hour, minute]),
            (_, 0) => push_numbers(out, &[hour, minute, second]),
            _ => push_numbers(out, &[hour, minute, second, self.micros]),
        }
        match self.offset {
            None => {}
            Some(0) => out.push_str(", tzinfo=datetime.timezone.utc"),
            Some(minutes) => {
                out.push_str(", tzinfo=datetime.timezone(datetime.timedelta(");
                if minutes < 0 {
                    out.push_str("days=-1, ");
                }
                out.push_str("seconds=");
                push_padded(out, (minutes * 60).rem_euclid(86_400).unsigned_abs(), 1);
                out.push_str("))");
            }
        }
        out.push(')');
    }

    /// `str()`.
    fn string(&self) -> String {
        let mut out = String::new();
        let [year, month, day] = self.date;
        let [hour, minute, second] = self.time;
        for (mark, number, width) in
            [("", year, 4), ("-", month, 2), ("-", day, 2), (" ", hour, 2), (":", minute, 2), (":", second, 2)]
        {
            out.push_str(mark);
            push_padded(&mut out, number, width);
        }
        if self.micros > 0 {
            out.push('.');
            push_padded(&mut out, self.micros, 6);
        }
        if let Some(offset) = self.offset {
            out.push(if offset < 0 { '-' } else { '+' });
            push_padded(&mut out, offset.unsigned_abs() / 60, 2);
            out.push(':');
            push_padded(&mut out, offset.unsigned_abs() % 60, 2);
        }
        out
    }
}
