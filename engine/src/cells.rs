//! A cell as text: the forms of the JSON_ARRAY and CSV formats.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Days, NaiveDate};
use datafusion::arrow::array::cast::AsArray;
use datafusion::arrow::array::{Array, ArrayRef};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    IntervalMonthDayNanoType, IntervalUnit, TimeUnit, TimestampMicrosecondType, TimestampNanosecondType,
};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};

use crate::error::{Result, SqlError};

/// Writes the cell of a row, which is not NULL; JSON says whether strings inside arrays and structs are being written.
pub(crate) fn write(array: &dyn Array, row: usize, out: &mut String, json: bool) -> Result<()> {
    let quoted = |text: &str, out: &mut String| if json { string(text, out) } else { out.push_str(text) };
    match array.data_type() {
        DataType::Utf8 => quoted(array.as_string::<i32>().value(row), out),
        DataType::Int64 => display(array.as_primitive::<Int64Type>().value(row), out),
        DataType::Int32 => display(array.as_primitive::<Int32Type>().value(row), out),
        DataType::Int16 => display(array.as_primitive::<Int16Type>().value(row), out),
        DataType::Int8 => display(array.as_primitive::<Int8Type>().value(row), out),
        DataType::Float64 => {
            let value = array.as_primitive::<Float64Type>().value(row);
            number(value.is_finite(), json, out, |out| double(value, out));
        }
        DataType::Float32 => {
            let value = array.as_primitive::<Float32Type>().value(row);
            number(value.is_finite(), json, out, |out| float(value, out));
        }
        DataType::Boolean => out.push_str(if array.as_boolean().value(row) { "true" } else { "false" }),
        DataType::Decimal128(_, scale) => decimal(array.as_primitive::<Decimal128Type>().value(row), *scale, out),
        DataType::Date32 => {
            let text = date(array.as_primitive::<Date32Type>().value(row));
            quoted(&text, out);
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            let text = instant(array.as_primitive::<TimestampNanosecondType>().value(row));
            quoted(&text, out);
        }
        DataType::Timestamp(TimeUnit::Microsecond, None) => {
            let micros = array.as_primitive::<TimestampMicrosecondType>().value(row);
            let time = DateTime::from_timestamp_micros(micros);
            let text = time.map_or_else(|| micros.to_string(), |time| time.format("%Y-%m-%dT%H:%M:%S%.3f").to_string());
            quoted(&text, out);
        }
        DataType::Binary => quoted(&STANDARD.encode(array.as_binary::<i32>().value(row)), out),
        DataType::List(_) => {
            let items = array.as_list::<i32>().value(row);
            let items = plain(&items)?;
            out.push('[');
            for index in 0..items.len() {
                if index > 0 {
                    out.push(',');
                }
                write_or_null(&items, index, out)?;
            }
            out.push(']');
        }
        DataType::Struct(fields) => {
            out.push('{');
            for (index, (field, column)) in fields.iter().zip(array.as_struct().columns()).enumerate() {
                if index > 0 {
                    out.push(',');
                }
                string(field.name(), out);
                out.push(':');
                let column = plain(&column.slice(row, 1))?;
                write_or_null(&column, 0, out)?;
            }
            out.push('}');
        }
        DataType::Map(_, _) => {
            let entries = array.as_map().value(row);
            let [keys, values] = entries.columns() else { return Err(SqlError::internal("A map without keys.")) };
            let (keys, values) = (plain(keys)?, plain(values)?);
            out.push('{');
            for index in 0..entries.len() {
                if index > 0 {
                    out.push(',');
                }
                let mut key = String::new();
                write(&keys, index, &mut key, false)?;
                string(&key, out);
                out.push(':');
                write_or_null(&values, index, out)?;
            }
            out.push('}');
        }
        DataType::Interval(IntervalUnit::MonthDayNano) => {
            let value = array.as_primitive::<IntervalMonthDayNanoType>().value(row);
            let text = interval(value.months, value.days, value.nanoseconds);
            quoted(&text, out);
        }
        DataType::Null => out.push_str("null"),
        _ => {
            let text = ArrayFormatter::try_new(array, &FormatOptions::default())
                .and_then(|formatter| formatter.value(row).try_to_string())
                .map_err(|error| SqlError::internal(error.to_string()))?;
            quoted(&text, out);
        }
    }
    Ok(())
}

fn write_or_null(array: &ArrayRef, row: usize, out: &mut String) -> Result<()> {
    if array.is_null(row) || array.data_type() == &DataType::Null {
        out.push_str("null");
        Ok(())
    } else {
        write(array, row, out, true)
    }
}

/// A column in one of the types that [`write`] knows, and that plain Arrow readers know: no views, no dictionaries.
pub(crate) fn plain(array: &ArrayRef) -> Result<ArrayRef> {
    let to = match array.data_type() {
        DataType::Utf8View | DataType::LargeUtf8 => DataType::Utf8,
        DataType::BinaryView | DataType::LargeBinary | DataType::FixedSizeBinary(_) => DataType::Binary,
        DataType::UInt8 => DataType::Int16,
        DataType::UInt16 => DataType::Int32,
        DataType::UInt32 | DataType::UInt64 => DataType::Int64,
        DataType::Float16 => DataType::Float32,
        DataType::Date64 => DataType::Date32,
        DataType::Decimal32(p, s) | DataType::Decimal64(p, s) => DataType::Decimal128(*p, *s),
        DataType::Decimal256(p, s) => DataType::Decimal128((*p).min(38), *s),
        DataType::Timestamp(TimeUnit::Microsecond, None) => return Ok(ArrayRef::clone(array)),
        DataType::Timestamp(TimeUnit::Nanosecond, _) => return Ok(ArrayRef::clone(array)),
        DataType::Timestamp(_, zone) => DataType::Timestamp(TimeUnit::Nanosecond, zone.clone()),
        DataType::Interval(IntervalUnit::DayTime | IntervalUnit::YearMonth) | DataType::Duration(_) => {
            DataType::Interval(IntervalUnit::MonthDayNano)
        }
        DataType::Dictionary(_, value) => value.as_ref().clone(),
        DataType::LargeList(item) | DataType::FixedSizeList(item, _) => DataType::List(item.clone()),
        _ => return Ok(ArrayRef::clone(array)),
    };
    let once = cast(array, &to).map_err(|error| SqlError::internal(error.to_string()))?;
    if matches!(array.data_type(), DataType::Dictionary(..)) { plain(&once) } else { Ok(once) }
}

fn display(value: impl std::fmt::Display, out: &mut String) {
    let _ = write!(out, "{value}");
}

/// A JSON string with its quotes.
pub(crate) fn string(text: &str, out: &mut String) {
    out.push('"');
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0..=0x1f => "",
            _ => continue,
        };
        out.push_str(text.get(from..at).unwrap_or_default());
        if escape.is_empty() {
            let _ = write!(out, "\\u{byte:04x}");
        } else {
            out.push_str(escape);
        }
        from = at + 1;
    }
    out.push_str(text.get(from..).unwrap_or_default());
    out.push('"');
}

/// A number; inside JSON, NaN and the infinities are texts, as JSON has no numbers for them.
fn number(finite: bool, json: bool, out: &mut String, write: impl FnOnce(&mut String)) {
    let mark = if json && !finite { "\"" } else { "" };
    out.push_str(mark);
    write(out);
    out.push_str(mark);
}

/// A DOUBLE as Java writes it: at least one decimal, an exponent from ten million up and below a thousandth.
pub(crate) fn double(value: f64, out: &mut String) {
    let size = value.abs();
    if !value.is_finite() {
        out.push_str(if value.is_nan() {
            "NaN"
        } else if value > 0.0 {
            "Infinity"
        } else {
            "-Infinity"
        });
    } else if size != 0.0 && !(1e-3..1e7).contains(&size) {
        exponent(&format!("{value:E}"), out);
    } else {
        let _ = write!(out, "{value:?}");
    }
}

fn float(value: f32, out: &mut String) {
    let size = value.abs();
    if !value.is_finite() {
        double(f64::from(value), out);
    } else if size != 0.0 && !(1e-3..1e7).contains(&size) {
        exponent(&format!("{value:E}"), out);
    } else {
        let _ = write!(out, "{value:?}");
    }
}

fn exponent(text: &str, out: &mut String) {
    let (digits, power) = text.split_once('E').unwrap_or((text, "0"));
    out.push_str(digits);
    if !digits.contains('.') {
        out.push_str(".0");
    }
    out.push('E');
    out.push_str(power);
}

fn decimal(value: i128, scale: i8, out: &mut String) {
    let scale = usize::try_from(scale).unwrap_or(0);
    if scale == 0 {
        return display(value, out);
    }
    if value < 0 {
        out.push('-');
    }
    let digits = value.unsigned_abs().to_string();
    let digits = format!("{digits:0>width$}", width = scale + 1);
    let (whole, part) = digits.split_at(digits.len() - scale);
    out.push_str(whole);
    out.push('.');
    out.push_str(part);
}

fn date(days: i32) -> String {
    let start = NaiveDate::default();
    let amount = Days::new(u64::from(days.unsigned_abs()));
    let day = if days < 0 { start.checked_sub_days(amount) } else { start.checked_add_days(amount) };
    day.map_or_else(|| days.to_string(), |day| day.format("%Y-%m-%d").to_string())
}

fn instant(nanos: i64) -> String {
    DateTime::from_timestamp_nanos(nanos).format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

fn interval(months: i32, days: i32, nanos: i64) -> String {
    if months != 0 && days == 0 && nanos == 0 {
        return format!("{}-{}", months / 12, (months % 12).abs());
    }
    let seconds = nanos / 1_000_000_000;
    let days = days.saturating_add(months.saturating_mul(30));
    format!(
        "{days} {:02}:{:02}:{:02}.{:09}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60,
        (nanos % 1_000_000_000).abs()
    )
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::Float64Array;
    use datafusion::common::utils::SingleRowListArrayBuilder;

    use super::*;

    #[test]
    fn doubles_are_written_as_java_writes_them() {
        for (value, text) in [
            (1.0, "1.0"),
            (1.5, "1.5"),
            (0.0, "0.0"),
            (-0.001, "-0.001"),
            (1e7, "1.0E7"),
            (123_456_789.5, "1.234567895E8"),
            (0.000_12, "1.2E-4"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            let mut out = String::new();
            double(value, &mut out);
            assert_eq!(out, text);
        }
    }

    #[test]
    fn what_json_has_no_number_for_is_a_text_inside_it() {
        let numbers: ArrayRef = std::sync::Arc::new(Float64Array::from(vec![f64::NAN, f64::NEG_INFINITY, 1.5]));
        let list = SingleRowListArrayBuilder::new(numbers.clone()).build_list_array();
        let mut out = String::new();
        write(&list, 0, &mut out, false).unwrap();
        assert_eq!(out, r#"["NaN","-Infinity",1.5]"#);
        out.clear();
        write(&numbers, 0, &mut out, false).unwrap();
        assert_eq!(out, "NaN");
    }

    #[test]
    fn decimals_keep_their_scale_and_strings_are_escaped() {
        let mut out = String::new();
        decimal(-5, 2, &mut out);
        decimal(1990, 2, &mut out);
        string("a\"\\\n\u{1}é", &mut out);
        assert_eq!(out, "-0.0519.90\"a\\\"\\\\\\n\\u0001é\"");
        assert_eq!(date(-1), "1969-12-31");
        assert_eq!(instant(1_500_000_000), "1970-01-01T00:00:01.500Z");
    }
}
