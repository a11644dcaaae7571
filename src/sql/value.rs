//! Cells as values, without loss.

use std::fmt;

use crate::error::{Error, ErrorKind, Result};
use crate::sql::column::{Column, Kind};
use crate::sql::types::ColumnInfo;
use crate::wire::base64;

/// A decimal number of any length, kept digit by digit.
///
/// ```
/// use lakewire::sql::Decimal;
/// let price = Decimal::parse("-12345678901234567890.10")?;
/// assert_eq!((price.as_str(), price.scale()), ("-12345678901234567890.10", 2));
/// assert_eq!(price.unscaled(), Some(-1_234_567_890_123_456_789_010));
/// # Ok::<(), lakewire::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Decimal(String);

impl Decimal {
    /// Reads digits with at most one point, and a sign before them.
    ///
    /// # Errors
    /// `InvalidInput` for anything else.
    pub fn parse(text: &str) -> Result<Self> {
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        let (whole, behind) = match digits.split_once('.') {
            Some((whole, behind)) => (whole, behind),
            None => (digits, "0"),
        };
        let plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if plain(whole) && plain(behind) {
            return Ok(Self(text.strip_prefix('+').unwrap_or(text).to_owned()));
        }
        Err(Error::new(ErrorKind::InvalidInput, "The text is no decimal number: give digits with at most one point."))
    }

    /// The number as it came.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// How many digits stand behind the point.
    #[must_use]
    pub fn scale(&self) -> usize {
        self.0.split_once('.').map_or(0, |(_, behind)| behind.len())
    }

    /// The number without its point; `None` when it has more digits than 128 bits hold, which no DECIMAL has.
    #[must_use]
    pub fn unscaled(&self) -> Option<i128> {
        self.0.replace('.', "").parse().ok()
    }

    /// The nearest `f64`: what a float holds of it.
    #[must_use]
    pub fn to_f64(&self) -> f64 {
        self.0.parse().unwrap_or(f64::NAN)
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One cell.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value<'a> {
    /// NULL.
    Null,
    /// BOOLEAN.
    Bool(bool),
    /// TINYINT, SMALLINT, INT.
    Int(i32),
    /// BIGINT.
    Long(i64),
    /// FLOAT, DOUBLE.
    Double(f64),
    /// DECIMAL, digit by digit.
    Decimal(Decimal),
    /// STRING and CHAR; also INTERVAL and types this version does not know.
    Text(&'a str),
    /// DATE as text, such as `2024-03-09`; [`epoch_days`] counts it.
    Date(&'a str),
    /// TIMESTAMP or TIMESTAMP_NTZ in ISO 8601; [`epoch_micros`] counts it.
    Timestamp(&'a str),
    /// BINARY.
    Binary(Vec<u8>),
    /// ARRAY, MAP, STRUCT or VARIANT as JSON text.
    Json(&'a str),
}

/// Some rows of a result, by columns.
#[derive(Clone, Debug)]
pub struct Batch {
    pub(crate) schema: std::sync::Arc<[ColumnInfo]>,
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: usize,
}

impl Batch {
    /// How many rows it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether it has no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// The columns' names and types, in order.
    #[must_use]
    pub fn schema(&self) -> &[ColumnInfo] {
        &self.schema
    }

    /// The columns in order.
    #[must_use]
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The first column of a name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.get(self.place(name)?)
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.schema.iter().position(|column| column.name.as_deref() == Some(name))
    }

    /// The rows in order.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        (0..self.rows).map(|at| Row { batch: self, at })
    }
}

/// One row of a [`Batch`].
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    batch: &'a Batch,
    at: usize,
}

impl<'a> Row<'a> {
    /// The value of the first column of a name; `None` when there is none of that name.
    ///
    /// # Errors
    /// `Decode` when the cell's text is not what its type promises.
    pub fn get(&self, name: &str) -> Result<Option<Value<'a>>> {
        self.batch.place(name).map_or(Ok(None), |place| self.at(place).map(Some))
    }

    /// The value at a column's place, counted from 0; NULL behind the last one.
    ///
    /// # Errors
    /// `Decode` when the cell's text is not what its type promises.
    pub fn at(&self, place: usize) -> Result<Value<'a>> {
        match (self.batch.columns.get(place), self.batch.schema.get(place)) {
            (Some(column), Some(info)) => read(column, self.at, info.type_name.as_deref().unwrap_or("")),
            _ => Ok(Value::Null),
        }
    }

    /// All values in order.
    ///
    /// # Errors
    /// `Decode` when a cell's text is not what its type promises.
    pub fn values(&self) -> Result<Vec<Value<'a>>> {
        (0..self.batch.columns.len()).map(|place| self.at(place)).collect()
    }

    /// The row as a value of the caller's own: an object of the columns' names. BIGINT and DECIMAL stay exact (an integer,
    /// and a text), BINARY is base64 text as it came, nested types are JSON values: in those, DECIMALs and whole numbers
    /// beyond 64 bits are floats, and [`get`](Self::get) gives the text that has all their digits.
    ///
    /// # Errors
    /// `Decode` when a cell is not what its type promises, the row does not fit `T`, or a DOUBLE is NaN or infinite, which
    /// JSON cannot hold: [`get`](Self::get) gives those.
    ///
    /// ```no_run
    /// # async fn example(mut result: lakewire::sql::StatementResult) -> lakewire::Result<()> {
    /// #[derive(serde::Deserialize)]
    /// struct Part { id: i64, price: String }
    /// while let Some(batch) = result.next_batch().await? {
    ///     for row in batch.rows() {
    ///         let part: Part = row.read()?;
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn read<T: serde::de::DeserializeOwned>(&self) -> Result<T> {
        let wrong = || Error::new(ErrorKind::Decode, "The row does not fit the type it is read as.");
        let mut object = serde_json::Map::new();
        for (place, info) in self.batch.schema.iter().enumerate() {
            let value = match self.at(place)? {
                Value::Null => serde_json::Value::Null,
                Value::Bool(value) => value.into(),
                Value::Int(value) => value.into(),
                Value::Long(value) => value.into(),
                Value::Double(value) if !value.is_finite() => {
                    return Err(unread(
                        info,
                        "holds NaN or an infinity, which a row read as JSON cannot: take it by get()",
                    ));
                }
                Value::Double(value) => value.into(),
                Value::Decimal(value) => value.0.into(),
                Value::Text(text) | Value::Date(text) | Value::Timestamp(text) => text.into(),
                Value::Binary(bytes) => base64::encode(&bytes).into(),
                Value::Json(text) => {
                    serde_json::from_str(text).map_err(|_| unread(info, "holds no JSON: take its text by get()"))?
                }
            };
            object.insert(info.name.clone().unwrap_or_default(), value);
        }
        serde_json::from_value(serde_json::Value::Object(object)).map_err(|_| wrong())
    }
}

/// The error of a cell, by its column.
fn unread(info: &ColumnInfo, what: &str) -> Error {
    let sentence = ["The column `", info.name.as_deref().unwrap_or_default(), "` ", what, "."].concat();
    Error::new(ErrorKind::Decode, sentence)
}

fn read<'a>(column: &'a Column, row: usize, type_name: &str) -> Result<Value<'a>> {
    if column.is_null(row) {
        return Ok(Value::Null);
    }
    let value = match column.kind() {
        Kind::Int => column.ints().get(row).map(|value| Value::Int(*value)),
        Kind::Long => column.longs().get(row).map(|value| Value::Long(*value)),
        Kind::Double => column.doubles().get(row).map(|value| Value::Double(*value)),
        Kind::Bool => column.bools().get(row).map(|value| Value::Bool(*value == 1)),
        Kind::Text => {
            let text = column.text(row).unwrap_or_default();
            Some(match type_name {
                "DECIMAL" => Value::Decimal(Decimal::parse(text).map_err(|_| {
                    Error::new(
                        ErrorKind::Decode,
                        "A cell of a DECIMAL column holds something that is no decimal number.",
                    )
                })?),
                "DATE" => Value::Date(text),
                "TIMESTAMP" | "TIMESTAMP_NTZ" => Value::Timestamp(text),
                "BINARY" => Value::Binary(bytes(text)?),
                "ARRAY" | "MAP" | "STRUCT" | "VARIANT" => Value::Json(text),
                _ => Value::Text(text),
            })
        }
    };
    Ok(value.unwrap_or(Value::Null))
}

/// The bytes of a BINARY cell: base64 as the service writes it, or hexadecimal as some servers do. What is both is base64.
///
/// # Errors
/// `Decode` when it is neither.
pub fn bytes(text: &str) -> Result<Vec<u8>> {
    base64::decode(text).or_else(|fault| {
        let pairs = text.as_bytes().chunks(2);
        let digit = |byte: u8| char::from(byte).to_digit(16);
        pairs
            .map(|pair| match pair {
                [high, low] => Some((digit(*high)? << 4 | digit(*low)?) as u8),
                _ => None,
            })
            .collect::<Option<Vec<u8>>>()
            .ok_or(fault)
    })
}

/// The days from 1970-01-01 to a DATE's text, negative before; `None` when it is none.
///
/// ```
/// assert_eq!(lakewire::sql::epoch_days("2024-03-09"), Some(19_791));
/// ```
#[must_use]
pub fn epoch_days(text: &str) -> Option<i64> {
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let mut parts = rest.split('-');
    let number = |part: Option<&str>| part.filter(|part| part.bytes().all(|b| b.is_ascii_digit()))?.parse::<i64>().ok();
    let (year, month, day) = (sign * number(parts.next())?, number(parts.next())?, number(parts.next())?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if parts.next().is_some() || !(1..=last).contains(&day) || year.abs() > 999_999 {
        return None;
    }
    // years that begin in March, so that the leap day is the last
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let of_year = (153 * month + 2) / 5 + day - 1;
    let (era, within) = (year.div_euclid(400), year.rem_euclid(400));
    Some(era * 146_097 + within * 365 + within / 4 - within / 100 + of_year - 719_468)
}

/// The microseconds from 1970-01-01T00:00Z to a TIMESTAMP's text; without an offset it is read as UTC. `None` when it is
/// none; digits behind the sixth are cut off.
///
/// ```
/// assert_eq!(lakewire::sql::epoch_micros("1970-01-01T00:00:01.5+01:00"), Some(-3_598_500_000));
/// ```
#[must_use]
pub fn epoch_micros(text: &str) -> Option<i64> {
    let (date, time) = text.split_once(['T', ' '])?;
    let days = epoch_days(date)?;
    let (time, offset) = match time.strip_suffix('Z') {
        Some(time) => (time, 0),
        None => match time.rfind(['+', '-']) {
            Some(at) => {
                let (time, offset) = time.split_at_checked(at)?;
                let minutes = clock(offset.get(1..)?)?.0 / 60;
                (time, if offset.starts_with('-') { -minutes } else { minutes })
            }
            None => (time, 0),
        },
    };
    let (seconds, micros) = clock(time)?;
    days.checked_mul(86_400)?.checked_add(seconds - offset * 60)?.checked_mul(1_000_000)?.checked_add(micros)
}

/// `hh:mm`, `hh:mm:ss` or `hh:mm:ss.ffffff` in seconds and microseconds.
fn clock(text: &str) -> Option<(i64, i64)> {
    let (whole, behind) = text.split_once('.').unwrap_or((text, ""));
    let mut seconds = 0;
    let mut parts = 0;
    for part in whole.split(':') {
        if part.len() != 2 {
            return None;
        }
        seconds = seconds * 60 + i64::from(part.parse::<u8>().ok()?);
        parts += 1;
    }
    let seconds = match parts {
        2 => seconds * 60,
        3 => seconds,
        _ => return None,
    };
    let mut micros = 0;
    for place in 0..6 {
        let digit = behind.as_bytes().get(place).map_or(Some(0), |byte| char::from(*byte).to_digit(10))?;
        micros = micros * 10 + i64::from(digit);
    }
    Some((seconds, micros))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn n16_decimals_keep_every_digit() {
        let text = "12345678901234567890123456789012345678";
        assert_eq!(Decimal::parse(text).unwrap().unscaled(), text.parse::<i128>().ok());
        assert_eq!(Decimal::parse("+1.50").unwrap().to_string(), "1.50");
        for bad in ["", "-", ".", "1.", ".5", "1e3", "1,5", "1.2.3", "NaN"] {
            assert!(Decimal::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn n16_binary_is_base64_or_hexadecimal() {
        assert_eq!(bytes("AP8Q").unwrap(), [0, 255, 16]);
        assert_eq!(bytes("00ff1").unwrap_err().kind(), ErrorKind::Decode);
        assert_eq!(bytes("00ff10").unwrap(), [0, 255, 16]);
        assert_eq!(bytes("").unwrap(), Vec::<u8>::new());
    }

    #[test]
    fn n16_a_cell_that_json_cannot_hold_is_an_error_with_its_column() {
        let read = |type_name: &str, cell: &str| {
            let schema = serde_json::from_value(serde_json::json!([{"name": "x", "type_name": type_name}])).unwrap();
            let mut scanner = crate::sql::Scanner::new(&[Kind::of(type_name)]);
            scanner.push(serde_json::json!([[cell]]).to_string().as_bytes()).unwrap();
            scanner.finish().unwrap();
            let (rows, columns) = scanner.take();
            let batch = Batch {
                schema: std::sync::Arc::<[ColumnInfo]>::from(Vec::<ColumnInfo>::clone(&schema)),
                columns,
                rows,
            };
            let row = batch.rows().next().unwrap();
            row.read::<std::collections::BTreeMap<String, Option<serde_json::Value>>>()
        };
        assert_eq!(read("DOUBLE", "1.5").unwrap()["x"], Some(serde_json::json!(1.5)));
        for (type_name, cell) in
            [("DOUBLE", "NaN"), ("DOUBLE", "Infinity"), ("DOUBLE", "-Infinity"), ("ARRAY", "[NaN]")]
        {
            let error = read(type_name, cell).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Decode);
            assert!(error.message().contains("`x`"), "{error}");
        }
    }

    #[test]
    fn dates_and_times_are_counted() {
        for (text, days) in [("1970-01-01", 0), ("1969-12-31", -1), ("2000-02-29", 11_016), ("0001-01-01", -719_162)] {
            assert_eq!(epoch_days(text), Some(days), "{text}");
        }
        for bad in ["2023-02-29", "2023-13-01", "2023-04-31", "2023-1", "x", "", "2023-01-01-01"] {
            assert_eq!(epoch_days(bad), None, "{bad}");
        }
        assert_eq!(epoch_micros("2021-01-01T10:00:00.000-08:00"), Some(1_609_524_000_000_000));
        assert_eq!(epoch_micros("2021-01-01T10:00:00.123456Z"), Some(1_609_495_200_123_456));
        assert_eq!(epoch_micros("2021-01-01 10:00:00"), Some(1_609_495_200_000_000));
        assert_eq!(epoch_micros("2021-01-01"), None);
        assert_eq!(epoch_micros("2021-01-01T1:00:00Z"), None);
    }

    proptest! {
        #[test]
        fn days_follow_one_another(days in -700_000_i64..2_900_000) {
            // from a count to a date by walking: the other direction of the same calendar
            let (mut year, mut left) = (1970_i64, days);
            let long = |year: i64| if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) { 366 } else { 365 };
            while left < 0 { year -= 1; left += long(year); }
            while left >= long(year) { left -= long(year); year += 1; }
            let months = [31, if long(year) == 366 { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
            let mut month = 0;
            while left >= months[month] { left -= months[month]; month += 1; }
            prop_assert_eq!(epoch_days(&format!("{year:04}-{:02}-{:02}", month + 1, left + 1)), Some(days));
        }

        #[test]
        fn strange_times_do_not_panic(text: String) {
            let _ = (epoch_days(&text), epoch_micros(&text), bytes(&text), Decimal::parse(&text));
        }
    }
}
