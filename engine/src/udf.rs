//! The functions of Spark that no DataFusion function stands for, one row at a time.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Datelike, Days, Months, NaiveDate};
use datafusion::arrow::array::cast::AsArray;
use datafusion::arrow::array::{Array, ArrayRef, Float64Array, new_empty_array};
use datafusion::arrow::datatypes::{DataType, Float64Type, TimeUnit};
use datafusion::common::ScalarValue;
use datafusion::error::Result as DfResult;
use datafusion::logical_expr::{ColumnarValue, ScalarUDF, Volatility, create_udf};

use crate::error::{SqlError, bad_cast, divide_by_zero};

/// All of them.
pub(crate) fn all() -> Vec<ScalarUDF> {
    let (text, int, date) = (DataType::Utf8, DataType::Int32, DataType::Date32);
    let instant = DataType::Timestamp(TimeUnit::Nanosecond, None);
    vec![
        divide(),
        rows("__date_add", vec![date.clone(), int.clone()], date.clone(), date_add),
        rows("__date_diff", vec![date.clone(), date.clone()], int.clone(), date_diff),
        rows("__add_months", vec![date.clone(), int.clone()], date.clone(), add_months),
        rows("__last_day", vec![date.clone()], date.clone(), last_day),
        rows("__trunc", vec![date.clone(), text.clone()], date, trunc),
        rows("__date_format", vec![instant, text.clone()], text.clone(), date_format),
        rows("__base64", vec![DataType::Binary], text.clone(), base64),
        rows("__unbase64", vec![text.clone()], DataType::Binary, unbase64),
        rows("__get_json_object", vec![text.clone(), text.clone()], text, get_json_object),
    ]
}

type Row = fn(&[ScalarValue]) -> Result<ScalarValue, SqlError>;

/// A function of a row; NULL in, NULL out.
fn rows(name: &str, inputs: Vec<DataType>, output: DataType, row: Row) -> ScalarUDF {
    let null = ScalarValue::try_from(&output).unwrap_or(ScalarValue::Null);
    let output_type = output.clone();
    let run = move |args: &[ColumnarValue]| -> DfResult<ColumnarValue> {
        let one = |values: Vec<ScalarValue>| -> DfResult<ScalarValue> {
            if values.iter().any(ScalarValue::is_null) { Ok(null.clone()) } else { Ok(row(&values)?) }
        };
        let length = args.iter().find_map(|arg| match arg {
            ColumnarValue::Array(array) => Some(array.len()),
            ColumnarValue::Scalar(_) => None,
        });
        let Some(length) = length else {
            let values = args.iter().map(|arg| match arg {
                ColumnarValue::Scalar(value) => value.clone(),
                ColumnarValue::Array(_) => ScalarValue::Null,
            });
            return one(values.collect()).map(ColumnarValue::Scalar);
        };
        if length == 0 {
            return Ok(ColumnarValue::Array(new_empty_array(&output_type)));
        }
        let mut out = Vec::with_capacity(length);
        for index in 0..length {
            let mut values = Vec::with_capacity(args.len());
            for arg in args {
                values.push(match arg {
                    ColumnarValue::Scalar(value) => value.clone(),
                    ColumnarValue::Array(array) => ScalarValue::try_from_array(array, index)?,
                });
            }
            out.push(one(values)?);
        }
        ScalarValue::iter_to_array(out).map(ColumnarValue::Array)
    };
    create_udf(name, inputs, output, Volatility::Immutable, Arc::new(run))
}

/// Division of doubles that refuses a zero.
fn divide() -> ScalarUDF {
    let double = DataType::Float64;
    let run = |args: &[ColumnarValue]| -> DfResult<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(args)?;
        let scalar = args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        let [left, right] = arrays.as_slice() else {
            return Err(SqlError::internal("A division has two sides.").into());
        };
        let (left, right) = (left.as_primitive::<Float64Type>(), right.as_primitive::<Float64Type>());
        let mut out = Vec::with_capacity(left.len());
        for index in 0..left.len() {
            out.push(if left.is_null(index) || right.is_null(index) {
                None
            } else if right.value(index) == 0.0 {
                return Err(divide_by_zero().into());
            } else {
                Some(left.value(index) / right.value(index))
            });
        }
        let out: ArrayRef = Arc::new(Float64Array::from(out));
        if scalar {
            ScalarValue::try_from_array(&out, 0).map(ColumnarValue::Scalar)
        } else {
            Ok(ColumnarValue::Array(out))
        }
    };
    create_udf("__divide", vec![double.clone(), double.clone()], double, Volatility::Immutable, Arc::new(run))
}

fn mistaken<T>() -> Result<T, SqlError> {
    Err(SqlError::internal("A function was given arguments of other types than it takes."))
}

fn day(days: i32) -> NaiveDate {
    let amount = Days::new(u64::from(days.unsigned_abs()));
    let start = NaiveDate::default();
    if days < 0 { start.checked_sub_days(amount) } else { start.checked_add_days(amount) }.unwrap_or(start)
}

fn days(date: NaiveDate) -> ScalarValue {
    ScalarValue::Date32(i32::try_from(date.signed_duration_since(NaiveDate::default()).num_days()).ok())
}

fn date_add(args: &[ScalarValue]) -> Result<ScalarValue, SqlError> {
    let [ScalarValue::Date32(Some(date)), ScalarValue::Int32(Some(more))] = args else { return mistaken() };
    Ok(ScalarValue::Date32(Some(date.saturating_add(*more))))
}

fn date_diff(args: &[ScalarValue]) -> Result<ScalarValue, SqlError> {
    let [ScalarValue::Date32(Some(end)), ScalarValue::Date32(Some(start))] = args else { return mistaken() };
    Ok(ScalarValue::Int32(Some(end.saturating_sub(*start))))
}

fn add_months(args: &[ScalarValue]) -> Result<ScalarValue, SqlError> {
    let [ScalarValue::Date32(Some(date)), ScalarValue::Int32(Some(more))] = args else { return mistaken() };
    let (date, amount) = (day(*date), Months::new(more.unsigned_abs()));
    let moved = if *more < 0 { date.checked_sub_months(amount) } else { date.checked_add_months(amount) };
    Ok(moved.map_or(ScalarValue::Date32(None), days))
}

fn last_day(args: &[ScalarValue]) -> Result<ScalarValue, SqlError> {
    let [ScalarValue::Date32(Some(date))] = args else { return mistaken() };
    let next = day(*date).with_day(1).and_then(|first| first.checked_add_months(Months::new(1)));
    Ok(next.and_then(|next| next.pred_opt()).map_or(ScalarValue::Date32(None), days))
}

fn trunc(args: &[ScalarValue]) -> Result<ScalarValue, SqlError> {
    let [ScalarValue::Date32(Some(date)), ScalarValue::Utf8(Some(unit))] = args else { return mistaken() };
    let date = day(*date);
    let first = match unit.to_uppercase().as_str() {
        "YEAR" | "YYYY" | "YY" => date.with_ordinal(1),
        "QUARTER" => date.with_day(1).and_then(|date| date.with_month(date.month0() / 3 * 3 + 1)),
        "MONTH" | "MON" | "MM" => date.with_day(1),
        "WEEK" => date.checked_sub_days(Days::new(u64::from(date.weekday().num_days_from_monday()))),
        _ => None,
    };
    Ok(first.map_or(ScalarValue::Date32(None), days))
}

fn date_format(args: &[ScalarValue]) -> Result<ScalarValue, SqlError> {
    let [ScalarValue::TimestampNanosecond(Some(nanos), _), ScalarValue::Utf8(Some(pattern))] = args else {
        return mistaken();
    };
    let mut out = String::new();
    let format = DateTime::from_timestamp_nanos(*nanos);
    if std::fmt::Write::write_fmt(&mut out, format_args!("{}", format.format(&java_pattern(pattern)))).is_err() {
        return Err(SqlError::new(
            "INVALID_DATETIME_PATTERN",
            "22007",
            format!("Unrecognized datetime pattern: {pattern}."),
        ));
    }
    Ok(ScalarValue::Utf8(Some(out)))
}

/// A pattern of Java, as `yyyy-MM-dd`, in chrono's letters.
pub(crate) fn java_pattern(pattern: &str) -> String {
    let letters: Vec<char> = pattern.chars().collect();
    let (mut out, mut at) = (String::new(), 0);
    while let Some(&letter) = letters.get(at) {
        let run = letters.iter().skip(at).take_while(|other| **other == letter).count();
        at += run;
        let piece = match (letter, run) {
            ('\'', _) => {
                let text: String = letters.iter().skip(at).take_while(|other| **other != '\'').collect();
                at += text.chars().count() + 1;
                out.push_str(&text);
                continue;
            }
            ('y' | 'u', 2) => "%y",
            ('y' | 'u', _) => "%Y",
            ('M' | 'L', 1) => "%-m",
            ('M' | 'L', 2) => "%m",
            ('M' | 'L', 3) => "%b",
            ('M' | 'L', _) => "%B",
            ('d', 1) => "%-d",
            ('d', _) => "%d",
            ('D', _) => "%j",
            ('E', 4..) => "%A",
            ('E', _) => "%a",
            ('H', 1) => "%-H",
            ('H', _) => "%H",
            ('h', _) => "%I",
            ('m', _) => "%M",
            ('s', _) => "%S",
            ('S', 1..=3) => "%3f",
            ('S', _) => "%6f",
            ('a', _) => "%p",
            ('z' | 'V', _) => "UTC",
            ('X', _) => "Z",
            ('%', _) => "%%",
            _ => {
                out.extend(std::iter::repeat_n(letter, run));
                continue;
            }
        };
        out.push_str(piece);
    }
    out
}

fn base64(args: &[ScalarValue]) -> Result<ScalarValue, SqlError> {
    let [ScalarValue::Binary(Some(bytes))] = args else { return mistaken() };
    Ok(ScalarValue::Utf8(Some(STANDARD.encode(bytes))))
}

fn unbase64(args: &[ScalarValue]) -> Result<ScalarValue, SqlError> {
    let [ScalarValue::Utf8(Some(text))] = args else { return mistaken() };
    let bytes = STANDARD.decode(text.trim()).map_err(|_| bad_cast(text, "STRING", "BINARY"))?;
    Ok(ScalarValue::Binary(Some(bytes)))
}

fn get_json_object(args: &[ScalarValue]) -> Result<ScalarValue, SqlError> {
    let [ScalarValue::Utf8(Some(text)), ScalarValue::Utf8(Some(path))] = args else { return mistaken() };
    let Ok(value) = serde_json::from_str::<serde_json::Value>(text) else { return Ok(ScalarValue::Utf8(None)) };
    let pointer: String = path
        .trim_start_matches('$')
        .split(['.', '['])
        .map(|step| step.trim_end_matches(']').trim_matches('\''))
        .filter(|step| !step.is_empty())
        .map(|step| format!("/{}", step.replace('~', "~0").replace('/', "~1")))
        .collect();
    Ok(ScalarValue::Utf8(match value.pointer(&pointer) {
        None | Some(serde_json::Value::Null) => None,
        Some(serde_json::Value::String(text)) => Some(text.clone()),
        Some(other) => Some(other.to_string()),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn java_patterns_become_chronos() {
        assert_eq!(java_pattern("yyyy-MM-dd'T'HH:mm:ss.SSS"), "%Y-%m-%dT%H:%M:%S.%3f");
        assert_eq!(java_pattern("d MMM yy"), "%-d %b %y");
    }
}
