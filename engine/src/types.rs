//! The types of SQL as Databricks names them, and the Arrow types that carry them.
//!
//! A TIMESTAMP is an Arrow timestamp in nanoseconds, so its years run from 1677 to 2262; a TIMESTAMP_NTZ is one in
//! microseconds without a zone.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Fields, IntervalUnit, TimeUnit};
use serde_json::{Value, json};

use crate::error::{Result, SqlError};

/// A type of SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SqlType {
    /// BOOLEAN
    Boolean,
    /// TINYINT
    Byte,
    /// SMALLINT
    Short,
    /// INT
    Int,
    /// BIGINT
    Long,
    /// FLOAT
    Float,
    /// DOUBLE
    Double,
    /// DECIMAL(precision, scale)
    Decimal(u8, i8),
    /// STRING; VARCHAR and CHAR are read as it
    String,
    /// BINARY
    Binary,
    /// DATE
    Date,
    /// TIMESTAMP
    Timestamp,
    /// TIMESTAMP_NTZ
    TimestampNtz,
    /// INTERVAL with its fields, as `DAY TO SECOND`
    Interval(String),
    /// ARRAY<element>
    Array(Box<SqlType>),
    /// MAP<key, value>
    Map(Box<SqlType>, Box<SqlType>),
    /// STRUCT<name: type, …>
    Struct(Vec<(String, SqlType)>),
    /// VARIANT, carried as JSON text
    Variant,
    /// The type of a bare NULL
    Void,
}

impl SqlType {
    /// Reads a type from its text in any case: `decimal(10, 2)`, `map<string,array<int>>`.
    ///
    /// # Errors
    /// `UNSUPPORTED_DATATYPE` for a name that is no type.
    pub fn parse(text: &str) -> Result<Self> {
        let unknown = || {
            SqlError::new(
                "UNSUPPORTED_DATATYPE",
                "0A000",
                format!("Unsupported data type \"{}\".", text.trim().to_uppercase()),
            )
        };
        let text = text.trim();
        let lower = text.to_lowercase();
        let inner = |open: char, close: char| -> Option<&str> {
            let start = text.find(open)?;
            let end = text.rfind(close)?;
            text.get(start + 1..end)
        };
        if lower.starts_with("array") {
            return Ok(Self::Array(Box::new(Self::parse(inner('<', '>').ok_or_else(unknown)?)?)));
        }
        if lower.starts_with("map") {
            let parts = split(inner('<', '>').ok_or_else(unknown)?);
            let [key, value] = parts.as_slice() else { return Err(unknown()) };
            return Ok(Self::Map(Box::new(Self::parse(key)?), Box::new(Self::parse(value)?)));
        }
        if lower.starts_with("struct") {
            let mut fields = Vec::new();
            for part in split(inner('<', '>').ok_or_else(unknown)?) {
                let part = part.trim();
                let end = part.find([':', ' ']).ok_or_else(unknown)?;
                let (name, rest) = part.split_at(end);
                let rest = rest.trim_start_matches([':', ' ']);
                let rest = rest.split(" COMMENT ").next().unwrap_or(rest).trim();
                let rest = rest.strip_suffix("NOT NULL").unwrap_or(rest);
                fields.push((name.trim_matches('`').to_owned(), Self::parse(rest)?));
            }
            return Ok(Self::Struct(fields));
        }
        let (base, arguments) = match lower.find('(') {
            Some(at) => (lower.get(..at).unwrap_or_default().trim(), inner('(', ')').unwrap_or_default()),
            None => (lower.as_str(), ""),
        };
        Ok(match base {
            "boolean" | "bool" => Self::Boolean,
            "tinyint" | "byte" => Self::Byte,
            "smallint" | "short" => Self::Short,
            "int" | "integer" => Self::Int,
            "bigint" | "long" => Self::Long,
            "float" | "real" => Self::Float,
            "double" | "double precision" => Self::Double,
            "decimal" | "dec" | "numeric" => {
                let mut numbers = arguments.split(',').map(str::trim);
                let precision =
                    numbers.next().filter(|n| !n.is_empty()).map_or(Ok(10), str::parse).map_err(|_| unknown())?;
                let scale = numbers.next().map_or(Ok(0), str::parse).map_err(|_| unknown())?;
                if precision == 0 || precision > 38 || scale < 0 || scale > i8::try_from(precision).unwrap_or(38) {
                    return Err(unknown());
                }
                Self::Decimal(precision, scale)
            }
            "string" | "varchar" | "char" | "character" | "text" => Self::String,
            "binary" => Self::Binary,
            "date" => Self::Date,
            "timestamp" | "timestamp_ltz" | "timestamp with time zone" => Self::Timestamp,
            "timestamp_ntz" | "timestamp without time zone" => Self::TimestampNtz,
            "variant" => Self::Variant,
            "void" | "null" => Self::Void,
            other => match other.strip_prefix("interval") {
                Some(fields) if !fields.trim().is_empty() => Self::Interval(fields.trim().to_uppercase()),
                Some(_) => Self::Interval("DAY TO SECOND".to_owned()),
                None => return Err(unknown()),
            },
        })
    }

    /// The type that an Arrow column holds.
    pub fn from_arrow(arrow: &DataType) -> Self {
        match arrow {
            DataType::Boolean => Self::Boolean,
            DataType::Int8 => Self::Byte,
            DataType::Int16 | DataType::UInt8 => Self::Short,
            DataType::Int32 | DataType::UInt16 => Self::Int,
            DataType::Int64 | DataType::UInt32 | DataType::UInt64 => Self::Long,
            DataType::Float16 | DataType::Float32 => Self::Float,
            DataType::Float64 => Self::Double,
            DataType::Decimal32(p, s)
            | DataType::Decimal64(p, s)
            | DataType::Decimal128(p, s)
            | DataType::Decimal256(p, s) => Self::Decimal((*p).min(38), (*s).max(0)),
            DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
                Self::Binary
            }
            DataType::Date32 | DataType::Date64 => Self::Date,
            DataType::Timestamp(TimeUnit::Microsecond, None) => Self::TimestampNtz,
            DataType::Timestamp(_, _) => Self::Timestamp,
            DataType::Interval(IntervalUnit::YearMonth) => Self::Interval("YEAR TO MONTH".to_owned()),
            DataType::Interval(_) | DataType::Duration(_) => Self::Interval("DAY TO SECOND".to_owned()),
            DataType::List(item)
            | DataType::LargeList(item)
            | DataType::ListView(item)
            | DataType::LargeListView(item)
            | DataType::FixedSizeList(item, _) => Self::Array(Box::new(Self::from_arrow(item.data_type()))),
            DataType::Map(entries, _) => match entries.data_type() {
                DataType::Struct(pair) => {
                    let side =
                        |index: usize| pair.get(index).map_or(Self::Void, |field| Self::from_arrow(field.data_type()));
                    Self::Map(Box::new(side(0)), Box::new(side(1)))
                }
                _ => Self::Void,
            },
            DataType::Struct(fields) => Self::Struct(
                fields.iter().map(|field| (field.name().clone(), Self::from_arrow(field.data_type()))).collect(),
            ),
            DataType::Dictionary(_, value) => Self::from_arrow(value),
            DataType::RunEndEncoded(_, value) => Self::from_arrow(value.data_type()),
            DataType::Null => Self::Void,
            _ => Self::String,
        }
    }

    /// The Arrow type that carries this one.
    pub fn to_arrow(&self) -> DataType {
        match self {
            Self::Boolean => DataType::Boolean,
            Self::Byte => DataType::Int8,
            Self::Short => DataType::Int16,
            Self::Int => DataType::Int32,
            Self::Long => DataType::Int64,
            Self::Float => DataType::Float32,
            Self::Double => DataType::Float64,
            Self::Decimal(precision, scale) => DataType::Decimal128(*precision, *scale),
            Self::String | Self::Variant => DataType::Utf8,
            Self::Binary => DataType::Binary,
            Self::Date => DataType::Date32,
            Self::Timestamp => DataType::Timestamp(TimeUnit::Nanosecond, None),
            Self::TimestampNtz => DataType::Timestamp(TimeUnit::Microsecond, None),
            Self::Interval(_) => DataType::Interval(IntervalUnit::MonthDayNano),
            Self::Array(item) => DataType::List(Arc::new(Field::new("item", item.to_arrow(), true))),
            Self::Map(key, value) => {
                let pair = Fields::from(vec![
                    Field::new("key", key.to_arrow(), false),
                    Field::new("value", value.to_arrow(), true),
                ]);
                DataType::Map(Arc::new(Field::new("entries", DataType::Struct(pair), false)), false)
            }
            Self::Struct(fields) => DataType::Struct(
                fields.iter().map(|(name, ty)| Field::new(name.clone(), ty.to_arrow(), true)).collect::<Fields>(),
            ),
            Self::Void => DataType::Null,
        }
    }

    /// The SQL text in upper case, as `DECIMAL(10,2)` and `STRUCT<street: STRING>`.
    pub fn text(&self) -> String {
        match self {
            Self::Boolean => "BOOLEAN".to_owned(),
            Self::Byte => "TINYINT".to_owned(),
            Self::Short => "SMALLINT".to_owned(),
            Self::Int => "INT".to_owned(),
            Self::Long => "BIGINT".to_owned(),
            Self::Float => "FLOAT".to_owned(),
            Self::Double => "DOUBLE".to_owned(),
            Self::Decimal(precision, scale) => format!("DECIMAL({precision},{scale})"),
            Self::String => "STRING".to_owned(),
            Self::Binary => "BINARY".to_owned(),
            Self::Date => "DATE".to_owned(),
            Self::Timestamp => "TIMESTAMP".to_owned(),
            Self::TimestampNtz => "TIMESTAMP_NTZ".to_owned(),
            Self::Interval(fields) => format!("INTERVAL {fields}"),
            Self::Array(item) => format!("ARRAY<{}>", item.text()),
            Self::Map(key, value) => format!("MAP<{}, {}>", key.text(), value.text()),
            Self::Struct(fields) => {
                let fields: Vec<String> = fields.iter().map(|(name, ty)| format!("{name}: {}", ty.text())).collect();
                format!("STRUCT<{}>", fields.join(", "))
            }
            Self::Variant => "VARIANT".to_owned(),
            Self::Void => "VOID".to_owned(),
        }
    }

    /// The text of Unity Catalog: lower case, no spaces inside brackets.
    pub fn lower(&self) -> String {
        match self {
            Self::Array(item) => format!("array<{}>", item.lower()),
            Self::Map(key, value) => format!("map<{},{}>", key.lower(), value.lower()),
            Self::Struct(fields) => {
                let fields: Vec<String> = fields.iter().map(|(name, ty)| format!("{name}:{}", ty.lower())).collect();
                format!("struct<{}>", fields.join(","))
            }
            other => other.text().to_lowercase(),
        }
    }

    /// The name in the service's enum, as `LONG`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Boolean => "BOOLEAN",
            Self::Byte => "BYTE",
            Self::Short => "SHORT",
            Self::Int => "INT",
            Self::Long => "LONG",
            Self::Float => "FLOAT",
            Self::Double => "DOUBLE",
            Self::Decimal(..) => "DECIMAL",
            Self::String => "STRING",
            Self::Binary => "BINARY",
            Self::Date => "DATE",
            Self::Timestamp => "TIMESTAMP",
            Self::TimestampNtz => "TIMESTAMP_NTZ",
            Self::Interval(_) => "INTERVAL",
            Self::Array(_) => "ARRAY",
            Self::Map(..) => "MAP",
            Self::Struct(_) => "STRUCT",
            Self::Variant => "VARIANT",
            Self::Void => "NULL",
        }
    }

    /// Spark's JSON form of the type.
    pub fn spark(&self) -> Value {
        match self {
            Self::Byte => json!("byte"),
            Self::Short => json!("short"),
            Self::Int => json!("integer"),
            Self::Long => json!("long"),
            Self::Array(item) => json!({"type": "array", "elementType": item.spark(), "containsNull": true}),
            Self::Map(key, value) => {
                json!({"type": "map", "keyType": key.spark(), "valueType": value.spark(), "valueContainsNull": true})
            }
            Self::Struct(fields) => {
                let fields: Vec<Value> = fields
                    .iter()
                    .map(|(name, ty)| json!({"name": name, "type": ty.spark(), "nullable": true, "metadata": {}}))
                    .collect();
                json!({"type": "struct", "fields": fields})
            }
            other => json!(other.lower()),
        }
    }

    /// The column object of a manifest.
    pub fn column(&self, name: &str, position: usize) -> Value {
        let mut column =
            json!({"name": name, "type_text": self.text(), "type_name": self.name(), "position": position});
        self.details(&mut column);
        column
    }

    /// Adds the precision, scale or interval fields that go with the type.
    pub fn details(&self, object: &mut Value) {
        let Some(object) = object.as_object_mut() else { return };
        match self {
            Self::Decimal(precision, scale) => {
                object.insert("type_precision".to_owned(), json!(precision));
                object.insert("type_scale".to_owned(), json!(scale));
            }
            Self::Interval(fields) => {
                object.insert("type_interval_type".to_owned(), json!(fields));
            }
            _ => {}
        }
    }
}

/// Parts between the commas that stand outside brackets.
fn split(text: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0_i32, 0, Vec::new());
    for (at, letter) in text.char_indices() {
        match letter {
            '<' | '(' => depth += 1,
            '>' | ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(text.get(start..at).unwrap_or_default());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text.get(start..).unwrap_or_default());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_read_back_from_both_its_texts() {
        for text in [
            "BOOLEAN",
            "TINYINT",
            "SMALLINT",
            "INT",
            "BIGINT",
            "FLOAT",
            "DOUBLE",
            "DECIMAL(10,2)",
            "STRING",
            "BINARY",
            "DATE",
            "TIMESTAMP",
            "TIMESTAMP_NTZ",
            "ARRAY<INT>",
            "MAP<STRING, ARRAY<DECIMAL(5,1)>>",
            "STRUCT<street: STRING, zip: INT>",
            "INTERVAL DAY TO SECOND",
        ] {
            let ty = SqlType::parse(text).unwrap();
            assert_eq!(ty.text(), text);
            assert_eq!(SqlType::parse(&ty.lower()).unwrap(), ty);
            if !matches!(ty, SqlType::Interval(_)) {
                assert_eq!(SqlType::from_arrow(&ty.to_arrow()), ty);
            }
        }
        assert_eq!(SqlType::parse("decimal").unwrap(), SqlType::Decimal(10, 0));
        assert_eq!(SqlType::parse("frob").unwrap_err().state, "0A000");
        assert!(SqlType::parse("decimal(40,2)").is_err());
    }
}
