//! Values of a statement's markers. They travel beside the text, never in it.

use crate::sql::types::StatementParameter;
use crate::sql::value::Decimal;

/// A typed value of a marker.
///
/// ```
/// use lakewire::sql::{ExecuteStatementRequest, Param};
/// let request = ExecuteStatementRequest::new("SELECT * FROM parts WHERE id = :id AND note = :note")
///     .parameter(Param::bigint(9_007_199_254_740_993).named("id"))
///     .parameter(Param::string("'; DROP TABLE parts; --").named("note"));
/// assert_eq!(request.statement, "SELECT * FROM parts WHERE id = :id AND note = :note");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Param {
    value: Option<String>,
    sql_type: String,
}

impl Param {
    /// A value by its text and the SQL type it is cast to, such as `TIMESTAMP`; `None` is NULL.
    #[must_use]
    pub fn typed(value: Option<String>, sql_type: impl Into<String>) -> Self {
        Self { value, sql_type: sql_type.into() }
    }

    /// A STRING.
    #[must_use]
    pub fn string(value: impl Into<String>) -> Self {
        Self::typed(Some(value.into()), "STRING")
    }

    /// An INT.
    #[must_use]
    pub fn int(value: i32) -> Self {
        Self::typed(Some(value.to_string()), "INT")
    }

    /// A BIGINT.
    #[must_use]
    pub fn bigint(value: i64) -> Self {
        Self::typed(Some(value.to_string()), "BIGINT")
    }

    /// A DOUBLE.
    #[must_use]
    pub fn double(value: f64) -> Self {
        let text = if value.is_nan() {
            "NaN".to_owned()
        } else if value.is_infinite() {
            if value > 0.0 { "Infinity".to_owned() } else { "-Infinity".to_owned() }
        } else {
            value.to_string()
        };
        Self::typed(Some(text), "DOUBLE")
    }

    /// A BOOLEAN.
    #[must_use]
    pub fn boolean(value: bool) -> Self {
        Self::typed(Some(if value { "true" } else { "false" }.to_owned()), "BOOLEAN")
    }

    /// A DECIMAL of so many digits, so many of them behind the point.
    #[must_use]
    pub fn decimal(value: &Decimal, precision: u8, scale: u8) -> Self {
        let sql_type = ["DECIMAL(", &precision.to_string(), ",", &scale.to_string(), ")"].concat();
        Self::typed(Some(value.as_str().to_owned()), sql_type)
    }

    /// A DATE, written `2024-03-09`.
    #[must_use]
    pub fn date(value: impl Into<String>) -> Self {
        Self::typed(Some(value.into()), "DATE")
    }

    /// A TIMESTAMP, in ISO 8601.
    #[must_use]
    pub fn timestamp(value: impl Into<String>) -> Self {
        Self::typed(Some(value.into()), "TIMESTAMP")
    }

    /// NULL of a SQL type.
    #[must_use]
    pub fn null(sql_type: impl Into<String>) -> Self {
        Self::typed(None, sql_type)
    }

    /// The value for the marker of this name, without the colon.
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> StatementParameter {
        StatementParameter {
            name: name.into(),
            value: self.value,
            r#type: Some(self.sql_type),
            extra: serde_json::Map::new(),
        }
    }
}

impl std::fmt::Debug for Param {
    /// The type only: the value may be anything.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Param({})", self.sql_type)
    }
}

macro_rules! params {
    ($($from:ty => $make:expr),* $(,)?) => {
        $(impl From<$from> for Param {
            fn from(value: $from) -> Self {
                $make(value)
            }
        })*
    };
}
params! { &str => Param::string, String => Param::string, i32 => Param::int, i64 => Param::bigint, f64 => Param::double, bool => Param::boolean }

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::ExecuteStatementRequest;

    #[test]
    fn n14_values_go_beside_the_text_and_leave_it_as_it_is() {
        let text = "SELECT * FROM t WHERE a = :a -- ':b'";
        let long = "x".repeat(1 << 20);
        for value in ["'; DROP TABLE t; --", "\"", "\0", "\\", ":a", "''", "é\u{1f600}\n", &long] {
            let request = ExecuteStatementRequest::new(text).parameter(Param::from(value).named("a"));
            let body = serde_json::to_string(&request).unwrap();
            let back: serde_json::Value = serde_json::from_str(&body).unwrap();
            assert_eq!(back["statement"], text);
            assert_eq!(back["parameters"][0], serde_json::json!({"name": "a", "value": value, "type": "STRING"}));
            assert!(!format!("{:?}", Param::from(value)).contains(value));
        }
        let shown = format!("{:?}", ExecuteStatementRequest::new(text).parameter(Param::from("CANARY").named("a")));
        assert!(!shown.contains("CANARY") && shown.contains("name: \"a\", value: [redacted]"), "{shown}");
        let null = serde_json::to_value(Param::null("INT").named("n")).unwrap();
        assert_eq!(null, serde_json::json!({"name": "n", "type": "INT"}));
    }

    #[test]
    fn values_have_the_types_they_are_cast_to() {
        let of = |param: Param| {
            let made = param.named("p");
            (made.value.unwrap(), made.r#type.unwrap())
        };
        let decimal = Decimal::parse("9.50").unwrap();
        for (param, value, sql_type) in [
            (Param::from(i64::MIN), "-9223372036854775808", "BIGINT"),
            (Param::from(-5), "-5", "INT"),
            (Param::from(true), "true", "BOOLEAN"),
            (Param::from(0.1), "0.1", "DOUBLE"),
            (Param::double(f64::NEG_INFINITY), "-Infinity", "DOUBLE"),
            (Param::double(f64::NAN), "NaN", "DOUBLE"),
            (Param::decimal(&decimal, 10, 2), "9.50", "DECIMAL(10,2)"),
            (Param::date("2024-03-09"), "2024-03-09", "DATE"),
            (Param::timestamp("2024-03-09T00:00:00Z"), "2024-03-09T00:00:00Z", "TIMESTAMP"),
        ] {
            assert_eq!(of(param), (value.to_owned(), sql_type.to_owned()));
        }
    }
}
